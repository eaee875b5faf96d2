"""The rendered book in a real browser that reaches no other host.

Looks at `_build/html`, or at the folder that the variable BOOK_HTML names.
"""

import os
import re
from contextlib import contextmanager
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from helpers.significance import VERDICTS
from tools.book.address import PLACEHOLDER, read
from tools.book.browser import pages, served, watched
from tools.common import ROOT

HTML = Path(os.environ.get("BOOK_HTML") or ROOT / "_build/html")
PAGES = pages(HTML)
# Only colours differ at night, and axe takes its time over them: what looks alike is judged once.
AXE = {"resultTypes": ["violations"], "preload": False}  # no style sheet is fetched again
NIGHT = AXE | {"runOnly": ["color-contrast"]}
# Of minor or moderate impact by axe's own table, where serious and critical ones are asked for.
NEVER_SERIOUS = (
    "region", "hidden-content", "empty-table-header", "empty-heading", "heading-order",
    "landmark-unique", "landmark-banner-is-top-level", "landmark-main-is-top-level",
    "aria-allowed-role", "presentation-role-conflict",
)  # fmt: skip
DAY = AXE | {"rules": {name: {"enabled": False} for name in NEVER_SERIOUS}}
ASK_ONCE = "axe.configure({ rules: [{ id: 'color-contrast', selector: '[data-once]' }] })"
ONCE = """(within) => {
    const seen = new Set();
    for (const one of document.querySelectorAll(`${within} *`)) {
        one.removeAttribute("data-once");
        const text = [...one.childNodes].some((part) => part.nodeType === 3 && part.data.trim());
        if (!text || !one.checkVisibility()) continue;
        const { color, fontSize, fontWeight } = getComputedStyle(one);
        const looks = [color, fontSize, fontWeight, one.matches("a, button, :disabled")];
        for (let ground = one; ground; ground = ground.parentElement) {
            const { backgroundColor, backgroundImage, opacity } = getComputedStyle(ground);
            looks.push(backgroundColor, backgroundImage, opacity);
            if (backgroundColor.startsWith("rgb(")) break;
        }
        if (!seen.has(looks.join())) one.setAttribute("data-once", "");
        seen.add(looks.join());
    }
}"""
PICTURES = """() => [...document.images].map(image => ({
    alt: image.alt, decorative: image.getAttribute("role") === "presentation",
    width: image.naturalWidth, what: image.src.slice(0, 80)}))"""
SOUNDS = """async () => {
    const decoder = new OfflineAudioContext(1, 1, 16000), durations = [];
    for (const audio of document.querySelectorAll("audio[src]")) {
        const data = await (await fetch(audio.src)).arrayBuffer();
        durations.push((await decoder.decodeAudioData(data)).duration);
    }
    return durations;
}"""

# Words of tables' headings, and parts of long names anywhere, that stand on two lines.
BROKEN = r"""() => {
    const found = [], range = document.createRange();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text; (text = texts.nextNode());) {
        const place = text.parentElement.closest(".bd-article th, .bd-article :is(td, .pre)");
        if (!place || place.closest("pre, .interactive")) continue;
        const word = place.matches("th") ? /[^\s_\-\/]+/g : /(?<=[a-z]+_)[a-z0-9]+(?=_\d)/g;
        for (const { index, 0: part } of text.data.matchAll(word)) {
            range.setStart(text, index);
            range.setEnd(text, index + part.length);
            const lines = [...range.getClientRects()].filter((one) => one.width > 1);
            if (lines.some((one) => one.top > lines[0].bottom - 4)) found.push(part);
        }
    }
    return found;
}"""
# Folded boxes that what follows them touches.
CROWDED = """() => [...document.querySelectorAll(".bd-article details")].filter((box) => {
    let next = box.nextElementSibling;
    while (next && !next.getClientRects().length) next = next.nextElementSibling;
    const gap = next?.getBoundingClientRect().top - box.getBoundingClientRect().bottom;
    return box.getClientRects().length && gap < 12 && !next.matches("details.choice");
}).map((box) => box.textContent.trim())"""
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
# The phone of the pages that were opened wide, and back: `Emulation.setDeviceMetricsOverride`.
NARROW = {"width": 360, "height": 740, "deviceScaleFactor": 1}
WIDE = {"width": 1280, "height": 900, "deviceScaleFactor": 1}
# Each button, those that clicks bring too, and a cell of each table whose cells open.
CLICKS = """async () => {
    for (const part of document.querySelectorAll(".interactive")) {
        part.scrollIntoView();
        for (let round = 0; round < 6; round++) {
            await new Promise((done) => setTimeout(done, 100));
            const buttons = part.querySelectorAll("button:enabled");
            for (const one of [...buttons, part.querySelector("td[aria-label]")]) one?.click();
        }
    }
}"""


class Page(HTMLParser):
    """What a page's HTML says: where it links to, and what can be linked to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], set()
        # Sounds and pictures that a page holds itself are most of it, and no links.
        self.feed(re.sub(r"(?<=[\"'])data:[^\"']*", "#", text))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors.update(filter(None, [attrs.get("id"), attrs.get("name")]))
        self.links += [attrs[key] for key in ("href", "src") if attrs.get(key)]


@cache
def parsed(path):
    """Return the `Page` at `path`; most pages are linked to from all others."""
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def address():
    with served(HTML) as address:
        yield address


@contextmanager
def visitor(browser, address):
    """A function that opens a page of the book and returns it, with what went wrong on it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})

    def open_page(name):
        page, wrong = context.new_page(), []

        def route(route):
            if route.request.url.startswith(address):
                route.continue_()
            else:
                wrong.append(f"request to another host: {route.request.url}")
                route.abort()

        page.route("**/*", route)
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        # A page that leads on to another drops what it was loading.
        page.on(
            "requestfailed",
            lambda r: (
                r.failure != "net::ERR_ABORTED"
                and wrong.append(f"request failed: {r.url[:200]} {r.failure}")
            ),
        )
        page.on("response", lambda r: r.status >= 400 and wrong.append(f"{r.status}: {r.url}"))
        page.on(
            "console",
            lambda m: m.type == "error" and wrong.append(f"console: {m.text} {m.location}"),
        )
        page.seen = watched(page)
        page.goto(address + name, wait_until="networkidle")
        page.wait_for_load_state("load")  # on a busy machine the network can rest before
        return page, wrong

    yield open_page
    context.close()


@pytest.fixture
def visit(browser, address):
    with visitor(browser, address) as visit:
        yield visit


@pytest.fixture(scope="module", params=PAGES)
def whole(request, browser, address):
    """A page that tests look at one after another: its name, it, and what went wrong on it."""
    with visitor(browser, address) as visit:
        yield request.param, *visit(request.param)


def test_there_is_a_book(visit):
    if not (HTML / "index.html").exists():
        pytest.fail(f"no book in {HTML}: run `make book`, or `make book PROFILE=smoke` to be quick")
    page, wrong = visit("index.html")
    page.wait_for_url("**/book/index.html", wait_until="networkidle")
    assert page.title()
    assert wrong == []


def test_a_page_opens_quickly(whole):
    _, page, wrong = whole
    first = page.seen()
    assert first["requests"] <= 25
    assert first["bytes"] <= 1_500_000
    assert first["shift"] < 0.05
    assert wrong == []


def test_a_page_fits_a_phone(whole):
    _, page, _ = whole
    device = page.context.new_cdp_session(page)
    device.send("Emulation.setDeviceMetricsOverride", {**NARROW, "mobile": True})
    assert page.evaluate(CROWDED) == []
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate(CROWDED) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(BROKEN) == []
    page.wait_for_function("""[...document.querySelectorAll(".bd-article :is(pre, .katex-display)")]
        .every((box) => box.scrollWidth <= box.clientWidth + 1 || box.matches(".goes-on"))""")
    # The letters of figures are large enough for this (test_plots.py).
    shrunk = page.evaluate("""[...document.querySelectorAll("button.enlarge img[width]")]
        .map(image => [image.getBoundingClientRect().width, image.getAttribute("width")])""")
    assert all(width >= 0.659 * float(natural) for width, natural in shrunk if width)
    device.send("Emulation.setDeviceMetricsOverride", {**WIDE, "mobile": False})


def test_a_page_opens_whole(whole):
    name, page, wrong = whole
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    html = (HTML / name).read_text(encoding="utf-8")
    assert "notranslate nohighlight" not in html, "a formula was not set"
    assert not page.locator(".katex-error").count()
    shown = page.evaluate("""() => {
        const copy = document.querySelector("main").cloneNode(true);
        copy.querySelectorAll("pre").forEach(code => code.remove());
        return copy.textContent;
    }""")
    assert not re.findall(r"\\[(\[][^\n]*\\[)\]]|\$[a-z]\$", shown), "a formula as it was typed"
    assert "jupyter.widget" not in html, "a page has no kernel"
    page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager'; })")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    for picture in page.evaluate(PICTURES):
        assert picture["width"] > 0, f"broken picture: {picture}"
        assert picture["alt"].strip() or picture["decorative"], f"no alt text: {picture}"
    durations = page.evaluate(SOUNDS)
    assert all(seconds > 0 for seconds in durations), f"players: {durations}"
    errors = page.locator(
        ".cell:not(.tag_raises-exception) :is(.output.traceback, .output.stderr, .output.stream)"
    )
    said = [t for t in errors.all_inner_texts() if "Traceback (most recent" in t or "WARNING" in t]
    assert said == []
    assert not page.locator(".cell:not(.tag_raises-exception) .output.traceback").count()
    figures = [white_at(page, scheme) for scheme in ("dark", "light")]
    assert figures[0] >= ("../_images/" in html)
    assert unreadable(page) == []
    if page.locator(".interactive").count():
        page.evaluate(CLICKS)
        page.wait_for_load_state("networkidle")
        assert unreadable(page, ".interactive") == []
    assert wrong == []


@pytest.mark.parametrize("name", PAGES)
def test_links_within_the_book_lead_somewhere(name):
    broken = []
    for link in parsed(HTML / name).links:
        target = urlsplit(urljoin(f"http://book/{name}", link))
        if urlsplit(link).scheme or link.startswith("//"):
            continue
        path = HTML / unquote(target.path).lstrip("/")
        if not path.exists() or (
            target.fragment
            and path.suffix == ".html"
            and unquote(target.fragment) not in parsed(path).anchors
        ):
            broken.append(link)
    assert broken == []


def test_the_exercises_of_every_chapter_can_be_downloaded():
    links = parsed(HTML / "book/exercises.html").links
    files = [HTML / "book" / link for link in links if "_downloads/" in link]
    given = sorted((ROOT / "classroom/student").glob("*.ipynb"))
    assert len(given) == 13
    assert [path.read_bytes() for path in files] == [path.read_bytes() for path in given]


def unreadable(page, within="body"):
    """What axe finds serious or critical, by day and by night."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_selector(f"html[data-theme={scheme}]")
        page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
        page.evaluate(ONCE, within)
        page.evaluate(Axe().axe_script)
        page.evaluate(ASK_ONCE)
        options = DAY if scheme == "light" else NIGHT
        said = page.evaluate("([part, options]) => axe.run(part, options)", [within, options])
        found += [
            f"{scheme}: {violation['help']}: {node['target']} {node['html'][:150]}"
            for violation in said["violations"]
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]
    return found


def white_at(page, scheme):
    """How many figures a page has, once none of them is white at night, nor dark by day."""
    # It is turned over, or another file is shown.
    drawn = ".bd-article :is(button.enlarge img, canvas.diverging)"
    turned = f"""[...document.querySelectorAll("{drawn}")].map((one) =>
        getComputedStyle(one).filter.includes("invert")
        || !!one.currentSrc?.endsWith("-night.webp"))"""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_selector(f"html[data-theme={scheme}]")
    page.wait_for_function(f"{turned}.every((one) => one === {str(scheme == 'dark').lower()})")
    return len(page.evaluate(turned))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_thumb_turns_the_pages(browser, address, scheme):
    context = browser.new_context(**PHONE, color_scheme=scheme)
    page = context.new_page()
    page.goto(address + "book/05_folds.html", wait_until="networkidle")
    for side, name in (("next", "06_cnn"), ("previous", "05_folds"), ("previous", "04_features")):
        link = page.get_by_title(f"{side} page")
        place = link.bounding_box()
        assert 600 < place["y"] < place["y"] + place["height"] <= 740
        assert place["height"] >= 48
        link.tap()
        page.wait_for_url(f"**/{name}.html", wait_until="networkidle")
    # At the end of the page nothing lies below the bar.
    page.evaluate("scrollTo({top: document.documentElement.scrollHeight, behavior: 'instant'})")
    bar = page.locator(".prev-next-area")
    end = page.locator(".bd-footer-content").bounding_box()
    assert end["y"] + end["height"] <= bar.bounding_box()["y"]
    assert bar.evaluate("b => getComputedStyle(b).backgroundColor") == page.evaluate(
        "getComputedStyle(document.body).backgroundColor"
    )
    context.close()


@pytest.mark.parametrize(
    "name", ["book/claims.html", "book/answer.html", "book/teaching.html", "book/12_why.html"]
)
def test_a_table_of_sentences_is_read_as_cards_on_a_phone(browser, address, name):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.goto(address + name, wait_until="networkidle")
    cells = page.evaluate("""[...document.querySelectorAll("table.cards")].flatMap((table) =>
        [...table.tBodies[0].rows].flatMap((row) => [...row.cells].map((cell, k) => [
            cell.getBoundingClientRect().right, getComputedStyle(cell, "::before").content,
            k && table.tHead.rows[0].cells[k].textContent])))""")
    assert len(cells) > 20
    for right, before, column in cells:
        assert right <= 360
        assert before == (f'"{column}: "' if column else "none")
    context.close()


def test_a_figure_opens_large_by_tap_and_by_key(browser, address):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.goto(address + "book/04_features.html", wait_until="networkidle")
    button = page.locator("button.enlarge").first
    button.tap()
    large = page.locator("dialog.large")
    assert large.locator("img").evaluate("i => i.complete && i.width === i.naturalWidth")
    page.keyboard.press("Escape")
    assert not large.is_visible()
    button.press("Enter")
    assert large.is_visible()
    large.get_by_role("button", name="Close").click()
    assert not large.is_visible()
    context.close()


def test_one_player_sounds_at_a_time(visit):
    page, wrong = visit("book/03_dataset.html")
    playing = "[...document.querySelectorAll('audio')].map(audio => !audio.paused)"
    for i in (0, 1):
        page.evaluate(f"document.querySelectorAll('audio')[{i}].play()")
        page.wait_for_function(f"{playing}[{i}]")
    assert [i for i, on in enumerate(page.evaluate(playing)) if on] == [1]
    assert wrong == []


def test_a_print_has_all_answers(visit):
    page, _ = visit("book/10_significance.html")
    opened = "document.querySelectorAll('details:not([open])').length"
    shut = page.evaluate(opened)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(f"{opened} === 0")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.wait_for_function(f"{opened} === {shut}")
    assert shut > 5


def test_a_print_is_by_day(visit):
    page, _ = visit("book/09_results.html")
    theme = "document.documentElement.dataset.theme"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{theme} === 'dark'")
    for event, wanted in (("before", "light"), ("after", "dark")):
        page.evaluate(f"dispatchEvent(new Event('{event}print'))")
        assert page.evaluate(theme) == wanted


def test_a_print_fades_nothing_and_has_no_players(visit):
    page, _ = visit("book/04_features.html")
    assert page.locator("figure.player").first.is_visible()
    faded = """[...document.querySelectorAll(".goes-on")]
        .filter((one) => getComputedStyle(one).maskImage !== "none").length"""
    assert page.evaluate(faded)
    page.emulate_media(media="print")
    assert not page.evaluate(faded)
    assert not [one for one in page.locator("figure.player").all() if one.is_visible()]


def test_the_search_shows_the_glossary_first_and_a_sentence(visit):
    page, _ = visit("search.html?q=dropout")
    first = page.locator("#search-results li").first
    first.wait_for()
    assert unreadable(page) == []
    assert "glossary" in first.locator("a").first.get_attribute("href")
    first.locator("p.context").wait_for()
    assert "dropout" in first.locator("p.context").inner_text().lower()


def test_what_is_said_of_a_page_has_each_formula_once(visit):
    page, _ = visit("search.html")
    shown = page.evaluate("""async () => Search.htmlToText(
        await (await fetch("book/10_significance.html")).text(), "")""")
    said = visit("book/10_significance.html")[0].locator("meta[name=description]")
    for text in (shown, said.get_attribute("content")):
        assert "three times, p=0.0625. This" in " ".join(text.replace("\u200b", "").split())


def test_choices_are_shut_until_the_keyboard_opens_one(visit):
    page, wrong = visit("book/10_significance.html")
    choices = page.locator("details.choice")
    assert choices.count() >= 6
    assert not page.locator("details.choice[open]").count()
    first = choices.first
    assert not first.locator("p").is_visible()
    first.locator("summary").press("Enter")
    assert first.locator("p").first.is_visible()
    assert page.locator("details.choice[open]").count() == 1
    choices.nth(1).locator("summary").press("Enter")
    assert page.locator("details.choice[open]").count() == 1, "one at a time"
    mark = "getComputedStyle(d.querySelector('summary'), '::after').content"
    marks = [choices.nth(i).evaluate(f"d => {{ d.open = true; return {mark} }}") for i in (0, 1)]
    assert ["right" in mark for mark in marks] == [False, True]
    page.get_by_role("button", name="Try again").first.click()
    assert not page.locator("details.choice[open]").count()
    assert wrong == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_leads_to_no_placeholder_but_a_chapter_to_colab(name):
    links, notebook = parsed(HTML / name).links, Path(name).with_suffix(".ipynb")
    assert not [link for link in links if PLACEHOLDER.partition("com/")[2] in link]
    if read(ROOT).url != PLACEHOLDER and (HTML / "_sources" / notebook).exists():
        opens = read(ROOT).colab(notebook.as_posix())
        assert [link for link in links if "colab.research" in link] == [opens]


def test_the_first_sound_fetches_the_smallest_model_alone(visit, address):
    page, wrong = visit("book/13_your_own_sound.html")
    fetched = []
    page.on("response", lambda response: fetched.append(response))
    page.get_by_label("a sound of the book").select_option("flute")
    page.get_by_text(re.compile(r"^flute\. dense: ")).wait_for()
    sizes = [len(response.body()) for response in fetched if response.url.startswith(address)]
    assert len(sizes) >= 3, "the sound, the model, and the summaries of the training notes"
    assert sum(sizes) <= 3_000_000
    assert not [response.url for response in fetched if "/models/" in response.url]
    page.get_by_role("button", name="lstm").click()
    page.get_by_text(re.compile(r"^flute\. dense: .*lstm: ")).wait_for()
    assert [r.url.rpartition("/")[2] for r in fetched if "/models/" in r.url] == ["lstm.npz"]
    assert wrong == []


def table_rows(text):
    """The cells of every row of every table of a page, as HTML."""
    for row in re.findall(r"(?s)<tr\b.*?</tr>", text):
        yield re.findall(r"(?s)<t[hd]\b[^>]*>(.*?)</t[hd]>", row)


def plain(text):
    # Markdown makes apostrophes round, a table of pandas leaves them straight.
    text = unescape(re.sub(r"<[^>]+>", "", text)).replace("\u2019", "'")
    return " ".join(text.split())


def test_no_page_states_another_verdict_than_the_page_of_claims():
    texts = {name: (HTML / name).read_text(encoding="utf-8") for name in PAGES}
    judged, found = {}, []
    for cells in table_rows(texts.pop("book/claims.html")):
        if len(cells) == 4 and (names := re.findall(r"(?s)<em>(.*?)</em>:", cells[3])):
            words = re.findall(r"(?s)<a\b[^>]*>(.*?)</a>", cells[2])
            judged |= {plain(n): plain(word) for n, word in zip(names, words, strict=True)}
    for name, text in texts.items():
        for cells in table_rows(text):
            if len(cells) > 1 and plain(cells[-1]) in VERDICTS:
                found.append((name, plain(cells[0]), plain(cells[-1])))
    assert len(judged) > 30
    # Chapters give every verdict once, and it is that of the page.
    assert sorted(claim for _, claim, _ in found) == sorted(judged)
    assert [line for line in found if judged[line[1]] != line[2]] == []
