"""ONNX files, one a signature, for ONNX Runtime on servers, desktops and in browsers."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from unittest import mock

import onnx
import tf2onnx

from keras_vae.checks.shown import first_line
from keras_vae.export.formats.artifact import Artifact, Inexpressible
from keras_vae.export.formats.delegates import mobile_usability
from keras_vae.export.formats.onnx_handlers import HANDLERS
from keras_vae.export.formats.signatures import Function

OPSET = 18  # the newest that tf2onnx writes


def converted(name: str, function: Function) -> onnx.ModelProto:
    """Return one signature as a model whose batch is free, called n.

    Args:
        name: the signature's.
        function: its graph, from `keras_vae.export.formats.signatures.signatures`.

    Raises:
        Inexpressible: the model needs an operator that ONNX lacks.
    """
    try:
        try:
            model = _convert(function, "FALSE")
        except Exception:  # any of an optimizer's, which tf2onnx leaves out when it may
            model = _convert(function, "TRUE")
        _name_batch(model)
        # tf2onnx may return a model that is none without raising.
        onnx.checker.check_model(model, full_check=True)
    except (
        ValueError,
        NotImplementedError,
        onnx.checker.ValidationError,
        onnx.shape_inference.InferenceError,
    ) as error:
        raise Inexpressible(
            f"ONNX cannot express {name} ({first_line(error)}): expected operators that it has; replace the layers "
            "that use others, or use the bundle's other formats"
        ) from error
    model.graph.name = name
    return model


def write_onnx(name: str, function: Function, path: Path) -> Artifact:
    """Write one signature whose batch is free; see `converted`."""
    return write_model(converted(name, function), path)


def write_model(model: onnx.ModelProto, path: Path, precision: str = "float32", batch: int | None = None) -> Artifact:
    """Write a signature's model; with a fixed batch, say also what the makers of delegates think of it.

    Raises:
        ValidationError: it is no valid model; from `onnx.checker`.
    """
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())
    delegates = None if batch is None else mobile_usability(path)
    return Artifact("onnx", precision, (model.graph.name,), _operators(model), batch=batch, delegates=delegates)


def count_operators(path: Path) -> dict[str, int]:
    """Return how often an ONNX file uses each operator; see `keras_vae.export.formats.artifact`."""
    model = onnx.load(path, load_external_data=False)
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise Inexpressible(
            f"{path.name} is not valid ONNX ({first_line(error)}): expected a file that is; export the model again"
        ) from error
    return _operators(model)


def _convert(function: Function, catch_errors: str) -> onnx.ModelProto:
    """Return tf2onnx's model; to catch errors it copies the graph before each of its many steps, 2/5 of the time."""
    with mock.patch.dict(os.environ, TF2ONNX_CATCH_ERRORS=catch_errors):
        return tf2onnx.convert.from_function(
            function,
            input_signature=function.input_signature,  # pyright: ignore[reportAttributeAccessIssue]  not in the stubs
            opset=OPSET,
            custom_op_handlers=HANDLERS,
        )[0]


def _name_batch(model: onnx.ModelProto) -> None:
    """Call the free axis n: tf2onnx numbers it anew for every tensor, as if they were unrelated."""
    model.graph.ClearField("value_info")
    for tensor in [*model.graph.input, *model.graph.output]:
        for side in tensor.type.tensor_type.shape.dim:
            if side.dim_param.startswith("unk__"):
                side.dim_param = "n"


def _operators(model: onnx.ModelProto) -> dict[str, int]:
    return dict(sorted(Counter(node.op_type for node in model.graph.node).items()))
