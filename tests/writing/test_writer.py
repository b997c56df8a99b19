"""The writer keeps its promises: whole characters, exact length, the same text for the same seed, any prompt."""

import dataclasses
import threading
from itertools import islice, pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.config import SampleConfig
from novelgpt.errors import BadModel, NotUnicode
from novelgpt.writing.pieces import Continuation
from novelgpt.writing.writer import Writer
from tests.writing.conftest import CONTEXT, fond_of, tiny_network

ANY_LENGTH = 5 * CONTEXT
EXACT = {"whole_sentences": False, "ends": False}
HOT = SampleConfig(max_chars=ANY_LENGTH, temperature=1.5, top_k=0, top_p=1.0, seed=1, **EXACT)


@pytest.fixture(scope="module")
def writer(model):
    return Writer(model)


@pytest.fixture(scope="module")
def byte_writer(byte_model):
    return Writer(byte_model)


def readable(text):
    return "\ufffd" not in text and all(c in "\n\t" or not (c < " " or "\x7f" <= c < "\xa0") for c in text)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**63 - 1),
    chars=st.integers(1, 40),
    temperature=st.sampled_from([0.0, 0.7, 2.0]),
    top_k=st.sampled_from([0, 1, 50]),
    prompt=st.text(max_size=40),
)
def test_a_model_fond_of_odd_bytes_still_writes_whole_characters_of_exact_number(
    byte_writer, seed, chars, temperature, top_k, prompt
):
    sample = SampleConfig(
        max_chars=chars, temperature=temperature, top_k=top_k, top_p=1.0, seed=seed, **EXACT
    )
    pieces = list(byte_writer.stream(prompt, sample))
    text = "".join(piece.text for piece in pieces)
    assert len(text) == chars
    assert readable(text)
    assert all(piece.text for piece in pieces)
    assert [piece.finish_reason for piece in pieces] == [None] * (len(pieces) - 1) + ["length"]


def test_bytes_really_are_written_and_markers_are_not(byte_writer, tokenizer):
    tokens = byte_writer.write("他说", HOT).tokens
    written = [token for token in tokens if token in tokenizer.byte_ids]
    assert len(written) > len(tokens) / 2
    markers = {
        tokenizer.padding_id,
        tokenizer.unknown_id,
        tokenizer.chapter_start_id,
        tokenizer.chapter_end_id,
    }
    assert not markers.intersection(tokens)


@pytest.mark.parametrize("fixture", ["writer", "byte_writer"])
def test_the_tokens_decode_to_the_text(fixture, request, tokenizer):
    written = request.getfixturevalue(fixture).write("我们", HOT)
    assert tokenizer.decode(written.tokens)[:ANY_LENGTH] == written.text
    for piece in islice(request.getfixturevalue(fixture).stream("我们", HOT), 40):
        assert tokenizer.decode(piece.tokens) == piece.text


def test_the_last_piece_is_cut_to_the_character(writer):
    long = writer.write("我们", HOT).text
    for chars in range(1, 12):
        cut = writer.write("我们", dataclasses.replace(HOT, max_chars=chars)).text
        assert cut == long[:chars]


def test_write_joins_what_stream_yields(writer):
    pieces = list(writer.stream("大江东去", HOT))
    assert writer.write("大江东去", HOT) == Continuation(
        text="".join(piece.text for piece in pieces),
        finish_reason="length",
        tokens=tuple(token for piece in pieces for token in piece.tokens),
        seed=1,
    )


def test_the_same_seed_writes_the_same_text_and_another_seed_another(writer):
    assert writer.write("他说", HOT) == writer.write("他说", HOT)
    assert writer.write("他说", HOT).text != writer.write("他说", dataclasses.replace(HOT, seed=2)).text


def test_without_a_seed_the_one_that_was_drawn_brings_the_text_back(writer):
    unseeded = dataclasses.replace(HOT, seed=None)
    first, second = writer.write("他说", unseeded), writer.write("他说", unseeded)
    assert first.seed != second.seed
    assert writer.write("他说", dataclasses.replace(HOT, seed=first.seed)) == first
    assert {piece.seed for piece in writer.stream("他说", HOT)} == {1}


def test_greedy_writing_does_not_depend_on_the_seed(writer):
    greedy = [SampleConfig(temperature=0, seed=seed) for seed in (1, 2)]
    assert writer.write("他说", greedy[0]).text == writer.write("他说", greedy[1]).text


def test_a_piece_that_looks_like_broken_text_is_never_written(model, tokenizer):
    broken = tokenizer.encode("�")
    fond = fond_of(tiny_network(tokenizer.size), broken, 60.0)
    assert "�" not in Writer(dataclasses.replace(model, network=fond)).write("", HOT).text


def test_words_tire_and_punctuation_does_not(model, tokenizer):
    word, mark = tokenizer.encode("一") + tokenizer.encode("！")
    fond = fond_of(fond_of(tiny_network(tokenizer.size), [word], 60.0), [mark], 40.0)
    sample = SampleConfig(max_chars=20, temperature=0, repetition_penalty=2.0, **EXACT)
    assert Writer(dataclasses.replace(model, network=fond)).write("", sample).text == "一" + "！" * 19


def test_a_name_does_not_tire_either(model, tokenizer):
    name, other = tokenizer.encode("大江东去") + tokenizer.encode("自己")
    fond = fond_of(fond_of(tiny_network(tokenizer.size), [name], 60.0), [other], 40.0)
    sample = SampleConfig(max_chars=40, temperature=0, repetition_penalty=2.0, **EXACT)
    tired = Writer(dataclasses.replace(model, network=fond)).write("", sample).text
    spared = dataclasses.replace(sample, names=("大江东去",))
    assert tired.startswith("大江东去自己")
    assert Writer(dataclasses.replace(model, network=fond)).write("", spared).text == "大江东去" * 10


def test_both_ends_of_a_prompt_matter(writer):
    prompts = ["我们不知道大江东去自己", "他们不知道大江东去自己", "我们不知道大江东去自己。\n"]
    assert len({writer.write(prompt, HOT).text for prompt in prompts}) == 3


@pytest.mark.parametrize(
    "prompt", ["", "\n", "他说", "他说\n", " ", "[SEP][MASK]<0x41>", "𠮷龘", "好" * 500, "他说" + "\n" * 9999]
)
def test_any_prompt_can_be_continued_to_any_length(writer, prompt):
    assert len(writer.write(prompt, HOT).text) == ANY_LENGTH


def test_a_short_prompt_is_read_whole_after_the_chapter_marker(writer, tokenizer):
    for prompt in ("", "他说", "他说\n", "人" * (CONTEXT - 1)):
        assert writer.read(prompt) == [tokenizer.chapter_start_id, *tokenizer.encode(prompt)]
    assert writer.read("他说") != writer.read("他说\n")


@pytest.mark.parametrize("prompt", ["人" * CONTEXT, "不知道大江东去" * 40 + "我们\n他说", "大江东去" * 5_000])
def test_a_long_prompt_is_read_as_its_newest_tokens_with_room_left_for_writing(writer, tokenizer, prompt):
    ids = writer.read(prompt)
    assert prompt.endswith(tokenizer.decode(ids))
    assert CONTEXT * 3 // 8 <= len(ids) <= CONTEXT * 3 // 4


def test_a_long_prompt_that_grows_a_little_begins_where_it_began(model, tokenizer):
    writer = Writer(dataclasses.replace(model, network=tiny_network(tokenizer.size, 256)))
    story = "我们不知道大江东去一个国说道" * 90
    begins = [writer.read(story[:size])[:40] for size in range(600, 800)]
    assert len({tuple(begin) for begin in begins}) <= 200 // 64 + 2
    assert (
        sum(one != other for one, other in pairwise(begins)) <= 20
    )  # read from anywhere it would be nearly all


@pytest.mark.parametrize(
    ("prompt", "position"), [("\ud842", 1), ("他说\udfb7了", 3), ("他\ud842" + "人" * 5000, 2)]
)
def test_a_lone_surrogate_is_refused_before_anything_is_written(writer, prompt, position):
    with pytest.raises(NotUnicode) as refused:
        writer.stream(prompt, HOT)
    assert refused.value.facts["position"] == position


def test_weights_that_are_not_numbers_are_named(model, tokenizer):
    broken = tiny_network(tokenizer.size)
    with torch.no_grad():
        broken.transformer.ln_f.weight.fill_(torch.nan)
    with pytest.raises(BadModel) as refused:
        Writer(dataclasses.replace(model, network=broken)).write("他说", HOT)
    assert "权重" in refused.value.sentence("zh")


def test_closing_a_stream_midway_leaves_the_writer_as_it_was(writer):
    expected = writer.write("他说", HOT)
    stream = writer.stream("他说", HOT)
    begun = [piece.text for piece in islice(stream, 10)]
    stream.close()
    assert next(stream, None) is None
    assert expected.text.startswith("".join(begun))
    assert writer.write("他说", HOT) == expected


def test_streams_at_the_same_time_write_what_each_writes_alone(writer):
    jobs = [("他说", 1), ("我们", 2), ("", 3), ("他说", 4)]
    alone = [writer.write(prompt, dataclasses.replace(HOT, seed=seed)) for prompt, seed in jobs]
    together = [None] * len(jobs)
    start = threading.Barrier(len(jobs))

    def work(place):
        prompt, seed = jobs[place]
        start.wait()
        together[place] = writer.write(prompt, dataclasses.replace(HOT, seed=seed))

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_two_streams_read_in_turns_do_not_touch_each_other(writer):
    first, second = HOT, dataclasses.replace(HOT, seed=2)
    turns = zip(writer.stream("他说", first), writer.stream("他说", second), strict=False)
    texts = ["".join(piece.text for piece in pieces) for pieces in zip(*turns, strict=True)]
    assert writer.write("他说", first).text.startswith(texts[0])
    assert writer.write("他说", second).text.startswith(texts[1])


def test_writing_says_nothing_on_the_terminal(writer, capfd):
    writer.write("好" * 500, HOT)
    assert capfd.readouterr() == ("", "")
