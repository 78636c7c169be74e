"""How a model that gives each image its loss is compiled and fitted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae.data.pixels import check_pixels
from keras_vae.distribution.dealing import check_batch_size
from keras_vae.distribution.replicated import Replicated
from keras_vae.distribution.share import Share, share_of_batch, sum_over_replicas
from keras_vae.models.execution import STEPS_PER_EXECUTION, compiles_well
from keras_vae.models.guard import Guard
from keras_vae.random.noise import TRAINING, VALIDATION


class Trainer(Replicated):
    """Trains on the mean over images of what a subclass's `terms(x, stream, step)` returns.

    Attributes:
        term_names: the names under which the terms are logged, the loss first.
        step: training steps taken; saved, since with the seed it decides the noise of the next step.
    """

    term_names: tuple[str, ...] = ("loss",)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.step = self._counter("step", 0)
        self.validation_step = self._counter("validation_step", 0)
        self.diverged_step = self._counter("diverged_step", -1)
        self.bad_pixels_step = self._counter("bad_pixels_step", -1)
        self._trackers = [keras.metrics.Mean(name=name) for name in self.term_names]

    def _counter(self, name: str, start: int) -> Any:
        return self.add_weight(
            shape=(),
            dtype="int32",
            initializer=keras.initializers.Constant(start),
            trainable=False,
            aggregation="only_first_replica",  # all replicas count alike
            name=name,
        )

    def compile(
        self,
        optimizer: Any = "adam",
        *,
        jit_compile: bool | str = "auto",
        steps_per_execution: int | str = "auto",
        skip_gradients_above: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Configure training, as in Keras; the loss is the model's own.

        Args:
            optimizer: a Keras optimizer or its name; "adam" by default.
            jit_compile: whether XLA compiles a step; "auto", the default, takes what measured fastest for these
                networks on this device.
            steps_per_execution: training steps in one call; "auto", the default, is 32. Callbacks run once a
                call.
            skip_gradients_above: skip updates whose gradient has a norm above this or is not finite, over all weights
                and replicas, and leave out steps whose loss is not finite from the means, rather than stop; `fit` logs
                how many, `skipped_updates`, since the start. Infinity skips only what is not finite. None by default:
                no update is skipped, and `fit` stops where the loss is not finite.
            kwargs: Keras' other arguments, such as `run_eagerly`.

        Raises:
            ValueError: a limit of gradients that is not above 0, a `loss` or `metrics`, which these models do not take.
        """
        for name in ("loss", "metrics", "weighted_metrics", "loss_weights"):
            if kwargs.get(name) is not None:
                raise ValueError(f"{name} is {kwargs[name]!r}: expected none; the loss is the model's objective")
        eager = bool(kwargs.get("run_eagerly"))
        if jit_compile == "auto":
            jit_compile = not eager and compiles_well(self)
        if steps_per_execution == "auto":
            steps_per_execution = 1 if eager else STEPS_PER_EXECUTION
        super().compile(
            optimizer=optimizer,
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
            skip_gradients_above=skip_gradients_above,
            **kwargs,
        )
        # The networks are built already: so a model saved before its first step comes back whole.
        with self.scope():
            self.optimizer.build(self.trainable_variables)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        *args: Any,
        callbacks: Any = None,
        shuffle: bool = True,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Train, as in Keras; stops with `TrainingDiverged` if the loss is not finite or pixels are out of [0, 1].

        A model made within `strategy.scope()` trains on that strategy's replicas: `batch_size`, or a dataset's
        batches, are those of all replicas together.

        Args:
            x: a `tf.data.Dataset` of images or of (images, labels), or images float32 `[n, H, W, C]` in [0, 1].
            y: labels, which are not used.
            batch_size: of images given as an array; 32 by default.
            args: as in `keras.Model.fit`.
            callbacks: as in `keras.Model.fit`.
            shuffle: whether to shuffle an array; a dataset orders itself.
            kwargs: as in `keras.Model.fit`.

        Returns:
            Keras' History: `loss` and the terms it is made of, in nats an image.

        Raises:
            ValueError: pixels out of [0, 1], a batch smaller than the number of replicas, or an array to shuffle on
                several workers, which would each shuffle it in an order of its own.
        """
        self._check_array(x, "x")
        self._check_array(kwargs.get("validation_data"), "validation_data")
        if isinstance(x, tf.data.Dataset):
            shuffle = False  # Keras warns where it is told to shuffle one, which is its default
        elif self.strategy:
            check_batch_size(batch_size or 32, self.strategy)
            if shuffle and isinstance(self.strategy, tf.distribute.MultiWorkerMirroredStrategy):
                raise ValueError(
                    "shuffle is True for an array on several workers, which would each shuffle it their own way: "
                    "expected a tf.data.Dataset shuffled with a seed, such as load_dataset's, or shuffle=False"
                )
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks = [] if callbacks is None else list(keras.tree.flatten(callbacks))
            guard = next((callback for callback in callbacks if isinstance(callback, Guard)), None)
            if guard is None:
                guard = Guard()
                callbacks = [guard, *callbacks]  # first, so that the others see what it logs
            x = guard.watch(x)
        return super().fit(x, y, batch_size, *args, callbacks=callbacks, shuffle=shuffle, **kwargs)

    def evaluate(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return the mean terms over images, as in Keras; see `keras_vae.evaluate` for more than the loss."""
        self._check_array(x, "x")
        return super().evaluate(x, *args, **kwargs)

    def _check_array(self, data: Any, name: str) -> None:
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        if isinstance(images, np.ndarray):
            check_pixels(images, name, self.image_shape)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The running means of the terms over images."""
        return self._trackers

    def reset_metrics(self) -> None:
        """Start a new epoch of means; validation starts its noise again, so that epochs can be compared."""
        super().reset_metrics()
        self.validation_step.assign(0)

    def terms(
        self,
        x: tf.Tensor,
        stream: int,
        step: tf.Tensor,
        training: bool = False,
        rows: tuple[tf.Tensor, tf.Tensor] | None = None,
        **condition: tf.Tensor,
    ) -> tuple[tf.Tensor, ...]:
        """Return what `term_names` names, each float32 `[n]` in nats, the loss first.

        Args:
            x: images float32 `[n, H, W, C]`.
            stream: what the noise is for, such as `TRAINING`.
            step: number of the step or batch.
            training: whether the networks run as in training; False by default.
            rows: (first, total) where the images are rows of a larger batch, which decide their noise.
            condition: what `_condition` found beside the images.
        """
        raise NotImplementedError

    def _condition(self, data: Any) -> dict[str, tf.Tensor]:
        """Return what the terms of a batch depend on beside its images, tensors `[n]` by name; nothing by default."""
        return {}

    def train_step(self, data: Any) -> dict:
        """Take one step down the gradient of the mean loss of a batch, over all replicas that share it."""
        x = self._images(data)
        share = share_of_batch(tf.shape(x)[0])
        condition = {name: share.fill(value) for name, value in self._condition(data).items()}
        loss, terms, gradients = self.within_step(self._loss_and_gradients)(share.fill(x), share, condition)
        out_of_range = tf.reduce_any(~((x >= 0) & (x <= 1)))
        loss, bad_pixels, *gradients = sum_over_replicas([loss, tf.cast(out_of_range, tf.float32), *gradients])
        self.update(gradients)

        self._note_first(self.bad_pixels_step, bad_pixels > 0)
        counts = None if self.skip_gradients_above is None else tf.math.is_finite(loss)
        if counts is None:
            self._note_first(self.diverged_step, ~tf.math.is_finite(loss))
        self.step.assign_add(1)
        return self._log(map(share.own, terms), counts)

    def _loss_and_gradients(self, x: tf.Tensor, share: Share, condition: dict[str, tf.Tensor]) -> tuple:
        with tf.GradientTape() as tape:
            terms = self.terms(x, TRAINING, self.step.value, training=True, rows=share.rows, **condition)
            loss = share.mean(terms[0]) + self._added_losses(share)
            scaled_loss = self.optimizer.scale_loss(loss)
        return loss, terms, tape.gradient(scaled_loss, self.trainable_weights)

    def _added_losses(self, share: Share) -> tf.Tensor:
        """What the networks' own layers add: means over a replica's images, and weights' regularizers."""
        added = tf.add_n([tf.zeros([]), *self.losses])
        if share.replicas == 1:
            return added
        # every replica has the same weights, whose regularizers shall count once
        weights = [weight for weight in self.trainable_weights if weight.regularizer is not None]
        regularization = tf.add_n([tf.zeros([]), *(weight.regularizer(weight) for weight in weights)])
        return share.weight() * (added - regularization) + regularization / share.replicas

    def test_step(self, data: Any) -> dict:
        """Judge one batch; its noise depends on the seed and on which batch of the pass it is."""
        x = self._images(data)
        share = share_of_batch(tf.shape(x)[0])
        condition = {name: share.fill(value) for name, value in self._condition(data).items()}
        step = self.validation_step.value
        terms = self.within_step(self.terms)(share.fill(x), VALIDATION, step, rows=share.rows, **condition)
        self.validation_step.assign_add(1)
        return self._log(map(share.own, terms))

    def _note_first(self, noted: Any, happened: tf.Tensor) -> None:
        noted.assign(tf.where((noted.value < 0) & happened, self.step.value, noted.value))

    def _log(self, terms: Iterable[tf.Tensor], counts: tf.Tensor | None = None) -> dict:
        """Take a batch into the running means, unless `counts`, bool `[]`, is false."""
        for tracker, term in zip(self._trackers, terms, strict=True):
            if counts is None:
                tracker.update_state(term)
            else:
                weight = tf.fill(tf.shape(term), tf.cast(counts, tf.float32))
                tracker.update_state(tf.where(counts, term, 0), weight)
        return {tracker.name: tracker.result() for tracker in self._trackers}

    def get_compile_config(self) -> dict | None:
        """Return how the model was compiled, the optimizer's settings included; None if it was not."""
        if not self.compiled:
            return None
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "jit_compile": self.jit_compile,
            "steps_per_execution": self.steps_per_execution,
            "run_eagerly": self.run_eagerly,
            "skip_gradients_above": self.skip_gradients_above,
        }

    def compile_from_config(self, config: dict) -> None:
        """Compile as `get_compile_config()` says."""
        self.compile(**{**config, "optimizer": keras.saving.deserialize_keras_object(config["optimizer"])})
