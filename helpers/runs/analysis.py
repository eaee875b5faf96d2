"""What the study found: pure functions of its records and its plan.

`instruments study --findings` writes `book/records/study.json`, from which tables, figures and the
answer are made. The plan (`book/plan.md`) fixes estimates, tests and words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from helpers import significance
from helpers.datasets import FAMILIES
from helpers.runs import files, study

FINDINGS = study.BOOK / "records" / "study.json"
EQUAL = 2.5  # points; one instrument in forty
# The plan's comparisons: the systems that may be ahead, and the rows on either side.
COMPARISONS = {
    "primary": ("CNN", "LSTM", ["A1"], ["A2"]),
    "equal recipe": ("CNN", "LSTM", ["B1"], ["B2"]),
    "hybrid": ("hybrid", "CNN and LSTM", ["C"], ["B1", "B2"]),
    "equal heads": ("CNN", "LSTM", ["D1"], ["D2"]),
    "size": ("small", "CNN", ["P"], ["A1"]),
}
SECONDARY = [name for name in COMPARISONS if name != "primary"]
CONFIRMATORY = {name: COMPARISONS[name] for name in ("primary", "equal recipe", "hybrid")}

# How tables and figures call the systems.
NAMES = {
    "A1": "CNN, as the thesis prints it",
    "A2": "LSTM, as the thesis prints it",
    "B1": "CNN, equal recipe",
    "B2": "LSTM, equal recipe",
    "C": "CNN-LSTM hybrid",
    "D1": "CNN, equal recipe and head",
    "D2": "LSTM, equal recipe and head",
    "P": "small network",
    "R-kawwa": "Kawwa's CNN",
    "R-gessle-cnn": "Gessle and Åkesson's CNN",
    "R-gessle-lstm": "Gessle and Åkesson's LSTM",
    "R-zhang": "Zhang and He's LSTM, of three families",
}
NAMES |= {
    f"{row}-{system}": f"{name}, {what}"
    for row, what in (("E1", "summaries of MFCCs"), ("E2", "Kawwa's features"))
    for system, name in (
        ("naive_bayes", "naive Bayes"),
        ("random_forest", "random forest"),
        ("svm", "SVM"),
        ("extra_trees", "extra trees"),
    )
}


@cache
def deals(name: str) -> tuple:
    """Every deal of a row that is kept, in order."""
    row = study.rows()[name]
    paths = [study.kept(row, deal) for deal in range(1, row.deals + 1)]
    return tuple(study.read(path) for path in paths if path.exists())


def right(deal: study.Deal, test: str) -> pd.Series:
    """Whether each note of a test was named rightly, by the note's name."""
    table = deal.predictions[test]
    named = table[list(FAMILIES)].to_numpy().argmax(axis=1)
    return pd.Series(named == table["label"].to_numpy(), index=table["note"])


def by_instrument(name: str, test: str) -> pd.DataFrame:
    """Accuracy in percent: one row an instrument, one column a deal."""
    notes = study.material().notes.set_index("note")
    columns = {}
    for number, deal in enumerate(deals(name), 1):
        hits = right(deal, test)
        columns[number] = 100 * hits.groupby(notes["instrument"][hits.index].to_numpy()).mean()
    return pd.DataFrame(columns)


def families_of(table: pd.DataFrame) -> np.ndarray:
    """The family of each instrument that indexes a table."""
    return np.array([name.rsplit("_", 2)[0] for name in table.index])


def finished(names: Sequence[str]) -> bool:
    """Whether every deal of all these rows is kept."""
    return all(len(deals(name)) == study.rows()[name].deals for name in names)


def compare(ahead: list, behind: list, test: str) -> dict:
    """The estimate, interval and p-values of one comparison, in points."""

    def mean(names: Sequence[str]) -> pd.DataFrame:
        return sum(by_instrument(name, test) for name in names) / len(names)

    table = mean(ahead) - mean(behind)
    families = families_of(table)
    effect = significance.random_effects(table, families)
    flips = significance.flip_means(table.mean(axis=1), families)
    found = {key: round(float(value), 4) for key, value in effect._asdict().items()}
    return found | {"p_flips": flips, "instruments_compared": len(table)}


def verdict(found: dict, first: str, second: str) -> str:
    """The plan's word for a comparison, from its interval and its p-values after correction.

    >>> verdict({"low": 1.0, "high": 9.0, "p": 0.02, "p_flips": 0.03}, "CNN", "LSTM")
    'CNN'
    >>> verdict({"low": -1.0, "high": 2.0, "p": 0.5, "p_flips": 0.4}, "CNN", "LSTM")
    'cannot be told, practically equal'
    """
    word = "cannot be told"
    if max(found["p"], found["p_flips"]) < 0.05 and found["low"] * found["high"] > 0:
        word = first if found["low"] > 0 else second
    close = found["low"] > -EQUAL and found["high"] < EQUAL
    return word + ", practically equal" * close


def comparisons(chosen: dict, test: str, prefix: str = "") -> dict:
    """All comparisons that are finished, the secondary ones corrected by Holm's method."""
    found: dict[str, dict] = {}
    for name, (*_, ahead, behind) in chosen.items():
        names = [[prefix + row for row in side] for side in (ahead, behind)]
        sides = (side[0] if len(side) == 1 else f"mean({', '.join(side)})" for side in names)
        found[name] = {"rows": " - ".join(sides)}
        if not finished(sum(names, [])):
            found[name]["verdict"] = "unfinished"
            continue
        found[name] |= compare(names[0], names[1], test)
    done = [name for name in SECONDARY if "p" in found.get(name, {})]
    for key in ("p", "p_flips"):
        corrected = significance.holm([found[name][key] for name in done])
        for name, p in zip(done, corrected, strict=True):
            found[name][key] = float(p)
    for name, (first, second, *_) in chosen.items():
        if "p" in found[name]:
            found[name]["verdict"] = verdict(found[name], first, second)
    return found


def row(name: str) -> dict:
    """What one row found, finished or not: accuracy in percent on each of its tests."""
    planned, kept = study.rows()[name], deals(name)
    found = {"system": planned.system, "deals": len(kept), "planned": planned.deals}
    if not kept:
        return found
    infos = [info for deal in kept for info in deal.infos]
    found["parameters"] = infos[0]["parameters"]
    found["seconds a run"] = round(float(np.mean([info["seconds"] for info in infos])), 1)
    found["devices"] = sorted({info["device"] for info in infos})
    for test in kept[0].predictions:
        table = by_instrument(name, test)
        if test == "known":  # a tenth of the notes: too few an instrument to average by it
            shares = [right(deal, test).mean() for deal in kept]
            found[test] = {"mean": round(float(100 * np.mean(shares)), 2)}
        elif len(kept) > 2 and table.notna().all(axis=None):
            effect = significance.random_effects(table, families_of(table))
            found[test] = {key: round(float(value), 2) for key, value in effect._asdict().items()
                           if key != "p"}  # fmt: skip
        else:
            # Too few deals to see how far they differ, or rows of one fold, whose deals test other
            # instruments each.
            by_family = table.groupby(families_of(table)).mean()
            found[test] = {"mean": round(float(by_family.mean().mean()), 2)}
    return found


def by_epoch(name: str) -> dict:
    """Mean accuracy in percent after each epoch, on known and on unseen instruments."""
    histories = [history for deal in deals(name) for history in deal.histories]
    if not histories:
        return {}
    mean = pd.concat(histories).groupby("epoch").mean()
    columns = {"known": "val_accuracy", "unseen": "unseen_accuracy"}
    shown = {key: column for key, column in columns.items() if column in mean}
    return {k: [round(100 * value, 2) for value in mean[column]] for k, column in shown.items()}


def compared(found: dict) -> pd.DataFrame:
    """The plan's comparisons, the confirmatory ones below, as text to show."""
    rows = {}
    numbers = {"difference": "{mean:+.1f}", "95 % interval": "{low:+.1f} to {high:+.1f}",
               "p": "{p:.4f}", "p by flips": "{p_flips:.4f}"}  # fmt: skip
    for kind, name in (("comparisons", ""), ("confirmatory", "wide-test: ")):
        for title, one in found[kind].items():
            line = {"ahead": one["verdict"], "rows": one["rows"].replace("W-", "")}
            told = {k: text.format(**one) if "mean" in one else "" for k, text in numbers.items()}
            rows[name + title] = line | told
    return pd.DataFrame(rows).T.rename_axis("comparison")


def begun(found: dict) -> dict:
    """The rows of `NAMES` that have a record, by name."""
    return {name: one for name, one in found["rows"].items() if name in NAMES and one["deals"]}


def of_all_families(found: dict) -> dict:
    """The rows that have begun and tell all ten families apart: their scores can be compared."""
    every, of = len(FAMILIES), study.rows()
    return {name: one for name, one in begun(found).items() if len(of[name].families) == every}


def wide(found: dict) -> dict:
    """Percent right on wide-test of the rows that were asked, by the row's name."""
    asked = {name: found["rows"].get(f"W-{name}", {}) for name in NAMES}
    return {name: one["wide-test"]["mean"] for name, one in asked.items() if "wide-test" in one}


def systems(found: dict) -> pd.DataFrame:
    """One row a system: its size, what it knows, what it makes of new instruments."""
    rows, asked = {}, wide(found)
    for name, one in begun(found).items():
        unseen = one["unseen"]
        ends = f" ({unseen['low']:.1f} to {unseen['high']:.1f})" if "low" in unseen else ""
        rows[NAMES[name]] = {
            "parameters": f"{one['parameters']:,}" if one["parameters"] else "",
            "known (%)": f"{one['known']['mean']:.1f}",
            "unseen (%)": f"{unseen['mean']:.1f}{ends}",
            "wide-test (%)": f"{asked[name]:.1f}" if name in asked else "",
            "seconds a run": f"{one['seconds a run']:.0f}",
            "deals": f"{one['deals']} of {one['planned']}",
            "row": name,
        }
    return pd.DataFrame(rows).T.rename_axis("system")


def answer(found: dict) -> str:
    """The book's answer: what the primary and the confirmatory test both say."""
    words = [found[kind]["primary"]["verdict"] for kind in ("comparisons", "confirmatory")]
    if "unfinished" in words:
        return "unfinished"
    return words[0] if words[0] == words[1] else "cannot be told"


def findings() -> dict:
    """Every estimate, interval and verdict of the plan, from the records that are kept."""
    deals.cache_clear()
    rows = study.rows()
    found = {
        "plan": study.plan_hash(),
        "rows": {name: row(name) for name in rows},
        "comparisons": comparisons(COMPARISONS, "unseen"),
        "confirmatory": comparisons(CONFIRMATORY, "wide-test", "W-"),
        "by epoch": {name: by_epoch(name) for name in rows if name[0] in "ABCDPS"},
    }
    return found | {"answer": answer(found)}


def read() -> dict:
    """The findings that came with the book.

    Raises
    ------
    StudyError
        If they are of another plan.
    """
    found = json.loads(FINDINGS.read_text(encoding="utf-8"))
    if found["plan"] != study.plan_hash():
        raise study.StudyError(f"{FINDINGS} is of another plan: run `instruments study --findings`")
    return found


def write() -> dict:
    """Write the findings to `FINDINGS`, and return them."""
    found = findings()
    files.write_atomic(FINDINGS, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return found
