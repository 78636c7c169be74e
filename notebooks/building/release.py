"""What the notebooks install and where they open in Colab: both read from setup.cfg, where the project says so."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

SETUP = Path(__file__).resolve().parents[2] / "setup.cfg"
_BADGE = "https://colab.research.google.com/assets/colab-badge.svg"


def install_code(setup: Path = SETUP) -> str:
    """Return the cell that installs the release where the package is not installed, as in Colab, else does nothing."""
    metadata = _metadata(setup)
    return (
        "from importlib.util import find_spec\n\n"
        f'if find_spec("{metadata["name"]}") is None:  # in Colab, say\n'
        f"    %pip install --quiet {metadata['name']}=={metadata['version']}"
    )


def colab_badge(notebook: str, setup: Path = SETUP) -> str | None:
    """Return the link that opens a notebook in Colab.

    Args:
        notebook: its path in the repository, with `/`.
        setup: the file whose `project_urls` name the repository on GitHub, as `Source`.

    Returns:
        Markdown of the badge, for the release's tag; None while the project names no such repository.
    """
    metadata = _metadata(setup)
    source = re.search(
        r"^\s*Source\s*=\s*https://github\.com/([\w.-]+/[\w.-]+?)/?$", metadata.get("project_urls", ""), re.M
    )
    if source is None:
        return None
    page = f"https://colab.research.google.com/github/{source[1]}/blob/v{metadata['version']}/{notebook}"
    return f"[![Open in Colab]({_BADGE})]({page})"


def _metadata(setup: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser()
    parser.read(setup, encoding="utf-8")
    return parser["metadata"]
