"""The page's own scripts: what they compute, and what they do under clicks, keys and fingers."""

import base64
import io
import itertools
import json
import re
import shutil
import subprocess
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile
from conftest import audio_bytes, tone

from helpers import datasets, evaluation, features, listening, tuning
from helpers.runs import analysis, interactive, records
from tools.book import landing
from tools.book.assets import node
from tools.common import ROOT

MODULES = ROOT / "book/interactive"


def in_node(folder, program):
    """What a program prints in node, with the page's scripts beside it."""
    (folder / "package.json").write_text('{"type": "module"}')
    for path in MODULES.glob("*.js"):
        shutil.copy(path, folder)
    (folder / "run.js").write_text(program)
    return subprocess.check_output([node(), "run.js"], cwd=folder, timeout=300)


def calculate(tmp_path, waveform, call):
    """What the expression `call` over `samples` and the module `m` gives in node."""
    (tmp_path / "samples").write_bytes(np.asarray(waveform, dtype="<f4").tobytes())
    program = f"""
    import {{ readFileSync }} from "node:fs";
    import * as m from "./mfcc.js";
    const bytes = readFileSync("samples");
    const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const rows = {call};
    console.log(JSON.stringify(Array.from(rows, (row) => (row.length ? [...row] : row))));
    """
    return np.array(json.loads(in_node(tmp_path, program)))


def rebuilt(folder, waveform, n):
    """The sound that the page makes of the first n coefficients of a waveform."""
    call = f"m.soundOf(m.idct(m.mfcc(samples, {{nMfcc: {n}}}), 128), samples.length)"
    return calculate(folder, waveform, call).astype(np.float32)


def on_partials(waveform, pitch=220):
    """The share of the energy from 1 to 3 s that lies within 3 Hz of the partials of a pitch."""
    power = np.abs(np.fft.rfft(waveform[16_000:48_000])) ** 2
    hz = np.fft.rfftfreq(32_000, 1 / 16_000)
    partial = pitch * np.maximum(1, np.round(hz / pitch))
    return power[np.abs(hz - partial) < 3].sum() / power.sum()


class TestMfcc:
    @pytest.mark.parametrize("samples", [64_000, 40_000, 9_001, 700])
    def test_it_equals_the_features_of_the_book(self, tmp_path, train_notes, samples):
        # A note of each of five families, cut to several lengths, and silence: -100 dB.
        notes = [train_notes.waveform(row)[:samples] for row in range(0, 1000, 200)]
        for y in (*notes, np.zeros(samples)):
            got = calculate(tmp_path, y, "m.mfcc(samples)")
            assert got.shape == (1 + samples // 512, 13)
            np.testing.assert_allclose(got, features.mfcc(y), atol=1e-3)

    @pytest.mark.parametrize(
        ("n_fft", "hop", "n_mels", "n_mfcc"), [(256, 128, 20, 5), (4096, 1024, 64, 40)]
    )
    def test_it_takes_other_settings(self, tmp_path, train_notes, n_fft, hop, n_mels, n_mfcc):
        y = train_notes.waveform(300)
        options = f"{{nFft: {n_fft}, hop: {hop}, nMels: {n_mels}, nMfcc: {n_mfcc}}}"
        got = calculate(tmp_path, y, f"m.mfcc(samples, {options})")
        wanted = features.mfcc(y, n_fft=n_fft, hop_length=hop, n_mels=n_mels, n_mfcc=n_mfcc)
        np.testing.assert_allclose(got, wanted, atol=1e-3)

    def test_the_mel_spectrogram_goes_there_and_back(self, tmp_path, train_notes):
        y = train_notes.waveform(500)
        np.testing.assert_allclose(
            calculate(tmp_path, y, "m.idct(m.mfcc(samples, {nMfcc: 128}), 128)"),
            features.log_mel(y),
            atol=1e-3,
        )
        back = calculate(tmp_path, y, "m.istft(m.stft(samples), samples.length)")
        np.testing.assert_allclose(back, y, atol=1e-6)

    def test_a_band_lets_through_what_lies_in_it(self, tmp_path):
        time = np.arange(16_000) / 16_000
        y = 0.3 * np.sin(2 * np.pi * 1000 * time) + 0.3 * np.sin(2 * np.pi * 4000 * time)
        # Band 42 of 128 has its middle at 1,005 Hz.
        heard = calculate(tmp_path, y, "m.throughBand(samples, 42)")
        spectrum = np.abs(np.fft.rfft(heard))
        assert spectrum[1000] > 1000 * spectrum[4000]
        assert spectrum[1000] > 0.5 * np.abs(np.fft.rfft(y))[1000]

    def test_thirteen_coefficients_keep_the_colour_and_lose_the_pitch(self, tmp_path, reed):
        heard = {n: rebuilt(tmp_path, reed, n) for n in (13, 128)}
        gap = features.mfcc(heard[13]) - features.mfcc(reed)
        # The level and the tilt of the note come back, in the frames that sound.
        assert np.abs(gap[5:90, 1:4]).mean() < 15
        assert on_partials(reed) > 0.99
        assert 0.02 < on_partials(heard[13]) < 0.03
        assert on_partials(heard[128]) > 4 * on_partials(heard[13])


# ---- what a reader does

DEVICES = {
    "desk": {"viewport": {"width": 1000, "height": 800}},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
}
# Each day by finger, each week by mouse, too; whole pages are clicked each day (test_book.py).
EACH = [pytest.param("desk", marks=pytest.mark.long), "phone"]
SHELL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="margin: 12px"><main><h1>A page</h1>{}</main></body></html>"""
# What a player would play, as samples.
DECODED = """async (audio) => {
    const bytes = await (await fetch(audio.src)).arrayBuffer();
    const decoded = await new OfflineAudioContext(1, 1, 16000).decodeAudioData(bytes);
    return [...decoded.getChannelData(0)];
}"""


@contextmanager
def watched(browser, device):
    """A page on a desk or a phone, on which nothing may go wrong nor stand out."""
    context = browser.new_context(**DEVICES[device])
    page, wrong = context.new_page(), []
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: m.type == "error" and wrong.append(m.text))
    yield page
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]
    context.close()
    assert wrong == []


@pytest.fixture(params=EACH)
def show(browser, request):
    """A function that opens a page with an interactive part in it; at the end all can read it.

    On a desk, the pages of the book are asked so: tests/test_book.py.
    """
    with watched(browser, request.param) as page:
        yield lambda part: page.set_content(SHELL.format(part)) or page
        if request.param == "phone":
            assert readable_by_all(page) == []


def press(locator, **place):
    """A finger's tap where there is one, else a click."""
    phone = locator.page.viewport_size["width"] < 500
    locator.tap(**place) if phone else locator.click(**place)


def press_at(locator, x, y):
    """Press at a share of the width and of the height."""
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    press(locator, position={"x": box["width"] * x, "y": box["height"] * y})


def readable_by_all(page):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [v["help"] for v in found if v["impact"] in ("serious", "critical")]


def heard(page):
    """The samples of the part's last player, once it is there."""
    player = page.locator("figure audio").last
    player.wait_for()
    return np.array(player.evaluate(DECODED))


def plays(page, samples):
    np.testing.assert_allclose(heard(page), samples, atol=1e-4)


def waveform(notes, name):
    return notes.waveform(list(notes.table["note"]).index(name))


@pytest.fixture(scope="module")
def reed(train_notes):
    return waveform(train_notes, "reed_acoustic_004-057-100")


def test_a_part_is_text_that_no_name_can_break():
    text = interactive.html("explorer", {"a": "</script><b>"}, {'"<reed>"': np.zeros(100)})
    assert text.count("</script>") == 2
    assert "<b>" not in text
    assert 'data-sound="&quot;&lt;reed&gt;&quot;"' in text


@pytest.mark.parametrize("path", sorted(MODULES.glob("*.js")), ids=lambda path: path.stem)
def test_a_module_is_whole_as_one_script(path):
    text = interactive.script(path.stem)
    assert "</" not in text
    assert not [line for line in text.split("\n") if line.startswith(("import ", "export "))]


def test_coefficients_are_moved_and_heard(show, reed):
    levels = features.log_mel(reed)[31]
    page = show(interactive.coefficients("reed, A3", reed, levels).data)
    slider = page.get_by_role("slider", name="coefficients")
    assert slider.get_attribute("aria-valuetext") == "13"
    line = page.locator("svg path").nth(1)
    before = line.get_attribute("d")
    for _ in range(4):
        slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "128"
    assert page.get_by_text("root mean square error 0.0 dB").is_visible()
    assert line.get_attribute("d") != before
    slider.press("Home")
    flat = re.findall(r"[ML]\S+ (\S+?)(?=L|$)", line.get_attribute("d"))
    assert len(set(flat)) == 1  # one coefficient is the mean level
    press(page.get_by_role("button", name="Hear the note from 1 coefficient"))
    rebuilt = heard(page)
    assert rebuilt.shape == reed.shape
    assert rebuilt.std() == pytest.approx(reed.std(), rel=0.05)
    press(page.get_by_role("button", name="Hear the note itself"))
    page.get_by_text("reed, A3", exact=True).wait_for()
    plays(page, reed)


def test_without_the_book_around_them_one_player_sounds_at_a_time(show, reed):
    two = listening.players([(reed, "one"), (reed, "two")]).data
    moved = interactive.coefficients("reed, A3", reed, features.log_mel(reed)[31]).data
    for part, order in ((two, (0, 1, 0)), (two + moved, (0, 1, 2, 0))):
        page = show(part)
        if part != two:
            press(page.get_by_role("button", name="Hear the note itself"))
            # It has started by itself, and stopped the others.
            page.wait_for_function("document.querySelector('.interactive audio').currentTime > 0")
        page.evaluate("document.querySelectorAll('audio').forEach((a) => { a.loop = true; })")
        for i in order:
            page.evaluate(f"document.querySelectorAll('audio')[{i}].play()")
            page.wait_for_function(
                f"[...document.querySelectorAll('audio')].every((a, k) => a.paused === (k !== {i}))"
            )


def test_the_explorer_draws_what_the_sliders_say(show, reed):
    page = show(interactive.explorer({"reed": reed, "silence": np.zeros(16_000)}).data)
    page.get_by_text("reed: 126 frames of 128 ms, 32 ms apart").wait_for()
    assert page.get_by_text("126 x 13 = 1,638 numbers").is_visible()
    canvas = page.locator("canvas")
    size = "canvas => [canvas.width, canvas.height]"
    assert canvas.nth(0).evaluate(size) == [126, 128]
    assert canvas.nth(1).evaluate(size) == [126, 12]
    page.get_by_role("slider", name="mel bands").press("ArrowLeft")
    assert canvas.nth(0).evaluate(size) == [126, 64]
    page.get_by_role("slider", name="hop (samples)").press("ArrowRight")
    assert canvas.nth(0).evaluate(size) == [63, 64]
    page.get_by_role("slider", name="coefficients").press("ArrowLeft")
    assert canvas.nth(1).evaluate(size) == [63, 11]
    page.get_by_role("slider", name="mel bands").press("End")
    page.get_by_role("slider", name="frame, n_fft (samples)").press("Home")
    assert page.get_by_text("dark stripes").is_visible()
    assert page.get_by_text("Frames do not touch").is_visible()
    page.get_by_label("note", exact=True).select_option("silence")
    page.get_by_text("silence: 16 frames").wait_for()


def test_a_filter_is_chosen_and_heard(show, reed):
    page = show(interactive.explorer({"reed": reed}).data)
    page.get_by_text("reed: 126 frames").wait_for()
    band = page.get_by_role("slider", name="band", exact=True)
    assert band.get_attribute("aria-valuetext") == "18"
    band.press("ArrowRight")
    press(page.get_by_role("button", name="Hear the note through band 19"))
    through = heard(page)
    strongest = np.abs(np.fft.rfft(through[16_000:32_000])).argmax()
    assert 420 < strongest < 500  # Hz: the second partial of A3
    press_at(page.locator("svg"), 0.5, 0.5)  # among the triangles
    said = page.get_by_role("button", name="Hear").inner_text()
    low, high = map(int, re.search(r"\((\d+) to (\d+) Hz\)", said).groups())
    assert low < 4000 < high


def test_a_note_of_ones_own_is_dropped_or_chosen(show, reed):
    page = show(interactive.explorer({"reed": reed}).data)
    page.get_by_text("reed: 126 frames").wait_for()
    sound = audio_bytes(tone("bass_electronic_018-069-100")[:32_000])
    file = page.get_by_label("a sound of your own")
    file.set_input_files({"name": "mine.wav", "mimeType": "audio/wav", "buffer": sound})
    page.get_by_text("mine.wav: 63 frames").wait_for()
    file.set_input_files({"name": "no.wav", "mimeType": "audio/wav", "buffer": b"no sound"})
    page.get_by_text("no sound that this browser can read").wait_for()
    drop = """([root, bytes]) => {
        const files = new DataTransfer();
        files.items.add(new File([new Uint8Array(bytes)], "dropped.wav"));
        root.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true }));
    }"""
    root = page.locator(".interactive").element_handle()
    page.evaluate(drop, [root, list(sound)])
    page.get_by_text("dropped.wav: 63 frames").wait_for()


def test_a_reader_plays_against_the_networks(show, reed):
    data = {
        "families": ["bass", "flute", "reed"],
        "notes": ["reed", "bass"],
        "players": {"CNN": ["reed", "flute"], "LSTM": ["reed", "bass"]},
    }
    page = show(interactive.html("guess", data, {"0": reed, "1": 0.5 * reed}))
    page.get_by_text("Note 1 of 2").wait_for()
    plays(page, reed)
    assert not page.get_by_text("LSTM").count()
    flute = page.get_by_role("button", name="flute")
    flute.focus()
    flute.press("Enter")
    page.get_by_text("Note 2 of 2").wait_for()
    assert page.get_by_text("You said flute.").is_visible()
    plays(page, 0.5 * reed)
    press(page.get_by_role("button", name="bass"))
    assert page.get_by_text("You: 1 of 2 · CNN: 1 of 2 · LSTM: 2 of 2.").is_visible()
    rows = [row.split("\t") for row in page.locator("tbody tr").all_inner_texts()]
    assert rows[0] == ["1", "reed", "\u2717 flute", "\u2713 reed", "\u2713 reed"]
    assert rows[1] == ["2", "bass", "\u2713 bass", "\u2717 flute", "\u2713 bass"]
    press(page.get_by_role("button", name="Play note 1 again"))
    plays(page, reed)
    assert readable_by_all(page) == []
    press(page.get_by_role("button", name="Again", exact=True))
    assert page.get_by_text("Note 1 of 2").is_visible()


def test_the_landing_page_says_what_the_records_say(train_notes):
    wide = datasets.load("nsynth-wide", "test")
    every = wide.table["note"][datasets.new_to(train_notes, wide)].tolist()
    assert not {n.rsplit("-", 2)[0] for n in every} & set(train_notes.table["instrument"])
    six = landing.drawn(sorted(every))
    assert len({note.split("_")[0] for note in six}) == len(six) == 6
    text = landing.fill((ROOT / "book/index.md").read_text(encoding="utf-8"))
    assert f"all {len(every)} such notes" in text
    assert f"trained on {len(train_notes):,} notes" in text
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', text)[1])
    assert data["notes"] == [note.split("_")[0] for note in six]
    for player, row in (("CNN", "W-A1"), ("LSTM", "W-A2")):
        first, *others = analysis.deals(row)
        told = first.predictions["wide-test"].set_index("note")[list(datasets.FAMILIES)]
        assert sorted(told.index) == sorted(every)
        assert data["players"][player] == told.loc[six].idxmax(axis=1).tolist()
        ten = [100 * analysis.right(deal, "wide-test").mean() for deal in (first, *others)]
        assert f"{np.mean(ten):.0f} % ({player})" in " ".join(text.split())
    sounds = re.findall(r'data-sound="(\d)" src="data:audio/flac;base64,([^"]+)"', text)
    samples, _ = soundfile.read(io.BytesIO(base64.b64decode(sounds[0][1])))
    np.testing.assert_array_equal(samples, waveform(wide, six[0]))
    assert len(sounds) == 6


@pytest.fixture(scope="module")
def protocol():
    recorded = tuning.protocol(records.read_all(records.SHIPPED))
    return {title: recorded[title] for title in ("Base CNN", "Base LSTM")}


@pytest.fixture(scope="module")
def matrix(protocol, train_notes, test_notes):
    tests = {"mini-test": ("nsynth_test", test_notes), "fold test": ("fold_test", train_notes)}
    rivals = {"Base CNN": "Base LSTM", "Base LSTM": "Base CNN"}
    return interactive.confusions(protocol, tests, rivals).data


def test_the_cells_of_a_matrix_open_and_play(show, matrix, protocol, test_notes):
    page = show(matrix)
    cells = page.get_by_role("gridcell")
    families = datasets.FAMILIES

    def agrees(model, part, folds):
        asked = [evaluation.part(record, part) for record in protocol[model][folds]]
        average = np.mean([evaluation.confusion(*answered) for answered in asked], axis=0)
        for i, j in [(0, 0), (7, 2), (9, 6), (2, 9), (5, 5)]:
            share, where = cells.nth(1 + 10 * i + j).get_attribute("aria-label").split(" % of ")
            assert where == f"{families[i]} named {families[j]}"
            assert int(share) == pytest.approx(100 * average[i, j], abs=0.51)

    agrees("Base CNN", "nsynth_test", slice(None))
    page.get_by_label("folds").select_option("fold 2")
    page.get_by_label("model").select_option("Base LSTM")
    agrees("Base LSTM", "nsynth_test", slice(1, 2))

    # By keyboard: from the first cell down two rows (flute), then right to a name that some got.
    predicted = protocol["Base LSTM"][1].predictions["nsynth_test"]
    answers = predicted["probabilities"].argmax(axis=1)
    wrong = np.bincount(answers[predicted["labels"] == 2], minlength=10)
    wrong[2] = 0
    column = int(wrong.argmax())
    cells.nth(1).focus()
    for key in ["ArrowDown"] * 2 + ["ArrowRight"] * column + ["Enter"]:
        page.keyboard.press(key)
    assert page.get_by_text(f"flute named {families[column]}: {wrong[column]} note").is_visible()
    play = page.get_by_role("button", name=re.compile("Play flute_")).first
    note = play.get_attribute("aria-label").removeprefix("Play ")
    row = list(predicted["notes"]).index(note)
    percent = 100 * predicted["probabilities"][row, column]
    assert page.get_by_text(f"Base LSTM: {families[column]} {percent:.0f} %").count()
    assert page.get_by_text("Base CNN: ").count()
    press(play)
    plays(page, waveform(test_notes, note))
    page.locator("canvas").wait_for()
    assert page.locator("canvas").evaluate("c => [c.width, c.height]") == [126, 12]
    # By click or tap.
    press(cells.nth(1 + 11))
    assert page.get_by_text(re.compile(r"brass named brass: \d+ notes?, rightly")).is_visible()

    # Of a full cell the other notes are one button away, by finger and by key, and sound as well.
    page.get_by_label("folds").select_option("all folds")
    said = page.locator("div[aria-live]")
    more = said.get_by_role("button", name=re.compile(r"^and \d+ more$"))
    for open_all in (lambda: press(more), lambda: more.press("Enter")):
        press(cells.nth(1))
        inside = int(re.search(r"bass named bass: (\d+) notes", said.inner_text())[1])
        assert more.inner_text() == f"and {inside - 6} more"
        assert said.locator(".note").count() == 6
        open_all()
        assert said.get_by_role("button", name="Play bass_").count() == inside > 6
        assert not more.count()
        assert page.evaluate("document.activeElement.innerText") == (
            said.locator(".note").nth(6).inner_text()
        )
    press(said.get_by_role("button", name="Play bass_").last)
    last = page.locator("figure audio").get_attribute("aria-label")
    plays(page, waveform(test_notes, last))
    page.locator("canvas").wait_for()
    # The picture is where the reader looks: below the note.
    row, picture = (page.locator(of).last.bounding_box() for of in (".note", "canvas"))
    assert 0 < picture["y"] - row["y"] - row["height"] < 150

    press(page.get_by_role("button", name="Guess first"))
    press(page.get_by_role("button", name="Play the note"))
    assert len(heard(page)) == 64_000
    press(page.get_by_role("button", name="organ"))
    page.get_by_text("You said organ; it is").wait_for()
    assert page.get_by_text("Base CNN: ").count()


def test_every_note_of_the_test_split_and_every_missed_one_has_its_sound(
    matrix, protocol, test_notes
):
    wanted = set(test_notes.table["note"])
    for record in itertools.chain(*protocol.values()):
        predicted = record.predictions["fold_test"]
        wrong = predicted["probabilities"].argmax(axis=1) != predicted["labels"]
        wanted |= set(predicted["notes"][wrong].tolist())
    assert 200 < len(wanted) < 300
    assert set(re.findall(r'data-sound="([^"]+)"', matrix)) == wanted


def test_the_score_falls_with_the_switch(show, train_notes):
    rows = train_notes.table.groupby("instrument").sample(10, random_state=0).index
    notes = train_notes.select(np.sort(rows))
    X = features.mfcc(notes.waveforms())
    page = show(interactive.leak(notes, X).data)
    table = notes.table.set_index("note")

    def score():
        text = page.locator("p").first.inner_text()
        return [int(n) for n in re.search(r"(\d+) of (\d+) right.* For (\d+) the", text).groups()]

    def pair():
        text = page.locator("p[aria-live]").last.inner_text()
        return [*re.findall(r"[a-z_]+_\d{3}-\d{3}-\d{3}", text), text]

    right, tested, same = score()
    assert 95 <= tested <= 110
    slider = page.get_by_role("slider", name="held-out note")
    Z = ((X - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))).mean(axis=1)
    place = {name: i for i, name in enumerate(notes.table["note"])}
    seen = {}
    for _ in range(3):
        note, nearest, _ = pair()
        seen[note] = np.linalg.norm(Z[place[note]] - Z[place[nearest]])
        others = np.linalg.norm(Z - Z[place[note]], axis=1)
        # Nearer ones are held out, too: among ten notes of each instrument, not many.
        assert (others < seen[note] - 1e-6).sum() < 15
        slider.press("ArrowRight")
    line = page.locator("path.link").get_attribute("d")
    press(page.get_by_role("button", name="by instrument"))
    assert page.locator("path.link").get_attribute("d") != line
    fallen = score()
    assert fallen[0] / fallen[1] < right / tested - 0.1
    assert fallen[2] == 0 < same
    press(page.get_by_role("button", name="by recording"))
    strict = score()
    assert strict[2] == 0
    note, nearest, text = pair()
    twins = datasets.recordings(table.loc[[note, nearest], "instrument"])
    assert twins[0] != twins[1]
    right_now = table["family"][note] == table["family"][nearest]
    assert ("\u2713 right" in text) == right_now
    press(page.get_by_role("button", name="Hear its nearest"))
    plays(page, waveform(train_notes, nearest)[:12_000])
    before = page.locator("p").first.inner_text()
    press(page.get_by_role("button", name="Deal again"))
    assert page.locator("p").first.inner_text() != before

    # Points play, held out or not: one with room around it for a finger.
    data = json.loads(page.locator(".interactive > script[type]").text_content())
    points = np.array(data["map"])
    low, high = points.min(axis=0), points.max(axis=0)
    places = 12 + (points - low) / (high - low) * [640 - 24, 400 - 24]
    places[:, 1] = 400 - places[:, 1]
    apart = np.linalg.norm(places[:, None] - places, axis=-1)
    room = np.sort(apart, axis=1)[:, 1]
    rings = page.locator("svg circle").evaluate_all(
        "of => of.map((c) => [c.cx, c.cy].map((v) => v.baseVal.value))"
    )
    training = (np.abs(places[:, None] - rings[:-2]).max(axis=-1) < 0.01).any(axis=1)
    assert training.sum() == len(notes) - tested
    for kind, own in (("a training note", training), ("held out", ~training)):
        i = np.where(own, room, 0).argmax()
        press_at(page.get_by_role("img"), *places[i] / [640, 400])
        name = data["notes"][i]
        page.get_by_text(f"{name}, {kind}", exact=True).wait_for()
        plays(page, waveform(train_notes, name)[:12_000])
        assert (pair()[0] == name) == (kind == "held out")


def test_a_kernel_is_dragged_over_a_note(show):
    rng = np.random.default_rng(0)
    picture = rng.random((40, 30)).round(3)
    kernels = {"edge": np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]]), "spot": np.eye(3)}
    page = show(interactive.kernel(picture, kernels).data)
    padded = np.pad(picture, 1)

    def total():
        return float(page.locator("p strong").inner_text())

    def wanted(t, f, weights):
        return pytest.approx(np.sum(padded[t : t + 3, f : f + 3] * weights), abs=0.006)

    time, band = (page.get_by_role("slider", name=n) for n in ("time (frame)", "mel band"))
    assert total() == wanted(15, 10, kernels["edge"])
    time.press("ArrowRight")
    band.press("Home")
    assert total() == wanted(16, 0, kernels["edge"])
    press(page.get_by_role("button", name="spot"))
    assert total() == wanted(16, 0, kernels["spot"])
    page.get_by_label("weight: this frame, this band").fill("5")
    weights = np.eye(3)
    weights[1, 1] = 5
    assert total() == wanted(16, 0, weights)
    box = page.locator("canvas").first.bounding_box()
    place = {"x": box["width"] * 0.5, "y": box["height"] * 0.25}
    if page.viewport_size["width"] < 500:
        page.locator("canvas").first.tap(position=place)
    else:
        page.locator("canvas").first.hover(position={"x": 5, "y": 5})
        page.mouse.down()
        page.locator("canvas").first.hover(position=place)
        page.mouse.up()
    t, f = (int(slider.get_attribute("aria-valuetext")) for slider in (time, band))
    assert t in (19, 20)
    assert f in (21, 22, 23)
    assert total() == wanted(t, f, weights)


def test_a_kernel_goes_over_coefficients_as_well(show, reed):
    picture = features.mfcc(reed)[:, 1:]
    change = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
    page = show(interactive.kernel(picture, {"change": change}, "coefficient", first=1).data)
    padded = np.pad(picture, 1)

    def agrees(t, f):
        total = float(page.locator("p strong").inner_text())
        assert total == pytest.approx(np.sum(padded[t : t + 3, f : f + 3] * change), abs=0.02)

    coefficient = page.get_by_role("slider", name="coefficient")
    assert coefficient.get_attribute("aria-valuetext") == "7"
    agrees(15, 6)
    coefficient.press("End")
    page.get_by_role("slider", name="time (frame)").press("Home")
    assert coefficient.get_attribute("aria-valuetext") == "12"
    agrees(0, 11)  # a corner: zeros on two sides
    page.get_by_label("weight: frame after, this coefficient").fill("0")
    change[2, 1] = 0
    agrees(0, 11)


def test_a_border_is_trained_by_epoch_and_learning_rate(show):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 50)
    X = rng.normal(size=(100, 2)) + np.where(y, 1, -1)[:, None]
    page = show(interactive.border(X, y, ("guitar", "organ"), ("bright", "fading")).data)

    def state():
        text = page.locator("p[aria-live]").inner_text()
        found = re.search(r"Epoch (\d+): training loss ([\d.]+) nats, (\d+) of 100", text)
        return int(found[1]), float(found[2]), int(found[3])

    # Where full gradient descent ends, a long way down.
    w = np.zeros(3)
    A = np.column_stack([X, np.ones(100)])
    for _ in range(120):
        w -= 0.3 * A.T @ (1 / (1 + np.exp(-A @ w)) - y) / 100
    p = 1 / (1 + np.exp(-A @ w))
    wanted = -np.mean(np.log(np.where(y, p, 1 - p)))
    assert state()[:2] == (30, pytest.approx(wanted, abs=0.01))
    assert state()[2] == pytest.approx(((p > 0.5) == y).sum(), abs=2)
    epoch = page.get_by_role("slider", name="epoch")
    line = page.locator("path.border")
    last = line.get_attribute("d")
    epoch.press("Home")
    assert state() == (0, pytest.approx(np.log(2), abs=0.001), 50)
    assert line.get_attribute("d") is None
    epoch.press("ArrowRight")
    assert line.get_attribute("d") != last
    epoch.press("End")
    rate = page.get_by_role("slider", name="learning rate")
    rate.press("Home")
    assert state()[1] > 1.5 * wanted  # steps too short
    rate.press("End")
    assert rate.get_attribute("aria-valuetext") == "30"
    assert state()[1] > 1.2 * wanted  # steps too long
    press(page.get_by_role("button", name="Train from epoch 0"))
    page.get_by_text("Epoch 30:").wait_for()


def test_a_memory_is_wired_by_hand(show):
    W = np.array([[10, 0, 3, 0], [0, -10, 0, 0]])
    bias = np.array([-5, 5, 0, 5])
    sequence = np.zeros((100, 2))
    sequence[[10, 60], 0] = sequence[40, 1] = 1
    page = show(interactive.memory(W, bias, sequence).data)

    def said():
        return [float(n) for n in re.findall(r"-?\d+\.\d{3}", page.locator("p").inner_text())]

    def wanted(step):
        """Input, forget and output gate, cell state and output at a step, as in chapter 2."""
        c = 0
        for x in sequence[: step + 1]:
            i, f, g, o = x @ W + bias
            i, f, o = 1 / (1 + np.exp(-np.array([i, f, o])))
            c = f * c + i * np.tanh(g)
        return pytest.approx([i, f, o, c, o * np.tanh(c)], abs=6e-4)

    step = page.get_by_role("slider", name="step")
    assert said() == wanted(40)
    step.press("ArrowLeft")
    assert said() == wanted(39)
    page.get_by_role("slider", name="bias of the forget gate").press("ArrowLeft")
    bias[1] = 4
    assert said() == wanted(39)
    page.get_by_role("slider", name="weight: event to candidate").press("Home")
    W[0, 2] = -5
    assert said() == wanted(39)
    event = page.get_by_role("button", name="Event here")
    press(event)
    sequence[39, 0] = 1
    assert event.get_attribute("aria-pressed") == "true"
    assert said() == wanted(39)
    press_at(page.get_by_role("img", name="output gate"), 59.6 / 99, 0.2)
    assert step.get_attribute("aria-valuetext") == "60"
    assert said() == wanted(60)
    press(page.get_by_role("button", name="As it was"))
    W[0, 2], bias[1], sequence[39, 0] = 3, 5, 0
    assert said() == wanted(60)


def test_a_line_goes_through_the_states_with_the_sound(show, reed):
    rng = np.random.default_rng(0)
    names = ("input gate", "forget gate", "output gate", "cell state", "hidden state")
    layers = {
        layer: {name: rng.uniform(-1, 1, (2, 126, 32)).round(2) for name in names}
        for layer in ("first layer", "last layer")
    }
    page = show(interactive.states({"reed": reed, "quiet": 0.1 * reed}, layers).data)

    def said():
        text = page.locator("p").inner_text()
        frame = int(re.search(r"at frame (\d+)", text)[1])
        return frame, [float(n) for n in re.findall(r"-?\d\.\d\d", text)]

    def wanted(layer, note, frame, unit):
        return [pytest.approx(layers[layer][name][note, frame, unit], abs=0.006) for name in names]

    assert said() == (0, wanted("first layer", 0, 0, 0))
    time = page.get_by_role("slider", name="time")
    time.press("End")
    page.get_by_role("slider", name="unit").press("ArrowRight")
    assert said() == (125, wanted("first layer", 0, 125, 1))
    press(page.get_by_role("button", name="last layer"))
    press(page.get_by_role("button", name="quiet"))
    assert said() == (125, wanted("last layer", 1, 125, 1))
    press(page.get_by_role("button", name="Play the note"))
    player = page.locator("figure audio")
    plays(page, 0.1 * reed)
    # The sound is stopped at two seconds, and the line with it: at half of the frames.
    player.evaluate("audio => { audio.pause(); audio.currentTime = 2; }")
    page.get_by_text("at frame 63:").wait_for()
    assert said() == (63, wanted("last layer", 1, 63, 1))
    press_at(page.locator("canvas"), 20.5 / 126, 1 - 7.5 / 32)
    assert said() == (20, wanted("last layer", 1, 20, 7))


def test_a_part_of_a_note_is_silent_for_both_networks(show, reed):
    rng = np.random.default_rng(0)
    networks = {}
    for name in ("CNN", "LSTM"):
        whole, parts = rng.random((2, 10)), rng.random((2, 15, 14, 10))
        networks[name] = tuple(p / p.sum(-1, keepdims=True) for p in (whole, parts))
    notes = {"a reed": reed, "a flute": reed[::-1].copy()}
    page = show(interactive.occlusion(notes, ["reed", "flute"], 9, networks).data)

    def agrees(note, time, coefficient):
        family = ["reed", "flute"][note]
        right = datasets.FAMILIES.index(family)
        for name, (whole, parts) in networks.items():
            there = parts[note, time, coefficient]
            text = (
                f"{name}: {family} {100 * whole[note, right]:.0f} % before, "
                f"{100 * there[right]:.0f} % with this part silent; "
                f"it says {datasets.FAMILIES[there.argmax()]}."
            )
            assert page.get_by_text(text).is_visible()

    agrees(0, 0, 13)
    when, what = (page.get_by_role("slider", name=f"silent {n}") for n in ("when", "what"))
    for _ in range(3):
        when.press("ArrowRight")
    assert when.get_attribute("aria-valuetext") == "0.86 to 1.14 s"
    agrees(0, 3, 13)
    press(page.get_by_role("button", name="Hear what is left"))
    left = heard(page)
    # Frames 27 to 35 are silent; those beside them reach 1,024 samples in.
    quiet = slice(28 * 512, 34 * 512)
    assert np.abs(left[quiet]).max() < 0.03 * np.abs(reed[quiet]).max()
    np.testing.assert_allclose(left[:12_000], reed[:12_000], atol=1e-3)
    when.press("End")
    what.press("Home")
    what.press("ArrowRight")
    assert what.get_attribute("aria-valuetext") == "coefficient 1"
    agrees(0, 14, 1)
    page.get_by_label("note").select_option("a flute")
    agrees(1, 14, 1)
    press_at(page.locator("canvas").last, 4.5 / 15, 1 - 2.5 / 14)
    agrees(1, 4, 2)


def test_a_silent_coefficient_is_gone_from_the_sound(tmp_path, train_notes):
    y = train_notes.waveform(700)
    before = features.mfcc(y)[5:80]  # a reed that sounds, well above the floor
    sound = calculate(tmp_path, y, "m.withoutCoefficients(samples, [2])")
    after = features.mfcc(sound.astype(np.float32))[5:80]
    assert np.abs(before[:, 2]).mean() > 50
    assert np.abs(after[:, 2]).mean() < 5
    np.testing.assert_allclose(
        np.delete(after, 2, axis=1).mean(0), np.delete(before, 2, axis=1).mean(0), atol=3
    )
    np.testing.assert_allclose(
        calculate(tmp_path, y, "m.withoutCoefficients(samples, [5], 3, 3)"), y, atol=1e-6
    )
