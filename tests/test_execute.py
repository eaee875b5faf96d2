"""Chapters under papermill: what is refused before anything runs, and what a run leaves."""

import json
import os
import shutil
import signal
import threading
import time

import nbformat
import psutil
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


MEET = """\
import pathlib, time
pathlib.Path({mine!r}).touch()
limit = time.monotonic() + 60
while not pathlib.Path({theirs!r}).exists():
    assert time.monotonic() < limit, "the other chapter did not start"
    time.sleep(0.1)
"""


def write(root, name, code, parameters=""):
    text = CHAPTER.format(title=name, code=code, parameters=parameters)
    (root / f"book/{name}.py").write_text(text)
    assert sync.main([], root) == 0


@pytest.fixture
def book(tmp_path):
    """A repository, at an odd place, with two chapters that run only side by side."""
    root = tmp_path / "{x} a#%ä"
    (root / "book").mkdir(parents=True)
    shutil.copy(ROOT / "_config.yml", root)
    tell = "import os\nprint(PROFILE, EPOCHS, RATE, RUNS, os.path.basename(os.getcwd()))\n"
    write(root, "01_a", tell + MEET.format(mine="a", theirs="b"),
          'EPOCHS = 3  # how many\nRATE = 0.5\nRUNS = "../_build/runs"')  # fmt: skip
    show = "from ipywidgets import IntSlider\nIntSlider(3)"
    write(root, "02_b", MEET.format(mine="b", theirs="a") + show)
    return root


def executed(book, name="01_a"):
    return nbformat.read(book / f"_build/executed/book/{name}.ipynb", as_version=4)


def test_chapters_run_side_by_side_in_their_folder(book, capsys, monkeypatch):
    monkeypatch.chdir(book.parent)
    given = ["--parameter", "RATE=1", "--parameter", "RUNS=here", "--parameter", "EPOCHS=3"]
    assert execute.main(["--profile", "smoke", "--jobs", "2", *given], book) == 0
    # A path counts from the current folder.
    notebook = executed(book)
    assert notebook.cells[-1].outputs[0].text == f"smoke 3 1.0 {book.parent}/here book\n"
    assert "injected-parameters" in str(notebook.cells)
    state = executed(book, "02_b").metadata.widgets["application/vnd.jupyter.widget-state+json"]
    assert "IntSliderModel" in json.dumps(state)
    status = execute.read_status(book / "_build/executed")
    assert set(status) == {"01_a", "02_b"}
    # Values equal to the chapter's own are not injected.
    assert status["01_a"]["parameters"] == {
        "PROFILE": "smoke",
        "RATE": 1.0,
        "RUNS": f"{book.parent}/here",
    }
    assert status["02_b"]["parameters"] == {"PROFILE": "smoke"}
    assert status["01_a"]["seconds"] > 0
    assert status["01_a"]["versions"]["keras"]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[-3:]] == ["01_a", "02_b", "together"]


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
    (other,) = execute.select(["02_b"], book)
    assert execute.prepare("mini", [other], {}, book) == {other: {}}


def test_a_failing_chapter_is_named_and_the_others_run(book, capsys):
    write(book, "01_a", "x = 1\n1 / 0")
    write(book, "02_b", "import os\nos._exit(1)")
    write(book, "03_c", "x = 1")
    folder = book / "_build/executed/book"
    folder.mkdir(parents=True)
    for left in ("01_a", "02_b", "03_c.failed"):  # of an earlier run
        (folder / f"{left}.ipynb").touch()
    assert execute.main([], book) == 1
    out = capsys.readouterr().out
    assert "01_a, cell 3: ZeroDivisionError: division by zero" in out
    assert "02_b, DeadKernelError" in out
    assert str(folder / "01_a.failed.ipynb") in out
    found = [path.name for path in folder.iterdir()]
    assert sorted(found) == ["01_a.failed.ipynb", "02_b.failed.ipynb", "03_c.ipynb"]


def test_what_took_longest_starts_first(book, monkeypatch):
    for name in ("03_c", "04_d"):
        write(book, name, "x = 1")
    (book / "_build/executed").mkdir(parents=True)
    took = {"02_b": {"seconds": 9}, "04_d": {"seconds": 5}, "01_a": {"seconds": 1}}
    (book / "_build/executed/status.json").write_text(json.dumps(took | {"03_c": {"seconds": 2}}))
    started = []

    def run(path, target, values):
        started.append(path.stem)
        time.sleep(0.2)
        return {"seconds": 0.2, "error": None, "notebook": str(target)}

    monkeypatch.setattr(execute, "run_limited", run)
    assert execute.main(["--jobs", "2"], book) == 0
    assert set(started[:2]) == {"02_b", "04_d"}


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_a_stopped_run_leaves_nothing_half_done(book, capsys):
    write(book, "01_a", "x = 1")
    for name in ("02_b", "03_c"):
        sleep = f"pathlib.Path({name!r}).write_text(str(os.getpid()))\ntime.sleep(60)"
        write(book, name, f"import os, pathlib, time\n{sleep}")

    def stop():
        limit = time.monotonic() + 60
        while not (book / "book/02_b").exists() and time.monotonic() < limit:
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop).start()
    assert execute.main([], book) == 130
    assert "Finished: 01_a." in capsys.readouterr().out
    assert [p.name for p in (book / "_build/executed/book").iterdir()] == ["01_a.ipynb"]
    assert not (book / "book/03_c").exists()
    assert not psutil.pid_exists(int((book / "book/02_b").read_text()))
