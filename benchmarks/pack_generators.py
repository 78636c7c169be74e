"""Write the TFLite file of each preset that comes with weights, which draws its pictures without TensorFlow.

    python benchmarks/pack_generators.py [PRESET ...]

To be run when a preset's weights change, or when what draws from them does; tests/presets/test_generators.py tells.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras_vae
from keras_vae.export.formats.generator import write_generator
from keras_vae.presets.weights import trained_preset_names

PRESETS = Path(keras_vae.__file__).parent / "presets"


def main() -> None:
    for name in sys.argv[1:] or trained_preset_names():
        path = PRESETS / f"{name}.tflite"
        write_generator(keras_vae.VAE.from_preset(name, load_weights=True), path)
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
