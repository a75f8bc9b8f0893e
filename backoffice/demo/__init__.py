"""The demo shop: Plumb & Level, instruments for people who measure."""
