"""What likelihoods, posteriors and priors have in common: the conditional distribution as a layer, and flows."""
