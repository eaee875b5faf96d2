"""Absurd options of every command: refused in a sentence, before anything is loaded or written."""

import argparse
import importlib
import os
import re
import runpy
import subprocess
import sys
from functools import partial

import pytest

from helpers.commands import options
from helpers.commands.main import COMMANDS
from tools.common import ROOT

SOURCES = sorted(
    path
    for folder in ("helpers", "tools", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if "ArgumentParser(" in path.read_text(encoding="utf-8")
)
# Words of a person's own choice, or of the book's files, which the command looks up itself.
WORDS = ("names", "only", "parameter", "repository", "profile", "rows", "source", "given", "tests",
         "without")  # fmt: skip
NUMBERS = ("-5", "nan", "inf", "-inf", "1e400", "1.5.2", "", " ", "x", "9" * 5000, "-" + "9" * 5000)
UNKNOWN = ("", "~nobody-of-this-name", "x" * 5000)
ABSURD = {
    "number": (*NUMBERS, "0"),
    "folder": (*UNKNOWN, " ", "/dev/null", "/dev/null/x", "pyproject.toml"),
    "checksum": ("", "sha256", "sha256:" + "g" * 64, "sha1:" + "0" * 40, "0" * 64),
    "existing": (*UNKNOWN, "nowhere"),
    "data": (*UNKNOWN, "nowhere", "/dev/null", "pyproject.toml/x"),
}


@pytest.fixture
def parser_of(monkeypatch):
    """A function that returns the parser of a command, as its source makes it."""

    class Made(Exception):
        pass

    def stop(parser, *_):
        raise Made(parser)

    def parser_of(source):
        with monkeypatch.context() as patch:
            patch.setattr(argparse.ArgumentParser, "parse_args", stop)
            patch.setattr(argparse.ArgumentParser, "parse_known_args", stop)
            if source.parent.name == "benchmarks":
                main = runpy.run_path(str(source))["main"]
            else:
                name = ".".join(source.relative_to(ROOT).with_suffix("").parts)
                main = partial(importlib.import_module(name).main, [])
            with pytest.raises(Made) as made:
                main()
            return made.value.args[0]

    return parser_of


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_option_refuses_what_is_absurd(source, parser_of, capsys):
    parser = parser_of(source)
    for action in parser._actions:
        if action.nargs == 0 or action.choices or action.help == argparse.SUPPRESS:
            continue
        if action.type is None or action.dest in WORDS:
            assert action.dest in WORDS, f"{action.dest}: give it a type of options"
            continue
        kind = action.type.__name__
        assert action.type.__module__ == options.__name__
        for text in ABSURD[kind]:
            if text == "0" and kind == "number" and action.dest == "seed":
                continue
            with pytest.raises(argparse.ArgumentTypeError) as refused:
                action.type(text)
            assert re.search("(?i)expected|folder|file|directory|set", str(refused.value))
            if action.option_strings:  # and so says the command, in a usage error
                with pytest.raises(SystemExit) as ended:
                    parser.parse_args([f"{action.option_strings[0]}={text}"])
                assert ended.value.code == 2
                assert action.option_strings[0] in capsys.readouterr().err


def test_what_is_meant_is_taken(tmp_path):
    assert options.at_least(0)("0") == 0
    assert options.jobs("256") == 256
    assert options.more_than_zero(4)("4") == 4
    assert options.folder(str(tmp_path / "new" / "er")) == tmp_path / "new" / "er"
    assert options.data("nsynth-mini") == "nsynth-mini"
    assert options.existing(str(tmp_path)) == tmp_path


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("tools.classroom.grade nowhere", "there is no such file or folder"),
        ("tools.classroom.grade . --jobs 0", "expected a whole number from 1 to 256"),
        ("helpers.commands.collect /dev/null .", "/dev/null is no folder"),
    ],
)
def test_a_command_ends_at_once_with_a_sentence(command, says, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    module, *arguments = command.split()
    main = importlib.import_module(module).main
    with pytest.raises(SystemExit, match="^2$"):
        main(arguments)
    assert says in capsys.readouterr().err.splitlines()[-1]


def test_nothing_is_loaded_before():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "helpers.commands", "train", "--epochs", "-5"],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.endswith("--epochs: '-5': expected a whole number from 1 on\n")
    for heavy in ("tensorflow", "keras", "librosa", "matplotlib"):
        assert not re.search(rf"\| +{heavy}\n", done.stderr)


def test_every_command_is_among_them():
    assert {name for name, _ in COMMANDS.values()} <= {
        ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in SOURCES
    }
