"""Damaged bytes: a lost byte costs about one character, foreign lines are rescued, sound text is left alone."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.messages import CATALOGUE
from novelgpt.text.decode import Undecodable, decode_bytes
from tests.text.samples import SIMPLIFIED, TRADITIONAL

BOOK = "".join(
    f"第{number}章 夜路\n" + "".join(f"　　{line}\n" for line in SIMPLIFIED) for number in range(1, 30)
)
OLD_BOOK = "".join(
    f"第{number}回 夜路\n" + "".join(f"　　{line}\n" for line in TRADITIONAL) for number in range(1, 30)
)
BOOKS = {"gb18030": BOOK, "cp950": OLD_BOOK, "utf-8": BOOK, "utf-16-le": BOOK, "utf-16-be": OLD_BOOK}
LOOKED = {BOOK: "看着远", OLD_BOOK: "看著遠"}
ADVERT = "本书由晚风书屋整理上传"


def place(text: str, encoding: str, phrase: str, occurrence: int = 20) -> int:
    at = -1
    for _ in range(occurrence):
        at = text.index(phrase, at + 1)
    return len(text[:at].encode(encoding))


def differing(expected: str, found: str) -> list[tuple[str, str]]:
    pairs = zip(expected.split("\n"), found.split("\n"), strict=True)
    return [(left, right) for left, right in pairs if left != right]


def wrong(left: str, right: str) -> int:
    """Count what differs once the equal beginning and end are taken off."""
    while left and right and left[0] == right[0]:
        left, right = left[1:], right[1:]
    while left and right and left[-1] == right[-1]:
        left, right = left[:-1], right[:-1]
    return max(len(left), len(right))


@pytest.mark.parametrize("encoding", BOOKS)
@pytest.mark.parametrize("offset", range(4))
def test_a_lost_byte_costs_one_character_or_two_in_one_line(encoding, offset):
    text = BOOKS[encoding]
    raw = text.encode(encoding)
    at = place(text, encoding, LOOKED[text]) + offset
    decoded = decode_bytes(raw[:at] + raw[at + 1 :])
    ((expected, found),) = differing(text, decoded.text)
    assert wrong(expected, found) <= 2
    assert found.count("\ufffd") == decoded.lost_characters == 1
    assert "resynchronised" in decoded.repairs


@pytest.mark.parametrize("encoding", ["gb18030", "cp950", "utf-8", "utf-16-le"])
def test_an_extra_byte_costs_no_more_than_a_lost_one(encoding):
    text = BOOKS[encoding]
    raw = text.encode(encoding)
    at = place(text, encoding, LOOKED[text])
    decoded = decode_bytes(raw[:at] + b"\xf0" + raw[at:])
    ((expected, found),) = differing(text, decoded.text)
    assert wrong(expected, found) <= 2
    assert decoded.lost_characters == 1


@pytest.mark.parametrize("encoding", BOOKS)
def test_the_second_damage_is_mended_like_the_first(encoding):
    text = BOOKS[encoding]
    raw = text.encode(encoding)
    for occurrence in (24, 12, 5):
        at = place(text, encoding, LOOKED[text], occurrence)
        raw = raw[:at] + raw[at + 1 :]
    decoded = decode_bytes(raw)
    assert len(differing(text, decoded.text)) == 3
    assert decoded.lost_characters == 3


@pytest.mark.parametrize(
    ("encoding", "foreign"),
    [
        ("gb18030", "utf-8"),
        ("gb18030", "big5"),
        ("cp950", "gb18030"),
        ("cp950", "utf-8"),
        ("utf-8", "gb18030"),
        ("utf-8", "big5"),
        ("utf-16-le", "utf-8"),
        ("utf-16-le", "gb18030"),
    ],
)
def test_a_line_in_another_encoding_is_rescued(encoding, foreign):
    advert = "本書由晚風書屋整理上傳" if foreign == "big5" else ADVERT
    text = BOOKS[encoding]
    decoded = decode_bytes(text.encode(encoding) + advert.encode(foreign))
    assert decoded.text == text + advert
    assert (decoded.lost_characters, decoded.repairs) == (0, ("rescued_lines",))
    assert decoded.repaired_characters == len(advert)


@pytest.mark.parametrize("order", [("gb18030", "utf-8"), ("utf-8", "gb18030"), ("cp950", "utf-8")])
def test_two_files_joined_in_two_encodings_are_both_read(order):
    first, second = order
    text = OLD_BOOK if "cp950" in order else BOOK
    decoded = decode_bytes(text.encode(first) + text.encode(second))
    assert decoded.text == text * 2
    assert decoded.lost_characters == 0


@pytest.mark.parametrize(
    ("encoding", "half"),
    [("gb18030", b"\xb5"), ("cp950", b"\xa4"), ("utf-8", b"\xe4\xb8"), ("utf-16-le", b"N")],
)
def test_half_a_character_at_the_end_is_one_lost_character(encoding, half):
    text = BOOKS[encoding] + "他"
    decoded = decode_bytes(text.encode(encoding) + half)
    assert decoded.text == text + "\ufffd"
    assert (decoded.lost_characters, decoded.repairs) == (1, ("cut_tail",))


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16-le", "utf-16-be"])
def test_a_file_may_begin_in_the_middle_of_a_character(encoding):
    text = "天色渐渐暗了下来。\n" + BOOKS[encoding]
    decoded = decode_bytes(text.encode(encoding)[1:])
    assert decoded.text == "\ufffd" + text[1:]
    assert (decoded.lost_characters, decoded.repairs) == (1, ("cut_head",))


@pytest.mark.parametrize("dirt", [b"\xff", b"\x80"])
def test_a_byte_that_means_nothing_is_one_lost_character(dirt):
    raw = BOOK.encode("gb18030")
    at = place(BOOK, "gb18030", "心里想着")
    decoded = decode_bytes(raw[:at] + dirt + raw[at:])
    assert decoded.text == BOOK.encode("gb18030")[:at].decode("gb18030") + "\ufffd" + raw[at:].decode(
        "gb18030"
    )
    assert decoded.lost_characters == 1


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_padding_with_nuls_is_taken_out_and_a_hole_is_counted(encoding):
    raw = BOOK.encode(encoding)
    padded = decode_bytes(raw + bytes(4096))
    assert (padded.text, padded.lost_characters, padded.repairs) == (BOOK, 0, ("null_padding",))
    middle = place(BOOK, encoding, "他没有回答", 15)
    holed = decode_bytes(raw[:middle] + bytes(600) + raw[middle:])
    assert holed.text.count("\ufffd") == 1
    assert holed.lost_characters == 600 // len("一".encode(encoding))


def test_a_byte_order_mark_inside_the_file_is_taken_out():
    raw = BOOK.encode("utf-8-sig") * 2
    decoded = decode_bytes(raw)
    assert (decoded.text, decoded.repairs) == (BOOK * 2, ("byte_order_mark",))


def test_hz_is_read_and_a_lost_closing_mark_stays_in_its_line():
    raw = BOOK.encode("hz")
    assert (decode_bytes(raw).text, decode_bytes(raw).encoding) == (BOOK, "hz")
    at = raw.index(b"~}\n", len(raw) // 2)
    assert decode_bytes(raw[:at] + raw[at + 2 :]).text == BOOK


def test_utf32_finds_its_way_back():
    raw = BOOK.encode("utf-32-le")
    decoded = decode_bytes(b"\xff\xfe\x00\x00" + raw[:4001] + raw[4002:])
    assert decoded.lost_characters == 1
    assert len(differing(BOOK, decoded.text)) == 1


STRANGE_BUT_SOUND = (
    "魑魅魍魉，饕餮梼杌，觳觫趑趄，龃龉齑粉。",
    "踉踉跄跄，窸窸窣窣，氤氤氲氲，趔趔趄趄。",
    "㐂㐃𠮷𡈽，囍囍囍囍囍囍囍囍囍囍囍囍囍囍囍囍。",
    "こんにちは、と彼女は言った。カタカナもある。",
    "阿Ｑ和阿Q：T恤、卡拉OK、X光、α粒子、№3、①②③④⑤。",
    "┌──┬──┐│甲│乙│└──┴──┘",
    "Она сказала: «Здравствуйте, товарищи», и ушла.",
    "Ça va? Déjà vu — naïve café, Ångström, œuvre.",
    "★☆★☆★☆■■■■◆◇◆◇→→→←←←",
    "鼍鼋鼌鼎鼐鼗鼙鼢鼯鼷鼹齁齄龛龠",
)


@pytest.mark.parametrize("line", STRANGE_BUT_SOUND)
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16-le", "utf-16-be"])
def test_a_strange_line_that_is_sound_is_left_alone(line, encoding):
    text = BOOK + line + "\n" + BOOK
    decoded = decode_bytes(text.encode(encoding))
    assert decoded.text == text
    assert (decoded.lost_characters, decoded.repaired_characters) == (0, 0)


def test_a_garbled_paragraph_does_not_doom_the_file():
    noise = bytes(random.Random(3).choices(range(0x81, 0xFF), k=200))
    decoded = decode_bytes(BOOK.encode("gb18030") + noise + b"\n" + BOOK.encode("gb18030"))
    assert decoded.text.startswith(BOOK)
    assert decoded.text.endswith("\n" + BOOK)


def test_a_few_private_glyphs_are_kept_and_counted():
    decoded = decode_bytes((BOOK + "他姓\ue5f3。").encode())
    assert (decoded.private_characters, decoded.repairs) == (1, ("private_use",))


@pytest.mark.parametrize("shape", ["one line", "lines of noise", "one letter", "blank lines"])
def test_a_hostile_file_ends_soon_and_counts_honestly(shape):
    book = BOOK.encode("gb18030")
    line = "".join(SIMPLIFIED).encode("gb18030") * 3000
    chance = random.Random(5)
    raw = {
        "one line": line[:100_001] + line[100_002:],
        "lines of noise": book * 3 + b"\n".join(chance.randbytes(80) for _ in range(300)),
        "one letter": b"\x81" * 200_000,
        "blank lines": b"\n" * 300_000 + book,
    }[shape]
    try:
        decoded = decode_bytes(raw)
    except Undecodable:
        assert shape in ("one letter", "lines of noise")
        return
    assert decoded.text.count("\n") == raw.count(b"\n")
    assert decoded.lost_characters == decoded.text.count("\ufffd") == (shape == "one line")


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(list(BOOKS)),
    st.lists(
        st.tuples(st.floats(0, 0.999), st.integers(0, 255), st.sampled_from("-+=")), min_size=1, max_size=4
    ),
)
def test_law_whatever_is_not_read_is_counted(encoding, damages):
    raw = bytearray(BOOKS[encoding][:600].encode(encoding))
    for share, octet, kind in damages:
        at = int(share * len(raw))
        raw[at : at + (kind != "+")] = b"" if kind == "-" else bytes([octet])
    try:
        decoded = decode_bytes(bytes(raw))
    except Undecodable:
        return
    assert decoded.lost_characters >= decoded.text.count("\ufffd")
    if not encoding.startswith("utf-16"):
        breaks = bytes(raw).replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
        assert decoded.text.replace("\r\n", "\n").replace("\r", "\n").count("\n") == breaks
    assert all(f"text.repair.{name}" in CATALOGUE for name in decoded.repairs)
