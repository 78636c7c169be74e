"""Folders of a user's own images, whatever their layout and the kinds of their files."""
