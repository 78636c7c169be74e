"""Which of a bundle's files offers a signature in a runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def choose_file(manifest: Mapping[str, Any], signature: str, runtime: str, precision: str = "float32") -> str:
    """Return the path of a file; one that takes any number of images comes before one for a delegate.

    Raises:
        ValueError: a signature, runtime or precision that the bundle lacks.
    """
    if signature == "score" and "score" not in manifest:
        raise ValueError(
            f"the bundle was written by keras_vae {manifest['versions']['keras_vae']} without scores: expected one "
            "written by a version after 0.1.0; export the model again, or score with the run"
        )
    holding: dict[tuple[str, str], str] = {}
    for path, artifact in sorted(manifest["artifacts"].items(), key=lambda item: item[1]["batch"] is not None):
        if signature in artifact["signatures"]:
            holding.setdefault((artifact["runtime"], artifact["precision"]), path)
    if (runtime, precision) not in holding:
        known = ", ".join(" ".join(pair) for pair in holding) or "none"
        raise ValueError(
            f"the bundle has no {signature} for {runtime} in {precision}: expected one of {known}; choose one of them"
        )
    return holding[runtime, precision]
