"""The consumer that needs neither TensorFlow nor this package."""

import ast
import hashlib
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from ai_edge_litert.interpreter import SignatureRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from keras_vae.export import consumers
from keras_vae.export.runtimes.runtime import load_runtime
from keras_vae.pictures.grid import image_grid
from keras_vae.random.portable import latents_numpy, specification

from .program import FILES, MODULES, change

SOURCE = Path(consumers.__path__[0]) / "generate.py"
PROGRAMS = ["generate.py", "latents.py", "score.py"]
GENERATE, LATENTS = (runpy.run_path(str(SOURCE.with_name(name))) for name in ("generate.py", "latents.py"))
SIGNATURE = {"int8": "decode", "float32": "generate", "float16": "generate", "dynamic": "generate"}
# Runs a script in a process where the named packages are not installed.
RUN = """
import runpy, sys
sys.modules.update(dict.fromkeys(sys.argv.pop(1).split(",")))
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_without(packages, bundle, *arguments, cwd=None):
    command = [sys.executable, "-c", RUN, ",".join(packages), bundle.path / "generate.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=cwd, check=False)


def drawn(bundle, *arguments):
    """Images and latents as the program computes them, before they become a PNG."""
    options = bundle.program.parse(list(arguments))
    manifest = bundle.program.read_manifest()
    path, artifact = bundle.program.choose(manifest, SIGNATURE[options.precision], options.runtime, options.precision)
    content = bundle.program.read_file(path, manifest["files"][path], unchecked=False)
    return bundle.program.draw(path, content, artifact, manifest, options)


def test_litert_is_given_no_number_without_an_axis(bundle, exported, monkeypatch):
    # Its packages for Linux on ARM crash there, those for other processors do not.
    call, ranks = SignatureRunner.__call__, []

    def noted(runner, **inputs):
        ranks.extend(np.ndim(value) for value in inputs.values())
        return call(runner, **inputs)

    monkeypatch.setattr(SignatureRunner, "__call__", noted)
    _, latents = drawn(bundle, "--runtime=tflite", "--count=2", "--seed=7")
    file = "tflite/vae.tflite"
    run = load_runtime(exported.path, file, exported.manifest["artifacts"][file])
    made = run("generate", index=np.arange(2, dtype=np.int32), seed=np.int32(7), temperature=np.float32(1))
    np.testing.assert_array_equal(made["latent"], latents)
    assert set(ranks) == {1}


@pytest.mark.parametrize("runtime", MODULES)
def test_one_runtime_is_enough(bundle, runtime, tmp_path):
    others = {"tensorflow", "keras", "keras_vae", "tf_keras", "scipy", *MODULES.values()} - {MODULES[runtime]}
    done = run_without(others, bundle, "--count=5", "--seed=-3", "--latents=latents.npy", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"5 images of seed -3 by {FILES[runtime, 'float32']} in pictures.png\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latents.npy", "pictures.png"]
    expected = bundle.model.generate(5, seed=-3)
    shown = np.asarray(Image.open(tmp_path / "pictures.png")).astype(int)
    assert np.abs(shown - image_grid(expected)).max() <= 1  # a pixel at a half may be rounded either way
    np.testing.assert_array_equal(
        np.load(tmp_path / "latents.npy"), latents_numpy(-3, range(5), bundle.model.latent_dim)
    )


def test_without_a_runtime_it_says_what_to_install(bundle, tmp_path):
    for packages, words in (
        (MODULES.values(), ["ai-edge-litert or onnxruntime", "pip install"]),
        (["PIL"], ["PIL", "pip install numpy pillow"]),
        (["numpy"], ["numpy", "pip install numpy pillow"]),
    ):
        done = run_without(packages, bundle, cwd=tmp_path)
        lines = [line for line in done.stderr.splitlines() if not line.startswith("INFO")]  # LiteRT's own
        assert (done.returncode, len(lines)) == (2, 1)
        assert all(word in lines[0] for word in words)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_option_is_refused_before_anything_is_loaded(bundle, tmp_path):
    done = run_without(["numpy", "PIL", *MODULES.values()], bundle, "--count=0", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--count is 0" in done.stderr


@pytest.mark.parametrize(("runtime", "precision"), FILES)
def test_latents_are_bit_equal_to_the_formula(bundle, runtime, precision, numbers, tmp_path):
    pairs = 0
    for seed, start, count in numbers:
        names = [f"--output={tmp_path / 'p.png'}", f"--latents={tmp_path / 'l.npy'}"]
        choice = [f"--runtime={runtime}", f"--precision={precision}", "--temperature=0.7"]
        assert bundle.program.main([*choice, f"--seed={seed}", f"--start={start}", f"--count={count}", *names]) == 0
        latents = np.load(tmp_path / "l.npy")
        assert latents.dtype == np.float32
        index = range(start, start + count)
        np.testing.assert_array_equal(latents, latents_numpy(seed, index, bundle.model.latent_dim, 0.7))
        pairs += len(latents)
    assert pairs >= 1000


@pytest.mark.parametrize(("runtime", "precision"), FILES)
def test_images_are_those_of_keras(bundle, runtime, precision, keras_images):
    manifest = bundle.program.read_manifest()
    tolerance = manifest["tolerances"][precision]
    for seed, start in ((7, 0), (-(2**31), 2**31 - 64)):
        choice = [f"--runtime={runtime}", f"--precision={precision}", f"--seed={seed}", f"--start={start}"]
        images, _ = drawn(bundle, "--count=64", *choice)
        expected = keras_images(bundle.model, seed, start, 64)
        assert images.dtype == np.float32
        assert expected.std() > 0.05
        np.testing.assert_allclose(images, expected, atol=tolerance)


@pytest.mark.parametrize("runtime", MODULES)
def test_an_image_is_the_same_whatever_the_count(bundle, runtime):
    many, many_latents = drawn(bundle, "--count=300", f"--runtime={runtime}")  # in two batches
    assert len(many) == 300
    for i in (0, 63, 255, 256, 299):
        (one,), (latent,) = drawn(bundle, "--count=1", f"--start={i}", f"--runtime={runtime}")
        np.testing.assert_array_equal(latent, many_latents[i])
        np.testing.assert_allclose(one, many[i], atol=1e-6)


def test_a_file_that_takes_a_fixed_number_of_images_is_called_again_and_again(broken):
    expected, expected_latents = drawn(broken, "--count=12", "--runtime=onnx")
    path = "onnx/generate.onnx"
    model = onnx.load(broken.path / path)
    for tensor in (*model.graph.input, *model.graph.output):
        for side in tensor.type.tensor_type.shape.dim:
            if side.dim_param:
                side.dim_value = 5
    content = model.SerializeToString()
    (broken.path / path).write_bytes(content)
    change(broken, ["files", path], {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    with pytest.raises(ValueError, match=r"does not run.*dimension"):
        drawn(broken, "--count=12", "--runtime=onnx")
    change(broken, ["artifacts", path, "batch"], 5)
    images, latents = drawn(broken, "--count=12", "--runtime=onnx")
    np.testing.assert_array_equal(latents, expected_latents)
    np.testing.assert_allclose(images, expected, atol=1e-6)


@given(
    seed=st.integers(-(2**31), 2**31 - 1),
    index=st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=20),
    latent_dim=st.integers(1, 300),  # another stride from 251 on
    temperature=st.floats(0, 100, width=32),
)
def test_its_generator_is_the_package_s(seed, index, latent_dim, temperature):
    model = {"latent_dim": latent_dim, "prior": {"name": "StandardNormal"}, "sampler": None}
    manifest = json.loads(json.dumps({"generator": specification(latent_dim), "model": model}))
    latents = LATENTS["draw_latents"](manifest, np.array(index), np.int32(seed), np.float32(temperature))
    assert latents.dtype == np.float32
    np.testing.assert_array_equal(latents, latents_numpy(seed, index, latent_dim, temperature))


@given(
    count=st.integers(1, 30),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    channels=st.sampled_from([1, 2, 3, 4, 5]),
    seed=st.integers(0, 99),
)
@settings(deadline=None)
def test_its_picture_is_the_package_s(count, size, channels, seed):
    images = np.random.default_rng(seed).random((count, *size, channels), np.float32)
    np.testing.assert_array_equal(GENERATE["grid"](images), image_grid(images))


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_python_3_9(name):
    ast.parse(SOURCE.with_name(name).read_text(), feature_version=(3, 9))


def test_a_bundle_holds_nothing_more_once_it_drew(bundle, tmp_path):
    before = sorted(bundle.path.rglob("*"))
    command = [sys.executable, bundle.path / "generate.py", "--precision=int8", "--output", tmp_path / "p.png"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, capture_output=True, check=True, env=environment)
    assert sorted(bundle.path.rglob("*")) == before  # no __pycache__, which verify refuses


def test_a_path_that_cannot_be_printed_appears_as_escapes(bundle, tmp_path):
    command = [sys.executable, bundle.path / "generate.py", "--count=1", "--output", tmp_path / "그림.png"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.endswith("\\uadf8\\ub9bc.png\n")
    assert [path.name for path in tmp_path.iterdir()] == ["그림.png"]


@pytest.mark.parametrize("arguments", [["--count=2"], ["--help"], ["--count=0"]], ids=" ".join)
@pytest.mark.parametrize("streams", [">&-", ">/dev/full", "2>&-", "2>/dev/full", ">&- 2>&-", ">&- 2>&- <&-"])
def test_standard_streams_that_are_closed_or_full_end_nothing(bundle, arguments, streams, tmp_path):
    if "/dev/full" in streams and not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    command = ["sh", "-c", f'"$@" {streams}', "sh", sys.executable, bundle.path / "generate.py", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)
    lost = streams == ">/dev/full" and "--count=0" not in arguments
    assert done.returncode == (2 if "--count=0" in arguments or (lost and "--help" in arguments) else 0), done.stderr
    said = [line for line in done.stderr.splitlines() if not line.startswith("INFO: ")]  # LiteRT's own
    if lost:
        assert said == ["generate.py: standard output took only a part of what was printed (No space left on device)"]
    elif streams.startswith(">") and "2>" not in streams and "--count=0" in arguments:
        assert [line[:29] for line in said] == ["generate.py: --count is 0: ex"]
    else:
        assert said == []
    if "--count=2" in arguments:
        with Image.open(tmp_path / "pictures.png") as picture:
            assert np.asarray(picture).std() > 0
    assert [path.name for path in tmp_path.iterdir()] == ["pictures.png"] * ("--count=2" in arguments)


def test_a_reader_that_goes_away_ends_nothing(bundle, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, bundle.path / "generate.py", "--count=2"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=60, cwd=tmp_path, check=False)
    os.close(writing)
    assert done.returncode == 0
    assert b"generate.py" not in done.stderr
    assert (tmp_path / "pictures.png").is_file()
