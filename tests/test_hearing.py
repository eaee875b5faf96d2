"""Shipped models: kept small, checked, and the same after they are read back."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.special import softmax

from helpers import hearing, models, simple, sounds
from helpers.notes import FAMILIES
from helpers.runs import shipped


@given(
    arrays.arrays(
        np.float32,
        arrays.array_shapes(min_dims=1, max_dims=3, max_side=40),
        elements=st.floats(-100, 100, width=32),
    )
)
def test_a_stored_array_is_off_by_half_a_step_at_most(array):
    back = shipped.restored(shipped.quantised(array))
    assert back.shape == array.shape
    assert back.dtype == np.float32
    step = np.abs(array).max(axis=tuple(range(array.ndim - 1))) / 127
    assert (np.abs(back - array) <= 0.5 * step + 1e-4).all()


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
    shipped.save("net", INFO | {"system": "small"}, network.get_weights(), folder)
    shipped.save("forest", INFO | {"system": "extra_trees"}, shipped.arrays_of(forest[2]), folder)
    summaries = simple.summary(forest[0][:2])
    centre, axes = hearing.axes(summaries)
    known = {
        "notes": np.array(["flute_acoustic_002-067-025", "bass_electronic_018-035-100"]),
        "summaries": summaries,
        "centre": centre,
        "axes": axes,
        "thresholds": np.full(4, 1e9, dtype=np.float32),
    }
    shipped.save_arrays("notes", known, folder)
    folder.joinpath("weights.npy").write_bytes(b"")  # no model
    return folder, network


def test_trees_are_scikit_learns(forest):
    X, _, fitted = forest
    new = simple.summary(np.random.default_rng(1).standard_normal((50, 126, 13)).astype("f4"))
    for summaries in (simple.summary(X), new):
        mine = shipped.trees(summaries, *shipped.arrays_of(fitted))
        np.testing.assert_allclose(mine, fitted.predict_proba(summaries), atol=3e-3)


def test_models_are_read_back(folder, forest):
    folder, network = folder
    assert shipped.names(folder) == ["forest", "net"]
    X = forest[0][:8]
    net = shipped.load("net", folder)
    assert net.info["temperature"] == 2
    log = np.log(network.predict(X, verbose=0))
    np.testing.assert_allclose(net.predict(X), softmax(log / 2, axis=1), atol=0.01)
    probabilities = shipped.load("forest", folder).predict(X)
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
    limits = shipped.reference(folder)["thresholds"]
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
    with pytest.raises(shipped.ModelError, match="make models"):
        shipped.load("net", tmp_path)
    with pytest.raises(shipped.ModelError, match="there are forest, net"):
        shipped.load("other", tmp_path)
    (tmp_path / "forest.npz").unlink()
    with pytest.raises(shipped.ModelError, match="not there"):
        shipped.load("forest", tmp_path)


def test_no_pickle_is_loaded(tmp_path):
    shipped.save_arrays("evil", {"info": np.array([{}], dtype=object)}, tmp_path)
    with pytest.raises(ValueError, match="allow_pickle"):
        shipped.read("evil", tmp_path)


def test_dense_goes_by_the_summaries_of_the_simple_models():
    model = shipped.BUILDERS["dense"]()
    notes = np.random.default_rng(0).normal(3, 5, size=(4, 126, 13)).astype("float32")
    scale = next(la for la in model.layers if la.name.startswith("normalization"))
    assert model.count_params() == 8_179
    inside = keras.Model(model.input, scale.input)(notes)
    np.testing.assert_allclose(inside, simple.summary(notes), atol=1e-3)
