"""What the chapters' figures were in repeated runs, and which others are in keeping with them.

A baseline is `baselines/<profile>-<backend>.json`. For each chapter it holds the figures that the
chapter handed to `helpers.runs.findings.report`: one value where a figure is the same in every run,
and one value a seed, in the order of `seeds`, where it depends on luck. Besides, seconds and memory
of those runs, and what they were made with.

A figure of the first kind has to be equal, numbers to within `RELATIVE` or `ABSOLUTE`. One of the
second kind has to lie where one more run of the same code would: in the two-sided prediction
interval that the spread of the seeds gives.
"""

import json
import math
import re
from collections import namedtuple
from pathlib import Path

import nbformat
import numpy as np

from helpers.runs import findings
from helpers.runs.files import write_atomic
from tools.common import ROOT, BookError

# Of equal figures: libraries and processors round differently. Features may differ from librosa's
# by as much as ABSOLUTE, and one note in 1,200 is a little less.
RELATIVE, ABSOLUTE = 1e-4, 1e-3
# How often a run of unchanged code may raise an alarm, all figures together.
ALARMS = 0.001
# By the first word of a figure's name: what it cannot leave, and which vary by a factor.
RANGES = dict.fromkeys(("accuracy", "share", "p"), (0.0, 1.0))
FACTORS = ("loss", "change", "size")
# What a finding may be that is no "ok", and asks for a look.
DRIFTS = ("drift", "new", "missing")

Figure = namedtuple("Figure", "value seeded")
Finding = namedtuple("Finding", "chapter name status value old low high same_seed")


def path_of(profile: str, backend: str, root: Path = ROOT) -> Path:
    """Return where the baseline of a profile and a Keras backend lies."""
    return root / "baselines" / f"{profile}-{backend}.json"


def load(path: Path) -> dict[str, dict]:
    """Return a baseline's chapters; none if there is no baseline yet."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["chapters"]
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        raise BookError(f"{path} is not a baseline ({error}): run `make baseline`") from error


def save(path: Path, chapters: dict[str, dict]) -> None:
    """Write a baseline, one line a figure, so that its history can be read."""
    text = json.dumps({"chapters": dict(sorted(chapters.items()))}, indent=1, allow_nan=False)
    text = re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda m: f"[{' '.join(m[1].split())}]", text)
    write_atomic(path, text + "\n")


def figures(notebook: Path) -> dict[str, Figure]:
    """Return what a chapter reported, by name, from the outputs of its executed notebook."""
    found = {}
    for cell in nbformat.read(notebook, as_version=4).cells:
        for output in cell.get("outputs", []):
            if report := output.get("data", {}).get(findings.FIGURES):
                for name, value in report["figures"].items():
                    if name in found:
                        raise BookError(f"{notebook.name} reports {name!r} twice")
                    found[name] = Figure(value, report["seed"] is not None)
    return found


def interval(name: str, values: list[float], level: float) -> tuple[float, float] | None:
    """Return where one more value lies, but for a chance of `level`.

    The prediction interval of Student's t over n values: mean -+ t s sqrt(1 + 1/n). Figures that
    vary by a factor are taken by their logarithms. Values that come in steps, such as accuracies
    over few notes, have a spread that is known to a step only; so the variance of rounding, a
    twelfth of the smallest step squared, is added. Where all values are equal, the spread is not
    known at all: None.

    Source: G. J. Hahn and W. Q. Meeker, Statistical intervals, 1991, chapter 4.
    """
    from scipy import special

    kind = name.split("/")[0]
    factor = kind in FACTORS and min(values) > 0
    x = np.log(values) if factor else np.asarray(values, dtype=float)
    different = np.unique(np.round(x, 9))
    if len(different) < 2:
        return None
    step = np.diff(different).min()
    spread = np.sqrt((x.var(ddof=1) + step**2 / 12) * (1 + 1 / len(x)))
    reach = -special.stdtrit(len(x) - 1, level / 2) * spread
    ends = np.array([x.mean() - reach, x.mean() + reach])
    with np.errstate(over="ignore"):  # two seeds know next to nothing: up to infinity
        ends = np.exp(ends) if factor else ends
    low, high = np.clip(ends, *RANGES.get(kind, (-np.inf, np.inf)))
    return float(low), float(high)


def level(chapters: dict[str, dict]) -> float:
    """Return the chance of a false alarm that each figure with a spread gets of `ALARMS`."""
    seeded = [v for c in chapters.values() for v in c["figures"].values() if isinstance(v, list)]
    return ALARMS / max(1, sum(len(set(values)) > 1 for values in seeded))


def compare(
    baseline: dict[str, dict], found: dict[str, dict[str, Figure]], seed: int
) -> list[Finding]:
    """Judge the figures of the chapters in `found`, drifted ones first.

    The status of a finding is "ok", "drift", "new" (not in the baseline), "missing" (there only),
    or "no spread" (not judged: it depends on the seed, but its values in the baseline are equal).
    """
    chance, findings = level(baseline), []
    for chapter, now in found.items():
        before = baseline.get(chapter, {"figures": {}, "seeds": None})
        for name in sorted({*before["figures"], *now}):
            old, new = before["figures"].get(name), now.get(name)
            value = new.value if new else None
            low = high = same = None
            if old is None or new is None:
                status = "new" if old is None else "missing"
            elif isinstance(old, list) != new.seeded:
                status = "drift"
            elif not new.seeded:
                status = "ok" if equal(value, old) else "drift"
            elif (ends := interval(name, old, chance)) is None:
                status = "no spread"
            else:
                low, high = ends
                status = "ok" if _number(value) and low <= value <= high else "drift"
            if isinstance(old, list) and seed in before["seeds"]:
                same = old[before["seeds"].index(seed)]
            findings.append(Finding(chapter, name, status, value, old, low, high, same))
    return sorted(findings, key=lambda finding: finding.status in ("ok", "no spread"))


def equal(value, old) -> bool:
    """Return whether a figure that is the same in every run still is."""
    if isinstance(value, bool | str) or isinstance(old, bool | str):
        return type(value) is type(old) and value == old
    if isinstance(value, int) and isinstance(old, int):
        return value == old
    return math.isclose(value, old, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def merge(runs: dict[int | None, dict[str, Figure]], chapter: str) -> dict[str, object]:
    """Return a chapter's figures over its seeds as a baseline holds them, by name.

    Raises `BookError` for a figure that some seeds lack, that is no finite number with some, or
    that differs between seeds although it was reported without one.
    """
    merged = {}
    for name in dict.fromkeys(name for found in runs.values() for name in found):
        if lacking := [str(seed) for seed, found in runs.items() if name not in found]:
            raise BookError(f"{chapter} reports {name!r}, but not with seed {', '.join(lacking)}")
        values = [found[name].value for found in runs.values()]
        if next(iter(runs.values()))[name].seeded:
            if strange := [v for v in values if not _number(v)]:
                raise BookError(f"{chapter}: {name!r} is {strange[0]!r} with some seed")
            merged[name] = values
        elif all(equal(value, values[0]) for value in values):
            merged[name] = values[0]
        else:
            raise BookError(
                f"{chapter} reports {name!r} without a seed, but it depends on it: {values[:3]}"
            )
    return merged
