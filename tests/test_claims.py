"""The page of claims: rows point somewhere, verdicts are the chapters', and nobody else judges."""

import re

import nbformat
import pytest
import yaml
from conftest import ROOT

from helpers import datasets, evaluation, significance
from helpers.runs import findings
from helpers.significance import FAILS, HOLDS, NOT_ASKED, OPEN, VERDICTS
from tools.claims import page
from tools.common import BookError

# The numbered sections of the thesis that say something, its tables and its figures.
SECTIONS = [
    *"Abstract 1 1.1 2.1 2.2 2.3 2.4 2.5 3.1 3.2.1 3.2.2 3.2.3 3.2.4 3.2.5 3.2.6 3.3".split(),  # noqa: SIM905
    *"4.1 4.2 4.2.1 4.2.2 4.3 5.1 5.2 5.3 5.4 5.5 5.6 5.7 5.8 6".split(),  # noqa: SIM905
]
TABLES = ["Table 3.1", "Table 3.2", "Table 4.1", "Table 4.2", "Table 4.3", "Table 4.4"]
FIGURES = ["Figure 4.1", "Figure 4.2", "Figure 4.3", "Figure 4.4"]


@pytest.fixture(scope="module")
def sections():
    return page.read()


def rows(sections):
    return [row for section in sections for row in section["rows"]]


def test_every_section_table_and_figure_of_the_thesis_has_a_row(sections):
    assert [section["section"] for section in sections] == SECTIONS
    assert all(section["rows"] for section in sections)
    assert {r["item"] for r in rows(sections) if "item" in r} == {*TABLES, *FIGURES}


def test_every_row_points_to_a_heading_that_exists(sections):
    for row in rows(sections):
        assert "](" in page.link(row)  # else it raises an error that names the nearest heading


def test_too_few_instruments_to_tell_is_true():
    """The reason that the rows about single families give."""
    train, test = (datasets.load("nsynth-mini", split) for split in ("train", "test"))
    fresh = test.table[~test.table["note"].isin(evaluation.leaked(train, test))]
    most = [t.groupby("family")["instrument"].nunique().max() for t in (train.table, fresh)]
    assert max(most) == 5
    five, six = (significance.wilcoxon(range(1, n + 1), [0] * n) for n in (5, 6))
    assert five >= 0.05 > six


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"finding": "x"}, r"missing \['shown'\]"),
        ({"shown": ["06_cnn", "x"]}, "either `finding` or `judged`"),
        ({"shown": ["06_cnn", "x"], "finding": "x", "judged": HOLDS}, "either `finding`"),
        ({"shown": ["06_cnn", "x"], "judged": "reproduced", "why": "y"}, "is one of holds here"),
        ({"shown": ["06_cnn", "x"], "judged": HOLDS}, "with a `why`"),
        ({"shown": ["06_cnn", "x"], "finding": "x", "because": "y"}, "unknown .'because'"),
    ],
)
def test_a_malformed_row_is_refused(tmp_path, row, message):
    path = tmp_path / "claims.yml"
    path.write_text(yaml.safe_dump([{"section": "1", "rows": [{"says": "that", **row}]}]))
    with pytest.raises(BookError, match=message):
        page.read(path)


def test_a_row_that_points_to_nothing_is_named_with_what_is_near(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book/06_cnn.py").write_text('# %% [markdown]\n# ## Why "same"?\n# ### `Dense`\n')
    row = {"says": "that", "shown": ["06_cnn", "Dense"]}
    assert page.link(row, tmp_path) == "[6: Dense](06_cnn.ipynb#dense)"
    with pytest.raises(BookError, match="06_cnn has no heading 'Why'; the nearest is .*Why"):
        page.link(row | {"shown": ["06_cnn", "Why"]}, tmp_path)
    with pytest.raises(BookError, match="11_lost: no such chapter"):
        page.link(row | {"shown": ["11_lost", "Why"]}, tmp_path)


def chapter(folder, name, figures):
    """An executed chapter that reported these figures."""
    data = {findings.FIGURES: {"seed": None, "figures": figures}}
    output = nbformat.v4.new_output("display_data", data=data)
    cell = nbformat.v4.new_code_cell("", outputs=[output])
    folder.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / f"{name}.ipynb")
    return folder


@pytest.fixture
def executed(tmp_path, sections):
    """One chapter that reports all findings; every other one cannot be told."""
    names = sorted({name for row in rows(sections) for name in row["finding"]})
    figures = {}
    for n, name in enumerate(names):
        figures |= {f"verdict/{name}": (HOLDS, OPEN)[n % 2], f"here/{name}": f"+{n}.00"}
    figures[f"p/{names[1]}"] = 0.25
    return chapter(tmp_path / "book", "12_why", {"accuracy/all": 0.5, **figures})


def test_verdicts_are_those_of_the_chapters(executed, sections):
    text = page.fill((ROOT / "book/claims.md").read_text(encoding="utf-8"), executed)
    found = page.reported(executed)
    assert "<!--" not in text
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    for row in rows(sections):
        (line,) = (i for i in lines if row["says"] in i and page.link(row) in i)
        for name in row["finding"]:
            finding = found[name]
            assert f"[{finding.verdict}](12_why.ipynb)" in line
            assert f"*{name}*: {finding.here}" in line
        assert row.get("why", "") in line
        assert "judged" not in row or f"| {row['judged']} |" in line
    assert "(p = 0.25)" in text
    counted = re.findall(r"(?m)^\| ([a-z ]+) \| (\d+) \| (\d+) \|$", text)
    assert [word for word, *_ in counted] == list(VERDICTS)
    assert sum(int(tested) for _, tested, _ in counted) == len(found)
    assert sum(int(read) for *_, read in counted) == sum("judged" in r for r in rows(sections))
    assert dict((word, int(tested)) for word, tested, _ in counted)[FAILS] == 0


def test_a_finding_that_no_chapter_reports_is_named(tmp_path):
    empty = chapter(tmp_path / "book", "11_x", {"accuracy/all": 0.5})
    with pytest.raises(BookError, match="no executed chapter reports a verdict on"):
        page.fill(f"{page.CLAIMS}{page.COUNTS}", empty)
    with pytest.raises(BookError, match=re.escape(page.COUNTS)):
        page.fill(page.CLAIMS, empty)


def test_a_verdict_without_a_row_is_named(executed):
    chapter(executed, "13_more", {"verdict/a new claim": NOT_ASKED})
    with pytest.raises(BookError, match=r"13_more judges 'a new claim'.*claims\.yml"):
        page.fill(f"{page.CLAIMS}{page.COUNTS}", executed)


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ({"verdict/it": "reproduced"}, "the verdict on 'it' is 'reproduced'"),
        ({"verdict/that": FAILS}, "10_x and 11_x both judge 'that'"),
    ],
)
def test_no_claim_has_two_judges_or_another_word(tmp_path, figures, message):
    chapter(tmp_path / "book", "10_x", {"verdict/that": HOLDS})
    folder = chapter(tmp_path / "book", "11_x", figures)
    with pytest.raises(BookError, match=message):
        page.reported(folder)


# Words of a verdict that a person types would be a second judge. "Cannot be told apart" is none.
TYPED = re.compile(rf"{HOLDS}|{FAILS}|{OPEN}(?! apart| from)", re.IGNORECASE)
RULES = {
    "claims.md": "says what the words mean",
    "12_why.py": "states the rule",
    "plan.md": "fixes the words of another study",
    "teaching.md": "grades what students conclude",
}


def test_no_page_types_a_verdict():
    pages = [*ROOT.glob("book/*.md"), *ROOT.glob("book/[0-9][0-9]_*.py"), ROOT / "README.md"]
    assert len(pages) > 20
    found = {}
    for path in pages:
        # The answer's word is the study's: tests/test_answer.py.
        text = re.sub(r"(?m)^> .*$", "", path.read_text(encoding="utf-8"))
        lines = re.sub(r"\n#?\s*", " ", text)
        lines = re.sub(r"<summary>.*?</summary>", "", lines)  # choices of a question
        if words := TYPED.findall(lines.replace("**", "")):
            found[path.name] = words
    assert set(found) <= set(RULES)
    # The rule of chapter 12 names each word of a test and of a count once, and no claim.
    assert len(found["12_why.py"]) == 5
