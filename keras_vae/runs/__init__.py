"""Runs: what `keras-vae train` does around `fit`, from settings to a folder that holds all of it."""
