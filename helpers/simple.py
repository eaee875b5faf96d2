"""Simple models on summaries of a note: what a network has to beat.

Shown in chapter 11. Kawwa (the thesis's reference 14) fed naive Bayes, a random forest and a
support vector machine with features averaged over time; the same three are here, and extra trees,
on his features and on summaries of the thesis's MFCCs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

SETTINGS = {"sr": 16_000, "n_mfcc": 13, "n_mels": 128, "fmax": 8_000}


def summary(X: np.ndarray) -> np.ndarray:
    """Means and deviations over time of MFCCs and of their changes from frame to frame.

    Shown in chapter 11, "Three ways to hold out a note".

    Parameters
    ----------
    X : np.ndarray, shape (n, frames, coefficients), float
        Two frames or more.

    Returns
    -------
    np.ndarray, shape (n, 4 * coefficients), same dtype

    Raises
    ------
    ValueError
        If there are fewer than two frames.

    Examples
    --------
    >>> summary(np.zeros((5, 126, 13))).shape
    (5, 52)
    """
    X = np.asarray(X)
    if X.ndim != 3 or X.shape[1] < 2:
        raise ValueError(f"MFCCs of shape {X.shape}, expected (n, frames, coefficients)")
    both = X, np.diff(X, axis=1)
    return np.hstack([f(values, axis=1) for values in both for f in (np.mean, np.std)])


def kawwa_features(waveforms: np.ndarray, progress: bool = True) -> np.ndarray:
    """Kawwa's features: MFCCs, mel bands, chroma and spectral contrast, averaged over time.

    As in Data_Wrangling.ipynb of the repository NadimKawwa/NSynth, all by librosa, at the notes'
    own 16 kHz (there resampled to 22,050 Hz). Its flag "more harmonic than percussive" is left out.

    Parameters
    ----------
    waveforms : np.ndarray, shape (n, samples), float
        16 kHz, in -1 to 1.
    progress : bool

    Returns
    -------
    np.ndarray, shape (n, 160), float32
        13 MFCCs, 128 mel bands (power), 12 pitch classes, 7 contrasts.
    """
    import librosa
    from tqdm import tqdm

    sr, found = SETTINGS["sr"], []
    for y in tqdm(waveforms, desc="Kawwa's features", unit="note", disable=not progress):
        kinds = (
            librosa.feature.mfcc(y=y, sr=sr, n_mfcc=SETTINGS["n_mfcc"]),
            librosa.feature.melspectrogram(
                y=y, sr=sr, n_mels=SETTINGS["n_mels"], fmax=SETTINGS["fmax"]
            ),
            librosa.feature.chroma_cens(y=y, sr=sr),
            librosa.feature.spectral_contrast(y=y, sr=sr),
        )
        found.append(np.concatenate([kind.mean(axis=1) for kind in kinds]))
    return np.array(found, dtype=np.float32)


def naive_bayes(seed: int = 0) -> ClassifierMixin:
    """Each number of a family is normally distributed, and independent of the others.

    >>> naive_bayes().fit([[1], [2], [8], [9]], [0, 0, 1, 1]).predict([[3], [7]]).tolist()
    [0, 1]
    """
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB()


def random_forest(seed: int = 0) -> ClassifierMixin:
    """500 trees, each on notes drawn anew."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(500, random_state=seed)


def extra_trees(seed: int = 0) -> ClassifierMixin:
    """500 trees whose thresholds are drawn at random."""
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(500, random_state=seed)


def svm(seed: int = 0) -> ClassifierMixin:
    """A support vector machine with a Gaussian kernel, on standardised numbers."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    # Calibrated, so that it has probabilities as the others do.
    return CalibratedClassifierCV(make_pipeline(StandardScaler(), SVC(C=10)), ensemble=False)


# Each takes a seed and returns a scikit-learn classifier with `fit` and `predict_proba`.
SYSTEMS = {
    "naive_bayes": naive_bayes,
    "random_forest": random_forest,
    "svm": svm,
    "extra_trees": extra_trees,
}
