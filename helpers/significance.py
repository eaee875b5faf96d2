"""Is one model better than another? The Wilcoxon signed-rank test of section 3.3.

Chapter 9 writes the test out and shows why five folds can never give less than 0.0625.
"""

import numpy as np
import pandas as pd


def smallest_p(n: int) -> float:
    """The least p-value that a two-sided exact Wilcoxon test over `n` pairs can give: 2 / 2**n.

    Pairs without a difference do not count.
    """
    if n < 1:
        raise ValueError(f"{n} pairs: a test needs at least one")
    return min(1.0, 2.0 / 2**n)


def wilcoxon(a, b) -> float:
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


def _difference(a, b):
    # 0.95 - 0.90 and 0.90 - 0.85 are a tie, which rounding errors must not break.
    return np.round(np.asarray(a, dtype=float) - np.asarray(b, dtype=float), 9)


def wilcoxon_table(scores: dict, pairs) -> pd.DataFrame:
    """A table like the thesis's 4.4.

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
