"""The beta-TC-VAE."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.number import at_least, whole_number
from keras_vae.objectives.kl import kl_divergence
from keras_vae.objectives.objective import Objective, Terms

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class BetaTCVAE(Objective):
    """Minimise -E_q[log p(x|z)] + alpha * mutual information + beta * total correlation + gamma * dimension-wise KL.

    Chen et al. 2018, "Isolating sources of disentanglement in variational autoencoders", equations 2 and 4. With
    q(z) the mean of q(z|x) over the dataset, KL(q(z|x) || p(z)) is the sum, in expectation, of

        log q(z|x) - log q(z)              the mutual information of image and latent
        log q(z) - sum_j log q(z_j)        the total correlation: how much the latent dimensions depend on each other
        sum_j log q(z_j) - log p(z)        the dimension-wise KL

    q(z) and q(z_j) are estimated from the batch by minibatch-stratified sampling (appendix C.2), so batches should be
    large. If all three weights are 1, the loss is a Monte Carlo estimate of the negative ELBO. On several replicas,
    each estimates q(z) from its own images.

    Args:
        beta: weight of the total correlation, at least 0; 6 by default.
        alpha: weight of the mutual information, at least 0; 1 by default.
        gamma: weight of the dimension-wise KL, at least 0; 1 by default.
        dataset_size: number of images in the training set, at least 1; 60,000 by default.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(self, beta: float = 6.0, alpha: float = 1.0, gamma: float = 1.0, dataset_size: int = 60_000) -> None:
        self.beta, self.alpha = at_least("beta", beta, 0), at_least("alpha", alpha, 0)
        self.gamma = at_least("gamma", gamma, 0)
        self.dataset_size = whole_number("dataset_size", dataset_size, 1)

    def adapt(self, images: int, steps: int) -> BetaTCVAE:
        """Return the objective for a training set of so many images."""
        return BetaTCVAE(self.beta, self.alpha, self.gamma, images)

    def __call__(
        self, x: tf.Tensor, z: tf.Tensor, q: tfd.Distribution, p: tfd.Distribution, prior: tfd.Distribution
    ) -> Terms:
        """Return loss, reconstruction and KL of each image, in nats."""
        log_weights = stratified_log_weights(tf.shape(z)[1], self.dataset_size)
        others = z[:, :, tf.newaxis]  # sample, image it is of, image whose posterior judges it
        log_joint = tf.reduce_logsumexp(q.log_prob(others) + log_weights, axis=-1)
        # The marginals of a normal, with a full covariance too, are the normals of its moments; a flow's are near them.
        marginals = tfd.Normal(q.mean(), q.stddev())
        by_dimension = marginals.log_prob(others) + log_weights[..., tf.newaxis]
        log_product = tf.reduce_sum(tf.reduce_logsumexp(by_dimension, axis=-2), axis=-1)
        penalty = (
            self.alpha * (q.log_prob(z) - log_joint)
            + self.beta * (log_joint - log_product)
            + self.gamma * (log_product - prior.log_prob(z))
        )
        reconstruction = -tf.reduce_mean(p.log_prob(x), axis=0)
        loss = reconstruction + tf.reduce_mean(penalty, axis=0)
        return Terms(loss, reconstruction, kl_divergence(q, prior, z))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this objective again."""
        return {"beta": self.beta, "alpha": self.alpha, "gamma": self.gamma, "dataset_size": self.dataset_size}


def stratified_log_weights(batch: tf.Tensor, dataset_size: int) -> tf.Tensor:
    """Return the logarithms of minibatch-stratified weights, float32 `[batch, batch]`.

    Row i has the weights of all images' posteriors in the estimate of q(z) at a sample of image i: 1/N for its
    own, (N - M) / (N M) for one other and 1/M for the M - 1 rest, where N is the dataset's size and M + 1 the
    batch's; they sum to 1. Chen et al. 2018, appendix C.2. (The authors' program sets the first columns in place of
    the diagonal.) A dataset no larger than the batch counts as one of M + 1 images; a lone image judges itself.

    Args:
        batch: images in the batch, int32 `[]`, at least 1.
        dataset_size: N.
    """
    rest = tf.cast(tf.maximum(batch - 1, 1), tf.float32)
    size = tf.maximum(tf.cast(dataset_size, tf.float32), tf.cast(batch, tf.float32))
    own = tf.eye(batch)
    one_other = tf.roll(own, shift=1, axis=1) * (1 - own)
    weights = own / size + one_other * (size - rest) / (size * rest) + (1 - own - one_other) / rest
    return tf.math.log(tf.where(batch > 1, weights, tf.ones_like(weights)))
