"""The C files for firmware: compiled here, with a decoder that stands in for the board's library."""

import ctypes
import runpy
import shutil
import subprocess

import numpy as np
import pytest
from tflite_micro.python.tflite_micro import runtime

from keras_vae.export import export_bundle, verify_bundle
from keras_vae.export.contents.purposes import INTEGER_DECODER
from keras_vae.export.formats.integers import from_integers, to_integers

from ..conftest import MODELS, Exported, contrasty

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
# Its picture is the latent, again and again.
STAND_IN = """
#include "model.h"
int decode(const int8_t *latent, int32_t label, int8_t *image) {
    for (int i = 0; i < IMAGE_BYTES; i++) image[i] = latent[i % LATENT_DIM];
    return label;
}
"""


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    model = contrasty(*MODELS["dense"])
    path = tmp_path_factory.mktemp("firmware") / "bundle"
    export_bundle(model, path, purposes="microcontroller")
    return Exported(model, path, model.generate(1))


def compiled(folder, target, *sources):
    command = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-I", folder, *sources, "-o", target]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return target


def test_the_bundle_has_these_files_alone_and_verifies(firmware):
    assert firmware.manifest["artifacts"].keys() == {"saved_model", INTEGER_DECODER}
    assert firmware.manifest["purposes"] == {"microcontroller": [INTEGER_DECODER]}
    names = {path.name for path in (firmware.path / "microcontroller").iterdir()}
    assert names == {"decode.tflite", "model.c", "model.h", "example.c", "decode.cc", "README.md"}
    verify_bundle(firmware.path)


def test_the_array_is_the_file_and_the_latents_are_the_model_s(firmware, tmp_path):
    folder = firmware.path / "microcontroller"
    library = ctypes.CDLL(str(compiled(folder, tmp_path / "model.so", "-shared", "-fPIC", folder / "model.c")))
    content = (firmware.path / INTEGER_DECODER).read_bytes()
    array = (ctypes.c_ubyte * len(content)).in_dll(library, "model")
    assert bytes(array) == content
    assert ctypes.addressof(array) % 16 == 0
    latents = np.array((ctypes.c_int8 * 3 * 16).in_dll(library, "example_latents"))
    index, numbers = np.arange(16, dtype=np.int32), {"seed": np.int32(7), "temperature": np.float32(1)}
    drawn = firmware.call("saved_model", "generate", index=index, **numbers)
    form = firmware.manifest["artifacts"][INTEGER_DECODER]["quantization"]
    np.testing.assert_array_equal(latents, to_integers(drawn["latent"], form["latent"]))
    by_formula = runpy.run_path(str(firmware.path / "latents.py"))["draw_latents"](firmware.manifest, index, **numbers)
    np.testing.assert_array_equal(by_formula, drawn["latent"])
    # and with them and the stated arena the board's interpreter draws the model's pictures
    interpreter = runtime.Interpreter.from_bytes(
        content, arena_size=firmware.manifest["artifacts"][INTEGER_DECODER]["arena_bytes"]
    )
    interpreter.set_input(latents[:1], 0)
    interpreter.invoke()
    np.testing.assert_allclose(from_integers(interpreter.get_output(0), form["image"]), drawn["image"][:1], atol=0.05)


def test_the_example_prints_a_picture_and_refuses_others_in_a_line(firmware, tmp_path):
    folder = firmware.path / "microcontroller"
    (tmp_path / "decode.c").write_text(STAND_IN)
    sources = (folder / "example.c", folder / "model.c", tmp_path / "decode.c")
    program = compiled(folder, tmp_path / "example", *sources)
    done = subprocess.run([program, "2"], check=True, capture_output=True)
    header, pixels = done.stdout[:11], np.frombuffer(done.stdout[11:], np.uint8)
    assert header == b"P5\n8 8\n255\n"
    index, numbers = np.arange(3, dtype=np.int32), {"seed": np.int32(7), "temperature": np.float32(1)}
    latent = firmware.call("saved_model", "generate", index=index, **numbers)["latent"][2]
    form = firmware.manifest["artifacts"][INTEGER_DECODER]["quantization"]["latent"]
    np.testing.assert_array_equal(pixels, np.resize(to_integers(latent, form).astype(int) + 128, 64))
    for wrong in (["16"], ["x"], []):
        refused = subprocess.run([program, *wrong], capture_output=True, text=True, check=False)
        assert refused.returncode == 2
        assert refused.stdout == ""
        assert refused.stderr.count("\n") == 1
        assert "expected 0 to 15" in refused.stderr
