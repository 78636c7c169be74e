import sys

import matplotlib
import matplotlib.style
import numpy as np
from PIL import Image

from keras_vae.pictures.figure import new_figure, save_figure, style_axes
from keras_vae.pictures.history import draw_history


def pixels(path):
    with Image.open(path) as picture:
        return picture.mode, picture.info, np.asarray(picture)


def plain_figure():
    figure = new_figure(3, 2)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1])
    style_axes(axes, "title", "x", "y")
    return figure


def test_a_figure_is_opaque_white_of_its_size_and_without_metadata(tmp_path):
    mode, info, array = pixels(save_figure(plain_figure(), tmp_path / "a.png"))
    assert (mode, info, array.shape) == ("RGB", {}, (240, 360, 3))
    assert (array[[0, -1]] == 255).all()


def test_equal_figures_give_equal_bytes(tmp_path):
    first, second = (save_figure(plain_figure(), tmp_path / name) for name in ("a.png", "b.png"))
    assert first.read_bytes() == second.read_bytes()


def test_a_dark_style_of_the_caller_changes_no_text_or_background(tmp_path):
    light = save_figure(draw_history({"loss": [2.0, 1.0]}), tmp_path / "light.png")
    with matplotlib.style.context("dark_background"):
        dark = save_figure(draw_history({"loss": [2.0, 1.0]}), tmp_path / "dark.png")
    assert light.read_bytes() == dark.read_bytes()


def test_settings_are_left_alone_and_pyplot_is_not_loaded(tmp_path):
    loaded, before = "matplotlib.pyplot" in sys.modules, matplotlib.rcParams.copy()
    save_figure(draw_history({"loss": [2.0, 1.0]}), tmp_path / "a.png")
    assert matplotlib.rcParams.copy() == before
    assert ("matplotlib.pyplot" in sys.modules) == loaded
