"""Ladders with different splits of the latent beside one vector, on MNIST, at equal processor time.

    python benchmarks/ladder_splits.py train NAME [--minutes 12]    # records in ladder_splits.json
    python benchmarks/ladder_splits.py table

Dynamically binarised MNIST, the first 50,000 training images, one thread; the learning rate follows the processor
time. Judged by the averaged weights on the first 1,000 images of the validation set, with 64 samples an
image, in nats; the judging is not in the minutes. What was found is in ladders.md.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from published_likelihoods import judged, splits

from keras_vae.data.pipeline import build_pipeline
from keras_vae.distributions.autoregressive import Walked
from keras_vae.evaluation.evaluate import evaluate
from keras_vae.models.vae import VAE
from keras_vae.networks.top_down import split
from keras_vae.objectives import ELBO, LinearWarmUp
from keras_vae.optimizers.convolutional_muon import ConvolutionalMuon
from keras_vae.posteriors.top_down import TopDown

tfd = tfp.distributions
RECORD = Path(__file__).with_suffix(".json")
BATCH, STEPS, WARM_UP = 128, 10, 150  # steps between two looks at the clock, and in which the KL's weight rises
ONE_VECTOR = {"preset": "mnist_conv_mixture"}


class AtSamples(tfd.Distribution):
    """A distribution whose density is known at its samples alone."""

    def __init__(self, log_density: tf.Tensor) -> None:
        super().__init__(tf.float32, tfd.FULLY_REPARAMETERIZED, validate_args=False, allow_nan_stats=True)
        self._log_density = log_density

    def _log_prob(self, e: tf.Tensor) -> tf.Tensor:
        return self._log_density


class FlowsWithinGroups(TopDown):
    """Each group's latents carried on by two affine couplings of its channels, given the state and the features.

    log q(e_l | e_<l, x) = log N(u_l; mean_l, stddev_l^2) - log |det df_l / du_l|, where e_l = f_l(u_l).
    """

    def set_networks(self, encoder: keras.Model, decoder: keras.Model) -> None:
        """Make the couplings' networks too; the flow starts at the identity."""
        super().set_networks(encoder, decoder)
        self.couplings: list[list[keras.Model]] = []
        for number, (state, (*size, channels)) in enumerate(
            zip(decoder.state_shapes, decoder.group_shapes, strict=True)
        ):
            seen = self._maps[self._map_of[number]][-1] + (state[-1] if state else 0) + channels // 2
            self.couplings.append([coupling((*size, seen), channels, 2 * number + place) for place in range(2)])

    def walk(self, parameters: tf.Tensor, *, noise: tf.Tensor | None = None, e: tf.Tensor | None = None) -> Walked:
        """As `TopDown.walk`, of noise or along the means; in the place of the means stands log q(e|x), by dimension."""
        maps = [
            tf.reshape(each, [-1, *shape])
            for each, shape in zip(split(parameters, [math.prod(each) for each in self._maps]), self._maps, strict=True)
        ]
        noises = [0.0] * len(self.widths) if noise is None else split(noise, self.widths)
        found: list[tuple[tf.Tensor, tf.Tensor, tf.Tensor]] = []

        def latents(group: int, state: tf.Tensor | None) -> tf.Tensor:
            features = maps[self._map_of[group]]
            seen = [features] if state is None else [state, features]
            mean, log_stddev = self.groups[group](features if state is None else seen)
            u = mean + tf.exp(log_stddev) * noises[group]
            log_q = tfd.Normal(mean, tf.exp(log_stddev)).log_prob(u)
            one, other = tf.split(
                tf.reshape(u, [-1, *features.shape[1:3], self.widths[group] // math.prod(features.shape[1:3])]),
                2,
                axis=-1,
            )
            for network in self.couplings[group]:
                shift, log_scale = tf.split(network(tf.concat([one, *seen], axis=-1)), 2, axis=-1)
                log_scale = tf.tanh(log_scale)
                one, other = other * tf.exp(log_scale) + shift, one
                log_q -= tf.reduce_sum(log_scale, axis=[1, 2, 3])[:, tf.newaxis] / self.widths[group]
            found.append((log_q, tf.exp(log_stddev), tf.reshape(tf.concat([one, other], axis=-1), tf.shape(u))))
            return found[-1][-1]

        outputs = self._walk_decoder(latents, None)
        return Walked(*(tf.concat(parts, axis=-1) for parts in zip(*found, strict=True)), outputs)

    def infer(self, parameters, noise, decode, path=tf.identity):
        """As `TopDown.infer`; the KL is a Monte Carlo estimate."""
        walked = self(parameters).along(noise=noise)
        return AtSamples(tf.reduce_sum(walked.mean, axis=-1)), path(walked.e), walked.outputs


def coupling(seen: tuple[int, ...], outputs: int, seed: int) -> keras.Model:
    """Shift and log-scale, from what a coupling sees."""
    start = keras.initializers.GlorotUniform(seed=seed)
    hidden = keras.layers.Conv2D(32, 3, padding="same", activation="swish", kernel_initializer=start)
    return keras.Sequential([keras.Input(seen), hidden, keras.layers.Conv2D(outputs, 1, kernel_initializer="zeros")])


def ladder(*groups: tuple[int, int], posterior: type[TopDown] = TopDown, **network) -> dict:
    """A small ladder of these groups: (halvings, channels)."""
    parts = {"groups": groups, "filters": (32, 64, 64), "features": 32, "blocks": 1, **network}
    return {"preset": "mnist_ladder", "network": {"kind": "ladder", **parts}, "posterior": posterior(32)}


MODELS = {
    "one vector, normal posterior and prior": {
        **ONE_VECTOR,
        "posterior": "diagonal_normal",
        "prior": "standard_normal",
    },
    "one vector, flow and mixture": ONE_VECTOR,
    "2 groups, 4x4x8 7x7x8": ladder((3, 8), (2, 8)),
    "2 groups, 4x4x8 7x7x4": ladder((3, 8), (2, 4)),
    "4 groups, 4x4x8 7x7x4 three times": ladder((3, 8), (2, 4), (2, 4), (2, 4)),
    "4 groups, 4x4x8 7x7x4 three times, grown": ladder((3, 8), (2, 4), (2, 4), (2, 4)),
    "4 groups, 4x4x8 7x7x4 three times, flows within": ladder(
        (3, 8), (2, 4), (2, 4), (2, 4), posterior=FlowsWithinGroups
    ),
    "4 groups, 4x4x8 7x7x4 twice 14x14x1": ladder((3, 8), (2, 4), (2, 4), (1, 1)),
    "4 groups, 4x4x8 7x7x4 14x14x1 twice": ladder((3, 8), (2, 4), (1, 1), (1, 1)),
    "4 groups, a narrow top 4x4x2 7x7x4 twice 14x14x1": ladder((3, 2), (2, 4), (2, 4), (1, 1)),
    "8 groups, 4x4x8 7x7x4 six times 14x14x1": ladder((3, 8), *[(2, 4)] * 6, (1, 1)),
    "8 groups, 4x4x8 7x7x4 seven times": ladder((3, 8), *[(2, 4)] * 7),
}
# Half of the time goes to the smaller one, whose steps are not in the record.
GROWN = {"4 groups, 4x4x8 7x7x4 three times, grown": "2 groups, 4x4x8 7x7x4"}
OPTIMIZERS = {
    "muon": (0.01, lambda: ConvolutionalMuon(0.01, momentum=0.95, weight_decay=0.0, adam_lr_ratio=0.2)),
    "adam": (0.002, lambda: keras.optimizers.Adam(0.002)),
}


def train(name: str, optimizer: str, minutes: float) -> dict:
    """Train for `minutes` of processor time and judge."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if name in GROWN:
        smaller, *_ = fitted(GROWN[name], optimizer, minutes / 2)
        model, steps, curve = fitted(name, optimizer, minutes / 2, smaller)
    else:
        model, steps, curve = fitted(name, optimizer, minutes)
    data = judged(splits("mnist")["validation"], "mnist").unbatch().take(1000).batch(50)
    found = evaluate(model, data, importance_samples=64, seed=0)
    return {
        "optimizer": optimizer,
        "minutes": minutes,
        "weights": model.count_params(),
        "steps": steps,
        "training": -float(np.mean(curve[-20:])),
        **{figure: round(found[figure], 3) for figure in ("elbo", "nll", "nll_standard_error", "kl")},
        **({"kl_per_group": np.round(found["kl_per_group"], 2).tolist()} if "kl_per_group" in found else {}),
    }


def fitted(name: str, optimizer: str, minutes: float, smaller: VAE | None = None) -> tuple[VAE, int, list[float]]:
    """Return a model with the average of its weights, the steps it took and its losses; from a smaller one, if any."""
    keras.utils.set_random_seed(0)
    arrays = splits("mnist")
    model = VAE.from_preset(**MODELS[name], seed=0)
    model.prior.adapt(arrays["train"].images, 0)
    if smaller is not None:
        grow(model, smaller)
    top, make = OPTIMIZERS[optimizer]
    chosen = make()
    chosen.use_ema, chosen.ema_momentum = True, 0.99
    model.objective = ELBO(LinearWarmUp(WARM_UP))
    model.compile(chosen)
    batches = iter(build_pipeline(arrays["train"], batch_size=BATCH, binarize="dynamic", seed=0).repeat())
    model.train_on_batch(next(batches))  # traces
    began, steps, curve = time.process_time(), 0, []
    while (progress := (time.process_time() - began) / 60 / minutes) < 1:
        chosen.learning_rate.assign(top * min(1, (steps + STEPS) / 100) * 0.5 * (1 + math.cos(math.pi * progress)))
        curve.append(np.mean([model.train_on_batch(next(batches), return_dict=True)["loss"] for _ in range(STEPS)]))
        steps += STEPS
    chosen.finalize_variable_values(model.trainable_variables)
    return model, steps, curve


def grow(model: VAE, smaller: VAE) -> None:
    """Give a ladder the weights of one that has fewer groups of its last size; new groups start as they are."""
    pairs = [
        (model.encoder, smaller.encoder),
        (model.decoder.pixels, smaller.decoder.pixels),
        *zip(model.decoder.stages, smaller.decoder.stages, strict=False),
        *zip(model.posterior.groups, smaller.posterior.groups, strict=False),
    ]
    for one, other in pairs:
        one.set_weights(other.get_weights())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["train", "table"])
    parser.add_argument("name", nargs="?", choices=list(MODELS))
    parser.add_argument("--optimizer", choices=list(OPTIMIZERS), default="muon")
    parser.add_argument("--minutes", type=float, default=12.0, help="of processor time (12)")
    arguments = parser.parse_args()
    if arguments.action == "train":
        row = train(arguments.name, arguments.optimizer, arguments.minutes)
        known = json.loads(RECORD.read_text()) if RECORD.exists() else {}
        known[f"{arguments.name}; {arguments.optimizer}"] = row
        RECORD.write_text(json.dumps(known, indent=2) + "\n")
    print("| model | optimizer | weights | steps | ELBO | nll | nats by group |\n|---|---|---|---|---|---|---|")
    rows = json.loads(RECORD.read_text())
    for name, row in sorted(rows.items(), key=lambda item: item[1]["nll"]):
        cells = [name.partition(";")[0], row["optimizer"].capitalize(), f"{row['weights']:,}", f"{row['steps']:,}"]
        groups = ", ".join(f"{nats:.1f}" for nats in row.get("kl_per_group", []))
        error = row["nll_standard_error"]
        print("|", " | ".join([*cells, f"{row['elbo']:.2f}", f"{row['nll']:.2f} ± {error:.2f}", groups]), "|")


if __name__ == "__main__":
    main()
