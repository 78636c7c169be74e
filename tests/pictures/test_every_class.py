"""The picture of the same latents in every class."""

import numpy as np
import pytest
from PIL import Image

from keras_vae.pictures.every_class import draw_every_class
from keras_vae.pictures.figure import save_figure


def stripes(z, label):
    """Images of 4 x 4 whose column `label` is lit."""
    images = np.zeros([len(z), 4, 4, 1], np.float32)
    images[:, :, label % 4] = 0.5
    return images


def test_a_column_is_a_class(tmp_path):
    figure = draw_every_class(np.zeros([2, 3]), ["a", "b", "c", "d"], stripes)
    with Image.open(save_figure(figure, tmp_path / "classes.png")) as picture:
        assert picture.size[0] > 100
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b", "c", "d"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["latent 0", "latent 1"]
    shown = np.asarray(axes.images[0].get_array())[..., 0]
    cells = np.array_split(shown, 4, axis=1)
    lit = [np.nonzero((cell == 128).any(axis=0))[0].mean() * 4 / cell.shape[1] for cell in cells]
    assert [int(place) for place in lit] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["a long name", "b"], ["0", "b"]),
        (["1", "1000000", "2"], ["1", "1000…", "2"]),  # not 1, 1, 2
        (["x"] * 30, ["x"] * 20),
    ],
)
def test_long_names_stand_as_numbers_and_the_first_twenty_are_drawn(names, labels):
    axes = draw_every_class(np.zeros([1, 3]), names, stripes).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == labels
