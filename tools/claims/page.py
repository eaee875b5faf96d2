"""The page that goes through the thesis claim by claim: `book/claims.md`, filled when it is built.

The page in the repository holds the text. Its tables are made from `claims.yml` beside this file
and from the verdicts that the executed chapters report as `verdict/<name>`, with what was measured
as `here/<name>` and `p/<name>`. Nothing is judged here.
"""

import difflib
import math
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import yaml

from helpers.significance import VERDICTS
from tools.common import ROOT, BookError
from tools.regression.baselines import figures

SPECIFICATION = Path(__file__).with_name("claims.yml")
CLAIMS, COUNTS = "<!-- the claims -->", "<!-- the verdicts -->"
KEYS = {"says", "shown", "finding", "judged", "why", "item"}


class Finding(NamedTuple):
    """A verdict that a chapter reports, and what it follows from."""

    verdict: str
    here: str
    chapter: str


def read(path: Path = SPECIFICATION) -> list[dict]:
    """The thesis's sections with their rows; every row has a list of findings, or is judged.

    Raises `BookError` with every row that is malformed, and how.
    """
    try:
        sections = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BookError(f"{path.name}: {error}") from error
    wrong = []
    for section in sections:
        for row in section["rows"]:
            where = f"section {section['section']}, {row.get('says', '(no `says`)')!r}"
            if unknown := sorted(set(row) - KEYS):
                wrong.append(f"{where}: unknown {unknown}")
            if missing := sorted({"says", "shown"} - set(row)):
                wrong.append(f"{where}: missing {missing}")
            if ("finding" in row) == ("judged" in row):
                wrong.append(f"{where}: needs either `finding` or `judged`")
            elif "judged" in row and (row["judged"] not in VERDICTS or not row.get("why")):
                wrong.append(f"{where}: `judged` is one of {', '.join(VERDICTS)}, with a `why`")
            found = row.get("finding", [])
            row["finding"] = [found] if isinstance(found, str) else found
    if wrong:
        raise BookError(f"{path.name}:\n  " + "\n  ".join(wrong))
    return sections


def reported(executed: Path) -> dict[str, Finding]:
    """The verdicts that the executed chapters in a folder report, by name.

    Raises `BookError` if a verdict is none of the four, or two chapters judge one claim.
    """
    found = {}
    for notebook in sorted(executed.glob("[0-9][0-9]_*.ipynb")):
        values = {name: figure.value for name, figure in figures(notebook).items()}
        for full, verdict in values.items():
            kind, _, name = full.partition("/")
            if kind != "verdict":
                continue
            if verdict not in VERDICTS:
                raise BookError(f"{notebook.name}: the verdict on {name!r} is {verdict!r}")
            if name in found:
                raise BookError(f"{found[name].chapter} and {notebook.stem} both judge {name!r}")
            here = str(values.get(f"here/{name}", ""))
            p = values.get(f"p/{name}", math.nan)
            if not isinstance(p, str) and not math.isnan(p):
                here += f" (p = {p:.2g})"
            found[name] = Finding(verdict, here, notebook.stem)
    return found


def link(row: dict, root: Path = ROOT) -> str:
    """A link to the heading that shows a row; `BookError`, with the nearest, if there is none."""
    from myst_parser.mdit_to_docutils.base import default_slugify

    chapter, heading = row["shown"]
    path = root / f"book/{chapter}.py"
    if not path.exists():
        raise BookError(f"{row['says']!r} is shown in {chapter}: no such chapter")
    titles = re.findall(r"(?m)^# #{1,3} (.+)$", path.read_text(encoding="utf-8"))
    titles = [title.replace("`", "").replace("*", "") for title in titles]
    if heading not in titles:
        near = difflib.get_close_matches(heading, titles, n=1, cutoff=0)
        raise BookError(
            f"{row['says']!r}: {chapter} has no heading {heading!r}; the nearest is {near}"
        )
    return f"[{int(chapter[:2])}: {heading}]({chapter}.ipynb#{default_slugify(heading)})"


def table(rows: list[dict], found: dict[str, Finding], root: Path = ROOT) -> str:
    """One section's rows; a verdict that a chapter reports is a link to that chapter."""
    lines = [["the thesis says", "shown in", "verdict", "what it follows from"]]
    lines.append(["---"] * 4)
    for row in rows:
        if missing := [name for name in row["finding"] if name not in found]:
            raise BookError(
                f"{row['says']!r}: no executed chapter reports a verdict on {missing[0]!r}; "
                "execute them anew: python -m tools.book.execute"
            )
        item = f"**{row['item']}.** " if "item" in row else ""
        verdicts = [row["judged"]] if "judged" in row else []
        why = []
        for name in row["finding"]:
            finding = found[name]
            verdicts.append(f"[{finding.verdict}]({finding.chapter}.ipynb)")
            why.append(f"*{name}*: {finding.here}.")
        why.append(row.get("why", ""))
        lines.append([item + row["says"], link(row, root), "; ".join(verdicts), " ".join(why)])
    cells = (" | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in c) for c in lines)
    return "\n".join(f"| {line} |" for line in cells)


def counts(sections: list[dict], found: dict[str, Finding]) -> str:
    """How many claims have which verdict, by a chapter's finding and by reading."""
    rows = [row for section in sections for row in section["rows"]]
    tested = Counter(found[name].verdict for name in {n for row in rows for n in row["finding"]})
    judged = Counter(row["judged"] for row in rows if "judged" in row)
    lines = ["| verdict | by a test or count | by reading |", "| --- | ---: | ---: |"]
    return "\n".join(lines + [f"| {v} | {tested[v]} | {judged[v]} |" for v in VERDICTS])


def fill(text: str, executed: Path, root: Path = ROOT) -> str:
    """The page with its tables.

    `text`: the page as it lies in the repository. `executed`: the folder of executed chapters.
    Raises `BookError` if a marker is missing from the page, a row points to nothing or to a finding
    that no chapter reports, or a reported verdict has no row.
    """
    if missing := [marker for marker in (COUNTS, CLAIMS) if marker not in text]:
        raise BookError(f"book/claims.md: the line {' and '.join(missing)} is missing")
    sections, found = read(), reported(executed)
    named = {name for section in sections for row in section["rows"] for name in row["finding"]}
    for name in sorted(set(found) - named):
        raise BookError(f"{found[name].chapter} judges {name!r}, which no row of claims.yml names")
    blocks = []
    for section in sections:
        title = f"## {section['section']} {section.get('title', '')}".rstrip()
        blocks += [title, table(section["rows"], found, root)]
    return text.replace(CLAIMS, "\n\n".join(blocks)).replace(COUNTS, counts(sections, found))
