"""Images of 1, 3 or 4 channels made gray, RGB or RGB with transparency."""

import tensorflow as tf


def to_channels(images: tf.Tensor, channels: int) -> tf.Tensor:
    """Return images with other channels; what is transparent is laid on white, unless it stays transparent.

    Args:
        images: uint8 `[..., h, w, c]`, c of 1, 3, or 4 with transparency last; of any number where `channels` is it.
        channels: 1, 3 or 4.
    """
    given = images.shape[-1]
    if given == channels:
        return images
    if given == 4:
        alpha = tf.cast(images[..., 3:], tf.float32) / 255.0
        images = tf.cast(tf.round(tf.cast(images[..., :3], tf.float32) * alpha + 255.0 * (1.0 - alpha)), tf.uint8)
        return images if channels == 3 else tf.image.rgb_to_grayscale(images)
    if channels == 1:
        return tf.image.rgb_to_grayscale(images)
    coloured = tf.image.grayscale_to_rgb(images) if given == 1 else images
    if channels == 3:
        return coloured
    return tf.concat([coloured, 255 * tf.ones_like(coloured[..., :1])], axis=-1)
