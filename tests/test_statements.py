"""Sentences of the book that state numbers: each is recomputed and must stand there as it is.

Prose is typed and never composed by a cell. `tests/statements/` says again, chapter by chapter,
what it states about the bundled notes or the recorded runs. A statement is a function: its
docstring is the text, with places for the numbers that it returns, and it asserts the "more" and
"fewer" of the text. Its parameters are variables that the chapter's code leaves behind. A blank
line stands for what the page says in between, and "answer: " before a paragraph names another
page. Where the two part, the test fails with the text that should be typed.
"""

import ast
import inspect
import itertools
import re
import sys
from contextlib import chdir
from functools import cache

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers import evaluation, listening
from helpers.runs import claims, shipped
from tools.book import sync
from tools.common import ROOT

CHAPTERS = sorted(ROOT.glob("book/[0-9]*.py"))
PAGES = [path.stem for path in (*CHAPTERS, *sorted(ROOT.glob("book/*.md")))]
# Cells that draw or take their time, and leave nothing that a statement needs.
SKIPPED = ("plt.show()", "interactive.", "timeit", "findings.report", "google.colab",
           "claims.verdicts", "compare.your_")  # fmt: skip


@cache
def cells(page: str) -> list:
    path = ROOT / f"book/{page}.py"
    return [cell for cell, _ in sync.parse(path.read_text(encoding="utf-8"), path.name)[1]]


@cache
def prose(page: str) -> str:
    """The Markdown of a page, white space joined."""
    if (path := ROOT / f"book/{page}.md").exists():
        text = path.read_text(encoding="utf-8")
    else:
        text = "\n\n".join(c.source for c in cells(page) if c.cell_type == "markdown")
    return re.sub(r"\s+", " ", re.sub(r"(?m)^> ", "", text))


@cache
def run(page: str, *changes: str) -> dict:
    """What a chapter's code leaves behind, figures, players and times left out.

    `changes`, old and new in turn, are those that a fold-out of the chapter speaks of.
    """
    names, pairs = {}, list(zip(changes[::2], changes[1::2], strict=True))
    heard = claims.bundled().left_out  # every chapter asks for these, which reads all notes
    with pytest.MonkeyPatch.context() as patch, chdir(ROOT / "book"):
        patch.setattr(listening, "players", lambda *_: None)
        patch.setattr(plt, "show", lambda: None)
        patch.setattr(evaluation, "leaked", lambda *_: heard)
        matplotlib.use("Agg")
        for cell in cells(page):
            if cell.cell_type == "code" and not any(word in cell.source for word in SKIPPED):
                source = cell.source
                for old, new in pairs:
                    source = source.replace(old, new)
                exec(compile(source, page, "exec"), names)
    return names


def with_cells(page: str, *changes: tuple, given: dict | None = None) -> dict:
    """What a chapter leaves when cells run again: (in the cell, old and new in turn).

    With `given` in place of all that the chapter has made before.
    """
    names = dict(run(page) if given is None else given)
    for begins, *pairs in changes:
        code = next(c.source for c in cells(page) if begins in c.source and c.cell_type == "code")
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            assert old in code
            code = code.replace(old, new)
        exec(code, names)
    return names


def said(docstring: str, own: str) -> list[tuple[str, str]]:
    """The page and the template of each paragraph of a statement's docstring."""
    found = []
    for text in docstring.split("\n\n"):
        page, _, others = text.strip().partition(": ")
        page, text = (page, others) if page in PAGES else (own, text)
        found.append((page, " ".join(text.split())))
    return found


def statements(module: str):
    """The test of a module's statements: all functions there that have a docstring."""
    own = module.removeprefix("test_")

    @pytest.mark.parametrize(
        "statement",
        [
            pytest.param(f, id=name, marks=getattr(f, "pytestmark", []))
            for name, f in vars(sys.modules[module]).items()
            if inspect.isfunction(f) and f.__module__ == module and f.__doc__
        ],
    )
    def test(statement):
        numbers = statement(*(run(own)[name] for name in inspect.signature(statement).parameters))
        if numbers is None or np.isscalar(numbers):
            numbers = [numbers]
        pages, templates = zip(*said(statement.__doc__, own), strict=True)
        texts = "\n".join(templates).format(*numbers).split("\n")
        for page, text in zip(pages, texts, strict=True):
            assert text in prose(page), f"book/{page} should say: {text}"

    return test


AHEAD = re.compile(
    r"[^.|*]*\b(?:CNN|LSTM|hybrid)s? (?:is|are|was) (?:ahead|behind|better|worse)\b[^.|*]*"
)
# Of the thesis, of what might be, or an answer that is wrong.
NO_VERDICT = (
    "The CNN is ahead in both columns",
    "Whether CNN or LSTM is ahead there was asked by tests",
    "how probable is it that the CNN is better",
    "The CNN is better by one point, which is the middle of the interval",
)


def test_chapter_13_hears_a_note_of_wide_test():
    path = sorted(ROOT.glob("book/data/nsynth-wide/nsynth-test/audio/*.flac"))[0]
    c = run("13_your_own_sound", 'SOUND = ""', f'SOUND = "{path.relative_to(ROOT / "book")}"')
    assert list(c["answers"][0]["models"]) == shipped.names()


@pytest.mark.parametrize("page", PAGES)
def test_who_is_ahead_is_said_by_a_statement_or_not_at_all(page):
    """So no two pages can answer one question differently: all of it follows from the records."""
    text = prose(page)
    for path in sorted(ROOT.glob("tests/statements/test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (docstring := ast.get_docstring(node)):
                for of, template in said(docstring, path.stem.removeprefix("test_")):
                    if of == page:
                        pattern = re.sub(r"\\{[^}]*\\}", ".{1,20}?", re.escape(template))
                        text = re.sub(pattern, "", text)
    verdicts = [match[0].strip() for match in AHEAD.finditer(text)]
    assert not [one for one in verdicts if not any(known in one for known in NO_VERDICT)]


@pytest.mark.parametrize("page", [p.stem for p in CHAPTERS if p.stem < "13"])
def test_no_cell_of_these_chapters_composes_prose(page):
    code = [cell.source for cell in cells(page) if cell.cell_type == "code"]
    assert not [source for source in code if "Markdown(" in source]


# What a cell ends with where it shows no table; and a look in passing, at a few rows of a long one.
NO_TABLE = re.compile(
    r"(plt|listening|interactive|plots|compare|json)\.|(print|display|hear|len|\w+\.search)\(|\[\["
    r"|.*(\.shape|\.to_dict\(\))$"
)
IN_PASSING = re.compile(r".*\.(head|tail)\(\d*\)|.*\.iloc\[:\d+\]", re.DOTALL)
CAPTION = r"\*Table (\d+)\.(\d+): "


def tables(page: str) -> list[str]:
    """Captions, Markdown tables and cells that end in a table, in the order of the page."""
    found = []
    for cell in cells(page):
        if cell.cell_type == "markdown":
            found += [m[0] for m in re.finditer(rf"(?m)^({CAPTION}|\|[-:| ]+\|$)", cell.source)]
        elif "remove-cell" not in cell.metadata.get("tags", []):
            last = ast.parse(cell.source).body[-1]
            shown = ast.unparse(last) if isinstance(last, ast.Expr) else "print("
            if not NO_TABLE.match(shown):
                found.append(shown)
    return found


@pytest.mark.parametrize("page", [p.stem for p in CHAPTERS])
def test_every_table_has_a_caption_and_its_number(page):
    """A caption is a line of its own, in italics, before the table: *Table 5.1: ...*."""
    found = tables(page)
    numbers = [match.groups() for match in map(re.compile(CAPTION).match, found) if match]
    assert numbers == [(str(int(page[:2])), str(k)) for k in range(1, len(numbers) + 1)]
    assert not [
        one
        for before, one in itertools.pairwise(["", *found])
        if not (re.match(CAPTION, one) or re.match(CAPTION, before) or IN_PASSING.match(one))
    ]
