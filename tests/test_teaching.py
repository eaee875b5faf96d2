"""What the teacher's page says is so: its commands are understood, and its code runs."""

import ast
import re
import shlex
import subprocess
import sys

import pytest

from helpers import tuning
from helpers.commands import collect, train
from helpers.runs import records
from tools.book import needs, sync
from tools.common import ROOT, BookError

PAGE = (ROOT / "book/teaching.md").read_text(encoding="utf-8")
SHEET = (ROOT / "book/guesses.md").read_text(encoding="utf-8")
PARTS = dict(part.split("\n", 1) for part in PAGE.split("\n## ")[1:])
COMMANDS = re.findall(
    r"(?m)^    (?:python -m )?((?:instruments|tools|zipfile)\b.+)$", PAGE.replace("\\\n       ", "")
)
FILLED_IN = {"K": "2", "S": "1"}


def given(tool):
    """The arguments of every command of the page that calls a tool."""
    lines = [line.removeprefix(tool) for line in COMMANDS if line.startswith(f"{tool} ")]
    assert lines
    return [[FILLED_IN.get(word, word) for word in shlex.split(line)] for line in lines]


def test_the_page_names_no_other_tools():
    words = {tuple(line.split()[:2]) for line in COMMANDS}
    assert {first for first, _ in words} == {"instruments", "zipfile"}
    assert {second for first, second in words if first == "instruments"} == {"train", "collect"}


@pytest.mark.parametrize("arguments", given("instruments train"), ids=" ".join)
def test_trainings_are_understood(arguments, tmp_path, capsys):
    arguments[arguments.index("--profile") + 1] = "smoke"
    arguments[arguments.index("--runs") + 1] = str(tmp_path)
    assert train.main([*arguments, "--dry-run"]) == 0
    assert "runs done" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", given("instruments collect"), ids=" ".join)
def test_collecting_is_understood(arguments, tmp_path, capsys):
    into, source, *options = arguments
    (tmp_path / source).mkdir()
    assert collect.main([str(tmp_path / into), str(tmp_path / source), *options]) == 1
    assert "there is no record in it" in capsys.readouterr().out


def test_the_commands_have_another_name_where_nothing_is_installed():
    assert "`!python -m helpers.commands` in place of `instruments`" in " ".join(PAGE.split())
    command = [sys.executable, "-m", "helpers.commands", "train", "--help"]
    assert "--seed" in subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout


def test_the_result_of_a_class_is_its_networks_fold_by_fold(tmp_path):
    protocol = tuning.protocol(records.read_all(records.SHIPPED))
    for run in protocol["Base CNN"] + protocol["Base LSTM"]:
        name = records.record_name(run.config)
        (tmp_path / name).symlink_to(records.SHIPPED / name)
    (code,) = re.findall(r"```python\n(.+?)```", PARTS["Handing in and pooling"], re.DOTALL)
    *body, last = ast.parse(code.replace("_build/class", str(tmp_path))).body
    space = {}
    exec(compile(ast.Module(body, []), "teaching.md", "exec"), space)
    table = eval(compile(ast.Expression(last.value), "teaching.md", "eval"), space)
    assert table.index.tolist() == [
        (part, 0, fold) for part in ("fold_test", "nsynth_test") for fold in range(1, 6)
    ]
    assert (table["base cnn"] - table["base lstm"] - table["difference"]).abs().max() < 0.11


def rows(part):
    """The rows of a part's tables as lists of cells, without heads."""
    table = [line.strip("|").split(" | ") for line in PARTS[part].splitlines() if line[:1] == "|"]
    return [[cell.strip() for cell in row] for row in table if re.match(r" ?\d", row[0])]


@pytest.mark.parametrize("lesson", [title for title in PARTS if re.match(r"\d+ minutes", title)])
def test_the_steps_of_a_lesson_fill_its_minutes(lesson):
    ends = [tuple(map(int, row[0].split(" to "))) for row in rows(lesson)]
    assert [start for start, _ in ends] == [0, *(end for _, end in ends[:-1])]
    assert ends[-1][1] == int(lesson.split()[0])


def test_weeks_are_as_long_as_they_say():
    table = PAGE.split(needs.START)[1].split(needs.END)[0]
    reading = {f[1]: int(f[2]) for f in re.finditer(r"\((\S+)\) \| (\d+) \|", table)}
    plan = rows("Seven weeks")
    assert [row[0] for row in plan] == list("1234567")
    for week in plan:
        assert 15 + sum(map(int, re.findall(r"\((\d+)\)", week[2]))) == 90, week
    most = max(sum(reading.get(p, 0) for p in re.findall(r"\((\S+)\)", w[1])) for w in plan)
    assert f"up to {most} minutes to read" in PAGE
    # Every chapter is read in some week.
    assert set(reading) <= {page for week in plan for page in re.findall(r"\((\S+)\)", week[1])}


def test_every_guess_has_its_line_its_lesson_and_its_answer():
    numbers = list(range(1, 14))
    assert sorted(map(int, re.findall(r"(?m)^\| (\d+) \|", SHEET))) == numbers
    answers = rows("Expected numbers and model answers")
    assert [int(row[0]) for row in answers] == numbers
    asked = set()
    for first, last in re.findall(r"\(guess(?:es)? (\d+)(?: to (\d+))?\)", PAGE):
        asked.update(range(int(first), int(last or first) + 1))
    assert sorted(asked) == numbers


def test_every_chapter_has_its_row_of_needs_and_of_misconceptions():
    table = PAGE.split(needs.START)[1].split(needs.END)[0]
    chapters = [p for p in sync.sources() if p.parent.name == "book"]
    numbers = [int(path.name[:2]) for path in chapters]
    assert [int(n) for n in re.findall(r"(?m)^\| (\d+)\. \[", table)] == numbers
    gpu = [path for path in chapters if "#   accelerator: GPU\n" in path.read_text()]
    assert table.count("| GPU |") == len(gpu)
    assert {int(row[0]) for row in rows("What students get wrong")} == set(numbers)


def test_a_chapter_that_does_not_say_what_it_needs_is_named():
    source = ROOT / "book/06_cnn.py"
    cells = [cell for cell, _ in sync.parse(source.read_text(), source.name)[1]]
    assert needs.row("06_cnn.py", cells, True) in PAGE
    cells[0].source = cells[0].source.replace("**Time:**", "**Duration:**")
    with pytest.raises(BookError, match=r"06_cnn\.py: no paragraph that begins with \*\*Time"):
        needs.row("06_cnn.py", cells, True)
    with pytest.raises(BookError, match="needs one <!-- needs -->"):
        needs.filled("no markers", [])
