"""Making documents: the port, and typst. Imported by workers only; the web program never loads a typesetter."""
