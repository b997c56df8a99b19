"""Markup → tags and text, also when it is broken on purpose."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.text.formats.tags import Token, attributes, tokens, unescape


def seen(markup: str) -> str:
    """Return tokens as a line: text as it is, tags in brackets."""
    shown = {"text": "{1}", "open": "[{0}]", "close": "[/{0}]"}
    return "".join(shown[token.kind].format(token.name, token.body) for token in tokens(markup))


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>他</p>", "[p]他[/p]"),
        ("<P Class=x>他</P >", "[p]他[/p]"),
        ("<w:p/>他", "[p][/p]他"),
        ("<br/>", "[br][/br]"),
        ("<!-- <p> -->他", "他"),
        ("<!-->他", "他"),
        ("<!--他<p>她", "他[p]她"),
        ("<![CDATA[a<b &amp;]]>c", "a<b &amp;c"),
        ("<![CDATA[他", "他"),
        ("<?xml version='1.0'?>他", "他"),
        ("<!DOCTYPE html>他", "他"),
        ("<!DOCTYPE x [<!ENTITY a '>'>]>他", "他"),
        ("a<b", "a<b"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("<他说>", "<他说>"),
        ("<<p>他", "<[p]他"),
        ("<a title='x>y'>他</a>", "[a]他[/a]"),
        ('<a title="x<y>z">他</a>', "[a]他[/a]"),
        ("<a title=it's>他</a>", "[a]他[/a]"),
        ('<a title="x>他</a>', "[a]他[/a]"),
        ("<script>if (a<b) '</p>'</script>他", "[script][/script]他"),
        ("<script src='x'/>他", "[script][/script]他"),
        ("<script>他", "[script]他"),
        ("<STYLE>p > a</Style>他", "[style][/style]他"),
        ("</p", "</p"),
        ("<", "<"),
        ("", ""),
        ("他&amp;她&#x3002;&#12290;&nbsp;&bogus;", "他&她。。\xa0&bogus;"),
    ],
)
def test_what_markup_is_made_of(markup, expected):
    assert seen(markup) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (" a=\"1\" b='2' c=3 d", {"a": "1", "b": "2", "c": "3", "d": ""}),
        (" w:Val = 'x&amp;y' ", {"val": "x&y"}),
        (' a="1" a="2"', {"a": "1"}),
        (' a="1', {"a": "", "1": ""}),
        ("", {}),
    ],
)
def test_attributes(body, expected):
    assert attributes(body) == expected


@pytest.mark.parametrize(
    "text", ["&#9999999999;", "&#x110000;", "&#" + "9" * 5000 + ";", "&#xD800;", "&;", "&#;"]
)
def test_numbers_that_name_no_character_do_no_harm(text):
    assert not any("\ud800" <= character <= "\udfff" for character in unescape(text))


PIECES = [
    "<",
    "<a ",
    "<a '",
    '<a x="',
    "<!--",
    "<![CDATA[",
    "<![",
    "<!",
    "<?",
    "</",
    "<script>",
    "<p>",
    ">",
    "&",
    "&#",
    "<a x=",
    "--",
    "]]",
    '<a x="<',
]


@pytest.mark.parametrize("piece", PIECES)
def test_a_megabyte_of_unclosed_markup_is_read_once(piece):
    markup = piece * (1_000_000 // len(piece))
    assert sum(len(token.body) for token in tokens(markup)) <= len(markup)


@given(
    st.lists(st.sampled_from([*PIECES, "他", "</script>", "-->", '"', "'", "]]>", "/>", "\n"]), max_size=30)
)
@settings(deadline=None, max_examples=60)
def test_law_every_han_character_outside_a_tag_is_seen(pieces):
    markup = "".join(pieces)
    found = list(tokens(markup))
    assert all(isinstance(token, Token) for token in found)
    if not {"<", '"', "'"} & set(markup):
        assert seen(markup).count("他") == markup.count("他")
