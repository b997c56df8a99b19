"""Bytes → text: which encoding, and what to do where it is damaged. The door is `text.decode`."""
