"""Text that was opened in the wrong encoding and saved: turned back where that can be proved, else left alone."""

import pytest

from novelgpt.text.decode import decode_bytes
from novelgpt.text.decoding.mojibake import mend_mojibake
from tests.text.samples import SIMPLIFIED, TRADITIONAL

BOOK = "".join(f"　　{line}\n" for line in SIMPLIFIED * 20)
OLD_BOOK = "".join(f"　　{line}\n" for line in TRADITIONAL * 20)


def as_windows_latin(raw: bytes) -> str:
    return "".join(
        bytes([octet]).decode("latin-1" if octet in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "cp1252")
        for octet in raw
    )


EXACT = {
    "GBK as latin-1": (BOOK, BOOK.encode("gb18030").decode("latin-1")),
    "GBK as cp1252": (BOOK, as_windows_latin(BOOK.encode("gb18030"))),
    "UTF-8 as latin-1": (BOOK, BOOK.encode().decode("latin-1")),
    "UTF-8 as cp1252": (BOOK, as_windows_latin(BOOK.encode())),
    "UTF-8 as latin-1 twice": (BOOK, BOOK.encode().decode("latin-1").encode().decode("latin-1")),
    "Big5 as latin-1": (OLD_BOOK, OLD_BOOK.encode("big5").decode("latin-1")),
    "Big5 as GBK": (OLD_BOOK, OLD_BOOK.encode("big5").decode("gb18030")),
}


@pytest.mark.parametrize("name", EXACT)
def test_a_misreading_that_lost_nothing_is_turned_back_exactly(name):
    text, misread = EXACT[name]
    decoded = decode_bytes(misread.encode())
    assert decoded.text == text
    assert (decoded.lost_characters, decoded.repairs) == (0, ("mojibake",))
    assert decoded.repaired_characters > len(text) * 0.8


def test_utf8_read_as_gb18030_comes_back_but_for_what_was_lost_then():
    misread = "".join(line.encode().decode("gb18030", "replace") + "\n" for line in BOOK.splitlines())
    decoded = decode_bytes(misread.encode())
    lost = decoded.lost_characters
    assert 0 < lost == decoded.text.count("\ufffd") <= BOOK.count("\n")
    for expected, found in zip(BOOK.split("\n"), decoded.text.split("\n"), strict=True):
        assert found.rstrip("\ufffd") == expected[: len(found.rstrip("\ufffd"))]
        assert len(found) == len(expected)


def test_the_euro_sign_that_windows_made_of_a_byte_is_turned_back():
    assert mend_mojibake("鎴戜滑涓€璧峰洖瀹跺惂").text == "我们一起回家吧"


@pytest.mark.parametrize("container", ["utf-8", "utf-16", "gb18030"])
def test_only_the_lines_that_are_mojibake_are_touched(container):
    line = "他没有回答，只是把灯点上，又把信放在桌子上。"
    text = BOOK + line.encode("gb18030").decode("latin-1") + "\n" + BOOK
    decoded = decode_bytes(text.encode(container))
    assert decoded.text == f"{BOOK}{line}\n{BOOK}"
    assert decoded.lost_characters == 0


@pytest.mark.parametrize(
    "line",
    [
        "Ça va? Déjà vu — naïve café, Ångström, œuvre, «bonjour».",
        "魑魅魍魉，饕餮梼杌，觳觫趑趄，龃龉齑粉。",
        "锟斤拷是一个笑话，烫烫烫也是。",
        "銀鉤鐵畫，鏗鏘錚錝，鎡鎧鏃鏜，鐃鐸鐺鑊。",
        "ｗｗｗ．ａｂｃ．ｃｏｍ ①②③ αβγ",
        "",
    ],
)
def test_healthy_text_is_never_touched(line):
    reading = mend_mojibake(BOOK + line + "\n")
    assert reading.text == BOOK + line + "\n"
    assert (reading.lost, reading.repaired) == (0, 0)
