"""The consumer that needs neither TensorFlow nor this package."""

import ast
import functools
import hashlib
import importlib.util
import json
import operator
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from keras_vae.export import consumers
from keras_vae.pictures.grid import image_grid
from keras_vae.random.portable import latents_numpy, specification

FILES = {
    ("tflite", "float32"): "tflite/vae.tflite",
    ("tflite", "float16"): "tflite/vae.float16.tflite",
    ("tflite", "dynamic"): "tflite/vae.dynamic.tflite",
    ("tflite", "int8"): "tflite/decoder.int8.tflite",
    ("onnx", "float32"): "onnx/generate.onnx",
    ("onnx", "int8"): "onnx/decode.int8.onnx",
}
SOURCE = Path(consumers.__path__[0]) / "generate.py"
SPEC = importlib.util.spec_from_file_location("generate", SOURCE)
GENERATE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(GENERATE)
MODULES = {"tflite": "ai_edge_litert", "onnx": "onnxruntime"}
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
    path, artifact = bundle.program.choose(manifest, options.runtime, options.precision)
    content = bundle.program.read_file(path, manifest["files"][path], unchecked=False)
    return bundle.program.draw(path, content, artifact, manifest, options)


def refused(bundle, capsys, *arguments):
    """The one line that the program says, having written nothing."""
    before = sorted(bundle.path.parent.rglob("*"))
    output = bundle.path.parent / "pictures.png"
    assert bundle.program.main(["--output", str(output), *arguments]) == 2
    assert sorted(bundle.path.parent.rglob("*")) == before
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("generate.py: ")
    assert err.count("\n") == 1
    return err


def change(bundle, keys, value):
    path = bundle.path / "manifest.json"
    manifest = json.loads(path.read_text())
    *way, last = keys
    functools.reduce(operator.getitem, way, manifest)[last] = value
    path.write_text(json.dumps(manifest))


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
    latents = GENERATE.draw_latents(manifest, np.array(index), np.int32(seed), np.float32(temperature))
    assert latents.dtype == np.float32
    np.testing.assert_array_equal(latents, latents_numpy(seed, index, latent_dim, temperature))


@given(
    count=st.integers(1, 30),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    channels=st.sampled_from([1, 3]),
    seed=st.integers(0, 99),
)
@settings(deadline=None)
def test_its_picture_is_the_package_s(count, size, channels, seed):
    images = np.random.default_rng(seed).random((count, *size, channels), np.float32)
    np.testing.assert_array_equal(GENERATE.grid(images), image_grid(images))


def test_it_is_python_3_9():
    ast.parse(SOURCE.read_text(), feature_version=(3, 9))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--count=0"], ["--count is 0", "1 to 65536"]),
        (["--count=-4"], ["--count is -4"]),
        (["--count=many"], ["--count", "'many'", "int"]),
        (["--seed=2147483648"], ["--seed is 2147483648", "-2147483648 to 2147483647"]),
        (["--seed=-2147483649"], ["--seed is -2147483649"]),
        (["--seed=7.5"], ["--seed", "'7.5'", "int"]),
        (["--start=-1"], ["--start is -1", "0 to 2147483647"]),
        (["--start=2147483640", "--count=9"], ["--start is 2147483640", "at most 2147483639"]),
        (["--temperature=-0.5"], ["--temperature is -0.5"]),
        (["--temperature=nan"], ["--temperature is nan"]),
        (["--temperature=inf"], ["--temperature is inf"]),
        (["--temperature=1e39"], ["--temperature is 1e+39"]),
        (["--output=grid.jpg"], ["grid.jpg", ".png"]),
        (["--output=nowhere/grid.png"], ["grid.png", "nowhere", "make it first"]),
        (["--latents=latents.txt"], ["latents.txt", ".npy"]),
        (["--runtime=tensorrt"], ["--runtime", "tensorrt", "tflite", "onnx"]),
        (["--precision=int4"], ["--precision", "int4", "float16"]),
        (["--runtime=onnx", "--precision=float16"], ["onnx", "float16", "tflite float16"]),
        (["--colour"], ["--colour", "--help"]),
    ],
)
def test_options_that_cannot_be(bundle, capsys, arguments, words):
    line = refused(bundle, capsys, *arguments)
    assert all(word in line for word in words), line


@pytest.mark.parametrize("file", FILES.values())
def test_a_flipped_byte_is_refused(broken, capsys, file):
    (arguments,) = ([f"--runtime={r}", f"--precision={p}"] for (r, p), name in FILES.items() if name == file)
    path = broken.path / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    line = refused(broken, capsys, *arguments)
    assert all(word in line for word in (file, "sha256", hashlib.sha256(content).hexdigest(), "--unchecked"))


@pytest.mark.parametrize("runtime", MODULES)
def test_unchecked_trusts_a_file_that_the_manifest_does_not_know(broken, capsys, runtime, tmp_path):
    file = FILES[runtime, "float32"]
    change(broken, ["files", file, "sha256"], "0" * 64)
    assert file in refused(broken, capsys, f"--runtime={runtime}")
    assert broken.program.main([f"--runtime={runtime}", "--unchecked", f"--output={tmp_path / 'p.png'}"]) == 0
    assert (tmp_path / "p.png").is_file()


@pytest.mark.parametrize("runtime", MODULES)
@pytest.mark.parametrize("content", [b"", b"no model", b"TFL3" * 99])
def test_unchecked_content_that_no_runtime_loads(broken, capsys, runtime, content):
    file = FILES[runtime, "float32"]
    (broken.path / file).write_bytes(content)
    assert "bytes" in refused(broken, capsys, f"--runtime={runtime}")
    line = refused(broken, capsys, f"--runtime={runtime}", "--unchecked")
    assert f"{file} does not run" in line


def test_files_that_are_missing_or_lie(broken, capsys):
    file = broken.path / "tflite/vae.tflite"
    size = file.stat().st_size
    change(broken, ["files", "tflite/vae.tflite", "bytes"], size + 1)
    line = refused(broken, capsys, "--runtime=tflite")
    assert all(word in line for word in ("tflite/vae.tflite", f"bytes {size}", f"expected {size + 1}"))
    file.unlink()
    assert "vae.tflite cannot be read (No such file" in refused(broken, capsys, "--runtime=tflite", "--unchecked")


@pytest.mark.parametrize("place", ["../outside.tflite", "/{parent}/outside.tflite", "tflite/../../outside.tflite", "."])
def test_paths_that_leave_the_folder(broken, capsys, place):
    content = (broken.path / "tflite/vae.tflite").read_bytes()
    (broken.path.parent / "outside.tflite").write_bytes(content)
    place = place.format(parent=broken.path.parent)
    manifest = broken.program.read_manifest()
    change(broken, ["artifacts"], {place: manifest["artifacts"]["tflite/vae.tflite"]})
    change(broken, ["files", place], manifest["files"]["tflite/vae.tflite"])
    for arguments in ([], ["--unchecked"]):
        line = refused(broken, capsys, *arguments)
        assert place in line
        assert "expected a path inside" in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ["manifest.json is missing", "bundle"]),
        ("{", ["JSON"]),
        ("\udcff", ["JSON"]),
        ("[" * 100_000, ["JSON"]),
        ("[]", ["JSON"]),
        ("{}", ["schema_version"]),
        ('{"schema_version": 2}', ["schema version 2", "expected 1"]),
        ('{"schema_version": "1"}', ["schema version '1'", "expected 1"]),
        ('{"schema_version": 1}', ["damaged", "artifacts"]),
        ('{"schema_version": 1, "artifacts": []}', ["damaged"]),
        ('{"schema_version": 1, "artifacts": {}}', ["no tflite or onnx file"]),
    ],
)
def test_manifests_that_are_none(broken, capsys, text, words):
    path = broken.path / "manifest.json"
    path.unlink()
    if text is not None:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    line = refused(broken, capsys)
    assert all(word in line for word in words), line


def test_latents_that_its_formula_does_not_draw(broken, capsys):
    change(broken, ["model", "prior", "name"], "Mixture")
    assert "Mixture" in refused(broken, capsys, "--precision=int8")
    change(broken, ["model", "prior", "name"], "StandardNormal")
    change(broken, ["generator", "name"], "philox")
    assert "philox" in refused(broken, capsys, "--precision=int8")


def test_images_that_are_not_finite(broken, capsys):
    assert "--temperature is 3e+38" in refused(broken, capsys, "--temperature=3e38")


def test_a_picture_that_cannot_be_written_leaves_nothing(broken, capsys):
    (broken.path.parent / "pictures.png").mkdir()
    assert "pictures.png" in refused(broken, capsys, f"--latents={broken.path.parent / 'l.npy'}")


def test_what_is_no_file_is_not_replaced(broken, capsys):
    for name in ("pictures.png", "latents.npy"):
        pipe = broken.path.parent / name
        os.mkfifo(pipe)
        assert f"{name} is no file: expected a file" in refused(broken, capsys, f"--latents={pipe.with_suffix('.npy')}")
        assert pipe.is_fifo()
        pipe.unlink()


def test_a_path_that_cannot_be_printed_appears_as_escapes(bundle, tmp_path):
    command = [sys.executable, bundle.path / "generate.py", "--count=1", "--output", tmp_path / "그림.png"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.endswith("\\uadf8\\ub9bc.png\n")
    assert [path.name for path in tmp_path.iterdir()] == ["그림.png"]


def places(value, way=()):
    """Every place in the manifest that the program may read, lists as one."""
    if way[:1] in (("versions",), ("metrics",), ("not_written",), ("signatures",)):
        return
    if way:
        yield way
    if isinstance(value, dict):
        for key, child in value.items():
            yield from places(child, (*way, key))


@given(data=st.data())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_manifest_changed_anywhere_gives_a_picture_or_one_line(bundle, data, tmp_path_factory):
    path = bundle.path / "manifest.json"
    text = path.read_text()
    content = json.loads(text)
    way = data.draw(st.sampled_from(sorted(places(content), key=str)))
    junk = st.none() | st.integers(-3, 70_000) | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=3)
    precision = data.draw(st.sampled_from(["float32", "int8"]))
    folder = tmp_path_factory.mktemp("junk")
    try:
        change(bundle, way, data.draw(junk))
        status = bundle.program.main([f"--output={folder / 'p.png'}", "--count=3", f"--precision={precision}"])
    finally:
        path.write_text(text)
    assert [file.name for file in folder.iterdir()] == (["p.png"] if status == 0 else [])
    assert status in (0, 2)
