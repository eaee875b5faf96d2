import numpy as np
import pandas as pd
from test_statements import statements

from helpers import datasets


def held(level):
    """Flute, reed, organ and string are on average still at {:.2f} or more of their loudest level;
    bass, guitar, keyboard and mallet have fallen to {:.2f} or less. Brass and vocal, which can go
    on as well, stand between them at {:.2f} and {:.2f}"""
    high, low = ["flute", "reed", "organ", "string"], ["bass", "guitar", "keyboard", "mallet"]
    between = level[["brass", "vocal"]]
    assert level[high].min() > between.max()
    assert between.min() > level[low].max()
    return level[high].min(), level[low].max(), *between


def single_instruments(test):
    """{} instruments play the {} test notes. Flute, keyboard and vocal have a single test"""
    counts = test.table.groupby("family")["instrument"].nunique()
    assert counts.index[counts == 1].tolist() == ["flute", "keyboard", "vocal"]
    return counts.sum(), len(test)


def source_by_family(train):
    """{} and {} are electronic, the other eight families acoustic, and nothing is"""
    sources = train.table.groupby("family")["source"].agg(set)
    assert sources.map(len).eq(1).all()
    assert "synthetic" not in set.union(*sources)
    electronic = sources.index[sources.map(lambda s: "electronic" in s)]
    assert [*electronic] == ["bass", "organ"]
    return electronic


def wide_notes(wide):
    """the book bundles {} more notes, `nsynth-wide`: one note of each of {} training instruments,
    and {} notes of {} instruments"""
    train, test = wide["train"], wide["test"]
    assert len(train) == train["instrument"].nunique()
    return len(train) + len(test), len(train), len(test), test["instrument"].nunique()


def the_two_sets():
    """index: No training note of the first set ({:,} notes) is synthetic, and its source follows
    from its family: who knows the one knows the other. The second ({} notes) is spread wider: its
    test notes, **wide-test**, are of {} instruments in all three sources"""
    mini, wide = (
        [datasets.load(name, split).table for split in ("train", "test")]
        for name in ("nsynth-mini", "nsynth-wide")
    )
    assert "synthetic" not in set(mini[0]["source"])
    assert (mini[0].groupby("family")["source"].nunique() == 1).all()
    assert wide[1]["source"].nunique() == 3
    return sum(map(len, mini)), sum(map(len, wide)), wide[1]["instrument"].nunique()


def four_sounds(answers):
    """teaching: | 1 | {}. |"""
    return ", ".join(answer.split("_")[0] for answer in answers).capitalize()


def by_twins(scores):
    """the last row, {:.1f} % against {:.1f} % on all notes"""
    return 100 * scores["accuracy"][["(only the twins)", "no test note"]]


def memory(experiment, known):
    """Of the {} notes with a twin, {} were right and without the twins {} are. The {} others hardly
    change: {} and {}."""
    twins, others = ([c[of] for c in experiment.values()] for of in ("with a twin", "others"))
    return known.sum(), *twins, (~known).sum(), *others


def headline_and_twins(exact, known, test):
    """too kind: {} notes of twins would remain.

    in this book leaves out all {}**"""
    assert set(exact) < set(test.table["note"][known])
    return known.sum() - len(exact), known.sum()


def nearest_pitches(train, nearest):
    """At 40 most families follow; reed and string stop at {}, vocal at {} and mallet at {}. At 80
    flute, mallet and vocal are there and string at {}; guitar, organ and reed stop at {}, brass and
    keyboard at {}, bass at {}."""
    low, high = (
        {f: train.table["pitch"][nearest(train, f, asked)] for f in datasets.FAMILIES}
        for asked in (40, 80)
    )
    assert low["reed"] == low["string"]
    others = [f for f in low if f not in ("reed", "string", "vocal", "mallet")]
    assert all(abs(low[family] - 40) <= 1 for family in others)
    assert {high[family] for family in ("flute", "mallet", "vocal")} == {80}
    assert high["guitar"] == high["organ"] == high["reed"]
    assert high["brass"] == high["keyboard"]
    return *[low[f] for f in ("reed", "vocal", "mallet")], *[
        high[f] for f in ("string", "guitar", "brass", "bass")
    ]


def turned_down(planted, faults, measure, healthy, waves):
    """is {} for the healthy note and {} for the planted one. Real notes have {} or {}: none was"""
    down = 0.5 * planted["clipped"]
    assert not faults(pd.DataFrame([measure(down)])).any(axis=None)
    at_most = [(np.abs(x) == np.abs(x).max()).sum() for x in (healthy, down, *waves)]
    return *at_most[:2], min(at_most[2:]), max(at_most[2:])


def less_deaf(envelope, waves, sounds, deaf):
    """It is right on {:.1f} % of the test notes, in place of {:.1f} %: whether a note is held is a
    second shortcut, worth about half of what the pitch is worth above a blind guess."""
    # The commonest family among the training notes of that pitch, held or not.
    shapes = np.array([envelope(x) for x in waves])
    held = shapes[:, 55] > 0.5 * shapes.max(axis=1)
    tables = {split: rows.assign(held=held[rows.index]) for split, rows in sounds.groupby("split")}
    learned = tables["train"].groupby(["held", "pitch"])["family"].agg(lambda f: f.mode()[0])
    named = []
    for asked in tables["test"].itertuples():
        families = learned[asked.held]
        named.append(families.iloc[np.abs(families.index - asked.pitch).argmin()])
    right = (named == tables["test"]["family"]).mean()
    assert 0.4 < (right - deaf.mean()) / (deaf.mean() - 0.1) < 0.6
    return 100 * right, 100 * deaf.mean()


def twin_shifts(compare, PAIRS):
    """All {} shared pitches fit best at shift 0, exact to the sixteen-thousandth of a second, with
    $r$ of 0.98 or more.

    The basses reach {:.2f} as well, but at shifts of {:.0f} to {:.0f} samples"""
    strings, basses = (compare(*pair) for pair in PAIRS)
    assert (strings.loc["shift"] == 0).all()
    assert strings.loc["r"].min() > 0.98
    shifts = basses.loc["shift"].abs()
    return strings.shape[1], basses.loc["r"].max(), shifts.min(), shifts.max()


test_statement = statements(__name__)
