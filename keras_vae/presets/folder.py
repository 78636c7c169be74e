"""A preset as a folder, laid out as KerasHub's: configuration, metadata, weights, and a card for its readers."""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_vae.checks.shown import first_line, shown
from keras_vae.files.places import kind_of
from keras_vae.files.strict_json import read_json
from keras_vae.files.written_whole import write_json
from keras_vae.presets.card import preset_card

CONFIG, METADATA, WEIGHTS, CARD = "config.json", "metadata.json", "model.weights.h5", "README.md"
# Of these files' layout; to be raised when a reader of before would misread them.
FORMAT = 1
_MEND = "get the folder again from its source"


@dataclasses.dataclass(frozen=True)
class PresetFolder:
    """What a folder says of its model.

    Attributes:
        path: the folder.
        config: what `keras.saving.serialize_keras_object` wrote of the model.
        metrics: of test images, in nats per image, or None.
    """

    path: Path
    config: dict[str, Any]
    metrics: dict[str, Any] | None

    @property
    def arguments(self) -> dict[str, Any]:
        """The model's arguments by name, as its configuration has them."""
        return self.config["config"]

    @property
    def weights(self) -> Path:
        """The file of the weights."""
        return self.path / WEIGHTS


def read_folder(path: Path) -> PresetFolder:
    """Read what a preset's folder says of its model; its weights must be there, and are not read.

    Raises:
        ValueError: a path that is no such folder, one that lacks a file, a file that is not JSON or holds something
            else, a folder of a later version.
    """
    if kind_of(path) != "a folder" or not (path / CONFIG).is_file():
        kind = "holds no preset" if kind_of(path) == "a folder" else f"is {kind_of(path) or 'not there'}"
        raise ValueError(f"preset {path} {kind}: expected a folder with {CONFIG}, as model.save_to_preset writes it")
    for name in (METADATA, WEIGHTS):
        if not (path / name).is_file():
            raise ValueError(f"preset {path} lacks {name}: expected {CONFIG}, {METADATA} and {WEIGHTS}; {_MEND}")
    metadata, config = _read(path / METADATA), _read(path / CONFIG)
    found = metadata.get("format")
    if type(found) is not int or found < 1:
        raise ValueError(f"{path / METADATA} states format {shown(found)}: expected a whole number from 1; {_MEND}")
    if found > FORMAT:
        raise ValueError(
            f"preset {path} is of format {found}, of keras_vae {shown(metadata.get('keras_vae_version'))}: expected "
            f"{FORMAT} at most; install that keras_vae or a later one"
        )
    if not isinstance(config.get("config"), dict) or not isinstance(config.get("class_name"), str):
        raise ValueError(f"{path / CONFIG} holds no model: expected a configuration that Keras serialised; {_MEND}")
    metrics = metadata.get("metrics")
    return PresetFolder(path, config, metrics if isinstance(metrics, dict) else None)


def write_description(
    folder: Path, config: Mapping[str, Any], parameters: int, metrics: Mapping[str, Any] | None
) -> None:
    """Write all of a preset's folder but the weights."""
    versions = {f"{name}_version": importlib.metadata.version(name) for name in ("keras", "keras_vae")}
    metadata = {"format": FORMAT, **versions, "parameter_count": parameters, "metrics": metrics and dict(metrics)}
    write_json(config, folder / CONFIG)
    write_json(metadata, folder / METADATA)
    (folder / CARD).write_text(preset_card(config, metadata), "utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except (ValueError, OSError) as error:
        raise ValueError(
            f"{path} is not JSON ({first_line(error)}): expected what save_to_preset wrote; {_MEND}"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} is {shown(content)}: expected a JSON object; {_MEND}")
    return content
