"""Lines → the headings of a book: forms of one line, then the book as a whole. The door is `text.split`."""
