"""What takes long and must hold: unchanged code raises no alarm, and the same seed no difference.

Part of `make test-all`; the variable SEEDS says how many fresh seeds are tried.
"""

import os
from pathlib import Path

import pytest

from tools.book import execute
from tools.regression import baselines, regression

SEEDS = int(os.environ.get("SEEDS", "1"))
pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("seed", range(1000, 1000 + SEEDS))
def test_a_fresh_seed_raises_no_alarm(seed, capsys):
    # The first runs all chapters; to those without a seed, another one makes no difference.
    drawn = [path.stem for path in execute.select([]) if regression.has_seed(path)]
    only = ["--only", *drawn] if seed > 1000 else []
    found = regression.main(["--profile", "smoke", "--no-exercises", "--seed", str(seed), *only])
    with capsys.disabled():
        print(capsys.readouterr().out)
    assert found == regression.PASS


@pytest.mark.parametrize("chapter", ["06_cnn", "07_lstm"])
def test_the_same_seed_gives_the_same_figures(chapter, tmp_path):
    found = []
    for number in ("first", "second"):
        folder = tmp_path / number
        parameters = execute.prepare(
            "smoke", execute.select([chapter]), {}, own=regression.own(3, folder)
        )
        outcomes = execute.run_all("smoke", parameters, folder)
        assert outcomes[chapter]["error"] is None
        found.append(baselines.figures(Path(outcomes[chapter]["notebook"])))
    assert sum(figure.seeded for figure in found[0].values()) > 5
    assert found[0] == found[1]
