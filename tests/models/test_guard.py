"""Training that goes wrong stops, and the message names the step and the mend."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.models.guard import Guard, TrainingDiverged


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
    with pytest.raises(TrainingDiverged, match=r"images of step 3 .*divide 0 to 255 pixels by 255"):
        model.fit(tf.data.Dataset.from_tensor_slices(images).batch(4), verbose=0)


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
        model.fit(images, verbose=0, callbacks=[Guard(last_good=lambda: "run/checkpoint-12")])


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
