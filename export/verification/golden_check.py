"""A bundle's TFLite and ONNX files against the values of Keras that it holds, without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from keras_vae.export.contents.test_images import read_test_images
from keras_vae.export.runtimes.runtime import Arrays, Runtime, load_runtime
from keras_vae.export.verification.file_check import FileCheck, FileReport
from keras_vae.export.verification.score_check import ScoreCheck


def check_golden_values(bundle: Path, manifest: Mapping[str, Any], golden: Mapping[str, Any]) -> tuple[FileReport, ...]:
    """Return what was found of every file but the SavedModel.

    Where the golden values say nothing, files are compared with the first TFLite or ONNX file in float32.
    """
    artifacts = {path: each for path, each in manifest["artifacts"].items() if each["runtime"] != "saved_model"}

    @cache
    def load(path: str) -> Runtime:
        return load_runtime(bundle, path, artifacts[path])

    def reference(signature: str, **inputs: Any) -> Arrays:
        for path, artifact in artifacts.items():
            if signature in artifact["signatures"] and artifact["precision"] == "float32":
                return load(path)(signature, **inputs)
        raise ValueError(f"no TFLite or ONNX file has {signature} in float32: expected one; verify without --fast")

    images, labels = read_test_images(bundle, manifest["model"]["image_shape"])
    scores = ScoreCheck(images, labels, golden["score"]) if "score" in golden else None
    check = FileCheck(bundle, manifest, golden, None, None, reference, scores)
    return tuple(check(path) for path in artifacts)
