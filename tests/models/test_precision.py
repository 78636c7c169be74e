"""Half precision ends where single precision does."""

import keras
import numpy as np
import pytest

from keras_vae.data.load import load_arrays
from keras_vae.data.pipeline import build_pipeline
from keras_vae.evaluation.evaluate import evaluate
from keras_vae.models.vae import VAE

EPOCHS = 40
SEEDS = (0, 1)
SPREAD = 1.1  # standard deviation over seeds of the ELBO in float32, nats, measured over eleven


def final_elbo(policy, seed):
    arrays = {split: load_arrays("digits", split) for split in ("train", "test")}
    keras.mixed_precision.set_dtype_policy(policy)
    try:
        model = VAE.from_preset("digits_mlp", seed=seed)
        train = build_pipeline(arrays["train"], batch_size=128, seed=seed)
        decay = keras.optimizers.schedules.CosineDecay(3e-3, EPOCHS * len(train))
        model.compile(keras.optimizers.Adam(decay), jit_compile=False)
        history = model.fit(train, epochs=EPOCHS, verbose=0).history
        assert np.isfinite(history["loss"]).all()
        # sharing the weights with a model in float32 judges what was learnt, apart from how it is computed
        keras.mixed_precision.set_dtype_policy("float32")
        single = VAE.from_preset("digits_mlp", seed=seed)
        single.set_weights(model.get_weights())
        test = build_pipeline(arrays["test"], batch_size=120)
        return [evaluate(each, test, importance_samples=1, seed=0)["elbo"] for each in (model, single)]
    finally:
        keras.mixed_precision.set_dtype_policy("float32")


@pytest.mark.slow
def test_mixed_precision_ends_within_the_noise_of_seeds():
    float32 = np.array([final_elbo("float32", seed)[0] for seed in SEEDS])
    for policy in ("mixed_bfloat16", "mixed_float16"):
        computed, learnt = np.array([final_elbo(policy, seed) for seed in SEEDS]).T
        np.testing.assert_allclose(computed, learnt, atol=0.1)
        difference = np.mean(learnt - float32)
        assert abs(difference) < 3 * SPREAD * np.sqrt(2 / len(SEEDS))
        # float16 skips a few of the first steps, which is another training; bfloat16 skips none
        assert policy == "mixed_float16" or abs(difference) < 0.5
