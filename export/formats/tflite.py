"""TFLite files for phones, boards and firmware, of built-in operators alone."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from keras_vae.export.formats.artifact import Artifact, Inexpressible
from keras_vae.export.formats.saturation import saturate
from keras_vae.export.formats.tflite_model import lost_constants, operator_code, read_model, slim
from keras_vae.private_interfaces import converter_error, tflite_converter

PRECISIONS = ("float32", "float16", "dynamic")


def write_tflite(saved_model: Path, path: Path, names: Sequence[str], precision: str = "float32") -> Artifact:
    """Write signatures as one file with shared weights.

    Args:
        saved_model: the SavedModel to convert.
        path: the file to write.
        names: the signatures to take.
        precision: "float32"; "float16" stores the weights so and computes in float32 where the device cannot;
            "dynamic" stores large weights as int8 and quantises activations as they come, which only recent
            runtimes do.

    Raises:
        Inexpressible: the model needs an operator that TFLite lacks.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}: expected one of {', '.join(PRECISIONS)}")
    converter = _converter(saved_model, names, tf.lite.OpsSet.TFLITE_BUILTINS)
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    return _write(_converted(converter.convert), path, names, precision)


def write_int8_decoder(saved_model: Path, path: Path, inputs: Mapping[str, np.ndarray]) -> Artifact:
    """Write `decode` in integers up to the last layer with weights; its interface stays float32.

    Weights are int8, those of convolutions a scale a channel, and so are activations, at ranges read from `inputs`
    (see `keras_vae.export.formats.saturation`).
    What comes after the last weights, the sigmoid above all, stays in float32: an 8-bit image has no gray below 1/256,
    and reading its zeros costs more nats than all the rest of the quantisation.

    Args:
        saved_model: the SavedModel to convert.
        path: the file to write.
        inputs: of `decode` by name, such as it meets in use: `latent` float32 `[m, d]`, and `label` int32 `[m]` if the
            model has classes.

    Raises:
        Inexpressible: the decoder needs an operator that TFLite lacks in int8.
    """

    def representative() -> Iterator[tuple[str, dict[str, np.ndarray]]]:
        for row in range(len(inputs["latent"])):
            yield "decode", {name: values[row : row + 1] for name, values in inputs.items()}

    in_float = _converted(_converter(saved_model, ["decode"], tf.lite.OpsSet.TFLITE_BUILTINS).convert)
    converter = _converter(saved_model, ["decode"], tf.lite.OpsSet.TFLITE_BUILTINS_INT8)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_nodes=_after_the_last_weights(in_float))

    def convert() -> bytes:
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_dataset=representative, debug_options=options
        )
        debugger.calibrated_model = saturate(debugger.calibrated_model)
        return debugger.get_nondebug_quantized_model()

    return _write(_converted(convert), path, ["decode"], "int8")


def _after_the_last_weights(content: bytes) -> list[str]:
    """Return the names of the tensors that the operators behind the last weights give."""
    model = read_model(content)
    graph = model.subgraphs[0]

    def has_weights(operator: schema.OperatorT) -> bool:
        tensors = (graph.tensors[i] for i in operator.inputs if i >= 0)
        return any(
            tensor.type == schema.TensorType.FLOAT32 and len(tensor.shape) > 1 and _is_constant(model, tensor)
            for tensor in tensors
        )

    last = max((i for i, operator in enumerate(graph.operators) if has_weights(operator)), default=-1)
    behind = [graph.tensors[i] for operator in graph.operators[last + 1 :] for i in operator.outputs]
    return [tensor.name.decode() for tensor in behind]  # pyright: ignore[reportAttributeAccessIssue]  bytes, not str


def _is_constant(model: schema.ModelT, tensor: schema.TensorT) -> bool:
    return model.buffers[tensor.buffer].data is not None


def count_operators(path: Path) -> dict[str, int]:
    """Return how often a TFLite file uses each built-in operator; see `keras_vae.export.formats.artifact`."""
    return operators_of(path.read_bytes())


def operators_of(content: bytes) -> dict[str, int]:
    """Return how often the content of a TFLite file uses each built-in operator.

    Raises:
        Inexpressible: it uses an operator that is none, such as TensorFlow's own ("Flex").
    """
    model = read_model(content)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    operators: Counter[str] = Counter()
    foreign = set()
    for graph in model.subgraphs:
        for operator in graph.operators:
            name = names[operator_code(model, operator)]
            operators[name] += 1
            if name == "CUSTOM":
                custom = model.operatorCodes[operator.opcodeIndex].customCode or b"unnamed"
                foreign.add(custom.decode())  # pyright: ignore[reportAttributeAccessIssue]  bytes, not str
    if foreign:
        raise Inexpressible(_refusal(foreign))
    return dict(sorted(operators.items()))


def _refusal(operators: set[str]) -> str:
    return (
        f"TFLite has no built-in operator for {', '.join(sorted(operators))}: expected operators that it has; replace "
        "the layers that use others, or take the bundle's other formats"
    )


def _converter(saved_model: Path, names: Sequence[str], operators: tf.lite.OpsSet) -> tf.lite.TFLiteConverterV2:
    converter = tflite_converter(saved_model, names)
    converter.target_spec.supported_ops = [operators]
    return converter


def _converted(convert: Callable[[], bytes]) -> bytes:
    """Call a converter, saying in one line what it could not express."""
    try:
        with warnings.catch_warnings():
            # TensorFlow's own calibrator still uses the interpreter that it deprecates.
            warnings.filterwarnings("ignore", r"\s*Warning: tf.lite.Interpreter is deprecated", UserWarning)
            return convert()
    except converter_error() as error:
        missing = set(re.findall(r"'(tf\.\w+)' op is neither", str(error)))
        if missing:
            raise Inexpressible(_refusal(missing)) from error
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason given")
        raise Inexpressible(
            f"TFLite cannot express the model ({reason}): expected operators that it has; take the bundle's other "
            "formats"
        ) from error


def _write(content: bytes, path: Path, names: Sequence[str], precision: str) -> Artifact:
    operators = operators_of(content)
    # densities alone take operators that the converter breaks so
    if "score" in names and (lost := lost_constants(read_model(content))):
        raise Inexpressible(
            f"TFLite's converter leaves out the constants {', '.join(lost[:3])}: expected operators that it has; "
            "replace the layers or densities that use others, such as lgamma, or take the bundle's other formats"
        )
    path.write_bytes(slim(content))
    return Artifact("tflite", precision, tuple(names), operators)
