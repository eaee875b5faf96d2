import itertools
from unittest import mock

import baycomp
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from mlxtend import evaluate
from statsmodels.stats import contingency_tables
from statsmodels.stats.multitest import multipletests

from helpers import evaluation, significance

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
    assert significance.wilcoxon(A, B) == 0.0625 == 2 / 2**5


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


@pytest.mark.parametrize("n", range(1, 13))
def test_no_five_folds_give_less_than_the_floor(n):
    rng = np.random.default_rng(n)
    a, b = rng.random(n), rng.random(n)
    floor = min(1, 2 / 2**n)
    assert significance.wilcoxon(a, b) >= floor - 1e-12
    assert significance.wilcoxon(a + 2, b) == pytest.approx(floor)


def test_equal_scores_and_bad_input():
    assert significance.wilcoxon([0.5, 0.5], [0.5, 0.5]) == 1.0
    with pytest.raises(ValueError, match="expected two equal"):
        significance.wilcoxon([0.5], [0.5, 0.6])
    with pytest.raises(ValueError, match="expected two equal"):
        significance.wilcoxon([], [])
    with pytest.raises(ValueError, match="NaN"):
        significance.wilcoxon([np.nan], [0.5])


def test_table():
    table = significance.wilcoxon_table({"CNN": A, "LSTM": B}, [("LSTM", "CNN")])
    row = table.iloc[0]
    assert (row["first model"], row["second model"]) == ("LSTM", "CNN")
    assert row["second better on"] == "5 of 5"
    assert row["mean difference"] == pytest.approx(0.011)
    assert row["p-value"] == 0.0625


# Corrected and Bayesian t-tests.

DIFFERENCES = st.lists(st.integers(-40, 40), min_size=2, max_size=12).filter(
    lambda d: len(set(d)) > 1
)


def test_corrected_t_of_a_known_case():
    result = significance.corrected_t(np.subtract(A, B), n_test=10, n_train=80)
    assert result.t == pytest.approx(6.260, abs=5e-4)
    assert result.p == pytest.approx(0.00332, abs=5e-6)
    assert result.mean == pytest.approx(0.011)
    assert result.df == 4
    assert result.high - result.mean == pytest.approx(result.mean - result.low)


@given(DIFFERENCES)
def test_corrected_t_without_correction_is_the_t_test(d):
    result = significance.corrected_t(d, n_test=1, n_train=10**15)
    scipys = scipy.stats.ttest_1samp(d, 0)
    assert (result.t, result.p) == pytest.approx((scipys.statistic, scipys.pvalue))
    assert (result.low, result.high) == pytest.approx(tuple(scipys.confidence_interval()), abs=1e-9)


@given(DIFFERENCES)
def test_the_interval_holds_zero_exactly_where_p_is_large(d):
    result = significance.corrected_t(d, 10, 80)
    assert (result.low <= 0 <= result.high) == (result.p >= 0.05)
    assert result.p > significance.corrected_t(d, 1, 80).p or result.mean == 0


def test_corrected_t_keeps_its_promise_where_folds_are_correlated():
    rng = np.random.default_rng(0)
    shared, own = rng.normal(size=(2000, 1)), rng.normal(size=(2000, 20))
    rows = np.sqrt(1 / 9) * shared + np.sqrt(8 / 9) * own  # correlated by 10 / (10 + 80)
    corrected = np.mean([significance.corrected_t(row, 10, 80).p < 0.05 for row in rows])
    naive = np.mean([significance.corrected_t(row, 1, 10**9).p < 0.05 for row in rows])
    assert corrected == pytest.approx(0.05, abs=0.015)
    assert naive > 0.2


@given(DIFFERENCES, st.sampled_from((0.5, 1.0, 7.0)))
def test_bayesian_t_equals_baycomp(d, rope):
    d = np.array(d, dtype=float)
    # baycomp takes the test part to be 1 / (n - 1) of the training part.
    result = significance.bayesian_t(d, n_test=1, n_train=len(d) - 1, rope=rope)
    assert result == pytest.approx(baycomp.two_on_single(np.zeros(len(d)), d, rope=rope))
    assert sum(result) == pytest.approx(1)


@given(DIFFERENCES)
def test_bayesian_t_agrees_with_the_corrected_t(d):
    result, three = significance.corrected_t(d, 10, 80), significance.bayesian_t(d, 10, 80, 0)
    assert three.inside == pytest.approx(0)
    assert 2 * min(three.below, three.above) == pytest.approx(result.p)


@pytest.mark.parametrize("d", [[0.0, 0.0, 0.0], [0.1 + 0.2, 0.3, 0.3]])
def test_no_spread_is_no_test(d):
    result = significance.corrected_t(d, 10, 80)
    assert result.mean == pytest.approx(np.mean(d))
    assert np.isnan([result.low, result.high, result.t, result.p]).all()
    assert np.isnan(significance.bayesian_t(d, 10, 80, 1)).all()


def test_t_tests_refuse_bad_input():
    with pytest.raises(ValueError, match=r"shape \(1,\), expected \(n,\)"):
        significance.corrected_t([1.0], 10, 80)
    with pytest.raises(ValueError, match="finite"):
        significance.corrected_t([1.0, np.nan], 10, 80)
    with pytest.raises(ValueError, match="0 notes tested and 80 trained on"):
        significance.bayesian_t([1.0, 2.0], 0, 80, 1)
    with pytest.raises(ValueError, match="rope of -1"):
        significance.bayesian_t([1.0, 2.0], 10, 80, -1)


# Whole instruments.

SIZES = np.array([2, 3, 5, 9, 20, 4, 4])
INSTRUMENTS = np.repeat([f"instrument {i}" for i in range(len(SIZES))], SIZES)
VALUES = np.random.default_rng(0).integers(-1, 2, size=SIZES.sum()) + np.repeat(
    [1, 0, 0, 1, 0, -1, 1], SIZES
)


@pytest.mark.parametrize("times", [1, 4])
def test_bootstrap_equals_scipys(times):
    sizes = np.tile(SIZES, times)
    values = np.random.default_rng(0).normal(size=sizes.sum())
    instruments = np.repeat(np.arange(len(sizes)), sizes)
    low, high = significance.bootstrap_instruments(values, instruments, draws=100_000)
    k = sum(sizes) ** 2 / sum(size**2 for size in sizes)
    wider = scipy.stats.norm.cdf(np.sqrt(k / (k - 1)) * scipy.stats.t.ppf(0.025, k - 1))
    scipys = scipy.stats.bootstrap(
        (np.bincount(instruments, values), sizes),
        lambda sums, sizes, axis: sums.sum(axis=axis) / sizes.sum(axis=axis),
        paired=True,
        method="percentile",
        confidence_level=1 - 2 * wider,
        n_resamples=100_000,
        batch=10_000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert (low, high) == pytest.approx(tuple(scipys), abs=0.03 * (high - low))
    assert low < values.mean() < high


def test_the_interval_holds_the_truth_as_often_as_it_says(test_notes, train_notes):
    """At the sizes of mini-test: 27 instruments, three of which have a third of the notes."""
    heard = evaluation.leaked(train_notes, test_notes)
    table = test_notes.table[~test_notes.table["note"].isin(heard)]
    code, names = pd.factorize(table["instrument"])
    rng, held = np.random.default_rng(0), 0
    for _ in range(300):
        values = rng.normal(0, 30, len(names))[code]
        low, high = significance.bootstrap_instruments(values, code, draws=1000)
        held += low < 0 < high
    assert 0.92 < held / 300 < 0.975


@given(st.integers(2, 9), st.permutations(range(len(VALUES))))
def test_more_notes_of_the_same_instruments_are_not_more_evidence(times, order):
    order = np.array(order)
    same = significance.bootstrap_instruments(VALUES, INSTRUMENTS, draws=500)
    again = significance.bootstrap_instruments(
        np.tile(VALUES[order], times), np.tile(INSTRUMENTS[order], times), draws=500
    )
    assert again == pytest.approx(same)
    assert significance.flip_instruments(
        np.tile(VALUES[order], times), np.tile(INSTRUMENTS[order], times)
    ) == significance.flip_instruments(VALUES, INSTRUMENTS)


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=8))
def test_flips_equal_enumeration_and_scipys(sums):
    names = [f"instrument {i}" for i in range(len(sums))]
    p = significance.flip_instruments(sums, names)
    signs = np.array(list(itertools.product((-1, 1), repeat=len(sums))))
    assert p == pytest.approx(np.mean(np.abs(signs @ sums) >= abs(sum(sums))))
    scipys = scipy.stats.permutation_test(
        (np.array(sums, dtype=float), np.zeros(len(sums))),
        lambda x, y, axis: (x - y).sum(axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
    )
    assert p == pytest.approx(scipys.pvalue)


@settings(max_examples=20)
@given(st.lists(st.integers(-9, 9), min_size=2, max_size=6))
def test_flips_equal_mlxtends(sums):
    theirs = evaluate.permutation_test(sums, np.zeros(len(sums)), paired=True, method="exact")
    names = [f"instrument {i}" for i in range(len(sums))]
    assert significance.flip_instruments(sums, names) == pytest.approx(theirs)


@given(st.integers(0, 7), st.integers(0, 6))
def test_with_one_note_an_instrument_it_is_mcnemars_test(only_first, only_second):
    differences = np.repeat([1, -1, 0], [only_first, only_second, 5])
    table = [[9, only_first], [only_second, 9]]
    theirs = contingency_tables.mcnemar(table, exact=True).pvalue
    assert significance.flip_instruments(differences, np.arange(len(differences))) == pytest.approx(
        theirs
    )


def test_random_flips_come_close_to_all_of_them():
    rng = np.random.default_rng(1)
    sums = rng.integers(-5, 9, size=18)
    names = [f"instrument {i}" for i in range(18)]
    everything = significance.flip_instruments(sums, names, draws=2**18)
    some = significance.flip_instruments(sums, names, draws=20_000)
    assert some == pytest.approx(everything, abs=0.01)
    assert some == significance.flip_instruments(-sums, names, draws=20_000)


def test_a_difference_that_is_nowhere():
    assert significance.flip_instruments(np.zeros(len(VALUES)), INSTRUMENTS) == 1.0
    assert significance.bootstrap_instruments(np.zeros(len(VALUES)), INSTRUMENTS) == (0.0, 0.0)


def test_resampling_refuses_bad_input():
    with pytest.raises(ValueError, match="expected two equal"):
        significance.bootstrap_instruments([1.0, 0.0], ["a"])
    with pytest.raises(ValueError, match="expected two equal"):
        significance.flip_instruments([], [])
    with pytest.raises(ValueError, match="NaN"):
        significance.flip_instruments([np.nan, 1.0], ["a", "b"])
    with pytest.raises(ValueError, match=r"one instrument \(a\)"):
        significance.bootstrap_instruments([1.0, 0.0], ["a", "a"])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_is_statsmodels(p):
    with mock.patch("gc.collect"):  # statsmodels does so at each call, which takes its time
        expected = multipletests(p, method="holm")[1] if p else []
    np.testing.assert_allclose(significance.holm(p), expected)


@pytest.mark.parametrize(
    ("tests", "verdict"),
    [
        ([(2.0, 0.001), (1.0, 0.002)], significance.HOLDS),
        ([(2.0, 0.001), (1.0, 0.2)], significance.OPEN),
        ([(2.0, 0.001), (-1.0, 0.002)], significance.FAILS),
        ([(-2.0, 0.2)], significance.OPEN),
        ([(-3.5e-17, 0.0)], significance.OPEN),  # zero, but for rounding
        ([], significance.NOT_ASKED),
    ],
)
def test_a_verdict_follows_from_the_tests(tests, verdict):
    assert significance.judge({"claim": tests})["claim"][0] == verdict


def test_all_claims_share_one_correction():
    alone, many = [(1.0, 0.03)], {f"claim {n}": [(float(n), 0.5)] for n in range(9)}
    assert significance.judge({"it": alone})["it"] == (significance.HOLDS, 0.03)
    word, p = significance.judge({"it": alone, **many})["it"]
    assert (word, p) == (significance.OPEN, pytest.approx(0.3))
    # A test that two claims share counts once.
    assert significance.judge({"it": alone, "again": alone})["it"][1] == 0.03


@pytest.mark.parametrize("test", [(np.nan, 0.1), (1.0, np.nan), (1.0, 1.1)])
def test_a_test_without_a_number_is_refused(test):
    with pytest.raises(ValueError, match="expected a number and 0 to 1"):
        significance.judge({"claim": [test]})
