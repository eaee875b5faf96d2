"""Feature stores: names, digests and features of notes, memory-mapped, and no sound.

`helpers.commands.nsynth.stream` makes them of archives too large to be kept.
"""

import hashlib
import json
import os
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from helpers.notes import DatasetError, Notes, parse_note
from helpers.runs.files import PathLike, absolute

FOLDER = Path(__file__).resolve().parents[2] / "_data" / "nsynth"  # unless NSYNTH_STORE is set
FORMAT = 2
# What a store's notes.npy holds of a note: its name, SHA-256 of its file and of its samples.
INDEX = np.dtype([("note", "S32"), ("file", "u1", 32), ("audio", "u1", 32)])


class StoredNotes(Notes):
    """Notes of a feature store: names, digests and features, memory-mapped, and no sound.

    `info`: what `store.json` holds: split, notes, per_family, seed, kinds, settings, files, ...
    """

    def __init__(
        self, table: pd.DataFrame, rows: np.ndarray, index: np.ndarray, folder: Path, info: dict
    ):
        super().__init__(table, {}, self.read_bytes, f"{folder} (features only)")
        self.info = info
        self._folder, self._rows, self._index = folder, rows, index

    @classmethod
    def open(cls, folder: PathLike) -> "StoredNotes":
        """Open the store in `folder`.

        Raises `DatasetError` if a file is missing, damaged, or of another format.
        """
        folder = Path(folder)
        try:
            info = json.loads((folder / "store.json").read_text())
            if info["format"] != FORMAT:
                raise ValueError(f"of format {info['format']}, expected {FORMAT}")
            if info["checksum"] != checksum(info):
                raise ValueError("store.json was changed after it was written")
            index = _load(folder / "notes.npy", info)
        except (OSError, EOFError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise _broken_store(folder, error) from error
        columns = {}
        for name in index["note"].tolist():
            for column, value in parse_note(name.decode()).items():
                # One object for all equal texts: the rows of NSynth would take 100 MB more.
                value = sys.intern(value) if isinstance(value, str) else value
                columns.setdefault(column, []).append(value)
        return cls(pd.DataFrame(columns), np.arange(len(index)), index, folder, info)

    def select(self, rows: ArrayLike) -> "StoredNotes":
        """The notes at `rows` (a boolean mask or positions), in that order."""
        rows = np.asarray(rows)
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        table = self.table.iloc[rows]
        return StoredNotes(table, self._rows[rows], self._index, self._folder, self.info)

    def as_stored(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Positions in `rows` (default: all): the order does not matter here."""
        return np.arange(len(self) if rows is None else len(rows))

    def _shuffled(self, rows: np.ndarray, seed: int, family: int) -> np.ndarray:
        # By name and not by position: a store cut to this sample gives the same notes.
        ranks = [rank(name, seed) for name in self.table["note"].iloc[rows]]
        return rows[np.argsort(np.array(ranks, dtype=np.uint64), kind="stable")]

    def read_bytes(self, i: int) -> bytes:
        """Raises `DatasetError`: a store keeps no sound."""
        raise DatasetError(
            f"{self.origin}: no sound of {self.table['note'].iloc[i]} here, a feature store keeps "
            'none: open the bundled notes ("nsynth-mini"), or the archive or folder that has it'
        )

    def _file_digests(self) -> list[bytes]:
        return [row.tobytes() for row in self._index["file"][self._rows]]

    def audio_digests(self) -> list[str]:
        """SHA-256 of each note's samples, as the store has them."""
        return [row.tobytes().hex() for row in self._index["audio"][self._rows]]

    def stored(self, kind: str, settings: dict) -> np.ndarray:
        """The features of these notes.

        `kind`: {"mfcc", "mel"}. `settings`: `helpers.features.SETTINGS`, which those of the store
        have to equal. Returns (n, 126, 13) for MFCC or (n, 126, 128) for mel, float32: a read-only
        view of the memory-mapped file where the notes stand there in one piece, as all of them and
        a sample that the store was cut to do; else a copy in memory. Raises `DatasetError` if the
        store has no such features, or made them with other settings.
        """
        if kind not in self.info["kinds"]:
            raise DatasetError(
                f"{self.origin}: holds {', '.join(self.info['kinds'])} and no {kind}: make a "
                "store that does in another folder (instruments nsynth --help)"
            )
        if self.info["settings"] != settings:
            raise DatasetError(
                f"{self.origin}: made with {self.info['settings']}, expected {settings}: "
                "make the store again"
            )
        path = self._folder / f"{kind}.npy"
        try:
            features = _load(path, self.info)
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise _broken_store(path, error) from error
        rows = self._rows
        if len(rows) and (np.diff(rows) == 1).all():
            return features[rows[0] : rows[-1] + 1]
        return np.asarray(features[rows])


def checksum(info: dict) -> str:
    """SHA-256 over what `store.json` holds besides it."""
    rest = {key: value for key, value in info.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a whole file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _load(path: Path, info: dict) -> np.ndarray:
    """Map a file of a store, once its digest was found right in this process."""
    status = path.stat()
    if _digest_of(path, status.st_size, status.st_mtime_ns) != info["files"][path.name]:
        raise ValueError(f"{path.name} was changed after it was written")
    return np.load(path, mmap_mode="r", allow_pickle=False)


@lru_cache
def _digest_of(path: Path, size: int, changed: int) -> str:
    return file_digest(path)


def rank(note: str, seed: int) -> int:
    """Where a note stands in the draw of a seed: 64 bits of SHA-256 over `<seed>/<note>`.

    The `k` notes of a family that rank lowest are a random sample which takes no list of all
    notes to draw, and in which a sample of fewer is contained.
    """
    return int.from_bytes(hashlib.sha256(f"{seed}/{note}".encode()).digest()[:8], "big")


def _broken_store(path: Path, error: Exception) -> DatasetError:
    return DatasetError(
        f"{path}: not a whole feature store ({error}): delete its folder and make it again "
        "(instruments nsynth --help)"
    )


def place() -> Path:
    """The folder of feature stores: what the variable NSYNTH_STORE names, or else `FOLDER`."""
    return absolute(os.environ.get("NSYNTH_STORE") or FOLDER, "NSYNTH_STORE")
