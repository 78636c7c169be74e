"""What a bundle is for: the files that each kind of device takes, beside those of every bundle."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping

from keras_vae.checks.shown import shown
from keras_vae.export.contents.implied import FILES, SIGNATURES

REFERENCE = "saved_model"  # in every bundle: all other files are held against it
ONNX = ("encode", "decode", "generate", "score")
INTEGER_DECODER = "microcontroller/decode.tflite"

# One image a call and no free shape, as delegates want it.
STATIC_TFLITE = {f"tflite/{name}.1.tflite": ("tflite", "float32", (name,)) for name in SIGNATURES}
STATIC_ONNX = {f"onnx/{name}.1.onnx": ("onnx", "float32", (name,)) for name in ONNX}
# Not `generate`: half precision would draw other latents.
FLOAT16_ONNX = {f"onnx/{name}.float16.onnx": ("onnx", "float16", (name,)) for name in ("encode", "decode")}
# Runtime, precision and signatures of the files that a bundle need not have, as in `implied.FILES`.
MORE_FILES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    INTEGER_DECODER: ("tflite", "integer", ("decode",)),
    **STATIC_TFLITE,
    **STATIC_ONNX,
    **FLOAT16_ONNX,
}

PURPOSES: dict[str, tuple[str, ...]] = {
    "android-gpu": tuple(STATIC_TFLITE),
    "ios": tuple(STATIC_ONNX),
    "web": (*(f"onnx/{name}.onnx" for name in ONNX), *FLOAT16_ONNX),
    "microcontroller": (INTEGER_DECODER,),
    "server": (REFERENCE, "tflite/vae.tflite", *(f"onnx/{name}.onnx" for name in ONNX), "onnx/decode.int8.onnx"),
}
# Of a bundle for no purpose in particular. What has the weights once more, at fixed shapes, is written where it is
# asked for alone: it would make a bundle 1.4 to 1.9 times as large, and an export take twice as long.
USUAL = (*FILES, INTEGER_DECODER)
# The programs and pages beside the files, and the purposes that each serves.
CONSUMERS: dict[str, tuple[str, ...]] = {
    "generate.py": ("web", "server"),
    "score.py": ("web", "server"),
    "latents.py": tuple(PURPOSES),
    "web": ("web",),
    "native": ("server",),
    "microcontroller": ("microcontroller",),
}


def check_purposes(purposes: Iterable[str]) -> tuple[str, ...]:
    """Return purposes, each once; ValueError for one that does not exist, TypeError for no list."""
    try:
        chosen = [purposes] if isinstance(purposes, str) else list(purposes)
    except Exception as error:  # of many kinds: a number in an array, too, has an `__iter__`
        raise TypeError(
            f"purposes is {shown(purposes)}: expected some of {', '.join(PURPOSES)}; give them as a list"
        ) from error
    for purpose in chosen:
        if not isinstance(purpose, str) or purpose not in PURPOSES:
            close = difflib.get_close_matches(str(purpose).lower(), PURPOSES, 3, 0.6)
            mend = f"use {' or '.join(close)}" if close else "choose one of them"
            raise ValueError(f"purpose is {shown(purpose)}: expected one of {', '.join(PURPOSES)}; {mend}")
    return tuple(dict.fromkeys(chosen))


def wanted_files(purposes: Iterable[str]) -> tuple[str, ...]:
    """Return the paths of the files that a bundle for some purposes has; none of them are the usual bundle."""
    chosen = [path for purpose in purposes for path in PURPOSES[purpose]]
    return tuple(dict.fromkeys([REFERENCE, *chosen])) if chosen else USUAL


def wanted_consumers(purposes: Iterable[str], artifacts: Collection[str]) -> list[str]:
    """Return the programs and pages of a bundle for some purposes, by default those for any computer.

    Firmware goes with the decoder that it runs.
    """
    served = set(purposes) or {"web", "server"}
    wanted = [name for name, serves in CONSUMERS.items() if served & set(serves)]
    return [name for name in wanted if name != "microcontroller" or INTEGER_DECODER in artifacts]


def by_purpose(artifacts: Mapping[str, object]) -> dict[str, list[str]]:
    """Return, of the files in a bundle, those for each purpose that it has any for; the reference alone is none."""
    files = {name: [path for path in paths if path in artifacts] for name, paths in PURPOSES.items()}
    return {name: paths for name, paths in files.items() if set(paths) - {REFERENCE}}
