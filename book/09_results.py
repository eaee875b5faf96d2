# ---
# jupyter:
#   accelerator: GPU
# ---

# %% [markdown]
# # Four models, two tests
#
# Base CNN, optimised CNN, base LSTM, optimised LSTM: which one hears best, and what does each take
# for what? This chapter repeats section 4.2 of the thesis on the bundled notes: its table and its four
# figures.
#
# ## What you will learn
#
# - Compute loss, accuracy and a confusion matrix in a few lines of NumPy.
# - Explain how a model can be right more often than not and still have a loss worse than guessing.
# - Say what the rows of a confusion matrix are, and why it matters which way you divide.
# - Read learning curves, and find out why the validation loss can lie below the training loss.
# - Check which findings of a study carry over to other notes, and listen to what went wrong.
#
# **You need**: [folds](05_folds.ipynb), [the CNN](06_cnn.ipynb), [the LSTM](07_lstm.ipynb),
# [tuning](08_tuning.ipynb).
#
# **Time**: 30 minutes of reading. The runs that the chapter is about are recorded, and nothing is
# trained. With another `SEED` the last part trains runs of your own: a minute in the profile
# smoke, minutes in quick.
#
# **Thesis**: sections 3.3 and 4.2, table 4.3, figures 4.1 to 4.4.
#
# The page shows the **recorded** runs, made on the bundled notes (profile `mini`, seed 0). `SEED = 1` or
# `PROFILE = "quick"` trains anew.

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/book/09_results.ipynb)

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

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn.metrics
from IPython.display import display

from helpers import datasets, evaluation, listening, plots, tuning
from helpers.datasets import FAMILIES
from helpers.runs import compare, figures, findings, interactive, records, training

plots.use_style()

# %% [markdown]
# ## Two sets of numbers
#
# Two sets of numbers meet on this page. Keep them apart:
#
# - **Thesis**: 87,500 notes of NSynth (70,000 to train on in a fold), 5 folds, 50 epochs; NSynth's
#   test split of 4,096 notes.
# - **Recorded**: the whole protocol of the thesis (folds, epochs, trials, executions) on the
#   bundled notes: 1,000 of them (800 to train on in a fold), 5 folds, 50 epochs, seed 0. These 30 runs
#   took 4.0 hours, so they come with the book. (The CNNs ran on TensorFlow, the LSTMs on JAX. Whether a
#   backend matters is asked by [the study](study.md), which sees no sign of it.)
#
# `tuning.protocol` picks six models among the records by what their configuration says: the four of
# the thesis, and two that answer a question. "Optimised" is the thesis's word for the winner of a
# search of five trials, and [chapter 8](08_tuning.ipynb) showed how much luck is in that. What if our
# search had found what the thesis's did? So both networks were also trained with the thesis's own
# winners.
#
# *Table 9.1: Filters (CNN) or units (LSTM), first and second, then dropout, of the six models.*

# %%
shipped = records.read_all(records.SHIPPED)
recorded = tuning.protocol(shipped)
pd.DataFrame(
    {
        title: {
            "setting": ", ".join(map(str, group[0].config["hyperparameters"].values())),
            "parameters": f"{group[0].info['parameters']:,}",
            "folds": len(group),
        }
        for title, group in recorded.items()
    }
).T

# %% [markdown]
# Each model takes two tests (section 3.3):
#
# - the **fold's test part**: notes that it has not seen, of instruments that it knows;
# - the **test split** that NSynth's authors set apart: notes of instruments that it has never
#   heard. The bundled part of it is mini-test. As [chapter 3](03_dataset.ipynb) found, the recordings
#   of 21 of its 200 notes are in training under other names. A model can answer these from memory, so
#   every score leaves them out.

# %%
bundled = datasets.load("nsynth-mini", "train")
mini_test = datasets.load("nsynth-mini", "test")
heard = evaluation.leaked(bundled, mini_test)
print(
    f"{len(heard)} of {len(mini_test)} test notes are left out, {len(mini_test) - len(heard)} stay"
)

# %% [markdown]
# ## From probabilities to scores
#
# Everything on this page is computed from what the records hold: for every tested note, its label
# and ten probabilities. Take one record, its answers on mini-test, and compute each score by hand,
# once.
#
# *Table 9.2: What a network answers: three notes of mini-test, ten probabilities each.*

# %%
labels, p = evaluation.part(recorded["Base CNN"][0], "nsynth_test", without=heard)
p = p.astype(float)
print("labels:", labels.shape, "probabilities:", p.shape, "sum of a row:", p[0].sum().round(6))

shown = [0, len(labels) // 2, len(labels) - 1]
pd.DataFrame(p[shown].T, FAMILIES, [f"a {FAMILIES[i]}" for i in labels[shown]]).round(3)

# %% [markdown]
# **Accuracy** asks only whether the largest probability is in the right place. **Cross-entropy**,
# the loss of section 3.2.5, asks how much probability the *true* family got: for one note it is
# $-\log p_{\text{true}}$, for a set of notes the mean of that, in **nats** (the unit that belongs
# to the natural logarithm). It is 0 for a sure and right answer and has no upper limit for a sure and
# wrong one. Keras cuts probabilities off at $10^{-7}$, so that one note cannot make it infinite, and
# so do we.

# %%
own = p[np.arange(len(labels)), labels]  # what each note's true family got
loss = -np.log(np.clip(own, 1e-7, 1 - 1e-7)).mean()

guesses = p.argmax(axis=1)
accuracy = (guesses == labels).mean()
print(f"loss {loss:.3f} nats, accuracy {accuracy:.3f}")

# %% [markdown]
# A **confusion matrix** counts who is taken for whom: row = true family, column = predicted family.
# Dividing each row by its sum gives the proportion of the true family that went to each column. The
# diagonal then is the **recall** of each family: of all flutes, how many were called flutes. The mean
# of the ten recalls is chapter 3's balanced accuracy.

# %%
counts = np.zeros((10, 10))
np.add.at(counts, (labels, guesses), 1)  # counts[true, predicted] += 1, note by note
confusion = counts / counts.sum(axis=1, keepdims=True)
print("recall:", dict(zip(FAMILIES, np.diag(confusion).round(2).tolist(), strict=True)))

# %% [markdown]
# `helpers.evaluation` holds these lines, and scikit-learn has them too. All three agree:

# %%
by_helper = evaluation.scores(labels, p)
assert np.allclose([loss, accuracy], [by_helper["loss"], by_helper["accuracy"]])
assert np.allclose(confusion, evaluation.confusion(labels, p))

clipped = np.clip(p, 1e-7, 1)
clipped /= clipped.sum(axis=1, keepdims=True)  # scikit-learn insists on sums of 1
theirs = sklearn.metrics
assert np.isclose(loss, theirs.log_loss(labels, clipped, labels=range(10)), atol=1e-4)
assert np.isclose(accuracy, theirs.accuracy_score(labels, guesses))
assert np.allclose(confusion, theirs.confusion_matrix(labels, guesses, normalize="true"))

# %% [markdown]
# ### Rows or columns?
#
# Section 4.2.2 of the thesis says that a cell of its matrices is the proportion of all
# *predictions* of a family that have a certain true label: that would be dividing by columns, and
# the diagonal would be [**precision**](glossary.md#precision) (of all that was *called* a flute, how much is flute). But the
# section then reads the diagonal as the share of the notes of a family that were "correctly
# identified", which is recall. The two differ. A made-up example with two families:

# %%
toy = np.array([[9, 1], [5, 5]])  # ten organs, ten voices; half of the voices are called organ
print("divided by rows, recall:      ", np.diag(toy / toy.sum(axis=1, keepdims=True)).round(2))
print("divided by columns, precision:", np.diag(toy / toy.sum(axis=0, keepdims=True)).round(2))

# %% [markdown]
# The same mistakes, two verdicts: by recall the voices fare badly, by precision it is the organs
# that look worse, because voices end up among them. In this book, rows are divided, as the thesis
# reads its figures.

# %% [markdown]
# **Check yourself.** In a matrix divided by rows, the row *flute* has 0.30 in the column *organ*.
# What does it say?
#
# <details class="choice"><summary>A. 30 % of what was called organ is flute.</summary>
#
# **No.** That would be read down the column *organ*, in a matrix divided by columns.
#
# </details>
#
# <details class="choice"><summary>B. 30 % of the flutes were called organ.</summary>
#
# **Right.** A row is a true family, and sums to 1: it says where its notes went.
#
# </details>
#
# <details class="choice"><summary>C. Flutes and organs are mistaken for each other in 30 % of
# cases.</summary>
#
# **No.** This cell knows one direction only. How many organs are called flute stands in the row
# *organ*, and may be quite different.
#
# </details>
#
# <details class="choice"><summary>D. 30 % of all mistakes are flutes called organ.</summary>
#
# **No.** A row is divided by its own sum, not by the number of mistakes. A family with few notes
# can have a large share and few mistakes.
#
# </details>

# %% [markdown]
# ## The table
#
# Now table 4.3: each model's scores on each fold, averaged over the folds. `evaluation.score_table`
# does what you just did, for every record and both tests: one row each.

# %%
PARTS = {"fold_test": "fold test", "nsynth_test": "mini-test"}
by_fold = evaluation.score_table(recorded, without=heard).replace({"part": PARTS})
by_fold[["model", "fold", "part", "loss", "accuracy"]].head(4).round(3)

# %% [markdown]
# Where the thesis has one number we have one a fold, so ours come with a standard deviation. The
# thesis's optimised models stand in two rows: they are the counterpart of our winners by their
# role, and of the rows below by their hyperparameters.

# %%
THESIS = {  # table 4.3: loss and accuracy on its folds, then on NSynth's test split
    "Base CNN": (0.112, 0.963, 2.220, 0.732),
    "Optimised CNN": (0.090, 0.971, 2.465, 0.743),
    "CNN, thesis's setting": (0.090, 0.971, 2.465, 0.743),
    "Base LSTM": (0.201, 0.932, 2.138, 0.693),
    "Optimised LSTM": (0.136, 0.960, 2.372, 0.716),
    "LSTM, thesis's setting": (0.136, 0.960, 2.372, 0.716),
}
columns = pd.MultiIndex.from_product([PARTS.values(), ["loss", "accuracy"]])
thesis = pd.DataFrame(THESIS, columns).T


def beside_the_thesis(metric):
    """Recorded mean ± standard deviation over the folds, and the thesis's mean, for each test."""
    by_test = by_fold.groupby(["part", "model"])[metric]
    mean, spread = by_test.mean(), by_test.std()
    table = {}
    for test in PARTS.values():
        cells = [f"{mean[test, t]:.3f}\u00a0±\u00a0{spread[test, t]:.3f}" for t in recorded]
        table[test, "recorded"] = cells
        table[test, "thesis"] = thesis[test, metric].map("{:.3f}".format).to_list()
    return pd.DataFrame(table, list(recorded))


# %% [markdown]
# *Table 9.3: Accuracy, mean ± standard deviation over five folds. Recorded: 800 training notes a fold, and
# the 179 notes of mini-test. Thesis: 70,000 training notes, and NSynth's test split of 4,096 notes in
# place of mini-test.*

# %%
beside_the_thesis("accuracy")

# %% [markdown]
# *Table 9.4: Loss in nats, of the same.*

# %%
beside_the_thesis("loss")

# %% [markdown]
# Ask the table three questions, and the thesis's columns the same three.
#
# - **How much does a model lose when the instruments are new?** Between 40.5 and 50.1 points, and each
#   LSTM loses more than the CNN of its kind. In the thesis it is between 22.8 and 24.4.
# - **Does tuning help?** It brings the LSTM 3.0 points on the folds and 4.5 on mini-test, the CNN 0.6 and
#   0.0. In the thesis too it helps the LSTM more (2.8 and 2.3 points against 0.8 and 1.1).
# - **Is there a gap between CNN and LSTM?** After tuning it is 1.0 points on the folds, less than the
#   ± of the LSTM. On mini-test it is 7.3 points, several times the ±. In the thesis it is 1.1 and 2.7.
#
# By accuracy, the CNN is ahead of the LSTM of its kind in every line, recorded or of the thesis. Chapter 10 asks what
# five folds can say about that, and the ± needs care first. In the fold test, each fold has other test notes *and* other training notes.
# On mini-test, all folds are asked about the *same* notes, so there the ± says only how much the
# training matters, and nothing about the luck of having these test notes and not others.

# %% [markdown]
# **Check yourself.** On mini-test, the five folds of a model differ by a few points only. How much
# would its score differ on a test split with other instruments?
#
# <details class="choice"><summary>A. Also by a few points.</summary>
#
# **No.** The five agree about *these* notes. They are five opinions on one set of questions; other
# questions were not asked.
#
# </details>
#
# <details class="choice"><summary>B. By about the root of five times as much, since five folds were
# averaged.</summary>
#
# **No.** The root of five would turn the scatter of a mean into that of a single fold. Both are
# about training, neither about the choice of instruments.
#
# </details>
#
# <details class="choice"><summary>C. These five numbers do not say.</summary>
#
# **Right.** What varies between the folds is the training. The instruments stay the same, so their
# luck does not show. [Chapter 10](10_significance.ipynb) finds a way to estimate it.
#
# </details>

# %% [markdown]
# A mean over the folds hides the folds. The next figure shows them. Before you look: where
# do you expect the folds to differ more, in the fold test or on mini-test?

# %% mystnb={"image": {"alt": "Two panels, fold test and mini-test, with a column for each model: CNNs as blue circles, LSTMs as orange squares, one point a fold. In each column a hollow diamond marks the thesis's mean"}}
scores = by_fold.set_index(["part", "model"])["accuracy"].sort_index()
figures.model_folds(scores, thesis.xs("accuracy", axis=1, level=1), list(recorded))
plt.show()

# %% [markdown]
# *Figure: Recorded runs: accuracy of each model on each fold (filled) and the thesis's means (hollow
# diamonds; on the right, of NSynth's 4,096 test notes).*
#
# The CNNs' folds differ more on mini-test, the LSTMs' about as much on either.
# Every fold is another model with other training notes. Where the clouds of two models overlap,
# their order on one fold need not be their order on the next.
#
# ### Start again, twice
#
# All of this is from one seed, as in the thesis. A seed draws the first weights, what dropout switches off and
# the order of the notes. The same folds were trained with two more seeds. **Guess first**: on mini-test the
# gaps between CNN and LSTM are 11.7 points (base) and 7.3 (optimised). By how much does another seed move
# them, without a single other note?
#
# *Table 9.5: Accuracy in percent, mean over five folds, by the seed of the trainings.*

# %%
starts = pd.concat(
    evaluation.score_table(tuning.protocol(shipped, seed=seed), without=heard) for seed in (0, 1, 2)
).replace({"part": PARTS})
table = starts.pivot_table("accuracy", "model", ["part", "seed"], sort=False)
(100 * table).round(1).sort_index(axis=1)

# %% [markdown]
# On mini-test the gap of the base networks is 11.7, 4.9 and 1.8 points, that of the optimised ones 7.3, -1.5
# and 4.1: with seed 1 the optimised LSTM is the better one. A seed moves the mean of one of these four by up to 8.2
# points there, more than twice the ±. In the table of one seed the CNN was ahead in every line; had this book drawn
# seed 1, a line would say the opposite. So one seed is too few to compare two networks by, and the study has ten.
#
# Look at the CNN with the thesis's setting, too: with seed 2 one of its five folds has 10 % in every epoch but the first, on
# ten families. It gives all notes the same name, its loss is 14.5 nats, and no step of training moves it again. That is
# one start in the ten of this network; a table of one seed would either hide it or be ruined by it.
#
# (Seeds 1 and 2 draw anew for each fold, and ran on JAX. In seed 0, as in most such experiments, all five folds
# begin with the same weights, so that averaging over them averages no starts.)
#
# ## Right and yet so wrong
#
# Look at the thesis's numbers again. On NSynth's test split its base CNN is right for 73.2 % of the
# notes, and its loss is 2.220. What would the loss be of a model that knows nothing and gives every
# family a tenth? And if the notes that it got right cost next to nothing, how much did each wrong
# note cost?

# %%
print(f"knowing nothing: -log(1/10) = {np.log(10):.3f}")
each_wrong = 2.220 / (1 - 0.732)
print(f"each wrong note: {each_wrong:.1f} nats, or a probability of {np.exp(-each_wrong):.5f}")

# %% [markdown]
# Right three times in four, and a loss like guessing: the model must be *sure* when it is wrong,
# with hardly anything left for the true family. That is [**overconfidence**](glossary.md#overconfidence), and accuracy is blind
# to it. It also explains an oddity in table 4.3. The text says that the optimised models have lower
# losses; on the folds they have. On NSynth's test split, their losses are *higher* than those of
# the base models (2.465 against 2.220, 2.372 against 2.138), although they are right more often.
#
# For the recorded runs we can look it up: the mean loss of right and of wrong answers.
#
# *Table 9.6: Mean loss in nats of right and of wrong answers.*


# %%
def loss_when(title, part, right):
    """Mean loss of a model's right, or wrong, answers on all folds."""
    costs = []
    for record in recorded[title]:
        labels, p = evaluation.part(record, part, without=heard)
        cost = -np.log(np.clip(p[np.arange(len(labels)), labels], 1e-7, 1))
        costs.append(cost[(p.argmax(axis=1) == labels) == right])
    return np.concatenate(costs).mean()


kinds = [(part, right) for part in PARTS for right in (True, False)]
costs = {
    (PARTS[part], "right" if right else "wrong"): [loss_when(t, part, right) for t in recorded]
    for part, right in kinds
}
pd.DataFrame(costs, list(recorded)).round(2)

# %% [markdown]
# A wrong answer that costs more than ln 10, about 2.3 nats, is worse than no answer. On mini-test a wrong
# answer costs between 6.8 and 10.7 nats, and so all six models have a loss above ln 10 *on average*, right
# answers included. They are right for 46 to 58 % of the notes, where guessing has 10 %. After few epochs
# a network is often still unsure of most things; the longer it trains, the surer it tends to get, of its
# mistakes as well.

# %% [markdown]
# **Check yourself.** A network answers "organ, 99 %" to a note of an instrument that it has never
# heard. What do the 99 % mean?
#
# <details class="choice"><summary>A. Of a hundred answers as sure as this one, about 99 are
# right.</summary>
#
# **No.** Only if somebody has checked that, on instruments like this one. Training rewards sure
# answers on the notes that it knows; nothing ties them to how often it is right elsewhere.
#
# </details>
#
# <details class="choice"><summary>B. The note sounds 99 % like an organ.</summary>
#
# **No.** Softmax does not measure likeness. It divides 1 among ten names, by how much the scores
# differ. A vacuum cleaner would be given 100 % in all, too.
#
# </details>
#
# <details class="choice"><summary>C. Among its ten names, organ got nearly all of the
# share.</summary>
#
# **Right.** It had to name one of ten, and "unlike anything I know" is not among them. How far to
# trust such an answer, test notes of new instruments tell, not the number itself.
#
# </details>

# %% [markdown]
# ## Learning curves
#
# Figures 4.1 and 4.2 of the thesis show loss and accuracy of the optimised models after each epoch,
# averaged over the folds. Averaging is a matter of one line: put the histories of the folds under
# one another and take the mean of the rows of each epoch.

# %%
by_hand = pd.concat([r.history for r in recorded["Base CNN"]]).groupby("epoch").mean()
average, deviation = evaluation.mean_history(recorded["Base CNN"])
assert np.allclose(by_hand, average)
by_hand.round(3).tail(3)

# %% [markdown]
# All that follows is about two models, the optimised ones.

# %%
CNN, LSTM = "Optimised CNN", "Optimised LSTM"
pair = {title: recorded[title] for title in (CNN, LSTM)}

# %% [markdown]
# Two questions to have in mind: does the validation curve lie above or below the training curve,
# and is there an epoch from which on nothing improves? The axis of the loss is logarithmic, so that
# small losses can be told apart; where a band drops to the bottom, the standard deviation is about
# as large as the mean.

# %% mystnb={"image": {"alt": "Two panels, optimised CNN and optimised LSTM. In each, a dashed line for the training loss and a solid line for the validation loss fall over the epochs, with bands of one standard deviation"}}
fig = plots.histories(pair, "loss")
fig.axes[0].set(yscale="log")
plt.show()

# %% [markdown]
# *Figure: Recorded runs: loss of the optimised models, mean and standard deviation over the folds, after
# figure 4.1 of the thesis.*

# %% mystnb={"image": {"alt": "Two panels, optimised CNN and optimised LSTM. In each, a dashed line for the training accuracy and a solid line for the validation accuracy rise over the epochs, with bands of one standard deviation"}}
plots.histories(pair, "accuracy")
plt.show()

# %% [markdown]
# *Figure: Accuracy of the same, after figure 4.2 of the thesis.*
#
# The thesis finds that the accuracy curves of the two models resemble each other closely. Here they
# lie, on average over the epochs, 3.2 points apart in training and 3.5 in validation.
#
# The thesis describes its curves so (section 4.2.1): validation loss below training loss in most
# epochs, most likely because of dropout; both stagnate around epoch 40; no sign of overfitting. A
# model that does better on notes it was *not* trained on sounds like a mistake. There are two
# harmless reasons.
#
# 1. **Dropout.** While training, part of the network is switched off at random, and the training
#    loss is measured in that state. For validation, everything is on.
# 2. **Time.** Keras averages the training loss over the batches of an epoch, and in the early ones
#    the network was still worse. Validation is measured at the epoch's end. So the training
#    loss is, roughly, half an epoch older.
#
# Against both works what one would expect: known notes are easier than unknown ones. Count in the
# curves which of the three wins. To take out time, if not dropout, move the training curve by half an
# epoch: compare the validation loss of an epoch with the mean of the training losses of this epoch and
# the next.
#
# *Table 9.7: In how many of 50 epochs the curve of validation is the better one, averages over the folds.*

# %%
rows = {}
for title, group in recorded.items():
    curve = evaluation.mean_history(group)[0]
    shifted = (curve["loss"] + curve["loss"].shift(-1)) / 2
    rows[title] = {
        "validation loss below training loss": (curve["val_loss"] < curve["loss"]).sum(),
        "the same, moved by half an epoch": (curve["val_loss"] < shifted).sum(),
        "validation accuracy above": (curve["val_accuracy"] > curve["accuracy"]).sum(),
        "epoch of the lowest validation loss": curve["val_loss"].idxmin(),
    }
pd.DataFrame(rows).T

# %% [markdown]
# The validation loss of the optimised CNN lies below its training loss in 32 of 50 epochs, the LSTM's in 5.
# Moving the curve changes that by one epoch at most, so time does not explain it ([chapter
# 12](12_why.ipynb) weighs it in nats). Where the validation loss is the lower one, dropout remains; for the LSTM, known notes are easier, dropout or not.
# [Chapter 6](06_cnn.ipynb) took both reasons away for one network: it measured the loss on the training
# notes once more, with dropout off.
#
# The last column is about overfitting. Of the optimised models the lowest validation loss is that of epoch
# 46 (CNN) and 49 (LSTM): by that, training was stopped while it still fell a little, and more epochs might have helped.
#
# Remember also what "validation" is here: other notes of the *same* instruments. Curves like these
# cannot show whether a model overfits to its instruments. The test split can.
#
# ## Who is taken for whom
#
# Figures 4.3 and 4.4 average the confusion matrices of the five [**sub-models**](glossary.md#sub-model), as the thesis calls
# the models of the single folds. By hand for one model, then with the helper:

# %%
matrices = [evaluation.confusion(*evaluation.part(r, "fold_test")) for r in pair[LSTM]]
assert np.allclose(np.mean(matrices, axis=0), evaluation.mean_confusion(pair[LSTM], "fold_test"))
average = {
    (title, part): evaluation.mean_confusion(group, part, without=heard)
    for title, group in pair.items()
    for part in PARTS
}

# %% mystnb={"image": {"alt": "Two ten by ten matrices, optimised CNN above and optimised LSTM below, true family down and predicted family across. Light cells are large proportions; the percentages are written in the cells"}}
fig, axes = plt.subplots(2, 1, figsize=(6.4, 10))
for ax, title in zip(axes, pair, strict=True):
    plots.confusion(average[title, "fold_test"], FAMILIES, ax, f"{title}, fold test")
plt.show()

# %% [markdown]
# *Figure: Recorded runs: averaged confusion matrices of the optimised models on the folds' test parts, in
# percent of the true family, after figure 4.3 of the thesis.*
#
# The lighter the diagonal, the better; whatever is off the diagonal is a mistake, and the column
# says which. On known instruments there is hardly any. Now the same with instruments that are new to
# the networks. Find the brightest cell off the diagonal in each. Are the two misled by the same pairs?

# %% mystnb={"image": {"alt": "Two ten by ten matrices, optimised CNN above and optimised LSTM below, for mini-test with its other instruments, true family down and predicted family across, percentages written in the cells"}}
fig, axes = plt.subplots(2, 1, figsize=(6.4, 10))
for ax, title in zip(axes, pair, strict=True):
    plots.confusion(average[title, "nsynth_test"], FAMILIES, ax, f"{title}, mini-test")
plt.show()

# %% [markdown]
# *Figure: The same on mini-test, after figure 4.4 of the thesis.*
#
# Neither network names a single string rightly. The CNN calls 84 % of them keyboard, the LSTM calls 86 % of
# them organ: it is seldom the same wrong name. The CNN hears 63 % of the flutes as voices, the LSTM
# 52 % of the reeds as flutes. Look down the columns, too: the CNN's mistakes end most often with keyboard
# and vocal, the LSTM's with organ and vocal.
#
# A percentage is a handful of notes. **Open a cell** and hear them; or guess first, before you see
# what the networks said. (All 200 notes of mini-test are in, so its percentages differ from the figure's.
# Of the 500 notes of the fold tests, the 34 that a network missed have their sound.)

# %%
rivals = {"Base CNN": "Base LSTM", "Optimised CNN": "Optimised LSTM"}
rivals |= {lstm: cnn for cnn, lstm in rivals.items()}
tests = {"mini-test": ("nsynth_test", mini_test), "fold test": ("fold_test", bundled)}
interactive.confusions({title: recorded[title] for title in rivals}, tests, rivals)

# %% [markdown]
# ### Family by family
#
# Where do CNN and LSTM differ? Each mark below is a recall, averaged over the folds; the line
# through it reaches from the worst fold to the best.

# %%
recall = {}
for part, test in PARTS.items():
    for title, group in pair.items():
        folds = [evaluation.confusion(*evaluation.part(r, part, heard)) for r in group]
        recall[test, title] = pd.DataFrame([np.diag(m) for m in folds], columns=FAMILIES)

# %% mystnb={"image": {"alt": "Two panels with the ten families down and recall across: fold test on the left, mini-test on the right. Each family has a blue circle for the CNN and an orange square for the LSTM, each on a horizontal line"}}
figures.family_recall(recall, list(PARTS.values()), [CNN, LSTM])
plt.show()

# %% [markdown]
# *Figure: Recorded runs: recall of each family with the optimised CNN (circles) and the optimised LSTM
# (squares), mean over the folds and range from the worst to the best fold. Families are sorted by their
# mean on mini-test. Flute, keyboard, mallet and vocal are one instrument each there.*
#
# Keep the steps in mind when you compare a circle with a square. In the test part of a recorded
# fold a family has ten notes: one more or less is ten points for that fold. In the thesis it has
# 875, so a step is about a tenth of a point.
#
# The figures of the thesis are pictures; what we have of them in numbers is its text (sections 4.2.2 and
# 5.3). What follows for each of its claims is decided in one place and listed on
# [the page of claims](claims.md).
#
# *Table 9.8: Recall of the optimised models, in percent: numbers of the thesis's text beside the recorded
# ones, mini-test in place of NSynth's test split.*

# %%
FOLDS = pd.DataFrame({t: recall["fold test", t].mean() for t in pair})
TEST = pd.DataFrame({t: recall["mini-test", t].mean() for t in pair})
numbers = {
    "lowest family, folds": ("about 90", FOLDS.min()),
    "highest family, folds": ("about 99", FOLDS.max()),
    "lowest family, test split": ("45", TEST.min()),
    "highest family, test split": ("98", TEST.max()),
    "organ, test split": ("about 98, both", TEST.loc["organ"]),
    "string, test split": ("93, both", TEST.loc["string"]),
    "vocal, test split": ("45 (CNN), 51 (LSTM)", TEST.loc["vocal"]),
    "reed, test split": ("CNN 18 points ahead", TEST.loc["reed"]),
}
table = (
    pd.DataFrame({name: 100 * ours for name, (_, ours) in numbers.items()}).T.round().astype(int)
)
table.assign(thesis=[theirs for theirs, _ in numbers.values()])

# %% [markdown]
# On the folds the two sets agree. On the test split they do not: the organs and strings that the thesis's
# networks know best are among those that ours know worst. Mini-test is not a small copy of NSynth's test split.
# In it *all* flutes, keyboards, mallets and voices come from one instrument each, and there are no
# synthetic notes. If the one flute happens to sound like something else, a whole family falls. And our
# networks have met four instruments of each family, the thesis's many times more.
#
# ## Mistakes have an address
#
# Are the mistakes on mini-test scattered over all notes, or do they sit with certain instruments?
# Average the probabilities of the sub-models, take the largest as the answer of the whole group,
# and count by instrument.
#
# *Table 9.9: Wrong answers, and notes, of the eight instruments that the CNN has most of them with.*

# %%
fresh = mini_test.select(~mini_test.table["note"].isin(heard).to_numpy())
answers = {
    title: np.mean([evaluation.part(r, "nsynth_test", heard)[1] for r in group], axis=0)
    for title, group in pair.items()
}
wrong = pd.DataFrame({title: p.argmax(axis=1) != fresh.labels for title, p in answers.items()})
by_instrument = wrong.groupby(fresh.table["instrument"].to_numpy()).sum()
by_instrument["notes"] = fresh.table["instrument"].value_counts()
by_instrument.sort_values([CNN, LSTM], ascending=False).head(8)

# %% [markdown]
# The CNNs together miss 71 of the 179 notes, the LSTMs 86. In either case 5 of the 27 instruments account for
# at least half of the mistakes, and 6 have none: a network that misjudges one note of an instrument tends to
# misjudge its neighbours, since they sound alike. So the notes of a test split are far from being so many
# independent questions. That matters in the next chapter.
#
# ### Listen
#
# Here are notes that *both* networks get wrong, the most confident mistakes first, no more than one
# an instrument. **Play them and name the families** before you open the solution.

# %%
both = fresh.table[(wrong[CNN] & wrong[LSTM]).to_numpy()]
confidence = sum(p.max(axis=1) for p in answers.values())[both.index] / 2
both = both.assign(confidence=confidence).sort_values("confidence", ascending=False)
chosen = both.drop_duplicates("instrument").head(4)


def solution(row):
    """What a note is, and what either group of networks says."""
    said = [
        f"{t} says {FAMILIES[answers[t][row].argmax()]} ({answers[t][row].max():.0%})" for t in pair
    ]
    return f"{fresh.table['note'][row]}. {'; '.join(said)}."


print(f"both are wrong on {len(both)} of {len(fresh)} notes")
sounds = [(fresh.waveform(row), f"Sound {n}") for n, row in enumerate(chosen.index, 1)]
display(listening.players(sounds), listening.folded("Solution", map(solution, chosen.index)))

# %% [markdown]
# ## What this chapter cannot tell
#
# - **Whether one model is better.** Five folds give five differences, and the folds share most of
#   their training notes. [Chapter 10](10_significance.ipynb) shows what can be concluded.
# - **How it would be with other instruments.** The test split has a few instruments of each family.
#   Averages over folds do not help: all of them are asked about the same notes.
# - **What the architecture contributes.** The two networks differ in size, learning rate and the
#   luck of their searches, not only in being a CNN and an LSTM.
# - **Whether both together would be better**: a network of convolutions followed by LSTM layers, as
#   section 5.8 proposes. [The study](study.md) has one.
# - **What the thesis would have found** with fewer notes, or these runs with more. A pattern that is
#   missing here is no evidence against it on NSynth.
#
# ## Your run
#
# Did you change `PROFILE`, `SEED` or `DATA`? Then the next cell trains your four models, or finds their
# records, and shows them beside the recorded ones. Otherwise there is nothing to show.

# %% tags=["remove-stderr"]
experiment = training.Experiment(PROFILE, DATA, RUNS, SEED)
best = {name: tuning.search(experiment, name, SEED).best for name in ("cnn", "lstm")}
runs = {"Base CNN": experiment.run_folds("cnn"), CNN: experiment.run_folds("cnn", best["cnn"])}
runs |= {
    "Base LSTM": experiment.run_folds("lstm"),
    LSTM: experiment.run_folds("lstm", best["lstm"]),
}
yours = evaluation.leaked(datasets.load(DATA, "train"), experiment.test_notes)
compare.your_run(runs, recorded, without=[*heard, *yours])

# %% tags=["remove-cell"]
# For maintainers: `make regression` compares these figures with earlier runs. It shows nothing.
fixed = {f"{name}, recorded": value for name, value in findings.means(by_fold).items()}
for (title, part), matrix in average.items():
    taken = matrix[FAMILIES.index("vocal"), FAMILIES.index("organ")]
    fixed[f"share/vocal taken for organ/{PARTS[part]}/{title}"] = taken
findings.report(fixed)
mine = evaluation.score_table({title: runs[title] for title in pair}, [*heard, *yours])
findings.report(findings.means(mine.replace({"part": PARTS})), seed=SEED)

# %% [markdown]
# ## Try it yourself
#
# 1. In the cell that begins `fresh`, the probabilities of the sub-models are averaged. Compute the
#    accuracy of that averaged answer, `1 - wrong.mean()`, and compare it with the mean of the
#    sub-models' accuracies in table 9.3. Which is higher, and why?
#
#    <details><summary>What happens</summary>
#
#    The averaged answer is right for 60.3 % (CNN) and 52.0 % (LSTM) of the notes, the sub-models on average
#    for 58.3 % and 51.1 %. Where the five err in different ways, they outvote each other's mistakes.
#
#    </details>
#
# 2. In the cell that sets `CNN` and `LSTM`, replace `Optimised` by `Base` in the two titles, and run
#    the cells below again. Do the base networks miss the same instruments?
#
#    <details><summary>What happens</summary>
#
#    Much the same ones: the flute leads the list again, and of the eight instruments with the most
#    mistakes, 6 are the same.
#
#    </details>
#
# 3. In the cell of `numbers`, add the rows of bass and mallet, of which section 5.3 says that their
#    sounds die away fast. Are they named worse than organ and string?
#
#    <details><summary>What happens</summary>
#
#    No: on mini-test bass and mallet are among the best, by the CNN at 95 and 96 %, organ and string at 39 and
#    0 %. But a family is a few instruments here, and mallet is one.
#
#    </details>
#
# ## What you learned
#
# - Loss, accuracy and confusion matrices come from ten probabilities a note, in a few lines.
# - A loss punishes confidence in the wrong answer, accuracy does not; a model can get better by one
#   and worse by the other.
# - Divide a confusion matrix by rows and the diagonal is recall, by columns and it is precision.
# - The training loss is measured with dropout on and half an epoch too early: below it is a normal
#   place for the validation loss, but not the only one.
# - A number of one data set cannot be confirmed on another; whether a pattern carries over is a question
#   for a test, with its limit.
# - Known instruments and new instruments are two different tests, and mistakes on the second come
#   instrument by instrument.
#
# ## Next
#
# [Significance](10_significance.ipynb): how large must a difference be, and on how many folds,
# before it means something?
#
# **Thesis sections covered**: 3.3 (evaluation), 4.2 (table 4.3), 4.2.1 (figures 4.1 and 4.2), 4.2.2
# (figures 4.3 and 4.4). Different here: confusion matrices are divided by rows, as the thesis reads
# them and not as it defines them; standard deviations stand beside the means; test notes whose recording
# is in training are left out; the numbers are those of recorded runs on the bundled notes, whose test
# split of 200 notes takes the place of NSynth's 4,096; both networks are also tested with the thesis's
# own settings.
