# %% [markdown]
# # The dataset: listen, look, count, audit
#
# What is in the data, and what is wrong with it? Every number in the later chapters rests on a
# thousand sound files or more, which hardly anyone hears from first to last. In this chapter you
# open them by hand, listen to them, count them, and write the checks that find what ears and
# tables miss.

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/book/03_dataset.ipynb)

# %% [markdown]
# ## What you will learn
#
# - **Read** a note of the NSynth dataset by hand, and take its name apart.
# - **Describe** what the ten instrument families share, by ear and by envelope, and what tells them
#   apart.
# - **Count** notes, instruments, pitches and sources, and say which conclusions the counts forbid.
# - **Write an audit**: silence, clipping, offsets, noise, exact and near copies, and one recording
#   behind many keys, within the training and the test notes and between them.
# - **Measure** what the copies do to a score, and tell memory from easy notes by an experiment.
# - **Draw** a balanced sample that is the same for everyone who uses the same seed.
#
# **You need** Python, a little pandas, and [the background chapter](01_background.ipynb) for the
# words *classifier*, *training* and *test*. Headphones help.
#
# **Time** About 45 minutes of reading and listening. Nothing is trained; the code runs in about a
# minute.
#
# **Thesis** Section 3.1, and the remarks on the data in sections 5.3, 5.5 and 5.6 of
# [Stenmark and Nylén (2024)](bibliography.md#stenmark-and-nylén-2024).
#
# The numbers in the text are those of the bundled notes. With another `DATA` the code tells you
# about that set, and the text does not. Tables are numbered by chapter; where other chapters name
# table 3.1 or 3.2, they mean the thesis's.

# %% tags=["setup", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")

# %% tags=["parameters"]
# How many notes: smoke and quick take some of the bundled ones, mini all of them, thesis needs NSynth.
PROFILE = "mini"
DATA = "nsynth-mini"  # or a folder or archive in NSynth's layout

# %%
import hashlib
import json
import tempfile
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import scipy.fft
import scipy.signal
import soundfile
from IPython.display import display

from helpers import datasets, evaluation, listening, plots, profiles
from helpers.runs import figures, findings

plots.use_style()
profile = profiles.get(PROFILE)

# %% [markdown]
# ## NSynth in numbers
#
# The thesis uses **NSynth** ([Engel et al., 2017](bibliography.md#engel-et-al-2017)), a collection
# of 305,979 recordings made by Google from commercial sample libraries, free to use under
# [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). Each recording is one [**note**](glossary.md#note): one
# [**instrument**](glossary.md#instrument) plays one pitch, holds it for three seconds and lets it die away for one. The release
# comes in three parts, called [**splits**](glossary.md#split):
#
# *Table 3.1: The splits of NSynth.*
#
# | split | notes | instruments | what it is for |
# |---|---:|---:|---|
# | train | 289,205 | 953 | a model learns from these |
# | valid | 12,678 | 53 | to choose between models |
# | test | 4,096 | the same 53 | to report how good the chosen one is |
#
# No instrument of the training split occurs in the other two. So a test note is always played by
# an instrument that the model has never heard. Keep this in mind: it is what makes the test hard.
#
# Section 3.1 of the thesis calls the test split partly a subset of the validation split. That is
# true of the *instruments*: both splits have the same 53. It is not true of the *notes*: a note's
# number occurs only once in the whole of NSynth.
#
# The instruments are grouped into eleven **families**. The next cell holds the counts of the two
# splits that we need, copied from the metadata (`examples.json`) that is released with NSynth.
#
# *Table 3.2: Notes and instruments of each family in NSynth's train and test splits.*

# %%
nsynth = pd.DataFrame(
    {
        "train notes": [65474, 12675, 8773, 32690, 51821, 34201, 34477, 13911, 19474, 5501, 10208],
        "train instruments": [184, 64, 43, 90, 138, 97, 128, 61, 87, 13, 48],
        "test notes": [843, 269, 180, 652, 766, 202, 502, 235, 306, 0, 141],
        "test instruments": [10, 5, 2, 7, 8, 3, 6, 4, 6, 0, 2],
    },
    index=pd.Index([*datasets.FAMILIES[:-1], "synth_lead", datasets.FAMILIES[-1]], name="family"),
)
assert nsynth["train notes"].sum() == 289_205
assert nsynth["test notes"].sum() == 4_096
nsynth

# %% [markdown]
# Two things in this table shape the whole thesis. `synth_lead` has no test notes, so the thesis
# leaves it out and ten families remain. And the families are far from equal in size. Two
# questions, before you run the next cell:
#
# 1. The thesis wants the same number of training notes from each family. How many can it take at
#    most?
# 2. A lazy classifier ignores the sound and always answers with the commonest family. What is its
#    accuracy on the test split?

# %%
ten = nsynth.drop(index="synth_lead")
smallest = ten["train notes"].idxmin()
commonest = ten["test notes"].idxmax()
lazy = ten.loc[commonest, "test notes"] / ten["test notes"].sum()
print(f"smallest: {smallest}, {ten['train notes'].min():,} training notes")
share = 8750 / ten["train notes"]
print(f"8,750 are {share[smallest]:.1%} of its notes, and {share['bass']:.1%} of the bass notes")
print(f"always {commonest}: accuracy {lazy:.1%}, mean recall {1 / len(ten):.1%}")

# %% [markdown]
# The commonest family is called the [**majority class**](glossary.md#majority-class), and its share is the accuracy that anyone
# gets for nothing. The second number is kinder to common sense. [**Recall**](glossary.md#recall) is the share of a
# family's notes that the classifier recognises; the mean of the recalls over the families is
# called [**balanced accuracy**](glossary.md#balanced-accuracy). It counts each family the same, however many notes it has, and
# gives the lazy classifier no more than one family in ten. The thesis trains on equally many notes
# per family and tests on unequal numbers (its section 5.5 names this as one reason for weaker test
# results), so this book reports both.

# %% [markdown]
# ## The notes in this book
#
# The full NSynth takes 36.5 GiB when unpacked. To let you run everything now, the book brings a
# small part of it, `nsynth-mini`: real notes, with the original samples, in NSynth's own folders.
#
# *Table 3.3: NSynth, what the thesis took of it, and what comes with this book.*
#
# | | NSynth | the thesis | `nsynth-mini` |
# |---|---:|---:|---:|
# | training notes | 289,205 | 87,500 | 1,000 |
# | per family | unequal | 8,750 | 100 |
# | test notes | 4,096 | 4,096 | 200 |
# | per family | unequal | unequal | 20 |
# | families | 11 | 10 | 10 |
#
# The selection was made for a homework at KAIST (course GCT634); the data's `README.md` says where
# it comes from and what was changed. A training set of 100 notes per family is 1.1 % of the
# thesis's. Expect the same *kind* of results in later chapters, not the same numbers. In tables
# and figures "NSynth test" is always the official split of 4,096 notes; the 200 notes here are
# called [**mini-test**](glossary.md#mini-test).

# %% [markdown]
# ## One note, by hand
#
# A note is one file. Let us open one without any help from this book's library. `soundfile` is a
# small package that reads WAV and FLAC files.

# %%
MINI = Path("data/nsynth-mini")
path = MINI / "nsynth-train" / "audio" / "guitar_acoustic_009-060-100.flac"

x, rate = soundfile.read(path, dtype="int16")
print("type and shape:", x.dtype, x.shape, " from", x.min(), "to", x.max())
print("sample rate:", rate, "Hz, so", len(x) / rate, "s")
print("bytes as samples:", x.nbytes, " on the disk:", path.stat().st_size)

# %% [markdown]
# A recorded sound is a list of numbers, the [**samples**](glossary.md#sample): how far the air pressure was from rest,
# measured 16,000 times a second (the [**sample rate**](glossary.md#sample-rate)). Four seconds make 64,000 samples. Each is a
# whole number of 16 bits, from -32,768 to 32,767. NSynth stores them as WAV files, which are
# little more than the samples themselves. We store them as FLAC, which packs the same numbers more
# tightly and loses none of them.
#
# From here on we read the samples as `float32`, divided by 32,768. They then lie between -1 and 1,
# as almost all audio code expects.

# %%
waveform, rate = soundfile.read(path, dtype="float32")
assert np.array_equal(waveform, x / np.float32(32_768))

listening.player(waveform, "The file that we just opened")

# %% [markdown]
# `listening.player` puts the samples into the page as FLAC with the browser's own player around
# them. It does what `IPython.display.Audio` does, with one difference that matters today: it does
# not make quiet sounds louder.
#
# Where does the label come from? The file's name says everything: family, source, number of the
# instrument, pitch, velocity. Split it **from the right**; the next cell shows why.


# %%
def parts(name):
    instrument, pitch, velocity = name.rsplit("-", 2)
    family, source, number = instrument.rsplit("_", 2)
    return {
        "note": name,
        "instrument": instrument,
        "family": family,
        "source": source,
        "pitch": int(pitch),
        "velocity": int(velocity),
    }


print(parts(path.stem))
awkward = "synth_lead_synthetic_003-060-100"
print("from the right:", parts(awkward)["family"], " from the left:", awkward.split("_")[0])

# %% [markdown]
# What the fields mean:
#
# - **Family** is the label that the models of this book have to find.
# - [**Source**](glossary.md#source) says how the sound was made: `acoustic` (a real instrument, recorded), `electronic`
#   (an electric or electronic one) or `synthetic` (made by a synthesiser).
# - [**Pitch**](glossary.md#midi-pitch) is a MIDI number, which counts the keys of a piano in semitones: 60 is the C in the
#   middle (C4), 69 is the A of a tuning fork (A4, 440 Hz). Twelve semitones, one **octave**, double
#   the frequency, so pitch $p$ has the frequency $440 \cdot 2^{(p - 69)/12}$ Hz.
# - [**Velocity**](glossary.md#velocity) says how hard a key was struck, from 0 to 127.


# %%
def note_name(pitch):
    names = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"]
    return f"{names[pitch % 12]}{pitch // 12 - 1}"


for pitch in (36, 60, 69, 84):
    print(f"{pitch}  {note_name(pitch):4}{440 * 2 ** ((pitch - 69) / 12):8.1f} Hz")

# %% [markdown]
# Beside the folder of audio lies `examples.json`, which holds the same fields once more, with the
# families and sources also as numbers. (In the full NSynth it has a few more, such as whether a
# note sounds *bright* or *dark*.)

# %%
json.loads((MINI / "nsynth-train" / "examples.json").read_text())[path.stem]

# %% [markdown]
# ## The whole folder as a table
#
# With `parts`, the table of all notes takes one line.

# %%
files = sorted((MINI / "nsynth-train" / "audio").glob("*.flac"))
by_hand = pd.DataFrame([parts(file.stem) for file in files])
by_hand.head()

# %% [markdown]
# That is the heart of `helpers.datasets.load`, which later chapters use. It also opens archives,
# compares the names with `examples.json`, refuses families that it does not know, and leaves out
# `synth_lead` as the thesis does. Is its table the same as ours?

# %%
table = datasets.load("nsynth-mini", "train").table
assert by_hand.equals(table[by_hand.columns])
print(f"the same table, {len(table)} notes")

# %% [markdown]
# What `load` returns is a table and a promise: no audio is read until you ask for a note by its
# row, with `notes.waveform(row)`. Then the file is checked. A program that quietly goes on with
# half a file is worse than one that stops. So let us cut a file in half, and see.

# %%
with tempfile.TemporaryDirectory() as folder:
    audio = Path(folder) / "nsynth-train" / "audio"
    audio.mkdir(parents=True)
    whole = path.read_bytes()
    (audio / path.name).write_bytes(whole[: len(whole) // 2])
    try:
        datasets.load(folder, "train").waveform(0)
    except datasets.DatasetError as error:
        print(textwrap.fill(str(error).replace(folder, "FOLDER"), 80))

# %% [markdown]
# The message names the file and what is wrong with it. A file of another sample rate, in stereo,
# of another length, or with samples that are not numbers is refused in the same way.
#
# From here on `train` and `test` are the two splits of the set that the parameter `DATA` names.

# %%
source = datasets.with_sound(DATA)  # a feature store has none: then the bundled notes
train, test = datasets.load(source, "train"), datasets.load(source, "test")
for name, notes in (("train", train), ("test", test)):
    print(f"{name:5}", len(notes), "notes,", notes.table["instrument"].nunique(), "instruments")

# %% [markdown]
# ## Listen
#
# First the ten families, one training note each, as near as the family comes to one and the same
# pitch. Listen to two things: how a note *begins*, and what happens while it is *held*.


# %%
def nearest(notes, family, pitch):
    """The row of the family's note whose pitch is nearest to the one asked for."""
    distance = (notes.table["pitch"] - pitch).abs()
    return distance[notes.table["family"] == family].idxmin()


def caption(notes, row):
    note = notes.table.loc[row]
    return f"{note['instrument']}, {note_name(note['pitch'])}, velocity {note['velocity']}"


common = train.table.groupby("pitch")["family"].nunique().idxmax()
rows = [nearest(train, family, common) for family in datasets.FAMILIES]
listening.players([(train.waveform(row), caption(train, row)) for row in rows])

# %% [markdown]
# A pitch is not an instrument: the same key sounds different on each of them. That difference is
# called **timbre**, and it is what a classifier should go by. But a family is not one timbre
# either. Here is one pitch on several guitars.

# %%
guitars = train.table[train.table["family"] == "guitar"]
shared = guitars.groupby("pitch")["instrument"].nunique().idxmax()
rows = guitars[guitars["pitch"] == shared].drop_duplicates("instrument").index[:3]
listening.players([(train.waveform(row), caption(train, row)) for row in rows])

# %% [markdown]
# And a single instrument is not one timbre: here is the training instrument with the widest range,
# at its lowest, a middle and its highest pitch.

# %%
pitches = train.table.groupby("instrument")["pitch"]
widest = (pitches.max() - pitches.min()).idxmax()
rows = train.table[train.table["instrument"] == widest].sort_values("pitch").index
rows = [rows[0], rows[len(rows) // 2], rows[-1]]
listening.players([(train.waveform(row), caption(train, row)) for row in rows])

# %% [markdown]
# ### Guess first
#
# Now do the classifier's work. Four notes of the *test* split, of four different families, all at
# the same pitch. The families to choose from are bass, brass, flute, guitar, keyboard, mallet,
# organ, reed, string and vocal. Write down your four answers, and how sure you are of each, before
# you open the solution.

# %%
pitch = test.table.groupby("pitch")["family"].nunique().idxmax()
choice = test.table[test.table["pitch"] == pitch].drop_duplicates("family")
rows = np.random.default_rng(2).permutation(choice.index)[:4]
answers = [caption(test, row) for row in rows]
display(listening.players([(test.waveform(r), f"Sound {i}") for i, r in enumerate(rows, 1)]))
display(listening.folded("Solution", answers))

# %% [markdown]
# If that was hard, you are in good company: the authors of the thesis listened to notes that their
# models had got wrong and had much trouble naming them themselves (section 5.5). If you were sure
# and wrong, remember the feeling. Networks are that, too.

# %% [markdown]
# ## Look
#
# What you heard can be seen. We expect the biggest difference between an instrument that is fed
# with energy all the time, such as an organ, and one that is struck once, such as a mallet
# instrument (a xylophone or vibraphone). The dashed line stands at three seconds, where the key
# is let go.

# %% mystnb={"image": {"alt": "Two waveforms of four seconds. The organ's swells and shrinks again and again but goes on until three seconds; the mallet's is highest at the start and soon shrinks to a thin line."}}
fig, axes = plt.subplots(1, 2, figsize=(7.2, 2.6), sharey=True)
for ax, family in zip(axes, ("organ", "mallet"), strict=True):
    row = nearest(train, family, common)
    pitch = note_name(train.table["pitch"][row])
    plots.waveform(train.waveform(row), ax, title=f"{family}, {pitch}")
    ax.axvline(3, color=plots.GREY, linestyle="--")
plt.show()

# %% [markdown]
# *Figure: Waveforms of an organ and of a mallet instrument. Dashed: the key is let go.*
#
# Did you expect an organ's outline to be smooth? Many organ sounds pulse a few times a second
# ([**tremolo**](glossary.md#tremolo)), and still go on for as long as the key is down.
#
# One note may be an exception, so we want many, and for that a shorter description than 64,000
# numbers. The [**envelope**](glossary.md#envelope) is the outline of the waveform: cut the note into blocks of 50 ms and
# take the [**root mean square**](glossary.md#root-mean-square) (RMS, the square root of the mean of the squares) of each. A note
# becomes 80 numbers.


# %%
def envelope(x, block=800):  # 800 samples are 50 ms
    return np.sqrt((x.reshape(-1, block) ** 2).mean(axis=1))


rng = np.random.default_rng(0)
envelopes, heard_rows = {}, {}
for family in datasets.FAMILIES:
    rows = np.flatnonzero(train.table["family"] == family)
    rows = heard_rows[family] = rng.permutation(rows)[: min(profile.notes_per_family, 100)]
    shapes = np.stack([envelope(train.waveform(row)) for row in rows])
    loudest = shapes.max(axis=1, keepdims=True)
    envelopes[family] = shapes / np.maximum(loudest, 1e-9)  # now the loudest block of each is 1

# %% [markdown]
# **Predict:** which families keep their level until the key is let go, and which have lost most of
# it by then? Make two lists, then look at the figure: the mean envelope of each family, with a band
# that holds the middle 80 % of its notes.

# %% mystnb={"image": {"alt": "Ten small panels, one a family, level from 0 to 1 over four seconds. In some, such as organ and string, the curve stays high up to the dashed line at three seconds and drops after it; in others, such as mallet and keyboard, it falls from the start."}}
figures.family_envelopes(envelopes)
plt.show()

# %% [markdown]
# *Figure: Mean envelope of each family's notes; the band holds the middle 80 %. Dashed: the key is
# let go.*
#
# *Table 3.4: Mean level of each family just before the key is let go; 1 is the loudest.*

# %%
level = pd.Series({family: shapes.mean(axis=0)[55] for family, shapes in envelopes.items()})
level.sort_values(ascending=False).round(2).rename("mean level at 2.75 s").to_frame().T

# %% [markdown]
# Compare with your lists. Blown, bowed and sung notes are fed with energy for as long as the
# player likes; struck and plucked ones get it all at once. Flute, reed, organ and string are on
# average still at 0.62 or more of their loudest level; bass, guitar, keyboard and mallet have fallen
# to 0.18 or less. Brass and vocal, which can go on as well, stand between them at 0.50 and 0.49: a
# sung note swells and shrinks, and about the brasses see below. A model that sees how the sound
# changes over time has a strong clue here. Section 5.3 of the thesis offers this as one possible
# reason why its models recognise organs and strings so well: their sound stays the same while the
# note is held, whereas that of basses and mallets dies away fast.
#
# Two details. A small jump just *after* the dashed line is no mistake: some libraries recorded the
# sound of the string or key being let go. And where the band is wide, the family is not of one
# mind. Take the family with the widest band at the end of the hold. Do its instruments differ?
#
# *Table 3.5: The instruments of the family with the widest band.*

# %%
band = {f: np.ptp(np.percentile(shapes[:, 55], [10, 90])) for f, shapes in envelopes.items()}
widest = max(band, key=band.get)
names = train.table["instrument"].iloc[heard_rows[widest]].to_numpy()
ends = pd.Series(envelopes[widest][:, 55]).groupby(names)
pd.DataFrame({"notes": ends.size(), "level at 2.75 s": ends.mean().round(2)})

# %% [markdown]
# `brass_acoustic_002` has ended every note early, at 0.00, although the key was held; the other three
# brasses are above 0.6. Not everything that *can* be held *was* held. One label, several
# behaviours; a model has to learn them all.

# %% [markdown]
# ## Count
#
# Sound first, now sums. How many notes and instruments does each family have in each split?
#
# *Table 3.6: Notes and instruments of each family in both splits.*

# %%
splits = {"train": train.table, "test": test.table}
columns = {"notes": ("note", "size"), "instruments": ("instrument", "nunique")}
pd.concat({split: t.groupby("family").agg(**columns) for split, t in splits.items()}, axis=1)

# %% [markdown]
# Is NSynth's promise kept, that no instrument is in both splits? A promise about data is something
# to check.

# %%
len(set(train.table["instrument"]) & set(test.table["instrument"]))

# %% [markdown]
# ### A score on twenty flutes
#
# The columns `instruments` are easy to pass over, and more important than the columns `notes`.
# Look at how the test notes of each family are shared out among its instruments.

# %% mystnb={"image": {"alt": "Ten horizontal bars, one a family, cut into one block for each instrument. The bars of flute, keyboard and vocal are single blocks; those of guitar and organ are cut into five."}}
figures.instrument_blocks(test.table, datasets.FAMILIES)
plt.show()

# %% [markdown]
# *Figure: Test notes of each family. Each block is one instrument, with the number from its name.*

# %% [markdown]
# 29 instruments play the 200 test notes. Flute, keyboard and vocal have a single test instrument.
#
# Suppose a model gets all flutes of the test split right, and all of them come from one flute.
# What have you learned? Not how well it recognises flutes. You have learned that it recognises
# *this* flute, and have asked twenty times. Notes of one instrument tend to succeed or fail
# together: they often share one microphone, one room, one player. If the model takes this one
# flute for a reed, the whole family's recall can fall from 1 to 0, and the balanced accuracy
# falls by a tenth, because of a single instrument. The number of independent witnesses is nearer
# to the number of instruments than to the number of notes.
#
# The official test split is better off with its 53 instruments, but not by much: look at the last
# column of the table at the top of this chapter.

# %% [markdown]
# **Check yourself.** The flutes of a test split all come from one instrument. You may add ten
# notes. Which ten tell you most about how well flutes are recognised?
#
# <details class="choice"><summary>A. Ten more notes of this flute, on keys that were missing so
# far.</summary>
#
# **No.** They make you surer about *this* flute. If a model takes it for a reed, most of them will
# say so, too.
#
# </details>
#
# <details class="choice"><summary>B. Ten notes of this flute on the keys that you have, at other
# velocities.</summary>
#
# **No.** These are the closest relatives of the notes that you have. In NSynth some are even made
# from the same recording. They add hardly anything.
#
# </details>
#
# <details class="choice"><summary>C. Two notes of each of five other flutes.</summary>
#
# **Right.** Now there are six witnesses instead of one. What varies most from answer to answer is
# the instrument, so that is what to have many of.
#
# </details>

# %% [markdown]
# ### Pitches
#
# A classifier is lazy in the way that water is: it runs where it is easiest. If the families play
# different pitches, then the pitch alone gives the family away, and the model need not learn any
# timbre. So compare their ranges.

# %% mystnb={"image": {"alt": "For each of ten families two horizontal lines over MIDI pitch, a solid one for the training split and a dashed one for the test split. Bass lies lowest and mallet highest; the others overlap in the middle."}}
figures.pitch_ranges(train.table, test.table, datasets.FAMILIES)
plt.show()

# %% [markdown]
# *Figure: Lowest to highest pitch of each family: training split (solid, circles) and test split
# (dashed, squares).*
#
# The ranges are not the same. How far would a model get that is *deaf* but knows the pitch? It
# learns one thing from the training notes: the commonest family at each pitch. For a pitch that it
# has never met, it takes the nearest that it has. **Predict** its accuracy on the test notes; a
# blind guess among ten families is right one time in ten.

# %%
learned = train.table.groupby("pitch")["family"].agg(lambda families: families.mode()[0])
known = [learned.index[np.abs(learned.index - pitch).argmin()] for pitch in test.table["pitch"]]
deaf = learned[known].to_numpy() == test.table["family"]
balanced = deaf.groupby(test.table["family"]).mean().mean()
print(f"the deaf model: accuracy {deaf.mean():.1%}, balanced accuracy {balanced:.1%}")

# %% [markdown]
# This is a [**shortcut**](glossary.md#shortcut): a feature that goes with the label in this data and has nothing to do with
# what we want to learn. Its accuracy is a better zero for the scale of your results than one in
# ten. Always ask what a model could know *without* the thing that you think it uses.

# %% [markdown]
# **Check yourself.** A model that is deaf, but knows the pitch, names more notes correctly than one
# in ten. What follows for a network that hears everything?
#
# <details class="choice"><summary>A. It goes by the pitch.</summary>
#
# **No.** It could, and that is all that is known. Whether a network uses a shortcut takes a test in
# which the shortcut is of no use, such as one pitch for all families.
#
# </details>
#
# <details class="choice"><summary>B. Compare its score with that of the deaf model, not with one in
# ten.</summary>
#
# **Right.** Pitch alone can explain a score as high as the deaf model's. What the network has
# beyond that, pitch does not explain. How the rest comes about stays open.
#
# </details>
#
# <details class="choice"><summary>C. Pitch has to be removed from the data before any score means
# something.</summary>
#
# **No.** Instruments do have different ranges. That is knowledge, not an error. It becomes a
# mistake when the score is reported as proof that timbre was recognised.
#
# </details>

# %% [markdown]
# ### Velocities
#
# NSynth was recorded at five velocities: 25, 50, 75, 100 and 127. Which ones do we have?
#
# *Table 3.7: Notes of each family by velocity.*

# %%
pd.concat({split: pd.crosstab(t["family"], t["velocity"]) for split, t in splits.items()}, axis=1)

# %% [markdown]
# Compare the splits. Where the training split lacks a velocity that the test split has, the test
# asks for something that was never taught. **Predict:** how will the same key of the same
# instrument sound when it is struck softly (25) and hard (100)? Here is the test instrument and
# pitch with the most velocities.

# %%
group = test.table.groupby(["instrument", "pitch"])
velocity_rows = group.indices[group["velocity"].nunique().idxmax()][:3]
listening.players([(test.waveform(row), caption(test, row)) for row in velocity_rows])

# %% [markdown]
# Were they as different as you thought? The next cell gives the largest sample of the first, and how
# far the others are from it at the most.

# %%
first, *others = test.waveforms(velocity_rows)
print(f"largest sample of the first: {np.abs(first).max():.3f}")
print("largest difference from it: ", [f"{np.abs(x - first).max():.5f}" for x in others])

# %% [markdown]
# NSynth's makers [say](https://magenta.tensorflow.org/datasets/nsynth) that the sample libraries
# sometimes use one recording for several velocities. If the differences above are tiny beside the
# samples, you have just found such a case: several notes by name, one by sound. We will come back
# to notes that are not as many as they seem.

# %% [markdown]
# ### Sources
#
# Last of the counts: how were the sounds made?
#
# *Table 3.8: Notes of each family by source.*

# %%
pd.concat({split: pd.crosstab(t["family"], t["source"]) for split, t in splits.items()}, axis=1)

# %% [markdown]
# In `nsynth-mini` the source is a *function of the family*: bass and organ are electronic, the other
# eight families acoustic, and nothing is synthetic. Know the family, and you know the source. This
# forbids some sentences:
#
# - "The model recognises the bass." Perhaps; or it recognises an electric instrument, and basses
#   happen to be electric. Nothing here can tell the two apart, because there is no acoustic bass to
#   try it on.
# - "Acoustic instruments are harder than electronic ones." Any difference between the sources is
#   also a difference between the families, and you cannot say which of the two caused it. Two
#   causes that always occur together are [**confounded**](glossary.md#confounding).
# - Anything about synthetic sounds. Sections 5.5 and 5.6 of the thesis suspect that synthetic notes
#   explain some of its errors. Its training split has 102,165 acoustic, 104,434 electronic and
#   82,606 synthetic notes (all of NSynth's families counted), so it could have looked. With
#   `nsynth-mini` we cannot.
#
# Therefore the book bundles 178 more notes, `nsynth-wide`: one note of each of 89 training
# instruments, and 89 notes of 47 instruments of NSynth's test and valid splits. In tables the
# second half is called **wide-test**. How are its sources spread?
#
# *Table 3.9: Notes of `nsynth-wide` by family and source.*

# %%
wide = {split: datasets.load("nsynth-wide", split).table for split in ("train", "test")}
pd.concat({split: pd.crosstab(w["family"], w["source"]) for split, w in wide.items()}, axis=1)

# %% [markdown]
# All three sources are there, and several of them within one family. With so few notes no family can
# be judged by itself; but a model that was taught on `nsynth-mini` can be asked about sounds of a
# kind that it has never met.

# %% [markdown]
# ## Audit
#
# Counting used the names alone. Now we check the sound itself, all of it, with code. First each
# note by itself, then each against all others. We begin with three faults of single notes:
#
# - **silence**: a note whose largest sample is hardly above zero;
# - [**clipping**](glossary.md#clipping): a sound that was too loud for its 16 bits, so that the tops of its waves are cut
#   off flat, at the largest number that there is (**full scale**);
# - [**DC offset**](glossary.md#dc-offset): a waveform that does not swing around zero. The mean of the samples should be
#   zero; where it is not, the recording equipment added a constant.
#
# And we note a [**hash**](glossary.md#hash) of each waveform: a short number computed from all samples, here by
# SHA-256. Equal samples give equal hashes; different samples give different ones, for every
# practical purpose. So comparing all notes with all others becomes comparing short strings.

# %%
FULL_SCALE = 32_767 / 32_768


def measure(x):
    return {
        "peak": np.abs(x).max(),
        "rms": np.sqrt(np.mean(x**2)),
        "mean": x.mean(),
        "full scale": int((np.abs(x) >= FULL_SCALE).sum()),
        "hash": hashlib.sha256(x.tobytes()).hexdigest()[:16],
    }


def faults(table):
    return pd.DataFrame(
        {
            "silent": table["peak"] < 0.001,
            "clipped": table["full scale"] > 0,
            "DC offset": table["mean"].abs() > 0.005,
        }
    )


# %% [markdown]
# An alarm that stays quiet is no comfort until you have seen it ring. So first we *plant* the three
# faults in a healthy note and see whether they are found.
#
# *Table 3.10: Which alarm each planted fault sets off.*

# %%
healthy = waveform
planted = {
    "healthy": healthy,
    "silent": 0.0001 * healthy,
    "clipped": np.clip(3 * healthy, -1, FULL_SCALE),
    "offset": healthy + np.float32(0.02),
}
faults(pd.DataFrame({name: measure(x) for name, x in planted.items()}).T)

# %% [markdown]
# Each planted fault sets off its own alarm. Now the real notes: all of the bundled ones. (Of a split
# with more than 1,000 notes, a part is audited, and what the audit says is about that part.)
#
# *Table 3.11: Alarms among the notes of both splits.*

# %%
LIMIT = 1000  # notes of a split
heard = {"train": train, "test": test}
for name, notes in heard.items():
    if len(notes) > LIMIT:
        some = np.random.default_rng(0).permutation(len(notes))[:LIMIT]
        heard[name] = notes.select(np.sort(some))

# %%
waves = np.concatenate([notes.waveforms() for notes in heard.values()])
tables = [notes.table.assign(split=split) for split, notes in heard.items()]
sounds = pd.concat(tables, ignore_index=True)  # row i is about waves[i]
sounds = sounds.join(pd.DataFrame([measure(x) for x in waves]))

split = sounds.groupby("split", sort=False)
faults(sounds).groupby(sounds["split"], sort=False).sum().assign(notes=split.size())

# %% [markdown]
# Read the table from left to right. Silence and clipping are what one fears in recordings; if the
# columns show zeros, the check was still worth its few lines, and now you can *say* so. An offset
# is inaudible, as your ear does not feel constant pressure, but a computer sees it. Which
# instruments have the largest, on average over their notes?
#
# *Table 3.12: The five instruments with the largest offsets; full scale is 1.*

# %%
offsets = sounds["mean"].abs().groupby([sounds["split"], sounds["instrument"]])
offsets.agg(["mean", "max", "size"]).sort_values("mean", ascending=False).head(5)

# %% [markdown]
# The offsets are a small part of full scale, which is 1. What matters is where they gather. When a
# few instruments stand far above the rest, the offset most likely belongs to the equipment with
# which they were recorded, and not to music. It is a fingerprint, and a shortcut for a model that
# meets the same instrument in training and in the test. Once you know of one such fingerprint,
# imagine the others: noise, room, microphone. When test notes are drawn at random from the same
# instruments as the training notes, the model may recognise the recording instead of the
# instrument.
# [The chapter on folds](05_folds.ipynb) comes back to this.

# %% [markdown]
# ### Noise
#
# A file may also hold no tone at all, only noise. Ears tell the two apart at once. Code needs
# numbers, and each number sees one side of the matter:
#
# - [**Spectral flatness**](glossary.md#spectral-flatness) asks *which frequencies* there are. A tone has a few strong ones, with
#   little between them. [**White noise**](glossary.md#white-noise) has all of them, about equally strong. Take the power at
#   every frequency and divide its geometric mean by its arithmetic mean. Where all are equal, the
#   two means are equal: flatness 1. A few peaks lift the arithmetic mean only: flatness near 0.
# - [**Periodicity**](glossary.md#periodicity) asks whether the wave *repeats itself*. Shift the note by $k$ samples, multiply
#   it with itself and add up: that is its [**autocorrelation**](glossary.md#autocorrelation), here divided by its value at $k = 0$.
#   Every wave is like itself for very small shifts, so we wait until the curve has first fallen
#   below zero and take its highest point after that. A tone comes back to nearly 1 after each
#   period. Noise does not.
#
# Both need the strength of each frequency, which the Fourier transform gives.
# [The next chapter](04_features.ipynb) takes it apart; here two calls of `scipy.fft` will do.

# %%
N_FFT = 2**17  # more than 2 * 64,000: what is shifted out must not come in again


def flatness(x, frame=2048):
    frames = x[: len(x) // frame * frame].reshape(-1, frame) * np.hanning(frame)
    power = (np.abs(scipy.fft.rfft(frames)) ** 2).mean(axis=0) + 1e-12
    return np.exp(np.log(power).mean()) / power.mean()


def periodicity(x):
    held = x[8_000:40_000]  # 0.5 to 2.5 s: the start is often a noise
    power = np.abs(scipy.fft.rfft(held - held.mean(), N_FFT)) ** 2
    r = scipy.fft.irfft(power)[:4000]
    below = np.flatnonzero(r < 0)
    return r[below[0] :].max() / r[0] if len(below) else 0.0


# %% [markdown]
# Plant again: noise at a tenth of the note's level, at the same level, noise alone, and noise alone
# with its high frequencies averaged away. **Predict:** which of the two numbers will miss the last?
#
# *Table 3.13: Flatness and periodicity of a note, and of what was planted.*

# %%
white = np.random.default_rng(0).normal(size=64_000) * np.sqrt(np.mean(healthy**2))
dull = np.convolve(white, np.ones(40) / np.sqrt(40), mode="same")
noisy = {
    "healthy": healthy,
    "noise at a tenth": healthy + 0.1 * white,
    "noise at par": healthy + white,
    "white noise": white,
    "dull noise": dull,
}
both = {name: {"flatness": flatness(x), "periodicity": periodicity(x)} for name, x in noisy.items()}
noisy = pd.DataFrame(both).T
noisy.round(5)

# %% [markdown]
# White noise lifts the flatness by orders of magnitude. Dull noise does not, since its high
# frequencies are missing: flatness takes it for music. Periodicity is fooled by neither. We ring
# the alarm if *either* number is suspicious, flatness above 0.1 or periodicity below 0.3. A tenth
# of noise passes: this alarm is for notes that *are* noise. Now all notes.
#
# *Table 3.14: Two notes of an instrument that is said to be noise.*

# %%
sounds["flatness"] = [flatness(x) for x in waves]
sounds["periodicity"] = [periodicity(x) for x in waves]
alarm = (sounds["flatness"] > 0.1) | (sounds["periodicity"] < 0.3)

print(f"{alarm.sum()} of {len(sounds)} notes set off the alarm")
sounds.loc[sounds["instrument"] == "brass_acoustic_046", ["note", "flatness", "periodicity"]]

# %% [markdown]
# Why `brass_acoustic_046`? Users of the full set
# [report](https://github.com/magenta/magenta/issues/2092) that at pitches 84 to 108 this instrument
# of NSynth's test split is noise instead of brass: 71 notes. Two of its notes are bundled, and both
# are lower and are tones. With the full set, look there first.

# %% mystnb={"image": {"alt": "A cloud of dots at flatness far below 0.1 and periodicity near 1, with a tail that bends down to about one half. Crosses for white and dull noise lie in a grey area at the bottom and at the right, away from all dots."}}
figures.noise_alarm(sounds, noisy)
plt.show()

# %% [markdown]
# *Figure: Every note by its spectral flatness and its periodicity; crosses: what was planted. The
# alarm rings in the grey area.*
#
# The alarm's limits are our choice, so the dots *nearest* to it are worth more than the count.
# Listen to the note with the greatest flatness and to the one with the least periodicity, and
# decide: noise, or an instrument that has little pitch by nature?

# %%
extreme = [sounds["flatness"].idxmax(), sounds["periodicity"].idxmin()]
named = [f"{sounds['note'][i]}: {name}" for i, name in zip(extreme, noisy, strict=True)]
listening.players(list(zip(waves[extreme], named, strict=True)))

# %% [markdown]
# ### Copies
#
# Enough of single notes. The next check needs one line of pandas: which hashes occur more than
# once?
#
# *Table 3.15: Notes whose samples occur twice.*

# %%
repeated = sounds[sounds.duplicated("hash", keep=False)].sort_values("hash")
repeated[["split", "note", "hash"]]

# %%
copies = repeated[repeated.groupby("hash")["split"].transform("nunique") == 2]
exact = copies.loc[copies["split"] == "test", "note"]

# %% [markdown]
# Four test notes are equal, bit for bit, to a training note. Inside a split no note is repeated.
#
# A test note that is also a training note tests nothing: the model has seen its answer. This is
# called [**leakage**](glossary.md#leak). No instrument is in both splits *by name*, you checked it; yet a recording can
# stand in a library under two names. Hear the first such pair.


# %%
def hear(rows):
    """Players for some rows of sounds."""
    named = [f"{sounds['split'][i]}: {sounds['note'][i]}" for i in rows]
    return listening.players(list(zip(waves[rows], named, strict=True)))


hear(copies.index[:2])

# %% [markdown]
# ### Near copies
#
# A hash is strict. **Predict:** if you change one sample of the 64,000 by the smallest possible
# step, 1/32,768, how much of the hash changes?

# %%
changed = healthy.copy()
changed[30_000] += np.float32(1 / 32_768)
print(measure(healthy)["hash"])
print(measure(changed)["hash"])

# %% [markdown]
# All of it. So a hash finds exact copies and is blind to everything that is *almost* equal: a copy
# made a little louder, shifted by a millisecond, or rounded again. For those we need a measure
# of likeness. Take two waveforms $a$ and $b$, shift $b$ by $k$ samples, multiply sample by sample,
# and add up:
#
# $$ r(k) = \frac{\sum_n a(n + k) \, b(n)}{\sqrt{\sum_n a(n)^2 \; \sum_n b(n)^2}} $$
#
# This is the [**normalised cross-correlation**](glossary.md#normalised-cross-correlation). It lies between -1 and 1. It is 1 if $a$ is $b$,
# shifted by $k$, louder or quieter; it is near 0 if the two have nothing to do with each other. We
# try all shifts and keep the largest $|r|$. Computed as it stands, that is 64,000 times 128,000
# products for each pair; the Fourier transform gives all shifts at once, since it turns a
# correlation into a product.


# %%
def likeness(a, b, n_fft=N_FFT):
    """The largest |r(k)| over all shifts k, and that k in samples."""
    product = scipy.fft.rfft(a, n_fft) * np.conj(scipy.fft.rfft(b, n_fft))
    r = scipy.fft.irfft(product, n_fft) / max(np.sqrt((a @ a) * (b @ b)), 1e-12)
    k = int(np.abs(r).argmax())
    return abs(float(r[k])), k if k < n_fft // 2 else k - n_fft


# %% [markdown]
# Does it do what the formula says? On short pieces numpy can compute the sums directly. And a copy
# that is half as loud and comes 300 samples late should be found out.

# %%
a, b = healthy[:3000], waves[0][:3000]
slow = np.abs(np.correlate(a, b, "full")).max() / np.sqrt((a @ a) * (b @ b))
late = 0.5 * np.concatenate([np.zeros(300, np.float32), healthy[:-300]])

print(f"by the formula {slow:.4f}, by Fourier transform {likeness(a, b)[0]:.4f}")
print("the late, quiet copy: r = {:.4f} at shift {}".format(*likeness(late, healthy)))

# %% [markdown]
# ### Two names, one recording
#
# A large $r$ by itself proves little. A low, soft tone is nearly a pure sine, and two pure sines of
# the same frequency *always* correlate, once one is shifted so that their waves meet. The shift
# tells more: two independent recordings have no reason to begin at the same phase of the wave.
#
# Here are two pairs of instruments, one of the training and one of the test split, compared on every
# pitch that they share. **Which pair is one recording under two names?**
#
# *Table 3.16: Likeness and shift of two pairs of instruments, by pitch.*


# %%
def compare(one, other):
    """Likeness and shift of two instruments' notes, by pitch."""
    a, b = (sounds[sounds["instrument"] == name].reset_index().set_index("pitch")["index"]
            for name in (one, other))  # fmt: skip
    rows = {p: likeness(waves[a[p]], waves[b[p]]) for p in a.index.intersection(b.index)}
    return pd.DataFrame(rows, index=["r", "shift"]).round(3).rename_axis(columns="pitch")


PAIRS = (
    ["string_acoustic_006", "string_acoustic_057"],
    ["bass_electronic_000", "bass_electronic_027"],
)
for one, other in PAIRS:
    print(one, "and", other)
    display(compare(one, other))

# %% [markdown]
# <details><summary>Answer</summary>
#
# The strings. All 10 shared pitches fit best at shift 0, exact to the sixteen-thousandth of a second,
# with $r$ of 0.98 or more. One such pair may be chance; pair after pair is not: both instruments were
# made from one recording, perhaps with other effects added. The basses reach 0.99 as well, but at
# shifts of 1 to 82 samples, another one each time. They are low tones, nearly sines.
#
# </details>
#
# Hear the best pair of the strings.

# %%
hear(sounds.index[(sounds["pitch"] == 77) & sounds["instrument"].isin(PAIRS[0])])

# %% [markdown]
# To do this for every two notes of the same family and pitch takes some minutes, so the book has
# done it once (`python -m tools.twins`). Two instruments count as **twins** where at least two of
# their notes fit best at shift 0, with $r$ above 0.95:
#
# *Table 3.17: Instruments that are one recording under two names.*

# %%
pd.read_csv("data/twins.csv")

# %% [markdown]
# `compared` says how many pairs of notes of equal pitch the two have in all bundled sets, `alike` how many of them fit
# best at shift 0 with $r$ above 0.95. Of the four pairs of twins, two stand on both sides of the split: the mallets and
# the first strings.

# %% [markdown]
# **Check yourself.** Two low flute notes of the same pitch, from two instruments, fit with $r =
# 0.97$ at a shift of 41 samples. Are they one recording?
#
# <details class="choice"><summary>A. Yes: r is above 0.95, and unrelated notes are near
# 0.</summary>
#
# **No.** The line at 0.95 says where to look closer. A low flute is nearly a pure sine, and two
# sines of one frequency always fit at *some* shift.
#
# </details>
#
# <details class="choice"><summary>B. No: a copy has r = 1.</summary>
#
# **No.** A copy that was filtered, shortened or given some reverberation has less, and is a copy
# all the same.
#
# </details>
#
# <details class="choice"><summary>C. This pair cannot tell.</summary>
#
# **Right.** What could: whether pair after pair of these two instruments fits best at shift 0, what
# is left when one note is subtracted from the other, and your ears.
#
# </details>

# %% [markdown]
# ### One recording, many keys
#
# A library need not record every key. It can play one recording a little faster: all frequencies
# rise, and a new key is made. Such copies have different pitches, so the comparison above must miss
# them. Take two neighbouring keys of one keyboard, and do what the library does: play the lower one
# faster by a semitone. **Predict** the likeness before and after.

# %%
name = "keyboard_acoustic_005-{:03}-100"
lower, higher = (waves[sounds.index[sounds["note"] == name.format(p)][0]] for p in (41, 42))
faster = scipy.signal.resample(lower, round(len(lower) / 2 ** (1 / 12)))
second = slice(0, 15_000)
print("as they are:         r = {:.4f}, shift {}".format(*likeness(lower, higher)))
print("lower one, faster:   r = {:.4f}, shift {}".format(*likeness(faster[second], higher[second])))
listening.players([(lower, "key 41"), (faster, "key 41, faster"), (higher, "key 42")])

# %% [markdown]
# From nearly nothing to 1, and they begin together: nobody plays that twice. Key 42 is key 41, played
# faster. Many instruments of sample libraries are made in this way. It leaks nothing between
# instruments, but it matters for [folds](05_folds.ipynb) drawn at random, which put one key into
# training and its neighbour into the test.

# %% [markdown]
# ## What the book does about it
#
# Which test notes should a score leave out? Three answers: none; those that are equal, bit for bit,
# to a training note; or all notes of an instrument that has a twin in training.
# `datasets.new_to` finds the third kind from the table of twins.
#
# *Table 3.18: Test notes that each rule keeps, by family.*

# %%
copied = test.table["note"].isin(exact).to_numpy()
known = ~datasets.new_to(train, test)
kept = {"no test note": np.ones(len(test), bool), "exact copies": ~copied, "twins": ~known}
counts = {rule: test.table[rows]["family"].value_counts() for rule, rows in kept.items()}
left = pd.DataFrame(counts).T
left.assign(all=left.sum(axis=1)).rename_axis("leave out")

# %% [markdown]
# ### What it does to the scores
#
# Does it matter? That takes a model, and one needs no training: for a test note, find the training
# note whose spectrum is most alike, and answer with that note's family. Call it *most alike*. To be
# quick, frequencies are joined into bands of 1 Hz, and each note becomes a row of 8,192 numbers of
# length 1; then the likeness of all pairs is one product of matrices.
#
# *Table 3.19: Test notes that each rule keeps, and how many of them the model names rightly.*


# %%
def bands(x, width=8):
    """The strength of each band of `width` frequencies, the whole scaled to length 1."""
    power = np.abs(scipy.fft.rfft(x, N_FFT)[1:]) ** 2  # [0] is the offset, not a frequency
    strength = np.sqrt(power.reshape(-1, width).sum(axis=1))
    return strength / max(np.linalg.norm(strength), 1e-12)


spectra = {split: np.stack([bands(x) for x in waves[sounds["split"] == split]]) for split in heard}
alike = spectra["test"] @ spectra["train"].T  # a row a test note
family = {split: notes.table["family"].to_numpy() for split, notes in heard.items()}


def most_alike(learned):
    """Which test notes are named rightly from these training notes, an array of bool."""
    return family["train"][learned][alike[:, learned].argmax(axis=1)] == family["test"]


everything = np.arange(len(heard["train"]))
right = most_alike(everything)
kept["(only the twins)"] = known
scores = {rule: (rows.sum(), right[rows].mean()) for rule, rows in kept.items()}
scores = pd.DataFrame(scores, index=["notes", "accuracy"]).T.rename_axis("leave out")
scores.round(3).astype({"notes": int})

# %% [markdown]
# Now the last row, 90.5 % against 46.5 % on all notes. Are those notes right *because* their twins
# were learned? Or are they simply easy? The table cannot tell: two causes, one effect. An experiment
# can. Take the twins away from the *training* side and ask the same test notes again. For *most
# alike* this costs no training. **Predict** what happens to the two columns.
#
# *Table 3.20: Right answers, with the twins to learn from and without.*

# %%
has_twin = np.isin(datasets.recordings(heard["train"].table["instrument"]),
                   datasets.recordings(heard["test"].table["instrument"]))  # fmt: skip
experiment = {}
for name, learned in {"all": everything, "without the twins": everything[~has_twin]}.items():
    hits = most_alike(learned)
    counts = {"training notes": len(learned), "with a twin": hits[known].sum()}
    experiment[name] = counts | {"others": hits[~known].sum()}
print(f"right answers on {known.sum()} test notes with a twin, and {(~known).sum()} others")
pd.DataFrame(experiment).T.rename_axis("most alike learns from")

# %% [markdown]
# Of the 21 notes with a twin, 19 were right and without the twins 3 are. The 179 others hardly
# change: 74 and 73. So *most alike* had recognised recordings there, not instruments. How much of a
# network's success on these notes is memory, only a network trained without the twins could show.
# (Chapters 6 to 12 take the networks' answers from [**records**](glossary.md#record): files that say
# what a finished run was and what it answered.)

# %% [markdown]
# ### What this means for you
#
# To leave out the exact copies alone would be too kind: 17 notes of twins would remain. So
# **every result on mini-test in this book leaves out all 21**, and rests on the 179 notes whose
# recording is new to the training notes.
#
# Later chapters take the names of these notes from `helpers.evaluation.leaked`: notes of twins, by the
# table, and copies under any name, by the hash. Does it find what you found?

# %%
left_out = heard["test"].table["note"][known | copied].tolist()
assert left_out == evaluation.leaked(heard["train"], heard["test"])

# %% [markdown]
# And what did the audit *not* find? A search finds what it was built for. This one misses
#
# - a recording that was filtered, stretched, mixed with another, or given a strong reverberation,
#   and one that was played faster;
# - two recordings of one player, in one room, on one afternoon: no copies, yet they share all that
#   a model may take for the family;
# - wrong labels: a flute called reed passes every check above;
# - whatever is wrong in notes that were not audited.
#
# An audit never shows that data is clean. It shows what was looked for, how, and what turned up.
# That belongs in a report, right beside the score. As far as it says, the thesis used the set as it
# is. Users of the full set report, besides the noise in `brass_acoustic_046`, that about 0.8 % of
# the test notes lie outside the 88 keys of a piano, pitches 21 to 108
# ([issue 1143](https://github.com/magenta/magenta/issues/1143)), and that some instruments have
# velocity 127 only, which is by design
# ([issue 646](https://github.com/magenta/magenta/issues/646)).

# %% [markdown]
# ## A balanced, seeded sample
#
# The thesis works with 8,750 notes of each family, drawn from the training split. A sample with the
# same number of notes of each class is called **balanced**. The profile quick draws 40 of each in
# this way; mini takes all 100, and nothing is left to chance. First by hand, for one family: find
# its rows, shuffle them, keep the first $n$.
#
# "Shuffle" must mean the same for you and for us. A [**seed**](glossary.md#seed) is the number from which a random
# generator starts; the same seed gives the same "random" numbers, on any machine.

# %%
SEED, FAMILY = 0, "flute"
n = min(40, train.table["family"].value_counts().min())

rows = np.flatnonzero(train.table["family"] == FAMILY)
rng = np.random.default_rng([SEED, datasets.FAMILIES.index(FAMILY)])
drawn = train.table["note"].iloc[np.sort(rng.permutation(rows)[:n])]
print(f"{n} of {len(rows)} {FAMILY} notes; the first three: {', '.join(drawn.head(3))}")

# %% [markdown]
# The generator is started from two numbers, the seed and the family's own. This gives each family
# its own stream of random numbers, so that adding notes to one family changes nothing for another.
# `notes.sample` does just this for all ten, and refuses if a family has too few. **Predict** how many
# of the notes two seeds share.

# %%
sample = train.sample(n, seed=SEED)
again, other = train.sample(n, seed=SEED), train.sample(n, seed=SEED + 1)

in_sample = sample.table.loc[sample.table["family"] == FAMILY, "note"]
print("by hand = helper:        ", in_sample.tolist() == drawn.tolist())
print("same seed, same notes:   ", again.table.equals(sample.table))
shared = sample.table["note"].isin(other.table["note"]).sum()
print(f"seeds {SEED} and {SEED + 1} share:     {shared} of {len(sample)} notes")

# %% [markdown]
# Balanced by family does not mean balanced in all else. The sample leaves instrument, pitch and
# velocity to chance. And it is drawn note by note: nearly every instrument gives notes to it, many
# of them neighbours by a semitone. Keep that in mind for [the chapter on folds](05_folds.ipynb),
# where some of these notes become the test of the others.

# %% tags=["remove-cell"]
# For maintainers: `make regression` compares these figures with earlier runs. It shows nothing.
reported = {"notes/copies": len(exact), "notes/twins": known.sum()}
reported |= {"notes/heard in training, by the helper": len(left_out)}
for name, hits in {"pitch alone": deaf, "most alike": right}.items():
    reported[f"accuracy/test split/{name}"] = hits.mean()
for split, t in splits.items():
    reported |= {f"notes/{split}": len(t), f"instruments/{split}": t["instrument"].nunique()}
findings.report(reported)

# %% [markdown]
# ## Try it yourself
#
# 1. **Another pitch.** In the first cell of *Listen*, replace `common` by 40, then by 80. Which
#    families can follow, and which have no note near it?
#
#    <details><summary>What happens</summary>
#
#    At 40 most families follow; reed and string stop at 51, vocal at 50 and mallet at 61. At 80
#    flute, mallet and vocal are there and string at 79; guitar, organ and reed stop at 75, brass and
#    keyboard at 65, bass at 53.
#
#    </details>
#
# 2. **A harder guess.** In *Guess first*, set `pitch` to 58, 60, 63, 64 and 65, for five rounds.
#    Note for each true family what you answered: the table of these counts is a [**confusion
#    matrix**](glossary.md#confusion-matrix), and later chapters make it for the networks.
#
#    <details><summary>What happens</summary>
#
#    Your table is your own. Look whether two families change places more often than others.
#
#    </details>
#
# 3. **Clipped, then turned down.** In the cell that plants faults, add
#    `"turned down": 0.5 * np.clip(3 * healthy, -1, FULL_SCALE)`. The alarm stays silent: why? Add
#    a column to `measure` that counts the samples equal to the note's own peak, and an alarm for
#    it in `faults`. Does it ring for any real note?
#
#    <details><summary>What happens</summary>
#
#    Full scale is where a *digital* recording clips. If the level is changed afterwards, the flat
#    tops stay flat, at another height: `(np.abs(x) == np.abs(x).max()).sum()` is 1 for the healthy
#    note and 119 for the planted one. Real notes have 1 or 2: none was clipped in this way.
#
#    </details>
#
# 4. **A deaf model that is less deaf.** The shortcut model knows the pitch. Give it the level just
#    before the key is let go as well (`envelope(...)[55]`, divided by its maximum, above one half
#    or not). Group by both. How far does it get?
#
#    <details><summary>What happens</summary>
#
#    It is right on 25.5 % of the test notes, in place of 20.0 %: whether a note is held is a second
#    shortcut, worth about half of what the pitch is worth above a blind guess.
#
#    </details>

# %% [markdown]
# ## What you learned
#
# - A note is 64,000 samples and a name; the name, split from the right, is the label.
# - Families differ in how a note begins, holds and dies, and also in pitch and source. A model may
#   learn either. The deaf model shows how far a shortcut alone goes.
# - Instruments, not notes, are the witnesses: many notes of one instrument say little more than a
#   few.
# - Names do not guarantee that two recordings are different. Hashes find exact copies (4 of the 200
#   test notes); cross-correlation finds instruments that are one recording (21 test notes) and
#   needs judgement; playing faster finds
#   copies on other keys.
# - Without the twins in training, *most alike* names 3 of these 21 notes rightly in place of 19.
# - Every result on mini-test leaves out the 21 notes of instruments whose recording is in training.
# - A balanced sample with a seed is the same for everyone.
#
# ## Next
#
# A model cannot do much with 64,000 raw samples: [the next chapter](04_features.ipynb) turns each
# note into a small picture of its timbre.
#
# **Thesis sections covered**: section 3.1 (dataset) and the sampling step of section 3.2.2; the
# data side of sections 5.3, 5.5 and 5.6. **Done differently:** 100 notes of each family at most
# instead of 8,750, because those can be bundled and run anywhere; a test split of 200 notes instead
# of 4,096; notes that are in both splits are left out of the headline, after an audit that the
# thesis does not mention; and no synthetic sounds, because the bundled selection has none.
