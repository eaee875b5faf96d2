# %% [markdown]
# # Exercises: results
#
# From one expensive note to a repair of your own for models that are too sure. You need
# [chapter 9](../09_results.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/09_results.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from helpers import datasets, evaluation, listening, plots, tuning
from helpers.runs import records

plots.use_style()

# %% [markdown] exercise={"name": "one_note", "minutes": 5, "points": 1, "objectives": ["Compute", "Explain"]}
# ## One note in ten
#
# A model is asked about ten notes. Nine it gets right, and gives the true family of each the
# probability 0.99. The tenth it gets wrong, and leaves the true family one millionth (0.000001).
# What is its **loss**, in nats, to two decimals? Before you reckon: is it nearer to that of a
# perfect model, or to the 2.30 of a model that knows nothing?
#
# <details><summary>Hint</summary>
#
# "From probabilities to scores": what does one note cost, and what becomes of the ten costs?
#
# </details>

# %% tags=["solution"]
loss = (9 * -np.log(0.99) - np.log(1e-6)) / 10  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "loss",
    loss,
    right=(9 * -np.log(0.99) - np.log(1e-6)) / 10,
    digits=2,
    wrong={
        9 * -np.log(0.99) - np.log(1e-6): "That is the cost of all ten notes together. The loss of "
        "a set of notes is not their sum.",
        (9 * -np.log10(0.99) + 6) / 10: "Is that the logarithm to base 10? Nats belong to another.",
        -np.log((9 * 0.99 + 1e-6) / 10): "That averages the probabilities and takes one logarithm. "
        "Each note has its own cost first.",
        -np.log(0.99): "So much would ten right notes cost. Where is the tenth?",
        -np.log(1e-6): "So much costs the wrong note alone.",
        -(9 * -np.log(0.99) - np.log(1e-6)) / 10: "A loss is never negative: mind the sign.",
    },
    hint="Write down the ten costs, one a note, and look at how the chapter computes the loss.",
)

# %% tags=["wrong"]
# says: not their sum
loss = 9 * -np.log(0.99) - np.log(1e-6)

# %% tags=["wrong"]
# says: base 10
loss = (9 * -np.log10(0.99) - np.log10(1e-6)) / 10

# %% tags=["wrong"]
# says: averages the probabilities
loss = -np.log((9 * 0.99 + 1e-6) / 10)

# %% [markdown] exercise={"name": "matrix", "minutes": 15, "points": 2, "objectives": ["Say what the rows", "Compute"]}
# ## A matrix from somewhere else
#
# Below is a confusion matrix of **counts**, made up, for 160 notes of four families. It is printed
# as some papers do it: **columns are the true families**, rows are what the model said. Read it,
# and give three shares between 0 and 1, to three decimals:
#
# - `flutes_found`: of all flutes, the share that was called a flute;
# - `organ_trusted`: of all notes that were *called* an organ, the share that is one;
# - `balanced`: the balanced accuracy.
#
# <details><summary>Hint</summary>
#
# Put a finger on the two cells that hold flutes called voice, and voices called flute. Which is
# which? Then "Rows or columns?" in the chapter: which sum does each share need below the line?
#
# </details>

# %%
NAMES = ["bass", "flute", "organ", "vocal"]
matrix = np.array([[70, 0, 4, 0], [0, 12, 0, 4], [10, 2, 36, 6], [0, 6, 0, 10]])
pd.DataFrame(matrix, pd.Index(NAMES, name="said"), pd.Index(NAMES, name="true"))

# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
recall = np.diag(matrix) / matrix.sum(axis=0)
precision = np.diag(matrix) / matrix.sum(axis=1)
# END SOLUTION
flutes_found = recall[1]  # SOLUTION
organ_trusted = precision[2]  # SOLUTION
balanced = recall.mean()  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "flutes_found",
    flutes_found,
    right=12 / 20,
    digits=3,
    wrong={
        12 / 16: "That is precision: of all that was called a flute, how much is flute. In this "
        "matrix the true families stand across.",
        60: "Is that in percent? Shares between 0 and 1 are asked for.",
        12 / 160: "That divides by all notes. Only the flutes count here.",
    },
    hint="How many flutes are there, and how many of them were called a flute?",
)
number(
    "organ_trusted",
    organ_trusted,
    right=36 / 54,
    digits=3,
    wrong={
        36 / 40: "That is the recall of the organs. Begin at the other end: collect all notes that "
        "the model calls an organ, whatever they are.",
        36 / 160: "That divides by all notes. Only those called an organ count here.",
    },
    hint="How many notes were called an organ, and how many of these are one?",
)

# %% tags=["test"]
from helpers.checks import number

number(
    "balanced",
    balanced,
    right=(70 / 80 + 12 / 20 + 36 / 40 + 10 / 20) / 4,
    digits=3,
    wrong={
        128 / 160: "That is the plain accuracy. In the balanced one the twenty flutes count as "
        "much as the eighty basses.",
        (70 / 74 + 12 / 16 + 36 / 54 + 10 / 16) / 4: "That is the mean of the four precisions. "
        "Which of the two shares does balanced accuracy average?",
    },
    hint="It is a mean of four shares, one a family.",
)

# %% tags=["wrong"]
# says: That is precision
flutes_found = matrix[1, 1] / matrix[1].sum()

# %% tags=["wrong"]
# says: recall of the organs
organ_trusted = matrix[2, 2] / matrix[:, 2].sum()

# %% tags=["wrong"]
# says: plain accuracy
balanced = np.trace(matrix) / matrix.sum()

# %% tags=["wrong"]
# says: four precisions
balanced = precision.mean()

# %% [markdown] exercise={"name": "precision", "minutes": 20, "points": 2, "objectives": ["Say what the rows"]}
# ## The same model in another orchestra
#
# A model keeps its recalls wherever it goes: each row of its confusion matrix, **divided by rows**
# as in the book, stays as it is. What changes from one test split to the next is how many notes each
# family has. Write the function `precisions`: from such a matrix and the number of notes of each
# family in the new split, the precision that one may expect for each family.
#
# Try it on the toy matrix of the chapter, with 10 organs and 10 voices, and then with 1,000 organs
# and 10 voices. What is it worth then if the model says "voice"?
#
# <details><summary>Hint</summary>
#
# Precision needs counts. How many notes of each true family land in each column?
#
# </details>

# %%
toy = np.array([[0.9, 0.1], [0.5, 0.5]])  # rows: true organ, true voice


# %% tags=["solution"]
def precisions(confusion, notes):
    """Precision of each family, shape (k,): confusion (k, k), rows sum to 1; notes (k,)."""
    # BEGIN SOLUTION
    counts = confusion * np.asarray(notes)[:, np.newaxis]
    return np.diag(counts) / counts.sum(axis=0)
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call, number

toy = np.array([[0.9, 0.1], [0.5, 0.5]])
equal = array(
    "precisions(toy, [10, 10])", call("precisions", precisions, toy, np.array([10, 10])), (2,)
)
assert not np.allclose(equal, [0.9, 0.5]), (
    "precisions(toy, [10, 10]) are the recalls. Of all that was *called* an organ, how much is one?"
)
number(
    "the precision of organs in precisions(toy, [10, 10])",
    equal[0],
    right=9 / 14,
    digits=3,
    hint='The chapter has this very matrix, with ten notes each, in "Rows or columns?".',
)
many = array(
    "precisions(toy, [100, 10])", call("precisions", precisions, toy, np.array([100, 10])), (2,)
)
number(
    "the precision of voices in precisions(toy, [100, 10])",
    many[1],
    right=5 / 15,
    digits=3,
    wrong={
        5 / 6: "With 100 organs and 10 voices, the voices get the same precision as with 10 and "
        "10. But ten times as many organs now stray into their column. Do the numbers of notes "
        "reach the right axis?",
        1 / 2: "With 100 organs and 10 voices, you give the recall of the voices.",
        50 / 51: "The numbers of notes seem to have changed places.",
    },
    hint="Write down the four counts for 100 organs and 10 voices.",
)

# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

rows = np.random.default_rng(0).dirichlet(np.ones(5), size=5)
few, many = (
    array("precisions", call("precisions", precisions, rows, np.array(notes)), (5,))
    for notes in ([3, 1, 4, 1, 5], [300, 100, 400, 100, 500])
)
assert np.allclose(few, many), "A hundred times as many notes of every family change no precision."
alone = array("precisions", call("precisions", precisions, rows, np.array([0, 0, 7, 0, 0])), (5,))
assert np.allclose(alone, [0, 0, 1, 0, 0]), (
    "In a split with notes of the third family only, whatever is called the third is the third, "
    "and whatever is called something else is not."
)


# %% tags=["wrong"]
# says: the right axis
def precisions(confusion, notes):
    counts = confusion * np.asarray(notes)
    return np.diag(counts) / counts.sum(axis=0)


# %% tags=["wrong"]
# says: are the recalls
def precisions(confusion, notes):
    counts = confusion * np.asarray(notes)[:, np.newaxis]
    return np.diag(counts) / counts.sum(axis=1)


# %% tags=["wrong"]
# says: the right axis
def precisions(confusion, notes):
    return np.diag(confusion) / confusion.sum(axis=0)


# %% tags=["wrong"]
# says: this very matrix
def precisions(confusion, notes):
    notes = np.asarray(notes)
    return np.diag(confusion) * notes / notes.sum()


# %% [markdown] exercise={"name": "confidence", "minutes": 20, "points": 2, "objectives": ["Explain", "Compute"]}
# ## How sure may it be?
#
# A simple-minded model names one of ten families and always gives it the same probability $c$. The
# rest it shares out evenly among the nine others. It is right for a share $s$ of the notes.
#
# - Write `loss_at(c, s)`: its loss in nats.
# - For a model that is right every other time: which $c$ gives it the lowest loss (`best`)?
# - And how large must its $c$ get for its loss to be as high as that of a model which knows nothing
#   (`worthless`)? Take the answer above `best`. Both to two decimals.
#
# Guess `worthless` before you compute it: being right every other time is five times as good as
# guessing.
#
# <details><summary>Hint</summary>
#
# How much probability does the true family get when the model is right, and how much when it is
# wrong? For the two numbers, compute the loss for many values of c and plot it, with a line at the
# loss of guessing. A minimum can be read off, or found with a derivative.
#
# </details>


# %% tags=["solution"]
def loss_at(c, s):
    """Loss (nats) of a model that is right for the share s and always sure by c."""
    return -s * np.log(c) - (1 - s) * np.log((1 - c) / 9)  # SOLUTION


# BEGIN SOLUTION NO PROMPT
many_c = np.linspace(0.001, 0.999, 999)
curve = loss_at(many_c, 0.5)
# END SOLUTION
best = many_c[curve.argmin()]  # SOLUTION
worthless = many_c[(many_c > best) & (curve >= np.log(10) - 1e-9)][0]  # SOLUTION

# %% tags=["test"]
from helpers.checks import call, number

number(
    "loss_at(0.8, 0.7)",
    call("loss_at", loss_at, 0.8, 0.7),
    right=-0.7 * np.log(0.8) - 0.3 * np.log(0.2 / 9),
    digits=3,
    wrong={
        -0.7 * np.log(0.8) - 0.3 * np.log(0.2): "When the model is wrong, does the true family get "
        "all that is left?",
        -0.7 * np.log(0.8) - 0.3 * np.log(0.2 / 10): "Among how many families is the rest shared?",
        -0.7 * np.log(0.8): "Only the right answers are counted. The wrong ones cost most.",
        -np.log(
            0.7 * 0.8 + 0.3 * 0.2 / 9
        ): "That is the logarithm of a mean. The loss is a mean of logarithms.",
        -0.7 * np.log10(0.8) - 0.3 * np.log10(0.2 / 9): "Is that the logarithm to base 10?",
    },
    hint="Take ten notes, seven of them right, and write down what each costs.",
)

# %% tags=["test"]
from helpers.checks import number

number(
    "best",
    best,
    right=1 / 2,
    digits=2,
    wrong={
        1: "As sure as can be? Put c = 0.999 into your function.",
        0.1: "So unsure is a model that knows nothing. This one knows something.",
    },
    hint="Plot the loss over c for s = 1/2 and look for the lowest point.",
)
number(
    "worthless",
    worthless,
    right=9 / 10,
    digits=2,
    wrong={
        0.99: "So it would be if a wrong answer left all the rest to the true family.",
        0.1: "There the loss is that of guessing, since the model *is* guessing. The curve comes "
        "back to that height at another place.",
        1: "At 1 the loss has no limit. The line of guessing is crossed earlier.",
    },
    hint="What is the loss of a model that knows nothing? Where does your curve cross it?",
)


# %% tags=["wrong"]
# says: all that is left
def loss_at(c, s):
    return -s * np.log(c) - (1 - s) * np.log(1 - c)


# %% tags=["wrong"]
# says: logarithm of a mean
def loss_at(c, s):
    return -np.log(s * c + (1 - s) * (1 - c) / 9)


# %% tags=["wrong"]
# says: Put c = 0.999
best = 1

# %% tags=["wrong"]
# says: another place
worthless = 0.1

# %% tags=["wrong"]
# says: So it would be
worthless = 0.99

# %% [markdown] exercise={"name": "curves", "minutes": 15, "points": 2, "objectives": ["Read learning curves"]}
# ## Three learning curves
#
# The loss of three networks, A, B and C, after each of 15 epochs; all made up. As in Keras, the
# training loss is measured *while* the network trains, the validation loss at the end of the epoch.
#
# - `reasons`: why does the validation loss lie below the training loss in most epochs? A list of
#   three words for A, B and C, each one of `"dropout"` (above all, since dropout is on while the
#   training loss is measured), `"time"` (above all, since the training loss is half an epoch older)
#   and `"neither"` (it does not lie below).
# - `stop`: by the loss, C trained too long. After which epoch (1 to 15) was it at its best?
#
# <details><summary>Hint</summary>
#
# "Learning curves" in the chapter takes out time: it compares the validation loss with the mean of
# the training losses of this epoch and the next. Count the epochs before and after.
#
# </details>

# %%
LOSSES = """
A training   2.141 1.781 1.485 1.240 1.046 0.883 0.748 0.642 0.553 0.480 0.419 0.372 0.329 0.298 0.270
A validation 1.972 1.645 1.377 1.157 0.979 0.833 0.712 0.617 0.536 0.462 0.410 0.369 0.333 0.304 0.280
B training   2.445 2.078 1.784 1.547 1.346 1.184 1.049 0.938 0.852 0.779 0.717 0.669 0.630 0.596 0.571
B validation 2.001 1.675 1.406 1.190 1.011 0.863 0.741 0.646 0.563 0.499 0.442 0.401 0.363 0.331 0.309
C training   2.141 1.780 1.482 1.240 1.045 0.881 0.750 0.642 0.549 0.480 0.422 0.370 0.329 0.299 0.272
C validation 2.253 1.924 1.654 1.438 1.258 1.114 0.993 0.891 0.861 0.850 0.845 0.848 0.863 0.885 0.910
"""
curves = pd.DataFrame(
    {
        (name, part): np.array(losses, dtype=float)
        for name, part, *losses in map(str.split, LOSSES.strip().splitlines())
    },
    index=pd.RangeIndex(1, 16, name="epoch"),
)
fig, axes = plt.subplots(1, 3, figsize=(8.2, 2.8), sharey=True)
for ax, name in zip(axes, "ABC", strict=True):
    ax.plot(curves[name, "training"], "--", color=plots.GREY, label="training")
    ax.plot(curves[name, "validation"], "-", color=plots.PURPLE, label="validation")
    ax.set(title=name, xlabel="epoch")
axes[0].set_ylabel("loss (nats)")
axes[0].legend()
plt.show()

# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
for name in "ABC":
    training, validation = curves[name, "training"], curves[name, "validation"]
    moved = ((training + training.shift(-1)) / 2).dropna()
    print(name, (validation < training).sum(), (validation[moved.index] < moved).sum())
# END SOLUTION
reasons = ["time", "dropout", "neither"]  # SOLUTION
stop = curves["C", "validation"].idxmin()  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

assert reasons is ... or (
    len(reasons) == 3
    and {str(r).strip().lower() for r in reasons} <= {"dropout", "time", "neither"}
), 'reasons should be a list of three words, each "dropout", "time" or "neither".'
same(
    "reasons",
    reasons,
    right=["time", "dropout", "neither"],
    wrong={
        ("dropout", "dropout", "neither"): "B and C are right. Of A, move the training curve by "
        "half an epoch and count again: what is left for dropout to explain?",
        ("dropout", "time", "neither"): "C is right. Of A and of B, move the training curve by "
        "half an epoch and count again.",
        ("time", "time", "neither"): "A and C are right. Of B, move the training curve by half an "
        "epoch: does that bring it down to the validation curve?",
        ("neither", "dropout", "neither"): "B and C are right. Of A, count the epochs in which "
        "validation lies below: the two lines nearly touch, but which is lower?",
    },
    hint="Count, for each network, the epochs with the lower validation loss; then move the "
    "training curve by half an epoch, as the chapter does, and count again.",
)

# %% tags=["test"]
from helpers.checks import number

number(
    "stop",
    stop,
    right=11,
    wrong={
        10: "Is that a position, counted from 0? Epochs are counted from 1.",
        15: "That is the last epoch, where the training loss is lowest. Training notes cannot show "
        "that a network trained too long.",
        8: "Look at the numbers: the loss goes on falling for a while.",
    },
    hint="Which of the two curves shows that a network has trained too long, and where is it "
    "lowest?",
)

# %% tags=["wrong"]
# says: what is left for dropout
reasons = ["dropout", "dropout", "neither"]

# %% tags=["wrong"]
# says: which is lower
reasons = ["neither", "dropout", "neither"]

# %% tags=["wrong"]
# says: counted from 0
stop = int(curves["C", "validation"].argmin())

# %% tags=["wrong"]
# says: Training notes cannot show
stop = int(curves["C", "training"].idxmin())

# %% [markdown] exercise={"name": "luck", "minutes": 10, "points": 1, "objectives": ["Check"]}
# ## "Yes, 6 of 8"
#
# A study says: "the LSTM is lower in all families but vocal and organ". You make eight questions of
# it, one for each of the other families, and count the yeses on your own notes: 6 of 8. That looks like half a confirmation. But suppose that the two networks are equally
# good at every family, so that each question is answered by a fair coin, independently of the
# others. How probable is a count of **6 or more** yeses then? Give the probability (0 to 1) to three
# decimals.
#
# <details><summary>Hint</summary>
#
# Eight coins can fall in 256 ways, all equally likely. In how many of them are there 6 yeses, or 7,
# or 8? You may list them all with `itertools.product`, or choose with `math.comb`.
#
# </details>

# %% tags=["solution"]
by_luck = (28 + 8 + 1) / 256  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "by_luck",
    by_luck,
    right=37 / 256,
    digits=3,
    wrong={
        28 / 256: "So probable are exactly 6. Seven or eight would look even better.",
        9 / 256: "So probable are *more* than 6. Six itself counts as well.",
        74 / 256: "That also counts 2 yeses or fewer. The claim has a direction: those would not "
        "have looked like a confirmation.",
        6 / 8: "That is the share of yeses. How often does luck reach it?",
        1 / 64: "So probable are six yeses from six coins. There are eight, and any two may fail.",
        1 / 4: "That is the share of noes. How often does luck do as well as that?",
    },
    hint="Count the ways for eight coins to fall, and among them those with enough yeses.",
)

# %% tags=["wrong"]
# says: exactly 6
by_luck = 28 / 256

# %% tags=["wrong"]
# says: Six itself
by_luck = 9 / 256

# %% tags=["wrong"]
# says: share of yeses
by_luck = 6 / 8

# %% [markdown] exercise={"name": "together", "minutes": 10, "points": 1, "objectives": ["Check"]}
# ## Which notes go together?
#
# "Mistakes have an address", says the chapter: notes of an instrument tend to be right or wrong
# together. Hear for yourself why. Six notes, A to F, all of the family brass, on six pitches. Three
# are of one instrument and three of another; both are from mini-test. **Which two belong with A?**
# Answer with two letters, in any order.
#
# <details><summary>Hint</summary>
#
# Not the pitch: the six pitches are mixed. Which notes are bright, which dark? And what happens to
# their loudness while the key is held?
#
# </details>

# %%
FIRST = ["brass_acoustic_006-044-100", "brass_acoustic_006-060-100", "brass_acoustic_006-067-100"]
SECOND = ["brass_acoustic_015-045-100", "brass_acoustic_015-058-100", "brass_acoustic_015-064-100"]
bundled = datasets.load("nsynth-mini", "test")
position = {name: i for i, name in enumerate(bundled.table["note"])}
order = np.random.default_rng(5).permutation(FIRST + SECOND)
listening.players(
    (bundled.waveform(position[note]), letter) for note, letter in zip(order, "ABCDEF", strict=True)
)

# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
together = FIRST if order[0] in FIRST else SECOND
others = [letter for letter, note in zip("ABCDEF", order, strict=True) if note in together][1:]
# END SOLUTION
with_a = "".join(others)  # SOLUTION

# %% tags=["test"]
from helpers.checks import answered, same

answered("with_a", with_a)
letters = "".join(sorted(set(str(with_a).upper()) & set("ABCDEF")))
assert "A" not in letters, "A itself is given: two other letters are asked for."
assert len(letters) == 2, "The answer should be a text of two letters, such as two of B to F."
same(
    "with_a",
    letters,
    right="CF",
    wrong={
        "BC": "C is right. The other sounds on in another way than A.",
        "CD": "C is right. The other sounds on in another way than A.",
        "CE": "C is right. The other sounds on in another way than A.",
        "BF": "F is right. The other sounds on in another way than A.",
        "DF": "F is right. The other sounds on in another way than A.",
        "EF": "F is right. The other sounds on in another way than A.",
        "BD": "These two go together, but not with A.",
        "BE": "These two go together, but not with A.",
        "DE": "These two go together, but not with A.",
    },
)

# %% tags=["wrong"]
# says: two letters
with_a = "B"

# %% tags=["wrong"]
# says: A itself
with_a = "AB"

# %% tags=["wrong"]
# says: in another way
with_a = "FB"

# %% tags=["wrong"]
# says: but not with A
with_a = "ED"

# %% [markdown] exercise={"name": "project", "minutes": 180, "points": 2, "objectives": ["Explain", "Check"]}
# ## Open project: repair the confidence
#
# Models that are right three times in four and have a loss like guessing are too sure. Can that be
# repaired *afterwards*, without training anything? Write a function `repair`. It is shown notes
# with labels, and from these it learns how far the model may be believed; then it is given the
# probabilities of other notes, without labels, and returns better ones. It should keep every first
# choice: no accuracy may change.
#
# `trial` below applies it to the recorded runs. It learns from one half of each fold's test part,
# and is judged by the other half, and by mini-test. **The question:** does a repair that was learned
# on known instruments hold for new ones? Predict before you look. Then show what you find with a
# figure: sort the answers by confidence, and draw the share of right ones against it, before and
# after.
#
# The check only looks whether `repair` is fit for use: it returns probabilities, keeps the first
# choices, lowers the loss of a made-up model that is too sure, and leaves one alone that is just
# sure enough. The project is judged by this **rubric**:
#
# | points | question | method | evidence | writing |
# |---|---|---|---|---|
# | 2 | a prediction, and a reason for it, before the result | explained, with what it assumes | both tests, all models, a figure, a case where it fails | another student could repeat it |
# | 1 | says what was tried | works | one number | the order of events is clear |
# | 0 | missing | missing | a claim without a number | not to be followed |
#
# <details><summary>Hint</summary>
#
# One number is enough to begin with. Raise all probabilities to some power and divide each row by
# its sum: with a power below 1 the model gets less sure, and the order within a row stays. Which
# power has the lowest loss on the notes with labels? And what would you do if all of these happen to
# be right, so that the lowest loss asks for a model that is surer still?
#
# </details>

# %%
recorded = tuning.protocol(records.read_all(records.SHIPPED))
mini_test = datasets.load("nsynth-mini", "test")
heard = evaluation.leaked(datasets.load("nsynth-mini", "train"), mini_test)


def trial(repair):
    """Mean loss (nats) over the folds, before and after, one row a model."""
    table = {}
    for title, group in recorded.items():
        losses = []
        for record in group:
            y, p = evaluation.part(record, "fold_test")
            new_y, new_p = evaluation.part(record, "nsynth_test", heard)
            half = np.random.default_rng(0).permutation(len(y)) < len(y) // 2
            row = {}
            for where, (labels, old) in {
                "known instruments": (y[~half], p[~half]),
                "mini-test": (new_y, new_p),
            }.items():
                new = repair(y[half], p[half].astype(float), old.astype(float))
                row[f"{where}, before"] = evaluation.scores(labels, old)["loss"]
                row[f"{where}, after"] = evaluation.scores(labels, new)["loss"]
            losses.append(row)
        table[title] = pd.DataFrame(losses).mean()
    return pd.DataFrame(table).T.round(3)


# %% tags=["solution"]
def repair(labels, probabilities, others):
    """Better probabilities for `others`, learned from notes with labels.

    labels: (n,), probabilities: (n, k), others: (m, k); returns (m, k).
    """

    # BEGIN SOLUTION
    def softened(p, power):
        p = np.clip(p, 1e-7, 1) ** power
        return p / p.sum(axis=1, keepdims=True)

    def loss(power):
        return -np.log(softened(probabilities, power)[np.arange(len(labels)), labels]).mean()

    # No power above 1: a few notes that are all right would ask for one.
    return softened(others, min(np.geomspace(0.05, 1, 100), key=loss))
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

rng = np.random.default_rng(0)
scores = 1.5 * rng.normal(size=(2000, 10))
honest = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
labels = (honest.cumsum(axis=1) > rng.random((2000, 1))).argmax(axis=1)
sure = honest**3 / (honest**3).sum(axis=1, keepdims=True)


def loss(p):
    """Loss on the second thousand notes."""
    return -np.log(np.clip(p[np.arange(1000), labels[1000:]], 1e-7, 1)).mean()


for name, p in {"too sure": sure, "just sure enough": honest}.items():
    said = f"repair, of a model that is {name},"
    new = array(said, call("repair", repair, labels[:1000], p[:1000], p[1000:]), (1000, 10))
    assert new.min() >= 0, f"{said} returns negative numbers."
    assert np.allclose(new.sum(axis=1), 1, atol=1e-5), f"{said} returns rows that do not sum to 1."
    kept = new[np.arange(1000), p[1000:].argmax(axis=1)] >= new.max(axis=1) - 1e-12
    flat = np.ptp(new, axis=1) < 1e-9
    before, after = loss(p[1000:]), loss(new)
    assert kept.all(), f"{said} changes first choices: the accuracy has to stay."
    assert not flat.any(), f"{said} has no first choice left in some rows."
    if name == "too sure":
        assert after < before - 0.1, (
            f"{said} lowers the loss by no more than {max(0.0, before - after):.2f} nats. "
            "More can be had: is the model less sure than before?"
        )
    else:
        assert after < before + 0.05, (
            f"{said} raises the loss: it doubts a model that deserves belief. How much to doubt "
            "should be learned from the notes with labels."
        )


# %% tags=["wrong"]
# says: less sure than before
def repair(labels, probabilities, others):
    return others


# %% tags=["wrong"]
# says: deserves belief
def repair(labels, probabilities, others):
    softer = others**0.25
    return softer / softer.sum(axis=1, keepdims=True)


# %% tags=["wrong"]
# says: no first choice left
def repair(labels, probabilities, others):
    return np.full(others.shape, 1 / others.shape[1])


# %% tags=["wrong"]
# says: do not sum to 1
def repair(labels, probabilities, others):
    return others**0.3
