# %% [markdown]
# # Exercises: the LSTM
#
# From counting one layer to a probe of your own. You need [chapter 7](../07_lstm.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/07_lstm.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
import numpy as np

# %% [markdown] exercise={"name": "count", "minutes": 5, "points": 1, "objectives": ["Predict"]}
# ## One layer
#
# An LSTM layer of 64 units reads notes of 126 frames by 40 mel bands.
#
# 1. `n_parameters`: how many parameters has it?
# 2. `bias_row`: which number would stand behind "bias =" in its row of a table like 3.2?
#
# <details><summary>Hint</summary>
#
# "Count one layer" has the formula. Which of the three numbers 64, 126 and 40 does not appear?
#
# </details>

# %% tags=["solution"]
n_parameters = 4 * ((40 + 64) * 64 + 64)  # SOLUTION
bias_row = 4 * 64  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_parameters",
    n_parameters,
    right=4 * ((40 + 64) * 64 + 64),
    wrong={
        (40 + 64) * 64 + 64: "That is one of the small dense layers inside. How many are there?",
        3 * ((40 + 64) * 64 + 64): "Three gates, and one more: the candidate for the memory.",
        4 * (40 + 64) * 64: "Those are the weights. What else has a dense layer?",
        4 * (40 * 64 + 64): "The layer looks at its input, and at what it gave out a step before.",
        4
        * ((40 + 64) * 64 + 1): "Each of the four small dense layers has one bias for every unit.",
        126 * 4 * ((40 + 64) * 64 + 64): "Does every step have weights of its own?",
        4 * ((126 + 64) * 64 + 64): "What does the layer read in one step: frames or bands?",
        4 * ((40 + 64) * 40 + 40): "Inputs and units have changed places.",
        4 * ((13 + 64) * 64 + 64): "That is for 13 coefficients. These notes have mel bands.",
    },
    hint="Begin with one of the small dense layers inside: its inputs, its outputs, its biases.",
)

# %% tags=["test"]
from helpers.checks import number

number(
    "bias_row",
    bias_row,
    right=4 * 64,
    wrong={
        64: "So many has one of the parts. What did Keras put side by side?",
        128: "That is for the layers of the thesis. This one has other units.",
        3 * 64: "The candidate for the memory has biases, too.",
        1: "That is where the biases of one of the gates start, not how many there are.",
        8 * 64: "There is one bias for the input and the hidden state together.",
    },
    hint='The text below the first cell of "Count one layer" takes the 128 apart.',
)

# %% tags=["wrong"]
# says: How many are there
n_parameters = (40 + 64) * 64 + 64

# %% tags=["wrong"]
# says: gave out a step before
n_parameters = 4 * (40 * 64 + 64)

# %% tags=["wrong"]
# says: weights of its own
n_parameters = 126 * 4 * ((40 + 64) * 64 + 64)

# %% tags=["wrong"]
# says: other units
bias_row = 128

# %% [markdown] exercise={"name": "shapes", "minutes": 10, "points": 1, "objectives": ["Explain"]}
# ## What comes out
#
# A batch of 8 notes of 126 frames by 13 coefficients goes through layers. Write the shapes as
# tuples, with the batch as the first number.
#
# | answer | layer | reads |
# |---|---|---|
# | `a` | `LSTM(48, return_sequences=True)` | the notes |
# | `b` | `LSTM(24)` | `a` |
# | `c` | `Flatten()` | `a` |
# | `d` | `Dense(10)` | `a`, with no flatten in between |
#
# Try to predict all four. Then you may build them in Keras.
#
# <details><summary>Hint</summary>
#
# "All hidden states, or only the last?" has `b`, "Layer by layer" has `a` and `c`. For `d`: a dense
# layer in Keras works on the last axis of what it gets, and leaves the others alone.
#
# </details>

# %% tags=["solution"]
a = (8, 126, 48)  # SOLUTION
b = (8, 24)  # SOLUTION
c = (8, 6048)  # SOLUTION
d = (8, 126, 10)  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

same(
    "a",
    a,
    right=(8, 126, 48),
    wrong={
        (8, 48): "That would be the last hidden state only. What does return_sequences change?",
        (126, 48): "That is one note. A batch has eight.",
        (8, 126, 192): "The layer has four parts inside, but gives out one hidden state a step.",
        (8, 126, 13): "A hidden state has as many numbers as the layer has units.",
        (8, 48, 126): "Steps come before units, as frames come before coefficients.",
        (8, 13, 48): "The layer goes through the frames, not through the coefficients.",
    },
    hint="One hidden state a step: how many steps, and how many numbers in a state?",
)
same(
    "b",
    b,
    right=(8, 24),
    wrong={
        (8, 126, 24): "Without return_sequences, is every hidden state given out?",
        (8, 1, 24): "One state is left for each note, and the axis of the steps is gone.",
        (24,): "That is one note. A batch has eight.",
        (8, 48): "Whose units count: those of the layer below, or its own?",
        (8, 126): "One number a step? It is one state a note.",
    },
    hint="return_sequences is False unless you say otherwise.",
)
same(
    "c",
    c,
    right=(8, 126 * 48),
    wrong={
        (126 * 48,): "That is one note. A batch has eight.",
        (8 * 126 * 48,): "Flatten leaves the notes of a batch apart.",
        (8 * 126, 48): "Flatten leaves the notes of a batch apart, and writes each as one row.",
        (8, 126 * 13): "Flatten reads what the LSTM layer gives out, not the notes.",
        (8, 48): "Flatten throws nothing away.",
        (8, 126 * 24): "Flatten reads `a` here, not `b`.",
    },
    hint="Flatten writes all states of a note as one long row.",
)
same(
    "d",
    d,
    right=(8, 126, 10),
    wrong={
        (8, 10): "Who has taken the steps away? There is no flatten.",
        (8, 48, 10): "The dense layer replaces the last axis of its input.",
        (8, 126, 48, 10): "The dense layer replaces the last axis of its input.",
        (8, 126, 480): "Each state becomes ten numbers, not ten for each of its numbers.",
    },
    hint="The same dense layer is used at every step.",
)

# %% tags=["wrong"]
# says: last hidden state only
a = (8, 48)

# %% tags=["wrong"]
# says: every hidden state given out
b = [8, 126, 24]

# %% tags=["wrong"]
# says: notes of a batch apart
c = (48384,)

# %% tags=["wrong"]
# says: no flatten
d = (8, 10)

# %% [markdown] exercise={"name": "longer", "minutes": 10, "points": 1, "objectives": ["Explain", "Predict"]}
# ## Notes of eight seconds
#
# Somebody records notes of 8 s, 251 frames of 13 coefficients, and builds the base LSTM of table
# 3.2 for them.
#
# 1. `n_flattened`: how many parameters has that network, in all?
# 2. `n_last`: how many has the version that hands on the last hidden state only ("All hidden states,
#    or only the last?"), for the same notes?
#
# <details><summary>Hint</summary>
#
# The chapter gives both totals for notes of 126 frames. Which single layer notices that the notes
# have become longer, and by how many inputs?
#
# </details>

# %% tags=["solution"]
n_flattened = 2_109_194 + (251 - 126) * 32 * 512  # SOLUTION
# BEGIN SOLUTION NO PROMPT
five_layers = 4 * ((13 + 32) * 32 + 32) + 4 * 4 * ((32 + 32) * 32 + 32)
# END SOLUTION
n_last = five_layers + (32 + 1) * 512 + (512 + 1) * 10  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_flattened",
    n_flattened,
    right=2_109_194 + (251 - 126) * 32 * 512,
    wrong={
        2_109_194: "That is the network for notes of four seconds. One of its layers has weights "
        "of its own for each moment.",
        2 * 2_109_194: "Not every layer grows with the notes, and 251 is not quite twice 126.",
        2_109_194 + 126 * 32 * 512: "How many frames are there more?",
        2_109_194 + 125 * 32: "That many inputs are new. What does the dense layer do with each?",
        2_109_194 + 125 * 32 * 513: "The dense layer has no more biases than before.",
        2_109_194 + 125 * 13 * 512: "The dense layer reads hidden states, not coefficients.",
        251 * 32 * 512 + 512: "That is the dense layer. And the others?",
    },
    hint="Walk through the layers of table 3.2 and ask of each whether the steps count.",
)

# %% tags=["test"]
from helpers.checks import number

number(
    "n_last",
    n_last,
    right=5_888 + 4 * 8_320 + 33 * 512 + 5_130,
    wrong={
        2_109_194 + 125 * 32 * 512: "That is with all states. Here 32 numbers reach the dense "
        "layer.",
        5_888 + 4 * 8_320: "Those are the LSTM layers. Two dense layers come behind them.",
        5_888 + 4 * 8_320 + 33 * 512: "Where is the layer of ten?",
        5 * 8_320 + 33 * 512 + 5_130: "The first LSTM layer reads 13 numbers, not 32.",
        5_888 + 4 * 8_320 + 32 * 512 + 5_120: "Dense layers have biases.",
        2 * (5_888 + 4 * 8_320 + 33 * 512 + 5_130): "Which layer grows when a note has more steps?",
    },
    hint="Look at the table below the network with the last state only: what of it changes?",
)

# %% tags=["wrong"]
# says: not quite twice
n_flattened = 2 * 2_109_194

# %% tags=["wrong"]
# says: weights of its own
n_flattened = 2_109_194

# %% tags=["wrong"]
# says: no more biases
n_flattened = 2_109_194 + 125 * 32 * 513

# %% tags=["wrong"]
# says: reach the dense layer
n_last = 2_109_194 + 125 * 32 * 512

# %% [markdown] exercise={"name": "ahead", "minutes": 10, "points": 1, "objectives": ["Read a block"]}
# ## What a frame can change
#
# A note goes through the five LSTM layers of table 3.2, already trained, dropout off. Then frame 41
# of the 126 is replaced by another (the first one is frame 1), and it goes through once more.
#
# 1. `n_states`: for how many of its 126 steps can the fifth layer give out another hidden state?
# 2. `n_both`: the first layer is replaced by a **bidirectional** one: two layers of 32 units, of
#    which one reads from frame 1 to 126 and the other from frame 126 to 1. At each frame their two
#    states are put side by side, 64 numbers. How many of its 126 · 64 numbers can be other ones?
#
# <details><summary>Hint</summary>
#
# Draw the layer unrolled, as the chapter does, and go along the arrows that leave frame 41. In which
# direction do they point when a layer reads backwards?
#
# </details>

# %% tags=["solution"]
n_states = 126 - 41 + 1  # SOLUTION
n_both = 32 * (126 - 41 + 1) + 32 * 41  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_states",
    n_states,
    right=126 - 41 + 1,
    wrong={
        85: "Does frame 41 change the state at its own step?",
        126: "No arrow leads back to the steps before the frame.",
        1: "The states are handed on to the steps that follow.",
        41: "Those are the steps up to the frame. Which way do the arrows point?",
        40: "Those are the steps before the frame. Which way do the arrows point?",
        5 * 86: "Only the states of the fifth layer are asked for.",
        82: "A layer above reads the same step of the one below: nothing is lost from layer to "
        "layer.",
    },
    hint="Every layer reads forward. From which step on is its input another one?",
)
number(
    "n_both",
    n_both,
    right=32 * (126 - 41 + 1) + 32 * 41,
    wrong={
        126 * 64: "Each of the two layers has steps that the frame cannot reach.",
        64 * 86: "One of the two layers reads the other way round.",
        32 * 126: "The state at frame 41 itself changes in both layers.",
        127: "So many states. How many numbers are they?",
        32 * 86: "That is the layer which reads forward. And the other one?",
        64 * 127: "Each of the two states has 32 numbers.",
    },
    hint="Count for each of the two layers by itself.",
)

# %% tags=["wrong"]
# says: at its own step
n_states = 126 - 41

# %% tags=["wrong"]
# says: leads back
n_states = 126

# %% tags=["wrong"]
# says: the other way round
n_both = 64 * 86

# %% tags=["wrong"]
# says: changes in both layers
n_both = 32 * 126

# %% [markdown] exercise={"name": "keep", "minutes": 10, "points": 1, "objectives": ["Predict"]}
# ## How long a new layer remembers
#
# The forget gate of one unit is $f = \sigma(b)$ when its weighted sums are 0 and only its bias $b$ is
# left. Let the input gate be shut: nothing new comes in, and in each step the cell state is
# multiplied by $f$.
#
# 1. `n_steps`: with the bias at which Keras starts the forget gate, after how many steps is **less
#    than 1 %** of the cell state left for the first time?
# 2. `held`: which bias $b$ would leave half of it after 125 steps, from the first frame of a note to
#    the last? To one decimal.
#
# <details><summary>Hint</summary>
#
# $\sigma(b) = 1 / (1 + e^{-b})$, and the state after $n$ steps is $f^n$ times what it was. For the
# second question find $f$ first, and then solve for $b$.
#
# </details>

# %% tags=["solution"]
n_steps = int(np.ceil(np.log(0.01) / np.log(1 / (1 + np.exp(-1)))))  # SOLUTION
# BEGIN SOLUTION NO PROMPT
f = 0.5 ** (1 / 125)
# END SOLUTION
held = np.log(f / (1 - f))  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_steps",
    n_steps,
    right=np.ceil(np.log(0.01) / np.log(1 / (1 + np.exp(-1)))),
    wrong={
        14: "A little more than 1 % is left then.",
        17: "A gate is a sigmoid. The tanh is for the candidate.",
        7: "That is with a gate of 1/2, as a bias of 0 would give. Where does Keras start?",
        5: "Is the gate e to the power of -1? It is the sigmoid of the bias.",
        4: "That is for 10 % with a gate of 1/2. What does Keras start the bias at?",
        8: "That is when less than 10 % is left.",
    },
    hint="Multiply by the gate again and again, and count.",
)
number(
    "held",
    held,
    right=np.log(0.5 ** (1 / 125) / (1 - 0.5 ** (1 / 125))),
    digits=1,
    wrong={
        1: "Is that the gate? It should be nearly 1; the bias is what goes into the sigmoid.",
        -5.2: "The sigmoid of a negative number is below one half.",
        0: "The sigmoid of 0 is one half: half would be gone after a single step.",
        2.3: "e, not 10, is in the sigmoid: take the natural logarithm.",
        125: "How near to 1 is the gate? Then solve the sigmoid for its bias.",
    },
    hint="Put your bias back: what is the gate, and what is the gate to the power of 125?",
)

# %% tags=["wrong"]
# says: tanh is for the candidate
n_steps = int(np.ceil(np.log(0.01) / np.log(np.tanh(1))))

# %% tags=["wrong"]
# says: A little more
n_steps = int(np.log(0.01) / np.log(1 / (1 + np.exp(-1))))

# %% tags=["wrong"]
# says: Is that the gate
held = 0.5 ** (1 / 125)

# %% tags=["wrong"]
# says: natural logarithm
held = np.log10(0.5 ** (1 / 125) / (1 - 0.5 ** (1 / 125)))

# %% [markdown] exercise={"name": "blocks", "minutes": 20, "points": 2, "objectives": ["Read the hidden"]}
# ## Order near and far
#
# The probe of the chapter shuffles single frames. That destroys both the order within a tenth of a
# second and the order of attack and release. To tell the two apart, shuffle **blocks**: cut each note
# into blocks of `length` frames, and put the blocks of each note into a random order, another one
# for each note. Within a block all stays as it is.
#
# Write the function `in_blocks`. `length` divides 126; with 126 nothing changes, with 1 it is the
# shuffling of the chapter. The same `seed` gives the same result, and nothing else is random.
#
# <details><summary>Hint</summary>
#
# `reshape` cuts each note: (notes, blocks, frames in a block, 13). Then do with the blocks of a note
# what the function `shuffled` of the chapter does with its frames, and reshape back.
#
# </details>


# %% tags=["solution"]
def in_blocks(notes, length, seed):
    """Notes of shape (n, 126, 13) with their blocks of `length` frames in random order."""
    # BEGIN SOLUTION
    rng = np.random.default_rng(seed)
    blocks = notes.reshape(len(notes), -1, length, notes.shape[2])
    mixed = [note[rng.permutation(len(note))] for note in blocks]
    return np.array(mixed).reshape(notes.shape)
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

notes = np.arange(6 * 126 * 13.0).reshape(6, 126, 13)
for length in (6, 21, 1):
    said = f"in_blocks(notes, {length}, 0)"
    new = array(said, call("in_blocks", in_blocks, notes, length, 0), notes.shape)
    assert np.array_equal(np.sort(new.ravel()), notes.ravel()), (
        f"{said} loses numbers or holds some of them twice: shuffling only moves them."
    )
    note, frame, coefficient = np.unravel_index(new.astype(int), notes.shape)
    assert (note == np.arange(6)[:, None, None]).all(), f"{said} moves frames to other notes."
    assert (coefficient == np.arange(13)).all(), (
        f"{said} changes the order of the coefficients within a frame. Which axis is time?"
    )
    assert (frame == frame[..., :1]).all(), f"{said} mixes coefficients of different frames."
    blocks = frame[..., 0].reshape(6, -1, length)
    assert (np.diff(blocks, axis=2) == 1).all(), (
        f"{said}: within a block of {length} frames the order should stay as it is. Do you shuffle "
        "the blocks, or the frames within them?"
    )
    assert (blocks[:, :, 0] % length == 0).all(), f"{said} does not cut at multiples of {length}."
    assert (np.diff(blocks[:, :, 0], axis=1) < 0).any(), f"{said} leaves the blocks in order."
    assert (blocks != blocks[0]).any(), f"{said} gives all notes the same order."

# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

notes = np.arange(4 * 126 * 13.0).reshape(4, 126, 13)
whole = array("in_blocks", call("in_blocks", in_blocks, notes, 126, 0), notes.shape)
assert np.array_equal(whole, notes), "With blocks of 126 frames nothing should change."
one, again, other = (
    array("in_blocks", call("in_blocks", in_blocks, notes, 6, seed), notes.shape)
    for seed in (1, 1, 2)
)
assert np.array_equal(one, again), "The same seed should give the same result twice."
assert not np.array_equal(one, other), "Seeds 1 and 2 give the same order: is the seed used?"


# %% tags=["wrong"]
# says: the frames within them
def in_blocks(notes, length, seed):
    blocks = notes.reshape(len(notes), -1, length, 13)
    return np.random.default_rng(seed).permutation(blocks, axis=2).reshape(notes.shape)


# %% tags=["wrong"]
# says: all notes the same order
def in_blocks(notes, length, seed):
    blocks = notes.reshape(len(notes), -1, length, 13)
    return np.random.default_rng(seed).permutation(blocks, axis=1).reshape(notes.shape)


# %% tags=["wrong"]
# says: to other notes
def in_blocks(notes, length, seed):
    blocks = notes.reshape(-1, length, 13)
    return np.random.default_rng(seed).permutation(blocks).reshape(notes.shape)


# %% tags=["wrong"]
# says: Which axis is time
def in_blocks(notes, length, seed):
    return np.random.default_rng(seed).permutation(notes, axis=2)


# %% [markdown] exercise={"name": "paired", "minutes": 10, "points": 1, "objectives": ["Compare two"]}
# ## On the same folds
#
# Below are accuracies of two models on the same five folds (made up). Some folds are harder than
# others, for both. Answer in **points** (percentage points), to two decimals; a standard deviation
# is that of a sample, with $n - 1$.
#
# 1. `ahead`: by how many points is the CNN ahead, on average?
# 2. `paired`: what is the standard deviation of the difference, fold by fold?
# 3. `unpaired`: what would be the standard deviation of such a difference if each model had been
#    tested on folds of its own? The variances of two independent numbers add up.
#
# Compare the last two with the first one: what would you have seen without the thin lines of the
# chapter's figure?
#
# <details><summary>Hint</summary>
#
# `np.std(x, ddof=1)`. For the second answer subtract first and take the standard deviation then; for
# the third it is the other way round.
#
# </details>

# %%
cnn = np.array([0.912, 0.871, 0.935, 0.889, 0.903])
lstm = np.array([0.899, 0.860, 0.917, 0.874, 0.893])

# %% tags=["solution"]
ahead = 100 * np.mean(cnn - lstm)  # SOLUTION
paired = 100 * np.std(cnn - lstm, ddof=1)  # SOLUTION
unpaired = 100 * np.sqrt(np.var(cnn, ddof=1) + np.var(lstm, ddof=1))  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "ahead",
    ahead,
    right=1.34,
    digits=2,
    wrong={
        0.0134: "Is that a share? Points are asked for.",
        -1.34: "That is the LSTM minus the CNN.",
        6.7: "That is the sum over the folds.",
    },
    hint="Subtract fold by fold, and average.",
)
number(
    "paired",
    paired,
    right=100 * np.std(np.array([0.013, 0.011, 0.018, 0.015, 0.010]), ddof=1),
    digits=2,
    wrong={
        0.0032: "Is that a share? Points are asked for.",
        100 * np.std(np.array([0.013, 0.011, 0.018, 0.015, 0.010])): "That divides by n. With so "
        "few folds, n - 1 makes a difference.",
        100 * np.std(np.array([0.013, 0.011, 0.018, 0.015, 0.010]), ddof=1) / np.sqrt(5): "That is "
        "the standard error of the mean. How far do single folds scatter?",
        0.19: "That is the difference of two standard deviations. Subtract the accuracies first.",
    },
    hint="Five differences: how far do they lie around their mean?",
)
number(
    "unpaired",
    unpaired,
    right=100
    * np.sqrt(
        np.var(np.array([0.912, 0.871, 0.935, 0.889, 0.903]), ddof=1)
        + np.var(np.array([0.899, 0.860, 0.917, 0.874, 0.893]), ddof=1)
    ),
    digits=2,
    wrong={
        4.62: "Variances add up, standard deviations do not.",
        0.19: "Subtracting does not take away scatter: the variances add up.",
        0.0327: "Is that a share? Points are asked for.",
        2.93: "That divides by n. With so few folds, n - 1 makes a difference.",
        0.11: "That is a variance. Its root is asked for.",
    },
    hint="Add the two variances, take the root, and then change to points.",
)

# %% tags=["wrong"]
# says: Points are asked for
ahead = np.mean(cnn - lstm)

# %% tags=["wrong"]
# says: divides by n
paired = 100 * np.std(cnn - lstm)

# %% tags=["wrong"]
# says: standard deviations do not
unpaired = 100 * (np.std(cnn, ddof=1) + np.std(lstm, ddof=1))

# %% tags=["wrong"]
# says: Subtract the accuracies first
paired = 100 * (np.std(cnn, ddof=1) - np.std(lstm, ddof=1))

# %% [markdown] exercise={"name": "waiting", "minutes": 10, "points": 1, "objectives": ["Compare two"]}
# ## Steps that wait for each other
#
# Three LSTM layers on top of each other read a note of 251 frames. One step of one layer takes 1 ms.
#
# 1. `one_by_one`: how many ms does the note take if each layer reads all of its input before the
#    next one begins?
# 2. `side_by_side`: how many ms does it take **at least**, with as many processors as you like, if a
#    step is worked out as soon as all that it needs is there?
#
# <details><summary>Hint</summary>
#
# What does step $t$ of a layer need: from the step before, and from the layer below? Draw the nine
# steps of three layers and three frames as a grid with arrows, and write the earliest time into each.
#
# </details>

# %% tags=["solution"]
one_by_one = 3 * 251  # SOLUTION
side_by_side = 251 + 3 - 1  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "one_by_one",
    one_by_one,
    right=3 * 251,
    wrong={
        251: "That is one layer. The next one waits for it.",
        630: "That is the network of the thesis.",
        251 + 2: "So it would be if the layers did not wait for each other. Here each reads all of "
        "its input first.",
    },
    hint="How many steps are there in all?",
)
number(
    "side_by_side",
    side_by_side,
    right=251 + 3 - 1,
    wrong={
        251: "The last layer cannot begin at once: it needs the first step of those below.",
        1: "A step cannot begin before the step before it is done.",
        3: "A step cannot begin before the step before it is done.",
        3 * 251: "Does the second layer have to wait until the first has read the whole note?",
        254: "When the first layer finishes, how many more steps does the last one have to go?",
        252: "That is for two layers.",
    },
    hint="When is the last step of the first layer done, and what is left to do then?",
)

# %% tags=["wrong"]
# says: waits for it
one_by_one = 251

# %% tags=["wrong"]
# says: read the whole note
side_by_side = 3 * 251

# %% tags=["wrong"]
# says: cannot begin at once
side_by_side = 251

# %% [markdown] exercise={"name": "project", "minutes": 180, "points": 2, "objectives": ["Read the hidden", "Compare two"]}
# ## Open project: a probe of your own
#
# What do the two networks hold on to: the attack, the end, the speed, the loudness, the place of a
# note in time? Write a function `disturb` that takes away **one** thing and leaves the rest as it
# is, and find out what it costs the CNN and the LSTM.
#
# Ideas: cut off the attack; hold one frame for the whole note; let the note begin later; play it at
# half speed; take the level out of coefficient 0; shuffle in blocks, from short to long ones; blur
# the frames. Before you run anything, write down which network will lose more, and why.
#
# `trained` below trains one of the two networks on fold 1 (some minutes at most with the profile
# `quick`) and returns a function that gives its accuracy on a part, with notes disturbed if you like.
# Hand in your function, your prediction, a table (both networks, both parts, at least two seeds, as
# they are and disturbed), a control that is blind to what you took away, and what follows.
#
# The check only looks whether `disturb` is fit for use: notes of shape (n, 126, 13) go in and come
# out, the same seed gives the same result, each note is disturbed without looking at the others, and
# something changes. The project itself is judged by this **rubric**:
#
# | points | question | evidence | conclusion |
# |---|---|---|---|
# | 2 | takes away one thing, and shows that the rest is kept | both networks, several seeds, a control; notes and epochs stated | tells "uses it" from "was never trained on such notes", and from "is needed for the task" |
# | 1 | takes away several things at once | one network or one seed | says what was seen |
# | 0 | not clear | a claim without a number | none |
#
# <details><summary>Hint</summary>
#
# A note that begins later has a hole at the front. What you fill it with matters: zeros are no
# silence in MFCCs. A control for the place in time is a note that was moved before training, too.
#
# </details>


# %%
def trained(model="lstm", seed=0, profile="quick"):
    """Train "cnn" or "lstm" on fold 1; return a function accuracy(part, disturb=None)."""
    import keras

    from helpers import datasets, evaluation, models
    from helpers.runs import training

    made = training.Experiment(profile)
    X, y, fold = made.X, made.y, made.folds[0]
    heard = evaluation.leaked(datasets.load("nsynth-mini", "train"), made.test_notes)
    new = ~made.test_notes.table["note"].isin(heard).to_numpy()
    keras.utils.set_random_seed(seed)
    network = models.compiled(model)
    network.fit(X[fold.train], y[fold.train], epochs=made.profile.epochs, verbose=0)
    parts = {
        "fold test": (X[fold.test], y[fold.test]),
        "unseen": (made.X_test[new], made.y_test[new]),
    }

    def accuracy(part, disturb=None):
        notes, labels = parts[part]
        notes = notes if disturb is None else np.asarray(disturb(notes, 0), dtype="float32")
        return float(np.mean(network.predict(notes, verbose=0).argmax(axis=1) == labels))

    return accuracy


# %% tags=["solution"]
def disturb(notes, seed):
    """Disturbed notes, of the same shape (n, 126, 13)."""
    # BEGIN SOLUTION
    late = np.concatenate([np.repeat(notes[:, -1:], 16, axis=1), notes[:, :-16]], axis=1)
    return late  # half a second late; the hole holds each note's own last frame
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

rng = np.random.default_rng(0)
fade = np.linspace(1, 0, 126)[:, None]
notes = 30 * rng.normal(size=(6, 1, 13)) * fade + rng.normal(size=(6, 126, 13))
new = array("disturb(notes, 0)", call("disturb", disturb, notes, 0), notes.shape)
again = array("disturb(notes, 0)", call("disturb", disturb, notes, 0), notes.shape)
assert np.array_equal(new, again), (
    "disturb gives two results for the same notes and seed: make a generator from the seed inside."
)
assert not np.allclose(new, notes), "disturb leaves the notes as they are."
three = array("disturb(notes[:3], 0)", call("disturb", disturb, notes[:3], 0), (3, 126, 13))
assert np.allclose(three, new[:3]), (
    "What becomes of a note depends on the other notes of the batch: do you average over all of "
    "them, or move something from note to note?"
)
assert new.std(axis=(1, 2)).min() > 1e-6, "All numbers of a note become the same: what is kept?"


# %% tags=["wrong"]
# says: leaves the notes
def disturb(notes, seed):
    return notes


# %% tags=["wrong"]
# says: from the seed inside
def disturb(notes, seed):
    return notes[:, np.random.default_rng().permutation(126)]


# %% tags=["wrong"]
# says: the other notes of the batch
def disturb(notes, seed):
    return notes - notes.mean(axis=(0, 1))


# %% tags=["wrong"]
# says: is asked for
def disturb(notes, seed):
    return notes[:, 16:]
