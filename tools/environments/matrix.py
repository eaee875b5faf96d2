"""Test every Python and the ends of the allowed versions: `python -m tools.environments.matrix`.

For each Python there are three environments, kept in `_build/matrix/` and used again as long as
pyproject.toml and requirements.txt stay as they are: `lock` (requirements.txt), `lowest` (of each
package that pyproject.toml names the oldest version that it allows and that has a wheel for this
Python) and `highest` (the newest of everything); on the newest Python also `next`, with versions
that pyproject.toml does not admit yet. Each runs the unit tests but those marked `long`;
the two corners of the range run a few chapters as well. What fails does not stop the others.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

from helpers.runs.files import write_atomic
from tools.common import ROOT, BookError
from tools.environments import venvs

FOLDER = Path("_build/matrix")
PYTHONS = ("3.11", "3.12", "3.13")
# Nothing is compiled here but baycomp, which is plain Python and has no wheel.
WHEELS = ["--only-binary", ":all:", "--no-binary", "baycomp"]
PROJECT = ["--requirement", "pyproject.toml", "--all-extras"]
INSTALL = {
    "lock": ["--require-hashes", "--requirement", "requirements.txt"],
    "lowest": ["--resolution", "lowest-direct", *WHEELS, *PROJECT],
    "highest": ["--resolution", "highest", *WHEELS, *PROJECT],
}
NAMES = [f"{python}-{versions}" for python in PYTHONS for versions in INSTALL]
# The newest of what pyproject.toml does not admit yet: librosa 1.
NEXT = ["--override", "tools/environments/next.txt"]
INSTALL["next"] = [*INSTALL["highest"], *NEXT]
NAMES.append(f"{PYTHONS[-1]}-next")
# Sound and widgets, a training, the tuner, statistics.
CHAPTERS = {name: ["03", "04", "06", "08", "10"] for name in ("3.11-lowest", "3.13-highest")}
# What is left out takes minutes, or needs a browser.
TESTS = ["--ignore=tests/test_book.py"]
TESTS += ["-n", "logical", "--maxprocesses", "4", "--dist", "loadfile"]


def environment(name: str) -> Path:
    """Return the Python of an environment, made anew unless it was made of the same files."""
    version, versions = name.split("-")
    folder, install = ROOT / FOLDER / name, INSTALL[versions]
    files = ("pyproject.toml", "requirements.txt", NEXT[-1])
    texts = [(ROOT / file).read_text() for file in files]
    recipe = hashlib.sha256("\0".join([*install, *texts]).encode()).hexdigest()
    ready = folder / ".recipe"
    if not ready.exists() or ready.read_text() != recipe:
        python = venvs.create(folder, version)
        venvs.uv("pip", "install", "--quiet", "--python", python, *install, cwd=ROOT)
        # Compiled once, as in the Makefile, before the tests run side by side.
        subprocess.run([python, "-c", "import librosa.onset, librosa.core.pitch"], check=True)
        write_atomic(ready, recipe)
    return folder / "bin/python"


def passes(name: str, *command) -> bool:
    """Run Python with the arguments `command` in an environment; what it says is logged."""
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    with (ROOT / FOLDER / f"{name}.log").open("a") as log:
        python = ROOT / FOLDER / name / "bin/python"
        done = subprocess.run(
            [python, *command], cwd=ROOT, env=variables, stdout=log, stderr=subprocess.STDOUT
        )
    return done.returncode == 0


def run(name: str, tests: list[str]) -> dict[str, str]:
    """Return what came of an environment: a word for each thing that was done in it."""
    log = FOLDER / f"{name}.log"
    (ROOT / log).unlink(missing_ok=True)
    try:
        environment(name)
    except BookError as error:
        write_atomic(ROOT / log, f"{error}\n")
        return {"environment": "FAILED"}
    outcome = {"environment": "ok"}
    outcome["tests"] = "ok" if passes(name, "-m", "pytest", *tests) else "FAILED"
    if name in CHAPTERS:
        work = FOLDER / f"{name}-chapters"
        options = ["--profile", "smoke", "--output", work, "--only", *CHAPTERS[name]]
        options += ["--parameter", f"RUNS={work}/runs", "--jobs", str(min(4, os.cpu_count()))]
        done = passes(name, "-m", "tools.book.execute", *options)
        outcome["chapters"] = "ok" if done else "FAILED"
    return outcome


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 1 if anything failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="3.11-lowest")
    parser.add_argument(
        "tests", nargs="*", default=TESTS, help="arguments for pytest, after `--`, instead of ours"
    )
    options = parser.parse_args(arguments)
    (ROOT / FOLDER).mkdir(parents=True, exist_ok=True)
    columns = ("environment", "tests", "chapters")
    print(f"{'':<14}", *(f"{column:<12}" for column in columns), "minutes", flush=True)
    failed = []
    for name in options.only:
        start = time.monotonic()
        print(f"{name:<14}", end=" ", flush=True)
        outcome = run(name, options.tests)
        minutes = (time.monotonic() - start) / 60
        print(*(f"{outcome.get(column, '-'):<12}" for column in columns), f"{minutes:.1f}")
        if "FAILED" in outcome.values():
            failed.append(name)
    for name in failed:
        print(f"see {FOLDER / name}.log")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
