"""What the model sees: every part within its budget, the story's end always there."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelgpt.writing.context import SHARES, Background, assemble
from novelgpt.writing.lore import BadLore, Lore, named, read_lore
from novelgpt.writing.recall import PASSAGE, Recall, passages

STORY = "第一章 雨\n" + "他撑着伞沿着河边慢慢走。\n" * 60 + "林三娘推开了门。\n她看见灯还亮着。\n“谁？”\n"
TEXTS = st.text(alphabet="天地玄黄宇宙洪荒，。\n", max_size=200)


def test_without_a_background_the_story_is_all_there_is():
    seen = assemble(STORY, Background(), len, 512)
    assert seen.prompt == STORY
    assert [part.kind for part in seen.parts] == ["story"]


def test_everything_has_its_place():
    lore = (Lore("三娘", ("林三娘",), "林三娘是渡口的船家。"), Lore("老周", ("老周",), "老周是铁匠。"))
    earlier = Recall([("第一章", "船家林三娘有一盏祖传的铜灯。" * 3), ("第二章", "铁匠铺着了火。" * 30)])
    background = Background("故事发生在清末的江南。", "气氛阴冷。", lore, earlier)
    seen = assemble(STORY, background, len, 512)
    kinds = [part.kind for part in seen.parts]
    assert kinds == ["memory", "lore", "recall", "story", "note", "story"]
    assert seen.prompt.endswith("气氛阴冷。\n林三娘推开了门。\n她看见灯还亮着。\n“谁？”\n")
    assert "老周" not in seen.prompt
    assert seen.parts[2].source == "第一章"
    assert seen.tokens == len(seen.prompt) <= 512 * 3 // 4


@given(
    story=TEXTS,
    memory=TEXTS,
    note=TEXTS,
    lore=st.lists(st.tuples(st.text(alphabet="天地玄黄", min_size=1, max_size=2), TEXTS), max_size=4),
    window=st.integers(8, 300),
)
def test_no_part_takes_more_than_its_share(story, memory, note, lore, window):
    entries = tuple(Lore(key, (key,), text) for key, text in lore)
    seen = assemble(story, Background(memory, note, entries), len, window)
    for kind, share in SHARES.items():
        assert sum(part.tokens for part in seen.parts if part.kind == kind) <= share * window
    told = "".join(part.text for part in seen.parts if part.kind == "story")
    assert story.endswith(told)
    assert seen.parts[-1].kind == "story"
    if story:
        assert told
    if not Background(memory, note, entries).is_empty:
        assert seen.tokens <= max(window * 3 // 4, sum(p.tokens for p in seen.parts if p.kind != "story") + 1)


def test_what_does_not_fit_is_named_and_what_is_cut_is_marked():
    lore = tuple(Lore(f"条目{n}", ("门",), f"{n}" * 60) for n in range(3))
    seen = assemble(STORY, Background("甲。\n" * 50, "", lore), len, 512)
    memory = seen.parts[0]
    assert memory.cut
    assert memory.text.endswith("甲。\n")
    assert [part.source for part in seen.parts if part.kind == "lore"] == ["条目0", "条目1"]
    assert seen.left_out == ("条目2",)


def test_lore_is_found_by_its_names():
    entries = (Lore("a", ("林三娘", "三娘"), "x"), Lore("b", (), "y", always=True), Lore("c", (), "z"))
    assert [one.name for one in named(entries, "三娘走了")] == ["a", "b"]
    assert [one.name for one in named(entries, "他走了")] == ["b"]


@pytest.mark.parametrize(
    "raw",
    [
        [{"keys": ["林三娘", "三娘"], "text": "船家", "name": "三娘"}],
        [{"key": "林三娘,三娘", "content": "船家", "comment": "三娘"}],
        {"worldinfo": [{"key": "林三娘，三娘", "content": "船家", "comment": "三娘"}]},
        {"entries": {"0": {"key": ["林三娘", "三娘"], "content": "船家", "comment": "三娘"}}},
        {
            "entries": [
                {"keys": ["林三娘", "三娘"], "text": "船家", "displayName": "三娘"},
                {"keys": [], "text": "无"},
            ]
        },
        [
            {"keys": ["林三娘", "三娘"], "text": "船家", "name": "三娘"},
            {"keys": "某", "text": "停用", "enabled": False},
        ],
    ],
)
def test_the_files_of_other_programs_are_understood(raw, tmp_path):
    (tmp_path / "lore.json").write_text(json.dumps(raw), encoding="utf-8")
    assert read_lore(tmp_path / "lore.json") == (Lore("三娘", ("林三娘", "三娘"), "船家"),)


@pytest.mark.parametrize(
    "text", ["", "{", "3", "[]", '{"entries": 3}', '[{"keys": 3, "text": "x"}]', "[" * 9999]
)
def test_what_is_no_lore_is_refused(text, tmp_path):
    (tmp_path / "lore.json").write_text(text)
    with pytest.raises(BadLore):
        read_lore(tmp_path / "lore.json")
    with pytest.raises(BadLore):
        read_lore(tmp_path / "none.json")


@given(TEXTS)
def test_passages_hold_everything_but_the_space_between_them(text):
    found = passages(text)
    assert "".join(found).replace("\n", "") == text.replace("\n", "")
    assert all(len(part) >= PASSAGE - 1 for part in found[:-1])


def test_the_passage_with_the_rare_words_is_recalled():
    common = "他走在路上，看着天空，心里想着事情。" * 12
    chapters = [(str(n), common + ("铜灯笼挂在渡口。" if n == 7 else "")) for n in range(20)]
    recall = Recall(chapters)
    assert recall.about("那盏铜灯笼还在吗？", most=1)[0][0] == "7"
    assert recall.about("qwerty") == []
    assert [source for source, _ in recall.about("渡口", most=3)] == ["7"]
    assert len(Recall([])) == 0
    assert Recall([]).about("渡口") == []
