"""Watches how much information the latent has, and warns if the decoder no longer uses it."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np

from keras_vae.checks.number import whole_number
from keras_vae.data.batches import image_batches
from keras_vae.evaluation.evaluate import active_units, information_per_dimension
from keras_vae.evaluation.posteriors import check_model, moments_of, posteriors_of
from keras_vae.objectives.kl import factorise, kl_per_dimension


class CollapseMonitor(keras.callbacks.Callback):
    """Logs `active_units` after each epoch, and warns once if the posterior collapses, with what to do about it.

    A collapsed posterior equals the prior for every image: its KL is zero, and it has no information for the decoder.
    Training seldom recovers from it (Bowman et al. 2016). The figures are computed on the same images in every epoch,
    without random numbers. Put this callback before `Checkpoint`, which stores the log.

    Args:
        data: validation images: an array float32 `[n, H, W, C]` in [0, 1], a pair of such an array and labels for a
            conditional model, or batches, which are read once when training begins.
        count: number of images to use, from the first on; 1,000 by default.
        least: smallest number of active dimensions without a warning; 1 by default.
        patience: number of consecutive epochs with fewer active dimensions before the warning; 2 by default.

    Attributes:
        kl_per_dimension: for each epoch, a list with the nats of each latent dimension, as in `evaluate`.

    Raises:
        ValueError: if a number is below 1 or the images are unusable.

    Example:
        >>> import numpy as np, keras_vae
        >>> images = np.random.default_rng(0).integers(0, 2, [64, 8, 8, 1]).astype("float32")
        >>> model = keras_vae.VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]})
        >>> model.compile("adam", jit_compile=False)
        >>> monitor = keras_vae.callbacks.CollapseMonitor(images)
        >>> history = model.fit(images, epochs=1, verbose=0, callbacks=[monitor]).history
        >>> len(history["active_units"]), len(monitor.kl_per_dimension[0])
        (1, 2)
    """

    def __init__(self, data: Any, count: int = 1000, least: int = 1, patience: int = 2) -> None:
        super().__init__()
        self.data = data
        self.count: int = whole_number("count", count, 1)
        self.least: int = whole_number("least", least, 1)
        self.patience: int = whole_number("patience", patience, 1)
        self.kl_per_dimension: list[list[float]] = []
        self._epochs_below, self._warned = 0, False
        self._watched: list[tuple[np.ndarray, ...]] | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Take the images that are watched."""
        check_model(self.model)
        if self._watched is None:
            self._watched = self._first()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Log the active units; warn if they are too few for too long."""
        posteriors, prior = posteriors_of(self.model, self._watched), self.model.prior()
        means, stddevs = (np.asarray(each) for each in moments_of(self.model, posteriors))
        if factorise(posteriors, prior):
            nats = np.mean(kl_per_dimension(posteriors, prior), axis=0)
        else:
            nats = information_per_dimension(means, stddevs)
        self.kl_per_dimension.append([float(value) for value in nats])
        active = active_units(means)
        if logs is not None:
            logs["active_units"] = active
        self._epochs_below = self._epochs_below + 1 if active < self.least else 0
        if self._epochs_below >= self.patience and not self._warned:
            self._warned = True
            warnings.warn(
                f"posterior collapse: {active} of {len(nats)} latent dimensions are active after epoch {epoch + 1}, "
                f"expected at least {self.least}; raise the KL's weight slowly (ELBO(LinearWarmUp(steps))), keep some "
                "nats free of it (FreeBits()), or lower the learning rate, and start again",
                stacklevel=2,
            )

    def get_state(self) -> dict[str, Any]:
        """Return what `Checkpoint(also={"collapse": monitor})` keeps."""
        return {"kl": self.kl_per_dimension, "below": self._epochs_below, "warned": self._warned}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take a state that `get_state` returned."""
        self.kl_per_dimension = [list(row) for row in state["kl"]]
        self._epochs_below, self._warned = state["below"], state["warned"]

    def _first(self) -> list[tuple[np.ndarray, ...]]:
        watched, left = [], self.count
        batches = image_batches(self.data, "data", self.model.image_shape, 250, self.model.classes)
        for batch in batches:
            watched.append(tuple(part[:left] for part in batch if part is not None))
            left -= len(watched[-1][0])
            if left <= 0:
                break
        return watched
