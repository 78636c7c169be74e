"""TFLite files for phones, boards and firmware, of built-in operators alone."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from keras_vae.export.formats.artifact import Artifact, Inexpressible
from keras_vae.export.formats.deep_decoders import with_sensitive_kernels
from keras_vae.export.formats.delegates import gpu_compatibility
from keras_vae.export.formats.formula_constants import with_formula_constants
from keras_vae.export.formats.tflite_model import lost_constants, of_one_image, read_model, slim
from keras_vae.private_interfaces import converter_error, tflite_converter


class TFLiteFiles:
    """The files of a SavedModel's signatures, which share their conversion to float32.

    Args:
        saved_model: the SavedModel to convert.
    """

    def __init__(self, saved_model: Path) -> None:
        self._saved_model = saved_model
        self._in_float32: dict[tuple[str, ...], bytes] = {}

    def write(self, path: Path, names: Sequence[str], precision: str = "float32") -> Artifact:
        """Write signatures as one file with shared weights.

        Args:
            path: the file to write.
            names: the signatures to take.
            precision: "float32"; "float16" stores the weights so, but for the constants of formulas
                (`keras_vae.export.formats.formula_constants`), and computes in float32 where the device cannot;
                "dynamic" stores large weights as int8, but for a deep decoder's first
                (`keras_vae.export.formats.deep_decoders`), and quantises activations as they come, which only recent
                runtimes do.

        Raises:
            Inexpressible: the model needs an operator that TFLite lacks.
        """
        if precision == "float32":
            return write_content(self._float32(names), path, names, precision)
        converter = converter_for(self._saved_model, names)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
            content = with_formula_constants(converted(converter.convert), self._float32(names))
        else:
            content = with_sensitive_kernels(converted(converter.convert), lambda: self._float32(names))
        return write_content(content, path, names, precision)

    def _float32(self, names: Sequence[str]) -> bytes:
        key = tuple(names)
        if key not in self._in_float32:
            self._in_float32[key] = converted(converter_for(self._saved_model, names).convert)
        return self._in_float32[key]


def write_static(saved_model: Path, path: Path, name: str) -> Artifact:
    """Write one signature of a SavedModel whose batch is fixed at 1: a file with one subgraph and no free shape.

    Raises:
        Inexpressible: the model needs an operator that TFLite lacks.
    """
    content = of_one_image(converted(converter_for(saved_model, [name]).convert))
    return write_content(content, path, [name], "float32", batch=1, delegates={"gpu": gpu_compatibility(content)})


def count_operators(path: Path) -> dict[str, int]:
    """Return how often a TFLite file uses each built-in operator; see `keras_vae.export.formats.artifact`."""
    return operators_of(path.read_bytes())


def operators_of(content: bytes) -> dict[str, int]:
    """Return how often the content of a TFLite file uses each built-in operator.

    Raises:
        Inexpressible: it uses an operator that is none, such as TensorFlow's own ("Flex").
    """
    # Read in place: to unpack the whole model takes far longer.
    model = schema.Model.GetRootAs(content, 0)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    kinds = [names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())] for code in codes]
    operators: Counter[str] = Counter()
    foreign = set()
    for i in range(model.SubgraphsLength()):
        graph = model.Subgraphs(i)
        for j in range(graph.OperatorsLength()):
            code = graph.Operators(j).OpcodeIndex()
            operators[kinds[code]] += 1
            if kinds[code] == "CUSTOM":
                foreign.add((codes[code].CustomCode() or b"unnamed").decode())
    if foreign:
        raise Inexpressible(_refusal(foreign))
    return dict(sorted(operators.items()))


def _refusal(operators: set[str]) -> str:
    return (
        f"TFLite has no built-in operator for {', '.join(sorted(operators))}: expected operators that it has; replace "
        "the layers that use others, or use the bundle's other formats"
    )


def converter_for(
    saved_model: Path, names: Sequence[str], operators: tf.lite.OpsSet = tf.lite.OpsSet.TFLITE_BUILTINS
) -> tf.lite.TFLiteConverterV2:
    """Return a converter of some signatures of a SavedModel that takes no operators but those given."""
    converter = tflite_converter(saved_model, names)
    converter.target_spec.supported_ops = [operators]
    return converter


def converted(convert: Callable[[], bytes]) -> bytes:
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
            f"TFLite cannot express the model ({reason}): expected operators that it has; use the bundle's other "
            "formats"
        ) from error


def write_content(content: bytes, path: Path, names: Sequence[str], precision: str, **facts: Any) -> Artifact:
    """Write a file's content without what devices do not read; `facts` are other attributes of its `Artifact`."""
    operators = operators_of(content)
    # densities alone take operators that the converter breaks so
    model = read_model(content)
    if "score" in names and (lost := lost_constants(model)):
        raise Inexpressible(
            f"TFLite's converter leaves out the constants {', '.join(lost[:3])}: expected operators that it has; "
            "replace the layers or densities that use others, such as lgamma, or use the bundle's other formats"
        )
    path.write_bytes(slim(model))
    return Artifact("tflite", precision, tuple(names), operators, **facts)
