"""The setup cell: it does nothing outside of Colab, and replaces nothing there.

The same with Colab's own versions, and every chapter run by them, is `make colab`.
"""

import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib import metadata

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


def in_colab(cell, tmp_path):
    """Run a setup cell as Colab would; return the exit status and what a reader sees."""
    cell = cell.replace(colab.FOLDER, str(tmp_path / "cnn-or-lstm"))
    done = subprocess.run(
        [sys.executable, "-P", "-c", IN_COLAB + cell], cwd=tmp_path, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def test_a_copy_without_address_clones_nothing(tmp_path):
    cell = sync.setup_cell(Repository(PLACEHOLDER)).split("\n", 1)[1]
    status, says = in_colab(cell, tmp_path)
    assert status == 1
    assert says == "This copy of the book lacks its address: `make sync REPOSITORY=...` sets it.\n"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("https://no-such-host.invalid/a/b", "Could not resolve host: no-such-host.invalid"),
        ("file:///no/such/folder", "'/no/such/folder' does not appear to be a git repository"),
    ],
)
def test_what_keeps_it_from_cloning_is_said_by_git(tmp_path, address, says):
    status, seen = in_colab(CELL.replace(ADDRESS, address), tmp_path)
    assert status == 1
    assert says in seen
    assert seen.endswith("ModuleNotFoundError: No module named 'tools'\n")


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


def test_here_nothing_is_missing_and_pip_is_not_asked(monkeypatch):
    monkeypatch.setattr(colab.subprocess, "run", lambda *_, **__: pytest.fail("pip was called"))
    colab.install(colab.needed())


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


def wheel(folder, name, version, requires=()):
    """Write a wheel that holds nothing but its metadata."""
    info = f"{name}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{info}/METADATA", "\n".join(lines) + "\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")


@pytest.mark.long
def test_in_colab_it_clones_and_replaces_nothing(tmp_path):
    """A machine with old packages, an index with newer ones, and a module called google.colab."""
    wheels, machine, origin = (tmp_path / name for name in ("wheels", "machine", "origin"))
    wheels.mkdir()
    for version in ("2.20.1", "2.21.0"):
        wheel(wheels, "tensorflow", version)
    for version in ("2.20.0", "2.21.0"):
        wheel(wheels, "tensorboard", version)
    for version in ("2.1.3", "2.4.0"):
        wheel(wheels, "numpy", version)
    wheel(wheels, "papermill", "2.7.0")
    # The newest wants a newer numpy than the machine has: pip must take the older one.
    wheel(wheels, "keras_tuner", "1.4.8", ["numpy>=2.0"])
    wheel(wheels, "keras_tuner", "1.5.0", ["numpy>=2.4"])
    venv.create(machine, with_pip=True)
    python = machine / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    first = ["install", "-q", "tensorflow==2.20.1", "numpy==2.1.3"]
    subprocess.run([*pip, *first], env=environment, check=True)

    (origin / "book").mkdir(parents=True)
    (origin / "tools").mkdir()
    (origin / "book/here.txt").touch()
    (origin / "tools/colab.py").write_text((ROOT / "tools/colab.py").read_text())
    (origin / "pyproject.toml").write_text(
        '[project]\ndependencies = ["numpy>=2.0", "keras-tuner>=1.4.7", "tensorflow>=2.19",'
        ' "tensorboard>=2.19"]\n'
    )
    identity = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false"]
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        [*identity, "commit", "-q", "-m", "a"],
    ):
        subprocess.run(["git", *command], cwd=origin, check=True)

    cell = CELL.replace(ADDRESS, origin.as_uri())
    cell = cell.replace(colab.FOLDER, str(tmp_path / "content"))
    code = (
        f"{IN_COLAB}{cell}\nimport os\nassert os.path.exists('here.txt')\n"
        f"assert sys.path[0] == {str(tmp_path / 'content')!r}\n"
        "assert os.environ['TF_FORCE_GPU_ALLOW_GROWTH'] == 'true'\n"
    )
    for _ in range(2):  # a restarted runtime runs the cell again
        subprocess.run([python, "-c", code], cwd=tmp_path, env=environment, check=True)
    listed = subprocess.run(
        [*pip, "list", "--format=freeze"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    expected = {"tensorflow==2.20.1", "numpy==2.1.3", "tensorboard==2.20.0", "papermill==2.7.0"}
    assert expected | {"keras_tuner==1.4.8"} <= {
        line.replace("keras-tuner", "keras_tuner") for line in listed
    }
