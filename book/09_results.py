# ---
# jupyter:
#   accelerator: GPU
# ---

# %% [markdown]
# # Four models, two tests
#
# Base CNN, optimised CNN, base LSTM, optimised LSTM: which one hears best, and what does each take
# for what? This chapter repeats section 4.2 of the thesis on the bundled notes: its table, its four
# figures, and the numbers that it states of them.
#
# ## What you will learn
#
# - Compute loss, accuracy, balanced accuracy and a confusion matrix in a few lines of NumPy.
# - Explain how a model can be right three times in four and still have a loss no better than
#   guessing.
# - Say what the rows of a confusion matrix are, and why it matters which way you divide.
# - Read learning curves, and find out why the validation loss can lie below the training loss.
# - Check which findings of a study carry over to other notes, and listen to what went wrong.
#
# **You need**: [folds](05_folds.ipynb), [the CNN](06_cnn.ipynb), [the LSTM](07_lstm.ipynb),
# [tuning](08_tuning.ipynb).
#
# **Time**: 35 minutes of reading. The runs that the chapter is about are recorded, and nothing is
# trained where your own are, too. Where they are not, they are trained first: a minute in the
# profile smoke, minutes in quick.
#
# **Thesis**: sections 3.3 and 4.2, table 4.3, figures 4.1 to 4.4.
#
# The page shows the **recorded** runs, made on the bundled notes (profile `mini`, seed 0). `SEED = 1` or
# `PROFILE = "quick"` trains anew.

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/book/09_results.ipynb)

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
from IPython.display import Markdown, display

from helpers import datasets, evaluation, listening, plots, tuning
from helpers.datasets import FAMILIES
from helpers.runs import compare, findings, interactive, records, training

plots.use_style()
pd.options.display.max_colwidth = None  # show long cells whole

# %% [markdown]
# ## Three sets of numbers
#
# Three sets of numbers meet on this page. Keep them apart:
#
# - **Thesis**: 87,500 notes of NSynth (70,000 to train on in a fold), 5 folds, 50 epochs; NSynth's
#   test split of 4,096 notes.
# - **Recorded**: the whole protocol of the thesis (folds, epochs, trials, executions) on the
#   bundled notes. It took hours, so its records come with the book. This chapter is about them.
# - **Your run**: what the profile at hand gives. A shorter one has fewer notes and epochs.
#
# ### The recorded runs
#
# [Chapter 6](06_cnn.ipynb) picked the recorded runs of the base CNN by what their configuration
# says. `tuning.protocol` does so for six models: the four of the thesis, and two that answer a
# question. "Optimised" is the thesis's word for the winner of a search of five trials, and
# [chapter 8](08_tuning.ipynb) showed how much luck is in that. What if our search had found what
# the thesis's did? So both networks were also trained with the thesis's own winners.

# %%
shipped = records.read_all(records.SHIPPED)
recorded = tuning.protocol(shipped)  # a model that lacks a fold is left out
{title: [record.fold for record in group] for title, group in recorded.items()}

# %% tags=["hide-input"]
TITLES = [
    *("Base CNN", "Optimised CNN", "CNN, thesis's setting"),
    *("Base LSTM", "Optimised LSTM", "LSTM, thesis's setting"),
]
by_sum = {record.info["checksum"]: record for group in recorded.values() for record in group}
first = next(iter(by_sum.values()))
n_fold = len(first.predictions["fold_test"]["labels"])
seeds = sorted({record.config["seed"] for record in by_sum.values()})
RECORDED = (
    f"**Recorded**: profile `mini`, {10 * n_fold:,} bundled notes ({8 * n_fold} to train on in a "
    f"fold), {first.config['split']['n_folds']} folds, {first.config['epochs']} epochs, "
    f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
    f"; mini-test: {len(first.predictions['nsynth_test']['labels'])} notes"
)
hours = sum(record.seconds for record in by_sum.values()) / 3600
machines = {
    (r.config["model"].upper(), r.info["backend"], r.info["device"]) for r in by_sum.values()
}
made = "; ".join(f"{model} on {backend}, {device}" for model, backend, device in sorted(machines))
missing = [title for title in TITLES if title not in recorded]
NOT_YET = f" **Not recorded yet**: {'; '.join(missing)}." if missing else ""
display(
    Markdown(f"{RECORDED}. {len(by_sum)} runs and {hours:.1f} hours of training ({made}).{NOT_YET}")
)

# %% [markdown]
# The [status page](status.md) counts all recorded runs.
#
# ### Your runs
#
# The four models of the thesis once more, in your profile. What has a record is read.

# %% tags=["remove-stderr"]
experiment = training.Experiment(PROFILE, DATA, RUNS, SEED)
profile = experiment.profile
best = {name: tuning.search(experiment, name, SEED).best for name in ("cnn", "lstm")}
MODELS = {
    "Base CNN": ("cnn", None),
    "Optimised CNN": ("cnn", best["cnn"]),
    "Base LSTM": ("lstm", None),
    "Optimised LSTM": ("lstm", best["lstm"]),
}
runs = {title: experiment.run_folds(*model) for title, model in MODELS.items()}

# %% tags=["hide-input"]
SAME = all(record.info["checksum"] in by_sum for group in runs.values() for record in group)
TEST = "mini-test" if DATA == "nsynth-mini" else "NSynth test"
nothing = "; it **shows nothing** but that the code runs" if PROFILE == "smoke" else ""
others = "" if DATA == "nsynth-mini" else ", other notes"
YOURS = "smoke: shows nothing" if nothing else f"your run ({PROFILE}{others})"
THIS_RUN = (
    f"**Your run**: profile `{PROFILE}`, {len(experiment.notes):,} notes "
    f"({len(experiment.folds[0].train):,} to train on in a fold), {profile.folds} folds, "
    f"{profile.epochs} epochs; {TEST}: {len(experiment.test_notes):,} notes{nothing}"
)
the_same = "Your runs *are* the recorded ones in this profile, so they are shown once"
display(Markdown((the_same if SAME else THIS_RUN) + "."))


# %% tags=["hide-input"]
def settings(groups):
    """Filters or units and dropout of each model, as the thesis's tables order them."""
    chosen = {title: group[0].config["hyperparameters"].values() for title, group in groups.items()}
    return {title: "\u00a0/\u00a0".join(map(str, values)) for title, values in chosen.items()}


table = {"recorded": settings(recorded)} | ({} if SAME else {YOURS: settings(runs)})
table["parameters"] = {t: f"{group[0].info['parameters']:,}" for t, group in recorded.items()}
table = pd.DataFrame(table).reindex(TITLES).fillna("–")
display(Markdown("Filters (CNN) or units (LSTM) and dropout; size of the recorded models:"), table)

# %% [markdown]
# Each model takes two tests (section 3.3):
#
# - the **fold's test part**: notes that it has not seen, of instruments that it knows;
# - the **test split** that NSynth's authors set apart: notes of instruments that it has never
#   heard. The bundled part of it, 200 notes, is called mini-test here.
#
# ## From probabilities to scores
#
# Everything on this page is computed from what the records hold: for every tested note, its label
# and ten probabilities. Take one record, its answers on mini-test, and compute each score by hand,
# once.

# %%
record = recorded["Base CNN"][0]
predicted = record.predictions["nsynth_test"]
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
# Why two accuracies? In mini-test and in a fold's test part all families have equally many notes,
# so both are the same. In NSynth's own test split they have not: 843 of its 4,096 notes are basses,
# 141 are voices (chapter 3). A model that knows its basses scores well there. The thesis reports
# plain accuracy.
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
# [Chapter 3](03_dataset.ipynb) found bundled test notes that are byte-for-byte copies of training
# notes. A model that has trained on a note can answer it from memory, so the headline leaves them
# out, in every profile, whether or not the other half of a pair is in the sample that was trained
# on.

# %%
bundled = datasets.load("nsynth-mini", "train")
mini_test = datasets.load("nsynth-mini", "test")
copies = evaluation.leaked(bundled, mini_test)
print(f"{len(copies)} of {len(mini_test)} test notes are copies:", *copies)

# %% [markdown]
# Now table 4.3: each model's scores on each fold, averaged over the folds. First for one model by
# hand, then for all with `evaluation.score_table`, which makes one row for each record and test.

# %%
rows = []
for record in recorded["Base CNN"]:
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
by_fold = evaluation.score_table(recorded, without=copies)
mean = by_fold.groupby(["model", "part"], sort=False)[METRICS].mean()
by_helper = mean.loc["Base CNN", ["loss", "accuracy"]]
assert np.allclose(by_helper.to_numpy().ravel(), np.mean(rows, axis=0))
by_fold.head(4).round(3)

# %% [markdown]
# Where the thesis has one number we have one a fold, so ours come with a standard deviation. The
# thesis's optimised models stand in two rows: they are the counterpart of our winners by their
# role, and of the rows below by their hyperparameters.

# %% tags=["hide-input"]
PARTS = {"fold_test": "fold test", "nsynth_test": "mini-test"}
THESIS = pd.DataFrame(
    {
        ("loss", "fold_test"): [0.112, 0.090, 0.090, 0.201, 0.136, 0.136],
        ("accuracy", "fold_test"): [0.963, 0.971, 0.971, 0.932, 0.960, 0.960],
        ("loss", "nsynth_test"): [2.220, 2.465, 2.465, 2.138, 2.372, 2.372],
        ("accuracy", "nsynth_test"): [0.732, 0.743, 0.743, 0.693, 0.716, 0.716],
    },
    index=TITLES,
)
own_copies = copies
if DATA != "nsynth-mini":
    own_copies = evaluation.leaked(datasets.load(DATA, "train"), experiment.test_notes)
live = evaluation.score_table(runs, without=own_copies)


def mean_and_spread(table, title, part, metric):
    values = table.loc[(table["model"] == title) & (table["part"] == part), metric]
    return f"{values.mean():.3f}\u00a0±\u00a0{values.std():.3f}" if len(values) else "–"


# %% tags=["hide-input"]
def side_by_side(metric):
    """One row a model; for each test the recorded scores, the thesis's and the reader's."""
    sources = {"recorded": by_fold} | ({} if SAME else {YOURS: live})
    table = {}
    for part, where in PARTS.items():
        for source, scores in sources.items():
            table[where, source] = [mean_and_spread(scores, t, part, metric) for t in TITLES]
        table[where, "thesis"] = THESIS[metric, part].map("{:.3f}".format).to_list()
    table = pd.DataFrame(table, index=TITLES)
    order = ["recorded", "thesis", *list(sources)[1:]]
    return table[[(where, source) for where in PARTS.values() for source in order]]


lines = [f"- {RECORDED}."] + ([] if SAME else [f"- {THIS_RUN}."])
lines += ["- **Thesis**, table 4.3: 87,500 notes; its second test is NSynth's test split."]
display(
    Markdown(
        "\n".join(lines)
        + "\n\n**Accuracy**, mean ± standard deviation over the folds, copies left out:"
    )
)
display(side_by_side("accuracy"), Markdown("**Loss** (nats):"), side_by_side("loss"))

# %% [markdown]
# Read the columns "recorded" in three steps. From the fold test to mini-test: how much does each
# model lose when the instruments are new? From base to optimised: does the winner of the search
# also win here, and beside the thesis's setting? From CNN to LSTM: is there a gap, and how large is
# it beside the ± of the two? Then ask the thesis's numbers the same.
#
# The ± needs care. In the fold test, each fold has other test notes *and* other training notes. In
# the test split, all folds are asked about the *same* notes, so there the ± says only how much the
# training matters, and nothing about the luck of having these test notes and not others.

# %% [markdown]
# **Check yourself.** On the test split, the five folds of a model differ by less than a point. How
# much would its score differ on a test split with other instruments?
#
# <details class="choice"><summary>A. Also by less than a point.</summary>
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
# What the copies change, and what balancing changes now that mallets are a few notes short:

# %% tags=["hide-input"]
whole = evaluation.score_table(recorded).groupby(["model", "part"], sort=False)[METRICS].mean()
whole, fresh = (table.xs("nsynth_test", level="part") for table in (whole, mean))
columns = {"accuracy": f"accuracy, {len(mini_test) - len(copies)} notes (headline)"}
columns["balanced_accuracy"] = "the same, balanced"
columns["whole"] = f"accuracy, all {len(mini_test)} notes"
fresh.assign(whole=whole["accuracy"])[list(columns)].rename(columns=columns).round(3)

# %% [markdown]
# A mean over the folds hides the folds. The next figure shows them. Before you look: where
# do you expect the folds to differ more, in the fold test or in mini-test?

# %% mystnb={"figure": {"caption": "Recorded runs: accuracy of each model on each fold (filled) and the thesis's means (hollow diamonds; on the right, of NSynth's 4,096 test notes).", "name": "fig-results-folds"}, "image": {"alt": "Two panels, fold test and mini-test, with a column for each model: CNNs as blue circles, LSTMs as orange squares, one point a fold. In each column a hollow diamond marks the thesis's mean"}}
fig, axes = plt.subplots(1, 2, figsize=(8.4, 3.5), sharey=True)
for ax, (part, where) in zip(axes, PARTS.items(), strict=True):
    for x, title in enumerate(TITLES):
        chosen = (by_fold["model"] == title) & (by_fold["part"] == part)
        points = by_fold.loc[chosen, "accuracy"]
        name, marker = ("cnn", "o") if "CNN" in title else ("lstm", "s")
        spots = x + np.linspace(-0.25, 0.25, len(points))
        ax.plot(spots, points, marker, color=plots.COLOURS[name], alpha=0.8, ms=5)
        if len(points):
            ax.hlines(points.mean(), x - 0.35, x + 0.35, color=plots.GREY, zorder=1)
        reference = THESIS.loc[title, ("accuracy", part)]
        ax.plot(x, reference, "D", mfc="white", mec="black", ms=6)
    kinds = ("base", "opti-\nmised", "thesis's\nsetting")
    ticks = [f"{name}\n{kind}" for name in ("CNN", "LSTM") for kind in kinds]
    ax.set_xticks(range(len(TITLES)), ticks, fontsize=8)
    ax.set(title=where, ylim=(0, 1.03))
axes[0].set_ylabel("accuracy")
plt.show()

# %% [markdown]
# Every fold is another model with other training notes. Where the clouds of two models overlap,
# their order on one fold need not be their order on the next; [chapter 10](10_significance.ipynb)
# asks what can be concluded then.
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
# For the recorded runs we can look instead of reckon: the mean loss of right and of wrong answers.


# %%
def loss_when(title, part, right):
    costs = []
    for record in recorded[title]:
        labels, p = evaluation.part(record, part, without=copies)
        cost = -np.log(np.clip(p[np.arange(len(labels)), labels], 1e-7, 1))
        costs.append(cost[(p.argmax(axis=1) == labels) == right])
    costs = np.concatenate(costs)
    return costs.mean() if len(costs) else np.nan


pd.DataFrame(
    {
        (where, "right" if right else "wrong"): [
            loss_when(title, part, right) for title in recorded
        ]
        for part, where in PARTS.items()
        for right in (True, False)
    },
    index=list(recorded),
).round(2)

# %% tags=["hide-input"]
low, high = fresh["accuracy"].min(), fresh["accuracy"].max()
display(
    Markdown(
        "A wrong answer that costs more than ln 10, about 2.3 nats, is worse than no answer. On "
        f"mini-test, {(fresh['loss'] > np.log(10)).sum()} of the {len(fresh)} recorded models have a "
        f"loss above that *on average*, right answers included. Their accuracy is {low:.2f} to "
        f"{high:.2f}; guessing would have 0.10."
    )
)

# %% [markdown]
# After few epochs a network is often still unsure of most things; the longer it trains, the surer
# it tends to get, of its mistakes as well.

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

# %% tags=["hide-input"]
CNN, LSTM = (
    title if title in recorded else title.replace("Optimised", "Base")
    for title in ("Optimised CNN", "Optimised LSTM")
)
OPTIMISED = {title: recorded[title] for title in (CNN, LSTM)}
waiting = " (a base model takes the place of one that is not recorded yet)"
waiting *= "Base" in CNN + LSTM
display(Markdown(f"All that follows is about two recorded models: **{CNN}, {LSTM}**{waiting}."))

# %% [markdown]
# Two questions to have in mind: does the validation curve lie above or below the training curve,
# and is there an epoch from which on nothing improves? The axis of the loss is logarithmic, so that
# small losses can be told apart; where a band drops to the bottom, the standard deviation is about
# as large as the mean.

# %% mystnb={"figure": {"caption": "Recorded runs: loss of the optimised models, mean and standard deviation over the folds (logarithmic axis), after figure 4.1 of the thesis.", "name": "fig-results-loss"}, "image": {"alt": "Two panels, optimised CNN and optimised LSTM. In each, a dashed line for the training loss and a solid line for the validation loss fall over the epochs, with bands of one standard deviation"}}
fig = plots.histories(OPTIMISED, "loss")
fig.axes[0].set(yscale="log")
plt.show()

# %% mystnb={"figure": {"caption": "Accuracy of the same, as in figure 4.2 of the thesis.", "name": "fig-results-accuracy"}, "image": {"alt": "Two panels, optimised CNN and optimised LSTM. In each, a dashed line for the training accuracy and a solid line for the validation accuracy rise over the epochs, with bands of one standard deviation"}}
plots.histories(OPTIMISED, "accuracy")
plt.show()

# %% tags=["hide-input"]
by_network = [evaluation.mean_history(group)[0] for group in OPTIMISED.values()]
apart = (by_network[0] - by_network[1]).abs()[["accuracy", "val_accuracy"]].mean()
display(
    Markdown(
        "The thesis finds that the accuracy curves of the two models resemble each other closely. "
        f"Here they lie, on average over the epochs, {100 * apart['accuracy']:.1f} points apart in "
        f"training and {100 * apart['val_accuracy']:.1f} in validation."
    )
)

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
# Against both works what one would expect: known notes are easier than unknown ones. Which of the
# three wins can change from epoch to epoch, and from network to network. [Chapter 6](06_cnn.ipynb)
# took the first two away: it measured the loss on the training notes once more at the end of
# training, with dropout off, and compared *that* with the validation loss.
# [Chapter 11](11_unseen_instruments.ipynb) does so after every epoch.
#
# Count in the curves. To take out time, if not dropout, move the training curve by half an epoch:
# compare the validation loss of an epoch with the mean of the training losses of this epoch and the
# next.

# %% tags=["hide-input"]
rows = {}
for title, group in recorded.items():
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
display(Markdown(f"{RECORDED}. Averages over the folds:"), pd.DataFrame(rows).T)

# %% [markdown]
# Where the second column stays close to the first, time explains little, and dropout remains.
#
# The last column is about overfitting: where the lowest validation loss lies well before the last
# epoch, longer training has made the model worse, as the loss counts, on notes that it was not
# trained on. Where it lies in the last epochs, the loss was still falling when the training was
# stopped, and more epochs might have helped.
#
# Remember also what "validation" is here: other notes of the *same* instruments. Curves like these
# cannot show whether a model overfits to its instruments. The test split can.
#
# ## Who is taken for whom
#
# Figures 4.3 and 4.4 average the confusion matrices of the five [**sub-models**](glossary.md#sub-model), as the thesis calls
# the models of the single folds. By hand for one model, then with the helper:

# %%
matrices = [evaluation.confusion(*evaluation.part(r, "fold_test")) for r in OPTIMISED[LSTM]]
assert np.allclose(
    np.mean(matrices, axis=0), evaluation.mean_confusion(OPTIMISED[LSTM], "fold_test")
)
average = {
    (title, part): evaluation.mean_confusion(group, part, without=copies)
    for title, group in OPTIMISED.items()
    for part in PARTS
}

# %% mystnb={"figure": {"caption": "Recorded runs: averaged confusion matrices of the optimised models on the folds' test parts, in percent of the true family, as in figure 4.3 of the thesis.", "name": "fig-results-confusion-folds"}, "image": {"alt": "Two ten by ten matrices, optimised CNN above and optimised LSTM below, true family down and predicted family across. Light cells are large proportions; the percentages are written in the cells"}}
fig, axes = plt.subplots(2, 1, figsize=(6.4, 10))
for ax, title in zip(axes, OPTIMISED, strict=True):
    plots.confusion(average[title, "fold_test"], FAMILIES, ax, f"{title}, fold test")
plt.show()

# %% [markdown]
# The lighter the diagonal, the better; whatever is off the diagonal is a mistake, and the column
# says which. Find the brightest cell off the diagonal in each. Are the two networks misled by the
# same pairs? Now the same with instruments that are new to them:

# %% mystnb={"figure": {"caption": "The same on mini-test, copies left out, as in figure 4.4 of the thesis.", "name": "fig-results-confusion-test"}, "image": {"alt": "Two ten by ten matrices, optimised CNN above and optimised LSTM below, for mini-test with its other instruments, true family down and predicted family across, percentages written in the cells"}}
fig, axes = plt.subplots(2, 1, figsize=(6.4, 10))
for ax, title in zip(axes, OPTIMISED, strict=True):
    plots.confusion(average[title, "nsynth_test"], FAMILIES, ax, f"{title}, mini-test")
plt.show()

# %% [markdown]
# A family whose row is spread out is not recognised as anything in particular. One whose row has
# *one* bright cell in the wrong place is heard consistently as something else. Look down the
# columns, too: does one family attract the others?
#
# A percentage is a handful of notes. **Open a cell** and hear them; or guess first, before you see
# what the networks said. (Notes that hardly any network misses have no sound here. Copies are in.)

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

# %% mystnb={"figure": {"caption": "Recorded runs: recall of each family with the optimised CNN (circles) and the optimised LSTM (squares), mean over the folds and range from the worst to the best fold. Families are sorted by their mean on mini-test.", "name": "fig-results-families"}, "image": {"alt": "Two panels with the ten families down and recall across: fold test on the left, mini-test on the right. Each family has a blue circle for the CNN and an orange square for the LSTM, each on a horizontal line"}}
recall = {part: {t: np.diag(average[t, part]) for t in OPTIMISED} for part in PARTS}
recall = {part: pd.DataFrame(r, index=FAMILIES) for part, r in recall.items()}
order = recall["nsynth_test"].mean(axis=1).sort_values().index
y = np.arange(10)
fig, axes = plt.subplots(1, 2, figsize=(8.2, 4.2), sharey=True)
for ax, (part, where) in zip(axes, PARTS.items(), strict=True):
    for title, shift, marker in [(CNN, 0.15, "o"), (LSTM, -0.15, "s")]:
        colour = plots.COLOURS["cnn" if title == CNN else "lstm"]
        each = [evaluation.part(r, part, copies) for r in OPTIMISED[title]]
        each = [np.diag(evaluation.confusion(*labels_and_p)) for labels_and_p in each]
        each = pd.DataFrame(each, columns=FAMILIES)[order]
        ax.plot(recall[part].loc[order, title], y + shift, marker, color=colour, label=title)
        ax.hlines(y + shift, each.min(), each.max(), color=colour)
    ax.set(title=where, xlabel="recall", xlim=(-0.05, 1.05))
axes[0].set_yticks(y, order)
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()

# %% [markdown]
# Keep the steps in mind when you compare a circle with a square. In the test part of a recorded
# fold a family has ten notes: one more or less is ten points for that fold. In the thesis it has
# 875, so a step is about a tenth of a point.
#
# ## Claim by claim
#
# The figures of the thesis are pictures; what we have of them in numbers is its text (sections 4.2.2 and
# 5.3). Here are those numbers beside the recorded ones, mini-test in place of NSynth's test split. What
# follows from them for each claim is decided in one place, [chapter 11](11_unseen_instruments.ipynb),
# and listed on [the page of claims](claims.md).

# %%
folds, test = recall["fold_test"], recall["nsynth_test"]
vocal, organ = FAMILIES.index("vocal"), FAMILIES.index("organ")
taken = {title: average[title, "nsynth_test"][vocal, organ] for title in OPTIMISED}
numbers = {
    "lowest family, folds": ("about 90 %", folds.min()),
    "highest family, folds": ("about 99 %", folds.max()),
    "lowest family, test split": ("45 %", test.min()),
    "highest family, test split": ("98 %", test.max()),
    "organ, test split": ("about 98 %, both", test.loc["organ"]),
    "string, test split": ("93 %, both", test.loc["string"]),
    "vocal, test split": ("45 % (CNN), 51 % (LSTM)", test.loc["vocal"]),
    "vocal taken for organ, test split": ("both", pd.Series(taken)),
    "reed, test split": ("CNN 18 points ahead", test.loc["reed"]),
}
table = pd.DataFrame({name: ours for name, (_, ours) in numbers.items()}).T
table = (100 * table).map("{:.0f} %".format)
table.insert(0, "thesis", [theirs for theirs, _ in numbers.values()])
table

# %% [markdown]
# Do not be surprised where they disagree, above all on the test split. Its bundled version is not a
# small copy of NSynth's: in mini-test, *all* flutes, keyboards and voices come from one instrument
# each, and there are no synthetic notes. If the one flute happens to sound like something else, a
# whole family falls. Statements about families are then statements about a few instruments. And our
# networks have met four instruments of each family, the thesis's many times more, which is a reason
# not to read the width of our gap as NSynth's.
#
# ## Mistakes have an address
#
# Are the mistakes on mini-test scattered over all notes, or do they sit with certain instruments?
# Average the probabilities of the sub-models, take the largest as the answer of the whole group,
# and count by instrument.

# %%
fresh_notes = mini_test.select(~mini_test.table["note"].isin(copies).to_numpy())
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
known = bundled.table
sounds = []
for row, note in chosen.iterrows():
    said = [f"{t.split()[1]} says {note[t]} ({100 * confidence[t][row]:.0f} %)" for t in OPTIMISED]
    sounds.append(
        (fresh_notes.waveform(row), f"{note['note']}; truth: {note['family']}; {', '.join(said)}")
    )
    taken_for = known[known["family"] == note[CNN]]
    near = (taken_for["pitch"] - note["pitch"]).abs().idxmin()
    sounds.append((bundled.waveform(near), f"in training: {known['note'][near]}"))
listening.players(sounds) if sounds else print("There is no note that both get wrong.")

# %% [markdown]
# ## Your run
#
# Did you change `PROFILE`, `SEED` or `DATA`? Then the next cell shows your four models beside the recorded
# ones. Otherwise there is nothing to show.

# %%
compare.your_run(runs, recorded, without=copies)

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
#   section 5.8 proposes. None is among these runs.
# - **What the thesis would have found** with fewer notes, or these runs with more. A pattern that is
#   missing here is no evidence against it on NSynth.


# %% tags=["remove-cell"]
# For maintainers: `make regression` compares these figures with earlier runs. It shows nothing.
def means(scores):
    """Loss and accuracy by test and model, means over the folds."""
    table = scores.groupby(["model", "part"])[["loss", "accuracy"]].mean().stack()
    return {f"{what}/{PARTS[part]}/{title}": v for (title, part, what), v in table.items()}


fixed = {f"{name}, recorded": value for name, value in means(by_fold).items()}
for (title, part), matrix in average.items():
    taken = matrix[FAMILIES.index("vocal"), FAMILIES.index("organ")]
    fixed[f"share/vocal taken for organ/{PARTS[part]}/{title}"] = taken
findings.report(fixed)
findings.report(means(live[live["model"].str.startswith("Optimised")]), seed=SEED)

# %% [markdown]
# ## Try it yourself
#
# - In the cell that begins `fresh_notes`, the probabilities of the sub-models are averaged. Compute
#   the accuracy of that averaged answer, `(p.argmax(axis=1) == truth).mean()`, and compare it with
#   the mean of the sub-models' accuracies in the table. Which is higher, and why?
# - In the cell that sets `CNN` and `LSTM`, replace `Optimised` by `Base` in the two titles, and run
#   the cells below again. Which of the thesis's statements would you still make?
# - In the cell of `numbers`, add the rows of bass and mallet, of which section 5.3 says that their sounds die
#   away fast. Are they named worse than organ and string?
#
# ## What you learned
#
# - Loss, accuracy, balanced accuracy and confusion matrices come from ten probabilities a note, in
#   a few lines.
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
# them and not as it defines them; standard deviations and balanced accuracy stand beside the means;
# test notes that are copies of training notes are left out of the headline; the numbers are those
# of recorded runs on the bundled notes, whose test split of 200 notes takes the place of NSynth's
# 4,096; both networks are also tested with the thesis's own settings.
