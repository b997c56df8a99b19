"""The handlers of the stories tab on a real studio; the components are stood in for by their names."""

import asyncio
import re
from contextlib import closing
from dataclasses import fields

import gradio as gr
import pytest

from novelgpt.config import Workspace
from novelgpt.story.branches import Comparison
from novelgpt.story.importing import Preview
from novelgpt.studio import open_studio
from novelgpt.text.chapter import Chapter
from novelgpt.ui.stories_desk import StoriesDesk, StoriesParts
from novelgpt.ui.stories_tab import lay_out
from novelgpt.ui.stories_view import FEW, MOST_COMPARED, preview_table, side_by_side
from novelgpt.ui.tables import MOST_ROWS

PARTS = StoriesParts(**{field.name: field.name for field in fields(StoriesParts)})
NOVEL = "\n\n".join(f"第{n}章 夜雨\n　　雨下了三天。\n　　河水漫过了石桥。" for n in "一二三")
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def studio(tmp_path):
    with closing(open_studio(Workspace(tmp_path))) as studio:
        yield studio


@pytest.fixture
def desk(studio):
    return StoriesDesk(studio, PARTS)


@pytest.fixture
def story(studio):
    story = studio.create_story("长夜")
    studio.save_text(story, NOVEL)
    return story


class Visitor:
    """What Gradio hands a handler of a request."""

    def __init__(self, accept=""):
        self.headers = {"accept-language": accept}


def after(desk, handler, *values, accept=""):
    """Return what the page shows after all updates of a handler; every part must be one of the page's."""
    shown = {}
    for update in desk.handler(handler)(Visitor(accept), *values):
        if update == gr.skip():
            continue
        assert set(update) <= set(PARTS.written())
        for part, value in update.items():
            if isinstance(value, dict):
                shown[part] = {**(shown.get(part) if isinstance(shown.get(part), dict) else {}), **value}
            else:
                shown[part] = value
    return shown


def upload(root, name, data):
    """Put a file where the server would, and say of it what a browser would."""
    path = Workspace(root).uploads_dir / "0123" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return {"path": str(path), "orig_name": name}


def test_an_empty_shelf_is_shown_empty(desk):
    shown = after(desk, desk.refresh, False, None, False)
    assert (shown["picker"]["choices"], shown["picker"]["value"]) == ([], None)
    assert shown["chapters"] == "" and shown["put_away"]["interactive"] is False


def test_the_list_shows_the_story_with_its_chapters_and_links(desk, story):
    shown = after(desk, desk.refresh, False, "", False)
    assert [value for _, value in shown["picker"]["choices"]] == [str(story)]
    assert shown["title"] == "长夜" and shown["picker"]["value"] == str(story)
    assert shown["chapters"].count("第二章 夜雨") == 1
    assert f'href="/download/story/{story}/epub"' in shown["chapters"]
    assert f'href="/download/story/{story}/docx?section=1"' in shown["chapters"]
    typeset = after(desk, desk.choose, str(story), True)["chapters"]
    assert f'href="/download/story/{story}/txt?section=1&amp;typography=1"' in typeset


def test_chapters_unfold_below_their_volumes(desk, studio, story):
    studio.save_text(story, f"卷一 渡口\n{NOVEL}\n卷二 {SCRIPT}\n第四章 灯\n晴。")
    page = after(desk, desk.choose, str(story), False)["chapters"]
    first, second = page.split("<details")[1:]
    assert "<b>卷一 渡口</b>" in first and "3 章" in first and " open>" in first
    assert f'href="/download/story/{story}/epub?section=0"' in first and "section=3" in first
    assert "<td>4</td>" in second and "第四章 灯" in second and "<script" not in page
    many = "\n".join(f"第{n}章 夜\n雨" for n in range(1, FEW + 2))
    studio.save_text(story, f"序言。\n卷一 渡口\n{many}")
    page = after(desk, desk.choose, str(story), False)["chapters"]
    assert page.count("<details") == 1 and " open>" not in page and page.count("<tr>") == FEW + 4


def test_a_story_is_renamed_and_a_nameless_one_refused(desk, studio, story):
    shown = after(desk, desk.rename, str(story), "渡口", False, False)
    assert shown["title"] == "渡口" and "已改名" in shown["status"]
    refused = after(desk, desk.rename, str(story), "  ", False, False)
    assert set(refused) == {"status"} and 'role="alert"' in refused["status"]
    assert studio.stories()[0].title == "渡口"


def test_putting_away_asks_first_and_can_be_taken_back(desk, studio, story):
    assert after(desk, desk.ask, str(story)) == {"confirm": gr.update(visible=True)}
    assert len(studio.stories()) == 1
    assert after(desk, desk.cancel) == {"confirm": gr.update(visible=False)}
    shown = after(desk, desk.put_away, str(story), False)
    assert studio.stories() == [] and shown["confirm"]["visible"] is False
    away = after(desk, desk.refresh, True, None, False)
    assert away["bring_back"]["visible"] and not away["put_away"]["visible"]
    after(desk, desk.bring_back, str(story), False)
    assert [entry.id for entry in studio.stories()] == [story]


@pytest.mark.parametrize("value", [None, "", "x", "９", "1" * 30, "-1", "1; DROP"])
def test_what_is_no_story_is_said(desk, value):
    for handler in (desk.open, desk.ask):
        assert 'role="alert"' in after(desk, handler, value)["status"]
    assert 'role="alert"' in after(desk, desk.choose, value, False)["status"]


def test_opening_the_same_story_twice_is_noticed_twice(desk, story):
    for _ in range(2):
        seen = [update["opened"] for update in desk.handler(desk.open)(Visitor(), str(story))]
        assert seen == ["", str(story)]


def test_words_are_found_and_open_their_story(desk, story):
    shown = after(desk, desk.search, "石桥")
    ((label, value), *_) = shown["found"]["choices"]
    assert "【石桥】" in label and shown["found"]["visible"] and "2 处" in shown["status"]
    place = NOVEL.index("石桥")
    assert after(desk, desk.open_found, value)["opened"] == f"{story}:{place}:2"
    assert 'role="alert"' in after(desk, desk.open_found, None)["status"]
    assert not after(desk, desk.search, "没有的")["found"]["visible"]


def test_branches_are_compared_and_the_story_follows_one(desk, studio, story):
    studio.save_text(story, NOVEL + "他起身。")
    studio.undo(story)
    studio.save_text(story, NOVEL + "他坐下。")
    shown = after(desk, desk.choose, str(story), False)
    one, other = shown["one"]["value"], shown["other"]["value"]
    assert {value for _, value in shown["one"]["choices"]} >= {one, other}
    compared = after(desk, desk.compare, str(story), one, other)["compared"]
    assert "<mark>坐下。</mark>" in compared and "<mark>起身。</mark>" in compared
    gone = after(desk, desk.go_there, str(story), other, False)
    assert studio.text(story) == NOVEL + "他起身。" and gone["opened"] == str(story)
    assert studio.undo(story) and studio.text(story) == NOVEL + "他坐下。"
    assert 'role="alert"' in after(desk, desk.compare, str(story), one, None)["status"]


def test_a_manuscript_is_put_right_and_imported(desk, studio, tmp_path):
    file = upload(tmp_path, "渡口.txt", NOVEL.encode("gb18030"))
    shown = after(desk, desk.take_file, file, False)
    assert shown["workbench"]["visible"] and shown["book_title"] == "渡口"
    assert "gb" in shown["preview"].lower() and [v for _, v in shown["chapter"]["choices"]] == ["0", "1", "2"]
    shown = after(desk, desk.rename_chapter, shown["draft"], "0", "楔子")
    shown = after(desk, desk.split, shown["draft"], "1", "1")
    assert shown["chapter_title"] == "河水漫过了石桥。" and shown["chapter"]["value"] == "2"
    shown = after(desk, desk.merge, shown["draft"], "2")
    assert shown["chapter"]["value"] == "1" and len(shown["draft"].chapters) == 3
    chosen = after(desk, desk.choose_chapter, shown["draft"], "2")
    assert chosen["chapter_title"] == "第三章 夜雨" and len(chosen["at_line"]["choices"]) == 2
    less = after(desk, desk.leave_out, shown["draft"], "1")
    assert [chapter.title for chapter in less["draft"].chapters] == ["楔子", "第三章 夜雨"]
    again = after(desk, desk.take_back, less["draft"], "1")
    assert again["draft"] == shown["draft"] and again["take_back"]["interactive"]
    done = after(desk, desk.take_in, shown["draft"], "我的渡口")
    (story,) = studio.stories()
    assert (story.title, done["opened"], done["draft"]) == ("我的渡口", str(story.id), None)
    assert studio.text(story.id).startswith("楔子\n雨下了三天。")


def test_a_damaged_manuscript_is_refused_until_the_loss_is_allowed(desk, tmp_path):
    raw = bytearray(NOVEL.encode() * 5)
    raw[20:22] = b"\xff\xff"
    file = upload(tmp_path, "渡口.txt", bytes(raw))
    assert "缺字也导入" in after(desk, desk.take_file, file, False)["status"]
    assert after(desk, desk.take_file_again, file, True)["draft"].lost_characters
    assert after(desk, desk.take_file_again, None, True) == {}


def test_a_kobold_story_is_taken_at_once(desk, studio, tmp_path):
    data = '{"prompt": "夜深了。", "actions": ["他起身。"], "memory": "怕水"}'.encode()
    shown = after(desk, desk.take_file, upload(tmp_path, "旧稿.JSON", data), False)
    (story,) = studio.stories()
    assert (studio.text(story.id), story.title, shown["opened"]) == (
        "夜深了。他起身。",
        "旧稿",
        str(story.id),
    )
    assert studio.library.beside(story.id).memory == "怕水"


@pytest.mark.parametrize("file", [None, "", "/etc/passwd", {}, {"path": ""}, {"path": "/etc/passwd"}])
def test_without_a_file_nothing_is_imported(desk, studio, file):
    assert 'role="alert"' in after(desk, desk.take_file, file, False)["status"]
    assert 'role="alert"' in after(desk, desk.take_in, None, "夜")["status"]
    assert studio.stories() == []


PREVIEW = Preview(SCRIPT, "", "utf-8", 0, 0, (Chapter(SCRIPT, SCRIPT),))


@pytest.mark.parametrize("number", [None, "x", "1", "99"])
def test_a_chapter_that_is_not_there_is_said(desk, number):
    for handler, values in (
        (desk.choose_chapter, ()),
        (desk.merge, ()),
        (desk.split, ("0",)),
        (desk.rename_chapter, ("夜",)),
    ):
        assert 'role="alert"' in after(desk, handler, PREVIEW, number, *values)["status"]


def test_nothing_written_by_a_person_becomes_html(desk, studio):
    story = studio.create_story(SCRIPT)
    studio.save_text(story, f"第一章 {SCRIPT}\n{SCRIPT}\n第二章 夜\n雨\n第三章 雨\n雪")
    studio.save_text(story, f"第一章 {SCRIPT}\n{SCRIPT}2")
    shown = after(desk, desk.refresh, False, str(story), False)
    pages = [
        shown["chapters"],
        preview_table(PREVIEW, "zh"),
        side_by_side(Comparison(SCRIPT, SCRIPT, SCRIPT + "2"), "zh"),
    ]
    for page in pages:
        assert "<script" not in page and "&lt;script" in page


def test_long_lists_are_bounded_and_say_so():
    chapters = tuple(Chapter(f"第{n}章", "雨") for n in range(MOST_ROWS + 5))
    page = preview_table(Preview("长", "", "utf-8", 0, 0, chapters), "en")
    assert page.count("<tr>") == MOST_ROWS + 1 and f"of {MOST_ROWS + 5:,}" in page
    page = side_by_side(Comparison("夜" * 999, "雨，" * MOST_COMPARED, "雪。" * MOST_COMPARED), "zh")
    assert f"{MOST_COMPARED:,}" in page and len(page) < 4 * MOST_COMPARED


def test_the_tab_speaks_english_too(desk, story):
    shown = after(desk, desk.rename, str(story), "渡口", False, False, accept="en")
    page = shown["chapters"] + shown["status"]
    assert "renamed" in page and "Heading" in page and "字数" not in page


def test_the_tab_is_laid_out_and_every_control_is_wired(studio):
    async def built():  # Gradio wants a loop of its own to be running, and leaves one behind where none is
        with gr.Blocks(analytics_enabled=False) as demo, gr.Tabs(), gr.Tab("作品") as tab:
            lay_out(studio, gr.I18n()).shown_anew_on(tab.select)
        return demo

    demo = asyncio.run(built())
    targets = {target for fn in demo.fns.values() for target, _ in fn.targets}
    names = {block._id: block.elem_id for block in demo.blocks.values() if getattr(block, "elem_id", None)}
    buttons = {block._id for block in demo.blocks.values() if isinstance(block, gr.Button)}
    assert not [names.get(button) for button in buttons - targets]
    assert all(fn.api_visibility == "private" for fn in demo.fns.values())
    assert "open-story" in names.values() and len(set(names.values())) == len(names)
    assert all(re.fullmatch(r"[a-z-]+", name) for name in names.values())
