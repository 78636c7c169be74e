"""Presets go to a hub and come back from it, over the protocol of huggingface_hub to a server on this machine."""

import importlib.util
import sys

import numpy as np
import pytest

from keras_vae.models.vae import VAE
from keras_vae.presets.hub import pull

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("huggingface_hub") is None, reason="the extra hub is not installed"
)


@pytest.fixture(scope="module")
def hub(request):
    server = importlib.util.spec_from_file_location("hub_server", request.path.with_name("hub_server.py"))
    module = importlib.util.module_from_spec(server)
    server.loader.exec_module(module)
    with module.running_hub() as hub:
        yield hub


@pytest.fixture
def user(hub, tmp_path, monkeypatch):
    """A user of the hub with an empty cache."""
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", "hf_of_nobody")
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    return monkeypatch


@pytest.fixture(scope="module")
def model():
    return VAE.from_preset("digits_mlp", latent_dim=2, network={"hidden": [4]}, seed=3)


@pytest.mark.usefixtures("user")
def test_goes_there_and_comes_back(hub, model):
    model.save_to_preset("hf://somebody/digits", metrics={"elbo": -31.5})
    stored = hub.repositories["somebody/digits"][-1]
    assert set(stored) == {"README.md", "config.json", "metadata.json", "model.weights.h5"}
    assert b"- elbo: -31.50" in stored["README.md"]
    again = VAE.from_preset("hf://somebody/digits")
    np.testing.assert_array_equal(again.generate(3, seed=7), model.generate(3, seed=7))
    commits = len(hub.repositories["somebody/digits"])
    VAE.from_preset("hf://somebody/digits", seed=9).save_to_preset("hf://somebody/digits")  # the next commit
    assert len(hub.repositories["somebody/digits"]) == commits + 1
    assert VAE.from_preset("hf://somebody/digits").seed == 9


def test_what_was_fetched_once_needs_no_network(hub, user, model):
    model.save_to_preset("hf://somebody/kept")
    VAE.from_preset("hf://somebody/kept")
    user.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    again = VAE.from_preset("hf://somebody/kept")
    np.testing.assert_array_equal(again.generate(3, seed=7), model.generate(3, seed=7))


@pytest.mark.usefixtures("user")
def test_what_else_a_repository_holds_stays_there(hub, model):
    model.save_to_preset("hf://somebody/more")
    hub.repositories["somebody/more"][-1]["code.py"] = b"print('hello')"
    assert not (pull("hf://somebody/more") / "code.py").exists()


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize(
    ("files", "message"),
    [({}, "is not there: expected a folder with config.json"), ({"config.json": b"{}"}, "lacks metadata.json")],
)
def test_a_repository_without_a_preset(hub, files, message):
    hub.repositories["somebody/else"] = [files]
    with pytest.raises(ValueError, match=message):
        VAE.from_preset("hf://somebody/else")


@pytest.mark.usefixtures("user")
def test_a_repository_that_is_not_there():
    with pytest.raises(
        OSError, match=r"preset hf://somebody/none cannot be fetched \(Repos.*404.*\): expected"
    ) as caught:
        VAE.from_preset("hf://somebody/none")
    assert "\n" not in str(caught.value)


def test_no_network_is_one_line(user, model):
    user.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(OSError, match=r"preset hf://somebody/digits cannot be fetched \(Local.*\): expected") as caught:
        VAE.from_preset("hf://somebody/digits")
    assert "\n" not in str(caught.value)
    with pytest.raises(OSError, match=r"folder hf://somebody/digits cannot be written \(.*\): expected") as caught:
        model.save_to_preset("hf://somebody/digits")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["hf://digits", "hf://", "hf://a/b/c", "hf:///b"])
def test_an_address_that_names_no_repository(model, address):
    with pytest.raises(ValueError, match=f"preset is '{address}': expected hf://user/name"):
        VAE.from_preset(address)
    with pytest.raises(ValueError, match=f"folder is '{address}': expected hf://user/name"):
        model.save_to_preset(address)


def test_without_the_extra(monkeypatch, model):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    for use in (VAE.from_preset, model.save_to_preset):
        with pytest.raises(
            ValueError, match=r"'hf://somebody/digits', and huggingface_hub is not installed: expected .*"
        ):
            use("hf://somebody/digits")
