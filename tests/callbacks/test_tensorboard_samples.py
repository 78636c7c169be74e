import numpy as np
import pytest
import tensorflow as tf

from keras_vae.callbacks import TensorBoardSamples
from keras_vae.pictures.grid import image_grid


def events(folder):
    """What TensorBoard finds: (step, name, plugin, width, height, picture)."""
    found = []
    for path in sorted(folder.glob("*tfevents*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                width, height, png = value.tensor.string_val
                picture = tf.io.decode_png(png).numpy()
                found.append((event.step, value.tag, value.metadata.plugin_data.plugin_name, width, height, picture))
    return found


def test_a_grid_each_epoch_of_the_same_latents(compiled, binary, tmp_path):
    model = compiled(learning_rate=0.0)
    model.fit(binary, epochs=2, verbose=0, callbacks=[TensorBoardSamples(tmp_path / "logs", count=6, seed=3)])
    found = events(tmp_path / "logs")
    assert [each[:3] for each in found] == [(0, "samples", "images"), (1, "samples", "images")]
    expected = image_grid(model.generate(6, seed=3))
    for _, _, _, width, height, picture in found:
        assert (int(height), int(width)) == expected.shape
        np.testing.assert_array_equal(picture[..., 0], expected)


def test_colour_and_training_show(binary, tmp_path, compiled):
    model = compiled(learning_rate=0.1, image_shape=(8, 8, 3))
    images = np.repeat(binary, 3, axis=-1)
    model.fit(images, epochs=2, verbose=0, callbacks=[TensorBoardSamples(tmp_path, count=2, temperature=0.5)])
    first, second = (each[-1] for each in events(tmp_path))
    assert first.shape[-1] == 3
    assert np.any(first != second)


def test_mistakes_are_refused(tmp_path):
    for arguments, message in (
        ({"count": 0}, "count is 0"),
        ({"seed": 2**31}, "seed is"),
        ({"temperature": -1}, "temperature is"),
    ):
        with pytest.raises(ValueError, match=message):
            TensorBoardSamples(tmp_path, **arguments)
