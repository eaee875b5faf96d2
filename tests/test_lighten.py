"""What makes rendered pages light: on a page of a few lines, with the real KaTeX and fonts."""

import base64
import re
import shutil
from pathlib import Path

import pydata_sphinx_theme
import pytest
import sphinx
from fontTools.ttLib import TTFont
from PIL import Image

from tools.book.address import PLACEHOLDER, Repository
from tools.book.lighten import described, lighten
from tools.common import ROOT, BookError

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
SEARCH = Path(sphinx.__file__).parent / "themes/basic/static/searchtools.js"
HERE = Repository("https://github.com/somebody/book")
SOUND = base64.b64encode(b"fLaC and what follows").decode()
PAGE = f"""<html data-content_root="../"><head><title>A page</title>
<script>window.MathJax = {{"options": {{}}}}</script>
<script defer="defer" src="../_static/mathjax/tex-mml-chtml.js"></script>
<script src="../_static/one.js?v=1"></script><script src="../_static/scripts/theme.js"></script>
<script src="../_static/two.js"></script>
<script defer src="../_static/scripts/fontawesome.js?digest=1"></script>
</head><body><i class="fa-solid fa-sun"></i>
<h1>A page</h1><p>It says "so",
<span class="math notranslate nohighlight">\\(p \\approx 1\\)</span>.</p>
<p>See <a class="reference external" href="{PLACEHOLDER}/issues">here</a>.</p>
<p>With <span class="math notranslate nohighlight">\\(a &lt; b\\)</span>:</p>
<div class="math notranslate nohighlight" id="equation-x">
<span class="eqno">(1)<a class="headerlink" href="#equation-x">#</a></span>\\[\\begin{{split}}
x &amp;= 1 \\\\ y &amp;= 2\\end{{split}}\\]</div>
<p><em>Table 5.1: Folds.</em></p><p><em>Table 5.2: Notes.</em></p>
<div><table border="1"></table></div>
<table></table>
<img alt="first" src="../_images/a.png" style="width: 10px"/> <a href="../_images/b.png">large</a>
<img alt="second" src="../_images/b.png"/>
<img alt="third" src="../_images/c.png"/>
<audio controls preload="metadata" aria-label="a" src="data:audio/flac;base64,{SOUND}"></audio>
<source data-sound="a" src="data:audio/flac;base64,{SOUND}">
</body></html>
"""


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    """A page and what belongs to it, as Sphinx leaves them."""
    root = tmp_path_factory.mktemp("html")
    for part in ("styles/pydata-sphinx-theme.css", "vendor", "scripts/fontawesome.js"):
        target = root / "_static" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (THEME / part).is_dir() else shutil.copyfile
        copy(THEME / part, target)
    shutil.copy(SEARCH, root / "_static")
    for name in ("one", "two"):
        (root / f"_static/{name}.js").write_text(f'say("{name}")')
    (root / "_images").mkdir()
    for name, size, colour in (("a", (200, 100), "teal"), ("b", (300, 50), "white")):
        Image.new("RGB", size, colour).save(root / f"_images/{name}.png", compress_level=0)
    # A map of viridis on white, with a white number on it.
    with Image.open(root / "_images/b.png") as picture:
        picture.paste((68, 1, 84), (100, 10, 200, 40))
        picture.paste("white", (140, 20, 150, 30))
        picture.save(root / "_images/c.png", compress_level=0)
    (root / "book").mkdir()
    (root / "book/page.html").write_text(PAGE)
    (root / "index.html").write_text('<meta http-equiv="refresh" content="0; url=book/page.html">')
    return root


@pytest.fixture(scope="module")
def page(html):
    """The page, made light."""
    # First, what changes nothing: a formula that cannot be read is shown.
    (html / "book/page.html").write_text(PAGE.replace("a &lt; b", "\\frac{1}"))
    with pytest.raises(BookError, match=r"KaTeX.*ParseError"):
        lighten(html, ROOT / "node_modules", HERE)
    (html / "book/page.html").write_text(PAGE)
    lighten(html, ROOT / "node_modules", HERE)
    return (html / "book/page.html").read_text()


def test_formulas_are_set_and_nothing_is_left_to_the_browser(page, html):
    assert page.count("<math ") == page.count('class="katex-html"') == 3
    assert "(1)<a" in page
    assert "<mo>&lt;</mo>" in page
    assert "MathJax" not in page
    assert "mathjax" not in page
    style = re.search(r'href="\.\./(_static/katex/katex\.min\.css)"', page)[1]
    fonts = re.findall(r"url\((fonts/[\w-]+\.woff2)\)", (html / style).read_text())
    assert len(fonts) > 10
    assert all((html / "_static/katex" / font).is_file() for font in fonts)


def test_a_table_is_named_by_the_caption_before_it(page):
    assert page.count("aria-labelledby") == page.count('id="table-') == 1
    assert '<p id="table-5.2"><em>Table 5.2: Notes.' in page
    assert '<table aria-labelledby="table-5.2" border="1">' in page


def test_only_icons_in_use_are_kept(page, html):
    assert "fontawesome.js" not in page
    fonts = html / "_static/vendor/fontawesome/webfonts"
    kept = TTFont(fonts / "fa-solid-900.woff2").getBestCmap()
    assert 0xF185 in kept  # the sun
    assert 0xF0F3 not in kept  # a bell
    before = sum(path.stat().st_size for path in (THEME / "vendor").rglob("*.woff2"))
    assert sum(path.stat().st_size for path in fonts.iterdir()) < before / 10


def test_pictures_tell_their_size_and_are_small(page, html):
    first, second, _ = re.findall(r"<img[^>]*>", page)
    assert first == '<img alt="first" src="../_images/a.webp" style="width: 10px">'
    assert 'src="../_images/b.webp"' in second
    assert (
        'loading="lazy" decoding="async" data-turn width="300" height="50" '
        'style="--natural: 300px">' in second
    )
    assert 'href="../_images/b.webp"' in page
    assert Image.open(html / "_images/b.webp").getpixel((0, 0)) == (255, 255, 255)


def test_a_map_keeps_its_colours_at_night_and_what_lies_around_it_is_dark(page, html):
    assert page.count("<picture>") == 1
    assert (
        '<picture><source media="(prefers-color-scheme: dark)" srcset="../_images/c-night.webp">'
        '<img alt="third" src="../_images/c.webp"'
    ) in page
    night = Image.open(html / "_images/c-night.webp")
    assert max(night.getpixel((0, 0))) < 30
    assert night.getpixel((110, 20)) == (68, 1, 84)
    assert night.getpixel((145, 25)) == (255, 255, 255)


def test_equal_sounds_are_one_file(page, html):
    one, other = re.findall(r'<(?:audio|source) .*?src="\.\./(_static/sounds/\w+\.flac)"', page)
    assert page.count('preload="none"') == 1
    assert "metadata" not in page
    assert one == other
    assert (html / one).read_bytes() == b"fLaC and what follows"


def test_a_page_says_what_it_is_about_and_links_where_it_lies(page):
    assert '<meta name="description" content="It says &quot;so&quot;, p≈1.">' in page
    assert 'og:image" content="https://somebody.github.io/book/_static/note.png"' in page
    assert f'href="{PLACEHOLDER}/issues"' in page


def test_links_to_a_placeholder_are_plain_text():
    page = described(PAGE, "book/page.html", Repository(PLACEHOLDER))
    assert "See here." in page
    assert "your-account" not in page


def test_small_scripts_are_one_file(page, html):
    (source,) = re.findall(r'src="\.\./(_static/pages\.js)\?v=\w{8}"', page)
    assert (html / source).read_text() == 'say("one");\nsay("two");'
    assert "one.js" not in page
    assert "two.js" not in page
    assert "scripts/theme.js" in page


@pytest.mark.usefixtures("page")
def test_the_search_shows_a_formula_once(html):
    text = (html / "_static/searchtools.js").read_text()
    assert '[".headerlink", ".katex-mathml", "script", "style"]' in text
