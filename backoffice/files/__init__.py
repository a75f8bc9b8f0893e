"""Files: what was stored, under its hash."""
