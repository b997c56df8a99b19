"""Catalogue page of `tokens`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {}
