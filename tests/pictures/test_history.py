import numpy as np
import pytest

from keras_vae.pictures.figure import save_figure
from keras_vae.pictures.history import draw_history

TRAINING = {
    "loss": [9.0, 7.0, 6.0],
    "reconstruction_loss": [8.0, 5.0, 3.5],
    "kl_loss": [1.0, 2.0, 2.5],
    "val_loss": [9.5, 7.5, 6.5],
    "val_reconstruction_loss": [8.5, 5.5, 4.0],
    "val_kl_loss": [1.0, 2.0, 2.5],
    "learning_rate": [0.1, 0.1, 0.1],
}


def test_each_panel_shows_its_columns_over_the_epochs():
    panels = draw_history(TRAINING).axes
    assert [panel.get_title("left") for panel in panels] == ["Loss", "Reconstruction", "KL"]
    for panel, column in zip(panels, ["loss", "reconstruction_loss", "kl_loss"], strict=True):
        assert (panel.get_xlabel(), panel.get_ylabel()) == ("epoch", "nats per image")
        lines = {line.get_label(): line for line in panel.lines}
        assert set(lines) == {"train", "test"}
        for label, name in (("train", column), ("test", f"val_{column}")):
            np.testing.assert_array_equal(lines[label].get_xdata(), [1, 2, 3])
            np.testing.assert_array_equal(lines[label].get_ydata(), TRAINING[name])
        assert [text.get_text() for text in panel.get_legend().get_texts()] == ["train", "test"]


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 30, 400])
def test_epochs_are_whole_numbers_within_the_training(epochs):
    (panel,) = draw_history({"loss": list(range(epochs))}).axes
    low, high = panel.get_xlim()
    ticks = [tick for tick in panel.get_xticks() if low <= tick <= high]
    assert ticks
    assert all(tick == int(tick) and 1 <= tick <= epochs for tick in ticks)


def test_a_single_epoch_is_a_visible_point():
    (panel,) = draw_history({"loss": [3.0]}).axes
    assert panel.lines[0].get_marker() == "o"


def test_equal_histories_give_equal_bytes(tmp_path):
    first, second = (save_figure(draw_history(TRAINING), tmp_path / name) for name in ("a.png", "b.png"))
    assert (first, second) == (tmp_path / "a.png", tmp_path / "b.png")
    assert first.read_bytes() == second.read_bytes()
    other = save_figure(draw_history(TRAINING | {"val_loss": [9.5, 7.5, 9.0]}), tmp_path / "c.png")
    assert other.read_bytes() != first.read_bytes()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, r"columns \[\]: expected 'loss'"),
        ({"kl_loss": [1.0]}, r"columns \['kl_loss'\]: expected 'loss'"),
        ({"loss": []}, "expected one per epoch"),
        ({"loss": [1.0, 2.0], "val_loss": [1.0]}, r"'loss': 2, 'val_loss': 1"),
    ],
)
def test_histories_with_gaps_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        draw_history(rows)
