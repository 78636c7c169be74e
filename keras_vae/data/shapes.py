"""The `shapes` dataset: drawn images whose factors are known, as a TFDS builder that downloads nothing."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

SIDE = 32
SHAPES = ("square", "ellipse", "heart")
# In pixels; chosen so that all images differ.
RADII = np.linspace(4.4, 7.6, 5)
# Below a right angle: a square turned by more would be one that was turned by less.
DEGREES = np.arange(8) * 90 / 8
POSITIONS = np.linspace(9.2, 22.9, 8)
FACTORS: dict[str, tuple[str, ...]] = {
    "label": SHAPES,
    "label_scale": tuple(f"{radius:g}px" for radius in RADII),
    "label_orientation": tuple(f"{degrees:g}deg" for degrees in DEGREES),
    "label_x_position": tuple(str(place) for place in range(len(POSITIONS))),
    "label_y_position": tuple(str(place) for place in range(len(POSITIONS))),
}
TEST_SIZE = 768
SPLIT_SEED = 0

_CITATION = """
@misc{dsprites17,
  author = {Loic Matthey and Irina Higgins and Demis Hassabis and Alexander Lerchner},
  title = {dSprites: Disentanglement testing Sprites dataset},
  year = {2017}
}
"""


class Shapes(tfds.core.GeneratorBasedBuilder):
    """7,680 binary 32x32 images, one of each combination of shape, scale, orientation, x and y, in the way of dSprites.

    All five factors are labels, named as TFDS names those of dSprites; the shape is `label`. A tenth, drawn at
    random, is for testing; over "train+test" the factors are independent. No two images are equal.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "3 shapes, 5 scales, 8 orientations, 8 x 8 positions."}  # noqa: RUF012

    def _info(self) -> tfds.core.DatasetInfo:
        image = tfds.features.Image(shape=(SIDE, SIDE, 1), dtype=np.uint8)
        labels = {name: tfds.features.ClassLabel(names=list(values)) for name, values in FACTORS.items()}
        return tfds.core.DatasetInfo(
            builder=self,
            description="Binary 32x32 images of a square, an ellipse or a heart, with the factors that drew them.",
            features=tfds.features.FeaturesDict({"image": image, **labels}),
            supervised_keys=("image", "label"),
            homepage="https://github.com/google-deepmind/dsprites-dataset",
            citation=_CITATION,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        factors = all_factors()
        test = np.sort(np.random.default_rng(SPLIT_SEED).permutation(len(factors))[:TEST_SIZE])
        train = np.setdiff1d(np.arange(len(factors)), test)
        return {"train": self._generate_examples(factors, train), "test": self._generate_examples(factors, test)}

    def _generate_examples(  # pyright: ignore[reportIncompatibleMethodOverride]  TFDS leaves the arguments to it
        self, factors: np.ndarray, indices: np.ndarray
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        for index in indices.tolist():
            labels = {name: int(value) for name, value in zip(FACTORS, factors[index], strict=True)}
            yield index, {"image": draw(factors[index]), **labels}


def all_factors() -> np.ndarray:
    """Return every combination of the factors' values, int `[7680, 5]`, in the order of `FACTORS`."""
    return np.array(list(itertools.product(*(range(len(values)) for values in FACTORS.values()))))


def draw(factors: np.ndarray) -> np.ndarray:
    """Return the image of one combination, uint8 `[32, 32, 1]`, 0 or 255: 255 where a pixel's centre is inside.

    Args:
        factors: int `[5]`, places in the values of `FACTORS`.
    """
    shape, scale, orientation, column, row = factors
    centres = np.arange(SIDE) + 0.5
    x, y = centres - POSITIONS[column], (centres - POSITIONS[row])[:, None]
    angle = np.deg2rad(DEGREES[orientation])
    u = (np.cos(angle) * x + np.sin(angle) * y) / RADII[scale]
    v = (np.cos(angle) * y - np.sin(angle) * x) / RADII[scale]
    if SHAPES[shape] == "square":
        inside = np.maximum(np.abs(u), np.abs(v)) < 0.75
    elif SHAPES[shape] == "ellipse":
        inside = u**2 + (2 * v) ** 2 < 1
    else:
        # (u^2 + v^2 - 1)^3 < u^2 v^3, the tip below, brought to the same radius
        u, v = 1.2 * u, 0.1 - 1.2 * v
        inside = (u**2 + v**2 - 1) ** 3 < u**2 * v**3
    return np.where(inside, 255, 0).astype(np.uint8)[..., None]
