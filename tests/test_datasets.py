import hashlib
import io
import shutil
import signal
import tarfile

import numpy as np
import pandas as pd
import pytest
from conftest import NAMES, audio_bytes, listing, tone
from hypothesis import given
from hypothesis import strategies as st

from helpers import datasets, features
from helpers.datasets import BUNDLED, FAMILIES, DatasetError, load
from helpers.notes import _NOTE
from helpers.runs import cache


def test_bundled_files_match_their_checksums():
    root = BUNDLED["nsynth-mini"]
    lines = (root / "SHA256SUMS").read_text().splitlines()
    wrong = [
        name
        for digest, name in (line.split(maxsplit=1) for line in lines)
        if hashlib.sha256((root / name).read_bytes()).hexdigest() != digest
    ]
    assert len(lines) == 1202
    assert wrong == []


def test_bundled_notes(train_notes, test_notes):
    assert (len(train_notes), len(test_notes)) == (1000, 200)
    assert list(train_notes.table.columns) == [
        "note", "instrument", "family", "source", "pitch", "velocity", "recording",
    ]  # fmt: skip
    assert (train_notes.table["family"].value_counts() == 100).all()
    assert (test_notes.table["family"].value_counts() == 20).all()
    assert not set(train_notes.table["instrument"]) & set(test_notes.table["instrument"])
    assert (np.bincount(train_notes.labels) == 100).all()
    assert [FAMILIES[label] for label in test_notes.labels] == list(test_notes.table["family"])


def test_audio_is_read_on_demand(train_notes):
    waveforms = train_notes.waveforms([3, 1])
    assert waveforms.shape == (2, 64_000)
    assert waveforms.dtype == np.float32
    np.testing.assert_array_equal(waveforms[0], train_notes.waveform(3))
    np.testing.assert_array_equal(train_notes.select([3, 1]).waveforms(), waveforms)


@pytest.mark.parametrize("suffix", ["", ".tar", ".tar.gz"])
@pytest.mark.parametrize("extension", ["wav", "flac"])
@pytest.mark.parametrize("examples", [True, False])
def test_any_layout_gives_the_same_notes(make_set, suffix, extension, examples):
    notes = load(make_set(suffix=suffix, extension=extension, examples=examples))
    assert list(notes.table["note"]) == list(NAMES[:2])  # synth_lead is left out
    assert list(notes.table["pitch"]) == [35, 70]
    assert list(notes.table["source"]) == ["electronic", "acoustic"]
    for i in (1, 0):  # backwards as well, which a stream has to rewind for
        np.testing.assert_allclose(notes.waveform(i), tone(NAMES[i]), atol=1 / 32_000)


FLAC = audio_bytes(0.1 * np.random.default_rng(0).standard_normal(64_000), format="FLAC")
WRONG_AUDIO = [
    (audio_bytes(np.zeros(64_000), rate=44_100), r"found 44100 Hz.*expected 16000"),
    (audio_bytes(np.zeros((64_000, 2))), "found 16000 Hz, 2 channel"),
    (audio_bytes(np.zeros(63_999)), "63999 samples, expected .*64000"),
    (audio_bytes(np.zeros(64_001)), "64001 samples"),
    (audio_bytes(np.full(64_000, np.nan), subtype="FLOAT"), "64000 samples are NaN"),
    (audio_bytes(np.full(64_000, np.inf), subtype="FLOAT"), "NaN or infinite"),
    (audio_bytes(np.full(64_000, 1e20), subtype="FLOAT"), r"samples of up to 1e\+20, expected num"),
    (audio_bytes(np.zeros(256_000))[:128_044], "its header promises more than the 64000 samples"),
    *((FLAC[: int(kept * len(FLAC))], "cut short") for kept in (0.05, 0.5, 0.97)),
    (b"not audio", "cannot be decoded"),
    (b"", "cannot be decoded"),
]


@pytest.mark.parametrize(("data", "message"), WRONG_AUDIO, ids=range(len(WRONG_AUDIO)))
def test_wrong_audio_is_refused_by_name(make_set, data, message):
    notes = load(make_set(names=NAMES[:1], audio={NAMES[0]: data}))
    with pytest.raises(DatasetError, match=message) as error:
        notes.waveform(0)
    assert NAMES[0] in str(error.value)


def with_length(data: bytes, length: int) -> bytes:
    """A WAV or FLAC file whose header gives another number of bytes (WAV) or samples (FLAC)."""
    if data[:4] == b"RIFF":
        at = data.index(b"data") + 4
        return data[:at] + length.to_bytes(4, "little") + data[at + 4 :]
    field = int.from_bytes(data[18:26], "big")
    return data[:18] + (field >> 36 << 36 | length).to_bytes(8, "big") + data[26:]


@pytest.mark.parametrize(
    ("format", "length"),
    [("WAV", 0), ("WAV", 2**31 - 37), ("WAV", 2**32 - 1), ("FLAC", 0), ("FLAC", 2**36 - 1)],
)
def test_a_length_that_a_stream_left_open(format, length):
    data = audio_bytes(tone(NAMES[0]), format=format)
    whole = datasets.decode_note(data, "whole")
    np.testing.assert_array_equal(datasets.decode_note(with_length(data, length), "x"), whole)
    longer = audio_bytes(np.zeros(70_000), format=format)
    with pytest.raises(DatasetError, match="x: found .* 64001 samples or more"):
        datasets.decode_note(with_length(longer, length), "x")


@pytest.mark.parametrize(
    ("format", "length"),
    [("WAV", 1000), ("WAV", 127_998), ("WAV", 512_000), ("WAV", 2**30), ("FLAC", 1),
     ("FLAC", 63_999), ("FLAC", 64_001), ("FLAC", 2**30)],
)  # fmt: skip
def test_a_length_that_lies(format, length):
    data = with_length(audio_bytes(tone(NAMES[0]), format=format), length)
    with pytest.raises(DatasetError, match="x: (found|cut short)"):
        datasets.decode_note(data, "x")


def test_an_interrupt_in_the_decoder_comes_after_it(monkeypatch):
    # libsndfile reads through Python functions and loses what is raised in them.
    data = audio_bytes(tone(NAMES[0]), format="FLAC")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    decoded = []

    class Interrupting(io.BytesIO):
        def readinto(self, buffer):
            signal.raise_signal(signal.SIGINT)
            decoded.append(super().readinto(buffer))
            return decoded[-1]

    monkeypatch.setattr("helpers.notes.io.BytesIO", Interrupting)
    with pytest.raises(KeyboardInterrupt):
        datasets.decode_note(data, "x")
    assert sum(decoded) >= len(data)  # to its end
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
def test_a_truncated_archive_is_refused(make_set, suffix, kept):
    path = make_set(suffix=suffix)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(DatasetError, match=r"not a whole \.tar, ") as error:
        load(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.xz", ".tar.bz2"])
def test_a_damaged_archive_is_refused_by_name(make_set, suffix):
    path = make_set(suffix=suffix)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    refused = []
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[rng.integers(10, len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            load(path).waveforms()
        except DatasetError as error:
            refused.append(str(error))
    assert len(refused) > 40
    assert all(str(path) in message for message in refused)


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_an_archive_is_read_in_its_own_order(make_set, suffix, monkeypatch):
    names = [f"bass_acoustic_000-{pitch:03d}-100" for pitch in (60, 30, 50, 20, 40, 10)]
    notes = load(make_set(names=names, suffix=suffix))
    read, offsets = notes._read, []
    notes._read = lambda member: offsets.append(member.offset) or read(member)
    expected = [notes.waveform(i) for i in range(6)]
    digests = [hashlib.sha256(wave.tobytes()).hexdigest() for wave in expected]
    for work, result in (
        (notes.waveforms, expected),
        (notes.audio_digests, digests),
        (lambda: notes.select([4, 1, 3]).waveforms(), [expected[i] for i in (4, 1, 3)]),
        (lambda: cache.extract(notes, cache=None, progress=False), features.mfcc(expected)),
        (notes.checksum, load(make_set(names=names)).checksum()),
    ):
        offsets.clear()
        np.testing.assert_array_equal(work(), result)
        assert len(offsets) > 2
        assert offsets == sorted(offsets)


def test_an_archive_cut_between_members_is_refused(make_set):
    path = make_set(suffix=".tar", examples=False)
    one_member = 512 + -(-len(audio_bytes(tone(NAMES[0]))) // 512) * 512
    path.write_bytes(path.read_bytes()[:one_member])
    with pytest.raises(DatasetError, match="no end-of-archive mark"):
        load(path)


ONE = {NAMES[0]: audio_bytes(tone(NAMES[0]))}
HARP, SAMPLED = "harp_acoustic_000-060-100", "bass_sampled_000-060-100"


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"audio": ONE, "examples": listing(NAMES[:2])}, f"names {NAMES[1]}, for which there"),
        ({"audio": ONE, "examples": b"{}"}, "does not name bass_.*, for which there is an au"),
        ({"names": [HARP]}, f"{HARP} is of the unknown family"),
        ({"names": [HARP], "examples": False}, f"{HARP} is of the unknown family"),
        ({"names": [SAMPLED]}, f"{SAMPLED} is of the unknown source"),
        ({"names": [SAMPLED], "examples": False}, f"{SAMPLED} is of the unknown source"),
        ({"names": NAMES[2:]}, "families left out"),
    ],
)
def test_a_set_that_is_wrong(make_set, given, match):
    with pytest.raises(DatasetError, match=match):
        load(make_set(**given))


def test_nothing_there(make_set, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="no notes found"):
        load(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="no such folder or archive"):
        load(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="unknown split 'testing': choose one of train"):
        load("nsynth-mini", "testing")
    path = make_set(split="valid") / "nsynth-valid"
    assert len(load(path, "valid")) == 2
    with pytest.raises(DatasetError, match="no notes found, expected nsynth-train/audio"):
        load(path, "train")
    (path / "audio" / f"{NAMES[0]}.flac").write_bytes(FLAC)
    with pytest.raises(DatasetError, match="more than once"):
        load(path, "valid")


def write_notes(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.wav").write_bytes(audio_bytes(tone(name)))
    return folder


def test_notes_of_no_split_are_not_both_training_and_test(tmp_path):
    folder = write_notes(tmp_path / "mine" / "audio", NAMES[:2]).parent
    assert len(load(folder)) == 2
    for split in ("valid", "test"):
        with pytest.raises(DatasetError, match="2 notes found that name no split: they would be"):
            load(folder, split)
    folder.rename(tmp_path / "nsynth-validation")
    for split in datasets.SPLITS:
        with pytest.raises(DatasetError, match="the folder nsynth-validation is none of nsynth-tr"):
            load(tmp_path, split)
    # A link that names a split does so, to whatever it leads; one that does not, does not hide it.
    (tmp_path / "nsynth-validation").rename(tmp_path / "x")
    (tmp_path / "nsynth-test").symlink_to(tmp_path / "x")
    assert len(load(tmp_path / "nsynth-test", "test")) == 2
    (tmp_path / "link").symlink_to(tmp_path / "nsynth-test")
    with pytest.raises(DatasetError, match="no notes found|name no split"):
        load(tmp_path / "link", "valid")


@pytest.mark.parametrize("suffix", ["", ".tar", ".tar.gz"])
def test_notes_of_two_splits_are_refused_with_their_number(tmp_path, suffix):
    names = [f"bass_acoustic_000-{pitch:03d}-100" for pitch in range(30, 36)]
    write_notes(tmp_path / "set" / "nsynth-train" / "audio", names[:4])
    write_notes(tmp_path / "set" / "nsynth-test" / "audio", names[1:])
    path = tmp_path / "set"
    if suffix:
        path = tmp_path / f"set{suffix}"
        with tarfile.open(path, f"w:{suffix[5:]}") as archive:
            archive.add(tmp_path / "set", ".")
    for split, other in (("train", "test"), ("test", "train")):
        match = f"3 notes of nsynth-{split} are in nsynth-{other} as well"
        with pytest.raises(DatasetError, match=match):
            load(path, split)
    if not suffix:
        # The same names are no harm where the sounds are others, as in two sets of one's own.
        for name in names[1:4]:
            samples = 0.5 * tone(name)
            (path / "nsynth-test" / "audio" / f"{name}.wav").write_bytes(audio_bytes(samples))
        assert len(load(path, "test")) == 5
        shutil.rmtree(path / "nsynth-test")
        (path / "nsynth-test").symlink_to("nsynth-train")
        with pytest.raises(DatasetError, match="4 notes of nsynth-train are in nsynth-test"):
            load(path)


def test_what_is_left_out_is_said(make_set, capsys):
    path = make_set()
    audio = path / "nsynth-train" / "audio"
    for name in ("._a.wav", "a.m4a", "b.aac", "c.mp3", "d.txt"):
        (audio / name).write_bytes(b"")
    (path / "notes.txt").write_text("mine")
    (audio / "more").mkdir()
    (audio / "gone.wav").symlink_to(path / "nowhere")
    for trash in (".ipynb_checkpoints", ".Trash-1000", "$RECYCLE.BIN", "__MACOSX"):
        write_notes(path / trash / "nsynth-train" / "audio", NAMES[:1])
    write_notes(path / "extra" / "audio", NAMES[:1])
    assert len(load(path)) == 2
    said = capsys.readouterr().out
    assert "4 (neither WAV nor FLAC): set/nsynth-train/audio/a.m4a" in said
    assert "1 (hidden): set/nsynth-train/audio/._a.wav" in said
    assert "1 (folders): set/nsynth-train/audio/more" in said
    assert "1 (broken links, or no files): set/nsynth-train/audio/gone.wav" in said
    assert "1 (below no nsynth-train, -valid or -test): set/extra/audio/bass_el" in said
    load("nsynth-mini")
    assert capsys.readouterr().out == ""


def test_what_to_give_instead(make_set, tmp_path, monkeypatch):
    path = make_set()
    train = path / "nsynth-train"
    zipped = tmp_path / "set.zip"
    zipped.write_bytes(b"PK")
    for wrong, match in (
        (train / "audio", f"give the folder above it, {train}"),
        (train / "examples.json", f"give its folder, {train}"),
        (zipped, "give the folder that it unpacks to, or a .tar"),
        (train / "audio" / f"{NAMES[0]}.wav", "not a single file of it"),
        ("/dev/null", "give a folder or an archive"),
        ("", "no set is named: give one of nsynth-mini"),
    ):
        with pytest.raises(DatasetError, match=match):
            load(wrong)
    # As unpacking twice leaves it.
    nested = tmp_path / "nested" / "nsynth-train"
    nested.mkdir(parents=True)
    train.rename(nested / "nsynth-train")
    assert len(load(tmp_path / "nested")) == len(load(nested)) == 2
    # From the current folder, and the message says what that comes to.
    monkeypatch.chdir(tmp_path)
    assert len(load("nested")) == 2
    with pytest.raises(FileNotFoundError, match=f"{tmp_path}/elsewhere: no such folder"):
        load("elsewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert len(load("~/nested")) == 2


@pytest.mark.parametrize("name", ["{x}", "a b", "ä'\"#%"])
def test_any_folder_name_and_links(make_set, tmp_path, name):
    path = make_set().rename(tmp_path / name)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "nsynth-train").symlink_to(path / "nsynth-train")
    assert len(load(path)) == len(load(tmp_path / "linked")) == 2


def test_sample_is_balanced_and_seeded(train_notes):
    sample = train_notes.sample(7, seed=1)
    assert (np.bincount(sample.labels) == 7).all()
    assert sample.table["note"].is_unique
    assert sample.table.equals(train_notes.sample(7, seed=1).table)
    assert not sample.table.equals(train_notes.sample(7, seed=2).table)
    # A larger sample holds the smaller one: profiles can be compared note for note.
    assert set(sample.table["note"]) <= set(train_notes.sample(9, seed=1).table["note"])


def test_sample_refuses_more_than_there_is(train_notes):
    with pytest.raises(DatasetError, match="100 bass notes found, 101 asked for: .*profile mini"):
        train_notes.sample(101)


def test_checksum_tells_notes_apart(make_set, train_notes):
    notes = load(make_set())
    assert notes.checksum() == load(make_set()).checksum()
    assert notes.checksum() != notes.select([0]).checksum()
    assert notes.checksum() != notes.select([1, 0]).checksum()


names = st.builds(
    "{}_{}_{:03d}-{:03d}-{:03d}".format, st.sampled_from((*FAMILIES, *datasets.EXCLUDED)),
    st.sampled_from(datasets.SOURCES), st.integers(0, 999), st.integers(0, 127),
    st.integers(0, 127),
)  # fmt: skip


@given(names)
def test_note_names_are_taken_apart(name):
    note = datasets.parse_note(name)
    rebuilt = f"{note['instrument']}-{note['pitch']:03d}-{note['velocity']:03d}"
    assert rebuilt == name
    assert note["instrument"].startswith(f"{note['family']}_{note['source']}_")


@given(st.text(max_size=40))
def test_any_other_text_is_refused(text):
    if not _NOTE.fullmatch(text):
        with pytest.raises(DatasetError, match="is not the name of a note"):
            datasets.parse_note(text)


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_decoder(data):
    with pytest.raises(DatasetError):
        datasets.decode_note(data, "x")


def test_only_the_official_split_is_called_nsynths(make_set, monkeypatch):
    assert datasets.name_of_test("nsynth-mini") == "mini-test"
    assert datasets.name_of_test("nsynth-wide") == "wide-test"
    own = make_set(split="test")
    assert datasets.name_of_test(own) == "your test"
    table = pd.DataFrame({"instrument": [f"bass_electronic_{i % 53:03d}" for i in range(4_096)]})
    table["note"] = [f"{name}-{i:05d}" for i, name in enumerate(table["instrument"])]
    for rows, name in ((table, "NSynth test"), (table[1:], "your test")):
        found = datasets.Notes(rows, {}, None, "a set (test)")
        monkeypatch.setattr(datasets, "load", lambda *_, found=found: found)
        assert datasets.name_of_test("nsynth") == name
