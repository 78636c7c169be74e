"""How well scores tell unusual pictures: area under the ROC curve, beside IsolationForest and PyOD's VAE.

    python benchmarks/unusual_pictures.py digits              # 0 to 4 are normal, 5 to 9 unusual
    python benchmarks/unusual_pictures.py emoji               # faces are normal, flags unusual
    python benchmarks/unusual_pictures.py digits --peer PYTHON     # of an environment with pyod 3 and torch, run apart

Each method sees the same normal pictures and no unusual one. A score is the ELBO of 16 samples; with --files the files
of a bundle score the same pictures, and the rank correlation with Keras is told of each. What was found is in
unusual_pictures.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

# PyOD's networks as they come, with 2 latents and 30 epochs; then with ours of a like size.
PEER = """
import json, sys, numpy as np
from pyod.models.vae import VAE

with np.load(sys.argv[1]) as data:
    train, test = (data[name].reshape(len(data[name]), -1) for name in ("train", "test"))
like_ours = dict(encoder_neuron_list=[128, 64], decoder_neuron_list=[64, 128], latent_dim=8, epoch_num=200)
found = []
for options in ({}, like_ours):
    model = VAE(verbose=0, random_state=0, **options)
    model.fit(train)
    found.append(model.decision_function(test))
np.save(sys.argv[2], found)
"""


def pictures(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return normal pictures to train on, pictures to test on, and which of these are unusual."""
    from keras_vae.data.load import load_arrays

    train, test = (load_arrays(name, split) for split in ("train", "test"))
    if name == "digits":
        normal, strange = (lambda labels: labels < 5), (lambda labels: labels >= 5)
    else:
        faces, flags = (train.class_names.index(each) for each in ("Smileys & Emotion", "Flags"))
        normal, strange = (lambda labels: labels == faces), (lambda labels: labels == flags)
    held_out = [part.images[normal(part.labels)] / np.float32(255) for part in (train, test)]
    if name == "emoji":  # of so few faces more are needed to test on than a tenth
        held_out = np.split(
            np.concatenate(held_out)[np.random.default_rng(0).permutation(len(held_out[0]) + len(held_out[1]))], [119]
        )
    unusual = test.images[strange(test.labels)] / np.float32(255)
    if name == "emoji":
        unusual = np.concatenate([train.images[strange(train.labels)] / np.float32(255), unusual])
    return (
        held_out[0],
        np.concatenate([held_out[1], unusual]),
        np.arange(len(held_out[1]) + len(unusual)) >= len(held_out[1]),
    )


def train_vae(name: str, train: np.ndarray, epochs: int):
    """Return a trained model of the package's preset."""
    import keras

    from keras_vae import VAE

    keras.utils.set_random_seed(0)
    if name == "digits":
        model = VAE.from_preset("digits_mlp")
    else:
        model = VAE.from_preset("mnist_mlp", image_shape=train.shape[1:], likelihood="optimal_gaussian", latent_dim=16)
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=name == "digits")
    model.fit(train, batch_size=64, epochs=epochs, verbose=0)
    return model


def by_files(model, test: np.ndarray, expected: np.ndarray, unusual: np.ndarray) -> None:
    """Print AUROC and rank correlation of each file of the model's bundle."""
    import json

    from scipy import stats
    from sklearn.metrics import roc_auc_score

    from keras_vae.export import export_bundle
    from keras_vae.export.runtimes.runtime import load_runtime
    from keras_vae.export.runtimes.score import scores_by

    with tempfile.TemporaryDirectory() as folder:
        bundle = export_bundle(model, Path(folder) / "bundle", test_data=[test])
        manifest = json.loads((bundle / "manifest.json").read_text())
        for path, reason in manifest["not_written"].items():
            print(f"| `{path}` | left out: {reason} | |")
        for path, artifact in manifest["artifacts"].items():
            if "score" in artifact["signatures"]:
                found = scores_by(load_runtime(bundle, path, artifact), test, {}, 0)["elbo"]
                rank = stats.spearmanr(found, expected).statistic
                print(f"| `{path}` | {roc_auc_score(unusual, -found):.4f} | {rank:.6f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=["digits", "emoji"])
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--peer", help="a Python that has PyOD")
    parser.add_argument("--files", action="store_true", help="also by the files of a bundle")
    options = parser.parse_args()
    from sklearn.ensemble import IsolationForest
    from sklearn.metrics import roc_auc_score

    train, test, unusual = pictures(options.name)
    print(f"{len(train)} normal pictures; {np.sum(~unusual)} normal and {np.sum(unusual)} unusual ones to tell apart")
    print("| | AUROC | Spearman with Keras |\n|---|---|---|")
    started = time.process_time()
    model = train_vae(options.name, train, options.epochs)
    scores, seconds = model.score(test), time.process_time() - started
    for figure, sign in (("elbo", -1), ("bound", -1), ("reconstruction", 1), ("kl", 1)):
        found = sign * getattr(scores, figure)
        print(
            f"| `score`, {figure} ({seconds:.0f} s of training) | {roc_auc_score(unusual, found):.4f} | |", flush=True
        )
    forests = [IsolationForest(random_state=seed).fit(train.reshape(len(train), -1)) for seed in range(5)]
    found = [roc_auc_score(unusual, -forest.score_samples(test.reshape(len(test), -1))) for forest in forests]
    print(
        f"| IsolationForest, mean of 5 seeds ({min(found):.4f} to {max(found):.4f}) | {np.mean(found):.4f} | |",
        flush=True,
    )
    if options.peer:
        with tempfile.TemporaryDirectory() as folder:
            np.savez(Path(folder) / "data.npz", train=train, test=test)
            command = [options.peer, "-c", PEER, str(Path(folder) / "data.npz"), str(Path(folder) / "scores.npy")]
            subprocess.run(command, check=True, stdout=sys.stderr)
            found = np.load(Path(folder) / "scores.npy")
        for name, scores_of_peer in zip(("its defaults", "128-64-8, 200 epochs"), found, strict=True):
            print(f"| PyOD's VAE, {name} | {roc_auc_score(unusual, scores_of_peer):.4f} | |", flush=True)
    if options.files:
        by_files(model, test, scores.elbo, unusual)


if __name__ == "__main__":
    main()
