import json

import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from keras_vae.evaluation.evaluate import evaluate
from keras_vae.evaluation.importance import ImportanceWeightedBound
from keras_vae.models import scoring
from keras_vae.models.vae import VAE
from keras_vae.random.noise import EVALUATION, normal


@pytest.fixture
def gray():
    return np.random.default_rng(0).uniform(size=[5, 2, 2, 1]).astype("float32")


def numpy_figures(model, x, chunks, batch_size, seed):
    """Every figure again in NumPy, from the model's weights and the same noise."""
    (to_latent, latent_bias), (to_pixels, pixel_bias) = model.encoder.get_weights(), model.decoder.get_weights()
    flat = x.reshape(len(x), 4).astype("float64")
    mean, log_variance = np.split(flat @ to_latent + latent_bias, 2, axis=1)
    stddev = np.exp(0.5 * log_variance)
    log_likelihood, log_weight = [], []
    for batch, start in enumerate(range(0, len(x), batch_size)):
        rows = slice(start, start + batch_size)
        width = len(flat[rows])
        noise = np.concatenate(
            [normal(seed, EVALUATION, batch, [count, width, 2], first).numpy() for first, count in chunks]
        )
        z = mean[rows] + stddev[rows] * noise
        logits = z @ to_pixels + pixel_bias
        pixels = flat[rows] * special.log_expit(logits) + (1 - flat[rows]) * special.log_expit(-logits)
        log_likelihood.append(pixels.sum(-1))
        log_weight.append(
            pixels.sum(-1) + stats.norm.logpdf(z).sum(-1) - stats.norm.logpdf(z, mean[rows], stddev[rows]).sum(-1)
        )
    log_likelihood, log_weight = np.concatenate(log_likelihood, axis=1), np.concatenate(log_weight, axis=1)
    samples = len(log_weight)
    kl = 0.5 * (mean**2 + stddev**2 - 1 - log_variance)
    bounds = special.logsumexp(log_weight, axis=0) - np.log(samples)
    reconstruction = -log_likelihood.mean()
    return {
        "elbo": -(reconstruction + kl.sum(1).mean()),
        "reconstruction": reconstruction,
        "kl": kl.sum(1).mean(),
        "nll": -bounds.mean(),
        "nll_standard_error": np.sqrt(np.sum((bounds - bounds.mean()) ** 2) / (len(x) - 1) / len(x)),
        "importance_samples": samples,
        "active_units": int((mean.var(0) > 0.01).sum()),
        "kl_per_dimension": list(kl.mean(0)),
        "images": len(x),
        "is_likelihood": False,
    }


def test_all_figures_against_numpy(small_vae, gray, monkeypatch):
    monkeypatch.setattr(scoring, "PIXELS_AT_A_TIME", 3 * 3 * 4)  # three images: three samples at a time
    # The last batch has two images, so four samples at a time.
    figures = evaluate(small_vae, gray[:3], importance_samples=7, seed=9, batch_size=3)
    expected = numpy_figures(small_vae, gray[:3], [(0, 3), (3, 3), (6, 1)], 3, seed=9)
    assert figures.keys() == expected.keys()
    for name, value in expected.items():
        assert figures[name] == pytest.approx(value, rel=1e-5, abs=1e-6), name


def test_batches_draw_their_own_noise_and_count_by_image(small_vae, gray):
    figures = evaluate(small_vae, gray, importance_samples=6, seed=-4, batch_size=3)
    expected = numpy_figures(small_vae, gray, [(0, 6)], 3, seed=-4)
    for name, value in expected.items():
        assert figures[name] == pytest.approx(value, rel=1e-5, abs=1e-6), name


def test_the_parts_add_up_and_are_json(small_vae, gray):
    figures = evaluate(small_vae, gray, 3)
    assert figures["elbo"] == pytest.approx(-(figures["reconstruction"] + figures["kl"]), rel=1e-12)
    assert sum(figures["kl_per_dimension"]) == pytest.approx(figures["kl"], rel=1e-12)
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def test_standard_error_is_that_of_the_mean_over_images(small_vae, gray):
    bounds = ImportanceWeightedBound(small_vae, 10, seed=2)(tf.constant(gray)).bound.numpy().astype("float64")
    figures = evaluate(small_vae, gray, 10, seed=2)
    assert figures["nll"] == pytest.approx(-bounds.mean(), rel=1e-7)
    assert figures["nll_standard_error"] == pytest.approx(stats.sem(bounds), rel=1e-6)


def test_one_image_has_no_standard_error(small_vae, gray):
    figures = evaluate(small_vae, gray[:1], 3)
    assert figures["nll_standard_error"] is None
    assert figures["images"] == 1
    assert figures["active_units"] == 0


def test_the_seed_decides(small_vae, gray):
    assert evaluate(small_vae, gray, 4, seed=1) == evaluate(small_vae, gray, 4, seed=1)
    one, other = evaluate(small_vae, gray, 4, seed=1), evaluate(small_vae, gray, 4, seed=2)
    assert one["nll"] != other["nll"]
    assert one["reconstruction"] != other["reconstruction"]
    assert one["kl"] == other["kl"]


def test_arrays_datasets_and_labelled_datasets_are_the_same(small_vae, gray):
    labels = np.arange(5)
    expected = evaluate(small_vae, gray, 3, batch_size=2)
    images = tf.data.Dataset.from_tensor_slices(gray).batch(2)
    labelled = tf.data.Dataset.from_tensor_slices((gray, labels)).batch(2)
    batches = [gray[:2], gray[2:4], gray[4:]]
    for data in (images, labelled, batches, iter(batches)):
        assert evaluate(small_vae, data, 3) == expected
    assert evaluate(small_vae, tf.constant(gray), 3, batch_size=2) == expected


def test_progress_counts_batches(small_vae, gray):
    done = []
    evaluate(small_vae, gray, 1, batch_size=2, progress=done.append)
    assert done == [1, 2, 3]


def test_gray_pixels_are_no_likelihood_under_bernoulli(small_vae, gray, linear_gaussian):
    binary = np.round(gray)
    assert evaluate(small_vae, binary, 1)["is_likelihood"] is True
    assert evaluate(small_vae, gray, 1)["is_likelihood"] is False
    # One gray pixel in a later batch is enough.
    mixed = np.concatenate([binary, gray[:1]])
    assert evaluate(small_vae, mixed, 1, batch_size=5)["is_likelihood"] is False
    assert evaluate(linear_gaussian.model(), gray, 1)["is_likelihood"] is True


def test_a_collapsed_model_has_no_active_unit(small_vae, gray):
    kernel, bias = small_vae.encoder.get_weights()
    small_vae.encoder.set_weights([0 * kernel, 0 * bias])
    figures = evaluate(small_vae, gray, 1)
    assert figures["active_units"] == 0
    assert figures["kl"] == 0
    assert figures["kl_per_dimension"] == [0, 0]

    kernel[:] = 0
    kernel[0, 1] = 3  # only the second mean sees the image
    small_vae.encoder.set_weights([kernel, bias])
    assert evaluate(small_vae, gray, 1)["active_units"] == 1


def test_targets_beside_the_images_are_no_images(small_vae, gray):
    """As of `fit(x, x)`, and of labels of a model that has no classes."""
    alone = evaluate(small_vae, gray, 2, batch_size=2)
    assert alone["images"] == 5
    for target in (gray, np.arange(5), np.eye(5), tf.constant(gray)):
        assert evaluate(small_vae, (gray, target), 2, batch_size=2) == alone
    assert evaluate(small_vae, (gray,), 2, batch_size=2) == alone
    assert evaluate(small_vae, [gray[:2], gray[2:4], gray[4:]], 2) == alone
    for data in ((gray, gray[:4]), (gray, gray, gray)):
        with pytest.raises(
            ValueError, match=r"data is a tuple of arrays .*: expected images, or images and as many labels"
        ):
            evaluate(small_vae, data)


def bad_pixel(value):
    x = np.full([3, 2, 2, 1], 0.5, np.float32)
    x[2, 1, 1, 0] = value
    return x


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bad_pixel(255.0), r"batch 0 of data are .*255: .*\[0, 1\].*divide by 255"),
        (bad_pixel(np.nan), r"batch 0 of data are NaN"),
        (bad_pixel(-1.0), r"batch 0 of data are .*\[0, 1\]"),
        (np.zeros([3, 2, 2, 1], np.uint8), r"uint8"),
        (np.zeros([3, 2, 3, 1], np.float32), r"is \[3, 2, 3, 1\]: expected \[n, 2, 2, 1\]"),
        (np.zeros([3, 2, 2, 3], np.float32), r"is \[3, 2, 2, 3\]: expected \[n, 2, 2, 1\]"),
        (np.zeros([3, 2, 2], np.float32), r"rank 4"),
        (np.zeros([0, 2, 2, 1], np.float32), r"at least one image"),
        ([], r"at least one image"),
        ((np.array(0.5, np.float32),), r"rank 4"),
        (tf.data.Dataset.from_tensor_slices(bad_pixel(0.5)).batch(2).take(0), r"at least one image"),
        (tf.data.Dataset.from_tensor_slices(bad_pixel(255.0)).batch(2), r"batch 1 of data are .*divide by 255"),
    ],
    ids=[
        "0-255",
        "nan",
        "negative",
        "uint8",
        "size",
        "channels",
        "rank",
        "empty",
        "no batch",
        "a number",
        "no data",
        "later",
    ],
)
def test_refuses_what_is_no_image(small_vae, data, message):
    with pytest.raises(ValueError, match=message) as caught:
        evaluate(small_vae, data, 1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("samples", [0, -1, 2.5])
def test_refuses_fewer_than_one_sample(small_vae, gray, samples):
    with pytest.raises(ValueError, match=r"importance_samples is .*at least 1"):
        evaluate(small_vae, gray, samples)


@pytest.mark.parametrize("seed", [2**31, 1.5])
def test_refuses_a_seed_that_is_no_int32(small_vae, gray, seed):
    with pytest.raises(ValueError, match="seed"):
        evaluate(small_vae, gray, 1, seed=seed)


@pytest.mark.parametrize("batch_size", [0, -1])
def test_refuses_a_batch_size_below_one(small_vae, gray, batch_size):
    with pytest.raises(ValueError, match="batch_size"):
        evaluate(small_vae, gray, 1, batch_size=batch_size)


def test_a_likelihood_of_bytes_is_judged_in_bits_a_dimension_too(small_vae, gray):
    assert "bits_per_dimension" not in evaluate(small_vae, gray, 1)
    model = VAE.from_preset("digits_mlp", likelihood="discretised_logistic_mixture")
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1)).astype("float32") / 255
    figures = evaluate(model, pixels, 2)
    assert figures["is_likelihood"] is True
    assert figures["bits_per_dimension"] == pytest.approx(figures["nll"] / np.log(2) / 64)
    assert 7.9 < figures["bits_per_dimension"] < 12  # random bytes: no code is shorter than 8 bits


def test_data_without_an_end_and_weights_of_samples_are_refused(small_vae, gray):
    batches = tf.data.Dataset.from_tensor_slices(gray).batch(4)
    with pytest.raises(ValueError, match="data is a dataset without an end: expected a finite one"):
        evaluate(small_vae, batches.repeat())
    weighted = [(batch, np.zeros(len(batch)), np.ones(len(batch))) for batch in batches]
    with pytest.raises(ValueError, match="batch 0 of data has weights of samples"):
        evaluate(small_vae, weighted, importance_samples=1)
