"""Install in Colab what the chapters need and the machine lacks, and replace nothing that is there.

Chapters' setup cell runs this as a script, in an environment that was chosen by others: a newer
numpy or Keras would break what else is in it. So every installed version becomes a constraint.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
# Beyond the helpers' own dependencies: what runs a chapter without a browser.
EXTRA = ["papermill"]


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


def main() -> None:
    """Install what is missing with pip; no index is asked if nothing is."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    have = installed()
    absent = missing(project["dependencies"] + EXTRA, have)
    if not absent:
        return
    print("installing", ", ".join(absent))
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as constraints:
        constraints.writelines(f"{name}=={version}\n" for name, version in have.items())
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--constraint", constraints.name, *absent], check=True)


if __name__ == "__main__":
    main()
