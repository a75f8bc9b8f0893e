"""The inbox for what providers tell us, and the poller for what they did not."""
