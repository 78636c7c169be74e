"""How a file of a bundle is run: each format in its own runtime, behind one interface."""
