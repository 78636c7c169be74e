"""How a model that gives each image its loss is compiled and fitted."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae.data.pixels import check_pixels
from keras_vae.models.execution import STEPS_PER_EXECUTION, compiles_well
from keras_vae.models.guard import Guard
from keras_vae.random.noise import TRAINING, VALIDATION


class Trainer(keras.Model):
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
            name=name,
        )

    def compile(
        self,
        optimizer: Any = "adam",
        *,
        jit_compile: bool | str = "auto",
        steps_per_execution: int | str = "auto",
        **kwargs: Any,
    ) -> None:
        """Configure training, as in Keras; the loss is the model's own.

        Args:
            optimizer: a Keras optimizer or its name; "adam" by default.
            jit_compile: whether XLA compiles a step; "auto", the default, takes what measured fastest for these
                networks on this device.
            steps_per_execution: training steps in one call; "auto", the default, is 32. Callbacks run once a
                call.
            kwargs: Keras' other arguments, such as `run_eagerly`.

        Raises:
            ValueError: a `loss` or `metrics`, which these models do not take.
        """
        for name in ("loss", "metrics", "weighted_metrics", "loss_weights"):
            if kwargs.get(name) is not None:
                raise ValueError(f"{name} is {kwargs[name]!r}: expected none; the loss is the model's objective")
        eager = bool(kwargs.get("run_eagerly"))
        if jit_compile == "auto":
            jit_compile = not eager and compiles_well(self)
        if steps_per_execution == "auto":
            steps_per_execution = 1 if eager else STEPS_PER_EXECUTION
        super().compile(optimizer=optimizer, jit_compile=jit_compile, steps_per_execution=steps_per_execution, **kwargs)
        # The networks are built already: so a model saved before its first step comes back whole.
        self.optimizer.build(self.trainable_variables)

    def fit(self, x: Any = None, *args: Any, callbacks: Any = None, **kwargs: Any) -> keras.callbacks.History:
        """Train, as in Keras; stops with `TrainingDiverged` if the loss is not finite or pixels are out of [0, 1].

        Args:
            x: a `tf.data.Dataset` of images or of (images, labels), or images float32 `[n, H, W, C]` in [0, 1].
            args: as in `keras.Model.fit`.
            callbacks: as in `keras.Model.fit`.
            kwargs: as in `keras.Model.fit`.

        Returns:
            Keras' History: `loss` and the terms it is made of, in nats an image.
        """
        self._check_array(x, "x")
        self._check_array(kwargs.get("validation_data"), "validation_data")
        if isinstance(x, tf.data.Dataset):
            # A dataset orders itself; Keras warns where it is told to shuffle one, which is its default.
            kwargs.setdefault("shuffle", False)
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks = [] if callbacks is None else list(keras.tree.flatten(callbacks))
            if not any(isinstance(callback, Guard) for callback in callbacks):
                callbacks = [*callbacks, Guard()]
        return super().fit(x, *args, callbacks=callbacks, **kwargs)

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

    def terms(self, x: tf.Tensor, stream: int, step: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, ...]:
        """Return what `term_names` names, each float32 `[n]` in nats, the loss first."""
        raise NotImplementedError

    def train_step(self, data: Any) -> dict:
        """Take one step down the gradient of the mean loss of a batch."""
        x = self._images(data)
        with tf.GradientTape() as tape:
            terms = self.terms(x, TRAINING, self.step.value, training=True)
            # the networks' own layers may add losses, such as a kernel_regularizer's
            loss = tf.reduce_mean(terms[0]) + tf.add_n([tf.zeros([]), *self.losses])
            scaled_loss = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled_loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))

        in_range = tf.reduce_all((x >= 0) & (x <= 1))
        self._note_first(self.bad_pixels_step, ~in_range)
        self._note_first(self.diverged_step, ~tf.math.is_finite(loss))
        self.step.assign_add(1)
        return self._log(terms)

    def test_step(self, data: Any) -> dict:
        """Judge one batch; its noise depends on the seed and on which batch of the pass it is."""
        terms = self.terms(self._images(data), VALIDATION, self.validation_step.value)
        self.validation_step.assign_add(1)
        return self._log(terms)

    def _note_first(self, noted: Any, happened: tf.Tensor) -> None:
        noted.assign(tf.where((noted.value < 0) & happened, self.step.value, noted.value))

    def _log(self, terms: tuple[tf.Tensor, ...]) -> dict:
        for tracker, term in zip(self._trackers, terms, strict=True):
            tracker.update_state(term)
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
        }

    def compile_from_config(self, config: dict) -> None:
        """Compile as `get_compile_config()` says."""
        self.compile(**{**config, "optimizer": keras.saving.deserialize_keras_object(config["optimizer"])})
