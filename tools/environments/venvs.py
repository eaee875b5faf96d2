"""Environments beside `.venv`, with other Pythons and other versions of packages, made by uv."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from uv import find_uv_bin

from tools.common import BookError


def uv(*arguments, **options) -> subprocess.CompletedProcess:
    """Run uv with the packages of the index that this machine is set up for.

    Raises `BookError`, with what uv said, if it fails.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    # uv looks for Pythons on the PATH; pyenv puts only those there that are switched on.
    places = [os.environ["PATH"], *map(str, sorted(pyenv.glob("versions/*/bin")))]
    # Where Python is told to keep no bytecode, each start would compile TensorFlow anew.
    environment = {
        **os.environ,
        "PATH": os.pathsep.join(places),
        "UV_COMPILE_BYTECODE": "1",
    }
    command = [find_uv_bin(), *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, **options)
    if done.returncode:
        raise BookError(f"uv {' '.join(map(str, arguments[:2]))} failed:\n{done.stderr.strip()}")
    return done


def interpreter(version: str) -> str:
    """Return the path of a Python such as "3.13" that is on this machine, or raise `BookError`."""
    try:
        return uv("python", "find", "--system", "--no-python-downloads", version).stdout.strip()
    except BookError as error:
        raise BookError(
            f"no Python {version} on this machine: install one, or let uv fetch it with "
            f"`.venv/bin/uv python install {version}`"
        ) from error


def create(folder: Path, version: str) -> Path:
    """Make an empty environment of a Python such as "3.13" and return its `python`."""
    shutil.rmtree(folder, ignore_errors=True)
    uv("venv", "--quiet", "--python", interpreter(version), folder)
    return folder / "bin/python"


def packages(python: Path) -> dict[str, str]:
    """Return name -> version of what is installed in an environment."""
    listed = uv("pip", "list", "--quiet", "--format", "json", "--python", python).stdout
    return {entry["name"]: entry["version"] for entry in json.loads(listed)}
