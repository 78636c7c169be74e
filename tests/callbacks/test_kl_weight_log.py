import numpy as np
import pytest

from keras_vae.callbacks import KLWeightLog
from keras_vae.objectives.annealing import CyclicalAnnealing, LinearWarmUp
from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.free_bits import FreeBits


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        (ELBO(LinearWarmUp(steps=12, final=0.5)), [0.5 * 5 / 12, 0.5 * 11 / 12, 0.5]),
        (FreeBits(0.1, kl_weight=LinearWarmUp(steps=10)), [0.5, 1.0, 1.0]),
        (ELBO(0.25), [0.25, 0.25, 0.25]),
    ],
    ids=["warm-up", "free bits", "constant"],
)
def test_the_weight_of_the_last_step_of_each_epoch(compiled, binary, objective, expected):
    """Six steps an epoch: the last are steps 5, 11 and 17."""
    history = (
        compiled(objective=objective).fit(binary, batch_size=10, epochs=3, verbose=0, callbacks=[KLWeightLog()]).history
    )
    np.testing.assert_allclose(history["kl_weight"], expected, rtol=1e-6)


def test_it_is_the_weight_by_which_the_loss_was_made(compiled, binary):
    model = compiled(objective=ELBO(CyclicalAnnealing()), learning_rate=0.0)
    history = model.fit(binary, batch_size=60, epochs=4, verbose=0, callbacks=[KLWeightLog()]).history
    penalty = np.subtract(history["loss"], history["reconstruction_loss"])
    np.testing.assert_allclose(penalty, np.multiply(history["kl_weight"], history["kl_loss"]), atol=1e-4)


def test_an_objective_without_a_weight_is_refused(compiled, binary):
    with pytest.raises(ValueError, match="the objective is InfoVAE, which has no kl_weight") as error:
        compiled(objective="info_vae").fit(binary, verbose=0, callbacks=[KLWeightLog()])
    assert "\n" not in str(error.value)
