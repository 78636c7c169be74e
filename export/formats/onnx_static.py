"""ONNX files of one image a call, without a free shape, for CoreML, NNAPI and QNN."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx
import onnxruntime
from onnxruntime.tools.onnx_model_utils import make_dim_param_fixed

from keras_vae.export.formats.onnx_operators import OWN_DOMAINS


def static(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model of free batch n with n = 1, and what computed shapes folded away by ONNX Runtime.

    Args:
        model: as `keras_vae.export.formats.onnx.converted` returns it; it is left as it is.
    """
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    make_dim_param_fixed(fixed.graph, "n", 1)
    options = onnxruntime.SessionOptions()
    # The basic level keeps to ONNX's own operators.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder, "model.onnx"))
        onnxruntime.InferenceSession(fixed.SerializeToString(), options, providers=["CPUExecutionProvider"])
        folded = onnx.load(options.optimized_model_filepath)
    folded.graph.ClearField("value_info")
    own = [opset for opset in folded.opset_import if opset.domain in OWN_DOMAINS]
    folded.ClearField("opset_import")
    folded.opset_import.extend(own)
    return folded
