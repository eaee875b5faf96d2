# %% [markdown]
# # Features: from sound to 13 numbers a frame
#
# A note of NSynth is a list of 64,000 numbers. Both networks of this book see something else: a
# table of 126 rows and 13 columns, the note's **MFCCs** (mel-frequency cepstral coefficients).
# This chapter goes from the one to the other in seven small steps. You write each step in
# NumPy, and at the end your function and librosa's agree.
#
# ## What you will learn
#
# - **Explain** why a network is not given the waveform, and which parts of a sound a spectrum
#   keeps.
# - **Build** each step yourself: frames, window, Fourier transform, mel bands, decibels,
#   cosines.
# - **Read** a spectrogram, a mel spectrogram and a row of MFCCs.
# - **Say** what 13 coefficients keep of a sound (its colour) and what they lose (much of its
#   pitch).
# - **Count** what the choice saves in bytes, and weigh it against what it costs.
#
# **You need** [chapter 3](03_dataset.ipynb) for what a note is, NumPy, and sine and cosine. No
# signal processing.
#
# **Time** 40 minutes of reading. Nothing is trained.
#
# **Thesis** sections 2.4 (mel spectrogram and MFCC), 3.2.1 (feature extraction) and 5.1 (input
# representation).
#
# The numbers in the text are those of the bundled notes with the settings below. Where other
# chapters name tables 4.1 to 4.4, they mean the thesis's.

# %% [markdown] tags=["colab-badge", "remove-cell"]
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/your-account/cnn-or-lstm/blob/main/book/04_features.ipynb)

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
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from helpers import datasets, listening, plots, profiles
from helpers.runs import figures, findings, interactive

profile = profiles.get(PROFILE)
plots.use_style()
SR = 16_000  # samples a second (Hz)

# %% [markdown]
# ## A note
#
# For the close-ups of this chapter, the notes come from the bundled set by name, so that you
# see the same notes whatever the profile. Only the last sections look at many notes, from
# `DATA`.

# %%
bundled = datasets.load("nsynth-mini")
position = {name: i for i, name in enumerate(bundled.table["note"])}


def note(name):
    """The waveform of a bundled note, shape (64000,)."""
    return bundled.waveform(position[name])


y = note("reed_acoustic_004-057-100")
listening.player(y, "A reed instrument on A3 (MIDI pitch 57)")

# %% [markdown]
# The [**waveform**](glossary.md#waveform) is the air pressure at a microphone, measured 16,000 times a second. Below,
# the whole note on the left and 20 milliseconds of it on the right. Look for what repeats.

# %% mystnb={"image": {"alt": "Left: a band of amplitude that swells within the first second, stays until 3 s and dies away. Right: a jagged pattern that repeats between four and five times in 20 ms."}}
fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.6), sharey=True)
plots.waveform(y, left, title="the whole note")
piece = slice(SR, SR + SR // 50)
right.plot(1000 * np.arange(SR // 50) / SR, y[piece])
right.set(xlabel="time after the first second (ms)", title="20 ms")
plt.show()

# %% [markdown]
# *Figure: The waveform of a reed note, whole (left) and 20 ms of it (right).*
#
# The jagged shape on the right repeats. How often it does in a second is the [**fundamental
# frequency**](glossary.md#fundamental) $f_0$ of the note; its form within one period has to do with the instrument's
# colour, its **timbre**. MIDI pitch 69 is the A of 440 Hz, and each of the twelve semitones of
# an octave multiplies by $2^{1/12}$:


# %%
def fundamental(pitch):
    """The frequency in Hz of a MIDI pitch."""
    return 440 * 2 ** ((pitch - 69) / 12)


f0 = fundamental(57)
print(f"f0 = {f0:.0f} Hz, one period = {1000 / f0:.2f} ms = {SR / f0:.1f} samples")

# %% [markdown]
# ## Why not simply the waveform?
#
# Suppose the musician had begun two milliseconds later. Nobody would hear a difference. **Guess
# before you go on**: how far apart are the two recordings, if each is a point in a space with
# one axis for every sample?
#
# We scale both to length 1 and take the distance: 0 means equal, $\sqrt 2$ means that they have
# nothing in common (a right angle), 2 means exact opposites. We do the same with the two
# **spectra**, the strengths of the frequencies in each recording (`np.fft.rfft`, explained
# soon). For comparison, the same distances between the reed and a voice on the same pitch.


# %%
def distance(a, b):
    return np.linalg.norm(a / np.linalg.norm(a) - b / np.linalg.norm(b))


def one_second(waveform, shift=0):
    """The second from 1 s on, of a note that began `shift` samples later."""
    return waveform[SR - shift : 2 * SR - shift]


def strengths(waveform):
    return np.abs(np.fft.rfft(waveform))


voice = note("vocal_acoustic_005-057-100")
shifts = np.arange(0, 161)
moved = [one_second(y, shift) for shift in shifts]
in_time = [distance(moved[0], m) for m in moved]
in_frequency = [distance(strengths(moved[0]), strengths(m)) for m in moved]

# %% mystnb={"image": {"alt": "Two panels over shifts of 0 to 10 ms. Left, waveforms: the distance jumps between about 0 and 1.9 and crosses the dashed line of the voice again and again. Right, spectra: the distance stays next to 0, far below the dashed line."}}
other = one_second(voice)
rows = [
    ("between waveforms", in_time, distance(moved[0], other)),
    ("between spectra", in_frequency, distance(strengths(moved[0]), strengths(other))),
]
figures.distances(1000 * shifts / SR, rows)
plt.show()

# %% [markdown]
# *Figure: How far a note is from itself, played a little later. Dashed: how far it is from a voice
# on the same pitch.*
#
# Among waveforms, the note is often further from itself than from a voice: what dominates is
# the [**phase**](glossary.md#phase), where in its period the recording happens to begin. Among spectra, a shift
# hardly counts. A network that is given raw samples must first learn from examples that phase
# does not matter, with 64,000 inputs a note. The features of this chapter build that knowledge
# in.
#
# But one spectrum of the whole note would lose its course in time: how it begins, goes on and
# ends. So we cut the note into short pieces first.
#
# ## Step 1: frames
#
# A **frame** is a short stretch of the waveform; from one frame to the next we move on by a
# [**hop**](glossary.md#hop-length). Here a frame has 2,048 samples (128 ms) and the hop is 512 samples (32 ms), so frames
# overlap by three quarters. Frame $t$ is **centred** on sample $512\,t$. To make that possible
# at both ends, half a frame of zeros is put before and after the note.
#
# **Predict** how many frames a note of 64,000 samples has.

# %%
N_FFT, HOP = 2048, 512

padded = np.pad(y, N_FFT // 2)
starts = np.arange(0, len(padded) - N_FFT + 1, HOP)
frames = np.stack([padded[start : start + N_FFT] for start in starts])
print("frames:", frames.shape, " 1 + 64000 // 512 =", 1 + len(y) // HOP)
print("without the zeros at both ends:", 1 + (len(y) - N_FFT) // HOP)

# %% mystnb={"image": {"alt": "The beginning of the waveform, flat to the left of time zero, and above it five horizontal bars of equal length, each a quarter of a bar further right; the middle of the first bar is at time zero."}}
figures.framing(padded, starts, N_FFT)
plt.show()

# %% [markdown]
# *Figure: The first five frames. The first two begin in the zeros before the note.*
#
# The dots mark the middle of each frame; the first is at time 0 and half of its frame is zeros.
# The count explains a number of the thesis: section 3.2.1 reports 126 time steps and does not
# name hop, frame length or centring. Those of librosa's defaults give 126; without centring
# there would be fewer, as the second line above shows.

# %% [markdown]
# **Check yourself.** A note of eight seconds has 128,000 samples. Hop and frame length stay as they
# are, and the frames are centred. How many frames are there?
#
# <details class="choice"><summary>A. 252, twice as many as for four seconds.</summary>
#
# **No.** There are twice as many hops, 250 in place of 125. But the frame at time 0 is there only
# once, so the 1 in 1 + samples // hop does not double.
#
# </details>
#
# <details class="choice"><summary>B. 251.</summary>
#
# **Right.** Frame $t$ is centred on sample $512\,t$, from 0 to 128,000: 1 + 128000 // 512 of them.
#
# </details>
#
# <details class="choice"><summary>C. 247.</summary>
#
# **No.** That is 1 + (128000 - 2048) // 512, the number *without* centring: the first frame begins
# at sample 0, and the last one has to end inside the note.
#
# </details>
#
# <details class="choice"><summary>D. It depends on the frame length.</summary>
#
# **No.** Without centring it would. Centring puts half a frame of zeros before and after the note,
# and so the length drops out: 1 + samples // hop is left.
#
# </details>

# %% [markdown]
# ## Step 2: a window
#
# Cutting a frame out of a note leaves two sharp edges. They do harm: the Fourier transform
# treats the frame as if it repeated for ever, and an edge sounds like a click, which contains
# all frequencies. The remedy is a [**window**](glossary.md#window): multiply the frame by a curve that falls softly
# to zero at both ends. We use the **Hann window**, one period of a raised cosine.


# %%
def hann(n):
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)


sine = np.sin(2 * np.pi * 1004 * np.arange(N_FFT) / SR)  # a frame of a pure tone of 1,004 Hz
hz = np.fft.rfftfreq(N_FFT, 1 / SR)  # the frequency of each value that rfft returns

# %% [markdown]
# The figure shows one frame of a pure tone with and without the window, and both spectra. A
# pure tone should give a single line. The vertical axis is in [**decibels**](glossary.md#decibel): 20 dB less is a
# tenth of the amplitude, 60 dB less a thousandth.

# %% mystnb={"image": {"alt": "Left: the first 16 ms of a sine frame, at full amplitude without the window and fading in slowly with it. Right: two spectra with a peak at 1 kHz; without the window the skirt reaches all frequencies at about minus 40 to minus 70 dB, with the window it falls below minus 100 dB within a few hundred hertz."}}
figures.window_effect(sine, hann(N_FFT))
plt.show()

# %% [markdown]
# *Figure: A pure tone of 1,004 Hz, cut out sharply and with a Hann window.*
#
# (The left panel shows the first 16 of 128 ms.) Without the window, the tone spills over all
# frequencies: [**spectral leakage**](glossary.md#spectral-leakage) (it has only the name in common with the leakage of chapter
# 3). A weak tone next to a strong one would drown in it. With the window the spill is all but
# gone; the price is a peak that is a little wider.
#
# ## Step 3: the spectrum of a frame
#
# The **discrete Fourier transform** of a frame $x$ of $N$ samples compares it with waves of $0,
# 1, 2, \dots$ whole periods a frame. For $k$ periods, which is a frequency of $k \cdot 16000/N$
# Hz,
#
# $$X_k = \sum_{n=0}^{N-1} x_n \left( \cos\frac{2\pi k n}{N} - i \sin\frac{2\pi k n}{N} \right).$$
#
# Two sums: how much the frame resembles a cosine and how much a sine. The size $|X_k|$ says how
# strong the frequency is, wherever in its period the wave begins; the angle is the phase, which
# we drop. One such $k$ is called a [**bin**](glossary.md#bin). The sums by hand, for one bin, against NumPy's fast
# version:

# %%
FRAME = 31  # centred on 31 * 512 samples, just before 1 s
x = frames[FRAME] * hann(N_FFT)

k, n = 56, np.arange(N_FFT)
by_hand = np.sum(x * np.cos(2 * np.pi * k * n / N_FFT))
by_hand = by_hand - 1j * np.sum(x * np.sin(2 * np.pi * k * n / N_FFT))
spectrum = np.fft.rfft(x)
print(f"bin {k} = {hz[k]:.1f} Hz   by hand {by_hand:.3f}   rfft {spectrum[k]:.3f}")
print(f"{len(spectrum)} bins, {hz[1]:.4f} Hz apart, from {hz[0]:.0f} to {hz[-1]:.0f} Hz")

# %% [markdown]
# Now all bins of that frame. The triangles mark whole multiples of $f_0$, computed from the
# MIDI pitch in the note's name. **Predict** where the peaks are.

# %% mystnb={"image": {"alt": "A comb of narrow peaks up to 8 kHz, one below nearly every triangle; the heights of the peaks first rise, then fall unevenly by some 60 dB."}}
fig, ax = plt.subplots()
ax.plot(hz / 1000, 20 * np.log10(np.abs(spectrum) + 1e-5), linewidth=0.9)
multiples = f0 * np.arange(1, int(SR / 2 / f0) + 1)
ax.plot(multiples / 1000, np.full(len(multiples), 50), "v", color=plots.ORANGE, markersize=5)
ax.set(xlabel="frequency (kHz)", ylabel="level (dB)", ylim=(-45, 55), xlim=(0, 8))
plt.show()

# %% [markdown]
# *Figure: The spectrum of one frame of the reed note. Triangles: multiples of the fundamental.*
#
# There is a peak under nearly every triangle. These peaks are the [**partials**](glossary.md#partial) of the note. Two
# things can be read from them, and the rest of the chapter lives on telling them apart:
#
# - **how far apart** they stand is the pitch: a higher note has a wider comb;
# - **how high** they reach, one beside the other, is the colour of the sound. A smooth line
#   that follows the ups and downs of the whole comb is called the **spectral envelope**.
#
# A family is to be recognised on any pitch, so it is the envelope that we are after.
#
# ## Step 4: all frames, a spectrogram
#
# The spectra of all frames side by side are the [**short-time Fourier transform**](glossary.md#stft) (STFT);
# a picture of their sizes is a [**spectrogram**](glossary.md#spectrogram).
# Librosa ([McFee et al. 2015](bibliography.md#mcfee-et-al-2015)) does steps 1 to 3 in one call,
# with frequency down and time across. We write `pad_mode="constant"` (zeros) although it is the
# default: before version 0.9 it was another one. (The thesis does not speak of padding; the
# version in its bibliography, 0.10.0, has zeros.)

# %%
import librosa

stft = np.fft.rfft(frames * hann(N_FFT))
theirs = librosa.stft(y, n_fft=N_FFT, hop_length=HOP, window="hann", pad_mode="constant")
print("ours", stft.shape, " librosa's", theirs.shape)
gap = np.abs(stft.T - theirs).max()
print(f"largest value {np.abs(stft).max():.1f}, largest difference {gap:.1e}")
assert np.allclose(stft.T, theirs, atol=1e-3)

# %% [markdown]
# ### Long frames or short frames?
#
# A frame of $N$ samples lasts $N/16000$ seconds and its bins are $16000/N$ Hz apart. Those are
# inverse to each other: you can know well **when** or well **which frequency**, not both. Here
# is a low guitar note in frames of three lengths. **Predict** which panel shows the pluck best,
# and which the partials.
#
# *Table 4.1: Three lengths of frames, and how far apart their bins are.*

# %%
guitar_low = note("guitar_acoustic_017-045-100")
lengths = [512, 2048, 8192]
pd.DataFrame(
    {"frame (ms)": [1000 * n / SR for n in lengths], "bins apart (Hz)": [SR / n for n in lengths]},
    index=pd.Index(lengths, name="n_fft"),
)

# %% mystnb={"image": {"alt": "Three spectrograms of the first 0.8 seconds up to 1.5 kHz. With 512 samples the pluck is a sharp edge and the partials are thick, blurred bands. With 8,192 the partials are thin lines and the pluck is smeared over a quarter of a second. 2,048 is in between."}}
fig, axes = plt.subplots(1, 3, figsize=(7.6, 3), sharey=True)
for ax, n in zip(axes, lengths, strict=True):
    low = librosa.stft(guitar_low, n_fft=n, hop_length=128, pad_mode="constant")
    level = 20 * np.log10(np.abs(low) / np.abs(low).max() + 1e-6)
    edges = (-64 / SR, (low.shape[1] - 0.5) * 128 / SR, -SR / n / 2, SR / 2 + SR / n / 2)
    image = figures.picture(ax, level.T, extent=edges, vmin=-70, vmax=0)
    ax.set(title=f"n_fft = {n}", xlabel="time (s)", xlim=(0, 0.8), ylim=(0, 1500))
axes[0].set_ylabel("frequency (Hz)")
fig.colorbar(image, ax=axes, label="dB below the maximum")
plt.show()

# %% [markdown]
# *Figure: The same plucked note in frames of 512, 2,048 and 8,192 samples.*
#
# Short frames place the pluck exactly and melt neighbouring partials into one another. Long
# frames separate the partials and smear the pluck: a frame that is centred well before it
# already contains it. 2,048 samples are a compromise, and librosa's default.

# %% [markdown]
# **Check yourself.** You double `n_fft` to 4,096 and leave the hop at 512. What do you get?
#
# <details class="choice"><summary>A. Bins half as far apart, and a pluck that is smeared over twice
# the time.</summary>
#
# **Right.** Frame length and distance of the bins are inverse to each other. What you win in
# frequency, you pay in time.
#
# </details>
#
# <details class="choice"><summary>B. A finer picture in both directions, for twice the
# work.</summary>
#
# **No.** There are twice as many bins, but each spectrum now mixes 256 ms into one. No length of
# frame is sharp in both.
#
# </details>
#
# <details class="choice"><summary>C. Half as many frames, each with twice as many bins, and so
# about as many numbers.</summary>
#
# **No.** The number of centred frames follows from the hop alone. Longer frames overlap more; there
# are no fewer of them.
#
# </details>

# %% [markdown]
# ## Step 5: mel bands
#
# A spectrum has 1,025 bins, evenly spaced. The ear does not hear like that: from 200 to 300 Hz
# is a large step (a fifth), from 5,200 to 5,300 Hz is hardly one. In the 1930s [Stevens et al.
# (1937)](bibliography.md#stevens-et-al-1937) asked listeners to set tones that sounded half as
# high, and built a scale of perceived pitch from the answers: the **mel** scale. There are
# several formulas for it. Librosa's default is that of [Slaney
# (1998)](bibliography.md#slaney-1998): straight up to 1,000 Hz, a logarithm above.

# %%
STEP = np.log(6.4) / 27  # above 1,000 Hz, one mel is a factor of exp(STEP)


def to_mel(f):
    f = np.asarray(f, dtype=float)
    return np.where(f < 1000, 3 * f / 200, 15 + np.log(np.maximum(f, 1000) / 1000) / STEP)


def to_hz(mel):
    mel = np.asarray(mel, dtype=float)
    return np.where(mel < 15, 200 * mel / 3, 1000 * np.exp(STEP * (mel - 15)))


print("Hz to mel and back:", to_hz(to_mel([100, 440, 4000])))
print(f"largest difference from librosa: {np.abs(to_mel(hz) - librosa.hz_to_mel(hz)).max():.1e}")

# %% [markdown]
# Now 128 [**bands**](glossary.md#mel-band): 130 points, evenly spaced in mel from 0 to 8,000 Hz. Band $m$ is a triangle
# that rises from point $m$ to point $m+1$ and falls to point $m+2$. Each triangle is divided by
# half its width, so that it has **area 1**: otherwise the wide bands at the top would collect
# more power only because they are wide.


# %%
def mel_filters(n_mels=128, n_fft=N_FFT):
    """One triangle a row, shape (n_mels, 1 + n_fft // 2)."""
    hz = np.fft.rfftfreq(n_fft, 1 / SR)
    points = to_hz(np.linspace(to_mel(0), to_mel(SR / 2), n_mels + 2))[:, None]
    low, middle, high = points[:-2], points[1:-1], points[2:]
    rise = (hz - low) / (middle - low)
    fall = (high - hz) / (high - middle)
    return np.maximum(0, np.minimum(rise, fall)) * 2 / (high - low)


filters = mel_filters()
judge = librosa.filters.mel(sr=SR, n_fft=N_FFT, n_mels=128, htk=False, norm="slaney")
print(filters.shape, f"largest difference {np.abs(filters - judge).max():.1e}")
assert np.allclose(filters, judge, atol=1e-6)

# %% mystnb={"image": {"alt": "Left: a curve that is straight up to 1 kHz and flattens above. Right: twelve overlapping triangles, narrow and tall at low frequencies, wide and flat at high ones."}}
figures.mel_scale(hz, to_mel(hz), mel_filters(12))
plt.show()

# %% [markdown]
# *Figure: Left: the mel scale after Slaney. Right: the triangles, 12 bands in place of 128 to be
# visible.*
#
# Low bands are narrow, high bands are wide: detail where the ear has it. Applying the filters
# is one matrix product, from 1,025 bins to 128 bands a frame. What is added up is the
# [**power**](glossary.md#power-of-a-sound) $|X_k|^2$.
#
# ## Step 6: decibels
#
# Powers within one note differ by factors of millions, and the ear judges ratios, so we take
# logarithms: a power $P$ is $10 \log_{10} P$ dB. Ten dB are a factor of 10 in power, 20 dB a factor of 100. Two guards belong to it:
#
# - `amin`: the logarithm of zero is minus infinity, so powers below $10^{-10}$ are raised to
#   $10^{-10}$, which is -100 dB;
# - `top_db`: whatever lies more than 80 dB below the **loudest value of the same note** is raised
#   to that floor. Recording noise far below the note should not count.
#
# We try it on the powers of all bins first, as the picture of a spectrogram shows it best.


# %%
def to_db(power):
    decibels = 10 * np.log10(np.maximum(power, 1e-10))
    return np.maximum(decibels, decibels.max() - 80)


power = np.abs(stft) ** 2
judge = librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=80.0)
print(f"largest difference {np.abs(to_db(power) - judge).max():.1e} dB")
print(f"power from {power.min():.1e} to {power.max():.1e}")
print(f"in dB from {to_db(power).min():.1f} to {to_db(power).max():.1f}")
assert np.allclose(to_db(power), judge)

# %% [markdown]
# The same spectrogram in both scales. What can you see on the right that is invisible on the
# left?

# %% mystnb={"image": {"alt": "Left: nearly all dark, with a few thin bright lines below 1.5 kHz. Right: a ladder of many parallel lines up to 8 kHz, noise between them at the start, and a fade from 3 s on."}}
figures.power_and_decibels(power, to_db(power))
plt.show()

# %% [markdown]
# *Figure: The reed note as power (left) and in decibels (right).*
#
# On the left a few strong partials are all there is. On the right you see the whole ladder, the
# breath between its rungs, and that the high partials end before the low ones when the note is
# released.
#
# For the **mel spectrogram**, the filters come first and the decibels after them, so that the floor is
# 80 dB below the loudest band.
#
# Three instruments on the same pitch, A3: listen first, then look for what you heard.

# %%
guitar = note("guitar_acoustic_009-057-100")
three = {"reed": y, "guitar": guitar, "voice": voice}
listening.players([(waveform, f"{name}, A3") for name, waveform in three.items()])


# %%
def mel_spectrogram(waveform):
    padded = np.pad(waveform, N_FFT // 2)
    frames = np.stack([padded[start : start + N_FFT] for start in starts])
    power = np.abs(np.fft.rfft(frames * hann(N_FFT))) ** 2
    return to_db(power @ filters.T)


mel = {name: mel_spectrogram(waveform) for name, waveform in three.items()}

# %% mystnb={"image": {"alt": "Three pictures of 126 frames by 128 bands. The reed: steady parallel lines that end after 3 s. The guitar: a bright edge at the start, lines that fade from the top down, and a second short burst at 3 s. The voice: strong lines in the lowest bands, weak ones around band 50 and a broad bright region from band 70 to 100."}}
figures.mel_spectrograms(mel)
plt.show()

# %% [markdown]
# *Figure: Mel spectrograms of three instruments on the same pitch.*
#
# The reed is steady until the key is released at 3 s. The guitar begins with all frequencies at
# once, loses the high ones first, and its release at 3 s is a sound of its own. In the voice,
# whole regions are strong or weak together, whichever partials happen to lie there:
# [**formants**](glossary.md#formant), the resonances of the vocal tract. You have just classified three instruments by
# eye; this is the picture that a network could get. The thesis goes one step further.
#
# ## Step 7: the cepstrum
#
# Take one column of a mel spectrogram, the 128 levels of one frame. Over the bands it has two
# kinds of shape: a slow one (the envelope) and a fast one (the partials). Slow and fast shapes
# are told apart just as low and high tones were: by comparing with waves. So we transform **the
# spectrum**, as if it were a signal. The result is called the [**cepstrum**](glossary.md#cepstrum), "spec" backwards.
#
# The waves are now cosines over the bands, $m = 0 \dots M-1$ with $M = 128$, and the transform
# is the [**discrete cosine transform**](glossary.md#discrete-cosine-transform) (DCT-II):
#
# $$c_k = s_k \sum_{m=0}^{M-1} S_m \cos\frac{\pi k (2m+1)}{2M}, \qquad s_0 = \sqrt{1/M}, \quad
# s_k = \sqrt{2/M} \text{ for } k > 0.$$
#
# As a matrix with one cosine a row. With these $s_k$ the rows have length 1 and stand at right
# angles to each other (the transform is **orthonormal**), so the transposed matrix turns it
# back.


# %%
def cosines(m=128):
    """The orthonormal DCT-II as a matrix (m, m), one cosine a row."""
    k = np.arange(m)[:, None]
    matrix = np.sqrt(2 / m) * np.cos(np.pi * k * (2 * np.arange(m) + 1) / (2 * m))
    matrix[0] = np.sqrt(1 / m)
    return matrix


import scipy.fft

C = cosines()
levels = mel["reed"][FRAME]
c = C @ levels
print(f"difference from scipy: {np.abs(c - scipy.fft.dct(levels, type=2, norm='ortho')).max():.1e}")
print(f"there and back again:  {np.abs(C.T @ c - levels).max():.1e}")
assert np.allclose(c, scipy.fft.dct(levels, type=2, norm="ortho"))

# %% mystnb={"image": {"alt": "Five small panels over the mel bands. Coefficient 0: a flat line. 1: half a cosine period, from plus to minus. 2: one period, plus at both ends. 3: one and a half periods. 12: six periods."}}
figures.cosine_waves(C, (0, 1, 2, 3, 12))
plt.show()

# %% [markdown]
# *Figure: What the first coefficients compare a frame with, and the last of the 13.*
#
# *Table 4.2: What the coefficients say.*
#
# | coefficient | its wave | large and positive when |
# |---|---|---|
# | 0 | constant | the frame is loud: it is $\sqrt{128}$ times the mean level in dB |
# | 1 | half a period | low bands are louder than high ones: a dark sound (the **tilt**) |
# | 2 | one period | both ends are louder than the middle |
# | 3 ... 12 | up to six periods | ever finer shape of the envelope |
# | 13 ... 127 | more | partials and noise: **thrown away** |
#
# The **MFCCs** of a frame are its first 13 coefficients. They come from speech recognition
# ([Davis and Mermelstein 1980](bibliography.md#davis-and-mermelstein-1980)); whether they suit
# music as well was asked by [Logan (2000)](bibliography.md#logan-2000).
#
# ### What 13 coefficients keep
#
# To see what they keep, go back from the first $n$ of them to 128 bands: set the others to
# zero. Move the slider from 1 coefficient to all 128. **Watch** when the envelope is there, and
# when the partials appear. Then **listen**: the note is put together again from that many
# coefficients of each frame. (The phase is in none of them: it is drawn at random, and
# adjusted until it fits.)

# %%
interactive.coefficients("reed, A3", y, levels)

# %% [markdown]
# One coefficient is the mean level, two add a tilt. Thirteen follow the general run of the
# comb, midway between its tips and its gaps; the partials themselves are gone, which is most of
# the error. From 1 to 3 s, 99.7 % of the note's energy lies within 3 Hz of its partials, and 2.4 % of the
# energy of the sound from 13 coefficients: the pitch goes, the timbre stays. The partials come back far
# beyond 13. How fine can 13 coefficients see? The wave of
# coefficient 12 has six periods over 128 bands, so two bumps that are closer than about 20
# bands are one to it. Partials of this note stand closer than that. Those of a high note, from
# about 470 Hz upwards, do not, at least the lowest ones, and then some of the pitch gets through.

# %% [markdown]
# **Check yourself.** Why keep only the first 13 of the 128 coefficients?
#
# <details class="choice"><summary>A. The others stand for the high frequencies of the sound, of
# which the ear makes little.</summary>
#
# **No.** A coefficient is not a frequency of the sound. Each of them, the first as well as the
# last, is a sum over *all* mel bands from the lowest to the highest; its number says how fine a
# pattern across the bands it looks for.
#
# </details>
#
# <details class="choice"><summary>B. The others are zero, or nearly so.</summary>
#
# **No.** They are not: the slider shows how much comes back with them. They are left out for what
# they say, not for being small.
#
# </details>
#
# <details class="choice"><summary>C. The first say the slow shape of the spectrum, the others
# mostly where its partials are.</summary>
#
# **Right.** The slow shape is the envelope, which goes with the timbre; the partials go with the
# pitch. A family is to be recognised on any pitch.
#
# </details>

# %% [markdown]
# That is the point of it all, so let us test it: the same pitch on two instruments, and two
# pitches on the same instrument. Which pair has the more similar thick lines?

# %%
four = {
    "reed A3": "reed_acoustic_004-057-100",
    "reed A4": "reed_acoustic_004-069-100",
    "voice A3": "vocal_acoustic_005-057-100",
    "voice A4": "vocal_acoustic_005-069-100",
}
column = {name: mel_spectrogram(note(full))[FRAME] for name, full in four.items()}
listening.players([(note(full), name) for name, full in four.items()])

# %% mystnb={"image": {"alt": "Two panels. Left, reed and voice on A3: the peaks of the thin lines stand at the same bands at the low end, the thick lines differ by tens of dB. Right, reed on A3 and A4: at low bands every second peak of A3 is missing on A4, and the thick lines have nearly the same shape."}}
both = {name: (levels, C[:13].T @ (C[:13] @ levels)) for name, levels in column.items()}
pairs = {
    "same pitch, two instruments": ("reed A3", "voice A3"),
    "same instrument, two pitches": ("reed A3", "reed A4"),
}
figures.smoothed({title: {name: both[name] for name in pair} for title, pair in pairs.items()})
plt.show()

# %% [markdown]
# *Figure: Thin: the mel spectrum of one frame. Thick: rebuilt from its 13 MFCCs.*
#
# The same in numbers: the distance of two frames, once over all 128 bands and once over the 12
# coefficients 1 to 12 (coefficient 0, the level, is left out, and so is the mean level of the
# bands). Go down each column: in which representation are two instruments clearly further apart
# than two pitches?
#
# *Table 4.3: Distances of frames that differ in instrument or in pitch.*

# %%
rows = {}
for first, second in [
    ("reed A3", "voice A3"),
    ("reed A4", "voice A4"),
    ("reed A3", "reed A4"),
    ("voice A3", "voice A4"),
]:
    difference = C @ (column[first] - column[second])
    rows[f"{first} and {second}"] = {
        "differ in": "instrument" if first[-2:] == second[-2:] else "pitch",
        "mel bands (dB)": np.linalg.norm(difference[1:]),
        "12 MFCCs (dB)": np.linalg.norm(difference[1:13]),
    }
pd.DataFrame(rows).T.infer_objects().round(0)

# %% [markdown]
# In mel bands, the two kinds of difference are similar in size. In the MFCCs, a change of pitch
# shrinks far more than a change of instrument. It does not shrink to zero: a real instrument
# does sound brighter or darker on another pitch.
#
# ### What loudness does
#
# Multiply the reed note by 0.1, so that it is 20 dB quieter. **Predict**: which of the 13
# coefficients change, and by how much?

# %%
loud, quiet = mel_spectrogram(y) @ C[:13].T, mel_spectrogram(0.1 * y) @ C[:13].T
change = (quiet - loud).mean(axis=0)
print("mean change of each coefficient:", np.round(change, 2) + 0.0)
print("-20 dB times the square root of 128:", np.round(-20 * np.sqrt(128), 2))

# %% [markdown]
# Only coefficient 0. A factor in front of the waveform is a sum in decibels, and a constant is
# at right angles to all other cosines. So the level of a recording sits in one column, and it
# is by far the largest: the thesis mentions no scaling of the features, so its networks (and
# ours) see it as it is.
#
# ## All steps in one function
#
# Time to put it together. This is everything the chapter has built:


# %%
def my_mfcc(waveform, n_fft=2048, hop=512, n_mels=128, n_mfcc=13):
    """MFCCs of a waveform at 16 kHz: shape (frames, n_mfcc)."""
    # 1 frames, centred, with zeros beyond both ends
    padded = np.pad(waveform, n_fft // 2)
    starts = np.arange(0, len(padded) - n_fft + 1, hop)
    frames = np.stack([padded[start : start + n_fft] for start in starts])
    # 2 window, 3 and 4 spectra
    power = np.abs(np.fft.rfft(frames * hann(n_fft))) ** 2
    # 5 mel bands, 6 decibels
    levels = to_db(power @ mel_filters(n_mels, n_fft).T)
    # 7 cosines: keep the slow ones
    return levels @ cosines(n_mels)[:n_mfcc].T


mine = my_mfcc(y)
print(mine.shape)

# %% mystnb={"image": {"alt": "Top: a line, coefficient 0 over time, which rises at the start and falls after 3 s. Bottom: coefficients 1 to 12 as rows of colour that hardly change between 0.5 and 3 s."}}
figures.mfcc(mine, title="reed, A3")
plt.show()

# %% [markdown]
# *Figure: What the networks see of the reed note: 13 MFCCs at 126 frames. Coefficient 0 is drawn
# on its own, its range is far larger.*
#
# ### Is it right?
#
# The thesis calls librosa. So `librosa.feature.mfcc` is the judge, in the one line that a
# reader of the thesis would write. Mind the order: librosa has coefficients down and time
# across, `(13, 126)`; our networks want time first, `(126, 13)`.
#
# From now on the book uses `helpers.features.mfcc`: the same seven steps for many notes at
# once. What differs is only for speed: numbers of 32 bits in place of 64, frames that are views
# in place of copies, and filters stored without their zeros.

# %%
from helpers import features
from helpers.runs import cache


def by_librosa(waveform):
    return librosa.feature.mfcc(y=waveform, sr=16000, n_mfcc=13).T


theirs, helper = by_librosa(y), features.mfcc(y)
print(f"largest difference, mine and librosa's:     {np.abs(mine - theirs).max():.1e}")
print(f"largest difference, helper's and librosa's: {np.abs(helper - theirs).max():.1e}")
assert np.abs(mine - theirs).max() < 1e-3
assert np.abs(helper - theirs).max() < 1e-3
# `log_mel` stops before the cosines
assert np.abs(features.log_mel(y) @ cosines(128)[:13].T - mine).max() < 1e-3

# %% [markdown]
# The values are in the hundreds, so differences of that size are rounding. One note proves
# little. Five notes of every family, and the hardest case, **silence**. **Predict** the MFCCs
# of a note of 64,000 zeros before you run the cell.

# %%
sample = bundled.sample(5).waveforms()
errors = []
for w in [*sample, np.zeros(64_000, dtype=np.float32)]:
    theirs = by_librosa(w)
    pair = {"mine": my_mfcc(w), "helper": features.mfcc(w)}
    errors.append({name: np.abs(ours - theirs).max() for name, ours in pair.items()})
errors = pd.DataFrame(errors)
assert errors.to_numpy().max() < 1e-3
print(f"largest difference from librosa over {len(sample)} notes and silence:")
print(errors.max().map("{:.1e}".format).to_string())

silence = my_mfcc(np.zeros(64_000))
print("silence, frame 0: ", np.round(silence[0], 1) + 0.0)
print("all frames equal: ", np.allclose(silence, silence[0]))
print("-100 dB times the square root of 128:", np.round(-100 * np.sqrt(128), 1))

# %% [markdown]
# Silence is not zero in MFCCs. Every band lies at the guard of -100 dB, so coefficient 0 is
# that times $\sqrt{128}$ and the others vanish. Keep it in mind when somebody pads features
# with zeros: a row of zeros is not silence but a flat noise with 0 dB in every band.
#
# ### Is it fast?
#
# The thesis has 87,500 notes to convert. The milliseconds below are from the machine that made
# this page, the best of three rounds each.
#
# *Table 4.4: Time for the MFCCs of a note, and of the thesis's notes.*

# %%
from timeit import repeat

few = sample[::5]  # one note of each family
ways = {
    "my_mfcc, one note after the other": lambda: [my_mfcc(w) for w in few],
    "librosa, one note after the other": lambda: [by_librosa(w) for w in few],
    "helpers.features.mfcc, all at once": lambda: features.mfcc(few),
}
speed = {way: 1000 * min(repeat(f, number=1, repeat=3)) / len(few) for way, f in ways.items()}
speed = pd.DataFrame({"ms a note": speed})
speed.assign(**{"minutes for 87,500 notes": speed["ms a note"] * 87_500 / 60_000}).round(1)

# %% [markdown]
# ## Why MFCCs? In bytes
#
# Section 3.2.1 of the thesis gives its reason for MFCCs in place of mel spectrograms: memory
# during training, and so more notes to train on. Here is the sum, with 4 bytes a number
# (float32):
#
# *Table 4.5: What a note takes in four representations.*

# %%
shapes = {
    "waveform": (64_000,),
    "STFT power": power.shape,
    "mel spectrogram": mel["reed"].shape,
    "MFCC": mine.shape,
}
table = pd.DataFrame({"shape": {k: " x ".join(map(str, s)) for k, s in shapes.items()}})
table["numbers"] = [int(np.prod(s)) for s in shapes.values()]
table["kB a note"] = (table["numbers"] * 4 / 1000).round(1)
table["GB for 87,500 notes"] = (table["numbers"] * 4 * 87_500 / 1e9).round(2)
table["times MFCC"] = (table["numbers"] / np.prod(mine.shape)).round(1)
table

# %% [markdown]
# MFCCs of the whole set fit into the memory of any laptop. Mel spectrograms would fit into a
# larger one; for the networks the cost is higher still, since what a layer computes grows with
# its input.
#
# ### What is thrown away
#
# *Table 4.6: What each step loses.*
#
# | step | lost |
# |---|---|
# | power $\lvert X \rvert^2$ | phase: the waveform cannot be had back exactly |
# | frames of 128 ms | when exactly, within a frame |
# | floor of 80 dB | what is very soft beside the loudest moment |
# | 128 mel bands | which partial exactly, at high frequencies |
# | 13 of 128 coefficients | partials: pitch, beating, and whether they are in tune |
#
# Section 5.1 of the thesis doubts whether the last is right for **mallets**. In a reed or a
# string the partials stand at multiples of $f_0$: their places say nothing beyond the pitch, so
# they can be dropped. A struck bar vibrates in other patterns, and *where* its partials stand
# tells it from other instruments. Such a sound is called [**inharmonic**](glossary.md#inharmonic). Let us look before we
# believe it: the partials of two mallet instruments on A4 and of the reed, as multiples of the
# fundamental.

# %%
from scipy.signal import find_peaks


def partials(waveform, pitch, t=8):
    """The peaks of frame `t` within 40 dB of its highest, as multiples of the fundamental."""
    frame = waveform[t * HOP - N_FFT // 2 :][:N_FFT]
    level = 20 * np.log10(strengths(frame * hann(N_FFT)) + 1e-9)
    peaks, _ = find_peaks(level, height=level.max() - 40, prominence=20)
    return hz[peaks] / fundamental(pitch)


mallets = {
    "mallet 000, A4": note("mallet_acoustic_000-069-100"),
    "mallet 003, A4": note("mallet_acoustic_003-069-100"),
    "reed 004, A4": note("reed_acoustic_004-069-100"),
}
for name, waveform in mallets.items():
    print(f"{name}:", np.round(partials(waveform, 69), 1))
listening.players([(waveform, name) for name, waveform in mallets.items()])

# %% mystnb={"image": {"alt": "Two rows of three panels. Mallet 000 has a few peaks off the triangles above a bed of noise, mallet 003 four lonely peaks far apart, the reed peaks under most triangles. In the lower row the smooth curve from 13 coefficients rounds off each of the mallets' peaks into broad humps."}}
rows = {}
for name, waveform in mallets.items():
    frame = waveform[8 * HOP - N_FFT // 2 :][:N_FFT] * hann(N_FFT)
    bands = mel_spectrogram(waveform)[8]
    rows[name] = (20 * np.log10(strengths(frame) + 1e-6), bands, C[:13].T @ (C[:13] @ bands))
figures.partials_and_bands(rows, fundamental(69))
plt.show()

# %% [markdown]
# *Figure: One frame of the two mallet notes and the reed note on A4. Above: the spectrum,
# triangles at the multiples of 440 Hz. Below: the mel spectrum and what 13 coefficients keep of
# it.*
#
# It is not as simple as "inharmonic or not". One mallet instrument has partials off the
# multiples and much noise. The other has partials next to multiples, but only a few of them,
# far apart. In both, single peaks are rounded into humps, and a hump says neither how sharp nor
# exactly where the peak was. So the thesis's doubt is fair: here the coefficients drop
# something that belongs to the instrument. Whether it costs accuracy is another question, which
# only results can answer: [chapter 9](09_results.ipynb) has a row for mallets.
#
# ## The features of all families
#
# Now many notes, from `DATA`. Later chapters need the same features again and again, so
# `cache.extract` computes them once and keeps them in a file. The file's name contains a
# **hash** of everything that the features depend on: the name and contents of every note, and
# every setting of the seven steps. Other notes or other settings give another name, so what is
# found under a name is always the right thing. These are the settings, all written out:
#
# *Table 4.7: The settings of the seven steps.*

# %%
pd.Series(features.SETTINGS, name="value").map(str).to_frame()

# %% tags=["remove-stderr"]
import time

notes = datasets.load(DATA).sample(min(profile.notes_per_family, 100))
begin = time.perf_counter()
X = cache.extract(notes)
first = time.perf_counter() - begin
begin = time.perf_counter()
X = cache.extract(notes)
second = time.perf_counter() - begin
print(len(notes), "notes of", notes.table["instrument"].nunique(), "instruments")
print("features:", X.shape, X.dtype, f"{X.nbytes / 1e6:.1f} MB")
print(f"first call {first:.2f} s, second call {second:.2f} s")

# %% [markdown]
# Shape `(n, 126, 13)`: notes, frames, coefficients. (Were both calls equally fast? Then the
# file was there from an earlier run. The second call is not free: to compute the hash it reads
# every file.)
#
# ### The mean note of a family
#
# What does a family look like? We average the features of its notes. So that coefficient 0 does
# not drown the others, each coefficient is first [**standardised**](glossary.md#standardise): minus its mean over all
# notes and frames, divided by its standard deviation. 0 is then an ordinary value and 1 an
# unusually large one.

# %%
Z = (X - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))
families = notes.table["family"].to_numpy()
instruments = notes.table["instrument"].to_numpy()

# %% mystnb={"image": {"alt": "Ten small pictures, coefficients 0 to 12 from bottom to top over four seconds. Families that are struck or plucked, such as mallet and guitar, lose their red in the bottom row within the first second; the sustained ones keep it to 3 s. Each family has its own pattern of red and blue rows."}}
figures.family_means(Z, families, datasets.FAMILIES)
plt.show()

# %% [markdown]
# *Figure: The mean MFCCs of each family, standardised: red is above the mean of all notes, blue
# below.*
#
# Read the bottom row of each picture first: it is the level. Where it stays high until 3 s, the
# notes of that family are held; where it sinks from the start, they are struck or plucked and
# ring out. The rows above are the family's mean timbre: stripes, with a pattern of their own.
# The CNN will look at such a picture as a picture, the LSTM will read it column by column.
#
# ### A map of notes
#
# Means hide the single notes. For a map of them we need two numbers a note. First, forget time:
# the mean of each standardised coefficient over the frames, 13 numbers a note. Then turn that
# cloud of points so that the first two axes show as much of its spread as two axes can. This is
# [**principal component analysis**](glossary.md#principal-component-analysis) (PCA), and the singular value decomposition (SVD) does it in
# one line.


# %%
def plane(points):
    """The two axes of largest spread: points (n, 2) and each axis's share of the spread."""
    centred = points - points.mean(axis=0)
    U, s, directions = np.linalg.svd(centred, full_matrices=False)
    return centred @ directions[:2].T, s[:2] ** 2 / np.sum(s**2)


summary = Z.mean(axis=1)  # (n, 13)
xy, share = plane(summary)
print(f"share of the spread: axis 1 {share[0]:.0%}, axis 2 {share[1]:.0%}")

# %% mystnb={"image": {"alt": "Ten panels with the same cloud of points in grey, in each the notes of one family in colour. Those of a family lie in clumps, and the clumps of different families overlap, most of all in the middle."}}
figures.family_map(xy, families, datasets.FAMILIES)
plt.show()

# %% [markdown]
# *Figure: Every note as a point; in each panel one family in colour, all others in grey.*
#
# The families clump, and the clumps overlap. (Only two of 13 axes are shown, so some of the
# overlap is the map's.) Now look inside the families. Each gets a map of its own, and each of its
# instruments a marker; of a family with more than five, the five with the most notes. **Predict**:
# will the notes of a family be mixed, or lie apart by instrument?

# %% mystnb={"image": {"alt": "Ten small maps. In most of them, markers of the same kind gather in regions of their own; in some they run through one another."}}
inside = {family: np.flatnonzero(families == family) for family in datasets.FAMILIES}
maps = {family: (plane(summary[rows])[0], instruments[rows]) for family, rows in inside.items()}
figures.instrument_maps(maps)
plt.show()

# %% [markdown]
# *Figure: A map of each family, one kind of marker an instrument.*
#
# In some families equal markers gather in a region of their own; in others the instruments run
# through one another, perhaps because the first two axes follow something else, such as the
# pitch. Two axes cannot settle it. So
# ask every note for its nearest neighbour in all 13 dimensions: is it of the same family, is it
# of the same instrument, and how often would that happen by chance?
#
# *Table 4.8: How often the nearest note is of the same family or instrument.*

# %%
points = summary
gaps = np.linalg.norm(points[:, None] - points[None], axis=-1)
np.fill_diagonal(gaps, np.inf)  # nobody is a neighbour of oneself
nearest = gaps.argmin(axis=1)

rows = {}
for what, names in [("family", families), ("instrument", instruments)]:
    same = names[:, None] == names[None]
    np.fill_diagonal(same, False)
    rows[f"of the same {what}"] = {
        "nearest neighbour": np.mean(names == names[nearest]),
        "any other note (chance)": same.sum() / (len(names) * (len(names) - 1)),
    }
pd.DataFrame(rows).T.map("{:.1%}".format)

# %% [markdown]
# No network has been trained, and the nearest note names the right family for 96.3 % of the notes,
# where chance gives 9.9 %. But for 76.6 % the nearest note is one **of the same instrument**. Here
# is the first hint of a trap. If notes are dealt at random into training and test, nearly every test
# note has siblings of its own instrument in training. A network can then score by knowing the
# instrument, and we would believe that it knows the family. [Chapter 5](05_folds.ipynb) is about
# that.
#
# ## Your own settings
#
# `my_mfcc` takes its settings as arguments, and so does the same function in your browser, which
# draws and sounds here. Choose a note, or drop one of your own. Then:
#
# 1. leave 4 of 13 coefficients: what is left of the formants of the voice?
# 2. make frames of 256 samples: dark stripes appear in the low bands, whatever the note. Why?
# 3. click through the filters from left to right: where is a tone, and where only breath? Then take
#    10 bands: is the pitch of the note there?

# %%
own = {name: note(full) for name, full in four.items() if "A3" in name} | {"guitar A3": guitar}
interactive.explorer(own)

# %% [markdown]
# <details><summary>What happens</summary>
#
# 1. Only a smooth fall from low to high bands: three cosines cannot make a bump as narrow as a
#    formant. From 13 on, broad bright regions come back.
# 2. With 256 samples the bins are 62.5 Hz apart, and the low mel bands are narrower than that.
#    Some triangles fall between two bins and collect nothing. Librosa warns of this ("empty
#    filters"). So frame length and number of bands have to be chosen together. (The hop is still
#    512, so frames of 256 samples also skip half of the sound.)
# 3. Of 128 filters most hold one partial of the note or none: a tone, not on the pitch of the note,
#    or breath. Of 10 each holds two or more, and what you hear has the pitch of the note.
#
# </details>

# %% tags=["remove-cell"]
# For maintainers: `make regression` compares these figures with earlier runs. It shows nothing.
reported = {"frames": X.shape[1], "deviation/MFCC": X.std(dtype=float)}
reported |= {"mean/MFCC 0, first frame": X[:, 0, 0].mean(dtype=float)}
reported |= {f"mean/MFCC {k}": X[:, :, k].mean(dtype=float) for k in (0, 1)}
for name, whose in {"by hand": "mine", "helper": "helper"}.items():
    reported[f"error/MFCC/{name}"] = errors[whose].max()
for of in ("family", "instrument"):
    reported[f"accuracy/{of}/nearest note"] = rows[f"of the same {of}"]["nearest neighbour"]
findings.report(reported)

# %% [markdown]
# ## Try it yourself
#
# 1. In the cell that loads `y`, load `"mallet_acoustic_000-069-100"`, set `f0 = fundamental(69)` two
#    cells below and `FRAME = 8` in step 3, and run all. (Labels that say "reed" are typed and stay;
#    "reed A3" below the slider loads its own note.) Watch the comb under the triangles, and the
#    slider: how many coefficients does it take until the curve has every peak?
#
#    <details><summary>What happens</summary>
#
#    The mallet's partials stand off the triangles: at 6.9, 7.8 and 11.3 times the fundamental, for
#    instance. Over the mel bands, 9 peaks of its frame stand out by 5 dB or more. The curve from 13
#    coefficients has two of them in place, to within a band, that from 24 has three, and that from 48
#    all nine.
#
#    </details>
#
# 2. In the cell of `to_db`, put 40 for 80 in the function and in the call of librosa, and run the
#    cells from there to the three mel spectrograms. Watch the top bands of the reed and the end
#    of the guitar. (Further below, an `assert` will stop you: librosa's MFCCs have 80.)
#
#    <details><summary>What happens</summary>
#
#    Nearly everything is raised to the floor: 86 % of the reed's picture in place of 25 %, and all of
#    its top 33 bands. Of the guitar's last two seconds 98 % are floor, in place of 90 %: its end is
#    cut off. Where the floor is high, only the loudest is left to tell instruments apart.
#
#    </details>
#
# 3. In `my_mfcc`, leave out the window (put `1` for `hann(n_fft)`). Watch the picture of the
#    MFCCs, and then the difference from librosa: can you see by eye what the number says? (The three
#    `assert`s of "Is it right?" will stop you, as they should: put `1e3` for `1e-3` to get past.)
#
#    <details><summary>What happens</summary>
#
#    By eye hardly anything has changed. The largest difference from librosa is 279, in coefficient 0:
#    without the window the frames are louder, by 196 in that coefficient on average, and spectral
#    leakage fills the gaps between the partials.
#
#    </details>
#
# 4. In the cell of the nearest neighbours, put `points = summary[:, 1:]`: no coefficient 0. Watch
#    both rows. Does the level of a note help to tell its family?
#
#    <details><summary>What happens</summary>
#
#    A little, in both rows: the right family 94.9 % in place of 96.3 %, the same instrument 74.1 % in
#    place of 76.6 %. Level helps to tell the recording as much as the family.
#
#    </details>
#
# ## What you learned
#
# - Waveforms of one sound can be far apart, because phase counts; sizes of spectra do not care.
# - 126 frames: hop 512, frames centred. 2,048 samples and a Hann window make each spectrum.
# - Decibels show what power hides; mel bands put the detail where the ear has it.
# - Thirteen cosines over the mel bands keep the envelope (timbre) and drop the partials (most
#   of pitch).
# - In seven steps you have the same numbers as librosa, and MFCCs are far smaller than what
#   they replace.
# - Notes of one instrument lie close together, and that is going to matter.
#
# ## Next
#
# The features are ready. [Which notes may a network see, and which not?](05_folds.ipynb)
#
# **Thesis sections covered**: 2.4, 3.2.1 and 5.1. The thesis names librosa, 13 coefficients and 126
# steps, and leaves frame length, mel bands, decibels and padding open; this chapter takes
# librosa's defaults and writes each of them out. It mentions no scaling, so none is applied to
# the features that the networks see (the standardising above was for pictures only). Where
# section 5.1 argues that MFCCs may not suit mallets, this chapter looks at two of them.
