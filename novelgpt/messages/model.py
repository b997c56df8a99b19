"""Catalogue page of `model`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {}
