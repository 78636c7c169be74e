"""Whether a manifest is true of the model: its prior, classes, golden values, images and costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from keras_vae.data.labels import label_input
from keras_vae.export.contents.golden import CASES
from keras_vae.export.contents.implied import TOLERANCES, decoder_layers, nats_tolerances
from keras_vae.export.verification.agreement import same_latents
from keras_vae.export.verification.cost import Elbo, part
from keras_vae.export.verification.facts import too_tolerant
from keras_vae.export.verification.file_check import FileReport
from keras_vae.export.verification.score_check import stated_elbo
from keras_vae.posteriors.posterior import Posterior
from keras_vae.priors.prior import Prior


def false_model_facts(
    manifest: Mapping[str, Any], golden: Mapping[str, Any], elbo: Elbo, found: float | None
) -> Iterator[str]:
    """Yield what is not true of the model, a line each that names the file.

    Args:
        manifest: one that can be true by itself.
        golden: the content of `golden.json`.
        elbo: over the bundle's own images.
        found: the ELBO of the SavedModel on them, in nats; None if it cannot be told from images.

    Raises:
        ValueError: a prior or posterior that this keras_vae does not know.
    """
    model, images = manifest["model"], elbo.images
    part(manifest, "posterior", Posterior)
    prior = part(manifest, "sampler" if model["sampler"] else "prior", Prior)
    prior.build((model["latent_dim"],))
    if model["bit_exact"] != prior.bit_exact:
        yield f"manifest.json: bit_exact is {model['bit_exact']}: expected {prior.bit_exact} of {prior.name}"
    if images.shape[1:] != tuple(model["image_shape"]) or len(images) != manifest["test_images"]["count"]:
        yield (
            f"test_images.npz: its images are {list(images.shape)}: expected the manifest's "
            f"{[manifest['test_images']['count'], *model['image_shape']]}"
        )
    if (elbo.labels is None) != (model["classes"] is None) or (
        elbo.labels is not None and not 0 <= elbo.labels.min() <= elbo.labels.max() < model["classes"]
    ):
        yield f"test_images.npz: its labels are not of {model['classes']} classes: expected the manifest's"
    if "class_names" in model and len(model["class_names"]) != (model["classes"] or 0):
        yield (
            f"manifest.json: class_names has {len(model['class_names'])} names: expected {model['classes'] or 0}, one "
            "for each class"
        )
    yield from _false_golden(golden, prior, model)
    if ("score" in golden) != ("score" in manifest):
        yield f"golden.json: it has {'' if 'score' in golden else 'no '}scores: expected what the manifest says"
    stated = golden["elbo"] and golden["elbo"]["elbo"]
    limits = nats_tolerances(model["image_shape"], stated_elbo(golden), decoder_layers(model))
    yield from (
        f"manifest.json: {fact}" for fact in too_tolerant("nats_tolerances", manifest["nats_tolerances"], limits)
    )
    if (stated is None) != (found is None) or (found is not None and not abs(stated - found) <= limits["float32"]):
        yield f"golden.json: the ELBO is {stated} nats per image: expected the SavedModel's, {found}"


def _false_golden(golden: Mapping[str, Any], prior: Prior, model: Mapping[str, Any]) -> Iterator[str]:
    asked = [{**case, **label_input(model["classes"], case["index"])} for case in CASES]
    asked = [{name: np.asarray(value).tolist() for name, value in case.items()} for case in asked]
    stated = [{k: v for k, v in case.items() if k not in ("latent", "image")} for case in golden["generate"]]
    if stated != asked:
        yield f"golden.json: its cases are {stated}: expected {asked}"
        return
    for case in golden["generate"]:
        drawn = prior.sample_latents(case["seed"], np.array(case["index"], np.int32), case["temperature"]).numpy()
        if not same_latents(np.array(case["latent"], np.float32), drawn, prior.bit_exact, TOLERANCES["float32"]):
            yield f"golden.json: the latents of seed {case['seed']} are others than the manifest's {prior.name} draws"


def false_figures(
    report: FileReport, artifact: Mapping[str, Any], manifest: Mapping[str, Any], nats: bool
) -> Iterator[str]:
    """Yield the figures of a file that are further from those found than its precision allows.

    Args:
        report: what was found.
        artifact: the manifest's entry of the file.
        manifest: the manifest.
        nats: whether nats were measured on the bundle's own images, like those of the manifest.
    """
    stated, found = artifact["largest_error"], report.largest_error
    limit = manifest["tolerances"][report.precision]
    if (stated is None) != (found is None) or (found is not None and not abs(stated - found) <= limit):
        yield f"manifest.json says that its largest error is {stated}: expected {found}, within {limit:g}"
    limit = manifest["nats_tolerances"][report.precision]
    for role in sorted(report.nats_lost.keys() | artifact["nats_lost"].keys()) if nats else ():
        stated, found = (nats.get(role) for nats in (artifact["nats_lost"], report.nats_lost))
        if stated is None or found is None or not abs(stated - found) <= limit:
            yield f"manifest.json says that it loses {stated} nats to {role}: expected {found}, within {limit:g}"
