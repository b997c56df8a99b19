"""text → Score."""
