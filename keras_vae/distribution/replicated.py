"""A model that Keras fits, evaluates and predicts with on the replicas of any strategy."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_vae.distribution.dealing import Dealer
from keras_vae.distribution.layers import keeps_state, warn_of_layers
from keras_vae.distribution.lost_worker import naming_lost_workers
from keras_vae.distribution.skipping import apply_unless_above, check_limit, count_skipped
from keras_vae.distribution.steps import predict_function, step_function
from keras_vae.distribution.summed import take_summed_gradients


class Replicated(keras.Model):
    """Runs a subclass's `train_step`, `test_step` and `predict_step` on every replica of its strategy.

    The strategy is that in whose `scope()` the model was made; without one, Keras' own code runs. A subclass's
    `train_step` hands `update` gradients that are summed over the replicas.
    """

    skip_gradients_above: float | None = None

    @property
    def strategy(self) -> tf.distribute.Strategy | None:
        """The strategy in whose scope the model was made, if any."""
        return self._distribute_strategy

    @property
    def distribute_strategy(self) -> Any:
        """The strategy that Keras hands the data to: its datasets are dealt out row by row."""
        return Dealer(self.strategy) if self.strategy else tf.distribute.get_strategy()

    def scope(self) -> contextlib.AbstractContextManager:
        """Return the scope of the model's strategy, if it has one."""
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()

    def compile(self, *args: Any, skip_gradients_above: float | None = None, **kwargs: Any) -> None:
        """Configure training, as in Keras; the optimizer's variables belong to the model's strategy.

        Args:
            args: as in Keras.
            skip_gradients_above: see `apply_unless_above`; None, the default, takes every gradient.
            kwargs: as in Keras.

        Raises:
            ValueError: an optimizer made outside the strategy's scope, or with options that need a lone replica.
        """
        self.skip_gradients_above = None if skip_gradients_above is None else check_limit(skip_gradients_above)
        with self.scope():
            super().compile(*args, **kwargs)
            if self.strategy:
                take_summed_gradients(self.optimizer, self.strategy)
            if self.skip_gradients_above is not None:
                count_skipped(self.optimizer)

    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Train, as in Keras; raises `WorkerLost` where another worker is gone."""
        with naming_lost_workers(self.strategy):
            return super().fit(*args, **kwargs)

    def update(self, gradients: Sequence[tf.Tensor | None]) -> None:
        """Let the optimizer take gradients of the scaled loss, summed over the replicas, unless they are to be skipped.

        Args:
            gradients: one for each of `trainable_weights`, None where the loss does not depend on it.
        """
        if self.skip_gradients_above is None:
            self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        else:
            apply_unless_above(self.skip_gradients_above, self.optimizer, gradients, self.trainable_weights)

    def within_step(self, function: Callable) -> Callable:
        """Return `function`, a part of a step that needs no other replica, compiled by XLA if steps are to be.

        Without a strategy Keras compiles whole steps.
        """
        compiles = self.jit_compile and self.strategy and not keeps_state(self)
        return tf.function(function, jit_compile=True) if compiles else function

    def make_train_function(self, force: bool = False) -> None:
        """Make what `fit` calls."""
        if not self.strategy:
            super().make_train_function(force)
        elif force or self.train_function is None:
            warn_of_layers(self, self.strategy.num_replicas_in_sync)
            self.train_function = step_function(self, self.strategy, self.train_step)

    def make_test_function(self, force: bool = False) -> None:
        """Make what `evaluate` calls."""
        if not self.strategy:
            super().make_test_function(force)
        elif force or self.test_function is None:
            self.test_function = step_function(self, self.strategy, self.test_step)

    def make_predict_function(self, force: bool = False) -> None:
        """Make what `predict` calls."""
        if not self.strategy:
            super().make_predict_function(force)
        elif force or self.predict_function is None:
            self.predict_function = predict_function(self, self.strategy)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the predictions for one batch, as in Keras, which would give every replica the whole of it."""
        if not self.strategy:
            return super().predict_on_batch(x)
        return self.predict(tf.data.Dataset.from_tensors(x), verbose=0)

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Build nothing, since models here are built when made: under a strategy Keras would use up a batch."""
