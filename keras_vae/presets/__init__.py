"""Presets: named settings, as data (one JSON file each), and how they are read."""
