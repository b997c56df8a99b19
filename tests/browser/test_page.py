"""The page in a real Chromium, on a real server in a process of its own."""

import re
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.desk import OPENING, PATIENCE_MS, Server, sitting_down
from tests.tiny import tiny_model_folder

pytestmark = pytest.mark.browser


def test_a_first_visit_is_ready_to_write_and_its_story_is_there_after_a_restart(browser, tmp_path):
    tiny_model_folder(tmp_path / "runs" / "tiny" / "final", steps=60)
    server = Server(tmp_path)
    server.start()
    with sitting_down(browser, server) as desk:
        sample = desk.text()
        assert sample.endswith("信来，")  # ready to go on with one press
        written = desk.write(20)
        assert written.startswith(sample)
        assert desk.in_the_library() == written
        address = desk.page.url
    assert server.stop(signal.SIGINT) in (0, 130)  # 0 where the shell made Ctrl-C be ignored
    assert "Traceback" not in server.said
    server.start()
    with sitting_down(browser, server) as desk:
        assert desk.text() == written  # without an address: the story worked on last
        desk.type(OPENING)
        server.stop(signal.SIGKILL)
        server.start()
        desk.page.goto(address)
        desk.ready()
        assert desk.text() == written + OPENING
        assert desk.press("undo") == written
        desk.complaints.clear()  # the browser noticed that the server had gone, as it should
    server.stop(signal.SIGKILL)


def test_the_button_writes_on_where_the_text_ends(desk):
    desk.type(OPENING)
    text = desk.write(40)
    assert text.startswith(OPENING)
    assert len(text) >= len(OPENING) + 40
    assert desk.in_the_library() == text


def test_ctrl_enter_writes_on_and_takes_along_what_was_typed_just_now(desk):
    desk.set_length(30)
    desk.paper.click()
    desk.page.keyboard.insert_text(OPENING)
    desk.page.keyboard.press("Control+Enter")
    desk.grows_beyond(len(OPENING))
    desk.ready()
    assert desk.text().startswith(OPENING)
    assert len(desk.text()) >= len(OPENING) + 30
    assert desk.press("undo") == OPENING


def test_stop_ends_at_once_and_page_and_library_agree(desk):
    desk.type(OPENING)
    desk.set_length(100_000)
    desk.page.locator("#continue").click()
    desk.grows_beyond(len(OPENING) + 10)
    expect(desk.paper).to_have_attribute("aria-readonly", "true")
    desk.page.evaluate(
        "window.seen = []; setInterval(() => seen.push(document.getElementById('status').innerText), 5)"
    )
    desk.page.locator("#stop").click()
    expect(desk.status).to_contain_text("已停止", timeout=PATIENCE_MS)
    assert all(text.strip() for text in desk.page.evaluate("seen"))  # stopping itself empties nothing
    desk.ready()
    expect(desk.paper).to_have_attribute("aria-readonly", "false")
    stopped = desk.text()
    assert desk.in_the_library() == stopped
    desk.page.wait_for_timeout(500)
    assert desk.text() == stopped
    assert desk.press("undo") == OPENING
    assert desk.in_the_library() == OPENING
    assert desk.press("redo") == stopped
    assert desk.in_the_library() == stopped


def test_what_got_no_answer_is_asked_again(desk):
    """A lid that is closed, or a line that breaks, may take an answer along."""
    lost = []
    closed = 'data: {"msg": "close_stream", "event_id": null}\n\n'

    def lose_the_first(route):
        lost.append(route.request.url)
        route.fulfill(content_type="text/event-stream", body=closed) if len(lost) == 1 else route.continue_()

    desk.page.wait_for_timeout(2000)  # until the line that is open is closed
    desk.page.route("**/queue/data*", lose_the_first)
    desk.type(OPENING)
    assert len(lost) > 1
    assert desk.in_the_library() == OPENING
    lost.clear()
    desk.page.reload()
    desk.ready()
    assert len(lost) > 1
    assert desk.text() == OPENING
    desk.page.unroute("**/queue/data*")


def test_undo_and_redo_walk_over_typing_and_writing_alike(desk):
    desk.type("第一句。")
    written = desk.write(20)
    desk.type("又一句。")
    assert desk.press("undo") == written
    assert desk.press("undo") == "第一句。"
    assert desk.press("undo") == ""
    expect(desk.page.locator("#undo")).to_be_disabled()
    assert desk.press("redo") == "第一句。"
    assert desk.press("redo") == written
    assert desk.press("redo") == written + "又一句。"
    expect(desk.page.locator("#redo")).to_be_disabled()


def test_typing_is_saved_by_itself_and_there_after_a_reload(desk):
    desk.type(OPENING)
    desk.type("他说。")
    assert desk.in_the_library() == OPENING + "他说。"
    desk.page.reload()
    desk.ready()
    assert desk.text() == OPENING + "他说。"


def test_an_input_method_at_work_neither_saves_nor_writes(desk):
    script = """() => {
        const paper = document.querySelector("#sheet");
        paper.focus();
        paper.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
        paper.firstElementChild.textContent = "ni'hao";
        paper.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
            { key: "Enter", ctrlKey: true, bubbles: true, isComposing: true }));
    }"""
    desk.page.evaluate(script)
    desk.page.wait_for_timeout(2500)
    assert desk.in_the_library() == ""
    done = """() => {
        const paper = document.querySelector("#sheet");
        paper.firstElementChild.textContent = "你好";
        paper.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
    }"""
    desk.page.evaluate(done)
    desk.saved()
    assert desk.in_the_library() == "你好"


def test_two_stories_are_kept_apart_and_can_be_changed_between(desk):
    desk.type("甲的正文。")
    first = desk.page.locator("#story input").input_value()
    desk.new_story("另一个故事")
    assert desk.text() == ""
    desk.paper.click()
    desk.page.keyboard.insert_text("乙的正文。")  # not saved yet: changing the story must do it
    desk.page.locator("#story input").click()
    desk.page.get_by_role("option", name=first, exact=True).click()
    desk.shows("甲的正文。")
    desk.page.locator("#story input").click()
    desk.page.get_by_role("option", name="另一个故事", exact=True).click()
    desk.shows("乙的正文。")


def test_a_reload_in_the_middle_of_writing_loses_nothing(desk):
    desk.type(OPENING)
    desk.set_length(100_000)
    desk.page.locator("#continue").click()
    desk.grows_beyond(len(OPENING) + 30)
    desk.page.reload()
    desk.ready()
    text = desk.text()
    assert text.startswith(OPENING)
    assert len(text) > len(OPENING)
    script = "window.novelgpt !== undefined"
    desk.page.wait_for_function(script)
    desk.page.wait_for_timeout(3000)  # time for the server to notice that nobody reads any more
    desk.page.reload()
    desk.ready()
    written = desk.text()
    assert written.startswith(text)
    assert desk.press("undo") == OPENING


def test_an_error_is_one_sentence_and_the_next_try_works(desk):
    desk.type(OPENING)
    desk.page.locator("#dial-seed input, #dial-seed textarea").fill("七")
    desk.page.locator("#continue").click()
    expect(desk.status).to_contain_text("整数", timeout=PATIENCE_MS)
    desk.ready()
    expect(desk.paper).to_have_attribute("aria-readonly", "false")
    assert desk.text() == OPENING
    desk.page.locator("#dial-seed input, #dial-seed textarea").fill("7")
    once = desk.write(25)
    assert desk.press("undo") == OPENING
    assert desk.write(25) == once


def test_markup_in_a_novel_stays_text(desk):
    script = "</textarea><script>window.broken = 1</script><img src=x onerror='window.broken = 1'>"
    desk.type(script)
    desk.new_story(script[:90])
    desk.page.reload()
    desk.ready()
    assert desk.page.evaluate("window.broken") is None
    assert desk.page.locator("#story input").input_value() == script[:90]


def test_the_browser_itself_keeps_no_text(desk):
    desk.type(OPENING)
    desk.write(20)
    script = "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    kept = desk.page.evaluate(script)
    assert OPENING[:4] not in kept
    assert OPENING[:4].encode("unicode_escape").decode() not in kept
    assert desk.page.evaluate("async () => (await indexedDB.databases()).length") == 0


def test_english_by_the_browsers_language(browser, server):
    with sitting_down(browser, server, locale="en-US") as desk:
        for name, word in {"continue": "Continue", "stop": "Stop", "undo": "Undo", "redo": "Redo"}.items():
            expect(desk.page.locator(f"#{name}")).to_have_text(word)
        expect(desk.status).to_contain_text("characters:")
        shown = desk.page.locator("body").inner_text()
        assert "temperature" in shown
        assert not re.search(r"ui\.|dial\.|续写|温度", shown)


def test_chinese_by_any_of_its_names(browser, server):
    with sitting_down(browser, server, locale="zh-HK") as desk:
        expect(desk.page.locator("#continue")).to_have_text("续写")
        shown = desk.page.locator("body").inner_text()
        assert "温度" in shown
        assert not re.search(r"ui\.|dial\.|Continue|temperature", shown)


def test_a_phone_at_night_shows_page_and_buttons_in_the_dark_without_scrolling(browser, server):
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    with sitting_down(browser, server, color_scheme="dark", **phone) as desk:
        assert desk.page.evaluate("document.documentElement.scrollWidth") <= 390
        for part in ("#sheet", "#continue", "#stop", "#undo", "#redo", "#status"):
            box = desk.page.locator(part).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
            assert box["y"] + box["height"] <= 844
        script = """part => getComputedStyle(document.querySelector(part)).backgroundColor
            .match(/\\d+/g).slice(0, 3).map(Number)"""
        for part in ("body", "#sheet"):
            assert max(desk.page.evaluate(script, part)) < 60
