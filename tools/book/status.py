"""The page that says what the book was made with: `book/status.md`, filled in when it is built.

The page in the repository holds the text; its tables are made from `status.json`, which
`tools.book.execute` leaves beside the executed chapters, and from the recorded runs.
"""

import json
from pathlib import Path

import pandas as pd

from helpers.runs import analysis, records, study
from tools.common import BookError

CHAPTERS, RECORDED = "<!-- the chapters -->", "<!-- the recorded runs -->"
STUDY = "<!-- the study -->"


def chapters(status: dict) -> str:
    """One row a chapter: seconds, profile, backend, device and versions of its last execution."""
    rows = [
        {
            "chapter": f"[]({name}.ipynb)",  # MyST puts the title there
            "profile": entry["profile"],
            "seconds": f"{entry['seconds']:.0f}",
            "backend": entry["backend"],
            "device": entry["device"],
            "finished (UTC)": entry["finished"],
            "versions": _versions(entry["versions"]),
        }
        for name, entry in sorted(status.items())
        if not entry["error"]
    ]
    if not rows:
        return "No chapter has been executed."
    table = pd.DataFrame(rows).set_index("chapter")
    # What is the same for all is said once.
    same = {column: table[column].iloc[0] for column in table if table[column].nunique() == 1}
    said = {key: value for key, value in same.items() if key not in ("seconds", "finished (UTC)")}
    lines = [f"- {key}: {value}" for key, value in said.items()]
    total = sum(entry["seconds"] for entry in status.values()) / 60
    lines.append(f"- all chapters together: {total:.1f} minutes")
    return "\n".join(lines) + "\n\n" + table.drop(columns=list(said)).to_markdown()


def recorded(runs: list) -> str:
    """One row for each kind of recorded run: how many, epochs, backend, device, hours."""
    if not runs:
        return "There are none."
    table = pd.DataFrame(
        {
            "network": run.config["model"].upper(),
            "split": run.config["split"]["kind"],
            "features": run.config["features"]["kind"],
            "epochs": run.config["epochs"],
            "backend": run.info["backend"],
            "device": run.info["device"],
            "hours": run.seconds / 3600,
        }
        for run in runs
    )
    grouped = table.groupby(list(table.columns.drop("hours")))["hours"].agg(["size", "sum"])
    grouped = grouped.rename(columns={"size": "runs", "sum": "hours of training"}).reset_index()
    used = {f"- {run.info['backend']}: {_versions(run.info['versions'])}": None for run in runs}
    table = grouped.round({"hours of training": 1}).to_markdown(index=False)
    return "\n".join([table, "", *used])


def studied() -> str:
    """One row for each letter of the plan's rows: systems, trainings, backend, device, hours."""
    table = pd.DataFrame(
        {
            "rows": name[0],
            "row": name,
            "backend": row.backend if row.rate else "scikit-learn",
            "device": info["device"],
            "hours": info["seconds"] / 3600,
        }
        for name, row in study.rows().items()
        for deal in analysis.deals(name)
        for info in deal.infos
    )
    grouped = table.groupby(["rows", "backend", "device"]).agg(
        **{"systems": ("row", "nunique"), "trainings": ("row", "size"), "hours": ("hours", "sum")}
    )
    return grouped.reset_index().round({"hours": 1}).to_markdown(index=False)


def _versions(versions: dict) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items() if version)


def fill(text: str, status_file: Path) -> str:
    """Return the page with its tables.

    Raises `BookError` if a marker is missing from the page, or the status file is unreadable.
    """
    if missing := [marker for marker in (CHAPTERS, RECORDED, STUDY) if marker not in text]:
        raise BookError(f"book/status.md: the line {' and '.join(missing)} is missing")
    try:
        status = json.loads(status_file.read_text(encoding="utf-8"))
        table = chapters(status)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BookError(
            f"{status_file}: unreadable ({type(error).__name__}: {error}); execute the chapters "
            "anew: python -m tools.book.execute"
        ) from error
    text = text.replace(CHAPTERS, table).replace(STUDY, studied())
    return text.replace(RECORDED, recorded(records.read_all(records.SHIPPED)))
