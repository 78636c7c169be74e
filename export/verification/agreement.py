"""Whether a file does what Keras did: golden latents bit for bit, golden images within the tolerance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from keras_vae.export.contents.golden import image_statistics
from keras_vae.export.runtimes.runtime import Arrays, Runtime

DECODED = 64  # latents beside the golden ones on which a decoder is held against the reference
SEED = 11


class Agreement:
    """Holds one loaded file against the golden values and the reference, and keeps count.

    Args:
        runtime: the file.
        golden: the bundle's golden values.
        reference: the SavedModel, or what stands for it: its float32 images stand for Keras'.
        tolerance: the largest difference of a pixel.
        bit_exact: whether latents are drawn by integers; others, such as a flow's, have the tolerance of a moment.

    Attributes:
        misses: what was wrong, in words.
        largest_error: the largest difference of a pixel seen, or None for a file that gives no images.
    """

    def __init__(
        self,
        runtime: Runtime,
        golden: Mapping[str, Any],
        reference: Callable[..., Arrays],
        tolerance: float,
        bit_exact: bool = True,
    ) -> None:
        self.runtime = runtime
        self.golden = golden
        self.reference = reference
        self.tolerance = tolerance
        self.bit_exact = bit_exact
        self.misses: list[str] = []
        self.largest_error: float | None = None
        for signature in runtime.artifact["signatures"]:
            if signature == "score":  # by images, not by what the model draws: see score_check
                continue
            self.misses += getattr(self, f"_{signature}")()
        if self.largest_error is not None and not self.largest_error <= tolerance:
            self.misses.append(
                f"a pixel is {self.largest_error:.3g} from the reference: expected at most {tolerance:g}"
            )

    def _generate(self) -> Iterator[str]:
        for case in self.golden["generate"]:
            numbers = {"seed": np.int32(case["seed"]), "temperature": np.float32(case["temperature"])}
            index, given = np.array(case["index"], np.int32), _label(case)
            outputs = self.runtime("generate", index=index, **numbers, **given)
            golden = np.array(case["latent"], np.float32)
            if not self._same_latents(outputs["latent"], golden):
                wrong = np.argwhere(np.atleast_2d(outputs["latent"] != golden))[:1].tolist()
                yield (
                    f"the latents of seed {case['seed']} are not those of Keras in golden.json, first at [image, "
                    f"dimension] {wrong}"
                )
            # Where latents may differ, that difference passes through the decoder.
            allowed = self.tolerance if self.bit_exact else 10 * self.tolerance
            yield from self._golden_images(outputs["image"], case["image"], f"seed {case['seed']}", allowed)
            self._note(outputs["image"], self.reference("decode", latent=outputs["latent"], **given)["image"])
            last = {name: values[-1:] for name, values in given.items()}
            alone = self.runtime("generate", index=index[-1:], **numbers, **last)
            if not self._same_latents(alone["latent"][0], outputs["latent"][-1]):
                yield f"image {index[-1]} of seed {case['seed']} has other latents alone than in a batch"
            if self.bit_exact:
                self._note(alone["image"], outputs["image"][-1:])

    def _same_latents(self, found: np.ndarray, expected: np.ndarray) -> bool:
        return same_latents(found, expected, self.bit_exact, self.tolerance)

    def _decode(self) -> Iterator[str]:
        case = self.golden["generate"][0]
        latents = np.array(case["latent"], np.float32)
        decoded = self.runtime("decode", latent=latents, **_label(case))["image"]
        yield from self._golden_images(decoded, case["image"], "decode")
        label = {name: np.resize(values, DECODED) for name, values in _label(case).items()}
        # Latents that the model draws: far from them, as N(0, I) is from a narrow mixture, no decoder was trained.
        numbers = {"index": np.arange(DECODED, dtype=np.int32), "seed": np.int32(SEED), "temperature": np.float32(1)}
        others = {"latent": self.reference("generate", **numbers, **label)["latent"], **label}
        self._note(self.runtime("decode", **others)["image"], self.reference("decode", **others)["image"])

    def _encode(self) -> Iterator[str]:
        case = self.golden["generate"][0]
        given = _label(case)
        images = self.reference("decode", latent=np.array(case["latent"], np.float32), **given)["image"]
        outputs = self.runtime("encode", image=images, **given)
        for name, values in self.golden["encode"].items():
            golden = np.array(values, np.float32)
            error = _moment_error(outputs[name], golden)
            if not error <= 10 * self.tolerance:
                yield (
                    f"encode's {name} is {error:.3g} from that of Keras in golden.json: expected at most "
                    f"{10 * self.tolerance:g}"
                )

    def _reconstruct(self) -> Iterator[str]:
        case = self.golden["generate"][0]
        given = _label(case)
        images = self.reference("decode", latent=np.array(case["latent"], np.float32), **given)["image"]
        outputs = self.runtime("reconstruct", image=images, **given)["image"]
        # Two networks, one after the other: the first one's error passes through the second.
        yield from self._golden_images(outputs, self.golden["reconstruct"]["image"], "reconstruct", 10 * self.tolerance)

    def _golden_images(
        self, images: np.ndarray, golden: list[dict[str, Any]], what: str, tolerance: float | None = None
    ) -> Iterator[str]:
        tolerance = self.tolerance if tolerance is None else tolerance
        if not np.isfinite(images).all():
            yield f"the images of {what} are not finite"
            return
        for image, expected in zip(images, golden, strict=True):
            for name, value in image_statistics(image).items():
                error = float(np.max(np.abs(np.subtract(value, expected[name]))))
                if not error <= tolerance:
                    yield (
                        f"the {name} of an image of {what} is {error:.3g} from that of Keras in golden.json: "
                        f"expected at most {tolerance:g}"
                    )
                    return

    def _note(self, images: np.ndarray, reference: np.ndarray) -> None:
        error = float(np.max(np.abs(images - reference))) if np.isfinite(images).all() else float("inf")
        self.largest_error = max(error, self.largest_error or 0.0)


def _label(case: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The labels of a golden case as an input by name; none for a model without classes."""
    return {"label": np.array(case["label"], np.int32)} if "label" in case else {}


def same_latents(found: np.ndarray, expected: np.ndarray, bit_exact: bool, tolerance: float) -> bool:
    """Return whether latents are the same to the last bit; where they need not be, within ten tolerances of a pixel."""
    if bit_exact:
        return _bit_equal(found, expected)
    return found.shape == expected.shape and _moment_error(found, expected) <= 10 * tolerance


def _moment_error(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference: no pixel, its scale is the latent's, so it is relative and may be wider."""
    return float(np.max(np.abs(found - expected) / np.maximum(1, np.abs(expected))))


def _bit_equal(found: np.ndarray, expected: np.ndarray) -> bool:
    return found.dtype == expected.dtype and found.shape == expected.shape and found.tobytes() == expected.tobytes()
