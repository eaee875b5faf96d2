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
import io
import json
import multiprocessing
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    as_completed,
    wait,
)
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from helpers import datasets, features
from helpers.commands import options
from helpers.commands.nsynth import archives
from helpers.commands.nsynth.download import Download, DownloadError
from helpers.datasets import DatasetError
from helpers.notes import obey_interrupt, remembered_interrupts
from helpers.runs import files, stores

BLOCK = 16  # notes computed in one go
SHARD = 1024  # notes that are computed again, at most, after an interruption
SHAPES = {"mfcc": (features.N_FRAMES, 13), "mel": (features.N_FRAMES, 128)}
LOCK_MESSAGE = "another process is making this store: waiting for it"


def make(
    split: str,
    to: files.PathLike | None = None,
    source: archives.Archive | str | Path | None = None,
    per_family: int | None = None,
    seed: int = 0,
    kinds: Sequence[str] = ("mfcc",),
    *,
    executor: Executor | None = None,
    in_flight: int | None = None,
    download: Callable[..., io.RawIOBase] = Download,
    progress: bool = True,
) -> stores.StoredNotes:
    """Make the feature store of a split, or open it if it was made before.

    `split`: {"train", "valid", "test"}. `to`: the folder of stores; where `datasets.load("nsynth",
    split)` looks by default. `source` (Archive, str or path): instead of NSynth's own archive on
    the web: a URL, a `.tar`, a `.tar.gz` or a folder in NSynth's layout. `per_family`: keep this
    many notes of each family, drawn as `StoredNotes.sample(per_family, seed)` draws them from a
    store of all; without it all notes are kept. `kinds` (sequence of {"mfcc", "mel"}): MFCC takes
    6.6 kB a note, the mel spectrogram 65 kB. `executor`: what computes the features. Without it
    processes, one a core. `in_flight`: blocks of 16 notes (2 MB) given out at a time; twice the
    cores and two without it. `download`: opens a URL: `helpers.commands.nsynth.download.Download`
    or something like it. `progress`: whether to show a bar: bytes, notes, time left. Raises
    `DatasetError` if the archive is cut short or damaged, is not the one expected, or a note in it
    is not as NSynth has them; if a family has fewer notes than asked for; if another store stands
    there. What is finished stays in `.work` below `to`, and the next start goes on from it;
    `ValueError` if `kinds` are unknown, or `per_family` is less than 1; `FileNotFoundError` if
    there is nothing at a local `source`; `DownloadError` if the archive cannot be fetched.
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
    with files.locked(work / "lock", f"{final}: {LOCK_MESSAGE}"):
        if final.exists() and not (final / "store.json").exists():
            raise DatasetError(
                f"{final}: something other than a feature store stands here: give another folder"
            )
        if not final.exists():
            with _executor(executor) as executor:
                blocks = in_flight or 2 * _cores() + 2
                _build(info, final, work, source, executor, blocks, download, progress)
        stored = _as_asked(final, info)
        _clear(work)
    return stored


def _as_asked(final: Path, info: dict) -> stores.StoredNotes:
    stored = stores.StoredNotes.open(final)
    for key, asked in info.items():
        found: Any = stored.info.get(key)
        if found != asked and not (key == "kinds" and set(asked) <= set(found)):
            raise DatasetError(
                f"{final}: a store with {key} {found} stands here, {asked} asked for: "
                "give another folder, or delete this one"
            )
    return stored


def _build(
    info: dict,
    final: Path,
    work: Path,
    source: archives.Archive,
    executor: Executor,
    in_flight: int,
    download: Callable[..., io.RawIOBase],
    progress: bool,
) -> None:
    from tqdm import tqdm

    shards = _Shards(work, info)
    census = archives.Census(info["per_family"], info["seed"], str(source.place))
    pending: set[Future[np.ndarray]] = set()
    block: list[tuple[str, bytes]] = []

    def give_out() -> None:
        pending.add(executor.submit(compute, block, info["kinds"], census.origin))

    bar = tqdm(desc=final.name, unit="B", unit_scale=True, disable=not progress)
    try:
        with bar, archives.stream(source, info["split"], census, bar, download) as notes:
            for name, data in notes:
                obey_interrupt()
                if census.admits(name) and not shards.has(name, data):
                    block.append((name, data))
                if len(block) == BLOCK:
                    give_out()
                    block = []
                    bar.set_postfix(notes=census.count, refresh=False)
                if len(pending) == in_flight:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    for future in done:
                        shards.add(future.result())
            bar.set_postfix(notes=census.count)
        if block:
            give_out()
        for future in as_completed(pending):
            shards.add(future.result())
        shards.flush()
    finally:
        for future in pending:
            future.cancel()
    census.finish()
    draft = work / "draft"
    draft.mkdir()
    index = shards.merge(draft, info["kinds"], census.chosen)
    digests = {path.name: stores.file_digest(path) for path in sorted(draft.iterdir())}
    info = info | {"notes": len(index), "files": digests}
    info["checksum"] = stores.checksum(info)
    with files.named(draft / "store.json"):
        (draft / "store.json").write_text(json.dumps(info, indent=1) + "\n")
    os.rename(draft, final)


def compute(block: list[tuple[str, bytes]], kinds: Sequence[str], origin: str) -> np.ndarray:
    """Decode notes and compute what a store keeps of them.

    `block`: names and WAV or FLAC files. `kinds`: sequence of {"mfcc", "mel"}. `origin`: what to
    call their source in an error. Returns (len(block),), structured: the fields of `stores.INDEX`,
    and one float32 field for each of `kinds`. Raises `DatasetError` if a note is not as NSynth has
    them.
    """
    rows = np.zeros(len(block), dtype=_row(kinds))
    for row, (name, data) in zip(rows, block, strict=True):
        waveform = datasets.decode_note(data, f"{origin}: {name}")
        row["note"] = name.encode()
        row["file"] = np.frombuffer(hashlib.sha256(data).digest(), dtype="u1")
        row["audio"] = np.frombuffer(hashlib.sha256(waveform.data).digest(), dtype="u1")
        for kind in kinds:
            row[kind] = features.FEATURES[kind](waveform)
    return rows


def _row(kinds: Sequence[str]) -> np.dtype:
    fields = [(kind, "<f4", SHAPES[kind]) for kind in kinds]
    return np.dtype([*stores.INDEX.descr, *fields])


class _Shards:
    """Finished rows on disk, in files of up to SHARD rows that appear whole or not at all."""

    def __init__(self, folder: Path, info: dict):
        key = json.dumps([info["format"], info["kinds"], info["settings"]], sort_keys=True)
        self._pattern = hashlib.sha256(key.encode()).hexdigest()[:12] + "-{:06d}.npy"
        self._folder = folder
        self._rows, self._held = [], 0
        self._paths = sorted(folder.glob(self._pattern.replace("{:06d}", "*")))
        _clear(folder, but=self._paths)
        self._done = {}  # of the shards found: name -> SHA-256 of the file
        for path in list(self._paths):
            try:
                shard = files.load_array(path, mmap_mode="r")
            except (OSError, ValueError) as error:
                print(f"{path}: cannot be read ({error}); its notes are computed again")
                path.unlink()
                self._paths.remove(path)
                continue
            self._done.update((row["note"].decode(), row["file"].tobytes()) for row in shard)

    def has(self, name: str, data: bytes) -> bool:
        """Whether a shard of an earlier start holds this very file."""
        known = self._done.pop(name, None)
        return known is not None and known == hashlib.sha256(data).digest()

    def add(self, rows: np.ndarray) -> None:
        self._rows.append(rows)
        self._held += len(rows)
        if self._held >= SHARD:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            last = int(self._paths[-1].stem.rpartition("-")[2]) if self._paths else -1
            path = self._folder / self._pattern.format(last + 1)
            rows = np.concatenate(self._rows)
            files.save_array(path, rows)
            self._paths.append(path)
            self._rows, self._held = [], 0

    def merge(
        self, folder: Path, kinds: Sequence[str], chosen: Callable[[str], bool]
    ) -> np.ndarray:
        """Write the features of the `chosen` names, sorted by name; returns the index."""
        # Copied, for a mapped file stays open as long as anything of it is in use.
        found = [np.load(path, mmap_mode="r")["note"].copy() for path in self._paths]
        names = np.concatenate(found)
        numbers = np.repeat(np.arange(len(found)), [len(notes) for notes in found])
        rows = np.concatenate([np.arange(len(notes)) for notes in found])
        # Of two rows of a note, whose file has changed, the later one counts. A note that only
        # an earlier start saw is not in the archive any more.
        last = len(names) - 1 - np.unique(names[::-1], return_index=True)[1]
        keep = [i for i in last if (n := names[i].decode()) not in self._done and chosen(n)]
        numbers, rows = numbers[keep], rows[keep]
        index = np.zeros(len(keep), dtype=stores.INDEX)
        with ExitStack() as stack:
            opened = {
                kind: stack.enter_context(open(folder / f"{kind}.npy", "wb")) for kind in kinds
            }
            for kind, file in opened.items():
                shape = (len(keep), *SHAPES[kind])
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
            starts = {kind: file.tell() for kind, file in opened.items()}
            for number, path in enumerate(self._paths):
                positions = np.flatnonzero(numbers == number)
                shard = np.load(path, mmap_mode="r")[rows[positions]]
                for field in stores.INDEX.names:
                    index[field][positions] = shard[field]
                # Written and not mapped: a full disk is an error then, and no crash.
                for kind, file in opened.items():
                    for position, row in zip(positions, shard[kind], strict=True):
                        with files.named(file.name):
                            file.seek(starts[kind] + int(position) * row.nbytes)
                            file.write(row.tobytes())
        files.write_atomic(folder / "notes.npy", lambda file: file.write(_npy(index)))
        return index


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _clear(folder: Path, but: Collection[Path] = ()) -> None:
    """Delete what is in a folder of work, except its lock and the files `but`."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock" and path not in but:
            path.unlink()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _executor(given: Executor | None, workers: int | None = None) -> Iterator[Executor]:
    if given is not None:
        yield given
        return
    # Processes, since threads wait for each other in NumPy's many small steps; started afresh,
    # since a copy of a process in which TensorFlow runs may hang.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers or _cores(), context, _end_with_parent)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


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
    parser.add_argument("--workers", type=options.jobs, help="processes (default: one a core)")
    args = parser.parse_args(arguments)
    if args.checksum and len(args.splits) > 1:
        parser.error("--checksum is of one archive: give one split at a time")
    kinds = ("mfcc", "mel") if args.mel else ("mfcc",)
    try:
        with remembered_interrupts(), _executor(None, args.workers) as executor:
            for split in args.splits:
                place = _within(args.source, split)
                source = archives.ARCHIVES[split] if place is None else archives.Archive(place)
                source = replace(source, checksum=args.checksum or source.checksum)
                per_family = args.per_family if split == "train" else None
                stored = make(
                    split, args.to, source, per_family, args.seed, kinds, executor=executor,
                    in_flight=2 * (args.workers or _cores()) + 2,
                )  # fmt: skip
                print(stored)
    except (DatasetError, DownloadError, OSError, BrokenExecutor) as error:
        sys.exit(f"error: {error}\nWhat is finished is kept: the same command goes on from it.")
    except KeyboardInterrupt:
        sys.exit("interrupted: the same command goes on from what is finished")
