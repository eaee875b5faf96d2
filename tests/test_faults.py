"""Are faults noticed? Each of `faults.FAULTS` is planted in a copy and has to be caught.

Part of `make test-all`. A check proves itself first on a copy without a fault.
"""

import os
import subprocess
import sys
from functools import cache

import pytest
from faults import FAULTS, copy_of_the_book, plant

from tools.common import ROOT
from tools.regression import regression

# Chapter 3 stops at an assert of its own; a figure of chapter 7 drifts.
NOTICED = {"03_dataset": regression.FAIL, "07_lstm": regression.DRIFT}


def command(check: str) -> list[str]:
    """What a check is, as arguments of Python."""
    if "::" in check:
        test = "tests/test_{}.py::test_{}".format(*check.split("::"))
        return ["-m", "pytest", "-q", "-x", "-m", "", "-p", "no:cacheprovider", test]
    return ["-m", "tools.regression", "--profile", "smoke", "--no-exercises", "--only", check]


def status(root, check: str) -> int:
    """Run a check on a copy of the book and return its exit status."""
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *command(check)], cwd=root, env=environment, capture_output=True, text=True
    )
    print(done.stdout, done.stderr, sep="\n")
    return done.returncode


@pytest.fixture(scope="session")
def clean(tmp_path_factory):
    """A function that says what a check's exit status is where nothing is wrong."""
    root = copy_of_the_book(tmp_path_factory.mktemp("clean"))
    return cache(lambda check: status(root, check))


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(fault, clean, tmp_path):
    assert clean(fault.check) == 0, "the check complains without the fault"
    copy_of_the_book(tmp_path)
    plant(tmp_path, fault)
    # Not "usage error" or "no such test", which are no notice.
    assert status(tmp_path, fault.check) == NOTICED.get(fault.check, 1)


def test_every_fault_still_fits(tmp_path):
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 15
    (tmp_path / "helpers/runs").mkdir(parents=True)
    for fault in FAULTS:
        path = tmp_path / "helpers" / fault.file
        path.write_text((ROOT / "helpers" / fault.file).read_text())
        plant(tmp_path, fault)
        compile(path.read_text(), fault.file, "exec")
        with pytest.raises(ValueError, match=f"{fault.file} has .* 0 times, expected once"):
            plant(tmp_path, fault._replace(old="no such text"))
