# ---
# jupyter:
#   accelerator: GPU
# ---

# %% [markdown]
# # Significance: is one model better?
#
# One network scores higher than the other. Is it better, or was it lucky? The thesis asks the
# Wilcoxon signed-rank test and gets the same answer three times, $p = 0.0625$. This chapter
# builds the test from nothing, shows that five folds could not have given a smaller number, and
# asks what can be said instead.

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/book/09_significance.ipynb)

# %% [markdown]
# ## What you will learn
#
# - Compare two models fold by fold instead of average by average.
# - Compute a Wilcoxon signed-rank test by hand, and its p-value by counting.
# - Derive the smallest p-value that $n$ folds can give.
# - See in a simulation why simply adding folds does not settle the question.
# - Say what a p-value means, what it does not, and what belongs beside it.
#
# **You need** [folds](04_folds.ipynb) and [results](08_results.ipynb). You know what a mean and a
# standard deviation are; no statistics beyond that.
#
# **Time**: 30 minutes of reading. The four models come from the records of earlier chapters. If
# you run this chapter first, it trains them, which takes as long as chapters 7 and 8 together.
#
# **Thesis**: sections 3.3, 4.3, 5.6 and 6.

# %% tags=["setup", "remove-cell"]
# In Colab: get the book's files, install what is missing, replace nothing. Elsewhere: do nothing.
import sys

REPOSITORY = "https://github.com/your-account/cnn-or-lstm"
FOLDER = "/content/cnn-or-lstm"

if "google.colab" in sys.modules:
    import os
    import subprocess

    if not os.path.exists(FOLDER + "/book"):
        clone = ["git", "clone", "--quiet", "--depth", "1", "--branch", "main"]
        subprocess.run([*clone, REPOSITORY, FOLDER], check=True)
    subprocess.run([sys.executable, FOLDER + "/tools/colab.py"], check=True)
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    sys.path.insert(0, FOLDER)
    os.chdir(FOLDER + "/book")

# %% tags=["parameters"]
PROFILE = "quick"  # smoke, quick, mini or thesis
DATA = "nsynth-mini"  # or a folder or archive in NSynth's layout
RUNS = "../_build/runs"  # finished trainings are kept and found here

# %% tags=["remove-stderr"]
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from scipy import stats

from helpers import datasets, evaluation, plots, significance, training, tuning

plots.use_style()
TEST = "mini-test" if DATA == "nsynth-mini" else "NSynth test"
experiment = training.Experiment(PROFILE, DATA, RUNS)

# %% [markdown]
# ## Four models on the same folds
#
# The thesis compares four models: each network as first designed (*base*), and with the
# hyperparameters that the search found (*tuned*: the same models that the thesis calls *optimized*
# and chapter 8 *optimised*). `tuning.search` and `run_folds` read a record where there is one and
# train where there is none.

# %% tags=["remove-stderr"]
runs = {}
for network in ("cnn", "lstm"):
    best = tuning.search(experiment, network).best
    runs[f"base {network.upper()}"] = experiment.run_folds(network)
    runs[f"tuned {network.upper()}"] = experiment.run_folds(network, best)

n_folds = experiment.profile.folds
n_test = len(experiment.folds[0].test)
print(f"profile {PROFILE}: {n_folds} folds, {experiment.profile.epochs} epochs,")
print(f"{len(experiment.y)} notes, of which {n_test} in the test part of each fold")

# %%
copies = evaluation.leaked(datasets.load(DATA, "train"), experiment.test_notes)
scores = evaluation.score_table(runs, without=copies)
on_folds = scores[scores["part"] == "fold_test"]
accuracy = on_folds.pivot(index="fold", columns="model", values="accuracy")[list(runs)]
accuracy.round(3)

# %% [markdown]
# Each row is a fold. All four models of a row have learned the same notes and are tested on the
# same notes. That makes the rows **paired**: where a fold happens to have hard test notes, it is
# hard for all four, and the *difference* between two models of a row does not suffer from it.
#
# The thesis compares three pairs (table 4.4). In the figure a line is a fold. Lines that rise are
# folds on which the second model is better. How many rise in each panel?

# %% mystnb={"figure": {"caption": "Accuracy on the test part of each fold, for the three pairs of table 4.4. Each line is one fold, numbered on the right. Blue: CNN. Orange: LSTM. Circles: base. Squares: tuned.", "name": "fig-pairs"}, "image": {"alt": "Three panels with two columns of markers each; a grey line a fold joins the two markers of the fold"}}
pairs = [("base CNN", "tuned CNN"), ("base LSTM", "tuned LSTM"), ("tuned LSTM", "tuned CNN")]
fig, axes = plt.subplots(1, 3, figsize=(7.4, 3.6), sharey=True)
for ax, pair in zip(axes, pairs, strict=True):
    ax.plot([0, 1], accuracy[list(pair)].T, color=plots.GREY, linewidth=1)
    for x, name in enumerate(pair):
        colour = plots.COLOURS["cnn" if "CNN" in name else "lstm"]
        marker = "o" if "base" in name else "s"
        ax.plot([x] * n_folds, accuracy[name], marker, color=colour, markersize=7)
    for value, group in accuracy.groupby(pair[1]):
        ax.text(1.1, value, ", ".join(map(str, group.index)), va="center", fontsize=8)
    ax.set(xlim=(-0.35, 1.6))
    ax.set_xticks([0, 1], [name.replace(" ", "\n") for name in pair])
axes[0].set_ylabel("accuracy on the fold's test part")
plt.show()

# %% [markdown]
# Now the question in numbers: the difference on each fold, second model minus first, in
# percentage points. (Rounded, because a computer's 0.925 - 0.9 is not exactly 0.025. Below you
# will see that this matters.)

# %%
points = (100 * accuracy).round(6)
differences = pd.DataFrame({f"{b} - {a}": points[b] - points[a] for a, b in pairs})
differences.round(6)

# %% [markdown]
# ## The idea of the test
#
# Suppose that the two models of a pair were equally good. Then on each fold the sign of the
# difference would be a matter of luck, plus or minus like heads or tails. So take the differences
# that you have, let coins decide their signs, and see how often luck alone gives a picture as
# one-sided as yours. If that is rare, luck is a poor explanation. "How often" is the **p-value**.
#
# This supposition has a name, the **null hypothesis**. Look at what it takes for granted: a coin
# for each fold, thrown *independently* of the others.
#
# What does "as one-sided" mean? [Wilcoxon (1945)](bibliography.md#wilcoxon-1945) proposed to look
# at **ranks**: order the differences by size without regard to sign, the smallest gets rank 1,
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
# ### All 32 worlds of luck
#
# Five coins can fall in $2^5 = 32$ ways. That is few enough to write them all down, no formula
# needed. `product` lists them, 1 for plus and 0 for minus, and one matrix product gives the rank
# sum of each:

# %%
patterns = np.array(list(product([0, 1], repeat=5)))
sums = patterns @ ranks
print(patterns.shape, "patterns; the first three:", patterns[:3].tolist())
print("their rank sums:", sums[:3])

# %% [markdown]
# Under the null hypothesis all 32 patterns are equally likely. So the histogram of the 32 sums
# *is* the **null distribution**: what luck does. Its middle is 7.5. Our sum counts as extreme,
# and so does every sum that is at least as far from the middle, on *either* side: before the
# experiment we did not say which model would win. That makes the test **two-sided**.

# %% mystnb={"figure": {"caption": "The null distribution of the rank sum for five folds, counted over all 32 patterns of signs. Hatched: sums at least as far from the middle as the observed one (arrow).", "name": "fig-null"}, "image": {"alt": "A symmetrical bar chart from 0 to 15 with its highest bars in the middle. The two leftmost and the two rightmost bars, each of height 1, are hatched; an arrow points at the bar at 14"}}
observed = ranks[example > 0].sum()
middle = ranks.sum() / 2
values, counts = np.unique(sums, return_counts=True)
extreme = np.abs(values - middle) >= np.abs(observed - middle)

fig, ax = plt.subplots()
ax.bar(values[~extreme], counts[~extreme], color=plots.GREY, alpha=0.4, label="less extreme")
ax.bar(
    values[extreme],
    counts[extreme],
    color=plots.GREEN,
    hatch="//",
    edgecolor="black",
    label="as extreme, or more",
)
ax.annotate(
    "observed", (observed, 1), (observed, 2.2), ha="center", arrowprops={"arrowstyle": "->"}
)
ax.set(xlabel="sum of positive ranks", ylabel="patterns of signs", xticks=range(16))
ax.set_yticks(range(4))
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# Count the hatched patterns: two on the right, their mirror images on the left. Four of 32.

# %%
p = (np.abs(sums - middle) >= np.abs(observed - middle)).mean()
print("p by counting:", p)
print("p from SciPy: ", stats.wilcoxon(example).pvalue)

# %% [markdown]
# The two agree. With one small loss in five folds, luck alone is as one-sided in one case out of
# eight.
#
# Put it in a function. Two details prepare for untidy data: `rankdata` gives equal sizes the
# average of their ranks, and differences of zero, which have no sign, are left out.


# %%
def signed_rank_p(d):
    """Two-sided p-value of the Wilcoxon signed-rank test, by counting all patterns of signs."""
    d = np.asarray(d, dtype=float)
    d = d[d != 0]
    ranks = stats.rankdata(np.abs(d))
    sums = np.array(list(product([0, 1], repeat=len(d)))) @ ranks
    middle = ranks.sum() / 2
    return (np.abs(sums - middle) >= np.abs(ranks[d > 0].sum() - middle)).mean()


# %% [markdown]
# Compare it with SciPy's on five sets of made-up differences:

# %%
five_wins = np.subtract([0.971, 0.970, 0.972, 0.969, 0.973], [0.960, 0.961, 0.958, 0.962, 0.959])
examples = {
    "five folds, one small loss": example,
    "five folds, one large loss": [1.2, 0.4, -2.1, 0.8, 1.5],
    "five folds, five wins": five_wins,
    "six folds, six wins": [1, 2, 3, 4, 5, 6],
    "eight folds, two losses": [3, 1, -2, 4, 5, 6, -7, 8],
}
table = pd.DataFrame(
    {
        "by counting": {name: signed_rank_p(d) for name, d in examples.items()},
        "SciPy": {name: stats.wilcoxon(d).pvalue for name, d in examples.items()},
    }
)
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
# Let the enumeration confirm it. For each number of folds, test a model that wins every one:

# %%
numbers = np.arange(2, 13)
floor = np.array([signed_rank_p(np.arange(1, n + 1)) for n in numbers])
assert np.array_equal(floor, 2 / 2.0**numbers)
pd.DataFrame(
    {"patterns": 2**numbers, "smallest p": floor.round(5), "below 0.05?": floor < 0.05},
    index=pd.Index(numbers, name="folds"),
)

# %% mystnb={"figure": {"caption": "The smallest p-value that a two-sided Wilcoxon signed-rank test can give, by the number of folds. Dashed: the customary limit of 0.05. Circled: the five folds of the thesis.", "name": "fig-floor"}, "image": {"alt": "Points that fall on a straight line on a logarithmic axis, from 0.5 at two folds to 0.0005 at twelve; the point at five folds is circled and lies just above a dashed line at 0.05, the one at six lies below it"}}
fig, ax = plt.subplots()
ax.semilogy(numbers, floor, "o-", color=plots.GREEN)
ax.plot(5, 2 / 2**5, "o", color="none", markeredgecolor="black", markersize=16)
ax.annotate("thesis: five folds, 0.0625", (5.25, 0.068), (6, 0.2), arrowprops={"arrowstyle": "-"})
ax.axhline(0.05, color="black", linestyle="--")
ax.text(12.2, 0.056, "0.05", ha="right")
ax.set(xlabel="folds", ylabel="smallest possible p", xticks=numbers)
plt.show()

# %% [markdown]
# At five folds the floor lies just above the line, at six below it. Now read table 4.4 of the
# thesis with this in mind:
#
# | first model | second model | p-value |
# |---|---|---|
# | base CNN | optimized CNN | 0.0625 |
# | base LSTM | optimized LSTM | 0.0625 |
# | optimized LSTM | optimized CNN | 0.0625 |
#
# All three are the floor for five folds. Section 4.3 explains rightly why they are equal: in every
# row the second model won on all five folds. What it does not say is that **no result whatever
# could have been significant**. With five folds this test cannot give less than 0.0625, so "not
# significant" at 0.05 was certain before the first network was trained. How certain? Three made-up
# pairs:

# %%
made_up = {
    "better by a hair on every fold": [0.01, 0.02, 0.01, 0.03, 0.02],
    "the thesis's order of size": [1.1, 0.9, 1.4, 0.7, 1.4],
    "perfect against guessing": [90, 89, 91, 90, 92],
}
pd.Series({name: signed_rank_p(d) for name, d in made_up.items()}, name="p-value").to_frame()

# %% [markdown]
# A hair and a landslide get the same p-value. The test sees signs and ranks, and with five wins
# out of five there is nothing more to see. In fact five folds without ties or zeros can give only
# a handful of answers:

# %%
signs = 2 * patterns - 1
answers = sorted({signed_rank_p(s * np.arange(1, 6)) for s in signs})
print("p-values that five folds can give:", *answers)

# %% [markdown]
# ## Ties and zeros
#
# Real folds are untidy. With $n$ test notes, an accuracy is a multiple of $1/n$, so equal
# differences (**ties**) and differences of zero are common when $n$ is small. Take two models,
# five folds of 40 test notes, and count right answers:

# %%
first = np.array([38, 35, 36, 40, 39])
second = np.array([40, 35, 38, 40, 37])
d = second - first
kept = d[d != 0]
print("differences:", d, " kept:", kept, " ranks:", stats.rankdata(np.abs(kept)))
print("p:", signed_rank_p(d), " floor for what is left:", 2 / 2 ** len(kept))

# %% [markdown]
# The three differences of size 2 share ranks 1, 2 and 3, so each gets 2. The two zeros are
# dropped, and with them two of the five folds: the floor **rises** to that of three folds. In this
# version of the test, which is Wilcoxon's own, a fold without a difference counts for nothing.
#
# One trap for the engineer. Give the same data to SciPy as accuracies instead of counts:

# %%
as_accuracy = second / 40 - first / 40
print("differences:", [float(value) for value in as_accuracy])
print("p from counts:    ", stats.wilcoxon(d).pvalue)
print("p from accuracies:", stats.wilcoxon(as_accuracy).pvalue)

# %% [markdown]
# Different answers for the same data. In binary floating point the three differences are not
# quite equal, so the ties are broken by rounding errors. That is why the table of differences
# above was rounded, and why it is good practice to test counts or rounded differences.
#
# ## Table 4.4, twice
#
# `helpers.significance.wilcoxon` calls SciPy's test. So that nobody falls into the trap, it first
# rounds the differences to nine decimals, and for up to twelve of them it has SciPy go through all
# patterns of signs, as you did. `smallest_p` is the floor, and `wilcoxon_table` makes a table like
# 4.4 with two columns that the thesis leaves out: the mean difference and the number of folds that
# the second model won. First this run:

# %%
ours = significance.wilcoxon_table({name: points[name] for name in runs}, pairs)
by_counting = [signed_rank_p(differences[column].round(6)) for column in differences]
ours.assign(**{"p by counting": by_counting}).round(4)

# %% [markdown]
# The mean difference is in percentage points. The last column is your own function, as a check.
# And the thesis, with mean differences computed from its table 4.3 (rounded there to a tenth of a
# point):

# %%
THESIS = {  # table 4.3: 5-fold accuracy, NSynth accuracy
    "base CNN": (0.963, 0.732),
    "tuned CNN": (0.971, 0.743),
    "base LSTM": (0.932, 0.693),
    "tuned LSTM": (0.960, 0.716),
}
thesis = ours.drop(columns="p-value").assign(
    **{
        "mean difference": [round(100 * (THESIS[b][0] - THESIS[a][0]), 1) for a, b in pairs],
        "second better on": "5 of 5",
        "p-value": 0.0625,
    }
)
thesis

# %% tags=["hide-input"]
lines = []
for _, row in ours.iterrows():
    d = differences[f"{row['second model']} - {row['first model']}"].round(6)
    used = (d != 0).sum()
    least = significance.smallest_p(max(used, 1))
    zeros = f", {len(d) - used} without a difference" if used < len(d) else ""
    if np.isclose(row["p-value"], least):
        word = "the smallest that was possible"
    else:
        word = f"the smallest possible was {least:.4g}"
    lines.append(
        f"- {row['second model']} against {row['first model']}: better on {(d > 0).sum()}, worse "
        f"on {(d < 0).sum()} of {len(d)} folds{zeros}; p = {row['p-value']:.4g}, {word}."
    )
bound = significance.smallest_p(n_folds)
limit = "above" if bound > 0.05 else "below"
display(
    Markdown(
        f"In this run (profile {PROFILE}, {n_folds} folds):\n\n" + "\n".join(lines) + "\n\n"
        f"With {n_folds} folds the floor is {bound:.4g}, {limit} 0.05."
    )
)

# %% [markdown]
# ## How large is the difference?
#
# A p-value is no measure of size. So put the differences themselves beside it: every fold, the
# mean, and the thesis's mean for comparison. That is the **effect size** in the unit that
# everyone understands, percentage points.

# %% mystnb={"figure": {"caption": "Difference in accuracy on the test part of each fold, second model minus first. Dots: folds of this run. Bar: their mean. Diamond: the thesis's mean difference, from table 4.3 (its values for single folds are not published).", "name": "fig-effect"}, "image": {"alt": "Three rows of dots along a horizontal axis of percentage points, with a vertical line at zero, a short bar at the mean of each row and a diamond for the thesis"}}
fig, ax = plt.subplots(figsize=(7.2, 2.8))
ax.axvline(0, color="black", linewidth=1)
for row, column in enumerate(differences):
    d = differences[column]
    lift = np.linspace(-0.12, 0.12, len(d))  # so that equal values stay visible
    ax.plot(d, row + lift, "o", color=plots.PURPLE)
    ax.vlines(d.mean(), row - 0.3, row + 0.3, color="black", linewidth=2)
    ax.plot(thesis["mean difference"][row], row, "D", color="white", markeredgecolor="black")
ax.plot([], [], "o", color=plots.PURPLE, label="one fold")
ax.plot([], [], color="black", linewidth=2, label="mean")
ax.plot([], [], "D", color="white", markeredgecolor="black", label="thesis, mean")
ax.set(xlabel="difference in accuracy (percentage points)", ylim=(2.5, -0.5))
ax.set_yticks(range(3), [f"{b}\nminus {a}" for a, b in pairs])
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
plt.show()

# %% tags=["hide-input"]
display(
    Markdown(
        f"One test note more or less moves a fold by {100 / n_test:.3g} percentage points here, "
        f"and by {100 / 8750:.2f} in the thesis (8,750 test notes a fold). "
        + " ".join(
            f"{name}: mean {d.mean():+.1f}, folds from {d.min():+.1f} to {d.max():+.1f}."
            for name, d in differences.items()
        )
    )
)

# %% [markdown]
# Compare each spread with its mean, and with the weight of one note. Where the dots of a row lie
# on both sides of zero, the folds do not even agree on which model is better. In the thesis they
# all agreed.

# %% [markdown]
# ## Then just take more folds?
#
# Section 5.6 of the thesis suspects that five folds are too few, and section 6 expects that more
# folds could show the CNN to be better. The floor says: six are enough to make it *possible*. But
# remember what the test takes for granted. The coins are thrown independently. Are they?
#
# Any two folds share most of their training notes:

# %%
train_sets = [fold.train for fold in experiment.folds]
shared = [np.isin(a, b).mean() for i, a in enumerate(train_sets) for b in train_sets[:i]]
print(
    f"shared training notes, {len(shared)} pairs of folds: {min(shared):.2f} to {max(shared):.2f}"
)

# %% [markdown]
# If the training notes happen to favour one model, they favour it on all folds at once. Then the
# folds are like coins glued together. And once every note has been tested on, further folds have
# to test the same notes again. Does it matter? To find out you need to know the truth, and fresh
# data as often as you like. So leave NSynth for a moment and make a world.
#
# ### A world in which no model is better
#
# Ten families, 20 notes each. Each note is two points in the plane, scattered around its family's
# place. Model A sees the first point, model B the second, which is scattered around the same
# place in the same way. Both use the **nearest centroid**: average the training notes of each
# family, answer with the family whose average is closest. A and B are equally good by
# construction. In *one* set of notes, either may look better, by luck.


# %%
LABELS = np.repeat(np.arange(10), 20)
PLACES = 2 * np.random.default_rng(0).normal(size=(10, 2))


def right_answers(x, train, test):
    """How many test notes the nearest centroid gets right."""
    centroids = np.stack([x[train & (family == LABELS)].mean(axis=0) for family in range(10)])
    distance = np.linalg.norm(x[test, None] - centroids, axis=2)
    return (distance.argmin(axis=1) == LABELS[test]).sum()


# %% [markdown]
# Now the folds of [chapter 4](04_folds.ipynb). Deal the notes of each family into ten parts; a
# fold tests on one, leaves its neighbour out as validation, and trains on eight. The first five
# folds are the thesis's scheme. Swap test and validation for five more: then every note has been
# tested once. For folds 11 to 20, deal again; for 21 to 40, twice more.


# %%
def fold_differences(seed, deals=4):
    """Draw fresh notes, and compare A with B on 10 folds a deal: right answers of A minus of B."""
    rng = np.random.default_rng(seed)
    a, b = PLACES[LABELS] + rng.normal(size=(2, len(LABELS), 2))
    differences = []
    for _ in range(deals):
        part = np.concatenate([rng.permutation(np.arange(20) % 10) for _ in range(10)])
        for tested, left_out in [(k, k + 1) for k in range(0, 10, 2)] + [
            (k + 1, k) for k in range(0, 10, 2)
        ]:
            test, train = part == tested, (part != tested) & (part != left_out)
            differences.append(right_answers(a, train, test) - right_answers(b, train, test))
    return differences


same_notes = np.array([fold_differences(seed) for seed in range(300)])
same_notes.shape

# %% [markdown]
# 300 worlds, 40 folds each. For comparison you want folds that *are* independent: each from a
# world of its own. They are already there. Shuffle every column, and the 40 folds of a row come
# from different worlds:

# %%
fresh_notes = np.random.default_rng(1).permuted(same_notes, axis=0)

# %% [markdown]
# Test each row with its first 5, 10, 20 or 40 folds. A and B are equally good, so each p-value
# below 0.05 is a **false alarm**. A test that keeps its promise raises at most 5 % of them. What
# do you expect for folds of the same notes? (Up to ten folds p is counted exactly; beyond that
# SciPy's normal approximation is close enough.)


# %%
def false_alarms(rows, n):
    """The share of rows whose first n folds give p < 0.05."""
    if n <= 10:
        p = np.array([signed_rank_p(row[:n]) for row in rows])
    else:
        p = stats.wilcoxon(rows[:, :n], axis=1, method="asymptotic").pvalue
    return (p < 0.05).mean()


SIZES = [5, 10, 20, 40]
alarms = pd.DataFrame(
    {
        "folds of the same notes": [false_alarms(same_notes, n) for n in SIZES],
        "folds of fresh notes": [false_alarms(fresh_notes, n) for n in SIZES],
    },
    index=pd.Index(SIZES, name="folds"),
)
alarms.round(3)

# %% [markdown]
# Why does that happen? Look at the mean difference over $n$ folds. A formula for independent
# values says that its standard deviation is $s/\sqrt{n}$, where $s$ is the standard deviation of
# the single folds. What it really is, you can see from the 300 worlds.

# %%
spread = pd.DataFrame(
    {
        "believed": [np.sqrt((same_notes[:, :n].var(axis=1, ddof=1) / n).mean()) for n in SIZES],
        "true, same notes": [same_notes[:, :n].mean(axis=1).std(ddof=1) for n in SIZES],
        "true, fresh notes": [fresh_notes[:, :n].mean(axis=1).std(ddof=1) for n in SIZES],
    },
    index=pd.Index(SIZES, name="folds"),
)
spread.round(3)

# %% mystnb={"figure": {"caption": "300 simulated worlds in which A and B are equally good. **Left**: how often the test calls one of them better at p < 0.05. **Right**: standard deviation of the mean difference over the folds, as the formula for independent folds believes it and as it is.", "name": "fig-more-folds"}, "image": {"alt": "Left: a solid line starts at zero at five folds and climbs far above a dotted line at 5 per cent, a dashed one stays near the dotted line. Right: a line for folds of the same notes levels off, while the believed one and the one for fresh notes keep falling together"}}
fig, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.3))
left.plot(
    SIZES, 100 * alarms["folds of the same notes"], "o-", color=plots.PURPLE, label="same notes"
)
left.plot(
    SIZES, 100 * alarms["folds of fresh notes"], "s--", color=plots.GREEN, label="fresh notes"
)
left.axhline(5, color="black", linestyle=":")
left.set(xlabel="folds", ylabel="false alarms (%)", xticks=SIZES)
left.legend()
looks = [("true, same notes", "o-", plots.PURPLE), ("true, fresh notes", "s--", plots.GREEN)]
for column, style, colour in [*looks, ("believed", "x:", plots.GREY)]:
    right.plot(SIZES, spread[column], style, color=colour, label=column)
right.set(xlabel="folds", ylabel="standard deviation of the mean\n(notes a fold)", xticks=SIZES)
right.set_ylim(0)
right.legend()
plt.show()

# %%
same, fresh = (100 * alarms[column] for column in alarms)
display(
    Markdown(
        f"With 5 folds: {same[5]:.0f} % false alarms, as the floor demands. With 10, each note "
        f"tested once: {same[10]:.0f} %. With 20 and 40 folds of the same notes: {same[20]:.0f} % "
        f"and **{same[40]:.0f} %**, where folds of fresh notes give {fresh[20]:.0f} % and "
        f"{fresh[40]:.0f} %. From 10 to 40 folds the believed standard deviation falls by "
        f"{100 - 100 * spread['believed'][40] / spread['believed'][10]:.0f} %, the true one by "
        f"{100 - 100 * spread['true, same notes'][40] / spread['true, same notes'][10]:.0f} %."
    )
)

# %% [markdown]
# Folds of the same notes go on agreeing with each other about the luck of those notes. The
# formula takes each for new evidence, and so does the test. Push the number of folds up and it
# will call *something* significant, even between equal models. "More folds" makes small p-values
# possible; by itself it does not make them true.
#
# A simulation shows what can happen, not how much it happens in NSynth. Do compare the row of ten
# folds, where each note is tested once, with the rows below it: where does the harm begin?
# Everyone who wants a smaller p-value has that knob in hand, and that alone is a reason not to
# judge by p. Remedies exist: the corrected test of [Nadeau and Bengio
# (2003)](bibliography.md#nadeau-and-bengio-2003) allows for shared training notes, Bayesian tests
# ask how probable a difference of practical size is, and resampling whole instruments asks about
# instruments instead of notes; they are the deeper treatment, and not part of this chapter. For
# the background, see [Dietterich (1998)](bibliography.md#dietterich-1998) and [Demšar
# (2006)](bibliography.md#demšar-2006).

# %% [markdown]
# ## What p says, and what it does not
#
# | a p-value says | it does not say |
# |---|---|
# | how often coin-flip signs would look as one-sided as the folds do | how probable it is that the models are equal |
# | (if small) that luck of this kind is a poor explanation | that the difference is large, or matters |
# | (if large) that luck of this kind is a possible explanation | that the models are equally good |
# | something about these folds of these notes | how the models fare on other instruments |
#
# The third row is the one that five folds make dangerous. When the floor is above 0.05, "not
# significant" carries no information about the models at all.
#
# So what belongs beside a comparison of two models? How many folds and notes there were; the
# difference on every fold; its mean, in percentage points; how many folds were won; the smallest
# p that was possible; and then, last, p.
#
# ## The conclusion of the thesis, restated
#
# Section 6 of the thesis concludes that CNN and LSTM differ little; that the tuned CNN is ahead
# by 1.1 points on the folds and by 2.6 on NSynth's test split; that the difference is not
# significant; and that more folds might make it so. (Table 4.3 gives 0.743 and 0.716, which is
# 2.7 points. Rounding may explain the two figures; the text does not say.) Here are the same
# statements for this run:

# %% tags=["hide-input"]
on_nsynth = scores[scores["part"] == "nsynth_test"].groupby("model")["accuracy"].mean()
d = differences["tuned CNN - tuned LSTM"]
pd.DataFrame(
    {
        "thesis": ["+1.1", "5 of 5", "0.0625", "0.0625", "+2.7 (NSynth test)"],
        "this run": [
            f"{d.mean():+.1f}",
            f"{(d > 0).sum()} of {len(d)}",
            f"{ours['p-value'].iloc[-1]:.4g}",
            f"{bound:.4g}",
            f"{100 * (on_nsynth['tuned CNN'] - on_nsynth['tuned LSTM']):+.1f} ({TEST})",
        ],
    },
    index=pd.Index(
        [
            "tuned CNN - tuned LSTM, folds (points)",
            "folds won by the CNN",
            "p",
            "smallest possible p",
            "tuned CNN - tuned LSTM, test split (points)",
        ],
        name="",
    ),
)

# %% tags=["hide-input"]
ahead, behind = ("CNN", "LSTM") if d.mean() > 0 else ("LSTM", "CNN")
if np.isclose(d.mean(), 0):
    folds_say = "On the folds of this run the two tuned networks are level on average"
else:
    won = ((d > 0) if ahead == "CNN" else (d < 0)).sum()
    folds_say = (
        f"On the folds of this run the tuned {ahead} is ahead of the tuned {behind} by "
        f"{abs(d.mean()):.1f} points on average, and on {won} of {len(d)} folds"
    )
level = np.isclose(d.mean(), 0)
agrees = "is the thesis's" if ahead == "CNN" and not level else "is not the thesis's"
weight = "as many as" if len(experiment.y) >= 87_500 else "fewer than"
tiny = " **The smoke profile only shows that the code runs.**" if PROFILE == "smoke" else ""
display(
    Markdown(
        f"{folds_say}. The direction {agrees}. The run has {len(experiment.y):,} notes, {weight} "
        f"the thesis's 87,500, and {experiment.profile.epochs} epochs (thesis: 50). A significant "
        f"result at 0.05 was {'impossible' if bound > 0.05 else 'possible'} with {n_folds} "
        f"folds.{tiny}"
    )
)

# %% [markdown]
# A run on a fraction of the notes neither confirms nor refutes the thesis: it shows how such a
# result comes about.
#
# What remains of the thesis's conclusion? That the CNN won on five folds of five is a fact about
# those folds, and a better summary than the p-value. That the difference is "not significant" is
# true and empty: the test could not say anything else. And whether one network is better at
# hearing *instruments*, rather than these notes, is a question that no test over random folds can
# answer, because these folds never ask it ([chapter 4](04_folds.ipynb)).
#
# ## Try it yourself
#
# 1. In the cell with `example`, change -0.4 to -4. Which rank does the loss get, what becomes of
#    $p$, and what would the mean difference have told you?
# 2. In `signed_rank_p`, replace `np.abs(sums - middle) >= np.abs(... - middle)` by a
#    **one-sided** count (`sums >= ranks[d > 0].sum()`), and drop the two asserts that compare with
#    the two-sided values. What is the floor now? When would that be honest?
# 3. In the cell that defines `PLACES`, let B see a point of a better kind: scale its noise by 0.8
#    in `fold_differences`. Now the models differ. How often does the test notice with 5, 10, 20,
#    40 folds?
# 4. Set the number of notes a family from 20 to 50 (in `LABELS` and in `part`). Does the number
#    of false alarms with 40 folds of the same notes go down?
#
# ## What you learned
#
# - Compare models on the same folds, by their differences.
# - The Wilcoxon signed-rank test ranks the differences and counts patterns of signs.
# - With $n$ folds $p$ cannot be less than $2/2^n$. Five folds: 0.0625. The three values of table
#   4.4 are this floor.
# - Ties share ranks, zeros drop out and raise the floor, and floating point can break ties.
# - More folds of the same notes lower the floor, but they are not new evidence.
# - Report differences, folds won and the floor beside every p-value.
#
# ## Next
#
# This is the last of the lessons so far. Terms are collected in the [glossary](glossary.md),
# sources in the [bibliography](bibliography.md).
#
# ---
#
# **Thesis sections covered**: 3.3 (the test), 4.3, 5.6 (second half) and 6. Done differently: the
# differences on every fold, their mean and the floor stand beside $p$; equal differences are
# treated as ties.
