"""A reader's own runs beside the recorded ones."""

import dataclasses

import numpy as np
import pytest

from helpers import tuning
from helpers.runs import compare, records


@pytest.fixture(scope="module")
def recorded():
    return {"Base CNN": tuning.protocol(records.read_all(records.SHIPPED))["Base CNN"]}


def test_nothing_is_shown_where_nothing_was_changed(recorded):
    assert compare.your_run(recorded, recorded) is None


def test_another_run_stands_beside_the_recorded_ones(recorded):
    run = recorded["Base CNN"][0]
    other = dataclasses.replace(run, info=run.info | {"hash": "another"})
    table = compare.your_run({"Base CNN": [other], "new": [other]}, recorded)
    assert list(table.index) == ["Base CNN", "new"]
    yours, ours = table["your run"], table["recorded"]
    accuracy = run.info["metrics"]["fold_test"]["accuracy"]
    assert yours["fold test"].tolist() == [f"{accuracy:.3f}"] * 2
    assert ours["fold test"].tolist() == ["0.988", "-"]
    assert yours["epochs"].tolist() == ["50", "50"]


def test_pairs_of_other_runs_stand_beside_the_recorded_ones():
    recorded = tuning.protocol(records.read_all(records.SHIPPED))
    pairs = [("Base LSTM", "Base CNN"), ("Base CNN", "Optimised CNN")]
    assert compare.your_pairs(recorded, recorded, pairs) is None
    yours = {
        title: [dataclasses.replace(run, info=run.info | {"hash": "another"}) for run in runs[:2]]
        for title, runs in recorded.items()
    }
    table = compare.your_pairs(yours, recorded, pairs)
    assert table["recorded"].loc["Base CNN - Base LSTM"].tolist() == [
        "+3.4",
        "-2.6 to +9.4",
        "4, 1",
        "0.1875",
    ]
    accuracy = {
        t: [100 * r.info["metrics"]["fold_test"]["accuracy"] for r in yours[t]] for t in yours
    }
    d = np.subtract(accuracy["Base CNN"], accuracy["Base LSTM"])
    assert table["your run"].loc["Base CNN - Base LSTM", "mean"] == f"{d.mean():+.1f}"
    assert table["your run"].loc["Base CNN - Base LSTM", "won, lost"] == "1, 1"
    same = {title: yours["Base CNN"] for title in yours}
    table = compare.your_pairs(same, recorded, pairs)["your run"]
    assert table.loc["Base CNN - Base LSTM"].tolist() == ["+0.0", "0, 0", "1"]
    one = {title: runs[:1] for title, runs in yours.items()}
    assert "95 % interval" not in compare.your_pairs(one, recorded, pairs)["your run"]
