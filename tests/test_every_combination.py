"""The contract of the parts: any preset, likelihood, prior, posterior and objective work together.

Likelihood, prior and objective meet in every triple; with the presets and posteriors, in every pair. Graphs take the
time, so they are traced in the smallest model that has the pair: steps with each likelihood and prior, and with each
objective and posterior; files with each likelihood and prior. The others run eagerly, the same Python.
"""

import itertools

import keras
import numpy as np
import pytest
from allpairspy import AllPairs

from keras_vae import registry
from keras_vae.export.formats.onnx import write_onnx
from keras_vae.export.formats.saved_model import write_saved_model
from keras_vae.export.formats.signatures import signatures
from keras_vae.export.formats.tflite import TFLiteFiles
from keras_vae.export.runtimes.runtime import load_runtime
from keras_vae.models.vae import VAE
from keras_vae.objectives.free_bits import FreeBits
from keras_vae.posteriors.coupling_flow import CouplingFlow
from keras_vae.posteriors.top_down import TopDown
from keras_vae.presets.read import preset_names, read_preset
from keras_vae.priors.real_nvp import RealNVP
from keras_vae.priors.vamp import VampPrior

FAMILIES = {
    "preset": [name for name in preset_names() if name != "emoji_ladder"],  # here the network of mnist_ladder
    **{kind: registry.names(kind) for kind in ("objective", "likelihood", "prior", "posterior")},
}
# A VampPrior is a mixture of diagonal normals; the doubly reparameterised gradient is of the encoder's outputs alone.
REFUSED = [{"vamp", "full_normal"}, {"vamp", "coupling_flow"}, {"iwae_dreg", "coupling_flow"}]
IMAGES = np.random.default_rng(0).integers(0, 2, (16, 8, 8, 1)).astype("float32")
# Of presets and posteriors these go with each other alone: a ladder's posterior walks its decoder.
LADDER = {"preset": "mnist_ladder", "posterior": "top_down"}
LADDER_NETWORK = {"groups": [(2, 2), (2, 1)], "filters": [4, 4], "features": 2, "blocks": 1}
LADDER_CHANGES = {"image_shape": (8, 8, 1), "network": LADDER_NETWORK}
REFUSED += [{"vamp", "mnist_ladder"}, {"vamp", "top_down"}, {"iwae_dreg", "mnist_ladder"}, {"iwae_dreg", "top_down"}]
REFUSED += [{"mnist_ladder", other} for other in FAMILIES["posterior"] if other != "top_down"]
REFUSED += [{"top_down", other} for other in FAMILIES["preset"] if other != "mnist_ladder"]


def makes_sense(row):
    return not any(refused <= set(row) for refused in REFUSED)


# By default a dimension is free up to 0.1 nats, which is more than an untrained posterior has to say.
INSTEAD = {
    "vamp": lambda: VampPrior(4),
    "real_nvp": lambda: RealNVP(2, (8,)),
    "free_bits": lambda: FreeBits(1e-4),
    "coupling_flow": lambda: CouplingFlow(couplings=2, hidden=8, context=4),
    "top_down": lambda: TopDown(hidden=4),
}


def rows():
    """All pairs without the ladder, then the ladder with every objective, likelihood and prior."""
    # in an order in which AllPairs leaves out no pair because of those that are refused
    order = ("likelihood", "objective", "prior", "preset", "posterior")
    others = [[name for name in FAMILIES[kind] if name != LADDER.get(kind)] for kind in order]
    for row in AllPairs(others, filter_func=makes_sense):
        yield [dict(zip(order, row, strict=True))[kind] for kind in FAMILIES]
    kinds = [[name for name in FAMILIES[kind] if makes_sense(["mnist_ladder", name])] for kind in list(FAMILIES)[1:-1]]
    for number in range(max(map(len, kinds))):
        yield ["mnist_ladder", *(names[number % len(names)] for names in kinds), "top_down"]


COMBINATIONS = [dict(zip(FAMILIES, row, strict=True)) for row in rows()]


def test_every_pair_of_choices_is_met():
    for one, other in itertools.combinations(FAMILIES, 2):
        met = {(parts[one], parts[other]) for parts in COMBINATIONS}
        assert met == set(filter(makes_sense, itertools.product(FAMILIES[one], FAMILIES[other])))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.* is not a likelihood of these pixels")
@pytest.mark.parametrize("parts", COMBINATIONS, ids=lambda parts: "-".join(parts.values()))
def test_fits_saves_loads_and_generates(parts, tmp_path):
    preset = parts["preset"]
    shape = read_preset(preset)["image_shape"]
    keras.utils.set_random_seed(1)
    changes = {"image_shape": (8, 16, 3) if shape == [64, 64, 3] else shape, "latent_dim": 3}
    model = VAE.from_preset(preset, **made(parts), **(LADDER_CHANGES if preset == LADDER["preset"] else changes))
    # A ladder is traced here: it is small, and meets every objective once. RMSprop, which moves weights of small
    # gradients too, has half of Adam's operators.
    ladder = preset == LADDER["preset"]
    model.compile("rmsprop", jit_compile=False, steps_per_execution=1, run_eagerly=not ladder)
    model.step.assign(100)  # warm-ups begin at a weight of 0
    for weight in model.trainable_weights:  # and branches at zeros, which give none to what is behind them
        weight.assign_add(keras.random.normal(weight.shape, stddev=0.1))
    check_training(model, parts)

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.objective.get_config() == model.objective.get_config()
    drawn = model.generate(3, seed=1)
    assert drawn.shape == (3, *model.image_shape)
    assert np.isfinite(drawn).all()
    np.testing.assert_array_equal(loaded.generate(3, seed=1), drawn)


@pytest.mark.parametrize(
    ("posterior", "objective"),
    [
        pair
        for pair in filter(makes_sense, itertools.product(FAMILIES["posterior"], FAMILIES["objective"]))
        if pair[0] != LADDER["posterior"]
    ],
)
def test_steps_are_traced_with_every_objective_and_posterior(posterior, objective):
    check_traced_training(smallest({"posterior": posterior, "objective": objective}))


@pytest.mark.slow
@pytest.mark.parametrize("prior", FAMILIES["prior"])
@pytest.mark.parametrize("likelihood", FAMILIES["likelihood"])
def test_every_likelihood_and_prior_train_by_every_objective_and_are_exported(likelihood, prior, tmp_path):
    model = smallest({"likelihood": likelihood, "prior": prior})
    model.compile("rmsprop", run_eagerly=True)
    model.step.assign(100)  # warm-ups begin at a weight of 0
    for objective in FAMILIES["objective"]:
        parts = {"likelihood": likelihood, "prior": prior, "objective": objective}
        model.objective = made(parts)["objective"]
        before = [weight.numpy() for weight in model.trainable_weights]
        logs = model.train_on_batch(IMAGES, return_dict=True)
        assert all(np.isfinite(value) for value in logs.values()), f"{objective}: {logs}"
        check_gradients(model, before, parts)
    model.objective = "elbo"
    check_traced_training(model)
    check_exports(model, model.generate(3, seed=1), tmp_path)


def made(parts):
    """The parts' names, or objects where a test needs a smaller one than the name gives."""
    named = {part: name for part, name in parts.items() if part != "preset"}
    return {part: INSTEAD[name]() if name in INSTEAD else name for part, name in named.items()}


def smallest(parts):
    """A model of two latents."""
    keras.utils.set_random_seed(1)
    parts = made({"likelihood": "bernoulli", "prior": "standard_normal", **parts})
    return VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, **parts)


def check_traced_training(model):
    model.compile("rmsprop", jit_compile=False, steps_per_execution=1)
    model.step.assign(100)
    history = model.fit(IMAGES, batch_size=16, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())


def check_training(model, parts):
    images = np.random.default_rng(0).integers(0, 17, (16, *model.image_shape)).astype("float32") / 16
    before = [weight.numpy() for weight in model.trainable_weights]
    history = model.fit(images, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    check_gradients(model, before, parts)


def check_gradients(model, before, parts):
    """Every weight has moved."""
    for weight, start in zip(model.trainable_weights, before, strict=True):
        assert np.isfinite(weight.numpy()).all(), f"{weight.path} of {parts}"
        moved = np.any(weight.numpy() != start)
        assert moved or may_stand_still(weight, model, parts), f"{weight.path} of {parts} had no gradient"


def may_stand_still(weight, model, parts):
    """Of a prior's weights, those that some objectives give no gradient.

    Free bits give none to the prior where a Monte Carlo estimate of the KL of a batch is under the floor, as it may be
    right after the start. The MMD sees samples of the prior alone, and which component one comes from has none.
    """
    if not any(weight is each for each in model.prior.weights):
        return False
    logits = parts["prior"] == "gaussian_mixture" and weight.path.endswith("/logits")
    return parts["objective"] == "free_bits" or (parts["objective"] == "mmd_vae" and logits)


def check_exports(model, drawn, folder):
    functions = {name: function for name, function in signatures(model).items() if name in ("generate", "score")}
    saved = write_saved_model(functions, folder / "saved_model")
    artifacts = {
        "saved_model": saved,
        "vae.tflite": TFLiteFiles(folder / "saved_model").write(folder / "vae.tflite", list(functions)),
        **{f"{name}.onnx": write_onnx(name, functions[name], folder / f"{name}.onnx") for name in functions},
    }
    inputs = {"index": np.arange(3, dtype=np.int32), "seed": np.int32(1), "temperature": np.float32(1)}
    scored = {"image": np.round(drawn * 15) / 15, "index": inputs["index"], "seed": inputs["seed"]}
    expected = model.score(scored["image"], seed=1)
    for path, artifact in artifacts.items():
        run = load_runtime(folder, path, vars(artifact))
        if "generate" in artifact.signatures:
            np.testing.assert_allclose(run("generate", **inputs)["image"], drawn, atol=1e-4, err_msg=path)
        if "score" in artifact.signatures:
            for name, values in run("score", **scored).items():
                np.testing.assert_allclose(values, getattr(expected, name), rtol=1e-4, atol=2e-3, err_msg=path)
