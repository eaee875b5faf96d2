# %% [markdown]
# # Exercises: your own sound
#
# From a second of sound to a class of recordings. You need
# [chapter 13](../13_your_own_sound.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/13_your_own_sound.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
import numpy as np

from helpers import datasets, hearing, sounds

# %% [markdown] exercise={"name": "silence", "minutes": 5, "points": 1, "objectives": ["Turn"]}
# ## How much silence?
#
# A recording of 3.1 s at 44,100 Hz holds one note of 1.2 s, with silence before and after it. `sounds.prepare`
# makes of it what a network hears. How many samples of that, after the note, are silence?
#
# <details><summary>Hint</summary>
#
# "Make it a note". How long is what a network hears, at which rate, and where in it does the note
# begin?
#
# </details>

# %% tags=["solution"]
n_silent = 64_000 - int(1.2 * 16_000)  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_silent",
    n_silent,
    right=44_800,
    wrong={
        14_400: "The silence of the recording is cut before. What is left of it?",
        123_480: "Those are four seconds at the recording's rate. Which rate does a network hear?",
        19_200: "That many are the note.",
    },
    hint="Four seconds, less the note, at the rate that the networks know.",
)

# %% tags=["wrong"]
# says: cut before
n_silent = 64_000 - int(3.1 * 16_000)

# %% tags=["wrong"]
# says: Which rate
n_silent = 4 * 44_100 - 52_920

# %% [markdown] exercise={"name": "where", "minutes": 25, "points": 2, "objectives": ["Turn"]}
# ## Where are the notes?
#
# Write `where(level, threshold, shortest)`. It takes the level of each frame in decibels, and returns
# the stretches of frames in a row that lie **above** the threshold, in their order: a list of pairs, each
# the first frame of a stretch and the first frame after it. What is shorter than `shortest` frames is
# a click, and left out.
#
# <details><summary>Hint</summary>
#
# The figure of the levels in "Make it a note" shows what a stretch is. Where does "above the threshold" change from False to True, and where
# back? `np.diff` finds changes. What if a note sounds in the first frame, or in the last?
#
# </details>


# %% tags=["solution"]
def where(level, threshold, shortest):
    """Pairs (first frame, first frame after it) of the stretches above the threshold."""
    # BEGIN SOLUTION
    above = np.pad(np.asarray(level) > threshold, 1).astype(int)
    changes = np.flatnonzero(np.diff(above)).reshape(-1, 2)
    return [(int(a), int(b)) for a, b in changes if b - a >= shortest]
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

quiet, loud = -60.0, -10.0
for level, shortest, right, says in (
    ([quiet] * 4 + [loud] * 5 + [quiet] * 6, 3, [[4, 9]], "one note in the middle"),
    ([loud] * 4 + [quiet] * 3 + [loud] * 5, 3, [[0, 4], [7, 12]], "notes at both ends"),
    ([quiet, loud, loud, quiet, loud, loud, loud, quiet], 3, [[4, 7]], "a click before a note"),
    ([quiet, loud, loud, loud, quiet], 3, [[1, 4]], "a note of exactly `shortest` frames"),
    ([loud, loud, -30.0, loud, loud, quiet], 2, [[0, 2], [3, 5]], "a frame on the threshold"),
):
    found = call("where", where, np.array(level), -30.0, shortest)
    found = array(f"where, for {says},", found, (len(right), 2)).tolist()
    assert found == right, f"where gives {found} for {says}."
none = call("where", where, np.full(9, quiet), -30.0, 2)
assert len(none) == 0, f"where finds {none} in silence."


# %% tags=["wrong"]
# says: for a click before a note
def where(level, threshold, shortest):
    above = np.pad(np.asarray(level) > threshold, 1).astype(int)
    return [(int(a), int(b)) for a, b in np.flatnonzero(np.diff(above)).reshape(-1, 2)]


# %% tags=["wrong"]
# says: for one note in the middle
def where(level, threshold, shortest):
    above = np.pad(np.asarray(level) > threshold, 1).astype(int)
    changes = np.flatnonzero(np.diff(above)).reshape(-1, 2)
    return [(int(a), int(b) - 1) for a, b in changes if b - a >= shortest]


# %% tags=["wrong"]
# says: a frame on the threshold
def where(level, threshold, shortest):
    above = np.pad(np.asarray(level) >= threshold, 1).astype(int)
    changes = np.flatnonzero(np.diff(above)).reshape(-1, 2)
    return [(int(a), int(b)) for a, b in changes if b - a >= shortest]


# %% [markdown] exercise={"name": "shortened", "minutes": 15, "points": 2, "objectives": ["Choose"]}
# ## A shorter note to learn from
#
# Write `shortened(sound, seconds)`, a variation for training: the first `seconds` of a note at 16 kHz, as
# a network hears it. That is 64,000 samples; its largest sample, above or below 0, has the size 0.5; what
# follows the sound is silence, also where the sound itself is shorter than `seconds`.
#
# <details><summary>Hint</summary>
#
# What `sounds.note` does, after a cut. When should the peak be measured, before the cut or after it,
# if the network must not learn to tell short notes by their level?
#
# </details>


# %% tags=["solution"]
def shortened(sound, seconds):
    """64,000 samples: the first seconds of a sound, its peak at 0.5, and silence."""
    # BEGIN SOLUTION
    kept = np.asarray(sound, dtype=float)[: int(seconds * 16_000)][:64_000]
    return np.pad(0.5 / np.abs(kept).max() * kept, (0, 64_000 - len(kept)))
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

rng = np.random.default_rng(0)
swelling = rng.uniform(-1, 1, 64_000) * np.linspace(0.1, 1, 64_000)
for sound, seconds, length in (
    (swelling, 1, 16_000),
    (swelling[:9_000], 1, 9_000),
    (swelling, 4, 64_000),
    (np.concatenate([swelling, swelling]), 6, 64_000),
    (-np.abs(swelling), 0.5, 8_000),
):
    before = sound.copy()
    said = f"shortened, of {len(sound):,} samples to {seconds} s,"
    found = array(said, call("shortened", shortened, sound, seconds), (64_000,))
    assert not found[length:].any(), f"{said} is not silent after {length:,} samples."
    peak = np.abs(found).max()
    assert abs(peak - 0.5) < 1e-3, (
        f"{said} has a peak of {peak:.3f}. Is it that of what is left, above or below 0?"
    )
    right = sound[:length] * (0.5 / np.abs(sound[:length]).max())
    assert np.abs(found[:length] - right).max() < 1e-3, f"{said} is not the note that it was given."
    assert np.array_equal(sound, before), "shortened changes the note that it is given."


# %% tags=["wrong"]
# says: Is it that of what is left
def shortened(sound, seconds):
    kept = np.asarray(sound)[: int(seconds * 16_000)][:64_000]
    return np.pad(0.5 / np.abs(sound).max() * kept, (0, 64_000 - len(kept)))


# %% tags=["wrong"]
# says: is not silent after
def shortened(sound, seconds):
    sound = np.resize(sound, 64_000)
    return 0.5 / np.abs(sound).max() * sound


# %% [markdown] exercise={"name": "sure", "minutes": 15, "points": 2, "objectives": ["Measure"]}
# ## As sure as right?
#
# A hundred answers of a model, in three groups by how sure it was (made up):
#
# | probability of the answer | answers | of them right |
# |---|---|---|
# | 0.55 | 40 | 31 |
# | 0.75 | 35 | 24 |
# | 0.90 | 25 | 18 |
#
# The **calibration error** says how far a model's probabilities are from its shares of right answers: the
# size of the gap in each group, averaged over all answers. Compute `error`, in percentage points, to two decimals.
#
# <details><summary>Hint</summary>
#
# In each group, how many right answers did the model promise, and how many did it give? Gaps in
# both directions are errors: they may not cancel. The figure in "When 70 % means 70 %" shows such
# groups as distances from the diagonal.
#
# </details>

# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
promised = np.array([0.55 * 40, 0.75 * 35, 0.90 * 25])
# END SOLUTION
error = np.abs(promised - [31, 24, 18]).sum()  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "error",
    error,
    right=15.75,
    digits=2,
    wrong={
        2.25: "Too sure in one group and not sure enough in another is no comfort: take the size of "
        "each gap before you add them.",
        15.64: "A group of many answers counts more than one of few.",
        0.16: "In percentage points: of a hundred.",
        5.25: "That is the mean over groups of the answers that are too many or too few.",
    },
    hint="Promised right answers against right answers, in each of the three groups.",
)

# %% tags=["wrong"]
# says: take the size
error = abs(promised.sum() - 73)

# %% tags=["wrong"]
# says: counts more
error = 100 * np.mean(np.abs([0.55 - 31 / 40, 0.75 - 24 / 35, 0.90 - 18 / 25]))

# %% [markdown] exercise={"name": "limit", "minutes": 25, "points": 2, "objectives": ["Tell"]}
# ## Where does "unlike" begin?
#
# Write `limit(far, recordings, alarms)`. `far[i, j]` is the distance from training note i to training
# note j, and `recordings` has the name of each note's recording. Return the distance beyond which a share
# of `alarms` of the notes would be called unlike, if each is compared with the nearest note **of another recording**.
#
# <details><summary>Hint</summary>
#
# "Unlike anything I know": why held-out recordings? How far is a note from itself, and from its own
# recording's other notes? `np.where` can put them out of reach. Then `np.quantile`.
#
# </details>


# %% tags=["solution"]
def limit(far, recordings, alarms):
    """The distance that a share of notes lies beyond, from the nearest of other recordings."""
    # BEGIN SOLUTION
    recordings = np.asarray(recordings)
    others = np.where(recordings[:, None] == recordings, np.inf, far)
    return np.quantile(others.min(axis=1), 1 - alarms)
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

rng = np.random.default_rng(3)
centres = rng.uniform(0, 100, 50)
places = np.repeat(centres, 4) + rng.uniform(-0.01, 0.01, 200)
recordings = np.repeat(np.arange(50), 4).astype(str)
far = np.abs(places[:, None] - places)
nearest = np.array([far[i][recordings != recordings[i]].min() for i in range(200)])
for alarms in (0.1, 0.3):
    before = far.copy()
    found = float(array("limit", call("limit", limit, far, recordings, alarms), ()))
    share = float(np.mean(nearest > found))
    assert np.array_equal(far, before), "limit changes the distances that it is given."
    assert found > 0.05, (
        f"limit gives {found:.3f}. Is the nearest note of another recording, or the same one again?"
    )
    assert abs(share - alarms) < 0.02, (
        f"Beyond limit's {found:.2f} lie {share:.0%} of the notes, asked were {alarms:.0%}."
    )


# %% tags=["wrong"]
# says: the same one again
def limit(far, recordings, alarms):
    alone = np.where(np.eye(len(far), dtype=bool), np.inf, far)
    return np.quantile(alone.min(axis=1), 1 - alarms)


# %% tags=["wrong"]
# says: of the notes, asked were
def limit(far, recordings, alarms):
    recordings = np.asarray(recordings)
    others = np.where(recordings[:, None] == recordings, np.inf, far)
    return np.quantile(others.min(axis=1), alarms)


# %% [markdown] exercise={"name": "project", "minutes": 120, "points": 2, "objectives": ["Turn", "Tell"]}
# ## Open project: twenty sounds of your own
#
# Record or collect at least **twenty** sounds: ten notes of instruments of the ten families, and ten sounds
# that are none (a door, a chord, a sentence, rain). Write down, before you let a model hear one, what it
# will say and whether it will doubt the sound. Then ask `hearing.hear`. How often is the answer right,
# how often is a note doubted wrongly, how many of the others are caught, and by what do they differ? Change one
# thing (distance, room, length, loudness) and ask again. Hand in the table, one figure and one page.
#
# The check looks at `results` only: a list of (what it is, what the model says, whether it was doubted), with
# one of the ten families or "none" first, a family second, True or False third; ten of either kind at least.
# The project itself is judged by this **rubric**:
#
# | points | sounds | experiment | conclusion |
# |---|---|---|---|
# | 2 | of several rooms, players or sources, each described | guesses first; one thing changed at a time | says what ten sounds cannot show, and what to record next |
# | 1 | enough of them | the same sounds twice | says what was right and what was wrong |
# | 0 | bundled notes only | a list of answers | a claim that the table does not carry |
#
# <details><summary>Hint</summary>
#
# `sounds.prepare(*sounds.read("door.wav"))` gives what `hearing.hear` takes; with
# `which=["extra_trees"]` it is quick. `answer["models"]["extra_trees"]["family"]` and `answer["unlike"]`
# are what `results` needs.
#
# </details>


# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
rng, table = np.random.default_rng(0), []
test_notes = datasets.load("nsynth-mini", "test")
own = test_notes.table.groupby("family").head(1)
recorded = [(family, test_notes.waveform(row)) for row, family in own["family"].items()]
recorded += [("none", rng.standard_normal(20_000) * 0.9**k) for k in range(10)]
for what, sound in recorded:
    (answer, *_) = hearing.hear(sounds.prepare(sound, 16_000), which=["extra_trees"])
    table.append((what, answer["models"]["extra_trees"]["family"], answer["unlike"]))
# END SOLUTION
results = table  # SOLUTION

# %% tags=["test"]
from helpers.checks import answered
from helpers.datasets import FAMILIES

answered("results", results)
rows = [tuple(row) for row in results]
assert rows, (
    "results should be a list of (what it is, what the model says, whether it was doubted)."
)
for row in rows:
    assert len(row) == 3, f"results has {row}, expected three things."
    what, said, doubted = row
    assert what in (*FAMILIES, "none"), f"results says {what!r}, expected a family or 'none'."
    assert said in FAMILIES, f"results has the answer {said!r}, which is no family."
    assert isinstance(doubted, bool), f"results has {doubted!r}, expected True or False."
n_none = sum(row[0] == "none" for row in rows)
assert n_none >= 10, f"results has {n_none} sounds that are none of the families, expected ten."
assert len(rows) - n_none >= 10, f"results has {len(rows) - n_none} notes, expected ten."

# %% tags=["wrong"]
# says: which is no family
results = [("reed", "door", True)] * 10 + [("none", "reed", True)] * 10

# %% tags=["wrong"]
# says: none of the families, expected ten
results = [("reed", "reed", False)] * 20
