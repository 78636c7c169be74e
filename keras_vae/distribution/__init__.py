"""Distribution: the same training on one device, on several, and on several machines."""
