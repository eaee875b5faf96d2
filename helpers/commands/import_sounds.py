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
from pathlib import Path

import numpy as np

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
SUFFIXES = audio.SUFFIXES
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


def family_of(label: str, given: dict | None = None) -> str | None:
    """The family that a label names: `Violin (arco)` is string, `Bass Flute` flute.

    `given` (dict of str -> str): families of labels, beside those of `NAMES`: one of
    `helpers.notes.FAMILIES`, or "-". Returns the family of the longest label of `given` in it, else
    of the longest name; None if there is none. Case does not matter, nor how accents are encoded.
    Digits count in `given` only. Where words are joined, `BbClarinet` is read as two. Raises
    `DatasetError` if it holds two labels or names, equally long, of different families.
    """
    known = {tuple(name.split()): family for name, family in _KNOWN.items()}
    if family := _asked(label, given or {}):
        return family
    texts = [_letters(_words(text)) for text in _readings(label)]
    return next(filter(None, (_longest(text, known, label) for text in texts)), None)


def _readings(label: str) -> list[str]:
    """A label as it is, and where capitals amid a word begin another one."""
    return [_CAMEL.sub(" ", label), label]


def _asked(label: str, given: dict) -> str | None:
    """The family that the options give to a label, "-", or None."""
    asked = {tuple(_words(name)): family for name, family in given.items()}
    texts = [_words(text) for text in reversed(_readings(label))]
    return next(filter(None, (_longest(text, asked, label) for text in texts)), None)


def _longest(words: list[str], known: dict, label: str) -> str | None:
    found = {}
    for i in range(len(words)):
        for j in range(i + 1, len(words) + 1):
            for last in (words[j - 1], words[j - 1].removesuffix("s")):
                name = (*words[i : j - 1], last)
                if name in known:
                    found.setdefault(j - i, set()).add(known[name])
    families = found[max(found)] if found else {None}
    if len(families) > 1:
        names = sorted(family or "none of them" for family in families)
        raise DatasetError(f"{label!r} may be {' or '.join(names)}")
    return families.pop()


def _words(label: str) -> list[str]:
    """Runs of letters, with their accents, and runs of digits, in any script."""
    label = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", label).casefold())
    kinds = {"L": "a", "M": "a", "N": "0"}
    shape = "".join(kinds.get(unicodedata.category(character)[0], " ") for character in label)
    return [label[match.start() : match.end()] for match in re.finditer("a+|0+", shape)]


def _letters(words: list[str]) -> list[str]:
    return [word for word in words if not unicodedata.category(word[0]).startswith("N")]


def check_given(given: dict) -> None:
    """Raise `DatasetError` where what is said of labels cannot be meant."""
    seen = {}
    for label, family in given.items():
        if family not in (*FAMILIES, LEAVE_OUT):
            raise DatasetError(
                f"{label}={family}: expected a family ({', '.join(FAMILIES)}), or - to leave out"
            )
        words = tuple(_words(label))
        if not words:
            raise DatasetError(f"{label}={family}: the label has neither letters nor digits")
        if (first := seen.setdefault(words, (label, family)))[1] != family:
            raise DatasetError(f"{label}={family}: the same label as {first[0]}={first[1]}")


def _unmatched(given: dict, labels: set[str]) -> list[str]:
    """What to say of given labels that are nowhere among `labels`."""
    return [
        f"{label}={family}: no folder or label holds {label!r}"
        for label, family in given.items()
        if not any(_asked(text, {label: family}) for text in set(labels))
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
    source: Path, given: dict | None = None, without: Collection[str] = ()
) -> tuple[list[Sound], list[str]]:
    """The sounds below a folder, labelled by the folders they are in; and what is refused.

    Files that match one of the patterns in `without` (`*/click.wav`) are left out.
    """
    sounds, refused, given = [], [], given or {}
    labels, unknown, away = set(), Counter(), []
    for path in _files(source):
        file = path.relative_to(source).as_posix()
        if any(fnmatch.fnmatchcase(file, pattern) for pattern in without):
            away.append(file)
            continue
        folders = path.parent.relative_to(source.parent).parts
        labels |= set(folders)
        try:
            # What is given goes first, wherever it stands: percussion=- takes its bass drums along.
            asked = [_asked(folder, given) for folder in reversed(folders)]
            families: Iterable[str | None] = asked
            if LEAVE_OUT in asked:
                families = [LEAVE_OUT]
            elif not any(asked):
                families = (family_of(folder) for folder in reversed(folders))
            family = next((family for family in families if family), None)
        except DatasetError as error:
            unknown[folders, f"its folder {error}"] += 1
            continue
        if family is None:
            unknown[folders, "no folder names a family"] += 1
        elif family == LEAVE_OUT:
            away.append(file)
        else:
            pitch = pitch_of(path.stem) or 0
            sounds.append(Sound(path, file, family, "/".join(folders), pitch=pitch))
    for (folders, reason), count in unknown.items():
        refused.append(
            f"{'/'.join(folders)}: {count} sound{'s' * (count > 1)}, {reason}: give "
            f'--as "{folders[-1]}=FAMILY", or "{folders[-1]}=-" to leave them out'
        )
    if text := left_out(source, {"asked for": away}):
        print(text)
    unmatched = [
        f"--without {p}: no file is so called" for p in without if not fnmatch.filter(away, p)
    ]
    return sounds, refused + unmatched + _unmatched(given, labels)


def by_table(
    source: Path, labels: Path, given: dict | None = None
) -> tuple[list[Sound], list[str]]:
    """The sounds that the rows of a CSV file label, and what is refused."""
    rows, given = _rows(labels), given or {}
    there = {_plain(path.relative_to(source).as_posix()): path for path in _files(source)}
    sounds, refused, seen = [], [], set()
    for number, row in rows:
        try:
            file = _plain(Path(row["file"]).as_posix())
            if file in seen:
                raise DatasetError("named twice")
            seen.add(file)
            if sound := _sound_of(row, there.get(file), row["file"], given):
                sounds.append(sound)
        except DatasetError as error:
            refused.append(f"{labels.name}, line {number}: {row['file']}: {error}")
    refused += [f"{file}: has no row in {labels.name}" for file in there if file not in seen]
    return sounds, refused + _unmatched(given, {row["family"] for _, row in rows})


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
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if not {"file", "family"} <= set(header) <= set(COLUMNS) or len(set(header)) < len(header):
            raise DatasetError(
                f"{labels}: its first line is {first!r:.200}, expected file,family and, "
                f"where they are known, {','.join(COLUMNS[2:])}"
            )
        rows = []
        for cells in reader:
            if len(cells) > len(header) or (cells and len(cells) < 2):
                raise DatasetError(
                    f"{labels}, line {reader.line_num}: {len(cells)} cells, expected {len(header)} "
                    f"({separator.join(header)})"
                )
            if any(cells):
                cells += [""] * (len(header) - len(cells))
                rows.append((reader.line_num, dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        raise DatasetError(f"{labels}, line {reader.line_num}: no CSV ({error})") from error
    return rows


def _sound_of(row: dict, path: Path | None, file: str, given: dict) -> Sound | None:
    if path is None:
        raise DatasetError(f"no such file, or none of {', '.join(sorted(SUFFIXES))}")
    label = row["family"].strip()
    if label == LEAVE_OUT or (family := family_of(label, given)) == LEAVE_OUT:
        return None
    if family is None:
        raise DatasetError(f"the family {row['family']!r} is not known")
    known = {key: value for key in COLUMNS[2:] if (value := (row.get(key) or "").strip())}
    sound = Sound(path, file, family, known.get("instrument", str(Path(file).parent)))
    sound.source = known.get("source", sound.source)
    if sound.source not in SOURCES:
        raise DatasetError(f"the source is {sound.source!r}, expected {', '.join(SOURCES)}")
    pitch = known.get("pitch", "")
    number = pitch.isdecimal() and len(pitch) < 4
    midi = int(pitch) if number else pitch_of(pitch or path.stem)
    if pitch and (midi is None or midi > 127):
        raise DatasetError(f"the pitch is {pitch!r}, expected 0 to 127 or such as A4")
    sound.pitch = midi or 0
    if velocity := known.get("velocity"):
        sound.velocity = int(velocity) if velocity.isdecimal() and len(velocity) < 4 else 128
        if sound.velocity > 127:
            raise DatasetError(f"the velocity is {velocity!r}, expected 0 to 127")
    return sound


def _files(source: Path) -> list[Path]:
    """The sounds below a folder; prints what is passed over, and why."""
    found, passed = [], defaultdict(list)
    for path in sorted(source.rglob("*")):
        file = path.relative_to(source)
        if hidden(file):
            # Of a hidden folder its name will do.
            if not hidden(file.parent):
                passed["hidden"].append(file.as_posix())
        elif path.is_symlink() and path.is_dir():
            passed["links to folders"].append(file.as_posix())
        elif path.is_dir():
            continue
        elif not path.is_file():
            passed["broken links, or no files"].append(file.as_posix())
        elif path.suffix.lower() not in SUFFIXES:
            passed["formats that are not read"].append(file.as_posix())
        else:
            found.append(path)
    if text := left_out(source, passed):
        print(text)
    return found


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
    kinds, numbers = {}, {}
    for sound in sounds:
        kinds.setdefault((sound.family, sound.source), set()).add(sound.instrument)
    for kind, instruments in kinds.items():
        every = (f"{kind[0]}_{kind[1]}_{number:03d}" for number in range(FIRST_NUMBER, 1000))
        free = [name for name in every if name not in taken]
        if len(instruments) > len(free):
            raise DatasetError(
                f"{len(instruments)} {' '.join(reversed(kind))} instruments, at most {len(free)} "
                "have a number"
            )
        for name, instrument in zip(free, sorted(instruments), strict=False):
            numbers[*kind, instrument] = name
    keys = [(numbers[s.family, s.source, s.instrument], s.pitch) for s in sounds]
    used, names = {}, []  # files by instrument, pitch and velocity
    for key, sound in zip(keys, sounds, strict=True):
        if sound.velocity is not None:
            first = used.setdefault((*key, sound.velocity), sound.file)
            if first != sound.file:
                raise DatasetError(
                    f"{first} and {sound.file}: the same instrument, pitch and velocity: give one "
                    "of them another, or leave the velocity out"
                )
    for key, sound in zip(keys, sounds, strict=True):
        unused = (v for v in range(128) if (*key, v) not in used)
        velocity = next(unused, None) if sound.velocity is None else sound.velocity
        if velocity is None:
            raise DatasetError(
                f"{sound.file}: more than 128 sounds of {sound.instrument} with the pitch "
                f"{sound.pitch} (0: not known): name their pitches, or use more folders"
            )
        used[*key, velocity] = sound.file
        names.append(f"{key[0]}-{sound.pitch:03d}-{velocity:03d}")
    return names


def make(
    source: files.PathLike,
    into: files.PathLike,
    split: str = "train",
    labels: files.PathLike | None = None,
    given: dict | None = None,
    progress: bool = True,
    without: Collection[str] = (),
    cut: bool = False,
) -> Path:
    """Make a split of a set out of a folder of sounds, whole or not at all.

    `source`, `into`: the folder of sounds; the folder that gets `nsynth-<split>/`. `split`:
    {"train", "valid", "test"}. `labels`: a CSV file with a row for every sound: `file` (its path
    below `source`), `family` (any label that `family_of` knows, or "-" to leave the sound out),
    and, where they are known, `instrument` (any text), `source`, `pitch` (a number or such as A4),
    `velocity`. `given` (dict of str -> str): families of further labels, or "-". `without`:
    patterns of files to leave out, such as `*/click.wav`; without `labels` only. `cut`: whether to
    cut recordings into their notes, as `sounds.cut` does. Returns `into/nsynth-<split>`. Raises
    `FileNotFoundError` if there is no such folder or CSV file; `DatasetError` if something stands
    there already, or any sound is refused: all of them are named. What labels and options refuse is
    said before any sound is decoded.
    """
    source = Path(os.path.abspath(Path(source).expanduser()))
    final = Path(os.path.abspath(Path(into).expanduser())) / f"nsynth-{split}"
    if source.is_file():
        raise DatasetError(f"{source}: is no folder: unpack it, and give the folder of its sounds")
    if not source.is_dir():
        raise FileNotFoundError(f"{source}: no such folder")
    if final.exists():
        raise DatasetError(f"{final}: stands here already: give another folder, or delete it")
    check_given(given or {})
    if labels is None:
        sounds, refused = by_folder(source, given, without)
    else:
        sounds, refused = by_table(source, Path(labels), given)
    if not sounds and not refused:
        raise DatasetError(f"{source}: no sounds found, expected {', '.join(sorted(SUFFIXES))}")
    _refuse(source, refused)
    if cut:
        sounds, refused = _parts(sounds)
        rest = dict.fromkeys(sound.file for sound in sounds if sound.longer)
        if text := left_out(source, {f"what comes after {audio.LONGEST} s": list(rest)}):
            print(text)
    final.parent.mkdir(parents=True, exist_ok=True)
    draft = final.with_name(f".{final.name}.{uuid.uuid4().hex}")
    try:
        draft.mkdir()
        _refuse(source, refused + _write(draft, sounds, final.parent, progress))
        os.rename(draft, final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final


def _refuse(source: Path, refused: list[str]) -> None:
    if refused:
        shown = [*refused[:20], *([f"and {len(refused) - 20} more"] * (len(refused) > 20))]
        raise DatasetError("\n".join([f"{source}: nothing is written", *shown]))


def _parts(recordings: list[Sound]) -> tuple[list[Sound], list[str]]:
    """The notes of recordings, each with the seconds where it is; and what is refused."""
    found, refused = [], []
    for one in recordings:
        obey_interrupt()
        try:
            sound, rate = audio.read(one.path)
            heard = audio.prepare(sound, rate)
        except DatasetError as error:
            refused.append(f"{one.file}: {str(error).removeprefix(f'{one.path.name}: ')}")
            continue
        if len(heard.times) == 1 and len(sound) <= LONGEST * rate:
            found.append(one)
            continue
        if len(heard.times) > 1:  # a file's pitch and velocity are those of one note
            one = replace(one, pitch=0, velocity=None)
        longer = len(sound) > audio.LONGEST * rate
        found += [replace(one, part=times, longer=longer) for times in heard.times]
    return found, refused


def _write(folder: Path, found: list[Sound], into: Path, progress: bool) -> list[str]:
    import soundfile
    from tqdm import tqdm

    # The other splits of the set: neither their instruments' numbers nor their sounds come again.
    others = sorted(into.glob("nsynth-*/audio/*.flac"))
    taken = {path.stem.rsplit("-", 2)[0] for path in others}
    heard = {}
    for path in others:
        samples = soundfile.read(path, dtype="int16")[0]
        heard.setdefault(hashlib.sha256(samples).digest(), path.relative_to(into).as_posix())
    names = names_of(found, taken)
    (folder / "audio").mkdir()
    wrong, examples, origins = [], {}, []
    bar = tqdm(found, unit="sound", disable=not progress)
    for name, sound in zip(names, bar, strict=True):
        obey_interrupt()
        try:
            samples, steps, seconds = waveform(sound.path, sound.part)
        except DatasetError as error:
            reason = str(error).removeprefix(f"{sound.path.name}: ")
            wrong.append(f"{sound.file}: {reason}")
            continue
        buffer = io.BytesIO()
        soundfile.write(buffer, samples, SAMPLE_RATE, "PCM_16", format="FLAC")
        written = soundfile.read(io.BytesIO(buffer.getvalue()), dtype="int16")[0]
        digest = hashlib.sha256(written).digest()
        if (first := heard.setdefault(digest, sound.file)) != sound.file:
            wrong.append(f"{sound.file}: the same sound as {first}")
        path = folder / "audio" / f"{name}.flac"
        with files.named(path):
            path.write_bytes(buffer.getvalue())
        instrument, pitch, velocity = name.rsplit("-", 2)
        examples[name] = {
            "note_str": name,
            "instrument_str": instrument,
            "instrument_family_str": sound.family,
            "instrument_source_str": sound.source,
            "pitch": int(pitch),
            "velocity": int(velocity),
            "sample_rate": SAMPLE_RATE,
        }
        if sound.longer:
            steps = f"only the first {audio.LONGEST} s are heard; {steps}"
        origins.append([name, sound.file, sound.instrument, f"{seconds:.3f}", steps])
    with files.named(folder / "examples.json"):
        (folder / "examples.json").write_text(json.dumps(examples, indent=1) + "\n")
    path = folder / "origin.csv"
    with (
        files.named(path),
        open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        csv.writer(file).writerows([["note", "file", "instrument", "seconds", "steps"], *origins])
    return wrong


def report(final: Path) -> str:
    """What a finished split holds, and which profiles it is large enough for."""
    examples = list(json.loads((final / "examples.json").read_text()).values())
    counts = Counter(fields["instrument_family_str"] for fields in examples)
    lines = [f"{family:<10}{counts[family]:>6}" for family in FAMILIES]
    fewest, split = min(counts[family] for family in FAMILIES), final.name.removeprefix("nsynth-")
    asked = {
        profile.name: profile.notes_per_family if split == "train" else profile.test_per_family or 0
        for profile in PROFILES.values()
    }
    enough = [name for name, n in asked.items() if n <= fewest]
    lines.append(f"enough for PROFILE {', '.join(enough)}" if enough else "too small to train on")
    if split == "train":
        owned = {fields["instrument_str"]: fields["instrument_family_str"] for fields in examples}
        instruments = Counter(owned.values())
        if few := [f"{f} ({instruments[f]})" for f in FAMILIES if instruments[f] < HELD_OUT]:
            lines.append(
                f"Chapters 5 and 11 hold out whole instruments, {HELD_OUT} of each family: too few "
                f"of {', '.join(few)}. Add folders, one an instrument."
            )
    with open(final / "origin.csv", newline="", encoding="utf-8", errors="surrogateescape") as file:
        lengths = [float(row["seconds"]) for row in csv.DictReader(file)]
    if short := sum(length < SAMPLES / SAMPLE_RATE for length in lengths):
        lines.append(
            f"{short} sounds are shorter than 4 s and followed by silence, half of them shorter "
            f"than {np.median([n for n in lengths if n < 4]):.1f} s: a network trained on whole "
            "notes goes by the silence. `instruments train --seconds 1` hears one second of each."
        )
    return "\n".join([f"{final}: {sum(counts.values())} notes", *lines])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="instruments import",
        description="Turn a folder of sounds into a set of notes that the chapters open.",
    )
    parser.add_argument(
        "source",
        type=options.existing,
        help="the folder of sounds, in folders named after instruments",
    )
    parser.add_argument(
        "into", type=options.folder, help="the folder of the set: the chapters' parameter DATA"
    )
    parser.add_argument("--split", choices=SPLITS, default="train", help="(default: train)")
    parser.add_argument(
        "--labels", type=options.existing, help="a CSV file: file,family and more, see the module"
    )
    parser.add_argument(
        "--as", dest="given", nargs="+", default=[], metavar="LABEL=FAMILY",
        help="the family of a label that is not known, or LABEL=- to leave its sounds out",
    )  # fmt: skip
    parser.add_argument(
        "--without", nargs="+", default=[], metavar="PATTERN",
        help="leave out files that are so called below the folder, such as 'drums/*' or '*/a.wav'",
    )  # fmt: skip
    parser.add_argument(
        "--cut", action="store_true", help="cut recordings of up to a minute into their notes"
    )
    args = parser.parse_args(arguments)
    if args.without and args.labels:
        parser.error("--without goes with folders: in a CSV file, give such files the family -")
    given = {}
    for text in args.given:
        label, equals, family = text.rpartition("=")
        if not equals:
            parser.error(f"--as takes LABEL=FAMILY, not {text!r}")
        if given.setdefault(label, family) != family:
            parser.error(f"--as says both {label}={given[label]} and {text}")
    try:
        with remembered_interrupts():
            final = make(
                args.source, args.into, args.split, args.labels, given,
                without=args.without, cut=args.cut,
            )  # fmt: skip
            print(report(final))
    except (DatasetError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted: nothing is written, the same command starts again")
