from pathlib import Path

import pytest

from novelgpt.errors import EmptyText, FileMissing, NotText
from novelgpt.text.plain import decode_plain_text, read_plain_text

TEXT = "老船夫坐在门口，望着对岸的灯火出神。\n“今晚还过河吗？”\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_in_any_encoding_gives_its_text(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT.replace("\n", "\r\n").encode(encoding))
    assert read_plain_text(tmp_path / "a.txt") == TEXT


def test_what_cannot_be_read_whole_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        read_plain_text(tmp_path / "none.txt")
    with pytest.raises(EmptyText, match="stdin"):
        decode_plain_text(b" \n", "stdin")
    with pytest.raises(NotText, match=r"pic\.png"):
        decode_plain_text(b"\x89PNG\r\n\x1a\n" + bytes(200), "pic.png")
    damaged = bytearray((TEXT * 9).encode("gb18030"))
    damaged[41] = 0xFF
    with pytest.raises(NotText, match=r"1 characters|characters cannot be read"):
        decode_plain_text(bytes(damaged), "a.txt")
