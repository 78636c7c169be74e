"""The mixture that `generate` draws from, fitted to the aggregate posterior."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.models.vae import VAE
from keras_vae.priors.aggregate_posterior import fit_to_aggregate_posterior


def two_clusters(images, labels, noise):
    """A posterior at (-3, 1) or (2, 0), by the first pixel, with scales of 0.1 and 0.5."""
    left = images[:, :1, 0, 0] < 0.5
    return tf.where(left, [[-3.0, 1.0]] + 0.1 * noise, [[2.0, 0.0]] + 0.5 * noise)


def test_finds_the_aggregate_posterior():
    images = np.zeros((3000, 2, 2, 1), np.float32)
    images[:1000] = 1.0
    mixture = fit_to_aggregate_posterior(
        two_clusters, [(part, None) for part in np.split(images, 10)], 2, components=2, seed=4
    )
    logits, means, stddevs = (each.numpy() for each in mixture.components())
    order = np.argsort(means[:, 0])
    np.testing.assert_allclose(np.exp(logits)[order], [2 / 3, 1 / 3], atol=1e-3)
    np.testing.assert_allclose(means[order], [[-3, 1], [2, 0]], atol=0.05)
    np.testing.assert_allclose(stddevs[order], [[0.1, 0.1], [0.5, 0.5]], rtol=0.06)
    # as the same images in other batches
    again = fit_to_aggregate_posterior(
        two_clusters, [(part, None) for part in np.split(images, 3)], 2, components=2, seed=4
    )
    assert again.get_config() == mixture.get_config()


@pytest.mark.parametrize(("components", "words"), [(0, "components is 0"), (7, "60 images for 7 components")])
def test_refuses(components, words):
    with pytest.raises(ValueError, match=words):
        fit_to_aggregate_posterior(two_clusters, [(np.zeros((60, 2, 2, 1), np.float32), None)], 2, components)


def test_is_kept_in_the_model_and_changes_no_bound(tmp_path):
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]})
    images = np.random.default_rng(0).integers(0, 17, (40, 8, 8, 1)).astype(np.float32) / 16
    before, prior = model.generate(3, seed=1), model.prior().log_prob([[0.5, 0.5]]).numpy()
    assert model.fit_sampler(images, components=2, seed=1) is model
    after = model.generate(3, seed=1)
    assert np.any(after != before)
    assert model.prior().log_prob([[0.5, 0.5]]).numpy() == prior
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras").generate(3, seed=1), after)
    with pytest.raises(ValueError, match=r"batch 0 of data are .*: expected pixels in \[0, 1\]"):
        model.fit_sampler(255 * images)
    with pytest.raises(ValueError, match="data holds no batch"):
        model.fit_sampler([])
