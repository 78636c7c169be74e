"""The TFLite file that comes with a preset's weights draws what Keras draws with them."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.command_line.sources import file_of_preset
from keras_vae.export.contents.implied import tolerances
from keras_vae.export.runtimes.generate import generate_from
from keras_vae.models.vae import VAE
from keras_vae.presets.weights import trained_preset_names


@pytest.mark.parametrize("preset", trained_preset_names())
def test_latents_are_bit_equal_and_images_within_the_tolerance_of_float32(preset):
    model = VAE.from_preset(preset, load_weights=True)
    layers = sum(len(weight.shape) > 1 for weight in model.decoder.weights)
    file = file_of_preset(preset)
    assert file is not None, f"there is no {preset}.tflite: python benchmarks/pack_generators.py {preset}"
    for seed, temperature in ((7, 1.0), (-3, 0.6)):
        images, latents = generate_from(*file, 20, seed, temperature)
        np.testing.assert_array_equal(latents, model.sample_latents(seed, tf.range(20), temperature))
        drawn = model.generate(20, seed=seed, temperature=temperature)
        assert drawn.std() > (0.1 if preset == "emoji_ladder" else 0.2)  # whose blobs are pale
        np.testing.assert_allclose(images, drawn, atol=tolerances(layers)["float32"])
