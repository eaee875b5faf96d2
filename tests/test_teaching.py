"""What the teacher's page says is so: its commands are understood, and its code runs."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from helpers.commands import collect, train
from helpers.runs import records
from tools.book import execute, needs, sync
from tools.common import ROOT, BookError

PAGE = (ROOT / "book/teaching.md").read_text(encoding="utf-8")
COMMANDS = re.findall(
    r"(?m)^    (?:python -m )?((?:instruments|tools|zipfile)\b.+)$", PAGE.replace("\\\n       ", "")
)
FILLED_IN = {"MODEL": "cnn", "VARIANT": "base", "K": "2", "S": "1"}


def given(tool):
    """The arguments of every command of the page that calls a tool."""
    lines = [line.removeprefix(tool) for line in COMMANDS if line.startswith(f"{tool} ")]
    assert lines
    return [[FILLED_IN.get(word, word) for word in shlex.split(line)] for line in lines]


def test_the_page_names_no_other_tools():
    words = {tuple(line.split()[:2]) for line in COMMANDS}
    assert {first for first, _ in words} == {"instruments", "tools.book.execute", "zipfile"}
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


def test_chapters_take_the_parameters():
    ((_, profile, _, *only, _, parameter, _, _),) = given("tools.book.execute")
    name, value = parameter.split("=")
    values = execute.prepare(profile, execute.select(only), {name: value})
    assert [path.stem for path in values] == ["09_results", "10_significance"]
    # From the current folder on, whichever folder the kernel runs in.
    assert [found[name] for found in values.values()] == [str(Path(value).resolve())] * 2


def test_the_table_of_what_a_class_has_is_made():
    (code,) = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
    code = code.replace("_build/class", str(records.SHIPPED)).replace('"quick"', '"mini"')
    *body, last = ast.parse(code).body
    space = {}
    exec(compile(ast.Module(body, []), "teaching.md", "exec"), space)
    table = eval(compile(ast.Expression(last.value), "teaching.md", "eval"), space)
    assert set(table.index.get_level_values("model")) >= {"base cnn", "base lstm"}
    assert (table["size"] >= 5).all()


def test_every_chapter_has_its_row_of_needs_and_of_misconceptions():
    table = PAGE.split(needs.START)[1].split(needs.END)[0]
    chapters = [p for p in sync.sources() if p.parent.name == "book"]
    numbers = [int(path.name[:2]) for path in chapters]
    assert [int(n) for n in re.findall(r"(?m)^\| (\d+)\. \[", table)] == numbers
    gpu = [path for path in chapters if "#   accelerator: GPU\n" in path.read_text()]
    assert table.count("| GPU |") == len(gpu)
    wrong = PAGE.split("## What students get wrong")[1].split("\n## ")[0]
    assert {int(n) for n in re.findall(r"(?m)^\| (\d+) \|", wrong)} == set(numbers)


def test_a_chapter_that_does_not_say_what_it_needs_is_named():
    source = ROOT / "book/06_cnn.py"
    cells = [cell for cell, _ in sync.parse(source.read_text(), source.name)[1]]
    assert needs.row("06_cnn.py", cells, True) in PAGE
    cells[0].source = cells[0].source.replace("**Time:**", "**Duration:**")
    with pytest.raises(BookError, match=r"06_cnn\.py: no paragraph that begins with \*\*Time"):
        needs.row("06_cnn.py", cells, True)
    with pytest.raises(BookError, match="needs one <!-- needs -->"):
        needs.filled("no markers", [])
