"""Keras computes the same on every backend: each in a process of its own, as Keras demands.

Part of `make test-all`, as is the whole of it, unit tests and chapters on JAX (`make backends`).
"""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from helpers import datasets

pytestmark = pytest.mark.long
# PyTorch is tested where somebody has installed it.
BACKENDS = [name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name)]
CHILD = """
import sys
from pathlib import Path

import keras
import numpy as np

from helpers import datasets, models, tuning
from helpers.runs import cache

folder = Path(sys.argv[1])
X = cache.extract(datasets.load("nsynth-mini", "test").sample(2, seed=0), progress=False)
found = {}
for name, thesis in tuning.THESIS.items():
    build = models.BUILDERS[name]
    for kind, setting in {"base": {}, "optimised": thesis}.items():
        keras.utils.set_random_seed(0)
        model, weights = build(**setting), folder / f"{kind}-{name}.npz"
        if not weights.exists():
            # Untrained, an LSTM gives all notes nearly the same answer, and to agree is easy.
            *others, kernel, bias = model.get_weights()
            spread = np.log(model.predict(X, verbose=0)).std(axis=0).mean()
            np.savez(weights, *others, kernel / spread, bias)
        with np.load(weights) as stored:
            model.set_weights(list(stored.values()))
        found[f"{kind} {name}"] = model.predict(X, verbose=0)
np.savez(folder / f"{keras.backend.backend()}-probabilities.npz", **found)
"""


@pytest.fixture(scope="module")
def probabilities(tmp_path_factory):
    """Backend -> model -> (20, 10) probabilities; the first backend draws the weights for all."""
    folder, found = tmp_path_factory.mktemp("weights"), {}
    for backend in BACKENDS:
        variables = os.environ | {"KERAS_BACKEND": backend}
        subprocess.run([sys.executable, "-c", CHILD, folder], env=variables, check=True)
        with np.load(folder / f"{backend}-probabilities.npz") as file:
            found[backend] = dict(file)
    return found


@pytest.mark.parametrize("name", ["base cnn", "optimised cnn", "base lstm", "optimised lstm"])
def test_the_same_weights_give_the_same_probabilities(probabilities, name):
    first, *others = (probabilities[backend][name] for backend in BACKENDS)
    assert others, f"only {BACKENDS} to compare: install JAX"
    assert first.shape == (2 * len(datasets.FAMILIES), len(datasets.FAMILIES))
    assert first.std(axis=0).mean() > 0.02  # the notes are told apart
    for other in others:
        np.testing.assert_allclose(other, first, rtol=0, atol=1e-4)
