"""README.ko.md against README.md: the same commands, code and figures; only words and comments are in Korean."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, KOREAN = (ROOT / name for name in ("README.md", "README.ko.md"))


def code_blocks(path):
    """Every fenced block, without comments."""
    blocks = re.findall(r"```(\w+)\n(.*?)```", path.read_text("utf-8"), flags=re.DOTALL)
    return [(language, re.sub(r"[ \t]+#.*", "", code)) for language, code in blocks]


def figures(path):
    """The numbers and the code in every row of every table."""
    rows = [line for line in path.read_text("utf-8").splitlines() if line.startswith("|")]
    return [re.findall(r"`[^`]+`|\d+(?:[.,]\d+)*(?:e-\d+)?", row) for row in rows]


def test_the_korean_readme_has_the_same_code():
    english, korean = code_blocks(ENGLISH), code_blocks(KOREAN)
    assert len(english) >= 4
    for number, (theirs, ours) in enumerate(zip(english, korean, strict=False)):
        assert ours == theirs, f"block {number} of README.ko.md is not README.md's: copy it"
    assert len(korean) == len(english)


def test_the_korean_readme_has_the_same_tables():
    english, korean = figures(ENGLISH), figures(KOREAN)
    for theirs, ours in zip(english, korean, strict=False):
        assert sorted(ours) == sorted(theirs), f"README.ko.md has a row {ours} where README.md has {theirs}: mend it"
    assert len(korean) == len(english)


def test_each_readme_leads_to_the_other():
    assert "README.ko.md" in "".join(ENGLISH.read_text("utf-8").splitlines()[:5])
    assert "README.md" in "".join(KOREAN.read_text("utf-8").splitlines()[:5])
