"""The variational autoencoder."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae import registry
from keras_vae.data.labels import classes_and_names
from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.models import networks, scoring
from keras_vae.models.distributed_trainer import DistributedTrainer
from keras_vae.models.export import export
from keras_vae.models.faults import faults_of_inputs
from keras_vae.models.generation import fit_sampler, generate, reconstruct, sample_latents
from keras_vae.models.inputs import Batch, as_images, as_label, as_tensor, unpack
from keras_vae.models.presets import from_preset
from keras_vae.models.shared_presets import save_to_preset
from keras_vae.objectives.objective import Objective, Terms
from keras_vae.posteriors.posterior import Posterior
from keras_vae.priors.prior import Prior
from keras_vae.random.noise import TRAINING, VALIDATION, normal
from keras_vae.random.portable import check_seed

tfd = tfp.distributions
_TRACED = ("encoder", "decoder", "likelihood", "posterior", "prior", "objective", "seed")


@keras.saving.register_keras_serializable(package="keras_vae")
class VAE(DistributedTrainer):
    """A variational autoencoder (Kingma and Welling 2013, "Auto-encoding variational Bayes").

        log p(x) >= ELBO = E_q[log p(x|z)] - KL(q(z|x) || p(z))

    `fit` logs `loss`, `reconstruction_loss` (-E_q[log p(x|z)], over the objective's samples) and `kl_loss`. Each is
    summed over pixels or latent dimensions and averaged over images, in nats per image.

    Args:
        encoder: a Keras model that maps images `[n, H, W, C]` to the posterior's parameters. For the default posterior
            these are one tensor `[n, 2 * latent_dim]` of means and log-variances, or the two as a pair.
        decoder: a Keras model that maps latents `[n, latent_dim]` to the likelihood's parameters. For the Bernoulli
            these are the logits `[n, H, W, C]`.
        likelihood: p(x|z), a name or object; "bernoulli" by default.
        prior: p(z); "standard_normal" by default.
        posterior: the family of q(z|x); "diagonal_normal" by default.
        objective: what training minimises, a name or object; "elbo" by default.
        sampler: what `generate` draws latents from; the prior by default. See `fit_sampler`.
        image_shape: (height, width, channels); read from the encoder by default.
        latent_dim: number of latent dimensions; read from the decoder by default.
        classes: for a conditional model (Sohn et al. 2015), the number of classes, or their names in the order of
            their numbers. The model is then p(x|z, y) with q(z|x, y): both networks also take the one-hot label `[n,
            classes]`, and training data are pairs (images, labels int `[n]`). None by default.
        seed: seed of all noise in training and validation; 0 by default.
        kwargs: keyword arguments of `keras.Model`, such as `name`.

    Raises:
        ValueError: if the networks do not fit each other, the likelihood or the posterior.

    Example:
        >>> import keras
        >>> encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
        >>> decoder = keras.Sequential(
        ...     [keras.Input((2,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
        >>> model = VAE(encoder, decoder)
        >>> model.generate(3, seed=7).shape
        (3, 8, 8, 1)
    """

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
        classes: int | Sequence[str] | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # Saved optimizer state follows this order of the parts: do not change it.
        self.prior: Prior = registry.get("prior", prior)
        self.posterior: Posterior = registry.get("posterior", posterior)
        self.encoder: keras.Model = networks.revive(encoder, "encoder")
        self.decoder: keras.Model = networks.revive(decoder, "decoder")
        self.likelihood: Likelihood = registry.get("likelihood", likelihood)
        self.sampler: Prior | None = None if sampler is None else registry.get("prior", sampler)
        self.image_shape = networks.input_shape(self.encoder, "encoder", image_shape, "image_shape")
        self.latent_dim: int = networks.input_shape(self.decoder, "decoder", latent_dim, "latent_dim")[0]
        (self.classes, self.class_names), self.seed = classes_and_names(classes), check_seed(seed)
        networks.check_sizes(self.image_shape, self.latent_dim, self.classes)
        self.likelihood.build(self.image_shape)
        self.posterior.set_networks(self.encoder, self.decoder)
        self.posterior.build((self.latent_dim,))
        self.objective: Objective = registry.get("objective", objective)
        self._means = [keras.metrics.Mean(name=name) for name in self.objective.logged]
        networks.check_encoder(self)
        networks.check_decoder(self)
        self.prior.set_encoder(functools.partial(networks.encode_pseudo_inputs, self), self.image_shape)
        self.prior.build((self.latent_dim,))
        if self.sampler is not None:
            self.sampler.build((self.latent_dim,))
        self.built = True

    @classmethod
    def from_preset(
        cls, preset: str | os.PathLike[str], load_weights: bool | None = None, *, safe_mode: bool = True, **changes: Any
    ) -> Self:
        """Build a model from a preset: one of the package's own by name, or one that `save_to_preset` wrote.

        Args:
            preset: a name in `keras_vae.preset_names()`, a folder, or "hf://user/name", on the hub (extra `hub`).
            load_weights: whether to load the preset's trained weights; then only `objective` and `seed` can be changed.
                None, the default, loads the weights of a folder or a hub repository, but not those of a named preset.
            safe_mode: whether to refuse code, and classes that are neither from Keras nor from keras_vae, in a folder
                or on the hub; True by default. False also accepts the classes that your program has registered with
                Keras, and runs such code.
            changes: new values of `image_shape`, `latent_dim`, `network` (a dict, merged), `likelihood`, `prior`,
                `posterior`, `objective`, `classes` or `seed`.

        Raises:
            ValueError: if the preset or a change is unknown or unusable, or no trained weights fit the changes.
            OSError: if something cannot be fetched from the hub.
        """
        return from_preset(cls, preset, load_weights, safe_mode, changes)

    # The names of these parts in files of version 0.1.0.
    prior_family, posterior_family = property(lambda self: self.prior), property(lambda self: self.posterior)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; a new objective, by name or object, a new seed or part takes effect at once."""
        if name == "objective":
            (value := registry.get("objective", value)).check_posterior(self.posterior)
        super().__setattr__(name, value)
        if name in _TRACED:
            self.remake_functions()  # the current ones were traced with the old one

    def terms(self, x: tf.Tensor, label: Any, noise: tf.Tensor, training: bool = False, weight: Any = None) -> Terms:
        """Return loss, reconstruction and KL of each image, float32 `[n]`, in nats: the parts of the ELBO.

        Args:
            x: images float32 `[n, H, W, C]`.
            label: labels int `[n]` for a conditional model, else None.
            noise: standard normal, float32 `[samples, n, latent_dim]`.
            training: whether to run in training mode, with the objective as it is at `self.step`; False by default.
            weight: weight of each image in fitting the likelihood to the batch, float32 `[n]`; None, the default, is 1.
        """
        objective = self.objective.at(self.step.value) if training else self.objective
        encoded = self.encoder_outputs(x, label, training)
        decode = functools.partial(self.decoder_outputs, label=label, training=training)
        q, z, decoded = self.posterior.infer(encoded, noise, decode, objective.path)  # q(z|x) and samples z of it
        p = self.likelihood(decoded)  # p(x|z)
        p = self.likelihood.fit_to_batch(p, x, weight) if training else p
        return objective(x, z, q, p, self.prior())  # by default -ELBO = -E_q[log p(x|z)] + KL(q(z|x) || p(z))

    def train_step(self, data: Any) -> dict[str, Any]:
        """Take one gradient step on the mean loss of a batch, over all replicas that share the batch."""
        batch = unpack(data, self.image_shape, self.classes)

        def differentiate() -> tuple[tf.Tensor, Terms, list[Any]]:
            noise = self.noise(TRAINING, self.step.value, batch)
            with tf.GradientTape() as tape:
                terms = self.terms(batch.x, batch.label, noise, True, batch.weight_in_means)
                loss = batch.shard.mean(terms.loss, batch.weight_in_means) + batch.shard.regularization(self)
                scaled_loss = self.optimizer.scale_loss(loss)
            return loss, terms.plus(self.losses), tape.gradient(scaled_loss, self.trainable_weights)

        loss, terms, gradients = self.jit_under_strategy(differentiate)()
        faults = faults_of_inputs(batch, self.classes, self.likelihood)
        loss, faults, *gradients = batch.shard.sum([loss, faults, *gradients])
        self.optimizer.apply(gradients, self.trainable_weights)
        skips, finite = self.skip_gradients_above is not None, tf.math.is_finite(loss)
        self.faults.note(self.step.value, faults, diverged=False if skips else ~finite)
        self.step.assign_add(1)
        return self.log(terms, batch, usable=finite if skips else None)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate one batch; its noise depends only on the seed and on the batch's position in the pass."""
        batch = unpack(data, self.image_shape, self.classes)
        label = batch.usable_label(self.classes)

        def judge() -> Terms:
            noise = self.noise(VALIDATION, self.validation_step.value, batch)
            return self.terms(batch.x, label, noise).plus(self.losses)

        terms = self.jit_under_strategy(judge)()
        self._note_inputs(batch)
        return self.log(terms, batch)

    def predict_step(self, data: Any) -> tf.Tensor:
        """Return the reconstructions of a batch."""
        batch = unpack(data, self.image_shape, self.classes)
        self._note_inputs(batch)
        return self(batch.x if self.classes is None else (batch.x, batch.usable_label(self.classes)))

    def _note_inputs(self, batch: Batch) -> None:
        """Note what is wrong with a batch that is judged or predicted, and count it."""
        (faults,) = batch.shard.sum([faults_of_inputs(batch, self.classes, self.likelihood)])
        self.faults.note(self.validation_step.value, faults, diverged=False)
        self.validation_step.assign_add(1)

    encoder_outputs, decode_flat = networks.encoder_outputs, networks.decode_flat
    decoder_outputs = networks.decoder_outputs

    def noise(self, stream: int, step: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Return a step's noise, float32 `[samples, n, latent_dim]`: a batch's rows of the global batch's noise."""
        shape = [self.objective.samples, tf.shape(batch.x)[0], self.latent_dim]
        return normal(self.seed, stream, step, shape, rows=batch.shard.rows)

    def encode(self, x: tf.Tensor | np.ndarray, training: bool = False, *, label: Any = None) -> tfd.Distribution:
        """Return q(z|x), the distribution over latents.

        Args:
            x: images float32 `[n, H, W, C]` in [0, 1].
            training: whether the encoder runs as in training; False by default.
            label: classes of the images, int `[n]`; for a conditional model only.

        Returns:
            A TFP distribution of batch shape `[n]` and event shape `[latent_dim]`.

        Raises:
            ValueError: images of the wrong shape or dtype.
        """
        x = as_images(x, self.image_shape)
        return self.posterior(self.encoder_outputs(x, as_label(label, self.classes, x.shape[:1]), training))

    def decode(self, z: tf.Tensor | np.ndarray, training: bool = False, *, label: Any = None) -> tfd.Distribution:
        """Return p(x|z), the distribution over images.

        Args:
            z: latents float32 `[..., latent_dim]`.
            training: whether the decoder runs as in training (Dropout and the like); False by default.
            label: classes, int `[n]`, along the second-to-last axis of `z`, or any shape that broadcasts to
                `z.shape[:-1]`; for a conditional model only.

        Returns:
            A TFP distribution of event shape `image_shape`; `mean()` is an image in [0, 1], `log_prob(x)` is in
            nats per image.

        Raises:
            ValueError: latents of the wrong width.
        """
        z = tf.cast(as_tensor("z", z, f"latents float32 [..., {self.latent_dim}]"), tf.float32)
        if z.shape.rank is None or z.shape.rank < 1 or z.shape[-1] != self.latent_dim:
            raise ValueError(f"z has shape {tuple(z.shape)}: expected [..., {self.latent_dim}], latent_dim last")
        return self.likelihood(self.decoder_outputs(z, as_label(label, self.classes, z.shape[:-1]), training))

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """Return the reconstruction, the mean of p(x|z) at the posterior's mean: float32 `[n, H, W, C]`.

        Args:
            inputs: images, or the pair of images and labels for a conditional model.
            training: whether the networks run as in training; False by default.
        """
        x, label = (inputs, None) if self.classes is None else inputs
        q = self.posterior(self.encoder_outputs(as_images(x, self.image_shape), label, training))
        return self.decode(self.posterior.moments(q)[0], training, label=label).mean()

    save_to_preset, reconstruct = save_to_preset, reconstruct
    generate, sample_latents, fit_sampler = generate, sample_latents, fit_sampler
    score, export = scoring.score, export

    @property
    def sampling_prior(self) -> Prior:
        """What `generate` draws latents from: the sampler if there is one, else the prior."""
        return self.prior if self.sampler is None else self.sampler

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this model again, its networks included."""
        parts = ("encoder", "decoder", "likelihood", "prior", "posterior", "objective")
        return {
            **super().get_config(),
            **{part: keras.saving.serialize_keras_object(getattr(self, part)) for part in parts},
            "sampler": None if self.sampler is None else keras.saving.serialize_keras_object(self.sampler),
            "image_shape": list(self.image_shape),
            "latent_dim": self.latent_dim,
            "classes": list(self.class_names) if self.class_names else self.classes,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Self:
        """Build a model from `get_config()`."""
        with keras.saving.custom_object_scope(custom_objects or {}):
            return cls(**config)


registry.import_serializable()  # a model's file may hold any part
