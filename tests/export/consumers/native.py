"""The programs in C: where they are, how they are called, and files that only look like theirs."""

import subprocess
from pathlib import Path

import numpy as np
import onnx

from keras_vae.export import consumers

SOURCE = Path(consumers.__path__[0]) / "native"
COMPILE = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-O2"]


def call(program, *arguments):
    command = [program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def pretender(path, types, outputs, dtype=np.float32):
    """An ONNX file with a bundle's inputs, and outputs of any type and size."""
    graph = {"inputs": [onnx.helper.make_tensor_value_info(name, *type_) for name, type_ in types.items()]}
    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    graph["nodes"], graph["outputs"] = [], []
    for name, shape in outputs.items():
        sizes = onnx.numpy_helper.from_array(np.array(shape, np.int64))
        value = onnx.numpy_helper.from_array(np.array([1], dtype))
        graph["nodes"] += [
            onnx.helper.make_node("Constant", [], [f"{name}_sizes"], value=sizes),
            onnx.helper.make_node("ConstantOfShape", [f"{name}_sizes"], [name], value=value),
        ]
        graph["outputs"].append(onnx.helper.make_tensor_value_info(name, kind, None))
    made = onnx.helper.make_graph(name="pretended", **graph)
    path.write_bytes(
        onnx.helper.make_model(made, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 18)]).SerializeToString()
    )
    return path
