"""Bring what is derived into step: `python -m tools.book.sync [--check] [--repository URL]`.

A chapter's source is its py:percent file, `book/NN_name.py`. From it and from the repository's
address in `_config.yml` this module writes

- into the `.py`: the cell with Colab's button (tag `colab-badge`, after the first cell) and the
  setup cell (tag `setup`, before the first other code cell), so that authors write lessons only;
- the `.ipynb` beside it: no outputs, cell ids that depend on content alone, Colab's metadata, and
  what the page hides collapsed in JupyterLab, VS Code and Colab as well, under a title;
- the blocks of README.md between markers (see `tools.book.links`), and CITATION.cff's addresses;
- the table of book/teaching.md that says what each chapter needs (see `tools.book.needs`).

The masters of the exercises, `book/exercises/NN_name.py`, get the two cells as well and no
notebook; their button opens the student edition, which `tools.classroom.editions` makes.

It goes one way. Of a notebook into which somebody typed a copy is kept in `edited/`, and named,
before it is overwritten; `--check` says which would be.
"""

import argparse
import ast
import hashlib
import itertools
import json
import re
import shutil
import sys
import textwrap
from collections import Counter
from datetime import datetime
from pathlib import Path

import jupytext
import nbformat

from helpers.runs.files import write_atomic
from tools import colab
from tools.book import links, needs
from tools.book.address import PLACEHOLDER, Repository, read, with_url
from tools.common import ROOT, BookError

BADGE, SETUP = "colab-badge", "setup"
EDITIONS = "classroom/student"  # what students open of the exercises
# Code that the page hides, and editors collapse.
HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
MARKER = re.compile(r"(?m)^# ?%%")
# What jupytext notes of a file's looks, and no notebook needs.
LOOKS = ("lines_to_next_cell", "lines_to_end_of_cell_marker", "cell_marker")


def sources(root: Path = ROOT) -> list[Path]:
    """Return the py:percent files of the book in order: chapters, then masters of exercises."""
    book = root / "book"
    return sorted(book.glob("[0-9][0-9]_*.py")) + sorted(book.glob("exercises/*.py"))


def badge_cell(repository: Repository, path: str) -> str:
    """Return the cell that opens the notebook at `path` in Colab.

    The book has a button of its own, and its pages load no picture from another host.
    """
    return f'# %% [markdown] tags=["{BADGE}", "remove-cell"]\n# {repository.badge(path)}\n'


def setup_cell(repository: Repository) -> str:
    """Return the cell that makes a Colab machine ready and does nothing anywhere else.

    The placeholder is not cloned: it might be somebody's.
    """
    steps = f'''
    import subprocess

    folder = "{colab.FOLDER}"
    clone = f"git clone -q --depth 1 -b {repository.branch} {repository.url} {{folder}}"
    print(subprocess.getoutput(f"test -d {{folder}} || {{clone}}"))
    sys.path.insert(0, folder)
    from tools import colab

    colab.prepare()
'''.removeprefix("\n")
    if repository.url == PLACEHOLDER:
        steps = """\
    sys.exit("This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.")
"""
    return f'''# %% tags=["{SETUP}", "remove-cell"]
# In Colab: get the book, install what the machine lacks, replace nothing. Elsewhere: do nothing.
import sys

if "google.colab" in sys.modules:
{steps}'''


def parse(text: str, name: str) -> tuple[str, list[tuple[nbformat.NotebookNode, str]]]:
    """Split a py:percent text into its header and its cells, each as jupytext reads it and as text.

    Raises `BookError`, with `name` and what to do, where the file is not what a chapter is.
    """
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise BookError(
            f"{name}, line {error.lineno}: {error.msg}. A chapter is a valid Python file: text of "
            "markdown cells is commented out, and there are no magics (%, !)"
        ) from error
    starts = [match.start() for match in MARKER.finditer(text)] + [len(text)]
    header = text[: starts[0]]
    blocks = [text[start:end] for start, end in itertools.pairwise(starts)]
    if re.sub(r"(?s)\A# ---\n.*?\n# ---\n", "", header).strip():
        raise BookError(
            f"{name}: text before the first cell: start the file with `# %% [markdown]`"
        )
    try:
        cells = jupytext.reads(text, fmt="py:percent").cells
    except Exception as error:  # whatever the parsers of YAML and of metadata raise
        raise BookError(f"{name}: jupytext cannot read its header or metadata: {error}") from error
    if header.strip() and len(cells) == len(blocks) + 1:
        raise BookError(f"{name}: the header between `# ---` must be YAML that begins `# jupyter:`")
    if len(cells) != len(blocks):
        raise BookError(
            f"{name}: {len(blocks)} lines start with `# %%`, but jupytext reads {len(cells)} "
            "cells: is there such a line inside a string?"
        )
    for cell, block in zip(cells, blocks, strict=True):
        if "incorrectly_encoded_metadata" in cell.metadata or "=" in cell.metadata.get("title", ""):
            raise BookError(
                f"{name}: {block.splitlines()[0]!r}: the metadata is not valid: write key=value "
                'with JSON values, such as tags=["parameters"]'
            )
    if not cells or cells[0].cell_type != "markdown" or not cells[0].source.startswith("# "):
        raise BookError(f"{name}: the first cell must be markdown that begins with the title, `# `")
    return header, list(zip(cells, blocks, strict=True))


def refreshed(text: str, name: str, repository: Repository, path: str) -> str:
    """Return a chapter's text with its badge and setup cells written anew, in their places."""
    header, pairs = parse(text, name)
    own = [
        (cell, block)
        for cell, block in pairs
        if not {BADGE, SETUP} & set(cell.metadata.get("tags", []))
    ]
    # One blank line before the next cell, or two, as formatters want after a function.
    blocks = [
        block.rstrip("\n") + ("\n\n" if block.endswith("\n\n\n") else "\n") for _, block in own
    ]
    code = next((i for i, (cell, _) in enumerate(own) if cell.cell_type == "code"), None)
    if code is not None:
        blocks.insert(code, setup_cell(repository))
    blocks.insert(1, badge_cell(repository, path))
    return header + "\n".join(blocks).rstrip("\n") + "\n"


def title(cell: nbformat.NotebookNode, heading: str) -> str:
    """Return a hidden cell's title: from its figure's caption, its first comment or the heading."""
    caption = cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")
    comment = re.match(r"# ?(.+)", cell.source)
    text = caption or (comment[1] if comment else f"Code for: {heading}")
    text = text.split(". ")[0].rstrip(".")
    # Colab reads options of a form from braces.
    return textwrap.shorten(re.sub(r"[`*{}]", "", text), 80, placeholder=" ...")


def collapsed(source: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a notebook whose hidden code is collapsed in JupyterLab, VS Code and Colab, too."""
    heading = ""
    for cell in source.cells:
        if cell.cell_type != "code":
            heading = (re.findall(r"(?m)^#+ (.+)$", cell.source) or [heading])[-1]
        elif HIDDEN & set(cell.metadata.get("tags", [])):
            cell.source = f"#@title {title(cell, heading)}\n{cell.source}"
            cell.metadata |= {"cellView": "form", "jupyter": {"source_hidden": True}}
    return source


def digest_of(cell: dict) -> str:
    """Return what a derived cell's id begins with: a digest of all that is derived of it."""
    text = "".join(cell["source"])
    content = "\0".join([cell["cell_type"], text, *cell["metadata"].get("tags", [])])
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def typed(old: str, new: str) -> bool:
    """Return whether a notebook holds a cell that is not derived, and the one to replace it lacks.

    An id tells what a cell held when it was derived; whoever types into it leaves the id.
    """
    try:
        known = {"".join(cell["source"]).strip() for cell in json.loads(new)["cells"]} | {""}
        return any(
            "".join(cell["source"]).strip() not in known
            and not str(cell.get("id")).startswith(digest_of(cell))
            for cell in json.loads(old)["cells"]
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return bool(old.strip())  # cut short, or with git's marks of a conflict


def keep_typed(path: Path, text: str, root: Path = ROOT) -> str | None:
    """Copy the notebook at `path` if `text` would overwrite what somebody typed; say where to."""
    if path.suffix != ".ipynb" or not path.exists():
        return None
    if not typed(path.read_text(encoding="utf-8", errors="replace"), text):
        return None
    name = path.relative_to(root)
    copy = root / "edited" / name.with_stem(f"{name.stem}-{datetime.now():%Y%m%d-%H%M%S-%f}")
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, copy)
    return f"{name} is derived, and somebody had typed into it: kept as {copy.relative_to(root)}"


def finished(source: nbformat.NotebookNode, extra: dict | None = None) -> str:
    """Return a notebook as text, with Colab's metadata and cell ids that depend on content alone.

    `source` (nbformat.NotebookNode): the notebook. Of its metadata only `accelerator` is kept.
    `extra`: what its metadata should hold beside that.
    """
    seen = Counter()
    for cell in source.cells:
        for key in LOOKS:
            cell.metadata.pop(key, None)
        digest = digest_of(cell)
        seen[digest] += 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    colab = {"provenance": []}
    metadata = {
        "colab": colab,
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
        **(extra or {}),
    }
    if accelerator := source.metadata.get("accelerator"):
        metadata["accelerator"] = accelerator
        colab["gpuType"] = "T4"
    source.metadata = nbformat.from_dict(metadata)
    source.nbformat, source.nbformat_minor = 4, 5
    nbformat.validate(source)
    return nbformat.writes(source).rstrip("\n") + "\n"


def plan(root: Path = ROOT, url: str | None = None) -> dict[Path, str]:
    """Return what every derived file should contain, by path; nothing is written.

    `url`: the repository's address, in place of the one in `_config.yml` (which is then rewritten).
    """
    repository = read(root)
    wanted = {}
    if url:
        repository = Repository(url.removesuffix("/").removesuffix(".git"), repository.branch)
        config = root / "_config.yml"
        wanted[config] = with_url(config.read_text(encoding="utf-8"), repository.url)
    chapters, rows, page = [], [], root / "book/teaching.md"
    for path in sources(root):
        name, target = path.relative_to(root).as_posix(), path.with_suffix(".ipynb")
        exercises = path.parent.name == "exercises"
        opens = f"{EDITIONS if exercises else 'book'}/{target.name}"
        text = refreshed(path.read_text(encoding="utf-8"), name, repository, opens)
        wanted[path] = text
        if not exercises:
            # The same text gives the same bytes.
            wanted[target] = finished(collapsed(jupytext.reads(text, fmt="py:percent")))
            header, pairs = parse(text, name)
            cells = [cell for cell, _ in pairs]
            chapters.append((opens, cells[0].source))
            if page.exists():
                rows.append(needs.row(path.name, cells, "accelerator: GPU" in header))
    if page.exists():
        wanted[page] = needs.filled(page.read_text(encoding="utf-8"), rows)
    return wanted | links.plan(root, repository, chapters)


def out_of_step(root: Path = ROOT, url: str | None = None) -> dict[Path, str]:
    """Return those of `plan` whose file differs, and notebooks left without a source (as "")."""
    wanted = plan(root, url)
    stale = {
        path: text
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path in sorted((root / "book").glob("[0-9][0-9]_*.ipynb")):
        if path not in wanted:
            raise BookError(
                f"{path.relative_to(root)} has no .py beside it: delete it, or convert it with "
                f"`jupytext --to py:percent {path.relative_to(root)}` and make the .py the source"
            )
    return stale


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; return its exit status (1: --check found something out of step)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, list what differs")
    parser.add_argument(
        "--repository", metavar="URL", help="write this address into _config.yml first"
    )
    options = parser.parse_args(arguments)
    try:
        stale = out_of_step(root, options.repository)
        if not options.check:
            for path, text in stale.items():
                if kept := keep_typed(path, text, root):
                    print(kept)
                write_atomic(path, text)
        repository = read(root)
    except BookError as error:
        print(f"sync: {error}", file=sys.stderr)
        return 2
    for path in stale:
        print(f"{'out of step' if options.check else 'wrote'}: {path.relative_to(root)}")
    if repository.url == PLACEHOLDER:
        print(f"repository.url in _config.yml is still the placeholder {PLACEHOLDER}")
    if options.check and stale:
        print("Run `make sync` and commit the result.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
