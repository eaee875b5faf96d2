"""A recording of any kind -> notes of the length and rate that the networks know.

Shown in chapter 13. A network hears four seconds at 16 kHz that begin with the note. A recording of
your own has another rate, two channels, silence around the note, or several notes. What is done to
it here is also done to the notes that the shipped models are trained on, so that they have seen
what it leads to: a short note followed by silence above all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from helpers.notes import SAMPLE_RATE, SAMPLES, DatasetError, decode

LONGEST = 60  # seconds that are read of a recording
LARGEST = 256 << 20  # bytes of a file
SHORTEST = 0.1  # seconds: less is no note
RATES = (1_000, 1_000_000)  # Hz; what lies beyond is a damaged header
FRAME, HOP = 1024, 256  # samples, at 16 kHz
PEAK = 0.5  # to which each note is brought: how loud a recording is says nothing
SILENCE = 50  # dB below the loudest frame, in a recording without noise
SOUND = 20  # dB below the loudest frame: never taken for silence, and every note reaches it
ABOVE_NOISE = 6  # dB
RISE = 12  # dB by which a new note rises within GAP
GAP = 0.1  # seconds
SUFFIXES = {
    ".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".snd",
    ".w64", ".wav", ".wave",
}  # fmt: skip


@dataclass
class Recording:
    """A recording cut into its notes.

    Attributes
    ----------
    notes : list of np.ndarray, shape (64000,), float32
        Each begins at once, has its peak at `PEAK`, and is followed by silence if it is short.
    times : list of tuple of float
        Where each note begins and ends in the recording, in seconds.
    steps : list of str
        What was done to the recording, in words.
    """

    notes: list[np.ndarray]
    times: list[tuple[float, float]]
    steps: list[str] = field(default_factory=list)


def read(path: str | Path) -> tuple[np.ndarray, int]:
    """The samples of a file of any kind that libsndfile reads, no more than its first minute.

    Returns
    -------
    sound : np.ndarray, shape (n, channels), float64
    rate : int
        In Hz.

    Raises
    ------
    DatasetError
        If the file cannot be decoded, is cut short, or larger than 256 MB.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> from helpers.datasets import DATA
    >>> path = DATA / "nsynth-mini" / "nsynth-test" / "audio" / "bass_electronic_018-035-100.flac"
    >>> sound, rate = read(path)
    >>> sound.shape, rate
    ((64000, 1), 16000)
    """
    path = Path(path)
    if path.stat().st_size > LARGEST:
        raise DatasetError(f"{path.name}: {path.stat().st_size >> 20} MB large, no recording")
    return decode(path.read_bytes(), path.name, LONGEST, "float64")


def mono(sound: np.ndarray, rate: int, steps: list[str] | None = None) -> np.ndarray:
    """One channel at 16 kHz that swings around 0.

    Parameters
    ----------
    sound : np.ndarray, shape (n,) or (n, channels), float
    rate : int
        In Hz.
    steps : list of str, optional
        What is done is added to it, in words.

    Returns
    -------
    np.ndarray, shape (m,), float64
        The channels' mean; the loudest channel where the channels cancel each other.

    Raises
    ------
    DatasetError
        If it is empty or silent, or its rate is none of a recording.

    Examples
    --------
    >>> steps = []
    >>> mono(np.random.default_rng(0).uniform(-0.5, 0.5, (48_000, 2)), 48_000, steps).shape
    (16000,)
    >>> steps
    ['2 channels averaged', '48,000 Hz brought to 16,000 Hz']
    """
    import soxr

    steps = [] if steps is None else steps
    sound = np.asarray(sound, dtype=np.float64)
    sound = sound[:, None] if sound.ndim == 1 else sound
    if not RATES[0] <= rate <= RATES[1]:
        raise DatasetError(f"{rate} Hz, expected {RATES[0]:,} to {RATES[1]:,}")
    if not sound.size:
        raise DatasetError("is empty")
    if not np.isfinite(sound).all() or np.abs(sound).max() > 1e6:
        raise DatasetError("holds samples too large for a number")
    if np.count_nonzero(np.abs(sound) >= 0.999) > max(20, sound.size // 1000):
        steps.append("clipped: the recording was too loud for its microphone")
    sound = sound - sound.mean(axis=0)
    of_channels = np.sqrt(np.mean(sound**2, axis=0))
    one = sound.mean(axis=1)
    if sound.shape[1] > 1:
        steps.append(f"{sound.shape[1]} channels averaged")
        if np.sqrt(np.mean(one**2)) < 0.1 * of_channels.max():
            one = sound[:, of_channels.argmax()]
            steps[-1] = "channels cancel each other: the loudest taken"
    if np.abs(one).max() < 1 / 32768:
        raise DatasetError("is silent")
    if rate != SAMPLE_RATE:
        steps.append(f"{rate:,} Hz brought to {SAMPLE_RATE:,} Hz")
        one = soxr.resample(one, rate, SAMPLE_RATE, quality="HQ")
    return one


def levels(sound: np.ndarray) -> np.ndarray:
    """Decibels of each frame below the loudest: shape (frames,), one every 16 ms.

    >>> levels(np.repeat([1.0, 0.1], 8_000))[[10, -10]].round().tolist()
    [0.0, -20.0]
    """
    import librosa

    rms = librosa.feature.rms(y=sound, frame_length=FRAME, hop_length=HOP)[0]
    return 20 * np.log10(np.maximum(rms, 1e-10) / max(rms.max(), 1e-10))


def threshold(level: np.ndarray) -> float:
    """The level in dB below which a recording is silent: above its noise, if it has any.

    >>> threshold(np.array([-40.0] * 5 + [0.0] * 5))
    -34.0
    """
    return float(np.clip(np.percentile(level, 10) + ABOVE_NOISE, -SILENCE, -SOUND))


def cut(sound: np.ndarray) -> list[tuple[int, int]]:
    """Where the notes of a recording begin and end.

    What lies between silences is cut further where the level rises, within a tenth of a second,
    by `RISE` decibels, and librosa hears an onset. What stays `SOUND` decibels below the loudest,
    as the noise of a key that is let go does, is no note of its own. Notes that are tied without
    a dip in level stay together.

    Parameters
    ----------
    sound : np.ndarray, shape (n,), float
        16 kHz.

    Returns
    -------
    list of (int, int)
        Samples; of stretches of at least `SHORTEST`.

    Examples
    --------
    >>> tone = np.sin(np.arange(8_000) / 5)
    >>> [round((end - begin) / 8_000) for begin, end in cut(np.pad(tone, 8_000))]
    [1]
    """
    import librosa

    level = levels(sound)
    sounding = level > threshold(level)
    changes = np.flatnonzero(np.diff(np.pad(sounding, 1).astype(int)))
    onsets = librosa.onset.onset_detect(
        y=sound, sr=SAMPLE_RATE, hop_length=HOP, backtrack=False, units="frames"
    )
    reach = round(GAP * SAMPLE_RATE / HOP)
    found: list[tuple[int, int]] = []
    for first, last in changes.reshape(-1, 2).tolist():
        begins = [first]
        for at in onsets:
            if begins[-1] + 2 * reach <= at < last - reach:
                lowest = at - reach + int(np.argmin(level[at - reach : at + 1]))
                if level[at : at + reach].max() - level[lowest] >= RISE:
                    begins.append(lowest)
        for begin, end in zip(begins, [*begins[1:], last], strict=True):
            if level[begin:end].max() >= -SOUND:
                found.append((begin, end))
    begins = [_begin(sound, first * HOP) for first, _ in found]
    ends = [min(last * HOP, after) for (_, last), after in
            zip(found, [*begins[1:], len(sound)], strict=True)]  # fmt: skip
    return [(a, b) for a, b in zip(begins, ends, strict=True) if b - a >= SHORTEST * SAMPLE_RATE]


def _begin(sound: np.ndarray, at: int) -> int:
    """The first sample near `at` that stands out: a frame reaches half its length ahead."""
    near = np.abs(sound[max(0, at - FRAME // 2) : at + FRAME])
    return max(0, at - FRAME // 2) + int(np.argmax(near >= 0.05 * near.max()))


def note(sound: np.ndarray) -> np.ndarray:
    """Four seconds that begin with `sound`, its peak at `PEAK`: shape (64000,), float32.

    Examples
    --------
    >>> note(np.ones(1000)).max()
    np.float32(0.5)
    """
    sound = np.asarray(sound, dtype=np.float64)[:SAMPLES]
    peak = max(np.abs(sound).max(initial=0), 1e-10)
    return np.pad(PEAK / peak * sound, (0, SAMPLES - len(sound))).astype(np.float32)


def trimmed(sound: np.ndarray) -> np.ndarray:
    """A sound that is known to be one note, from its onset to where it falls silent.

    Parameters
    ----------
    sound : np.ndarray, shape (n,), float
        16 kHz, not silent.

    Examples
    --------
    >>> tone = np.sin(np.arange(8_000) / 5)
    >>> round(len(trimmed(np.pad(tone, 8_000))) / 8_000)
    1
    """
    level = levels(sound)
    sounding = np.flatnonzero(level > threshold(level))
    return sound[_begin(sound, sounding[0] * HOP) : (sounding[-1] + 1) * HOP]


def varied(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A note as another microphone, room and player might have it, for training.

    Each is drawn: up to three half-tones higher or lower (and shorter or longer by as much), cut to
    between 0.3 and 4 s, the first hundredths of a second missing or before them silence, brighter
    or darker, with a room's echo, with noise. What is drawn most changes the families least.

    Parameters
    ----------
    sound : np.ndarray, shape (n,), float
        16 kHz, from the onset on, as `trimmed` has it.
    rng : np.random.Generator

    Returns
    -------
    np.ndarray, shape (64000,), float32
        As `note` returns it.

    Examples
    --------
    >>> varied(np.sin(np.arange(16_000) / 5), np.random.default_rng(0)).shape
    (64000,)
    """
    import soxr
    from scipy.signal import fftconvolve, lfilter

    if rng.random() < 0.5:
        sound = soxr.resample(
            sound, SAMPLE_RATE, SAMPLE_RATE * 2 ** (rng.uniform(-3, 3) / 12), quality="MQ"
        )
    if rng.random() < 0.65:
        sound = sound[: int(SAMPLE_RATE * np.exp(rng.uniform(np.log(0.3), np.log(4))))]
    if rng.random() < 0.5:
        sound = sound[int(SAMPLE_RATE * rng.uniform(0, 0.03)) :]
    if rng.random() < 0.5:
        sound = lfilter([1, -rng.uniform(-0.6, 0.6)], [1], sound)
    if rng.random() < 0.4:  # noise that decays by 60 dB is what an empty room answers
        length = int(SAMPLE_RATE * rng.uniform(0.1, 0.8))
        echo = rng.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
        echo *= rng.uniform(0.05, 0.5) / np.sqrt(np.sum(echo**2))
        echo[0] += 1
        sound = fftconvolve(sound, echo)
    if rng.random() < 0.4:
        noise = lfilter([1], [1, -rng.uniform(0, 0.95)], rng.standard_normal(len(sound)))
        ratio = np.sqrt(np.mean(sound**2) / np.mean(noise**2))
        sound = sound + noise * ratio * 10 ** (-rng.uniform(25, 60) / 20)
    if rng.random() < 0.3:
        sound = np.pad(sound, (int(SAMPLE_RATE * rng.uniform(0, 0.05)), 0))
    return note(sound)


def prepare(sound: np.ndarray, rate: int) -> Recording:
    """Bring a recording to the form that the shipped models were trained on.

    Parameters
    ----------
    sound : np.ndarray, shape (n,) or (n, channels), float
    rate : int
        In Hz.

    Returns
    -------
    Recording

    Raises
    ------
    DatasetError
        If there is no sound of at least a tenth of a second in it.

    Examples
    --------
    >>> heard = prepare(np.pad(np.sin(np.arange(16_000) / 5) / 2, 16_000), 16_000)
    >>> len(heard.notes), heard.steps
    (1, ['1.00 s of silence before the first note cut'])
    """
    steps: list[str] = []
    samples = len(sound)
    one = mono(sound[: LONGEST * rate], rate, steps)
    if samples > LONGEST * rate:
        steps.append(f"only its first {LONGEST} s are heard")
    places = cut(one)
    if not places:
        raise DatasetError(f"holds no sound of {SHORTEST} s or more, only clicks or noise")
    if len(places) > 1:
        steps.append(f"cut into {len(places)} notes")
    before = places[0][0] / SAMPLE_RATE
    if before > 0.05:
        steps.append(f"{before:.2f} s of silence before the first note cut")
    times = [(a / SAMPLE_RATE, b / SAMPLE_RATE) for a, b in places]
    return Recording([note(one[a:b]) for a, b in places], times, steps)
