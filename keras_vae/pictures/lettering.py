"""Names in any script: in a font of this machine that has their letters, or as numbers."""

import functools
import unicodedata
from collections.abc import Sequence

from matplotlib import font_manager
from matplotlib.font_manager import FontProperties


def drawable(names: Sequence[str]) -> list[str]:
    """Return names as pictures can show them: their numbers instead, where no font here has all their letters.

    Example:
        >>> drawable(["cat", "dog"]), drawable(["cat", "\\U000f0000"])  # for private use
        (['cat', 'dog'], ['0', '1'])
    """
    names = [unicodedata.normalize("NFC", name) for name in names]  # fonts have letters with their accents joined
    missing = _letters_beyond_the_default(names)
    return names if not missing or _family_with(missing) else [str(number) for number in range(len(names))]


def font_of(names: Sequence[str], size: float) -> FontProperties:
    """Return the default font, with another behind it where that lacks letters of some names, at a size in points."""
    missing = _letters_beyond_the_default(names)
    behind = _family_with(missing) if missing else None
    return FontProperties(family=[*FontProperties().get_family(), *([behind] if behind else [])], size=size)


def _letters_beyond_the_default(names: Sequence[str]) -> frozenset[str]:
    font = font_manager.get_font(font_manager.findfont(FontProperties()))
    return frozenset(letter for letter in "".join(names) if not font.get_char_index(ord(letter)))


@functools.cache
def _family_with(letters: frozenset[str]) -> str | None:
    """Return the family of an installed font that has all these letters; None if there is none."""
    for entry in sorted(font_manager.fontManager.ttflist, key=lambda entry: (entry.style != "normal", entry.name)):
        try:
            font = font_manager.get_font(entry.fname)
        except (OSError, RuntimeError):  # removed since it was listed, or damaged
            continue
        # Neither pictures in colour, as of emoji, nor the boxes of a last resort, which has even what is no letter.
        usable = font.scalable and not font.get_char_index(0xFFFF)
        if usable and all(font.get_char_index(ord(letter)) for letter in letters):
            return entry.name
    return None
