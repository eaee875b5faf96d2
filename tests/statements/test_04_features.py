import tempfile
from pathlib import Path

import numpy as np
from test_interactive import on_partials, rebuilt
from test_statements import statements, with_cells

PAGE = "04_features"


def neighbours(rows):
    """names the right family for {:.1f} % of the notes, where chance gives {:.1f} %. But for
    {:.1f} % the nearest note is one **of the same instrument**."""
    family, instrument = (rows[f"of the same {what}"] for what in ("family", "instrument"))
    nearest, chance = "nearest neighbour", "any other note (chance)"
    return 100 * family[nearest], 100 * family[chance], 100 * instrument[nearest]


def mallet_on_the_slider(note, partials, mel_spectrogram, C, find_peaks):
    """at {:.1f}, {:.1f} and {:.1f} times the fundamental, for instance. Over the mel bands, {}
    peaks of its frame stand out by 5 dB or more. The curve from 13 coefficients has {} of them in
    place, to within a band, that from 24 has {}, and that from 48 all {}."""
    mallet = note("mallet_acoustic_000-069-100")
    off = [p for p in partials(mallet, 69)[:6] if abs(p - round(p)) > 0.1]
    levels = mel_spectrogram(mallet)[8]
    clear, _ = find_peaks(levels, prominence=5)
    in_place = []
    for n in (13, 24, 48):
        peaks, _ = find_peaks(C[:n].T @ (C[:n] @ levels))
        in_place.append(sum(np.abs(peaks - p).min() <= 1 for p in clear))
    words = {2: "two", 3: "three", 9: "nine"}
    assert in_place[2] == len(clear)
    return off[0], off[1], off[3], len(clear), *[words[n] for n in in_place]


def a_floor_of_40(mel):
    """{:.0f} % of the reed's picture in place of {:.0f} %, and all of its top {} bands. Of the
    guitar's last two seconds {:.0f} % are floor, in place of {:.0f} %"""
    changes = ("max() - 80", "max() - 40", "top_db=80.0", "top_db=40.0")
    found = with_cells(PAGE, ("def to_db", *changes), ("def mel_spectrogram",))["mel"]
    reed, guitar = (
        [m[name][begin:] == m[name].min() for m in (found, mel)]
        for name, begin in (("reed", 0), ("guitar", 63))
    )
    top = reed[0].all(axis=0)[::-1].argmin()  # bands that are floor from beginning to end
    shares = [100 * floor.mean() for floor in (*reed, *guitar)]
    return *shares[:2], top, *shares[2:]


def without_a_window():
    """The largest difference from librosa is {:.0f}, in coefficient {}: without the window the
    frames are louder, by {:.0f} in that coefficient on average"""
    c = with_cells(PAGE, ("def my_mfcc", "hann(n_fft)", "1"), ("def by_librosa", "1e-3", "1e3"))
    gap = c["mine"] - c["theirs"]
    _, coefficient = np.unravel_index(np.abs(gap).argmax(), gap.shape)
    return np.abs(gap).max(), coefficient, gap[:, 0].mean()


def without_the_level(rows):
    """the right family {:.1f} % in place of {:.1f} %, the same instrument {:.1f} % in place of
    {:.1f} %."""
    change = ("points = summary", "points = summary", "points = summary[:, 1:]")
    for what in ("family", "instrument"):
        for found in (with_cells(PAGE, change)["rows"], rows):
            yield 100 * found[f"of the same {what}"]["nearest neighbour"]


def frames_of_256(to_hz, to_mel, mel_filters):
    """With 256 samples the bins are {:.1f} Hz apart, and the low mel bands are"""
    apart = 16_000 / 256
    low = to_hz(np.linspace(0, to_mel(8_000), 130))
    assert low[2] - low[0] < apart
    assert (mel_filters(128, 256).sum(axis=1) == 0).any()
    return apart


def partials_in_filters(f0, to_hz, to_mel):
    """Of {} filters most hold one partial of the note or none: a tone, not on the pitch of the
    note, or breath. Of {} each holds two or more"""
    multiples, held = f0 * np.arange(1, 8_000 / f0), {}
    for n in (128, 10):
        points = to_hz(np.linspace(0, to_mel(8_000), n + 2))
        inside = (multiples > points[:-2, None]) & (multiples < points[2:, None])
        held[n] = inside.sum(axis=1)
    assert (held[128] <= 1).mean() > 0.5
    assert min(held[10]) >= 2
    return held


def energy_on_partials(y):
    """From 1 to 3 s, {:.1f} % of the note's energy lies within 3 Hz of its partials, and {:.1f} %
    of the energy of the sound from 13 coefficients: the pitch goes, the timbre stays."""
    with tempfile.TemporaryDirectory() as folder:
        return 100 * on_partials(y), 100 * on_partials(rebuilt(Path(folder), y, 13))


test_statement = statements(__name__)
