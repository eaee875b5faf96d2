"""The thesis's hyperparameter search (sections 3.2.4 and 3.2.6). Shown in chapter 8.

keras-tuner's RandomSearch draws the trials; each execution of a trial is a run with a record of
its own, so that its score is kept, and an interrupted search goes on where it was.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers import models, profiles
from helpers.runs import records, training

if TYPE_CHECKING:
    import keras
    import keras_tuner

DROPOUT = [0.1, 0.2, 0.3, 0.4, 0.5]
SPACES = {
    "cnn": {
        "dropout_cnn": DROPOUT,
        "conv_2_filters_1": [32, 64, 128],
        "conv_2_filters_2": [32, 64, 128, 256],
    },
    "lstm": {
        "dropout_lstm": DROPOUT,
        "lstm_layer_units_1": [32, 64, 128],
        "lstm_layer_units_2": [32, 64, 128],
    },
}
# What the thesis's own searches found: table 4.1, trial 5, and table 4.2, trial 4.
THESIS = {
    "cnn": {"conv_2_filters_1": 128, "conv_2_filters_2": 128, "dropout_cnn": 0.2},
    "lstm": {"lstm_layer_units_1": 32, "lstm_layer_units_2": 128, "dropout_lstm": 0.3},
}


@dataclass(frozen=True)
class Search:
    """A finished search.

    Attributes
    ----------
    table : pd.DataFrame
        One row a trial, as tables 4.1 and 4.2 have columns: the hyperparameters, the score of
        each execution (its best validation accuracy over the epochs), and `score`, their mean.
    best : dict
        The hyperparameters of the trial with the highest score, the earliest of equals.
    runs : list of list of helpers.runs.records.Record
        The executions of each trial.
    """

    table: pd.DataFrame
    best: dict
    runs: list


def execution_seed(seed: int, trial: int, execution: int) -> int:
    """A seed of its own for each execution of each trial (both counted from 0).

    Shown in chapter 8, "The same search, with every training kept".

    >>> execution_seed(0, 0, 0) == execution_seed(0, 0, 1)
    False
    """
    return int(np.random.SeedSequence([seed, trial, execution]).generate_state(1)[0] >> 1)


def execution_score(record: records.Record, epochs: int | None = None) -> float:
    """What keras-tuner takes as the score of an execution: its best validation accuracy.

    With `epochs`, the best of the first so many.

    >>> record = records.Record({}, pd.DataFrame({"val_accuracy": [0.5, 0.9, 0.8]}), {})
    >>> execution_score(record), execution_score(record, epochs=1)
    (0.9, 0.5)
    """
    return float(record.history["val_accuracy"][:epochs].max())


def search(experiment: training.Experiment, model: str, seed: int = 0) -> Search:
    """Random search over `SPACES[model]` on the first fold, as the thesis has it.

    With the profile's trials, executions and epochs.

    Shown in chapter 8, "The same search, with every training kept".

    Parameters
    ----------
    experiment : helpers.runs.training.Experiment
    model : {"cnn", "lstm"}
    seed : int
        Draws the trials and seeds their executions, each differently.

    Returns
    -------
    Search

    Notes
    -----
    Where keras-tuner's variables say that this is its chief or one of its workers
    (KERASTUNER_TUNER_ID, KERASTUNER_ORACLE_IP, KERASTUNER_ORACLE_PORT), each worker runs the
    trials that the chief gives it, and every one of them returns the whole search when all are
    done. They have to share the folder of records.
    """
    runs = {}

    def run_trial(number: int, hyperparameters: dict | None) -> list[float]:
        jobs = executions(experiment.profile, model, hyperparameters, number, seed, 1)
        runs[number] = [experiment.run(**job) for job in jobs]
        return [execution_score(record) for record in runs[number]]

    trials = recorded_trials(experiment, model, seed)
    if not trials:
        _random_search(model, experiment.profile.trials, seed, run_trial)
        trials = list(runs.values())
    if "KERASTUNER_TUNER_ID" in os.environ:
        while not (trials := recorded_trials(experiment, model, seed)):
            time.sleep(2)  # for the last trials of the other workers
    return _search(model, trials)


def recorded_trials(experiment: training.Experiment, model: str, seed: int) -> list:
    """The executions' records of a search that is finished, else an empty list.

    Each is found by its seed, so that keras-tuner need not draw the trials again.
    """
    profile, folders = experiment.profile, (experiment.runs, records.SHIPPED)
    group = [
        records.read(path)
        for number in range(profile.trials)
        for job in executions(profile, model, None, number, seed, 1)
        for folder in folders
        for path in Path(folder).glob(f"{model}-fold1-seed{job['seed']}-*")
    ]

    def asked_for(record: records.Record) -> bool:
        setting = record.config["hyperparameters"]
        seed, epochs = record.config["seed"], profile.tuning_epochs
        return record.config == experiment.config(model, setting, 1, seed, epochs, start=seed)

    return _trials([record for record in group if asked_for(record)], profile, model, seed, 1)


def _trials(
    group: list[records.Record], profile: profiles.Profile, model: str, seed: int, fold: int
) -> list:
    by_seed = {record.config["seed"]: record for record in group}
    seeds = [
        [job["seed"] for job in executions(profile, model, None, number, seed, fold)]
        for number in range(profile.trials)
    ]
    if not all(s in by_seed for trial in seeds for s in trial):
        return []
    return [[by_seed[s] for s in trial] for trial in seeds]


def _search(model: str, trials: list, epochs: int | None = None) -> Search:
    table = score_table(model, trials, epochs)
    winner = trials[table["score"].to_numpy().argmax()][0]
    best = {name: winner.config["hyperparameters"][name] for name in SPACES[model]}
    return Search(table, best, trials)


def protocol(group: list[records.Record], profile: str = "mini", seed: int = 0) -> dict:
    """The runs of the thesis's protocol among records, by the name of the model.

    Parameters
    ----------
    group : list of helpers.runs.records.Record
        Such as `records.read_all(records.SHIPPED)`.
    profile : str
        What the runs were made with.
    seed : int
        Of the trainings. (The search is always that of seed 0.)

    Returns
    -------
    dict of str -> list of helpers.runs.records.Record
        "Base CNN", "Optimised CNN" (the winner of our search), "CNN, thesis's setting", and the
        same of the LSTM, folds in order. A model of which a fold is missing is left out.

    Examples
    --------
    >>> group = [records.read(path) for path in records.SHIPPED.glob("lstm-fold*-seed0-*")]
    >>> {title: len(runs) for title, runs in protocol(group).items()}
    {'Base LSTM': 5, "LSTM, thesis's setting": 5}
    """
    asked, found = profiles.get(profile), {}
    group = _as_usual(group)
    for model in SPACES:
        settings: dict[str, dict] = {f"Base {model.upper()}": {}}
        if search := read_search(group, model, asked.name):
            settings[f"Optimised {model.upper()}"] = search.best
        settings[f"{model.upper()}, thesis's setting"] = THESIS[model]
        for title, setting in settings.items():
            full = models.hyperparameters(model, setting)
            runs = records.select(
                group, model=model, hyperparameters=full, epochs=asked.epochs, seed=seed
            )
            if len({run.fold for run in runs}) == asked.folds:
                found[title] = runs
    return found


def _as_usual(group: list[records.Record]) -> list:
    """The records of the thesis's protocol: random folds, MFCCs of the whole note."""
    usual = records.select(group, split={"kind": "stratified"}, features={"kind": "mfcc"})
    return [r for r in usual if "seconds" not in r.config["features"] and "clean" not in r.config]


def read_search(
    group: list[records.Record],
    model: str,
    profile: str = "mini",
    seed: int = 0,
    fold: int = 1,
    epochs: int | None = None,
) -> Search | None:
    """The finished search among records (see `protocol`), or None if an execution is missing.

    With `epochs`, as if it had ended after so many: a training does not know how long it will be,
    so the first epochs of a longer one are the same.

    >>> group = [records.read(path) for path in records.SHIPPED.glob("lstm-fold1-*")]
    >>> read_search(group, "lstm").best
    {'dropout_lstm': 0.2, 'lstm_layer_units_1': 64, 'lstm_layer_units_2': 128}
    """
    asked = profiles.get(profile)
    group = records.select(_as_usual(group), model=model, split={"fold": fold})
    if epochs is None:
        group = records.select(group, epochs=asked.tuning_epochs)
    group = [record for record in group if record.config["epochs"] >= (epochs or 0)]
    trials = _trials(group, asked, model, seed, fold)
    return _search(model, trials, epochs) if trials else None


def plan(profile: profiles.Profile, model: str, seed: int = 0, fold: int = 1) -> list[dict]:
    """The runs that `search` will ask for, as arguments of `Experiment.run`: nothing is trained.

    Random search does not look at scores when it draws, so the trials are known beforehand and
    their executions can be run in any order, by anybody.
    """
    trials: list[dict] = []

    def note(_: int, drawn: dict) -> list[float]:
        trials.append(drawn)
        return [0.0]

    _random_search(model, profile.trials, seed, note)
    return [
        job
        for number, drawn in enumerate(trials)
        for job in executions(profile, model, drawn, number, seed, fold)
    ]


def executions(
    profile: profiles.Profile,
    model: str,
    hyperparameters: dict | None,
    trial: int,
    seed: int,
    fold: int,
) -> list[dict]:
    """The executions of one trial, as arguments of `Experiment.run`.

    >>> jobs = executions(profiles.get("mini"), "cnn", THESIS["cnn"], trial=0, seed=0, fold=1)
    >>> len(jobs), jobs[0]["epochs"], jobs[0]["seed"] == execution_seed(0, 0, 0)
    (2, 50, True)
    """
    return [
        {
            "model": model,
            "hyperparameters": hyperparameters,
            "fold": fold,
            "seed": own,
            "epochs": profile.tuning_epochs,
            "start": own,
        }
        for execution in range(profile.executions)
        for own in [execution_seed(seed, trial, execution)]
    ]


def _random_search(model: str, trials: int, seed: int, run_trial: Callable) -> None:
    """keras-tuner's RandomSearch, calling `run_trial(number, hyperparameters)` -> scores."""
    import keras_tuner

    space = SPACES[model]

    def build(hp: keras_tuner.HyperParameters) -> keras.Model:
        chosen = {name: hp.Choice(name, values) for name, values in space.items()}
        return models.compiled(model, **chosen)

    class Search(keras_tuner.RandomSearch):
        def run_trial(
            self, trial: keras_tuner.engine.trial.Trial, *args: object, **kw: object
        ) -> list[dict[str, float]]:
            drawn = {name: trial.hyperparameters.get(name) for name in space}
            try:
                scores = run_trial(int(trial.trial_id), drawn)
            except Exception as error:
                # keras-tuner would swallow it, retry, and report a count of failures.
                number = int(trial.trial_id) + 1
                raise keras_tuner.errors.FatalError(f"trial {number}: {error}") from error
            return [{"val_accuracy": score} for score in scores]

    # The tuner's own project folder is not kept: the same seed draws the same trials again, and
    # executions that are finished come from their records.
    with tempfile.TemporaryDirectory() as folder:
        Search(
            build,
            objective=keras_tuner.Objective("val_accuracy", "max"),
            max_trials=trials,
            seed=seed + 1,  # keras-tuner takes 0 for "no seed"
            directory=folder,
            project_name=model,
            overwrite=True,
        ).search(verbose=0)


def score_table(model: str, trials: list, epochs: int | None = None) -> pd.DataFrame:
    """A table like the thesis's 4.1 and 4.2 from the executions' records, one list a trial.

    >>> history = pd.DataFrame({"val_accuracy": [0.5, 0.75]})
    >>> run = records.Record({"config": {"hyperparameters": THESIS["cnn"]}}, history, {})
    >>> score_table("cnn", [[run, run]]).loc[1, ["execution 1", "execution 2", "score"]].tolist()
    [0.75, 0.75, 0.75]
    """
    rows = []
    for executions in trials:
        scores = [execution_score(record, epochs) for record in executions]
        hyperparameters = executions[0].config["hyperparameters"]
        rows.append(
            {name: hyperparameters[name] for name in SPACES[model]}
            | {f"execution {i}": score for i, score in enumerate(scores, 1)}
            | {"score": round(float(np.mean(scores)), 6)}  # of float32: equal means stay equal
        )
    return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="trial"))
