"""Instruments of the bundled notes that are one recording under two names.

`python -m tools.twins` writes `book/data/twins.csv` anew. The method is the dataset chapter's:
every two notes of the same family and pitch are laid over each other at every shift. Two
independent recordings have no reason to fit best at shift 0, so two instruments are twins where at
least two of their notes do, with a normalised cross-correlation above 0.95.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import signal
from tqdm import tqdm

from helpers import datasets

ALIKE = 0.95
PAIRS = 2


def likeness(a, b) -> tuple[float, int]:
    """The largest |r(k)| of two waveforms over all shifts k, and that k in samples.

    >>> tone = np.sin(np.arange(4000) / 9)
    >>> r, shift = likeness(np.pad(tone, (5, 0)), np.pad(tone, (0, 5)))
    >>> round(r, 3), shift
    (1.0, 5)
    """
    r = signal.correlate(a, b, method="fft") / max(np.sqrt((a @ a) * (b @ b)), 1e-12)
    k = int(np.abs(r).argmax())
    return abs(float(r[k])), int(signal.correlation_lags(len(a), len(b))[k])


def find(notes: pd.DataFrame, waveforms) -> pd.DataFrame:
    """The twins among notes.

    `notes`: columns instrument, family, pitch; one row a note. `waveforms`: float, (n, samples).
    Returns one row a pair of instruments: instrument, twin (the names in order), compared (pairs of
    notes of equal pitch), alike (how many fit best at shift 0 with r above 0.95), largest_r.
    """
    notes = notes.reset_index(drop=True)
    found = []
    groups = [group for _, group in notes.groupby(["family", "pitch"]) if len(group) > 1]
    for group in tqdm(groups, desc="twins", unit="pitch"):
        for a, b in combinations(group.index, 2):
            names = sorted((notes["instrument"][a], notes["instrument"][b]))
            if names[0] != names[1]:
                r, shift = likeness(waveforms[a], waveforms[b])
                found.append((*names, r, shift == 0 and r > ALIKE))
    pairs = pd.DataFrame(found, columns=["instrument", "twin", "r", "alike"])
    table = pairs.groupby(["instrument", "twin"]).agg(
        compared=("r", "size"), alike=("alike", "sum"), largest_r=("r", "max")
    )
    return table[table["alike"] >= PAIRS].round(4).reset_index()


def main() -> None:
    """Write the twins among all bundled notes to `datasets.TWINS`."""
    # By path: what is opened by name already has the column that is made here.
    folders = datasets.BUNDLED.values()
    sets = [datasets.load(path, split) for path in folders for split in ("train", "test")]
    table = pd.concat([notes.table for notes in sets])
    found = find(table, np.concatenate([notes.waveforms() for notes in sets]))
    found.to_csv(datasets.TWINS, index=False, lineterminator="\n")
    print(found)


if __name__ == "__main__":
    main()
