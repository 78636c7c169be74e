"""What every program here does: compile, say so, then train an epoch for each line of its standard input."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable

import numpy as np

SHAPE = (28, 28, 1)


def options() -> argparse.Namespace:
    """What is to be trained."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--style", required=True)
    parser.add_argument("--network", choices=["dense", "conv"], required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--images", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def random_images(count: int, seed: int) -> np.ndarray:
    """uint8 [count, 28, 28, 1], a fifth of the pixels inked, as in MNIST."""
    noise = np.random.default_rng(seed)
    inked = noise.random((count, *SHAPE), np.float32) < 0.19
    return np.where(inked, noise.integers(1, 256, (count, *SHAPE)), 0).astype(np.uint8)


def serve(train_epoch: Callable[[], float], versions: dict[str, str]) -> None:
    """Train epochs on demand; `train_epoch` returns its mean loss in nats an image."""
    first = train_epoch()
    print(json.dumps({"versions": versions, "loss": first}), flush=True)
    for _ in sys.stdin:
        seconds, processor = -time.perf_counter(), -time.process_time()
        loss = train_epoch()
        seconds, processor = seconds + time.perf_counter(), processor + time.process_time()
        print(json.dumps({"seconds": seconds, "processor_seconds": processor, "loss": loss}), flush=True)
