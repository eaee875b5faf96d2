"""The shipped models on instruments that nobody recorded for NSynth: `benchmarks/general_midi.py`.

FluidSynth plays General MIDI's instruments of the ten families, each at five pitches, and every
note is heard as `instruments hear` hears a file. What it finds is kept in `book/models/`, where
chapter 13 takes it from. Needs Debian's packages fluidsynth and fluid-soundfont-gm (MIT licence);
its sounds are not shipped.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from helpers import hearing, sounds
from helpers.datasets import FAMILIES
from helpers.runs import files, shipped

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
KEPT = shipped.MODELS / "general_midi.json"
# Programs from 0 on. Harp, accordions, harmonica and effects are of none or of two families.
PROGRAMS = {
    "bass": range(32, 40),
    "brass": range(56, 64),
    "flute": range(72, 80),
    "guitar": range(24, 31),
    "keyboard": range(8),
    "mallet": range(8, 16),
    "organ": range(16, 21),
    "reed": range(64, 72),
    "string": [*range(40, 46), *range(48, 52)],
    "vocal": range(52, 55),
}
PITCHES = (48, 55, 60, 67, 72)
LOW = (28, 33, 36, 40, 45)  # of a bass
HELD, EVERY = 3, 6  # seconds: how long a note is held, and when the next begins


def midi(programs: list[int], pitches: tuple[int, ...]) -> bytes:
    """A MIDI file that plays every pitch with every program, a note each `EVERY` seconds."""

    def delta(seconds: float) -> bytes:  # in ticks of a millisecond, seven bits a byte
        ticks = round(1000 * seconds)
        return bytes([0x80 | ticks >> 14, 0x80 | ticks >> 7 & 0x7F, ticks & 0x7F])

    track = bytes([0, 0xFF, 0x51, 3]) + (1_000_000).to_bytes(3, "big")  # a beat a second
    for program in programs:
        track += delta(0) + bytes([0xC0, program])
        for pitch in pitches:
            track += delta(0) + bytes([0x90, pitch, 100])
            track += delta(HELD) + bytes([0x80, pitch, 0]) + delta(EVERY - HELD)
            track += bytes([0xB0, 123, 0])  # all notes off: an event for the time to pass
    track += bytes([0, 0xFF, 0x2F, 0])
    head = b"MThd" + (6).to_bytes(4, "big") + bytes([0, 0, 0, 1]) + (1000).to_bytes(2, "big")
    return head + b"MTrk" + len(track).to_bytes(4, "big") + track


def rendered(family: str) -> list[tuple[np.ndarray, int]]:
    """The family's notes as FluidSynth plays them: (samples (n, 2), rate) each."""
    programs = list(PROGRAMS[family])
    pitches = LOW if family == "bass" else PITCHES
    with tempfile.TemporaryDirectory() as folder:
        score, audio = Path(folder) / "score.mid", Path(folder) / "audio.wav"
        score.write_bytes(midi(programs, pitches))
        subprocess.run(
            ["fluidsynth", "-niq", "-R", "0", "-C", "0", "-r", "44100", "-F", audio, SOUNDFONT,
             score],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        played, rate = sounds.decode(audio.read_bytes(), family, 3_600, "float64")
    step = EVERY * rate
    return [(played[i * step : (i + 1) * step], rate) for i in range(len(programs) * len(pitches))]


def models() -> str:
    """A digest of all that answers."""
    return shipped.digest(*shipped.names(), "notes")


def main() -> None:
    if not shutil.which("fluidsynth") or not SOUNDFONT.exists():
        sys.exit("Needs Debian's packages: apt-get install fluidsynth fluid-soundfont-gm")
    right: dict[str, list[float]] = {name: [] for name in shipped.names()}
    notes, unlike = 0, []
    for family in FAMILIES:
        # Where an instrument has no note of a pitch, FluidSynth plays silence.
        played = [sounds.prepare(*one) for one in rendered(family) if np.abs(one[0]).max() > 1e-3]
        # Asked together: to ask a network takes about as long for forty notes as for one.
        first = sounds.Recording([one.notes[0] for one in played], [one.times[0] for one in played])
        heard = hearing.hear(first)
        notes += len(heard)
        unlike += [note["unlike"] for note in heard]
        for name, shares in right.items():
            shares.append(np.mean([note["models"][name]["family"] == family for note in heard]))
        print(family, len(heard), {name: f"{s[-1]:.2f}" for name, s in right.items()}, flush=True)
    found = {
        "models": models(),
        "notes": notes,
        "instruments": sum(len(programs) for programs in PROGRAMS.values()),
        "balanced accuracy": {n: round(float(np.mean(s)), 4) for n, s in right.items()},
        "doubted": round(float(np.mean(unlike)), 4),
    }
    files.write_atomic(KEPT, json.dumps(found, indent=1, sort_keys=True) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
