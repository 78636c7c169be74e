"""Whether a manifest can be true: what follows from the exporter and the model's sizes. Opens and runs no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from keras_vae.checks.shown import shown
from keras_vae.export.contents.implied import SCORE, decoder_layers, files, preprocessing, signatures, tolerances
from keras_vae.export.contents.purposes import MORE_FILES, REFERENCE, by_purpose, wanted_files
from keras_vae.export.contents.test_images import most_images
from keras_vae.export.contents.threshold import most_normal
from keras_vae.export.verification.entry_facts import false_entry
from keras_vae.random.portable import specification


def false_facts(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what cannot be true of a manifest that keeps to its schema, as `PLACE is VALUE and not WHAT`."""
    model = manifest["model"]
    expected = {
        "generator": specification(model["latent_dim"]),
        "preprocessing": preprocessing(model["image_shape"][-1]),
        "signatures": signatures(model),
    }
    if "score" in manifest:
        expected["score"] = {**manifest["score"], **SCORE}
    else:
        del expected["signatures"]["score"]
    for section, values in expected.items():
        yield from differences(section, manifest[section], values)
    yield from _false_counts(manifest)
    yield from too_tolerant("tolerances", manifest["tolerances"], tolerances(decoder_layers(model)))
    yield from _false_files(manifest)


def differences(section: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    """Yield where one section differs from what it must be."""
    for name in sorted(found.keys() | expected.keys()):
        if name not in expected or name not in found:
            yield f"{section} has {', '.join(found) or 'nothing'} and not {', '.join(expected)}"
        elif found[name] != expected[name]:
            yield f"{section}.{name} is {shown(found[name])} and not {shown(expected[name])}"


def too_tolerant(section: str, found: Mapping[str, Any], limits: Mapping[str, float]) -> Iterator[str]:
    """Yield the tolerances that are above the exporter's; an older one's may be below them."""
    for precision, limit in limits.items():
        if precision in found and not found[precision] <= limit:
            yield f"{section}.{precision} is {shown(found[precision])} and not {limit} or less"


def _false_counts(manifest: Mapping[str, Any]) -> Iterator[str]:
    model, threshold = manifest["model"], manifest.get("score", {}).get("threshold")
    counts = [("test_images.count", manifest["test_images"]["count"], most_images(model["image_shape"]))]
    if threshold is not None:
        counts.append(("score.threshold.images", threshold["images"], most_normal(model["image_shape"])))
    for network, layers in model.get("layers", {}).items():
        counts.append((f"model.layers.{network}", layers, model["parameters"].get(network, 0)))
    for place, count, most in counts:
        if count > most:
            yield f"{place} is {shown(count)} and not {shown(most)} or less"


def _false_files(manifest: Mapping[str, Any]) -> Iterator[str]:
    artifacts, not_written = manifest["artifacts"], manifest["not_written"]
    if REFERENCE not in artifacts:
        yield "artifacts lacks saved_model, which all others are held against"
    known = {**files(manifest), **MORE_FILES}
    written_for = manifest.get("written_for")
    # A bundle of before has no integer decoder.
    wanted = set(wanted_files(written_for)) if written_for else files(manifest).keys()
    for path in sorted(wanted | artifacts.keys() | not_written.keys()):
        if path not in known:
            yield f"artifacts or not_written has {path!r} and not only {', '.join(known)}"
        elif (path in artifacts) == (path in not_written):
            places = "both" if path in artifacts else "neither"
            yield f"{path} is in {places} of artifacts and not_written and not in one"
        elif path in artifacts:
            artifact = artifacts[path]
            found = (artifact["runtime"], artifact["precision"], tuple(artifact["signatures"]))
            if found != known[path]:
                yield f"artifacts.{path} is {shown(found)} and not {shown(known[path])}"
            yield from false_entry(path, artifact, manifest)
        if written_for and path not in wanted:
            yield f"{path} is in a bundle written for {', '.join(written_for)} and not one with its files alone"
    if "purposes" in manifest:
        yield from differences("purposes", manifest["purposes"], by_purpose(artifacts))
