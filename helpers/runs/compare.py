"""A reader's own runs beside the recorded ones. Used at the end of chapters 6 to 10."""

from collections.abc import Collection

import pandas as pd

from helpers import evaluation, significance
from helpers.runs import records

TESTS = {"fold_test": "fold test", "nsynth_test": "test split"}


def your_run(
    yours: dict[str, list[records.Record]],
    recorded: dict[str, list[records.Record]],
    without: Collection[str] = (),
) -> pd.DataFrame | None:
    """Mean accuracies of your runs beside those of the recorded ones, by the name of the model.

    `yours`, `recorded` (dict of str -> list of Record): records by the name to show. A model that
    `recorded` lacks has "-" beside it. `without`: test notes to leave out: see `evaluation.leaked`.
    Returns None where all of your runs *are* recorded ones: then nothing was changed.

    >>> your_run({}, {}) is None
    True
    """
    if _the_same(yours, recorded):
        return None

    def row(group: list[records.Record] | None) -> dict:
        if not group:
            return dict.fromkeys(["epochs", "validation, best epoch", *TESTS.values()], "-")
        scores = evaluation.score_table({"": group}, without)
        means = scores.groupby("part")["accuracy"].mean()
        best = sum(run.history["val_accuracy"].max() for run in group) / len(group)
        tests = {TESTS[part]: f"{means[part]:.3f}" for part in TESTS}
        epochs = str(group[0].config["epochs"])
        return {"epochs": epochs, "validation, best epoch": f"{best:.3f}"} | tests

    sides = {
        "your run": {name: row(group) for name, group in yours.items()},
        "recorded": {name: row(recorded.get(name)) for name in yours},
    }
    return pd.concat({side: pd.DataFrame(rows).T for side, rows in sides.items()}, axis=1)


def your_pairs(
    yours: dict[str, list[records.Record]],
    recorded: dict[str, list[records.Record]],
    pairs: Collection[tuple[str, str]],
) -> pd.DataFrame | None:
    """Differences of pairs of models on the test parts of your folds, beside the recorded ones.

    `yours`, `recorded` (dict of str -> list of Record): records by the name to show. `pairs`
    (collection of (str, str)): first and second model; the difference is second minus first, in
    points. Returns mean, 95 % interval of the corrected t-test (where folds differ), folds won and
    lost, and Wilcoxon's p. None where all of your runs *are* recorded ones.
    """
    if _the_same(yours, recorded):
        return None

    def row(runs: dict, first: str, second: str) -> dict:
        scores = evaluation.score_table({name: runs[name] for name in (first, second)})
        scores = scores[scores["part"] == "fold_test"].pivot_table("accuracy", "fold", "model")
        d = (100 * (scores[second] - scores[first])).round(6)
        row = {"mean": f"{d.mean():+.1f}"}
        if d.nunique() > 1:  # without any spread there is no interval
            fit = significance.corrected_t(d, n_test=10, n_train=80)
            row["95 % interval"] = f"{fit.low:+.1f} to {fit.high:+.1f}"
        row["won, lost"] = f"{(d > 0).sum()}, {(d < 0).sum()}"
        row["p Wilcoxon"] = f"{significance.wilcoxon(d, 0 * d):.4g}"
        return row

    sides = {
        side: pd.DataFrame({f"{b} - {a}": row(runs, a, b) for a, b in pairs}).T
        for side, runs in {"your run": yours, "recorded": recorded}.items()
    }
    return pd.concat(sides, axis=1)


def _the_same(yours: dict, recorded: dict) -> bool:
    """Whether all of a reader's runs are recorded ones: then nothing was changed."""
    known = {run.info["hash"] for group in recorded.values() for run in group}
    return {run.info["hash"] for group in yours.values() for run in group} <= known
