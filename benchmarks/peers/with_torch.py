"""PyTorch, eager or with torch.compile around loss and gradients; images and weights with their channels last."""

from __future__ import annotations

import numpy as np
import torch
from protocol import check, kl_weight, options, random_images, serve
from torch_colour import Colour
from torch_ladder import Ladder
from torch_layers import load
from torch_small import Small

asked = options()
torch.set_num_threads(asked.threads)
torch.manual_seed(asked.seed)
if asked.network in ("dense", "conv"):
    model = Small(asked.network)
else:
    model = Ladder() if asked.network == "ladder" else Colour()
weights = sum(weight.numel() for weight in model.parameters())
model = model.to(memory_format=torch.channels_last)
loss_of = torch.compile(model) if asked.style == "torch_compile" else model


def checked_loss(stored: dict[str, np.ndarray], images: np.ndarray, noise: np.ndarray) -> tuple[float, int]:
    load(model, stored)
    x = torch.from_numpy(images).permute(0, 3, 1, 2)
    return loss_of(x, torch.tensor(1.0), torch.from_numpy(noise)).item(), weights


if asked.check:
    check(asked.check, checked_loss)
images = torch.from_numpy(random_images(asked.images, asked.network, asked.seed)).float().div(255)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
taken = 0


def train_epoch() -> float:
    global taken
    total = torch.zeros(())
    order = torch.randperm(len(images))
    steps = len(images) // asked.batch_size
    for step in range(steps):
        x = images[order[step * asked.batch_size : (step + 1) * asked.batch_size]].permute(0, 3, 1, 2)
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(x, torch.tensor(kl_weight(asked.network, taken)))
        loss.backward()
        optimizer.step()
        total += loss.detach()
        taken += 1
    return float(total / steps)


serve(train_epoch, {"PyTorch": torch.__version__}, weights=weights)
