import math

import pytest
import sacrebleu

from novelgpt.scoring.metrics import bleu, chrf, distinct, repetition

FOURTH_ROOT = 0.25


@pytest.mark.parametrize(
    ("hypotheses", "references", "score"),
    [
        (["夜深了，雨还在下。"], ["夜深了，雨还在下。"], 100),
        (["今天天气很好"], ["今天天气不错"], 100 * (4 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** FOURTH_ROOT),
        (["今天天气"], ["今天天气很好"], 100 * math.exp(1 - 6 / 4)),
        (
            ["今天天气很好", "夜里下起大雨"],
            ["今天天气不错", "夜里下起大雨"],
            100 * (10 / 12 * 8 / 10 * 6 / 8 * 4 / 6) ** FOURTH_ROOT,
        ),
        (["今天　天气\n很好"], ["今天天气不错"], 100 * (4 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** FOURTH_ROOT),
        (["甲乙丙丁戊"], ["今天天气不错"], 0),
        ([""], ["今天天气不错"], 0),
    ],
)
def test_bleu_is_the_one_computed_by_hand(hypotheses, references, score):
    assert bleu(hypotheses, references).score == pytest.approx(score)


def test_bleu_is_what_sacrebleu_says_and_carries_its_signature():
    hypotheses = ["他推开 door，走了出去。", "“谁？”"]
    references = ["他推开 the door，跑了出去。", "“是谁？”"]
    metric = bleu(hypotheses, references)
    assert metric.score == pytest.approx(sacrebleu.corpus_bleu(hypotheses, [references], tokenize="zh").score)
    assert metric.signature.startswith("nrefs:1|case:mixed|eff:no|tok:zh|smooth:exp|version:")


@pytest.mark.parametrize(
    ("hypothesis", "reference", "score"),
    [
        ("夜深", "夜深", 100),
        ("夜深", "夜雨", 100 * (1 / 2 + 0) / 2),
        ("夜深了", "夜深", 100 * 5 * (7 / 12) * 1 / (4 * (7 / 12) + 1)),
        ("甲", "乙", 0),
    ],
)
def test_chrf_is_the_one_computed_by_hand(hypothesis, reference, score):
    metric = chrf([hypothesis], [reference])
    assert metric.score == pytest.approx(score)
    assert metric.score == pytest.approx(sacrebleu.corpus_chrf([hypothesis], [[reference]]).score)
    assert metric.signature.startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:")


@pytest.mark.parametrize(
    ("texts", "n", "score"),
    [
        (["夜夜深"], 1, 2 / 3),
        (["夜夜深"], 2, 2 / 2),
        (["夜夜夜夜"], 2, 1 / 3),
        (["夜深", "夜雨"], 1, 3 / 4),
        (["夜深", "夜深"], 2, 1 / 2),
        (["夜", "深"], 2, 0),
        (["夜\n　　深 夜深"], 2, 2 / 3),
        (["𠮷𠮷"], 1, 1 / 2),
        (["", ""], 1, 0),
        ([], 3, 0),
    ],
)
def test_distinct_counts_different_n_grams_of_all_texts_together(texts, n, score):
    metric = distinct(texts, n)
    assert metric.score == pytest.approx(score)
    assert (metric.name, metric.signature) == (f"distinct.{n}", f"distinct|chars|space:no|n:{n}|v:1")


@pytest.mark.parametrize(
    ("texts", "score"),
    [
        (["一二三四五六七八"], 0),
        (["一二三四一二三四"], 1 / 5),
        (["啊啊啊啊啊啊啊啊"], 4 / 5),
        (["一二三四", "一二三四"], 0),
        (["一二三四一二三四", "甲乙丙丁戊己庚辛"], 1 / 10),
        (["一二\n三四　一 二三四"], 1 / 5),
        (["一二三"], 0),
        ([], 0),
    ],
)
def test_repetition_is_the_share_of_4_grams_that_stood_earlier_in_the_text(texts, score):
    metric = repetition(texts)
    assert metric.score == pytest.approx(score)
    assert metric.signature == "repetition|chars|space:no|n:4|within:text|v:1"
