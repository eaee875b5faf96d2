"""The study that answers "CNN or LSTM?": its rows, what each trains on, and their records.

`book/plan.md` says what is asked and how it will be judged; it was written before the first run.
Here is the same list of rows for the computer (a test holds the two together), and what runs it:
`instruments study`. A record carries the plan's hash, and records of another plan are refused.

A row is run in *deals*. In one deal the forty instruments of the bundled training notes are dealt
into four folds, one instrument of every family in each, so that each note is predicted once by a
network that never heard its recording. What is kept of a deal is one file,
`book/records/study/<row>-deal<d>.npz`: the configuration, seconds and history of each of its runs,
and their predictions in half precision.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import metadata
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers import datasets, evaluation, features, folds, models, simple
from helpers.datasets import FAMILIES
from helpers.runs import files, machine, records, training
from helpers.runs.cache import CACHE, extract

BOOK = Path(__file__).resolve().parents[2] / "book"
PLAN = BOOK / "plan.md"
KEPT = BOOK / "records" / "study"
BATCH_SIZE = 32
SEED = 0
FORMAT = 1


class StudyError(ValueError):
    """The study's plan or records are not what a row needs."""


@dataclass(frozen=True)
class Row:
    """One row of the plan: a system, how it is trained, on what, and how often.

    Attributes
    ----------
    name : str
    system : str
        A name in `models.BUILDERS` or `simple.SYSTEMS`.
    rate : float or None
        Learning rate of Adam; None for a simple model.
    epochs : int
    deals : int
    standardise : bool
    options : dict
        For the builder, besides `standardise`.
    feature : {"mfcc", "mel100", "summary", "kawwa"}
    notes : str
        What it is trained and tested on: a name in `PARTS`.
    families : tuple of str
        Only these are trained and tested.
    backend : str
        The Keras backend its records are made with.
    """

    name: str
    system: str
    rate: float | None = None
    epochs: int = 0
    deals: int = 10
    standardise: bool = False
    options: dict = field(default_factory=dict)
    feature: str = "mfcc"
    notes: str = "folds"
    families: tuple = FAMILIES
    backend: str = "jax"


def _rows() -> list[Row]:
    rows = [
        Row("P", "small", 1e-3, 40, standardise=True),
        Row("B2", "lstm", 1e-3, 20, standardise=True),
        Row("B1", "cnn", 1e-3, 20, standardise=True),
        Row("A2", "lstm", 1e-3, 50),
        Row("A1", "cnn", 1e-4, 50),
        Row("C", "hybrid", 1e-3, 30, standardise=True),
        Row("D2", "lstm", 1e-3, 20, standardise=True, options={"head": "mean"}),
        Row("D1", "cnn", 1e-3, 20, standardise=True, options={"head": "mean"}),
    ]
    for feature, number in (("summary", "1"), ("kawwa", "2")):
        rows += [Row(f"E{number}-{name}", name, feature=feature) for name in simple.SYSTEMS]
    rows += [
        Row("R-kawwa", "kawwa", 1e-4, 30, deals=1, feature="mel100"),
        Row("R-gessle-cnn", "gessle_cnn", 1e-4, 50, deals=2),
        Row("R-gessle-lstm", "gessle_lstm", 1e-3, 50, deals=2),
        Row("R-zhang", "zhang_lstm", 1e-3, 50, deals=2, families=("brass", "flute", "reed")),
        Row("B2-tensorflow", "lstm", 1e-3, 20, deals=2, standardise=True, backend="tensorflow"),
    ]
    trained = {"cnn": 50, "lstm": 50, "hybrid": 50, "extra_trees": 0}
    for breadth, (system, epochs) in product((1, 2, 3, 4, 10), trained.items()):
        network = {"rate": 1e-3, "standardise": True} if epochs else {"feature": "summary"}
        rows.append(
            Row(f"N{breadth}-{system}", system, epochs=epochs, deals=5, notes=f"breadth-{breadth}",
                **network)
        )  # fmt: skip
    rows += [
        Row(f"S-{system}-{'scaled' if scaled else 'raw'}-{rate:.0e}", system, rate, 20, deals=5,
            standardise=scaled, notes="first fold")
        for system, scaled, rate in product(
            ("lstm", "cnn"), (False, True), (1e-4, 3e-4, 1e-3, 3e-3)
        )
    ]  # fmt: skip
    rows += [
        Row(f"G-{system}-{number}", system, deals=2, epochs=20, notes="first fold", **drawn)
        for system in ("lstm", "cnn")
        for number, drawn in enumerate(_search(system), 1)
    ]
    asked = {"A1": 10, "A2": 10, "B1": 10, "B2": 10, "C": 10, "P": 10, "E1-extra_trees": 10,
             "E1-naive_bayes": 1}  # fmt: skip
    of = {row.name: row for row in rows}
    return rows + [
        Row(**vars(of[name]) | {"name": f"W-{name}", "deals": deals, "notes": "wide"})
        for name, deals in asked.items()
    ]


def _search(system: str, draws: int = 10) -> list[dict]:
    """Ten draws of size, dropout, rate and scale, by the same generator for both networks."""
    rng = np.random.default_rng(SEED)
    values = ((0.1, 0.25, 0.4, 0.5), (1e-4, 3e-4, 1e-3, 3e-3), (False, True), (0, 1, 2))
    sizes = {
        "cnn": [(32, 64), (64, 128), (128, 256)],
        "lstm": [(16, 16), (32, 32), (64, 64)],
    }[system]
    drawn = []
    for _ in range(draws):
        dropout, rate, standardise, size = (v[int(rng.integers(len(v)))] for v in values)
        options = dict(
            zip(models.hyperparameters(system), (*sizes[int(size)], dropout), strict=True)
        )
        drawn.append({"rate": rate, "standardise": standardise, "options": options})
    return drawn


@cache
def rows() -> dict[str, Row]:
    """The rows of the plan by name, in the order in which they are run."""
    return {row.name: row for row in _rows()}


def plan_hash() -> str:
    """SHA-256 of the plan's text, whatever the line ends of the checkout."""
    return hashlib.sha256(PLAN.read_text(encoding="utf-8").encode()).hexdigest()


class Part(NamedTuple):
    """One run's notes: rows to train on, to watch, and to predict, of `Material.notes`."""

    fold: int
    train: np.ndarray
    validation: np.ndarray
    tests: dict


@dataclass(frozen=True)
class Material:
    """All bundled notes in one table, and where each split begins."""

    notes: pd.DataFrame
    labels: np.ndarray
    split: np.ndarray
    sets: list
    checksums: dict

    def rows(self, split: str) -> np.ndarray:
        return np.flatnonzero(self.split == split)


@lru_cache(maxsize=1)
def material() -> Material:
    """The bundled notes: mini-train, mini-test, wide-train and wide-test, one after another."""
    sets = {
        f"{name}-{split}": datasets.load(f"nsynth-{name}", split)
        for name in ("mini", "wide")
        for split in ("train", "test")
    }
    split = np.repeat(list(sets), [len(notes) for notes in sets.values()])
    return Material(
        pd.concat([notes.table for notes in sets.values()], ignore_index=True),
        np.concatenate([notes.labels for notes in sets.values()]),
        split,
        list(sets.values()),
        {name: notes.checksum() for name, notes in sets.items()},
    )


@lru_cache(maxsize=4)
def _features(kind: str) -> np.ndarray:
    sets = material().sets
    if kind == "mfcc":
        return np.concatenate([extract(notes, progress=False) for notes in sets])
    if kind == "summary":
        return simple.summary(_features("mfcc"))
    path = CACHE / f"study-{kind}-{_digest([material().checksums, simple.SETTINGS])}.npy"
    if not path.exists():
        waveforms = np.concatenate([notes.waveforms() for notes in sets])
        if kind == "mel100":  # what Kawwa's CNN hears: 63 frames
            made = features.log_mel(waveforms, n_mels=100, hop_length=1024)
        else:
            made = simple.kawwa_features(waveforms)
        files.write_atomic(path, lambda file: np.save(file, made, allow_pickle=False))
    return np.load(path, allow_pickle=False)


def parts(row: Row, deal: int) -> list[Part]:
    """What the runs of one deal of a row are trained and tested on."""
    found = material()
    kind, _, breadth = row.notes.partition("-")
    made = PARTS[kind](found, deal, **({"breadth": int(breadth)} if breadth else {}))
    wanted = np.flatnonzero(found.notes["family"].isin(row.families))

    def only(chosen: np.ndarray) -> np.ndarray:
        return chosen[np.isin(chosen, wanted)]

    return [
        Part(part.fold, only(part.train), only(part.validation),
             {name: only(chosen) for name, chosen in part.tests.items()})
        for part in made
    ]  # fmt: skip


def _folds(found: Material, deal: int) -> list[Part]:
    table, own = found.notes, found.rows("mini-train")
    instruments, recordings = (
        table[column].to_numpy(dtype=str)[own] for column in ("instrument", "recording")
    )
    dealt = folds.grouped(found.labels[own], instruments, seed=deal, recordings=recordings)
    return [
        Part(k, fold.train, fold.validation, {"unseen": fold.test, "known": fold.validation})
        for k, fold in enumerate(dealt, 1)
    ]


def _mini_test(found: Material) -> np.ndarray:
    """mini-test's notes of recordings that mini-train does not hold."""
    return found.rows("mini-test")[datasets.new_to(found.sets[0], found.sets[1])]


def _breadth(found: Material, deal: int, breadth: int) -> list[Part]:
    """20 notes a family of so many instruments; some of the same instruments to watch."""
    rng, table = np.random.default_rng([SEED, deal]), found.notes
    own, wide = found.rows("mini-train"), found.rows("wide-train")
    wide = wide[datasets.new_to(found.sets[0], found.sets[2])]
    train: list[int] = []
    left: list[int] = []
    for family in FAMILIES:
        of_family = own[table["family"][own] == family]
        names = rng.permutation(np.unique(table["instrument"][of_family].to_numpy(dtype=str)))
        # Beyond the four bundled instruments, single notes of six others.
        others = rng.permutation(wide[table["family"][wide] == family])[: max(0, breadth - 4)]
        per = np.array_split(range(20 - len(others)), min(breadth, 4))
        for name, n in zip(names, map(len, per), strict=False):
            mixed = rng.permutation(of_family[table["instrument"][of_family] == name])
            train.extend(mixed[:n])
            left.extend(mixed[n:][: max(1, n // 8)])
        train.extend(others)
    known = np.sort(left)
    return [Part(1, np.sort(train), known, {"unseen": _mini_test(found), "known": known})]


def _wide(found: Material, deal: int) -> list[Part]:
    """All bundled training notes; mini-test watches, wide-test is asked once."""
    own, asked = found.rows("mini-train"), found.rows("wide-test")
    asked = asked[datasets.new_to(found.sets[0], found.sets[3])]
    mini = _mini_test(found)
    return [Part(1, own, mini, {"wide-test": asked, "mini-test": mini})]


PARTS: dict[str, Callable] = {
    "folds": _folds,
    "first fold": lambda found, deal: _folds(found, deal)[:1],
    "breadth": _breadth,
    "wide": _wide,
}


def config(row: Row, deal: int, fold: int) -> dict:
    """The configuration of one run of the study: everything that its result depends on."""
    network = row.rate is not None
    return {
        "model": row.system,
        "hyperparameters": models.hyperparameters(row.system) if network else {},
        "options": row.options | {"standardise": row.standardise} if network else {},
        "learning_rate": row.rate,
        "batch_size": BATCH_SIZE,
        "epochs": row.epochs,
        "seed": SEED,
        "start": training.start_of(SEED, deal, fold),
        "split": {"kind": row.notes, "deal": deal, "fold": fold},
        "families": list(row.families),
        "data": material().checksums,
        "features": {"kind": row.feature, "settings": features.SETTINGS},
        "row": row.name,
        "plan": plan_hash(),
        "backend": row.backend,
    }


def run(row: Row, deal: int, runs: str | Path) -> Path:
    """Do what is missing of one deal of a row, and keep it.

    Parameters
    ----------
    row : Row
    deal : int
        From 1.
    runs : path
        Where finished runs and checkpoints of an unfinished deal are.

    Returns
    -------
    Path
        The file in `KEPT`.

    Raises
    ------
    StudyError
        If the process has another backend than the row, or what is kept is of another plan.
    """
    path = kept(row, deal)
    if path.exists():
        read(path)
        return path
    made = [_run(row, deal, part, runs) for part in parts(row, deal)]
    arrays, infos = {}, []
    for number, (info, history, predicted) in enumerate(made, 1):
        infos.append(info | {"history": list(history.columns)})
        arrays[f"history{number}"] = history.to_numpy(dtype=np.float32)
        for name, (notes, probabilities) in predicted.items():
            arrays[f"{name}{number}_notes"] = notes.astype(np.int16)
            arrays[f"{name}{number}_probabilities"] = probabilities.astype(np.float16)
    arrays["notes"] = material().notes["note"].to_numpy(dtype=str)
    arrays["info"] = np.frombuffer(json.dumps(infos).encode(), dtype=np.uint8)
    arrays["digest"] = np.array(_digest_of(arrays))
    files.write_atomic(path, lambda file: np.savez_compressed(file, **arrays))
    read(path)
    return path


_Result = tuple[dict, pd.DataFrame, dict[str, tuple[np.ndarray, np.ndarray]]]


def _run(row: Row, deal: int, part: Part, runs: str | Path) -> _Result:
    """One run: what is known of it, its history, and its predictions by the name of the test."""
    setting, X, y = config(row, deal, part.fold), _features(row.feature), material().labels
    if row.rate is None:
        return _fit(row, setting, X, y, part)
    import keras

    if keras.backend.backend() != row.backend:
        raise StudyError(
            f"{row.name} is run on the {row.backend} backend, this process has "
            f"{keras.backend.backend()}: set KERAS_BACKEND={row.backend}"
        )
    names = material().notes["note"].to_numpy(dtype=str)

    tests = {
        name: (SimpleNamespace(table=pd.DataFrame({"note": names[rows]}), labels=y[rows]), X, rows)
        for name, rows in part.tests.items()
    }
    # wide-test is not looked at before the last epoch.
    watch = {"unseen": part.tests["unseen"]} if "unseen" in part.tests else {}
    cut = folds.Fold(part.train, part.validation, part.train[:0])
    record = training.train(setting, X, y, cut, tests, runs, watch)
    keras.utils.clear_session()
    predicted = {
        name: (part.tests[name], kept["probabilities"]) for name, kept in record.predictions.items()
    }
    return record.info, record.history, predicted


def _fit(row: Row, setting: dict, X: np.ndarray, y: np.ndarray, part: Part) -> _Result:
    """The run of a simple model: fitted in one go, without epochs."""
    begun = time.perf_counter()
    model = simple.SYSTEMS[row.system](setting["start"])
    model.fit(X[part.train], y[part.train])
    predicted = {}
    for name, chosen in part.tests.items():
        probabilities = np.zeros((len(chosen), len(FAMILIES)))
        probabilities[:, model.classes_] = model.predict_proba(X[chosen])
        predicted[name] = (chosen, probabilities)
    about = machine.environment()
    about["versions"]["scikit-learn"] = metadata.version("scikit-learn")
    info = {
        "config": setting,
        **about,
        "parameters": None,
        "seconds": round(time.perf_counter() - begun, 2),
        "metrics": {
            name: evaluation.scores(y[chosen], p) for name, (chosen, p) in predicted.items()
        },
    }
    return info, pd.DataFrame(columns=records.HISTORY, dtype=float), predicted


def kept(row: Row, deal: int) -> Path:
    """Where one deal of a row is kept."""
    return KEPT / f"{row.name}-deal{deal:02d}.npz"


@dataclass(frozen=True)
class Deal:
    """One deal of a row, read back.

    Attributes
    ----------
    infos : list of dict
        Of each run: config, versions, backend, device, seconds, metrics, parameters.
    histories : list of pd.DataFrame
        Of each run, one row an epoch.
    predictions : dict of str -> pd.DataFrame
        By the name of the test ("unseen", "known", "wide-test", ...): one row a note, with its
        name, the fold that predicted it, its label, and the ten probabilities.
    """

    infos: list
    histories: list
    predictions: dict


def read(path: str | Path) -> Deal:
    """Read one deal and check that it is what it says.

    Raises
    ------
    StudyError
        If the file is damaged or changed, of another plan, of a row that the plan does not have
        or has otherwise, or of a run whose folds start alike.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        digest = arrays.pop("digest").item()
        if digest != _digest_of(arrays):
            raise ValueError("changed after it was written")
        infos = json.loads(arrays["info"].tobytes())
        name, _, deal = path.stem.rpartition("-deal")
    except Exception as error:
        raise StudyError(f"{path}: {error}; delete it and run the row again") from error
    for info in infos:
        found = info["config"]
        if found["plan"] != plan_hash():
            raise StudyError(
                f"{path}: made under another plan than {PLAN} is now: the plan is fixed once "
                "the first record exists; put it back, or delete the records and run them again"
            )
        if name not in rows() or found != config(rows()[name], int(deal), found["split"]["fold"]):
            raise StudyError(f"{path}: its configuration is not that of {path.stem} in the plan")
    histories = [
        pd.DataFrame(arrays[f"history{number}"], columns=info["history"])
        for number, info in enumerate(infos, 1)
    ]
    return Deal(infos, histories, _predictions(arrays, infos))


def _predictions(arrays: dict, infos: dict) -> dict:
    labels, names, found = material().labels, arrays["notes"], {}
    for number, info in enumerate(infos, 1):
        for test in info["metrics"]:
            rows_ = arrays[f"{test}{number}_notes"].astype(int)
            table = pd.DataFrame(
                arrays[f"{test}{number}_probabilities"].astype(np.float32), columns=FAMILIES
            )
            table.insert(0, "note", names[rows_])
            table.insert(1, "fold", info["config"]["split"]["fold"])
            table.insert(2, "label", labels[rows_])
            found.setdefault(test, []).append(table)
    return {test: pd.concat(tables, ignore_index=True) for test, tables in found.items()}


def _digest_of(arrays: dict) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode() + str(arrays[name].dtype).encode() + arrays[name].tobytes())
    return digest.hexdigest()


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
