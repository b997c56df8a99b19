"""token ids → weights."""
