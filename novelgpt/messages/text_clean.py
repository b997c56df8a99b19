"""Catalogue page of `text`, clean: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {}
