"""Logs the weight of the KL term."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from keras_vae.objectives.elbo import ELBO


class KLWeightLog(keras.callbacks.Callback):
    """Logs `kl_weight` after each epoch: the weight of the KL at the last step of the epoch.

    Put it before callbacks that read the log, such as `Checkpoint` and `keras.callbacks.CSVLogger`.

    Raises:
        ValueError: when training begins, if the objective has no weight of the KL.

    Example:
        >>> import numpy as np, keras_vae
        >>> from keras_vae.objectives.elbo import ELBO
        >>> from keras_vae.objectives.annealing import LinearWarmUp
        >>> model = keras_vae.VAE.from_preset("digits_mlp", latent_dim=2, objective=ELBO(LinearWarmUp(steps=8)))
        >>> model.compile("adam", jit_compile=False)
        >>> images = np.zeros([64, 8, 8, 1], "float32")
        >>> log = keras_vae.callbacks.KLWeightLog()
        >>> model.fit(images, batch_size=32, epochs=2, verbose=0, callbacks=[log]).history["kl_weight"]
        [0.125, 0.375]
    """

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Check that there is a weight."""
        objective = getattr(self.model, "objective", None)
        if not isinstance(objective, ELBO):
            raise ValueError(
                f"the objective is {type(objective).__name__}, which has no kl_weight: expected ELBO or one made from "
                "it, such as FreeBits; leave KLWeightLog out"
            )

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Log the weight at the step before the model's count of steps, which is the next one's number."""
        last = max(int(self.model.step.numpy()) - 1, 0)
        if logs is not None:
            logs["kl_weight"] = float(self.model.objective.at(tf.constant(last)).weight())
