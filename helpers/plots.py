"""The book's figures, in one style that reads in print, on dark pages and without colour vision.

Every function draws on the axes it is given (or makes a figure) and returns the figure. Shown
in chapter 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# Okabe and Ito's colours, told apart by colour-blind readers; each model keeps its own.
BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#5F5F5F"
COLOURS = {"cnn": BLUE, "lstm": ORANGE}


def use_style() -> None:
    """Set matplotlib's defaults for the book: call once, at the top of a chapter."""
    import matplotlib.pyplot as plt

    plt.rcParams.update(
        {
            "figure.figsize": (7.2, 3.2),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",  # opaque: the labels stay readable on a dark page
            "axes.formatter.min_exponent": 9,  # 0.001, not powers of ten: exponents are too small
            "axes.grid": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, PURPLE, GREY]),
            "grid.alpha": 0.3,
            "image.cmap": "viridis",
            "font.size": 10,
        }
    )


def waveform(
    samples: np.ndarray, ax: Axes | None = None, sr: int = 16_000, title: str = ""
) -> Figure | SubFigure:
    """Amplitude of one waveform (n,) over seconds."""
    ax = ax or _axes()
    ax.plot(np.arange(len(samples)) / sr, samples, linewidth=0.5)
    ax.set(xlabel="time (s)", ylabel="amplitude", title=title, xlim=(0, len(samples) / sr))
    return ax.figure


def feature_image(
    feature: np.ndarray,
    ax: Axes | None = None,
    label: str = "dB",
    ylabel: str = "mel band",
    title: str = "",
    sr: int = 16_000,
    hop: int = 512,
    **kwargs: Any,
) -> Figure | SubFigure:
    """A time-frequency picture of (frames, bins), time from left to right, with a colour bar."""
    ax = ax or _axes()
    extent = (0, feature.shape[0] * hop / sr, -0.5, feature.shape[1] - 0.5)
    image = ax.imshow(
        feature.T, origin="lower", aspect="auto", extent=extent, interpolation="nearest", **kwargs
    )
    ax.figure.colorbar(image, ax=ax, label=label)
    ax.set(xlabel="time (s)", ylabel=ylabel, title=title)
    ax.grid(False)
    return ax.figure


def histories(groups: dict, metric: str = "loss") -> Figure | SubFigure:
    """Training and validation curves averaged over records, one panel a model (figures 4.1, 4.2).

    Parameters
    ----------
    groups : dict of str -> list of helpers.runs.records.Record
        Records by the title of their panel.
    metric : {"loss", "accuracy"}
        Lines are means over the records, bands one standard deviation.
    """
    import matplotlib.pyplot as plt

    from helpers.evaluation import mean_history

    fig, axes = plt.subplots(
        1, len(groups), figsize=(3.8 * len(groups), 3.2), sharey=True, squeeze=False
    )
    for ax, (title, group) in zip(axes[0], groups.items(), strict=True):
        mean, spread = mean_history(group)
        own = COLOURS[group[0].config["model"]]
        for column, name, style, colour in (
            (metric, "training", "--", GREY),
            (f"val_{metric}", "validation", "-", own),
        ):
            (line,) = ax.plot(mean.index, mean[column], style, color=colour, label=name)
            if len(group) > 1:
                low, high = mean[column] - spread[column], mean[column] + spread[column]
                ax.fill_between(
                    mean.index, low, high, color=line.get_color(), alpha=0.2, linewidth=0
                )
        ax.set(xlabel="epoch", title=title)
        ax.locator_params(axis="x", integer=True)
    axes[0, 0].set_ylabel("loss (nats)" if metric == "loss" else metric)
    axes[0, 0].legend()
    return fig


def confusion(
    matrix: np.ndarray, families: Sequence[str], ax: Axes | None = None, title: str = ""
) -> Figure | SubFigure:
    """A row-normalised confusion matrix: true families down, predicted ones across (figure 4.3).

    A higher proportion is lighter, as in the thesis; cells of 0.5 % or more show a percentage.
    """
    import matplotlib.pyplot as plt

    ax = ax or plt.subplots(figsize=(5.4, 4.8))[1]
    image = ax.imshow(matrix, cmap="viridis", vmin=0, vmax=1)
    ticks = range(len(families))
    ax.set_xticks(ticks, families, rotation=60, ha="right")
    ax.set_yticks(ticks, families)
    ax.set(xlabel="predicted family", ylabel="true family", title=title)
    ax.grid(False)
    for row, column in np.argwhere(np.nan_to_num(matrix) >= 0.005):
        value = matrix[row, column]
        colour = "black" if value > 0.5 else "white"
        ax.text(
            column, row, f"{100 * value:.0f}", ha="center", va="center", color=colour, fontsize=9
        )
    ax.figure.colorbar(image, ax=ax, label="proportion of the true family")
    return ax.figure


def _axes() -> Axes:
    import matplotlib.pyplot as plt

    return plt.subplots()[1]
