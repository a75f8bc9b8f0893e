"""Orders: what was agreed with a customer."""
