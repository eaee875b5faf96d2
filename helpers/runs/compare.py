"""A reader's own runs beside the recorded ones. Used at the end of chapters 6 to 9."""

from collections.abc import Collection

import pandas as pd

from helpers import evaluation
from helpers.runs import records

TESTS = {"fold_test": "fold test", "nsynth_test": "unseen instruments"}


def your_run(
    yours: dict[str, list[records.Record]],
    recorded: dict[str, list[records.Record]],
    without: Collection[str] = (),
) -> pd.DataFrame | None:
    """Mean accuracies of your runs beside those of the recorded ones, by the name of the model.

    Parameters
    ----------
    yours, recorded : dict of str -> list of helpers.runs.records.Record
        Records by the name to show. A model that `recorded` lacks has "-" beside it.
    without : collection of str
        Test notes to leave out: see `evaluation.leaked`.

    Returns
    -------
    pd.DataFrame or None
        None where all of your runs *are* recorded ones: then nothing was changed.

    Examples
    --------
    >>> your_run({}, {}) is None
    True
    """
    known = {run.info["hash"] for group in recorded.values() for run in group}
    if {run.info["hash"] for group in yours.values() for run in group} <= known:
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
