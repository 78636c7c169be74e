"""What `save_to_preset` writes, others build the same model from; what is damaged or not ours is refused in a line."""

import json
import os
import shutil

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE

FILES = {"README.md", "config.json", "metadata.json", "model.weights.h5"}


def change(path, **changes):
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))


@pytest.fixture(scope="module")
def trained():
    model = VAE.from_preset(
        "digits_mlp", latent_dim=2, network={"hidden": [8]}, prior="gaussian_mixture", posterior="full_normal", seed=4
    )
    model.compile("adam", jit_compile=False)
    x = np.random.default_rng(0).integers(0, 17, (32, 8, 8, 1)).astype("float32") / 16
    model.fit(x, verbose=0)
    model.fit_sampler(x, components=2)
    return model


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "digits"
    trained.save_to_preset(folder, metrics={"elbo": -31.234, "is_likelihood": True, "kl_per_dimension": [1.0, 0.5]})
    return folder


@pytest.fixture
def copy(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "copy")


def test_comes_back_with_its_weights_and_without_its_training(saved, trained, digits):
    model = VAE.from_preset(saved)
    assert type(model) is VAE
    np.testing.assert_array_equal(model.generate(5, seed=1), trained.generate(5, seed=1))  # the fitted sampler's
    np.testing.assert_array_equal(model.reconstruct(digits), trained.reconstruct(digits))
    for name in ("prior", "posterior", "likelihood", "objective"):
        assert getattr(model, name).get_config() == getattr(trained, name).get_config()
    assert (model.seed, model.image_shape, model.latent_dim) == (4, (8, 8, 1), 2)
    assert int(trained.step) == 1
    assert int(model.step) == 0
    assert not model.compiled
    model.compile("adam", jit_compile=False)
    assert np.isfinite(model.fit(digits, verbose=0).history["loss"]).all()


def test_is_laid_out_as_keras_hub_does(saved):
    assert {path.name for path in saved.iterdir()} == FILES
    assert {path.name for path in saved.parent.iterdir()} == {"digits"}  # what was beside it is gone
    config, metadata = (json.loads((saved / f"{name}.json").read_text()) for name in ("config", "metadata"))
    assert config["registered_name"] == "keras_vae>VAE"
    assert "compile_config" not in json.dumps(config)
    assert metadata["format"] == 1
    assert metadata["keras_version"] == keras.__version__
    assert metadata["metrics"]["elbo"] == -31.234
    with h5py.File(saved / "model.weights.h5") as file:
        assert "optimizer" not in file
    card = (saved / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: keras\n")
    for words in ("8 x 8 x 1: 2 latent dimensions", "- prior: GaussianMixture", "- elbo: -31.23", "[16, 8, 8, 1]"):
        assert words in card


def test_two_saves_are_the_same_files(saved, trained, tmp_path):
    trained.save_to_preset(tmp_path / "again", metrics=json.loads((saved / "metadata.json").read_text())["metrics"])
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes(), name


def test_without_weights_and_with_another_objective_or_seed(saved, trained):
    model = VAE.from_preset(saved, load_weights=False, objective="beta_vae", seed=9)
    assert np.any(model.decoder.get_weights()[0] != trained.decoder.get_weights()[0])
    assert (type(model.objective).__name__, model.seed) == ("BetaVAE", 9)
    assert VAE.from_preset(str(saved), latent_dim=2, image_shape=(8, 8, 1), classes=None).latent_dim == 2


def test_an_autoencoder_and_a_conditional_model(tmp_path, digits):
    coder = Autoencoder.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]})
    coder.save_to_preset(tmp_path / "coder")
    for kind in (Autoencoder, VAE):
        again = kind.from_preset(tmp_path / "coder")
        assert type(again) is Autoencoder
        np.testing.assert_array_equal(again.encode(digits), coder.encode(digits))
    model = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]}, classes=["cat", "dog"])
    model.save_to_preset(tmp_path / "pets")
    again = VAE.from_preset(tmp_path / "pets", classes=("cat", "dog"))
    assert VAE.from_preset(tmp_path / "pets", classes=np.array(["cat", "dog"])).class_names == ("cat", "dog")
    for others in (np.array(["dog", "cat"]), tf.constant(["cat", "dog"])):
        with pytest.raises(
            ValueError, match=r"classes is .*: expected \['cat', 'dog'\], which is what its weights fit"
        ):
            VAE.from_preset(tmp_path / "pets", classes=others)
    np.testing.assert_array_equal(again.generate(3, label="dog"), model.generate(3, label="dog"))
    assert "- classes: cat, dog" in (tmp_path / "pets" / "README.md").read_text()
    with pytest.raises(ValueError, match=r"preset .*pets is of class VAE: expected Autoencoder; "):
        Autoencoder.from_preset(tmp_path / "pets")


def test_mixed_precision_is_saved_single_and_read_under_the_policy_of_now(tmp_path, policy, digits):
    policy("mixed_bfloat16")
    mixed = VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [8]})
    mixed.save_to_preset(tmp_path / "mixed")
    again = VAE.from_preset(tmp_path / "mixed")
    assert again.encoder.layers[-1].compute_dtype == "bfloat16"
    np.testing.assert_array_equal(again.reconstruct(digits), mixed.reconstruct(digits))
    policy("float32")
    single = VAE.from_preset(tmp_path / "mixed")
    assert single.encoder.layers[-1].compute_dtype == "float32"
    assert np.abs(single.reconstruct(digits) - mixed.reconstruct(digits)).max() < 0.02


@keras.saving.register_keras_serializable(package="others")
class Doubled(keras.layers.Layer):
    """A user's own layer."""

    def call(self, x):
        return 2 * x


def with_layer(layer):
    encoder = keras.Sequential([keras.Input((8, 8, 1)), layer, keras.layers.Flatten(), keras.layers.Dense(4)])
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
    return VAE(encoder, decoder)


def test_classes_of_others_are_refused_unless_they_are_trusted(tmp_path, digits):
    model = with_layer(Doubled())
    model.save_to_preset(tmp_path / "own")
    with pytest.raises(ValueError, match=r"asks for others>Doubled, which are neither .*pass safe_mode=False"):
        VAE.from_preset(tmp_path / "own")
    again = VAE.from_preset(tmp_path / "own", safe_mode=False)
    np.testing.assert_array_equal(again.reconstruct(digits), model.reconstruct(digits))


def test_code_in_a_configuration_is_refused_unless_it_is_trusted(tmp_path, digits):
    model = with_layer(keras.layers.Lambda(lambda x: 2 * x, output_shape=(8, 8, 1)))
    with keras.src.saving.serialization_lib.SafeModeScope(False):
        model.save_to_preset(tmp_path / "code")
    with pytest.raises(ValueError, match=r"builds no model .*: expected") as caught:
        VAE.from_preset(tmp_path / "code")
    assert "\n" not in str(caught.value)
    again = VAE.from_preset(tmp_path / "code", safe_mode=False)
    np.testing.assert_array_equal(again.reconstruct(digits), model.reconstruct(digits))


def serialised(module, name, config, registered_name):
    return {"module": module, "class_name": name, "config": config, "registered_name": registered_name}


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (serialised("os", "system", {}, None), "os.system"),
        (serialised("keras.layers", "Dense", {}, "evil>Dense"), "evil>Dense"),
        (serialised("keras_vae_2.layers", "A", {}, "A"), "keras_vae_2.layers.A"),
        (serialised("builtins", "function", "others>f", "function"), "others>f"),
        ({"class_name": "Dense", "config": {}}, "None.Dense"),
    ],
)
def test_what_is_not_ours_is_found_wherever_it_stands(copy, place, name):
    config = json.loads((copy / "config.json").read_text())
    config["config"]["encoder"]["config"]["layers"][1]["config"]["activity_regularizer"] = place
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=f"asks for {name}, which are neither from Keras nor from keras_vae: expected"):
        VAE.from_preset(copy)


def cut(name, size=100):
    return lambda folder: os.truncate(folder / name, size)


def of_another_model(folder):
    VAE.from_preset("digits_mlp", latent_dim=3, network={"hidden": [8]}).save_weights(folder / "model.weights.h5")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "config.json").unlink(), "holds no preset: expected a folder with config.json"),
        (lambda folder: (folder / "metadata.json").unlink(), "lacks metadata.json: expected"),
        (lambda folder: (folder / "model.weights.h5").unlink(), "lacks model.weights.h5: expected"),
        (cut("config.json"), "config.json is not JSON .*: expected"),
        (cut("metadata.json", 0), "metadata.json is not JSON .*: expected"),
        (cut("model.weights.h5", 5000), "model.weights.h5 does not fit the model of its folder .*: expected"),
        (of_another_model, "model.weights.h5 does not fit the model of its folder .*: expected"),
        (
            lambda folder: change(folder / "metadata.json", format=2),
            "is of format 2, of keras_vae '.*': expected 1 at m",
        ),
        (lambda folder: change(folder / "metadata.json", format="1"), "states format '1': expected a whole number"),
        (lambda folder: (folder / "metadata.json").write_text("[1]"), "metadata.json is .*: expected a JSON object"),
        (lambda folder: change(folder / "config.json", config=[]), "config.json holds no model: expected"),
        (lambda folder: change(folder / "config.json", config={"encoder": 3}), "builds no model .*: expected"),
    ],
)
def test_a_damaged_folder_is_one_line(copy, damage, message):
    damage(copy)
    with pytest.raises(ValueError, match=message) as caught:
        VAE.from_preset(copy)
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_finite_are_refused(copy):
    with h5py.File(copy / "model.weights.h5", "r+") as file:
        kernel = file["decoder/layers/dense/vars/0"]
        kernel[...] = np.nan
    with pytest.raises(ValueError, match=r"1 of the model's .* weights are NaN or infinite, .*: expected"):
        VAE.from_preset(copy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"latent_dim": 3}, "latent_dim is 3 with preset .*: expected 2, which is what its weights fit; leave it out"),
        ({"network": {"hidden": [4]}}, "network is .* with preset .*: expected no such change"),
        ({"prior": "vamp"}, "prior is 'vamp' with preset"),
        ({"latent": 3}, "setting of preset .* is 'latent': expected one of"),
        ({"safe_mode": 1}, "safe_mode is 1: expected True or False"),
        ({"load_weights": "yes"}, "load_weights is 'yes': expected True or False"),
    ],
)
def test_changes_that_weights_do_not_fit_are_refused(saved, arguments, message):
    with pytest.raises(ValueError, match=message):
        VAE.from_preset(saved, **arguments)


def test_a_folder_that_is_none(tmp_path, trained):
    (tmp_path / "file").write_text("")
    for place, message in (("no/where", "is not there"), ("file", "is a file"), (".", "holds no preset")):
        with pytest.raises(ValueError, match=f"{message}: expected a folder with config.json, as"):
            VAE.from_preset(tmp_path / place)
    with pytest.raises(ValueError, match="is not empty: expected a new or empty folder"):
        trained.save_to_preset(tmp_path)
    with pytest.raises(ValueError, match="preset is 'digits_mpl': expected one of"):
        VAE.from_preset("digits_mpl")
    assert {path.name for path in tmp_path.iterdir()} == {"file"}


def test_a_class_that_cannot_be_built_again_is_told_when_it_is_saved(tmp_path):
    class Forgetful(keras.layers.Layer):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def call(self, x):
            return self.factor * x

    with pytest.raises(ValueError, match=r"encoder is .*: expected"):
        with_layer(Forgetful(3)).save_to_preset(tmp_path / "preset")
    assert list(tmp_path.iterdir()) == []
