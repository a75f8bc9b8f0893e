"""People who buy, and the key under which their data is sealed."""
