"""Render the book from the executed chapters: `python -m tools.book.render`.

Executed notebooks, prose pages, pictures and scripts are laid out in `_build/stage` as they lie in
the repository, jupyter-book renders them there with every warning an error, the pages are looked
over, and only then does the result take the place of `_build/html`: what stands there is always a
whole book.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

import nbformat

from helpers.commands.options import existing, folder
from helpers.runs import analysis, shipped
from tools.book import landing, lighten, status, study_page
from tools.book.address import read as read_repository
from tools.book.sync import EDITIONS
from tools.claims import page as claims
from tools.common import ROOT, BookError

EXECUTED, OUT = Path("_build/executed"), Path("_build/html")
PICTURES = {".png", ".svg", ".jpg", ".jpeg", ".webp", ".gif"}
FRONT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The book</title>
<link rel="icon" href="_static/favicon.svg">
<meta http-equiv="refresh" content="0; url={first}">
<p><a href="{first}">To the book</a></p>
</html>
"""
# A link as GitHub and Jupyter know it, to a file that no page is made of.
DOWNLOAD = re.compile(rf"\[([^]]+)\]\((\.\./{EDITIONS}/\w+\.ipynb)\)")
PAGES = Path(__file__).resolve().parent / "pages"


def documents(root: Path = ROOT) -> list[str]:
    """Return the names of the book's pages, such as `book/06_cnn`, in the order of `_toc.yml`."""
    try:
        text = (root / "_toc.yml").read_text(encoding="utf-8")
    except OSError as error:
        raise BookError(f"cannot read the table of contents: {error}") from error
    return re.findall(r"(?m)^[ -]*(?:root|file): *([\w/-]+)", text)


def originals(executed: Path, root: Path = ROOT) -> dict[str, Path]:
    """Return the file behind every page; what is missing is named in a `BookError`."""
    files, unwritten, not_run, stale = {}, [], [], []
    for name in documents(root):
        page, notebook = root / f"{name}.md", root / f"{name}.ipynb"
        if page.exists():
            files[f"{name}.md"] = page
        elif not notebook.exists():
            unwritten.append(name)
        elif not (executed / f"{name}.ipynb").exists():
            not_run.append(name)
        elif not cell_ids(notebook) <= cell_ids(executed / f"{name}.ipynb"):
            stale.append(name)
        else:
            files[f"{name}.ipynb"] = executed / f"{name}.ipynb"
    if unwritten:
        raise BookError(f"_toc.yml names pages that do not exist: {', '.join(unwritten)}")
    for names, what in [(not_run, "not executed, or failed"), (stale, "changed since executed")]:
        if names:
            chapters = " ".join(Path(name).name for name in names)
            raise BookError(
                f"{what}: {', '.join(names)}. Run `python -m tools.book.execute --only {chapters}`"
            )
    return files


def cell_ids(path: Path) -> set[str]:
    """Return the ids of a notebook's cells, which follow from their content (`tools.book.sync`)."""
    return {cell["id"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}


def failed_cells(path: Path) -> list[str]:
    """Return the errors that a notebook's outputs hold, but for cells meant to show one."""
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        if "raises-exception" in cell.metadata.get("tags", []):
            continue
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                found.append(f"{path.name}: {output.ename}: {output.evalue}")
    return found


def stage(executed: Path, folder: Path, root: Path = ROOT) -> list[str]:
    """Lay out in `folder` all that jupyter-book needs; return the names of the pages."""
    files = originals(executed, root)
    notebooks = [path for path in files.values() if path.suffix == ".ipynb"]
    if wrong := [line for path in notebooks for line in failed_cells(path)]:
        raise BookError("failed cells:\n  " + "\n  ".join(wrong))
    shutil.rmtree(folder, ignore_errors=True)
    for name, path in files.items():
        copy(path, folder / name)
        if path.suffix == ".ipynb":
            clean(folder / name)
        else:
            text = DOWNLOAD.sub(r"{download}`\1 <\2>`", path.read_text(encoding="utf-8"))
            (folder / name).write_text(text, encoding="utf-8")
    if landing.NOTES in (page := folder / "book/index.md").read_text(encoding="utf-8"):
        page.write_text(landing.fill(page.read_text(encoding="utf-8")), encoding="utf-8")
    if (page := folder / "book/status.md").exists():
        page.write_text(status.fill(page.read_text(encoding="utf-8"), executed / "status.json"))
    for name in study_page.PAGES:
        if (page := folder / name).exists():
            found = json.loads(analysis.FINDINGS.read_text(encoding="utf-8"))
            page.write_text(study_page.fill(name, page.read_text(encoding="utf-8"), found, folder))
    if (page := folder / "book/claims.md").exists():
        page.write_text(claims.fill(page.read_text(encoding="utf-8"), executed / "book", root))
    pictures = [path for path in (root / "book").rglob("*") if path.suffix in PICTURES]
    downloads = (root / EDITIONS).glob("*.ipynb")  # of the page of exercises
    for path in (root / "_config.yml", root / "_toc.yml", *pictures, *downloads):
        copy(path, folder / path.relative_to(root))
    for name in ("book.css", "book.js", "favicon.svg", "scorer.js"):
        copy(PAGES / name, folder / "assets" / name)
    copy(root / "book/images/note.png", folder / "assets/note.png")
    if not (root / "node_modules/katex").exists():
        raise BookError(f"{root / 'node_modules'}: no KaTeX: run `python -m tools.book.assets`")
    return [str(Path(name).with_suffix("")) for name in files]


def clean(path: Path) -> None:
    """Take out of an executed notebook what its page offers for download and no reader needs.

    That is papermill's diary, which names folders of the machine, hidden stderr, and the state of
    widgets, which need a kernel.
    """
    notebook = nbformat.read(path, as_version=4)
    for key in ("papermill", "widgets"):
        notebook.metadata.pop(key, None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        if "remove-stderr" in cell.metadata.get("tags", []):
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
    notebook.cells = without_your_run(notebook.cells)
    nbformat.write(notebook, path)


def without_your_run(cells: list) -> list:
    """Hide the section on a reader's own run where it has nothing to show: nothing was changed."""
    found = []
    for cell, code in zip_longest(cells, cells[1:]):
        found.append(cell)
        before, heading, text = cell.source.partition("## Your run")
        if heading and not code.outputs:
            cell.source = before.rstrip()
            hidden = nbformat.v4.new_markdown_cell(heading + text, id=f"{cell.id}-run")
            found.append(hidden)
            for each in (hidden, code):
                each.metadata["tags"] = [*each.metadata.get("tags", []), "remove-cell"]
    return [cell for cell in found if cell.source]


def copy(source: Path, target: Path) -> None:
    """Copy a file, with the folders above it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def render(folder: Path, names: list[str]) -> Path:
    """Run jupyter-book in the staged `folder`; return the folder of pages, all of them there."""
    program = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", program, "build", str(folder)]
    done = subprocess.run(
        [*command, "--path-output", str(folder), "--all", "-W", "-n", "--keep-going", "--quiet"],
        # What it prints there is where the unfinished pages lie; warnings go to stderr.
        stdout=subprocess.DEVNULL,
        # From there Sphinx takes the path of the search's scorer.
        cwd=folder,
    )
    html = folder / "_build/html"
    if done.returncode:
        raise BookError("jupyter-book found something wrong, see above; the old book stays")
    if missing := [name for name in names if not (html / f"{name}.html").is_file()]:
        raise BookError(f"jupyter-book wrote no page for {', '.join(missing)}")
    for path in shipped.MODELS.glob("*.npz"):  # for the page of chapter 13
        copy(path, html / "book/models" / path.name)
    # jupyter-book's own has neither title nor icon, and browsers then ask for an icon in vain.
    (html / "index.html").write_text(FRONT.format(first=f"{names[0]}.html"), encoding="utf-8")
    return html


def replace(new: Path, place: Path) -> None:
    """Move the folder `new` to `place`; what was there goes only once `new` is whole beside it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    near, old = place.with_name(f".{place.name}.new"), place.with_name(f".{place.name}.old")
    for debris in (near, old):
        shutil.rmtree(debris, ignore_errors=True)
    shutil.move(new, near)
    if place.exists():
        place.rename(old)
    near.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--executed", type=existing, default=EXECUTED, help=f"default {EXECUTED}")
    parser.add_argument("--out", type=folder, default=OUT, help=f"default {OUT}")
    options = parser.parse_args(arguments)
    staged, out = root / "_build/stage", root / options.out
    try:
        names = stage(root / options.executed, staged, root)
        html = render(staged, names)
        lighten.lighten(html, root / "node_modules", read_repository(root))
        replace(html, out)
    except (BookError, OSError) as error:
        print(f"render: {error}", file=sys.stderr)
        return 1
    print(f"{len(names)} pages: {(out / 'index.html').resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
