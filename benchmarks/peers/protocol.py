"""What every program here does: compile, say so, then train an epoch for each line of its standard input."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SHAPES = {
    "dense": (28, 28, 1),
    "conv": (28, 28, 1),
    "ladder": (28, 28, 1),
    "colour32": (32, 32, 3),
    "colour64": (64, 64, 3),
}
WARM_UP = 1000  # steps in which the weight of the KL rises from 0 to 1, in colour


def options() -> argparse.Namespace:
    """What is to be trained."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--style", required=True)
    parser.add_argument("--network", choices=list(SHAPES), required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--images", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--check", type=Path, help="a file of weights, images and noise: print their loss, and end")
    return parser.parse_args()


def random_images(count: int, network: str, seed: int) -> np.ndarray:
    """uint8 [count, height, width, channels]; in gray a fifth of the pixels is inked, as in MNIST."""
    noise, shape = np.random.default_rng(seed), (count, *SHAPES[network])
    if SHAPES[network][-1] == 3:
        return noise.integers(0, 256, shape, np.uint8)
    inked = noise.random(shape, np.float32) < 0.19
    return np.where(inked, noise.integers(1, 256, shape), 0).astype(np.uint8)


def kl_weight(network: str, step: int) -> float:
    """The weight of the KL in a training step."""
    return min(1.0, step / WARM_UP) if network.startswith("colour") else 1.0


def check(path: Path, loss_of: Callable[[dict[str, np.ndarray], np.ndarray, np.ndarray], tuple[float, int]]) -> None:
    """Print loss and number of weights, as `loss_of` finds them for the weights by name, images and noise of a file."""
    stored = dict(np.load(path))
    images, noise = stored.pop("images").astype(np.float32) / 255, stored.pop("noise")
    loss, weights = loss_of(stored, images, noise)
    print(json.dumps({"loss": loss, "weights": weights}), flush=True)
    sys.exit()


def serve(train_epoch: Callable[[], float], versions: dict[str, str], **facts: object) -> None:
    """Train epochs on demand; `train_epoch` returns its mean loss in nats an image."""
    first = train_epoch()
    print(json.dumps({"versions": versions, "loss": first, **facts}), flush=True)
    for _ in sys.stdin:
        seconds, processor = -time.perf_counter(), -time.process_time()
        loss = train_epoch()
        seconds, processor = seconds + time.perf_counter(), processor + time.process_time()
        print(json.dumps({"seconds": seconds, "processor_seconds": processor, "loss": loss}), flush=True)
