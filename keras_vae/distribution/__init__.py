"""Distribution: the same training on one device, on several, and on several machines."""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "WorkerLost": "keras_vae.distribution.lost_worker",
    "get_strategy": "keras_vae.distribution.strategies",
    "check_same_everywhere": "keras_vae.distribution.same_everywhere",
}
__all__ = ["WorkerLost", "check_same_everywhere", "get_strategy"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'keras_vae.distribution' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
