"""The page hears as Python does: `book/interactive/` in node and in a browser."""

import io
import json

import numpy as np
import pytest
import soundfile
from conftest import audio_bytes
from test_interactive import EACH, SHELL, in_node, readable_by_all, watched
from test_sounds import note, silence

from helpers import datasets, features, hearing, sounds
from helpers.notes import DatasetError
from helpers.runs import interactive, shipped
from tools import foreign
from tools.book.browser import opened

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
    heard = []
    for i, (samples, rate) in enumerate(recordings):
        samples = np.atleast_2d(np.asarray(samples, dtype="<f4").T)
        (folder / f"{i}.f4").write_bytes(samples.tobytes())
        heard.append([rate, len(samples)])
    names = shipped.names() if names is None else names
    asked = {"folder": str(shipped.MODELS), "names": names, "heard": heard}
    (folder / "asked.json").write_text(json.dumps(asked))
    in_node(folder, PROGRAM)
    return json.loads((folder / "answers.json").read_text())


@pytest.fixture(scope="module")
def bundled(test_notes):
    """Recordings of bundled notes: whole, or short and quiet with silence around."""
    wide = datasets.load("nsynth-wide", "test")
    whole = [test_notes.waveform(i) for i in range(0, 200, 40)]
    whole += [wide.waveform(i) for i in range(0, 89, 18)]
    cut = [np.pad(0.2 * wave[: 8_000 * (1 + k % 4)], 9_000) for k, wave in enumerate(whole[::2])]
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
    said = in_node(
        tmp_path,
        'import { readFileSync } from "node:fs"; import { npz } from "./networks.js";'
        'npz(new Uint8Array(readFileSync("broken.npz")).buffer)'
        ".catch((error) => console.log(error.message));",
    )
    assert b"not whole" in said


# ---- what a reader does

HOME = "http://localhost/"  # where a browser lets a page record


@pytest.fixture(scope="module")
def flute(train_notes):
    rows = np.flatnonzero(train_notes.table["family"] == "flute")
    return train_notes.waveform(int(rows[0]))


@pytest.fixture(scope="module")
def recorder(tmp_path_factory, flute):
    """A browser whose microphone hears a flute at 48 kHz, again and again."""
    path = tmp_path_factory.mktemp("microphone") / "flute.wav"
    heard = np.pad(np.repeat(0.4 * flute[:32_000], 3), 24_000)
    soundfile.write(path, np.convolve(heard, np.ones(3) / 3, "same"), 48_000)
    with opened(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}",
    ) as browser:
        yield browser


@pytest.fixture(params=EACH)
def page(recorder, request, flute):
    body = SHELL.format(interactive.hear({"flute": flute, "hiss": flute * 0}).data)
    asked = []

    def answer(route):
        path = route.request.url.removeprefix(HOME)
        asked.append(path)
        if path.startswith("models/"):
            route.fulfill(path=shipped.MODELS / path.removeprefix("models/"))
        else:
            route.fulfill(body=body, content_type="text/html")

    with watched(recorder, request.param) as page:
        page.route("**/*", answer)
        page.goto(HOME)
        page.asked = asked
        yield page


def shown(page, name):
    """A model's probabilities as the page shows them, by family, in percent."""
    table = page.locator("table.bars", has_text=name)
    rows = [row.split() for row in table.locator("tr").all_inner_texts()]
    widths = table.evaluate("""table => [...table.querySelectorAll(".bar")].map(bar =>
        100 * bar.getBoundingClientRect().width / bar.parentElement.clientWidth)""")
    share = {cells[0]: int(cells[1]) for cells in rows}
    assert np.corrcoef(widths, list(share.values()))[0, 1] > 0.99
    return share


def expected(recording, name):
    p = shipped.load(name).predict(features.mfcc(recording.notes[0])[None])[0]
    return dict(zip(datasets.FAMILIES, 100 * p, strict=True))


def give(page, name, data):
    page.get_by_label("a sound of your own").set_input_files(
        {"name": name, "mimeType": "audio/wav", "buffer": data}
    )


def test_a_microphone_is_heard(page, flute):
    assert page.get_by_text("Nothing is sent anywhere").is_visible()
    page.get_by_role("button", name="Record").click()
    page.get_by_role("button", name="Stop (4").click()
    page.get_by_text("Your recording. dense: flute").wait_for()
    assert page.get_by_role("button", name="Record again").is_visible()
    assert page.get_by_text("48,000 Hz brought to 16,000 Hz").count() <= 1
    nearest = page.get_by_text("The nearest training note is flute_")
    assert nearest.is_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the recording").click()
    saved, rate = soundfile.read(download.value.path())
    assert rate == 16_000
    assert 4 * rate <= len(saved) < 10 * rate
    recording = sounds.prepare(saved, rate)
    heard = hearing.hear(recording, ["dense"])[0]["models"]["dense"]
    assert heard["family"] == "flute"
    # Sixteen bits lie between what the page heard and what it saved.
    assert shown(page, "dense")["flute"] == pytest.approx(100 * heard["probability"], abs=2)


def test_a_file_is_heard_by_every_model(page, flute):
    stereo = np.stack([np.pad(np.repeat(flute[:16_000], 3), 30_000)] * 2, axis=1) * 0.3
    data = audio_bytes(stereo, 48_000)
    give(page, "mine.wav", data)
    page.get_by_text("mine.wav. dense: flute").wait_for()
    recording = sounds.prepare(*soundfile.read(io.BytesIO(data)))
    for step in (*recording.steps, "s of silence", "dB louder"):
        assert page.get_by_text(step).first.is_visible()
    assert len(recording.steps) == 3
    assert page.asked == [""]  # the small models came with the page
    for name in shipped.names():
        if name != "dense":
            page.get_by_role("button", name=name).click()
        page.locator("table.bars", has_text=name).wait_for()
    for name in shipped.names():
        wanted, got = expected(recording, name), shown(page, name)
        assert got == pytest.approx(wanted, abs=2), name  # two resamplers, and whole percents
    assert sorted(page.asked[1:]) == [
        "models/cnn.npz", "models/extra_trees.npz", "models/lstm.npz"
    ]  # fmt: skip
    page.get_by_role("button", name="lstm").click()
    page.locator("table.bars", has_text="lstm").wait_for(state="detached")
    assert readable_by_all(page) == []


def test_a_note_of_the_book_is_heard_as_python_hears_it(page, flute):
    page.get_by_label("a sound of the book").select_option("flute")
    page.get_by_text("flute. dense: flute").wait_for()
    assert not page.get_by_text("Unlike anything").count()
    recording = sounds.prepare(flute, 16_000)
    assert shown(page, "dense") == pytest.approx(expected(recording, "dense"), abs=0.6)
    page.get_by_label("a sound of the book").select_option("hiss")
    page.get_by_text("hiss: The recording is silent.").wait_for()
    assert not page.locator("table.bars").first.is_visible()


def test_short_and_several_and_foreign_sounds(page, flute):
    give(page, "short.wav", audio_bytes(flute[:6_400]))
    page.get_by_text("short.wav. dense:").wait_for()
    assert page.get_by_text("0.40 s of sound, then 3.60 s of silence").is_visible()
    melody = np.concatenate([note(0.8, 60), silence(0.4), note(0.5, 64)])
    give(page, "melody.wav", audio_bytes(melody))
    page.get_by_text("melody.wav. dense:").wait_for()
    assert page.get_by_text("cut into 2 notes").is_visible()
    page.get_by_label("which note").select_option("1")
    begins, ends = sounds.prepare(melody, 16_000).times[1]
    page.get_by_text(f"{ends - begins:.2f} s of sound, then").wait_for()
    hiss = foreign.noise(np.random.default_rng(0))
    give(page, "hiss.wav", audio_bytes(0.3 * hiss / np.abs(hiss).max()))
    page.get_by_text("Unlike anything that the models know").wait_for()
    assert page.get_by_text("hiss.wav. dense:").is_visible()


def test_what_is_no_sound_is_said(page):
    give(page, "text.wav", b"this is no sound")
    page.get_by_text("text.wav: That is no sound that this browser can read").wait_for()
    give(page, "silence.wav", audio_bytes(np.zeros(16_000)))
    page.get_by_text("silence.wav: The recording is silent.").wait_for()
    give(page, "click.wav", audio_bytes(np.pad([0.5], 8_000)))
    page.get_by_text("only clicks or noise").wait_for()
    page.locator(".interactive").evaluate("""root => {
        const files = new DataTransfer();
        files.items.add(new File(["no sound"], "dropped.wav"));
        root.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true }));
    }""")
    page.get_by_text("dropped.wav: That is no sound").wait_for()


def test_without_the_large_files_the_page_says_what_to_do(page, flute):
    page.route("**/models/*", lambda route: route.fulfill(body="<html>"))
    page.get_by_role("button", name="cnn").click()
    page.get_by_label("a sound of the book").select_option("flute")
    page.get_by_text("The file of cnn could not be fetched. In a notebook").wait_for()
