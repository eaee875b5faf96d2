"""What the claims of the thesis are judged by: recorded runs, bundled notes, rules of a verdict."""

from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import datasets, evaluation, folds, profiles
from helpers import tuning as searches
from helpers.datasets import FAMILIES
from helpers.runs import records

PROFILE = "mini"
TITLES = tuple(
    title
    for name in ("CNN", "LSTM")
    for title in (f"Base {name}", f"Optimised {name}", f"{name}, thesis's setting")
)
PARTS = {"fold_test": "folds", "nsynth_test": "mini-test"}
FOLDS, TEST = PARTS
FEATURES = ("mfcc", 4), ("mel", 4)  # kind, seconds
LENGTHS = ("mfcc", 1), ("mfcc", 2), ("mfcc", 4)
ELSEWHERE = 2, 20  # the other fold that was searched on, and for how many epochs
REPRODUCED, PARTLY, NOT = "reproduced", "partly", "not"
UNTESTABLE, PENDING = "not testable here", "not recorded yet"
VERDICTS = (REPRODUCED, PARTLY, NOT, UNTESTABLE, PENDING)


def verdict(checks) -> str:
    """What checks come to: reproduced if all hold, not if none does, partly otherwise."""
    checks = [bool(check) for check in checks]
    if not checks:
        raise ValueError("nothing was checked")
    return REPRODUCED if all(checks) else PARTLY if any(checks) else NOT


def spans(values, number: float) -> bool:
    """Whether a number lies within the range of values."""
    return bool(np.min(values) <= number <= np.max(values))


def noise_alone(executions) -> float:
    """How probable a search is to look at least this spread out if its trials are all equal.

    One-way analysis of variance; chapter 8 gets the same from a simulation.

    Parameters
    ----------
    executions : array_like of float, shape (trials, executions)
        Scores. The executions of a trial differ in their seed alone.

    Returns
    -------
    float
    """
    from scipy import stats

    executions = np.asarray(executions, dtype=float)
    trials, m = executions.shape
    within = executions.var(axis=1, ddof=1).mean()
    between = m * executions.mean(axis=1).var(ddof=1)
    if np.isclose(within, 0):
        return 1.0 if np.isclose(between, 0) else 0.0
    return float(stats.f.sf(between / within, trials - 1, trials * (m - 1)))


@cache
def _bundled(split):
    return datasets.load("nsynth-mini", split)


@cache
def _copies():
    return evaluation.leaked(_bundled("train"), _bundled("test"))


@cache
def _folds():
    sample = _bundled("train").sample(profiles.get(PROFILE).notes_per_family)
    return folds.stratified(sample.labels), sample


class NotRecordedError(Exception):
    """Runs that a row needs are not recorded yet."""


class Evidence:
    """What rows are computed from: recorded runs and the bundled notes, each read when asked for.

    Parameters
    ----------
    folder : path
        The folder of records.

    Attributes
    ----------
    used : set of str
        What has been asked for since it was last emptied: titles of runs and other names.
    """

    def __init__(self, folder=records.SHIPPED):
        self.folder = Path(folder)
        self.used = set()

    @cached_property
    def group(self) -> list:
        """All records."""
        return records.read_all(self.folder)

    @cached_property
    def protocol(self) -> dict:
        """Runs by title, those left out that are not complete."""
        return searches.protocol(self.group, PROFILE)

    @cached_property
    def _searches(self) -> dict:
        found = {name: searches.read_search(self.group, name, PROFILE) for name in searches.SPACES}
        return {name: search for name, search in found.items() if search}

    @property
    def complete(self) -> bool:
        """Whether all that the rows ask for is recorded."""
        try:
            self.clean(), self.alike(*FEATURES), self.alike(*LENGTHS), self.search_on(*ELSEWHERE)
        except NotRecordedError:
            return False
        return set(TITLES) <= set(self.protocol) and set(searches.SPACES) == set(self._searches)

    def runs(self, title: str) -> list:
        """The runs of a model, one a fold and seed; `NotRecordedError` where some are missing."""
        if title not in TITLES:
            raise ValueError(f"no model is called {title!r}: choose one of {', '.join(TITLES)}")
        if title not in self.protocol:
            raise NotRecordedError(title)
        self.used.add(title)
        return self.protocol[title]

    def search(self, model: str):
        """The finished search of a model, or `NotRecordedError`."""
        if model not in self._searches:
            raise NotRecordedError(f"search of the {model.upper()}")
        self.used.add("search")
        return self._searches[model]

    def search_on(self, fold: int, epochs: int) -> dict:
        """By network: the searches on fold 1 and on another one, of equal epochs."""
        found = {}
        for name in searches.SPACES:
            both = [
                searches.read_search(self.group, name, PROFILE, fold=each, epochs=epochs)
                for each in (1, fold)
            ]
            if all(both):
                found[name] = both
        if not found:
            raise NotRecordedError(f"search on fold {fold}")
        names = " and the ".join(map(str.upper, found))
        self.used.add(f"searches of the {names}, folds 1, {fold}, {epochs} epochs")
        return found

    def clean(self) -> dict:
        """By network: the run whose training loss was measured with dropout off as well."""
        found = {run.config["model"]: run for run in records.select(self.group, clean=True)[::-1]}
        return self._single(found, "with dropout off")

    def alike(self, *kinds) -> dict:
        """By network: runs that differ in these features, (kind, seconds), and nothing else."""
        same, found = {}, {}
        for run in self.group:
            rest = {key: value for key, value in run.config.items() if key != "features"}
            heard = run.config["features"]
            runs = same.setdefault(records.config_hash(rest), {})
            runs[heard["kind"], heard.get("seconds", 4)] = run
        for runs in same.values():
            if set(kinds) <= set(runs):
                several = [runs[kind] for kind in kinds]
                found.setdefault(several[0].config["model"], several)
        return self._single(found, " and ".join(f"{kind} of {s} s" for kind, s in kinds))

    def _single(self, found: dict, what: str) -> dict:
        """Runs of one fold and seed, if both networks have them."""
        if missing := [name.upper() for name in searches.SPACES if name not in found]:
            raise NotRecordedError(f"{' and '.join(missing)} {what}")
        first = next(iter(found.values()))
        config = (first[0] if isinstance(first, list) else first).config
        self.used.add(f"1 seed, fold {config['split']['fold']}, {config['epochs']} epochs")
        return dict(sorted(found.items()))

    def right(self, run, part: str, family: str | None = None) -> np.ndarray:
        """Which notes a run names correctly, all or those of a family; copies are left out."""
        labels, probabilities = evaluation.part(run, part, self.copies if part == TEST else ())
        mine = labels == FAMILIES.index(family) if family else np.full(len(labels), True)
        return (probabilities.argmax(axis=1) == labels)[mine]

    def notes(self, split: str):
        """The bundled notes of a split."""
        self.used.add("bundled notes")
        return _bundled(split)

    def one_of_each(self) -> np.ndarray:
        """The waveform of one bundled note of each family, shape (10, 64000)."""
        return self.notes("train").sample(1).waveforms()

    @property
    def copies(self) -> list:
        """Test notes that recur in the training split; every note is decoded and checked."""
        return _copies()

    def folds(self) -> tuple:
        """The folds and the notes that they divide."""
        self.used.add("folds of the bundled notes")
        return _folds()

    @cached_property
    def _scores(self) -> pd.DataFrame:
        return evaluation.score_table(self.protocol, without=self.copies)

    def values(self, title: str, part: str, metric: str = "accuracy") -> pd.Series:
        """A score of each run, indexed by seed and fold; copies are left out of mini-test."""
        self.runs(title)
        table = self._scores
        table = table[(table["model"] == title) & (table["part"] == part)]
        return table.set_index(["seed", "fold"])[metric]

    def paired(self, first: str, second: str, part: str) -> pd.Series:
        """Accuracy of the second model minus the first's on each fold, over common seeds."""
        a, b = (self.values(title, part) for title in (first, second))
        difference = (b - a).dropna().groupby("fold").mean()
        return difference.round(9)

    def recall(self, title: str, part: str) -> pd.Series:
        """The share of each family's notes that are named correctly, averaged over the runs."""
        without = self.copies if part == TEST else ()
        matrix = evaluation.mean_confusion(self.runs(title), part, without)
        return pd.Series(np.diag(matrix), index=list(FAMILIES))

    def curve(self, title: str) -> pd.DataFrame:
        """The history of a model, averaged over its runs."""
        return evaluation.mean_history(self.runs(title))[0]

    def deviation(self, title: str) -> pd.DataFrame:
        """Its standard deviation over the runs."""
        return evaluation.mean_history(self.runs(title))[1]

    def source(self) -> str:
        """What the numbers asked for since `used` was emptied are, in a few words."""
        titles = sorted(self.used & set(TITLES))
        parts = sorted(self.used - set(TITLES) - {"search"})
        if "search" in self.used:
            sizes = profiles.get(PROFILE)
            parts.append(f"search: {sizes.trials} trials × {sizes.executions} executions, fold 1")
        if titles:
            groups = [self.protocol[title] for title in titles]
            n_folds, seeds = (
                sorted({len({key(run) for run in group}) for group in groups})
                for key in (lambda run: run.fold, lambda run: run.config["seed"])
            )
            most = "" if seeds[0] == seeds[-1] else f" to {seeds[-1]}"
            plural = "s" if seeds[-1] > 1 else ""
            parts.append(f"{n_folds[0]} folds × {seeds[0]}{most} seed{plural}")
        return "; ".join(parts)
