"""Images as datasets: read once into memory, then fed by a pipeline that is a function of its seed."""
