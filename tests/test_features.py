import os
import resource
import subprocess
import sys

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import datasets, features
from helpers.runs import cache, files


def reference(waveform):
    return librosa.feature.mfcc(y=waveform, sr=16_000, n_mfcc=13).T


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.long)])
def test_mfcc_equals_librosa_on_the_bundled_notes(split, every):
    notes = datasets.load("nsynth-mini", split)
    notes = notes.select(range(0, len(notes), every))
    error = 0.0
    for start in range(0, len(notes), 100):
        waveforms = notes.waveforms(range(start, min(start + 100, len(notes))))
        expected = np.stack([reference(w) for w in waveforms])
        ours = features.mfcc(waveforms)
        assert ours.dtype == np.float32
        error = max(error, np.abs(ours - expected).max())
    assert error < 1e-3


@pytest.mark.parametrize("level", [0.0, 1e-8, 1.0])
def test_silence_and_full_scale(level):
    waveform = np.full(64_000, level, dtype=np.float32)
    np.testing.assert_allclose(features.mfcc(waveform), reference(waveform), atol=1e-3)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(1e-6, 1.0), st.integers(2048, 70_000))
def test_mfcc_equals_librosa_on_noise_of_any_level_and_length(seed, level, length):
    waveform = np.random.default_rng(seed).uniform(-level, level, length).astype(np.float32)
    np.testing.assert_allclose(features.mfcc(waveform), reference(waveform), atol=1e-3)


def test_leading_axes_are_kept(train_notes):
    waveforms = train_notes.waveforms(range(6)).reshape(2, 3, 64_000)
    together = features.mfcc(waveforms)
    assert together.shape == (2, 3, features.N_FRAMES, 13)
    np.testing.assert_array_equal(together[1, 2], features.mfcc(waveforms[1, 2]))
    assert features.mfcc(waveforms[:0]).shape == (0, 3, 126, 13)


def test_log_mel_equals_librosa(train_notes):
    waveform = train_notes.waveform(0)
    power = librosa.feature.melspectrogram(y=waveform, sr=16_000)
    np.testing.assert_allclose(features.log_mel(waveform), librosa.power_to_db(power).T, atol=1e-3)


@pytest.mark.parametrize(
    ("waveforms", "message"),
    [
        (np.zeros(64_000, dtype=np.int16), "are int16, expected floats"),
        (np.full(64_000, np.nan, dtype=np.float32), "NaN or infinite"),
        (np.float32(0), r"have shape \(\)"),
        (np.zeros((2, 0), dtype=np.float32), r"have shape \(2, 0\)"),
    ],
)
def test_bad_waveforms_are_refused(waveforms, message):
    with pytest.raises(ValueError, match=message):
        features.mfcc(waveforms)


def test_extraction_is_cached_by_content_settings_and_code(train_notes, tmp_path, monkeypatch):
    notes = train_notes.select(range(5))
    first = cache.extract(notes, cache=tmp_path, progress=False)
    assert first.shape == (5, 126, 13)
    assert len(list(tmp_path.iterdir())) == 1

    monkeypatch.setitem(features.FEATURES, "mfcc", None)  # a second computation would fail
    np.testing.assert_array_equal(cache.extract(notes, cache=tmp_path, progress=False), first)
    monkeypatch.undo()

    cache.extract(notes.select([1, 0]), cache=tmp_path, progress=False)
    cache.extract(notes, "mel", cache=tmp_path, progress=False)
    monkeypatch.setitem(features.SETTINGS, "hop_length", 256)
    cache.extract(notes, cache=tmp_path, progress=False)
    monkeypatch.setattr(cache, "_code", lambda: ["another"])
    cache.extract(notes, cache=tmp_path, progress=False)
    assert len(list(tmp_path.iterdir())) == 5


def test_a_broken_cache_file_is_computed_again(train_notes, tmp_path, capsys):
    notes = train_notes.select(range(2))
    first = cache.extract(notes, cache=tmp_path, progress=False)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[-100] ^= 1
    header = whole.replace(b")", b"(", 1)
    for data in (b"", whole[:100], bytes(changed), header, b"PK\x03\x04" + whole[4:]):
        path.write_bytes(data)
        again = cache.extract(notes, cache=tmp_path, progress=False)
        np.testing.assert_array_equal(again, first)
        assert f"{path}: cannot be read (damaged" in capsys.readouterr().out
        assert path.read_bytes() == whole


def test_a_cache_that_cannot_be_used_is_passed_over(train_notes, tmp_path, capsys):
    notes = train_notes.select(range(2))
    first = cache.extract(notes, cache=None, progress=False)
    (tmp_path / "file").touch()  # root may write into any folder, but not below a file
    found = cache.extract(notes, cache=tmp_path / "file" / "cache", progress=False)
    np.testing.assert_array_equal(found, first)
    assert "FEATURE_CACHE may name another folder" in capsys.readouterr().out


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_the_umask_says_who_may_read_the_cache(train_notes, tmp_path, umask):
    before = os.umask(umask)
    try:
        cache.extract(train_notes.select([0]), cache=tmp_path / "new", progress=False)
    finally:
        os.umask(before)
    (path,) = (tmp_path / "new").iterdir()
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_variable_names_the_place_of_the_cache(tmp_path):
    code = "from helpers.runs import cache; print(cache.CACHE)"
    for value, place in (("~/x", f"{tmp_path}/x"), ("", str(cache.CACHE))):
        variables = os.environ | {"FEATURE_CACHE": value, "HOME": str(tmp_path)}
        found = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True)
        assert found.stdout.decode().strip() == place


def test_a_full_disk_is_named_with_its_file(tmp_path):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, limit[1]))
    try:
        with pytest.raises(OSError, match=f"File too large: '{tmp_path}/x.npy'"):
            files.save_array(tmp_path / "x.npy", np.zeros(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not list(tmp_path.iterdir())


def test_folders_that_a_user_names(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert files.place("~/runs", "RUNS") == files.place("runs", "RUNS") == tmp_path / "runs"
    with pytest.raises(ValueError, match="RUNS is empty: name a folder"):
        files.place("", "RUNS")
    with pytest.raises(ValueError, match="RUNS is /dev/null, and /dev/null is no folder"):
        files.place("/dev/null", "RUNS")
    with pytest.raises(ValueError, match="RUNS is /dev/null/runs, and /dev/null is no folder"):
        files.place("/dev/null/runs", "RUNS")
    with pytest.raises(ValueError, match="there is no such home directory"):
        files.place("~nobody-of-this-name/runs", "RUNS")
    with pytest.raises(OSError, match="/proc/runs"):
        files.writable(files.place("/proc/runs", "RUNS"))


def test_nothing_is_left_of_a_failed_extraction(make_set, tmp_path):
    names = ("bass_electronic_018-035-100",)
    notes = datasets.load(make_set(names=names, audio={names[0]: b"broken"}))
    with pytest.raises(datasets.DatasetError, match=names[0]):
        cache.extract(notes, cache=tmp_path / "cache", progress=False)
    assert not (tmp_path / "cache").exists()


def test_an_atomic_write_leaves_the_old_file_when_it_fails(tmp_path):
    path = tmp_path / "file"
    files.write_atomic(path, lambda file: file.write(b"old"))

    def fail(file):
        file.write(b"ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_atomic(path, fail)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(("seconds", "frames"), [(1, 32), (2, 63), (4, 126)])
def test_a_note_can_be_cut(train_notes, tmp_path, seconds, frames):
    notes = train_notes.sample(1, seed=0)
    found = cache.extract(notes, seconds=seconds, cache=tmp_path, progress=False)
    assert found.shape == (10, frames, 13)
    for i in range(len(notes)):
        cut = notes.waveform(i)[: 16_000 * seconds]
        np.testing.assert_array_equal(found[i], features.mfcc(cut))
    again = cache.extract(notes, seconds=seconds, cache=tmp_path, progress=False)
    np.testing.assert_array_equal(again, found)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("seconds", [0, -1, 4.5, float("nan")])
def test_a_cut_that_no_note_allows_is_refused(train_notes, seconds):
    with pytest.raises(ValueError, match="a note has 4"):
        cache.extract(train_notes, seconds=seconds)
