"""The figures that a chapter arrived at, left in its notebook for `tools.regression` to find."""

import numpy as np
import pandas as pd

from helpers.runs import records

# The MIME type of reported figures: no program shows it.
FIGURES = "application/vnd.cnn-or-lstm.figures+json"


def report(figures: dict, seed: int | None = None) -> None:
    """Leave figures in the notebook, as an output that shows nothing.

    `figures` (dict of str -> int, float, bool or str): by name: what is measured, then on what or
    of whom, such as `accuracy/fold test/base CNN`. The first word matters: see
    `tools.regression.baselines.RANGES`. NumPy's scalars are taken, too; a float that is not finite
    is kept as text ("nan"). `seed`: the seed that these figures depend on: another one gives
    others. Leave it out for figures that are the same in every run. Figures with a seed are
    numbers. Raises `TypeError` if a name is no text, or a value of another type.
    """
    from IPython.display import display

    kept = {}
    for name, value in figures.items():
        value = value.item() if isinstance(value, np.generic) else value
        allowed = (bool, int, float, str) if seed is None else (int, float)
        if not isinstance(name, str) or type(value) not in allowed:
            raise TypeError(
                f"the figure {name!r} is {value!r} of type {type(value).__name__}, "
                f"expected a name and {'a number or text' if seed is None else 'a number'}"
            )
        kept[name] = str(value) if isinstance(value, float) and not np.isfinite(value) else value
    display({FIGURES: {"seed": seed, "figures": kept}}, raw=True)


def losses(name: str, runs: list[records.Record]) -> dict[str, float]:
    """Training and validation loss after the last epoch, means over a model's runs, to report."""
    last = pd.DataFrame([run.history.iloc[-1] for run in runs]).mean()
    return {f"loss/training/{name}": last["loss"], f"loss/validation/{name}": last["val_loss"]}


def means(scores: pd.DataFrame) -> dict[str, float]:
    """Loss and accuracy by part and model, means over the runs, to report.

    `scores`: columns model, part, loss and accuracy, as `evaluation.score_table` has them.

    >>> rows = [("CNN", "mini-test", 0.75, 0.5), ("CNN", "mini-test", 0.25, 1.0)]
    >>> means(pd.DataFrame(rows, columns=["model", "part", "loss", "accuracy"]))
    {'loss/mini-test/CNN': 0.5, 'accuracy/mini-test/CNN': 0.75}
    """
    table = scores.groupby(["model", "part"])[["loss", "accuracy"]].mean().stack()
    return {f"{what}/{part}/{model}": value for (model, part, what), value in table.items()}
