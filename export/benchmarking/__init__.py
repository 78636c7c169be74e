"""How fast and how large each file of a bundle is on this machine."""
