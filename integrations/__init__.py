"""Ports and their adapters. They know nothing of the rest: frozen dataclasses in, frozen dataclasses out."""
