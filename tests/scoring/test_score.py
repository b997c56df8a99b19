import json
import subprocess
import sys

import pytest

from novelgpt.errors import BadValue, EmptyText, LengthsDiffer, TooLittleToScore
from novelgpt.scoring.likelihood import likelihood
from novelgpt.scoring.metrics import bleu
from novelgpt.scoring.score import Continued, Score, score_continuations, score_pair, score_text
from novelgpt.text.chapter import Chapter
from tests.tiny import TALE, tiny_network, tiny_tokenizer

CHAPTERS = [
    Chapter("第一章　夜雨", TALE),
    Chapter("卷首", "短。"),
    Chapter("第二章　过河", TALE[::-1]),
    Chapter("第三章　灯火", TALE[5:] + TALE[:5]),
]
FINGERPRINT = tiny_tokenizer().fingerprint


@pytest.fixture(scope="module")
def network():
    return tiny_network()


def run(network, continue_text, chapters=CHAPTERS, **options):
    """Return the progress events and the score at the end."""
    sizes = {"prompt_chars": 20, "continuation_chars": 30, **options}
    *progress, score = score_continuations(chapters, network, tiny_tokenizer(), continue_text, **sizes)
    assert all(isinstance(event, Continued) for event in progress)
    assert isinstance(score, Score)
    return progress, score


def author(prompt, count):
    """Continue the way the chapter itself goes on."""
    (whole,) = (chapter.whole() for chapter in CHAPTERS if chapter.whole().startswith(prompt))
    return whole[len(prompt) :][: count + 10]


def test_a_pair_gives_the_keys_of_the_contract():
    result = score_pair(["夜深了，雨还在下。"], ["夜深了，雪还在下。"]).to_dict()
    assert json.loads(json.dumps(result)) == result
    assert set(result) == {"signature", "segments", "bleu", "chrf", "distinct", "repetition"}
    assert result["bleu"]["zh"] == {
        "score": bleu(["夜深了，雨还在下。"], ["夜深了，雪还在下。"]).score,
        "signature": bleu(["夜"], ["夜"]).signature,
    }
    assert set(result["distinct"]) == {"1", "2", "3"}
    assert (
        set(result["chrf"])
        == set(result["distinct"]["2"])
        == set(result["repetition"])
        == {
            "score",
            "signature",
        }
    )
    assert (result["signature"], result["segments"]) == ("pair|segments:1|v:1", 1)


@pytest.mark.parametrize(
    ("error", "hypotheses", "references"),
    [
        (LengthsDiffer, ["夜", "深"], ["夜"]),
        (LengthsDiffer, [], ["夜"]),
        (EmptyText, [], []),
        (EmptyText, ["", " \n"], ["夜", "深"]),
        (EmptyText, ["夜"], ["　"]),
    ],
)
def test_texts_that_cannot_be_compared_are_said(error, hypotheses, references):
    with pytest.raises(error) as raised:
        score_pair(hypotheses, references)
    assert raised.value.sentence("zh") and raised.value.sentence("en")


def test_an_empty_segment_among_others_is_scored(network):
    assert score_pair(["夜深了吗？", ""], ["夜深了吗？", "深"]).metrics[0].score > 0


def test_a_text_gives_bits_perplexity_and_variety(network):
    result = score_text(TALE, network, tiny_tokenizer()).to_dict()
    cost = likelihood([TALE], network, tiny_tokenizer())
    assert result["bits_per_character"] == pytest.approx(cost.bits_per_character)
    assert result["perplexity"] == pytest.approx(cost.perplexity)
    assert (result["tokens"], result["characters"]) == (cost.tokens, len(TALE))
    assert result["signature"] == (f"text|v:1 likelihood|context:64|stride:32|vocabulary:{FINGERPRINT}|v:1")
    assert "bleu" not in result and "repetition" in result
    with pytest.raises(EmptyText):
        score_text("", network, tiny_tokenizer())


def test_a_model_that_writes_like_the_author_scores_100(network):
    progress, score = run(network, author)
    result = score.to_dict()
    assert result["bleu"]["zh"]["score"] == pytest.approx(100)
    assert result["chrf"]["score"] == pytest.approx(100)
    assert (result["chapters"], result["skipped"]) == (3, 1)
    assert [(event.done, event.of, event.chapter.title) for event in progress] == [
        (1, 3, "第一章　夜雨"),
        (2, 3, "第二章　过河"),
        (3, 3, "第三章　灯火"),
    ]


def test_each_chapter_is_split_into_prompt_reference_and_the_rest(network):
    progress, _ = run(network, lambda prompt, count: "续" * count)
    for event in progress:
        assert event.chapter.whole().startswith(event.prompt + event.reference)
        assert (len(event.prompt), len(event.reference), event.hypothesis) == (20, 30, "续" * 30)


def test_what_was_written_decides_the_metrics_and_whole_chapters_the_likelihood(network):
    _, score = run(network, lambda prompt, count: "啊" * count)
    assert {metric.name: metric.score for metric in score.metrics}["repetition"] == pytest.approx(26 / 27)
    whole = [chapter.whole() for chapter in CHAPTERS if chapter.title != "卷首"]
    assert score.likelihood == likelihood(whole, network, tiny_tokenizer())


def test_a_model_that_writes_nothing_scores_0(network):
    _, score = run(network, lambda prompt, count: "")
    assert {metric.score for metric in score.metrics} == {0}


def test_a_limit_takes_chapters_spread_over_all(network):
    chapters = [Chapter(str(number), TALE) for number in range(10)]
    for limit, titles in ((1, "0"), (3, "036"), (10, "0123456789"), (99, "0123456789"), (None, "0123456789")):
        progress, score = run(network, lambda prompt, count: "续", chapters, limit=limit)
        assert "".join(event.chapter.title for event in progress) == titles
        assert score.counts == {"chapters": len(titles), "skipped": 0}


def test_the_signature_says_how_it_was_made(network):
    _, score = run(network, author, writer="temperature:0.9|seed:1")
    assert score.signature == (
        "continuations|prompt:20|reference:30|chapters:3|v:1 temperature:0.9|seed:1"
        f" likelihood|context:64|stride:32|vocabulary:{FINGERPRINT}|v:1"
    )


def test_leaving_the_loop_stops_the_writing(network):
    asked = []
    events = score_continuations(
        CHAPTERS,
        network,
        tiny_tokenizer(),
        lambda prompt, count: asked.append(prompt) or "续",
        prompt_chars=20,
        continuation_chars=30,
    )
    next(events)
    events.close()
    assert len(asked) == 1


def test_chapters_of_exactly_the_needed_length_are_used_and_shorter_ones_are_said(network):
    (exact,) = chapters = [Chapter("", TALE[:50])]
    assert run(network, author_of(exact), chapters)[1].counts == {"chapters": 1, "skipped": 0}
    for too_little in ([Chapter("", TALE[:49])], []):
        with pytest.raises(TooLittleToScore) as raised:
            run(network, author, too_little)
        assert "50" in raised.value.sentence("zh") and "50" in raised.value.sentence("en")


def author_of(chapter):
    return lambda prompt, count: chapter.whole()[len(prompt) :]


@pytest.mark.parametrize("option", ["prompt_chars", "continuation_chars", "limit"])
def test_sizes_below_one_are_refused(network, option):
    with pytest.raises(BadValue, match=option):
        run(network, author, **{option: 0})


def test_a_score_reads_in_both_languages(network):
    _, score = run(network, author)
    for lang in ("zh", "en"):
        told = [line.text(lang) for line in score.lines()]
        assert len(told) == len(set(told)) == 9
        assert any("100.00" in line for line in told)


def test_text_against_text_is_scored_without_torch():
    code = (
        "import sys; from novelgpt.scoring.score import score_pair; score_pair(['夜'], ['夜']);"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
