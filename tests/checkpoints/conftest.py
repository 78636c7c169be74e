from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="session")
def digits_in_a_folder_of_ours(made_once):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(made_once("cache", Path.mkdir)))
        yield


@pytest.fixture(autouse=True)
def gray_digits_are_meant(gray_pixels_are_meant):
    """Here Bernoullis are fitted to gray digits."""
