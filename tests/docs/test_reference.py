"""The reference has every public name, and the guide to the parts every name of a part."""

import importlib
import re

import pytest

import keras_vae
from keras_vae import registry
from tests.docs.blocks import ROOT

REFERENCE = sorted((ROOT / "docs/reference").glob("*.md"))
ROOMS = [
    "keras_vae",
    *(f"keras_vae.{name}" for name in keras_vae.__all__ if hasattr(getattr(keras_vae, name), "__path__")),
]


def documented():
    """The full names that Sphinx documents, under the module that each page sets."""
    found = set()
    for page in REFERENCE:
        module = ""
        for line in page.read_text("utf-8").splitlines():
            if current := re.match(r"\.\. currentmodule:: (\S+)", line):
                module = current[1] + "."
            elif directive := re.match(r"\.\. auto(?:class|function):: (\S+)", line):
                name = directive[1]
                found.add(name if name.startswith("keras_vae.") else module + name)
    return found


def test_the_rooms_are_those_of_the_package():
    assert {"keras_vae", "keras_vae.likelihoods", "keras_vae.export", "keras_vae.multi_device"} <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_is_in_the_reference(room):
    names = {f"{room}.{name}" for name in importlib.import_module(room).__all__}
    missing = names - documented() - set(ROOMS)
    assert not missing, f"add them to a page of docs/reference: {sorted(missing)}"


@pytest.mark.parametrize("kind", ["likelihood", "prior", "posterior", "objective", "network"])
def test_the_guide_to_the_parts_has_every_name(kind):
    guide = (ROOT / "docs/guides/choose_parts.md").read_text("utf-8")
    assert [name for name in registry.names(kind) if f"`{name}`" not in guide] == []


def test_the_guide_to_the_parts_has_every_preset():
    guide = (ROOT / "docs/guides/choose_parts.md").read_text("utf-8")
    assert [name for name in keras_vae.preset_names() if f"| `{name}` |" not in guide] == []
