"""The study's analysis: intervals cover, sums are those of statsmodels, words are the plan's."""

import numpy as np
import pandas as pd
import pytest

from helpers import significance
from helpers.runs import analysis, study

FAMILIES = np.repeat(np.arange(10), 4)


def simulated(rng, effect=0.0, instruments=10.3, runs=8.0, rest=26.9, deals=10):
    """A table as the study has it: four networks a deal, each heard by one instrument a family."""
    own = rng.normal(0, instruments, 40)
    table = np.empty((40, deals))
    for deal in range(deals):
        fold = np.concatenate([rng.permutation(4) for _ in range(10)])
        table[:, deal] = own + rng.normal(0, runs, 4)[fold] + rng.normal(0, rest, 40)
    return table + effect


def test_sums_of_squares_are_those_of_statsmodels():
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    table = simulated(np.random.default_rng(1), effect=4)
    long = pd.DataFrame(
        {"d": table.ravel(), "i": np.repeat(np.arange(40), 10), "deal": np.tile(np.arange(10), 40)}
    ).assign(f=lambda t: FAMILIES[t["i"]])
    ms = anova_lm(ols("d ~ C(i) + C(deal)", long).fit())["mean_sq"]
    # Instruments within families: what they explain beyond these.
    within = (ols("d ~ C(f)", long).fit().ssr - ols("d ~ C(i)", long).fit().ssr) / 30
    effect = significance.random_effects(table, FAMILIES)
    variance = (within + ms["C(deal)"] - ms["Residual"]) / 400
    np.testing.assert_allclose(effect.error**2, variance, rtol=1e-9)
    np.testing.assert_allclose(effect.mean, table.mean())
    np.testing.assert_allclose(effect.rest**2, ms["Residual"], rtol=1e-9)
    parts = np.array([within, ms["Residual"], ms["C(deal)"]]) / 400
    np.testing.assert_allclose(effect.df, variance**2 / (parts**2 / [30, 351, 9]).sum(), rtol=1e-9)


@pytest.mark.parametrize("runs", [0.0, 8.0, 20.0])
def test_intervals_cover_what_they_say(runs):
    rng, hit, flips = np.random.default_rng(2), 0, 0
    for _ in range(400):
        table = simulated(rng, effect=5, runs=runs)
        effect = significance.random_effects(table, FAMILIES)
        hit += effect.low <= 5 <= effect.high
        flips += significance.flip_means(table.mean(axis=1) - 5, FAMILIES, draws=300) < 0.05
    assert 0.92 <= hit / 400 <= 0.985
    # Flips take the networks as they are: alone they would raise too many alarms where runs vary.
    assert flips / 400 < 0.08 or runs


def test_what_the_plan_says_can_be_seen():
    rng, errors, found = np.random.default_rng(3), [], {3: 0, 7: 0}
    for effect in found:
        for _ in range(300):
            seen = significance.random_effects(simulated(rng, effect), FAMILIES)
            errors.append(seen.error)
            found[effect] += seen.low > 0
    assert 2.2 < np.median(errors) < 2.8
    assert 0.7 < found[7] / 300 < 0.9
    assert 0.1 < found[3] / 300 < 0.35


def test_instruments_count_the_same_within_their_families():
    families, table = ["a", "a", "a", "b"], np.array([[1, 2], [2, 3], [3, 4], [8, 10]])
    assert significance.random_effects(table, families).mean == pytest.approx((2.5 + 9) / 2)
    with pytest.raises(ValueError, match="1 deals"):
        significance.random_effects(table[:, :1], families)
    with pytest.raises(ValueError, match="1 instruments a family"):
        significance.random_effects(table[2:], ["a", "b"])


def test_words_are_the_plans():
    def word(low, high, p=0.01, flips=0.01):
        return analysis.verdict({"low": low, "high": high, "p": p, "p_flips": flips}, "CNN", "LSTM")

    assert word(1, 8) == "CNN"
    assert word(-8, -1) == "LSTM"
    assert word(-1, 8) == word(1, 8, p=0.06) == word(1, 8, flips=0.06) == "cannot be told"
    assert word(-2, 2) == "cannot be told, practically equal"
    assert word(0.5, 2) == "CNN, practically equal"


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Two rows of simple models, as if they were the primary comparison."""
    monkeypatch.setattr(study, "KEPT", tmp_path)
    rows = {name: study.rows()[name] for name in ("E1-naive_bayes", "E2-naive_bayes", "E1-svm")}
    rows |= {"A1": rows["E1-naive_bayes"], "A2": rows["E1-svm"]}
    monkeypatch.setattr(
        analysis, "COMPARISONS", {"primary": ("CNN", "LSTM", ["E1-naive_bayes"], ["E1-svm"])}
    )
    monkeypatch.setattr(analysis, "CONFIRMATORY", {"primary": ("CNN", "LSTM", ["A1"], ["A2"])})
    analysis.deals.cache_clear()
    yield tmp_path
    analysis.deals.cache_clear()


def test_an_unfinished_row_decides_nothing(shelf):
    for name in ("E1-naive_bayes", "E1-svm"):
        for deal in (1, 2):
            study.run(study.rows()[name], deal, shelf)
    found = analysis.findings()
    assert found["comparisons"]["primary"] == {
        "rows": "E1-naive_bayes - E1-svm",
        "verdict": "unfinished",
    }
    assert found["answer"] == "unfinished"
    one = found["rows"]["E1-naive_bayes"]
    assert (one["deals"], one["planned"]) == (2, 10)
    table = analysis.by_instrument("E1-naive_bayes", "unseen")
    assert table.shape == (40, 2)
    assert one["unseen"]["mean"] == pytest.approx(table.to_numpy().mean(), abs=0.01)
    # Against scikit-learn's own count for one instrument.
    unseen = analysis.deals("E1-naive_bayes")[0].predictions["unseen"]
    own = unseen[unseen["note"].str.startswith("reed_acoustic_")]
    named = own[list(analysis.FAMILIES)].idxmax(axis=1) == "reed"
    first = own["note"].str.slice(0, 17)
    for name, share in named.groupby(first).mean().items():
        assert table[1][name] == pytest.approx(100 * share)


def test_a_finished_comparison_gets_its_word(shelf, monkeypatch):
    rows = {name: study.rows()[name] for name in ("E1-naive_bayes", "E1-svm")}
    monkeypatch.setattr(
        study, "rows", lambda: {n: study.Row(**vars(r) | {"deals": 2}) for n, r in rows.items()}
    )
    for row in study.rows().values():
        for deal in (1, 2):
            study.run(row, deal, shelf)
    found = analysis.comparisons(analysis.COMPARISONS, "unseen")["primary"]
    table = analysis.by_instrument("E1-naive_bayes", "unseen") - analysis.by_instrument(
        "E1-svm", "unseen"
    )
    assert found["mean"] == pytest.approx(table.to_numpy().mean(), abs=1e-3)
    assert found["verdict"] == analysis.verdict(found, "CNN", "LSTM")


def test_a_row_of_one_fold_has_a_mean_and_no_interval():
    """Its deals hold out other instruments each, so no table of both is full."""
    found, scores = analysis.row("S-lstm-raw-1e-04"), []
    for deal in analysis.deals("S-lstm-raw-1e-04"):
        hits = analysis.right(deal, "unseen")
        scores.append(100 * hits.groupby(hits.index.str.split("_").str[0]).mean().mean())
    assert len(scores) == found["deals"] >= 2
    assert found["unseen"] == {"mean": round(np.mean(scores), 2)}
