"""What tests stand on: private servers, a shop on a settable clock, real processes."""
