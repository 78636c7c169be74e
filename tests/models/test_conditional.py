"""Conditional models: labels into both networks, and out of none of the latents."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits

import keras_vae
from keras_vae.models.networks import one_hot

SHAPES = {"dense": (8, 8, 1), "convolutional": (8, 8, 1), "residual": (8, 8, 3)}


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    return (data.images[..., None] / 16).astype(np.float32), data.target.astype(np.int32)


@pytest.fixture(scope="module")
def trained(digits):
    images, labels = digits
    model = keras_vae.VAE.from_preset("digits_mlp", classes=10, latent_dim=3)
    model.compile(keras.optimizers.Adam(3e-3))
    model.fit(images, labels, batch_size=64, epochs=25, verbose=0)
    return model


def small(**changes):
    return keras_vae.VAE.from_preset("digits_mlp", **{"classes": 10, "latent_dim": 2, **changes})


def test_the_label_chooses_what_is_drawn(trained, digits):
    images, labels = digits
    means = np.stack([images[labels == label].mean(axis=0) for label in range(10)])
    for label in (0, 1, 7):
        drawn = trained.generate(64, seed=3, label=label)
        distances = np.square(drawn.mean(axis=0) - means).sum(axis=(1, 2, 3))
        assert distances.argmin() == label, distances


def test_the_latents_of_a_seed_have_no_label(trained):
    z = trained.sample_latents(5, tf.range(4), 1.0)
    for label in (2, [1, 2, 3, 4]):
        drawn = trained.generate(4, seed=5, label=label)
        np.testing.assert_array_equal(drawn, trained.decode(z, label=np.broadcast_to(label, 4)).mean())
    assert np.abs(trained.generate(4, seed=5, label=2) - trained.generate(4, seed=5, label=3)).max() > 0.1


def test_without_a_label_each_class_has_its_turn(trained):
    many = trained.generate(23, seed=1, batch_size=7)
    np.testing.assert_allclose(many, trained.generate(23, seed=1, label=[i % 10 for i in range(23)]), atol=1e-6)
    np.testing.assert_allclose(many[:3], trained.generate(3, seed=1), atol=1e-6)


def test_evaluation_is_of_images_given_their_labels(trained, digits):
    images, labels = (part[:50] for part in digits)
    data = tf.data.Dataset.from_tensor_slices((images, labels)).batch(20)
    figures = keras_vae.evaluate(trained, data, importance_samples=3, batch_size=20)
    assert figures == keras_vae.evaluate(trained, (images, labels), importance_samples=3, batch_size=20)
    wrong = keras_vae.evaluate(trained, (images, (labels + 1) % 10), importance_samples=3)
    assert wrong["elbo"] < figures["elbo"] - 5
    posterior = trained.encode(images, label=labels)
    assert figures["kl"] == pytest.approx(np.mean(posterior.kl_divergence(trained.prior())), rel=1e-5)
    assert trained.predict(data, verbose=0) == pytest.approx(trained.reconstruct(images, label=labels), abs=1e-6)


def test_is_saved_with_its_classes_and_sampler(trained, digits, tmp_path):
    model = keras_vae.VAE.from_config(trained.get_config())
    model.set_weights(trained.get_weights())
    model.fit_sampler(digits, components=3)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.classes == 10
    np.testing.assert_array_equal(loaded.generate(12, seed=2), model.generate(12, seed=2))


@pytest.mark.parametrize("kind", SHAPES)
def test_every_kind_of_network_takes_labels(kind):
    model = small(network={"kind": kind}, image_shape=SHAPES[kind])
    z = tf.zeros([2, 3, 2])
    images = model.decode(z, label=[0, 1, 2]).mean()
    assert images.shape == (2, 3, *SHAPES[kind])
    with tf.GradientTape() as tape:
        terms = model.terms(images[0], tf.constant([0, 1, 2]), tf.zeros([1, 3, 2]), training=True)
    gradients = tape.gradient(terms.loss, model.trainable_weights)
    assert all(gradient is not None for gradient in gradients)


def test_networks_of_one_s_own_tell_their_shapes():
    model = keras_vae.VAE(small().encoder, small().decoder, classes=10)
    assert (model.image_shape, model.latent_dim) == ((8, 8, 1), 2)


def test_classes_may_have_names(tmp_path):
    named = small(classes=["cat", "dog"])
    assert (named.classes, named.class_names) == (2, ("cat", "dog"))
    assert (small(classes=2).class_names, small(classes=None).class_names) == (None, None)
    dogs = small(classes=2).generate(3, seed=1, label=1)
    np.testing.assert_array_equal(named.generate(3, seed=1, label="dog"), dogs)
    np.testing.assert_array_equal(named.generate(3, seed=1, label="1"), dogs)
    np.testing.assert_array_equal(named.reconstruct(dogs, label="dog"), named.reconstruct(dogs, label=1))
    named.save(tmp_path / "model.keras")
    assert keras.models.load_model(tmp_path / "model.keras").class_names == ("cat", "dog")


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda model, x, y: model.fit(x, verbose=0), "labels are none: expected int .n. below 10"),
        (lambda model, x, y: model.fit(x, y + 1, verbose=0), "y is .*expected whole numbers from 0 to 9"),
        (lambda model, x, y: model.fit(x, y.astype(float), verbose=0), "y is .*expected whole numbers from 0 to 9"),
        (lambda model, x, y: keras_vae.evaluate(model, x), "batch 0 of data has no labels"),
        (lambda model, x, y: keras_vae.evaluate(model, (x, y - 10)), "data's labels is"),
        (lambda model, x, y: keras_vae.evaluate(model, (x, np.eye(10)[y])), r"data's labels has shape .*10.*argmax"),
        (
            lambda model, x, y: keras_vae.evaluate(model, (x, x)),
            r"data's labels has shape .*: expected one number, or one",
        ),
        (
            lambda model, x, y: keras_vae.evaluate(model, (x, y[1:])),
            r"data is a tuple of arrays .*19\]: expected images, or",
        ),
        (lambda model, x, y: model.generate(2, label=10), "label is 10: expected whole numbers from 0 to 9"),
        (lambda model, x, y: model.generate(2, label=[1, 2, 3]), r"shape \(3,\): expected one number, or one for each"),
        (lambda model, x, y: model.reconstruct(x), "label is None"),
        (lambda model, x, y: model.encode(x), "label is None"),
        (lambda model, x, y: small(classes=None).generate(2, label=1), "expected none, since the model has no classes"),
        (lambda model, x, y: small(classes=["a", "b"]).generate(2, label="5"), "label is '5': expected one of a, b"),
        (
            lambda model, x, y: small(classes=["1", "10", "2"]).generate(2, label="01"),
            "label is '01': expected one of 1, 10, 2;",
        ),
        (lambda model, x, y: small(classes=0), "classes is 0"),
        (lambda model, x, y: small(classes=["a", "a"]), "classes is .*: expected a number, or names that differ"),
        (lambda model, x, y: small(classes=["a", 1]), "classes is .*: expected a number, or names that differ"),
        (
            lambda model, x, y: model.generate(2, label="dog"),
            "label is 'dog': expected a number, since the",
        ),
        (
            lambda model, x, y: small(classes=["cat"]).generate(2, label="cab"),
            "label is 'cab': expected one of cat;",
        ),
        (lambda model, x, y: keras_vae.Autoencoder.from_preset("digits_mlp", classes=3), "classes is 3"),
        (lambda model, x, y: keras_vae.VAE(small().encoder, small(classes=None).decoder, classes=10), "the decoder"),
        (lambda model, x, y: keras_vae.VAE(small().encoder, small().decoder), "the encoder does not take"),
    ],
)
def test_refuses(act, words, digits):
    model = small()
    model.compile("adam")
    with pytest.raises(ValueError, match=words):
        act(model, digits[0][:20], digits[1][:20])


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("wrong", [10, -1, 2**32])
def test_a_label_out_of_range_in_a_dataset_is_no_class(digits, jit_compile, wrong):
    model = small()
    model.compile("adam", jit_compile=jit_compile)
    labels = digits[1][:20].astype(np.int64)
    labels[3] = wrong
    data = tf.data.Dataset.from_tensors((digits[0][:20], labels))
    for act in (model.fit, model.evaluate, model.predict):
        with pytest.raises(keras_vae.TrainingDiverged, match=r"the labels of \w+ 0 are not from 0 to"):
            act(data, verbose=0)


def test_one_hot_against_tensorflow():
    labels = np.array([[0, 3], [2, 1]])
    np.testing.assert_array_equal(one_hot(labels, 4), tf.one_hot(labels, 4))
    np.testing.assert_array_equal(one_hot(labels, 4, training=True), tf.one_hot(labels, 4))
    assert np.isnan(one_hot(tf.constant([-1, 4]), 4, training=True)).all()
