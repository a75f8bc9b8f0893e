"""Keeping bytes: the port, and content-addressed files in a folder."""
