"""Train the classifier whose features `frechet_distance` takes, and write its weights as float16.

    python benchmarks/train_digit_classifier.py mnist OUTPUT.npz

Half a minute for `digits`, some minutes for `mnist`; it prints the accuracy on the test images, which it never trains
on, and the SHA-256 for `digit_classifier.PINNED`. The last bits of the weights depend on the machine.
"""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path

import keras
import numpy as np

from keras_vae.data.load import load_arrays, load_dataset
from keras_vae.evaluation.digit_classifier import build_classifier

EPOCHS = {"digits": 60, "mnist": 12}


def train(dataset: str, output: Path) -> None:
    """Train on a dataset of digits and write the weights."""
    batches = load_dataset(dataset, batch_size=64, labels=True)
    test = load_arrays(dataset, "test")
    keras.utils.set_random_seed(0)
    model = build_classifier(test.image_shape, "glorot_uniform")
    schedule = keras.optimizers.schedules.CosineDecay(3e-3, EPOCHS[dataset] * len(batches))
    model.compile(keras.optimizers.Adam(schedule), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(batches, epochs=EPOCHS[dataset], shuffle=False, verbose=2)
    weights = [weight.astype(np.float16) for weight in model.get_weights()]
    model.set_weights(weights)
    logits = model.predict(test.images.astype(np.float32) / 255, batch_size=500, verbose=0)
    print(f"accuracy on {len(test)} test images: {np.mean(logits.argmax(axis=1) == test.labels):.4f}")
    file = io.BytesIO()
    np.savez_compressed(file, **{str(number): weight for number, weight in enumerate(weights)})
    output.write_bytes(file.getvalue())
    print(f"{output}: {len(file.getvalue())} bytes, SHA-256 {hashlib.sha256(file.getvalue()).hexdigest()}")


if __name__ == "__main__":
    train(sys.argv[1], Path(sys.argv[2]))
