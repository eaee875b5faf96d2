"""Files that are whole or not there, and locks between processes."""

from __future__ import annotations

import hashlib
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from filelock import BaseFileLock

PathLike = str | os.PathLike[str]


def write_atomic(path: PathLike, content: str | Callable[[BinaryIO], object]) -> None:
    """Write a file so that no reader, and no interruption, ever sees half of it.

    `path`: folders above it are made. `content`: the text, written as UTF-8 with the line ends that
    it has; or a function that is called with a binary file and writes into it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        # Opened as any other file, so that the user's umask says who may read it.
        with named(path), open(temporary, "xb") as file:
            if isinstance(content, str):
                file.write(content.encode())
            else:
                content(file)
        if path.exists():
            os.chmod(temporary, path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def save_array(path: PathLike, array: np.ndarray) -> None:
    """Write an array as .npy, whole or not at all, and behind it the SHA-256 of it all."""

    def write(file: BinaryIO) -> None:
        digest = hashlib.sha256()

        class Both:
            def write(self, data: bytes) -> int:
                digest.update(data)
                return file.write(data)

        np.save(Both(), array, allow_pickle=False)
        file.write(digest.digest())

    write_atomic(path, write)


def load_array(path: PathLike) -> np.ndarray:
    """Read what `save_array` wrote. Raises ValueError if it is not, or was changed since."""
    content, digest = np.split(np.fromfile(path, "u1"), [-hashlib.sha256().digest_size])
    if hashlib.sha256(content.data).digest() != digest.tobytes():
        raise ValueError("damaged, it does not have its checksum")
    return np.load(path, allow_pickle=False)


@contextmanager
def named(path: PathLike) -> Iterator[None]:
    """Give an error of writing, such as a full disk, the file's name, which it lacks."""
    try:
        yield
    except OSError as error:
        if error.errno and error.filename is None:
            error.filename = str(path)
        raise


def place(path: PathLike, what: str) -> Path:
    """The absolute path of a folder that a user names; `~` is the user's own.

    Raises `ValueError` if nothing is named, or what stands there or above it is no folder.
    """
    if not str(path).strip():
        raise ValueError(f"{what} is empty: name a folder")
    path = absolute(path, what)
    for part in (path, *path.parents):
        if part.exists() and not part.is_dir():
            raise ValueError(f"{what} is {path}, and {part} is no folder")
    return path


def absolute(path: PathLike, what: str) -> Path:
    """The absolute path of what a user names; raises ValueError for the `~` of an unknown user."""
    try:
        return Path(os.path.abspath(Path(path).expanduser()))
    except RuntimeError as error:
        raise ValueError(f"{what} is {path}: there is no such home directory") from error


def writable(folder: Path) -> Path:
    """Make a folder, if need be, and see that it can be written to, before work is put into it."""
    folder.mkdir(parents=True, exist_ok=True)
    with named(folder), tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"0")
    return folder


def lock_at(path: PathLike) -> BaseFileLock:
    """A lock that whoever may write to its folder may take, such as a group that shares runs."""
    from filelock import FileLock

    return FileLock(path, mode=Path(path).parent.stat().st_mode & 0o666)


@contextmanager
def locked(path: PathLike, message: str) -> Iterator[None]:
    """Hold the lock file at `path`; print `message` if another process has it, and wait.

    It is free afterwards, whatever happened: an error whose traceback a notebook keeps does not
    keep the lock.
    """
    from filelock import Timeout

    lock = lock_at(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(message)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
