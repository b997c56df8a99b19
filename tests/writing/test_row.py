"""What a candidate promises: whole sentences, balanced marks, texts it stops at, phrases it never writes, honest numbers."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.config import SampleConfig
from novelgpt.writing.grammar import Grammar
from novelgpt.writing.row import PATIENCE
from novelgpt.writing.standing import QUOTES, SENTENCE_ENDS, Standing
from novelgpt.writing.writer import Writer
from tests.writing.conftest import fond_of, tiny_network

FREE = SampleConfig(max_chars=60, temperature=1.2, top_k=0, top_p=1.0, seed=1, ends=False)


def words(tokenizer, *texts):
    return [tokenizer.texts.index(text) for text in texts]


@pytest.fixture(scope="module")
def prose(model, tokenizer):
    """A writer of words and marks, and next to no odd bytes."""
    known = [i for i, text in enumerate(tokenizer.texts) if text and i not in tokenizer.byte_ids]
    marks = words(tokenizer, "“", "”", "。”", "。", "，", "？")
    network = fond_of(fond_of(tiny_network(tokenizer.size), known, 14.0), marks, 3.0)
    return Writer(dataclasses.replace(model, network=network))


def test_a_text_ends_with_its_sentence(prose):
    ended = 0
    for seed in range(40):
        text = prose.write("他说：", dataclasses.replace(FREE, seed=seed)).text
        assert 60 <= len(text) <= 60 + PATIENCE
        ended += Standing.of("他说：").after(text).whole
    assert ended >= 38


def test_it_ends_with_the_first_sentence_that_is_long_enough(prose):
    text = prose.write("他说：", FREE).text
    early = [
        size
        for size in range(60, len(text))
        if Standing.of("他说：").after(text[:size]).whole and text[size - 1] != "\n"
    ]
    assert not early


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32), prompt=st.sampled_from(["", "他说：“", "“我们", "「好", "他说\n", "“一”“二"])
)
def test_marks_are_balanced(prose, seed, prompt):
    text = prose.write(prompt, dataclasses.replace(FREE, seed=seed, max_chars=120)).text
    waiting = ""
    for character in prompt + text:
        if character == "\n":
            assert not waiting
        elif character in QUOTES:
            assert QUOTES[character] not in waiting
            waiting += QUOTES[character]
        elif character in QUOTES.values():
            assert waiting.endswith(character)
            waiting = waiting[:-1]


def test_no_western_marks_or_spaces_after_a_chinese_character(byte_model, tokenizer):
    text = Writer(byte_model).write("我们", dataclasses.replace(FREE, max_chars=400)).text
    pairs = list(zip("们" + text, text, strict=False))
    assert any("一" <= before <= "鿿" for before, _ in pairs)
    assert not any("一" <= before <= "鿿" and after in " ,.!?;:'\"()" for before, after in pairs)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_mark_comes_right_after_a_comma_or_a_full_stop(prose, seed):
    text = prose.write("他说，", dataclasses.replace(FREE, seed=seed, max_chars=120)).text
    pairs = list(zip("，" + text, text, strict=False))
    assert any(before in "，。" for before, _ in pairs)
    assert not any(before in "，、；：。“「" and after in "，、；：。！？" for before, after in pairs)


def test_a_full_stop_ends_a_sentence_only_outside_a_speech():
    for text, whole in [
        ("他走了。", True),
        ("他走了", False),
        ("“走吧。", False),
        ("“走吧。”", True),
        ("“走吧”", False),
        ("“走吧”，他说。", True),
        ("他走了。\n", True),
        ("他走了\n", False),
        ("（他走了。）", True),
        ("天哪……", True),
    ]:
        assert Standing.of("").after(text).whole is whole, text


def test_a_stop_text_ends_it_and_is_not_part_of_it(prose):
    whole = prose.write("他说", dataclasses.replace(FREE, max_chars=200)).text
    for stop in ("，", "。”", whole[20:24], "没有这句"):
        found = prose.write("他说", dataclasses.replace(FREE, max_chars=200, stop=(stop, "")))
        assert stop not in found.text
        if stop in whole:
            assert (found.text, found.finish_reason) == (whole[: whole.index(stop)], "stop")
        else:
            assert (found.text, found.finish_reason) == (whole, "length")


def test_a_banned_phrase_is_never_written_and_what_stands_before_it_stays(prose):
    sample = dataclasses.replace(FREE, max_chars=150)
    whole = prose.write("他说", sample).text
    for begin in (0, 30, 77):
        phrase = whole[begin : begin + 3]
        other = prose.write("他说", dataclasses.replace(sample, banned=(phrase,)))
        assert phrase not in other.text
        assert other.text.startswith(whole[: whole.index(phrase)])
        assert len(other.text) >= 150
        assert prose.model.tokenizer.decode(other.tokens).startswith(other.text)


def test_common_phrases_can_be_banned_in_every_candidate(prose):
    banned = ("我们", "，", "不知道", "一个")
    found = prose.write_several("他说", dataclasses.replace(FREE, n=3, banned=banned))
    assert len({one.text for one in found}) == 3
    assert not any(phrase in one.text for one in found for phrase in banned)


@pytest.mark.parametrize("extra", [{}, {"stop": ("我们的",)}, {"banned": ("我们", "不知道大")}])
def test_pieces_join_to_the_text_and_tell_every_token_once(prose, extra):
    sample = dataclasses.replace(FREE, max_chars=150, **extra)
    pieces = list(prose.stream("他说", sample))
    assert all(piece.text for piece in pieces[:-1])
    assert [bool(piece.finish_reason) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    tokens = [token for piece in pieces for token in piece.tokens]
    text = "".join(piece.text for piece in pieces)
    assert prose.model.tokenizer.decode(tokens).startswith(text)
    assert prose.write("他说", sample).text == text


def test_candidates_are_told_apart_and_the_first_is_the_one_written_alone(prose):
    sample = dataclasses.replace(FREE, n=4)
    found = prose.write_several("他说", sample)
    assert len({one.text for one in found}) == 4
    assert found[0].text == prose.write("他说", FREE).text
    assert [one.text for one in found] == [one.text for one in prose.write_several("他说", sample)]
    rows = [piece.row for piece in prose.stream("他说", sample)]
    assert {row: sum(1 for other in rows if other == row) > 10 for row in rows} == dict.fromkeys(
        range(4), True
    )


def test_probabilities_are_those_of_the_network(prose):
    found = prose.write("他说", dataclasses.replace(FREE, alternatives=3))
    ids = [*prose.read("他说"), *found.tokens]
    assert [one.token for one in found.chosen] == list(found.tokens)
    for place, one in enumerate(found.chosen[:10]):
        window = torch.tensor([ids[: len(ids) - len(found.tokens) + place]])
        with torch.no_grad():
            chances = prose.model.network(window).logits[0, -1].log_softmax(0)
        assert one.logprob == pytest.approx(float(chances[one.token]), abs=1e-3)
        assert [token for token, _ in one.best] == chances.topk(3).indices.tolist()
    alone = prose.write("他说", dataclasses.replace(FREE, alternatives=-1)).chosen
    assert [one.best for one in alone] == [()] * len(found.tokens)
    assert prose.write("他说", FREE).chosen == ()


def test_a_number_of_tokens_can_be_asked_for(prose):
    found = prose.write("他说", dataclasses.replace(FREE, max_tokens=7))
    assert (len(found.tokens), found.finish_reason) == (7, "length")


def test_ids_can_be_continued_as_well_as_text(prose):
    assert prose.write(prose.read("我们不知道"), FREE).text == prose.write("我们不知道", FREE).text
    assert prose.write([], FREE).text == prose.write("", FREE).text


def test_a_chapter_ends_after_a_whole_sentence_only(model, tokenizer):
    fond = fond_of(tiny_network(tokenizer.size), [tokenizer.chapter_end_id], 40.0)
    fond = fond_of(fond, words(tokenizer, "我们", "。"), 20.0)
    writer = Writer(dataclasses.replace(model, network=fond))
    found = writer.write("他说。", dataclasses.replace(FREE, ends=True))
    assert found.finish_reason == "chapter_end"
    assert found.text
    assert found.text[-1] in SENTENCE_ENDS
    assert writer.write("他说。", FREE).finish_reason == "length"


@pytest.mark.parametrize("opened", ["", "”", "」”"])
def test_something_may_always_follow(tokenizer, opened):
    grammar = Grammar(tokenizer)
    for last in ("人", "a", "\n"):
        standing = Standing(open=opened, last=last)
        assert grammar.restrict(torch.zeros(tokenizer.size), standing).isfinite().any()


def test_a_prompt_s_own_probabilities_can_be_told(prose):
    ids = prose.read("我们不知道")
    told = prose.told("我们不知道", 2)
    assert [one.token for one in told] == ids[1:]
    with torch.no_grad():
        chances = prose.model.network(torch.tensor([ids])).logits[0].log_softmax(1)
    for place, one in enumerate(told):
        assert one.logprob == pytest.approx(float(chances[place, one.token]), abs=1e-3)
        assert [token for token, _ in one.best] == chances[place].topk(2).indices.tolist()
    assert prose.told("", -1) == []
