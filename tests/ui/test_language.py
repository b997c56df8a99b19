import pytest

from novelgpt.ui.language import preferred_language


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        (None, "zh"),
        ("", "zh"),
        ("zh-CN,zh;q=0.9", "zh"),
        ("zh", "zh"),
        ("zh-HK", "zh"),
        ("zh-Hans-CN", "zh"),
        ("en-US,en;q=0.9", "en"),
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("zh-TW,en;q=0.9", "zh"),
        ("en;q=0.3, zh;q=0.8", "zh"),
        ("fr-FR,fr;q=0.9", "zh"),
        ("fr-FR,fr;q=0.9,en;q=0.4", "en"),
        ("EN-gb", "en"),
        ("en;q=0,zh;q=0.1", "zh"),
        ("*", "zh"),
        (";;;,q=,en;q=x", "zh"),
        ("english", "zh"),
    ],
)
def test_the_language_named_first_wins_and_chinese_is_the_default(header, lang):
    assert preferred_language(header) == lang


def test_who_names_neither_gets_the_default():
    assert preferred_language("fr", "en") == "en"
    assert preferred_language(None, "en") == "en"
