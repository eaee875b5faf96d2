"""The study's rows, what they train on, and what is refused as a record of them."""

import json
import re

import numpy as np
import pytest

from helpers import datasets, models, simple
from helpers.commands import main
from helpers.runs import study

ROWS = study.rows()


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(study, "KEPT", tmp_path / "kept")
    return tmp_path


def test_the_plan_lists_the_rows():
    plan = study.PLAN.read_text()
    names = re.findall(r"(?m)^\| ([A-Z][^|]*) \|", plan)
    listed = {n.strip().removesuffix("-...") for name in names for n in re.split(", | to ", name)}
    kinds = {re.match(r"N\d+|[A-Z]\d?(?=-(?!kaw|ges|zha|ten))|.*", name)[0] for name in ROWS}
    assert kinds - listed <= {"N2", "N3", "N4"}
    assert listed <= kinds
    # What the table says of the rows that are tested.
    for name, rate, epochs, scale, deals in re.findall(
        r"(?m)^\| ([A-DP][^|]*) \| [^|]* \| (1e-\d) \| (\d+) \| (\w+)[^|]* \| (\d+) \|$", plan
    ):
        for one in name.split(", "):
            row = ROWS[one]
            assert (row.rate, row.epochs, row.deals) == (float(rate), int(epochs), int(deals))
            assert row.standardise == (scale == "standardised")


def test_every_system_is_run():
    assert {row.system for row in ROWS.values()} == {*models.BUILDERS, *simple.SYSTEMS}


@pytest.mark.parametrize("deal", [1, 7])
def test_no_recording_is_on_both_sides(deal):
    found = study.material()
    recording = found.notes["recording"].to_numpy(dtype=str)
    for name in ("A1", "N1-lstm", "N10-cnn", "S-cnn-raw-1e-03", "G-lstm-3", "R-zhang", "W-C"):
        for part in study.parts(ROWS[name], deal):
            heard = {*recording[part.train]}
            for test, rows in part.tests.items():
                if test != "known":
                    assert not heard & {*recording[rows]}, f"{name}: {test}"
            assert not set(part.train) & {i for rows in part.tests.values() for i in rows}


def test_a_deal_predicts_every_note_once():
    parts = study.parts(ROWS["B1"], 3)
    tested = np.concatenate([part.tests["unseen"] for part in parts])
    assert sorted(tested) == list(range(1000))
    assert len({study.config(ROWS["B1"], 3, part.fold)["start"] for part in parts}) == 4


def test_breadth_is_the_only_thing_that_differs():
    found = study.material()
    for breadth, instruments in ((1, 10), (2, 20), (3, 30), (4, 40), (10, 100)):
        (part,) = study.parts(ROWS[f"N{breadth}-hybrid"], 2)
        assert (np.bincount(found.labels[part.train]) == 20).all()
        assert found.notes["instrument"][part.train].nunique() == instruments


def test_wide_test_is_asked_by_the_confirmatory_rows_alone():
    for row in ROWS.values():
        asked = {name for part in study.parts(row, 1) for name in part.tests}
        assert ("wide-test" in asked) == row.name.startswith("W-")


def test_a_deal_is_kept_and_read(shelf):
    row = ROWS["E1-naive_bayes"]
    path = study.run(row, 2, shelf / "runs")
    deal = study.read(path)
    unseen = deal.predictions["unseen"]
    assert sorted(unseen["note"]) == sorted(datasets.load("nsynth-mini").table["note"])
    right = unseen[list(datasets.FAMILIES)].to_numpy().argmax(axis=1) == unseen["label"]
    metrics = [info["metrics"]["unseen"]["accuracy"] for info in deal.infos]
    np.testing.assert_allclose(right.groupby(unseen["fold"]).mean(), metrics)
    assert 0.5 < right.mean() < 0.95
    before = path.stat().st_mtime_ns
    study.run(row, 2, shelf / "runs")
    assert path.stat().st_mtime_ns == before  # the same run is never made twice


def test_what_is_no_record_of_the_plan_is_refused(shelf, monkeypatch):
    path = study.run(ROWS["E1-naive_bayes"], 1, shelf / "runs")
    whole = path.read_bytes()
    with np.load(path) as file:
        arrays = dict(file)
    infos = json.loads(arrays["info"].tobytes())
    for info in infos:  # the older scheme: all folds start with the seed
        info["config"]["start"] = 0
    other = arrays | {"info": np.frombuffer(json.dumps(infos).encode(), dtype=np.uint8)}
    del other["digest"]
    np.savez_compressed(path, **other, digest=np.array(study._digest_of(other)))
    with pytest.raises(study.StudyError, match="not that of E1-naive_bayes-deal01 in the plan"):
        study.read(path)
    arrays["unseen1_notes"][3] ^= 1  # a flipped bit
    np.savez_compressed(path, **arrays)
    with pytest.raises(study.StudyError, match="changed after it was written"):
        study.read(path)
    path.write_bytes(whole[:-200])
    with pytest.raises(study.StudyError, match=r"deal01\.npz: .*delete it and run the row again"):
        study.read(path)
    path.write_bytes(whole)
    edited = shelf / "plan.md"
    edited.write_text(study.PLAN.read_text() + "One more thought.\n")
    monkeypatch.setattr(study, "PLAN", edited)
    with pytest.raises(study.StudyError, match="made under another plan"):
        study.read(path)


def test_the_command(shelf, capsys, monkeypatch):
    monkeypatch.chdir(shelf)
    runs = ["--runs", str(shelf / "runs")]
    assert main.main(["study", "--rows", "E1-naive_bayes", "E1-svm", "--dry-run"]) == 0
    assert "0 of 20 deals kept" in capsys.readouterr().out
    main.main(["study", "--dry-run"])
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines()[:-1]}
    assert listed == set(ROWS)  # the other backend's and the confirmatory ones as well
    assert main.main(["study", "--confirm", *runs]) == 2
    assert "deals are missing" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="no row A9 in the plan"):
        main.main(["study", "--rows", "A9"])
    assert main.main(["study", "--rows", "E1-naive_bayes", *runs]) == 0
    main.main(["study", "--rows", "E1-naive_bayes", "E1-svm", "--dry-run"])
    assert "10 of 20 deals kept" in capsys.readouterr().out
