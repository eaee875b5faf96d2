"""What a regression run found: a page to read."""

import os
from pathlib import Path
from statistics import mean, median, stdev

from tools.regression import baselines

PAGES = Path(__file__).resolve().parent


def write(folder: Path, title: str, about: dict, outcomes: dict, findings: list, baseline: dict):
    """Write `report.html` into `folder`; it links to the executed notebooks.

    Parameters
    ----------
    folder : Path
    title : str
        The verdict, and what was run.
    about : dict
        From `helpers.runs.machine`.
    outcomes : dict of str -> dict
        Of the chapters, from `tools.book.execute`, with `gib`.
    findings : list of baselines.Finding
    baseline : dict
        From `baselines.load`.
    """
    import jinja2

    chapters = [
        outcome
        | {
            "name": name,
            "link": os.path.relpath(outcome["notebook"], folder),
            "findings": [finding for finding in findings if finding.chapter == name],
            "usual": baseline.get(name),
        }
        for name, outcome in outcomes.items()
    ]
    loader = jinja2.FileSystemLoader(PAGES)
    page = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page.filters |= {"shown": shown, "spread": spread, "sentence": sentence, "median": median}
    html = page.get_template("regression.html").render(
        title=title, about=about, chapters=chapters, findings=findings, drifts=baselines.DRIFTS
    )
    (folder / "report.html").write_text(html, encoding="utf-8")


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


def sentence(finding: baselines.Finding) -> str:
    """Return what is to be said of a figure, in a few words."""
    if finding.status == "new":
        return f"{shown(finding.value)}, not in the baseline"
    if finding.status == "missing":
        return f"was {spread(finding.old)}, is not reported any more"
    if finding.low is None:
        return f"{shown(finding.value)}, was {spread(finding.old)}"
    ends = f"{shown(finding.low)} to {shown(finding.high)}"
    return f"{shown(finding.value)}, expected {ends} (baseline: {spread(finding.old)})"
