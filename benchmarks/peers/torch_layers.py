"""What networks share in PyTorch: Keras' padding, sub-pixel upsampling, and weights by Keras' names."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Halving(nn.Conv2d):
    """A strided convolution, padded as Keras pads: of an even side at the end alone."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(functional.pad(x, (x.shape[3] % 2, 1, x.shape[2] % 2, 1)))


class SubPixel(nn.Conv2d):
    """A convolution to four times the channels, rearranged to twice the size."""

    def __init__(self, inputs: int, outputs: int, side: int) -> None:
        super().__init__(inputs, 4 * outputs, side, padding=side // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.pixel_shuffle(super().forward(x), 2)


def same(inputs: int, outputs: int, side: int, zeros: bool = False) -> nn.Conv2d:
    """A convolution that keeps the size, its kernel zeros at first if asked for."""
    layer = nn.Conv2d(inputs, outputs, side, padding=side // 2)
    if zeros:
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    return layer


def as_maps(latent: torch.Tensor, channels: int, height: int, width: int) -> torch.Tensor:
    """Latents `[n, height * width * channels]`, in Keras' order, as maps `[n, channels, height, width]`."""
    return latent.reshape(-1, height, width, channels).permute(0, 3, 1, 2)


def load(model: nn.Module, stored: dict[str, np.ndarray]) -> None:
    """Set all weights from Keras' "network/layer/kernel", where a module network.some.layer is called some_layer."""
    for name, module in model.named_modules():
        if not isinstance(module, nn.Conv2d):
            continue
        network, *layer = name.split(".")
        path = f"{network}/{'_'.join(layer)}"
        kernel, bias = (torch.from_numpy(stored.pop(f"{path}/{kind}")) for kind in ("kernel", "bias"))
        kernel = kernel.permute(3, 2, 0, 1)
        if isinstance(module, SubPixel):  # Keras has the four places outermost, PyTorch the channels
            kernel, bias = (each.unflatten(0, (4, -1)).transpose(0, 1).flatten(0, 1) for each in (kernel, bias))
        with torch.no_grad():
            module.weight.copy_(kernel)
            module.bias.copy_(bias)
    if stored:
        raise SystemExit(f"weights that PyTorch's network lacks: {list(stored)}")
