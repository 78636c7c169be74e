"""The objective of an autoencoder: the reconstruction alone."""

import keras
import numpy as np

from keras_vae.objectives import ELBO, Reconstruction


def test_is_the_elbo_without_its_kl(case):
    made = case()
    terms, elbo = Reconstruction()(**made.arguments), ELBO(0)(**made.arguments)
    np.testing.assert_allclose(terms.loss, -made.log_likelihood.mean(axis=0), rtol=1e-4)
    np.testing.assert_array_equal(terms.loss, elbo.loss)
    np.testing.assert_array_equal(terms.reconstruction, elbo.reconstruction)
    np.testing.assert_array_equal(terms.kl, np.zeros(4))


def test_logs_the_loss_alone_and_comes_back_from_its_configuration():
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(Reconstruction()))
    assert type(again) is Reconstruction
    assert again.logged == ("loss",)
