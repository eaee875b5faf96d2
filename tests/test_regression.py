"""Regression runs on small books: what passes, drifts, fails, is too slow or too big; baselines."""

import re
import shutil
from threading import Lock

import nbformat
import numpy as np
import psutil
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from test_execute import write

from helpers.runs import machine
from tools.book import execute, sync
from tools.common import BookError
from tools.regression import baselines, regression
from tools.regression.baselines import Figure

FIXED = """\
from helpers.runs import findings
findings.report({"notes/train": 1200, "error/MFCC": 4e-4, "verdict": "supported"})"""
DRAWN = """\
import numpy as np
from helpers.runs import findings
rng = np.random.default_rng(SEED)
findings.report({"parameters": 7})
findings.report(
    {"accuracy/folds/CNN": 0.6 + rng.integers(0, 3) / 20, "loss/folds/CNN": np.exp(rng.normal())},
    seed=SEED,
)"""

WITH_KERNELS = execute.run_limited
MADE = f"smoke-{machine.backend()}"
ONE_AT_A_TIME = Lock()


def without_kernel(path, target, parameters, cwd=None, **limits):
    """What comes of a notebook of plain cells, without the seconds that a kernel takes to start."""
    notebook = nbformat.read(path, as_version=4)
    failed, _ = execute.places(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    names, error = {}, None
    for number, cell in enumerate(c for c in notebook.cells if c.cell_type == "code"):
        with ONE_AT_A_TIME, capture_output() as captured:
            try:
                exec(cell.source, names)
            except Exception as caught:
                error = f"cell {number}: {type(caught).__name__}: {caught}"
        if error:
            break
        if "parameters" in cell.metadata.get("tags", []):
            names |= parameters
        found = captured.outputs
        cell.outputs = [nbformat.v4.new_output("display_data", data=o.data) for o in found]
    for old in (target, failed):
        old.unlink(missing_ok=True)
    left = failed if error else target
    nbformat.write(notebook, left)
    return {"seconds": 0.5, "notebook": str(left), "error": error, "gib": 0.2}


@pytest.fixture(scope="module", autouse=True)
def no_kernels():
    InteractiveShell.instance()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execute, "run_limited", without_kernel)
        yield


@pytest.fixture
def kernels(monkeypatch):
    monkeypatch.setattr(execute, "run_limited", WITH_KERNELS)


def run(root, *arguments):
    return regression.main(["--profile", "smoke", *arguments], root)


def folder(root, seed=0):
    return root / f"_build/regression/{MADE}-seed{seed}"


def repository(root):
    """Make a repository without chapters."""
    for name in ("book/exercises", "helpers", sync.EDITIONS):
        (root / name).mkdir(parents=True)
    shutil.copy(ROOT / "_config.yml", root)
    return root


@pytest.fixture
def book(tmp_path):
    return repository(tmp_path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A repository with two chapters and the baseline of three seeds; to be copied."""
    root = repository(tmp_path_factory.mktemp("finished"))
    write(root, "01_a", FIXED)
    write(root, "02_b", DRAWN, "SEED = 0")
    assert run(root, "--baseline", "--seeds", "3") == 0
    return root


@pytest.fixture
def measured(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "book-with-baseline")


def test_an_unchanged_book_passes_and_says_so(measured, capsys):
    assert run(measured, "--seed", "1") == 0
    assert "pass: 0 of 6 figures drifted" in capsys.readouterr().out
    report = (folder(measured, 1) / "report.txt").read_text()
    assert report.startswith(f"pass: {MADE}-seed1\n")
    # The seed is one of the baseline's, so both figures are the very same.
    assert report.count(" (equal)\n") == 2
    notebooks = re.findall(r"(?m)^ *(book/\w+\.ipynb) ", report)
    assert notebooks == ["book/01_a.ipynb", "book/02_b.ipynb"]
    assert all((folder(measured, 1) / name).exists() for name in notebooks)


def test_what_drifts_is_missing_or_new_is_named(measured, capsys):
    write(measured, "01_a", FIXED.replace("1200", "1199").replace("verdict", "result"))
    write(measured, "02_b", DRAWN.replace("np.exp(", "np.exp(99 + "), "SEED = 0")
    assert run(measured, "--seed", "7") == 3
    out = capsys.readouterr().out
    assert "01_a, notes/train: 1,199, was 1,200" in out
    assert "01_a, result: supported, not in the baseline" in out
    assert "01_a, verdict: was supported, is not reported any more" in out
    assert re.search(r"02_b, loss/folds/CNN: .*e\+\d+, expected .* to .* \(baseline: ", out)
    assert "make baseline PROFILE=smoke" in out
    assert "drift: 4 of 7 figures drifted" in out
    report = (folder(measured, 7) / "report.txt").read_text()
    rows = re.findall(r"(?m)^ *(drift|new|missing|ok) .* (\w+(?:/folds/CNN)?)  ", report)
    assert {"missing", "new", "drift"} == {status for status, _ in rows[:4]}
    assert {"ok"} == {status for status, _ in rows[4:]}


def test_a_failing_chapter_does_not_stop_the_others(measured, capsys):
    write(measured, "01_a", "1 / 0")
    write(measured, "03_c", FIXED + "\n" + FIXED)
    assert run(measured) == 1
    out = capsys.readouterr().out
    assert re.search(r"01_a, cell \d: ZeroDivisionError", out)
    assert "03_c, 03_c.ipynb reports 'error/MFCC' twice" in out
    report = (folder(measured) / "report.txt").read_text()
    assert re.search(r"(?m)^ *book/01_a.failed.ipynb .*FAILED: cell \d: ZeroDivisionError", report)


def test_a_chapter_that_takes_too_long_is_ended(book, kernels, capsys):
    write(book, "01_a", "import time\ntime.sleep(600)")
    assert run(book, "--limit-seconds", "1") == 1
    assert "more than 1 s" in capsys.readouterr().out
    assert "more than 1 s" in (folder(book) / "report.txt").read_text()


BIG = """\
import pathlib, subprocess, time
import numpy as np
pathlib.Path("pid").write_text(str(subprocess.Popen(["sleep", "600"]).pid))
blocks = []
while True:
    blocks.append(np.ones(2**22))
    time.sleep(0.02)"""


@pytest.mark.long
def test_a_chapter_that_takes_too_much_is_ended_with_all_it_started(book, kernels, capsys):
    write(book, "01_a", BIG)
    assert run(book, "--limit-gib", "1.5") == 1
    assert "more than 1.5 GiB" in capsys.readouterr().out
    assert (folder(book) / "book/01_a.failed.ipynb").exists()
    pid = int((book / "book/pid").read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_solution_that_its_check_refuses_fails_by_name(book, kernels, capsys):
    """As in earnest: a chapter in a kernel, here without a baseline, and the exercises after it."""
    name = "01_background"
    (goals,) = re.findall(
        "(?s)# ## What you will learn.*?(?=# %%)", (ROOT / f"book/{name}.py").read_text()
    )
    write(book, name, f"{FIXED}\n\n# %% [markdown]\n{goals}\n\n# %%\n1")
    text = (ROOT / f"book/exercises/{name}.py").read_text()
    (solution,) = re.findall(r"^panels = .*  # SOLUTION$", text, re.MULTILINE)
    wrong = text.replace(solution, 'panels = "AAAA"  # SOLUTION')
    (book / f"book/exercises/{name}.py").write_text(wrong)
    assert run(book) == 1
    out = capsys.readouterr().out
    (said,) = re.findall(rf"(?m)^{name}, exercises, (.+)$", out)
    assert said.startswith("curves: ")
    assert ";" not in said
    assert f"{name}, notes/train: 1,200, not in the baseline" in out
    assert "make baseline PROFILE=smoke" in out
    report = (folder(book) / "report.txt").read_text()
    assert report.startswith("fail: ")
    assert "There is no baseline" in report


@pytest.mark.parametrize(
    ("arguments", "baseline", "says"),
    [
        (["--profile", "smok"], None, "no profile 'smok'"),
        (["--parameter", "SEED=3"], None, "SEED is set by this command"),
        (["--parameter", "RUNS=x"], None, "RUNS is set by this command"),
        ([], "{", f"{MADE}.json is not a baseline"),
        ([], "[]", f"{MADE}.json is not a baseline"),
        ([], '{"figures": {}}', f"{MADE}.json is not a baseline"),
    ],
)
def test_what_is_mistyped_or_broken_is_refused_before_anything_runs(
    book, capsys, arguments, baseline, says
):
    write(book, "01_a", FIXED)
    if baseline:
        (book / "baselines").mkdir()
        (book / f"baselines/{MADE}.json").write_text(baseline)
    assert run(book, *arguments) == 2
    assert says in capsys.readouterr().err
    assert not (book / "_build").exists()


def test_a_baseline_goes_on_where_it_was_and_shows_what_changed(measured, capsys):
    path = measured / f"baselines/{MADE}.json"
    before = baselines.load(path)
    assert before["01_a"]["seeds"] is None
    assert before["02_b"]["seeds"] == [0, 1, 2]
    assert len(set(before["02_b"]["figures"]["loss/folds/CNN"])) == 3
    assert before["02_b"]["figures"]["parameters"] == 7
    assert {len(before["02_b"][name]) for name in ("seconds", "gib")} == {3}
    assert "keras" in before["02_b"]["made"]["versions"]
    assert '"notes/train": 1200,\n' in path.read_text()

    # One more seed; the first three are there. Then another chapter, and nothing else.
    capsys.readouterr()
    assert run(measured, "--baseline", "--seeds", "4") == 0
    assert capsys.readouterr().out.count("done before\n") == 4
    write(measured, "01_a", FIXED.replace("1200", "1199"))
    assert run(measured, "--baseline", "--seeds", "4", "--only", "01_a") == 0
    out = capsys.readouterr().out
    assert "done before" not in out
    assert "01_a, notes/train: 1,200 -> 1,199" in out
    after = baselines.load(path)
    assert (
        after["02_b"]["figures"]["loss/folds/CNN"][:3]
        == before["02_b"]["figures"]["loss/folds/CNN"]
    )

    # Helpers that changed make all that was executed with the old ones worthless.
    (measured / "helpers/new.py").write_text("x = 1\n")
    write(measured, "01_a", "1 / 0")
    assert run(measured, "--baseline", "--seeds", "2") == 1
    out = capsys.readouterr().out
    assert "done before" not in out
    assert "no baseline was written" in out
    assert baselines.load(path) == after


def test_what_seeds_do_not_agree_on_is_no_baseline():
    def merged(*runs):
        return baselines.merge(dict(enumerate(runs)), "05_x")

    assert merged({"a": Figure(1, False), "b": Figure(2.5, True)}) == {"a": 1, "b": [2.5]}
    with pytest.raises(BookError, match="05_x reports 'a', but not with seed 1"):
        merged({"a": Figure(1, False)}, {})
    with pytest.raises(BookError, match="05_x reports 'a' without a seed, but it depends on it"):
        merged({"a": Figure(1, False)}, {"a": Figure(2, False)})
    with pytest.raises(BookError, match="05_x: 'a' is 'nan' with some seed"):
        merged({"a": Figure(1.0, True)}, {"a": Figure("nan", True)})


def judged(old, new, name="accuracy/x", seeds=None):
    chapter = {"seeds": seeds, "figures": {name: old}}
    (finding,) = baselines.compare({"05_x": chapter}, {"05_x": {name: new}}, seed=0)
    return finding


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (3, 3, "ok"),
        (3, 4, "drift"),
        (3, 3.0, "ok"),
        (0.5, 0.5005, "ok"),
        (0.5, 0.502, "drift"),
        (1e6, 1e6 + 50, "ok"),
        ("yes", "no", "drift"),
        (0.5, "nan", "drift"),
        ("nan", "nan", "ok"),
        (True, 1, "drift"),
    ],
)
def test_figures_without_a_seed_are_to_be_equal(old, new, status):
    assert judged(old, Figure(new, False)).status == status


def test_figures_with_a_seed_are_to_lie_where_one_more_would():
    values = [0.5, 0.6, 0.55, 0.6, 0.5, 0.55, 0.45, 0.6, 0.5, 0.55]
    found = judged(values, Figure(0.6, True), seeds=list(range(10)))
    assert (found.status, found.same_seed) == ("ok", 0.5)
    assert 0 < found.low < 0.45 < 0.6 < found.high < 1
    assert judged(values, Figure(found.high + 0.01, True), seeds=[3]).status == "drift"
    assert judged(values, Figure("nan", True), seeds=[3]).status == "drift"
    # Without a seed it is another figure, whatever its value.
    assert judged(values, Figure(0.6, False), seeds=[3]).status == "drift"
    # Ten equal values, as few notes can give by chance, say nothing of the spread.
    assert judged([0.1] * 10, Figure(0.3, True), seeds=[3]).status == "no spread"


numbers = st.lists(st.integers(-1000, 1000), min_size=2, max_size=12).filter(
    lambda v: len(set(v)) > 1
)


@given(numbers, st.integers(1, 50), st.integers(-50, 50))
def test_an_interval_moves_and_stretches_with_its_values(values, by, to):
    low, high = baselines.interval("points/x", values, 0.01)
    assert low < np.mean(values) < high
    moved = baselines.interval("points/x", [by * value + to for value in values], 0.01)
    assert moved == pytest.approx((by * low + to, by * high + to), rel=1e-6, abs=1e-6)
    wider = baselines.interval("points/x", values, 0.001)
    assert wider[0] < low < high < wider[1]


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=12).filter(lambda v: len(set(v)) > 1))
def test_an_interval_keeps_to_what_is_possible(values):
    low, high = baselines.interval("accuracy/x", [value / 1000 for value in values], 1e-5)
    assert 0 <= low < high <= 1
    low, high = baselines.interval("loss/x", values, 1e-5)
    assert 0 <= low < min(values) <= max(values) < high


DRAWS = {
    "points/x": lambda rng, size: rng.normal(3, 2, size),
    "loss/x": lambda rng, size: np.exp(rng.normal(1, 0.5, size)),
    "accuracy/x": lambda rng, size: rng.binomial(20, 0.15, size) / 20,
    "accuracy/y": lambda rng, size: rng.binomial(200, 0.6, size) / 200,
    "accuracy/z": lambda rng, size: rng.binomial(20, 0.97, size) / 20,
}


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("seeds", [3, 10])
def test_false_alarms_are_as_rare_as_they_say(name, seeds):
    rng, level, alarms, asked = np.random.default_rng(0), 0.01, 0, 2000
    for row in DRAWS[name](rng, (asked, seeds + 1)):
        ends = baselines.interval(name, row[:-1].tolist(), level)
        alarms += ends is not None and not ends[0] <= row[-1] <= ends[1]
    # Student's t is for normal values. Near 0 and 1, accuracies are not; that costs less than this.
    assert alarms / asked < 2 * level


@pytest.mark.long
def test_all_figures_together_rarely_raise_an_alarm_and_still_see_a_fault():
    rng, alarms, runs = np.random.default_rng(0), 0, 0
    for _ in range(40):
        draws = {f"{name}{i}": draw for name, draw in DRAWS.items() for i in range(8)}
        old = {name: draw(rng, 10).tolist() for name, draw in draws.items()}
        chapters = {"05_x": {"seeds": list(range(10)), "figures": old}}
        for _ in range(25):
            new = {name: Figure(float(draw(rng, 1)[0]), True) for name, draw in draws.items()}
            findings = baselines.compare(chapters, {"05_x": new}, seed=99)
            alarms += any(finding.status == "drift" for finding in findings)
            runs += 1
    assert alarms <= 3 + runs * baselines.ALARMS
    low, high = baselines.interval(
        "loss/x", [2.30, 2.35, 2.28, 2.31, 2.33] * 2, baselines.ALARMS / 40
    )
    assert 1.5 < low < high < 3


@pytest.mark.parametrize("path", execute.select([]), ids=lambda path: path.stem)
def test_every_chapter_reports_and_has_no_parameter_of_its_own(path):
    names = execute.papermill.inspect_notebook(str(path))
    assert {"PROFILE"} <= set(names) <= {"PROFILE", "DATA", "RUNS", "SEED"}
    code = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert [c.metadata.get("tags") for c in code].count(["parameters"]) == 1
    last = code[-1]
    assert last.metadata["tags"] == ["remove-cell"]
    assert "findings.report(" in last.source
    assert ("seed=SEED" in last.source) <= ("SEED" in names)


def test_every_baseline_has_every_chapter():
    chapters = [path.stem for path in execute.select([])]
    found = {path.stem: list(baselines.load(path)) for path in (ROOT / "baselines").glob("*.json")}
    assert found == dict.fromkeys(found, chapters)
    assert set(found) == {f"{p}-{b}" for p in ("smoke", "quick") for b in ("jax", "tensorflow")}
