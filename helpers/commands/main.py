"""The command `instruments`: what readers run, one subcommand a job."""

import argparse
import importlib

COMMANDS = {
    "train": ("helpers.commands.train", "train the runs of a profile, or go on with them"),
    "collect": (
        "helpers.commands.collect",
        "put the runs of a class or of several machines together",
    ),
    "hear": ("helpers.commands.hear", "name the instruments in sounds of your own"),
    "study": ("helpers.commands.study", "run the study that answers the book's question"),
    "import": ("helpers.commands.import_sounds", "make a set of notes of a folder of sounds"),
    "nsynth": ("helpers.commands.nsynth.stream", "stream the full NSynth into features on disk"),
}


def main(arguments: list[str] | None = None) -> int | None:
    """Hand the arguments after the subcommand to its module; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="instruments",
        description="The commands of the book 'CNN or LSTM? Hearing instruments'.",
        epilog="`instruments train --help` lists the options of train, and so on.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    for name, (_, what) in COMMANDS.items():
        commands.add_parser(name, help=what, add_help=False)
    options, rest = parser.parse_known_args(arguments)
    # Only the module that is asked for is loaded.
    return importlib.import_module(COMMANDS[options.command][0]).main(rest)
