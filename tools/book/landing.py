"""The page that a reader sees first: `book/index.md`, filled in when the book is built.

Its six notes and what two networks said of them come from the records below. Another test, or other
networks, are other values here.
"""

import numpy as np

from helpers import datasets, tuning
from helpers.datasets import FAMILIES
from helpers.runs import interactive, records
from tools.common import BookError

NOTES = "<!-- six notes -->"
DATA = "nsynth-mini"
PART = "nsynth_test"
PLAYERS = {"CNN": "Base CNN", "LSTM": "Base LSTM"}  # by their names in `tuning.protocol`
COUNT = 6


def new_notes() -> list[str]:
    """The names of the test notes whose recording is new to the networks."""
    train, test = (datasets.load(DATA, split) for split in ("train", "test"))
    return test.table["note"][datasets.new_to(train, test)].tolist()


def answers(notes: list[str]) -> dict[str, list[str]]:
    """What each network said of these notes, by its name; of folds, the first."""
    recorded = tuning.protocol(records.read_all(records.SHIPPED))
    found = {}
    for player, model in PLAYERS.items():
        if model not in recorded:
            raise BookError(f"book/index.md needs the recorded runs of {model}: `make records`")
        predicted = recorded[model][0].predictions[PART]
        said = predicted["probabilities"].argmax(axis=1)
        of = dict(zip(predicted["notes"].tolist(), said.tolist(), strict=True))
        found[player] = [FAMILIES[of[note]] for note in notes]
    return found


def drawn(notes: list[str], count: int = COUNT, seed: int = 0) -> list[str]:
    """`count` notes drawn by chance, no two of one family, in an order drawn as well."""
    families = np.array([datasets.parse_note(note)["family"] for note in notes])
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(np.unique(families))[:count]
    return [notes[rng.choice(np.flatnonzero(families == family))] for family in chosen]


def fill(text: str) -> str:
    """Put the six notes, and what the networks said of them, into the text of `book/index.md`."""
    notes = drawn(new_notes())
    test = datasets.load(DATA, "test")
    row = {name: i for i, name in enumerate(test.table["note"])}
    data = {
        "families": list(FAMILIES),
        "notes": [datasets.parse_note(note)["family"] for note in notes],
        "players": answers(notes),
    }
    sounds = {str(i): test.waveform(row[note]) for i, note in enumerate(notes)}
    part = interactive.html("guess", data, sounds)
    # MyST leaves what stands in this directive as it is.
    return text.replace(NOTES, f"```{{raw}} html\n{part}\n```")
