import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Keep prepared digits out of the user's cache: one folder for the whole run."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def mnist_dir():
    folder = Path(os.environ.get("TFDS_DATA_DIR", ""))
    if not os.environ.get("TFDS_DATA_DIR") or not (folder / "mnist").is_dir():
        pytest.skip("TFDS_DATA_DIR does not hold MNIST as TFDS prepares it")
    return folder
