"""Training is real here, but of tiny networks; one test trains the thesis's CNN."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest
from conftest import audio_bytes

from helpers import datasets, models, tuning
from helpers.runs import cache, records, training
from tools.book import sync
from tools.common import ROOT

pytestmark = pytest.mark.usefixtures("tiny_networks")


@pytest.fixture(scope="module")
def experiment(tmp_path_factory, tiny_networks):
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


def test_each_part_of_a_fold_has_its_job(experiment, monkeypatch):
    asked = {}

    def watched(config, X, y, part, tests, runs, watch):
        asked.update(X=X, y=y, part=part, tests=tests)

    monkeypatch.setattr(training, "train", watched)
    experiment.run("cnn", fold=2)
    fold, (own, X_own, rows) = experiment.folds[1], asked["tests"]["fold_test"]
    assert asked["part"] is fold
    np.testing.assert_array_equal(asked["X"], experiment.X)
    np.testing.assert_array_equal(asked["y"], experiment.y)
    assert list(own.table["note"]) == list(experiment.notes.table["note"].iloc[fold.test])
    np.testing.assert_array_equal(X_own[rows], experiment.X[fold.test])
    unseen, X_unseen, rows = asked["tests"]["nsynth_test"]
    assert set(unseen.table["note"]) <= set(datasets.load("nsynth-mini", "test").table["note"])
    np.testing.assert_array_equal(X_unseen[rows], experiment.X_test)


def test_a_network_is_trained_as_its_configuration_says(tmp_path, monkeypatch):
    seen, fit = [], keras.Model.fit

    def watched(model, batches, **options):
        every = [batches[i] for i in range(len(batches))]
        validated = [options["validation_data"][i] for i in range(len(options["validation_data"]))]
        seen.append((model, every, validated))
        return fit(model, batches, **options)

    monkeypatch.setattr(keras.Model, "fit", watched)
    monkeypatch.setitem(models.BUILDERS, "cnn", models.cnn)
    experiment = training.Experiment("smoke", runs=tmp_path)
    record = experiment.run("cnn", {"dropout_cnn": 0.4}, epochs=2)
    (model, *_), _ = seen
    dropouts = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert [layer.rate for layer in dropouts] == [0.4] * 4
    assert float(model.optimizer.learning_rate) == pytest.approx(record.config["learning_rate"])
    fold = experiment.folds[0]
    assert int(model.optimizer.iterations) == 2 * np.ceil(len(fold.train) / 32)

    def whole(batches):
        return tuple(np.concatenate(parts) for parts in zip(*batches, strict=True))

    # Each epoch has all training notes with their labels, in an order of its own.
    orders = []
    for _, every, validated in seen:
        (X, y), (X_validated, y_validated) = whole(every), whole(validated)
        np.testing.assert_array_equal(X_validated, experiment.X[fold.validation])
        np.testing.assert_array_equal(y_validated, experiment.y[fold.validation])
        places = [np.flatnonzero((x == experiment.X).all(axis=(1, 2)))[0] for x in X]
        assert sorted(places) == sorted(fold.train)
        np.testing.assert_array_equal(y, experiment.y[places])
        orders.append(places)
    assert orders[0] != orders[1]


def test_a_finished_run_is_not_trained_again(experiment, run, monkeypatch):
    name, record = run
    monkeypatch.setattr(training, "_train", None)
    same(record, experiment.run(name, fold=2, epochs=4))


def test_the_same_seed_gives_the_same_run(run, tmp_path):
    name, record = run
    same(record, training.Experiment("smoke", runs=tmp_path).run(name, fold=2, epochs=4))


def test_another_seed_gives_another_run_and_a_shorter_one_its_beginning(experiment, tmp_path):
    record = experiment.run("cnn", fold=2, epochs=4)
    again = training.Experiment("smoke", runs=tmp_path)
    other = again.run("cnn", fold=2, epochs=2, seed=1)
    # A training does not know how long it will be: chapter 12 relies on it.
    shorter = again.run("cnn", fold=2, epochs=2)
    assert record.history[:2].equals(shorter.history)
    assert not shorter.history.equals(other.history)


def by_arrays(experiment, epochs=4):
    """The same training with the features in memory, as Keras cuts them into batches itself."""
    fold, X, y = experiment.folds[1], experiment.X, experiment.y
    seed = training.start_of(0, 0, 2)
    keras.utils.set_random_seed(seed)
    model, history = built("cnn"), []
    for epoch in range(epochs):
        training.set_dropout_seeds(model, seed, epoch)
        order = fold.train[np.random.default_rng([seed, epoch]).permutation(len(fold.train))]
        validation = X[fold.validation], y[fold.validation]
        logs = model.fit(
            X[order], y[order], validation_data=validation, batch_size=32, shuffle=False, verbose=0
        ).history
        history.append({name: values[0] for name, values in logs.items()})
    return history, model.predict(X[fold.test], verbose=0)


def test_batches_from_a_memory_map_change_nothing(experiment, tmp_path):
    record = experiment.run("cnn", fold=2, epochs=4)
    history, probabilities = by_arrays(experiment)
    assert record.history[list(history[0])].to_dict("records") == history
    np.testing.assert_array_equal(record.predictions["fold_test"]["probabilities"], probabilities)
    np.save(tmp_path / "X.npy", experiment.X)
    mapped = training.Experiment("smoke", runs=tmp_path / "runs")
    mapped.X = np.load(tmp_path / "X.npy", mmap_mode="r")
    same(record, mapped.run("cnn", fold=2, epochs=4))


def test_batches_read_only_what_is_asked_for():
    X, y = np.arange(20).reshape(10, 2), np.arange(10)
    rows = np.array([7, 0, 3, 3, 9])
    parts = training.batches(X, y, rows, 2)
    assert len(parts) == 3
    for i, expected in enumerate(([7, 0], [3, 3], [9])):
        np.testing.assert_array_equal(parts[i][0], X[expected])
        np.testing.assert_array_equal(parts[i][1], expected)
    np.testing.assert_array_equal(training.batches(X, None, rows, 4)[1], X[[9]])


class Killed(BaseException):
    pass


@pytest.mark.parametrize("after", [1, 3])
def test_an_interrupted_run_ends_in_the_same_record(run, tmp_path, monkeypatch, after):
    name, record = run
    experiment = training.Experiment("smoke", runs=tmp_path)
    save = training.save_checkpoint

    def save_and_die(work, model, config, history, seconds):
        save(work, model, config, history, seconds)
        if len(history) == after:
            raise Killed

    monkeypatch.setattr(training, "save_checkpoint", save_and_die)
    # The traceback is kept, as a notebook keeps it: that must not keep the run's lock.
    with pytest.raises(Killed) as interruption:
        experiment.run(name, fold=2, epochs=4)
    assert interruption.tb is not None
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
    (work / f".{training.CHECKPOINT}.xyz").write_bytes(b"half")
    experiment.run("cnn", epochs=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([".work", other.name, name])
    assert [p.name for p in work.iterdir() if p.name != "lock"] == []


def test_dropout_differs_between_epochs_layers_and_seeds():
    model = models.cnn()
    states = set()
    for seed, epoch in ((0, 0), (0, 1), (1, 0)):
        training.set_dropout_seeds(model, seed, epoch)
        dropouts = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
        states |= {tuple(np.asarray(layer.seed_generator.state)) for layer in dropouts}
    assert len(states) == 3 * 4


@pytest.fixture
def saved(tmp_path):
    """A checkpoint of two epochs: its path, the model and the configuration that it is of."""
    model, config = built("lstm"), {"model": "lstm"}
    training.save_checkpoint(tmp_path, built("lstm"), config, [{"epoch": 1}], 1.0)
    training.save_checkpoint(tmp_path, model, config, [{"epoch": 1}, {"epoch": 2}], 2.0)
    (path,) = tmp_path.iterdir()
    return path, model, config


def values(model):
    return [np.asarray(variable).copy() for variable in training._variables(model)]


def test_the_last_checkpoint_is_loaded(saved):
    path, model, config = saved
    other = built("lstm")
    assert training.load_checkpoint(path.parent, other, config) == ([{"epoch": 1}, {"epoch": 2}], 2)
    for value, expected in zip(values(other), values(model), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_any_change_of_a_checkpoint_is_noticed(saved, capsys):
    path, model, config = saved
    whole, before = path.read_bytes(), values(model)
    rng = np.random.default_rng(0)
    damaged = [whole[:-1000], whole + b"x", b"", b"PK" + whole[2:]]
    for at in [*range(40), *rng.integers(0, len(whole), 400)]:
        damaged.append(whole[:at] + bytes([whole[at] ^ (1 << rng.integers(8))]) + whole[at + 1 :])
    for content in damaged:
        path.write_bytes(content)
        assert training.load_checkpoint(path.parent, model, config) == ([], 0.0)
        assert f"{path}: damaged; this checkpoint is not used" in capsys.readouterr().out
    for value, expected in zip(values(model), before, strict=True):
        np.testing.assert_array_equal(value, expected)


def test_a_checkpoint_of_another_run_is_passed_over(saved, capsys, monkeypatch):
    path, model, config = saved

    def says(word, model=model, config=config):
        assert training.load_checkpoint(path.parent, model, config) == ([], 0.0)
        assert f"{path}: {word}" in capsys.readouterr().out

    says("of another configuration", config={"model": "lstm", "seed": 9})
    says("of another model", model=built("cnn"))
    monkeypatch.setattr(keras.backend, "backend", lambda: "another")
    says(f"made by the {keras.config.backend()} backend")


def test_an_interrupted_save_leaves_the_one_before(saved, monkeypatch):
    path, model, config = saved
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        training.save_checkpoint(path.parent, model, config, [{"epoch": 1}] * 3, 3.0)
    assert [p.read_bytes() for p in path.parent.iterdir()] == [before]


def built(name):
    model = models.compiled(name)
    model.optimizer.build(model.trainable_variables)
    return model


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


def test_the_score_of_an_execution_is_its_best_epoch():
    history = pd.DataFrame({"val_accuracy": [0.2, 0.6, 0.4]})
    record = records.Record({}, history, {})
    assert tuning.execution_score(record) == 0.6
    assert tuning.execution_score(record, epochs=1) == 0.2


def test_of_equal_trials_the_earliest_wins():
    """As float32, which Keras measures in, the mean of 0.71 and 0.75 is a bit below 0.73."""
    setting = {"config": {"hyperparameters": tuning.THESIS["cnn"]}}

    def run(accuracy, info=setting):
        return records.Record(info, pd.DataFrame({"val_accuracy": np.float32([accuracy])}), {})

    other = {"config": {"hyperparameters": tuning.THESIS["cnn"] | {"dropout_cnn": 0.5}}}
    found = tuning._search("cnn", [[run(0.71), run(0.75)], [run(0.73, other), run(0.73, other)]])
    assert found.best == tuning.THESIS["cnn"]


def test_a_search_is_read_as_if_it_had_been_shorter():
    shipped = records.read_all(records.SHIPPED)
    whole = tuning.read_search(shipped, "lstm")
    short = tuning.read_search(shipped, "lstm", epochs=3)
    for executions, score in zip(whole.runs, short.table["score"], strict=True):
        best = [run.history["val_accuracy"][:3].max() for run in executions]
        assert score == round(np.mean(best), 6)
    assert (short.table["score"] < whole.table["score"]).all()
    assert tuning.read_search(shipped, "lstm", epochs=51) is None


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
        tuning.search(experiment, "cnn", seed=7)


def test_a_recorded_search_needs_no_tuner(experiment):
    """As chapters 9 and 10 are rendered: nothing is drawn, no model is built."""
    search = tuning.search(experiment, "lstm")
    code = (
        "import sys; from helpers import tuning\n"
        "from helpers.runs import records, training\n"
        f"runs = {str(experiment.runs)!r}\n"
        "experiment = training.Experiment('smoke', runs=runs)\n"
        "print(tuning.search(experiment, 'lstm').best)\n"
        "print(tuning.read_search(records.read_all(runs), 'lstm', 'smoke').best)\n"
        "print({'tensorflow', 'keras', 'keras_tuner'} & set(sys.modules))"
    )
    output = subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()
    assert output == [str(search.best), str(search.best), "set()"]


@pytest.mark.long
def test_the_protocol_is_found_among_records(experiment):
    searches = {name: tuning.search(experiment, name) for name in tuning.SPACES}
    expected = {}
    for name, search in searches.items():
        expected[f"Base {name.upper()}"] = experiment.run_folds(name)
        expected[f"Optimised {name.upper()}"] = experiment.run_folds(name, search.best)
    group = records.read_all(experiment.runs)  # with runs of other tests among them
    found = tuning.protocol(group, "smoke")
    assert list(found) == list(expected)  # the thesis's settings were not trained
    for title, runs in expected.items():
        assert [r.info["hash"] for r in found[title]] == [r.info["hash"] for r in runs]
    # Without one of its folds a model is left out, without an execution the search is.
    missing = {expected["Base CNN"][1].info["hash"], searches["lstm"].runs[1][0].info["hash"]}
    found = tuning.protocol([r for r in group if r.info["hash"] not in missing], "smoke")
    assert list(found) == ["Optimised CNN", "Base LSTM"]


def test_a_run_that_came_with_the_book_is_not_trained_again(experiment, tmp_path, monkeypatch):
    record = experiment.run("lstm")
    monkeypatch.setattr(records, "SHIPPED", experiment.runs)
    monkeypatch.setattr(training, "_train", None)
    elsewhere = training.Experiment("smoke", runs=tmp_path)
    same(record, elsewhere.run("lstm"))
    assert training.epochs_done(tmp_path, record.config) == record.config["epochs"]
    assert list(tmp_path.iterdir()) == []


def test_folds_that_hold_out_instruments_and_their_match(tmp_path):
    grouped = training.Experiment("smoke", runs=tmp_path, split="grouped")
    matched = training.Experiment("smoke", runs=tmp_path, split="matched")
    instruments = grouped.notes.table["instrument"].to_numpy()
    recordings = grouped.notes.table["recording"].to_numpy()
    assert 2 <= len(grouped.folds) <= 4
    shared = 0
    for held_out, random in zip(grouped.folds, matched.folds, strict=True):
        known = np.concatenate([held_out.train, held_out.validation])
        assert not set(instruments[known]) & set(instruments[held_out.test])
        assert not set(recordings[known]) & set(recordings[held_out.test])
        assert len(held_out.test) == len(random.test)
        shared += len(set(instruments[random.train]) & set(instruments[random.test]))
    assert shared > 0
    record = grouped.run("lstm", epochs=1)
    assert record.config["split"] == {
        "kind": "grouped", "fold": 1, "n_folds": len(grouped.folds), "seed": 0,
        "holds_out": "recordings",
    }  # fmt: skip
    expected = grouped.notes.table["note"].to_numpy()[grouped.folds[0].test]
    assert list(record.predictions["fold_test"]["notes"]) == list(expected)
    assert grouped.config("lstm") != matched.config("lstm")
    with pytest.raises(ValueError, match="unknown split 'group': choose one of stratified"):
        training.Experiment("smoke", split="group")


@pytest.mark.long
def test_other_features_and_a_clean_measurement(tmp_path, experiment):
    short = training.Experiment("smoke", runs=tmp_path, seconds=1)
    mel = training.Experiment("smoke", runs=tmp_path, feature="mel", seconds=1)
    assert short.X.shape[1:] == (32, 13)
    assert mel.X.shape[1:] == (32, 128)
    usual, other = experiment.config("lstm"), short.config("lstm")
    assert "seconds" not in usual["features"]
    assert other["features"] == usual["features"] | {"seconds": 1}
    assert mel.config("lstm")["features"] == usual["features"] | {"kind": "mel", "seconds": 1}
    for each in (short, mel):
        assert each.run("cnn", epochs=1).info["metrics"]["nsynth_test"]["loss"] > 0
    # Measuring the training notes again changes nothing else.
    clean = short.run("lstm", epochs=2, remeasure=True)
    plain = short.run("lstm", epochs=2)
    assert list(clean.history) == [*records.HISTORY, "clean_accuracy", "clean_loss"]
    assert clean.history[list(records.HISTORY)].equals(plain.history)
    assert not clean.history["clean_loss"].equals(plain.history["loss"])
    # None of these is taken for a run of the protocol.
    group = records.read_all(tmp_path)
    assert len(group) == 4
    assert tuning.protocol(group, "smoke") == {}


def test_unknown_profile_and_hyperparameter(experiment):
    with pytest.raises(ValueError, match="unknown profile 'quik': choose one of smoke, quick"):
        training.Experiment("quik")
    with pytest.raises(ValueError, match="lstm has no dropout_cnn"):
        experiment.run("lstm", {"dropout_cnn": 0.5})


LOOP = """    for variable, value in zip(everything(resumed), saved, strict=True):
        variable.assign(value)
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        (LOOP, "    resumed.set_weights(stopped.get_weights())\n"),
        (
            "    train_epoch(resumed, 1, few)",
            "    resumed.fit(X[few], y[few], batch_size=16, verbose=0)",
        ),
    ],
    ids=["as it stands", "weights alone", "another order"],
)
def test_the_page_on_the_recorder_does_what_it_says(old, new, tmp_path, monkeypatch):
    page = (ROOT / "book/recorder.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?s)```python\n(.*?)```", page)
    assert old in blocks[1]
    rng = np.random.default_rng(0)
    names = {
        "X": rng.normal(size=(60, 126, 13)).astype("float32"), "y": np.arange(60) % 10,
        "fold": SimpleNamespace(train=np.arange(60).repeat(10)),
        "np": np, "keras": keras, "models": models,
    }  # fmt: skip
    monkeypatch.chdir(tmp_path)
    exec(blocks[0], names)
    if old:
        with pytest.raises(AssertionError):
            exec(blocks[1].replace(old, new), names)
        return
    exec(blocks[1], names)
    exec(blocks[2], names)
    assert [path.name for path in tmp_path.iterdir()] == ["record"]


@pytest.mark.parametrize("chapter", ["05_folds"])
def test_a_set_of_too_few_instruments_is_told_so_first(make_set, monkeypatch, chapter, tmp_path):
    # Four instruments a family, of two families one.
    few = {"flute": 1, "organ": 1}
    names = [
        f"{family}_acoustic_{i % few.get(family, 4):03d}-{60 + i:03d}-100"
        for family in datasets.FAMILIES
        for i in range(12)
    ]
    sound = audio_bytes(np.zeros(64_000))
    tested = [name.replace("_0", "_9") for name in names]
    make_set(tested, dict.fromkeys(tested, sound), examples=False, split="test")
    own = make_set(names, dict.fromkeys(names, sound), examples=False)
    monkeypatch.setattr(cache, "extract", lambda *_: pytest.fail("features came first"))
    start = {"PROFILE": "smoke", "DATA": str(own), "RUNS": str(tmp_path / "runs"), "SEED": 0}
    path = ROOT / f"book/{chapter}.py"
    read = sync.parse(path.read_text(encoding="utf-8"), path.name)[1]
    code = [cell.source for cell, _ in read if cell.cell_type == "code"]
    begins = "\n".join(code[2:4])  # what follows the setup and the parameters
    with pytest.raises(ValueError, match="of every family, found flute with 1, organ with 1: take"):
        exec(compile(begins, chapter, "exec"), start)
