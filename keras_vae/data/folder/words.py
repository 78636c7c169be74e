"""Lists in a line."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from keras_vae.data.folder.kinds import HEIC_SUFFIXES


def named(paths: Sequence[Path], folder: Path) -> str:
    """Return the first of some paths, as seen from `folder`, and how many more there are."""
    names = ", ".join(str(path.relative_to(folder)) for path in paths[:3])
    return names + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def counted(others: Counter[str]) -> str:
    """Return how many files are passed over, by how their names end.

    Example:
        >>> counted(Counter({".txt": 2, ".xml": 1}))
        'passed over 3 files: .txt 2, .xml 1'
    """
    kinds = ", ".join(f"{kind} {count}" for kind, count in others.most_common(5))
    more = ", ..." if len(others) > 5 else ""
    # they are among the others only where the extra is missing
    extra = " (pip install 'keras_vae[heic]' reads HEIC)" if any(kind in HEIC_SUFFIXES for kind in others) else ""
    return f"passed over {others.total()} file{'s' if others.total() > 1 else ''}: {kinds}{more}{extra}"
