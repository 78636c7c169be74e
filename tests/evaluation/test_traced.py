"""A judgement leaves no graph behind: functions of a model are traced once, and go with it."""

import gc
import weakref

import numpy as np
import pytest

import keras_vae
from keras_vae.evaluation import elbo_surgery, evaluate, importance
from keras_vae.evaluation.mutual_information_gap import mutual_information_gap

IMAGES = np.random.default_rng(0).integers(0, 2, [130, 8, 8, 1]).astype("float32")  # batches of 100 and 30
POSTERIORS = {
    "diagonal_normal": lambda: "diagonal_normal",
    "full_normal": lambda: "full_normal",
    "coupling_flow": lambda: keras_vae.posteriors.CouplingFlow(couplings=2, hidden=8, context=4),
}


def built(posterior="diagonal_normal"):
    return keras_vae.VAE.from_preset(
        "digits_mlp", latent_dim=2, likelihood="bernoulli", posterior=POSTERIORS[posterior](), network={"hidden": [8]}
    )


def judge(model, seed=0, samples=3):
    return (
        evaluate.evaluate(model, IMAGES, samples, seed=seed)["nll"],
        elbo_surgery.elbo_surgery(model, IMAGES, samples=samples, seed=seed)["marginal_kl"],
        mutual_information_gap(model, IMAGES, {"half": np.arange(130) % 2}, seed=seed)["mig"],
    )


@pytest.fixture
def traces(monkeypatch):
    """Counts how often Python runs what a graph is made of."""
    counts = {}

    def count(module, name):
        function = getattr(module, name)

        def counting(*args, **kwargs):
            counts[module.__name__, name] = counts.get((module.__name__, name), 0) + 1
            return function(*args, **kwargs)

        monkeypatch.setattr(module, name, counting)

    count(importance, "normal")
    count(elbo_surgery, "normal")
    count(evaluate, "factorise")
    return counts


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_functions_are_traced_once(traces, posterior):
    model = built(posterior)
    judge(model)
    once = dict(traces)
    added = elbo_surgery._add_some.experimental_get_tracing_count()
    assert len(once) == 3
    assert max(once.values()) <= 2  # for the last batch, which is smaller, once more
    first = judge(model)
    for seed in range(5):
        judge(model, seed, samples=2 + seed)
    assert judge(model) == first
    assert traces == once
    assert elbo_surgery._add_some.experimental_get_tracing_count() <= added + 1  # whose shape of latents is then free


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_they_do_not_keep_a_model(posterior):
    model = built(posterior)
    judge(model)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_weights_and_parts_are_those_of_now(tmp_path):
    model = built()
    before = judge(model)
    model.save(tmp_path / "model.keras")
    model.set_weights([np.full_like(weight, 0.1) for weight in model.get_weights()])
    other = built()
    other.set_weights(model.get_weights())
    assert judge(model) == pytest.approx(judge(other))
    assert judge(model)[0] != pytest.approx(before[0])
    model.likelihood = keras_vae.likelihoods.Gaussian()
    model.likelihood.build((8, 8, 1))
    gaussian = evaluate.evaluate(model, IMAGES, 3)["nll"]
    assert gaussian != pytest.approx(judge(other)[0])
    assert gaussian == pytest.approx(
        -np.mean(importance.ImportanceWeightedBound(model, 3)(IMAGES[:100]).bound), rel=0.1
    )
