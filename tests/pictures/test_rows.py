import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from keras_vae.pictures.figure import save_figure
from keras_vae.pictures.grid import image_grid
from keras_vae.pictures.kl_order import order_by_kl
from keras_vae.pictures.labelled_grid import labelled_grid
from keras_vae.pictures.reconstructions import draw_reconstructions, draw_unusual
from keras_vae.pictures.strips import draw_interpolation, draw_traversals


def row_names(figure):
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def column_names(figure):
    return [label.get_text().replace("\N{MINUS SIGN}", "-") for label in figure.axes[0].get_xticklabels()]


def shown(figure):
    """The tiles that a figure shows, at each row label's height, as gray levels."""
    picture = np.asarray(figure.axes[0].images[0].get_array())[..., 0]
    centres = [int(np.ceil(position)) for position in figure.axes[0].get_yticks()]
    return [picture[centre - 32 : centre + 32, 4:].copy() for centre in centres]


def magnified(images):
    return image_grid(images, columns=len(images))[4:-4, 4:]


def contains(picture, part):
    windows = np.lib.stride_tricks.sliding_window_view(picture, part.shape[1], axis=1)
    rows, columns = np.nonzero((windows == part[0]).all(axis=-1))
    return any(
        (picture[row : row + len(part), column : column + part.shape[1]] == part).all()
        for row, column in zip(rows, columns, strict=True)
        if row + len(part) <= len(picture)
    )


def test_labels_stand_at_their_tiles_and_images_keep_their_pixels(tmp_path, digits):
    path = save_figure(draw_reconstructions(digits[:12], digits[12:24]), tmp_path / "r.png")
    assert path == tmp_path / "r.png"
    figure = draw_reconstructions(digits[:12], digits[12:24])
    assert row_names(figure) == ["original", "reconstruction"] * 2
    wanted = [digits[:10], digits[12:22], digits[10:12], digits[22:24]]
    with Image.open(path) as picture:
        written = np.asarray(picture)[..., 0]
    for tiles, images in zip(shown(figure), wanted, strict=True):
        part = magnified(images)
        np.testing.assert_array_equal(tiles[:, : part.shape[1]], part)
        assert contains(written, part), "the file shows other pixels than the images"


def test_the_picture_of_one_small_pair_has_room_for_its_text(digits):
    figure = draw_interpolation(np.zeros([1, 2]), np.ones([1, 2]), lambda z: digits[: len(z)], steps=2)
    FigureCanvasAgg(figure).draw()
    width, height = figure.bbox.size
    axes = figure.axes[0]
    texts = [axes.title, axes._left_title, axes.xaxis.label, *axes.get_yticklabels(), *axes.get_xticklabels()]
    for text in texts:
        box = text.get_window_extent()
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text


def test_labels_must_fit_the_rows(digits):
    with pytest.raises(ValueError, match="labels are 1 for the rows and 2 for the columns: expected 2 and 0 or 3"):
        labelled_grid([digits[:3], digits[3:6]], ["one"], ["a", "b"])


def test_reconstructions_refuse_other_shapes(digits):
    with pytest.raises(ValueError, match=r"shape \[5, 8, 8, 1\]: expected the originals' \[4, 8, 8, 1\]"):
        draw_reconstructions(digits[:4], digits[:5])
    with pytest.raises(ValueError, match=r"originals are .*divide by 255"):
        draw_reconstructions(digits[:4] * 255, digits[:4])


def test_the_picture_of_the_unusual_takes_a_score_for_each_pair(digits):
    figure = draw_unusual(digits[:12], digits[12:24], [-1234.0, -20.2, *range(10)])
    assert row_names(figure) == ["original", "reconstruction", "error"]
    assert column_names(figure)[:3] == ["-1234", "-20.2", "0.0"]
    assert len(column_names(figure)) == 10
    with pytest.raises(ValueError, match="scores are 3: expected 4; give one for each original"):
        draw_unusual(digits[:4], digits[:4], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"shape \[5, 8, 8, 1\]: expected the originals' \[4, 8, 8, 1\]"):
        draw_unusual(digits[:4], digits[:5], [1.0] * 4)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 50), min_size=1, max_size=20))
def test_the_order_is_a_permutation_that_descends(kl):
    order = order_by_kl(np.array(kl))
    assert sorted(order) == list(range(len(kl)))
    assert (np.diff(np.array(kl)[order]) <= 0).all()


@pytest.mark.parametrize("kl", [np.zeros([2, 2]), np.zeros(0), np.array(1.0), np.array([1.0, np.nan])])
def test_traversals_refuse_a_kl_that_is_no_row_of_numbers(kl, digits):
    with pytest.raises(ValueError, match=r"kl_per_dimension (has shape|is) .*: expected"):
        draw_traversals(kl, lambda z: digits[: len(z)])


def test_traversals_move_one_dimension_a_row_in_the_order_of_kl(tmp_path, principal_components):
    _, decode = principal_components(4)
    kl, seen = np.array([0.5, 3.25, 0.01, 1.0]), []

    def recording(z):
        seen.append(z)
        return decode(z)

    figure = draw_traversals(kl, recording, dimensions=3, span=2.0, steps=5)
    assert row_names(figure) == ["z[1]   3.25 nats", "z[3]   1.00 nats", "z[0]   0.50 nats"]
    assert [float(name) for name in column_names(figure)] == [-2, -1, 0, 1, 2]
    (z,) = seen
    assert z.dtype == np.float32
    expected = np.zeros([3, 5, 4])
    for row, dimension in enumerate([1, 3, 0]):
        expected[row, :, dimension] = [-2, -1, 0, 1, 2]
    np.testing.assert_array_equal(z.reshape(3, 5, 4), expected)
    for tiles, row in zip(shown(figure), expected, strict=True):
        part = magnified(np.clip(decode(row.astype(np.float32)), 0, 1))
        np.testing.assert_array_equal(tiles[:, : part.shape[1]], part)
    first, second = (save_figure(draw_traversals(kl, decode), tmp_path / name) for name in ("a.png", "b.png"))
    assert first.read_bytes() == second.read_bytes()


def test_interpolation_goes_straight_from_start_to_end(tmp_path, principal_components):
    means, decode = principal_components(5)
    start, end = means[:3].astype(np.float32), means[3:6].astype(np.float32)
    figure = draw_interpolation(start, end, decode, steps=5)
    assert row_names(figure) == ["pair 1", "pair 2", "pair 3"]
    assert [float(name) for name in column_names(figure)] == [0, 0.25, 0.5, 0.75, 1]
    for tiles, a, b in zip(shown(figure), start, end, strict=True):
        way = np.stack([a, a * 0.75 + b * 0.25, (a + b) / 2, a * 0.25 + b * 0.75, b])
        part = magnified(np.clip(decode(way), 0, 1)).astype(int)
        # two ways to add the same numbers may round a level apart
        assert np.abs(tiles[:, : part.shape[1]] - part).max() <= 1
    assert save_figure(draw_interpolation(start, end, decode), tmp_path / "i.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("start", "end", "steps", "message"),
    [
        (np.zeros([2, 3]), np.zeros([2, 4]), 5, r"z_start and z_end have shapes \[2, 3\] and \[2, 4\]: expected"),
        (np.zeros(3), np.zeros(3), 5, r"have shapes \[3\] and \[3\]: expected"),
        (np.zeros([2, 3]), np.zeros([2, 3]), 1, "steps is 1: expected at least 2"),
    ],
)
def test_interpolation_refuses_other_shapes(start, end, steps, message, digits):
    with pytest.raises(ValueError, match=message):
        draw_interpolation(start, end, lambda z: digits[: len(z)], steps=steps)


def test_a_decoder_must_return_an_image_a_latent(digits):
    with pytest.raises(ValueError, match="decode returns 3 images for 10 latents: expected 10"):
        draw_interpolation(np.zeros([2, 3]), np.ones([2, 3]), lambda z: digits[:3], steps=5)


@pytest.mark.parametrize("options", [{"dimensions": 0}, {"steps": 1}, {"span": 0.0}, {"span": np.inf}])
def test_traversals_refuse_numbers_out_of_range(options, digits):
    with pytest.raises(ValueError, match=r"dimensions, steps and span are .*: expected"):
        draw_traversals(np.ones(3), lambda z: digits[: len(z)], **options)
