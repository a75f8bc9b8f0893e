"""The merchant's legal entities: who sells, and on which terms."""
