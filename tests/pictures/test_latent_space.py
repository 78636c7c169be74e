import numpy as np
import pytest
import scipy.stats
from matplotlib.colors import to_hex

from keras_vae.pictures.figure import CLASS_COLOURS, save_figure
from keras_vae.pictures.grid import image_grid
from keras_vae.pictures.latent_panels import PLANE_SIDE, normal_quantiles
from keras_vae.pictures.latent_space import draw_latent_space


def point_colours(panel):
    return [to_hex(colour) for colour in panel.collections[0].get_facecolors()]


def test_the_quantiles_are_those_of_the_standard_normal():
    np.testing.assert_allclose(normal_quantiles(15), scipy.stats.norm.ppf((np.arange(15) + 0.5) / 15), atol=1e-6)


def test_many_dimensions_show_the_two_of_largest_kl_and_all_kl_in_order(principal_components):
    means, _ = principal_components(5)
    kl = np.array([0.5, 0.1, 3.0, 0.0, 1.25])
    points, bars = draw_latent_space(means, kl).axes
    np.testing.assert_allclose(points.collections[0].get_offsets(), means[:, [2, 4]])
    assert points.get_xlabel() == "z[2]   (KL 3.00 nats)"
    assert points.get_ylabel() == "z[4]   (KL 1.25 nats)"
    assert "two dimensions of largest KL" in points.get_title("left")
    np.testing.assert_allclose([bar.get_height() for bar in bars.patches], [3.0, 1.25, 0.5, 0.1, 0.0])
    assert [label.get_text() for label in bars.get_xticklabels()] == ["2", "4", "0", "1", "3"]
    assert bars.get_ylabel() == "KL, nats per image"
    assert "4.85 nats in all" in bars.get_title("left")


def test_classes_have_their_colours_and_names(principal_components, digit_labels):
    means, _ = principal_components(3)
    names = [f"digit {number}" for number in range(10)]
    points = draw_latent_space(means, np.ones(3), digit_labels, names).axes[0]
    assert point_colours(points) == [CLASS_COLOURS[label] for label in digit_labels]
    legend = points.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == names
    assert [to_hex(handle.get_color()) for handle in legend.legend_handles] == list(CLASS_COLOURS)


def test_many_classes_take_a_colour_bar_with_names():
    means, labels = np.random.default_rng(0).normal(size=[50, 3]), np.arange(50) % 25
    figure = draw_latent_space(means, np.ones(3), labels, [f"kind {number}" for number in range(25)])
    assert figure.axes[0].get_legend() is None
    assert len(set(point_colours(figure.axes[0]))) == 25
    names = [label.get_text() for label in figure.axes[2].get_yticklabels()]
    assert names == [f"kind {number}" for number in range(0, 25, 2)]


def test_a_plane_is_decoded_at_the_quantiles_with_the_second_dimension_upwards(principal_components):
    means, decode = principal_components(2)
    # the second dimension has the larger KL: the axes keep the order of the decoded plane all the same
    points, plane = draw_latent_space(means, np.array([1.0, 2.0]), decode=decode).axes
    np.testing.assert_allclose(points.collections[0].get_offsets(), means)
    assert (plane.get_xlabel(), plane.get_ylabel()) == ("z[0]", "z[1]")
    values = normal_quantiles(PLANE_SIDE)
    z = [(values[column], values[PLANE_SIDE - 1 - row]) for row in range(PLANE_SIDE) for column in range(PLANE_SIDE)]
    expected = image_grid(np.clip(decode(np.array(z)), 0, 1).astype(np.float32), columns=PLANE_SIDE)
    difference = np.asarray(plane.images[0].get_array()).astype(int) - expected
    assert np.abs(difference).max() <= 1
    ticks = [float(label.get_text().replace("\N{MINUS SIGN}", "-")) for label in plane.get_yticklabels()]
    np.testing.assert_allclose(ticks, values[::2], atol=0.006)
    assert plane.get_ylim() == (-0.5, PLANE_SIDE - 0.5)


def test_a_plane_without_a_decoder_shows_the_kl(principal_components):
    means, _ = principal_components(2)
    _, bars = draw_latent_space(means, np.array([1.0, 2.0])).axes
    np.testing.assert_allclose([bar.get_height() for bar in bars.patches], [2.0, 1.0])


def test_a_line_counts_every_image_and_decodes_along_it(principal_components, digit_labels):
    means, decode = principal_components(1)
    above, below = draw_latent_space(means, np.array([0.75]), digit_labels, decode=decode).axes
    bars = [patch for container in above.containers for patch in container.patches]
    assert sum(bar.get_height() for bar in bars) == len(means)
    assert above.get_xlabel() == "z[0]   (KL 0.75 nats)"
    levels = np.asarray(below.images[0].get_array())
    expected = image_grid(np.clip(decode(normal_quantiles(21)[:, None]), 0, 1).astype(np.float32), columns=21)
    assert np.abs(levels.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("latent_dim", [1, 2, 4, 40])
def test_equal_inputs_give_equal_bytes(tmp_path, principal_components, digit_labels, latent_dim):
    means, decode = principal_components(latent_dim)
    kl = np.linspace(1, 2, latent_dim)
    paths = [
        save_figure(draw_latent_space(means[:200], kl, digit_labels[:200], None, decode), tmp_path / name)
        for name in ("a.png", "b.png")
    ]
    assert paths == [tmp_path / "a.png", tmp_path / "b.png"]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_colour_images_are_decoded_in_colour():
    def decode(z):
        return np.tile(np.float32([0.2, 0.4, 0.6]), [len(z), 4, 4, 1])

    plane = draw_latent_space(np.zeros([3, 2]), np.ones(2), decode=decode).axes[1]
    assert set(map(tuple, np.asarray(plane.images[0].get_array()).reshape(-1, 3))) == {
        (51, 102, 153),
        (255,) * 3,
    }


@pytest.mark.parametrize(
    ("means", "kl", "options", "message"),
    [
        (np.zeros(4), np.ones(1), {}, r"means have shape \[4\]: expected \[n, latent_dim\]"),
        (np.full([4, 2], np.nan), np.ones(2), {}, "means hold NaN or infinity: expected finite"),
        (np.zeros([4, 2]), np.ones(3), {}, r"kl_per_dimension has shape \[3\]: expected \[2\]"),
        (
            np.zeros([4, 2]),
            np.ones(2),
            {"labels": np.zeros(3, int)},
            r"labels are int64 \[3\]: expected integers \[4\]",
        ),
        (np.zeros([4, 2]), np.ones(2), {"labels": np.zeros(4)}, "labels are float64"),
        (
            np.zeros([4, 2]),
            np.ones(2),
            {"labels": np.arange(4), "class_names": ["a", "b"]},
            "class_names has 2 names: expected one for each label from 0 to 3",
        ),
    ],
)
def test_bad_shapes_are_refused(means, kl, options, message):
    with pytest.raises(ValueError, match=message):
        draw_latent_space(means, kl, **options)
