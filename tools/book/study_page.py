"""The pages that say what the study found, filled in when the book is built: `PAGES`."""

from pathlib import Path

from helpers.runs import analysis, figures, study
from tools.common import BookError

COMPARISONS, FIGURE, ROWS = "<!-- the comparisons -->", "<!-- the figure -->", "<!-- the rows -->"
PAGES = {"book/study.md": (COMPARISONS, FIGURE, ROWS), "book/answer.md": (FIGURE,)}
PICTURE = "book/images/study.png"
ALT = (
    "One line a system, a circle for its accuracy on instruments that it knows and a dot with its "
    "interval for instruments that it has not heard; the table below has the numbers."
)


def draw(found: dict, path: Path) -> None:
    """The figure of known and unseen accuracy, as a file."""
    import matplotlib.pyplot as plt

    from helpers import plots

    plots.use_style()
    fig = figures.known_and_unseen(
        analysis.of_all_families(found), analysis.NAMES, analysis.wide(found)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    fig.savefig(path)
    plt.close(fig)


def fill(name: str, text: str, found: dict, folder: Path) -> str:
    """The text of a page of `PAGES` with its tables and its figure, which is drawn below `folder`.

    Raises `BookError` if a marker is missing, or the findings are of another plan.
    """
    for marker in PAGES[name]:
        if marker not in text:
            raise BookError(f"{name}: the line {marker} is missing")
    if found["plan"] != study.plan_hash():
        raise BookError(
            "book/records/study.json is of another plan: run `instruments study --findings`"
        )
    picture = ""
    if analysis.begun(found):
        draw(found, folder / PICTURE)
        picture = (
            f"![{ALT}](images/study.png)\n\n*Accuracy on instruments that a system knows (circles) "
            "and on new ones (dots, with 95 % intervals); crosses: wide-test, other new ones.*"
        )
    compared = analysis.compared(found).reset_index()
    compared = compared.to_markdown(index=False, disable_numparse=True)
    text = text.replace(COMPARISONS, compared).replace(FIGURE, picture)
    table = analysis.systems(found).reset_index().to_markdown(index=False, disable_numparse=True)
    return text.replace(ROWS, table if analysis.begun(found) else "No row has begun.")
