"""Files for one kind of device: what a bundle for it holds, and what their delegates' makers say."""

import json

import numpy as np
import onnx
import pytest
from ai_edge_litert.interpreter import Interpreter

from keras_vae.export import export_bundle, verify_bundle
from keras_vae.export.contents.implied import SIGNATURES
from keras_vae.export.contents.purposes import (
    INTEGER_DECODER,
    ONNX,
    PURPOSES,
    check_purposes,
    wanted_consumers,
    wanted_files,
)
from keras_vae.export.formats.delegates import COMPATIBLE
from keras_vae.export.formats.tflite_model import read_model
from keras_vae.export.runtimes import score
from keras_vae.export.runtimes.choose_file import choose_file
from keras_vae.export.runtimes.runtime import load_runtime

from .conftest import MODELS, Exported, contrasty

FOR = ("android-gpu", "ios", "web")
GENERATOR = {
    *("ADD", "CAST", "FLOOR_DIV", "FLOOR_MOD", "GATHER", "LESS", "MUL", "RESHAPE", "STRIDED_SLICE", "UNPACK"),
}
NETWORK = {"FULLY_CONNECTED", "LOGISTIC", "MUL", "RESHAPE"}
# Of the dense model, file by file: all are static, and none asks for a shape or gathers by computed places.
OPERATORS = {
    "encode": {"EXP", "STRIDED_SLICE", *NETWORK},
    "decode": NETWORK,
    "reconstruct": {"STRIDED_SLICE", *NETWORK},
    "generate": GENERATOR | NETWORK,
    "score": {
        *("ABS", "DIV", "EQUAL", "EXP", "LOG", "MAXIMUM", "MEAN", "MINIMUM", "NEG", "REDUCE_MAX", "RELU", "ROUND"),
        *("SELECT_V2", "SQUARED_DIFFERENCE", "SUB", "SUM"),
        *(GENERATOR | NETWORK),
    },
}


@pytest.fixture(scope="module")
def delegated(tmp_path_factory):
    """The dense model's bundle for three purposes."""
    model = contrasty(*MODELS["dense"])
    path = tmp_path_factory.mktemp("purposes") / "bundle"
    export_bundle(model, path, purposes=FOR)
    return Exported(model, path, model.generate(20, seed=99))


def test_a_bundle_holds_the_files_for_its_purposes_and_the_reference_alone(delegated):
    manifest = delegated.manifest
    assert manifest["artifacts"].keys() == {"saved_model", *(path for name in FOR for path in PURPOSES[name])}
    assert manifest["written_for"] == [*FOR]
    assert manifest["purposes"].keys() >= {*FOR}
    for name in FOR:
        assert manifest["purposes"][name] == [*PURPOSES[name]]
    names = {path.name for path in delegated.path.iterdir()}
    assert names >= {"web", "generate.py", "latents.py", "README.md", "golden.json"}
    assert not (delegated.path / "native").exists()
    verify_bundle(delegated.path)


@pytest.mark.parametrize("name", SIGNATURES)
def test_static_tflite_files_have_these_operators_and_no_free_shape(delegated, name):
    path = f"tflite/{name}.1.tflite"
    artifact = delegated.manifest["artifacts"][path]
    assert artifact["operators"].keys() == OPERATORS[name]
    (graph,) = read_model((delegated.path / path).read_bytes()).subgraphs
    assert all(tensor.shapeSignature is None or min(tensor.shapeSignature, default=1) > 0 for tensor in graph.tensors)
    assert artifact["batch"] == 1
    assert artifact["delegates"] == {"gpu": COMPATIBLE}


def test_bindings_without_signatures_find_the_function_in_subgraph_0(delegated):
    interpreter = Interpreter(str(delegated.path / "tflite/generate.1.tflite"))
    interpreter.allocate_tensors()
    given = {"index": [3], "seed": 7, "temperature": 1.0}
    inputs = {detail["name"]: detail for detail in interpreter.get_input_details()}
    assert inputs.keys() == given.keys()
    for name, detail in inputs.items():
        interpreter.set_tensor(detail["index"], np.array(given[name], detail["dtype"]))
    interpreter.invoke()
    found = {detail["name"]: interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()}
    index, numbers = np.array([3], np.int32), {"seed": np.int32(7), "temperature": np.float32(1)}
    expected = delegated.call("saved_model", "generate", index=index, **numbers)
    np.testing.assert_array_equal(found["latent"], expected["latent"])
    np.testing.assert_allclose(found["image"], expected["image"], atol=1e-5)


@pytest.mark.parametrize("name", ONNX)
def test_onnx_files_for_delegates_have_a_batch_of_one_and_no_computed_shape(delegated, name):
    model = onnx.load(delegated.path / f"onnx/{name}.1.onnx")
    sides = [side for each in (*model.graph.input, *model.graph.output) for side in each.type.tensor_type.shape.dim]
    assert all(side.dim_value > 0 for side in sides)
    assert not {"Shape", "GatherND", "Expand"} & {node.op_type for node in model.graph.node}
    assert {opset.domain for opset in model.opset_import} <= {"", "ai.onnx"}
    said = delegated.manifest["artifacts"][f"onnx/{name}.1.onnx"]["delegates"]
    assert said.keys() == {"NNAPI", "CoreML NeuralNetwork", "CoreML MLProgram"}
    assert {word.split()[0] for word in said.values()} <= {"YES", "MAYBE", "NO"}
    if name == "decode":
        assert {*said.values()} == {"YES"}


def test_float16_onnx_files_are_half_as_large(delegated):
    sizes = {path: entry["bytes"] for path, entry in delegated.manifest["files"].items()}
    assert sizes["onnx/decode.float16.onnx"] < 0.7 * sizes["onnx/decode.onnx"]
    assert delegated.manifest["artifacts"]["onnx/decode.float16.onnx"]["largest_error"] < 1e-3


def test_who_draws_by_runtime_takes_the_file_for_any_batch_where_there_is_one(delegated):
    assert choose_file(delegated.manifest, "generate", "onnx") == "onnx/generate.onnx"
    assert choose_file(delegated.manifest, "generate", "tflite") == "tflite/generate.1.tflite"
    assert choose_file(delegated.manifest, "score", "onnx") == "onnx/score.onnx"


@pytest.mark.parametrize("file", ["tflite/score.1.tflite", "onnx/score.1.onnx"])
def test_static_files_score_as_keras(delegated, file):
    found = score.scores_by(
        load_runtime(delegated.path, file, delegated.manifest["artifacts"][file]), delegated.images, {}, 3
    )
    for name, values in found.items():
        np.testing.assert_allclose(values, getattr(delegated.model.score(delegated.images, seed=3), name), rtol=1e-5)


def test_the_card_says_what_to_take_and_what_delegates_makers_say(delegated):
    card = (delegated.path / "README.md").read_text()
    assert "- ios: `onnx/encode.1.onnx`" in card
    assert f"- tflite/decode.1.tflite: gpu: {COMPATIBLE}" in card
    assert "- onnx/decode.1.onnx: NNAPI: YES" in card
    assert "Bindings that do not support signatures" in card
    for name in ("generate.py", "score.py", "web", "native"):
        assert (f"`{name}" in card) == (delegated.path / name).exists(), name
    assert "<!--" not in card


def test_firmware_s_files_go_with_their_decoder_alone():
    assert wanted_consumers(["microcontroller"], ["saved_model"]) == ["latents.py"]
    assert wanted_consumers(["microcontroller"], ["saved_model", INTEGER_DECODER]) == ["latents.py", "microcontroller"]
    assert "microcontroller" not in wanted_consumers([], [INTEGER_DECODER])


def test_no_purpose_means_the_usual_files():
    assert "tflite/decode.1.tflite" not in wanted_files(())
    assert wanted_files(()) == wanted_files(check_purposes([]))


@pytest.mark.parametrize(
    ("purpose", "mend"),
    [
        ("andriod-gpu", "use android-gpu"),
        ("iOS", "use ios"),
        ("toaster", "choose one of them"),
        ("", "choose one of them"),
    ],
)
def test_an_unknown_purpose_is_refused_before_anything_is_written(small_model, tmp_path, purpose, mend):
    with pytest.raises(ValueError, match=f"purpose is '{purpose}': expected one of android-gpu, .*; {mend}$"):
        export_bundle(small_model, tmp_path / "bundle", purposes=["web", purpose])
    assert not any(tmp_path.iterdir())


def test_the_manifest_must_list_the_files_of_its_purposes(delegated, tmp_path):
    manifest = {**delegated.manifest, "purposes": {"web": ["onnx/encode.onnx"]}}
    place = tmp_path / "bundle"
    place.mkdir()
    (place / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="purposes"):
        verify_bundle(place)
