"""The thesis's hyperparameter search (sections 3.2.4 and 3.2.6). Shown in chapter 7.

keras-tuner's RandomSearch draws the trials; each execution of a trial is a run with a record of
its own, so that its score is kept, and an interrupted search goes on where it was.
"""

import tempfile
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import records

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
    runs : list of list of helpers.records.Record
        The executions of each trial.
    """

    table: pd.DataFrame
    best: dict
    runs: list


def execution_seed(seed: int, trial: int, execution: int) -> int:
    """A seed of its own for each execution of each trial (both counted from 0)."""
    return int(np.random.SeedSequence([seed, trial, execution]).generate_state(1)[0] >> 1)


def execution_score(record: records.Record) -> float:
    """What keras-tuner takes as the score of an execution: its best validation accuracy."""
    return float(record.history["val_accuracy"].max())


def search(experiment, model: str, seed: int = 0, fold: int = 1) -> Search:
    """Random search over `SPACES[model]`, with the profile's trials, executions and epochs.

    Parameters
    ----------
    experiment : helpers.training.Experiment
    model : {"cnn", "lstm"}
    seed : int
        Draws the trials and seeds their executions, each differently.
    fold : int
        The thesis searches on the first fold alone.

    Returns
    -------
    Search
    """
    runs = []

    def run_trial(hyperparameters):
        jobs = executions(experiment.profile, model, hyperparameters, len(runs), seed, fold)
        runs.append([experiment.run(**job) for job in jobs])
        return [execution_score(record) for record in runs[-1]]

    _random_search(model, experiment.profile.trials, seed, run_trial)
    table = score_table(model, runs)
    winner = runs[table["score"].to_numpy().argmax()][0]
    best = {name: winner.config["hyperparameters"][name] for name in SPACES[model]}
    return Search(table, best, runs)


def plan(profile, model: str, seed: int = 0, fold: int = 1) -> list[dict]:
    """The runs that `search` will ask for, as arguments of `Experiment.run`: nothing is trained.

    Random search does not look at scores when it draws, so the trials are known beforehand and
    their executions can be run in any order, by anybody.
    """
    trials = []
    _random_search(model, profile.trials, seed, lambda drawn: trials.append(drawn) or [0.0])
    return [
        job
        for number, drawn in enumerate(trials)
        for job in executions(profile, model, drawn, number, seed, fold)
    ]


def executions(profile, model, hyperparameters, trial: int, seed: int, fold: int) -> list[dict]:
    """The executions of one trial, as arguments of `Experiment.run`."""
    return [
        {
            "model": model,
            "hyperparameters": hyperparameters,
            "fold": fold,
            "seed": execution_seed(seed, trial, execution),
            "epochs": profile.tuning_epochs,
        }
        for execution in range(profile.executions)
    ]


def _random_search(model: str, trials: int, seed: int, run_trial) -> None:
    """keras-tuner's RandomSearch, calling `run_trial(hyperparameters)` -> list of scores."""
    import keras_tuner

    from helpers import models

    space = SPACES[model]

    def build(hp):
        chosen = {name: hp.Choice(name, values) for name, values in space.items()}
        return models.compiled(model, **chosen)

    class Search(keras_tuner.RandomSearch):
        def run_trial(self, trial, *args, **kwargs):
            try:
                scores = run_trial({name: trial.hyperparameters.get(name) for name in space})
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


def score_table(model: str, trials: list) -> pd.DataFrame:
    """A table like the thesis's 4.1 and 4.2 from the executions' records, one list a trial."""
    rows = []
    for executions in trials:
        scores = [execution_score(record) for record in executions]
        hyperparameters = executions[0].config["hyperparameters"]
        rows.append(
            {name: hyperparameters[name] for name in SPACES[model]}
            | {f"execution {i}": score for i, score in enumerate(scores, 1)}
            | {"score": float(np.mean(scores))}
        )
    return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="trial"))
