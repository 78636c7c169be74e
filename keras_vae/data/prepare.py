"""TFDS datasets made ready to read, with no more noise, waiting or remains on failure than need be."""

import contextlib
import difflib
import os
import re
import shutil
import sys
import tempfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import requests
import tensorflow_datasets as tfds
from tensorflow_datasets.core import constants

from keras_vae.data.cache import cache_folder
from keras_vae.data.digits import Digits
from keras_vae.data.emoji import Emoji
from keras_vae.data.quiet import quiet, quiet_logs
from keras_vae.data.shapes import Shapes
from keras_vae.private_interfaces import retries_of_tfds

# Made here, with nothing to download.
OURS: dict[str, type[tfds.core.DatasetBuilder]] = {"digits": Digits, "emoji": Emoji, "shapes": Shapes}


def names() -> list[str]:
    """Return every dataset name known without a network."""
    return sorted({*OURS, *tfds.list_builders(with_community_datasets=False)})


@contextlib.contextmanager
def prepared(name: str, data_dir: str | os.PathLike[str] | None, download: bool) -> Iterator[tfds.core.DatasetBuilder]:
    """Hold the builder of a prepared dataset open for reading; errors are those of `load.load_dataset`.

    What is `OURS` is prepared in `data_dir` or the user's cache, or for the time of reading in a temporary folder.
    """
    first = re.split("[/:]", name)[0]
    ours = OURS.get(first)
    if ours is None:
        yield _prepare_by_name(name, data_dir, download)
        return
    if name not in (first, f"{first}:{ours.VERSION}"):
        raise ValueError(
            f"dataset is {name!r}: expected {first} or {first}:{ours.VERSION}; it has no other version, and no config"
        )
    with contextlib.ExitStack() as temporary:
        try:
            builder = _prepare(ours, data_dir or cache_folder() / "tensorflow_datasets")
        except OSError:
            # unwritable, or a full disk: what is made in seconds need not be kept
            builder = _prepare(ours, temporary.enter_context(tempfile.TemporaryDirectory()))
        yield builder


def _prepare(ours: type[tfds.core.DatasetBuilder], data_dir: str | os.PathLike[str]) -> tfds.core.DatasetBuilder:
    with quiet():
        builder = ours(data_dir=os.fspath(data_dir))
        try:
            # TFDS writes beside and renames
            builder.download_and_prepare()
        except OSError:
            # another process may have finished first: its rename then wins over ours
            builder = ours(data_dir=os.fspath(data_dir))
            if not builder.data_path.exists():
                raise
    return builder


def _prepare_by_name(name: str, data_dir: str | os.PathLike[str] | None, download: bool) -> tfds.core.DatasetBuilder:
    folder = Path(data_dir if data_dir is not None else constants.DATA_DIR).expanduser()
    try:
        with quiet():
            builder = tfds.builder(name, data_dir=folder)
    except (tfds.core.DatasetNotFoundError, ImportError) as error:
        close = difflib.get_close_matches(re.split("[/:]", name)[0].lower(), names(), n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "no file or folder has this name"
        raise ValueError(
            f"dataset is {name!r}: expected digits, emoji, shapes, a TFDS name, a folder of images or a .npy file; "
            f"{hint}"
        ) from error
    except Exception as error:
        raise ValueError(
            f"dataset is {name!r} ({_one_line(error)}): expected what TFDS can read; check the name, its config and "
            "version"
        ) from error
    if builder.data_path.exists():
        return builder
    mend = "set TFDS_DATA_DIR or --data-dir to a folder that holds it prepared"
    if not download:
        raise ValueError(
            f"dataset {name!r} is not prepared in {folder} and downloading is off: expected it prepared; {mend}"
        )
    try:
        # progress bars are for a person who watches; elsewhere they would bury the one line of an error
        quietly = quiet_logs() if sys.stderr.isatty() else quiet()
        with quietly, retries_of_tfds(3), _no_remains(folder, builder.name):
            builder.download_and_prepare()
    except Exception as error:
        raise OSError(
            f"dataset {name!r} is not prepared in {folder} and could not be downloaded ({_one_line(error)}): "
            f"expected it prepared, or a network; connect to one, or {mend}"
        ) from error
    return builder


def _one_line(error: Exception) -> str:
    if isinstance(error, requests.ConnectionError) and error.request is not None:
        return f"no connection to {urllib.parse.urlsplit(error.request.url).hostname}"
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    first = re.sub('^Failed to construct dataset ".*?}": ', "", first)
    return first if len(first) <= 200 else first[:200] + "..."


@contextlib.contextmanager
def _no_remains(folder: Path, name: str) -> Iterator[None]:
    """Remove what a failed preparation leaves: unfinished downloads and empty folders that it made."""

    def contents() -> set[Path]:
        tops = [folder / "downloads", folder / name]
        return {path for top in tops for path in (top, *top.rglob("*")) if path.is_dir()}

    before = contents() | ({folder} if folder.exists() else set())
    try:
        yield
    except BaseException:
        made = (contents() | {folder}) - before
        for path in sorted(made, key=lambda path: len(path.parts), reverse=True):
            if ".tmp." in path.name:
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    path.rmdir()
        raise
