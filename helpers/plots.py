"""The book's figures, in one style that reads in print, on dark pages and without colour vision.

Every function draws on the axes it is given (or makes a figure) and returns the figure.
"""

import numpy as np

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
            "axes.grid": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, PURPLE, GREY]),
            "grid.alpha": 0.3,
            "image.cmap": "viridis",
            "font.size": 10,
        }
    )


def waveform(samples, ax=None, sr: int = 16_000, title: str = ""):
    """Amplitude of one waveform (n,) over seconds."""
    ax = ax or _axes()
    ax.plot(np.arange(len(samples)) / sr, samples, linewidth=0.5)
    ax.set(xlabel="time (s)", ylabel="amplitude", title=title, xlim=(0, len(samples) / sr))
    return ax.figure


def feature_image(
    feature, ax=None, label="dB", ylabel="mel band", title="", sr=16_000, hop=512, **kwargs
):
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


def histories(groups: dict, metric: str = "loss"):
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
        ax.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].set_ylabel("loss (nats)" if metric == "loss" else metric)
    axes[0, 0].legend()
    return fig


def confusion(matrix, families, ax=None, title: str = ""):
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
            column, row, f"{100 * value:.0f}", ha="center", va="center", color=colour, fontsize=8
        )
    ax.figure.colorbar(image, ax=ax, label="proportion of the true family")
    return ax.figure


def beside(live: dict, recorded: dict, thesis: dict | None = None):
    """The reader's own accuracies on the spread of recorded ones, a row for each model and test.

    Parameters
    ----------
    live, recorded : dict of str -> array_like of float, shape (n,)
        Accuracies by the name of the row, one a fold and seed. Both have the same rows.
    thesis : dict of str -> float, optional
        The thesis's mean, for the rows that have one.
    """
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(7.2, 0.9 + 0.55 * len(recorded)))
    for row, (name, theirs) in enumerate(recorded.items()):
        ours, yours = 100 * np.asarray(theirs, float), 100 * np.asarray(live[name], float)
        ax.hlines(row, ours.min(), ours.max(), color=GREY, linewidth=7, alpha=0.3)
        ax.plot(ours, np.full(len(ours), row), "|", color=GREY, markersize=14, zorder=2)
        ax.plot(yours, np.full(len(yours), row), "o", color=PURPLE, alpha=0.8, zorder=3)
        if name in (thesis or {}):
            ax.plot(100 * thesis[name], row, "D", mfc="white", mec="black", zorder=2)
    ax.plot([], [], "o", color=PURPLE, label="your run, each fold")
    ax.plot([], [], "|", color=GREY, markersize=14, label="recorded runs, each fold")
    if thesis:
        ax.plot([], [], "D", mfc="white", mec="black", label="thesis, mean")
    ax.set_yticks(range(len(recorded)), list(recorded))
    ax.set(xlabel="accuracy (%)", ylim=(len(recorded) - 0.5, -0.5))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return fig


def family_envelopes(envelopes: dict):
    """Mean envelope of each family, with a band that holds the middle 80 % (the dataset chapter).

    Parameters
    ----------
    envelopes : dict of str -> np.ndarray, shape (notes, 80)
        By family: levels of blocks of 50 ms, the loudest block of each note 1.
    """
    import matplotlib.pyplot as plt

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


def instrument_blocks(table, families):
    """Notes of each family, a block for each instrument (the dataset chapter).

    Parameters
    ----------
    table : pd.DataFrame
        Columns family and instrument, one row a note.
    families : sequence of str
        From top to bottom.
    """
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(7.2, 3.2))
    for y, family in enumerate(families[::-1]):
        sizes = table.loc[table["family"] == family, "instrument"].value_counts()
        left = sizes.cumsum() - sizes
        bars = ax.barh(y, sizes, left=left, color=PURPLE, edgecolor="black")
        ax.bar_label(bars, [name[-3:] for name in sizes.index], label_type="center", fontsize=8)
    ax.set_yticks(range(len(families)), families[::-1])
    ax.set(xlabel="test notes")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(visible=False)
    return fig


def pitch_ranges(train, test, families):
    """Lowest to highest pitch of each family in two tables of notes (the dataset chapter)."""
    import matplotlib.pyplot as plt

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


def noise_alarm(sounds, planted):
    """Notes by flatness and periodicity, and where the alarm rings (the dataset chapter).

    Parameters
    ----------
    sounds : pd.DataFrame
        Columns split, flatness, periodicity; one row a note.
    planted : pd.DataFrame
        Columns flatness and periodicity; the index names what was planted.
    """
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(7.2, 3.4))
    for name, colour, marker in (("train", GREEN, "o"), ("test", PURPLE, "s")):
        own = sounds[sounds["split"] == name]
        x, y = own["flatness"], own["periodicity"]
        ax.plot(x, y, marker, color=colour, markersize=4, label=name)
    ax.plot(planted["flatness"], planted["periodicity"], "xk", label="planted")
    for n, (name, point) in enumerate(planted.iterrows()):
        offset = (-8, 4 - 16 * (n == 2))
        ax.annotate(name, point, offset, textcoords="offset points", ha="right", fontsize=8)
    ax.axhspan(-0.1, 0.3, color=GREY, alpha=0.2)
    ax.axvspan(0.1, 2, color=GREY, alpha=0.2)
    ax.set(xscale="log", xlim=(1e-8, 2), ylim=(-0.1, 1.1))
    ax.set(xlabel="spectral flatness", ylabel="periodicity")
    ax.legend(loc="lower left")
    return fig


def _axes():
    import matplotlib.pyplot as plt

    return plt.subplots()[1]
