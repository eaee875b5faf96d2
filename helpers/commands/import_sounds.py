"""A folder of any sounds -> a set in NSynth's layout: `instruments import SOURCE INTO`.

What is done to each file, in this order:

1. It is decoded, whatever libsndfile reads: WAV, AIFF, FLAC, OGG, MP3, any rate and channels.
2. Channels are averaged, and a constant offset is taken away: silence is where nothing moves.
3. What comes before the first sample within 60 dB of the loudest is cut off: NSynth's notes begin
   at once.
4. It is resampled to 16 kHz (soxr, quality HQ). From a lower rate nothing is won: what lies above
   half of that rate stays empty.
5. Four seconds are kept. A longer sound is cut, a shorter one is followed by silence. With `--cut`,
   a recording of several notes becomes as many; of what comes after its first minute, nothing does,
   and such recordings are named.
6. If its peak exceeds full scale, as resampling may bring about, it is made quieter by just that.
   Otherwise its loudness stays.
7. It is written as FLAC of 16 bits.

The family comes from a folder above the file whose name holds a label given with `--as`, else from
the nearest one that holds the name of a family or of an instrument in `NAMES`, or from a CSV file.
A label given as "-" leaves out all that is below it, and `--without` single files.
Each folder of sounds counts as one instrument; numbers that instruments of another split of the set
have are not given again. The pitch comes from the file's name (`A4`, `Bb3`, `As3`, `C#5`) or the
CSV, and is 0 where it is not known. A folder of sounds knows no MIDI velocity: unless the CSV gives
it, the last number of a note's name counts the sounds of one pitch. `origin.csv` beside the notes
says which file became which.
"""

import argparse
import csv
import fnmatch
import hashlib
import io
import json
import os
import re
import shutil
import sys
import unicodedata
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import chain, groupby
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from helpers import datasets
from helpers import sounds as audio
from helpers.commands import options
from helpers.notes import (
    FAMILIES,
    SAMPLE_RATE,
    SAMPLES,
    SOURCES,
    SPLITS,
    DatasetError,
    hidden,
    left_out,
    obey_interrupt,
    parse_note,
    remembered_interrupts,
)
from helpers.profiles import PROFILES
from helpers.runs import files

NAMES = {
    "bass": "bass guitar, electric bass, fretless bass, slap bass, synth bass",
    "brass": "trumpet, bass trumpet, cornet, flugelhorn, bugle, trombone, bass trombone, horn, "
    "french horn, tenor horn, alto horn, baritone horn, euphonium, tuba, bass tuba, sousaphone",
    "flute": "alto flute, bass flute, pan flute, piccolo, recorder, bass recorder, tin whistle, "
    "ocarina",
    "guitar": "acoustic guitar, electric guitar, classical guitar",
    "keyboard": "piano, piano forte, grand piano, electric piano, rhodes, harpsichord, clavichord",
    "mallet": "marimba, bass marimba, vibraphone, vibes, xylophone, glockenspiel, tubular bells, "
    "chimes, crotales, balafon",
    "organ": "pipe organ, church organ, electric organ, hammond",
    "reed": "clarinet, bass clarinet, oboe, bass oboe, oboe d amore, english horn, cor anglais, "
    "basset horn, bassoon, contra bassoon, saxophone, sax, bass saxophone, bass sax",
    # A double bass is bowed; NSynth's family "bass" is bass guitars and synthesizers.
    "string": "violin, fiddle, viola, bass viola, cello, violoncello, double bass, upright bass, "
    "string bass, contra bass",
    "vocal": "voice, bass voice, vocals, vox, choir, singer, singing",
}
# What holds the name of a family, or of an instrument, and is none of it.
OTHERS = (
    "bass drum, kick drum, steel drum, bass viol, bass harmonica, mouth organ, barrel organ, "
    "piano accordion, singing bowl, wind chimes, bar chimes, vibra slap"
)
FIRST_NUMBER = 500  # of an instrument; no family of NSynth has as many, so none is taken for its
SHORTEST, LONGEST = 0.1, 30  # seconds
ONSET = 1e-3  # of the peak: 60 dB below it
LEAVE_OUT = "-"
HELD_OUT = 4  # folds, and so instruments of each family, of chapters 5 and 11
COLUMNS = ("file", "family", "instrument", "source", "pitch", "velocity")

_KNOWN: dict[str, str | None] = {
    name: family for family in FAMILIES for name in (family, *NAMES[family].split(", "))
}
_KNOWN |= dict.fromkeys(OTHERS.split(", "))
_KNOWN |= {name.replace(" ", ""): family for name, family in _KNOWN.items()}  # frenchhorn
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PITCH = re.compile(r"(?<![A-Za-z0-9])([A-G])(#|s|b)?(-1|[0-9])(?![A-Za-z0-9#])")
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass
class Sound:
    """A file, or seconds of it, and what is said of it; velocity is None where nothing is."""

    path: Path
    file: str
    family: str
    instrument: str
    source: str = "acoustic"
    pitch: int = 0
    velocity: int | None = None
    part: tuple[float, float] | None = None
    longer: bool = False  # than is read of a recording


def family_of(*labels: str, given: dict | None = None) -> str | None:
    """The family that a label names: `Violin (arco)` is string, `Bass Flute` flute.

    `labels`: a folder and those above it; the first that names a family counts. `given` (dict of
    str -> str): families of labels, which go before those of `NAMES`: one of
    `helpers.notes.FAMILIES`, or "-", which goes before all. Returns the family of the longest label
    or name that it holds; None if there is none. Case does not matter, nor how accents are encoded.
    Digits count in `given` only. Where words are joined, `BbClarinet` is read as two. Raises
    `DatasetError` if it holds two labels or names, equally long, of different families.
    """
    # What is given goes first, wherever it stands: percussion=- takes its bass drums along.
    asked = [_asked(label, given or {}) for label in labels]
    if LEAVE_OUT in asked:
        return LEAVE_OUT
    named = (
        _longest(label, _words(text, "L"), _KNOWN)
        for label in labels
        for text in reversed(_readings(label))
    )
    return next(filter(None, chain(asked, named)), None)


def _readings(label: str) -> list[str]:
    """A label as it is, and where capitals amid a word begin another one."""
    return [label, _CAMEL.sub(" ", label)]


def _asked(label: str, given: dict) -> str | None:
    """The family that the options give to a label, "-", or None."""
    known = {" ".join(_words(name)): family for name, family in given.items()}
    found = (_longest(label, _words(text), known) for text in _readings(label))
    return next(filter(None, found), None)


def _longest(label: str, words: list[str], known: dict) -> str | None:
    text = f" {' '.join(words)} "
    held = [name for name in known if f" {name} " in text or f" {name}s " in text]
    most = max((name.count(" ") for name in held), default=0)
    families = {known[name] for name in held if name.count(" ") == most} or {None}
    if len(families) > 1:
        names = sorted(family or "none of them" for family in families)
        raise DatasetError(f"{label!r} may be {' or '.join(names)}")
    return families.pop()


def _words(label: str, kinds: str = "LN") -> list[str]:
    """Runs of letters (L), with their accents, and runs of digits (N), in any script."""
    label = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", label).casefold())
    runs = groupby(label, lambda character: unicodedata.category(character)[0].replace("M", "L"))
    return ["".join(run) for kind, run in runs if kind in kinds]


def check_given(texts: Iterable[str]) -> dict[str, str]:
    """The families of labels that `LABEL=FAMILY` gives; `DatasetError` if none can be meant."""
    given, seen = {}, {}
    for text in texts:
        label, _, family = text.rpartition("=")
        if not (words := tuple(_words(label))):
            raise DatasetError(f"{text}: expected LABEL=FAMILY, letters or digits in the label")
        if family not in (*FAMILIES, LEAVE_OUT):
            raise DatasetError(
                f"{text}: expected a family ({', '.join(FAMILIES)}), or - to leave out"
            )
        if not (first := seen.setdefault(words, text)).endswith(f"={family}"):
            raise DatasetError(f"{text}: the same label as {first}")
        given[label] = family
    return given


def _unmatched(given: dict, labels: set[str]) -> list[str]:
    """What to say of given labels that are nowhere among `labels`."""
    return [
        f"{label}={family}: no folder or label holds {label!r}"
        for label, family in given.items()
        if not any(_asked(text, {label: family}) for text in labels)
    ]


def pitch_of(text: str) -> int | None:
    """The MIDI number of the one pitch that a text names (C4 is 60), or None."""
    signs = {"#": 1, "s": 1, "b": -1, "": 0}
    found = {
        12 * (int(octave) + 1) + _STEPS[letter] + signs[sign]
        for letter, sign, octave in _PITCH.findall(text)
    }
    return found.pop() if len(found) == 1 and 0 <= min(found) <= 127 else None


def by_folder(
    source: Path, given: dict, without: Collection[str] = ()
) -> tuple[list[Sound], list[str]]:
    """The sounds below a folder, labelled by the folders they are in; and what is refused.

    Files that match one of the patterns in `without` (`*/click.wav`) are left out.
    """
    sounds, labels, unknown, away = [], set(), Counter(), []
    for path in sounds_below(source):
        file = path.relative_to(source).as_posix()
        if any(fnmatch.fnmatchcase(file, pattern) for pattern in without):
            away.append(file)
            continue
        folders = path.parent.relative_to(source.parent).parts
        labels |= set(folders)
        family, reason = None, "no folder names a family"
        try:
            family = family_of(*reversed(folders), given=given)
        except DatasetError as error:
            reason = f"its folder {error}"
        if family is None:
            unknown[folders, reason] += 1
        elif family == LEAVE_OUT:
            away.append(file)
        else:
            pitch = pitch_of(path.stem) or 0
            sounds.append(Sound(path, file, family, "/".join(folders), pitch=pitch))
    refused = [
        f"{'/'.join(folders)}: {count} sound{'s' * (count > 1)}, {reason}: give "
        f'--as "{folders[-1]}=FAMILY", or "{folders[-1]}=-" to leave them out'
        for (folders, reason), count in unknown.items()
    ]
    _say(source, {"asked for": away})
    refused += [
        f"--without {p}: no file is so called" for p in without if not fnmatch.filter(away, p)
    ]
    return sounds, refused + _unmatched(given, labels)


def by_table(
    source: Path, labels: Path, given: dict | None = None
) -> tuple[list[Sound], list[str]]:
    """The sounds that the rows of a CSV file label, and what is refused."""
    rows = _rows(labels)
    there = {_plain(path.relative_to(source).as_posix()): path for path in sounds_below(source)}
    sounds, refused, seen = [], [], set()
    for number, row in rows:
        try:
            file = _plain(Path(row["file"]).as_posix())
            if file in seen:
                raise DatasetError("named twice")
            seen.add(file)
            sounds.append(_sound_of(row, there.get(file), given))
        except DatasetError as error:
            refused.append(f"{labels.name}, line {number}: {row['file']}: {error}")
    refused += [f"{file}: has no row in {labels.name}" for file in there if file not in seen]
    named = {row["family"] for _, row in rows}
    return [sound for sound in sounds if sound], refused + _unmatched(given or {}, named)


def _plain(file: str) -> str:
    # macOS and others write an accent apart from its letter.
    return unicodedata.normalize("NFC", file)


def _rows(labels: Path) -> list[tuple[int, dict]]:
    """The rows of a CSV file of labels, each with the number of its line."""
    data = labels.read_bytes()
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DatasetError(
            f"{labels}, line {line}: not in UTF-8 ({error.reason}): save it as 'CSV UTF-8'"
        ) from error
    first = text.splitlines()[0] if text.strip() else ""
    # What a spreadsheet takes in countries where a comma separates decimals.
    separator = max(",;\t", key=first.count)
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=separator, strict=True, restval=""
    )
    rows = []
    try:
        header = [name.strip() for name in reader.fieldnames or []]
        if not {"file", "family"} <= set(header) <= set(COLUMNS) or len(set(header)) < len(header):
            raise DatasetError(
                f"{labels}: its first line is {first!r:.200}, expected file,family and, "
                f"where they are known, {','.join(COLUMNS[2:])}"
            )
        reader.fieldnames = header
        for row in reader:
            if more := row.pop(None, ()):
                raise DatasetError(
                    f"{labels}, line {reader.line_num}: {len(header) + len(more)} cells, expected "
                    f"{len(header)} ({separator.join(header)})"
                )
            if any(row.values()):
                rows.append((reader.line_num, row))
    except csv.Error as error:
        line = reader.reader.line_num
        raise DatasetError(f"{labels}, line {line}: no CSV ({error})") from error
    return rows


def _sound_of(row: dict, path: Path | None, given: dict | None) -> Sound | None:
    if path is None:
        raise DatasetError(f"no such file, or none of {', '.join(sorted(audio.SUFFIXES))}")
    label = row["family"].strip()
    family = label if label == LEAVE_OUT else family_of(label, given=given)
    if family == LEAVE_OUT:
        return None
    if family is None:
        raise DatasetError(f"the family {row['family']!r} is not known")
    instrument, source, pitch, velocity = (row.get(key, "").strip() for key in COLUMNS[2:])
    if source and source not in SOURCES:
        raise DatasetError(f"the source is {source!r}, expected {', '.join(SOURCES)}")
    number, loudness = _midi(pitch), _midi(velocity)
    if number is None:
        number = pitch_of(pitch or path.stem)
    if pitch and number is None:
        raise DatasetError(f"the pitch is {pitch!r}, expected 0 to 127 or such as A4")
    if velocity and loudness is None:
        raise DatasetError(f"the velocity is {velocity!r}, expected 0 to 127")
    instrument = instrument or str(Path(row["file"]).parent)
    source = source or "acoustic"
    return Sound(path, row["file"], family, instrument, source, number or 0, loudness)


def _midi(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 4 and int(text) < 128 else None


def sounds_below(source: Path, said: TextIO | None = None) -> list[Path]:
    """The sounds below a folder; prints (to the file `said`) what is passed over, and why."""
    found, passed = [], defaultdict(list)
    for path in sorted(source.rglob("*")):
        file = path.relative_to(source)
        if hidden(file):
            reason = "" if hidden(file.parent) else "hidden"  # of a hidden folder its name will do
        elif path.is_dir():
            reason = "links to folders" if path.is_symlink() else ""
        elif not path.is_file():
            reason = "broken links, or no files"
        elif path.suffix.lower() not in audio.SUFFIXES:
            reason = "formats that are not read"
        else:
            found.append(path)
            continue
        passed[reason].append(file.as_posix())
    _say(source, {reason: names for reason, names in passed.items() if reason}, said)
    return found


def _say(source: Path, passed: dict[str, list[str]], said: TextIO | None = None) -> None:
    if text := left_out(source, passed):
        print(text, file=said)


def waveform(
    path: str | Path, part: tuple[float, float] | None = None
) -> tuple[np.ndarray, str, float]:
    """Bring a sound, or the part between two times in seconds, to NSynth's form.

    As the module says.

    Returns `waveform` ((64000,), float32): 16 kHz, in -1 to 1; `steps`: what was done to it, in
    words; `seconds`: how much of it is kept, 4 at most. Raises `DatasetError` if it cannot be
    decoded, is cut short, empty, silent or longer than 30 s, has less than 0.1 s of sound, or holds
    NaN or infinite samples.
    """
    import soxr

    sound, rate = audio.read(path)
    low, high = audio.RATES
    if not low <= rate <= high:
        raise DatasetError(f"{rate} Hz, expected {low:,} to {high:,}")
    if part is None and len(sound) > LONGEST * rate:
        raise DatasetError(f"more than {LONGEST} s long, no single note: cut it into notes (--cut)")
    if not sound.size:
        raise DatasetError("is empty")
    steps, sound = [f"{rate} Hz, {sound.shape[1]} channel(s)"], sound.mean(axis=1)
    if part is not None:
        steps.append(f"{part[0]:.3f} to {part[1]:.3f} s")
        sound = sound[round(part[0] * rate) : round(part[1] * rate)]
    if not np.isfinite(sound).all():
        raise DatasetError("holds samples too large for a number")
    offset = sound.mean()
    peak = np.abs(sound - offset).max(initial=0)
    if peak < 1 / 32768:
        raise DatasetError("is silent, or its channels cancel each other")
    # From its first value, whatever that is: the mean of a note's swings is not quite 0.
    start = int(np.argmax(np.abs(sound - sound[0]) >= ONSET * peak))
    if start > 1:
        steps.append(f"{start / rate:.3f} s of silence cut")
    if abs(offset) > max(1 / 32768, 0.01 * peak):
        steps.append(f"an offset of {offset:.3f} taken away")
        sound = sound - offset
    sound = sound[start:]
    if rate != SAMPLE_RATE:
        sound = soxr.resample(sound, rate, SAMPLE_RATE, quality="HQ")
    if len(sound) < SHORTEST * SAMPLE_RATE:
        raise DatasetError(
            f"{1000 * len(sound) / SAMPLE_RATE:.0f} ms of sound, expected at least "
            f"{1000 * SHORTEST:.0f} ms"
        )
    seconds = min(len(sound), SAMPLES) / SAMPLE_RATE
    steps.append(f"{seconds:.3f} s kept")
    sound = np.pad(sound[:SAMPLES], (0, max(0, SAMPLES - len(sound))))
    if (peak := np.abs(sound).max()) > 1:
        steps.append(f"divided by {peak:.3f}")
        sound = sound / peak
    return sound.astype(np.float32), "; ".join(steps), seconds


def names_of(sounds: list[Sound], taken: Collection[str] = ()) -> list[str]:
    """A name in NSynth's form for each sound, none twice, and no instrument in `taken`."""
    instruments, taken = {}, set(taken)
    for family, source, instrument in sorted({(s.family, s.source, s.instrument) for s in sounds}):
        every = (f"{family}_{source}_{number:03d}" for number in range(FIRST_NUMBER, 1000))
        name = next((name for name in every if name not in taken), None)
        if name is None:
            raise DatasetError(
                f"{instrument}: no number from {FIRST_NUMBER} to 999 is left for another {source} "
                f"{family} instrument"
            )
        instruments[family, source, instrument] = name
        taken.add(name)
    names, used = [""] * len(sounds), dict[tuple, str]()
    # A velocity that is given goes before those that only count.
    for i in sorted(range(len(sounds)), key=lambda i: sounds[i].velocity is None):
        sound = sounds[i]
        key = instruments[sound.family, sound.source, sound.instrument], sound.pitch
        velocities = range(128) if sound.velocity is None else [sound.velocity]
        velocity = next((v for v in velocities if (*key, v) not in used), None)
        if velocity is None and sound.velocity is None:
            raise DatasetError(
                f"{sound.file}: more than 128 sounds of {sound.instrument} with the pitch "
                f"{sound.pitch} (0: not known): name their pitches, or use more folders"
            )
        if velocity is None:
            raise DatasetError(
                f"{used[*key, sound.velocity]} and {sound.file}: the same instrument, pitch and "
                "velocity: give one of them another, or leave the velocity out"
            )
        used[*key, velocity] = sound.file
        names[i] = f"{key[0]}-{sound.pitch:03d}-{velocity:03d}"
    return names


def make(
    source: files.PathLike,
    into: files.PathLike,
    split: str = "train",
    labels: files.PathLike | None = None,
    given: Iterable[str] = (),
    without: Collection[str] = (),
    cut: bool = False,
) -> Path:
    """Make a split of a set out of a folder of sounds, whole or not at all.

    `source`, `into`: the folder of sounds; the folder that gets `nsynth-<split>/`. `split`:
    {"train", "valid", "test"}. `labels`: a CSV file with a row for every sound: `file` (its path
    below `source`), `family` (any label that `family_of` knows, or "-" to leave the sound out),
    and, where they are known, `instrument` (any text), `source`, `pitch` (a number or such as A4),
    `velocity`. `given`: families of further labels, such as `theremin=string`, or `djembe=-`.
    `without`: patterns of files to leave out, such as `*/click.wav`; without `labels` only. `cut`:
    whether to cut recordings into their notes, as `sounds.cut` does. Returns `into/nsynth-<split>`.
    Raises `FileNotFoundError` if there is no such folder or CSV file; `DatasetError` if something
    stands there already, or any sound is refused: all of them are named. What labels and options
    refuse is said before any sound is decoded.
    """
    source = files.absolute(source, "the folder of sounds")
    final = files.absolute(into, "the set") / f"nsynth-{split}"
    if source.is_file():
        raise DatasetError(f"{source}: is no folder: unpack it, and give the folder of its sounds")
    if not source.is_dir():
        raise FileNotFoundError(f"{source}: no such folder")
    if final.exists():
        raise DatasetError(f"{final}: stands here already: give another folder, or delete it")
    families = check_given(given)
    if labels is None:
        sounds, refused = by_folder(source, families, without)
    else:
        sounds, refused = by_table(source, Path(labels), families)
    if not sounds and not refused:
        known = ", ".join(sorted(audio.SUFFIXES))
        raise DatasetError(f"{source}: no sounds found, expected {known}")
    _refuse(source, refused)
    if cut:
        sounds, refused = _parts(sounds)
        rest = dict.fromkeys(sound.file for sound in sounds if sound.longer)
        _say(source, {f"what comes after {audio.LONGEST} s": list(rest)})
    final.parent.mkdir(parents=True, exist_ok=True)
    draft = final.with_name(f".{final.name}.{uuid.uuid4().hex}")
    try:
        draft.mkdir()
        _refuse(source, refused + _write(draft, sounds, final.parent))
        os.rename(draft, final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final


def _refuse(source: Path, refused: list[str]) -> None:
    if refused:
        shown = [*refused[:20], *([f"and {len(refused) - 20} more"] * (len(refused) > 20))]
        raise DatasetError("\n".join([f"{source}: nothing is written", *shown]))


def _reason(sound: Sound, error: DatasetError) -> str:
    return f"{sound.file}: {str(error).removeprefix(f'{sound.path.name}: ')}"


def _parts(recordings: list[Sound]) -> tuple[list[Sound], list[str]]:
    """The notes of recordings, each with the seconds where it is; and what is refused."""
    found, refused = [], []
    for one in recordings:
        obey_interrupt()
        try:
            sound, rate = audio.read(one.path)
            times = audio.prepare(sound, rate).times
        except DatasetError as error:
            refused.append(_reason(one, error))
            continue
        if len(times) == 1 and len(sound) <= LONGEST * rate:
            found.append(one)
            continue
        if len(times) > 1:  # a file's pitch and velocity are those of one note
            one = replace(one, pitch=0, velocity=None)
        longer = len(sound) > audio.LONGEST * rate
        found += [replace(one, part=part, longer=longer) for part in times]
    return found, refused


def _write(folder: Path, found: list[Sound], into: Path) -> list[str]:
    import soundfile
    from tqdm import tqdm

    def digest(path: Path) -> bytes:
        return hashlib.sha256(soundfile.read(path, dtype="int16")[0]).digest()

    # The other splits of the set: neither their instruments' numbers nor their sounds come again.
    others = sorted(into.glob("nsynth-*/audio/*.flac"))
    heard = {digest(path): path.relative_to(into).as_posix() for path in reversed(others)}
    names = names_of(found, {path.stem.rsplit("-", 2)[0] for path in others})
    (folder / "audio").mkdir()
    wrong, examples, origins = [], {}, []
    for name, sound in zip(names, tqdm(found, unit="sound"), strict=True):
        obey_interrupt()
        try:
            samples, steps, seconds = waveform(sound.path, sound.part)
        except DatasetError as error:
            wrong.append(_reason(sound, error))
            continue
        path, buffer = folder / "audio" / f"{name}.flac", io.BytesIO()
        soundfile.write(buffer, samples, SAMPLE_RATE, "PCM_16", format="FLAC")
        with files.named(path):
            path.write_bytes(buffer.getvalue())
        if (first := heard.setdefault(digest(path), sound.file)) != sound.file:
            wrong.append(f"{sound.file}: the same sound as {first}")
        note = parse_note(name)
        examples[name] = {field: note[column] for field, column in datasets.COLUMNS.items()}
        examples[name] |= {"note_str": name, "sample_rate": SAMPLE_RATE}
        if sound.longer:
            steps = f"only the first {audio.LONGEST} s are heard; {steps}"
        origins.append((name, sound.file, sound.instrument, f"{seconds:.3f}", steps))
    files.write_atomic(folder / "examples.json", json.dumps(examples, indent=1) + "\n")
    table = pd.DataFrame(origins, columns=["note", "file", "instrument", "seconds", "steps"])
    with files.named(folder / "origin.csv"):
        table.to_csv(folder / "origin.csv", index=False, errors="surrogateescape")
    return wrong


def report(final: Path) -> str:
    """What a finished split holds, and which profiles it is large enough for."""
    split = final.name.removeprefix("nsynth-")
    notes = pd.DataFrame(json.loads((final / "examples.json").read_text()).values())
    by_family = notes.groupby("instrument_family_str")["instrument_str"]
    counts, instruments = (
        found.reindex(FAMILIES, fill_value=0) for found in (by_family.size(), by_family.nunique())
    )
    lines = [f"{family:<10}{count:>6}" for family, count in counts.items()]
    asked = {
        profile.name: profile.notes_per_family if split == "train" else profile.test_per_family or 0
        for profile in PROFILES.values()
    }
    enough = [name for name, n in asked.items() if n <= counts.min()]
    lines.append(f"enough for PROFILE {', '.join(enough)}" if enough else "too small to train on")
    few = [f"{family} ({n})" for family, n in instruments.items() if n < HELD_OUT]
    if split == "train" and few:
        lines.append(
            f"Chapters 5 and 11 hold out whole instruments, {HELD_OUT} of each family: too few "
            f"of {', '.join(few)}. Add folders, one an instrument."
        )
    lengths = pd.read_csv(final / "origin.csv", encoding_errors="surrogateescape")["seconds"]
    short = lengths[lengths < SAMPLES / SAMPLE_RATE]
    if len(short):
        lines.append(
            f"{len(short)} sounds are shorter than 4 s and followed by silence, half of them "
            f"shorter than {short.median():.1f} s: a network trained on whole notes goes by the "
            "silence. `instruments train --seconds 1` hears one second of each."
        )
    return "\n".join([f"{final}: {len(notes)} notes", *lines])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="instruments import",
        description="Turn a folder of sounds into a set of notes that the chapters open.",
    )
    add = parser.add_argument
    add("source", type=options.existing, help="sounds, in folders named after instruments")
    add("into", type=options.folder, help="the folder of the set: the chapters' parameter DATA")
    add("--split", choices=SPLITS, default="train", help="(default: train)")
    add("--labels", type=options.existing, help="a CSV file: file,family and more, see the module")
    add("--as", dest="given", nargs="+", default=[], metavar="LABEL=FAMILY",
        help="the family of a label that is not known, or LABEL=- to leave its sounds out",
    )  # fmt: skip
    add("--without", nargs="+", default=[], metavar="PATTERN",
        help="leave out files that are so called below the folder, such as 'drums/*' or '*/a.wav'",
    )  # fmt: skip
    add("--cut", action="store_true", help="cut recordings of up to a minute into their notes")
    args = parser.parse_args(arguments)
    if args.without and args.labels:
        parser.error("--without goes with folders: in a CSV file, give such files the family -")
    try:
        with remembered_interrupts():
            print(report(make(**vars(args))))
    except (DatasetError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted: nothing is written, the same command starts again")
