"""Is one model better than another? The Wilcoxon signed-rank test of section 3.3.

Chapter 9 writes the test out and shows why five folds can never give less than 0.0625.
"""

import numpy as np
import pandas as pd


def smallest_p(n: int) -> float:
    """The least p-value that a two-sided exact Wilcoxon test over `n` pairs can give: 2 / 2**n."""
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
        From `scipy.stats.wilcoxon`; 1.0 where all pairs are equal, which that refuses.

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
    if (a == b).all():
        return 1.0
    return float(stats.wilcoxon(a, b).pvalue)


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
        difference = np.asarray(scores[second], dtype=float) - np.asarray(
            scores[first], dtype=float
        )
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
