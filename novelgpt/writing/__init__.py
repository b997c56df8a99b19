"""weights + story → Continuation."""
