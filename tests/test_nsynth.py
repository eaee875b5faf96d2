"""The store that comes out is the same, byte for byte, whatever happened on the way.

20 seeded scenarios in `make test`, 200 in `make test-all` (environment variable SCENARIOS).
"""

import hashlib
import io
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext, suppress
from functools import partial
from unittest.mock import Mock

import numpy as np
import psutil
import pytest
from conftest import NAMES, audio_bytes, listing
from hypothesis import given, settings
from hypothesis import strategies as st
from unreliable import Fault, faults, serving

from helpers import datasets, evaluation, features
from helpers.commands.nsynth import archives, stream
from helpers.commands.nsynth.archives import Archive, Census
from helpers.commands.nsynth.download import Download, DownloadError
from helpers.datasets import FAMILIES, DatasetError
from helpers.runs import cache
from helpers.runs.stores import rank

PER_FAMILY = 2
LEFT_OUT = "synth_lead_synthetic_000-060-075"
# Of an archive whose notes are never decoded.
SMALL = {name: bytes([i]) * 1000 for i, name in enumerate(NAMES)}
PLACES = ("first", "amid", "last")


@pytest.fixture(scope="module")
def executor():
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def audio(train_notes):
    """Short noises as three notes a family, in an order that no sorting gives, and one left out."""
    rng = np.random.default_rng(0)
    names = rng.permutation(train_notes.sample(PER_FAMILY + 1).table["note"])
    sounds = {}
    for name in [LEFT_OUT, *names.tolist()]:
        samples = np.zeros(64_000)
        samples[:4000] = rng.uniform(-0.5, 0.5, 4000)
        sounds[name] = audio_bytes(samples)
    return sounds


def members(audio, examples="last", split="train", listed=None) -> dict:
    """A split in NSynth's layout, its examples.json first, last, amid the audio or absent."""
    files = [(f"nsynth-{split}/audio/{name}.wav", data) for name, data in audio.items()]
    if examples != "absent":
        at = {"first": 0, "amid": len(files) // 2, "last": len(files)}[examples]
        files.insert(at, (f"nsynth-{split}/examples.json", listed or listing(audio)))
    return dict(files)


def pack(files: dict, kind="gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{kind}") as archive:
        folder = tarfile.TarInfo("nsynth-train")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def make(executor, tmp_path, monkeypatch):
    """`stream.make` of files, of an archive's bytes or of a place, in small steps."""
    monkeypatch.setattr(stream, "BLOCK", 2)
    quick = partial(Download, timeout=0.2, wait=0.005, attempts=20)
    monkeypatch.setattr(archives, "Download", quick)

    def make(source, *arguments, split="train", size=None, checksum=None, **options):
        source = pack(source) if isinstance(source, dict) else source
        if isinstance(source, bytes):
            (tmp_path / "archive").write_bytes(source)
            source = tmp_path / "archive"
        source = Archive(source, size, checksum)
        options = {"executor": executor, "in_flight": 3, "progress": False} | options
        return stream.make(split, tmp_path / "to", source, *arguments, **options)

    return make


def contents(folder):
    """The files of the store in `to`, by name; what was worked with is gone, but for a lock."""
    work = list((folder / "to" / ".work" / "nsynth-train").iterdir())
    assert [(path.name, path.stat().st_size) for path in work] in ([], [("lock", 0)])
    return {path.name: path.read_bytes() for path in (folder / "to" / "nsynth-train").iterdir()}


@pytest.fixture(scope="module")
def undisturbed(audio, executor, tmp_path_factory):
    """Folders of what a local archive gives in one go: of all notes, and of a sample."""
    folders = {}
    for per_family in (None, PER_FAMILY):
        folder = folders[per_family] = tmp_path_factory.mktemp("undisturbed")
        (folder / "set").write_bytes(pack(members(audio)))
        options = {"executor": executor, "progress": False}
        stream.make("train", folder / "to", folder / "set", per_family, **options)
    return folders


def test_a_store_holds_what_its_notes_give(train_notes, test_notes, make, tmp_path):
    bundled, stored = [], []
    for split, notes, kinds in (("train", train_notes, ["mfcc"]), ("test", test_notes, ["mel"])):
        notes = notes.select(notes.table["family"] == "mallet")
        names = [f"nsynth-{split}/audio/{name}.flac" for name in notes.table["note"]]
        files = {name: notes.read_bytes(i) for i, name in enumerate(names)}
        bundled.append(notes)
        stored.append(make(files, split=split, kinds=kinds))
        assert stored[-1].table.equals(notes.table.drop(columns="recording"))
        assert stored[-1].audio_digests() == notes.audio_digests()
        assert stored[-1].checksum() == notes.checksum()
        rows = [5, 2, 13]
        found = cache.extract(stored[-1], *kinds)
        expected = cache.extract(notes.select(rows), *kinds, cache=None, progress=False)
        assert isinstance(found, np.memmap)
        assert found.dtype == np.float32
        assert len(found) == len(notes)
        np.testing.assert_array_equal(found[rows], expected)
        np.testing.assert_array_equal(cache.extract(stored[-1].select(rows), *kinds), expected)
    assert set(contents(tmp_path)) == {"store.json", "notes.npy", "mfcc.npy"}
    # No audio is needed to find what leaks, copies among it.
    heard = evaluation.leaked(*bundled)
    assert len(heard) == 11
    assert evaluation.leaked(*stored) == evaluation.leaked(bundled[0], stored[1]) == heard
    assert len(set(stored[0].audio_digests()) & set(stored[1].audio_digests())) == 4


@pytest.mark.parametrize("examples", [*PLACES, "absent"])
@pytest.mark.parametrize("per_family", [None, PER_FAMILY])
def test_any_order_gives_the_same_store(audio, undisturbed, make, tmp_path, examples, per_family):
    make(pack(members(audio, examples), ""), per_family)
    assert contents(tmp_path) == contents(undisturbed[per_family])


def test_any_source_gives_the_same_store(audio, undisturbed, make, tmp_path, make_set, capsys):
    name = "bass_electronic_099-035-100"
    strange = ("nsynth-train/audio/._x.wav", "nsynth-train/audio/one.mp3",
               "__MACOSX/nsynth-train/audio/x.wav")  # fmt: skip
    files = members({name: b""}, split="test") | dict.fromkeys(strange, b"")
    files |= members(audio)
    packed = [pack(files, kind) for kind in ("", "gz", "bz2", "xz")]
    for source in (*packed, make_set(names=list(audio), audio=audio)):
        make(source)
        assert contents(tmp_path) == contents(undisturbed[None])
        assert len(datasets.load(tmp_path / "archive")) == len(audio) - 1
        shutil.rmtree(tmp_path / "to")
    said = f"left out: 3 (hidden, or neither WAV nor FLAC): {strange[-1]}"
    assert capsys.readouterr().err.count(said) == 4


@pytest.mark.parametrize("seed", range(int(os.environ.get("SCENARIOS", "20"))))
def test_whatever_the_network_does_the_store_is_the_same(seed, audio, undisturbed, make, tmp_path):
    rng = random.Random(seed)
    data = pack(members(audio, rng.choice((*PLACES, "absent"))), rng.choice(("", "gz", "gz")))
    per_family = rng.choice((None, PER_FAMILY))
    with serving({"set": data}, faults(rng)) as server:
        server.ranges = rng.random() < 0.8
        troubles = len(server.faults)
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        make(server.url("set"), per_family, size=len(data), checksum=digest)
        assert server.faults == []
        assert len(server.requests) > troubles
    assert contents(tmp_path) == contents(undisturbed[per_family])


# What may be wrong, and how it is said.


def read_through(data: bytes, **archive) -> list:
    """All notes of an archive in memory, as the stream gives them."""
    census = Census("train", None, 0, "here")
    with closing(io.BytesIO(data)) as raw:
        found = archives._of_archive(raw, Archive("here", **archive), census, Mock())
        notes = [(name, data) for name, data in found if census.admits(name) or True]
    census.finish()
    return notes


def refused(source, match, **archive):
    """An archive of these files or bytes is refused by its name."""
    data = pack(source) if isinstance(source, dict) else source
    with pytest.raises(DatasetError, match=f"^here: .*{match}"):
        read_through(data, **archive)


@pytest.mark.parametrize("kind", ["", "gz", "bz2", "xz"])
def test_a_truncated_archive(kind):
    data = pack(members(SMALL, "first"), kind)
    end = len(data if kind else data.rstrip(b"\0"))  # the end mark of a .tar
    for cut in (0, 1, end - 500, end - 1, *range(10, end, 97)):
        refused(data[:cut], "damaged or cut short at")


def test_a_damaged_header_is_no_end():
    data = bytearray(pack(members(SMALL, "absent"), ""))
    data[data.index(NAMES[1].encode())] ^= 1
    refused(data, f"damaged or cut short at .*{NAMES[0]}.wav .*bad checksum")


def test_what_was_made_of_a_damaged_archive_is_not_trusted(audio, undisturbed, make, tmp_path):
    data, names = pack(members(audio)), list(audio)
    # A note whose sound is another, and a checksum at the end that says so.
    wrong = members(audio | {names[3]: audio[names[4]]})
    for damaged, match, checksum in (
        (data[: len(data) * 7 // 10], "damaged or cut short at .*/audio/", None),
        (wrong, "has the checksum md5:.* expected md5:0.*start again", "md5:" + "0" * 32),
    ):
        with pytest.raises(DatasetError, match=f"{tmp_path}/archive: {match}"):
            make(damaged, checksum=checksum)
        assert [path.suffix for path in tmp_path.glob("to/*/*/*")] == ["", ".rows"]
        assert not (tmp_path / "to" / "nsynth-train").exists()
    make(data)
    assert contents(tmp_path) == contents(undisturbed[None])


def test_the_wrong_length(make):
    data = pack(members(SMALL), "") + bytes(1 << 18)  # read to its end, far behind the end mark
    assert len(read_through(data, size=len(data))) == len(SMALL)
    refused(data, f"{len(data):,} bytes long, expected 7", size=7)
    with serving({"set": data}) as server, pytest.raises(DownloadError, match="expected 7"):
        make(server.url("set"), size=7)


def test_a_bad_member_is_named(audio, make):
    name = list(audio)[20]
    with pytest.raises(DatasetError, match=f"archive: {name}: cannot be decoded"):
        make(members(audio | {name: b"not audio"}))
    strange = {"harp_acoustic_000-060-100": b""}
    refused(members(strange, "absent"), "harp_acoustic_000-060-100 is of the unknown family")
    large = SMALL | {NAMES[0]: b"\0" * (1 << 21)}
    refused(members(large), f"{NAMES[0]}.wav has 2,097,152 bytes, more than a note")


@pytest.mark.parametrize("examples", PLACES)
def test_notes_and_listing_that_disagree(examples):
    fewer = {name: SMALL[name] for name in NAMES[1:]}
    match = f"names {NAMES[0]}, for which there is no audio file"
    refused(members(fewer, examples, listed=listing(NAMES)), match)
    match = f"{NAMES[0]} is not named by examples.json|does not name {NAMES[0]}"
    refused(members(SMALL, examples, listed=listing(NAMES[1:])), match)


def other(field, value) -> bytes:
    fields = json.loads(listing(NAMES[:1]))
    fields[NAMES[0]][field] = value
    return json.dumps(fields).encode()


def of_first(value: bytes) -> bytes:
    return b'{"%s": %s}' % (NAMES[0].encode(), value)


@pytest.mark.parametrize(
    ("listed", "match"),
    [
        (b"{", "not a JSON object of notes"),
        (b" null", "not a JSON object of notes: it is null"),
        (b"[" * 200_000, "it is a list"),
        (b'{"x": ' + b"[" * 200_000, "it is nested more than 8 deep"),
        (of_first(b'{"pitch": %s}' % (b"1" * 6000)), "more than 400 digits"),
        (of_first(b'"%s"' % (b"x" * 200_000)), "a text or a gap of more than 64"),
        (of_first(b'{"q": [%s""]}' % (b'"x",' * 400_000)), "more than 1 MB on"),
        (of_first(b"null"), f"{NAMES[0]} is None, expected an object"),
        (listing(NAMES[:1])[:-1] + b"," + listing(NAMES[:1])[1:], f"names {NAMES[0]} twice"),
        (b"\xff", "not a JSON object of notes"),
        (b'{"x": {}}', "'x' is not the name of a note"),
        (of_first(b"{}"), f"{NAMES[0]} lacks the field instrument_fa"),
        (other("pitch", [35]), "has the pitch .*, its name says 35"),
        (other("pitch", float("nan")), "not a JSON object of notes"),
        (other("instrument_str", "<script>"), "its name says 'bass_electronic_018'"),
        (other("pitch", 36), "has the pitch 36, its name says 35"),
        (other("instrument_family_str", "reed"), "family_str 'reed', its name says 'ba"),
        (listing(["harp_acoustic_000-060-100"]), "of the unknown family 'harp'"),
    ],
)
def test_a_broken_listing(listed, match):
    with pytest.raises(DatasetError, match=f"^here: .*{match}"):
        list(datasets.read_listing(io.BytesIO(listed), "here"))


def test_one_reader_of_listings_for_whole_and_streamed_archives(make_set):
    for examples in PLACES:
        refused(members(SMALL, examples, listed=b"{"), "nsynth-train/examples.json: not a JSON")
    with pytest.raises(DatasetError, match="set/nsynth-train/examples.json: not a JSON object"):
        datasets.load(make_set(examples=b"{"))


def test_two_listings(tmp_path):
    files = members(SMALL) | {"nsynth-train/more/examples.json": listing(SMALL)}
    refused(files, "nsynth-train/more/examples.json: a second listing, expected one")
    (tmp_path / "set.tar").write_bytes(pack(files, ""))
    with pytest.raises(DatasetError, match="2 listings, expected one: nsynth-train/examples.json"):
        datasets.load(tmp_path / "set.tar")


@given(st.data())
@settings(max_examples=30)
def test_a_listing_is_read_the_same_in_blocks_of_any_size(data):
    # Brackets and escaped quotes in texts, split anywhere, are neither depth nor ends.
    fields = json.loads(listing(NAMES))
    for name in NAMES:
        fields[name]["remark"] = data.draw(st.text('[{"}]\\x\n', max_size=40))
    text = json.dumps(fields, indent=data.draw(st.sampled_from([None, 1]))).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets._Bounded, "BLOCK", data.draw(st.integers(100, 500)))
        found = datasets.read_listing(io.BytesIO(b"\xef\xbb\xbf" + text), "here")
        assert [note["note"] for note in found] == list(NAMES)


def test_notes_of_no_split_are_not_mixed_with_others():
    sound = {f"audio/{NAMES[0]}.wav": b""}
    refused(members(SMALL, "absent") | sound, f"such as audio/{NAMES[0]}.wav, are not")
    named = {f"nsynth-validation/{name}": data for name, data in sound.items()}
    refused(named, "the folder nsynth-validation is none of nsynth-train")


def test_the_same_notes_in_both_stores(audio, make, tmp_path):
    files = {f"audio/{name}.wav": audio[name] for name in list(audio)[:5]}
    for split in ("train", "test"):
        make(files, split=split)
    with pytest.raises(DatasetError, match="4 notes of nsynth-test are in nsynth-train as well"):
        datasets.load(tmp_path / "to", "test")


@pytest.mark.parametrize("examples", [*PLACES, "absent"])
def test_a_note_that_is_there_twice(examples):
    files = members(SMALL, examples) | {f"nsynth-train/more/audio/{NAMES[1]}.wav": b""}
    refused(files, f"{NAMES[1]} found more than once")


def test_no_notes(make, tmp_path):
    refused(members({LEFT_OUT: b""}), "no notes found beside those of")
    refused({}, "no notes found")
    refused(b"<html>Sign in</html>", "damaged or cut short at its beginning")
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder or archive"):
        make(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="unknown split 'all': choose one of train"):
        make(tmp_path, split="all")
    with pytest.raises(ValueError, match="unknown features"):
        make(tmp_path, kinds=("chroma",))
    with pytest.raises(ValueError, match="per_family is 0: expected 1 or more"):
        make(tmp_path, 0)


@pytest.mark.parametrize("examples", ["first", "last", "absent"])
def test_a_family_with_too_few_notes(audio, make, tmp_path, examples):
    with pytest.raises(DatasetError, match="3 bass notes found, 4 asked for"):
        make(members(audio, examples), 4)
    # Where the names come first, nothing was computed in vain.
    (rows,) = tmp_path.glob("to/.work/*/*.rows")
    assert bool(rows.stat().st_size) == (examples != "first")


def test_what_stands_there_is_not_overwritten(undisturbed, make, tmp_path):
    shutil.copytree(undisturbed[PER_FAMILY], tmp_path, dirs_exist_ok=True)
    (tmp_path / "set").unlink()
    assert len(make(tmp_path / "set", PER_FAMILY)) == 20  # opened: the archive is gone
    for changed in ({"per_family": 3}, {"seed": 1}, {"per_family": None}, {"kinds": ["mel"]}):
        with pytest.raises(DatasetError, match=r"a store with .* stands here, .* asked for"):
            make(tmp_path / "set", **{"per_family": PER_FAMILY} | changed)
    assert contents(tmp_path) == contents(undisturbed[PER_FAMILY])
    (tmp_path / "to" / "nsynth-train" / "store.json").unlink()
    with pytest.raises(DatasetError, match="something other than a feature store stands here"):
        make(tmp_path / "set", PER_FAMILY)
    assert (tmp_path / "to" / "nsynth-train" / "mfcc.npy").exists()


# What happens after an interruption.


class Broken(Exception):
    pass


class Breaking(ThreadPoolExecutor):
    """Breaks after some blocks; counts the notes given out."""

    def __init__(self, blocks):
        super().__init__(1)
        self.blocks, self.notes = blocks, 0

    def submit(self, function, block):
        if not self.blocks:
            raise Broken
        self.blocks -= 1
        self.notes += len(block)
        return super().submit(function, block)


@pytest.mark.parametrize("first", [None, PER_FAMILY])
@pytest.mark.parametrize("then", [None, PER_FAMILY])
def test_what_is_finished_is_not_computed_again(audio, undisturbed, make, tmp_path, first, then):
    given, starts = 0, ((5, first), (1, first), (5, first), (1000, then))
    for blocks, per_family in starts:
        with Breaking(blocks) as executor, suppress(Broken):
            make(members(audio), per_family, executor=executor)
        assert (tmp_path / "to" / "nsynth-train").exists() == (blocks == 1000)
        given += executor.notes
    assert contents(tmp_path) == contents(undisturbed[then])
    # Each time two blocks were given out and lost.
    assert given <= len(audio) - 1 + 3 * 2 * stream.BLOCK


def test_a_changed_source_replaces_what_was_made_of_the_old(audio, undisturbed, make, tmp_path):
    sound = list(audio.values())[1]
    old = dict.fromkeys(["bass_acoustic_999-060-100", *audio], sound)  # the first is gone later
    with Breaking(12) as executor, pytest.raises(Broken):
        make(members(old), executor=executor)
    make(members(audio))
    assert contents(tmp_path) == contents(undisturbed[None])


def flipped(data, at, bit=1):
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]


def test_debris_and_rows_of_other_settings_are_cleared_away(
    audio, undisturbed, make, tmp_path, capsys
):
    for kind in ("mel", "mfcc"):
        with Breaking(12) as executor, pytest.raises(Broken):
            make(members(audio), executor=executor, kinds=(kind,))
    (rows,) = tmp_path.glob("to/.work/*/*.rows")  # those of mel are gone
    whole = rows.read_bytes()
    assert len(whole) == 20 * 6680
    for at in (0, 50, 6679):  # in its checksum, in its name, in its features
        rows.write_bytes(flipped(whole, at) + b"half")
        (rows.parent / "draft").mkdir()
        (rows.parent / "draft" / "mfcc.npy").write_bytes(b"half")
        with Breaking(1000) as executor:
            make(members(audio), executor=executor)
        assert f"{rows}: 1 notes in it are damaged" in capsys.readouterr().out
        assert executor.notes == 11
        assert contents(tmp_path) == contents(undisturbed[None])
        shutil.rmtree(tmp_path / "to" / "nsynth-train")


# The draw.


@settings(max_examples=50)
@given(st.data(), st.integers(0, 5), st.integers(1, 3))
def test_the_draw_does_not_depend_on_the_order(data, seed, k):
    kinds = itertools.product(FAMILIES, datasets.SOURCES[:2], range(3))
    names = [f"{family}_{source}_{i:03d}-060-100" for family, source, i in kinds]
    expected = set()
    for family in FAMILIES:
        of_family = [name for name in names if name.startswith(family)]
        expected |= set(sorted(of_family, key=lambda name: rank(name, seed))[:k])
    order = data.draw(st.permutations(names))
    listed_at = data.draw(st.just(0) | st.integers(0, len(names)))
    census = Census("train", k, seed, "here")
    admitted = {name for name in order[:listed_at] if census.admits(name)}
    census.read_listing(io.BytesIO(listing(order)), "examples.json")
    admitted |= {name for name in order[listed_at:] if census.admits(name)}
    census.finish()
    assert {name for name in names if census.chosen(name)} == expected
    assert expected <= admitted
    if listed_at == 0:
        assert admitted == expected


def test_a_sample_of_all_is_the_store_of_a_sample(undisturbed):
    everything, cut = (datasets.load(undisturbed[k] / "to") for k in (None, PER_FAMILY))
    assert everything.sample(PER_FAMILY).table.equals(cut.table)
    assert everything.sample(PER_FAMILY).checksum() == cut.checksum()
    assert cut.sample(PER_FAMILY).table.equals(cut.table)
    assert everything.sample(1).table.equals(cut.sample(1).table)
    assert not everything.sample(1, seed=1).table.equals(everything.sample(1).table)
    with pytest.raises(DatasetError, match="2 bass notes found, 3 asked for"):
        cut.sample(3)
    np.testing.assert_array_equal(cache.extract(everything.sample(PER_FAMILY)), cache.extract(cut))
    # A cut store is used as it stands, mapped and not copied.
    assert isinstance(cache.extract(cut.sample(PER_FAMILY)), np.memmap)


def test_where_nsynth_is_looked_for(undisturbed, monkeypatch, tmp_path):
    place = undisturbed[None] / "to"
    monkeypatch.setenv("NSYNTH_STORE", str(place))
    assert len(datasets.load("nsynth", "train")) == 30
    assert len(datasets.load(place / "nsynth-train")) == 30
    with pytest.raises(FileNotFoundError, match="instruments nsynth test"):
        datasets.load("nsynth", "test")
    with pytest.raises(DatasetError, match="no notes found"):
        datasets.load(place / "nsynth-train", "test")
    monkeypatch.delenv("NSYNTH_STORE")
    monkeypatch.setattr("helpers.runs.stores.FOLDER", tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="set the environment variable NSYNTH_STORE"):
        datasets.load("nsynth")


def test_what_is_listened_to_where_a_store_has_no_sound(undisturbed, make_set, capsys):
    place = undisturbed[None] / "to"
    for name in (place, str(place / "nsynth-train"), "nsynth"):
        assert datasets.with_sound(name) == "nsynth-mini"
        assert "the bundled notes are heard instead" in capsys.readouterr().out
    # Of what is not there `load` says what is wrong with it.
    for name in ("nsynth-mini", make_set(), make_set(suffix=".tar"), "nowhere"):
        assert datasets.with_sound(name) == name


def test_what_a_store_does_not_have(undisturbed, monkeypatch):
    notes = datasets.load(undisturbed[None] / "to")
    assert "features only" in repr(notes)
    with pytest.raises(DatasetError, match=f"no sound of {notes.table['note'][3]} here.* bundled"):
        notes.waveform(3)
    with pytest.raises(DatasetError, match="no sound of"):
        cache.extract(notes, seconds=2)
    with pytest.raises(DatasetError, match="holds mfcc and no mel"):
        cache.extract(notes, "mel")
    monkeypatch.setitem(features.SETTINGS, "hop_length", 256)
    with pytest.raises(DatasetError, match="make the store again"):
        cache.extract(notes)


@pytest.mark.parametrize("name", ["store.json", "notes.npy", "mfcc.npy"])
def test_what_was_changed_in_a_store_is_noticed(undisturbed, tmp_path, name):
    rng = random.Random(0)
    folder = shutil.copytree(undisturbed[None] / "to" / "nsynth-train", tmp_path / "nsynth-train")
    whole = (folder / name).read_bytes()
    positions = (*range(0, 128, 5), *(rng.randrange(len(whole)) for _ in range(20)))
    changed = [flipped(whole, at, 1 << rng.randrange(8)) for at in positions]
    changed += [b"PK\x03\x04" + whole[4:], b"", whole[: len(whole) // 2]]
    if name == "store.json":
        edited = json.loads(whole) | {"seed": 1}
        changed += [json.dumps(edited).encode(), json.dumps(edited | {"format": 1}).encode()]
    for time_of_change, data in enumerate(changed):
        (folder / name).write_bytes(data)
        os.utime(folder / name, ns=(time_of_change, time_of_change))
        with pytest.raises(DatasetError, match=f"{folder}.*: not a whole feature store") as caught:
            cache.extract(datasets.load(tmp_path))
    if name == "store.json":
        assert "of format 1, expected 2" in str(caught.value)
    (folder / name).unlink()
    # Without its store.json it is no store at all.
    said = "no notes found" if name == "store.json" else "not a whole feature store"
    with pytest.raises(DatasetError, match=said):
        cache.extract(datasets.load(tmp_path))


# No bytes crash the parsers.


@given(st.binary(max_size=2000))
def test_any_bytes_are_an_archive_or_refused(data):
    for head in (b"", b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\0"):
        refused(head + data, "")


@given(st.data(), st.sampled_from([*PLACES, "absent"]))
def test_a_changed_byte_in_a_compressed_archive_changes_no_note(data, examples):
    whole = pack(members(SMALL, examples))
    assert read_through(whole) == list(SMALL.items())
    at = data.draw(st.integers(10, len(whole) - 1))  # what is before says nothing of the contents
    # Where it is read at all, the byte says nothing: the code of a symbol that does not occur.
    with suppress(DatasetError):
        changed = flipped(whole, at, data.draw(st.integers(1, 255)))
        assert read_through(changed) == list(SMALL.items())


@given(st.data())
def test_an_archive_with_anything_changed_is_read_or_refused(data):
    whole = pack(members(SMALL, data.draw(st.sampled_from(["first", "last"]))), "")
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 600)))
    changed = whole[:start] + data.draw(st.binary(max_size=600)) + whole[end:]
    with suppress(DatasetError):
        assert [name for name, _ in read_through(changed)] == list(SMALL)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(
    st.binary(max_size=60)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from(NAMES), json_values).map(lambda v: json.dumps(v).encode())
)
def test_no_listing_crashes_its_parser(data):
    census = Census("train", None, 0, "here")
    with suppress(DatasetError):
        census.read_listing(io.BytesIO(data), "examples.json")
    with pytest.raises(DatasetError, match="no notes found"):
        census.finish()


# Kills.

KILLS = int(os.environ.get("KILLS", "3"))
CHILD = """
import sys
from concurrent.futures import ThreadPoolExecutor
from helpers.commands.nsynth import stream

def marked(function, mark):
    def call(first, *arguments, **options):
        print(f"{mark}\\n" * (len(first) if mark == "note" else 1), end="", flush=True)
        return function(first, *arguments, **options)
    return call

stream.BLOCK = 2
stream.compute = marked(stream.compute, "note")
stream._Rows.write = marked(stream._Rows.write, "write")
folder, source, per_family = sys.argv[1:]
with ThreadPoolExecutor(1) as executor:
    stream.make("train", folder, source, int(per_family) or None, executor=executor, in_flight=2,
                progress=False)
print("finished", flush=True)
"""


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.long
def test_killed_at_any_moment(audio, undisturbed, tmp_path):
    rng = random.Random(8)
    with serving({"set": pack(members(audio))}, pace=0.002) as server:
        for number in range(KILLS):
            folder, computed = tmp_path / str(number), 0
            # Once amid the notes, once as the store is written, and then no more.
            for mark, to_see in (("note", rng.randint(1, 20)), ("write", 1), ("kill", 1)):
                child = start(folder / "to", server.url("set"), PER_FAMILY)
                for line in child.stdout:
                    computed += line == "note\n"
                    to_see -= line == f"{mark}\n"
                    if to_see == 0:
                        time.sleep(rng.random() * 0.03)
                        child.kill()
                ended = child.wait()
            assert ended == 0
            assert contents(folder) == contents(undisturbed[PER_FAMILY])
            # What was given out is lost, and no more.
            assert computed <= len(audio) + 3 * 2


@pytest.mark.long
def test_two_processes_make_one_store(audio, undisturbed, tmp_path):
    with serving({"set": pack(members(audio))}, pace=0.002) as server:
        children = [start(tmp_path / "to", server.url("set"), 0) for _ in range(2)]
        outputs = [child.communicate(timeout=600)[0] for child in children]
    assert all(output.strip().endswith("finished") for output in outputs)
    assert sum(output.count("note\n") for output in outputs) == len(audio) - 1
    assert contents(tmp_path) == contents(undisturbed[None])


# The command.


def command(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "helpers.commands", "nsynth", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_the_command(audio, undisturbed, tmp_path):
    name = archives.NAME.format("train")
    with serving({name: pack(members(audio))}, [Fault(part=0.3)]) as server:
        child = command("train", "valid", "--source", server.url(""), "--to", tmp_path / "to",
                        "--per-family", PER_FAMILY, "--workers", 1)  # fmt: skip
        output, errors = child.communicate(timeout=600)
    assert "<Notes: 20 notes" in output
    assert "notes=31" in errors  # the bar
    assert "again from byte" in errors
    assert contents(tmp_path) == contents(undisturbed[PER_FAMILY])
    assert child.returncode == 1
    assert f"error: {server.url('nsynth-valid.jsonwav.tar.gz')}: status 404" in errors
    assert "Traceback" not in errors


@pytest.mark.long
def test_an_interrupt_is_obeyed_though_it_was_lost(audio, tmp_path, monkeypatch):
    (tmp_path / "set").write_bytes(pack(members(audio)))
    monkeypatch.setattr(stream, "BLOCK", 2)
    admits, seen = Census.admits, []

    def losing(self, name):
        seen.append(name)
        if len(seen) == 7:
            with suppress(KeyboardInterrupt):  # as a callback of C does
                signal.raise_signal(signal.SIGINT)
        return admits(self, name)

    monkeypatch.setattr(Census, "admits", losing)
    arguments = ["train", "--source", str(tmp_path / "set"), "--to", str(tmp_path / "to")]
    with pytest.raises(SystemExit, match="interrupted: the same command goes on"):
        stream.main([*arguments, "--workers", "1"])
    assert len(seen) == 7
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    stream.main([*arguments, "--workers", "1"])
    assert len(datasets.load(tmp_path / "to")) == len(audio) - 1


def test_the_checksum_of_an_archive_is_told_and_held_to(
    audio, undisturbed, executor, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(stream, "_processes", lambda workers: nullcontext(executor))
    data = pack(members(audio))
    digest, path = f"sha256:{hashlib.sha256(data).hexdigest()}", tmp_path / "set"
    path.mkdir()
    arguments = ["train", "--source", str(path), "--to", str(tmp_path / "to")]
    with pytest.raises(SystemExit, match="is a folder, and a checksum is of an archive"):
        stream.main([*arguments, "--checksum", digest])
    path = path / archives.NAME.format("train")
    path.write_bytes(data)
    with pytest.raises(SystemExit, match=f"{digest}, expected sha256:00"):
        stream.main([*arguments, "--checksum", "sha256:" + "0" * 64])
    with pytest.raises(SystemExit):
        stream.main(["train", "test", "--checksum", digest])
    assert "give one split at a time" in capsys.readouterr().err
    stream.main(arguments)
    assert f"{path}: {digest}. Nothing to compare it with" in capsys.readouterr().err
    assert contents(tmp_path) == contents(undisturbed[None])


@pytest.mark.long
def test_workers_end_with_a_killed_command(audio, tmp_path):
    def alive(process):
        with suppress(psutil.NoSuchProcess):
            return process.status() != psutil.STATUS_ZOMBIE

    with serving({"set.tar": pack(members(audio), "")}, pace=0.5) as server:
        child = command("train", "--source", server.url("set.tar"), "--to", tmp_path)
        family = psutil.Process(child.pid)
        while not list(tmp_path.glob(".work/*/lock")) or len(found := family.children()) < 2:
            assert child.poll() is None
            time.sleep(0.05)
        child.kill()
        child.wait()
        deadline = time.monotonic() + 60
        while any(map(alive, found)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
