"""Each term of the glossary is linked once, where the book first says it in bold."""

import re
from collections import Counter
from functools import cache

import pytest

from tools.book import sync
from tools.book.render import documents
from tools.common import ROOT

GLOSSARY = (ROOT / "book/glossary.md").read_text(encoding="utf-8")
TERMS = dict(re.findall(r"(?m)^## (.+)\n((?:(?!##).+\n?)+)", GLOSSARY))
# A bold text, and where it links to; text may run over the end of a line.
BOLD = re.compile(r"(\[)?\*\*([^*]+?)\*\*(?(1)\]\(([^)\s]+)\))")


def slug(term: str) -> str:
    """The anchor of a heading, as MyST and GitHub make it."""
    return re.sub(r"[^\w\- ]", "", term.lower()).replace(" ", "-")


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" .,:").lower()


def plurals(text: str) -> set[str]:
    return {text, text + "s", text + "es", re.sub("y$", "ies", text)}


@cache
def prose(name: str) -> str:
    """The text of a page, without code."""
    page, source = ROOT / f"{name}.md", ROOT / f"{name}.py"
    if page.exists():
        return page.read_text(encoding="utf-8")
    cells = [cell for cell, _ in sync.parse(source.read_text(encoding="utf-8"), source.name)[1]]
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def chapters() -> list[str]:
    """The first page and the chapters, in the order in which they are read."""
    return [name for name in documents() if name == "book/index" or re.match(r"book/\d\d_", name)]


@pytest.fixture(scope="module")
def found():
    """Every bold text of the book in order: page, words, and the term that it links to or None."""
    return [
        (name, words(text), (target or "").removeprefix("glossary.md#") or None)
        for name in chapters()
        for _, text, target in BOLD.findall(prose(name))
    ]


def test_terms_are_in_order_and_say_what_they_mean():
    assert len(TERMS) == len(re.findall("(?m)^## ", GLOSSARY)) > 100
    assert list(TERMS) == sorted(TERMS, key=str.lower)
    assert len({slug(term) for term in TERMS}) == len(TERMS)


def test_every_term_is_linked_once_and_every_link_leads_to_a_term(found):
    linked = Counter(target for *_, target in found if target)
    assert sorted(linked) == sorted(map(slug, TERMS))
    assert [term for term, times in linked.items() if times > 1] == []
    # No link to the glossary goes round the form that this test reads.
    links = re.findall(r"\(glossary\.md#([^)]+)\)", "\n".join(map(prose, chapters())))
    assert sorted(links) == sorted(linked)


def test_the_link_stands_where_the_term_is_first_bold(found):
    meant = {form: slug(term) for term in TERMS for form in plurals(term.lower())}
    meant |= {text: target for _, text, target in found if target}
    seen, late = set(), []
    for name, text, target in found:
        seen.add(target)
        if not target and text in meant and not seen & {meant[text], slug(text)}:
            late.append(f"{name}: **{text}**")
    assert late == []


def test_the_chapter_that_explains_a_term_says_it_and_is_not_before_its_link(found):
    order = chapters()
    for term, text in TERMS.items():
        number, file = re.search(r"\*Chapter \[(\d+)\]\(([\w.]+)\)\.\*", text).groups()
        name = "book/" + file.removesuffix(".ipynb")
        assert int(number) == int(file[:2]), term
        (first, said), *_ = [(page, said) for page, said, target in found if target == slug(term)]
        assert order.index(first) <= order.index(name), f"{term} is linked in {first} first"
        page = words(prose(name))
        forms = plurals(term.lower()) | {said}
        assert any(form in page for form in forms), f"{name} does not mention {term}"
