"""A place on a page → the word that stands there, and others."""

from pathlib import Path

import pytest

from novelgpt.model.folder import load_model
from novelgpt.writing.alternatives import alternatives_at
from novelgpt.writing.writer import Writer
from tests.tiny import TALE, tiny_model_folder

PAGE = "\n".join("　　" + line for line in TALE.splitlines()[:2])
"""As a page has it: with indents that the model does not read."""


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Writer:
    return Writer(load_model(tiny_model_folder(tmp_path_factory.mktemp("model"), steps=30)))


@pytest.mark.parametrize("place", range(10, len(PAGE)))
def test_the_word_found_stands_at_the_place(writer: Writer, place: int) -> None:
    found = alternatives_at(writer, PAGE, place, 5)
    if PAGE[place] == "　":
        return  # the model has not read it
    assert found is not None
    assert found.start <= place < found.start + len(found.word)
    assert PAGE[found.start : found.start + len(found.word)] == found.word
    chances = [chance for _, chance in found.others]
    assert 0 < len(chances) <= 5
    assert chances == sorted(chances, reverse=True)


def test_a_place_beyond_the_page_has_none(writer: Writer) -> None:
    assert alternatives_at(writer, PAGE, len(PAGE), 5) is None


def test_a_chosen_word_is_among_the_others(writer: Writer, tmp_path: Path) -> None:
    text = TALE.splitlines()[0]
    place = text.index("石桥")
    found = alternatives_at(writer, text, place, 600)
    assert found is not None
    assert dict(found.others)[found.word] == pytest.approx(found.probability, rel=1e-4)
