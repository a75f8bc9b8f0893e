"""Invoices: what is owed, numbered without gaps, frozen at issue."""
