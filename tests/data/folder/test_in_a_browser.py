"""Files are read as Chromium shows them."""

import base64

import numpy as np
import pytest
from PIL import Image

from keras_vae.data.load import load_arrays

from ...export.consumers.web.conftest import browser, playwright  # noqa: F401  its fixtures
from .profiles import cmyk_profile, gray_profile, rgb_profile
from .test_colours import INKS, say, unmarked_jpeg, ycck_jpeg

SHOW = """async (url) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0);
  return [canvas.height, canvas.width, Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data)];
}"""


@pytest.fixture(scope="module")
def shown(browser):  # noqa: F811
    page = browser.new_page()

    def shown(path):
        kind = {"jpg": "jpeg"}.get(path.suffix[1:], path.suffix[1:])
        url = f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
        height, width, data = page.evaluate(SHOW, url)
        return np.array(data).reshape(height, width, 4)[..., :3]

    yield shown
    page.close()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def smooth(*channels):
    """A picture that JPEG keeps, uint8 [24, 32, c]."""
    across, down = np.arange(32) * 7, np.arange(24)[:, None] * 9
    return np.stack([(across + down * factor) % 250 // 2 + 60 * place for place, factor in enumerate(channels)], -1)


def write(path, pixels, mode=None, **options):
    image = Image.fromarray(pixels.astype(np.uint8).squeeze())
    (image if mode is None else image.convert(mode)).save(path, **options)


FILES = {
    **{
        f"turned_{number}.jpg": lambda path, number=number: write(path, smooth(1), quality=100, exif=turned(number))
        for number in range(1, 9)
    },
    "turned.png": lambda path: write(path, smooth(1, 0, 1), exif=turned(6)),
    "gamma.png": lambda path: write(path, smooth(1, 0, 1), icc_profile=rgb_profile(1.8)),
    "linear.png": lambda path: write(path, smooth(1, 0, 1), icc_profile=rgb_profile(1.0)),
    "swapped.jpg": lambda path: write(
        path, smooth(0, 0, 0), quality=100, subsampling=0, icc_profile=rgb_profile(2.2, swapped=True)
    ),
    "gray_linear.png": lambda path: write(path, smooth(1), icc_profile=gray_profile(1.0)),
    "gray_gamma.jpg": lambda path: write(path, smooth(1), quality=100, icc_profile=gray_profile(1.8)),
    "gray_of_colours.png": lambda path: write(path, smooth(1), icc_profile=rgb_profile(1.0)),
    "colours_of_gray.png": lambda path: write(path, smooth(1, 0, 1), icc_profile=gray_profile(1.0)),
    "broken_profile.png": lambda path: write(path, smooth(1, 0, 1), icc_profile=b"no profile"),
    "power.png": lambda path: (
        write(path, smooth(1, 0, 1)),
        say(path, b"gAMA", (55556).to_bytes(4, "big")),
    ),
    "transparent.png": lambda path: write(path, smooth(1, 0, 1, 1), icc_profile=rgb_profile(1.0)),
    "inks.jpg": lambda path: Image.new("CMYK", (8, 8), INKS).save(path, quality=100),
    "inks_unmarked.jpg": lambda path: unmarked_jpeg(path, INKS),
    "inks_ycck.jpg": lambda path: ycck_jpeg(path, INKS),
    # Chromium mixes black into the colours before it applies their profile, so without black
    "inks_profile.jpg": lambda path: Image.new("CMYK", (8, 8), (90, 120, 200, 0)).save(
        path, quality=100, icc_profile=cmyk_profile(0)
    ),
    "inks_ycck_profile.jpg": lambda path: ycck_jpeg(path, (90, 120, 200, 0), icc_profile=cmyk_profile(1)),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_as_the_browser_shows_it(tmp_path, shown, name):
    FILES[name](tmp_path / name)
    np.testing.assert_allclose(load_arrays(tmp_path, channels=3).images[0].astype(int), shown(tmp_path / name), atol=3)
