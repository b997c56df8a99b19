"""What is said of a run: before, afterwards, and in the model card."""
