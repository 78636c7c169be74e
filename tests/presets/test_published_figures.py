"""What is published of the trained presets is of the weights that are shipped, and is what their images say."""

import hashlib
import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from keras_vae.presets.read import read_preset
from keras_vae.presets.weights import trained_preset_names

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "benchmarks" / "published_likelihoods"
JUDGED = sorted(path for name in trained_preset_names() for path in IMAGES.glob(f"{name}_*.npz"))


@pytest.mark.parametrize("path", JUDGED, ids=lambda path: path.stem)
def test_images_of_the_shipped_weights_give_the_published_figures(path):
    preset, split, samples = path.stem.rsplit("_", 2)
    with np.load(path, allow_pickle=False) as file:
        nll, about = file["nll"].astype(np.float64), json.loads(str(file["about"]))
    stated = read_preset(preset)["trained"]["test"]
    assert nll.shape == (stated["images"],)
    weights = resources.files("keras_vae.presets").joinpath(f"{preset}.npz").read_bytes()
    assert about["sha256"] == hashlib.sha256(weights).hexdigest()
    mean, error = nll.mean(), nll.std(ddof=1) / len(nll) ** 0.5
    page = (ROOT / "benchmarks" / "published_likelihoods.md").read_text("utf-8")
    assert f"| preset {preset}, as it is shipped | {split} | {int(samples):,} | {mean:.2f} | {error:.2f} |" in page
    if (split, int(samples)) == ("test", stated["importance_samples"]):
        assert stated["nll"] == pytest.approx(mean, abs=1e-4)
        assert stated["nll_standard_error"] == pytest.approx(error, abs=1e-5)


@pytest.mark.parametrize("preset", trained_preset_names())
def test_every_trained_preset_has_its_images(preset):
    samples = read_preset(preset)["trained"]["test"]["importance_samples"]
    assert (IMAGES / f"{preset}_test_{samples}.npz").exists()
