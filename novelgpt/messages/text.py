"""Catalogue page of `text`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {}
