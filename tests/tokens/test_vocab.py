import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.errors import NoChapters, VocabularyTooSmall
from novelgpt.text.chapter import Chapter
from novelgpt.tokens.counting import count_words
from novelgpt.tokens.counts import Counts, Pairs
from novelgpt.tokens.tokenizer import Tokenizer
from novelgpt.tokens.vocab import (
    LEAST,
    NAMES_NEED_BOOKS,
    Choosing,
    TooFewWords,
    build_vocab,
    choose,
    choose_pieces,
    fitting_size,
    is_piece,
)
from tests.tiny import TALE


def chapter(text: str, book: str = "渡口") -> Chapter:
    return Chapter("第一章", text, number=1, book=book)


@settings(max_examples=20, deadline=None)
@given(st.integers(LEAST, 20_000))
def test_the_size_is_met_to_the_piece(size: int) -> None:
    assert build_vocab([chapter(TALE)], size=size).size == size


def test_a_page_of_text_without_general_words_is_refused_with_the_size_that_fits() -> None:
    with pytest.raises(TooFewWords) as refused:
        build_vocab([chapter(TALE)])
    fits = refused.value.facts["fits"]
    tokenizer = build_vocab([chapter(TALE)], size=fits)
    assert tokenizer.size == fits
    assert tokenizer.decode(tokenizer.encode(TALE)) == TALE
    with pytest.raises(TooFewWords):
        build_vocab([chapter(TALE)], size=fits + 1)


@pytest.mark.parametrize("size", [1, 262])
def test_a_vocabulary_without_room_for_bytes_is_refused(size: int) -> None:
    with pytest.raises(VocabularyTooSmall):
        build_vocab([chapter(TALE)], size=size)


def test_the_same_chapters_give_the_same_vocabulary() -> None:
    first, second = (build_vocab([chapter(TALE), chapter(TALE[::-1], "倒")], size=900) for _ in range(2))
    assert first.pieces == second.pieces


def test_words_and_pairs_become_single_tokens() -> None:
    tokenizer = build_vocab([chapter(TALE * 20)], size=600)
    assert len(tokenizer.encode("老船夫")) < 3
    assert len(tokenizer.encode("。”")) == 1


def test_pairs_never_join_a_word_to_punctuation() -> None:
    assert not [pair for pair in count_words([TALE * 3]).pairs if "雨" in pair and "，" in pair]


def test_names_of_a_single_book_earn_no_piece_in_a_large_corpus() -> None:
    others = [chapter(TALE, f"书{number}") for number in range(NAMES_NEED_BOOKS)]
    tokenizer = build_vocab([*others, chapter("欧阳克说话。" * 50, "名")], size=800)
    assert "欧阳克" not in [piece for piece, _ in tokenizer.pieces]


def test_no_chapters_are_said() -> None:
    with pytest.raises(NoChapters):
        build_vocab([])


def test_a_small_corpus_borrows_general_words() -> None:
    general = build_vocab([chapter("天下大势，分久必合。" * 30)], size=400)
    tokenizer = build_vocab([chapter(TALE)], size=900, prior=general)
    assert len(tokenizer.encode("天下大势")) <= 2


def counted(*books: str) -> Counts:
    total = Counts()
    for book in books:
        total.add(count_words([book]))
    return total


def names(tokenizer: Tokenizer) -> list[str]:
    return [piece for piece, _ in tokenizer.pieces[LEAST:]]


def test_pure_words_hold_no_pair_and_no_run_of_punctuation() -> None:
    counts = counted(TALE * 20)
    words = names(choose_pieces(counts, 500, None, Choosing(pairs="none")))
    assert "。”" not in words
    own = [piece for piece in words if len(piece) > 1]
    assert own
    assert all(piece in counts.words for piece in own)


@pytest.mark.parametrize(("pairs", "tokens"), [("alike", 4), ("all", 3)])
def test_signs_join_words_only_when_asked(pairs: Pairs, tokens: int) -> None:
    text = "他说：“好。他说：“好。"
    counts = count_words([text * 50], pairs=pairs)
    tokenizer = choose_pieces(counts, 400, None, Choosing(pairs=pairs))
    assert len(tokenizer.encode("他说：“好。")) <= tokens
    crossing = [piece for piece in names(tokenizer) if len({c.isalnum() for c in piece}) == 2]
    assert bool(crossing) == (pairs == "all")


def test_names_are_left_out_when_asked_from_two_books_on() -> None:
    counts = counted(TALE * 2, TALE + "欧阳克说话。" * 50)
    keeping, sharing = (Choosing(shared_only=shared) for shared in (False, True))
    assert "欧阳克" in names(choose_pieces(counts, 600, None, keeping))
    assert "欧阳克" not in names(choose_pieces(counts, 600, None, sharing))
    assert "船夫" in names(choose_pieces(counts, 600, None, sharing))


def test_one_book_owns_everything_so_nothing_is_left_out() -> None:
    alone = choose_pieces(counted(TALE * 2), 600, None, Choosing(shared_only=True))
    assert alone.pieces == choose_pieces(counted(TALE * 2), 600).pieces


def test_characters_only_hold_nothing_longer() -> None:
    counts = count_words([TALE * 2])
    wishes = Choosing(pairs="none", characters_only=True, user_words=("石桥",))
    general = build_vocab([chapter("天下大势，分久必合。" * 30)], size=400)
    choice = choose(counts, fitting_size(counts, wishes), general, wishes)
    assert (choice.borrowed, choice.fillers) == (0, 0)
    assert [piece for piece in choice.scores if len(piece) > 1] == ["石桥"]
    larger = choose(counts, fitting_size(counts, wishes) + 7, general, wishes)
    assert larger.borrowed == 7
    assert max(map(len, larger.scores)) == 2


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text("雨夜船夫老少年箱子荒古", min_size=1, max_size=8), max_size=8, unique=True))
def test_every_user_word_is_one_token(words: list[str]) -> None:
    tokenizer = choose_pieces(counted(TALE * 3), 700, None, Choosing(user_words=tuple(words)))
    assert tokenizer.size == 700
    assert [len(tokenizer.encode(word)) for word in words] == [1] * len(words)


def test_more_user_words_than_pieces_are_refused() -> None:
    words = tuple(f"词{number}" for number in range(40))
    with pytest.raises(VocabularyTooSmall):
        choose_pieces(counted(TALE), LEAST + 39, None, Choosing(user_words=words))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("船夫", True),
        ("　　", True),
        ("一二三四五六七八九", False),
        ("a[", False),
        ("\n", False),
        ("\u200b", False),
    ],
)
def test_a_piece_is_short_and_plain(text: str, fits: bool) -> None:
    assert is_piece(text) == fits
