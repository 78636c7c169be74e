"""The dense network, and the convolutional one of 28 x 28, in PyTorch."""

from __future__ import annotations

import torch
from torch import nn


class Small(nn.Module):
    """A VAE with a Bernoulli likelihood."""

    def __init__(self, network: str) -> None:
        super().__init__()
        self.encoder, self.decoder = dense() if network == "dense" else conv()

    def forward(self, x: torch.Tensor, kl_weight: torch.Tensor) -> torch.Tensor:
        """The mean loss of images."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        reconstruction = nn.functional.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="sum")
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
        return (reconstruction + kl_weight * kl) / len(x)


def dense() -> tuple[nn.Module, nn.Module]:
    encoder = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh(), nn.Linear(200, 100)
    )
    decoder = nn.Sequential(
        nn.Linear(50, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh(), nn.Linear(200, 784), nn.Unflatten(1, (1, 28, 28))
    )
    return encoder, decoder


def conv() -> tuple[nn.Module, nn.Module]:
    halving, doubling = {"stride": 2, "padding": 1}, {"stride": 2, "padding": 1, "output_padding": 1}
    encoder = nn.Sequential(
        nn.Conv2d(1, 32, 3, **halving),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, **halving),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(7 * 7 * 64, 16),
        nn.ReLU(),
        nn.Linear(16, 4),
    )
    decoder = nn.Sequential(
        nn.Linear(2, 7 * 7 * 64),
        nn.ReLU(),
        nn.Unflatten(1, (64, 7, 7)),
        nn.ConvTranspose2d(64, 64, 3, **doubling),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 3, **doubling),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 3, padding=1),
    )
    return encoder, decoder
