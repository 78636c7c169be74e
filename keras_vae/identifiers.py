"""Parts named by a string, given as an object, or read back from a configuration."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

import keras

Part = TypeVar("Part")


def close_names(name: str, known: list[str]) -> str:
    """Return the hint of an error about an unknown name: close names if any, else all known ones.

    Example:
        >>> close_names("bernouli", ["bernoulli", "gaussian"])
        "did you mean 'bernoulli'?"
        >>> close_names("x", ["bernoulli", "gaussian"])
        'choose one of bernoulli, gaussian'
    """
    close = difflib.get_close_matches(name, known)
    if close:
        return "did you mean " + " or ".join(repr(match) for match in close) + "?"
    return "choose one of " + ", ".join(known)


def resolve(part: str | Mapping | Part, base: type[Part], choices: Mapping[str, type[Part]]) -> Part:
    """Return `part` as an object of the family `base`.

    Args:
        part: an object of `base`, a name in `choices`, or the configuration that Keras' serialisation wrote.
        base: the class of the family, named in errors.
        choices: the family's members that need no arguments, by name.

    Raises:
        ValueError: an unknown name, or an object of another family.
    """
    kind = base.__name__.lower()
    if isinstance(part, Mapping):
        part = keras.saving.deserialize_keras_object(dict(part))
    if isinstance(part, str):
        if part not in choices:
            raise ValueError(f"unknown {kind} {part!r}: {close_names(part, sorted(choices))}")
        part = choices[part]()
    if not isinstance(part, base):
        raise ValueError(
            f"{kind} is {part!r}: expected an object of keras_vae's class {base.__name__} or one of the "
            f"names {', '.join(sorted(choices))}"
        )
    return part
