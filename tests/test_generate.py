"""`novelgpt generate` as a person uses it: one text, candidates, gaps, what may come next, writing in turns."""

import io
import json
from pathlib import Path

import pytest

from novelgpt import cli
from tests.tiny import tiny_model_folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    tiny_model_folder(folder / "tiny", steps=40)
    return folder


@pytest.fixture
def told(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(home)

    def tell(*arguments: str, code: int = 0, typed: str = "") -> tuple[str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        fixed = ("--model", "tiny", "--seed", "5", "--max-chars", "20")
        assert cli.main(["generate", *arguments, *fixed, "--lang", "en"]) == code
        found = capsys.readouterr()
        return found.out, found.err

    return tell


def test_candidates_are_ranked_with_every_score(told):
    out, _ = told("雨下了三天，", "--n", "3", "--json")
    values = json.loads(out)
    totals = [one["total"] for one in values["candidates"]]
    assert totals == sorted(totals, reverse=True)
    assert len(totals) == 3
    assert {"text", "likelihood", "repetition", "copied", "whole"} < values["candidates"][0].keys()
    out, _ = told("雨下了三天，", "--n", "3")
    assert [line[:3] for line in out.splitlines() if line.startswith("[")] == ["[1]", "[2]", "[3]"]


def test_next_lists_probabilities(told):
    out, _ = told("雨下了三天，", "--next", "4", "--json")
    chances = [one["chance"] for one in json.loads(out)["next"]]
    assert len(chances) == 4
    assert chances == sorted(chances, reverse=True)
    assert 0 < sum(chances) <= 1
    out, _ = told("雨下了三天，", "--next")
    assert len(out.splitlines()) == 11


def test_a_text_goes_on_from_a_word_that_was_chosen(told):
    listed = json.loads(told("雨下了三天，河水", "--at", "6", "--next", "4", "--json")[0])["next"]
    assert listed == json.loads(told("雨下了三天，", "--next", "4", "--json")[0])["next"]
    for number, one in enumerate(listed, start=1):
        chosen = json.loads(told("雨下了三天，河水", "--at", "6", "--take", str(number), "--json")[0])
        after = json.loads(told("雨下了三天，" + one["text"], "--json")[0])["text"]
        assert (chosen["prompt"], chosen["text"]) == ("雨下了三天，", one["text"] + after)


def test_a_marker_cannot_be_taken(told):
    listed = json.loads(told("雨下了三天，", "--next", "5000", "--json")[0])["next"]
    number = [one["text"] for one in listed].index("") + 1
    out, err = told("雨下了三天，", "--take", str(number), code=1)
    assert (out, len(err.splitlines())) == ("", 1)
    assert f"number {number} " in err


def test_another_word_in_turns(told):
    out, _ = told("雨下了", "--interactive", typed="q\n")
    written = out[: len(out) // 2].removeprefix("雨下了").removesuffix("\n")  # it is printed again at the end
    unchanged, err = told("雨下了", "--interactive", typed=f"a\n{written[-1]}\n\nq\n")
    assert unchanged == out
    words = [line.rpartition("  ")[2].strip("'") for line in err.splitlines() if "%" in line]
    number, other = next(
        (n, word) for n, word in enumerate(words, start=1) if word.isalpha() and word not in written
    )
    kept, _ = told("雨下了", "--interactive", typed=f"a\n{written[-1]}\n{number}\nq\n")
    page = kept[kept.rindex("雨下了") :].removeprefix("雨下了")
    assert page.startswith(written[: page.index(other)])
    assert page.index(other) <= written.rindex(written[-1])  # the token of the word may begin before it
    _, err = told("雨下了", "--interactive", typed="a\n龘\nq\n")
    assert "no such word" in err


def test_stop_and_ban(told):
    whole = json.loads(told("雨下了三天，", "--json")[0])["text"]
    stopped = json.loads(told("雨下了三天，", "--json", "--stop", whole[5:7])[0])
    assert (stopped["text"], stopped["finish_reason"]) == (whole[: whole.index(whole[5:7])], "stop")
    banned = json.loads(told("雨下了三天，", "--json", "--ban", whole[5:7])[0])["text"]
    assert whole[5:7] not in banned


def test_greedy_and_beam_leave_nothing_to_chance(told):
    for flags in (("--greedy",), ("--beam", "3")):
        assert told("雨下", *flags)[0] == told("雨下", *flags)[0]


def test_what_the_model_sees_is_shown(told, home):
    (home / "lore.json").write_text('[{"keys": ["三娘"], "text": "三娘是船家。"}]', encoding="utf-8")
    (home / "old.txt").write_text("三娘的铜灯挂在渡口。" * 12, encoding="utf-8")
    beside = ("--memory", "清末。", "--note", "阴冷。", "--lore", "lore.json", "--earlier", "old.txt")
    out, err = told("三娘望着铜灯，", *beside, "--show-context", "--json")
    for words in (
        "[memory]",
        "清末。",
        "三娘",
        "三娘的",
        "[note]",
        "of a window of",
    ):
        assert words in err
    kinds = [part["kind"] for part in json.loads(out)["context"]]
    assert kinds == ["memory", "lore", "recall", "note", "story"]


def test_a_gap_is_filled(told):
    out, _ = told("雨下了三天，", "--after", "河水涨了。", "--n", "2", "--json")
    fits = [one["fit"] for one in json.loads(out)["candidates"]]
    assert len(fits) == 2
    assert fits == sorted(fits, reverse=True)


def test_writing_in_turns(told):
    out, err = told("雨下了", "--interactive", typed="r\ne\n他醒了。\nx\nu\nq\n")
    assert out.startswith("雨下了")
    assert err.count("(Enter/r/a/e/u/q)") == 5
    assert "他醒了。" not in out[out.rindex("雨下了") :]
    kept, _ = told("雨下了", "--interactive", typed="e\n他醒了。\nq\n")
    assert kept[kept.rindex("雨下了") :].startswith("雨下了他醒了。")
    ended, _ = told("雨下了", "--interactive", typed="")
    assert ended.count("雨下了") >= 2


def test_nothing_to_take_back_is_said(told):
    _, err = told("雨下了", "--interactive", typed="u\nq\n")
    assert "nothing to take back" in err


@pytest.mark.parametrize(
    ("flags", "said"),
    [(("--lore", "none.json"), "lore"), (("--earlier", "none.txt"), "none.txt"), (("--n", "99"), "n")],
)
def test_what_is_wrong_is_said_in_one_line(told, flags, said):
    out, err = told("雨下", *flags, code=1)
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert out == ""


def test_a_text_may_be_cut_to_the_character(told):
    assert len(json.loads(told("雨下了三天，", "--no-whole-sentences", "--json")[0])["text"]) == 20
    assert len(json.loads(told("雨下了三天，", "--json")[0])["text"]) >= 20


@pytest.mark.parametrize("style", ["steady", "balanced", "free"])
def test_a_style_sets_the_dials_and_a_flag_wins(told, style):
    plain = told("雨下了三天，", "--style", style, "--json")[0]
    assert told("雨下了三天，", "--style", style, "--json")[0] == plain
    greedy = json.loads(told("雨下了三天，", "--greedy", "--dry-multiplier", "0.8", "--json")[0])["text"]
    flags = ("--style", style, "--temperature", "0", "--repetition-penalty", "1.1", "--top-k", "50")
    assert json.loads(told("雨下了三天，", *flags, "--json")[0])["text"] == greedy
