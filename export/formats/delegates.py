"""What the makers of delegates say of a file before it is on a device: not a promise, but what stops it by name."""

from __future__ import annotations

import contextlib
import io
import logging
import re
from pathlib import Path

import tensorflow as tf

_COMPATIBLE = "Your model looks compatible with GPU delegate"
COMPATIBLE = "looks compatible"


def gpu_compatibility(content: bytes) -> str:
    """Return what TensorFlow's analyzer says of a TFLite file and Android's GPU: "looks compatible", or what is not."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        tf.lite.experimental.Analyzer.analyze(model_content=content, gpu_compatibility=True)
    text = said.getvalue()
    if _COMPATIBLE in text:
        return COMPATIBLE
    warnings = re.findall(r"GPU COMPATIBILITY WARNING: (.+)", text)
    return "; ".join(dict.fromkeys(line.strip() for line in warnings)) or "not judged"


def mobile_usability(path: Path) -> dict[str, str]:
    """Return what ONNX Runtime's checker of mobile usability says of a file, by the provider it speaks of.

    Each is "YES", "MAYBE" or "NO" to whether the model should perform well, and the operators that stop it.
    """
    from onnxruntime.tools.mobile_helpers import usability_checker

    log = io.StringIO()
    logger = logging.Logger("usability", logging.INFO)
    logger.addHandler(logging.StreamHandler(log))
    usability_checker.analyze_model(path, skip_optimize=True, logger=logger)
    found: dict[str, str] = {}
    for section in re.split(r"^Checking (?=NNAPI|CoreML)", log.getvalue(), flags=re.MULTILINE)[1:]:
        provider = section.splitlines()[0].strip()
        verdict = re.search(r"as is: (\w+)", section)
        stopped = re.search(r"Unsupported ops: (.+)", section)
        operators = stopped[1].replace("ai.onnx:", "").replace(",", ", ") if stopped else ""
        found[provider] = (verdict[1] if verdict else "not judged") + (f" ({operators})" if operators else "")
    return found
