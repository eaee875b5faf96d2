"""The questions inside the chapters: they look alike, and no choice goes without a reason."""

import re
from collections import Counter
from functools import cache

import pytest

from tools.book import sync
from tools.common import ROOT

CHAPTERS = sorted(ROOT.glob("book/[0-9][0-9]_*.py"))
TEMPLATE = ROOT / "book/chapter_template.py"
START = "**Check yourself.** "
CHOICE = re.compile(
    r'<details class="choice"><summary>([A-Z])\. (.+?)</summary>\n\n'
    r"\*\*(Right|No)\.\*\* (.+?)\n\n</details>",
    re.DOTALL,
)


@cache
def questions(path):
    """The questions of a chapter: the text of each, and of its choices."""
    cells = [cell for cell, _ in sync.parse(path.read_text(encoding="utf-8"), path.name)[1]]
    asked = [cell.source for cell in cells if cell.source.startswith(START)]
    return [text.removeprefix(START).split("\n\n", 1) for text in asked]


def parsed(choices):
    """Each choice as (letter, choice, verdict, reason)."""
    return [found.groups() for found in CHOICE.finditer(choices)]


@pytest.mark.parametrize("path", [*CHAPTERS, TEMPLATE], ids=lambda path: path.stem)
def test_a_chapter_asks_and_explains_every_choice(path):
    asked = questions(path)
    assert len(asked) >= (1 if path == TEMPLATE else 2)
    for text, choices in asked:
        assert text.endswith("?"), text
        found = parsed(choices)
        # Nothing stands between the choices, so that none is read over.
        assert CHOICE.sub("-", choices).split("\n\n") == ["-"] * len(found), text
        letters, shown, verdicts, reasons = zip(*found, strict=True)
        assert "".join(letters) == "ABCDEF"[: len(letters)]
        assert len(letters) >= 3
        assert Counter(verdicts)["Right"] == 1, text
        assert all(len(reason.split()) >= 8 for reason in reasons), text
        assert len(set(shown)) == len(shown)
        # A summary is HTML: Markdown and formulas would stand there as they are typed.
        assert not [choice for choice in shown if re.search(r"[*`$\\]", choice)], text
    # And no choice stands outside of a question.
    inside = "".join(choices for _, choices in asked)
    assert path.read_text(encoding="utf-8").count('class="choice"') == len(parsed(inside))


def test_neither_place_nor_length_gives_the_answer_away():
    asked = [parsed(choices) for path in CHAPTERS for _, choices in questions(path)]
    right = [next(c for c in choices if c[2] == "Right") for choices in asked]
    places = Counter(letter for letter, *_ in right)
    assert max(places.values()) <= len(asked) / 2, places
    assert set(places) >= set("ABC")
    longest = [max(choices, key=lambda c: len(c[1]))[2] == "Right" for choices in asked]
    assert sum(longest) <= len(asked) / 2
