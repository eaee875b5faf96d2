import os
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, shrink

from helpers.commands import collect, train
from helpers.runs import records, training

pytestmark = pytest.mark.usefixtures("tiny_networks")


def made_up(config, X, y, part, tests, runs, *_):
    """A record like that of a training, of numbers that its configuration decides."""
    rng = np.random.default_rng(int(records.config_hash(config), 16))
    history = pd.DataFrame(rng.random((config["epochs"], 5)), columns=list(records.HISTORY))
    history["epoch"] = range(1, config["epochs"] + 1)
    predictions = {
        part: {
            "notes": notes.table["note"].to_numpy(dtype=str),
            "labels": notes.labels,
            "probabilities": rng.dirichlet(np.ones(10), len(notes)).astype(np.float32),
        }
        for part, (notes, _, _) in tests.items()
    }
    info = {"config": config, "seconds": 120.0}
    return records.read(records.write(runs, info, history, predictions))


@pytest.fixture
def untrained(monkeypatch):
    monkeypatch.setattr(training, "_train", made_up)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_networks):
    """All runs of the CNN in smoke: two folds each of base, thesis's and tuned, two trials."""
    runs = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "_train", made_up)
        assert run(runs, "--only cnn") == 0
    return runs


def run(runs, arguments):
    return train.main(["--profile", "smoke", "--runs", str(runs), *arguments.split()])


def test_a_dry_run_lists_and_trains_nothing(tmp_path, capsys):
    assert run(tmp_path, "--dry-run") == 0
    output = capsys.readouterr().out
    assert output.count("0 of 2 epochs") == 8  # base and thesis's, two models, two folds
    assert output.count("0 of 1 epochs") == 4  # two trials each
    assert "cnn, tuned: known when its search is done" in output
    assert "0 of 12 runs done, time left not known" in output
    assert not list(tmp_path.iterdir())


def test_all_runs_are_done_once(finished, monkeypatch, capsys):
    assert len(records.read_all(finished)) == 8
    monkeypatch.setattr(training, "_train", None)
    assert run(finished, "--only cnn") == 0
    capsys.readouterr()
    assert run(finished, "--dry-run --only cnn") == 0
    output = capsys.readouterr().out
    assert "6 of 6 runs done" in output
    assert "2 of 2 runs done, nothing left to do" in output
    # What is to do of the other model is listed, with an estimate only from its own kind.
    assert run(finished, "--dry-run --variant base") == 0
    assert "2 of 4 runs done, time left not known" in capsys.readouterr().out


@pytest.mark.usefixtures("untrained")
def test_runs_of_classmates_are_pooled(finished, tmp_path, monkeypatch, capsys):
    base = "--only cnn --variant base"
    together = tmp_path / "together"
    for fold in (1, 2):
        runs = tmp_path / f"classmate{fold}"
        assert run(runs, f"{base} --fold {fold}") == 0
        assert [r.fold for r in records.read_all(runs)] == [fold]
        handed_in = shutil.make_archive(str(runs), "zip", runs)
        assert collect.main([str(together), handed_in, "--profile", "smoke"]) == 0
        capsys.readouterr()
        assert run(together, f"{base} --dry-run") == 0
        left = {1: "1 of 2 runs done, about 2 min left", 2: "2 of 2 runs done, nothing left"}
        assert left[fold] in capsys.readouterr().out
    # A chapter finds what was handed in, and trains what was not.
    experiment, trained = training.Experiment("smoke", runs=together), []
    monkeypatch.setattr(training, "_train", lambda config, *_: trained.append(config["model"]))
    assert [run.fold for run in experiment.run_folds("cnn")] == [1, 2]
    assert trained == []
    experiment.run("lstm", fold=1)
    assert trained == ["lstm"]
    for record in records.read_all(together):
        assert record.history.equals(records.find(finished, record.config).history)


@pytest.mark.long
def test_any_executor_gives_the_same_records(tmp_path):
    found = []
    for name in ("here", "elsewhere"):
        where = ("smoke", "nsynth-mini", str(tmp_path / name))
        experiment = training.Experiment(*where)
        jobs = train.jobs_of(where, "cnn", "base", seed=0)
        with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=shrink) as workers:
            executor = None if name == "here" else workers
            assert train.run_all(experiment, where, jobs, executor) == 0
        found.append(records.read_all(tmp_path / name))
    for one, other in zip(*found, strict=True):
        for part in one.predictions:
            answers = (record.predictions[part]["probabilities"] for record in (one, other))
            np.testing.assert_allclose(*answers, rtol=0, atol=1e-5)


@pytest.mark.usefixtures("untrained")
def test_a_damaged_record_is_refused_and_the_others_are_run(finished, tmp_path, capsys):
    base = training.Experiment("smoke", runs=finished).config("cnn")
    record = tmp_path / records.record_name(base)
    shutil.copytree(finished / record.name, record)
    (record / "history.csv").write_text("edited")
    assert run(tmp_path, "--only cnn --variant base --dry-run") == 1
    assert run(tmp_path, "--only cnn --variant base") == 1
    output = capsys.readouterr().out
    assert output.count(f"REFUSED {record}: history.csv was changed") == 2
    assert "[1/2] cnn-fold2-" in output
    assert len(list(tmp_path.glob("cnn-fold2-*"))) == 1
    assert (record / "history.csv").read_text() == "edited"  # nothing overwritten


def test_a_run_that_fails_is_named_and_stops_no_other(tmp_path, capsys, monkeypatch):
    def fails_once(config, *rest):
        if config["split"]["fold"] == 1:
            raise ValueError("no memory")
        return made_up(config, *rest)

    monkeypatch.setattr(training, "_train", fails_once)
    assert run(tmp_path, "--only cnn --variant base") == 1
    output = capsys.readouterr().out
    assert re.search(r"FAILED cnn-fold1-\S+: ValueError: no memory\n\[1/2\] cnn-fold2-", output)


@pytest.mark.long
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupt_says_how_to_go_on(tmp_path, jobs):
    child = subprocess.Popen(
        [sys.executable, "-m", "helpers.commands", "train", "--profile", "smoke", "--only", "cnn",
         "--runs", str(tmp_path), "--jobs", jobs],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
        start_new_session=True,
        # Where the tests run in the background, interrupts are ignored, and children inherit that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    output = first = child.stdout.readline()
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does: to all of its processes
    output += child.communicate(timeout=120)[0]
    assert first.startswith("[1/"), output
    assert child.returncode == 130
    assert "give the same command again" in output
    assert "Traceback" not in output


def test_other_folds_features_and_lengths_are_runs_of_their_own(tmp_path, capsys):
    unusual = "--only lstm --variant base --split grouped --seconds 1 --epochs 1 --remeasure"
    assert run(tmp_path, f"{unusual} --fold 2") == 0
    (record,) = records.read_all(tmp_path)
    assert record.config["split"]["kind"] == "grouped"
    assert (record.fold, record.config["epochs"], record.config["clean"]) == (2, 1, True)
    assert record.config["features"]["seconds"] == 1
    capsys.readouterr()
    for arguments, done in (
        (f"{unusual} --fold 2", "1 of 1 runs done"),
        ("--only lstm --variant base", "0 of 2 runs done"),
    ):
        assert run(tmp_path, f"{arguments} --dry-run") == 0
        assert done in capsys.readouterr().out
    assert run(tmp_path, "--only lstm --variant tuning --search-fold 2 --dry-run") == 0
    assert capsys.readouterr().out.count("lstm-fold2-seed") == 2


# What any number, folder or set is refused for is tested in test_options.py.
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--seed -1", "--seed: '-1': expected a whole number from 0 on"),
        ("--seconds 5", "--seconds: '5': expected more than 0 and at most 4"),
        ("--split group", "invalid choice: 'group'"),
        ("--profile quik", "invalid choice: 'quik'"),
        ("--only gru", "invalid choice: 'gru'"),
        ("--search-fold 6 --dry-run", "--search-fold 6: smoke has folds 1 to 2"),
        ("--fold 3 --dry-run", "--fold 3: smoke has folds 1 to 2"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, capsys, arguments, message):
    try:
        status = run(tmp_path, arguments)
    except SystemExit as refused:
        status = refused.code
    assert status == 2
    assert message in "".join(capsys.readouterr())
    assert not list(tmp_path.iterdir())
