"""The status page is filled from what was measured, and says what is missing."""

import json

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


@pytest.fixture
def status_file(tmp_path):
    def write(entries):
        path = tmp_path / "status.json"
        path.write_text(entries if isinstance(entries, str) else json.dumps(entries))
        return path

    return write


def page():
    return (ROOT / "book/status.md").read_text()


def test_every_chapter_has_a_row_and_what_all_share_is_said_once(status_file, tmp_path):
    entries = {"06_cnn": ENTRY, "07_lstm": ENTRY | {"seconds": 58.8, "backend": "jax"}}
    text = status.fill(page(), status_file(entries), tmp_path / "none")
    assert "- profile: quick" in text
    assert "- all chapters together: 2.0 minutes" in text
    rows = [line for line in text.splitlines() if line.startswith("| [")]
    assert [row.split("|")[1].strip() for row in rows] == [
        "[](06_cnn.ipynb)",
        "[](07_lstm.ipynb)",
    ]
    assert "jax" in rows[1]
    assert "keras 3.15.1" in text
    assert "There are none." in text
    assert "<!--" not in text


def test_recorded_runs_are_counted(status_file):
    text = status.fill(page(), status_file({"06_cnn": ENTRY}))
    shipped = records.read_all(records.SHIPPED)
    table, studied = text.split("## The recorded runs")[1].split("## The study")
    cells = [line.split("|") for line in table.splitlines() if line.startswith(("| CNN", "| LSTM"))]
    assert sum(int(row[-3]) for row in cells) == len(shipped) > 0
    kept = [d.infos for row in study.rows() for d in analysis.deals(row)]
    cells = [line.split("|") for line in studied.splitlines() if " cores " in line]
    assert sum(int(row[-3]) for row in cells) == sum(map(len, kept)) > 900
    assert f"keras {shipped[0].info['versions']['keras']}" in table


@pytest.mark.parametrize("wrong", ["{", '{"06_cnn": {}}', "[1]"])
def test_an_unreadable_status_is_named(status_file, wrong):
    with pytest.raises(BookError, match=r"status\.json.*tools.book.execute"):
        status.fill(page(), status_file(wrong))


def test_a_page_without_its_marker_is_refused(status_file):
    with pytest.raises(BookError, match="the chapters"):
        status.fill("# Status\n", status_file({}))
