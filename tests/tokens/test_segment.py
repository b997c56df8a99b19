import sys

import pytest
import rjieba
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.tokens.segment import NoThulac, Segmenter, SegmenterName, realign
from tests.tiny import TALE

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
CHINESE = st.text("哈利·波特说荒古圣体，。\r\n\t 　aA1%[<", max_size=60)


@settings(max_examples=60, deadline=None)
@given(ANY_TEXT | CHINESE, st.sampled_from(["jieba", "char"]), st.booleans())
def test_the_words_join_to_the_text(text: str, name: SegmenterName, with_words: bool) -> None:
    words = ("荒古圣体", "哈利·波特", "\r\n", "体，") if with_words else ()
    assert "".join(Segmenter(name, words).load()(text)) == text


def test_jieba_without_user_words_is_jieba() -> None:
    assert Segmenter().load()(TALE) == rjieba.cut(TALE)


def test_characters_are_cut_one_by_one() -> None:
    assert Segmenter("char").load()("老船夫😀") == ["老", "船", "夫", "😀"]


@pytest.mark.parametrize("name", ["jieba", "char"])
def test_user_words_stay_whole(name: SegmenterName) -> None:
    segment = Segmenter(name, ("哈利·波特", "荒古圣体")).load()
    assert {"哈利·波特", "荒古圣体"} <= set(segment("哈利·波特说：荒古圣体！"))


def test_of_two_words_at_one_place_the_longer_stays_whole() -> None:
    assert Segmenter("char", ("张三", "张三丰")).load()("见张三丰与张三") == ["见", "张三丰", "与", "张三"]


def test_jieba_weighs_a_user_word_against_its_surroundings() -> None:
    """Cutting words out blindly would break 光明月; a dictionary decides."""
    words = Segmenter("jieba", ("道玄",)).load()("道玄看着远处")
    assert words[0] == "道玄"


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        (["　", "老", "船夫"], "　　老  船夫", ["　", "　", "老", " ", " ", "船夫"]),
        ([], " \t", [" ", "\t"]),
        (["全", "", "完"], "全完", ["全", "完"]),
        (["变了样", "的"], "原样的字", ["原", "样", "的", "字"]),
        (["甲", "远"], "甲" + "乙" * 100 + "远", ["甲", *"乙" * 100, "远"]),
    ],
)
def test_what_a_segmenter_dropped_is_put_back(words: list[str], text: str, expected: list[str]) -> None:
    assert list(realign(words, text)) == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=4), max_size=8), ANY_TEXT)
def test_realigned_words_join_to_the_text_whatever_the_segmenter_said(words: list[str], text: str) -> None:
    assert "".join(realign(words, text)) == text


def test_thulac_is_asked_for_by_name_when_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "thulac", None)
    with pytest.raises(NoThulac, match="novelgpt\\[thulac\\]"):
        Segmenter("thulac", ("只为此处",)).load()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_thulac_gives_its_words_and_the_spaces_it_dropped_silently(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = "老船夫  不说话\n　他们在渡船上" + "水" * 3_000
    words = Segmenter("thulac", ("渡船上",)).load()(text)
    assert "".join(words) == text
    assert words[:3] == ["老船夫", " ", " "]
    assert {"不", "说话", "他们", "渡船上", "\n", "　"} <= set(words)
    assert capsys.readouterr().out == ""
