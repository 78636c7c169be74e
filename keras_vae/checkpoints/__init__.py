"""Checkpoints: all that decides a training's next step, kept so that a killed one goes on bit for bit."""
