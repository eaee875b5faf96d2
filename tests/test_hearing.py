"""Shipped models: kept small, checked, and the same after they are read back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from helpers import hearing, models, simple, sounds
from helpers.notes import FAMILIES


@given(
    arrays.arrays(
        np.float32,
        arrays.array_shapes(min_dims=1, max_dims=3, max_side=40),
        elements=st.floats(-100, 100, width=32),
    )
)
def test_a_stored_array_is_off_by_half_a_step_at_most(array):
    back = hearing.restored(hearing.quantised(array))
    assert back.shape == array.shape
    assert back.dtype == np.float32
    step = np.abs(array).max(axis=tuple(range(array.ndim - 1))) / 127
    assert (np.abs(back - array) <= 0.5 * step + 1e-4).all()


def test_softmax_of_large_logits():
    np.testing.assert_allclose(hearing.softmax(np.array([[1e4, 1e4 + np.log(3)]])), [[0.25, 0.75]])


INFO = {"options": {"standardise": True}, "temperature": 2.0}


@pytest.fixture(scope="module")
def forest():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 126, 13)).astype(np.float32)
    y = rng.integers(10, size=400)
    X = 30 * X - 50
    X[np.arange(400), :, y] += 30
    return X, y, simple.extra_trees(0).set_params(n_estimators=20).fit(simple.summary(X), y)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, forest):
    folder = tmp_path_factory.mktemp("models")
    network = models.BUILDERS["small"](standardise=True)
    network.layers[1].adapt(forest[0])
    hearing.save("net", INFO | {"system": "small"}, network.get_weights(), folder)
    hearing.save("forest", INFO | {"system": "extra_trees"}, hearing.arrays_of(forest[2]), folder)
    known = {
        "notes": np.array(["flute_acoustic_002-067-025", "bass_electronic_018-035-100"]),
        "summaries": simple.summary(forest[0][:2]),
        "thresholds": np.full(4, 1e9, dtype=np.float32),
    }
    hearing.save_arrays("notes", known, folder)
    folder.joinpath("weights.npy").write_bytes(b"")  # no model
    return folder, network


def test_trees_are_scikit_learns(forest):
    X, _, fitted = forest
    new = simple.summary(np.random.default_rng(1).standard_normal((50, 126, 13)).astype("f4"))
    for summaries in (simple.summary(X), new):
        mine = hearing.trees(summaries, *hearing.arrays_of(fitted))
        np.testing.assert_allclose(mine, fitted.predict_proba(summaries), atol=3e-3)


def test_models_are_read_back(folder, forest):
    folder, network = folder
    assert hearing.names(folder) == ["forest", "net"]
    X = forest[0][:8]
    net = hearing.load("net", folder)
    assert net.info["temperature"] == 2
    log = np.log(network.predict(X, verbose=0))
    np.testing.assert_allclose(net.predict(X), hearing.softmax(log / 2), atol=0.01)
    probabilities = hearing.load("forest", folder).predict(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == forest[1][:8]).all()


def test_what_is_heard_of_a_recording(folder):
    folder, _ = folder
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(16_000) / 16_000)
    recording = sounds.prepare(np.concatenate([tone, np.zeros(8_000), tone]), 16_000)
    heard = hearing.hear(recording, folder=folder)
    assert len(heard) == 2
    for note in heard:
        assert set(note["models"]) == {"forest", "net"}
        for answer in note["models"].values():
            assert set(answer["probabilities"]) == set(FAMILIES)
            assert answer["probability"] == max(answer["probabilities"].values())
        assert note["nearest"]["family"] in ("flute", "bass")
        assert note["unlike"] is False
    limits = hearing.reference(folder)["thresholds"]
    limits[1] = 0  # of sounds between 0.75 and 1.5 s
    assert [note["unlike"] for note in hearing.hear(recording, ["forest"], folder)] == [True, True]
    limits[1] = 1e9
    assert hearing.hear(recording, ["net"], folder)[0]["models"].keys() == {"net"}


def test_a_model_that_was_changed_is_refused(folder, tmp_path):
    folder, _ = folder
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    data = bytearray((tmp_path / "net.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "net.npz").write_bytes(data)
    with pytest.raises(hearing.ModelError, match="make models"):
        hearing.load("net", tmp_path)
    with pytest.raises(hearing.ModelError, match="there are forest, net"):
        hearing.load("other", tmp_path)
    (tmp_path / "forest.npz").unlink()
    with pytest.raises(hearing.ModelError, match="not there"):
        hearing.load("forest", tmp_path)


def test_no_pickle_is_loaded(tmp_path):
    hearing.save_arrays("evil", {"info": np.array([{}], dtype=object)}, tmp_path)
    with pytest.raises(ValueError, match="allow_pickle"):
        hearing.read("evil", tmp_path)
