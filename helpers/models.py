"""Every network that the thesis names, and a small one: one table of builders.

The thesis's own two (tables 3.1 and 3.2) are shown in chapters 6 and 7; their hyperparameters carry
the thesis's names, and every layer of them pads with "same", which the thesis does not state but
its output shapes show. All builders take the shape of a note and whether to standardise it, and
return a model that is not compiled. Keras loads when a model is built, not with this module:
records are read without it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

INPUT_SHAPE = (126, 13)  # frames, MFCCs
N_FAMILIES = 10
LEARNING_RATES = {"cnn": 1e-4, "lstm": 1e-3}  # section 3.2.5


def _first(input_shape: tuple[int, ...], standardise: bool) -> list:
    """The first layers of every network: its input, and the scale of each coefficient."""
    import keras

    first = [keras.Input(input_shape)]
    if standardise:
        # Each coefficient to mean 0 and deviation 1, learned from training notes by `adapt`.
        first.append(keras.layers.Normalization(axis=-1))
    return first


def _convolution(filters: int) -> keras.layers.Conv2D:
    from keras import layers

    return layers.Conv2D(filters, (3, 3), padding="same", activation="relu")


def _head(kind: str, width: int, dropout: float) -> list:
    """From frames to families: the thesis's dense layers, or the mean over time alone."""
    from keras import layers

    if kind == "mean":
        return [layers.GlobalAveragePooling1D(), layers.Dense(N_FAMILIES, activation="softmax")]
    if kind != "dense":
        raise ValueError(f"unknown head {kind!r}: choose dense or mean")
    return [
        layers.Flatten(),
        layers.Dense(width, activation="relu"),
        layers.Dropout(dropout),
        layers.Dense(N_FAMILIES, activation="softmax"),
    ]


def cnn(
    conv_2_filters_1: int = 64,
    conv_2_filters_2: int = 128,
    dropout_cnn: float = 0.25,
    *,
    head: str = "dense",
    input_shape: tuple[int, ...] = INPUT_SHAPE,
    standardise: bool = False,
) -> keras.Model:
    """The CNN of table 3.1, not compiled.

    Shown in chapter 6, "The helper is the same network".

    Parameters
    ----------
    conv_2_filters_1 : int
        Filters of the third and fourth convolution.
    conv_2_filters_2 : int
        Filters of the fifth.
    dropout_cnn : float
        Rate of all four dropout layers.
    head : {"dense", "mean"}
        The thesis's flatten and 512 units, or the mean over time, as `lstm` may have it.
    input_shape : tuple of int
        Frames and coefficients of a note.
    standardise : bool
        Whether a first layer brings each coefficient to mean 0 and deviation 1.

    Returns
    -------
    keras.Model
        (batch, 126, 13) MFCCs -> (batch, 10) probabilities; 6,239,338 parameters as it stands.
    """

    import keras
    from keras import layers

    body = [
        layers.Reshape((*input_shape, 1)),  # one channel, as a grey image has
        _convolution(32),
        _convolution(32),
        layers.MaxPooling2D((2, 2)),
        layers.Dropout(dropout_cnn),
        _convolution(conv_2_filters_1),
        _convolution(conv_2_filters_1),
        layers.MaxPooling2D((2, 2)),
        layers.Dropout(dropout_cnn),
        _convolution(conv_2_filters_2),
        layers.Dropout(dropout_cnn),
    ]
    if head == "mean":  # what is left of the coefficients stands beside the filters
        body.append(layers.Reshape((input_shape[0] // 4, -1)))
    ends = _head(head, 512, dropout_cnn)
    return keras.Sequential([*_first(input_shape, standardise), *body, *ends], name="cnn")


def lstm(
    lstm_layer_units_1: int = 32,
    lstm_layer_units_2: int = 32,
    dropout_lstm: float = 0.5,
    *,
    head: str = "dense",
    input_shape: tuple[int, ...] = INPUT_SHAPE,
    standardise: bool = False,
) -> keras.Model:
    """The LSTM of table 3.2, not compiled.

    Shown in chapter 7, "Layer by layer".

    Parameters
    ----------
    lstm_layer_units_1 : int
        Units of the second and third LSTM layer; the first has 32.
    lstm_layer_units_2 : int
        Units of the fourth and fifth.
    dropout_lstm : float
        Rate of the dropout layers between LSTM layers; the one before the output stays at 0.5.
        Table 3.2 leaves the first unmarked; section 3.2.4 says that this value sets every dropout
        layer but the last, which is followed here.
    head, input_shape, standardise
        As in `cnn`.

    Returns
    -------
    keras.Model
        (batch, 126, 13) MFCCs -> (batch, 10) probabilities; 2,109,194 parameters as it stands.
    """

    import keras
    from keras import layers

    def recurrence(units: int) -> keras.layers.LSTM:
        return layers.LSTM(units, return_sequences=True)

    body = [
        recurrence(32),
        layers.Dropout(dropout_lstm),
        recurrence(lstm_layer_units_1),
        layers.Dropout(dropout_lstm),
        recurrence(lstm_layer_units_1),
        layers.Dropout(dropout_lstm),
        recurrence(lstm_layer_units_2),
        layers.Dropout(dropout_lstm),
        recurrence(lstm_layer_units_2),
    ]
    ends = _head(head, 512, 0.5)
    return keras.Sequential([*_first(input_shape, standardise), *body, *ends], name="lstm")


def hybrid(
    units: int = 64,
    dropout: float = 0.25,
    *,
    input_shape: tuple[int, ...] = INPUT_SHAPE,
    standardise: bool = False,
) -> keras.Model:
    """Convolutions that an LSTM reads, as section 5.8 of the thesis proposes; not compiled.

    The convolutions are those of table 3.1 up to the second pooling; the thesis leaves the rest
    open. What they make of every fourth frame, 3 coefficients by 64 filters, is one step of the
    LSTM, whose last state is classified.

    Parameters
    ----------
    units : int
        Of the LSTM.
    dropout : float
        Rate of all three dropout layers.
    input_shape, standardise
        As in `cnn`.

    Returns
    -------
    keras.Model
        (batch, 126, 13) MFCCs -> (batch, 10) probabilities; 131,434 parameters as it stands.
    """
    import keras
    from keras import layers

    return keras.Sequential(
        [
            *_first(input_shape, standardise),
            layers.Reshape((*input_shape, 1)),
            _convolution(32),
            _convolution(32),
            layers.MaxPooling2D((2, 2)),
            layers.Dropout(dropout),
            _convolution(64),
            _convolution(64),
            layers.MaxPooling2D((2, 2)),
            layers.Dropout(dropout),
            layers.Reshape((input_shape[0] // 4, -1)),
            layers.LSTM(units),
            layers.Dropout(dropout),
            layers.Dense(N_FAMILIES, activation="softmax"),
        ],
        name="hybrid",
    )


def small(
    dropout: float = 0.3, *, input_shape: tuple[int, ...] = INPUT_SHAPE, standardise: bool = False
) -> keras.Model:
    """Three convolutions over time with batch normalisation: under 50,000 parameters.

    Every filter sees all coefficients of five frames; of the last layer's 96 rows over time the
    mean and the maximum are classified. Not the thesis's: it asks whether size is needed.

    Parameters
    ----------
    dropout : float
        Rate of the layer before the output.
    input_shape, standardise
        As in `cnn`.

    Returns
    -------
    keras.Model
        (batch, 126, 13) MFCCs -> (batch, 10) probabilities; 45,930 parameters as it stands.
    """
    import keras
    from keras import layers

    first, *rest = _first(input_shape, standardise)
    x = first
    for layer in rest:
        x = layer(x)
    for number, filters in enumerate((32, 64, 96)):
        if number:
            x = layers.MaxPooling1D(2)(x)
        x = layers.Conv1D(filters, 5, padding="same", use_bias=True)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    mean, peak = layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)
    x = layers.Dropout(dropout)(layers.Concatenate()([mean, peak]))
    return keras.Model(first, layers.Dense(N_FAMILIES, activation="softmax")(x), name="small")


def kawwa(
    dropout: float = 0.25,
    *,
    padding: str = "valid",
    input_shape: tuple[int, ...] = (63, 100),
    standardise: bool = False,
) -> keras.Model:
    """The CNN that the thesis's was made from (its reference 14), not compiled.

    As in CNN_Spectro.ipynb of the repository NadimKawwa/NSynth: three pairs of convolutions of 32,
    64 and 128 filters, every second one without padding, each pair with pooling and dropout, then
    512 units. Its input there is 100 mel bands by 63 frames, its output eleven families: 4,224,747
    parameters. With "same" padding and the thesis's MFCCs it has 1,275,114.

    Parameters
    ----------
    dropout : float
        Rate after each pooling; the one before the output stays at 0.5.
    padding : {"valid", "same"}
        Of every second convolution.
    input_shape, standardise
        As in `cnn`; time stands first here, bands first there.

    Returns
    -------
    keras.Model
        (batch, 63, 100) decibels -> (batch, 10) probabilities; 4,224,234 parameters as it stands.
    """
    import keras
    from keras import layers

    body = [layers.Reshape((*input_shape, 1))]
    for filters in (32, 64, 128):
        body += [
            _convolution(filters),
            layers.Conv2D(filters, (3, 3), padding=padding, activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Dropout(dropout),
        ]
    ends = _head("dense", 512, 0.5)
    return keras.Sequential([*_first(input_shape, standardise), *body, *ends], name="kawwa")


def gessle_cnn(
    filters: int = 32,
    dropout: float = 0.3,
    *,
    input_shape: tuple[int, ...] = INPUT_SHAPE,
    standardise: bool = False,
) -> keras.Model:
    """Gessle and Åkesson's CNN for genres (the thesis's reference 16), as section 2.5 tells it.

    Five convolutions and a dense layer, each followed by dropout. Not stated there, chosen here:
    the filters and their size (3 by 3), pooling after the first and the third, 64 dense units,
    the rate.

    Parameters
    ----------
    filters : int
        Of every convolution.
    dropout : float
    input_shape, standardise
        As in `cnn`.

    Returns
    -------
    keras.Model
        (batch, 126, 13) MFCCs -> (batch, 10) probabilities; 228,490 parameters as it stands.
    """
    import keras
    from keras import layers

    body = [layers.Reshape((*input_shape, 1))]
    for number in range(5):
        body.append(_convolution(filters))
        if number in (0, 2):
            body.append(layers.MaxPooling2D((2, 2)))
        body.append(layers.Dropout(dropout))
    ends = _head("dense", 64, dropout)
    return keras.Sequential([*_first(input_shape, standardise), *body, *ends], name="gessle_cnn")


def gessle_lstm(
    units: int = 64,
    dropout: float = 0.3,
    *,
    input_shape: tuple[int, ...] = INPUT_SHAPE,
    standardise: bool = False,
) -> keras.Model:
    """Gessle and Åkesson's LSTM for genres (the thesis's reference 16), as section 2.5 tells it.

    Five LSTM layers, a dropout layer after each. Not stated there, chosen here: the units, the
    rate, and that the last layer's last state is classified.

    Parameters
    ----------
    units : int
        Of every LSTM layer.
    dropout : float
    input_shape, standardise
        As in `cnn`.

    Returns
    -------
    keras.Model
        (batch, 126, 13) MFCCs -> (batch, 10) probabilities; 152,714 parameters as it stands.
    """
    import keras
    from keras import layers

    body = []
    for number in range(5):
        body += [layers.LSTM(units, return_sequences=number < 4), layers.Dropout(dropout)]
    ends = [layers.Dense(N_FAMILIES, activation="softmax")]
    return keras.Sequential([*_first(input_shape, standardise), *body, *ends], name="gessle_lstm")


def zhang_lstm(
    units: int = 64,
    dropout: float = 0.3,
    *,
    input_shape: tuple[int, ...] = INPUT_SHAPE,
    standardise: bool = False,
) -> keras.Model:
    """One LSTM layer, for Zhang and He's task (the thesis's reference 15); not compiled.

    They told clarinets, flutes and trumpets apart by MFCCs. Section 2.5 states no more than
    "an LSTM": one layer, its units and its dropout are chosen here, and the output keeps the
    places of all ten families, so that its records are read like any other.

    Parameters
    ----------
    units : int
    dropout : float
    input_shape, standardise
        As in `cnn`.

    Returns
    -------
    keras.Model
        (batch, 126, 13) MFCCs -> (batch, 10) probabilities; 20,618 parameters as it stands.
    """
    import keras
    from keras import layers

    body = [layers.LSTM(units), layers.Dropout(dropout)]
    ends = [layers.Dense(N_FAMILIES, activation="softmax")]
    return keras.Sequential([*_first(input_shape, standardise), *body, *ends], name="zhang_lstm")


BUILDERS: dict[str, Callable[..., keras.Model]] = {
    "cnn": cnn,
    "lstm": lstm,
    "hybrid": hybrid,
    "small": small,
    "kawwa": kawwa,
    "gessle_cnn": gessle_cnn,
    "gessle_lstm": gessle_lstm,
    "zhang_lstm": zhang_lstm,
}


def compiled(name: str, *, learning_rate: float | None = None, **options: Any) -> keras.Model:
    """Build and compile a network for training as in section 3.2.5.

    Parameters
    ----------
    name : str
        A name in `BUILDERS`.
    learning_rate : float, optional
        Of Adam; left out, the thesis's (CNN 1e-4, LSTM 1e-3).
    **options
        Passed to the builder; what is left out keeps the base model's value.

    Returns
    -------
    keras.Model
        With Adam, sparse categorical cross-entropy, and accuracy.
    """
    import keras

    # A user's keras.json may say otherwise.
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    model = BUILDERS[name](**options)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate or LEARNING_RATES[name]),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def hyperparameters(name: str, changes: dict | None = None) -> dict:
    """All hyperparameters of a model: the base model's, with `changes` applied.

    Raises
    ------
    ValueError
        If the model or one of the hyperparameters is unknown.

    Examples
    --------
    >>> hyperparameters("cnn", {"dropout_cnn": 0.2})
    {'conv_2_filters_1': 64, 'conv_2_filters_2': 128, 'dropout_cnn': 0.2}
    """
    if name not in BUILDERS:
        raise ValueError(f"unknown model {name!r}: choose one of {', '.join(BUILDERS)}")
    arguments = inspect.signature(BUILDERS[name]).parameters.values()
    base = {p.name: p.default for p in arguments if p.kind is not p.KEYWORD_ONLY}
    if unknown := set(changes or {}) - set(base):
        raise ValueError(f"{name} has no {', '.join(sorted(unknown))}: it has {', '.join(base)}")
    return base | (changes or {})
