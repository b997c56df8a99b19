"""Files → manuscripts: one module a format. The door is `text.books`."""
