"""The figures of the dataset and features chapters draw what they are given."""

import re

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers import plots
from helpers.notes import FAMILIES
from helpers.runs import figures
from tools.common import ROOT

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    [(family, f"{family}_acoustic_{n:03}", 40 + n) for family in FAMILIES for n in (0, 0, 1)],
    columns=["family", "instrument", "pitch"],
)
NAMES = TABLE["family"].to_numpy()
NOISE = pd.DataFrame(
    {"split": ["train", "test"], "flatness": [1e-4, 1e-2], "periodicity": [0.9, 0.8]}
)
MFCC, MEL = RNG.normal(size=(126, 13)), RNG.normal(size=(126, 128))
POINTS = RNG.normal(size=(len(NAMES), 2))

FIGURES = {
    "family_envelopes": (lambda: figures.family_envelopes({f: MEL[:9, :80] for f in FAMILIES}), 10),
    "instrument_blocks": (lambda: figures.instrument_blocks(TABLE, FAMILIES), 1),
    "pitch_ranges": (lambda: figures.pitch_ranges(TABLE, TABLE, FAMILIES), 1),
    "noise_alarm": (lambda: figures.noise_alarm(NOISE, NOISE[["flatness", "periodicity"]]), 1),
    "framing": (lambda: figures.framing(RNG.normal(size=8192), np.arange(0, 6144, 512), 2048), 1),
    "mel_spectrograms": (lambda: figures.mel_spectrograms({"a": MEL, "b": MEL}), 3),
    "mfcc": (lambda: figures.mfcc(MFCC), 3),
    "partials": (
        lambda: figures.partials_and_bands({"a": (np.ones(1025), MEL[0], MEL[1])}, 440),
        2,
    ),
    "family_means": (lambda: figures.family_means(np.stack([MFCC] * 30), NAMES, FAMILIES), 11),
    "family_map": (lambda: figures.family_map(POINTS, NAMES, FAMILIES), 10),
    "distances": (lambda: figures.distances(np.arange(3), [("a", np.ones(3), 1.2)]), 1),
    "window_effect": (lambda: figures.window_effect(np.sin(np.arange(2048)), np.hanning(2048)), 2),
    "power_and_decibels": (lambda: figures.power_and_decibels(MEL**2, MEL), 4),
    "mel_scale": (lambda: figures.mel_scale(np.arange(9.0), np.arange(9.0), np.ones((3, 9))), 2),
    "cosine_waves": (lambda: figures.cosine_waves(MEL, (0, 1, 2)), 3),
    "smoothed": (lambda: figures.smoothed({"a": {"x": MEL[:2], "y": MEL[2:4]}}), 1),
    "instrument_maps": (
        lambda: figures.instrument_maps({f: (POINTS, TABLE["instrument"]) for f in FAMILIES}),
        10,
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn(name):
    draw, panels = FIGURES[name]
    figure = draw()
    figure.canvas.draw()
    assert len(figure.axes) == panels
    assert all(ax.lines or ax.images or ax.collections or ax.patches for ax in figure.axes)
    plt.close(figure)


def test_the_smallest_letters_have_nine_pixels_on_a_phone():
    style = (ROOT / "tools/book/pages/book.css").read_text(encoding="utf-8")
    share = float(re.search(r"([\d.]+) \* var\(--natural", style)[1])
    with matplotlib.rc_context():
        plots.use_style()
        pixels = share * plt.rcParams["figure.dpi"] / 72
        sizes = {"medium": plt.rcParams["font.size"], "large": 1.2 * plt.rcParams["font.size"]}
    found = [
        (path.name, size)
        for folder in ("helpers", "book")
        for path in (ROOT / folder).rglob("*.py")
        for size in re.findall(
            r"(?:font|label|title)size\W+([\w.]+)", path.read_text(encoding="utf-8")
        )
    ]
    assert len(found) > 20
    assert [(name, size) for name, size in found if float(sizes.get(size, size)) * pixels < 9] == []


@pytest.mark.parametrize(
    "draw", [FIGURES["noise_alarm"][0], lambda: figures.floor([4, 8, 12], [0.125, 0.008, 0.0005])]
)
def test_logarithmic_axes_have_no_exponents_which_would_be_smaller(draw):
    with matplotlib.rc_context():
        plots.use_style()
        figure = draw()
        figure.canvas.draw()
        axes = [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
        texts = [label.get_text() for axis in axes for label in axis.get_ticklabels(which="both")]
    assert texts
    assert [text for text in texts if "^" in text] == []
    plt.close(figure)
