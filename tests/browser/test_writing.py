"""Candidates, other words, gaps, colours and what stands beside a story, in a real Chromium."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.desk import OPENING, PATIENCE_MS, sitting_down

pytestmark = pytest.mark.browser


def characters_by(desk, author):
    """Return the text that is coloured as written by `author`."""
    script = (
        """name => [...(CSS.highlights.get("by-" + name) ?? [])].map(range => range.toString()).join("")"""
    )
    return desk.page.evaluate(script, author)


def propose(desk, button="propose"):
    """Let candidates be written; return how many there are to choose from."""
    desk.page.locator(f"#{button}").click()
    expect(desk.page.locator(".card footer button").first).to_be_visible(timeout=PATIENCE_MS)
    desk.ready()
    return desk.page.locator(".card").count()


def choose(desk, place=0):
    """Take a candidate; return the page with it."""
    before = desk.text()
    desk.page.locator(".card footer button").nth(place).click()
    desk.page.wait_for_function("text => novelgpt.text() !== text", arg=before, timeout=PATIENCE_MS)
    desk.ready()
    return desk.text()


def test_write_stop_undo_retry_choose_edit_branch_reload_and_everything_is_there(desk):
    desk.type(OPENING)
    first = desk.write(20)
    assert desk.press("undo") == OPENING
    assert desk.press("redo") == first
    desk.page.locator("#retry").click()
    desk.page.wait_for_function(  # the old words go first, then new ones come
        "([old, kept]) => novelgpt.text() !== old && novelgpt.text().length > kept.length",
        arg=[first, OPENING],
        timeout=PATIENCE_MS,
    )
    desk.ready()
    second = desk.text()
    assert second.startswith(OPENING)
    assert propose(desk) == 3
    chosen = choose(desk, 1)
    assert chosen.startswith(second)
    expect(desk.page.locator(".card")).to_have_count(0)
    desk.type("又下雨了。")
    text = desk.text()
    desk.page.reload()
    desk.ready()
    assert desk.text() == text == desk.in_the_library()
    for expected in (chosen, second):
        assert desk.press("undo") == expected


def test_one_sentence_of_a_candidate_is_kept(desk):
    desk.type(OPENING)
    desk.set_length(120)
    propose(desk)
    sentence = desk.page.locator(".card").first.locator("[role=button]").first
    wanted = sentence.inner_text()
    sentence.focus()
    desk.page.keyboard.press("Enter")
    desk.shows(OPENING + wanted)
    assert desk.in_the_library() == OPENING + wanted


def test_who_wrote_what_is_told_by_colour_and_stays_so(desk):
    desk.type(OPENING)
    written = desk.write(30)[len(OPENING) :]
    assert characters_by(desk, "model").replace("\n", "") == written.replace("\n", "")
    desk.page.locator("#sheet").press("Control+End")
    for _ in range(5):
        desk.page.keyboard.press("ArrowLeft")
    desk.page.keyboard.insert_text("改")
    desk.saved()
    assert characters_by(desk, "edited") == "改"
    desk.page.reload()
    desk.ready()
    assert characters_by(desk, "edited") == "改"
    assert characters_by(desk, "model").replace("\n", "") == written.replace("\n", "")


def test_a_passage_is_rewritten_and_a_gap_filled(desk):
    text = "雨下了三天。他说不出话来。河水漫过了石桥。"
    desk.type(text)
    desk.set_length(12)
    desk.page.locator("#sheet").press("Control+Home")
    for _ in range(6):
        desk.page.keyboard.press("ArrowRight")
    for _ in range(7):
        desk.page.keyboard.press("Shift+ArrowRight")
    propose(desk, "rewrite")
    new = choose(desk)
    assert (new[:6], new[-8:]) == (text[:6], text[-8:])
    assert desk.press("undo") == text
    desk.page.locator("#sheet").press("Control+Home")
    for _ in range(6):
        desk.page.keyboard.press("ArrowRight")
    propose(desk, "bridge")
    new = choose(desk)
    assert new.startswith(text[:6])
    assert new.endswith(text[6:])
    assert len(new) > len(text)


def test_without_a_selection_there_is_nothing_to_rewrite_and_the_page_goes_on(desk):
    desk.type(OPENING)
    desk.page.locator("#rewrite").click()
    expect(desk.status).to_contain_text("选中", timeout=PATIENCE_MS)
    desk.ready()
    desk.type("他说。")
    assert desk.in_the_library() == OPENING + "他说。"


def test_a_click_into_generated_text_offers_other_words_and_writes_on_from_one(desk):
    desk.type(OPENING)
    written = desk.write(40)
    place = next(place for place in range(len(OPENING), len(written)) if written[place] not in "\n　")
    line, column = written[:place].count("\n"), place - written.rfind("\n", 0, place) - 1
    script = """([line, place]) => {
        const paragraph = document.querySelectorAll("#sheet p")[line], range = document.createRange();
        const node = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT).nextNode();
        range.setStart(node, place); range.setEnd(node, place + 1);
        const box = range.getBoundingClientRect();
        return [box.left + 2, box.top + box.height / 2];
    }"""
    desk.page.locator("#sheet").press("Control+Home")
    x, y = desk.page.evaluate(script, [line, column])
    desk.page.mouse.click(x, y)
    expect(desk.page.locator(".words button[data-press=take]").first).to_be_visible(timeout=PATIENCE_MS)
    other = desk.page.locator(".words button[data-press=take]").nth(1)
    start, _, word = other.get_attribute("data-value").partition(":")
    other.click()
    desk.page.wait_for_function("text => novelgpt.text() !== text", arg=written, timeout=PATIENCE_MS)
    expect(desk.status).to_have_text(re.compile("写了"), timeout=PATIENCE_MS)
    desk.ready()
    assert desk.text().startswith(written[: int(start)] + word)


def test_what_stands_beside_a_story_is_kept_with_it_and_shown_as_it_is_sent(desk):
    desk.type(OPENING)
    desk.page.locator("#context > button, #context .label-wrap").first.click()
    desk.page.locator("#memory textarea").fill("江南")
    desk.page.locator("#note textarea, #note input").fill("阴冷")
    desk.page.locator("#show-told").click()
    expect(desk.page.locator("#told")).to_contain_text("江南", timeout=PATIENCE_MS)
    expect(desk.page.locator("#told")).to_contain_text("石桥")
    desk.new_story("别的故事")
    expect(desk.page.locator("#memory textarea")).to_have_value("", timeout=PATIENCE_MS)


def test_a_style_turns_the_dials(desk):
    desk.page.locator("#style label").nth(2).click()
    expect(desk.page.locator("#dial-temperature input[type=number]")).to_have_value("1", timeout=PATIENCE_MS)
    desk.page.locator("#style label").nth(0).click()
    expect(desk.page.locator("#dial-temperature input[type=number]")).to_have_value(
        "0.8", timeout=PATIENCE_MS
    )


def test_paragraphs_are_made_cut_joined_and_pasted(desk):
    sheet = desk.page.locator("#sheet")
    desk.type("　　雨下了三天。")
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.insert_text("河水漫过了石桥。")
    desk.saved()
    assert (
        desk.text() == "　　雨下了三天。\n　　河水漫过了石桥。"
    )  # a new paragraph is indented like the one before it
    sheet.press("Control+Home")
    sheet.press("End")
    desk.page.keyboard.press("Delete")
    desk.saved()
    assert desk.text() == "　　雨下了三天。　　河水漫过了石桥。"
    desk.page.keyboard.press("Control+z")
    desk.shows("　　雨下了三天。\n　　河水漫过了石桥。")
    desk.page.keyboard.press("Control+y")
    desk.shows("　　雨下了三天。　　河水漫过了石桥。")
    desk.page.keyboard.press("Control+a")
    desk.page.keyboard.press("Backspace")
    desk.shows("")
    paste = """text => {
        const data = new DataTransfer();
        data.setData("text/plain", text);
        data.setData("text/html", "<b>" + text + "</b>");
        document.querySelector("#sheet").dispatchEvent(new InputEvent("beforeinput",
            { inputType: "insertFromPaste", dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    desk.page.evaluate(paste, "甲\r\n乙\n\n丙<b>")
    desk.saved()
    assert desk.text() == desk.in_the_library() == "甲\n乙\n\n丙<b>"
    assert desk.page.locator("#sheet p").count() == 4


def test_two_windows_on_one_story_do_not_overwrite_each_other(browser, server, desk):
    desk.type(OPENING)
    address = desk.page.url.partition("?")[2]
    with sitting_down(browser, server) as other:
        other.open("?" + address)
        assert other.text() == OPENING
        desk.type("甲。")
        other.page.locator("#sheet").click()
        other.page.keyboard.press("Control+End")
        other.page.keyboard.insert_text("乙。")
        expect(other.status.locator(".problem")).to_be_visible(timeout=PATIENCE_MS)
        assert desk.in_the_library() == OPENING + "甲。"


def test_an_english_page_has_english_cards(browser, server):
    with sitting_down(browser, server, locale="en-US") as desk:
        desk.new_story("Rain")
        propose(desk)
        expect(desk.page.locator(".card footer button").first).to_have_text("Keep this one")
        shown = desk.page.locator("body").inner_text()
        assert not re.search(r"ui\.|dial\.|续写|改写", shown)
