"""Collecting money: asking the provider, and what its answer sets off."""
