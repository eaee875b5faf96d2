# %% [markdown]
# # Exercises: features
#
# From five-minute checks to a feature of your own. You need
# [chapter 4](../04_features.ipynb).

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/classroom/student/04_features.ipynb)

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %%
import librosa
import numpy as np
import scipy.fft

from helpers import datasets, features, listening

SR = 16_000  # samples a second (Hz)

# %% [markdown] exercise={"name": "opposite", "minutes": 5, "points": 1, "objectives": ["Explain"]}
# ## The same tone, and its opposite
#
# A pure tone of 400 Hz is recorded. A second recording of it begins $d$ milliseconds later.
#
# - `d`: what is the smallest $d$ above 0 for which the two waveforms are exact opposites, at the
#   distance 2 of the chapter, although nobody can hear a difference?
# - `between_spectra`: and at what distance are then the two spectra, that is, the strengths of the
#   frequencies in one second of each?
#
# <details><summary>Hint</summary>
#
# How long is one period of the tone, and where in its period is a sine when it is the negative of
# what it was? "Why not simply the waveform?" in the chapter has the picture, for spectra, too.
#
# </details>

# %% tags=["solution"]
d = 1000 / 400 / 2  # SOLUTION
between_spectra = 0  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "d",
    d,
    right=1.25,
    digits=2,
    wrong={
        2.5: "After that long the tone has come round to where it was: the distance is 0, not 2.",
        0.625: "There the waveforms have nothing in common, a distance of the root of 2. "
        "Opposites are further apart.",
        0: "Is that in seconds? Milliseconds are asked for.",
        20: "That is a number of samples. Milliseconds are asked for.",
    },
    hint="Draw one period of a sine and look for the point where it has turned round.",
)
number(
    "between_spectra",
    between_spectra,
    right=0,
    digits=2,
    wrong={
        2: "That is the distance of the waveforms. Which part of a wave is turned round, and does "
        "a spectrum keep it?",
        np.sqrt(2): "So far apart are two sounds that have no frequency in common.",
    },
    hint="Let code find it: make both seconds, and take `np.abs(np.fft.rfft(...))` of each.",
)

# %% tags=["wrong"]
# says: come round to where it was
d = 1000 / 400

# %% tags=["wrong"]
# says: in seconds
d = 1 / 400 / 2

# %% tags=["wrong"]
# says: number of samples
d = SR / 400 / 2

# %% tags=["wrong"]
# says: does a spectrum keep it
between_spectra = 2

# %% [markdown] exercise={"name": "frames", "minutes": 5, "points": 1, "objectives": ["Build"]}
# ## How many frames?
#
# A recording of 2.5 s at 16 kHz is cut into frames of 1,024 samples with a hop of 400, centred as in
# the chapter: half a frame of zeros is put before it and after it. How many frames are there?
#
# <details><summary>Hint</summary>
#
# Step 1 of the chapter counts the frames of a note of 64,000 samples. Where is the middle of the
# first frame, and of the last?
#
# </details>

# %% tags=["solution"]
n_frames = 1 + 40_000 // 400  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_frames",
    n_frames,
    right=1 + 40_000 // 400,
    wrong={
        100: "So many hops fit into the recording. There is a frame at each end of a hop: count "
        "the one that is centred on sample 0 as well.",
        98: "So many frames fit without the zeros at both ends. These frames are centred.",
        39: "So many frames of this length would lie side by side. These overlap: what counts is "
        "how far it is from one to the next.",
    },
    hint="Look at how step 1 of the chapter counts the frames of a note.",
)

# %% tags=["wrong"]
# says: centred on sample 0
n_frames = 40_000 // 400

# %% tags=["wrong"]
# says: without the zeros
n_frames = 1 + (40_000 - 1024) // 400

# %% tags=["wrong"]
# says: side by side
n_frames = 40_000 // 1024

# %% tags=["wrong"]
# says: whole number
n_frames = 2.5 * SR / 1024

# %% [markdown] exercise={"name": "triangle", "minutes": 20, "points": 2, "objectives": ["Build"]}
# ## A mel filter by hand
#
# Write the function `triangle`: the weights of one mel band at the frequencies `hz`. It rises in a
# straight line from 0 at `low` to its peak at `middle` and falls to 0 at `high`; it is 0 everywhere
# else; and its area is 1. Do not call librosa.
#
# <details><summary>Hint</summary>
#
# One line for the rise, one for the fall; the triangle is the lower of the two, and never below 0.
# What is the area of a triangle of height 1 over the base from `low` to `high`? Step 5 of the
# chapter does it for 128 bands at once.
#
# </details>


# %% tags=["solution"]
def triangle(hz, low, middle, high):
    """The weights (1/Hz) of a mel band at the frequencies hz, an array of the same shape."""
    # BEGIN SOLUTION
    rise = (hz - low) / (middle - low)
    fall = (high - hz) / (high - middle)
    return np.maximum(0, np.minimum(rise, fall)) * 2 / (high - low)
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

hz = np.arange(2001.0)
for low, middle, high in [(400.0, 600.0, 1000.0), (1000.0, 1700.0, 1800.0)]:
    said = f"triangle(hz, {low:.0f}, {middle:.0f}, {high:.0f})"
    weights = array(said, call(said, triangle, hz, low, middle, high), hz.shape)
    assert weights.min() > -1e-9, f"{said} is negative somewhere: where should it be 0?"
    outside = weights[(hz < low) | (hz > high)]
    assert np.abs(outside).max() < 1e-9, f"{said} is not 0 below low and above high."
    assert weights.max() > 0, f"{said} is 0 everywhere."
    peak = hz[weights.argmax()]
    assert peak == middle, f"{said} has its peak at {peak:.0f} Hz, not at middle."
    assert abs(weights.max() - 1) > 1e-9, (
        f"{said} has height 1. It is the area that should be 1: otherwise a wide band collects "
        "more power only because it is wide."
    )
    area = weights.sum()  # the frequencies are 1 Hz apart
    assert abs(area - 0.5) > 1e-6, (
        f"{said} has the area 1/2. How is the area of a triangle computed from base and height?"
    )
    assert abs(area - 1) < 1e-6, f"{said} has the area {area:.4g}, not 1."

# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

ask = np.array([400.0, 450.0, 500.0, 600.0, 700.0, 800.0, 900.0, 1000.0])
found = array("triangle", call("triangle", triangle, ask, 400.0, 600.0, 1000.0), ask.shape)
assert np.allclose(found / found.max(), [0, 0.25, 0.5, 1, 0.75, 0.5, 0.25, 0]), (
    "The sides of the triangle are not straight, or do not begin and end at 0: what is its "
    "height half-way between low and middle, and half-way between middle and high?"
)
finer = np.linspace(400.0, 1000.0, 61)
again = array("triangle", call("triangle", triangle, finer, 400.0, 600.0, 1000.0), finer.shape)
assert abs(found.max() - again.max()) < 1e-9, (
    "The weight at middle depends on the other frequencies that are asked for. It is the area over "
    "the Hz that should be 1, and not the sum of the weights."
)


# %% tags=["wrong"]
# says: height 1
def triangle(hz, low, middle, high):
    return np.maximum(0, np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle)))


# %% tags=["wrong"]
# says: area 1/2
def triangle(hz, low, middle, high):
    rise, fall = (hz - low) / (middle - low), (high - hz) / (high - middle)
    return np.maximum(0, np.minimum(rise, fall)) / (high - low)


# %% tags=["wrong"]
# says: negative somewhere
def triangle(hz, low, middle, high):
    return np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle)) * 2 / (high - low)


# %% tags=["wrong"]
# says: sides of the triangle are not straight
def triangle(hz, low, middle, high):
    rise, fall = (hz - low) / (middle - low), (high - hz) / (high - middle)
    hill = np.sin(np.pi / 2 * np.maximum(0, np.minimum(rise, fall)))
    return hill / np.sum(hill) / (hz[1] - hz[0])


# %% tags=["wrong"]
# says: not the sum of the weights
def triangle(hz, low, middle, high):
    weights = np.interp(hz, [low, middle, high], [0, 1, 0])
    return weights / weights.sum()


# %% [markdown] exercise={"name": "coefficients", "minutes": 20, "points": 2, "objectives": ["Build"]}
# ## The last step: cosines
#
# Write the function `coefficients`: from the levels of a mel spectrogram, in dB, to the first `n`
# MFCCs of every frame, by the **orthonormal** DCT-II of step 7. It should work for any number of
# bands.
#
# <details><summary>Hint</summary>
#
# Build the matrix of step 7, one cosine a row, and multiply; or look for a function of
# `scipy.fft` and read which of its settings means "orthonormal", and along which axis it goes.
#
# </details>


# %% tags=["solution"]
def coefficients(levels, n=13):
    """MFCCs, shape (frames, n), of levels in dB, shape (frames, bands)."""
    return scipy.fft.dct(levels, type=2, norm="ortho", axis=1)[:, :n]  # SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call, number

flat = np.full((20, 40), -30.0)
c = array("coefficients(levels)", call("coefficients", coefficients, flat, 13), (20, 13))
assert np.abs(c[0] - c[1]).max() < 1e-6, (
    "Twenty equal frames get different coefficients. Which axis do the cosines go along: over the "
    "frames, or over the bands?"
)
assert np.abs(c[:, 1:]).max() < 1e-6, (
    "A flat spectrum has no shape, so all coefficients but number 0 should vanish. Is the cosine "
    "that of the DCT-II, with 2m + 1?"
)
ratio = c[0, 0] / (-30 * np.sqrt(40))
assert abs(ratio - np.sqrt(2)) > 1e-6, (
    "Coefficient 0 is off by the root of 2: its cosine is a constant, and has a factor of its own."
)
assert abs(ratio - 1) < 1e-6, (
    "Of a flat spectrum, coefficient 0 should be its level times the root of the number of bands. "
    "In an orthonormal transform every cosine has length 1: see the factors s of step 7."
)

# %% tags=["test"]
import numpy as np

from helpers.checks import array, call, number

levels = np.array([[-10.0, -20, -40, -80], [0, -5, 3, 8]])
c = array("coefficients(levels, 4)", call("coefficients", coefficients, levels, 4), (2, 4))
assert np.allclose((c**2).sum(axis=1), (levels**2).sum(axis=1)), (
    "All coefficients of a frame together should have the same sum of squares as its levels: in an "
    "orthonormal transform every cosine has length 1."
)
number(
    "coefficient 1 of the levels -10, -20, -40, -80",
    c[0, 1],
    right=np.sqrt(2 / 4)
    * np.sum(np.array([-10, -20, -40, -80]) * np.cos(np.pi * np.array([1, 3, 5, 7]) / 8)),
    digits=2,
    hint="Compare your cosines with those of step 7, one by one.",
)


# %% tags=["wrong"]
# says: every cosine has length 1
def coefficients(levels, n=13):
    return scipy.fft.dct(levels, axis=1)[:, :n]


# %% tags=["wrong"]
# says: Which axis
def coefficients(levels, n=13):
    return scipy.fft.dct(levels, norm="ortho", axis=0)[:, :n]


# %% tags=["wrong"]
# says: a factor of its own
def coefficients(levels, n=13):
    m, k = np.arange(levels.shape[1]), np.arange(n)[:, None]
    matrix = np.sqrt(2 / len(m)) * np.cos(np.pi * k * (2 * m + 1) / (2 * len(m)))
    return levels @ matrix.T


# %% tags=["wrong"]
# says: with 2m + 1
def coefficients(levels, n=13):
    m, k = np.arange(levels.shape[1]), np.arange(n)[:, None]
    matrix = np.sqrt(2 / len(m)) * np.cos(np.pi * k * m / len(m))
    matrix[0] = np.sqrt(1 / len(m))
    return levels @ matrix.T


# %% [markdown] exercise={"name": "chirp", "minutes": 15, "points": 2, "objectives": ["Read"]}
# ## The MFCCs of a chirp
#
# A **chirp** is a tone that slides. This one rises evenly from 400 Hz at the start to 7,000 Hz
# after 4 s. Coefficient 1 is positive when the low bands are the louder ones, negative when the high
# ones are. So on its way up the chirp turns it from plus to minus. **At which frequency, in Hz?**
# Guess first. Then find the frame where the sign changes, and from it the frequency of the chirp at
# that time, to within 100 Hz.
#
# <details><summary>Hint</summary>
#
# Frame $t$ is centred on sample $512\,t$. Plot `mfccs[:, 1]`, or let `np.argmax(mfccs[:, 1] < 0)`
# find the frame. Then from the frame to seconds, and from seconds to Hz.
#
# </details>

# %%
time = np.arange(4 * SR) / SR
chirp = 0.3 * np.sin(2 * np.pi * (400 * time + (7000 - 400) / 8 * time**2))
mfccs = features.mfcc(chirp)  # shape (126, 13)
listening.player(chirp, "A chirp from 400 to 7,000 Hz")

# %% tags=["solution"]
# BEGIN SOLUTION NO PROMPT
frame = np.argmax(mfccs[:, 1] < 0)
seconds = frame * 512 / SR
# END SOLUTION
turn = 400 + (7000 - 400) / 4 * seconds  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "turn",
    turn,
    right=1700,
    digits=-2,
    wrong={
        0: "That is no frequency of the chirp: is it the number of a frame, or a time? From there "
        "it goes on to Hz.",
        4000: "That is the middle of the frequencies in Hz. The bands are not spread evenly over "
        "them: see step 5, and look at the coefficients themselves.",
        3700: "That is the middle of the chirp. The sign changes when the tone crosses the middle "
        "of the bands, and these are not spread evenly over the Hz.",
        1300: "That is the slope times the time. Where does the chirp begin?",
    },
    hint="Plot mfccs[:, 1] and look for the frame where it crosses zero.",
)

# %% tags=["wrong"]
# says: number of a frame
turn = int(np.argmax(mfccs[:, 1] < 0))

# %% tags=["wrong"]
# says: middle of the frequencies
turn = SR / 4

# %% tags=["wrong"]
# says: Where does the chirp begin
turn = (7000 - 400) / 4 * np.argmax(mfccs[:, 1] < 0) * 512 / SR

# %% tags=["wrong"]
# says: middle of the chirp
turn = (400 + 7000) / 2

# %% [markdown] exercise={"name": "listen", "minutes": 10, "points": 1, "objectives": ["Say"]}
# ## What is left to hear
#
# Three notes on the same pitch, and below them three sounds, A, B and C, in another order. Each was
# made from the 13 MFCCs of one of the notes, and from nothing else: noise, coloured frame by frame
# with the spectral envelope that the coefficients keep. **Which sound comes from which note?**
# Answer with three letters: the sound of the reed, of the guitar, of the voice, in this order.
#
# <details><summary>Hint</summary>
#
# The pitch is gone: do not listen for it. Listen for how a sound goes on in time, and then for
# its colour. Step 6 shows the mel spectrograms of these three notes: which is strongest in the
# middle of the bands, and which has a gap there, between a low and a high region?
#
# </details>

# %%
NOTES = {
    "reed": "reed_acoustic_004-057-100",
    "guitar": "guitar_acoustic_009-057-100",
    "voice": "vocal_acoustic_005-057-100",
}
bundled = datasets.load("nsynth-mini")
position = {name: i for i, name in enumerate(bundled.table["note"])}
waveforms = {name: bundled.waveform(position[note]) for name, note in NOTES.items()}
listening.players([(waveform, name) for name, waveform in waveforms.items()])


# %%
def coloured_noise(mfccs):
    """Noise with the spectral envelope that these MFCCs keep."""
    levels = scipy.fft.idct(mfccs, n=128, norm="ortho", axis=1)
    bands = librosa.mel_frequencies(130, fmax=SR / 2)[1:-1]
    bins = np.fft.rfftfreq(2048, 1 / SR)
    # Filters of area 1 take the mean of their bins, so a band's level is that of its bins.
    gains = [np.interp(bins, bands, 10 ** (frame / 20)) for frame in levels]
    noise = librosa.stft(np.random.default_rng(0).normal(size=64_000))
    sound = librosa.istft(noise * np.transpose(gains), length=64_000)
    return 0.5 * sound / np.abs(sound).max()


shuffled = np.random.default_rng(7).permutation(list(NOTES))
sounds = [coloured_noise(features.mfcc(waveforms[name])) for name in shuffled]
listening.players(zip(sounds, "ABC", strict=True))

# %% tags=["solution"]
heard = "ACB"  # SOLUTION

# %% tags=["test"]
from helpers.checks import same

assert heard is ... or sorted(str(heard).strip().upper()) == ["A", "B", "C"], (
    "The answer should be a text of three letters, A, B and C in some order."
)
same(
    "heard",
    heard,
    right="ACB",
    wrong={
        "BCA": "The guitar is right. The reed and the voice are not: which of the two notes has a "
        "low and a high region, as a vowel has, with a gap between them, and which sound?",
        "CAB": "The voice is right. Of the other two notes, only one dies away at once.",
        "ABC": "The reed is right. Of the other two notes, only one dies away at once.",
        "BAC": "None is right yet. Begin with how they go on in time: one note is plucked.",
        "CBA": "None is right yet. Begin with how they go on in time: one note is plucked.",
    },
)

# %% tags=["wrong"]
# says: as a vowel has
heard = "BCA"

# %% tags=["wrong"]
# says: one note is plucked
heard = "cba"

# %% tags=["wrong"]
# says: three letters
heard = "reed"

# %% [markdown] exercise={"name": "memory", "minutes": 5, "points": 1, "objectives": ["Count"]}
# ## What fits
#
# A graphics card has 12 GB (12,000,000,000 bytes) left for features. How many whole notes fit as
# mel spectrograms of 126 frames by 128 bands, with 4 bytes a number?
#
# <details><summary>Hint</summary>
#
# The table in "Why MFCCs? In bytes" says how many numbers a note has. (Its kilobytes are rounded.)
#
# </details>

# %% tags=["solution"]
n_notes = 12_000_000_000 // (126 * 128 * 4)  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number(
    "n_notes",
    n_notes,
    right=12_000_000_000 // (126 * 128 * 4),
    wrong={
        12_000_000_000 // (126 * 13 * 4): "So many fit as MFCCs. Mel spectrograms are asked for.",
        12_000_000_000 // (126 * 128): "With one byte a number so many would fit. Here a number "
        "takes four.",
        12_000_000_000 // (126 * 128 * 8): "So many would fit with 8 bytes a number.",
        1 + 12_000_000_000 // (126 * 128 * 4): "The last of these does not fit whole.",
    },
    hint="How many numbers has one mel spectrogram, and how many bytes are they?",
)

# %% tags=["wrong"]
# says: as MFCCs
n_notes = 12_000_000_000 // (126 * 13 * 4)

# %% tags=["wrong"]
# says: takes four
n_notes = 12_000_000_000 // (126 * 128)

# %% tags=["wrong"]
# says: whole number
n_notes = 12_000_000_000 / (126 * 128 * 4)

# %% [markdown] exercise={"name": "project", "minutes": 180, "points": 2, "objectives": ["Say", "Count"]}
# ## Open project: a feature of your own
#
# The 13 MFCCs of 126 frames are 1,638 numbers. Write a function `my_feature` that describes a note
# with **at most 32 numbers**, and find out how well they tell the families apart. `score` below
# asks the nearest neighbour of every note, once among all other notes and once among the notes of
# other instruments.
#
# Ideas: how long the attack is; how fast the note dies away; the mean of each coefficient, and how
# much it changes; how evenly the partials stand; what the release sounds like. Keep a diary: what
# you expected, what came out, what you changed.
#
# The check only looks whether `my_feature` is fit for use: no more than 32 finite numbers, silence
# included, that hardly change if the note begins a few milliseconds later. The project itself is
# judged by this **rubric**:
#
# | points | question | idea | evidence | writing |
# |---|---|---|---|---|
# | 2 | says what of a sound it is after, and why | fits the question, explained | both scores, against the 13 means, and a case where it fails | another student could repeat it |
# | 1 | says what was tried | a list of what was at hand | one score | the order of events is clear |
# | 0 | missing | missing | a claim without a number | not to be followed |
#
# <details><summary>Hint</summary>
#
# Begin with the mean of each coefficient over time, and write down its two scores: that is what
# you have to beat. Then change one thing at a time. To describe a change in time, compare the mean
# over the first half second with that over the third second.
#
# </details>

# %%
import pandas as pd

few = datasets.load("nsynth-mini").sample(20)


def score(feature):
    """The share of notes whose nearest neighbour is of their family, in two columns."""
    points = np.array([feature(waveform) for waveform in few.waveforms()], dtype=float)
    points = (points - points.mean(axis=0)) / (points.std(axis=0) + 1e-12)
    gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(gaps, np.inf)
    family, instrument = (few.table[name].to_numpy() for name in ("family", "instrument"))
    others = np.where(instrument[:, None] == instrument, np.inf, gaps)
    right = [np.mean(family == family[table.argmin(axis=1)]) for table in (gaps, others)]
    return pd.Series(right, ["among all notes", "among other instruments"]).round(3)


# %% tags=["solution"]
def my_feature(waveform):
    """At most 32 numbers that describe a note of shape (64000,)."""
    # BEGIN SOLUTION
    coefficients = features.mfcc(waveform)
    attack, held = coefficients[:16].mean(axis=0), coefficients[31:94].mean(axis=0)
    return np.concatenate([held[1:], attack - held])
    # END SOLUTION


# %% tags=["test"]
import numpy as np

from helpers.checks import array, call

time = np.arange(64_000) / 16_000
fade = np.minimum(1, time / 0.05) * np.exp(-time)
note = 0.2 * fade * sum(np.sin(2 * np.pi * 220 * k * time + k) / k for k in range(1, 12))
dull = 0.2 * fade * np.sin(2 * np.pi * 220 * time)
found = {
    name: array(f"my_feature of {name}", call("my_feature", my_feature, waveform))
    for name, waveform in {
        "a note": note,
        "the same note, 2 ms later": np.concatenate([np.zeros(36), note[:-36]]),
        "a duller note": dull,
        "silence": np.zeros(64_000),
    }.items()
}
shapes = {answer.shape for answer in found.values()}
assert len(shapes) == 1, f"my_feature returns arrays of different shapes: {sorted(shapes)}"
assert all(len(shape) == 1 for shape in shapes), f"my_feature should return one row, not {shapes}"
(size,) = shapes.pop()
assert 0 < size <= 32, f"my_feature returns {size:,} numbers; at most 32 are asked for."
later, other = (
    np.linalg.norm(found[name] - found["a note"])
    for name in ("the same note, 2 ms later", "a duller note")
)
assert other > 0, "my_feature cannot tell a bright note from a dull one."
assert later < other / 2, (
    "The same note, 2 ms later, is nearly as far from itself as from a duller note. Does the phase "
    "count? Think of frames, and of sizes of spectra."
)


# %% tags=["wrong"]
# says: at most 32
def my_feature(waveform):
    return features.mfcc(waveform).ravel()


# %% tags=["wrong"]
# says: Does the phase count
def my_feature(waveform):
    return waveform[8000:8032]


# %% tags=["wrong"]
# says: NaN or infinity
def my_feature(waveform):
    power = np.abs(np.fft.rfft(waveform)) ** 2
    return np.log([band.sum() for band in np.array_split(power, 20)])
