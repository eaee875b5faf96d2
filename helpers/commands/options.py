"""What several commands ask of their options: refused in a sentence, before anything is loaded."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from helpers import datasets
from helpers.runs import files


def at_least(lowest: int, most: int | None = None) -> Callable[[str], int]:
    """The type of an option that takes whole numbers from `lowest` on, or from there to `most`."""

    def number(text: str) -> int:
        # int() takes its time over thousands of digits, and more than nine are never meant.
        fits = text.removeprefix("-").isdecimal() and len(text) <= 9
        if not fits or not lowest <= int(text) <= (int(text) if most is None else most):
            end = "on" if most is None else f"to {most}"
            raise argparse.ArgumentTypeError(
                f"{text[:40]!r}: expected a whole number from {lowest} {end}"
            )
        return int(text)

    return number


jobs = at_least(1, 256)  # more at once than any one machine's processors is a slip


def more_than_zero(most: float = 100_000) -> Callable[[str], float]:
    """The type of an option that takes numbers above 0 and at most `most`."""

    def number(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 < number <= most:
            raise argparse.ArgumentTypeError(
                f"{text[:40]!r}: expected more than 0 and at most {most:g}"
            )
        return number

    return number


def checksum(text: str) -> str:
    """The type of an option that takes a digest, after the name of its algorithm."""
    if not re.fullmatch("md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", text.lower()):
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: expected md5: or sha256:, and its digits")
    return text.lower()


def folder(text: str) -> Path:
    """The type of an option that names a folder, which need not be there yet."""
    try:
        return files.place(text, "the folder")
    except (ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def existing(text: str) -> Path:
    """The type of an option that names a file or folder that is there."""
    try:
        path = files.absolute(text, "the path")
        if text.strip() and path.exists():
            return path
    except (ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    raise argparse.ArgumentTypeError(f"{text!r}: there is no such file or folder")


def data(text: str) -> str:
    """The type of an option that names a set of notes: a bundled one, "nsynth", or a path."""
    try:
        place = datasets.place(text)
        if text != "nsynth":
            datasets.check_place(place)
    except (ValueError, OSError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text if text in (*datasets.BUNDLED, "nsynth") else str(place)
