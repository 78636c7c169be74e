"""A model with weights that are not finite is neither judged nor saved without a word."""

import re
import warnings

import keras
import numpy as np
import pytest

import keras_vae
from keras_vae.evaluation.elbo_surgery import elbo_surgery
from keras_vae.models.finite_weights import unusable_weights

MESSAGE = (
    r"^1 of the model's \d+ weights are NaN or infinite, the first .*kernel: expected finite ones; load an earlier"
)


@pytest.fixture(params=[np.nan, np.inf])
def diverged(request, make_vae):
    model = make_vae()
    model.trainable_weights[0].assign(np.full(model.trainable_weights[0].shape, request.param))
    return model


def test_judging_refuses_it(diverged, digits):
    for judge in (keras_vae.evaluate, elbo_surgery):
        with pytest.raises(ValueError, match=MESSAGE) as caught:
            judge(diverged, digits)
        assert "\n" not in str(caught.value)


def test_saving_warns_of_it(diverged, tmp_path):
    for save, name in ((diverged.save, "model.keras"), (diverged.save_weights, "model.weights.h5")):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            save(tmp_path / name)
        (said,) = [str(warning.message) for warning in caught if warning.category is UserWarning]
        assert re.match(MESSAGE, said)
    assert unusable_weights(keras.models.load_model(tmp_path / "model.keras"))


def test_finite_weights_are_saved_without_a_word(make_vae, tmp_path):
    model = make_vae()
    assert unusable_weights(model) is None
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
