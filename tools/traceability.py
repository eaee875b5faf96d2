"""Each claim of the thesis, where the book treats it, and what came out here.

`python -m tools.traceability [--check]` writes `book/traceability.md` from three things:
`traceability.yml` beside this file (what the thesis says, in our words, and the chapter and heading
that treat it), the recorded runs in `book/records/`, and the bundled notes. A row names one of the
functions below; it computes the number and makes the checks from which the verdict follows, and
the first line of its docstring, which the page shows, says what is checked. TensorFlow is not
needed.
"""

import argparse
import difflib
import inspect
import itertools
import math
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from helpers import datasets, evaluation, features, folds, models, profiles, records, significance
from helpers import tuning as searches
from helpers.datasets import FAMILIES
from tools.build import documents
from tools.repository import ROOT, BookError, write_atomically

SPECIFICATION = Path(__file__).with_suffix(".yml")
PAGE = Path("book/traceability.md")
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
REPRODUCED, PARTLY, NOT = "reproduced", "partly", "not"
UNTESTABLE, PENDING = "not testable here", "not recorded yet"
JUDGED = "†"
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

    One-way analysis of variance; chapter 7 gets the same from a simulation.

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
            self.clean(), self.alike(*FEATURES), self.alike(*LENGTHS), self.search_on(2)
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

    def search_on(self, fold: int) -> dict:
        """By network: the searches on fold 1 and on another one, where both are recorded."""
        found = {
            name: (first, second)
            for name, first in self._searches.items()
            if (second := searches.read_search(self.group, name, PROFILE, fold=fold))
        }
        if not found:
            raise NotRecordedError(f"search on fold {fold}")
        self.used.add(f"searches of the {' and the '.join(map(str.upper, found))}, folds 1, {fold}")
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


@dataclass(frozen=True)
class Finding:
    """A number as text, and what was checked of it; without checks the verdict is a judgement."""

    text: str
    checks: list = field(default_factory=list)


NUMBERS = {}
OPTIMISED = ("Optimised CNN", "Optimised LSTM")
FOUR = ("Base CNN", "Optimised CNN", "Base LSTM", "Optimised LSTM")
TUNING = (("Base CNN", "Optimised CNN"), ("Base LSTM", "Optimised LSTM"))
PAIRS = (*TUNING, ("Optimised LSTM", "Optimised CNN"))  # table 4.4


def number(function):
    """Register a function that computes a row.

    It takes the evidence and the row's arguments and returns a `Finding`; its docstring says what
    is checked.
    """
    NUMBERS[function.__name__] = function
    return function


def percent(values, digits: int = 1) -> str:
    return f"{100 * np.mean(values):.{digits}f} %"


def points(difference: float, sign: str = "+") -> str:
    return f"{100 * difference:{sign}.1f} points"


def spread(values, form: str = ".1f", scale: float = 100, unit: str = " %") -> str:
    """Mean and range of what several runs or folds have."""
    mean, low, high = (f"{scale * f(values):{form}}" for f in (np.mean, np.min, np.max))
    return f"{mean}{unit} ({low} to {high})"


def listed(texts: dict) -> str:
    return "; ".join(f"{name} {text}" for name, text in texts.items())


def network(thing) -> str:
    """The network of a model's title, of a pair of them, or of a key such as "cnn"."""
    return "CNN" if "cnn" in str(thing).lower() else "LSTM"


def kind(title) -> str:
    """A model's title without the network."""
    return title.replace(network(title), "").strip(", ").lower()


def over(things, one, start: str = "", named=network) -> Finding:
    """The finding of several things: `one(thing)` returns a text and any number of checks.

    `named(thing)` is what the thing is called on the page.
    """
    texts, checks = [], []
    for thing in things:
        text, *held = one(thing)
        texts.append(f"{named(thing)} {text}".strip())
        checks += held
    return Finding(start + "; ".join(texts), checks)


# The notes, features and folds.


@number
def bundled(evidence):
    train, test = (evidence.notes(split).table for split in ("train", "test"))
    return Finding(
        f"{len(train):,} training notes of {train['instrument'].nunique()} instruments, "
        f"{len(test)} test notes of {test['instrument'].nunique()}"
    )


@number
def note_format(evidence):
    """Every note is decoded, and one of another length, rate or number of channels refused."""
    total = sum(len(evidence.notes(split)) for split in ("train", "test"))
    assert evidence.copies is not None  # to find them, all notes were decoded
    rate, seconds = datasets.SAMPLE_RATE, datasets.SAMPLES / datasets.SAMPLE_RATE
    text = f"{total:,} notes of {seconds:g} s at {rate:,} Hz, one channel"
    return Finding(text, [seconds == 4, rate == 16_000])


@number
def sources(evidence):
    """There are acoustic notes; there are synthetic ones."""
    tables = [evidence.notes(split).table for split in ("train", "test")]
    counts = pd.concat(tables)["source"].value_counts()
    text = ", ".join(f"{counts.get(source, 0)} {source}" for source in datasets.SOURCES)
    return Finding(text, ["acoustic" in counts, "synthetic" in counts])


@number
def leaks(evidence):
    """No instrument's name is in both splits; no recording is."""
    train, test = (set(evidence.notes(split).table["instrument"]) for split in ("train", "test"))
    shared, copies = len(train & test), len(evidence.copies)
    text = f"{shared} instruments in both splits, {copies} recordings in both"
    return Finding(text, [shared == 0, copies == 0])


@number
def family_sizes(evidence):
    def one(split):
        counts = evidence.notes(split).table["family"].value_counts()
        return (" to ".join(map(str, sorted({counts.min(), counts.max()}))),)

    return over(["train", "test"], one, "notes of a family: ", str)


@number
def families(evidence, count, left_out):
    """There are as many; the same one is left out."""
    found = set(evidence.notes("train").table["family"])
    text = f"{len(found)} families, without {' and '.join(datasets.EXCLUDED)}"
    return Finding(text, [len(found) == count, list(datasets.EXCLUDED) == [left_out]])


@number
def feature_shape(evidence, steps, coefficients):
    """A note's features have this shape."""
    shape = features.mfcc(evidence.one_of_each()).shape[1:]
    return Finding(f"{shape[0]} × {shape[1]}", [shape == (steps, coefficients)])


@number
def librosa_difference(evidence):
    """On a note of each family, mel spectrograms are within 0.001 of librosa's; so are MFCCs."""
    import librosa

    def mel(waveform):
        return librosa.power_to_db(librosa.feature.melspectrogram(y=waveform, sr=16_000))

    def mfcc(waveform):
        return librosa.feature.mfcc(y=waveform, sr=16_000, n_mfcc=13)

    waveforms = evidence.one_of_each()

    def one(name):
        ours, theirs = {"mel": (features.log_mel, mel), "MFCC": (features.mfcc, mfcc)}[name]
        gap = max(np.abs(ours(w) - theirs(w).T).max() for w in waveforms)
        # Not the difference itself: its last digits are the machine's.
        return "below 0.001" if gap < 1e-3 else "0.001 or more", gap < 1e-3

    return over(["mel", "MFCC"], one, "largest difference: ", str)


@number
def memory(evidence, notes):
    """MFCCs take fewer bytes."""
    waveforms = evidence.one_of_each()
    mel, mfcc = (notes * f(waveforms)[0].nbytes / 1e9 for f in (features.log_mel, features.mfcc))
    text = f"{notes:,} notes: {mel:.2f} GB as mel spectrograms, {mfcc:.2f} GB as MFCCs"
    return Finding(text, [mfcc < mel])


@number
def sample_size(evidence, per_family):
    """All families have equally many; they have as many as in the thesis."""
    counts = evidence.folds()[1].table["family"].value_counts()
    text = f"{counts.min()} of each family, {counts.sum():,} in all"
    return Finding(text, [counts.min() == counts.max(), counts.min() == per_family])


@number
def fold_sizes(evidence):
    """There are five; each has every note once; the parts are 80, 10 and 10 %."""
    five, notes = evidence.folds()
    n = len(notes)
    whole = [np.array_equal(np.sort(np.concatenate(fold)), np.arange(n)) for fold in five]
    found = {tuple(map(len, fold)) for fold in five}
    text = f"{len(five)} folds of " + " or ".join(" / ".join(map(str, s)) for s in sorted(found))
    return Finding(text, [len(five) == 5, all(whole), found == {(n * 8 // 10, n // 10, n // 10)}])


@number
def fold_disjoint(evidence):
    """No note is validated on twice; none is tested on twice."""
    five, _ = evidence.folds()

    def one(name):
        rows = np.concatenate([getattr(fold, name) for fold in five])
        twice = len(rows) - len(np.unique(rows))
        return f"{twice}", twice == 0

    return over(["validation", "test"], one, "notes that are in two parts: ", str)


@number
def fold_overlap(evidence):
    """Training parts differ; they have more than half in common."""
    five, _ = evidence.folds()
    shared = [np.isin(a.train, b.train).mean() for i, a in enumerate(five) for b in five[:i]]
    low, high = (percent(end, 0) for end in (min(shared), max(shared)))
    text = f"two folds share {low if low == high else f'{low} to {high}'} of their training notes"
    return Finding(text, [max(shared) < 1, min(shared) > 0.5])


@number
def fold_coverage(evidence):
    five, notes = evidence.folds()
    tested = np.unique(np.concatenate([fold.test for fold in five]))
    instrument = notes.table["instrument"].to_numpy()
    known = [np.isin(instrument[fold.test], instrument[fold.train]).mean() for fold in five]
    return Finding(
        f"{percent(len(tested) / len(notes), 0)} of the notes are ever tested on, "
        f"{percent(known, 0)} of those play a known instrument"
    )


@number
def held(evidence, hold, decay):
    """Just before the key is let go, the level of the first two families is on average above half
    of their loudest; that of the other two is below."""
    notes = evidence.notes("train")

    def one(family):
        rows = np.flatnonzero(notes.table["family"] == family)
        blocks = np.sqrt((notes.waveforms(rows).reshape(len(rows), -1, 800) ** 2).mean(axis=2))
        # As in chapter 2: blocks of 50 ms, of which number 55 begins at 2.75 s.
        level = (blocks[:, 55] / np.maximum(blocks.max(axis=1), 1e-9)).mean()
        return f"{level:.2f}", level > 0.5 if family in hold else level < 0.5

    return over([*hold, *decay], one, named=str)


# The networks, by arithmetic. Chapters 5 and 6 compare it with Keras.


def cnn_arithmetic(first=64, second=128, poolings=2, extra=()) -> tuple[list, int, int]:
    """What table 3.1 comes to.

    Parameters
    ----------
    first, second : int
        Filters of the second group and of the last convolution.
    poolings : int
        How many of the two poolings there are.
    extra : sequence of int or "pool"
        Further layers before flatten: filters of a convolution, or a pooling.

    Returns
    -------
    shapes : list of tuple
        After each convolution and pooling.
    flat, parameters : int
        Numbers after flatten, and parameters in all.
    """
    pools = ["pool" if done < poolings else None for done in range(2)]
    rows, columns, channels = (*models.INPUT_SHAPE, 1)
    total, shapes = 0, []
    for layer in (32, 32, pools[0], first, first, pools[1], second, *extra):
        if layer is None:
            continue
        if layer == "pool":
            rows, columns = rows // 2, columns // 2
        else:
            total += (9 * channels + 1) * layer
            channels = layer
        shapes.append((rows, columns, channels))
    flat = rows * columns * channels
    return shapes, flat, total + (flat + 1) * 512 + 513 * models.N_FAMILIES


def lstm_arithmetic(first=32, second=32) -> tuple[int, int]:
    """What table 3.2 comes to: numbers after flatten, and parameters."""
    steps, inputs = models.INPUT_SHAPE
    total = 0
    for units in (32, first, first, second, second):
        total += 4 * (inputs + units + 1) * units
        inputs = units
    flat = steps * inputs
    return flat, total + (flat + 1) * 512 + 513 * models.N_FAMILIES


ARITHMETIC = {"cnn": cnn_arithmetic, "lstm": lstm_arithmetic}


def as_recorded(evidence, model: str) -> bool:
    """Whether all recorded runs of a network have the parameters that arithmetic gives them."""
    _, first, second = searches.SPACES[model]
    evidence.runs(f"Base {model.upper()}")  # at least those
    settings = [
        (run.config["hyperparameters"], run.info["parameters"])
        for title in TITLES
        if model.upper() in title and title in evidence.protocol
        for run in evidence.runs(title)
    ]
    return all(ARITHMETIC[model](s[first], s[second])[-1] == found for s, found in settings)


@number
def pooling_saves(evidence):
    """The base CNN has fewer parameters with its poolings than without."""
    with_, without = (cnn_arithmetic(poolings=n)[-1] for n in (2, 0))
    text = f"{with_:,} parameters with pooling, {without:,} without (arithmetic)"
    return Finding(text, [with_ < without])


@number
def kawwa(evidence):
    """The base CNN has fewer parameters than with another convolution of 128 filters and another
    pooling."""
    ours, theirs = cnn_arithmetic()[-1], cnn_arithmetic(extra=(128, "pool"))[-1]
    text = f"{ours:,} parameters without the two, {theirs:,} with them (arithmetic)"
    return Finding(text, [ours < theirs])


@number
def cnn_table(evidence, shapes, flatten):
    """By arithmetic, shapes are the table's; so is flatten; the runs have as many parameters."""
    found, flat, total = cnn_arithmetic()
    same = ["x".join(map(str, shape)) for shape in found] == shapes
    text = f"flatten to {flat:,}; {total:,} parameters"
    return Finding(text, [same, flat == flatten, as_recorded(evidence, "cnn")])


@number
def lstm_table(evidence, biases, flatten):
    """By arithmetic, biases are the table's; so is flatten; the runs have as many parameters."""
    flat, total = lstm_arithmetic()
    text = f"flatten to {flat:,}; {total:,} parameters"
    return Finding(text, [biases == 4 * 32, flat == flatten, as_recorded(evidence, "lstm")])


@number
def parameters(evidence):
    cnn, lstm = (ARITHMETIC[model]()[-1] for model in searches.SPACES)
    return Finding(f"CNN {cnn:,} parameters, LSTM {lstm:,} (arithmetic)")


# Training and tuning.


@number
def space(evidence, model, first, second):
    """Dropout has the values 0.1 to 0.5 in steps of 0.1; the other two have the thesis's values."""
    ours = list(searches.SPACES[model].values())
    product = " × ".join(str(len(values)) for values in ours)
    wanted = [[0.1, 0.2, 0.3, 0.4, 0.5], first, second]
    text = f"{product} = {math.prod(map(len, ours))} settings"
    return Finding(text, [a == b for a, b in zip(ours, wanted, strict=True)])


@number
def setup(evidence, model, **thesis):
    """All recorded runs of the network have these settings."""
    titles = [title for title in TITLES if model.upper() in title]
    runs = [run for title in titles for run in evidence.runs(title)]
    found = {key: sorted({run.config[key] for run in runs}) for key in thesis}
    words = (
        f"{key.replace('_', ' ')} {' or '.join(f'{value:g}' for value in values)}"
        for key, values in found.items()
    )
    checks = [found[key] == [value] for key, value in thesis.items()]
    return Finding(f"{', '.join(words)}, in {len(runs)} runs", checks)


@number
def validated(evidence, epochs):
    """Every run has a validation loss and accuracy for every epoch."""
    runs = [run for title in TITLES for run in evidence.runs(title)]
    whole = [len(run.history) == epochs and not run.history.isna().any(axis=None) for run in runs]
    return Finding(f"{sum(whole)} of {len(runs)} runs", [all(whole)])


@number
def runs_per_model(evidence, folds):
    """Each of the four models is trained on every fold."""
    counts = [len({run.fold for run in evidence.runs(title)}) for title in FOUR]
    return Finding(f"{len(counts)} models", [count == folds for count in counts])


@number
def search_size(evidence, trials, executions):
    """Both searches have as many trials and executions; all are on fold 1; scores are means."""

    def one(model):
        found = evidence.search(model)
        sizes = [len(trial) for trial in found.runs]
        means = found.table.filter(like="execution").mean(axis=1)
        return (
            f"{sum(sizes)} executions",
            sizes == trials * [executions],
            {run.fold for trial in found.runs for run in trial} == {1},
            np.allclose(means, found.table["score"]),
        )

    return over(searches.SPACES, one)


@number
def search_time(evidence):
    def one(model):
        seconds = sum(run.seconds for trial in evidence.search(model).runs for run in trial)
        return (f"{seconds / 60:.0f} minutes of training",)

    return over(searches.SPACES, one)


@number
def retrained(evidence):
    """Each optimised model's runs differ from the base's in the searched values only."""

    def one(pair):
        base, ours = (
            {(r.config["seed"], r.fold): r.config | {"hyperparameters": None} for r in runs}
            for runs in map(evidence.runs, pair)
        )
        config = evidence.runs(pair[1])[0].config
        setting = config["hyperparameters"]
        text = ", ".join(str(setting[name]) for name in searches.SPACES[config["model"]])
        return text, all(base[key] == ours[key] for key in base.keys() & ours.keys())

    return over(TUNING, one, "dropout and sizes: ")


@number
def test_sizes(evidence, nsynth):
    """Test parts of folds are predicted; all of NSynth's test notes are."""
    run = evidence.runs("Base LSTM")[0]
    fold = len(run.predictions[FOLDS]["notes"])
    mini = len(evaluation.part(run, TEST, evidence.copies)[0])
    text = f"{fold} notes in a fold; mini-test {mini} notes, {len(evidence.copies)} left out"
    return Finding(text, [fold > 0, mini == nsynth])


@number
def recomputed(evidence):
    """Scores computed anew from the predictions are those recorded, for every run."""
    runs = [run for title in FOUR for run in evidence.runs(title)]
    same = [
        np.isclose(evaluation.scores(*evaluation.part(run, part))[metric], value)
        for run in runs
        for part in PARTS
        for metric, value in run.info["metrics"][part].items()
    ]
    return Finding(f"{len(runs)} runs, {sum(same)} of {len(same)} scores equal", [all(same)])


# Sections 4.1 and 5.4: the searches.


@number
def search_scores(evidence, model, thesis):
    """Scores of the thesis that lie within the range of ours."""
    ours = evidence.search(model).table["score"]
    return Finding(
        ", ".join(f"{score:.3f}" for score in ours), [spans(ours, score) for score in thesis]
    )


@number
def winner(evidence, model):
    """Values that our winner has in common with the thesis's."""
    found = evidence.search(model)
    values = ", ".join(str(found.best[name]) for name in searches.SPACES[model])
    text = f"trial {found.table['score'].idxmax()}: {values}"
    return Finding(text, [found.best[k] == v for k, v in searches.THESIS[model].items()])


@number
def impact(evidence):
    """For each network, equal trials would be spread out as much in fewer than 5 % of searches."""

    def one(model):
        share = noise_alone(evidence.search(model).table.filter(like="execution"))
        return percent(share, 0) if share >= 0.01 else "less than 1 %", share < 0.05

    return over(searches.SPACES, one, "so spread out by chance: ")


@number
def directions(evidence, model):
    """The score falls with dropout; it rises with the first number of filters; with the second."""
    table = evidence.search(model).table

    names = dict(zip(searches.SPACES[model], ("dropout", "filters 1", "filters 2"), strict=True))

    def one(name):
        with np.errstate(invalid="ignore", divide="ignore"):  # the same value in all trials
            r = table[name].corr(table["score"])
        return f"{r:+.2f}", r < 0 if names[name] == "dropout" else r > 0

    return over(names, one, "correlation with the score: ", names.get)


@number
def less_impact(evidence):
    """The LSTM's scores have the smaller range."""
    found = {m.upper(): np.ptp(evidence.search(m).table["score"]) for m in searches.SPACES}
    text = listed({name: points(value, "") for name, value in found.items()})
    return Finding(f"best minus worst trial: {text}", [found["LSTM"] < found["CNN"]])


@number
def lucky(evidence, trials):
    """For each network, the chance to draw the best setting is below one half."""

    def one(model):
        chance = trials / math.prod(map(len, searches.SPACES[model].values()))
        return percent(chance, 0), chance < 0.5

    return over(searches.SPACES, one, "chance of the best, by arithmetic: ")


@number
def chance_matters(evidence):
    """For each network, two executions of a trial differ by more than the two best trials do."""

    def one(model):
        table = evidence.search(model).table
        gap = np.ptp(table.filter(like="execution").to_numpy(), axis=1).max()
        second, first = sorted(table["score"])[-2:]
        return f"{points(gap, '')} against {points(first - second, '')}", gap > first - second

    return over(searches.SPACES, one)


@number
def flattered(evidence):
    """For each network, the winner's score is above the optimised model's accuracy on the folds."""

    def one(title):
        score = evidence.search(title.split(" ")[1].lower()).table["score"].max()
        tested = evidence.values(title, FOLDS).mean()
        return f"score {percent(score)}, test {percent(tested)}", score > tested

    return over(OPTIMISED, one)


@number
def only_that_fold(evidence):
    """For each network, tuning gains more on fold 1 than on the others."""

    def one(pair):
        gain = evidence.paired(*pair, FOLDS)
        rest = gain.drop(1).mean()
        return f"{points(gain[1])}, others {points(rest)}", gain[1] > rest

    return over(TUNING, one)


# Section 4.2: table 4.3 and what follows from it.


@number
def on_folds(evidence, **titles):
    """Numbers of the thesis that lie within the range of the runs."""

    def one(title):
        texts, checks = [], []
        for metric, thesis in titles[title].items():
            ours = evidence.values(title, FOLDS, metric)
            shown = spread(ours) if metric == "accuracy" else spread(ours, ".3f", 1, "")
            texts.append(f"{metric} {shown}")
            checks.append(spans(ours, thesis))
        return ", ".join(texts), *checks

    return over(titles, one, named=network if len(titles) > 1 else kind)


@number
def on_test(evidence, titles):
    def one(title):
        loss, accuracy = (evidence.values(title, TEST, m).mean() for m in ("loss", "accuracy"))
        return (f"{percent(accuracy)} (loss {loss:.3f})",)

    several = len(set(map(network, titles))) > 1
    return over(titles, one, "mini-test: ", network if several else kind)


@number
def tuning_helps(evidence, part, metrics):
    """For each network and score, the optimised model's mean is better than the base's."""

    def one(pair):
        texts, checks = [], []
        for metric in metrics:
            a, b = (evidence.values(title, part, metric).mean() for title in pair)
            checks.append(b > a if metric == "accuracy" else b < a)
            texts.append(points(b - a) if metric == "accuracy" else f"loss {b - a:+.3f}")
        return ", ".join(texts), *checks

    return over(TUNING, one, f"{PARTS[part]}: ")


@number
def worse_on_test(evidence):
    """For each of the four models, the mean loss is higher; the mean accuracy is lower."""

    def one(title):
        loss, accuracy = (
            evidence.values(title, TEST, m).mean() - evidence.values(title, FOLDS, m).mean()
            for m in ("loss", "accuracy")
        )
        return f"{points(accuracy)}, loss {loss:+.2f}", loss > 0, accuracy < 0

    return over(FOUR, one, named=str)


def _lead(evidence, part) -> pd.Series:
    return evidence.paired("Optimised LSTM", "Optimised CNN", part)


@number
def lead(evidence, parts, thesis=None, p=False):
    """The CNN's mean accuracy is higher, on each set named; the thesis's lead, where it is given,
    lies within the range of the folds."""
    found = {PARTS[part]: _lead(evidence, part) for part in parts}
    texts = [f"{name} {spread(d, '+.1f', unit=' points')}" for name, d in found.items()]
    checks = [d.mean() > 0 for d in found.values()]
    if thesis is not None:
        checks += [spans(100 * d, thesis) for d in found.values()]
    if p:
        texts.append(f"p = {_p(_lead(evidence, FOLDS)):.4g}")
    return Finding(f"CNN minus LSTM: {'; '.join(texts)}", checks)


@number
def gains(evidence):
    def one(pair):
        found = (points(evidence.paired(*pair, part).mean()) for part in PARTS)
        return (
            ", ".join(f"{name} {text}" for name, text in zip(PARTS.values(), found, strict=True)),
        )

    return over(TUNING, one, "gain by tuning: ")


def _gap(evidence, title, metric) -> float:
    on_test_, on_folds_ = (evidence.values(title, part, metric).mean() for part in (TEST, FOLDS))
    return on_test_ - on_folds_


@number
def gap(evidence):
    """For each network, accuracy falls by 10 points or more."""

    def one(title):
        change = _gap(evidence, title, "accuracy")
        return points(change), change <= -0.1

    return over(OPTIMISED, one)


@number
def gap_when_balanced(evidence):
    """For each network, balanced accuracy falls by less than 10 points."""

    def one(title):
        change = _gap(evidence, title, "balanced_accuracy")
        return points(change), change > -0.1

    return over(OPTIMISED, one, "balanced accuracy: ")


@number
def high_accuracy(evidence):
    """For each network, the mean on the folds is 90 % or more."""

    def one(title):
        accuracy = evidence.values(title, FOLDS).mean()
        return percent(accuracy), accuracy >= 0.9

    return over(OPTIMISED, one, "folds: ")


# Section 4.2.1: figures 4.1 and 4.2, averages of the runs.


def falls(curve) -> bool:
    """Whether a curve's mean over ten epochs sinks from each ten to the next, up to epoch 40."""
    tens = np.asarray(curve)[:40].reshape(-1, 10).mean(axis=1)
    return bool((np.diff(tens) < 0).all())


@number
def losses_fall(evidence):
    """For each network and each of the two curves, the mean over ten epochs falls from each ten
    to the next, up to epoch 40."""

    def one(title):
        curve = evidence.curve(title)
        first, fortieth = curve["val_loss"].loc[1], curve["val_loss"].loc[40]
        text = f"{first:.2f} after epoch 1, {fortieth:.2f} after 40"
        return text, falls(curve["loss"]), falls(curve["val_loss"])

    return over(OPTIMISED, one, "validation loss: ")


@number
def stagnation(evidence, epoch):
    """For each network, 99 % of the fall of the validation loss is done no more than five epochs
    away from that."""

    def one(title):
        curve = evidence.curve(title)["val_loss"]
        done = curve - curve.min() <= 0.01 * (curve.iloc[0] - curve.min())
        return f"in epoch {done.idxmax()}", abs(done.idxmax() - epoch) <= 5

    return over(OPTIMISED, one, "99 % of the fall: ")


def _share_of_epochs(which, least):
    return f"in {which.sum()} of {len(which)} epochs", which.mean() > least


@number
def validation_below(evidence):
    """For each network, in more than half of the epochs."""

    def one(title):
        curve = evidence.curve(title)
        return _share_of_epochs(curve["val_loss"] < curve["loss"], 0.5)

    return over(OPTIMISED, one)


@number
def validation_below_without_time(evidence):
    """For each network, still in more than half of the epochs when the training curve is moved by
    half an epoch."""

    def one(title):
        curve = evidence.curve(title)
        moved = (curve["loss"] + curve["loss"].shift(-1)).dropna() / 2
        return _share_of_epochs(curve["val_loss"].loc[moved.index] < moved, 0.5)

    return over(OPTIMISED, one)


@number
def dropout_measured(evidence):
    """For each base network: the validation loss is below the logged training loss in more than
    half of the epochs; it is not below the one that was measured with dropout off."""

    def one(item):
        name, run = item
        h = run.history
        below, still = (h["val_loss"] < h[column] for column in ("loss", "clean_loss"))
        text = f"{name.upper()} below the logged one in {below.sum()} of {len(h)} epochs"
        return (
            f"{text}, below the clean one in {still.sum()}",
            below.mean() > 0.5,
            still.mean() < 0.5,
        )

    return over(evidence.clean().items(), one, named=lambda item: "")


@number
def validation_above(evidence):
    """For each network, in every epoch."""

    def one(title):
        curve = evidence.curve(title)
        above = curve["val_accuracy"] > curve["accuracy"]
        return _share_of_epochs(above, 0)[0], *above

    return over(OPTIMISED, one)


@number
def curves_alike(evidence):
    """Validation accuracies are on average no more than 5 points apart."""
    a, b = (evidence.curve(title)["val_accuracy"] for title in OPTIMISED)
    apart = (a - b).abs().mean()
    return Finding(f"{100 * apart:.1f} points apart", [apart <= 0.05])


@number
def in_tandem(evidence):
    """For each network, the two curves correlate above 0.9; the validation loss ends within a
    standard deviation of its lowest value."""

    def one(title):
        curve, deviation = evidence.curve(title), evidence.deviation(title)
        r = curve["accuracy"].corr(curve["val_accuracy"])
        low, end = curve["val_loss"].min(), curve["val_loss"].iloc[-1]
        sd = deviation["val_loss"].iloc[-1]
        text = f"correlation {r:.2f}, lowest loss {low:.3f}, at the end {end:.3f} ± {sd:.3f}"
        return text, r > 0.9, end - low <= sd

    return over(OPTIMISED, one)


# Section 4.2.2: figures 4.3 and 4.4.


def _ends(recall: pd.Series) -> str:
    return " to ".join(
        f"{percent(recall[family], 0)} ({family})" for family in (recall.idxmin(), recall.idxmax())
    )


@number
def high_recalls(evidence):
    """For each network and family, 89.5 % or more."""

    def one(title):
        recall = evidence.recall(title, FOLDS)
        return _ends(recall), *(recall >= 0.895)

    return over(OPTIMISED, one)


@number
def lstm_lower(evidence, but):
    """For each of the other families, the LSTM is lower."""
    cnn, lstm = (evidence.recall(title, FOLDS) for title in OPTIMISED)
    lower = [family for family in FAMILIES if family not in but and lstm[family] < cnn[family]]
    checks = [family in lower for family in FAMILIES if family not in but]
    return Finding(f"lower in: {', '.join(lower) or 'none'}", checks)


@number
def minor(evidence, families):
    """For each of the two, no more than 1 point."""

    def one(family):
        cnn, lstm = (evidence.recall(title, FOLDS)[family] for title in OPTIMISED)
        return points(lstm - cnn), abs(round(lstm - cnn, 9)) <= 0.01

    return over(families, one, "LSTM minus CNN: ", str)


@number
def wider_range(evidence):
    """For each network, the lowest family is lower than on the folds; the range is wider."""

    def one(title):
        there, before = (evidence.recall(title, part) for part in (TEST, FOLDS))
        return _ends(there), there.min() < before.min(), np.ptp(there) > np.ptp(before)

    return over(OPTIMISED, one)


@number
def most_between(evidence, **limits):
    """For each network, more than half of the families, limits widened by half a point."""

    def one(title):
        low, high = limits[network(title).lower()]
        count = evidence.recall(title, TEST).between(low - 0.005, high + 0.005).sum()
        return f"{count} of {len(FAMILIES)} families", count > len(FAMILIES) / 2

    return over(OPTIMISED, one)


@number
def best_families(evidence, families):
    """For each network and each of the two families, 90 % or more."""

    def one(title):
        recall = evidence.recall(title, TEST).round(9)
        rank = recall.rank(ascending=False, method="min").astype(int)
        texts = (f"{f} {percent(recall[f], 0)} (rank {rank[f]})" for f in families)
        return ", ".join(texts), *(recall[family] >= 0.9 for family in families)

    return over(OPTIMISED, one)


@number
def worst_family(evidence, family, taken_for):
    """For each network, it is the worst family; its most frequent wrong answer is the one named."""

    def one(title):
        recall = evidence.recall(title, TEST)
        matrix = evaluation.mean_confusion(evidence.runs(title), TEST, evidence.copies)
        wrong = pd.Series(matrix[FAMILIES.index(family)], index=list(FAMILIES)).drop(family)
        text = (
            f"{percent(recall[family], 0)}, taken for {wrong.idxmax()} {percent(wrong.max(), 0)}; "
            f"worst is {recall.idxmin()}"
        )
        return text, recall.idxmin() == family, wrong.max() > 0 and wrong.idxmax() == taken_for

    return over(OPTIMISED, one)


@number
def family_difference(evidence, family, sign):
    """The networks differ in this direction."""
    cnn, lstm = (evidence.recall(title, TEST)[family] for title in OPTIMISED)
    text = f"CNN {percent(cnn, 0)}, LSTM {percent(lstm, 0)}: {points(cnn - lstm)}"
    return Finding(text, [round(cnn - lstm, 9) * sign > 0])


@number
def high_everywhere(evidence, families):
    """For each of the four models and both sets, 90 % or more."""

    def one(family):
        found = [evidence.recall(title, part)[family] for title in FOUR for part in PARTS]
        text = f"{percent(min(found), 0)} to {percent(max(found), 0)}"
        return text, *(round(value, 9) >= 0.9 for value in found)

    return over(families, one, named=str)


@number
def below_the_others(evidence, family):
    """For each network, on folds and on mini-test, recall is below the mean of all families."""

    def one(title):
        found = {PARTS[part]: evidence.recall(title, part) for part in PARTS}
        texts = (
            f"{name} {percent(recall[family], 0)} against {percent(recall.mean(), 0)}"
            for name, recall in found.items()
        )
        return ", ".join(texts), *(recall[family] < recall.mean() for recall in found.values())

    return over(OPTIMISED, one)


@number
def both_wrong(evidence):
    wrong = []
    for title in OPTIMISED:
        parts = [evaluation.part(run, TEST, evidence.copies) for run in evidence.runs(title)]
        answer = np.mean([probabilities for _, probabilities in parts], axis=0).argmax(axis=1)
        wrong.append(answer != parts[0][0])
    both = np.all(wrong, axis=0)
    return Finding(f"both networks are wrong on {both.sum()} of {len(both)} mini-test notes")


# Section 4.3: table 4.4.


def _p(differences) -> float:
    return significance.wilcoxon(np.zeros(len(differences)), np.asarray(differences))


def _won(differences) -> str:
    return f"{(differences > 0).sum()} of {len(differences)} folds"


@number
def wilcoxon(evidence, first, second, p):
    """p is the thesis's."""
    differences = evidence.paired(first, second, FOLDS)
    found, mean = _p(differences), points(differences.mean())
    text = f"p = {found:.4g}; better on {_won(differences)}, mean {mean}"
    return Finding(text, [np.isclose(found, p)])


@number
def not_significant(evidence, pairs):
    """For each pair, p is 0.05 or more."""
    found = [_p(evidence.paired(*pair, FOLDS)) for pair in PAIRS[-pairs:]]
    least = significance.smallest_p(len(evidence.folds()[0]))
    text = f"p = {', '.join(f'{p:.4g}' for p in found)}; smallest possible {least:.4g}"
    return Finding(text, [p >= 0.05 for p in found])


@number
def all_wins(evidence):
    """For each pair, on every fold."""
    found = [evidence.paired(*pair, FOLDS) for pair in PAIRS]
    return Finding("; ".join(map(_won, found)), [(d > 0).all() for d in found])


@number
def floor(evidence, folds, p):
    """As many wins give this p, whatever their sizes."""
    wins = np.arange(1, folds + 1)
    found = sorted({_p(wins), _p(wins**3), _p(wins / 100)})
    text = f"{folds} wins of {folds}: p = {' or '.join(f'{value:.4g}' for value in found)}"
    return Finding(f"{text} (arithmetic)", [np.allclose(found, p)])


@number
def floor_falls(evidence, folds):
    """The smallest possible p is above 0.05; with one fold more it is below."""
    least, less = (significance.smallest_p(n) for n in (folds, folds + 1))
    text = f"smallest possible p: {least:.4g} with {folds} folds, {less:.4g} with {folds + 1}"
    return Finding(f"{text} (arithmetic)", [least > 0.05, less < 0.05])


@number
def ahead(evidence, first, second, parts):
    """The second is ahead with every fold, on each set named."""
    found = {PARTS[part]: evidence.paired(first, second, part) for part in parts}
    text = listed({name: f"ahead on {_won(d)}" for name, d in found.items()})
    return Finding(text, [(d > 0).all() for d in found.values()])


# Chapter 5: its explanations, each with one small run (chapter 10 has what luck could do to them).


def _mel_minus_mfcc(evidence, part, family=None) -> dict:
    pairs = evidence.alike(*FEATURES)
    shares = {
        name: [evidence.right(run, part, family).mean() for run in two]
        for name, two in pairs.items()
    }
    return {name: mel - mfcc for name, (mfcc, mel) in shares.items()}


@number
def mel_for_mallets(evidence):
    """For each base network, on the fold's test part and on mini-test: mallets are named better
    from mel spectrograms than from MFCCs."""
    by_part = {part: _mel_minus_mfcc(evidence, part, "mallet") for part in PARTS}
    text = "; ".join(
        f"{name.upper()} {points(d)} on {'the fold' if part == FOLDS else PARTS[part]}"
        for part, differences in by_part.items()
        for name, d in differences.items()
    )
    checks = [d > 0 for differences in by_part.values() for d in differences.values()]
    return Finding(f"mel minus MFCC, mallets: {text}", checks)


@number
def mfcc_better(evidence):
    """For each base network, MFCCs name more notes of mini-test than mel spectrograms do."""
    differences = _mel_minus_mfcc(evidence, TEST)
    text = listed({name.upper(): points(-d) for name, d in differences.items()})
    return Finding(f"MFCC minus mel, mini-test: {text}", [d < 0 for d in differences.values()])


@number
def shorter_notes(evidence):
    """On the fold's test part and on mini-test: the base CNN's lead is smaller with all four
    seconds of a note than with its first."""
    runs = evidence.alike(*LENGTHS)
    texts, checks = [], []
    for part in PARTS:
        leads = [
            evidence.right(cnn, part).mean() - evidence.right(lstm, part).mean()
            for cnn, lstm in zip(runs["cnn"], runs["lstm"], strict=True)
        ]
        numbers = ", ".join(f"{100 * lead:+.1f}" for lead in leads)
        texts.append(f"{'the fold' if part == FOLDS else PARTS[part]} {numbers}")
        checks.append(leads[-1] < leads[0])
    return Finding(f"lead in points at 1, 2 and 4 s: {'; '.join(texts)}", checks)


@number
def best_elsewhere(evidence, fold):
    """For each network searched on both folds: another trial wins on the second fold, by more
    than two standard errors of a difference between trials."""

    def one(item):
        name, (first, second) = item
        scores = second.table["score"]
        lost = scores.max() - scores[first.table["score"].idxmax()]
        each = [s.table.filter(like="execution") for s in (first, second)]
        noise = np.mean([v.var(axis=1, ddof=1).mean() / v.shape[1] for v in each])
        limit = 2 * np.sqrt(2 * noise)
        winners = [int(s.table["score"].idxmax()) for s in (first, second)]
        text = f"{name.upper()} trial {winners[0]}, then {winners[1]}, {points(lost, '')} apart"
        return f"{text} (two standard errors: {100 * limit:.1f})", lost > limit

    return over(evidence.search_on(fold).items(), one, "winner: ", named=lambda item: "")


# The page.


@dataclass(frozen=True)
class Row:
    """A row of the page, computed.

    Attributes
    ----------
    section : str
        The thesis's number of the section, or "Abstract".
    item : str
        The table or figure that it is about, or "".
    says, chapter, heading, why : str
        As in the specification; `why` has the rule of a computed verdict before it.
    anchor : str
        What the heading's link ends in.
    number : str
        What it is here, and what that was computed from.
    verdict : str
        One of `VERDICTS`.
    judged : bool
        Whether the verdict is a judgement.
    held : tuple of int
        How many checks held, and how many there were.
    """

    section: str
    item: str
    says: str
    chapter: str
    heading: str
    anchor: str
    number: str
    verdict: str
    judged: bool
    held: tuple
    why: str


def anchors(chapter: Path) -> dict[str, str]:
    """The headings of a chapter that can be linked to, and the anchors that MyST gives them.

    Read from the py:percent source; `tools.sync --check` says whether the notebook is the same.
    """
    from markdown_it import MarkdownIt
    from myst_parser.mdit_to_docutils.base import default_slugify

    found, parser = {}, MarkdownIt("commonmark")
    for cell in re.split(r"(?m)^# %%", chapter.read_text(encoding="utf-8"))[1:]:
        marker, _, text = cell.partition("\n")
        if not marker.startswith(" [markdown]"):
            continue
        tokens = parser.parse(re.sub(r"(?m)^# ?", "", text))
        for opening, inline in itertools.pairwise(tokens):
            if opening.type == "heading_open" and opening.tag in ("h1", "h2", "h3"):
                kept = [t.content for t in inline.children if t.type in ("text", "code_inline")]
                title = "".join(kept)
                slug, again = default_slugify(title), 0
                while slug in found.values():
                    again += 1
                    slug = f"{default_slugify(title)}-{again}"
                found.setdefault(title, slug)
    return found


def read_specification(path: Path = SPECIFICATION) -> list[dict]:
    """The sections of the specification with their rows; `BookError` where one is malformed."""
    try:
        sections = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BookError(f"{path.name}: {error}") from error
    wrong = []
    for section in sections:
        for row in section["rows"]:
            where = f"section {section['section']}, {row.get('says', '(no `says`)')!r}"
            missing = {"says", "chapter", "heading"} - set(row)
            unknown = set(row) - {"says", "chapter", "heading", "here", "verdict", "why", "item"}
            if missing or unknown:
                wrong.append(f"{where}: missing {sorted(missing)}, unknown {sorted(unknown)}")
            elif not {"here", "verdict"} & set(row):
                wrong.append(f"{where}: has neither `here` nor `verdict`")
            elif row.get("verdict", REPRODUCED) not in VERDICTS[:-1]:
                wrong.append(f"{where}: the verdict {row['verdict']!r} is none of {VERDICTS[:-1]}")
    if wrong:
        raise BookError(f"{path.name}:\n  " + "\n  ".join(wrong))
    return sections


def locate(sections: list[dict], root: Path = ROOT) -> dict[tuple, str]:
    """The anchor of each (chapter, heading) that rows name.

    Raises
    ------
    BookError
        With every row that points to nothing, and the nearest heading there is.
    """
    pages = {Path(name).name for name in documents(root)}
    known, found, wrong = {}, {}, []
    for section in sections:
        for row in section["rows"]:
            name, heading = row["chapter"], row["heading"]
            path = root / "book" / f"{name}.py"
            if name not in known:
                known[name] = anchors(path) if path.exists() and name in pages else None
            says = f"section {section['section']}, {row['says']!r}"
            if known[name] is None:
                lack = "not in _toc.yml" if path.exists() else "no such chapter"
                wrong.append(f"{says}: book/{name}.py: {lack}")
            elif heading not in known[name]:
                near = difflib.get_close_matches(heading, known[name], n=1, cutoff=0)
                hint = f"; the nearest is {near[0]!r}" if near else ""
                wrong.append(f"{says}: book/{name}.py has no heading {heading!r}{hint}")
            else:
                found[name, heading] = known[name][heading]
    if wrong:
        raise BookError("rows that point to nothing:\n  " + "\n  ".join(wrong))
    return found


def compute(row: dict, evidence: Evidence) -> tuple[str, str, bool, tuple, str]:
    """The number, verdict, whether it is judged, checks held and reason of a specified row."""
    why = row.get("why", "")
    if "here" not in row:
        return "", row["verdict"], True, (0, 0), why
    here = row["here"]
    ((name, arguments),) = here.items() if isinstance(here, dict) else [(here, {})]
    if name not in NUMBERS:
        near = difflib.get_close_matches(name, NUMBERS, n=1, cutoff=0)
        raise BookError(f"{row['says']!r}: no function {name!r}, the nearest is {near[0]!r}")
    evidence.used.clear()
    try:
        finding = NUMBERS[name](evidence, **arguments)
    except NotRecordedError as error:
        return f"{PENDING}: {error}", row.get("verdict", PENDING), "verdict" in row, (0, 0), why
    except records.RecordError:
        raise
    except Exception as error:
        raise BookError(
            f"{row['says']!r}: {name} cannot be computed ({type(error).__name__}: {error})"
        ) from error
    source = evidence.source()
    text = finding.text + (f" *({source})*" if source else "")
    if "verdict" in row:
        return text, row["verdict"], True, (0, 0), why
    if not finding.checks:
        raise BookError(f"{row['says']!r}: {name} makes no checks, so the row needs a verdict")
    held = (sum(map(bool, finding.checks)), len(finding.checks))
    rule = " ".join(inspect.getdoc(NUMBERS[name]).split())
    return text, verdict(finding.checks), False, held, f"*{rule}* {why}".strip()


def rows(evidence: Evidence, sections: list[dict], located: dict) -> list[Row]:
    """All rows of the page, in order.

    Parameters
    ----------
    evidence : Evidence
    sections : list of dict
        From `read_specification`.
    located : dict
        From `locate`.

    Raises
    ------
    BookError
        If a row cannot be computed.
    """
    made = []
    for section in sections:
        for row in section["rows"]:
            text, found, judged, held, why = compute(row, evidence)
            made.append(
                Row(
                    section=section["section"],
                    item=row.get("item", ""),
                    says=row["says"],
                    chapter=row["chapter"],
                    heading=row["heading"],
                    anchor=located[row["chapter"], row["heading"]],
                    number=text,
                    verdict=found,
                    judged=judged,
                    held=held,
                    why=why,
                )
            )
    return made


INTRODUCTION = """\
# What became of each claim

Each claim, table and figure of the thesis
([Stenmark and Nylén 2024](bibliography.md#stenmark-and-nylén-2024)), section by section: what it
says in our words, where this book treats it, what the number is here, and a verdict.

**What "here" is.** The thesis draws 87,500 notes and tests on NSynth's official test split of
4,096. The recorded runs behind this page have the profile `{profile.name}`: the same protocol
({profile.folds} folds, {profile.epochs} epochs, {profile.trials} trials of {profile.executions}
executions) on the {train:,} training notes that come with the book, {profile.notes_per_family} of
each of ten families. In place of the official test split stands **mini-test**, {test} notes of it;
{copies} of them are copies of training notes and are left out, so {left} remain. Mini-test is
another and smaller set with fewer instruments. Its scores cannot be set against the thesis's, and
rows that state nothing else say "{untestable}". What can be asked is whether the *pattern* that
the thesis finds on NSynth's test split, such as which families stand out, is there as well.

**What a verdict means.** Whether the same statement holds for these runs and notes, never whether
the thesis is right about NSynth. A row's function makes one or more checks, which the last column
states in italics, with any limit that we chose. All hold: **{reproduced}**. None holds:
**{not_}**. Some hold: **{partly}**, with how many. Verdicts marked {judged} are judgements of ours.
"{untestable}" marks what takes other data, other models or another study. A mean over runs is
followed by the lowest and the highest single run; what a number was computed from stands behind it
in italics.

**How to remake it.** `python -m tools.traceability` writes this page from the records, the bundled
notes and `tools/traceability.yml`. With `--check`, as in `make lint`, it only says whether the page
is in step. `python -m tools.train --profile {profile.name}` makes the runs.
"""
NOTE = """\
Hyperparameters stand in the order of tables 4.1 and 4.2: dropout, then the two numbers of filters
or units. "Optimised" is the winner of the search that was recorded here; "thesis's setting" is the
winner of the thesis's search."""


def _table(header: list[str], lines: list[list], align: str = "") -> str:
    marks = [{"r": "---:"}.get(a, "---") for a in align.ljust(len(header), "l")]
    cells = [header, marks, *lines]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in cells)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def runs_table(evidence: Evidence) -> str:
    """The recorded runs of each model: hyperparameters, folds, seeds, epochs and backend."""
    lines = []
    for title in TITLES:
        runs = evidence.protocol.get(title)
        if not runs:
            lines.append([title, PENDING, "", "", "", ""])
            continue
        config = runs[0].config
        setting = ", ".join(
            str(config["hyperparameters"][k]) for k in searches.SPACES[config["model"]]
        )
        seeds = sorted({run.config["seed"] for run in runs})
        backends = ", ".join(sorted({run.info["backend"] for run in runs}))
        n_folds = len({run.fold for run in runs})
        seeds = ", ".join(map(str, seeds))
        lines.append([title, setting, n_folds, seeds, config["epochs"], backends])
    header = ["model", "dropout, filters or units", "folds", "seeds", "epochs", "backend"]
    return _table(header, lines, "llrlrl")


def summary_table(made: list[Row]) -> str:
    """How many rows have which verdict, computed and judged."""
    kinds = {"computed": False, f"judged {JUDGED}": True}
    counts = Counter((row.verdict, row.judged) for row in made)
    shown = [v for v in VERDICTS if any(counts[v, judged] for judged in kinds.values())]
    lines = [
        [
            v,
            *(counts[v, judged] for judged in kinds.values()),
            sum(counts[v, j] for j in (False, True)),
        ]
        for v in shown
    ]
    totals = [sum(line[column] for line in lines) for column in (1, 2, 3)]
    return _table(["verdict", *kinds, "rows"], [*lines, ["all", *totals]], "lrrr")


def page(made: list[Row], sections: list[dict], evidence: Evidence) -> str:
    """The page as Markdown."""
    profile = profiles.get(PROFILE)
    train, test = (len(evidence.notes(split)) for split in ("train", "test"))
    copies = len(evidence.copies)
    introduction = INTRODUCTION.format(
        profile=profile,
        train=train,
        test=test,
        copies=copies,
        left=test - copies,
        reproduced=REPRODUCED,
        partly=PARTLY,
        not_=NOT,
        untestable=UNTESTABLE,
        judged=JUDGED,
    )
    blocks = [
        introduction,
        "## The runs",
        NOTE,
        runs_table(evidence),
        "## The verdicts",
        summary_table(made),
    ]
    remaining = list(made)
    for section in sections:
        name, title = section["section"], section.get("title")
        blocks.append(f"## {name} {title}" if title else f"## {name}")
        lines = []
        for _ in section["rows"]:
            row = remaining.pop(0)
            held = (
                f" ({row.held[0]} of {row.held[1]})"
                if row.verdict == PARTLY and not row.judged
                else ""
            )
            mark = f" {JUDGED}" if row.judged else ""
            item = f"**{row.item}.** " if row.item else ""
            link = f"[{int(row.chapter[:2])}: {row.heading}]({row.chapter}.ipynb#{row.anchor})"
            cells = [item + row.says, link, row.number, row.verdict + held + mark, row.why]
            lines.append([_cell(cell) for cell in cells])
        header = ["the thesis says", "treated in", "here", "verdict", "*what is checked*, and why"]
        blocks.append(_table(header, lines))
    return "\n\n".join(block.strip("\n") for block in blocks) + "\n"


def build(evidence: Evidence | None = None, root: Path = ROOT) -> str:
    """Compute all rows and return the page."""
    evidence = evidence or Evidence()
    sections = read_specification()
    made = rows(evidence, sections, locate(sections, root))
    return page(made, sections, evidence)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; return its exit status (1: --check found the page out of step)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, say what differs")
    options = parser.parse_args(arguments)
    path = root / PAGE
    try:
        evidence = Evidence()
        text = build(evidence, root)
    except (BookError, records.RecordError) as error:
        print(f"traceability: {error}", file=sys.stderr)
        return 2
    if not evidence.complete:
        print(f"traceability: some runs are {PENDING}; rows that need them say so")
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    if old == text:
        return 0
    if not options.check:
        write_atomically(path, text)
        print(f"wrote: {PAGE}")
        return 0
    print(f"out of step: {PAGE}")
    changes = difflib.unified_diff(
        old.splitlines(), text.splitlines(), "page", "now", n=0, lineterm=""
    )
    print("\n".join(line[:200] for line in list(changes)[:20]))
    print("Run `python -m tools.traceability` and commit the result.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
