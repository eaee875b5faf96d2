"""Editions of the exercises: `python -m tools.classroom.editions [--only 05_features] [--check]`.

From each master, `book/exercises/NN_name.py`, otter-grader's `assign` makes

- `classroom/student/NN_name.ipynb`, the student edition: stubs in place of solutions, seals in
  place of right answers, the checks in its metadata. It is committed, for Colab to open it;
- `_build/classroom/solutions/NN_name.ipynb`, the same with solutions;
- `_build/classroom/autograder/NN_name.zip`, for `otter run` and what builds on it.

Answers that somebody typed into `classroom/student` are kept in `edited/`, and named.
`book/exercises.md` gets the table of objectives and exercises. `--check` compares what is committed
with what would be made; `--run` has otter execute the solutions and grade them by the autograder.
"""

import argparse
import io
import logging
import re
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

import nbformat

from helpers.runs.files import write_atomic
from tools.book import sync
from tools.book.address import Repository
from tools.book.address import read as repository_of
from tools.classroom.masters import Exercise, Master, masters, objective, objectives, read
from tools.classroom.masters import sealed as seal_test
from tools.common import ROOT, BookError

BUILD = Path("_build/classroom")
ASSIGNMENT = """# ASSIGNMENT CONFIG
init_cell: false
export_cell: false
check_all_cell: false
"""
START = 'from helpers import checks\n\ngrader = checks.Grader("{name}")'
HOW = """\
**How it works.** Put your answer where a cell says `...`, run the cell, and run the check below it,
as often as you like: it says what is wrong and where to look. Open the hint when you are stuck, not
before. A function of yours may use what the notebook imports and defines above it. To hand in, run
all cells from the top, and send this notebook as a file (in Colab: File, Download, then .ipynb).
"""
PAGE = """# The exercises

Every chapter has a notebook of exercises, from a five-minute check to an open project. Each answer
is checked in the notebook at once: the check says what is wrong and where to look. Open a notebook
in Colab, or download it and open it where the book is installed. All lie in `{editions}`. The
[repository]({url}) holds the solutions too, in `book/exercises`: look when you have tried.

## By chapter

{notebooks}

## What they test

Each chapter begins with what you will learn. Here is what of it every exercise tests.

{chapters}
"""


def info(exercise: Exercise, bullets: list[str]) -> str:
    """Return the line under a question's heading."""
    goals = " / ".join(objective(goal, bullets, exercise.name) for goal in exercise.objectives)
    kind = " for the check, a rubric for the rest" * exercise.open
    return f"*{exercise.minutes} minutes, {exercise.worth}{kind}. Tests: {goals.rstrip('.')}.*"


def for_otter(master: Master, bullets: list[str]) -> nbformat.NotebookNode:
    """Return the master as otter wants it: blocks between raw cells, tests sealed, wrongs gone."""
    raw, new = nbformat.v4.new_raw_cell, nbformat.v4.new_code_cell
    markdown = nbformat.v4.new_markdown_cell
    cells = [raw(ASSIGNMENT)]
    for part in master.parts:
        if isinstance(part, Exercise):
            title, rest = part.cells["question"][0].source.split("\n", 1)
            salt = f"{master.name}/{part.name}"
            cells += [
                raw(f"# BEGIN QUESTION\nname: {part.name}\npoints: {part.points}"),
                markdown(f"{title}\n\n{info(part, bullets)}\n{rest}"),
                *part.cells["given"],
                raw("# BEGIN SOLUTION"),
                *part.cells["solution"],
                raw("# END SOLUTION"),
                raw("# BEGIN TESTS"),
                *(new(seal_test(cell.source, salt)) for cell in part.cells["test"]),
                raw("# END TESTS"),
                raw("# END QUESTION"),
            ]
            continue
        cells.append(part)
        tags = part.metadata.get("tags", [])
        if sync.BADGE in tags:
            cells.append(markdown(HOW.strip()))
        if sync.SETUP in tags:
            cells.append(new(START.format(name=master.name)))
    if not any(sync.SETUP in cell.metadata.get("tags", []) for cell in cells):
        raise BookError(f"{master.path.name} has no setup cell yet: run `make sync` first")
    for cell in cells:
        tags = [tag for tag in cell.metadata.pop("tags", []) if tag != "solution"]
        if tags:
            cell.metadata["tags"] = tags
    source = nbformat.v4.new_notebook(cells=cells)
    return nbformat.reads(sync.finished(source), as_version=4)


def editions(master: Master, root: Path = ROOT, run: bool = False) -> dict[str, str | bytes]:
    """Return the `student` and `solutions` editions (text of notebooks) and the `autograder`.

    With `run`, otter grades the solutions by the autograder; less than all points is an error.
    """
    # Its modules take seconds to load.
    from otter.assign import main as assign

    bullets = objectives(root / f"book/{master.name}.py")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        path = folder / f"{master.name}.ipynb"
        nbformat.write(for_otter(master, bullets), path)
        with redirect_stdout(io.StringIO()):
            try:
                assign(str(path), str(folder / "made"), no_pdfs=True, no_run_tests=not run)
            except RuntimeError as error:
                raise BookError(f"{path.name}: {error}") from error
        made = {}
        for edition, where in [("student", "student"), ("solutions", "autograder")]:
            notebook = nbformat.read(folder / "made" / where / path.name, as_version=4)
            for cell in notebook.cells:
                # From its new place. And what is given may be tinkered with: otter locks it.
                cell.source = cell.source.replace("](../", "](../../book/")
                if cell.cell_type == "code" and not cell.source.startswith("grader."):
                    cell.metadata.pop("editable", None)
                    cell.metadata.pop("deletable", None)
            made[edition] = sync.finished(notebook, {"otter": notebook.metadata["otter"]})
        (archive,) = (folder / "made/autograder").glob("*.zip")
        return made | {"autograder": archive.read_bytes()}


def page(repository: Repository, every: list[Master], root: Path = ROOT) -> str:
    """Return `book/exercises.md`: the notebooks, and the table objective -> exercise."""
    notebooks, chapters = [], []
    for master in every:
        chapter = root / f"book/{master.name}.py"
        title = re.search(r"(?m)^# # (.+)", chapter.read_text(encoding="utf-8"))[1]
        path = f"{sync.EDITIONS}/{master.name}.ipynb"
        student = f"{repository.url}/blob/{repository.branch}/{path}"
        notebooks += [
            f"### [{title}]({master.name}.ipynb)", "",
            f"[Download the notebook](../{path}) · "
            f"[open in Colab]({repository.colab(path)}) · [see it]({student})", "",
            *(f"- {e.title} ({e.minutes} min, {e.worth})" for e in master.exercises), "",
        ]  # fmt: skip
        bullets = objectives(chapter)
        tested = {bullet: [] for bullet in bullets}
        for exercise in master.exercises:
            for begins in exercise.objectives:
                found = objective(begins, bullets, master.name)
                tested[found].append(f"{exercise.title} ({exercise.minutes} min)")
        chapters += [
            f"### {title.partition(':')[0]}: objectives", "",
            "| you will learn to | exercises |", "|---|---|",
            *(f"| {bullet} | {'; '.join(by) or 'none'} |" for bullet, by in tested.items()), "",
        ]  # fmt: skip
    return PAGE.format(
        editions=sync.EDITIONS,
        url=repository.url,
        notebooks="\n".join(notebooks).rstrip("\n"),
        chapters="\n".join(chapters).rstrip("\n"),
    )


def wrong(executed: Path) -> list[str]:
    """Return what the checks of an executed edition say that do not pass."""
    answers = {}
    for cell in nbformat.read(executed, as_version=4).cells:
        if cell.cell_type == "code" and cell.source.startswith("grader.check("):
            said = "".join(out.get("data", {}).get("text/plain", "") for out in cell.outputs)
            answers[re.search(r'"(\w+)"', cell.source)[1]] = said
    return [said or name for name, said in answers.items() if said != f"{name}: right."]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; return its exit status (1: out of step)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="such as 04_features; leaves the page"
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true", help="write nothing, list what differs")
    either.add_argument("--run", action="store_true", help="execute and grade the solutions")
    options = parser.parse_args(arguments)
    logging.getLogger("otter").setLevel(logging.WARNING)
    stale = []
    try:
        paths = {path.stem: path for path in masters(root)}
        if unknown := set(options.only or []) - set(paths):
            raise BookError(f"no master {', '.join(sorted(unknown))} in book/exercises")
        every = [read(paths[name]) for name in options.only or paths]
        wanted = {}
        if not options.only:
            wanted[root / "book/exercises.md"] = page(repository_of(root), every, root)
        for master in every:
            made = editions(master, root, options.run)
            wanted[root / sync.EDITIONS / f"{master.name}.ipynb"] = made["student"]
            if not options.check:
                write_atomic(root / BUILD / f"solutions/{master.name}.ipynb", made["solutions"])
                archive = root / BUILD / f"autograder/{master.name}.zip"
                archive.parent.mkdir(parents=True, exist_ok=True)
                archive.write_bytes(made["autograder"])
        for path, text in wanted.items():
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(path.relative_to(root))
                if not options.check:
                    if kept := sync.keep_typed(path, text, root):
                        print(kept)
                    write_atomic(path, text)
    except BookError as error:
        print(f"classroom: {error}", file=sys.stderr)
        return 2
    for path in stale:
        print(f"{'out of step' if options.check else 'wrote'}: {path}")
    if options.check and stale:
        print("Run `make classroom` and commit the result.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
