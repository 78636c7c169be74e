"""Everything of Keras, TensorFlow and TFDS that is used here without being public, and why.

`tests/test_private_interfaces.py` holds each against the installed versions: when one changes, this is the one file
to mend.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import keras
import tensorflow as tf
from keras.src.backend.tensorflow.trainer import TFEpochIterator
from keras.src.utils.traceback_utils import filter_traceback

from keras_vae.data.by_rows import by_rows
from keras_vae.multi_device.execution import Execution

ModelClass = TypeVar("ModelClass", bound=type[keras.Model])


def strategy_of(model: keras.Model) -> tf.distribute.Strategy | None:
    """Return the strategy in whose scope a model was made; Keras' public property hides whether there was one."""
    return model._distribute_strategy


def layers_of(model: keras.Model, include_self: bool = True) -> list[keras.layers.Layer]:
    """Return all layers of a model, those within layers too; Keras' public `layers` are the outermost alone."""
    return model._flatten_layers(include_self=include_self)


def take_summed_gradients(optimizer: keras.optimizers.Optimizer) -> None:
    """Let an optimizer take gradients as they are, rather than sum them over replicas.

    Keras sums them itself, but too late: after each replica clipped its own part, looked for overflow in it alone
    (mixed_float16), or put it by (gradient_accumulation_steps).
    """
    optimizer._all_reduce_sum_gradients = list


class ExactEpochs(TFEpochIterator):
    """Keras' epochs, of the steps that were asked for whatever `steps_per_execution` is.

    Keras' own run whole executions alone, so that 10 steps with 32 an execution are 32, and say so to callbacks. Here
    Keras counts single steps, which are put together to executions. So the data go on, end and begin again as if
    each step were a call.

    Args:
        at_a_time: steps of an execution, `steps_per_execution` by default.
    """

    def __init__(self, *args: Any, steps_per_execution: int = 1, at_a_time: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, steps_per_execution=1, **kwargs)
        self._at_a_time = at_a_time or steps_per_execution
        self._execution: Execution | None = None

    def __iter__(self) -> ExactEpochs:
        self._execution = None
        return super().__iter__()

    def __next__(self) -> tuple[int, int, Execution]:
        """Return the numbers of an execution's first and last step, and the execution."""
        if self._execution is not None and self._execution.left:
            with self.catch_stop_iteration():
                raise StopIteration  # of Keras' step after the last
            raise StopIteration
        if self._execution is not None and self.steps_per_epoch is None and self._is_whole_epoch_of_ours():
            self.data_adapter.on_epoch_end()
            raise StopIteration
        first, last, iterator = super().__next__()
        while last - first + 1 < self._at_a_time and not self._ends_after(last):
            _, last, _ = super().__next__()
        self._execution = Execution(iterator, last - first + 1)
        return first, last, self._execution

    def _is_whole_epoch_of_ours(self) -> bool:
        """Whether an epoch is over that Keras would begin once more, and let go.

        That takes 4 % of a small epoch. Others' data it may change, such as the next order of a `shuffle`.
        """
        return self._steps_seen == self._num_batches and by_rows(self._distributed_dataset) is not None

    def _ends_after(self, step: int) -> bool:
        return step + 1 == self.num_batches or self._steps_seen == self._num_batches

    @contextmanager
    def catch_stop_iteration(self) -> Iterator[None]:
        """Catch the end of data of unknown length; Keras would take the length of the first epoch for that of all."""
        with super().catch_stop_iteration():
            yield
        self._num_batches = self.data_adapter.num_batches


def with_epochs(method: Callable[..., Any], epochs: Callable[..., TFEpochIterator]) -> Callable[..., Any]:
    """Return `keras.Model.fit`, `evaluate` or `predict` with epochs of another class; Keras has no argument for it.

    Args:
        method: one of the three.
        epochs: such as `ExactEpochs`; called as Keras calls its own `TFEpochIterator`.
    """
    plain = inspect.unwrap(method)
    names = {**plain.__globals__, "TFEpochIterator": epochs}
    return filter_traceback(types.FunctionType(plain.__code__, names, None, plain.__defaults__))


def branches_within_replicas() -> bool:
    """Whether an optimizer may be called in a branch of one replica: not where it waits there for the others."""
    return tf.__internal__.distribute.strategy_supports_no_merge_call()


def write_fingerprint(saved_model: Path) -> None:
    """Write fingerprint.pb, which says what is in saved_model.pb, anew where that was changed."""
    from tensorflow.python.saved_model import fingerprinting_utils

    fingerprinting_utils.write_fingerprint(str(saved_model))


def converter_error() -> type[Exception]:
    """Return what TensorFlow's TFLite converter raises for a model that it cannot express."""
    from tensorflow.lite.python.convert_phase import ConverterError

    return ConverterError


def tflite_converter(saved_model: Path, names: Sequence[str]) -> tf.lite.TFLiteConverterV2:
    """Return `tf.lite.TFLiteConverter.from_saved_model(...)`, for as many conversions as are asked of it.

    TensorFlow's own loads the SavedModel when it is made and twice a conversion, to check names, to count operators
    and to say where in Python one came from, and collects the garbage of the whole process: half the time of an
    export. What it converts is read from the folder by C++ in any case. Nor is a file read and written once more to
    say in it by which converter it was written, which no runtime reads.

    Args:
        saved_model: the folder.
        names: the signatures to take.
    """
    from tensorflow.core.protobuf import saved_model_pb2
    from tensorflow.lite.python import lite

    class Converter(lite.TFLiteSavedModelConverterV2):
        def convert(self) -> bytes:
            content = (saved_model / "saved_model.pb").read_bytes()
            graph = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].graph_def
            return self._convert_from_saved_model(graph)  # pyright: ignore[reportReturnType]  bytes or a base class

    return Converter(str(saved_model), {tf.saved_model.SERVING}, list(names))


def calibrate(converter: tf.lite.TFLiteConverterV2) -> bytes:
    """Return the float32 TFLite model with the range of each activation on the converter's representative dataset."""
    converter.experimental_mlir_quantizer = True  # pyright: ignore[reportAttributeAccessIssue]
    converter._experimental_calibrate_only = True  # pyright: ignore[reportAttributeAccessIssue]
    return converter.convert()


def quantise(calibrated: bytes, in_float: Sequence[str] = (), integer_interface: bool = False) -> bytes:
    """Return the int8 TFLite model of one with ranges, which may have been changed; the converter takes its own alone.

    Args:
        calibrated: such as `calibrate` returns.
        in_float: names of tensors whose operators stay in float32.
        integer_interface: whether inputs and outputs are int8, too.
    """
    from tensorflow.lite.python.convert import mlir_quantize

    interface = tf.int8 if integer_interface else tf.float32
    quantised: Any = mlir_quantize(
        calibrated,
        fully_quantize=integer_interface,
        input_data_type=interface,
        output_data_type=interface,
        denylisted_nodes=list(in_float),
    )
    return quantised


def operator_definition(name: str) -> Any:
    """Return what TensorFlow's registry says of an operator, an OpDef; None for one that it does not have."""
    from tensorflow.python.framework import op_def_registry

    return op_def_registry.get(name)


@contextmanager
def custom_gradients_forgotten() -> Iterator[None]:
    """Forget, when a block ends, the custom gradients of the graphs that were traced or loaded in it.

    TensorFlow registers one wherever a graph holds an operator such as swish, for as long as the process lives, and
    each keeps its whole graph alive. What was traced in the block can be run afterwards, but no longer differentiated.
    """
    from tensorflow.python.framework.ops import gradient_registry

    before = set(gradient_registry.list())
    try:
        yield
    finally:
        for name in gradient_registry.list() - before:
            del gradient_registry._registry[name]


@contextmanager
def progress_bars_of_tfds(shown: bool) -> Iterator[None]:
    """Show or hide TFDS' progress bars in a block; TFDS has no way to ask whether they are on."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.utils import tqdm_utils

    before = tqdm_utils._active
    tfds.display_progress_bar(shown)
    try:
        yield
    finally:
        tfds.display_progress_bar(before)


@contextmanager
def retries_of_tfds(count: int) -> Iterator[None]:
    """Let TFDS try a download so often; its ten tries keep a machine without a network for 204 seconds."""
    from tensorflow_datasets.core.download import downloader

    before, downloader.MAX_RETRIES = downloader.MAX_RETRIES, count
    try:
        yield
    finally:
        downloader.MAX_RETRIES = before


def without_symbolic_build(model_class: ModelClass) -> ModelClass:
    """Return a model class that Keras does not build from its data before training.

    Models here are built when they are made, and under a strategy Keras would use up a batch for it.
    """
    model_class._maybe_symbolic_build = _build_nothing
    return model_class


def _build_nothing(self: keras.Model, iterator: Any = None, data_batch: Any = None) -> None:
    """Build nothing."""
