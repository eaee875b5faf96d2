"""Hold the setup cell to its word: `python -m tools.environments.colab_contract [--only 06_cnn]`.

An environment is made of exactly the versions in `tools/environments/colab.toml`, every chapter is
opened in it as Colab opens it (an empty folder, a kernel that has loaded `google.colab`) and run in
the smoke profile. Its setup cell clones the files of this working tree, as if they were pushed, and
installs with pip what is missing. If that changes a version that was there, the check fails and
says which. What is left in `_build/colab/executed/` can be rendered by `tools.book.render`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from uv import find_uv_bin

from helpers.runs.files import write_atomic
from helpers.runs.machine import environment
from tools import colab
from tools.book import sync
from tools.book.address import Repository, read
from tools.book.execute import report, run_chapter, select
from tools.common import ROOT, BookError

FOLDER = Path("_build/colab")
# Like Colab's own kernel, and nothing else in the environment, this one has the module loaded.
KERNEL = "import google.colab, runpy; runpy.run_module('ipykernel_launcher', run_name='__main__')"


def uv(*arguments) -> str:
    """Return what uv prints; raise `BookError`, with what it says, if it fails."""
    # It looks for Pythons on the PATH; pyenv puts only those there that are switched on.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob("versions/*/bin")
    variables = {"PATH": os.pathsep.join([os.environ["PATH"], *map(str, sorted(pyenv))])}
    variables = os.environ | variables | {"UV_COMPILE_BYTECODE": "1"}
    command = [find_uv_bin(), *map(str, arguments)]
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise BookError(f"uv {' '.join(command[1:3])} failed:\n{done.stderr.strip()}")
    return done.stdout


def packages(python: Path) -> dict[str, str]:
    """Return name -> version of what is installed in an environment."""
    listed = uv("pip", "list", "--quiet", "--format", "json", "--python", python)
    return {entry["name"]: entry["version"] for entry in json.loads(listed)}


def machine(folder: Path, shipped: dict) -> Path:
    """Make the environment of Colab's list, with a stub of `google.colab`; return its Python."""
    uv("venv", "--quiet", "--python", ".".join(shipped["python"].split(".")[:2]), folder)
    python = folder / "bin/python"
    pins = [f"{name}=={version}" for name, version in shipped["packages"].items()]
    # Nothing but the list: Colab, too, lacks what one of its packages asks for.
    uv("pip", "install", "--quiet", "--no-deps", "--python", python, *pins)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "google/colab").mkdir(parents=True, exist_ok=True)
    (site / "google/colab/__init__.py").touch()
    return python


def kernel(folder: Path, python: Path) -> None:
    """Describe the environment's kernel, under the name that every notebook asks for."""
    specification = {
        "argv": [str(python), "-c", KERNEL, "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
        # The helpers come from the clone, whatever this process was told.
        "env": {"PYTHONPATH": ""},
    }
    write_atomic(folder / "kernels/python3/kernel.json", json.dumps(specification))


def publish(origin: Path) -> None:
    """Commit what this working tree holds, but for what git ignores, to a repository `origin`."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", read().branch, origin], check=True)
    git = ["git", "--git-dir", origin, "--work-tree", ROOT, "-c", "commit.gpgsign=false"]
    git += ["-c", "user.name=a", "-c", "user.email=a@localhost"]
    for command in (["add", "--all"], ["commit", "-q", "-m", "What would be pushed"]):
        subprocess.run([*git, *command], cwd=ROOT, check=True)


def opened(path: Path, folder: Path, origin: Path, content: Path) -> Path:
    """Copy a notebook; its setup cell clones from `origin` into `content` in place of /content."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if sync.SETUP in cell["metadata"].get("tags", []):
            address = Repository("https://github.com/some/where", read().branch)
            source = sync.setup_cell(address).split("\n", 1)[1]
            source = source.replace(address.url, origin.as_uri())
            cell["source"] = source.replace(colab.FOLDER, f"{content}/cnn-or-lstm")
    write_atomic(folder / path.name, json.dumps(notebook))
    return folder / path.name


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return a line for each package that was there and is not, or not in that version."""
    return [
        f"{name}: {version} before, {after.get(name, 'none')} after"
        for name, version in sorted(before.items())
        if after.get(name) != version
    ]


def check(only: list[str]) -> bool:
    """Run the check (see the module), print what was found, and return whether all is well."""
    shipped = tomllib.loads(colab.SHIPPED.read_text(encoding="utf-8"))
    chapters, folder = select(only), ROOT / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    python = machine(folder / "machine", shipped)
    kernel(folder / "jupyter", python)
    os.environ["JUPYTER_PATH"] = str(folder / "jupyter")  # where Jupyter looks first
    publish(folder / "origin.git")
    content = folder / "content"
    content.mkdir()
    before, outcomes = packages(python), {}
    print(f"Colab of {shipped['date']}: Python {shipped['python']}, {len(before)} packages")
    for number, path in enumerate(chapters, 1):
        print(f"[{number}/{len(chapters)}] {path.stem} ...", end=" ", flush=True)
        source = opened(path, folder / "opened", folder / "origin.git", content)
        target = folder / "executed/book" / path.name
        outcomes[path.stem] = run_chapter(source, target, {"PROFILE": "smoke"}, content)
        print("FAILED" if outcomes[path.stem]["error"] else "ok", flush=True)
        after = packages(python)
        if changed := changes(before, after):
            print("the setup cell changed what Colab ships:", *changed, sep="\n  ")
            return False
    added = [f"{name} {version}" for name, version in after.items() if name not in before]
    print(f"{report(outcomes)}\nadded: {', '.join(added)}; changed: nothing")
    about = {"profile": "smoke", "finished": time.strftime("%Y-%m-%d %H:%M", time.gmtime())}
    about |= environment() | {"versions": {"python": shipped["python"]} | before}
    status = {name: outcome | about for name, outcome in outcomes.items()}
    write_atomic(folder / "executed/status.json", json.dumps(status))
    return not any(outcome["error"] for outcome in outcomes.values())


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0, 1 (the promise is broken) or 2 (it cannot be checked)."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="such as 06_cnn")
    options = parser.parse_args(arguments)
    try:
        return 0 if check(options.only) else 1
    except BookError as error:
        print(f"colab_contract: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
