"""What went wrong in a step, noted inside the graph, where nothing can be raised, and reported afterwards."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from keras_vae.data.pixels import ROUNDING
from keras_vae.likelihoods.likelihood import Likelihood
from keras_vae.models.inputs import Batch

# By kind, what an error says of the step or batch.
KINDS = {
    "images": "{place} holds no images: expected at least one in every batch; leave out the empty ones",
    "pixels": (
        "images of {place} hold pixels outside [0, 1] or NaN: expected float32 in [0, 1]; divide pixels from 0 to 255 "
        "by 255"
    ),
    "weights": (
        "weights of {place} are negative, not finite or not one for each image: expected sample_weight float [n] of at "
        "least 0; mend them"
    ),
    "labels": "labels of {place} are not from 0 to the number of classes - 1: expected int [n] below it; mend them",
    "likelihood": "images of {place} hold pixels that the likelihood gives no probability",
    "loss": "loss of {place} is not finite",
}
UNUSABLE = ("images", "pixels", "weights", "labels")


class TrainingDiverged(ValueError):
    """The loss stopped being a finite number, or the model was given invalid images or weights."""


class Faults:
    """Notes the first step at which each kind of fault happened.

    Args:
        first: the first step of each kind of fault, int32 `[6]`; -1 if there was none.
    """

    def __init__(self, first: keras.Variable) -> None:
        self.first = first

    def note(self, step: tf.Tensor, inputs: tf.Tensor, diverged: tf.Tensor | bool) -> None:
        """Note what happened in a step, int32 `[]`, unless it happened before.

        Args:
            step: its number.
            inputs: what `faults_of_inputs` returned, summed over all replicas.
            diverged: whether the loss is not finite, bool `[]`.
        """
        happened = tf.concat([inputs > 0, [diverged]], axis=0)
        self.first.assign(tf.where((self.first.value < 0) & happened, step, self.first.value))

    def forget(self) -> None:
        """Clear all noted faults."""
        self.first.assign([-1] * len(KINDS))

    def check_inputs(self, of: str = "step") -> dict[str, str]:
        """Return what `told` does, of one look at the device; `TrainingDiverged` for unusable inputs."""
        told = self.told(of)
        for kind in UNUSABLE:
            if kind in told:
                raise TrainingDiverged(f"the {told[kind]}")
        return told

    def told(self, of: str = "step") -> dict[str, str]:
        """Return a message for each kind of fault noted, by kind; `of` names the unit, "step" or "batch"."""
        first = zip(KINDS.items(), self.first.numpy(), strict=True)
        return {kind: text.format(place=f"{of} {number}") for (kind, text), number in first if number >= 0}


def faults_of_inputs(batch: Batch, classes: int | None, likelihood: Likelihood) -> tf.Tensor:
    """Return 1 for each kind of fault but "loss" that a batch's inputs show, float32 `[5]`."""
    weight, no = batch.weight, tf.constant(False)
    x = tf.reshape(batch.x, [-1, math.prod(batch.x.shape[1:])])  # XLA takes three times as long over [n, H, W, 1]
    pixels = tf.reduce_any(~((x >= -ROUNDING) & (x <= 1 + ROUNDING)))
    weights = no if weight is None else tf.reduce_any(~((weight >= 0) & (weight < float("inf"))))
    number = None if batch.label is None else tf.cast(batch.label, tf.int64)  # as given: int32 would wrap it around
    labels = no if number is None else tf.reduce_any((number < 0) | (number >= classes))
    count = tf.shape(x)[0] if batch.shard.total is None else batch.shard.total
    found = (tf.equal(count, 0), pixels, weights, labels, ~likelihood.is_likelihood_of(x))
    return tf.stack([tf.cast(each, tf.float32) for each in found])
