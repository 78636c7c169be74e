"""The settings of a training, as `config.json` records them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_vae.checks.channels import check_channels
from keras_vae.checks.kind import check_kind
from keras_vae.checks.number import above, is_number
from keras_vae.checks.shown import shown
from keras_vae.presets.shared import is_folder
from keras_vae.random.portable import check_seed
from keras_vae.registry import check_known

if TYPE_CHECKING:
    from keras_vae.data.binarize import Binarize

# Keras' dtype policies for the networks; likelihood, KL and sampling are float32 under each.
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
# The parts of a model that may be chosen by name.
PARTS = ("likelihood", "prior", "posterior", "objective")
# What a preset may say for bytes or counts, which is no likelihood to take for pixels of 0 and 1.
_OF_MORE = ("discretised_logistic_mixture", "colour_logistic_mixture", "binomial")


@dataclasses.dataclass(frozen=True)
class Settings:
    """What `keras-vae train` was asked for; None means the preset's own.

    Raises:
        ValueError: a number out of its range.
    """

    dataset: str = "digits"
    preset: str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    latent_dim: int | None = None
    learning_rate: float | None = None
    binarize: Binarize = "none"
    image_size: int | None = None
    seed: int = 0
    importance_samples: int = 100
    data_dir: str | None = None
    skip_corrupt: bool = False
    memory_budget: float | None = None
    precision: str = "float32"
    likelihood: str | None = None
    prior: str | None = None
    posterior: str | None = None
    objective: str | None = None
    conditional: bool = False
    channels: int | None = None
    augment: str | None = None
    optimizer: str | None = None
    sampler: int | None = None

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, kind = getattr(self, field.name), str(field.type).removesuffix(" | None")
            if value is None and field.default is None:
                continue
            if kind == "int" and field.name != "seed":
                if not is_number(value) or value < 1 or value != int(value):
                    option = field.name.replace("_", "-")
                    raise ValueError(
                        f"{field.name} is {shown(value)}: expected a whole number of at least 1; raise --{option}"
                    )
            elif kind == "bool":
                check_kind(field.name, value, bool, "true or false")
            elif field.name in PARTS:
                of_part = "a name, or what Keras' serialisation writes of a part"
                check_kind(field.name, value, (str, Mapping), of_part)
                if isinstance(value, Mapping) and "class_name" not in value:
                    raise ValueError(f"{field.name} is {shown(value)}: expected {of_part}; restore it")
            elif kind in ("str", "Binarize"):
                check_kind(field.name, value, str, "text")
        check_seed(self.seed)
        if self.channels is not None:
            check_channels(self.channels)
        check_known("precision", self.precision, PRECISIONS)
        for name in ("learning_rate", "memory_budget"):
            if getattr(self, name) is not None:
                above(name, getattr(self, name), 0)

    @classmethod
    def of_record(cls, record: Mapping[str, Any], source: Path) -> Settings:
        """Return the settings that a file holds; an older version may have recorded fewer.

        Args:
            record: by name, as `dataclasses.asdict` gives them.
            source: the file, for an error.

        Raises:
            ValueError: a setting that there is not, or a value that is none of its kind or out of its range.
        """
        try:
            for name in record:
                check_known("setting", name, [field.name for field in dataclasses.fields(cls)])
            return cls(**{"optimizer": "adam", **record})  # the only one, where none is recorded
        except ValueError as error:
            raise ValueError(f"in {source}, {error}; restore the file") from error

    def data_arguments(self, image_shape: tuple[int, int, int] | None = None) -> dict[str, Any]:
        """Return the arguments of `load_arrays` that these settings decide, for images of a known shape if given."""
        return {
            "image_size": self.image_size if image_shape is None else image_shape[:2],
            "channels": self.channels if image_shape is None else image_shape[2],
            "data_dir": self.data_dir,
            "skip_corrupt": self.skip_corrupt,
            "memory_budget": self.memory_budget,
        }

    def changed(self, **changes: Any) -> Settings:
        """Return the settings with those changes that are not None."""
        return dataclasses.replace(self, **{name: value for name, value in changes.items() if value is not None})

    def located(self) -> Settings:
        """Return the settings with the paths of folders made absolute."""
        from keras_vae.data.load import is_path  # here, since it loads TensorFlow

        folders = {}
        if is_path(self.dataset):
            folders["dataset"] = str(Path(self.dataset).expanduser().resolve())
        if self.preset is not None and is_folder(self.preset):
            folders["preset"] = str(Path(self.preset).expanduser().resolve())
        return dataclasses.replace(self, **folders)

    def completed(self, name: str, preset: dict[str, Any]) -> Settings:
        """Return the settings with a preset's choices filled in; a folder's path is made absolute.

        Binarised images have a Bernoulli likelihood where the preset's is one of bytes. `latent_dim` stays None where
        the preset leaves it to its network.

        Args:
            name: of the preset, or its folder.
            preset: its settings, as `read_preset` returns them.
        """
        own = {"latent_dim": preset["latent_dim"], **{part: preset[part] for part in PARTS}, **preset["training"]}
        if self.binarize != "none" and preset["likelihood"] in _OF_MORE:
            own["likelihood"] = "bernoulli"
        if self.prior not in (None, preset["prior"]):
            own.pop("sampler", None)  # who asks for a prior means to draw from it
        missing = {key: value for key, value in own.items() if getattr(self, key) is None}
        return dataclasses.replace(self, preset=name, **missing).located()
