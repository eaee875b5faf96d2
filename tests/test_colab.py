"""The setup cell: it does nothing outside of Colab, and replaces nothing there.

The same with Colab's own versions, and every chapter run by them, is `make colab`.
"""

import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import colab
from tools.book import sync
from tools.book.address import PLACEHOLDER, Repository
from tools.common import ROOT
from tools.environments import colab_contract

ADDRESS = "https://github.com/some/where"
CELL = sync.setup_cell(Repository(ADDRESS)).split("\n", 1)[1]
IN_COLAB = "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')\n"


def test_elsewhere_the_cell_does_nothing(tmp_path):
    state = "(os.getcwd(), list(sys.path), dict(os.environ), set(sys.modules))"
    code = f"import os, sys\nbefore = {state}\n{CELL}\nassert before == {state}"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert not list(tmp_path.iterdir())


NO_TOOLS = "ModuleNotFoundError: No module named 'tools'"


@pytest.mark.parametrize(
    ("address", "says", "last"),
    [
        (PLACEHOLDER, "", "lacks its address: `make sync REPOSITORY=...` sets it."),
        ("https://no-such-host.invalid/a/b", "not resolve host: no-such-host.invalid", NO_TOOLS),
        ("file:///no/folder", "'/no/folder' does not appear to be a git repository", NO_TOOLS),
    ],
)
def test_what_keeps_it_from_cloning_is_said(tmp_path, address, says, last):
    cell = CELL.replace(ADDRESS, address)
    if address == PLACEHOLDER:
        cell = sync.setup_cell(Repository(address)).split("\n", 1)[1]
    cell = IN_COLAB + cell.replace(colab.FOLDER, str(tmp_path / "cnn-or-lstm"))
    done = subprocess.run(
        [sys.executable, "-P", "-c", cell], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": ""},
    )  # fmt: skip
    assert done.returncode == 1
    assert says in done.stdout
    assert done.stderr.endswith(f"{last}\n")
    assert not list(tmp_path.iterdir())


def test_what_pip_cannot_do_is_said_with_what_to_choose(monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(SystemExit, match=f"no-such-package cannot .* version {colab.RUNTIME}"):
        colab.install(["no-such-package"])


def test_what_is_missing_is_named_with_tensorboard_as_tensorflows_own():
    wanted = ["keras>=3.10", "keras-tuner>=1.4.7", "tensorboard>=2.19", "scikit-learn>=1.6"]
    have = {"keras": "3.13.2", "tensorflow": "2.20.0", "scikit-learn": "1.7"}
    assert colab.missing(wanted, have) == ["keras-tuner>=1.4.7", "tensorboard~=2.20.0"]
    assert colab.missing(wanted, {**have, "keras-tuner": "1", "tensorboard": "2.20.0"}) == []
    assert colab.missing(["Scikit_Learn"], have) == []


def test_pip_installs_what_is_missing_and_may_replace_nothing(monkeypatch):
    asked = []

    def run(command):
        asked.extend(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(colab.subprocess, "run", run)
    colab.install(["numpy>=2.0", "no-such-package>=2"])
    assert asked[-1] == "no-such-package>=2"
    assert "numpy>=2.0" not in asked
    pins = Path(asked[asked.index("--constraint") + 1]).read_text().splitlines()
    assert pins == [f"{name}=={version}" for name, version in colab.installed().items()]
    assert f"numpy=={metadata.version('numpy')}" in pins


def test_here_nothing_is_missing_and_pip_is_not_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(colab.subprocess, "run", lambda *_, **__: pytest.fail("pip was called"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TF_FORCE_GPU_ALLOW_GROWTH", raising=False)
    colab.prepare()
    assert Path.cwd() == ROOT / "book"
    assert os.environ.pop("TF_FORCE_GPU_ALLOW_GROWTH") == "true"


def test_the_project_admits_what_colab_ships():
    """Where it did not, the setup cell would have to replace something."""
    listed = tomllib.loads(colab.SHIPPED.read_text())
    project = tomllib.loads(colab.PROJECT.read_text())["project"]
    assert Requirement("python" + project["requires-python"]).specifier.contains(listed["python"])
    for requirement in map(Requirement, project["dependencies"]):
        if version := listed["packages"].get(colab.canonical(requirement.name)):
            assert requirement.specifier.contains(version), f"{requirement} against {version}"
    assert {"tensorflow", "keras", "numpy", "librosa", "ipywidgets"} <= set(listed["packages"])


def test_the_list_can_be_printed_anew():
    printed = subprocess.check_output(
        [sys.executable, colab.PROJECT.parent / "tools/colab.py"], text=True
    )
    listed = tomllib.loads(printed)
    assert listed["python"] == ".".join(map(str, sys.version_info[:3]))
    assert list(listed["packages"]) == sorted(listed["packages"])
    for name, version in listed["packages"].items():
        assert version == metadata.version(name)
    # Named by the project, asked for by an extra of it, needed by one that is named.
    assert {"keras", "papermill", "ipykernel", "numba"} <= set(listed["packages"])
    assert "ruff" not in listed["packages"]


def test_a_changed_version_is_named():
    before = {"numpy": "2.1.3", "keras": "3.13.2", "isal": "1.9.1"}
    assert colab_contract.changes(before, before | {"papermill": "2.7.0"}) == []
    after = {"numpy": "2.4.0", "keras": "3.13.2"}
    assert colab_contract.changes(before, after) == [
        "isal: 1.9.1 before, none after",
        "numpy: 2.1.3 before, 2.4.0 after",
    ]
