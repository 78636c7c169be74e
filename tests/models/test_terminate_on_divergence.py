"""Training that goes wrong stops, and the message names the step and the mend."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.data.arrays import ImageArrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.models.terminate_on_divergence import TerminateOnDivergence, TrainingDiverged


def first_bad_step(model, data):
    """Train step by step in Python until the loss is not finite."""
    for step, x in enumerate(data):
        model.reset_metrics()
        if not np.isfinite(model.train_on_batch(x, return_dict=True)["loss"]):
            return step
    raise AssertionError("it never diverged")


@pytest.mark.parametrize("steps_per_execution", [1, "auto"])
def test_names_the_step_of_divergence(make_vae, digits, steps_per_execution):
    data = tf.data.Dataset.from_tensor_slices(digits).batch(10).repeat(40)
    reference = make_vae()
    reference.compile(keras.optimizers.SGD(10.0), jit_compile=False, steps_per_execution=1)
    step = first_bad_step(reference, data)
    assert 0 < step < 79
    model = make_vae()
    model.compile(keras.optimizers.SGD(10.0), jit_compile=False, steps_per_execution=steps_per_execution)
    with pytest.raises(TrainingDiverged, match=rf"loss of step {step} is not finite.*lower the learning rate") as error:
        model.fit(data, verbose=0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("bad", [255.0, float("nan"), -0.5], ids=["bytes", "nan", "negative"])
def test_names_the_step_of_bad_pixels(make_vae, digits, bad):
    images = digits.copy()
    images[13, 4, 4, 0] = bad
    model = make_vae()
    model.compile("adam", jit_compile=False)
    with pytest.raises(TrainingDiverged, match=r"images of step 3 .*divide pixels from 0 to 255 by 255"):
        model.fit(tf.data.Dataset.from_tensor_slices(images).batch(4), verbose=0)


@pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_names_an_empty_batch(make_vae, digits, method):
    """Its mean loss is NaN, which a lower learning rate would not mend."""
    model = make_vae()
    model.compile("adam", jit_compile=False)
    spec = tf.TensorSpec([None, *digits.shape[1:]])
    data = tf.data.Dataset.from_generator(lambda: iter([digits[:8], digits[:0], digits[:8]]), output_signature=spec)
    with pytest.raises(TrainingDiverged, match=r"^the (step|batch) 1 holds no images: expected at least one in every"):
        getattr(model, method)(data, verbose=0)


def test_predict_names_the_batch_of_bad_pixels(make_vae, digits):
    model = make_vae()
    data = tf.data.Dataset.from_tensor_slices(digits).batch(4)
    model.predict(data, verbose=0)
    with pytest.raises(TrainingDiverged, match=r"^the images of batch 0 hold pixels outside"):
        model.predict(data.map(lambda x: x * 255), verbose=0)


def test_bad_arrays_are_refused_before_the_first_step(make_vae, digits):
    model = make_vae()
    model.compile("adam", jit_compile=False)
    with pytest.raises(ValueError, match="divide by 255"):
        model.fit(digits * 255, verbose=0)
    assert int(model.step) == 0


def test_bad_validation_arrays_are_refused(make_vae, digits):
    model = make_vae()
    model.compile("adam", jit_compile=False)
    with pytest.raises(ValueError, match="divide by 255"):
        model.fit(digits, validation_data=digits * 255, verbose=0)
    with pytest.raises(ValueError, match="divide by 255"):
        model.evaluate(digits * 255, verbose=0)


def test_names_the_last_good_checkpoint(make_vae, digits):
    images = tf.data.Dataset.from_tensor_slices(digits).batch(10).repeat(40)
    model = make_vae()
    model.compile(keras.optimizers.SGD(10.0), jit_compile=False)
    with pytest.raises(TrainingDiverged, match="last good checkpoint: run/checkpoint-12"):
        model.fit(images, verbose=0, callbacks=[TerminateOnDivergence(last_good=lambda: "run/checkpoint-12")])


def test_a_training_after_a_bad_one_starts_afresh(make_vae, digits):
    images = digits.copy()
    images[0] = np.nan
    model = make_vae()
    before = model.get_weights()
    model.compile("adam", jit_compile=False)
    with pytest.raises(TrainingDiverged):
        model.fit(tf.data.Dataset.from_tensor_slices(images).batch(10), verbose=0)
    model.set_weights(before)
    model.compile("adam", jit_compile=False)
    assert np.isfinite(model.fit(digits, batch_size=10, verbose=0).history["loss"]).all()


def as_array(images):
    return images


def as_batches(images):
    return tf.data.Dataset.from_tensor_slices(images).batch(5)


def as_labelled_batches(images):
    return tf.data.Dataset.zip(as_batches(images), tf.data.Dataset.range(20).batch(5))


@pytest.mark.parametrize(
    ("given", "arguments"),
    [(as_array, {}), (as_batches, {"run_eagerly": True}), (as_labelled_batches, {})],
    ids=["array", "batches, eager", "labelled batches"],
)
def test_a_bernoulli_on_gray_pixels_warns_once(make_vae, digits, given, arguments):
    model = make_vae()
    model.compile("adam", **{"jit_compile": False, **arguments})
    with pytest.warns(UserWarning, match=r"Bernoulli is not a likelihood of these pixels.*cross-entropy") as caught:
        model.fit(given(digits), epochs=2, verbose=0)
    assert len([each for each in caught if "not a likelihood" in str(each.message)]) == 1
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Bernoulli is not a likelihood")
        model.fit(given(digits), verbose=0)


@pytest.mark.parametrize("given", [as_array, as_batches])
@pytest.mark.parametrize("case", ["binary", "binomial", "asked not to"])
def test_where_it_is_a_likelihood_nothing_is_said(make_vae, digits, given, case):
    model = make_vae(**({"likelihood": "binomial"} if case == "binomial" else {}))
    model.compile("adam", jit_compile=False)
    images = (digits > 0.5).astype("float32") if case == "binary" else digits
    callbacks = [TerminateOnDivergence(warn=False)] if case == "asked not to" else []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        model.fit(given(images), verbose=0, callbacks=callbacks)


def test_looking_at_the_pixels_uses_up_no_epoch_of_the_data(make_vae):
    """The order of load_dataset's epochs follows from how often it was begun."""
    pixels = np.random.default_rng(0).integers(0, 256, [20, 8, 8, 1], np.uint8)
    found = []
    for warn in (True, False):
        model = make_vae()
        model.compile("adam", jit_compile=False)
        data = build_pipeline(ImageArrays(pixels), batch_size=4, binarize="dynamic")
        found.append(model.fit(data, epochs=2, verbose=0, callbacks=[TerminateOnDivergence(warn=warn)]).history["loss"])
    assert found[0] == found[1]
