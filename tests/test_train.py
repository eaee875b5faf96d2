import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest
from conftest import ROOT, shrink

from helpers.commands import collect, train
from helpers.runs import records, training

pytestmark = pytest.mark.usefixtures("tiny_networks")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_networks):
    """All runs of the CNN in smoke: two folds each of base, thesis's and tuned, two trials."""
    runs = tmp_path_factory.mktemp("runs")
    assert train.main(["--profile", "smoke", "--runs", str(runs), "--only", "cnn"]) == 0
    return runs


def command(*arguments):
    return [
        sys.executable,
        "-m",
        "helpers.commands",
        "train",
        "--profile",
        "smoke",
        *map(str, arguments),
    ]


def test_a_dry_run_lists_and_trains_nothing(tmp_path, capsys):
    arguments = ["--profile", "smoke", "--runs", str(tmp_path), "--dry-run"]
    assert train.main(arguments) == 0
    output = capsys.readouterr().out
    assert output.count("0 of 2 epochs") == 8  # base and thesis's, two models, two folds
    assert output.count("0 of 1 epochs") == 4  # two trials each
    assert "cnn, tuned: known when its search is done" in output
    assert "0 of 12 runs done, time left not known" in output
    assert not list(tmp_path.iterdir())


def test_all_runs_are_done_once(finished, monkeypatch, capsys):
    done = records.read_all(finished)
    assert len(done) == 8
    monkeypatch.setattr(training, "_train", None)
    assert train.main(["--profile", "smoke", "--runs", str(finished), "--only", "cnn"]) == 0
    capsys.readouterr()
    arguments = ["--profile", "smoke", "--runs", str(finished), "--dry-run"]
    assert train.main([*arguments, "--only", "cnn"]) == 0
    output = capsys.readouterr().out
    assert "6 of 6 runs done" in output
    assert "2 of 2 runs done" in output
    # What is to do of the other model is listed, with an estimate only from its own kind.
    assert train.main([*arguments, "--only", "lstm", "--variant", "base"]) == 0
    assert "0 of 2 runs done, time left not known" in capsys.readouterr().out


def test_runs_of_classmates_are_pooled(finished, tmp_path, monkeypatch, capsys):
    for fold in (1, 2):
        runs = tmp_path / f"classmate{fold}"
        arguments = ["--profile", "smoke", "--runs", str(runs), "--only", "cnn"]
        assert train.main([*arguments, "--variant", "base", "--fold", str(fold)]) == 0
        assert [r.fold for r in records.read_all(runs)] == [fold]
        shutil.make_archive(str(runs), "zip", runs)
    together = str(tmp_path / "together")
    arguments = ["--profile", "smoke", "--runs", together, "--only", "cnn", "--variant", "base"]
    for classmate, done in ((1, "1 of 2 runs done"), (2, "2 of 2 runs done")):
        handed_in = str(tmp_path / f"classmate{classmate}.zip")
        assert collect.main([together, handed_in, "--profile", "smoke"]) == 0
        capsys.readouterr()
        assert train.main([*arguments, "--dry-run"]) == 0
        assert done in capsys.readouterr().out
    # A chapter finds what was handed in, and trains what was not.
    experiment, trained = training.Experiment("smoke", runs=together), []
    monkeypatch.setattr(training, "_train", lambda config, *_: trained.append(config["model"]))
    assert [run.fold for run in experiment.run_folds("cnn")] == [1, 2]
    assert trained == []
    experiment.run("lstm", fold=1)
    assert trained == ["lstm"]
    for record in records.read_all(tmp_path / "together"):
        other = records.find(finished, record.config)
        assert record.history.equals(other.history)


@pytest.mark.long
def test_any_executor_gives_the_same_records(finished, tmp_path):
    where = ("smoke", "nsynth-mini", str(tmp_path))
    experiment = training.Experiment(*where)
    jobs = train.jobs_of(where, "cnn", "base", seed=0)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=shrink) as workers:
        assert train.run_all(experiment, where, jobs, workers) == 0
    for record in records.read_all(tmp_path):
        other = records.find(finished, record.config)
        for part, predictions in record.predictions.items():
            np.testing.assert_allclose(
                predictions["probabilities"],
                other.predictions[part]["probabilities"],
                rtol=0,
                atol=1e-5,
            )


def test_a_damaged_record_is_refused_and_the_others_are_run(finished, tmp_path, capsys):
    runs = tmp_path / "runs"
    runs.mkdir()
    base = training.Experiment("smoke", runs=finished).config("cnn")
    record = finished / records.record_name(base)
    shutil.copytree(record, runs / record.name)
    (runs / record.name / "history.csv").write_text("edited")
    arguments = ["--profile", "smoke", "--runs", str(runs), "--only", "cnn", "--variant", "base"]
    assert train.main([*arguments, "--dry-run"]) == 1
    assert train.main(arguments) == 1
    output = capsys.readouterr().out
    assert output.count(f"REFUSED {runs / record.name}: history.csv was changed") == 2
    assert len(list(runs.glob("cnn-fold2-*"))) == 1
    assert (runs / record.name / "history.csv").read_text() == "edited"  # nothing overwritten


@pytest.mark.long
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_says_how_to_go_on(tmp_path, jobs):
    child = subprocess.Popen(
        command("--runs", tmp_path, "--jobs", jobs, "--only", "cnn"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        start_new_session=True,
        # Where the tests run in the background, interrupts are ignored, and children inherit that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    output = first = child.stdout.readline()
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does: to all of its processes
    output += child.communicate(timeout=120)[0]
    assert first.startswith("[1/"), output
    assert child.returncode == 130
    assert "give the same command again" in output
    assert "Traceback" not in output


def test_other_folds_features_and_lengths_are_runs_of_their_own(tmp_path, capsys):
    runs = ["--profile", "smoke", "--runs", str(tmp_path), "--only", "lstm", "--variant", "base"]
    unusual = "--split grouped --seconds 1 --epochs 1 --remeasure --fold 2".split()  # noqa: SIM905
    assert train.main([*runs, *unusual]) == 0
    (record,) = records.read_all(tmp_path)
    assert record.config["split"]["kind"] == "grouped"
    assert (record.fold, record.config["epochs"], record.config["clean"]) == (2, 1, True)
    assert record.config["features"]["seconds"] == 1
    capsys.readouterr()
    assert train.main([*runs, *unusual, "--dry-run"]) == 0
    assert "1 of 1 runs done" in capsys.readouterr().out
    assert train.main([*runs, "--dry-run"]) == 0
    assert "0 of 2 runs done" in capsys.readouterr().out
    searched = [*runs[:-1], "tuning", "--search-fold", "2", "--dry-run"]
    assert train.main(searched) == 0
    assert capsys.readouterr().out.count("lstm-fold2-seed") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "-5"], "--epochs: '-5': expected a whole number from 1 on"),
        (["--epochs", "0"], "--epochs: '0': expected a whole number from 1 on"),
        (["--epochs", "9" * 5000], "expected a whole number from 1 on"),
        (["--jobs", "0"], "--jobs: '0': expected a whole number from 1 to 256"),
        (["--seed", "-1"], "--seed: '-1': expected a whole number from 0 on"),
        (["--search-fold", "0"], "--search-fold: '0': expected a whole number from 1 on"),
        (["--fold", "0"], "--fold: '0': expected a whole number from 1 on"),
        (["--seconds", "nan"], "--seconds: 'nan': expected more than 0 and at most 4"),
        (["--seconds", "x"], "--seconds: 'x': expected more than 0 and at most 4"),
        (["--runs", "/dev/null"], "--runs: the folder is /dev/null, and /dev/null is no folder"),
        (["--runs", ""], "--runs: the folder is empty: name a folder"),
        (["--data", ""], "--data: no set is named"),
        (["--data", "nowhere"], "nowhere: no such folder or archive"),
        (["--data", "/dev/null"], "--data: /dev/null: is no set of notes: give a folder"),
        (["--search-fold", "6", "--dry-run"], "--search-fold 6: smoke has folds 1 to 2"),
        (["--split", "group"], "invalid choice: 'group'"),
        (["--profile", "quik"], "invalid choice: 'quik'"),
        (["--only", "gru"], "invalid choice: 'gru'"),
        (["--fold", "3", "--dry-run"], "--fold 3: smoke has folds 1 to 2"),
    ],
)
def test_bad_arguments_are_refused(tmp_path, capsys, arguments, message):
    try:
        status = train.main(["--profile", "smoke", "--runs", str(tmp_path), *arguments])
    except SystemExit as refused:
        status = refused.code
    assert status == 2
    assert message in "".join(capsys.readouterr())
    assert not list(tmp_path.iterdir())
