import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from helpers import datasets, evaluation
from helpers.runs import records


def predictions(seed, n):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(10), n).astype(np.float32)
    return rng.integers(0, 10, n), probabilities


@given(st.integers(0, 999), st.integers(1, 60))
def test_scores_equal_scikit_learns(seed, n):
    labels, probabilities = predictions(seed, n)
    predicted = probabilities.argmax(axis=1)
    scores = evaluation.scores(labels, probabilities)
    normalised = probabilities / probabilities.sum(axis=1, keepdims=True, dtype=float)
    loss = sklearn.metrics.log_loss(labels, normalised, labels=range(10))
    assert scores["loss"] == pytest.approx(loss, rel=1e-4)
    assert scores["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(labels, predicted))
    recalls = sklearn.metrics.recall_score(
        labels, predicted, labels=np.unique(labels), average="macro", zero_division=0
    )
    assert scores["balanced_accuracy"] == pytest.approx(recalls)
    counts = sklearn.metrics.confusion_matrix(labels, predicted, labels=range(10))
    np.testing.assert_array_equal(evaluation.confusion(labels, probabilities, False), counts)


def test_loss_equals_keras():
    import keras

    labels, probabilities = predictions(1, 50)
    probabilities[0] = np.eye(10)[(labels[0] + 1) % 10]  # sure and wrong: clipped, not infinite
    loss = keras.losses.sparse_categorical_crossentropy(labels, probabilities)
    ours = evaluation.scores(labels, probabilities)["loss"]
    assert ours == pytest.approx(float(np.mean(loss)), rel=1e-5)


def test_rows_of_the_confusion_matrix_are_the_true_families():
    probabilities = np.eye(10, dtype=np.float32)[[3, 3, 5]]
    matrix = evaluation.confusion([3, 5, 5], probabilities)
    assert matrix[3, 3] == 1
    assert (matrix[5, 3], matrix[5, 5]) == (0.5, 0.5)
    assert np.isnan(matrix[0]).all()


@pytest.mark.parametrize(("n", "shape"), [(0, (0, 10)), (3, (2, 10)), (3, (3, 11))])
def test_shapes_that_do_not_match(n, shape):
    with pytest.raises(ValueError, match="expected"):
        evaluation.scores(np.zeros(n, dtype=int), np.zeros(shape))


def record(fold, labels, predicted):
    part = {
        "notes": np.array([f"n{i}" for i in range(len(labels))]),
        "labels": np.array(labels),
        "probabilities": np.eye(10, dtype=np.float32)[predicted],
    }
    history = pd.DataFrame({"epoch": [1, 2], "loss": [fold, 0.0]})
    config = {"split": {"fold": fold}, "seed": 0}
    return records.Record({"config": config}, history, {"fold_test": part})


def test_tables_and_averages_over_folds():
    group = [record(1, [0, 1], [0, 1]), record(2, [0, 1], [0, 0])]
    table = evaluation.score_table({"CNN": group})
    assert list(table["accuracy"]) == [1.0, 0.5]
    assert list(table["fold"]) == [1, 2]
    assert list(evaluation.score_table({"CNN": group}, without=["n1"])["accuracy"]) == [1.0, 1.0]

    matrix = evaluation.mean_confusion(group, "fold_test")
    assert (matrix[1, 0], matrix[1, 1], matrix[0, 0]) == (0.5, 0.5, 1.0)

    mean, spread = evaluation.mean_history(group)
    assert list(mean["loss"]) == [1.5, 0.0]
    assert spread.loc[1, "loss"] == pytest.approx(np.sqrt(0.5))


def test_leaked_notes_of_the_bundled_set(train_notes, test_notes):
    names = evaluation.leaked(train_notes, test_notes)
    table = test_notes.table.set_index("note").loc[names]
    assert set(table["instrument"]) == {"mallet_acoustic_047", "string_acoustic_057"}
    assert len(names) == (~datasets.new_to(train_notes, test_notes)).sum() == 21
    train = train_notes.table["instrument"]
    others = train_notes.select(~train.isin(["mallet_acoustic_000", "string_acoustic_006"]))
    assert evaluation.leaked(others, test_notes) == []


def test_a_copy_leaks_under_any_name(train_notes, test_notes):
    renamed = train_notes.select(train_notes.table["instrument"] == "mallet_acoustic_000")
    renamed.table["instrument"] = "mallet_acoustic_900"
    names = evaluation.leaked(renamed, test_notes)
    assert [name.split("-")[:2] for name in names] == [
        ["mallet_acoustic_047", pitch] for pitch in ("066", "078", "079", "080")
    ]
