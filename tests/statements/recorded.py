"""What statements about several chapters look up: recorded runs, and open trainings of 6 and 7."""

from functools import cache

import numpy as np
from test_statements import with_cells

from helpers import evaluation, tuning
from helpers.runs import claims

BASE = "Base CNN", "Base LSTM"
OPTIMISED = "Optimised CNN", "Optimised LSTM"
KINDS = [BASE, OPTIMISED, ("CNN, thesis's setting", "LSTM, thesis's setting")]
PARTS = "fold_test", "nsynth_test"


@cache
def protocol(seed=0):
    return tuning.protocol(claims.shipped(), seed=seed)


@cache
def accuracies(heard: bool = False):
    """In percent, by model, part and fold; `heard` keeps the test notes that training has heard."""
    scores = evaluation.score_table(protocol(), () if heard else claims.bundled().left_out)
    return 100 * scores.set_index(["model", "part", "fold"])["accuracy"].sort_index()


def mean(model, part):
    return accuracies()[model, part].mean()


def drop(model):
    return mean(model, "fold_test") - mean(model, "nsynth_test")


def gap(one, other, part):
    """By fold, in points; without the last bits in which equal accuracies differ."""
    return (accuracies()[one, part] - accuracies()[other, part]).round(6)


def led(part):
    lead = gap(*BASE, part)
    return lead.mean(), (lead > 0).sum(), len(lead)


@cache
def searches(epochs):
    return {n: tuning.read_search(claims.shipped(), n, epochs=epochs) for n in ("cnn", "lstm")}


def gains_of_tuning():
    """In points: of the LSTM on both tests, of the CNN on both tests."""
    return [
        gap(f"Optimised {m}", f"Base {m}", part).mean().round(6) + 0.0  # no minus before 0.0
        for m in ("LSTM", "CNN")
        for part in PARTS
    ]


FIT = "history = network.fit"
NETWORK = "network = keras.Seq"


@cache
def trained(page: str, where: str = "", *change: str) -> dict:
    """What the open training of a chapter leaves in the profile quick, one of its cells changed."""
    notes = {"06_cnn": "profile = profiles", "07_lstm": "experiment = training"}[page]
    steps = ("import keras", notes, NETWORK, "network.compile", FIT)
    return with_cells(
        page,
        *[(step, *(change if step == where else ())) for step in steps],
        given={"PROFILE": "quick", "DATA": "nsynth-mini", "SEED": 0, "RUNS": "unused"},
    )


def right_of_forty(c: dict, epoch: int = 10) -> int:
    assert len(c["fold"].validation) == 40
    return round(40 * c["history"]["val_accuracy"][epoch - 1])


def as_stated(stated: list, found: list) -> list:
    """The numbers of the page: on another machine a training ends otherwise, by a few notes."""
    assert np.abs(np.subtract(stated, found)).max() <= 3, found
    return stated
