"""Pool the runs of a class: `instruments collect INTO FROM... --profile quick`.

FROM are folders and zip files as students hand them in; records are looked for at any depth, in
zip files that lie in folders as well. A record is copied into INTO if it is whole, is a run of the
profile on the same notes, and answers for the notes of its fold. Whatever else is found is
refused by name, with the reason, and stops nothing. INTO's own records are never overwritten.

A zip file is not unpacked to where it says: the three files of each record are read, up to a
limit. What is checked is damage and mix-ups. A record that somebody makes up with care passes.
"""

import argparse
import os
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np

from helpers import profiles
from helpers.commands import options
from helpers.notes import hidden
from helpers.runs import records, training
from helpers.runs.files import PathLike

LIMIT = 32 * 2**20  # bytes of a file of a record, unpacked; those of the thesis's runs are smaller
OTHER_ARCHIVES = (".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz")
NAME = re.compile(r"(?:cnn|lstm)-fold\d+-seed\d+-[0-9a-f]{12}")
ALL_FILES = ("record.json", *records.FILES)
VERDICTS = {"taken": "taken", "copy": "copies", "repeat": "repeats", "refused": "refused"}


@dataclass(frozen=True)
class Outcome:
    """What became of one record, or of a source without any.

    `source`: the folder or zip file that was handed in. `verdict` ({"taken", "copy", "repeat",
    "refused"}): a copy is the same, file by file, as a record of the pool; a repeat is another
    training of the same run. Neither is taken. `record`: where in the source it lies; empty for a
    source without records.
    """

    source: str
    verdict: str
    reason: str = ""
    record: str = ""


def found_in(source: Path) -> dict[PurePosixPath, dict]:
    """Return each folder in a folder or zip file that is or claims to be a record.

    With it, its files by name: for each a function that opens it. Raises `zipfile.BadZipFile` for
    a zip file that is none.
    """
    files: list[tuple[PurePosixPath, Callable]]
    if source.is_dir():
        root = PurePosixPath(source.resolve().name)
        files = [
            (root / path.relative_to(source).as_posix(), partial(path.open, "rb"))
            for path in sorted(source.rglob("*"))
            if path.is_file() and not path.is_symlink()
        ]
    else:
        archive = zipfile.ZipFile(source)
        files = [
            (PurePosixPath(info.filename.replace("\\", "/")), partial(archive.open, info))
            for info in archive.infolist()
            if not info.is_dir()
        ]
    folders = defaultdict(dict)
    for path, opened in files:
        if not hidden(path):
            folders[path.parent][path.name] = opened
    return {
        folder: inside
        for folder, inside in folders.items()
        if "record.json" in inside or NAME.fullmatch(folder.name)
    }


@lru_cache
def _experiment(profile: str, data: str, split: str) -> training.Experiment:
    return training.Experiment(profile, data, records.SHIPPED, split=split)


def check(record: records.Record, profile_name: str, data: str) -> None:
    """Raise ValueError unless the record is a run of the profile and answers for its own notes."""
    config = record.config
    fold, epochs = config["split"]["fold"], config["epochs"]
    experiment = _experiment(profile_name, data, config["split"]["kind"])
    profile = experiment.profile
    epochs = epochs if epochs == profile.tuning_epochs else profile.epochs
    start = config.get("start", config["seed"])  # older runs have none of their own
    asked = config["model"], config["hyperparameters"], fold, config["seed"], epochs
    wanted = experiment.config(*asked, start=start)
    keys = [key for key in wanted | config if wanted.get(key) != config.get(key)]
    if keys:
        raise ValueError(f"not a run of the profile {profile.name}, differs in {', '.join(keys)}")
    if not 1 <= fold <= experiment.n_folds:
        raise ValueError(f"fold {fold}, where the profile has 1 to {experiment.n_folds}")
    own = experiment.notes.select(experiment.folds[fold - 1].test)
    for name, notes in {"fold_test": own, "nsynth_test": experiment.test_notes}.items():
        said = record.predictions[name]
        if not (
            np.array_equal(said["notes"], notes.table["note"].to_numpy(dtype=str))
            and np.array_equal(said["labels"], notes.labels)
            and said["probabilities"].shape == (len(notes), 10)
            and np.isfinite(said["probabilities"]).all()
        ):
            raise ValueError(f"its answers ({name}) are not ten probabilities for each note asked")


def read(file: str, files: dict) -> bytes:
    """Return a file of a record; raise ValueError if it is larger than one can be."""
    with files[file]() as opened:
        data = opened.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise ValueError(f"{file} is larger than {LIMIT // 2**20} MiB")
    return data


def take(name: str, files: dict, into: Path, profile: str, data: str) -> bool:
    """Copy one record into the pool; False if one of its name is there. Raises what is wrong."""
    if not NAME.fullmatch(name):
        raise ValueError(f"its folder is called {name!r}, and a record's folder keeps its name")
    with TemporaryDirectory(dir=into, prefix=".pool-") as drafts:
        draft = Path(drafts) / name
        draft.mkdir()
        for file in {*ALL_FILES} & {*files}:
            (draft / file).write_bytes(read(file, files))
        arrays = draft / "predictions.npz"
        if zipfile.is_zipfile(arrays):
            with zipfile.ZipFile(arrays) as opened:
                if sum(info.file_size for info in opened.infolist()) > LIMIT:
                    raise ValueError(f"{arrays.name} unpacks to more than {LIMIT // 2**20} MiB")
        try:
            check(records.read(draft), profile, data)
        except records.RecordError as error:
            reason = str(error).removeprefix(f"{draft}: ").partition("; delete")[0]
            raise ValueError(reason) from error
        if (into / name).is_dir():
            return False
        os.rename(draft, into / name)
    return True


def pool(
    into: PathLike, sources: Iterable[PathLike], profile: str, data: str = "nsynth-mini"
) -> list[Outcome]:
    """Copy the records of `sources` into the folder `into` (see the module).

    `into`: the class's records; made if it is not there. `sources`: folders and zip files.
    `profile`, `data`: what the runs were made with, as in `helpers.runs.training.Experiment`.
    """
    into = Path(into)
    into.mkdir(parents=True, exist_ok=True)
    outcomes, givers = [], {}

    def pooled(place: Path, folder: PurePosixPath, files: dict) -> tuple[str, str]:
        try:
            if take(folder.name, files, into, profile, data):
                givers[folder.name] = place
                return "taken", ""
            there = (into / folder.name / "record.json").read_bytes()
            giver = givers.get(folder.name, "the pool")
            if read("record.json", files) == there:
                return "copy", f"the same as in {giver}"
            return "repeat", f"another training of a run in {giver}, which stays"
        except Exception as error:  # what is handed in may be anything
            kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
            return "refused", f"{kind}{error}"

    for source in map(Path, sources):
        inside = sorted(source.rglob("*")) if source.is_dir() else []
        inside = [path for path in inside if not hidden(path.relative_to(source))]
        inner = [path for path in inside if path.suffix.lower() == ".zip"]
        for path in inside:
            if path.suffix.lower() in OTHER_ARCHIVES:
                reason = "is no zip file: unpack it, or hand in a zip file"
                outcomes.append(Outcome(str(path), "refused", reason))
            elif path.is_symlink() and not path.is_file():
                outcomes.append(Outcome(str(path), "refused", "is a link, and is not followed"))
        for place in [source, *inner]:
            try:
                found = found_in(place)
            except (OSError, zipfile.BadZipFile) as error:
                outcomes.append(Outcome(str(place), "refused", f"cannot be opened ({error})"))
                continue
            if not found and not (place == source and inner):
                outcomes.append(Outcome(str(place), "refused", "there is no record in it"))
            for folder, files in found.items():
                outcome = pooled(place, folder, files)
                outcomes.append(Outcome(str(place), *outcome, str(folder)))
    return outcomes


def report(outcomes: list[Outcome]) -> str:
    """One line for each record; copies, of which a class has many, a line for each source."""
    lines = Counter()
    for outcome in outcomes:
        record = "" if outcome.verdict == "copy" else outcome.record
        lines[outcome.source, outcome.verdict, record, outcome.reason] += 1
    text = [
        f"{verdict:<8} {': '.join(filter(None, (source, record, reason)))}"
        + f" ({n} records)" * (n > 1)
        for (source, verdict, record, reason), n in lines.items()
    ]
    counts = Counter(outcome.verdict for outcome in outcomes)
    text.append(", ".join(f"{counts[verdict]} {word}" for verdict, word in VERDICTS.items()))
    # Names in what is handed in may hold anything, a terminal's commands as well.
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in text)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0, 1 (something was refused) or 2 (no such source)."""
    parser = argparse.ArgumentParser(
        prog="instruments collect", description=(__doc__ or "").partition("\n")[0]
    )
    add = parser.add_argument
    add("into", type=options.folder, help="the folder of the class's records")
    add("sources", nargs="+", type=options.existing, metavar="from", help="folders, zip files")
    add("--profile", default="quick", choices=list(profiles.PROFILES))
    add("--data", default="nsynth-mini", type=options.data, help="a set in NSynth's layout")
    args = parser.parse_args(arguments)
    outcomes = pool(args.into, args.sources, args.profile, args.data)
    print(report(outcomes))
    return int(any(outcome.verdict == "refused" for outcome in outcomes))
