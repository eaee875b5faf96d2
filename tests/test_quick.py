"""The quick gradients are the gradients, and memory that was freed is used again."""

import subprocess
import sys

import pytest

CODE = """
import jax, numpy as np, keras
from keras import layers
from helpers.runs import quick

rng = np.random.default_rng(0)
X, y = rng.normal(size=(8, 13, 9, 2)).astype("float32"), np.arange(8) % 3
weights = []
for quickly in (False, True):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((13, 9, 2)),
        layers.Conv2D(4, (3, 3), padding="same", activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Conv2D(5, (3, 2), padding="valid"),
        layers.Conv2D(3, (2, 2), strides=2),
        layers.Flatten(), layers.Dense(3, activation="softmax"),
    ])
    if quickly:
        quick.speed_up(model)
        assert "convolution_op" in vars(model.layers[0]) and "call" in vars(model.layers[1])
        assert "convolution_op" not in vars(model.layers[3])  # it takes steps of two
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    model.fit(X, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
    weights.append(model.get_weights())
for a, b in zip(*weights):
    np.testing.assert_allclose(a, b, atol=1e-5)
assert np.abs(weights[0][0]).max() > 0.1
"""


@pytest.mark.long
def test_same_weights_after_training():
    pytest.importorskip("jax")
    code = 'import os; os.environ["KERAS_BACKEND"] = "jax"\n' + CODE
    subprocess.run([sys.executable, "-c", code], check=True)


MEMORY = """
import os, resource
os.environ["NUMPY_MADVISE_HUGEPAGE"] = "0"  # else one fault may stand for 2 MiB
import numpy as np
from helpers.runs import quick
{}
def faults(megabytes=100):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(megabytes * 2**20 // 8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc")
def test_freed_memory_is_used_again():
    again, kept = (
        int(subprocess.check_output([sys.executable, "-c", MEMORY.format(call)]))
        for call in ("", "quick.keep_memory()")
    )
    assert kept < 100 < again
