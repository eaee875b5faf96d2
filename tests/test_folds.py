import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import folds


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
    ("labels", "found"), [([], "none"), ([0] * 20 + [1] * 9, "family 1 has 9")]
)
def test_too_few_notes(labels, found):
    with pytest.raises(ValueError, match=f"at least 10 notes of every family: {found}"):
        folds.stratified(labels)
