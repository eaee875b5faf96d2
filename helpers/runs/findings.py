"""The figures that a chapter arrived at, left in its notebook for `tools.regression` to find."""

import numpy as np

# The MIME type of reported figures: no program shows it.
FIGURES = "application/vnd.cnn-or-lstm.figures+json"


def report(figures: dict, seed: int | None = None) -> None:
    """Leave figures in the notebook, as an output that shows nothing.

    Parameters
    ----------
    figures : dict of str -> int, float, bool or str
        By name: what is measured, then on what or of whom, such as `accuracy/fold test/base CNN`.
        The first word matters: see `tools.regression.baselines.RANGES`. NumPy's scalars are taken,
        too; a float that is not finite is kept as text ("nan").
    seed : int, optional
        The seed that these figures depend on: another one gives others. Leave it out for
        figures that are the same in every run. Figures with a seed are numbers.

    Raises
    ------
    TypeError
        If a name is no text, or a value of another type.
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
