import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import datasets, folds


@st.composite
def labels(draw):
    counts = draw(st.lists(st.integers(10, 45), min_size=2, max_size=10))
    values = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(draw(st.integers(0, 99))).permutation(values)


@settings(max_examples=50)
@given(labels(), st.integers(0, 2**31))
def test_folds_are_what_the_thesis_asks_for(labels, seed):
    five = folds.stratified(labels, seed=seed)
    assert len(five) == 5
    for fold in five:
        together = np.concatenate(fold)
        assert len(np.unique(together)) == len(together) == len(labels)  # nothing twice, all there
        for part, share in zip(fold, (0.8, 0.1, 0.1), strict=True):
            assert (np.diff(part) > 0).all()
            # Each family in proportion, to the note that does not divide.
            for family, count in enumerate(np.bincount(labels)):
                assert abs((labels[part] == family).sum() - share * count) < 2
    for name in ("validation", "test"):
        parts = np.concatenate([getattr(fold, name) for fold in five])
        assert len(np.unique(parts)) == len(parts)  # disjoint between folds


def test_seeds():
    labels = np.repeat(np.arange(10), 20)
    first, again, other = (folds.stratified(labels, seed=seed) for seed in (3, 3, 4))
    assert all((a.test == b.test).all() for a, b in zip(first, again, strict=True))
    assert any((a.test != b.test).any() for a, b in zip(first, other, strict=True))


def test_sizes_of_the_thesis():
    five = folds.stratified(np.repeat(np.arange(10), 8750))
    assert {tuple(map(len, fold)) for fold in five} == {(70_000, 8_750, 8_750)}


@pytest.mark.parametrize(
    ("labels", "found"), [([], "none"), ([0] * 20 + [3] * 9, "guitar with 9: take a larger set")]
)
def test_too_few_notes(labels, found):
    with pytest.raises(ValueError, match=f"at least 10 notes of every family, found {found}"):
        folds.stratified(labels)


@st.composite
def instruments(draw, low=4, high=9, largest=40):
    """Labels and instruments of notes in random order; instruments of very unequal sizes."""
    sizes = draw(
        st.lists(
            st.lists(st.integers(1, largest), min_size=low, max_size=high), min_size=2, max_size=6
        )
    )
    names = [f"{family}-{i}" for family, counts in enumerate(sizes) for i in range(len(counts))]
    names = np.repeat(names, np.concatenate(sizes))
    names = np.random.default_rng(draw(st.integers(0, 99))).permutation(names)
    return np.array([int(name.split("-")[0]) for name in names]), names


def same(a, b):
    return all(map(np.array_equal, a, b))


def per_family(labels, fold):
    return [np.bincount(labels[part], minlength=labels.max() + 1).tolist() for part in fold]


@settings(max_examples=50)
@given(instruments(), st.integers(2, 4), st.integers(0, 2**31))
def test_grouped_folds_hold_out_whole_instruments(notes, n_folds, seed):
    labels, names = notes
    grouped = folds.grouped(labels, names, n_folds, seed)
    assert len(grouped) == n_folds
    for fold in grouped:
        together = np.concatenate(fold)
        assert np.array_equal(np.sort(together), np.arange(len(labels)))
        assert not set(names[fold.test]) & set(names[np.concatenate(fold[:2])])
        for part in fold:
            assert part.dtype == np.int64
            assert (np.diff(part) > 0).all()
        train, validation, test = np.array(per_family(labels, fold))
        assert test.min() > 0
        assert train.min() > 0
        tenth = np.maximum(1, np.round(np.bincount(labels) / 10))
        assert (validation == np.minimum(tenth, (train + validation) // 2)).all()
    tested = np.concatenate([fold.test for fold in grouped])
    assert np.array_equal(np.sort(tested), np.arange(len(labels)))
    again = folds.grouped(labels, names, n_folds, seed)
    assert all(map(same, grouped, again))


@settings(max_examples=50)
@given(instruments(low=4, high=4), st.integers(0, 2**31))
def test_four_instruments_and_four_folds(notes, seed):
    labels, names = notes
    for fold in folds.grouped(labels, names, seed=seed):
        held_out = [name.split("-")[0] for name in set(names[fold.test])]
        assert sorted(held_out) == sorted(set(held_out))  # one of each family
        assert len(held_out) == len(set(labels))


@settings(max_examples=50)
@given(instruments(), st.integers(0, 2**31))
def test_matched_folds_have_the_same_sizes(notes, seed):
    labels, names = notes
    like = folds.grouped(labels, names, seed=seed)
    matched = folds.matched(labels, like, seed)
    for fold, model in zip(matched, like, strict=True):
        assert per_family(labels, fold) == per_family(labels, model)
        assert np.array_equal(np.sort(np.concatenate(fold)), np.arange(len(labels)))
        for part in fold:
            assert part.dtype == np.int64
            assert (np.diff(part) > 0).all()
    tested = np.concatenate([fold.test for fold in matched])
    assert np.array_equal(np.sort(tested), np.arange(len(labels)))
    assert all(map(same, matched, folds.matched(labels, like, seed)))


@settings(max_examples=25)
@given(labels(), st.integers(0, 99))
def test_matched_to_the_folds_of_the_thesis(labels, seed):
    like = folds.stratified(labels, seed=seed)
    matched = folds.matched(labels, like, seed)
    assert [per_family(labels, f) for f in matched] == [per_family(labels, f) for f in like]
    tested = np.concatenate([fold.test for fold in matched])
    assert len(np.unique(tested)) == len(tested)  # disjoint between folds


def test_seeds_of_grouped_and_matched_folds():
    labels = np.repeat(np.arange(10), 40)
    names = np.arange(400) // 10
    zero, one = (folds.grouped(labels, names, seed=seed) for seed in (0, 1))
    assert not all(map(same, zero, one))
    assert not all(map(same, folds.matched(labels, zero, 0), folds.matched(labels, zero, 1)))
    assert {tuple(map(len, fold)) for fold in zero} == {(260, 40, 100)}


def test_bundled_notes_hold_out_one_instrument_a_family():
    notes = datasets.load("nsynth-mini")
    names = notes.table["instrument"].to_numpy()
    for seed in range(5):
        for fold in folds.grouped(notes.labels, names, seed=seed):
            held_out = notes.table.iloc[fold.test].groupby("family")["instrument"].nunique()
            assert held_out.to_dict() == dict.fromkeys(datasets.FAMILIES, 1)


@pytest.mark.parametrize(
    ("labels", "names", "message"),
    [
        ([], [], "at least 4 instruments of every family, found none"),
        (
            [0] * 5 + [3] * 4,
            [1, 2, 3, 4, 4, 5, 6, 7, 7],
            "guitar with 3: take a set of more instruments",
        ),
        (["a"] * 4 + ["b"], list("klmno"), "family b with 1"),
        ([0] * 4 + [3, 5, 5], list("klmnopq"), "found guitar with 1, mallet with 2: take"),
        ([0] * 4 + [1] * 4, [1, 2, 3, 4, 4, 5, 6, 7], "instrument 4 is in 2 families"),
        ([0] * 4, [1, 2, 3], r"labels have shape \(4,\) and instruments \(3,\)"),
    ],
)
def test_instruments_that_cannot_be_dealt(labels, names, message):
    with pytest.raises(ValueError, match=message):
        folds.grouped(labels, names)


def test_very_unequal_instruments_are_dealt_evenly():
    # Sizes for which scikit-learn's StratifiedGroupKFold leaves a fold without family 0.
    sizes = [2000, 2000, 2000, 1, 4000, 1, 1, 1] + [100, 1, 1, 1] * 8
    names = np.repeat(np.arange(40), sizes)
    for fold in folds.grouped(names // 4, names):
        assert len(np.unique(names[fold.test])) == len(np.unique(names[fold.test] // 4)) == 10
    # And many instruments: no test part is larger than another by more than one instrument.
    rng = np.random.default_rng(0)
    names = np.repeat(np.arange(600), 1 + (20 * rng.pareto(1.5, 600)).astype(int).clip(max=400))
    tested = [np.bincount(names[f.test] // 60) for f in folds.grouped(names // 60, names)]
    largest = [np.bincount(names[names // 60 == family]).max() for family in range(10)]
    assert (np.ptp(tested, axis=0) <= largest).all()


def test_one_fold_is_none():
    with pytest.raises(ValueError, match="n_folds is 1, expected 2 or more"):
        folds.grouped([0, 0], [1, 2], n_folds=1)


def test_folds_of_other_notes_are_refused():
    like = folds.stratified(np.repeat(np.arange(10), 20))
    with pytest.raises(ValueError, match="fold 1 does not hold each of the 190 notes once"):
        folds.matched(np.repeat(np.arange(10), 19), like)


def test_the_twin_of_what_is_tested_leaves_the_training(train_notes):
    table = train_notes.table
    args = (train_notes.labels, table["instrument"])
    for deal in range(5):
        for fold in folds.grouped(*args, seed=deal, recordings=table["recording"]):
            heard = table.iloc[np.concatenate([fold.train, fold.validation])]
            tested = table.iloc[fold.test]
            assert not set(heard["recording"]) & set(tested["recording"])
            assert tested["instrument"].nunique() == 10
            lost = 1000 - len(heard) - len(tested)
            twins = {"string_acoustic_011", "string_acoustic_018"} & set(tested["instrument"])
            assert (lost > 0) == bool(
                len(twins) == 1
                or len({"vocal_acoustic_003", "vocal_acoustic_004"} & set(tested["instrument"]))
                == 1
            )
    tests = [fold.test for fold in folds.grouped(*args, recordings=table["recording"])]
    np.testing.assert_array_equal(np.sort(np.concatenate(tests)), np.arange(1000))


def test_a_family_of_one_recording_cannot_be_held_out():
    labels, instruments = np.repeat([0, 1], 8), np.repeat(list("abcdefgh"), 2)
    recordings = np.where(labels == 1, "same", instruments)
    with pytest.raises(ValueError, match="tests every recording of brass but 0 notes"):
        folds.grouped(labels, instruments, recordings=recordings)
    with pytest.raises(ValueError, match="instrument a is of 2 recordings"):
        folds.grouped(labels, instruments, recordings=np.arange(16))
