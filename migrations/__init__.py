"""Schema migrations: reviewed like code, both directions, on every engine."""
