"""Likelihoods p(x|z): what the decoder's outputs mean for the pixels."""
