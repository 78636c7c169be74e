"""One image on one thread: the decoder of each shipped preset by LiteRT, ONNX Runtime, PyTorch and ExecuTorch.

    TF_CPP_MIN_LOG_LEVEL=3 python benchmarks/one_image.py --peers-python PEERS/bin/python

PEERS is a virtual environment with torch, onnx, onnx2torch and executorch, by which PyTorch and ExecuTorch get the
very decoder of the bundle's `onnx/decode.onnx`; the images of all are held against each other. Each file or program is
timed in a process of its own, 300 calls after 30, in interleaved rounds; a cell is the median of the rounds' medians.
Writes one_image.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

TIMES = """
import time
def times(call):
    for _ in range(30): call()
    found = []
    for _ in range(300):
        started = time.perf_counter(); call(); found.append(1000 * (time.perf_counter() - started))
    return sorted(found)[150]
"""
# What each runtime does with (file, latent): it prints the milliseconds and writes the image.
PROGRAMS = {
    "litert": """
from ai_edge_litert.interpreter import Interpreter
decode = Interpreter(model_path=file, num_threads=1).get_signature_runner("decode")
call = lambda: decode(latent=latent)["image"]
""",
    "onnxruntime": """
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
call = lambda: session.run(["image"], {"latent": latent})[0]
""",
    "torch": """
import torch, onnx2torch
from onnx2torch.node_converters import registry
from onnx2torch.utils import common

class DepthToSpace(torch.nn.Module):  # onnx2torch knows the other order of channels alone
    def __init__(self, block):
        super().__init__()
        self.block = block
    def forward(self, x):
        n, c, h, w = x.shape
        b = self.block
        return x.reshape(n, b, b, c // b**2, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // b**2, h * b, w * b)

class Slice(torch.nn.Module):  # its own and its Reshape take tensors, at which torch.compile and export fail
    def __init__(self, starts, ends, axes):
        super().__init__()
        self.slices = {axis: slice(*ends) for axis, *ends in zip(axes, starts, ends)}
    def forward(self, x):
        return x[tuple(self.slices.get(axis, slice(None)) for axis in range(x.ndim))]

class Reshape(torch.nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
    def forward(self, x):
        return x.reshape(self.shape)

def module_of(node, graph):
    mapping = common.OnnxMapping(inputs=(node.input_values[0],), outputs=node.output_values)
    numbers = [graph.initializers[name].to_numpy().tolist() for name in node.input_values[1:]]
    if node.operation_type == "Reshape":
        module = Reshape(*numbers)
    elif node.operation_type == "Slice":
        module = Slice(*numbers)
    else:
        module = DepthToSpace(node.attributes["blocksize"])
    return common.OperationConverterResult(module, mapping)

for key in registry._CONVERTER_REGISTRY:
    if key.operation_type in ("DepthToSpace", "Reshape", "Slice"):
        registry._CONVERTER_REGISTRY[key] = module_of
torch.set_num_threads(1)
module, given = onnx2torch.convert(file).eval(), torch.from_numpy(latent)
module = torch.compile(module) if compiled else module
def call():
    with torch.inference_mode():
        return module(given).numpy()
""",
}
PROGRAMS["executorch"] = (
    PROGRAMS["torch"]
    + """
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import to_edge_transform_and_lower
from executorch.extension.pybindings.portable_lib import _unsafe_reset_threadpool
from executorch.runtime import Runtime

_unsafe_reset_threadpool(1)
exported = torch.export.export(module, (given,))
program = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()]).to_executorch()
forward = Runtime.get().load_program(program.buffer).load_method("forward")
call = lambda: forward.execute([given])[0].numpy()
"""
)
STATIC = "../decode.1.onnx"  # the same at the shapes of one image
ROWS = {
    "tflite/vae.tflite by LiteRT": ("litert", "tflite/vae.tflite", False),
    "tflite/vae.float16.tflite by LiteRT": ("litert", "tflite/vae.float16.tflite", False),
    "tflite/decoder.int8.tflite by LiteRT": ("litert", "tflite/decoder.int8.tflite", False),
    "onnx/decode.onnx by ONNX Runtime": ("onnxruntime", "onnx/decode.onnx", False),
    "onnx/decode.int8.onnx by ONNX Runtime": ("onnxruntime", "onnx/decode.int8.onnx", False),
    "onnx/decode.onnx by PyTorch": ("torch", STATIC, False),
    "onnx/decode.onnx by torch.compile": ("torch", STATIC, True),
    "onnx/decode.onnx by ExecuTorch (XNNPACK)": ("executorch", STATIC, False),
}


def timed(python: str, runtime: str, file: Path, latent: Path, compiled: bool) -> tuple[float, list[float]]:
    """Return milliseconds of one image, and its pixels."""
    head = (
        f"import json, sys, numpy as np\nfile, latent, compiled = {str(file)!r}, np.load({str(latent)!r}), {compiled}"
    )
    tail = "print(json.dumps([times(call), np.asarray(call()).ravel().tolist()]))"
    code = "\n".join([head, TIMES, PROGRAMS[runtime], tail])
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{file.name} by {runtime}: {done.stderr[-2000:]}")
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def measure(name: str, rounds: int, peers_python: str) -> list[str]:
    """Return the rows of a preset."""
    import numpy as np
    import onnx

    from keras_vae import VAE
    from keras_vae.export import export_bundle
    from keras_vae.export.formats.onnx_static import static

    model = VAE.from_preset(name, load_weights=True)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of files left out
        bundle = export_bundle(model, Path(folder) / "bundle")
        latent = Path(folder) / "latent.npy"
        z = model.sample_latents(7, range(1), 1.0).numpy()
        np.save(latent, z)
        onnx.save(static(onnx.load(bundle / "onnx/decode.onnx")), bundle / STATIC)
        expected = model.decode(z).mean().numpy().ravel()
        found: dict[str, list[float]] = {title: [] for title in ROWS}
        errors = {}
        for number in range(rounds):
            for title in list(ROWS)[:: -1 if number % 2 else 1]:
                runtime, path, compiled = ROWS[title]
                python = peers_python if "torch" in runtime else sys.executable
                milliseconds, pixels = timed(python, runtime, bundle / path, latent, compiled)
                found[title].append(milliseconds)
                errors[title] = float(np.abs(np.array(pixels) - expected).max())
    peers = min(statistics.median(found[title]) for title, row in ROWS.items() if row[0] == "torch")
    lines = [f"## {name}", "", "| | ms | PyTorch's faster / it | largest difference of a pixel |", "|---|---|---|---|"]
    for title, times in found.items():
        middle = statistics.median(times)
        spread = f"({min(times):.3f} to {max(times):.3f})"
        lines.append(f"| {title} | {middle:.3f} {spread} | {peers / middle:.1f} | {errors[title]:.1e} |")
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-python", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    from importlib.metadata import version

    from keras_vae.presets.weights import trained_preset_names

    ask = "from importlib.metadata import version as v; print(v('torch'), v('onnx2torch'), v('executorch'))"
    asked = subprocess.run([options.peers_python, "-c", ask], capture_output=True, text=True, check=True)
    torch, onnx2torch, executorch = asked.stdout.split()
    lines = [
        "# One image on one thread",
        "",
        f"    python benchmarks/one_image.py --peers-python PEERS/bin/python --rounds {options.rounds}",
        "",
        f"Rounds: {options.rounds}; {time.strftime('%Y-%m-%d')}, one thread ({platform.machine()}), seed 7; LiteRT "
        f"{version('ai-edge-litert')}, ONNX Runtime {version('onnxruntime')},",
        f"PyTorch {torch}, onnx2torch {onnx2torch}, ExecuTorch {executorch}.",
        "Median (smallest to largest) of the rounds, decoder alone.",
        "",
    ]
    for name in trained_preset_names():
        lines += measure(name, options.rounds, options.peers_python)
        print("\n".join(lines[-12:]), flush=True)
    Path(__file__).with_suffix(".md").write_text("\n".join(lines).rstrip() + "\n", "utf-8")


if __name__ == "__main__":
    main()
