"""Each claim of the thesis, where the book treats it, and what came out here.

`python -m tools.claims.traceability [--check]` writes `book/traceability.md` from three things:
`traceability.yml` beside this file (what the thesis says, in our words, and the chapter and heading
that treat it), the recorded runs in `book/records/`, and the bundled notes. A row names one of the
functions of `tools.claims.claims`, which computes its number and verdict. TensorFlow is not needed.
"""

import argparse
import difflib
import inspect
import itertools
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from helpers import profiles
from helpers import tuning as searches
from helpers.runs import records
from helpers.runs.files import write_atomic
from tools.book.render import documents
from tools.claims.claims import NUMBERS
from tools.claims.evidence import (
    NOT,
    PARTLY,
    PENDING,
    PROFILE,
    REPRODUCED,
    TITLES,
    UNTESTABLE,
    VERDICTS,
    Evidence,
    NotRecordedError,
    verdict,
)
from tools.common import ROOT, BookError

SPECIFICATION = Path(__file__).with_suffix(".yml")
PAGE = Path("book/traceability.md")
JUDGED = "†"


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

    Read from the py:percent source; `tools.book.sync --check` says whether the notebook is the
    same.
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

**How to remake it.** `python -m tools.claims.traceability` writes this page from the records, the
bundled notes and `tools/claims/traceability.yml`. With `--check`, as in `make lint`, it only says
whether the page is in step. `instruments train --profile {profile.name}` makes the runs.
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
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
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
        write_atomic(path, text)
        print(f"wrote: {PAGE}")
        return 0
    print(f"out of step: {PAGE}")
    changes = difflib.unified_diff(
        old.splitlines(), text.splitlines(), "page", "now", n=0, lineterm=""
    )
    print("\n".join(line[:200] for line in list(changes)[:20]))
    print("Run `python -m tools.claims.traceability` and commit the result.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
