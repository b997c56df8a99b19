import json
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from novelgpt.errors import BadVocabulary, NotUnicode, NoVocabulary, WrongVocabulary
from novelgpt.text.chapter import Chapter, write_chapters
from novelgpt.text.markers import SPECIALS
from novelgpt.tokens.foreign import ForeignTokenizer, StrangeVocabulary, load_vocabulary
from novelgpt.tokens.shards import build_shards
from novelgpt.tokens.tokenizer import Tokenizer
from novelgpt.tokens.vocabulary import Vocabulary
from tests.model.networks import END, TEXTS, VOCABULARIES, write_vocabulary
from tests.tiny import TALE, tiny_tokenizer
from tests.tokens.vocabularies import ANY_TEXT, HARD, MARKED, STORY

NAMES = tuple(VOCABULARIES)
BYTE_LEVEL = ("gpt2", "qwen")


@cache
def foreign(name: str) -> Vocabulary:
    with TemporaryDirectory() as folder:
        return load_vocabulary(write_vocabulary(Path(folder), name))


@cache
def itself(name: str) -> Any:
    engine = tokenizers.Tokenizer.from_str(VOCABULARIES[name]())
    engine.encode_special_tokens = True
    return engine


@cache
def bert_like() -> Vocabulary:
    with TemporaryDirectory() as folder:
        write_bert(Path(folder))
        return load_vocabulary(Path(folder))


def write_bert(folder: Path) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces = [
        "[PAD]",
        *(f"[unused{n}]" for n in range(1, 5)),
        *SPECIALS[1:],
        *sorted(set(TALE) - {"\n"}),
        *letters,
        *(f"##{one}" for one in letters),
        "the",
        "##ing",
    ]
    (folder / "vocab.txt").write_text("".join(piece + "\n" for piece in pieces), encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", [*TEXTS, *HARD])
def test_ids_are_those_of_the_library_itself(name: str, text: str) -> None:
    ids = itself(name).encode(text, add_special_tokens=False).ids
    assert foreign(name).encode(text) == ids
    assert foreign(name).encode_many([TALE, text]) == [foreign(name).encode(TALE), ids]


@pytest.mark.parametrize("name", BYTE_LEVEL)
@settings(deadline=None, max_examples=50)
@given(text=ANY_TEXT | MARKED | STORY)
def test_byte_level_gives_every_text_back(name: str, text: str) -> None:
    tokenizer = foreign(name)
    back = tokenizer.decode(tokenizer.encode(text))
    # NFC is a step that Qwen's own file asks for
    expected = itself(name).normalizer.normalize_str(text) if itself(name).normalizer else text
    assert back == expected


@pytest.mark.parametrize("name", [*NAMES, "bert"])
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_streamed_pieces_join_to_the_whole_and_hold_no_half_characters(
    name: str, data: st.DataObject
) -> None:
    tokenizer = bert_like() if name == "bert" else foreign(name)
    text = data.draw(ANY_TEXT | STORY)
    for ids in (tokenizer.encode(text), data.draw(st.lists(st.integers(0, tokenizer.size - 1)))):
        stream = tokenizer.stream_decoder()
        pieces = [*(stream.push(one) for one in ids), stream.finish()]
        assert "".join(pieces) == tokenizer.decode(ids)
    if name in BYTE_LEVEL and "\ufffd" not in text:
        stream = tokenizer.stream_decoder()
        assert not any("\ufffd" in stream.push(one) for one in tokenizer.encode(text))


def test_a_character_of_several_tokens_comes_when_its_last_one_does() -> None:
    tokenizer = foreign("gpt2")
    ids = tokenizer.encode("𠮷")
    assert len(ids) == 4
    stream = tokenizer.stream_decoder()
    assert [stream.push(one) for one in ids] == ["", "", "", "𠮷"]
    assert set(ids) <= tokenizer.fragments.keys()
    assert [tokenizer.byte_ids[one] for one in ids] == list("𠮷".encode())


@pytest.mark.parametrize(
    ("name", "start", "end", "padding", "newline"),
    [
        ("gpt2", END, END, END, "Ċ"),
        ("qwen", END, END, END, "Ċ"),
        ("llama", "<s>", "</s>", "</s>", "<0x0A>"),
        ("unigram", "<s>", "</s>", "</s>", "<0x0A>"),
    ],
)
def test_markers_are_the_model_s_own(name: str, start: str, end: str, padding: str, newline: str) -> None:
    tokenizer, ids = foreign(name), itself(name).token_to_id
    assert tokenizer.chapter_start_id == ids(start)
    assert tokenizer.chapter_end_id == ids(end)
    assert tokenizer.padding_id == ids(padding)
    assert tokenizer.newline_id == ids(newline)
    assert tokenizer.texts[ids(newline)] == "\n"
    assert tokenizer.encode_chapter("雨") == [ids(start), *tokenizer.encode("雨"), ids(end)]
    assert tokenizer.decode([ids(start), ids(end)]) == ""


def test_the_oldest_folders_have_only_a_list_of_pieces() -> None:
    tokenizer = bert_like()
    ids = tokenizer.encode("老船夫 The boating\n雨")
    pieces = [tokenizer.decode([one]) for one in ids]
    assert pieces == ["老", "船", "夫", "the", "b", "o", "a", "t", "ing", "\n", "雨"]
    assert tokenizer.decode(ids) == "老船夫the boating\n雨"
    assert tokenizer.encode("\n\n雨\n") == [tokenizer.newline_id] * 2 + tokenizer.encode("雨") + [
        tokenizer.newline_id
    ]
    assert [tokenizer.chapter_start_id, tokenizer.newline_id, tokenizer.chapter_end_id] == [8, 7, 6]
    assert tokenizer.encode("[MASK]") and 8 not in tokenizer.encode("[MASK]")


@pytest.mark.parametrize("name", [*NAMES, "bert"])
def test_what_is_saved_is_the_same_vocabulary_here_and_in_transformers(name: str, tmp_path: Path) -> None:
    tokenizer = bert_like() if name == "bert" else foreign(name)
    tokenizer.save(tmp_path)
    again = load_vocabulary(tmp_path)
    assert again.fingerprint == tokenizer.fingerprint
    assert again.texts == tokenizer.texts
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    for text in [TALE.replace("\n", ""), "x 雨"]:
        assert theirs(text, add_special_tokens=False).input_ids == tokenizer.encode(text)
    assert theirs.eos_token_id == tokenizer.chapter_end_id
    assert theirs.bos_token_id == tokenizer.chapter_start_id


def test_fingerprints_tell_vocabularies_apart() -> None:
    assert len({one.fingerprint for one in (*map(foreign, NAMES), bert_like(), tiny_tokenizer())}) == 6


def test_rows_that_a_network_has_to_spare_stand_for_nothing(tmp_path: Path) -> None:
    write_vocabulary(tmp_path, "qwen")
    (tmp_path / "config.json").write_text('{"vocab_size": 500}')
    tokenizer = load_vocabulary(tmp_path)
    assert tokenizer.size == len(tokenizer.texts) == 500
    assert tokenizer.decode([499, *tokenizer.encode("雨")]) == "雨"
    assert tokenizer.fingerprint == foreign("qwen").fingerprint


def test_our_own_vocabulary_comes_back_as_ours(tmp_path: Path) -> None:
    tiny_tokenizer().save(tmp_path)
    assert isinstance(load_vocabulary(tmp_path), Tokenizer)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(NoVocabulary):
        load_vocabulary(tmp_path)


def test_our_own_vocabulary_stays_ours_when_damaged(tmp_path: Path) -> None:
    tiny_tokenizer().save(tmp_path)
    path = tmp_path / "tokenizer.json"
    raw = json.loads(path.read_text())
    raw["model"]["vocab"][300] = raw["model"]["vocab"][301]
    path.write_text(json.dumps(raw))
    with pytest.raises(BadVocabulary, match="twice") as refused:
        load_vocabulary(tmp_path)
    assert type(refused.value) is BadVocabulary


def test_files_of_two_vocabularies_are_not_mixed(tmp_path: Path) -> None:
    foreign("gpt2").save(tmp_path)
    (tmp_path / "tokenizer.json").write_text(VOCABULARIES["qwen"]())
    with pytest.raises(WrongVocabulary):
        load_vocabulary(tmp_path)


@pytest.mark.parametrize("jobs", [1, 2])
def test_shards_are_made_with_it_also_in_other_processes(jobs: int, tmp_path: Path) -> None:
    path = tmp_path / "chapters.jsonl"
    write_chapters(path, [Chapter(f"第{n}章", TALE * n, index=n, book="渡口") for n in range(1, 9)])
    tokenizer = foreign("gpt2")
    shards = build_shards([path], tokenizer, tmp_path / "data", held_out=0.3, jobs=jobs)
    tokens, offsets = shards.train.tokens, shards.train.offsets
    first = tokens[offsets[0] : offsets[1]].tolist()
    assert first[0] == first[-1] == tokenizer.chapter_end_id
    assert TALE in tokenizer.decode(first)


def test_it_travels_to_other_processes() -> None:
    for tokenizer in (foreign("qwen"), bert_like()):
        again = pickle.loads(pickle.dumps(tokenizer))
        assert isinstance(again, ForeignTokenizer)
        assert (again.fingerprint, again.size, again.marks) == (
            tokenizer.fingerprint,
            tokenizer.size,
            tokenizer.marks,  # type: ignore[attr-defined]
        )


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(NotUnicode):
        foreign("gpt2").encode("雨\ud800")


def _replace(content: str, pattern: dict[str, str]) -> dict[str, object]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _sequence(*steps: object) -> dict[str, object]:
    return {"type": "Sequence", "normalizers": list(steps)}


Change = Callable[[dict[str, Any]], object]
HOSTILE: dict[str, Change] = {
    "a slow pattern": lambda raw: raw.update(
        pre_tokenizer={
            "type": "Split",
            "pattern": {"Regex": "(a+)+$"},
            "behavior": "Isolated",
            "invert": False,
        }
    ),
    "a slow pattern to replace": lambda raw: raw.update(normalizer=_replace("", {"Regex": "(a*)*b"})),
    "a text that grows": lambda raw: raw.update(normalizer=_replace("x" * 1_000_000, {"String": "a"})),
    "a text that doubles": lambda raw: raw.update(
        normalizer=_sequence(*[_replace("aa", {"String": "a"})] * 10)
    ),
    "many steps": lambda raw: raw.update(normalizer=_sequence(*[_replace("b", {"String": "a"})] * 100)),
    "steps within steps": lambda raw: raw.update(normalizer=_sequence(_sequence({"type": "NFC"}))),
    "one step twice": lambda raw: raw.update(normalizer=_sequence({"type": "NFC"}, {"type": "NFC"})),
    "a step nobody knows": lambda raw: raw.update(normalizer={"type": "Evil"}),
    "a table in a step": lambda raw: raw.update(
        normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAA"}
    ),
    "a long beginning": lambda raw: raw.update(normalizer={"type": "Prepend", "prepend": "x" * 100}),
    "another kind of model": lambda raw: raw["model"].update(type="WordLevel"),
    "two pieces, one id": lambda raw: raw["model"]["vocab"].update(a=5, b=5),
    "an id that is none": lambda raw: raw["model"]["vocab"].update(a="5"),
    "an id beyond all": lambda raw: raw["model"]["vocab"].update(a=10**9),
    "a very long piece": lambda raw: raw["model"]["vocab"].update({"x" * 2_000: 450}),
    "merges of nothing": lambda raw: raw["model"].update(merges=[["never", "there"]]),
    "no merges": lambda raw: raw["model"].pop("merges"),
    "no model": lambda raw: raw.pop("model"),
    "no end of a text": lambda raw: raw.update(added_tokens=[]),
    "an empty marker": lambda raw: raw["added_tokens"][0].update(content=""),
    "a marker without an id": lambda raw: raw["added_tokens"][0].update(id=-1),
    "marked words": lambda raw: raw["model"].update(end_of_word_suffix="</w>"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    write_vocabulary(tmp_path, "gpt2")
    path = tmp_path / "tokenizer.json"
    raw = json.loads(path.read_text())
    HOSTILE[name](raw)
    path.write_text(json.dumps(raw))
    with pytest.raises(StrangeVocabulary) as refused:
        load_vocabulary(tmp_path)
    assert "\n" not in refused.value.sentence("zh")


@pytest.mark.parametrize("content", ["", "null", "[]", "{}", "[" * 100_000, '{"model": null}', "\ud800"])
def test_what_is_no_tokenizer_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(BadVocabulary):
        load_vocabulary(tmp_path)


def test_padding_and_chance_are_left_out(tmp_path: Path) -> None:
    write_vocabulary(tmp_path, "gpt2")
    path = tmp_path / "tokenizer.json"
    raw = json.loads(path.read_text())
    raw["padding"] = {
        "strategy": {"Fixed": 2_000_000_000},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 0,
        "pad_type_id": 0,
        "pad_token": END,
    }
    raw["truncation"] = {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0}
    raw["model"]["dropout"] = 0.9
    path.write_text(json.dumps(raw))
    tokenizer = load_vocabulary(tmp_path)
    assert tokenizer.encode(TALE) == foreign("gpt2").encode(TALE)
    assert tokenizer.fingerprint == foreign("gpt2").fingerprint


@pytest.mark.parametrize(
    ("pieces", "said"), [("[PAD]\n雨\n", "lacks"), ("\n".join([*SPECIALS, "雨", "雨"]), "twice")]
)
def test_a_list_of_pieces_that_is_no_bert_s_is_refused(pieces: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text(pieces)
    with pytest.raises(StrangeVocabulary, match=said):
        load_vocabulary(tmp_path)
