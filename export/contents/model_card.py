"""The bundle's README: what the model is, what each file costs, and how it is called."""

from __future__ import annotations

import importlib.resources
import math
import re
from collections.abc import Collection, Mapping
from typing import Any

from keras_vae.export.contents.implied import AUTHORS_WORD, LAYERS, TOLERANCES
from keras_vae.export.contents.purposes import wanted_consumers

RUNTIMES = {"saved_model": "TensorFlow", "tflite": "LiteRT (TFLite)", "onnx": "ONNX Runtime"}
# The file that a runtime's example names: without it there is no example.
_EXAMPLES = {"saved_model": "saved_model", "tflite": "tflite/vae.tflite", "onnx": "onnx/generate.onnx"}
_DELEGATES = (
    "Compatibility of the files for one image with Android's GPU, according to TensorFlow's analyzer, and with NNAPI "
    "and CoreML, according to ONNX Runtime's checker, with the operators that are not supported. Nothing was run on a "
    "device:"
)
_GENERATOR_ON_DELEGATES = (
    "A delegate may compute integers in floating point, and then draws different latents. Run `generate` and `score` "
    "on the CPU, or draw the latents as `latents.py` does and run only `decode` on the delegate."
)
_DEPTH = f" ({TOLERANCES['float32']:g} for every {LAYERS} layers of the decoder, since rounding errors grow with depth)"
MOST_SHOWN = 32  # values of a list
ROLES = ("decode", "encode", "score")
# What a model with classes is given besides, in each example's language.
_LABELS = {
    "label": ", label int32[n]",
    "json_label": '"label": [0, 0], ',
    "tensorflow_label": ", tf.zeros(16, tf.int32)",
    "litert_label": ", label=np.zeros(16, np.int32)",
    "onnx_label": ', "label": np.zeros(16, np.int32)',
    "kotlin_label": ', "label" to IntArray(16)',
    "swift_label": '\n        "label": tensor([Int32](repeating: 0, count: 16), .int32, [16]),',
}


def model_card(manifest: Mapping[str, Any]) -> str:
    """Return the README in Markdown.

    Args:
        manifest: all of the bundle's manifest but its `files`.
    """
    model = manifest["model"]
    text = importlib.resources.files("keras_vae.export.contents").joinpath("model_card.md").read_text("utf-8")
    values = {
        "size": " x ".join(map(str, model["image_shape"])),
        "latent_dim": model["latent_dim"],
        "likelihood": model["likelihood"]["name"],
        "prior": _prior(model),
        "classes": _classes(model),
        "posterior": model["posterior"]["name"],
        "agreement": "bit-equal" if model["bit_exact"] else "the same to about 1e-5 (float16 files: 1e-2)",
        "encoder": f"{model['parameters']['encoder']:,}",
        "decoder": f"{model['parameters']['decoder']:,}",
        "encoder_layers": model["layers"]["encoder"],
        "decoder_layers": model["layers"]["decoder"],
        "tolerance": f"{manifest['tolerances']['float32']:.2g}",
        "depth": _DEPTH if manifest["tolerances"]["float32"] > TOLERANCES["float32"] else "",
        "measured": "\n".join(_measured(manifest["metrics"])),
        "files": "\n".join(_files(manifest)),
        "purposes": "\n".join(_purposes(manifest)),
        "images": manifest["test_images"]["count"],
        "source": {"test data": "test images", "the model": "images that the model drew itself"}[
            manifest["test_images"]["source"]
        ],
        **{name: "" if model["classes"] is None else text for name, text in _LABELS.items()},
        "script_label": "" if model["classes"] is None else f" --label {_first(model)}",
        "authors_word": AUTHORS_WORD,
        "threshold": _threshold(manifest["score"].get("threshold")),
        "shape": ", ".join(map(str, model["image_shape"])),
        "values": math.prod(model["image_shape"]),
    }
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", str(value))
    has = {name for name, path in _EXAMPLES.items() if path in manifest["artifacts"]}
    return _with_sections(text, has.union(wanted_consumers(manifest["written_for"], manifest["artifacts"])))


def _plain(name: str) -> str:
    """Return a name in one line, without what a page would take for its markup.

    Example:
        >>> _plain("Food & Drink"), _plain("<img  src=a>")
        ('Food & Drink', '&lt;img src=a>')
    """
    return " ".join(name.replace("<", "&lt;").split())


def _prior(model: Mapping[str, Any]) -> str:
    drawn_from = f", {model['sampler']['trained_as']} fitted to the posteriors to draw from" if model["sampler"] else ""
    return f"{model['prior']['trained_as']} prior{drawn_from}"


def _threshold(threshold: Mapping[str, Any] | None) -> str:
    if threshold is None:
        return ""
    rate, elbo = f"{100 * threshold['false_alarm_rate']:.3g} %", f"{threshold['elbo']:.2f}"
    return (
        f" An image with an ELBO below {elbo} nats counts as unusual, as do at most {rate} of {threshold['images']} "
        "normal images that were not used in training."
    )


def _first(model: Mapping[str, Any]) -> str:
    """Return what scripts take for class 0: its name where all names are numbers, as those of folders may be."""
    names = model.get("class_names", ["0"])
    return names[0] if all(map(str.isdecimal, names)) else "0"


def _classes(model: Mapping[str, Any]) -> str:
    if model["classes"] is None:
        return ""
    names = [f"{number} {_plain(name)}" for number, name in enumerate(model.get("class_names", ()))]
    return f" Classes: {', '.join(names) or model['classes']}."


def show_nats(nats: float) -> str:
    """Return nats lost as tables show them, without the sign of a zero.

    Example:
        >>> show_nats(-0.00002), show_nats(0.1435)
        ('0.0000', '0.1435')
    """
    return f"{round(nats, 4) + 0.0:.4f}"


def _measured(metrics: Mapping[str, Any] | None) -> list[str]:
    if not metrics:
        return ["The model was not measured on test data when this bundle was written."]
    heading = "On test images, in nats per image"
    if "nll" in metrics:
        heading += "; nll is an upper bound on -log p(x); its standard error is over images, not training runs"
    return [f"{heading}:", "", *(f"- {name}: {_shown(value)}" for name, value in metrics.items())]


def _shown(value: Any) -> str:
    if isinstance(value, list):
        if len(value) > MOST_SHOWN and not isinstance(value[0], str):
            return f"{len(value)} values from {_shown(min(value))} to {_shown(max(value))}"
        return ", ".join(map(_shown, value))
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _files(manifest: Mapping[str, Any]) -> list[str]:
    lines = []
    for path, artifact in manifest["artifacts"].items():
        error = artifact["largest_error"]
        lost = [show_nats(artifact["nats_lost"][role]) if role in artifact["nats_lost"] else "" for role in ROLES]
        cells = (
            path,
            RUNTIMES[artifact["runtime"]],
            artifact["precision"],
            ", ".join(artifact["signatures"]),
            "free" if artifact["batch"] is None else f"{artifact['batch']} at a time",
            "" if error is None else f"{error:.1e}",
            *lost,
        )
        lines.append(f"| {' | '.join(cells)} |")
    for path, reason in manifest["not_written"].items():
        lines.append(f"| {path} | not written | | {reason.replace('|', '/')} | | | | | |")
    return lines


def _purposes(manifest: Mapping[str, Any]) -> list[str]:
    """Return which files to take for a device, what delegates' makers say of them, and how integers are read."""
    lines = [f"- {name}: {', '.join(f'`{path}`' for path in paths)}" for name, paths in manifest["purposes"].items()]
    lines = ["Which files to use for a device:", "", *lines, ""]
    artifacts = manifest["artifacts"]
    judged = {path: artifact["delegates"] for path, artifact in artifacts.items() if "delegates" in artifact}
    if judged:
        lines += [_DELEGATES, ""]
        lines += [f"- {path}: {'; '.join(f'{k}: {v}' for k, v in said.items())}" for path, said in judged.items()]
        lines += ["", _GENERATOR_ON_DELEGATES, ""]
    for path, artifact in artifacts.items():
        if "quantization" in artifact:
            forms = artifact["quantization"].items()
            read = "; ".join(f"{k} is {v['scale']:.6g} x ({v['dtype']} - {v['zero_point']})" for k, v in forms)
            lines += [
                f"`{path}` uses integers from end to end: {read}. An arena of {artifact['arena_bytes']:,} bytes is "
                "enough.",
                "",
            ]
    return lines


def _with_sections(text: str, has: Collection[str]) -> str:
    """Keep, of the sections that begin with `<!-- NAME -->` and end with `<!-- end -->`, those of what a bundle has."""
    section = re.compile(r"<!-- (\S+) -->\n(.*?)<!-- end -->\n", re.DOTALL)
    return section.sub(lambda found: found[2] if found[1] in has else "", text)
