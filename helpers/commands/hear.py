"""What the shipped models make of sounds of your own: `instruments hear note.wav more.mp3 folder/`.

Each file is read, whatever libsndfile reads, cut into its notes, and every note is named by every
model. Beside their answers stands the nearest note that they were trained on, and a warning where
none is near: then an answer says little, however sure it looks. Chapter 13 shows each step.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from helpers import hearing, sounds
from helpers.commands.import_sounds import sounds_below
from helpers.commands.options import existing
from helpers.notes import DatasetError
from helpers.runs import shipped


def found(paths: list[Path]) -> list[Path]:
    """The sounds among files and folders; what is passed over is said beside the answers."""
    chosen = []
    for path in paths:
        heard = sounds_below(path, sys.stderr) if path.is_dir() else [path]
        if not heard:
            known = ", ".join(sorted(sounds.SUFFIXES))
            print(f"{path}: holds no sounds, expected {known}", file=sys.stderr)
        chosen += heard
    return chosen


def hear(path: Path, which: list[str] | None, first: bool) -> dict:
    """What is heard in a file, or why nothing is; see `hearing.hear`."""
    try:
        recording = sounds.prepare(*sounds.read(path))
    except (DatasetError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return {"file": str(path), "error": str(reason).removeprefix(f"{path.name}: ")}
    if first and len(recording.notes) > 1:
        del recording.notes[1:], recording.times[1:]
        recording.steps.append("only the first is heard")
    heard = hearing.hear(recording, which)
    return {"file": str(path), "steps": recording.steps, "notes": heard}


def show(result: dict) -> str:
    """A file's answers as lines of text."""
    if "error" in result:
        return f"{result['file']}: not heard: {result['error']}"
    lines = [f"{result['file']}: {'; '.join(result['steps']) or 'taken as it is'}"]
    for note in result["notes"]:
        answers = [
            f"{name} {answer['family']} {100 * answer['probability']:.0f} %"
            for name, answer in note["models"].items()
        ]
        lines.append(
            f"  {note['begins']:6.2f} to {note['ends']:5.2f} s  {'   '.join(answers)}   "
            f"nearest: {note['nearest']['note']}"
        )
        if note["unlike"]:
            lines.append(
                f"{'':19}unlike the training notes (distance {note['nearest']['distance']:.2f}): "
                "trust no answer"
            )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="instruments hear",
        description="Name the instrument family of each note in recordings of your own.",
    )
    parser.add_argument(
        "paths", nargs="+", type=existing, metavar="path", help="sounds, or folders of them"
    )
    parser.add_argument("--json", action="store_true", help="print JSON in place of text")
    parser.add_argument("--first", action="store_true", help="only the first note of each file")
    parser.add_argument(
        "--models", nargs="+", metavar="NAME", choices=shipped.names(),
        help=f"only these of {', '.join(shipped.names())}",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    results = []
    try:
        for path in found(options.paths):
            results.append(hear(path, options.models, options.first))
            if not options.json:
                print(show(results[-1]), flush=True)
    except shipped.ModelError as error:
        sys.exit(f"error: {error}")
    if options.json:
        print(json.dumps(results, indent=1))
    return int(not any("notes" in result for result in results))
