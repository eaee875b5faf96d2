"""What a note is, and a table of notes whose sound is read on demand.

NSynth's layout (Engel et al. 2017, arXiv:1704.01279) has one note of four seconds a file, 16 kHz,
mono; its name says family, source, instrument, pitch and velocity. Where notes come from is the
business of `stores` and `datasets`, and chapters find all of this in `datasets`.
"""

import hashlib
import io
import re

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

_NOTE = re.compile(r"([a-z]+(?:_[a-z]+)?)_([a-z]+)_(\d{3})-(\d{3})-(\d{3})", re.ASCII)


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


def some(names) -> str:
    """A few of many names, for an error."""
    names = sorted(names)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
