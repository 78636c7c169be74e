"""What a checkpoint says beside its arrays, and whether a file's facts are such."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.exceptions import best_match

from keras_vae.checkpoints.format import DamagedState
from keras_vae.checks.shown import shown

_COUNT = {"type": "integer", "minimum": 0}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_SCHEMA = {
    "type": "object",
    "required": ["about", "epoch", "batch", "steps", "history", "also", "training", "versions"],
    "properties": {
        "about": {"type": "object"},
        "epoch": _COUNT,
        "batch": _COUNT,
        "steps": {"type": ["integer", "null"]},
        "history": {"type": "object", "additionalProperties": {"type": "array"}},
        "also": {"type": "object", "additionalProperties": {"type": "object"}},
        "training": {"type": "object", "required": ["model", "optimizer", "jit_compile", "steps_per_execution"]},
        "settings": {"type": "object"},
        "versions": _TEXTS,
    },
}


def check_facts(facts: Mapping[str, Any], path: Path) -> None:
    """Raise DamagedState unless facts are those of a training.

    Args:
        facts: what `read_state` returned.
        path: of the checkpoint.
    """
    error = best_match(jsonschema.Draft202012Validator(_SCHEMA).iter_errors(facts))
    if error is not None:
        place = ".".join(map(str, error.absolute_path)) or "facts"
        raise DamagedState(
            f"{path} holds {place} {shown(error.instance)}: expected those of a training run; start again"
        )
