"""Measurements: ours beside a floor program that does the bare minimum on the same server, in the same run."""
