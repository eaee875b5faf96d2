# %% [markdown]
# # Exercises: tuning
#
# From counting a space to a search of your own. You need [chapter 8](../08_tuning.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/08_tuning.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
import numpy as np

# %% [markdown] exercise={"name": "space", "minutes": 5, "points": 1, "objectives": ["Write"]}
# ## A space with a bend
#
# 1. `space`: a search over a dropout from 0 to 0.5 in steps of 0.25 and a batch size from 16 to 128,
#    each twice the one before. Write the space down as the chapter does: a dictionary with the keys
#    `"dropout"` and `"batch_size"` and a list of all values of each.
# 2. `n_settings`: another search, over LSTMs, may choose one of 4 learning rates, and 1, 2 or 3 LSTM
#    layers; **each** layer has 32, 64 or 128 units, whatever the other layers have. How many settings
#    are there?
#
# <details><summary>Hint</summary>
#
# "Two spaces, written out". The spaces there are products. In the second one here the number of
# hyperparameters depends on one of them: count the networks of one layer, of two and of three by
# themselves.
#
# </details>

# %% tags=["solution"]
space = {"dropout": [0, 0.25, 0.5], "batch_size": [16, 32, 64, 128]}  # SOLUTION
n_settings = 4 * (3 + 3**2 + 3**3)  # SOLUTION

# %% tags=["test"]
from helpers.checks import answered, same

answered("space", space)
assert set(space) == {"dropout", "batch_size"}, (
    'space should be a dictionary with the keys "dropout" and "batch_size".'
)
same(
    'space["dropout"]',
    space["dropout"],
    right=[0, 0.25, 0.5],
    ordered=False,
    wrong={
        (0, 0.25): "A range in Python ends before its last value. This space holds both ends.",
        (0.25, 0.5): "The search may leave dropout out: where does the question begin?",
        (0, 0.5): "Those are the ends. What lies between?",
    },
    hint="List all its values, from the first to the last.",
)
same(
    'space["batch_size"]',
    space["batch_size"],
    right=[16, 32, 64, 128],
    ordered=False,
    wrong={
        (16, 32, 64): "A range in Python ends before its last value. This space holds both ends.",
        (16, 128): "Those are the ends. What lies between?",
        (16, 32, 48, 64, 80, 96, 112, 128): "Each is twice the one before, and not 16 more.",
    },
    hint="List all its values, from the first to the last.",
)

# %% tags=["test"]
from helpers.checks import number

number(
    "n_settings",
    n_settings,
    right=4 * (3 + 3**2 + 3**3),
    wrong={
        4 * 3 * 3: "So many there are if all layers of a network have the same units.",
        4 * 3**3: "Those are the networks of three layers. Shorter ones count as well.",
        3 + 3**2 + 3**3: "Each of these comes with every learning rate.",
        4 * 3 * 3**3: "A network of one layer has no second and third layer to choose units for.",
        4 + 3 + 3: "Choices that are made independently multiply.",
        4 * (3 + 6 + 9): "With two layers, each choice for the one goes with each for the other.",
        4 * (3 + 6 + 10): "32 below 64 is another network than 64 below 32.",
    },
    hint="How many networks of two layers are there? Then those of one and of three.",
)

# %% tags=["wrong"]
# says: ends before its last value
space = {"dropout": np.arange(0, 0.5, 0.25), "batch_size": [16, 32, 64, 128]}

# %% tags=["wrong"]
# says: not 16 more
space = {"dropout": [0, 0.25, 0.5], "batch_size": list(range(16, 129, 16))}

# %% tags=["wrong"]
# says: the same units
n_settings = 4 * 3 * 3

# %% tags=["wrong"]
# says: Shorter ones count
n_settings = 4 * 3**3

# %% tags=["wrong"]
# says: no second and third layer
n_settings = 4 * 3 * 3**3

# %% [markdown] exercise={"name": "budget", "minutes": 15, "points": 2, "objectives": ["Write"]}
# ## Twelve hours
#
# A machine is yours for 12 hours. An epoch of the CNN takes 30 s on it, whatever the setting. You
# search the CNN's space of 60 settings at random, with 2 executions of 30 epochs for each trial; no
# setting is drawn twice. In the same 12 hours the winner has to be trained anew on all five folds,
# with 50 epochs each, to be judged on test notes.
#
# 1. `n_trials`: how many whole trials can you afford?
# 2. `chance`: with so many trials, what is the chance that at least one of the three best settings
#    is among them? As a number between 0 and 1, to three decimals.
#
# <details><summary>Hint</summary>
#
# Put aside what has to be paid in any case. "How lucky are five draws?" counts the ways to miss all
# the good settings; `math.comb(n, k)` is the number of ways to choose k of n.
#
# </details>

# %% tags=["solution"]
n_trials = (12 * 3600 - 5 * 50 * 30) // (2 * 30 * 30)  # SOLUTION
# BEGIN SOLUTION NO PROMPT
import math

# END SOLUTION
chance = 1 - math.comb(57, n_trials) / math.comb(60, n_trials)  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_trials",
    n_trials,
    right=(12 * 3600 - 5 * 50 * 30) // (2 * 30 * 30),
    wrong={
        12 * 3600 // (2 * 30 * 30): "Nothing is left then to train the winner on the folds.",
        (12 * 3600 - 5 * 50 * 30) // (30 * 30): "Every trial is trained more than once.",
        1 + (12 * 3600 - 5 * 50 * 30) // (2 * 30 * 30): "The last of these would not be finished.",
        (12 * 3600 - 50 * 30) // (2 * 30 * 30): "The winner is trained on every fold.",
        (12 * 3600 - 2 * 5 * 50 * 30) // (2 * 30 * 30): "The winner is trained once on each fold; "
        "executions belong to the search.",
        12 * 3600 // (2 * 5 * 30 * 30): "The search uses one fold, as in the thesis.",
    },
    hint="Seconds of a trial, seconds of the final trainings, seconds that there are.",
)
assert chance is ... or chance <= 1, "Is chance in percent? It is asked for between 0 and 1."
number(
    "chance",
    chance,
    right=1 - (41 * 40 * 39) / (60 * 59 * 58),
    digits=3,
    wrong={
        41 * 40 * 39 / (60 * 59 * 58): "That is the chance to miss all three.",
        1 - (57 / 60) ** 19: "So it would be if a setting could be drawn again.",
        19 / 60: "That is the chance to meet the very best one. Any of three will do.",
        3 * 19 / 60: "Chances add up only if two of the three cannot be met together.",
        1 - (1 - 3 / 60) ** 24: "Is your number of trials right? And can a setting come again?",
        (19 * 18 * 17) / (60 * 59 * 58): "That is the chance to meet all three of them.",
    },
    hint="It is easier to count how often all three are missed.",
)

# %% tags=["wrong"]
# says: on the folds
n_trials = 12 * 3600 // (2 * 30 * 30)

# %% tags=["wrong"]
# says: more than once
n_trials = (12 * 3600 - 5 * 50 * 30) // (30 * 30)

# %% tags=["wrong"]
# says: in percent
chance = 68.8

# %% tags=["wrong"]
# says: drawn again
chance = 1 - (57 / 60) ** 19

# %% tags=["wrong"]
# says: add up only
chance = 3 * 19 / 60

# %% [markdown] exercise={"name": "stripe", "minutes": 10, "points": 1, "objectives": ["Explain"]}
# ## Hitting a stripe
#
# Three hyperparameters go from 0 to 1. Only the first, $a$, matters: a setting is good when $a$ lies in
# a stripe that is a **tenth** of the range wide, ends included, and nobody knows where it begins.
#
# 1. `n_random`: how many random trials does it take **at least** for a chance of **95 % or more** that
#    one of them is good?
# 2. `n_grid`: how many trials has the smallest grid that is **sure** to hit the stripe wherever it
#    lies? Such a grid has the same number of values for each of the three hyperparameters, spread
#    evenly like the `thirds` of the chapter.
#
# <details><summary>Hint</summary>
#
# For the first: the chance that all trials miss. For the second: how far apart may two neighbouring
# values of $a$ be, and how many values is that? A grid does not know which hyperparameter matters.
#
# </details>

# %% tags=["solution"]
n_random = int(np.ceil(np.log(0.05) / np.log(0.9)))  # SOLUTION
n_grid = 10**3  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_random",
    n_random,
    right=np.ceil(np.log(0.05) / np.log(0.9)),
    wrong={
        28: "That falls just short of 95 %.",
        10: "A tenth of the range does not mean one good trial in every ten: how likely is none?",
        9: "A tenth of the range does not mean one good trial in every ten: how likely is none?",
        1: "One trial misses in nine cases of ten.",
        30: "With 30 the chance is above 95 %. Is it so with fewer?",
        22: "That is for 90 %.",
        95: "Chances do not add up: several trials may hit together.",
    },
    hint="Multiply the chances that one trial misses, until less than 5 % is left.",
)
number(
    "n_grid",
    n_grid,
    right=10**3,
    wrong={
        10: "That many values of the first hyperparameter. The others have as many each.",
        10**2: "There are three hyperparameters.",
        3 * 10: "In a grid, each value of the one goes with each value of the others.",
        9**3: "With so many values, neighbours are a little more than a tenth apart.",
        11**3: "That is sure. Is one value less on each axis sure, too?",
        5**3: "A stripe can lie between two of these values.",
        2**3: "A stripe can lie between two of these values.",
    },
    hint="How many values of the first hyperparameter does it take? Then count the grid.",
)

# %% tags=["wrong"]
# says: just short
n_random = int(np.log(0.05) / np.log(0.9))

# %% tags=["wrong"]
# says: how likely is none
n_random = 10

# %% tags=["wrong"]
# says: have as many each
n_grid = 10

# %% tags=["wrong"]
# says: goes with each value
n_grid = 3 * 10

# %% [markdown] exercise={"name": "symptoms", "minutes": 5, "points": 1, "objectives": ["Read"]}
# ## Five symptoms
#
# Five searches with keras-tuner, and what their owners say:
#
# 1. "Both executions of each trial have exactly the same score."
# 2. "The score of the trial is 0.81, but neither of its executions ended above 0.78."
# 3. "Today's search, with other notes, was done in a second, and the scores are those of yesterday."
# 4. "I gave a seed and `overwrite=True`, but other settings are drawn every time."
# 5. "A dropout of 0.3 was drawn, but no row of my table has `dropout == 0.3`."
#
# What is behind each?
#
# - **A** a finished project was found and reused
# - **B** the seed of the tuner is 0
# - **C** a seed is set in the function that builds the model
# - **D** a `Float` with a step
# - **E** nothing is wrong: so are scores computed
#
# Answer with a text of five letters, in the order of the symptoms.
#
# <details><summary>Hint</summary>
#
# "keras-tuner in the open" and "Four traps".
#
# </details>

# %% tags=["solution"]
causes = "CEABD"  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

assert causes is ... or sorted(str(causes).strip().upper()) == ["A", "B", "C", "D", "E"], (
    "The answer should be a text of five letters, each of A to E once."
)
same(
    "causes",
    causes,
    right="CEABD",
    wrong={
        "BEACD": "Two seeds have changed places: one is for drawing settings, one for training.",
        "CDABE": "How is the score of a trial made of its epochs? And what are binary fractions?",
        "CEBAD": "Which of the two trains nothing at all, and which trains something else?",
        "AECBD": "A project that is reused trains nothing. Two equal trainings are trained twice.",
        "ECABD": "Is it usual that two executions agree to the last digit?",
    },
    hint="Take the trap that you are most sure of first.",
)

# %% tags=["wrong"]
# says: Two seeds
causes = "BEACD"

# %% tags=["wrong"]
# says: trains nothing at all
causes = "CEBAD"

# %% tags=["wrong"]
# says: five letters
causes = "CEA"

# %% [markdown] exercise={"name": "score", "minutes": 10, "points": 1, "objectives": ["Read", "Say"]}
# ## The score, and what is left of it
#
# `curves` holds the validation accuracies of a search (made up): 3 trials, 2 executions each, 6
# epochs, an array of shape (3, 2, 6).
#
# 1. `scores`: the list of the three scores that keras-tuner gives. Do not round.
# 2. `winner`: the trial that it calls the best (the first is trial 1).
# 3. `drop`: the winner's setting is trained anew and used as it stands after the last epoch. Go by
#    its own two executions: how many points (percentage points) below its score do they end, on
#    average? To one decimal.
#
# Would you have chosen the same trial?
#
# <details><summary>Hint</summary>
#
# The text below the `Watched` search says what is averaged and what is maximised, and in which order.
#
# </details>

# %%
curves = np.array(
    [
        [[0.52, 0.61, 0.70, 0.74, 0.73, 0.72], [0.50, 0.63, 0.69, 0.71, 0.76, 0.75]],
        [[0.55, 0.68, 0.79, 0.70, 0.66, 0.64], [0.48, 0.57, 0.62, 0.66, 0.70, 0.75]],
        [[0.45, 0.60, 0.66, 0.70, 0.73, 0.75], [0.47, 0.59, 0.68, 0.72, 0.74, 0.76]],
    ]
)

# %% tags=["solution"]
scores = curves.max(axis=2).mean(axis=1)  # SOLUTION
winner = int(scores.argmax()) + 1  # SOLUTION
drop = 100 * (scores.max() - curves[winner - 1, :, -1].mean())  # SOLUTION

# %% tags=["test"]
from helpers.checks import number, same

same(
    "scores",
    scores,
    right=[0.75, 0.77, 0.755],
    wrong={
        (0.735, 0.695, 0.755): "Those are the means after the last epoch. Which epoch counts?",
        (0.745, 0.705, 0.755): "That is the best epoch of the mean curve. Each execution has a "
        "best epoch of its own.",
        (0.76, 0.79, 0.76): "That is the better one of two executions. What becomes of the other?",
        (0.74, 0.75, 0.75): "That is the worse one of two executions. What becomes of the other?",
    },
    hint="Three numbers between 0 and 1: first the epochs of each execution, then the executions.",
)
number(
    "winner",
    winner,
    right=2,
    wrong={
        1: "Arrays count from 0, trials from 1. Or is it another score that is highest?",
        3: "That one is best after the last epoch. keras-tuner looks at something else.",
    },
    hint="The trial with the highest score.",
)
number(
    "drop",
    drop,
    right=7.5,
    digits=1,
    wrong={
        0.1: "Is that a share? Points are asked for.",
        -7.5: "How far below: a positive number.",
        0: "That is trial 3, which ends where it is best.",
        1.5: "That is how far the winner's score is above the last epochs of another trial.",
        15: "That is for one of the two executions. The mean of both is asked for.",
        9.5: "The score is a mean over both executions, not the better one.",
    },
    hint="Where do the two executions of the winner end?",
)

# %% tags=["wrong"]
# says: after the last epoch
scores = curves[:, :, -1].mean(axis=1)

# %% tags=["wrong"]
# says: mean curve
scores = list(curves.mean(axis=1).max(axis=1))

# %% tags=["wrong"]
# says: count from 0
winner = int(scores.argmax())

# %% tags=["wrong"]
# says: Points are asked for
drop = 0.75 / 10

# %% [markdown] exercise={"name": "noise", "minutes": 15, "points": 2, "objectives": ["Tell"]}
# ## How many executions?
#
# Four trials of three executions each, validation accuracies in percent (made up).
#
# 1. `s`: the standard deviation of an execution around the mean of its own trial, pooled over the
#    trials as in the chapter, in points (percentage points), to two decimals.
# 2. `n_executions`: how many executions of each trial does it take **at least**, if the *difference*
#    of the means of two trials shall have a standard deviation of no more than 0.25 points?
#
# <details><summary>Hint</summary>
#
# "Can so few runs tell the trials apart?" has $s$, and how far a mean of $m$ executions scatters. A
# difference of two independent means scatters more than one mean: their variances add up.
#
# </details>

# %%
executions = np.array(
    [[91.0, 92.0, 91.6], [90.2, 91.4, 90.5], [92.9, 92.1, 93.4], [91.5, 90.4, 91.1]]
)

# %% tags=["solution"]
s = np.sqrt(executions.var(axis=1, ddof=1).mean())  # SOLUTION
n_executions = int(np.ceil(2 * s**2 / 0.25**2))  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "s",
    s,
    right=np.sqrt(np.mean([0.76 / 3, 0.39, 0.43, 0.31])),
    digits=2,
    wrong={
        0.48: "That divides by n. Each trial's mean was taken from the same three numbers: n - 1.",
        0.93: "That is the scatter of all twelve numbers: the differences between the trials are "
        "in it, too.",
        0.98: "That is the scatter of all twelve numbers: the differences between the trials are "
        "in it, too.",
        0.346: "That is a variance. Its root is asked for.",
        0.34: "That is how far a mean of three scatters. One execution is asked for.",
    },
    hint="For each trial the variance around its own mean; then average, then take the root.",
)
number(
    "n_executions",
    n_executions,
    right=np.ceil(2 * np.mean([0.76 / 3, 0.39, 0.43, 0.31]) / 0.25**2),
    wrong={
        6: "So many it takes for one mean. A difference of two scatters more.",
        11: "That falls just short.",
        5: "Scatter falls with the root of the number of executions, not with the number.",
        4: "Scatter falls with the root of the number of executions, not with the number.",
        3: "That is what the table has. How far would a difference of two such means scatter?",
        23: "The two variances add up. Do the standard deviations?",
        2: "That is what the thesis has. How far would a difference of two such means scatter?",
    },
    hint="Write the standard deviation of the difference with m in it, and solve for m.",
)

# %% tags=["wrong"]
# says: That divides by n
s = np.sqrt(executions.var(axis=1).mean())

# %% tags=["wrong"]
# says: all twelve numbers
s = executions.std(ddof=1)

# %% tags=["wrong"]
# says: difference of two scatters more
n_executions = int(np.ceil((0.588 / 0.25) ** 2))

# %% tags=["wrong"]
# says: not with the number
n_executions = int(np.ceil(2 * 0.588 / 0.25))

# %% [markdown] exercise={"name": "orders", "minutes": 5, "points": 1, "objectives": ["Tell"]}
# ## In perfect order
#
# The trials of a search lie in perfect order: the more dropout, the lower the score, with no two
# trials equal in either. How many trials does it take **at least** for the exact permutation test
# of the chapter (two-sided) to give a p-value **below 0.01**?
#
# <details><summary>Hint</summary>
#
# "What ten executions can tell" counts for five trials how many orders there are, and how many of
# them are as extreme as the perfect one.
#
# </details>

# %% tags=["solution"]
fewest = 6  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "fewest",
    fewest,
    right=6,
    wrong={
        5: "That is what the thesis has. Work out its smallest p once more: is it below 0.01?",
        4: "So few give no p below 0.05 even.",
        7: "That is enough. Is one less, too?",
        10: "That is enough. How many are needed at least?",
        100: "It is not trials that are counted, but the orders in which they can lie.",
        200: "It is not trials that are counted, but the orders in which they can lie.",
    },
    hint="How many orders have n trials, and how many of them are perfect, rising or falling?",
)

# %% tags=["wrong"]
# says: smallest p once more
fewest = 5

# %% tags=["wrong"]
# says: Is one less
fewest = 7

# %% tags=["wrong"]
# says: the orders in which
fewest = 200

# %% [markdown] exercise={"name": "curse", "minutes": 20, "points": 2, "objectives": ["Say"]}
# ## The winner's curse, for any trials
#
# The chapter works out how far the winner flatters itself when all trials are equally good. They
# hardly ever are. Write the function `flattery`. It gets the true qualities of the settings, `truth`,
# the standard deviation `s` of one execution and the number of `executions` of each trial. It makes
# up 20,000 searches. In each, every trial scores its true quality plus noise, averaged over its
# executions, and the trial with the highest score wins. It returns, on average over the searches,
# by how much the winner's score is above **the winner's own** true quality.
#
# When you have it, compare `flattery([0, 0, 0, 0, 0], 1, 2)` with `flattery([3, 0, 0, 0, 0], 1, 2)`:
# when can you trust a winner's score?
#
# <details><summary>Hint</summary>
#
# Draw an array of shape (20000, trials) with `np.random.default_rng(0).normal`. How far does the mean
# of several executions scatter? The winner is another one in each search: `argmax` along the right
# axis, and `truth[...]` with what it gives.
#
# </details>


# %% tags=["solution"]
def flattery(truth, s, executions):
    """How much too high the winner's score is on average."""
    # BEGIN SOLUTION
    truth = np.asarray(truth, dtype=float)
    noise = np.random.default_rng(0).normal(size=(20_000, len(truth))) * s / np.sqrt(executions)
    scores = truth + noise
    winners = scores.argmax(axis=1)
    return float((scores.max(axis=1) - truth[winners]).mean())
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import call, number

OWN = "Compare the winner's score with the true quality of the one that won, in each search."

number(
    "flattery([0, 0, 0, 0, 0], 1, 1)",
    call("flattery", flattery, [0, 0, 0, 0, 0], 1, 1),
    right=1.163,
    digits=1,
    wrong={
        0: "It is 0 only for a trial that was chosen beforehand. Here the highest score wins, in "
        "each search anew.",
        2.3: "That is the distance of the best from the worst.",
    },
    hint="Plot a histogram of the winners' scores.",
)
number(
    "flattery([50, 50, 50], 1, 1)",
    call("flattery", flattery, [50, 50, 50], 1, 1),
    right=1.5 / np.sqrt(np.pi),
    digits=1,
    wrong={50 + 1.5 / np.sqrt(np.pi): "That is the winner's score. How much is it too high?"},
    hint=OWN,
)
number(
    "flattery([0, 0, 0, 0, 0], 1, 16)",
    call("flattery", flattery, [0, 0, 0, 0, 0], 1, 16),
    right=1.163 / 4,
    digits=1,
    wrong={
        1.163 / 16: "The mean of 16 executions scatters less than one, but not 16 times less.",
        1.163: "The number of executions has no effect.",
        1.163 * 4: "More executions, more flattery? The mean of many scatters less.",
        2.43: "Is it the best single execution that counts? A trial is scored by their mean.",
    },
    hint="How far does the mean of several executions scatter?",
)

# %% tags=["test"]
import numpy as np

from helpers.checks import call, number

number(
    "flattery([1, 0], 1, 1)",
    call("flattery", flattery, [1, 0], 1, 1),
    right=np.exp(-1 / 4) / np.sqrt(np.pi),
    digits=1,
    wrong={
        0.1996: "That compares the winner's score with the best true quality there is. But often "
        "the better setting does not win: compare with the one that did.",
        0.6996: "That compares the winner's score with the mean of all true qualities. Compare "
        "with the one that won.",
        1.1996: "That is the winner's score. How much is it too high?",
    },
    hint="Compare the winner's score with the true quality of the one that won, in each search.",
)
number(
    "flattery([0, 0, 20], 1, 1)",
    call("flattery", flattery, [0, 0, 20], 1, 1),
    right=0,
    digits=1,
    hint="One setting is so much better that it always wins. Should its score be too high then?",
)


# %% tags=["wrong"]
# says: the better setting does not win
def flattery(truth, s, executions):
    noise = np.random.default_rng(0).normal(size=(20_000, len(truth))) * s / np.sqrt(executions)
    return float((np.array(truth) + noise).max(axis=1).mean() - max(truth))


# %% tags=["wrong"]
# says: not 16 times less
def flattery(truth, s, executions):
    noise = np.random.default_rng(0).normal(size=(20_000, len(truth))) * s / executions
    scores = np.array(truth) + noise
    return float((scores.max(axis=1) - np.array(truth)[scores.argmax(axis=1)]).mean())


# %% tags=["wrong"]
# says: That is the winner's score
def flattery(truth, s, executions):
    noise = np.random.default_rng(0).normal(size=(20_000, len(truth))) * s / np.sqrt(executions)
    return float((np.array(truth) + noise).max(axis=1).mean())


# %% tags=["wrong"]
# says: chosen beforehand
def flattery(truth, s, executions):
    noise = np.random.default_rng(0).normal(size=(20_000, len(truth))) * s / np.sqrt(executions)
    mean_scores = (np.array(truth) + noise).mean(axis=0)
    return float(mean_scores.max() - truth[mean_scores.argmax()])


# %% [markdown] exercise={"name": "project", "minutes": 240, "points": 2, "objectives": ["Tell", "Say"]}
# ## Open project: a better ten
#
# The thesis spent ten executions as five settings twice. Is there a better way to spend ten? Write a
# strategy of two functions for the CNN's space, where a setting is a list
# `[dropout, filters 1, filters 2]`:
#
# - `propose(seen, left, seed)` returns the setting to train next. `seen` is the list of all
#   executions so far, each a list `[setting, score]`; `left` is how many executions are left, with
#   the one asked for; all random numbers come from `seed`.
# - `choose(seen)` returns the setting that you would hand in at the end, one of those seen.
#
# Ideas: ten settings once; five twice; seven once and the best ones again; near the best one so far;
# half the settings dropped after each round. `play` below plays a strategy in a made-up world, where
# the true quality of every setting is known; `thesis_propose` and `thesis_choose` are the strategy to beat. `real` scores a
# setting by training it (some minutes at most with `quick`; finished trainings are kept).
#
# Hand in the strategy, what you expected, a table over at least 200 worlds and three sizes of noise
# (the true quality of what was chosen, and how far its score flatters it, against `thesis`), one
# search with `real`, and what that search can and cannot tell.
#
# The check only looks whether both functions are fit for use: settings of the space, the same ones
# for the same seed, more than one setting tried, and a choice that goes by all executions of a
# setting. The project itself is judged by this **rubric**:
#
# | points | strategy | evidence | conclusion |
# |---|---|---|---|
# | 2 | says what it trades: more settings against less noise | many worlds, several sizes of noise, the scatter of the results; one real search | says when it is better and when not, and what ten executions leave open |
# | 1 | works | one size of noise, or few worlds | says which was better |
# | 0 | missing | a claim without a number | none |
#
# <details><summary>Hint</summary>
#
# Let all strategies play in the same worlds, and compare world by world. With no noise at all, which
# strategy must win? And with very much?
#
# </details>

# %%
SPACE = [[0.1, 0.2, 0.3, 0.4, 0.5], [32, 64, 128], [32, 64, 128, 256]]


def thesis_propose(seen, left, seed):
    """Five settings, drawn one after the other, each twice."""
    if len(seen) % 2:
        return seen[-1][0]
    rng = np.random.default_rng([seed, len(seen)])
    return [values[rng.integers(len(values))] for values in SPACE]


def thesis_choose(seen):
    """The setting with the highest mean score."""
    settings = [setting for setting, _ in seen]
    means = [np.mean([score for other, score in seen if other == one]) for one in settings]
    return settings[int(np.argmax(means))]


def play(propose, choose, world, s=0.01, budget=10):
    """One search in a made-up world: true quality of the choice, of the best, and the flattery."""
    rng = np.random.default_rng(world)
    effects = [np.cumsum(rng.normal(0, 0.01, len(values))) for values in SPACE]
    best = 0.9 + sum(effect.max() for effect in effects)

    def quality(setting):
        places = [values.index(value) for values, value in zip(SPACE, setting, strict=True)]
        return 0.9 + sum(effect[k] for effect, k in zip(effects, places, strict=True))

    seen = []
    for left in range(budget, 0, -1):
        setting = list(propose(seen, left, world))
        seen.append([setting, quality(setting) + rng.normal(0, s)])
    chosen = list(choose(seen))
    score = np.mean([score for setting, score in seen if setting == chosen])
    return {"chosen": quality(chosen), "best": best, "flattery": score - quality(chosen)}


def real(setting, seed, profile="quick"):
    """The score of one execution: a CNN trained on fold 1, or read if that was done before."""
    from helpers import tuning
    from helpers.runs import records, training

    runs = records.SHIPPED.parents[1] / "_build/runs"  # where the chapters keep theirs
    made = training.Experiment(profile, runs=runs)
    named = dict(zip(tuning.SPACES["cnn"], setting, strict=True))
    record = made.run("cnn", named, fold=1, seed=seed, epochs=made.profile.tuning_epochs)
    return tuning.execution_score(record)


thesis = [play(thesis_propose, thesis_choose, world) for world in range(200)]
print("the thesis's way, 200 worlds, s = 0.01:")
for key in ("best", "chosen", "flattery"):
    print(f"  {key:9s} {np.mean([one[key] for one in thesis]):.4f}")


# %% tags=["solution"]
def propose(seen, left, seed):
    """The setting to train next."""
    # BEGIN SOLUTION
    if left > 4:
        rng = np.random.default_rng([seed, len(seen)])
        return [values[rng.integers(len(values))] for values in SPACE]
    scores = {}
    for setting, score in seen:
        scores.setdefault(tuple(setting), []).append(score)
    first_two = sorted(scores, key=lambda one: np.mean(scores[one]))[-2:]
    return list(min(first_two, key=lambda one: len(scores[one])))
    # END SOLUTION


def choose(seen):
    """The setting to hand in."""
    # BEGIN SOLUTION
    scores = {}
    for setting, score in seen:
        scores.setdefault(tuple(setting), []).append(score)
    most = max(len(group) for group in scores.values())
    trusted = [one for one in scores if 2 * len(scores[one]) >= most]
    return list(max(trusted, key=lambda one: np.mean(scores[one])))
    # END SOLUTION


# %% tags=["test"]
from helpers.checks import call

SETS = [{0.1, 0.2, 0.3, 0.4, 0.5}, {32, 64, 128}, {32, 64, 128, 256}]


def search(seed):
    seen = []
    for left in range(10, 0, -1):
        setting = list(call("propose", propose, seen, left, seed))
        inside = [value in values for value, values in zip(setting, SETS, strict=False)]
        assert inside == [True] * 3, f"propose returns {setting}, which is not in the space."
        score = 0.9 - 0.1 * setting[0] + 0.0001 * (setting[1] + setting[2] / 7)
        seen.append([setting, score])
    return seen


found = {seed: search(seed) for seed in (1, 2)}
assert search(1) == found[1], (
    "propose returns other settings when it is asked again with the same seed: make a generator "
    "from the seed inside."
)
for seen in found.values():
    settings = [setting for setting, _ in seen]
    assert any(setting != settings[0] for setting in settings), (
        "propose tries the same setting ten times."
    )
    chosen = list(call("choose", choose, seen))
    assert chosen in settings, f"choose returns {chosen}, which was not trained."

# %% tags=["test"]
from helpers.checks import call

lucky, steady, bad = [0.5, 32, 32], [0.2, 128, 64], [0.4, 64, 256]
seen = [[lucky, 0.95], [steady, 0.9], [bad, 0.5], [lucky, 0.61], [steady, 0.9], [bad, 0.5]]
chosen = list(call("choose", choose, seen))
assert chosen != bad, "choose takes the setting with the lowest scores."
assert chosen != lucky, (
    "choose takes a setting for one lucky execution, although the other one of the same setting was "
    "far worse. What about the mean?"
)
assert chosen == steady, f"choose returns {chosen}, which was not trained."


# %% tags=["wrong"]
# says: not in the space
def propose(seen, left, seed):
    rng = np.random.default_rng([seed, len(seen)])
    return [rng.uniform(0.1, 0.5), int(rng.choice([32, 64, 128])), 64]


# %% tags=["wrong"]
# says: from the seed inside
def propose(seen, left, seed):
    rng = np.random.default_rng()
    return [values[rng.integers(len(values))] for values in SPACE]


# %% tags=["wrong"]
# says: ten times
def propose(seen, left, seed):
    rng = np.random.default_rng(seed)
    return [values[rng.integers(len(values))] for values in SPACE]


# %% tags=["wrong"]
# says: one lucky execution
def choose(seen):
    return max(seen, key=lambda one: one[1])[0]
