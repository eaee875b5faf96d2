"""The version matrix in small: environments with nothing in them, and what its table says."""

import sys
from pathlib import Path

import pytest

from tools.common import BookError
from tools.environments import matrix, venvs

pytestmark = pytest.mark.long
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
EMPTY, BROKEN = f"{PYTHON}-lock", f"{PYTHON}-lowest"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The matrix in a folder of its own: one environment is empty, another cannot be made."""
    nothing = tmp_path / "nothing.txt"
    nothing.touch()
    monkeypatch.setattr(matrix, "FOLDER", tmp_path / "matrix")
    monkeypatch.setitem(matrix.INSTALL, "lock", ["--requirement", str(nothing)])
    monkeypatch.setitem(matrix.INSTALL, "lowest", ["--no-index", "no-such-package"])
    return tmp_path / "matrix"


def rows(output):
    return {row[0]: row[1:-1] for line in output.splitlines() if (row := line.split())[0][0] == "3"}


def test_what_fails_is_named_and_does_not_stop_the_others(folder, capsys):
    assert matrix.main(["--only", BROKEN, EMPTY, "--", "--version"]) == 1
    output = capsys.readouterr().out
    # There is no pytest in an empty environment.
    assert rows(output) == {
        BROKEN: ["FAILED", "-", "-"],
        EMPTY: ["ok", "FAILED", "-"],
    }
    assert f"see {folder / BROKEN}.log" in output
    assert "no-such-package" in (folder / f"{BROKEN}.log").read_text()
    assert "No module named pytest" in (folder / f"{EMPTY}.log").read_text()


def test_an_environment_is_used_again_until_its_recipe_changes(folder, monkeypatch):
    folder.mkdir()
    python = matrix.environment(EMPTY)
    assert matrix.passes(EMPTY, "-c", "import sys; assert sys.prefix != sys.base_prefix")
    assert not matrix.passes(EMPTY, "-c", "import numpy")
    mark = python.with_name("mark")
    mark.touch()
    assert matrix.environment(EMPTY) == python
    assert mark.exists()
    monkeypatch.setitem(matrix.INSTALL, "lock", [*matrix.INSTALL["lock"], "--no-index"])
    matrix.environment(EMPTY)
    assert not mark.exists()


def test_the_chapters_that_it_runs_exist():
    assert set(matrix.CHAPTERS) <= set(matrix.NAMES)
    for chapters in matrix.CHAPTERS.values():
        for number in chapters:
            assert len(list(Path(matrix.ROOT, "book").glob(f"{number}_*.ipynb"))) == 1


def test_a_python_that_is_not_there_is_named():
    with pytest.raises(BookError, match=r"no Python 3\.5 on this machine: install one, or let uv"):
        venvs.interpreter("3.5")
