# %% [markdown]
# # What a network learns, and how
#
# Which of two networks tells instruments apart better, a convolutional one or a recurrent one?
# That is the question of this book, and of the thesis that it re-implements,
# [Stenmark and Nylén (2024)](bibliography.md#stenmark-and-nylén-2024). Before you can answer it
# you have to know what the question means: what such a network is made of, what it does when it
# learns, and what "better" is measured on.
#
# ## What you will learn
#
# - Say what the thesis asks, what it found, and why that is not yet an answer.
# - Train a classifier by gradient descent in a few lines of NumPy, and read its loss curves:
#   epoch, learning rate, overfitting, hyperparameter.
# - Compute what the layers of a CNN do (convolution, pooling, dense, dropout) by hand, and check
#   each against Keras.
# - Compute one step of an LSTM by hand, check it against Keras, and show what its gates are for.
#
# **You need** Python, NumPy and to know what a derivative is. No sound, no networks.
#
# **Time**: 40 minutes of reading. Everything here is so small that it trains in a second.
#
# **Thesis**: chapters 1 and 2.

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/book/01_background.ipynb)

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

# %% tags=["parameters"]
PROFILE = "quick"  # smoke, quick, mini or thesis
DATA = "nsynth-mini"  # or a folder or archive in NSynth's layout

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import HTML, Markdown, display

from helpers import datasets, listening, plots, profiles

plots.use_style()
profile = profiles.get(PROFILE)

# %% [markdown]
# ## Three notes
#
# The data are single notes of instruments, four seconds each, from
# [NSynth](bibliography.md#engel-et-al-2017). `datasets.load` opens them and `listening.players`
# puts them on the page; both are plumbing here, and [chapter 3](03_dataset.ipynb) looks inside.
#
# Here are three notes of the same length and the same pitch, or as near to it as there is.
# **Listen, and name the instruments before you open the answer.**

# %%
notes = datasets.load(datasets.with_sound(DATA), "train")


def note_near(family, pitch=60):
    """The position of the note of a family whose pitch is closest to middle C (60)."""
    rows = np.flatnonzero(notes.table["family"] == family)
    return rows[np.abs(notes.table["pitch"].iloc[rows] - pitch).argmin()]


rows = {family: note_near(family) for family in ("vocal", "guitar", "organ")}
listening.players(
    [(notes.waveform(row), f"Note {name}") for name, row in zip("ABC", rows.values(), strict=True)]
)

# %% tags=["hide-input"]
answer = [
    f"{name} is of the family <b>{family}</b> (pitch {notes.table['pitch'].iloc[row]})"
    for name, (family, row) in zip("ABC", rows.items(), strict=True)
]
HTML(f"<details><summary>The answer</summary><p>{'; '.join(answer)}.</p></details>")

# %% [markdown]
# What you just did is **classification**: a sound in, one of a few names out. The names are
# [**classes**](glossary.md#class) or **labels**; here they are ten [**families**](glossary.md#family) of instruments, from bass to vocal.
# What your ear went by, when pitch and length were of no help, is called [**timbre**](glossary.md#timbre). How the
# sound begins, how it fades, which **overtones** (the higher tones that sound along with the
# pitch that you name) are strong: you know it when you hear it, and you
# would find it hard to write down as rules. That is when one lets a program learn from examples.
#
# A machine that can do this can sort a library of samples, find "something with a flute", or be
# one part of a larger system that transcribes a recording or takes it apart.
#
# **Change** `pitch=60` to 40 or 80 and listen again. Does it get harder?
#
# ## What the thesis asks, and what it found
#
# Two kinds of network are common for this job, and the thesis asks in section 1.1 which of them
# performs better at it: the **CNN** (convolutional neural network), which looks at a sound as if
# it were a picture, or the **LSTM** (long short-term memory), which reads it from beginning to
# end. Its best networks of each kind reached these [**accuracies**](glossary.md#accuracy), that is, shares of notes named
# correctly:
#
# | network | random part of the training notes | NSynth's own test notes |
# |---|---:|---:|
# | CNN | 97.1 % | 74.3 % |
# | LSTM | 96.0 % | 71.6 % |
#
# (Abstract and table 4.3.) The CNN is ahead in both columns. But a [**test of significance**](glossary.md#significance), which
# asks how easily luck alone would put one network ahead, gave $p = 0.0625$ over the thesis's five
# repetitions (table 4.4), above the usual limit of 0.05. So the thesis leaves open which of the
# two is better (its own chapter 6).
#
# Before you read on: **the two columns differ far more than the two rows. What could be the
# reason?**
#
# <details><summary>One answer</summary>
#
# In the first column, the notes that test a network come from the same instruments as the notes
# that trained it: other notes of the same guitars. In the second, no instrument has been heard
# before ([Engel et al. (2017)](bibliography.md#engel-et-al-2017) keep the instruments of the
# training notes out of the test notes). Which column is the right one depends on what you want to
# know.
#
# </details>
#
# So four things must be clear before "which is better?" has a meaning: what the data are, what
# the networks see of them, how one measures, and how sure one can be of a difference. The book
# takes them in this order:
#
# | chapter | question |
# |---|---|
# | 1, this one | What do networks of these two kinds compute, and how do they learn? |
# | [3](03_dataset.ipynb) | What are the notes, and what is wrong with them? |
# | [4](04_features.ipynb) | What does a network see of a note? |
# | [5](05_folds.ipynb) | Which notes train, and which notes test? |
# | [6](06_cnn.ipynb), [7](07_lstm.ipynb) | How are the thesis's CNN and LSTM built and trained? |
# | [8](08_tuning.ipynb) | Who chooses the numbers that training does not? |
# | [9](09_results.ipynb) | What came out? |
# | [10](10_significance.ipynb) | Is the difference more than luck? |
#
# ## Learning from examples
#
# We start with a smaller problem: two families, and two numbers for each note instead of the
# 64,000 measurements of air pressure that it is recorded as.
#
# - **brightness**: the mean frequency of the note's [**spectrum**](glossary.md#spectrum) (how strong each frequency is in
#   it), weighted by strength, in octaves
#   (so 10 means $2^{10}$ = 1024 Hz and 11 means twice that);
# - **fading**: how much quieter the third second is than the first, in decibels (0 means "just as
#   loud", $-20$ means "a tenth of the amplitude").

# %%
SAMPLE_RATE = 16_000  # samples a second


def two_numbers(waveform):
    strength = np.abs(np.fft.rfft(waveform))
    frequency = np.fft.rfftfreq(len(waveform), 1 / SAMPLE_RATE)
    brightness = np.log2(np.sum(frequency * strength) / np.sum(strength))

    def level(second):
        part = waveform[second * SAMPLE_RATE : (second + 1) * SAMPLE_RATE]
        return np.sqrt(np.mean(part**2)) + 1e-4  # not the logarithm of 0 for silence

    return brightness, 20 * np.log10(level(2) / level(0))


for name, row in zip("ABC", rows.values(), strict=True):
    brightness, fading = two_numbers(notes.waveform(row))
    print(f"note {name}: brightness {brightness:.1f} octaves, fading {fading:.1f} dB")

# %% [markdown]
# The two families are bass and guitar. `y` holds the **labels**: 0 for a bass, 1 for a guitar.
# The notes are dealt at random into three parts, and the rest of this section is about why: half
# of them to learn from ([**training**](glossary.md#training-part)), a quarter to watch the learning ([**validation**](glossary.md#validation-part)), a
# quarter that nobody looks at until the end ([**test**](glossary.md#test-part)).

# %%
FAMILIES = ("bass", "guitar")
pair = notes.sample(min(100, 2 * profile.notes_per_family))
pair = pair.select(pair.table["family"].isin(FAMILIES).to_numpy())
X_raw = np.array([two_numbers(pair.waveform(i)) for i in range(len(pair))])
y = (pair.table["family"] == FAMILIES[1]).to_numpy(dtype=float)

rng = np.random.default_rng(0)
part = np.empty(len(y), dtype="U10")
for label in (0, 1):  # the same proportions in both families
    dealt = rng.permutation(np.flatnonzero(y == label))
    for name, piece in zip(
        ("training", "training", "validation", "test"), np.array_split(dealt, 4), strict=True
    ):
        part[piece] = name

train_mean, train_std = (X_raw[part == "training"].mean(0), X_raw[part == "training"].std(0))
X = (X_raw - train_mean) / train_std  # both numbers on one scale: mean 0, standard deviation 1
print(f"profile {PROFILE}: {len(y)} notes, dealt into")
pd.crosstab(
    np.where(y == 1, FAMILIES[1], FAMILIES[0]), part, rownames=["family"], colnames=["part"]
)

# %% [markdown]
# The mean and the standard deviation are taken from the training notes alone. The other two parts
# stand for notes that are not there yet.
#
# What should you see in a scatter plot, if the two numbers say something about the family? Two
# clouds. If the clouds overlap, no simple border between them can be right every time.

# %% mystnb={"figure": {"caption": "Two numbers for each note. Filled: training notes; hollow: validation notes. The lower a point, the more its note has faded.", "name": "fig-background-two-numbers"}, "image": {"alt": "Scatter plot of brightness against fading: the bass notes, purple circles, lie mostly at the dark left, the guitar notes, green triangles, to the right, with an overlap"}}
STYLES = {0: ("o", plots.PURPLE, FAMILIES[0]), 1: ("^", plots.GREEN, FAMILIES[1])}


def scatter(points, name, ax, filled=True):
    for label, (marker, colour, family) in STYLES.items():
        x1, x2 = points[(part == name) & (y == label)].T
        face = colour if filled else "none"
        ax.scatter(x1, x2, 26, marker=marker, fc=face, ec=colour, label=f"{family}, {name}")


fig, ax = plt.subplots(figsize=(7.2, 3.8))
scatter(X_raw, "training", ax)
scatter(X_raw, "validation", ax, filled=False)
ax.set(xlabel="brightness (octaves)", ylabel="fading (dB)")
ax.legend(bbox_to_anchor=(1.01, 1), loc="upper left")
plt.show()

# %% [markdown]
# How far would brightness alone take you? Does fading help? Which points would you get wrong in
# any case? And do you see points that form strings? Those are neighbouring keys of one
# instrument. Dealing notes at random puts pieces of one string into all three parts, and
# [chapter 5](05_folds.ipynb) comes back to what that means.
#
# **Change** `FAMILIES` to `("guitar", "mallet")` and then to `("reed", "vocal")`: which pair do
# these two numbers tell apart?
#
# ### A model, and a loss to say how wrong it is
#
# A [**model**](glossary.md#model) is a formula with free numbers in it, its [**parameters**](glossary.md#parameter) or **weights**. Ours has
# three: two weights $w$ and a bias $b$.
#
# $$z = w_1 x_1 + w_2 x_2 + b, \qquad p = \frac{1}{1 + e^{-z}}$$
#
# The second formula, the [**sigmoid**](glossary.md#sigmoid), squeezes any number into 0 to 1, so that $p$ can be read as
# "the probability that this is a guitar". This is logistic regression, and also the smallest
# neural network there is.
#
# The [**loss**](glossary.md#loss) is one number that says how wrong the model is. [**Cross-entropy**](glossary.md#cross-entropy) takes the
# probability that the model gave to the right answer, and of that the negative logarithm: 0 if
# the model was sure and right, large if it was sure and wrong. The average over all notes is what
# training makes small. (With natural logarithms, its unit is called the [**nat**](glossary.md#nat).)


# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def predict(X, w, b):
    return sigmoid(X @ w + b)


def loss(X, y, w, b):
    p = np.clip(predict(X, w, b), 1e-7, 1 - 1e-7)  # as Keras does: never the logarithm of 0
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


X_train, y_train = X[part == "training"], y[part == "training"]
X_val, y_val = X[part == "validation"], y[part == "validation"]
w, b = np.zeros(2), 0.0
print(f"knows nothing, says 0.5 each time: loss {loss(X_train, y_train, w, b):.4f}")
print(f"natural logarithm of 2:                 {np.log(2):.4f}")

# %% [markdown]
# ### One step downhill
#
# The loss is a function of $w$ and $b$. Its derivatives (together: the [**gradient**](glossary.md#gradient)) say in which
# direction it grows; a step the other way makes it smaller. For this model and this loss the
# derivative is pleasantly short: the error $p - y$, times what it was multiplied with, averaged
# over the notes.
#
# $$\frac{\partial L}{\partial w} = \frac{1}{n}\sum_i (p_i - y_i)\,x_i, \qquad
# \frac{\partial L}{\partial b} = \frac{1}{n}\sum_i (p_i - y_i)$$
#
# One should never trust such a formula unchecked. Nudge a weight, see what the loss does,
# compare:


# %%
def gradient(X, y, w, b):
    error = predict(X, w, b) - y
    return X.T @ error / len(y), error.mean()


at, nudge = np.array([0.3, -0.2]), np.array([1e-6, 0])
difference = loss(X_train, y_train, at + nudge, 0.1) - loss(X_train, y_train, at - nudge, 0.1)
print(f"by the formula: {gradient(X_train, y_train, at, 0.1)[0][0]:.6f}")
print(f"by nudging:     {difference / 2e-6:.6f}")

dw, db = gradient(X_train, y_train, w, b)
for step in (0.1, 1.0):
    after = loss(X_train, y_train, w - step * dw, b - step * db)
    print(f"after one step of {step} x gradient: loss {after:.4f}")

# %% [markdown]
# ### Epochs
#
# Now repeat. Two words belong to the loop. Instead of averaging over all notes before each step,
# one takes a small [**batch**](glossary.md#batch) at a time, steps, and takes the next. When every training note has
# been used once, an [**epoch**](glossary.md#epoch) is over, the notes are shuffled, and the next begins. The factor in
# front of the gradient is the [**learning rate**](glossary.md#learning-rate). (The thesis uses batches of 32 and 50 epochs,
# section 3.2.5.)


# %%
BATCH_SIZE = 32


def train(X, y, learning_rate, epochs, batch_size=BATCH_SIZE, seed=0):
    rng = np.random.default_rng(seed)
    w, b = np.zeros(X.shape[1]), 0.0
    weights = [(w, b)]
    for _ in range(epochs):
        order = rng.permutation(len(y))
        for start in range(0, len(y), batch_size):
            batch = order[start : start + batch_size]
            dw, db = gradient(X[batch], y[batch], w, b)
            w, b = w - learning_rate * dw, b - learning_rate * db
        weights.append((w, b))
    return weights  # before training, and after each epoch


weights = train(X_train, y_train, learning_rate=0.3, epochs=30)
training_loss = [loss(X_train, y_train, *wb) for wb in weights]
validation_loss = [loss(X_val, y_val, *wb) for wb in weights]
print(f"profile {PROFILE}: {len(y_train)} training notes, batches of {BATCH_SIZE} or fewer")
for epoch in (0, 1, 5, 30):
    p = predict(X_val, *weights[epoch])
    accuracy = np.mean((p > 0.5) == y_val)
    print(f"epoch {epoch:2}: validation loss {validation_loss[epoch]:.3f}, accuracy {accuracy:.2f}")

# %% [markdown]
# That is all there is to training. The networks of this book have millions of weights instead of
# three, Keras works out the gradient, and the steps are a little cleverer
# ([Adam](bibliography.md#kingma-and-ba-2015), chapter 6). The loop is the same.
#
# The next figure shows it twice: the loss over the epochs, and the line $p = 0.5$ on which the
# model cannot decide. Watch where the line goes.

# %% mystnb={"figure": {"caption": "Left: the loss after each epoch. Right: the validation notes and the model's border after 1, 3 and 30 epochs.", "name": "fig-background-epochs"}, "image": {"alt": "Left, two curves of the loss that fall steeply at first and then level off. Right, a scatter plot with three straight lines that turn from epoch to epoch until they part the two clouds as well as a line can"}}
fig, (ax, ax2) = plt.subplots(1, 2, figsize=(9.4, 3.2))
ax.plot(training_loss, "--", color=plots.GREY, label="training")
ax.plot(validation_loss, color="black", label="validation")
ax.set(xlabel="epoch", ylabel="loss (nats)", ylim=(0, 0.75))
ax.legend()

scatter(X, "validation", ax2, filled=False)
across = np.array([-3.0, 3.0])
for epoch, style in ((1, ":"), (3, "--"), (30, "-")):
    (w1, w2), b = weights[epoch]
    ax2.plot(across, -(w1 * across + b) / w2, style, color="black", label=f"epoch {epoch}")
ax2.set(xlabel="brightness, standardised", ylabel="fading, standardised")
ax2.set(xlim=(-2.5, 2.5), ylim=(-3, 2.2))
ax2.legend(fontsize=8, bbox_to_anchor=(1.01, 1), loc="upper left")
plt.show()

# %% [markdown]
# The loss is high, drops quickly while any step is an improvement, and levels off when the line
# is about as good as a line can get. It does not reach 0, since the clouds overlap. The thesis's
# networks level off too, near epoch 40 of 50 (section 4.2.1).
#
# Note that accuracy and loss are two things. Accuracy asks whether the right side was chosen;
# loss also asks how sure the model was. Training needs the loss, because a tiny step changes how
# sure the model is but hardly ever which side it chooses: accuracy has no useful gradient.
#
# **Change** `BATCH_SIZE = 32` to 1 and then to 1000. How many steps are in an epoch now, and what
# happens to the curves?

# %% [markdown]
# **Check yourself.** From one epoch to the next, the training loss fell and the training accuracy
# stayed exactly the same. What happened?
#
# <details class="choice"><summary>A. Nothing. A model that gets no more notes right has not
# changed.</summary>
#
# **No.** The loss is computed from the probabilities, and it fell, so they have changed. Accuracy
# sees only on which side of 0.5 each of them lies.
#
# </details>
#
# <details class="choice"><summary>B. One of the two was measured wrongly, for they say the same
# thing.</summary>
#
# **No.** They often move together, but they are two questions: was the right side chosen, and how
# sure was the model? The answer to the second can change without the first.
#
# </details>
#
# <details class="choice"><summary>C. Right answers got more probability, but no more of them
# won.</summary>
#
# **Right.** That is how most of training looks from near by: many small shifts of probability
# before a note changes sides. It is also why one trains with the loss.
#
# </details>

# %% [markdown]
# ### The learning rate
#
# How long should a step be? Below are three runs that differ in nothing else. **Predict** the
# three curves before you look: steps a hundred times too short; steps that are right; steps a
# hundred times too long.

# %% mystnb={"figure": {"caption": "Three learning rates, from the same start, on the same notes in the same order. Note the logarithmic axis.", "name": "fig-background-learning-rate"}, "image": {"alt": "Three curves of the training loss over 30 epochs: one that sinks so slowly that it looks flat, one that falls and levels off, and one that jumps up and down and does not settle"}}
fig, ax = plt.subplots()
for rate, style, colour in (
    (0.003, ":", plots.GREY),
    (0.3, "-", plots.GREEN),
    (30, "--", plots.PURPLE),
):
    run = train(X_train, y_train, rate, epochs=30)
    curve = [loss(X_train, y_train, *wb) for wb in run]
    ax.plot(curve, style, color=colour, label=f"learning rate {rate}")
ax.set(xlabel="epoch", ylabel="training loss (nats)", yscale="log")
ax.set_yticks([0.3, 0.5, 1, 2, 5, 10], ["0.3", "0.5", "1", "2", "5", "10"])
ax.minorticks_off()
ax.legend(bbox_to_anchor=(1.01, 1), loc="upper left")
plt.show()

# %% [markdown]
# Too low: it moves in the right direction and would need far more epochs. Too high: each step
# overshoots, lands on the far slope of the valley, and the next overshoots again; on some
# problems the loss comes to rest by luck, on others it grows until the numbers overflow. The
# thesis takes 0.0001 for the CNN and 0.001 for the LSTM (section 3.2.5).
#
# **Change** 30 to 3. Is that too high as well?
#
# ### Overfitting
#
# Why was the straight line not better? Because it is a line. Let us give the model more freedom:
# turn the two numbers of a note into 300, each a wave over the plane in a direction of its own,
# and learn a weight for each. The model is the same formula, with 301 parameters instead of 3.
#
# And let us give it little to learn from: ten training notes of each family. **What will happen
# to the training loss? And to the validation loss?**


# %%
def waves(X, n, seed=0):
    rng = np.random.default_rng(seed)
    directions = rng.normal(0, 3, (X.shape[1], n))
    return np.cos(X @ directions + rng.uniform(0, 2 * np.pi, n))


N_WAVES = 300
rng = np.random.default_rng(0)
few = np.concatenate(
    [rng.permutation(np.flatnonzero((part == "training") & (y == k)))[:10] for k in (0, 1)]
)
free = train(waves(X[few], N_WAVES), y[few], learning_rate=0.1, epochs=200)
free_training = [loss(waves(X[few], N_WAVES), y[few], *wb) for wb in free]
free_validation = [loss(waves(X_val, N_WAVES), y_val, *wb) for wb in free]

# %%
best = int(np.argmin(free_validation))
low, last = free_validation[best], free_validation[-1]
display(
    Markdown(
        f"{len(few)} training notes, {N_WAVES + 1} parameters: the training loss went from "
        f"{free_training[0]:.3f} to **{free_training[-1]:.3f}**. The validation loss was lowest "
        f"after epoch {best}, {low:.3f}, and "
        + (f"rose again to **{last:.3f}**." if last > low else "had not risen when we stopped.")
    )
)

# %% mystnb={"figure": {"caption": "Many parameters, few notes. Left: training and validation loss part. Right: what the model believes, with the notes that it learned from.", "name": "fig-background-overfitting"}, "image": {"alt": "Left, a training loss that sinks towards zero and a validation loss that falls at first and then climbs. Right, a map with wavy patches of purple and green, in which each training note sits in a patch of its own colour"}}
fig, (ax, ax2) = plt.subplots(1, 2, figsize=(8.2, 3.4), width_ratios=(1, 1.15))
ax.plot(free_training, "--", color=plots.GREY, label="training")
ax.plot(free_validation, color="black", label="validation")
ax.axvline(best, color="black", linewidth=0.8, linestyle=":")
ax.set(xlabel="epoch", ylabel="loss (nats)")
ax.legend()

side = np.linspace(-2.8, 2.8, 120)
plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
belief = predict(waves(plane, N_WAVES), *free[-1]).reshape(120, 120)
image = ax2.pcolormesh(side, side, belief, cmap="PRGn", vmin=0, vmax=1, rasterized=True)
fig.colorbar(image, ax=ax2, label=f"probability of {FAMILIES[1]}")
for label, (marker, colour, family) in STYLES.items():
    ax2.scatter(*X[few][y[few] == label].T, 34, marker=marker, fc=colour, ec="black", label=family)
ax2.set(xlabel="brightness, standardised", ylabel="fading, standardised")
ax2.legend(fontsize=8, loc="lower left")
ax2.grid(False)
plt.show()

# %% [markdown]
# The model has learned its few notes by heart: each sits in a patch of its own colour, and the
# border winds around them. Nothing about basses and guitars asks for such a border. This is
# [**overfitting**](glossary.md#overfitting): a loss that is better on the notes the model was trained on than on notes it
# has not seen, and a gap that grows. You can only see it with notes that were kept away from
# training. That is what the validation part is for.
#
# Against overfitting help more notes, fewer parameters, stopping in time (the dotted line), and
# dropout, which you will meet below. The thesis's CNN has 6,239,338 parameters (chapter 6 counts
# them) and trains on 80 % of 87,500 notes: about 89 parameters a note.
#
# **Change** `[:10]` to `[:100]`, so that all training notes are used, and compare the two curves.

# %% [markdown]
# **Check yourself.** The training loss falls from epoch to epoch; the validation loss has been
# rising for a while. You want a model that names new notes well. What helps?
#
# <details class="choice"><summary>A. To go on training until the validation loss falls
# again.</summary>
#
# **No.** What it learns now is peculiar to the training notes. Nothing pulls the validation loss
# down again, and each further epoch fits those few notes more tightly.
#
# </details>
#
# <details class="choice"><summary>B. To keep the weights of the epoch in which the validation loss
# was lowest.</summary>
#
# **Right.** Up to there, what was learned carried over to notes that were kept away. More notes,
# fewer parameters or dropout are other ways. The validation notes have now taken part in a choice,
# so a score has to come from a third part.
#
# </details>
#
# <details class="choice"><summary>C. To move the validation notes into the training part, so that
# their loss falls, too.</summary>
#
# **No.** It would fall, and mean nothing: the model would learn these notes by heart like the
# others. More training notes do help, but then other notes have to stand guard.
#
# </details>
#
# <details class="choice"><summary>D. To raise the learning rate, so that it gets past the bad
# stretch.</summary>
#
# **No.** Longer steps in the direction of the training loss lead where the short ones led. Here the
# direction is the trouble, not the pace.
#
# </details>

# %% [markdown]
# ### Hyperparameters
#
# Weights are found by gradient descent. The learning rate, the number of epochs, the batch size
# and the number of waves are not: you set them before training starts. Such numbers are
# [**hyperparameters**](glossary.md#hyperparameter), and the usual way to choose them is to try some and to keep those with the
# best validation score. The thesis tries five combinations for each network (section 3.2.6). Here
# are six:

# %%
X_test, y_test = X[part == "test"], y[part == "test"]
trials = []
for n in (3, 30, 300):
    for rate in (0.01, 0.1):
        w, b = train(waves(X_train, n), y_train, rate, epochs=100)[-1]
        scores = {"waves": n, "learning rate": rate}
        for name in ("training", "validation", "test"):
            inside = part == name
            scores[f"{name} loss"] = loss(waves(X[inside], n), y[inside], w, b)
        trials.append(scores)
trials = pd.DataFrame(trials, index=pd.RangeIndex(1, 7, name="trial"))
trials.round(3)

# %%
chosen = trials["validation loss"].idxmin()
row = trials.loc[chosen]
same = trials["test loss"].idxmin() == chosen
display(
    Markdown(
        f"The lowest training loss is trial {trials['training loss'].idxmin()}'s. By validation "
        f"loss we choose **trial {chosen}** ({row['waves']:.0f} waves, learning rate "
        f"{row['learning rate']}). Its validation loss is {row['validation loss']:.3f}; on the "
        f"test notes it has **{row['test loss']:.3f}**. On these {len(y_test)} test notes, "
        + ("no other trial would have been better." if same else "another would have done better.")
    )
)

# %% [markdown]
# Three parts of the data, three jobs: training notes set the weights, validation notes choose the
# hyperparameters, test notes say how good the choice is. Why not report the validation loss?
# Because it is the best of six, and the best of six owes something to luck. The test notes took
# no part in the choice, so their number is honest, if noisy: choose first, look at the test once,
# and report it whatever it says. (The table shows the test column for every trial so that you can
# see this. In earnest you would look at one cell of it.) [Chapter 5](05_folds.ipynb) makes the
# parts, [chapter 8](08_tuning.ipynb) searches.
#
# **Change** the seed in `np.random.default_rng(0)`, where the parts are dealt, to 1 and run from
# there. Is the same trial chosen?
#
# ## What a network sees
#
# Two numbers a note are too few for ten families. A [**mel spectrogram**](glossary.md#mel-spectrogram) is a picture of a sound:
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

# %% mystnb={"figure": {"caption": "Note B as a mel spectrogram (left) and as 13 MFCCs (right; colours end at -150 and 150, and coefficient 0 goes beyond).", "name": "fig-background-mel-mfcc"}, "image": {"alt": "Left, the mel spectrogram of a plucked guitar: silence for half a second, then horizontal lines, the overtones, that start together and fade, and start again when the key is let go. Right, its MFCCs, 13 rows that change when the note starts and when it is let go"}}
fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.2))
plots.feature_image(mel, axes[0], title="mel spectrogram")
plots.feature_image(
    mfcc, axes[1], label="value", ylabel="coefficient", title="MFCC", vmin=-150, vmax=150
)
plt.show()

# %% [markdown]
# Half a second of silence was put before the note, so that its beginning is not at the margin of
# the picture; NSynth's players let the key go after three seconds, and here you see that, too.
# [Chapter 4](04_features.ipynb) builds both pictures, step by step. For now, they are tables of
# numbers: a row is a moment, a column a feature. One may look at such a table as a **picture**,
# or read it row by row as a **sequence**. The CNN does the one, the LSTM the other.
#
# **Change** `rows["guitar"]` to `rows["vocal"]`: what happens to the lines?
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

# %% mystnb={"figure": {"caption": "A tiny picture, a kernel, and the picture convolved with it. Green: above 0. Purple: below.", "name": "fig-background-tiny-convolution"}, "image": {"alt": "Three tables of numbers: a picture of zeros on the left and ones on the right; a kernel with a column of minus ones, of zeros and of ones; and the result, 3 along the edge in the middle, minus 3 in the last column (2 and minus 2 in the top and bottom rows), and 0 elsewhere"}}
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
# The result is 3 where dark turns to bright (2 in the top and bottom rows, where a row of the
# kernel lies on padding), and 0 where nothing changes. The last column is negative: there the
# kernel sees the picture end, since the padding is dark. That edge is not in the picture. Padding
# has a price.
#
# **Change** the kernel to its transpose, `edge.T`. Why is the middle of the result 0 now?
#
# ### On a real note, and the same in Keras
#
# Our pictures have time along the rows, so `edge.T` answers where something **begins**. A second
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


# %% mystnb={"figure": {"caption": "Note B: the spectrogram, and the answers of two kernels. Green: like the kernel. Purple: the opposite.", "name": "fig-background-convolution"}, "image": {"alt": "Three pictures: the spectrogram of a guitar note; an answer that is green where the note starts and where it is let go, purple just after and faintly where it fades; and an answer with a green line along each overtone"}}
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
# One kernel found the moments at which the note starts and is let go (and, at the right margin,
# the one at which we cut it off), the other the overtones. And each needs only nine weights,
# because they are the same wherever the kernel lies: an onset is an onset at any time, an
# overtone is an overtone at any pitch. That is the idea behind a CNN.
#
# In a network nobody writes kernels by hand. A **convolutional layer** has many of them (its
# [**filters**](glossary.md#filter)), starts them at random, and gradient descent shapes them, as it shaped $w$ above.
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
# **Change** `8_000` to `24_000` where the spectrogram is computed, so that the note starts a
# second later, and run from there. What changes in the answers, and what does not?
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

# %% mystnb={"figure": {"caption": "The answer of the first kernel around the start of the note, then ReLU, then pooling. After pooling, one step is two frames and two bands.", "name": "fig-background-pooling"}, "image": {"alt": "Three pictures of the same detail: the answer with positive and negative places; the same with all negative places set to zero; and a coarser one with blocks twice as wide and twice as high"}}
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
# The purple, where the sound fades, is gone after ReLU. After pooling the picture is coarser, and
# the strong answers are still there.
#
# **Change** `.max(` to `.mean(` in `pool_2x2` (average pooling, so the comparison will complain).
# Which answers get weaker?
#
# ### Flatten, dense, softmax
#
# At the end, the picture has to become ten numbers. [**Flatten**](glossary.md#flatten) writes it in one long row. A
# [**dense**](glossary.md#dense-layer) layer makes weighted sums of all of them, one sum for each of its outputs, each with
# its own weights and bias: the model of the first half of this chapter, ten times over. The sums
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

# %% mystnb={"figure": {"caption": "Left: ReLU. Middle: softmax makes probabilities of three scores, and is more decided if the scores are three times as large. Right: what an untrained network says about note B.", "name": "fig-background-softmax"}, "image": {"alt": "Left, a line that is zero up to zero and then rises. Middle, three pairs of bars; with larger scores the highest bar grows and the others shrink. Right, ten bars, one a family, of no particular order"}}
fig, axes = plt.subplots(1, 3, figsize=(9, 3), width_ratios=(2, 2, 3))
z = np.linspace(-2, 2, 5)
axes[0].plot(z, np.maximum(0, z), color="black")
axes[0].set(title="ReLU", xlabel="in", ylabel="out")
scores = np.array([0.2, 1.0, 0.5])
axes[1].bar(np.arange(3) - 0.2, softmax(scores), 0.4, color=plots.GREY, label="scores")
axes[1].bar(
    np.arange(3) + 0.2, softmax(3 * scores), 0.4, color=plots.GREEN, hatch="//", label="3 x scores"
)
axes[1].set(title="softmax", ylabel="probability", ylim=(0, 1))
axes[1].set_xticks(range(3), [f"{s}" for s in scores])
axes[1].set_xlabel("score")
axes[1].legend(fontsize=8)
axes[2].bar(datasets.FAMILIES, p, color=plots.GREY)
axes[2].axhline(0.1, color="black", linestyle="--", linewidth=1)
axes[2].set(title="untrained network, note B", ylim=(0, None))
axes[2].tick_params(axis="x", rotation=60)
plt.show()

# %% [markdown]
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
# **Change** `3 * scores` to `10 * scores`, and to `0 * scores`.
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

# %% mystnb={"figure": {"caption": "Forty ones after a dropout layer, in training and in test.", "name": "fig-background-dropout"}, "image": {"alt": "Two rows of forty stems: in training some are zero and all others are a little above one, in test all are exactly one"}}
fig, axes = plt.subplots(1, 2, figsize=(8.2, 2.6), sharey=True)
for ax, values, title in ((axes[0], in_training, "training"), (axes[1], in_test, "test")):
    ax.stem(values, linefmt=plots.GREY, markerfmt="ko", basefmt=" ")
    ax.axhline(1, color=plots.GREEN, linestyle="--", linewidth=1)
    ax.set(title=f"{title}, rate {rate}", xlabel="unit", ylim=(-0.1, 1.6))
axes[0].set_ylabel("value")
plt.show()

# %% [markdown]
# This helps to explain something odd in the thesis's curves: its networks do better on validation
# notes than on training notes (section 4.2.1, which names dropout as the likely reason). The
# training loss is measured while dropout is at work, and the validation loss without it.
#
# **Change** `rate` to 0.5, the rate in the thesis's base LSTM. How large are the survivors?
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

# %% mystnb={"figure": {"caption": "One event at step 5, and what is left of it, for three strengths of the feedback.", "name": "fig-background-recurrence"}, "image": {"alt": "Three curves that jump at step 5: with feedback 0.5 the curve is back at zero after a few steps, with 0.9 after some forty, with 1.5 it stays up for good"}}
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
# With $u$ below 1 the memory fades, whether you want it to or not; above 1 it stays for ever,
# whether you want it to or not. How long to remember is built in. What one would like is a state
# that is kept until something in the input says: forget it.
#
# **Change** `x[5] = 1` to `x[5] = 0.01`. Which curves still tell you that there was an event?
#
# ### The gates of an LSTM
#
# The LSTM ([Hochreiter and Schmidhuber (1997)](bibliography.md#hochreiter-and-schmidhuber-1997),
# with the forget gate of [Gers et al. (2000)](bibliography.md#gers-et-al-2000)) has a [**cell
# state**](glossary.md#cell-state) $c$ beside its output $h$, and three [**gates**](glossary.md#gate): numbers between 0 (shut) and 1 (open),
# worked out anew in each step from the input and the last output.
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

# %% mystnb={"figure": {"caption": "One LSTM unit, wired as a memory. From above: the input, the three gates, the cell state and the output.", "name": "fig-background-gates"}, "image": {"alt": "Five panels over 100 steps. Events at 10 and 60 and a clear at 40. The input gate opens at the events only, the forget gate shuts at the clear only, the output gate stays open. The cell state jumps up at 10, decays slightly, drops to zero at 40 and jumps up again at 60"}}
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
axes[4].set(ylabel="state", xlabel="step")
for ax in axes:
    ax.set(ylim=(-0.15, 1.2), yticks=(0, 1))
for ax in (axes[0], axes[4]):
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
fig.align_ylabels()
plt.show()

# %% [markdown]
# The event lasted one step, the memory of it thirty, until it was cleared. Between, it shrinks a
# little in each step, since the forget gate at rest is not quite 1. In training, gradient descent
# does the wiring: each unit learns what is an event for it and what makes it forget. "It began
# loudly, and I have heard nothing since" is something a recurrent network can know at the end of
# a note; it is also what tells a guitar from an organ.
#
# **Change** the forget bias from 5 to 2. How long does the memory last now?

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
        "notes/bass and guitar": len(y),
        "loss/validation/two numbers": validation_loss[-1],
        "loss/test/chosen trial": trials.loc[chosen, "test loss"],
        "error/convolution by hand": np.abs(ours - keras_result).max(),
        "parameters/convolutions": first.count_params() + second.count_params(),
        "parameters/softmax": dense.count_params(),
    }
)

# %% [markdown]
# ## Try it yourself
#
# Each section above ends with something to change. Four more, with a little more to do:
#
# 1. **Another number.** In `two_numbers`, replace the fading by one of your own: the level of the
#    last second, say, or the time at which the note is loudest. Nothing else needs to change. Do
#    the clouds part better, and does the validation loss after 30 epochs agree with your eye?
# 2. **Stop in time.** In the cell that draws the map of beliefs, take `free[best]` instead of
#    `free[-1]`. Which border would you rather have?
# 3. **A kernel of your own.** Replace `line`, before it is given to Keras, by a kernel that
#    averages nine neighbours, and then by one that answers to lines that rise. Keras should still
#    agree.
# 4. **A counter.** Put four events into the hand-wired LSTM and no "clear". Does the cell state
#    count them? Does the output? Why not?
#
# ## What you learned
#
# - Training is a loop: predict, measure the loss, step against its gradient. An epoch is one pass
#   over the training notes; the learning rate is the length of a step.
# - A model with many parameters and few notes learns them by heart. You see it on notes that were
#   kept away, and you choose hyperparameters by those; a third part, the test notes, says how
#   good the choice is.
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
# **Thesis sections covered**: 1, 1.1, 2.1, 2.2, 2.3, 2.4 (in passing) and 2.5. **What
# differs**: the thesis explains in words, this chapter computes. Two explanations are sharper
# here. Section 2.1 has the learning rate say how much a model adapts in an epoch; it is the
# length of each step, and an epoch has many. And it ties a high learning rate to overfitting;
# what you saw of a rate that is too high is a training loss that does not settle, while
# overfitting came from many parameters and few notes.
