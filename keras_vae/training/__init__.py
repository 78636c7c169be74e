"""Training: the run folder, and what happens around `model.fit`."""
