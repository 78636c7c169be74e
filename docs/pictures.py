"""Draws the pictures that are kept in docs/images: `python docs/pictures.py`, from the repository's root."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import keras_vae
from keras_vae.pictures.grid import image_grid, save_png

IMAGES = Path(__file__).with_name("images")
SHOWN = slice(5, None, 31)  # of the 374 emoji to test with, every 31st
# Of the drawing of the architecture: a box's left, top, width, colour and lines of text.
BOXES = [
    (20, 60, 90, "#eceff4", ["image x"]),
    (150, 60, 110, "#cfe0f5", ["encoder", "Keras model"]),
    (300, 60, 120, "#fbe3c6", ["posterior", "q(z|x)"]),
    (460, 60, 90, "#eceff4", ["latent z"]),
    (590, 60, 110, "#cfe0f5", ["decoder", "Keras model"]),
    (740, 60, 120, "#fbe3c6", ["likelihood", "p(x|z)"]),
    (445, 170, 120, "#fbe3c6", ["prior", "p(z)"]),
    (300, 280, 560, "#d8ecd3", ["objective", "loss, reconstruction and KL of each image, in nats"]),
    (20, 280, 240, "#d8ecd3", ["optimizer", "gradients summed over replicas"]),
    (20, 420, 160, "#eceff4", ["trained model", "model.keras"]),
    (220, 420, 180, "#eadcf4", ["export_bundle", "runs and measures files"]),
]
FILES = ["saved_model/", "tflite/", "onnx/", "generate.py", "web/", "native/"]
# Each from one point to the next.
ARROWS = [
    [(110, 85), (150, 85)],
    [(260, 85), (300, 85)],
    [(420, 85), (460, 85)],
    [(550, 85), (590, 85)],
    [(700, 85), (740, 85)],
    [(360, 110), (360, 280)],
    [(505, 220), (505, 280)],
    [(505, 170), (505, 110)],
    [(800, 110), (800, 280)],
    [(300, 305), (260, 305)],
    [(100, 330), (100, 420)],
    [(180, 445), (220, 445)],
    [(400, 445), (440, 445)],
]
NOTES = [(395, 45, "reparameterize"), (515, 145, "generate"), (110, 380, "weights")]


def architecture() -> str:
    """Return the drawing of how the parts fit, as SVG on a white ground, which dark pages take too."""
    drawn = []
    for left, top, width, colour, lines in BOXES:
        drawn.append(f'<rect x="{left}" y="{top}" width="{width}" height="50" rx="6" fill="{colour}"/>')
        for number, line in enumerate(lines):
            y = top + (30 if len(lines) == 1 else 21 + 18 * number)
            weight = ' font-weight="bold"' if number == 0 else ""
            drawn.append(f'<text x="{left + width / 2:g}" y="{y}" text-anchor="middle"{weight}>{line}</text>')
    for number, name in enumerate(FILES):
        left, top = 440 + 145 * (number % 3), 405 + 45 * (number // 3)
        drawn.append(f'<rect x="{left}" y="{top}" width="130" height="36" rx="6" fill="#eadcf4"/>')
        drawn.append(f'<text x="{left + 65}" y="{top + 23}" text-anchor="middle" font-family="monospace">{name}</text>')
    for points in ARROWS:
        line = " ".join(f"{x},{y}" for x, y in points)
        drawn.append(
            f'<polyline points="{line}" fill="none" stroke="#444" stroke-width="1.5" marker-end="url(#head)"/>'
        )
    drawn += [f'<text x="{x}" y="{y}" font-style="italic" fill="#444">{text}</text>' for x, y, text in NOTES]
    head = (
        '<marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0,0 L8,4 L0,8z" fill="#444"/></marker>'
    )
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 890 505" font-family="sans-serif" font-size="13">',
            f"<defs>{head}</defs>",
            '<rect width="890" height="505" rx="10" fill="#fff"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def main() -> None:
    """Draw 36 digits and 12 reconstructed emoji of the shipped presets, and the architecture."""
    IMAGES.joinpath("architecture.svg").write_text(architecture(), "utf-8")
    model = keras_vae.VAE.from_preset("mnist_ladder", load_weights=True)
    save_png(image_grid(np.asarray(model.generate(36, seed=7)), columns=12, scale=2), IMAGES / "digits.png")
    model = keras_vae.VAE.from_preset("emoji_ladder", load_weights=True)
    images = next(iter(keras_vae.load_dataset("emoji", split="test", batch_size=374))).numpy()[SHOWN]
    save_png(image_grid(np.concatenate([images, model.reconstruct(images)]), columns=12, scale=2), IMAGES / "emoji.png")


if __name__ == "__main__":
    main()
