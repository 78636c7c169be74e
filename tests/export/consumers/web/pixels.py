"""What a canvas of the page shows."""

import numpy as np


def shown(canvas):
    """A canvas' pixels, uint8 [height, width, 3]."""
    (height, width), data = canvas.evaluate(
        """(canvas) => {
          // A copy: reading the page's own would slow it down, of which Chromium warns.
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', {willReadFrequently: true});
          copy.drawImage(canvas, 0, 0);
          const {data} = copy.getImageData(0, 0, canvas.width, canvas.height);
          return [[canvas.height, canvas.width], Array.from(data).map((byte) => String.fromCharCode(byte)).join('')];
        }"""
    )
    return np.frombuffer(data.encode("latin-1"), np.uint8).reshape(height, width, 4)[..., :3]


def as_bytes(image):
    """What an image float [H, W, C] looks like, uint8 [H, W, 3]."""
    return np.broadcast_to(np.rint(255 * image), (*image.shape[:2], 3)).astype(np.uint8)


def assert_shows(canvas, image, patience=5.0):
    """Wait until a canvas shows an image float [H, W, C]; a pixel between two bytes may round either way."""
    expected, found = as_bytes(image).astype(int), None
    for _ in range(int(patience / 0.05)):
        found = shown(canvas).astype(int)
        if found.shape == expected.shape and np.abs(found - expected).max() <= 1:
            return
        canvas.page.wait_for_timeout(50)
    np.testing.assert_allclose(found, expected, atol=1)
