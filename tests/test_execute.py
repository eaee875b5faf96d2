"""Chapters under papermill: what is refused before anything runs, and what a run leaves."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import pytest

from tools.book import execute, sync
from tools.common import ROOT

CHAPTER = """\
# %% [markdown]
# # {title}

# %% tags=["parameters"]
PROFILE = "mini"
DATA = "nsynth-mini"
{parameters}

# %%
{code}
"""


def write(root, name, code, parameters=""):
    text = CHAPTER.format(title=name, code=code, parameters=parameters)
    (root / f"book/{name}.py").write_text(text)
    assert sync.main([], root) == 0


@pytest.fixture
def book(tmp_path):
    """A repository with two small chapters; the first tells where it runs and with what."""
    (tmp_path / "book").mkdir()
    shutil.copy(ROOT / "_config.yml", tmp_path)
    tell = "import os\nprint(PROFILE, EPOCHS, RATE, RUNS, os.path.basename(os.getcwd()))"
    write(tmp_path, "01_a", tell, 'EPOCHS = 3  # how many\nRATE = 0.5\nRUNS = "../_build/runs"')
    write(tmp_path, "02_b", "from ipywidgets import IntSlider\nIntSlider(3)")
    return tmp_path


def executed(book, name="01_a"):
    return nbformat.read(book / f"_build/executed/book/{name}.ipynb", as_version=4)


def test_chapters_run_in_their_folder_and_leave_notebooks_and_a_status(book, capsys):
    assert execute.main(["--profile", "smoke", "--parameter", "RATE=1"], book) == 0
    notebook = executed(book)
    assert notebook.cells[-1].outputs[0].text == "smoke 3 1.0 ../_build/runs book\n"
    state = executed(book, "02_b").metadata.widgets["application/vnd.jupyter.widget-state+json"]
    assert "IntSliderModel" in json.dumps(state)
    status = json.loads((book / "_build/executed/status.json").read_text())
    assert set(status) == {"01_a", "02_b"}
    assert status["01_a"]["parameters"] == {"PROFILE": "smoke", "RATE": 1.0}
    assert status["02_b"]["parameters"] == {"PROFILE": "smoke"}
    assert status["01_a"]["seconds"] > 0
    assert status["01_a"]["versions"]["keras"]
    assert "together" in capsys.readouterr().out


def test_paths_count_from_the_current_folder_and_braces_are_no_pattern(book, monkeypatch):
    moved = book.rename(book.with_name("{x} a#%ä"))
    monkeypatch.chdir(moved)
    assert execute.main(["--only", "01", "--parameter", "RUNS=here"], moved) == 0
    assert f" {moved}/here book" in executed(moved).cells[-1].outputs[0].text
    assert "injected-parameters" in str(executed(moved).cells)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--parameter", "RUNS="], "RUNS: the folder is empty: name a folder"),
        (["--parameter", "RUNS=/dev/null"], "RUNS: the folder is /dev/null, and /dev/null is no"),
        (["--parameter", "DATA=nowhere"], "nowhere: no such folder or archive"),
        (["--output", "/proc/book"], "No such file or directory: '/proc/book'"),
        (["--profile", "smok"], "no profile 'smok': choose one of smoke, quick"),
        (["--parameter", "EPOCH=3"], "no parameter 'EPOCH'"),
        (["--parameter", "EPOCHS=three"], "EPOCHS is of type int, such as 3"),
        (["--parameter", "EPOCHS=True"], "EPOCHS is of type int, such as 3"),
        (["--parameter", "PROFILE=quick"], "--profile"),
        (["--only", "07_x"], "no chapter '07_x': choose one of 01_a, 02_b"),
        (["--only", "02", "--parameter", "EPOCHS=3"], "no parameter 'EPOCHS'"),
    ],
)
def test_what_is_mistyped_is_refused_before_anything_runs(book, capsys, arguments, says):
    assert execute.main(arguments, book) == 2
    assert says in capsys.readouterr().err
    assert not (book / "_build").exists()


def test_a_notebook_out_of_step_is_refused(book, capsys):
    path = book / "book/01_a.py"
    path.write_text(path.read_text().replace("print", "print  "))
    assert execute.main([], book) == 2
    assert "book/01_a.ipynb. Run `make sync`" in capsys.readouterr().err
    assert execute.main(["--only", "02_b"], book) == 0


def test_a_failing_chapter_is_named_and_the_others_run(book, capsys):
    assert execute.main(["--only", "01"], book) == 0
    write(book, "01_a", "x = 1\n1 / 0")
    assert execute.main([], book) == 1
    out = capsys.readouterr().out
    assert "01_a, cell 3: ZeroDivisionError: division by zero" in out
    assert str(book / "_build/executed/book/01_a.failed.ipynb") in out
    folder = book / "_build/executed/book"
    assert sorted(p.name for p in folder.iterdir()) == ["01_a.failed.ipynb", "02_b.ipynb"]
    write(book, "01_a", "x = 1", "EPOCHS = 3")
    assert execute.main(["--only", "01", "--parameter", "EPOCHS=3"], book) == 0
    assert sorted(p.name for p in folder.iterdir()) == ["01_a.ipynb", "02_b.ipynb"]
    # Values equal to the chapter's own inject no cell.
    assert "injected-parameters" not in str(executed(book).cells)


def test_a_kernel_that_dies_is_a_failure(book, capsys):
    write(book, "02_b", "import os\nos._exit(1)")
    assert execute.main(["--only", "02"], book) == 1
    assert "02_b, DeadKernelError" in capsys.readouterr().out


def test_chapters_run_side_by_side(book, capsys):
    meet = """\
import pathlib, time
pathlib.Path({mine!r}).touch()
limit = time.monotonic() + 60
while not pathlib.Path({theirs!r}).exists():
    assert time.monotonic() < limit, "the other chapter did not start"
    time.sleep(0.1)"""
    write(book, "01_a", meet.format(mine="a", theirs="b"))
    write(book, "02_b", meet.format(mine="b", theirs="a"))
    assert execute.main(["--jobs", "2"], book) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[-3:]] == ["01_a", "02_b", "together"]
    assert set(execute.read_status(book / "_build/executed")) == {"01_a", "02_b"}


def test_what_took_longest_starts_first(tmp_path):
    paths = [tmp_path / f"{name}.ipynb" for name in ("01_a", "02_b", "03_c", "04_d")]
    took = {"02_b": {"seconds": 9}, "04_d": {"seconds": 5}, "01_a": {"seconds": 1}}
    (tmp_path / "status.json").write_text(json.dumps(took))
    started = []

    def run(path, target, values):
        started.append(path.stem)
        time.sleep(0.2)
        return {"seconds": 0.2, "error": None, "notebook": str(target)}

    execute.run_all("smoke", {path: {} for path in paths}, tmp_path, run, jobs=2)
    assert set(started[:2]) == {"02_b", "04_d"}


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_stopped_run_leaves_nothing_half_done(book, jobs):
    sleep = "import pathlib, time\npathlib.Path({!r}).touch()\ntime.sleep(60)"
    names = [f"0{number}_b" for number in range(2, 2 + int(jobs) + 1)]
    for name in names:
        write(book, name, sleep.format(name))
    code = (
        "import pathlib, sys\nfrom tools.book import execute\n"
        "sys.exit(execute.main(['--jobs', sys.argv[2]], pathlib.Path(sys.argv[1])))"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code, book, jobs], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    limit = time.monotonic() + 60
    while not all((book / "book" / name).exists() for name in names[: int(jobs)]):
        assert time.monotonic() < limit
        assert run.poll() is None
        time.sleep(0.1)
    run.send_signal(signal.SIGTERM)
    out, _ = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "Finished: 01_a" in out
    assert [p.name for p in (book / "_build/executed/book").iterdir()] == ["01_a.ipynb"]
    assert not (book / "book" / names[-1]).exists()
