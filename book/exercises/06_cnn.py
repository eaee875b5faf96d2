# %% [markdown]
# # Exercises: the CNN
#
# From counting one layer to a network of your own. You need [chapter 6](../06_cnn.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/06_cnn.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
import numpy as np

# %% [markdown] exercise={"name": "filters", "minutes": 5, "points": 1, "objectives": ["Predict"]}
# ## One convolution
#
# A convolution with 48 filters and kernels of 5 frames by 3 coefficients reads a block of the shape
# (63, 6, 32). How many parameters has it?
#
# <details><summary>Hint</summary>
#
# "Count before you build" does it for kernels of 3 × 3. Which of the three numbers 63, 6 and 32
# does a filter care about?
#
# </details>

# %% tags=["solution"]
n_parameters = (5 * 3 * 32 + 1) * 48  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_parameters",
    n_parameters,
    right=(5 * 3 * 32 + 1) * 48,
    wrong={
        5 * 3 * 32 * 48: "Those are the weights. Every filter has something else besides.",
        5 * 3 * 32 * 48 + 1: "Is there one bias for all filters together?",
        (5 * 3 + 1) * 48: "So many there would be with one channel in the input. A filter has a "
        "kernel for each channel.",
        (3 * 3 * 32 + 1) * 48: "That is for kernels of 3 by 3. These are 5 by 3.",
        (5 * 5 * 32 + 1) * 48: "That is for kernels of 5 by 5. These are 5 by 3.",
        (5 * 3 * 32 + 1) * 48 * 63 * 6: "That counts each weight once for every place of the "
        "picture. Are they other weights at every place, or the same?",
        (63 * 6 * 32 + 1) * 48: "So many a dense layer of 48 would have behind flatten.",
    },
    hint="Count the weights of one filter, add what else it has, and then take all the filters.",
)

# %% tags=["wrong"]
# says: Those are the weights
n_parameters = 5 * 3 * 32 * 48

# %% tags=["wrong"]
# says: one channel in the input
n_parameters = (5 * 3 + 1) * 48

# %% tags=["wrong"]
# says: every place of the picture
n_parameters = (5 * 3 * 32 + 1) * 48 * 63 * 6

# %% [markdown] exercise={"name": "narrow", "minutes": 15, "points": 2, "objectives": ["Explain", "Predict"]}
# ## When "valid" would do
#
# With "valid" padding, thirteen coefficients are used up on the way. How many are enough? Take the
# five convolutions (3 × 3) and the two poolings (2 × 2) of table 3.1, all with **"valid"** padding.
#
# 1. The picture is a mel spectrogram of 126 frames by 40 bands, with one channel. Which shape comes
#    out of the last convolution, `conv2d_4`? Answer with a tuple (rows, columns, channels).
# 2. Of how many bands must the picture be **at least**, for anything at all to come out of
#    `conv2d_4`? Then look for your number elsewhere in the chapter: it is no accident.
#
# <details><summary>Hint</summary>
#
# What does a convolution take from rows and columns, and what does a pooling do with an odd number?
# For the second question walk backwards: one column comes out at the end, so how many went into the
# layer before?
#
# </details>

# %% tags=["solution"]
last_shape = (26, 5, 128)  # SOLUTION
fewest_bands = ((1 + 2) * 2 + 2 + 2) * 2 + 2 + 2  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

same(
    "last_shape",
    last_shape,
    right=(26, 5, 128),
    wrong={
        (31, 10, 128): 'That is the walk with "same" padding.',
        (29, 7, 128): "A window of 3 needs a neighbour on each side: how many columns are lost in "
        "a convolution, counting both borders?",
        (27, 5, 128): "What becomes of the row that is left over when 57 rows are pooled?",
        (126, 40, 128): "Convolutions without padding and poolings both make the picture smaller.",
        (26, 5, 64): "The rows and columns are right. How many filters has the last convolution?",
        (26, 5, 1): "The rows and columns are right. How many channels come out of a convolution?",
        (28, 7, 64): "That goes into the last convolution. What comes out?",
        (13, 2, 128): "One pooling too many: the thesis has none behind the last convolution.",
    },
    hint="Write down rows and columns after each of the seven layers.",
)

# %% tags=["test"]
from helpers.checks import number

number(
    "fewest_bands",
    fewest_bands,
    right=((1 + 2) * 2 + 2 + 2) * 2 + 2 + 2,
    wrong={
        11: "That many would do for five convolutions alone. The poolings halve what is there.",
        13: "Thirteen are used up: the chapter shows it.",
        14: "One more than thirteen is not enough. Walk through the layers with your number.",
        25: "That works, but one less does, too.",
        40: "That works. Would fewer do, too?",
        12: "Does something come out behind both poolings? Walk through the layers with it.",
        32: "What has to come out at the end is one column, not three.",
    },
    hint="Walk backwards from one column: a pooling doubles it. What does a convolution do to it?",
)

# %% tags=["wrong"]
# says: "same" padding
last_shape = (31, 10, 128)

# %% tags=["wrong"]
# says: left over
last_shape = [27, 5, 128]

# %% tags=["wrong"]
# says: poolings halve
fewest_bands = 1 + 5 * 2

# %% tags=["wrong"]
# says: one less
fewest_bands = 25

# %% [markdown] exercise={"name": "field", "minutes": 25, "points": 2, "objectives": ["Explain"]}
# ## How far a stack sees
#
# Write the function `field`: the receptive field, in frames, of a value behind a stack of layers.
# Each layer is a pair (width of its window, step by which the window moves), the first layer first.
# A 3 × 3 convolution is (3, 1), a 2 × 2 pooling (2, 2). Windows and steps may have any size.
#
# Then use it. The last convolution of the CNN does not see a whole note. How many convolutions of
# 3 × 3, with "same" padding, must be put behind it **at least** so that a value in the middle has a
# receptive field of 126 frames or more?
#
# <details><summary>Hint</summary>
#
# "How far does it see?" has the two updates. What does the width grow by, and which of the two comes
# first? For the second question, how far apart are neighbours behind the second pooling?
#
# </details>


# %% tags=["solution"]
def field(layers):
    """Receptive field in frames of a list of pairs (width, step)."""
    # BEGIN SOLUTION
    reach, distance = 1, 1
    for width, step in layers:
        reach += (width - 1) * distance
        distance *= step
    return reach
    # END SOLUTION


# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
table_3_1 = [(3, 1), (3, 1), (2, 2), (3, 1), (3, 1), (2, 2), (3, 1)]
further = next(n for n in range(100) if field(table_3_1 + n * [(3, 1)]) >= 126)
# END SOLUTION
n_more = further  # SOLUTION

# %% tags=["test"]
from helpers.checks import call, number

LATE = "The step of a layer sets its outputs apart: it counts from the next layer on."
NEAR = "Behind a layer with a step, neighbours are further apart than one frame."
DRAW = "Draw the windows on paper, from the top down."

number(
    "field([(3, 1), (3, 1), (3, 1)])",
    call("field", field, [(3, 1), (3, 1), (3, 1)]),
    right=7,
    wrong={
        6: "A value that has passed no layer knows one frame, itself.",
        9: "The windows of neighbours overlap: their widths do not simply add up.",
        27: "The windows of neighbours overlap: their widths do not multiply.",
    },
    hint=DRAW,
)
number(
    "field([(2, 2), (3, 1)])",
    call("field", field, [(2, 2), (3, 1)]),
    right=6,
    wrong={4: NEAR, 7: LATE},
    hint=DRAW,
)
number(
    "field([(5, 3), (4, 2), (2, 1)])",
    call("field", field, [(5, 3), (4, 2), (2, 1)]),
    right=20,
    wrong={9: NEAR, 37: LATE},
    hint=DRAW,
)
number("field([])", call("field", field, []), right=1, hint="Without a layer, a value is a frame.")

# %% tags=["test"]
from helpers.checks import number

number(
    "n_more",
    n_more,
    right=np.ceil((126 - 24) / 8),
    wrong={
        51: "So many it would be if neighbours were one frame apart. There are two poolings below.",
        26: "So many it would be behind one pooling. There are two.",
        12: "That falls short by a few frames.",
        5: "Receptive fields do not add up: the fields of neighbours overlap.",
        18: "The convolutions that are there are not asked for: how many more does it take?",
    },
    hint="Call field for the layers of table 3.1 with more and more convolutions behind them.",
)


# %% tags=["wrong"]
# says: further apart
def field(layers):
    return 1 + sum(width - 1 for width, _ in layers)


# %% tags=["wrong"]
# says: from the next layer on
def field(layers):
    reach, distance = 1, 1
    for width, step in layers:
        distance *= step
        reach += (width - 1) * distance
    return reach


# %% tags=["wrong"]
# says: simply add up
def field(layers):
    return sum(width for width, _ in layers)


# %% tags=["wrong"]
# says: falls short
n_more = (126 - 24) // 8

# %% tags=["wrong"]
# says: two poolings
n_more = (126 - 24) // 2

# %% [markdown] exercise={"name": "doubt", "minutes": 15, "points": 2, "objectives": ["Compute"]}
# ## What a mistake costs
#
# Table 4.3 gives the base CNN an accuracy of 0.732 and a loss of 2.220 on NSynth's test split. That
# loss is hardly better than that of a network which gives every family a tenth, and yet it is right
# in seven notes of ten. How can that be? Suppose that it gives the right family a probability of
# 0.98 in each note where it is right (a share of 0.732 of the notes), and one and the same small
# probability in each note where it is wrong.
#
# 1. `cost`: the loss of one note where it is wrong, in nats, to two decimals.
# 2. `belief`: the probability that it gives the right family in such a note, to five decimals.
#
# <details><summary>Hint</summary>
#
# The loss is a mean over notes: write it as the share of right notes times the loss of one of them,
# plus the same for the wrong ones. "What is minimised: the loss, by hand" says how a loss comes from
# a probability; turn that round.
#
# </details>

# %% tags=["solution"]
cost = (2.220 + 0.732 * np.log(0.98)) / (1 - 0.732)  # SOLUTION
belief = np.exp(-cost)  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "cost",
    cost,
    right=(2.220 + 0.732 * np.log(0.98)) / 0.268,
    digits=2,
    wrong={
        2.220 / 0.268: "That leaves out what the right notes cost. It is little, but not nothing.",
        (2.220 + 0.732 * np.log10(0.98)) / 0.268: "In nats the logarithm is the natural one.",
        2.220 + 0.732 * np.log(0.98): "That is the share of the loss that the wrong notes bring "
        "together. What does one of them cost?",
        (2.220 + 0.732 * np.log(0.98)) / 0.732: "The wrong notes are the other share.",
        (2.220 - 0.732 * np.log(0.98)) / 0.268: "A loss is never negative. Which sign has the "
        "logarithm of 0.98?",
        (2.220 - 0.732 * 0.98) / 0.268: "0.98 is a probability, not yet a loss.",
    },
    hint="Put your number back: does the mean over right and wrong notes give the loss of the table?",
)

# %% tags=["test"]
from helpers.checks import number

number(
    "belief",
    belief,
    right=np.exp(-(2.220 + 0.732 * np.log(0.98)) / 0.268),
    digits=5,
    wrong={
        np.exp(-2.220): "That is what the mean loss would say. It is the wrong notes that count.",
        10 ** (-(2.220 + 0.732 * np.log(0.98)) / 0.268): "Was the logarithm one of base 10?",
        100 * np.exp(-(2.220 + 0.732 * np.log(0.98)) / 0.268): "Is that in percent?",
        np.exp((2.220 + 0.732 * np.log(0.98)) / 0.268): "A probability is not above 1: the sign.",
    },
    hint="The negative logarithm of it is the cost.",
)

# %% tags=["wrong"]
# says: right notes cost
cost = 2.220 / 0.268

# %% tags=["wrong"]
# says: bring together
cost = 2.220 + 0.732 * np.log(0.98)

# %% tags=["wrong"]
# says: sign has the logarithm
cost = (2.220 - 0.732 * np.log(0.98)) / 0.268

# %% tags=["wrong"]
# says: mean loss
belief = np.exp(-2.220)

# %% [markdown] exercise={"name": "curves", "minutes": 10, "points": 1, "objectives": ["Compute"]}
# ## Reading three curves
#
# The table below is made up. Its rows are epochs 1 to 10; all losses are in nats. `fit` is the
# training loss as `fit` reports it, `dropout_off` the loss of the same training notes, measured
# after the epoch, and `validation` the loss of the validation notes.
#
# 1. `best_epoch`: after which epoch (1 to 10) is the loss on notes that it was not trained on lowest?
# 2. `gap`: at that epoch, by how many nats is the network worse on notes that it has not seen than
#    on those that it was trained on? Two decimals.
#
# <details><summary>Hint</summary>
#
# "Train one fold in the open" says which curve to watch, and which two of the three columns may be
# compared.
#
# </details>

# %%
fit = np.array([2.41, 1.72, 1.38, 1.15, 0.97, 0.84, 0.73, 0.65, 0.58, 0.52])
dropout_off = np.array([1.80, 1.31, 1.02, 0.80, 0.63, 0.50, 0.40, 0.32, 0.26, 0.21])
validation = np.array([1.84, 1.38, 1.13, 0.95, 0.84, 0.77, 0.74, 0.76, 0.80, 0.87])

# %% tags=["solution"]
best_epoch = int(validation.argmin()) + 1  # SOLUTION
gap = validation[best_epoch - 1] - dropout_off[best_epoch - 1]  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "best_epoch",
    best_epoch,
    right=7,
    wrong={
        10: "There the training losses are lowest. Is it better on other notes, too?",
        6: "Arrays count from 0, epochs from 1.",
        1: "There the validation notes are worst. A loss should be low.",
    },
    hint="Plot the three curves. Which one tells whether what was learned carries over?",
)

# %% tags=["test"]
from helpers.checks import number

number(
    "gap",
    gap,
    right=0.74 - 0.40,
    digits=2,
    wrong={
        0.74 - 0.73: "`fit` is measured with dropout, and while the weights still improve. Compare "
        "what is measured in the same way.",
        0.40 - 0.74: "The size is right. Worse means a larger loss.",
        0.87 - 0.21: "That is the gap after the last epoch.",
        0.77 - 0.50: "That is the gap one epoch earlier. Arrays count from 0, epochs from 1.",
        0.76 - 0.32: "That is the gap one epoch later. Arrays count from 0, epochs from 1.",
    },
    hint="Two of the columns are measured in the same way, on different notes.",
)

# %% tags=["wrong"]
# says: count from 0
best_epoch = int(validation.argmin())

# %% tags=["wrong"]
# says: training losses are lowest
best_epoch = int(fit.argmin()) + 1

# %% tags=["wrong"]
# says: with dropout
gap = validation[6] - fit[6]

# %% tags=["wrong"]
# says: after the last epoch
gap = validation[-1] - dropout_off[-1]

# %% [markdown] exercise={"name": "maps", "minutes": 20, "points": 2, "objectives": ["Compare the inside"]}
# ## More than loudness?
#
# A story is quickly told about a feature map. Here are eight maps of the last convolution for one
# note, averaged over the coefficients, once `trained` and once at the random `start`: arrays of
# shape (8, 31), one row a map, and the `level` of the note at the same 31 moments. (All made up.)
#
# Let us agree on this: a map that is the same at all moments is dead. A map whose correlation with
# the level is at least 0.95 **in size** tells sound from silence, and no more. Every other map
# **tells something else**.
#
# 1. `telling`: the list of the numbers of those maps (0 to 7) that tell something else in the
#    trained network.
# 2. `learnt`: the list of those of them that did not do so at the random start yet.
#
# <details><summary>Hint</summary>
#
# `np.corrcoef(a, b)[0, 1]` is the correlation of two rows. What is it for a map that is bright where
# the sound is loud, for one that is bright where it is silent, and for one that never changes? Plot
# the maps before you trust a number.
#
# </details>

# %%
moment = np.arange(31)
level = np.where(moment < 24, 1.0, np.exp(-(moment - 23) / 2.0))
swing = level * (1 + np.sin(moment)) / 2
attack, release = np.exp(-moment / 2.0), np.exp(-((moment - 25) ** 2) / 2.0)
ripple = 0.05 * np.cos(2.5 * moment)
flat = np.ones(31)
trained = np.array(
    [
        2 * level,
        0 * flat,
        attack,
        1 - level,
        swing,
        np.maximum(0, level + ripple),
        release,
        0.5 * flat,
    ]
)
start = np.array(
    [level, 0.5 * flat, 3 * level, 0 * flat, 0.7 * swing, ripple + 1, 0 * flat, attack]
)


# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
def tells(maps):
    alive = [k for k in range(8) if np.ptp(maps[k]) > 0]
    return [k for k in alive if abs(np.corrcoef(maps[k], level)[0, 1]) < 0.95]


# END SOLUTION
telling = tells(trained)  # SOLUTION
learnt = [k for k in telling if k not in tells(start)]  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

same(
    "telling",
    telling,
    right=[2, 4, 6],
    ordered=False,
    wrong={
        (2, 3, 4, 6): "A map that is bright exactly where the note is silent tells sound from "
        "silence as well.",
        (1, 2, 4, 6, 7): "Two of these never change. What did your comparison do with NaN?",
        (1, 2, 3, 4, 6, 7): "A map that is bright exactly where the note is silent tells sound "
        "from silence as well; and two of these never change.",
        (0, 3, 5): "These are the maps that tell sound from silence. The others are asked for.",
        (0, 5): "These follow the level. The others are asked for.",
        (1, 2, 4, 5, 6, 7): "Two of these never change, and one is the level with a little ripple.",
        (3, 5, 7): "Count the maps from 0.",
    },
    hint="Plot each map over the level, and print the eight correlations.",
)

# %% tags=["test"]
from helpers.checks import same

same(
    "learnt",
    learnt,
    right=[2, 6],
    ordered=False,
    wrong={
        (2, 4, 6): "Look at the same maps at the random start: does each of them do something new?",
        (4,): "That is the one which told something else before training as well.",
        (2, 4): "Is every one of these new, and none forgotten that was dead at the start?",
        (6,): "One map followed the level at the start and does no longer.",
        (2,): "What was dead at the start has learnt something, too.",
    },
    hint="Ask the random start the same question as the trained network, and compare the lists.",
)

# %% tags=["wrong"]
# says: bright exactly where the note is silent
telling = [2, 3, 4, 6]

# %% tags=["wrong"]
# says: NaN
telling = [1, 2, 4, 6, 7]

# %% tags=["wrong"]
# says: something new
learnt = [2, 4, 6]

# %% [markdown] exercise={"name": "again", "minutes": 5, "points": 1, "objectives": ["Say"]}
# ## Train again?
#
# A run is finished and its record is there (its configuration holds a fingerprint of all audio
# files). For which of these six must something be **trained**?
# Answer with their letters, as a text such as "AC".
#
# - **A** You want the balanced accuracy on its test notes, in place of the accuracy.
# - **B** You want to know what comes out with seed 1 in place of seed 0.
# - **C** One sample of one training note was wrong and is mended.
# - **D** A new version of the program writes the same configuration in another order.
# - **E** You want to draw the kernels of the trained network.
# - **F** You want to draw its learning curves.
#
# <details><summary>Hint</summary>
#
# Two questions for each: is it another run, with another hash? And if not, does a record keep
# what you need ("How runs are recorded")?
#
# </details>

# %% tags=["solution"]
anew = "BCE"  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

letters = ... if anew is ... else sorted({x for x in str(anew).upper() if x in "ABCDEF"})
same(
    "anew",
    letters,
    right=["B", "C", "E"],
    wrong={
        ("B", "C"): "One is missing: does a record hold the network itself?",
        ("B", "E"): "One is missing: how do the data stand in the configuration?",
        ("C", "E"): "One is missing: is the seed a part of what a run is?",
        (
            "B",
        ): "Two are missing: what of the data is in the hash, and what of the network is kept?",
        ("A", "B", "C", "E"): "One too many: what the network answered is kept, note by note.",
        (
            "A",
            "B",
            "C",
        ): "One too many, and one missing: which is kept, the network or its answers?",
        ("B", "C", "D", "E"): "One too many: how does `fingerprint` write a configuration?",
        ("B", "C", "E", "F"): "One too many: a record keeps loss and accuracy of each epoch.",
    },
    hint="For each letter, say what of the record you would read, or why the run has another hash.",
)

# %% tags=["wrong"]
# says: does a record hold the network itself
anew = "BC"

# %% tags=["wrong"]
# says: how do the data stand in the configuration
anew = ["B", "E"]

# %% tags=["wrong"]
# says: what the network answered is kept
anew = "abce"

# %% [markdown] exercise={"name": "resume", "minutes": 20, "points": 2, "objectives": ["Say"]}
# ## Stop and go on
#
# A network with a single weight learns the mean of twenty numbers. It is trained by gradient steps
# with momentum: for each number $x$, in the order of the epoch,
#
# $$ m \leftarrow 0.9\,m + (w - x), \qquad w \leftarrow w - 0.05\,m. $$
#
# Write the function `go_on`. It gets a checkpoint, a dictionary with the `epoch` (how many epochs
# are done), `weight` ($w$), `momentum` ($m$) and `seed`, trains so many more `epochs`, and returns
# the new checkpoint, a dictionary of the same four. Each epoch visits all numbers once, in a random
# order of its own. Ten epochs in one go, or four and later six, must end with the same weight, to
# the last bit; and runs with another seed must get other orders.
#
# <details><summary>Hint</summary>
#
# "Why runs are recorded" lists what it takes. From which pair of numbers is the order of
# an epoch drawn, so that it does not matter when the program was started? What besides the weight
# must live on?
#
# </details>

# %%
NUMBERS = np.random.default_rng(5).normal(2.0, 1.0, size=20)  # made up


# %% tags=["solution"]
def go_on(checkpoint, epochs, numbers=NUMBERS):
    """The checkpoint after so many more epochs."""
    # BEGIN SOLUTION
    seed, weight, momentum = (checkpoint[key] for key in ("seed", "weight", "momentum"))
    last = checkpoint["epoch"] + epochs
    for epoch in range(checkpoint["epoch"], last):
        for x in np.random.default_rng([seed, epoch]).permutation(numbers):
            momentum = 0.9 * momentum + (weight - x)
            weight = weight - 0.05 * momentum
    return {"epoch": last, "weight": weight, "momentum": momentum, "seed": seed}
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import call


def after(checkpoint, epochs, *numbers):
    new = call("go_on", go_on, checkpoint, epochs, *numbers)
    keys = ["epoch", "momentum", "seed", "weight"]
    assert sorted(dict(new)) == keys, (
        f"go_on should return a dictionary of epoch, weight, momentum and seed. It is {new!r}."
    )
    return new


fresh = {"epoch": 0, "weight": 0.0, "momentum": 0.0, "seed": 1}
two = after(fresh, 2)
assert two["epoch"] == 2, "After two epochs of a fresh start, the checkpoint should say epoch 2."
assert two["seed"] == 1, "The seed is part of the checkpoint: hand it on."

ones = after(fresh, 1, np.ones(20))
m = w = 0.0
for _ in range(20):
    m, w = 0.9 * m + (w - 1), w - 0.05 * (0.9 * m + (w - 1))
assert np.allclose([ones["weight"], ones["momentum"]], [w, m]), (
    "With twenty equal numbers the order does not matter, and still weight or momentum are not "
    "right after one epoch. Is each number visited once, and do the two updates follow each other "
    "as in the question?"
)

straight = after(fresh, 10)
assert straight["weight"] == after(fresh, 10)["weight"], (
    "The same ten epochs twice end with different weights: does something draw random numbers "
    "without a seed?"
)
stopped = after(fresh, 4)
assert stopped["momentum"] != 0, "The momentum is lost between epochs."
resumed = after(stopped, 6)
reached = resumed["epoch"]
assert reached == 10, f"4 and 6 epochs are 10, and not {reached}."
assert resumed["weight"] == straight["weight"], (
    "Four epochs and later six end elsewhere than ten in one go. Is the first epoch after the "
    "pause drawn as if it were the first of all? And does the momentum live on?"
)

# %% tags=["test"]
import numpy as np

from helpers.checks import call


def weight(epoch, seed):
    checkpoint = {"epoch": epoch, "weight": 0.0, "momentum": 0.0, "seed": seed}
    return call("go_on", go_on, checkpoint, 1)["weight"]


assert weight(0, 0) != weight(1, 0), "Epochs 0 and 1 visit the numbers in the same order."
assert weight(0, 0) != weight(0, 1), "Seeds 0 and 1 give the same order: is the seed used?"
assert weight(1, 0) != weight(0, 1), (
    "Epoch 1 of seed 0 and epoch 0 of seed 1 have the same order: a sum of seed and epoch mixes "
    "runs up. Hand both numbers to the generator."
)
assert weight(0, 3) != weight(3, 0), (
    "Two runs share an order with seed and epoch exchanged. Hand both numbers to the generator."
)


# %% tags=["wrong"]
# says: as if it were the first of all
def go_on(checkpoint, epochs, numbers=NUMBERS):
    rng = np.random.default_rng(checkpoint["seed"])
    weight, momentum = checkpoint["weight"], checkpoint["momentum"]
    for _ in range(epochs):
        for x in rng.permutation(numbers):
            momentum = 0.9 * momentum + (weight - x)
            weight = weight - 0.05 * momentum
    return checkpoint | {
        "epoch": checkpoint["epoch"] + epochs,
        "weight": weight,
        "momentum": momentum,
    }


# %% tags=["wrong"]
# says: does the momentum live on
def go_on(checkpoint, epochs, numbers=NUMBERS):
    weight, momentum, last = checkpoint["weight"], 0.0, checkpoint["epoch"] + epochs
    for epoch in range(checkpoint["epoch"], last):
        for x in np.random.default_rng([checkpoint["seed"], epoch]).permutation(numbers):
            momentum = 0.9 * momentum + (weight - x)
            weight = weight - 0.05 * momentum
    return checkpoint | {"epoch": last, "weight": weight, "momentum": momentum}


# %% tags=["wrong"]
# says: a sum of seed and epoch
def go_on(checkpoint, epochs, numbers=NUMBERS):
    weight, momentum, seed, last = *map(checkpoint.get, ("weight", "momentum", "seed")), epochs
    last += checkpoint["epoch"]
    for epoch in range(checkpoint["epoch"], last):
        for x in np.random.default_rng(seed + epoch).permutation(numbers):
            momentum = 0.9 * momentum + (weight - x)
            weight = weight - 0.05 * momentum
    return {"epoch": last, "weight": weight, "momentum": momentum, "seed": seed}


# %% tags=["wrong"]
# says: without a seed
def go_on(checkpoint, epochs, numbers=NUMBERS):
    weight, momentum, last = checkpoint["weight"], checkpoint["momentum"], checkpoint["epoch"]
    last += epochs
    for _ in range(epochs):
        for x in np.random.default_rng().permutation(numbers):
            momentum = 0.9 * momentum + (weight - x)
            weight = weight - 0.05 * momentum
    return checkpoint | {"epoch": last, "weight": weight, "momentum": momentum}


# %% [markdown] exercise={"name": "project", "minutes": 180, "points": 2, "objectives": ["Explain", "Predict"]}
# ## Open project: a tenth of the parameters
#
# Nearly all of the CNN's parameters sit in one layer, and no convolution sees a whole note. Design a
# network that is better on both counts: **at most 600,000 parameters** and a receptive field of **at
# least 60 frames** behind its last convolution or pooling. Write it as a plan, a list of lists:
#
# | entry | layer |
# |---|---|
# | `["conv", filters]` | convolution, 3 × 3, "same", ReLU |
# | `["pool", frames, coefficients]` | max pooling with a window of so many frames by so many coefficients |
# | `["dropout", rate]` | dropout |
# | `["flatten"]`, `["average"]` | one long row; or the mean of each channel over the whole picture |
# | `["dense", units]` | dense, ReLU; the last entry is `["dense", 10]` and gets softmax |
#
# `train` below builds a plan, trains it on fold 1 and returns its accuracies (some minutes at most
# with the profile `quick`). Train the thesis's plan as well, both plans with two other seeds, and
# at least one variant that tells *which* of your changes matters. Hand in the plan, its parameters
# layer by layer, what you expected, and a table of all that you trained. Keep unseen instruments for
# the very end, and look at them once.
#
# The check only looks whether `my_plan` fits together and keeps to both limits. The project itself
# is judged by this **rubric**:
#
# | points | design | evidence | writing |
# |---|---|---|---|
# | 2 | every change has a reason that names parameters or reach | against the thesis's plan and a variant, several seeds, notes and epochs stated | another student could repeat it; says what stays open |
# | 1 | a plan with some reasons | one comparison, one seed | the order of events is clear |
# | 0 | none | a claim without a number | not to be followed |
#
# <details><summary>Hint</summary>
#
# Begin with the thesis's plan and count where its parameters are. Poolings may be long in time and
# short in coefficients. What does a layer behind "average" still know of *when* something happened?
#
# </details>

# %%
THESIS = [["conv", 32], ["conv", 32], ["pool", 2, 2], ["dropout", 0.25]]
THESIS += [["conv", 64], ["conv", 64], ["pool", 2, 2], ["dropout", 0.25]]
THESIS += [["conv", 128], ["dropout", 0.25], ["flatten"], ["dense", 512], ["dropout", 0.25]]
THESIS += [["dense", 10]]


def build(plan):
    """The plan as a Keras model."""
    import keras
    from keras import layers

    make = {
        "conv": lambda n: layers.Conv2D(n, (3, 3), padding="same", activation="relu"),
        "pool": lambda rows, columns: layers.MaxPooling2D((rows, columns)),
        "dropout": layers.Dropout,
        "flatten": layers.Flatten,
        "average": layers.GlobalAveragePooling2D,
        "dense": lambda n: layers.Dense(n, activation="relu"),
    }
    inner = [make[kind](*setting) for kind, *setting in plan[:-1]]
    first = [keras.Input((126, 13)), layers.Reshape((126, 13, 1))]
    return keras.Sequential([*first, *inner, layers.Dense(10, activation="softmax")])


def train(plan, seed=0, profile="quick", unseen=False):
    """Train a plan on fold 1; accuracies on its validation part, and on unseen instruments."""
    import keras

    from helpers import datasets, evaluation
    from helpers.runs import training

    made = training.Experiment(profile)
    X, y, fold = made.X, made.y, made.folds[0]
    keras.utils.set_random_seed(seed)
    model = build(plan)
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(1e-4), loss, metrics=["accuracy"])
    model.fit(X[fold.train], y[fold.train], epochs=made.profile.epochs, verbose=0)
    parts = {"validation": (X[fold.validation], y[fold.validation])}
    if unseen:
        heard = evaluation.leaked(datasets.load("nsynth-mini", "train"), made.test_notes)
        rest = ~made.test_notes.table["note"].isin(heard).to_numpy()
        parts["unseen instruments"] = (made.X_test[rest], made.y_test[rest])
    accuracy = {name: model.evaluate(*part, verbose=0)[1] for name, part in parts.items()}
    return {"parameters": model.count_params()} | accuracy


# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
longer = [["conv", 32], ["conv", 32], ["pool", 3, 1], ["dropout", 0.25]]
longer += [["conv", 64], ["conv", 64], ["pool", 3, 2], ["dropout", 0.25]]
longer += [["conv", 128], ["pool", 2, 2], ["conv", 128], ["dropout", 0.25]]
longer += [["average"], ["dense", 128], ["dropout", 0.25], ["dense", 10]]
# END SOLUTION
my_plan = longer  # SOLUTION

# %% tags=["test"]
import math

from helpers.checks import answered

answered("my_plan", my_plan)
SETTINGS = {"conv": 1, "pool": 2, "dropout": 1, "flatten": 0, "average": 0, "dense": 1}
shape, count, windows = (126, 13, 1), 0, []
for layer in my_plan:
    kind, setting = layer[0], list(layer[1:])
    assert len(setting) == SETTINGS.get(kind), f"{layer} is no entry of the table in the question."
    picture = len(shape) == 3
    assert picture or kind in ("dropout", "dense"), f"{layer} needs a picture, not one row."
    assert not picture or kind != "dense", f"{layer} stands before flatten or average."
    if kind == "conv":
        count += (9 * shape[2] + 1) * setting[0]
        shape = (*shape[:2], setting[0])
        windows.append((3, 1))
    elif kind == "pool":
        shape = (shape[0] // setting[0], shape[1] // setting[1], shape[2])
        assert min(shape) > 0, f"Nothing is left of the picture behind {layer}: {shape}."
        windows.append((setting[0], setting[0]))
    elif kind == "dense":
        count += (shape[0] + 1) * setting[0]
        shape = (setting[0],)
    elif kind != "dropout":
        shape = (math.prod(shape) if kind == "flatten" else shape[2],)
assert list(my_plan[-1]) == ["dense", 10], "The last entry should be ['dense', 10]."
assert count <= 600_000, f"The plan has {count:,} parameters: which layer has most of them?"
seen = 1
for width, step in reversed(windows):  # from the top down
    seen = (seen - 1) * step + width
assert seen >= 60, f"The last value sees {seen} frames of 126; at least 60 are asked for."

# %% tags=["wrong"]
# says: which layer has most
my_plan = THESIS

# %% tags=["wrong"]
# says: at least 60 are asked for
my_plan = [["conv", 32], ["pool", 2, 2], ["conv", 64], ["average"], ["dense", 10]]

# %% tags=["wrong"]
# says: Nothing is left
my_plan = [["conv", 32], *6 * [["pool", 2, 2]], ["flatten"], ["dense", 10]]

# %% tags=["wrong"]
# says: before flatten or average
my_plan = [["conv", 32], ["dense", 10]]
