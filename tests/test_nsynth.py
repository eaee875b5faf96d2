"""The store that comes out is the same, byte for byte, whatever happened on the way.

20 seeded scenarios in `make test`, 200 in `make test-all` (environment variable SCENARIOS).
"""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from conftest import NAMES, audio_bytes, listing, tone
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

SCENARIOS = int(os.environ.get("SCENARIOS", "20"))
PER_FAMILY = 3
LEFT_OUT = "synth_lead_synthetic_000-060-075"


@pytest.fixture(scope="module")
def executor():
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def make(executor, tmp_path, monkeypatch):
    """`stream.make` in small steps: several blocks and shards even of a few notes."""
    monkeypatch.setattr(stream, "BLOCK", 2)
    monkeypatch.setattr(stream, "SHARD", 8)
    download = partial(Download, timeout=0.5, wait=0.005, attempts=20)
    return partial(
        stream.make, "train", tmp_path, executor=executor, in_flight=3, download=download,
        progress=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def audio(train_notes):
    """Four bundled notes a family as WAV, in an order that no sorting gives, and a fifth family."""
    notes = train_notes.sample(PER_FAMILY + 1)
    files = {LEFT_OUT: audio_bytes(tone(LEFT_OUT))}
    for i in np.random.default_rng(0).permutation(len(notes)):
        samples, rate = soundfile.read(io.BytesIO(notes.read_bytes(i)), dtype="int16")
        files[notes.table["note"][i]] = audio_bytes(samples, rate)
    return files


def members(audio, examples="last", split="train", listed=None) -> dict:
    """A split in NSynth's layout, its examples.json first, last, amid the audio or absent."""
    files = [(f"nsynth-{split}/audio/{name}.wav", data) for name, data in audio.items()]
    if examples != "absent":
        at = {"first": 0, "amid": len(files) // 2, "last": len(files)}[examples]
        files.insert(at, (f"nsynth-{split}/examples.json", listed or listing(audio)))
    return dict(files)


def pack(files: dict, suffix=".tar.gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        folder = tarfile.TarInfo("nsynth-train")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    data = buffer.getvalue()
    return data if suffix == ".tar" else gzip.compress(data, 1, mtime=0)


def contents(folder):
    """The files of a store, by name, and nothing else: `.work` holds but an empty lock."""
    work = [p for p in (folder / ".work").rglob("*") if p.is_file()]
    assert [p.name for p in work if p.stat().st_size] == []
    assert {p.name for p in work} <= {"lock"}
    assert {p.name for p in folder.iterdir()} <= {".work", "nsynth-train"}
    return {p.name: p.read_bytes() for p in (folder / "nsynth-train").iterdir()}


@pytest.fixture(scope="module")
def undisturbed(audio, executor, tmp_path_factory):
    """What a local archive gives in one go: of all notes, and of a sample."""
    stores = {}
    for per_family in (None, PER_FAMILY):
        folder = tmp_path_factory.mktemp("undisturbed")
        (folder / "set.tar.gz").write_bytes(pack(members(audio)))
        stream.make(
            "train", folder, folder / "set.tar.gz", per_family, executor=executor, progress=False
        )
        (folder / "set.tar.gz").unlink()
        stores[per_family] = contents(folder)
    return stores


def test_a_store_holds_what_a_folder_of_notes_gives(audio, make, tmp_path, train_notes):
    (tmp_path / "set.tar.gz").write_bytes(pack(members(audio)))
    stored = make(tmp_path / "set.tar.gz", kinds=("mfcc", "mel"))
    (tmp_path / "set.tar.gz").unlink()
    notes = train_notes.select(train_notes.table["note"].isin(audio))
    assert len(stored) == 10 * (PER_FAMILY + 1)
    assert stored.table.equals(notes.table.drop(columns="recording"))
    assert stored.audio_digests() == notes.audio_digests()
    for kind in ("mfcc", "mel"):
        found = cache.extract(stored, kind)
        expected = cache.extract(notes, kind, cache=None, progress=False)
        assert isinstance(found, np.memmap)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected)
        rows = [5, 2, 30]
        np.testing.assert_array_equal(cache.extract(stored.select(rows), kind), expected[rows])
    assert set(contents(tmp_path)) == {"store.json", "notes.npy", "mfcc.npy", "mel.npy"}


@pytest.mark.parametrize("examples", ["first", "amid", "last", "absent"])
@pytest.mark.parametrize("per_family", [None, PER_FAMILY])
def test_any_source_gives_the_same_store(audio, undisturbed, make, tmp_path, examples, per_family):
    source = tmp_path / "set.tar"
    source.write_bytes(pack(members(audio, examples), ".tar"))
    make(source, per_family)
    source.unlink()
    assert contents(tmp_path) == undisturbed[per_family]


def test_a_folder_gives_the_same_store(audio, undisturbed, make, tmp_path, make_set):
    folder = make_set(names=list(audio), audio=audio).rename(tmp_path.parent / "folder")
    make(folder)
    assert contents(tmp_path) == undisturbed[None]


@pytest.mark.parametrize("seed", range(SCENARIOS))
def test_whatever_the_network_does_the_store_is_the_same(
    seed, audio, undisturbed, make, tmp_path, capsys
):
    rng = random.Random(seed)
    suffix = rng.choice((".tar", ".tar.gz", ".tar.gz"))
    data = pack(members(audio, rng.choice(("first", "amid", "last", "absent"))), suffix)
    per_family = rng.choice((None, PER_FAMILY))
    with serving({f"set{suffix}": data}, faults(rng)) as server:
        server.ranges = rng.random() < 0.8
        troubles = len(server.faults)
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        make(Archive(server.url(f"set{suffix}"), len(data), digest), per_family)
        assert server.faults == []
        assert len(server.requests) > troubles
    assert contents(tmp_path) == undisturbed[per_family]


def test_the_split_that_is_asked_for_is_taken(audio, undisturbed, make, tmp_path):
    name = "bass_electronic_099-035-100"
    test = members({name: audio_bytes(tone(name))}, split="test")
    source = tmp_path / "set.tar"
    source.write_bytes(pack(test | members(audio), ".tar"))
    make(source)
    source.unlink()
    assert contents(tmp_path) == undisturbed[None]


# What may be wrong, and how it is said.


def refused(make, tmp_path, match, data=None, suffix=".tar.gz", error=DatasetError, **archive):
    """Making a store of `data` fails and leaves no store; returns what was said."""
    source = tmp_path / f"set{suffix}"
    source.write_bytes(data)
    with pytest.raises(error, match=match) as caught:
        make(Archive(source, **archive))
    source.unlink()
    assert not (tmp_path / "nsynth-train").exists()
    assert not list(tmp_path.rglob("draft"))
    assert str(source) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
@pytest.mark.parametrize("kept", [0.0, 0.001, 0.3, 0.7, 0.99, -1])
def test_a_truncated_archive(audio, undisturbed, make, tmp_path, suffix, kept):
    data = pack(members(audio, "first"), suffix)
    if kept == -1 and suffix == ".tar":
        data = data.rstrip(b"\0")  # the end mark
    cut = len(data) - 1 if kept == -1 else int(kept * len(data))
    refused(make, tmp_path, "damaged or cut short at", data[:cut], suffix)
    test_any_source_gives_the_same_store(audio, undisturbed, make, tmp_path, "first", None)


def test_a_damaged_header_is_no_end(audio, make, tmp_path):
    data = bytearray(pack(members(audio, "absent"), ".tar"))
    names = list(audio)
    at = data.index(names[5].encode())
    data[at] ^= 1
    refused(
        make, tmp_path, f"damaged or cut short at .*{names[4]}.wav .*bad checksum", data, ".tar"
    )


def test_what_was_made_of_a_damaged_archive_is_not_trusted(audio, undisturbed, make, tmp_path):
    # A note whose sound is another, and a checksum at the end that says so.
    names = list(audio)
    wrong = audio | {names[3]: audio[names[4]]}
    message = refused(
        make, tmp_path, "has the checksum md5:", pack(members(wrong)), checksum="md5:" + "0" * 32
    )
    assert "start again" in message
    assert len(list(tmp_path.glob(".work/*/*.npy"))) > 1
    test_any_source_gives_the_same_store(audio, undisturbed, make, tmp_path, "last", None)


def test_the_wrong_length(audio, make, tmp_path):
    data = pack(members(audio))
    refused(make, tmp_path, f"{len(data):,} bytes long, expected 7", data, size=7)
    with serving({"set.tar.gz": data}) as server, pytest.raises(DownloadError, match="expected 7"):
        make(Archive(server.url("set.tar.gz"), size=7))


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (audio_bytes(np.zeros(63_999)), "63999 samples, expected"),
        (b"not audio", "cannot be decoded"),
        (b"\0" * (1 << 21), "has 2,097,152 bytes, more than a note"),
    ],
)
def test_a_bad_member_is_named(audio, make, tmp_path, wrong, match):
    name = list(audio)[20]
    message = refused(make, tmp_path, match, pack(members(audio | {name: wrong})))
    assert name in message


@pytest.mark.parametrize("examples", ["first", "amid", "last"])
def test_notes_and_listing_that_disagree(audio, make, tmp_path, examples):
    names = list(audio)
    fewer = {name: audio[name] for name in names[1:]}
    match = f"names {names[0]}, for which there is no audio file"
    refused(make, tmp_path, match, pack(members(fewer, examples, listed=listing(names))))
    match = f"not named by examples.json|does not name {names[0]}"
    refused(make, tmp_path, match, pack(members(audio, examples, listed=listing(names[1:]))))


def other(name, field, value) -> bytes:
    fields = json.loads(listing([name]))
    fields[name][field] = value
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    ("listed", "match"),
    [
        (b"{", "not a JSON object of notes"),
        (b"[1]", "not a JSON object of notes: it is a list"),
        (b" null", "not a JSON object of notes: it is null"),
        (b"[" * 200_000, "it is a list"),
        (b'{"x": ' + b"[" * 200_000, "it is nested more than 8 deep"),
        (b'{"%s": {"pitch": %s}}' % (NAMES[0].encode(), b"1" * 6000), "more than 400 digits"),
        (b'{"%s": "%s"}' % (NAMES[0].encode(), b"x" * 200_000), "a text or a gap of more than 64"),
        (b'{"%s": {"q": [%s""]}}' % (NAMES[0].encode(), b'"x",' * 400_000), "more than 1 MB on"),
        (b'{"%s": null}' % NAMES[0].encode(), f"{NAMES[0]} is None, expected an object"),
        (listing(NAMES[:1])[:-1] + b"," + listing(NAMES[:1])[1:], f"names {NAMES[0]} twice"),
        (b"\xff", "not a JSON object of notes"),
        (b'{"x": {}}', "'x' is not the name of a note"),
        (b'{"%s": {}}' % NAMES[0].encode(), f"{NAMES[0]} lacks the field instrument_fa"),
        (b'{"%s": 1}' % NAMES[0].encode(), f"{NAMES[0]} is 1, expected an object"),
        (other(NAMES[0], "pitch", ""), "has the pitch '', its name says 35"),
        (other(NAMES[0], "pitch", 1e308), "has the pitch .*, its name says 35"),
        (other(NAMES[0], "pitch", [35]), "has the pitch .*, its name says 35"),
        (other(NAMES[0], "pitch", float("nan")), "not a JSON object of notes"),
        (other(NAMES[0], "instrument_str", "<script>"), "its name says 'bass_electronic_018'"),
        (other(NAMES[0], "pitch", 36), "has the pitch 36, its name says 35"),
        (other(NAMES[0], "instrument_family_str", "reed"), "family_str 'reed', its name says 'ba"),
        (listing(["harp_acoustic_000-060-100"]), "of the unknown family 'harp'"),
        (listing(["bass_sampled_000-060-100"]), "of the unknown source 'sampled'"),
    ],
)
@pytest.mark.parametrize("examples", ["first", "last"])
def test_a_broken_listing(make, tmp_path, listed, match, examples):
    audio = {NAMES[0]: audio_bytes(tone(NAMES[0]))}
    message = refused(make, tmp_path, match, pack(members(audio, examples, listed=listed)))
    assert "examples.json" in message
    # One reader for both.
    (tmp_path / "set.tar.gz").write_bytes(pack(members(audio, examples, listed=listed)))
    with pytest.raises(DatasetError, match=match) as caught:
        datasets.load(tmp_path / "set.tar.gz")
    assert "examples.json" in str(caught.value)


def test_two_listings(audio, make, tmp_path):
    files = members(audio) | {"nsynth-train/more/examples.json": listing(audio)}
    message = refused(make, tmp_path, "a second listing, expected one", pack(files))
    assert "nsynth-train/more/examples.json" in message
    (tmp_path / "set.tar.gz").write_bytes(pack(files))
    with pytest.raises(DatasetError, match="2 listings, expected one: nsynth-train/examples.json"):
        datasets.load(tmp_path / "set.tar.gz")


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


def test_whole_and_streamed_archives_are_of_the_same_kinds(audio, undisturbed, make, tmp_path):
    plain = gzip.decompress(pack(members(audio)))
    for suffix, packed in (("bz2", bz2.compress(plain, 1)), ("xz", lzma.compress(plain, preset=0))):
        source = tmp_path.parent / f"set.tar.{suffix}"
        source.write_bytes(packed)
        make(source)
        assert contents(tmp_path) == undisturbed[None]
        assert len(datasets.load(source)) == len(audio) - 1
        shutil.rmtree(tmp_path / "nsynth-train")
        refused(make, tmp_path, "damaged or cut short", packed[:-500], f".tar.{suffix}")


def test_notes_of_no_split_are_not_mixed_with_others(audio, make, tmp_path):
    name = "bass_electronic_099-035-100"
    files = members(audio, "absent") | {f"audio/{name}.wav": audio_bytes(tone(name))}
    refused(make, tmp_path, f"such as audio/{name}.wav, are not", pack(files))
    files = {f"nsynth-validation/audio/{name}.wav": audio_bytes(tone(name))}
    refused(make, tmp_path, "the folder nsynth-validation is none of nsynth-train", pack(files))


def test_a_store_says_what_it_left_out(audio, undisturbed, make, tmp_path, capsys):
    files = members(audio) | {
        "nsynth-train/audio/._x.wav": b"",
        "nsynth-train/audio/one.mp3": b"",
        "__MACOSX/nsynth-train/audio/x.wav": b"",
    }
    source = tmp_path.parent / "set.tar.gz"
    source.write_bytes(pack(files))
    make(source)
    said = capsys.readouterr().err
    assert (
        "left out: 3 (hidden, or neither WAV nor FLAC): __MACOSX/nsynth-train/audio/x.wav" in said
    )
    assert contents(tmp_path) == undisturbed[None]


def test_the_same_notes_in_both_stores(audio, executor, tmp_path):
    folder = tmp_path / "set" / "audio"
    folder.mkdir(parents=True)
    for name, data in list(audio.items())[:5]:
        (folder / f"{name}.wav").write_bytes(data)
    for split in ("train", "test"):
        stream.make(split, tmp_path, folder.parent, executor=executor, progress=False)
    with pytest.raises(DatasetError, match="4 notes of nsynth-test are in nsynth-train as well"):
        datasets.load(tmp_path, "test")


def test_a_note_that_is_there_twice(audio, make, tmp_path):
    name = list(audio)[7]
    for examples in ("first", "amid", "last", "absent"):
        files = members(audio, examples) | {f"nsynth-train/more/audio/{name}.wav": audio[name]}
        refused(make, tmp_path, f"{name} found more than once", pack(files))


def test_no_notes(make, tmp_path):
    left_out = {LEFT_OUT: audio_bytes(tone(LEFT_OUT))}
    refused(make, tmp_path, "no notes found beside those of", pack(members(left_out)))
    refused(make, tmp_path, "no notes found", pack(members({}, "absent")))
    refused(make, tmp_path, "damaged or cut short at its beginning", b"<html>Sign in</html>")
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder or archive"):
        make(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="unknown split 'all': choose one of train"):
        stream.make("all", tmp_path)
    with pytest.raises(ValueError, match="unknown features"):
        make(tmp_path, kinds=("chroma",))


@pytest.mark.parametrize("examples", ["first", "last"])
def test_a_family_with_too_few_notes(audio, make, tmp_path, examples):
    (tmp_path / "set.tar.gz").write_bytes(pack(members(audio, examples)))
    with pytest.raises(DatasetError, match="4 bass notes found, 5 asked for"):
        make(tmp_path / "set.tar.gz", 5)
    # Where the names come first, nothing was computed in vain.
    assert bool(list(tmp_path.glob(".work/*/*.npy"))) == (examples == "last")


def test_what_stands_there_is_not_overwritten(audio, make, tmp_path):
    (tmp_path / "set.tar.gz").write_bytes(pack(members(audio)))
    make(tmp_path / "set.tar.gz", 2)
    (tmp_path / "set.tar.gz").unlink()
    before = contents(tmp_path)
    assert len(make(tmp_path / "set.tar.gz", 2)) == 20  # opened: the archive is gone
    for changed in ({"per_family": 3}, {"per_family": 2, "seed": 1}, {"per_family": None}):
        with pytest.raises(DatasetError, match=r"a store with .* stands here, .* asked for"):
            make(tmp_path / "set.tar.gz", **changed)
    with pytest.raises(DatasetError, match="'mel'"):
        make(tmp_path / "set.tar.gz", 2, kinds=("mfcc", "mel"))
    assert contents(tmp_path) == before
    (tmp_path / "nsynth-train" / "store.json").unlink()
    with pytest.raises(DatasetError, match="something other than a feature store stands here"):
        make(tmp_path / "set.tar.gz", 2)
    assert (tmp_path / "nsynth-train" / "mfcc.npy").exists()


# What happens after an interruption.


class Broken(Exception):
    pass


class Breaking(ThreadPoolExecutor):
    """Breaks after some blocks; counts the notes given out."""

    def __init__(self, blocks):
        super().__init__(1)
        self.blocks, self.notes = blocks, 0

    def submit(self, function, block, *arguments):
        if not self.blocks:
            raise Broken
        self.blocks -= 1
        self.notes += len(block)
        return super().submit(function, block, *arguments)


@pytest.mark.long
def test_processes_compute_what_they_are_given(audio):
    notes = list(audio.items())[1:4]
    with stream._executor(None, 1) as pool:
        good = pool.submit(stream.compute, notes, ["mfcc"], "here")
        bad = pool.submit(stream.compute, [("loud", b"RIFF")], ["mfcc"], "here")
        expected = stream.compute(notes, ["mfcc"], "here")
        np.testing.assert_array_equal(good.result(), expected, strict=True)
        with pytest.raises(DatasetError, match="here: loud"):
            bad.result()


@pytest.mark.parametrize("per_family", [None, PER_FAMILY])
def test_finished_shards_are_not_computed_again(audio, undisturbed, make, tmp_path, per_family):
    with serving({"set.tar.gz": pack(members(audio))}) as server:
        given = 0
        for blocks in (9, 1, 9, 1000):
            with Breaking(blocks) as executor:
                try:
                    make(server.url("set.tar.gz"), per_family, executor=executor)
                except Broken:
                    assert not (tmp_path / "nsynth-train").exists()
                given += executor.notes
    assert contents(tmp_path) == undisturbed[per_family]
    lost = stream.SHARD + 3 * stream.BLOCK
    assert len(audio) - 1 <= given <= len(audio) + 3 * lost or per_family
    assert given < 2 * len(audio)


def test_a_sample_goes_on_from_shards_of_all_and_the_other_way(audio, undisturbed, make, tmp_path):
    (tmp_path.parent / "all.tar.gz").write_bytes(pack(members(audio)))
    for first, then in ((None, PER_FAMILY), (PER_FAMILY, None)):
        with Breaking(10) as executor, pytest.raises(Broken):
            make(tmp_path.parent / "all.tar.gz", first, executor=executor)
        with Breaking(1000) as executor:
            make(tmp_path.parent / "all.tar.gz", then, executor=executor)
        assert executor.notes < len(audio) - 5
        assert contents(tmp_path) == undisturbed[then]
        for path in (tmp_path / "nsynth-train").iterdir():
            path.unlink()
        (tmp_path / "nsynth-train").rmdir()


def test_a_changed_source_replaces_what_was_made_of_the_old(audio, undisturbed, make, tmp_path):
    names = list(audio)
    old = {name: audio[names[1]] for name in names} | {"bass_acoustic_999-060-100": audio[names[1]]}
    source = tmp_path.parent / "set.tar.gz"
    source.write_bytes(pack(members(old)))
    with Breaking(12) as executor, pytest.raises(Broken):
        make(source, executor=executor)
    source.write_bytes(pack(members(audio)))
    make(source)
    assert contents(tmp_path) == undisturbed[None]


def test_debris_and_shards_of_other_settings_are_cleared_away(
    audio, undisturbed, make, tmp_path, monkeypatch, capsys
):
    source = tmp_path.parent / "set.tar.gz"
    source.write_bytes(pack(members(audio)))
    with Breaking(12) as executor, pytest.raises(Broken):
        make(source, executor=executor, kinds=("mel",))
    with Breaking(12) as executor, pytest.raises(Broken):
        make(source, executor=executor)
    work = tmp_path / ".work" / "nsynth-train"
    shards = sorted(work.glob("*.npy"))
    assert len({path.name.partition("-")[0] for path in shards}) == 1  # those of mel are gone
    flip(shards[0], 20)  # in the header, where NumPy's own reader may fail with any error
    (work / f".{shards[1].name}.abc").write_bytes(b"half")
    (work / "draft").mkdir()
    (work / "draft" / "mfcc.npy").write_bytes(b"half")
    make(source)
    assert f"{shards[0]}: cannot be read" in capsys.readouterr().out
    assert contents(tmp_path) == undisturbed[None]


# The draw.


@settings(max_examples=50)
@given(st.data(), st.integers(0, 5), st.integers(1, 3), st.sampled_from(["first", "amid", "last"]))
def test_the_draw_does_not_depend_on_the_order(data, seed, k, examples):
    names = [
        f"{family}_{source}_{i:03d}-060-100"
        for family in FAMILIES
        for source in datasets.SOURCES[:2]
        for i in range(3)
    ]
    expected = set()
    for family in FAMILIES:
        of_family = [name for name in names if name.startswith(family)]
        expected |= set(sorted(of_family, key=lambda name: rank(name, seed))[:k])
    order = data.draw(st.permutations(names))
    at = {"first": 0, "amid": data.draw(st.integers(0, len(names))), "last": len(names)}[examples]
    census = Census(k, seed, "here")
    admitted = {name for name in order[:at] if census.admits(name)}
    census.read_listing(io.BytesIO(listing(order)), "examples.json")
    admitted |= {name for name in order[at:] if census.admits(name)}
    census.finish()
    assert {name for name in names if census.chosen(name)} == expected
    assert expected <= admitted
    if examples == "first":
        assert admitted == expected


@pytest.fixture(scope="module")
def stores(audio, undisturbed, tmp_path_factory):
    """The folders of the two undisturbed stores, written anew."""
    folders = {}
    for per_family, files in undisturbed.items():
        folder = tmp_path_factory.mktemp("stores")
        (folder / "nsynth-train").mkdir()
        for name, data in files.items():
            (folder / "nsynth-train" / name).write_bytes(data)
        folders[per_family] = folder
    return folders


def test_a_sample_of_all_is_the_store_of_a_sample(stores):
    everything, cut = datasets.load(stores[None]), datasets.load(stores[PER_FAMILY])
    assert everything.sample(PER_FAMILY).table.equals(cut.table)
    assert everything.sample(PER_FAMILY).checksum() == cut.checksum()
    assert cut.sample(PER_FAMILY).table.equals(cut.table)
    assert everything.sample(2).table.equals(cut.sample(2).table)
    assert not everything.sample(2, seed=1).table.equals(everything.sample(2).table)
    with pytest.raises(DatasetError, match="3 bass notes found, 4 asked for"):
        cut.sample(4)
    np.testing.assert_array_equal(cache.extract(everything.sample(PER_FAMILY)), cache.extract(cut))
    # A cut store is used as it stands, mapped and not copied.
    assert isinstance(cache.extract(cut.sample(PER_FAMILY)), np.memmap)


def test_a_store_needs_no_audio_to_find_what_leaks(train_notes, test_notes, executor, tmp_path):
    bundled, stored = [], []
    for split, notes in (("train", train_notes), ("test", test_notes)):
        notes = notes.select(notes.table["family"] == "mallet")
        audio = {}
        for i, name in enumerate(notes.table["note"]):
            samples, rate = soundfile.read(io.BytesIO(notes.read_bytes(i)), dtype="int16")
            audio[name] = audio_bytes(samples, rate)
        (tmp_path / "set.tar").write_bytes(pack(members(audio, split=split), ".tar"))
        bundled.append(notes)
        stored.append(
            stream.make(split, tmp_path, tmp_path / "set.tar", executor=executor, progress=False)
        )
    heard = evaluation.leaked(*bundled)
    assert len(heard) == 11
    assert evaluation.leaked(*stored) == heard
    assert evaluation.leaked(bundled[0], stored[1]) == heard
    digests = [set(notes.audio_digests()) for notes in bundled]
    assert len(digests[0] & digests[1]) == 4
    assert [set(notes.audio_digests()) for notes in stored] == digests


def test_where_nsynth_is_looked_for(stores, monkeypatch, tmp_path):
    monkeypatch.setenv("NSYNTH_STORE", str(stores[None]))
    assert len(datasets.load("nsynth", "train")) == 40
    assert len(datasets.load(stores[None] / "nsynth-train")) == 40
    with pytest.raises(FileNotFoundError, match="instruments nsynth test"):
        datasets.load("nsynth", "test")
    with pytest.raises(DatasetError, match="no notes found"):
        datasets.load(stores[None] / "nsynth-train", "test")
    monkeypatch.delenv("NSYNTH_STORE")
    monkeypatch.setattr("helpers.runs.stores.FOLDER", tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="set the environment variable NSYNTH_STORE"):
        datasets.load("nsynth")


def test_what_is_listened_to_where_a_store_has_no_sound(stores, make_set, capsys):
    assert datasets.with_sound(stores[None]) == "nsynth-mini"
    assert "the bundled notes are heard instead" in capsys.readouterr().out
    assert datasets.with_sound(str(stores[None] / "nsynth-train")) == "nsynth-mini"
    assert datasets.with_sound("nsynth") == "nsynth-mini"
    assert datasets.with_sound("nsynth-mini") == "nsynth-mini"
    for suffix in ("", ".tar"):
        path = make_set(suffix=suffix)
        assert datasets.with_sound(path) == path
    assert datasets.with_sound("nowhere") == "nowhere"  # `load` says what is wrong with it


def test_a_store_has_no_sound_and_says_so(stores):
    notes = datasets.load(stores[None])
    with pytest.raises(DatasetError, match="a feature store keeps none: open the bundled") as error:
        notes.waveform(3)
    assert notes.table["note"][3] in str(error.value)
    assert "features only" in repr(notes)


def test_a_store_of_other_features(stores, monkeypatch):
    notes = datasets.load(stores[None])
    with pytest.raises(DatasetError, match="holds mfcc and no mel"):
        cache.extract(notes, "mel")
    with pytest.raises(DatasetError, match="no sound of"):
        cache.extract(notes, seconds=2)
    monkeypatch.setitem(features.SETTINGS, "hop_length", 256)
    with pytest.raises(DatasetError, match="make the store again"):
        cache.extract(notes)


def flip(path, at, bit=1):
    data = bytearray(path.read_bytes())
    data[at] ^= bit
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["store.json", "notes.npy", "mfcc.npy"])
def test_a_bit_changed_in_a_store_is_noticed(stores, tmp_path, name):
    rng = random.Random(0)
    shutil.copytree(stores[None] / "nsynth-train", tmp_path / "nsynth-train")
    path = tmp_path / "nsynth-train" / name
    whole = path.read_bytes()
    for at in (*range(0, 128, 5), *(rng.randrange(len(whole)) for _ in range(20))):
        path.write_bytes(whole)
        flip(path, at, 1 << rng.randrange(8))
        os.utime(path, ns=(at, at))
        with pytest.raises(DatasetError, match="not a whole feature store") as caught:
            cache.extract(datasets.load(tmp_path))
        assert str(tmp_path) in str(caught.value)
    for data in (b"PK\x03\x04" + whole[4:], b"", whole[: len(whole) // 2]):
        path.write_bytes(data)
        with pytest.raises(DatasetError, match="not a whole feature store") as caught:
            cache.extract(datasets.load(tmp_path))
        assert str(tmp_path / "nsynth-train") in str(caught.value)
    path.unlink()
    # Without its store.json it is no store at all.
    said = "no notes found" if name == "store.json" else "not a whole feature store"
    with pytest.raises(DatasetError, match=said):
        cache.extract(datasets.load(tmp_path))


@pytest.mark.parametrize(
    ("change", "match"),
    [({"format": 1}, "of format 1, expected 2"), ({"seed": 1}, "store.json was changed after")],
)
def test_a_store_that_was_edited(stores, tmp_path, change, match):
    for path in (stores[None] / "nsynth-train").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    info = json.loads((tmp_path / "store.json").read_text())
    (tmp_path / "store.json").write_text(json.dumps(info | change))
    with pytest.raises(DatasetError, match=match):
        datasets.load(tmp_path)


# No bytes crash the parsers.


def read_through(data: bytes) -> list:
    """All notes of an archive in memory, as the stream gives them."""
    census = Census(None, 0, "here")
    bar = SimpleNamespace(update=lambda n: None, write=lambda *_, **__: None, total=None)
    with closing(io.BytesIO(data)) as raw:
        found = archives._of_archive(raw, Archive("here"), "train", census, bar)
        notes = [(name, data) for name, data in found if census.admits(name) or True]
    census.finish()
    return notes


SMALL = {name: bytes([i]) * 1000 for i, name in enumerate(NAMES)}


@given(st.binary(max_size=2000))
def test_any_bytes_are_an_archive_or_refused(data):
    for head in (b"", b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\0"):
        with pytest.raises(DatasetError, match="here"):
            read_through(head + data)


@given(st.data(), st.sampled_from(["first", "amid", "last", "absent"]))
def test_a_changed_byte_in_a_compressed_archive_changes_no_note(data, examples):
    whole = pack(members(SMALL, examples))
    assert read_through(whole) == list(SMALL.items())
    at = data.draw(st.integers(10, len(whole) - 1))  # what is before says nothing of the contents
    value = data.draw(st.integers(0, 255).filter(lambda value: value != whole[at]))
    # Where it is read at all, the byte says nothing: the code of a symbol that does not occur.
    with suppress(DatasetError):
        assert read_through(whole[:at] + bytes([value]) + whole[at + 1 :]) == list(SMALL.items())


@given(st.data())
def test_an_archive_with_anything_changed_is_read_or_refused(data):
    whole = pack(members(SMALL, data.draw(st.sampled_from(["first", "last"]))), ".tar")
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
    census = Census(None, 0, "here")
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

stream.BLOCK, stream.SHARD = 2, 4
compute = stream.compute
def marked(block, *arguments):
    print("note\\n" * len(block), end="", flush=True)
    return compute(block, *arguments)
stream.compute = marked
merge = stream._Shards.merge
def merging(*arguments):
    print("merge", flush=True)
    return merge(*arguments)
stream._Shards.merge = merging
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
    kills = stores = 0
    with serving({"set.tar.gz": pack(members(audio))}, pace=0.002) as server:
        while kills < KILLS:
            stores += 1
            killed = computed = 0
            while True:
                child = start(tmp_path / str(stores), server.url("set.tar.gz"), PER_FAMILY)
                # The last kill comes as the shards are put together.
                mark = "note" if kills < KILLS - 1 else "merge"
                to_see = (rng.randint(1, 20) if mark == "note" else 1) if kills < KILLS else None
                seen = []
                for line in child.stdout:
                    seen.append(line.strip())
                    if seen.count(mark) == to_see and seen[-1] == mark:
                        time.sleep(rng.random() * 0.03)
                        child.kill()
                computed += seen.count("note")
                if child.wait() == 0:
                    break
                killed, kills = killed + 1, kills + 1
            assert contents(tmp_path / str(stores)) == undisturbed[PER_FAMILY]
            # With each kill at most a shard is lost, and what was given out ahead of it.
            assert computed <= len(audio) + killed * (4 + 3 * 2)


@pytest.mark.long
def test_two_processes_make_one_store(audio, undisturbed, tmp_path):
    with serving({"set.tar.gz": pack(members(audio))}, pace=0.002) as server:
        children = [start(tmp_path, server.url("set.tar.gz"), 0) for _ in range(2)]
        outputs = [child.communicate(timeout=600)[0] for child in children]
    assert all(output.strip().endswith("finished") for output in outputs)
    assert sum(output.count("note\n") for output in outputs) == len(audio) - 1
    assert contents(tmp_path) == undisturbed[None]


# The command.


def command(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "helpers.commands", "nsynth", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_the_command(audio, undisturbed, tmp_path):
    name = archives.NAME.format("train")
    with serving({name: pack(members(audio))}, [Fault(part=0.3)]) as server:
        source = server.url("")
        child = command("train", "--source", source, "--to", tmp_path, "--per-family", PER_FAMILY)
        output, errors = child.communicate(timeout=600)
        assert child.returncode == 0, errors
        assert "<Notes: 30 notes" in output
        assert "notes=41" in errors  # the bar
        assert "again from byte" in errors
        assert contents(tmp_path) == undisturbed[PER_FAMILY]
        child = command("valid", "--source", source, "--to", tmp_path)
        _, errors = child.communicate(timeout=600)
    assert child.returncode == 1
    assert f"error: {server.url('nsynth-valid.jsonwav.tar.gz')}: status 404" in errors
    assert "Traceback" not in errors


@pytest.mark.long
def test_an_interrupt_is_obeyed_though_it_was_lost(audio, tmp_path, monkeypatch):
    (tmp_path / "set.tar.gz").write_bytes(pack(members(audio)))
    monkeypatch.setattr(stream, "BLOCK", 2)
    admits, seen = Census.admits, []

    def losing(self, name):
        seen.append(name)
        if len(seen) == 7:
            with suppress(KeyboardInterrupt):  # as a callback of C does
                signal.raise_signal(signal.SIGINT)
        return admits(self, name)

    monkeypatch.setattr(Census, "admits", losing)
    arguments = ["train", "--source", str(tmp_path / "set.tar.gz"), "--to", str(tmp_path / "to")]
    with pytest.raises(SystemExit, match="interrupted: the same command goes on"):
        stream.main([*arguments, "--workers", "1"])
    assert len(seen) == 7
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    stream.main([*arguments, "--workers", "1"])
    assert len(datasets.load(tmp_path / "to")) == len(audio) - 1


def test_the_checksum_of_an_archive_is_told_and_held_to(audio, undisturbed, make, tmp_path, capsys):
    data = pack(members(audio))
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    (tmp_path / "set.tar.gz").write_bytes(data)
    command = ["train", "--source", str(tmp_path / "set.tar.gz"), "--to", str(tmp_path / "to")]
    with pytest.raises(SystemExit, match=f"{digest}, expected sha256:00"):
        stream.main([*command, "--checksum", "sha256:" + "0" * 64])
    make(tmp_path / "set.tar.gz")
    assert f"set.tar.gz: {digest}. Nothing to compare it with" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        stream.main(["train", "test", "--checksum", digest])
    assert "give one split at a time" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="is a folder, and a checksum is of an archive"):
        stream.main([*command[:2], str(tmp_path), *command[3:], "--checksum", digest])


def test_no_store_of_less_than_a_note_a_family(make, tmp_path):
    with pytest.raises(ValueError, match="per_family is 0: expected 1 or more"):
        make(tmp_path / "set.tar.gz", 0)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.long
def test_workers_end_with_a_killed_command(audio, tmp_path):
    def workers():
        tasks = [f"/proc/{child.pid}/task/{child.pid}/children"]
        return [int(pid) for path in tasks for pid in open(path).read().split()]

    def alive(pid):
        return os.path.exists(f"/proc/{pid}") and "Z" not in open(f"/proc/{pid}/stat").read()

    with serving({"set.tar.gz": pack(members(audio))}, pace=0.1) as server:
        child = command("train", "--source", server.url("set.tar.gz"), "--to", tmp_path)
        while not list(tmp_path.glob(".work/*/lock")) or len(found := workers()) < 2:
            assert child.poll() is None
            time.sleep(0.05)
        child.kill()
        child.wait()
        deadline = time.monotonic() + 60
        while any(map(alive, found)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
