"""The VampPrior: a mixture of the posteriors of learned images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.number import whole_number
from keras_vae.priors.mixture import Components, Mixture
from keras_vae.priors.prior import Encode
from keras_vae.random.portable import check_seed

# Of the pseudo-inputs' logits at the start: pixels of 0.05 +- 0.01, as in the paper's code.
MEAN_LOGIT, STDDEV_LOGIT = -2.94, 0.21


@keras.saving.register_keras_serializable(package="keras_vae")
class VampPrior(Mixture):
    """p(z) = mean over k of q(z|u_k), with K pseudo-inputs u_k that are trained with the networks.

    Tomczak and Welling 2018, "VAE with a VampPrior", equation 9. The pseudo-inputs are images, the sigmoids of weights,
    and go through the model's own encoder in inference mode (no dropout). In a conditional model, the classes are
    assigned to them in turn. The posterior must be a diagonal normal. An exported file holds only the components:
    neither pseudo-inputs nor the encoder.

    Args:
        pseudo_inputs: K, the number of pseudo-inputs, at least 1; 500 by default, as in the paper. Each costs one pass
            through the encoder per step.
        seed: seed of the initial pseudo-inputs; 0 by default. To start from images, call `start_at`.
        kwargs: keyword arguments of the Keras layer, such as `name`.

    Raises:
        ValueError: if `pseudo_inputs` is below 1.
    """

    def __init__(self, pseudo_inputs: int = 500, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_components, self.seed = whole_number("pseudo_inputs", pseudo_inputs, 1), check_seed(seed)
        self._encode: Encode | None = None

    def set_encoder(self, encode: Encode, image_shape: Sequence[int]) -> None:
        """Keep the encoder's function and create the pseudo-inputs.

        Raises:
            ValueError: if the posterior is not a diagonal normal, or the prior already belongs to another model.
        """
        if self._encode is not None:
            raise ValueError(
                "this VampPrior already belongs to a model: expected one for each model; create another VampPrior"
            )
        posterior = encode(tf.zeros([1, *image_shape]))
        if not isinstance(getattr(posterior, "distribution", None), tfp.distributions.Normal):
            raise ValueError(
                f"the posterior is {type(posterior).__name__}: expected a diagonal normal for a VampPrior; "
                "use posterior='diagonal_normal'"
            )
        self._encode = encode
        start = keras.initializers.RandomNormal(MEAN_LOGIT, STDDEV_LOGIT, seed=self.seed)
        self.logits = self.add_weight(shape=(self.num_components, *image_shape), initializer=start, name="logits")

    def start_at(self, images: np.ndarray) -> None:
        """Set the pseudo-inputs to images float `[pseudo_inputs, H, W, C]`, such as the first training images.

        Pixels are clipped to [0.01, 0.99], so that they can still be trained.

        Raises:
            ValueError: if the prior does not belong to a model, or the images have another number or shape.
        """
        self._encoder()
        if np.shape(images) != tuple(self.logits.shape):
            raise ValueError(f"images have shape {np.shape(images)}: expected {tuple(self.logits.shape)}")
        pixels = np.clip(np.asarray(images, np.float64), 0.01, 0.99)
        self.logits.assign((np.log(pixels) - np.log1p(-pixels)).astype(np.float32))

    def adapt(self, images: np.ndarray, seed: int = 0) -> None:
        """Set the pseudo-inputs to training images, uint8 `[n, H, W, C]`, which are repeated if there are too few."""
        chosen = np.random.default_rng(seed).permutation(len(images))
        self.start_at(images[np.resize(chosen, self.num_components)] / 255.0)

    def pseudo_inputs(self) -> tf.Tensor:
        """Return the pseudo-inputs, float32 `[K, H, W, C]` in [0, 1]."""
        self._encoder()
        return tf.sigmoid(self.logits.value)

    def components(self) -> Components:
        """Return the posteriors of the pseudo-inputs, equally weighted.

        Raises:
            ValueError: if the prior does not belong to a model.
        """
        pseudo_inputs = self.pseudo_inputs()
        posterior = self._encoder()(pseudo_inputs)
        return Components(tf.zeros([self.num_components]), posterior.distribution.loc, posterior.distribution.scale)

    def _encoder(self) -> Encode:
        if self._encode is None:
            raise ValueError(
                "this VampPrior does not belong to a model: expected an encoder; pass it as VAE(..., prior=...)"
            )
        return self._encode

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this prior again, untrained."""
        return {**super().get_config(), "pseudo_inputs": self.num_components, "seed": self.seed}
