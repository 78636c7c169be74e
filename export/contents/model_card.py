"""The bundle's README: what the model is and how each file is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CALLS = {
    "saved_model": """\
```python
import tensorflow as tf
model = tf.saved_model.load("saved_model")
out = model.generate(tf.range(16), tf.constant(7), tf.constant(1.0))   # out["image"], out["latent"]
```""",
    "tflite": """\
```python
import numpy as np
from ai_edge_litert.interpreter import Interpreter
generate = Interpreter("tflite/vae.tflite").get_signature_runner("generate")
out = generate(index=np.arange(16, dtype=np.int32), seed=np.int32(7), temperature=np.float32(1))
```""",
    "onnx": """\
```python
import numpy as np
import onnxruntime
session = onnxruntime.InferenceSession("onnx/generate.onnx")
image, latent = session.run(["image", "latent"], {
    "index": np.arange(16, dtype=np.int32), "seed": np.array(7, np.int32), "temperature": np.array(1, np.float32)})
```""",
}
_RUNTIMES = {"saved_model": "TensorFlow", "tflite": "LiteRT (TFLite)", "onnx": "ONNX Runtime"}


def model_card(manifest: Mapping[str, Any]) -> str:
    """Return the README in Markdown.

    Args:
        manifest: all of the bundle's manifest but its `files`.
    """
    model = manifest["model"]
    size = " x ".join(map(str, model["image_shape"]))
    lines = [
        "# A variational autoencoder",
        "",
        f"Images of {size} pixels in [0, 1], {model['latent_dim']} latent dimensions, {model['likelihood']['name']} "
        f"likelihood, {model['prior']['name']} prior, {model['posterior']['name']} posterior. "
        f"Encoder {model['parameters']['encoder']:,} parameters, decoder {model['parameters']['decoder']:,}.",
        "",
        "Image i of `generate` depends on the seed and i alone: its latent is bit-equal in every file that has "
        "`generate`. `manifest.json` says how to recompute it, and has the size and SHA-256 of every file.",
        "",
        "![samples of seed 7](samples.png)",
        "",
        "## Measured",
        "",
        *_measured(manifest["metrics"]),
        "",
        "## Files",
        "",
        "| file | runtime | precision | signatures |",
        "|---|---|---|---|",
    ]
    for path, artifact in manifest["artifacts"].items():
        runtime = _RUNTIMES[artifact["runtime"]]
        lines.append(f"| {path} | {runtime} | {artifact['precision']} | {', '.join(artifact['signatures'])} |")
    for path, reason in manifest["not_written"].items():
        lines.append(f"| {path} | not written | | {reason.replace('|', '/')} |")
    written = [runtime for runtime in _CALLS if _generates(manifest["artifacts"], runtime)]
    for runtime in written:
        lines += ["", f"## {_RUNTIMES[runtime]}", "", _CALLS[runtime]]
    lines += ["", "## Licence", "", "None is stated here: the weights stand under the terms of the data behind them."]
    return "\n".join(lines) + "\n"


def _measured(metrics: Mapping[str, Any] | None) -> list[str]:
    if not metrics:
        return ["Nothing was measured when this bundle was written."]
    return ["On test images, in nats an image:", "", *(f"- {name}: {value}" for name, value in metrics.items())]


def _generates(artifacts: Mapping[str, Any], runtime: str) -> bool:
    """Whether the file that a runtime's example names was written."""
    path = {"saved_model": "saved_model", "tflite": "tflite/vae.tflite", "onnx": "onnx/generate.onnx"}[runtime]
    return path in artifacts
