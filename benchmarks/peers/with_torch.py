"""PyTorch, eager or with torch.compile around loss and gradients."""

from __future__ import annotations

import torch
from protocol import options, random_images, serve
from torch import nn

asked = options()
torch.set_num_threads(asked.threads)
torch.manual_seed(asked.seed)
images = torch.from_numpy(random_images(asked.images, asked.seed)).float().div(255).permute(0, 3, 1, 2).contiguous()

if asked.network == "dense":
    encoder = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh(), nn.Linear(200, 100)
    )
    decoder = nn.Sequential(
        nn.Linear(50, 200), nn.Tanh(), nn.Linear(200, 200), nn.Tanh(), nn.Linear(200, 784), nn.Unflatten(1, (1, 28, 28))
    )
else:
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
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)


def loss_of(x: torch.Tensor) -> torch.Tensor:
    mean, log_variance = encoder(x).chunk(2, dim=1)
    z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
    reconstruction = nn.functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
    return (reconstruction + kl) / len(x)


if asked.style == "torch_compile":
    loss_of = torch.compile(loss_of)


def train_epoch() -> float:
    total = torch.zeros(())
    order = torch.randperm(len(images))
    steps = len(images) // asked.batch_size
    for step in range(steps):
        x = images[order[step * asked.batch_size : (step + 1) * asked.batch_size]]
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(x)
        loss.backward()
        optimizer.step()
        total += loss.detach()
    return float(total / steps)


serve(train_epoch, {"PyTorch": torch.__version__})
