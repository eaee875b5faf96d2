"""What a result depends on besides the code: versions, Keras backend, machine."""

import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "keras", "tensorflow", "jax", "numpy", "scipy", "librosa", "keras-tuner", "scikit-learn"
)  # fmt: skip


def backend() -> str:
    """The Keras backend in use, or that will be, without the cost of importing Keras."""
    if keras := sys.modules.get("keras"):
        return keras.backend.backend()
    if name := os.environ.get("KERAS_BACKEND"):
        return name
    try:
        home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
        return json.loads((home / "keras.json").read_text(encoding="utf-8"))["backend"]
    except (OSError, ValueError, KeyError, RuntimeError):  # or there is no home
        return "tensorflow"


def cards() -> list[str]:
    """The graphics cards that a driver lists."""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return listed.stdout.split("\n")[:-1]


def device() -> str:
    """What Keras computes on: the graphics cards, or else the processor and its cores.

    Where the backend is loaded, it is asked; else the driver is.
    """
    if "keras" not in sys.modules:
        found = cards()
    elif backend() == "jax":
        import jax

        found = [card.device_kind for card in jax.devices() if card.platform != "cpu"]
    elif backend() == "torch":
        import torch

        found = [torch.cuda.get_device_name()] if torch.cuda.is_available() else []
    else:
        import tensorflow as tf

        details = tf.config.experimental.get_device_details
        cards_of = tf.config.list_physical_devices("GPU")
        found = [details(card).get("device_name", "GPU") for card in cards_of]
    return ", ".join(found) or f"{processor()}, {os.cpu_count()} cores"


def processor() -> str:
    """The processor's name, as its maker writes it where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(li.split(":", 1)[1].strip() for li in lines if li.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def environment() -> dict:
    """Versions (None: not installed), Keras backend and device, as records state them."""
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return {"versions": versions, "backend": backend(), "device": device()}
