"""NSynth's notes as a stream: from an archive on the web, an archive here, or a folder.

The audio arrives note by note and is gone when it was looked at; nothing is unpacked. What an
archive promises is checked while it passes: headers, lengths, checksums, and that examples.json
names the notes that there are, whether it comes before or after them.
"""

from __future__ import annotations

import bisect
import bz2
import hashlib
import io
import lzma
import os
import re
import sys
import tarfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Self, cast

from isal import igzip, isal_zlib

from helpers import datasets
from helpers.commands.nsynth.download import Download
from helpers.notes import DatasetError, hidden, left_out, some
from helpers.runs import stores

if TYPE_CHECKING:
    from tqdm import tqdm

NAME = "nsynth-{}.jsonwav.tar.gz"


@dataclass(frozen=True)
class Archive:
    """Where the notes of a split come from.

    `place`: the URL of an archive, or an archive or a folder on this machine. `size`: bytes that
    the archive has to have. `checksum`: what its digest has to be, after the name of the algorithm:
    "md5:...", "sha256:...".
    """

    place: str | Path
    size: int | None = None
    checksum: str | None = None


_WEB = "http://download.magenta.tensorflow.org/datasets/nsynth"
ARCHIVES = {
    # No checksum of this one is published.
    "train": Archive(f"{_WEB}/{NAME.format('train')}", 23_815_298_079),
    "valid": Archive(
        f"{_WEB}/{NAME.format('valid')}", 1_068_767_009, "md5:87e94a00a19b6dbc99cf6d4c0c0cae87"
    ),
    "test": Archive(
        f"{_WEB}/{NAME.format('test')}",
        349_501_546,
        "sha256:0f9ba5d62beba9ec4612f918d19f5e87a681822f1c566124f05fe8b27a51934c",
    ),
}


class Census:
    """Which notes there are, whether audio and examples.json agree on them, which are wanted.

    `split`: members of other splits do not belong. `per_family`: how many notes of each family are
    wanted: those that `stores.rank` ranks lowest, whatever order they come in. None wants all but
    those of the families in `datasets.EXCLUDED`. `origin`: what to call the source of the notes in
    an error. Attribute `audio`: the names of the notes that came by.
    """

    def __init__(self, split: str, per_family: int | None, seed: int, origin: str):
        self.origin = origin
        self._split, self._per_family, self._seed = split, per_family, seed
        self._named: set[bool] = set()
        self.audio: set[str] = set()
        # What a listing that came by names beyond the audio before it.
        self._expected: set[str] | None = None
        # Of each family the lowest ranks so far, sorted.
        self._drawn: dict[str, list[int]] = {family: [] for family in datasets.FAMILIES}

    def holds(self, member: str) -> bool:
        """Whether a member is of the split: it names it, or no member names one."""
        datasets.check_named(member, self.origin)
        named = datasets.split_of(member)
        self._named.add(named is None)
        if len(self._named) > 1:
            raise DatasetError(
                f"{self.origin}: some notes are below nsynth-train, -valid or -test and others, "
                f"such as {member}, are not: which split they are of cannot be told"
            )
        return named in (None, self._split)

    def admits(self, name: str) -> bool:
        """Take note of an audio file; whether it may belong to the store."""
        datasets.known_note(name, self.origin)
        if name in self.audio:
            raise DatasetError(f"{self.origin}: {name} found more than once")
        if self._expected is None:
            self._draw(name)
        elif name not in self._expected:
            raise DatasetError(f"{self.origin}: {name} is not named by examples.json")
        self.audio.add(name)
        return self.chosen(name)

    def read_listing(self, file: IO[bytes], member: str) -> None:
        """Take note of an examples.json, before, after or amid the audio."""
        if self._expected is not None:
            raise DatasetError(f"{self.origin}: {member}: a second listing, expected one")
        where, unnamed, expected = f"{self.origin}: {member}", set(self.audio), set()
        for note in datasets.read_listing(file, where):
            if note["note"] in unnamed:
                unnamed.remove(note["note"])
            else:
                expected.add(note["note"])
                self._draw(note["note"])
        if unnamed:
            raise DatasetError(
                f"{where}: does not name {some(unnamed)}, for which there is an audio file"
            )
        self._expected = expected
        self._check_families()

    def finish(self) -> None:
        """Raise `DatasetError` if notes are missing."""
        if all(datasets.parse_note(name)["family"] in datasets.EXCLUDED for name in self.audio):
            raise DatasetError(
                f"{self.origin}: no notes found beside those of the families left out "
                f"({', '.join(datasets.EXCLUDED)}), expected audio/<note>.wav or .flac"
            )
        if missing := (self._expected or set()) - self.audio:
            raise DatasetError(
                f"{self.origin}: examples.json names {some(missing)}, for which "
                "there is no audio file"
            )
        self._check_families()

    def chosen(self, name: str) -> bool:
        """Whether a note belongs to the store, as far as the notes so far tell."""
        family = datasets.parse_note(name)["family"]
        if family in datasets.EXCLUDED or not self._per_family:
            return family not in datasets.EXCLUDED
        return stores.rank(name, self._seed) <= self._drawn[family][-1]

    def _draw(self, name: str) -> None:
        family = datasets.parse_note(name)["family"]
        if self._per_family and family not in datasets.EXCLUDED:
            bisect.insort(self._drawn[family], stores.rank(name, self._seed))
            del self._drawn[family][self._per_family :]

    def _check_families(self) -> None:
        for family, drawn in self._drawn.items():
            if self._per_family and len(drawn) < self._per_family:
                raise DatasetError(
                    f"{self.origin}: {len(drawn)} {family} notes found, {self._per_family} asked "
                    "for: ask for fewer notes per family"
                )


@contextmanager
def stream(source: Archive, census: Census, bar: tqdm) -> Iterator[Iterator[tuple[str, bytes]]]:
    """The notes of an archive or a folder, one after another.

    `census` (Census): says which members are of its split, and gets the examples.json that comes
    by. `bar`: shows the bytes. Yields iterator of (str, bytes): names of notes and their WAV or
    FLAC files. It raises `DatasetError` if the archive is damaged, cut short or not the one
    expected, at its very end too, and `helpers.commands.nsynth.download.DownloadError` if it
    cannot be fetched. Raises `FileNotFoundError` if there is nothing at a path.
    """
    place = source.place
    if re.match("https?://", str(place)):
        say = partial(bar.write, file=sys.stderr)
        raw: io.RawIOBase = Download(str(place), source.size, say=say)
    else:
        place = datasets.place(place)
        datasets.check_place(place)
        if place.is_dir():
            if source.checksum:
                raise DatasetError(f"{place}: is a folder, and a checksum is of an archive")
            yield _of_folder(place, census, bar)
            return
        raw = open(place, "rb", buffering=0)  # noqa: SIM115 - closed below
        bar.total = os.stat(place).st_size
    with closing(raw), closing(_of_archive(raw, source, census, bar)) as notes:
        yield notes


def _of_folder(folder: Path, census: Census, bar: tqdm) -> Iterator[tuple[str, bytes]]:
    members, read = datasets.list_folder(folder)
    members = {name: path for name, path in members.items() if census.holds(name)}
    bar.total = sum(path.stat().st_size for path in members.values())
    # The listing first: it says how many notes there are to draw from.
    for name, path in sorted(members.items(), key=lambda m: (m[1].suffix != ".json", m[0])):
        if path.name == "examples.json":
            with path.open("rb") as file:
                census.read_listing(file, name)
        elif match := datasets.AUDIO.fullmatch(name):
            yield match[1], read(path)
        bar.update(path.stat().st_size)


def _of_archive(
    raw: io.RawIOBase, source: Archive, census: Census, bar: tqdm
) -> Generator[tuple[str, bytes], None, None]:
    tally, at, passed = _Tally(raw, source.checksum, bar), "its beginning", []
    try:
        buffered: io.BufferedReader = io.BufferedReader(tally, 1 << 16)
        stream: io.BufferedIOBase = buffered
        start = buffered.peek(6)
        for magic, opened in _COMPRESSED.items():
            if start.startswith(magic):
                stream = opened(buffered)
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header, bufsize=1 << 16) as archive:
            for member in archive:
                # tarfile keeps them all otherwise; its stub lacks the attribute.
                archive.members = []  # type: ignore[attr-defined]
                at = member.name
                name = member.name.removeprefix("./")
                if not member.isfile():
                    continue
                listing = PurePosixPath(name).name == "examples.json"
                match = datasets.AUDIO.fullmatch(name)
                if hidden(name) or not (listing or match):
                    if "/audio/" in f"/{name}" and census.holds(name):
                        passed.append(name)
                elif not census.holds(name):
                    continue
                elif match:
                    datasets.check_size(source.place, member)
                    yield match[1], archive.extractfile(member).read()
                else:
                    # Not None: `member` is a file.
                    census.read_listing(cast(IO[bytes], archive.extractfile(member)), name)
        # What follows the last member: padding, and the gzip checksum of it all.
        at = "its end"
        while stream.read(1 << 20):
            pass
        if text := left_out(source.place, {"hidden, or neither WAV nor FLAC": passed}):
            bar.write(text, file=sys.stderr)
    except DatasetError:
        raise
    # The stub takes the class isal_zlib.error for an exception.
    except (*datasets.DAMAGED, isal_zlib.error) as error:  # type: ignore[misc]
        raise DatasetError(
            f"{source.place}: damaged or cut short at {at} ({error}): fetch it again"
        ) from error
    if source.size not in (None, tally.count):
        raise DatasetError(
            f"{source.place}: {tally.count:,} bytes long, expected {source.size:,}: fetch it again"
        )
    found = f"{tally.digest.name}:{tally.digest.hexdigest()}"
    if source.checksum is None:
        text = f"{source.place}: {found}. Nothing to compare it with: note it for `--checksum`"
        bar.write(text, file=sys.stderr)
    elif found != source.checksum:
        raise DatasetError(
            f"{source.place}: has the checksum {found}, expected {source.checksum}: it was "
            "damaged on the way or is another archive, start again"
        )


_COMPRESSED: dict[bytes, Callable[[Any], io.BufferedIOBase]] = {
    b"\x1f\x8b": lambda file: igzip.IGzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}


class _Header(tarfile.TarInfo):
    """A member's header that tarfile may not take for the end of the archive if it is damaged."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(archive)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # not in the stub
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"{error}, instead of a header or the end mark") from error


class _Tally(io.RawIOBase):
    """Bytes on their way: counted, shown, and digested, by SHA-256 if no checksum is known."""

    def __init__(self, raw: io.RawIOBase, checksum: str | None, bar: tqdm):
        self.count = 0
        self.digest = hashlib.new((checksum or "sha256").partition(":")[0])
        self._raw, self._bar = raw, bar

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n = self._raw.readinto(buffer)
        self.count += n
        self.digest.update(memoryview(buffer)[:n])
        # A download learns its size with the first bytes.
        self._bar.total = getattr(self._raw, "size", self._bar.total)
        self._bar.update(n)
        return n
