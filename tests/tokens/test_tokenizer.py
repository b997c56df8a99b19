import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from novelgpt.errors import NotUnicode
from novelgpt.text.markers import SPECIALS, mark, unmark
from novelgpt.tokens.pieces import ESCAPED, FIXED, JOINER
from novelgpt.tokens.tokenizer import Tokenizer
from tests.tiny import TALE, tiny_tokenizer
from tests.tokens.vocabularies import ANY_TEXT, HARD, MARKED, TEXTS, VOCABULARIES, shipped, tiny_bpe

every_vocabulary = pytest.mark.parametrize("name", VOCABULARIES)
laws = settings(deadline=None, max_examples=60)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {name: tmp_path_factory.mktemp(name) for name in VOCABULARIES}
    for name, folder in folders.items():
        VOCABULARIES[name]().save(folder)
    return folders


@pytest.fixture(scope="module")
def theirs(saved: dict[str, Path]) -> dict[str, object]:
    return {name: AutoTokenizer.from_pretrained(folder) for name, folder in saved.items()}


@every_vocabulary
@pytest.mark.parametrize("text", HARD)
def test_every_text_comes_back(name: str, text: str) -> None:
    tokenizer = VOCABULARIES[name]()
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.unknown_id not in ids


@every_vocabulary
@laws
@given(text=TEXTS)
def test_decoding_undoes_encoding_and_no_marker_comes_in(name: str, text: str) -> None:
    tokenizer = VOCABULARIES[name]()
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    markers = {
        tokenizer.unknown_id,
        tokenizer.padding_id,
        tokenizer.chapter_end_id,
        tokenizer.chapter_start_id,
    }
    assert not markers & set(ids)
    assert ids.count(tokenizer.newline_id) == text.count("\n")


@every_vocabulary
@laws
@given(text=TEXTS)
def test_transformers_gives_the_same_ids_and_text(name: str, text: str, theirs: dict[str, object]) -> None:
    ids = VOCABULARIES[name]().encode(text)
    assert theirs[name](text)["input_ids"] == ids
    assert theirs[name].decode(ids) == text
    assert theirs[name].decode(ids, skip_special_tokens=True) == text


@every_vocabulary
@laws
@given(texts=st.lists(TEXTS, max_size=6))
def test_many_texts_are_encoded_as_each_alone(name: str, texts: list[str]) -> None:
    tokenizer = VOCABULARIES[name]()
    assert tokenizer.encode_many(texts) == [tokenizer.encode(text) for text in texts]


@every_vocabulary
@laws
@given(data=st.data())
def test_streamed_pieces_join_to_the_whole(name: str, data: st.DataObject) -> None:
    tokenizer = VOCABULARIES[name]()
    ids = data.draw(st.lists(st.integers(0, tokenizer.size - 1) | st.integers(5, 260), max_size=40))
    stream = tokenizer.stream_decoder()
    pieces = [stream.push(one) for one in ids]
    assert "".join([*pieces, stream.finish()]) == tokenizer.decode(ids)


@every_vocabulary
@laws
@given(text=TEXTS)
def test_a_stream_never_shows_half_a_character(name: str, text: str) -> None:
    tokenizer = VOCABULARIES[name]()
    stream = tokenizer.stream_decoder()
    shown = ""
    for token in tokenizer.encode(text):
        shown += stream.push(token)
        assert text.startswith(shown)
    assert shown == text
    assert stream.finish() == ""


@every_vocabulary
@pytest.mark.parametrize("text", [*SPECIALS, "<0x41>", "雨[SEP]雨", "[[MASK]]", f"[{JOINER}SEP]"])
def test_a_marker_in_a_users_text_stays_text(name: str, text: str) -> None:
    tokenizer = VOCABULARIES[name]()
    ids = tokenizer.encode(text)
    assert not set(ids) & set(range(len(SPECIALS)))
    assert tokenizer.decode(ids) == text


@every_vocabulary
def test_newlines_and_escaped_signs_stay_pieces_of_their_own(name: str) -> None:
    tokenizer = VOCABULARIES[name]()
    names = [piece for piece, _ in tokenizer.pieces]
    for sign, piece in [("\n", "[SEP]"), *((sign, sign + JOINER) for sign in ESCAPED)]:
        ids = tokenizer.encode(f"雨{sign}{sign}河")
        assert ids.count(names.index(piece)) == 2


@every_vocabulary
@pytest.mark.parametrize("text", ["雨\ud800", "\udfff", "\ud83d雨\ude42"])
def test_lone_surrogates_are_refused(name: str, text: str) -> None:
    with pytest.raises(NotUnicode):
        VOCABULARIES[name]().encode(text)
    with pytest.raises(NotUnicode):
        VOCABULARIES[name]().encode_many(["雨", text])


@every_vocabulary
def test_the_files_say_what_the_contract_says(name: str, saved: dict[str, Path]) -> None:
    lines = (saved[name] / "vocab.txt").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    assert len(lines) == VOCABULARIES[name]().size
    assert tuple(lines[:5]) == SPECIALS
    theirs = AutoTokenizer.from_pretrained(saved[name])
    assert len(theirs) == len(lines)
    assert theirs.convert_tokens_to_ids(lines[:50]) == list(range(50))


@every_vocabulary
def test_saving_loading_and_sending_keep_the_fingerprint_and_the_ids(
    name: str, saved: dict[str, Path]
) -> None:
    ours = VOCABULARIES[name]()
    for other in (Tokenizer.load(saved[name]), pickle.loads(pickle.dumps(ours))):
        assert other.fingerprint == ours.fingerprint
        assert other.encode(TALE) == ours.encode(TALE)


def test_the_shipped_vocabulary_is_the_one_the_model_inside_speaks() -> None:
    assert shipped().fingerprint == "914842b613022bbf"
    assert shipped().size == 50_000


def test_other_merges_are_another_vocabulary() -> None:
    ours = tiny_bpe()
    assert ours.merges
    fewer = Tokenizer(ours.pieces, ours.merges[:-1])
    assert fewer.fingerprint != ours.fingerprint
    assert Tokenizer(ours.pieces).fingerprint not in (ours.fingerprint, fewer.fingerprint)


def test_merges_make_words_of_characters() -> None:
    merged = tiny_bpe()
    bare = Tokenizer(merged.pieces, [])
    assert len(merged.encode(TALE)) < 0.7 * len(bare.encode(TALE))


def test_a_newline_is_the_marker_sep() -> None:
    tokenizer = tiny_tokenizer()
    assert tokenizer.encode("\n") == [SPECIALS.index("[SEP]")] == [3]
    assert tokenizer.encode_chapter("雨")[0] == tokenizer.chapter_start_id == 4
    assert tokenizer.encode_chapter("雨")[-1] == tokenizer.chapter_end_id == 2


def test_the_first_pieces_are_the_same_everywhere() -> None:
    assert len(FIXED) == 5 + 256 + 2
    for vocabulary in VOCABULARIES.values():
        assert tuple(piece for piece, _ in vocabulary().pieces[: len(FIXED)]) == FIXED


@given(MARKED | ANY_TEXT)
def test_markers_of_train_json_can_be_taken_off_again(text: str) -> None:
    marked = mark(text)
    assert unmark(marked) == text
    assert marked.startswith("[MASK]")
    assert marked.endswith("[CLS]")
    assert "\n" not in marked


def test_chapter_markers_give_no_text_and_transformers_agrees(theirs: dict[str, object]) -> None:
    ids = shipped().encode_chapter("雨\n河")
    assert shipped().decode(ids) == theirs["shipped"].decode(ids, skip_special_tokens=True) == "雨\n河"
    assert json.loads(json.dumps(theirs["shipped"].bos_token_id)) == ids[0]
    assert theirs["shipped"].eos_token_id == ids[-1]
