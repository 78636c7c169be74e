"""A conditional model's files take labels, in every format, and its consumer draws the class asked for."""

import json
import re
import shutil
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from PIL import Image

from keras_vae.command_line.application import main
from keras_vae.data.labels import classes_and_names, labels_given
from keras_vae.export import BundleError, export_bundle, verify_bundle
from keras_vae.export.consumers.generate import class_number
from keras_vae.export.contents.model_card import model_card
from keras_vae.export.runtimes.choose_file import choose_file
from keras_vae.export.runtimes.generate import generate_from
from keras_vae.export.runtimes.runtime import load_runtime
from keras_vae.export.verification.cost import Elbo
from keras_vae.export.verification.file_check import original_elbo
from keras_vae.models.vae import VAE
from keras_vae.random.portable import latents_numpy

NAMES = ["cat", "dog", "Food & Drink", "2"]
CLASSES = len(NAMES)


@pytest.fixture(scope="module")
def model():
    model = VAE.from_preset("digits_mlp", latent_dim=3, network={"hidden": [8]}, classes=NAMES)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign_add(0.2 * rng.normal(size=weight.shape))
    return model


@pytest.fixture(scope="module")
def bundle(model, tmp_path_factory):
    images = np.random.default_rng(1).integers(0, 17, (40, 8, 8, 1)).astype(np.float32) / 16
    data = [(images[:20], np.arange(20) % CLASSES), (images[20:], np.arange(20) % CLASSES)]
    return export_bundle(model, tmp_path_factory.mktemp("conditional") / "bundle", data, test_data=data)


def test_every_file_is_verified_with_its_labels(bundle):
    report = verify_bundle(bundle)
    assert {file.path for file in report.files} >= {
        "saved_model",
        "tflite/vae.tflite",
        "tflite/decoder.int8.tflite",
        "onnx/generate.onnx",
        "onnx/decode.int8.onnx",
    }
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["model"]["classes"] == CLASSES
    label = {"shape": ["n"], "dtype": "int32"}
    assert all(signature["inputs"]["label"] == label for signature in manifest["signatures"].values())
    with np.load(bundle / "test_images.npz") as content:
        assert content["labels"].tolist() == [i % CLASSES for i in [*range(20), *range(20)]]


def test_it_is_not_verified_on_images_of_other_classes(bundle, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["verify", str(bundle), "--dataset", "digits"])
    assert capsys.readouterr().err == (
        "keras-vae: error: the classes of digits are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9: expected some of the model's, "
        "cat, dog, Food & Drink, 2; choose such images\n"
    )


def by_hand(model, images, labels):
    """The ELBO as a bundle has it: one sample of the posterior an image, by the portable generator."""
    posterior = model.encode(images, label=labels)
    z = posterior.mean() + posterior.stddev() * latents_numpy(5, range(len(images)), 3)
    terms = model.decode(z, label=labels).log_prob(images) - posterior.kl_divergence(model.prior())
    return np.mean(terms)


def test_files_draw_what_keras_draws(bundle, model):
    manifest = json.loads((bundle / "manifest.json").read_text())
    for runtime in ("saved_model", "tflite", "onnx"):
        path = choose_file(manifest, "generate", runtime)
        run = load_runtime(bundle, path, manifest["artifacts"][path])
        for label in (None, 2, [3, 1, 0], "Food & Drink", "2", "0"):
            images, _ = generate_from(run, manifest["model"], 3, seed=5, label=label)
            np.testing.assert_allclose(images, model.generate(3, seed=5, label=label), atol=1e-5)
    with pytest.raises(
        ValueError,
        match=r"^inputs of generate in .* are \['index', 'seed', 'temperature'\]: expected \['index', 'label'",
    ):
        run("generate", index=np.int32([0]), seed=np.int32(0), temperature=np.float32(1))
    with pytest.raises(ValueError, match="label is 4: expected whole numbers from 0 to 3"):
        generate_from(run, manifest["model"], 3, label=CLASSES)
    with pytest.raises(ValueError, match="label is 'dig': expected one of cat, dog, Food & Drink, 2; did you"):
        generate_from(run, manifest["model"], 3, label="dig")


def test_numbers_are_names_alone_where_all_names_are_numbers(bundle):
    """Or "0" and "01" would be classes of other names."""
    names = ["1", "10", "2", "3"]
    model = {"classes": 4, "class_names": names}
    assert [class_number(name, model) for name in names] == [0, 1, 2, 3]
    for label in ("0", "01"):
        with pytest.raises(ValueError, match=f"--label is {label}: expected 1, 10, 2, 3;"):
            class_number(label, model)
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["model"]["class_names"] = names
    assert "score.py photographs/ --label 1 --output" in model_card(manifest)


def test_letters_that_are_joined_are_those_that_are_apart():
    """As disks, archives and keyboards have them."""
    joined, apart = (unicodedata.normalize(form, "고양이") for form in ("NFC", "NFD"))
    for label, name in ((joined, apart), (apart, joined)):
        assert class_number(label, {"classes": 2, "class_names": ["개", name]}) == 1
        assert labels_given(label, 2, 2, ["개", name]).tolist() == [1, 1]
    with pytest.raises(ValueError, match="expected a number, or names that differ from one another"):
        classes_and_names([joined, apart])


def test_names_are_in_manifest_and_card_and_as_many_as_classes(bundle, tmp_path):
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["model"]["class_names"] == NAMES
    assert "Classes: 0 cat, 1 dog, 2 Food & Drink, 3 2." in (bundle / "README.md").read_text("utf-8")
    copy = shutil.copytree(bundle, tmp_path / "copy")
    manifest["model"]["class_names"] = NAMES[:3]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"class_names has 3 names: expected 4, one for each class"):
        verify_bundle(copy)


def test_verify_reads_a_folder_s_classes_and_brings_its_pictures_to_the_model_s_size(
    bundle, tmp_path, capsys, monkeypatch
):
    given = []

    def noting(directory, data, *arguments, **keywords):
        given.extend(zip(*next(iter(data)), strict=True))
        return verify_bundle(directory, data, *arguments, **keywords)

    monkeypatch.setattr("keras_vae.export.verification.verify.verify_bundle", noting)
    for number in range(24):
        place = tmp_path / "pictures" / NAMES[number % CLASSES]
        place.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (12, 16), (60 * (number % CLASSES) + number,) * 3).save(place / f"{number}.png")
    main(["verify", str(bundle), "--dataset", str(tmp_path / "pictures"), "--split", "train"])
    assert "is whole" in capsys.readouterr().out
    assert {int(label) for _, label in given} == {0, 1, 2, 3}
    for image, label in given:  # folders are read by their names, and the model's classes have an order of their own
        assert int(label) == round(255 * float(np.mean(image))) // 60


def test_the_examples_of_the_card_give_labels(bundle, monkeypatch):
    monkeypatch.chdir(bundle)
    card = (bundle / "README.md").read_text("utf-8")
    assert "generate(index int32[n], seed int32[], temperature float32[], label int32[n])" in card
    for block in re.findall(r"```python\n(.*?)```", card, re.DOTALL):
        scope = {}
        exec(block, scope)
        latent = scope["out"]["latent"] if "out" in scope else scope["latent"]
        np.testing.assert_array_equal(latent, latents_numpy(7, range(16), 3))
    for words in ('"label" to IntArray(16)', '"label": tensor([Int32](repeating: 0, count: 16)', '"label": [0, 0]'):
        assert words in card
    assert "score.py photographs/ --label 0 --output" in card


def test_nats_are_those_of_images_given_their_labels(bundle, model):
    images, labels = (np.repeat(part, 3, axis=0) for part in (model.generate(4, seed=8), np.arange(4, dtype=np.int32)))
    manifest = json.loads((bundle / "manifest.json").read_text())
    reference = load_runtime(bundle, "saved_model", manifest["artifacts"]["saved_model"])
    found = original_elbo(Elbo.of_manifest(manifest, images, labels), reference)
    assert found == pytest.approx(by_hand(model, images, labels), abs=1e-3)
    assert abs(found - by_hand(model, images, labels[::-1])) > 0.1
    with pytest.raises((ValueError, BundleError), match="no labels"):
        verify_bundle(bundle, [images])


def test_its_consumer_takes_a_label(bundle, tmp_path):
    def program(*arguments):
        command = [sys.executable, bundle / "generate.py", "--count=3", "--seed=5", f"--output={tmp_path / 'p.png'}"]
        return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, timeout=60)

    for precision in ("float32", "int8"):
        drawn = program("--label=Food & Drink", f"--precision={precision}")
        assert drawn.returncode == 0, drawn.stderr
        with_label = (tmp_path / "p.png").read_bytes()
        assert program(f"--precision={precision}").returncode == 0
        assert (tmp_path / "p.png").read_bytes() != with_label
    assert "--label is 4: expected cat, dog, Food & Drink, 2; " in program("--label=4").stderr
