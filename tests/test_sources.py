"""The experiment about sources that chapter 12 runs.

The bundled notes have few instruments of several sources. So the functions are taken from the
chapter's source and tried on made-up tables.
"""

import numpy as np
import pandas as pd
import pytest
from conftest import defined
from sklearn.ensemble import ExtraTreesClassifier

from helpers.datasets import FAMILIES, SOURCES

NAMES = ("new_instruments", "filter_experiment", "source_experiment", "trees")


@pytest.fixture(scope="module")
def chapter():
    """The chapter's functions, in a namespace of their own."""
    given = {"np": np, "pd": pd, "ExtraTreesClassifier": ExtraTreesClassifier}
    return defined("12_why", NAMES, given)


def table_of(counts: dict) -> pd.DataFrame:
    """A table with so many instruments of three notes for each `family source`."""
    rows = [
        (*kind.split(), f"{kind}_{i:03d}") for kind, n in counts.items() for i in range(n)
        for _ in range(3)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["family", "source", "instrument"])


def stand_in(trace):
    """Made up: 10 families x 3 sources x 4 instruments x 6 notes, as (X, table)."""
    rng = np.random.default_rng(1)
    index = pd.MultiIndex.from_product([FAMILIES, SOURCES, range(4), range(6)])
    table = index.to_frame(index=False, name=["family", "source", "number", "pitch"])
    group = np.arange(len(table)) // 6
    family, source = group // 12, group // 4 % 3
    table["instrument"] = [f"instrument_{number:03d}" for number in group]
    place, offset = 1.5 * rng.normal(size=(10, 8)), trace * rng.normal(size=(3, 8))
    to_next = place[(family + 1) % 10] - place[family]
    move = trace * (source == 2)[:, np.newaxis] * to_next
    own = 0.5 * rng.normal(size=(120, 8))[group]
    X = place[family] + offset[source] + move + own + rng.normal(size=(720, 8))
    return X, table


@pytest.mark.parametrize("seed", [0, 1])
def test_instruments_are_held_out_whole(chapter, seed):
    table = table_of({"organ electronic": 8, "organ synthetic": 2, "reed acoustic": 1})
    new = chapter["new_instruments"](table, seed)
    assert (new == chapter["new_instruments"](table, seed)).all()
    held = table[new].groupby(["family", "source"])["instrument"].nunique()
    # A quarter; one where there are two; none where it is the only one.
    assert held.to_dict() == {("organ", "electronic"): 2, ("organ", "synthetic"): 1}
    assert not set(table["instrument"][new]) & set(table["instrument"][~new])


def test_the_filter_leaves_equally_many_notes_of_each_family(chapter):
    table = table_of({"reed acoustic": 4, "reed synthetic": 8, "organ electronic": 4,
                      "organ acoustic": 2, "bass synthetic": 4})  # fmt: skip
    X, seen = np.arange(len(table)), []

    def spy(X_train, answers, X_asked):
        seen.append((X_train, answers, X_asked))
        return table["family"].to_numpy()[X_asked]

    result = chapter["filter_experiment"](X, table, spy)
    assert result["all sources"] == result["without synthetic"] == 1
    (every, of_every, asked), (without, of_without, asked_again) = seen
    assert np.array_equal(asked, asked_again)
    assert (table["source"][asked] == "acoustic").all()
    assert set(table["family"][asked]) == {"reed", "organ"}
    assert "synthetic" not in set(table["source"][without])
    assert "synthetic" in set(table["source"][every])
    # A family of synthetic notes only has nothing to compare.
    for answers in (of_every, of_without):
        assert pd.Series(answers).value_counts().to_dict() == {"organ": 12, "reed": 9}
    new = set(table["instrument"][asked])
    assert not new & (set(table["instrument"][every]) | set(table["instrument"][without]))


def test_sources_are_measured_against_what_the_family_gives_away(chapter):
    table = table_of({"reed acoustic": 4, "organ electronic": 4})
    truth = (table["family"] + " " + table["source"]).to_numpy()

    def knows(X_train, answers, X_asked):
        both = " " in answers[0]
        column = 0 if set(answers) <= set(table["family"]) else 1
        return np.array([t if both else t.split()[column] for t in truth[X_asked]])

    result = chapter["source_experiment"](np.arange(len(table)), table, knows)
    assert (result == 1).all()


def test_what_is_planted_is_found(chapter):
    found = {}
    for trace in (0, 1):
        X, table = stand_in(trace)
        parts = [
            chapter[name](X, table, chapter["trees"])
            for name in ("filter_experiment", "source_experiment")
        ]
        found[trace] = pd.concat(parts)
    guess = "source, guessed from the true family"
    assert abs(found[0]["source, heard"] - found[0][guess]) < 0.15
    assert found[1]["source, heard"] > found[1][guess] + 0.3
    assert found[1]["without synthetic"] > found[1]["all sources"]
