"""TensorFlow Serving's REST form: a client of it, held against the SavedModel's signatures."""

import json

import numpy as np
import pytest
import tensorflow as tf

SEED = {"index": [0, 1], "seed": 7, "temperature": 1.0}


def served(signature, body):
    """What the server does of a request in columns: lists to tensors of the signature's types, and outputs to lists."""
    inputs = json.loads(body)["inputs"]
    expected = signature.structured_input_signature[1]
    assert inputs.keys() == expected.keys()
    tensors = {name: tf.constant(value, expected[name].dtype) for name, value in inputs.items()}
    for name, tensor in tensors.items():
        assert expected[name].shape.is_compatible_with(tensor.shape), name
    return json.dumps({"outputs": {name: value.numpy().tolist() for name, value in signature(**tensors).items()}})


@pytest.fixture
def bodies(exported):
    """The columns of two rows for every signature, as the guide and the card give them."""
    model = exported.manifest["model"]
    label = {} if model["classes"] is None else {"label": [0, 1]}
    images = np.random.default_rng(0).random((2, *model["image_shape"])).round(3).tolist()
    latent = np.random.default_rng(1).normal(size=(2, model["latent_dim"])).round(3).tolist()
    return {
        "generate": {**SEED, **label},
        "encode": {"image": images, **label},
        "reconstruct": {"image": images, **label},
        "decode": {"latent": latent, **label},
        "score": {"image": images, "index": [0, 1], "seed": 0, **label},
    }


def test_every_signature_answers_in_columns_what_its_runner_returns(exported, bodies):
    loaded = tf.saved_model.load(exported.path / "saved_model")
    assert bodies.keys() == exported.manifest["signatures"].keys() <= loaded.signatures.keys()
    for name, inputs in bodies.items():
        signature = loaded.signatures[name]
        answer = json.loads(served(signature, json.dumps({"signature_name": name, "inputs": inputs})))["outputs"]
        types = {key: spec.dtype.as_numpy_dtype for key, spec in signature.structured_input_signature[1].items()}
        runner = signature(**{key: tf.constant(np.array(value, types[key])) for key, value in inputs.items()})
        assert answer.keys() == runner.keys() == exported.manifest["signatures"][name]["outputs"].keys()
        for key, value in runner.items():
            np.testing.assert_array_equal(np.array(answer[key], np.float32), value.numpy(), err_msg=f"{name} {key}")


def test_the_card_s_requests_are_those_of_the_signatures(exported, bodies):
    card = (exported.path / "README.md").read_text("utf-8")
    asked = [json.loads(line.split("-d '")[1].rstrip("'")) for line in card.splitlines() if "-d '" in line]
    assert {each["signature_name"] for each in asked} == bodies.keys()
    for each in asked:
        assert each["inputs"].keys() == bodies[each["signature_name"]].keys()
