"""The functions that every exported file offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import tensorflow as tf

from keras_vae.export.formats.few_operators import by_few_operators
from keras_vae.models.scoring import sample_terms
from keras_vae.models.vae import VAE
from keras_vae.random.row_noise import SAMPLES, row_noise

Function: TypeAlias = "tf.types.experimental.PolymorphicFunction[..., dict[str, tf.Tensor]]"


def signatures(model: VAE, batch: int | None = None) -> dict[str, Function]:
    """Return the model's graphs, traced once.

        encode(image[n, H, W, C])                              -> mean[n, d], stddev[n, d]    of q(z|x)
        decode(latent[n, d])                                   -> image[n, H, W, C]           the mean of p(x|z)
        reconstruct(image[n, H, W, C])                         -> image[n, H, W, C]           at the mean of q(z|x)
        generate(index int32[n], seed int32[], temperature[])  -> image[n, H, W, C], latent[n, d]
        score(image[n, H, W, C], index int32[n], seed int32[]) -> elbo[n], reconstruction[n], kl[n], bound[n]   in nats

    A conditional model's all take `label`, int32 `[n]`, too. All floats are float32, images have pixels in [0, 1],
    `index` is not negative, and image i of `generate` depends on (seed, i, temperature) alone, and its label.
    `score` draws 16 samples of each image's posterior, by noise that depends on the seed and the row's `index` alone.

    Args:
        model: the model; its weights are captured, not copied.
        batch: n, where it is fixed; None (the default) leaves it free.
    """
    image = tf.TensorSpec([batch, *model.image_shape], tf.float32, "image")
    latent = tf.TensorSpec([batch, model.latent_dim], tf.float32, "latent")
    numbers = (
        tf.TensorSpec([batch], tf.int32, "index"),
        tf.TensorSpec([], tf.int32, "seed"),
        tf.TensorSpec([], tf.float32, "temperature"),
    )

    label = () if model.classes is None else (tf.TensorSpec([batch], tf.int32, "label"),)

    # Not model.decode: it keeps the sample axes of z, by operators that stop a delegate from taking the whole graph.
    def mean_image(z: tf.Tensor, *label: tf.Tensor) -> tf.Tensor:
        parameters = model.decode_flat(z, *label)
        return tf.reshape(model.likelihood(parameters).mean(), [batch or -1, *model.image_shape])

    def moments(x: tf.Tensor, *label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return model.posterior.moments(model.encode(x, label=label[0] if label else None))

    def encode(image: tf.Tensor, *label: tf.Tensor) -> dict[str, tf.Tensor]:
        mean, stddev = moments(image, *label)
        return {"mean": mean, "stddev": stddev}

    def decode(latent: tf.Tensor, *label: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": mean_image(latent, *label)}

    def reconstruct(image: tf.Tensor, *label: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"image": mean_image(moments(image, *label)[0], *label)}

    prior = model.sampling_prior.snapshot()  # numbers alone: no runtime has to agree how they came

    def generate(index: tf.Tensor, seed: tf.Tensor, temperature: tf.Tensor, *label: tf.Tensor) -> dict[str, tf.Tensor]:
        z = prior.sample_latents(seed, index, temperature)
        return {"image": mean_image(z, *label), "latent": z}

    own_prior = model.prior.snapshot()

    def score(image: tf.Tensor, index: tf.Tensor, seed: tf.Tensor, *label: tf.Tensor) -> dict[str, tf.Tensor]:
        noise = row_noise(seed, index, model.latent_dim, SAMPLES)
        given = label[0] if label else None
        return sample_terms(model, image, given, noise, own_prior(), by_few_operators).scores()._asdict()

    return {
        "encode": _traced(encode, image, *label),
        "decode": _traced(decode, latent, *label),
        "reconstruct": _traced(reconstruct, image, *label),
        "generate": _traced(generate, *numbers, *label),
        "score": _traced(score, image, *numbers[:2], *label),
    }


def _traced(function: Callable[..., dict[str, tf.Tensor]], *inputs: tf.TensorSpec) -> Function:
    traced = tf.function(function, input_signature=inputs, autograph=False)
    traced.get_concrete_function()
    return traced


def describe(function: Function) -> dict[str, Any]:
    """Return a signature's inputs and outputs for the manifest: shapes, the free axis as "n", and dtypes."""
    inputs = function.input_signature  # pyright: ignore[reportAttributeAccessIssue]  not in the stubs
    outputs = function.get_concrete_function().structured_outputs  # pyright: ignore[reportAttributeAccessIssue]  nor this
    return {
        "inputs": {spec.name: _shape_and_dtype(spec) for spec in inputs},
        "outputs": {name: _shape_and_dtype(spec) for name, spec in outputs.items()},
    }


def _shape_and_dtype(spec: tf.TensorSpec) -> dict[str, Any]:
    return {"shape": ["n" if side is None else side for side in spec.shape], "dtype": spec.dtype.name}
