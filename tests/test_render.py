"""Staging and rendering: what is missing is named, and the old book stays until then."""

import re
import shutil

import nbformat
import pytest

from helpers.runs import findings
from tools.book import render
from tools.book.address import with_url
from tools.common import ROOT


@pytest.fixture
def book(tmp_path):
    """A repository with a prose page and two executed chapters, and no formulas."""
    shutil.copy(ROOT / "_config.yml", tmp_path)
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nparts:\n  - caption: A\n    chapters:\n"
        "      - file: book/01_a\n      - file: book/02_b\n"
    )
    for name in ("01_a", "02_b"):
        execute(tmp_path / f"book/{name}.ipynb", [])
        execute(tmp_path / f"_build/executed/book/{name}.ipynb", [])
    (tmp_path / "book/index.md").write_text("# Book\n\n[a](01_a.ipynb)\n")
    (tmp_path / "book/images").mkdir()
    (tmp_path / "book/images/note.png").write_bytes(b"")
    (tmp_path / "node_modules/katex").mkdir(parents=True)
    (tmp_path / "_build/html").mkdir()
    (tmp_path / "_build/html/index.html").write_text("old")
    return tmp_path


def execute(path, outputs, tags=(), code="1 / 0", more=""):
    """Write a notebook whose one code cell left `outputs`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [
        nbformat.v4.new_markdown_cell("# A" + more, id="a"),
        nbformat.v4.new_code_cell(code, outputs=outputs, metadata={"tags": list(tags)}, id=code[0]),
    ]
    metadata = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)


def test_a_book_takes_the_place_of_the_old_one_and_a_broken_one_does_not(book, capfd):
    html, executed = book / "_build/html", book / "_build/executed/book"
    (book / "book/index.md").write_text("# Book\n\n[a](03_gone.ipynb)\n")
    assert render.main([], book) == 1
    assert (html / "index.html").read_text() == "old"
    assert "03_gone" in capfd.readouterr().err

    config = book / "_config.yml"
    config.write_text(with_url(config.read_text(), "https://github.com/somebody/book"))
    (book / "book/index.md").write_text(
        "# Book\n\n[a](01_a.ipynb) [exercises](../classroom/student/01_a.ipynb)\n"
    )
    execute(book / "classroom/student/01_a.ipynb", [])
    # In chapter 1, something was changed. What is reported is of a type that no program knows, and
    # an error may be shown on purpose.
    output = nbformat.v4.new_output
    table = output("display_data", {"text/plain": "0.5"})
    others = [
        ("remove-cell", output("display_data", {findings.FIGURES: {"seed": None}})),
        ("raises-exception", output("error", ename="E", evalue="")),
        ("remove-stderr", output("stream", name="stderr", text="pid 1234")),
        ("remove-stderr", output("stream", name="stdout", text="kept")),
    ]
    for name, outputs in (("01_a", [table]), ("02_b", [])):
        path = executed / f"{name}.ipynb"
        execute(path, outputs, more="\n\nWords.\n\n## Your run\n\nChanged it?")
        notebook = nbformat.read(path, as_version=4)
        notebook.cells += [
            nbformat.v4.new_code_cell("2", outputs=[one], metadata={"tags": [tag]})
            for tag, one in others
        ]
        notebook.metadata["papermill"] = {"input_path": str(path)}
        notebook.metadata["widgets"] = {"state": str(path)}
        nbformat.write(notebook, path)
    assert render.main([], book) == 0
    assert str(html / "index.html") in capfd.readouterr().out
    assert 'href="book/index.html"' in (html / "index.html").read_text()
    assert (html / "_static/book.css").exists()
    assert not [p.name for p in (book / "_build").iterdir() if p.name.startswith(".")]
    pages = {name: (html / f"book/{name}.html").read_text() for name in ("index", "01_a", "02_b")}
    (exercises,) = re.findall(r'href="\.\./(_downloads/\w+/01_a\.ipynb)"', pages["index"])
    original = (book / "classroom/student/01_a.ipynb").read_text()
    assert (html / exercises).read_text() == original

    # Pages can be mended and reported.
    for name, source in (("index", "index.md"), ("01_a", "01_a.py")):
        links = re.findall(r'href="https://github\.com/somebody/book([^"]*)"', pages[name])
        assert links[:2] == ["", f"/edit/main/book/{source}"]
        assert links[2].startswith(f"/issues/new?title=Issue%20on%20page%20%2Fbook/{name}.html")
    colab = "https://colab.research.google.com/github/somebody/book/blob/main/book/01_a"
    assert f'href="{colab}' in pages["01_a"]

    # Your run is on the page where something was changed, and in every download.
    for name, shown in (("01_a", True), ("02_b", False)):
        assert "Words." in pages[name]
        assert ("Changed it?" in pages[name]) == ('href="#your-run"' in pages[name]) == shown
        assert "figures+json" not in pages[name]
        download = (html / f"_sources/book/{name}.ipynb").read_text()
        assert "Changed it?" in download
        assert "kept" in download
        assert str(book) not in download
        assert "pid 1234" not in download


def failing(book):
    outputs = [nbformat.v4.new_output("error", ename="ZeroDivisionError", evalue="by zero")]
    execute(book / "_build/executed/book/01_a.ipynb", outputs)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda book: shutil.rmtree(book / "_build/executed"), "--only 01_a"),
        (lambda book: (book / "book/01_a.ipynb").unlink(), "do not exist: book/01_a"),
        (lambda book: shutil.rmtree(book / "node_modules"), "python -m tools.book.assets"),
        (lambda book: (book / "_toc.yml").unlink(), "read the table of contents: "),
        (lambda book: execute(book / "book/01_a.ipynb", [], code="2"), "changed since"),
        (failing, "01_a.ipynb: ZeroDivisionError: by zero"),
    ],
    ids=["not executed", "not written", "no scripts", "no contents", "stale", "failed cell"],
)
def test_what_is_missing_is_named_and_the_old_book_stays(book, capsys, spoil, says):
    spoil(book)
    assert render.main([], book) == 1
    assert says in capsys.readouterr().err
    assert (book / "_build/html/index.html").read_text() == "old"
