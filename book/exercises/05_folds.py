# %% [markdown]
# # Exercises: folds
#
# From five-minute checks to folds for a question of your own. You need
# [chapter 5](../05_folds.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/05_folds.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from helpers import datasets, folds
from helpers.runs import cache

# %% [markdown] exercise={"name": "nonsense", "minutes": 5, "points": 1, "objectives": ["Show"]}
# ## Nonsense, in unequal families
#
# Of a set's notes, 50 % are guitars, 30 % reeds and 20 % flutes; no two notes are equal. The families
# are shuffled, as in "Scored on the notes it knows", so that there is nothing to learn. What accuracy
# of 1-NN do you expect, **in percent**, on its training notes and on a great many held-out notes?
#
# <details><summary>Hint</summary>
#
# On the held-out notes 1-NN answers with the family of some note, and that family was dealt at random.
# How often does it say guitar? And how often is that right?
#
# </details>

# %% tags=["solution"]
on_training = 100  # SOLUTION
on_held_out = 100 * (0.5**2 + 0.3**2 + 0.2**2)  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "on_training",
    on_training,
    right=100,
    digits=1,
    wrong={
        1: "Is that a share? Percent are asked for.",
        38: "So it would be without the answer book. Which note is nearest to a training note?",
    },
    hint="Which training note is nearest to a training note, and what is its answer?",
)
number(
    "on_held_out",
    on_held_out,
    right=38,
    digits=1,
    wrong={
        33.3: "That is one in three: families of equal size. These are not.",
        50: "So much gets who always says guitar. Does 1-NN always say guitar?",
        0.4: "Is that a share? Percent are asked for.",
        10: "That is guessing among ten equal families. Here are three.",
        0: "Even a random answer is right now and then.",
    },
    hint="Go through the three answers: how often is each given, and how often is it right then?",
)

# %% tags=["wrong"]
# says: families of equal size
on_held_out = 100 / 3

# %% tags=["wrong"]
# says: always say guitar
on_held_out = 50

# %% tags=["wrong"]
# says: without the answer book
on_training = 38

# %% [markdown] exercise={"name": "diary", "minutes": 10, "points": 1, "objectives": ["Tell"]}
# ## A diary
#
# Someone compares networks and keeps a diary. Which of these entries let **test notes** take part in
# making or choosing a model, or in choosing what is reported? Answer with their letters, as a text
# such as "AC".
#
# - **A** Dealt the notes at random into training, validation and test, with seed 0.
# - **B** To standardise, took mean and standard deviation of each MFCC over all notes.
# - **C** Trained for 50 epochs, and kept the weights of the epoch with the best validation loss.
# - **D** Three learning rates, ten epochs each: the one with the best validation accuracy stays.
# - **E** Two networks were equal on validation notes. Looked at their test accuracy, kept the better.
# - **F** Made every training note a little louder and a little quieter, to have more of them.
# - **G** Test accuracy lower than hoped. Dealt again with seed 1: better. Reported that.
# - **H** Reported the test accuracy, then listened to the notes that were named wrongly.
#
# <details><summary>Hint</summary>
#
# For each entry ask: would the reported number, or the model, be the same if the test notes had been
# locked away until the last line?
#
# </details>

# %% tags=["solution"]
leaks = "BEG"  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

letters = ... if leaks is ... else sorted({x for x in str(leaks).upper() if x in "ABCDEFGH"})
same(
    "leaks",
    letters,
    right=["B", "E", "G"],
    wrong={
        ("E", "G"): "One is missing: test notes may not even choose a unit.",
        ("B", "E"): "One is missing: the seed is a choice, too, if one looks at the score first.",
        ("B", "G"): "One is missing: what if two are equal, and the test decides?",
        ("G",): "Two are missing.",
        ("E",): "Two are missing.",
        ("B", "C", "E", "G"): "One too many: the number of epochs is a choice. Whose job is that?",
        ("B", "D", "E", "G"): "One too many: learning rates are chosen. By which notes?",
        ("B", "E", "F", "G"): "One too many: which notes were changed, and after what?",
        ("B", "E", "G", "H"): "One too many: was anything changed after the listening?",
        ("C", "D"): "Those are choices by validation notes, which is what these are for.",
    },
    hint="Go through the table of the three jobs: who may use which part, and for what?",
)

# %% tags=["wrong"]
# says: choose a unit
leaks = ["E", "G"]

# %% tags=["wrong"]
# says: Whose job is that
leaks = "BCEG"

# %% tags=["wrong"]
# says: changed after the listening
leaks = "b e g h"

# %% [markdown] exercise={"name": "deal", "minutes": 25, "points": 2, "objectives": ["Build"]}
# ## Every note, once
#
# The thesis's folds test half of the notes. Build five folds that test **all** of them: each fold
# trains on 60 %, validates on 20 % and tests on 20 % of the notes. Over the five folds every note is
# tested on exactly once and validated on exactly once (not in the same fold). Every part of every
# fold has the families in equal proportion, give or take one note; notes are dealt at random, by the
# seed. Use NumPy only. What do these folds gain over the thesis's, and what do they give up?
#
# <details><summary>Hint</summary>
#
# Deal each family to five piles, as "Dealing the notes" does to ten. Fold $k$ tests on pile $k$. Which
# pile could it validate on, so that no pile is taken twice?
#
# </details>


# %% tags=["solution"]
def five_folds(labels, seed):
    """Five triples (train, validation, test) of positions; labels: the family of each note."""
    # BEGIN SOLUTION
    rng, pile = np.random.default_rng(seed), np.empty(len(labels), dtype=int)
    for family in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == family))
        pile[rows] = np.arange(len(rows)) % 5
    made = []
    for k in range(5):
        test, validation = pile == k, pile == (k + 1) % 5
        parts = (~test & ~validation, validation, test)
        made.append(tuple(np.flatnonzero(part) for part in parts))
    return made
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call


def check_five_folds():
    labels = np.random.default_rng(4).permutation(np.repeat([0, 1, 2], [50, 35, 40]))
    names = ("train", "validation", "test")

    def asked(seed):
        made = call("five_folds", five_folds, labels, seed)
        assert len(made) == 5, f"five_folds returns {len(made)} folds."
        result = []
        for k, fold in enumerate(made):
            assert len(fold) == 3, f"fold {k} should be three arrays: train, validation, test."
            parts = [array(f"fold {k}, {x}", p) for x, p in zip(names, fold, strict=True)]
            assert all(part.ndim == 1 for part in parts), f"fold {k}: each part should be a row."
            result.append([part.astype(int) for part in parts])
        return result

    made = asked(0)
    for k, fold in enumerate(made):
        together = np.sort(np.concatenate(fold))
        assert np.array_equal(together, np.arange(len(labels))), (
            f"In fold {k}, a note is missing, or in two parts, or twice in one."
        )
        for name, part, share in zip(names, fold, (0.6, 0.2, 0.2), strict=True):
            counts = np.bincount(labels[part], minlength=3)
            assert abs(counts.sum() - share * len(labels)) <= 3, (
                f"The {name} part of fold {k} has {counts.sum()} of {len(labels)} notes: "
                f"{share:.0%} are asked for."
            )
            off = np.abs(counts - share * np.array([50, 35, 40])).max()
            assert off <= 1, (
                f"The {name} part of fold {k} has {counts.tolist()} notes of families that have "
                "50, 35 and 40: it is not stratified."
            )
    for name, which in (("tested", 2), ("validated", 1)):
        times = np.bincount(np.concatenate([fold[which] for fold in made]), minlength=len(labels))
        assert times.max() == times.min() == 1, (
            f"Notes are {name} on from {times.min()} to {times.max()} times: once is asked for. "
            "Was each fold drawn by itself?"
        )
    again, other = asked(0), asked(1)
    for fold, twin in zip(made, again, strict=True):
        assert np.array_equal(np.sort(fold[2]), np.sort(twin[2])), "The same seed, other folds."
    same = [set(fold[2]) == set(twin[2]) for fold, twin in zip(made, other, strict=True)]
    assert not all(same), "Another seed gives the same folds: is anything shuffled?"


check_five_folds()


# %% tags=["wrong"]
# says: Was each fold drawn by itself
def five_folds(labels, seed):
    made = []
    for k in range(5):
        rng, pile = np.random.default_rng([seed, k]), np.empty(len(labels), dtype=int)
        for family in np.unique(labels):
            rows = rng.permutation(np.flatnonzero(labels == family))
            pile[rows] = np.arange(len(rows)) % 5
        made.append(
            (np.flatnonzero(pile > 1), np.flatnonzero(pile == 1), np.flatnonzero(pile == 0))
        )
    return made


# %% tags=["wrong"]
# says: not stratified
def five_folds(labels, seed):
    pile = np.random.default_rng(seed).permutation(len(labels)) % 5
    parts = [np.flatnonzero(pile == k) for k in range(5)]
    return [
        (np.concatenate([parts[(k + i) % 5] for i in (2, 3, 4)]), parts[(k + 1) % 5], parts[k])
        for k in range(5)
    ]


# %% tags=["wrong"]
# says: 60% are asked for
def five_folds(labels, seed):
    return [tuple(fold) for fold in folds.stratified(labels, seed=seed)]


# %% tags=["wrong"]
# says: is anything shuffled
def five_folds(labels, seed):
    pile = np.empty(len(labels), dtype=int)
    for family in np.unique(labels):
        rows = np.flatnonzero(labels == family)
        pile[rows] = np.arange(len(rows)) % 5
    made = []
    for k in range(5):
        test, validation = pile == k, pile == (k + 1) % 5
        parts = (~test & ~validation, validation, test)
        made.append(tuple(np.flatnonzero(part) for part in parts))
    return made


# %% [markdown] exercise={"name": "luck", "minutes": 10, "points": 2, "objectives": ["Measure"]}
# ## How many test notes?
#
# A model is right with probability 0.8. You want a test whose counting luck is so small that two
# standard deviations are **2 percentage points**.
#
# - `n_notes`: how many test notes does that take, if they are right or wrong independently?
# - `n_together`: now suppose the worst. The test notes come from instruments with 20 notes each, and
#   all notes of an instrument are right or wrong together. How many test notes does it take now?
#
# <details><summary>Hint</summary>
#
# "How much does the score depend on the draw?" has the formula. For the second question: how many
# independent answers does an instrument give?
#
# </details>

# %% tags=["solution"]
n_notes = round(0.8 * 0.2 / 0.01**2)  # SOLUTION
n_together = 20 * n_notes  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_notes",
    n_notes,
    right=1600,
    digits=-1,  # 1601 is right, too: 0.01**2 is not exact, and some round up
    wrong={
        400: "With so many, one standard deviation is 2 percentage points. Two should be.",
        6400: "With so many, four standard deviations are 2 percentage points.",
        16: "Percentage points are hundredths, and the formula squares.",
        80: "Did you square both sides when you solved for n?",
        40: "Did you square both sides when you solved for n?",
        2500: "That is for a model that is right half of the time.",
    },
    hint="Set two standard deviations equal to 0.02 and solve for n.",
)
number(
    "n_together",
    n_together,
    right=32_000,
    digits=-2,
    wrong={
        1600: "That is how many instruments it takes. How many notes have they?",
        80: "With so many instruments, you would have 80 independent answers only.",
        640_000: "Once by 20 is enough: how many notes has one independent answer?",
    },
    hint="An instrument counts as one answer. How many answers, and how many notes is that?",
)

# %% tags=["wrong"]
# says: one standard deviation
n_notes = round(0.8 * 0.2 / 0.02**2)

# %% tags=["wrong"]
# says: square both sides
n_notes = 40

# %% tags=["wrong"]
# says: how many instruments it takes
n_together = 1600

# %% [markdown] exercise={"name": "leak", "minutes": 25, "points": 2, "objectives": ["Hold"]}
# ## Find the leak
#
# A set is divided by instrument: eight instruments train, four test, and no name is on both sides.
# The cell below makes it: `mfcc_means`, shape (12, 15, 13), has for each instrument and each of 15
# `pitches` the means of 13 MFCCs (made up), and `names` says which instrument is which. Yet one test
# instrument **is** a training instrument: the same recordings under another name, turned down and
# with a little noise. Which two are they? Answer with a list of two of the `names`, the test
# instrument first.
#
# Beware: the test instrument with the smallest distances to a training instrument is not the one. It
# only sounds much like it.
#
# <details><summary>Hint</summary>
#
# Which of the 13 numbers changes when a sound is turned down, and by how much in each note? Compare
# notes of the same pitch. If two instruments are one, how do their differences look, over the pitches
# and over the coefficients? A plot of the differences helps.
#
# </details>

# %%
rng = np.random.default_rng(12)
resembled, twin = rng.choice(8, 2, replace=False)
relative, renamed = 8 + rng.choice(4, 2, replace=False)
centres = rng.normal(0, 12, (12, 13))
centres[:, 0] = rng.normal(-300, 40, 12)
centres[relative] = centres[resembled]  # much alike, but another instrument
centres[renamed] = centres[twin] - 90 * np.eye(13)[0]
own = rng.normal(0, 2, (12, 15, 13))  # what each key has of its own
own[renamed] = own[twin]
pitches = np.arange(50, 65)
mfcc_means = centres[:, None] + own + rng.normal(0, 0.3, (12, 15, 13))  # instruments, pitches, 13
names = np.array([f"train {x}" for x in "ABCDEFGH"] + [f"test {x}" for x in "WXYZ"])
del resembled, twin, relative, renamed, centres, own  # that would be too easy

# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
shape = mfcc_means[:, :, 1:]  # without the level
gaps = np.linalg.norm(shape[8:, None] - shape[None, :8], axis=-1).mean(axis=-1)
asked, known = np.unravel_index(gaps.argmin(), gaps.shape)
# END SOLUTION
pair = [str(names[8 + asked]), str(names[known])]  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

same(
    "pair",
    pair,
    right=["test Y", "train C"],
    wrong={
        ("train C", "test Y"): "These are the two, in the other order: the test instrument first.",
        ("test W", "train E"): "These are the nearest as they are. But compare them pitch by "
        "pitch: do they have the same quirks on the same keys? And what does turning down change?",
        ("test Y", "train E"): "The test instrument is right.",
        ("test W", "train C"): "The training instrument is right.",
    },
    hint="Compare every test instrument with every training instrument, note by note of the same "
    "pitch, and leave out what turning down can change.",
)

# %% tags=["wrong"]
# says: the nearest as they are
pair = ["test W", "train E"]

# %% tags=["wrong"]
# says: in the other order
pair = ["train C", "test Y"]

# %% tags=["wrong"]
# says: leave out what turning down can change
pair = ["test X", "train A"]

# %% [markdown] exercise={"name": "unseen", "minutes": 30, "points": 3, "objectives": ["Hold"]}
# ## To choose, too
#
# The chapter's grouped folds validate on known instruments, and therefore may choose nothing. Design
# folds in which **the validation part holds out instruments as well**. Write `unseen`, which returns
# as many folds as the smallest family has instruments, each a triple (train, validation, test):
#
# - no instrument is in two parts of a fold;
# - every note is tested on exactly once and validated on exactly once, over all folds;
# - every family is in every part of every fold;
# - which instruments go where is left to the seed.
#
# Every family has at least three instruments, and some have more than others. What does this design
# cost, compared with the chapter's?
#
# <details><summary>Hint</summary>
#
# Deal the instruments of each family, shuffled, to as many piles as there are folds, and go round
# when there are more. Fold $k$ tests on pile $k$. The rest is as in "Every note, once".
#
# </details>


# %% tags=["solution"]
def unseen(labels, instruments, seed):
    """Triples (train, validation, test) of positions that hold out whole instruments.

    labels: the family of each note; instruments: the name of its instrument; both arrays.
    """
    # BEGIN SOLUTION
    rng, pile = np.random.default_rng(seed), np.empty(len(labels), dtype=int)
    owned = [np.unique(instruments[labels == family]) for family in np.unique(labels)]
    n = min(len(names) for names in owned)
    for names in owned:
        for k, name in enumerate(rng.permutation(names)):
            pile[instruments == name] = k % n
    made = []
    for k in range(n):
        test, validation = pile == k, pile == (k + 1) % n
        parts = (~test & ~validation, validation, test)
        made.append(tuple(np.flatnonzero(part) for part in parts))
    return made
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call


def check_unseen():
    sizes = {0: [12, 5, 9, 3], 4: [7, 7, 8, 6, 10, 4], 9: [20, 2, 3, 3, 3]}
    rows = [
        (f, f"{f}-{k}")
        for f, several in sizes.items()
        for k, n in enumerate(several)
        for _ in range(n)
    ]
    mixed = np.random.default_rng(8).permutation(len(rows))
    labels = np.array([rows[i][0] for i in mixed])
    instruments = np.array([rows[i][1] for i in mixed])
    names = ("train", "validation", "test")

    def asked(seed):
        made = call("unseen", unseen, labels, instruments, seed)
        assert len(made) == 4, (
            f"unseen returns {len(made)} folds. The families have 4, 6 and 5 instruments."
        )
        for k, fold in enumerate(made):
            assert len(fold) == 3, f"fold {k} should be three arrays: train, validation, test."
        return [
            [array(f"fold {k}, {x}", p).astype(int) for x, p in zip(names, fold, strict=True)]
            for k, fold in enumerate(made)
        ]

    made = asked(0)
    for k, fold in enumerate(made):
        assert np.array_equal(np.sort(np.concatenate(fold)), np.arange(len(labels))), (
            f"In fold {k}, a note is missing, or in two parts, or twice in one."
        )
        known, validated, tested = (set(instruments[part]) for part in fold)
        assert not tested & (known | validated), (
            f"In fold {k}, instruments are on two sides: {sorted(tested & (known | validated))}. A "
            "test instrument is in training or validation."
        )
        assert not known & validated, (
            f"In fold {k}, the validation part knows instruments from training: "
            f"{sorted(known & validated)}. What it chooses is then chosen for known instruments."
        )
        for name, part in zip(names, fold, strict=True):
            missing = set(sizes) - set(labels[part].tolist())
            assert not missing, (
                f"The {name} part of fold {k} has no instrument of the families {sorted(missing)}. "
                "Were the instruments dealt family by family?"
            )
    for word, which in (("tested", 2), ("validated", 1)):
        times = np.bincount(np.concatenate([fold[which] for fold in made]), minlength=len(labels))
        assert times.max() == times.min() == 1, (
            f"Notes are {word} on from {times.min()} to {times.max()} times over all folds."
        )
    plans = {tuple(frozenset(instruments[fold[2]]) for fold in asked(seed)) for seed in range(6)}
    assert len(plans) > 1, "Other seeds give the same folds: is anything shuffled?"
    for fold, twin in zip(made, asked(0), strict=True):
        assert set(fold[2]) == set(twin[2]), "The same seed gives other folds."


check_unseen()


# %% tags=["wrong"]
# says: knows instruments from training
def unseen(labels, instruments, seed):
    return [tuple(fold) for fold in folds.grouped(labels, instruments, n_folds=4, seed=seed)]


# %% tags=["wrong"]
# says: dealt family by family
def unseen(labels, instruments, seed):
    mixed = np.random.default_rng(seed).permutation(np.unique(instruments))
    pile = np.array([np.flatnonzero(mixed == name)[0] % 4 for name in instruments])
    return [
        tuple(np.flatnonzero(np.isin((pile - k) % 4, part)) for part in ([2, 3], [1], [0]))
        for k in range(4)
    ]


# %% tags=["wrong"]
# says: instruments are on two sides
def unseen(labels, instruments, seed):
    return [tuple(fold) for fold in folds.stratified(labels, seed=seed)][:4]


# %% tags=["wrong"]
# says: The families have 4, 6 and 5
def unseen(labels, instruments, seed):
    return five_folds(labels, seed)


# %% [markdown] exercise={"name": "project", "minutes": 180, "points": 2, "objectives": ["Measure", "Hold"]}
# ## Open project: another question
#
# Random folds ask about new notes of known instruments, grouped ones about new instruments. Ask a
# third question. For example: will the model know the notes of a **register** that it has never heard
# (learn from low keys, be tested on high ones)? Or a **pitch class** (all C, all C♯, ...) that it never
# met? Say who would ask that. Then write `my_group`: a text for each note, which
# is equal for the notes that must stay together. `my_folds` below holds the groups out, one after the
# other.
#
# Predict the score before you compute it. Compare with a control of the same sizes, drawn by note, as
# "The control" does: `control` draws it. Repeat with several seeds, and find out note by note where the
# difference comes from. Hand in code, one table, one figure and a page of text.
#
# The check only looks whether `my_group` is fit for use: a text for each note; at least two groups, and
# fewer groups than notes; each family in at least two groups; and it is not the instrument again. The
# project itself is judged by this **rubric**:
#
# | points | question | design | evidence | conclusion |
# |---|---|---|---|---|
# | 2 | says who asks it, and what leaks without the groups | a control, and all else equal | spread over seeds or groups, and what happened to single notes | says what was shown, and what was not |
# | 1 | clear | groups, no control | two numbers | "grouped is lower" |
# | 0 | missing | a leak | one number | missing |
#
# <details><summary>Hint</summary>
#
# The registers of the families differ: what is high for a bass is low for a mallet. If the groups
# are the same keys for all families, then a fold may have few notes of a family to learn from. "Within
# its family, the lower or the upper half" avoids that; say which of the two you want, and why.
#
# </details>

# %%
notes = datasets.load("nsynth-mini")
table = notes.table


def my_folds(groups):
    """Pairs (train, test) of positions, one for each group, which is held out."""
    groups = np.asarray(groups)
    return [(np.flatnonzero(groups != g), np.flatnonzero(groups == g)) for g in np.unique(groups)]


def control(pairs, labels, seed=0):
    """Pairs with as many notes of each family in each part, but drawn by note."""
    nothing = np.array([], dtype=int)
    like = [folds.Fold(train, nothing, test) for train, test in pairs]
    return [(fold.train, fold.test) for fold in folds.matched(labels, like, seed)]


def score(pairs):
    """The accuracy of 1-NN for each pair, on means and standard deviations of the MFCCs."""
    frames = cache.extract(notes)
    numbers = np.hstack([frames.mean(axis=1), frames.std(axis=1)])
    shares = []
    for train, test in pairs:
        centre, unit = numbers[train].mean(axis=0), numbers[train].std(axis=0)
        _, nearest = KDTree((numbers[train] - centre) / unit).query((numbers[test] - centre) / unit)
        shares.append((notes.labels[train[nearest]] == notes.labels[test]).mean())
    return pd.Series(shares).round(3)


# %% tags=["solution"]
def my_group(families, instruments, pitches):
    """A text for each note, equal for notes that stay together; three arrays of equal length."""
    # BEGIN SOLUTION
    # Within its family: the lower or the upper half of the keys.
    middle = pd.Series(pitches).groupby(families).transform("median").to_numpy()
    return ["low" if below else "high" for below in pitches < middle]
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import call


def check_my_group():
    rng = np.random.default_rng(3)
    families = np.repeat(["bass", "flute", "reed"], 60)
    instruments = np.array([f"{f}_{i % 4:03}" for i, f in enumerate(families)])
    pitches = rng.integers(30, 60, 180) + 12 * (families == "flute") + 6 * (families == "reed")
    answer = call("my_group", my_group, families, instruments, pitches)
    groups = np.asarray(answer)
    assert groups.shape == (180,), (
        f"For 180 notes, my_group returns something of shape {groups.shape}: one text for each is "
        "asked for."
    )
    assert all(isinstance(group, str) for group in answer), (
        "my_group should return a text for each note, such as a group's name: these are no texts."
    )
    n = len(set(groups))
    assert n > 1, "All notes are in one group: nothing is left to learn from."
    assert n < 180, "Every note is a group of its own: that is what random folds do."
    for family in ("bass", "flute", "reed"):
        assert len(set(groups[families == family])) > 1, (
            f"All notes of the family {family} are in one group: when it is held out, nothing is "
            "left from which to learn the family."
        )
    both = len(set(zip(groups, instruments, strict=True)))
    assert not both == n == len(set(instruments)), (
        "These groups are the instruments, which the chapter holds out already. Ask another "
        "question."
    )


check_my_group()


# %% tags=["wrong"]
# says: these are no texts
def my_group(families, instruments, pitches):
    return pitches


# %% tags=["wrong"]
# says: are the instruments
def my_group(families, instruments, pitches):
    return list(instruments)


# %% tags=["wrong"]
# says: are in one group: when it is held out
def my_group(families, instruments, pitches):
    return [str(family) for family in families]


# %% tags=["wrong"]
# says: a group of its own
def my_group(families, instruments, pitches):
    return [str(i) for i in range(len(families))]
