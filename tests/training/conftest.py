import warnings

import pytest


@pytest.fixture(autouse=True, scope="session")
def digits_in_a_folder_of_ours(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def gray_pixels_are_meant():
    """Here Bernoullis are fitted to gray pixels on purpose."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Bernoulli is no likelihood")
        yield
