"""What a note is, and a table of notes whose sound is read on demand.

NSynth's layout (Engel et al. 2017, arXiv:1704.01279) has one note of four seconds a file, 16 kHz,
mono; its name says family, source, instrument, pitch and velocity. Where notes come from is the
business of `stores` and `datasets`, and chapters find all of this in `datasets`. Shown in
chapter 3.
"""

import hashlib
import io
import os
import re
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from helpers import profiles

T = TypeVar("T")

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

    Examples
    --------
    >>> parsed = parse_note("bass_electronic_018-035-100")
    >>> parsed["instrument"], parsed["family"], parsed["pitch"]
    ('bass_electronic_018', 'bass', 35)
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


def decode(
    data: bytes, name: str, seconds: float, dtype: str = "float32"
) -> tuple[np.ndarray, int]:
    """Decode an audio file of any kind that libsndfile reads, and check that it is whole.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What to call the file in an error.
    seconds : float
        After which to stop: of a longer file a sample more is returned.
    dtype : {"float32", "float64"}

    Returns
    -------
    sound : np.ndarray, shape (n, channels)
    rate : int
        In Hz.

    Raises
    ------
    DatasetError
        If the file cannot be decoded, holds less than its header promises, or samples that are
        NaN or infinite. Lengths that a stream leaves open (0, or the largest number) promise
        nothing.

    Examples
    --------
    >>> import soundfile
    >>> soundfile.write(file := io.BytesIO(), np.zeros((10, 2)), 44_100, format="WAV")
    >>> sound, rate = decode(file.getvalue(), "mine.wav", seconds=4)
    >>> sound.shape, rate
    ((10, 2), 44100)
    """
    import soundfile

    blocks, length = [], 0
    try:
        # libsndfile reads through Python and loses what is raised there.
        with held_interrupts(), soundfile.SoundFile(io.BytesIO(_with_a_length(data))) as file:
            # Else soundfile believes the header's length, and makes room for all of it.
            file.seekable = lambda: False
            longest = int(seconds * file.samplerate)
            while length <= longest:
                block = file.read(min(1 << 16, longest + 1 - length), dtype, always_2d=True)
                if not len(block):
                    break
                blocks.append(block)
                length += len(block)
            rate, channels, promised, log = (
                file.samplerate, file.channels, file.frames, file.extra_info
            )  # fmt: skip
    except (soundfile.SoundFileError, OSError) as error:
        reason = getattr(error, "error_string", "") or "damaged, or of a kind that is not read"
        raise DatasetError(
            f"{name}: cannot be decoded, the file may be cut short ({reason})"
        ) from error
    sizes = [(int(said), int(there)) for said, there in _SHORTER.findall(log)]
    # RIFF's own size is often a few bytes too large in whole files.
    lacking = [said - there for said, there in sizes if said - there > 64 and said < _OPEN]
    if length <= longest and length < promised < _OPEN:
        lacking.append(promised - length)
    if lacking or (data[:4] == b"OggS" and not _ends_with_a_last_page(data)):
        raise DatasetError(
            f"{name}: cut short, its header promises more than the {length} samples that are there"
        )
    sound = np.concatenate(blocks) if blocks else np.zeros((0, channels), dtype)
    if bad := np.count_nonzero(~np.isfinite(sound)):
        raise DatasetError(
            f"{name}: {bad} samples are NaN or infinite, expected numbers in -1 to 1"
        )
    return sound, rate


# What libsndfile notes where a part of a file is shorter than its header says.
_SHORTER = re.compile(r": (\d+) \(should be (\d+)\)")
_OPEN = 2**31 - 4096  # from here on a length is a placeholder: no note is as long


def _ends_with_a_last_page(ogg: bytes) -> bool:
    at = ogg.rfind(b"OggS")
    parts = ogg[at + 27 : at + 27 + ogg[at + 26]] if len(ogg) > at + 26 else b""
    return bool(parts) and bool(ogg[at + 5] & 4) and len(ogg) >= at + 27 + len(parts) + sum(parts)


def _with_a_length(data: bytes) -> bytes:
    """A WAV file that states a length of 0 before its samples, as streams do, with the largest."""
    at = data.find(b"data\0\0\0\0", 12) if data[:4] == b"RIFF" else -1
    if at < 0 or not data[at + 8 :] or re.match(rb"[A-Za-z0-9 ]{4}", data[at + 8 :]):
        return data  # of another kind, or empty, or followed by another part
    return data[: at + 4] + b"\xff" * 4 + data[at + 8 :]


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
        If the file cannot be decoded or is cut short, is not 16 kHz mono of 64,000 samples, or
        holds samples that are NaN or beyond -1 to 1.

    Examples
    --------
    >>> import soundfile
    >>> soundfile.write(file := io.BytesIO(), np.zeros(10), SAMPLE_RATE, format="WAV")
    >>> decode_note(file.getvalue(), "mine.wav")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    helpers.notes.DatasetError: mine.wav: found 16000 Hz, 1 channel(s), 10 samples, expected ...
    """
    sound, rate = decode(data, name, SAMPLES / SAMPLE_RATE)
    if (rate, *sound.shape) != (SAMPLE_RATE, SAMPLES, 1):
        length = f"{len(sound)} samples{' or more' * (len(sound) > SAMPLES)}"
        raise DatasetError(
            f"{name}: found {rate} Hz, {sound.shape[1]} channel(s), {length}, "
            f"expected {SAMPLE_RATE} Hz, 1 channel, {SAMPLES} samples"
        )
    if (loudest := np.abs(sound).max()) > 1:
        raise DatasetError(
            f"{name}: has samples of up to {loudest:.4g}, expected numbers in -1 to 1: "
            "divide them by their largest"
        )
    return sound[:, 0]


@contextmanager
def held_interrupts() -> Iterator[None]:
    """Remember an interrupt (Ctrl-C) that comes meanwhile, and obey it afterwards.

    For calls into libraries that lose it, or take it for an error of their own.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    came = []
    signal.signal(signal.SIGINT, lambda *call: came.append(call))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            handler(*came[0])


_interrupted = threading.Event()


@contextmanager
def remembered_interrupts() -> Iterator[None]:
    """Let `obey_interrupt` raise an interrupt again that was lost on its way.

    Python drops one that meets a finalizer or a C library's callback, and the work goes on as if
    nobody had asked it to stop.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return

    def remember(*call: Any) -> None:
        _interrupted.set()
        handler(*call)

    _interrupted.clear()
    signal.signal(signal.SIGINT, remember)
    try:
        yield
        obey_interrupt()
    finally:
        signal.signal(signal.SIGINT, handler)
        _interrupted.clear()


def obey_interrupt() -> None:
    """Raise KeyboardInterrupt if one came since `remembered_interrupts`: between two steps."""
    if _interrupted.is_set():
        raise KeyboardInterrupt


def hidden(path: str | os.PathLike[str]) -> bool:
    """Whether a path leads through what systems and programs keep for themselves.

    Names that begin with a point (`.ipynb_checkpoints`, `.Trash-1000`, `._note.wav`), and the
    folders in which macOS and Windows keep their own things.

    >>> hidden("sounds/._flute.wav"), hidden("../sounds/flute.wav")
    (True, False)
    """
    own = ("__MACOSX", "$RECYCLE.BIN", "System Volume Information")
    parts = PurePath(path).parts
    return any(part in own or (part.startswith(".") and part.strip(".")) for part in parts)


class Notes:
    """A table of notes whose audio is read on demand.

    Attributes
    ----------
    table : pd.DataFrame
        One row a note, sorted by name: note, instrument, family, source, pitch, velocity.
    origin : str
        The folder or archive that the audio comes from.

    Examples
    --------
    >>> names = ["flute_acoustic_002-077-100", "reed_acoustic_011-060-050"]
    >>> notes = Notes(pd.DataFrame([parse_note(name) for name in names]), {}, bytes, "mine")
    >>> notes
    <Notes: 2 notes, 2 instruments, 2 families, mine>
    >>> notes.select(notes.table["pitch"] < 70).labels.tolist()
    [7]
    """

    def __init__(self, table: pd.DataFrame, files: dict, read: Callable[..., bytes], origin: str):
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

    def waveforms(self, indices: ArrayLike | None = None) -> np.ndarray:
        """Several notes, or all: shape (n, 64000), float32 (a note takes 256 kB)."""
        indices = np.arange(len(self)) if indices is None else np.asarray(indices)
        out = np.empty((len(indices), SAMPLES), dtype=np.float32)
        for i in self.as_stored(indices):
            out[i] = self.waveform(indices[i])
        return out

    def as_stored(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Positions in `rows` (default: all), in the order in which the files lie in an archive.

        A compressed archive has to be read from its beginning for each step back.
        """
        names = self.table["note"] if rows is None else self.table["note"].iloc[rows]
        places = [getattr(self._files[name], "offset_data", 0) for name in names]
        return np.argsort(places, kind="stable")

    def select(self, rows: ArrayLike) -> "Notes":
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
                fewest = self.table["family"].value_counts().reindex(FAMILIES, fill_value=0).min()
                fit = [p.name for p in profiles.PROFILES.values() if p.notes_per_family <= fewest]
                advice = f"enough for the profile {fit[-1]}" if fit else "too few for any profile"
                raise DatasetError(
                    f"{self.origin}: {len(found)} {family} notes found, {per_family} asked for: "
                    f"ask for fewer notes per family ({advice}), or use a larger set"
                )
            rows.append(self._shuffled(found, seed, number)[:per_family])
        return self.select(np.sort(np.concatenate(rows)))

    def _shuffled(self, rows: np.ndarray, seed: int, family: int) -> np.ndarray:
        # One stream a family: what one family holds does not change what another draws.
        return np.random.default_rng([seed, family]).permutation(rows)

    def checksum(self) -> str:
        """SHA-256 over the notes' names and files, in the table's order: which data this is."""
        digest = hashlib.sha256()
        for name, file in zip(self.table["note"], self._file_digests(), strict=True):
            digest.update(name.encode() + b"\0")
            digest.update(file)
        return digest.hexdigest()

    def _file_digests(self) -> list[bytes]:
        return self._each(lambda i: hashlib.sha256(self.read_bytes(i)).digest())

    def _each(self, function: Callable[[int], T]) -> list[T]:
        found = {i: function(i) for i in self.as_stored()}
        return [found[i] for i in range(len(self))]

    def audio_digests(self) -> list[str]:
        """SHA-256 of each note's samples: equal digests are byte-identical recordings."""
        return self._each(lambda i: hashlib.sha256(self.waveform(i).tobytes()).hexdigest())

    def stored(self, kind: str, settings: dict) -> np.ndarray | None:
        """Features that came with the notes; None, since only a feature store brings any."""
        return None


def some(names: Iterable[str]) -> str:
    """A few of many names, for an error.

    >>> some(["d", "b", "a", "c", "e"])
    'a, b, c and 2 more'
    """
    names = sorted(names)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def left_out(origin: str | os.PathLike[str], reasons: dict[str, list[str]]) -> str:
    """What to say of files that were passed over: their names, by reason; empty if there are none.

    >>> print(left_out("sounds", {"no format that is read": ["a.m4a"], "hidden": []}))
    sounds: left out: 1 (no format that is read): a.m4a
    """
    parts = [f"{len(n)} ({reason}): {some(n)}" for reason, n in reasons.items() if n]
    return f"{origin}: left out: {'; '.join(parts)}" if parts else ""
