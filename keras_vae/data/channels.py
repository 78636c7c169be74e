"""Images of 1, 3 or 4 channels made gray or RGB."""

import tensorflow as tf


def to_channels(images: tf.Tensor, channels: int) -> tf.Tensor:
    """Return images with 1 or 3 channels; what is transparent is laid on white.

    Args:
        images: uint8 `[..., h, w, c]`, c of 1, 3, or 4 with transparency last.
        channels: 1 or 3.
    """
    given = images.shape[-1]
    if given == 4:
        alpha = tf.cast(images[..., 3:], tf.float32) / 255.0
        images = tf.cast(tf.round(tf.cast(images[..., :3], tf.float32) * alpha + 255.0 * (1.0 - alpha)), tf.uint8)
        given = 3
    if given == channels:
        return images
    return tf.image.grayscale_to_rgb(images) if channels == 3 else tf.image.rgb_to_grayscale(images)
