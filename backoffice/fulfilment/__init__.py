"""Delivery: what opens once an order is paid."""
