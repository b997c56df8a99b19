import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from novelgpt.errors import BadVocabulary, NoVocabulary, WrongVocabulary
from novelgpt.tokens import pieces as laws
from novelgpt.tokens.pieces import FIXED, JOINER
from novelgpt.tokens.tokenizer import Tokenizer
from tests.tiny import TALE, tiny_tokenizer
from tests.tokens.vocabularies import tiny_bpe


def written(folder: Path, tokenizer: Tokenizer, change: Callable[[dict[str, Any]], object]) -> Path:
    """Save a vocabulary and change its `tokenizer.json`."""
    tokenizer.save(folder)
    path = folder / "tokenizer.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_a_missing_vocabulary_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoVocabulary, match="novelgpt vocab"):
        Tokenizer.load(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"model": 3}',
        '{"model": {"type": "BPE", "vocab": {}}}',
        '{"model": {"type": "BPE", "byte_fallback": true, "vocab": {}, "merges": []}}',
        '{"model": {"type": "BPE", "byte_fallback": true, "vocab": [], "merges": []}}',
        '{"model": {"type": "Unigram", "byte_fallback": true, "vocab": [["a"]]}}',
        '{"model": {"type": "Unigram", "byte_fallback": true, "vocab": [[1, 2]]}}',
        '{"model": {"type": "WordPiece", "byte_fallback": true, "vocab": {}}}',
        "[" * 10_000,
        "9" * 10_000,
        "\ud800",
    ],
)
def test_a_damaged_vocabulary_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(BadVocabulary):
        Tokenizer.load(tmp_path)


def test_a_file_larger_than_any_vocabulary_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "tokenizer.json").open("wb") as stream:
        stream.truncate(laws.LARGEST_FILE * 100)  # takes no room on the disk
    with pytest.raises(BadVocabulary, match="larger than"):
        Tokenizer.load(tmp_path)


@pytest.mark.parametrize("bomb", ["[],", "{},", "0,"])
def test_a_file_of_millions_of_small_values_is_refused_before_it_is_parsed(tmp_path: Path, bomb: str) -> None:
    (tmp_path / "tokenizer.json").write_text("[" + bomb * 4_000_000 + "0]")
    with pytest.raises(BadVocabulary, match="more lists or values"):
        Tokenizer.load(tmp_path)


PIECES_REFUSED = {
    "twice": [("雨河", -1.0), ("雨河", -2.0)],
    "no score": [("雨", float("nan"))],
    "has no score": [("雨", float("inf"))],
    "0 characters": [("", -1.0)],
    "65 characters": [("雨" * 65, -1.0)],
    "surrogates": [("\ud800", -1.0)],
    r"'\['": [("雨[", -1.0)],
    "'<'": [("<雨", -1.0)],
    "u2060": [(JOINER, -1.0)],
    r"n'": [("雨\n", -1.0)],
}


@pytest.mark.parametrize("said", PIECES_REFUSED)
def test_pieces_that_would_break_a_promise_are_refused(said: str) -> None:
    fixed = [(name, -9.0) for name in FIXED]
    with pytest.raises(ValueError, match=said):
        Tokenizer([*fixed, *PIECES_REFUSED[said]])


def test_pieces_out_of_place_and_too_many_pieces_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="places"):
        Tokenizer(tiny_tokenizer().pieces[1:])
    monkeypatch.setattr(laws, "MOST_PIECES", 500)
    with pytest.raises(ValueError, match="at most 500"):
        Tokenizer(tiny_tokenizer().pieces)


def test_pieces_that_share_no_beginnings_may_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laws, "_MOST_TREE_NODES", 3000)
    fixed = [(name, -9.0) for name in FIXED]
    alike = [("雨" * n, -1.0) for n in range(1, 61)]  # 5,490 bytes, and a tree of only 180
    assert Tokenizer([*fixed, *alike]).size == len(FIXED) + 60
    apart = [(chr(0x4E00 + n) * 20, -1.0) for n in range(60)]
    with pytest.raises(ValueError, match="tree"):
        Tokenizer([*fixed, *apart])


@pytest.mark.parametrize(
    ("merge", "said"),
    [
        (("雨", "龘"), "not a piece"),
        (("[SEP]", "雨"), "not a piece"),
        (("雨", "<0x41>"), "not a piece"),
        (("[" + JOINER, "雨"), "not a piece"),
    ],
)
def test_merges_refer_to_pieces_of_text(merge: tuple[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Tokenizer(tiny_bpe().pieces, [merge])


def test_a_merge_that_stands_twice_is_refused() -> None:
    merges = tiny_bpe().merges or ()
    with pytest.raises(ValueError, match="twice"):
        Tokenizer(tiny_bpe().pieces, [*merges, merges[0]])


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["model"]["merges"].append(["雨", "龘"]),
        lambda d: d["model"]["merges"].append("雨河"),
        lambda d: d["model"]["merges"].append(["雨", 3]),
        lambda d: d["model"]["vocab"].update({"龘": 7}),
        lambda d: d["model"]["vocab"].update({"龘": "x"}),
        lambda d: d["model"].update(merges=None),
        lambda d: d["model"].update(byte_fallback=False),
    ],
)
def test_a_damaged_file_with_merges_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(BadVocabulary):
        Tokenizer.load(written(tmp_path, tiny_bpe(), change))


@pytest.mark.parametrize("make", [tiny_tokenizer, tiny_bpe])
def test_a_hostile_pipeline_in_the_file_does_nothing(make: Callable[[], Tokenizer], tmp_path: Path) -> None:
    def poison(document: dict[str, Any]) -> None:
        document["padding"] = {"strategy": {"Fixed": 2_000_000_000}}
        document["truncation"] = {"max_length": 1}
        document["normalizer"] = {"type": "Replace", "pattern": {"Regex": "(雨+)+$"}, "content": "x" * 1000}
        document["pre_tokenizer"] = {
            "type": "Split",
            "pattern": {"Regex": "(.*)*"},
            "behavior": "Removed",
            "invert": False,
        }
        document["added_tokens"] = [{"id": 300, "content": "雨", "special": True}]
        document["model"]["dropout"] = 0.5

    loaded = Tokenizer.load(written(tmp_path, make(), poison))
    assert loaded.encode(TALE) == make().encode(TALE)
    assert loaded.fingerprint == make().fingerprint


def test_files_of_two_vocabularies_in_one_folder_are_refused(tmp_path: Path) -> None:
    tiny_tokenizer().save(tmp_path)
    mixed = (tmp_path / "tokenizer.json").read_bytes()
    tiny_bpe().save(tmp_path)
    (tmp_path / "tokenizer.json").write_bytes(mixed)
    with pytest.raises(WrongVocabulary) as refused:
        Tokenizer.load(tmp_path)
    for lang in ("zh", "en"):
        said = refused.value.sentence(lang)
        assert tiny_tokenizer().fingerprint in said
        assert tiny_bpe().fingerprint in said


@pytest.mark.parametrize("settings", ["", "[]", "{}", "[" * 10_000])
def test_settings_that_name_no_fingerprint_forbid_nothing(tmp_path: Path, settings: str) -> None:
    tiny_tokenizer().save(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text(settings)
    assert Tokenizer.load(tmp_path).fingerprint == tiny_tokenizer().fingerprint
