"""A reader's own runs beside the recorded ones."""

import dataclasses

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
