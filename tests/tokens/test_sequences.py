import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.errors import FileMissing
from novelgpt.model.learning.windows import Windows
from novelgpt.tokens import sequences
from novelgpt.tokens.sequences import (
    BadSequences,
    BadSymbols,
    NoSequences,
    SequenceShards,
    Symbols,
    build_sequence_shards,
    read_sequences,
    read_symbols,
)
from novelgpt.tokens.token_files import Split

NOTES = Symbols(tuple(f"note-{number}" for number in range(12)))


def written(path: Path, lines: Iterable[object]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def given_back(split: Split) -> list[list[int]]:
    return [
        split.tokens[begin:end].tolist()
        for begin, end in zip(split.offsets[:-1], split.offsets[1:], strict=True)
    ]


def built(folder: Path, lines: Iterable[object], symbols: Symbols = NOTES) -> SequenceShards:
    path = written(folder / "tunes.jsonl", lines)
    return build_sequence_shards([path], symbols, folder / "data", held_out=0.2)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.integers(0, 11), min_size=1, max_size=9), min_size=2, max_size=30))
def test_every_sequence_comes_back_on_one_side_in_order(
    tmp_path_factory: pytest.TempPathFactory, tunes: list[list[int]]
) -> None:
    lines = [{"ids": tune} if number % 2 else tune for number, tune in enumerate(tunes)]
    shards = built(tmp_path_factory.mktemp("tunes"), lines)
    learnt, kept_out = given_back(shards.train), given_back(shards.held_out)
    assert learnt
    assert kept_out
    assert sorted(learnt + kept_out) == sorted(tunes)
    assert [tune for tune in tunes if tune in learnt and tune not in kept_out] == [
        tune for tune in learnt if tune not in kept_out
    ]


def test_an_only_sequence_gives_its_end(tmp_path: Path) -> None:
    shards = built(tmp_path, [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]])
    assert given_back(shards.train) == [[1, 2, 3, 4, 5, 6, 7, 8]]
    assert given_back(shards.held_out) == [[9, 10]]


@pytest.mark.parametrize("lines", [[], [[]], [[], []], [[3]]])
def test_too_little_is_said(tmp_path: Path, lines: list[object]) -> None:
    with pytest.raises(NoSequences, match=r"tunes\.jsonl"):
        built(tmp_path, lines)


def test_training_reads_windows_of_them(tmp_path: Path) -> None:
    shards = built(tmp_path, [[number % 12] * 10 for number in range(40)])
    inputs, _ = Windows(shards.train, 8, 2, seed=1).batch(0)
    assert inputs.shape == (2, 8)
    assert int(inputs.max()) < shards.vocabulary.size


def test_large_vocabularies_take_wider_numbers(tmp_path: Path) -> None:
    many = Symbols(tuple(map(str, range(70_000))))
    shards = built(tmp_path, [[69_999, 0], [1, 2], [3], [4], [65_536]], many)
    assert shards.train.tokens.dtype == np.uint32
    assert [69_999, 0] in given_back(shards.train) + given_back(shards.held_out)


def test_unchanged_sequences_are_not_made_again_and_changed_ones_are(tmp_path: Path) -> None:
    def made_at() -> int:
        return (tmp_path / "data" / "train.tokens").stat().st_mtime_ns

    tunes = [[number, 3] for number in range(12)]
    first = built(tmp_path, tunes)
    before = made_at()
    assert built(tmp_path, tunes).source == first.source
    assert made_at() == before
    other = Symbols((*NOTES.texts[:-1], "rest"))
    assert built(tmp_path, tunes, other).source != first.source
    assert made_at() != before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[" * 10_000, "not JSON"),
        ("3", "not a list"),
        ('{"id": [1]}', "not a list"),
        ('["1"]', "not a list"),
        ("[1.0]", "not a list"),
        ("[true]", "not a list"),
        ("[1, null]", "not a list"),
        ("[12]", "id 12 is not between 0 and 11"),
        ("[3, -1]", "id -1"),
        ("[" + "9" * 300 + "]", "id 99999999999999999999 is"),
    ],
)
def test_a_bad_line_is_named_in_both_languages(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "tunes.jsonl"
    path.write_text("[1]\n\n" + line + "\n[2]\n", encoding="utf-8")
    with pytest.raises(BadSequences, match=said) as refused:
        list(read_sequences(path, NOTES.size))
    assert refused.value.sentence("en").startswith(f"Line 3 of {path}")
    assert "第 3 行" in refused.value.sentence("zh")


def test_a_line_too_long_to_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "LONGEST_LINE", 100)
    path = written(tmp_path / "tunes.jsonl", [[1], [1] * 50])
    with pytest.raises(BadSequences, match="longer than 100 bytes"):
        list(read_sequences(path, NOTES.size))
    with pytest.raises(BadSymbols, match="longer than 100 bytes"):
        read_symbols(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        build_sequence_shards([tmp_path / "none.jsonl"], NOTES, tmp_path / "data", held_out=0.1)
    with pytest.raises(FileMissing):
        read_symbols(tmp_path / "vocab.json")


def test_symbols_are_a_table_or_a_list(tmp_path: Path) -> None:
    table = tmp_path / "vocab.json"
    table.write_text(json.dumps({"b": 1, "a": 0, "雨": 2}))
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps(["a", "b", "雨"]))
    assert read_symbols(table).texts == ("a", "b", "雨")
    assert read_symbols(table).fingerprint == read_symbols(listed).fingerprint
    assert read_symbols(table).fingerprint != Symbols(("a", "雨", "b")).fingerprint


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("3", "0 symbols"),
        ("{}", "0 symbols"),
        ("[1, 2]", "0 symbols"),
        ('["a", "a"]', "twice"),
        ('{"a": 0, "b": 0}', "the ids"),
        ('{"a": 1}', "the ids"),
        ('{"a": 0, "b": 2}', "the ids"),
        ('{"a": "0"}', "the ids"),
        ('{"a": false}', "the ids"),
    ],
)
def test_bad_symbols_are_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "vocab.json"
    path.write_text(content)
    with pytest.raises(BadSymbols, match=said):
        read_symbols(path)
