"""The system of record: the domain in ranked slices, and the staff screens on top of them."""
