"""Callbacks: what to watch while a model is fitted."""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "CollapseMonitor": "keras_vae.callbacks.collapse_monitor",
    "KLWeightLog": "keras_vae.callbacks.kl_weight_log",
    "TensorBoardSamples": "keras_vae.callbacks.tensorboard_samples",
}
__all__ = ["CollapseMonitor", "KLWeightLog", "TensorBoardSamples"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'keras_vae.callbacks' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
