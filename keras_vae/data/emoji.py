"""The `emoji` dataset: Noto's emoji, which come with the package, as a TFDS builder."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

FOLDER = Path(__file__).parent / "noto_emoji"
SIDE = 32
# In Unicode's order.
CATEGORIES = (
    "Smileys & Emotion",
    "People & Body",
    "Component",
    "Animals & Nature",
    "Food & Drink",
    "Travel & Places",
    "Activities",
    "Objects",
    "Symbols",
    "Flags",
)
SPLIT_SEED = 0

# Code points that make a variant of an emoji: skin tones, genders, facing right, and what joins them.
_MARKS = {*(f"{tone:x}" for tone in range(0x1F3FB, 0x1F400)), "2640", "2642", "27a1", "fe0f", "200d"}
# Emoji that differ by gender, or of several people by theirs.
_PEOPLE = {
    **dict.fromkeys(("1f468", "1f469", "1f9d1"), "person"),
    **dict.fromkeys(("1f466", "1f467", "1f9d2"), "child"),
    **dict.fromkeys(("1f474", "1f475", "1f9d3"), "elder"),
    **dict.fromkeys(("1f934", "1f478", "1fac5"), "crown"),
    **dict.fromkeys(("1f57a", "1f483"), "dancer"),
}
_SAME = {
    **dict.fromkeys(("1f385", "1f936"), "person-1f384"),
    **dict.fromkeys(("1f46b", "1f46c", "1f46d"), "person-1f91d-person"),
    "1f491": "person-2764-person",
    "1f48f": "person-2764-1f48b-person",
    "1faf1-1faf2": "1f91d",
}

_CITATION = """
@misc{noto-emoji,
  author = {Google},
  title = {Noto Emoji},
  howpublished = {https://github.com/googlefonts/noto-emoji}
}
"""


class Emoji(tfds.core.GeneratorBasedBuilder):
    """3,786 emoji in colour, 32x32 on white, a tenth of each category to test; variants of one are on one side.

    Nothing is downloaded. The category is the label.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Noto's of Emoji 16, in ten categories."}  # noqa: RUF012

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description="Google's emoji in colour, 32x32 on white, with their categories.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(SIDE, SIDE, 3), dtype=np.uint8),
                    "label": tfds.features.ClassLabel(names=list(CATEGORIES)),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://github.com/googlefonts/noto-emoji",
            citation=_CITATION,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        codes, labels, images = read_sheet()
        test = choose_test(variant_groups(codes, images), labels)
        train = np.setdiff1d(np.arange(len(labels)), test)
        parts = {"train": train, "test": test}
        return {split: self._generate_examples(images, labels, indices) for split, indices in parts.items()}

    def _generate_examples(  # pyright: ignore[reportIncompatibleMethodOverride]  TFDS leaves the arguments to it
        self, images: np.ndarray, labels: np.ndarray, indices: np.ndarray
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        for index in indices.tolist():
            yield index, {"image": images[index], "label": int(labels[index])}


def read_sheet() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return the code points of each emoji, joined by "-", its category, int `[n]`, and uint8 `[n, 32, 32, 3]`."""
    with (FOLDER / "emoji.csv").open(encoding="utf-8", newline="") as file:
        codes, categories = zip(*csv.reader(file), strict=True)
    with Image.open(FOLDER / "sheet.webp") as image:
        sheet = np.asarray(image.convert("RGB"))
    rows, columns = sheet.shape[0] // SIDE, sheet.shape[1] // SIDE
    images = sheet.reshape(rows, SIDE, columns, SIDE, 3).swapaxes(1, 2).reshape(-1, SIDE, SIDE, 3)
    return list(codes), np.array([CATEGORIES.index(name) for name in categories]), images[: len(codes)]


def variant_key(code: str) -> str:
    """Return what an emoji has in common with its variants of other skin tones, genders and directions.

    Example:
        A woman who farms, of medium skin tone, and a man who does:

        >>> variant_key("1f469-1f3fd-200d-1f33e"), variant_key("1f468-200d-1f33e")
        ('person-1f33e', 'person-1f33e')
    """
    parts = [_PEOPLE.get(part, part) for part in code.split("-") if part not in _MARKS]
    people = [part for part in parts if part in ("person", "child")]
    if code == "1f46a" or (len(people) == len(parts) > 1 and "child" in people):
        return "family"
    key = "-".join(parts)
    return _SAME.get(key, key) or code


def variant_groups(codes: Sequence[str], images: np.ndarray) -> np.ndarray:
    """Number the groups of emoji that are variants of each other, or look the same as one, int `[n]`."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(codes)
    _, keys = np.unique([variant_key(code) for code in codes], return_inverse=True)
    _, looks = np.unique(images.reshape(count, -1), axis=0, return_inverse=True)
    emoji, shared = np.tile(np.arange(count), 2), np.concatenate([keys, looks.reshape(-1) + count])
    links = coo_matrix((np.ones(2 * count), (emoji, shared + count)), shape=(3 * count, 3 * count))
    return connected_components(links, directed=False)[1][:count]


def choose_test(groups: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Choose whole groups at random, of each category a tenth or just below; return the emoji's sorted indices."""
    generator, chosen = np.random.default_rng(SPLIT_SEED), []
    label_of = dict(zip(groups.tolist(), labels.tolist(), strict=True))
    for label in range(len(CATEGORIES)):
        room = np.count_nonzero(labels == label) // 10
        for group in generator.permutation(sorted(group for group in label_of if label_of[group] == label)):
            members = np.flatnonzero(groups == group)
            if len(members) <= room:
                room -= len(members)
                chosen.append(members)
    return np.sort(np.concatenate(chosen))
