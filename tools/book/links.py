"""The addresses that README.md and CITATION.cff show, derived from the repository's address.

README.md may hold blocks between markers, `<!-- links -->` ... `<!-- /links -->` (a table of the
chapters with their Colab buttons) and `<!-- clone -->` ... `<!-- /clone -->` (how to get the
files). CITATION.cff may hold `repository-code:` and `url:`. `tools.book.sync` writes them.
"""

import re
from pathlib import Path

from tools.book.address import Repository
from tools.common import BookError


def readme(text: str, repository: Repository, chapters: list[tuple[str, str]]) -> str:
    """Return README's text with its blocks written anew."""
    rows = ["| chapter | run it |", "|---|---|"]
    for path, first in chapters:
        title = re.match("# (.+)", first)[1].replace("|", r"\|")
        rows.append(f"| [{title}]({path}) | {repository.badge(path)} |")
    folder = repository.url.rsplit("/", 1)[1]
    clone = ["```", f"git clone {repository.url}.git", f"cd {folder}", "```"]
    for name, lines in (("links", rows), ("clone", clone)):
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if text.count(start) != text.count(end):
            raise BookError(f"README.md: every {start} needs its {end}")
        if start in text:
            before, rest = text.split(start)
            text = before + "\n".join([start, *lines, end]) + rest.split(end)[1]
    return text


def plan(root: Path, repository: Repository, chapters: list[tuple[str, str]]) -> dict[Path, str]:
    """Return what README.md and CITATION.cff should contain, where they exist.

    `chapters` are pairs of path and first cell. Addresses of the citation's references are kept.
    """
    wanted = {}
    if (path := root / "README.md").exists():
        wanted[path] = readme(path.read_text(encoding="utf-8"), repository, chapters)
    if (path := root / "CITATION.cff").exists():
        own, text = r"(?m)^(repository-code|url):.*$", path.read_text(encoding="utf-8")
        wanted[path] = re.sub(own, rf'\1: "{repository.url}"', text)
    return wanted
