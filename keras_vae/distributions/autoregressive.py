"""A normal whose groups of dimensions depend on those before them, by a walk through a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


class Walked(NamedTuple):
    """What one walk gives: float32 `[n, latent_dim]` three times, and the decoder's outputs."""

    mean: tf.Tensor
    stddev: tf.Tensor
    e: tf.Tensor
    outputs: tf.Tensor


class AutoregressiveNormal(tfd.AutoCompositeTensorDistribution):
    """q(e) = product over groups l of N(mean_l(e_<l), diag(stddev_l(e_<l)^2)).

    Mean and standard deviation have no closed form; these are the ones along the path of the means.

    Args:
        encoded: what the walk needs of each image, float32 `[n, f]`.
        walk: `TopDown.walk`: of such parameters, with noise, latents or neither.
        latent_dim: width of e.
    """

    def __init__(
        self, encoded: tf.Tensor, walk: Callable[..., Walked], latent_dim: int, name: str = "AutoregressiveNormal"
    ) -> None:
        parameters = dict(locals())
        self._encoded, self._walk, self._latent_dim = encoded, walk, latent_dim
        kind = tfd.FULLY_REPARAMETERIZED
        super().__init__(tf.float32, kind, validate_args=False, allow_nan_stats=True, parameters=parameters, name=name)

    @classmethod
    def _parameter_properties(cls, dtype: tf.DType | None, num_classes: int | None = None) -> dict[str, Any]:
        return {"encoded": tfp.util.ParameterProperties(event_ndims=1)}

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([self._latent_dim])

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.constant([self._latent_dim])

    def reparameterize(self, noise: tf.Tensor) -> tf.Tensor:
        """Return samples, float32 `[..., n, latent_dim]`, from standard normal noise of that shape."""
        return self.along(noise=noise).e

    def moments(self) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and standard deviation along the path of the means, float32 `[n, latent_dim]` each."""
        walked = self._walk(self._encoded)
        return walked.mean, walked.stddev

    def along(self, **chosen: tf.Tensor) -> Walked:
        """Walk with noise or latents of shape `[..., n, latent_dim]`."""
        ((name, values),) = chosen.items()
        # Sums with zeros broadcast by operators that every exported format has.
        encoded = self._encoded + tf.zeros_like(values[..., :1])
        values += tf.zeros_like(self._encoded[..., :1])
        rows = tf.reshape(encoded, [-1, encoded.shape[-1]])
        walked = self._walk(rows, **{name: tf.reshape(values, [-1, self._latent_dim])})

        def back(tensor: tf.Tensor) -> tf.Tensor:
            leading = values.shape[:-1].as_list()
            if leading.count(None) == 1:  # the others stay known, as some operators of TFLite need
                return tf.reshape(tensor, [*(-1 if size is None else size for size in leading), *tensor.shape[1:]])
            found = tf.reshape(tensor, tf.concat([tf.shape(values)[:-1], tf.shape(tensor)[1:]], axis=0))
            found.set_shape([*leading, *tensor.shape[1:]])
            return found

        return Walked(*map(back, walked))

    def _sample_n(self, n: tf.Tensor, seed: Any = None) -> tf.Tensor:
        shape = tf.concat([[n], tf.shape(self._encoded)[:-1], [self._latent_dim]], axis=0)
        return self.reparameterize(tfd.Normal(0.0, 1.0).sample(shape, seed=seed))

    def _log_prob(self, e: tf.Tensor) -> tf.Tensor:
        walked = self.along(e=e)
        return tfd.Independent(tfd.Normal(walked.mean, walked.stddev), 1).log_prob(walked.e)

    def _mean(self) -> tf.Tensor:
        return self.moments()[0]

    def _stddev(self) -> tf.Tensor:
        return self.moments()[1]
