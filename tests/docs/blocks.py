"""The code of a page: its fenced blocks, and how they run."""

from __future__ import annotations

import re
import runpy
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from keras_vae.command_line.application import main

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)]
# Each Korean page, and the English one that it translates: same path, same code, same figures.
KOREAN = {ROOT / "README.ko.md": ROOT / "README.md"} | {
    page: DOCS / page.relative_to(DOCS / "ko") for page in PAGES if page.is_relative_to(DOCS / "ko")
}
FENCE = re.compile(r"(?P<note><!--[^>]*-->\n)?^(?P<indent> *)```(?P<language>\w+)\n(?P<code>.*?)^ *```$", re.M | re.S)
# In a shell block, what sets a machine up and is not ours to test.
INSTALLING = ("pip install", ".venv/bin/pip install", "python3 -m venv", ".venv/bin/python -m pytest")


@dataclass
class Block:
    """A fenced block; `not_run` says why the tests leave it out, if they do."""

    language: str
    code: str
    line: int
    not_run: str | None


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page in order."""
    text, found = page.read_text("utf-8"), []
    for match in FENCE.finditer(text):
        code = re.sub(f"^{match['indent']}", "", match["code"], flags=re.M)
        reason = re.search(r"not run: (.*?) -->", match["note"] or "", flags=re.S)
        line = text.count("\n", 0, match.start("language")) + 1
        found.append(Block(match["language"], code, line, reason and reason[1]))
    return found


def commands(code: str) -> list[list[str]]:
    """Return the words of each command of a shell block but those that install something."""
    parts = [part.strip() for line in code.splitlines() for part in line.split(" && ")]
    words = [shlex.split(part, comments=True) for part in parts if not part.startswith(INSTALLING)]
    return [each for each in words if each]


def run_command(words: list[str]) -> None:
    """Run a command in this process.

    Args:
        words: the program and its arguments.
    """
    program, *arguments = words
    if program.endswith("keras-vae"):
        two_samples = ["--importance-samples", "2"]
        shorter = {"train": ["--overwrite"], "evaluate": two_samples, "score": two_samples}
        main(arguments + shorter.get(arguments[0], []))
    elif program == "python":
        before = sys.argv
        sys.argv = arguments
        try:
            runpy.run_path(arguments[0], run_name="__main__")
        except SystemExit as end:
            if end.code:
                raise AssertionError(f"{words} ended with {end.code}") from end
        finally:
            sys.argv = before
    else:
        raise AssertionError(f"{program} is no program that this test can run: say '<!-- not run: WHY -->' before it")
