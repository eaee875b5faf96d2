"""Figures that one chapter shows: what they draw is computed in the chapter, in the open.

Shown in chapters 3 to 12; what several chapters draw is in `helpers.plots`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.plots import BLUE, GREEN, GREY, ORANGE, PURPLE


def family_envelopes(envelopes: dict) -> Figure:
    """Mean envelope of each family, with a band that holds the middle 80 % (the dataset chapter).

    `envelopes` (dict of str -> (notes, 80)): by family: levels of blocks of 50 ms, the loudest
    block of each note 1.
    """
    fig, axes = plt.subplots(2, 5, figsize=(7.6, 3.6), sharex=True, sharey=True)
    time = (np.arange(80) + 0.5) * 0.05
    for ax, (family, shapes) in zip(axes.flat, envelopes.items(), strict=True):
        low, high = np.percentile(shapes, [10, 90], axis=0)
        ax.fill_between(time, low, high, color=GREEN, alpha=0.25, linewidth=0)
        ax.plot(time, shapes.mean(axis=0), color=GREEN)
        ax.axvline(3, color=GREY, linestyle="--", linewidth=1)
        ax.set(title=family, xlim=(0, 4), ylim=(0, 1), xticks=range(5))
    fig.supxlabel("time (s)", fontsize="medium")
    fig.supylabel("level (loudest block = 1)", fontsize="medium")
    return fig


def instrument_blocks(table: Any, families: Sequence[str]) -> Figure:
    """Notes of each family, a block for each instrument (the dataset chapter).

    `table`: columns family and instrument, one row a note. `families`: from top to bottom.
    """
    fig, ax = plt.subplots(figsize=(7.2, 3.2))
    for y, family in enumerate(families[::-1]):
        sizes = table.loc[table["family"] == family, "instrument"].value_counts()
        left = sizes.cumsum() - sizes
        bars = ax.barh(y, sizes, left=left, color=PURPLE, edgecolor="black")
        ax.bar_label(bars, [name[-3:] for name in sizes.index], label_type="center", fontsize=9)
    ax.set_yticks(range(len(families)), families[::-1])
    ax.set(xlabel="test notes")
    ax.locator_params(axis="x", integer=True)
    ax.grid(visible=False)
    return fig


def pitch_ranges(train: Any, test: Any, families: Sequence[str]) -> Figure:
    """Lowest to highest pitch of each family in two tables of notes (the dataset chapter)."""
    fig, ax = plt.subplots(figsize=(7.2, 3.6))
    looks = {"train": (train, GREEN, "-", "o", 0.15), "test": (test, PURPLE, "--", "s", -0.15)}
    for name, (table, colour, line, marker, up) in looks.items():
        ranges = table.groupby("family")["pitch"].agg(["min", "max"])
        for y, family in enumerate(families[::-1]):
            label = name if y == 0 else None
            x = ranges.loc[family]
            ax.plot(x, [y + up] * 2, line, marker=marker, color=colour, label=label)
    octaves = range(24, 109, 12)
    ax.set_xticks(octaves, [f"{p}\nC{p // 12 - 1}" for p in octaves])
    ax.set_yticks(range(len(families)), families[::-1])
    ax.set(xlabel="pitch (MIDI number and name)")
    ax.legend()
    return fig


def noise_alarm(sounds: Any, planted: Any) -> Figure:
    """Notes by flatness and periodicity, and where the alarm rings (the dataset chapter).

    `sounds`: columns split, flatness, periodicity; one row a note. `planted`: columns flatness and
    periodicity; the index names what was planted.
    """
    fig, ax = plt.subplots(figsize=(7.2, 3.4))
    for name, colour, marker in (("train", GREEN, "o"), ("test", PURPLE, "s")):
        own = sounds[sounds["split"] == name]
        x, y = own["flatness"], own["periodicity"]
        ax.plot(x, y, marker, color=colour, markersize=4, label=name)
    ax.plot(planted["flatness"], planted["periodicity"], "xk", label="planted")
    for n, (name, point) in enumerate(planted.iterrows()):
        offset = (-8, 7 - 20 * (n == 2))
        ax.annotate(name, point, offset, textcoords="offset points", ha="right", fontsize=9)
    ax.axhspan(-0.1, 0.3, color=GREY, alpha=0.2)
    ax.axvspan(0.1, 2, color=GREY, alpha=0.2)
    ax.set(xscale="log", xlim=(1e-8, 2), ylim=(-0.1, 1.1))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set(xlabel="spectral flatness", ylabel="periodicity")
    ax.legend(loc="lower left")
    return fig


def picture(ax: Axes, values: Any, hop: int = 512, sr: int = 16_000, **kwargs: Any) -> Any:
    """Draw (frames, bins) with time along x, each frame centred on its time; returns the image.

    Keyword arguments go to `Axes.imshow`; `extent` may be given where y is no bin number.
    """
    half, frames = hop / 2 / sr, len(values)
    edges = (-half, frames * hop / sr - half, -0.5, values.shape[1] - 0.5)
    kwargs = {"extent": edges, "interpolation": "nearest"} | kwargs
    ax.grid(False)
    return ax.imshow(values.T, origin="lower", aspect="auto", **kwargs)


def framing(padded: Any, starts: Any, n_fft: int, sr: int = 16_000) -> Figure:
    """The first five frames over the beginning of a padded waveform (the features chapter)."""
    fig, ax = plt.subplots(figsize=(7.2, 2.6))
    time = (np.arange(len(padded)) - n_fft // 2) / sr * 1000
    shown = slice(0, starts[5] + n_fft)
    ax.plot(time[shown], padded[shown], linewidth=0.6)
    for t, begin in enumerate(time[starts[:5]]):
        middle, level = begin + 500 * n_fft / sr, 0.5 + 0.16 * t
        ax.plot([begin, begin + 1000 * n_fft / sr], [level, level], color="black", linewidth=1)
        ax.plot(middle, level, "o", color=ORANGE, markersize=5)
        ax.text(middle + 2, level + 0.03, f"frame {t}", fontsize=9)
    ax.axvline(0, color=GREY, linestyle=":")
    ax.set(xlabel="time (ms)", ylabel="amplitude", ylim=(-0.4, 1.35))
    return fig


def mel_spectrograms(pictures: dict) -> Figure:
    """Mel spectrograms (frames, bands) side by side, in dB below their maxima (features)."""
    fig, (axes,) = plt.subplots(1, len(pictures), figsize=(7.6, 3), sharey=True, squeeze=False)
    for ax, (name, values) in zip(axes, pictures.items(), strict=True):
        image = picture(ax, values - values.max(), vmin=-80, vmax=0)
        ax.set(xlabel="time (s)", title=name)
    axes[0].set_ylabel("mel band")
    fig.colorbar(image, ax=axes, label="dB below the maximum")
    return fig


def mfcc(values: Any, title: str = "") -> Figure:
    """MFCCs (frames, coefficients): coefficient 0 as a line, the others in colours below it."""
    fig, (top, bottom) = plt.subplots(2, 1, figsize=(7.2, 4), height_ratios=(1, 2), sharex=True)
    top.plot(np.arange(len(values)) * 512 / 16_000, values[:, 0])
    top.set(ylabel="coefficient 0", title=title)
    limit = np.abs(values[:, 1:]).max()
    image = picture(bottom, values, cmap="RdBu_r", vmin=-limit, vmax=limit)
    bottom.set(xlabel="time (s)", ylabel="coefficient", ylim=(0.5, values.shape[1] - 0.5))
    fig.colorbar(image, ax=[top, bottom], label="value (dB)")
    return fig


def partials_and_bands(rows: dict, f0: float) -> Figure:
    """Spectra with the multiples of f0 above mel spectra and what 13 MFCCs keep of them.

    `rows` (dict of str -> (level, bands, smooth)): by the name of a note: its spectrum (1025,) and
    its mel spectrum (128,) in dB, and the latter rebuilt from 13 coefficients (128,) (the features
    chapter). `f0`: in Hz.
    """
    fig, axes = plt.subplots(
        2, len(rows), figsize=(7.8, 4.8), sharex="row", sharey="row", squeeze=False
    )
    for (name, (level, bands, smooth)), (top, bottom) in zip(rows.items(), axes.T, strict=True):
        top.plot(np.linspace(0, 8, len(level)), level - level.max(), linewidth=0.8)
        top.plot(f0 / 1000 * np.arange(1, 19), np.full(18, 6), "v", color=ORANGE, markersize=3)
        top.set(xlabel="frequency (kHz)", title=name, ylim=(-80, 10), xlim=(0, 8))
        bottom.plot(bands - bands.max(), color=GREY, linewidth=1, label="mel spectrum")
        bottom.plot(smooth - bands.max(), color=ORANGE, linewidth=2, label="13 coefficients")
        bottom.set(xlabel="mel band")
    for ax in axes[:, 0]:
        ax.set_ylabel("dB below the maximum")
    axes[1, -1].legend(fontsize=9, loc="upper right")
    return fig


def family_means(Z: Any, names: Sequence[str], families: Sequence[str]) -> Figure:
    """The mean of standardised MFCCs (n, frames, 13) in each family (the features chapter)."""
    fig, axes = plt.subplots(2, 5, figsize=(7.8, 4), sharex=True, sharey=True)
    for ax, family in zip(axes.flat, families, strict=True):
        image = picture(ax, Z[names == family].mean(axis=0), cmap="RdBu_r", vmin=-2, vmax=2)
        ax.set(title=family, xticks=(0, 2, 4), yticks=(0, 4, 8, 12))
    fig.supxlabel("time (s)", fontsize="medium")
    fig.supylabel("coefficient", fontsize="medium")
    fig.colorbar(image, ax=axes, label="standard deviations")
    return fig


def family_map(points: Any, names: Sequence[str], families: Sequence[str]) -> Figure:
    """A panel a family: its points (n, 2) in colour over all others in grey (features chapter)."""
    fig, axes = plt.subplots(2, 5, figsize=(7.8, 3.8), sharex=True, sharey=True)
    for ax, family in zip(axes.flat, families, strict=True):
        ax.plot(*points.T, ".", color=GREY, alpha=0.15, markersize=3)
        ax.plot(*points[names == family].T, ".", color=BLUE, markersize=4)
        ax.set(title=family)
    fig.supxlabel("axis 1 (standard deviations)", fontsize="medium")
    fig.supylabel("axis 2 (standard deviations)", fontsize="medium")
    return fig


def distances(milliseconds: Any, rows: Any) -> Figure:
    """Distance of a shifted note to itself and to another, a panel a representation (features).

    `milliseconds` (n,). `rows`: list of (title, distances to itself (n,), distance to the other
    note).
    """
    fig, (axes,) = plt.subplots(1, len(rows), figsize=(7.2, 2.8), sharey=True, squeeze=False)
    for ax, (title, to_itself, to_other) in zip(axes, rows, strict=True):
        ax.plot(milliseconds, to_itself, label="the same note, later")
        ax.axhline(to_other, color=GREY, linestyle="--", label="a voice, same pitch")
        ax.set(xlabel="shift (ms)", title=title, ylim=(0, 2.05))
    axes[0].set_ylabel("distance")
    axes[-1].legend(loc="center right")
    return fig


def window_effect(tone: Any, window: Any, sr: int = 16_000) -> Figure:
    """A frame of a tone (n,) with and without a window, and both spectra (features chapter)."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3), width_ratios=(1, 1.3))
    kilohertz = np.fft.rfftfreq(len(tone), 1 / sr) / 1000
    for frame, label, colour, style in (
        (tone, "cut out sharply", GREY, "--"),
        (tone * window, "with a Hann window", BLUE, "-"),
    ):
        strength = np.abs(np.fft.rfft(frame))
        level = 20 * np.log10(strength / strength.max())
        left.plot(1000 * np.arange(len(tone)) / sr, frame, style, color=colour, linewidth=1)
        right.plot(kilohertz, level, style, color=colour, label=label, linewidth=1)
    left.set(xlabel="time (ms)", ylabel="amplitude", title="the frame", xlim=(0, 16))
    right.set(xlabel="frequency (kHz)", ylabel="level (dB)", title="its spectrum", ylim=(-130, 5))
    right.legend(fontsize=9)
    return fig


def power_and_decibels(power: Any, decibels: Any) -> Figure:
    """A spectrogram (frames, bins) up to 8 kHz in both scales (the features chapter)."""
    fig, axes = plt.subplots(1, 2, figsize=(7.6, 3), sharey=True)
    for ax, values, label in ((axes[0], power, "power"), (axes[1], decibels, "dB")):
        image = picture(ax, values, extent=(-0.016, len(power) * 0.032 - 0.016, 0, 8))
        fig.colorbar(image, ax=ax, label=label)
        ax.set(xlabel="time (s)")
    axes[0].set_ylabel("frequency (kHz)")
    return fig


def mel_scale(hz: Any, mel: Any, triangles: Any) -> Figure:
    """The mel scale, and triangles (bands, len(hz)) over frequency (the features chapter)."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.6, 2.8), width_ratios=(1, 1.6))
    left.plot(hz / 1000, mel)
    left.axvline(1, color=GREY, linestyle=":")
    left.set(xlabel="frequency (kHz)", ylabel="mel (after Slaney)", xlim=(0, 8), ylim=(0, None))
    for m, triangle in enumerate(triangles):
        right.plot(hz / 1000, 1000 * triangle, "-" if m % 2 else "--", color=BLUE)
    right.set(xlabel="frequency (kHz)", ylabel="weight (1/kHz)", xlim=(0, 8), ylim=(0, None))
    return fig


def cosine_waves(waves: Any, which: Any) -> Figure:
    """Some rows of a matrix of cosines over the mel bands (the features chapter)."""
    fig, (axes,) = plt.subplots(1, len(which), figsize=(7.8, 1.9), sharey=True, squeeze=False)
    for ax, k in zip(axes, which, strict=True):
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.plot(waves[k])
        ax.set(xlabel="mel band", xticks=(0, 64, 127))
        ax.set_title(f"coefficient {k}", fontsize=9)
    axes[0].set_ylabel("weight")
    return fig


def smoothed(pairs: dict) -> Figure:
    """Two mel spectra a panel, thin, each with its smoothed self, thick (the features chapter).

    `pairs` (dict of str -> dict of str -> (levels (128,), smooth (128,))): by the title of the
    panel and the name of the line.
    """
    fig, (axes,) = plt.subplots(1, len(pairs), figsize=(7.8, 3.3), sharey=True, squeeze=False)
    for ax, (title, pair) in zip(axes, pairs.items(), strict=True):
        for (name, (levels, smooth)), (style, colour) in zip(
            pair.items(), (("-", BLUE), ("--", ORANGE)), strict=True
        ):
            ax.plot(levels, style, color=colour, linewidth=0.7, alpha=0.8)
            ax.plot(smooth, style, color=colour, linewidth=2.5, label=name)
        ax.set(xlabel="mel band", title=title)
        ax.legend()
    axes[0].set_ylabel("level (dB)")
    return fig


def instrument_maps(maps: dict) -> Figure:
    """A map of each family, a kind of marker an instrument, five at most (features chapter).

    `maps` (dict of str -> (points (n, 2), instruments (n,))): by family.
    """
    looks = (("o", BLUE), ("s", ORANGE), ("v", GREEN), ("^", PURPLE), ("D", GREY))
    fig, axes = plt.subplots(2, 5, figsize=(7.8, 3.8))
    for ax, (family, (points, names)) in zip(axes.flat, maps.items(), strict=True):
        inside, counts = np.unique(names, return_counts=True)
        chosen = inside[np.argsort(-counts, kind="stable")[:5]]
        for name, (marker, colour) in zip(chosen, looks, strict=False):
            own = points[names == name].T
            ax.plot(*own, marker, color=colour, markersize=4.5, alpha=0.8)
        ax.set(title=family, xticklabels=[], yticklabels=[])
    fig.supxlabel("axis 1 of each family")
    fig.supylabel("axis 2 of each family")
    return fig


def islands(axes_names: Sequence[str], points: Any, labels: Any, parts: Any, answer: Any) -> Figure:
    """What 1-NN answers at each point of a plane, with the notes on it (the folds chapter).

    `axes_names`: labels of the two axes. `points` (n, 2). `labels` (n,): the name of the family of
    each note; three different ones. `parts` (training, held out): positions of notes. `answer`:
    from points (m, 2) to family names (m,).
    """
    known, held_out = parts
    three = ((GREEN, "o"), (PURPLE, "s"), (GREY, "^"))
    looks = dict(zip(np.unique(labels[known]), three, strict=True))
    low, high = points[known].min(axis=0) - 5, points[known].max(axis=0) + 5
    across, up = np.meshgrid(*(np.linspace(*ends, 300) for ends in zip(low, high, strict=True)))
    ground = np.searchsorted(list(looks), answer(np.c_[across.ravel(), up.ravel()]))
    fig, ax = plt.subplots(figsize=(7.2, 4.4))
    colours = [colour for colour, _ in looks.values()]
    shape = ground.reshape(across.shape)
    ax.contourf(across, up, shape, levels=[-0.5, 0.5, 1.5, 2.5], colors=colours, alpha=0.25)
    for name, (colour, marker) in looks.items():
        inside, outside = (part[labels[part] == name] for part in parts)
        ax.plot(*points[inside[:150]].T, marker, color=colour, ms=4, label=f"{name}, training")
        label = f"{name}, held out"
        ax.plot(*points[outside].T, marker, color=colour, ms=10, mec="black", label=label)
    wrong = held_out[answer(points[held_out]) != labels[held_out]]
    ax.plot(*points[wrong].T, "x", color="black", ms=14, label="wrong answer")
    ax.set(xlabel=axes_names[0], ylabel=axes_names[1])
    ax.grid(visible=False)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return fig


def chosen_by_validation(scores: Any, best: int, step: float) -> Figure:
    """Validation and test scores (models, 2), a star on the chosen model (the folds chapter).

    `step` is what one note is worth; dots are spread by less than that, so that equals show.
    """
    spread = np.random.default_rng(1).uniform(-0.3, 0.3, scores.shape) * step
    spread[best] = 0
    low, high = scores.min() - 0.05, min(1.0, scores.max() + 0.05)
    fig, ax = plt.subplots(figsize=(4.6, 4.2))
    ax.plot([low, high], [low, high], "--", color="black", linewidth=1, label="equal scores")
    ax.plot(*(scores + spread).T, "o", color=GREY, markersize=5, alpha=0.6, label="one pair")
    ax.plot(*scores[best], "*", color=GREEN, ms=18, mec="black", label="chosen")
    ax.set(xlabel="validation accuracy", ylabel="test accuracy")
    ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    ax.legend(loc="upper left")
    return fig


def fold_plan(n_folds: int = 5) -> Figure:
    """Which part of the notes each of the thesis's folds uses for what (the folds chapter)."""
    looks = {"train": ("white", ""), "validate": (PURPLE, "//"), "test": (GREEN, "..")}
    box: dict[str, Any] = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"}
    fig, ax = plt.subplots(figsize=(7.2, 2.6))
    for k in range(n_folds):
        for part in range(2 * n_folds):
            role = {2 * k: "test", 2 * k + 1: "validate"}.get(part, "train")
            colour, hatch = looks[role]
            look: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": "black"}
            ax.barh(k, 1, left=part - 0.5, height=1, linewidth=0.5, alpha=0.55, **look)
            ax.text(part, k, role, ha="center", va="center", fontsize=9, bbox=box)
    ax.set(xlabel="part", ylabel="fold", xlim=(-0.5, 2 * n_folds - 0.5), ylim=(n_folds - 0.5, -0.5))
    ax.set_xticks(range(2 * n_folds))
    ax.set_yticks(range(n_folds), [str(k + 1) for k in range(n_folds)])
    ax.grid(visible=False)
    return fig


def draws(accuracies: Any, luck: float) -> Figure:
    """Accuracies (seeds, folds) over a band of two deviations of luck (the folds chapter)."""
    centre = accuracies.mean()
    fig, ax = plt.subplots()
    high = min(1, centre + 2 * luck)
    ax.axhspan(centre - 2 * luck, high, color=GREY, alpha=0.15, label="counting luck")
    for seed, values in enumerate(accuracies):
        x = seed + np.linspace(-0.2, 0.2, len(values))
        ax.plot(x, values, "o", color=PURPLE, markersize=5, label="one fold" if seed == 0 else None)
    seeds, label = np.arange(len(accuracies)), "mean of five"
    ax.hlines(accuracies.mean(axis=1), seeds - 0.35, seeds + 0.35, color="black", lw=2, label=label)
    ax.set(xlabel="seed of the folds", ylabel="accuracy", xticks=seeds)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return fig


def held_out_notes(panels: dict, notes: Any, instruments: Any) -> Figure:
    """What becomes of single notes in several kinds of folds (the folds chapter).

    `panels` (dict of str -> list of helpers.folds.Fold): by the title of the panel. `notes` (int,
    (n,)): which notes, in the order of the table. `instruments` (str, (n,)): theirs; a thick line
    stands where the next one begins.
    """
    starts = 1 + np.flatnonzero(instruments[1:] != instruments[:-1])
    colours = plt.matplotlib.colors.ListedColormap(["white", GREEN])
    fig, axes = plt.subplots(len(panels), 1, figsize=(7.2, 1.5 * len(panels)), sharex=True)
    for ax, (title, folds) in zip(axes, panels.items(), strict=True):
        tested = np.array([np.isin(notes, fold.test) for fold in folds])
        k, column = np.nonzero([np.isin(notes, fold.validation) for fold in folds])
        ax.pcolormesh(tested, cmap=colours, alpha=0.75, edgecolors="black", linewidth=0.2)
        ax.plot(column + 0.5, k + 0.5, "o", color=PURPLE, markersize=4)
        ax.vlines(starts, 0, len(folds), color="black", linewidth=2.5)
        ax.set(ylabel="fold", title=title, ylim=(len(folds), 0))
        ax.set_yticks(np.arange(len(folds)) + 0.5, range(1, len(folds) + 1))
        ax.grid(visible=False)
    axes[-1].set_xlabel("note (in the order of the table)")
    return fig


def fold_scores(panels: dict) -> Figure:
    """Accuracies of each fold by kind of folds, a panel a model (the folds chapter).

    `panels` (dict of str -> dict of str -> (folds,)): by model and kind of folds.
    """
    fig, axes = plt.subplots(1, len(panels), sharey=True)
    looks = ((PURPLE, "o"), (GREEN, "s"))
    for ax, (model, kinds), (colour, marker) in zip(axes, panels.items(), looks, strict=True):
        for x, values in enumerate(kinds.values()):
            around = x + np.linspace(-0.15, 0.15, len(values))
            ax.plot(around, values, marker, color=colour)
            ax.hlines(np.mean(values), x - 0.3, x + 0.3, color="black", linewidth=2)
        ax.axhline(0.1, color="black", linestyle=":")
        ax.set(title=model, ylim=(0, 1.02), xlabel="folds")
        ax.set_xticks(range(len(kinds)), kinds)
    axes[0].set_ylabel("accuracy")
    return fig


def layer_costs(table: Any) -> Figure:
    """Parameters and multiplications of each layer, in millions and percent (the CNN chapter).

    `table`: columns parameters and multiplications, one row a layer.
    """
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3), sharey=True)
    for ax, column in zip(axes, ("parameters", "multiplications"), strict=True):
        values = table[column] / 1e6
        ax.barh(table.index, values, color=BLUE)
        for row, value in enumerate(values):
            share = value / values.sum()
            ax.text(value, row, f" {share:.0%}" if share >= 0.01 else " < 1 %", va="center")
        ax.set(xlabel=f"{column} (millions)", xlim=(0, 1.18 * values.max()))
    axes[0].invert_yaxis()
    return fig


def receptive_field(feature: Any, centre: float, widths: dict) -> Figure:
    """Nested boxes on a note's MFCCs (126, 13): what one value of a layer sees (CNN chapter).

    `feature` (126, 13). `centre`: the frame in the middle. `widths` (dict of str -> int): by layer,
    in frames; as many coefficients where there are that many.
    """
    fig, ax = plt.subplots(figsize=(8, 3))
    ax.imshow(feature.T, origin="lower", aspect="auto", cmap="RdBu_r", vmin=-80, vmax=80, alpha=0.6)
    styles = [(0, (1, 1)), ":", "--", "-"]
    for (name, width), style in zip(widths.items(), styles, strict=True):
        low, high = max(6 - width / 2, -0.45), min(6 + width / 2, 12.45)  # the picture ends there
        look: dict[str, Any] = {"fill": False, "linestyle": style, "linewidth": 2}
        corner, label = (centre - width / 2, low), f"{name}: {width} frames"
        ax.add_patch(plt.Rectangle(corner, width, high - low, label=label, **look))
    ax.set(xlabel="frame", ylabel="MFCC")
    ax.grid(visible=False)
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return fig


def training_curves(history: dict, colour: str) -> Figure:
    """Loss and accuracy of one training after each epoch (the chapters on the CNN and the LSTM).

    `history` (dict of str -> list of float): as Keras's `fit` returns it: loss, accuracy, val_loss,
    val_accuracy. `colour`: of the validation notes.
    """
    fig, axes = plt.subplots(1, 2, figsize=(8.4, 3))
    chance = {"loss": (np.log(10), "ln 10"), "accuracy": (0.1, "chance")}
    for ax, (metric, (level, name)) in zip(axes, chance.items(), strict=True):
        epochs = np.arange(1, len(history[metric]) + 1)
        ax.plot(epochs, history[metric], "--o", ms=3, color=GREY, label="training")
        ax.plot(epochs, history[f"val_{metric}"], "-o", ms=3, color=colour, label="validation")
        ax.axhline(level, color="black", linewidth=0.8, linestyle=":", label=name)
        ax.set(xlabel="epoch", ylabel="loss (nats)" if metric == "loss" else metric)
        ax.locator_params(axis="x", integer=True)
        ax.legend()
    return fig


def kernels(rows: dict) -> Figure:
    """Eight kernels of a convolution (3, 3, 1, n) a row, in the same colours (CNN chapter)."""
    limit = max(np.abs(kernel[..., :8]).max() for kernel in rows.values())
    fig, axes = plt.subplots(len(rows), 8, figsize=(8, 2.5))
    for row, (name, kernel) in zip(axes, rows.items(), strict=True):
        for number, ax in enumerate(row):
            weights = kernel[:, :, 0, number]
            image = ax.imshow(weights.T, "RdBu_r", origin="lower", vmin=-limit, vmax=limit)
            ax.set(xticks=[], yticks=[])
        row[0].set_ylabel(name)
    fig.supxlabel("time within the kernel (3 frames)", fontsize=10)
    fig.colorbar(image, ax=axes, label="weight")
    return fig


def feature_maps(layers: dict, names: Sequence[str]) -> Figure:
    """The five maps of each layer in which two notes differ most (the CNN chapter).

    `layers` (dict of str -> (2, frames, coefficients, maps)): by layer. `names`: of the two notes.
    """
    fig, axes = plt.subplots(2 * len(layers), 5, figsize=(8.6, 4.8), sharex=True)
    for (layer, maps), block in zip(layers.items(), axes.reshape(-1, 2, 5), strict=True):
        differ = np.abs(maps[0] - maps[1]).mean(axis=(0, 1))
        for column, number in enumerate(np.argsort(-differ)[:5]):
            for ax, values, name in zip(block[:, column], maps[..., number], names, strict=True):
                most = maps[..., number].max()
                picture(ax, values, extent=(0, 4.03, 0, 13), vmin=0, vmax=most)
                ax.set(xticks=[0, 2, 4], yticks=[])
                if column == 0:
                    ax.set_ylabel(f"{name}\n{layer}", fontsize=9)
            block[0, column].set_title(f"map {number}", fontsize=9)
    fig.supxlabel("time (s)", fontsize=10)
    return fig


def paired_folds(panels: dict, thesis: dict) -> Figure:
    """Accuracies of CNN and LSTM on the same folds, a panel a test (the LSTM chapter).

    `panels` (dict of str -> (of the CNN (folds,), of the LSTM (folds,))): by the title of the
    panel. `thesis` (dict of str -> (float, float)): the thesis's means, by the same titles.
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(8, 3.4), sharey=True)
    for ax, (title, pair) in zip(axes, panels.items(), strict=True):
        ax.plot([0, 1], pair, color=GREY, linewidth=0.8, zorder=1)
        looks = ((BLUE, "o", "CNN"), (ORANGE, "s", "LSTM"))
        for x, (colour, marker, name) in enumerate(looks):
            values = pair[x]
            ax.plot([x] * len(values), values, marker, color=colour, label=f"{name}, one fold")
        look: dict[str, Any] = {"color": "black", "fillstyle": "none", "label": "thesis, mean"}
        ax.plot([-0.2, 1.2], thesis[title], "D", **look)
        ax.axhline(0.1, color="black", linestyle=":", linewidth=0.8, label="chance")
        ax.set(title=title, xticks=[0, 1], xticklabels=["CNN", "LSTM"], xlim=(-0.5, 1.5))
        ax.set(ylim=(0, 1.02))
    axes[0].set_ylabel("accuracy")
    axes[-1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return fig


def unrolled(frames: Any) -> Figure:
    """An LSTM layer drawn once for each step, on the frames (126, 13) of a note (LSTM chapter)."""
    fig, ax = plt.subplots(figsize=(8, 3.6))
    arrow: dict[str, Any] = {"arrowstyle": "-|>", "color": "black", "linewidth": 1.2}
    middle: dict[str, Any] = {"ha": "center", "va": "center"}
    for t, x in zip([0, 1, 2, None, 125], [0, 2, 4, 6, 8], strict=True):
        if t is None:
            ax.text(x, 2, "...", fontsize=16, **middle)
        else:
            place = (x - 0.2, x + 0.2, -0.6, 0.9)
            picture(ax, frames[t, np.newaxis], extent=place, cmap="RdBu_r", vmin=-80, vmax=80)
            ax.add_patch(plt.Rectangle((x - 0.5, 1.5), 1, 1, fc="#FBE3D6", ec=ORANGE))
            ax.text(x, 2, "LSTM", **middle)
            ax.text(x, -0.8, f"frame {t + 1}", ha="center", va="top")
            ax.annotate("", (x, 1.5), (x, 0.9), arrowprops=arrow)
            ax.annotate("", (x, 3.1), (x, 2.5), arrowprops=arrow)
            label = f"$h_{{{t + 1}}}$"  # of 13 points, so that its index can be read on a phone
            ax.text(x, 3.5, label, ha="center", va="bottom", fontsize=13)
            ax.text(x, 3.15, "32 numbers", ha="center", va="bottom", fontsize=9)
        if x < 8:
            ax.annotate("", (x + 1.5, 2), (x + 0.5, 2), arrowprops=arrow)
            ax.text(x + 1, 2.1, "$h, c$", ha="center", va="bottom", fontsize=9)
    ax.set(xlim=(-1.2, 9.2), ylim=(-1.3, 4.1))
    ax.axis("off")
    return fig


def hidden_states(layers: dict, names: Sequence[str]) -> Figure:
    """Hidden states of two notes over time, a row a layer (the LSTM chapter).

    `layers` (dict of str -> (2, 126, units)): by layer; units are sorted by their mean over the
    first note. `names`: of the two notes.
    """
    fig, axes = plt.subplots(len(layers), 2, figsize=(8.4, 5), sharex=True, sharey=True)
    for (layer, states), row in zip(layers.items(), axes, strict=True):
        order, limit = np.argsort(states[0].mean(axis=0)), np.abs(states).max()
        for ax, name, state in zip(row, names, states, strict=True):
            look = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
            image = picture(ax, state[:, order], extent=(0, 4.03, 0, state.shape[1]), **look)
            ax.set_title(f"{layer}, {name}", fontsize=9)
        row[0].set_ylabel("unit (sorted)")
        fig.colorbar(image, ax=row, label="hidden state $h$")
    fig.supxlabel("time (s)", fontsize="medium")
    return fig


def disturbed_order(probe: Any) -> Figure:
    """Accuracy by what was done to the order of the frames (the LSTM chapter).

    `probe`: a column a test, a row a disturbance.
    """
    fig, ax = plt.subplots(figsize=(7.2, 3))
    x = np.arange(len(probe))
    for shift, name, hatch, alpha in zip((-0.2, 0.2), probe, ("", "///"), (1, 0.6), strict=True):
        look: dict[str, Any] = {"hatch": hatch, "alpha": alpha, "label": name}
        ax.bar(x + shift, probe[name], 0.38, color=ORANGE, edgecolor="white", **look)
    ax.axhline(0.1, color="black", linewidth=0.8, linestyle=":", label="chance")
    ax.set(xticks=x, xticklabels=probe.index, ylabel="accuracy", ylim=(0, 1))
    ax.set(xlabel="frames of the test notes")
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return fig


def grid_and_dice(searches: dict, score: Any) -> Figure:
    """Trials of two hyperparameters in 0 to 1, and what they tried of the first (tuning chapter).

    `searches` (dict of str -> (trials, 2)): by the title of the panel. `score`: of arrays a and b.
    """
    a, b = np.meshgrid(np.linspace(0, 1, 200), np.linspace(0, 1, 200))
    look: dict[str, Any] = {"sharex": True, "sharey": "row", "height_ratios": [1, 2]}
    fig, axes = plt.subplots(2, len(searches), figsize=(7.2, 4.8), **look)
    for (top, below), (name, points) in zip(axes.T, searches.items(), strict=True):
        top.plot(a[0], score(a[0], 0.4), color=GREY)
        top.plot(points[:, 0], score(points[:, 0], 0.4), "o", color=GREEN)
        top.set(title=f"{name}: {len(np.unique(points[:, 0]))} values of a")
        below.pcolormesh(a, b, score(a, b), rasterized=True)
        below.plot(*points.T, "X", color="white", markeredgecolor="black", markersize=9)
        below.set(xlabel="hyperparameter a")
        below.grid(visible=False)
    axes[0, 0].set_ylabel("score")
    axes[1, 0].set_ylabel("hyperparameter b")
    return fig


def executions(tables: dict) -> Figure:
    """Each execution as a point, each trial's mean as a bar, a panel a model (tuning chapter).

    `tables` (dict of str -> DataFrame): by model, "cnn" or "lstm": a row a trial, columns
    `execution 1`, `execution 2`, ...
    """
    looks = {"cnn": ("o", BLUE), "lstm": ("s", ORANGE)}
    fig, axes = plt.subplots(1, len(tables), figsize=(7.2, 3), sharey=True)
    for ax, (name, table) in zip(axes, tables.items(), strict=True):
        marker, colour = looks[name]
        for trial, row in table.filter(like="execution").iterrows():
            x = trial + np.linspace(-0.1, 0.1, len(row))
            ax.plot(x, row, marker, color=colour, markersize=7)
            ax.hlines(row.mean(), trial - 0.3, trial + 0.3, color=GREY, linewidth=2, zorder=1)
        ax.set(title=name.upper(), xlabel="trial", xticks=table.index)
    axes[0].set_ylabel("best validation accuracy")
    return fig


def optimism(curves: dict, point: tuple) -> Figure:
    """How much too high the best of k trials scores, by executions a trial (tuning chapter).

    `curves` (dict of int -> (k,)): by the number of executions. `point` (trials, optimism): the
    thesis's.
    """
    fig, ax = plt.subplots()
    styles = (("-", GREEN), ("--", PURPLE), (":", GREY))
    for (m, curve), (style, colour) in zip(curves.items(), styles, strict=True):
        ax.plot(np.arange(1, len(curve) + 1), curve, style, color=colour)
        label = f"{m} execution{'s' * (m > 1)}\na trial"
        ax.text(len(curve) + 1, curve[-1], label, va="center")
    ax.plot(*point, "D", color="black")
    ax.annotate("the thesis: 5 trials x 2", point, (9, 0.3), arrowprops={"arrowstyle": "-"})
    ax.set(xlabel="trials", ylabel="optimism (in units of $s$)", xlim=(0, 72), ylim=(0, None))
    return fig


def trials(panels: dict, spaces: dict) -> Figure:
    """Trials in two of their hyperparameters, with their scores (the tuning chapter).

    `panels` (dict of (str, str) -> DataFrame): by model and whose search: the hyperparameters
    first, and `score`; the models of one search after those of the other. `spaces` (dict of str ->
    dict of str -> list): the values that could have been drawn, by model and hyperparameter.
    """
    looks = {"cnn": ("o", BLUE), "lstm": ("s", ORANGE)}
    rows = len(panels) // len(spaces)
    fig, axes = plt.subplots(rows, len(spaces), figsize=(7.6, 0.4 + 2.7 * rows))
    for ax, ((name, whose), table) in zip(axes.flat, panels.items(), strict=True):
        (across, x_values), (up, y_values) = list(spaces[name].items())[:2]
        ax.plot(*np.meshgrid(x_values, range(len(y_values))), ".", color=GREY, markersize=3)
        for (x, y), group in table.groupby([across, up])["score"]:
            marker, colour = looks[name]
            ax.plot(x, y_values.index(y), marker, color=colour, markersize=9)
            text = "\n".join(f"{score:.4f}".removeprefix("0") for score in group)
            place: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "fontsize": 9}
            ax.annotate(text, (x, y_values.index(y)), (0, 8), **place)
        ax.set(title=f"{name.upper()}, {whose}", xlabel="dropout", ylabel=up)
        ax.set(xlim=(0.03, 0.57), yticks=range(3), yticklabels=y_values, ylim=(-0.4, 2.9))
    return fig


def model_folds(scores: Any, thesis: Any, titles: Sequence[str]) -> Figure:
    """Accuracy of each model on each fold, a panel a test (the results chapter).

    `scores`: one value a fold, by test and model. `thesis`: the thesis's means, a row a model, a
    column a test. `titles`: the models, from left to right; those with "CNN" in their names are
    drawn as CNNs.
    """
    fig, axes = plt.subplots(1, len(thesis.columns), figsize=(8.4, 3.5), sharey=True)
    for ax, test in zip(axes, thesis.columns, strict=True):
        for x, title in enumerate(titles):
            colour, marker = (BLUE, "o") if "CNN" in title else (ORANGE, "s")
            values = scores[test, title]
            spots = x + np.linspace(-0.25, 0.25, len(values))
            ax.plot(spots, values, marker, color=colour, alpha=0.8, markersize=5)
            ax.hlines(values.mean(), x - 0.35, x + 0.35, color=GREY, zorder=1)
            ax.plot(x, thesis.loc[title, test], "D", color="black", markerfacecolor="white")
        kinds = ("base", "opti-\nmised", "thesis's\nsetting")
        ticks = [f"{name}\n{kind}" for name in ("CNN", "LSTM") for kind in kinds]
        ax.set_xticks(range(len(titles)), ticks, fontsize=9)
        ax.set(title=test, ylim=(0, 1.03))
    axes[0].set_ylabel("accuracy")
    return fig


def family_recall(recall: dict, tests: Sequence[str], titles: Sequence[str]) -> Figure:
    """Recall of each family with two models, mean and range over the folds (the results chapter).

    `recall` (dict of (str, str) -> DataFrame): by test and model: a row a fold, a column a family.
    `tests`: a panel each; families are sorted by their mean in the last. `titles`: a CNN and an
    LSTM.
    """
    order = sum(recall[tests[-1], title].mean() for title in titles).sort_values().index
    y = np.arange(len(order))
    fig, axes = plt.subplots(1, len(tests), figsize=(8.2, 4.2), sharey=True)
    for ax, test in zip(axes, tests, strict=True):
        looks = ((0.15, BLUE, "o"), (-0.15, ORANGE, "s"))
        for title, (shift, colour, marker) in zip(titles, looks, strict=True):
            each = recall[test, title][order]
            ax.plot(each.mean(), y + shift, marker, color=colour, label=title)
            ax.hlines(y + shift, each.min(), each.max(), color=colour)
        ax.set(title=test, xlabel="recall", xlim=(-0.05, 1.05))
    axes[0].set_yticks(y, order)
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig


def null_distribution(sums: Any, observed: int) -> Figure:
    """How often each sum of positive ranks comes up by luck (the chapter on significance).

    `sums` (array of int): one for each pattern of signs. `observed`: sums at least as far from the
    middle are hatched.
    """
    values, counts = np.unique(sums, return_counts=True)
    middle = values.mean()
    extreme = np.abs(values - middle) >= np.abs(observed - middle)
    fig, ax = plt.subplots()
    ax.bar(values[~extreme], counts[~extreme], color=GREY, alpha=0.4, label="less extreme")
    look: dict[str, Any] = {"color": GREEN, "hatch": "//", "edgecolor": "black"}
    ax.bar(values[extreme], counts[extreme], label="as extreme, or more", **look)
    arrow = {"arrowstyle": "->"}
    ax.annotate("observed", (observed, 1), (observed, 2.2), ha="center", arrowprops=arrow)
    ax.set(xlabel="sum of positive ranks", ylabel="patterns of signs", xticks=values)
    ax.set_yticks(range(counts.max() + 1))
    ax.legend(loc="upper left")
    return fig


def floor(numbers: Any, smallest: Any) -> Figure:
    """The smallest p-value by the number of folds, and the thesis's five (same chapter)."""
    fig, ax = plt.subplots()
    ax.semilogy(numbers, smallest, "o-", color=GREEN)
    ax.plot(5, 2 / 2**5, "o", color="none", markeredgecolor="black", markersize=16)
    line = {"arrowstyle": "-"}
    ax.annotate("thesis: five folds, 0.0625", (5.25, 0.068), (6, 0.2), arrowprops=line)
    ax.axhline(0.05, color="black", linestyle="--")
    ax.text(12.2, 0.056, "0.05", ha="right")
    ax.set(xlabel="folds", ylabel="smallest possible p", xticks=numbers)
    return fig


def pair_differences(diffs: Any, results: Any, thesis: dict) -> Figure:
    """Differences of pairs of models on each fold, with intervals (same chapter).

    `diffs`: in points, a row a fold, a column a pair. `results`: a row a pair: mean, from and to.
    `thesis` (dict of str -> float): the thesis's mean differences, by the name of the pair.
    """
    fig, ax = plt.subplots(figsize=(7.2, 3.9))
    ax.axvline(0, color="black", linewidth=1)
    for y, (pair, d) in enumerate(diffs.items()):
        apart = np.linspace(-0.15, 0.15, len(d))  # keeps equal values visible
        ax.plot(d, y + apart, "o", color=PURPLE, label="one fold")
        row = results.loc[pair]
        ends = [[row["mean"] - row["from"]], [row["to"] - row["mean"]]]
        bar: dict[str, Any] = {"color": "black", "capsize": 4, "marker": "|", "markersize": 14}
        ax.errorbar(row["mean"], y, xerr=ends, label="mean, 95 % interval", **bar)
        if pair in thesis:
            look: dict[str, Any] = {"markerfacecolor": "white", "markeredgecolor": "black"}
            ax.plot(thesis[pair], y, "D", label="thesis, mean", **look)
    ax.set_yticks(range(len(diffs.columns)), [p.replace(" - ", "\n- ") for p in diffs.columns])
    ax.set(xlabel="difference (points)", ylim=(len(diffs.columns) - 0.5, -0.5))
    handles = dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
    fig.legend(handles.values(), handles, loc="outside lower center", ncols=3)
    return fig


def by_instrument(notes: Any) -> Figure:
    """Differences between two models by instrument, a row a family (same chapter).

    `notes`: columns family, instrument and difference (points), a row a note.
    """
    each = notes.groupby(["family", "instrument"], as_index=False).agg(
        difference=("difference", "mean"), size=("difference", "size")
    )
    families = sorted(each["family"].unique())
    fig, ax = plt.subplots(figsize=(7.2, 3.8))
    ax.axvline(0, color="black", linewidth=1)
    ax.axvline(notes["difference"].mean(), color=PURPLE, linestyle="--")
    area = 350 * each["size"] * len(families) / len(notes)
    look: dict[str, Any] = {"color": PURPLE, "alpha": 0.5, "edgecolor": "black"}
    ax.scatter(each["difference"], each["family"].map(families.index), area, **look)
    ax.set_yticks(range(len(families)), families)
    ax.set(xlabel="CNN minus LSTM (points)", ylim=(len(families) - 0.4, -0.6))
    return fig


def known_and_unseen(rows: dict, names: dict, wide: dict) -> Figure:
    """Every system's accuracy on instruments that it knows, on new ones, and on wide-test.

    `rows` (dict of str -> dict): of `helpers.runs.analysis.findings`, by the row's name. `names`
    (dict of str -> str): what to call each row. `wide` (dict of str -> float): percent on
    wide-test, of the rows that were asked.
    """
    ordered = sorted(rows.items(), key=lambda pair: pair[1]["unseen"]["mean"])
    low = min([one["unseen"]["mean"] for one in rows.values()] + list(wide.values()))
    low = min(30, low - 5)
    # Narrow, and names above their lines, so that a phone shows it whole.
    fig, ax = plt.subplots(figsize=(4.5, 0.7 + 0.36 * len(rows)))
    for y, (name, one) in enumerate(ordered):
        colour = {"cnn": BLUE, "lstm": ORANGE}.get(one["system"], GREY)
        unseen = one["unseen"]
        if "low" in unseen:
            ax.plot([unseen["low"], unseen["high"]], [y, y], color=colour, linewidth=2)
        ax.plot(unseen["mean"], y, "o", color=colour)
        ax.plot(one["known"]["mean"], y, "o", color=colour, markerfacecolor="white")
        if name in wide:
            ax.plot(wide[name], y, "x", color=colour)
        ax.text(low, y + 0.36, f" {names[name]}", va="center", fontsize=9)
    ax.set(xlabel="accuracy (%)", xlim=(low, 101), ylim=(-0.5, len(rows) - 0.3), yticks=[])
    return fig


def instruments_by_family(table: Any, families: Any) -> Figure:
    """Accuracy on each instrument when it was held out, a row a family (same chapter).

    `table` (DataFrame, (instruments, 2)): percent; a column a system, named as the legend shall
    say. `families`: str, (instruments,).
    """
    mean = table.groupby(families).mean().mean(axis=1).sort_values(ascending=False)
    place = np.array([mean.index.get_loc(family) for family in families])
    fig, ax = plt.subplots(figsize=(7.2, 4.2))
    looks = ((BLUE, "o", -0.16), (ORANGE, "s", 0.16))
    for title, (colour, marker, shift) in zip(table, looks, strict=True):
        ax.plot(table[title], place + shift, marker, color=colour, alpha=0.7, label=title)
    ax.set_yticks(range(len(mean)), mean.index)
    ax.set(xlabel="share of the instrument's notes that are right (%)", xlim=(-3, 103))
    ax.invert_yaxis()
    fig.legend(loc="outside lower center", ncols=2)
    return fig


def breadth(accuracy: Any) -> Figure:
    """Accuracy on new instruments over the number of training instruments (same chapter).

    `accuracy`: percent; a row a number of instruments a family, a column a system.
    """
    colours = {"CNN": BLUE, "LSTM": ORANGE}
    fig, ax = plt.subplots(figsize=(6, 3.6))
    for (title, values), marker in zip(accuracy.items(), "os^D", strict=False):
        colour = colours.get(str(title), GREEN if "hybrid" in str(title) else GREY)
        ax.plot(accuracy.index, values, marker + "-", color=colour, label=title)
    ax.set(xlabel="training instruments a family (20 notes in all)", ylabel="accuracy (%)")
    ax.set(xticks=accuracy.index, ylim=(0, 100))
    fig.legend(loc="outside lower center", ncols=len(accuracy.columns))
    return fig


def first_steps(losses: dict, chance: float) -> Figure:
    """Training loss of each batch, from the first on (chapter 12).

    `losses` (dict of str -> array_like of float): nats, by what to call the network. `chance`: the
    loss of equal probabilities.
    """
    fig, ax = plt.subplots(figsize=(6.4, 3.2))
    for (title, values), look in zip(losses.items(), ("s--", "o-"), strict=True):
        ax.plot(np.arange(1, len(values) + 1), values, look, ms=4, label=title)
    ax.axhline(chance, color="black", linestyle=":", label="equal probabilities")
    ax.set(xlabel="training step", ylabel="loss of the batch (nats)", yscale="log")
    fig.legend(loc="outside lower center", ncols=3)
    return fig


def by_epoch(curves: dict) -> Figure:
    """Accuracy over epochs, known and unseen (same chapter).

    `curves` (dict of str -> dict of str -> list of float): by panel, then by "CNN" and "LSTM":
    percent after each epoch.
    """
    fig, axes = plt.subplots(1, len(curves), figsize=(7.4, 3.3), sharey=True)
    for ax, (panel, both) in zip(axes, curves.items(), strict=True):
        for (name, values), line, colour in zip(
            both.items(), ("-", "--"), (BLUE, ORANGE), strict=True
        ):
            ax.plot(np.arange(1, len(values) + 1), values, line, color=colour, label=name)
        ax.set(title=panel, xlabel="epoch")
    axes[0].set_ylabel("accuracy (%)")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig


def remeasured_losses(runs: dict) -> Figure:
    """Validation loss and training loss, with dropout and without (same chapter).

    `runs` (dict of str -> Record): by network, "cnn" or "lstm"; their histories have `clean_loss`.
    """
    fig, axes = plt.subplots(1, len(runs), figsize=(7.6, 3.2), sharey=True, squeeze=False)
    for ax, (name, record) in zip(axes[0], runs.items(), strict=True):
        h = record.history.set_index("epoch")
        ax.plot(h["loss"], "--", color=GREY, label="training, as logged")
        ax.plot(h["clean_loss"], ":", color="black", label="training, dropout off")
        ax.plot(h["val_loss"], "-", color={"cnn": BLUE, "lstm": ORANGE}[name], label="validation")
        ax.set(title=f"base {name.upper()}, fold {record.fold}", xlabel="epoch")
        ax.legend(fontsize=9)
    axes[0, 0].set_ylabel("loss (nats)")
    return fig


def leads(points: Any, seconds: Sequence[float]) -> Figure:
    """CNN minus LSTM over the seconds of each note that were heard (same chapter).

    `points` (dict of str -> sequence of float): by test: one lead for each of `seconds`.
    """
    fig, ax = plt.subplots(figsize=(5, 3))
    for (title, values), look in zip(points.items(), ("o-", "s--"), strict=True):
        ax.plot(seconds, values, look, color=PURPLE, label=title)
    ax.axhline(0, color="black", linewidth=1)
    ax.set(xlabel="seconds heard", ylabel="CNN minus LSTM (points)", xticks=seconds)
    ax.legend()
    return fig


def tone_lengths(table: Any, named: Sequence[str], systems: Sequence[str]) -> Figure:
    """Accuracy on unseen instruments over how long their tones last (same chapter).

    `table`: columns family, seconds, and a percentage for each of `systems`; a row an instrument.
    `named`: families with marks of their own; the first two are filled.
    """
    fig, axes = plt.subplots(1, len(systems), figsize=(7.6, 3.4), sharey=True)
    rest = table[~table["family"].isin(named)]
    for ax, title in zip(axes, systems, strict=True):
        ax.plot(rest["seconds"], rest[title], "o", color=GREY, ms=4, alpha=0.6, label="other")
        for k, (family, marker) in enumerate(zip(named, "D^sv", strict=True)):
            own = table[table["family"] == family]
            face = GREEN if k < 2 else "white"
            ax.plot(own["seconds"], own[title], marker, mfc=face, mec="black", ms=7, label=family)
        ax.set(title=title, xlabel="seconds within 20 dB", ylim=(-3, 105), xlim=(0, 4))
    axes[0].set_ylabel("right (%)")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return fig


def draws_of_search(scores: Any) -> Figure:
    """Ten draws of settings for either network, by accuracy on unseen instruments (same chapter).

    `scores`: percent; a row a draw, a column a network.
    """
    fig, ax = plt.subplots(figsize=(6.4, 2.2))
    for row, (title, colour) in enumerate(zip(scores, (BLUE, ORANGE), strict=True)):
        values = scores[title]
        ax.plot(values, np.full(len(values), row), "os"[row], color=colour, alpha=0.6)
        ax.plot(values.max(), row, "D", mfc="none", mec="black", ms=11)
    ax.set_yticks(range(len(scores.columns)), scores.columns)
    ax.set(xlabel="accuracy on unseen instruments (%)", ylim=(1.6, -0.6), xlim=(0, 100))
    return fig
