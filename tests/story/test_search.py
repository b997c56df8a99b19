"""Words in a text."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from novelgpt.story.search import MOST_PLACES, MOST_WORDS, find_places, words_of

TEXT = "他过河，又回头看河。" + "夜" * 46 + "。\n上了bridge石桥"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("河", ["河"]),
        ("桥 河", ["河", "桥"]),
        ("河 山", []),
        ("", []),
        ("  \n", []),
        ("BRIDGE", ["bridge"]),
        (".*", []),
    ],
)
def test_all_words_must_occur_and_each_stretch_is_shown_once(asked, found):
    assert [place.match for place in find_places(TEXT, words_of(asked))] == found


@given(
    text=st.text(alphabet="夜雨 Aa\n", max_size=200), word=st.text(alphabet="夜雨Aa", min_size=1, max_size=3)
)
def test_a_word_is_found_where_it_stands_whatever_its_case(text, word):
    places = find_places(text, [word])
    assert bool(places) == (word.lower() in text.lower())
    for place in places:
        assert text[place.start - len(place.before) :].startswith(place.before + place.match + place.after)
        assert place.match.lower() == word.lower()
    starts = [place.start for place in places]
    assert starts == sorted(set(starts)) and len(starts) <= MOST_PLACES


def test_what_is_asked_is_bounded():
    assert len(words_of("夜 " * 100)) == MOST_WORDS
    assert len(words_of("夜" * 1000)[0]) == 100
    assert len(find_places("夜" + "雨" * 100 + ("夜" + "雨" * 100) * 100, ["夜"])) == MOST_PLACES
