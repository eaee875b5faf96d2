"""What a regression run found, to read: a table of the notebooks, and one of the figures."""

import os
from pathlib import Path
from statistics import mean, median, stdev

import pandas as pd

from tools.regression import baselines


def write(folder: Path, title: str, about: dict, outcomes: dict, findings: list, baseline: dict):
    """Write `report.txt` into `folder`, the verdict first, then what drifted."""
    notebooks = []
    for name, outcome in outcomes.items():
        own = [found.status in baselines.DRIFTS for found in findings if found.chapter == name]
        usual = baseline.get(name, {"seconds": ["-"], "gib": ["-"]})
        drifted = f"{sum(own)} of {len(own)} figures drifted" if any(own) else "ok"
        notebooks.append(
            {
                "notebook": os.path.relpath(outcome["notebook"], folder),
                "seconds": outcome["seconds"],
                "usual seconds": median(usual["seconds"]),
                "GiB": outcome["gib"],
                "usual GiB": median(usual["gib"]),
                "outcome": f"FAILED: {outcome['error']}" if outcome["error"] else drifted,
            }
        )
    figures = [
        {
            "status": found.status,
            "chapter": found.chapter,
            "figure": found.name,
            "value": shown(found.value),
            "baseline": spread(found.old),
            "expected": expected(found),
            "same seed": shown(found.same_seed) + " (equal)" * (found.same_seed == found.value),
        }
        for found in findings
    ]
    made = {f"{c['made']['versions']}; {c['made']['device']}" for c in baseline.values()}
    made = made or {"There is no baseline of this profile and backend: `make baseline` makes one."}
    parts = [
        f"{title}\n{about['backend']} on {about['device']}: {versions(about)}",
        *(pd.DataFrame(rows).to_string(index=False) for rows in (notebooks, figures)),
        "\n".join(["The baseline was made with", *sorted(made)]),
    ]
    (folder / "report.txt").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def versions(about: dict) -> str:
    """Return in one line what a run was made with."""
    return ", ".join(f"{name} {version}" for name, version in about["versions"].items() if version)


def shown(value) -> str:
    """Return a figure as text; nothing for none."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else f"{value:,}" if type(value) is int else str(value)


def spread(values) -> str:
    """Return what a baseline holds of a figure as text: the value, or mean and deviation."""
    if not isinstance(values, list):
        return shown(values)
    return f"{mean(values):.4g} ± {stdev(values):.2g} ({len(values)} seeds)"


def expected(finding: baselines.Finding) -> str:
    """Return where a figure that depends on luck has to lie as text; nothing for others."""
    return "" if finding.low is None else f"{shown(finding.low)} to {shown(finding.high)}"


def sentence(finding: baselines.Finding) -> str:
    """Return what is to be said of a figure, in a few words."""
    now, old = shown(finding.value), spread(finding.old)
    if finding.status == "new":
        return f"{now}, not in the baseline"
    if finding.status == "missing":
        return f"was {old}, is not reported any more"
    ends = expected(finding)
    return f"{now}, expected {ends} (baseline: {old})" if ends else f"{now}, was {old}"
