"""The model card of a preset's folder, as a hub shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ROLES = ("likelihood", "prior", "posterior", "objective")
_CARD = """---
library_name: keras
tags:
- keras_vae
- variational-autoencoder
---

# {name}

{a_model} of images of {image_shape}: {latent_dim} latent dimensions, {parameters:,} parameters in float32.
Written as a preset by keras_vae {keras_vae_version} with Keras {keras_version}.
{parts}
```python
import keras_vae

model = keras_vae.{name}.from_preset("path/to/this/folder")  # or "hf://user/name"
images = model.generate(16, seed=7)                # float32 [16, {shape}] in [0, 1]
```
{measured}
## To be completed by the author

What images it was trained on, under which licence, what it is for, and what it is not for.
"""


def preset_card(config: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    """Return the README in Markdown.

    Args:
        config: the serialised model.
        metadata: with `metrics`, in nats per image, or None.
    """
    name, model = "Autoencoder" if config["class_name"] == "Autoencoder" else "VAE", config["config"]
    parts = [f"- {role}: {model[role]['class_name']}" for role in _ROLES if role in model]
    if model.get("classes"):
        classes = model["classes"]
        parts.append(f"- classes: {classes if isinstance(classes, int) else ', '.join(classes)}")
    measured = [
        f"- {key}: {value:.2f}" if isinstance(value, float) else f"- {key}: {value}"
        for key, value in (metadata["metrics"] or {}).items()
        if not isinstance(value, list)
    ]
    return _CARD.format(
        name=name,
        a_model="An autoencoder" if name == "Autoencoder" else "A variational autoencoder",
        image_shape=" x ".join(map(str, model["image_shape"])),
        shape=", ".join(map(str, model["image_shape"])),
        latent_dim=model["latent_dim"],
        parameters=metadata["parameter_count"],
        keras_version=metadata["keras_version"],
        keras_vae_version=metadata["keras_vae_version"],
        parts="\n" + "\n".join(parts) + "\n",
        measured="\n## Measured on test images, in nats per image\n\n" + "\n".join(measured) + "\n" if measured else "",
    )
