"""The autoencoder: the VAE's networks without its distributions over latents."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_vae
from keras_vae.models.autoencoder import Autoencoder


def make(**changes):
    return Autoencoder.from_preset(
        "digits_mlp", **{"latent_dim": 2, "likelihood": "bernoulli", "network": {"hidden": [8]}, **changes}
    )


def test_loss_is_the_cross_entropy_summed_over_pixels(digits):
    model = make()
    code = model.encoder(digits).numpy()[:, :2]
    logits = model.decoder(code).numpy().astype("float64")
    s = 1 / (1 + np.exp(-logits))
    expected = -(digits * np.log(s) + (1 - digits) * np.log(1 - s)).sum(axis=(1, 2, 3)).mean()
    model.compile(keras.optimizers.SGD(0.0))
    history = model.fit(digits, batch_size=20, verbose=0).history
    assert list(history) == ["loss"]
    assert history["loss"][0] == pytest.approx(expected, rel=1e-4)
    np.testing.assert_allclose(model.encode(digits).numpy(), code, rtol=1e-5)


def test_call_predict_and_reconstruct_agree(digits):
    model = make()
    expected = model.decode(model.encode(digits)).mean().numpy()
    np.testing.assert_allclose(model(digits).numpy(), expected, rtol=1e-5)
    np.testing.assert_allclose(model.predict(digits, verbose=0), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.reconstruct(digits), expected, rtol=1e-4, atol=1e-6)


def test_learns_and_comes_back(tmp_path, digits):
    model = make()
    model.compile(keras.optimizers.Adam(0.01), jit_compile=False)
    loss = model.fit(digits, batch_size=10, epochs=60, verbose=0).history["loss"]
    assert loss[-1] < 0.7 * loss[0]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded, Autoencoder)
    np.testing.assert_array_equal(loaded.reconstruct(digits), model.reconstruct(digits))


def test_takes_an_encoder_of_just_the_code(make_networks, digits):
    encoder, decoder = make_networks(outputs=2)
    np.testing.assert_allclose(Autoencoder(encoder, decoder).encode(digits).numpy(), encoder(digits).numpy(), rtol=1e-5)


def test_refuses_bytes(digits):
    with pytest.raises(ValueError, match=r"uint8.*divide pixels from 0 to 255 by 255"):
        make().encode(tf.zeros([2, 8, 8, 1], tf.uint8))


def test_it_is_a_vae_that_no_likelihood_judges(digits):
    model = make()
    assert isinstance(model, keras_vae.VAE)
    with pytest.raises(ValueError, match=r"model is a Autoencoder: expected a keras_vae\.VAE"):
        keras_vae.evaluate(model, digits)


def test_images_are_drawn_from_a_mixture_of_the_codes(digits):
    model = make().fit_sampler(digits, components=2)
    assert np.isfinite(model.generate(3)).all()


def test_a_point_has_no_elbo():
    with pytest.raises(ValueError, match=r"posterior is Deterministic, which has no density.*Reconstruction\(\)"):
        keras_vae.VAE.from_preset("digits_mlp", posterior=keras_vae.posteriors.Deterministic())
