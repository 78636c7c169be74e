"""A manifest that contradicts golden values, images or the files' own figures is found out, whatever its hashes."""

import copy
import json

import numpy as np
import pytest

from keras_vae.export.contents.test_images import read_test_images
from keras_vae.export.runtimes.runtime import load_runtime
from keras_vae.export.verification.cost import Elbo
from keras_vae.export.verification.file_check import FileReport, original_elbo, wrong_signatures
from keras_vae.export.verification.model_facts import false_figures, false_model_facts


@pytest.fixture(scope="module")
def told(exports):
    """A bundle's manifest, golden values, reference and images."""
    exported = exports("dense")
    reference = load_runtime(exported.path, "saved_model", exported.manifest["artifacts"]["saved_model"])
    golden = json.loads((exported.path / "golden.json").read_text())
    return exported.manifest, golden, reference, read_test_images(exported.path, exported.model.image_shape)


def found_out(told, change):
    """What is found once `change` was made to manifest and golden values."""
    manifest, golden, reference, images = told
    manifest, golden = copy.deepcopy(manifest), copy.deepcopy(golden)
    change(manifest, golden)
    elbo = Elbo.of_manifest(manifest, *images)
    return list(false_model_facts(manifest, golden, elbo, original_elbo(elbo, reference)))


def mixture(width, trained_as="GaussianMixture"):
    numbers = {"thresholds": [2**30], "means": [[0.0] * width, [9.0] * width], "stddevs": [[1.0] * width] * 2}
    return {"name": "FixedMixture", "trained_as": trained_as, **numbers}


def one_bit_more(manifest, golden):
    value = golden["generate"][1]["latent"][2][0]
    golden["generate"][1]["latent"][2][0] = float(np.nextafter(np.float32(value), np.float32(9)))


def test_what_is_true_passes(told):
    assert found_out(told, lambda manifest, golden: None) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m, g: m["model"].update(bit_exact=False), "manifest.json: bit_exact is False: expected True"),
        (lambda m, g: m["model"].update(prior=mixture(3)), "golden.json: the latents of seed 7 are others than"),
        (lambda m, g: m["model"].update(sampler=mixture(3)), "golden.json: the latents of seed 7 are others than"),
        (lambda m, g: m["model"].update(prior=mixture(3), sampler=m["model"]["prior"]), "golden.json: the ELBO is"),
        (lambda m, g: m["model"]["likelihood"].update(trials=255), "golden.json: the ELBO is"),
        (lambda m, g: m["model"].update(classes=10), "test_images.npz: its labels are not of 10 classes"),
        (lambda m, g: m["test_images"].update(count=9), "test_images.npz: its images are [256, 8, 8, 1]"),
        (lambda m, g: m["nats_tolerances"].update(int8=1e9), "manifest.json: nats_tolerances.int8 is 1000000000.0"),
        (lambda m, g: g["generate"].pop(), "golden.json: its cases are"),
        (lambda m, g: g["generate"][0].update(seed=8), "golden.json: its cases are"),
        (one_bit_more, "golden.json: the latents of seed 0 are others than the manifest's"),
        (lambda m, g: g["elbo"].update(elbo=0.0), "golden.json: the ELBO is 0.0"),
        (lambda m, g: g.update(elbo=None), "golden.json: the ELBO is None"),
    ],
)
def test_what_is_not_is_named(told, change, says):
    found = found_out(told, change)
    assert any(line.startswith(says) for line in found), found


@pytest.mark.parametrize("role", ["prior", "posterior", "sampler", "likelihood"])
def test_a_part_that_nobody_knows_is_named(told, role):
    with pytest.raises(ValueError, match=f"the manifest's {role} is 'Mystery': expected one that this keras_vae has"):
        found_out(told, lambda m, g: m["model"].update({role: {"name": "Mystery", "trained_as": "?"}}))


def test_a_part_that_its_settings_do_not_make_is_named(told):
    with pytest.raises(
        ValueError, match=r"the manifest's likelihood is .*Binomial.*: expected settings of that class"
    ) as caught:
        found_out(told, lambda m, g: m["model"]["likelihood"].update(trials="many"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["signatures"]["decode"]["outputs"]["image"].update(shape=["n", 4, 16, 1]),
        lambda m: m["signatures"]["decode"]["inputs"]["latent"].update(shape=["n", 4]),
        lambda m: m["signatures"]["decode"]["inputs"].update(label={"shape": ["n"], "dtype": "int32"}),
    ],
)
def test_sizes_are_held_against_the_files(told, change):
    manifest, reference = copy.deepcopy(told[0]), told[2]
    change(manifest)
    (wrong,) = wrong_signatures(reference, manifest)
    assert wrong.startswith("the inputs or outputs of decode are")


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ({"largest_error": 0.9}, "says that its largest error is 0.9: expected 0.1, within 0.5"),
        ({"largest_error": None}, "says that its largest error is None"),
        ({"nats_lost": {"decode": -3.0}}, "says that it loses -3.0 nats to decode: expected 0.2, within 2"),
        ({"nats_lost": {}}, "says that it loses None nats to decode"),
        ({"nats_lost": {"decode": 0.2, "encode": 0.0}}, "says that it loses 0.0 nats to encode: expected None"),
    ],
)
def test_figures_are_held_against_those_found(told, stated, says):
    manifest = told[0]
    report = FileReport("onnx/decode.int8.onnx", "onnx", "int8", 0.1, {"decode": 0.2}, ())
    artifact = {"largest_error": 0.1, "nats_lost": {"decode": 0.2}}
    assert list(false_figures(report, artifact, manifest, nats=True)) == []
    (found,) = false_figures(report, {**artifact, **stated}, manifest, nats=True)
    assert says in found
