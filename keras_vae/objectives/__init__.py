"""Objectives: what training minimises, from distributions and a sample, never touching a network."""
