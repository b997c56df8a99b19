import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from novelgpt.errors import BadVocabulary, NotUnicode, NoVocabulary
from novelgpt.text.markers import SPECIALS, mark, unmark
from novelgpt.tokens.tokenizer import JOINER, Tokenizer
from tests.tiny import TALE, tiny_tokenizer

HARD = [
    "",
    "\n",
    "\n\n　　第一章\r\n话说",
    "[SEP] [MASK]第一章[CLS] [UNK] [PAD]",
    f"[{JOINER}SEP] [[SEP]] [{JOINER}{JOINER}",
    "<0x41> <0x0A> <s> ▁ ##字",
    "𠮷野家 🙂👨‍👩‍👧 \x00\x7f\x85\u2028",
    "   spaces   kept   ",
    "——……“”「」『』·　　",
]
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
MARKED = st.lists(
    st.sampled_from([*SPECIALS, JOINER, "<0x41>", "[", "<", "\n", "雨", "\\"]), max_size=12
).map("".join)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vocab")
    tiny_tokenizer().save(folder)
    return folder


@pytest.mark.parametrize("text", HARD)
def test_every_text_comes_back(text: str) -> None:
    tokenizer = tiny_tokenizer()
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.unknown_id not in ids


@given(ANY_TEXT | MARKED)
def test_decoding_undoes_encoding_and_nothing_is_unknown(text: str) -> None:
    tokenizer = tiny_tokenizer()
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert not {tokenizer.unknown_id, tokenizer.padding_id, tokenizer.chapter_end_id} & set(ids)


@settings(max_examples=60)
@given(ANY_TEXT | MARKED)
def test_transformers_gives_the_same_ids_and_text(saved: Path, text: str) -> None:
    theirs = _auto(saved)
    ids = tiny_tokenizer().encode(text)
    assert theirs(text)["input_ids"] == ids
    assert theirs.decode(ids) == text
    assert theirs.decode(ids, skip_special_tokens=True) == text


_LOADED: dict[Path, object] = {}


def _auto(folder: Path):
    if folder not in _LOADED:
        _LOADED[folder] = AutoTokenizer.from_pretrained(folder)
    return _LOADED[folder]


@pytest.mark.parametrize("model_type", ["gpt2", "llama", "qwen3"])
def test_the_model_standing_beside_it_changes_nothing(tmp_path: Path, model_type: str) -> None:
    tiny_tokenizer().save(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    assert AutoTokenizer.from_pretrained(tmp_path)(TALE)["input_ids"] == tiny_tokenizer().encode(TALE)


@given(st.lists(st.integers(0, tiny_tokenizer().size - 1), max_size=40))
def test_streamed_pieces_join_to_the_whole(ids: list[int]) -> None:
    tokenizer = tiny_tokenizer()
    stream = tokenizer.stream_decoder()
    pieces = [stream.push(one) for one in ids]
    assert "".join([*pieces, stream.finish()]) == tokenizer.decode(ids)


@given(ANY_TEXT)
def test_a_stream_never_shows_half_a_character(text: str) -> None:
    stream = tiny_tokenizer().stream_decoder()
    shown = ""
    for token in tiny_tokenizer().encode(text):
        shown += stream.push(token)
        assert text.startswith(shown)


def test_a_newline_is_the_marker_sep() -> None:
    tokenizer = tiny_tokenizer()
    assert tokenizer.encode("\n") == [SPECIALS.index("[SEP]")] == [3]
    assert tokenizer.encode_chapter("雨")[0] == tokenizer.chapter_start_id == 4
    assert tokenizer.encode_chapter("雨")[-1] == tokenizer.chapter_end_id == 2


def test_the_files_say_what_the_contract_says(saved: Path) -> None:
    lines = (saved / "vocab.txt").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    assert len(lines) == tiny_tokenizer().size
    assert tuple(lines[:5]) == SPECIALS
    theirs = AutoTokenizer.from_pretrained(saved)
    assert len(theirs) == len(lines)
    assert theirs.convert_tokens_to_ids(lines[:50]) == list(range(50))


def test_saving_and_loading_keeps_the_fingerprint(saved: Path) -> None:
    assert Tokenizer.load(saved).fingerprint == tiny_tokenizer().fingerprint


@pytest.mark.parametrize("text", ["雨\ud800", "\udfff"])
def test_lone_surrogates_are_refused(text: str) -> None:
    with pytest.raises(NotUnicode):
        tiny_tokenizer().encode(text)


def test_a_missing_vocabulary_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoVocabulary, match="novelgpt vocab"):
        Tokenizer.load(tmp_path)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"model": 3}', '{"model": {"type": "BPE", "vocab": {}}}', "[" * 10_000],
)
def test_a_damaged_vocabulary_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(BadVocabulary):
        Tokenizer.load(tmp_path)


def test_a_hostile_pipeline_in_the_file_does_nothing(saved: Path, tmp_path: Path) -> None:
    document = json.loads((saved / "tokenizer.json").read_text(encoding="utf-8"))
    document["padding"] = {"strategy": {"Fixed": 2_000_000_000}}
    document["normalizer"] = {"type": "Replace", "pattern": {"String": "雨"}, "content": "x" * 1000}
    (tmp_path / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    assert Tokenizer.load(tmp_path).encode(TALE) == tiny_tokenizer().encode(TALE)


@given(MARKED | ANY_TEXT)
def test_markers_of_train_json_can_be_taken_off_again(text: str) -> None:
    marked = mark(text)
    assert unmark(marked) == text
    assert marked.startswith("[MASK]")
    assert marked.endswith("[CLS]")
    assert "\n" not in marked
