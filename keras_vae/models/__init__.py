"""Models: the variational autoencoder and its deterministic ancestor."""
