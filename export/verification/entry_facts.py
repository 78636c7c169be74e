"""Whether what a manifest says of one file can be true of a file with its path and signatures. Opens no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from keras_vae.export.contents.purposes import INTEGER_DECODER, STATIC_ONNX, STATIC_TFLITE

JUDGED_BY_PIXELS = {"decode", "generate"}  # `reconstruct` alone is held against golden statistics of its images
# What the makers of delegates are asked, see `keras_vae.export.formats.delegates`.
DELEGATES = {
    **{path: {"gpu"} for path in STATIC_TFLITE},
    **{path: {"NNAPI", "CoreML NeuralNetwork", "CoreML MLProgram"} for path in STATIC_ONNX},
}


def false_entry(path: str, artifact: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what cannot be true of one of a manifest's `artifacts`, as `PLACE is VALUE and not WHAT`.

    Args:
        path: the file's path, one that a bundle can have.
        artifact: what the manifest says of it, of the runtime, precision and signatures of such a file.
        manifest: all of it.
    """
    batch = 1 if path == INTEGER_DECODER or path in DELEGATES else None
    if artifact["batch"] != batch:
        yield f"artifacts.{path}.batch is {artifact['batch']} and not {batch}"
    if impossible := artifact.get("lacks", {}).keys() & {*artifact["signatures"]}:
        yield f"artifacts.{path}.lacks has {', '.join(impossible)} and not only what the file has not"
    if artifact.get("lacks") and len(artifact["signatures"]) == 1:
        yield f"artifacts.{path}.lacks has {', '.join(artifact['lacks'])} and not nothing"
    yield from _false_interface(path, artifact, manifest)
    yield from _false_figures(path, artifact, manifest)


def _false_interface(path: str, artifact: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[str]:
    integers = artifact["precision"] == "integer"
    for name in ("quantization", "arena_bytes"):
        if integers != (name in artifact):
            yield f"artifacts.{path}.{name} is {'missing' if integers else 'there'} and not as an integer file has it"
    if "quantization" in artifact:
        decode = manifest["signatures"]["decode"]
        names = {name for side in decode.values() for name, form in side.items() if form["dtype"] == "float32"}
        if artifact["quantization"].keys() != names:
            yield f"artifacts.{path}.quantization is of {', '.join(artifact['quantization'])} and not {sorted(names)}"
    if (judged := {*artifact.get("delegates", ())}) - DELEGATES.get(path, set()):
        yield f"artifacts.{path}.delegates has {', '.join(sorted(judged))} and not {sorted(DELEGATES.get(path, ()))}"


def _false_figures(path: str, artifact: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield figures of what the file does not do, or by which the exporter would have left it out."""
    precision, signatures = artifact["precision"], {*artifact["signatures"]}
    error, most = artifact["largest_error"], manifest["tolerances"].get(precision)
    if (error is not None) != bool(signatures & JUDGED_BY_PIXELS):
        yield f"artifacts.{path}.largest_error is {error} and not that of a file with {', '.join(signatures)}"
    if error is not None and most is not None and not error <= most:
        yield f"artifacts.{path}.largest_error is {error} and not {most} or less"
    lost, most = artifact["nats_lost"], manifest["nats_tolerances"].get(precision)
    for role in lost.keys() - signatures:
        yield f"artifacts.{path}.nats_lost has {role} and not only {', '.join(signatures)}"
    # Roles that the reference was judged in; it has all of them.
    told = manifest["artifacts"].get("saved_model", artifact)["nats_lost"].keys()
    for role in sorted(told & signatures - lost.keys()):
        yield f"artifacts.{path}.nats_lost lacks {role} and is not told as the saved_model's"
    for role, nats in lost.items():
        if most is not None and not nats <= most:
            yield f"artifacts.{path}.nats_lost.{role} is {nats} and not {most} or less"
