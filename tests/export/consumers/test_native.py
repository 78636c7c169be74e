"""The program in C that draws, compiled against the library in the Python package of ONNX Runtime."""

import os
import subprocess

import numpy as np
import pytest
from PIL import Image

from keras_vae.export.formats.onnx import write_onnx
from keras_vae.export.formats.signatures import signatures
from keras_vae.models.vae import VAE
from keras_vae.pictures.grid import image_grid
from keras_vae.random.portable import latents_numpy

from .native import COMPILE, SOURCE, call, pretender

# Where version 1 of ONNX Runtime's API has each function: onnxruntime_c_api.h, of any release.
SLOTS = {
    "GetErrorMessage": 2,
    "CreateEnv": 3,
    "CreateSession": 7,
    "Run": 9,
    "SessionGetInputCount": 30,
    "SessionGetInputTypeInfo": 33,
    "CreateTensorWithDataAsOrtValue": 49,
    "GetTensorMutableData": 51,
    "CastTypeInfoToTensorInfo": 55,
    "GetTensorElementType": 60,
    "GetDimensionsCount": 61,
    "GetDimensions": 62,
    "GetTensorTypeAndShape": 65,
    "CreateCpuMemoryInfo": 69,
    "ReleaseEnv": 92,
    "ReleaseStatus": 93,
    "ReleaseMemoryInfo": 94,
    "ReleaseSession": 95,
    "ReleaseValue": 96,
    "ReleaseTypeInfo": 98,
    "ReleaseTensorTypeAndShapeInfo": 99,
}


@pytest.fixture(scope="session")
def program(programs):
    return programs / "generate"


def drawn(program, model, shape, latent_dim, folder, *numbers):
    """The picture, latents and images of one call."""
    files = [folder / name for name in ("picture", "latents", "images")]
    done = call(program, model, *numbers, *files)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(folder.iterdir()) == sorted(files)
    with Image.open(files[0]) as picture:
        pixels = np.asarray(picture)
    latents, images = (np.fromfile(file, np.float32) for file in files[1:])
    return pixels, latents.reshape(-1, latent_dim), images.reshape(-1, *shape)


def test_latents_are_bit_equal_and_images_those_of_keras(program, bundle, numbers, keras_images, tmp_path):
    model, file = bundle.model, bundle.path / "onnx/generate.onnx"
    pairs = 0
    for seed, start, count in numbers:
        pixels, latents, images = drawn(
            program, file, model.image_shape, model.latent_dim, tmp_path, seed, start, count, 0.7
        )
        expected = latents_numpy(seed, range(start, start + count), model.latent_dim, 0.7)
        np.testing.assert_array_equal(latents, expected)
        np.testing.assert_allclose(images, keras_images(model, seed, start, count, 0.7), atol=1e-5)
        difference = pixels.astype(int) - image_grid(images)
        assert np.abs(difference).max() <= 1  # a pixel at a half may be rounded either way
        pairs += len(latents)
    assert pairs >= 1000


def test_an_image_is_the_same_whatever_the_count(program, bundle, tmp_path):
    model, file = bundle.model, bundle.path / "onnx/generate.onnx"
    sizes = (model.image_shape, model.latent_dim, tmp_path)
    _, many_latents, many = drawn(program, file, *sizes, 7, 0, 256, 1)
    _, latents, images = drawn(program, file, *sizes, 7, 63, 1, 1)
    np.testing.assert_array_equal(latents[0], many_latents[63])
    np.testing.assert_allclose(images[0], many[63], atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_coloured_images_that_are_not_square(program, colour, keras_images, tmp_path, count):
    pixels, latents, images = drawn(program, colour.path, (16, 8, 3), 3, tmp_path, -5, 0, count, 1)
    np.testing.assert_array_equal(latents, latents_numpy(-5, range(count), 3))
    np.testing.assert_allclose(images, keras_images(colour.model, -5, 0, count), atol=1e-5)
    assert images.std() > 0.01
    expected = image_grid(images)
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("channels", [2, 4])
def test_other_channels_are_shown_as_the_package_shows_them(program, tmp_path, channels):
    model = VAE.from_preset("digits_mlp", image_shape=(8, 9, channels), latent_dim=3, network={"hidden": [8]})
    for weight in model.decoder.trainable_weights:
        weight.assign(4 * weight)
    (tmp_path / "out").mkdir()
    write_onnx("generate", signatures(model)["generate"], tmp_path / "generate.onnx")
    pixels, _, images = drawn(program, tmp_path / "generate.onnx", model.image_shape, 3, tmp_path / "out", 7, 0, 5, 1)
    np.testing.assert_allclose(images, model.generate(5, seed=7), atol=1e-5)
    expected = image_grid(images)
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected).max() <= 1


def test_a_conditional_model_draws_the_class_asked_for(program, conditional, tmp_path):
    folder, model = conditional
    files = [tmp_path / name for name in ("picture", "latents", "images")]
    for label in (0, 2):
        done = call(program, folder / "generate.onnx", 7, 3, 5, 1, *files, f"label={label}")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        z = model.sample_latents(7, np.arange(3, 8, dtype=np.int32), 1.0)
        np.testing.assert_array_equal(np.fromfile(files[1], np.float32).reshape(5, -1), z)
        expected = model.decode(z, label=label).mean().numpy()
        np.testing.assert_allclose(np.fromfile(files[2], np.float32).reshape(expected.shape), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ([], "is of a conditional model: expected a class; add label=0"),
        (["label=x"], "label is 'x': expected a whole number"),
        (["label=-1"], "label is '-1'"),
        (["label=3"], "generate.onnx"),
    ],
)
def test_a_class_that_cannot_be_leaves_nothing(program, conditional, tmp_path, label, words):
    done = call(program, conditional[0] / "generate.onnx", 7, 0, 2, 1, tmp_path / "picture", *label)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_functions_stand_where_the_library_has_them(compiler, tmp_path):
    lines = [f'printf("{name} %d\\n", (int)(offsetof(OrtApi, {name}) / sizeof(void *)));' for name in SLOTS]
    body = "\n".join(lines)
    (tmp_path / "slots.c").write_text(
        f'#include <stdio.h>\n#include "onnxruntime_few.h"\nint main(void) {{\n{body}\nreturn 0;\n}}\n'
    )
    subprocess.run([compiler, *COMPILE, f"-I{SOURCE}", "-o", "slots", "slots.c"], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "slots"], capture_output=True, text=True, check=True)
    assert dict(line.split() for line in done.stdout.splitlines()) == {k: str(v) for k, v in SLOTS.items()}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "nowhere.onnx"}, ["nowhere.onnx", "exist"]),
        ({"model": "onnx"}, ["onnx", "directory"]),
        ({"model": "manifest.json"}, ["manifest.json does not run (", "expected a bundle's onnx/generate.onnx; "]),
        ({"model": "onnx/decode.onnx"}, ["decode.onnx does not run (", "expected a bundle's onnx/generate.onnx; "]),
        ({"seed": "2147483648"}, ["SEED is '2147483648'", "-2147483648 to 2147483647"]),
        ({"seed": "-2147483649"}, ["SEED is '-2147483649'"]),
        ({"seed": "7.5"}, ["SEED is '7.5'", "whole"]),
        ({"seed": ""}, ["SEED is ''"]),
        ({"first": "-1"}, ["FIRST is '-1'", "0 to 2147483647"]),
        ({"first": "2147483647", "count": "2"}, ["COUNT is '2'", "1 to 1"]),
        ({"count": "0"}, ["COUNT is '0'", "1 to 256"]),
        ({"count": "257"}, ["COUNT is '257'"]),
        ({"count": "3x"}, ["COUNT is '3x'"]),
        ({"temperature": "-1"}, ["TEMPERATURE is '-1'"]),
        ({"temperature": "nan"}, ["TEMPERATURE is 'nan'"]),
        ({"temperature": "1e39"}, ["TEMPERATURE is '1e39'"]),
        ({"temperature": "3e38"}, ["TEMPERATURE is 3e38", "not finite"]),
        ({"picture": "nowhere/picture"}, ["nowhere/picture", "No such file"]),
        ({"picture": "p" * 5000}, ["expected fewer than 4091", "shorter path"]),
        ({"images": "nowhere/images"}, ["nowhere/images", "No such file"]),
        ({"label": "label=0"}, ["label is 0: expected none, since the model has no classes"]),
        ({"more": "more"}, ["9 arguments", "MODEL SEED FIRST COUNT TEMPERATURE PICTURE"]),
    ],
)
def test_what_cannot_be_leaves_nothing(program, bundle, tmp_path, change, words):
    values = {"model": "onnx/generate.onnx", "seed": 7, "first": 0, "count": 2, "temperature": 1, "picture": "picture"}
    values |= {"latents": "latents", "images": "images", **change}
    values["model"] = bundle.path / values["model"]
    for name in ("picture", "latents", "images"):
        values[name] = tmp_path / values[name]
    done = call(program, *values.values())
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("generate: ")
    assert all(word in done.stderr for word in words), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_is_not_replaced(program, bundle, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    done = call(program, bundle.path / "onnx/generate.onnx", 7, 0, 1, 1, tmp_path / "pipe")
    assert (done.returncode, done.stdout) == (2, "")
    assert "pipe is not a file: expected a file or nothing there; choose another name" in done.stderr
    assert (tmp_path / "pipe").is_fifo()
    assert list(tmp_path.iterdir()) == [tmp_path / "pipe"]


def generator(path, image=(1, 8, 8, 1), latent=(1, 3), dtype=np.float32):
    types = {"index": (6, ["n"]), "seed": (6, []), "temperature": (1, [])}
    return pretender(path, types, {"image": image, "latent": latent}, dtype)


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ({"dtype": np.int8}, "an output of type 3: expected 1, float32"),
        ({"dtype": np.float64}, "an output of type 11: expected 1, float32"),
        ({"image": (1, 0, 8, 1)}, "0 on axis 1: expected 1 to 8192"),
        ({"image": (1, 8, 0, 1)}, "0 on axis 2: expected 1 to 8192"),
        ({"image": (0, 8, 8, 1)}, "0 on axis 0: expected 1 to 1"),
        ({"image": (1, 1, 8193, 1)}, "8193 on axis 2: expected 1 to 8192"),
        ({"image": (100_000, 1, 1, 1)}, "100000 on axis 0: expected 1 to 1"),
        ({"image": (1, 8, 8, 17)}, "17 on axis 3: expected 1 to 16"),
        ({"image": (1, 8, 8)}, "rank 3: expected 4"),
        ({"latent": (2, 3)}, "2 on axis 0: expected 1 to 1"),
        ({"latent": (1, 0)}, "0 on axis 1: expected 1 to 65520"),
    ],
)
def test_a_file_that_only_looks_like_a_generator_is_refused(program, tmp_path, outputs, words):
    model = generator(tmp_path / "model.onnx", **outputs)
    done = call(program, model, 7, 0, 1, 1, tmp_path / "picture", tmp_path / "latents", tmp_path / "images")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == [model]


def test_the_pretender_is_drawn_where_it_keeps_its_promises(program, tmp_path):
    model = generator(tmp_path / "model.onnx")
    assert call(program, model, 7, 0, 1, 1, tmp_path / "picture").returncode == 0
