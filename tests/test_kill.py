"""SIGKILL at random moments: the next start goes on, and ends in the undisturbed record.

Part of `make test-all`; the environment variable KILLS says how often.
"""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from helpers.runs import records

pytestmark = pytest.mark.long
KILLS = int(os.environ.get("KILLS", "3"))
# Prints a line before each epoch, so that a kill can be aimed at the training.
CHILD = """
import dataclasses, sys
from helpers import tuning
from helpers.runs import training

mark = training.set_dropout_seeds
def marked(*arguments):
    print("epoch", flush=True)
    mark(*arguments)
training.set_dropout_seeds = marked

experiment = training.Experiment("smoke", runs=sys.argv[1])
small = {"trials": 2, "executions": 2, "tuning_epochs": 2}
experiment.profile = dataclasses.replace(experiment.profile, **small)
experiment.run("cnn", epochs=5)
experiment.run("lstm", epochs=4)
tuning.search(experiment, "cnn")
print("finished", flush=True)
"""
EPOCHS = 5 + 4 + 2 * 2 * 2


def start(runs):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(runs)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def contents(runs):
    return {records.record_name(record.config): record for record in records.read_all(runs)}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    runs = tmp_path_factory.mktemp("undisturbed")
    output, _ = start(runs).communicate(timeout=600)
    assert output.split() == ["epoch"] * EPOCHS + ["finished"]
    return contents(runs)


def test_killed_runs_end_in_the_undisturbed_records(undisturbed, tmp_path):
    rng = random.Random(20240130)
    kills, epochs = 0, 0
    while True:
        child = start(tmp_path)
        # A few epochs are let through, then the kill comes at any moment: in a step, while a
        # checkpoint or a record is written, or between two runs.
        to_see = rng.randint(1, max(1, round(1.5 * EPOCHS / KILLS))) if kills < KILLS else None
        seen = 0
        for line in child.stdout:
            seen += line == "epoch\n"
            if seen == to_see:
                time.sleep(rng.random() * 0.6)
                child.kill()
                break
        epochs += seen
        if child.wait(timeout=600) == 0:
            break
        assert child.returncode == -signal.SIGKILL
        kills += 1
        # Whatever stands there at this moment is whole.
        assert set(contents(tmp_path)) <= set(undisturbed)
    assert kills > 0
    # At most the epoch under way was lost with each kill, and what was printed ahead of it.
    assert epochs <= EPOCHS + kills

    resumed = contents(tmp_path)
    assert set(resumed) == set(undisturbed)
    for name, expected in undisturbed.items():
        assert resumed[name].history.equals(expected.history), name
        for part, predictions in expected.predictions.items():
            found = resumed[name].predictions[part]["probabilities"]
            np.testing.assert_allclose(found, predictions["probabilities"], rtol=0, atol=1e-5)
    assert not list(tmp_path.glob(".work/*/checkpoint*"))


def test_two_processes_share_a_folder(undisturbed, tmp_path):
    outputs = [child.communicate(timeout=600)[0] for child in [start(tmp_path), start(tmp_path)]]
    assert all(output.strip().endswith("finished") for output in outputs)
    # Each epoch was trained once, by one of them.
    assert sum(output.count("epoch") for output in outputs) == EPOCHS
    assert set(contents(tmp_path)) == set(undisturbed)
