"""The learned Gaussian mixture prior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_vae.check_number import whole_number
from keras_vae.priors.mixture import Components, Mixture
from keras_vae.random.portable import check_seed


@keras.saving.register_keras_serializable(package="keras_vae")
class GaussianMixture(Mixture):
    """A mixture of diagonal normals, trained with the networks: weights, means and scales.

    The KL to it has no closed form and is estimated from the posterior's samples.

    Args:
        components: K, at least 1; 10 by default.
        seed: of the means to start from, drawn from N(0, I); scales start at 1, weights equal; 0 by default.
        kwargs: Keras' own, such as `name`.

    Raises:
        ValueError: fewer than one component.
    """

    def __init__(self, components: int = 10, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_components, self.seed = whole_number("components", components, 1), check_seed(seed)
        self.means = None

    def build(self, event_shape: Sequence[int]) -> None:
        """Make the weights."""
        super().build(event_shape)
        if self.means is None:
            shape = (self.num_components, *self.event_shape)
            self.logits = self.add_weight(shape=shape[:1], initializer="zeros", name="logits")
            start = keras.initializers.RandomNormal(stddev=1.0, seed=self.seed)
            self.means = self.add_weight(shape=shape, initializer=start, name="means")
            self.log_stddevs = self.add_weight(shape=shape, initializer="zeros", name="log_stddevs")

    def components(self) -> Components:
        """Return the components as they stand."""
        return Components(self.logits.value, self.means.value, tf.exp(self.log_stddevs.value))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this prior again, untrained."""
        return {**super().get_config(), "components": self.num_components, "seed": self.seed}
