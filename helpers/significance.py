"""Is one model better than another? Tests over folds and over instruments.

The Wilcoxon signed-rank test of section 3.3, a t-test that allows for what folds share, its
Bayesian sibling, and resampling of whole instruments. Shown in chapter 10,
which writes each of them out.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def wilcoxon(a: ArrayLike, b: ArrayLike) -> float:
    """Two-sided p-value of the Wilcoxon signed-rank test between paired scores.

    Parameters
    ----------
    a, b : array_like of float, shape (n,)
        Scores of two models on the same folds.

    Returns
    -------
    float
        From `scipy.stats.wilcoxon`, exact up to twelve pairs. Differences are rounded to nine
        decimals, so that equal ones are ties. 1.0 where no pair, or a single one, differs.

    Raises
    ------
    ValueError
        If the shapes differ or a score is not finite.

    Examples
    --------
    >>> wilcoxon([0.91, 0.93, 0.95, 0.97, 0.99], [0.9] * 5)  # five folds, five wins
    0.0625
    """
    from scipy import stats

    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise ValueError(f"scores have shapes {a.shape} and {b.shape}, expected two equal (n,)")
    if not np.isfinite([a, b]).all():
        raise ValueError("scores hold NaN or infinite values")
    difference = _difference(a, b)
    n = np.count_nonzero(difference)
    if n <= 1:
        return 1.0
    # All sign patterns are gone through where there are few pairs, with ties as well.
    few = n <= 12
    method = stats.PermutationMethod(n_resamples=np.inf) if few else "auto"
    return float(stats.wilcoxon(difference, method=method).pvalue)


def _difference(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    # 0.95 - 0.90 and 0.90 - 0.85 are a tie, which rounding errors must not break.
    return np.round(np.asarray(a, dtype=float) - np.asarray(b, dtype=float), 9)


def wilcoxon_table(scores: dict, pairs: dict) -> pd.DataFrame:
    """A table like the thesis's 4.4.

    Shown in chapter 10, "Ties and zeros".

    Parameters
    ----------
    scores : dict of str -> array_like, shape (n_folds,)
        Each model's scores, folds in the same order.
    pairs : iterable of (str, str)

    Returns
    -------
    pd.DataFrame
        First model, second model, mean difference (second minus first), folds on which the
        second is better, p-value.

    Examples
    --------
    >>> scores = {"LSTM": [0.93, 0.95, 0.94], "CNN": [0.96, 0.97, 0.94]}
    >>> wilcoxon_table(scores, [("LSTM", "CNN")]).loc[0, "second better on"]
    '2 of 3'
    """
    rows = []
    for first, second in pairs:
        difference = _difference(scores[second], scores[first])
        rows.append(
            {
                "first model": first,
                "second model": second,
                "mean difference": difference.mean(),
                "second better on": f"{(difference > 0).sum()} of {len(difference)}",
                "p-value": wilcoxon(scores[first], scores[second]),
            }
        )
    return pd.DataFrame(rows)


class CorrectedT(NamedTuple):
    """What `corrected_t` returns, in the unit of the differences (t, df and p have none)."""

    mean: float
    low: float
    high: float
    t: float
    df: int
    p: float


def corrected_t(differences: ArrayLike, n_test: int, n_train: int) -> CorrectedT:
    """Nadeau and Bengio's corrected resampled t-test: is the mean difference over folds zero?

    As a paired t-test, with 1/n + n_test/n_train in the place of 1/n: folds share training notes,
    and their mean varies more than that of independent values. The ratio supposes a correlation
    of n_test / (n_test + n_train) between any two folds; one set of folds cannot show it.
    Shown in chapter 10, "A t-test that knows".

    Parameters
    ----------
    differences : array_like of float, shape (n,)
        Score of one model minus score of the other on each fold, in any unit.
    n_test, n_train : int
        Notes tested and trained on in a fold (validation notes are neither).

    Returns
    -------
    CorrectedT
        mean; low, high : the 95 % interval; t; df : n - 1; p : two-sided. Without any spread
        between the folds there is no test: all but mean and df are NaN.

    Raises
    ------
    ValueError
        If there are fewer than two differences, one is not finite, or `n_test` or `n_train` is not
        positive.

    References
    ----------
    Claude Nadeau and Yoshua Bengio: Inference for the generalization error. Machine Learning 52
    (2003), 239-281.

    Examples
    --------
    >>> result = corrected_t([1, 2, 3, 4, 5], n_test=10, n_train=80)
    >>> result.mean, round(result.low, 2), round(result.high, 2)
    (3.0, 0.5, 5.5)
    """
    from scipy import stats

    mean, scale, df = _student(differences, n_test, n_train)
    if np.isnan(scale):
        return CorrectedT(mean, np.nan, np.nan, np.nan, df, np.nan)
    t = mean / scale
    half = float(stats.t.ppf(0.975, df)) * scale
    p = float(2 * stats.t.sf(abs(t), df))
    return CorrectedT(mean, mean - half, mean + half, t, df, p)


class Rope(NamedTuple):
    """Three probabilities that add up to 1."""

    below: float
    inside: float
    above: float


def bayesian_t(differences: ArrayLike, n_test: int, n_train: int, rope: float) -> Rope:
    """Bayesian correlated t-test with a region of practical equivalence (ROPE).

    Shown in chapter 10, "How probable is a difference that matters?".

    The posterior of the mean difference is a Student distribution with the mean, the scale and
    the degrees of freedom of `corrected_t`. (`baycomp.two_on_single` is the same with n_test /
    n_train = 1 / (n - 1), as in plain n-fold cross-validation.)

    Parameters
    ----------
    differences, n_test, n_train
        As in `corrected_t`.
    rope : float
        Differences from -rope to rope count as equal, in the unit of the differences.

    Returns
    -------
    Rope
        Probabilities that the mean difference is below -rope, inside, and above rope; NaN
        without any spread between the folds.

    Raises
    ------
    ValueError
        As `corrected_t`, or if `rope` is negative.

    References
    ----------
    Giorgio Corani and Alessio Benavoli: A Bayesian approach for comparing cross-validated
    algorithms on multiple data sets. Machine Learning 100 (2015), 285-304.

    Examples
    --------
    >>> [round(p, 3) for p in bayesian_t([1, 2, 3, 4, 5], n_test=10, n_train=80, rope=1)]
    [0.006, 0.04, 0.955]
    """
    from scipy import stats

    if not rope >= 0:
        raise ValueError(f"a rope of {rope}, expected none below 0")
    mean, scale, df = _student(differences, n_test, n_train)
    if np.isnan(scale):
        return Rope(np.nan, np.nan, np.nan)
    below = float(stats.t.cdf((-rope - mean) / scale, df))
    above = float(stats.t.sf((rope - mean) / scale, df))
    return Rope(below, 1 - below - above, above)


def _student(differences: ArrayLike, n_test: int, n_train: int) -> tuple[float, float, int]:
    """Mean, corrected standard error (NaN without spread) and degrees of freedom."""
    d = np.asarray(differences, dtype=float)
    if d.ndim != 1 or len(d) < 2 or not np.isfinite(d).all():
        raise ValueError(f"differences of shape {d.shape}, expected (n,) finite ones, two or more")
    if not (n_test > 0 and n_train > 0):
        raise ValueError(f"{n_test} notes tested and {n_train} trained on, expected some of both")
    # Equal differences may differ in their last digits.
    spread = d.std(ddof=1) if np.ptp(d) > 1e-9 * np.abs(d).max() else np.nan
    return float(d.mean()), float(spread * np.sqrt(1 / len(d) + n_test / n_train)), len(d) - 1


def bootstrap_instruments(
    values: ArrayLike, instruments: ArrayLike, draws: int = 10_000, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval of a mean over notes, from resampling whole instruments.

    Notes of one instrument share its luck, so instruments are drawn with replacement, each with
    all of its notes, and the mean over the notes drawn is taken: the cluster bootstrap. Of these
    means the interval takes quantiles as far out as Student's t would go (Hesterberg), since few
    instruments know their own spread only roughly; fewer still where some have most of the notes,
    so that the number is Kish's effective one, (sum of sizes)^2 / (sum of squared sizes).
    Shown in chapter 10, "Draw other instruments".

    Parameters
    ----------
    values : array_like of float or bool, shape (n,)
        One value a note: whether a model is right, or the difference between two models.
    instruments : array_like of str, shape (n,)
        The instrument of each note.
    draws, seed : int

    Returns
    -------
    (float, float)
        Low and high end.

    Raises
    ------
    ValueError
        If the shapes differ, there are no values, one is not finite, or there are fewer than two
        instruments.

    References
    ----------
    C. A. Field and A. H. Welsh: Bootstrapping clustered data. Journal of the Royal Statistical
    Society B 69 (2007), 369-390. Tim Hesterberg: What teachers should know about the bootstrap.
    The American Statistician 69 (2015), 371-386, section 5.

    Examples
    --------
    >>> right, instruments = np.tile([1, 1, 0, 1], 10), np.repeat(np.arange(20), 2)
    >>> [round(end, 2) for end in bootstrap_instruments(right, instruments)]
    [0.62, 0.88]
    """
    from scipy import stats

    sums, sizes = _by_instrument(values, instruments)
    n = len(sums)
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)
    k = sizes.sum() ** 2 / (sizes**2).sum()
    tail = stats.norm.cdf(np.sqrt(k / (k - 1)) * stats.t.ppf(0.025, k - 1))
    low, high = np.quantile((times @ sums) / (times @ sizes), [tail, 1 - tail])
    return float(low), float(high)


def flip_instruments(
    differences: ArrayLike,
    instruments: ArrayLike,
    draws: int = 20_000,
    seed: int = 0,
) -> float:
    """Two-sided p-value of a sign-flip permutation test over instruments.

    If two models were equally good at each instrument, their answers to all notes of an
    instrument could change places. So signs are thrown for whole instruments.
    Shown in chapter 10, "Flip whole instruments".

    Parameters
    ----------
    differences : array_like of float, shape (n,)
        One difference a note.
    instruments : array_like of str, shape (n,)
    draws, seed : int
        Random patterns, the observed one counted besides; all patterns where there are no more.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As `bootstrap_instruments`.

    References
    ----------
    R. A. Fisher: The design of experiments. Oliver and Boyd, 1935.

    Examples
    --------
    >>> flip_instruments([1, 1, 2, 2, 3, 3], list("aabbcc"))  # 2 of 8 patterns
    0.25
    """
    sums, _ = _by_instrument(differences, instruments)
    sums = sums[np.abs(sums) > 1e-9]
    if 2 ** len(sums) <= draws:
        patterns = (np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums))) & 1
    else:
        rng = np.random.default_rng(seed)
        patterns = rng.integers(0, 2, size=(draws, len(sums)))
        patterns = np.vstack([np.ones(len(sums), dtype=int), patterns])
    flipped = np.abs((2 * patterns - 1) @ sums)
    return float(np.mean(flipped >= np.abs(sums.sum()) - 1e-9))


class Effect(NamedTuple):
    """What `random_effects` returns, in the unit of the table (df has none)."""

    mean: float
    low: float
    high: float
    error: float
    df: float
    p: float
    instruments: float
    deals: float
    rest: float


def random_effects(table: pd.DataFrame, families: ArrayLike | None) -> Effect:
    """A mean over instruments and deals, and how far it would move with others of both.

    Two-way random effects: instruments within their families, crossed with deals. Every family
    counts the same, every instrument the same within its family. A deal's networks are shared by
    its instruments; what that does is part of how much the means of deals vary. With four folds a
    deal and four instruments a family the interval covers what it says (tests/test_analysis.py).
    Shown in chapter 11, "The sample is instruments".

    Parameters
    ----------
    table : array_like of float, shape (instruments, deals)
        An accuracy, or the difference between two systems. Two deals or more.
    families : array_like, shape (instruments,)
        At least one family has two instruments.

    Returns
    -------
    Effect
        mean; low, high: the 95 % interval; error: its standard error; df: Satterthwaite's; p:
        two-sided, for a mean of zero; instruments, deals, rest: estimated standard deviations of
        the parts (a negative variance counts as zero).

    Raises
    ------
    ValueError
        If the shapes do not fit, a value is not finite, or there are too few of either.

    Examples
    --------
    >>> effect = random_effects([[1, 2, 3], [3, 4, 5], [2, 2, 2], [0, 0, 3]], ["a", "a", "b", "b"])
    >>> effect.mean, round(effect.low, 2), round(effect.high, 2)
    (2.25, 0.05, 4.45)

    References
    ----------
    F. E. Satterthwaite: An approximate distribution of estimates of variance components.
    Biometrics Bulletin 2 (1946), 110-114.
    """
    from scipy import stats

    d, families = np.asarray(table, dtype=float), np.asarray(families)
    if d.ndim != 2 or families.shape != d.shape[:1] or not np.isfinite(d).all():
        raise ValueError(
            f"a table of shape {d.shape} and families of {families.shape}, expected finite "
            "(instruments, deals) and (instruments,)"
        )
    n, deals = d.shape
    names, family, sizes = np.unique(families, return_inverse=True, return_counts=True)
    if deals < 2 or sizes.max() < 2:
        raise ValueError(
            f"{deals} deals and {sizes.max()} instruments a family, expected 2 of both"
        )
    weights = 1 / (len(names) * sizes[family])
    of_instrument, of_deal = d.mean(axis=1), weights @ d
    of_family = np.bincount(family, of_instrument) / sizes
    rest = d - of_instrument[:, None] - d.mean(axis=0) + d.mean()
    df = np.array([n - len(names), (n - 1) * (deals - 1), deals - 1])
    ms_instrument = deals * ((of_instrument - of_family[family]) ** 2).sum() / df[0]
    ms_rest = (rest**2).sum() / df[1]
    between = max(0.0, (ms_instrument - ms_rest) / deals)
    share = (weights**2).sum() / deals
    parts = np.array([share * ms_instrument, share * ms_rest, of_deal.var(ddof=1) / deals])
    if not between:
        parts[:2] = 0
    variance = (weights**2).sum() * between + parts[2]
    mean, error = float(of_deal.mean()), float(np.sqrt(variance))
    if error == 0:
        return Effect(mean, mean, mean, 0.0, np.inf, float(mean == 0), 0.0, 0.0, 0.0)
    freedom = float(variance**2 / (parts**2 / df).sum())
    half = float(stats.t.ppf(0.975, freedom)) * error
    p = float(2 * stats.t.sf(abs(mean) / error, freedom))
    own = max(0.0, of_deal.var(ddof=1) - (weights**2).sum() * ms_rest)
    spreads = (float(np.sqrt(v)) for v in (between, own, ms_rest))
    return Effect(mean, mean - half, mean + half, error, freedom, p, *spreads)


def flip_means(
    means: pd.DataFrame,
    families: ArrayLike | None,
    draws: int = 20_000,
    seed: int = 0,
) -> float:
    """Two-sided p-value of a sign-flip test over instruments that count the same in their families.

    Parameters
    ----------
    means : array_like of float, shape (instruments,)
        One difference an instrument, averaged over whatever was repeated.
    families : array_like, shape (instruments,)
    draws, seed : int
        As in `flip_instruments`.

    Returns
    -------
    float

    Examples
    --------
    >>> flip_means([1.0, 2.0, 1.5, 0.5, 1.0, 2.0], list("aabbcc"))  # 2 of 64 patterns
    0.03125
    """
    means, families = np.asarray(means, dtype=float), np.asarray(families)
    _, family, sizes = np.unique(families, return_inverse=True, return_counts=True)
    return flip_instruments(means / sizes[family], np.arange(len(means)), draws, seed)


def holm(p: ArrayLike) -> np.ndarray:
    """Holm's adjusted p-values: those below 0.05 hold one false alarm in 5 % of cases at most.

    Shown in chapter 10, "Many comparisons".

    Parameters
    ----------
    p : array_like of float, shape (m,)
        P-values of m comparisons, in any order.

    Returns
    -------
    np.ndarray, shape (m,)

    References
    ----------
    S. Holm: A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6, 1979.

    Examples
    --------
    >>> holm([0.01, 0.2, 0.04]).round(2).tolist()
    [0.03, 0.2, 0.08]
    """
    p = np.asarray(p, dtype=float)
    order = p.argsort()
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(raised, 1)
    return adjusted


# The verdicts on a claim, everywhere in the book.
VERDICTS = HOLDS, FAILS, OPEN, NOT_ASKED = (
    "holds here",
    "does not hold here",
    "cannot be told",
    "not asked",
)


def judge(claims: dict) -> dict[str, tuple[str, float]]:
    """The verdict on each of several claims, by one rule; chapter 12 states it.

    Parameters
    ----------
    claims : dict of str -> list of (float, float)
        Each claim's tests: an effect, positive where it goes the claim's way, and its p-value. All
        p-values together are raised by Holm's method. A test that stands under several claims
        counts once. A claim without tests is not asked.

    Returns
    -------
    dict of str -> (str, float)
        One of `VERDICTS`, and the largest raised p of the claim's tests (NaN without tests). It
        holds if all of its tests have p < 0.05 and go its way; it does not if one goes the other
        way with p < 0.05; else it cannot be told.

    Raises
    ------
    ValueError
        If an effect is not finite, or a p is not between 0 and 1.

    Examples
    --------
    >>> judge({"a lead": [(3.2, 0.001)], "no loss": [(-3.5e-17, 0.01)]})["no loss"][0]
    'cannot be told'
    """
    tests = list(dict.fromkeys(test for parts in claims.values() for test in parts))
    for effect, p in tests:
        if not (np.isfinite(effect) and 0 <= p <= 1):
            raise ValueError(f"an effect of {effect} with p = {p}, expected a number and 0 to 1")
    raised = dict(zip(tests, holm([p for _, p in tests]), strict=True))
    verdicts = {}
    for claim, parts in claims.items():
        # An effect of -3.5e-17 is rounding, not a direction.
        ways = {np.sign(round(test[0], 9)) if raised[test] < 0.05 else 0 for test in parts}
        word = HOLDS if ways == {1} else FAILS if -1 in ways else OPEN if parts else NOT_ASKED
        verdicts[claim] = word, float(max((raised[test] for test in parts), default=np.nan))
    return verdicts


def _by_instrument(values: ArrayLike, instruments: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The sum of values and the number of notes of each instrument."""
    values, instruments = np.asarray(values, dtype=float), np.asarray(instruments)
    if values.ndim != 1 or values.shape != instruments.shape or not len(values):
        raise ValueError(
            f"values of shape {values.shape} and instruments of {instruments.shape}, "
            "expected two equal (n,)"
        )
    if not np.isfinite(values).all():
        raise ValueError("values hold NaN or infinite ones")
    names, group = np.unique(instruments, return_inverse=True)
    if len(names) < 2:
        raise ValueError(f"one instrument ({names[0]}), expected two or more")
    return np.bincount(group, weights=values), np.bincount(group)
