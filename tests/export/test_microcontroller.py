"""The integer decoder in TensorFlow Lite for Microcontrollers, beside LiteRT."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tflite_micro.python.tflite_micro import runtime

from keras_vae.export.contents.purposes import INTEGER_DECODER
from keras_vae.export.formats.integers import from_integers, quantization_of, to_integers
from keras_vae.export.formats.tflite_model import read_model

INTEGERS = {schema.TensorType.INT8, schema.TensorType.INT32}


@pytest.fixture
def decoder(exported):
    """The file's content and the manifest's entry."""
    return (exported.path / INTEGER_DECODER).read_bytes(), exported.manifest["artifacts"][INTEGER_DECODER]


def latents(exported, form):
    drawn = exported.generate("tflite/vae.tflite", 24)["latent"]
    return drawn, to_integers(drawn, form)


def by_litert(content, rows):
    interpreter = Interpreter(
        model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    interpreter.allocate_tensors()
    (given,), (image,) = interpreter.get_input_details(), interpreter.get_output_details()
    images = []
    for row in rows:
        interpreter.set_tensor(given["index"], row[None])
        interpreter.invoke()
        images.append(interpreter.get_tensor(image["index"]))
    return np.concatenate(images)


def by_micro(content, arena, rows):
    interpreter = runtime.Interpreter.from_bytes(content, arena_size=arena)
    images = []
    for row in rows:
        interpreter.set_input(row[None], 0)
        interpreter.invoke()
        images.append(interpreter.get_output(0))
    return np.concatenate(images)


def test_it_is_one_subgraph_of_integers_from_end_to_end_without_a_free_shape(decoder):
    content, artifact = decoder
    (graph,) = read_model(content).subgraphs
    assert {tensor.type for tensor in graph.tensors} <= INTEGERS
    assert all(tensor.shapeSignature is None for tensor in graph.tensors)
    assert not {"QUANTIZE", "DEQUANTIZE", "SHAPE", "CUSTOM"} & artifact["operators"].keys()
    assert artifact["batch"] == 1


def test_the_manifest_says_how_its_integers_are_read(exported, decoder):
    content, artifact = decoder
    interpreter = Interpreter(model_content=content)
    details = (*interpreter.get_input_details(), *interpreter.get_output_details())
    found = {detail["name"]: quantization_of(detail) for detail in details}  # named as in the signature
    assert found == artifact["quantization"]
    assert artifact["quantization"]["image"] == {"dtype": "int8", "scale": 1 / 256, "zero_point": -128}


def test_micro_runs_it_in_the_arena_stated_and_gives_litert_s_picture(exported, decoder):
    content, artifact = decoder
    drawn, rows = latents(exported, artifact["quantization"]["latent"])
    found = by_micro(content, artifact["arena_bytes"], rows)
    steps = np.abs(found.astype(int) - by_litert(content, rows))
    # They round a sum's scaling differently, in one step of 256 where it falls on a half, and so on through the layers.
    assert (steps <= 1).mean() > 0.99
    assert steps.max() <= 4
    # and that is the picture of the float decoder, within a few of 256 grays
    images = exported.call("tflite/vae.tflite", "decode", latent=drawn)["image"]
    error = np.abs(from_integers(found, artifact["quantization"]["image"]) - images)
    assert error.max() < 0.05
    assert images.std() > 0.05


def test_the_arena_stated_is_not_far_above_what_is_needed(decoder):
    content, artifact = decoder
    with pytest.raises(RuntimeError):
        runtime.Interpreter.from_bytes(content, arena_size=artifact["arena_bytes"] // 3)
