"""Weights of samples and classes, as in Keras: sum(weight * loss) / n in the loss, weighted means in the logs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.models.terminate_on_divergence import TerminateOnDivergence
from keras_vae.random.noise import TRAINING, VALIDATION, normal

WEIGHTS = np.linspace(0, 3, 20).astype("float32")


def terms(model, x, stream, step=0):
    noise = normal(model.seed, stream, step, [1, len(x), model.latent_dim])
    return [np.asarray(each, np.float64) for each in model.terms(tf.constant(x), None, noise)]


def compiled(make_vae, **arguments):
    model = make_vae()
    model.compile(keras.optimizers.SGD(0.001), **{"jit_compile": False, **arguments})
    return model


def as_arrays(model, x, weight):
    return model.fit(x, sample_weight=weight, batch_size=20, shuffle=False, verbose=0)


def as_dataset(model, x, weight):
    labels = np.zeros(len(x), "int32")
    return model.fit(tf.data.Dataset.from_tensor_slices((x, labels, weight)).batch(20), verbose=0)


def as_a_column(model, x, weight):
    return model.fit(x, sample_weight=weight[:, None], batch_size=20, shuffle=False, verbose=0)


@pytest.mark.parametrize("compilation", [{}, {"jit_compile": True}, {"run_eagerly": True}], ids=str)
@pytest.mark.parametrize("fit", [as_arrays, as_dataset, as_a_column])
def test_a_step_descends_the_weighted_loss(make_vae, digits, fit, compilation):
    model, reference = compiled(make_vae, **compilation), make_vae()
    logs = fit(model, digits, WEIGHTS).history
    noise = normal(0, TRAINING, 0, [1, 20, 2])
    with tf.GradientTape() as tape:
        found = reference.terms(tf.constant(digits), None, noise, training=True)
        loss = tf.reduce_sum(WEIGHTS * found.loss) / 20  # Keras' "sum_over_batch_size"
    for weight, gradient in zip(
        reference.trainable_weights, tape.gradient(loss, reference.trainable_weights), strict=True
    ):
        weight.assign_sub(0.001 * gradient)
    for one, other in zip(model.trainable_weights, reference.trainable_weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    expected = [np.average(each, weights=WEIGHTS) for each in found]
    np.testing.assert_allclose([logs[name][0] for name in model.objective.logged], expected, rtol=1e-5)


def test_keras_own_loss_is_reduced_alike(digits):
    """The reference of the reduction is Keras itself."""
    x, y = digits.reshape(20, 64), digits.reshape(20, 64) * 0.5
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64, kernel_initializer="zeros", use_bias=False)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.fit(x, y, batch_size=20, sample_weight=WEIGHTS, verbose=0)
    gradient = np.einsum("n,ni,nj->ij", WEIGHTS, x, -2 * y / 64) / 20
    np.testing.assert_allclose(model.layers[0].kernel, -gradient, atol=1e-6)


def test_equal_weights_change_nothing(make_vae, digits):
    plain, weighted = compiled(make_vae), compiled(make_vae)
    histories = [
        plain.fit(digits, batch_size=8, shuffle=False, epochs=2, verbose=0).history,
        weighted.fit(digits, sample_weight=np.ones(20), batch_size=8, shuffle=False, epochs=2, verbose=0).history,
    ]
    for name, values in histories[0].items():
        assert histories[1][name] == pytest.approx(values, rel=1e-6)
    for one, other in zip(plain.get_weights(), weighted.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_weight_of_two_is_an_image_given_twice(make_vae, digits):
    """In the logs; noise aside, so at a posterior of a single point."""
    model = compiled(make_vae)
    twice = np.concatenate([digits[:1], digits])
    weight = np.array([2.0] + 19 * [1.0], "float32")
    by_weight = model.evaluate(digits, sample_weight=weight, verbose=0)[2]
    assert by_weight == pytest.approx(model.evaluate(twice, verbose=0)[2], rel=1e-5)  # the KL knows no noise


def test_evaluate_and_validation_give_weighted_means(make_vae, digits):
    model = compiled(make_vae)
    expected = [np.average(each, weights=WEIGHTS) for each in terms(model, digits, VALIDATION)]
    given = {"batch_size": 20, "verbose": 0}
    np.testing.assert_allclose(model.evaluate(digits, sample_weight=WEIGHTS, **given), expected, rtol=1e-5)
    labels = np.zeros(20, "int32")
    validation = model.fit(digits, validation_data=(digits, labels, WEIGHTS), **given).history
    expected = [np.average(each, weights=WEIGHTS) for each in terms(model, digits, VALIDATION)]
    found = [validation[f"val_{name}"][0] for name in model.objective.logged]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_single_batches_are_weighted(make_vae, digits):
    model = compiled(make_vae)
    expected = [np.average(each, weights=WEIGHTS) for each in terms(model, digits, VALIDATION)]
    np.testing.assert_allclose(model.test_on_batch(digits, sample_weight=WEIGHTS), expected, rtol=1e-5)
    expected = [np.average(each, weights=WEIGHTS) for each in terms(model, digits, TRAINING)]
    np.testing.assert_allclose(model.train_on_batch(digits, sample_weight=WEIGHTS), expected, rtol=1e-5)


@pytest.mark.parametrize("classes", [None, 4])
def test_class_weights_are_weights_of_their_images(make_vae, digits, classes):
    labels = np.arange(20) % 4
    weights = {0: 0.0, 1: 1.0, 2: 2.0, 3: 0.5}
    found = []
    for arguments in ({"class_weight": weights}, {"sample_weight": np.array([weights[label] for label in labels])}):
        model = make_vae(classes=classes)
        model.compile(keras.optimizers.SGD(0.001), jit_compile=False)
        model.fit(digits, labels, batch_size=10, shuffle=False, verbose=0, **arguments)
        found.append(model.get_weights())
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_class_weights_of_a_dataset(make_vae, digits):
    data = tf.data.Dataset.from_tensor_slices((digits, np.arange(20) % 2)).batch(10)
    found = []
    for arguments in ({"class_weight": {0: 0.0, 1: 2.0}}, {}):
        model = compiled(make_vae)
        model.fit(data, verbose=0, **arguments)
        found.append(model.get_weights())
    assert any(np.any(one != other) for one, other in zip(*found, strict=True))


BAD = {
    "too few": (np.ones(3), r"sample_weight has shape \[3\]: expected \[20\]"),
    "a table": (np.ones([20, 2]), r"sample_weight has shape \[20, 2\]: expected \[20\]"),
    "negative": (np.r_[-1.0, np.ones(19)], "sample_weight has -1: expected finite numbers of at least 0; mend 1"),
    "nan": (np.r_[np.nan, np.nan, np.ones(18)], "sample_weight has nan: expected finite numbers.*mend 2"),
    "infinite": (np.r_[np.inf, np.ones(19)], "sample_weight has inf"),
    "zero": (np.zeros(20), "sample_weight is 0 for every image: expected one above 0"),
    "words": (["a"] * 20, "expected an array of numbers"),
}


@pytest.mark.parametrize("name", BAD)
def test_unusable_weights_are_refused_in_one_line(make_vae, digits, name):
    weights, message = BAD[name]
    model = compiled(make_vae)
    before = model.get_weights()
    for way in (
        lambda: model.fit(digits, sample_weight=weights, verbose=0),
        lambda: model.fit(digits, validation_data=(digits, None, weights), verbose=0),
        lambda: model.evaluate(digits, sample_weight=weights, verbose=0),
        lambda: model.train_on_batch(digits, sample_weight=weights),
        lambda: model.test_on_batch(digits, sample_weight=weights),
    ):
        with pytest.raises(ValueError, match=message) as error:
            way()
        assert "\n" not in str(error.value)
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("weights", [{0: -1.0, 1: 1.0}, {0: 0.0, 1: 0.0}, {0: np.nan, 1: 1.0}], ids=str)
def test_unusable_class_weights_are_refused(make_vae, digits, weights):
    with pytest.raises(ValueError, match=r"class_weight (has|is)") as error:
        compiled(make_vae).fit(digits, np.arange(20) % 2, class_weight=weights, verbose=0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", ["1", "dog", 0.5, True, 4, -1])
def test_a_class_weight_of_no_class_is_refused(make_vae, digits, key):
    """Keras would look for none such, and leave all weights at 1."""
    model = make_vae(classes=4)
    model.compile(jit_compile=False)
    for train in (model.fit, model.train_on_batch):
        with pytest.raises(ValueError, match=r"class_weight has the key .*: expected whole numbers from 0 to 3, as"):
            train(digits, np.arange(20) % 4, class_weight={0: 1.0, key: 5.0})


def test_classes_without_a_weight_have_1_in_arrays_and_datasets(make_vae, digits):
    labels = np.arange(20) % 4
    data = tf.data.Dataset.from_tensor_slices((digits, labels)).batch(20)
    found = []
    for given in ((digits, labels), (data,)):
        model = make_vae(classes=4)
        model.compile(keras.optimizers.SGD(0.001), jit_compile=False)
        model.fit(*given, batch_size=20 if len(given) > 1 else None, class_weight={1: 0.0}, shuffle=False, verbose=0)
        found.append(model.get_weights())
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("given", [lambda x: x, lambda x: tf.data.Dataset.from_tensor_slices(x).batch(5)])
def test_class_weights_need_labels(make_vae, digits, given):
    with pytest.raises(ValueError, match=r"class_weight is .* images without labels: expected labels for") as error:
        compiled(make_vae).fit(given(digits), class_weight={0: 1.0}, verbose=0)
    assert "\n" not in str(error.value)


def weighted_batches(digits, weights, batch=5):
    return tf.data.Dataset.from_tensor_slices((digits, np.zeros(20, "int32"), weights)).batch(batch)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_a_dataset_s_bad_weights_are_named_by_their_step(make_vae, digits, bad):
    weights = np.ones(20, "float32")
    weights[13] = bad
    data = weighted_batches(digits, weights)
    with pytest.raises(ValueError, match="weights of step 2 are negative, not finite or not one for each") as error:
        compiled(make_vae).fit(data, verbose=0)
    assert "\n" not in str(error.value)
    for way in (lambda model: model.evaluate(data, verbose=0), lambda model: model.fit(digits, validation_data=data)):
        with pytest.raises(ValueError, match="weights of batch 2 are negative"):
            way(compiled(make_vae))


def test_weights_of_another_number_than_a_batch_s_images_are_named(make_vae, digits):
    data = tf.data.Dataset.zip(
        tf.data.Dataset.from_tensor_slices(digits).batch(5),
        tf.data.Dataset.from_tensor_slices(np.zeros(20, "int32")).batch(5),
        tf.data.Dataset.from_tensor_slices(np.ones(20, "float32")).batch(4),
    )
    with pytest.raises(ValueError, match=r"weights of step 0 .*not one for each image"):
        compiled(make_vae).fit(data, verbose=0)


def test_a_dataset_whose_weights_are_all_0_is_refused(make_vae, digits):
    data = weighted_batches(digits, np.zeros(20, "float32"))
    message = "sample_weight is 0 for every image of .*: expected one above 0"
    with pytest.raises(ValueError, match=message):
        compiled(make_vae).fit(data, verbose=0)
    with pytest.raises(ValueError, match=message):
        compiled(make_vae).evaluate(data, verbose=0)
    with pytest.raises(ValueError, match=message):  # unweighted validation in between says nothing of training
        compiled(make_vae).fit(data, validation_data=digits, verbose=0)
    mixed = np.r_[np.zeros(5), np.ones(15)].astype("float32")  # a batch of zeros is no fault
    callbacks = [TerminateOnDivergence()]
    assert np.isfinite(
        compiled(make_vae).fit(weighted_batches(digits, mixed), verbose=0, callbacks=callbacks).history["loss"]
    )
