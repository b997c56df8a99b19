"""A story → files for readers and other programs."""
