"""VAT: rates as data, and the arithmetic of EN 16931."""
