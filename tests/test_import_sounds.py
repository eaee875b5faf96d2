"""Real files of every kind become a set that `datasets.load` opens, or are refused by name."""

import json
import resource
import shutil
import unicodedata
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from helpers import datasets, profiles
from helpers.commands import import_sounds
from helpers.datasets import FAMILIES, DatasetError
from helpers.runs import cache, training


def tone(seconds=1.0, rate=44_100, channels=1, pitch=69, level=0.3):
    time = np.arange(int(seconds * rate)) / rate
    wave = level * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time)
    return np.repeat(wave[:, None], channels, axis=1)


def write(path, sound=None, rate=44_100, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(rate=rate) if sound is None else sound, rate, **options)
    return path


def fill(source, *files, first=60, seconds=1.0):
    """Sounds of which each is a half-tone higher than the one before."""
    for pitch, file in enumerate(files, first):
        write(source / file, tone(seconds, pitch=pitch))


def origin(final):
    return pd.read_csv(final / "origin.csv", index_col="note")


@pytest.fixture
def source(tmp_path):
    return tmp_path / "sounds"


@pytest.fixture
def make(source, tmp_path):
    return lambda **options: import_sounds.make(source, tmp_path / "set", **options)


def refused(make, tmp_path, *matches, **options):
    """Nothing is left, and every file that is wrong is named."""
    with pytest.raises(DatasetError) as caught:
        make(**options)
    assert [path.name for path in tmp_path.glob("set/.*")] == []
    assert not list(tmp_path.glob("set/nsynth-*"))
    for match in matches:
        assert match in str(caught.value)


def test_sounds_of_many_kinds_become_notes(source, make, tmp_path):
    write(source / "Violin (arco)" / "violin_As3_forte.wav", tone(5, 48_000, 2), 48_000)
    write(source / "Bass Flute" / "low_C3.flac", tone(0.5, 16_000, pitch=48), 16_000)
    write(source / "winds" / "clarinet" / "one.ogg", tone(4, 22_050, pitch=60), 22_050)
    write(source / "winds" / "clarinet" / "two.mp3", tone(2, 44_100, pitch=62))
    write(source / "Tubular-bells" / "C#5.aiff", tone(1, 96_000, pitch=73), 96_000)
    (source / "notes.txt").write_text("left alone")
    write(source / "winds" / "clarinet" / "._one.wav")  # as macOS leaves them
    final = make()
    notes = datasets.load(tmp_path / "set")
    assert list(notes.table["note"]) == [
        "flute_acoustic_500-048-000", "mallet_acoustic_500-073-000", "reed_acoustic_500-000-000",
        "reed_acoustic_500-000-001", "string_acoustic_500-058-000",
    ]  # fmt: skip
    waves = notes.waveforms()
    assert waves.shape == (5, 64_000)
    expected = {0: (48, 0.5), 1: (73, 1), 2: (60, 4), 3: (62, 2), 4: (69, 4)}
    for row, (pitch, seconds) in expected.items():
        wave = waves[row]
        spectrum = np.abs(np.fft.rfft(wave[:8000] * np.hanning(8000)))
        assert np.argmax(spectrum) * 2 == pytest.approx(440 * 2 ** ((pitch - 69) / 12), abs=2)
        assert np.abs(wave[: int(16_000 * seconds)]).max() == pytest.approx(0.3, abs=0.02)
        assert np.abs(wave[int(16_000 * (seconds + 0.2)) :]).max(initial=0) < 1e-3
    assert cache.extract(notes, cache=None, progress=False).shape == (5, 126, 13)
    violin = origin(final).loc["string_acoustic_500-058-000"]
    assert violin["file"] == "Violin (arco)/violin_As3_forte.wav"
    assert "48000 Hz, 2 channel(s)" in violin["steps"]
    assert "4.000 s kept" in violin["steps"]


def test_each_step(source):
    silence = np.zeros((22_050, 1))
    left = np.concatenate([silence, tone(1)])
    path = write(source / "a.wav", np.hstack([left, 0 * left]))
    wave, steps, _ = import_sounds.waveform(path)
    assert "0.500 s of silence cut; 1.000 s kept" in steps
    assert np.abs(wave[:200]).max() > 0.1  # begins at once
    assert np.abs(wave).max() == pytest.approx(0.15, abs=0.01)  # the mean of both channels
    loud = write(source / "b.wav", tone(level=2.5), subtype="FLOAT")
    wave, steps, _ = import_sounds.waveform(loud)
    assert np.abs(wave).max() == 1
    assert "divided by 2.5" in steps
    exact = tone(4, 16_000)[:, 0].astype("float32")
    wave, *_ = import_sounds.waveform(write(source / "c.wav", exact, 16_000, subtype="FLOAT"))
    np.testing.assert_allclose(wave[:-10], exact[np.argmax(np.abs(exact) > 3e-4) :][:63_990])


@pytest.mark.parametrize("offset", [0.05, -0.3])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_an_offset_is_no_sound(source, offset, rate):
    constant = np.full((rate, 1), offset)
    with pytest.raises(DatasetError, match="is silent"):
        import_sounds.waveform(write(source / "a.wav", constant, rate))
    with pytest.raises(DatasetError, match="is silent"):  # as 8 bits often say silence
        import_sounds.waveform(
            write(source / "b.wav", np.full((rate, 1), -1 / 128), rate, subtype="PCM_U8")
        )
    # A low note that breaks off amid a swing: its own mean is not 0.
    sound = np.concatenate([0 * constant[: rate // 2], tone(1.013, rate, pitch=28)])
    plain, *_ = import_sounds.waveform(write(source / "c.wav", sound, rate))
    moved, steps, _ = import_sounds.waveform(write(source / "d.wav", sound + offset, rate))
    assert "0.500 s of silence cut" in steps
    assert "an offset of " in steps
    assert abs(moved.mean()) < 0.005
    assert np.abs(moved - plain)[100:16_000].max() < 0.02


@pytest.mark.parametrize(
    ("name", "kept"),
    [("a.wav", 0.25), ("a.aiff", 0.9), ("a.au", 0.5), ("a.w64", 0.9), ("a.caf", 0.5),
     ("a.flac", 0.6), ("a.ogg", 0.9), ("a.mp3", 0.25), ("a.mp3", 0.9)],
)  # fmt: skip
def test_a_sound_that_is_cut_short_is_refused(source, name, kept):
    path = write(source / name, tone(4))
    import_sounds.waveform(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(DatasetError, match=f"{name}: (cut short, its header|cannot be decoded)"):
        import_sounds.waveform(path)


def test_what_is_passed_over_is_said(source, make, capsys):
    write(source / "violin" / "good.wav")
    write(source / "violin" / "too.wav", tone(pitch=50)).rename(source / "violin" / "too.wave")
    for name in ("a.m4a", "b.aac", "notes.txt"):
        (source / "violin" / name).write_bytes(b"")
    (source / "violin" / "gone.wav").symlink_to(source / "nowhere")
    write(source.parent / "elsewhere" / "flute" / "x.wav")
    (source / "flute").symlink_to(source.parent / "elsewhere" / "flute")
    for folder in (".Trash-1000", ".ipynb_checkpoints", "__MACOSX", "$RECYCLE.BIN"):
        write(source / folder / "violin" / "x.wav", tone(pitch=80))
    make()
    said = capsys.readouterr().out
    assert "3 (formats that are not read): violin/a.m4a, violin/b.aac, violin/notes.txt" in said
    assert "1 (broken links, or no files): violin/gone.wav" in said
    assert "1 (links to folders): flute" in said
    assert "4 (hidden): $RECYCLE.BIN, .Trash-1000, .ipynb_checkpoints and 1 more" in said
    assert len(datasets.load(source.parent / "set")) == 2


def test_all_that_is_wrong_is_said_at_once(source, make, tmp_path):
    write(source / "violin" / "good.wav")
    write(source / "violin" / "twin.wav")
    write(source / "violin" / "empty.wav", np.zeros((0, 1)))
    write(source / "violin" / "silent.wav", np.zeros((44_100, 1)))
    both = tone(pitch=71)
    write(source / "violin" / "against.wav", np.hstack([both, -both]))
    write(source / "violin" / "short.wav", tone(0.05))
    write(source / "violin" / "long.wav", tone(31, 8000), 8000)
    write(source / "violin" / "nan.wav", np.full((8000, 1), np.nan), subtype="FLOAT")
    (source / "violin" / "text.wav").write_text("no sound")
    whole = write(source / "violin" / "cut.flac", tone(pitch=50)).read_bytes()
    (source / "violin" / "cut.flac").write_bytes(whole[:30])
    refused(
        make, tmp_path, "nothing is written",
        "violin/twin.wav: the same sound as violin/good.wav", "violin/empty.wav: is empty",
        "violin/silent.wav: is silent", "violin/against.wav: is silent, or its channels cancel",
        "violin/short.wav: 50 ms of sound", "violin/long.wav: more than 30 s long, no single note",
        "violin/nan.wav: 8000 samples are NaN", "violin/text.wav: cannot be decoded",
        "violin/cut.flac: cannot be decoded",
    )  # fmt: skip


def test_what_labels_refuse_is_said_by_folder_before_anything_is_decoded(source, make, tmp_path):
    (source / "violin").mkdir(parents=True)
    (source / "violin" / "text.wav").write_text("no sound")
    for name in "abc":
        write(source / "theremin" / f"{name}.wav")
    write(source / "flute and piano" / "one.wav", tone(pitch=65))
    with pytest.raises(DatasetError) as caught:
        make()
    assert str(caught.value).splitlines()[1:] == [
        "sounds/flute and piano: 1 sound, its folder 'flute and piano' may be flute or keyboard: "
        'give --as "flute and piano=FAMILY", or "flute and piano=-" to leave them out',
        "sounds/theremin: 3 sounds, no folder names a family: "
        'give --as "theremin=FAMILY", or "theremin=-" to leave them out',
    ]


def test_what_is_left_out(source, make, tmp_path, capsys):
    fill(source, "strings/violin/a.wav", "strings/violin/click.wav", "extra/drums/tom/b.wav")
    given = ["extra=-", "drums=string", "tom=brass"]  # the outer minus takes all below it
    refused(make, tmp_path, "--without */gone.wav: no file is so called",
            without=["*/click.wav", "*/gone.wav"], given=given)  # fmt: skip
    capsys.readouterr()
    make(given=given, without=["*/click.wav"])
    assert len(datasets.load(tmp_path / "set")) == 1
    said = capsys.readouterr().out
    assert "2 (asked for): extra/drums/tom/b.wav, strings/violin/click.wav\n" in said


def test_a_recording_is_cut_into_its_notes(source, make, tmp_path):
    silence = np.zeros((11_025, 1))
    scale = np.concatenate([p for i in range(4) for p in (tone(0.8, pitch=60 + i), silence)])
    write(source / "violin" / "scale_C4.wav", scale)
    write(source / "violin" / "one_A4.wav", tone(1.0, pitch=69))
    labels = tmp_path / "labels.csv"
    # Where a file has several notes, a velocity would give all of them one name.
    rows = ["file,family,velocity", "violin/scale_C4.wav,string,9", "violin/one_A4.wav,string,9"]
    labels.write_text("\n".join(rows))
    final = make(cut=True, labels=labels)
    table = datasets.load(tmp_path / "set").table
    assert list(zip(table["pitch"], table["velocity"], strict=True)) == [
        (0, 0), (0, 1), (0, 2), (0, 3), (69, 9)
    ]  # fmt: skip
    assert list(origin(final)["seconds"]) == pytest.approx([0.8] * 4 + [1], abs=0.08)


def test_what_comes_after_a_minute_is_said(source, make, tmp_path, capsys):
    rate = 8_000  # fewer samples

    def at(seconds, length):
        sound = np.zeros((length * rate, 1))
        for start in seconds:
            sound[start * rate : (start + 1) * rate] = tone(1, rate, pitch=60 + start % 12)
        return sound

    write(source / "violin" / "hour.wav", at((1, 57, 63, 66), 70), rate)
    write(source / "violin" / "long_A4.wav", at((2,), 40), rate)
    write(source / "violin" / "minute.wav", at((3, 58), 60), rate)
    final = make(cut=True)
    assert "left out: 1 (what comes after 60 s): violin/hour.wav\n" in capsys.readouterr().out
    made = origin(final)
    assert made["file"].value_counts().to_dict() == {
        "violin/hour.wav": 2, "violin/long_A4.wav": 1, "violin/minute.wav": 2
    }  # fmt: skip
    cut = made["steps"].str.startswith("only the first 60 s are heard; ")
    assert (cut == (made["file"] == "violin/hour.wav")).all()
    assert list(datasets.load(tmp_path / "set").table["pitch"]).count(69) == 1


@pytest.mark.parametrize(
    ("label", "family"),
    [
        ("BbClarinet", "reed"), ("AltoSax", "reed"), ("BassFlute", "flute"), ("Horn", "brass"),
        ("upright bass", "string"), ("bass drum", None), ("BassDrum", None),
        ("DoubleBass", "string"),
        ("EbClarinet_01", "reed"), ("french-horn", "brass"), ("frenchhorn", "brass"),
        ("TenorTrombone", "brass"), ("BassTrombone", "brass"), ("oboe d'amore", "reed"),
        ("AltoFlute.vib.ff", "flute"), ("Piano", "keyboard"), ("PIANO", "keyboard"),
        ("Vibraphone", "mallet"), ("soprano saxophone", "reed"), ("BassSax", "reed"),
    ],
)  # fmt: skip
def test_names_of_libraries_of_samples(label, family):
    assert import_sounds.family_of(label) == family


def test_families_that_are_not_known(source, make, tmp_path):
    fill(source, "theremin/one.wav", "djembe/one.wav", "violin/one.wav")
    refused(make, tmp_path, "theremin: 1 sound", "djembe: 1 sound")
    make(given=["Theremin=string", "djembe=-"])
    notes = datasets.load(tmp_path / "set")
    assert list(notes.table["instrument"]) == ["string_acoustic_500", "string_acoustic_501"]
    with pytest.raises(DatasetError, match="stands here already"):
        make(given=["Theremin=string", "djembe=-"])
    with pytest.raises(DatasetError, match="0 bass notes found"):
        notes.sample(1)


def test_labels_of_any_script_are_told_apart(source, make, tmp_path):
    nfd = unicodedata.normalize("NFD", "Bär")
    given = ["class1=brass", "class2=reed", "Bär=flute", "Bör=organ", "नि=vocal", "ना=string",
             "percussion=-"]  # fmt: skip
    folders = {"class1/violin": "brass", "class2": "reed", "my bär 3": "flute", nfd: "flute",
               "BÖR": "organ", "नि": "vocal", "ना": "string"}  # fmt: skip
    fill(source, *(f"{folder}/one.wav" for folder in [*folders, "percussion/bass drum",
                                                      "percussion/bass"]))  # fmt: skip
    made = origin(make(given=given))
    families = made.index.str.partition("_").get_level_values(0)
    labels = made["instrument"].str.removeprefix("sounds/")
    assert dict(zip(labels, families, strict=True)) == folders


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (["a-b=brass", "A B=reed"], "A B=reed: the same label as a-b=brass"),
        (["x=brass", "x=reed"], "x=reed: the same label as x=brass"),
        (["?!=brass"], "?!=brass: expected LABEL=FAMILY, letters or digits in the label"),
        (["brass"], "brass: expected LABEL=FAMILY"),
        (["violin=synth_lead"], "violin=synth_lead: expected a family (bass, brass"),
        (["gong=-"], "gong=-: no folder or label holds 'gong'"),
        (["class1=brass"], "class1=brass: no folder or label holds 'class1'"),
    ],
)
def test_options_that_cannot_be_meant(source, make, tmp_path, given, match):
    fill(source, "violin/one.wav", "class12/one.wav")
    refused(make, tmp_path, match, given=given)


def test_labels_from_a_table(source, make, tmp_path):
    fill(source, "a.wav", "b.wav", "deep/c.wav", "d.wav", "e.wav")
    labels = tmp_path / "labels.csv"
    text = "file,family,instrument,source,pitch,velocity\n"
    text += "a.wav,organ,box,electronic,A4,\nb.wav,Organ,box,electronic,69,0\n"
    # A short row leaves its last cells open.
    text += "deep/c.wav,Cello\nd.wav,-,,,,\ne.wav,squeeze,,,,\n"
    for number, data in enumerate((
        text.encode("utf-8-sig"), text.encode("utf-16"), text.replace(",", ";").encode(),
        text.replace(",", "\t").replace("\n", "\r\n").encode(),
    )):  # fmt: skip
        labels.write_bytes(data)
        shutil.rmtree(tmp_path / "set", ignore_errors=True)
        make(labels=labels, split="test", given=["squeeze=reed"])
        assert list(datasets.load(tmp_path / "set", "test").table["note"]) == [
            "organ_electronic_500-069-000", "organ_electronic_500-069-001",
            "reed_acoustic_500-000-000", "string_acoustic_500-000-000",
        ], number  # fmt: skip


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ("name,family\na.wav,organ\n", "its first line is 'name,family', expected file,family"),
        ("", "its first line is ''"),
        ("file,family\na.wav,organ\n", "b.wav: has no row in labels.csv"),
        ("file,family\na.wav,organ\na.wav,organ\nb.wav,organ\n", "line 3: a.wav: named twice"),
        ("file,family\na.wav,organ\nb.wav,gong\n", "line 3: b.wav: the family 'gong' is not known"),
        ("file,family\na.wav,organ\nb.wav,-\nc.wav,-\n", "line 4: c.wav: no such file"),
        ("file,family,pitch\na.wav,organ,H9\nb.wav,-,\n", "the pitch is 'H9', expected 0 to 127"),
        ("file,family,pitch\na.wav,organ,128\nb.wav,-,\n", "the pitch is '128'"),
        ("file,family,velocity\na.wav,organ,200\nb.wav,-,\n", "the velocity is '200'"),
        (
            "file,family,velocity\na.wav,organ,ff\nb.wav,-,\n",
            "labels.csv, line 2: a.wav: the velocity is 'ff', expe",
        ),
        ("file,family,velocity\na.wav,organ,²\nb.wav,-,\n", "the velocity is '²'"),
        ("file,family,pitch\na.wav,organ," + "9" * 5000 + "\nb.wav,-,\n", "line 2: a.wav: the pi"),
        ("file,family\na.wav\nb.wav,organ\n", "labels.csv, line 2: a.wav: the family '' is not"),
        ("file,family\na.wav,organ,x\n", "labels.csv, line 2: 3 cells, expected 2 (file,fam"),
        ('file,family\na.wav,"organ\n', "labels.csv, line 2: no CSV (unexpected end"),
        ("file,family\na.wav,Bläser\n".encode("cp1252"), "labels.csv, line 2: not in UTF-8"),
        ("file,family,family\n", "its first line is"),
        ("file,family,source\na.wav,organ,real\nb.wav,-,\n", "the source is 'real', expected"),
        ("file,family,velocity\na.wav,organ,9\nb.wav,organ,9\n", "a.wav and b.wav: the same ins"),
    ],
)
def test_a_table_that_is_wrong(source, make, tmp_path, table, match):
    fill(source, "a.wav", "b.wav")
    labels = tmp_path / "labels.csv"
    labels.write_bytes(table if isinstance(table, bytes) else table.encode())
    refused(make, tmp_path, match, labels=labels)


def test_a_full_disk_is_said_with_the_file(source, make, tmp_path):
    write(source / "violin" / "one.wav")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large: '.*string_acoustic_500-000-000.flac'"):
            make()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not list((tmp_path / "set").iterdir())


def test_nothing_to_do(source, make, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        make()
    source.mkdir()
    refused(make, tmp_path, "no sounds found, expected .aif")
    with pytest.raises(FileNotFoundError, match="labels.csv"):
        make(labels=tmp_path / "labels.csv")


def test_more_sounds_than_names():
    one = import_sounds.Sound(None, "x.wav", "flute", "flute")
    assert len(set(import_sounds.names_of([one] * 128))) == 128
    with pytest.raises(DatasetError, match="more than 128 sounds of flute with the pitch 0"):
        import_sounds.names_of([one] * 129)
    many = [import_sounds.Sound(None, "x.wav", "flute", str(i)) for i in range(501)]
    with pytest.raises(DatasetError, match="no number from 500 to 999 is left for another ac"):
        import_sounds.names_of(many)


def test_the_command(source, tmp_path, capsys):
    sounds = [f"{family}/{j}.wav" for family in FAMILIES for j in range(2)]
    fill(source, *sounds, first=40, seconds=0.2)
    into = tmp_path / "set"
    import_sounds.main([str(source), str(into), "--split", "test"])
    output = capsys.readouterr().out
    assert "20 notes" in output
    assert "enough for PROFILE smoke, quick, mini, thesis" in output
    with pytest.raises(SystemExit, match="bass/0.wav: the same sound as nsynth-test/audio/bass_"):
        import_sounds.main([str(source), str(into)])
    fill(source, *sounds, first=70, seconds=0.2)
    import_sounds.main([str(source), str(into)])
    said = capsys.readouterr().out
    assert "too small to train on" in said
    assert "4 of each family: too few of bass (1), brass (1)" in said
    assert "20 sounds are shorter than 4 s and followed by silence, half of them shorter" in said
    assert "than 0.2 s" in said
    assert len(datasets.load(into, "test").sample(2)) == 20
    instruments = [set(datasets.load(into, s).table["instrument"]) for s in ("train", "test")]
    assert not instruments[0] & instruments[1]
    with pytest.raises(SystemExit, match="error: .*stands here already"):
        import_sounds.main([str(source), str(into)])
    listing = json.loads((into / "nsynth-test" / "examples.json").read_text())
    assert set(listing) == set(datasets.load(into, "test").table["note"])


known = st.sampled_from(sorted(import_sounds._KNOWN))
joints = st.text(st.sampled_from(" -_.()0123456789"), min_size=1, max_size=3)


@given(known, joints, joints, st.booleans())
def test_a_known_name_is_found_however_it_is_written(name, before, after, capitals):
    label = before + name.replace(" ", before) + after
    label = label.upper() if capitals else label
    assert import_sounds.family_of(label) == import_sounds._KNOWN[name]
    assert import_sounds.family_of(name + "s") == import_sounds._KNOWN[name]


@given(st.text(max_size=30))
def test_any_label_is_known_unknown_or_ambiguous(label):
    with suppress(DatasetError):
        assert import_sounds.family_of(label) in (*FAMILIES, None)


@given(st.integers(0, 127), st.sampled_from(["_", ".", "-", " "]), st.booleans())
def test_pitches_are_read(number, joint, flat):
    names = "C Db D Eb E F Gb G Ab A Bb B" if flat else "C C# D D# E F F# G Gs A As B"
    note = f"{names.split()[number % 12]}{number // 12 - 1}"
    assert import_sounds.pitch_of(f"violin{joint}{note}{joint}025_forte") == number
    assert import_sounds.pitch_of(note) == number
    assert import_sounds.pitch_of(f"x{note}") is None
    assert import_sounds.pitch_of(f"{note}{joint}{note}") == number


@given(st.text(max_size=20))
def test_any_text_has_a_pitch_or_none(text):
    assert import_sounds.pitch_of(text) in (None, *range(128))


@pytest.mark.long
def test_a_set_of_ones_own_is_trained_on_and_may_lack_families_in_its_test(source, tmp_path):
    sounds = (f"{family}/{j}.wav" for family in FAMILIES for j in range(10))
    fill(source, *sounds, first=20, seconds=0.5)
    write(tmp_path / "few" / "oboe" / "long.flac", tone(4.5, 22_050, 2, pitch=70), 22_050)
    write(tmp_path / "few" / "cello" / "short.flac", tone(0.5, 22_050, pitch=40), 22_050)
    import_sounds.make(source, tmp_path / "set")
    import_sounds.make(tmp_path / "few", tmp_path / "set", "test")
    with pytest.raises(DatasetError, match="0 bass notes found, 2 asked for"):
        training.Experiment("smoke", tmp_path / "set", tmp_path / "runs")
    profile = replace(profiles.get("smoke"), test_per_family=None)  # as in all other profiles
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(profiles.PROFILES, "smoke", profile)
        experiment = training.Experiment("smoke", tmp_path / "set", tmp_path / "runs")
    record = experiment.run("lstm", epochs=1)
    assert len(record.predictions["nsynth_test"]["probabilities"]) == 2
    assert 0 <= record.info["metrics"]["nsynth_test"]["balanced_accuracy"] <= 1
