"""The variational autoencoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.check_number import whole_number
from keras_vae.data.batches import image_batches
from keras_vae.data.labels import check_labels, label_of_each
from keras_vae.identifiers import resolve
from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.models.from_preset import arguments_of_preset
from keras_vae.models.trained_weights import load_trained_weights
from keras_vae.models.two_networks import TwoNetworks
from keras_vae.objectives.choices import OBJECTIVES
from keras_vae.objectives.objective import Objective, Terms
from keras_vae.posteriors.choices import POSTERIORS
from keras_vae.posteriors.posterior import Posterior
from keras_vae.priors.aggregate_posterior import fit_to_aggregate_posterior
from keras_vae.priors.choices import PRIORS
from keras_vae.priors.prior import Prior
from keras_vae.random.noise import TRAINING, normal
from keras_vae.random.portable import check_seed, check_temperature

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class VAE(TwoNetworks):
    """A variational autoencoder (Kingma and Welling 2013, "Auto-encoding variational Bayes").

        log p(x) >= ELBO = E_q[log p(x|z)] - KL(q(z|x) || p(z))

    `fit` logs `loss`, `reconstruction_loss` (-E_q[log p(x|z)], over the objective's samples) and `kl_loss`, each summed
    over pixels or latent dimensions and averaged over images, in nats an image.

    Args:
        encoder: a Keras model, images `[n, H, W, C]` to the posterior's parameters: for the default posterior one
            tensor `[n, 2 * latent_dim]` of means and log-variances, or the pair of them.
        decoder: a Keras model, latents `[n, latent_dim]` to the likelihood's parameters: for Bernoulli the logits
            `[n, H, W, C]`.
        likelihood: p(x|z), a name or object; "bernoulli" by default.
        prior: p(z); "standard_normal" by default.
        posterior: the family of q(z|x); "diagonal_normal" by default.
        objective: what training minimises; "elbo" by default.
        sampler: what `generate` draws latents from; the prior by default. See `fit_sampler`.
        image_shape: (height, width, channels); read from the encoder by default.
        latent_dim: width of the latent; read from the decoder by default.
        classes: of a conditional model (Sohn et al. 2015, "Learning structured output representation"), p(x|z, y) with
            q(z|x, y): both networks take a second input, the one-hot label `[n, classes]`, and training takes
            (images, labels int `[n]`); None, the default, for no labels.
        seed: of all noise in training and validation; 0 by default.
        kwargs: Keras' own, such as `name`.

    Raises:
        ValueError: networks that do not fit each other, the likelihood or the posterior.

    Example:
        >>> import keras
        >>> from keras_vae.models.vae import VAE
        >>> encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
        >>> decoder = keras.Sequential(
        ...     [keras.Input((2,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
        >>> model = VAE(encoder, decoder)
        >>> model.generate(3, seed=7).shape
        (3, 8, 8, 1)
    """

    term_names = ("loss", "reconstruction_loss", "kl_loss")

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        likelihood: str | Likelihood = "bernoulli",
        prior: str | Prior = "standard_normal",
        posterior: str | Posterior = "diagonal_normal",
        objective: str | Objective = "elbo",
        sampler: Prior | None = None,
        image_shape: Sequence[int] | None = None,
        latent_dim: int | None = None,
        classes: int | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        self.prior_family = resolve(prior, Prior, PRIORS)
        self.posterior_family = resolve(posterior, Posterior, POSTERIORS)
        self.objective = resolve(objective, Objective, OBJECTIVES)
        super().__init__(
            encoder,
            decoder,
            likelihood=likelihood,
            image_shape=image_shape,
            latent_dim=latent_dim,
            classes=classes,
            seed=seed,
            **kwargs,
        )
        self.posterior_family.bind(self.latent_dim)
        self.objective.check_posterior(self.posterior_family)
        self.prior_family.bind(self._encode_for_prior, self.image_shape, self.latent_dim)
        self.sampler = None if sampler is None else resolve(sampler, Prior, PRIORS)

    @classmethod
    def from_preset(cls, preset: str, load_weights: bool = False, **changes: Any) -> Self:
        """Build a model from a preset.

        Args:
            preset: a name in `keras_vae.presets.read.preset_names()`, such as "mnist_mlp".
            load_weights: take the trained weights that come with the preset; False by default. Then only the
                `objective` and the `seed` can be changed.
            changes: what to set otherwise: `image_shape`, `latent_dim`, `network` (a dict, merged), `likelihood`,
                `prior`, `posterior`, `objective`, `classes` or `seed`.

        Raises:
            ValueError: an unknown preset or change, or an image size that the network cannot halve; no trained
                weights for the preset, or for what was changed.

        Example:
            >>> from keras_vae.models.vae import VAE
            >>> VAE.from_preset("digits_mlp", latent_dim=3).latent_dim
            3
        """
        changed = {name for name, value in changes.items() if value is not None} - {"objective", "seed"}
        if load_weights and changed:
            raise ValueError(
                f"load_weights with another {' and '.join(sorted(changed))}: the weights of {preset} fit it as it is; "
                "leave out one or the other"
            )
        model = cls(**arguments_of_preset(preset, changes))
        if load_weights:
            load_trained_weights(model, preset)
        return model

    def encoder_outputs(self) -> int:
        """Return how many numbers the encoder must return for an image: the posterior's parameters."""
        return self.posterior_family.parameter_count(self.latent_dim)

    def encode(self, x: tf.Tensor, training: bool = False, *, label: Any = None) -> tfd.Distribution:
        """Return q(z|x), the distribution over latents.

        Args:
            x: images float32 `[n, H, W, C]` in [0, 1].
            training: whether the encoder runs as in training; False by default.
            label: classes of the images, int `[n]`; for a conditional model only.

        Returns:
            A TFP distribution of batch shape `[n]` and event shape `[latent_dim]`.

        Raises:
            ValueError: images of another shape or dtype.
        """
        x = self._images(tf.convert_to_tensor(x))
        return self.posterior_family.distribution(self._run_encoder(x, training, label), self.latent_dim)

    def _encode_for_prior(self, x: tf.Tensor) -> tfd.Distribution:
        """q(z|x) of a prior's pseudo-inputs; in a conditional model they take the classes in turn."""
        label = None if self.classes is None else tf.range(tf.shape(x)[0]) % self.classes
        return self.encode(x, label=label)

    @property
    def prior(self) -> tfd.Distribution:
        """p(z), a TFP distribution of event shape `[latent_dim]`."""
        return self.prior_family.distribution(self.latent_dim)

    def terms(
        self,
        x: tf.Tensor,
        stream: int,
        step: tf.Tensor,
        training: bool = False,
        rows: tuple[tf.Tensor, tf.Tensor] | None = None,
        label: tf.Tensor | None = None,
    ) -> Terms:
        """Return loss, reconstruction and KL of each image, float32 `[n]`, in nats; `rows` as in `normal`."""
        self.objective.check_posterior(self.posterior_family)  # again: it may have been set since
        posterior = self.encode(x, training, label=label)
        noise = normal(self.seed, stream, step, [self.objective.samples, tf.shape(x)[0], self.latent_dim], rows=rows)
        objective = self.objective.at(step) if stream == TRAINING else self.objective
        z = objective.decoded(self.posterior_family.from_noise(posterior, noise))
        likelihood = self.decode(z, training, label=label)
        if training:
            likelihood = self.likelihood.in_training(likelihood, x)
        return objective(x, posterior, self.prior, z, likelihood)

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """Return the reconstruction, the mean of p(x|z) at the posterior's mean: float32 `[n, H, W, C]`.

        Args:
            inputs: images, or the pair of images and labels for a conditional model.
            training: whether the networks run as in training; False by default.
        """
        x, label = (inputs, None) if self.classes is None else inputs
        return self.decode(self.encode(x, training, label=label).mean(), training, label=label).mean()

    def generate(
        self,
        count: int,
        seed: int = 0,
        temperature: float = 1.0,
        batch_size: int = 256,
        *,
        label: int | Sequence[int] | None = None,
    ) -> np.ndarray:
        """Draw images from the prior: the mean of p(x|z) at latents of the portable generator.

        Image i depends on (seed, i) alone, not on `count`, and has the same latent in every exported file.

        Args:
            count: how many, at least 1.
            seed: an int32; 0 by default.
            temperature: the factor of the latents' standard deviation, at least 0; 1 by default.
            batch_size: how many go through the decoder at once; 256 by default.
            label: of a conditional model, the class of all images or one for each; image i has class i mod `classes`
                by default. It changes no latent.

        Returns:
            NumPy float32 `[count, H, W, C]` in [0, 1].

        Raises:
            ValueError: a count or batch size below 1, a seed that is no int32, a temperature below 0 or not finite; a
                label out of range, or of a model without classes.
        """
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
            raise ValueError(f"count is {count!r}: expected a whole number of at least 1")
        batch_size = whole_number("batch_size", batch_size, 1)
        check_seed(seed)
        check_temperature(temperature)
        if self.classes is not None:
            label = label_of_each(self.classes, range(count)) if label is None else label
            label = check_labels(label, count, self.classes)
        images = []
        for start in range(0, count, batch_size):
            index = np.arange(start, min(start + batch_size, count), dtype=np.int32)
            z = self.draw(seed, tf.constant(index), temperature)
            images.append(self.decode(z, label=label if self.classes is None else label[index]).mean().numpy())
        return np.concatenate(images)

    def draw(self, seed: tf.Tensor, index: tf.Tensor, temperature: tf.Tensor) -> tf.Tensor:
        """Return the latents float32 `[n, latent_dim]` of `generate` for a seed int32 and image numbers int32 `[n]`."""
        return self.drawn_from().draw(seed, index, self.latent_dim, temperature)

    def drawn_from(self) -> Prior:
        """Return what `generate` draws latents from: the sampler if there is one, else the prior."""
        return self.prior_family if self.sampler is None else self.sampler

    def fit_sampler(self, data: Any, components: int = 50, seed: int = 0) -> Self:
        """Let `generate` draw from a Gaussian mixture fitted to the aggregate posterior, in place of the prior.

        Where q(z) and p(z) differ, the decoder never saw what the prior draws there, and pictures are poor. The
        mixture is saved and exported with the model; training, `prior` and the ELBO stay as they are. After
        further training, fit it again.

        Args:
            data: training images: batches of images or of (images, labels), or an array float32 `[n, H, W, C]`; a
                conditional model needs the labels.
            components: of the mixture, at least 1; 50 by default.
            seed: of the latents and of the mixture's start; 0 by default.

        Returns:
            The model.

        Raises:
            ValueError: unusable images, or fewer than 10 a component.

        Example:
            >>> import numpy as np
            >>> from keras_vae.models.vae import VAE
            >>> model = VAE.from_preset("digits_mlp", latent_dim=2)
            >>> images = np.random.default_rng(0).random((40, 8, 8, 1), "float32")
            >>> model.fit_sampler(images, components=2).generate(3).shape
            (3, 8, 8, 1)
        """

        def sample(x: tf.Tensor, label: tf.Tensor | None, noise: tf.Tensor) -> tf.Tensor:
            return self.posterior_family.from_noise(self.encode(x, label=label), noise)

        batches = image_batches(data, "data", self.image_shape, classes=self.classes)
        self.sampler = fit_to_aggregate_posterior(sample, batches, self.latent_dim, components, check_seed(seed))
        return self

    def get_config(self) -> dict:
        """Return the arguments that build this model again, its networks included."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "prior": serialize(self.prior_family),
            "posterior": serialize(self.posterior_family),
            "objective": serialize(self.objective),
            "sampler": None if self.sampler is None else serialize(self.sampler),
        }
