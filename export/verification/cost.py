"""What a file costs in nats: the ELBO with it as encoder or decoder, beside the original."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.models.vae import VAE  # also registers the families' members
from keras_vae.objectives.kl import kl_divergence
from keras_vae.priors.prior import Prior
from keras_vae.random.portable import latents_numpy

SEED = 5  # of the posterior samples, the same for every file: a difference between two files is theirs alone

Encode = Callable[[np.ndarray], Mapping[str, np.ndarray]]
Decode = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Elbo:
    """Judges encoders and decoders by the ELBO = E_q[log p(x|z)] - KL(q(z|x) || p(z)), in nats per image.

    A file returns the mean of p(x|z) and not its parameters, so the likelihood is rebuilt from that mean; the
    original is judged in the same way. A file returns means and standard deviations of q(z|x): all posteriors count as
    diagonal normals. Of others, above all of a flow, the ELBO is that of such normals, whose latents are not typical of
    the model, and a loss is told only roughly. One sample of the posterior an image, by the portable generator.

    Attributes:
        likelihood, prior: of the model.
        images: float32 `[m, H, W, C]` in [0, 1].
        labels: of a conditional model's images, int32 `[m]`; None for others.
    """

    likelihood: Likelihood
    prior: Prior
    images: np.ndarray
    labels: np.ndarray | None = None

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any], images: np.ndarray, labels: np.ndarray | None = None) -> Self:
        """Build it from a bundle's manifest.

        Raises:
            ValueError: a likelihood or prior that this keras_vae does not know.
        """
        prior = part(manifest, "prior", Prior)
        prior.build((manifest["model"]["latent_dim"],))
        return cls(part(manifest, "likelihood", Likelihood), prior, images, labels)

    @classmethod
    def of_model(cls, model: VAE, images: np.ndarray, labels: np.ndarray | None = None) -> Self:
        """Build it from a model."""
        return cls(model.likelihood, model.prior.snapshot(), images, labels)

    @property
    def given(self) -> dict[str, np.ndarray]:
        """The labels as an input by name, if there are any."""
        return {} if self.labels is None else {"label": self.labels}

    @property
    def can_be_told(self) -> bool:
        """Whether the mean of p(x|z), which is what files return, tells the likelihood."""
        return self.likelihood.fixed_by_mean

    def evaluate(self, encode: Encode, decode: Decode) -> dict[str, float]:
        """Return `reconstruction`, `kl` and `elbo` = -(reconstruction + kl) of a pair, means over the images.

        Args:
            encode: images to `mean` and `stddev`, float32 `[m, d]` each.
            decode: latents float32 `[m, d]` to images `[m, H, W, C]`.
        """
        moments = encode(self.images)
        mean, stddev = moments["mean"], moments["stddev"]
        z = mean + stddev * latents_numpy(SEED, range(len(mean)), mean.shape[1])
        likelihood = self.likelihood.of_mean(tf.constant(decode(z)))
        posterior = tfp.distributions.Independent(tfp.distributions.Normal(mean, stddev), 1)
        kl = kl_divergence(posterior, self.prior(), tf.constant(z)[None])
        reconstruction = -likelihood.log_prob(self.images).numpy().astype(np.float64).mean()
        kl = kl.numpy().astype(np.float64).mean()
        return {"elbo": -float(reconstruction + kl), "reconstruction": float(reconstruction), "kl": float(kl)}


def part(manifest: Mapping[str, Any], role: str, family: type) -> Any:
    """Return the likelihood, prior, sampler or posterior of a bundle's manifest.

    Args:
        manifest: its manifest.
        role: the key in its `model`.
        family: the class of which it must be.

    Raises:
        ValueError: a name that this keras_vae does not know, or settings that are not its own.
    """
    config = {key: value for key, value in manifest["model"][role].items() if key != "trained_as"}
    name = config.pop("name")
    known = keras.saving.get_registered_object(f"keras_vae>{name}")
    if not (isinstance(known, type) and issubclass(known, family)):
        raise ValueError(
            f"the manifest's {role} is {name!r}: expected one that this keras_vae has; use the keras_vae that wrote it"
        )
    try:
        return known.from_config(config)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"the manifest's {role} is {manifest['model'][role]}: expected settings of that class; restore it, or "
            "export the model again"
        ) from error
