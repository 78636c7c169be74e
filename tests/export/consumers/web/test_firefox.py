"""The page in Firefox: latents bit for bit, images and scores as the SavedModel's."""

import contextlib
import shutil

import numpy as np
import pytest

from .generation import draw_latents, generate
from .pages import open_page, settle
from .picture_file import picture_file

pytestmark = pytest.mark.slow
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")


@pytest.fixture(scope="module")
def firefox(playwright):
    if FIREFOX is None:
        pytest.skip("no Firefox: install Debian's package firefox-esr")
    with playwright.sync_playwright() as driver:
        browser = driver.firefox.launch(channel="moz-firefox", executable_path=FIREFOX)
        yield browser
        browser.close()


def test_the_page_draws_and_scores_in_firefox(firefox, bundles, playwright):
    bundle = bundles["plane"]
    with contextlib.ExitStack() as stack:
        page = open_page(stack, firefox, bundle.path)
        settle(page, playwright.expect)
        checks = page.locator("#checks").inner_text()
        equal, of, golden = checks.partition(". ")[2].split(" golden")[0].split()
        assert (equal, of) == (golden, "of")
        index = [0, 1, 65535, 65536, 2**31 - 1]
        for seed in (7, -1, 2**31 - 1):
            np.testing.assert_array_equal(draw_latents(page, index, seed), bundle.latents(seed, index).ravel())
        image, latent = generate(page, range(3), 11)
        np.testing.assert_allclose(image.reshape(3, *bundle.shape), bundle.decode(latent), atol=1e-5)
        noise = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
        page.get_by_label("Choose a picture").set_input_files(picture_file(noise))
        elbo = bundle.score(noise[None, ..., None] / 255)["elbo"][0]
        told = f"ELBO {elbo:.2f} nats".replace("-", "\N{MINUS SIGN}")
        playwright.expect(page.locator("#yours [data-role=score]")).to_contain_text(told)
        assert page.complaints == []
