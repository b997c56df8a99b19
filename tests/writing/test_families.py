"""Networks of every family write, whatever vocabulary they came with."""

import json
from pathlib import Path

import pytest
import torch

from novelgpt.config import SampleConfig, TrainConfig
from novelgpt.model.folder import load_model, save_model
from novelgpt.model.networks.architectures import new_network
from novelgpt.scoring.likelihood import text_likelihood
from novelgpt.tokens.foreign import load_vocabulary
from novelgpt.writing.grammar import Grammar
from novelgpt.writing.standing import Standing
from novelgpt.writing.utf8 import next_bytes, spell_on
from novelgpt.writing.writer import Writer
from tests.model.networks import (
    KINDS,
    VOCABULARIES,
    write_foreign,
    write_vocabulary,
)
from tests.tiny import TALE, learn_tale, tiny_tokenizer


def novel_folder(folder: Path, steps: int) -> Path:
    config = TrainConfig(layers=2, width=32, heads=2, context_length=64)
    network = new_network(config, "novel-tiny", tiny_tokenizer())
    learn_tale(network, steps)
    save_model(folder, network, tiny_tokenizer(), "")
    return folder


def test_a_novel_network_learns_the_tale_and_tells_it(tmp_path: Path) -> None:
    writer = Writer(load_model(novel_folder(tmp_path, 150)))
    pieces = list(
        writer.stream("雨下了三天，", SampleConfig(max_chars=20, temperature=0.0, whole_sentences=False))
    )
    assert "".join(piece.text for piece in pieces) == TALE[6:26]
    assert len(pieces) > 5
    assert pieces[-1].finish_reason == "length"


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_network_writes_whole_characters(kind: str, tmp_path: Path) -> None:
    write_foreign(tmp_path, kind)
    writer = Writer(load_model(tmp_path))
    settings = SampleConfig(
        max_chars=150, temperature=2.0, top_k=0, top_p=1.0, seed=3, whole_sentences=False, ends=False
    )
    pieces = list(writer.stream("老船夫坐在门口，", settings))
    text = "".join(piece.text for piece in pieces)
    assert len(text) == 150
    assert all(piece.text for piece in pieces)
    assert "\ufffd" not in text
    assert not any(ord(one) < 32 and one not in "\n\t" for one in text)
    assert len(set(text)) > 20
    assert text == writer.write("老船夫坐在门口，", settings).text
    fragments = writer.model.tokenizer.fragments
    assert any(token in fragments for piece in pieces for token in piece.tokens)


@pytest.mark.parametrize("name", list(VOCABULARIES))
def test_after_half_a_character_only_its_rest_may_come(name: str, tmp_path: Path) -> None:
    tokenizer = load_vocabulary(write_vocabulary(tmp_path, name))
    grammar = Grammar(tokenizer)
    for begun in (b"\xe9", b"\xe9\x9b", b"\xf0\xa0", b"\xef\xbf"):
        allowed = (
            grammar.restrict(torch.zeros(tokenizer.size), Standing(begun=begun))
            .isfinite()
            .nonzero()
            .flatten()
            .tolist()
        )
        assert allowed
        for token in allowed:
            rest = grammar.begun_after(begun, token)
            whole = (begun + tokenizer.fragments[token]).removesuffix(rest)
            assert "\ufffd" not in whole.decode()
        lone = {value for token, value in tokenizer.byte_ids.items() if token in allowed}
        assert lone == set(next_bytes(begun))


@pytest.mark.parametrize("name", list(VOCABULARIES))
def test_markers_and_control_characters_are_never_written(name: str, tmp_path: Path) -> None:
    tokenizer = load_vocabulary(write_vocabulary(tmp_path, name))
    open_ids = (
        Grammar(tokenizer).restrict(torch.zeros(tokenizer.size), Standing()).isfinite().nonzero().flatten()
    )
    allowed = set(open_ids.tolist())
    assert tokenizer.newline_id in allowed
    assert not allowed & {tokenizer.chapter_start_id, tokenizer.chapter_end_id, tokenizer.padding_id}
    control = {token for token, text in enumerate(tokenizer.texts) if text in ("\x00", "\r", "\x7f", "\x1b")}
    assert control
    assert not allowed & control


def test_where_single_bytes_are_lacking_no_character_is_begun(tmp_path: Path) -> None:
    path = write_vocabulary(tmp_path, "llama") / "tokenizer.json"
    raw = json.loads(path.read_text())
    raw["model"]["vocab"]["x81"] = raw["model"]["vocab"].pop("<0x81>")
    path.write_text(json.dumps(raw))
    tokenizer = load_vocabulary(tmp_path)
    allowed = (
        Grammar(tokenizer).restrict(torch.zeros(tokenizer.size), Standing()).isfinite().nonzero().flatten()
    )
    assert len(allowed) > 50
    assert not set(allowed.tolist()) & tokenizer.fragments.keys()


@pytest.mark.parametrize(
    ("begun", "more", "left"),
    [
        (b"", b"", b""),
        (b"", b"ab", b""),
        (b"", b"\xe9\x9b", b"\xe9\x9b"),
        (b"\xe9", b"\x9b\xa8", b""),
        (b"\xe9", b"\x9b\xa8\xe9", b"\xe9"),
        (b"\xe9", b"a", None),
        (b"", b"\x9b", None),
        (b"\xef\xbf", b"\xbd", None),
        (b"\xe9", b"\x9b\xa8\xff", None),
    ],
)
def test_bytes_follow_bytes(begun: bytes, more: bytes, left: bytes | None) -> None:
    assert spell_on(begun, more) == left


@pytest.mark.parametrize("kind", KINDS)
def test_every_family_can_be_scored(kind: str, tmp_path: Path) -> None:
    write_foreign(tmp_path, kind)
    model = load_model(tmp_path)
    text = TALE[:12]
    ids = torch.tensor([model.tokenizer.encode_chapter(text)])
    with torch.no_grad():
        scores = model.network(ids[:, :-1]).logits[0]
    expected = torch.nn.functional.cross_entropy(scores, ids[0, 1:], reduction="sum")
    found = text_likelihood(text, model.network, model.tokenizer)
    assert found.nats == pytest.approx(float(expected), rel=1e-4)
    assert found.characters == 12
