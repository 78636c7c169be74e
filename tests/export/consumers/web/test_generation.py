"""What the page generates: latents bit for bit as in NumPy, images as the SavedModel's."""

import json

import numpy as np
import pytest

from keras_vae.random.portable import latents_numpy

from .bundle import change_manifest, copied
from .generation import draw_latents, generate
from .pixels import assert_shows

pytestmark = pytest.mark.slow


SEEDS = [7, 0, 1, -1, 65535, 65536, -65536, 2**31 - 1, -(2**31), 123456789]
INDEX = [*range(96), 65535, 65536, 10**6, 2**31 - 1]


def test_latents_of_a_thousand_seeds_and_indices_are_bit_equal(visit_again, bundle):
    page = visit_again(bundle)
    assert len(SEEDS) * len(INDEX) == 1000
    for number, seed in enumerate(SEEDS):
        temperature = 1.0 if number % 2 else 0.7
        latent = draw_latents(page, INDEX, seed, temperature)
        expected = bundle.latents(seed, INDEX, temperature)
        np.testing.assert_array_equal(latent.view(np.int32), expected.ravel().view(np.int32))


def test_golden_latents_are_bit_equal_and_the_page_says_so(visit_again, bundle, playwright):
    page = visit_again(bundle)
    golden = json.loads((bundle.path / "golden.json").read_text())["generate"]
    for case in golden:
        latent = draw_latents(page, case["index"], case["seed"], case["temperature"])
        np.testing.assert_array_equal(latent, np.array(case["latent"], np.float32).ravel())
    count = sum(len(case["index"]) for case in golden)
    checks = page.locator("#checks")
    playwright.expect(checks).to_contain_text(f"{count} of {count} reference latents are equal, bit for bit")
    playwright.expect(checks).to_contain_text("5 of 5 files match their SHA-256")


def test_images_are_those_of_the_saved_model_whatever_their_number(visit_again, bundle):
    page = visit_again(bundle)
    index = np.arange(40, dtype=np.int32)
    expected = bundle.call("generate", index=index, seed=np.int32(11), temperature=np.float32(1))["image"]
    assert expected.std() > 0.05
    image, latent = generate(page, range(40), 11)
    np.testing.assert_allclose(image.reshape(expected.shape), expected, atol=1e-5)
    one, _ = generate(page, [39], 11)
    np.testing.assert_allclose(one.reshape(bundle.shape), expected[39], atol=1e-5)
    decoded, mean, stddev = page.evaluate(
        "async ([latent, image]) => {"
        "  const {mean, stddev} = await kerasVae.encode(Float32Array.from(image));"
        "  const decoded = await kerasVae.decode(Float32Array.from(latent));"
        "  return [decoded, mean, stddev].map((values) => Array.from(values)); }",
        [latent.tolist(), expected.ravel().tolist()],
    )
    np.testing.assert_allclose(np.reshape(decoded, expected.shape), expected, atol=1e-5)
    moments = bundle.call("encode", image=expected)
    np.testing.assert_allclose(mean, moments["mean"].ravel(), atol=1e-5)
    np.testing.assert_allclose(stddev, moments["stddev"].ravel(), atol=1e-5)


def test_a_conditional_model_draws_the_class_chosen(visit, classes):
    page = visit(classes.path)
    z = latents_numpy(7, range(24), 2)

    def images(latent, label):
        return classes.call("decode", latent=latent, label=np.full(len(latent), label, np.int32))["image"]

    drawn = page.evaluate(
        "async () => Promise.all([0, 1, 2].map(async (label) => {"
        "  const {image, latent} = await kerasVae.generate([0, 1, 2], 7, 1, label);"
        "  return [Array.from(image), Array.from(latent)]; }))"
    )
    for label, (image, latent) in enumerate(drawn):
        np.testing.assert_array_equal(np.float32(latent).reshape(3, 2), z[:3])
        np.testing.assert_allclose(np.reshape(image, (3, *classes.shape)), images(z[:3], label), atol=1e-5)
    choice, first = page.get_by_label("Class of all pictures"), page.locator(".sheet canvas").first
    assert choice.locator("option").all_text_contents() == ["cat", "dog", "owl"]
    assert_shows(first, images(z, 0)[0])
    choice.select_option("owl")
    assert_shows(first, images(z, 2)[0])
    assert_shows(page.locator("#explore [data-role=picture]"), images(z[:1], 2)[0])
    scores = page.evaluate(
        "async (image) => Promise.all([0, 1, 2].map(async (label) =>"
        "  (await kerasVae.score(Float32Array.from(image), 0, label)).elbo[0]))",
        images(z[:1], 0).ravel().tolist(),
    )
    of_label = {"image": images(z[:1], 0), "index": np.zeros(1, np.int32), "seed": np.int32(0)}
    expected = [classes.call("score", **of_label, label=np.array([label], np.int32))["elbo"][0] for label in range(3)]
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-4)
    refused = page.evaluate("() => kerasVae.generate([0], 7, 1, 3).catch((error) => error.message)")
    assert refused == "The class is 3: expected a whole number from 0 to 2."


def test_a_model_without_classes_offers_none(visit_again, bundle):
    assert visit_again(bundle).get_by_label("Class of all pictures").is_hidden()


def test_a_file_of_fixed_batch_is_run_as_often_as_it_takes(visit, bundles, tmp_path):
    bundle = bundles["plane"]
    path = copied(bundle, tmp_path)
    change_manifest(path, lambda manifest: manifest["artifacts"]["onnx/generate.onnx"].update(batch=3))
    page = visit(path)
    latent = draw_latents(page, range(7), 5)
    np.testing.assert_array_equal(latent, bundle.latents(5, range(7)).ravel())
