"""Catalogue page of `text`, books: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {}
