"""Work on several processes as on several machines: the page's own programs, on loopback."""

import os
import re
import socket
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from conftest import ROOT

from helpers import datasets, tuning
from helpers.runs import cache, records, training

PAGE = (ROOT / "book" / "real_size.md").read_text()


def program(word: str, **values) -> str:
    """The page's block of Python that holds a word, with other values for its capitals."""
    (code,) = (c for c in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if word in c)
    names, old = re.search(r"^([A-Z, ]+) = (.+)$", code, re.MULTILINE).groups()
    assert set(values) == set(names.split(", "))
    new = ", ".join(repr(values[name]) for name in names.split(", "))
    return textwrap.dedent(code).replace(f"{names} = {old}", f"{names} = {new}")


@pytest.fixture
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


def kill_one(cluster):
    worker = next(iter(cluster.workers.values()))
    os.kill(worker.pid, 9)


@pytest.mark.long
def test_features_survive_a_killed_worker(cluster, train_notes, monkeypatch):
    from distributed import Client

    notes = train_notes.select(range(300))
    monkeypatch.setattr(cache, "BLOCK", 4)
    monkeypatch.setattr(cache, "AHEAD", 20)
    with Client(cluster) as client, client.get_executor(pure=False) as executor:
        rows = []
        for row in cache._computed(notes, "mfcc", datasets.SAMPLES, executor):
            rows.append(row)
            if len(rows) == 60:
                kill_one(cluster)
        assert len(client.scheduler_info()["workers"]) >= 2
    expected = cache.extract(notes, cache=None, progress=False)
    np.testing.assert_array_equal(np.stack(rows), expected)


def test_a_bad_note_is_named_by_whoever_finds_it(make_set):
    from concurrent.futures import ThreadPoolExecutor

    name = "bass_electronic_018-035-100"
    notes = datasets.load(make_set(names=[name], audio={name: b"broken"}))
    with ThreadPoolExecutor(2) as pool, pytest.raises(datasets.DatasetError, match=name):
        cache.extract(notes, cache=None, progress=False, executor=pool)


@pytest.mark.long
def test_trainings_survive_a_killed_worker(cluster, tmp_path):
    code = program(
        "distributed",
        SCHEDULER=cluster.scheduler_address, PROFILE="smoke", DATA="nsynth-mini",
        RUNS=str(tmp_path),
    )  # fmt: skip
    child = subprocess.Popen([sys.executable, "-c", f"{code}\n    print('failed', failed)"],
                             cwd=ROOT, stdout=subprocess.PIPE, text=True)  # fmt: skip
    # As soon as a training has finished an epoch, its worker or another one dies.
    while not list(tmp_path.glob(".work/*/checkpoint*")):
        assert child.poll() is None
        time.sleep(0.05)
    kill_one(cluster)
    output, _ = child.communicate(timeout=900)
    assert output.splitlines()[-1] == "failed 0"
    config = training.Experiment("smoke", runs=tmp_path).config
    asked = [config(model, fold=fold) for model in ("cnn", "lstm") for fold in (1, 2)]
    found = [records.record_name(record.config) for record in records.read_all(tmp_path)]
    assert sorted(found) == sorted(map(records.record_name, asked))


@pytest.mark.long
def test_a_chief_and_two_workers_search_together(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    code = program(
        "tuning.search", PROFILE="smoke", DATA="nsynth-mini", RUNS=str(tmp_path / "many"),
        MODEL="lstm",
    )  # fmt: skip
    oracle = {"KERASTUNER_ORACLE_IP": "127.0.0.1", "KERASTUNER_ORACLE_PORT": port}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT, env=os.environ | oracle | {"KERASTUNER_TUNER_ID": name},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name in ("chief", "tuner0", "tuner1")
    ]  # fmt: skip
    outputs = [child.communicate(timeout=900) for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], outputs
    alone = tuning.search(training.Experiment("smoke", runs=tmp_path / "alone"), "lstm")
    assert {output.splitlines()[-1] for output, _ in outputs} == {str(alone.best)}
    one, many = (records.read_all(tmp_path / name) for name in ("alone", "many"))
    assert [r.info["hash"] for r in many] == [r.info["hash"] for r in one]
    for first, second in zip(one, many, strict=True):
        assert first.history.equals(second.history)
