"""Folds: 80/10/10 as in section 3.2.2 of the thesis, and folds that hold out whole instruments.

Shown in chapter 5.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from helpers.notes import FAMILIES


class Fold(NamedTuple):
    """The three parts of a fold: positions of notes, each an int64 array in rising order."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def _name(family: int | str) -> str:
    """What a family is called in an error."""
    if isinstance(family, np.integer) and 0 <= family < len(FAMILIES):
        return FAMILIES[int(family)]
    return f"family {family}"


def _short(families: np.ndarray, counts: ArrayLike, needed: int) -> str:
    """The families that have too few, for an error."""
    few = [
        f"{_name(family)} with {count}"
        for family, count in zip(families, np.asarray(counts).tolist(), strict=True)
        if count < needed
    ]
    return ", ".join(few) or "none"


def stratified(labels: ArrayLike, n_folds: int = 5, seed: int = 0) -> list[Fold]:
    """Split notes into folds of 80/10/10, every family in the same proportion in each part.

    Shown in chapter 5, "The helper".

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

    Examples
    --------
    >>> [len(part) for part in stratified(np.arange(200) % 10)[0]]
    [160, 20, 20]
    """
    from sklearn.model_selection import StratifiedKFold

    labels = np.asarray(labels)
    n_parts = 2 * n_folds
    families, counts = np.unique(labels, return_counts=True)
    if len(labels) == 0 or counts.min() < n_parts:
        raise ValueError(
            f"{n_folds} folds of 80/10/10 need at least {n_parts} notes of every family, found "
            f"{_short(families, counts, n_parts)}: take a larger set, or fewer folds"
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


def grouped(
    labels: ArrayLike,
    instruments: ArrayLike,
    n_folds: int = 4,
    seed: int = 0,
    recordings: ArrayLike | None = None,
) -> list[Fold]:
    """Split notes into folds that hold out whole instruments.

    Shown in chapter 5, "Deal instruments instead of notes".

    In a fold, no instrument is both in the test part and in the training or validation part.
    The test parts together hold every note once. With four instruments a family and four folds,
    each fold tests on exactly one instrument of every family. More instruments are dealt so that
    the test parts come out near in size: the largest first, each to the fold that has the fewest
    notes of the family. (scikit-learn's `StratifiedGroupKFold` weighs all families at once and may
    leave a fold without a small one.)

    The validation part is a tenth of all notes of each family, at least one note but no more than
    half of what the test part leaves, drawn from the training instruments. It only watches the
    training and nothing is chosen by it: its notes are of known instruments, and what is best for
    those need not be best for new ones.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        The family of each note.
    instruments : array_like of str or int, shape (n,)
        The instrument of each note; all notes of an instrument are of one family.
    n_folds : int
        At least 2.
    seed : int
        The same seed gives the same folds.
    recordings : array_like of str or int, shape (n,), optional
        The recording of each note: two instruments may be one recording under two names. Where
        one of them is tested, the other is left out of training and validation.

    Returns
    -------
    list of Fold

    Raises
    ------
    ValueError
        If a family has fewer instruments than there are folds, an instrument is in two families
        or recordings, `n_folds` is less than 2, the shapes differ, or holding out recordings
        leaves a fold without training notes of a family.

    Examples
    --------
    >>> labels, instruments = np.arange(80) % 10, np.arange(80) % 40  # two notes an instrument
    >>> fold = grouped(labels, instruments)[0]
    >>> [len(part) for part in fold]
    [50, 10, 20]
    >>> np.isin(instruments[fold.test], instruments[fold.train]).any()
    np.False_
    """
    labels, instruments = np.asarray(labels), np.asarray(instruments)
    if labels.ndim != 1 or labels.shape != instruments.shape:
        raise ValueError(
            f"labels have shape {labels.shape} and instruments {instruments.shape}, "
            "expected (n,) for both"
        )
    if n_folds < 2:
        raise ValueError(f"n_folds is {n_folds}, expected 2 or more")
    recordings = instruments if recordings is None else np.asarray(recordings)
    if recordings.shape != labels.shape:
        raise ValueError(f"recordings have shape {recordings.shape}, expected {labels.shape}")
    for name in np.unique(instruments):
        if len(several := np.unique(recordings[instruments == name])) > 1:
            raise ValueError(f"instrument {name} is of {len(several)} recordings")
    families = np.unique(labels)
    owned = [np.unique(instruments[labels == family]) for family in families]
    counts = [len(names) for names in owned]
    if not counts or min(counts) < n_folds:
        raise ValueError(
            f"{n_folds} folds that hold out instruments need at least {n_folds} instruments of "
            f"every family, found {_short(families, counts, n_folds)}: take a set of more "
            "instruments, fewer folds (two at least), or folds that hold out none, such as "
            "`--split stratified`"
        )
    names, times = np.unique(np.concatenate(owned), return_counts=True)
    if times.max() > 1:
        raise ValueError(f"instrument {names[times.argmax()]} is in {times.max()} families")

    rng = np.random.default_rng(seed)
    pile = np.empty(len(labels), dtype=int)
    for family in families:
        names, sizes = np.unique(instruments[labels == family], return_counts=True)
        mixed = rng.permutation(len(names))
        piles, held = rng.permutation(n_folds), np.zeros(n_folds)
        # The largest first, each to the pile with the fewest notes of the family so far.
        for i in mixed[np.argsort(-sizes[mixed], kind="stable")]:
            emptiest = held.argmin()
            held[emptiest] += sizes[i]
            pile[instruments == names[i]] = piles[emptiest]

    folds = []
    for k in range(n_folds):
        test, validation = np.flatnonzero(pile == k), []
        known = ~np.isin(recordings, recordings[test])
        for family in families:
            tenth = max(1, round(np.count_nonzero(labels == family) / 10))
            left = rng.permutation(np.flatnonzero((labels == family) & known))
            if len(left) < 2:
                raise ValueError(
                    f"fold {k + 1} tests every recording of {_name(family)} but {len(left)} "
                    "notes: it needs instruments of other recordings to train on, so take a set "
                    "of more instruments, or fewer folds"
                )
            validation.append(left[: min(tenth, len(left) // 2)])
        held = np.sort(np.concatenate(validation))
        folds.append(Fold(np.setdiff1d(np.flatnonzero(known), held), held, test))
    return folds


def matched(labels: ArrayLike, like: list[Fold], seed: int = 0) -> list[Fold]:
    """Draw random folds with the part sizes of other folds, family by family.

    Shown in chapter 5, "The control: same sizes, drawn by note".

    The control for `grouped`: as many training, validation and test notes of every family in
    every fold, but drawn by note. What a score changes between the two is not the number of
    training notes.

    The notes of a family are shuffled once; each fold takes its test notes where the one before
    it stopped. So the test parts are disjoint as far as their sizes permit, and where those of
    `like` hold every note once, so do these.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        The family of each note.
    like : list of Fold
        Folds of the same notes.
    seed : int
        The same seed gives the same folds.

    Returns
    -------
    list of Fold

    Raises
    ------
    ValueError
        If a fold of `like` does not hold each of the n notes once.

    Examples
    --------
    >>> labels = np.arange(80) % 10
    >>> like = grouped(labels, np.arange(80) % 40)
    >>> [len(part) for part in matched(labels, like)[0]] == [len(part) for part in like[0]]
    True
    """
    labels = np.asarray(labels)
    for number, fold in enumerate(like, 1):
        if not np.array_equal(np.sort(np.concatenate(fold)), np.arange(len(labels))):
            raise ValueError(
                f"fold {number} does not hold each of the {len(labels)} notes once: "
                "it was made for other notes"
            )
    rng = np.random.default_rng(seed)
    parts = [([], [], []) for _ in like]
    for family in np.unique(labels):
        deck = rng.permutation(np.flatnonzero(labels == family))
        for fold, (train, validation, test) in zip(like, parts, strict=True):
            n_test, n_validation = (
                np.count_nonzero(labels[part] == family) for part in (fold.test, fold.validation)
            )
            test.extend(deck[:n_test])
            validation.extend(deck[n_test : n_test + n_validation])
            train.extend(deck[n_test + n_validation :])
            deck = np.roll(deck, -n_test)
    return [Fold(*(np.sort(np.array(part, dtype=np.int64)) for part in fold)) for fold in parts]
