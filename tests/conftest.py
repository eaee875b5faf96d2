"""What the tests share: the bundled notes, and small sets of notes in NSynth's layout."""

import ast
import io
import json
import os
import signal
import tarfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
import soundfile
from hypothesis import settings

from helpers import datasets, models
from tools.book.browser import opened

ROOT = Path(__file__).parents[1]

# Where the tests run in the background, interrupts are ignored, and some test what one does.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A slow moment of the machine is no failure. `make test-all` asks for more examples.
settings.register_profile("book", deadline=None, max_examples=int(os.environ.get("EXAMPLES", "40")))
settings.load_profile("book")


def defined(page: str, names, given: dict) -> dict:
    """What a chapter defines under these names, `given` others; the rest of its code is not run."""
    for node in ast.parse((ROOT / f"book/{page}.py").read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node]
        if {getattr(t, "id", getattr(t, "name", "")) for t in targets} & set(names):
            exec(compile(ast.Module([node], []), page, "exec"), given)
    return given


@pytest.fixture(scope="session")
def train_notes():
    return datasets.load("nsynth-mini", "train")


@pytest.fixture(scope="session")
def test_notes():
    return datasets.load("nsynth-mini", "test")


def tiny_cnn(conv_2_filters_1=64, conv_2_filters_2=128, dropout_cnn=0.25, *, input_shape=(126, 13)):
    """What stands in for the thesis's CNN where it matters that it trains, not how well."""
    from keras import layers

    return _tiny(layers.Conv1D(4, 3, activation="relu"), dropout_cnn, input_shape)


def tiny_lstm(
    lstm_layer_units_1=32, lstm_layer_units_2=32, dropout_lstm=0.5, *, input_shape=(126, 13)
):
    from keras import layers

    return _tiny(layers.LSTM(4, return_sequences=True, unroll=True), dropout_lstm, input_shape)


def _tiny(layer, dropout, input_shape):
    import keras
    from keras import layers

    layer.supports_jit = False  # to compile it would take longer than to train it
    first = [keras.Input(input_shape), layers.AveragePooling1D(8), layer, layers.Dropout(dropout)]
    return keras.Sequential([*first, layers.Flatten(), layers.Dense(10, activation="softmax")])


def shrink():
    """Let `helpers.models` build tiny networks in this process."""
    models.BUILDERS.update(cnn=tiny_cnn, lstm=tiny_lstm)


@pytest.fixture(scope="module")
def tiny_networks():
    """Networks that train in a second, under the names and with the settings of the thesis's."""
    import keras

    whole = dict(models.BUILDERS)
    shrink()
    if eager := keras.backend.backend() == "tensorflow":
        import tensorflow

        # Step by step: to trace the training as a graph takes longer than a few steps of it.
        tensorflow.config.run_functions_eagerly(True)
    yield
    models.BUILDERS.update(whole)
    if eager:
        tensorflow.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def browser():
    with opened() as browser:
        yield browser


def audio_bytes(samples, rate=16_000, format="WAV", subtype="PCM_16"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=format, subtype=subtype)
    return buffer.getvalue()


def tone(name: str) -> np.ndarray:
    """A quiet sine of the pitch that the note's name gives, 64,000 samples at 16 kHz."""
    pitch = datasets.parse_note(name)["pitch"]
    return 0.3 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * np.arange(64_000) / 16_000)


NAMES = (
    "bass_electronic_018-035-100",
    "flute_acoustic_002-070-100",
    "synth_lead_synthetic_000-060-075",
)


def listing(names) -> bytes:
    def fields(name):
        note = datasets.parse_note(name)
        return {old: note[new] for old, new in datasets.COLUMNS.items()}

    return json.dumps({name: fields(name) for name in names}).encode()


@pytest.fixture
def make_set(tmp_path):
    """Write notes in NSynth's layout; returns the path of a folder, .tar or .tar.gz."""

    def make(names=NAMES, audio=None, examples=True, suffix="", split="train", extension="wav"):
        audio = audio or {name: audio_bytes(tone(name), format=extension.upper()) for name in names}
        files = {f"nsynth-{split}/audio/{name}.{extension}": data for name, data in audio.items()}
        if examples is not False:
            data = listing(names) if examples is True else examples
            files[f"nsynth-{split}/examples.json"] = data
        path = tmp_path / f"set{suffix}"
        if not suffix:
            for name, data in files.items():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_bytes(data)
            return path
        with tarfile.open(path, f"w:{suffix[5:]}") as archive:
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return path

    return make
