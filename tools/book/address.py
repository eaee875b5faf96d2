"""Where the repository lives on the web: read from `_config.yml`, the one place that states it.

Everything that links to the repository (badges, setup cells, README, citation) derives its
address from here, so that a fork has one line to change.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.common import ROOT, BookError

PLACEHOLDER = "https://github.com/your-account/cnn-or-lstm"
COLAB = "https://colab.research.google.com"
ADDRESS = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+)")


@dataclass(frozen=True)
class Repository:
    """A GitHub repository: its address (`url`) and the `branch` that links point to."""

    url: str
    branch: str = "main"

    def __post_init__(self):
        if not ADDRESS.fullmatch(self.url):
            raise BookError(
                f"{self.url!r} is not a repository address: write it as "
                "https://github.com/<owner>/<repository>, without a slash or .git at the end"
            )

    def colab(self, path: str) -> str:
        """Return the address that opens the notebook at `path` in Colab."""
        name = self.url.removeprefix("https://github.com/")
        return f"{COLAB}/github/{name}/blob/{self.branch}/{path}"

    def badge(self, path: str) -> str:
        """Return the Markdown of Colab's button for the notebook at `path`."""
        return f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({self.colab(path)})"


def read(root: Path = ROOT) -> Repository:
    """Return the repository that `_config.yml` under `root` names."""
    path = root / "_config.yml"
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BookError(f"{path} is missing: it names the repository's address") from error
    except yaml.YAMLError as error:
        raise BookError(f"{path} is not valid YAML: {error}") from error
    section = config.get("repository") if isinstance(config, dict) else None
    if not isinstance(section, dict) or not section.get("url"):
        raise BookError(f"{path} names no repository: add `repository:` with `url: {PLACEHOLDER}`")
    try:
        return Repository(str(section["url"]), str(section.get("branch") or "main"))
    except BookError as error:
        raise BookError(f"{path}, repository.url: {error}") from error


def with_url(config: str, url: str) -> str:
    """Return the text of `_config.yml` with another repository.url and all else as it was."""
    text, count = re.subn(
        r"(?m)^(repository:[ \t]*(?:#.*)?\n(?:(?:[ \t].*|[ \t]*#.*)?\n)*?[ \t]+url:[ \t]*)[^\s#]+",
        lambda match: match[1] + url,
        config,
        count=1,
    )
    if not count:
        raise BookError("_config.yml has no line `url:` under `repository:` to rewrite")
    return text
