# %% [markdown]
# # Layers: what a CNN and an LSTM compute
#
# Training shapes weights, whatever they are the weights of ([chapter 1](01_background.ipynb)). What
# makes one network convolutional and another recurrent is what it computes with them. Here you
# build each layer of the thesis's two networks by hand, on a real note, and see that Keras gets the
# same.
#
# ## What you will learn
#
# - Compute what the layers of a CNN do (convolution, pooling, dense, dropout) by hand, and check
#   each against Keras.
# - Compute one step of an LSTM by hand, and check it against Keras.
# - Show what the gates of an LSTM are for, by wiring a memory.
#
# **You need** [chapter 1](01_background.ipynb) for weights, loss and training, and NumPy.
#
# **Time**: 20 minutes of reading. Nothing is trained.
#
# **Thesis**: sections 2.2 to 2.5.
#
# The numbers in the text are those of the bundled notes. Nothing is trained, so the profile changes
# nothing here.

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/book/02_layers.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %% tags=["parameters"]
PROFILE = "mini"  # smoke, quick, mini or thesis: how much later chapters train
DATA = "nsynth-mini"  # or a folder or archive in NSynth's layout

# %%
import matplotlib.pyplot as plt
import numpy as np

from helpers import datasets, plots
from helpers.runs import interactive

plots.use_style()
SAMPLE_RATE = 16_000  # samples a second
notes = datasets.load(datasets.with_sound(DATA), "train")


def note_near(family, pitch=60):
    """The position of the note of a family whose pitch is closest to middle C (60)."""
    rows = np.flatnonzero(notes.table["family"] == family)
    return rows[np.abs(notes.table["pitch"].iloc[rows] - pitch).argmin()]


rows = {family: note_near(family) for family in ("vocal", "guitar", "organ")}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


print("notes A, B and C of chapter 1:", ", ".join(rows))

# %% [markdown]
# ## What a network sees
#
# The two numbers a note of [chapter 1](01_background.ipynb) are too few for ten families. A [**mel spectrogram**](glossary.md#mel-spectrogram) is a picture of a sound:
# time in one direction, frequency (on a scale that follows hearing) in the other, and how strong
# the sound is there. [**MFCCs**](glossary.md#mfcc) keep much of it in fewer numbers: 13 for each of 126 moments,
# which describe the shape of the spectrum and are what the thesis's networks get.

# %%
import librosa

silence = np.zeros(8_000, dtype=np.float32)  # half a second
waveform = np.concatenate([silence, notes.waveform(rows["guitar"])])[:64_000]
mel = librosa.power_to_db(librosa.feature.melspectrogram(y=waveform, sr=SAMPLE_RATE)).T
mfcc = librosa.feature.mfcc(y=waveform, sr=SAMPLE_RATE, n_mfcc=13).T
print("mel spectrogram", mel.shape, " MFCC", mfcc.shape, " (time, feature)")

# %% mystnb={"image": {"alt": "Left, the mel spectrogram of a plucked guitar: silence for half a second, then horizontal lines, the overtones, that start together and fade, and start again when the key is let go. Right, its MFCCs, 13 rows that change when the note starts and when it is let go"}}
fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.2))
plots.feature_image(mel, axes[0], title="mel spectrogram")
plots.feature_image(
    mfcc, axes[1], label="value", ylabel="coefficient", title="MFCC", vmin=-150, vmax=150
)
plt.show()

# %% [markdown]
# *Figure: Note B as a mel spectrogram (left) and as 13 MFCCs (right; colours end at -150 and 150,
# and coefficient 0 goes beyond).*
#
# Half a second of silence was put before the note, so that its beginning is not at the margin of
# the picture. NSynth's players let the key go after three seconds: with the silence before it, that
# is at 3.5 s of the picture, where the string starts to sound once more.
# [Chapter 4](04_features.ipynb) builds both pictures, step by step. For now, they are tables of
# numbers: a row is a moment, a column a feature. One may look at such a table as a **picture**,
# or read it row by row as a **sequence**. The CNN does the one, the LSTM the other.
#
# **Change** `rows["guitar"]` to `rows["vocal"]`: what happens to the lines?
#
# <details><summary>What happens</summary>
#
# The lines of the voice do not begin sharply, and they go on at about the same strength until 3.5
# s, where they fade; nothing starts anew there. Higher up some lines are strong together and others
# weak together: the resonances of the throat.
#
# </details>
#
# ## Convolution
#
# A [**convolution**](glossary.md#convolution) slides a small table of weights, the [**kernel**](glossary.md#kernel), over a picture. At every
# place it multiplies the kernel with what lies under it and adds up. The sum is large where the
# picture looks like the kernel. So that the result is as large as the picture, zeros are put
# around the picture first: this is [**"same" padding**](glossary.md#padding). Networks made of convolutions have read
# handwriting since the 1990s ([LeCun et al. (1998)](bibliography.md#lecun-et-al-1998)).


# %%
def convolve_same(picture, kernel):
    padded = np.pad(picture, 1)  # zeros around: enough for a 3 x 3 kernel
    result = np.zeros_like(picture)
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            patch = padded[row : row + 3, column : column + 3]
            result[row, column] = np.sum(patch * kernel)
    return result


edge = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], dtype=np.float32)
tiny = np.zeros((5, 7), dtype=np.float32)
tiny[:, 3:] = 1

# %% [markdown]
# `edge` has minus on the left and plus on the right. `tiny` is dark (0) on the left and bright
# (1) on the right; the colours of the figure show the sign, green for plus, purple for minus.
# **Where will the result be large? And what happens at the right margin?**

# %% mystnb={"image": {"alt": "Three tables of numbers: a picture of zeros on the left and ones on the right; a kernel with a column of minus ones, of zeros and of ones; and the result, 3 along the edge in the middle, minus 3 in the last column (2 and minus 2 in the top and bottom rows), and 0 elsewhere"}}
fig, axes = plt.subplots(1, 3, figsize=(8, 2.4), width_ratios=(7, 3, 7))
tables = {"picture": tiny, "kernel": edge, "result": convolve_same(tiny, edge)}
for ax, (title, table) in zip(axes, tables.items(), strict=True):
    ax.imshow(table, cmap="PRGn", vmin=-6, vmax=6)
    for (row, column), value in np.ndenumerate(table):
        ax.text(column, row, f"{value:.0f}", ha="center", va="center")
    ax.set(title=title, xticks=[], yticks=[])
    ax.grid(False)
plt.show()

# %% [markdown]
# *Figure: A tiny picture, a kernel, and the picture convolved with it. Green: above 0. Purple:
# below.*
#
# The result is 3 where dark turns to bright (2 in the top and bottom rows, where a row of the
# kernel lies on padding), and 0 where nothing changes. The last column is negative: there the
# kernel sees the picture end, since the padding is dark. That edge is not in the picture. Padding
# has a price.
#
# **Change** the kernel to its transpose, `edge.T`. Why is the middle of the result 0 now?
#
# <details><summary>What happens</summary>
#
# `edge.T` compares the row below with the row above, and all rows of `tiny` are equal. Only at the
# top and bottom margins is there a difference, against the padding: 3 along the bright part of the
# first row, -3 along that of the last.
#
# </details>
#
# ### On a real note, and the same in Keras
#
# In our arrays each row is one moment, so `edge.T`, which compares the row below with the row
# above, answers where something **begins**. A second
# kernel, plus in the middle and minus on both sides, answers where there is a **line** along
# time: an overtone. The spectrogram is scaled to 0 (quietest) to 1 (loudest), so that the padding
# means silence. **Keras** ([Chollet et al. (2015)](bibliography.md#chollet-et-al-2015)) is the
# library with which the thesis builds its networks; its `Conv2D` with our two kernels should give
# what our loops give.

# %% tags=["remove-stderr"]
import os

os.environ["NVIDIA_TF32_OVERRIDE"] = "0"  # graphics cards may round to 10 bits: not here
import keras

keras.utils.set_random_seed(0)
to_numpy = keras.ops.convert_to_numpy

picture = ((mel - mel.min()) / (mel.max() - mel.min())).astype(np.float32)
begins = edge.T
line = np.array([[-1, 2, -1]] * 3, dtype=np.float32)
ours = np.stack([convolve_same(picture, begins), convolve_same(picture, line)], axis=-1)

layer = keras.layers.Conv2D(filters=2, kernel_size=(3, 3), padding="same", use_bias=False)
layer.build((None, *picture.shape, 1))  # (notes, time, frequency, channels)
layer.set_weights([np.stack([begins, line], axis=-1)[:, :, None, :]])
keras_result = to_numpy(layer(picture[None, :, :, None]))[0]

np.testing.assert_allclose(ours, keras_result, atol=1e-4)
print("shape:", keras_result.shape, " largest difference:", np.abs(ours - keras_result).max())

# %% [markdown]
# Two loops and a sum, and the layer in Keras agree up to the rounding of 32-bit numbers. (In
# mathematics a convolution flips the kernel first. Keras and its like do not; since the weights
# are learned, it makes no difference.)


# %% mystnb={"image": {"alt": "Three pictures: the spectrogram of a guitar note; an answer that is green where the note starts and where it is let go, purple just after and faintly where it fades; and an answer with a green line along each overtone"}}
def draw(ax, image, title, **kwargs):
    shown = ax.imshow(
        image.T,
        origin="lower",
        aspect="auto",
        extent=(0, 4, 0, 128),
        interpolation="nearest",
        **kwargs,
    )
    ax.set(title=title, xlabel="time (s)")
    ax.grid(False)
    return shown


both_ways = {"cmap": "PRGn", "vmin": -1.5, "vmax": 1.5}
fig, axes = plt.subplots(1, 3, figsize=(9, 3), sharey=True)
draw(axes[0], picture, "picture")
draw(axes[1], ours[:, :, 0], '"something begins"', **both_ways)
shown = draw(axes[2], ours[:, :, 1], '"a line along time"', **both_ways)
axes[0].set_ylabel("mel band")
fig.colorbar(shown, ax=axes[2], label="answer")
plt.show()

# %% [markdown]
# *Figure: Note B: the spectrogram, and the answers of two kernels. Green: like the kernel. Purple:
# the opposite.*
#
# One kernel found the moments at which the note starts and is let go (and, at the right margin,
# the one at which we cut it off), the other the overtones. And each needs only nine weights,
# because they are the same wherever the kernel lies: an onset is an onset at any time, an
# overtone is an overtone at any pitch. That is the idea behind a CNN.
#
# **Drag** the window over the note, change a weight: where is the sum large, and where is it 0?

# %%
interactive.kernel(picture, {"begins": begins, "line": line})

# %% [markdown]
# In a network nobody writes kernels by hand. A **convolutional layer** has many of them (its
# [**filters**](glossary.md#filter)), starts them at random, and gradient descent shapes them, as it shaped $w$ in chapter 1.
# The next layer takes all the answers as its input: its kernels have a depth, one slice for each
# filter before. Each filter also has one bias. Now you can count, and check table 3.1 of the
# thesis:

# %%
first = keras.layers.Conv2D(filters=32, kernel_size=(3, 3), padding="same")
first.build((None, 126, 13, 1))
second = keras.layers.Conv2D(filters=32, kernel_size=(3, 3), padding="same")
second.build((None, 126, 13, 32))
print("conv2d:  ", first.count_params(), "=", 32 * (3 * 3 * 1 + 1))
print("conv2d_1:", second.count_params(), "=", 32 * (3 * 3 * 32 + 1))

# %% [markdown]
# **Check yourself.** A layer has 32 filters of 3 x 3 and reads the MFCCs of a note, 126 x 13 numbers
# in one channel. How many parameters has the same layer for notes of twice the length, 252 x 13?
#
# <details class="choice"><summary>A. 640, twice as many, since it answers at twice as many places.</summary>
#
# **No.** It answers at more places, but with the same weights at each of them: that is what sliding
# a kernel means.
#
# </details>
#
# <details class="choice"><summary>B. 320, as many as before.</summary>
#
# **Right.** A filter has its nine weights and one bias wherever it lies, and there are 32 of them.
# The length of the note does not come into it.
#
# </details>
#
# <details class="choice"><summary>C. It cannot have any: the layer was built for 126 moments.</summary>
#
# **No.** A dense layer would need another shape of weights. A kernel is slid over a picture of any
# size.
#
# </details>

# %% [markdown]
# **Change** `8_000` to `24_000` where the spectrogram is computed, so that the note starts a
# second later, and run from there. What changes in the answers, and what does not?
#
# <details><summary>What happens</summary>
#
# Everything moves to the right by a second and keeps its shape: the beginning is found at 1.5 s in
# place of 0.5 s, the overtones in the same bands as before. The nine weights did not change. The
# release has left the picture, which ends at 4 s.
#
# </details>
#
# ### ReLU
#
# If a network only multiplied and added, ten layers could do no more than one: a sum of sums is a
# sum. Something with a bend in it has to come between, an [**activation**](glossary.md#activation). The [**ReLU**](glossary.md#relu) (rectified linear unit) has
# the simplest bend there is: $\max(0, z)$. For our kernel it means "tell me where something
# begins, and keep quiet about where it fades". You will see it at work in a moment.
#
# ### Pooling
#
# [**Max pooling**](glossary.md#pooling) keeps the largest of each 2 x 2 block. The picture becomes half as high and half
# as wide, the later layers have a quarter of the work, and it matters less where exactly
# something was found. Pooling has nothing to learn.


# %%
def pool_2x2(picture):
    rows, columns = (picture.shape[0] // 2, picture.shape[1] // 2)  # an odd one out is dropped
    blocks = picture[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2)
    return blocks.max(axis=(1, 3))


relu = np.maximum(0, ours[:, :, 0])
pooled = pool_2x2(relu)
keras_pooled = to_numpy(keras.layers.MaxPooling2D((2, 2))(relu[None, :, :, None]))[0, :, :, 0]
np.testing.assert_array_equal(pooled, keras_pooled)
print(relu.shape, "->", pooled.shape, "equal to Keras")

shapes = [(126, 13)]
for _ in range(2):
    shapes.append(pool_2x2(np.zeros(shapes[-1])).shape)
print("the thesis's two poolings:", " -> ".join(map(str, shapes)))

# %% [markdown]
# The last line gives the sizes in table 3.1: 126 x 13 becomes 63 x 6 and then 31 x 3. The next
# figure puts the three steps side by side, around the moment in which the note begins; a row of
# the table, called a [**frame**](glossary.md#frame), is 32 ms later than the one before. **What
# will be gone after ReLU, and what after pooling?**

# %% mystnb={"image": {"alt": "Three pictures of the same detail: the answer with positive and negative places; the same with all negative places set to zero; and a coarser one with blocks twice as wide and twice as high"}}
fig, axes = plt.subplots(1, 3, figsize=(9, 3))
steps = {"answer": (ours[:, :, 0], 1), "after ReLU": (relu, 1), "after pooling": (pooled, 2)}
for ax, (title, (image, factor)) in zip(axes, steps.items(), strict=True):
    detail = image[8 // factor : 32 // factor, : 64 // factor]
    shown = ax.imshow(detail.T, origin="lower", aspect="auto", **both_ways)
    ax.set(title=f"{title}: {detail.shape[0]} x {detail.shape[1]}", xlabel="frame from 0.25 s")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(False)
axes[0].set_ylabel("mel band")
fig.colorbar(shown, ax=axes[2], label="answer")
plt.show()

# %% [markdown]
# *Figure: The answer of the first kernel around the start of the note, then ReLU, then pooling.
# After pooling, one step is two frames and two bands.*
#
# The purple, where the sound fades, is gone after ReLU. After pooling the picture is coarser, and
# the strong answers are still there.
#
# **Change** `.max(` to `.mean(` in `pool_2x2` (average pooling, so the comparison will complain).
# Which answers get weaker?
#
# <details><summary>What happens</summary>
#
# All that do not fill their block: the largest answer falls from 2.8 to 1.9, the sum of all
# to 63 %. A wide bright place keeps its strength, a thin line is thinned out by its dark neighbours. The
# comparison with Keras stops the cell, as announced; the cells below run on with what is there.
#
# </details>
#
# ### Flatten, dense, softmax
#
# At the end, the picture has to become ten numbers. [**Flatten**](glossary.md#flatten) writes it in one long row. A
# [**dense**](glossary.md#dense-layer) layer makes weighted sums of all of them, one sum for each of its outputs, each with
# its own weights and bias: the model of chapter 1, ten times over. The sums
# can be any numbers. [**Softmax**](glossary.md#softmax) turns them into probabilities: take $e$ to each, divide by the
# total.


# %%
def softmax(z):
    e = np.exp(z - z.max())  # the same result, and no overflow
    return e / e.sum()


row = pooled.flatten()
dense = keras.layers.Dense(10, activation="softmax")
dense.build((None, len(row)))
W, bias = (to_numpy(weight) for weight in dense.weights)
p = softmax(row @ W + bias)
np.testing.assert_allclose(p, to_numpy(dense(row[None]))[0], atol=1e-5)
print(f"{len(row)} numbers -> {len(p)} probabilities, sum {p.sum():.3f}")
print("parameters:", dense.count_params(), "=", len(row), "* 10 + 10")

# %% mystnb={"image": {"alt": "Left, a line that is zero up to zero and then rises. Middle, three pairs of bars; with larger scores the highest bar grows and the others shrink. Right, ten bars, one a family, of no particular order"}}
fig, axes = plt.subplots(1, 3, figsize=(9, 3), width_ratios=(2, 2, 3))
z = np.linspace(-2, 2, 5)
axes[0].plot(z, np.maximum(0, z), color="black")
axes[0].set(title="ReLU", xlabel="in", ylabel="out")
scores = np.array([0.2, 1.0, 0.5])
axes[1].bar(np.arange(3) - 0.2, softmax(scores), 0.4, color=plots.GREY, label="scores")
axes[1].bar(
    np.arange(3) + 0.2, softmax(3 * scores), 0.4, color=plots.GREEN, hatch="//", label="3 x scores"
)
axes[1].set(title="softmax", ylabel="probability", ylim=(0, 1.2))
axes[1].set_xticks(range(3), [f"{s}" for s in scores])
axes[1].set_xlabel("score")
axes[1].legend(fontsize=9)
axes[2].bar(datasets.FAMILIES, p, color=plots.GREY)
axes[2].axhline(0.1, color="black", linestyle="--", linewidth=1)
axes[2].set(title="untrained network, note B", ylim=(0, None))
axes[2].tick_params(axis="x", rotation=60)
plt.show()

# %% [markdown]
# *Figure: Left: ReLU. Middle: softmax makes probabilities of three scores, and is more decided if
# the scores are three times as large. Right: what an untrained network says about note B.*
#
# The network on the right has all the parts of a small CNN, and its answer is worthless, since
# its dense weights are random. Training would change that, with the loss you know: the negative
# logarithm of the probability given to the right family. For many classes it is called **sparse
# categorical cross-entropy** ("sparse" because the label is one number, not ten).

# %%
guess = np.full(10, 0.1)
print(f"loss of a model that always says 10 % for each family: {-np.log(guess[0]):.3f}")

# %% [markdown]
# Keep that number in mind. In table 4.3 of the thesis, the optimised CNN has a loss of 2.465 on
# NSynth's test notes, more than this guess, and yet it names 74.3 % of them correctly. **How can
# that be?**
#
# <details><summary>Answer</summary>
#
# The average is dominated by notes on which the model is very sure and wrong: a probability of
# 0.00001 for the right family costs 11.5. About a quarter of the notes are named wrongly, and
# many of those with great confidence.
#
# </details>
#
# **Change** `3 * scores` to `10 * scores`, and to `0 * scores`: how sure is softmax now?
#
# <details><summary>What happens</summary>
#
# Ten times the scores give 0.000, 0.993 and 0.007: nearly all to the largest. Scores of 0 give a
# third each. Softmax looks at differences of scores only; their size is how sure the model is.
#
# </details>
#
# ### Dropout
#
# [**Dropout**](glossary.md#dropout) ([Srivastava et al. (2014)](bibliography.md#srivastava-et-al-2014)) is for training
# only. It sets a share of its inputs, the **rate**, to zero, at random and anew in each step, so
# that no later unit can rely on a single one before it. The rest is divided by $1 - \text{rate}$,
# so that the sum stays the same on average. At test time it does nothing. A row of ones shows it
# all:

# %%
rate, ones = 0.25, np.ones(40, dtype=np.float32)
dropout = keras.layers.Dropout(rate, seed=3)
in_training = to_numpy(dropout(ones, training=True))
in_test = to_numpy(dropout(ones, training=False))

values = np.unique(in_training)
np.testing.assert_allclose(values, [0, 1 / (1 - rate)], rtol=1e-6)
many = to_numpy(dropout(np.ones(100_000, dtype=np.float32), training=True))
print("values in training:", values.round(4), f" mean of 100,000: {many.mean():.3f}")
print("values in test:    ", np.unique(in_test))

# %% mystnb={"image": {"alt": "Two rows of forty stems: in training some are zero and all others are a little above one, in test all are exactly one"}}
fig, axes = plt.subplots(1, 2, figsize=(8.2, 2.6), sharey=True)
for ax, values, title in ((axes[0], in_training, "training"), (axes[1], in_test, "test")):
    ax.stem(values, linefmt=plots.GREY, markerfmt="ko", basefmt=" ")
    ax.axhline(1, color=plots.GREEN, linestyle="--", linewidth=1)
    ax.set(title=f"{title}, rate {rate}", xlabel="unit", ylim=(-0.1, 1.6))
axes[0].set_ylabel("value")
plt.show()

# %% [markdown]
# *Figure: Forty ones after a dropout layer, in training and in test.*
#
# This helps to explain something odd in the thesis's curves: its networks do better on validation
# notes than on training notes (section 4.2.1, which names dropout as the likely reason). The
# training loss is measured while dropout is at work, and the validation loss without it.
#
# **Change** `rate` to 0.5, the rate in the thesis's base LSTM. How large are the survivors?
#
# <details><summary>What happens</summary>
#
# They are 2, since $1 / (1 - 0.5) = 2$; of the forty ones, 19 are set to zero in place of 10.
#
# </details>
#
# ## Recurrence
#
# A CNN has the whole picture before it. A [**recurrent**](glossary.md#recurrence) network reads a sequence one step after
# another and carries a **state** along: the new state is made from the new input and the old
# state. In its simplest form, with one number as the state,
#
# $$h_t = \tanh(u\,h_{t-1} + x_t).$$
#
# What can it remember? We send in one short event and wait.

# %% mystnb={"image": {"alt": "Three curves that jump at step 5: with feedback 0.5 the curve is back at zero after a few steps, with 0.9 after some forty, with 1.5 it stays up for good"}}
x = np.zeros(60)
x[5] = 1
fig, ax = plt.subplots()
for u, style, colour in (
    (0.5, ":", plots.GREY),
    (0.9, "--", plots.GREEN),
    (1.5, "-", plots.PURPLE),
):
    h, states = 0.0, []
    for x_t in x:
        h = np.tanh(u * h + x_t)
        states.append(h)
    ax.plot(states, style, color=colour, label=f"u = {u}")
ax.axvline(5, color="black", linewidth=0.8)
ax.set(xlabel="step", ylabel="state h", ylim=(0, 1))
ax.legend(bbox_to_anchor=(1.01, 1), loc="upper left")
plt.show()

# %% [markdown]
# *Figure: One event at step 5, and what is left of it, for three strengths of the feedback.*
#
# With $u$ below 1 the memory fades, whether you want it to or not; above 1 it stays for ever,
# whether you want it to or not. How long to remember is built in. What one would like is a state
# that is kept until something in the input says: forget it.
#
# **Change** `x[5] = 1` to `x[5] = 0.01`. Which curves still tell you that there was an event?
#
# <details><summary>What happens</summary>
#
# The two that fade start at 0.01 and are next to nothing from the beginning. The third, with $u =
# 1.5$, grows: 0.08 after five steps, 0.85 after fifteen, and 0.86 for good. It says that there was
# an event and no longer how strong it was: both strengths end at 0.8586.
#
# </details>
#
# ### The gates of an LSTM
#
# The LSTM ([Hochreiter and Schmidhuber (1997)](bibliography.md#hochreiter-and-schmidhuber-1997),
# with the forget gate of [Gers et al. (2000)](bibliography.md#gers-et-al-2000)) has a [**cell
# state**](glossary.md#cell-state) $c$ beside its output $h$, and three [**gates**](glossary.md#gate): numbers between 0 (shut) and 1 (open),
# worked out anew in each step from the input and the last output.
#
# *Table 2.1: The three gates of an LSTM, and its candidate.*
#
# | part | formula | says |
# |---|---|---|
# | input gate | $i = \sigma(W_i x + U_i h + b_i)$ | how much of the new is let in |
# | forget gate | $f = \sigma(W_f x + U_f h + b_f)$ | how much of the old is kept |
# | candidate | $g = \tanh(W_g x + U_g h + b_g)$ | what is new |
# | output gate | $o = \sigma(W_o x + U_o h + b_o)$ | how much is shown |
#
# $$c \leftarrow f \cdot c + i \cdot g, \qquad h \leftarrow o \cdot \tanh(c)$$
#
# Each of the four has the shape that you know: weighted sums and a bias. Keras keeps their
# weights side by side, in the order $i, f, g, o$ (it calls the candidate `c`). So one step is:


# %%
def lstm_step(x, h, c, W, U, bias):
    z = x @ W + h @ U + bias  # four times as many numbers as units
    i, f, g, o = np.split(z, 4)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    c = f * c + i * g
    h = o * np.tanh(c)
    return h, c, (i, f, g, o)


def lstm(sequence, W, U, bias):
    h = c = np.zeros(len(U))
    steps = []
    for x in sequence:
        h, c, gates = lstm_step(x, h, c, W, U, bias)
        steps.append((h, c, *gates))
    return [np.array(column) for column in zip(*steps, strict=True)]  # h, c, i, f, g, o


# %% [markdown]
# To check it, we take the first layer of the thesis's LSTM (table 3.2: 32 units), with the random
# weights that Keras gives it, and let it read the MFCCs of note B, moment by moment. They are
# divided by 100 here, so that the sums stay where the gates are neither quite open nor quite
# shut.

# %%
layer = keras.layers.LSTM(32, return_sequences=True)
sequence = (mfcc / 100).astype(np.float32)
keras_h = to_numpy(layer(sequence[None]))[0]
W, U, bias = (to_numpy(weight) for weight in layer.weights)
h, *_ = lstm(sequence, W, U, bias)

np.testing.assert_allclose(h, keras_h, atol=1e-5)
print("output:", h.shape, " largest difference:", np.abs(h - keras_h).max())
print("parameters:", layer.count_params(), "= 4 * 32 *", f"({W.shape[0]} + {U.shape[0]} + 1)")
print("biases, 32 for each of i, f, g, o:", [float(part.mean()) for part in np.split(bias, 4)])

# %% [markdown]
# The table of the thesis gives this layer "bias = 128": that is 4 x 32. Keras starts the biases
# of the forget gate at 1 and all others at 0, so an untrained LSTM leans towards remembering.
#
# ### A memory, wired by hand
#
# What are the gates good for? We wire one unit by hand. Its input has two channels: "event" and
# "clear". The input gate is shut unless there is an event; the forget gate keeps everything
# unless there is a "clear"; the output gate is open. **Predict** the cell state for events at
# steps 10 and 60 and a "clear" at step 40.

# %%
sequence = np.zeros((100, 2), dtype=np.float32)
sequence[[10, 60], 0] = 1  # event
sequence[40, 1] = 1  # clear

#             i    f    g   o
W = np.array([[10, 0, 3, 0], [0, -10, 0, 0]], dtype=np.float32)  # from event, from clear
U = np.zeros((1, 4), dtype=np.float32)  # nothing from the last output
bias = np.array([-5, 5, 0, 5], dtype=np.float32)

h, c, i, f, g, o = lstm(sequence, W, U, bias)
layer = keras.layers.LSTM(1, return_sequences=True)
layer.build((None, None, 2))
layer.set_weights([W, U, bias])
np.testing.assert_allclose(h, to_numpy(layer(sequence[None]))[0], atol=1e-5)
print("equal to Keras; the forget gate at rest:", f[0, 0].round(4))

# %% mystnb={"image": {"alt": "Five panels over 100 steps. Events at 10 and 60 and a clear at 40. The input gate opens at the events only, the forget gate shuts at the clear only, the output gate stays open. The cell state jumps up at 10, decays slightly, drops to zero at 40 and jumps up again at 60"}}
fig, axes = plt.subplots(5, 1, figsize=(7.6, 6), sharex=True, height_ratios=(1, 1, 1, 1, 1.5))
steps = {"drawstyle": "steps-mid"}
axes[0].plot(sequence[:, 0], color=plots.GREEN, label="event", **steps)
axes[0].plot(sequence[:, 1], "--", color=plots.PURPLE, label="clear", **steps)
axes[0].set_ylabel("input")
for ax, name, gate in zip(axes[1:4], ("input", "forget", "output"), (i, f, o), strict=True):
    ax.plot(gate, color="black", **steps)
    ax.set_ylabel(f"{name}\ngate")
axes[4].plot(c, color="black", label="cell state c", **steps)
axes[4].plot(h, "--", color=plots.GREY, label="output h", **steps)
axes[4].set(ylabel="state", xlabel="step", ylim=(-0.15, None))
for ax in axes[:4]:
    ax.set(ylim=(-0.15, 1.2), yticks=(0, 1))
for ax in (axes[0], axes[4]):
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
fig.align_ylabels()
plt.show()

# %% [markdown]
# *Figure: One LSTM unit, wired as a memory. From above: the input, the three gates, the cell state
# and the output.*
#
# The event lasted one step, the memory of it thirty, until it was cleared. Between, it shrinks a
# little in each step, since the forget gate at rest is not quite 1. In training, gradient descent
# does the wiring: each unit learns what is an event for it and what makes it forget. "It began
# loudly, and I have heard nothing since" is something a recurrent network can know at the end of
# a note; it is also what tells a guitar from an organ.
#
# **Change** the forget bias from 5 to 2. How long does the memory last now?
#
# <details><summary>What happens</summary>
#
# At rest the forget gate is 0.881 in place of 0.993. After six steps less than half of the memory
# is left, after twenty 8 % of it: each step multiplies it by 0.881 again.
#
# </details>
#
# Now without the keyboard: **wire it yourself**. Move a bias or a weight and see all gates and the
# memory at once; put events and clears at the step you choose. Can you make a unit that holds an
# event for five steps and then forgets by itself? One that never lets anything in?

# %%
interactive.memory(W, bias, sequence)

# %% [markdown]
# **Check yourself.** A unit is to remember an event of step 5 until step 100, whatever else comes
# in between. How should its gates stand in those steps?
#
# <details class="choice"><summary>A. Input gate shut, forget gate open.</summary>
#
# **Right.** Nothing new is let in, and all of the old is kept: the cell state stays as it is. The
# output gate decides only whether others get to see it.
#
# </details>
#
# <details class="choice"><summary>B. Input gate shut, forget gate shut.</summary>
#
# **No.** The name misleads. The forget gate is the factor in front of the *old* state. Shut means
# 0, and with 0 everything is forgotten at once.
#
# </details>
#
# <details class="choice"><summary>C. Input gate open, forget gate open.</summary>
#
# **No.** Then whatever comes in is added to the memory, step after step, and the event of step 5 is
# soon one part in a heap.
#
# </details>
#
# <details class="choice"><summary>D. It does not matter, as long as the output gate is
# shut.</summary>
#
# **No.** The output gate decides what is shown, not what is kept. Behind a shut output gate the
# memory may well be lost.
#
# </details>

# %% [markdown]
# ## Who has tried before
#
# Section 2.5 of the thesis names three earlier works: [Kawwa (2019)](bibliography.md#kawwa-2019),
# [Zhang and He (2017)](bibliography.md#zhang-and-he-2017) and
# [Gessle and Åkesson (2019)](bibliography.md#gessle-and-åkesson-2019). With the thesis itself in
# the last rows:
#
# *Table 2.2: Earlier works, and the thesis.*
#
# | who | task and data | features | model | accuracy |
# |---|---|---|---|---:|
# | Kawwa | 10 families; NSynth | MFCC, mel, chroma, ... | random forest | 65 % |
# | | | mel spectrogram | CNN | 56 % |
# | Zhang, He | 3 wind instruments; University of Iowa | MFCC | LSTM | 85.6 % |
# | Gessle, Åkesson | 10 genres of songs; GTZAN | not stated in the thesis | CNN | 56.0 % |
# | | | | LSTM | 42.0 % |
# | | 10 genres of songs; FMA | not stated in the thesis | CNN | 50.5 % |
# | | | | LSTM | 33.5 % |
# | the thesis | 10 families; NSynth's test notes | MFCC | CNN | 74.3 % |
# | | | | LSTM | 71.6 % |
#
# (Accuracies as section 2.5 and table 4.3 give them. Kawwa's 65 % and 56 % are those of the
# project's read-me; its notebook has 62.2 % and 54.5 %.)
#
# These numbers cannot be compared with each other: the tasks, the classes, the notes, the amount
# of training and the features all differ, and to guess one of three instruments right is easier
# than one of ten. Even Kawwa's CNN and the thesis's, on the same test notes, differ in more than
# mel spectrogram against MFCC: Kawwa had 5,000 notes a family and 30 epochs, the thesis 8,750
# notes and 50 epochs. To compare two models, one has to change the model and nothing else. That
# is what the chapters that follow are for.

# %% tags=["remove-cell"]
# For maintainers: `make regression` compares these figures with earlier runs. It shows nothing.
from helpers.runs import findings

findings.report(
    {
        "error/convolution by hand": np.abs(ours - keras_result).max(),
        "parameters/convolutions": first.count_params() + second.count_params(),
        "parameters/softmax": dense.count_params(),
    }
)

# %% [markdown]
# ## Try it yourself
#
# Each section above ends with something to change. Two more, with a little more to do:
#
# 1. **A kernel of your own.** Replace `line`, before it is given to Keras, by a kernel that
#    averages nine neighbours, and then by one that answers to lines that rise. Keras should still
#    agree.
#
#    <details><summary>What happens</summary>
#
#    Keras agrees with any kernel: it computes the same sums. The mean of nine neighbours blurs the
# picture. A kernel with 2 on the main diagonal (time and band grow together) and -1 elsewhere answers weakly on this note. In
# size, its answers add up to an eighth of those of `line`: the lines of this note are level.
#
#    </details>
#
# 2. **A counter.** Put four events into the hand-wired LSTM and no "clear". Does the cell state
#    count them? Does the output? Why not?
#
#    <details><summary>What happens</summary>
#
#    With events at 10, 30, 50 and 70 the cell state goes to 0.99, 1.85, 2.61 and 3.27: it counts,
# and loses a little in each step, since the forget gate is not quite 1. The output does not count:
# 0.75, 0.95, 0.98, 0.99. It passes through $\tanh$, which has no room above 1.
#
#    </details>
#
# ## What you learned
#
# - A convolution asks the same small question at every place of a picture; ReLU, pooling,
#   flatten, dense and softmax turn the answers into ten probabilities; dropout makes training
#   harder on purpose.
# - An LSTM reads a sequence and decides in each step, with three gates, what to let in, what to
#   keep and what to show.
# - Accuracies of different works are comparable only if all but the model is the same.
#
# ## Next
#
# [Chapter 3](03_dataset.ipynb) opens the notes: it listens to them, counts them, and looks for
# what is wrong.
#
# ---
#
# **Thesis sections covered**: 2.2, 2.3, 2.4 (in passing) and 2.5. **What differs**: the thesis
# explains in words and with pictures, this chapter computes each layer and compares it with Keras.
