"""Files that are whole or not there, and locks between processes."""

import os
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path


def write_atomic(path, content: str | Callable) -> None:
    """Write a file so that no reader, and no interruption, ever sees half of it.

    Parameters
    ----------
    path : path
        Folders above it are made.
    content : str or callable
        The text, written as UTF-8 with the line ends that it has; or a function that is called
        with a binary file and writes into it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            if isinstance(content, str):
                file.write(content.encode())
            else:
                content(file)
        # mkstemp makes files private to the user; these are published.
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


@contextmanager
def locked(path, message: str):
    """Hold the lock file at `path`; print `message` if another process has it, and wait.

    It is free afterwards, whatever happened: an error whose traceback a notebook keeps does not
    keep the lock.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(message)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
