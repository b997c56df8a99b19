"""Bytes → text: encodings by lengths, damage, and the files that must be refused."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.errors import BadValue
from novelgpt.text.decode import Decoded, Undecodable, decode_bytes, score_text
from tests.text.samples import SIMPLIFIED, TRADITIONAL, novel, prose

LONG = novel(*(f"第{number}章 夜路" for number in range(1, 40)))
LONG_TRADITIONAL = "".join(
    f"第{number}回 夜路\r\n{prose(3, paragraphs=TRADITIONAL)}" for number in range(1, 40)
)
SAME = {"cp950": "big5", "big5hkscs": "big5", "gbk": "gb18030", "gb2312": "gb18030"}

SIMPLIFIED_ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "gb2312",
    "gbk",
    "gb18030",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
)
TRADITIONAL_ENCODINGS = ("utf-8", "gbk", "big5", "cp950", "big5hkscs", "utf-16-le")


def family(name: str) -> str:
    return SAME.get(name, name)


@pytest.mark.parametrize("encoding", SIMPLIFIED_ENCODINGS)
@pytest.mark.parametrize("text", ["第一章", SIMPLIFIED[0], LONG], ids=["short", "line", "long"])
def test_simplified_text_comes_back_whole(text, encoding):
    decoded = decode_bytes(text.encode(encoding))
    assert decoded.text == text
    assert decoded.lost_characters == 0


@pytest.mark.parametrize("encoding", TRADITIONAL_ENCODINGS)
@pytest.mark.parametrize("text", ["第一回", TRADITIONAL[1], LONG_TRADITIONAL], ids=["short", "line", "long"])
def test_traditional_text_comes_back_whole(text, encoding):
    decoded = decode_bytes(text.encode(encoding))
    assert decoded.text == text
    assert decoded.lost_characters == 0


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (LONG.encode("utf-8"), "utf-8"),
        (LONG.encode("utf-8-sig"), "utf-8-sig"),
        (LONG.encode("gbk"), "gb18030"),
        (LONG_TRADITIONAL.encode("big5"), "cp950"),
        (b"\x84\x31\x95\x33" + LONG.encode("gb18030"), "gb18030"),
        (LONG.encode("utf-16-be"), "utf-16-be"),
        (b"Once upon a time.\n", "utf-8"),
        ("Глава первая. Вечер был тёплый и тихий.".encode(), "utf-8"),
    ],
)
def test_the_encoding_is_named(raw, encoding):
    assert decode_bytes(raw).encoding == encoding


def test_characters_only_hong_kong_has_choose_its_big5():
    decoded = decode_bytes((LONG_TRADITIONAL + "佢嘅書唔喺度").encode("big5hkscs"))
    assert (decoded.encoding, decoded.lost_characters) == ("big5hkscs", 0)


def test_a_close_call_is_settled_by_a_second_opinion():
    assert decode_bytes("常再婚贝".encode("gb18030")).text == "常再婚贝"


def test_a_book_on_one_line_is_read_wherever_its_characters_begin():
    text = "a" + "".join(SIMPLIFIED) * 2000
    assert decode_bytes(text.encode("gb18030")) == Decoded(text, "gb18030", 1.0, 0)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-16"])
@pytest.mark.parametrize("text", ["序", "翁", "牢狱", "捐俸建"])
def test_a_few_rare_characters_are_enough(text, encoding):
    assert decode_bytes(text.encode(encoding)).text == text


def test_the_byte_order_mark_is_removed_and_said():
    decoded = decode_bytes("\ufeff\ufeff第一章 夜路".encode())
    assert decoded.text == "第一章 夜路"
    assert decoded.repairs == ("byte_order_mark",)


def test_a_byte_order_mark_that_lies_is_not_believed():
    decoded = decode_bytes(b"\xef\xbb\xbf" + LONG.encode("gb18030"))
    assert (decoded.text, decoded.encoding) == (LONG, "gb18030")


def test_ascii_longer_than_any_sample_does_not_hide_what_follows():
    text = "-" * 400_000 + "\n" + LONG
    assert decode_bytes(text.encode("gb18030")).text == text


def damaged(raw: bytes, kind: str, middle: int) -> bytes:
    return {
        "one byte lost": raw[: middle + 1] + raw[middle + 2 :],
        "cut inside a character": raw[: middle + 1],
        "starts inside a character": raw[1:],
        "five bytes overwritten": bytes(
            63 if index % (len(raw) // 5) == 7 else byte for index, byte in enumerate(raw)
        ),
    }[kind]


DAMAGES = ("one byte lost", "cut inside a character", "starts inside a character", "five bytes overwritten")


@pytest.mark.parametrize(
    ("encoding", "kind"),
    [(encoding, kind) for encoding in ("utf-8", "gb18030", "big5hkscs") for kind in DAMAGES],
)
def test_a_damaged_file_still_comes_out_with_its_losses_counted(encoding, kind):
    text = LONG_TRADITIONAL if encoding == "big5hkscs" else LONG
    raw = text.encode(encoding)
    decoded = decode_bytes(damaged(raw, kind, raw.index("。\n".encode(encoding), len(raw) // 2)))
    assert family(decoded.encoding) == family(encoding)
    assert decoded.lost_characters == decoded.text.count("\ufffd") > 0
    kept = set(text.splitlines()) & set(decoded.text.splitlines())
    assert len(kept) >= len(set(text.splitlines())) - (25 if kind.startswith("cut") else 5)


def test_a_replacement_character_the_file_came_with_is_not_a_loss_of_ours():
    raw = (LONG + "一个\ufffd字").encode()
    assert decode_bytes(raw).lost_characters == 0
    assert decode_bytes(raw + b"\xff").lost_characters == 1


def test_a_few_nul_bytes_of_padding_do_not_make_a_novel_binary():
    assert decode_bytes(LONG.encode("gb18030") + b"\x00" * 20).text.startswith(LONG)


NOISE = random.Random(7).randbytes(4000)


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"", "text.empty"),
        (b"\xef\xbb\xbf \r\n\t", "text.empty"),
        (b"\x00" * 100, "text.empty"),
        (b"PK\x03\x04" + b"x" * 100, "text.disguised"),
        (b"%PDF-1.7\n" + b"x" * 100, "text.disguised"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "text.disguised"),
        (b"MZ\x90\x00" + b"\x00" * 100, "text.disguised"),
        (b"abc\x00\x01\x02\x03" * 50, "text.binary"),
        (NOISE, "text.binary"),
        ("夕暮れの町を、ひとりの少女が歩いていた。だれもいない。".encode("shift-jis") * 9, "text.unreadable"),
        ("Был тёплый и тихий вечер, и никто не спешил домой. ".encode("cp1251") * 9, "text.unreadable"),
        (("锟斤拷" * 30 + "一章").encode(), "text.ruined"),
        (("\ufffd" * 30 + "第一章的故事").encode(), "text.ruined"),
        (("\ue000\ue001\ue002的是" * 30).encode(), "text.private"),
    ],
)
def test_what_is_no_text_is_refused_with_a_reason(raw, key):
    with pytest.raises(Undecodable) as refusal:
        decode_bytes(raw)
    assert refusal.value.reason.key == key
    assert refusal.value.sentence("zh") == refusal.value.reason.text("zh")
    assert refusal.value.sentence("en").endswith(".")


def test_a_named_encoding_is_taken_at_its_word():
    assert decode_bytes("第一回".encode("big5"), "BIG5") == Decoded("第一回", "big5", 1.0, 0)


def test_a_named_encoding_that_reads_nothing_is_refused():
    with pytest.raises(Undecodable) as refusal:
        decode_bytes(LONG.encode("gb18030"), "utf-8")
    assert refusal.value.reason.key == "text.unreadable"


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        ("夜路".encode("utf-16-le"), "utf-16-le"),
        (b"\xff\xfe" + "夜路".encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + "夜路".encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_plain_utf16_is_noted_with_its_byte_order(raw, encoding):
    decoded = decode_bytes(raw, "utf-16")
    assert (decoded.text, decoded.encoding) == ("夜路", encoding)


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", "idna", "punycode", "unicode_escape", ""])
def test_an_encoding_that_reads_no_text_is_a_bad_value(name):
    with pytest.raises(BadValue):
        decode_bytes(b"abc", name)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (LONG, LONG.encode("gb18030").decode("big5hkscs", "replace")),
        (LONG, LONG.encode("utf-8").decode("gb18030", "replace")),
        (LONG_TRADITIONAL, LONG_TRADITIONAL.encode("big5").decode("gb18030", "replace")),
        (LONG, LONG.encode("gb18030").decode("utf-16-le", "replace")),
        (LONG, LONG.encode("gb18030").decode("latin-1")),
    ],
)
def test_prose_scores_above_every_misreading(better, worse):
    assert score_text(better) > 0.8 > 0.5 > score_text(worse)


@given(
    st.lists(st.sampled_from(SIMPLIFIED + TRADITIONAL), min_size=1, max_size=20),
    st.sampled_from(["utf-8", "gb18030", "utf-16-le", "utf-16-be"]),
)
def test_law_encoding_and_decoding_give_the_text_back(paragraphs, encoding):
    text = "\n".join(paragraphs)
    assert decode_bytes(text.encode(encoding)).text == text


@given(st.binary(max_size=400))
def test_law_any_bytes_decode_or_are_refused(raw):
    try:
        decoded = decode_bytes(raw)
    except Undecodable:
        return
    assert 0.0 <= decoded.confidence <= 1.0
    assert decoded.lost_characters >= 0
