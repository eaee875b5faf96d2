# %% [markdown]
# # Folds: which notes may judge a model?
#
# A model that has seen the answers proves nothing by giving them back. So some notes are held
# out: the model never learns from them, and its score is taken there. This chapter shows why,
# builds the thesis's five divisions of the notes by hand, checks them, and asks what such a score
# does and does not tell you.

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/book/04_folds.ipynb)

# %% [markdown]
# ## What you will learn
#
# - See a model score perfectly on notes that it has learned by heart, even on nonsense.
# - Tell apart the jobs of training, validation and test notes.
# - Build five stratified 80/10/10 folds in NumPy, and prove their properties with code.
# - Measure how much a score depends on the luck of the draw.
# - Find out what randomly drawn folds leave untested.
#
# **You need** [the dataset](02_dataset.ipynb) and [the features](03_features.ipynb): a note here
# is an array of 126 frames of 13 MFCCs. You know NumPy indexing.
#
# **Time**: 30 minutes of reading. No network is trained: the cells take seconds on the bundled
# notes.
#
# **Thesis**: section 3.2.2.

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

# %% tags=["remove-stderr"]
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from scipy.spatial import KDTree

from helpers import datasets, evaluation, features, folds, listening, plots, profiles

plots.use_style()
TEST = "mini-test" if DATA == "nsynth-mini" else "NSynth test"
FAMILIES = datasets.FAMILIES
profile = profiles.get(PROFILE)
notes = datasets.load(DATA, "train").sample(profile.notes_per_family)
X, y = features.extract(notes), notes.labels
print(f"profile {PROFILE}: {profile.notes_per_family} notes of each family, X is {X.shape}")

# %% [markdown]
# ## The cheapest model that can learn by heart
#
# You do not need a neural network to see why notes are held out. Average each of the 13 MFCCs
# over the 126 frames of a note. That leaves 13 numbers a note: a rough description of its tone
# colour.

# %%
means = X.mean(axis=1)
means.shape

# %% [markdown]
# The model: to name the family of a note, find the known note whose 13 numbers are closest, and
# answer with its family. This is **1-nearest-neighbour**, 1-NN for short. Training it means
# keeping the notes and their families, nothing more.
#
# Take the first note of the table and look up its three nearest notes. Before you run the cell:
# which note will come first?

# %%
distance = np.linalg.norm(means - means[0], axis=1)
nearest = np.argsort(distance)[:3]
notes.table.loc[nearest, ["note", "family"]].assign(distance=distance[nearest].round(2))

# %% [markdown]
# The nearest note is the note itself, at distance 0. The question was in the answer book.
#
# For many notes, a **k-d tree** finds the same nearest notes without computing all distances.
# Nothing else changes:


# %%
def predict(known, answers, asked):
    """For each row of asked, the answer that belongs to the nearest row of known."""
    _, nearest = KDTree(known).query(asked)
    return answers[nearest]


# %% [markdown]
# ## Scored on the notes it knows
#
# Two experiments at once. First with the real families. Then with the families shuffled: each
# note gets the family of some other note, so that there is nothing left to learn. In both, a
# tenth of the notes is **held out**: the model gets the other nine tenths, its **training
# notes**.
#
# Write down the four accuracies that you expect: real and shuffled families, each on training
# notes and on held-out notes. There are ten families, equally large.

# %%
rng = np.random.default_rng(0)
order = rng.permutation(len(y))
held_out, known = order[: len(y) // 10], order[len(y) // 10 :]

rows = {}
for name, answers in {"real": y, "shuffled": rng.permutation(y)}.items():
    rows[name] = {
        part: (predict(means[known], answers[known], means[asked]) == answers[asked]).mean()
        for part, asked in {"training notes": known, "held-out notes": held_out}.items()
    }
pd.DataFrame(rows).T.rename_axis("families").round(3)

# %% [markdown]
# Compare the two rows. On its training notes the model is right every time, **by construction**:
# each note finds itself. (Two exactly equal notes with different answers would be the one
# exception.) It is right every time even when the answers are nonsense. A score on training notes
# cannot tell knowledge from memory.
#
# The held-out column can. With shuffled families the score there is at the level of guessing, one
# in ten, give or take the luck of few notes. What the real families gain above that has to be
# something that carries over from one note to another.
#
# A network is not a lookup table, but the CNN of the next chapter has 6.2 million parameters.
# With so many it can come close to being one. So the rule is the same for every model: **judge it
# on notes that it did not learn from.**
#
# ### What it looks like
#
# The next figure shows the same thing for three families and two of the 13 numbers, so that it
# fits on paper. The background is the family that 1-NN answers at each point. Look for islands:
# single training notes that own a patch among notes of another family.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "1-NN on two of the 13 numbers. Background: the answer at that point. Small markers: training notes, each of which lies on its own colour. Large outlined markers: held-out notes; a cross marks those that are answered wrongly.", "name": "fig-islands"}, "image": {"alt": "A map cut into patches of three tints. Small circles, squares and triangles lie each on their own tint, some on small islands. Among the large outlined ones, those on a foreign tint carry a cross"}}
shown = {"flute": (plots.GREEN, "o"), "guitar": (plots.PURPLE, "s"), "string": (plots.GREY, "^")}
chosen = [FAMILIES.index(name) for name in shown]
two = means[:, 1:3]
train_3, held_3 = (part[np.isin(y[part], chosen)] for part in (known, held_out[:900]))
across, up = np.meshgrid(*(np.linspace(v.min() - 5, v.max() + 5, 300) for v in two[train_3].T))
answer = predict(two[train_3], y[train_3], np.c_[across.ravel(), up.ravel()])
wrong = predict(two[train_3], y[train_3], two[held_3]) != y[held_3]

fig, ax = plt.subplots(figsize=(7.2, 4.4))
colours = [colour for colour, _ in shown.values()]
ax.contourf(
    across,
    up,
    np.searchsorted(chosen, answer).reshape(across.shape),
    levels=[-0.5, 0.5, 1.5, 2.5],
    colors=colours,
    alpha=0.25,
)
for family, (name, (colour, marker)) in zip(chosen, shown.items(), strict=True):
    inside, outside = (train_3[y[train_3] == family][:150], held_3[y[held_3] == family])
    ax.plot(*two[inside].T, marker, color=colour, markersize=4, label=f"{name}, training")
    ax.plot(
        *two[outside].T,
        marker,
        color=colour,
        markersize=10,
        markeredgecolor="black",
        label=f"{name}, held out",
    )
ax.plot(*two[held_3[wrong]].T, "x", color="black", markersize=14, label="wrong answer")
ax.set(xlabel="mean of MFCC 1 (dB)", ylabel="mean of MFCC 2 (dB)")
ax.grid(False)
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
plt.show()

# %% [markdown]
# Every small marker lies on its own colour: that is the perfect score on training notes, drawn.
# The large markers may fall anywhere. Each that falls on a foreign island is an error that the
# training score could never have shown. (The model above uses all 13 numbers, which leaves more
# room between families than two do.)
#
# ## Three parts, three jobs
#
# Two parts are not enough as soon as you make choices. Which learning rate? How many filters? You
# try several and keep the one that scores best on held-out notes. From then on those notes have
# taken part in making the model. So the notes are divided into three:
#
# | part | who uses it | for what |
# |---|---|---|
# | **training** | the model | to set its parameters |
# | **validation** | you, or a tuner | to choose hyperparameters, epochs, features |
# | **test** | nobody, until the choices are made | to report one number |
#
# Is this third part worth its notes? Here is a choice with many options: use only two of the 13
# numbers. There are 78 pairs. The cell scores 1-NN with each pair on a validation part and on a
# test part of equal size, and you keep the pair that is best on validation.

# %%
pairs = list(combinations(range(means.shape[1]), 2))


def score_pairs(seed):
    """Validation and test accuracy of 1-NN with each pair of numbers, on one random division."""
    order = np.random.default_rng(seed).permutation(len(y))
    tenth = len(y) // 10
    validation, test, train = (order[:tenth], order[tenth : 2 * tenth], order[2 * tenth :])
    scores = []
    for pair in pairs:
        tree = KDTree(means[train][:, pair])
        for part in (validation, test):
            nearest = tree.query(means[part][:, pair])[1]
            scores.append((y[train][nearest] == y[part]).mean())
    return np.array(scores).reshape(len(pairs), 2)


scores = score_pairs(seed=0)
best = scores[:, 0].argmax()
print(f"best pair on validation: MFCC {pairs[best][0]} and {pairs[best][1]}")
print(f"validation {scores[best, 0]:.3f}, test {scores[best, 1]:.3f}")

# %% [markdown]
# In the figure each dot is one pair of numbers. Dots below the line score better on validation
# than on test. Where is the one that you would choose?

# %% mystnb={"figure": {"caption": "78 models, each scored on a validation and on a test part of equal size (dots are spread a little so that equal scores stay visible). The star is the model that validation chooses.", "name": "fig-choice"}, "image": {"alt": "A cloud of dots around the diagonal of a square; a star marks the chosen one at the right edge"}}
spread = np.random.default_rng(1).uniform(-0.3, 0.3, scores.shape) / (len(y) // 10)
low, high = scores.min() - 0.05, min(1.0, scores.max() + 0.05)
fig, ax = plt.subplots(figsize=(4.6, 4.2))
ax.plot([low, high], [low, high], "--", color="black", linewidth=1, label="equal scores")
ax.plot(*(scores + spread).T, "o", color=plots.GREY, markersize=5, alpha=0.6, label="one pair")
ax.plot(
    *scores[best], "*", color=plots.GREEN, markersize=18, markeredgecolor="black", label="chosen"
)
ax.set(xlabel="validation accuracy", ylabel="test accuracy", xlim=(low, high), ylim=(low, high))
ax.set_aspect("equal")
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# The chosen model is at the right edge by definition. One reason that it stands there is that it
# is good. Another is that it was lucky on these validation notes, and luck does not carry over.
# One division may mislead you, so here is the same choice on 20 random divisions:

# %%
winners = []
for seed in range(20):
    scores = score_pairs(seed)
    winners.append(scores[scores[:, 0].argmax()])
validation, test = np.mean(winners, axis=0)
word = "higher than" if validation > test else "not higher than"
display(
    Markdown(
        f"Averaged over 20 divisions, the chosen pair scores **{validation:.3f}** on validation "
        f"and **{test:.3f}** on test. The score that made the choice is {word} the score on fresh "
        f"notes (difference: {100 * (validation - test):+.1f} percentage points). The validation "
        f"part has {len(y) // 10} notes."
    )
)

# %% [markdown]
# The score that made a choice flatters the choice. The effect grows with the number of options
# and shrinks with the number of validation notes. It is the reason why the tuning in [chapter
# 7](07_tuning.ipynb) looks at validation notes only, and why results in the thesis are reported
# on test notes.

# %% [markdown]
# ## The thesis's five folds
#
# One division is a single throw of the dice. The thesis makes five and calls each a **fold**. On
# how they are made, its section 3.2.2 says this and hardly more:
#
# | what | the text says | what it leaves open |
# |---|---|---|
# | notes | 8,750 of each family; all 87,500 in every fold | which ones |
# | proportions | 80 % training, 10 % validation, 10 % test | of each family, too? |
# | between folds | validation and test "completely different in each fold" | see below |
# | the draw | nothing | by note or by instrument? which seed? |
#
# "Completely different" is clear as far as it goes: no note is tested on in two folds, and none
# is validated on in two folds. Whether a note may be validated on in one fold and tested on in
# another, it does not say.
#
# This is not the textbook scheme. In plain **5-fold cross-validation** a fold tests a fifth of
# the notes, and after five folds every note has been tested once. Here a fold tests a tenth.
# Question to answer before you read on: after five folds, how many of the notes have been tested?
#
# Where the text is open, this book chooses:
#
# - **Stratified**: each family is divided 80/10/10 by itself. The families were balanced on
#   purpose, and a random draw over all notes would lose that in the small parts.
# - **Random over notes**, since nothing in the text speaks of instruments. What follows from that
#   is the last part of this chapter.
# - **Validated on or tested on, never both**, not even in different folds. Notes that served to
#   choose in one fold then never report in another.
# - **Seeded**, so that you get the same folds as we do.
#
# ### Dealing the notes
#
# Think of a deck of cards. Shuffle the notes of one family and deal them to ten piles, one note
# at a time. Do the same with the next family. Each pile, a **part** from here on, ends up with a
# tenth of every family.

# %%
rng = np.random.default_rng(0)
part = np.empty(len(y), dtype=int)
for family in range(len(FAMILIES)):
    members = rng.permutation(np.flatnonzero(y == family))
    part[members] = np.arange(len(members)) % 10

pd.crosstab(y, part, rownames=["family"], colnames=["part"]).set_axis(FAMILIES)

# %% [markdown]
# Every number in the table is the same: the parts are **stratified**, that is, they have all
# families in the same proportion.
#
# Now fold $k$, counted from 0 as Python does (tables and figures count folds from 1), tests on
# part $2k$, validates on part $2k + 1$, and trains on the eight others:

# %%
by_hand = []
for k in range(5):
    test = np.flatnonzero(part == 2 * k)
    validation = np.flatnonzero(part == 2 * k + 1)
    train = np.flatnonzero((part != 2 * k) & (part != 2 * k + 1))
    by_hand.append((train, validation, test))
[[len(p) for p in fold] for fold in by_hand]

# %% [markdown]
# The figure shows the plan. Read a row to see how a fold uses the ten parts; read a column to see
# what becomes of one part.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Five folds from ten parts. Each part is tested on once or validated on once, never both.", "name": "fig-plan"}, "image": {"alt": "A grid of five rows and ten columns. In each row one cell reads test and the next one validate, two columns further right from row to row; all others read train"}}
roles = ("train", "validate", "test")
looks = {"train": ("white", ""), "validate": (plots.PURPLE, "//"), "test": (plots.GREEN, "..")}
fig, ax = plt.subplots(figsize=(7.2, 2.6))
for k in range(5):
    for column in range(10):
        role = "test" if column == 2 * k else "validate" if column == 2 * k + 1 else "train"
        colour, hatch = looks[role]
        ax.barh(
            k,
            1,
            left=column - 0.5,
            height=1,
            color=colour,
            hatch=hatch,
            alpha=0.55,
            edgecolor="black",
            linewidth=0.5,
        )
        label = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"}
        ax.text(column, k, role, ha="center", va="center", fontsize=8, bbox=label)
ax.set(xlabel="part", ylabel="fold", xlim=(-0.5, 9.5), ylim=(4.5, -0.5))
ax.set_xticks(range(10))
ax.set_yticks(range(5), range(1, 6))
ax.grid(False)
plt.show()

# %% [markdown]
# The same for single notes. These are flutes in the order of the table, which sorts them by
# instrument and pitch: the parts are scattered over them, as a shuffled deck should be.

# %% mystnb={"figure": {"caption": "What becomes of single flute notes (the first 40 of them) in each fold: T is test, V is validation, an empty cell is training.", "name": "fig-matrix"}, "image": {"alt": "A matrix of five folds and up to forty notes. Every column holds exactly one letter, T or V, at a random row"}}
flutes = np.flatnonzero(y == FAMILIES.index("flute"))[:40]
role = np.zeros((5, len(y)), dtype=int)
for k, (_, validation, test) in enumerate(by_hand):
    role[k, validation], role[k, test] = 1, 2

fig, ax = plt.subplots(figsize=(7.2, 1.9))
colours = plt.matplotlib.colors.ListedColormap(["white", plots.PURPLE, plots.GREEN])
ax.pcolormesh(role[:, flutes], cmap=colours, alpha=0.55, edgecolors="black", linewidth=0.3)
for k, column in np.argwhere(role[:, flutes] > 0):
    letter = " VT"[role[k, flutes[column]]]
    ax.text(column + 0.5, k + 0.5, letter, ha="center", va="center", fontsize=8, weight="bold")
ax.set(xlabel="flute note (in the order of the table)", ylabel="fold", ylim=(5, 0))
ax.set_yticks(np.arange(5) + 0.5, range(1, 6))
ax.grid(False)
plt.show()

# %% [markdown]
# Exactly one letter in every column. That is a claim about all notes, and a picture of 40 does
# not prove it. Code does.
#
# ## Prove it
#
# Mistakes in a division of the data are silent: nothing crashes, the score is only too good. So
# each property that the results rest on is worth a line that fails loudly.


# %%
def check(five, y):
    """Fail unless the folds are what section 3.2.2 of the thesis and our choices promise."""
    for fold in five:
        together = np.concatenate(fold)
        assert len(together) == len(y), "a note is missing or too many"
        assert len(np.unique(together)) == len(y), "a note is in two parts of a fold"
        for part in fold:
            counts = np.bincount(y[part], minlength=10)
            assert counts.max() - counts.min() <= 1, "a part is not stratified"
    for number, name in ((1, "validated"), (2, "tested")):
        all_folds = np.concatenate([fold[number] for fold in five])
        assert len(np.unique(all_folds)) == len(all_folds), f"a note is {name} on in two folds"
    judging = np.concatenate([part for fold in five for part in fold[1:]])
    assert len(np.unique(judging)) == len(judging), "a note is both validated and tested on"


check(by_hand, y)
print("every property holds")

# %% [markdown]
# A check that has never failed may not check anything. Feed it something wrong: five divisions
# drawn independently of each other, a tenth for test each time. It is a natural first idea. Does
# it give "completely different" test parts?

# %%
independent = []
for seed in range(5):
    order = np.random.default_rng(seed).permutation(len(y))
    parts = np.split(order, [len(y) * 8 // 10, len(y) * 9 // 10])
    independent.append(tuple(np.sort(p) for p in parts))

try:
    check(independent, y)
except AssertionError as error:
    print("refused:", error)

# %% [markdown]
# It does not get past the first property that a careless draw breaks. And the one that the thesis
# names?

# %%
times = np.bincount(np.concatenate([test for _, _, test in independent]), minlength=len(y))
dealt = np.bincount(np.concatenate([test for _, _, test in by_hand]), minlength=len(y))
pd.DataFrame(
    {
        "drawn independently": np.bincount(times, minlength=5),
        "dealt": np.bincount(dealt, minlength=max(5, times.max() + 1)),
    }
).rename_axis("times a note is tested on")

# %% [markdown]
# With independent draws some notes are tested on several times and others never. Dealt parts
# never overlap. But look at the row for 0: this is the answer to the question above.

# %%
never = (dealt == 0).mean()
validated = np.unique(np.concatenate([validation for _, validation, _ in by_hand]))
display(
    Markdown(
        f"In the five folds, {(dealt == 1).sum()} of {len(y)} notes are tested on, once each. "
        f"**{100 * never:.0f} % are never tested on**: five folds of 10 %. Those "
        f"{len(validated)} are the ones that are validated on."
    )
)

# %% [markdown]
# The thesis wants its five folds to show that results are "representative of the entire dataset".
# They cover half of it. For a random half that is no great loss, but a sentence such as "tested
# on 87,500 notes" would be wrong by a factor of two.
#
# ## The helper
#
# Dealing within each class is what scikit-learn's `StratifiedKFold` does. Asked for ten splits,
# its ten test sets are our ten parts. `helpers.folds.stratified` pairs them up as above and gives
# the three parts names. Compare the two:

# %%
from sklearn.model_selection import StratifiedKFold

dealer = StratifiedKFold(n_splits=10, shuffle=True, random_state=0)
ten_parts = [np.sort(dealt_part) for _, dealt_part in dealer.split(means, y)]

five = folds.stratified(y, seed=0)
for k, fold in enumerate(five):
    assert np.array_equal(fold.test, ten_parts[2 * k])
    assert np.array_equal(fold.validation, ten_parts[2 * k + 1])
check(five, y)
print([f"{len(f.train)} / {len(f.validation)} / {len(f.test)}" for f in five])

# %% [markdown]
# The same properties, checked by the same function. The notes in each part differ from those that
# you dealt by hand, because scikit-learn shuffles differently. What must not differ is a second
# run with the same seed:

# %%
again, other = folds.stratified(y, seed=0), folds.stratified(y, seed=1)
same = np.intersect1d(five[0].test, other[0].test)
print("seed 0 twice, the same folds:", all(map(np.array_equal, five[0], again[0])))
print(f"seeds 0 and 1, fold 1: {len(same)} of {len(five[0].test)} test notes in common")

# %% [markdown]
# ## How much does the score depend on the draw?
#
# Score the 1-NN model on the test part of each fold. All five scores are for the same model on
# the same kind of notes. How far apart do you expect them to be?


# %%
def accuracy(train, test):
    """Accuracy of 1-NN on the mean MFCCs."""
    return (predict(means[train], y[train], means[test]) == y[test]).mean()


seeds = range(10)
drawn = np.array(
    [[accuracy(f.train, f.test) for f in folds.stratified(y, seed=seed)] for seed in seeds]
)
pd.Series(drawn[0], index=pd.RangeIndex(1, 6, name="fold"), name="accuracy").round(3).to_frame()

# %% [markdown]
# Is that spread large or small? Compare it with pure counting luck. A model that is right with
# probability $p$, asked $n$ notes one by one, scores
#
# $$p \pm \sqrt{\frac{p\,(1 - p)}{n}}$$
#
# where the second term is one standard deviation. It is what you would see even if the model
# never changed. The figure shows five folds for each of ten seeds, and a grey band two such
# standard deviations wide on either side.

# %% mystnb={"figure": {"caption": "Accuracy of 1-NN on the test part of every fold, for ten seeds of the draw. Dots: folds. Bars: the mean of five folds. Grey band: two standard deviations of counting luck around the overall mean.", "name": "fig-spread"}, "image": {"alt": "Ten columns of five dots each, scattered over a grey band; short horizontal bars, one a column, lie much closer together than the dots"}}
centre = drawn.mean()
luck = np.sqrt(centre * (1 - centre) / len(five[0].test))
fig, ax = plt.subplots()
ax.axhspan(
    centre - 2 * luck,
    min(1, centre + 2 * luck),
    color=plots.GREY,
    alpha=0.15,
    label="counting luck",
)
for seed, values in zip(seeds, drawn, strict=True):
    ax.plot(seed + np.linspace(-0.2, 0.2, 5), values, "o", color=plots.PURPLE, markersize=5)
    ax.hlines(values.mean(), seed - 0.35, seed + 0.35, color="black", linewidth=2)
ax.plot([], [], "o", color=plots.PURPLE, label="one fold")
ax.plot([], [], color="black", linewidth=2, label="mean of five")
ax.set(xlabel="seed of the folds", ylabel="accuracy")
ax.set_xticks(list(seeds))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
plt.show()

# %% tags=["hide-input"]
display(
    Markdown(
        f"Single folds: from {drawn.min():.3f} to {drawn.max():.3f}, standard deviation "
        f"{drawn.std(ddof=1):.3f}. Counting luck alone, with {len(five[0].test)} test notes: "
        f"{luck:.3f}. Means of five folds: from {drawn.mean(axis=1).min():.3f} to "
        f"{drawn.mean(axis=1).max():.3f}, standard deviation {drawn.mean(axis=1).std(ddof=1):.3f}."
    )
)

# %% [markdown]
# Two things to take away. The model, the notes and the method are the same for every dot; only
# the draw differs. So when two models differ by less than the dots of one column do, a single
# fold cannot tell you which is better. And the bars lie closer together than the dots: averaging
# over folds pays.
#
# Do not read more into the bars. All ten seeds deal the *same* notes again. How the mean would
# vary with *other* notes, they cannot show. [Chapter 9](09_significance.ipynb) comes back to
# that.
#
# A practical consequence: both networks must be trained and tested on **the same** folds. Then a
# hard fold is hard for both, and their difference within a fold is a fairer comparison.

# %% [markdown]
# ## What random folds do not test
#
# Held-out notes are notes that the model has not seen. But what does it have instead? NSynth
# records each instrument key by key. When one key goes to the test part, most of its neighbours
# stay in the training part. Count, for every fold, how many test notes
#
# - have a training note of the same instrument,
# - have one of the same instrument at most a semitone away, and
# - have as their *nearest* training note (the one that 1-NN copies) one of the same instrument.

# %%
instrument, pitch = (notes.table["instrument"].to_numpy(), notes.table["pitch"].to_numpy())
rows = []
for number, fold in enumerate(five, 1):
    keys = set(zip(instrument[fold.train], pitch[fold.train], strict=True))
    asked = list(zip(instrument[fold.test], pitch[fold.test], strict=True))
    _, nearest = KDTree(means[fold.train]).query(means[fold.test])
    rows.append(
        {
            "fold": number,
            "test notes": len(asked),
            "same instrument": np.isin(instrument[fold.test], instrument[fold.train]).sum(),
            "within a semitone": sum(any((i, p + s) in keys for s in (-1, 0, 1)) for i, p in asked),
            "nearest is same": (instrument[fold.test] == instrument[fold.train][nearest]).sum(),
        }
    )
neighbours = pd.DataFrame(rows).set_index("fold")
neighbours

# %%
total = neighbours.sum()
share = 100 * total / total["test notes"]
display(
    Markdown(
        f"Over the five folds, **{share['same instrument']:.0f} %** of the test notes have a "
        f"training note of the same instrument, {share['within a semitone']:.0f} % one within a "
        f"semitone, and for {share['nearest is same']:.0f} % the nearest training note comes from "
        f"the same instrument. The notes come from {len(np.unique(instrument))} instruments."
    )
)

# %% [markdown]
# The more notes an instrument has in the set, the higher these shares are. With few notes a
# family, as in the smoke profile, many neighbours are simply not drawn. At the scale of the
# thesis they are: the family with the most instruments in NSynth's training split is bass, with
# 184, and 8,750 bass notes make 48 an instrument on average.
#
# ### Listen
#
# First a test note of fold 1 and the training note of its own instrument that is nearest to it of
# all such pairs. If 1-NN answers any note of this fold wrongly, the second pair is such a
# mistake: a test note and the note of another family whose answer it gets.


# %%
def caption(role, row):
    """What to write above a player."""
    return f"{role}: {notes.table['note'][row]} (MIDI pitch {pitch[row]})"


train, _, test = five[0]
distance, nearest = KDTree(means[train]).query(means[test])
copied = train[nearest]
own = np.where(instrument[test] == instrument[copied], distance, np.inf).argmin()
examples = [own, *np.flatnonzero(y[test] != y[copied])[:1]]
listening.players(
    [
        (notes.waveform(row), caption(role, row))
        for i in examples
        for role, row in (("test note", test[i]), ("nearest training note", copied[i]))
    ]
)

# %% [markdown]
# How alike are the first two? The closer they are, the less a right answer says: a model that
# names the test note has not necessarily understood what makes a mallet a mallet or a flute a
# flute. It may only know *this* one. Random folds do not tell these two apart.
#
# ## The same model on other instruments
#
# NSynth comes with a test split of its own, whose instruments do not occur in training. The
# bundled part of it, 200 notes, is called mini-test in this book. Take the five 1-NN models of
# the five folds and ask them about those notes. In mini-test a few notes are byte-for-byte copies
# of training notes ([chapter 2](02_dataset.ipynb) finds them); they are left out.

# %% tags=["remove-stderr"]
test_notes = datasets.load(DATA, "test")
if profile.test_per_family is not None:
    test_notes = test_notes.sample(profile.test_per_family)
test_means = features.extract(test_notes).mean(axis=1)

copies = evaluation.leaked(datasets.load(DATA, "train"), test_notes)
fresh = ~test_notes.table["note"].isin(copies).to_numpy()
test_notes, test_means = test_notes.select(fresh), test_means[fresh]
common = set(test_notes.table["instrument"]) & set(instrument)
print(f"{len(copies)} copies left out; {len(test_notes)} test notes of other instruments")
print(f"instruments in both splits: {len(common)}")

# %% [markdown]
# The families of the official test split are not equally large, so the score is **balanced
# accuracy**: the accuracy within each family, averaged over the families. For the test part of a
# fold, where families are equally large, that is the plain accuracy.


# %%
def balanced_accuracy(answers, labels):
    """The accuracy within each family that occurs, averaged."""
    return np.mean([(answers[labels == f] == f).mean() for f in np.unique(labels)])


contrast = pd.DataFrame(
    {
        "fold's test part": [
            balanced_accuracy(predict(means[f.train], y[f.train], means[f.test]), y[f.test])
            for f in five
        ],
        TEST: [
            balanced_accuracy(predict(means[f.train], y[f.train], test_means), test_notes.labels)
            for f in five
        ],
    },
    index=pd.RangeIndex(1, 6, name="fold"),
)
contrast.round(3)

# %% [markdown]
# Each line of the figure is one fold: one set of training notes, asked twice.

# %% mystnb={"figure": {"caption": "1-NN trained on the five folds, scored on the fold's own test part and on NSynth's test split (the bundled part of it unless you gave other data). Dotted: guessing.", "name": "fig-contrast"}, "image": {"alt": "Five lines from a column of circles on the left to a column of squares on the right"}}
fig, ax = plt.subplots(figsize=(4.8, 3.4))
for _, (left, right) in contrast.iterrows():
    ax.plot([0, 1], [left, right], color=plots.GREY, linewidth=1)
    ax.plot(0, left, "o", color=plots.PURPLE)
    ax.plot(1, right, "s", color=plots.GREEN)
ax.axhline(0.1, color="black", linestyle=":")
ax.set(ylabel="balanced accuracy of 1-NN", xlim=(-0.4, 1.4), ylim=(0, 1.02))
ax.set_xticks([0, 1], ["fold's test part\n(random notes)", f"{TEST}\n(other instruments)"])
plt.show()

# %%
gap = 100 * (contrast["fold's test part"] - contrast[TEST])
order = "All five lines fall" if (gap > 0).all() else f"{(gap > 0).sum()} of five lines fall"
display(
    Markdown(
        f"{order}. The mean difference is **{gap.mean():.0f} percentage points** (profile "
        f"{PROFILE}, {profile.notes_per_family} notes a family, {len(test_notes)} test notes)."
    )
)

# %% [markdown]
# What does that show? That a high score on random folds does not promise the same score on other
# instruments. The thesis meets the same gap: its table 4.3 has 0.97 on the folds and 0.74 on
# NSynth's test split for the tuned CNN.
#
# What does it not show? *Why*. The two sets of test notes differ in more than one respect: in
# their instruments, in how many instruments there are of each family, in the bundled notes
# also in velocity, and in the full NSynth possibly in their mix of acoustic, electronic and
# synthetic sources. Section 5.5 of the thesis looks for reasons in the balance of the families
# and in hard samples. Known neighbours in training, which you have just counted, are another
# candidate. To tell these apart takes an experiment that changes one of them at a time. Keep the
# question in mind when you read the results in [chapter 8](08_results.ipynb).

# %% [markdown]
# ## How different are the folds?
#
# The thesis says that training data is "slightly different" from fold to fold. Slightly, in
# numbers: a fold trains on eight parts of ten. Two folds leave out two parts each, four different
# ones together. So six of the eight parts that one of them trains on are trained on by the other
# as well. Check that, for every pair of folds:

# %% mystnb={"figure": {"caption": "The percentage of the training notes of one fold that another fold trains on, too.", "name": "fig-overlap"}, "image": {"alt": "A five by five table of percentages: 100 on the diagonal, and the same smaller number in all other cells"}}
overlap = np.array([[np.isin(a.train, b.train).mean() for b in five] for a in five])
fig, ax = plt.subplots(figsize=(4.2, 3.4))
image = ax.imshow(100 * overlap, vmin=0, vmax=100, cmap="Greys")
for a, b in np.ndindex(overlap.shape):
    ax.text(
        b,
        a,
        f"{100 * overlap[a, b]:.0f}",
        ha="center",
        va="center",
        color="white" if overlap[a, b] > 0.5 else "black",
    )
ax.set_xticks(range(5), range(1, 6))
ax.set_yticks(range(5), range(1, 6))
ax.set(xlabel="fold", ylabel="fold")
ax.grid(False)
fig.colorbar(image, label="training notes in common (%)")
plt.show()

# %% [markdown]
# The test parts are disjoint, but the models that are tested on them have learned mostly the same
# notes. Five folds are not five independent experiments. What that does to a test of significance
# is the subject of [chapter 9](09_significance.ipynb).
#
# ## Try it yourself
#
# 1. In the cell that defines `predict`, let the five nearest notes vote: `.query(asked, k=5)`,
#    and `return np.array([np.bincount(votes).argmax() for votes in answers[nearest]])`. Is the
#    score on training notes still perfect? What happens to the islands in the map?
# 2. In the cell with `means = X.mean(axis=1)`, append the standard deviations:
#    `np.hstack([X.mean(axis=1), X.std(axis=1)])`. Watch both columns of the table *fold's test
#    part* and of the test split. Do they rise together?
# 3. In `score_pairs`, let the validation part be half a tenth of the notes. What happens to the
#    gap between validation and test?
# 4. In the dealing cell, leave out the shuffle (`members = np.flatnonzero(y == family)`). All
#    checks still pass. What does `within a semitone` become, when you compute it for these folds,
#    and why?
#
# ## What you learned
#
# - A score on training notes measures memory: 1-NN is perfect there even on shuffled families.
# - Validation notes serve to choose, test notes to report; the score that made a choice flatters
#   it.
# - The thesis's folds are five pairs out of ten dealt parts: test parts disjoint, validation
#   parts disjoint, families in equal proportion, and half of the notes never tested on.
# - One fold's score depends on the draw; compare models on the same folds.
# - Random folds put notes of one instrument on both sides. They test new notes, not new
#   instruments.
# - Any two folds share three quarters of their training notes.
#
# ## Next
#
# The folds are ready for a real model: [the CNN](05_cnn.ipynb).
#
# ---
#
# **Thesis sections covered**: 3.2.2. Done differently: families are stratified, and no note is
# validated on in one fold and tested on in another; the text leaves both open. The seed is fixed
# so that both networks get the same folds. 1-NN is not in the thesis: it stands here for any
# model, because it learns in no time.
