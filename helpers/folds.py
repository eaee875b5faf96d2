"""Five folds of 80/10/10, as section 3.2.2 of the thesis has them. Shown in chapter 4."""

from typing import NamedTuple

import numpy as np


class Fold(NamedTuple):
    """The three parts of a fold: positions of notes, each an int64 array in rising order."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def stratified(labels, n_folds: int = 5, seed: int = 0) -> list[Fold]:
    """Split notes into folds of 80/10/10, every family in the same proportion in each part.

    The notes are dealt into `2 * n_folds` parts. Fold k tests on part 2k, validates on part
    2k + 1 and trains on the rest: so the test parts of the folds are disjoint, and so are the
    validation parts. With five folds, half of the notes are tested on once.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        The family of each note.
    n_folds : int
    seed : int
        The same seed gives the same folds.

    Returns
    -------
    list of Fold

    Raises
    ------
    ValueError
        If a family has fewer notes than there are parts.
    """
    from sklearn.model_selection import StratifiedKFold

    labels = np.asarray(labels)
    n_parts = 2 * n_folds
    families, counts = np.unique(labels, return_counts=True)
    if len(labels) == 0 or counts.min() < n_parts:
        smallest = (
            f"family {families[counts.argmin()]} has {counts.min()}" if len(labels) else "none"
        )
        raise ValueError(
            f"{n_folds} folds of 80/10/10 need at least {n_parts} notes of every family: {smallest}"
        )
    dealer = StratifiedKFold(n_splits=n_parts, shuffle=True, random_state=seed)
    parts = [np.sort(part) for _, part in dealer.split(labels, labels)]
    everything = np.arange(len(labels))
    return [
        Fold(
            train=np.setdiff1d(everything, np.concatenate([test, validation])),
            validation=validation,
            test=test,
        )
        for test, validation in zip(parts[::2], parts[1::2], strict=True)
    ]
