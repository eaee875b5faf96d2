"""Training is real here: small networks' sizes are the thesis's, only notes and epochs are few."""

import json

import keras
import numpy as np
import pytest

from helpers import models, records, training, tuning


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    return training.Experiment("smoke", runs=tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module", params=["cnn", "lstm"])
def run(request, experiment):
    """Four epochs, undisturbed, so that there is something to interrupt."""
    return request.param, experiment.run(request.param, fold=2, epochs=4)


def same(first, second, atol=0.0):
    assert first.history.equals(second.history)
    for part, expected in first.predictions.items():
        np.testing.assert_array_equal(second.predictions[part]["notes"], expected["notes"])
        np.testing.assert_allclose(
            second.predictions[part]["probabilities"], expected["probabilities"], rtol=0, atol=atol
        )


def test_a_record_says_what_was_done(experiment, run):
    name, record = run
    assert list(record.history["epoch"]) == [1, 2, 3, 4]
    assert record.config["hyperparameters"] == models.hyperparameters(name)
    assert record.config["learning_rate"] == models.LEARNING_RATES[name]
    assert record.config["batch_size"] == 32
    assert record.info["backend"] == keras.backend.backend()
    assert record.info["parameters"] == models.BUILDERS[name]().count_params()
    assert record.info["seconds"] > 0
    fold = experiment.folds[1]
    expected = {
        "fold_test": experiment.notes.select(fold.test),
        "nsynth_test": experiment.test_notes,
    }
    for part, notes in expected.items():
        assert list(record.predictions[part]["notes"]) == list(notes.table["note"])
        np.testing.assert_array_equal(record.predictions[part]["labels"], notes.labels)
        sums = record.predictions[part]["probabilities"].sum(axis=1)
        np.testing.assert_allclose(sums, 1, rtol=1e-5)
    json.dumps(record.info)


def test_a_finished_run_is_not_trained_again(experiment, run, monkeypatch):
    name, record = run
    monkeypatch.setattr(training, "_train", None)
    same(record, experiment.run(name, fold=2, epochs=4))


def test_the_same_seed_gives_the_same_run_and_another_does_not(experiment, run, tmp_path):
    name, record = run
    again = training.Experiment("smoke", runs=tmp_path)
    same(record, again.run(name, fold=2, epochs=4))
    other = again.run(name, fold=2, epochs=4, seed=1)
    assert not record.history.equals(other.history)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("after", [1, 3])
def test_an_interrupted_run_ends_in_the_same_record(run, tmp_path, monkeypatch, after):
    name, record = run
    experiment = training.Experiment("smoke", runs=tmp_path)
    save = training.save_checkpoint

    def save_and_die(path, model, config, history, seconds):
        save(path, model, config, history, seconds)
        if len(history) == after:
            raise Killed

    monkeypatch.setattr(training, "save_checkpoint", save_and_die)
    with pytest.raises(Killed):
        experiment.run(name, fold=2, epochs=4)
    assert records.read_all(tmp_path) == []

    epochs = []
    set_seeds = training.set_dropout_seeds
    monkeypatch.setattr(training, "save_checkpoint", save)
    monkeypatch.setattr(
        training,
        "set_dropout_seeds",
        lambda model, seed, epoch: (epochs.append(epoch), set_seeds(model, seed, epoch)),
    )
    resumed = experiment.run(name, fold=2, epochs=4)
    assert epochs == list(range(after, 4))
    same(record, resumed, atol=1e-5)
    assert not list(tmp_path.glob(".work/*/checkpoint*"))


def test_what_a_killed_process_was_writing_is_cleared_away(tmp_path):
    experiment = training.Experiment("smoke", runs=tmp_path)
    name = records.record_name(experiment.config("cnn", epochs=1))
    other = tmp_path / ".lstm-fold1-seed0-000000000000.xyz"  # of a run that is not ours
    draft, work = tmp_path / f".{name}.abc", tmp_path / ".work" / name
    for folder in (other, draft, work):
        folder.mkdir(parents=True)
    (draft / "history.csv").write_text("half")
    (work / f".{training.CHECKPOINT}.abc").write_bytes(b"half")
    experiment.run("cnn", epochs=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([".work", other.name, name])
    assert [p.name for p in work.iterdir() if p.name != "lock"] == []


def test_dropout_differs_between_epochs_layers_and_seeds():
    model = models.compiled("cnn")
    states = set()
    for seed, epoch in ((0, 0), (0, 1), (1, 0)):
        training.set_dropout_seeds(model, seed, epoch)
        dropouts = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
        states |= {tuple(np.asarray(layer.seed_generator.state)) for layer in dropouts}
    assert len(states) == 3 * 4


@pytest.mark.parametrize("damage", ["truncated", "another configuration", "another backend"])
def test_a_checkpoint_that_cannot_be_used_is_passed_over(experiment, tmp_path, capsys, damage):
    config = experiment.config("cnn")
    model = models.compiled("cnn")
    model.optimizer.build(model.trainable_variables)
    before = [np.array(np.asarray(v)) for v in model.variables]
    path = tmp_path / training.CHECKPOINT
    saved = config | {"seed": 9} if damage == "another configuration" else config
    training.save_checkpoint(path, models_like(model), saved, [{"epoch": 1}], 1.0)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-1000])
    elif damage == "another backend":
        path.write_bytes(path.read_bytes().replace(backend_field(), b"-" * len(backend_field())))
    assert training.load_checkpoint(path, model, config) == ([], 0.0)
    assert str(path) in capsys.readouterr().out
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(np.asarray(variable), value)


def models_like(model):
    other = models.compiled(model.name)
    other.optimizer.build(other.trainable_variables)
    return other


def backend_field():
    return keras.backend.backend().encode()


@pytest.mark.parametrize("model", ["cnn", "lstm"])
def test_search(experiment, model, monkeypatch):
    search = tuning.search(experiment, model)
    space = tuning.SPACES[model]
    assert list(search.table.columns) == [*space, "execution 1", "score"]
    assert len(search.table) == experiment.profile.trials
    for name, values in space.items():
        assert set(search.table[name]) <= set(values)
    assert len(search.table.drop_duplicates(list(space))) == len(search.table)
    best = search.table.loc[search.table["score"].idxmax(), list(space)]
    assert search.best == {name: best[name] for name in space}
    assert {record.fold for group in search.runs for record in group} == {1}

    # The same search again comes from its records, and another seed draws other trials.
    train = training._train
    monkeypatch.setattr(training, "_train", None)
    assert tuning.search(experiment, model).table.equals(search.table)
    monkeypatch.setattr(training, "_train", train)


def test_executions_of_a_trial_differ_and_are_averaged(experiment, monkeypatch):
    import dataclasses

    two = dataclasses.replace(experiment.profile, trials=1, executions=2)
    monkeypatch.setattr(experiment, "profile", two)
    search = tuning.search(experiment, "lstm")
    ((first, second),) = search.runs
    assert first.config["hyperparameters"] == second.config["hyperparameters"]
    assert first.config["seed"] != second.config["seed"]
    assert not first.history.equals(second.history)
    row = search.table.iloc[0]
    assert row["score"] == pytest.approx((row["execution 1"] + row["execution 2"]) / 2)


def test_a_failing_execution_is_reported_as_it_is(experiment, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(experiment, "run", fail)
    with pytest.raises(Exception, match="trial 1: disk full"):
        tuning.search(experiment, "cnn")


def test_unknown_profile_and_hyperparameter(experiment):
    with pytest.raises(ValueError, match="unknown profile 'quik': choose one of smoke, quick"):
        training.Experiment("quik")
    with pytest.raises(ValueError, match="lstm has no dropout_cnn"):
        experiment.run("lstm", {"dropout_cnn": 0.5})
