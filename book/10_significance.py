# ---
# jupyter:
#   accelerator: GPU
# ---

# %% [markdown]
# # Significance: is one model better?
#
# One network scores higher than the other. Is it better, or was it lucky? The thesis asks the
# [**Wilcoxon signed-rank test**](glossary.md#wilcoxon-signed-rank-test) and gets the same answer three times, $p = 0.0625$. This chapter
# builds that test from nothing and shows that five folds could not have given a smaller number.
# Then it asks better questions: how large is the difference, how sure is it, and would it hold for
# other instruments?

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/book/10_significance.ipynb)

# %% [markdown]
# ## What you will learn
#
# - Compare two models fold by fold, and compute a Wilcoxon signed-rank test by counting.
# - Derive the smallest p-value that $n$ folds can give.
# - Put an interval round a difference, allowing for folds that share their training notes.
# - Say how probable a difference is that matters, and whether it would hold for other
#   instruments.
# - Compute p-values that allow for several comparisons, by Holm's method.
# - Work out in advance what an experiment is able to see.
#
# **You need** [folds](05_folds.ipynb) and [results](09_results.ipynb). You know what a mean and a
# standard deviation are; no statistics beyond that.
#
# **Time**: 30 minutes of reading. The models come from records. Only where you ask for your own does the
# last part train what is missing, which takes as long as chapters 8 and 9 together.
#
# **Thesis**: sections 3.3, 4.3, 5.6 and 6.
#
# The page shows the **recorded** runs, made on the bundled notes (profile `mini`, seed 0). `SEED = 1` or
# `PROFILE = "quick"` trains anew.

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %% tags=["parameters"]
# How much is trained: smoke tests the code, quick takes minutes, mini is recorded, thesis needs NSynth.
PROFILE = "mini"
DATA = "nsynth-mini"  # or a folder or archive in NSynth's layout
RUNS = "../_build/runs"  # finished trainings are kept and found here
SEED = 0  # draws the notes and the folds, and starts every training

# %%
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from helpers import datasets, evaluation, plots, significance, tuning
from helpers.runs import compare, figures, findings, records, training

plots.use_style()

# %% [markdown]
# ## Pairs of models
#
# Here are the recorded runs of chapter 9 once more: each network as first designed (*base*), with the
# hyperparameters that our search found (*optimised*), and with those that the thesis's search found.
#
# *Table 10.1: Accuracy on the test part of each fold, in percent.*

# %%
recorded = tuning.protocol(records.read_all(records.SHIPPED))
scores = evaluation.score_table(recorded)
scores = scores[scores["part"] == "fold_test"].set_index(["fold", "model"])["accuracy"]
accuracy = 100 * scores.unstack()[list(recorded)].rename_axis(columns=None)
accuracy.round(1)

# %% [markdown]
# Each row is a fold. All models of a row have learned the same notes and are tested on the same
# notes. That makes the rows [**paired**](glossary.md#paired-comparison): where a fold happens to have hard test notes, it is hard
# for all, and the *difference* between two models of a row does not suffer from it.
#
# The thesis compares three pairs (table 4.4). Two more are worth a look: the base networks, which it
# compares in words (section 5.2), and the two networks with the thesis's settings.
#
# *Table 10.2: Left model minus right on each fold, in points.*

# %%
PAIRS = [
    ("Base CNN", "Optimised CNN"),
    ("Base LSTM", "Optimised LSTM"),
    ("Optimised LSTM", "Optimised CNN"),
    ("Base LSTM", "Base CNN"),
    ("LSTM, thesis's setting", "CNN, thesis's setting"),
]
# Rounded: a computer's 92.5 - 90.0 may miss 2.5 by a hair, and below this matters.
diffs = pd.DataFrame({f"{b} - {a}": (accuracy[b] - accuracy[a]).round(6) for a, b in PAIRS})
diffs.T

# %% [markdown]
# ## The idea of the test
#
# Suppose that the two models of a pair were equally good. Then on each fold the sign of the
# difference would be a matter of luck, plus or minus like heads or tails. So take the differences
# that you have, let coins decide their signs, and see how often luck alone gives a picture as
# one-sided as yours. If that is rare, luck is a poor explanation. "How often" is the **p-value**.
#
# This supposition has a name, the [**null hypothesis**](glossary.md#null-hypothesis). Look at what it takes for granted: a coin
# for each fold, thrown *independently* of the others.
#
# What does "as one-sided" mean? [Wilcoxon (1945)](bibliography.md#wilcoxon-1945) proposed to look
# at [**ranks**](glossary.md#rank): order the differences by size without regard to sign, the smallest gets rank 1,
# and add up the ranks of the positive ones. A large win then counts more than a small one, but
# one enormous fold cannot decide everything.
#
# Here are five made-up differences, in percentage points. Rank them on paper before you run the
# cell. What is the sum of the positive ranks?

# %%
example = np.array([1.2, -0.4, 2.1, 0.8, 1.5])
ranks = np.abs(example).argsort().argsort() + 1
print("ranks:", ranks)
print("sum of positive ranks:", ranks[example > 0].sum(), "of", ranks.sum())

# %% [markdown]
# The second model lost one fold, by the smallest margin. The largest sum possible is $1 + 2 + 3 +
# 4 + 5 = 15$, if it wins all folds; the smallest is 0.
#
# Five coins can fall in $2^5 = 32$ ways. That is few enough to write them all down, no formula
# needed. `product` lists them, 1 for plus and 0 for minus, and one matrix product gives the rank
# sum of each. Under the null hypothesis all 32 are equally likely, so the histogram of the 32 sums *is*
# the [**null distribution**](glossary.md#null-distribution): what luck does. Its middle is 7.5. Our sum counts as extreme, and so
# does every sum that is at least as far from the middle, on *either* side: before the experiment we
# did not say which model would win. That makes the test [**two-sided**](glossary.md#two-sided).

# %%
patterns = np.array(list(product([0, 1], repeat=5)))
sums = patterns @ ranks
print(patterns.shape, "patterns; the first three:", patterns[:3].tolist())

observed = ranks[example > 0].sum()
middle = ranks.sum() / 2
p = (np.abs(sums - middle) >= np.abs(observed - middle)).mean()
assert np.isclose(p, stats.wilcoxon(example).pvalue)
print("p by counting, and by SciPy:", p)

# %% mystnb={"image": {"alt": "A symmetrical bar chart from 0 to 15 with its highest bars in the middle. The two leftmost and the two rightmost bars, each of height 1, are hatched; an arrow points at the bar at 14"}}
figures.null_distribution(sums, observed)
plt.show()

# %% [markdown]
# *Figure: The null distribution of the rank sum for five folds, counted over all 32 patterns of signs.
# Hatched: sums at least as far from the middle as the observed one (arrow).*
#
# Count the hatched patterns: two on the right, their mirror images on the left. Four of 32. With one
# small loss in five folds, luck alone is as one-sided in one case out of eight. Put it in a function.
# Two details prepare for untidy data: `rankdata` gives equal sizes the average of their ranks, and
# differences of zero, which have no sign, are left out.


# %%
def signed_rank_p(d):
    """Two-sided p-value of the Wilcoxon test, by counting all patterns of signs."""
    d = np.asarray(d, dtype=float)
    d = d[d != 0]
    ranks = stats.rankdata(np.abs(d))
    sums = np.array(list(product([0, 1], repeat=len(d)))) @ ranks
    middle = ranks.sum() / 2
    return (np.abs(sums - middle) >= np.abs(ranks[d > 0].sum() - middle)).mean()


# %% [markdown]
# *Table 10.3: The function beside SciPy's, on made-up differences.*

# %%
five_wins = np.array([1.1, 0.9, 1.4, 0.7, 1.4])
examples = {
    "five folds, one small loss": example,
    "five folds, one large loss": [1.2, 0.4, -2.1, 0.8, 1.5],
    "five folds, five wins": five_wins,
    "six folds, six wins": [1, 2, 3, 4, 5, 6],
    "eight folds, two losses": [3, 1, -2, 4, 5, 6, -7, 8],
}
table = pd.DataFrame(index=examples)
table["by counting"] = [signed_rank_p(d) for d in examples.values()]
table["SciPy"] = [stats.wilcoxon(d).pvalue for d in examples.values()]
assert np.allclose(table["by counting"], table["SciPy"])
table

# %% [markdown]
# Equal in every row. Now look at the third row again. Five folds, five wins, nothing could be
# more one-sided. And still the p-value is above 0.05, the customary limit below which a result is
# called **significant**.
#
# ## The floor
#
# The most one-sided pattern that exists is "all plus". One other pattern is as extreme: "all
# minus". So whatever the differences are, at least two of the $2^n$ patterns are counted, and
#
# $$p \geq \frac{2}{2^n}.$$
#
# This is the [**floor**](glossary.md#floor-of-a-test) of the test. Let the enumeration confirm it: for each number of folds, a model that wins every one.

# %%
numbers = np.arange(2, 13)
floor = np.array([signed_rank_p(np.arange(1, n + 1)) for n in numbers])
assert np.array_equal(floor, 2 / 2.0**numbers)

# %% mystnb={"image": {"alt": "Points that fall on a straight line on a logarithmic axis, from 0.5 at two folds to 0.0005 at twelve; the point at five folds is circled and lies just above a dashed line at 0.05, the one at six lies below it"}}
figures.floor(numbers, floor)
plt.show()

# %% [markdown]
# *Figure: The smallest p-value that a two-sided Wilcoxon signed-rank test can give, by the number of folds.
# Dashed: the customary limit of 0.05. Circled: the five folds of the thesis.*
#
# At five folds the floor lies just above the line, at six below it. Now read table 4.4 of the
# thesis with this in mind:
#
# *Table 10.4: The thesis's table 4.4.*
#
# | first model | second model | p-value |
# |---|---|---|
# | base CNN | optimized CNN | 0.0625 |
# | base LSTM | optimized LSTM | 0.0625 |
# | optimized LSTM | optimized CNN | 0.0625 |
#
# All three are the floor for five folds. Section 4.3 explains rightly why they are equal: in
# every row the second model won on all five folds. What it does not say is that **no result
# whatever could have been significant**. A hair and a landslide get the same p-value: the test sees
# signs and ranks, and with five wins out of five there is nothing more to see. "Not significant" at
# 0.05 was certain before the first network was trained.

# %% [markdown]
# **Check yourself.** On each of five folds, a model is 20 points better than another. What is the
# p-value of the two-sided Wilcoxon test?
#
# <details class="choice"><summary>A. Far below 0.05: 20 points are no accident.</summary>
#
# **No.** They surely are none. But the test looks at signs and ranks, and for these all five wins
# are alike, by 20 points or by a hair.
#
# </details>
#
# <details class="choice"><summary>B. 0.0625.</summary>
#
# **Right.** Of the 32 patterns of signs, "all plus" and "all minus" are as extreme: 2 of 32. With
# five folds no data can get below.
#
# </details>
#
# <details class="choice"><summary>C. 0.03125: one pattern of 32.</summary>
#
# **No.** That counts "all plus" alone, which would be a one-sided test. It is honest only if you
# said beforehand which model would win.
#
# </details>
#
# <details class="choice"><summary>D. It depends on the number of test notes in a fold.</summary>
#
# **No.** Their number decides how reliable each difference is, and the test does not see that: five
# signs, five ranks.
#
# </details>

# %% [markdown]
# ### Ties and zeros
#
# Real folds are untidy. With $n$ test notes, an accuracy is a multiple of $1/n$, so equal
# differences ([**ties**](glossary.md#tie)) and differences of zero are common when $n$ is small. Take two models,
# five folds of 40 test notes, and count right answers:

# %%
first = np.array([38, 35, 36, 40, 39])
second = np.array([40, 35, 38, 40, 37])
d = second - first
kept = d[d != 0]
print("differences:", d, " kept:", kept, " ranks:", stats.rankdata(np.abs(kept)))
print("p:", signed_rank_p(d), " floor for what is left:", 2 / 2 ** len(kept))

as_accuracy = second / 40 - first / 40
print("SciPy, from counts:    ", stats.wilcoxon(d).pvalue)
print("SciPy, from accuracies:", stats.wilcoxon(as_accuracy).pvalue)

# %% [markdown]
# The three differences of size 2 share ranks 1, 2 and 3, so each gets 2. The two zeros are
# dropped, and with them two of the five folds: the floor **rises** to that of three folds.
#
# The last line is a trap for the engineer. In binary floating point the three differences are not
# quite equal, so ties are broken by rounding errors, and the same data get another p. That is why
# table 10.2 is rounded. `helpers.significance.wilcoxon_table` rounds, too, and makes a table like 4.4 with
# two columns that the thesis leaves out.
#
# *Table 10.5: The thesis's table 4.4, for the recorded runs.*

# %%
p_table = significance.wilcoxon_table(accuracy, PAIRS[:3])
assert np.allclose(p_table["p-value"], [signed_rank_p(d) for _, d in diffs.items()][:3])
p_table.round(4)

# %% [markdown]
# None of the three is won on all five folds: some end even, some go the other way. So p is not even as low as
# the floor of five folds, and says as little.
#
# ## Then just take more folds?
#
# Section 5.6 of the thesis suspects that five folds are too few, and section 6 expects that more
# folds could show the CNN to be better. The floor says: six are enough to make it *possible*. But
# remember what the test takes for granted. The coins are thrown independently. Are they?
#
# Any two folds share most of their training notes. If these happen to favour one model, they favour it
# on all folds at once: coins glued together. And once every note has been tested on, further folds have
# to test the same notes again. Does it matter? To find out you need to know the truth, and fresh data as
# often as you like. So leave NSynth for a moment and make a world.
#
# Ten families, 20 notes each. Each note is two points in the plane, scattered around its family's
# place. Model A sees the first point, model B the second, which is scattered around the same
# place in the same way. Both use the [**nearest centroid**](glossary.md#nearest-centroid): average the training notes of each
# family, answer with the family whose average is closest. A and B are equally good by
# construction. In *one* set of notes, either may look better, by luck.


# %%
LABELS = np.repeat(np.arange(10), 20)
PLACES = 2 * np.random.default_rng(0).normal(size=(10, 2))


def right_answers(x, train, test):
    """How many test notes the nearest centroid gets right."""
    by_family = (x * train[:, None]).reshape(10, 20, 2)  # zero where a note is not used
    centroids = by_family.sum(axis=1) / 16  # training notes of each family in a fold
    distance = ((x[test, None] - centroids) ** 2).sum(axis=2)
    return (distance.argmin(axis=1) == LABELS[test]).sum()


# %% [markdown]
# Now the folds of [chapter 5](05_folds.ipynb). Deal the notes of each family into ten parts; a
# fold tests on one, leaves its neighbour out as validation, and trains on eight. The first five
# folds are the thesis's scheme. Swap test and validation for five more: then every note has been
# tested once. For folds 11 to 20, deal again; for 21 to 40, twice more.


# %%
def fold_differences(seed, deals=4):
    """Fresh notes, ten folds a deal: right answers of A minus right answers of B."""
    rng = np.random.default_rng(seed)
    a, b = PLACES[LABELS] + rng.normal(size=(2, len(LABELS), 2))
    found = []
    for _ in range(deals):
        part = np.concatenate([rng.permutation(np.arange(20) % 10) for _ in range(10)])
        for tested in (0, 2, 4, 6, 8, 1, 3, 5, 7, 9):
            test, train = part == tested, part // 2 != tested // 2
            found.append(right_answers(a, train, test) - right_answers(b, train, test))
    return found


same_notes = np.array([fold_differences(seed) for seed in range(300)])
same_notes.shape

# %% [markdown]
# 300 worlds, 40 folds each. For comparison you want folds that *are* independent: each from a
# world of its own. They are already there. Shuffle every column, and the 40 folds of a row come
# from different worlds. Test each row with its first 5, 10, 20 or 40 folds. A and B are equally good,
# so each p-value below 0.05 is a [**false alarm**](glossary.md#false-alarm). A test that keeps its promise raises one in at
# most 5 % of the worlds. What do you expect for folds of the same notes?
#
# *Table 10.6: Share of false alarms of the Wilcoxon test in 300 worlds in which no model is better.*

# %%
SIZES = pd.Index([5, 10, 20, 40], name="folds")
fresh_notes = np.random.default_rng(1).permuted(same_notes, axis=0)


def false_alarms(rows, n):
    """The share of rows whose first n folds give p < 0.05; above ten folds nearly exact."""
    if n <= 10:
        p = np.array([signed_rank_p(row[:n]) for row in rows])
    else:
        p = stats.wilcoxon(rows[:, :n], axis=1, method="asymptotic").pvalue
    return (p < 0.05).mean()


alarms = pd.DataFrame(index=SIZES)
alarms["same notes"] = [false_alarms(same_notes, n) for n in SIZES]
alarms["fresh notes"] = [false_alarms(fresh_notes, n) for n in SIZES]
alarms.round(3)

# %% [markdown]
# With five folds there are no alarms, as the floor demands. With 40 folds of the same notes it is 33 %,
# where 40 folds of fresh notes give 5 %. Folds of the same notes go on agreeing with each other about the
# luck of those notes, and the test takes each for new evidence. Push the number of folds up and it
# will call *something* significant, even between equal models. "More folds" makes small p-values
# possible; by itself it does not make them true.

# %% [markdown]
# **Check yourself.** Somebody deals the same notes ten times into ten folds and gets $p = 0.001$
# from 100 differences. How convincing is that?
#
# <details class="choice"><summary>A. Very: a hundred differences are a large sample, and the
# p-value allows for its size.</summary>
#
# **No.** The sample is the notes, and there are no more of them than before. What luck these notes
# brought is counted a hundred times.
#
# </details>
#
# <details class="choice"><summary>B. Hardly: the folds share their notes, so the p-value is too
# small.</summary>
#
# **Right.** The test takes a hundred independent coins for granted. It needs a standard error that
# does not shrink to zero with the number of folds; the next section has one.
#
# </details>
#
# <details class="choice"><summary>C. Not at all: models cannot be compared by
# cross-validation.</summary>
#
# **No.** They can, and on the same folds that is a good comparison. Only what the folds have in
# common must be allowed for.
#
# </details>

# %% [markdown]
# ## A t-test that knows
#
# Can a test allow for it? Begin with the usual [**t-test**](glossary.md#t-test). It divides the mean difference by its
# [**standard error**](glossary.md#standard-error), $t = \bar d / (s \sqrt{1/n})$, where $s$ is the standard deviation of the folds, and asks
# how often a $t$ this far from 0 comes up by luck. It uses sizes where Wilcoxon uses ranks, so it has
# no floor. The price: it takes the differences to be scattered in the shape of a bell.
#
# [Nadeau and Bengio (2003)](bibliography.md#nadeau-and-bengio-2003) change one term, which makes it the
# [**corrected t-test**](glossary.md#corrected-t-test). Suppose that
# any two folds are correlated by $\rho = n_\text{test} / (n_\text{test} + n_\text{train})$. The variance
# of a mean of such values is $s^2 (1/n + \rho/(1-\rho))$, and so the standard error is
#
# $$s \sqrt{\frac{1}{n} + \frac{n_\text{test}}{n_\text{train}}},$$
#
# which does not go to zero, however many folds you take. For 80/10/10 the new term is 10/80. (The
# $\rho$ is a rule of thumb. One set of folds cannot tell how much its mean varies, not without
# bias, as [Bengio and Grandvalet (2004)](bibliography.md#bengio-and-grandvalet-2004) proved for
# cross-validation.)
#
# How far out is far? With few folds $s$ itself is uncertain, so a bell is too optimistic;
# [**Student's t distribution**](glossary.md#students-t-distribution) with $n - 1$ [**degrees of freedom**](glossary.md#degrees-of-freedom) has the wider tails that this
# takes. Turned round, it gives a [**confidence interval**](glossary.md#confidence-interval): all the true differences that the data
# do not contradict at that level.


# %%
def corrected_t(d, ratio):
    """t, p and 95 % interval of a mean difference; ratio is n_test / n_train."""
    n = len(d)
    standard_error = np.std(d, ddof=1) * np.sqrt(1 / n + ratio)
    t = np.mean(d) / standard_error
    p = 2 * stats.t.sf(abs(t), df=n - 1)
    reach = stats.t.ppf(0.975, df=n - 1) * standard_error
    return t, p, np.mean(d) - reach, np.mean(d) + reach


uncorrected, corrected = corrected_t(five_wins, 0), corrected_t(five_wins, 10 / 80)
by_scipy = stats.ttest_1samp(five_wins, 0)
assert np.allclose(uncorrected[:2], [by_scipy.statistic, by_scipy.pvalue])
assert np.allclose(uncorrected[2:], by_scipy.confidence_interval(0.95))
print("t-test:           t = {:.2f}, p = {:.5f}, {:.2f} to {:.2f}".format(*uncorrected))
print("corrected t-test: t = {:.2f}, p = {:.5f}, {:.2f} to {:.2f}".format(*corrected))

# %% [markdown]
# These are the five wins of above, and Wilcoxon gave them 0.0625, the floor. Both t-tests see
# more: not only that all five differences are positive, but that they lie close together. With
# the ratio 0 the function is SciPy's t-test; with 10/80 the interval gets wider. Is the promise kept?
# Ask the 300 worlds, in which every alarm is false.
#
# *Table 10.7: Share of false alarms of three tests on folds of the same notes.*

# %%
for n in SIZES:
    d = same_notes[:, :n]
    limit = stats.t.ppf(0.975, n - 1)
    for name, ratio in {"t-test": 0, "corrected t-test": 20 / 160}.items():
        t = d.mean(axis=1) / (d.std(axis=1, ddof=1) * np.sqrt(1 / n + ratio))
        alarms.loc[n, name] = (np.abs(t) > limit).mean()
alarms.drop(columns="fresh notes").rename(columns={"same notes": "Wilcoxon"}).round(3)

# %% [markdown]
# The corrected test raises a false alarm in 4 % at most. Here it is for all pairs of recorded runs;
# `significance.corrected_t` is your function with checks of its input.
#
# *Table 10.8: Left model minus right, in points: mean, standard deviation over the folds, interval and p.*

# %%
rows = {}
for pair, d in diffs.items():
    result = significance.corrected_t(d, n_test=10, n_train=80)
    assert np.allclose([result.t, result.p, result.low, result.high], corrected_t(d, 10 / 80))
    rows[pair] = {"mean": result.mean, "s": d.std(ddof=1), "from": result.low, "to": result.high}
    rows[pair] |= {"p corrected t": result.p, "p Wilcoxon": signed_rank_p(d)}
results = pd.DataFrame(rows).T
TABLE_4_3 = {"Base CNN": 96.3, "Optimised CNN": 97.1, "Base LSTM": 93.2, "Optimised LSTM": 96.0}
thesis = {f"{b} - {a}": TABLE_4_3[b] - TABLE_4_3[a] for a, b in PAIRS[:4]}
results.round(3)

# %% mystnb={"image": {"alt": "A row for each pair of models. In each row dots for the folds, a horizontal bar for the interval of the mean, a vertical line at zero and a diamond for the thesis's mean"}}
figures.pair_differences(diffs, results, thesis)
plt.show()

# %% [markdown]
# *Figure: The same. Dots: folds. Bars: mean and 95 % interval. Diamonds: the thesis's mean difference, from
# table 4.3 (its single folds are not published).*
#
# All five intervals contain 0. One test note more or less moves a recorded fold by a whole point. And the
# thesis? It prints means, not folds, so its $t$ cannot be computed. Five differences that are all positive
# can be nearly equal, or one of $5 \bar d$ and four of almost nothing; the same 1.1 points would have a
# $p$ far below 0.05, or far above. Five numbers a model, one for each fold, would have been enough.
#
# ## How probable is a difference that matters?
#
# A p-value answers "how often would equal models look like this?". What you wanted to ask was
# "how probable is it that the CNN is better, *by enough to matter*?". That takes two things more.
#
# First, a decision that no formula makes for you: how much is enough? [The study](study.md) fixed it before
# its first run: 2.5 points, one instrument in forty. Differences between -2.5 and +2.5 then count as equal
# in practice: a [**region of practical equivalence**](glossary.md#region-of-practical-equivalence), ROPE.
#
# Second, [**Bayes' rule**](glossary.md#bayes-rule): from what you believed before about the mean difference, and the data,
# to what you should believe after, the [**posterior**](glossary.md#posterior). [Corani and Benavoli
# (2015)](bibliography.md#corani-and-benavoli-2015) show that with no opinion beforehand, and the
# correlation $\rho$ of Nadeau and Bengio, the posterior is a Student distribution around the mean
# difference, with the standard error as its scale. You have all of it already. It takes three
# areas under one curve.


# %%
def bayesian_t(d, ratio, rope):
    """Probabilities: below -rope, within the rope, above it."""
    scale = np.std(d, ddof=1) * np.sqrt(1 / len(d) + ratio)
    posterior = stats.t(df=len(d) - 1, loc=np.mean(d), scale=scale)
    below, above = posterior.cdf(-rope), posterior.sf(rope)
    return below, 1 - below - above, above


# %% [markdown]
# *Table 10.9: Probability that the model left of the minus is worse by 2.5 points or more, equal in
# practice, better by 2.5 points or more.*

# %%
beliefs = pd.DataFrame({pair: bayesian_t(d, 10 / 80, rope=2.5) for pair, d in diffs.items()}).T
beliefs.columns = ["left worse", "equal", "left better"]
helper = [significance.bayesian_t(d, 10, 80, 2.5) for _, d in diffs.items()]
assert np.allclose(beliefs, helper)
beliefs.round(2)

# %% [markdown]
# Read each row as a sentence: "given these folds, and no opinion before them, the model on the left is
# better by more than 2.5 points with this probability". Unlike a p-value, the middle column can also
# *confirm* that two models are equal in practice. On other notes of *known* instruments, the optimised CNN
# and LSTM are, with a probability of 89 %.
#
# ## Other instruments
#
# Everything so far was about random folds, in which each instrument is on both sides ([chapter
# 5](05_folds.ipynb)). It says how the models compare on *other notes of the same instruments*.
# The test split asks about other instruments. There the thesis is silent: section 3.3 tests only
# the folds.
#
# One model a fold answers the same 179 notes. For each note, take the share of these sub-models
# that are right, for either network, and subtract:

# %%
bundled = [datasets.load("nsynth-mini", split) for split in ("train", "test")]
heard = evaluation.leaked(*bundled)


def by_note(runs, pair):
    """Of each test note: instrument, family, and by how many points the second model is ahead."""
    notes = bundled[1].table[~bundled[1].table["note"].isin(heard)]
    shares = []
    for title in pair:
        answers = [evaluation.part(r, "nsynth_test", heard) for r in runs[title]]
        shares.append(np.mean([p.argmax(axis=1) == y for y, p in answers], axis=0))
    difference = 100 * (shares[1] - shares[0])
    return notes[["instrument", "family"]].assign(difference=difference)


notes = by_note(recorded, ("Optimised LSTM", "Optimised CNN"))
print(f"{len(notes)} notes of {notes['instrument'].nunique()} instruments:", end=" ")
print(f"the CNN is {notes['difference'].mean():.1f} points ahead")

# %% [markdown]
# The notes of an instrument sound alike, and a network that misjudges one tends to misjudge its
# neighbours, as you saw at the end of [chapter 9](09_results.ipynb). If notes were independent, large
# circles (many notes) would all lie near the same place:

# %% mystnb={"image": {"alt": "Ten rows, one a family, with circles of different sizes scattered along an axis of percentage points around a line at zero. Flute, keyboard, mallet and vocal have a single circle each"}}
figures.by_instrument(notes)
plt.show()

# %% [markdown]
# *Figure: Each circle is an instrument of mini-test: the difference between the shares of its notes that CNN
# and LSTM get right, averaged over the sub-models. Area: number of notes. Dashed: mean over all notes.*
#
# Instruments disagree by far more than the models differ on average. So the luck of a test split is the
# luck of *which instruments* are in it, and the coin to throw is one an instrument.
#
# ### Draw other instruments
#
# What other test splits could there have been? We have no others, but we can imitate them: draw
# as many instruments as there are, from those that there are, each time putting back what you
# drew. Some come twice, some not at all. Average over all notes of what you drew, and repeat. The
# middle of these averages is an interval. This is the [**bootstrap**](glossary.md#bootstrap) ([Efron
# 1979](bibliography.md#efron-1979)), and as whole groups of notes are drawn, a [**cluster
# bootstrap**](glossary.md#cluster-bootstrap). It is paired: the two models go with the note.
#
# How wide is "the middle"? The middle 95 % would be too narrow, for the same reason for which Student's t
# has wider tails than the bell: 27 instruments know their own spread only roughly. And three of them have
# a third of the notes, so that the 27 together weigh as much as 17 equal ones: the square of the sum of their sizes,
# divided by the sum of the squares. So go as far out as t would, and a little more: drawn samples of $k$
# spread by $\sqrt{(k-1)/k}$ too little, as a variance does that is divided by $k$ and not by $k-1$
# ([Hesterberg 2015](bibliography.md#hesterberg-2015)). In imitated test splits of this size, whose truth is known, the middle 95 % hold it
# in 91 %, the widened interval in 94 %.

# %%
sums, sizes = notes.groupby("instrument")["difference"].agg(["sum", "size"]).to_numpy().T
drawn = np.random.default_rng(0).integers(0, len(sums), size=(10_000, len(sums)))
means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
k = sizes.sum() ** 2 / (sizes**2).sum()
tail = stats.norm.cdf(np.sqrt(k / (k - 1)) * stats.t.ppf(0.025, k - 1))
low, high = np.quantile(means, [tail, 1 - tail])
print(f"{len(sums)} instruments weigh as much as {k:.1f} equal ones")
theirs = significance.bootstrap_instruments(notes["difference"], notes["instrument"])
assert np.allclose(theirs, [low, high], atol=0.5)  # other draws
print(f"95 % interval: {low:+.1f} to {high:+.1f} points, the middle {1 - 2 * tail:.1%}")

# %% [markdown]
# ### Flip whole instruments
#
# And a p-value? Throw one coin an instrument: if both models were equally good at each, heads or
# tails decides which one gets the plus. 27 instruments have too many patterns to list, $2^{27}$. So draw
# some at random, and count the observed pattern as one more. This is a
# [**sign-flip permutation test**](glossary.md#sign-flip-permutation-test); Wilcoxon's is the same with ranks in place of the sums.


# %%
def flip(sums, draws=20_000):
    """Two-sided p-value of a total, from random signs for its parts."""
    signs = np.random.default_rng(0).choice([-1, 1], size=(draws, len(sums)))
    as_far = np.abs(signs @ sums) >= np.abs(sums.sum()) - 1e-9
    return (1 + as_far.sum()) / (1 + draws)


def total(x, y, axis):
    return (x - y).sum(axis=axis)


options = {"permutation_type": "samples", "n_resamples": 20_000, "vectorized": True}
by_scipy = stats.permutation_test((sums, 0 * sums), total, rng=1, **options).pvalue
print(f"flipping instruments: p = {flip(sums):.3f}, SciPy: {by_scipy:.3f}")
theirs = significance.flip_instruments(notes["difference"], notes["instrument"])
assert np.allclose([flip(sums), theirs], by_scipy, atol=0.03)

# %% [markdown]
# Now for all three pairs of CNN and LSTM, with `significance.bootstrap_instruments` and `flip_instruments`
# in place of your code.
#
# *Table 10.10: CNN minus LSTM on the 179 new notes of mini-test, in points: by instruments, and what you would
# get if notes were independent.*

# %%
rows = {}
for lstm, cnn in PAIRS[2:]:
    table = by_note(recorded, (lstm, cnn))
    d, instruments = table["difference"], table["instrument"]
    row = {"mean": d.mean()}
    row["from"], row["to"] = significance.bootstrap_instruments(d, instruments)
    row["p (flips)"] = significance.flip_instruments(d, instruments)
    row["p if notes were independent"] = flip(d[d != 0].to_numpy())
    rows[f"{cnn} - {lstm}"] = row
on_test = pd.DataFrame(rows).T
on_test.round(3)

# %% [markdown]
# The CNN is ahead in all three pairs. No p is below 0.05. Two of the intervals contain 0; that of the base
# networks begins at 0.8 points. Where interval and flips disagree, it is undecided; and of three comparisons
# each needs a stricter limit (see "Many comparisons"). Taken for independent, the same notes would have
# proved it three times.
#
# ### What each number takes as given
#
# On known instruments the table of folds does not tell; on new ones the CNN is ahead by more, and the
# table of instruments does not tell either. These are two questions, and each number takes something as given:
#
# *Table 10.11: What each number asks about, and what it takes as given.*
#
# | number | asks about | takes as given |
# |---|---|---|
# | Wilcoxon's p, corrected t | other notes of the same instruments, other training notes | the 40 instruments; one seed a fold |
# | bootstrap and flips over instruments | other instruments | these five trained networks of each kind |
# | [the study](study.md) | other instruments *and* other trainings | that the forty are a fair draw of their families |
#
# Only the last was planned to say what another seed would have done: ten deals,
# each of its runs from a seed of its own.
#
# ## What p says, and what it does not
#
# *Table 10.12: What a p-value says, and what it does not.*
#
# | a p-value says | it does not say |
# |---|---|
# | how often coin-flip signs would look as one-sided as the folds do | how probable it is that the models are equal |
# | (if small) that luck of this kind is a poor explanation | that the difference is large, or matters |
# | (if large) that luck of this kind is a possible explanation | that the models are equally good |
# | something about these folds of these notes | how the models fare on other instruments |
#
# The third row is the one that five folds make dangerous. When the floor is above 0.05, "not
# significant" carries no information about the models at all. So report, for a comparison of two
# models: folds, notes and instruments; the difference on every fold; its mean with an interval
# that knows what the folds share; how many comparisons were made; and then, last, p.

# %% [markdown]
# **Check yourself.** Two models are compared, and $p = 0.4$. Which sentence is right?
#
# <details class="choice"><summary>A. With a probability of 40 %, the models are equally
# good.</summary>
#
# **No.** A p-value is computed *as if* they were. How probable that is, it cannot say; for that you
# needed a posterior.
#
# </details>
#
# <details class="choice"><summary>B. The models are equally good, or so nearly that it would take a
# very large sample to tell them apart.</summary>
#
# **No.** Luck is a possible explanation. A real difference that this experiment was too small to
# see is another.
#
# </details>
#
# <details class="choice"><summary>C. If they were equally good, differences as large as these would
# come up in 40 % of such experiments.</summary>
#
# **Right.** So luck is a fair explanation. Whether there is a difference as well, the interval
# tells, by how wide it is.
#
# </details>

# %% [markdown]
# ## The answer
#
# Table 4.4 once more, with what you have learned to put beside a p-value.
#
# *Table 10.13: The thesis's comparisons, its numbers and the recorded ones; differences in points.*

# %%
closing = pd.DataFrame({"thesis": thesis}).iloc[:3].round(1)
closing["thesis, p"] = 0.0625
closing["recorded"] = results["mean"].round(1)
closing["folds won, lost"] = [f"{(d > 0).sum()}, {(d < 0).sum()}" for _, d in diffs.items()][:3]
closing["p"] = results["p Wilcoxon"]
closing["95 % interval"] = [f"{a:+.1f} to {b:+.1f}" for a, b in results[["from", "to"]].to_numpy()][
    :3
]
closing["equal in practice"] = beliefs["equal"].round(2)
closing.T

# %% [markdown]
# ### The conclusion of the thesis, and what these runs add
#
# Section 6 of the thesis concludes that CNN and LSTM differ little: 1.1 points on the folds and
# 2.6 on NSynth's test split, in favour of the CNN (table 4.3 gives 2.7; rounding may explain it);
# that the difference is not significant; that the CNN's five wins of five suggest that more folds
# could show it; and that it cannot be said which is better.
#
# That the CNN won on five folds of five is a fact about those folds, and a better summary than its
# p-value. In the recorded runs it wins 2 folds and loses 0. That the difference is "not significant" is
# true and empty, since the test could not say anything else. That neither network could be shown to be
# better is the right conclusion, and there is a stronger reason for it than the thesis gives: if you want
# to know about instruments, random folds of notes do not ask. Whether a claim of the thesis holds on these
# notes is decided in one place, [chapter 12](12_why.ipynb), with all comparisons counted,
# beside [the study](study.md), whose tests ask other instruments and other trainings.
#
# What these runs do **not** show:
#
# - **Anything about NSynth as a whole.** The recorded folds share 1,000 notes of 40 instruments;
#   the thesis's have 87,500 notes.
# - **What is due to the architecture.** The networks differ in size, in learning rate and in the
#   luck of a small search, as section 5.2 of the thesis says too.
#
# ## Further
#
# ### Many comparisons
#
# The thesis makes three comparisons, and four models would allow six. If no model is better, each
# comparison still has a chance of one in twenty of a false alarm, and the chance of *at least one* grows
# with their number: $1 - 0.95^m$, for six independent ones 26 %.
# [**Holm's method**](glossary.md#holms-method) ([1979](bibliography.md#holm-1979)) keeps it at 5 %. Sort the
# $m$ p-values. Multiply the smallest by $m$, the next by $m - 1$, and so on to 1; a value never
# falls below the one before it. Then compare with 0.05 as usual.


# %%
def holm(p):
    """Holm's adjusted p-values."""
    p = np.asarray(p, dtype=float)
    order = p.argsort()
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(raised, 1)
    return adjusted


for p in ([0.01, 0.04, 0.03], [0.0625, 0.0625, 0.0625]):
    print(p, "->", holm(p).round(4))
    assert np.allclose(holm(p), significance.holm(p))

# %% [markdown]
# The second line is table 4.4. Three comparisons would have needed a floor of $0.05 / 3$ for the
# first of them, which takes seven folds.
#
# ### McNemar's test
#
# The textbook compares two single models, note by note: $b$ notes that only one gets right, $c$ that only
# the other does. If both were equally good, each of the $b + c$ would be a coin
# ([**McNemar's test**](glossary.md#mcnemars-test), [1947](bibliography.md#mcnemar-1947)). Coins again, one a note, and independent: for notes that go
# together by instruments, it is the last column of table 10.10 for a single model each.
#
# ### What would it take to see a difference?
#
# A test that finds nothing may have had no chance to. Its [**power**](glossary.md#power-of-a-test) is how often it finds a
# difference that is there. That you can work out before an experiment, if you know how much luck
# there is. Here the luck is how far instruments scatter: the standard error times the root of their
# number. To find a difference in four of five test splits, the standard error has to be 2.8 times smaller
# than the difference: 1.96 for p, and 0.84 for the four of five.

# %%
scatter = np.sqrt(k) * means.std()  # as many equal ones
print(f"instruments scatter by {scatter:.0f} points")
for difference in (2.7, scatter * 2.8 / np.sqrt(k)):
    print(f"{difference:4.1f} points: {(2.8 * scatter / difference) ** 2:5.0f} instruments")

# %% [markdown]
# The thesis's 2.7 points would take many more instruments than the 53 of NSynth's test split, if they scatter
# as ours do; the 27 of mini-test find no less than the last line says. The study asks forty, in ten trainings each.
#
# ## Your run
#
# Did you change `PROFILE`, `SEED` or `DATA`? Then the next cell trains your four models, or finds their
# records, and compares your pairs beside the recorded ones. Otherwise there is nothing to show.

# %% tags=["remove-stderr"]
experiment = training.Experiment(PROFILE, DATA, RUNS, SEED)
runs = {}
for name in ("cnn", "lstm"):
    runs[f"Base {name.upper()}"] = experiment.run_folds(name)
    best = tuning.search(experiment, name, SEED).best
    runs[f"Optimised {name.upper()}"] = experiment.run_folds(name, best)
compare.your_pairs(runs, recorded, PAIRS[:4])

# %% tags=["remove-cell"]
# For maintainers: `make regression` compares these figures with earlier runs. It shows nothing.
fixed = {"p/by counting": signed_rank_p(example), "p/corrected t/five wins": corrected[1]}
fixed |= {f"share/false alarms, t-test/{n} folds": alarms["t-test"][n] for n in SIZES}
for table, test in ((results, ""), (beliefs, ""), (on_test, "mini-test/")):
    for row, values in table.iterrows():
        fixed |= {f"{column}/{test}{row}": value for column, value in values.items()}
findings.report(fixed)

# %% [markdown]
# ## Try it yourself
#
# 1. In the cell with `example`, change -0.4 to -4. Which rank does the loss get, what becomes of
#    $p$, and what would the mean difference have told you?
#
#    <details><summary>What happens</summary>
#
#    The loss gets rank 5, the sum of positive ranks is 10 and p rises to 0.625. The mean difference is 0.32,
#    still positive: one fold outweighs four.
#
#    </details>
#
# 2. In `signed_rank_p`, count **one-sided** (`sums >= ranks[d > 0].sum()`), and drop the asserts
#    that compare with two-sided values. What is the floor now? When would that be honest?
#
#    <details><summary>What happens</summary>
#
#    The floor is 1/32, or 0.03125, for five folds: five wins would be "significant". Honest only if you had
#    said before the first run which model would win.
#
#    </details>
#
# 3. In `fold_differences`, let B see a better point: scale its noise by 0.8, with a line
#    `b = PLACES[LABELS] + 0.8 * (b - PLACES[LABELS])`. Now every alarm is a true one. Which test notices
#    more often with 5 and with 40 folds?
#
#    <details><summary>What happens</summary>
#
#    With 5 folds Wilcoxon notices nothing, ever; the corrected t-test notices in 13 % of the worlds. With 40
#    folds it is 85 % and 40 %: Wilcoxon notices more, and pays for it with false alarms (table 10.6).
#
#    </details>
#
# ## What you learned
#
# - Compare models on the same folds, by their differences. With $n$ folds Wilcoxon's $p$ cannot
#   be less than $2/2^n$; table 4.4 is this floor, three times.
# - Folds of the same notes are not new evidence each. The corrected t-test allows for it and
#   gives an interval.
# - A posterior with a region of practical equivalence answers the question that you had: how
#   probable is a difference that matters?
# - Notes of an instrument share its luck. To speak about other instruments, resample instruments.
# - Several comparisons need a stricter limit each.
# - Work out the power first: a question may need more instruments than there are.
#
# ## Next
#
# [Unseen instruments](11_unseen_instruments.ipynb): simple models and networks on folds that hold
# out whole instruments. For the background of this chapter, see [Dietterich
# (1998)](bibliography.md#dietterich-1998), [Demšar (2006)](bibliography.md#demšar-2006) and
# [Benavoli et al. (2017)](bibliography.md#benavoli-et-al-2017).
#
# **Thesis sections covered**: 3.3 (the test), 4.3, 5.6 (second half) and 6. Done differently: the
# differences on every fold, their mean with an interval and the floor stand beside $p$; equal
# differences are treated as ties; the test split is compared as well, by instruments.
