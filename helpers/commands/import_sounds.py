"""A folder of any sounds -> a set in NSynth's layout: `instruments import SOURCE INTO`.

What is done to each file, in this order:

1. It is decoded, whatever libsndfile reads: WAV, AIFF, FLAC, OGG, MP3, any rate and channels.
2. Channels are averaged, and a constant offset is taken away: silence is where nothing moves.
3. What comes before the first sample within 60 dB of the loudest is cut off: NSynth's notes begin
   at once.
4. It is resampled to 16 kHz (soxr, quality HQ). From a lower rate nothing is won: what lies above
   half of that rate stays empty.
5. Four seconds are kept. A longer sound is cut, a shorter one is followed by silence.
6. If its peak exceeds full scale, as resampling may bring about, it is made quieter by just that.
   Otherwise its loudness stays.
7. It is written as FLAC of 16 bits.

The family comes from a folder above the file whose name holds a label given with `--as`, else from
the nearest one that holds the name of a family or of an instrument in `NAMES`, or from a CSV file.
Each folder of sounds counts as one instrument; numbers that instruments of another split of the set
have are not given again. The pitch comes from the file's name (`A4`, `Bb3`, `As3`, `C#5`) or the
CSV, and is 0 where it is not known. A folder of sounds knows no MIDI velocity: unless the CSV gives
it, the last number of a note's name counts the sounds of one pitch. `origin.csv` beside the notes
says which file became which.
"""

import argparse
import csv
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
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers.commands import options
from helpers.notes import (
    FAMILIES,
    SAMPLE_RATE,
    SAMPLES,
    SOURCES,
    SPLITS,
    DatasetError,
    decode,
    hidden,
    left_out,
    obey_interrupt,
    remembered_interrupts,
)
from helpers.profiles import PROFILES
from helpers.runs import files

NAMES = {
    "bass": "bass guitar, electric bass",
    "brass": "trumpet, cornet, flugelhorn, trombone, bass trombone, horn, euphonium, tuba, "
    "bass tuba",
    "flute": "alto flute, bass flute, piccolo, recorder",
    "guitar": "acoustic guitar, electric guitar",
    "keyboard": "piano, electric piano, harpsichord, clavichord",
    "mallet": "marimba, vibraphone, xylophone, glockenspiel, tubular bells",
    "organ": "pipe organ, electric organ",
    "reed": "clarinet, bass clarinet, oboe, english horn, cor anglais, bassoon, contrabassoon, "
    "saxophone, sax, bass saxophone",
    # A double bass is bowed; NSynth's family "bass" is bass guitars and synthesizers.
    "string": "violin, viola, cello, violoncello, double bass, contrabass",
    "vocal": "voice, choir",
}
# What holds the name of a family and is none of it.
OTHERS = "bass drum, bass viol, bass harmonica, mouth organ, barrel organ"
FIRST_NUMBER = 500  # of an instrument; no family of NSynth has as many, so none is taken for its
SHORTEST, LONGEST = 0.1, 30  # seconds
ONSET = 1e-3  # of the peak: 60 dB below it
RATES = (1_000, 1_000_000)  # Hz; what lies beyond is a damaged header
LARGEST = 256 << 20  # bytes of a file
LEAVE_OUT = "-"
SUFFIXES = {
    ".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".snd",
    ".w64", ".wav", ".wave",
}  # fmt: skip
COLUMNS = ("file", "family", "instrument", "source", "pitch", "velocity")

_KNOWN = {name: family for family in FAMILIES for name in (family, *NAMES[family].split(", "))}
_KNOWN |= dict.fromkeys(OTHERS.split(", "))
_PITCH = re.compile(r"(?<![A-Za-z0-9])([A-G])(#|s|b)?(-1|[0-9])(?![A-Za-z0-9#])")
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass
class Sound:
    """A file and what is said of it; velocity is None where nothing is."""

    path: Path
    file: str
    family: str
    instrument: str
    source: str = "acoustic"
    pitch: int = 0
    velocity: int | None = None


def family_of(label: str, given: dict | None = None) -> str | None:
    """The family that a label names: `Violin (arco)` is string, `Bass Flute` flute.

    Parameters
    ----------
    label : str
    given : dict of str -> str, optional
        Families of labels, beside those of `NAMES`: one of `helpers.notes.FAMILIES`, or "-".

    Returns
    -------
    str or None
        The family of the longest label of `given` in it, else of the longest name; None if there
        is none. Case does not matter, nor how accents are encoded. Digits count in `given` only.

    Raises
    ------
    DatasetError
        If it holds two labels or names, equally long, of different families.
    """
    words = _words(label)
    asked = {tuple(_words(name)): family for name, family in (given or {}).items()}
    known = {tuple(name.split()): family for name, family in _KNOWN.items()}
    return _longest(words, asked, label) or _longest(_letters(words), known, label)


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


def _unmatched(given: dict, labels) -> list[str]:
    """What to say of given labels that are nowhere among `labels`."""
    texts = [_words(label) for label in set(labels)]
    return [
        f"{label}={family}: no folder or label holds {label!r}"
        for label, family in given.items()
        if not any(_longest(text, {tuple(_words(label)): family}, label) for text in texts)
    ]


def pitch_of(text: str) -> int | None:
    """The MIDI number of the one pitch that a text names (C4 is 60), or None."""
    signs = {"#": 1, "s": 1, "b": -1, "": 0}
    found = {
        12 * (int(octave) + 1) + _STEPS[letter] + signs[sign]
        for letter, sign, octave in _PITCH.findall(text)
    }
    return found.pop() if len(found) == 1 and 0 <= min(found) <= 127 else None


def by_folder(source: Path, given: dict | None = None) -> tuple[list[Sound], list[str]]:
    """The sounds below a folder, labelled by the folders they are in; and what is refused."""
    sounds, refused, given = [], [], given or {}
    asked = {tuple(_words(label)): family for label, family in given.items()}
    labels = set()
    for path in _files(source):
        file = path.relative_to(source).as_posix()
        folders = path.parent.relative_to(source.parent).parts
        labels |= set(folders)
        try:
            # What is given goes first, wherever it stands: percussion=- takes its bass drums along.
            families = [_longest(_words(folder), asked, folder) for folder in reversed(folders)]
            if not any(families):
                families = (family_of(folder) for folder in reversed(folders))
            family = next((family for family in families if family), None)
        except DatasetError as error:
            refused.append(f"{file}: its folder {error}")
            continue
        if family is None:
            refused.append(f"{file}: no folder above it ({', '.join(folders)}) names a family")
        elif family != LEAVE_OUT:
            pitch = pitch_of(path.stem) or 0
            sounds.append(Sound(path, file, family, "/".join(folders), pitch=pitch))
    return sounds, refused + _unmatched(given, labels)


def by_table(source: Path, labels: Path, given: dict | None = None) -> tuple[list, list[str]]:
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
    return sounds, refused + _unmatched(given, (row["family"] for _, row in rows))


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


def _sound_of(row: dict, path, file: str, given) -> Sound | None:
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
    sound.pitch = int(pitch) if number else pitch_of(pitch or path.stem)
    if pitch and (sound.pitch is None or sound.pitch > 127):
        raise DatasetError(f"the pitch is {pitch!r}, expected 0 to 127 or such as A4")
    sound.pitch = sound.pitch or 0
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


def waveform(path) -> tuple[np.ndarray, str]:
    """Bring a sound to NSynth's form, as the module says.

    Returns
    -------
    waveform : np.ndarray, shape (64000,), float32
        16 kHz, in -1 to 1.
    steps : str
        What was done to it, in words.

    Raises
    ------
    DatasetError
        If it cannot be decoded, is cut short, empty, silent or longer than 30 s, has less than
        0.1 s of sound, or holds NaN or infinite samples.
    """
    import soxr

    path = Path(path)
    if path.stat().st_size > LARGEST:
        raise DatasetError(f"{path.stat().st_size >> 20} MB large, no single note")
    sound, rate = decode(path.read_bytes(), path.name, LONGEST, "float64")
    if not RATES[0] <= rate <= RATES[1]:
        raise DatasetError(f"{rate} Hz, expected {RATES[0]:,} to {RATES[1]:,}")
    if len(sound) > LONGEST * rate:
        raise DatasetError(f"more than {LONGEST} s long, no single note: cut it into notes first")
    if not sound.size:
        raise DatasetError("is empty")
    steps, sound = [f"{rate} Hz, {sound.shape[1]} channel(s)"], sound.mean(axis=1)
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
    steps.append(f"{min(len(sound), SAMPLES) / SAMPLE_RATE:.3f} s kept")
    sound = np.pad(sound[:SAMPLES], (0, max(0, SAMPLES - len(sound))))
    if (peak := np.abs(sound).max()) > 1:
        steps.append(f"divided by {peak:.3f}")
        sound = sound / peak
    return sound.astype(np.float32), "; ".join(steps)


def names_of(sounds: list[Sound], taken=()) -> list[str]:
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
        free = (v for v in range(128) if (*key, v) not in used)
        velocity = next(free, None) if sound.velocity is None else sound.velocity
        if velocity is None:
            raise DatasetError(
                f"{sound.file}: more than 128 sounds of {sound.instrument} with the pitch "
                f"{sound.pitch} (0: not known): name their pitches, or use more folders"
            )
        used[*key, velocity] = sound.file
        names.append(f"{key[0]}-{sound.pitch:03d}-{velocity:03d}")
    return names


def make(source, into, split="train", labels=None, given=None, progress=True) -> Path:
    """Make a split of a set out of a folder of sounds, whole or not at all.

    Parameters
    ----------
    source, into : path
        The folder of sounds; the folder that gets `nsynth-<split>/`.
    split : {"train", "valid", "test"}
    labels : path, optional
        A CSV file with a row for every sound: `file` (its path below `source`), `family` (any
        label that `family_of` knows, or "-" to leave the sound out), and, where they are known,
        `instrument` (any text), `source`, `pitch` (a number or such as A4), `velocity`.
    given : dict of str -> str, optional
        Families of further labels, or "-".

    Returns
    -------
    Path
        `into/nsynth-<split>`.

    Raises
    ------
    FileNotFoundError
        If there is no such folder or CSV file.
    DatasetError
        If something stands there already, or any sound is refused: all of them are named.
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
        sounds, refused = by_folder(source, given)
    else:
        sounds, refused = by_table(source, Path(labels), given)
    if not sounds and not refused:
        raise DatasetError(f"{source}: no sounds found, expected {', '.join(sorted(SUFFIXES))}")
    final.parent.mkdir(parents=True, exist_ok=True)
    draft = final.with_name(f".{final.name}.{uuid.uuid4().hex}")
    try:
        draft.mkdir()
        refused += _write(draft, sounds, refused, final.parent, progress)
        if refused:
            shown = [*refused[:20], *([f"and {len(refused) - 20} more"] * (len(refused) > 20))]
            raise DatasetError("\n".join([f"{source}: nothing is written", *shown]))
        os.rename(draft, final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return final


def _write(folder: Path, sounds: list[Sound], refused: list, into: Path, progress) -> list[str]:
    import soundfile
    from tqdm import tqdm

    # The other splits of the set: neither their instruments' numbers nor their sounds come again.
    others = sorted(into.glob("nsynth-*/audio/*.flac"))
    taken = {path.stem.rsplit("-", 2)[0] for path in others}
    heard = {}
    for path in others:
        samples = soundfile.read(path, dtype="int16")[0]
        heard.setdefault(hashlib.sha256(samples).digest(), path.relative_to(into).as_posix())
    names = [None] * len(sounds) if refused else names_of(sounds, taken)
    (folder / "audio").mkdir()
    wrong, examples, origins = [], {}, []
    bar = tqdm(sounds, unit="sound", disable=not progress)
    for name, sound in zip(names, bar, strict=True):
        obey_interrupt()
        try:
            samples, steps = waveform(sound.path)
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
        if name is None:
            continue  # all sounds are looked at, so that all that is wrong is said at once
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
        origins.append([name, sound.file, sound.instrument, steps])
    with files.named(folder / "examples.json"):
        (folder / "examples.json").write_text(json.dumps(examples, indent=1) + "\n")
    path = folder / "origin.csv"
    with (
        files.named(path),
        open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        csv.writer(file).writerows([["note", "file", "instrument", "steps"], *origins])
    return wrong


def report(final: Path) -> str:
    """What a finished split holds, and which profiles it is large enough for."""
    examples = json.loads((final / "examples.json").read_text()).values()
    counts = Counter(fields["instrument_family_str"] for fields in examples)
    lines = [f"{family:<10}{counts[family]:>6}" for family in FAMILIES]
    fewest, split = min(counts[family] for family in FAMILIES), final.name.removeprefix("nsynth-")
    asked = {
        profile.name: profile.notes_per_family if split == "train" else profile.test_per_family or 0
        for profile in PROFILES.values()
    }
    enough = [name for name, n in asked.items() if n <= fewest]
    lines.append(f"enough for PROFILE {', '.join(enough)}" if enough else "too small to train on")
    return "\n".join([f"{final}: {sum(counts.values())} notes", *lines])


def main(arguments=None) -> None:
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
    args = parser.parse_args(arguments)
    given = {}
    for text in args.given:
        label, equals, family = text.rpartition("=")
        if not equals:
            parser.error(f"--as takes LABEL=FAMILY, not {text!r}")
        if given.setdefault(label, family) != family:
            parser.error(f"--as says both {label}={given[label]} and {text}")
    try:
        with remembered_interrupts():
            print(report(make(args.source, args.into, args.split, args.labels, given)))
    except (DatasetError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted: nothing is written, the same command starts again")


if __name__ == "__main__":
    main()
