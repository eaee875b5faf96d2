"""Where notes come from: the bundled set, a feature store, any folder or archive as NSynth's.

NSynth's layout (Engel et al. 2017, arXiv:1704.01279) is `nsynth-<split>/examples.json` beside
`nsynth-<split>/audio/<note>.wav`, one note of four seconds a file, 16 kHz, mono. FLAC files
and sets without an `examples.json` are read as well: a note's name says all that is needed.
Shown in chapter 3.
"""

import json
import re
import tarfile
import threading
from functools import lru_cache
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from helpers.notes import (
    EXCLUDED,
    FAMILIES,
    SAMPLE_RATE,
    SAMPLES,
    SOURCES,
    SPLITS,
    DatasetError,
    Notes,
    decode_note,
    parse_note,
    some,
)
from helpers.runs import stores

__all__ = [
    "BUNDLED", "EXCLUDED", "FAMILIES", "SAMPLE_RATE", "SAMPLES", "SOURCES", "SPLITS",
    "DatasetError", "Notes", "decode_note", "load", "new_to", "parse_note", "recordings",
    "with_sound",
]  # fmt: skip

DATA = Path(__file__).resolve().parents[1] / "book" / "data"
BUNDLED = {name: DATA / name for name in ("nsynth-mini", "nsynth-wide")}
# Instruments of NSynth that are one recording under two names (`python -m tools.twins`).
TWINS = DATA / "twins.csv"
# The path of a note's file, in a folder or an archive.
AUDIO = re.compile(r"(?:^|.*/)audio/([^/.][^/]*)\.(wav|flac)", re.IGNORECASE)
# The fields of examples.json that a table of notes has, and what they are called there.
COLUMNS = {
    "instrument_str": "instrument",
    "instrument_family_str": "family",
    "instrument_source_str": "source",
    "pitch": "pitch",
    "velocity": "velocity",
}


def load(name_or_path, split: str = "train") -> Notes:
    """Open a split of a set of notes.

    Parameters
    ----------
    name_or_path : str or path
        `"nsynth-mini"` or `"nsynth-wide"`, which are bundled; `"nsynth"` for the feature store in
        the folder that the environment variable NSYNTH_STORE names, or else in `stores.FOLDER`; or
        a path: of a folder of feature stores, or of a folder, `.tar` or `.tar.gz` in NSynth's
        layout. It holds `nsynth-<split>/`, or is that split itself.
    split : {"train", "valid", "test"}

    Returns
    -------
    Notes
        Without the families in `EXCLUDED`. Audio is checked when it is read. Of a feature store
        `stores.StoredNotes`, which have features and no audio. The table of a bundled set has a
        column more, `recording`: see `recordings`.

    Raises
    ------
    FileNotFoundError
        If there is nothing at the path.
    DatasetError
        If the split holds no notes, an archive is cut short, `examples.json` and the audio
        disagree, or a note is of an unknown family or source.
    """
    if split not in SPLITS:
        raise DatasetError(f"unknown split {split!r}: choose one of {', '.join(SPLITS)}")
    path = _place(name_or_path)
    for folder in (path / f"nsynth-{split}", path):
        if (folder / "store.json").is_file():
            stored = stores.StoredNotes.open(folder)
            if stored.info["split"] == split:
                return stored
    if name_or_path == "nsynth":
        raise FileNotFoundError(
            f"{path}: no features of NSynth's {split} split here: make them with "
            f"`instruments nsynth {split}`, or set the environment variable NSYNTH_STORE to "
            "the folder that holds them"
        )
    if not path.exists():
        raise FileNotFoundError(
            f"{path}: no such folder or archive; give one in NSynth's layout, or a bundled set "
            f"({', '.join(BUNDLED)})"
        )
    members, read = list_folder(path) if path.is_dir() else _open_archive(path)
    members = _of_split(members, split)
    files, twice = {}, []
    for member, locator in members.items():
        if match := AUDIO.fullmatch(member):
            if match[1] in files:
                twice.append(match[1])
            files[match[1]] = locator
    origin = f"{name_or_path} ({split})"
    if not files:
        raise DatasetError(
            f"{origin}: no notes found, expected nsynth-{split}/audio/<note>.wav or .flac"
        )
    if twice:
        raise DatasetError(f"{origin}: {some(twice)} found more than once, as WAV and FLAC perhaps")

    listing = next((m for m in members if PurePosixPath(m).name == "examples.json"), None)
    if listing is None:
        table = pd.DataFrame([parse_note(name) for name in sorted(files)])
    else:
        table = _read_listing(read(members[listing]), f"{path}: {listing}", set(files))
    table = table[~table["family"].isin(EXCLUDED)]
    for column, known in (("family", FAMILIES), ("source", SOURCES)):
        strange = table[~table[column].isin(known)]
        if len(strange):
            raise unknown(column, strange.iloc[0], origin)
    if table.empty:
        raise DatasetError(
            f"{origin}: all notes are of the families left out ({', '.join(EXCLUDED)})"
        )
    if str(name_or_path) in BUNDLED:
        table = table.assign(recording=recordings(table["instrument"]))
    return Notes(table, files, read, origin)


@lru_cache
def _twins() -> dict:
    pairs = pd.read_csv(TWINS)
    # The later name goes by the earlier; a third name of one recording finds its way in two steps.
    first = dict(zip(pairs["twin"], pairs["instrument"], strict=True))
    return {name: first.get(other, other) for name, other in first.items()}


def recordings(instruments) -> np.ndarray:
    """Which recordings NSynth's instruments are: their own names, but for twins.

    Some instruments are one recording under two names (the dataset chapter shows how that is
    found); such twins get the name that comes first. A split that promises new instruments must
    not have a recording on both sides.

    Parameters
    ----------
    instruments : array_like of str, shape (n,)

    Returns
    -------
    np.ndarray, shape (n,), str

    Examples
    --------
    >>> recordings(["mallet_acoustic_047", "mallet_acoustic_000", "flute_acoustic_002"]).tolist()
    ['mallet_acoustic_000', 'mallet_acoustic_000', 'flute_acoustic_002']
    """
    return np.array([_twins().get(name, name) for name in instruments], dtype=str)


def new_to(train: Notes, test: Notes) -> np.ndarray:
    """Which test notes are of a recording that training does not hold, under any name.

    Headlines count these notes alone: mallet_acoustic_047 of the test split, for one, is
    mallet_acoustic_000 of the training split.

    Returns
    -------
    np.ndarray, shape (len(test),), bool
    """
    known = recordings(train.table["instrument"])
    return ~np.isin(recordings(test.table["instrument"]), known)


def with_sound(name_or_path):
    """The set to listen to: the one named, or the bundled one in place of a feature store.

    Chapters that play or draw notes go by this rule, since a store keeps no sound. It says so
    where it takes the bundled set.
    """
    path = _place(name_or_path)
    folders = (path, *(path / f"nsynth-{split}" for split in SPLITS))
    stored = name_or_path == "nsynth" or any((f / "store.json").is_file() for f in folders)
    if not stored:
        return name_or_path
    print(f"{name_or_path}: features only, no sound; the bundled notes are heard instead")
    return "nsynth-mini"


def _place(name_or_path) -> Path:
    if name_or_path == "nsynth":
        return stores.place()
    return BUNDLED.get(str(name_or_path), Path(name_or_path))


def _read_listing(data: bytes, name: str, audio: set) -> pd.DataFrame:
    try:
        examples = json.loads(data)
        rows = [
            {"note": note} | {new: fields[old] for old, new in COLUMNS.items()}
            for note, fields in sorted(examples.items())
        ]
    except (ValueError, TypeError, AttributeError) as error:
        raise DatasetError(f"{name}: not a JSON object of notes ({error})") from error
    except KeyError as error:
        raise DatasetError(
            f"{name}: a note lacks the field {error}, expected {', '.join(COLUMNS)}"
        ) from error
    if missing := set(examples) - audio:
        raise DatasetError(f"{name}: names {some(missing)}, for which there is no audio file")
    if unnamed := audio - set(examples):
        raise DatasetError(
            f"{name}: does not name {some(unnamed)}, for which there is an audio file"
        )
    return pd.DataFrame(rows)


def unknown(column: str, note, origin: str) -> DatasetError:
    """What to raise where the family or source of a note is not one of NSynth's."""
    known = {"family": FAMILIES, "source": SOURCES}[column]
    return DatasetError(
        f"{origin}: {note['note']} is of the unknown {column} {note[column]!r}, "
        f"expected one of {', '.join(known)}"
    )


def split_of(member: str) -> str | None:
    """The split that a path names, as `nsynth-train/audio/<note>.wav` does; None if it does not."""
    found = re.search(r"(?:^|/)nsynth-(train|valid|test)/", member)
    return found[1] if found else None


def _of_split(members: dict, split: str) -> dict:
    """The members below `nsynth-<split>/`; all of them where no split is named."""
    if not any(map(split_of, members)):
        return members
    return {m: members[m] for m in members if split_of(m) == split}


def list_folder(path: Path):
    """The files of a folder in NSynth's layout, by their names there, and what reads one."""
    # Only what the layout names is listed: a folder may hold anything else beside it.
    patterns = ("audio/*", "examples.json", "nsynth-*/audio/*", "nsynth-*/examples.json")
    files = [p for pattern in patterns for p in path.resolve().glob(pattern) if p.is_file()]
    # Named from the parent, since a folder's own name may say which split it is.
    return {p.relative_to(path.resolve().parent).as_posix(): p for p in files}, Path.read_bytes


def _open_archive(path: Path):
    try:
        archive = tarfile.open(path)  # noqa: SIM115 - stays open: audio is read on demand
        members = {m.name.removeprefix("./"): m for m in archive if m.isfile()}
        archive.fileobj.seek(archive.offset)
        if len(archive.fileobj.read(tarfile.BLOCKSIZE)) < tarfile.BLOCKSIZE:
            raise tarfile.ReadError("no end-of-archive mark")
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise DatasetError(
            f"{path}: not a whole .tar or .tar.gz archive ({error}): fetch it again"
        ) from error
    lock = threading.Lock()

    def read(member: tarfile.TarInfo) -> bytes:
        # Members are read as streams, never unpacked to paths that an archive names.
        with lock:
            return archive.extractfile(member).read()

    return members, read
