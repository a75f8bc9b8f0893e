"""The promises as queries over a live shop: run by hand, by the hour, and by tests."""
