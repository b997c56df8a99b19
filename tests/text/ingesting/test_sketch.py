import random

from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.text.ingesting.sketch import SIZE, likeness, merged, shared, sketch
from tests.text.samples import SIMPLIFIED

HAN = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜金生丽水玉出昆冈"


def long_text(seed: int, count: int = 4000) -> str:
    return "".join(random.Random(seed).choices(HAN, k=count))


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet=HAN + "，。！\n 　“”", max_size=400))
def test_punctuation_and_spacing_do_not_matter(text: str) -> None:
    bare = "".join(character for character in text if character in HAN)
    assert (sketch(text) == sketch(bare)).all()


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=400))
def test_any_text_has_an_ascending_sketch_of_limited_size(text: str) -> None:
    hashes = sketch(text)
    assert len(hashes) <= SIZE
    assert (hashes[1:] > hashes[:-1]).all()


def test_a_text_is_like_itself_and_unlike_another() -> None:
    one, two = sketch(long_text(1)), sketch(long_text(2))
    assert likeness(one, one) == 1.0
    assert likeness(one, two) < 0.05
    assert likeness(sketch(""), sketch("")) == 0.0


def test_half_of_a_text_is_found_to_be_about_half() -> None:
    whole = long_text(3, 20_000)
    assert 0.35 < likeness(sketch(whole), sketch(whole[:10_000])) < 0.65


def test_a_sketch_of_parts_together_is_the_sketch_of_the_whole_but_for_the_seams() -> None:
    parts = [long_text(seed) for seed in range(4)]
    together = merged(sketch(part) for part in parts)
    assert likeness(together, sketch("".join(parts))) > 0.9


def test_a_text_of_many_blocks_has_the_sketch_of_all_of_it() -> None:
    text = long_text(5, 600_000)
    assert likeness(sketch(text), sketch(text[300_000:] + text[:300_000])) > 0.95


def test_refrains_do_not_crowd_out_the_rest() -> None:
    song = SIMPLIFIED[0] * 500
    assert len(sketch(song)) < SIZE
    assert likeness(sketch(song), sketch(SIMPLIFIED[0] * 3)) == 1.0


def test_shared_says_how_much_of_each_stands_in_the_other() -> None:
    whole = long_text(7, 2000)
    of_part, of_whole = shared(whole[:500], whole)
    assert of_part == 1.0
    assert 0.2 < of_whole < 0.3
    assert shared("", whole) == (0.0, 0.0)
