# %% [markdown]
# # Exercises: layers
#
# From counting one layer to two small networks that you wire by hand. You need
# [chapter 2](../02_layers.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/02_layers.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
import numpy as np

from helpers import plots

plots.use_style()

# %% [markdown] exercise={"name": "count", "minutes": 5, "points": 1, "objectives": ["Compute what"]}
# ## Count a layer
#
# A convolutional layer has 64 filters of 3 x 3 and reads the answers of 32 filters, each 63 x 6. How
# many parameters has it?
#
# <details><summary>Hint</summary>
#
# The chapter counts two such layers below "On a real note, and the same in Keras". Which of the
# numbers above does its second count use?
#
# </details>

# %% tags=["solution"]
n_parameters = 64 * (3 * 3 * 32 + 1)  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_parameters",
    n_parameters,
    right=64 * (3 * 3 * 32 + 1),
    wrong={
        64 * 3 * 3 * 32: "Each filter has one number more, which is added at the end.",
        64 * (3 * 3 + 1): "That is for a picture of one channel. How deep is a kernel here?",
        64 * (3 * 3 + 1) * 32: "How many biases has a filter?",
    },
    hint="How many weights has one kernel, with all its slices? And does the size of the picture count?",
)

# %% tags=["wrong"]
# says: one number more
n_parameters = 64 * 3 * 3 * 32

# %% tags=["wrong"]
# says: one channel
n_parameters = 64 * (3 * 3 + 1)

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

# %% [markdown] exercise={"name": "switch", "minutes": 25, "points": 2, "objectives": ["Compute one", "Show"]}
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

# %% [markdown] exercise={"name": "project", "minutes": 150, "points": 2, "objectives": ["Compute what", "Show"]}
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
