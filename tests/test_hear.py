"""`instruments hear` on sounds as people have them: each gets an answer, a warning or a reason."""

import contextlib
import io
import json

import numpy as np
import pytest
import soundfile
import soxr
from scipy.signal import fftconvolve

from helpers import features, sounds
from helpers.commands import hear
from helpers.datasets import FAMILIES
from helpers.runs import shipped
from tools import foreign, models
from tools.common import ROOT

NETWORK = "dense"  # the smallest, read in milliseconds
MP3 = "deep/flute_A4_1_forte_normal.mp3"


def fading(wave, samples):
    return wave[:samples] * np.minimum(1, np.arange(samples)[::-1] / 2_000)


def scale_of_iowa(notes, rng):
    """Twelve half-tones with silence between them, 44.1 kHz stereo."""
    played = [np.pad(fading(wave, 16_000), (0, 8_000)) for wave in notes]
    one = soxr.resample(np.concatenate(played), 16_000, 44_100)
    return np.stack([one, 0.8 * one], axis=1) + 1e-4 * rng.standard_normal((len(one), 2))


def by_phone(note, rng):
    """In a room that answers for a second and a half, with noise, too loud, 48 kHz stereo."""
    one = np.pad(soxr.resample(note[:32_000], 16_000, 48_000), 40_000)
    room = 10 ** (-3 * np.arange(72_000) / 72_000) * rng.standard_normal(72_000)
    room *= 0.3 / np.sqrt(np.sum(room**2))
    room[0] += 1
    one = fftconvolve(one, room)
    both = np.outer(one / np.abs(one).max(), [1.6, 1.5])
    return np.clip(both + 1e-3 * rng.standard_normal(both.shape), -1, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, train_notes):
    """A folder of files of many kinds, made of bundled notes and of nothing."""
    folder = tmp_path_factory.mktemp("sounds")
    (folder / "deep" / ".hidden").mkdir(parents=True)
    row = int(np.flatnonzero(train_notes.table["family"] == "flute")[0])
    flutes = [train_notes.waveform(row + i).astype(float) for i in range(12)]
    pitches = train_notes.table["pitch"][row : row + 12]
    assert list(np.diff(pitches)) == 11 * [1]
    flute, rng = flutes[0], np.random.default_rng(0)
    soundfile.write(folder / "flute.wav", flute, 16_000)
    soundfile.write(folder / "short.ogg", flute[:8_000], 16_000)
    soundfile.write(folder / "phone.wav", by_phone(flute, rng), 48_000)
    soundfile.write(folder / "scale.aiff", scale_of_iowa(flutes, rng), 44_100)
    sample = np.pad(fading(flute, 18_000), (400, 3_000))
    soundfile.write(folder / MP3, soxr.resample(sample, 16_000, 44_100), 44_100)
    soundfile.write(folder / "silence.wav", np.zeros(16_000), 16_000)
    for name, draw in (("hiss.flac", foreign.noise), ("speech.wav", foreign.speech),
                       ("loop.wav", foreign.drum_loop)):  # fmt: skip
        sound = draw(np.random.default_rng(0))
        soundfile.write(folder / name, 0.3 * sound / np.abs(sound).max(), 16_000)
    (folder / "text.wav").write_text("no sound")
    (folder / "notes.txt").write_text("no sound")
    (folder / "deep" / ".hidden" / "x.wav").write_text("no sound")
    return folder


def heard(*arguments):
    """The status of a run of the command, what it found by file, and what it said beside."""
    out, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        status = hear.main([*map(str, arguments), "--json", "--models", NETWORK])
    results = {result["file"]: result for result in json.loads(out.getvalue())}
    return status, results, said.getvalue()


@pytest.fixture(scope="module")
def run(folder):
    status, results, said = heard(folder)
    return status, {f.removeprefix(f"{folder}/"): found for f, found in results.items()}, said


def test_every_file_of_a_folder_is_answered(run):
    status, results, said = run
    assert status == 0
    assert set(results) == {
        "flute.wav", MP3, "short.ogg", "phone.wav", "scale.aiff", "silence.wav", "hiss.flac",
        "speech.wav", "loop.wav", "text.wav",
    }  # fmt: skip
    assert "1 (formats that are not read): notes.txt" in said
    assert "1 (hidden): deep/.hidden" in said
    assert results["silence.wav"]["error"] == "is silent"
    assert "cannot be decoded" in results["text.wav"]["error"]


@pytest.mark.parametrize("file", ["flute.wav", MP3, "short.ogg", "phone.wav"])
def test_a_flute_is_a_flute_however_it_was_recorded(run, file, train_notes):
    (note,) = run[1][file]["notes"]
    if file == "flute.wav":  # a note of the training is found again
        row = int(np.flatnonzero(train_notes.table["family"] == "flute")[0])
        assert note["nearest"]["note"] == train_notes.table["note"][row]
    assert note["models"][NETWORK]["family"] == "flute"
    assert note["unlike"] is False


def test_a_chromatic_scale_is_cut_and_what_was_done_is_said(run):
    scale = run[1]["scale.aiff"]
    assert scale["steps"] == [
        "2 channels averaged", "44,100 Hz brought to 16,000 Hz", "cut into 12 notes"
    ]  # fmt: skip
    assert run[1]["phone.wav"]["steps"] == [
        "clipped: the recording was too loud for its microphone", "2 channels averaged",
        "48,000 Hz brought to 16,000 Hz", "0.83 s of silence before the first note cut",
    ]  # fmt: skip
    np.testing.assert_allclose([n["begins"] for n in scale["notes"]], 1.5 * np.arange(12), atol=0.1)
    assert {note["models"][NETWORK]["family"] for note in scale["notes"]} == {"flute"}
    assert not any(note["unlike"] for note in scale["notes"])


@pytest.mark.parametrize("file", ["hiss.flac", "speech.wav", "loop.wav"])
def test_what_is_none_of_the_ten_is_doubted(run, file):
    assert any(note["unlike"] for note in run[1][file]["notes"])


def test_text_says_what_was_done(folder, capsys):
    assert hear.main([str(folder / "scale.aiff"), "--first", "--models", NETWORK]) == 0
    said = capsys.readouterr().out
    assert "cut into 12 notes; only the first is heard" in said
    assert said.count("nearest: flute_") == 1
    assert hear.main([str(folder / "hiss.flac"), "--models", NETWORK]) == 0
    assert "unlike the training notes" in capsys.readouterr().out


def test_nothing_that_can_be_heard(folder, capsys, tmp_path):
    status, results, _ = heard(folder / "silence.wav")
    assert status == 1
    assert results[str(folder / "silence.wav")]["error"] == "is silent"
    with pytest.raises(SystemExit, match="2"):
        hear.main([str(folder / "silence.wav"), str(folder / "gone.wav")])
    assert "gone.wav': there is no such file or folder" in capsys.readouterr().err
    status, results, said = heard(tmp_path)
    assert status == 1
    assert not results
    assert "holds no sounds" in said


@pytest.mark.parametrize("name", shipped.names())
def test_every_shipped_model_knows_its_training_notes(name, train_notes):
    rows = np.arange(3, 1000, 50)
    notes = [sounds.note(sounds.trimmed(train_notes.waveform(i).astype(float))) for i in rows]
    p = shipped.load(name).predict(features.mfcc(np.stack(notes)))
    assert p.shape == (20, len(FAMILIES))
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    assert np.mean(p.argmax(axis=1) == train_notes.labels[rows]) >= 0.75


def test_the_shipped_models_are_small_and_say_what_they_are():
    asked = json.loads(models.WIDE.read_text())  # wide-test, of the models that are kept
    assert set(asked) == set(shipped.names())
    sizes = {path.stem: path.stat().st_size for path in shipped.MODELS.glob("*.npz")}
    assert set(sizes) == {*shipped.names(), "notes"}
    assert sum(sizes.values()) < 20e6
    assert min(sizes.values()) < 1e6
    for name in shipped.names():
        assert asked[name]["weights"] == shipped.digest(name), "run tools.models with --score"
        info = shipped.load(name).info
        assert info["families"] == list(FAMILIES)
        assert info["scores"]["mini-test"]["4"] > 0.4
        assert info["temperature"] > 0


def test_every_file_says_how_it_was_made():
    """A recipe that is changed asks for `make models`, and so do other notes."""
    changes = (ROOT / "CHANGELOG.md").read_text()
    for name in (*shipped.names(), "notes"):
        info = json.loads(shipped.read(name)["info"].tobytes())
        assert f"\n## {info['book']}" in changes
        wanted = models.heard_notes() if name == "notes" else models.made_of(name)
        assert info | wanted | {"book": info["book"]} == info
