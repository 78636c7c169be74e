"""Arguments, files and manifests that `generate.py` refuses, in one line and with nothing written."""

import functools
import hashlib
import json
import operator
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .program import FILES, MODULES, change, refused


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
        (["--output=nowhere/grid.png"], ["grid.png", "nowhere", "create it first"]),
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


def halved(table):
    return [value // 2 for value in table]


@pytest.mark.parametrize(
    ("keys", "new", "words"),
    [
        (["generator", "table"], halved, "of other numbers: expected latents that this program can draw"),
        (["generator", "a"], sorted, "of other numbers"),
        (["generator", "scale"], lambda scale: 2 * scale, "of other numbers"),
        (["generator", "rounds"], lambda rounds: rounds - 1, "of other numbers"),
        (["generator", "stride"], lambda stride: 257, "draws other latents than golden.json has"),
        (["model", "latent_dim"], lambda width: width + 1, "draws other latents than golden.json has"),
    ],
)
def test_a_manifest_that_lies_about_its_latents(broken, capsys, keys, new, words):
    old = functools.reduce(operator.getitem, keys, broken.program.read_manifest())
    assert broken.program.main(["--precision=int8", "--output", str(broken.path.parent / "pictures.png")]) == 0
    capsys.readouterr()
    (broken.path.parent / "pictures.png").unlink()
    change(broken, keys, new(old))
    assert words in refused(broken, capsys, "--precision=int8")


def test_a_mixture_that_is_not_the_model_s(broken, capsys):
    width = broken.program.read_manifest()["model"]["latent_dim"]
    numbers = {"thresholds": [2**30], "means": [[0.0] * width, [9.0] * width], "stddevs": [[1.0] * width] * 2}
    change(broken, ["model", "prior"], {"name": "FixedMixture", **numbers})
    assert "draws other latents than golden.json has" in refused(broken, capsys, "--precision=int8")


def test_images_that_are_not_finite(broken, capsys):
    assert "--temperature is 3e+38" in refused(broken, capsys, "--temperature=3e38")


def test_a_picture_that_cannot_be_written_leaves_nothing(broken, capsys):
    (broken.path.parent / "pictures.png").mkdir()
    assert "pictures.png" in refused(broken, capsys, f"--latents={broken.path.parent / 'l.npy'}")


def test_what_is_no_file_is_not_replaced(broken, capsys):
    for name in ("pictures.png", "latents.npy"):
        pipe = broken.path.parent / name
        os.mkfifo(pipe)
        assert f"{name} is not a file: expected a file" in refused(
            broken, capsys, f"--latents={pipe.with_suffix('.npy')}"
        )
        assert pipe.is_fifo()
        pipe.unlink()


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
