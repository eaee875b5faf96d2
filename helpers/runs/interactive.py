"""Parts of a page that can be moved, clicked and heard, with or without a kernel.

Each is HTML with its data and its script (`book/interactive/`), so a chapter's page and a live
notebook hold the same. Shown in chapters 1, 2, 4 to 7, 9 and 13.
"""

from __future__ import annotations

import base64
import json
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from helpers import listening
from helpers.datasets import FAMILIES, recordings
from helpers.runs import shipped

if TYPE_CHECKING:
    from IPython.display import HTML

    from helpers.notes import Notes

MODULES = Path(__file__).resolve().parents[2] / "book" / "interactive"
_IMPORT = re.compile(r'(?m)^import \{[^}]*\} from "\./(\w+)\.js";\n')


def script(name: str) -> str:
    """The text of `book/interactive/<name>.js` and of the modules that it imports, as one script.

    No page has to fetch it, so it works in a notebook, and where a page is opened as a file.

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


def html(
    kind: str, data: Any = None, sounds: dict | None = None, files: dict[str, str] | None = None
) -> str:
    """The element of an interactive part, as text; see `part`."""
    # Fetched when asked for; of players a browser allows a page a few dozen.
    sources = "".join(
        f'<source data-sound="{escape(name)}" src="{listening.data_uri(waveform, name)}">'
        for name, waveform in (sounds or {}).items()
    ) + "".join(
        f'<source data-file="{escape(name)}" src="{address}">'
        for name, address in (files or {}).items()
    )
    # No text within may end the script.
    text = json.dumps(data or {}, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<div class="interactive" data-kind="{kind}">'
        f'<script type="application/json">{text}</script>{sources}'
        f"<noscript>This part of the page needs JavaScript.</noscript></div>\n"
        f"<script>{script(kind)}</script>"
    )


def part(
    kind: str, data: Any = None, sounds: dict | None = None, files: dict[str, str] | None = None
) -> HTML:
    """An interactive part.

    `kind`: a module of `book/interactive/`. `data`: what the module is given, as JSON. `sounds`
    (dict of str -> (n,)): by name, at 16 kHz. A page fetches one when it is played. `files` (dict
    of str -> str): addresses of other files by name; fetched when they are asked for.
    """
    from IPython.display import HTML

    return HTML(html(kind, data, sounds, files))


def explorer(notes: dict) -> HTML:
    """Mel spectrogram and MFCCs under settings of one's own, a band to hear, a note to drop.

    `notes` (dict of str -> (n,)): waveforms at 16 kHz by the name that a reader chooses them by.
    """
    return part("explorer", sounds=notes)


def coefficients(name: str, waveform: np.ndarray, levels: np.ndarray) -> HTML:
    """A slider over the number of coefficients: a frame rebuilt from them, and the note to hear.

    `name`: what the note is called. `waveform` (n,): the note at 16 kHz. `levels` (128,): the mel
    spectrum of one of its frames, in dB.
    """
    data = {
        "levels": np.round(np.asarray(levels, dtype=float), 2).tolist(),
        "steps": [1, 2, 4, 8, 13, 24, 40, 48, len(levels)],
        "first": 13,
    }
    return part("coefficients", data, {name: waveform})


def confusions(recorded: dict, tests: dict, rivals: dict) -> HTML:
    """Confusion matrices whose cells open: the notes behind a number, and what was said of them.

    `recorded` (dict of str -> list of Record): by the name of a model, its folds in order. `tests`
    (dict of str -> (str, Notes)): by the name of a test: the part of the records ("fold_test",
    "nsynth_test") and the set that has its sounds. A note of a fold that no model misses has none.
    `rivals` (dict of str -> str): by the name of a model, the one whose probabilities stand beside
    its own.
    """
    names: dict[str, int] = {}
    played: dict[str, Notes] = {}
    runs: dict[str, dict] = {}
    for model, group in recorded.items():
        runs[model] = {test: [] for test in tests}
        for record in group:
            for test, (which, notes) in tests.items():
                predicted = record.predictions[which]
                answers = predicted["probabilities"].argmax(axis=1)
                wrong = answers != predicted["labels"]
                for note, miss in zip(predicted["notes"].tolist(), wrong, strict=True):
                    names.setdefault(note, len(names))
                    if miss or which != "fold_test":
                        played[note] = notes
                percent = np.rint(100 * predicted["probabilities"]).astype(int)
                runs[model][test].append(
                    {
                        "notes": [names[note] for note in predicted["notes"].tolist()],
                        "answers": answers.tolist(),
                        "percent": percent.ravel().tolist(),
                    }
                )
    sounds = {
        note: notes.waveform(list(notes.table["note"]).index(note))
        for note, notes in played.items()
    }
    data = {"families": list(FAMILIES), "notes": list(names), "runs": runs, "rivals": rivals}
    return part("confusions", data, sounds)


def leak(notes: Notes, X: np.ndarray) -> HTML:
    """A map of notes that are dealt note by note, by instrument or by recording, and 1-NN's score.

    `notes` (Notes): a few of each instrument. `X` ((len(notes), frames, coefficients)): their
    features; a note is the mean of its standardised frames.
    """
    points = ((X - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))).mean(axis=1)
    centred = points - points.mean(axis=0)
    plane = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    names = notes.table["note"].tolist()
    data = {
        "notes": names,
        "families": notes.table["family"].tolist(),
        "instruments": notes.table["instrument"].tolist(),
        "recordings": recordings(notes.table["instrument"]).tolist(),
        "points": np.round(points, 3).tolist(),
        "map": np.round(plane, 2).tolist(),
        "held": 0.25,  # of each family
    }
    return part("leak", data, {name: notes.waveform(i)[:12_000] for i, name in enumerate(names)})


def kernel(picture: np.ndarray, kernels: dict, axis: str = "mel band", first: int = 0) -> HTML:
    """A 3 x 3 kernel that is dragged over a picture, with its products, sum and all answers.

    `picture` (frames, bands): all from 0 up, or of both signs. `kernels` (dict of str -> (3, 3)):
    by the name that a reader chooses them by; time along the rows. `axis`: what a column of the
    picture is; its last word is the short one. `first`: the number of the first column.
    """
    data = {
        "axis": axis,
        "first": first,
        "rows": np.round(np.asarray(picture, dtype=float), 3).tolist(),
        "kernels": {name: np.asarray(k, dtype=float).tolist() for name, k in kernels.items()},
    }
    return part("kernel", data)


def border(X: np.ndarray, y: np.ndarray, names: tuple, axes: tuple) -> HTML:
    """A classifier of three weights that trains in the page, by learning rate and epoch.

    `X` (n, 2): standardised features of the training notes. `y` (n,): 0 or 1. `names`, `axes`: what
    0 and 1 are called, and the two features.
    """
    data = {
        "points": np.round(X, 4).tolist(),
        "labels": np.asarray(y).astype(int).tolist(),
        "names": names,
        "axes": axes,
        "rates": [0.003, 0.03, 0.3, 3, 30],
        "first": 0.3,
    }
    return part("border", data)


def memory(W: np.ndarray, bias: np.ndarray, sequence: np.ndarray) -> HTML:
    """One LSTM unit without feedback, to wire by hand: sliders, inputs, gates and its memory.

    `W` (2, 4): weights from "event" and "clear" to input gate, forget gate, candidate and output
    gate. `bias` (4,). `sequence` (steps, 2): 0 or 1.
    """
    data = {
        name: np.asarray(values).astype(int).tolist()
        for name, values in (("W", W), ("bias", bias), ("sequence", sequence))
    }
    return part("memory", data)


def states(notes: dict, layers: dict) -> HTML:
    """Gates and states of LSTM layers along notes that play, with a line that follows the sound.

    `notes` (dict of str -> (n,)): waveforms at 16 kHz, all of one length. `layers` (dict of str ->
    dict of str -> (len(notes), frames, units)): by layer: "input gate", "forget gate", "output
    gate", "cell state" and "hidden state".
    """
    shape = next(iter(layers.values()))["hidden state"].shape
    data = {
        "notes": list(notes),
        "layers": {
            layer: {
                name: np.rint(100 * values).astype(int).reshape(len(notes), -1).tolist()
                for name, values in inside.items()
            }
            for layer, inside in layers.items()
        },
        "frames": shape[1],
        "units": shape[2],
        "seconds": len(next(iter(notes.values()))) / 16_000,
    }
    return part("states", data, notes)


def occlusion(notes: dict, families: list, block: int, networks: dict) -> HTML:
    """A map of what becomes of two networks' answers where a part of a note is silent, to hear.

    `notes` (dict of str -> (n,)): waveforms at 16 kHz, all of one length. `families`: the true
    family of each. `block`: how many frames are silent at a time. `networks` (dict of str ->
    (array, array)): by name: probabilities of the notes, shape (notes, families), and of their
    copies, shape (notes, blocks + 1, coefficients + 1, families). The last block is the whole note,
    the last coefficient all of them.
    """
    truth = [FAMILIES.index(family) for family in families]
    said = {
        name: [
            {
                "whole": round(100 * float(p[family])),
                "percent": np.rint(100 * parts[..., family]).astype(int).ravel().tolist(),
                "answers": parts.argmax(axis=-1).ravel().tolist(),
            }
            for p, parts, family in zip(whole, copies, truth, strict=True)
        ]
        for name, (whole, copies) in networks.items()
    }
    _, blocks, coefficients, _ = next(iter(networks.values()))[1].shape
    data = {
        "families": list(FAMILIES),
        "notes": list(notes),
        "truth": truth,
        "block": block,
        "blocks": blocks - 1,
        "coefficients": coefficients - 1,
        "seconds": len(next(iter(notes.values()))) / 16_000,
        "networks": said,
    }
    return part("occlusion", data, notes)


# A notebook holds these, so that they answer in Colab as well; the others lie beside the chapter.
EMBEDDED = ("dense", "small", "hybrid", "notes")
GROUPS = {
    "Small models:": ["dense", "small", "extra_trees"],
    "The thesis's networks, and its hybrid:": ["cnn", "lstm", "hybrid"],
}


def hear(notes: dict) -> HTML:
    """The microphone, a file or a sound of the book, and what the shipped models make of it.

    The page computes it all; it equals what `hearing.hear` says of the same note.

    `notes` (dict of str -> (n,)): sounds at 16 kHz, for a reader without a microphone.
    """
    files, sizes = {}, {}
    for name in (*shipped.names(), "notes"):
        data = (shipped.MODELS / f"{name}.npz").read_bytes()
        sizes[name] = len(data)
        encoded = base64.b64encode(data).decode() if name in EMBEDDED else ""
        files[name] = f"data:application/zip;base64,{encoded}" if encoded else f"models/{name}.npz"
    return part("hear", {"groups": list(GROUPS.items()), "sizes": sizes}, notes, files)
