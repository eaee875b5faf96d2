# ---
# jupyter:
#   accelerator: GPU
# ---

# %% [markdown]
# # Four models, two tests
#
# Base CNN, optimised CNN, base LSTM, optimised LSTM: which one hears best, and what does each take
# for what? This chapter follows section 4.2 of the thesis: its table, its four figures and what it
# says about them, each beside the same thing for this run.
#
# ## What you will learn
#
# - Compute loss, accuracy, balanced accuracy and a confusion matrix in a few lines of NumPy.
# - Explain how a model can be right three times in four and still have a loss no better than
#   guessing.
# - Say what the rows of a confusion matrix are, and why it matters which way you divide.
# - Read learning curves, and find out why the validation loss can lie below the training loss.
# - Check a text about figures against data, claim by claim, and listen to what went wrong.
#
# **You need**: [folds](04_folds.ipynb), [the CNN](05_cnn.ipynb), [the LSTM](06_lstm.ipynb),
# [tuning](07_tuning.ipynb).
#
# **Time**: 35 minutes of reading. Runs that earlier chapters recorded are read; any others are
# trained first, which takes from a minute (smoke) to hours (mini) without a GPU.
#
# **Thesis**: sections 3.3 and 4.2, table 4.3, figures 4.1 to 4.4.

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/book/08_results.ipynb)

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
RUNS = "../_build/runs"  # finished trainings are kept and found here

# %% tags=["remove-stderr"]
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn.metrics
from IPython.display import Markdown, display

from helpers import datasets, evaluation, listening, models, plots, records, training, tuning
from helpers.datasets import FAMILIES

plots.use_style()
pd.options.display.max_colwidth = None  # show long cells whole
experiment = training.Experiment(PROFILE, DATA, RUNS)
profile = experiment.profile

# %% tags=["hide-input"]
TEST = "mini-test" if DATA == "nsynth-mini" else "NSynth test"
THIS_RUN = (
    f"**This run**: profile `{profile.name}`, {len(experiment.notes)} notes "
    f"({len(experiment.folds[0].train)} to train on in a fold), {profile.folds} folds, "
    f"{profile.epochs} epochs; {TEST}: {len(experiment.test_notes)} notes"
)
THE_THESIS = (
    "**The thesis**: 87,500 notes (70,000 to train on in a fold), 5 folds, 50 epochs; NSynth's "
    "test split, 4,096 notes"
)
display(Markdown(f"- {THIS_RUN}.\n- {THE_THESIS}."))

# %% [markdown]
# Keep these two lines in mind, as the numbers of this page are not of the same kind as the
# thesis's: other notes, far fewer of them, and in the shorter profiles fewer epochs. The profiles
# `smoke` and `quick` shrink the notes and the epochs to save time. The profile `mini` has all the
# folds, epochs, trials and executions of the thesis, on the bundled notes.
#
# Each model takes two tests (section 3.3):
#
# - the **fold's test part**: notes that it has not seen, of instruments that it knows;
# - the **test split** that NSynth's authors set apart: notes of instruments that it has never
#   heard. Here it is called mini-test where it is the bundled one of 200 notes.
#
# ## Collect the runs
#
# What is on disk already? A run is found by its configuration, so we can ask before anything is
# trained: first for the searches of [chapter 7](07_tuning.ipynb), since without them we do not know
# what the optimised models are.


# %% tags=["remove-stderr"]
def recorded(jobs):
    """How many of these runs have a record."""
    return sum(records.find(RUNS, experiment.config(**job)) is not None for job in jobs)


best = {}
for name in ("cnn", "lstm"):
    jobs = tuning.plan(profile, name)
    print(f"search of the {name}: {recorded(jobs)} of {len(jobs)} executions recorded")
    best[name] = tuning.search(experiment, name).best

# %% tags=["remove-stderr"]
MODELS = {
    "Base CNN": ("cnn", None),
    "Optimised CNN": ("cnn", best["cnn"]),
    "Base LSTM": ("lstm", None),
    "Optimised LSTM": ("lstm", best["lstm"]),
}
for title, (name, setting) in MODELS.items():
    jobs = [
        {"model": name, "hyperparameters": setting, "fold": k + 1} for k in range(profile.folds)
    ]
    print(f"{title}: {recorded(jobs)} of {len(jobs)} folds recorded")

runs = {title: experiment.run_folds(name, setting) for title, (name, setting) in MODELS.items()}

# %% tags=["hide-input"]
settings = {
    title: dict(zip(["dropout", "filters/units 1", "filters/units 2"], values, strict=True))
    for title, (name, setting) in MODELS.items()
    for full in [models.hyperparameters(name, setting)]
    for values in [[full[key] for key in tuning.SPACES[name]]]
}
for title, group in runs.items():
    settings[title] |= {
        "parameters": f"{group[0].info['parameters']:,}",
        "seconds a fold": f"{np.mean([record.seconds for record in group]):.0f}",
    }
print("trained on:", "; ".join({record.info["device"] for g in runs.values() for record in g}))
pd.DataFrame(settings).T

# %% [markdown]
# "Optimised" is the thesis's word and means: the winner of a search of a few trials. The thesis's
# own winners were 128 / 128 / 0.2 for the CNN and 32 / 128 / 0.3 for the LSTM; yours may be others.
#
# ## From probabilities to scores
#
# Everything on this page is computed from what the records hold: for every tested note, its label
# and ten probabilities. Take one record and compute each score by hand, once.

# %%
record = runs["Base CNN"][0]
predicted = record.predictions["fold_test"]
labels, p = predicted["labels"], predicted["probabilities"].astype(float)
print("labels:", labels.shape, "probabilities:", p.shape, "sum of a row:", p[0].sum().round(6))

shown = [0, len(labels) // 2, len(labels) - 1]
table = pd.DataFrame(p[shown], columns=FAMILIES, index=predicted["notes"][shown]).round(3)
table.insert(0, "true family", [FAMILIES[i] for i in labels[shown]])
table.T

# %% [markdown]
# **Accuracy** asks only whether the largest probability is in the right place. **Cross-entropy**,
# the loss of section 3.2.5, asks how much probability the *true* family got: for one note it is
# $-\log p_{\text{true}}$, for a set of notes the mean of that, in **nats** (the unit that belongs
# to the natural logarithm). It is 0 for a sure and right
# answer and has no upper limit for a sure and wrong one. Keras cuts probabilities off at $10^{-7}$,
# so that one note cannot make it infinite, and so do we.

# %%
own = p[np.arange(len(labels)), labels]  # what each note's true family got
loss = -np.log(np.clip(own, 1e-7, 1 - 1e-7)).mean()

guesses = p.argmax(axis=1)
accuracy = (guesses == labels).mean()
print(f"loss {loss:.3f} nats, accuracy {accuracy:.3f}")

# %% [markdown]
# A **confusion matrix** counts who is taken for whom: row = true family, column = predicted family.
# Dividing each row by its sum gives the proportion of the true family that went to each column. The
# diagonal then is the **recall** of each family: of all flutes, how many were called flutes. The
# mean of the ten recalls is the **balanced accuracy**, in which a family with few notes counts as
# much as one with many.

# %%
counts = np.zeros((10, 10))
np.add.at(counts, (labels, guesses), 1)  # counts[true, predicted] += 1, note by note
confusion = counts / counts.sum(axis=1, keepdims=True)
recall = np.diag(confusion)
balanced = recall.mean()
print("recall:", dict(zip(FAMILIES, recall.round(2).tolist(), strict=True)))
print(f"balanced accuracy {balanced:.3f}")

# %% [markdown]
# Why two accuracies? In a fold's test part all families have equally many notes, so both are the
# same. In NSynth's own test split they have not: 843 of its 4,096 notes are basses, 141 are voices
# (chapter 2). A model that knows its basses scores well there. The thesis reports plain accuracy;
# we give both.
#
# `helpers.evaluation` holds these lines, and scikit-learn has them too. All three agree:

# %%
by_helper = evaluation.scores(labels, p)
assert np.allclose([loss, accuracy, balanced], [by_helper[m] for m in evaluation.METRICS])
assert np.allclose(confusion, evaluation.confusion(labels, p))

clipped = np.clip(p, 1e-7, 1)
clipped /= clipped.sum(axis=1, keepdims=True)  # scikit-learn insists on sums of 1
theirs = sklearn.metrics
assert np.isclose(loss, theirs.log_loss(labels, clipped, labels=range(10)), atol=1e-4)
assert np.isclose(accuracy, theirs.accuracy_score(labels, guesses))
assert np.isclose(balanced, theirs.balanced_accuracy_score(labels, guesses))
assert np.allclose(confusion, theirs.confusion_matrix(labels, guesses, normalize="true"))
by_helper

# %% [markdown]
# ### Rows or columns?
#
# Section 4.2.2 of the thesis says that a cell of its matrices is the proportion of all
# *predictions* of a family that have a certain true label: that would be dividing by columns, and
# the diagonal would be **precision** (of all that was *called* a flute, how much is flute). But the
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
#
# ## The table
#
# [Chapter 2](02_dataset.ipynb) found bundled test notes that are byte-for-byte copies of training
# notes. A model that has trained on a note can answer it from memory, so the headline leaves them
# out, in every profile, whether or not the other half of a pair is in the sample that was trained
# on.

# %%
copies = evaluation.leaked(datasets.load(DATA, "train"), experiment.test_notes)
print(f"{len(copies)} of {len(experiment.test_notes)} test notes are copies:", *copies)

# %% [markdown]
# Now table 4.3: each model's scores on each fold, averaged over the folds. First for one model by
# hand, then for all with `evaluation.score_table`, which makes one row for each record and test.

# %%
rows = []
for record in runs["Base CNN"]:
    row = []
    for part in ("fold_test", "nsynth_test"):
        predicted = record.predictions[part]
        keep = ~np.isin(predicted["notes"], copies)
        scores = evaluation.scores(predicted["labels"][keep], predicted["probabilities"][keep])
        row += [scores["loss"], scores["accuracy"]]
    rows.append(row)
print("base CNN, mean over folds:", np.mean(rows, axis=0).round(3))

# %%
METRICS = list(evaluation.METRICS)
by_fold = evaluation.score_table(runs, without=copies)
grouped = by_fold.groupby(["model", "part"], sort=False)[METRICS]
mean, spread = grouped.mean(), grouped.std(ddof=1)
assert np.allclose(mean.loc["Base CNN", ["loss", "accuracy"]].to_numpy().ravel(), np.mean(rows, 0))
by_fold.head(4).round(3)

# %% tags=["hide-input"]
PARTS = {"fold_test": "fold test", "nsynth_test": TEST}
ours = pd.DataFrame(
    {
        (PARTS[part], metric): [
            f"{mean.loc[(title, part), metric]:.3f}\u00a0±\u00a0{spread.loc[(title, part), metric]:.3f}"
            for title in MODELS
        ]
        for part in PARTS
        for metric in ("loss", "accuracy")
    },
    index=list(MODELS),
)
THESIS = pd.DataFrame(
    {
        ("fold test", "loss"): [0.112, 0.090, 0.201, 0.136],
        ("fold test", "accuracy"): [0.963, 0.971, 0.932, 0.960],
        ("NSynth test", "loss"): [2.220, 2.465, 2.138, 2.372],
        ("NSynth test", "accuracy"): [0.732, 0.743, 0.693, 0.716],
    },
    index=list(MODELS),
)
display(Markdown(f"{THIS_RUN}, {len(copies)} copies left out. Mean ± standard deviation."), ours)
display(Markdown(f"{THE_THESIS}. Means over the folds (table 4.3)."), THESIS)

# %% [markdown]
# Read the first table in three steps. From left to right: how much does each model lose when the
# instruments are new? From base to optimised: does the winner of the search also win here? From CNN
# to LSTM: is there a gap, and how large is it beside the ± of the two?
#
# The ± needs care. In the fold test, each fold has other test notes *and* other training notes. In
# the test split, all folds are asked about the *same* notes, so there the ± says only how much the
# training matters, and nothing about the luck of having these test notes and not others.
#
# Here is what the copies change, and what balancing changes:

# %% tags=["hide-input"]
with_copies = evaluation.score_table(runs).groupby(["model", "part"], sort=False)[METRICS].mean()
n_test = len(experiment.test_notes)
pd.DataFrame(
    {
        f"accuracy, {n_test - len(copies)} notes (headline)": mean.xs("nsynth_test", level=1)[
            "accuracy"
        ],
        f"accuracy, all {n_test} notes": with_copies.xs("nsynth_test", level=1)["accuracy"],
        f"balanced accuracy, {n_test - len(copies)} notes": mean.xs("nsynth_test", level=1)[
            "balanced_accuracy"
        ],
    }
).round(3)

# %% [markdown]
# A mean over the folds hides the folds. The next figure shows them. Before you look: where
# do you expect the folds to differ more, in the fold test or in the test split?

# %% mystnb={"figure": {"caption": "Accuracy of each model on each fold (filled) and the thesis's means (hollow diamonds; on the right, of NSynth's 4,096 test notes).", "name": "fig-results-folds"}, "image": {"alt": "Two panels, fold test and test split, with four columns each: base and optimised CNN as blue circles, base and optimised LSTM as orange squares, one point a fold. In each column a hollow diamond marks the thesis's mean; the thesis's diamonds in the right panel are more than twenty points lower than in the left"}}
fig, axes = plt.subplots(1, 2, figsize=(7.6, 3.4), sharey=True)
for ax, (part, where), column in zip(
    axes, PARTS.items(), ["fold test", "NSynth test"], strict=True
):
    for x, (title, (name, _)) in enumerate(MODELS.items()):
        points = by_fold.loc[(by_fold["model"] == title) & (by_fold["part"] == part), "accuracy"]
        spots = x + np.linspace(-0.2, 0.2, len(points))
        ax.plot(spots, points, "os"[name == "lstm"], color=plots.COLOURS[name], alpha=0.8)
        ax.hlines(points.mean(), x - 0.3, x + 0.3, color=plots.GREY, linewidth=2, zorder=1)
        ax.plot(x, THESIS.loc[title, (column, "accuracy")], "D", mfc="white", mec="black", ms=7)
    ax.set_xticks(range(4), [title.replace(" ", "\n") for title in MODELS], fontsize=9)
    ax.set(title=where, ylim=(0, 1.03))
axes[0].set_ylabel("accuracy")
plt.show()

# %% [markdown]
# Every fold is another model with other training notes. Where the clouds of two models overlap,
# their order on one fold need not be their order on the next; [chapter 9](09_significance.ipynb)
# asks what can be concluded then.
#
# ## Right and yet so wrong
#
# Look at the thesis's table again. On NSynth's test split its base CNN is right for 73.2 % of the
# notes, and its loss is 2.220. What would the loss be of a model that knows nothing and gives every
# family a tenth? And if the notes that it got right cost next to nothing, how much did each wrong
# note cost?

# %%
print(f"knowing nothing: -log(1/10) = {np.log(10):.3f}")
each_wrong = 2.220 / (1 - 0.732)
print(f"each wrong note: {each_wrong:.1f} nats, or a probability of {np.exp(-each_wrong):.5f}")

# %% [markdown]
# Right three times in four, and a loss like guessing: the model must be *sure* when it is wrong,
# with hardly anything left for the true family. That is **overconfidence**, and accuracy is blind
# to it. It also explains an oddity in table 4.3. The text says that the optimised models have lower
# losses; on the folds they have. On NSynth's test split, their losses are *higher* than those of
# the base models (2.465 against 2.220, 2.372 against 2.138), although they are right more often.
#
# For this run we can look instead of reckon: the mean loss of right and of wrong answers.


# %%
def loss_when(title, part, right):
    costs = []
    for record in runs[title]:
        labels, p = evaluation.part(record, part, without=copies)
        cost = -np.log(np.clip(p[np.arange(len(labels)), labels], 1e-7, 1))
        costs.append(cost[(p.argmax(axis=1) == labels) == right])
    costs = np.concatenate(costs)
    return costs.mean() if len(costs) else np.nan


pd.DataFrame(
    {
        (PARTS[part], "right" if right else "wrong"): [loss_when(t, part, right) for t in MODELS]
        for part in PARTS
        for right in (True, False)
    },
    index=list(MODELS),
).round(2)

# %% [markdown]
# A wrong answer that costs more than $\ln 10$, about 2.3 nats, is worse than no answer. After few
# epochs a network is often still unsure of most things; the longer it trains, the surer it tends to
# get, of its mistakes as well.
#
# ## Learning curves
#
# Figures 4.1 and 4.2 of the thesis show loss and accuracy of the optimised models after each epoch,
# averaged over the folds. Averaging is a matter of one line: put the histories of the folds under
# one another and take the mean of the rows of each epoch.

# %%
by_hand = pd.concat([r.history for r in runs["Optimised CNN"]]).groupby("epoch").mean()
average, deviation = evaluation.mean_history(runs["Optimised CNN"])
assert np.allclose(by_hand, average)
by_hand.round(3).tail(3)

# %% [markdown]
# Two questions to have in mind: does the validation curve lie above or below the training curve,
# and is there an epoch from which on nothing improves?

# %% mystnb={"figure": {"caption": "Loss of the optimised models, mean and standard deviation over the folds, as in figure 4.1 of the thesis.", "name": "fig-results-loss"}, "image": {"alt": "Two panels, optimised CNN and optimised LSTM. In each, a dashed line for the training loss and a solid line for the validation loss over the epochs, with bands of one standard deviation"}}
OPTIMISED = {title: runs[title] for title in ("Optimised CNN", "Optimised LSTM")}
plots.histories(OPTIMISED, "loss")
plt.show()

# %% mystnb={"figure": {"caption": "Accuracy of the same, as in figure 4.2 of the thesis.", "name": "fig-results-accuracy"}, "image": {"alt": "Two panels, optimised CNN and optimised LSTM. In each, a dashed line for the training accuracy and a solid line for the validation accuracy over the epochs, with bands of one standard deviation"}}
plots.histories(OPTIMISED, "accuracy")
plt.show()

# %% [markdown]
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
# The records keep no weights, but a small training will do to tell the two apart. Train the base
# CNN for a few epochs on a few notes. Then measure the loss on the *same* notes again, now that
# time stands still: once with dropout on, once with dropout off.

# %% tags=["remove-stderr"]
import keras

train = experiment.folds[0].train
few = train[:: max(1, len(train) // 240)]
X_few, y_few = experiment.X[few], experiment.y[few]

keras.utils.set_random_seed(0)
model = models.compiled("cnn")
logged = model.fit(X_few, y_few, epochs=3, batch_size=32, verbose=0).history["loss"][-1]
dropout_on = [
    evaluation.scores(y_few, keras.ops.convert_to_numpy(model(X_few, training=True)))["loss"]
    for _ in range(5)
]
dropout_off = evaluation.scores(y_few, model.predict(X_few, verbose=0))["loss"]

# %%
pd.DataFrame(
    {
        f"loss on the {len(few)} training notes": {
            "as logged in epoch 3": logged,
            "after epoch 3, dropout on (mean of 5)": np.mean(dropout_on),
            "after epoch 3, dropout off": dropout_off,
        }
    }
).round(3)

# %% [markdown]
# From the first row to the second, time is taken away; from the second to the third, dropout. No
# other note was involved, so nothing here is about validation at all. Compare the two steps. The
# thesis names only dropout; early in training, while the loss still falls steeply, time counts too.
#
# Now count in the curves. To take time out of them as well, move the training curve by half an
# epoch: compare the validation loss of an epoch with the mean of the training losses of this epoch
# and the next.

# %% tags=["hide-input"]
rows = {}
for title, group in runs.items():
    curve = evaluation.mean_history(group)[0]
    shifted = (curve["loss"] + curve["loss"].shift(-1)).dropna() / 2
    epochs, later = len(curve), len(shifted)
    below = int((curve["val_loss"] < curve["loss"]).sum())
    still = int((curve["val_loss"].loc[shifted.index] < shifted).sum())
    rows[title] = {
        "validation loss below training loss": f"in {below} of {epochs} epochs",
        "after moving by half an epoch": f"in {still} of {later}",
        "validation accuracy above": (
            f"in {int((curve['val_accuracy'] > curve['accuracy']).sum())} of {epochs}"
        ),
        "lowest validation loss": f"in epoch {curve['val_loss'].idxmin()} of {epochs}",
    }
display(Markdown(THIS_RUN + "; averages over the folds."), pd.DataFrame(rows).T)

# %% [markdown]
# The last column answers the question of overfitting for this run: where the lowest validation loss
# lies well before the last epoch, longer training has made the model worse, as the loss counts, on
# notes that it was not trained on. Where it lies in the last epoch, the loss was still falling when
# the training was stopped, and more epochs might have helped. The second is what you have to expect
# of the shortened profiles.
#
# Remember also what "validation" is here: other notes of the *same* instruments. Curves like these
# cannot show whether a model overfits to its instruments. The test split can.
#
# ## Who is taken for whom
#
# Figures 4.3 and 4.4 average the confusion matrices of the five **sub-models**, as the thesis calls
# the models of the single folds. By hand for one model, then with the helper:

# %%
matrices = [evaluation.confusion(*evaluation.part(r, "fold_test")) for r in runs["Base LSTM"]]
assert np.allclose(
    np.mean(matrices, axis=0), evaluation.mean_confusion(runs["Base LSTM"], "fold_test")
)
average = {
    (title, part): evaluation.mean_confusion(runs[title], part, without=copies)
    for title in OPTIMISED
    for part in PARTS
}

# %% mystnb={"figure": {"caption": "Averaged confusion matrices of the optimised models on the folds' test parts, in percent of the true family, as in figure 4.3 of the thesis.", "name": "fig-results-confusion-folds"}, "image": {"alt": "Two ten by ten matrices, optimised CNN above and optimised LSTM below, true family down and predicted family across. Light cells are large proportions; the percentages are written in the cells"}}
fig, axes = plt.subplots(2, 1, figsize=(6.4, 10))
for ax, title in zip(axes, OPTIMISED, strict=True):
    plots.confusion(average[title, "fold_test"], FAMILIES, ax, f"{title}, fold test")
plt.show()

# %% [markdown]
# The lighter the diagonal, the better; whatever is off the diagonal is a mistake, and the column
# says which. Find the brightest cell off the diagonal in each. Are the two networks misled by the
# same pairs? Now the same with instruments that are new to them:

# %% mystnb={"figure": {"caption": "The same on the test split, copies left out, as in figure 4.4 of the thesis.", "name": "fig-results-confusion-test"}, "image": {"alt": "Two ten by ten matrices, optimised CNN above and optimised LSTM below, for the test split of other instruments, true family down and predicted family across, percentages written in the cells"}}
fig, axes = plt.subplots(2, 1, figsize=(6.4, 10))
for ax, title in zip(axes, OPTIMISED, strict=True):
    plots.confusion(average[title, "nsynth_test"], FAMILIES, ax, f"{title}, {TEST}")
plt.show()

# %% [markdown]
# Look along the rows: a family whose row is spread out is not recognised as anything in particular.
# A family whose row has *one* bright cell in the wrong place is heard consistently as something
# else. Look down the columns: does one family attract the others?
#
# ### Claim by claim
#
# The figures of the thesis are pictures; what we have of them in numbers is its text (sections
# 4.2.1 and 4.2.2). Here is each statement beside the same quantity of this run, all for the
# optimised models.

# %%
diagonal = pd.DataFrame({key: np.diag(matrix) for key, matrix in average.items()}, index=FAMILIES)
diagonal = diagonal.rename(columns=PARTS, level=1)
(100 * diagonal).round(0)


# %% tags=["hide-input"]
def extremes(recall):
    """The lowest and the highest recall, with their families."""
    ends = [recall.min(), recall.max()]
    return " to ".join(
        f"{100 * end:.0f} % ({', '.join(recall.index[recall == end])})" for end in ends
    )


def goes_to(matrix, family):
    """Where the notes of a family go, the most frequent answer first."""
    row = pd.Series(matrix[FAMILIES.index(family)], index=FAMILIES).sort_values(ascending=False)
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in row.head(2).items())


def top_confusion(matrix):
    wrong = np.nan_to_num(matrix) * (1 - np.eye(10))
    true, taken = np.unravel_index(wrong.argmax(), wrong.shape)
    return f"{FAMILIES[true]} taken for {FAMILIES[taken]}: {100 * wrong[true, taken]:.0f} %"


CNN, LSTM = OPTIMISED
folds_, test_ = (diagonal.xs("fold test", axis=1, level=1), diagonal.xs(TEST, axis=1, level=1))
not_worse = folds_.index[folds_[LSTM] >= folds_[CNN]]
reed = 100 * (test_.loc["reed", CNN] - test_.loc["reed", LSTM])
curves = {title: evaluation.mean_history(group)[0] for title, group in OPTIMISED.items()}


def percent(family):
    return [f"{100 * test_.loc[family, title]:.0f} %" for title in OPTIMISED]


def matrix_of(part):
    return [average[title, part] for title in OPTIMISED]


# %% tags=["hide-input"]
claims = [
    ("curves stagnate around epoch 40 of 50",)
    + tuple(
        f"lowest validation loss in epoch {curve['val_loss'].idxmin()} of {len(curve)}"
        for curve in curves.values()
    ),
    ("validation loss below training loss over most epochs",)
    + tuple(
        f"in {int((curve['val_loss'] < curve['loss']).sum())} of {len(curve)} epochs"
        for curve in curves.values()
    ),
    ("folds: around 90 to 99 % in every family", extremes(folds_[CNN]), extremes(folds_[LSTM])),
    (
        "folds: LSTM slightly lower in all families but vocal and organ",
        "",
        f"not lower in: {', '.join(not_worse) if len(not_worse) else 'none'}",
    ),
    ("folds: most frequent confusion (not stated)", *map(top_confusion, matrix_of("fold_test"))),
    ("test split: 45 to 98 %", extremes(test_[CNN]), extremes(test_[LSTM])),
    ("test split: organ about 98 %", *percent("organ")),
    ("test split: string about 93 %", *percent("string")),
    ("test split: vocal 45 % (CNN), 51 % (LSTM)", *percent("vocal")),
    (
        "test split: vocal mistaken for organ",
        *(f"vocal: {goes_to(matrix, 'vocal')}" for matrix in matrix_of("nsynth_test")),
    ),
    (
        "test split: reed 18 points better with the CNN",
        f"{percent('reed')[0]}, {reed:+.0f} points",
        percent("reed")[1],
    ),
    (
        "test split: most frequent confusion (not stated)",
        *map(top_confusion, matrix_of("nsynth_test")),
    ),
]
display(
    Markdown(THIS_RUN + f", {len(copies)} copies left out."),
    pd.DataFrame(claims, columns=["the thesis's text says", CNN, LSTM]).set_index(
        "the thesis's text says"
    ),
)

# %% [markdown]
# Do not be surprised where the columns disagree, above all on the test split. Its bundled version
# is not a small copy of NSynth's: in mini-test, *all* flutes, keyboards and voices come from one
# instrument each, and there are no synthetic notes. If the one voice happens to resemble an organ,
# a whole family falls. Statements about families are then statements about a few instruments.
#
# ## Family by family
#
# Where do CNN and LSTM differ? Each mark below is a recall, averaged over the folds; the line
# through it reaches from the worst fold to the best.

# %% mystnb={"figure": {"caption": "Recall of each family with the optimised CNN (circles) and the optimised LSTM (squares), mean over the folds and range from the worst to the best fold. Families are sorted by their mean on the test split.", "name": "fig-results-families"}, "image": {"alt": "Two panels with the ten families down and recall across: fold test on the left, test split on the right. Each family has a blue circle for the CNN and an orange square for the LSTM, each on a horizontal line"}}
order = test_.mean(axis=1).sort_values().index
y = np.arange(10)
fig, axes = plt.subplots(1, 2, figsize=(8.2, 4.2), sharey=True)
for ax, (part, where) in zip(axes, PARTS.items(), strict=True):
    for title, shift, marker in [(CNN, 0.15, "o"), (LSTM, -0.15, "s")]:
        each = [
            np.diag(evaluation.confusion(*evaluation.part(r, part, copies))) for r in runs[title]
        ]
        each = pd.DataFrame(each, columns=FAMILIES)[order]
        ax.plot(each.mean(), y + shift, marker, color=plots.COLOURS[MODELS[title][0]], label=title)
        ax.hlines(y + shift, each.min(), each.max(), color=plots.COLOURS[MODELS[title][0]])
    ax.set(title=where, xlabel="recall", xlim=(-0.05, 1.05))
axes[0].set_yticks(y, order)
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()

# %% tags=["hide-input"]
in_fold = np.bincount(experiment.y[experiment.folds[0].test]).min()
fresh = ~experiment.test_notes.table["note"].isin(copies).to_numpy()
in_test = np.bincount(experiment.y_test[fresh], minlength=10).min()
display(
    Markdown(
        f"In this run, a family has {in_fold} notes in the test part of a fold and at least "
        f"{in_test} in the test split: one note more or less moves the recall of one fold's model "
        f"by {100 / in_fold:.0f} points, and by {100 / in_test:.0f} at most."
    )
)

# %% [markdown]
# Keep these steps in mind when you compare a circle with a square. In the thesis a family has 875
# notes in each fold's test part, so there a step is about a tenth of a point.
#
# ## Mistakes have an address
#
# Are the mistakes on the test split scattered over all notes, or do they sit with certain
# instruments? Average the probabilities of the sub-models, take the largest as the answer of the
# whole group, and count by instrument.

# %%
fresh_notes = experiment.test_notes.select(fresh)
truth = fresh_notes.labels
answers = {}
for title, group in OPTIMISED.items():
    parts = [evaluation.part(r, "nsynth_test", without=copies) for r in group]
    assert all(np.array_equal(labels, truth) for labels, _ in parts)
    answers[title] = np.mean([p for _, p in parts], axis=0)

verdicts = fresh_notes.table[["note", "instrument", "family", "pitch"]].copy()
for title, p in answers.items():
    verdicts[title] = [FAMILIES[i] for i in p.argmax(axis=1)]
    verdicts[f"{title}, wrong"] = p.argmax(axis=1) != truth

by_instrument = verdicts.groupby("instrument").agg(
    notes=("note", "size"), **{f"{t}, wrong": (f"{t}, wrong", "sum") for t in OPTIMISED}
)
worst = by_instrument.drop(columns="notes").sum(axis=1).sort_values(ascending=False).index
by_instrument.loc[worst].head(8)

# %% tags=["hide-input"]
lines = []
for title in OPTIMISED:
    wrong = by_instrument[f"{title}, wrong"].sort_values(ascending=False)
    half = int((wrong.cumsum() < wrong.sum() / 2).sum()) + 1
    lines.append(
        f"- {title}: {wrong.sum()} wrong answers in all; {half} of {len(wrong)} instruments "
        f"account for at least half of them; {(wrong == 0).sum()} instruments have none."
    )
display(Markdown("\n".join(lines)))

# %% [markdown]
# The table lists the instruments with the most mistakes. With enough notes, you see clusters: a
# network that misjudges one note of an instrument tends to misjudge its neighbours, since they
# sound alike. So the notes of a test split are far from being so many independent questions. That
# matters in the next chapter.
#
# ### Listen
#
# Here are notes that *both* networks get wrong, the most confident mistakes first, no more than one
# an instrument. Each is followed by what the CNN took it for: a training note of that family, as
# near in pitch as there is. **Before you read the captions, play the first of each pair and name
# the family yourself.**

# %%
confidence = {title: p.max(axis=1) for title, p in answers.items()}
both = verdicts[verdicts[f"{CNN}, wrong"] & verdicts[f"{LSTM}, wrong"]].copy()
both["confidence"] = sum(confidence.values())[both.index] / 2
chosen = both.sort_values("confidence", ascending=False).drop_duplicates("instrument").head(4)
print(f"both are wrong on {len(both)} of {len(verdicts)} notes")

# %% tags=["hide-input"]
known = experiment.notes.table
sounds = []
for row, note in chosen.iterrows():
    said = [f"{t.split()[1]} says {note[t]} ({100 * confidence[t][row]:.0f} %)" for t in OPTIMISED]
    sounds.append(
        (fresh_notes.waveform(row), f"{note['note']}; truth: {note['family']}; {', '.join(said)}")
    )
    taken_for = known[known["family"] == note[CNN]]
    near = (taken_for["pitch"] - note["pitch"]).abs().idxmin()
    sounds.append((experiment.notes.waveform(near), f"in training: {known['note'][near]}"))
listening.players(sounds) if sounds else print("There is no note that both get wrong.")

# %% [markdown]
# Whom do you side with? The authors of the thesis listened to some misclassified notes and found
# them hard to name themselves (section 5.5). But ask another question, too: *could* a network have
# known? It has heard only a few instruments of each family. The percentages are the confidence of
# the averaged answer; where they are high, the models are sure of it.
#
# ## What this chapter cannot tell
#
# - **Whether one model is better.** Five folds give five differences, and the folds share most of
#   their training notes. [Chapter 9](09_significance.ipynb) shows what can be concluded.
# - **How it would be with other instruments.** The test split has a few instruments of each family.
#   Averages over folds do not help: all of them are asked about the same notes.
# - **What the architecture contributes.** The two networks differ in size, learning rate and the
#   luck of their searches, not only in being a CNN and an LSTM.
# - **What the thesis would have found** with fewer notes, or this run with more. A shortened run
#   shows how to look, not what is true of NSynth.
#
# ## Try it yourself
#
# - In the cell that begins `fresh_notes`, the probabilities of the sub-models are averaged. Compute
#   the accuracy of that averaged answer, `(p.argmax(axis=1) == truth).mean()`, and compare it with
#   the mean of the sub-models' accuracies in the table. Which is higher, and why?
# - Set `copies = []` where the copies are looked up, and run the rest again. Which family changes?
# - In the dropout experiment, train for 10 epochs instead of 3. Which of the two steps shrinks?
# - Replace `OPTIMISED` by the two base models. Which of the thesis's statements still hold?
#
# ## What you learned
#
# - Loss, accuracy, balanced accuracy and confusion matrices come from ten probabilities a note, in
#   a few lines.
# - A loss punishes confidence in the wrong answer, accuracy does not; a model can get better by one
#   and worse by the other.
# - Divide a confusion matrix by rows and the diagonal is recall, by columns and it is precision.
# - The training loss is measured with dropout on and half an epoch too early: below it is a normal
#   place for the validation loss.
# - Known instruments and new instruments are two different tests, and mistakes on the second come
#   instrument by instrument.
#
# ## Next
#
# [Significance](09_significance.ipynb): how large must a difference be, and on how many folds,
# before it means something?
#
# **Thesis sections covered**: 3.3 (evaluation), 4.2 (table 4.3), 4.2.1 (figures 4.1 and 4.2), 4.2.2
# (figures 4.3 and 4.4). Different here: confusion matrices are divided by rows, as the thesis reads
# them and not as it defines them; standard deviations and balanced accuracy stand beside the means;
# test notes that are copies of training notes are left out of the headline; the bundled test split
# of 200 notes takes the place of NSynth's 4,096 unless you run the book on NSynth itself.
