"""What a run is, on disk: one model, one fold, one seed, one configuration.

A record is a folder `<model>-fold<k>-seed<s>-<hash>` of three files: `record.json` (the full
configuration and its hash, versions, backend, device, seconds, metrics), `history.csv` (one row
an epoch) and `predictions.npz` (note names, labels and probabilities; no pickles). It appears
whole or not at all, and what is read back is checked. Every result of the book is computed from
records; TensorFlow is not needed to read them. Shown in chapter 6.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from helpers.runs.files import PathLike

FORMAT = 1
FILES = ("history.csv", "predictions.npz")
# The runs that the book shows, made with the profile `mini`.
SHIPPED = Path(__file__).resolve().parents[2] / "book" / "records"
HISTORY = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")


class RecordError(ValueError):
    """A record is incomplete, changed by hand, unreadable, or of another configuration."""


def config_hash(config: dict) -> str:
    """The first 12 hexadecimal digits of SHA-256 over a configuration's canonical JSON.

    Shown in chapter 6, "Why runs are recorded".
    """
    return hashlib.sha256(_canonical(config).encode()).hexdigest()[:12]


def record_name(config: dict) -> str:
    """The folder name of the run with this configuration."""
    fold, seed = config["split"]["fold"], config["seed"]
    return f"{config['model']}-fold{fold}-seed{seed}-{config_hash(config)}"


@dataclass(frozen=True)
class Record:
    """A finished run.

    `info`: what `record.json` holds: config, versions, backend, device, seconds, metrics, ...
    `history`: columns epoch (from 1), loss, accuracy, val_loss, val_accuracy; clean_accuracy and
    clean_loss where the training notes were measured with dropout off, too. `predictions` (dict of
    str -> dict): for each part that was predicted ("fold_test", "nsynth_test"): `notes` (n,) str,
    `labels` (n,) int64 and `probabilities` (n, 10) float32.
    """

    info: dict
    history: pd.DataFrame
    predictions: dict

    @property
    def config(self) -> dict:
        return self.info["config"]

    @property
    def fold(self) -> int:
        """The fold's number, from 1."""
        return self.config["split"]["fold"]

    @property
    def seconds(self) -> float:
        return self.info["seconds"]


def write(folder: PathLike, info: dict, history: pd.DataFrame, predictions: dict) -> Path:
    """Write a record into `folder`, whole or not at all, and return its path.

    Where two processes finish the same run, the first record stays.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / record_name(info["config"])
    draft = Path(tempfile.mkdtemp(dir=folder, prefix=f".{final.name}."))
    try:
        history.to_csv(draft / "history.csv", index=False)
        arrays = {f"{part}_{key}": v for part, p in predictions.items() for key, v in p.items()}
        np.savez_compressed(draft / "predictions.npz", **arrays)
        info = {"format": FORMAT, "hash": config_hash(info["config"])} | info
        info["files"] = {name: _sha256(draft / name) for name in FILES}
        info["checksum"] = _checksum(info)
        (draft / "record.json").write_text(json.dumps(info, indent=1) + "\n")
        draft.chmod(0o755)
        try:
            os.rename(draft, final)
        except OSError:
            if not final.is_dir():
                raise
        return final
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def read(path: PathLike) -> Record:
    """Read one record and check it.

    Raises `RecordError` if a file is missing or unreadable, or does not match its checksum, or the
    folder's name does not match its configuration. The message names the record and says what to
    do.
    """
    path = Path(path)

    def refuse(reason: str) -> RecordError:
        return RecordError(f"{path}: {reason}; delete or move the folder to train this run again")

    if missing := [name for name in ("record.json", *FILES) if not (path / name).is_file()]:
        raise refuse(f"incomplete, {' and '.join(missing)} missing")
    try:
        info = json.loads((path / "record.json").read_text())
        if info["format"] != FORMAT:
            raise refuse(f"of format {info['format']}, expected {FORMAT}")
        if info["checksum"] != _checksum(info):
            raise refuse("record.json was changed after it was written")
        for name in FILES:
            if info["files"][name] != _sha256(path / name):
                unix = (path / name).read_bytes().replace(b"\r\n", b"\n")
                if info["files"][name] == hashlib.sha256(unix).hexdigest():
                    raise RecordError(
                        f"{path}: git changed the line ends of {name} (core.autocrlf): set `git "
                        "config core.autocrlf false` and check the files out again (`git rm -rq "
                        "--cached . && git reset -q --hard`)"
                    )
                raise refuse(f"{name} was changed after it was written")
        if path.name != record_name(info["config"]):
            raise refuse(f"its configuration belongs to {record_name(info['config'])}")
        # By way of text: pandas's own fast parser may be off in the last digit.
        history = pd.read_csv(path / "history.csv", dtype=str).astype(float).astype({"epoch": int})
        if not (
            set(HISTORY) <= set(history)
            and list(history["epoch"]) == list(range(1, info["config"]["epochs"] + 1))
            and np.isfinite(history.to_numpy()).all()
        ):
            raise ValueError("the history lacks columns, epochs or numbers")
        with np.load(path / "predictions.npz", allow_pickle=False) as arrays:
            parts = dict.fromkeys(key.rpartition("_")[0] for key in arrays.files)
            predictions = {
                part: {key: arrays[f"{part}_{key}"] for key in ("notes", "labels", "probabilities")}
                for part in parts
            }
    except (ValueError, KeyError, TypeError, OSError, RecursionError, BadZipFile) as error:
        if isinstance(error, RecordError):
            raise
        raise refuse(f"unreadable ({type(error).__name__}: {error})") from error
    return Record(info, history, predictions)


def find(folder: PathLike, config: dict) -> Record | None:
    """The record of this configuration in `folder`, else among those that came with the book.

    Returns None if it was not run. (What a configuration holds leaves no doubt: `SHIPPED` has
    runs of the profile `mini` on the bundled notes, and no other profile asks for those.)

    Raises `RecordError` if there is one that cannot be trusted (see `read`).
    """
    for place in (Path(folder), SHIPPED):
        if (path := place / record_name(config)).is_dir():
            return read(path)
    return None


def read_all(folder: PathLike) -> list[Record]:
    """Every record below `folder`, sorted by name; drafts and other files are passed over."""
    return [read(path.parent) for path in sorted(Path(folder).glob("[!.]*/record.json"))]


def select(group: Iterable[Record], **wanted: object) -> list[Record]:
    """The records whose configuration holds all that is wanted, sorted by seed and fold.

    A dictionary is matched key by key: `select(group, model="cnn", split={"kind": "stratified"})`.
    """

    def holds(found: object, wanted: object) -> bool:
        if isinstance(wanted, dict):
            return isinstance(found, dict) and all(
                key in found and holds(found[key], value) for key, value in wanted.items()
            )
        return found == wanted

    chosen = [record for record in group if holds(record.config, wanted)]
    return sorted(chosen, key=lambda record: (record.config["seed"], record.fold))


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _checksum(info: dict) -> str:
    rest = {key: value for key, value in info.items() if key != "checksum"}
    return hashlib.sha256(_canonical(rest).encode()).hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
