"""Priors p(z): where latents come from when no image is given."""
