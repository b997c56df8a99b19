"""bytes → Chapter."""
