"""A manifest whose hashes are right and whose facts are not is refused before a file is run."""

import hashlib
import json
import shutil
import subprocess
import sys

import pytest

from keras_vae.export.verification.integrity import check_files, read_manifest


@pytest.fixture(scope="module")
def original(exports):
    return exports("dense")


@pytest.fixture
def bundle(original, tmp_path):
    """A folder with the manifest alone, to lie in."""
    shutil.copy(original.path / "manifest.json", tmp_path)
    return tmp_path


def rewrite(bundle, change):
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def shape_of(width):
    """A wider latent, told everywhere but in the files."""

    def change(manifest):
        manifest["model"]["latent_dim"] = width
        manifest["generator"]["stride"] = 251

    return change


def without(section, key):
    return lambda manifest: manifest[section].pop(key)


def with_(section, **values):
    return lambda manifest: manifest[section].update(values)


def halved(manifest):
    manifest["generator"]["table"] = [value // 2 for value in manifest["generator"]["table"]]


LIES = {
    "table halved": (halved, "generator.table"),
    "one number of the table": (lambda m: m["generator"]["table"].__setitem__(9, 5), "generator.table"),
    "a": (lambda m: m["generator"]["a"].reverse(), "generator.a"),
    "b": (lambda m: m["generator"]["b"].reverse(), "generator.b"),
    "c": (lambda m: m["generator"]["c"].__setitem__(0, 1), "generator.c"),
    "stride": (with_("generator", stride=257), "generator.stride is 257 and not 251"),
    "stride of another width": (lambda m: m["model"].update(latent_dim=300), "generator.stride"),
    "scale": (with_("generator", scale=1.0), "generator.scale"),
    "rounds": (with_("generator", rounds=4), "$.generator.rounds"),
    "whole numbers with a point": (with_("generator", stride=251.0), "$.generator.stride"),
    "image_shape": (with_("model", image_shape=[4, 16, 1]), "signatures.decode"),
    "channels": (with_("model", image_shape=[8, 8, 3]), "preprocessing.channels"),
    "latent_dim": (shape_of(4), "signatures.decode"),
    "classes": (with_("model", classes=10), "signatures.decode"),
    "an input's name": (
        lambda m: m["signatures"]["encode"]["inputs"].update(label={"shape": ["n"], "dtype": "int32"}),
        "signatures.encode",
    ),
    "a signature dropped": (without("signatures", "encode"), "$.signatures"),
    "a tolerance": (with_("tolerances", float32=1e9), "tolerances.float32"),
    "a tolerance of more layers": (
        with_("tolerances", float32=4e-5),
        "tolerances.float32 is 4e-05 and not 1e-05 or less",
    ),
    "more layers than any tolerance": (
        lambda m: (m["model"]["layers"].update(decoder=10**6), m["tolerances"].update(float32=1.1e-4)),
        "tolerances.float32 is 0.00011 and not 0.0001 or less",
    ),
    "a tolerance of 8 bits": (with_("tolerances", int8=0.6), "tolerances.int8"),
    "preprocessing": (with_("preprocessing", range=[0, 255]), "preprocessing.range"),
    "from_bytes": (with_("preprocessing", from_bytes="byte"), "preprocessing.from_bytes"),
    "more preprocessing": (with_("preprocessing", mean=0.5), "preprocessing has layout"),
    "an artifact dropped": (without("artifacts", "onnx/encode.onnx"), "onnx/encode.onnx is in neither"),
    "an artifact twice": (with_("not_written", **{"onnx/encode.onnx": "?"}), "onnx/encode.onnx is in both"),
    "another artifact": (with_("not_written", **{"onnx/other.onnx": "?"}), "'onnx/other.onnx'"),
    "the reference dropped": (without("artifacts", "saved_model"), "artifacts lacks saved_model"),
    "precision": (
        lambda m: m["artifacts"]["onnx/decode.int8.onnx"].update(precision="float32"),
        "artifacts.onnx/decode.int8.onnx",
    ),
    "signatures of a file": (
        lambda m: m["artifacts"]["tflite/vae.tflite"].update(signatures=["decode"]),
        "artifacts.tflite/vae.tflite",
    ),
    "versions dropped": (with_("versions", keras=None), "$.versions.keras"),
    "no versions": (lambda m: m["versions"].clear(), "$.versions"),
    "images elsewhere": (with_("test_images", file="samples.png"), "$.test_images.file"),
    "a fact that nobody reads": (with_("model", sampled="well"), "$.model ("),
    "a size beyond all": (with_("model", image_shape=[10**400, 8, 1]), "$.model.image_shape[0]"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_manifest_that_cannot_be_true_is_refused_by_name(bundle, lie):
    change, place = LIES[lie]
    rewrite(bundle, change)
    with pytest.raises(ValueError, match=r"manifest\.json (cannot be true|does not follow its schema at) ") as caught:
        read_manifest(bundle)
    assert place in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"scale": ', '"scale": 1, "scale": ', "the key 'scale' appears in it twice"),
        ('"float32": 1e-05', '"float32": 1e-05, "float32": 1e-06', "the key 'float32' appears in it twice"),
        ('"float32": 1e-05', '"float32": 1e999', "1e999 is not a JSON number"),
        ('"float32": 1e-05', '"float32": Infinity', "Infinity is not a JSON number"),
        ('"elbo": -12.5', '"elbo": NaN', "NaN is not a JSON number"),
        ('"elbo": -12.5', '"elbo": ' + "[" * 100_000, "is not JSON"),
    ],
)  # fmt: skip
def test_json_that_can_be_read_in_two_ways_is_refused(bundle, old, new, says):
    path = bundle / "manifest.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ValueError, match="is not JSON") as caught:
        read_manifest(bundle)
    assert says in str(caught.value)


def test_tolerances_below_the_exporter_s_are_taken(bundle):
    """Bundles of before had some."""
    rewrite(bundle, with_("tolerances", dynamic=0.2, int8=0.3))
    assert read_manifest(bundle)["tolerances"]["int8"] == 0.3


def test_the_tolerance_of_float32_grows_with_the_layers_of_the_decoder(bundle):
    rewrite(bundle, lambda m: (m["model"]["layers"].update(decoder=85), m["tolerances"].update(float32=4.25e-5)))
    assert read_manifest(bundle)["tolerances"]["float32"] == 4.25e-5


def test_a_bundle_of_before_says_no_layers_and_has_the_tolerance_of_few(bundle):
    rewrite(bundle, lambda m: m["model"].pop("layers"))
    assert "layers" not in read_manifest(bundle)["model"]
    rewrite(bundle, with_("tolerances", float32=1.1e-5))
    with pytest.raises(ValueError, match=r"tolerances\.float32 is 1\.1e-05 and not 1e-05 or less"):
        read_manifest(bundle)


def test_a_manifest_is_pinned_by_its_own_digest(bundle):
    path = bundle / "manifest.json"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_manifest(bundle, digest) == read_manifest(bundle, digest.upper())
    path.write_text(path.read_text() + " ")
    with pytest.raises(ValueError, match=rf"manifest.json has SHA-256 \w+: expected {digest}, as was asked for; "):
        read_manifest(bundle, digest)
    for digest in ("", "x" * 64, "0" * 63):
        with pytest.raises(ValueError, match=f"sha256 is '{digest}': expected 64 hexadecimal digits"):
            read_manifest(bundle, digest)


def test_a_manifest_that_is_a_link_to_the_outside_is_refused(bundle):
    path = bundle / "inside/manifest.json"
    path.parent.mkdir()
    path.symlink_to(bundle / "manifest.json")
    with pytest.raises(
        ValueError,
        match=r"inside/manifest\.json points outside the bundle: expected a file inside "
        "it; ",
    ):
        read_manifest(bundle / "inside")


@pytest.fixture
def whole(original, tmp_path):
    """A copy of a bundle to change."""
    return shutil.copytree(original.path, tmp_path / "bundle")


def test_links_anywhere_are_reported(whole, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").write_text("")
    manifest = read_manifest(whole)
    assert check_files(whole, manifest) == []
    (whole / "web/etc").symlink_to(tmp_path / "elsewhere")
    (whole / "again").symlink_to(whole / "onnx")
    (whole / "loop").symlink_to(whole / "loop")
    (whole / "onnx").rename(tmp_path / "onnx")
    (whole / "onnx").symlink_to(tmp_path / "onnx")
    found = check_files(whole, manifest)
    for name in ("web/etc", "again", "loop", "onnx"):
        assert f"{name} is not in manifest.json: expected only the files it lists; remove it" in found
    for name in ("encode", "decode", "generate"):
        assert any(miss.startswith(f"onnx/{name}.onnx points outside the bundle: expected") for miss in found)


def test_the_cheap_checks_load_no_tensorflow(original):
    code = (
        "import sys; from pathlib import Path\n"
        "from keras_vae.export.verification.integrity import check_files, read_manifest\n"
        "bundle = Path(sys.argv[1]); assert not check_files(bundle, read_manifest(bundle))\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, original.path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
