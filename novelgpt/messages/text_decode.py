"""Catalogue page of `text`, decode: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {}
