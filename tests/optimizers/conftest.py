import pytest


@pytest.fixture(autouse=True)
def gray_digits_are_meant(gray_pixels_are_meant):
    """Here Bernoullis are fitted to gray digits."""
