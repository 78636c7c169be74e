"""Pictures of models whose images are neither gray nor colour."""

import numpy as np
import pytest

from keras_vae.pictures.grid import visible

from .bundle import Bundle
from .picture_file import picture_file
from .pixels import assert_shows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[2, 4])
def of_channels(request, tmp_path_factory):
    changes = {"image_shape": (8, 10, request.param), "latent_dim": 2, "network": {"hidden": [16]}}
    return Bundle("digits_mlp", changes, tmp_path_factory.mktemp("web") / "channels")


def test_what_can_be_shown_is_and_a_picture_keeps_its_transparency(visit, of_channels, playwright):
    page = visit(of_channels.path)
    first = of_channels.decode(of_channels.latents(7, [0]))  # the page starts there
    assert_shows(page.locator("#explore [data-role=picture]"), visible(first)[0])
    playwright.expect(page.locator("#explore [data-role=source]")).to_have_text("Image 0 of seed 7.")
    if of_channels.shape[2] == 2:
        playwright.expect(page.locator("#facts")).to_contain_text("8 pixels, 2 channels")
        playwright.expect(page.locator("#yours")).to_contain_text(
            "Not available with this bundle: pictures do not have 2 channels."
        )
        return
    playwright.expect(page.locator("#facts")).to_contain_text("8 pixels, colour and transparency")
    pixels = np.random.default_rng(0).integers(0, 256, (8, 10, 4), np.uint8)
    pixels[..., 3] = np.where(np.arange(10) % 2, 255, 0)
    page.get_by_label("Choose a picture").set_input_files(picture_file(pixels))
    pixels[:, ::2, :3] = 0  # of what is transparent the browser forgets the colour
    image = pixels[None].astype(np.float32) / 255
    assert_shows(page.locator("#yours [data-role=given]"), visible(image)[0])
    expected = of_channels.call("reconstruct", image=image)["image"]
    assert_shows(page.locator("#yours [data-role=reconstruction]"), visible(expected)[0])
