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
        old = data[at : at + draw(st.sampled_from([0, 1, 4, 4, len(data)]) | st.integers(1, 500))]
        bit = bytes([old[0] ^ 1 << draw(st.integers(0, 7))]) + old[1:] if old else b""
        few = min(len(old), 4)
        new = st.sampled_from([b"", bit, bit, old + old, *EDGES]) | st.binary(max_size=40)
        data[at : at + len(old)] = draw(new | st.binary(min_size=few, max_size=few))
    return bytes(data)


def a_note(path, _):
    wave = datasets.decode_note(path.read_bytes(), str(path))
    assert wave.shape == (64_000,)
    assert wave.dtype == np.float32
    assert np.abs(wave).max() <= 1  # and so no NaN


def a_sound_of_ones_own(path, _):
    wave, steps, _ = import_sounds.waveform(path)
    assert wave.shape == (64_000,)
    assert 1 / 40_000 < np.abs(wave).max() <= 1
    assert steps


def a_listing(path, _):
    for note in datasets.read_listing(io.BytesIO(path.read_bytes()), str(path)):
        assert note == datasets.parse_note(note["note"])


def a_table_of_labels(path, sounds):
    found, refused = import_sounds.by_table(sounds, path)
    assert all(path.name in reason for reason in refused)
    for sound in found:
        assert sound.family in datasets.FAMILIES
        assert 0 <= sound.pitch <= 127
        assert sound.velocity in (None, *range(128))


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    for i, name in enumerate(("a.wav", "b.wav", "c.flac")):
        soundfile.write(folder / name, tone(NAMES[i]), 16_000)
    return folder


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("read", "files"),
    [
        (a_note, SOUNDS),
        (a_sound_of_ones_own, SOUNDS),
        (a_listing, {"x.json": json.dumps(json.loads(listing(NAMES)), indent=1).encode()}),
        (
            a_table_of_labels,
            {f"{code}.csv": TABLE.encode(code) for code in ("utf-8", "utf-16", "cp1252")},
        ),
    ],
)
@settings(
    max_examples=int(os.environ.get("MUTATIONS", "1000")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_a_file_is_read_or_named(tmp_path, sounds, read, files, data):
    name = data.draw(st.sampled_from(sorted(files)))
    path = tmp_path / name
    path.write_bytes(data.draw(mutated(files[name])))
    try:
        read(path, sounds)
    except DatasetError as error:
        message = str(error)
        assert message.startswith(str(path)) or (message and read is a_sound_of_ones_own)
