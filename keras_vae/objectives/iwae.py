"""The importance-weighted bound as an objective."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.kind import check_kind
from keras_vae.checks.number import whole_number
from keras_vae.objectives.kl import kl_divergence
from keras_vae.objectives.objective import Objective, Terms
from keras_vae.posteriors.posterior import Posterior

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class IWAE(Objective):
    """Minimise -E[log 1/k sum over i of w_i], w_i = p(x|z_i) p(z_i) / q(z_i|x), z_i from q(z|x).

    Burda, Grosse and Salakhutdinov 2016, "Importance weighted autoencoders", equation 8; the negative ELBO at k = 1.
    The signal-to-noise ratio of the encoder's gradient falls with k (Rainforth et al. 2018, "Tighter variational bounds
    are not necessarily better"). `doubly_reparameterised` takes another estimator of the same gradient, without this
    problem: it differentiates log q(z|x) only through z, with squared weights (Tucker et al. 2019, "Doubly
    reparameterized gradient estimators", equation 8).

    The other reported terms are those of the ELBO: -log p(x|z), averaged over the samples, and the KL.

    Args:
        samples: k, the number of samples, at least 1; 5 by default. Each costs a pass through the decoder.
        doubly_reparameterised: whether to use the estimator of Tucker et al.; False by default.

    Raises:
        ValueError: if `samples` is below 1, or, when a model is created, if `doubly_reparameterised` is used with a
            posterior that has weights of its own, such as coupling_flow.
    """

    def __init__(self, samples: int = 5, doubly_reparameterised: bool = False) -> None:
        check_kind("doubly_reparameterised", doubly_reparameterised, bool, "True or False")
        self.samples = whole_number("samples", samples, 1)
        self.doubly_reparameterised = bool(doubly_reparameterised)
        self._path: WeightedPath | None = None

    def check_posterior(self, posterior: Posterior) -> None:
        """Raise ValueError for weights that the density would have to hold constant beside the encoder's outputs."""
        super().check_posterior(posterior)
        if self.doubly_reparameterised and posterior.weights:
            raise ValueError(
                f"doubly_reparameterised with the posterior {type(posterior).__name__}, which has weights of its own: "
                "expected one that depends only on the encoder's outputs; use full_normal, or the objective iwae"
            )

    def at(self, step: tf.Tensor) -> Self:
        """Return a copy for one step, which weighs that step's gradient."""
        return self.replace(_path=WeightedPath()) if self.doubly_reparameterised else self

    def path(self, z: tf.Tensor) -> tf.Tensor:
        """Return `z`, whose gradient is to be weighted once more if it is doubly reparameterised."""
        return tf.identity(z) if self._path is None else self._path(z)

    def __call__(
        self, x: tf.Tensor, z: tf.Tensor, q: tfd.Distribution, p: tfd.Distribution, prior: tfd.Distribution
    ) -> Terms:
        """Return loss, reconstruction and KL of each image, in nats."""
        log_likelihood = p.log_prob(x)
        density = q if self._path is None else _constant(q)
        log_weight = log_likelihood + prior.log_prob(z) - density.log_prob(z)
        if self._path is not None:
            self._path.weight = tf.stop_gradient(tf.nn.softmax(log_weight, axis=0))[..., tf.newaxis]
        loss = tf.math.log(float(self.samples)) - tf.reduce_logsumexp(log_weight, axis=0)
        return Terms(loss, -tf.reduce_mean(log_likelihood, axis=0), kl_divergence(q, prior, z))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this objective again."""
        return {"samples": self.samples, "doubly_reparameterised": self.doubly_reparameterised}


class WeightedPath:
    """The identity, whose gradient is multiplied by a weight that is known only after its output was used.

    Attributes:
        weight: broadcastable to the input; to be set before the gradient is taken.
    """

    weight: tf.Tensor | None = None

    def __call__(self, z: tf.Tensor) -> tf.Tensor:
        """Return `z`."""

        @tf.custom_gradient
        def identity(values: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
            return tf.identity(values), lambda upstream: upstream * self.weight

        return identity(z)  # pyright: ignore[reportReturnType]  custom_gradient keeps the type in the stubs


def _constant(distribution: tfd.Distribution) -> tfd.Distribution:
    """The same distribution, through whose parameters no gradient flows."""
    return tf.nest.map_structure(tf.stop_gradient, distribution, expand_composites=True)
