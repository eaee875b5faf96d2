"""The named scales of a run: the same protocol on more or fewer notes and epochs.

Shown in chapter 1.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """How large a run is. The protocol (five 80/10/10 folds, two models) never changes.

    Attributes
    ----------
    name : str
    notes_per_family : int
        Notes drawn from each of the ten families of the training split.
    test_per_family : int or None
        Notes drawn from each family of the test split; None takes them all.
    folds : int
        How many of the five folds are trained and tested.
    epochs : int
        Epochs of every training; the thesis has 50 (section 3.2.5).
    trials, executions : int
        Combinations of hyperparameters tried, and trainings of each (section 3.2.6: 5 and 2).
    tuning_epochs : int
        Epochs of each execution. The thesis does not state them; `mini` and `thesis` use 50.
    """

    name: str
    notes_per_family: int
    test_per_family: int | None
    folds: int
    epochs: int
    trials: int
    executions: int
    tuning_epochs: int


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("smoke", 10, 2, folds=2, epochs=2, trials=2, executions=1, tuning_epochs=1),
        Profile("quick", 40, None, folds=5, epochs=10, trials=3, executions=2, tuning_epochs=6),
        Profile("mini", 100, None, folds=5, epochs=50, trials=5, executions=2, tuning_epochs=50),
        Profile("thesis", 8750, None, folds=5, epochs=50, trials=5, executions=2, tuning_epochs=50),
    )
}


def get(name: str) -> Profile:
    """Return the profile called `name`.

    Raises
    ------
    ValueError
        If there is no such profile; the message lists those there are.

    Examples
    --------
    >>> get("mini").notes_per_family
    100
    """
    try:
        return PROFILES[name]
    except KeyError:
        raise ValueError(f"unknown profile {name!r}: choose one of {', '.join(PROFILES)}") from None
