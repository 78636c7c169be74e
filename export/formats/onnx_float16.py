"""ONNX files with weights and images computed in half precision: half the download, for GPUs and browsers.

Not `generate`: a normal's table times 2**-14 is subnormal there, and latents would be others.
"""

from __future__ import annotations

import onnx
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel


def in_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model whose weights and arithmetic are float16; its interface stays float32.

    Args:
        model: as `keras_vae.export.formats.onnx.converted` returns it; it is left as it is.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    converted = convert_float_to_float16(copy, keep_io_types=True)
    OnnxModel.graph_topological_sort(converted.graph)  # it adds the casts at the end
    converted.graph.ClearField("value_info")
    return converted
