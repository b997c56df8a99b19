"""What does not belong to the story: one module a kind of noise. The door is `text.clean`."""
