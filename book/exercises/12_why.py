# %% [markdown]
# # Exercises: recipe or architecture?
#
# From dead units to a verdict. You need [chapter 12](../12_why.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/12_why.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
import numpy as np
import pandas as pd

from helpers import models, significance

# %% [markdown] exercise={"name": "isolates", "minutes": 5, "points": 1, "objectives": ["Tell"]}
# ## What does this comparison isolate?
#
# Five made-up networks:
#
# | | convolutions or LSTM | last layers | learning rate | input |
# |---|---|---|---|---|
# | A | convolutions | flatten, 512 units | 1e-4 | raw |
# | B | LSTM | flatten, 512 units | 1e-3 | raw |
# | C | convolutions | flatten, 512 units | 1e-3 | standardised |
# | D | LSTM | flatten, 512 units | 1e-3 | standardised |
# | E | LSTM | mean over time | 1e-3 | standardised |
#
# Which two differ (1) in the architecture alone, (2) in the last layers alone, (3) in the scale of the
# input alone? Answer with three texts of two letters, each in alphabetical order.
#
# <details><summary>Hint</summary>
#
# Go through the pairs and count the columns in which they differ. Ten pairs, and three of them differ in one.
#
# </details>

# %% tags=["solution"]
isolates = ["CD", "DE", "BD"]  # SOLUTION

# %% tags=["test"]
from helpers.checks import answered, same

answered("isolates", isolates)
pairs = ["".join(sorted(str(pair).strip().upper())) for pair in isolates]
assert [len(pair) for pair in pairs] == [2, 2, 2], (
    "The answer should be a list of three texts of two letters."
)
assert "AB" not in pairs, "A and B differ in the learning rate as well."
assert "AC" not in pairs, "A and C differ in two columns: the rate, and the scale of the input."
assert "CE" not in pairs, "C and E differ in two columns: what is inside, and the last layers."
same(
    "isolates",
    pairs,
    right=["CD", "DE", "BD"],
    hint="For each question, look for two rows that are equal in all columns but that one.",
)

# %% tags=["wrong"]
# says: learning rate as well
isolates = ["AB", "DE", "BD"]

# %% tags=["wrong"]
# says: the last layers
isolates = ["CD", "CE", "BD"]

# %% tags=["wrong"]
# says: equal in all columns but that one
isolates = ["CD", "BD", "DE"]

# %% [markdown] exercise={"name": "dead", "minutes": 10, "points": 1, "objectives": ["Count"]}
# ## Dead, or resting?
#
# A rectified unit is zero for many notes. It is **dead** if it is zero for all of them. Write the function `dead`: the
# share of dead units of a layer, given its output for some notes. The output of a convolution has several axes
# behind the first one; each place in it is a unit.
#
# <details><summary>Hint</summary>
#
# The first axis is notes. Bring the rest into one axis, then ask over the first: is all of it zero?
#
# </details>


# %% tags=["solution"]
def dead(output):
    """Share of units that are zero for every note: output (notes, ...), after the ReLU."""
    # BEGIN SOLUTION
    output = np.asarray(output)
    return (output.reshape(len(output), -1) == 0).all(axis=0).mean()
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import call, number

dense = np.array([[0, 1], [0, 0], [0, 2], [0, 3]])
number(
    "dead(dense)",
    call("dead", dead, dense),
    right=0.5,
    wrong={
        0.625: "That is the share of zeros. A unit that is zero for some notes is resting, not dead.",
        1: "A share is asked for, not a count.",
    },
    digits=3,
    hint="One of two units is zero for all four notes.",
)
maps = np.ones((4, 2, 2, 2))
maps[:, 0, 1, 0] = 0
number(
    "dead(maps)",
    call("dead", dead, maps),
    right=0.125,
    wrong={0: "No filter is zero everywhere, but one of 8 places is: each place is a unit."},
    digits=3,
    hint="The output of a convolution: 2 times 2 places of 2 filters, one of the 8 always zero.",
)


# %% tags=["wrong"]
# says: resting, not dead
def dead(output):
    return (np.asarray(output) == 0).mean()


# %% tags=["wrong"]
# says: a count
def dead(output):
    output = np.asarray(output)
    return (output.reshape(len(output), -1) == 0).all(axis=0).sum()


# %% tags=["wrong"]
# says: each place is a unit
def dead(output):
    output = np.asarray(output)
    return (output == 0).all(axis=tuple(range(output.ndim - 1))).mean()


# %% [markdown] exercise={"name": "stopped", "minutes": 15, "points": 2, "objectives": ["Say"]}
# ## Who would have won?
#
# Write the function `winners`: given the accuracy of two networks after each epoch, it returns which of them would have been
# declared the winner by somebody who trains for 1, 2, 3 ... epochs: 1 for the first network, 2 for the second, 0 if they are level.
# Then say from which epoch on the winner of the two curves below stays the same (`settled`, counted from 1).
#
# <details><summary>Hint</summary>
#
# `np.sign` of the difference tells who is ahead. The winner is settled one epoch after the last one with another winner
# than at the end.
#
# </details>

# %%
epochs = np.arange(1, 31)
slow, quick = 0.9 - 0.8 * np.exp(-epochs / 9), 0.8 - 0.6 * np.exp(-epochs / 3)


# %% tags=["solution"]
def winners(first, second):
    """Who is ahead after each epoch: two arrays (n,) of accuracies; (n,) of 0, 1 and 2."""
    # BEGIN SOLUTION
    first, second = np.asarray(first), np.asarray(second)
    return np.where(first > second, 1, np.where(second > first, 2, 0))
    # END SOLUTION


# BEGIN SOLUTION NO PROMPT
who = winners(slow, quick)
# END SOLUTION
settled = int(np.flatnonzero(who != who[-1])[-1]) + 2  # SOLUTION

# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

found = array("winners", call("winners", winners, [0.1, 0.5, 0.6, 0.9], [0.2, 0.5, 0.4, 0.8]), (4,))
assert found[1] == 0, "After the second epoch both have 0.5: level, so 0."
assert found[[0, 2]].tolist() == [2, 1], "winners names the wrong one. Which array is the first?"
assert found[3] == 1, "After the last epoch the first network is ahead, 0.9 against 0.8."

# %% tags=["test"]
from helpers.checks import number

number(
    "settled",
    settled,
    right=19,
    wrong={
        18: "That is the last epoch with another winner. From the next one on it stays the same; epochs "
        "count from 1, positions from 0.",
        17: "That is a position, which counts from 0, and of the last epoch with another winner.",
        12: "An epoch with another winner comes after that.",
    },
    hint="Where does `winners(slow, quick)` last differ from its last entry?",
)


# %% tags=["wrong"]
# says: Which array is the first
def winners(first, second):
    first, second = np.asarray(first), np.asarray(second)
    return np.where(first > second, 2, np.where(second > first, 1, 0))


# %% tags=["wrong"]
# says: level, so 0
def winners(first, second):
    return np.where(np.asarray(first) > np.asarray(second), 1, 2)


# %% tags=["wrong"]
# says: the last epoch with another winner
settled = 18

# %% [markdown] exercise={"name": "sources", "minutes": 15, "points": 2, "objectives": ["Turn"]}
# ## Are synthetic notes harder?
#
# A made-up table: how many notes of each family and source a test split has, and how many of them a
# model named rightly. Somebody adds up the columns and says: "synthetic notes are harder".
#
# - `raw`: accuracy on all synthetic notes minus accuracy on all acoustic notes, in percentage points;
# - `within`: the same difference **within** each family, averaged over those families that can tell,
#   each counted once; in percentage points;
# - `able`: how many families can tell anything about the question?
#
# The two differences to one decimal, with their signs. Which of them would you trust, and what made
# the other?
#
# <details><summary>Hint</summary>
#
# "Acoustic, electronic, synthetic" in chapter 11. Compute the share of right answers in each cell first. A
# family with notes of one source only cannot say what the source does.
#
# </details>

# %%
table = pd.DataFrame(
    {
        ("acoustic", "notes"): [20, 180, 100, 0],
        ("acoustic", "right"): [10, 162, 80, 0],
        ("synthetic", "notes"): [180, 20, 0, 100],
        ("synthetic", "right"): [108, 19, 0, 45],
    },
    index=["bass", "flute", "reed", "synth lead"],
)
table

# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
sums = table.sum()
share = {
    source: table[source, "right"] / table[source, "notes"].where(table[source, "notes"] > 0)
    for source in ("acoustic", "synthetic")
}
each = 100 * (share["synthetic"] - share["acoustic"])
overall = {s: sums[s, "right"] / sums[s, "notes"] for s in ("acoustic", "synthetic")}
# END SOLUTION
raw = 100 * (overall["synthetic"] - overall["acoustic"])  # SOLUTION
within = each.mean()  # SOLUTION
able = int(each.notna().sum())  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "raw",
    raw,
    right=100 * (172 / 300 - 252 / 300),
    digits=1,
    wrong={
        100 * (252 / 300 - 172 / 300): "The right size. Which is to be subtracted from which?",
        172 / 300 - 252 / 300: "Is that a difference of shares? Percentage points are asked for.",
        100 * (172 - 252): "Divide by the numbers of notes.",
        100 * ((0.6 + 0.95 + 0.45) / 3 - (0.5 + 0.9 + 0.8) / 3): "That averages the families' "
        "shares. For `raw`, all notes of a source go into one pot.",
    },
    hint="Of all synthetic notes, which share is right? And of all acoustic ones?",
)

# %% tags=["test"]
from helpers.checks import number

number(
    "within",
    within,
    right=7.5,
    digits=1,
    wrong={
        -7.5: "The right size. Which is to be subtracted from which?",
        0.075: "Is that a difference of shares? Percentage points are asked for.",
        100
        * ((0.6 + 0.95 + 0.45) / 3 - (0.5 + 0.9 + 0.8) / 3): "A family with one source only has "
        "no difference within. Leave it out of both means.",
        3.75: "The sum of two differences should be divided by two: families that cannot tell do "
        "not count.",
        100 * (127 / 200 - 172 / 200): "You have left out the right families. But adding up the "
        "notes of the others mixes families again: take the difference in each one first.",
    },
    hint="For each family with both sources, subtract one share from the other.",
)
number(
    "able",
    able,
    right=2,
    wrong={
        4: "What would a family tell that has acoustic notes only?",
        3: "What would a family tell that has notes of one source only?",
        1: "Look for families with notes in both columns.",
    },
    hint="Count the families in which source and family can be told apart.",
)

# %% tags=["wrong"]
# says: one source only has no difference
within = 100 * ((0.6 + 0.95 + 0.45) / 3 - (0.5 + 0.9 + 0.8) / 3)

# %% tags=["wrong"]
# says: mixes families again
within = 100 * (127 / 200 - 172 / 200)

# %% tags=["wrong"]
# says: difference of shares
raw = 172 / 300 - 252 / 300

# %% tags=["wrong"]
# says: acoustic notes only
able = 4

# %% [markdown] exercise={"name": "forbidden", "minutes": 10, "points": 1, "objectives": ["Turn"]}
# ## What must not happen
#
# "An explanation is worth most when it forbids something." Three explanations:
#
# 1. On instruments held out, scores fall only because the model has fewer notes to learn from.
# 2. The LSTM is behind the CNN because a note is too short for it.
# 3. Flutes fail on mini-test because flutes, as a family, are hard to tell.
#
# And five findings, made up. For each explanation, which finding would **contradict** it?
#
# - **A**: From folds to mini-test, the accuracy falls for both networks.
# - **B**: The CNN's lead over the LSTM grows when both hear four seconds instead of one.
# - **C**: On folds that hold out other flutes, these are named as well as any family.
# - **D**: After fifty epochs, both networks name nearly all of their training notes.
# - **E**: Known instruments, as many training notes as in the grouped folds: hardly any loss.
#
# Answer with three letters, for 1, 2 and 3 in this order. Two findings are left over.
#
# <details><summary>Hint</summary>
#
# Suppose that the explanation is true. What do you expect to see, and which finding would surprise
# you? A finding that it only explains cannot contradict it.
#
# </details>

# %% tags=["solution"]
contradicts = "EBC"  # SOLUTION

# %% tags=["test"]
from helpers.checks import answered, same

answered("contradicts", contradicts)
letters = str(contradicts).strip().upper()
assert len(letters) == 3, "The answer should be a text of three letters, for 1, 2 and 3."
assert set(letters) <= set("ABCDE"), "Each of the three letters should be one of A to E."
assert "A" not in letters, "A is what is to be explained. How could it contradict an explanation?"
assert "D" not in letters, (
    "D may well be true along with any of the three explanations: it says nothing about test notes."
)
same(
    "contradicts",
    letters,
    right="EBC",
    wrong={
        "CBE": "The second is right. For the first: which finding keeps the instruments known and "
        "takes notes away?",
        "EBE": "Each finding is used once at most. The third is about flutes.",
        "ECB": "The first is right. Which finding is about time, and which about flutes?",
        "BEC": "The third is right. Which finding is about how long a note is?",
        "BCE": "None fits yet. Begin with the one that is about flutes.",
        "CEB": "None fits yet. Begin with the one that is about flutes.",
    },
    hint="Take one explanation after the other, suppose that it is true, and look for a surprise.",
)

# %% tags=["wrong"]
# says: what is to be explained
contradicts = "ABC"

# %% tags=["wrong"]
# says: along with any of the three
contradicts = "EBD"

# %% tags=["wrong"]
# says: keeps the instruments known
contradicts = "CBE"

# %% [markdown] exercise={"name": "rule", "minutes": 20, "points": 2, "objectives": ["Check"]}
# ## One rule for all
#
# Four made-up claims, each with its tests: an effect, positive if it goes the claim's way, and p.
#
# | claim | effects | p |
# |---|---|---|
# | A | +4.0 / +3.1 | 0.001 / 0.002 |
# | B | -2.5 | 0.004 |
# | C | +1.9 | 0.020 |
# | D | +0.2 | 0.700 |
#
# Raise all five p-values by Holm's method, as one family, then judge by the rule of the chapter. Write `verdicts`: a text
# of four letters, **h** for "holds here", **n** for "does not hold here", **c** for "cannot be told", for A to D.
#
# <details><summary>Hint</summary>
#
# `significance.holm` raises a list of p-values. A claim with two tests holds only if both do.
#
# </details>

# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
raised = significance.holm([0.001, 0.002, 0.004, 0.020, 0.700])
# END SOLUTION
verdicts = "hnhc"  # SOLUTION

# %% tags=["test"]
from helpers.checks import answered, same

answered("verdicts", verdicts)
letters = str(verdicts).strip().lower()
assert len(letters) == 4, "The answer should be a text of four letters, for A, B, C and D."
assert set(letters) <= set("hnc"), "Each of the four letters should be h, n or c."
same(
    "verdicts",
    letters,
    right="hnhc",
    wrong={
        "hncc": "C's p is raised to 0.04, not more: Holm's method multiplies the smallest of five by 5, the "
        "next by 4, and so on. It does not multiply all by 5.",
        "hcch": "Begin with D: can a p of 0.7 tell anything?",
        "hchc": "A small p with an effect against the claim is an answer, too: look at B.",
        "hnhn": "D: a large p does not say that the claim is false.",
        "cnhc": "Both of A's tests go its way; what are their raised p-values?",
    },
    hint="Raise the p-values first; then look at their signs.",
)

# %% tags=["wrong"]
# says: does not multiply all by 5
verdicts = "hncc"

# %% tags=["wrong"]
# says: an answer, too
verdicts = "hchc"

# %% tags=["wrong"]
# says: does not say that the claim is false
verdicts = "hnhn"

# %% [markdown] exercise={"name": "project", "minutes": 180, "points": 2, "objectives": ["Tell", "Turn"]}
# ## Open project: one thing at a time
#
# Take two networks of `models.BUILDERS` that differ in **one** thing: a rate, a scale, a head, a number of filters or
# units, a dropout, or the architecture. Say first what you expect on unseen instruments, why, and which result would contradict
# you. Then train both on a few grouped folds, several seeds each; `small` and the networks with the head `mean` take seconds to a
# minute a run.
#
# Write the dictionaries `one` and `other` with the keys `model`, `learning_rate`, `epochs` and `options` (what the
# builder is given). `unseen` below trains one of them.
#
# The check only looks whether the two differ in one thing and can be built. The project is judged by this **rubric**:
#
# | points | question | experiment | evidence | writing |
# |---|---|---|---|---|
# | 2 | an expectation, and what would contradict it | one thing changes, equal folds and seeds | several seeds, an interval over instruments | says what it does not show |
# | 1 | an expectation | one thing changes | means over several runs | the order of events is clear |
# | 0 | missing | several things change at once | a claim without a number | not to be followed |
#
# <details><summary>Hint</summary>
#
# `models.lstm` and `models.cnn` say what their options are. `standardise=True` needs no more than that: `unseen` adapts the
# first layer.
#
# </details>


# %%
def unseen(setting, fold, seed=0):
    """Train on one grouped fold of the bundled notes; whether each of its test notes was right."""
    import keras

    from helpers import datasets, folds, models
    from helpers.runs import cache

    train = datasets.load("nsynth-mini", "train")
    X, y, names = cache.extract(train), train.labels, train.table["instrument"].to_numpy(dtype=str)
    recordings = train.table["recording"].to_numpy(dtype=str)
    part = folds.grouped(y, names, recordings=recordings)[fold - 1]
    keras.utils.set_random_seed(seed)
    rate, options = setting["learning_rate"], setting["options"]
    model = models.compiled(setting["model"], learning_rate=rate, **options)
    if options.get("standardise"):
        model.layers[0].adapt(X[part.train])
    model.fit(X[part.train], y[part.train], batch_size=32, epochs=setting["epochs"], verbose=0)
    right = model.predict(X[part.test], verbose=0).argmax(axis=1) == y[part.test]
    return pd.Series(right, names[part.test])


# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
common = {"model": "lstm", "learning_rate": 1e-3, "epochs": 20}
# END SOLUTION
one = common | {"options": {"head": "mean", "standardise": True}}  # SOLUTION
other = common | {"options": {"head": "mean", "standardise": False}}  # SOLUTION

# %% tags=["test"]
from helpers import models

for name, setting in {"one": one, "other": other}.items():
    assert set(setting) == {"model", "learning_rate", "epochs", "options"}, (
        f"{name} should have the keys model, learning_rate, epochs and options."
    )
    chosen = setting["model"]
    assert chosen in models.BUILDERS, f"{name}: there is no network {chosen}."
flat = [
    {key: value for key, value in setting.items() if key != "options"} | setting["options"]
    for setting in (one, other)
]
keys = set(flat[0]) | set(flat[1])
differ = sorted(key for key in keys if flat[0].get(key) != flat[1].get(key))
listed = ", ".join(differ)
assert differ, "The two are equal: nothing can be learned from them."
assert len(differ) == 1, f"The two differ in {len(differ)} things: {listed}."
for setting in (one, other):
    assert models.BUILDERS[setting["model"]](**setting["options"]).count_params() > 0

# %% tags=["wrong"]
# says: nothing can be learned
other = one

# %% tags=["wrong"]
# says: differ in 2 things
other = {**one, "epochs": 40, "learning_rate": 1e-4}
