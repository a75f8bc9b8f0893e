"""Payments: one row is one attempt with one key."""
