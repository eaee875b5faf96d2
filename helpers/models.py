"""The thesis's two networks (tables 3.1 and 3.2), built in chapters 6 and 7.

Hyperparameters carry the thesis's names. Every layer pads with "same", which the thesis does
not state but its output shapes show. Keras loads when a model is built, not with this module:
records are read without it.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

INPUT_SHAPE = (126, 13)  # frames, MFCCs
N_FAMILIES = 10
LEARNING_RATES = {"cnn": 1e-4, "lstm": 1e-3}  # section 3.2.5


def cnn(
    conv_2_filters_1=64, conv_2_filters_2=128, dropout_cnn=0.25, *, input_shape=INPUT_SHAPE
) -> keras.Model:
    """The CNN of table 3.1, not compiled.

    Parameters
    ----------
    conv_2_filters_1 : int
        Filters of the third and fourth convolution.
    conv_2_filters_2 : int
        Filters of the fifth.
    dropout_cnn : float
        Rate of all four dropout layers.
    input_shape : tuple of int
        Frames and coefficients of a note.

    Returns
    -------
    keras.Model
        (batch, 126, 13) MFCCs -> (batch, 10) probabilities; 6,239,338 parameters as it stands.
    """

    import keras
    from keras import layers

    def convolution(filters):
        return layers.Conv2D(filters, (3, 3), padding="same", activation="relu")

    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Reshape((*input_shape, 1)),  # one channel, as a grey image has
            convolution(32),
            convolution(32),
            layers.MaxPooling2D((2, 2)),
            layers.Dropout(dropout_cnn),
            convolution(conv_2_filters_1),
            convolution(conv_2_filters_1),
            layers.MaxPooling2D((2, 2)),
            layers.Dropout(dropout_cnn),
            convolution(conv_2_filters_2),
            layers.Dropout(dropout_cnn),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(dropout_cnn),
            layers.Dense(N_FAMILIES, activation="softmax"),
        ],
        name="cnn",
    )


def lstm(
    lstm_layer_units_1=32, lstm_layer_units_2=32, dropout_lstm=0.5, *, input_shape=INPUT_SHAPE
) -> keras.Model:
    """The LSTM of table 3.2, not compiled.

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
    input_shape : tuple of int
        Frames and coefficients of a note.

    Returns
    -------
    keras.Model
        (batch, 126, 13) MFCCs -> (batch, 10) probabilities; 2,109,194 parameters as it stands.
    """

    import keras
    from keras import layers

    def recurrence(units):
        return layers.LSTM(units, return_sequences=True)

    return keras.Sequential(
        [
            keras.Input(input_shape),
            recurrence(32),
            layers.Dropout(dropout_lstm),
            recurrence(lstm_layer_units_1),
            layers.Dropout(dropout_lstm),
            recurrence(lstm_layer_units_1),
            layers.Dropout(dropout_lstm),
            recurrence(lstm_layer_units_2),
            layers.Dropout(dropout_lstm),
            recurrence(lstm_layer_units_2),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(N_FAMILIES, activation="softmax"),
        ],
        name="lstm",
    )


BUILDERS = {"cnn": cnn, "lstm": lstm}


def compiled(name: str, *, input_shape=INPUT_SHAPE, **hyperparameters) -> keras.Model:
    """Build and compile one of the two for training as in section 3.2.5.

    Parameters
    ----------
    name : {"cnn", "lstm"}
    input_shape : tuple of int
        Frames and coefficients of a note.
    **hyperparameters
        Passed to `cnn` or `lstm`; what is left out keeps the base model's value.

    Returns
    -------
    keras.Model
        With Adam at the thesis's learning rate (CNN 1e-4, LSTM 1e-3), sparse categorical
        cross-entropy, and accuracy.
    """
    import keras

    model = BUILDERS[name](**hyperparameters, input_shape=input_shape)
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATES[name]),
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
    """
    if name not in BUILDERS:
        raise ValueError(f"unknown model {name!r}: choose one of {', '.join(BUILDERS)}")
    arguments = inspect.signature(BUILDERS[name]).parameters.values()
    base = {p.name: p.default for p in arguments if p.kind is not p.KEYWORD_ONLY}
    if unknown := set(changes or {}) - set(base):
        raise ValueError(f"{name} has no {', '.join(sorted(unknown))}: it has {', '.join(base)}")
    return base | (changes or {})
