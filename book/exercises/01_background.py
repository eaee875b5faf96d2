# %% [markdown]
# # Exercises: what a network learns, and how
#
# From five-minute checks to two small networks that you wire by hand. You need
# [chapter 1](../01_background.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/01_background.ipynb)

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

# %% [markdown] exercise={"name": "curves", "minutes": 10, "points": 1, "objectives": ["Train"]}
# ## Four trainings
#
# The cell below draws the loss curves of four trainings (made up, so that each is a clear case).
# Which panel belongs to which of these, in this order?
#
# 1. a model that learns its training notes by heart
# 2. a learning rate that is far too low
# 3. a learning rate that is far too high
# 4. a healthy training with much dropout
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


# %% [markdown] exercise={"name": "kernel", "minutes": 10, "points": 1, "objectives": ["Compute what"]}
# ## Which kernel was it?
#
# A convolutional layer of Keras with one 3 x 3 kernel, "same" padding and no bias got a picture with
# a single bright point: 2 in the middle, 0 elsewhere. The cell below holds the picture and what the
# layer answered (made up). Find the kernel, as a list of three rows.
#
# <details><summary>Hint</summary>
#
# When the kernel lies one place to the upper left of the point, which corner of the kernel lies on
# the point? Then check your kernel with `convolve_same`, which is the chapter's.
#
# </details>


# %%
picture = np.array([[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 2, 0, 0], [0, 0, 0, 0, 0], [0] * 5])
answer = np.array(
    [[0, 0, 0, 0, 0], [0, 2, -4, 0, 0], [0, 0, 6, 2, 0], [0, -2, 0, 4, 0], [0, 0, 0, 0, 0]]
)


def convolve_same(picture, kernel):
    padded = np.pad(picture, 1)
    result = np.zeros(picture.shape)
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            result[row, column] = np.sum(padded[row : row + 3, column : column + 3] * kernel)
    return result


# %% tags=["solution"]
kernel = [[2, 0, -1], [1, 3, 0], [0, -2, 1]]  # SOLUTION

# %% tags=["test"]
from helpers.checks import array, same

same(
    "kernel",
    array("kernel", kernel, (3, 3)).tolist(),
    right=[[2, 0, -1], [1, 3, 0], [0, -2, 1]],
    wrong={
        ((1, -2, 0), (0, 3, 1), (-1, 0, 2)): "That is the answer around the point, halved. Let "
        "convolve_same try it: what comes out, and how is it turned?",
        ((2, -4, 0), (0, 6, 2), (-2, 0, 4)): "That is the answer around the point, as it stands. "
        "Let convolve_same try it: is it the right size, and the right way round?",
        ((4, 0, -2), (2, 6, 0), (0, -4, 2)): "The right way round. But how bright is the point?",
        ((0, -2, 1), (1, 3, 0), (2, 0, -1)): "One of the two directions, up and down or left and "
        "right, is the wrong way round. Let convolve_same try it.",
        ((-1, 0, 2), (0, 3, 1), (1, -2, 0)): "One of the two directions, up and down or left and "
        "right, is the wrong way round. Let convolve_same try it.",
    },
    hint="Let convolve_same try it on the picture, and compare with the answer number by number.",
)

# %% tags=["wrong"]
# says: how is it turned
kernel = answer[1:4, 1:4] / 2

# %% tags=["wrong"]
# says: how bright is the point
kernel = answer[3:0:-1, 3:0:-1]

# %% tags=["wrong"]
# says: the wrong way round
kernel = answer[3:0:-1, 1:4] / 2

# %% [markdown] exercise={"name": "layers", "minutes": 15, "points": 2, "objectives": ["Compute what"]}
# ## Through the layers
#
# A kernel has answered with the table `found` (made up). Behind it stand ReLU, max pooling of 2 x 2,
# dropout with the rate 0.2, flatten, which goes row by row, and a dense layer with `weights` and
# `biases`. Compute, with a pencil or with code,
#
# - `pooled`: what comes out of the pooling, two rows of two numbers;
# - `dropped`: what dropout makes of that in a step of training whose draw hits the lower left number
#   and no other, two rows again;
# - `sums`: the two sums of the dense layer when the network is used, after training.
#
# <details><summary>Hint</summary>
#
# Every step has a few lines of NumPy in "Convolution". "Dropout" says what becomes of the numbers
# that survive, and when.
#
# </details>

# %%
found = np.array([[3, -1, -4, -2], [0, 2, -3, -1], [1, -5, 6, 4], [-2, -6, 2, 8]])
weights = np.array([[1, 0], [2, -1], [0, 1], [-1, 2]])
biases = np.array([0.5, -1])

# %% tags=["solution"]
pooled = [[3, 0], [1, 8]]  # SOLUTION
dropped = [[3 / 0.8, 0], [0, 8 / 0.8]]  # SOLUTION
sums = np.ravel(pooled) @ weights + biases  # SOLUTION

# %% tags=["test"]
from helpers.checks import array, same

same(
    "pooled",
    array("pooled", pooled, (2, 2)).tolist(),
    right=[[3, 0], [1, 8]],
    wrong={
        ((3, -1), (1, 8)): "What has ReLU made of the block in which all numbers are below 0?",
        ((1.25, 0), (0.25, 5)): "Those are the means of the blocks.",
        ((1, -2.5), (-3, 5)): "Those are means of blocks, and where was ReLU?",
    },
    hint="First ReLU, number by number. Then cut the table into blocks of 2 x 2.",
)
same(
    "dropped",
    array("dropped", dropped, (2, 2)).round(3).tolist(),
    right=[[3 / 0.8, 0], [0, 8 / 0.8]],
    wrong={
        ((3, 0), (0, 8)): "The sum is smaller now, on average. What does dropout do to the others?",
        ((2.4, 0), (0, 6.4)): "The others should make up for what is missing. These got smaller.",
        ((15, 0), (0, 40)): "Is the rate the share that is dropped, or the share that is kept?",
        ((3.75, 0), (1.25, 10)): "One of the numbers was hit by the draw.",
        ((3, 0), (1, 8)): "That is what dropout does once training is over.",
    },
    hint="Which number is lost, and by what are the others divided?",
)

# %% tags=["test"]
from helpers.checks import array, same

same(
    "sums",
    array("sums", sums, (2,)).round(3).tolist(),
    right=[3 - 8 + 0.5, 1 + 16 - 1],
    wrong={
        (3 - 8, 1 + 16): "Something is added to each sum.",
        (3.75 - 10 + 0.5, 20 - 1): "That is in training. What does dropout do afterwards?",
        (3 + 2 - 8 + 0.5, -1 + 16 - 1): "Flatten goes row by row: this went column by column.",
    },
    hint="Write the pooled numbers in one row, and take one column of the weights for each sum.",
)

# %% tags=["wrong"]
# says: below 0
pooled = [[3, -1], [1, 8]]

# %% tags=["wrong"]
# says: What does dropout do to the others
dropped = [[3, 0], [0, 8]]

# %% tags=["wrong"]
# says: These got smaller
dropped = np.array([[3, 0], [0, 8]]) * 0.8

# %% tags=["wrong"]
# says: That is in training
sums = np.ravel(dropped) @ weights + biases

# %% tags=["wrong"]
# says: added to each sum
sums = np.ravel(pooled) @ weights

# %% [markdown] exercise={"name": "switch", "minutes": 25, "points": 2, "objectives": ["Compute one"]}
# ## A switch, wired by hand
#
# The memory that the chapter wires adds up its events. Wire one that does not: an LSTM unit with the
# two input channels "up" and "down" (1 for one step, else 0, never both at once) that remembers
# **the last event, and only the last**. Its output $h$ should be
#
# - above 0.5 from an "up" until the next event, up to 50 steps later,
# - below -0.5 from a "down" until the next event, up to 50 steps later,
# - between -0.1 and 0.1 as long as there has been no event.
#
# Answer with `W`, shape (2, 4): the weights from "up" and from "down"; `U`, shape (1, 4): those from
# the last output; and `bias`, shape (4,). The four are $i, f, g, o$, as in Keras.
#
# <details><summary>Hint</summary>
#
# Begin with the weights of "A memory, wired by hand". Which gates have to move when an event comes,
# and is that the same for "up" and "down"? What is the only part that can tell $h$ its sign? Try
# yours with `lstm` below.
#
# </details>


# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm(sequence, W, U, bias):
    """The outputs h of the units, shape (steps, units), of a sequence, shape (steps, channels)."""
    h = c = np.zeros(len(U))
    outputs = []
    for x in sequence:
        i, f, g, o = np.split(x @ W + h @ U + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.array(outputs)


# %% tags=["solution"]
# The columns are i, f, g, o.
W = np.array([[10, -10, 3, 0], [10, -10, -3, 0]])  # SOLUTION
U = np.zeros((1, 4))  # SOLUTION
bias = np.array([-5, 5, 0, 5])  # SOLUTION

# %% tags=["test"]
import numpy as np

from helpers.checks import array


def check_switch():
    weights = array("W", W, (2, 4)), array("U", U, (1, 4))[0], array("bias", bias, (4,))

    def after(events):
        """The outputs of 50 steps after each event, one row an event; "-" stands for none."""
        h = c = 0.0
        rows = []
        for event in events:
            for step in range(51):
                x = [float(event == "up" and step == 0), float(event == "down" and step == 0)]
                i, f, g, o = np.clip(x @ weights[0] + h * weights[1] + weights[2], -500, 500)
                c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
                h = np.tanh(c) / (1 + np.exp(-o))
                rows.append(h)
        return np.reshape(rows, (len(events), 51))

    quiet = np.abs(after(["-"])).max()
    assert quiet <= 0.1, (
        f"Before any event, |h| comes to {quiet:.2f}. Is the input gate shut at rest, and what does "
        "the candidate say then? Are the four parts in the order i, f, g, o?"
    )
    for event, sign in (("up", 1), ("down", -1)):
        h = sign * after([event])[0]
        assert h[0] > -0.5, f"After {event!r}, h has the sign of the opposite event."
        assert h[0] > 0.5, (
            f"At {event!r}, h is {sign * h[0]:.2f}: does enough get in, and is it shown?"
        )
        assert h.min() > 0.5, (
            f"h forgets {event!r}: 50 steps later it is {sign * h[-1]:.2f}. Which gate, at rest, "
            "decides how long a memory lasts?"
        )
    for events in (["up", "down"], ["down", "up"], ["up", "up", "up", "down"]):
        h = after(events)[-1] * (1 if events[-1] == "up" else -1)
        said = ", ".join(events)
        assert h.min() > 0.5, (
            f"After {said}, h does not tell of the last event only: the new one was "
            "added to the old. Which gate should shut, and when?"
        )


check_switch()

# %% tags=["wrong"]
# says: added to the old
W = np.array([[10, 0, 3, 0], [10, 0, -3, 0]])

# %% tags=["wrong"]
# says: sign of the opposite event
W = np.array([[10, -10, 3, 0], [10, -10, 3, 0]])

# %% tags=["wrong"]
# says: forgets 'up'
bias = np.array([-5, 2, 0, 5])

# %% tags=["wrong"]
# says: in the order i, f, g, o
W = np.array([[10, -10, 0, 3], [10, -10, 0, -3]])
bias = np.array([-5, 5, 5, 0])

# %% [markdown] exercise={"name": "project", "minutes": 150, "points": 2, "objectives": ["Say", "Compute what", "Compute one"]}
# ## Open project: knock, then ring
#
# A sequence has two channels, "knock" and "ring", with a 1 where there is one and else 0; never both
# in one step. The answer should be 1 if somewhere a ring comes **after** a knock, and 0 otherwise.
# Build two detectors by hand, without training:
#
# - `by_convolution`: convolutions over time with kernels of three steps, ReLU, pooling, and a
#   threshold at the end. No loop that carries something from step to step.
# - `by_memory`: an LSTM (use `lstm` above), and a threshold on its last output.
#
# Then find out where each fails. Make sequences of your own: ring one step after the knock, two,
# five, fifty; only a ring; ring before knock; many events; noise added. For each kind, give the
# share of right answers of both. How much further does the convolution see with another layer, and
# how much longer does the memory last with other biases? At the end, answer in a paragraph: what
# does your comparison say about the question of the thesis, and what does it not? Hand in code, one
# table, one figure and one page.
#
# The check only looks whether both are fit for use: that they answer 0 or 1, for sequences of any
# length from three steps, that both get a ring right that comes right after a knock, and that the
# memory bridges 30 steps. The project itself is judged by this **rubric**:
#
# | points | detectors | experiment | conclusion |
# |---|---|---|---|
# | 2 | every weight is explained | predictions first; each detector has a case where it fails | says what follows for the two kinds of network, and what does not |
# | 1 | they work, and some is explained | both on the same sequences | says which was better here |
# | 0 | copied, or no explanation | a few examples | a claim that the table does not carry |
#
# <details><summary>Hint</summary>
#
# A convolution with both channels: a kernel of shape (3, 2). Which bias lets only "both" through
# ReLU? For the memory take two units: the first remembers the knock; the second may open its input
# gate only if there is a ring *and* the first one says so, by way of `U`. The columns of `W` are
# then i, i, f, f, g, g, o, o.
#
# </details>


# %% tags=["solution"]
def by_convolution(sequence):
    """0 or 1 for a sequence, shape (steps, 2)."""
    # BEGIN SOLUTION
    padded = np.pad(sequence, ((0, 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 3, axis=0)  # (steps, 2, 3)
    kernels = np.zeros((2, 2, 3))  # knock, and ring one or two steps later
    kernels[:, 0, 0] = 1
    kernels[0, 1, 1] = kernels[1, 1, 2] = 1
    answers = np.maximum(0, np.einsum("tcs,kcs->tk", windows, kernels) - 1.5)
    return int(answers.max() > 0.25)
    # END SOLUTION


def by_memory(sequence):
    """0 or 1 for a sequence, shape (steps, 2)."""
    # BEGIN SOLUTION
    from_knock = [10, 0, 0, 0, 3, 0, 0, 0]
    from_ring = [0, 10, 0, 0, 0, 3, 0, 0]
    from_first = [0, 10, 0, 0, 0, 0, 0, 0]  # the second unit listens to the first
    at_rest = np.array([-5, -13, 5, 5, 0, 0, 5, 5])
    wires = np.array([from_knock, from_ring]), np.array([from_first, [0] * 8])
    return int(lstm(sequence, *wires, at_rest)[-1, 1] > 0.3)
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import call


def check_detectors():
    for name, detector in (("by_convolution", by_convolution), ("by_memory", by_memory)):
        for steps, knocks, rings, what, right in (
            (3, [], [], "three steps without an event", 0),
            (40, [20], [21], "a ring right after a knock", 1),
            (3, [0], [1], "a ring right after a knock, in three steps", 1),
            (40, [], [20], "a ring alone", 0),
            (40, [20], [], "a knock alone", 0),
            (40, [21], [20], "a ring right before a knock", 0),
        ):
            sequence = np.zeros((steps, 2))
            sequence[knocks, 0] = 1
            sequence[rings, 1] = 1
            found = call(name, detector, sequence)
            assert found in (0, 1), f"{name} should answer 0 or 1. For {what} it answers {found}."
            assert found == right, f"{name} answers {float(found):.0f} for {what}."
    sequence = np.zeros((60, 2))
    sequence[10, 0] = sequence[40, 1] = 1
    assert call("by_memory", by_memory, sequence) == 1, (
        "by_memory has forgotten a knock when the ring comes 30 steps later. What happens to the "
        "state of the first unit between the two?"
    )


check_detectors()


# %% tags=["wrong"]
# says: by_convolution answers 1 for a ring alone
def by_convolution(sequence):
    return int(sequence[:, 1].max() > 0)


# %% tags=["wrong"]
# says: by_convolution answers 1 for a ring right before a knock
def by_convolution(sequence):
    return int(np.convolve(sequence.sum(axis=1), [1, 1, 1]).max() > 1.5)


# %% tags=["wrong"]
# says: forgotten a knock
def by_memory(sequence):
    return by_convolution(sequence)
