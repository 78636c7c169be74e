"""Decoders in 8-bit integers: one with a float interface for phones and boards, one of integers alone for firmware."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from keras_vae.export.formats.arena import arena_bytes
from keras_vae.export.formats.artifact import Artifact
from keras_vae.export.formats.compensated_rounding import compensate
from keras_vae.export.formats.deep_decoders import layers_of, sensitive, sums
from keras_vae.export.formats.integers import Quantization, quantization_of
from keras_vae.export.formats.range_search import cut_ranges
from keras_vae.export.formats.saturation import saturate
from keras_vae.export.formats.tflite import converted, converter_for, write_content
from keras_vae.export.formats.tflite_model import of_one_image, read_model
from keras_vae.private_interfaces import calibrate, quantise

JUDGED = 128  # latents on which ranges are compared
_CERTAIN = 1e-4  # probabilities nearer to 0 or 1 count as this far from them


class Int8Decoders:
    """The integer decoders of one SavedModel, calibrated once.

    Weights are int8, a scale an output, those of dense layers rounded with compensation
    (`keras_vae.export.formats.compensated_rounding`); activations are int8, at ranges read from `inputs`
    (`keras_vae.export.formats.saturation`) and cut where that pays (`keras_vae.export.formats.range_search`).

    Args:
        saved_model: the SavedModel to convert.
        inputs: of `decode` by name, such as it meets in use: `latent` float32 `[m, d]`, and `label` int32 `[m]` if the
            model has classes.
    """

    def __init__(self, saved_model: Path, inputs: Mapping[str, np.ndarray]) -> None:
        self._saved_model = saved_model
        self._inputs = inputs
        self._ready: tuple[bytes, list[str]] | None = None

    def write(self, path: Path) -> Artifact:
        """Write `decode` in integers up to the last layer with weights; its interface stays float32.

        What comes after the last weights, the sigmoid above all, stays in float32: an 8-bit image has no gray below
        1/256, and reading its zeros as such costs more nats than all the rest of the quantisation. So do a deep
        decoder's first layers and all its sums; see `keras_vae.export.formats.deep_decoders`.

        Raises:
            Inexpressible: the decoder needs an operator that TFLite lacks in int8.
        """
        calibrated, kept = self._calibrated()
        return write_content(converted(lambda: quantise(calibrated, in_float=kept)), path, ["decode"], "int8")

    def write_integers(self, path: Path) -> Artifact:
        """Write `decode` in integers from end to end, one image a call: what a microcontroller runs.

        Raises:
            Inexpressible: the decoder needs an operator that TFLite lacks in int8.
        """
        calibrated, _ = self._calibrated()
        content = of_one_image(converted(lambda: quantise(calibrated, integer_interface=True)))
        facts = {"batch": 1, "quantization": _quantization(content), "arena_bytes": arena_bytes(content)}
        return write_content(content, path, ["decode"], "integer", **facts)

    def _calibrated(self) -> tuple[bytes, list[str]]:
        """Return the float model with rounded weights and ranges, and the tensors that stay in float32.

        A deep decoder's ranges are not searched: it takes a hundred trials and saves 0.1 of `mnist_ladder`'s 0.3 nats.
        """
        if self._ready is None:
            with_ranges = self._with_ranges()
            kept, deep = _kept_in_float(with_ranges)
            rounded = compensate(saturate(with_ranges), self._inputs)
            self._ready = rounded if deep else self._cut(rounded, with_ranges, kept), kept
        return self._ready

    def _cut(self, rounded: bytes, in_float: bytes, kept: list[str]) -> bytes:
        inputs = {name: values[:: max(1, len(values) // JUDGED)] for name, values in self._inputs.items()}
        expected = _run(in_float, inputs)

        def loss(calibrated: bytes) -> float:
            quantised = converted(lambda: quantise(calibrated, in_float=kept))
            return _divergence(expected, _run(quantised, inputs))

        return cut_ranges(rounded, loss)

    def _with_ranges(self) -> bytes:
        """Return the float32 model, its weights as they are, with the ranges of its activations."""

        def representative() -> Iterator[tuple[str, dict[str, np.ndarray]]]:
            for row in range(len(self._inputs["latent"])):
                yield "decode", {name: values[row : row + 1] for name, values in self._inputs.items()}

        converter = converter_for(self._saved_model, ["decode"], tf.lite.OpsSet.TFLITE_BUILTINS_INT8)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = representative
        return converted(lambda: calibrate(converter))


def _kept_in_float(content: bytes) -> tuple[list[str], bool]:
    """Return the names of the tensors that operators in float32 give, and whether the decoder is deep."""
    model = read_model(content)
    graph = model.subgraphs[0]
    layers, first = layers_of(model, graph), sensitive(model, graph)
    behind = range(layers[-1] + 1 if layers else 0, len(graph.operators))
    kept = {*first, *(sums(model, graph) if first else ()), *behind}
    outputs = [graph.tensors[i] for number in sorted(kept) for i in graph.operators[number].outputs]
    return [each.name.decode() for each in outputs], bool(first)  # pyright: ignore[reportAttributeAccessIssue]  bytes


def _run(content: bytes, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the images of a file with a float interface, a latent at a time, as devices decode them."""
    decode = Interpreter(model_content=content, num_threads=1).get_signature_runner("decode")
    rows = ({name: values[i : i + 1] for name, values in inputs.items()} for i in range(len(inputs["latent"])))
    return np.concatenate([decode(**row)["image"] for row in rows])


def _divergence(expected: np.ndarray, found: np.ndarray) -> float:
    """Return the nats per image that are lost where pixels, as probabilities, are found and not those expected."""
    p, q = (np.clip(images.astype(np.float64), _CERTAIN, 1 - _CERTAIN) for images in (expected, found))
    nats = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    return float(nats.sum() / len(expected))


def _quantization(content: bytes) -> dict[str, Quantization]:
    """Return dtype, scale and zero point of each input and output of a file of integers."""
    decode = Interpreter(model_content=content, num_threads=1).get_signature_runner("decode")
    details = {**decode.get_input_details(), **decode.get_output_details()}
    return {name: quantization_of(detail) for name, detail in details.items() if detail["quantization"][0]}
