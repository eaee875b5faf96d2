"""The page hears as Python does: `book/interactive/` against `helpers`, in node and in a browser."""

import json
import subprocess

import numpy as np
import pytest
from test_sounds import note, silence

from helpers import datasets, features, hearing, sounds
from helpers.notes import DatasetError
from helpers.runs import interactive, shipped
from tools import foreign
from tools.book.assets import node

PROGRAM = """
import { readFileSync, writeFileSync } from "node:fs";
import { mfcc } from "./mfcc.js";
import { model, nearest, npz } from "./networks.js";
import { prepare } from "./sounds.js";
const read = (path) => new Uint8Array(readFileSync(path)).buffer;
const { folder, names, heard } = JSON.parse(readFileSync("asked.json"));
const models = [];
for (const name of names) models.push([name, await model(read(`${folder}/${name}.npz`))]);
const known = await npz(read(`${folder}/notes.npz`));
const answers = heard.map(([rate, channels], i) => {
  const samples = new Float32Array(read(`${i}.f4`));
  const length = samples.length / channels;
  try {
    const found = prepare(Array.from({ length: channels }, (_, c) => samples.slice(c * length, (c + 1) * length)), rate);
    const rows = mfcc(found.notes[0]);
    const probabilities = Object.fromEntries(models.map(([name, { predict }]) => [name, predict(rows)]));
    const [begins, ends] = found.times[0];
    return { ...found, notes: found.notes.length, note: [...found.notes[0]], probabilities, nearest: nearest(rows, ends - begins, known) };
  } catch (error) {
    return { error: error.message };
  }
});
writeFileSync("answers.json", JSON.stringify(answers));
"""  # noqa: E501


def in_the_page(folder, recordings, names=None):
    """What the page's scripts make of recordings, (samples (n,) or (n, channels), rate) each."""
    (folder / "package.json").write_text('{"type": "module"}')
    for path in interactive.MODULES.glob("*.js"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    heard = []
    for i, (samples, rate) in enumerate(recordings):
        samples = np.atleast_2d(np.asarray(samples, dtype="<f4").T)
        (folder / f"{i}.f4").write_bytes(samples.tobytes())
        heard.append([rate, len(samples)])
    names = shipped.names() if names is None else names
    asked = {"folder": str(shipped.MODELS), "names": names, "heard": heard}
    (folder / "asked.json").write_text(json.dumps(asked))
    (folder / "run.js").write_text(PROGRAM)
    subprocess.run([node(), "run.js"], cwd=folder, check=True, timeout=300)
    return json.loads((folder / "answers.json").read_text())


@pytest.fixture(scope="module")
def bundled(test_notes):
    """Recordings of bundled notes: whole, or short and quiet with silence around."""
    wide = datasets.load("nsynth-wide", "train")  # its test split is kept for the study's last test
    whole = [test_notes.waveform(i) for i in range(0, 200, 20)]
    whole += [wide.waveform(i) for i in range(0, 89, 9)]
    cut = [np.pad(0.2 * wave[: 8_000 * (1 + k % 4)], 9_000) for k, wave in enumerate(whole[::3])]
    return [(sound.astype(np.float32), 16_000) for sound in whole + cut]


def test_the_page_hears_bundled_notes_as_python_does(tmp_path, bundled):
    answers = in_the_page(tmp_path, bundled)
    recordings = [sounds.prepare(*one) for one in bundled]
    X = features.mfcc(np.stack([recording.notes[0] for recording in recordings]))
    for got, wanted in zip(answers, recordings, strict=True):
        np.testing.assert_allclose(got["times"], wanted.times)
        np.testing.assert_allclose(got["note"], wanted.notes[0], atol=1e-6)
        assert got["steps"] == wanted.steps
        heard = hearing.hear(wanted, which=())[0]
        assert got["nearest"].pop("unlike") == heard["unlike"]
        assert got["nearest"] == {
            **heard["nearest"], "distance": pytest.approx(heard["nearest"]["distance"], abs=2e-3)
        }  # fmt: skip
    for name in shipped.names():
        p = np.array([got["probabilities"][name] for got in answers])
        wanted = shipped.load(name).predict(X)
        if name == "extra_trees":  # a number next to a threshold may fall on its other side
            assert np.quantile(np.abs(p - wanted).max(axis=1), 0.9) < 1e-3
        else:
            np.testing.assert_allclose(p, wanted, atol=1e-3)


def test_the_page_cuts_recordings_as_python_does(tmp_path):
    rng = np.random.default_rng(0)
    scale = [part for pitch in range(60, 66) for part in (note(0.8, pitch), silence(0.3))]
    room = 0.003 * rng.standard_normal(64_000)
    room[16_000:32_000] += note(1.0)
    stereo = np.stack([note(1.0, 57), -note(1.0, 57)], axis=1)
    recordings = [
        np.concatenate(scale),
        np.concatenate([note(1.0, 60), note(1.0, 64)]),
        room,
        np.tile(np.concatenate([note(), silence(1)]), 31),
        np.clip(20 * note(2.0), -1, 1),
        stereo,
        *[draw(rng) / 4 for draw in foreign.KINDS.values() for _ in range(2)],
        silence(1),
        silence(0),
        np.pad([0.5], 8_000),
    ]
    answers = in_the_page(tmp_path, [(sound, 16_000) for sound in recordings], [])
    refused = 0
    for sound, got in zip(recordings, answers, strict=True):
        try:
            wanted = sounds.prepare(sound.astype(np.float32), 16_000)
        except DatasetError as error:
            refused += 1
            reason = str(error).removeprefix("is ").partition(" of ")[0].removeprefix("holds ")
            assert reason in got["error"]
            continue
        np.testing.assert_allclose(got["times"], wanted.times)
        assert got["steps"] == wanted.steps
    assert refused == 3


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_another_rate_makes_no_difference(tmp_path, rate):
    recording = np.stack([note(pitch=48, rate=rate)] * 2, axis=1)
    (got,) = in_the_page(tmp_path, [(recording, rate)], ["dense", "small"])
    wanted = sounds.prepare(recording, rate)
    assert got["steps"] == wanted.steps
    np.testing.assert_allclose(got["times"], wanted.times, atol=1e-3)
    np.testing.assert_allclose(got["note"], wanted.notes[0], atol=2e-3)
    for name in ("dense", "small"):
        p = shipped.load(name).predict(features.mfcc(wanted.notes[0])[None])[0]
        np.testing.assert_allclose(got["probabilities"][name], p, atol=0.03)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    data = (shipped.MODELS / "dense.npz").read_bytes()
    (tmp_path / "broken.npz").write_bytes(data[:-30])
    for path in interactive.MODULES.glob("*.js"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "run.js").write_text(
        'import { readFileSync } from "node:fs"; import { npz } from "./networks.js";'
        'npz(new Uint8Array(readFileSync("broken.npz")).buffer)'
        ".catch((error) => console.log(error.message));"
    )
    done = subprocess.run([node(), "run.js"], cwd=tmp_path, capture_output=True, text=True)
    assert "not whole" in done.stdout
