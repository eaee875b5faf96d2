"""The addresses that README.md and CITATION.cff show, derived from the repository's address.

README.md may hold blocks between markers, `<!-- links -->` ... `<!-- /links -->` (a table of the
chapters with their Colab buttons) and `<!-- clone -->` ... `<!-- /clone -->` (how to get the
files). CITATION.cff may hold `repository-code:` and `url:`. `tools.book.sync` writes them.
"""

import re
from pathlib import Path

from tools.book.address import Repository
from tools.common import BookError

TITLE = re.compile(r"\A# (.+)")


def blocks(repository: Repository, chapters: list[tuple[str, str]]) -> dict[str, str]:
    """Return the text of each README block; `chapters` are pairs of path and first cell."""
    rows = ["| chapter | run it |", "|---|---|"]
    for path, first in chapters:
        title = TITLE.match(first)[1].replace("|", r"\|")
        rows.append(f"| [{title}]({path}) | {repository.badge(path)} |")
    folder = repository.url.rsplit("/", 1)[1]
    clone = ["```", f"git clone {repository.url}.git", f"cd {folder}", "```"]
    return {"links": "\n".join(rows), "clone": "\n".join(clone)}


def readme(text: str, repository: Repository, chapters: list[tuple[str, str]]) -> str:
    """Return README's text with its blocks written anew."""
    for name, block in blocks(repository, chapters).items():
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if text.count(start) != text.count(end):
            raise BookError(f"README.md: every {start} needs its {end}")
        pattern = re.escape(start) + r".*?" + re.escape(end)
        text = re.sub(pattern, lambda _, b=block: f"{start}\n{b}\n{end}", text, flags=re.DOTALL)  # noqa: B023
    return text


def citation(text: str, repository: Repository) -> str:
    """Return CITATION.cff's text with its own addresses written anew, those of references kept."""
    return re.sub(r"(?m)^(repository-code|url):.*$", lambda m: f'{m[1]}: "{repository.url}"', text)


def plan(root: Path, repository: Repository, chapters: list[tuple[str, str]]) -> dict[Path, str]:
    """Return what README.md and CITATION.cff should contain, where they exist."""
    wanted = {}
    if (path := root / "README.md").exists():
        wanted[path] = readme(path.read_text(encoding="utf-8"), repository, chapters)
    if (path := root / "CITATION.cff").exists():
        wanted[path] = citation(path.read_text(encoding="utf-8"), repository)
    return wanted
