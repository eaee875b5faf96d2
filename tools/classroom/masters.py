"""Read the masters of the exercises, `book/exercises/NN_name.py`, one beside each chapter.

A master is a py:percent notebook in which each exercise is a run of cells: the question (markdown,
with metadata `exercise={"name": ..., "minutes": ..., "points": ..., "objectives": [...]}`), code
that is given, if any, and then cells with the tags `solution`, `test` and `wrong`, in this order.
book/maintaining.md shows one. `tools.classroom.editions` makes the editions from it.
"""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import numpy as np

from helpers import checks
from tools.book import sync
from tools.common import ROOT, BookError

ORDER = ("question", "given", "solution", "test", "wrong")
SETTINGS = {"name": str, "minutes": int, "points": int, "objectives": list}
# The keywords of the checks that are sealed, and those that the key depends on.
KEYS = {"number": (checks.number_key, "digits"), "same": (checks.plain_key, "ordered")}


@dataclass
class Exercise:
    """One exercise: its settings and its cells by kind (see the module)."""

    name: str
    minutes: int
    points: int
    objectives: list[str]
    cells: dict[str, list[nbformat.NotebookNode]] = field(
        default_factory=lambda: {kind: [] for kind in ORDER}
    )

    @property
    def title(self) -> str:
        """The heading of the question."""
        return self.cells["question"][0].source.splitlines()[0].lstrip("# ")

    @property
    def worth(self) -> str:
        """The points in words."""
        return f"{self.points} point" + "s" * (self.points != 1)

    @property
    def open(self) -> bool:
        """Whether it is an open project, which a rubric grades beside its check."""
        return "rubric" in self.cells["question"][0].source.casefold()


@dataclass
class Master:
    """A master notebook: `parts` holds free cells and exercises as they follow each other."""

    path: Path
    parts: list[nbformat.NotebookNode | Exercise]

    @property
    def name(self) -> str:
        """Such as `04_features`, as the chapter."""
        return self.path.stem

    @property
    def exercises(self) -> list[Exercise]:
        """The exercises in their order."""
        return [part for part in self.parts if isinstance(part, Exercise)]


def masters(root: Path = ROOT) -> list[Path]:
    """Return the paths of all masters in order."""
    return sorted((root / "book/exercises").glob("[0-9][0-9]_*.py"))


def read(path: Path) -> Master:
    """Read a master; raise `BookError` where its cells do not follow each other as they should."""
    _, pairs = sync.parse(path.read_text(encoding="utf-8"), path.name)
    master = Master(path, [])
    reached = None  # how far in ORDER the exercise at hand has come
    for cell, block in pairs:
        kinds = [kind for kind in ORDER[2:] if kind in cell.metadata.get("tags", [])]
        where = f"{path.name}, cell {block.splitlines()[1][:60]!r}"
        if "exercise" in cell.metadata:
            master.parts.append(_exercise(cell, where))
            reached = "question"
        elif kinds:
            if reached is None:
                raise BookError(f"{where}: a cell with the tag {kinds[0]!r} outside an exercise")
            if ORDER.index(kinds[0]) < ORDER.index(reached):
                raise BookError(f"{where}: {kinds[0]} after {reached}: the order is {ORDER}")
            reached = kinds[0]
        elif reached in ("question", "given"):
            reached = "given"
        else:
            master.parts.append(cell)
            reached = None
        if reached:
            master.parts[-1].cells[reached].append(cell)
    for exercise in master.exercises:
        if missing := [kind for kind in ("solution", "test") if not exercise.cells[kind]]:
            raise BookError(f"{path.name}, {exercise.name}: it has no {' and no '.join(missing)}")
    if len({exercise.name for exercise in master.exercises}) < len(master.exercises):
        raise BookError(f"{path.name}: two exercises have the same name")
    return master


def _exercise(cell: nbformat.NotebookNode, where: str) -> Exercise:
    """Return an exercise without its cells, from the metadata of its question."""
    settings = dict(cell.metadata["exercise"])
    if {key: type(value) for key, value in settings.items()} != SETTINGS:
        raise BookError(
            f"{where}: exercise={settings}: it needs name (text), minutes and points (whole "
            "numbers) and objectives (a list of texts), and nothing else"
        )
    if not re.fullmatch(r"[a-z]\w*", settings["name"]):
        raise BookError(f"{where}: the name {settings['name']!r} should be small letters and _")
    if cell.cell_type != "markdown" or not cell.source.startswith("## "):
        raise BookError(f"{where}: a question is a markdown cell that begins with `## `")
    return Exercise(**settings)


def objectives(chapter: Path) -> list[str]:
    """Return the bullets under `What you will learn` of a chapter's .py."""
    text = re.sub(r"(?m)^# ?", "", chapter.read_text(encoding="utf-8"))
    section = re.search(r"(?s)\n## What you will learn\n(.*?)\n\n(?!- )", text)
    if not section:
        raise BookError(f"{chapter.name} has no bullets under `## What you will learn`")
    bullets = re.split(r"(?m)^- ", section[1])[1:]
    return [" ".join(bullet.split()) for bullet in bullets]


def objective(begins: str, bullets: list[str], where: str) -> str:
    """Return the one bullet that begins with these words, bold or not."""
    found = [bullet for bullet in bullets if re.sub(r"[*`]", "", bullet).startswith(begins)]
    if len(found) != 1:
        raise BookError(
            f"{where}: {len(found)} objectives of the chapter begin with {begins!r}: give the "
            f"first words of one of these: {bullets}"
        )
    return found[0]


def sealed(source: str, salt: str) -> str:
    """Return a test's code with every `right=` and every key of `wrong=` sealed.

    They are values or expressions of values and `np`; each is computed here, once.
    """

    def value(expression):
        code = ast.unparse(expression)
        try:
            return eval(code, {"np": np})
        except Exception as error:
            raise BookError(
                f"{salt}: {code!r} should be a value, or arithmetic on values and np: it is "
                f"computed when the student edition is made ({error})"
            ) from error

    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue):
            inside = [part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
            if any(isinstance(constant, str) for constant in inside):
                raise BookError(
                    f"{salt}: give {ast.unparse(node.value)} a name and put that into the braces: "
                    "Python 3.12 writes quotes there in a way that 3.11 cannot read"
                )
        if not (isinstance(node, ast.Call) and getattr(node.func, "id", None) in KEYS):
            continue
        key, setting = KEYS[node.func.id]
        given = {word.arg: word.value for word in node.keywords}
        settings = {name: value(given[name]) for name in given if name == setting}
        if "right" not in given:
            raise BookError(f"{salt}: {node.func.id} needs right=")
        wrong = given.get("wrong", ast.Dict([], []))
        if not isinstance(wrong, ast.Dict):
            raise BookError(f"{salt}: wrong= should be written out, {{value: hint}}")
        answers = [key(value(part), **settings) for part in (given["right"], *wrong.keys)]
        if len(set(answers)) < len(answers):
            raise BookError(f"{salt}: two of right= and wrong= are the same answer")
        right, *wrong.keys = (ast.Constant(checks.seal(answer, salt)) for answer in answers)
        for word in node.keywords:
            if word.arg == "right":
                word.value = right
    return ast.unparse(tree)
