"""The models that come with the book: where they are kept, and how they are opened.

`book/models/` has one file a model: arrays of 8 and 32 bits and a description in JSON, read without
pickles and checked against `SHA256SUMS`; `make models` makes them anew. Beside them, `notes.npz`
has the summaries of the notes that they were trained on. Chapter 13 asks them, by `hearing`.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers import models, simple
from helpers.runs import files

if TYPE_CHECKING:
    import keras

MODELS = Path(__file__).resolve().parents[2] / "book" / "models"
SUMS = "SHA256SUMS"


class ModelError(ValueError):
    """A shipped model is not there, or not as it was made."""


@dataclass(frozen=True)
class Model:
    """A shipped model.

    `info`: what it is and how it was made: `system`, `options`, `families`, `temperature`,
    `scores`; the version of the `book`, `recipe` with its seed, `variations` of each note, checksum
    of the `data`, `features`, `versions`, `backend` and `device`. `logits`: MFCCs (n, 126, 13) ->
    logarithms of probabilities (n, 10), before `temperature`.
    """

    name: str
    info: dict[str, Any]
    logits: Callable

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, shape (n, 10), of MFCCs of shape (n, 126, 13)."""
        from scipy.special import softmax

        return softmax(self.logits(X) / self.info["temperature"], axis=-1)


def quantised(array: np.ndarray) -> dict[str, np.ndarray]:
    """A kernel as 8-bit numbers and a scale for each of its outputs; what is small stays as it is.

    >>> stored = quantised(np.linspace(-1, 1, 6_000).reshape(3, 2_000))
    >>> stored["q"].dtype, stored["scale"].shape
    (dtype('int8'), (2000,))
    """
    array = np.asarray(array)
    if not np.issubdtype(array.dtype, np.floating):
        return {"plain": array}
    array = array.astype(np.float32)
    if array.ndim < 2 or array.size < 1000:
        return {"plain": array}
    scale = np.abs(array).max(axis=tuple(range(array.ndim - 1))) / 127
    scale = np.where(scale == 0, 1, scale).astype(np.float32)
    return {"q": np.round(array / scale).astype(np.int8), "scale": scale}


def restored(parts: dict[str, np.ndarray]) -> np.ndarray:
    """The array that `quantised` stored, float32."""
    if "plain" in parts:
        return parts["plain"]
    return parts["q"].astype(np.float32) * parts["scale"]


def save(name: str, info: dict, arrays: list[np.ndarray], folder: Path = MODELS) -> Path:
    """Write a model's file, and its checksum beside it.

    `info`: as `Model.info`: what JSON can hold. `arrays` (list of array): a network's weights in
    Keras's order, or a simple model's numbers.
    """
    stored = {
        f"{number}_{kind}": part
        for number, array in enumerate(arrays)
        for kind, part in quantised(array).items()
    }
    return save_arrays(name, {"info": text(info), **stored}, folder)


def save_arrays(name: str, arrays: dict[str, np.ndarray], folder: Path = MODELS) -> Path:
    """Write named arrays as `name`.npz, whole or not at all, and its line of `SHA256SUMS`."""
    buffer, path = io.BytesIO(), folder / f"{name}.npz"
    # In C's order, the one that the page's own reader (book/interactive/networks.js) takes.
    stored = {key: np.asarray(array, order="C") for key, array in arrays.items()}
    np.savez_compressed(buffer, **stored)  # type: ignore[arg-type]
    files.write_atomic(path, lambda file: file.write(buffer.getvalue()))
    sums = _sums(folder) if (folder / SUMS).exists() else {}
    sums[path.name] = hashlib.sha256(buffer.getvalue()).hexdigest()
    lines = [f"{digest}  {file}\n" for file, digest in sorted(sums.items())]
    files.write_atomic(folder / SUMS, "".join(lines))
    return path


def text(info: dict) -> np.ndarray:
    """A description as an array: JSON in UTF-8."""
    return np.frombuffer(json.dumps(info, sort_keys=True).encode(), dtype=np.uint8)


def _sums(folder: Path) -> dict[str, str]:
    text = (folder / SUMS).read_text(encoding="utf-8")
    return {file: digest for digest, file in re.findall(r"(?m)^([0-9a-f]{64})  (\S+)$", text)}


def read(name: str, folder: Path = MODELS) -> dict[str, np.ndarray]:
    """The arrays of a shipped file, checked.

    Raises `ModelError` if it is not there, or is not the file that `SHA256SUMS` names.
    """
    path = Path(folder) / f"{name}.npz"
    try:
        data, expected = path.read_bytes(), _sums(Path(folder)).get(path.name)
    except FileNotFoundError as error:
        raise ModelError(f"{error.filename}: not there: `make models` makes the models") from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise ModelError(
            f"{path}: is not the file that {SUMS} names: fetch it again, or delete it and run "
            "`make models`"
        )
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def digest(*names: str) -> str:
    """SHA-256 of the arrays of shipped files, whatever is said of them there."""
    found = hashlib.sha256()
    for name in names:
        for key, array in sorted(read(name).items()):
            if key != "info":
                found.update(f"{name} {key}".encode() + array.tobytes())
    return found.hexdigest()


def names(folder: Path = MODELS) -> list[str]:
    """The shipped models, in alphabetical order."""
    if not (Path(folder) / SUMS).exists():
        return []
    return [file.removesuffix(".npz") for file in _sums(Path(folder)) if file != "notes.npz"]


def weights(name: str, folder: Path = MODELS) -> tuple[dict, list[np.ndarray]]:
    """What is said of a shipped model, and its arrays, float32. Raises `ModelError`."""
    stored = read(name, folder)
    info = json.loads(stored.pop("info").tobytes())
    arrays: list[dict] = []
    for key in sorted(stored, key=lambda key: int(key.partition("_")[0])):
        number, _, kind = key.partition("_")
        if int(number) == len(arrays):
            arrays.append({})
        arrays[-1][kind] = stored[key]
    return info, [restored(parts) for parts in arrays]


@cache
def load(name: str, folder: Path = MODELS) -> Model:
    """Open a shipped model.

    `name`: one of `names()`. Raises `ModelError` if there is no such model, or its file was
    changed.
    """
    if name not in names(folder):
        known = ", ".join(names(folder)) or "none: `make models` makes them"
        raise ModelError(f"no model {name!r} in {folder}: there are {known}")
    info, arrays = weights(name, folder)
    return Model(name, info, logits_of(info["system"], info["options"], arrays))


def logits_of(system: str, options: dict, arrays: list[np.ndarray]) -> Callable:
    """What computes a model's logits (n, 10) from MFCCs (n, 126, 13), given its arrays."""
    if system == "extra_trees":
        return lambda X: np.log(trees(simple.summary(X), *arrays) + 1e-3)
    network = BUILDERS[system](**options)
    network.set_weights(arrays)
    for layer in network.layers:
        if hasattr(layer, "finalize_state"):  # Normalization goes by what it computed before
            layer.finalize_state()

    def logits(X: np.ndarray) -> np.ndarray:
        # An LSTM takes its steps one by one however many notes there are: few large batches.
        parts = [network.predict_on_batch(X[i : i + 512]) for i in range(0, len(X), 512)]
        return np.log(np.maximum(np.concatenate(parts), 1e-12))

    return logits


def arrays_of(forest: Any) -> list[np.ndarray]:
    """A fitted forest of scikit-learn's as the arrays that `trees` takes."""
    found = [estimator.tree_ for estimator in forest.estimators_]
    nodes = [tree.node_count for tree in found]
    feature = np.concatenate([tree.feature for tree in found]).astype(np.int16)
    left = np.concatenate([tree.children_left for tree in found])
    right = np.concatenate([tree.children_right for tree in found])
    own = np.concatenate([np.arange(n) for n in nodes])
    inner = feature >= 0
    if not np.array_equal(left[inner], own[inner] + 1):
        raise ValueError("a node's left child does not follow it, as scikit-learn's did")
    values = np.concatenate([tree.value[:, 0] for tree in found])[~inner]
    shares = values / values.sum(axis=1, keepdims=True)
    return [
        np.where(inner, feature, -1).astype(np.int8),
        np.where(inner, np.concatenate([tree.threshold for tree in found]), 0).astype(np.float32),
        np.where(inner, right - own, 0).astype(np.int32),
        np.cumsum([0, *nodes[:-1]]).astype(np.int32),
        np.round(255 * shares).astype(np.uint8),
    ]


def trees(
    summaries: np.ndarray,
    feature: np.ndarray,
    threshold: np.ndarray,
    right: np.ndarray,
    roots: np.ndarray,
    leaves: np.ndarray,
) -> np.ndarray:
    """The mean over decision trees of the families' shares in the leaves that notes fall into.

    `summaries` (n, numbers). `feature` ((nodes,), int8): which number a node asks for; -1 in a
    leaf. The nodes of all trees, one after another. `threshold` ((nodes,), float32): a note goes on
    to the next node where its number is no more than this. `right` ((nodes,), int32): else it goes
    on to the node so many places later. `roots` ((trees,), int32): each tree's first node. `leaves`
    ((leaves, families), uint8): shares in 255ths, in the order of the leaves. Returns (n,
    families), float64.
    """
    summaries = summaries.astype(np.float32)
    at = np.tile(roots, (len(summaries), 1))
    rows = np.arange(len(summaries))[:, None]
    while (inner := feature[at] >= 0).any():
        less = summaries[rows, np.maximum(feature[at], 0)] <= threshold[at]
        at = np.where(inner, np.where(less, at + 1, at + right[at]), at)
    shares = leaves[(np.cumsum(feature < 0) - 1)[at]].astype(np.float64)
    return (shares / shares.sum(axis=-1, keepdims=True)).mean(axis=1)


@cache
def reference(folder: Path = MODELS) -> dict[str, np.ndarray]:
    """The training notes, whole and cut: `notes` (n,), `summaries` (n, 52), `thresholds` (4,).

    Beside them the `centre` (52,) and `axes` (52, 52) that `hearing.distances` goes by.

    A note of between two of `hearing.LENGTHS` is unlike them all where its distance to the nearest
    is more than the threshold, as that of a tenth of the notes was whose recording was held out.
    """
    found = read("notes", folder)
    return found | {"summaries": found["summaries"].astype(np.float32)}


def dense(
    units: int = 128,
    dropout: float = 0.3,
    *,
    input_shape: tuple[int, ...] = models.INPUT_SHAPE,
    standardise: bool = True,
) -> keras.Model:
    """One hidden layer on the summaries that the simple models have; not compiled.

    The mean and deviation over time of each coefficient and of its changes, as `simple.summary` has
    them, are what its first layers compute. Not the thesis's: it comes with the book as the
    smallest of its models.

    `input_shape`, `standardise`: as in `models.cnn`, but that the summaries are standardised, by
    which `adapt` has to go. Returns (batch, 126, 13) MFCCs -> (batch, 10) probabilities; 8,179
    parameters as it stands.
    """
    import keras
    from keras import layers, ops

    first = keras.Input(input_shape)
    both = first, first[:, 1:] - first[:, :-1]
    x = ops.concatenate([f(values, axis=1) for values in both for f in (ops.mean, ops.std)], axis=1)
    if standardise:
        x = layers.Normalization(axis=-1)(x)
    x = layers.GaussianNoise(0.3)(x)
    x = layers.Dropout(dropout)(layers.Dense(units, activation="relu")(x))
    return keras.Model(
        first, layers.Dense(models.N_FAMILIES, activation="softmax")(x), name="dense"
    )


BUILDERS: dict[str, Callable[..., keras.Model]] = models.BUILDERS | {"dense": dense}
