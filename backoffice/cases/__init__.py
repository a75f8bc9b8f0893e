"""The inbox of exceptions: whatever gives up says so here."""
