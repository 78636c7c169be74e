"""What can never fit into memory is refused in a line before it is tried."""

import pytest
import tensorflow as tf

from keras_vae.checks import memory
from keras_vae.data.load import load_arrays
from keras_vae.models.vae import VAE
from keras_vae.runs.prepare import prepare
from keras_vae.runs.settings import Settings


@pytest.mark.parametrize(
    "changes",
    [
        {"latent_dim": 10**9},
        {"latent_dim": 10**9, "network": {"kind": "convolutional", "filters": [8]}},
        {"latent_dim": 10**6, "posterior": "full_normal"},
        {"network": {"hidden": [10**12]}},
        {"network": {"hidden": [10**6, 10**7], "activation": "gated"}},
        {"image_shape": (2**20, 2**20, 3), "network": {"kind": "convolutional"}},
        {"image_shape": (2**20, 2**20, 3), "network": {"kind": "residual"}},
        {"image_shape": (2**20, 2**20, 3), "network": {"kind": "pixel_shuffle"}},
    ],
)
def test_networks_are_counted_before_they_are_made(changes):
    with pytest.raises(
        ValueError, match=r"weights takes .* GB: expected at most the .* GB of memory; lower latent_dim"
    ):
        VAE.from_preset("digits_mlp", **changes)


def test_images_are_counted_before_they_are_drawn(make_vae, monkeypatch):
    model = make_vae()
    monkeypatch.setattr(memory, "memory", lambda: 10**6)
    with pytest.raises(ValueError, match=r"count 2000 of images takes 0.00102 GB: .*; lower count"):
        model.generate(2000)
    assert len(model.generate(1900)) == 1900


def test_a_training_is_counted_before_it_begins(monkeypatch):
    arrays = {split: load_arrays("digits", f"{split}[:100]") for split in ("train", "test")}
    settings, strategy = Settings(preset="digits_mlp", batch_size=100), tf.distribute.get_strategy()
    weights = prepare(settings, arrays, strategy).model.count_params()
    # Room for the weights and Adam's means, but not for what the layers give out as well.
    monkeypatch.setattr(memory, "memory", lambda: 3 * 4 * weights)
    with pytest.raises(ValueError, match=r"with batch_size 100 on images of 8 x 8 x 1 takes .*; lower --batch-size"):
        prepare(settings, arrays, strategy)


def test_a_container_may_take_what_it_is_given(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_LIMITS", (str(limit), str(tmp_path / "no such file")))
    whole = memory.memory()
    for text, found in (("max\n", whole), ("1000000\n", 10**6), (f"{2**63}\n", whole)):
        limit.write_text(text)
        assert memory.memory() == found


@pytest.mark.parametrize(
    "error", [MemoryError("Unable to allocate"), tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")]
)
def test_memory_that_ends_on_the_way_is_a_line(error, monkeypatch, capsys):
    from keras_vae.command_line import application

    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(application.application, "main", fail)
    with pytest.raises(SystemExit) as ended:
        application.main(["generate"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("keras-vae: error: out of memory: expected work that fits into it; lower --batch-size")
    assert error.count("\n") == 1
