"""Catalogue page of `writing`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {}
