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


INTEGERS = "microcontroller/decode.tflite"


def entry(path, **values):
    return lambda manifest: manifest["artifacts"][path].update(values)


def drop(path, key):
    return lambda manifest: manifest["artifacts"][path].pop(key)


def form(name, **values):
    return lambda manifest: manifest["artifacts"][INTEGERS]["quantization"][name].update(values)


def nats(path, **values):
    return lambda manifest: manifest["artifacts"][path]["nats_lost"].update(values)


def threshold(**values):
    told = {"elbo": -9.0, "false_alarm_rate": 0.05, "images": 1000, **values}
    return lambda manifest: manifest["score"].update(threshold=told)


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
        lambda m: (m["model"]["layers"].update(decoder=1000), m["tolerances"].update(float32=1.1e-4)),
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
    # one image a call, or any number
    "a fixed batch of a file of any": (entry("onnx/decode.onnx", batch=1), "onnx/decode.onnx.batch is 1 and not None"),
    "a free batch of a file of one": (entry(INTEGERS, batch=None), "decode.tflite.batch is None and not 1"),
    "a batch of nothing": (entry("onnx/decode.onnx", batch=0), ".batch"),
    # what a file has not
    "a lack of what it has": (entry("tflite/vae.tflite", lacks={"score": "?"}), "artifacts.tflite/vae.tflite is"),
    "a lack of what its kind has not": (entry("onnx/decode.onnx", lacks={"score": "?"}), "decode.onnx.lacks has score"),
    "a lack of what is never lacking": (entry("tflite/vae.tflite", lacks={"encode": "?"}), ".lacks"),
    "a lack without a reason": (
        entry("tflite/vae.tflite", lacks={"score": ""}, signatures=["encode", "decode", "reconstruct", "generate"]),
        ".lacks.score",
    ),
    # integers and the memory for them
    "integers of another name": (
        lambda m: m["artifacts"][INTEGERS]["quantization"].update(
            picture=m["artifacts"][INTEGERS]["quantization"].pop("image")
        ),
        "quantization is of latent, picture",
    ),
    "integers of a file of floats": (
        lambda m: m["artifacts"]["onnx/decode.onnx"].update(quantization=m["artifacts"][INTEGERS]["quantization"]),
        "onnx/decode.onnx.quantization is there",
    ),
    "integers that nobody can read": (drop(INTEGERS, "quantization"), "quantization is missing"),
    "a scale of nothing": (form("latent", scale=0), ".quantization.latent.scale"),
    "a zero point beyond 8 bits": (form("image", zero_point=200), ".quantization.image.zero_point"),
    "bytes without a sign": (form("image", dtype="uint8"), ".quantization.image.dtype"),
    "an arena of a file of floats": (entry("tflite/vae.tflite", arena_bytes=9999), "vae.tflite.arena_bytes is there"),
    "no arena": (drop(INTEGERS, "arena_bytes"), "arena_bytes is missing"),
    "an arena of no bytes": (entry(INTEGERS, arena_bytes=0), ".arena_bytes"),
    "a delegate of a file that no delegate was asked about": (
        entry("tflite/vae.tflite", delegates={"gpu": "looks compatible"}),
        "vae.tflite.delegates has gpu",
    ),
    # figures
    "an error beyond the tolerance": (entry("onnx/decode.onnx", largest_error=1e-3), "is 0.001 and not 1e-05 or less"),
    "an error of a file without images": (entry("onnx/encode.onnx", largest_error=0.0), "encode.onnx.largest_error is"),
    "no error of a file with images": (entry("onnx/decode.onnx", largest_error=None), "largest_error is None and not"),
    "an error below nothing": (entry("onnx/decode.onnx", largest_error=-1e-7), ".largest_error"),
    "a loss beyond the tolerance": (nats("onnx/decode.onnx", decode=5.0), "nats_lost.decode is 5.0 and not 0.00"),
    "a loss at what the file does not do": (nats("onnx/encode.onnx", decode=0.0), "nats_lost has decode"),
    "a loss not told": (
        lambda m: m["artifacts"]["tflite/vae.tflite"]["nats_lost"].pop("score"),
        "nats_lost lacks score",
    ),
    "a loss at nothing known": (nats("onnx/encode.onnx", draw=0.0), ".nats_lost"),
    "operators: none": (entry("onnx/decode.onnx", operators={}), ".operators"),
    "operators: none of a kind": (
        lambda m: m["artifacts"]["onnx/decode.onnx"]["operators"].update(MatMul=0),
        ".operators.MatMul",
    ),
    # which files there are, and for whom
    "left out without a reason": (
        lambda m: m["not_written"].update({"onnx/encode.onnx": m["artifacts"].pop("onnx/encode.onnx") and ""}),
        "$.not_written",
    ),
    "written for one purpose, with the files of all": (
        lambda m: m.update(written_for=["microcontroller"]),
        "onnx/decode.int8.onnx is in a bundle written for microcontroller",
    ),
    "written for a purpose without its files": (
        lambda m: m.update(written_for=["ios"], purposes={}, artifacts={"saved_model": m["artifacts"]["saved_model"]}),
        "onnx/decode.1.onnx is in neither",
    ),
    "written for a purpose that does not exist": (lambda m: m.update(written_for=["toaster"]), "$.written_for[0]"),
    "written for one purpose twice": (lambda m: m.update(written_for=["web", "web"]), "$.written_for"),
    "a purpose without one of its files": (lambda m: m["purposes"]["web"].pop(), "purposes.web"),
    "a purpose with the file of another": (lambda m: m["purposes"]["web"].append(INTEGERS), "purposes.web"),
    "a purpose left out": (without("purposes", "server"), "purposes has"),
    "a purpose without files": (with_("purposes", ios=[]), "$.purposes.ios"),
    "a purpose that does not exist": (with_("purposes", toaster=["saved_model"]), "$.purposes"),
    # the model
    "no classes at all": (with_("model", classes=0), "$.model.classes"),
    "one class's name twice": (with_("model", classes=2, class_names=["cat", "cat"]), "$.model.class_names"),
    "a class without a name": (with_("model", classes=2, class_names=["cat", ""]), "$.model.class_names[1]"),
    "fewer parameters than none": (with_("model", parameters={"encoder": -1, "decoder": 9}), "$.model.parameters"),
    "an encoder that is not told": (with_("model", parameters={"decoder": 9}), "$.model.parameters"),
    "a decoder's layers that are not told": (with_("model", layers={"encoder": 2}), "$.model.layers"),
    "half a layer": (with_("model", layers={"encoder": 2, "decoder": 2.5}), "$.model.layers.decoder"),
    "more layers than parameters": (
        with_("model", layers={"encoder": 2000, "decoder": 2}),
        "is 2000 and not",
    ),
    "a likelihood without a name": (lambda m: m["model"]["likelihood"].pop("name"), "$.model.likelihood"),
    "a posterior without a name": (lambda m: m["model"]["posterior"].pop("name"), "$.model.posterior"),
    "a prior of no training": (lambda m: m["model"]["prior"].pop("trained_as"), "$.model.prior"),
    "a sampler in a word": (with_("model", sampler="StandardNormal"), "$.model.sampler"),
    "bit-exact in a word": (with_("model", bit_exact="yes"), "$.model.bit_exact"),
    # images and scores
    "images of another source": (with_("test_images", source="the internet"), "$.test_images.source"),
    "no images": (with_("test_images", count=0), "$.test_images.count"),
    "more images than any bundle has": (
        with_("test_images", count=257),
        "count is 257 and not 256 or less",
    ),
    "fewer samples of a score": (with_("score", importance_samples=1), "score.importance_samples is 1 and not 16"),
    "other noise of a score": (with_("score", noise="any"), "score.noise"),
    "scores of files that have none": (lambda m: m.pop("score"), "signatures has"),
    "a threshold that all images pass": (threshold(false_alarm_rate=0), "$.score.threshold.false_alarm_rate"),
    "a threshold that none passes": (threshold(false_alarm_rate=1), "$.score.threshold.false_alarm_rate"),
    "a threshold in words": (threshold(elbo="low"), "$.score.threshold.elbo"),
    "a threshold of more images than are taken": (threshold(images=1001), "threshold.images is 1001 and not 1000 or"),
    # the rest
    "a version in words": (with_("versions", tensorflow="the newest"), "$.versions.tensorflow"),
    "fewer bytes than none": (lambda m: m["files"]["golden.json"].update(bytes=-1), "$.files"),
    "a hash cut short": (lambda m: m["files"]["golden.json"].update(sha256="0" * 63), "$.files"),
    "metrics in a list": (lambda m: m.update(metrics=[1.0]), "$.metrics"),
    "half precision outside": (
        lambda m: m["signatures"]["decode"]["outputs"]["image"].update(dtype="float16"),
        "$.signatures.decode.outputs.image.dtype",
    ),
    "generate without a temperature": (
        lambda m: m["signatures"]["generate"]["inputs"].pop("temperature"),
        "signatures.generate",
    ),
    "scores without the bound": (lambda m: m["signatures"]["score"]["outputs"].pop("bound"), "signatures.score"),
    "channels first": (with_("preprocessing", layout=["n", "channels", "height", "width"]), "preprocessing.layout"),
    "bytes as they are": (with_("preprocessing", dtype="uint8"), "preprocessing.dtype"),
    "a tolerance below nothing": (with_("tolerances", int8=-0.5), "$.tolerances.int8"),
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


def test_a_file_without_its_entry_is_reported(whole):
    manifest = read_manifest(whole)
    del manifest["files"]["golden.json"], manifest["artifacts"]["onnx/encode.onnx"]
    found = check_files(whole, manifest)
    assert any(miss.startswith("golden.json stands in manifest.json without size and SHA-256") for miss in found)
    assert any(miss.startswith("onnx/encode.onnx is in manifest.json with a hash alone") for miss in found)


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
