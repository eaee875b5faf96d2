"""Features of a whole set of notes, computed once: the cache on disk, and computing in parallel."""

import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from functools import lru_cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from helpers import features
from helpers.notes import Notes, decode_note
from helpers.runs.files import PathLike, load_array, save_array

T = TypeVar("T")

# Unless the environment variable FEATURE_CACHE names another folder.
CACHE = Path(__file__).resolve().parents[2] / "_build" / "features"
CACHE = Path(os.environ.get("FEATURE_CACHE") or CACHE).expanduser()
BLOCK = 16  # notes that an executor's worker is given at a time, 2 MB
AHEAD = 64  # blocks given out before the first is asked for: memory stays bounded


def extract(
    notes: Notes,
    kind: str = "mfcc",
    seconds: float = 4,
    cache: PathLike | None = CACHE,
    progress: bool = True,
    executor: Executor | None = None,
) -> np.ndarray:
    """Features of a whole set of notes, computed once and then read from the cache.

    Those of whole notes of a feature store are read from there instead, memory-mapped.

    `kind`: {"mfcc", "mel", "mel13"}. `seconds`: how much of each note is heard, from its start; the
    rest is cut off first. `cache`: the folder that keeps finished features; None keeps nothing. A
    file there is named after the notes' contents, the settings and the code that made it, so none
    of these can be mistaken for another, and holds a checksum. A folder or file there that cannot
    be used is passed over with a message. `progress`: whether to show a progress bar. `executor`:
    what decodes the notes and computes: processes, threads, a cluster. It is sent the notes' files,
    so that only this process needs to reach them. Returns (n, 126, 13) for MFCC and mel13 or (n,
    126, 128) for mel, float32: fewer frames where notes are cut: 32 a second, and one. Raises
    `ValueError` if `seconds` is not more than 0 and at most 4; `DatasetError` if a note is not as
    NSynth has them; nothing is cached then. If a feature store lacks this kind, or was made with
    other settings.
    """
    from tqdm import tqdm

    if not 0 < seconds <= 4:
        raise ValueError(f"seconds is {seconds}: a note has 4, expected more than 0 and at most 4")
    # Of a part of a note a store cannot tell: that takes the sound.
    stored = notes.stored(kind, features.SETTINGS) if seconds == 4 else None
    if stored is not None:
        return stored
    path = None
    if cache is not None:
        cut = [] if seconds == 4 else [seconds]
        key = json.dumps([kind, notes.checksum(), features.SETTINGS, _code(), *cut], sort_keys=True)
        name = f"{kind}-{len(notes)}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"
        path = Path(cache) / name
        try:
            return load_array(path)
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            print(f"{path}: cannot be read ({error}); computed again")
    # The text bar, not `tqdm.auto`: a widget does not survive in a stored notebook.
    found = _computed(notes, kind, round(seconds * features.SETTINGS["sr"]), executor)
    bar = tqdm(found, total=len(notes), desc=kind, unit="note", disable=not progress)
    computed = np.stack(list(bar))[np.argsort(notes.as_stored())]
    if path is not None:
        try:
            save_array(path, computed)
        except OSError as error:
            print(
                f"{path}: not kept ({error.strerror}), so these features are computed anew each "
                "time; the environment variable FEATURE_CACHE may name another folder"
            )
    return computed


@lru_cache
def _code() -> list[str]:
    """What computes features besides their settings: `features`, and the libraries it calls."""
    libraries = [metadata.version(name) for name in ("numpy", "scipy", "librosa")]
    return [hashlib.sha256(Path(features.__file__).read_bytes()).hexdigest(), *libraries]


def _computed(
    notes: Notes, kind: str, samples: int, executor: Executor | None
) -> Iterator[np.ndarray]:
    """The features of all notes, as they lie in an archive."""
    order = notes.as_stored()
    names = [f"{notes.origin}: {name}" for name in notes.table["note"]]
    work = partial(_compute, kind=kind, samples=samples)
    size = BLOCK if executor else 1
    starts = range(0, len(notes), size)
    rows = (order[start : start + size] for start in starts)
    blocks = ([(names[i], notes.read_bytes(i)) for i in some] for some in rows)
    for done in mapped(work, blocks, executor, AHEAD) if executor else map(work, blocks):
        yield from done


def mapped(
    function: Callable[[Any], T], blocks: Iterable, executor: Executor, ahead: int
) -> Iterator[T]:
    """`executor.map`, but no more than `ahead` blocks are taken before a result is asked for.

    What is still waiting when the iterator is given up is cancelled.
    """
    pending: deque[Future[T]] = deque()
    try:
        for block in blocks:
            pending.append(executor.submit(function, block))
            if len(pending) == ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _compute(block: list[tuple[str, bytes]], kind: str, samples: int) -> np.ndarray:
    waveforms = np.stack([decode_note(data, name)[:samples] for name, data in block])
    return features.FEATURES[kind](waveforms)
