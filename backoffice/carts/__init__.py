"""Carts: what a visitor means to buy."""
