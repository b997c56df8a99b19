import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tests.compat import check_transformers
from tests.compat.check_transformers import BESIDE, FORCED, beside, first_difference
from tests.compat.expected import strange_texts, write_expected
from tests.tokens.vocabularies import VOCABULARIES


@pytest.fixture
def expected(tmp_path: Path) -> Callable[[str], list[dict[str, object]]]:
    """Save a vocabulary to `vocab` and return what is expected of it."""

    def save(name: str) -> list[dict[str, object]]:
        VOCABULARIES[name]().save(tmp_path / "vocab")
        write_expected(tmp_path / "expected.json", VOCABULARIES[name]())
        return json.loads((tmp_path / "expected.json").read_text(encoding="utf-8"))

    return save


def test_the_check_itself_passes_for_the_shipped_vocabulary_in_a_process_of_its_own(
    expected: Callable, tmp_path: Path
) -> None:
    expected("shipped")
    script, vocabulary = Path(check_transformers.__file__), tmp_path / "vocab"
    done = subprocess.run(
        [sys.executable, script, vocabulary, tmp_path / "expected.json", "gpt2", "bert", "qwen2"],
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["differs"] == {}
    assert said["same"] + len(said["only_with_cure"]) == 4


@pytest.mark.parametrize("name", ["tiny", "bpe"])
@pytest.mark.parametrize("kind", [None, *BESIDE])
def test_transformers_agrees_whatever_model_stands_beside(
    name: str, kind: str | None, expected: Callable, tmp_path: Path
) -> None:
    right = expected(name)
    assert beside(kind, tmp_path / "vocab", right) == "same"


@pytest.mark.parametrize("name", ["tiny", "bpe"])
@pytest.mark.parametrize("kind", FORCED)
def test_where_transformers_forces_a_class_of_its_own_there_are_two_ways_around(
    name: str, kind: str, expected: Callable, tmp_path: Path
) -> None:
    right = expected(name)
    assert beside(kind, tmp_path / "vocab", right) in ("same", "cured", "no such model")


def test_the_check_notices_other_ids_and_other_texts(expected: Callable, tmp_path: Path) -> None:
    right = expected("tiny")
    wrong = [*right, {"text": "雨", "ids": [7]}]
    assert "ids of '雨'" in str(first_difference(AutoTokenizer, tmp_path / "vocab", wrong))
    assert first_difference(AutoTokenizer, tmp_path / "vocab", right) is None


def test_a_class_that_transformers_rebuilds_would_be_noticed(expected: Callable, tmp_path: Path) -> None:
    right = expected("tiny")
    path = tmp_path / "vocab" / "tokenizer_config.json"
    path.write_text(path.read_text().replace("PreTrainedTokenizerFast", "BertTokenizer"))
    assert beside("bert", tmp_path / "vocab", right) not in ("same", "cured", "no such model")


def test_a_newline_lost_with_the_markers_would_be_noticed(expected: Callable, tmp_path: Path) -> None:
    right = expected("tiny")
    path = tmp_path / "vocab" / "tokenizer.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    marker = {**document["added_tokens"][0], "id": 3, "content": "[SEP]"}
    document["added_tokens"].append(marker)
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "skip_special_tokens=True" in str(beside(None, tmp_path / "vocab", right))


def test_the_strange_texts_are_strange_and_always_the_same() -> None:
    assert strange_texts(5) == strange_texts(200)[:5]
    joined = "".join(strange_texts())
    assert max(map(ord, joined)) > 0x1F300
    assert not any(0xD800 <= ord(sign) < 0xE000 for sign in joined)
