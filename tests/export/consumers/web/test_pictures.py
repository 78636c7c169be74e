"""Pictures that a person gives, against Pillow and the SavedModel, their scores, and pictures that are saved."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from .picture_file import picture_file
from .pixels import as_bytes, assert_shows, shown

pytestmark = pytest.mark.slow
MINUS = "\N{MINUS SIGN}"


def test_a_picture_of_the_person_s_beside_its_reconstruction(visit_again, bundle, playwright):
    page = visit_again(bundle)
    given, reconstruction = (page.locator(f"#yours [data-role={role}]") for role in ("given", "reconstruction"))
    height, width, channels = bundle.shape
    colours = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    page.get_by_label("Choose a picture").set_input_files(picture_file(colours))
    image = colours / 255 if channels == 3 else colours @ np.array([[0.299], [0.587], [0.114]]) / 255
    assert_shows(given, image)
    expected = bundle.call("reconstruct", image=image[None].astype(np.float32))["image"][0]
    assert_shows(reconstruction, expected)

    page.get_by_label("Invert light and dark").check()
    assert_shows(given, 1 - image)
    inverted = bundle.call("reconstruct", image=(1 - image)[None].astype(np.float32))["image"][0]
    assert_shows(reconstruction, inverted)

    page.get_by_role("button", name="Explore around it").click()
    assert_shows(page.locator("#explore [data-role=picture]"), inverted)
    playwright.expect(page.locator("#explore [data-role=source]")).to_have_text(
        "The mean of the posterior of mine.png."
    )
    assert page.evaluate("document.activeElement.type") == "range"


def test_a_picture_is_cropped_laid_on_white_turned_upright_and_averaged(visit_again, bundles):
    bundle = bundles["colour"]
    page = visit_again(bundle)
    box, given = page.get_by_label("Choose a picture"), page.locator("#yours [data-role=given]")
    height, width, _ = bundle.shape

    wide = np.zeros((2 * height, 8 * width, 3), np.uint8)
    wide[..., 0] = 255
    wide[:, 3 * width : 5 * width] = [0, 0, 255]  # all that a crop of the centre keeps
    box.set_input_files(picture_file(wide))
    assert_shows(given, np.broadcast_to([0.0, 0.0, 1.0], (height, width, 3)))

    box.set_input_files(picture_file(np.zeros((height, width, 4), np.uint8)))
    assert_shows(given, np.ones((height, width, 3)))

    checks = 255 * (np.indices((16 * height, 16 * width)).sum(0) % 2).astype(np.uint8)
    box.set_input_files(picture_file(np.stack([checks] * 3, -1)))
    page.wait_for_timeout(300)
    np.testing.assert_allclose(shown(given), 127.5, atol=8)

    upright = np.zeros((height, width, 3), np.uint8)
    upright[: height // 2] = 255
    content, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    Image.fromarray(np.rot90(upright).copy()).save(content, "PNG", exif=exif)
    box.set_input_files({"name": "turned.png", "mimeType": "image/png", "buffer": content.getvalue()})
    assert_shows(given, upright / 255)


def test_a_picture_can_be_dropped(visit_again, bundles):
    bundle = bundles["plane"]
    page = visit_again(bundle)
    pixels = np.random.default_rng(2).integers(0, 256, (8, 8), np.uint8)
    page.evaluate(
        """([bytes]) => {
          const data = new DataTransfer();
          data.items.add(new File([Uint8Array.from(bytes)], 'dropped.png', {type: 'image/png'}));
          const event = new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true});
          if (document.querySelector('#yours .drop').dispatchEvent(event)) throw new Error('the browser would open it');
        }""",
        [list(picture_file(pixels)["buffer"])],
    )
    assert_shows(page.locator("#yours [data-role=given]"), pixels[..., None] / 255)


def test_a_file_that_is_no_picture_is_named(visit_again, bundles, playwright):
    page = visit_again(bundles["plane"])
    box = page.get_by_label("Choose a picture")
    box.set_input_files({"name": "notes.png", "mimeType": "image/png", "buffer": b"not a picture"})
    problem = page.locator("#yours .problem")
    playwright.expect(problem).to_contain_text("notes.png cannot be read as an image: choose a PNG, JPEG")
    playwright.expect(page.locator("#yours [data-role=pair]")).to_be_hidden()
    box.set_input_files(picture_file(np.zeros((8, 8), np.uint8)))
    playwright.expect(problem).to_be_empty()
    playwright.expect(page.locator("#yours [data-role=pair]")).to_be_visible()


def figures(text):
    """ELBO, bits, reconstruction and KL in what the page says."""
    form = r"ELBO (N) nats, or (N) bits per dimension: reconstruction (N), KL (N)\. ".replace("N", r"-?\d+\.\d+")
    return [float(number) for number in re.match(form, text.replace(MINUS, "-")).groups()]


def assert_told(page, bundle, image, words, playwright):
    """Wait for the score of the picture just chosen, image [H, W, C]."""
    told = page.locator("#yours [data-role=score]")
    expected = {name: value[0] for name, value in bundle.score(image[None]).items()}
    bits = -expected["elbo"] / np.log(2) / image.size
    figures_expected = [expected["elbo"], bits, expected["reconstruction"], expected["kl"]]
    for _ in range(200):  # until then it may tell the picture before
        playwright.expect(told).to_contain_text(words)
        if np.allclose(found := figures(told.inner_text()), figures_expected, rtol=1e-6, atol=0.0051):
            return
        page.wait_for_timeout(50)
    np.testing.assert_allclose(found, figures_expected, rtol=1e-6, atol=0.0051)


def test_the_verdict_is_that_of_the_threshold(visit_again, bundles, playwright):
    bundle = bundles["plane"]
    page = visit_again(bundle)
    threshold = json.loads((bundle.path / "manifest.json").read_text())["score"]["threshold"]["elbo"]
    noise = np.random.default_rng(6).integers(0, 256, (40, 8, 8), np.uint8)
    elbo = np.array([bundle.score(picture[None, ..., None] / 255)["elbo"][0] for picture in noise])
    assert elbo.min() < threshold - 0.1
    assert elbo.max() > threshold + 0.1
    rule = f"Pictures below {threshold:.2f} nats count as unusual, as do 50 % of normal pictures.".replace("-", MINUS)
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
    assert_told(page, bundle, colours / 255, "The bundle has no threshold for a verdict", playwright)


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


def test_pictures_can_be_saved(visit_again, bundle):
    page = visit_again(bundle)
    sizes = {"Save sheet": "seed 7.png", "Save picture": "explored.png", "Save strip": "between.png"}
    for button, name in sizes.items():
        with page.expect_download() as waiting:
            page.get_by_role("button", name=button).click()
        assert waiting.value.suggested_filename == name
        content = io.BytesIO(waiting.value.path().read_bytes())
        picture = Image.open(content)
        assert picture.format == "PNG"
        assert max(picture.size) >= 256
        if name == "explored.png":
            height, width, _ = bundle.shape
            factor = picture.width // width
            assert picture.size == (factor * width, factor * height)
            one = np.asarray(picture.convert("RGB"))[::factor, ::factor].astype(int)
            expected = as_bytes(bundle.decode(np.zeros(bundle.latent_dim))[0]).astype(int)
            np.testing.assert_allclose(one, expected, atol=1)
