"""Days of a shop on a settable clock, with everything going wrong that can: to find what a promise forgot."""
