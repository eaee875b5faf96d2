"""What the thesis says of its results and why, asked of the recorded runs.

One rule judges all: `helpers.significance.judge`, which chapter 12 states. What reaches beyond the
runs is tested, by flips of instruments or by shuffles; what describes them is counted. Differences
are by note, in points; the notes are the bundled ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from helpers import datasets, evaluation, models, profiles, significance, tuning
from helpers.datasets import FAMILIES
from helpers.runs import analysis, records

PARTS = {"fold_test": "fold test", "nsynth_test": "mini-test"}
NETWORKS = ("CNN", "LSTM")
TITLES = [f"{kind} {name}" for kind in ("base", "optimised") for name in NETWORKS]
SEARCH_EPOCHS = 20  # of the search on the second fold
Test = tuple[float, float]  # effect, positive where it goes the claim's way; p
Count = tuple[str, Any]  # what is shown of a claim that was counted; whether it holds, each time


class Bundled(NamedTuple):
    """The bundled notes: both splits, and every note's row by its name."""

    train: datasets.Notes
    test: datasets.Notes
    about: pd.DataFrame
    left_out: list  # mini-test's notes that mini-train knows


@cache
def bundled() -> Bundled:
    train, test = (datasets.load("nsynth-mini", split) for split in ("train", "test"))
    about = pd.concat([train.table, test.table]).drop_duplicates("note").set_index("note")
    return Bundled(train, test, about, evaluation.leaked(train, test))


@cache
def shipped() -> list:
    """All runs that came with the book."""
    return records.read_all(records.SHIPPED)


@cache
def runs(title: str, split: str = "stratified") -> list[records.Record]:
    """The recorded folds of one network: 50 epochs on MFCCs of four seconds.

    `title`: one of `TITLES`; an optimised network has what the recorded search found. `split`:
    {"stratified", "matched"}. Raises `ValueError` if a run is missing: `make records` makes them.
    """
    kind, name = title.lower().split()
    search = tuning.read_search(shipped(), name) if kind == "optimised" else None
    wanted: dict[str, Any] = {
        "model": name,
        "hyperparameters": models.hyperparameters(name, search.best if search else None),
        "epochs": profiles.get("mini").epochs,
        "split": {"kind": split},
        "features": {"kind": "mfcc"},
        "seed": 0,
    }
    found = [
        record
        for record in records.select(shipped(), **wanted)
        if "clean" not in record.config and "seconds" not in record.config["features"]
    ]
    if not found or len(found) != found[0].config["split"]["n_folds"]:
        raise ValueError(f"{title} on {split} folds is not recorded: `make records` trains it")
    return found


def _by_note(group: Sequence, part: str, score: Callable) -> pd.Series:
    asked = [run.predictions[part] for run in group]
    scores = [pd.Series(score(p["probabilities"], p["labels"]), p["notes"]) for p in asked]
    known = bundled().left_out
    return pd.concat(scores).drop(known, errors="ignore").groupby(level=0).mean()


def right_by_note(group: Sequence, part: str) -> pd.Series:
    """For each note: the share of right answers among the runs that were asked."""
    return _by_note(group, part, lambda said, labels: said.argmax(axis=1) == labels)


def loss_by_note(group: Sequence, part: str) -> pd.Series:
    """For each note: its mean cross-entropy in nats over the runs that were asked."""

    def loss(said: np.ndarray, labels: np.ndarray) -> np.ndarray:
        p = said[np.arange(len(labels)), labels].astype(float)
        return -np.log(np.clip(p, 1e-7, 1))

    return _by_note(group, part, loss)


def instruments(values: pd.Series) -> pd.Series:
    """The instrument of each note that indexes `values`."""
    return bundled().about.loc[values.index, "instrument"]


def flipped(difference: pd.Series) -> Test:
    """Mean of a difference by note, and p from flipping the signs of whole instruments."""
    p = significance.flip_instruments(difference, instruments(difference))
    return difference.mean(), p


def rises(before: pd.Series, after: pd.Series, draws: int = 20_000) -> Test:
    """How much a mean over instruments rises to a set of others, and p from shuffling them."""
    sets = [values.groupby(instruments(values)).mean() for values in (before, after)]
    n, pooled = len(sets[0]), np.concatenate(sets)
    shuffled = np.random.default_rng(0).permuted(np.tile(pooled, (draws, 1)), axis=1)
    by_luck = shuffled[:, n:].mean(axis=1) - shuffled[:, :n].mean(axis=1)
    rise = sets[1].mean() - sets[0].mean()
    return rise, (1 + (np.abs(by_luck) >= abs(rise) - 1e-9).sum()) / (1 + draws)


def rank_correlation(a: Any, b: Any, draws: int = 20_000) -> Test:
    """Spearman's correlation of two lists, and its p-value from shuffling one.

    Values that differ by rounding alone, as means of equal numbers may, share a rank.

    >>> f"{rank_correlation([0.1 + 0.2, 0.3, 1], [5, 5, 6])[0]:.3f}"
    '1.000'
    """
    a, b = (stats.zscore(stats.rankdata(np.round(values, 9))) for values in (a, b))
    shuffled = np.random.default_rng(0).permuted(np.tile(b, (draws, 1)), axis=1)
    rho, by_luck = a @ b / len(a), shuffled @ a / len(a)
    return rho, (1 + (np.abs(by_luck) >= abs(rho) - 1e-9).sum()) / (1 + draws)


# ---- explanations: chapter 5 of the thesis


@cache
def alike(*heard: tuple[str, float]) -> dict[str, list[records.Record]]:
    """By network: recorded runs that differ in what they hear (feature, seconds), nothing else."""
    groups: dict[str, dict] = {}
    for record in shipped():
        rest = {key: value for key, value in record.config.items() if key != "features"}
        feature = record.config["features"]
        group = groups.setdefault(records.config_hash(rest), {})
        group[feature["kind"], feature.get("seconds", 4)] = record
    found: dict[str, list] = {}
    for group in groups.values():
        if all(kind in group for kind in heard):
            several = [group[kind] for kind in heard]
            found.setdefault(several[0].config["model"], several)
    return dict(sorted(found.items()))


def remeasured() -> dict[str, records.Record]:
    """By network: the run whose training notes were measured again after each epoch."""
    found = {run.config["model"]: run for run in records.select(shipped(), clean=True)[::-1]}
    return dict(sorted(found.items()))


def dropout_or_time() -> pd.DataFrame:
    """How much of the training loss is due to dropout, and how much to being half an epoch old."""
    rows = {}
    for name, record in remeasured().items():
        h = record.history
        # With dropout on, but half an epoch younger: the mean of this epoch's and the next.
        later = (h["loss"] + h["loss"].shift(-1)) / 2
        rows[name.upper()] = {
            "epochs below the logged loss": (h["val_loss"] < h["loss"]).mean(),
            "epochs below the clean loss": (h["val_loss"] < h["clean_loss"]).mean(),
            "nats by dropout": (later - h["clean_loss"]).mean(),
            "nats by half an epoch": (h["loss"] - later).mean(),
        }
    return pd.DataFrame(rows).T


def mel_minus_mfcc(kind: str = "mel") -> dict[str, pd.Series]:
    """By network and test: the difference of two runs that differ in the feature alone, by note.

    `kind` is "mel", of 128 bands, or "mel13", of which networks are as large as of MFCCs.
    """
    return {
        f"{name.upper()}, {PARTS[part]}": 100
        * (right_by_note([by_mel], part) - right_by_note([by_mfcc], part))
        for name, (by_mfcc, by_mel) in alike(("mfcc", 4), (kind, 4)).items()
        for part in PARTS
    }


def of_mallets(differences: dict[str, pd.Series]) -> pd.Series:
    """The mallets among them, averaged over networks and tests."""
    notes = pd.concat(list(differences.values()))
    mallet = bundled().about.loc[notes.index, "family"] == "mallet"
    return notes[mallet].groupby(level=0).mean()


def leads_by_length(seconds: Sequence[int] = (1, 2, 4)) -> dict[str, list[pd.Series]]:
    """CNN minus LSTM by note, in points, for notes cut to so many seconds; by test."""
    cut = alike(*(("mfcc", s) for s in seconds))
    return {
        title: [
            100 * (right_by_note([cnn], part) - right_by_note([lstm], part))
            for cnn, lstm in zip(cut["cnn"], cut["lstm"], strict=True)
        ]
        for part, title in PARTS.items()
    }


def sounding(x: np.ndarray, fall: float = 20) -> float:
    """Seconds until the level has fallen so many dB below the loudest block for good."""
    rms = np.sqrt((x.reshape(-1, 800) ** 2).mean(axis=1))
    level = 20 * np.log10(np.maximum(rms, 1e-6))
    return 0.05 * (1 + np.flatnonzero(level > level.max() - fall)[-1])


@cache
def tone_lengths() -> pd.DataFrame:
    """Each training instrument: family, median seconds of its notes, and accuracy when held out.

    Of the study's rows A1 and A2: the networks as the thesis prints them, ten deals.
    """
    train = bundled().train
    table = train.table.assign(seconds=[sounding(train.waveform(i)) for i in range(len(train))])
    found = table.groupby("instrument").agg(
        family=("family", "first"), seconds=("seconds", "median")
    )
    for name, row in zip(NETWORKS, ("A1", "A2"), strict=True):
        found[name] = analysis.by_instrument(row, "unseen").mean(axis=1)
    return found


def another_winner() -> pd.DataFrame:
    """How far the first fold's best trial is behind the second fold's own.

    The two executions of each trial tell how much is luck: a t-test, its p times four, as four
    other trials could have been the best.
    """
    rows = {}
    for name in ("cnn", "lstm"):
        found = (tuning.read_search(shipped(), name, fold=k, epochs=SEARCH_EPOCHS) for k in (1, 2))
        tables = [search.table for search in found]
        first, second = (table["score"] for table in tables)
        each = [table.filter(like="execution") for table in tables]
        noise = np.mean([values.var(axis=1, ddof=1).mean() / values.shape[1] for values in each])
        lost = second.max() - second[first.idxmax()]
        p = 4 * stats.t.sf(lost / max(np.sqrt(2 * noise), 1e-9), 2 * len(first))
        rows[name.upper()] = [first.idxmax(), second.idxmax(), 100 * lost, min(1.0, p)]
    columns = ["best on fold 1", "best on fold 2", "points behind", "p"]
    return pd.DataFrame(rows, columns).T.astype({name: int for name in columns[:2]})


def from_folds_to_mini_test() -> pd.DataFrame:
    """How much accuracy rises from known instruments to mini-test's, in points, and p."""
    rows = {}
    for title in TITLES:
        group = runs(title, "matched")
        both = (100 * right_by_note(group, part) for part in PARTS)
        rows[title] = rises(*both)
    return pd.DataFrame(rows, ["rises by (points)", "p"]).T


def tested() -> dict[str, list[Test]]:
    """The tests of every claim that reaches beyond the runs, by the claim."""
    return _explanations() | _comparisons() | _searched()


def _explanations() -> dict[str, list[Test]]:
    mel = mel_minus_mfcc()
    whole = [flipped(-d) for title, d in mel.items() if title.endswith(PARTS["nsynth_test"])]
    lengths = tone_lengths()
    by_family = lengths.groupby("family")[["seconds", *NETWORKS]].mean()
    return {
        "mallets are named better from mel spectrograms": [flipped(of_mallets(mel))],
        "MFCCs name more notes than mel spectrograms, mini-test": whole,
        "the CNN's lead shrinks from one second to four": [
            flipped(leads[0] - leads[-1]) for leads in leads_by_length().values()
        ],
        "families with longer tones are named better": [
            rank_correlation(by_family["seconds"], by_family[name]) for name in NETWORKS
        ],
        "another trial wins on another fold": [
            (row["points behind"], row["p"]) for _, row in another_winner().iterrows()
        ],
        "without synthetic notes and with balanced families, accuracy does not fall": [
            tuple(row) for row in from_folds_to_mini_test().to_numpy()
        ],
    }


def _comparisons() -> dict[str, list[Test]]:
    """Who is ahead on the thesis's own folds, what tuning brings, what new ones cost."""

    def ahead(
        first: str, second: str, part: str, score: Callable = right_by_note, scale: int = 100
    ) -> Test:
        before, after = (score(runs(title), part) for title in (first, second))
        return flipped(scale * (after - before))

    found = {}
    tuned = [(f"base {name}", f"optimised {name}") for name in NETWORKS]
    for part, where in PARTS.items():
        for kind in ("base", "optimised"):
            test = ahead(f"{kind} LSTM", f"{kind} CNN", part)
            found[f"{kind} CNN ahead of {kind} LSTM, {where}"] = [test]
        found[f"tuning raises the accuracy, {where}"] = [ahead(*two, part) for two in tuned]
        lowers = [ahead(*two, part, loss_by_note, -1) for two in tuned]
        found[f"tuning lowers the loss, {where}"] = lowers
    for what, word, score, scale in (
        ("accuracy", "lower", right_by_note, -100),
        ("loss", "higher", loss_by_note, 1),
    ):
        # The two tests have no instrument in common, so instruments are shuffled between them.
        both = [[scale * score(runs(title), part) for part in PARTS] for title in TITLES]
        found[f"{what} {word} on mini-test than on the folds"] = [rises(*two) for two in both]
    return found


def _searched() -> dict[str, list[Test]]:
    """What the searches say: an analysis of variance, which way scores lean, two variances."""
    tables = {name: tuning.read_search(shipped(), name).table for name in ("cnn", "lstm")}
    executed = [table.filter(like="execution").to_numpy() for table in tables.values()]
    impact = [stats.f_oneway(*scores) for scores in executed]
    table = tables["cnn"]
    ways = zip(tuning.SPACES["cnn"], (-1, 1, 1), strict=True)
    ratio = np.divide(*[table["score"].var() for table in tables.values()])
    p = min(1.0, 2 * min(stats.f(4, 4).sf(ratio), stats.f(4, 4).cdf(ratio)))
    return {
        "hyperparameters matter to the score": [(f.statistic, f.pvalue) for f in impact],
        "less dropout and more filters help the CNN": [
            rank_correlation(table[name], way * table["score"]) for name, way in ways
        ],
        "hyperparameters matter less to the LSTM": [(np.log(ratio), p)],
    }


# ---- what describes the runs


def counted() -> dict[str, Count]:
    """Every claim that describes these runs, its limit in its name."""
    dropout = dropout_or_time()
    more = dropout["nats by dropout"] > dropout["nats by half an epoch"]
    as_said = (dropout.iloc[:, 0] > 0.5) & (dropout.iloc[:, 1] < 0.5) & more
    logged, clean = (" / ".join(f"{share:.0%}" for share in dropout.iloc[:, k]) for k in (0, 1))
    shown = f"below the logged loss in {logged} of the epochs, below the clean one in {clean}"
    found = {"dropout, more than time, holds the training loss up": (shown, as_said.all())}
    found |= _curves() | _recall() | _winners()
    return {name: (shown.replace("%", " %"), holds) for name, (shown, holds) in found.items()}


def _curves() -> dict[str, Count]:
    """Figures 4.1 and 4.2: the optimised networks' curves, averaged over the folds."""
    curves = [evaluation.mean_history(runs(f"optimised {name}")) for name in NETWORKS]
    means, losses = [mean for mean, _ in curves], [mean["val_loss"] for mean, _ in curves]
    tens = [h[["loss", "val_loss"]].iloc[:40].groupby(np.arange(40) // 10).mean() for h in means]
    falls = [int((ten.diff().iloc[1:] < 0).sum().sum()) for ten in tens]
    still = [(x - x.min() <= 0.01 * (x.iloc[0] - x.min())).idxmax() for x in losses]
    below = [(h["val_loss"] < h["loss"]).mean() for h in means]
    above = [(h["val_accuracy"] > h["accuracy"]).mean() for h in means]
    gap = 100 * (means[0]["val_accuracy"] - means[1]["val_accuracy"]).abs().mean()
    rise = [x.iloc[-1] - x.min() for x in losses]
    spread = [deviation["val_loss"].iloc[-1] for _, deviation in curves]

    def joined(pattern: str, *values: Sequence) -> str:
        return " / ".join(pattern.format(*each) for each in zip(*values, strict=True))

    return {
        "both losses fall from each ten epochs to the next, up to 40": (
            joined("{} of 6", falls), np.equal(falls, 6)),
        "99 % of the fall of the validation loss is done in epoch 35 to 45": (
            joined("epoch {}", still), [35 <= n <= 45 for n in still]),
        "validation loss below training loss in most epochs": (
            joined("{:.0%}", below), np.greater(below, 0.5)),
        "validation accuracy above training accuracy in every epoch": (
            joined("{:.0%}", above), np.equal(above, 1)),
        "accuracy curves within 5 points of each other, on average": (f"{gap:.1f}", gap <= 5),
        "validation loss ends within a deviation of its lowest": (
            joined("{:.3f} of {:.3f}", rise, spread), np.less_equal(rise, spread)),
    }  # fmt: skip


def _recall() -> dict[str, Count]:
    """Figures 4.3 and 4.4: the recall of each family, averaged over the folds."""
    recall = {}
    for title, part in product(TITLES, PARTS):
        confusion = evaluation.mean_confusion(runs(title), part, bundled().left_out)
        recall[title, part] = np.diag(confusion).round(9)
    known, other = ([recall[f"optimised {n}", part] for n in NETWORKS] for part in PARTS)
    wider = [np.ptp(b) > np.ptp(a) and b.min() < a.min() for a, b in zip(known, other, strict=True)]
    high = [r[FAMILIES.index(family)] for r in recall.values() for family in ("organ", "string")]
    return {
        "recall 89.5 % or more in every family, folds": (
            " / ".join(f"{r.min():.1%}" for r in known), [r.min() >= 0.895 for r in known]),
        "on mini-test, recall has a lower end and a wider range": (
            " / ".join(f"{r.min():.0%} to {r.max():.0%}" for r in other), wider),
        "organ and string 90 % or more, all networks and both tests": (
            f"least {min(high):.0%}", min(high) >= 0.9),
    }  # fmt: skip


def _winners() -> dict[str, Count]:
    """Folds won (table 4.4), and what the winner of a search is worth."""

    def accuracies(title: str) -> np.ndarray:
        table = evaluation.score_table({"": runs(title)})
        return table.loc[table["part"] == "fold_test", "accuracy"].to_numpy().round(9)

    tables = [tuning.read_search(shipped(), name).table for name in ("cnn", "lstm")]
    best = [accuracies(f"optimised {name}") for name in NETWORKS]
    luck = [100 * np.ptp(t.filter(like="execution"), axis=1).max() for t in tables]
    lead = [100 * np.ptp(t["score"].nlargest(2)) for t in tables]
    flattery = [100 * (t["score"].max() - a.mean()) for t, a in zip(tables, best, strict=True)]
    pairs = [(f"base {name}", f"optimised {name}") for name in NETWORKS]
    pairs.append(("optimised LSTM", "optimised CNN"))
    won = [int((accuracies(b) > accuracies(a)).sum()) for a, b in pairs]
    return {
        "executions of a trial differ by more than the two best trials": (
            " / ".join(f"{a:.1f} against {b:.1f}" for a, b in zip(luck, lead, strict=True)),
            np.greater(luck, lead)),
        "the winner's score is above its test accuracy, folds": (
            " / ".join(f"{points:+.1f}" for points in flattery), np.round(flattery, 7) > 0),
        "accuracy 90 % or more on the folds": (
            " / ".join(f"{a.mean():.1%}" for a in best), [a.mean() >= 0.9 for a in best]),
        "all five folds won by the second of each pair": (
            " / ".join(f"{n} of 5" for n in won), np.equal(won, 5)),
    }  # fmt: skip


def verdicts() -> pd.DataFrame:
    """Every claim with its effects or counts, the largest p by Holm's method, and the verdict."""
    claims, rows = tested(), {}
    for name, (word, p) in significance.judge(claims).items():
        shown = " / ".join(f"{round(effect, 9) + 0.0:+.2f}" for effect, _ in claims[name])
        rows[name] = [shown, f"{p:.2g}", word]
    for name, (shown, holds) in counted().items():
        rows[name] = [shown, "counted", significance.HOLDS if np.all(holds) else significance.FAILS]
    columns = ["effects", "largest p, Holm", "verdict"]
    return pd.DataFrame(rows, columns).T.rename_axis("claim")
