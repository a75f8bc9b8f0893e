"""Disputes: a customer's bank takes money back. What is known of each, what we answer, and what follows."""
