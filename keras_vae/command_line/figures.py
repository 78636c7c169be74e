"""The figures of an evaluation as a table."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def print_figures(
    figures: dict[str, Any], console: Console, split: str = "test", untrained: dict[str, Any] | None = None
) -> None:
    """Print what `keras_vae.evaluate` returned of a split's images, a line a figure with its meaning."""
    error = figures["nll_standard_error"]
    kind = "likelihood" if figures["is_likelihood"] else "cross-entropy: gray pixels"
    table = Table("figure", "nats per image", "meaning", title=f"{figures['images']} {split} images ({kind})")
    before = f" (untrained {untrained['elbo']:.2f})" if untrained else ""
    table.add_row("elbo", f"{figures['elbo']:.2f}", "-(reconstruction + kl)" + before)
    table.add_row("reconstruction", f"{figures['reconstruction']:.2f}", escape("-E_q[log p(x|z)]"))
    table.add_row("kl", f"{figures['kl']:.2f}", "KL(q(z|x) || p(z))")
    table.add_row(
        "nll",
        f"{figures['nll']:.2f}" + ("" if error is None else f" ± {error:.2f}"),
        f"-log p(x) is at most this ({figures['importance_samples']} samples)",
    )
    if "bits_per_dimension" in figures:
        table.add_row(
            "bits per dimension",
            f"{figures['bits_per_dimension']:.3f}",
            "nll in bits per pixel and channel; 8 if all levels were equally likely",
        )
    units = f"{figures['active_units']} of {len(figures['kl_per_dimension'])}"
    table.add_row("active units", units, "latent dimensions that the data move")
    console.print(table)
    if figures.get("bits_per_dimension", 0) > 8:
        console.print("note: more than 8 bits per dimension, which equally likely levels take: train longer")


def print_surgery(parts: dict[str, Any], console: Console) -> None:
    """Print what `keras_vae.elbo_surgery` returned: the KL and the parts that add up to it."""
    table = Table("part", "nats per image", "meaning", title=f"ELBO surgery ({parts['images']} images)")
    limit = f"of image and latent; at most {parts['mutual_information_limit']:.2f}"
    table.add_row("mutual information", f"{parts['mutual_information']:.2f}", limit)
    table.add_row("total correlation", f"{parts['total_correlation']:.2f}", "of the latent's dimensions, in q(z)")
    table.add_row("dimension-wise KL", f"{parts['dimension_wise_kl']:.2f}", "of each dimension's q(z_j) from p(z_j)")
    table.add_row("kl", f"{parts['kl']:.2f}", "their sum, over samples")
    console.print(table)
