"""What the models that come with the book make of a sound. Shown in chapter 13."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from helpers import features, simple, sounds
from helpers.notes import FAMILIES
from helpers.runs import shipped

LENGTHS = (0.75, 1.5, 2.5)  # seconds: short sounds lie nearer to each other than long ones


def axes(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of summaries, and axes along which all of them differ equally much.

    They are the principal components, each divided by its deviation (Mahalanobis's distance): where
    the known summaries differ little, a small step counts much.

    Parameters
    ----------
    known : np.ndarray, shape (m, numbers)

    Returns
    -------
    centre : np.ndarray, shape (numbers,)
    axes : np.ndarray, shape (numbers, axes)

    Examples
    --------
    >>> known = np.random.default_rng(0).standard_normal((500, 3)) * [1, 10, 100]
    >>> centre, along = axes(known)
    >>> ((known - centre) @ along).std(axis=0).round(3).tolist()
    [1.0, 1.0, 1.0]
    """
    mean, scale = known.mean(axis=0), known.std(axis=0) + 1e-6
    _, sizes, found = np.linalg.svd((known - mean) / scale, full_matrices=False)
    return mean, found.T / np.maximum(sizes / np.sqrt(len(known)), 0.05) / scale[:, None]


def distances(
    summaries: np.ndarray, known: np.ndarray, centre: np.ndarray, axes: np.ndarray
) -> np.ndarray:
    """How far summaries are from known ones, in deviations of the known: shape (n, len(known)).

    Shown in chapter 13, "Unlike anything I know".

    Parameters
    ----------
    summaries, known : np.ndarray, shapes (n, numbers) and (m, numbers)
    centre, axes : np.ndarray
        As `axes` finds them.

    Examples
    --------
    >>> known = np.random.default_rng(0).standard_normal((500, 52))
    >>> distances(known[:1] + 1, known, *axes(known))[0, 0].round()
    np.float64(1.0)
    """
    a, b = (summaries - centre) @ axes, (known - centre) @ axes
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0) / known.shape[1])


def hear(
    recording: sounds.Recording, which: Iterable[str] | None = None, folder: Path = shipped.MODELS
) -> list[dict]:
    """What the shipped models make of the notes of a recording.

    Parameters
    ----------
    recording : helpers.sounds.Recording
    which : iterable of str, optional
        Names of models; left out, all of them.
    folder : Path

    Returns
    -------
    list of dict
        One a note: `begins`, `ends` (s), `models` (by name: `family`, `probability`,
        `probabilities`), `nearest` (`note`, `family`, `distance`), and `unlike`: whether it is
        further from every training note than nine of ten notes whose instrument was held out.

    Examples
    --------
    >>> whistle = sounds.prepare(np.sin(np.arange(16_000) / 5), sounds.SAMPLE_RATE)
    >>> [(note["ends"], note["nearest"]["family"]) for note in hear(whistle, which=[])]
    [(1.0, 'mallet')]
    """
    X = features.mfcc(np.stack(recording.notes))
    known = shipped.reference(folder)
    far = distances(simple.summary(X), known["summaries"], known["centre"], known["axes"])
    predicted = {
        name: shipped.load(name, folder).predict(X)
        for name in (shipped.names(folder) if which is None else which)
    }
    heard = []
    for i, (begins, ends) in enumerate(recording.times):
        closest = int(far[i].argmin())
        note = str(known["notes"][closest])
        limit = known["thresholds"][np.digitize(ends - begins, LENGTHS)]
        heard.append(
            {
                "begins": round(begins, 3),
                "ends": round(ends, 3),
                "models": {name: _answer(p[i]) for name, p in predicted.items()},
                "nearest": {
                    "note": note,
                    "family": note.rsplit("_", 2)[0],
                    "distance": round(float(far[i, closest]), 3),
                },
                "unlike": bool(far[i, closest] > limit),
            }
        )
    return heard


def _answer(probabilities: np.ndarray) -> dict:
    best = int(probabilities.argmax())
    return {
        "family": FAMILIES[best],
        "probability": round(float(probabilities[best]), 4),
        "probabilities": {
            family: round(float(p), 4) for family, p in zip(FAMILIES, probabilities, strict=True)
        },
    }
