"""The user's words, and recipes that contradict themselves."""

from pathlib import Path

import pytest

from novelgpt.errors import BadValue, EmptyText, FileMissing, NotText
from novelgpt.tokens import userwords
from novelgpt.tokens.recipe import Recipe
from novelgpt.tokens.segment import Segmenter
from novelgpt.tokens.userwords import UserWords, read_user_words

LIST = "# 人物\n欧阳克\n\n  老船夫 12 nr\n欧阳克 7\n哈利·波特\n一二三四五六七八九\n[书]\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_words_are_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(LIST.replace("\n", "\r\n").encode(encoding))
    assert read_user_words(path) == UserWords(
        ("欧阳克", "老船夫", "哈利·波特"), ("一二三四五六七八九", "[书]")
    )


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"# none\n\n", EmptyText), (b"  \n", EmptyText), (b"\x00\x01\x02\xff\xfe\x00" * 400, NotText)],
)
def test_a_list_without_words_is_refused(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(content)
    with pytest.raises(error):
        read_user_words(path)


def test_a_missing_list_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        read_user_words(tmp_path / "none.txt")


@pytest.mark.parametrize("limit", ["MOST_WORDS", "_MOST_BYTES"])
def test_a_list_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(userwords, limit, 4)
    (tmp_path / "words.txt").write_text(LIST, encoding="utf-8")
    with pytest.raises(BadValue, match="--user-words"):
        read_user_words(tmp_path / "words.txt")


@pytest.mark.parametrize("size", [1, 999, 1_000_001])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(BadValue, match="1,000"):
        Recipe(size=size)


@pytest.mark.parametrize("flag", ["pure_words", "join_signs", "exclude_names"])
@pytest.mark.parametrize("cut", ["char", "bpe"])
def test_what_is_for_words_is_refused_without_words(cut: str, flag: str) -> None:
    with pytest.raises(BadValue, match=flag.replace("_", "-")):
        Recipe(**{"cut": cut, flag: True})


def test_pairs_cannot_be_both_wanted_and_not() -> None:
    with pytest.raises(BadValue, match="opposites"):
        Recipe(pure_words=True, join_signs=True)


def test_a_recipe_says_how_to_cut_and_to_choose() -> None:
    recipe = Recipe("thulac", pure_words=True, exclude_names=True, user_words=UserWords(("欧阳克",)))
    assert recipe.segmenter == Segmenter("thulac", ("欧阳克",))
    assert recipe.choosing.pairs == "none"
    assert recipe.choosing.shared_only
    assert recipe.fixed_size == 50_000
    assert Recipe("char").fixed_size is None
    assert Recipe(join_signs=True).choosing.pairs == "all"
