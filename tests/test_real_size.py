"""The `thesis` profile on a feature store, made small; and the script that measures it in full.

The chapters are part of `make test-all`.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import keras
import numpy as np
import pytest
from conftest import ROOT

from helpers import datasets, features, profiles
from helpers.commands.nsynth import stream
from helpers.runs import training

sys.path.insert(0, str(ROOT / "benchmarks"))
import real_size

PER_FAMILY = 20
EVERY = sorted(path.stem for path in (ROOT / "book").glob("[0-9]*.py"))
# A chapter as a program, with other parameters, in a profile `thesis` of a store's size.
PROGRAM = """
import dataclasses, json, re, sys
from helpers import profiles

smoke = profiles.get("smoke")
small = dataclasses.replace(smoke, name="thesis", notes_per_family=20, test_per_family=None)
profiles.PROFILES["thesis"] = small
path, parameters = sys.argv[1], json.loads(sys.argv[2])
source = open(path).read()
for name, value in parameters.items():
    source = re.sub(rf"^{name} = .*$", f"{name} = {value!r}", source, flags=re.MULTILINE)
exec(compile(source, path, "exec"), {"__name__": "__main__"})
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    with ThreadPoolExecutor(2) as pool:
        for split, per_family in (("train", PER_FAMILY), ("test", None)):
            stream.make(
                split, folder, datasets.BUNDLED["nsynth-mini"], per_family, executor=pool,
                progress=False,
            )  # fmt: skip
    return folder


def test_an_experiment_maps_the_store_and_copies_nothing(store, monkeypatch, tmp_path):
    smoke = profiles.PROFILES["smoke"]
    thesis = replace(smoke, name="thesis", notes_per_family=PER_FAMILY, test_per_family=None)
    monkeypatch.setitem(profiles.PROFILES, "thesis", thesis)
    experiment = training.Experiment("thesis", store, tmp_path)
    assert isinstance(experiment.X, np.memmap)
    assert isinstance(experiment.X_test, np.memmap)
    assert experiment.X.shape == (10 * PER_FAMILY, features.N_FRAMES, 13)
    bundled = datasets.load("nsynth-mini", "test")
    assert experiment.test_notes.checksum() == bundled.checksum()


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.mark.long
@pytest.mark.parametrize("chapter", EVERY)
def test_chapters_run_on_a_store(chapter, store, runs):
    parameters = {"PROFILE": "thesis", "DATA": str(store), "RUNS": str(runs)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, f"{chapter}.py", json.dumps(parameters)],
        cwd=ROOT / "book", env=os.environ | {"MPLBACKEND": "agg"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    heard = f"{store}: features only, no sound; the bundled notes are heard instead"
    assert (heard in done.stdout) == (chapter in EVERY[:2])


def test_three_families_of_a_set_are_told_apart_as_on_the_page():
    page = (ROOT / "book/real_size.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(from helpers import datasets, folds.+?)```", page, re.DOTALL)
    names = {}
    keras.utils.set_random_seed(0)
    exec(code.replace("path/to/SET", "nsynth-mini").replace("epochs=50", "epochs=20"), names)
    assert set(names["notes"].table["family"]) == {"brass", "flute", "reed"}
    assert names["model"].count_params() == 20_618
    assert names["found"]["accuracy"] > 0.3
    X, y, rows = names["X"], names["y"], names["fold"].train
    known = names["model"].evaluate(X[rows], y[rows], verbose=0, return_dict=True)
    assert known["accuracy"] > 0.5


# What measures the real size.


@pytest.mark.long
def test_the_archive_of_many_names_is_one(tmp_path, train_notes):
    archive = real_size.Archive(1020, "train")
    (tmp_path / "set.tar.gz").write_bytes(b"".join(archive.pieces()))
    with ThreadPoolExecutor(2) as pool:
        stored = stream.make(
            "train", tmp_path, tmp_path / "set.tar.gz", 3, executor=pool, progress=False
        )
    assert len(stored) == 30
    known = set(train_notes.audio_digests())
    assert set(stored.audio_digests()) <= known
    assert len(set(archive.names)) == 1020
    assert not set(archive.names) & set(real_size.Archive(100, "test").names)
    # Balanced, however long.
    for n in (50, 1020):
        families = Counter(name.split("_")[0] for name in archive.names[:n])
        assert set(families.values()) == {n // 10}


def test_the_table_of_times(tmp_path):
    speed = {"notes_a_second": {"train": 100, "predict": 1000}, "backend": "jax", "peak_bytes": 1}
    models = {f"{m} {v}": speed for m in ("cnn", "lstm") for v in ("base", "thesis")}
    # 50 epochs of 70,000 notes at 100 a second and 8,750 at 1,000, five times.
    seconds = 5 * 50 * (70_000 / 100 + 8_750 / 1_000)
    found = real_size.whole(models, profiles.get("thesis"))
    assert found["base CNN, 5 folds"] == pytest.approx(seconds)
    assert found["search for the LSTM, 10 executions"] == pytest.approx(2 * seconds)
    result = {"machine": "a machine", "models": models}
    result["store"] = {"notes": 2000, "test": 100, "seconds": 10.0, "peak_bytes": 2**20}
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- times -->\nstale\n<!-- /times -->\nafter\n")
    real_size.write(result, page)
    text = page.read_text()
    assert text.startswith("before\n<!-- times -->\n| step |")
    assert text.endswith("\n<!-- /times -->\nafter\n")
    assert "stale" not in text
    assert "estimated from 2,000 notes, measured" in text
    days = f"{seconds / 86400:.1f} days"
    assert f"| base CNN, 5 folds | {days} | estimated from 200 steps |" in text
    assert "not measured" in text
    assert real_size.PAGE.read_text().count("<!-- times -->\n") == 1
