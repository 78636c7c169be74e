"""Train and judge a ladder on a GPU: the package's own networks on Keras' JAX backend, with a step of their own.

    export KERAS_BACKEND=jax PYTHONPATH=.
    python benchmarks/ladder_in_jax.py train mnist --data DATA --seconds 185 --output OUT
    python benchmarks/ladder_in_jax.py judge mnist --data DATA --weights OUT/mnist.npz --output OUT

TensorFlow is not needed. The weights that come out are those of the preset, in its order; how they were trained and
what they reach, and what is in DATA, is in ladders.md.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np
from PIL import Image

from keras_vae.networks.bottleneck import smallest_map
from keras_vae.networks.build import build_networks, initialise
from keras_vae.networks.ladder import ladder_latent_dim, posterior_of_group

COMPONENTS = 5
LADDERS = {
    "mnist": {
        "image_shape": (28, 28, 1),
        "channels": 1,
        "network": {
            "groups": [(3, 8)] * 2 + [(2, 4)] * 6 + [(1, 1)],
            "filters": (48, 128, 128),
            "features": 48,
            "blocks": 2,
        },
        "hidden": 64,
        "batch": 512,
    },
    "emoji": {
        "image_shape": (32, 32, 3),
        "channels": 12 * COMPONENTS,
        "network": {
            "groups": [(3, 16)] * 2 + [(2, 8)] * 3 + [(1, 4)] * 5,
            "filters": (64, 128, 128),
            "features": 48,
            "blocks": 2,
        },
        "hidden": 64,
        "batch": 64,
    },
}


class Ladder:
    """Encoder, decoder and the posteriors of its groups, as functions of a list of weights."""

    def __init__(self, name: str, **changes) -> None:
        settings = {**LADDERS[name], **changes}
        self.name, self.batch, shape = name, settings["batch"], settings["image_shape"]
        network = settings["network"]
        self.latent_dim = ladder_latent_dim(shape, network["groups"], network["filters"])
        self.encoder, self.decoder = build_networks("ladder", shape, None, None, settings["channels"], **network)
        sizes = [smallest_map(shape, halving) for halving, _ in network["groups"]]
        self.sizes = sorted(set(sizes), reverse=False)
        self.at = [self.sizes.index(size) for size in sizes]
        self.features = network["features"]
        self.posteriors = [
            posterior_of_group(state, (*size, self.features), channels, settings["hidden"], "swish")
            for state, size, (_, channels) in zip(self.decoder.state_shapes, sizes, network["groups"], strict=True)
        ]
        initialise(*self.posteriors, seed=1)
        networks = [self.encoder, self.decoder, *self.posteriors]
        self.variables = [weight for network in networks for weight in network.weights]
        self.start = [weight.value for weight in self.variables]
        self.log_likelihood = bernoulli if name == "mnist" else logistic_mixture

    def terms(self, weights, x, noise):
        """log p(x|e), each group's KL `[groups, n]`, and log p(e) - log q(e|x), of one sample an image."""
        with keras.StatelessScope(state_mapping=list(zip(self.variables, weights, strict=True))):
            return self._terms(self.encoder(x), x, noise)

    def of_samples(self, weights, x, noise):
        """log p(x|e) and log p(e) - log q(e|x), `[samples, n]` each, for noise `[samples, n, latent_dim]`."""
        samples = len(noise)
        with keras.StatelessScope(state_mapping=list(zip(self.variables, weights, strict=True))):
            encoded = jnp.tile(self.encoder(x), (samples, 1))
            found = self._terms(encoded, jnp.tile(x, (samples, 1, 1, 1)), noise.reshape(-1, self.latent_dim))
        return found[0].reshape(samples, -1), found[2].reshape(samples, -1)

    def _terms(self, encoded, x, noise):
        maps, start = [], 0
        for height, width in self.sizes:
            end = start + height * width * self.features
            maps.append(encoded[:, start:end].reshape(-1, height, width, self.features))
            start = end
        kls, ratios, places = [], [], np.cumsum([0, *self.decoder.widths])

        def latents(group, state):
            given = maps[self.at[group]]
            mean, log_stddev = self.posteriors[group](given if state is None else [state, given])
            mean, log_stddev = mean.astype(jnp.float32), log_stddev.astype(jnp.float32)
            eps = noise[:, places[group] : places[group + 1]]
            e = mean + jnp.exp(log_stddev) * eps
            kls.append(jnp.sum(0.5 * (mean**2 + jnp.exp(2 * log_stddev) - 1) - log_stddev, axis=-1))
            ratios.append(jnp.sum(0.5 * (eps**2 - e**2) + log_stddev, axis=-1))
            return e

        outputs = self.decoder.walk(latents).astype(jnp.float32)
        return self.log_likelihood(outputs, x), jnp.stack(kls), sum(ratios)


def bernoulli(logits, x):
    return jnp.sum(x * logits - jax.nn.softplus(logits), axis=(1, 2, 3))


def logistic_mixture(parameters, x):
    """As DiscretisedLogisticMixture(COMPONENTS, linear=True)."""
    k, channels = COMPONENTS, 3
    own = parameters[..., : 3 * k * channels].reshape(*parameters.shape[:-1], channels, 3 * k)
    slopes = parameters[..., 3 * k * channels :].reshape(*parameters.shape[:-1], 3, k)
    logits, mean, log_scale = jnp.split(own, 3, axis=-1)
    spread = (2 * jnp.arange(k) + 1) / k - 1
    scale = 127.5 * jnp.exp(-7 + jax.nn.softplus(log_scale + 7))
    loc = 127.5 * (1 + mean + spread)
    level = jnp.round(x * 255)[..., None]
    beside = level - jnp.clip(loc, 0, 255)
    green = loc[..., 1, :] + slopes[..., 0, :] * beside[..., 0, :]
    blue = loc[..., 2, :] + slopes[..., 1, :] * beside[..., 0, :] + slopes[..., 2, :] * beside[..., 1, :]
    loc = jnp.stack([loc[..., 0, :], green, blue], axis=-2)
    above, below = (level + 0.5 - loc) / scale, (level - 0.5 - loc) / scale
    between = jnp.log(-jnp.expm1(-1 / scale))
    to_above, from_below = -jax.nn.softplus(-above), -jax.nn.softplus(below)
    log_level = jnp.where(level < 0.5, to_above, jnp.where(level > 254.5, from_below, to_above + from_below + between))
    component = jax.nn.log_softmax(jnp.mean(logits, axis=-2)) + jnp.sum(log_level, axis=-2)
    return jnp.sum(jax.nn.logsumexp(component, axis=-1), axis=(1, 2))


# ---- optimizer: Muon of matrices, stacked by shape, Adam of the rest; an average of the weights


def orthogonalised(matrices):
    """Newton-Schulz of a stack `[k, rows, columns]` (Jordan et al. 2024)."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = jnp.swapaxes(matrices, 1, 2) if tall else matrices
    x = (x / (jnp.linalg.norm(x, axis=(1, 2), keepdims=True) + 1e-7)).astype(jnp.bfloat16)
    for _ in range(5):
        gram = x @ jnp.swapaxes(x, 1, 2)
        x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
    x = x.astype(jnp.float32)
    return jnp.swapaxes(x, 1, 2) if tall else x


def make_update(weights, muon: bool, decay: float):
    shapes: dict = {}
    for number, weight in enumerate(weights):
        if muon and weight.ndim in (2, 4) and min(np.prod(weight.shape[:-1]), weight.shape[-1]) >= 8:
            shapes.setdefault((int(np.prod(weight.shape[:-1])), weight.shape[-1]), []).append(number)
    matrices = {number for numbers in shapes.values() for number in numbers}

    def update(state, gradients, rate, kept):
        weights, first, second, average, step = state
        norm = jnp.sqrt(sum(jnp.sum(g**2) for g in gradients))
        fine = jnp.isfinite(norm)
        scale = jnp.where(fine, jnp.minimum(1.0, 300.0 / (norm + 1e-6)), 0.0)
        gradients = [jnp.where(fine, g * scale, 0.0) for g in gradients]
        weights, first, second = list(weights), list(first), list(second)
        for (rows, columns), numbers in shapes.items():
            for n in numbers:
                first[n] = 0.95 * first[n] + gradients[n]
            stack = jnp.stack([(gradients[n] + 0.95 * first[n]).reshape(rows, columns) for n in numbers])
            change = orthogonalised(stack) * max(1.0, rows / columns) ** 0.5
            for place, n in enumerate(numbers):
                weights[n] = weights[n] * (1 - decay * rate) - rate * change[place].reshape(weights[n].shape)
        adam = 0.2 * rate if muon else rate
        one, two = 0.9, 0.99
        for n in range(len(weights)):
            if n in matrices:
                continue
            first[n] = one * first[n] + (1 - one) * gradients[n]
            second[n] = two * second[n] + (1 - two) * gradients[n] ** 2
            corrected = first[n] / (1 - one ** (step + 1.0)) / (jnp.sqrt(second[n] / (1 - two ** (step + 1.0))) + 1e-8)
            shrink = 1 - decay * adam if weights[n].ndim > 1 else 1.0
            weights[n] = weights[n] * shrink - adam * corrected
        average = [kept * a + (1 - kept) * w for a, w in zip(average, weights, strict=True)]
        return (weights, first, second, average, step + 1), norm

    return update


# ---- data


def load(name: str, folder: Path) -> dict:
    data = np.load(folder / f"{name}.npz")
    if name == "mnist":

        def unpack(bits: np.ndarray) -> np.ndarray:
            return np.unpackbits(bits, axis=1)[:, :784].reshape(-1, 28, 28, 1).astype(np.float32)

        return {
            "train": data["train"].reshape(-1, 28, 28, 1),
            "validation": unpack(data["validation"]),
            "test": unpack(data["test"]),
        }
    held = data["is_val"]
    return {
        "big": data["big"][~held] if not os.environ.get("WHOLE") else data["big"],
        "train": data["train"][~held] if not os.environ.get("WHOLE") else data["train"],
        "validation": data["train"][held].astype(np.float32) / 255,
        "test": data["test"].astype(np.float32) / 255,
    }


def augmented(big: np.ndarray, copies: int, seed: int) -> np.ndarray:
    """Turned, scaled and shifted 64 x 64 emoji, halved as the dataset's are: uint8 `[copies * n, 32, 32, 3]`."""

    def one(number: int) -> np.ndarray:
        rng = np.random.default_rng([seed, number])
        picture = big[number % len(big)]
        image = Image.fromarray(picture)
        angle, scale = rng.normal(0, 8), np.exp(rng.normal(0, 0.08))
        dx, dy = rng.normal(0, 2.5, 2)
        cos, sin = np.cos(np.deg2rad(angle)) / scale, np.sin(np.deg2rad(angle)) / scale
        a, b, d, e = cos, sin, -sin, cos
        c, f = 32 - a * (32 + dx) - b * (32 + dy), 32 - d * (32 + dx) - e * (32 + dy)
        image = image.transform((64, 64), Image.AFFINE, (a, b, c, d, e, f), Image.BICUBIC, fillcolor="white")
        return np.asarray(image.reduce(2))

    with ThreadPoolExecutor(16) as pool:
        return np.stack(list(pool.map(one, range(copies * len(big)), chunksize=256)))


def shifted(x, key):
    """Each image moved by up to one pixel, half of them not at all."""
    moves = jax.random.randint(key, (len(x), 2), -1, 2) * jax.random.bernoulli(key, 0.5, (len(x), 1))
    return jax.vmap(lambda image, move: jnp.roll(image, move, axis=(0, 1)))(x, moves)


def train(args) -> None:
    model = Ladder(args.name, **({"batch": args.batch} if args.batch else {}))
    print(
        args.name,
        "latents",
        model.latent_dim,
        "weights",
        {
            "encoder": model.encoder.count_params(),
            "decoder": model.decoder.count_params(),
            "posteriors": sum(p.count_params() for p in model.posteriors),
        },
        flush=True,
    )
    data, output = load(args.name, args.data), args.output
    began = time.time()
    images = data["train"]
    if args.name == "emoji" and args.copies:
        images = np.concatenate([images, augmented(data["big"], args.copies, 0)])
        print("augmented", len(images), time.time() - began, flush=True)
    plain = len(data["train"])
    pixels = jnp.asarray(images)
    steps = max(1, min(args.steps, plain // model.batch))
    update = make_update(model.start, args.muon, args.decay)
    count = float(np.prod(data["validation"].shape[1:]))

    def batch_of(key, rows, share):
        picked, drawn, flipped, mixed = jax.random.split(key, 4)
        if args.name == "mnist":
            gray = pixels[rows].astype(jnp.float32) / 255
            if args.shift:
                gray = shifted(gray, picked)
            return (jax.random.uniform(drawn, gray.shape) < gray).astype(jnp.float32)
        other = jax.random.randint(picked, rows.shape, 0, len(images))
        rows = jnp.where(jax.random.uniform(drawn, rows.shape) < share, other, rows)
        x = pixels[rows].astype(jnp.float32) / 255
        x = jnp.where(
            jax.random.bernoulli(flipped, 0.5 * jnp.minimum(share * 2, 1), (len(x), 1, 1, 1)), x[:, :, ::-1], x
        )
        orders = jnp.array([[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
        order = jnp.where(
            jax.random.uniform(mixed, (len(x), 1)) < share * args.recolour,
            orders[jax.random.randint(drawn, (len(x),), 0, 6)],
            jnp.arange(3),
        )
        return jax.vmap(lambda image, o: image[..., o])(x, order)

    def loss(weights, x, noise, weight_of_kl):
        log_likelihood, kl, _ = model.terms(weights, x, noise)
        total = -jnp.mean(log_likelihood) + weight_of_kl * jnp.mean(jnp.sum(kl, axis=0))
        return total, (jnp.mean(log_likelihood), jnp.mean(kl, axis=1))

    @partial(jax.jit, donate_argnums=0)
    def epoch(state, key, rate, weight_of_kl, share, kept):
        order, key = jax.random.split(key)
        rows = jax.random.permutation(order, plain)[: steps * model.batch].reshape(steps, model.batch)

        def step(carry, inputs):
            rows, key = inputs
            first, second = jax.random.split(key)
            x = batch_of(first, rows, share)
            noise = jax.random.normal(second, (model.batch, model.latent_dim))
            (_, said), gradients = jax.value_and_grad(loss, has_aux=True)(carry[0], x, noise, weight_of_kl)
            carry, norm = update(carry, gradients, rate, kept)
            return carry, (*said, norm)

        state, (likelihood, kl, norm) = jax.lax.scan(step, state, (rows, jax.random.split(key, steps)))
        return state, (jnp.mean(likelihood), jnp.mean(kl, axis=0), jnp.median(norm))

    @jax.jit
    def judged(weights, x, key):
        likelihood, kl, _ = model.terms(weights, x, jax.random.normal(key, (len(x), model.latent_dim)))
        return likelihood - jnp.sum(kl, axis=0), jnp.mean(kl, axis=1)

    zeros = [jnp.zeros_like(w) for w in model.start]
    state = (
        [*model.start],
        [*zeros],
        [jnp.zeros_like(w) for w in zeros],
        [jnp.array(w) for w in model.start],
        jnp.zeros(()),
    )
    if args.resume:
        state = restore(args.resume, state)
    validation = jnp.asarray(data["validation"][: args.validation])

    def validate(weights):
        size = min(len(validation), 500 if args.name == "mnist" else 128)
        parts = [
            judged(weights, validation[s : s + size], jax.random.key(s))
            for s in range(0, len(validation) - size + 1, size)
        ]
        elbo, kl = np.mean([np.mean(p[0]) for p in parts]), np.mean([p[1] for p in parts], axis=0)
        return float(elbo), np.round(kl, 2).tolist()

    state, _ = epoch(state, jax.random.key(10**6), 0.0, 1.0, 0.5, 1.0)  # compiles
    validate(state[3])
    print("compiled", round(time.time() - began, 1), flush=True)
    began, number, shown = time.time(), 0, 0.0
    log = (output / f"{args.label or args.name}.jsonl").open("a")
    while (elapsed := time.time() - began) < args.seconds:
        progress = args.offset + (1 - args.offset) * elapsed / args.seconds
        rate = (
            args.rate
            * min(1.0, (number + 1) * steps / 500)
            * (0.5 * (1 + np.cos(np.pi * progress)) if args.cosine else 1.0)
        )
        beta = min(1.0, (0.1 + progress / args.warmup)) if args.warmup else 1.0
        share = (
            args.share
            if progress < args.plain_after
            else args.share * max(0.0, (1 - progress) / (1 - args.plain_after))
        )
        kept = min(args.kept, (number * steps + 1) / (number * steps + 10)) if not args.resume else args.kept
        state, said = epoch(state, jax.random.key(args.seed * 10**5 + number), rate, beta, share, kept)
        number += 1
        jax.block_until_ready(said)
        if elapsed - shown > args.every:
            shown = elapsed
            elbo, kl = validate(state[3])
            line = {
                "seconds": round(elapsed, 1),
                "epoch": number,
                "train_elbo": round(float(said[0] - said[1].sum()), 3),
                "validation_elbo": round(elbo, 3),
                "norm": round(float(said[2]), 1),
                "kl": kl,
            }
            if args.name == "emoji":
                line["bits"] = round(-elbo / count / np.log(2), 4)
            log.write(json.dumps(line) + "\n")
            log.flush()
            print(args.label or args.name, json.dumps(line), flush=True)
    print("epochs", number, "steps", number * steps, "seconds", round(time.time() - began, 1), flush=True)
    name = args.label or args.name
    np.savez(output / f"{name}.npz", **{f"{n:03}": np.asarray(w) for n, w in enumerate(state[3])})
    if args.keep_state:

        def numbered(values: list) -> dict:
            return {f"{n:03}": np.asarray(v).astype(np.float32) for n, v in enumerate(values)}

        np.savez(output / f"{name}_weights.npz", step=np.asarray(state[4]), **numbered(state[0]))
        np.savez(output / f"{name}_first.npz", **numbered(state[1]))
        np.savez(
            output / f"{name}_second.npz", **{k: v.astype(np.float32) for k, v in numbered(state[2]).items() if v.any()}
        )
    print("validation", validate([w.astype(jnp.float16).astype(jnp.float32) for w in state[3]]), flush=True)


def restore(stem: Path, state):
    folder, name = stem.parent, stem.name
    weights, first, average, second = (
        np.load(folder / f"{name}{end}.npz") for end in ("_weights", "_first", "", "_second")
    )

    def listed(values: np.lib.npyio.NpzFile) -> list:
        return [jnp.asarray(values[f"{n:03}"]) for n in range(len(state[0]))]

    seconds = [jnp.asarray(second[f"{n:03}"]) if f"{n:03}" in second.files else zero for n, zero in enumerate(state[2])]
    return listed(weights), listed(first), seconds, listed(average), jnp.asarray(weights["step"])


def judge(args) -> None:
    """The importance-weighted bound of each image, by weights rounded to float16, in float32 without shortcuts."""
    model = Ladder(args.name)
    stored = np.load(args.weights)
    weights = [jnp.asarray(stored[f"{n:03}"].astype(np.float16).astype(np.float32)) for n in range(len(model.start))]
    x = load(args.name, args.data)[args.split][args.first :]
    size, at_once = args.images, args.at_once

    @jax.jit
    def some(x, number):
        def chunk(carry, part):
            key = jax.random.fold_in(jax.random.fold_in(jax.random.key(args.seed), number), part)
            likelihood, ratio = model.of_samples(
                weights, x, jax.random.normal(key, (at_once, len(x), model.latent_dim))
            )
            weight = likelihood + ratio
            total, elbo, square = carry
            return (
                jnp.logaddexp(total, jax.nn.logsumexp(weight, axis=0)),
                elbo + weight.sum(0),
                likelihood.sum(0) + square,
            ), None

        start = (jnp.full(len(x), -jnp.inf), jnp.zeros(len(x)), jnp.zeros(len(x)))
        (total, elbo, likelihood), _ = jax.lax.scan(chunk, start, jnp.arange(args.samples // at_once))
        return total - jnp.log(args.samples), elbo / args.samples, likelihood / args.samples

    began, found = time.time(), []
    with jax.default_matmul_precision("highest"):
        for number in range(len(x) // size):
            found.append(
                [np.asarray(each) for each in some(jnp.asarray(x[number * size : (number + 1) * size]), number)]
            )
            if number % 20 == 0:
                print(
                    number,
                    round(time.time() - began, 1),
                    [float(np.mean(np.concatenate([f[i] for f in found]))) for i in range(3)],
                    flush=True,
                )
            if args.limit and time.time() - began > args.limit:
                break
    bound, elbo, likelihood = (np.concatenate([f[i] for f in found]) for i in range(3))
    np.savez(
        args.output / f"judged_{args.label or args.name}_{args.split}_{args.samples}.npz",
        bound=bound,
        elbo=elbo,
        log_likelihood=likelihood,
    )
    print(
        json.dumps(
            {
                "name": args.name,
                "split": args.split,
                "images": len(bound),
                "samples": args.samples,
                "nll": -float(bound.mean()),
                "error": float(bound.std() / np.sqrt(len(bound))),
                "elbo": float(elbo.mean()),
                "bits_of_bound": float(-bound.mean() / np.prod(x.shape[1:]) / np.log(2)),
                "seconds": time.time() - began,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("do", choices=["train", "judge"])
    parser.add_argument("name", choices=sorted(LADDERS))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--label", default="")
    parser.add_argument("--seed", type=int, default=0)
    # train
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--batch", type=int, default=0)
    parser.add_argument("--steps", type=int, default=10**6, help="of an epoch at most")
    parser.add_argument("--rate", type=float, default=1e-2)
    parser.add_argument("--adam", dest="muon", action="store_false")
    parser.add_argument("--decay", type=float, default=0.0)
    parser.add_argument("--warmup", type=float, default=0.1)
    parser.add_argument("--offset", type=float, default=0.0, help="of the progress, where training goes on")
    parser.add_argument("--constant", dest="cosine", action="store_false")
    parser.add_argument("--kept", type=float, default=0.999)
    parser.add_argument("--shift", action="store_true")
    parser.add_argument("--copies", type=int, default=0)
    parser.add_argument("--share", type=float, default=0.8)
    parser.add_argument("--recolour", type=float, default=0.5)
    parser.add_argument("--plain-after", type=float, default=0.7)
    parser.add_argument("--every", type=float, default=10)
    parser.add_argument("--validation", type=int, default=2000)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--keep-state", action="store_true")
    # judge
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=100)
    parser.add_argument("--limit", type=float, default=0)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    {"train": train, "judge": judge}[arguments.do](arguments)
