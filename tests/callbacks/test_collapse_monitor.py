import warnings

import numpy as np
import pytest

import keras_vae
from keras_vae.callbacks import CollapseMonitor
from keras_vae.evaluation.evaluate import evaluate
from keras_vae.objectives.elbo import BetaVAE


def test_it_logs_what_evaluate_says(compiled, binary):
    model, monitor = compiled(), CollapseMonitor(binary, count=25)
    history = model.fit(binary, epochs=3, verbose=0, callbacks=[monitor]).history
    assert len(history["active_units"]) == len(monitor.kl_per_dimension) == 3
    judged = evaluate(model, binary[:25], 1)
    assert history["active_units"][-1] == judged["active_units"]
    np.testing.assert_allclose(monitor.kl_per_dimension[-1], judged["kl_per_dimension"], rtol=1e-5)


def test_a_collapsed_model_is_warned_of_once_with_the_remedy(compiled, binary):
    """A KL of a thousand times its weight is not worth paying."""
    model = compiled(objective=BetaVAE(1000.0))
    monitor = CollapseMonitor(binary, patience=3)
    with pytest.warns(UserWarning, match="posterior collapse") as caught:
        history = model.fit(binary, batch_size=10, epochs=25, verbose=0, callbacks=[monitor]).history
    (warning,) = [each for each in caught if "posterior collapse" in str(each.message)]
    text = str(warning.message)
    first = 1 + next(epoch for epoch in range(25) if history["active_units"][epoch : epoch + 3] == [0, 0, 0])
    assert f"0 of 2 latent dimensions are active after epoch {first + 2}, expected at least 1" in text
    assert "LinearWarmUp" in text
    assert "FreeBits" in text
    assert max(monitor.kl_per_dimension[-1]) < 0.01


def test_a_model_that_uses_its_latent_is_not(compiled, binary):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled().fit(binary, batch_size=10, epochs=4, verbose=0, callbacks=[CollapseMonitor(binary, patience=1)])


def test_it_changes_nothing_of_the_training(compiled, binary):
    plain, watched = compiled(), compiled()
    plain.fit(binary, epochs=2, shuffle=False, verbose=0)
    watched.fit(binary, epochs=2, shuffle=False, verbose=0, callbacks=[CollapseMonitor(binary)])
    for one, other in zip(plain.get_weights(), watched.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_priors_without_a_closed_form(compiled, binary):
    model = compiled(prior="gaussian_mixture", posterior="full_normal")
    monitor = CollapseMonitor(binary)
    model.fit(binary, epochs=1, verbose=0, callbacks=[monitor])
    expected = evaluate(model, binary, 1)["kl_per_dimension"]
    np.testing.assert_allclose(monitor.kl_per_dimension[0], expected, rtol=1e-4)


def test_a_conditional_model_is_watched_with_its_labels(compiled, binary):
    labels = np.arange(60) % 3
    model = compiled(classes=3)
    monitor = CollapseMonitor((binary, labels), count=30)
    model.fit(binary, labels, epochs=1, verbose=0, callbacks=[monitor])
    expected = evaluate(model, (binary[:30], labels[:30]), 1)["kl_per_dimension"]
    np.testing.assert_allclose(monitor.kl_per_dimension[0], expected, rtol=1e-5)


def test_its_state_goes_into_a_checkpoint(compiled, binary, tmp_path):
    whole = CollapseMonitor(binary)
    compiled().fit(binary, epochs=2, shuffle=False, verbose=0, callbacks=[whole])
    for epochs in (1, 2):
        model, monitor = compiled(), CollapseMonitor(binary)
        checkpoint = keras_vae.Checkpoint(tmp_path, also={"collapse": monitor})
        epoch = checkpoint.resume(model)
        callbacks = [monitor, checkpoint]
        kept = model.fit(
            binary, initial_epoch=epoch, epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks
        ).history
    assert monitor.kl_per_dimension == whole.kl_per_dimension
    assert len(kept["active_units"]) == 2


@pytest.mark.parametrize("arguments", [{"count": 0}, {"least": 0}, {"patience": -1}, {"count": "a"}], ids=str)
def test_refuses_numbers_below_one(binary, arguments):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))} is .*expected a whole number of at least 1"):
        CollapseMonitor(binary, **arguments)


def test_refuses_what_is_no_image(compiled, binary):
    with pytest.raises(ValueError, match=r"batch 0 of data are .*divide by 255"):
        compiled().fit(binary, verbose=0, callbacks=[CollapseMonitor(binary * 255)])
