"""Make rendered pages light: formulas, icons, pictures and sounds, by `tools.book.render`.

Sphinx leaves pages that set their formulas in the reader's browser with a megabyte of MathJax,
load every icon that there is, and hold each sound as text. Here formulas become HTML with MathML
(KaTeX), the icon fonts keep the icons in use, pictures get their size, and WebP where that is
smaller, and sounds become files that pages share.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from functools import partial
from html import unescape
from pathlib import Path

import matplotlib
import numpy as np
from fontTools import subset
from PIL import Image
from scipy.ndimage import binary_dilation, binary_fill_holes

from tools.book.address import PLACEHOLDER, Repository
from tools.book.assets import node
from tools.common import BookError

KATEX = """
const katex = require("katex");
let given = "";
process.stdin.on("data", text => given += text).on("end", () => console.log(JSON.stringify(
    JSON.parse(given).map(([tex, displayMode]) => katex.renderToString(tex, {displayMode})))));
"""
FORMULA = re.compile(
    r'<(span|div) class="math notranslate nohighlight"([^>]*)>(.*?)\\([(\[])(.*?)\\[)\]]</\1>', re.S
)
MATHJAX = re.compile(
    r"<script>window\.MathJax = .*?</script>|<script[^>]*/mathjax/.*?</script>", re.S
)
FONT_AWESOME = re.compile(r"<script[^>]*/fontawesome\.js.*?</script>")
# KaTeX sets a formula twice, for the eye and for screen readers, and there with what was typed.
MATHML = r'<span class="katex-mathml">.*?</span>'
SEARCH = re.compile(r"<script[^>]*[\"/](searchtools|language_data|searchindex)\.js.*?</script>")
# What Sphinx and its extensions load in a file each, from the folder `_static` itself; between them
# pages set what the later ones read, with the first.
BUNDLES = {
    "pages.js": (
        r'<script src="([./]*_static/)((?!documentation_)[\w.]+\.js)(?:\?[^"]*)?"></script>',
        '<script src="{}"></script>',
    ),
    "pages.css": (
        r'<link rel="stylesheet" type="text/css" href="([./]*_static/)([\w.-]+\.css)'
        r'(?:\?[^"]*)?" />',
        '<link rel="stylesheet" type="text/css" href="{}" />',
    ),
}
SOUND = re.compile(
    r'(?:preload="\w+" ([^>]*))?src="data:(?:audio|application)/([\w-]+);base64,([^"]*)"'
)
TO_PLACEHOLDER = re.compile(
    rf'<a class="reference external" href="[^"]*{PLACEHOLDER.partition("com/")[2]}[^"]*">(.*?)</a>',
    re.S,
)
# The theme's menus of links into the repository: to Colab, to the source, to report.
MENU = re.compile(
    r'<div class="dropdown dropdown-(?:launch|source)-buttons">.*?</ul>\s*</div>', re.S
)
# A chapter's page comes from its .ipynb, which is derived: what is edited is the .py.
EDIT = re.compile(r'(<a href="[^"]*/edit/[^"]*)\.ipynb"')
# White share above which a picture is a drawing: photographs have less.
DRAWN = 0.2
# The colours of maps in which bright is much; a map that at night is bright in the dark has others.
VIRIDIS = matplotlib.colormaps["viridis"](range(256), bytes=True)[:, :3]
# What `filter: invert(0.9) hue-rotate(180deg)` in book.css does to a colour.
TURN = np.array([[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]])
TABLE = re.compile(r"<p>(<em>Table (\d+\.\d+): (?:(?!<em>Table ).)*?<table)", re.S)
PICTURE = re.compile(r'<img\b[^>]*?\bsrc="((?:\.\./)*_images/[^"]+)"[^>]*>')


def lighten(html: Path, modules: Path, repository: Repository) -> None:
    """Rewrite all pages in `html`; `modules` is the folder node_modules."""
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(html.rglob("*.html"))}
    pages = set_formulas(pages, html, modules)
    for path, text in pages.items():
        text = FONT_AWESOME.sub("", text)
        pages[path] = text if path.name == "search.html" else SEARCH.sub("", text)
    # What the search shows of a page has each formula once.
    searched = html / "_static/searchtools.js"
    text = searched.read_text(encoding="utf-8")
    text = text.replace('[".headerlink",', '[".headerlink", ".katex-mathml",')
    searched.write_text(text, encoding="utf-8")
    keep_icons(html, "".join(pages.values()))
    sizes = light_pictures(html)
    bundle(pages, html)
    for path, text in pages.items():
        root = "../" * (len(path.relative_to(html).parts) - 1)
        text = SOUND.sub(partial(_as_file, html=html, root=root), text)
        # The caption before a table is its name for who hears the page.
        text = TABLE.sub(r'<p id="table-\2">\1 aria-labelledby="table-\2"', text)
        text = described(_with_sizes(text, sizes), path.relative_to(html).as_posix(), repository)
        path.write_text(text, encoding="utf-8")


def set_formulas(pages: dict[Path, str], html: Path, modules: Path) -> dict[Path, str]:
    """Set the formulas of all pages, each once, and take MathJax out.

    Raises `BookError` if KaTeX does not understand a formula.
    """
    every = [found for text in pages.values() for found in FORMULA.finditer(text)]
    asked = sorted({(unescape(found[5]), found[4] == "[") for found in every})
    made = dict(zip(asked, _katex(asked, modules), strict=True))

    def put(found: re.Match) -> str:
        tag, rest, before, kind, tex = found.groups()
        return f'<{tag} class="math"{rest}>{before}{made[unescape(tex), kind == "["]}</{tag}>'

    set_ = {}
    for path, text in pages.items():
        text, count = FORMULA.subn(put, MATHJAX.sub("", text))
        if count:
            root = "../" * (len(path.relative_to(html).parts) - 1)
            link = f'<link rel="stylesheet" href="{root}_static/katex/katex.min.css">'
            text = text.replace("</head>", f"{link}\n</head>", 1)
        set_[path] = text
    shutil.rmtree(html / "_static/mathjax", ignore_errors=True)
    for part in ("katex.min.css", "fonts/*.woff2"):
        for source in (modules / "katex/dist").glob(part):
            target = html / "_static/katex" / source.relative_to(modules / "katex/dist")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return set_


def _katex(formulas: list, modules: Path) -> list[str]:
    if not formulas:
        return []
    done = subprocess.run(
        [node(), "-e", KATEX], input=json.dumps(formulas), capture_output=True, encoding="utf-8",
        env=os.environ | {"NODE_PATH": str(modules)},
    )  # fmt: skip
    if done.returncode:
        said = re.search(r"ParseError: .*", done.stderr)
        raise BookError(f"KaTeX: {said[0] if said else done.stderr}")
    return json.loads(done.stdout)


def bundle(pages: dict[Path, str], html: Path) -> None:
    """Join the small scripts, and the small style sheets, that all pages load, in their order."""
    for name, (pattern, put) in BUNDLES.items():
        lists = [[part for _, part in re.findall(pattern, text)] for text in pages.values()]
        # A page that leads on to another has none of them.
        first, *others = [parts for parts in lists if parts] or [[]]
        shared = [part for part in first if all(part in parts for parts in others)]
        joined = "\n".join((html / "_static" / part).read_text("utf-8") + ";" * name.endswith("js")
                           for part in shared)  # fmt: skip
        (html / "_static" / name).write_text(joined, encoding="utf-8")
        version = hashlib.sha256(joined.encode()).hexdigest()[:8]
        for path, text in pages.items():
            places = [found for found in re.finditer(pattern, text) if found[2] in shared]
            for place in reversed(places):
                link = put.format(f"{place[1]}{name}?v={version}") * (place is places[-1])
                text = text[: place.start()] + link + text[place.end() :]
            pages[path] = text


def keep_icons(html: Path, text: str) -> None:
    """Cut the icon fonts down to what pages, or the theme's scripts, name."""
    style = (html / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    text += "".join(
        path.read_text(encoding="utf-8")
        for path in html.glob("_static/scripts/*.js")
        if path.name != "fontawesome.js"
    )
    used = set(re.findall(r"\bfa-[a-z0-9-]+", text))
    rule = r'((?:\.fa-[\w-]+:+before,?)+)\{content:"\\([0-9a-f]+)"\}'
    codes = [
        code
        for names, code in re.findall(rule, style)
        if used & set(re.findall(r"fa-[\w-]+(?=:)", names))
    ]
    # What the style sheets draw by themselves, such as the arrow of a link that leads away.
    drawn = r"[;{](?:--[\w-]+|content):\s*[\"']\\([ef][0-9a-f]{3})[\"']"
    for path in html.glob("_static/styles/*.css"):
        rest = re.sub(r"(\.fa-[\w-]+:+before,?)+\{[^}]*\}", "", path.read_text(encoding="utf-8"))
        codes += re.findall(drawn, rest)
    fonts = html / "_static/vendor/fontawesome/webfonts"
    options = subset.Options(flavor="woff2", notdef_outline=True)
    for path in fonts.glob("*.woff2"):
        font = subset.load_font(path, options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=[int(code, 16) for code in codes])
        cutter.subset(font)
        subset.save_font(font, path, options)
        path.with_suffix(".ttf").unlink(missing_ok=True)
    (html / "_static/scripts/fontawesome.js").unlink(missing_ok=True)


def light_pictures(html: Path) -> dict[str, tuple[str, int, int, str]]:
    """Write pictures as WebP where that is smaller.

    Return by name the new name, width, height, and what a dark page does: "turn" it over, show the
    picture of another name, or nothing.
    """
    sizes = {}
    for path in sorted((html / "_images").glob("*")):
        if path.suffix == ".svg":
            continue
        name = path.name
        with Image.open(path) as picture:
            width, height = picture.size
            pixels = np.asarray(picture.convert("RGB"))
            night = "turn" if np.mean(pixels.min(axis=2) > 250) > DRAWN else ""
            if night and (map_ := colour_maps(pixels)).mean() > 0.01:
                night = f"{path.stem}-night.webp"
                turned = np.where(map_[..., None], pixels, turned_over(pixels))
                Image.fromarray(turned).save(path.with_name(night), lossless=True)
            smaller = path.with_suffix(".webp")
            if path.suffix == ".png":
                picture.save(smaller, lossless=True, quality=80, method=4)
                if smaller.stat().st_size < path.stat().st_size:
                    path.unlink()
                    name = smaller.name
                else:
                    smaller.unlink()
        sizes[path.name] = (name, width, height, night)
    return sizes


def colour_maps(pixels: np.ndarray) -> np.ndarray:
    """Where a picture (height, width, 3) has the colours of viridis, or what is written on them."""
    near = np.zeros((64, 64, 64), dtype=bool)  # a colour bar has shades between two of the map
    near[tuple(VIRIDIS.T // 4)] = True
    return binary_fill_holes(binary_dilation(near)[tuple(np.moveaxis(pixels // 4, -1, 0))])


def turned_over(pixels: np.ndarray) -> np.ndarray:
    """Dark for bright, in the same hues."""
    return np.clip((229.5 - 0.8 * pixels) @ TURN.T, 0, 255).round().astype(np.uint8)


def _with_sizes(text: str, sizes: dict) -> str:
    """Pages that know how large their pictures are do not jump; those below wait until near."""
    first = True

    def put(found: re.Match) -> str:
        nonlocal first
        tag, old = found[0], found[1].rpartition("/")[2]
        if old not in sizes:
            return tag
        name, width, height, night = sizes[old]
        tag = tag.replace(found[1], found[1].removesuffix(old) + name)
        more = "" if first else ' loading="lazy" decoding="async"'
        more += " data-turn" * (night == "turn")
        if " width=" not in tag and "width:" not in tag:
            more += f' width="{width}" height="{height}"'
        # For book.css, which lets no figure shrink until its letters cannot be read.
        if " style=" not in tag:
            more += f' style="--natural: {width}px"'
        first = False
        tag = re.sub(r"\s*/?>$", f"{more}>", tag)
        if night in ("", "turn"):
            return tag
        # At night, or once a reader asks for it (book.js).
        other = found[1].removesuffix(old) + night
        media = "(prefers-color-scheme: dark)"
        return f'<picture><source media="{media}" srcset="{other}">{tag}</picture>'

    text = PICTURE.sub(put, text)
    # A picture may also be linked to, to be seen large.
    return re.sub(
        r'(href="(?:\.\./)*_images/)([^"]+)"',
        lambda found: f'{found[1]}{sizes.get(found[2], (found[2],))[0]}"',
        text,
    )


def described(text: str, name: str, repository: Repository) -> str:
    """Tell search engines and messengers what a page is about; name no repository that is none."""
    owner, _, project = repository.url.removeprefix("https://github.com/").partition("/")
    site = f"https://{owner}.github.io/{project}"
    title = re.search(r"<title>(.*?)</title>", text, re.S)
    said = re.search(r"</h1>.*?<p>(.*?)</p>", text, re.S)
    if title and said and 'name="description"' not in text:
        plain = re.sub(rf"{MATHML}|<[^>]+>", "", said[1])
        plain = " ".join(plain.split()).replace('"', "&quot;")
        if len(plain) > 200:
            plain = plain[:200].rpartition(" ")[0] + " ..."
        facts = [
            f'<meta name="description" content="{plain}">',
            f'<meta property="og:title" content="{" ".join(title[1].split())}">',
            f'<meta property="og:description" content="{plain}">',
        ]
        if repository.url != PLACEHOLDER:
            facts += [
                f'<meta property="og:url" content="{site}/{name}">',
                f'<meta property="og:image" content="{site}/_static/note.png">',
            ]
        text = text.replace("</head>", "\n".join([*facts, "</head>"]), 1)
    if repository.url == PLACEHOLDER:
        text = TO_PLACEHOLDER.sub(r"\1", MENU.sub("", text))
    return EDIT.sub(r'\1.py"', text)


def _as_file(found: re.Match, html: Path, root: str) -> str:
    """A sound, or a model, in a file of its own, which no page fetches before it is wanted."""
    between, kind, encoded = found.groups()
    data = base64.b64decode(encoded)
    name = f"{hashlib.sha256(data).hexdigest()[:16]}.{kind.removeprefix('x-')}"
    path = html / "_static/sounds" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    wait = "" if between is None else f'preload="none" {between}'
    return f'{wait}src="{root}_static/sounds/{name}"'
