"""A model that Keras fits, evaluates and predicts with on the replicas of any strategy."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_vae.distribution.dealing import Dealer
from keras_vae.distribution.layers import keeps_state, warn_of_layers
from keras_vae.distribution.steps import predict_function, step_function
from keras_vae.distribution.summed import take_summed_gradients


class Replicated(keras.Model):
    """Runs a subclass's `train_step`, `test_step` and `predict_step` on every replica of its strategy.

    The strategy is that in whose `scope()` the model was made; without one, Keras' own code runs. A subclass's
    `train_step` hands the optimizer gradients that are summed over the replicas.
    """

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

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Configure training, as in Keras; the optimizer's variables belong to the model's strategy.

        Raises:
            ValueError: an optimizer made outside the strategy's scope, or with options that need a lone replica.
        """
        with self.scope():
            super().compile(*args, **kwargs)
            if self.strategy:
                take_summed_gradients(self.optimizer, self.strategy)

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
