"""What several commands ask of their options: refused in a sentence, before anything is loaded."""

import argparse
from pathlib import Path

from helpers import datasets
from helpers.runs import files


def at_least(lowest: int):
    """The type of an option that takes whole numbers from `lowest` on."""

    def number(text: str) -> int:
        if not text.removeprefix("-").isdecimal() or int(text[:9]) < lowest or len(text) > 9:
            raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number from {lowest} on")
        return int(text)

    return number


def seconds(text: str) -> float:
    """The type of an option that says how much of a note is heard."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number <= 4:
        raise argparse.ArgumentTypeError(f"{text!r}: expected more than 0 and at most 4")
    return number


def folder(text: str) -> Path:
    """The type of an option that names a folder, which need not be there yet."""
    try:
        return files.place(text, "the folder")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def data(text: str) -> str:
    """The type of an option that names a set of notes: a bundled one, "nsynth", or a path."""
    try:
        place = datasets.place(text)
        if text != "nsynth":
            datasets.check_place(place)
    except (ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text if text in (*datasets.BUNDLED, "nsynth") else str(place)
