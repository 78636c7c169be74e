"""The program `generate.py`: which file it takes, and what it says when it refuses."""

import functools
import json
import operator

FILES = {
    ("tflite", "float32"): "tflite/vae.tflite",
    ("tflite", "float16"): "tflite/vae.float16.tflite",
    ("tflite", "dynamic"): "tflite/vae.dynamic.tflite",
    ("tflite", "int8"): "tflite/decoder.int8.tflite",
    ("onnx", "float32"): "onnx/generate.onnx",
    ("onnx", "int8"): "onnx/decode.int8.onnx",
}
MODULES = {"tflite": "ai_edge_litert", "onnx": "onnxruntime"}


def refused(bundle, capsys, *arguments):
    """The one line that the program says, having written nothing."""
    before = sorted(bundle.path.parent.rglob("*"))
    output = bundle.path.parent / "pictures.png"
    assert bundle.program.main(["--output", str(output), *arguments]) == 2
    assert sorted(bundle.path.parent.rglob("*")) == before
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("generate.py: ")
    assert err.count("\n") == 1
    return err


def change(bundle, keys, value):
    path = bundle.path / "manifest.json"
    manifest = json.loads(path.read_text())
    *way, last = keys
    functools.reduce(operator.getitem, way, manifest)[last] = value
    path.write_text(json.dumps(manifest))
