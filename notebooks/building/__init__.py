"""Builds the lecture's notebooks: one source of code, an edition for each language."""
