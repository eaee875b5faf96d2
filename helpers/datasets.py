"""Where notes come from: the bundled set, a feature store, any folder or archive as NSynth's.

NSynth's layout (Engel et al. 2017, arXiv:1704.01279) is `nsynth-<split>/examples.json` beside
`nsynth-<split>/audio/<note>.wav`, one note of four seconds a file, 16 kHz, mono. FLAC files
and sets without an `examples.json` are read as well: a note's name says all that is needed.
Shown in chapter 3.
"""

import io
import lzma
import os
import re
import tarfile
import threading
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np
import pandas as pd

from helpers.notes import (
    EXCLUDED,
    FAMILIES,
    SAMPLE_RATE,
    SAMPLES,
    SOURCES,
    SPLITS,
    DatasetError,
    Notes,
    decode_note,
    hidden,
    left_out,
    parse_note,
    some,
)
from helpers.runs import files, stores
from helpers.runs.files import PathLike

Read = Callable[[Any], bytes]  # a file of a folder, or a member of an archive

__all__ = [
    "BUNDLED", "EXCLUDED", "FAMILIES", "SAMPLE_RATE", "SAMPLES", "SOURCES", "SPLITS",
    "DatasetError", "Notes", "decode_note", "load", "new_to", "parse_note", "recordings",
    "name_of_test", "with_sound",
]  # fmt: skip

DATA = Path(__file__).resolve().parents[1] / "book" / "data"
BUNDLED = {name: DATA / name for name in ("nsynth-mini", "nsynth-wide")}
# Instruments of NSynth that are one recording under two names (`python -m tools.twins`).
TWINS = DATA / "twins.csv"
# The path of a note's file, in a folder or an archive.
AUDIO = re.compile(r"(?:[^/]+/){0,4}audio/([^/.][^/]*)\.(wav|flac)", re.IGNORECASE)
LARGEST = 1 << 20  # bytes; an audio file of 64,000 samples is smaller, whatever its format
# What a damaged or hostile archive makes its readers raise.
DAMAGED = (
    tarfile.TarError, EOFError, OSError, ValueError, OverflowError, RecursionError, zlib.error,
    lzma.LZMAError,
)  # fmt: skip
# The fields of examples.json that a table of notes has, and what they are called there.
COLUMNS = {
    "instrument_str": "instrument",
    "instrument_family_str": "family",
    "instrument_source_str": "source",
    "pitch": "pitch",
    "velocity": "velocity",
}


def load(name_or_path: PathLike, split: str = "train") -> Notes:
    """Open a split of a set of notes.

    Shown in chapter 3, "The whole folder as a table".

    Parameters
    ----------
    name_or_path : str or path
        `"nsynth-mini"` or `"nsynth-wide"`, which are bundled; `"nsynth"` for the feature store in
        the folder that the environment variable NSYNTH_STORE names, or else in `stores.FOLDER`; or
        a path: of a folder of feature stores, or of a folder, `.tar` or `.tar.gz` in NSynth's
        layout. It holds `nsynth-<split>/`, or is that split itself.
    split : {"train", "valid", "test"}

    Returns
    -------
    Notes
        Without the families in `EXCLUDED`. Audio is checked when it is read. Of a feature store
        `stores.StoredNotes`, which have features and no audio. The table of a bundled set has a
        column more, `recording`: see `recordings`.

    Raises
    ------
    FileNotFoundError
        If there is nothing at the path.
    DatasetError
        If the split holds no notes, an archive is cut short, `examples.json` disagrees with the
        audio or with the notes' names, a note is of an unknown family or source, or some notes are
        in another split as well. Notes that name no split are the training split.

    Examples
    --------
    >>> load("nsynth-wide", "test")
    <Notes: 89 notes, 47 instruments, 10 families, nsynth-wide (test)>
    """
    if split not in SPLITS:
        raise DatasetError(f"unknown split {split!r}: choose one of {', '.join(SPLITS)}")
    path = place(name_or_path)
    for folder in (path / f"nsynth-{split}", path):
        if (folder / "store.json").is_file():
            stored = stores.StoredNotes.open(folder)
            if stored.info["split"] == split:
                for other in SPLITS:
                    if other != split and (path / f"nsynth-{other}" / "store.json").is_file():
                        theirs = stores.StoredNotes.open(path / f"nsynth-{other}")
                        _check_shared(path, stored, theirs, split, other)
                return stored
    if name_or_path == "nsynth":
        raise FileNotFoundError(
            f"{path}: no features of NSynth's {split} split here: make them with "
            f"`instruments nsynth {split}`, or set the environment variable NSYNTH_STORE to "
            "the folder that holds them"
        )
    check_place(path)
    members, read = list_folder(path) if path.is_dir() else _open_archive(path)
    where = name_or_path if str(name_or_path) in BUNDLED else path
    origin = f"{where} ({split})"
    chosen = _of_split(members, split, origin)
    files, twice, listings = {}, [], []
    for member, locator in chosen.items():
        if match := AUDIO.fullmatch(member):
            if match[1] in files:
                twice.append(match[1])
            files[match[1]] = locator
        elif PurePosixPath(member).name == "examples.json":
            listings.append(member)
    if not files:
        raise DatasetError(
            f"{origin}: no notes found, expected nsynth-{split}/audio/<note>.wav or .flac"
        )
    if twice:
        raise DatasetError(f"{origin}: {some(twice)} found more than once, as WAV and FLAC perhaps")
    notes = [known_note(name, origin) for name in sorted(files)]
    if len(listings) > 1:
        raise DatasetError(f"{origin}: {len(listings)} listings, expected one: {some(listings)}")
    for listing in listings:
        listed = io.BytesIO(read(members[listing]))
        names = {note["note"] for note in read_listing(listed, f"{path}: {listing}")}
        if missing := names - set(files):
            raise DatasetError(
                f"{path}: {listing}: names {some(missing)}, for which there is no audio file"
            )
        if unnamed := set(files) - names:
            raise DatasetError(
                f"{path}: {listing}: does not name {some(unnamed)}, for which there is an audio "
                "file"
            )
    table = pd.DataFrame(notes)
    table = table[~table["family"].isin(EXCLUDED)]
    if table.empty:
        raise DatasetError(
            f"{origin}: all notes are of the families left out ({', '.join(EXCLUDED)})"
        )
    if str(name_or_path) in BUNDLED:
        table = table.assign(recording=recordings(table["instrument"]))
    found = Notes(table, files, read, origin)
    for other in SPLITS:
        if other != split:
            named = {m: AUDIO.fullmatch(m) for m in members if split_of(m) == other}
            kept = {match[1]: members[m] for m, match in named.items() if match}
            of_other = Notes(pd.DataFrame({"note": list(kept)}), kept, read, origin)
            _check_shared(path, found, of_other, split, other)
    return found


@lru_cache
def _twins() -> dict:
    pairs = pd.read_csv(TWINS)
    # The later name goes by the earlier; a third name of one recording finds its way in two steps.
    first = dict(zip(pairs["twin"], pairs["instrument"], strict=True))
    return {name: first.get(other, other) for name, other in first.items()}


def recordings(instruments: Iterable[str]) -> np.ndarray:
    """Which recordings NSynth's instruments are: their own names, but for twins.

    Some instruments are one recording under two names (the dataset chapter shows how that is
    found); such twins get the name that comes first. A split that promises new instruments must
    not have a recording on both sides.

    Parameters
    ----------
    instruments : array_like of str, shape (n,)

    Returns
    -------
    np.ndarray, shape (n,), str

    Examples
    --------
    >>> recordings(["mallet_acoustic_047", "mallet_acoustic_000", "flute_acoustic_002"]).tolist()
    ['mallet_acoustic_000', 'mallet_acoustic_000', 'flute_acoustic_002']
    """
    return np.array([_twins().get(name, name) for name in instruments], dtype=str)


def new_to(train: Notes, test: Notes) -> np.ndarray:
    """Which test notes are of a recording that training does not hold, under any name.

    Headlines count these notes alone: mallet_acoustic_047 of the test split, for one, is
    mallet_acoustic_000 of the training split.

    Returns
    -------
    np.ndarray, shape (len(test),), bool

    Examples
    --------
    >>> train, test = (load("nsynth-mini", split) for split in ("train", "test"))
    >>> sorted(test.table["instrument"][~new_to(train, test)].unique())
    ['mallet_acoustic_047', 'string_acoustic_057']
    """
    known = recordings(train.table["instrument"])
    return ~np.isin(recordings(test.table["instrument"]), known)


OFFICIAL = 4_096  # notes of NSynth's test split, of 53 instruments


def name_of_test(name_or_path: PathLike) -> str:
    """What a set's test split is called in tables and figures.

    Returns
    -------
    str
        "mini-test" or "wide-test" of the bundled sets, "NSynth test" of the official split alone,
        "your test" of any other.

    Examples
    --------
    >>> name_of_test("nsynth-mini")
    'mini-test'
    """
    if str(name_or_path) in BUNDLED:
        return str(name_or_path).replace("nsynth-", "") + "-test"
    test = load(name_or_path, "test")
    official = len(test) == OFFICIAL and test.table["instrument"].nunique() == 53
    return "NSynth test" if official else "your test"


def with_sound(name_or_path: PathLike) -> PathLike:
    """The set to listen to: the one named, or the bundled one in place of a feature store.

    Chapters that play or draw notes go by this rule, since a store keeps no sound. It says so
    where it takes the bundled set.

    >>> with_sound("nsynth-mini")
    'nsynth-mini'
    """
    path = place(name_or_path)
    folders = (path, *(path / f"nsynth-{split}" for split in SPLITS))
    stored = name_or_path == "nsynth" or any((f / "store.json").is_file() for f in folders)
    if not stored:
        return name_or_path
    print(f"{name_or_path}: features only, no sound; the bundled notes are heard instead")
    return "nsynth-mini"


def place(name_or_path: PathLike) -> Path:
    """The absolute path of a set: of a bundled one, of NSynth's stores, or the one given.

    A relative path counts from the current folder, and `~` is the user's own.

    >>> place("nsynth-mini") == DATA / "nsynth-mini"
    True
    """
    if name_or_path == "nsynth":
        return stores.place()
    if not str(name_or_path).strip():
        raise DatasetError(
            f"no set is named: give one of {', '.join((*BUNDLED, 'nsynth'))}, or a path"
        )
    try:
        return files.absolute(BUNDLED.get(str(name_or_path), name_or_path), "the set of notes")
    except ValueError as error:
        raise DatasetError(str(error)) from error


def check_place(path: Path) -> None:
    """Raise an error that says what to give instead where a path cannot be a set of notes.

    >>> check_place(DATA / "nsynth-mini" / "nsynth-train" / "audio")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    helpers.notes.DatasetError: ...audio: is no set of notes: give the folder above it, ...
    """
    advice = None
    if not path.exists():
        raise FileNotFoundError(
            f"{path}: no such folder or archive; give one in NSynth's layout, or a bundled set "
            f"({', '.join(BUNDLED)})"
        )
    if path.is_dir() and path.name.lower() == "audio":
        advice = f"the folder above it, {path.parent}"
    elif path.name == "examples.json":
        advice = f"its folder, {path.parent}"
    elif path.suffix.lower() in (".zip", ".7z", ".rar"):
        advice = "the folder that it unpacks to, or a .tar or .tar.gz"
    elif path.suffix.lower() in (".wav", ".flac"):
        advice = "the folder that holds nsynth-train/audio/, not a single file of it"
    elif not path.is_dir() and not path.is_file():
        advice = "a folder or an archive"
    if advice:
        raise DatasetError(f"{path}: is no set of notes: give {advice}")


def read_listing(file: IO[bytes], where: str) -> Iterator[dict]:
    """The notes of an `examples.json`, one after another, each checked against its name.

    Parameters
    ----------
    file : binary file
        Read as a stream: the listing of NSynth's training split has 200 MB.
    where : str
        What to call it in an error.

    Yields
    ------
    dict
        As `parse_note` returns it.

    Raises
    ------
    DatasetError
        If it is not a JSON object of notes, nested or larger than one can be, names a note twice,
        or says something else of it than its name does.

    Examples
    --------
    >>> with open(DATA / "nsynth-mini" / "nsynth-test" / "examples.json", "rb") as file:
    ...     len(list(read_listing(file, "mini-test")))
    200
    """
    import ijson

    seen = set()
    try:
        for name, fields in ijson.kvitems(_Bounded(file, where), ""):
            note = known_note(name, where)
            if name in seen:
                raise DatasetError(f"{where}: names {name} twice")
            seen.add(name)
            if not isinstance(fields, dict):
                raise DatasetError(f"{where}: {name} is {fields!r:.40}, expected an object")
            if lacking := set(COLUMNS) - set(fields):
                raise DatasetError(
                    f"{where}: {name} lacks the field {some(lacking)}, expected "
                    f"{', '.join(COLUMNS)}"
                )
            for field, column in COLUMNS.items():
                if fields[field] != note[column]:
                    raise DatasetError(
                        f"{where}: {name} has the {field} {fields[field]!r:.40}, its name says "
                        f"{note[column]!r}"
                    )
            yield note
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise DatasetError(f"{where}: not a JSON object of notes ({error})") from error


class _Bounded:
    """A JSON file that raises `DatasetError` before a parser meets what no listing of notes has.

    A list in a list in a list takes a parser's memory, a number of thousands of digits ends it.
    """

    BLOCK, SIZE, DEPTH, DIGITS = 1 << 16, 1 << 30, 8, 400

    def __init__(self, file: IO[bytes], where: str):
        self._file, self._where = file, where
        self._read, self._depth, self._deep, self._rest, self._quoted = 0, 0, 0, b"", False

    def read(self, size: int) -> bytes:
        if size == 0:  # the parser asks what kind of file this is
            return b""
        data = self._file.read(self.BLOCK)
        if not self._read:
            data = data.removeprefix(b"\xef\xbb\xbf")
            start = data.lstrip()[:1]
            if data and start != b"{":
                kinds = {b"[": "a list", b'"': "a text", b"\xff": "UTF-16", b"\xfe": "UTF-16"}
                kinds[b"n"] = "null"
                raise self._refuse(f"is {kinds.get(start, 'something else')}")
        self._read += len(data)
        if self._read > self.SIZE:
            raise self._refuse(f"has more than {self.SIZE >> 30} GiB")
        # Only quotes and brackets count, and of those only brackets outside of texts.
        text = re.sub(rb"\\.", b"", self._rest + data, flags=re.DOTALL)
        self._rest = b"\\" if text.endswith(b"\\") else b""
        if len(data) == self.BLOCK and b'"' not in text:
            raise self._refuse("has a text or a gap of more than 64 kB")
        if re.search(rb"[0-9]{%d}" % self.DIGITS, text):
            raise self._refuse(f"has a number of more than {self.DIGITS} digits")
        marks = b'"' * self._quoted + text.translate(None, _NO_MARK)
        marks = re.sub(rb'"[^"]*"', b"", marks)
        marks, quote, _ = marks.partition(b'"')
        self._quoted = bool(quote)
        steps = np.where(np.isin(np.frombuffer(marks, np.uint8), list(b"[{")), 1, -1)
        depths = self._depth + np.cumsum([0, *steps])
        if depths.max() > self.DEPTH:
            raise self._refuse(f"is nested more than {self.DEPTH} deep")
        self._depth = int(depths[-1])
        self._deep = self._deep + 1 if depths.min() > 1 else 0
        if self._deep > 16:
            raise self._refuse("has more than 1 MB on one note")
        return data

    def _refuse(self, reason: str) -> DatasetError:
        return DatasetError(f"{self._where}: not a JSON object of notes: it {reason}")


_NO_MARK = bytes(set(range(256)) - set(b'"[]{}'))


def known_note(name: str, where: str) -> dict:
    """`parse_note` of a note whose family and source are NSynth's.

    Raises `DatasetError`, which begins with `where`.

    >>> known_note("harp_acoustic_000-060-100", "mine")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    helpers.notes.DatasetError: mine: harp_acoustic_000-060-100 is of the unknown family 'harp', ...
    """
    try:
        note = parse_note(name)
    except DatasetError as error:
        raise DatasetError(f"{where}: {error}") from error
    for column, known in (("family", (*FAMILIES, *EXCLUDED)), ("source", SOURCES)):
        if note[column] not in known:
            raise DatasetError(
                f"{where}: {name} is of the unknown {column} {note[column]!r}, "
                f"expected one of {', '.join(known)}"
            )
    return note


def split_of(member: str) -> str | None:
    """The split that a path names, as `nsynth-train/audio/<note>.wav` does; None if it does not.

    >>> split_of("mine/nsynth-train/audio/flute_acoustic_002-077-100.wav")
    'train'
    """
    found = re.search(r"(?:^|/)nsynth-(train|valid|test)/", member)
    return found[1] if found else None


def check_named(member: str, where: PathLike) -> None:
    """Raise `DatasetError` where the folder around `audio/` is called `nsynth-validation`, say.

    >>> check_named("nsynth-test/audio/a.wav", "mine")
    >>> check_named("nsynth-validation/audio/a.wav", "mine")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    helpers.notes.DatasetError: mine: the folder nsynth-validation is none of nsynth-train, ...
    """
    found = re.search(r"(?:^|/)(nsynth-[^/]+)/audio/", member)
    if found and not split_of(member):
        known = ", ".join(f"nsynth-{split}" for split in SPLITS)
        raise DatasetError(f"{where}: the folder {found[1]} is none of {known}: rename it")


def _of_split(members: dict, split: str, origin: str) -> dict:
    """The members below `nsynth-<split>/`; where no split is named, all are of training."""
    unnamed = [m for m in members if not split_of(m)]
    for member in unnamed:
        check_named(member, origin)
    if len(unnamed) < len(members):
        if text := left_out(origin, {"below no nsynth-train, -valid or -test": unnamed}):
            print(text)
        return {m: members[m] for m in members if split_of(m) == split}
    if split != "train" and members:
        count = sum(bool(AUDIO.fullmatch(member)) for member in members)
        raise DatasetError(
            f"{origin}: {count} notes found that name no split: they would be the training notes "
            f"as well. Put those for the {split} split below nsynth-{split}/audio/"
        )
    return members


def _check_shared(path: Path, ours: Notes, theirs: Notes, split: str, other: str) -> None:
    """Refuse a split some of whose notes are in another, by their names and their sound."""
    both = set(ours.table["note"]) & set(theirs.table["note"])
    same = [notes.select(notes.table["note"].isin(both)) for notes in (ours, theirs)]
    sounds = [set(zip(n.table["note"], n.audio_digests(), strict=True)) for n in same]
    if shared := {name for name, _ in sounds[0] & sounds[1]}:
        raise DatasetError(
            f"{path}: {len(shared)} notes of nsynth-{split} are in nsynth-{other} as well "
            f"({some(shared)}): no network is tested on what it was trained on, take them out of "
            "one of the two"
        )


def list_folder(path: Path) -> tuple[dict, Read]:
    """The files of a folder in NSynth's layout, by their names there, and what reads one.

    Prints what it leaves out where audio is expected. Links to folders are followed.

    >>> members, read = list_folder(DATA / "nsynth-wide")
    >>> read(members["nsynth-wide/nsynth-test/audio/bass_electronic_018-024-100.flac"])[:4]
    b'fLaC'
    """
    root = Path(os.path.abspath(path))
    # Named from the parent, since a folder's own name may say which split it is.
    own = root if split_of(f"{root.name}/") else root.resolve()
    members, passed, folders = {}, defaultdict(list), [(root, own.name)]
    while folders:
        folder, inside = folders.pop()
        in_audio = folder.name.lower() == "audio"
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            name = f"{inside}/{entry.name}"
            if hidden(entry.name):
                reason = "hidden"
            elif entry.is_dir():
                if not in_audio and name.count("/") <= 4:
                    folders.append((Path(entry.path), name))
                    continue
                reason = "folders"
            elif not entry.is_file():
                reason = "broken links, or no files"
            elif AUDIO.fullmatch(name) or entry.name == "examples.json":
                members[name] = Path(entry.path)
                continue
            else:
                reason = "neither WAV nor FLAC"
            if in_audio:
                passed[reason].append(name)
    if text := left_out(root, passed):
        print(text)
    return members, Path.read_bytes


def _open_archive(path: Path) -> tuple[dict, Read]:
    def damaged(error: object) -> DatasetError:
        return DatasetError(
            f"{path}: not a whole .tar, .tar.gz, .tar.bz2 or .tar.xz archive ({error}): fetch it "
            "again"
        )

    try:
        archive = tarfile.open(path)  # noqa: SIM115 - stays open: audio is read on demand
        members = {m.name.removeprefix("./"): m for m in archive if m.isfile()}
        archive.fileobj.seek(archive.offset)
        if len(archive.fileobj.read(tarfile.BLOCKSIZE)) < tarfile.BLOCKSIZE:
            raise tarfile.ReadError("no end-of-archive mark")
        while archive.fileobj.read(1 << 20):  # a compressed archive's checksum is at its end
            pass
    except DAMAGED as error:
        raise damaged(error) from error
    lock = threading.Lock()
    kept, passed = {}, {"hidden, or neither WAV nor FLAC": []}
    for name, member in members.items():
        listing = PurePosixPath(name).name == "examples.json"
        if not hidden(name) and (listing or AUDIO.fullmatch(name)):
            kept[name] = member
        elif "/audio/" in f"/{name}":
            passed["hidden, or neither WAV nor FLAC"].append(name)
    if text := left_out(path, passed):
        print(text)

    def read(member: tarfile.TarInfo) -> bytes:
        # Members are read as streams, never unpacked to paths that an archive names.
        if AUDIO.fullmatch(member.name.removeprefix("./")):
            check_size(path, member)
        try:
            with lock:
                return archive.extractfile(member).read()
        except DAMAGED as error:
            raise damaged(f"{member.name}: {error}") from error

    return kept, read


def check_size(place: PathLike, member: tarfile.TarInfo) -> None:
    """Raise `DatasetError` where a member of an archive is larger than a note can be.

    >>> member = tarfile.TarInfo("a.wav")
    >>> member.size = 5 << 20
    >>> check_size("mine.tar", member)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    helpers.notes.DatasetError: mine.tar: a.wav has 5,242,880 bytes, more than a note ...
    """
    if member.size > LARGEST:
        raise DatasetError(
            f"{place}: {member.name} has {member.size:,} bytes, more than a note of {SAMPLES:,} "
            "samples can have"
        )
