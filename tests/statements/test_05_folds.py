import numpy as np
from test_statements import prose, statements, with_cells

PAGE = "05_folds"


def winner_flatters(winners):
    """Averaged over 20 divisions, the chosen pair scores {:.3f} on validation and {:.3f} on"""
    validation, test = np.mean(winners, axis=0)
    assert validation > test
    return validation, test


def fewer_to_choose_by(winners):
    """It widens: {:.3f} on validation and {:.3f} on test notes, in place of {:.3f} and {:.3f}."""
    half = ("order[:tenth]", "order[: tenth // 2]")
    c = with_cells(PAGE, ("def score_pairs", *half), ("winners = []",))
    found, before = (np.mean(each, axis=0) for each in (c["winners"], winners))
    assert found[0] - found[1] > before[0] - before[1]
    return *found, *before


def half_is_tested(tested, y):
    """In the five folds, {} of {:,} notes are tested on, once each. **Half are"""
    never, once, *more = tested["dealt"]
    assert never == once
    assert not any(more)
    return once, len(y)


def spread_of_folds(drawn, of_five, luck):
    """Single folds reach from {:.3f} to {:.3f}, means of five folds only from {:.3f} to {:.3f}. And
    the deviation of single folds, {:.3f}, is about that of counting luck alone, {:.3f}."""
    return drawn.min(), drawn.max(), of_five.min(), of_five.max(), drawn.std(ddof=1), luck


def neighbours_in_training(neighbours):
    """Of the {0} test notes, **all** have a training note of the same instrument, and {1} one
    within a semitone.

    teaching: | 3 | {1} of {0}. |"""
    total = neighbours.sum()
    assert total["same instrument"] == total["test notes"]
    return total["test notes"], total["within a semitone"]


def all_fall(contrast):
    """All five scores fall, by {:.1f} points on average."""
    gap = contrast["fold's test part"] - contrast["mini-test"]
    assert (gap > 0).all()
    return 100 * gap.mean()


def with_deviations(contrast):
    """on the folds from {:.3f} to {:.3f}, on mini-test from {:.3f} to {:.3f}."""
    X, test = "X", "cache.extract(test_notes)"
    both = "np.hstack([{0}.mean(axis=1), {0}.std(axis=1)])"
    found = with_cells(
        PAGE,
        ("means = X.mean", f"{X}.mean(axis=1)", both.format(X)),
        ("test_means = ", f"{test}.mean(axis=1)", both.format(test)),
        ("contrast = ",),
    )["contrast"]
    (fold, fold_now), (mini, mini_now) = zip(contrast.mean(), found.mean(), strict=True)
    return fold, fold_now, mini, mini_now


def by_design(by_design):
    """1-NN goes from {0:.3f} to {2:.3f}, extra trees from {1:.3f} to {3:.3f}.

    1-NN falls to **{4:.3f}** and extra trees to **{5:.3f}**.

    With instruments held out, 1-NN falls from {2:.3f} to {4:.3f}."""
    return by_design.mean().loc[["thesis", "matched", "grouped"], ["1-NN", "extra trees"]].stack()


def known_and_new(by_design):
    """teaching: 1-NN: {:.0f} % with known and {:.0f} % with new instruments. Extra trees: {:.0f} %
    and {:.0f} %."""
    return 100 * by_design.mean().loc[["matched", "grouped"], ["1-NN", "extra trees"]].T.stack()


def new_instruments(by_instrument):
    """of {} new ones, 1-NN names nine notes in ten or more of {}, and less than half of {}."""
    return len(by_instrument), (by_instrument >= 0.9).sum(), (by_instrument < 0.5).sum()


def own_instrument(shares):
    """With matched folds, {0:.0f} % of the nearest notes are of the test note's

    For {0:.0f} % of the notes on matched folds, the nearest one was of the same"""
    assert shares["grouped"] == 0
    return shares["matched"]


def twins_left_out(group, rows):
    """The {} notes of the strings are named rightly either way

    Of the {} notes of the two voices, {} are named rightly, without their twins {}, without another
    voice {:.0f}."""
    columns = "notes", "all in training", "without its twin", "without another"
    strings, voices = (
        [rows[name] for name in np.unique(group) if rows.get(name) and name.startswith(family)]
        for family in ("string", "vocal")
    )
    assert len(strings) == len(voices) == 2
    strings, voices = (
        [sum(row[column] for row in both) for column in columns] for both in (strings, voices)
    )
    assert len(set(strings)) == 1
    return strings[0], *voices


def recordings_held_out(twins, by_instruments, by_recordings):
    """Two pairs of twins among forty instruments had flattered 1-NN by {:.1f} points."""
    assert len(twins) == 2
    return 100 * (by_instruments - by_recordings)


def five_nearest_vote():
    """No: {:.3f} on training notes, and {:.3f} with shuffled families. A note no longer decides
    alone, so single notes lose their islands. On held-out notes: {:.3f} in place of {:.3f}."""
    votes = "names, votes = np.unique(answers, return_inverse=True)"
    answer = "return names[[np.bincount(five).argmax() for five in votes[nearest]]]"
    assert votes in prose(PAGE)
    assert answer in prose(PAGE)
    one, scored = "query(asked)\n    return answers[nearest]", ("held_out, known = ",)
    five = ("def predict", one, f"query(asked, k=5)\n    {votes}\n    {answer}")
    own = with_cells(PAGE, scored)["rows"]["real"]
    rows = with_cells(PAGE, five, scored, ("figures.islands",))["rows"]
    training, held_out = "training notes", "held-out notes"
    return (
        *[rows[of][training] for of in ("real", "shuffled")],
        rows["real"][held_out],
        own[held_out],
    )


def looked_up(y, means, predict):
    """teaching: Real families: {:.0f} % of the known notes, {:.0f} % of those held out. Shuffled:
    {:.0f} % and {:.0f} %."""
    # As chapter 5 does; later cells give its variables other values.
    rng = np.random.default_rng(0)
    held_out, known = np.split(rng.permutation(len(y)), [len(y) // 10])
    for answers in (y, rng.permutation(y)):
        for asked in (known, held_out):
            guessed = predict(means[known], answers[known], means[asked])
            yield 100 * (guessed == answers[asked]).mean()


def grouped_by_key(label, whole, accuracy_1nn, folds, by_design):
    """{:.3f}, nearly that of the matched folds: other keys"""
    keys = [f"{family} {key}" for family, key in zip(label, whole.table["pitch"], strict=True)]
    by_key = np.mean([accuracy_1nn(fold) for fold in folds.grouped(label, keys)])
    assert abs(by_key - by_design.mean().loc["matched", "1-NN"]) < 0.03
    return by_key


test_statement = statements(__name__)
