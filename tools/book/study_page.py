"""The page that says what the study found: `book/study.md`, filled in when the book is built."""

from pathlib import Path

import pandas as pd

from helpers.runs import study
from tools.common import BookError

COMPARISONS, FIGURE, ROWS = "<!-- the comparisons -->", "<!-- the figure -->", "<!-- the rows -->"
PICTURE = "book/images/study.svg"
ALT = (
    "One line a system, a circle for its accuracy on instruments that it knows and a dot with its "
    "interval for instruments that it has not heard; the table below has the numbers."
)
NAMES = {
    "A1": "CNN, as the thesis prints it",
    "A2": "LSTM, as the thesis prints it",
    "B1": "CNN, equal recipe",
    "B2": "LSTM, equal recipe",
    "C": "CNN-LSTM hybrid",
    "D1": "CNN, equal recipe and head",
    "D2": "LSTM, equal recipe and head",
    "P": "small network",
    "R-kawwa": "Kawwa's CNN",
    "R-gessle-cnn": "Gessle and Åkesson's CNN",
    "R-gessle-lstm": "Gessle and Åkesson's LSTM",
}
NAMES |= {
    f"{row}-{system}": f"{name}, {what}"
    for row, what in (("E1", "summaries of MFCCs"), ("E2", "Kawwa's features"))
    for system, name in (
        ("naive_bayes", "naive Bayes"),
        ("random_forest", "random forest"),
        ("svm", "SVM"),
        ("extra_trees", "extra trees"),
    )
}


def comparisons(found: dict) -> str:
    """The plan's comparisons, the confirmatory ones below."""
    rows = []
    for kind, name in (("comparisons", ""), ("confirmatory", "wide-test: ")):
        for title, one in found[kind].items():
            told = "mean" in one
            rows.append(
                {
                    "comparison": name + title,
                    "ahead": one["verdict"],
                    "rows": one["rows"].replace("W-", ""),
                    "difference": f"{one['mean']:+.1f}" if told else "",
                    "95 % interval": f"{one['low']:+.1f} to {one['high']:+.1f}" if told else "",
                    "p": f"{one['p']:.3f}" if told else "",
                    "p by flips": f"{one['p_flips']:.3f}" if told else "",
                }
            )
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)


def begun(found: dict) -> dict:
    """The rows of `NAMES` that have a record, by name."""
    return {name: one for name, one in found["rows"].items() if name in NAMES and one["deals"]}


def systems(found: dict) -> str:
    """One row a system: its size, what it knows, what it makes of new instruments."""
    rows = []
    for name, one in begun(found).items():
        unseen = one["unseen"]
        ends = f" ({unseen['low']:.1f} to {unseen['high']:.1f})" if "low" in unseen else ""
        rows.append(
            {
                "row": name,
                "system": NAMES[name],
                "parameters": f"{one['parameters']:,}" if one["parameters"] else "",
                "known (%)": f"{one['known']['mean']:.1f}",
                "unseen (%)": f"{unseen['mean']:.1f}{ends}",
                "seconds a run": f"{one['seconds a run']:.0f}",
                "deals": f"{one['deals']} of {one['planned']}",
            }
        )
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)


def draw(found: dict, path: Path) -> None:
    """One line a system: known and unseen accuracy, with the interval of the second."""
    import matplotlib.pyplot as plt

    from helpers import plots

    plots.use_style()
    rows = sorted(begun(found).items(), key=lambda pair: pair[1]["unseen"]["mean"])
    fig, ax = plt.subplots(figsize=(7.2, 0.9 + 0.28 * len(rows)))
    for y, (_, one) in enumerate(rows):
        colour = {"cnn": plots.BLUE, "lstm": plots.ORANGE}.get(one["system"], plots.GREY)
        unseen, done = one["unseen"], one["deals"] == one["planned"]
        if "low" in unseen:
            ax.plot([unseen["low"], unseen["high"]], [y, y], color=colour, linewidth=2)
        ax.plot(unseen["mean"], y, "o" if done else "D", color=colour)
        ax.plot(one["known"]["mean"], y, "o", color=colour, markerfacecolor="white")
    ax.set_yticks(range(len(rows)), [NAMES[name] for name, _ in rows])
    ax.set(xlabel="accuracy (%)", xlim=(30, 101))
    path.parent.mkdir(parents=True, exist_ok=True)
    fig.savefig(path, metadata={"Date": None})
    plt.close(fig)


def fill(text: str, found: dict, folder: Path) -> str:
    """The page with its tables and its figure, which is drawn below `folder`.

    Raises
    ------
    BookError
        If a marker is missing, or the findings are of another plan.
    """
    for marker in (COMPARISONS, FIGURE, ROWS):
        if marker not in text:
            raise BookError(f"book/study.md: the line {marker} is missing")
    if found["plan"] != study.plan_hash():
        raise BookError(
            "book/records/study.json is of another plan: run `instruments study --findings`"
        )
    picture = ""
    if begun(found):
        draw(found, folder / PICTURE)
        picture = (
            f"![{ALT}](images/study.svg)\n\n*Accuracy on instruments that a system knows (circles) "
            "and on new ones (dots, with 95 % intervals; diamonds where deals are missing).*"
        )
    text = text.replace(COMPARISONS, comparisons(found)).replace(FIGURE, picture)
    return text.replace(ROWS, systems(found) if begun(found) else "No row has begun.")
