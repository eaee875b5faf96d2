# %% [markdown]
# # Exercises: unseen instruments
#
# From the price of a new instrument to an experiment of your own. You need
# [chapter 11](../11_unseen_instruments.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/11_unseen_instruments.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
import numpy as np
import pandas as pd
from sklearn.naive_bayes import GaussianNB

from helpers import datasets, listening
from helpers.runs import cache

# %% [markdown] exercise={"name": "price", "minutes": 5, "points": 1, "objectives": ["Measure"]}
# ## The price of new instruments
#
# Made-up accuracies of one model on five kinds of folds:
#
# | folds | training notes a fold | test notes of | accuracy (%) |
# |---|---|---|---|
# | A | 800 | known instruments | 94 |
# | B | 650 | known instruments | 91 |
# | C | 650 | unknown instruments | 63 |
# | D | 400 | unknown instruments | 58 |
# | E | 400 | known instruments | 83 |
#
# All folds are otherwise made alike. How many percentage points of accuracy does it cost that the
# **instruments** are unknown, and nothing else, if a model learns from 650 notes? Give the loss as a
# positive number.
#
# <details><summary>Hint</summary>
#
# "Three ways to hold out a note". Which two rows differ in one thing only?
#
# </details>

# %% tags=["solution"]
price = 91 - 63  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "price",
    price,
    right=28,
    wrong={
        31: "Between those two rows there are also fewer training notes. What would that alone "
        "have cost?",
        25: "Those two rows have 400 training notes. It is asked for 650.",
        3: "That is the price of fewer training notes.",
        -28: "The right rows. As a loss, the number should be positive.",
        36: "Two things change between those rows.",
        33: "Two things change between those rows.",
        5: "That is the price of fewer training notes, where instruments are unknown.",
    },
    hint="Look for two rows with 650 notes that differ in one thing only.",
)

# %% tags=["wrong"]
# says: also fewer training notes
price = 94 - 63

# %% tags=["wrong"]
# says: price of fewer training notes
price = 94 - 91

# %% tags=["wrong"]
# says: should be positive
price = 63 - 91

# %% [markdown] exercise={"name": "control", "minutes": 20, "points": 2, "objectives": ["Measure"]}
# ## A fair control
#
# In a grouped fold, the test notes are those of whole instruments. Write the function `control`,
# which draws the test notes of its **matched** control: as many notes **of each family**, but any
# notes of it, with equal chances, whatever their instrument. It takes the family of every note, the
# positions of the grouped fold's test notes and a seed, and returns positions, each at most once.
# The same seed gives the same draw, another seed another one.
#
# <details><summary>Hint</summary>
#
# Family by family: how many notes of it are among the test notes, and where are all notes of it?
# `np.random.default_rng(seed)`, made once, has a `choice` with `replace=False`.
#
# </details>


# %% tags=["solution"]
def control(family, test, seed):
    """Positions of test notes drawn by note: family (n,) of texts, test (m,) positions; (m,)."""
    # BEGIN SOLUTION
    family, rng = np.asarray(family), np.random.default_rng(seed)
    drawn = []
    for name in np.unique(family):
        n = np.count_nonzero(family[test] == name)
        drawn.append(rng.choice(np.flatnonzero(family == name), n, replace=False))
    return np.concatenate(drawn)
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

family = np.repeat(["organ", "reed", "flute"], [60, 40, 40])
test = np.concatenate([np.arange(0, 9), np.arange(60, 75), np.arange(139, 119, -1)])
draws = [
    array("control", call("control", control, family, test, seed), test.shape).astype(int)
    for seed in range(120)
]
first = draws[0]
assert np.all((first >= 0) & (first < len(family))), "control returns positions that do not exist."
assert all(len(set(draw)) == len(draw) for draw in draws), (
    "control draws a note twice: a test part holds each note once at most."
)
again = array("control", call("control", control, family, test, 0), test.shape)
assert np.array_equal(first, again), "control gives another draw for the same seed."
assert any(set(draw) != set(first) for draw in draws), (
    "control gives the same notes for every seed: are they drawn?"
)
for name in ("organ", "reed", "flute"):
    n, wanted = (family[first] == name).sum(), (family[test] == name).sum()
    assert n == wanted, (
        f"control draws {n} notes of the family {name}; the grouped fold tests {wanted}. If the mix "
        "of families changes, too, the comparison is no longer fair."
    )
times = np.bincount(np.concatenate(draws), minlength=len(family))
assert times.min() > 0, (
    "Over 120 seeds some notes are never drawn. Every note of a family should have a chance, those "
    "of the grouped fold's test part included."
)
assert times[:60].std() < 8, "Over 120 seeds some notes are drawn far more often than others."


# %% tags=["wrong"]
# says: no longer fair
def control(family, test, seed):
    return np.random.default_rng(seed).choice(len(family), len(test), replace=False)


# %% tags=["wrong"]
# says: a note twice
def control(family, test, seed):
    family, rng = np.asarray(family), np.random.default_rng(seed)
    return np.array([rng.choice(np.flatnonzero(family == family[i])) for i in test])


# %% tags=["wrong"]
# says: are they drawn
def control(family, test, seed):
    family = np.asarray(family)
    names, counts = np.unique(family[test], return_counts=True)
    return np.concatenate(
        [np.flatnonzero(family == name)[:n] for name, n in zip(names, counts, strict=True)]
    )


# %% tags=["wrong"]
# says: never drawn
def control(family, test, seed):
    family, rng = np.asarray(family), np.random.default_rng(seed)
    drawn = []
    for name in np.unique(family):
        others = np.setdiff1d(np.flatnonzero(family == name), test)
        n = np.count_nonzero(family[test] == name)
        drawn.append(rng.choice(others, n, replace=False))
    return np.concatenate(drawn)


# %% [markdown] exercise={"name": "bootstrap", "minutes": 25, "points": 3, "objectives": ["Put"]}
# ## Two intervals overlap. So what?
#
# Write the function `interval`: the middle 95 % of the **mean over notes** when whole instruments are
# drawn, as many as there are, with replacement, each with all of its notes (across families). It
# takes a value for every note and the note's instrument. Take 2,000 draws.
#
# Then use it on two made-up models, A and B, which answered the same notes of 40 instruments: right
# is 1, wrong is 0. Some instruments are hard, for both. Answer with `"yes"` or `"no"`:
#
# - `overlap`: do the intervals of A and of B overlap?
# - `apart`: is the interval of the differences, A minus B note by note, clear of 0?
#
# <details><summary>Hint</summary>
#
# "Draw other instruments" in chapter 10 does it with two numbers an instrument: the sum of its
# values, and how many they are. A mean over the notes drawn is a sum of the ones over a sum of
# the others.
#
# </details>

# %%
rng = np.random.default_rng(5)
sizes = rng.integers(10, 41, size=40)
instrument = np.repeat([f"instrument {k}" for k in range(40)], sizes)
easy = np.repeat(rng.beta(1.2, 0.8, size=40), sizes)
luck = rng.random(len(instrument))
right_a, right_b = (luck < easy).astype(int), (luck < 0.88 * easy).astype(int)
print(f"{len(instrument)} notes; A {right_a.mean():.3f}, B {right_b.mean():.3f}")


# %% tags=["solution"]
def interval(values, instruments):
    """Low and high end: values (n,) and instruments (n,), one of each a note."""
    # BEGIN SOLUTION
    grouped = pd.Series(values).groupby(np.asarray(instruments)).agg(["sum", "size"])
    sums, sizes = grouped.to_numpy(dtype=float).T
    drawn = np.random.default_rng(0).integers(0, len(sums), size=(2000, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return np.quantile(means, [0.025, 0.975])
    # END SOLUTION


# BEGIN SOLUTION NO PROMPT
ends_a, ends_b = interval(right_a, instrument), interval(right_b, instrument)
ends_d = interval(right_a - right_b, instrument)
# END SOLUTION
overlap = "yes" if ends_a[0] <= ends_b[1] and ends_b[0] <= ends_a[1] else "no"  # SOLUTION
apart = "yes" if ends_d[0] > 0 or ends_d[1] < 0 else "no"  # SOLUTION

# %% tags=["test"]
import numpy as np

from helpers.checks import array, call


def ends(values, owners):
    return array("interval", call("interval", interval, values, owners), (2,))


owners = np.repeat(np.arange(100), 20)
alike = np.repeat(np.arange(100) % 2, 20)
low, high = ends(alike, owners)
assert low < high, "The low end should come first."
assert high - low > 0.1, (
    f"A hundred instruments, of half of which every note is right: the interval has a width of "
    f"{high - low:.3f}. So sure one could be if all 2,000 notes were drawn one by one."
)
assert high - low > 0.18, "The interval is too narrow: the middle 95 % of the means is asked for."
assert high - low < 0.22, "The interval is too wide. Are as many instruments drawn as there are?"
uneven = np.repeat(np.arange(60), np.where(np.arange(60) < 30, 5, 35))
low, high = ends((uneven < 30).astype(int), uneven)
assert not low < 0.5 < high, (
    "Half of sixty instruments have 5 notes each, all right, the others 35, all wrong: the interval "
    "holds 0.5. Instruments are drawn, but the mean goes over *notes*: large instruments count more."
)
assert low < 0.125 < high, "For instruments of unequal size, the interval misses the mean itself."
mixed = np.random.default_rng(0).permutation(len(owners))
assert np.allclose(ends(alike[mixed], owners[mixed]), ends(alike, owners), atol=0.03), (
    "The interval changes if the notes are given in another order: go by their instruments."
)

# %% tags=["test"]
from helpers.checks import answered, same

for name, answer in {"overlap": overlap, "apart": apart}.items():
    answered(name, answer)
    assert str(answer).strip().lower() in ("yes", "no"), f'{name} should be "yes" or "no".'
same(
    "[overlap, apart]",
    [overlap, apart],
    right=["yes", "yes"],
    wrong={
        ("yes", "no"): "The intervals do overlap. But is the interval of the differences the same "
        "thing? In a difference note by note, what is hard for both models is gone.",
        ("no", "yes"): "The differences are right. Look again at the two single intervals: is the "
        "upper end of B's above the lower end of A's?",
        ("no", "no"): "Print all three intervals. Neither answer is right yet.",
    },
)


# %% tags=["wrong"]
# says: drawn one by one
def interval(values, instruments):
    values = np.asarray(values)
    drawn = np.random.default_rng(0).integers(0, len(values), size=(1000, len(values)))
    return np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])


# %% tags=["wrong"]
# says: mean goes over *notes*
def interval(values, instruments):
    means = pd.Series(values).groupby(np.asarray(instruments)).mean().to_numpy()
    drawn = np.random.default_rng(0).integers(0, len(means), size=(2000, len(means)))
    return np.quantile(means[drawn].mean(axis=1), [0.025, 0.975])


# %% tags=["wrong"]
# says: the middle 95 %
def interval(values, instruments):
    grouped = pd.Series(values).groupby(np.asarray(instruments)).agg(["sum", "size"])
    sums, sizes = grouped.to_numpy(dtype=float).T
    drawn = np.random.default_rng(0).integers(0, len(sums), size=(2000, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return np.quantile(means, [0.05, 0.95])


# %% tags=["wrong"]
# says: hard for both models
apart = "no"

# %% [markdown] exercise={"name": "stranger", "minutes": 10, "points": 1, "objectives": ["Find"]}
# ## Find the stranger
#
# Four brass instruments, A to D, and three instruments of other families, 1 to 3, all on the same
# pitch. A model has learned three of the four brasses and all of 1 to 3; the fourth is held out.
# **Which brass would you expect to be lost if it is the one held out, and for which of 1 to 3 would
# you expect it to be taken, going by how the sound develops in time?** Answer with a letter and a
# digit.
#
# <details><summary>Hint</summary>
#
# Do three of the four have something in common that the fourth lacks? What happens in the first
# second, and what is left after two?
#
# </details>

# %%
BRASS = [f"brass_acoustic_00{k}-063-100" for k in range(4)]
OTHERS = [
    "guitar_acoustic_017-063-100",
    "mallet_acoustic_001-063-100",
    "organ_electronic_003-063-100",
]
train = datasets.load("nsynth-mini", "train")
position = {name: i for i, name in enumerate(train.table["note"])}
shuffle = np.random.default_rng(4)
shown = dict(zip("ABCD", shuffle.permutation(BRASS), strict=True))
shown |= dict(zip("123", shuffle.permutation(OTHERS), strict=True))
listening.players((train.waveform(position[note]), name) for name, note in shown.items())

# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
letter_of = {note: letter for letter, note in shown.items()}
# END SOLUTION
stranger = letter_of[BRASS[2]] + letter_of[OTHERS[1]]  # SOLUTION

# %% tags=["test"]
from helpers.checks import answered, same

answered("stranger", stranger)
said = str(stranger).strip().upper()
assert len(said) == 2, "The answer should be a text of a letter and a digit."
assert said[0] in "ABCD", "The answer should begin with a letter, A to D."
assert said[1] in "123", "The answer should end with a digit, 1 to 3."
same("the letter", said[0], right="D", hint="Three brasses are held as long as the key is down.")
same(
    "the digit",
    said[1],
    right="1",
    hint="The letter is right. Play it again, and then 1 to 3: which of them is over as soon?",
)

# %% tags=["wrong"]
# says: as long as the key is down
stranger = "A1"

# %% tags=["wrong"]
# says: over as soon
stranger = "D3"

# %% tags=["wrong"]
# says: begin with a letter
stranger = "1D"

# %% [markdown] exercise={"name": "shown", "minutes": 10, "points": 1, "objectives": ["Say", "Put"]}
# ## What may be said?
#
# A made-up result: on grouped folds with forty instruments, CNN minus LSTM is **+1.5 points**, with
# the interval **[-3.0, +6.0]** at 95 %, from resampling instruments; the sign flips give **p =
# 0.51**. Which of these sentences does the result support? Answer with the letters in alphabetical
# order.
#
# - **A**: On new instruments, the two networks are equally good.
# - **B**: A lead of the CNN of 5 points is not contradicted.
# - **C**: The networks are equally good with a probability of 51 %.
# - **D**: A lead of the LSTM of 2 points is not contradicted.
# - **E**: Trained once more, with another seed, the difference will lie in the interval with 95 %.
# - **F**: For these trained models, a lead of the CNN of 10 points is contradicted.
#
# <details><summary>Hint</summary>
#
# Which differences lie in the interval, and which outside? And what does the interval leave out?
# Chapter 10 says it in "What each number takes as given", and in the section after it what p says.
#
# </details>

# %% tags=["solution"]
supported = "BDF"  # SOLUTION

# %% tags=["test"]
from helpers.checks import answered, same

answered("supported", supported)
letters = "".join(sorted(set(str(supported).upper()) & set("ABCDEF")))
assert letters, "The answer should be a text of letters from A to F."
assert "A" not in letters, (
    "A is not supported. An interval that holds 0 also holds differences that would matter."
)
assert "C" not in letters, (
    "C is not supported. p says how often chance signs look as one-sided, and not how probable it "
    "is that the models are equal."
)
assert "E" not in letters, (
    "E is not supported. The interval asks what would change with other instruments, of models that "
    "stay as they are."
)
same(
    "supported",
    letters,
    right="BDF",
    wrong={
        "BD": "Both are right, and one is missing: which differences lie outside of the interval?",
        "BF": "Both are right, and one is missing: the interval has a negative part, too.",
        "DF": "Both are right, and one is missing: is the mean the largest lead in the interval?",
        "B": "That is right, and more is: go through the sentences with numbers once more.",
        "D": "That is right, and more is: go through the sentences with numbers once more.",
        "F": "That is right, and more is: go through the sentences with numbers once more.",
    },
)

# %% tags=["wrong"]
# says: differences that would matter
supported = "ABDF"

# %% tags=["wrong"]
# says: chance signs
supported = "BCDF"

# %% tags=["wrong"]
# says: stay as they are
supported = "BDEF"

# %% tags=["wrong"]
# says: negative part
supported = "BF"

# %% [markdown] exercise={"name": "project", "minutes": 180, "points": 2, "objectives": ["Compare", "Find", "Say"]}
# ## Open project: one more acquaintance, or more notes?
#
# What helps a model with strangers? The chapter asked networks; now ask a quicker model, and more often. You have a budget of 18
# training notes for each family. Spend them on 18 notes of one instrument, on 9 of each of two, or
# on 6 of each of three, and test on the fourth. Write the function `draw` that makes such a
# training set; `trial` below does the rest, with naive Bayes on 26 numbers a note.
#
# **The question:** how much is the second and the third instrument worth, at an equal number of
# notes? And what are more notes worth that come from the same instruments: 6, 12, 18 of each of
# three? Predict first. Then find the instruments that gain, and those that do not, and listen to
# some. Say what thirty-six instruments can show, and what not.
#
# The check only looks whether `draw` is fit for use: the right numbers of notes and of instruments
# for every family, none of them a test note, another draw for another seed. The project is judged
# by this **rubric**:
#
# | points | question | experiment | evidence | writing |
# |---|---|---|---|---|
# | 2 | a prediction, with a reason | a fair control, several seeds | intervals that resample instruments, single instruments listened to | says what it does not show |
# | 1 | says what was tried | one thing changes at a time | means over several seeds | the order of events is clear |
# | 0 | missing | several things change at once | a claim without a number | not to be followed |
#
# <details><summary>Hint</summary>
#
# Family by family: the names of its instruments without the one held out, some of them drawn, and
# of each some positions drawn. For the intervals, keep the right answers of every note, and give
# them with its instrument to `significance.bootstrap_instruments` (from `helpers`).
#
# </details>

# %% tags=["remove-stderr"]
mfccs = cache.extract(train)
summary = np.hstack([mfccs.mean(axis=1), mfccs.std(axis=1)])  # 26 numbers a note
family, instrument = (train.table[name].to_numpy() for name in ("family", "instrument"))
recording = train.table["recording"].to_numpy()
twin = np.isin(recording, recording[recording != instrument])  # never tested: see the chapter
rank = train.table.groupby("family")["instrument"].transform(lambda s: s.rank(method="dense"))


def trial(draw, designs=((1, 18), (2, 9), (3, 6)), seeds=5):
    """Mean accuracy on the instruments held out, for (instruments, notes of each) to learn from."""
    found = {}
    for n_instruments, n_notes in designs:
        scores = []
        for seed in range(seeds):
            for held in range(1, 5):
                test = np.flatnonzero((rank == held) & ~twin)
                chosen = draw(family, instrument, test, n_instruments, n_notes, seed)
                model = GaussianNB().fit(summary[chosen], family[chosen])
                scores.append((model.predict(summary[test]) == family[test]).mean())
        found[f"{n_instruments} x {n_notes} notes"] = np.mean(scores)
    return pd.Series(found).round(3)


# %% tags=["solution"]
def draw(family, instrument, test, n_instruments, n_notes, seed):
    """Positions of training notes: of each family n_instruments, n_notes of each, none tested.

    family and instrument: (n,) texts; test: positions of the notes of the instruments held out.
    """
    # BEGIN SOLUTION
    rng, chosen = np.random.default_rng(seed), []
    for name in np.unique(family):
        known = np.setdiff1d(instrument[family == name], instrument[test])
        for one in rng.choice(known, n_instruments, replace=False):
            chosen.append(rng.choice(np.flatnonzero(instrument == one), n_notes, replace=False))
    return np.concatenate(chosen)
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

family = np.repeat(["organ", "reed", "flute"], 60)
instrument = np.char.add(np.char.add(family, " "), (np.arange(180) // 15 % 4).astype(str))
mixed = np.random.default_rng(0).permutation(180)
family, instrument = family[mixed], instrument[mixed]
test = np.flatnonzero(np.char.endswith(instrument, "2"))
draws = {}
for n_instruments, n_notes, seed in [(1, 12, 0), (2, 6, 0), (3, 4, 0), (2, 6, 1)]:
    said = f"draw with {n_instruments} instruments and {n_notes} notes of each"
    found = call("draw", draw, family, instrument, test, n_instruments, n_notes, seed)
    found = array(said, found, (3 * n_instruments * n_notes,)).astype(int)
    assert len(set(found)) == len(found), f"{said} takes a note twice."
    assert not set(found) & set(test), f"{said} takes test notes."
    assert not set(instrument[found]) & set(instrument[test]), f"{said} takes a tested instrument."
    for name in ("organ", "reed", "flute"):
        names, counts = np.unique(instrument[found][family[found] == name], return_counts=True)
        assert len(names) == n_instruments, f"{said} takes {len(names)} of the family {name}."
        assert set(counts) == {n_notes}, f"{said} takes unequally many notes: {counts.tolist()}."
    draws[n_instruments, seed] = set(found)
assert draws[2, 0] != draws[2, 1], "draw takes the same notes for every seed."


# %% tags=["wrong"]
# says: takes test notes
def draw(family, instrument, test, n_instruments, n_notes, seed):
    rng, chosen = np.random.default_rng(seed), []
    for name in np.unique(family):
        for one in rng.choice(np.unique(instrument[family == name]), n_instruments, replace=False):
            chosen.append(rng.choice(np.flatnonzero(instrument == one), n_notes, replace=False))
    return np.concatenate(chosen)


# %% tags=["wrong"]
# says: of the family
def draw(family, instrument, test, n_instruments, n_notes, seed):
    rng, chosen = np.random.default_rng(seed), []
    for name in np.unique(family):
        pool = np.setdiff1d(np.flatnonzero(family == name), test)
        chosen.append(rng.choice(pool, n_instruments * n_notes, replace=False))
    return np.concatenate(chosen)


# %% tags=["wrong"]
# says: for every seed
def draw(family, instrument, test, n_instruments, n_notes, seed):
    chosen = []
    for name in np.unique(family):
        for one in np.setdiff1d(instrument[family == name], instrument[test])[:n_instruments]:
            chosen.append(np.flatnonzero(instrument == one)[:n_notes])
    return np.concatenate(chosen)
