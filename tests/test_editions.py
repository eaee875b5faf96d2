"""Every exercise of every master: the stub fails, the solution passes, wrong answers get hints.

The masters are run here, cell by cell, without a kernel. What is checked is the student edition's
own check, in a namespace that holds the answers and nothing else.

The variable MASTERS limits this to some of them, such as "04_features 05_folds".
"""

import ast
import json
import math
import os
import re
from functools import cache

import numpy as np
import pytest

from helpers import checks
from tools.book import sync
from tools.book.address import read as read_repository
from tools.classroom import editions
from tools.classroom.masters import KEYS, masters, objective, objectives, read, sealed
from tools.common import ROOT, BookError

os.environ["MPLBACKEND"] = "Agg"
ONLY = os.environ.get("MASTERS", "").split()
MASTERS = {path.stem: read(path) for path in masters(ROOT) if path.stem in ONLY or not ONLY}
each_master = pytest.mark.parametrize("name", MASTERS)
each_exercise = pytest.mark.parametrize(
    ("name", "exercise"),
    [(master.name, exercise) for master in MASTERS.values() for exercise in master.exercises],
    ids=lambda part: getattr(part, "name", part),
)
checks.seal = cache(checks.seal)  # slow on purpose, and asked for the same again and again


def edition(name):
    return ROOT / "classroom/student" / f"{name}.ipynb"


@cache
def stubs(name):
    """Return the code of the answer cells of a student edition by exercise, and its questions."""
    found, code, texts, text = {}, [], {}, ""
    for cell in json.loads(edition(name).read_text())["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            text = source
        if "otter_answer_cell" in cell["metadata"].get("tags", []):
            code.append(source)
        if match := re.match(r'grader\.check\("(\w+)"\)', source):
            found[match[1]], texts[match[1]], code = "\n".join(code), text, []
    return found, texts


@cache
def played(name):
    """Run a master from top to bottom; return (exercise, what) -> message of its check."""
    master, tests, (answers, _) = MASTERS[name], checks.tests(edition(name)), stubs(name)
    space, said = {"__asked_": "exercises"}, {}

    def run(space, *sources):
        for source in sources:
            exec(compile(source, f"{name}.py", "exec"), space)
        return space

    def code(cells):
        return [cell.source for cell in cells if cell.cell_type == "code"]

    def verdict(exercise, space):
        names = {name: space[name] for name in checks.bound(answers[exercise]) if name in space}
        failures = (checks.failure(case, names) for case in tests[exercise]["cases"])
        return next(filter(None, failures), None)

    for part in master.parts:
        if part not in master.exercises:
            run(space, *code([part]))
            continue
        asked, cells = part.name, part.cells
        run(space, *code(cells["given"]))
        said[asked, "stub"] = verdict(asked, run(dict(space), answers[asked]))
        said[asked, "solution"] = verdict(asked, run(space, *code(cells["solution"])))
        for wrong in code(cells["wrong"]):
            said[asked, wrong] = verdict(asked, run(dict(space), wrong))
    for part in master.exercises:  # as a grader asks, when all cells have run
        said[part.name, "end"] = verdict(part.name, space)
    return said


def right_values(exercise):
    """Return the right answers that a master states in the clear."""
    for cell in exercise.cells["test"]:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) in KEYS:
                (right,) = (word.value for word in node.keywords if word.arg == "right")
                yield eval(ast.unparse(right), {"np": np})


@each_exercise
def test_a_check_tells_right_from_wrong(name, exercise):
    said, hints = played(name), set()
    assert checks.bound(stubs(name)[0][exercise.name]), "the student edition asks for no answer"
    assert said[exercise.name, "stub"]
    assert said[exercise.name, "solution"] is None
    assert said[exercise.name, "end"] is None, "a later cell binds an answer's name again"
    for cell in exercise.cells["wrong"]:
        says = re.match(r"# says: (.+)", cell.source)
        assert says, "a wrong answer begins with `# says: words of its hint`"
        message = said[exercise.name, cell.source]
        assert message, f"passes: {cell.source}"
        assert says[1] in message
        hints.add(message)
    assert len(hints) >= 2, "give two wrong answers or more, with different hints"


VALUES = (0, 1, -1, 2, 3, 5, 10, 100, 0.5, 0.1, 1.5, True, "", "a", [], {}, set(), [0], [1], [0, 1],
          (1, 2), {"a": 1}, np.zeros(5), np.ones(5), np.arange(10.0), np.zeros((2, 2)), math.nan,
          None, ...)  # fmt: skip
FUNCTIONS = (
    lambda *a: a, lambda *a: a[0], lambda *a: a[-1], lambda *a: len(a[0]), lambda *a: sum(a[0]),
    lambda *a: max(a[0]), lambda *a: np.mean(a[0]), lambda *a: np.abs(a[0]), lambda *a: a[0][::-1],
    lambda *a: sorted(a[0]), lambda *a: set(a[0]), lambda *a: list(range(len(a[0]))),
    lambda *a: np.zeros_like(a[0]), lambda *a: np.ones_like(a[0]), lambda *a: np.zeros(len(a[0])),
    *((lambda *_, value=value: value) for value in VALUES),
)  # fmt: skip
# An open project: to take the signs away is a question that one may ask.
SPARED = {("07_lstm", "project"): FUNCTIONS[7]}


@pytest.mark.long
@each_exercise
def test_what_is_answered_without_a_thought_gets_no_point(name, exercise):
    names = checks.bound(stubs(name)[0][exercise.name])
    right = [value for value in right_values(exercise) if np.isscalar(value)]
    spared = SPARED.get((name, exercise.name), NotImplemented)
    for case in checks.tests(edition(name))[exercise.name]["cases"]:
        for answer in (*VALUES, *FUNCTIONS):
            if not (np.isscalar(answer) and answer in right) and answer is not spared:
                assert checks.failure(case, dict.fromkeys(names, answer)), (answer, case)


@each_exercise
def test_the_answer_cannot_be_read_from_the_student_edition(name, exercise):
    stub, question = (found[exercise.name] for found in stubs(name))
    assert "<summary>Hint</summary>" in question
    shown = "\n".join([stub, question, *checks.tests(edition(name))[exercise.name]["cases"]])
    assert not re.search(r"SOLUTION|# says:", shown)
    for right in right_values(exercise):
        written = {f"{right:,}", f"{right:g}"} if isinstance(right, int | float) else set()
        for text in {str(right), *written}:
            # A number below ten stands in any text.
            if len(text) > 1:
                said = re.search(rf"(?<![\w.:/]){re.escape(text)}(?![\w.,]*\d)", shown)
                assert not said, f"the right answer {text} stands in the student edition"


@each_master
def test_exercises_name_objectives_and_every_objective_is_tested(name):
    bullets = objectives(ROOT / f"book/{name}.py")
    every = MASTERS[name].exercises
    tested = {objective(o, bullets, name) for e in every for o in e.objectives}
    assert tested == set(bullets), f"not tested: {set(bullets) - tested}"
    assert len(every) >= 4
    assert min(e.minutes for e in every) <= 5
    assert [e.open for e in every] == [False] * (len(every) - 1) + [True]


@each_master
def test_a_student_edition_finds_its_checks_and_links(name):
    cells = json.loads(edition(name).read_text())["cells"]
    texts = ["".join(cell["source"]) for cell in cells]
    (start,) = [text for text in texts if "Grader(" in text]
    exec(start, space := {})
    exercise = MASTERS[name].exercises[0].name
    assert "is not known yet" in repr(space["grader"].check(exercise))
    for cell, text in zip(cells, texts, strict=True):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert cell["cell_type"] == "code" or (edition(name).parent / link).is_file(), link


@each_master
def test_what_is_committed_is_what_its_master_makes(name, monkeypatch):
    # The seals of right answers, and of most wrong ones, were tested above; all are in a long test.
    monkeypatch.setattr(checks, "seal", lambda text, salt: f"scrypt:{salt}:{0:024}")
    made = editions.editions(MASTERS[name])["student"]
    assert re.sub(r"(scrypt:[^:]+:)\w{24}", rf"\g<1>{0:024}", edition(name).read_text()) == made


@pytest.mark.skipif(bool(ONLY), reason="MASTERS names some of them")
def test_every_chapter_has_a_master_and_an_edition():
    for folder, end in [("book", "py"), ("classroom/student", "ipynb")]:
        assert {path.stem for path in ROOT.glob(f"{folder}/[0-9][0-9]_*.{end}")} == set(MASTERS)
    made = editions.page(read_repository(ROOT), list(MASTERS.values()))
    assert made == (ROOT / "book/exercises.md").read_text(encoding="utf-8")


@pytest.mark.long
def test_every_seal_is_what_the_masters_make(capsys):
    only = ["--only", *ONLY] if ONLY else []
    assert editions.main(["--check", *only]) == 0, capsys.readouterr().out


# The checks themselves.


def message_of(check, *arguments, **settings):
    with pytest.raises(AssertionError) as caught:
        check(*arguments, **settings)
    return str(caught.value)


@pytest.mark.parametrize("seal", [False, True])
def test_a_number_may_be_one_unit_off(seal):
    key = checks.number_key(1.25, 2)
    right = checks.seal(key, "here") if seal else 1.25
    for value in (1.25, 1.2401, 1.2599, np.float32(1.25), np.array([1.25])):
        checks.number("x", value, right=right, digits=2)
    for value in (1.239, 1.261, 0, -1.25, 10**9):
        assert "x is not" in message_of(checks.number, "x", value, right=right, digits=2)


def test_a_whole_number_has_to_be_itself():
    right = checks.seal(checks.number_key(101), "here")
    wrong = {checks.seal(checks.number_key(100), "here"): "One is missing."}
    for value in (101, 101.0, np.int32(101), np.array(101)):
        checks.number("n", value, right=right, wrong=wrong)
    assert message_of(checks.number, "n", 100, right=right, wrong=wrong) == "One is missing."
    said = message_of(checks.number, "n", 102, right=right, wrong=wrong, hint="Count again.")
    assert said == "n is not 102. Count again."
    assert "whole number" in message_of(checks.number, "n", 100.5, right=right)


@pytest.mark.parametrize(
    ("check", "answer", "says"),
    [(checks.number, "101", "should be one number"), (checks.number, None, "should be one number"),
     (checks.number, True, "should be one number"), (checks.number, [1, 2], "should be one number"),
     (checks.number, 2j, "should be one number"), (checks.number, math.nan, "divided by zero"),
     (checks.number, ..., "still `...`"), (checks.same, [...], "plain data"),
     (checks.call, lambda: 1 / 0, "stopped with ZeroDivisionError"), (checks.call, ..., "still"),
     (checks.call, print, "returns nothing"), (checks.call, 3, "should be a function"),
     (checks.array, [[1], [1, 2]], "array of numbers"), (checks.array, [math.nan], "NaN")],
)  # fmt: skip
def test_what_is_no_answer_is_named(check, answer, says):
    right = {"right": 101} if check in (checks.number, checks.same) else {}
    assert says in message_of(check, "n", answer, **right)


def test_plain_data_is_the_same_however_it_is_written():
    right = checks.seal(checks.plain_key([("Reed", 1), ("voice", 0.5)], False), "here")
    for value in ([["reed", 1.0], ("VOICE ", 0.5)], ((" voice", np.float64(0.5)), ("reed", 1))):
        checks.same("pairs", value, right=right, ordered=False)
    assert "is not" in message_of(checks.same, "pairs", [["reed", 1]], right=right)
    assert checks.plain_key({"b": {2, 1}}) == checks.plain_key({"b": np.array([1, 2])})
    assert checks.plain_key([2, 1]) != checks.plain_key([1, 2])
    with pytest.raises(ValueError, match="damaged"):
        checks.same("pairs", "a", right="scrypt:here:12")


def test_arguments_are_copies_and_arrays_have_their_shape():
    kept = [1]
    assert checks.call("f", lambda values: values.clear() or values, kept) == []
    assert kept == [1]
    assert checks.array("a", [[1, 2]], (1, 2)).dtype == float
    assert "(2,)" in message_of(checks.array, "a", [1, 2], (3,))


def test_the_grader_answers_in_a_sentence(monkeypatch, tmp_path):
    cases = [">>> assert x > 1, 'x < 2 & small'\n", ">>> assert x < 9\n", ">>> x.upper()\n"]
    test = {"points": 1, "suites": [{"cases": [{"code": code} for code in cases]}]}
    notebook = {
        "metadata": {"otter": {"tests": {"b": test}}},
        "cells": [{"source": ['grader.check("b")']}],
    }
    (tmp_path / "x.ipynb").write_text(json.dumps(notebook))
    monkeypatch.setattr(checks, "EDITIONS", tmp_path)
    space = {"grader": checks.Grader("x")}

    def ask(code):
        exec(f"{code}\nanswer = grader.check('b')", space)
        return space["answer"]

    assert repr(ask("")) == "b: not yet. x is not known yet: run the cell with your answer first."
    assert repr(ask("x = 1")) == "b: not yet. x < 2 & small"
    assert "x &lt; 2 &amp; small" in ask("x = 1")._repr_html_()
    assert "another form" in repr(ask("x = 2"))
    assert repr(ask("x = 9")) == "b: not yet. A check failed."
    with pytest.raises(ValueError, match="there are b"):
        space["grader"].check("c")
    with pytest.raises(ValueError, match="choose one of x"):
        checks.Grader("y")


# Masters that are not as they should be.

SOUND = '''\
# %% [markdown]
# # Exercises

# %% [markdown] exercise={"name": "a", "minutes": 5, "points": 1, "objectives": ["Say"]}
# ## A

# %% tags=["solution"]
x = 1  # SOLUTION

# %% tags=["test"]
from helpers.checks import number

number("x", x, right=1, wrong={2: "too much"})

# %% tags=["wrong"]
# says: too much
x = 2
'''  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"minutes": 5, ', "", "minutes"),
        ('"minutes": 5', '"minutes": "5"', "minutes"),
        ('"name": "a"', '"name": "A b"', "small letters"),
        ("# ## A", "# A", "begins with `## `"),
        ('# %% tags=["solution"]\nx = 1  # SOLUTION\n\n', "", "it has no solution"),
        ('tags=["test"]', 'tags=["wrong"]', "it has no test"),
        ('tags=["solution"]', 'tags=["test"]', "it has no solution"),
        ('tags=["test"]', 'tags=["wrong"]\n2\n# %% tags=["test"]', "test after wrong"),
        ("# %% [markdown] exercise", "# %% [markdown] x", "outside an exercise"),
    ],
)
def test_a_malformed_master_is_named(tmp_path, old, new, says):
    assert SOUND.count(old) == 1
    path = tmp_path / "01_x.py"
    path.write_text(SOUND)
    assert [e.name for e in read(path).exercises] == ["a"]
    path.write_text(SOUND.replace(old, new))
    with pytest.raises(BookError, match=f"01_x.py.*{re.escape(says)}"):
        read(path)


def test_answers_typed_into_a_student_edition_are_kept(tmp_path, capsys):
    chapter = "# %% [markdown]\n# # X\n#\n# ## What you will learn\n#\n# - Say what.\n#\n# End.\n"
    master = SOUND.replace("# ## A\n", "# ## A\n#\n# What is `x`?\n")
    (tmp_path / "book/exercises").mkdir(parents=True)
    (tmp_path / "book/01_x.py").write_text(chapter)
    path = tmp_path / "book/exercises/01_x.py"
    repository = read_repository(ROOT)
    path.write_text(sync.refreshed(master, "01_x.py", repository, "classroom/student/01_x.ipynb"))
    student = tmp_path / "classroom/student/01_x.ipynb"
    assert editions.main(["--only", "01_x"], tmp_path) == 0
    assert editions.main(["--only", "01_x", "--check"], tmp_path) == 0
    student.write_text(student.read_text().replace("x = ...", "x = 7"))
    capsys.readouterr()
    assert editions.main(["--only", "01_x", "--check"], tmp_path) == 1
    assert not (tmp_path / "edited").exists()
    for _ in range(2):
        assert editions.main(["--only", "01_x"], tmp_path) == 0
    (kept,) = (tmp_path / "edited").rglob("*.ipynb")
    assert "x = 7" in kept.read_text()
    assert "x = ..." in student.read_text()
    assert f"kept as {kept.relative_to(tmp_path)}" in capsys.readouterr().out


def test_answers_are_sealed():
    source = 'number("x", x, right=1 + 1, wrong={3: "no", np.pi: "no"}, digits=1)\ny(right=2)'
    safe = sealed(source, "01_x/a")
    assert safe == sealed(source, "01_x/a")
    assert safe != sealed(source, "01_x/b")
    assert re.fullmatch(
        r"number\('x', x, right='scrypt:01_x/a:\w+', "
        r"wrong=\{'scrypt:01_x/a:\w+': 'no', 'scrypt:01_x/a:\w+': 'no'\}, digits=1\)\ny\(right=2\)",
        safe,
    )
    from helpers.checks import number

    assert message_of(exec, safe, {"number": number, "x": 3.14}) == "no"
    exec(safe.replace("y(right=2)", ""), {"number": number, "x": 2})


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("same('x', x)", "right="),
        ("same('x', x, right=y)", "should be a value"),
        ("assert x, f\"{x['a']}\"", r"give x\['a'\] a name"),
        ("same('x', x, right='a', wrong=y)", "written out"),
        ("number('x', x, right=1, wrong={1.0: 'no'})", "the same answer"),
    ],
)
def test_what_cannot_be_sealed_is_named(source, says):
    with pytest.raises(BookError, match=says):
        sealed(source, "01_x/a")


def test_an_objective_is_one_bullet(tmp_path):
    chapter = tmp_path / "01_x.py"
    chapter.write_text(
        "# %% [markdown]\n# # X\n#\n# ## What you will learn\n#\n# - **Say** what\n#   it is.\n"
        "# - Say `why`.\n#\n# **You need** nothing.\n"
    )
    bullets = objectives(chapter)
    assert bullets == ["**Say** what it is.", "Say `why`."]
    assert objective("Say what", bullets, "x") == bullets[0]
    for words in ("Say", "Do"):
        with pytest.raises(BookError, match="first words"):
            objective(words, bullets, "x")
