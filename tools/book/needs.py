"""The table of book/teaching.md that says what each chapter needs, in the chapters' own words.

It stands between `<!-- needs -->` and `<!-- /needs -->`; `tools.book.sync` writes it.
"""

import re
from pathlib import Path

from tools.common import BookError

START, END = "<!-- needs -->", "<!-- /needs -->"
NUMBER = re.compile(r"\]\((\d\d)_\w+\.ipynb\)")


def statement(name: str, label: str, prose: str) -> str:
    """Return what a chapter's paragraph says that begins with the label in bold, on one line."""
    found = re.search(rf"(?m)^\*\*{label}:?\*\*:?\s+((?:.+\n?)+)", prose)
    if not found:
        raise BookError(f"{name}: no paragraph that begins with **{label}**")
    return " ".join(found[1].split())


def row(name: str, cells: list, gpu: bool) -> str:
    """Return the row of one chapter: title, minutes of reading, training, what it builds on, GPU.

    `name`: of the source, such as `06_cnn.py`. `gpu`: whether the chapter asks Colab for a GPU.
    """
    prose = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    title = re.match("# (.+)", prose)[1].replace("|", r"\|")
    reading, _, training = statement(name, "Time", prose).partition(". ")
    minutes = re.search(r"\d+", reading)
    if not minutes:
        raise BookError(f"{name}: **Time** begins with the minutes of reading, as a number")
    before = sorted({int(number) for number in NUMBER.findall(statement(name, "You need", prose))})
    columns = [
        f"{int(name[:2])}. [{title}]({Path(name).stem}.ipynb)",
        minutes[0],
        ", ".join(map(str, before)) or "nothing",
        "GPU" if gpu else "any",
        training.replace("|", r"\|"),
    ]
    return f"| {' | '.join(columns)} |"


def filled(text: str, rows: list[str]) -> str:
    """Return the page with the table written anew."""
    if text.count(START) != 1 or text.count(END) != 1:
        raise BookError(f"book/teaching.md needs one {START} and one {END}")
    head = [
        "| chapter | minutes of reading | builds on | Colab runtime | training |",
        "|---|---:|---|---|---|",
    ]
    before, rest = text.split(START)
    return before + "\n".join([START, *head, *rows, END]) + rest.split(END)[1]
