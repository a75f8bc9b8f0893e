"""Refunds: giving money back, once, with its credit note, and what follows from it."""
