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


def command(check: str) -> list[str]:
    """What a check is, as arguments of Python."""
    if check.startswith("tests/"):
        return ["-m", "pytest", "-q", "-x", "-m", "", "-p", "no:cacheprovider", *check.split()]
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
    chapter = not fault.check.startswith("tests/")
    assert clean(fault.check) == 0, "the check complains without the fault"
    copy_of_the_book(tmp_path)
    plant(tmp_path, fault)
    # Not "usage error" or "no such test", which are no notice.
    assert status(tmp_path, fault.check) == (regression.DRIFT if chapter else 1)


def test_every_fault_still_fits(tmp_path):
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 15
    for number, fault in enumerate(FAULTS):
        root = tmp_path / str(number)
        (root / "helpers/runs").mkdir(parents=True)
        source = ROOT / "helpers" / fault.file
        (root / "helpers" / fault.file).write_text(source.read_text())
        plant(root, fault)
        planted = (root / "helpers" / fault.file).read_text()
        compile(planted, fault.file, "exec")
        with pytest.raises(ValueError, match=f"{fault.file} has .* 0 times, expected once"):
            plant(root, fault._replace(old="no such text"))
