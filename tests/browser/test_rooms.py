"""The other rooms in a real Chromium: a novel comes in and goes out, and a model is trained and written with."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from novelgpt.config import Workspace
from novelgpt.text.books import read_manuscripts
from tests.browser.desk import OPENING, PATIENCE_MS

pytestmark = pytest.mark.browser

NOVEL = (
    "第一章 渡口\n\n　　雨下了三天，河水漫过了石桥。\n　　他站在桥头。\n\n第二章 夜航\n\n　　船家说：“今晚不走。”\n\n"
    "第三章 <script>window.broken=1</script>\n\n　　<img src=x onerror='window.broken=1'>天亮了。\n"
)


def go_to(desk, room):
    """Go into another room."""
    names = ("write", "stories", "corpus", "train", "score", "models")
    desk.page.locator("#rooms button[role=tab]").nth(names.index(room)).click()


def retitle(box, title):
    """Type a title, no sooner than a hand could: Gradio tells a result twice, and what is typed between would be gone."""
    box.page.wait_for_timeout(1000)
    box.fill(title)


def test_a_novel_comes_in_is_put_right_goes_on_and_leaves_as_a_book(desk, tmp_path):
    page = desk.page
    file = tmp_path / "夜雨.txt"
    file.write_bytes(NOVEL.encode("gb18030"))
    go_to(desk, "stories")
    page.locator("#stories-import button, #stories-import .label-wrap").first.click()
    page.locator("#stories-file input[type=file]").set_input_files(file)
    expect(page.locator("#stories-preview")).to_contain_text("第三章", timeout=PATIENCE_MS)
    assert page.evaluate("window.broken") is None
    page.locator("#stories-chapter input").click()
    page.get_by_role("option").nth(1).click()
    expect(page.locator("#stories-chapter-title textarea, #stories-chapter-title input")).to_have_value(
        "第二章 夜航", timeout=PATIENCE_MS
    )
    retitle(page.locator("#stories-chapter-title textarea, #stories-chapter-title input"), "第二章 夜渡")
    page.locator("#stories-rename-chapter").click()
    expect(page.locator("#stories-preview")).to_contain_text("第二章 夜渡", timeout=PATIENCE_MS)
    page.locator("#stories-take-in").click()
    page.wait_for_function("novelgpt.text().includes('第二章 夜渡')", timeout=PATIENCE_MS)
    expect(page.locator("#sheet")).to_be_visible()
    desk.ready()
    assert page.evaluate("window.broken") is None
    written = desk.write(20)
    assert written.startswith("第一章 渡口")
    go_to(desk, "stories")
    with page.expect_download() as coming:
        page.locator("#stories a", has_text="EPUB").first.click()
    book = tmp_path / "book.epub"
    coming.value.save_as(book)
    (again,) = [one.decoded.text for one in read_manuscripts(book)]
    for line in filter(None, written.split("\n")):
        assert line.strip() in again
    go_to(desk, "write")


def test_a_model_learns_a_story_and_the_story_goes_on_with_it(desk):
    page = desk.page
    desk.new_story("夜雨学成")
    desk.type((OPENING + "他站在桥头，望着对岸的灯火，心里想着明天的路。\n") * 60)
    go_to(desk, "train")
    expect(page.locator("#train-story input")).to_have_value(re.compile("夜雨学成"), timeout=PATIENCE_MS)
    page.locator("#train-learner input").click()
    page.get_by_role("option", name="tiny", exact=True).click()
    page.locator("#train-learn").locator("xpath=ancestor::*[@id='train-mine']").locator(
        "input[type=number]"
    ).fill("0.05")
    page.locator("#train-learn").click()
    expect(page.locator("#train-run input")).to_have_value(
        re.compile("夜雨学成.*练成了"), timeout=PATIENCE_MS
    )
    go_to(desk, "models")
    expect(page.locator("table").filter(has_text="夜雨学成")).to_be_visible(timeout=PATIENCE_MS)
    go_to(desk, "write")
    expect(page.locator("#sheet")).to_be_visible()
    page.locator("#model input").click()
    page.get_by_role("option", name=re.compile("夜雨学成")).click()
    before = desk.text()
    assert desk.write(10).startswith(before)


def test_a_file_that_is_no_novel_is_one_sentence(desk, tmp_path):
    file = tmp_path / "图.txt"
    file.write_bytes(bytes(range(256)) * 40)
    go_to(desk, "stories")
    page = desk.page
    if not page.locator("#stories-file").is_visible():
        page.locator("#stories-import button, #stories-import .label-wrap").first.click()
    page.locator("#stories-file input[type=file]").set_input_files(file)
    expect(page.locator("#stories-status .problem")).to_be_visible(timeout=PATIENCE_MS)
    assert not any(Workspace(desk.server.root).uploads_dir.glob("*/图.png"))
    go_to(desk, "write")


IN_SIGHT = """words => {
    const found = [...document.querySelectorAll("#sheet > p")].find(one => one.textContent.includes(words));
    const box = document.querySelector("#sheet").getBoundingClientRect(), place = found?.getBoundingClientRect();
    return Boolean(place && box.height && place.top >= box.top && place.bottom <= box.bottom
        && place.top >= 0 && place.bottom <= innerHeight);
}"""


def test_a_place_that_was_found_is_brought_into_sight_and_marked(desk):
    page = desk.page
    filling = "".join(f"𠮷船在雾里走了{n}里，谁也没有说话。\n" for n in range(400))
    desk.type(f"{filling}他在石桥边等了一夜。\n{filling}")
    assert not page.evaluate(IN_SIGHT, "石桥边")
    go_to(desk, "stories")
    page.locator("#stories-words input, #stories-words textarea").fill("石桥边")
    page.locator("#stories-find").click()
    page.locator("#stories-found label").first.click()
    expect(desk.paper).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_function(IN_SIGHT, arg="石桥边", timeout=PATIENCE_MS)
    marked = "() => [...(CSS.highlights.get('found') ?? [])].map(String).join()"
    page.wait_for_function(f"{marked} === '石桥边'", timeout=PATIENCE_MS)
    if folder := os.environ.get("NOVELGPT_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / "found.png")
    page.wait_for_function("() => !CSS.highlights.has('found')", timeout=PATIENCE_MS)
    assert page.evaluate(IN_SIGHT, "石桥边")


def test_a_book_of_the_corpus_is_put_right(desk, tmp_path):
    page = desk.page
    file = tmp_path / "夜航船.txt"
    file.write_bytes(NOVEL.encode("gb18030"))
    go_to(desk, "corpus")
    page.locator("#corpus-drop input[type=file]").set_input_files(file)
    expect(page.locator("#corpus-drop")).to_contain_text("夜航船", timeout=PATIENCE_MS)
    page.locator("#corpus-take-in").click()
    expect(page.locator("#corpus-books")).to_contain_text("夜航船", timeout=PATIENCE_MS)
    expect(page.locator("#corpus-chapters")).not_to_be_visible()
    page.locator("#corpus-book input").click()
    page.get_by_role("option", name=re.compile("夜航船")).click()
    chapters = page.locator("#corpus-chapter-list")
    expect(chapters).to_contain_text("第三章", timeout=PATIENCE_MS)
    page.locator("#corpus-chapter input").click()
    page.get_by_role("option").nth(1).click()
    title = page.locator("#corpus-chapter-title textarea, #corpus-chapter-title input")
    expect(title).to_have_value("第二章 夜航", timeout=PATIENCE_MS)
    retitle(title, "第二章 归航")
    page.locator("#corpus-rename-chapter").click()
    expect(chapters).to_contain_text("第二章 归航", timeout=PATIENCE_MS)
    page.locator("#corpus-merge").click()
    expect(chapters.locator("tbody tr")).to_have_count(2, timeout=PATIENCE_MS)
    if folder := os.environ.get("NOVELGPT_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / "corpus-bench.png", full_page=True)
    expect(page.locator("#corpus-books td").nth(1)).to_have_text("2", timeout=PATIENCE_MS)
    for rows in (3, 3):
        page.locator("#corpus-take-back").click()
        expect(chapters.locator("tbody tr")).to_have_count(rows, timeout=PATIENCE_MS)
    expect(chapters).to_contain_text("第二章 夜航", timeout=PATIENCE_MS)
    expect(page.locator("#corpus-take-back")).to_be_disabled(timeout=PATIENCE_MS)
    assert page.evaluate("window.broken") is None
    go_to(desk, "write")


def test_chapters_of_a_story_stand_below_its_volumes(desk):
    page = desk.page
    desk.type(f"卷一 渡口\n\n{NOVEL}\n卷二 归途\n\n第四章 天明\n\n　　他上了岸。")
    go_to(desk, "stories")
    page.locator("#stories-list input").click()
    page.get_by_role("option", name=re.compile("test_chapters_of_a_story")).click()
    volumes = page.locator("#stories-chapters details.volume")
    expect(volumes).to_have_count(2, timeout=PATIENCE_MS)
    expect(volumes.first.locator("tbody tr")).to_have_count(3)
    if folder := os.environ.get("NOVELGPT_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / "volumes.png", full_page=True)
    volumes.first.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(volumes.first.locator("table")).not_to_be_visible()
    go_to(desk, "write")
