"""`instruments hear` on sounds as people have them: each gets an answer, a warning or a reason."""

import json

import numpy as np
import pytest
import soundfile

from helpers.commands import hear
from helpers.datasets import FAMILIES
from helpers.runs import shipped
from tools import foreign

NETWORK = "dense"  # the smallest, read in milliseconds


@pytest.fixture(scope="module")
def folder(tmp_path_factory, train_notes, test_notes):
    """A folder of files of many kinds, made of bundled notes and of nothing."""
    folder = tmp_path_factory.mktemp("sounds")
    (folder / "deep" / ".hidden").mkdir(parents=True)
    row = int(np.flatnonzero(train_notes.table["family"] == "flute")[0])
    flute = train_notes.waveform(row).astype(float)
    rng = np.random.default_rng(0)
    soundfile.write(folder / "flute.wav", flute, 16_000)
    phone = np.pad(np.repeat(flute, 3), 40_000)
    phone = np.stack([phone, phone], axis=1) + 2e-4 * rng.standard_normal((len(phone), 2))
    soundfile.write(folder / "deep" / "phone.mp3", phone / 2, 48_000)
    soundfile.write(folder / "short.ogg", flute[:8_000], 16_000)
    scale = [p for i in range(3) for p in (flute[:12_000], np.zeros(6_000))]
    soundfile.write(folder / "scale.aiff", np.concatenate(scale), 16_000)
    soundfile.write(folder / "silence.wav", np.zeros(16_000), 16_000)
    hiss = foreign.noise(rng)
    soundfile.write(folder / "hiss.flac", 0.3 * hiss / np.abs(hiss).max(), 16_000)
    (folder / "text.wav").write_text("no sound")
    (folder / "notes.txt").write_text("no sound")
    (folder / "deep" / ".hidden" / "x.wav").write_text("no sound")
    return folder


def heard(arguments, capsys):
    status = hear.main([*map(str, arguments), "--json", "--models", NETWORK])
    captured = capsys.readouterr()
    return status, {result["file"]: result for result in json.loads(captured.out)}, captured.err


def test_a_folder_of_sounds(folder, capsys, train_notes):
    status, results, said = heard([folder], capsys)
    assert status == 0
    names = {file.removeprefix(f"{folder}/"): result for file, result in results.items()}
    assert set(names) == {
        "flute.wav", "deep/phone.mp3", "short.ogg", "scale.aiff", "silence.wav", "hiss.flac",
        "text.wav",
    }  # fmt: skip
    assert "1 (formats that are not read): notes.txt" in said
    assert names["silence.wav"]["error"] == "is silent"
    assert "cannot be decoded" in names["text.wav"]["error"]
    row = int(np.flatnonzero(train_notes.table["family"] == "flute")[0])
    for file in ("flute.wav", "deep/phone.mp3", "short.ogg"):
        (note,) = names[file]["notes"]
        assert note["models"][NETWORK]["family"] == "flute", file
        assert note["nearest"]["family"] == "flute"
    assert names["flute.wav"]["notes"][0]["nearest"]["note"] == train_notes.table["note"][row]
    assert names["flute.wav"]["notes"][0]["unlike"] is False
    assert len(names["scale.aiff"]["notes"]) == 3
    assert names["hiss.flac"]["notes"][0]["unlike"] is True
    steps = names["deep/phone.mp3"]["steps"]
    assert any("48,000 Hz" in step for step in steps)
    assert "2 channels averaged" in steps


def test_text_says_what_was_done(folder, capsys):
    assert hear.main([str(folder / "scale.aiff"), "--first", "--models", NETWORK]) == 0
    said = capsys.readouterr().out
    assert "cut into 3 notes; only the first is heard" in said
    assert said.count("nearest: flute_") == 1
    assert hear.main([str(folder / "hiss.flac"), "--models", NETWORK]) == 0
    assert "unlike the training notes" in capsys.readouterr().out


def test_nothing_that_can_be_heard(folder, capsys, tmp_path):
    status, results, _ = heard([folder / "silence.wav"], capsys)
    assert status == 1
    assert results[str(folder / "silence.wav")]["error"] == "is silent"
    with pytest.raises(SystemExit, match="2"):
        heard([folder / "silence.wav", folder / "gone.wav"], capsys)
    assert "gone.wav': there is no such file or folder" in capsys.readouterr().err
    status, results, said = heard([tmp_path], capsys)
    assert status == 1
    assert not results
    assert "holds no sounds" in said


@pytest.mark.parametrize("name", shipped.names())
def test_every_shipped_model_knows_its_training_notes(name, train_notes):
    rows = np.arange(3, 1000, 50)
    from helpers import features, sounds

    notes = [sounds.note(sounds.trimmed(train_notes.waveform(i).astype(float))) for i in rows]
    p = shipped.load(name).predict(features.mfcc(np.stack(notes)))
    assert p.shape == (20, len(FAMILIES))
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    assert np.mean(p.argmax(axis=1) == train_notes.labels[rows]) >= 0.75


def test_the_shipped_models_are_small_and_say_what_they_are():
    sizes = {path.stem: path.stat().st_size for path in shipped.MODELS.glob("*.npz")}
    assert set(sizes) == {*shipped.names(), "notes"}
    assert sum(sizes.values()) < 20e6
    assert min(sizes.values()) < 1e6
    for name in shipped.names():
        info = shipped.load(name).info
        assert info["families"] == list(FAMILIES)
        assert info["scores"]["mini-test"]["4"] > 0.4
        assert info["temperature"] > 0
