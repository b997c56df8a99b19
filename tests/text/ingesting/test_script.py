import pytest

from novelgpt.text.ingesting.script import Script, converter, script_of
from tests.text.samples import SIMPLIFIED, TRADITIONAL

S, T = "\n".join(SIMPLIFIED) * 3, "\n".join(TRADITIONAL) * 3


@pytest.mark.parametrize(
    ("text", "script"), [(S, "simplified"), (T, "traditional"), (S + T, "mixed"), ("天地", "")]
)
def test_a_text_tells_its_script(text: str, script: str) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("他看著遠處的山，這是顯著的。", "simplified", "他看着远处的山，这是显著的。"),
        ("乾隆皇帝的後宮裡", "simplified", "乾隆皇帝的后宫里"),
        ("皇后看着后面的面条", "traditional", "皇后看著後面的麵條"),
        ("第一行\n\n第三行", "traditional", "第一行\n\n第三行"),
    ],
)
def test_a_text_is_converted_by_phrase(text: str, wanted: Script, expected: str) -> None:
    convert = converter(wanted, "mixed")
    assert convert is not None
    assert convert(text) == expected


@pytest.mark.parametrize(("wanted", "found"), [("keep", "traditional"), ("simplified", "simplified")])
def test_a_book_in_the_wanted_script_is_not_touched(wanted: Script, found: str) -> None:
    assert converter(wanted, found) is None


@pytest.mark.parametrize("line", ["這\x00裡還有", "這\ud800裡還有"])
def test_a_line_that_the_converter_would_cut_short_stays_whole(line: str) -> None:
    convert = converter("simplified", "traditional")
    assert convert is not None
    assert convert(f"{line}\n這裡") == f"{line}\n这里"
