"""Every file of every preset's bundle: whether it exists, its size, its time and what it costs.

    TF_CPP_MIN_LOG_LEVEL=3 python benchmarks/preset_files.py [--rounds 3] [--presets NAME,NAME]

Exports each preset, with its trained weights if it comes with some, verifies the bundle and times each file as
`keras-vae benchmark` does: one thread, one image, in processes of its own, medians over interleaved rounds. Presets
without weights have seeded random ones: their sizes and times are those of a trained model, their nats are left out.
Writes preset_files.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import keras

from keras_vae import VAE, preset_names
from keras_vae.export import export_bundle
from keras_vae.export.benchmarking.benchmark import benchmark_bundle
from keras_vae.presets.weights import trained_preset_names


def rows(name: str, rounds: int) -> list[str]:
    """Return the lines of a preset's table."""
    trained = name in trained_preset_names()
    keras.utils.set_random_seed(0)
    model = VAE.from_preset(name, load_weights=trained)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of files left out, which the table has
        bundle = export_bundle(model, Path(folder) / "bundle")
        found = benchmark_bundle(bundle, rounds)
        manifest = json.loads((bundle / "manifest.json").read_text())
        total = sum(entry["bytes"] for entry in manifest["files"].values())
    size = " x ".join(map(str, model.image_shape))
    kind = "trained" if trained else "not trained"
    lines = [
        f"## {name}",
        "",
        f"{size}, {model.latent_dim} latent dimensions, {kind}; the bundle has {total / 1e6:.2f} MB.",
        "",
        "| file (signature timed) | MB | ms | largest error of a pixel | nats lost |",
        "|---|---|---|---|---|",
    ]
    for row in found:
        error = "" if row["largest_error"] is None else f"{row['largest_error']:.1e}"
        nats = "; ".join(f"{role} {lost:.4f}" for role, lost in row["nats_lost"].items()) if trained else ""
        cells = f"{row['bytes'] / 1e6:.2f} | {1000 * row['one_seconds']:.3f} | {error} | {nats}"
        lines.append(f"| {row['path']} ({row['signature']}) | {cells} |")
    lines += [f"| {path} | left out: {reason} | | | |" for path, reason in manifest["not_written"].items()]
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--presets", default=",".join(preset_names()))
    options = parser.parse_args()
    names = ("tensorflow", "keras", "ai-edge-litert", "onnxruntime")
    head = [
        "# The files of every preset",
        "",
        f"    python benchmarks/preset_files.py --rounds {options.rounds}",
        "",
        f"{time.strftime('%Y-%m-%d')}; one thread of a server's processor ({platform.machine()}), no phone; "
        f"{', '.join(f'{name} {version(name)}' for name in names)}. Every file is verified; nats are",
        "lost against Keras in float32, on images that the model drew. A file that cannot be had, or costs more than a",
        "bundle allows, is left out and says why. A microcontroller's decoder of a mixture of bytes is not written by",
        "default.",
        "",
    ]
    for name in options.presets.split(","):
        head += rows(name, options.rounds)
        print("\n".join(head[-20:]), flush=True)
    Path(__file__).with_suffix(".md").write_text("\n".join(head).rstrip() + "\n", "utf-8")


if __name__ == "__main__":
    main()
