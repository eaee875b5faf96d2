"""The rendered pages in a headless browser: served, measured (`make bench`), photographed.

`python -m tools.book.browser` writes every page, at three widths, light and dark, to
`_build/screenshots/`.
"""

import argparse
import gzip
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tools.common import ROOT, BookError

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HTML, SHOTS = Path("_build/html"), Path("_build/screenshots")
WIDTHS = (360, 768, 1440)
# What moved and when the largest thing was painted, as the browser saw it from the start.
OBSERVE = """
window.seen = { shift: 0, paint: 0 };
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => { seen.paint = list.getEntries().at(-1).startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
"""
# What is fetched is not yet painted; a picture that is not there is left as the page shows it.
DECODE = """
Promise.allSettled([...document.images].map((image) => {
    image.loading = "eager";
    return image.decode();
}))
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(html: Path) -> Iterator[str]:
    """The address under which this machine, and no other, serves a folder of pages."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=html))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@contextmanager
def opened(*arguments: str) -> Iterator:
    """Playwright's browser: the machine's own Chromium, or the one that Playwright installed."""
    from playwright.sync_api import Error, sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            options = ["--no-sandbox", *arguments]
            browser = playwright.chromium.launch(executable_path=found, args=options)
        except Error as error:
            raise BookError(
                "no browser: install Debian's chromium, or run "
                f"`.venv/bin/playwright install chromium`\n{error}"
            ) from error
        yield browser
        browser.close()


def pages(html: Path) -> list[str]:
    """The book's pages in a folder, without the one that only leads on to the first."""
    found = [path.relative_to(html).as_posix() for path in html.rglob("*.html")]
    return sorted(name for name in found if name[0] != "_" and name != "index.html")


def watched(page) -> Callable[[], dict[str, float]]:
    """Watch a page from before it is opened; return what tells of its first view.

    That is a dict: "bytes", compressed, and "requests"; "shift" of the layout; "paint", the seconds
    until the largest text or picture was painted.
    """
    responses = []
    page.on("response", lambda response: responses.append(response))
    page.add_init_script(OBSERVE)

    def seen() -> dict[str, float]:
        found = page.evaluate("seen")
        # Bodies are read when all is there: that takes time, and no closed page has them.
        sizes = {r.url: len(gzip.compress(r.body(), 6)) for r in responses}
        sums = {"bytes": sum(sizes.values()), "requests": len(sizes)}
        return sums | {"shift": found["shift"], "paint": found["paint"] / 1000}

    return seen


def view(browser, url: str) -> dict[str, float]:
    """The first view of a page, nothing cached, as `watched` tells of it."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    seen = watched(page)
    page.goto(url, wait_until="networkidle")
    found = seen()
    page.close()
    return found


def photograph(html: Path, out: Path, only: list[str]) -> int:
    """Write pictures of pages, whole, to `out`/<width>-<scheme>/; return how many."""
    count = 0
    with served(html) as address, opened() as browser:
        for width in WIDTHS:
            for name in pages(html):
                if not any(word in name for word in only or [""]):
                    continue
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.set_default_timeout(120_000)
                page.goto(address + name, wait_until="networkidle")
                page.evaluate(DECODE)
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme)
                    page.wait_for_selector(f"html[data-theme={scheme}]")
                    path = out / f"{width}-{scheme}" / Path(name).with_suffix(".png").name
                    # Above some 16,000 pixels Chromium paints the same again.
                    height = page.evaluate("document.documentElement.scrollHeight")
                    for part, top in enumerate(range(0, height, 15_000)):
                        clip = {
                            "x": 0,
                            "y": top,
                            "width": width,
                            "height": min(15_000, height - top),
                        }
                        shot = path.with_stem(f"{path.stem}-{part}")
                        page.screenshot(path=shot, full_page=True, clip=clip)
                        count += 1
                page.close()
    return count


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("only", nargs="*", help="words in pages' names; default: all pages")
    options = parser.parse_args(arguments)
    try:
        count = photograph(root / HTML, root / SHOTS, options.only)
    except BookError as error:
        print(f"browser: {error}", file=sys.stderr)
        return 1
    print(f"{count} pictures: {root / SHOTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
