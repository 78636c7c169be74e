"""The settings of a training, as `config.json` records them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_vae.data.binarize import Binarize

# Keras' dtype policies for the networks; likelihood, KL and sampling are float32 under each.
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
# The parts of a model that may be chosen by name.
PARTS = ("likelihood", "prior", "posterior", "objective")


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

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "latent_dim", "image_size", "importance_samples"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}: expected at least 1; raise --{name.replace('_', '-')}")
        if self.precision not in PRECISIONS:
            raise ValueError(
                f"precision is {self.precision!r}: expected {', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}"
            )
        if self.learning_rate is not None and not 0 < self.learning_rate < float("inf"):
            raise ValueError(f"learning_rate is {self.learning_rate}: expected a number above 0, such as 0.001")

    def data_arguments(self, image_shape: tuple[int, int, int] | None = None) -> dict[str, Any]:
        """Return the arguments of `load_arrays` that these settings decide, for images of a known shape if given."""
        return {
            "image_size": self.image_size if image_shape is None else image_shape[:2],
            "channels": None if image_shape is None else image_shape[2],
            "data_dir": self.data_dir,
            "skip_corrupt": self.skip_corrupt,
            "memory_budget": self.memory_budget,
        }

    def changed(self, **changes: Any) -> Settings:
        """Return the settings with those changes that are not None."""
        return dataclasses.replace(self, **{name: value for name, value in changes.items() if value is not None})

    def located(self) -> Settings:
        """Return the settings with a folder's path made absolute."""
        from keras_vae.data.load import is_path  # here, since it loads TensorFlow

        if not is_path(self.dataset):
            return self
        return dataclasses.replace(self, dataset=str(Path(self.dataset).expanduser().resolve()))

    def completed(self, name: str, preset: dict[str, Any]) -> Settings:
        """Return the settings with a preset's choices filled in; a folder's path is made absolute.

        Args:
            name: of the preset.
            preset: what `read_preset` returns.
        """
        own = {"latent_dim": preset["latent_dim"], **{part: preset[part] for part in PARTS}, **preset["training"]}
        missing = {key: value for key, value in own.items() if getattr(self, key) is None}
        return dataclasses.replace(self.located(), preset=name, **missing)
