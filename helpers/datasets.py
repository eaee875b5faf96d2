"""Where notes come from: the bundled set, a feature store, any folder or archive as NSynth's.

NSynth's layout (Engel et al. 2017, arXiv:1704.01279) is `nsynth-<split>/examples.json` beside
`nsynth-<split>/audio/<note>.wav`, one note of four seconds a file, 16 kHz, mono. FLAC files
and sets without an `examples.json` are read as well: a note's name says all that is needed.
Shown in chapter 2. A feature store, which `tools.nsynth` makes, holds the names, digests and
features of notes and no sound.
"""

import hashlib
import io
import json
import os
import re
import sys
import tarfile
import threading
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

SAMPLE_RATE = 16_000  # Hz
SAMPLES = 64_000  # a note: four seconds
# In NSynth's order; synth_lead is left out as in section 3.2.1 of the thesis.
FAMILIES = (
    "bass", "brass", "flute", "guitar", "keyboard", "mallet", "organ", "reed", "string", "vocal",
)  # fmt: skip
EXCLUDED = ("synth_lead",)
SOURCES = ("acoustic", "electronic", "synthetic")
SPLITS = ("train", "valid", "test")
BUNDLED = {"nsynth-mini": Path(__file__).resolve().parents[1] / "book" / "data" / "nsynth-mini"}
STORES = Path(__file__).resolve().parents[1] / "_data" / "nsynth"  # unless NSYNTH_STORE is set
STORE_FORMAT = 1
# What a store's notes.npy holds of a note: its name, SHA-256 of its file and of its samples.
STORE_INDEX = np.dtype([("note", "S32"), ("file", "u1", 32), ("audio", "u1", 32)])

_NOTE = re.compile(r"([a-z]+(?:_[a-z]+)?)_([a-z]+)_(\d{3})-(\d{3})-(\d{3})", re.ASCII)
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


class DatasetError(ValueError):
    """A set of notes, or one of its files, is not what NSynth's layout promises."""


def parse_note(name: str) -> dict:
    """Read what a note's name says, e.g. `bass_electronic_018-035-100`.

    Returns
    -------
    dict
        note, instrument, family, source (str), pitch and velocity (int, MIDI 0 to 127).

    Raises
    ------
    DatasetError
        If the name is not of the form `<family>_<source>_<nnn>-<pitch>-<velocity>`.
    """
    match = _NOTE.fullmatch(name)
    if not match:
        raise DatasetError(
            f"{name!r} is not the name of a note: expected "
            "<family>_<source>_<nnn>-<pitch>-<velocity>, such as bass_electronic_018-035-100"
        )
    family, source, number, pitch, velocity = match.groups()
    return {
        "note": name,
        "instrument": f"{family}_{source}_{number}",
        "family": family,
        "source": source,
        "pitch": int(pitch),
        "velocity": int(velocity),
    }


def decode_note(data: bytes, name: str) -> np.ndarray:
    """Decode one WAV or FLAC file and check that it holds a note as NSynth has them.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What to call the file in an error.

    Returns
    -------
    np.ndarray, shape (64000,), float32
        The waveform, in -1 to 1.

    Raises
    ------
    DatasetError
        If the file cannot be decoded, is not 16 kHz mono of 64,000 samples, or holds NaN or
        infinite samples.
    """
    import soundfile

    try:
        waveform, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    except soundfile.SoundFileError as error:
        reason = getattr(error, "error_string", error)
        raise DatasetError(
            f"{name}: cannot be decoded, the file may be cut short ({reason})"
        ) from error
    channels = 1 if waveform.ndim == 1 else waveform.shape[1]
    found = f"{rate} Hz, {channels} channel(s), {len(waveform)} samples"
    expected = f"{SAMPLE_RATE} Hz, 1 channel, {SAMPLES} samples"
    if (rate, channels, len(waveform)) != (SAMPLE_RATE, 1, SAMPLES):
        raise DatasetError(f"{name}: found {found}, expected {expected}")
    if not np.isfinite(waveform).all():
        bad = np.count_nonzero(~np.isfinite(waveform))
        raise DatasetError(
            f"{name}: {bad} samples are NaN or infinite, expected numbers in -1 to 1"
        )
    return waveform


class Notes:
    """A table of notes whose audio is read on demand.

    Attributes
    ----------
    table : pd.DataFrame
        One row a note, sorted by name: note, instrument, family, source, pitch, velocity.
    origin : str
        The folder or archive that the audio comes from.
    """

    def __init__(self, table: pd.DataFrame, files: dict, read, origin: str):
        self.table = table.reset_index(drop=True)
        self.origin = origin
        self._files = files
        self._read = read

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        families = self.table["family"].nunique()
        instruments = self.table["instrument"].nunique()
        counts = f"{len(self)} notes, {instruments} instruments, {families} families"
        return f"<Notes: {counts}, {self.origin}>"

    @property
    def labels(self) -> np.ndarray:
        """The family of each note as an index into `FAMILIES`, shape (n,), int64."""
        return self.table["family"].map(FAMILIES.index).to_numpy(dtype=np.int64)

    def read_bytes(self, i: int) -> bytes:
        """The file of note `i` as it is stored."""
        return self._read(self._files[self.table["note"].iloc[i]])

    def waveform(self, i: int) -> np.ndarray:
        """Note `i` as a waveform: shape (64000,), float32, 16 kHz. Raises `DatasetError`."""
        name = self.table["note"].iloc[i]
        return decode_note(self.read_bytes(i), f"{self.origin}: {name}")

    def waveforms(self, indices=None) -> np.ndarray:
        """Several notes, or all: shape (n, 64000), float32 (a note takes 256 kB)."""
        indices = range(len(self)) if indices is None else indices
        return np.stack([self.waveform(i) for i in indices])

    def select(self, rows) -> "Notes":
        """The notes at `rows` (a boolean mask or positions), in that order."""
        rows = np.asarray(rows)
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        return Notes(self.table.iloc[rows], self._files, self._read, self.origin)

    def sample(self, per_family: int, seed: int = 0) -> "Notes":
        """Draw `per_family` notes of each family, the same ones for the same seed.

        Raises
        ------
        DatasetError
            If a family has fewer notes than that.
        """
        rows = []
        for number, family in enumerate(FAMILIES):
            found = np.flatnonzero(self.table["family"] == family)
            if len(found) < per_family:
                raise DatasetError(
                    f"{self.origin}: {len(found)} {family} notes found, {per_family} asked for: "
                    "ask for fewer notes per family, or use a larger set"
                )
            rows.append(self._shuffled(found, seed, number)[:per_family])
        return self.select(np.sort(np.concatenate(rows)))

    def _shuffled(self, rows, seed: int, family: int) -> np.ndarray:
        # One stream a family: what one family holds does not change what another draws.
        return np.random.default_rng([seed, family]).permutation(rows)

    def checksum(self) -> str:
        """SHA-256 over the notes' names and files, in the table's order: which data this is."""
        digest = hashlib.sha256()
        for name, file in zip(self.table["note"], self._file_digests(), strict=True):
            digest.update(name.encode() + b"\0")
            digest.update(file)
        return digest.hexdigest()

    def _file_digests(self):
        return (hashlib.sha256(self.read_bytes(i)).digest() for i in range(len(self)))

    def audio_digests(self) -> list[str]:
        """SHA-256 of each note's samples: equal digests are byte-identical recordings."""
        return [hashlib.sha256(self.waveform(i).tobytes()).hexdigest() for i in range(len(self))]

    def stored(self, kind: str, settings: dict) -> np.ndarray | None:
        """Features that came with the notes; None, since only a feature store brings any."""
        return None


class StoredNotes(Notes):
    """Notes of a feature store: names, digests and features, memory-mapped, and no sound.

    Attributes
    ----------
    info : dict
        What `store.json` holds: split, notes, per_family, seed, kinds, settings, ...
    """

    def __init__(self, table: pd.DataFrame, rows, index: np.ndarray, folder: Path, info: dict):
        super().__init__(table, {}, None, f"{folder} (features only)")
        self.info = info
        self._folder, self._rows, self._index = folder, rows, index

    @classmethod
    def open(cls, folder) -> "StoredNotes":
        """Open the store in `folder`.

        Raises
        ------
        DatasetError
            If a file is missing, damaged, or of another format.
        """
        folder = Path(folder)
        try:
            info = json.loads((folder / "store.json").read_text())
            if info["format"] != STORE_FORMAT:
                raise ValueError(f"of format {info['format']}, expected {STORE_FORMAT}")
            if lacking := {"split", "kinds", "settings"} - set(info):
                raise ValueError(f"store.json lacks {some(lacking)}")
            index = np.load(folder / "notes.npy", mmap_mode="r", allow_pickle=False)
            if info["index"] != hashlib.sha256(index.view("u1")).hexdigest():
                raise ValueError("notes.npy was changed after it was written")
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise _broken_store(folder, error) from error
        columns = {}
        for name in index["note"].tolist():
            for column, value in parse_note(name.decode()).items():
                # One object for all equal texts: the rows of NSynth would take 100 MB more.
                value = sys.intern(value) if isinstance(value, str) else value
                columns.setdefault(column, []).append(value)
        return cls(pd.DataFrame(columns), np.arange(len(index)), index, folder, info)

    def select(self, rows) -> "StoredNotes":
        """The notes at `rows` (a boolean mask or positions), in that order."""
        rows = np.asarray(rows)
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        table = self.table.iloc[rows]
        return StoredNotes(table, self._rows[rows], self._index, self._folder, self.info)

    def _shuffled(self, rows, seed: int, family: int) -> np.ndarray:
        # By name and not by position: a store cut to this sample gives the same notes.
        ranks = [rank(name, seed) for name in self.table["note"].iloc[rows]]
        return rows[np.argsort(np.array(ranks, dtype=np.uint64), kind="stable")]

    def read_bytes(self, i: int) -> bytes:
        """Raises `DatasetError`: a store keeps no sound."""
        raise DatasetError(
            f"{self.origin}: no sound of {self.table['note'].iloc[i]} here, a feature store keeps "
            'none: open the bundled notes ("nsynth-mini"), or the archive or folder that has it'
        )

    def _file_digests(self):
        return (row.tobytes() for row in self._index["file"][self._rows])

    def audio_digests(self) -> list[str]:
        """SHA-256 of each note's samples, as the store has them."""
        return [row.tobytes().hex() for row in self._index["audio"][self._rows]]

    def stored(self, kind: str, settings: dict) -> np.ndarray:
        """The features of these notes.

        Parameters
        ----------
        kind : {"mfcc", "mel"}
        settings : dict
            `helpers.features.SETTINGS`, which those of the store have to equal.

        Returns
        -------
        np.ndarray, shape (n, 126, 13) for MFCC or (n, 126, 128) for mel, float32
            A read-only view of the memory-mapped file where the notes stand there in one piece,
            as all of them and a sample that the store was cut to do; else a copy in memory.

        Raises
        ------
        DatasetError
            If the store has no such features, or made them with other settings.
        """
        if kind not in self.info["kinds"]:
            raise DatasetError(
                f"{self.origin}: holds {', '.join(self.info['kinds'])} and no {kind}: make a "
                "store that does in another folder (python -m tools.nsynth --help)"
            )
        if self.info["settings"] != settings:
            raise DatasetError(
                f"{self.origin}: made with {self.info['settings']}, expected {settings}: "
                "make the store again"
            )
        path = self._folder / f"{kind}.npy"
        try:
            features = np.load(path, mmap_mode="r", allow_pickle=False)
            if len(features) != len(self._index):
                raise ValueError(f"{len(features)} notes, expected {len(self._index)}")
        except (OSError, EOFError, ValueError) as error:
            raise _broken_store(path, error) from error
        rows = self._rows
        if len(rows) and (np.diff(rows) == 1).all():
            return features[rows[0] : rows[-1] + 1]
        return np.asarray(features[rows])


def rank(note: str, seed: int) -> int:
    """Where a note stands in the draw of a seed: 64 bits of SHA-256 over `<seed>/<note>`.

    The `k` notes of a family that rank lowest are a random sample which takes no list of all
    notes to draw, and in which a sample of fewer is contained.
    """
    return int.from_bytes(hashlib.sha256(f"{seed}/{note}".encode()).digest()[:8], "big")


def _broken_store(path: Path, error) -> DatasetError:
    return DatasetError(
        f"{path}: not a whole feature store ({error}): delete its folder and make it again "
        "(python -m tools.nsynth --help)"
    )


def stores() -> Path:
    """The folder of feature stores: what the variable NSYNTH_STORE names, or else `STORES`."""
    return Path(os.environ.get("NSYNTH_STORE", STORES))


def load(name_or_path, split: str = "train") -> Notes:
    """Open a split of a set of notes.

    Parameters
    ----------
    name_or_path : str or path
        `"nsynth-mini"` for the bundled set; `"nsynth"` for the feature store in the folder that
        the environment variable NSYNTH_STORE names, or else in `STORES`; or a path: of a folder
        of feature stores, or of a folder, `.tar` or `.tar.gz` in NSynth's layout. It holds
        `nsynth-<split>/`, or is that split itself.
    split : {"train", "valid", "test"}

    Returns
    -------
    Notes
        Without the families in `EXCLUDED`. Audio is checked when it is read. Of a feature store
        `StoredNotes`, which have features and no audio.

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
    path = BUNDLED.get(str(name_or_path), Path(name_or_path))
    if name_or_path == "nsynth":
        path = stores()
    for folder in (path / f"nsynth-{split}", path):
        if (folder / "store.json").is_file():
            stored = StoredNotes.open(folder)
            if stored.info["split"] == split:
                return stored
    if name_or_path == "nsynth":
        raise FileNotFoundError(
            f"{path}: no features of NSynth's {split} split here: make them with "
            f"`python -m tools.nsynth {split}`, or set the environment variable NSYNTH_STORE to "
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
    return Notes(table, files, read, origin)


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


def some(names) -> str:
    """A few of many names, for an error."""
    names = sorted(names)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


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
