"""The page that a reader sees first: `book/index.md`, filled in when the book is built.

Its six notes are of wide-test; what two networks said of them is the first of the study's ten runs.
"""

import numpy as np

from helpers import datasets
from helpers.datasets import FAMILIES
from helpers.runs import analysis, interactive
from tools.common import BookError

NOTES = "<!-- six notes -->"
PLAYERS = {"CNN": "W-A1", "LSTM": "W-A2"}  # the rows of the plan
COUNT = 6


def answers() -> dict[str, dict[str, str]]:
    """The family that each network names, by its name and the note's: all that were asked."""
    found = {}
    for player, row in PLAYERS.items():
        if not (kept := analysis.deals(row)):
            raise BookError(f"book/index.md needs row {row}: `instruments study --confirm`")
        told = kept[0].predictions["wide-test"]
        said = told[list(FAMILIES)].to_numpy().argmax(axis=1)
        found[player] = {note: FAMILIES[i] for note, i in zip(told["note"], said, strict=True)}
    return found


def drawn(notes: list[str], count: int = COUNT, seed: int = 0) -> list[str]:
    """`count` notes drawn by chance, no two of one family, in an order drawn as well."""
    families = np.array([datasets.parse_note(note)["family"] for note in notes])
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(np.unique(families))[:count]
    return [notes[rng.choice(np.flatnonzero(families == family))] for family in chosen]


def fill(text: str) -> str:
    """Put the six notes, and what the networks said of them, into the text of `book/index.md`."""
    said = answers()
    notes = drawn(sorted(said["CNN"]))
    test = datasets.load("nsynth-wide", "test")
    row = {name: i for i, name in enumerate(test.table["note"])}
    data = {
        "families": list(FAMILIES),
        "notes": [datasets.parse_note(note)["family"] for note in notes],
        "players": {player: [of[note] for note in notes] for player, of in said.items()},
    }
    sounds = {str(i): test.waveform(row[note]) for i, note in enumerate(notes)}
    part = interactive.html("guess", data, sounds)
    # MyST leaves what stands in this directive as it is.
    return text.replace(NOTES, f"```{{raw}} html\n{part}\n```")
