"""Pieces on hand, and pieces held for orders that are not paid yet."""
