import numpy as np
import pytest
from PIL import Image

from keras_vae.pictures.figure import save_figure
from keras_vae.pictures.nearest_neighbours import draw_nearest_neighbours


def test_three_rows_for_every_ten_samples(digits, tmp_path):
    sets = digits[:12], digits[100:112], digits[200:212]
    figure = draw_nearest_neighbours(*sets)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["sample", "nearest in training", "nearest in test"] * 2
    picture = np.asarray(figure.axes[0].images[0].get_array())[..., 0]
    first = [int(np.ceil(place)) for place in figure.axes[0].get_yticks()[:3]]
    for images, centre in zip(sets, first, strict=True):
        tile = picture[centre - 32 : centre + 32, 4:68]
        np.testing.assert_array_equal(tile[4::8, 4::8], np.rint(images[0, ..., 0] * 255))
    path = save_figure(figure, tmp_path / "nearest.png")
    with Image.open(path) as picture:
        assert picture.size[0] > 600


def test_refuses_shapes_that_differ(digits):
    with pytest.raises(ValueError, match=r"have shapes \[3, 8, 8, 1\], \[2, 8, 8, 1\], .*: expected equal shapes"):
        draw_nearest_neighbours(digits[:3], digits[:2], digits[:3])
