import ast
import re
import string
from pathlib import Path

import pytest

from novelgpt import errors
from novelgpt.config import SampleConfig, TrainConfig, dials
from novelgpt.errors import FileMissing, NovelGPTError
from novelgpt.messages import CATALOGUE, Message, guess_language

HOUSE = Path(__file__).parent.parent / "novelgpt"


def facts(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("key", sorted(CATALOGUE))
def test_both_languages_are_there_and_name_the_same_facts(key: str) -> None:
    chinese, english = CATALOGUE[key]
    assert chinese.strip()
    assert english.strip()
    assert facts(chinese) == facts(english)


def family(cls: type[NovelGPTError]) -> list[type[NovelGPTError]]:
    return [cls, *(one for child in cls.__subclasses__() for one in family(child))]


LEAVES = [
    cls for cls in family(NovelGPTError) if not cls.__subclasses__() and cls.__module__ == errors.__name__
]


@pytest.mark.parametrize("cls", LEAVES, ids=lambda cls: cls.__name__)
def test_every_error_has_a_sentence_and_stands_in_the_tree(cls: type[NovelGPTError]) -> None:
    assert f"error.{cls.__name__}" in CATALOGUE
    assert cls.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize("settings", [SampleConfig, TrainConfig])
def test_every_dial_has_its_help(settings: type) -> None:
    assert all(dial.help in CATALOGUE for _, dial in dials(settings).values())


def used_keys() -> set[str]:
    """Every string in the code that looks like a key of the catalogue: a page's name, a dot, a word."""
    pages = {key.split(".")[0] for key in CATALOGUE}
    found = set()
    for path in HOUSE.rglob("*.py"):
        if "messages" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found |= (
                        {node.value}
                        if re.fullmatch(rf"({'|'.join(pages)})(\.[a-z_]+)+", node.value)
                        else set()
                    )
    return found


FILE_NAMES = {"model.onnx", "model.safetensors", "train.json", "vocab.txt"}


def test_every_key_in_the_code_is_in_the_catalogue() -> None:
    assert used_keys() - FILE_NAMES <= CATALOGUE.keys()


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "zh_TW.UTF-8"}, "zh"),
        ({"LANG": "en_GB", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ({"NOVELGPT_LANG": "en", "LANG": "zh_CN"}, "en"),
    ],
)
def test_the_language_comes_from_the_locale_else_chinese(environment: dict[str, str], lang: str) -> None:
    assert guess_language(environment) == lang


def test_a_message_inside_a_message_speaks_the_same_language() -> None:
    inner = Message("allowed.whole")
    assert "整数" in errors.BadValue(name="n", value=1, allowed=inner).sentence("zh")
    assert "whole" in errors.BadValue(name="n", value=1, allowed=inner).sentence("en")
    assert str(FileMissing(path="a.txt")) == FileMissing(path="a.txt").sentence("en")
