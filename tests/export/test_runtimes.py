"""Every file of a bundle, run by its own runtime, against Keras and the generator's NumPy twin."""

import json
import os
import re

import numpy as np
import pytest

from keras_vae.export.contents.golden import image_statistics
from keras_vae.export.runtimes.runtime import load_runtime
from keras_vae.random.portable import latents_numpy

FLOAT32 = {
    "saved_model": ("saved_model",) * 4,
    "tflite": ("tflite/vae.tflite",) * 4,
    "onnx": ("onnx/encode.onnx", "onnx/decode.onnx", None, "onnx/generate.onnx"),
}
GENERATORS = [
    "saved_model",
    "tflite/vae.tflite",
    "tflite/vae.float16.tflite",
    "tflite/vae.dynamic.tflite",
    "onnx/generate.onnx",
]


# A thousand (seed, index) pairs: edges, neighbours, and numbers from all over.
SEEDS = [
    0,
    1,
    -1,
    7,
    65535,
    65536,
    2**31 - 1,
    -(2**31),
    *map(int, np.random.default_rng(0).integers(-(2**31), 2**31, 32)),
]
INDICES = [0, 1, 63, 65535, 65536, 2**31 - 1, *map(int, np.random.default_rng(1).integers(0, 2**31, 19))]


@pytest.mark.parametrize("file", GENERATORS)
def test_latents_of_a_thousand_pairs_are_bit_equal_to_the_formula(exported, file):
    assert len(SEEDS) * len(INDICES) == 1000
    run = load_runtime(exported.path, file, exported.manifest["artifacts"][file])
    index = np.array(INDICES, np.int32)
    for number, seed in enumerate(SEEDS):
        temperature = np.float32(0.5 + number / 40)
        latent = run("generate", index=index, seed=np.int32(seed), temperature=temperature)["latent"]
        expected = latents_numpy(seed, INDICES, exported.model.latent_dim, temperature)
        assert latent.dtype == np.float32
        np.testing.assert_array_equal(latent, expected, err_msg=f"seed {seed}")


@pytest.mark.parametrize("file", ["saved_model", "tflite/vae.tflite", "onnx/generate.onnx"])
def test_generated_images_are_those_of_keras_whatever_their_number(exported, file):
    expected = exported.model.generate(64, seed=7)
    assert expected.std() > 0.05
    many, one = exported.generate(file, 64), exported.generate(file, 1, start=63)
    np.testing.assert_allclose(many["image"], expected, atol=1e-5)
    np.testing.assert_array_equal(one["latent"][0], many["latent"][63])
    np.testing.assert_allclose(one["image"][0], many["image"][63], atol=1e-6)


@pytest.mark.parametrize("runtime", FLOAT32)
def test_encode_decode_and_reconstruct_agree_with_keras(exported, runtime):
    encode, decode, reconstruct, _ = FLOAT32[runtime]
    model, images = exported.model, exported.images
    posterior = model.encode(images)
    moments = exported.call(encode, "encode", image=images)
    np.testing.assert_allclose(moments["mean"], posterior.mean(), atol=1e-5)
    np.testing.assert_allclose(moments["stddev"], posterior.stddev(), atol=1e-5)
    decoded = exported.call(decode, "decode", latent=moments["mean"])["image"]
    np.testing.assert_allclose(decoded, model.reconstruct(images), atol=1e-5)
    if reconstruct:
        together = exported.call(reconstruct, "reconstruct", image=images)["image"]
        np.testing.assert_allclose(together, decoded, atol=1e-5)


@pytest.mark.parametrize(
    "file",
    ["tflite/vae.float16.tflite", "tflite/vae.dynamic.tflite", "tflite/decoder.int8.tflite", "onnx/decode.int8.onnx"],
)
def test_smaller_decoders_stay_within_the_tolerance_and_differ(exported, file):
    latent = latents_numpy(3, range(64), exported.model.latent_dim)
    error = np.abs(exported.call(file, "decode", latent=latent)["image"] - exported.model.decode(latent).mean().numpy())
    precision = exported.manifest["artifacts"][file]["precision"]
    assert 1e-6 < error.max() <= exported.manifest["tolerances"][precision]
    assert error.mean() < 0.02


def test_golden_values_are_the_formula_s_and_every_runtime_s(exported):
    golden = json.loads((exported.path / "golden.json").read_text())
    for case in golden["generate"]:
        expected = latents_numpy(case["seed"], case["index"], exported.model.latent_dim, case["temperature"])
        np.testing.assert_array_equal(np.array(case["latent"], np.float32), expected)
    case = golden["generate"][0]
    for file in ("saved_model", "tflite/vae.tflite", "onnx/generate.onnx"):
        inputs = {"seed": np.array(case["seed"], np.int32), "temperature": np.array(1, np.float32)}
        images = exported.call(file, "generate", index=np.array(case["index"], np.int32), **inputs)["image"]
        for image, expected in zip(images, case["image"], strict=True):
            for name, value in image_statistics(image).items():
                np.testing.assert_allclose(value, expected[name], atol=1e-5)
    moments = exported.call("onnx/encode.onnx", "encode", image=images)
    np.testing.assert_allclose(moments["mean"], golden["encode"]["mean"], atol=1e-4)
    np.testing.assert_allclose(moments["stddev"], golden["encode"]["stddev"], atol=1e-4)


def test_the_model_card_s_examples_run(exported, monkeypatch):
    monkeypatch.chdir(exported.path)
    card = (exported.path / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        scope = {}
        exec(block, scope)
        latent = scope["out"]["latent"] if "out" in scope else scope["latent"]
        np.testing.assert_array_equal(latent, latents_numpy(7, range(16), exported.model.latent_dim))
    assert "elbo: -12.50" in card
    assert os.fspath(exported.path) not in card
