"""The status page is filled from what was measured, and says what is missing."""

import json
import re

import pytest

from helpers.runs import analysis, records, study
from tools.book import status
from tools.common import ROOT, BookError

ENTRY = {
    "profile": "quick",
    "seconds": 61.2,
    "backend": "tensorflow",
    "device": "a processor, 2 cores",
    "finished": "2024-01-30 12:00",
    "versions": {"python": "3.11.7", "keras": "3.15.1", "jax": None},
    "error": None,
}


PAGE = (ROOT / "book/status.md").read_text()


@pytest.fixture
def status_file(tmp_path):
    def write(entries):
        path = tmp_path / "status.json"
        path.write_text(entries if isinstance(entries, str) else json.dumps(entries))
        return path

    return write


def rows_of(text, mark):
    return [line.split("|") for line in text.splitlines() if re.match(mark, line)]


def test_chapters_runs_and_trainings_are_counted(status_file, monkeypatch):
    some = dict([*study.rows().items()][::10])  # to read all takes seconds
    monkeypatch.setattr(study, "rows", lambda: some)
    entries = {"06_cnn": ENTRY, "07_lstm": ENTRY | {"seconds": 58.8, "backend": "jax"}}
    text = status.fill(PAGE, status_file(entries))
    assert "<!--" not in text
    # What all chapters share is said once.
    assert "- profile: quick" in text
    assert "- all chapters together: 2.0 minutes" in text
    assert "keras 3.15.1" in text
    chapters = rows_of(text, r"\| \[")
    assert [row[1].strip() for row in chapters] == ["[](06_cnn.ipynb)", "[](07_lstm.ipynb)"]
    assert "jax" in "".join(chapters[1])
    recorded, studied = text.split("## The recorded runs")[1].split("## The study")
    shipped = records.read_all(records.SHIPPED)
    counts = [int(row[-3]) for row in rows_of(recorded, r"\| (CNN|LSTM)")]
    assert sum(counts) == len(shipped) > 0
    assert f"keras {shipped[0].info['versions']['keras']}" in recorded
    kept = [deal.infos for row in some for deal in analysis.deals(row)]
    counts = [int(row[-3]) for row in rows_of(studied, ".* cores ")]
    assert sum(counts) == sum(map(len, kept)) > 90
    assert status.recorded([]) == "There are none."


@pytest.mark.parametrize("wrong", ["{", '{"06_cnn": {}}', "[1]"])
def test_an_unreadable_status_is_named(status_file, wrong):
    with pytest.raises(BookError, match=r"status\.json.*tools.book.execute"):
        status.fill(PAGE, status_file(wrong))


def test_a_page_without_its_marker_is_refused(status_file):
    with pytest.raises(BookError, match="the chapters"):
        status.fill("# Status\n", status_file({}))
