"""Train one model on one fold, once: an interrupted run goes on, a finished one is read.

A run ends in the same record whether or not it was interrupted. That takes three things that
Keras's own BackupAndRestore does not do: the order of the notes is drawn from (seed, epoch), the
dropout layers' seeds are set from (seed, epoch, layer), and the weights, the optimizer and the
history so far are saved after each epoch, in a file that is whole or not there. Shown in chapter 6.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers import datasets, evaluation, features, folds, profiles
from helpers.notes import obey_interrupt
from helpers.runs import cache, files, machine, quick, records

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 32  # section 3.2.5
CHECKPOINT = "checkpoint"
UNREADABLE = (OSError, ValueError)  # the digest notices all other damage
LOCK_MESSAGE = "another process is training this run: waiting for it"


class Experiment:
    """The notes, features and folds of a profile, and the runs made with them.

    What chapters 3 to 5 do step by step: load the notes, draw a balanced sample, extract the
    MFCCs, make the folds.

    Parameters
    ----------
    profile : str
        A name in `helpers.profiles.PROFILES`.
    data : str or path
        What `helpers.datasets.load` opens.
    runs : path
        The folder of finished runs. Many experiments may share one.
    seed : int
        Draws the sample and the folds, and starts the trainings.
    split : {"stratified", "grouped", "matched"}
        The thesis's folds; folds that hold out whole instruments; random folds with the part
        sizes of those (chapter 5). The last two are four, or as many as the family with the
        fewest instruments has of them.
    feature : {"mfcc", "mel", "mel13"}
    seconds : float
        How much of each note is heard.

    Attributes
    ----------
    notes, test_notes : helpers.datasets.Notes
        The balanced sample of the training split; NSynth's test split.
    X, X_test : np.ndarray, shape (n, 126, 13) unless features differ, float32
    y, y_test : np.ndarray, shape (n,), int64
    folds : list of helpers.folds.Fold
        All of them; a profile may train only the first few.
    """

    def __init__(
        self,
        profile: str,
        data: files.PathLike = "nsynth-mini",
        runs: files.PathLike = "runs",
        seed: int = 0,
        split: str = "stratified",
        feature: str = "mfcc",
        seconds: float = 4,
    ):
        self.profile = profiles.get(profile)
        self.runs = files.place(runs, "RUNS")
        self.seed = seed
        self.split, self.feature, self.seconds = split, feature, seconds
        self.notes = datasets.load(data, "train").sample(self.profile.notes_per_family, seed)
        self.test_notes = datasets.load(data, "test")
        if self.profile.test_per_family is not None:
            self.test_notes = self.test_notes.sample(self.profile.test_per_family, seed)
        self.y, self.y_test = self.notes.labels, self.test_notes.labels
        self.folds = self._folds()  # first: of a set with too few instruments it asks for more
        self.X = cache.extract(self.notes, feature, seconds)
        self.X_test = cache.extract(self.test_notes, feature, seconds)
        self._data = {"train": self.notes.checksum(), "test": self.test_notes.checksum()}

    def _folds(self) -> list[folds.Fold]:
        if self.split == "stratified":
            return folds.stratified(self.y, seed=self.seed)
        if self.split not in ("grouped", "matched"):
            raise ValueError(
                f"unknown split {self.split!r}: choose one of stratified, grouped, matched"
            )
        instruments = self.notes.table["instrument"].to_numpy(dtype=str)
        fewest = self.notes.table.groupby("family")["instrument"].nunique().min()
        dealt = self.y, instruments, max(2, min(4, fewest)), self.seed
        if self.split == "matched":
            return folds.matched(self.y, folds.grouped(*dealt), self.seed)
        return folds.grouped(*dealt, datasets.recordings(instruments))

    def config(
        self,
        model: str,
        hyperparameters: dict | None = None,
        fold: int = 1,
        seed: int | None = None,
        epochs: int | None = None,
        remeasure: bool = False,
        start: int | None = None,
    ) -> dict:
        """The full configuration of a run: everything that its result depends on."""
        from helpers import models

        # What is as usual goes unsaid, so that older records keep their hash.
        unusual: dict = {"clean": True} if remeasure else {}
        cut = {} if self.seconds == 4 else {"seconds": self.seconds}
        seed = self.seed if seed is None else seed
        own = start_of(seed, self.seed, fold) if start is None else start
        # Once, grouped folds held out instruments and no recordings.
        grouped = {"holds_out": "recordings"} if self.split == "grouped" else {}
        config = {
            "model": model,
            "hyperparameters": models.hyperparameters(model, hyperparameters),
            "learning_rate": models.LEARNING_RATES[model],
            "batch_size": BATCH_SIZE,
            "epochs": epochs or self.profile.epochs,
            "seed": seed,
            "split": {
                "kind": self.split,
                "fold": fold,
                "n_folds": len(self.folds),
                "seed": self.seed,
            }
            | grouped,
            "data": self._data,
            "features": {"kind": self.feature} | features.SETTINGS | cut,
        } | unusual
        # Runs of seed 0 that came with the book are older: all their folds start with the seed.
        if start is None and (records.SHIPPED / records.record_name(config)).exists():
            return config
        return config if own == seed else config | {"start": own}

    def run(
        self,
        model: str,
        hyperparameters: dict | None = None,
        fold: int = 1,
        seed: int | None = None,
        epochs: int | None = None,
        remeasure: bool = False,
        start: int | None = None,
    ) -> records.Record:
        """Train one model on one fold, or read the record if that was done before.

        Parameters
        ----------
        model : {"cnn", "lstm"}
        hyperparameters : dict, optional
            What differs from the base model.
        fold : int
            From 1.
        seed, epochs : int, optional
            Instead of the experiment's seed and the profile's epochs.
        remeasure : bool
            Whether to measure the training notes again after each epoch, with dropout off: the
            history gets `clean_loss` and `clean_accuracy` (section 4.2.1).
        start : int, optional
            What weights, dropout and order are drawn from; left out, `start_of` seed and fold.
            The runs of seed 0 that came with the book are older: all their folds start alike.

        Returns
        -------
        helpers.runs.records.Record
            With predictions for the fold's test part and for NSynth's test split.
        """
        part = self.folds[fold - 1]
        return train(
            self.config(model, hyperparameters, fold, seed, epochs, remeasure, start),
            self.X,
            self.y,
            part,
            tests={
                "fold_test": (self.notes.select(part.test), self.X, part.test),
                "nsynth_test": (self.test_notes, self.X_test, np.arange(len(self.X_test))),
            },
            runs=self.runs,
            watch={"clean": part.train} if remeasure else None,
        )

    @property
    def n_folds(self) -> int:
        """How many folds are trained: the profile's number, or all if there are fewer."""
        return min(self.profile.folds, len(self.folds))

    def run_folds(self, model: str, hyperparameters: dict | None = None) -> list[records.Record]:
        """`run` on each of the folds that the profile trains, in order."""
        return [self.run(model, hyperparameters, k) for k in range(1, self.n_folds + 1)]


def start_of(seed: int, deal: int, fold: int) -> int:
    """The number that a run's weights, dropout and order are drawn from.

    Two folds never share it, nor two deals of the notes: an average over folds is then one over
    starts as well.

    >>> start_of(1, 0, 1) == start_of(1, 0, 2)
    False
    """
    return int(np.random.SeedSequence([seed, deal, fold]).generate_state(1)[0] >> 1)


def train(
    config: dict,
    X: np.ndarray,
    y: np.ndarray,
    part: folds.Fold,
    tests: dict,
    runs: str | Path,
    watch: dict | None = None,
) -> records.Record:
    """Train as `config` says and record the run, unless its record is there already.

    Parameters
    ----------
    config : dict
        From `Experiment.config`. `options` is what the builder is given besides the
        hyperparameters; `start`, what weights, dropout and order are drawn from (the seed where it
        is missing, as in older records).
    X, y : np.ndarray
        MFCCs (n, 126, 13) float32, which may be memory-mapped, and labels (n,) int64.
    part : helpers.folds.Fold
        The rows to train on and to validate with.
    tests : dict of str -> (helpers.datasets.Notes, np.ndarray, np.ndarray)
        What to predict when trained: notes, features, and the notes' rows in these.
    runs : path
        The folder of records. Checkpoints stand in `.work` below it until a run is finished.
        A run that came with the book is read from there.
    watch : dict of str -> np.ndarray of int, optional
        Rows to measure after each epoch with dropout off: the history gets `<name>_loss` and
        `<name>_accuracy`. Nothing is chosen by them.

    Returns
    -------
    helpers.runs.records.Record
    """
    runs = Path(runs)
    if found := records.find(runs, config):
        return found
    files.writable(runs)
    work = runs / ".work" / records.record_name(config)
    work.mkdir(parents=True, exist_ok=True)
    with files.locked(work / "lock", f"{work.name}: {LOCK_MESSAGE}"):
        # The other process may have finished it while we waited.
        found = records.find(runs, config)
        # What a killed process was writing; nobody else writes it while we hold the lock.
        for draft in runs.glob(f".{work.name}.*"):
            shutil.rmtree(draft)
        for draft in work.glob(f".{CHECKPOINT}.*"):
            draft.unlink()
        if found is None:
            found = _train(config, X, y, part, tests, runs, work, watch or {})
        for checkpoint in work.glob(f"*{CHECKPOINT}*"):
            checkpoint.unlink()
    return found


def batches(
    X: np.ndarray, y: np.ndarray | None, rows: np.ndarray, size: int
) -> keras.utils.PyDataset:
    """Notes in batches, each read from `X` when its turn comes.

    So no part of memory-mapped features is ever held in memory at once. Keras is given the same
    batches in the same order as it cuts from the arrays `X[rows]` and `y[rows]`.

    Parameters
    ----------
    X, y : np.ndarray, shapes (n, ...) and (n,)
        `y` may be None where labels are not needed.
    rows : np.ndarray of int
        Which notes, in the order they are wanted.
    size : int
        Notes in a batch; the last one has what is left.

    Returns
    -------
    keras.utils.PyDataset
    """
    import keras

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return -(-len(rows) // size)

        def __getitem__(self, i: int) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
            chosen = rows[i * size : (i + 1) * size]
            return X[chosen] if y is None else (X[chosen], y[chosen])

    return Batches()


def _train(
    config: dict,
    X: np.ndarray,
    y: np.ndarray,
    part: folds.Fold,
    tests: dict,
    runs: str | Path,
    work: str | Path,
    watch: dict,
) -> records.Record:
    import keras
    from tqdm import tqdm

    from helpers import models

    seed = config.get("start", config["seed"])
    keras.utils.set_random_seed(seed)
    shape, size = X.shape[1:], config["batch_size"]
    options = config["hyperparameters"] | config.get("options", {})
    rate = config["learning_rate"]
    model = models.compiled(config["model"], learning_rate=rate, input_shape=shape, **options)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.adapt(X[part.train])
    quick.speed_up(model)
    model.optimizer.build(model.trainable_variables)
    history, seconds = load_checkpoint(work, model, config)
    bar = tqdm(range(config["epochs"]), work.name, initial=len(history), unit="epoch")
    with bar:
        for epoch in range(len(history), config["epochs"]):
            start = time.perf_counter()
            set_dropout_seeds(model, seed, epoch)
            order = np.random.default_rng([seed, epoch]).permutation(len(part.train))
            logs = model.fit(
                batches(X, y, part.train[order], size),
                validation_data=batches(X, y, part.validation, size),
                initial_epoch=epoch, epochs=epoch + 1, shuffle=False, verbose=0,
            ).history  # fmt: skip
            for name, rows in watch.items():
                again = model.evaluate(batches(X, y, rows, 256), verbose=0, return_dict=True)
                logs |= {f"{name}_{key}": [value] for key, value in again.items()}
            seconds += time.perf_counter() - start
            history.append({"epoch": epoch + 1} | {key: float(v[0]) for key, v in logs.items()})
            if epoch + 1 < config["epochs"]:
                save_checkpoint(work, model, config, history, seconds)
            obey_interrupt()
            bar.set_postfix(val_accuracy=f"{history[-1]['val_accuracy']:.3f}", refresh=False)
            bar.update()

    predictions = {
        name: {
            "notes": notes.table["note"].to_numpy(dtype=str),
            "labels": notes.labels,
            "probabilities": model.predict(batches(heard, None, rows, 256), verbose=0),
        }
        for name, (notes, heard, rows) in tests.items()
    }
    info = {
        "config": config,
        **machine.environment(),
        "parameters": model.count_params(),
        "seconds": round(seconds, 2),
        "metrics": {
            name: evaluation.scores(p["labels"], p["probabilities"])
            for name, p in predictions.items()
        },
    }
    table = pd.DataFrame(history)
    table = table[[*records.HISTORY, *table.columns.difference(records.HISTORY)]]
    return records.read(records.write(runs, info, table, predictions))


def set_dropout_seeds(model: keras.Model, seed: int, epoch: int) -> None:
    """Start every dropout layer's random numbers from (seed, epoch, layer).

    Keras draws them from one stream a layer that runs on from epoch to epoch, and does not store
    how far it came.
    """
    for number, layer in enumerate(model.layers):
        if generator := getattr(layer, "seed_generator", None):
            state = np.random.SeedSequence([seed, epoch, number]).generate_state(2, np.uint32)
            generator.state.assign(state.astype(generator.state.dtype))


def epochs_done(runs: str | Path, config: dict) -> int:
    """How many epochs of a run are finished: all of a recorded one, else its checkpoint's."""
    name = records.record_name(config)
    if any((Path(folder) / name).is_dir() for folder in (runs, records.SHIPPED)):
        return config["epochs"]
    try:
        state, _ = _read_checkpoint(Path(runs) / ".work" / name)
    except UNREADABLE:
        return 0
    return len(state["history"])


def save_checkpoint(
    work: str | Path, model: keras.Model, config: dict, history: list, seconds: float
) -> None:
    """Save weights, optimizer and history so far, in place of the last save.

    The file is written beside the old one and renamed, and begins with the SHA-256 of the rest.
    """
    import keras

    state = {
        "hash": records.config_hash(config),
        "backend": keras.backend.backend(),
        "history": history,
        "seconds": seconds,
    }
    file = io.BytesIO()
    np.savez(file, json.dumps(state), *map(np.asarray, _variables(model)))
    content = hashlib.sha256(file.getbuffer()).digest() + file.getvalue()
    files.write_atomic(Path(work) / CHECKPOINT, lambda file: file.write(content))


def load_checkpoint(work: str | Path, model: keras.Model, config: dict) -> tuple[list, float]:
    """Set the model to what was saved last. Returns the history so far and the seconds it took.

    A checkpoint that is damaged, or of another configuration or backend, is passed over with a
    message, and the run starts from its first epoch: nothing but time is lost.
    """
    import keras

    path, variables = Path(work) / CHECKPOINT, _variables(model)
    try:
        state, values = _read_checkpoint(path)
        if state["hash"] != records.config_hash(config):
            raise ValueError("of another configuration")
        if state["backend"] != keras.backend.backend():
            raise ValueError(f"made by the {state['backend']} backend")
        if [tuple(v.shape) for v in variables] != [v.shape for v in values]:
            raise ValueError("of another model")
    except FileNotFoundError:
        return [], 0.0
    except UNREADABLE as error:
        print(f"{path}: {error}; this checkpoint is not used")
        return [], 0.0
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return state["history"], state["seconds"]


def _read_checkpoint(path: Path) -> tuple[dict, list]:
    content = path.read_bytes()
    if hashlib.sha256(content[32:]).digest() != content[:32]:
        raise ValueError("damaged")
    with np.load(io.BytesIO(content[32:]), allow_pickle=False) as arrays:
        state, *values = (arrays[name] for name in arrays.files)
    return json.loads(str(state)), values


def _variables(model: keras.Model) -> list:
    return [*model.variables, *model.optimizer.variables]
