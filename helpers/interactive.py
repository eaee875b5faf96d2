"""Parts of a page that can be moved, clicked and heard, with or without a kernel.

Each is HTML with its data and its script (`book/interactive/`), so a chapter's page and a live
notebook hold the same. Shown in chapter 4.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers import listening

if TYPE_CHECKING:
    from IPython.display import HTML

MODULES = Path(__file__).resolve().parents[1] / "book" / "interactive"
_IMPORT = re.compile(r'(?m)^import \{[^}]*\} from "\./(\w+)\.js";\n')


def script(name: str) -> str:
    """The text of `book/interactive/<name>.js` and of the modules that it imports, as one script.

    No page has to fetch it, so it works in a notebook, and where a page is opened as a file.

    Examples
    --------
    >>> "import {" in script("explorer")
    False
    """
    texts: dict[str, str] = {}

    def add(name: str) -> None:
        if name not in texts:
            text = (MODULES / f"{name}.js").read_text(encoding="utf-8")
            for other in _IMPORT.findall(text):
                add(other)
            texts[name] = re.sub(r"(?m)^export ", "", _IMPORT.sub("", text))

    add(name)
    return '(() => {\n"use strict";\n' + "\n".join(texts.values()) + "})();"


def html(kind: str, data: Any = None, sounds: dict | None = None) -> str:
    """The element of an interactive part, as text; see `part`."""
    audio = "".join(
        f'<audio data-sound="{escape(name)}" preload="none" '
        f'src="{listening.data_uri(waveform, name)}"></audio>'
        for name, waveform in (sounds or {}).items()
    )
    # No text within may end the script.
    text = json.dumps(data or {}, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<div class="interactive" data-kind="{kind}">'
        f'<script type="application/json">{text}</script>{audio}'
        f"<noscript>This part of the page needs JavaScript.</noscript></div>\n"
        f"<script>{script(kind)}</script>"
    )


def part(kind: str, data: Any = None, sounds: dict | None = None) -> HTML:
    """An interactive part.

    Parameters
    ----------
    kind : str
        A module of `book/interactive/`.
    data : dict, optional
        What the module is given, as JSON.
    sounds : dict of str -> np.ndarray, shape (n,), optional
        By name, at 16 kHz. A page fetches one when it is played.

    Returns
    -------
    IPython.display.HTML
    """
    from IPython.display import HTML

    return HTML(html(kind, data, sounds))


def explorer(notes: dict) -> HTML:
    """Mel spectrogram and MFCCs under settings of one's own, a band to hear, a note to drop.

    Parameters
    ----------
    notes : dict of str -> np.ndarray, shape (n,)
        Waveforms at 16 kHz by the name that a reader chooses them by.
    """
    return part("explorer", sounds=notes)


def coefficients(name: str, waveform: np.ndarray, levels: np.ndarray, first: int = 13) -> HTML:
    """A slider over the number of coefficients: a frame rebuilt from them, and the note to hear.

    Parameters
    ----------
    name : str
        What the note is called.
    waveform : np.ndarray, shape (n,)
        The note at 16 kHz.
    levels : np.ndarray, shape (128,)
        The mel spectrum of one of its frames, in dB.
    first : int
        Where the slider stands: one of 1, 2, 4, 8, 13, 24, 40, 48, 128.
    """
    data = {
        "levels": np.round(np.asarray(levels, dtype=float), 2).tolist(),
        "steps": [1, 2, 4, 8, 13, 24, 40, 48, len(levels)],
        "first": first,
    }
    return part("coefficients", data, {name: waveform})
