"""Install in Colab what the chapters need and the machine lacks, and replace nothing that is there.

Chapters' setup cell calls `prepare`, in an environment that was chosen by others: a newer numpy or
Keras would break what else is in it. So every installed version becomes a constraint.

As a script, in a fresh runtime, it prints the versions that Colab ships in the form of
`tools/environments/colab.toml`, the list by which `tools.environments.colab_contract` checks this
promise.
"""

import datetime
import os
import platform
import re
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
FOLDER = "/content/cnn-or-lstm"  # where the setup cell puts the book
RUNTIME = "2026.07"  # the newest of the past runtimes that Colab lets one choose
SHIPPED = Path(__file__).resolve().with_name("environments") / "colab.toml"
# Beyond the helpers' own dependencies: what runs a chapter without a browser.
EXTRA = ["papermill"]
# Beyond both, where Colab has them: what runs a cell or a setup cell, and what chapters look for.
LISTED = ["ipykernel", "pip", "setuptools", "jupytext", "jax", "mlxtend", "statsmodels"]
LIST = """\
# What Colab ships of the packages that the book builds on, and of those that they need in turn.
# Source: printed in Colab, before any setup cell, by `python tools/colab.py`.
date = {date}
python = "{python}"

[packages]
{packages}"""


def canonical(name: str) -> str:
    """Return a package's name in the one spelling that indexes and requirements share."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> dict[str, str]:
    """Return name -> version of every package of this environment."""
    found = {}
    for package in metadata.distributions():
        # Debris of an interrupted installation has no name.
        if package.metadata is not None and package.metadata["Name"] and package.version:
            # The first one found is the one that is imported.
            found.setdefault(canonical(package.metadata["Name"]), package.version)
    return found


def missing(requirements: list[str], have: dict[str, str]) -> list[str]:
    """Return the requirements whose package is absent; tensorboard as TensorFlow's own release."""
    absent = []
    for requirement in requirements:
        name = canonical(re.match(r"[\w.-]+", requirement)[0])
        if name in have:
            continue
        if name == "tensorboard" and "tensorflow" in have:
            major, minor = have["tensorflow"].split(".")[:2]
            requirement = f"tensorboard~={major}.{minor}.0"
        absent.append(requirement)
    return absent


def shipped(requirements: list[str]) -> dict[str, str]:
    """Return name -> version of those that are installed, and of all that they need in turn."""
    # Notebook machines have it; the setup cell asks for nothing but Python.
    from packaging.requirements import Requirement

    have, found, queue = installed(), {}, [Requirement(line) for line in requirements]
    seen = set()
    while queue:
        wanted = queue.pop()
        name, extras = canonical(wanted.name), ("", *sorted(wanted.extras))
        if name not in have or (name, extras) in seen:
            continue
        seen.add((name, extras))
        found[name] = have[name]
        for needed in map(Requirement, metadata.requires(name) or []):
            marker = needed.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
                queue.append(needed)
    return dict(sorted(found.items()))


def install(requirements: list[str]) -> None:
    """Install what is missing with pip; no index is asked if nothing is."""
    have = installed()
    absent = missing(requirements, have)
    if not absent:
        return
    print("installing", ", ".join(absent))
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as constraints:
        constraints.writelines(f"{name}=={version}\n" for name, version in have.items())
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--constraint", constraints.name, *absent]).returncode:
        sys.exit(
            f"{', '.join(absent)} cannot be installed beside what is here. In Colab choose "
            f"Runtime, Change runtime type, Runtime version {RUNTIME}, and run all cells again."
        )


def needed() -> list[str]:
    """Return what the chapters need: the project's dependencies, and what runs them headless."""
    return tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"] + EXTRA


def prepare() -> None:
    """Make this machine ready for a chapter, and work in the folder of the book."""
    install(needed())
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    os.chdir(PROJECT.with_name("book"))


if __name__ == "__main__":
    # What is listed stays so: others may need it, too.
    listed = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["packages"]
    found = shipped(needed() + LISTED + list(listed))
    lines = "".join(f'{name} = "{version}"\n' for name, version in found.items())
    today = datetime.date.today()
    print(LIST.format(date=today, python=platform.python_version(), packages=lines), end="")
