"""The known factors of a dataset's images, for judging what a latent has told apart."""

import os

import numpy as np
import tensorflow_datasets as tfds

from keras_vae.checks.kind import as_path, check_kind
from keras_vae.data.catalogue import BLOCK, choose_split
from keras_vae.data.prepare import prepared
from keras_vae.data.quiet import quiet_logs


def load_factors(
    name: str,
    split: str = "train",
    *,
    data_dir: str | os.PathLike[str] | None = None,
    download: bool = True,
) -> dict[str, np.ndarray]:
    """Load the known factors of each image of a dataset: every class label, whose name begins with "label".

    Args:
        name: "shapes", or a TFDS name such as "dsprites", "shapes3d" or "smallnorb".
        split: as in `load_dataset`; for "shapes", "train+test" has every combination of the factors once.
        data_dir: as in `load_dataset`.
        download: as in `load_dataset`.

    Returns:
        A dict from the name of each factor to int32 `[n]`, in the order of the images that `load_arrays` returns, or
        `load_dataset` without shuffling.

    Raises:
        ValueError: if the name or split is unknown, or the dataset has no class labels.

    Example:
        The embedded digits have one, "shapes" has five:

        >>> {name: factor.shape for name, factor in load_factors("digits", "test").items()}
        {'label': (360,)}
    """
    for argument, value in (("name", name), ("split", split)):
        check_kind(argument, value, str, "a str, such as 'shapes' and 'train'")
    check_kind("download", download, bool, "True or False")
    data_dir = None if data_dir is None else as_path("data_dir", data_dir)
    with prepared(name, data_dir, download) as builder:
        source = choose_split(name, builder, split)
        features = builder.info.features
        wanted = {
            key: feature
            for key, feature in (features.items() if isinstance(features, tfds.features.FeaturesDict) else ())
            if key.startswith("label") and type(feature) is tfds.features.ClassLabel
        }
        if not wanted:
            raise ValueError(f"dataset {name!r} has no class labels: expected known factors; choose one such as shapes")
        with quiet_logs():
            examples = builder.as_dataset(split=source, decoders=tfds.decode.PartialDecoding(wanted))
            blocks = [{key: block[key].numpy() for key in wanted} for block in examples.batch(BLOCK)]
    # in the order in which the builder names them: a PartialDecoding sorts
    return {key: np.concatenate([block[key] for block in blocks]).astype(np.int32) for key in wanted}
