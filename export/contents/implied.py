"""What a manifest must say, given the model's sizes: its writer and its check take it from here, without TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from keras_vae.models.scores import Scores
from keras_vae.random.row_noise import RULE, SAMPLES

# The largest difference of one pixel from Keras, of a decoder of at most 20 layers; see `tolerances`.
TOLERANCES = {"float32": 1e-5, "float16": 1e-2, "dynamic": 0.3, "int8": 0.5, "integer": 0.5}
# The largest loss of ELBO in nats, for images of at most 28 x 28 values and an ELBO of at least -100; an image of
# more values, or a model further from its data, has more to lose.
NATS_TOLERANCES = {"float32": 1e-3, "float16": 0.1, "dynamic": 0.1, "int8": 1.0, "integer": 1.5}
LAYERS = 20  # for which the tolerance of float32 is meant
MOST = 10.0  # times the tolerances of float32, however many layers

# What of a manifest nothing in the bundle can check; the rest is held against the files.
AUTHORS_WORD = (
    "metrics, threshold of scores, versions, numbers of parameters and layers, posterior, kind of prior that was "
    "trained, source of the test images, reasons for missing files, compatibility reports for delegates and arena "
    "size: for these, you have only the author's word"
)

SIGNATURES = ("encode", "decode", "reconstruct", "generate", "score")
# How files draw the samples of scores.
SCORE = {"importance_samples": SAMPLES, "noise": RULE}
# Runtime, precision and signatures of every loadable file that a bundle always had; `purposes` has others.
FILES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "saved_model": ("saved_model", "float32", SIGNATURES),
    "tflite/vae.tflite": ("tflite", "float32", SIGNATURES),
    "tflite/vae.float16.tflite": ("tflite", "float16", SIGNATURES),
    "tflite/vae.dynamic.tflite": ("tflite", "dynamic", SIGNATURES),
    "tflite/decoder.int8.tflite": ("tflite", "int8", ("decode",)),
    "onnx/encode.onnx": ("onnx", "float32", ("encode",)),
    "onnx/decode.onnx": ("onnx", "float32", ("decode",)),
    "onnx/generate.onnx": ("onnx", "float32", ("generate",)),
    "onnx/score.onnx": ("onnx", "float32", ("score",)),
    "onnx/decode.int8.onnx": ("onnx", "int8", ("decode",)),
}


def tolerances(layers: int | None) -> dict[str, float]:
    """Return the largest difference of one pixel from Keras, by precision.

    Every layer rounds, Keras' own too: of the 85 layers of `mnist_ladder`, Keras' pixels are 1.4e-5 from those of the
    same weights in float64, ONNX Runtime's 2e-5 from Keras'. So the tolerance of float32 is in proportion to the
    layers, from 20 on, up to 1e-4.

    Args:
        layers: with kernels, of the decoder; None in a bundle of before, which has the tolerance of few.

    Example:
        >>> tolerances(4)["float32"], tolerances(80)["float32"], tolerances(1000)["float32"]
        (1e-05, 4e-05, 0.0001)
    """
    return {**TOLERANCES, "float32": _deeper(layers) * TOLERANCES["float32"]}


def nats_tolerances(image_shape: Sequence[int], elbo: float | None, layers: int | None = None) -> dict[str, float]:
    """Return the largest loss of ELBO by precision; that of float32 grows with the layers as the pixel's does.

    Args:
        image_shape: (height, width, channels).
        elbo: of the model on the bundle's images, in nats; None if it cannot be told from images.
        layers: with kernels, of the decoder; None in a bundle of before.

    Example:
        >>> nats_tolerances([28, 28, 1], -150.0)["float32"], nats_tolerances([28, 28, 1], -150.0, 80)["float32"]
        (0.0015, 0.006)
    """
    size = max(1.0, math.prod(image_shape) / 28**2, -(elbo or 0) / 100)
    limits = {precision: nats * size for precision, nats in NATS_TOLERANCES.items()}
    return {**limits, "float32": _deeper(layers) * limits["float32"]}


def decoder_layers(model: Mapping[str, Any]) -> int | None:
    """Return the decoder's number of layers of a manifest's `model`; None in a bundle of before."""
    return model.get("layers", {}).get("decoder")


def _deeper(layers: int | None) -> float:
    return min(MOST, max(1.0, (layers or 0) / LAYERS))


def preprocessing(channels: int) -> dict[str, Any]:
    """Return how bytes become the pixels of a model of so many channels."""
    names = {1: "gray", 3: "red, green, blue", 4: "red, green, blue, alpha"}
    return {
        "layout": ["n", "height", "width", "channels"],
        "dtype": "float32",
        "range": [0.0, 1.0],
        "from_bytes": "byte / 255",
        "channels": names.get(channels, f"{channels}, as in training"),
    }


def signatures(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs and outputs of all signatures, of a manifest's `model`; "n" is the free axis.

    Example:
        >>> signatures({"image_shape": [8, 8, 1], "latent_dim": 2, "classes": None})["decode"]["inputs"]
        {'latent': {'shape': ['n', 2], 'dtype': 'float32'}}
    """
    image, latent = (
        {"shape": ["n", *sizes], "dtype": "float32"} for sizes in (model["image_shape"], [model["latent_dim"]])
    )
    whole = {"shape": ["n"], "dtype": "int32"}
    label = {} if model["classes"] is None else {"label": whole}
    numbers = {
        "index": whole,
        "seed": {"shape": [], "dtype": "int32"},
        "temperature": {"shape": [], "dtype": "float32"},
    }
    return {
        "encode": {"inputs": {"image": image, **label}, "outputs": {"mean": latent, "stddev": latent}},
        "decode": {"inputs": {"latent": latent, **label}, "outputs": {"image": image}},
        "reconstruct": {"inputs": {"image": image, **label}, "outputs": {"image": image}},
        "generate": {"inputs": {**numbers, **label}, "outputs": {"image": image, "latent": latent}},
        "score": {
            "inputs": {"image": image, "index": whole, "seed": numbers["seed"], **label},
            "outputs": {name: {"shape": ["n"], "dtype": "float32"} for name in Scores._fields},
        },
    }


def files(manifest: Mapping[str, Any]) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Return runtime, precision and signatures of every loadable file that a manifest must account for.

    Bundles of versions before scores have none; a file says itself which signatures its format could not express.
    """
    expected = {}
    for path, (runtime, precision, names) in FILES.items():
        lacks = {*manifest["artifacts"].get(path, {}).get("lacks", {}), *(() if "score" in manifest else ("score",))}
        if kept := tuple(name for name in names if name not in lacks):
            expected[path] = runtime, precision, kept
    return expected
