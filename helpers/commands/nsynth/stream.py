"""The full NSynth, from its archives on the web to features on disk: `instruments nsynth`.

The archive of the training split has 22 GiB, its audio 36.5 GiB. Neither ever stands on the disk:
the archive is decompressed while it arrives, each note is decoded in memory, and what stays is its
MFCC, its name and two digests, 6.6 kB. A store depends on nothing but the notes and what was asked
for: the same notes give the same bytes, wherever they come from and however often the work was
interrupted.

`nsynth-<split>/` in the folder of stores holds `store.json` (what was asked for, settings of the
features), `notes.npy` (names, sorted, and SHA-256 of each file and its samples), and `mfcc.npy`,
`mel.npy` or both. `helpers.datasets.load("nsynth", split)` opens it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from helpers import datasets, features
from helpers.commands import options
from helpers.commands.nsynth import archives
from helpers.commands.nsynth.download import DownloadError
from helpers.datasets import DatasetError
from helpers.notes import obey_interrupt, remembered_interrupts
from helpers.runs import cache, files, stores

BLOCK = 16  # notes computed in one go
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
SHAPES = {"mfcc": (features.N_FRAMES, 13), "mel": (features.N_FRAMES, 128)}


def make(
    split: str,
    to: files.PathLike | None = None,
    source: archives.Archive | str | Path | None = None,
    per_family: int | None = None,
    seed: int = 0,
    kinds: Sequence[str] = ("mfcc",),
    *,
    executor: Executor,
    in_flight: int = 2 * CORES + 2,
    progress: bool = True,
) -> stores.StoredNotes:
    """Make the feature store of a split, or open it if it was made before.

    `split`: {"train", "valid", "test"}. `to`: the folder of stores; where `datasets.load("nsynth",
    split)` looks by default. `source` (Archive, str or path): instead of NSynth's own archive on
    the web: a URL, a `.tar`, a `.tar.gz` or a folder in NSynth's layout. `per_family`: keep this
    many notes of each family, drawn as `StoredNotes.sample(per_family, seed)` draws them from a
    store of all; without it all notes are kept. `kinds` (sequence of {"mfcc", "mel"}): MFCC takes
    6.6 kB a note, the mel spectrogram 65 kB. `executor`: what computes the features. `in_flight`:
    blocks of 16 notes (2 MB) given out at a time. `progress`: whether to show a bar: bytes, notes,
    time left. Raises `DatasetError` if the archive is cut short or damaged, is not the one
    expected, or a note in it is not as NSynth has them; if a family has fewer notes than asked for;
    if another store stands there. What is finished stays in `.work` below `to`, and the next start
    goes on from it; `ValueError` if `kinds` are unknown, or `per_family` is less than 1;
    `FileNotFoundError` if there is nothing at a local `source`; `DownloadError` if the archive
    cannot be fetched.
    """
    if split not in datasets.SPLITS:
        raise DatasetError(f"unknown split {split!r}: choose one of {', '.join(datasets.SPLITS)}")
    if strange := set(kinds) - set(SHAPES):
        raise ValueError(f"unknown features {strange}: choose of {', '.join(SHAPES)}")
    if per_family is not None and per_family < 1:
        raise ValueError(f"per_family is {per_family}: expected 1 or more, or None for all notes")
    root = stores.place() if to is None else files.place(to, "the folder of stores")
    files.writable(root)
    source = archives.ARCHIVES[split] if source is None else source
    source = source if isinstance(source, archives.Archive) else archives.Archive(source)
    info = {
        "format": stores.FORMAT,
        "split": split,
        "per_family": per_family,
        "seed": seed if per_family else None,
        "kinds": sorted(kinds),
        "settings": features.SETTINGS,
    }
    final, work = root / f"nsynth-{split}", root / ".work" / f"nsynth-{split}"
    work.mkdir(parents=True, exist_ok=True)
    message = f"{final}: another process is making this store: waiting for it"
    with files.locked(work / "lock", message):
        if final.exists() and not (final / "store.json").exists():
            raise DatasetError(
                f"{final}: something other than a feature store stands here: give another folder"
            )
        if not final.exists():
            _build(info, final, work, source, executor, in_flight, progress)
        stored = stores.StoredNotes.open(final)
        for key, asked in info.items():
            found = stored.info[key]
            if found != asked and not (key == "kinds" and set(kinds) <= set(found)):
                raise DatasetError(
                    f"{final}: a store with {key} {found} stands here, {asked} asked for: "
                    "give another folder, or delete this one"
                )
        _clear(work)
    return stored


def _build(
    info: dict,
    final: Path,
    work: Path,
    source: archives.Archive,
    executor: Executor,
    in_flight: int,
    progress: bool,
) -> None:
    from tqdm import tqdm

    kinds, split = info["kinds"], info["split"]
    key = json.dumps([info["format"], kinds, info["settings"]], sort_keys=True)
    path = work / (hashlib.sha256(key.encode()).hexdigest()[:12] + ".rows")
    _clear(work, but=path)
    rows = _Rows(path, kinds)
    census = archives.Census(split, info["per_family"], info["seed"], str(source.place))

    def missing(notes: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        for name, data in notes:
            obey_interrupt()
            if census.admits(name) and not rows.has(name, data):
                yield name, data

    computing = partial(compute, kinds=kinds, origin=census.origin)
    bar = tqdm(desc=final.name, unit="B", unit_scale=True, disable=not progress)
    with bar, archives.stream(source, census, bar) as notes:
        to_do = missing(notes)
        blocks = iter(lambda: list(islice(to_do, BLOCK)), [])
        for computed in cache.mapped(computing, blocks, executor, in_flight):
            rows.add(computed)
            bar.set_postfix(notes=len(census.audio), refresh=False)
        bar.set_postfix(notes=len(census.audio))
    census.finish()
    draft = work / "draft"
    draft.mkdir()
    count = rows.write(draft, census.chosen)
    digests = {path.name: stores.file_digest(path) for path in sorted(draft.iterdir())}
    info = info | {"notes": count, "files": digests}
    info["checksum"] = stores.checksum(info)
    with files.named(draft / "store.json"):
        (draft / "store.json").write_text(json.dumps(info, indent=1) + "\n")
    os.rename(draft, final)


def compute(block: list[tuple[str, bytes]], kinds: Sequence[str], origin: str) -> np.ndarray:
    """Decode notes and compute what a store keeps of them.

    `block`: names and WAV or FLAC files. `kinds`: sequence of {"mfcc", "mel"}. `origin`: what to
    call their source in an error. Returns (len(block),), structured: `check`, SHA-256 of the rest,
    `notes`, the fields of `stores.INDEX`, and one float32 field for each of `kinds`. Raises
    `DatasetError` if a note is not as NSynth has them.
    """
    rows = np.zeros(len(block), dtype=_row(kinds))
    for row, (name, data) in zip(rows, block, strict=True):
        waveform = datasets.decode_note(data, f"{origin}: {name}")
        row["notes"] = (name.encode(), _digest(data), _digest(waveform.data))
        for kind in kinds:
            row[kind] = features.FEATURES[kind](waveform)
        row["check"] = _digest(row.tobytes()[32:])
    return rows


def _row(kinds: Sequence[str]) -> np.dtype:
    fields = [(kind, "<f4", SHAPES[kind]) for kind in kinds]
    return np.dtype([("check", "u1", 32), ("notes", stores.INDEX), *fields])


def _digest(data: bytes | memoryview) -> np.ndarray:
    return np.frombuffer(hashlib.sha256(data).digest(), dtype="u1")


class _Rows:
    """Computed rows in a file that only grows: of an earlier start those count that are whole."""

    def __init__(self, path: Path, kinds: Sequence[str]):
        self._path, self._dtype, self._count = path, _row(kinds), 0
        self._at: dict[str, int] = {}  # which row is a note's
        self._earlier = {}  # of rows found: name -> row, SHA-256 of the note's file
        size, damaged = self._dtype.itemsize, 0
        with open(path, "a+b") as file:
            file.seek(0)
            while len(data := file.read(size)) == size:
                row = np.frombuffer(data, self._dtype)[0]
                if np.array_equal(row["check"], _digest(data[32:])):
                    note = row["notes"]
                    self._earlier[note["note"].decode()] = self._count, note["file"].tobytes()
                else:
                    damaged += 1
                self._count += 1
            file.truncate(self._count * size)
        if damaged:
            print(f"{path}: {damaged} notes in it are damaged; they are computed again")

    def has(self, name: str, data: bytes) -> bool:
        """Whether an earlier start left the row of this very file."""
        at, known = self._earlier.get(name, (0, b""))
        if known == hashlib.sha256(data).digest():
            self._at[name] = at
        return name in self._at

    def add(self, rows: np.ndarray) -> None:
        with files.named(self._path), open(self._path, "ab") as file:
            file.write(rows.tobytes())
        for name in rows["notes"]["note"]:
            self._at[name.decode()] = self._count
            self._count += 1

    def write(self, folder: Path, chosen: Callable[[str], bool]) -> int:
        """Write the `chosen` notes, sorted by name, a file for each field; returns their number."""
        names = sorted(filter(chosen, self._at))
        for field, (dtype, offset, *_) in (self._dtype.fields or {}).items():
            if field == "check":
                continue
            path = folder / f"{field}.npy"
            # Written and not mapped: a full disk is an error then, and no crash.
            with files.named(path), open(path, "wb") as out, open(self._path, "rb") as file:
                header = {
                    "descr": np.lib.format.dtype_to_descr(dtype.base),
                    "fortran_order": False,
                    "shape": (len(names), *dtype.shape),
                }
                np.lib.format.write_array_header_1_0(out, header)
                for name in names:
                    file.seek(self._at[name] * self._dtype.itemsize + offset)
                    out.write(file.read(dtype.itemsize))
        return len(names)


def _clear(folder: Path, but: Path | None = None) -> None:
    """Delete what is in a folder of work, except its lock and the file `but`."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock" and path != but:
            path.unlink()


def _processes(workers: int) -> ProcessPoolExecutor:
    # Processes, since threads wait for each other in NumPy's many small steps; started afresh,
    # since a copy of a process in which TensorFlow runs may hang.
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _end_with_parent)


def _end_with_parent() -> None:
    # A worker waits for work for ever, also where the process that gave it was killed.
    def wait() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to handle
    threading.Thread(target=wait, daemon=True).start()


def _within(source: str | None, split: str) -> str | None:
    """What `--source` means for a split: it may name the folder or site of several archives."""
    if source is None or source.endswith((".tar", ".tar.gz", ".tgz")):
        return source
    name = archives.NAME.format(split)
    if re.match("https?://", source):
        return f"{source.rstrip('/')}/{name}"
    return str(Path(source) / name) if (Path(source) / name).exists() else source


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="instruments nsynth",
        description="Turn NSynth's archives into features, without keeping archives or audio.",
    )
    parser.add_argument("splits", nargs="+", choices=datasets.SPLITS, metavar="train|valid|test")
    parser.add_argument(
        "--to", type=options.folder, help=f"the folder of stores (default: {stores.place()})"
    )
    parser.add_argument(
        "--source", help="a URL, archive or folder instead of NSynth's own place on the web"
    )
    parser.add_argument(
        "--per-family", type=options.at_least(1), metavar="N",
        help="of train, keep N notes of each family",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=options.at_least(0), default=0, help="draws those notes (default: 0)"
    )
    parser.add_argument(
        "--checksum", type=options.checksum, metavar="sha256:HEX",
        help="that the archive has to have; the command prints it of one without",
    )  # fmt: skip
    parser.add_argument("--mel", action="store_true", help="keep the mel spectrograms as well")
    parser.add_argument(
        "--workers", type=options.jobs, default=CORES, help="processes (default: one a core)"
    )
    args = parser.parse_args(arguments)
    if args.checksum and len(args.splits) > 1:
        parser.error("--checksum is of one archive: give one split at a time")
    kinds = ("mfcc", "mel") if args.mel else ("mfcc",)
    try:
        with remembered_interrupts(), _processes(args.workers) as executor:
            for split in args.splits:
                place = _within(args.source, split)
                source = archives.ARCHIVES[split] if place is None else archives.Archive(place)
                source = replace(source, checksum=args.checksum or source.checksum)
                per_family = args.per_family if split == "train" else None
                stored = make(
                    split, args.to, source, per_family, args.seed, kinds, executor=executor,
                    in_flight=2 * args.workers + 2,
                )  # fmt: skip
                print(stored)
    except (DatasetError, DownloadError, OSError, BrokenExecutor) as error:
        sys.exit(f"error: {error}\nWhat is finished is kept: the same command goes on from it.")
    except KeyboardInterrupt:
        sys.exit("interrupted: the same command goes on from what is finished")
