# %% [markdown]
# # Exercises: significance
#
# From the floor of a test to a test of your own, put on trial. You need
# [chapter 10](../10_significance.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/10_significance.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
from itertools import product
from math import comb

import numpy as np
import pandas as pd
from scipy import stats

from helpers import significance

# %% [markdown] exercise={"name": "floor", "minutes": 5, "points": 1, "objectives": ["Derive"]}
# ## Folds to spare
#
# You plan to compare two models by a two-sided Wilcoxon signed-rank test, and to call the
# difference significant at **p < 0.01**. From small trials you know that up to two folds may come
# out even, with a difference of exactly zero. What is the smallest number of folds with which even
# then a significant result is *possible*?
#
# <details><summary>Hint</summary>
#
# "The floor" for the folds that count, and "Ties and zeros" for those that do not.
#
# </details>

# %% tags=["solution"]
n_folds = 8 + 2  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_folds",
    n_folds,
    right=10,
    wrong={
        8: "So many folds must differ. What becomes of the two that come out even?",
        7: "With so many a one-sided test could do it, if no fold came out even. This one is "
        "two-sided.",
        9: "Is that the floor of a one-sided test? This one is two-sided.",
        6: "That is enough for p < 0.05, and with no even folds.",
        11: "One fold less will do: compute the floor for the folds that are left.",
    },
    hint="First find how many folds that differ bring the floor below the limit.",
)

# %% tags=["wrong"]
# says: come out even
n_folds = 8

# %% tags=["wrong"]
# says: floor of a one-sided test
n_folds = 9

# %% tags=["wrong"]
# says: p < 0.05
n_folds = 6

# %% [markdown] exercise={"name": "signs", "minutes": 20, "points": 2, "objectives": ["Compare"]}
# ## An even simpler test
#
# The **sign test** asks for less than Wilcoxon's: it forgets the sizes and only counts on how many
# folds the second model won. If both were equally good, every fold would be a coin. Write the
# function `sign_p`: the two-sided p-value of a list of differences, by counting patterns of signs
# as the chapter does. Differences of zero have no sign and are left out; if nothing is left, p is 1.
#
# Then give `by_ranks`, to three decimals: the two-sided p-value of **Wilcoxon's** test for four
# small wins and one large loss, the differences 1, 2, 3, 4 and -5. Count it by the patterns of signs.
# What does the sign test say to the same five?
#
# <details><summary>Hint</summary>
#
# The chapter's `signed_rank_p` needs one change, if you ask what the ranks become when sizes do not
# count. Or go by heads: `comb(n, k)` of the patterns have k of them. For Wilcoxon's test, "The idea
# of the test" has the 32 patterns and their rank sums.
#
# </details>


# %% tags=["solution"]
def sign_p(d):
    """Two-sided p-value of the sign test for the differences d, shape (n,)."""
    # BEGIN SOLUTION
    d = np.asarray(d, dtype=float)
    n, wins = np.count_nonzero(d), np.count_nonzero(d > 0)
    away = abs(wins - n / 2)
    return sum(comb(n, k) for k in range(n + 1) if abs(k - n / 2) >= away) / 2**n
    # END SOLUTION


# BEGIN SOLUTION NO PROMPT
sums = np.array(list(product([0, 1], repeat=5))) @ np.arange(1, 6)
# END SOLUTION
by_ranks = (np.abs(sums - 7.5) >= abs(1 + 2 + 3 + 4 - 7.5)).mean()  # SOLUTION

# %% tags=["test"]
from helpers.checks import call, number

number(
    "sign_p([1, 2, 3, 4, -5, 6])",
    call("sign_p", sign_p, [1, 2, 3, 4, -5, 6]),
    right=14 / 64,
    digits=4,
    wrong={
        7 / 64: "So probable are five or more wins of six. Two-sided, five or more *losses* would "
        "have been as striking.",
        12 / 64: "So probable are exactly one or exactly five wins. Six of six, or none, would "
        "have been more striking still: they count as well.",
        6
        / 64: "So probable are exactly five wins. Which other outcomes are as one-sided, or more?",
        20 / 64: "That is Wilcoxon's p: the size of the loss seems to count. Here only signs do.",
    },
    hint="Of the 64 patterns of six signs, how many are at least as one-sided as five to one?",
)

# %% tags=["test"]
from helpers.checks import call, number

number(
    "sign_p([2, 0, 1, 0, 3])",
    call("sign_p", sign_p, [2, 0, 1, 0, 3]),
    right=2 / 8,
    digits=4,
    wrong={
        1: "Are the zeros counted as folds that the second model did not win?",
        2 / 32: "Are the zeros counted as wins? They have no sign and are left out.",
    },
    hint="Two of the five folds are even. What is left?",
)
number(
    "sign_p([1, -1, 2, -2])",
    call("sign_p", sign_p, [1, -1, 2, -2]),
    right=1,
    digits=4,
    wrong={
        22 / 16: "A p-value is a share, and never above 1. Was the middle counted twice?",
        6 / 16: "So probable is exactly two to two. Every other outcome is at least as one-sided.",
    },
    hint="Two wins and two losses: what is less one-sided than that?",
)
number(
    "sign_p([0, 0])",
    call("sign_p", sign_p, [0, 0]),
    right=1,
    digits=4,
    hint="If nothing is left, nothing speaks against equal models.",
)
a, b = call("sign_p", sign_p, [3, 1, 4, -1, 5, 9, 2]), call("sign_p", sign_p, [-1] * 6 + [1])
assert abs(a - b) < 1e-9, (
    "Six wins of seven and six losses of seven should get the same p: the test is two-sided."
)

# %% tags=["test"]
from helpers.checks import number

number(
    "by_ranks",
    by_ranks,
    right=20 / 32,
    digits=3,
    wrong={
        12
        / 32: "That is the sign test's. In Wilcoxon's the loss has the highest rank of the five.",
        10 / 32: "One side is missing: sums as far below the middle are as extreme.",
        14 / 32: "Patterns exactly as far from the middle as the observed one count as well.",
        2 / 32: "That is the floor, for five wins. Here one of the five is a loss.",
    },
    hint="Rank the five by size, add up the ranks of the wins, and count the patterns whose sum is "
    "at least as far from the middle.",
)

# %% tags=["wrong"]
# says: the sign test's
by_ranks = sign_p([1, 2, 3, 4, -5])


# %% tags=["wrong"]
# says: five or more *losses*
def sign_p(d):
    d = np.asarray(d)
    n, wins = np.count_nonzero(d), np.count_nonzero(d > 0)
    return sum(comb(n, k) for k in range(wins, n + 1)) / 2**n


# %% tags=["wrong"]
# says: exactly one or exactly five
def sign_p(d):
    d = np.asarray(d)
    n, wins = np.count_nonzero(d), np.count_nonzero(d > 0)
    return 2 * comb(n, wins) / 2**n


# %% tags=["wrong"]
# says: Wilcoxon's p
def sign_p(d):
    return significance.wilcoxon(d, np.zeros(len(d)))


# %% tags=["wrong"]
# says: did not win
def sign_p(d):
    d = np.asarray(d)
    n, wins = len(d), np.count_nonzero(d > 0)
    return sum(comb(n, k) for k in range(n + 1) if abs(k - n / 2) >= abs(wins - n / 2)) / 2**n


# %% tags=["wrong"]
# says: never above 1
def sign_p(d):
    d = np.asarray(d)
    n, wins = np.count_nonzero(d), np.count_nonzero(d > 0)
    return 2 * sum(comb(n, k) for k in range(max(wins, n - wins), n + 1)) / 2**n


# %% [markdown] exercise={"name": "overlap", "minutes": 10, "points": 2, "objectives": ["Put"]}
# ## What a hundred folds are worth
#
# Folds of 80/10/10, drawn again and again from the same notes, and the rule of thumb of Nadeau and
# Bengio: the standard error of the mean difference over $n$ folds is
# $s \sqrt{1/n + n_\text{test} / n_\text{train}}$. Three numbers, to two decimals:
#
# - `wider`: with 10 folds, how many times as large is the standard error as a formula for
#   independent folds believes?
# - `worth`: how many *independent* folds would give a mean as sure as 100 such folds do?
# - `least`: $s$ is 2 points. Below how many points does the standard error never fall, however many
#   folds you take?
#
# <details><summary>Hint</summary>
#
# "A t-test that knows". For the first, divide one standard error by the other. For the second,
# independent folds have the standard error $s / \sqrt{m}$: solve for $m$.
#
# </details>

# %% tags=["solution"]
wider = np.sqrt((1 / 10 + 10 / 80) / (1 / 10))  # SOLUTION
worth = 1 / (1 / 100 + 10 / 80)  # SOLUTION
least = 2 * np.sqrt(10 / 80)  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "wider",
    wider,
    right=np.sqrt(1 + 10 * 10 / 80),
    digits=2,
    wrong={
        1 + 10 * 10 / 80: "That is how the variances compare. The standard error is their root.",
        np.sqrt(1 / 10 + 10 / 80): "That is the standard error itself, for s = 1. Beside which "
        "number does the question put it?",
        np.sqrt(1 + 10 * 10 / 90): "The share of the test part seems to be taken of all but the "
        "test notes. Validation notes are neither tested nor trained on.",
        np.sqrt(1 + 10 * 10 / 100): "The ratio is test to train, not test to all notes.",
        1 / np.sqrt(1 + 10 * 10 / 80): "The other way round: folds that share notes are less sure.",
    },
    hint="Compute both standard errors for s = 1 and n = 10.",
)
number(
    "worth",
    worth,
    right=1 / (1 / 100 + 10 / 80),
    digits=2,
    wrong={
        8: "So many are folds without end worth. A hundred are a little less.",
        100: "That is what a formula for independent folds believes.",
        np.sqrt(1 / 100 + 10 / 80): "That is a standard error. Which number of independent folds "
        "has it?",
        np.sqrt(
            1 / (1 / 100 + 10 / 80)
        ): "Squares and roots: the standard error goes with the root of the number of folds.",
        100 / np.sqrt(1 + 100 * 10 / 80): "So it would be if the standard error went with the "
        "number of folds, and not with its root.",
    },
    hint="For which m is 1/m as large as what stands under the root for 100 folds?",
)

# %% tags=["test"]
from helpers.checks import number

number(
    "least",
    least,
    right=2 * np.sqrt(10 / 80),
    digits=2,
    wrong={
        0: "That is the formula for independent folds. One term does not go to zero.",
        2 * 10 / 80: "Mind the root.",
        np.sqrt(10 / 80): "That is in units of s. Points are asked for.",
    },
    hint="What is left under the root when n is very large?",
)

# %% tags=["wrong"]
# says: how the variances compare
wider = (1 / 10 + 10 / 80) / (1 / 10)

# %% tags=["wrong"]
# says: Beside which
wider = np.sqrt(1 / 10 + 10 / 80)

# %% tags=["wrong"]
# says: folds without end
worth = 80 / 10

# %% tags=["wrong"]
# says: One term
least = 0

# %% [markdown] exercise={"name": "verdict", "minutes": 15, "points": 2, "objectives": ["Say", "Put"]}
# ## Equal, or just not seen?
#
# Write the function `verdict`: from differences on folds (second model minus first, in points, folds
# of 80/10/10) and a region of practical equivalence from -`rope` to `rope`, one of four words:
# `"better"`, `"worse"` or `"equal"` if the posterior probability that the second model is just that
# is at least 95 %, and `"undecided"` otherwise. You may use `significance.bayesian_t`.
#
# Then look at the two given examples. A t-test finds neither of them significant. Are both "equal"?
#
# <details><summary>Hint</summary>
#
# "How probable is a difference that matters?" `significance.bayesian_t` takes the differences, the
# notes tested and trained on in a fold (in any unit, such as percent), and the region; it returns
# three probabilities.
#
# </details>

# %%
close = [0.1, -0.2, 0.0, 0.2, -0.1]
scattered = [6.0, -5.0, 1.0, -3.0, 4.0]
for d in (close, scattered):
    print(f"mean {np.mean(d):+.1f}, p of the t-test: {stats.ttest_1samp(d, 0).pvalue:.2f}")


# %% tags=["solution"]
def verdict(differences, rope):
    """One of the four words; differences: (n,), and rope: in points."""
    # BEGIN SOLUTION
    three = significance.bayesian_t(differences, 10, 80, rope)
    words = ("worse", "equal", "better")
    return next((w for w, p in zip(words, three, strict=True) if p >= 0.95), "undecided")
    # END SOLUTION


# %% tags=["test"]
from helpers.checks import call

close, scattered = [0.1, -0.2, 0.0, 0.2, -0.1], [6.0, -5.0, 1.0, -3.0, 4.0]


def said(d, rope):
    return str(call("verdict", verdict, d, rope)).strip().lower()


words = {said(d, rope) for d in (close, scattered, [4, 5, 6, 5, 4]) for rope in (0.1, 1)}
assert words <= {"better", "worse", "equal", "undecided"}, f"verdict says {sorted(words)}."
assert said([14, 15, 16, 15, 15], 1) == "better", (
    "Fifteen points on each of five folds, with a rope of 1: the second model is better."
)
assert said([-14, -15, -16, -15, -15], 1) == "worse", (
    "Fifteen points less on each of five folds: which way does a negative difference point?"
)
assert said(scattered, 1) != "equal", (
    "[6, -5, 1, -3, 4] with a rope of 1 is called equal. That the folds do not show a difference "
    "does not show that there is none: how probable is it that the mean lies in the region?"
)
assert said(close, 1) != "undecided", (
    "[0.1, -0.2, 0, 0.2, -0.1] with a rope of 1 is left undecided, although nearly all of the "
    "posterior lies in the region."
)

# %% tags=["test"]
from helpers.checks import call


def said(d, rope):
    return str(call("verdict", verdict, d, rope)).strip().lower()


assert said([0.4, 0.5, 0.6, 0.5, 0.5], 1) == "equal", (
    "Half a point on each of five folds, with a rope of 1: there is a difference, without doubt, "
    "but is it one that matters?"
)
assert said([0.4, 0.5, 0.6, 0.5, 0.5], 0.1) == "better", (
    "Half a point on each of five folds, with a rope of 0.1: here a tenth of a point matters."
)
assert said([0.8, 1.9, 2.4, 1.1, 2.2], 1) == "undecided", (
    "[0.8, 1.9, 2.4, 1.1, 2.2] with a rope of 1 is decided too soon. The mean lies outside of the "
    "region: but 95 % of the posterior, if the folds share their training notes?"
)


# %% tags=["wrong"]
# says: does not show that there is none
def verdict(differences, rope):
    if stats.ttest_1samp(differences, 0).pvalue >= 0.05:
        return "equal"
    return "better" if np.mean(differences) > 0 else "worse"


# %% tags=["wrong"]
# says: decided too soon
def verdict(differences, rope):
    mean = np.mean(differences)
    if np.std(differences) > 3:
        return "undecided"
    return "equal" if abs(mean) <= rope else "better" if mean > 0 else "worse"


# %% tags=["wrong"]
# says: which way
def verdict(differences, rope):
    three = significance.bayesian_t(np.abs(differences), 10, 80, rope)
    return dict(zip(three, ["worse", "equal", "better"], strict=True))[max(three)]


# %% tags=["wrong"]
# says: one that matters
def verdict(differences, rope):
    fit = significance.corrected_t(differences, 10, 80)
    if fit.low > 0:
        return "better"
    if fit.high < 0:
        return "worse"
    return "equal" if -rope < fit.low and fit.high < rope else "undecided"


# %% [markdown] exercise={"name": "flips", "minutes": 20, "points": 2, "objectives": ["Say"]}
# ## Notes of a feather
#
# On a test split of three instruments and 60 notes, the CNN is right for 27 notes that the LSTM gets
# wrong, and never the other way round. McNemar's test is delighted. But the notes of an instrument
# are right or wrong together: the coin to throw is one an **instrument**. With so few of them all
# patterns of signs can be listed, none needs to be drawn at random.
#
# Write the function `flip_p`: the exact two-sided p-value of the sign-flip test, from the difference
# of every note and its instrument. What flips is the sum over an instrument's notes.
#
# <details><summary>Hint</summary>
#
# "Flip whole instruments" in the chapter draws signs; "The idea of the test" lists patterns with
# `product`. Take sums from the one and patterns from the other, with -1 and 1 in place of 0 and 1.
#
# </details>

# %%
instruments = np.repeat(["a", "b", "c"], [10, 20, 30])
difference = np.concatenate([[1] * 5 + [0] * 5, [1] * 10 + [0] * 10, [1] * 12 + [0] * 18])
b = (difference > 0).sum()
print(f"{b} notes, McNemar's p: {2 / 2.0**b:.1g}")


# %% tags=["solution"]
def flip_p(differences, instruments):
    """Exact two-sided p of the sign-flip test: differences (n,) and instruments (n,) of notes."""
    # BEGIN SOLUTION
    sums = pd.Series(differences).groupby(np.asarray(instruments)).sum().to_numpy()
    totals = np.array(list(product([-1, 1], repeat=len(sums)))) @ sums
    return (np.abs(totals) >= abs(sums.sum()) - 1e-9).mean()
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import call, number

owner = np.repeat(["a", "b", "c"], [2, 3, 5])
number(
    "flip_p of three instruments, all ahead,",
    call("flip_p", flip_p, np.ones(10), owner),
    right=2 / 8,
    digits=4,
    wrong={
        1 / 8: "Two-sided, a pattern in which all three are behind is as extreme.",
        2 / 2**10: "That flips single notes. Notes of an instrument go together.",
        1: "All patterns seem to count as extreme. Do the signs reach the instruments?",
        0: "The pattern that was observed is one of those that are listed.",
    },
    hint="How many patterns of signs have three instruments, and how many are as extreme?",
)

# %% tags=["test"]
import numpy as np

from helpers.checks import call, number

owner = np.array(["d", "a", "b", "c", "d", "d", "d", "d"])
number(
    "flip_p of four instruments, of which the largest is behind,",
    call("flip_p", flip_p, np.array([-1, 3, 4, 4, -1, -1, -1, -1]), owner),
    right=10 / 16,
    digits=4,
    wrong={
        8 / 16: "Ties count: a pattern that comes exactly as far as the observed one is as "
        "extreme.",
        4 / 16: "It looks as if sums were replaced by means: then an instrument of five notes "
        "counts no more than one of a single note.",
        5 / 16: "One side is missing.",
    },
    hint="The instruments' sums are 3, 4, 4 and -5. List the 16 totals. Notes of an instrument "
    "need not stand side by side.",
)
assert abs(call("flip_p", flip_p, np.array([2, -2]), np.array(["a", "b"])) - 1) < 1e-9, (
    "One instrument ahead and one behind by as much: nothing is less extreme, so p is 1."
)


# %% tags=["wrong"]
# says: flips single notes
def flip_p(differences, instruments):
    totals = np.array(list(product([-1, 1], repeat=len(differences)))) @ np.asarray(differences)
    return (np.abs(totals) >= abs(np.sum(differences))).mean()


# %% tags=["wrong"]
# says: all three are behind
def flip_p(differences, instruments):
    sums = pd.Series(differences).groupby(np.asarray(instruments)).sum().to_numpy()
    totals = np.array(list(product([-1, 1], repeat=len(sums)))) @ sums
    return (totals >= sums.sum()).mean()


# %% tags=["wrong"]
# says: replaced by means
def flip_p(differences, instruments):
    sums = pd.Series(differences).groupby(np.asarray(instruments)).mean().to_numpy()
    totals = np.array(list(product([-1, 1], repeat=len(sums)))) @ sums
    return (np.abs(totals) >= abs(sums.sum())).mean()


# %% [markdown] exercise={"name": "many", "minutes": 10, "points": 1, "objectives": ["Compute"]}
# ## Twelve variants
#
# - `alarm`: somebody compares twelve variants of a network with the original, each at the limit of
#   0.05. None is really better or worse. How probable is at least one false alarm? Take the
#   comparisons for independent; in **percent**, as a whole number.
# - `adjusted`: five other comparisons gave the p-values below. Correct them by **Holm's** method: a
#   list in the order of `p_values`, not rounded. How many of the five stay below 0.05?
#
# <details><summary>Hint</summary>
#
# "Many comparisons". For the second, sort, multiply, and mind the rule that a value never falls below
# the one before it.
#
# </details>

# %%
p_values = [0.024, 0.004, 0.200, 0.012, 0.020]

# %% tags=["solution"]
alarm = round(100 * (1 - 0.95**12))  # SOLUTION
adjusted = [0.06, 0.02, 0.2, 0.048, 0.06]  # SOLUTION

# %% tags=["test"]
from helpers.checks import number, same

assert alarm is ... or not 0 < alarm < 1, "Is alarm a share? It is asked for in percent."
number(
    "alarm",
    alarm,
    right=round(100 * (1 - 0.95**12)),
    wrong={
        60: "Adding up twelve times 5 % counts those cases twice that have two alarms, and twenty "
        "variants would be sure to have one.",
        54: "So probable is that there is none.",
        5: "So probable is an alarm in each single comparison.",
        34: "So probable is exactly one. Two or three are alarms as well.",
    },
    hint="How probable is it that all twelve keep silent?",
)
same(
    "adjusted",
    adjusted,
    right=[0.06, 0.02, 0.2, 0.048, 0.06],
    wrong={
        (0.02, 0.048, 0.06, 0.06, 0.2): "These are sorted. The order of `p_values` is asked for.",
        (0.048, 0.02, 0.2, 0.048, 0.06): "One of them, multiplied, has fallen below the one before "
        "it in order of size.",
        (0.12, 0.02, 1.0, 0.06, 0.1): "That is the stricter correction that multiplies *every* "
        "p-value by 5. Holm multiplies the second smallest by less.",
        (0.096, 0.004, 1.0, 0.024, 0.06): "Which p-value gets the largest factor: the smallest or "
        "the largest?",
        (0.024, 0.004, 0.2, 0.012, 0.02): "Those are the p-values as they were.",
    },
    hint="Sort the five, and write down the factor of each.",
)

# %% tags=["wrong"]
# says: counts those cases twice
alarm = 12 * 5

# %% tags=["wrong"]
# says: in percent
alarm = 1 - 0.95**12

# %% tags=["wrong"]
# says: stricter correction
adjusted = np.minimum(1, 5 * np.array(p_values))

# %% tags=["wrong"]
# says: fallen below
adjusted = [2 * 0.024, 5 * 0.004, 0.200, 4 * 0.012, 3 * 0.020]

# %% [markdown] exercise={"name": "power", "minutes": 25, "points": 3, "objectives": ["Work out", "Derive"]}
# ## More folds, less power?
#
# Suppose that on every fold the better model wins with the probability `chance`, independently of
# the other folds, and that no fold comes out even. You will test with the **sign test**: it counts
# wins, and p is the share of the $2^n$ patterns of signs that are at least as one-sided, to either
# side.
#
# - Write `power(n, chance)`: how probable is it that `n` folds give p < 0.05, in whichever
#   direction? No simulation is needed.
# - `enough`: with a chance of 0.9, what is the smallest number of folds with a power of at least
#   80 %?
#
# Before you look: the power for 5, 6, 7 and 8 folds. Does it always rise?
#
# <details><summary>Hint</summary>
#
# Go through the possible numbers of wins, 0 to n. Which of them give p < 0.05? And how probable is
# each: `stats.binom.pmf(k, n, chance)`. For the second, print the power for 5 to 20 folds.
#
# </details>


# %% tags=["solution"]
def power(n, chance):
    """How often n folds give p < 0.05 in a two-sided sign test; chance: of a win on a fold."""
    # BEGIN SOLUTION
    total = 0
    for k in range(n + 1):
        p = min(1, 2 * stats.binom.cdf(min(k, n - k), n, 0.5))
        if p < 0.05:
            total += stats.binom.pmf(k, n, chance)
    return total
    # END SOLUTION


enough = next(n for n in range(1, 100) if power(n, 0.9) >= 0.8)  # SOLUTION

# %% tags=["test"]
from helpers.checks import call, number

number(
    "power(5, 0.9)",
    call("power", power, 5, 0.9),
    right=0,
    digits=3,
    wrong={0.9**5: "Five wins of five are p = 0.0625. What can five folds show?"},
    hint="What is the smallest p that five folds can give?",
)
number(
    "power(6, 0.6)",
    call("power", power, 6, 0.6),
    right=0.6**6 + 0.4**6,
    digits=4,
    wrong={
        0.6**6: "The other direction counts as well: the worse model may win all six.",
        0.6**6 + 6 * 0.6**5 * 0.4: "Five wins of six seem to count. Is p below 0.05 there, "
        "two-sided?",
        2 * 0.6**6: "Both directions are there, but six losses are not as probable as six wins.",
        2 * 0.5**6: "That is for equal models. Here the chance of a win is another.",
    },
    hint="With which numbers of wins is p below 0.05, and how probable are they?",
)

# %% tags=["test"]
from helpers.checks import call, number

number(
    "power(9, 0.6)",
    call("power", power, 9, 0.6),
    right=0.6**9 + 9 * 0.6**8 * 0.4 + 0.4**9 + 9 * 0.4**8 * 0.6,
    digits=4,
    wrong={
        0.6**9 + 0.4**9: "With nine folds one loss is allowed: compute p for eight wins.",
        0.6**9 + 9 * 0.6**8 * 0.4: "The other direction counts as well.",
    },
    hint="List p for 0 to 9 wins.",
)
number(
    "enough",
    enough,
    right=12,
    wrong={
        9: "Nearly: not quite 80 %.",
        6: "So many make a significant result possible. How probable is it?",
        8: "Look again: with 8 folds not a single loss is allowed.",
        13: "Is that the smallest? The power goes up and down: print it for 5 to 20 folds.",
        20: "Is that the smallest? The power goes up and down: print it for 5 to 20 folds.",
    },
    hint="Print the power for 5 to 20 folds.",
)


# %% tags=["wrong"]
# says: What can five folds show
def power(n, chance):
    return chance**n


# %% tags=["wrong"]
# says: Five wins of six
def power(n, chance):
    wins = np.arange(n + 1)
    found = stats.binom.sf(wins - 1, n, 0.5) <= 0.11 if n > 5 else wins > n
    return stats.binom.pmf(wins, n, chance)[found].sum()


# %% tags=["wrong"]
# says: worse model may win
def power(n, chance):
    wins = np.arange(n + 1)
    found = 2 * stats.binom.sf(wins - 1, n, 0.5) < 0.05
    return stats.binom.pmf(wins, n, chance)[found].sum()


# %% tags=["wrong"]
# says: not quite 80 %
enough = 9

# %% [markdown] exercise={"name": "project", "minutes": 180, "points": 2, "objectives": ["Compare", "Put", "Work out"]}
# ## Open project: a test on trial
#
# You have met three ways to compare two models over folds: Wilcoxon's test, the t-test and the
# corrected t-test. Invent another, or improve one, and put it on trial. Write `my_test`: from the
# differences on folds of 80/10/10, a p-value. `trial` below makes worlds in which the folds share
# luck, as those of the same notes do, and counts how often a test calls the models different.
#
# Ideas: a sign test that knows what is shared; flips of blocks of folds; a t-test with another
# ratio; a test of medians; the mean of several p-values. **The question:** where does your test keep
# its promise of 5 %, where does it break it, and what does it see that the corrected t-test does
# not? Change the shared luck, the number of folds, and the shape of the luck: what if one fold in
# ten goes badly wrong?
#
# The check only looks whether `my_test` is fit for use: p-values from 0 to 1, the same if the two
# models change places, a landslide found with 10 folds, and no more than 10 % of false alarms with 20
# folds in the worlds of `trial`. The project is judged by this **rubric**:
#
# | points | idea | trial | evidence | writing |
# |---|---|---|---|---|
# | 2 | says what it takes for granted, and why that fits folds | false alarms and power, in at least three kinds of worlds | beside the corrected t-test, with the luck of the simulation | another student could repeat it |
# | 1 | explained | false alarms or power | one number | the order of events is clear |
# | 0 | missing | missing | a claim without a number | not to be followed |
#
# <details><summary>Hint</summary>
#
# Begin with the corrected t-test itself, as a baseline, and run `trial` on it. Then change one
# thing. With 400 worlds, a share of 5 % is uncertain by about two points: say so, or take more.
#
# </details>


# %%
def worlds(n_folds, real, n=400, shared=0.125**0.5, seed=0):
    """Made-up differences (points), shape (n, n_folds): luck of the notes and of each fold."""
    rng = np.random.default_rng(seed)
    return real + shared * rng.normal(size=(n, 1)) + rng.normal(size=(n, n_folds))


def trial(test, sizes=(5, 10, 20), real=1.5):
    """How often (%) a test gives p < 0.05: between equal models, and with a real difference."""
    found = {}
    for n_folds in sizes:
        for title, size in {"false alarms": 0, f"sees {real} points": real}.items():
            p = np.array([test(d) for d in worlds(n_folds, size)])
            found[title, n_folds] = 100 * (p < 0.05).mean()
    return pd.Series(found).unstack(0).round(1).rename_axis("folds")


# %% tags=["solution"]
def my_test(differences):
    """A two-sided p-value for the differences on folds of 80/10/10, shape (n,)."""
    return significance.corrected_t(differences, 10, 80).p  # SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call


def worlds(n_folds, real, n, seed):
    rng = np.random.default_rng(seed)
    return real + 0.125**0.5 * rng.normal(size=(n, 1)) + rng.normal(size=(n, n_folds))


def p_values(d):
    return array("the p-values", [call("my_test", my_test, row) for row in d], (len(d),))


equal = worlds(20, 0, 200, 1)
p = p_values(equal)
assert np.all((p >= 0) & (p <= 1 + 1e-9)), "my_test returns a p-value below 0 or above 1."
assert np.allclose(p[:20], p_values(-equal[:20]), atol=0.02), (
    "my_test gives another p when the two models change places. Is it two-sided?"
)
alarms = (p < 0.05).mean()
assert alarms <= 0.1, (
    f"my_test calls equal models different in {100 * alarms:.0f} % of 200 worlds, with 20 folds of "
    "the same notes. Does it take the folds for independent?"
)
found = (p_values(worlds(10, 8, 50, 2)) < 0.05).mean()
assert found > 0.9, (
    f"my_test finds a landslide, eight points on ten folds, in {100 * found:.0f} % of 50 worlds only."
)


# %% tags=["wrong"]
# says: for independent
def my_test(differences):
    return stats.ttest_1samp(differences, 0).pvalue


# %% tags=["wrong"]
# says: two-sided
def my_test(differences):
    result = significance.corrected_t(differences, 10, 80)
    return stats.t.sf(result.t, result.df)


# %% tags=["wrong"]
# says: landslide
def my_test(differences):
    return max(0.06, significance.corrected_t(differences, 10, 80).p)
