"""What may follow what, compared with the whole of Unicode."""

from novelgpt.writing.utf8 import next_bytes


def spelled(begun=b""):
    for value in next_bytes(begun):
        longer = begun + bytes([value])
        if next_bytes(longer):
            yield from spelled(longer)
        else:
            yield longer


def refused(code):
    control = code < 0x20 or 0x7F <= code < 0xA0
    return (control and code != 0x09) or 0xD800 <= code < 0xE000 or 0xFFFD <= code <= 0xFFFF


def test_all_characters_and_nothing_else_can_be_spelled():
    expected = "".join(chr(code) for code in range(0x110000) if not refused(code))
    assert b"".join(spelled()) == expected.encode("utf-8")
