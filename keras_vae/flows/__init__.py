"""Normalising flows: what a prior and a posterior are carried by."""
