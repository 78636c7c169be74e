"""Images by name: `digits`, `emoji`, `shapes`, any image dataset of TFDS; a folder of images; a NumPy file."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path
from types import NoneType
from typing import Any

import tensorflow as tf

from keras_vae.checks.channels import check_channels, check_picture_channels
from keras_vae.checks.kind import as_path, check_kind
from keras_vae.checks.number import whole_number
from keras_vae.checks.shown import shown
from keras_vae.data import catalogue
from keras_vae.data.arrays import ImageArrays
from keras_vae.data.augment import augmentations
from keras_vae.data.binarize import Binarize, check_binarize
from keras_vae.data.folder.load import load_folder
from keras_vae.data.numpy_file import load_numpy
from keras_vae.data.pipeline import build_pipeline
from keras_vae.data.prepare import names

_log = logging.getLogger("keras_vae.data.folder")


def load_dataset(
    name: str | os.PathLike[str],
    split: str = "train",
    *,
    batch_size: int = 128,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    binarize: Binarize = "none",
    shuffle: bool | None = None,
    seed: int = 0,
    labels: bool = False,
    data_dir: str | os.PathLike[str] | None = None,
    skip_corrupt: bool = False,
    drop_remainder: bool = False,
    download: bool = True,
    first_epoch: int = 0,
    augment: str | Sequence[str] = (),
    memory_budget: float | None = None,
) -> tf.data.Dataset[Any]:
    """Load images as batches of pixels in [0, 1].

    The images are read once, into memory or a file. Each iteration of the dataset is the next epoch, whose order,
    augmentation and dynamic binarisation follow from `(seed, epoch)`; see `pipeline.build_pipeline`.

    Args:
        name: "digits", "emoji", "shapes", a TFDS name such as "mnist" or "cifar10", with config and version as TFDS
            writes them, or the path of a folder of images or of a `.npy` file, uint8 or float in [0, 1], `[n, height,
            width]` or `[n, height, width, channels]`. A known name takes precedence over a folder of that name: write
            "./mnist" for the folder. The logger "keras_vae.data.folder" reports in one line how a folder was read.
        split: A split, or a slice of one such as "train[:10%]". If the source has no test images, "test" is its
            "validation" split, or else a tenth of "train", which is held out.
        batch_size: Images in a batch; the last one is smaller unless `drop_remainder`.
        image_size: The height and width of the images, as one number or two. Images are scaled to cover this size, then
            cropped to the centre. By default the images' own size, or 64 if their sizes differ.
        channels: 1 for gray, 3 for colour, or 4 for red, green, blue and alpha, which keeps transparency. With 1 and 3,
            transparent pixels are shown on white. By default 3 if any image is in colour. For a `.npy` file, by default
            the array's own 1 to 16 channels; 1, 3 and 4 can be converted to one another.
        binarize: "none", "static" (drawn once) or "dynamic" (drawn again in every epoch).
        shuffle: By default True for a split that starts with "train", else False.
        seed: The seed of the order, the augmentation and the binarisation.
        labels: Yield `(images, labels)` rather than images.
        data_dir: Where TFDS keeps prepared data; by default `TFDS_DATA_DIR` or TFDS' own choice.
        skip_corrupt: Skip files of a folder that cannot be read, instead of raising an error.
        drop_remainder: Leave out the last batch if it is not full.
        download: Let TFDS download a dataset that is not prepared.
        first_epoch: The epoch of the first iteration, to resume training.
        augment: Random changes of each image in every epoch: "flip" exchanges left and right with probability 1/2,
            "shift" moves by up to an eighth of the sides and repeats the border. Names, or one string with commas. Use
            it for training images only: metrics on changed images do not describe the data.
        memory_budget: Gigabytes that the images of a split may take in memory, by default a quarter of the machine's.
            Larger data are written once to a file in the user's cache (XDG_CACHE_HOME, by default ~/.cache), and read
            from it row by row, in the same order.

    Returns:
        A dataset of known cardinality of float32 `[n, height, width, channels]` in [0, 1], with `labels` of
        `(images, int32 [n])`.

    Raises:
        ValueError: For an unknown name or split, a dataset without images, a folder with none or with corrupt
            files, files that change while they are read, or an argument out of range.
        OSError: If TFDS cannot download the dataset, or the cache has no room for images that do not fit in memory.

    Example:
        >>> batch = next(iter(load_dataset("digits", batch_size=32)))
        >>> batch.shape, batch.dtype
        (TensorShape([32, 8, 8, 1]), tf.float32)
    """
    # before minutes are spent on reading
    check_binarize(binarize)
    augmentations(augment)
    batch_size, first_epoch = whole_number("batch_size", batch_size, 1), whole_number("first_epoch", first_epoch, 0)
    seed = whole_number("seed", seed, -(2**63), 2**63 - 1)
    for argument, value in (("labels", labels), ("drop_remainder", drop_remainder)):
        check_kind(argument, value, bool, "True or False")
    check_kind("shuffle", shuffle, (bool, NoneType), "True or False; leave it out to shuffle what is trained on")
    arrays = load_arrays(
        name,
        split,
        image_size=image_size,
        channels=channels,
        data_dir=data_dir,
        skip_corrupt=skip_corrupt,
        download=download,
        memory_budget=memory_budget,
    )
    return build_pipeline(
        arrays,
        batch_size=batch_size,
        binarize=binarize,
        shuffle=shuffle,
        seed=seed,
        labels=labels,
        drop_remainder=drop_remainder,
        first_epoch=first_epoch,
        augment=augment,
    )


def load_arrays(
    name: str | os.PathLike[str],
    split: str = "train",
    *,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    skip_corrupt: bool = False,
    download: bool = True,
    memory_budget: float | None = None,
) -> ImageArrays:
    """Read the images of one split; arguments and errors are those of `load_dataset`.

    Returns:
        uint8 images `[n, height, width, channels]`, with labels and the names of the classes where there are
        any.

    Example:
        >>> load_arrays("digits", "test").images.shape
        (360, 8, 8, 1)
    """
    if not (isinstance(name, str) and name == ""):
        path = as_path("name", name)
        name = name if isinstance(name, str) else path
    check_kind("split", split, str, 'a split such as "train", or a slice of one such as "train[:10%]"')
    for argument, value in (("skip_corrupt", skip_corrupt), ("download", download)):
        check_kind(argument, value, bool, "True or False")
    size = _size(image_size)
    channels = None if channels is None else check_channels(channels)
    data_dir = None if data_dir is None else as_path("data_dir", data_dir)
    path = Path(name).expanduser() if is_path(name) else None
    if path and path.suffix.lower() == ".npy" and not path.is_dir():
        return load_numpy(path, split, image_size=size, channels=channels, memory_budget=memory_budget)
    if channels is not None:
        check_picture_channels(channels)
    if path:
        return load_folder(
            name,
            split,
            image_size=size,
            channels=channels,
            skip_corrupt=skip_corrupt,
            memory_budget=memory_budget,
        )
    if Path(name).is_dir() and not (Path(name) / "config.json").is_file():  # that of a preset or a run
        _log.warning("%s: read the dataset of that name, and not the folder; write ./%s for the folder", name, name)
    return catalogue.load_catalogued(
        str(name),
        split,
        image_size=size,
        channels=channels,
        data_dir=data_dir,
        download=download,
        memory_budget=memory_budget,
    )


def _size(image_size: Any) -> tuple[int, int] | None:
    """Return the height and width that `image_size` means, if any."""
    if image_size is None:
        return None
    sides = list(image_size) if isinstance(image_size, Sequence) else [image_size] * 2
    if len(sides) != 2 or isinstance(image_size, str):
        raise ValueError(f"image_size is {shown(image_size)}: expected at least 1 pixel, or (height, width)")
    height, width = (whole_number("image_size", side, 1) for side in sides)
    return height, width


def is_path(name: str | os.PathLike[str]) -> bool:
    """Return whether `name` means images of one's own, a folder or a `.npy` file, rather than a dataset by name.

    Example:
        >>> is_path("mnist:3.0.1"), is_path("./pictures"), is_path("holiday/pictures"), is_path("faces.npy")
        (False, True, True, True)
    """
    if isinstance(name, os.PathLike):
        return True
    if name == "" or re.split("[/:]", name)[0] in names():
        return False
    own = "/" in name or os.sep in name or name in (".", "..", "~") or name.lower().endswith(".npy")
    return own or Path(name).is_dir()
