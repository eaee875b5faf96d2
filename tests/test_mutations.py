"""Mutated files of every kind that comes in: read, or refused by a sentence that names the file.

1,000 of each kind (environment variable MUTATIONS), in `make test-all`.
"""

import io
import json
import os

import numpy as np
import pytest
import soundfile
from conftest import NAMES, audio_bytes, listing, tone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import datasets
from helpers.commands import import_sounds
from helpers.datasets import DatasetError

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
many = settings(
    max_examples=int(os.environ.get("MUTATIONS", "1000")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NOISE = 0.2 * np.random.default_rng(0).standard_normal(64_000) * np.exp(-np.arange(64_000) / 9000)
SOUNDS = {
    "a.wav": audio_bytes(NOISE),
    "b.wav": audio_bytes(NOISE, subtype="FLOAT"),
    "c.flac": audio_bytes(NOISE, format="FLAC"),
    "d.mp3": audio_bytes(NOISE, 44_100, format="MP3", subtype="MPEG_LAYER_III"),
}
TABLE = "file,family,instrument,source,pitch,velocity\na.wav,organ,box,electronic,A4,90\n" + (
    "b.wav,Violin,,,69,\nc.flac,-,,,,\n"
)
# Numbers in which lengths and rates turn into something else.
EDGES = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\x01\0\0\0"]


@st.composite
def mutated(draw, whole: bytes):
    """The file with a few bits, bytes, lengths or pieces changed, most of them in its header."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        last = max(1, len(data) - 1)
        at = draw(st.integers(0, min(last, 120)) | st.integers(0, last))
        kind = draw(st.sampled_from(["bit", "byte", "edge", "cut", "drop", "double", "insert"]))
        if kind == "bit" and at < len(data):
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "byte" and at < len(data):
            data[at] = draw(st.integers(0, 255))
        elif kind == "edge":
            data[at : at + 4] = draw(st.sampled_from(EDGES))
        elif kind == "cut":
            del data[at:]
        elif kind == "drop":
            del data[at : at + draw(st.integers(1, 500))]
        elif kind == "double":
            data[at:at] = data[at : at + draw(st.integers(1, 500))]
        else:
            data[at:at] = draw(st.binary(max_size=40))
    return bytes(data)


@many
@given(st.data(), st.sampled_from(sorted(SOUNDS)))
def test_a_note(data, name):
    sound = data.draw(mutated(SOUNDS[name]))
    try:
        wave = datasets.decode_note(sound, f"set: {name}")
    except DatasetError as error:
        message = str(error)
        assert message.startswith(f"set: {name}: ")
        return
    assert wave.shape == (64_000,)
    assert wave.dtype == np.float32
    assert np.abs(wave).max() <= 1  # and so no NaN


@many
@given(st.data(), st.sampled_from(sorted(SOUNDS)))
def test_a_sound_of_ones_own(tmp_path, data, name):
    path = tmp_path / name
    path.write_bytes(data.draw(mutated(SOUNDS[name])))
    try:
        wave, steps, _ = import_sounds.waveform(path)
    except DatasetError as error:
        message = str(error)
        assert message
        return
    assert wave.shape == (64_000,)
    assert 1 / 40_000 < np.abs(wave).max() <= 1
    assert steps


@many
@given(st.data())
def test_a_listing(data):
    text = data.draw(mutated(json.dumps(json.loads(listing(NAMES)), indent=1).encode()))
    try:
        notes = list(datasets.read_listing(io.BytesIO(text), "set: examples.json"))
    except DatasetError as error:
        message = str(error)
        assert message.startswith("set: examples.json: ")
        return
    for note in notes:
        assert note == datasets.parse_note(note["note"])


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    for i, name in enumerate(("a.wav", "b.wav", "c.flac")):
        soundfile.write(folder / name, tone(NAMES[i]), 16_000)
    return folder


@many
@given(st.data(), st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_a_table_of_labels(tmp_path, sounds, data, encoding):
    labels = tmp_path / "labels.csv"
    labels.write_bytes(data.draw(mutated(TABLE.encode(encoding))))
    try:
        found, refused = import_sounds.by_table(sounds, labels)
    except DatasetError as error:
        message = str(error)
        assert message.startswith(str(labels))
        return
    assert all("labels.csv" in reason for reason in refused)
    for sound in found:
        assert sound.family in datasets.FAMILIES
        assert 0 <= sound.pitch <= 127
        assert sound.velocity in (None, *range(128))
