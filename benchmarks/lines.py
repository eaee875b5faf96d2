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


def chapter(path: Path) -> dict:
    """Of a chapter: lines of code, and those that a reader does not see at once."""
    cells = [c for c, _ in sync.parse(path.read_text("utf-8"), path.name)[1]]
    code = [(lines(c.source), c.metadata.get("tags", [])) for c in cells if c.cell_type == "code"]
    whole = sum(n for n, tags in code if "setup" not in tags)
    hidden = sum(n for n, tags in code if BOOKKEEPING & {*tags} and "setup" not in tags)
    return {"code": whole, "hidden": hidden, "share (%)": 100 * hidden / whole}


def chapters() -> pd.DataFrame:
    paths = sorted(ROOT.glob("book/[0-9]*.py"))
    return pd.DataFrame({path.stem: chapter(path) for path in paths}).T.round().astype(int)


if __name__ == "__main__":
    print(folders().to_string(), chapters().to_string(), sep="\n\n")
