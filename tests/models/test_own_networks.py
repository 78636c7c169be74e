"""Encoders and decoders that the user built, in every way Keras offers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE


@keras.saving.register_keras_serializable(package="tests")
class LayerEncoder(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.flatten = keras.layers.Flatten()
        self.mean, self.log_variance = keras.layers.Dense(2), keras.layers.Dense(2)

    def build(self, input_shape):
        width = int(np.prod(input_shape[1:]))
        self.mean.build((None, width))
        self.log_variance.build((None, width))
        self.built = True

    def call(self, x):
        features = self.flatten(x)
        return self.mean(features), self.log_variance(features)


@keras.saving.register_keras_serializable(package="tests")
class ModelDecoder(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.pixels = keras.layers.Dense(64)

    def build(self, input_shape):
        self.pixels.build(input_shape)
        self.built = True

    def call(self, z):
        return keras.ops.reshape(self.pixels(z), (-1, 8, 8, 1))


def sequential(make_networks):
    return make_networks(), {}


def functional(make_networks):
    image = keras.Input((8, 8, 1))
    features = keras.layers.Dense(4)(keras.layers.Flatten()(image))
    latent = keras.Input((2,))
    pixels = keras.layers.Reshape((8, 8, 1))(keras.layers.Dense(64)(latent))
    return (keras.Model(image, features), keras.Model(latent, pixels)), {}


def pair_of_outputs(make_networks):
    image = keras.Input((8, 8, 1))
    features = keras.layers.Flatten()(image)
    outputs = [keras.layers.Dense(2, name="mean")(features), keras.layers.Dense(2, name="log_variance")(features)]
    return (keras.Model(image, outputs), make_networks()[1]), {}


def subclassed(make_networks):
    return (LayerEncoder(), ModelDecoder()), {"image_shape": (8, 8, 1), "latent_dim": 2}


@pytest.mark.parametrize("build", [sequential, functional, pair_of_outputs, subclassed])
def test_trains_and_comes_back(tmp_path, digits, make_networks, build):
    networks, arguments = build(make_networks)
    model = VAE(*networks, **arguments)
    model.compile("adam", jit_compile=False)
    assert np.isfinite(model.fit(digits, batch_size=10, epochs=2, verbose=0).history["loss"]).all()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.reconstruct(digits), model.reconstruct(digits))
    np.testing.assert_array_equal(loaded.generate(3, seed=1), model.generate(3, seed=1))
    assert np.isfinite(loaded.fit(digits, batch_size=10, verbose=0).history["loss"]).all()


def test_a_pair_is_mean_and_log_variance(digits, make_networks):
    networks, _ = pair_of_outputs(make_networks)
    model = VAE(*networks)
    mean, log_variance = networks[0](digits)
    posterior = model.encode(digits)
    np.testing.assert_allclose(posterior.mean().numpy(), mean.numpy(), rtol=1e-5)
    np.testing.assert_allclose(posterior.stddev().numpy(), np.exp(0.5 * log_variance.numpy()), rtol=1e-5)


def test_colour_images_of_no_square_shape():
    image, latent = keras.Input((4, 6, 3)), keras.Input((5,))
    encoder = keras.Model(image, keras.layers.Dense(10)(keras.layers.Flatten()(image)))
    decoder = keras.Model(latent, keras.layers.Reshape((4, 6, 3))(keras.layers.Dense(72)(latent)))
    model = VAE(encoder, decoder)
    assert (model.image_shape, model.latent_dim) == ((4, 6, 3), 5)
    assert model.generate(2).shape == (2, 4, 6, 3)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda e, d: VAE(e(3), d()), r"encoder returns \(3,\).*expected \(4,\)"),
        (lambda e, d: VAE(e(), d(192)), r"decoder returns \(8, 8, 3\).*expected \(8, 8, 1\)"),
        (lambda e, d: VAE(e(), d(), latent_dim=3), r"encoder returns \(4,\).*expected \(6,\)"),
        (lambda e, d: VAE(e(), d(), latent_dim=0), "latent_dim is 0"),
        (lambda e, d: VAE(e(), d(), latent_dim=2.7), "latent_dim is 2.7"),
        (lambda e, d: VAE(e(), d(), image_shape=(8, 8)), r"image_shape is \(8, 8\)"),
        (lambda e, d: VAE(e(), d(), image_shape=(16, 16, 1)), "16"),
        (lambda e, d: VAE(e(), d(), seed=2**31), f"seed.*{2**31}"),
        (lambda e, d: VAE(lambda x: x, d()), "encoder is"),
        (lambda e, d: VAE(e(), "decoder"), "decoder is 'decoder'"),
        (
            lambda e, d: VAE(e(), d(), likelihood="bernouli"),
            "likelihood is 'bernouli': expected.*did you mean 'bernoulli'",
        ),
        (lambda e, d: VAE(e(), d(), prior="bernoulli"), "prior is 'bernoulli': expected one of"),
        (lambda e, d: VAE(e(), d(), posterior=3), "posterior is 3"),
        (lambda e, d: VAE(e(), d(), objective="x"), "objective is 'x': expected one of"),
        (lambda e, d: VAE(LayerEncoder(), d()), "pass image_shape="),
        (lambda e, d: VAE(e(), ModelDecoder()), "pass latent_dim="),
        (lambda e, d: Autoencoder(e(1), d()), "encoder returns"),
    ],
)
def test_refuses_what_does_not_fit(make_networks, build, message):
    with pytest.raises(ValueError, match=message) as error:
        build(lambda outputs=4: make_networks(outputs)[0], lambda pixels=64: make_networks(4, pixels)[1])
    assert "\n" not in str(error.value)


def test_an_encoder_of_free_image_size_takes_image_shape(make_networks):
    image = keras.Input((None, None, 1))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(3, 3)(image))
    encoder = keras.Model(image, keras.layers.Dense(4)(pooled))
    decoder = make_networks()[1]
    with pytest.raises(ValueError, match="pass image_shape="):
        VAE(encoder, decoder)
    assert VAE(encoder, decoder, image_shape=(8, 8, 1)).encode(tf.zeros([2, 8, 8, 1])).batch_shape == (2,)
