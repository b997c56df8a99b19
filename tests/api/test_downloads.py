"""Stories handed out as files."""

import io
import zipfile
from urllib.parse import unquote

import pytest

TEXT = "第一回 雨夜\n　　雨下了三天，河水漫过了石桥。\n第二回 渡口\n　　他站在桥头。<b>"


@pytest.fixture
def story(server):
    story = server.studio.create_story("渡口/../夜雨")
    server.studio.save_text(story, TEXT)
    return story


def test_a_story_is_handed_out_as_text(server, story):
    status, headers, body = server.ask("GET", f"/download/story/{story}/txt")
    assert status == 200
    assert "河水漫过了石桥" in body
    name = unquote(headers["content-disposition"].partition("''")[2])
    assert name.endswith(".txt")
    assert "/" not in name
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("form", ["epub", "docx"])
def test_a_story_is_handed_out_as_a_book(server, story, form):
    with server.asking("GET", f"/download/story/{story}/{form}") as answer:
        assert answer.status == 200
        assert zipfile.ZipFile(io.BytesIO(answer.read())).testzip() is None


def test_one_chapter_is_handed_out_alone(server, story):
    body = server.ask("GET", f"/download/story/{story}/txt?section=1")[2]
    assert "他站在桥头" in body
    assert "石桥" not in body


@pytest.mark.parametrize(
    "path", ["999999/txt", "{story}/exe", "{story}/txt?section=99", "{story}/txt?section=-1", "x/txt"]
)
def test_what_is_not_there_is_refused_in_one_sentence(server, story, path):
    status, _, body = server.ask("GET", "/download/story/" + path.format(story=story))
    assert status in (400, 404)
    assert "Traceback" not in body


def test_a_foreign_page_gets_no_story(server, story):
    assert server.ask("GET", f"/download/story/{story}/txt", host="evil.example")[0] == 400
