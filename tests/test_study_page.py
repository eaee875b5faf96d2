"""The study's page shows the findings that are in the repository, and they are the records'."""

import json

import pytest

from helpers.runs import analysis
from tools.book import study_page
from tools.common import ROOT, BookError

STUDY = "book/study.md"
PAGE = (ROOT / STUDY).read_text()
FOUND = json.loads(analysis.FINDINGS.read_text())


def test_findings_are_those_of_the_records():
    assert json.loads(json.dumps(analysis.findings())) == FOUND, "run instruments study --findings"


def test_the_page_shows_every_comparison_and_every_row_that_has_begun(tmp_path):
    text = study_page.fill(STUDY, PAGE, FOUND, tmp_path)
    for one in FOUND["comparisons"].values():
        assert f"| {one['rows']} " in text
        assert one["verdict"] in text
    for name, one in analysis.begun(FOUND).items():
        assert f"| {name} " in text
        assert f"| {analysis.NAMES[name]} " in text
        assert f"{one['unseen']['mean']:.1f}" in text
    assert "<!-- the" not in text
    assert (tmp_path / study_page.PICTURE).stat().st_size > 10_000


def test_what_is_not_begun_is_said(tmp_path):
    found = FOUND | {"rows": {name: one | {"deals": 0} for name, one in FOUND["rows"].items()}}
    assert "No row has begun." in study_page.fill(STUDY, PAGE, found, tmp_path)


def test_findings_of_another_plan_are_refused(tmp_path):
    with pytest.raises(BookError, match="of another plan"):
        study_page.fill(STUDY, PAGE, FOUND | {"plan": "0"}, tmp_path)
    with pytest.raises(BookError, match="the rows"):
        study_page.fill(STUDY, PAGE.replace(study_page.ROWS, ""), FOUND, tmp_path)


def test_the_answer_has_the_figure_and_wide_test_once_it_is_asked(tmp_path):
    unasked = {name: one for name, one in FOUND["rows"].items() if not name.startswith("W-")}
    asked = {"system": "cnn", "deals": 10, "planned": 10, "wide-test": {"mean": 43.2}}
    found = [FOUND | {"rows": unasked}, FOUND | {"rows": unasked | {"W-A1": asked}}]
    assert [analysis.wide(one) for one in found] == [{}, {"A1": 43.2}]
    pictures = []
    for now in found:
        text = (ROOT / "book/answer.md").read_text()
        assert "](images/study.png)" in study_page.fill("book/answer.md", text, now, tmp_path)
        pictures.append((tmp_path / study_page.PICTURE).read_bytes())
    assert pictures[0] != pictures[1]
