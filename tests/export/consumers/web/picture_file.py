"""Pictures as a person chooses them."""

import io

from PIL import Image


def picture_file(array):
    content = io.BytesIO()
    Image.fromarray(array).save(content, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": content.getvalue()}
