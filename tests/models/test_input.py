"""What the models refuse to be compiled or fed with, each in one line."""

import numpy as np
import pytest
import tensorflow as tf


@pytest.mark.parametrize(
    "arguments", [{"loss": "mse"}, {"metrics": ["mae"]}, {"weighted_metrics": ["mae"]}, {"loss_weights": [1]}]
)
def test_compile_refuses_a_loss_or_metrics(make_vae, arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=rf"^{name} is .*the loss is the model's objective"):
        make_vae().compile("adam", **arguments)


@pytest.mark.compiled
def test_chooses_xla_for_dense_networks_and_not_for_convolutions(make_vae):
    if tf.config.list_logical_devices("GPU"):
        pytest.skip("on a GPU everything is compiled")
    dense, convolutional = make_vae(), make_vae(network={"kind": "convolutional", "filters": [2], "hidden": 4})
    for model in (dense, convolutional):
        model.compile("adam")
    assert dense.jit_compile is True
    assert convolutional.jit_compile is False
    dense.compile("adam", run_eagerly=True)
    assert (dense.jit_compile, dense.steps_per_execution) == (False, 1)


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("steps_per_execution", 0, "a whole number of at least 1"),
        ("steps_per_execution", 2.5, "a whole number of at least 1"),
        ("steps_per_execution", "many", "a whole number of at least 1"),
        ("jit_compile", "x", 'True, False or "auto"'),
        ("jit_compile", 2, 'True, False or "auto"'),
        ("run_eagerly", "no", "True or False"),
    ],
)
def test_compile_refuses_what_is_no_option(make_vae, option, value, expected):
    with pytest.raises(ValueError, match=f"^{option} is {value!r}: expected {expected}$"):
        make_vae().compile("adam", **{option: value})


def test_rounding_above_1_is_no_fault(make_vae, digits):
    model = make_vae()
    model.compile("adam", jit_compile=False)
    rounded = np.where(digits == 1, np.float32(1 + 1e-6), digits)
    assert rounded.max() > 1
    model.fit(rounded, verbose=0)
    model.fit(tf.data.Dataset.from_tensor_slices(rounded).batch(5), verbose=0)
    with pytest.raises(ValueError, match=r"are 0 to 1\.001: .*clip them"):
        model.fit(np.where(digits == 1, np.float32(1.001), digits), verbose=0)
    with pytest.raises(ValueError, match="outside"):
        model.fit(tf.data.Dataset.from_tensor_slices(np.where(digits == 1, 1.001, digits)).batch(5), verbose=0)


def test_runs_eagerly_to_the_same_numbers(make_vae, digits):
    losses = []
    for eager in (True, False):
        model = make_vae()
        model.compile("adam", run_eagerly=eager)
        losses.append(model.fit(digits, batch_size=10, shuffle=False, verbose=0).history["loss"][0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros([4, 8, 8], "float32"), "rank 4|shape"),
        (np.zeros([4, 8, 8, 3], "float32"), "8, 8, 3"),
        (np.zeros([4, 9, 8, 1], "float32"), "9, 8, 1"),
        (np.zeros([4, 8, 8, 1], "uint8"), "uint8"),
        (np.zeros([4, 8, 8, 1], "int32"), "int32"),
    ],
    ids=["rank", "channels", "size", "uint8", "int32"],
)
def test_every_way_in_refuses_bad_images(make_vae, images, message):
    model = make_vae()
    model.compile("adam")
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(4)
    for way in (
        lambda: model.encode(images),
        lambda: model.reconstruct(images),
        lambda: model.fit(images, verbose=0),
        lambda: model.fit(dataset, verbose=0),
        lambda: model.evaluate(dataset, verbose=0),
    ):
        with pytest.raises(ValueError, match=message) as error:
            way()
        assert "\n" not in str(error.value)
    assert int(model.step) == 0


def test_reconstruct_refuses_pixels_out_of_range(make_vae, digits):
    with pytest.raises(ValueError, match="divide by 255"):
        make_vae().reconstruct(digits * 255)


@pytest.mark.parametrize("shape", [[3], [4, 1], []])
def test_decode_refuses_latents_of_another_width(make_vae, shape):
    with pytest.raises(ValueError, match="z has shape"):
        make_vae().decode(tf.zeros(shape))


@pytest.mark.parametrize("convert", [lambda x: x.astype("float64"), lambda x: tf.constant(x, tf.float16)])
def test_other_floats_are_taken(make_vae, digits, convert):
    model = make_vae()
    np.testing.assert_allclose(
        model.encode(convert(digits)).mean().numpy(), model.encode(digits).mean().numpy(), atol=1e-5
    )


def test_fit_takes_keras_other_arguments(make_vae, digits):
    model = make_vae()
    model.compile("adam")
    history = model.fit(digits, None, 5, 2, verbose=0, validation_split=0.25)  # y, batch_size and epochs by position
    assert len(history.history["val_loss"]) == 2
    assert int(model.step) == 6


@pytest.mark.parametrize("classes", [None, 10])
def test_a_batch_is_the_same_step_eagerly_and_in_a_graph(make_vae, digits, classes):
    found = []
    for eager in (True, False):
        model = make_vae(classes=classes)
        model.compile("adam", run_eagerly=eager)
        batch = (digits, *([] if classes is None else [np.arange(len(digits)) % classes]))
        found.append([on_batch(*batch, return_dict=True) for on_batch in (model.train_on_batch, model.test_on_batch)])
    for eagerly, in_a_graph in zip(*found, strict=True):
        assert eagerly == pytest.approx(in_a_graph, rel=1e-4)
