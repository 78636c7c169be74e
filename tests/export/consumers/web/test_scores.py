"""How unusual a picture of the person's is: the page beside the SavedModel."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from .picture_file import picture_file

pytestmark = pytest.mark.slow


MINUS = "\N{MINUS SIGN}"


def figures(text):
    """ELBO, bits, reconstruction and KL in what the page says."""
    form = r"ELBO (N) nats, or (N) bits a dimension: reconstruction (N), KL (N)\. ".replace("N", r"-?\d+\.\d+")
    return [float(number) for number in re.match(form, text.replace(MINUS, "-")).groups()]


def assert_told(page, bundle, image, words, playwright):
    """Wait for the score of the picture just chosen, image [H, W, C]."""
    told = page.locator("#yours [data-role=score]")
    playwright.expect(told).to_contain_text(words)
    expected = {name: value[0] for name, value in bundle.score(image[None]).items()}
    bits = -expected["elbo"] / np.log(2) / image.size
    figures_expected = [expected["elbo"], bits, expected["reconstruction"], expected["kl"]]
    np.testing.assert_allclose(figures(told.inner_text()), figures_expected, atol=0.0051)


def test_the_verdict_is_that_of_the_threshold(visit_again, bundles, playwright):
    bundle = bundles["plane"]
    page = visit_again(bundle)
    threshold = json.loads((bundle.path / "manifest.json").read_text())["score"]["threshold"]["elbo"]
    noise = np.random.default_rng(6).integers(0, 256, (40, 8, 8), np.uint8)
    elbo = np.array([bundle.score(picture[None, ..., None] / 255)["elbo"][0] for picture in noise])
    assert elbo.min() < threshold - 0.1
    assert elbo.max() > threshold + 0.1
    rule = f"Below {threshold:.2f} nats pictures are unusual, as 50 % of normal ones are.".replace("-", MINUS)
    for i, verdict in ((elbo.argmin(), "unusual"), (elbo.argmax(), "usual")):
        page.get_by_label("Choose a picture").set_input_files(picture_file(noise[i]))
        assert_told(page, bundle, noise[i][..., None] / 255, f"Verdict: {verdict}. {rule}", playwright)


def test_a_coloured_picture_is_scored_in_gray_to_the_byte_that_score_py_reads(visit_again, bundles):
    page = visit_again(bundles["plane"])
    colours = np.random.default_rng(7).integers(0, 256, (8, 8, 3), np.uint8)
    content = picture_file(colours)["buffer"]
    found = page.evaluate(
        """async ([bytes]) => {
          const {readImage} = await import('./upload.js');
          const file = new Blob([Uint8Array.from(bytes)]);
          return Array.from(await readImage(file, {height: 8, width: 8, channels: 1}, false));
        }""",
        [list(content)],
    )
    gray = np.asarray(Image.fromarray(colours).convert("L"), np.float32) / 255
    np.testing.assert_array_equal(np.float32(found), gray.ravel())


def test_without_a_threshold_the_page_gives_no_verdict(visit_again, bundles, playwright):
    bundle = bundles["colour"]
    page = visit_again(bundle)
    colours = np.random.default_rng(8).integers(0, 256, bundle.shape, np.uint8)
    page.get_by_label("Choose a picture").set_input_files(picture_file(colours))
    assert_told(page, bundle, colours / 255, "the bundle has no threshold for a verdict", playwright)


def test_scores_of_many_images_are_those_of_their_rows(visit_again, bundle):
    page = visit_again(bundle)
    images = bundle.decode(bundle.latents(3, range(18)))  # more than a call takes
    found = page.evaluate(
        "async (image) => Object.fromEntries(Object.entries(await kerasVae.score(Float32Array.from(image)))"
        "  .map(([name, values]) => [name, Array.from(values)]))",
        images.ravel().tolist(),
    )
    for name, expected in bundle.score(images).items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, atol=1e-4)
