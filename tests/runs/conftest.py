import pytest


@pytest.fixture(autouse=True, scope="session")
def digits_in_a_folder_of_ours(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def gray_digits_are_meant(gray_pixels_are_meant):
    """Here Bernoullis are fitted to gray digits."""
