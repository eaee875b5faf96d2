"""Pairs of .py and .ipynb, the links derived from one address, and the setup cell for Colab."""

import json
import os
import re
import subprocess
import sys

import jupytext
import nbformat
import pytest
import yaml

from tools.book import sync
from tools.book.address import PLACEHOLDER, read, with_url
from tools.common import ROOT

LESSON = """\
# %% [markdown]
# # A lesson
#
# Text with $x^2$.

# %% tags=["parameters"]
PROFILE = "quick"


# %%
def double(x):
    return 2 * x


double(PROFILE)

# %% mystnb={"image": {"alt": "nothing"}}
1 + 1
"""
CHAPTERS = sorted(ROOT.glob("book/[0-9][0-9]_*.py"))


@pytest.fixture
def book(tmp_path):
    """A repository with one chapter, as its author wrote it."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book/06_cnn.py").write_text(LESSON)
    config = (ROOT / "_config.yml").read_text()
    (tmp_path / "_config.yml").write_text(with_url(config, PLACEHOLDER))  # a fork has its own
    (tmp_path / "README.md").write_text(
        "# A\n<!-- clone -->\n<!-- /clone -->\n\n<!-- links -->\nold\n<!-- /links -->\nend\n"
    )
    (tmp_path / "CITATION.cff").write_text('title: "A"\nrepository-code: x\nurl: y\n  url: kept\n')
    return tmp_path


def cells(path):
    """Return what makes a pair a pair: type, source and metadata of each cell, by jupytext."""
    notebook = jupytext.read(path)
    if path.suffix == ".py":
        notebook = sync.collapsed(notebook)
    for cell in notebook.cells:
        for key in sync.LOOKS:
            cell.metadata.pop(key, None)
    return [(cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]


def derived(root):
    return nbformat.read(root / "book/06_cnn.ipynb", as_version=4)


def test_a_lesson_gets_its_cells_and_its_notebook(book, capsys):
    assert sync.main([], book) == 0
    assert PLACEHOLDER in capsys.readouterr().out
    notebook = derived(book)
    nbformat.validate(notebook)
    tags = [" ".join(cell.metadata.get("tags", [])) for cell in notebook.cells]
    assert tags == ["", "colab-badge remove-cell", "setup remove-cell", "parameters", "", ""]
    source = book / "book/06_cnn.py"
    assert cells(source) == cells(book / "book/06_cnn.ipynb")
    assert source.read_text().count("def double(x):\n    return 2 * x\n\n\ndouble") == 1
    assert "accelerator" not in notebook.metadata
    assert len(sync.setup_cell(read(book)).splitlines()) <= 15


def test_a_second_run_changes_nothing(book, capsys):
    sync.main([], book)
    before = {path: path.stat().st_mtime_ns for path in book.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert sync.main([], book) == 0
    assert sync.main(["--check"], book) == 0
    assert "wrote" not in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in book.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "name", ["book/06_cnn.py", "book/06_cnn.ipynb", "README.md", "CITATION.cff"]
)
def test_check_names_what_differs_and_writes_nothing(book, capsys, name):
    sync.main([], book)
    path = book / name
    text = path.read_text()
    changed = text.replace("your-account", "somebody").replace("1 + 1", "1 + 2")
    assert changed != text
    path.write_text(changed)
    capsys.readouterr()
    assert sync.main(["--check"], book) == 1
    assert f"out of step: {name}" in capsys.readouterr().out
    assert path.read_text() == changed


def test_an_edit_changes_one_id_and_equal_cells_have_their_own(book):
    path = book / "book/06_cnn.py"
    path.write_text(LESSON + "\n# %%\n1\n\n# %%\n1\n")
    sync.main([], book)
    before = [cell.id for cell in derived(book).cells]
    path.write_text(path.read_text().replace("return 2 * x", "return 3 * x"))
    sync.main([], book)
    after = [cell.id for cell in derived(book).cells]
    assert len(set(after)) == len(after)
    changed = [a != b for a, b in zip(before, after, strict=True)]
    assert changed == [False] * 4 + [True] + [False] * 3


CAPTION = 'mystnb={"figure": {"caption": "Loss of {two} *runs*. Dashed, training."}}'


@pytest.mark.parametrize(
    ("cell", "title"),
    [
        (f'# %% tags=["hide-input"] {CAPTION}\n# A comment\n1', "Loss of two runs"),
        ('# %% tags=["hide-cell"]\n# Count the `notes`. All of them.\n1', "Count the notes"),
        ('# %% tags=["hide-input"]\n1', "Code for: Deep"),
        (f'# %% tags=["remove-cell"]\n# {"long " * 30}\n1', "long " * 15 + "..."),
        (f"# %% {CAPTION}\n# A comment\n1", None),
    ],
)
def test_hidden_code_is_collapsed_under_a_title(book, cell, title):
    path = book / "book/06_cnn.py"
    path.write_text(f"{LESSON}\n# %% [markdown]\n# ## Deep\n\n{cell}\n")
    sync.main([], book)
    found = derived(book).cells[-1]
    first = found.source.splitlines()[0]
    collapsed = {"cellView": "form", "jupyter": {"source_hidden": True}}
    assert (first == f"#@title {title}") == (title is not None)
    assert (collapsed.items() <= found.metadata.items()) == (title is not None)
    assert "#@title" not in path.read_text()


def test_outputs_are_dropped_and_what_was_typed_into_a_notebook_is_kept(book, capsys):
    sync.main([], book)
    source, path = book / "book/06_cnn.py", book / "book/06_cnn.ipynb"

    def kept():
        return sorted((book / "edited").rglob("*.ipynb"))

    def type_into(cell, text):
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[cell].source = text
        nbformat.write(notebook, path)

    # A source that changed, a cell that moved or went, and outputs are no edits of the notebook.
    source.write_text(source.read_text().replace("return 2 * x", "return 3 * x"))
    assert sync.main([], book) == 0
    clean, notebook = path.read_text(), derived(book)
    moved = nbformat.from_dict(notebook | {"cells": notebook.cells[::-1][:-1]})
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="2")]
    notebook.cells[-1].execution_count = 3
    for changed in (notebook, moved):
        nbformat.write(changed, path)
        assert sync.main(["--check"], book) == 1
        assert sync.main([], book) == 0
        assert path.read_text() == clean
    assert kept() == []

    capsys.readouterr()
    type_into(-1, "1 + 41")
    assert sync.main(["--check"], book) == 1
    assert kept() == []
    assert sync.main([], book) == 0
    (copy,) = kept()
    assert "1 + 41" in copy.read_text()
    assert "1 + 41" not in path.read_text()
    assert f"kept as {copy.relative_to(book)}" in capsys.readouterr().out

    # A new cell, without an id as older programs write it; half a file; a second one on a day.
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("mine = 1"))
    del notebook.cells[-1]["id"]
    notebook.nbformat_minor = 4
    path.write_text(json.dumps(notebook))
    sync.main([], book)
    path.write_text("<<<<<<< HEAD\n" + path.read_text())
    sync.main([], book)
    assert len(kept()) == 3

    # Once it is in the source, too, there is nothing to keep.
    type_into(-1, "1 + 42")
    source.write_text(source.read_text().replace("1 + 1", "1 + 42"))
    sync.main([], book)
    assert len(kept()) == 3


def test_the_header_asks_for_a_gpu(book):
    path = book / "book/06_cnn.py"
    path.write_text("# ---\n# jupyter:\n#   accelerator: GPU\n# ---\n\n" + LESSON)
    sync.main([], book)
    metadata = derived(book).metadata
    assert (metadata.accelerator, metadata.colab.gpuType) == ("GPU", "T4")
    assert path.read_text().startswith("# ---\n# jupyter:\n#   accelerator: GPU\n# ---\n\n# %% [")


def test_another_address_goes_everywhere(book, capsys):
    url = "https://github.com/someone/fork.of-it"
    old = (book / "_config.yml").read_text()
    assert sync.main(["--repository", url + ".git"], book) == 0
    assert "placeholder" not in capsys.readouterr().out
    assert (book / "_config.yml").read_text() == old.replace(PLACEHOLDER, url)
    for name in ("README.md", "CITATION.cff", "book/06_cnn.py", "book/06_cnn.ipynb"):
        text = (book / name).read_text()
        assert "your-account" not in text
        assert "someone/fork.of-it" in text
    assert "  url: kept" in (book / "CITATION.cff").read_text()
    assert sync.main(["--check"], book) == 0


@pytest.mark.long
def test_the_first_push_to_a_fork_brings_it_in_step(book, tmp_path_factory):
    """What the workflow runs, with a `make` that derives this small book."""
    job = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text())["jobs"]["address"]
    script = job["steps"][-1]["run"]
    folder = tmp_path_factory.mktemp("fork")
    (folder / "make").write_text(
        f"""#!/bin/sh
test "$1 $2" = "classroom REPOSITORY=$ADDRESS" || exit 1
exec {sys.executable} -c "import sys; from pathlib import Path; from tools.book import sync
sys.exit(sync.main(['--repository', '$ADDRESS'], Path('.')))"
"""
    )
    (folder / "make").chmod(0o755)
    environment = os.environ | {
        "ADDRESS": "https://github.com/someone/fork",
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }

    def git(*arguments):
        identity = "-c user.name=a -c user.email=a@localhost -c commit.gpgsign=false"
        return subprocess.check_output(["git", *identity.split(), *arguments], cwd=book, text=True)

    sync.main([], book)
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "a")
    git("init", "-q", "--bare", str(folder / "origin"))
    git("remote", "add", "origin", str(folder / "origin"))
    git("push", "-q", "-u", "origin", "main")
    for _ in range(2):  # the second time there is nothing to do
        subprocess.run(["bash", "-e", "-c", script], cwd=book, env=environment, check=True)
        assert git("rev-list", "--count", "origin/main") == "2\n"
    for name in ("_config.yml", "README.md", "book/06_cnn.py", "book/06_cnn.ipynb"):
        assert "github.com/someone/fork" in git("show", f"origin/main:{name}")
    assert git("status", "--porcelain") == ""

    # Where nobody may push to the branch, the commit waits in another one.
    hook = folder / "origin/hooks/update"
    hook.write_text('#!/bin/sh\ntest "$1" != refs/heads/main\n')
    hook.chmod(0o755)
    environment["ADDRESS"] = "https://github.com/someone/else"
    said = subprocess.run(
        ["bash", "-e", "-c", script], cwd=book, env=environment, capture_output=True, text=True
    )
    assert said.returncode == 1
    assert "::error::This branch is protected" in said.stdout
    assert "github.com/someone/else" in git("show", "origin/address:book/06_cnn.ipynb")


def test_comments_of_the_configuration_stay():
    text = "a: 1 # x\nrepository:  # where\n  # this\n\n  branch: b\n  url: https://old # mine\n"
    assert with_url(text, "https://new") == text.replace("https://old", "https://new")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("book/06_cnn.py", "# %%\n1\n", "must be markdown that begins with the title"),
        ("book/06_cnn.py", "x = 1\n" + LESSON, "text before the first cell"),
        ("book/06_cnn.py", LESSON.replace('["para', "[para"), "metadata is not valid"),
        ("book/06_cnn.py", LESSON.replace("# Text with", "Text with"), "line 4"),
        ("book/06_cnn.py", LESSON + "\n# %%\n%matplotlib inline\n", "no magics"),
        ("book/06_cnn.py", "# ---\n# jupyter: [\n# ---\n\n" + LESSON, "header"),
        ("book/07_x.ipynb", "{}", "has no .py"),
        ("README.md", "<!-- links -->\n", "needs its <!-- /links -->"),
        ("_config.yml", "", "names no repository"),
        ("_config.yml", "repository: 3\n", "names no repository"),
        ("_config.yml", "repository:\n  branch: main\n", "names no repository"),
        ("_config.yml", "repository:\n  url: github.com/a/b\n", "'github.com/a/b' is not"),
    ],
)
def test_what_is_malformed_or_missing_is_named(book, capsys, name, text, says):
    (book / name).write_text(text)
    assert sync.main([], book) == 2
    message = capsys.readouterr().err
    assert name in message
    assert says in message


# The book itself.


def test_the_book_is_in_step():
    assert CHAPTERS, "book/ has no chapters"
    assert [str(path.relative_to(ROOT)) for path in sync.out_of_step(ROOT)] == []


def test_every_derived_link_is_the_configured_one_and_leads_to_a_file():
    repository = read(ROOT)
    links = 0
    notebooks = [path.with_suffix(".ipynb") for path in CHAPTERS]
    for path in [*sync.sources(ROOT), *notebooks, ROOT / "README.md"]:
        text = path.read_text(encoding="utf-8")
        for address in re.findall(r"https://colab\.research\.google\.com/github/[^)\s\"\\]+", text):
            links += 1
            prefix = repository.colab("")
            assert address.startswith(prefix), f"{path.name}: {address}"
            assert (ROOT / address.removeprefix(prefix)).is_file(), f"{path.name}: {address}"
    assert links >= 4 * len(CHAPTERS)
