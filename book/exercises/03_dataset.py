# %% [markdown]
# # Exercises: the dataset
#
# From a note that has lost its name to an audit of your own. You need
# [chapter 3](../03_dataset.ipynb), and headphones for two of the exercises.

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/03_dataset.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
import numpy as np
import pandas as pd
import scipy.fft

from helpers import datasets, listening

SAMPLE_RATE = 16_000  # samples a second (Hz)

# %% [markdown] exercise={"name": "names", "minutes": 5, "points": 1, "objectives": ["Read"]}
# ## How many instruments?
#
# The cell below holds the names of twelve notes (made up, in NSynth's manner). How many different
# instruments play them?
#
# <details><summary>Hint</summary>
#
# "One note, by hand" takes a name apart, from the right. Which of its parts together say which
# instrument it is? You may write code or count by eye.
#
# </details>

# %%
names = [
    "guitar_acoustic_003-055-100",
    "guitar_acoustic_003-056-100",
    "guitar_acoustic_003-056-025",
    "guitar_electronic_003-056-100",
    "guitar_electronic_021-056-100",
    "reed_acoustic_003-060-100",
    "reed_acoustic_021-060-100",
    "reed_acoustic_021-061-127",
    "synth_lead_synthetic_003-060-100",
    "synth_lead_synthetic_003-072-100",
    "bass_synthetic_021-036-100",
    "bass_electronic_021-036-100",
]

# %% tags=["solution"]
n_instruments = len({name.rsplit("-", 2)[0] for name in names})  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_instruments",
    n_instruments,
    right=8,
    wrong={
        12: "So many notes are there. A note has a pitch and a velocity, an instrument has many.",
        2: "So many different numbers are there. Is the 003 of the guitars the 003 of the reeds?",
        4: "So many families are there.",
        6: "Is an acoustic guitar with the number 003 the same as an electronic one with it?",
        11: "One pitch of an instrument, struck softly and hard, counts once now. What about its "
        "other pitches?",
        10: "Take the velocity out of the name as well.",
    },
    hint="Cut pitch and velocity off each name, and count what is left, each once.",
)

# %% tags=["wrong"]
# says: So many different numbers
n_instruments = len({name.split("-")[0][-3:] for name in names})

# %% tags=["wrong"]
# says: with the number 003 the same
n_instruments = len({(name.split("_")[0], name.split("-")[0][-3:]) for name in names})

# %% tags=["wrong"]
# says: So many families
n_instruments = len({name.split("_")[0] for name in names})

# %% [markdown] exercise={"name": "pitch", "minutes": 10, "points": 1, "objectives": ["Read"]}
# ## A note without a name
#
# A file has lost its name, but you have measured the frequency of its tone. Write the function
# `pitch_of`: the MIDI number of the key that is nearest to a frequency in Hz, as a whole number.
# "Nearest" is meant in semitones, as musicians do.
#
# <details><summary>Hint</summary>
#
# The list of fields in "One note, by hand" has the formula from pitch to frequency. Solve it for $p$.
#
# </details>


# %% tags=["solution"]
def pitch_of(hz):
    """The MIDI number of the key nearest to a frequency in Hz."""
    return round(69 + 12 * np.log2(hz / 440))  # SOLUTION


# %% tags=["test"]
from helpers.checks import call, number

number(
    "pitch_of(880)",
    call("pitch_of", pitch_of, 880.0),
    right=81,
    wrong={
        138: "880 Hz is one octave above A4, and an octave is twelve keys, not twice the number.",
        70: "880 Hz is one octave above A4. How many semitones has an octave?",
        72: "Which key has 440 Hz: 60 or 69?",
        77: "Which logarithm undoes a power of 2?",
        73: "Which logarithm undoes a power of 2?",
    },
    hint="880 Hz is one octave above A4.",
)
number(
    "pitch_of(512)",
    call("pitch_of", pitch_of, 512.0),
    right=72,
    wrong={71: "512 Hz lie between two keys. Which one is nearer, in semitones?"},
    hint="512 Hz lie between two keys, a little above 440 Hz.",
)
number(
    "pitch_of(131.5)",
    call("pitch_of", pitch_of, 131.5),
    right=48,
    wrong={49: "131.5 Hz lie between two keys. Which one is nearer, in semitones?"},
    hint="131.5 Hz lie between two keys, more than an octave below 440 Hz.",
)


# %% tags=["wrong"]
# says: Which one is nearer
def pitch_of(hz):
    return int(69 + 12 * np.log2(hz / 440))


# %% tags=["wrong"]
# says: 60 or 69
def pitch_of(hz):
    return round(60 + 12 * np.log2(hz / 440))


# %% tags=["wrong"]
# says: Which logarithm
def pitch_of(hz):
    return round(69 + 12 * np.log(hz / 440))


# %% [markdown] exercise={"name": "backwards", "minutes": 10, "points": 1, "objectives": ["Describe"]}
# ## Played backwards
#
# Four notes of the same key, **played backwards**: the beginning is at the end. The spectrum as a
# whole is what it was; only the order in time is another. Which player has which note? Answer with a
# text of four letters, in this order:
#
# 1. the organ that pulses
# 2. the brass instrument, held at an even level
# 3. a guitar whose string dies away undisturbed
# 4. a guitar of which one hears how the key is let go
#
# <details><summary>Hint</summary>
#
# Say for each note what it does when it is played forwards, at its start, while it is held, and
# after three seconds ("Look" in the chapter). Then turn the sentence round. Is a struck note, played
# backwards, loudest at its start or at its end?
#
# </details>

# %%
NOTES = [
    "organ_electronic_003-060-100",
    "brass_acoustic_001-060-100",
    "guitar_acoustic_033-060-100",
    "guitar_acoustic_009-060-100",
]
bundled = datasets.load("nsynth-mini")
position = {note: i for i, note in enumerate(bundled.table["note"])}
order = np.random.default_rng(12).permutation(4)
backwards = [bundled.waveform(position[NOTES[i]])[::-1] for i in order]
listening.players(zip(backwards, "ABCD", strict=True))

# %% tags=["solution"]
heard = "".join("ABCD"[i] for i in np.argsort(order))  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

assert heard is ... or sorted(str(heard).strip().upper()) == ["A", "B", "C", "D"], (
    "The answer should be a text of four letters, A, B, C and D in some order."
)
same(
    "heard",
    heard,
    right="DABC",
    wrong={
        "DACB": "Organ and brass are right. Of the guitars, one makes a sound a second after "
        "the player starts, where the key is let go.",
        "ADBC": "The guitars are right. Of the other two, one swells and shrinks again and again.",
    },
    hint="Which two are loudest near the end, and break off? Those were struck.",
)

# %% tags=["wrong"]
# says: where the key is let go
heard = "DACB"

# %% tags=["wrong"]
# says: again and again
heard = "ADBC"

# %% tags=["wrong"]
# says: loudest near the end
heard = "CBAD"

# %% [markdown] exercise={"name": "claims", "minutes": 10, "points": 1, "objectives": ["Count"]}
# ## What a set cannot say
#
# This is a made-up set of four families. All training notes have velocity 100; half of the test notes
# of every instrument have velocity 50, half 100.
#
# | family | source | training instruments | training notes | test instruments | test notes |
# |---|---|---:|---:|---:|---:|
# | bass | electronic | 8 | 400 | 1 | 60 |
# | flute | acoustic | 8 | 400 | 6 | 60 |
# | organ | acoustic | 4 | 200 | 3 | 30 |
# | | electronic | 4 | 200 | 3 | 30 |
# | reed | acoustic | 8 | 400 | 6 | 60 |
#
# A model is trained and tested on it once. Which of these sentences, if true, could **be shown by
# counting right and wrong answers on these test notes**? Answer with their letters, as a text such
# as "AC".
#
# - **A** "It would recognise acoustic basses as surely as these."
# - **B** "It mistakes these flutes for reeds more often when they are played softly (50) than when
#   they are played at 100."
# - **C** "It recognises new basses nearly always, whichever bass you bring."
# - **D** "It would mistake soft notes less often, had it learned from soft ones."
# - **E** "It recognises the electronic organs of the test more often than the acoustic ones."
# - **F** "Over all families, notes are harder to recognise *because* they are acoustic."
#
# <details><summary>Hint</summary>
#
# For each sentence, name the two groups of test notes that you would compare. Are there two? Do they
# differ in one thing only? How many instruments are they?
#
# </details>

# %% tags=["solution"]
can_say = "BE"  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

letters = ... if can_say is ... else sorted({x for x in str(can_say).upper() if x in "ABCDEF"})
same(
    "can_say",
    letters,
    right=["B", "E"],
    wrong={
        ("A", "B", "E"): "One letter too many: which basses would you ask that are not electronic?",
        ("B", "C", "E"): "One letter too many: how many witnesses are those 60 notes?",
        ("B", "D", "E"): "One letter too many: for one of these you need a second model.",
        ("B", "E", "F"): "One letter too many: the sources differ in their families, too.",
        ("B",): "One is missing: in one family, the two sources can be set side by side.",
        ("E",): "One is missing: which sentence compares notes of the same instruments?",
    },
    hint="For each sentence, which two groups of test notes would you compare, and do they differ "
    "in one thing only?",
)

# %% tags=["wrong"]
# says: how many witnesses
can_say = "BCE"

# %% tags=["wrong"]
# says: differ in their families
can_say = ["B", "E", "F"]

# %% tags=["wrong"]
# says: a second model
can_say = "bde"

# %% [markdown] exercise={"name": "witnesses", "minutes": 15, "points": 2, "objectives": ["Count"]}
# ## One flute
#
# The cell below says how many test notes of each instrument a model named correctly (made up).
# Compute, **in percent, to one decimal**:
#
# - `accuracy`, over all notes
# - `balanced`, the balanced accuracy over the three families
# - `one_flute`: what the balanced accuracy would be, had the model taken this one flute for a reed,
#   in all its notes
#
# <details><summary>Hint</summary>
#
# "NSynth in numbers" says what recall and balanced accuracy are. "A score on twenty flutes" says why
# the third number is asked for.
#
# </details>

# %%
table = pd.DataFrame(
    [
        ("flute", "flute_acoustic_101", 60, 57),
        ("guitar", "guitar_acoustic_102", 10, 4),
        ("guitar", "guitar_acoustic_103", 10, 9),
        ("reed", "reed_acoustic_104", 5, 1),
        ("reed", "reed_acoustic_105", 15, 15),
    ],
    columns=["family", "instrument", "notes", "right"],
)
table

# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
families = table.groupby("family")[["notes", "right"]].sum()
recall = 100 * families["right"] / families["notes"]
# END SOLUTION
accuracy = 100 * table["right"].sum() / table["notes"].sum()  # SOLUTION
balanced = recall.mean()  # SOLUTION
one_flute = (recall["guitar"] + recall["reed"]) / 3  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "accuracy",
    accuracy,
    right=86,
    digits=1,
    wrong={0.9: "Is that a share? Percent are asked for.", 69: "Every note counts the same here."},
    hint="Of all notes together, how many are right?",
)
number(
    "balanced",
    balanced,
    right=80,
    digits=1,
    wrong={
        0.8: "Is that a share? Percent are asked for.",
        69: "That is the mean over the instruments. Balanced accuracy is over the families.",
        73.3: "That is the mean of means: inside a family, every note counts the same.",
        86: "That is the plain accuracy.",
    },
    hint="First the recall of each family, then their mean.",
)
number(
    "one_flute",
    one_flute,
    right=145 / 3,
    digits=1,
    wrong={
        72.5: "Is the flute left out of the mean? It has a recall of its own now, a low one.",
        29: "That is what happens to the plain accuracy.",
        0.5: "Is that a share? Percent are asked for.",
    },
    hint="What is the recall of the flutes now? The other two stay.",
)

# %% tags=["wrong"]
# says: over the families
balanced = (100 * table["right"] / table["notes"]).mean()

# %% tags=["wrong"]
# says: Is that a share
accuracy = table["right"].sum() / table["notes"].sum()

# %% tags=["wrong"]
# says: left out of the mean
one_flute = (recall["guitar"] + recall["reed"]) / 2

# %% tags=["wrong"]
# says: mean of means
balanced = (95 + 65 + 60) / 3

# %% [markdown] exercise={"name": "twins", "minutes": 25, "points": 2, "objectives": ["Write"]}
# ## Two of them are one
#
# Six sounds on one key. Five are recordings of five instruments. The sixth was made from one of
# them, in a way that libraries and careless scripts know: it begins later, it is quieter, it is
# **turned over** (every sample times a negative number), and it was rounded to 16 bits again. Their
# hashes all differ. Listen first: which two would you say? Then let code find
#
# - `pair`, a text of two letters, and
# - `late`, by how many samples the copy begins later than the original (a number above 0).
#
# <details><summary>Hint</summary>
#
# "Near copies" has a measure that does not mind a shift. What does turning a sound over do to $r(k)$
# at the right shift? And which two of the six are most alike if you forget that?
#
# </details>

# %%
KEY = ["brass_acoustic_001", "flute_acoustic_004", "keyboard_acoustic_000", "reed_acoustic_000"]
rng = np.random.default_rng(26)
five = rng.permutation([f"{name}-060-100" for name in [*KEY, "vocal_acoustic_005"]])
waves = [bundled.waveform(position[note]) for note in five]
shift, factor = rng.integers(100, 400), -rng.uniform(0.3, 0.6)
copy = factor * np.concatenate([np.zeros(shift), waves[0][:-shift]])
waves.append((np.round(copy * 32_768) / 32_768).astype(np.float32))
six = {letter: waves[i] for letter, i in zip("ABCDEF", rng.permutation(6), strict=True)}
listening.players([(waveform, letter) for letter, waveform in six.items()])

# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
spectra = {letter: scipy.fft.rfft(waveform, 2**17) for letter, waveform in six.items()}
best = 0
for a in six:
    for b in six:
        r = scipy.fft.irfft(spectra[a] * np.conj(spectra[b]), 2**17)
        r /= np.linalg.norm(six[a]) * np.linalg.norm(six[b])
        k = np.abs(r[: 2**16]).argmax()  # a begins k samples after b
        if a != b and abs(r[k]) > best:
            best, found, samples = abs(r[k]), a + b, int(k)
# END SOLUTION
pair = found  # SOLUTION
late = samples  # SOLUTION

# %% tags=["test"]
from helpers.checks import number, same

same(
    "pair",
    pair if pair is ... else "".join(sorted(set(str(pair).upper()) & set("ABCDEF"))),
    right="AF",
    wrong={
        "CE": "These two are the most alike as they are. But the copy was turned over: how does "
        "that show in r(k)?"
    },
    hint="Take all pairs, all shifts, and the size of r(k).",
)
number(
    "late",
    late,
    right=217,
    wrong={
        -217: "The right size. Above 0, it says how much later the copy begins.",
        131_072 - 217: "Counted from the other end: what do the last places of the inverse "
        "transform stand for?",
        41: "There the two are most alike as they are. But the copy was turned over.",
        0: "It does begin later: is that in seconds?",
    },
    hint="At which shift is the size of r(k) largest? In samples.",
)

# %% tags=["wrong"]
# says: the most alike as they are
pair = "CE"

# %% tags=["wrong"]
# says: But the copy was turned over.
late = 41

# %% tags=["wrong"]
# says: whole number
late = 217 / SAMPLE_RATE

# %% tags=["wrong"]
# says: Counted from the other end
late = 2**17 - 217

# %% [markdown] exercise={"name": "dropout", "minutes": 20, "points": 2, "objectives": ["Write"]}
# ## A fault that the audit does not look for
#
# A recording that stumbled: for some milliseconds no samples arrived, and zeros stand in their
# place. None of the chapter's alarms rings. Write the function `gap`: the length, in samples, of the
# **longest run of zeros** in a waveform. Zeros before the first and after the last sample that is not
# zero do not count, since notes begin and end in silence; so of pure silence the answer is 0.
#
# <details><summary>Hint</summary>
#
# `np.flatnonzero(x)` gives the places of all samples that are not zero. How far apart are two
# neighbours of that list if nothing is missing between them?
#
# </details>


# %% tags=["solution"]
def gap(x):
    """The longest run of zeros inside a waveform, in samples."""
    # BEGIN SOLUTION
    places = np.flatnonzero(x)
    if len(places) < 2:
        return 0
    return int(np.diff(places).max()) - 1
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import call


def check_gap():
    def asked(x, right, what, why):
        found = call("gap", gap, np.array(x, dtype=np.float32))
        assert np.size(found) == 1, f"gap should return one number, not {found}."
        found = float(np.squeeze(found))
        assert found == right, f"{what}, gap returns {found:g}. {why}"

    one = "How far apart are the places of two samples with one zero between them?"
    asked([3, 0, 2], 1, "Of the three samples 3, 0, 2", one)
    ends = "Zeros at the beginning and at the end do not count."
    asked([0, 0, 0, 1, 0, 2, 0, 0], 1, "Of the samples 0, 0, 0, 1, 0, 2, 0, 0", ends)
    runs = "The longest run is asked for, not all zeros, and not the first run."
    asked([1, 0, 0, 2, 0, 0, 0, -1, 0, 1], 3, "Of 1, 0, 0, 2, 0, 0, 0, -1, 0, 1", runs)
    asked([1, 2, -1, 3], 0, "Where no sample is zero", "There is nothing to find.")
    asked(np.zeros(50), 0, "Of silence", "Silence has no gap inside.")
    asked([0, 0, 5, 0, 0], 0, "Of the samples 0, 0, 5, 0, 0", ends)
    wave = np.sin(2 * np.pi * 250 * np.arange(64_000) / 16_000 + 0.1)
    wave[20_000:20_320] = 0
    wave[60_000:] = 0
    asked(wave, 320, "Of a tone with 320 zeros planted in it", ends)
    small = 1e-4 * np.sin(2 * np.pi * 250 * np.arange(64_000) / 16_000 + 0.1)
    asked(small, 0, "Of a very quiet tone", "Quiet samples are samples: only zeros are missing.")


check_gap()


# %% tags=["wrong"]
# says: at the beginning and at the end
def gap(x):
    longest = run = 0
    for sample in x:
        run = run + 1 if sample == 0 else 0
        longest = max(longest, run)
    return longest


# %% tags=["wrong"]
# says: not all zeros
def gap(x):
    return int((np.trim_zeros(x) == 0).sum())


# %% tags=["wrong"]
# says: How far apart
def gap(x):
    return int(np.diff(np.flatnonzero(x), append=0).max())


# %% tags=["wrong"]
# says: gap stopped with ValueError
def gap(x):
    return int(np.diff(np.flatnonzero(x)).max()) - 1


# %% [markdown] exercise={"name": "memory", "minutes": 15, "points": 2, "objectives": ["Measure"]}
# ## Memory, or easy notes?
#
# A test has 200 notes, of which 20 have a twin among the training notes. A model is trained twice:
# once on all training notes, once without the twins. It named correctly (made-up numbers):
#
# | learned from | of the 20 with a twin | of the 180 others |
# |---|---:|---:|
# | all training notes | 18 | 117 |
# | without the twins | 16 | 117 |
#
# Compute, to one decimal:
#
# - `headline`, in percent: the accuracy of the model that learned from **all** training notes, on
#   the test notes that have no twin;
# - `memory`, in percentage points: how much of its accuracy on all 200 notes it owes to having
#   learned the twins.
#
# <details><summary>Hint</summary>
#
# "What it does to the scores" ends with this experiment. Which notes were right because of the
# twins, and which would have been right in any case?
#
# </details>

# %% tags=["solution"]
headline = 100 * 117 / 180  # SOLUTION
memory = 100 * (18 - 16) / 200  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "headline",
    headline,
    right=65,
    digits=1,
    wrong={
        67.5: "That is the accuracy on all notes, those with a twin included.",
        58.5: "The notes with a twin are left out above the line. Below it, too?",
        0.7: "Is that a share? Percent are asked for.",
        90: "That is the accuracy on the notes that do have a twin.",
    },
    hint="How many notes have no twin, and how many of them are right?",
)
number(
    "memory",
    memory,
    right=1,
    digits=1,
    wrong={
        2.5: "By so much the score falls if the notes with a twin are left out. But they may be "
        "easier than the others, twin or not: what does the second row say?",
        25: "By so much the notes with a twin are ahead of the others. Two causes can do that.",
        15: "By so much the notes with a twin are easier than the others, without any memory.",
        10: "That is the difference on the notes with a twin. How much is it of all 200?",
        0: "Is that a share? Percentage points are asked for.",
        1.1: "The accuracy is on all 200 notes.",
    },
    hint="Compare the same notes with and without the twins in training. How many became wrong?",
)

# %% tags=["wrong"]
# says: may be easier than the others
memory = 67.5 - 65

# %% tags=["wrong"]
# says: How much is it of all 200
memory = 100 * (18 - 16) / 20

# %% tags=["wrong"]
# says: Two causes can do that
memory = 90 - 65

# %% tags=["wrong"]
# says: Below it, too
headline = 100 * 117 / 200

# %% [markdown] exercise={"name": "draw", "minutes": 30, "points": 3, "objectives": ["Draw"]}
# ## Fair to the instruments
#
# The chapter's sample is balanced by family and leaves the instruments to chance. Write the function
# `draw`, which takes `n` notes of each family, spread **as evenly as possible** over its instruments:
# as many of each, one more or less; an instrument that has too few gives all it has, and the others
# make up for it. Which notes of an instrument are taken is left to the seed, and the notes of one
# family do not depend on what other families there are.
#
# <details><summary>Hint</summary>
#
# Think of dealing backwards: shuffle the notes of each instrument, and write on each note which it
# is of its instrument: the first, the second, ... Then take all the firsts, all the seconds, and so
# on, until there are `n`. "A balanced, seeded sample" shows how each family gets random numbers of
# its own.
#
# </details>


# %% tags=["solution"]
def draw(labels, instruments, n, seed):
    """The positions of the notes drawn, an array.

    labels: the number of each note's family, an array; instruments: the name of each note's
    instrument, an array; n: notes of each family (it has as many); seed: a whole number.
    """
    # BEGIN SOLUTION
    drawn = []
    for family in np.unique(labels):
        rng = np.random.default_rng([seed, family])
        rows = rng.permutation(np.flatnonzero(labels == family))
        turn = pd.Series(instruments[rows]).groupby(instruments[rows]).cumcount()
        drawn.extend(rows[np.argsort(turn, kind="stable")[:n]])
    return np.sort(drawn)
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call


def check_draw():
    sizes = {(0, "bass_a"): 30, (0, "bass_b"): 4, (0, "bass_c"): 26, (3, "flute_a"): 25}
    sizes |= {(3, "flute_b"): 25, (7, "reed_a"): 12, (7, "reed_b"): 9, (7, "reed_c"): 20}
    labels = np.repeat([family for family, _ in sizes], list(sizes.values()))
    instruments = np.repeat([name for _, name in sizes], list(sizes.values()))
    mixed = np.random.default_rng(9).permutation(len(labels))
    labels, instruments = labels[mixed], instruments[mixed]

    def asked(n, seed, keep=slice(None)):
        arguments = labels[keep], instruments[keep], n, seed
        rows = np.atleast_1d(array("draw(...)", call("draw", draw, *arguments)))
        assert np.all(rows == np.round(rows)), "draw should return positions: whole numbers."
        rows = rows.astype(int)
        assert rows.ndim == 1, "draw should return one array of positions."
        assert rows.min() >= 0, "draw returns positions below 0."
        assert rows.max() < len(arguments[0]), (
            "draw returns positions that do not exist: do they count in the whole table?"
        )
        assert len(set(rows)) == len(rows), "draw takes a note twice."
        return rows

    for n in (6, 13, 20):
        rows = asked(n, 1)
        counts = np.bincount(labels[rows], minlength=8)[[0, 3, 7]]
        assert set(counts) == {n}, f"With n={n}, the families give {counts} notes."
        for family in (0, 3, 7):
            names = [name for number, name in sizes if number == family]
            taken = {name: int((instruments[rows] == name).sum()) for name in names}
            free = [taken[name] for name in names if taken[name] < sizes[family, name]]
            owned = [sizes[family, name] for name in names]
            assert max(taken.values()) - min(free) <= 1, (
                f"With n={n}, the instruments of a family, with {owned} notes, give "
                f"{[*taken.values()]} of them: not as even as possible."
            )
    assert np.array_equal(np.sort(asked(13, 1)), np.sort(asked(13, 1))), (
        "The same seed, drawn twice, does not give the same notes."
    )
    # Of a note that is drawn in one case of four, 100 seeds miss it once in 10**12.
    every = [frozenset(asked(20, seed).tolist()) for seed in range(100)]
    assert len(set(every)) > 90, "Other seeds give the same notes: is anything shuffled?"
    never = set(range(len(labels))) - frozenset.union(*every)
    assert not never, (
        f"With 100 seeds, {len(never)} of {len(labels)} notes are never drawn. Is every note of an "
        "instrument as likely as the others?"
    )
    alone = np.flatnonzero(labels == 7)
    assert set(alone[asked(13, 1, alone)]) == {row for row in asked(13, 1) if labels[row] == 7}, (
        "Without the other families, other notes of a family are drawn. Does each family have a "
        "stream of random numbers of its own?"
    )


check_draw()


# %% tags=["wrong"]
# says: not as even as possible
def draw(labels, instruments, n, seed):
    drawn = []
    for family in np.unique(labels):
        rng = np.random.default_rng([seed, family])
        drawn.extend(rng.permutation(np.flatnonzero(labels == family))[:n])
    return np.array(drawn)


# %% tags=["wrong"]
# says: a stream of random numbers of its own
def draw(labels, instruments, n, seed):
    drawn, rng = [], np.random.default_rng(seed)
    for family in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == family))
        turn = pd.Series(instruments[rows]).groupby(instruments[rows]).cumcount()
        drawn.extend(rows[np.argsort(turn, kind="stable")[:n]])
    return np.array(drawn)


# %% tags=["wrong"]
# says: the families give
def draw(labels, instruments, n, seed):
    drawn = []
    for family in np.unique(labels):
        names = np.unique(instruments[labels == family])
        for name in names:
            rows = np.flatnonzero(instruments == name)
            drawn.extend(np.random.default_rng(seed).permutation(rows)[: n // len(names)])
    return np.array(drawn)


# %% tags=["wrong"]
# says: is anything shuffled
def draw(labels, instruments, n, seed):
    drawn = []
    for family in np.unique(labels):
        rows = np.flatnonzero(labels == family)
        turn = pd.Series(instruments[rows]).groupby(instruments[rows]).cumcount()
        drawn.extend(rows[np.argsort(turn, kind="stable")[:n]])
    return np.array(drawn)


# %% [markdown] exercise={"name": "project", "minutes": 180, "points": 2, "objectives": ["Write", "Measure"]}
# ## Open project: a copy that the audit misses
#
# The chapter lists what its audit cannot find: a recording that was filtered, or stretched, or mixed
# with another, or given a strong reverberation, or played faster. Choose **one** of these changes (or another, such as noise, or compression), and write a
# function `alike` that sees through it: of two waveforms it returns a number, the larger the more
# likely both come from one recording.
#
# Then audit. Plant first: change some notes yourself, from mild to strong, and draw how `alike` sees
# the planted pairs beside pairs that are surely not copies. Choose a limit, and say what it costs: how
# many planted copies it misses, how many false alarms it gives. Then let it run over notes of
# `nsynth-mini` (a family is enough), and listen to what rings. Hand in code, one figure, a table of
# what you found, and a page of text.
#
# The check only looks whether `alike` is fit for use: one finite number for any two notes, silence
# included; a note is more like itself than like another note; and making it quieter does not
# change that. The project itself is judged by this **rubric**:
#
# | points | idea | evidence | finding |
# |---|---|---|---|
# | 2 | says what the change keeps of a sound, and uses that | planted copies and surely different pairs, limit chosen before the real run | what rang was heard, and doubtful cases are called doubtful |
# | 1 | works, not explained | planted copies only | a list of pairs |
# | 0 | the chapter's `likeness` unchanged | none | "the data are clean" |
#
# <details><summary>Hint</summary>
#
# Ask first what the change leaves alone. A filter makes some frequencies weaker, the same all the
# time: what happens in a band when you subtract its mean level in dB? A small transposition moves the
# peaks of the spectrum and leaves the envelope in time nearly as it was.
#
# </details>


# %% tags=["solution"]
def alike(a, b):
    """The larger, the more likely two waveforms, shape (64000,), come from one recording."""
    # BEGIN SOLUTION
    # Sees through a filter: in each band only the rise and fall of the level over time counts.
    levels = []
    for waveform in (a, b):
        frames = waveform[: len(waveform) // 1024 * 1024].reshape(-1, 1024) * np.hanning(1024)
        power = np.abs(scipy.fft.rfft(frames)[:, 1:]) ** 2
        power = power.reshape(len(frames), 64, 8).sum(axis=2)
        level = 10 * np.log10(power + 1e-6 * power.max() + 1e-12)
        levels.append(level - level.mean(axis=0))
    first, second = (level.ravel() for level in levels)
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second) + 1e-9))
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call


def check_alike():
    time, rng = np.arange(64_000) / 16_000, np.random.default_rng(0)

    def tone(hz, fall, seed):
        phases = np.random.default_rng(seed).uniform(0, 6, 8)
        parts = [np.sin(2 * np.pi * hz * (k + 1) * time + phases[k]) / (k + 1) for k in range(8)]
        wave = np.sum(parts, axis=0) * np.exp(-fall * time) * np.minimum(1, time / 0.02)
        wave[48_000:] *= np.exp(-20 * time[:16_000])
        return (0.2 * wave + 0.001 * rng.normal(size=64_000)).astype(np.float32)

    struck, held, silence = tone(220, 2, 1), tone(330, 0, 2), np.zeros(64_000, np.float32)

    def asked(what, a, b):
        found = array(f"alike of {what}", call("alike", alike, a, b))
        assert found.size == 1, f"alike of {what} has shape {found.shape}; one number is asked for."
        return float(found.squeeze())

    asked("a note and silence", struck, silence)
    asked("silence and silence", silence, silence)
    own, other = asked("a note and itself", struck, struck), asked("two notes", struck, held)
    assert own > other, (
        f"alike of a note and itself is {own:.4g}, and of two different notes {other:.4g}: the "
        "larger number should stand for the copy."
    )
    quiet = asked("a note and itself, quieter", struck, (0.5 * struck).astype(np.float32))
    assert quiet > other + 0.5 * (own - other), (
        f"alike of a note and the same at half the level is {quiet:.4g}; of two different notes it "
        f"is {other:.4g}. Does the level matter to it?"
    )


check_alike()


# %% tags=["wrong"]
# says: should stand for the copy
def alike(a, b):
    return np.abs(a - b).max()


# %% tags=["wrong"]
# says: NaN or infinity
def alike(a, b):
    with np.errstate(invalid="ignore"):
        return np.float64(a @ b) / np.sqrt(np.float64(a @ a) * (b @ b))


# %% tags=["wrong"]
# says: Does the level matter
def alike(a, b):
    return float(np.array_equal(a, b))
