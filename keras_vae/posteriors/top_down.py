"""The posterior of a ladder: each group of latents given those above it, and the image."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from keras_vae.checks.number import whole_number
from keras_vae.distributions.autoregressive import AutoregressiveNormal, Walked
from keras_vae.networks.build import initialise
from keras_vae.networks.ladder import posterior_of_group
from keras_vae.networks.top_down import TopDownDecoder, split
from keras_vae.posteriors.posterior import Posterior
from keras_vae.random.portable import check_seed

tfd = tfp.distributions


@keras.saving.register_keras_serializable(package="keras_vae")
class TopDown(Posterior):
    """q(e|x), the product over groups l of N(mean_l(h_l, d_l), diag(stddev_l(h_l, d_l)^2)), from coarse to fine.

    h_l is the state of the decoder given the groups above, and d_l are the encoder's features of that size: Soenderby
    et al. 2016, "Ladder variational autoencoders", with the residual parameters of Vahdat and Kautz 2020, "NVAE",
    section 3.2, since the decoder moves and scales e_l itself. The prior of e is N(0, I), and KL(q(e|x) || p(e)) is the
    ladder's KL: a sum over groups of closed forms, each at the samples of the groups above.

    The decoder must be a `TopDownDecoder`. The encoder returns its features at the size of each group, coarse to fine,
    each size once, flattened; then, in a conditional model, the one-hot label: float32 `[n, f]`.

    The mean and standard deviation that `encode` of an exported file returns are those of each group with all groups
    above it set to their means.

    Args:
        hidden: number of channels of the layers that compute a group's parameters from the state and the features, at
            least 1; 64 by default.
        activation: activation of these layers; "swish" by default.
        seed: seed of the initial weights; 0 by default. Initially the posterior equals the prior.
        kwargs: keyword arguments of the Keras layer, such as `name`.

    Raises:
        ValueError: if a number is out of range, or, when a model is created, if its decoder is not a `TopDownDecoder`.

    Example:
        >>> from keras_vae.models.vae import VAE
        >>> model = VAE.from_preset("mnist_ladder")
        >>> model.encode(tf.zeros([5, 28, 28, 1])).sample(3, seed=0).shape
        TensorShape([3, 5, 1628])
    """

    parameters_tell_shape = False

    def __init__(self, hidden: int = 64, activation: str = "swish", seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden, self.activation, self.seed = whole_number("hidden", hidden, 1), activation, check_seed(seed)
        self.groups: list[keras.Model] = []
        self._width = 0

    @property
    def parameters_shape(self) -> tuple[int]:
        """`(f,)`: as many as the encoder returns.

        Raises:
            ValueError: before it has networks.
        """
        if not self._width:
            raise ValueError(
                "posterior is top_down with a decoder that cannot be evaluated group by group: expected the network "
                "'ladder'; use it, or the posterior diagonal_normal"
            )
        return (self._width,)

    def set_networks(self, encoder: keras.Model, decoder: keras.Model) -> None:
        """Keep the decoder's walk, and make the layers that read each group's parameters.

        Raises:
            ValueError: a decoder that cannot be walked, or an encoder whose outputs are no features of its sizes.
        """
        if not isinstance(decoder, TopDownDecoder):
            raise ValueError(
                f"the decoder is a {type(decoder).__name__}, which cannot be evaluated group by group: expected a "
                "TopDownDecoder for the posterior top_down; use the network 'ladder', or the posterior diagonal_normal"
            )
        if self.groups:
            raise ValueError(
                "this TopDown already belongs to a model: expected one for each model; create another TopDown"
            )
        self._width, self._classes = encoder.output_shape[-1], decoder.classes or 0
        sizes = list(dict.fromkeys(shape[:2] for shape in decoder.group_shapes))
        features, left = divmod(self._width - self._classes, sum(map(math.prod, sizes)))
        if left or features < 1:
            raise ValueError(
                f"the encoder returns {self._width} numbers per image: expected features at the sizes {sizes}, "
                f"equally many at every position{f', then {self._classes} of the label' * (self._classes > 0)}; use "
                "the network ladder"
            )
        self._maps = [(*size, features) for size in sizes]
        self._map_of = [sizes.index(shape[:2]) for shape in decoder.group_shapes]
        self.widths = tuple(decoder.widths)
        # The method, not the decoder: its weights would count as the posterior's.
        self._walk_decoder: Callable[..., Any] = decoder.walk
        for number, (state, shape) in enumerate(zip(decoder.state_shapes, decoder.group_shapes, strict=True)):
            group = posterior_of_group(state, self._maps[self._map_of[number]], shape[2], self.hidden, self.activation)
            initialise(group, seed=self.seed + number)
            self.groups.append(group)

    def call(self, parameters: tf.Tensor) -> tfd.Distribution:
        """Return q(e|x) from what the encoder returns, float32 `[n, f]`: it walks the decoder whenever it is asked."""
        return AutoregressiveNormal(parameters, self.walk, self.event_shape[0])

    def infer(
        self,
        parameters: tf.Tensor,
        noise: tf.Tensor,
        decode: Callable[[tf.Tensor], tf.Tensor],
        path: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
    ) -> tuple[tfd.Distribution, tf.Tensor, tf.Tensor]:
        """Return q(e|x) at the samples, the samples and the decoder's outputs for them, of one walk.

        The distribution is that of each group given the groups above as they were sampled, of batch shape
        `[samples, n]`: its density at the samples is q(e|x), its KL to a normal prior a sum of closed forms.
        """
        walked = self(parameters).along(noise=noise)
        return tfd.Independent(tfd.Normal(walked.mean, walked.stddev), 1), path(walked.e), walked.outputs

    def walk(self, parameters: tf.Tensor, *, noise: tf.Tensor | None = None, e: tf.Tensor | None = None) -> Walked:
        """Walk down the decoder's stages with the encoder's features beside it.

        Args:
            parameters: what the encoder returns, float32 `[n, f]`.
            noise: standard normal, float32 `[n, latent_dim]`, to sample with.
            e: the latents themselves, likewise, to be judged. With neither the walk is along the means.
        """
        *flat, label = split(parameters, [*map(math.prod, self._maps), self._classes])
        maps = [tf.reshape(each, [-1, *shape]) for each, shape in zip(flat, self._maps, strict=True)]
        noises = None if noise is None else split(noise, self.widths)
        given = None if e is None else split(e, self.widths)
        found: list[tuple[tf.Tensor, tf.Tensor, tf.Tensor]] = []

        def latents(group: int, state: Any) -> tf.Tensor:
            features = maps[self._map_of[group]]
            outputs = self.groups[group](features if state is None else [state, features])
            mean, log_stddev = (tf.cast(each, tf.float32) for each in outputs)
            stddev = tf.exp(log_stddev)
            sampled = mean if noises is None else mean + stddev * noises[group]
            chosen = sampled if given is None else given[group]
            found.append((mean, stddev, chosen))
            return chosen

        outputs = self._walk_decoder(latents, label if self._classes else None)
        return Walked(*(tf.concat(parts, axis=-1) for parts in zip(*found, strict=True)), tf.cast(outputs, tf.float32))

    def density_size(self) -> int:
        """Return how many numbers a walk holds for one latent: about those of the states and features."""
        return self._width + sum(math.prod(group.inputs[0].shape[1:]) for group in self.groups)

    def moments(self, posterior: tfd.Distribution) -> tuple[tf.Tensor, tf.Tensor]:
        """Return mean and standard deviation along the path of the means, float32 `[n, latent_dim]` each."""
        return posterior.moments()

    def reparameterize(self, distribution: tfd.Distribution, noise: tf.Tensor) -> tf.Tensor:
        """Return mean_l + stddev_l * noise_l of each group, given those above."""
        return distribution.reparameterize(noise)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that build this posterior again, untrained."""
        config = {"hidden": self.hidden, "activation": self.activation, "seed": self.seed}
        return {**super().get_config(), **config}
