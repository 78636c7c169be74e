"""Approximate posteriors q(z|x): what the encoder's outputs mean for the latent."""
