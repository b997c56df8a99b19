"""Catalogue page of `scoring`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {}
