"""Catalogue page of `writing`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "writing.no_numbers": ("它的权重算出的不是数", "its weights do not compute to numbers"),
}
