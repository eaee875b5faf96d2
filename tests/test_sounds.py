"""Recordings as people make them become notes as the models were trained on, or are refused."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import sounds
from helpers.notes import DatasetError

RATE = 16_000


def note(seconds=1.0, pitch=60, rate=RATE, level=0.4):
    """A plucked tone: five partials that decay."""
    time = np.arange(int(seconds * rate)) / rate
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    tone = sum(np.sin(2 * np.pi * k * hertz * time) / k for k in range(1, 6))
    fade = np.minimum(1, np.minimum(time, seconds - time) / 0.01)
    return level * tone * fade * np.exp(-2 * time / seconds)


def silence(seconds, rate=RATE):
    return np.zeros(int(seconds * rate))


def noise(seconds, level, seed=0):
    return level * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


def test_a_note_begins_at_once_has_its_peak_and_silence_after_it():
    sound = np.concatenate([silence(0.7), note(1.0), silence(0.5)])
    recording = sounds.prepare(sound, RATE)
    (heard,), ((begins, ends),) = recording.notes, recording.times
    assert heard.shape == (64_000,)
    assert heard.dtype == np.float32
    assert begins == pytest.approx(0.7, abs=0.02)
    assert ends == pytest.approx(1.7, abs=0.06)
    assert np.abs(heard).max() == pytest.approx(sounds.PEAK)
    assert np.abs(heard[:800]).max() > 0.1
    assert not heard[int(1.1 * RATE) :].any()
    assert "0.70 s of silence before the first note cut" in recording.steps


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_rate_channels_and_level_make_no_difference(rate):
    low = {"pitch": 48}  # no partial above half of the lowest rate
    plain = sounds.prepare(note(**low), RATE).notes[0]
    other = note(rate=rate, level=0.02, **low)
    heard = sounds.prepare(np.stack([other, other], axis=1) + 0.1, rate)
    assert "2 channels averaged" in heard.steps
    lag = max(range(-40, 41), key=lambda lag: np.dot(plain, np.roll(heard.notes[0], lag)))
    np.testing.assert_allclose(
        np.roll(heard.notes[0], lag)[100:12_000], plain[100:12_000], atol=0.03
    )


def test_channels_that_cancel_leave_one():
    recording = sounds.prepare(np.stack([note(), -note()], axis=1), RATE)
    assert "channels cancel each other: the loudest taken" in recording.steps
    assert len(recording.notes) == 1


def test_a_chromatic_scale_is_cut_into_its_notes():
    scale = [part for pitch in range(60, 73) for part in (note(0.8, pitch), silence(0.3))]
    recording = sounds.prepare(np.concatenate(scale), RATE)
    assert len(recording.notes) == 13
    assert "cut into 13 notes" in recording.steps
    begins = [begin for begin, _ in recording.times]
    np.testing.assert_allclose(begins, 1.1 * np.arange(13), atol=0.03)


def test_notes_without_a_gap_are_cut_where_the_level_rises():
    recording = sounds.prepare(np.concatenate([note(1.0, 60), note(1.0, 64)]), RATE)
    assert [round(begin) for begin, _ in recording.times] == [0, 1]


def test_noise_around_a_note_is_no_part_of_it():
    room = noise(4, 0.003)
    room[RATE : 2 * RATE] += note(1.0)
    recording = sounds.prepare(room, RATE)
    assert len(recording.notes) == 1
    begins, ends = recording.times[0]
    assert begins == pytest.approx(1, abs=0.05)
    assert 1.5 < ends < 2.2


def test_a_held_note_is_not_taken_for_noise():
    held = 0.3 * np.sin(2 * np.pi * 220 * np.arange(4 * RATE) / RATE)
    recording = sounds.prepare(held, RATE)
    assert len(recording.notes) == 1
    assert recording.times[0][1] - recording.times[0][0] > 3.9


def test_clipping_is_said():
    recording = sounds.prepare(np.clip(20 * note(2.0), -1, 1), RATE)
    assert any(step.startswith("clipped") for step in recording.steps)
    assert not any(step.startswith("clipped") for step in sounds.prepare(note(), RATE).steps)


def test_of_a_long_recording_a_minute_is_heard():
    recording = sounds.prepare(np.tile(np.concatenate([note(), silence(1)]), 40), RATE)
    assert len(recording.notes) == 30
    assert "only its first 60 s are heard" in recording.steps


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (silence(1), "is silent"),
        (silence(0), "is empty"),
        (silence(1) + 0.3, "is silent"),
        (np.pad([0.5], 8_000), "no sound of 0.1 s"),
        (np.full(8_000, np.nan), "too large"),
    ],
)
def test_what_holds_no_note_is_refused(sound, reason):
    with pytest.raises(DatasetError, match=reason):
        sounds.prepare(sound, RATE)


def test_a_rate_that_no_recording_has_is_refused():
    with pytest.raises(DatasetError, match="5 Hz"):
        sounds.prepare(note(), 5)


@pytest.mark.parametrize("kind", ["wav", "aiff", "flac", "ogg", "mp3"])
def test_files_of_many_kinds_are_read(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    soundfile.write(path, np.stack([note(rate=44_100)] * 2, axis=1), 44_100)
    assert len(sounds.prepare(*sounds.read(path)).notes) == 1


@settings(max_examples=30)
@given(st.lists(st.floats(-1, 1, width=32), max_size=400), st.sampled_from([8_000, 44_100]))
def test_any_samples_are_heard_or_refused(samples, rate):
    try:
        recording = sounds.prepare(np.repeat(np.array(samples), 10), rate)
    except DatasetError:
        return
    assert all(np.isfinite(heard).all() for heard in recording.notes)
    assert all(begin < end for begin, end in recording.times)
