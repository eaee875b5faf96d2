"""Twins: instruments of the bundled notes that are one recording under two names."""

import numpy as np
import pandas as pd
import pytest

from helpers import datasets
from tools import twins


def test_finds_copies_and_no_others():
    rng = np.random.default_rng(0)
    # Six recordings of noise at three pitches; instrument c is a, filtered and quieter.
    own = {name: rng.normal(size=(3, 4000)) for name in "ab"}
    own["c"] = 0.3 * own["a"] + 0.02 * rng.normal(size=(3, 4000))
    table = pd.DataFrame(
        [(name, "reed", pitch) for name in own for pitch in range(3)],
        columns=["instrument", "family", "pitch"],
    )
    found = twins.find(table, np.concatenate(list(own.values())))
    assert found[["instrument", "twin", "compared", "alike"]].to_numpy().tolist() == [
        ["a", "c", 3, 3]
    ]


def test_a_tone_that_has_to_be_shifted_is_no_copy():
    time = np.arange(8000) / 16_000
    waves = [np.sin(2 * np.pi * f * time + phase) for phase in (0, 1) for f in (220, 330)]
    table = pd.DataFrame({"instrument": list("aabb"), "family": "flute", "pitch": [57, 64, 57, 64]})
    assert twins.likeness(waves[0], waves[2])[0] > twins.ALIKE
    assert twins.find(table, waves).empty


def test_the_list_is_what_the_notes_say():
    table, names = pd.read_csv(datasets.TWINS), set()
    for row in table.itertuples():
        names |= {row.instrument, row.twin}
    # The unlike neighbours of the same families are compared as well.
    names |= {"string_acoustic_012", "bass_electronic_000", "bass_electronic_003"}
    tables, waves = [], []
    for folder in datasets.BUNDLED.values():
        for split in ("train", "test"):
            notes = datasets.load(folder, split)
            rows = np.flatnonzero(notes.table["instrument"].isin(names))
            tables.append(notes.table.iloc[rows])
            waves.append(notes.waveforms(rows))
    found = twins.find(pd.concat(tables), np.concatenate(waves))
    pd.testing.assert_frame_equal(found, table, atol=2e-4)


@pytest.mark.parametrize(
    ("name", "split", "notes", "instruments", "new"),
    [
        ("nsynth-mini", "train", 1000, 40, 0),
        ("nsynth-mini", "test", 200, 29, 179),
        ("nsynth-wide", "train", 89, 89, 85),
        ("nsynth-wide", "test", 89, 47, 87),
    ],
)
def test_what_is_new_to_the_bundled_training_notes(name, split, notes, instruments, new):
    train, found = datasets.load("nsynth-mini"), datasets.load(name, split)
    assert (len(found), found.table["instrument"].nunique()) == (notes, instruments)
    assert datasets.new_to(train, found).sum() == new
    assert set(found.table["recording"]) == set(datasets.recordings(found.table["instrument"]))
    if name == "nsynth-wide":
        assert set(found.table["source"]) == set(datasets.SOURCES)
