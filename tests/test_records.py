import json
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from helpers.runs import findings, records

CONFIG = {"model": "cnn", "seed": 3, "epochs": 2, "split": {"fold": 4}, "learning_rate": 1e-4}


@pytest.fixture
def written(tmp_path):
    history = pd.DataFrame(
        [(1, 2.302585092994046, 0.1, 1 / 3, 0.2), (2, 0.1 + 0.2, 0.3, 1e-17, 0.4)],
        columns=list(records.HISTORY),
    )
    rng = np.random.default_rng(0)
    predictions = {
        part: {
            "notes": np.array([f"{part}-{i}" for i in range(n)]),
            "labels": rng.integers(0, 10, n),
            "probabilities": rng.dirichlet(np.ones(10), n).astype(np.float32),
        }
        for part, n in (("fold_test", 5), ("nsynth_test", 7))
    }
    info = {"config": CONFIG, "seconds": 1.5, "metrics": {}}
    return records.write(tmp_path, info, history, predictions), history, predictions


def test_what_is_written_is_read(written):
    path, history, predictions = written
    assert path.name == f"cnn-fold4-seed3-{records.config_hash(CONFIG)}"
    record = records.read(path)
    assert (record.config, record.fold, record.seconds) == (CONFIG, 4, 1.5)
    pd.testing.assert_frame_equal(record.history, history, check_exact=True)
    assert list(record.predictions) == ["fold_test", "nsynth_test"]
    for part, expected in predictions.items():
        for key, value in expected.items():
            np.testing.assert_array_equal(record.predictions[part][key], value)
    assert records.find(path.parent, CONFIG).config == CONFIG
    assert records.find(path.parent, CONFIG | {"seed": 4}) is None
    assert [r.config for r in records.read_all(path.parent)] == [CONFIG]


def test_hash_does_not_depend_on_order_but_on_every_value():
    backwards = dict(reversed(CONFIG.items()))
    assert records.config_hash(backwards) == records.config_hash(CONFIG)
    changes = [{"model": "lstm"}, {"epochs": 3}, {"split": {"fold": 5}}, {"learning_rate": 1e-3}]
    hashes = {records.config_hash(CONFIG | change) for change in [{}, *changes]}
    assert len(hashes) == 5


def edited(file, pattern, new, sealed=False):
    """An edit of a record; if sealed, its checksums are made to fit, as a careful hand would."""

    def edit(path):
        text = (path / file).read_text()
        changed = re.sub(pattern, new, text, count=1)
        assert changed != text
        (path / file).write_text(changed)
        if sealed:
            info = json.loads((path / "record.json").read_text())
            info["files"]["history.csv"] = records._sha256(path / "history.csv")
            info["checksum"] = records._checksum(info)
            (path / "record.json").write_text(json.dumps(info))

    return edit


LACKING = "the history lacks columns, epochs or numbers"
DAMAGE = [
    ("incomplete, predictions.npz missing", lambda path: (path / "predictions.npz").unlink()),
    ("incomplete, record.json missing", lambda path: (path / "record.json").unlink()),
    ("record.json was changed after", edited("record.json", "1.5", "2.5")),
    ("history.csv was changed after", edited("history.csv", "0.1", "0.9")),
    ("predictions.npz was changed", lambda path: (path / "predictions.npz").write_bytes(b"PK")),
    ("its configuration belongs to", edited("record.json", '"epochs": 2', '"epochs": 3', True)),
    ("unreadable .JSONDecodeError", lambda path: (path / "record.json").write_text("{")),
    ("unreadable .KeyError", lambda path: (path / "record.json").write_text("{}")),
    ("unreadable .TypeError", lambda path: (path / "record.json").write_text("[]")),
    ("of format 99, expected 1", edited("record.json", '"format": 1', '"format": 99')),
    (LACKING, edited("history.csv", "val_loss", "val_moss", True)),
    (LACKING, edited("history.csv", "\n2,", "\n3,", True)),
    (LACKING, edited("history.csv", ",[^,]+$", ",nan", True)),
    (LACKING, edited("history.csv", "\n2,.+", "", True)),
]


@pytest.mark.parametrize(("message", "damage"), DAMAGE)
def test_a_damaged_record_is_named_and_refused(written, message, damage):
    path, *_ = written
    damage(path)
    with pytest.raises(records.RecordError, match=message) as error:
        records.find(path.parent, CONFIG)
    assert str(path) in str(error.value)
    assert "delete or move the folder" in str(error.value)


def test_line_ends_that_git_changed_are_told_from_damage(written):
    history = written[0] / "history.csv"
    history.write_bytes(history.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(records.RecordError, match="git changed the line ends of history.csv") as e:
        records.read(written[0])
    assert "delete" not in str(e.value)


def test_a_failed_write_leaves_nothing(written, tmp_path, monkeypatch):
    _, history, predictions = written
    folder = tmp_path / "other"
    monkeypatch.setattr(records, "_checksum", lambda info: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        records.write(folder, {"config": CONFIG}, history, predictions)
    assert list(folder.iterdir()) == []


def test_the_first_of_two_records_stays(written):
    path, history, predictions = written
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    info = {"config": CONFIG, "seconds": 9.0, "metrics": {}}
    assert records.write(path.parent, info, history, predictions) == path
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before
    assert os.listdir(path.parent) == [path.name]


def test_records_are_read_without_keras(written):
    path, *_ = written
    code = (
        "import sys; from helpers.runs import records; "
        "from helpers import evaluation, significance; "
        f"r = records.read({str(path)!r}); evaluation.score_table({{'cnn': [r]}}); "
        "print(sorted({'keras', 'tensorflow', 'librosa', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_records_are_selected_by_what_their_configuration_holds(written):
    first = records.read(written[0])
    second = records.Record(
        first.info | {"config": CONFIG | {"seed": 1, "split": {"fold": 2, "kind": "grouped"}}},
        *written[1:],
    )
    group = [first, second]
    assert records.select(group) == [second, first]  # by seed, then fold
    assert records.select(group, model="cnn", split={"kind": "grouped"}) == [second]
    assert records.select(group, split={"fold": 4}) == [first]
    assert records.select(group, split={"kind": "other"}, model="cnn") == []
    assert records.select(group, rate=1) == []


def test_the_shipped_records_are_whole_and_small():
    shipped = records.read_all(records.SHIPPED)
    assert shipped
    sizes = {r.name: sum(p.stat().st_size for p in r.glob("*")) for r in records.SHIPPED.iterdir()}
    deals = len(list((records.SHIPPED / "study").glob("*.npz")))
    assert sizes.pop("study") < 24 * 2**10 * deals
    assert sum(sizes.values()) < 4 * 2**20


@pytest.fixture
def shell():
    """IPython, in which `display` does what it does in a notebook."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_figures_are_left_under_a_type_that_nothing_shows(shell):
    mixed = {"notes/train": np.int64(3), "share": np.float32(0.5), "by": "a", "ok": True}
    with capture_output() as captured:
        findings.report(mixed)
        findings.report({"loss/folds": 2, "loss/gone": float("nan")}, seed=7)
    assert captured.stdout == ""
    assert [list(output.data) for output in captured.outputs] == [[findings.FIGURES]] * 2
    fixed, seeded = (output.data[findings.FIGURES] for output in captured.outputs)
    figures = {"notes/train": 3, "share": 0.5, "by": "a", "ok": True}
    assert fixed == {"seed": None, "figures": figures}
    assert seeded == {"seed": 7, "figures": {"loss/folds": 2, "loss/gone": "nan"}}
    assert json.loads(json.dumps(fixed)) == fixed


@pytest.mark.parametrize(
    ("figures", "seed"),
    [({"a": None}, None), ({"a": [1]}, None), ({"a": np.ones(1)}, None), ({1: 1}, None),
     ({"a": "text"}, 0), ({"a": True}, 0)],
)  # fmt: skip
def test_what_is_no_figure_is_refused(shell, figures, seed):
    with capture_output() as captured, pytest.raises(TypeError, match="expected a name and a num"):
        findings.report(figures, seed)
    assert captured.outputs == []
