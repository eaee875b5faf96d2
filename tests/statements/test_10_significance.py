import itertools

import numpy as np
import pandas as pd
import scipy.stats
from recorded import led
from test_statements import statements, with_cells

PAGE = "10_significance"
CNN_LSTM = "Optimised CNN - Optimised LSTM"


def false_alarms(alarms):
    """With 40 folds of the same notes it is {:.0f} %, where 40 folds of fresh notes give {:.0f} %.

    The corrected test raises a false alarm in {:.0f} % at most."""
    shares = 100 * alarms
    assert shares.loc[5, "same notes"] == 0
    return *shares.loc[40, ["same notes", "fresh notes"]], shares["corrected t-test"].max()


def all_contain_zero(results, diffs):
    """All five intervals contain 0."""
    assert (results["from"] * results["to"] < 0).all()
    assert len(results) == 5
    assert ((diffs.iloc[:, :3] > 0).sum() < 5).all()


def practically_equal(beliefs):
    """and LSTM are, with a probability of {0:.0f} %.

    answer: tuned CNN and LSTM are within 2.5 points of each other with a probability of {0:.0f} %,
    and

    answer: | within 2.5 points of each other with a probability of {0:.0f} %"""
    return 100 * beliefs.loc[CNN_LSTM, "equal"]


def coverage(sizes, scatter, tail, k):
    """the middle 95 % hold it in {:.0f} %, the widened interval in {:.0f} %."""
    # Of imitated test splits: how often either interval holds the truth.
    rng, n, held = np.random.default_rng(0), len(sizes), []
    assert np.sort(sizes)[-3:].sum() > 0.33 * sizes.sum()
    assert round(k) == 17
    for _ in range(2000):
        sums = sizes * rng.normal(0, scatter, n)
        times = rng.multinomial(n, np.full(n, 1 / n), size=1000)
        means = times @ sums / (times @ sizes)
        ends = np.quantile(means, [[0.025, tail], [0.975, 1 - tail]])
        held.append((ends[0] < 0) & (ends[1] > 0))
    return 100 * np.mean(held, axis=0)


def all_ahead_and_none_told(on_test):
    """The CNN is ahead in all three pairs. No p is below 0.05. Two of the intervals contain 0; that
    of the base networks begins at {:.1f} points."""
    assert len(on_test) == 3
    assert (on_test["mean"] > 0).all()
    assert (on_test["from"] * on_test["to"] < 0).tolist() == [True, False, True]
    assert (on_test["p (flips)"] > 0.05).all()
    assert (on_test["p if notes were independent"] < 0.05).all()
    return on_test["from"].max()


def neither_tells(on_test, diffs):
    """On known instruments the table of folds does not tell; on new ones the CNN is ahead by more,
    and the table of instruments does not tell either."""
    folds = pd.Series({pair: np.mean(d) for pair, d in diffs.items()})
    assert (on_test["mean"] > folds[on_test.index]).all()
    all_ahead_and_none_told(on_test)


def drawn_anew(on_test):
    """answer: (The base networks are {0:.1f} and {1:.1f} points apart; for other instruments
    {2:.1f} to {3:.1f} points, p = {4:.2f}.)

    teaching: | New instruments, drawn anew: {2:.1f} to {3:.1f} points, p = {4:.2f}. |

    answer: for other instruments {5:.1f} to {6:+.1f} points, p = {7:.2f};"""
    of_other = on_test.loc[["Base CNN - Base LSTM", CNN_LSTM], ["from", "to", "p (flips)"]]
    return led("fold_test")[0], led("nsynth_test")[0], *of_other.stack()


def lowest_p():
    """answer: their p cannot fall below {:.4f}"""
    return 2 / 2**5


def wins_and_losses(diffs):
    """In the recorded runs it wins {} folds and loses {}."""
    return (diffs[CNN_LSTM] > 0).sum(), (diffs[CNN_LSTM] < 0).sum()


def one_large_loss(signed_rank_p):
    """The loss gets rank {}, the sum of positive ranks is {} and p rises to {:.3f}. The mean
    difference is {:.2f}, still positive"""
    d = np.array([1.2, -4, 2.1, 0.8, 1.5])
    ranks = np.abs(d).argsort().argsort() + 1
    return ranks[1], ranks[d > 0].sum(), signed_rank_p(d), d.mean()


def one_sided_floor():
    """The floor is 1/{}, or {:.5f}, for five folds"""
    line = "(np.abs(sums - middle) >= np.abs(ranks[d > 0].sum() - middle))"
    changed = ("def signed_rank_p", line, "(sums >= ranks[d > 0].sum())")
    given = {"np": np, "stats": scipy.stats, "product": itertools.product}
    p = with_cells(PAGE, changed, given=given)["signed_rank_p"](range(1, 6))
    return round(1 / p), p


def better_by_a_fifth():
    """the corrected t-test notices in {:.0f} % of the worlds. With 40 folds it is {:.0f} % and
    {:.0f} %"""
    line = "found = []\n    for _ in range(deals)"
    better = line.replace("\n", "\n    b = PLACES[LABELS] + 0.8 * (b - PLACES[LABELS])\n")
    changed = ("def fold_differences", line, better), ("alarms = pd.DataFrame",), ('{"t-test": 0',)
    alarms = 100 * with_cells(PAGE, *changed)["alarms"]
    few, many = alarms.loc[5], alarms.loc[40]
    assert few["same notes"] == 0
    assert many["same notes"] > many["corrected t-test"]
    return few["corrected t-test"], many["same notes"], many["corrected t-test"]


test_statement = statements(__name__)
