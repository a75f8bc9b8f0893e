"""Taking money: the port, and one adapter per provider."""
