"""Waveform -> mel spectrogram and MFCC, for many notes at once, and their cache on disk.

Chapter 3 builds each step and shows that the result equals `librosa.feature.mfcc`. The thesis
(section 3.2.1) takes 13 coefficients at 126 time steps and leaves the rest to librosa's
defaults; here every choice is written out.
"""

import hashlib
import json
import os
import tempfile
from collections import deque
from contextlib import contextmanager
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import numpy as np

from helpers.notes import decode_note

SETTINGS = {
    "sr": 16_000,  # Hz
    "n_fft": 2048,  # samples in a frame, Hann window
    "hop_length": 512,  # samples from frame to frame
    "center": True,  # frame t is centred on sample t * hop_length
    "pad_mode": "constant",  # with silence beyond both ends
    "power": 2.0,
    "n_mels": 128,  # Slaney's mel scale and area normalisation, 0 Hz to sr / 2
    "amin": 1e-10,
    "top_db": 80.0,  # below the loudest bin of the same note
    "n_mfcc": 13,  # of an orthonormal DCT-II
}
N_FRAMES = 126  # 1 + 64000 // 512
CACHE = Path(__file__).resolve().parents[1] / "_build" / "features"


@lru_cache
def _mel_filters(sr: int, n_fft: int, n_mels: int):
    import librosa
    import scipy.sparse

    # Each filter covers a few bins only: sparse, the product costs a tenth.
    return scipy.sparse.csr_array(librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels))


def log_mel(waveforms, *, sr=16_000, n_fft=2048, hop_length=512, n_mels=128) -> np.ndarray:
    """Mel spectrogram in decibels.

    Parameters
    ----------
    waveforms : np.ndarray, shape (..., n_samples), float
        In -1 to 1.
    sr, n_fft, hop_length, n_mels : int
        Sample rate in Hz; frame length and hop in samples; number of mel bands.

    Returns
    -------
    np.ndarray, shape (..., 1 + n_samples // hop_length, n_mels), float32
        dB relative to a power of 1, no lower than 80 dB below each waveform's loudest bin. Equal
        to `librosa.power_to_db(librosa.feature.melspectrogram(...))` with time first.

    Raises
    ------
    ValueError
        If `waveforms` holds NaN or infinite samples, integers, or nothing.
    """
    waveforms = _checked(waveforms)
    frames = 1 + waveforms.shape[-1] // hop_length
    out = np.empty((*waveforms.shape[:-1], frames, n_mels), dtype=np.float32)
    flat = out.reshape(-1, frames, n_mels)
    for i, waveform in enumerate(waveforms.reshape(-1, waveforms.shape[-1])):
        flat[i] = _log_mel_one(waveform, sr, n_fft, hop_length, n_mels)
    return out


def _log_mel_one(waveform, sr, n_fft, hop_length, n_mels):
    # One note at a time: its frames (1 MB) stay in the processor's cache.
    import scipy.fft
    import scipy.signal

    padded = np.pad(waveform, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop_length]
    window = scipy.signal.get_window("hann", n_fft).astype(np.float32)
    spectrum = scipy.fft.rfft(frames * window, axis=-1)
    power = spectrum.real**2 + spectrum.imag**2
    mel = (_mel_filters(sr, n_fft, n_mels) @ power.T).T
    decibels = 10.0 * np.log10(np.maximum(SETTINGS["amin"], mel))
    return np.maximum(decibels, decibels.max() - SETTINGS["top_db"])


def mfcc(waveforms, *, sr=16_000, n_fft=2048, hop_length=512, n_mels=128, n_mfcc=13) -> np.ndarray:
    """Mel-frequency cepstral coefficients of waveforms.

    Parameters
    ----------
    waveforms : np.ndarray, shape (..., n_samples), float
        In -1 to 1; a note has 64,000 samples.
    sr, n_fft, hop_length, n_mels : int
        As in `log_mel`.
    n_mfcc : int
        How many coefficients to keep.

    Returns
    -------
    np.ndarray, shape (..., 1 + n_samples // hop_length, n_mfcc), float32
        (..., 126, 13) for a note. Within 1e-3 of `librosa.feature.mfcc(y=..., sr=sr,
        n_mfcc=n_mfcc)`, which has time last.

    Raises
    ------
    ValueError
        As `log_mel`.
    """
    import scipy.fft

    mel = log_mel(waveforms, sr=sr, n_fft=n_fft, hop_length=hop_length, n_mels=n_mels)
    return scipy.fft.dct(mel, type=2, norm="ortho", axis=-1)[..., :n_mfcc].copy()


def _checked(waveforms) -> np.ndarray:
    waveforms = np.asarray(waveforms)
    if not np.issubdtype(waveforms.dtype, np.floating):
        raise ValueError(
            f"waveforms are {waveforms.dtype}, expected floats in -1 to 1: "
            "divide 16-bit integers by 32768"
        )
    if waveforms.ndim == 0 or waveforms.shape[-1] == 0:
        raise ValueError(f"waveforms have shape {waveforms.shape}, expected (..., samples)")
    if not np.isfinite(waveforms).all():
        raise ValueError("waveforms hold NaN or infinite samples")
    return waveforms.astype(np.float32, copy=False)


FEATURES = {"mfcc": mfcc, "mel": log_mel}
BLOCK = 16  # notes that an executor's worker is given at a time, 2 MB
AHEAD = 64  # blocks given out before the first is asked for: memory stays bounded


def extract(
    notes, kind: str = "mfcc", seconds: float = 4, cache=CACHE, progress: bool = True, executor=None
) -> np.ndarray:
    """Features of a whole set of notes, computed once and then read from the cache.

    Those of whole notes of a feature store are read from there instead, memory-mapped.

    Parameters
    ----------
    notes : helpers.datasets.Notes
    kind : {"mfcc", "mel"}
    seconds : float
        How much of each note is heard, from its start; the rest is cut off first.
    cache : path or None
        The folder that keeps finished features; None keeps nothing. A file there is named after
        the notes' contents, the settings and the code that made it, so none of these can be
        mistaken for another.
    progress : bool
        Whether to show a progress bar.
    executor : concurrent.futures.Executor, optional
        What decodes the notes and computes: processes, threads, a cluster. It is sent the notes'
        files, so that only this process needs to reach them.

    Returns
    -------
    np.ndarray, shape (n, 126, 13) for MFCC or (n, 126, 128) for mel, float32
        Fewer frames where notes are cut: 32 a second, and one.

    Raises
    ------
    ValueError
        If `seconds` is not more than 0 and at most 4.
    helpers.datasets.DatasetError
        If a note is not as NSynth has them; nothing is cached then. If a feature store lacks
        this kind, or was made with other settings.
    """
    from tqdm import tqdm

    if not 0 < seconds <= 4:
        raise ValueError(f"seconds is {seconds}: a note has 4, expected more than 0 and at most 4")
    # Of a part of a note a store cannot tell: that takes the sound.
    stored = notes.stored(kind, SETTINGS) if seconds == 4 else None
    if stored is not None:
        return stored
    path = None
    if cache is not None:
        cut = [] if seconds == 4 else [seconds]
        key = json.dumps([kind, notes.checksum(), SETTINGS, _code(), *cut], sort_keys=True)
        name = f"{kind}-{len(notes)}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"
        path = Path(cache) / name
        if path.exists():
            try:
                return np.load(path, allow_pickle=False)
            except (ValueError, EOFError) as error:
                print(f"{path}: cannot be read ({error}); computed again")
    # The text bar, not `tqdm.auto`: a widget does not survive in a stored notebook.
    found = _computed(notes, kind, round(seconds * SETTINGS["sr"]), executor)
    bar = tqdm(found, total=len(notes), desc=kind, unit="note", disable=not progress)
    features = np.stack(list(bar))
    if path is not None:
        write_atomic(path, lambda file: np.save(file, features, allow_pickle=False))
    return features


@lru_cache
def _code() -> list[str]:
    """What computes features besides their settings: this file, and the libraries it calls."""
    libraries = [metadata.version(name) for name in ("numpy", "scipy", "librosa")]
    return [hashlib.sha256(Path(__file__).read_bytes()).hexdigest(), *libraries]


def _computed(notes, kind, samples, executor):
    names = [f"{notes.origin}: {name}" for name in notes.table["note"]]
    if executor is None:
        for i, name in enumerate(names):
            yield _compute([(name, notes.read_bytes(i))], kind, samples)[0]
        return
    pending = deque()
    try:
        for start in range(0, len(notes), BLOCK):
            rows = range(start, min(start + BLOCK, len(notes)))
            block = [(names[i], notes.read_bytes(i)) for i in rows]
            pending.append(executor.submit(_compute, block, kind, samples))
            if len(pending) == AHEAD:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _compute(block, kind, samples) -> np.ndarray:
    waveforms = np.stack([decode_note(data, name)[:samples] for name, data in block])
    return FEATURES[kind](waveforms)


def write_atomic(path, write) -> None:
    """Write a file whole or not at all: `write(file)` gets a temporary binary file beside it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
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
