"""Make the models that come with the book: `make models`, or `python -m tools.models NAME ...`.

Each is trained on all bundled training notes, in the variations of `sounds.varied`, some on the
notes cut short (`SHORT`) and by what a forest says of them, too, and kept in `book/models/` with 8
bits a weight. What is stated beside it was found on instruments that it had not heard: in four
folds of the training notes that hold out recordings (`--folds`, kept in `folds.json`), where
designs were chosen, and, once it was made, on the notes of mini-test and of wide-test (kept in
`wide_test.json`) whose recording is new. Each file says how it was made (`made_of`), by which
version of the book and of its libraries.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import numpy as np
from scipy.special import softmax

from helpers import datasets, features, folds, hearing, simple, sounds
from helpers.datasets import FAMILIES
from helpers.runs import files, machine, quick, shipped, training
from helpers.runs.cache import CACHE
from tools import foreign

VERSIONS = 12  # variations of each note
SECONDS = (4, 2, 1, 0.5)
SHORT = (1, 0.5) * 4
FOLDS, WIDE = shipped.MODELS / "folds.json", shipped.MODELS / "wide_test.json"
DEAL = 0
SEED = 1  # of the models that are kept: one start each


@dataclass(frozen=True)
class Recipe:
    """How a shipped model is trained: passes over the notes, each note in one of its versions."""

    system: str
    training: dict[str, float]
    options: dict = field(default_factory=lambda: {"standardise": True})
    cuts: tuple[float, ...] = ()  # seconds; each note is heard cut to them, too
    soft: float = 0  # how much of a label is what a forest says of the note: Hinton et al. (2015)


FOREST = {"n_estimators": 100, "min_samples_leaf": 8}
RECIPES = {
    "dense": Recipe("dense", {"passes": 360, "rate": 2e-3, "batch": 128}),
    "extra_trees": Recipe("extra_trees", FOREST, {}, SHORT),
    "small": Recipe("small", {"passes": 60, "rate": 2e-3, "batch": 32}),
    "lstm": Recipe("lstm", {"passes": 60, "rate": 1e-3, "batch": 32}, cuts=SHORT, soft=0.5),
    "hybrid": Recipe("hybrid", {"passes": 40, "rate": 1e-3, "batch": 32}, cuts=SHORT, soft=0.5),
    "cnn": Recipe("cnn", {"passes": 16, "rate": 1e-3, "batch": 32}, cuts=SHORT, soft=1),
}


def kept(name: str, make) -> np.ndarray:
    """An array that takes minutes to make, from the cache of features."""
    path = CACHE / f"{name}.npy"
    try:
        return files.load_array(path)
    except (OSError, ValueError):
        found = make()
        files.save_array(path, found)
        return found


def training_notes(cuts: tuple[float, ...]) -> np.ndarray:
    """MFCCs of the training notes' versions: shape (versions, 1000, 126, 13)."""
    notes, heard = datasets.load("nsynth-mini", "train"), cut_notes("nsynth-mini", "train")

    def make():
        heard, rng = [sounds.trimmed(w.astype(float)) for w in notes.waveforms()], rng_of("varied")
        return np.stack(
            [features.mfcc(np.stack([sounds.varied(one, rng) for one in heard]))
             for _ in range(VERSIONS)]
        )  # fmt: skip

    return np.concatenate([kept(f"varied-{VERSIONS}", make), *(heard[s][None] for s in cuts)])


def rng_of(name: str, *numbers: int) -> np.random.Generator:
    return np.random.default_rng([*name.encode(), *numbers])


def cut_notes(name: str, split: str) -> dict[float, np.ndarray]:
    """MFCCs of the notes of a split as `hear` has them, whole and cut: (n, 126, 13) by seconds."""
    notes = datasets.load(name, split)

    def make():
        heard = [sounds.trimmed(w.astype(float)) for w in notes.waveforms()]
        return np.stack(
            [features.mfcc(np.stack([sounds.note(one[: int(s * sounds.SAMPLE_RATE)])
             for one in heard])) for s in SECONDS]
        )  # fmt: skip

    return dict(zip(SECONDS, kept(f"cut-{name}-{split}", make), strict=True))


def train(recipe: Recipe, X: np.ndarray, y: np.ndarray, seed: int) -> list[np.ndarray]:
    """The arrays of a model trained on versions (versions, n, 126, 13) of notes."""
    flat, labels = X.reshape(-1, *X.shape[2:]), np.tile(y, len(X))
    if recipe.system == "extra_trees":
        return shipped.arrays_of(forest_of(flat, labels, seed))
    import keras

    passes, rate, batch = (recipe.training[key] for key in ("passes", "rate", "batch"))
    keras.utils.set_random_seed(seed)
    network = shipped.BUILDERS[recipe.system](**recipe.options)
    quick.speed_up(network)
    scale = next(la for la in network.layers if isinstance(la, keras.layers.Normalization))
    some = X[:, ::2].reshape(-1, *X.shape[2:])
    scale.adapt(simple.summary(some) if recipe.system == "dense" else some)
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(y)) for _ in range(passes)])
    steps = len(order) // batch
    order = order[: steps * batch]
    version = rng.integers(len(X), size=len(order))

    loss = "sparse_categorical_crossentropy"
    if recipe.soft:
        says = forest_of(flat, labels, seed).predict_proba(simple.summary(flat))
        labels = recipe.soft * says + (1 - recipe.soft) * np.eye(len(FAMILIES))[labels]
        loss = "categorical_crossentropy"
    batches = training.batches(flat, labels, version * len(y) + order, batch)
    falling = keras.optimizers.schedules.CosineDecay(rate, steps)
    network.compile(keras.optimizers.AdamW(falling, weight_decay=1e-2), loss)
    network.fit(batches, shuffle=False, verbose=0)
    return network.get_weights()


def forest_of(X: np.ndarray, y: np.ndarray, seed: int):
    """The forest that is shipped, fitted to MFCCs (n, 126, 13)."""
    return simple.extra_trees(seed).set_params(**FOREST).fit(simple.summary(X), y)


def predictor(recipe: Recipe, arrays: list[np.ndarray]):
    """The logits of a model as it is after it was stored in 8 bits."""
    back = [shipped.restored(shipped.quantised(array)) for array in arrays]
    return shipped.logits_of(recipe.system, recipe.options, back)


def temperature(logits: np.ndarray, y: np.ndarray) -> float:
    """What to divide logits by for the smallest cross-entropy."""
    from scipy.optimize import minimize_scalar

    def loss(log: float) -> float:
        p = softmax(logits / np.exp(log), axis=-1)[np.arange(len(y)), y]
        return -np.log(np.maximum(p, 1e-12)).mean()

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 4), method="bounded").x))


def of_folds(name: str) -> dict:
    """Train a recipe on each of four folds that hold out recordings; what it made of the rest."""
    notes, heard = datasets.load("nsynth-mini", "train"), cut_notes("nsynth-mini", "train")
    recipe, table, y = RECIPES[name], notes.table, notes.labels
    X = training_notes(recipe.cuts)
    dealt = folds.grouped(
        y, table["instrument"].to_numpy(str), seed=DEAL, recordings=table["recording"].to_numpy(str)
    )
    logits = {seconds: np.zeros((len(y), len(FAMILIES))) for seconds in SECONDS}
    for k, fold in enumerate(dealt):
        rows = np.sort(np.concatenate([fold.train, fold.validation]))
        of = predictor(recipe, train(recipe, X[:, rows], y[rows], seed=100 * DEAL + k))
        for seconds in SECONDS:
            logits[seconds][fold.test] = of(heard[seconds][fold.test])
    every = np.concatenate([logits[seconds] for seconds in (4, 1)])
    found = {
        "deal": DEAL,
        "accuracy": {str(s): accuracy(logits[s], y) for s in SECONDS},
        "temperature": round(temperature(every, np.tile(y, 2)), 3),
    }
    keep(FOLDS, name, found)
    return found


def stated(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}


def keep(path: Path, name: str, found: dict) -> None:
    text = json.dumps(stated(path) | {name: found}, indent=1, sort_keys=True)
    files.write_atomic(path, text + "\n")


def heard_notes() -> dict:
    """What a file says of the notes that it was made of, and the version of the book that made it.

    The checksum is that of the bundled training notes, `datasets.load("nsynth-mini")`.
    """
    return {
        "book": metadata.version("cnn-or-lstm"),
        "data": datasets.load("nsynth-mini", "train").checksum(),
        "features": features.SETTINGS,
    }


def made_of(name: str) -> dict:
    """What a model's file says of its making: with the same libraries, it can be made again."""
    recipe = RECIPES[name]
    made = heard_notes() | {
        "system": recipe.system,
        "options": recipe.options,
        "families": list(FAMILIES),
        "recipe": recipe.training | {"seed": SEED},
        "variations": VERSIONS,
    }
    made |= {"cut to seconds": list(recipe.cuts)} if recipe.cuts else {}
    return made | ({"softened by": recipe.soft} if recipe.soft else {})


def make(name: str) -> None:
    """Train a recipe on all notes and keep it."""
    recipe, notes = RECIPES[name], datasets.load("nsynth-mini", "train")
    begun = time.perf_counter()
    arrays = train(recipe, training_notes(recipe.cuts), notes.labels, SEED)
    heard, y = new_notes()
    whole = shipped.logits_of(recipe.system, recipe.options, arrays)
    info = made_of(name) | {
        "temperature": 1.0,
        "seconds": round(time.perf_counter() - begun),
        "mini-test, 32 bits": {str(s): accuracy(whole(heard[s]), y) for s in SECONDS},
        **machine.environment(),
    }
    shipped.save(name, info, arrays)
    score(name)


def new_notes(name: str = "nsynth-mini") -> tuple[dict[float, np.ndarray], np.ndarray]:
    """A set's test notes of new recordings, as `cut_notes` has them, and their labels."""
    train, test = datasets.load("nsynth-mini", "train"), datasets.load(name, "test")
    new = datasets.new_to(train, test)
    heard = cut_notes(name, "test")
    return {seconds: X[new] for seconds, X in heard.items()}, test.labels[new]


def accuracy(logits: np.ndarray, y: np.ndarray) -> float:
    return round(float(np.mean(logits.argmax(axis=1) == y)), 4)


def score(name: str) -> None:
    """Calibrate a model on the folds, and state what it says of new recordings.

    Those of mini-test in its own file, those of wide-test in `wide_test.json`, with a digest of the
    model that was asked.
    """
    known = stated(FOLDS).get(name) or of_folds(name)
    info, arrays = shipped.weights(name)
    heard, y = new_notes()
    of = shipped.logits_of(info["system"], info["options"], arrays)
    logits = {seconds: of(heard[seconds]) for seconds in SECONDS}
    info["temperature"] = known["temperature"]
    p = softmax(logits[4] / info["temperature"], axis=-1)
    info["scores"] = {
        "folds": known["accuracy"],
        "mini-test": {str(s): accuracy(logits[s], y) for s in SECONDS},
        "notes of mini-test": len(y),
        "calibration error": round(calibration_error(p, y), 4),
    }
    path = shipped.save(name, info, arrays)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB, {info['scores']}", flush=True)
    heard, y = new_notes("nsynth-wide")
    wide = {str(s): accuracy(of(heard[s]), y) for s in SECONDS}
    keep(WIDE, name, {"accuracy": wide, "notes": len(y), "weights": shipped.digest(name)})
    print(f"wide-test: {wide}", flush=True)


def calibration_error(p: np.ndarray, y: np.ndarray) -> float:
    """How far probabilities are from shares of right answers, on average over ten classes of them.

    The expected calibration error of Guo et al. (2017).
    """
    best, right = p.max(axis=1), p.argmax(axis=1) == y
    group = np.minimum((10 * best).astype(int), 9)
    gaps = [abs(np.sum(best[group == g]) - np.sum(right[group == g])) for g in np.unique(group)]
    return float(np.sum(gaps) / len(y))


def keep_notes() -> None:
    """Keep the summaries of the training notes, and from which distance on a sound is unlike them.

    Beside them in `folds.json`: how many sounds that are none of the families are found so.
    """
    notes, whole = datasets.load("nsynth-mini", "train"), cut_notes("nsynth-mini", "train")
    summaries = np.concatenate([simple.summary(whole[s]) for s in SECONDS]).astype(np.float16)
    lengths = [len(sounds.trimmed(w.astype(float))) / sounds.SAMPLE_RATE for w in notes.waveforms()]
    group = np.digitize([min(n, s) for s in SECONDS for n in lengths], hearing.LENGTHS)
    recordings = np.tile(notes.table["recording"].to_numpy(str), len(SECONDS))
    known = summaries.astype(np.float32)
    nearest = np.empty(len(known))
    for held_out in np.unique(recordings):  # the axes do not know it either
        new = recordings == held_out
        others = known[~new]
        far = hearing.distances(known[new], others, *hearing.axes(others))
        nearest[new] = far.min(axis=1)
    centre, axes = hearing.axes(known)
    limits = [np.quantile(nearest[group == g], 0.9) for g in range(len(hearing.LENGTHS) + 1)]
    shipped.save_arrays(
        "notes",
        {
            "info": shipped.text(heard_notes()),
            "notes": np.tile(notes.table["note"].to_numpy(str), len(SECONDS)),
            "summaries": summaries,
            "centre": centre.astype(np.float32),
            "axes": axes.astype(np.float32),
            "thresholds": np.array(limits, dtype=np.float32),
        },
    )
    shipped.reference.cache_clear()
    found = {}
    for kind, draw in foreign.KINDS.items():
        rng = rng_of(kind)
        heard = [sounds.prepare(draw(rng), foreign.RATE) for _ in range(100)]
        unlike = [hearing.hear(one, which=())[0]["unlike"] for one in heard]
        found[kind] = round(float(np.mean(unlike)), 2)
    test = datasets.load("nsynth-mini", "test")
    new = np.flatnonzero(datasets.new_to(notes, test))
    heard = [sounds.prepare(test.waveform(i), sounds.SAMPLE_RATE) for i in new]
    found["mini-test, new recordings"] = round(
        float(np.mean([hearing.hear(one, which=())[0]["unlike"] for one in heard])), 2
    )
    keep(FOLDS, "unlike", found)
    print(found, flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="tools.models", description="Make the models that come with the book."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RECIPES)}, notes")
    parser.add_argument("--folds", action="store_true", help="train on folds, keep no model")
    parser.add_argument("--score", action="store_true", help="score what is kept, train nothing")
    options = parser.parse_args(arguments)
    missing = [n for n in (*RECIPES, "notes") if not (shipped.MODELS / f"{n}.npz").exists()]
    names = options.names or (list(RECIPES) if options.score else missing)
    if unknown := set(names) - {*RECIPES, "notes"}:
        parser.error(f"no recipe {', '.join(sorted(unknown))}: choose of {', '.join(RECIPES)}")
    quick.keep_memory()
    for name in names:
        if name == "notes":
            keep_notes()
        elif options.folds:
            print(name, of_folds(name), flush=True)
        elif options.score:
            score(name)
        else:
            make(name)


if __name__ == "__main__":
    main()
