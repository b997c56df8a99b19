import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
import rjieba
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.messages import CATALOGUE, LANGUAGES, Lang
from novelgpt.messages.vocab_report import MESSAGES
from novelgpt.text.chapter import Chapter, write_chapters
from novelgpt.tokens import report as report_module
from novelgpt.tokens.bpe import train_bpe
from novelgpt.tokens.counts import Counts
from novelgpt.tokens.fit import FitTally, VocabReport, pieces_of
from novelgpt.tokens.report import REPORT_HTML, REPORT_JSON, measure_vocab, write_vocab_report
from novelgpt.tokens.tokenizer import Tokenizer
from tests.tiny import TALE, tiny_tokenizer

HOSTILE = "<script>alert('墨')</script>"


@pytest.fixture(autouse=True)
def sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, both in MESSAGES.items():
        monkeypatch.setitem(CATALOGUE, key, both)


def shelf(folder: Path, **books: str) -> list[Path]:
    for name, text in books.items():
        write_chapters(
            folder / f"{name}.jsonl",
            [Chapter("第一章", text, number=1, book=name), Chapter("第二章", text, number=2, book=name)],
        )
    return sorted(folder.glob("*.jsonl"))


def counted(paths: Sequence[Path]) -> Counts:
    """Count as the vocabulary's builder does, a book a file."""
    total = Counts()
    for path in paths:
        chapters = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        texts = [f"{chapter['title']}\n{chapter['text']}" for chapter in chapters]
        words = Counter(word for text in texts for line in text.split("\n") for word in rjieba.cut(line))
        total.add(Counts(words, Counter(), Counter("".join(texts)), Counter(words.keys()), 1))
    return total


def measured(paths: Sequence[Path], *, sample_characters: int = 200_000) -> VocabReport:
    return measure_vocab(
        tiny_tokenizer(), paths, counted(paths), segment=rjieba.cut, sample_characters=sample_characters
    )


@pytest.fixture
def report(tmp_path: Path) -> VocabReport:
    return measured(shelf(tmp_path, 渡口=TALE * 2, 铁匠=TALE + "欧阳铁说：“魑魅。”\n" * 5))


def test_the_keys_of_before_are_all_there(tmp_path: Path, report: VocabReport) -> None:
    write_vocab_report(tmp_path / "vocab", report, "zh")
    written = json.loads((tmp_path / "vocab" / REPORT_JSON).read_text(encoding="utf-8"))
    tokenizer = tiny_tokenizer()
    assert written["size"] == 600
    assert written["fingerprint"] == tokenizer.fingerprint
    assert written["books"] == 2
    assert written["characters"] == 2 * (2 * len(TALE) + 4) + 2 * (
        len(TALE) + 4 + len("欧阳铁说：“魑魅。”\n") * 5
    )
    assert written["words"] > 50
    assert sum(written["pieces_by_length"].values()) == 600 - 5 - 256
    assert written["characters_per_token"] == report.fit.characters_per_token
    assert written["byte_tokens_per_million"] > 0
    assert [book["title"] for book in written["by_book"]] == ["渡口", "铁匠"]


def test_characters_per_token_are_those_of_the_tokenizer(tmp_path: Path) -> None:
    (path,) = shelf(tmp_path, 渡口=TALE)
    whole = f"第一章\n{TALE}\n第二章\n{TALE}"
    middle = whole[len(whole) // 2 :]
    (book,) = measured([path]).by_book
    assert book.characters == len(whole)
    assert book.fit.characters == len(middle)
    assert book.fit.characters_per_token == pytest.approx(
        len(middle) / len(tiny_tokenizer().encode(middle)), abs=1e-4
    )


def test_a_character_the_vocabulary_lacks_is_one_character_and_several_byte_tokens() -> None:
    pieces = pieces_of(tiny_tokenizer(), "雨魑𠮷[SEP]\n")
    assert [(piece.text, piece.byte_tokens) for piece in pieces if piece.byte_tokens > 2] == [
        ("魑", 3),
        ("𠮷", 4),
    ]
    tally = FitTally()
    tally.take(pieces, None)
    fit = tally.fit()
    assert fit.characters == len("雨魑𠮷[SEP]\n")
    assert fit.lacking * fit.characters >= 2
    assert fit.f1 is None


@cache
def tokenizers() -> tuple[Tokenizer, Tokenizer]:
    """Return a vocabulary of words and one of byte pairs."""
    return tiny_tokenizer(), train_bpe([TALE * 3], 600).tokenizer()


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([0, 1]),
    st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("[<\u2060雨"), max_size=40),
)
def test_pieces_join_to_the_text_and_its_shares_add_up_to_one(which: int, text: str) -> None:
    tokenizer = tokenizers()[which]
    pieces = pieces_of(tokenizer, text)
    assert "".join(piece.text for piece in pieces) == text
    tally = FitTally()
    tally.take(pieces, None)
    alone = sum(not piece.byte_tokens and len(piece.text) == 1 for piece in pieces)
    assert tally.long_characters + tally.lacking_characters + alone == len(text) == tally.characters
    assert tally.tokens == len(tokenizer.encode(text))


def test_words_that_one_book_alone_has_stand_beside_it_with_their_whole_count(report: VocabReport) -> None:
    ferry, smith = report.by_book
    assert smith.own_words == {"欧阳": 10, "铁说": 10, "魑魅": 10}
    assert ferry.own_words == {}
    assert report.own_words.distinct == 3
    assert 0.03 < report.own_words.share < 0.05


def test_a_single_book_owns_no_words(tmp_path: Path) -> None:
    found = measured(shelf(tmp_path, 渡口=TALE))
    assert found.own_words.distinct == 0
    assert found.by_book[0].own_words == {}


def test_lacking_characters_are_counted_over_the_whole_corpus(report: VocabReport) -> None:
    assert report.lacking_characters["魑"] == report.lacking_characters["魅"] == 10
    assert "雨" not in report.lacking_characters
    assert report.lacking_distinct == len(report.lacking_characters)


def test_without_counts_or_segmenter_the_rest_is_still_measured(tmp_path: Path) -> None:
    paths = shelf(tmp_path, 渡口=TALE, 铁匠="魑魅魍魉。" * 20)
    found = measure_vocab(tiny_tokenizer(), paths, None, segment=None)
    assert (found.books, found.words, found.fit.f1) == (2, 0, None)
    assert found.characters == sum(book.characters for book in found.by_book)
    assert set(found.lacking_characters) == set("魑魅魍魉")
    assert all(sample.words == () for sample in found.samples)


def test_a_segmenter_that_loses_text_is_not_compared_with(tmp_path: Path) -> None:
    paths = shelf(tmp_path, 渡口=TALE)
    found = measure_vocab(tiny_tokenizer(), paths, None, segment=lambda line: [line[1:]])
    assert found.fit.f1 is None


def test_a_segmenter_that_cuts_as_the_vocabulary_does_agrees_wholly(tmp_path: Path) -> None:
    def cut(line: str) -> list[str]:
        return [piece.text for piece in pieces_of(tiny_tokenizer(), line)]

    found = measure_vocab(tiny_tokenizer(), shelf(tmp_path, 渡口=TALE), None, segment=cut)
    assert (found.fit.precision, found.fit.recall, found.fit.f1) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("sample_characters", [1, 50, 333])
def test_the_sample_is_bounded_in_all(tmp_path: Path, sample_characters: int) -> None:
    paths = shelf(tmp_path, 甲=TALE * 3, 乙=TALE * 3, 丙=TALE * 3)
    found = measured(paths, sample_characters=sample_characters)
    assert 3 * max(1, sample_characters // 3) == found.fit.characters


def test_a_library_too_long_is_measured_on_books_evenly_spread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_module, "MOST_BOOKS", 3)
    paths = shelf(tmp_path, a=TALE, b=TALE, c=TALE, d=TALE, e=TALE, f=TALE)
    found = measured(paths)
    assert [book.file for book in found.by_book] == ["a.jsonl", "c.jsonl", "e.jsonl"]
    assert found.books == 6
    write_vocab_report(tmp_path / "vocab", found, "en")
    assert "3 more books" in (tmp_path / "vocab" / REPORT_HTML).read_text(encoding="utf-8")


def test_samples_are_short_lines_cut_in_two_ways(tmp_path: Path) -> None:
    long_line = "雨下了三天，河水漫过了石桥，老船夫坐在门口，" * 40 + "。"
    found = measured(shelf(tmp_path, 渡口=TALE, 长句=long_line, 无句="雨" * 900))
    assert [sample.book for sample in found.samples] == sorted(["渡口", "长句", "无句"])
    for sample in found.samples:
        assert "".join(sample.pieces) == "".join(sample.words)
        assert 1 <= len("".join(sample.pieces)) <= 44
    (cut,) = (sample for sample in found.samples if sample.book == "长句")
    assert cut.pieces[-1].endswith("，")


@pytest.mark.parametrize("text", ["", "\n\n", " ", "\ud800雨\udfff" * 30, "\0\r\u2028" * 9, "雨" * 100_000])
def test_odd_books_are_measured_too(tmp_path: Path, text: str) -> None:
    path = tmp_path / "怪.jsonl"
    record = {"title": "", "text": text, "kind": "chapter", "index": 0, "book": ""}
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    found = measure_vocab(tiny_tokenizer(), [path], None, segment=rjieba.cut, sample_characters=500)
    assert found.by_book[0].title == "怪"
    write_vocab_report(tmp_path / "vocab", found, "zh")
    assert (tmp_path / "vocab" / REPORT_HTML).read_text(encoding="utf-8").endswith("</html>\n")


def test_lone_surrogates_among_the_counts_do_not_stop_the_report(tmp_path: Path) -> None:
    counts = Counts(characters=Counter({"\ud800": 3, "魑": 2}), books=1)
    found = measure_vocab(tiny_tokenizer(), shelf(tmp_path, 渡口=TALE), counts, segment=None)
    assert found.lacking_characters == {"魑": 2}


def test_the_same_books_give_the_same_report(tmp_path: Path) -> None:
    paths = shelf(tmp_path / "books", 渡口=TALE, 铁匠=TALE + "欧阳铁说：“魑魅。”\n" * 5)
    for name in ("first", "second"):
        write_vocab_report(tmp_path / name, measured(paths), "zh")
    for file in (REPORT_JSON, REPORT_HTML):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


class Tags(HTMLParser):
    """Collects what a browser would see: tags, addresses and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.addresses: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def seen(folder: Path) -> Tags:
    tags = Tags()
    tags.feed((folder / REPORT_HTML).read_text(encoding="utf-8"))
    return tags


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_shows_every_book_and_asks_the_network_for_nothing(
    tmp_path: Path, report: VocabReport, lang: Lang
) -> None:
    write_vocab_report(tmp_path / "vocab", report, lang)
    page = seen(tmp_path / "vocab")
    text = "".join(page.words)
    assert {"渡口", "铁匠", "欧阳", "魑"} <= set(page.words)
    assert MESSAGES["vocab_report.title"][LANGUAGES.index(lang)] in text
    assert f"{report.characters_per_token:.2f}" in text
    assert page.addresses == []
    assert page.tags.keys().isdisjoint({"script", "link", "img", "iframe"})
    assert "url(" not in text


def test_a_novel_cannot_bring_a_script_into_the_page(tmp_path: Path) -> None:
    line = f"他说{HOSTILE}，雨下了三天。"
    path = tmp_path / "books" / "x.jsonl"
    write_chapters(path, [Chapter(HOSTILE, (line + "\n") * 9, number=1, book=HOSTILE)])
    other = shelf(tmp_path / "books", 渡口=TALE)[0]
    write_vocab_report(tmp_path / "vocab", measured([path, other]), "zh")
    page = seen(tmp_path / "vocab")
    assert page.tags["script"] == 0
    assert HOSTILE in page.words


def test_only_a_book_written_in_unknown_characters_earns_a_word_of_advice(tmp_path: Path) -> None:
    for name, text in (("怪", "魑魅魍魉雨下了三天。" * 20), ("常", TALE)):
        paths = shelf(tmp_path / name, **{name: text})
        write_vocab_report(tmp_path / name, measured(paths), "zh")
    hints = ["".join(seen(tmp_path / name).words).count("每一千字里缺字超过 10 个") for name in ("怪", "常")]
    assert hints == [1, 0]


def test_an_empty_book_is_listed_but_is_not_the_worst(tmp_path: Path) -> None:
    paths = shelf(tmp_path / "books", 渡口=TALE, 铁匠=TALE[::-1])
    empty = tmp_path / "books" / "空.jsonl"
    write_chapters(empty, [Chapter("", "", book="空")])
    write_vocab_report(tmp_path / "vocab", measured([*paths, empty]), "en")
    page = seen(tmp_path / "vocab")
    assert "空" in page.words
    assert "Fits worst: 空" not in "".join(page.words)
    assert sum("% of characters in long pieces" in words for words in page.words) == 2


@pytest.mark.parametrize("key", sorted(MESSAGES))
def test_each_sentence_of_the_page_has_its_name(key: str) -> None:
    assert key.startswith("vocab_report.")
    assert all(MESSAGES[key])
