"""The score that the benchmark of General MIDI plays, and what the chapter takes from it."""

import json
import sys

from conftest import ROOT

from helpers.datasets import FAMILIES
from helpers.runs import shipped

sys.path.insert(0, str(ROOT / "benchmarks"))
import general_midi


def events(track):
    """(milliseconds, status, first byte) of each event of a track."""
    at, time = 0, 0
    while at < len(track):
        ticks = 0
        while True:
            byte = track[at]
            ticks, at = ticks << 7 | byte & 0x7F, at + 1
            if byte < 0x80:
                break
        time += ticks
        status = track[at]
        yield time, status, track[at + 1]
        at += 3 + track[at + 2] if status == 0xFF else 2 if status == 0xC0 else 3


def test_a_score_plays_every_pitch_of_every_program():
    score = general_midi.midi([5, 17], (48, 60, 72))
    assert score[:4] == b"MThd"
    assert score[14:18] == b"MTrk"
    assert int.from_bytes(score[18:22], "big") == len(score) - 22
    played, program = [], None
    for time, status, value in events(score[22:]):
        if status == 0xC0:
            program = value
        elif status == 0x90:
            played.append((time, program, value))
    notes = [(program, pitch) for program in (5, 17) for pitch in (48, 60, 72)]
    assert played == [(6_000 * i, *note) for i, note in enumerate(notes)]


def test_every_family_is_played_and_every_model_was_asked():
    assert list(general_midi.PROGRAMS) == list(FAMILIES)
    every = [program for programs in general_midi.PROGRAMS.values() for program in programs]
    assert len(every) == len(set(every))
    found = json.loads(general_midi.KEPT.read_text())
    assert found["models"] == general_midi.models(), "run benchmarks/general_midi.py again"
    assert set(found["balanced accuracy"]) == set(shipped.names())
    assert found["instruments"] == len(every)
    assert 0.9 * 5 * len(every) < found["notes"] <= 5 * len(every)
