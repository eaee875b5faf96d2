"""The records of a class go into one folder: whole ones of the right runs, and nothing else."""

import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from helpers import tuning
from helpers.commands import collect
from helpers.runs import records

SHIPPED = [records.read(path) for path in records.SHIPPED.glob("cnn-fold*-seed0-*")]
BASE = tuning.protocol(SHIPPED)["Base CNN"]
ONE, TWO = (records.SHIPPED / records.record_name(record.config) for record in BASE[:2])


def hand_in(folder, *paths):
    """A student's folder with copies of these records; returns it."""
    for path in paths:
        shutil.copytree(path, folder / path.name)
    return folder


def zipped(path, folder, inside="handin", between="/"):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, between.join([inside, *file.relative_to(folder).parts]))
    return path


def rewritten(path, **changes):
    """Change what a record holds and make its checksums and name fit, as a careful hand would."""
    info = json.loads((path / "record.json").read_text())
    with np.load(path / "predictions.npz") as arrays:
        arrays = dict(arrays)
    for name, value in changes.items():
        if name in arrays:
            arrays[name] = value(arrays[name])
        else:
            (info if name in info else info["config"])[name] = value
    np.savez_compressed(path / "predictions.npz", **arrays)
    info["hash"] = records.config_hash(info["config"])
    info["files"]["predictions.npz"] = records._sha256(path / "predictions.npz")
    info["checksum"] = records._checksum(info)
    (path / "record.json").write_text(json.dumps(info))
    path.rename(path.with_name(records.record_name(info["config"])))


def verdicts(outcomes):
    return [outcome.verdict for outcome in outcomes]


def everything_in(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_folders_and_zip_files_at_any_depth_are_pooled(tmp_path, capsys):
    anna = hand_in(tmp_path / "class" / "anna" / "handin", ONE)
    (anna / ".work" / ONE.name).mkdir(parents=True)
    (anna / ".work" / ONE.name / "lock").touch()
    (anna / "link").mkdir()
    (anna / "link/record.json").symlink_to(TWO / "record.json")  # of elsewhere: not handed in
    ben = hand_in(tmp_path / "ben", TWO)
    zipped(tmp_path / "class" / "ben.zip", ben, between="\\")  # as some programs on Windows do
    into = tmp_path / "pool"
    arguments = [str(into), str(tmp_path / "class"), "--profile", "mini"]
    assert collect.main(arguments) == 0
    assert "2 taken, 0 copies, 0 repeats, 0 refused" in capsys.readouterr().out
    found = records.read_all(into)
    assert sorted(records.record_name(r.config) for r in found) == sorted([ONE.name, TWO.name])
    assert sorted(p.name for p in into.iterdir()) == sorted([ONE.name, TWO.name])
    # A record by itself, and a second call.
    assert collect.main([str(into), str(ONE), "--profile", "mini"]) == 0
    assert "0 taken, 1 copies, 0 repeats, 0 refused" in capsys.readouterr().out


def test_what_came_first_stays_and_duplicates_are_seen(tmp_path):
    anna, ben, carl = (hand_in(tmp_path / name, ONE) for name in ("anna", "ben", "carl"))
    rewritten(carl / ONE.name, seconds=1.25)
    into = tmp_path / "pool"
    outcomes = collect.pool(into, [anna, ben, carl], "mini")
    assert verdicts(outcomes) == ["taken", "copy", "repeat"]
    assert outcomes[1].reason == f"the same as in {anna}"
    assert outcomes[2].reason == f"another training of a run in {anna}, which stays"
    assert everything_in(into / ONE.name) == everything_in(ONE)


WRONG = {
    "history.csv was changed after it was written": lambda p: (p / "history.csv").write_text(""),
    "incomplete, predictions.npz missing": lambda p: (p / "predictions.npz").unlink(),
    "incomplete, record.json missing": lambda p: (p / "record.json").unlink(),
    "its folder is called 'mine'": lambda p: p.rename(p.with_name("mine")),
    "RecursionError": lambda p: (p / "record.json").write_text("[" * 100_000),
    "its answers (fold_test) are not": {"fold_test_notes": lambda notes: notes[::-1]},
    "its answers (fold_test) are not ten": {"fold_test_labels": lambda labels: labels[::-1]},
    "its answers (nsynth_test) are not": {"nsynth_test_probabilities": lambda p: np.nan * p},
    "its answers (nsynth_test) are not ten": {"nsynth_test_probabilities": lambda p: p[:, :9]},
    "differs in features": {"features": {"kind": "mel"}},
    "differs in clean": {"clean": True},
    "differs in learning_rate, batch_size": {"learning_rate": 0.1, "batch_size": 64},
    "fold 7, where the profile has 1 to 5": {
        "split": {"kind": "stratified", "fold": 7, "n_folds": 5, "seed": 0}
    },
    "choose one of stratified": {"split": {"kind": "other", "fold": 1}},
    "layers": {"hyperparameters": {"layers": 3}},
    "KeyError: 'kind'": {"split": {"fold": 1}},
}


@pytest.mark.parametrize("reason", WRONG)
def test_a_wrong_record_is_refused_by_name_and_stops_no_other(tmp_path, reason):
    student, change = hand_in(tmp_path / "student", ONE), WRONG[reason]
    if callable(change):
        change(student / ONE.name)
    else:
        rewritten(student / ONE.name, **change)
    other = hand_in(tmp_path / "other", TWO)
    into = tmp_path / "pool"
    for source in (student, zipped(tmp_path / "student.zip", student)):
        refused, taken = collect.pool(into, [source, other], "mini")
        assert refused.verdict == "refused"
        assert reason in refused.reason
        assert refused.source == str(source)
        assert refused.record.startswith(("student/", "handin/"))
        assert taken.verdict in ("taken", "copy")
    assert [path.name for path in into.iterdir()] == [TWO.name]


def test_runs_of_another_profile_are_refused(tmp_path):
    (outcome,) = collect.pool(tmp_path / "pool", [hand_in(tmp_path / "anna", ONE)], "quick")
    assert outcome.verdict == "refused"
    assert "not a run of the profile quick, differs in " in outcome.reason
    assert {"epochs", "data"} <= set(re.findall(r"\w+", outcome.reason))


def test_a_zip_file_writes_nowhere_else(tmp_path):
    files = {name: (ONE / name).read_bytes() for name in collect.ALL_FILES}
    places = ["../../evil/{}", "/{}", "C:\\{}", "..\\..\\{}", "x/../{}", "handin/{}/.."]
    bad = tmp_path / "deep" / "down" / "bad.zip"
    bad.parent.mkdir(parents=True)
    with zipfile.ZipFile(bad, "w") as archive:
        for number, place in enumerate(places):
            for name, data in files.items():
                archive.writestr(f"{place.format(TWO.name)}/{number}/../{name}", data)
                archive.writestr(f"{place.format(ONE.name)}/{name}", data)
    before = everything_in(tmp_path)
    into = tmp_path / "deep" / "down" / "pool"
    outcomes = collect.pool(into, [bad], "mini")
    assert set(verdicts(outcomes)) == {"taken", "copy", "refused"}
    after = everything_in(tmp_path)
    added = {path for path in after if path not in before}
    assert added == {(into / ONE.name / name).relative_to(tmp_path) for name in collect.ALL_FILES}
    assert everything_in(into / ONE.name) == everything_in(ONE)
    assert not (tmp_path.parent / "evil").exists()


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    student = hand_in(tmp_path / "student", ONE)
    monkeypatch.setattr(collect, "LIMIT", 1000)
    (outcome,) = collect.pool(tmp_path / "pool", [student], "mini")
    assert "is larger than" in outcome.reason
    monkeypatch.setattr(collect, "LIMIT", 2**20)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fold_test_notes.npy", bytes(2**21))
    (student / ONE.name / "predictions.npz").write_bytes(bomb.getvalue())
    (outcome,) = collect.pool(tmp_path / "pool", [student], "mini")
    assert "unpacks to more than 1 MiB" in outcome.reason
    assert list((tmp_path / "pool").iterdir()) == []


def test_a_report_has_a_line_for_each_record_but_for_copies():
    outcomes = [
        collect.Outcome("anna.zip", "taken", "", "handin/one"),
        collect.Outcome("ben.zip", "copy", "the same as in anna.zip", "handin/one"),
        collect.Outcome("ben.zip", "copy", "the same as in anna.zip", "handin/two"),
        collect.Outcome("c\x1b[2J.zip", "refused", "there is no record in it"),
    ]
    assert collect.report(outcomes).splitlines() == [
        "taken    anna.zip: handin/one",
        "copy     ben.zip: the same as in anna.zip (2 records)",
        "refused  c?[2J.zip: there is no record in it",
        "1 taken, 2 copies, 0 repeats, 1 refused",
    ]


def test_sources_without_records_are_named(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.zip").write_bytes(b"PK no zip file")
    with zipfile.ZipFile(tmp_path / "essay.zip", "w") as archive:
        archive.writestr("essay.txt", "I have trained all night.")
    sources = [str(tmp_path / name) for name in ("empty", "broken.zip", "essay.zip")]
    assert collect.main([str(tmp_path / "pool"), *sources]) == 1
    output = capsys.readouterr().out
    assert "0 taken, 0 copies, 0 repeats, 3 refused" in output
    assert f"{sources[0]}: there is no record in it" in output
    assert f"{sources[1]}: cannot be opened" in output
    assert f"{sources[2]}: there is no record in it" in output
    with pytest.raises(SystemExit, match="2"):
        collect.main([str(tmp_path / "pool"), str(tmp_path / "nobody")])
    assert "nobody': there is no such file or folder" in capsys.readouterr().err


def test_what_is_no_zip_file_is_named(tmp_path):
    student = tmp_path / "class"
    student.mkdir()
    zipped(student / "ANNA.ZIP", hand_in(tmp_path / "anna", ONE))
    hand_in(student / ".Trash-1000", TWO)
    hand_in(student / "$RECYCLE.BIN", TWO)
    for name in ("ben.7z", "carl.tar.gz", ".Trash-1000/gone.7z"):
        (student / name).write_bytes(b"")
    (student / "dora").symlink_to(hand_in(tmp_path / "dora", TWO))
    outcomes = collect.pool(tmp_path / "pool", [student], "mini")
    said = {Path(outcome.source).name: (outcome.verdict, outcome.reason) for outcome in outcomes}
    assert said == {
        "ANNA.ZIP": ("taken", ""),
        "ben.7z": ("refused", "is no zip file: unpack it, or hand in a zip file"),
        "carl.tar.gz": ("refused", "is no zip file: unpack it, or hand in a zip file"),
        "dora": ("refused", "is a link, and is not followed"),
    }
