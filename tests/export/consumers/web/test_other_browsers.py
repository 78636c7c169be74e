"""The page in browsers that Playwright does not drive: what it draws and scores there, and that it opens offline."""

import re

import numpy as np
import pytest
from PIL import Image

from . import firefox, webkit
from .pages import served_plainly

pytestmark = pytest.mark.slow

DRAWN = """
return (async () => {
  const complete = () => document.readyState === 'complete'; // WebKit's driver does not wait for it
  for (let i = 0; i < 200 && !complete(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  await kerasVae.ready;
  const [index, seeds] = arguments;
  const drawn = [];
  for (const seed of seeds) {
    const {image, latent} = await kerasVae.generate(index, seed);
    drawn.push([Array.from(image), Array.from(latent)]);
  }
  return drawn;
})();
"""
TOLD = """
return (async () => {
  const told = (role) => document.querySelector(role).textContent;
  const done = () => told('[data-role=score]') && !document.querySelector('#kept').hidden;
  for (let i = 0; i < 200 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  return ['[data-role=score]', '#checks', '#status', '#explore [data-role=source]'].map(told);
})();
"""


@pytest.mark.parametrize(
    "engine",
    [
        pytest.param(engine, id=name, marks=pytest.mark.skipif(bool(engine.LACKING), reason=str(engine.LACKING)))
        for name, engine in (("firefox", firefox), ("webkit", webkit))
    ],
)
def test_it_draws_and_scores_and_opens_when_the_server_is_gone(engine, bundles, tmp_path):
    bundle = bundles["plane"]
    index, seeds = [0, 1, 65535, 65536, 2**31 - 1], [7, -1, 2**31 - 1]
    noise = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    (tmp_path / "files").mkdir()
    with engine.started(tmp_path / "files") as browser:
        with served_plainly(bundle.path) as port:
            url = f"http://127.0.0.1:{port}/web/"
            browser.open(url)
            for seed, (image, latent) in zip(seeds, browser.run(DRAWN, index, seeds), strict=True):
                np.testing.assert_array_equal(np.float32(latent), bundle.latents(seed, index).ravel())
                np.testing.assert_allclose(np.reshape(image, (5, *bundle.shape)), bundle.decode(latent), atol=1e-5)
            browser.choose_file("#yours input[type=file]", tmp_path / "noise.png")
            score, checks, status, source = browser.run(TOLD)
        browser.open(url)  # WebDriver's "Refresh" would pass the page's worker by
        assert np.float32(browser.run(DRAWN, [3], [1])[0][1]).tolist() == bundle.latents(1, [3])[0].tolist()
    elbo = bundle.score(noise[None, ..., None] / 255)["elbo"][0]
    assert score.startswith(f"ELBO {elbo:.2f} nats".replace("-", "\N{MINUS SIGN}"))
    assert re.match(r"5 of 5 files match their SHA-256\. (\d+) of \1 reference latents are equal, bit for bit", checks)
    assert (status, source) == ("Ready.", "Image 0 of seed 7.")
