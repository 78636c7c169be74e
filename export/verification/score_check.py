"""Whether a file scores images as Keras did: golden scores of the bundle's own images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from keras_vae.export.contents.golden import SCORED
from keras_vae.export.runtimes.runtime import Runtime
from keras_vae.export.runtimes.score import scores_by
from keras_vae.models.scores import Scores

# One image may differ by so many times what the mean over all may: errors of images go either way.
OF_ONE_IMAGE = 10


class ScoreCheck(NamedTuple):
    """Holds loaded files against the golden scores.

    Attributes:
        images: of the bundle, float32 `[m, H, W, C]`, of which the first are scored.
        labels: of a conditional model's, int32 `[m]`; None for others.
        golden: the bundle's golden scores.
    """

    images: np.ndarray
    labels: np.ndarray | None
    golden: Mapping[str, Any]

    def __call__(self, runtime: Runtime, limit: float) -> tuple[float, list[str]]:
        """Return what the mean ELBO by the file is below Keras', in nats per image, and what is wrong, in words.

        Args:
            runtime: a file with the signature `score`.
            limit: the largest loss, in nats.
        """
        given = {} if self.labels is None else {"label": self.labels[:SCORED]}
        found = scores_by(runtime, self.images[:SCORED], given, self.golden["seed"])
        misses = []
        for name in Scores._fields:
            error = float(np.max(np.abs(found[name] - np.array(self.golden[name], np.float64))))
            if not error <= OF_ONE_IMAGE * limit:
                misses.append(f"score's {name} is off by {error:.3g} nats: expected at most {OF_ONE_IMAGE * limit:g}")
        return mean_elbo(self.golden) - float(found["elbo"].astype(np.float64).mean()), misses


def stated_elbo(golden: Mapping[str, Any]) -> float | None:
    """Return the ELBO of the model that golden values state, in nats per image; None where they state none.

    By the mean of p(x|z) where it tells all of it, as files have it; else by scores.
    """
    if golden["elbo"]:
        return golden["elbo"]["elbo"]
    return mean_elbo(golden["score"]) if "score" in golden else None


def mean_elbo(golden: Mapping[str, Any]) -> float:
    """Return the mean of the golden ELBOs, in nats."""
    return float(np.mean(golden["elbo"]))
