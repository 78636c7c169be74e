"""The figures of an evaluation as a table."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def print_figures(figures: dict, console: Console, untrained: dict | None = None) -> None:
    """Print what `keras_vae.evaluate` returned, a line a figure with its meaning."""
    error = figures["nll_standard_error"]
    kind = "likelihood" if figures["is_likelihood"] else "cross-entropy: gray pixels"
    table = Table("figure", "nats an image", "meaning", title=f"{figures['images']} test images ({kind})")
    before = f" (untrained {untrained['elbo']:.2f})" if untrained else ""
    table.add_row("elbo", f"{figures['elbo']:.2f}", "-(reconstruction + kl)" + before)
    table.add_row("reconstruction", f"{figures['reconstruction']:.2f}", escape("-E_q[log p(x|z)]"))
    table.add_row("kl", f"{figures['kl']:.2f}", "KL(q(z|x) || p(z))")
    table.add_row(
        "nll",
        f"{figures['nll']:.2f}" + ("" if error is None else f" ± {error:.2f}"),
        f"-log p(x) is at most this ({figures['importance_samples']} samples)",
    )
    units = f"{figures['active_units']} of {len(figures['kl_per_dimension'])}"
    table.add_row("active units", units, "latent dimensions that the data move")
    console.print(table)
