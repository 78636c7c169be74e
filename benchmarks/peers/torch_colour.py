"""The preset image_conv in PyTorch: convolutions alone, and a mixture of logistics for each colour pixel."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from torch_layers import Halving, SubPixel, as_maps, same

COMPONENTS = 5
OWN = 3 * 3 * COMPONENTS  # of the decoder's channels; slopes follow
HALF = 255 / 2
LATENT_MAPS = 8


class Encoder(nn.Module):
    """Means and log-variances, maps `[n, 8, H / 4, W / 4]` each."""

    def __init__(self) -> None:
        super().__init__()
        self.down_0, self.down_1 = Halving(3, 32), Halving(32, 64)
        self.posterior_0, self.posterior_1 = (same(64, LATENT_MAPS, 3) for _ in range(2))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = functional.silu(self.down_1(functional.silu(self.down_0(x))))
        return self.posterior_0(maps), self.posterior_1(maps)


class Decoder(nn.Module):
    """The likelihood's parameters `[n, 60, H, W]` of latent maps."""

    def __init__(self) -> None:
        super().__init__()
        self.grow, self.up_0, self.up_1 = same(LATENT_MAPS, 64, 3), SubPixel(64, 64, 3), SubPixel(64, 32, 3)
        self.likelihood = same(32, OWN + 3 * COMPONENTS, 3)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        for layer in (self.grow, self.up_0, self.up_1):
            z = functional.silu(layer(z))
        return self.likelihood(z)


class Colour(nn.Module):
    """A VAE of images `[n, 3, H, W]`."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()

    def forward(self, x: torch.Tensor, kl_weight: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """The mean loss of images; noise `[n, latent_dim]` is drawn by default."""
        mean, log_variance = self.encoder(x)
        noise = torch.randn_like(mean) if noise is None else as_maps(noise, *mean.shape[1:])
        parameters = self.decoder(mean + torch.exp(0.5 * log_variance) * noise)
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
        return (kl_weight * kl - log_probability(parameters, torch.round(255 * x))) / len(x)


def log_probability(parameters: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """log p(x|z) `[]`, summed, of levels `[n, 3, H, W]` for the decoder's outputs `[n, 60, H, W]`: 5 logistics a pixel.

    Components and channels come first, since short last axes are slow.
    """
    parameters, levels = (each.transpose(0, 1).contiguous() for each in (parameters, levels))
    own = parameters[:OWN].unflatten(0, (3, 3, COMPONENTS))
    slopes = parameters[OWN:].unflatten(0, (3, COMPONENTS))
    spread = ((2 * torch.arange(COMPONENTS) + 1) / COMPONENTS - 1).view(-1, 1, 1, 1)
    logits = own[:, 0].mean(0)
    loc = HALF * (1 + own[:, 1] + spread)
    scale = HALF * (functional.softplus(own[:, 2] + 7) - 7).clamp(max=40).exp()
    beside = [levels[channel] - loc[channel].clamp(0, 255) for channel in range(2)]
    at = [loc[0], loc[1] + slopes[0] * beside[0], loc[2] + slopes[1] * beside[0] + slopes[2] * beside[1]]
    log_component = logits
    for channel in range(3):
        level, width = levels[channel], scale[channel]
        to_above = -functional.softplus((at[channel] - level - 0.5) / width)
        from_below = -functional.softplus((level - 0.5 - at[channel]) / width)
        between = torch.log(-torch.expm1(-1 / width))
        has_above, has_below = (level < 254.5).float(), (level > 0.5).float()
        log_component = log_component + has_above * (to_above + has_below * between) + has_below * from_below
    return (log_component.logsumexp(0) - logits.logsumexp(0)).sum()
