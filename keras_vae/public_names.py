"""Public names that bring their module when they are first used, where Keras runs as it needs to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import lazy_loader

from keras_vae.checks.backend import check_backend


def attach(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return `__getattr__`, `__dir__` and `__all__` of a package, as its `__init__.pyi` lists its names.

    Args:
        package: its `__name__`.
        file: its `__file__`.
    """
    load, directory, names = lazy_loader.attach_stub(package, file)

    def get(name: str) -> Any:
        try:
            found = load(name)
        except AttributeError:
            raise
        except Exception:
            check_backend()  # says why, if Keras could not be imported
            raise
        if "keras" in sys.modules and not isinstance(found, ModuleType):
            try:
                check_backend()
            except ValueError:
                vars(sys.modules[package]).pop(name, None)  # where the loader keeps what it found
                raise
        return found

    return get, directory, names
