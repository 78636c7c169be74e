"""Presets on the hub of Hugging Face: a repository is a preset's folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from keras_vae.checks.shown import first_line
from keras_vae.presets.folder import CARD, CONFIG, METADATA, WEIGHTS

PREFIX = "hf://"


def pull(address: str) -> Path:
    """Return the folder of the user's cache that holds a repository's preset, fetched where it is not there.

    Args:
        address: "hf://user/name".

    Raises:
        ValueError: without the package huggingface_hub, or an address that names no repository.
        OSError: a repository that is not there or not open to the user, or no network and nothing in the cache.
    """
    repository, hub = _repository("preset", address), _hub("preset", address)
    try:
        return Path(hub.snapshot_download(repository, allow_patterns=[CONFIG, METADATA, WEIGHTS, CARD]))
    except Exception as error:  # of the hub, of HTTP, of the network: there is no common class
        raise OSError(
            f"preset {address} cannot be fetched ({_reason(error)}): expected a repository of the hub; check "
            "the name, the network, and for a private one hf auth login"
        ) from error


def push(folder: Path, address: str) -> None:
    """Make a preset's folder a repository of the hub, or its next commit; errors as of `pull`."""
    repository, hub = _repository("folder", address), _hub("folder", address)
    try:
        hub.create_repo(repository, exist_ok=True)
        hub.upload_folder(repo_id=repository, folder_path=folder, commit_message="A preset of keras_vae")
    except Exception as error:
        raise OSError(
            f"folder {address} cannot be written ({_reason(error)}): expected a repository of yours on the hub; "
            "check the name, the network and hf auth login"
        ) from error


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"  # the hub's first lines are numbers of HTTP


def _hub(argument: str, address: str) -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise ValueError(
            f"{argument} is {address!r}, and huggingface_hub is not installed: expected the extra hub, which installs "
            "it; pip install 'keras_vae[hub]'"
        ) from error
    # Read now: Keras imports the package, which reads it once, before a program can set it.
    return huggingface_hub.HfApi(endpoint=os.environ.get("HF_ENDPOINT"))


def _repository(argument: str, address: str) -> str:
    parts = address.removeprefix(PREFIX).split("/")
    if len(parts) != 2 or not all(parts):
        raise ValueError(f"{argument} is {address!r}: expected hf://user/name; name a repository of the hub")
    return "/".join(parts)
