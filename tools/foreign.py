"""Sounds that are none of the ten families, made from nothing but NumPy: what `hear` must doubt.

Each function takes a random generator and returns a second or two at 16 kHz. They stand in for what
people try: a drum, a hiss, a chord, a sentence. Speech here is a buzz through three resonances that
move from vowel to vowel, with hisses between: like a voice, but nobody's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter

RATE = 16_000


def _time(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * RATE)) / RATE


def percussion(rng: np.random.Generator) -> np.ndarray:
    """A drum (a falling tone), a snare (with noise) or a cymbal (noise that rings)."""
    time, kind = _time(rng.uniform(0.3, 1.5)), rng.integers(3)
    hiss = rng.standard_normal(len(time)) * np.exp(-time / rng.uniform(0.03, 0.15))
    low = rng.uniform(45, 120) * (1 + 2 * np.exp(-time / 0.03))
    drum = np.sin(2 * np.pi * np.cumsum(low) / RATE) * np.exp(-time / rng.uniform(0.05, 0.3))
    if kind == 0:
        return drum + 0.05 * hiss
    if kind == 1:
        return 0.6 * drum + hiss
    bright = np.diff(rng.standard_normal(len(time)), prepend=0)
    return bright * np.exp(-time / rng.uniform(0.1, 0.6))


def drum_loop(rng: np.random.Generator) -> np.ndarray:
    """Eight strokes on a beat, without silence between them."""
    beat, loop = int(RATE * rng.uniform(0.15, 0.3)), np.zeros(4 * RATE)
    for stroke in range(8):
        hit = percussion(rng)[: len(loop) - stroke * beat]
        loop[stroke * beat : stroke * beat + len(hit)] += hit
    return loop[: 8 * beat]


def noise(rng: np.random.Generator) -> np.ndarray:
    """Noise between white and brown, of an even level."""
    white = rng.standard_normal(int(RATE * rng.uniform(0.5, 4)))
    return lfilter([1], [1, -rng.uniform(0, 0.98)], white)


def chord(rng: np.random.Generator) -> np.ndarray:
    """Three or four tones of six partials at once, struck or held."""
    time = _time(rng.uniform(1, 4))
    root, steps = rng.integers(45, 65), ((0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 3, 6, 9))
    pitches = root + np.array(steps[rng.integers(len(steps))])
    power, fade = rng.uniform(0.8, 2), rng.uniform(0.3, 5)
    sound = sum(
        np.sin(2 * np.pi * k * 440 * 2 ** ((pitch - 69) / 12) * time + rng.uniform(0, 6)) / k**power
        for pitch in pitches
        for k in range(1, 7)
    )
    return sound * np.exp(-time / fade) * np.minimum(1, time / rng.uniform(0.005, 0.05))


VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
)


def speech(rng: np.random.Generator) -> np.ndarray:
    """Syllables: a gliding buzz through a vowel's three resonances, some after a hiss.

    The resonances are the mean ones of men in Peterson and Barney (1952).
    """
    parts, pitch = [], rng.uniform(90, 230)
    for _ in range(rng.integers(3, 8)):
        time = _time(rng.uniform(0.08, 0.25))
        glide = pitch * (1 + rng.uniform(-0.25, 0.25) * time / time[-1])
        buzz = np.diff(np.mod(np.cumsum(glide) / RATE, 1), prepend=0)
        for hertz in np.array(VOWELS[rng.integers(len(VOWELS))]) * rng.uniform(0.9, 1.2):
            turn, damp = 2 * np.pi * hertz / RATE, np.exp(-np.pi * 90 / RATE)
            buzz = lfilter([1 - damp], [1, -2 * damp * np.cos(turn), damp**2], buzz)
        envelope = np.sqrt(np.maximum(0, np.sin(np.pi * time / time[-1])))
        voiced = buzz / (np.abs(buzz).max() + 1e-9) * envelope * rng.uniform(0.4, 1)
        hiss = np.diff(rng.standard_normal(int(RATE * rng.uniform(0.03, 0.1))), prepend=0)
        parts += [0.08 * hiss] * int(rng.integers(2)) + [voiced]
    return np.concatenate(parts)


KINDS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "percussion": percussion,
    "drum loops": drum_loop,
    "noise": noise,
    "chords": chord,
    "speech-like": speech,
}
