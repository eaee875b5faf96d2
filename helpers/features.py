"""Waveform -> mel spectrogram and MFCC, for many notes at once.

Shown in chapter 4, which builds each step; the result equals `librosa.feature.mfcc`. The thesis
(section 3.2.1) takes 13 coefficients at 126 time steps and leaves the rest to librosa's
defaults; here every choice is written out.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np

SETTINGS: dict[str, Any] = {
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


@lru_cache
def _mel_filters(sr: int, n_fft: int, n_mels: int) -> Any:
    import scipy.sparse
    from librosa.filters import mel

    # Each filter covers a few bins only: sparse, the product costs a tenth.
    return scipy.sparse.csr_array(mel(sr=sr, n_fft=n_fft, n_mels=n_mels))


def log_mel(
    waveforms: np.ndarray,
    *,
    sr: int = 16_000,
    n_fft: int = 2048,
    hop_length: int = 512,
    n_mels: int = 128,
) -> np.ndarray:
    """Mel spectrogram in decibels.

    Shown in chapter 4, "Is it right?".

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

    Examples
    --------
    >>> decibels = log_mel(np.sin(2 * np.pi * 440 * np.arange(64_000) / 16_000))
    >>> decibels.shape, float(decibels.max() - decibels.min())
    ((126, 128), 80.0)
    """
    waveforms = _checked(waveforms)
    frames = 1 + waveforms.shape[-1] // hop_length
    out = np.empty((*waveforms.shape[:-1], frames, n_mels), dtype=np.float32)
    flat = out.reshape(-1, frames, n_mels)
    for i, waveform in enumerate(waveforms.reshape(-1, waveforms.shape[-1])):
        flat[i] = _log_mel_one(waveform, sr, n_fft, hop_length, n_mels)
    return out


def _log_mel_one(
    waveform: np.ndarray, sr: int, n_fft: int, hop_length: int, n_mels: int
) -> np.ndarray:
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


def mfcc(
    waveforms: np.ndarray,
    *,
    sr: int = 16_000,
    n_fft: int = 2048,
    hop_length: int = 512,
    n_mels: int = 128,
    n_mfcc: int = 13,
) -> np.ndarray:
    """Mel-frequency cepstral coefficients of waveforms.

    Shown in chapter 4, "Is it right?".

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

    Examples
    --------
    >>> mfcc(np.zeros((2, 64_000))).shape
    (2, 126, 13)
    """
    import scipy.fft

    mel = log_mel(waveforms, sr=sr, n_fft=n_fft, hop_length=hop_length, n_mels=n_mels)
    return scipy.fft.dct(mel, type=2, norm="ortho", axis=-1)[..., :n_mfcc].copy()


def _checked(waveforms: np.ndarray) -> np.ndarray:
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


# Thirteen bands make an input as large as thirteen MFCCs, and networks of equal size.
FEATURES: dict[str, Callable[..., np.ndarray]] = {
    "mfcc": mfcc,
    "mel": log_mel,
    "mel13": partial(log_mel, n_mels=13),
}
