"""Whoever reads ids refuses a vocabulary that they were not written in, and says which is which."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from novelgpt.errors import NovelGPTError, WrongVocabulary
from novelgpt.messages import Message
from novelgpt.model.folder import load_model
from novelgpt.text.chapter import Chapter
from novelgpt.tokens.tokenizer import TOKENIZER_FILES, Tokenizer, require_vocabulary
from novelgpt.tokens.vocab import build_vocab
from tests.model.runs import finish, stop_after, tiny_config, tiny_shards
from tests.tiny import PIECES, TALE, tiny_model_folder, tiny_tokenizer


@pytest.fixture(scope="module")
def other() -> Tokenizer:
    """Another vocabulary of the same size, which a model would take for its own by the number of its rows."""
    return build_vocab([Chapter("第一章", TALE[::-1], book="倒")], size=PIECES)


def said_by(action: Callable[[], object]) -> tuple[NovelGPTError, str]:
    with pytest.raises(WrongVocabulary) as refused:
        action()
    return refused.value, refused.value.sentence("zh") + refused.value.sentence("en")


def test_a_refusal_names_both_and_the_cure(other: Tokenizer) -> None:
    hand = Message("shards.vocabulary_at_hand")
    require_vocabulary(other.fingerprint, Path("run"), other, hand)
    _, said = said_by(lambda: require_vocabulary("0123456789abcdef", Path("run"), other, hand))
    for fact in (
        "手头的词表",
        "the vocabulary at hand",
        other.fingerprint,
        "run",
        "0123456789abcdef",
        "--name",
    ):
        assert fact in said


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_a_model_refuses_a_file_of_another_vocabulary(name: str, other: Tokenizer, tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path / "model")
    other.save(tmp_path / "other")
    assert name in TOKENIZER_FILES
    shutil.copy(tmp_path / "other" / name, folder / name)
    _, said = said_by(lambda: load_model(folder))
    assert other.fingerprint in said
    assert tiny_tokenizer().fingerprint in said


def test_a_run_begun_with_one_vocabulary_does_not_go_on_with_another(
    other: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_after(tiny_config(), tiny_shards(tmp_path / "first"), tmp_path / "run", 1)
    monkeypatch.setattr("tests.model.runs.tiny_tokenizer", lambda: other)
    shards = tiny_shards(tmp_path / "second")
    with pytest.raises(NovelGPTError, match="vocabular"):
        finish(tiny_config(), shards, tmp_path / "run", resume=True)
