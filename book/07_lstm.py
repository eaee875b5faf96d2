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
# **Time:** 35 minutes of reading. With the profile `quick` the chapter trains for about two
# minutes on two processor cores (and again as long for the CNN, if that is not recorded yet).
#
# **Thesis:** table 3.2, sections 3.2.3 and 3.2.5, the base models' rows of table 4.3.

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/book/07_lstm.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book's files, install what is missing, replace nothing. Elsewhere: do nothing.
# Should Colab's newest break it: Runtime, Change runtime type, Runtime version 2026.07.
import sys

REPOSITORY = "https://github.com/your-account/cnn-or-lstm"
FOLDER = "/content/cnn-or-lstm"

if "google.colab" in sys.modules:
    import os
    import subprocess

    if "/your-account/" in REPOSITORY:
        sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")
    if not os.path.exists(FOLDER + "/book"):
        clone = ["git", "clone", "--quiet", "--depth", "1", "--branch", "main"]
        got = subprocess.run([*clone, REPOSITORY, FOLDER], stderr=subprocess.PIPE, text=True)
        if got.returncode:
            why = "no network" if "resolve host" in got.stderr else "is it there, and public?"
            sys.exit(f"Cannot clone main of {REPOSITORY}: {why}")
    if subprocess.run([sys.executable, FOLDER + "/tools/colab.py"]).returncode:
        sys.exit("Packages are missing: choose Runtime version 2026.07, as said above.")
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    sys.path.insert(0, FOLDER)
    os.chdir(FOLDER + "/book")

# %% tags=["parameters"]
PROFILE = "quick"  # smoke, quick, mini or thesis
DATA = "nsynth-mini"  # or a folder or archive in NSynth's layout
RUNS = "../_build/runs"  # finished trainings are kept and found here
SEED = 0  # draws the notes and the folds, and starts every training

# %% tags=["remove-stderr"]
import math

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from keras import layers

from helpers import datasets, evaluation, models, plots, profiles
from helpers.runs import findings, records, training

plots.use_style()

# %% [markdown]
# The same notes, MFCCs and folds as in the last chapter, by the `Experiment` that it ended with:

# %% tags=["remove-stderr"]
experiment = training.Experiment(PROFILE, DATA, RUNS, SEED)
profile, notes = experiment.profile, experiment.notes
X, y = experiment.X, experiment.y
X_test, y_test = experiment.X_test, experiment.y_test
fold = experiment.folds[0]

# The bundled test notes are a small sample of NSynth's official 4,096: they get another name.
TEST = "mini-test" if DATA == "nsynth-mini" else "NSynth test"
print(f"{len(notes)} notes, {len(fold.train)} of them for training in fold 1")
print(f"{TEST}: {len(y_test)} notes")

# %% [markdown]
# ## Thirteen numbers, 126 times
#
# Nothing changes in the data: `X[i]` has the shape (126, 13) as before. What changes is how it is
# read. An **LSTM layer** takes one frame of 13 numbers, updates what it remembers, gives out a
# [**hidden state**](glossary.md#hidden-state) $h_t$ of 32 numbers, and goes on to the next frame *with the same weights*. What
# it remembers is $h_t$ itself and a **cell state** $c_t$, also 32 numbers, which the gates of
# [chapter 2](02_layers.ipynb) write to and erase.
#
# It is one layer that is used 126 times. To see that, it is drawn **unrolled**: once for each
# step, from left to right.

# %% tags=["hide-input"] mystnb={"figure": {"caption": "An LSTM layer unrolled in time. At the bottom the frames of a note, each 13 coefficients; the same layer reads one after the other and hands on its two states.", "name": "fig-lstm-unrolled"}, "image": {"alt": "A row of boxes named LSTM, one for each of the frames 1, 2, 3 and 126. An arrow from a column of 13 colours goes up into each box, an arrow with h and c goes on to the next box, and an arrow out of the top gives 32 numbers"}}
example = int(np.flatnonzero(notes.table["family"] == "mallet")[0])

fig, ax = plt.subplots(figsize=(8, 3.6))
frames, centres = [0, 1, 2, None, 125], [0, 2, 4, 6, 8]
arrow = {"arrowstyle": "-|>", "color": "black", "linewidth": 1.2}
for t, x in zip(frames, centres, strict=True):
    if t is None:
        ax.text(x, 2, "...", ha="center", va="center", fontsize=16)
    else:
        ax.imshow(
            X[example, t, :, np.newaxis],
            origin="lower",
            aspect="auto",
            cmap="RdBu_r",
            vmin=-80,
            vmax=80,
            extent=(x - 0.2, x + 0.2, -0.6, 0.9),
        )
        ax.add_patch(
            plt.Rectangle((x - 0.5, 1.5), 1, 1, facecolor="#FBE3D6", edgecolor=plots.ORANGE)
        )
        ax.text(x, 2, "LSTM", ha="center", va="center")
        ax.text(x, -0.8, f"frame {t + 1}", ha="center", va="top")
        ax.annotate("", (x, 1.5), (x, 0.9), arrowprops=arrow)
        ax.annotate("", (x, 3.1), (x, 2.5), arrowprops=arrow)
        ax.text(x, 3.15, f"$h_{{{t + 1}}}$: 32 numbers", ha="center", va="bottom", fontsize=9)
    if x < 8:
        ax.annotate("", (x + 1.5, 2), (x + 0.5, 2), arrowprops=arrow)
        ax.text(x + 1, 2.1, "$h, c$", ha="center", va="bottom", fontsize=9)
ax.set(xlim=(-1.2, 9.2), ylim=(-1.3, 3.6))
ax.axis("off")
plt.show()

# %% [markdown]
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
# Keras keeps the four parts side by side, so all its second dimensions are $4 \cdot 32 = 128$.
# That is the **"bias = 128"** in every row of table 3.2: not a setting of its own, but four times
# 32 biases. One of the four is special. Keras starts the bias of the **forget gate** at 1 and not
# at 0, so that a new layer tends to keep what it has; the idea is as old as that gate
# ([Gers et al. 2000](bibliography.md#gers-et-al-2000)).

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

# %%
bias = layer.get_weights()[2].reshape(4, 32)
pd.DataFrame(
    {"biases": [32] * 4, "start at": bias.mean(axis=1)},
    index=["input gate", "forget gate", "candidate", "output gate"],
)

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
    ("lstm", lstm, 32),
    ("dropout", dropout),
    ("lstm_1", lstm, 32),
    ("dropout_1", dropout),
    ("lstm_2", lstm, 32),
    ("dropout_2", dropout),
    ("lstm_3", lstm, 32),
    ("dropout_3", dropout),
    ("lstm_4", lstm, 32),
    ("flatten", flatten),
    ("dense", dense, 512),
    ("dropout_4", dropout),
    ("dense_1", dense, 10),
]

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
# of $\ln 10 = 2.303$.

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

# %%
history = network.fit(
    X[fold.train],
    y[fold.train],
    validation_data=(X[fold.validation], y[fold.validation]),
    batch_size=32,
    epochs=profile.epochs,
    verbose=0,
).history

# %% mystnb={"figure": {"caption": "Loss and accuracy of the open training of the LSTM on fold 1, after each epoch.", "name": "fig-lstm-history"}, "image": {"alt": "Two panels over epochs, the loss on the left and the accuracy on the right, each with a dashed grey line for training and a solid orange one for validation"}}
fig, axes = plt.subplots(1, 2, figsize=(8.4, 3))
epochs = np.arange(1, profile.epochs + 1)
for ax, metric, unit in zip(axes, ("loss", "accuracy"), ("loss (nats)", "accuracy"), strict=True):
    ax.plot(epochs, history[metric], "--o", markersize=3, color=plots.GREY, label="training")
    ax.plot(
        epochs, history[f"val_{metric}"], "-o", markersize=3, color=plots.ORANGE, label="validation"
    )
    ax.set(xlabel="epoch", ylabel=unit)
    ax.xaxis.get_major_locator().set_params(integer=True)
axes[0].axhline(math.log(10), color="black", linewidth=0.8, linestyle=":", label="ln 10")
axes[1].axhline(0.1, color="black", linewidth=0.8, linestyle=":", label="chance")
for ax in axes:
    ax.legend()
plt.show()

# %% [markdown]
# Read it as in the last chapter: the solid line says whether learning carries over to notes that
# were not trained on. Is it as smooth as the CNN's? Steps ten times as large get ahead
# faster and overshoot more easily.
#
# ## What the hidden states look like
#
# Here are the hidden states of the first and of the last LSTM layer, now trained, while they read
# a held note and a struck note. Each row is one unit, in the same order for both notes (sorted by
# its mean over the organ note). **Predict first:** what should happen at about three seconds,
# when the organ's key is let go? What happens once the mallet has died away?

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Hidden states over time, first and last LSTM layer, for a held and a struck note. Each layer has its own colour scale.", "name": "fig-lstm-states"}, "image": {"alt": "Four heat maps of 32 units over four seconds in red and blue. In the first layer most rows are white and a few are deep red or blue with sudden changes; in the last layer most rows have a colour, and it changes smoothly"}}
organ = int(np.flatnonzero(notes.table["family"] == "organ")[0])
mallet = int(np.flatnonzero(notes.table["family"] == "mallet")[0])
names = ["lstm", "lstm_4"]
inside = keras.Model(network.inputs, [network.get_layer(name).output for name in names])

fig, axes = plt.subplots(2, 2, figsize=(8.4, 5), sharex=True, sharey=True)
for row, name, states in zip(
    axes, names, inside.predict(X[[organ, mallet]], verbose=0), strict=True
):
    order, limit = np.argsort(states[0].mean(axis=0)), np.abs(states).max()
    for ax, note, state in zip(row, (organ, mallet), states, strict=True):
        image = ax.imshow(
            state[:, order].T,
            origin="lower",
            aspect="auto",
            cmap="RdBu_r",
            vmin=-limit,
            vmax=limit,
            extent=(0, 4.03, 0, 32),
            interpolation="nearest",
        )
        ax.set_title(f"{name}, {notes.table['note'][note]}", fontsize=9)
        ax.grid(False)
    fig.colorbar(image, ax=row, label="hidden state $h_t$")
for ax in axes[:, 0]:
    ax.set_ylabel("unit (sorted)")
for ax in axes[1]:
    ax.set_xlabel("time (s)")
plt.show()

# %% [markdown]
# Compare the two layers. Units of the last one tend to move smoothly: they gather over a second or
# so, and turn when the sound ends. Units of the first one tend to jump between a few values, and
# where a row is white, a unit is stuck at 0. That is what inputs in the hundreds do. A gate is a
# sigmoid of a weighted sum; if the sum is large, the gate is fully open or fully shut (it
# [**saturates**](glossary.md#saturation)), and a unit whose output gate is shut says nothing at all.
#
# Is it the training or the size of the inputs? Take a *new* layer with random weights, let it read
# the notes as they are and then rescaled (each coefficient minus its mean over the training notes,
# divided by its standard deviation), and count the hidden states that are practically 0.

# %%
mean, deviation = X[fold.train].mean(axis=(0, 1)), X[fold.train].std(axis=(0, 1))
rescaled = (X[fold.test] - mean) / deviation

keras.utils.set_random_seed(1)
new_layer = keras.Sequential([keras.Input((126, 13)), layers.LSTM(32, return_sequences=True)])
first, last = inside.predict(X[fold.test], verbose=0)
states = {
    "first layer, trained": first,
    "last layer, trained": last,
    "new layer, notes as they are": new_layer.predict(X[fold.test], verbose=0),
    "new layer, notes rescaled": new_layer.predict(rescaled, verbose=0),
}
stuck = {name: f"{100 * (np.abs(h) < 0.001).mean():.1f} %" for name, h in states.items()}
pd.DataFrame({"hidden states within 0.001 of zero": stuck})

# %% [markdown]
# Compare the last two rows: same layer, same notes, other scale. The thesis does not rescale, so
# this book does not either; an exercise below does.
#
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

# %%
rng = np.random.default_rng(0)


def shuffled(block):
    return np.stack([note[rng.permutation(126)] for note in block])


def accuracy(block, labels):
    probabilities = keras.ops.convert_to_numpy(network(block))  # called, dropout is off
    return float((probabilities.argmax(axis=1) == labels).mean())


# %%
copies = evaluation.leaked(datasets.load(DATA, "train"), experiment.test_notes)
keep = ~experiment.test_notes.table["note"].isin(copies).to_numpy()
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

# %% mystnb={"figure": {"caption": "Accuracy of the LSTM trained on fold 1 when the frames of the test notes are disturbed in time.", "name": "fig-lstm-order"}, "image": {"alt": "Grouped bars for four conditions, plain bars for the fold's test part and hatched bars for unseen instruments, with a dotted line at chance. The first pair of bars is undisturbed; then come reversed, shuffled and averaged"}}
fig, ax = plt.subplots(figsize=(7.2, 3))
for shift, (name, values), hatch in zip((-0.2, 0.2), probe.items(), ("", "///"), strict=True):
    ax.bar(
        np.arange(4) + shift,
        values,
        0.38,
        label=name,
        hatch=hatch,
        color=plots.ORANGE,
        edgecolor="white",
        alpha=1 if not hatch else 0.6,
    )
ax.axhline(0.1, color="black", linewidth=0.8, linestyle=":", label="chance")
ax.set(
    xticks=range(4),
    xticklabels=probe.index,
    xlabel="frames of the test notes",
    ylabel="accuracy",
    ylim=(0, 1),
)
ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
plt.show()

# %%
lost = 100 * (probe.loc["as they are"] - probe.loc[["reversed", "shuffled", "averaged"]])
worst = lost["fold test"].idxmax()
display(
    Markdown(
        f"On the fold's test part ({len(fold.test)} notes) the network loses "
        f"{lost.loc['reversed', 'fold test']:.0f} points when notes run backwards, "
        f"{lost.loc['shuffled', 'fold test']:.0f} when frames are shuffled and "
        f"{lost.loc['averaged', 'fold test']:.0f} when they are averaged: it is the "
        f"**{worst}** notes that it copes with worst."
    )
)

# %% [markdown]
# Two readings fit a loss, and the probe cannot tell them apart. The network may *use* order; or a
# backwards note, silent at first, is simply unlike anything it was trained on, and the dense
# layer's weights for each moment now meet the wrong moment. What the probe does show is what the
# network is *not* indifferent to.
#
# How much is there to gain from order at all? Ask something that cannot see it: a [**random forest**](glossary.md#random-forest)
# that gets, for each note, the mean and the standard deviation of every coefficient over time.
# Shuffle the frames as you like, these 26 numbers stay the same.

# %%
from sklearn.ensemble import RandomForestClassifier


def summary(block):
    return np.concatenate([block.mean(axis=1), block.std(axis=1)], axis=1)


forest = RandomForestClassifier(300, random_state=0).fit(summary(X[fold.train]), y[fold.train])
blind = pd.Series(
    {
        "fold test": forest.score(summary(X[fold.test]), y[fold.test]),
        TEST: forest.score(summary(X_test[keep]), y_test[keep]),
    }
)
pd.DataFrame({"LSTM, in order": probe.loc["as they are"], "forest, blind to order": blind}).round(3)

# %%
ahead = [name for name in probe if blind[name] >= probe.loc["as they are", name]]
display(
    Markdown(
        (
            "The forest, blind to order, does at least as well on "
            + " and on ".join(f"the {name}" for name in ahead)
            if ahead
            else "The LSTM is ahead of the blind forest on both"
        )
        + f" (fold 1, profile `{PROFILE}`, one seed, {profile.epochs} epochs of the LSTM). "
        + ("For these notes, leaving out time costs less than one would think." if ahead else "")
    )
)

# %% [markdown]
# Keep such a simple opponent at hand. "The network uses order" and "order is needed for this
# task" are two different claims.

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
# Now the five folds through the recorder, exactly as for the CNN: what has a record is read, what
# has none is trained. The CNN's runs are asked for in the same way, so that both models stand side
# by side: *the same notes, the same folds*.

# %% tags=["remove-stderr"]
runs = {"cnn": experiment.run_folds("cnn"), "lstm": experiment.run_folds("lstm")}

for cnn_run, lstm_run in zip(runs["cnn"], runs["lstm"], strict=True):
    for part in ("fold_test", "nsynth_test"):
        one, other = cnn_run.predictions[part], lstm_run.predictions[part]
        assert np.array_equal(one["notes"], other["notes"])
print("both models answered for the same notes in every fold")

# %% [markdown]
# The scores are those of the last chapter, loss and accuracy from the stored probabilities,
# without the test notes that are copies of training notes. `evaluation.score_table` does that for
# many records at once.

# %%
scores = evaluation.score_table({"CNN": runs["cnn"], "LSTM": runs["lstm"]}, without=copies).replace(
    {"part": {"fold_test": "fold test", "nsynth_test": TEST}}
)
results = scores.pivot(index=["model", "fold"], columns="part", values=["loss", "accuracy"])
results = results.swaplevel(axis=1)[
    [("fold test", "loss"), ("fold test", "accuracy"), (TEST, "loss"), (TEST, "accuracy")]
]
results.columns.names = [None, None]

table = results.copy()
for model in ("CNN", "LSTM"):
    table.loc[(model, "mean"), :] = results.loc[model].mean().to_numpy()
table.loc[("CNN", "thesis"), :] = (0.112, 0.963, 2.220, 0.732)
table.loc[("LSTM", "thesis"), :] = (0.201, 0.932, 2.138, 0.693)
display(table.sort_index(level="model", sort_remaining=False).round(3))
display(
    Markdown(
        f"**Numbered rows and means:** base models, profile `{PROFILE}`: "
        f"{profile.notes_per_family} notes a family, {profile.folds} folds, {profile.epochs} "
        f"epochs; {TEST}: {int(keep.sum())} notes ({len(copies)} copies left out). "
        "**Thesis** (table 4.3): base models, 8,750 notes a family, 5 folds, 50 epochs; NSynth's "
        "test split of 4,096 notes."
    )
)

# %% mystnb={"figure": {"caption": "Accuracy of both base models; a line joins the two models on the same fold. Diamonds are the thesis's means (on the right from NSynth's 4,096 test notes).", "name": "fig-lstm-results"}, "image": {"alt": "Two panels, fold test and test on unseen instruments. In each, blue round dots for the CNN and orange square dots for the LSTM, joined fold by fold by thin grey lines; hollow diamonds mark the thesis's values, a dotted line chance"}}
fig, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True)
thesis = {"fold test": (0.963, 0.932), TEST: (0.732, 0.693)}
for ax, (part, references) in zip(axes, thesis.items(), strict=True):
    pairs = results[part, "accuracy"].unstack("model")
    ax.plot([0, 1], pairs[["CNN", "LSTM"]].T, color=plots.GREY, linewidth=0.8, zorder=1)
    for x, model, marker in ((0, "CNN", "o"), (1, "LSTM", "s")):
        ax.plot(
            [x] * len(pairs),
            pairs[model],
            marker,
            color=plots.COLOURS[model.lower()],
            label=f"{model}, one fold",
        )
    ax.plot([-0.2, 1.2], references, "D", color="black", fillstyle="none", label="thesis, mean")
    ax.axhline(0.1, color="black", linestyle=":", linewidth=0.8, label="chance")
    ax.set(title=part, xticks=[0, 1], xticklabels=["CNN", "LSTM"], xlim=(-0.5, 1.5), ylim=(0, 1))
axes[0].set_ylabel("accuracy")
axes[1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
plt.show()

# %%
lines = []
for part in thesis:
    difference = 100 * (results.loc["CNN"] - results.loc["LSTM"])[part, "accuracy"]
    lines.append(
        f"- **{part}**: CNN minus LSTM is {difference.mean():+.1f} points on average, between "
        f"{difference.min():+.1f} and {difference.max():+.1f}; the CNN is ahead on "
        f"{int((difference > 0).sum())} of {len(difference)} folds "
        f"(thesis, means: {100 * (thesis[part][0] - thesis[part][1]):+.1f})."
    )
display(Markdown("\n".join(lines)))

# %% [markdown]
# The thin lines are what a comparison should rest on: fold by fold, on the same notes. Do they all
# slope the same way? Before you call a winner, think of what else differs. The two networks have
# different learning rates and numbers of parameters, and with fewer epochs than the thesis's 50
# the slower learner is cut short. That is a comparison of two *recipes*. Chapter 9 draws up the
# results, and chapter 10 asks how sure five folds can make you.
#
# ## What it costs
#
# **Predict first.** The LSTM has a third of the CNN's parameters. Is an epoch three times as fast?
# Count the multiplications for one note as in the last chapter: every weight, times the places (or
# steps) at which it is used.


# %%
def multiplications(model):
    total = 0
    for layer in model.layers:
        places = math.prod(layer.output.shape[1:-1])  # rows x columns, steps, or 1
        total += places * sum(w.size for w in layer.get_weights() if w.ndim > 1)
    return total


costs = {}
for name, label in (("cnn", "CNN"), ("lstm", "LSTM")):
    model = models.BUILDERS[name]()
    seconds = np.array([run.seconds / len(run.history) for run in runs[name]])
    trained_notes = np.array([len(experiment.folds[run.fold - 1].train) for run in runs[name]])
    costs[label] = {
        "parameters": f"{model.count_params():,}",
        "multiplications a note": f"{multiplications(model):,}",
        "seconds an epoch, median": f"{np.median(seconds):.1f}",
        "training notes a second, median": f"{np.median(trained_notes / seconds):.0f}",
        "backend": ", ".join(sorted({run.info["backend"] for run in runs[name]})),
        "device": ", ".join(sorted({run.info["device"] for run in runs[name]})),
    }
pd.DataFrame(costs)

# %% [markdown]
# Divide the multiplications by the seconds. The LSTM has far fewer of them to do but cannot do
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
# ## Your result and ours
#
# As in the last chapter, runs that came with the book are the yardstick: both base models, with the
# profile `mini` on all bundled notes. Four things to look for in the figure: your dots beside our
# ticks, the two models beside each other, the two tests, and the thesis's diamonds.

# %%
mini = profiles.get("mini")
shipped = records.read_all(records.SHIPPED)
usual = {"split": {"kind": "stratified"}, "features": {"kind": "mfcc"}}
recorded = {}
for name in ("cnn", "lstm"):
    base = models.hyperparameters(name)
    group = records.select(shipped, model=name, hyperparameters=base, epochs=mini.epochs, **usual)
    missing = sorted(set(range(1, mini.folds + 1)) - {run.fold for run in group})
    backends = ", ".join({run.info["backend"] for run in group})
    print(f"{name}: {len(group)} runs", f"made with {backends}" if group else "")
    if missing:
        print("      not recorded yet: fold", *missing)
    if group:
        recorded[name.upper()] = group

# %% tags=["hide-input"]
bundled = [datasets.load("nsynth-mini", split) for split in ("train", "test")]
unseen = f"{TEST}\n(thesis: NSynth test)" if TEST == "mini-test" else f"{TEST}\n(ours: mini-test)"
PARTS = {"fold_test": "fold test", "nsynth_test": unseen}


def by_row(groups, copies):
    """Accuracies of each test and model, by seed and fold."""
    table = evaluation.score_table(groups, without=copies)
    accuracy = table.set_index(["part", "model", "seed", "fold"])["accuracy"].sort_index()
    return {
        f"{model}, {PARTS[part]}": accuracy.loc[part, model] for part in PARTS for model in groups
    }


yours = by_row({name: runs[name.lower()] for name in recorded}, copies) if recorded else {}
ours = by_row(recorded, evaluation.leaked(*bundled)) if recorded else {}
reference = dict(
    zip(
        (f"{m}, {p}" for p in PARTS.values() for m in ("CNN", "LSTM")),
        (0.963, 0.932, 0.732, 0.693),
        strict=True,
    )
)

# %% tags=["hide-input"] mystnb={"figure": {"caption": "Your base models (dots) on the spread of the recorded folds (ticks, profile `mini`). In the lower half, the thesis's diamonds are from NSynth's 4,096 test notes, another set than mini-test.", "name": "fig-lstm-yours-and-ours"}, "image": {"alt": "Four rows, CNN and LSTM for the fold test and for unseen instruments, accuracy across. In each a grey bar with one tick a recorded fold, purple dots for the folds of this run and a hollow diamond for the thesis's mean"}}
if recorded:
    plots.beside(yours, ours, reference)
    plt.show()

# %% tags=["hide-input"]
lines = [
    f"- **{row.splitlines()[0]}**, mean of your folds: "
    + evaluation.place(yours[row].mean(), ours[row])
    for row in ours
    if row.startswith("LSTM")
]
for part in PARTS.values() if len(recorded) == 2 else ():
    one, other = (f"{model}, {part}" for model in ("CNN", "LSTM"))
    difference = 100 * (ours[one] - ours[other]).dropna()  # on the same fold
    lines.append(
        f"- **CNN minus LSTM, {part.splitlines()[0]}**: recorded {difference.mean():+.1f} points, "
        f"the CNN is ahead on {(difference > 0).sum()} of {len(difference)} folds; "
        f"thesis {100 * (reference[one] - reference[other]):+.1f}."
    )
hashes = {run.info["hash"] for group in recorded.values() for run in group}
n_mini = 8 * mini.notes_per_family  # 80 % of ten families
if "LSTM" not in recorded:
    meaning = "There is no recorded LSTM to compare with yet."
elif profile.name == "smoke":
    meaning = "**The profile `smoke` shows nothing**: it tests that the chapter runs."
elif DATA != "nsynth-mini":
    meaning = "Your notes are others than ours, so dots and ticks answer different questions."
elif {run.info["hash"] for run in runs["lstm"]} <= hashes:
    meaning = "Same profile, same notes: this **is** the recorded run, found and read."
else:
    row = f"LSTM, {unseen}"
    meaning = (
        f"What differs is the profile, {len(fold.train)} training notes a fold and "
        f"{profile.epochs} epochs for your networks, {n_mini} and {mini.epochs} for ours"
        + (
            ": lower accuracies are what to expect."
            if yours[row].mean() < ours[row].mean()
            else ". On unseen instruments that has not cost you anything: more notes of the same "
            "instruments need not help with others."
        )
    )
display(Markdown("\n".join([*lines, "", meaning])))

# %% tags=["remove-cell"]
# For maintainers: `make regression` compares these figures with earlier runs. It shows nothing.
fixed = {"parameters/base LSTM": helper.count_params()}
fixed["multiplications/base LSTM"] = multiplications(helper)
for row, values in ours.items():
    model, test = row.splitlines()[0].split(", ")
    fixed[f"accuracy/{test}/base {model}, recorded"] = values.mean()
findings.report(fixed)

last = pd.DataFrame([run.history.iloc[-1] for run in runs["lstm"]]).mean()
means = results.loc["LSTM"].mean()
findings.report(
    {
        "loss/training/base LSTM": last["loss"],
        "loss/validation/base LSTM": last["val_loss"],
        "loss/untrained": untrained["loss"],
        "accuracy/fold test/forest": blind["fold test"],
        "share/states near zero": (np.abs(states["first layer, trained"]) < 0.001).mean(),
        "size/states of the last layer": np.abs(states["last layer, trained"]).mean(),
    }
    | {f"{what}/{test}/base LSTM": value for (test, what), value in means.items()},
    seed=SEED,
)

# %% [markdown]
# ## Try it yourself
#
# 1. In the cell of `network`, let only the last hidden state through: `layers.LSTM(32,
#    name="lstm_4")` without `return_sequences` (`Flatten` may stay, it has nothing left to do).
#    Drop the asserts that no longer hold, and write `"lstm_3"` for `"lstm_4"` in `names`. Does it
#    reach the same validation accuracy in as many epochs, and what happens in the heat map of
#    `lstm_3` after the sound has ended?
# 2. Train on rescaled notes: compute `mean` and `deviation` as above before the training cell, and
#    put `X = (X - mean) / deviation` and the same for `X_test` there. Watch the first epochs of
#    the curves and the heat map of `lstm`.
# 3. In the training cell, train on shuffled frames: `shuffled(X[fold.train])`, with the function
#    from the probe, moved up. Then run the probe again. What is order worth to a network that never
#    had it?
# 4. Copy the probe (`shuffled`, `accuracy`, the table) to the end of chapter 6, where the network
#    of the open training is still at hand, and run it on the CNN. Which of the two networks takes
#    reversal harder, and why might that be?
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
# does not state, is Adam; the profiles use fewer notes; test notes that are copies of training
# notes are left out; the probe of order and the forest are additions.
