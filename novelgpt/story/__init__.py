"""what was written, kept."""
