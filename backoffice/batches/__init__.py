"""One action for many rows: chosen in the office, run by a worker, with a result for each."""
