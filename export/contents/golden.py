"""The golden values: what every runtime must reproduce from a bundle's files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vae.data.labels import label_input

if TYPE_CHECKING:
    from keras_vae.models.vae import VAE

# Small and large numbers, both signs, and images beyond the generator's first 65536.
CASES: tuple[dict[str, Any], ...] = (
    {"seed": 7, "temperature": 1.0, "index": [0, 1, 2, 3, 63, 64]},
    {"seed": 0, "temperature": 0.5, "index": [0, 65535, 65536]},
    {"seed": -1, "temperature": 1.0, "index": [0, 1000000]},
    {"seed": 2**31 - 1, "temperature": 1.0, "index": [5, 2**31 - 1]},
    {"seed": -(2**31), "temperature": 1.25, "index": [12]},
)


NAME = "golden.json"
SCORE_SEED = 7
SCORED = 64  # of the test images: so many are scored by every file


def golden_values(model: VAE, test_images: np.ndarray, test_labels: np.ndarray | None) -> dict[str, Any]:
    """Return what Keras makes of some seeds.

    Floats are written in full, so that a latent read back is the same float32. An image stands as its mean and
    standard deviation and the means of its rows, columns and channels: each is as near as the pixels are.

    Args:
        model: the model.
        test_images: of the bundle, float32 `[m, H, W, C]`.
        test_labels: of a conditional model's, int32 `[m]`, else None.

    Returns:
        `generate`: a list of cases with `seed`, `temperature`, `index` [n], `label` [n] if the model has classes,
        `latent` [n][d] and `image`, n statistics. `encode` and `reconstruct`: what the first case's images give,
        `mean` and `stddev` [n][d], and `image`. `score`: those of the first test images, m of them, under a
        `seed`: `elbo`, `reconstruction`, `kl` and `bound` [m], in nats.

    Raises:
        ValueError: a model whose images are not finite.
    """
    cases, parts = [], []
    for case in CASES:
        z = model.sample_latents(case["seed"], np.array(case["index"], np.int32), case["temperature"])
        given = label_input(model.classes, case["index"])
        images = model.decode(z, **given).mean().numpy()
        if not np.isfinite(images).all():
            raise ValueError("the model's images are not finite: expected pixels in [0, 1]; train it again")
        parts.append((images, given))
        statistics = [image_statistics(image) for image in images]
        label = {name: values.tolist() for name, values in given.items()}
        cases.append({**case, **label, "latent": z.numpy().tolist(), "image": statistics})
    images, given = parts[0]
    posterior = model.encode(images, **given)
    reconstructed = model.decode(posterior.mean(), **given).mean()
    labels = {} if test_labels is None else {"label": test_labels[:SCORED]}
    # a few at a time: 16 samples of 64 images of a ladder took half a gigabyte, which TensorFlow keeps
    scores = model.score(test_images[:SCORED], seed=SCORE_SEED, batch_size=8, **labels)
    if not all(np.isfinite(values).all() for values in scores):
        raise ValueError("the model's scores are not finite: expected nats; train it again")
    return {
        "generate": cases,
        "encode": {"mean": posterior.mean().numpy().tolist(), "stddev": posterior.stddev().numpy().tolist()},
        "reconstruct": {"image": [image_statistics(image) for image in reconstructed.numpy()]},
        "score": {
            "seed": SCORE_SEED,
            **{name: values.tolist() for name, values in scores._asdict().items()},
        },
    }


def image_statistics(image: np.ndarray) -> dict[str, Any]:
    """Return the numbers that stand for one image float `[H, W, C]`.

    Example:
        >>> image_statistics(np.array([[[0.0], [1.0]]]))["columns"]
        [0.0, 1.0]
    """
    image = image.astype(np.float64)
    return {
        "mean": float(image.mean()),
        "stddev": float(image.std()),
        "rows": image.mean((1, 2)).tolist(),
        "columns": image.mean((0, 2)).tolist(),
        "channels": image.mean((0, 1)).tolist(),
    }
