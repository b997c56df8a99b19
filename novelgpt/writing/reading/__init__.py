"""A network → the same network, read fast: ids in, logits out."""
