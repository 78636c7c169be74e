"""Train and judge the preset mnist_ladder on a GPU: the package's own networks on Keras' JAX backend.

    export KERAS_BACKEND=jax PYTHONPATH=.
    python benchmarks/ladder_in_jax train --data DATA --seconds 185 --output OUT
    python benchmarks/ladder_in_jax judge --data DATA --weights OUT/mnist_ladder.npz --output OUT

TensorFlow is not needed. The weights that come out are the preset's, in its order; how they were trained and what they
reach, and what is in DATA, is in ladders.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from judge import judge
from train import train

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(required=True)
    training = actions.add_parser("train", help="write the averaged weights and a line of figures every ten seconds")
    training.set_defaults(do=train)
    training.add_argument("--seconds", type=float, required=True, help="of training, without compiling")
    training.add_argument("--seed", type=int, default=0, help="of order, pixels and noise (0)")
    judging = actions.add_parser("judge", help="write the bound of each test image")
    judging.set_defaults(do=judge)
    judging.add_argument("--weights", type=Path, required=True)
    judging.add_argument("--samples", type=int, default=1000, help="a multiple of 100 (1000)")
    judging.add_argument("--seed", type=int, default=0, help="of the samples (0)")
    for each in (training, judging):
        each.add_argument("--data", type=Path, required=True, help="the folder of mnist.npz")
        each.add_argument("--output", type=Path, required=True, help="the folder to write to")
    arguments = vars(parser.parse_args())
    arguments["output"].mkdir(parents=True, exist_ok=True)
    arguments.pop("do")(**arguments)
