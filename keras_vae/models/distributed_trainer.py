"""Connects Keras to a model's steps so that training is the same on one device, several devices or several machines."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae.models import exact_steps
from keras_vae.models.compile_options import as_optimizer, compile_from_config, compile_options, get_compile_config
from keras_vae.models.faults import KINDS, Faults
from keras_vae.models.finite_weights import save, save_weights
from keras_vae.models.inputs import Batch, check_arrays, weight_of_each
from keras_vae.models.terminate_on_divergence import with_termination
from keras_vae.multi_device.lost_worker import naming_lost_workers
from keras_vae.multi_device.replica_checks import check_optimizer, keeps_state, warn_of_layers, with_inner_optimizers
from keras_vae.multi_device.sharding import RowSharding, check_batch_size, check_shuffle
from keras_vae.multi_device.step_function import predict_function, step_function
from keras_vae.optimizers.skip_large_gradients import SkipLargeGradients
from keras_vae.private_interfaces import strategy_of, take_summed_gradients, without_symbolic_build


@without_symbolic_build
class DistributedTrainer(keras.Model):
    """Runs a subclass's `train_step`, `test_step` and `predict_step` on every replica of its strategy.

    The strategy is the one in whose `scope()` the model was created; without one, steps run on one device.

    Attributes:
        step: training steps taken; saved, since with the seed it decides the noise of the next step.
        faults: what went wrong in steps; `fit` and `evaluate` report it.
        skip_gradients_above: see `compile`.
    """

    skip_gradients_above: float | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.step: keras.Variable = self._counter("step", ())
        self.validation_step: keras.Variable = self._counter("validation_step", ())
        self.faults: Faults = Faults(self._counter("first_faults", (len(KINDS),), -1))
        self._weighted = False  # whether any batch had weights
        self._means: list[keras.metrics.Mean] = []  # one for each term that a subclass logs

    def _counter(self, name: str, shape: tuple[int, ...], start: int = 0) -> keras.Variable:
        initializer = keras.initializers.Constant(start)
        options = {"dtype": "int32", "trainable": False, "aggregation": "only_first_replica"}  # all count alike
        return self.add_weight(shape=shape, initializer=initializer, name=name, **options)

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Load the counters of a file; an earlier version's, which noted fewer kinds of faults, without the last."""
        for number, counter in enumerate((self.step, self.validation_step, self.faults.first)):
            if str(number) in store and store[str(number)].shape == tuple(counter.shape):
                counter.assign(store[str(number)])

    @property
    def strategy(self) -> tf.distribute.Strategy | None:
        """The strategy in whose scope the model was made, if any."""
        return strategy_of(self)

    @property
    def distribute_strategy(self) -> Any:
        """The strategy that Keras hands the data to: its datasets are sharded row by row."""
        return RowSharding(self.strategy) if self.strategy else tf.distribute.get_strategy()

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """Return the scope of the model's strategy, if it has one."""
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()

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
            jit_compile: whether XLA compiles a step; "auto", the default, uses what was measured to be fastest for
                these networks on this kind of device.
            steps_per_execution: largest number of training steps in one call; "auto", the default, is 32. Callbacks run
                once per call, with the number of its last step.
            skip_gradients_above: skip an update if the norm of the whole gradient exceeds this or is not finite. A loss
                that is not finite then does not stop training; such steps are left out of the logged means. `fit` logs
                the number of skipped updates so far as `skipped_updates`. Infinity skips only gradients that are not
                finite. None by default: no update is skipped, and `fit` stops if the loss is not finite.
            kwargs: Keras' other arguments, such as `run_eagerly`.

        Raises:
            ValueError: if an argument is none of its values; if `loss` or `metrics` is given, which these models do not
                take; or if, under a strategy, the optimizer was created outside its scope or has options that work only
                on a single replica.
        """
        options = compile_options(self, jit_compile=jit_compile, steps_per_execution=steps_per_execution, **kwargs)
        with self.scope():
            super().compile(optimizer=as_optimizer(optimizer), **options)
            if skip_gradients_above is not None:
                self.optimizer = SkipLargeGradients(self.optimizer, skip_gradients_above)
                skip_gradients_above = self.optimizer.limit
            self.skip_gradients_above = skip_gradients_above
            if self.strategy:
                check_optimizer(self.optimizer, self.strategy)
                for each in with_inner_optimizers(self.optimizer):
                    take_summed_gradients(each)
            # Built now, so that a model saved before its first step is restored completely.
            self.optimizer.build(self.trainable_variables)

    save, save_weights = save, save_weights
    get_compile_config, compile_from_config = get_compile_config, compile_from_config

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Train, as in Keras; stops with `TrainingDiverged` if the loss is not finite or pixels are out of [0, 1].

        A model made within `strategy.scope()` trains on that strategy's replicas: `batch_size`, or a dataset's
        batches, are those of all replicas together.

        Args:
            x: a `tf.data.Dataset` of images, (images, labels) or (images, labels, weights), or images float32
                `[n, H, W, C]` in [0, 1].
            y: labels int `[n]`, which a conditional model needs and any other model ignores.
            batch_size: images per batch if `x` is an array; 32 by default.
            epochs: as in `keras.Model.fit`.
            verbose: as in `keras.Model.fit`.
            callbacks: as in `keras.Model.fit`.
            validation_split: as in `keras.Model.fit`.
            validation_data: as in `keras.Model.fit`.
            shuffle: whether to shuffle an array; a dataset has its own order.
            class_weight: a dict from labels, whole numbers, to the weights of their images, as in `keras.Model.fit`.
            sample_weight: weight of each image, float `[n]`. As in Keras, the loss of a batch is sum(weight * loss) /
                n, and the logged values are weighted means, over the global batch on any number of replicas.
            kwargs: the rest of `keras.Model.fit`'s arguments.

        Returns:
            Keras' History: `loss` and the terms it is made of, in nats per image.

        Raises:
            ValueError: if numbers of steps or images are below 1 or not whole; if pixels are outside [0, 1]; if weights
                are negative, not finite, all 0, or not as many as the images; if a batch is smaller than the number of
                replicas; or if an array is to be shuffled on several workers, which would each shuffle it differently.
            WorkerLost: if another worker is gone.
        """
        y = self._check(x, y, sample_weight, class_weight=class_weight)
        if validation_data is not None:
            parts = validation_data if isinstance(validation_data, (tuple, list)) else (validation_data,)
            x_, y_, weight = (*parts, None, None)[:3] if parts else (parts, None, None)
            validation_data = (x_, self._check(x_, y_, weight, name="validation_data"), weight)
        if isinstance(x, tf.data.Dataset):
            shuffle = False  # Keras warns where it is told to shuffle one, which is its default
        elif self.strategy:
            check_batch_size(batch_size or 32, self.strategy)
            check_shuffle(shuffle, self.strategy)
        kwargs |= {"epochs": epochs, "verbose": verbose, "callbacks": with_termination(callbacks), "shuffle": shuffle}
        kwargs |= {"validation_split": validation_split, "validation_data": validation_data}
        kwargs |= {"class_weight": weight_of_each(class_weight, self.classes), "sample_weight": sample_weight}
        with naming_lost_workers(self.strategy):
            return exact_steps.fit(self, x, y, batch_size, **kwargs)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Return the mean terms over images, as in Keras, errors as of `fit`; see `keras_vae.evaluate` for more."""
        y = self._check(x, y, sample_weight)
        self.faults.forget()
        found = exact_steps.evaluate(self, x, y, batch_size, verbose, sample_weight, **kwargs)
        self.faults.check_inputs("batch")
        self.check_counted(found["loss"] if isinstance(found, dict) else np.ravel(found)[0])
        return found

    def check_counted(self, loss: float) -> None:
        """Raise ValueError if a mean over an epoch or a pass is 0 because all its weights were 0."""
        if loss == 0 and self._weighted:
            raise ValueError("sample_weight is 0 for every image of the data: expected one above 0; leave it out")

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> np.ndarray:
        """Return the reconstructions of images, float32 `[n, H, W, C]`, as in Keras, errors as of `fit`."""
        self._check(x, None, None)
        self.faults.forget()
        self.validation_step.assign(0)
        found = exact_steps.predict(self, x, *args, **kwargs)
        self.faults.check_inputs("batch")
        return found

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Take one step on one batch, as in Keras."""
        self._check(x, y, sample_weight, class_weight=class_weight, one_batch=True, return_dict=return_dict)
        return super().train_on_batch(x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Judge one batch, as in Keras."""
        self._check(x, y, sample_weight, one_batch=True, return_dict=return_dict)
        return super().test_on_batch(x, y, sample_weight, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the predictions for one batch; under a strategy Keras would give every replica the whole batch."""
        self._check(x, None, None, one_batch=True)
        if self.strategy:
            return self.predict(tf.data.Dataset.from_tensors(x), verbose=0)
        return super().predict_on_batch(x)

    def _check(self, x: Any, y: Any, sample_weight: Any, **options: Any) -> Any:
        return check_arrays(x, y, sample_weight, self.image_shape, self.classes, **options)

    def jit_under_strategy(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a part of a step that needs no other replica, compiled by XLA if asked for under a strategy."""
        compiles = self.jit_compile and self.strategy and not keeps_state(self)
        return tf.function(function, jit_compile=True) if compiles else function

    def make_train_function(self, force: bool = False) -> None:
        """Make what `fit` calls."""
        if force or self.train_function is None:
            if not self.trainable_weights:
                warnings.warn(
                    "the model has no trainable weights: expected some to train; set trainable = True on its networks",
                    stacklevel=2,
                )
            if self.strategy:
                warn_of_layers(self, self.strategy.num_replicas_in_sync)
            self.train_function = step_function(self, self.strategy, self.train_step)

    def make_test_function(self, force: bool = False) -> None:
        """Make what `evaluate` calls."""
        if force or self.test_function is None:
            self.test_function = step_function(self, self.strategy, self.test_step)

    def make_predict_function(self, force: bool = False) -> None:
        """Make what `predict` calls."""
        if not self.strategy:
            super().make_predict_function(force)
        elif force or self.predict_function is None:
            self.predict_function = predict_function(self, self.strategy)

    def remake_functions(self) -> None:
        """Rebuild the training and test functions, if they exist."""
        if self.train_function is not None:
            self.make_train_function(force=True)
        if self.test_function is not None:
            self.make_test_function(force=True)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The running means of the terms over images."""
        return [*self._means]

    def reset_metrics(self) -> None:
        """Start a new epoch of means; validation starts its noise again, so that epochs can be compared."""
        super().reset_metrics()
        self.validation_step.assign(0)

    def log(self, terms: Iterable[tf.Tensor], batch: Batch, usable: tf.Tensor | None = None) -> dict[str, Any]:
        """Add the terms of a batch, float32 `[n]` each, to the running means, and return the means.

        Args:
            terms: in the order of the names they are logged by.
            batch: supplies the weights.
            usable: whether to take them at all, bool `[]`; None, the default, takes them.
        """
        self._weighted = self._weighted or batch.weight is not None
        weights = batch.weight_in_means
        for mean, term in zip(self._means, terms, strict=False):
            if usable is not None:
                term = tf.where(usable, term, 0)
                weights = tf.cast(usable, tf.float32) * (tf.ones_like(term) if weights is None else weights)
            mean.update_state(term, weights)
        return {mean.name: mean.result() for mean in self._means}
