"""The preset mnist_ladder in PyTorch: a top-down decoder with groups of latents, and the posterior that walks it."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional
from torch_layers import Halving, SubPixel, as_maps, same

GROUPS = [(3, 8), (3, 8), *[(2, 4)] * 6, (1, 1)]  # halvings of the image, channels
FILTERS, FEATURES, HIDDEN, BLOCKS = (48, 128, 128), 48, 64, 2
SIDES = {halvings: math.ceil(28 / 2**halvings) for halvings in range(1, 4)}


class Bottleneck(nn.Module):
    """Fewer channels, which saw their neighbours."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.narrow, self.conv = same(inputs, outputs, 1), same(outputs, outputs, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.silu(self.conv(functional.silu(self.narrow(functional.silu(x)))))


class Block(Bottleneck):
    """The correction of a bottleneck, added."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels // 2)
        self.widen = same(channels // 2, channels, 1, zeros=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.widen(super().forward(x))


class Encoder(nn.Module):
    """Features of each size, by the number of halvings."""

    def __init__(self) -> None:
        super().__init__()
        for size, (inputs, outputs) in enumerate(zip((1, *FILTERS), FILTERS, strict=False), 1):
            self.add_module(f"down_{size}", Halving(inputs, outputs))
            for block in range(BLOCKS):
                self.add_module(f"size_{size}_block_{block}", Block(outputs))
            self.add_module(f"features_{size}", same(outputs, FEATURES, 1))

    def forward(self, x: torch.Tensor) -> dict[int, torch.Tensor]:
        features = {}
        for size in SIDES:
            x = getattr(self, f"down_{size}")(x)
            for block in range(BLOCKS):
                x = getattr(self, f"size_{size}_block_{block}")(x)
            features[size] = getattr(self, f"features_{size}")(x)
        return features


class Posterior(nn.Module):
    """Mean and log of the standard deviation of a group, from the encoder's features and the decoder's state."""

    def __init__(self, state: int, channels: int) -> None:
        super().__init__()
        self.read = Bottleneck(state + FEATURES, HIDDEN)
        self.mean, self.log_stddev = (same(HIDDEN, channels, 1, zeros=True) for _ in range(2))

    def forward(self, state: torch.Tensor | None, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.read(features if state is None else torch.cat([state, features], 1))
        return 10 * torch.tanh(self.mean(maps) / 10), 5 * torch.tanh(self.log_stddev(maps) / 5)


class Stage(nn.Module):
    """From a state and a group of latents to the next state."""

    def __init__(self, halvings: int, channels: int, first: bool, following: int) -> None:
        super().__init__()
        width = FILTERS[halvings - 1]
        self.first, self.following = first, following
        self.grows = following < halvings
        if not first:
            self.prior = Bottleneck(width, width // 2)
            self.mean, self.scale = (same(width // 2, channels, 1, zeros=True) for _ in range(2))
            self.change = same(width // 2, width, 1, zeros=True)
        self.project = same(channels, width, 1)
        self.block = Block(width)
        if self.grows:
            self.add_module(f"up_{following}", SubPixel(width, FILTERS[following - 1], 1))

    def forward(self, e: torch.Tensor, state: torch.Tensor | None) -> torch.Tensor:
        if self.first:
            state = self.project(e)
        else:
            hidden = self.prior(state)
            z = self.mean(hidden) + 2 * torch.sigmoid(self.scale(hidden)) * e
            state = state + self.change(hidden) + self.project(z)
        state = self.block(state)
        if self.grows:
            side = SIDES[self.following]
            state = getattr(self, f"up_{self.following}")(state)[:, :, :side, :side]
        return state


class Pixels(nn.Sequential):
    """From the last state to the Bernoulli's logits."""

    def __init__(self) -> None:
        super().__init__()
        for block in range(BLOCKS):
            self.add_module(f"block_{block}", Block(FILTERS[0]))
        self.add_module("activation", nn.SiLU())
        self.add_module("likelihood", SubPixel(FILTERS[0], 1, 3))


class Ladder(nn.Module):
    """A ladder VAE of images `[n, 1, 28, 28]`."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.pixels = Encoder(), Pixels()
        for number, (halvings, channels) in enumerate(GROUPS):
            following = GROUPS[min(number + 1, len(GROUPS) - 1)][0]
            self.add_module(f"stage_{number}", Stage(halvings, channels, number == 0, following))
            self.add_module(f"posterior_{number}", Posterior(FILTERS[halvings - 1] if number else 0, channels))

    def forward(self, x: torch.Tensor, kl_weight: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """The mean loss of images; noise `[n, latent_dim]` is drawn by default."""
        features, state, kl, noises = self.encoder(x), None, 0.0, None
        if noise is not None:
            noises = noise.split([channels * SIDES[halvings] ** 2 for halvings, channels in GROUPS], 1)
        for number, (halvings, _) in enumerate(GROUPS):
            mean, log_stddev = getattr(self, f"posterior_{number}")(state, features[halvings])
            eps = torch.randn_like(mean) if noises is None else as_maps(noises[number], *mean.shape[1:])
            kl = kl + (0.5 * (mean.square() + torch.exp(2 * log_stddev) - 1) - log_stddev).sum()
            state = getattr(self, f"stage_{number}")(mean + torch.exp(log_stddev) * eps, state)
        logits = self.pixels(state)
        reconstruction = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        return (reconstruction + kl_weight * kl) / len(x)
