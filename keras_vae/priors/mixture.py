"""Mixtures of diagonal normals as priors, learned or fixed, and which component an image takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from numpy.typing import ArrayLike

from keras_vae.checks.number import whole_number
from keras_vae.checks.shown import shown
from keras_vae.data.as_array import as_array
from keras_vae.priors.prior import Prior
from keras_vae.random.portable import HALF, SCALE, check_seed, latents, stride, words, words_numpy

tfd = tfp.distributions
RANGE = 2**31  # a choice is one of 0 ... RANGE - 1


def choices(seed: tf.Tensor | int, index: tf.Tensor | ArrayLike, latent_dim: int) -> tf.Tensor:
    """Return a uniform int32 in [0, 2**31) for each image number of int32 `[n]`, by the portable generator.

    From the two halves of the word in column number `latent_dim`, which no latent uses:

        choice = (left // 2) * 65536 + right

    No temperature enters: it changes how far images are from their component, not which they take.
    """
    return _join(*words(seed, index, [latent_dim], stride(latent_dim)))


def choices_numpy(seed: int, index: ArrayLike, latent_dim: int) -> np.ndarray:
    """Return what `choices` does, by NumPy."""
    return _join(*words_numpy(seed, index, [latent_dim], stride(latent_dim)))


def _join(left: Any, right: Any) -> Any:
    return (left // 2 * HALF + right)[:, 0]


class Components(NamedTuple):
    """K diagonal normals: logits of their weights float32 `[K]`, means and standard deviations `[K, latent_dim]`."""

    logits: tf.Tensor
    means: tf.Tensor
    stddevs: tf.Tensor


class DiagonalMixture(tfd.MixtureSameFamily):
    """TFP's mixture with the log-densities as two matrix products.

    TFP's own hold `[..., K, latent_dim]` numbers at a time: gigabytes where a bound is evaluated. The products
    subtract large numbers from each other, so they are in float64.
    """

    @classmethod
    def of(cls, components: Components) -> Self:
        """Build it from the components."""
        return cls(
            tfd.Categorical(logits=components.logits),
            tfd.MultivariateNormalDiag(components.means, components.stddevs),
        )

    def _log_prob(self, z: tf.Tensor) -> tf.Tensor:
        if self.batch_shape.rank:  # a slice such as prior[tf.newaxis]
            return super()._log_prob(z)
        normals = self.components_distribution
        parts = (z, self.mixture_distribution.logits, normals.loc, normals.stddev())
        z, logits, means, stddevs = (tf.cast(tensor, tf.float64) for tensor in parts)
        precision = 1 / tf.square(stddevs)
        constant = (
            tf.nn.log_softmax(logits)
            - tf.reduce_sum(0.5 * tf.square(means) * precision + tf.math.log(stddevs), axis=-1)
            - 0.5 * np.log(2 * np.pi) * means.shape[-1]
        )
        by_component = constant - 0.5 * tf.tensordot(tf.square(z), precision, [[-1], [-1]])
        by_component += tf.tensordot(z, means * precision, [[-1], [-1]])
        return tf.reduce_logsumexp(tf.cast(by_component, tf.float32), axis=-1)


class Mixture(Prior):
    """p(z) = sum over k of weight_k N(z; mean_k, diag(stddev_k^2)).

    The portable random number generator chooses an image's component k with a number of its own, and the component's
    mean and scale transform the image's normal noise, in whole steps of 2**-14:

        k = number of thresholds <= choice                      choice int32 in [0, 2**31), see component_choice
        z = M[k] * 2**-14 + S[k] * 2**-14 * noise               M, S = round(mean * 2**14), round(stddev * 2**14)

    The tables hold integers, like the generator's own table, since converters would round tables of floats together
    with the weights. So all runtimes draw the same latents, bit for bit.
    """

    def components(self) -> Components:
        """Return the components as they stand."""
        raise NotImplementedError(f"{type(self).__name__} must define components()")

    def call(self, parameters: None = None) -> tfd.Distribution:
        """Return the mixture over float32 `[latent_dim]`."""
        return DiagonalMixture.of(self.components())

    def thresholds(self, logits: tf.Tensor) -> tf.Tensor:
        """Return cumulative weights int32 `[K - 1]` in steps of 2**-31: choices from thresholds[k] on are past k."""
        shares = tf.cumsum(tf.nn.softmax(tf.cast(logits, tf.float64)))[:-1]
        return tf.cast(tf.minimum(tf.floor(shares * RANGE), RANGE - 1), tf.int32)

    def reparameterize(
        self, distribution: DiagonalMixture, noise: tf.Tensor, choice: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Carry noise float32 `[n, latent_dim]` and choices int32 `[n]` in [0, 2**31) to samples.

        Raises:
            ValueError: no choices.
        """
        if choice is None:
            raise ValueError(
                f"choice is None: expected int32 [n]; {type(self).__name__} needs one for each row of the noise"
            )
        normals = distribution.components_distribution
        past = choice[:, tf.newaxis] >= self.thresholds(distribution.mixture_distribution.logits)[tf.newaxis, :]
        component = tf.reduce_sum(tf.cast(past, tf.int32), axis=-1)
        mean, stddev = (
            tf.cast(tf.gather(tf.cast(tf.round(table / SCALE), tf.int32), component), tf.float32) * SCALE
            for table in (normals.loc, normals.parameters["scale_diag"])
        )
        return mean + stddev * noise

    def sample_latents(
        self, seed: tf.Tensor | int, index: tf.Tensor | ArrayLike, temperature: tf.Tensor | float
    ) -> tf.Tensor:
        """Return samples float32 `[n, latent_dim]` by the portable generator; a temperature of 0 gives the means."""
        (latent_dim,) = self.event_shape
        noise, choice = latents(seed, index, latent_dim, temperature), choices(seed, index, latent_dim)
        return self.reparameterize(self(), noise, choice)

    def snapshot(self) -> Prior:
        """Return the mixture as it stands, its numbers in its configuration."""
        logits, means, stddevs = self.components()
        return FixedMixture(self.thresholds(logits).numpy(), means.numpy(), stddevs.numpy(), name=self.name)


@keras.saving.register_keras_serializable(package="keras_vae")
class FixedMixture(Mixture):
    """A mixture that is not trained: a copy of another prior, or a mixture fitted to the aggregate posterior.

    Its configuration contains all its numbers, so that a manifest can say how to draw its latents. The formula is that
    of `Mixture`.

    Args:
        thresholds: cumulative weights of the components but the last, int `[K - 1]` in steps of 2**-31.
        means: float `[K, latent_dim]`.
        stddevs: float `[K, latent_dim]`, above 0.
        kwargs: keyword arguments of the Keras layer, such as `name`.

    Raises:
        ValueError: if shapes do not fit, thresholds decrease, numbers are not finite, or standard deviations are not
            above 0.

    Example:
        >>> prior = FixedMixture.of_weights([0.25, 0.75], [[0.0], [4.0]], [[1.0], [0.5]])
        >>> prior().mean().numpy()
        array([3.], dtype=float32)
    """

    def __init__(self, thresholds: ArrayLike, means: ArrayLike, stddevs: ArrayLike, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        bounds = as_array("thresholds", thresholds).reshape(-1)
        self._means, self._stddevs = (
            as_array(name, each).astype(np.float32) for name, each in (("means", means), ("stddevs", stddevs))
        )
        if self._means.ndim != 2 or self._means.shape != self._stddevs.shape or len(self._means) != len(bounds) + 1:
            raise ValueError(
                f"the mixture has {len(bounds)} thresholds, means {self._means.shape} and stddevs "
                f"{self._stddevs.shape}: expected [K - 1], [K, latent_dim] and [K, latent_dim]"
            )
        edges = np.concatenate([[0], bounds, [RANGE]])
        if not np.all(np.diff(edges) >= 0):
            raise ValueError(
                f"thresholds are {shown(bounds.tolist())}: expected non-decreasing numbers from 0 to {RANGE - 1}"
            )
        if not (np.isfinite(self._means).all() and np.isfinite(self._stddevs).all() and np.all(self._stddevs > 0)):
            raise ValueError(
                "means or stddevs are not finite, or a stddev is not above 0: expected finite means and "
                "positive stddevs; fit it again"
            )
        self._thresholds = np.minimum(bounds, RANGE - 1).astype(np.int32)
        self._weights = np.diff(edges) / RANGE
        self.num_components = len(self._weights)
        self.build(self._means.shape[1:])

    @classmethod
    def of_weights(cls, weights: ArrayLike, means: ArrayLike, stddevs: ArrayLike, **kwargs: Any) -> Self:
        """Build it from weights `[K]` that sum to 1, such as scikit-learn's."""
        shares = np.cumsum(np.asarray(weights, np.float64))
        if len(shares) < 1 or np.any(np.asarray(weights) < 0) or not abs(shares[-1] - 1) < 1e-4:
            raise ValueError(f"weights are {np.asarray(weights).tolist()}: expected numbers >= 0 that sum to 1")
        return cls(np.minimum(np.floor(shares[:-1] / shares[-1] * RANGE), RANGE - 1), means, stddevs, **kwargs)

    def components(self) -> Components:
        """Return the components."""
        # A component of weight 0 keeps a finite logit, too small to matter.
        logits = np.log(np.maximum(self._weights, 1e-30)).astype(np.float32)
        return Components(*(tf.constant(each) for each in (logits, self._means, self._stddevs)))

    def thresholds(self, logits: tf.Tensor) -> tf.Tensor:
        """Return those given, bit for bit."""
        return tf.constant(self._thresholds)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this mixture again: integers, and floats that float32 restores exactly."""
        return {
            **super().get_config(),
            "thresholds": self._thresholds.tolist(),
            "means": shortest_decimals(self._means),
            "stddevs": shortest_decimals(self._stddevs),
        }


def shortest_decimals(values: np.ndarray) -> Any:
    """Return nested lists of the shortest decimals from which the same float32 is read."""
    return values.astype(str).astype(float).tolist()


@keras.saving.register_keras_serializable(package="keras_vae")
class GaussianMixture(Mixture):
    """A mixture of diagonal normals, trained with the networks: weights, means and scales.

    Tomczak and Welling 2018 compare such a mixture with the VampPrior. The KL to it has no closed
    form and is estimated from the posterior's samples.

    Args:
        components: K, the number of components, at least 1; 10 by default.
        seed: seed of the initial means, which are drawn from N(0, I); 0 by default. The initial standard deviations are
            1, and the initial weights are equal.
        kwargs: keyword arguments of the Keras layer, such as `name`.

    Raises:
        ValueError: if `components` is below 1.
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
