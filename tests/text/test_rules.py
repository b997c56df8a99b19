import json
import pickle
from pathlib import Path

import pytest

from novelgpt.errors import BadRules, BadValue, FileMissing
from novelgpt.text.rules import BUILT_IN, Rules, load_rules, user_rules

KNOWN = ("site_advert", "author_talk")


def written(folder: Path, content: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_file_with_everything(tmp_path: Path) -> None:
    rules = load_rules(
        written(
            tmp_path,
            "[headings]\npatterns = ['^【(\\d+)】']\nnever = ['^第三章程']\n"
            "[lines]\nremove = ['^本书首发于']\nkeep = ['更新']\n[rules]\noff = ['author_talk']\n",
        ),
        KNOWN,
    )
    assert rules.heading("【12】渡口") == (True, "12")
    assert rules.heading("渡口") == (False, None)
    assert rules.is_never_heading("第三章程草案")
    assert rules.removes("本书首发于某站")
    assert not rules.removes("本书首发于某站，天天更新")  # keep wins
    assert rules.keeps("他更新了日记")
    assert not rules.applies("author_talk")
    assert rules.applies("site_advert")


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert load_rules(written(tmp_path, ""), KNOWN) == BUILT_IN
    assert BUILT_IN.heading("第一章") == (False, None)
    assert not BUILT_IN.removes("x")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[headings", "not TOML"),
        ("[heading]\npatterns = []", "heading.patterns"),
        ("headings = 3", "headings"),
        ("[lines]\nremove = 'x'", "lines.remove"),
        ("[lines]\nremove = [1]", "lines.remove"),
        ("[lines]\nremove = ['(']", "missing )"),
        ("[lines]\nremove = ['(a)\\1']", "pattern"),
        ("[rules]\noff = ['nonsense']", "site_advert"),
        ("[lines]\nremove = [" + "'a'," * 501 + "]", "500"),
        ("# " + "x" * (1 << 20), "1048576"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_apart(tmp_path: Path, content: str, told: str) -> None:
    with pytest.raises(BadRules) as caught:
        load_rules(written(tmp_path, content), KNOWN)
    assert told in caught.value.sentence("en")


def test_a_pattern_that_ruins_others_takes_linear_time_here() -> None:
    rules = Rules(remove=("^(a+)+$", "(.*)(.*)(.*)(.*)x$", "(第.+章)+$"))
    assert not rules.removes("a" * 900 + "!")
    assert not rules.removes("第一章" * 300 + "。")


def test_a_long_line_is_prose_whatever_the_pattern() -> None:
    assert not Rules(remove=("a",)).removes("a" * 1001)


def test_rules_travel_to_other_processes() -> None:
    rules = Rules(headings=("^=(\\d+)=",), off=frozenset(["site_advert"]))
    assert rules.heading("=3=") == (True, "3")
    assert pickle.loads(pickle.dumps(rules)).heading("=4=") == (True, "4")


def test_what_a_removal_log_names_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(
        json.dumps({"line": 3, "rule": "site_advert", "text": "本章完"}) + "\n\n", encoding="utf-8"
    )
    rules = user_rules(None, ["author_talk"], [log], KNOWN)
    assert rules.keeps("本章完")
    assert not rules.keeps("本章未完")
    assert rules.off == {"author_talk"}


def test_wrong_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="author_talk"):
        user_rules(None, ["nonsense"], [], KNOWN)
    with pytest.raises(FileMissing):
        user_rules(None, [], [tmp_path / "none.jsonl"], KNOWN)
    with pytest.raises(FileMissing):
        user_rules(tmp_path / "none.toml", [], [], KNOWN)
    log = tmp_path / "log.jsonl"
    log.write_text("x", encoding="utf-8")
    with pytest.raises(BadRules, match="line 1"):
        user_rules(None, [], [log], KNOWN)
