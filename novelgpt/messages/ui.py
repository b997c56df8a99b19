"""Catalogue page of `ui`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {}
