"""Every chapter has the parts that CONTRIBUTING.md lists, and so has the template of chapters."""

import ast
import itertools
import re
import shutil

import pytest

from benchmarks import lines
from tools.book import execute, sync
from tools.book.render import documents
from tools.common import ROOT

CHAPTERS = sorted(ROOT.glob("book/[0-9][0-9]_*.py"))
TEMPLATE = ROOT / "book/chapter_template.py"
# What a reader can do and somebody else can check.
VERBS = """
build check choose compare compute count derive describe draw explain find hold listen measure name
plan predict prove put read run say show sort tell test train turn work write
"""
FIRST, LAST = "What you will learn", ["Try it yourself", "What you learned", "Next"]


def cells(text: str, name: str):
    return [cell for cell, _ in sync.parse(text, name)[1]]


def faults(text: str, name: str = "chapter") -> list[str]:
    """Say what a chapter's source lacks of the shape of a chapter."""
    prose = "\n\n".join(c.source for c in cells(text, name) if c.cell_type == "markdown")
    code = [c for c in cells(text, name) if c.cell_type == "code"]
    head, *parts = re.split(r"(?m)^## (.+)\n", prose)
    titles, bodies = parts[::2], dict(zip(parts[::2], parts[1::2], strict=True))
    wrong = []
    if "findings.report(" not in code[-1].source:
        wrong.append("a last code cell that reports figures")
    if not re.match(r"# [^\n]+\n\n\S", head) or "\n# " in prose:
        wrong.append("one title, and the question of the chapter below it")
    if titles[:1] != [FIRST] or titles[-3:] != LAST or len(titles) < 6:
        return [*wrong, f"## {FIRST}, two or more steps, then ## {', ## '.join(LAST)}"]
    goals = bodies[FIRST]
    verbs = re.findall(r"(?m)^- \W*(\w+)", goals)
    if not 3 <= len(verbs) <= 6:
        wrong.append("three to six things to learn")
    wrong += [
        f"{verb!r} is no verb to be tested by"
        for verb in verbs
        if verb.lower() not in VERBS.split()
    ]
    needs = re.search(r"\*\*You need:?\*\*:? \S+", goals)
    time = re.search(r"\*\*Time:?\*\*:? [^.]*\b\d+ minutes of reading", goals)
    thesis = re.search(r"\*\*Thesis:?\*\*:? \D*\d", goals)
    for found, what in [(needs, "**You need**"), (time, "**Time**"), (thesis, "**Thesis**")]:
        if not found:
            wrong.append(f"{what} among what comes first")
    tasks = re.split(r"(?m)^\d\. ", bodies["Try it yourself"])[1:]
    if len(tasks) < 2:
        wrong.append("two things to try")
    if not all(re.search(r"<summary>.*</summary>\n\n +\S.*</details>", t, re.S) for t in tasks):
        wrong.append("what happens, folded, below each of them")
    if len(re.findall(r"(?m)^- ", bodies["What you learned"])) < 2:
        wrong.append("two things learned")
    links = re.findall(r"\]\((\w+)\.(?:ipynb|md)\)", bodies["Next"])
    if not links or any(not list(ROOT.glob(f"book/{link}.*")) for link in links):
        wrong.append("a link to what is next")
    covered = re.search(r"\*\*Thesis sections covered:?\*\*:? (.+)", bodies["Next"], re.DOTALL)
    if not covered or not re.search(r"\d", covered[1]) or len(covered[1].split()) < 12:
        wrong.append("**Thesis sections covered**, and what is done differently")
    return wrong


@pytest.mark.parametrize("path", [*CHAPTERS, TEMPLATE], ids=lambda path: path.stem)
def test_a_chapter_has_every_part(path):
    assert faults(path.read_text(encoding="utf-8"), path.name) == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("# **You need**", "# **Before**", "You need"),
        ("10 minutes of reading", "some reading", "Time"),
        ("# **Thesis**: section 3.1", "# **Thesis**: the first", r"\*\*Thesis\*\* among"),
        ("# - Compute the level", "# - Understand the level", "'Understand' is no verb"),
        ("# - Compute the level of a note in decibels from its samples.\n", "", "three to six"),
        ("# ## Try it yourself", "# ## Exercises", "What you learned, ## Next"),
        ("# ## What you learned", "# ### What you learned", "What you learned, ## Next"),
        ("(04_features.ipynb) say", "(03_nothing.ipynb) say", "what is next"),
        ("# **Thesis sections covered**", "# **Covered**", "sections covered"),
        ("# 2. Let `families`", "# Let `families`", "two things to try"),
        ("#    *(As above.)*\n", "", "what happens"),
        ("# ## By family", "# # By family", "one title"),
        ("findings.report(", "print(", "reports figures"),
    ],
)
def test_what_is_missing_is_said(old, new, what):
    text = TEMPLATE.read_text(encoding="utf-8")
    assert text.count(old) == 1
    assert re.search(what, "\n".join(faults(text.replace(old, new))))


def broken_lines(source: str) -> list[str]:
    """Lines of a paragraph that begin as a list does, and so become one on the page."""
    lines = source.split("\n")
    return [
        line
        for before, line in itertools.pairwise(lines)
        if re.match(r"(1[.)]|[-+*]) ", line) and re.match(r"[^\s\-+*|#<\d]", before)
    ]


def test_what_counts_as_a_broken_line():
    assert broken_lines("so that they lie between -1 and\n1. This is") == ["1. This is"]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_is_short_and_has_no_widget_that_holds_output(path):
    text = path.read_text(encoding="utf-8")
    prose = [c.source for c in cells(text, path.name) if c.cell_type != "code"]
    assert [line for source in prose for line in broken_lines(source)] == []
    code = [c for c in cells(text, path.name) if c.cell_type == "code"]
    typed = [cell for cell in code if "setup" not in cell.metadata.get("tags", [])]
    assert max(lines.lines(cell.source) for cell in typed) <= 25
    counted = lines.chapter(path)
    assert counted["code"] < 350
    assert counted["share (%)"] < 12
    # Executed without a reader, a cell with `Output` may never end (nbclient issue 312).
    nodes = [*ast.walk(ast.parse(text))]
    used = {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    used |= {n.id for n in nodes if isinstance(n, ast.Name)}
    used |= {a.name for n in nodes if isinstance(n, ast.ImportFrom) for a in n.names}
    assert not used & {"interact", "interactive_output", "interact_manual", "Output"}


def test_the_template_is_no_chapter_yet_and_becomes_one_that_runs(tmp_path):
    assert TEMPLATE not in sync.sources()
    assert f"book/{TEMPLATE.stem}" not in documents()
    assert TEMPLATE.stem not in [path.stem for path in execute.select([])]
    (tmp_path / "book").mkdir()
    shutil.copy(ROOT / "_config.yml", tmp_path)
    shutil.copy(TEMPLATE, tmp_path / "book/99_loud.py")
    assert sync.main([], tmp_path) == 0
    assert sync.main(["--check"], tmp_path) == 0
    (notebook,) = execute.prepare("smoke", execute.select([], tmp_path), {}, tmp_path)
    outcome = execute.run_chapter(
        notebook, tmp_path / "out/book/99_loud.ipynb", {"PROFILE": "smoke"}, ROOT / "book"
    )
    assert outcome["error"] is None


@pytest.mark.parametrize("path", sorted(ROOT.glob("book/**/*.py")), ids=lambda path: path.stem)
def test_no_line_of_prose_is_taken_for_a_comment(path):
    """MyST leaves out a line that begins with a percent sign, such as one broken before "% of"."""
    prose = [c.source for c in cells(path.read_text("utf-8"), path.name) if c.cell_type != "code"]
    assert not re.search(r"(?m)^%", "\n".join(prose))
