import itertools

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from helpers import significance

A = [0.971, 0.970, 0.972, 0.969, 0.973]
B = [0.960, 0.961, 0.958, 0.962, 0.959]


def enumerated(differences):
    """The exact two-sided p-value by going through all sign patterns, ties with mean ranks."""
    differences = np.array([d for d in differences if d != 0])
    ranks = scipy.stats.rankdata(np.abs(differences))
    observed = ranks[differences > 0].sum()
    signs = np.array(list(itertools.product((0, 1), repeat=len(ranks))))
    sums = signs @ ranks
    return min(1.0, 2 * min(np.mean(sums <= observed), np.mean(sums >= observed)))


def test_the_thesis_could_not_have_found_less():
    assert significance.wilcoxon(A, B) == 0.0625 == significance.smallest_p(5)


@given(st.permutations(range(1, 9)), st.lists(st.sampled_from((-1, 1)), min_size=8, max_size=8))
def test_wilcoxon_equals_enumeration(sizes, signs):
    differences = np.array(sizes) * np.array(signs) / 100.0
    assert significance.wilcoxon(differences, np.zeros(8)) == pytest.approx(enumerated(differences))


@given(st.lists(st.integers(0, 40), min_size=5, max_size=8), st.data())
def test_ties_and_zeros_are_counted_exactly(correct, data):
    n = len(correct)
    other = data.draw(st.lists(st.integers(0, 40), min_size=n, max_size=n))
    if correct == other:
        return
    # Accuracies on 40 notes: as floating-point numbers, equal differences come out unequal.
    a, b = np.array(correct) / 40, np.array(other) / 40
    exact = enumerated(np.array(correct) - np.array(other))
    assert significance.wilcoxon(a, b) == pytest.approx(exact)


@given(st.integers(1, 12), st.integers(0, 99))
def test_no_five_folds_give_less_than_the_floor(n, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.random(n), rng.random(n)
    assert significance.wilcoxon(a, b) >= significance.smallest_p(n) - 1e-12
    assert significance.wilcoxon(a + 2, b) == pytest.approx(significance.smallest_p(n))


def test_equal_scores_and_bad_input():
    assert significance.wilcoxon([0.5, 0.5], [0.5, 0.5]) == 1.0
    with pytest.raises(ValueError, match="expected two equal"):
        significance.wilcoxon([0.5], [0.5, 0.6])
    with pytest.raises(ValueError, match="expected two equal"):
        significance.wilcoxon([], [])
    with pytest.raises(ValueError, match="NaN"):
        significance.wilcoxon([np.nan], [0.5])
    with pytest.raises(ValueError, match="at least one"):
        significance.smallest_p(0)


def test_table():
    table = significance.wilcoxon_table({"CNN": A, "LSTM": B}, [("LSTM", "CNN")])
    row = table.iloc[0]
    assert (row["first model"], row["second model"]) == ("LSTM", "CNN")
    assert row["second better on"] == "5 of 5"
    assert row["mean difference"] == pytest.approx(0.011)
    assert row["p-value"] == 0.0625
