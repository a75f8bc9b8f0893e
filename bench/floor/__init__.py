"""The floor: what a page costs when it does nothing but its statements and its words."""
