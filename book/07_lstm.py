# ---
# jupyter:
#   accelerator: GPU
# ---

# %% [markdown]
# # The LSTM: a note as a sequence
#
# You hear a note from its beginning to its end, and what came before colours what you hear now.
# The CNN has no such order of reading; the thesis's second network has. You build it, count it,
# train it on the same notes and folds as the CNN, and then ask what it makes of order.
#
# ## What you will learn
#
# - Read a block of MFCCs as 126 steps of 13 numbers, and draw an LSTM unrolled in time.
# - Predict the parameters of an LSTM layer, and explain the "bias = 128" of table 3.2.
# - Explain what `return_sequences` and flatten do, and what they cost.
# - Read the hidden states of a trained layer, and test what a network makes of order.
# - Compare two models on the same folds, in accuracy and in seconds.
#
# **You need:** [layers](02_layers.ipynb) (recurrence, the gates of an LSTM),
# [the CNN](06_cnn.ipynb) (layer tables, training, records).
#
# **Time:** 35 minutes of reading. One fold is trained in the open, in about a minute on two
# processor cores. The other runs are recorded.
#
# **Thesis:** table 3.2, sections 3.2.3 and 3.2.5, the base models' rows of table 4.3.
#
# Two sets of numbers meet on this page: the **thesis**'s and those of the **recorded** runs, made on
# the bundled notes (profile `mini`, seed 0). `SEED = 1` or `PROFILE = "quick"` trains anew; the last
# section before the exercises then shows your runs.

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/book/07_lstm.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %% tags=["parameters"]
# How much is trained: smoke tests the code, quick takes minutes, mini is recorded, thesis needs NSynth.
PROFILE = "mini"
DATA = "nsynth-mini"  # or a folder or archive in NSynth's layout
RUNS = "../_build/runs"  # finished trainings are kept and found here
SEED = 0  # draws the notes and the folds, and starts every training

# %% tags=["remove-stderr"]
import math

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier

from helpers import datasets, evaluation, features, models, plots, tuning
from helpers.runs import compare, figures, findings, interactive, records, shipped, training

plots.use_style()

# %% [markdown]
# The same notes, MFCCs and folds as in the last chapter, by the `Experiment` that it ended with:

# %% tags=["remove-stderr"]
experiment = training.Experiment(PROFILE, DATA, RUNS, SEED)
profile, notes = experiment.profile, experiment.notes
X, y = experiment.X, experiment.y
X_test, y_test = experiment.X_test, experiment.y_test
fold = experiment.folds[0]

# Only NSynth's official 4,096 notes are called NSynth test: the bundled ones, and yours, are not.
TEST = datasets.name_of_test(DATA)
print(f"{len(notes)} notes, {len(fold.train)} of them for training in fold 1")
print(f"{TEST}: {len(y_test)} notes")

# %% [markdown]
# ## Thirteen numbers, 126 times
#
# Nothing changes in the data: `X[i]` has the shape (126, 13) as before. What changes is how it is
# read. An **LSTM layer** takes one frame of 13 numbers, updates what it remembers, gives out a
# [**hidden state**](glossary.md#hidden-state) $h_t$ of 32 numbers, and goes on to the next frame
# *with the same weights*. What it remembers is $h_t$ itself and a **cell state** $c_t$, also 32
# numbers, which the gates of [chapter 2](02_layers.ipynb) write to and erase.
#
# It is one layer that is used 126 times. To see that, it is drawn **unrolled**: once for each
# step, from left to right.

# %% mystnb={"image": {"alt": "A row of boxes named LSTM, one for each of the frames 1, 2, 3 and 126. An arrow from a column of 13 colours goes up into each box, an arrow with h and c goes on to the next box, and an arrow out of the top gives 32 numbers"}}
example = int(np.flatnonzero(notes.table["family"] == "mallet")[0])
figures.unrolled(X[example])
plt.show()

# %% [markdown]
# *Figure: An LSTM layer unrolled in time. At the bottom the frames of a note, each 13 coefficients; the
# same layer reads one after the other and hands on its two states.*
#
# Compare with the CNN. Its windows see 24 frames at most, all at once and in any order of
# computation. The LSTM at frame 126 *can* know of frame 1, if its gates carried something that
# far. But step 126 cannot begin before step 125 is done. Both facts will come back.
#
# ## Count one layer
#
# **Predict first.** A layer of $u$ units that reads $d$ numbers a step has four small dense layers
# inside: three gates and one candidate for the memory. Each looks at the $d$ inputs and at the $u$
# hidden states of the step before, and gives $u$ numbers. With biases that makes
#
# $$ 4\,\bigl((d + u)\,u + u\bigr). $$
#
# How many for $d = 13$ and $u = 32$? For the second layer, which reads the 32 numbers of the
# first? And what does the number of steps, 126, do to the count?


# %%
def lstm(shape, units):
    """Output shape and number of parameters of an LSTM layer that returns every step."""
    steps, d = shape
    return (steps, units), 4 * ((d + units) * units + units)


layer = layers.LSTM(32, return_sequences=True)
layer.build((None, 126, 13))
print("by formula:", lstm((126, 13), 32)[1], "  by Keras:", layer.count_params())
for variable in layer.weights:
    print(f"{variable.name:17s}", tuple(variable.shape))

# %% [markdown]
# The number of steps does not appear: the weights are used again at each of them.
#
# Keras keeps the four parts side by side, so the last dimension of each is $4 \cdot 32 = 128$.
# That is the **"bias = 128"** in every row of table 3.2: not a setting of its own, but four times
# 32 biases. One of the four is special. Keras starts the bias of the **forget gate** at 1 and not
# at 0, so that a new layer tends to keep what it has; the idea is as old as that gate
# ([Gers et al. 2000](bibliography.md#gers-et-al-2000)).
#
# *Table 7.1: The biases of the new layer.*

# %%
bias = layer.get_weights()[2].reshape(4, 32)
pd.DataFrame(
    {"biases": [32] * 4, "start at": bias.mean(axis=1)},
    index=["input gate", "forget gate", "candidate", "output gate"],
)

# %% [markdown]
# **Check yourself.** The first layer reads 13 numbers a step. You give it 64 units in place of 32.
# What becomes of its 5,888 parameters?
#
# <details class="choice"><summary>A. They double.</summary>
#
# **No.** The weights from the input do. But each unit also looks at all hidden states of the step
# before, and $u \cdot u$ grows fourfold.
#
# </details>
#
# <details class="choice"><summary>B. They become more than three times as many.</summary>
#
# **Right.** $4((13 + 64) \cdot 64 + 64) = 19{,}968$. The part $u \cdot u$ grows fourfold, the part
# $d \cdot u$ twofold, so it is something between.
#
# </details>
#
# <details class="choice"><summary>C. They stay, as the number of steps stays.</summary>
#
# **No.** It is true that steps do not count. Units do.
#
# </details>

# %% [markdown]
# ## Layer by layer
#
# Table 3.2 stacks five such layers. Each reads the hidden states of the one below, step by step,
# as if they were a new sound with 32 coefficients. Then, as in the CNN: flatten, a dense layer of
# 512, one of 10. Once more the plan first, and the arithmetic before Keras.


# %%
def dense(shape, units):
    return (units,), (shape[0] + 1) * units


def flatten(shape):
    return (math.prod(shape),), 0


def dropout(shape):
    return shape, 0


plan = [
    ("lstm", lstm, 32), ("dropout", dropout), ("lstm_1", lstm, 32), ("dropout_1", dropout),
    ("lstm_2", lstm, 32), ("dropout_2", dropout), ("lstm_3", lstm, 32), ("dropout_3", dropout),
    ("lstm_4", lstm, 32), ("flatten", flatten), ("dense", dense, 512), ("dropout_4", dropout),
    ("dense_1", dense, 10),
]  # fmt: skip

shape, rows = (126, 13), []
for name, kind, *setting in plan:
    shape, parameters = kind(shape, *setting)
    rows.append({"layer": name, "shape": shape, "parameters": parameters})
predicted = pd.DataFrame(rows).set_index("layer")
print(f"parameters by arithmetic: {predicted['parameters'].sum():,}")

# %% [markdown]
# Now in Keras. `return_sequences=True` makes a layer give out all 126 hidden states and not only
# the last one. Half of the numbers between two layers are set to zero by **dropout** while
# training. Table 3.2 marks the second to fourth dropout as tuned later, and neither the first nor
# the last; section 3.2.4 says that *every one but the last* has the tuned rate. The two disagree
# about the first. This book follows section 3.2.4. For the base model it makes no difference: all
# rates are 0.5.

# %%
keras.utils.set_random_seed(SEED)


def recurrence(name):
    return layers.LSTM(32, return_sequences=True, name=name)  # tanh and sigmoid are the default


network = keras.Sequential(
    [
        keras.Input((126, 13)),
        recurrence("lstm"),
        layers.Dropout(0.5, name="dropout"),
        recurrence("lstm_1"),
        layers.Dropout(0.5, name="dropout_1"),
        recurrence("lstm_2"),
        layers.Dropout(0.5, name="dropout_2"),
        recurrence("lstm_3"),
        layers.Dropout(0.5, name="dropout_3"),
        recurrence("lstm_4"),
        layers.Flatten(name="flatten"),
        layers.Dense(512, activation="relu", name="dense"),
        layers.Dropout(0.5, name="dropout_4"),
        layers.Dense(10, activation="softmax", name="dense_1"),
    ]
)

# %% [markdown]
# *Table 7.2: Shapes and parameters, by hand and by Keras.*

# %%
compared = predicted.rename(columns={"shape": "shape, by hand", "parameters": "by formula"})
compared["shape, Keras"] = [network.get_layer(name).output.shape[1:] for name in compared.index]
compared["by Keras"] = [network.get_layer(name).count_params() for name in compared.index]

assert (compared["shape, by hand"] == compared["shape, Keras"]).all()
assert (compared["by formula"] == compared["by Keras"]).all()
assert network.count_params() == predicted["parameters"].sum() == 2_109_194
compared

# %% [markdown]
# 2,109,194 in all, a third of the CNN's. And again one layer holds nearly everything: flatten
# hands $126 \cdot 32 = 4{,}032$ numbers to 512 outputs. The five LSTM layers together are a small
# rest. The helper `models.lstm`, which the recorder uses, is this network:


# %%
def settings(model):
    wanted = ("units", "return_sequences", "activation", "recurrent_activation", "use_bias", "rate")
    configs = [layer.get_config() for layer in model.layers]
    return [{key: config[key] for key in wanted if key in config} for config in configs]


helper = models.lstm()
assert [type(a) for a in helper.layers] == [type(b) for b in network.layers]
assert settings(helper) == settings(network)

share = predicted["parameters"].filter(like="lstm").sum() / predicted["parameters"].sum()
print(f"the same {len(helper.layers)} layers, {helper.count_params():,} parameters")
print(f"in the five LSTM layers: {100 * share:.1f} % of them")

# %% [markdown]
# ## All hidden states, or only the last?
#
# Many textbook networks for sequences keep only $h_{126}$, which has read everything. The thesis
# keeps all 126. What does that change? Build the other one and compare the dense layer.
#
# *Table 7.3: What the dense layer gets, and what it costs.*

# %%
only_last = keras.Sequential(
    [
        keras.Input((126, 13)),
        *[layers.LSTM(32, return_sequences=True) for _ in range(4)],
        layers.LSTM(32),  # the last hidden state only: 32 numbers, nothing to flatten
        layers.Dense(512, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
pd.DataFrame(
    {
        "numbers into the dense layer": [126 * 32, 32],
        "parameters of the dense layer": [
            network.get_layer("dense").count_params(),
            only_last.layers[-2].count_params(),
        ],
        "parameters in all": [network.count_params(), only_last.count_params()],
    },
    index=["all states, flattened (thesis)", "last state only"],
)

# %% [markdown]
# With the last state only, whatever the attack told must survive until the end, through a second
# of near silence after the key is let go. With all states flattened, the dense layer can look up
# each moment by itself, and the LSTM layers need not remember for long. The price is not only the
# parameters. The dense layer has *its own weights for each of the 126 moments*: it ties the
# network to notes of exactly four seconds that start at the same instant. In this respect the
# thesis's LSTM reads a note much like a picture.

# %% [markdown]
# **Check yourself.** Both networks are trained on notes that begin at once. Then they get notes
# that begin half a second later. Which of the two is in for more trouble?
#
# <details class="choice"><summary>A. Neither: an LSTM reads step by step and does not care when a
# sound begins.</summary>
#
# **No.** The recurrent layers come near to that. The dense layer behind flatten does not: its
# weights for frame 1 now meet silence.
#
# </details>
#
# <details class="choice"><summary>B. The one that keeps the last state only, since it has less to
# go by.</summary>
#
# **No.** It has less, but what it has is a summary of all that was read. Half a second of silence
# at the start need not change that much.
#
# </details>
#
# <details class="choice"><summary>C. The one that flattens all states.</summary>
#
# **Right.** It has learned what to expect at each single frame. A shift puts everything in the
# wrong place. (That this is so is an argument, not a measurement: you could try it.)
#
# </details>

# %% [markdown]
# ## Train one fold in the open
#
# Section 3.2.5: as the CNN, but with a learning rate of 0.001, ten times as large. (The optimiser
# is again our choice, Adam.) First the untrained network. Chance is an accuracy of 0.1 and a loss
# of $\ln 10 = 2.303$. Twenty epochs again; the recorded runs have fifty.

# %%
network.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
untrained = network.evaluate(X, y, batch_size=256, verbose=0, return_dict=True)
print(f"untrained: accuracy {untrained['accuracy']:.3f}, loss {untrained['loss']:.3f}")

# %% [markdown]
# Remember what inputs in the hundreds did to the loss of the untrained CNN. They are as large here,
# and yet this network starts near $\ln 10$: every hidden state is a product of a sigmoid and a
# tanh, so whatever comes in, it stays between -1 and 1. Little confident nonsense can come out of
# that.

# %% tags=["remove-stderr"]
history = network.fit(
    X[fold.train],
    y[fold.train],
    validation_data=(X[fold.validation], y[fold.validation]),
    batch_size=32,
    epochs=min(20, profile.epochs),
    verbose=0,
).history

# %% mystnb={"image": {"alt": "Two panels over epochs, the loss on the left and the accuracy on the right, each with a dashed grey line for training and a solid orange one for validation"}}
figures.training_curves(history, plots.ORANGE)
plt.show()

# %% [markdown]
# *Figure: Loss and accuracy of the open training of the LSTM on fold 1, after each epoch.*
#
# Read it as in the last chapter: the solid line says whether learning carries over to notes that
# were not trained on. Is it as smooth as the CNN's? Steps ten times as large get ahead
# faster and overshoot more easily.
#
# ### What the hidden states look like
#
# Here are the hidden states of the first and of the last LSTM layer, now trained, while they read
# a held note and a struck note. Each row is one unit, in the same order for both notes (sorted by
# its mean over the organ note). **Predict first:** what should happen at about three seconds,
# when the organ's key is let go? What happens once the mallet has died away?


# %% mystnb={"image": {"alt": "Four heat maps of 32 units over four seconds in red and blue. In the first layer most rows are white and a few are deep red or blue with sudden changes; in the last layer most rows have a colour, and it changes smoothly"}}
def computed(model, block):
    """What a model makes of a block, as an array; called like this, dropout is off."""
    return keras.ops.convert_to_numpy(model(block))


sounding = datasets.load(datasets.with_sound(DATA), "train")
first = [np.flatnonzero(sounding.table["family"] == name)[0] for name in ("organ", "mallet")]
two = sounding.select(first)
X_two = features.mfcc(two.waveforms())
inside = {
    name: keras.Model(network.inputs[0], network.get_layer(name).output)
    for name in ("lstm", "lstm_4")
}
of_two = {name: computed(model, X_two) for name, model in inside.items()}
figures.hidden_states(of_two, two.table["note"])
plt.show()

# %% [markdown]
# *Figure: Hidden states over time, first and last LSTM layer, for a held and a struck note. Each layer
# has its own colour scale.*
#
# Compare the two layers. Units of the last one tend to move smoothly: they gather over a second or
# so, and turn when the sound ends. Units of the first one tend to jump between a few values, and
# where a row has no colour, a unit is stuck at 0. That is what inputs in the hundreds do. A gate is a
# sigmoid of a weighted sum; if the sum is large, the gate is fully open or fully shut (it
# [**saturates**](glossary.md#saturation)), and a unit whose output gate is shut says nothing at all.
#
# Is it the training or the size of the inputs? Take a *new* layer with random weights, let it read
# the notes as they are and then rescaled (each coefficient minus its mean over the training notes,
# divided by its standard deviation), and count the hidden states that are practically 0.
#
# *Table 7.4: Hidden states that are practically 0, on the test notes of fold 1.*

# %%
mean, deviation = X[fold.train].mean(axis=(0, 1)), X[fold.train].std(axis=(0, 1))
rescaled = (X[fold.test] - mean) / deviation

keras.utils.set_random_seed(1)
new_layer = keras.Sequential([keras.Input((126, 13)), layers.LSTM(32, return_sequences=True)])
states = {
    "first layer, trained": computed(inside["lstm"], X[fold.test]),
    "last layer, trained": computed(inside["lstm_4"], X[fold.test]),
    "new layer, notes as they are": computed(new_layer, X[fold.test]),
    "new layer, notes rescaled": computed(new_layer, rescaled),
}
stuck = {name: f"{(np.abs(h) < 0.001).mean():.1%}" for name, h in states.items()}
pd.DataFrame({"within 0.001 of zero": stuck})

# %% [markdown]
# Compare the last two rows: same layer, same notes, other scale. The thesis does not rescale, so
# the recorded runs do not either; an exercise below does.
#
# A hidden state is what the output gate lets out. To see the gates behind it, a layer's weights are
# taken through the steps of [chapter 2](02_layers.ipynb):


# %%
def gates(layer, block):
    """Gates and states of an LSTM layer while it reads a block, each (notes, steps, units)."""
    W, U, bias = layer.get_weights()
    h = c = np.zeros((len(block), layer.units))
    steps = []
    for x in block.swapaxes(0, 1):  # step by step, all notes at once
        i, f, g, o = np.split(x @ W + h @ U + bias, 4, axis=1)
        i, f, o = expit([i, f, o])  # the sigmoid
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        steps.append((i, f, o, c, h))
    names = ("input gate", "forget gate", "output gate", "cell state", "hidden state")
    return dict(zip(names, np.array(steps).transpose(1, 2, 0, 3), strict=True))


below = keras.Model(network.inputs[0], network.get_layer("lstm_3").output)
layers_of_two = {
    "first layer": gates(network.get_layer("lstm"), X_two),
    "last layer": gates(network.get_layer("lstm_4"), computed(below, X_two)),
}
for ours, kerass in zip(layers_of_two.values(), of_two.values(), strict=True):
    np.testing.assert_allclose(ours["hidden state"], kerass, atol=1e-3)

# %% [markdown]
# **Play a note** and watch the line go through the layer. Choose a unit on the map or with its
# slider: which of its gates move when the note begins, and when its key is let go?

# %%
sounds = dict(zip(two.table["note"], two.waveforms(), strict=True))
interactive.states(sounds, layers_of_two)

# %% [markdown]
# ## What does it make of order?
#
# An LSTM is built for order. Does this one use it? Disturb the order of the frames of the test
# notes, train nothing anew, and see what is left of the accuracy:
#
# - **reversed**: from the last frame to the first;
# - **shuffled**: in a random order, another one for each note (the mean of three draws);
# - **averaged**: every frame replaced by the note's mean frame, so that time is gone.
#
# **Predict first:** rank the three. (A record keeps answers and no weights, so this takes the
# network that was trained above.)
#
# *Table 7.5: Accuracy of the network from above when the order of the frames is disturbed.*

# %%
rng = np.random.default_rng(0)


def shuffled(block):
    return np.stack([note[rng.permutation(126)] for note in block])


def accuracy(block, labels):
    return float((network.predict(block, verbose=0).argmax(axis=1) == labels).mean())


# %%
heard = evaluation.leaked(datasets.load(DATA, "train"), experiment.test_notes)
keep = ~experiment.test_notes.table["note"].isin(heard).to_numpy()
probe = {}
for name, block, labels in (
    ("fold test", X[fold.test], y[fold.test]),
    (TEST, X_test[keep], y_test[keep]),
):
    mean_frame = block.mean(axis=1, keepdims=True)
    probe[name] = {
        "as they are": accuracy(block, labels),
        "reversed": accuracy(block[:, ::-1], labels),
        "shuffled": np.mean([accuracy(shuffled(block), labels) for _ in range(3)]),
        "averaged": accuracy(np.repeat(mean_frame, 126, axis=1), labels),
    }
probe = pd.DataFrame(probe)
probe.round(3)

# %% mystnb={"image": {"alt": "Grouped bars for four conditions, plain bars for the fold's test part and hatched bars for unseen instruments, with a dotted line at chance. The first pair of bars is undisturbed; then come reversed, shuffled and averaged"}}
figures.disturbed_order(probe)
plt.show()

# %% [markdown]
# *Figure: The same. Plain bars: the fold's test part. Hatched: unseen instruments.*
#
# Compare each row with the first: what does the disturbance cost? Which one costs most is not worth a
# ranking: fold 1 tests a hundred notes, so a point is one note, and this is one training of many.
#
# Two readings fit a loss, and the probe cannot tell them apart. The network may *use* order; or a
# backwards note, silent at first, is simply unlike anything it was trained on, and the dense
# layer's weights for each moment now meet the wrong moment. What the probe does show is what the
# network is *not* indifferent to.
#
# How much is there to gain from order at all? Ask something that cannot see it: a [**random
# forest**](glossary.md#random-forest) that gets, for each note, the mean and the standard deviation
# of every coefficient over time. Shuffle the frames as you like, these 26 numbers stay the same.
#
# *Table 7.6: Accuracy of the LSTM, and of a forest that cannot see order, on fold 1.*


# %%
def summary(block):
    return np.concatenate([block.mean(axis=1), block.std(axis=1)], axis=1)


forest = RandomForestClassifier(300, random_state=0).fit(summary(X[fold.train]), y[fold.train])
blind = {
    "fold test": forest.score(summary(X[fold.test]), y[fold.test]),
    TEST: forest.score(summary(X_test[keep]), y_test[keep]),
}
both = {"LSTM, in order": probe.loc["as they are"], "forest, blind to order": blind}
pd.DataFrame(both).T.round(3)

# %% [markdown]
# On fold 1 the forest is right for 95.0 % of the notes of known instruments and 51.4 % of mini-test;
# the recorded LSTM (table 7.7), trained for fifty epochs and not twenty, for 95.0 % and 49.7 %.
# For these notes, order is hardly needed. Keep such a simple opponent at hand: "the network uses order" and "order is needed for this task" are
# two different claims.

# %% [markdown]
# **Check yourself.** Suppose that the forest, which cannot see the order of the frames, names the
# notes as well as the LSTM does. Which sentence is justified?
#
# <details class="choice"><summary>A. The LSTM does not use the order.</summary>
#
# **No.** The probe speaks against it: disturbed order changes its answers. Two models may reach the
# same score in different ways.
#
# </details>
#
# <details class="choice"><summary>B. The order of the frames says nothing about the
# instrument.</summary>
#
# **No.** It may say much that the averages say as well, or that these notes do not ask for. Another
# set, with other families, could need it.
#
# </details>
#
# <details class="choice"><summary>C. To name these notes this well, order is not needed.</summary>
#
# **Right.** That, and no more. It is a sentence about the task and these notes, not about what the
# LSTM does inside.
#
# </details>
#
# <details class="choice"><summary>D. Forests are better than LSTMs for short sounds.</summary>
#
# **No.** As good on one set, with one fold and one seed, is not better in general.
#
# </details>

# %% [markdown]
# ## All folds, recorded
#
# Now five folds of both base models, from their records: *the same notes, the same folds*.
# `tuning.protocol` looks them up by their configuration, as the last chapter did with `records.select`.

# %% tags=["remove-stderr"]
protocol = tuning.protocol(records.read_all(records.SHIPPED))
recorded = {"CNN": protocol["Base CNN"], "LSTM": protocol["Base LSTM"]}
for pair in zip(*recorded.values(), strict=True):
    for part in ("fold_test", "nsynth_test"):
        one, other = (run.predictions[part]["notes"] for run in pair)
        assert np.array_equal(one, other)
print("both models answered for the same notes in every fold")

# %% [markdown]
# The scores are those of the last chapter, loss and accuracy from the stored probabilities,
# without the test notes whose recording is in training. `evaluation.score_table` does that for
# many records at once.
#
# *Table 7.7: Both base models, recorded: 800 training notes in each of five folds, 50 epochs; mini-test
# without the 21 notes that training has heard. Thesis (table 4.3): 70,000 training notes, and NSynth's test
# split of 4,096 notes in place of mini-test.*

# %%
names = {"fold_test": "fold test", "nsynth_test": "mini-test"}
bundled = [datasets.load("nsynth-mini", split) for split in ("train", "test")]
known = evaluation.leaked(*bundled)
scores = evaluation.score_table(recorded, without=known).replace({"part": names})
results = scores.pivot(index=["model", "fold"], columns="part", values=["loss", "accuracy"])
results = results.swaplevel(axis=1).sort_index(axis=1, ascending=[True, False])

table = results.copy()
for model in recorded:
    table.loc[(model, "mean"), :] = results.loc[model].mean().to_numpy()
table.loc[("CNN", "thesis"), :] = (0.112, 0.963, 2.220, 0.732)
table.loc[("LSTM", "thesis"), :] = (0.201, 0.932, 2.138, 0.693)
table.columns.names = [None, None]
table.sort_index(level="model", sort_remaining=False).round(3)

# %% mystnb={"image": {"alt": "Two panels, fold test and test on unseen instruments. In each, blue round dots for the CNN and orange square dots for the LSTM, joined fold by fold by thin grey lines; hollow diamonds mark the thesis's values, a dotted line chance"}}
thesis = {"fold test": (0.963, 0.932), "mini-test": (0.732, 0.693)}
pairs = {test: [results.loc[m][test, "accuracy"] for m in recorded] for test in thesis}
figures.paired_folds(pairs, thesis)
plt.show()

# %% [markdown]
# *Figure: Accuracy of both base models; a line joins the two models on the same fold. Diamonds are the
# thesis's means (on the right from NSynth's 4,096 test notes).*
#
# *Table 7.8: CNN minus LSTM on the same fold, in points.*

# %%
gap = 100 * (results.loc["CNN"] - results.loc["LSTM"]).xs("accuracy", axis=1, level=1)
row = gap.agg(["mean", "min", "max"]).T.round(1)
row.assign(folds=(gap > 0).sum(), thesis=[3.1, 3.9]).rename(columns={"folds": "CNN ahead on"})

# %% [markdown]
# On notes of known instruments the CNN is ahead on 4 of 5 folds, by 3.4 points on average; on
# instruments that neither has met on all five, by 11.7. Both networks lose far more from the first
# test to the second: the CNN goes from 98.8 % to 58.3 %, the LSTM from 95.4 % to 46.6 %.
#
# The thin lines are what a comparison should rest on: fold by fold, on the same notes. Before you
# call a winner, think of what else differs. The two networks have different learning rates and
# numbers of parameters. That is a comparison of two *recipes*. Chapter 9 draws up the results, and
# chapter 10 asks how sure five folds can make you.
#
# ### What does each listen to?
#
# Take something away from a note and ask again: where the answer changes, the network was listening.
# This is [**occlusion**](glossary.md#occlusion). Copies of a note have silence in 14 frames (0.45 s), in one
# coefficient, in one coefficient of 14 frames, or in all; silence is coefficient 0 at the floor, 80
# dB below the loudest band, and 0 elsewhere. A record holds no weights, so the networks asked here
# are the two that [come with the book](13_your_own_sound.ipynb): those of this chapter and the last on rescaled
# MFCCs, trained on twelve variations of each of the 1,000 notes (cut short, higher or lower, with noise).
# The notes are ten, one of each family, and of recordings that neither has met: the first of mini-test that
# both name rightly. Of its flutes, reeds and strings there is none; these three come from `nsynth-wide`.


# %%
def occluded(note, silent, size=14):
    """Copies of a note (126, 13) with parts silent, (10, 14, 126, 13); the last are all of it."""
    blocks = [slice(t, t + size) for t in range(0, 126, size)] + [slice(None)]
    coefficients = [[k] for k in range(13)] + [list(range(13))]
    copies = np.tile(note, (len(blocks), len(coefficients), 1, 1))
    for i, block in enumerate(blocks):
        for j, k in enumerate(coefficients):
            copies[i, j][block, k] = silent[k]
    return copies


# %% tags=["remove-stderr"]
both_networks = {name: shipped.load(name.lower()) for name in ("CNN", "LSTM")}
chosen = {}  # of each family the first that both name rightly: its name and its waveform
for some in (bundled[1], datasets.load("nsynth-wide", "train")):
    M = features.mfcc(some.waveforms())
    right = [model.predict(M).argmax(axis=1) == some.labels for model in both_networks.values()]
    new = ~some.table["note"].isin(evaluation.leaked(bundled[0], some))
    for family, note in some.table[np.all([new, *right], axis=0)].groupby("family")["note"]:
        row = note.index[0]
        chosen.setdefault(family, (note[row], some.waveform(row)))

ten = dict(sorted(chosen.items()))
by_name = dict(ten.values())
M = features.mfcc(np.array(list(by_name.values())))
silent = np.zeros((len(ten), 13))
silent[:, 0] = [features.log_mel(waveform).max() - 80 for waveform in by_name.values()]
silent *= np.sqrt(128)  # one level in all 128 bands: its first coefficient
parts = np.array([occluded(note, s) for note, s in zip(M, silent, strict=True)])

# %% [markdown]
# **Predict first:** a bass and an organ. For which should the beginning matter more? Then press on
# a part of the map, and hear what is left.

# %% tags=["remove-stderr"]
asked = {
    name: (
        model.predict(M),
        model.predict(parts.reshape(-1, 126, 13)).reshape(len(ten), 10, 14, 10),
    )
    for name, model in both_networks.items()
}
interactive.occlusion(by_name, list(ten), 14, asked)

# %% [markdown]
# *Figure: What two networks lose, in points of the true family, where a part of a note is silent.*
#
# Read it with care. A network has never met a note with a hole in it, so a loss may mean that the
# part was needed, or only that what is left is strange. And a part that can be spared may be one
# that others stand in for: over a held note, each block tells what its neighbours tell.
#
# ### What it costs
#
# **Predict first.** The LSTM has a third of the CNN's parameters. Is an epoch three times as fast?
# Count the multiplications for one note as in the last chapter: every weight, times the places (or
# steps) at which it is used.
#
# *Table 7.9: Parameters, multiplications, and seconds an epoch in the recorded runs. The CNN's were made
# with TensorFlow, the LSTM's with JAX, which is the faster of the two for it.*


# %%
def multiplications(model):
    total = 0
    for layer in model.layers:
        places = math.prod(layer.output.shape[1:-1])  # rows x columns, steps, or 1
        total += places * sum(w.size for w in layer.get_weights() if w.ndim > 1)
    return total


costs = {}
for label, runs in recorded.items():
    model = models.BUILDERS[label.lower()]()
    costs[label] = {
        "parameters": f"{model.count_params():,}",
        "multiplications a note": f"{multiplications(model):,}",
        "seconds an epoch, median": f"{np.median([r.seconds / len(r.history) for r in runs]):.1f}",
        "backend": runs[0].info["backend"],
        "device": runs[0].info["device"],
    }
pd.DataFrame(costs)


# %% [markdown]
# The LSTM has a third of the parameters and a seventh of the multiplications, and takes half of the time.
# It has far fewer of them to do but cannot do
# them side by side: each of its five layers takes 126 steps *one after the other*, 630 small
# products in a row forward and as many back, while the CNN does a few large ones. Processors, and
# GPUs even more so, like few large ones.
#
# Two things help, and both need no change of code:
#
# - **On a GPU** Keras hands an LSTM layer to NVIDIA's cuDNN library, which runs all steps in one
#   go, if the layer is the plain one: tanh and sigmoid, with bias, no recurrent dropout, not
#   unrolled by `unroll=True`. Those of table 3.2 are. Leave `jit_compile` at `"auto"`: forcing it
#   to `True` fails there.
# - **On a processor** another backend may be faster. Set the environment variable
#   `KERAS_BACKEND=jax` before Python starts (JAX must be installed), and measure. A record states
#   its backend, but the backend is not part of the configuration: give `RUNS` another folder, or
#   you read the old record.
#
# Does it hold here? Keras asks the same of each layer, and of the machine:

# %% tags=["remove-stderr"]
plain = {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True}
plain |= {"recurrent_dropout": 0.0, "unroll": False}
lstm_layers = [layer for layer in models.lstm().layers if isinstance(layer, layers.LSTM)]
fits = [plain.items() <= layer.get_config().items() for layer in lstm_layers]
try:
    gpus = keras.distribution.list_devices("gpu")
except RuntimeError:  # what JAX says without one
    gpus = []
print(f"{sum(fits)} of {len(fits)} LSTM layers have the plain form")
print(f"backend {keras.backend.backend()}, GPUs: {', '.join(gpus) or 'none'}")
print("cuDNN can be used" if all(fits) and gpus else "Keras's own loop over the steps is used")

# %% [markdown]
# ## Your run
#
# Did you change `PROFILE`, `SEED` or `DATA`? Then the next cell trains your folds, or finds their
# records, and shows them beside the recorded ones. Otherwise there is nothing to show.

# %% tags=["remove-stderr"]
runs = {name: experiment.run_folds(name.lower()) for name in recorded}
compare.your_run(runs, recorded, without=[*known, *heard])

# %% tags=["remove-cell"]
# For maintainers: `make regression` compares these figures with earlier runs. It shows nothing.
fixed = {"parameters/base LSTM": helper.count_params()}
fixed["multiplications/base LSTM"] = multiplications(helper)
for model in recorded:
    for test in thesis:
        accuracies = results.loc[model][test, "accuracy"]
        fixed[f"accuracy/{test}/base {model}, recorded"] = accuracies.mean()
findings.report(fixed)
scores = evaluation.score_table({"base LSTM": runs["LSTM"]}, [*known, *heard])
scores = scores.replace({"part": {"fold_test": "fold test", "nsynth_test": TEST}})
live = findings.means(scores) | findings.losses("base LSTM", runs["LSTM"])
live |= {"loss/untrained": untrained["loss"], "accuracy/fold test/forest": blind["fold test"]}
live["share/states near zero"] = (np.abs(states["first layer, trained"]) < 0.001).mean()
live["size/states of the last layer"] = np.abs(states["last layer, trained"]).mean()
findings.report(live, seed=SEED)

# %% [markdown]
# ## Try it yourself
#
# 1. In the cell of `network`, let only the last hidden state through: `layers.LSTM(32,
#    name="lstm_4")` without `return_sequences` (`Flatten` may stay, it has nothing left to do).
#    Drop the asserts that no longer hold, and write `"lstm_3"` for `"lstm_4"` in `inside`
#    and in the cell of table 7.4 (what is compared behind `gates` is no longer equal). Does it reach the same validation accuracy in as many epochs?
#
#    <details><summary>What happens</summary>
#
#    It does not: in quick 16 of the 40 validation notes after ten epochs, in place of 34. It has
#    61,194 parameters, a thirty-fourth, and one state in which the whole note has to find room.
#
#    </details>
#
# 2. Train on rescaled notes: compute `mean` and `deviation` as above before the training cell, and
#    put `X = (X - mean) / deviation` and the same for `X_test` there. Watch the first epochs of
#    the curves.
#
#    <details><summary>What happens</summary>
#
#    A little faster: in quick 32 of 40 after three epochs and 36 after ten, in place of 25 and 34.
#
#    </details>
#
# 3. In the training cell, train on shuffled frames: `shuffled(X[fold.train])`, with the cell of
#    `shuffled` moved up. Then run the probe again. What is order worth to a network that never
#    had it?
#
#    <details><summary>What happens</summary>
#
#    In quick, after ten epochs, a network trained on shuffled frames is right for 25 of the fold's
#    forty test notes in order and 28 of them shuffled; one trained in order for 32 and 15. Who never
#    had order loses nothing without it. Who had it did better with it.
#
# (One training each, with TensorFlow: on another machine, a few notes may fall otherwise, and with
# another backend more.)
#
#    </details>
#
# ## What you learned
#
# - An LSTM layer has $4((d + u)u + u)$ parameters, whatever the number of steps; "bias = 128" in
#   table 3.2 is $4 \cdot 32$. The whole network has 2,109,194, nearly all in one dense layer.
# - Flattening all hidden states lets the dense layer look up every moment, and ties it to them.
# - Hidden states stay between -1 and 1, so the network starts near a loss of $\ln 10$ even with
#   inputs that are not rescaled; but such inputs saturate the first layer's gates.
# - Disturbing the input shows what a trained network is not indifferent to; a model that is blind
#   to order shows whether order is needed.
# - Fewer parameters and fewer multiplications need not mean less time: steps wait for each other.
#
# ## Next
#
# Both networks have numbers that nobody learned: filters, units, dropout. How to choose them is
# the question of [the next chapter](08_tuning.ipynb).
#
# **Thesis sections covered:** 3.2.3 (base LSTM, table 3.2), 3.2.4 (which dropout layers share
# their rate), 3.2.5 (training), the base models' rows of table 4.3. Different here: the first
# dropout follows section 3.2.4 and not the marks of table 3.2; the optimiser, which the thesis
# does not state, is Adam; the profiles use fewer notes; test notes whose recording is in training
# are left out; the probe of order and the forest are additions.
