"""export, verify, generate and benchmark on the bundle of a run, as a person types them."""

import hashlib
import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from keras_vae.models.vae import VAE
from keras_vae.pictures.samples import samples


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture).astype(int)


def test_train_leaves_a_bundle_with_test_images_that_verifies(keras_vae, run):
    manifest = json.loads((run / "bundle/manifest.json").read_text())
    assert manifest["test_images"] == {"file": "test_images.npz", "count": 256, "source": "test data"}
    assert manifest["metrics"] == json.loads((run / "metrics.json").read_text())["test"]
    assert manifest["not_written"] == {}
    status, printed, errors = keras_vae("verify", run / "bundle")
    assert (status, errors) == (0, "")
    assert "decoder.int8.tflite" in printed
    assert "is whole" in printed


def test_export_writes_the_same_files_again(keras_vae, run, tmp_path):
    status, printed, errors = keras_vae("export", run, "--output", tmp_path / "bundle")
    assert (status, errors) == (0, "")
    assert "start with its README.md" in printed
    *_, digest = printed.split()
    assert digest == hashlib.sha256((tmp_path / "bundle/manifest.json").read_bytes()).hexdigest()
    assert f"keras-vae verify {tmp_path / 'bundle'} --sha256 {digest}" in printed
    status, printed, _ = keras_vae("verify", tmp_path / "bundle", "--sha256", digest)
    assert status == 0
    assert f"has SHA-256 {digest}\nnot checked: what its README.md lists under Trust\n" in printed
    assert all(line.endswith("good") for line in printed.splitlines() if ".tflite " in line or ".onnx " in line)
    status, printed, errors = keras_vae("verify", run / "bundle", "--sha256", digest.upper()[::-1])
    assert (status, printed, errors.count("\n")) == (1, "", 1)
    assert "manifest.json has SHA-256" in errors
    first, again = (json.loads((b / "manifest.json").read_text()) for b in (run / "bundle", tmp_path / "bundle"))
    assert first["files"].keys() == again["files"].keys()
    for name in ("golden.json", "test_images.npz", "samples.png", "tflite/decoder.int8.tflite"):
        assert first["files"][name] == again["files"][name], name
    status, _, errors = keras_vae("export", run, "--output", tmp_path / "bundle")
    assert status == 2
    assert "is not empty: expected a new or empty folder" in errors


@pytest.fixture
def by_keras(monkeypatch):
    """Collects what Keras itself was asked to draw."""
    asked, generate_ = [], VAE.generate
    monkeypatch.setattr(
        VAE, "generate", lambda model, count, **how: asked.append(how) or generate_(model, count, **how)
    )
    return asked


@pytest.mark.parametrize("change", ["nothing", "no bundle", "damaged", "no record", "trained on"])
def test_a_run_is_drawn_by_its_own_bundle_or_else_by_keras(keras_vae, by_keras, run, tmp_path, change):
    changed = shutil.copytree(run, tmp_path / "run")
    config = json.loads((changed / "config.json").read_text())
    assert config["model"].pop("sha256") == hashlib.sha256((run / "model.keras").read_bytes()).hexdigest()
    model = keras.models.load_model(changed / "model.keras")
    if change == "no bundle":
        shutil.rmtree(changed / "bundle")
    elif change == "damaged":
        (changed / "bundle/tflite/vae.tflite").write_bytes(b"")
    elif change == "no record":  # as runs of version 0.1.0
        (changed / "config.json").write_text(json.dumps(config))
    elif change == "trained on":
        for weight in model.decoder.trainable_weights:
            weight.assign(2 * weight)
        model.save(changed / "model.keras")
    samples(model.generate(5, seed=7), tmp_path / "right.png")
    by_keras.clear()
    status, _, errors = keras_vae("generate", changed, "--seed", 7, "--count", 5, "--output", tmp_path / "drawn.png")
    assert (status, errors) == (0, "")
    assert np.abs(pixels(tmp_path / "right.png") - pixels(tmp_path / "drawn.png")).max() <= 1
    assert bool(by_keras) == (change != "nothing")


def test_precision_takes_the_bundle_s_file_and_count_must_fit_memory(keras_vae, by_keras, run, tmp_path):
    output = tmp_path / "grid.png"
    assert keras_vae("generate", run, "--precision", "float16", "--output", output)[0] == 0
    assert not by_keras
    for source in (run, run / "bundle"):
        status, _, errors = keras_vae("generate", source, "--count", 10**12, "--output", tmp_path / "huge.png")
        assert (status, errors.count("\n")) == (2, 1)
        assert "count 1000000000000 of images takes 5.12e+05 GB: expected at most the" in errors
    status, _, errors = keras_vae("generate", "--preset", "mnist_iwae_mlp", "--precision", "float16")
    assert (status, "--precision is float16 with --preset mnist_iwae_mlp: expected a bundle" in errors) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["grid.png"]


@pytest.mark.parametrize("runtime", ["saved_model", "tflite", "onnx"])
def test_one_seed_is_one_picture_in_every_runtime(keras_vae, run, tmp_path, runtime):
    samples(keras.models.load_model(run / "model.keras").generate(5, seed=7), tmp_path / "keras.png")
    place = run if runtime == "onnx" else run / "bundle"  # a run's bundle is found
    status, _, errors = keras_vae(
        "generate", place, "--seed", 7, "--count", 5, "--runtime", runtime, "--output", tmp_path / "other.png"
    )
    assert (status, errors) == (0, "")
    assert np.abs(pixels(tmp_path / "keras.png") - pixels(tmp_path / "other.png")).max() <= 1


def test_verify_fails_closed_with_status_1_and_the_file_s_name(keras_vae, run, tmp_path):
    bundle = shutil.copytree(run / "bundle", tmp_path / "bundle")
    (bundle / "onnx/encode.onnx").write_bytes(b"")
    (bundle / "golden.json").unlink()
    status, printed, errors = keras_vae("verify", bundle)
    assert (status, printed) == (1, "")
    assert [line.split(": ")[2].split()[0] for line in errors.splitlines()] == ["golden.json", "onnx/encode.onnx"]
    status, printed, _ = keras_vae("verify", bundle, "--json")
    assert status == 1
    assert json.loads(printed)["good"] is False
    status, _, errors = keras_vae("benchmark", bundle, "--output", tmp_path / "b")
    assert status == 1
    assert "golden.json is missing" in errors


def test_generate_refuses_a_file_that_fails_its_hash_unless_told(keras_vae, run, tmp_path):
    bundle = shutil.copytree(run / "bundle", tmp_path / "bundle")
    with (bundle / "tflite/vae.tflite").open("ab") as file:
        file.write(b"\0")
    output = tmp_path / "grid.png"
    status, _, errors = keras_vae("generate", bundle, "--output", output)
    assert status == 2
    assert "tflite/vae.tflite has" in errors
    assert not output.exists()
    assert keras_vae("generate", bundle, "--output", output, "--unchecked")[0] == 0
    assert keras_vae("generate", bundle, "--runtime", "onnx", "--output", output)[0] == 0


def test_a_broken_manifest_is_a_fault_of_the_bundle_with_images_too(keras_vae, run, tmp_path):
    bundle = shutil.copytree(run / "bundle", tmp_path / "bundle")
    (bundle / "manifest.json").write_text("{")
    for more in ([], ["--dataset", "digits"]):
        status, _, errors = keras_vae("verify", bundle, *more)
        assert (status, "is not JSON" in errors) == (1, True)


def test_a_file_beside_the_one_used_is_for_verify_to_name(keras_vae, run, tmp_path):
    bundle = shutil.copytree(run / "bundle", tmp_path / "bundle")
    (bundle / "tflite/vae.tflite.bak").write_bytes(b"")
    assert keras_vae("generate", bundle, "--output", tmp_path / "grid.png")[0] == 0
    status, _, errors = keras_vae("verify", bundle)
    assert (status, "tflite/vae.tflite.bak is not in manifest.json" in errors) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("verify", "nowhere"), "nowhere is not a folder: expected a bundle"),
        (("verify", ".", "--images", "0"), "images is 0: expected at least 1"),
        (("verify", ".", "--sha256", "abc"), "sha256 is 'abc': expected 64 hexadecimal digits"),
        (("export", "nowhere", "--output", "b"), "nowhere does not exist: expected the folder of a run"),
        (("benchmark", ".", "--rounds", "0"), "rounds is 0: expected at least 1"),
        (
            ("benchmark", ".", "--output", "no/where"),
            "is in a folder that does not exist: expected an existing folder; create no first",
        ),
        (
            ("benchmark", ".", "--output", "inside"),
            "is inside the bundle, which holds only what its manifest lists: expected a place outside",
        ),
        (("generate", ".", "--runtime", "onnx"), "manifest.json is missing: expected a bundle"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(keras_vae, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    status, _, errors = keras_vae(*arguments)
    assert status == 2
    assert says in errors
    assert errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command", [("verify",), ("verify", "--fast"), ("verify", "--json"), ("benchmark",), ("explore",)]
)
def test_a_folder_that_is_no_bundle_is_no_damaged_one(keras_vae, tmp_path, command):
    """Status 1 is for a bundle's faults."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "1.png").write_bytes(b"a picture")
    error = f"{tmp_path}/pictures has no manifest.json: expected a bundle; write one with keras-vae export\n"
    assert keras_vae(*command, tmp_path / "pictures") == (2, "", f"keras-vae: error: {error}")


def test_verify_measures_on_a_dataset(keras_vae, run):
    status, printed, _ = keras_vae("verify", run / "bundle", "--dataset", "digits", "--images", 300, "--json")
    report = json.loads(printed)
    assert status == 0
    assert report["good"]
    assert (report["images"], report["source"]) == (300, "data given now")


@pytest.mark.slow
def test_benchmark_measures_every_file(keras_vae, run, tmp_path):
    status, printed, errors = keras_vae("benchmark", run / "bundle", "--rounds", 1, "--output", tmp_path / "bench")
    assert (status, errors) == (0, "")
    files = json.loads((tmp_path / "bench.json").read_text())["files"]
    manifest = json.loads((run / "bundle/manifest.json").read_text())
    assert [row["path"] for row in files] == list(manifest["artifacts"])
    for row in files:
        assert row["path"] in printed
        assert 0 < row["one_seconds"] < 10
        assert 0 < row["load_seconds"] < 60
        assert row["peak_bytes"] > row["bytes"]
        if not row["path"].startswith("saved_model"):
            assert row["bytes"] == manifest["files"][row["path"]]["bytes"]
            assert row["peak_bytes"] < 300e6  # TensorFlow alone takes more
    assert {row["signature"] for row in files} == {"generate", "decode", "encode", "score"}
    assert pixels(tmp_path / "bench.png").shape[1] > 1000
    assert {path.name for path in tmp_path.iterdir()} == {"bench.json", "bench.png"}
