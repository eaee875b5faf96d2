import math

import numpy as np
from test_statements import run, statements, with_cells

PAGE = "01_background"


def validation_accuracy(c, epoch):
    return np.mean((c["predict"](c["X_val"], *c["weights"][epoch]) > 0.5) == c["y_val"])


def accuracy_stands_still(validation_loss):
    """the validation loss fell from {:.3f} after epoch 1 to {:.3f} after epoch 30, and the
    accuracy stood at {:.2f} all the time"""
    first, *others = [validation_accuracy(run(PAGE), epoch) for epoch in (1, 5, 30)]
    assert others == [first, first]
    return validation_loss[1], validation_loss[30], first


def overfitting(free_training, free_validation, best):
    """The training loss sank to {:.3f}. The validation loss was lowest after epoch {}, at {:.3f},
    and then rose to {:.3f}."""
    return free_training[-1], best, free_validation[best], free_validation[-1]


def lowest_training_loss(trials):
    """By training loss one would take trial {}, {:.3f}; on notes that it has not seen it is worse
    than trials 4 and 5, {:.3f} in validation and {:.3f} on the test notes."""
    trial = trials["training loss"].idxmin()
    losses = trials.loc[trial, ["training loss", "validation loss", "test loss"]]
    assert (trials.loc[[4, 5], losses.index[1:]] < losses[1:]).all(axis=None)
    return trial, *losses


def chosen_trial(trials, chosen):
    """we choose **trial {}**, {:.3f}, ahead of trial 5 by less than the table shows. On the test
    notes it has {:.3f}."""
    validation, test = trials.loc[chosen, ["validation loss", "test loss"]]
    assert validation < test
    return chosen, validation, test


def two_other_families():
    """names {:.0f} % of their validation notes correctly

    it gets {:.0f} % of them, where a coin"""
    for two in ('("guitar", "mallet")', '("reed", "vocal")'):
        yield 100 * validation_accuracy(run(PAGE, '("bass", "guitar")', two), 30)


def three_pitches():
    """A is a voice, B a guitar, C an organ, all three on pitch {}.

    The families are the same three, in the same order. At 40 the guitar (pitch {}) and the organ
    ({}) come down to the low end; the lowest voices of the set end at {}, so A stands out by its
    pitch alone. At 80 the voice is there, and guitar and organ stop at {}."""
    found = {}
    for pitch in (60, 40, 80):
        c = with_cells(PAGE, ("PITCH = 60", "PITCH = 60", f"PITCH = {pitch}"))
        three = c["notes"].table.loc[c["rows"]]
        assert three["family"].tolist() == ["vocal", "guitar", "organ"]
        found[pitch] = three["pitch"].tolist()
    assert len(set(found[60])) == 1
    assert found[80][0] == 80
    assert found[80][1] == found[80][2]
    return found[60][0], found[40][1], found[40][2], found[40][0], found[80][1]


def batches():
    """With 1 there are {} steps in an epoch in place of {}: the first epoch alone brings the
    validation loss to {:.3f}, and then the training loss trembles, because each step follows a
    single note. With 1000 all notes fit into one batch, an epoch is one step, and the curves are
    smooth and slow: after 5 epochs the validation loss is {:.3f}, after 30 it is {:.3f}."""
    steps, rises, losses = {}, {}, {}
    for size in (32, 1, 1000):
        c = with_cells(PAGE, ("def train", "BATCH_SIZE = 32", f"BATCH_SIZE = {size}"))
        steps[size] = math.ceil(len(c["y_train"]) / size)
        rises[size] = (np.diff(c["training_loss"]) > 0).sum()
        losses[size] = c["validation_loss"]
    assert steps[1000] == 1
    assert rises[1000] == 0
    assert rises[1] > 2 * rises[32]
    return steps[1], steps[32], losses[1][1], losses[1000][5], losses[1000][30]


def a_rate_of_three(X_train, y_train, loss, train):
    """The loss comes down to {:.3f}, close to the {:.3f} of the rate 0.3, and does not stay there:
    in the last five epochs it wanders between {:.2f} and {:.2f}. With 30 it ends above where it
    began."""
    right, three, thirty = (
        [loss(X_train, y_train, *weights) for weights in train(X_train, y_train, rate, epochs=30)]
        for rate in (0.3, 3, 30)
    )
    assert thirty[-1] > thirty[0]
    return min(three), right[-1], min(three[-5:]), max(three[-5:])


def more_notes(best, free_validation):
    """The training loss falls less far, to {:.3f}. The validation loss is lowest after epoch {}
    again, at {:.3f}, and then rises to {:.3f}."""
    c = with_cells(PAGE, ("N_WAVES = 300", "[:10]", "[:100]"))
    found = c["free_validation"]
    assert c["best"] == best
    assert min(found) < min(free_validation)
    assert found[-1] < free_validation[-1]
    assert round(301 / len(c["few"])) == 3
    return c["free_training"][-1], best, min(found), found[-1]


def sixteen_deals():
    """Of the seeds 0 to 15, {} choose trial 5, {} trial 4, {} trial 6 and {} trial 3. For {} of the
    16 the chosen trial is worse on the test notes than in validation; for the others luck went the
    other way. With seed 0 the most overfitted trial even has the best test"""
    chosen, worse = [], 0
    measured = "np.array([two_numbers(pair.waveform(i)) for i in range(len(pair))])", "X_raw"
    for seed in range(16):
        deal = ("DEAL = 5", "DEAL = 5", f"DEAL = {seed}", *measured)
        c = with_cells(PAGE, deal, ("X_train, y_train =",), ("trials = []",))
        trials = c["trials"]
        if seed == 0:
            assert trials["test loss"].idxmin() == trials["training loss"].idxmin()
        chosen.append(c["chosen"])
        worse += trials["test loss"][c["chosen"]] > trials["validation loss"][c["chosen"]]
    assert set(chosen) == {3, 4, 5, 6}
    words = {1: "one", 4: "four", 7: "seven"}
    return *[words[chosen.count(trial)] for trial in (5, 4, 6, 3)], worse


def other_numbers():
    """The fading gives a validation loss of {:.3f}. The level of the last second, in decibels,
    gives {:.3f}: guitars ring on longer after the key is let go. The time of the loudest sample
    gives {:.3f}. Yet by accuracy the three are {:.2f}, {:.2f} and {:.2f}"""
    again = (("DEAL = 5",), ("X_train, y_train =",), ("def train",))
    found = [run(PAGE)]
    for number in ("20 * np.log10(level(3))", "np.argmax(np.abs(waveform))"):
        fading = ("def two_numbers", "20 * np.log10(level(2) / level(0))", number)
        found.append(with_cells(PAGE, fading, *again))
    losses = [c["validation_loss"][30] for c in found]
    return *losses, *[validation_accuracy(c, 30) for c in found]


def stopped_in_time(predict, free, best, waves, X, y, few, part, y_val):
    """After epoch {} all {} notes are on the right side already, in paler colours: the model says
    so with less confidence. The validation accuracy is {:.2f} with either."""
    own, held_out = (waves(X[rows], 300) for rows in (few, part == "validation"))
    early, late = (predict(own, *free[epoch]) for epoch in (best, -1))
    right = (early > 0.5) == y[few]
    assert right.all()
    assert np.abs(early - 0.5).mean() < np.abs(late - 0.5).mean()
    scores = [((predict(held_out, *free[e]) > 0.5) == y_val).mean() for e in (best, -1)]
    assert scores[0] == scores[1]
    return best, right.sum(), scores[0]


test_statement = statements(__name__)
