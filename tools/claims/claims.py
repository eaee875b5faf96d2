"""The numbers beside the thesis's claims: a function for each kind of row of the page.

`traceability.yml` names them. Each takes the `evidence.Evidence` and the row's arguments, computes
the number and makes the checks from which the verdict follows; the first line of its docstring,
which the page shows, says what is checked.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers import datasets, evaluation, features, models, significance
from helpers import tuning as searches
from helpers.datasets import FAMILIES
from tools.claims.evidence import (
    ELSEWHERE,
    FEATURES,
    FOLDS,
    LENGTHS,
    PARTS,
    TEST,
    TITLES,
    noise_alone,
    spans,
)


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
    _ = evidence.copies  # to find them, all notes were decoded
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
        # As in chapter 3: blocks of 50 ms, of which number 55 begins at 2.75 s.
        level = (blocks[:, 55] / np.maximum(blocks.max(axis=1), 1e-9)).mean()
        return f"{level:.2f}", level > 0.5 if family in hold else level < 0.5

    return over([*hold, *decay], one, named=str)


# The networks, by arithmetic. Chapters 6 and 7 compare it with Keras.


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


# Chapter 5: its explanations, each with one small run (chapter 11 has what luck could do to them).


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
def best_elsewhere(evidence):
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

    return over(evidence.search_on(*ELSEWHERE).items(), one, "winner: ", named=lambda item: "")
