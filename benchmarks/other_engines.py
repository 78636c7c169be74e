"""The ONNX files of a bundle in engines that keras_vae does not use: other_engines.md.

    python benchmarks/other_engines.py BUNDLE [--output benchmarks/other_engines.md]

Takes those of OpenVINO (`openvino`), OpenCV's DNN (`opencv-python-headless`) and tract (`tract`) that are installed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

COUNT = 64
Run = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]


def by_onnxruntime(path: Path) -> Run:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, inputs), strict=True))


def by_openvino(path: Path) -> Run:
    import openvino

    model = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    names = [output.get_names() for output in model.outputs]

    def run(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        found = model(inputs).values()
        return {name: value for known, value in zip(names, found, strict=True) for name in known}

    return run


def by_opencv(path: Path) -> Run:
    import cv2

    net = cv2.dnn.readNetFromONNX(str(path))
    names = net.getUnconnectedOutLayersNames()

    def run(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        for name, value in inputs.items():
            net.setInput(value, name)
        return dict(zip(names, net.forward(names), strict=True))

    return run


def by_tract(path: Path) -> Run:
    import tract

    model = tract.onnx().load(str(path)).into_model().into_runnable()
    names = [output.name for output in onnxruntime.InferenceSession(str(path)).get_outputs()]
    return lambda inputs: {
        name: value.to_numpy() for name, value in zip(names, model.run([*inputs.values()]), strict=True)
    }


ENGINES = {
    "OpenVINO": ("openvino", by_openvino),
    "OpenCV DNN": ("opencv-python-headless", by_opencv),
    "tract": ("tract", by_tract),
}


def row(engine: str, load: Callable[[Path], Run], bundle: Path, file: str, inputs: dict[str, np.ndarray]) -> str:
    """Return the table's row of one file in one engine."""
    path = bundle / file
    expected = by_onnxruntime(path)(inputs)
    try:
        found = load(path)(inputs)
        cells = []
        for name, values in expected.items():
            same = np.asarray(found[name]).reshape(values.shape)
            equal = "bit-equal" if same.tobytes() == values.tobytes() else f"{np.abs(same - values).max():.1e}"
            cells.append(f"{name} {equal}")
        said = ", ".join(cells)
    except Exception as error:  # every engine raises its own
        said = f"refused: {(str(error).strip().splitlines() or [type(error).__name__])[0][:110]}"
    return f"| {engine} | {file} | {said} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    manifest = json.loads((options.bundle / "manifest.json").read_text("utf-8"))
    index, numbers = np.arange(COUNT, dtype=np.int32), {"seed": np.array(7, np.int32), "temperature": np.array(1, "f4")}
    drawn = by_onnxruntime(options.bundle / "onnx/generate.onnx")({"index": index, **numbers})
    inputs = {
        "encode": {"image": drawn["image"]},
        "decode": {"latent": drawn["latent"]},
        "generate": {"index": index, **numbers},
        "score": {"image": drawn["image"], "index": index, "seed": numbers["seed"]},
    }
    lines = ["| engine | file | largest difference from ONNX Runtime |", "|---|---|---|"]
    for engine, (package, load) in ENGINES.items():
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        for file, artifact in manifest["artifacts"].items():
            if artifact["runtime"] == "onnx" and artifact["batch"] is None:
                lines.append(row(f"{engine} {version}", load, options.bundle, file, inputs[artifact["signatures"][0]]))
                print(lines[-1], flush=True)
    if options.output:
        options.output.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
