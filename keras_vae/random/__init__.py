"""Random numbers that are the same on every device."""
