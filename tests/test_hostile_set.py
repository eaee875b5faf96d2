"""A set whose path, listing and file names hold markup: none of it reaches a page as such."""

import json

import nbformat
import pytest
from conftest import ROOT, listing

from helpers import datasets
from tools.book import execute

# What a browser would run, and what would end a quoted attribute.
MARK = "<img src=x onerror=alert(1)>\"'&"
CHAPTERS = sorted((ROOT / "book").glob("[0-9][0-9]_*.ipynb"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A set large enough for smoke, with markup wherever a set may hold any text."""
    path = tmp_path_factory.mktemp("hostile") / MARK
    for split, per_family in (("train", 10), ("test", 2)):
        notes = datasets.load("nsynth-mini", split)
        # Four instruments a family, as far as there are as many.
        turn = notes.table.groupby("instrument").cumcount()
        rows = turn.sort_values(kind="stable").groupby(notes.table["family"]).head(per_family).index
        notes = notes.select(rows.sort_values().to_numpy())
        audio = path / f"nsynth-{split}" / "audio"
        audio.mkdir(parents=True)
        for i, name in enumerate(notes.table["note"]):
            (audio / f"{name}.flac").write_bytes(notes.read_bytes(i))
        (audio / f"{MARK}.txt").write_text(MARK)
        fields = json.loads(listing(notes.table["note"]))
        for note in fields.values():
            note.update({"note_str": MARK, "qualities_str": [MARK], MARK: MARK})
        (audio.parent / "examples.json").write_text(json.dumps(fields))
    return path


def pages(value):
    """Every text that a browser takes for markup, in an output or a widget's state."""
    if isinstance(value, dict):
        for key, inside in value.items():
            if key in ("text/html", "text/markdown", "image/svg+xml", "value", "description"):
                yield "".join(inside) if isinstance(inside, (list, str)) else ""
            yield from pages(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from pages(inside)


@pytest.mark.long
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_no_markup_of_a_set_reaches_a_page(chapter, hostile, tmp_path):
    given = {"DATA": str(hostile), "RUNS": str(tmp_path / "runs")}
    for name in given.keys() - execute.papermill.inspect_notebook(str(chapter)).keys():
        del given[name]
    (values,) = execute.prepare("smoke", [chapter], given).values()
    outcome = execute.run_chapter(chapter, tmp_path / "book" / chapter.name, values)
    assert outcome["error"] is None
    notebook = nbformat.read(outcome["notebook"], as_version=4)
    outputs = [cell.get("outputs", []) for cell in notebook.cells if cell.cell_type == "code"]
    found = [text for text in pages([outputs, dict(notebook.metadata)]) if "<img src=x" in text]
    assert not found


def test_markup_has_one_way_to_a_page():
    sources = [*(ROOT / "helpers").rglob("*.py"), *(ROOT / "book").glob("[0-9]*.py")]
    raw = {"HTML(", "SVG(", "Javascript(", "_repr_html_", "IFrame("}
    holding = {
        path.relative_to(ROOT).as_posix()
        for path in sources
        if any(word in path.read_text(encoding="utf-8") for word in raw)
    }
    assert holding <= {"helpers/listening.py", "helpers/checks.py", "helpers/runs/interactive.py"}
