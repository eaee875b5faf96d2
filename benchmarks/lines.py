"""Lines of Python by folder; of each chapter its code, and the hidden share: `make lines`."""

from pathlib import Path

import pandas as pd

from tools.book import sync

ROOT = Path(__file__).parents[1]
BOOKKEEPING = {"setup", "parameters", "remove-cell", "hide-input"}


def lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.split("\n"))


def folders() -> pd.Series:
    """Lines that are not empty, by folder."""
    found = {
        folder: sum(lines(path.read_text("utf-8")) for path in (ROOT / folder).rglob("*.py"))
        for folder in ("helpers", "tools", "tests")
    }
    return pd.Series(found | {"together": sum(found.values())}, name="lines")


def chapters() -> pd.DataFrame:
    """Of each chapter: lines of code, and those that a reader does not see at once."""
    rows = {}
    for path in sorted(ROOT.glob("book/[0-9]*.py")):
        cells = [c for c, _ in sync.parse(path.read_text("utf-8"), path.name)[1]]
        code = [
            (lines(c.source), c.metadata.get("tags", [])) for c in cells if c.cell_type == "code"
        ]
        whole = sum(n for n, tags in code if "setup" not in tags)
        hidden = sum(n for n, tags in code if BOOKKEEPING & {*tags} and "setup" not in tags)
        rows[path.stem] = {
            "code": whole,
            "hidden": hidden,
            "share (%)": round(100 * hidden / whole),
        }
    return pd.DataFrame(rows).T


if __name__ == "__main__":
    print(folders().to_string(), chapters().to_string(), sep="\n\n")
