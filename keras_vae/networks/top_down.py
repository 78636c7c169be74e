"""A decoder that can be walked: stage by stage, each with a group of latents."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Self

import keras


@keras.saving.register_keras_serializable(package="keras_vae")
class TopDownDecoder(keras.Model):
    """A decoder whose latent e = (e_1 ... e_L) comes in groups: h_{l+1} = stage_l(h_l, e_l), pixels from h_{L+1}.

    An ordinary decoder of a latent of all groups side by side; and one that the posterior `top_down` walks, choosing
    each group's latents by the state they meet.

    Args:
        group_shapes: (height, width, channels) of each group's latents, from coarse to fine.
        stages: Keras models, one a group: the first of `e_1` `[n, d_1]`, flattened, or of `[e_1, label]`, the others of
            `[e_l, h_l]`; each returns the next state `[n, h, w, c]`, at the size of the next group.
        pixels: a Keras model, the last state to the likelihood's parameters `[n, H, W, c]`.
        kwargs: Keras' own, such as `name`.
    """

    def __init__(
        self,
        group_shapes: Sequence[Sequence[int]],
        stages: Sequence[keras.Model],
        pixels: keras.Model,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.group_shapes = tuple(tuple(shape) for shape in group_shapes)
        self.stages, self.pixels = list(stages), pixels
        first = self.stages[0].inputs
        self.classes: int | None = first[1].shape[-1] if len(first) > 1 else None
        self.built = True

    @property
    def widths(self) -> list[int]:
        """How many latents each group has."""
        return [math.prod(shape) for shape in self.group_shapes]

    @property
    def input_shape(self) -> Any:
        """`(None, latent_dim)`, or a list of that and `(None, classes)`."""
        latent = (None, sum(self.widths))
        return latent if self.classes is None else [latent, (None, self.classes)]

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """`(None, H, W, c)`."""
        return self.pixels.output_shape

    @property
    def state_shapes(self) -> list[tuple[int, ...] | None]:
        """The shape of each group's state, without the batch; None for the first group, which meets none."""
        return [None, *(tuple(stage.inputs[1].shape[1:]) for stage in self.stages[1:])]

    def walk(self, latents: Callable[[int, Any], Any], label: Any = None) -> Any:
        """Return the likelihood's parameters `[n, H, W, c]`.

        Args:
            latents: gives e_l `[n, d_l]` for the number of the group, from 0, and its state h_l; None for the first.
            label: one-hot `[n, classes]`; for a conditional decoder only.
        """
        state = None
        for group, stage in enumerate(self.stages):
            e = latents(group, state)
            beside = label if group == 0 else state
            state = stage(e if beside is None else [e, beside])
        return self.pixels(state)

    def call(self, inputs: Any) -> Any:
        """Return the likelihood's parameters for latents `[n, latent_dim]`, or for `[latents, label]`."""
        latent, label = (inputs, None) if self.classes is None else inputs
        parts = split(latent, self.widths)
        return self.walk(lambda group, state: parts[group], label)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this decoder again, its stages included."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "group_shapes": [list(shape) for shape in self.group_shapes],
            "stages": [serialize(stage) for stage in self.stages],
            "pixels": serialize(self.pixels),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Self:
        """Build a decoder from `get_config()`."""
        revive = keras.saving.deserialize_keras_object
        with keras.saving.custom_object_scope(custom_objects or {}):
            parts = {"stages": [revive(stage) for stage in config["stages"]], "pixels": revive(config["pixels"])}
            return cls(**{**config, **parts})


def split(values: Any, widths: Sequence[int]) -> list[Any]:
    """Return the parts of `values` `[..., sum(widths)]` along the last axis."""
    ends = [sum(widths[: number + 1]) for number in range(len(widths))]
    return [values[..., end - width : end] for end, width in zip(ends, widths, strict=True)]
