"""How good predictions are: scores, confusion matrices, averages over folds.

Section 3.3 of the thesis: loss, accuracy and confusion matrix on the fold's test part and on
NSynth's test split, averaged over the folds. Shown in chapter 9.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers import datasets

if TYPE_CHECKING:
    from helpers.notes import Notes
    from helpers.runs import records

N_FAMILIES = 10


def scores(labels: np.ndarray, probabilities: np.ndarray) -> dict:
    """Loss, accuracy and balanced accuracy of one model on one set.

    Shown in chapter 9, "From probabilities to scores".

    Parameters
    ----------
    labels : array_like of int, shape (n,)
    probabilities : array_like of float, shape (n, 10)

    Returns
    -------
    dict
        loss : sparse categorical cross-entropy in nats, probabilities no smaller than 1e-7 as
        in Keras; accuracy; balanced_accuracy : mean recall of the families that occur.

    Raises
    ------
    ValueError
        If the shapes do not match or there is nothing to score.

    Examples
    --------
    >>> scores([3, 3, 7], np.eye(10)[[3, 7, 7]])["balanced_accuracy"]
    0.75
    """
    labels, probabilities = _checked(labels, probabilities)
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    recall = np.diag(confusion(labels, probabilities))
    return {
        "loss": float(-np.log(np.clip(own, 1e-7, 1 - 1e-7)).mean()),
        "accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
        "balanced_accuracy": float(np.nanmean(recall)),
    }


def confusion(labels: np.ndarray, probabilities: np.ndarray, normalize: bool = True) -> np.ndarray:
    """Confusion matrix: rows are the true families, columns the predicted ones.

    Shown in chapter 9, "From probabilities to scores".

    Parameters
    ----------
    labels, probabilities
        As in `scores`.
    normalize : bool
        Whether each row sums to 1, so that the diagonal is recall (section 4.2.2 of the thesis
        reads it so). A family that does not occur has a row of NaN.

    Returns
    -------
    np.ndarray, shape (10, 10), float64

    Examples
    --------
    >>> confusion([3, 3, 7], np.eye(10)[[3, 7, 7]])[3, [3, 7]].tolist()
    [0.5, 0.5]
    """
    labels, probabilities = _checked(labels, probabilities)
    counts = np.zeros((N_FAMILIES, N_FAMILIES))
    np.add.at(counts, (labels, probabilities.argmax(axis=1)), 1)
    if not normalize:
        return counts
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0)


def _checked(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if len(labels) == 0 or probabilities.shape != (len(labels), N_FAMILIES):
        raise ValueError(
            f"labels have shape {labels.shape} and probabilities {probabilities.shape}, "
            f"expected (n,) and (n, {N_FAMILIES}) with n > 0"
        )
    return labels, probabilities


def part(
    record: records.Record, name: str, without: Collection[str] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities of one part of a record, leaving out the notes in `without`.

    >>> from helpers.runs.records import Record
    >>> answers = {"labels": np.array([3, 7]), "probabilities": np.eye(10)[[3, 3]]}
    >>> run = Record({}, None, {"fold_test": answers | {"notes": ["a", "b"]}})
    >>> labels, probabilities = part(run, "fold_test", without=["b"])
    >>> labels.tolist(), probabilities.shape
    ([3], (1, 10))
    """
    predicted = record.predictions[name]
    keep = ~np.isin(predicted["notes"], list(without))
    return predicted["labels"][keep], predicted["probabilities"][keep]


def score_table(
    runs: dict[str, list[records.Record]], without: Collection[str] = ()
) -> pd.DataFrame:
    """One row for each record and part: model, fold, seed, part and the scores.

    Parameters
    ----------
    runs : dict of str -> list of helpers.runs.records.Record
        Records by the name to show, e.g. {"Base CNN": [...]}.
    without : collection of str
        Notes to leave out, such as those that training has heard (`leaked`).

    Examples
    --------
    >>> from helpers.runs.records import Record
    >>> answers = {"labels": np.array([3, 7]), "probabilities": np.eye(10)[[3, 3]]}
    >>> info = {"config": {"split": {"fold": 1}, "seed": 0}}
    >>> run = Record(info, None, {"fold_test": answers | {"notes": ["a", "b"]}})
    >>> score_table({"Base CNN": [run]}).loc[0, "accuracy"]
    np.float64(0.5)
    """
    return pd.DataFrame(
        {"model": name, "fold": record.fold, "seed": record.config["seed"], "part": part_}
        | scores(*part(record, part_, without))
        for name, group in runs.items()
        for record in group
        for part_ in record.predictions
    )


def mean_confusion(
    group: list[records.Record], part_: str, without: Collection[str] = ()
) -> np.ndarray:
    """The row-normalised confusion matrices of several records, averaged (section 4.2.2).

    Shown in chapter 9, "Who is taken for whom".

    >>> from helpers.runs.records import Record
    >>> asked = {"notes": ["a"], "labels": np.array([3])}
    >>> answers = [{"fold_test": asked | {"probabilities": np.eye(10)[[k]]}} for k in (3, 7)]
    >>> group = [Record({}, None, predictions) for predictions in answers]
    >>> mean_confusion(group, "fold_test")[3, [3, 7]].tolist()
    [0.5, 0.5]
    """
    matrices = [confusion(*part(record, part_, without)) for record in group]
    return np.ma.masked_invalid(matrices).mean(axis=0).filled(np.nan)


def mean_history(group: list[records.Record]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mean and standard deviation over records of each history column, indexed by epoch.

    Shown in chapter 9, "Learning curves".

    >>> from helpers.runs.records import Record
    >>> runs = [Record({}, pd.DataFrame({"epoch": [1], "loss": [x]}), {}) for x in (2.0, 4.0)]
    >>> mean_history(runs)[0].loc[1, "loss"]
    np.float64(3.0)
    """
    by_epoch = pd.concat([record.history for record in group]).groupby("epoch")
    return by_epoch.mean(), by_epoch.std(ddof=1)


def leaked(notes: Notes, test_notes: Notes) -> list[str]:
    """Test notes that training has heard: no headline counts them.

    Shown in chapter 3, "What this means for you".

    Those of a recording that training holds, under whatever name (`datasets.new_to`), and those
    whose audio is byte-identical to a training note's.

    >>> train, test = (datasets.load("nsynth-mini", split) for split in ("train", "test"))
    >>> train = train.select(train.table["instrument"] == "mallet_acoustic_000")
    >>> test = test.select(test.table["family"] == "mallet")
    >>> {note.split("-")[0] for note in leaked(train, test)}
    {'mallet_acoustic_047'}
    """
    known = set(notes.audio_digests())
    copied = np.array([digest in known for digest in test_notes.audio_digests()], dtype=bool)
    heard = copied | ~datasets.new_to(notes, test_notes)
    return test_notes.table["note"][heard].tolist()
