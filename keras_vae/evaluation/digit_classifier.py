"""A small classifier of handwritten digits, trained here and pinned, whose features judge generated digits."""

from __future__ import annotations

import functools
import hashlib
import io
from importlib import resources

import keras
import numpy as np

from keras_vae.data.pixels import check_pixels

# The weights that benchmarks/train_digit_classifier.py wrote, by the images' shape: dataset, SHA-256 of its file.
PINNED = {
    (8, 8, 1): ("digits", "2de37e3b92d8fe4480993915d8d0ad2872e29f7254b66276f05d6de5d9e8372a"),
    (28, 28, 1): ("mnist", "0182c31f80c119fcd525646f150941f4ebad8b6af8152321bf62012a46b06815"),
}
FEATURES = 64


def build_classifier(image_shape: tuple[int, int, int], initial: str = "zeros") -> keras.Model:
    """Return the network: three convolutions of stride 2, their mean over places, ten logits.

    Args:
        image_shape: (height, width, channels).
        initial: Keras' name of what the weights start from; zeros, the default, draw no random number.
    """
    halving = functools.partial(
        keras.layers.Conv2D, kernel_size=3, strides=2, padding="same", activation="relu", kernel_initializer=initial
    )
    return keras.Sequential(
        [
            keras.Input(image_shape),
            halving(32),
            halving(48),
            halving(FEATURES),
            keras.layers.GlobalAveragePooling2D(name="features"),
            keras.layers.Dense(10, kernel_initializer=initial, name="logits"),
        ]
    )


@functools.cache
def pinned_classifier(image_shape: tuple[int, int, int]) -> keras.Model:
    """Return the trained classifier for images of a shape.

    Raises:
        ValueError: a shape that none was trained for.
        OSError: weights that are not those that were pinned.
    """
    if image_shape not in PINNED:
        known = " and ".join(f"{shape} ({dataset})" for shape, (dataset, _) in PINNED.items())
        raise ValueError(
            f"no classifier was trained for images of shape {image_shape}: expected {known}; pass features=..., a "
            "function from images to numbers [n, d]"
        )
    dataset, digest = PINNED[image_shape]
    content = resources.files("keras_vae.evaluation").joinpath(f"{dataset}_classifier.npz").read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise OSError(
            f"{dataset}_classifier.npz was changed: expected the file that was pinned; install keras_vae again"
        )
    model = build_classifier(image_shape)
    with np.load(io.BytesIO(content)) as arrays:
        model.set_weights([arrays[str(number)].astype(np.float32) for number in range(len(arrays))])
    return model


def digit_features(images: np.ndarray, batch_size: int = 500) -> np.ndarray:
    """Return what the classifier makes of images before it decides: float32 `[n, 64]`, at least 0.

    Args:
        images: digits float `[n, 8, 8, 1]` or `[n, 28, 28, 1]` in [0, 1], light on dark, as in `digits` and MNIST.
        batch_size: how many at once; 500 by default.

    Raises:
        ValueError: images of another shape or outside [0, 1].
    """
    check_pixels(images)
    classifier = pinned_classifier(tuple(images.shape[1:]))
    network = keras.Model(classifier.inputs[0], classifier.get_layer("features").output)
    starts = range(0, len(images), batch_size)
    batches = (images[start : start + batch_size].astype(np.float32) for start in starts)
    return np.concatenate([keras.ops.convert_to_numpy(network(batch)) for batch in batches])
