"""Class names that the default font cannot write."""

import numpy as np
import pytest
from matplotlib.font_manager import FontProperties, fontManager

from keras_vae.pictures.class_colours import ClassColours
from keras_vae.pictures.every_class import draw_every_class
from keras_vae.pictures.figure import new_figure, save_figure
from keras_vae.pictures.lettering import drawable, font_of

SCRIPT = "\U0001d49c"  # a script A, which DejaVu Sans lacks, and fonts have that come with Matplotlib
PRIVATE = "\U000f0000"


def test_a_font_that_has_the_letters_stands_behind_the_default():
    default = FontProperties().get_family()
    assert font_of(["cat", "\u00e9t\u00e9"], 9).get_family() == default
    *first, last = font_of(["cat", SCRIPT], 9).get_family()
    assert first == default
    assert last in {entry.name for entry in fontManager.ttflist} - {"Last Resort High-Efficiency"}
    assert drawable(["cat", SCRIPT]) == ["cat", SCRIPT]
    assert drawable(["cat", PRIVATE]) == ["0", "1"]
    assert drawable(["e\u0301te\u0301"]) == ["\u00e9t\u00e9"]


@pytest.mark.parametrize("classes", [2, 20])
@pytest.mark.parametrize("name", [SCRIPT, PRIVATE])
def test_no_picture_lacks_a_letter(tmp_path, name, classes):
    """Matplotlib would warn, which fails a test, and draw boxes."""
    names = [name, *map(str, range(1, classes))]
    save_figure(
        draw_every_class(np.zeros([2, 3]), names, lambda z, label: np.zeros([len(z), 8, 8, 1])), tmp_path / "a.png"
    )
    figure = new_figure(4, 4)
    colours = ClassColours.of(np.arange(classes), classes, names)
    assert colours.names[0] == (name if name == SCRIPT else "0")
    colours.add_legend(figure.subplots())
    save_figure(figure, tmp_path / "b.png")
