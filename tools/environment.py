"""What a result depends on besides the code: versions, Keras backend, machine."""

import json
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from helpers import records

PACKAGES = ("keras", "tensorflow", "jax", "numpy", "librosa", "keras-tuner", "scikit-learn")


def backend() -> str:
    """Return the Keras backend that chapters will use, without the cost of importing Keras."""
    if name := os.environ.get("KERAS_BACKEND"):
        return name
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return json.loads((home / "keras.json").read_text())["backend"]
    except (OSError, ValueError, KeyError):
        return "tensorflow"


def cards() -> list[str]:
    """Return the graphics cards that a driver lists."""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return listed.stdout.split("\n")[:-1]


def device() -> str:
    """Return the graphics cards, else the processor and its cores."""
    return ", ".join(cards()) or f"{records.processor()}, {os.cpu_count()} cores"


def environment() -> dict:
    """Return what a result depends on besides the code: versions, backend, machine."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return {
        "versions": versions,
        "backend": backend(),
        "device": device(),
        "platform": platform.platform(),
    }
