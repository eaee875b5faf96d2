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
# Then it asks better questions: how large is the difference, how sure is it, would it hold for
# other instruments, and what would it take to know?

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
# **Time**: 45 minutes of reading. The models come from records. If you run this chapter before
# the others, it trains what is missing, which takes as long as chapters 8 and 9 together.
#
# **Thesis**: sections 3.3, 4.3, 5.6 and 6.
#
# The page shows the **recorded** runs, made on the bundled notes (profile `mini`, seed 0). `SEED = 1` or
# `PROFILE = "quick"` trains anew.

# %% tags=["setup", "remove-cell"]
# In Colab: get the book's files, install what is missing, replace nothing. Elsewhere: do nothing.
# Should Colab's newest break it: Runtime, Change runtime type, Runtime version 2026.07.
import sys

REPOSITORY = "https://github.com/your-account/cnn-or-lstm"
FOLDER = "/content/cnn-or-lstm"

if "google.colab" in sys.modules:
    import os
    import subprocess

    if "/your-account/" in REPOSITORY:
        sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")
    if not os.path.exists(FOLDER + "/book"):
        clone = ["git", "clone", "--quiet", "--depth", "1", "--branch", "main"]
        got = subprocess.run([*clone, REPOSITORY, FOLDER], stderr=subprocess.PIPE, text=True)
        if got.returncode:
            why = "no network" if "resolve host" in got.stderr else "is it there, and public?"
            sys.exit(f"Cannot clone main of {REPOSITORY}: {why}")
    if subprocess.run([sys.executable, FOLDER + "/tools/colab.py"]).returncode:
        sys.exit("Packages are missing: choose Runtime version 2026.07, as said above.")
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    sys.path.insert(0, FOLDER)
    os.chdir(FOLDER + "/book")

# %% tags=["parameters"]
# How much is trained: smoke tests the code, quick takes minutes, mini is recorded, thesis needs NSynth.
PROFILE = "mini"
DATA = "nsynth-mini"  # or a folder or archive in NSynth's layout
RUNS = "../_build/runs"  # finished trainings are kept and found here
SEED = 0  # draws the notes and the folds, and starts every training

# %% tags=["remove-stderr"]
from contextlib import suppress
from importlib import import_module
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from scipy import stats

from helpers import datasets, evaluation, plots, significance, tuning
from helpers.runs import findings, records, training

plots.use_style()
TEST = "mini-test" if DATA == "nsynth-mini" else "NSynth test"
experiment = training.Experiment(PROFILE, DATA, RUNS, SEED)

# %% [markdown]
# What you write out in this chapter, other people have written before. Where a library has the
# same thing, an `assert` compares the two: SciPy always, three more where they are installed.

# %%
LIBRARIES = {"baycomp": "", "mlxtend": ".evaluate", "statsmodels": ".stats.api"}
library = {}
for name, part in LIBRARIES.items():
    with suppress(ModuleNotFoundError):
        library[name] = import_module(name + part)
lacking = ", ".join(name for name in LIBRARIES if name not in library)
print("checked against: SciPy", *library, f"(not installed: {lacking or 'none'})")

# %% [markdown]
# ## Two sets of runs
#
# The thesis compares four models: each network as first designed (*base*), and with the
# hyperparameters that its search found (*optimised*). There are two sets of them here:
#
# - **live**: the four models in the profile at hand. `tuning.search` and `run_folds` read a
#   record where there is one and train where there is none.
# - **recorded**: the profile `mini`, which is the thesis's whole protocol on the bundled notes,
#   run once and kept with the book. It also has both networks with the hyperparameters that the
#   thesis itself found (128 / 128 / 0.2 for the CNN, 32 / 128 / 0.3 for the LSTM).

# %% tags=["remove-stderr"]
searches = {name: tuning.search(experiment, name, SEED) for name in ("cnn", "lstm")}
live = {}
for name, search in searches.items():
    live[f"Base {name.upper()}"] = experiment.run_folds(name)
    live[f"Optimised {name.upper()}"] = experiment.run_folds(name, search.best)

shipped = records.read_all(records.SHIPPED)
recorded = tuning.protocol(shipped)

# %% tags=["hide-input"]
LIVE, RECORDED = f"live ({PROFILE})", "recorded (mini)"
KINDS = ("Base {}", "Optimised {}", "{}, thesis's setting")
TITLES = [kind.format(name) for name in ("CNN", "LSTM") for kind in KINDS]
absent = [title for title in TITLES if title not in recorded]
sets = {LIVE: live} | ({RECORDED: recorded} if recorded else {})


def described(runs):
    """What a set of runs is, in a line."""
    group = [record for group in runs.values() for record in group]
    sizes = {part: len(p["labels"]) for part, p in group[0].predictions.items()}
    seeds = len({record.config["seed"] for record in group})
    return (
        f"{len({record.fold for record in group})} folds, {group[0].config['epochs']} "
        f"epochs, {seeds} seed{'s' * (seeds > 1)}; {sizes['fold_test']} notes in the "
        f"test part of a fold, {sizes['nsynth_test']} in the test split"
    )


lines = [f"- **{name}**: {described(runs)}." for name, runs in sets.items()]
if absent:
    lines.append(f"- not recorded yet, so missing below: {', '.join(absent)}.")
display(Markdown("\n".join(lines)))

# %% [markdown]
# Test notes that are copies of training notes are left out, as in chapter 9. Then the accuracy
# of each model on each fold, in percent:

# %%
bundled = [datasets.load("nsynth-mini", split) for split in ("train", "test")]
copies = evaluation.leaked(*bundled)
if DATA != "nsynth-mini":
    copies += evaluation.leaked(datasets.load(DATA, "train"), experiment.test_notes)


def on_folds(runs, part="fold_test"):
    """Accuracy in percent: a row a fold, a column a model. Seeds are averaged."""
    scores = evaluation.score_table(runs, without=copies)
    scores = scores[scores["part"] == part]
    table = scores.pivot_table("accuracy", "fold", "model").rename_axis(columns=None)
    return 100 * table[list(runs)]


on_folds(live).round(1)

# %% [markdown]
# Each row is a fold. All models of a row have learned the same notes and are tested on the same
# notes. That makes the rows [**paired**](glossary.md#paired-comparison): where a fold happens to have hard test notes, it is hard
# for all, and the *difference* between two models of a row does not suffer from it.
#
# The thesis compares three pairs (table 4.4). In the figure a line is a fold. Lines that rise are
# folds on which the second model is better. How many rise in each panel?

# %% mystnb={"figure": {"caption": "Live runs: accuracy on the test part of each fold, for the three pairs of table 4.4. Each line is one fold, numbered on the right. Blue: CNN. Orange: LSTM. Circles: base. Squares: optimised.", "name": "fig-pairs"}, "image": {"alt": "Three panels with two columns of markers each; a grey line a fold joins the two markers of the fold"}}
PAIRS = [
    ("Base CNN", "Optimised CNN"),
    ("Base LSTM", "Optimised LSTM"),
    ("Optimised LSTM", "Optimised CNN"),
]
accuracy = on_folds(live)
fig, axes = plt.subplots(1, 3, figsize=(7.4, 3.6), sharey=True)
for ax, pair in zip(axes, PAIRS, strict=True):
    ax.plot([0, 1], accuracy[list(pair)].T, color=plots.GREY, linewidth=1)
    for x, title in enumerate(pair):
        colour = plots.COLOURS["cnn" if "CNN" in title else "lstm"]
        marker = "o" if "Base" in title else "s"
        values = accuracy[title]
        ax.plot([x] * len(values), values, marker, color=colour, markersize=7)
    for value, group in accuracy.groupby(pair[1]):
        ax.text(1.1, value, ", ".join(map(str, group.index)), va="center", fontsize=8)
    ax.set(xlim=(-0.35, 1.6))
    ax.set_xticks([0, 1], [title.replace(" ", "\n") for title in pair])
axes[0].set_ylabel("accuracy (%)")
plt.show()

# %% [markdown]
# Now in numbers: the difference on each fold, second model minus first, in percentage points. Two
# more pairs are worth a look: the base networks, which the thesis compares in words (section
# 5.2), and, recorded only, the two networks with the thesis's settings. (Rounded, because a
# computer's 92.5 - 90.0 may miss 2.5 by a hair. Below you will see that this matters.)

# %%
SETTING = ("LSTM, thesis's setting", "CNN, thesis's setting")
ALL_PAIRS = [*PAIRS, ("Base LSTM", "Base CNN"), SETTING]


def differences(runs):
    """Second model minus first on each fold, in points."""
    table = on_folds(runs)
    return pd.DataFrame(
        {
            f"{second} - {first}": (table[second] - table[first]).round(6)
            for first, second in ALL_PAIRS
            if first in runs and second in runs
        }
    )


diffs = {name: differences(runs) for name, runs in sets.items()}
diffs = {name: table for name, table in diffs.items() if table.size}
pd.concat({name: table.T for name, table in diffs.items()}).round(2)

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
# sum of each:

# %%
patterns = np.array(list(product([0, 1], repeat=5)))
sums = patterns @ ranks
print(patterns.shape, "patterns; the first three:", patterns[:3].tolist())
print("their rank sums:", sums[:3])

# %% [markdown]
# Under the null hypothesis all 32 patterns are equally likely. So the histogram of the 32 sums
# *is* the [**null distribution**](glossary.md#null-distribution): what luck does. Its middle is 7.5. Our sum counts as extreme,
# and so does every sum that is at least as far from the middle, on *either* side: before the
# experiment we did not say which model would win. That makes the test [**two-sided**](glossary.md#two-sided).

# %% mystnb={"figure": {"caption": "The null distribution of the rank sum for five folds, counted over all 32 patterns of signs. Hatched: sums at least as far from the middle as the observed one (arrow).", "name": "fig-null"}, "image": {"alt": "A symmetrical bar chart from 0 to 15 with its highest bars in the middle. The two leftmost and the two rightmost bars, each of height 1, are hatched; an arrow points at the bar at 14"}}
observed = ranks[example > 0].sum()
middle = ranks.sum() / 2
values, counts = np.unique(sums, return_counts=True)
extreme = np.abs(values - middle) >= np.abs(observed - middle)
looks = {
    "less extreme": (~extreme, {"color": plots.GREY, "alpha": 0.4}),
    "as extreme, or more": (extreme, {"color": plots.GREEN, "hatch": "//", "ec": "k"}),
}
fig, ax = plt.subplots()
for label, (which, look) in looks.items():
    ax.bar(values[which], counts[which], label=label, **look)
arrow = {"arrowstyle": "->"}
ax.annotate("observed", (observed, 1), (observed, 2.2), ha="center", arrowprops=arrow)
ax.set(xlabel="sum of positive ranks", ylabel="patterns of signs", xticks=range(16))
ax.set_yticks(range(4))
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# Count the hatched patterns: two on the right, their mirror images on the left. Four of 32. SciPy
# agrees:

# %%
p = (np.abs(sums - middle) >= np.abs(observed - middle)).mean()
assert np.isclose(p, stats.wilcoxon(example).pvalue)
print("p by counting:", p)

# %% [markdown]
# With one small loss in five folds, luck alone is as one-sided in one case out of eight. Put it
# in a function. Two details prepare for untidy data: `rankdata` gives equal sizes the average of
# their ranks, and differences of zero, which have no sign, are left out.


# %%
def signed_rank_p(d):
    """Two-sided p-value of the Wilcoxon test, by counting all patterns of signs."""
    d = np.asarray(d, dtype=float)
    d = d[d != 0]
    ranks = stats.rankdata(np.abs(d))
    sums = np.array(list(product([0, 1], repeat=len(d)))) @ ranks
    middle = ranks.sum() / 2
    return (np.abs(sums - middle) >= np.abs(ranks[d > 0].sum() - middle)).mean()


# %%
first = [0.960, 0.961, 0.958, 0.962, 0.959]
second = [0.971, 0.970, 0.972, 0.969, 0.973]
five_wins = 100 * np.subtract(second, first)
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

# %% mystnb={"figure": {"caption": "The smallest p-value that a two-sided Wilcoxon signed-rank test can give, by the number of folds. Dashed: the customary limit of 0.05. Circled: the five folds of the thesis.", "name": "fig-floor"}, "image": {"alt": "Points that fall on a straight line on a logarithmic axis, from 0.5 at two folds to 0.0005 at twelve; the point at five folds is circled and lies just above a dashed line at 0.05, the one at six lies below it"}}
numbers = np.arange(2, 13)
floor = np.array([signed_rank_p(np.arange(1, n + 1)) for n in numbers])
assert np.array_equal(floor, 2 / 2.0**numbers)

fig, ax = plt.subplots()
ax.semilogy(numbers, floor, "o-", color=plots.GREEN)
ax.plot(5, 2 / 2**5, "o", color="none", markeredgecolor="black", markersize=16)
line = {"arrowstyle": "-"}
ax.annotate("thesis: five folds, 0.0625", (5.25, 0.068), (6, 0.2), arrowprops=line)
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
# All three are the floor for five folds. Section 4.3 explains rightly why they are equal: in
# every row the second model won on all five folds. What it does not say is that **no result
# whatever could have been significant**. To see it happen, simulate: a thousand experiments of
# five folds, in which the second model is better by nothing, by a little, or by 80 points, and
# luck moves each fold by about a point.

# %%
noise = np.random.default_rng(0).normal(size=(1000, 5))
rows = {}
for advantage in (0, 1, 80):
    p = np.array([signed_rank_p(advantage + row) for row in noise])
    rows[f"{advantage} points"] = {
        "smallest p of 1000": p.min(),
        "experiments at the floor": f"{100 * (p == 2 / 2**5).mean():.0f} %",
        "experiments below 0.05": f"{100 * (p < 0.05).mean():.0f} %",
    }
pd.DataFrame(rows).T.rename_axis("real advantage")

# %% [markdown]
# A hair and a landslide get the same p-value. The test sees signs and ranks, and with five wins
# out of five there is nothing more to see. "Not significant" at 0.05 was certain before the first
# network was trained.

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
# the table of differences above was rounded. `helpers.significance.wilcoxon` rounds to nine
# decimals, and for up to twelve folds it has SciPy go through all patterns of signs, as you did.
# `wilcoxon_table` makes a table like 4.4 with two columns that the thesis leaves out, the mean
# difference (in points) and the number of folds that the second model won:

# %%
p_table = significance.wilcoxon_table(on_folds(live), PAIRS)
by_counting = [signed_rank_p(d) for _, d in diffs[LIVE].items()]
assert np.allclose(p_table["p-value"], by_counting[:3])
p_table.round(4)

# %% tags=["hide-input"]
n_folds = experiment.profile.folds
lines = []
for _, row in p_table.iterrows():
    d = diffs[LIVE][f"{row['second model']} - {row['first model']}"]
    used = int((d != 0).sum())
    least = significance.smallest_p(max(used, 1))
    zeros = f", {len(d) - used} without a difference" if used < len(d) else ""
    word = "the smallest that was possible"
    if not np.isclose(row["p-value"], least):
        word = f"the smallest possible was {least:.4g}"
    lines.append(
        f"- {row['second model']} against {row['first model']}: better on "
        f"{(d > 0).sum()}, worse on {(d < 0).sum()} of {len(d)} folds{zeros}; "
        f"p = {row['p-value']:.4g}, {word}."
    )
display(Markdown(f"Live runs, profile {PROFILE}:\n\n" + "\n".join(lines)))

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
pairs_of_folds = [(a, b) for i, a in enumerate(train_sets) for b in train_sets[:i]]
shared = [100 * np.isin(a, b).mean() for a, b in pairs_of_folds]
print(f"shared training notes: {min(shared):.0f} to {max(shared):.0f} %")

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
TEST_AND_LEFT_OUT = [(k, k + 1) for k in range(0, 10, 2)]
TEST_AND_LEFT_OUT += [(k + 1, k) for k in range(0, 10, 2)]


def fold_differences(seed, deals=4):
    """Fresh notes, ten folds a deal: right answers of A minus right answers of B."""
    rng = np.random.default_rng(seed)
    a, b = PLACES[LABELS] + rng.normal(size=(2, len(LABELS), 2))
    found = []
    for _ in range(deals):
        part = np.concatenate([rng.permutation(np.arange(20) % 10) for _ in range(10)])
        for tested, left_out in TEST_AND_LEFT_OUT:
            test, train = part == tested, (part != tested) & (part != left_out)
            found.append(right_answers(a, train, test) - right_answers(b, train, test))
    return found


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
# below 0.05 is a [**false alarm**](glossary.md#false-alarm). A test that keeps its promise raises at most 5 % of them. What
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


SIZES = pd.Index([5, 10, 20, 40], name="folds")
alarms = pd.DataFrame(index=SIZES)
alarms["same notes"] = [false_alarms(same_notes, n) for n in SIZES]
alarms["fresh notes"] = [false_alarms(fresh_notes, n) for n in SIZES]
alarms.round(3)

# %% [markdown]
# Why does that happen? Look at the mean difference over $n$ folds. A formula for independent
# values says that its standard deviation, called the [**standard error**](glossary.md#standard-error), is $s/\sqrt{n}$, where
# $s$ is the standard deviation of the single folds. What it really is, you can see from the 300
# worlds.


# %%
def true_errors(rows):
    """How much the mean over n folds varies from world to world."""
    return [rows[:, :n].mean(axis=1).std(ddof=1) for n in SIZES]


variances = [same_notes[:, :n].var(axis=1, ddof=1).mean() for n in SIZES]
spread = pd.DataFrame({"believed": np.sqrt(variances / SIZES)}, SIZES)
spread["true, same notes"] = true_errors(same_notes)
spread["true, fresh notes"] = true_errors(fresh_notes)

# %% mystnb={"figure": {"caption": "300 simulated worlds in which A and B are equally good. **Left**: how often the Wilcoxon test calls one of them better at p < 0.05. **Right**: standard error of the mean difference over the folds, as the formula for independent folds believes it and as it is.", "name": "fig-more-folds"}, "image": {"alt": "Left: a solid line starts at zero at five folds and climbs far above a dotted line at 5 per cent, a dashed one stays near the dotted line. Right: a line for folds of the same notes levels off, while the believed one and the one for fresh notes keep falling together"}}
fig, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.3))
looks = [("same notes", "o-", plots.PURPLE), ("fresh notes", "s--", plots.GREEN)]
for name, style, colour in looks:
    left.plot(SIZES, 100 * alarms[name], style, color=colour, label=name)
    error = spread[f"true, {name}"]
    right.plot(SIZES, error, style, color=colour, label=f"true, {name}")
left.axhline(5, color="black", linestyle=":")
left.set(xlabel="folds", ylabel="false alarms (%)", xticks=SIZES)
left.legend()
right.plot(SIZES, spread["believed"], "x:", color=plots.GREY, label="believed")
right.set(xlabel="folds", ylabel="standard error\n(notes a fold)", xticks=SIZES)
right.set_ylim(0)
right.legend()
plt.show()

# %% tags=["hide-input"]
same, fresh = (100 * alarms[column] for column in alarms)
falls = 100 - 100 * spread.loc[40] / spread.loc[10]
display(
    Markdown(
        f"With 5 folds: {same[5]:.0f} % false alarms, as the floor demands. With 10, "
        f"each note tested once: {same[10]:.0f} %. With 20 and 40 folds of the same "
        f"notes: {same[20]:.0f} % and **{same[40]:.0f} %**, where folds of fresh notes "
        f"give {fresh[20]:.0f} % and {fresh[40]:.0f} %. From 10 to 40 folds the "
        f"believed standard error falls by {falls['believed']:.0f} %, the true one by "
        f"{falls['true, same notes']:.0f} %."
    )
)

# %% [markdown]
# Folds of the same notes go on agreeing with each other about the luck of those notes. The
# formula takes each for new evidence, and so does the test. Push the number of folds up and it
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
# standard error, $t = \bar d / (s \sqrt{1/n})$, and asks how often a $t$ this far from 0 comes up
# by luck. It uses sizes where Wilcoxon uses ranks, so it has no floor. The price: it takes the
# differences to be scattered in the shape of a bell.
#
# [Nadeau and Bengio (2003)](bibliography.md#nadeau-and-bengio-2003) change one term, which makes it the
# [**corrected t-test**](glossary.md#corrected-t-test). Suppose that
# any two folds are correlated by $\rho = n_\text{test} / (n_\text{test} + n_\text{train})$. Then
# the standard error works out as
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


columns = ["t", "p", "from", "to"]
uncorrected, corrected = corrected_t(five_wins, 0), corrected_t(five_wins, 10 / 80)
by_scipy = stats.ttest_1samp(five_wins, 0)
assert np.allclose(uncorrected[:2], [by_scipy.statistic, by_scipy.pvalue])
assert np.allclose(uncorrected[2:], by_scipy.confidence_interval(0.95))
assert np.allclose(corrected[:2], [6.260, 0.00332], rtol=1e-3)
both = pd.DataFrame([uncorrected, corrected], ["t-test", "corrected t-test"], columns)
both.round(5)

# %% [markdown]
# These are the five wins of above, and Wilcoxon gave them 0.0625, the floor. Both t-tests see
# more: not only that all five differences are positive, but that they lie close together. With
# the ratio 0 the function is SciPy's t-test; with 10/80 the interval gets wider.
#
# Is the promise kept? Ask the 300 worlds, in which every alarm is false:

# %%
for n in SIZES:
    d = same_notes[:, :n]
    limit = stats.t.ppf(0.975, n - 1)
    for name, ratio in {"t-test": 0, "corrected t-test": 20 / 160}.items():
        t = d.mean(axis=1) / (d.std(axis=1, ddof=1) * np.sqrt(1 / n + ratio))
        alarms.loc[n, name] = (np.abs(t) > limit).mean()
alarms.drop(columns="fresh notes").rename(columns={"same notes": "Wilcoxon"}).round(3)

# %% tags=["hide-input"]
correlation = {}
for n in (5, 40):
    table = np.corrcoef(same_notes[:, :n].T)
    correlation[n] = table[np.triu_indices(n, 1)].mean()
worst = 100 * alarms["corrected t-test"].max()
display(
    Markdown(
        f"The corrected test raises a false alarm in {worst:.0f} % at most. Folds of "
        f"this world are correlated by {correlation[40]:.2f}, on average over all 40, "
        f"and by {correlation[5]:.2f} over the first five, whose test parts do not "
        f"overlap. The rule of thumb takes {1 / 9:.2f}."
    )
)

# %% [markdown]
# ### All differences, with intervals
#
# `significance.corrected_t` is your function with checks of its input. Here it is for all pairs
# of both sets. Beside it the Wilcoxon test:

# %%
rows = {}
for name, table in diffs.items():
    for pair, d in table.items():
        result = significance.corrected_t(d, n_test=10, n_train=80)
        rows[name, pair] = {
            "mean": result.mean,
            "s": d.std(ddof=1),
            "from": result.low,
            "to": result.high,
            "p corrected t": result.p,
            "p Wilcoxon": significance.wilcoxon(d, 0 * d),
        }
results = pd.DataFrame(rows).T.rename_axis(["runs", "pair"])
results.round(3)

# %% [markdown]
# And the thesis's mean differences, from the accuracies in its table 4.3, for the figure:

# %%
TABLE_4_3 = {
    "Base CNN": 96.3, "Optimised CNN": 97.1, "Base LSTM": 93.2, "Optimised LSTM": 96.0
}  # fmt: skip
thesis = {f"{b} - {a}": round(TABLE_4_3[b] - TABLE_4_3[a], 1) for a, b in ALL_PAIRS[:4]}
thesis

# %% mystnb={"figure": {"caption": "Difference in accuracy on the test parts of the folds, second model minus first; note that the two axes differ. Dots: folds. Bars: mean and 95 % interval of the corrected t-test. Diamonds: the thesis's mean difference, from table 4.3 (its single folds are not published).", "name": "fig-effect"}, "image": {"alt": "Two panels, live and recorded runs, with a row for each pair of models. In each row dots for the folds, a horizontal bar for the interval of the mean, a vertical line at zero and a diamond for the thesis's mean"}}
names = list(dict.fromkeys(pair for table in diffs.values() for pair in table))
fig, axes = plt.subplots(1, len(diffs), figsize=(8.2, 3.9), sharey=True, squeeze=False)
for ax, (name, table) in zip(axes[0], diffs.items(), strict=True):
    ax.axvline(0, color="black", linewidth=1)
    for y, pair in enumerate(names):
        if pair in table:
            row = results.loc[(name, pair)]
            apart = np.linspace(-0.15, 0.15, len(table))  # keeps equal values visible
            ax.plot(table[pair], y + apart, "o", color=plots.PURPLE, label="one fold")
            ends = [[row["mean"] - row["from"]], [row["to"] - row["mean"]]]
            bar = {"color": "black", "capsize": 4, "marker": "|", "markersize": 14}
            ax.errorbar(row["mean"], y, xerr=ends, label="mean, 95 % interval", **bar)
        else:
            ax.text(0.02, y, "no runs", transform=ax.get_yaxis_transform(), va="center")
        if pair in thesis:
            look = {"mfc": "white", "mec": "black", "label": "thesis, mean"}
            ax.plot(thesis[pair], y, "D", **look)
    ax.set(title=name, xlabel="difference (points)", ylim=(len(names) - 0.5, -0.5))
labels = [pair.replace(" - ", "\n- ") for pair in names]
axes[0, 0].set_yticks(range(len(names)), labels)
handles = {}
for ax in axes[0]:
    handles |= dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
fig.legend(handles.values(), handles, loc="outside lower center", ncols=3)
plt.show()

# %% tags=["hide-input"]
steps = []
for name, runs in sets.items():
    tested = next(iter(runs.values()))[0].predictions["fold_test"]["labels"]
    steps.append(f"{100 / len(tested):.3g} points ({name})")
away = results[results["from"] * results["to"] > 0].index
clear = ", ".join(f"{pair} ({name})" for name, pair in away)
display(
    Markdown(
        f"One test note more or less moves a fold by {' and '.join(steps)}, and by "
        f"{100 / 8750:.2f} in the thesis. Intervals that do not contain 0: "
        f"{clear or 'none'}."
    )
)

# %% [markdown]
# ### What the thesis's folds would have needed
#
# The thesis prints means, not folds, so its $t$ cannot be computed. But you can turn the question
# round: how close together must its five differences have been, for $p$ to reach 0.05? (The
# fourth pair, the base networks, is not in table 4.4; the CNN won all five folds there too, says
# section 5.2.)

# %%
t_needed = stats.t.ppf(0.975, df=4)
errors = {"t-test": np.sqrt(1 / 5), "corrected t-test": np.sqrt(1 / 5 + 10 / 80)}
needed = pd.DataFrame({"mean difference (table 4.3)": thesis})
for test, error in errors.items():
    needed[f"s below, {test}"] = needed.iloc[:, 0] / (t_needed * error)
needed.round(2)

# %% mystnb={"figure": {"caption": "What the thesis's mean differences would give in a corrected t-test, by the unknown standard deviation s of its five folds. The curves end where s is as large as it can be with five wins. Dashed: 0.05.", "name": "fig-thesis-s"}, "image": {"alt": "Four rising curves on a logarithmic axis of p-values. Each begins far below a dashed line at 0.05, crosses it, and ends above it"}}
fig, ax = plt.subplots()
for (pair, mean), style in zip(thesis.items(), ["-", "--", "-.", ":"], strict=True):
    s = np.linspace(0.1, mean * np.sqrt(5), 200)
    p = 2 * stats.t.sf(mean / (s * errors["corrected t-test"]), df=4)
    ax.semilogy(s, p, style, color="black", label=f"{pair}: {mean:+.1f}")
ax.axhline(0.05, color=plots.GREY, linestyle="--")
ax.set(xlabel="standard deviation over folds, $s$ (points)")
ax.set_ylabel("p, corrected t-test")
ax.legend(loc="lower right", fontsize=9)
plt.show()

# %% [markdown]
# "Won on all five folds" does not decide it. Five differences that are all positive can be as
# unequal as one of $5 \bar d$ and four of almost nothing, which makes $s = \sqrt{5}\, \bar d$:
# there the curves end. They run from far below 0.05 to far above. So the result of the thesis is
# not "no difference" and not "a difference": its tables do not hold what one would need to know.
# Five numbers a model, one for each fold, would have been enough. (The means are rounded to a
# tenth of a point. That alone shifts the 1.1 by up to 0.1.)
#
# ## How probable is a difference that matters?
#
# A p-value answers "how often would equal models look like this?". What you wanted to ask was
# "how probable is it that the CNN is better, *by enough to matter*?". That takes two things more.
#
# First, a decision that no formula makes for you: how much is enough? Say, one point. Differences
# between -1 and +1 then count as equal in practice: a [**region of practical equivalence**](glossary.md#region-of-practical-equivalence), ROPE.
# It has to be chosen before you see the result.
#
# Second, [**Bayes' rule**](glossary.md#bayes-rule): from what you believed before about the mean difference, and the data,
# to what you should believe after, the [**posterior**](glossary.md#posterior). [Corani and Benavoli
# (2015)](bibliography.md#corani-and-benavoli-2015) show that with no opinion beforehand, and the
# correlation $\rho$ of Nadeau and Bengio, the posterior is a Student distribution around the mean
# difference, with the standard error as its scale. You have all of it already. It takes three
# areas under one curve.
#
# Before you run the cell: the five wins have a mean of 1.1 points, like the thesis's CNN against
# its LSTM. How would you divide the probability between "equal in practice" and "better by more
# than a point"?


# %%
def bayesian_t(d, ratio, rope):
    """Probabilities: below -rope, within the rope, above it."""
    scale = np.std(d, ddof=1) * np.sqrt(1 / len(d) + ratio)
    posterior = stats.t(df=len(d) - 1, loc=np.mean(d), scale=scale)
    below, above = posterior.cdf(-rope), posterior.sf(rope)
    return below, 1 - below - above, above


print("ratio 10/80:", np.round(bayesian_t(five_wins, 10 / 80, rope=1), 3))
print("ratio  1/4: ", np.round(bayesian_t(five_wins, 1 / 4, rope=1), 3))
if "baycomp" in library:
    theirs = library["baycomp"].two_on_single(np.zeros(5), five_wins, rope=1)
    assert np.allclose(theirs, bayesian_t(five_wins, 1 / 4, rope=1))
    print("baycomp:    ", np.round(theirs, 3))

# %% [markdown]
# `baycomp`, a library for such tests, assumes plain 5-fold cross-validation, in which a test part
# is a quarter as large as a training part. Ours is an eighth. Where a library has a number built
# in, know which.
#
# Here is the posterior for CNN against LSTM, optimised where both are there:

# %%
ROPE = 1.0  # points
DUELS = [
    ("Optimised LSTM", "Optimised CNN"),
    ("LSTM, thesis's setting", "CNN, thesis's setting"),
    ("Base LSTM", "Base CNN"),
]
duels = {}
for name, table in diffs.items():
    there = [pair for pair in DUELS if f"{pair[1]} - {pair[0]}" in table]
    if there:
        (lstm, cnn), *_ = there
        duels[name] = (lstm, cnn), table[f"{cnn} - {lstm}"]
        print(f"{name}: {cnn} - {lstm}, folds {duels[name][1].tolist()}")

# %% mystnb={"figure": {"caption": "Posterior of the mean difference between CNN and LSTM. The area inside the region of practical equivalence (one point to each side) is hatched; the numbers are the three probabilities. The axes differ.", "name": "fig-posterior"}, "image": {"alt": "A bell-shaped curve for each set of runs, with a hatched strip from minus one to plus one and a percentage to the left of it, in it and to the right of it"}}
fig, axes = plt.subplots(1, len(duels), figsize=(7.6, 3.2), squeeze=False)
for ax, (name, (pair, d)) in zip(axes[0], duels.items(), strict=True):
    fit = significance.corrected_t(d, 10, 80)
    three = significance.bayesian_t(d, 10, 80, ROPE)
    ax.set(title=f"{name}\n{pair[1]} - {pair[0]}", xlabel="mean difference (points)")
    ax.title.set_fontsize(9)
    if np.isnan(fit.p):
        ax.text(0.5, 0.5, "no spread", transform=ax.transAxes, ha="center")
        continue
    scale = (fit.high - fit.mean) / stats.t.ppf(0.975, fit.df)
    far = max(abs(fit.low), abs(fit.high), 2 * ROPE) * 1.15
    x = np.linspace(-far, far, 600)
    height = stats.t.pdf(x, fit.df, fit.mean, scale)
    ax.plot(x, height, color="black")
    inside = np.abs(x) <= ROPE
    strip = {"color": plots.GREEN, "alpha": 0.5, "hatch": "//"}
    ax.fill_between(x[inside], height[inside], **strip)
    words = ("LSTM better", "equal", "CNN better")
    for x, word, share in zip((-0.65, 0, 0.65), words, three, strict=True):
        text = f"{word}\n{100 * share:.0f} %"
        ax.text(x * far, 1.08 * height.max(), text, ha="center", fontsize=9)
    ax.set(ylim=(0, 1.4 * height.max()), yticks=[])
axes[0, 0].set_ylabel("density")
plt.show()

# %%
rows = {}
for name, table in diffs.items():
    for pair, d in table.items():
        rows[name, pair] = significance.bayesian_t(d, 10, 80, ROPE)
words = ["second worse", "equal", "second better"]
beliefs = pd.DataFrame(rows, words).T.rename_axis(["runs", f"pair (ROPE: {ROPE:g})"])
beliefs.round(2)

# %% [markdown]
# Read each row as a sentence: "given these folds, and no opinion before them, the second model is
# better by more than a point with this probability". Unlike a p-value, the middle column can also
# *confirm* that two models are equal in practice, if the folds lie close enough together.
#
# What about the thesis? Its mean difference between CNN and LSTM, 1.1, lies just outside a ROPE
# of one point. So however small $s$ was, a tenth of a point decides between "equal in practice"
# and "better". With $s$ unknown:

# %%
unit = stats.zscore([1, 2, 3, 4, 5], ddof=1)  # five numbers with mean 0 and s = 1
rows = {}
for s in (0.1, 0.3, 0.7, 1.5):
    rows[s] = significance.bayesian_t(1.1 + s * unit, 10, 80, ROPE)
words = ["LSTM better", "equal", "CNN better"]
pd.DataFrame(rows, words).T.rename_axis("if s were (points)").round(2)

# %% [markdown]
# ## Other instruments
#
# Everything so far was about random folds, in which each instrument is on both sides ([chapter
# 5](05_folds.ipynb)). It says how the models compare on *other notes of the same instruments*.
# The test split asks about other instruments. There the thesis is silent: section 3.3 tests only
# the folds.
#
# One model a fold answers the same test notes. For each note, take the share of these sub-models
# that are right, for either network, and subtract:


# %%
def by_note(runs, pair):
    """Of each test note: instrument, family, share of sub-models that are right."""
    predicted = runs[pair[0]][0].predictions["nsynth_test"]["notes"]
    table = pd.DataFrame({"note": [n for n in predicted if n not in copies]})
    named = [datasets.parse_note(note) for note in table["note"]]
    for column in ("instrument", "family"):
        table[column] = [each[column] for each in named]
    for title, column in zip(pair, ("lstm", "cnn"), strict=True):
        parts = [evaluation.part(r, "nsynth_test", copies) for r in runs[title]]
        table[column] = np.mean([p.argmax(axis=1) == y for y, p in parts], axis=0)
    return table.assign(difference=100 * (table["cnn"] - table["lstm"]))


by_notes = {name: by_note(sets[name], pair) for name, (pair, _) in duels.items()}
SHOWN = RECORDED if RECORDED in duels else LIVE
notes = by_notes[SHOWN]
print(f"{SHOWN}: {len(notes)} notes of {notes['instrument'].nunique()} instruments;")
lstm, cnn = duels[SHOWN][0]
print(f"{cnn} - {lstm}: {notes['difference'].mean():+.2f} points")

# %% [markdown]
# ### The textbook test, and what it takes for granted
#
# Take one model of each network, those of fold 1. Notes that both get right, or both wrong, say
# nothing about which is better. What counts is the rest: $b$ notes that only the CNN gets right,
# $c$ that only the LSTM gets right. If both were equally good, each of the $b + c$ would be a
# coin. That is [**McNemar's test**](glossary.md#mcnemars-test)
# ([1947](bibliography.md#mcnemar-1947)), and you can count it like
# the 32 worlds: how often do $b + c$ coins fall at least as unevenly?

# %%
lstm_right, cnn_right = (
    p.argmax(axis=1) == y
    for title in duels[SHOWN][0]
    for y, p in [evaluation.part(sets[SHOWN][title][0], "nsynth_test", copies)]
)
b, c = (cnn_right & ~lstm_right).sum(), (lstm_right & ~cnn_right).sum()
p_mcnemar = min(1, 2 * stats.binom.cdf(min(b, c), b + c, 0.5))
print(f"only the CNN: {b}, only the LSTM: {c}, McNemar's p: {p_mcnemar:.3g}")

two_by_two = np.array([[0, b], [c, 0]])  # the zeros do not matter
if "mlxtend" in library:
    _, theirs = library["mlxtend"].mcnemar(two_by_two, exact=True)
    assert np.isclose(p_mcnemar, theirs)
if "statsmodels" in library:
    theirs = library["statsmodels"].mcnemar(two_by_two, exact=True)
    assert np.isclose(p_mcnemar, theirs.pvalue)

# %% [markdown]
# Coins again, one a note, and independent. But the notes of an instrument sound alike, and a
# network that misjudges one tends to misjudge its neighbours, as you saw at the end of [chapter
# 9](09_results.ipynb). Look at the differences by instrument. If notes were independent, large
# circles (many notes) would all lie near the same place:

# %% mystnb={"figure": {"caption": "Each circle is an instrument of the test split: the difference between the shares of its notes that CNN and LSTM get right, averaged over the sub-models. Area: number of notes. Dashed: mean over all notes.", "name": "fig-instruments"}, "image": {"alt": "Ten rows, one a family, with circles of different sizes scattered along an axis of percentage points around a line at zero. Flute, keyboard and vocal have a single circle each"}}
each = notes.groupby(["family", "instrument"], as_index=False).agg(
    difference=("difference", "mean"), size=("note", "size")
)
families = sorted(each["family"].unique())
fig, ax = plt.subplots(figsize=(7.2, 3.8))
ax.axvline(0, color="black", linewidth=1)
ax.axvline(notes["difference"].mean(), color=plots.PURPLE, linestyle="--")
y = each["family"].map(families.index)
area = 350 * each["size"] * len(families) / len(notes)
look = {"color": plots.PURPLE, "alpha": 0.5, "edgecolor": "black"}
ax.scatter(each["difference"], y, area, **look)
ax.set_yticks(range(len(families)), families)
ax.set(xlabel="CNN minus LSTM (points)", ylim=(len(families) - 0.4, -0.6), title=SHOWN)
plt.show()

# %% [markdown]
# Compare how far the circles scatter with how far the dashed line is from zero. Where instruments
# disagree by more than the models differ on average, the luck of a test split is the luck of
# *which instruments* are in it, and the coin to throw is one an instrument.
#
# ### Draw other instruments
#
# What other test splits could there have been? We have no others, but we can imitate them: draw
# as many instruments as there are, from those that there are, each time putting back what you
# drew. Some come twice, some not at all. Average over all notes of what you drew, and repeat. The
# middle 95 % of these averages are an interval. This is the [**bootstrap**](glossary.md#bootstrap) ([Efron
# 1979](bibliography.md#efron-1979)), and as whole groups of notes are drawn, a [**cluster
# bootstrap**](glossary.md#cluster-bootstrap). It is paired: the two models go with the note.

# %%
grouped = notes.groupby("instrument")["difference"].agg(["sum", "size"])
sums, sizes = grouped.to_numpy().T
rng = np.random.default_rng(0)
drawn = rng.integers(0, len(sums), size=(10_000, len(sums)))
means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
low, high = np.quantile(means, [0.025, 0.975])
print(f"95 % interval: {low:+.1f} to {high:+.1f} points")


def mean_of_notes(sums, sizes, axis):
    return sums.sum(axis=axis) / sizes.sum(axis=axis)


options = {"vectorized": True, "rng": np.random.default_rng(1)}
by_scipy = stats.bootstrap(
    (sums, sizes), mean_of_notes, paired=True, method="percentile", **options
).confidence_interval
assert np.allclose([low, high], by_scipy, atol=0.05 * (high - low) + 1e-9)

# %% [markdown]
# **Across or within families?** You could also draw within each family: as many basses as there
# were, as many brasses, and so on. The ten families are fixed, after all, and only the
# instruments are a sample. But look at the number of instruments a family:

# %% tags=["hide-input"]
per_family = notes.groupby("family")["instrument"].nunique()
single = per_family.index[per_family == 1]
display(per_family.rename("instruments").to_frame().T)
display(
    Markdown(
        f"A family with one instrument ({', '.join(single) or 'none here'}) would be "
        "drawn as itself every time, as if we knew exactly how the models fare on it."
    )
)

# %% [markdown]
# We know it least of all there, so that interval is too narrow. In this book intervals resample
# **across families**: all instruments in one urn. That lets the mix of families vary as well, and
# so errs on the wide side. An honest interval lies somewhere between the two; we take the wide
# one, to claim too little rather than too much. (With NSynth's whole training split, at least 43
# instruments in each of the ten families, drawing within them would be the better choice.)
# `significance.bootstrap_instruments` does either, and a table below shows both, and what you
# would get if notes were independent.
#
# ### Flip whole instruments
#
# And a p-value? Throw one coin an instrument: if both models were equally good at each, heads or
# tails decides which one gets the plus. Even mini-test's 29 instruments have too many patterns to
# list, $2^{29}$. So draw some at random, and count the observed pattern as one more. This is a
# [**sign-flip permutation test**](glossary.md#sign-flip-permutation-test); Wilcoxon's is the same with ranks in place of the sums.


# %%
def flip(sums, draws=20_000):
    """Two-sided p-value of a total, from random signs for its parts."""
    signs = np.random.default_rng(0).choice([-1, 1], size=(draws, len(sums)))
    as_far = np.abs(signs @ sums) >= np.abs(sums.sum()) - 1e-9
    return (1 + as_far.sum()) / (1 + draws)


totals = [notes.groupby("instrument")[name].sum() for name in ("cnn", "lstm")]


def total_difference(x, y, axis):
    return (x - y).sum(axis=axis)


options |= {"permutation_type": "samples", "n_resamples": 20_000}
by_scipy = stats.permutation_test(totals, total_difference, **options).pvalue
print(f"flipping instruments: p = {flip(sums):.3f}, SciPy: {by_scipy:.3f}")
assert np.isclose(flip(sums), by_scipy, atol=0.03)

one_model_each = cnn_right.astype(float) - lstm_right
print(f"flipping notes, fold 1: {flip(one_model_each):.3g}, McNemar: {p_mcnemar:.3g}")
assert np.isclose(flip(one_model_each), p_mcnemar, atol=0.03)

# %% [markdown]
# Small deviations are the luck of the draw. Flipping single notes of two single models *is*
# McNemar's test. Now all of it side by side, with `significance.bootstrap_instruments` and
# `flip_instruments` in place of your code:

# %%
rows = {}
for name, table in by_notes.items():
    d, instruments = table["difference"], table["instrument"]
    reach = 1.96 * d.std(ddof=1) / np.sqrt(len(d))
    within = significance.bootstrap_instruments(d, instruments, table["family"])
    across = significance.bootstrap_instruments(d, instruments)
    p = significance.flip_instruments(d, instruments)
    rows[name, "notes"] = d.mean() - reach, d.mean() + reach, flip(d[d != 0].to_numpy())
    rows[name, "instruments, within families"] = *within, np.nan
    rows[name, "instruments, across families"] = *across, p
on_test = pd.DataFrame(rows, ["from", "to", "p (flips)"]).T
means = {name: table["difference"].mean() for name, table in by_notes.items()}
on_test.insert(0, "mean", on_test.index.get_level_values(0).map(means))
on_test.round(3)

# %% tags=["hide-input"]
AS_ONE = "instruments, across families"
lines = []
for name, table in by_notes.items():
    of_notes, of_instruments = (
        on_test.loc[(name, way), "to"] - on_test.loc[(name, way), "from"]
        for way in ("notes", AS_ONE)
    )
    if not of_notes or not of_instruments:
        lines.append(f"- {name}: no spread.")
        continue
    weight = len(table) * (of_notes / of_instruments) ** 2
    lines.append(
        f"- {name}: the interval across instruments is {of_instruments / of_notes:.1f} "
        f"times as wide as that of notes. For this comparison, {len(table)} notes are "
        f"worth about {weight:.0f} independent ones."
    )
display(Markdown("\n".join(lines)))

# %% [markdown]
# The row "notes" takes notes for independent. Where notes of an instrument go together, its
# interval is too narrow and its p too small. Two limits remain even for instruments. With so few
# of them, a bootstrap interval tends to be somewhat too narrow, so near 0.05 the interval and the
# p of the flips may disagree; then it is undecided. And the sub-models are taken as given:
# another seed would make others.
#
# **The thesis's test split.** Its 2.7 points come from 53 instruments. How far these scatter is
# not printed, but again you can ask what it would take. And compare it with how far they scatter
# in our runs (the standard error times the root of the number of instruments):


# %%
def scatter(table):
    """Standard deviation between instruments, as the bootstrap sees it."""
    k = table["instrument"].nunique()
    low, high = significance.bootstrap_instruments(
        table["difference"], table["instrument"], confidence=0.68
    )
    return np.sqrt(k) * (high - low) / 2


allowed = 2.7 * np.sqrt(53) / stats.t.ppf(0.975, df=52)
print(f"2.7 points reach 0.05 if 53 instruments scatter by up to {allowed:.1f} points")
for name, table in by_notes.items():
    print(f"{name}: they scatter by {scatter(table):.1f} points")

# %% [markdown]
# ## Many comparisons
#
# The thesis makes three comparisons, and four models would allow six. If no model is better, each
# comparison still has a chance of one in twenty of a false alarm. The chance of *at least one*
# grows with their number:

# %%
for m in (1, 3, 6, 20):
    chance = 100 * (1 - 0.95**m)
    print(f"{m:2} independent comparisons: a false alarm in {chance:.0f} % of cases")

# %% [markdown]
# [**Holm's method**](glossary.md#holms-method) ([1979](bibliography.md#holm-1979)) keeps the chance of *any* false alarm at 5 %. Sort the
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
    assert np.allclose(holm(p), significance.holm(p))  # the helper that chapter 11 takes
    if "statsmodels" in library:
        _, theirs, *_ = library["statsmodels"].multipletests(p, method="holm")
        assert np.allclose(holm(p), theirs)

# %% [markdown]
# The second line is table 4.4. Three comparisons would have needed a floor of $0.05 / 3$ for the
# first of them, which takes seven folds. Here are ours, the corrected t-test of all pairs of a
# set. (That asks about the folds only; the comparison on the test split is one more.)

# %%
results["p Holm"] = np.nan
for name in diffs:
    p = results.loc[name, "p corrected t"].dropna()
    for pair, value in zip(p.index, holm(p), strict=True):
        results.loc[(name, pair), "p Holm"] = value
results[["mean", "p corrected t", "p Holm"]].round(3)

# %% [markdown]
# ## What would it take to see one point?
#
# A test that finds nothing may have had no chance to. Its [**power**](glossary.md#power-of-a-test) is how often it finds a
# difference that is there. That you can work out before an experiment, if you know how much luck
# there is. Suppose the CNN is really better by one point. How many folds, seeds or instruments
# would it take to notice?
#
# Measure the luck first. Over folds, from the differences above: their $s$. Of that, how much is
# the **seed**, the luck of the first weights and of dropout? The searches of [chapter
# 8](08_tuning.ipynb) trained each setting twice on one fold, with two seeds and nothing else
# changed:


# %%
def seed_variance(group, network):
    """Variance of fold-test accuracy (points squared) between seeds, all else equal."""
    twins = {}
    for record in records.select(group, model=network, split={"kind": "stratified"}):
        rest = {k: v for k, v in record.config.items() if k != "seed"}
        score = 100 * record.info["metrics"]["fold_test"]["accuracy"]
        twins.setdefault(records.config_hash(rest), []).append(score)
    variances = [np.var(scores, ddof=1) for scores in twins.values() if len(scores) > 1]
    return np.mean(variances) if variances else np.nan


executions = [r for s in searches.values() for trial in s.runs for r in trial]
lucks = {LIVE: executions, RECORDED: shipped}
rows = {}
for name, (_, d) in duels.items():
    seed = sum(seed_variance(lucks[name], network) for network in ("cnn", "lstm"))
    rows[name] = {"s over folds": d.std(ddof=1), "seed alone": np.sqrt(seed)}
    rows[name]["scatter of instruments"] = scatter(by_notes[name])
luck = pd.DataFrame(rows).T
luck.round(2)

# %% [markdown]
# All three are rough: five folds, a handful of twins (of other settings, and in the short
# profiles of fewer epochs). Where the second column is larger than the first, the two contradict
# each other, and we take all of $s$ to be seed.
#
# Then simulate. The difference on a fold is the real one, plus luck of the notes that all folds
# share, plus luck of the fold and its seeds. The shared part is what Nadeau and Bengio's rule
# implies, $s \sqrt{10/80}$. These are **assumptions**, and so is the bell shape of all luck.


# %%
def sees(n, real, fold, shared, draws=4000):
    """How often the corrected t-test over n folds is right to give p < 0.05."""
    rng = np.random.default_rng(0)
    d = real + shared * rng.normal(size=(draws, 1)) + fold * rng.normal(size=(draws, n))
    t = d.mean(axis=1) / (d.std(axis=1, ddof=1) * np.sqrt(1 / n + 10 / 80))
    limit = stats.t.ppf(0.975, n - 1)
    return (t > limit).mean() if real else (np.abs(t) > limit).mean()


def parts(s, seed, seeds=1):
    """Luck of a fold, averaged over seeds, and luck shared by all folds."""
    seed = min(np.nan_to_num(seed), s)
    return np.sqrt(s**2 - seed**2 + seed**2 / seeds), s * np.sqrt(10 / 80)


# %%
SOURCE = SHOWN if luck.loc[SHOWN, "s over folds"] > 0 else LIVE
s, seed, between = luck.loc[SOURCE].clip(lower=1e-6)
tested = sets[SOURCE][duels[SOURCE][0][0]][0].predictions["fold_test"]["labels"]
larger = np.sqrt(len(tested) / 8750)
designs = {f"{n} folds": (n, *parts(s, seed)) for n in (5, 10, 20, 100)}
if np.isfinite(seed):
    designs |= {f"5 folds, {k} seeds each": (5, *parts(s, seed, k)) for k in (3, 10)}
designs["5 folds, 8,750 test notes each"] = (5, *parts(s * larger, seed * larger))
power = pd.DataFrame(index=designs)
power["sees one point"] = [sees(n, 1, *parts_) for n, *parts_ in designs.values()]
power["false alarms"] = [sees(n, 0, *parts_) for n, *parts_ in designs.values()]
(100 * power).round().astype(int).astype(str) + " %"

# %% [markdown]
# Each row is 4,000 imagined experiments. The last row assumes that all of $s$ shrinks with the
# square root of the number of test notes, which for the luck of seeds is a hope. Look down the
# rows of folds: more folds of the same notes help less and less, since the shared luck stays.
# Averaging over seeds takes out only the luck of seeds (and where "false alarms" goes above 5 %,
# the rule of thumb no longer fits such averages). More *notes* take out both.
#
# For the test split, imitate larger ones: $n$ instruments drawn from ours, all moved by the same
# amount so that the real difference is one point. The test divides the mean by its standard error
# over instruments.

# %%
grouped = by_notes[SOURCE].groupby("instrument")["difference"].agg(["sum", "size"])
sums, sizes = grouped.to_numpy().T
moved = sums + (1 - sums.sum() / sizes.sum()) * sizes  # now the mean is one point


def sees_instruments(n, draws=4000):
    """How often n instruments drawn from ours tell one point from none."""
    chances = np.full(len(moved), 1 / len(moved))
    times = np.random.default_rng(0).multinomial(n, chances, size=draws)
    notes_drawn = times @ sizes
    mean = times @ moved / notes_drawn
    away = (moved - mean[:, None] * sizes) ** 2  # each instrument's squared distance
    error = np.sqrt((times * away).sum(axis=1) * n / (n - 1)) / notes_drawn
    return (mean > stats.t.ppf(0.975, n - 1) * error).mean()


needed = ((1.96 + 0.84) * between) ** 2  # standard errors: 1.96 for p, 0.84 for 80 %
enough = max(2, int(float(f"{needed:.2g}")))  # two digits are all that it deserves
print(f"expected to suffice for a power of 80 %: {enough:,} instruments")

# %% mystnb={"figure": {"caption": "How often a real difference of one point is found, at p < 0.05, under the assumptions in the text. **Left**: corrected t-test over folds of the same notes, by folds and test notes a fold; dotted, folds without end of the smaller size. **Right**: a test over instruments. Dashed: the power of 80 % that one usually asks for.", "name": "fig-power"}, "image": {"alt": "Left: two curves against the number of folds that rise and flatten out. Right: one curve against the number of instruments on a logarithmic axis, in the shape of an S, with marks at the size of mini-test and of all NSynth"}}
fig, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.4), sharey=True)
grid = np.array([3, 5, 7, 10, 15, 20, 30, 50, 100])
for n_notes, style in ((len(tested), "o-"), (8750, "s--")):
    shrink = np.sqrt(len(tested) / n_notes)
    found = [100 * sees(n, 1, *parts(s * shrink, seed * shrink)) for n in grid]
    text = f"{n_notes:,} test notes a fold"
    left.semilogx(grid, found, style, color=plots.PURPLE, label=text)
endless = stats.norm.cdf(1 / parts(s, seed)[1] - 1.96)
left.axhline(100 * endless, color="black", linestyle=":")
left.set(xlabel="folds", ylabel="power (%)", ylim=(0, 102))
left.set_xticks([5, 10, 20, 50, 100], ["5", "10", "20", "50", "100"])
left.legend(fontsize=8, loc="center right")
grid = np.unique(np.geomspace(10, 10 * enough, 25).astype(int).clip(5))
found = [100 * sees_instruments(n) for n in grid]
right.semilogx(grid, found, "-", color=plots.GREEN)
for n, where in ((len(sums), "this split"), (1006, "all of NSynth")):
    right.axvline(n, color=plots.GREY, linestyle=":")
    right.text(n, 104, where, ha="center", fontsize=8)
right.set(xlabel="instruments")
for ax in (left, right):
    ax.axhline(80, color="black", linestyle="--", linewidth=1)
plt.show()

# %% tags=["hide-input"]
seen = (100 * power["sees one point"]).round().astype(int)
with_seeds = "The luck of seeds is unknown: no setting was trained twice."
if np.isfinite(seed):
    row = (100 * power.loc["5 folds, 10 seeds each"]).round().astype(int)
    with_seeds = f"Ten seeds for each of 5 folds: {row['sees one point']} %, with "
    with_seeds += f"{row['false alarms']} % of false alarms between equal models."
some, most = 100 * sees_instruments(len(sums)), "more than" if enough > 1006 else "of"
display(
    Markdown(
        f"Under these assumptions, with the luck measured in the {SOURCE} runs, a real "
        f"difference of one point is seen by 5 folds in {seen['5 folds']} % of all "
        f"experiments, by 10 in {seen['10 folds']} %, by 100 in {seen['100 folds']} %, "
        f"and by folds without end in {100 * endless:.0f} %. {with_seeds} Five folds "
        f"as large as the thesis's: {seen.iloc[-1]} %.\n\n"
        f"On the test split, {len(sums)} instruments see it in {some:.0f} %. A power "
        f"of 80 % takes about **{enough:,} instruments**, {most} the 1,006 that NSynth "
        "has (953 in its training split, 53 in the others)."
    )
)

# %% [markdown]
# This does not say that the networks are equal. It says which experiments could have told.
#
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
# Table 4.4 once more, the thesis's beside the recorded runs of its whole protocol on the bundled
# notes, with what you have learned to put beside a p-value (Holm over all pairs of the set):

# %% tags=["hide-input"]
final = RECORDED if RECORDED in duels else LIVE
columns = {}
for first, second in PAIRS:
    pair = f"{second} - {first}"
    column = {
        ("thesis", "difference"): f"{thesis[pair]:+.1f}",
        ("thesis", "folds won"): "5 of 5",
        ("thesis", "p"): "0.0625",
        (final, "difference"): "not recorded yet",
    }
    if pair in diffs[final]:
        d, row = diffs[final][pair], results.loc[(final, pair)]
        belief = beliefs.loc[(final, pair)]
        column |= {
            (final, "difference"): f"{row['mean']:+.1f}",
            (final, "folds won"): f"{(d > 0).sum()} of {len(d)}"
            + (f", {(d == 0).sum()} even" if (d == 0).any() else ""),
            (final, "p"): f"{row['p Wilcoxon']:.4g}",
            (final, "95 % interval"): f"{row['from']:+.1f} to {row['to']:+.1f}",
            (final, "corrected p, Holm"): f"{row['p Holm']:.3f}",
            (final, "better by a point"): f"{100 * belief['second better']:.0f} %",
        }
    columns[pair] = column
closing = pd.DataFrame(columns).fillna("")
closing.replace(["+nan to +nan", "nan", "nan %"], "no spread")


# %% [markdown]
# Same instruments, other notes: that was the table. Other instruments, of the test split: here are the
# optimised CNN minus the optimised LSTM in points, the interval, and p from flipping instruments.

# %%
on_test.xs(AS_ONE, level=1).round(3)

# %% [markdown]
# Does the interval hold 0? Is p below 0.05? Whether a claim of the thesis holds on these notes is decided
# in one place, [chapter 11](11_unseen_instruments.ipynb), with all comparisons counted.

# %% [markdown]
# ### The conclusion of the thesis, and what these runs add
#
# Section 6 of the thesis concludes that CNN and LSTM differ little: 1.1 points on the folds and
# 2.6 on NSynth's test split, in favour of the CNN (table 4.3 gives 2.7; rounding may explain it);
# that the difference is not significant; that the CNN's five wins of five suggest that more folds
# could show it; and that it cannot be said which is better. Statement by statement:

# %% tags=["hide-input"]
(lstm, cnn), d = duels[final]
where = {RECORDED: "mini-test", LIVE: TEST}
fit = significance.corrected_t(d, 10, 80)
row = on_test.loc[(final, AS_ONE)]
WAYS = {1: "same direction", -1: "opposite direction", 0: "level"}
ways = [WAYS[np.sign(round(value, 9))] for value in (fit.mean, row["mean"])]
said = {
    "on the folds, the CNN is ahead by 1.1 points": (
        f"{fit.mean:+.1f} ({fit.low:+.1f} to {fit.high:+.1f}), {ways[0]}"
    ),
    f"on the test split, by 2.6 points (here: {where[final]})": (
        f"{row['mean']:+.1f} ({row['from']:+.1f} to {row['to']:+.1f}), " + ways[1]
    ),
    "it is ahead on all five folds": f"on {(d > 0).sum()} of {len(d)}",
    "the difference is not significant": (
        "five folds could not make it so; here p = "
        f"{significance.wilcoxon(d, 0 * d):.4g}, corrected t-test {fit.p:.2g}"
    ),
    "more folds could show it": (
        f"a real point: seen by 10 folds of these notes in {seen['10 folds']} %, by "
        f"folds without end in {100 * endless:.0f} % of experiments"
    ),
    "which is better cannot be conclusively determined": (
        f"for other instruments, it takes about {enough:,} of them to see a point"
    ),
}
said = pd.DataFrame({f"{final}: {cnn} - {lstm}": said}).rename_axis("thesis, section 6")
with pd.option_context("display.max_colwidth", None):
    display(said)

# %% [markdown]
# What remains? That the CNN won on five folds of five is a fact about those folds, and a better
# summary than its p-value. That the difference is "not significant" is true and empty, since the
# test could not say anything else. That neither network could be shown to be better is the right
# conclusion, and there is a stronger reason for it than the thesis gives: if you want to know
# about instruments, random folds of notes do not ask.
#
# What these runs do **not** show:
#
# - **Anything about NSynth as a whole.** The recorded folds share 1,000 notes of 40 instruments;
#   the thesis's have 87,500 notes. These runs neither confirm nor refute it; they show how such a
#   result comes about and what it would take to firm it up.
# - **That the networks are equal.** A test that could not see a difference has not shown that
#   there is none. Only the middle column of the Bayesian table could, and it says how far it is
#   from it.
# - **What is due to the architecture.** The networks differ in size, in learning rate and in the
#   luck of a small search, as section 5.2 of the thesis says too.
# - **Other seeds.** The list at the top of this chapter says how many there are. The interval
#   over instruments takes the trained networks as they are.

# %% tags=["remove-cell"]
# For maintainers: `make regression` compares these figures with earlier runs. It shows nothing.
fixed = {"p/by counting": signed_rank_p(example), "p/corrected t/five wins": corrected[1]}
fixed |= {f"share/false alarms, t-test/{n} folds": alarms["t-test"][n] for n in SIZES}
tables = [table.loc[final] for table in (results, beliefs, on_test) if final == RECORDED]
for table in tables:
    for row, values in table.iterrows():
        fixed |= {f"{column}/{row}": value for column, value in values.dropna().items()}
findings.report(fixed)

# %% [markdown]
# ## Try it yourself
#
# 1. In the cell with `example`, change -0.4 to -4. Which rank does the loss get, what becomes of
#    $p$, and what would the mean difference have told you?
# 2. In `signed_rank_p`, count **one-sided** (`sums >= ranks[d > 0].sum()`), and drop the asserts
#    that compare with two-sided values. What is the floor now? When would that be honest?
# 3. In `fold_differences`, let B see a better point: scale its noise by 0.8. Now every alarm is a
#    true one. Which test notices more often with 5 and with 40 folds?
# 4. Set `ROPE` to 3 points. Which comparisons become "equal in practice"? Would you have chosen 3
#    before you saw the results?
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
# [Unseen instruments](11_unseen_instruments.ipynb): the same four models on folds that hold out
# whole instruments. For the background of this chapter, see [Dietterich
# (1998)](bibliography.md#dietterich-1998), [Demšar (2006)](bibliography.md#demšar-2006) and
# [Benavoli et al. (2017)](bibliography.md#benavoli-et-al-2017).
#
# ---
#
# **Thesis sections covered**: 3.3 (the test), 4.3, 5.6 (second half) and 6. Done differently: the
# differences on every fold, their mean with an interval and the floor stand beside $p$; equal
# differences are treated as ties; the test split is compared as well, by instruments.
