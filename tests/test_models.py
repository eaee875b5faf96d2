import keras
import numpy as np
import pytest

from helpers import features, models

CNN_SHAPES = [  # table 3.1, after the layer that adds the channel
    (126, 13, 1), (126, 13, 32), (126, 13, 32), (63, 6, 32), (63, 6, 32), (63, 6, 64), (63, 6, 64),
    (31, 3, 64), (31, 3, 64), (31, 3, 128), (31, 3, 128), (11904,), (512,), (512,), (10,),
]  # fmt: skip
LSTM_SHAPES = [*[(126, 32)] * 9, (4032,), (512,), (512,), (10,)]  # table 3.2
OPTIMISED_CNN = {"conv_2_filters_1": 128, "conv_2_filters_2": 128, "dropout_cnn": 0.2}  # table 4.1
OPTIMISED_LSTM = {"lstm_layer_units_1": 32, "lstm_layer_units_2": 128, "dropout_lstm": 0.3}  # 4.2


@pytest.mark.parametrize(
    ("name", "hyperparameters", "parameters"),
    [
        ("cnn", {}, 6_239_338),
        ("lstm", {}, 2_109_194),
        ("cnn", OPTIMISED_CNN, 6_442_218),
        ("lstm", OPTIMISED_LSTM, 8_499_722),
        ("cnn", {"head": "mean"}, 142_698),
        ("lstm", {"head": "mean"}, 39_498),
        ("hybrid", {}, 131_434),
        ("small", {}, 45_930),
        ("kawwa", {}, 4_224_234),  # 4,224,747 with the eleven families of its source
        ("kawwa", {"padding": "same", "input_shape": (126, 13)}, 1_275_114),
        ("gessle_cnn", {}, 228_490),
        ("gessle_lstm", {}, 152_714),
        ("zhang_lstm", {}, 20_618),
    ],
)
def test_parameter_counts(name, hyperparameters, parameters):
    assert models.BUILDERS[name](**hyperparameters).count_params() == parameters


@pytest.mark.parametrize("name", models.BUILDERS)
def test_standardising_is_a_layer_of_every_network(name):
    model = models.BUILDERS[name](standardise=True)
    scale = next(
        layer for layer in model.layers if layer.name.rstrip("_0123456789") == "normalization"
    )
    frames, width = model.input_shape[1:]
    notes = np.random.default_rng(0).normal(3, 5, size=(20, frames, width)).astype("float32")
    scale.adapt(notes)
    scaled = keras.ops.convert_to_numpy(scale(notes))
    np.testing.assert_allclose(scaled.mean(axis=(0, 1)), 0, atol=1e-3)
    np.testing.assert_allclose(scaled.std(axis=(0, 1)), 1, atol=1e-3)
    assert model(notes[:2]).shape == (2, 10)


def test_an_unknown_head_is_refused():
    with pytest.raises(ValueError, match="unknown head 'max': choose dense or mean"):
        models.cnn(head="max")


@pytest.mark.parametrize(("name", "shapes"), [("cnn", CNN_SHAPES), ("lstm", LSTM_SHAPES)])
def test_output_shapes(name, shapes):
    model = models.BUILDERS[name]()
    assert [tuple(layer.output.shape[1:]) for layer in model.layers] == shapes


def test_layers_and_their_biases():
    cnn, lstm = models.cnn(), models.lstm()
    kinds = [type(layer).__name__ for layer in cnn.layers]
    assert kinds == [
        "Reshape", "Conv2D", "Conv2D", "MaxPooling2D", "Dropout", "Conv2D", "Conv2D",
        "MaxPooling2D", "Dropout", "Conv2D", "Dropout", "Flatten", "Dense", "Dropout", "Dense",
    ]  # fmt: skip
    convolutions = [layer for layer in cnn.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.bias.shape[0] for layer in convolutions] == [32, 32, 64, 64, 128]
    assert {layer.activation.__name__ for layer in convolutions} == {"relu"}
    recurrent = [layer for layer in lstm.layers if isinstance(layer, keras.layers.LSTM)]
    assert [layer.cell.bias.shape[0] for layer in recurrent] == [128] * 5
    assert {layer.activation.__name__ for layer in recurrent} == {"tanh"}
    assert all(layer.return_sequences for layer in recurrent)


@pytest.mark.parametrize("name", ["cnn", "lstm"])
def test_every_layer_tells_notes_apart(name, train_notes):
    model = models.BUILDERS[name]()
    values = features.mfcc(train_notes.waveforms([0, 300, 600, 900]))
    for layer in model.layers:
        values = layer(values, training=False)
        spread = keras.ops.convert_to_numpy(values).std(axis=0).max()
        assert spread > 1e-4, f"{layer.name} answers {spread} to any note"


def test_hyperparameters_reach_the_layers_that_the_thesis_names():
    cnn = models.cnn(conv_2_filters_1=7, conv_2_filters_2=9, dropout_cnn=0.35)
    filters = [layer.filters for layer in cnn.layers if isinstance(layer, keras.layers.Conv2D)]
    assert filters == [32, 32, 7, 7, 9]
    lstm = models.lstm(lstm_layer_units_1=7, lstm_layer_units_2=9, dropout_lstm=0.35)
    units = [layer.units for layer in lstm.layers if isinstance(layer, keras.layers.LSTM)]
    assert units == [32, 7, 7, 9, 9]
    rates = {
        name: [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
        for name, model in (("cnn", cnn), ("lstm", lstm))
    }
    assert rates == {"cnn": [0.35] * 4, "lstm": [0.35] * 4 + [0.5]}


@pytest.mark.parametrize(("name", "rate"), [("cnn", 1e-4), ("lstm", 1e-3)])
def test_training_setup(name, rate):
    model = models.compiled(name)
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate) == pytest.approx(rate)
    assert model.loss == "sparse_categorical_crossentropy"
    probabilities = model.predict(np.zeros((3, 126, 13), dtype=np.float32), verbose=0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_a_users_keras_json_changes_nothing():
    keras.utils.set_random_seed(0)
    usual = models.compiled("small", learning_rate=1e-3).get_weights()
    keras.config.set_floatx("float64")
    keras.config.set_epsilon(1e-2)
    keras.config.set_image_data_format("channels_first")
    keras.utils.set_random_seed(0)
    model = models.compiled("small", learning_rate=1e-3)
    assert keras.config.epsilon() == 1e-7
    assert keras.config.image_data_format() == "channels_last"
    for weights, expected in zip(model.get_weights(), usual, strict=True):
        assert weights.dtype == np.float32
        np.testing.assert_array_equal(weights, expected)


def test_hyperparameters_are_completed_and_checked():
    base = {"conv_2_filters_1": 64, "conv_2_filters_2": 128, "dropout_cnn": 0.25}
    assert models.hyperparameters("cnn") == base
    assert models.hyperparameters("cnn", {"dropout_cnn": 0.1}) == base | {"dropout_cnn": 0.1}
    with pytest.raises(ValueError, match="cnn has no dropout: it has conv_2_filters_1"):
        models.hyperparameters("cnn", {"dropout": 0.1})
    with pytest.raises(ValueError, match="unknown model 'gru': choose one of cnn, lstm"):
        models.hyperparameters("gru")
