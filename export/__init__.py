"""Export: a trained model as one verified bundle of files that generate without TensorFlow."""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "BundleError": "keras_vae.export.verification.verify",
    "export_bundle": "keras_vae.export.bundle",
    "verify_bundle": "keras_vae.export.verification.verify",
}
__all__ = ["BundleError", "export_bundle", "verify_bundle"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'keras_vae.export' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
