"""The ledger: double entry, posted in the unit of the fact, append-only."""
