# %% [markdown]
# # Exercises: what a network learns, and how
#
# From five-minute checks to a rule that says when to stop. You need
# [chapter 1](../01_background.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/01_background.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
import matplotlib.pyplot as plt
import numpy as np

from helpers import plots

plots.use_style()

# %% [markdown] exercise={"name": "steps", "minutes": 5, "points": 1, "objectives": ["Train"]}
# ## How many steps?
#
# One fold of the thesis trains on 80 % of 87,500 notes, in batches of 32, for 50 epochs. The last
# batch of an epoch may be smaller than the others. How often are the weights changed, from the
# beginning to the end of this training?
#
# <details><summary>Hint</summary>
#
# Look at the two loops of `train` in "Epochs". How often does the inner one run in an epoch?
#
# </details>

# %% tags=["solution"]
n_steps = 50 * int(np.ceil(0.8 * 87_500 / 32))  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_steps",
    n_steps,
    right=2188 * 50,
    wrong={
        70_000 * 50 // 32: "Each epoch begins anew with its batches: what happens to the notes "
        "that are left over at its end?",
        2187 * 50: "The notes left over at the end of an epoch are a batch, too.",
        2188: "That is one epoch.",
        50: "That is the number of epochs. How many batches has one?",
        70_000 * 50: "So many steps it would be with batches of one note.",
        2735 * 50: "That is for all 87,500 notes. Not all of them train.",
    },
    hint="A step is made after each batch. How many notes train, and how many batches are they?",
)

# %% tags=["wrong"]
# says: left over at its end
n_steps = 70_000 * 50 // 32

# %% tags=["wrong"]
# says: one epoch
n_steps = 2188

# %% tags=["wrong"]
# says: batches of one note
n_steps = 70_000 * 50

# %% [markdown] exercise={"name": "claims", "minutes": 10, "points": 1, "objectives": ["Say"]}
# ## What follows, and what does not
#
# Look at the first table of the chapter again, and at the $p = 0.0625$ below it. Which of these six
# sentences follow from these numbers, with no further assumption? Answer with their letters, as a
# text such as "AC".
#
# - **A** Since $p$ is above 0.05, the two networks are equally good.
# - **B** Each of the two networks scores lower on NSynth's test notes than on the random part, by
#   more than 20 percentage points.
# - **C** The probability that the CNN is the better one is 1 - 0.0625, about 94 %.
# - **D** The CNN loses its points between the columns because it does not know the instruments of
#   the test notes.
# - **E** On NSynth's test notes, the best CNN of the thesis named a larger share correctly than its
#   best LSTM did.
# - **F** CNNs are the better kind of network for naming instruments.
#
# <details><summary>Hint</summary>
#
# Go through them one by one and ask what else could be behind the same numbers. What does a test of
# significance ask? And does a table say *why*?
#
# </details>

# %% tags=["solution"]
follows = "BE"  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

letters = ... if follows is ... else sorted({x for x in str(follows).upper() if x in "ABCDEF"})
same(
    "follows",
    letters,
    right=["B", "E"],
    wrong={
        ("A", "B", "E"): "One letter too many: is a difference that luck could have made the "
        "same as no difference?",
        ("B", "C", "E"): "One letter too many: p says how easily luck alone makes such a lead. It "
        "is worked out as if neither were better, so it cannot be the chance that one is.",
        ("B", "D", "E"): "One letter too many: a table shows that two columns differ. Could they "
        "differ in more than one thing?",
        ("B", "E", "F"): "One letter too many: one network of each kind, one set of notes, one "
        "way of training. And what did the test of significance say?",
        ("B",): "One is missing: some sentences claim no more than the table shows.",
        ("E",): "One is missing: subtract the columns.",
        ("B", "D"): 'One does not follow, and one is missing. Beware of every "because".',
    },
    hint="Take the sentences one by one: is it in the table, or is it an explanation, or a "
    "sentence on networks that are not in the table?",
)

# %% tags=["wrong"]
# says: same as no difference
follows = ["A", "B", "E"]

# %% tags=["wrong"]
# says: as if neither were better
follows = "BCE"

# %% tags=["wrong"]
# says: more than one thing
follows = "b, d, e"

# %% [markdown] exercise={"name": "curves", "minutes": 10, "points": 1, "objectives": ["Read"]}
# ## Four trainings
#
# The cell below draws the loss curves of four trainings (made up, so that each is a clear case).
# Which panel belongs to which of these, in this order?
#
# 1. a model that learns its training notes by heart
# 2. a learning rate that is far too low
# 3. a learning rate that is far too high
# 4. a healthy training with much dropout (chapter 2: a part of the network is
#    switched off while it trains, and none in validation)
#
# Answer with a text of four letters, such as "ABCD".
#
# <details><summary>Hint</summary>
#
# "The learning rate" and "Overfitting" show three of them. For the fourth: is the training loss
# measured with dropout or without it, and the validation loss?
#
# </details>

# %% mystnb={"figure": {"caption": "Four made-up trainings.", "name": "fig-exercise-curves"}, "image": {"alt": "Four panels with a training and a validation loss over 40 epochs. A: both jump up and down. B: training falls towards 0, validation falls and then rises. C: both fall and level off, training above validation. D: both fall by very little"}}
epoch = np.arange(41)
jumps = 1.2 + np.random.default_rng(3).exponential(1.2, (2, 41))
fall = np.exp(-epoch / 6)
trainings = {
    "A": jumps,
    "B": (2.3 * fall, 0.8 + 1.5 * fall + 0.03 * np.maximum(0, epoch - 8)),
    "C": (0.6 + 1.7 * fall, 0.4 + 1.8 * fall),
    "D": (2.3 - 0.004 * epoch, 2.31 - 0.004 * epoch),
}
fig, axes = plt.subplots(1, 4, figsize=(9, 2.6), sharey=True)
for ax, (letter, (training, validation)) in zip(axes, trainings.items(), strict=True):
    ax.plot(training, "--", color=plots.GREY, label="training")
    ax.plot(validation, color="black", label="validation")
    ax.set(title=letter, xlabel="epoch", ylim=(0, 5))
axes[0].set_ylabel("loss (nats)")
axes[3].legend()
plt.show()

# %% tags=["solution"]
panels = "BDAC"  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

assert panels is ... or sorted(str(panels).strip().upper()) == ["A", "B", "C", "D"], (
    "The answer should be a text of four letters, A, B, C and D in some order."
)
same(
    "panels",
    panels,
    right="BDAC",
    wrong={
        "CDAB": "The learning rates are right. The other two: in which panel is the loss better on "
        "the notes that the model was trained on, and the gap grows?",
        "BADC": "Look at the two learning rates again: what does a curve do when every step "
        "overshoots, and what when every step is tiny?",
        "DBAC": "Learning by heart makes the training loss small. Does it become small there?",
        "BCAD": "A curve that hardly leaves the place where it began: is that a healthy training?",
    },
    hint="For each panel, say first what the training loss does, and then where the validation "
    "loss lies.",
)

# %% tags=["wrong"]
# says: the gap grows
panels = "CDAB"

# %% tags=["wrong"]
# says: every step overshoots
panels = "badc"

# %% tags=["wrong"]
# says: is that a healthy training
panels = "BCAD"

# %% [markdown] exercise={"name": "gradient", "minutes": 25, "points": 2, "objectives": ["Train"]}
# ## Downhill with ten families
#
# The chapter trains a model for two families. For more, a dense layer gives each note one sum for
# each family, $z = xW + b$, softmax turns the sums into probabilities, and the loss is the average
# over the notes of the negative logarithm of the probability of the right family. Write the function
# `gradient`: the derivatives of this loss by `W` and by `b`.
#
# <details><summary>Hint</summary>
#
# With two families the error of a note is $p - y$, where $y$ is 1 or 0. With $k$ families a note has
# $k$ probabilities: what are the $k$ numbers that they should have been? The rest of the formula in
# "One step downhill" stays. Check yours as the chapter does: nudge a weight, and see what the loss
# does.
#
# </details>


# %%
def probabilities(X, W, b):
    """Softmax of the sums, shape (notes, families), of notes X, shape (notes, numbers)."""
    z = X @ W + b
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def loss(X, labels, W, b):
    """The average of -log(probability of the right family); labels count from 0."""
    return -np.log(probabilities(X, W, b)[np.arange(len(labels)), labels]).mean()


# %% tags=["solution"]
def gradient(X, labels, W, b):
    """The derivatives of the loss by W and by b, two arrays of the shapes of W and b."""
    # BEGIN SOLUTION
    should = np.eye(len(b))[labels]
    error = probabilities(X, W, b) - should
    return X.T @ error / len(labels), error.mean(axis=0)
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call


def check_gradient():
    rng = np.random.default_rng(5)
    X, labels = rng.normal(size=(7, 3)), np.array([0, 1, 2, 3, 3, 1, 3])
    W, b = rng.normal(size=(3, 4)), rng.normal(size=4)
    answer = call("gradient", gradient, X, labels, W, b)
    assert not isinstance(answer, np.ndarray), (
        "That is one array: two are asked for, the derivatives by W and those by b."
    )
    assert len(answer) == 2, "gradient should return two arrays: the derivatives by W, and by b."
    dW = array("the first of the two arrays", answer[0], (3, 4))
    db = array("the second of the two arrays", answer[1], (4,))

    def nudged(direction):
        """How much the loss grows in a direction (of W and b together)."""
        losses = []
        for sign in (1, -1):
            z = X @ (W + sign * direction[:3]) + b + sign * direction[3]
            losses.append(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(7), labels]))
        return (losses[0] - losses[1]) / 2

    by_nudging = np.zeros((4, 4))
    for place in np.ndindex(4, 4):
        direction = np.zeros((4, 4))
        direction[place] = 1e-5
        by_nudging[place] = nudged(direction) / 1e-5
    found = np.vstack([dW, db])

    def near(other):
        return np.allclose(found, other, atol=1e-6)

    assert not near(-by_nudging), (
        "All derivatives have the wrong sign: the loss grows where they say that it shrinks."
    )
    assert not near(7 * by_nudging), (
        "For these 7 notes all derivatives are 7 times too large: the loss is an average."
    )
    assert not np.allclose(found[3], 7 * by_nudging[3], atol=1e-6), (
        "The derivative by b is 7 times too large for 7 notes: the loss is an average."
    )
    assert np.allclose(db, by_nudging[3], atol=1e-6), (
        f"By nudging, the derivative by the first number of b is {by_nudging[3, 0]:.4f}; yours is "
        f"{db[0]:.4f}. What is the error of a note in each family?"
    )
    assert near(by_nudging), (
        "The derivatives by b are right, those by W are not: what was each error multiplied with?"
    )


check_gradient()


# %% tags=["wrong"]
# says: the loss is an average
def gradient(X, labels, W, b):
    error = probabilities(X, W, b) - np.eye(len(b))[labels]
    return X.T @ error, error.sum(axis=0)


# %% tags=["wrong"]
# says: error of a note in each family
def gradient(X, labels, W, b):
    error = probabilities(X, W, b) - labels[:, None]
    return X.T @ error / len(labels), error.mean(axis=0)


# %% tags=["wrong"]
# says: wrong sign
def gradient(X, labels, W, b):
    error = np.eye(len(b))[labels] - probabilities(X, W, b)
    return X.T @ error / len(labels), error.mean(axis=0)


# %% tags=["wrong"]
# says: has shape
def gradient(X, labels, W, b):
    error = probabilities(X, W, b) - np.eye(len(b))[labels]
    return error.T @ X / len(labels), error.mean(axis=0)


# %% [markdown] exercise={"name": "project", "minutes": 120, "points": 2, "objectives": ["Say", "Read"]}
# ## Open project: when to stop
#
# "Overfitting" says that stopping in time helps. But while a network trains, nobody knows whether
# the validation loss will fall again. A rule with **patience** stops once that many epochs in a row
# have brought no new lowest validation loss, and keeps the weights of the lowest.
#
# Write `stop(losses, patience)`. It gets the validation losses of all epochs that one could train
# (without the loss before training, with which the chapter's lists begin),
# and returns two numbers, counted from 1: the epoch after which training stops (the last one, if the
# patience never runs out) and the epoch whose weights are kept (the earliest of equals).
#
# Then try it on trainings of the chapter: ten seeds, patience 1, 3, 10 and none, few waves and many.
# What does each cost in epochs, and what does it lose in test loss, against the best epoch that one
# could only have known afterwards? At the end, answer in a paragraph: the thesis trains all its
# networks for 50 epochs; what would a patience of yours have changed in its comparison, and what
# does your experiment not say about that? Hand in code, one table, one figure and one page.
#
# The check only looks whether `stop` does as it should. The project itself is judged by this
# **rubric**:
#
# | points | rule | experiment | conclusion |
# |---|---|---|---|
# | 2 | works, and its cases are explained | predictions first; many seeds; test notes for the last table only | says what follows for the thesis, and what does not |
# | 1 | works | several seeds | says which patience was best here |
# | 0 | does not work | one training | a claim that the table does not carry |
#
# <details><summary>Hint</summary>
#
# Go through the epochs and remember two things: the lowest loss so far, and when it was. How long is
# that ago?
#
# </details>


# %% tags=["solution"]
def stop(losses, patience):
    """The epoch after which training stops, and the epoch that is kept, both from 1."""
    # BEGIN SOLUTION
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best == patience:
            break
    return epoch + 1, best + 1
    # END SOLUTION


# %% tags=["test"]
from helpers.checks import array, call


def check_stop():
    for losses, patience, what, right in (
        ([3.0, 2.0, 1.0], 1, "losses that fall to the end", (3, 3)),
        ([1.0, 2.0, 0.5], 1, "a rise after the first epoch, and patience 1", (2, 1)),
        ([1.0, 2.0, 0.5], 2, "a rise of one epoch, and patience 2", (3, 3)),
        ([2.0, 1.0, 1.0, 1.0, 1.0], 2, "a loss that stands still", (4, 2)),
    ):
        found = array("what stop returns", call("stop", stop, losses, patience), (2,))
        assert tuple(found) == right, f"For {what}, stop answers {found.tolist()}."


check_stop()


# %% tags=["wrong"]
# says: a rise of one epoch
def stop(losses, patience):
    epoch = next((i for i in range(1, len(losses)) if losses[i] > losses[i - 1]), len(losses) - 1)
    return epoch + 1, int(np.argmin(losses[: epoch + 1])) + 1


# %% tags=["wrong"]
# says: patience 1, stop answers [3.0, 3.0]
def stop(losses, patience):
    return len(losses), int(np.argmin(losses)) + 1
