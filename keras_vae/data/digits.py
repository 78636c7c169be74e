"""The `digits` dataset: scikit-learn's bundled 8x8 images of handwritten digits as a TFDS builder."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

TEST_SIZE = 360
SPLIT_SEED = 0

_CITATION = """
@misc{alpaydin1998optical,
  author = {Alpaydin, E. and Kaynak, C.},
  title = {Optical Recognition of Handwritten Digits},
  howpublished = {UCI Machine Learning Repository},
  year = {1998}
}
"""


class Digits(tfds.core.GeneratorBasedBuilder):
    """1,797 gray 8x8 digits: 1,437 to train and 360 to test, with equal images on one side only.

    Nothing is downloaded: the images come with scikit-learn, which holds the test part of the UCI set.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "A stratified split of the 1,797 images of scikit-learn."}  # noqa: RUF012

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description="Gray 8x8 images of handwritten digits, bundled with scikit-learn, scaled to 0..255.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(8, 8, 1), dtype=np.uint8),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
            citation=_CITATION,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        from sklearn.datasets import load_digits

        images, labels = load_digits(return_X_y=True)
        # intensities are 0..16
        images = np.round(images.reshape(-1, 8, 8, 1) * (255 / 16)).astype(np.uint8)
        test = stratified_test_indices(images, labels)
        train = np.setdiff1d(np.arange(len(labels)), test)
        parts = {"train": train, "test": test}
        return {split: self._generate_examples(images, labels, indices) for split, indices in parts.items()}

    def _generate_examples(  # pyright: ignore[reportIncompatibleMethodOverride]  TFDS leaves the arguments to it
        self, images: np.ndarray, labels: np.ndarray, indices: np.ndarray
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        for index in indices.tolist():
            yield index, {"image": images[index], "label": int(labels[index])}


def stratified_test_indices(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Choose the test images: `TEST_SIZE` of them, each class in proportion, equal images all on one side.

    Args:
        images: uint8 `[n, height, width, channels]`.
        labels: int `[n]`.

    Returns:
        The sorted indices of the test images.

    Raises:
        ValueError: If images that are equal leave no way to fill the test split.
    """
    flat = images.reshape(len(images), -1)
    _, group, size = np.unique(flat, axis=0, return_inverse=True, return_counts=True)
    # images with a twin stay in train, so nothing of the test split is seen in training
    single = size[group.reshape(-1)] == 1
    shares = np.bincount(labels) * TEST_SIZE / len(labels)
    wanted = np.floor(shares).astype(int)
    # the largest remainders fill the split up
    wanted[np.argsort(wanted - shares, kind="stable")[: TEST_SIZE - wanted.sum()]] += 1
    generator = np.random.default_rng(SPLIT_SEED)
    chosen = []
    for label, count in enumerate(wanted):
        candidates = np.flatnonzero((labels == label) & single)
        if len(candidates) < count:
            raise ValueError(f"digits has {len(candidates)} distinct images of {label} to test: expected {count}")
        chosen.append(generator.permutation(candidates)[:count])
    return np.sort(np.concatenate(chosen))
