"""The handlers of the corpus, training, score and model pages on real folders; the components are stood in for by names."""

import asyncio
import os
import re
import shutil
import time
from contextlib import closing
from dataclasses import fields

import gradio as gr
import pytest
from gradio.i18n import I18nData
from hypothesis import given, settings
from hypothesis import strategies as st

from novelgpt.config import Workspace
from novelgpt.messages import LANGUAGES
from novelgpt.model.known import EMBEDDED
from novelgpt.model.running.process import mark_of
from novelgpt.studio import open_studio
from novelgpt.studio.model_shelf import Comparison
from novelgpt.studio.running import Child
from novelgpt.studio.workshop import Workshop
from novelgpt.text.chapter import Chapter, write_chapters
from novelgpt.ui import corpus_tab, models_tab, score_tab, train_tab
from novelgpt.ui.language import LOCALES
from novelgpt.ui.page import translations
from novelgpt.ui.run_view import clock, comparison_view, curves_svg, run_view
from tests.model.runs import finish, tiny_config, tiny_shards
from tests.tiny import TALE
from tests.ui.test_desk import Visitor

TABS = {
    corpus_tab: (corpus_tab.CorpusTab, corpus_tab.CorpusParts),
    train_tab: (train_tab.TrainTab, train_tab.TrainParts),
    score_tab: (score_tab.ScoreTab, score_tab.ScoreParts),
    models_tab: (models_tab.ModelsTab, models_tab.ModelParts),
}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def done_run(tmp_path_factory):
    """A run that was begun on the command line and is finished."""
    folder = tmp_path_factory.mktemp("done")
    finish(tiny_config(), tiny_shards(folder), folder / "run")
    return folder / "run"


@pytest.fixture
def studio(tmp_path, done_run):
    workspace = Workspace(tmp_path)
    for book in ("渡口", SCRIPT):
        chapters = [Chapter(f"第{n}章", TALE, index=n, book=book) for n in range(3)]
        write_chapters(workspace.chapters_dir / f"{len(book)}.jsonl", chapters)
    shutil.copytree(done_run, workspace.runs_dir / "旧练")
    with closing(open_studio(workspace)) as studio:
        yield studio


@pytest.fixture
def page(studio):
    def made(module):
        tab, parts = TABS[module]
        return tab(studio, parts(**{field.name: field.name for field in fields(parts)}))

    return made


def call(tab, handler, *values, accept=""):
    """What the page shows after a handler has run."""
    shown = {}
    for update in tab.handler(handler)(Visitor(accept), *values):
        for part, value in update.items():
            if isinstance(value, dict):
                shown[part] = {**(shown[part] if isinstance(shown.get(part), dict) else {}), **value}
            else:
                shown[part] = value
    return shown


def test_the_corpus_page_shows_books_and_takes_more_in(page, studio, tmp_path):
    tab = page(corpus_tab)
    shown = call(tab, tab.open)
    assert "渡口" in shown["books"]
    assert SCRIPT not in shown["books"]
    assert "&lt;script&gt;" in shown["books"]
    assert not shown["timer"]["active"]
    sent = []
    for name, text in (("夜航.txt", "第1章 启航\n\n" + TALE * 3), ("空.txt", "")):
        novel = studio.workspace.uploads_dir / name[0] / name
        novel.parent.mkdir(parents=True)
        novel.write_bytes(text.encode("gb18030"))
        sent.append({"path": str(novel), "orig_name": name})
    shown = call(tab, tab.take_in, sent, False)
    assert list(studio.workspace.uploads_dir.iterdir()) == []
    assert "1 本书" in shown["status"]
    assert "gb18030" in shown["report"]
    assert "空.txt" in shown["report"]
    assert "夜航" in shown["books"]
    assert shown["drop"] is None
    assert shown["take_in"]["interactive"]
    assert "拖进来" in call(tab, tab.take_in, None, False)["status"]
    other = tmp_path / "别处.txt"
    other.touch()
    assert "没有收到文件" in call(tab, tab.take_in, [str(other), "/etc/passwd"], False)["status"]
    assert other.exists()
    assert "Drop some files" in call(tab, tab.take_in, [], False, accept="en")["status"]


def test_a_book_goes_only_after_a_question(page, studio):
    tab = page(corpus_tab)
    assert "列表" in call(tab, tab.ask, None)["status"]
    (book,) = [book for book in studio.workshop.books() if book.title == "渡口"]
    assert call(tab, tab.ask, book.id)["ask"]["visible"]
    assert not call(tab, tab.keep)["ask"]["visible"]
    assert book.path.exists()
    shown = call(tab, tab.remove, book.id)
    assert not book.path.exists()
    assert "渡口" not in shown["books"]
    assert "removed-books" in shown["status"]
    assert 'role="alert"' in call(tab, tab.remove, "../../x")["status"]


def test_the_vocabulary_is_watched_while_it_is_built(page, studio):
    tab = page(corpus_tab)
    assert "size" in call(tab, tab.build, 12)["status"]
    child = Child(studio.workspace.corpus_dir / ".workshop", "vocab")
    child.note(pid=os.getpid(), mark=mark_of(os.getpid()), started_at=1)
    child.log_path.write_text("[1/2] <b>\n", encoding="utf-8")
    shown = call(tab, tab.look)
    assert shown["timer"]["active"]
    assert not shown["build"]["interactive"]
    assert "&lt;b&gt;" in shown["vocab"]
    child.note(mark="gone")
    child.log_path.write_text('{"size": 50000, "fingerprint": "abc"}\n', encoding="utf-8")
    shown = call(tab, tab.look)
    assert "50,000" in shown["vocab"]
    assert not shown["timer"]["active"]
    child.log_path.write_text("novelgpt: no <b>\n", encoding="utf-8")
    assert "no &lt;b&gt;" in call(tab, tab.look)["vocab"]


def test_the_training_page_offers_everything_and_shows_the_last_run(page, studio):
    studio.save_text(studio.create_story("我的书"), TALE)
    tab = page(train_tab)
    shown = call(tab, tab.open, None, [], "", None, None)
    assert sorted(shown["books"]["value"]) == ["chapters/2.jsonl", f"chapters/{len(SCRIPT)}.jsonl"]
    assert shown["story"]["choices"][0][0] == "我的书"
    assert [value for _, value in shown["base"]["choices"]] == ["", "旧练", EMBEDDED]
    assert shown["base"]["choices"][-1][0] == "自带的模型"
    assert shown["preset"]["choices"][0][1] == "auto"
    assert shown["run"]["value"] == "旧练"
    assert "练成了" in shown["view"]
    assert "<svg" in shown["view"]
    assert not shown["timer"]["active"]
    assert not shown["pause"]["interactive"]
    assert not shown["resume"]["interactive"]
    chosen = (["chapters/2.jsonl", "gone"], EMBEDDED, "99", "旧练")
    again = call(tab, tab.open, "旧练", *chosen, accept="en")
    assert "finished" in again["view"]
    assert again["books"]["value"] == ["chapters/2.jsonl"]
    assert [again[name]["value"] for name in ("base", "story", "learner")] == [EMBEDDED, "1", "旧练"]


def test_an_order_of_the_page_is_examined_and_begun(page, studio, monkeypatch):
    orders, tab = [], page(train_tab)
    monkeypatch.setattr(
        Workshop, "preflight", lambda self, order, lang: orders.append(order) or ["要 3 <分钟>"]
    )
    monkeypatch.setattr(Workshop, "start", lambda self, order, lang: orders.append(order))
    asked = (["chapters/2.jsonl"], " 新 模型 ", "gpt2-tiny", "旧练", 2)
    shown = call(tab, tab.examine, *asked)
    assert "要 3 &lt;分钟&gt;" in shown["examined"]
    assert shown["start"]["interactive"]
    shown = call(tab, tab.start, *asked)
    assert "新 模型" in shown["status"]
    assert orders[0] == orders[1]
    order = orders[0]
    assert (order.name, order.preset, order.minutes, order.init) == ("新 模型", "gpt2-tiny", 2.0, "旧练")
    assert [path.name for path in order.chapters] == ["2.jsonl"]


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (([], "甲", "auto", "", 1), "选书"),
        ((None, "甲", "auto", "", 1), "选书"),
        ((["chapters/none.jsonl"], "甲", "auto", "", 1), "none"),
        ((["chapters/../../x"], "甲", "auto", "", 1), "没有"),
        ((["chapters/2.jsonl"], "../甲", "auto", "", 1), "名字"),
        ((["chapters/2.jsonl"], "", "auto", "", 1), "名字"),
        ((["chapters/2.jsonl"], "甲", "gpt9", "", 1), "gpt2-tiny"),
        ((["chapters/2.jsonl"], "甲", "auto", "", "long"), "minutes"),
        ((["chapters/2.jsonl"], "甲", "auto", "", 0), "minutes"),
        ((["chapters/2.jsonl"], "甲", "auto", "", float("nan")), "minutes"),
        ((["chapters/2.jsonl"], "甲", "auto", "/etc", 1), "/etc"),
        ((["chapters/2.jsonl"], "旧练", "auto", "", 1), "旧练"),
    ],
)
def test_a_bad_order_is_one_sentence_and_begins_nothing(page, studio, asked, word):
    tab = page(train_tab)
    shown = call(tab, tab.start, *asked)
    assert 'role="alert"' in shown["status"]
    assert word in shown["status"]
    assert shown["start"]["interactive"]
    assert [run.name for run in studio.workshop.runs()] == ["旧练"]


def test_a_story_is_learnt_in_one_call(page, studio, monkeypatch):
    told, tab = [], page(train_tab)
    monkeypatch.setattr(Workshop, "learn_my_story", lambda self, *facts: told.append(facts) or "我的书")
    story = studio.create_story("我的书")
    studio.save_text(story, TALE)
    shown = call(tab, tab.learn, str(story), "旧练", 5, accept="en")
    assert told == [(TALE, "我的书", 5.0, "旧练", "en")]
    assert "我的书" in shown["status"]
    for strange in ("99", None, SCRIPT):
        shown = call(tab, tab.learn, strange, None, None)
        assert 'role="alert"' in shown["status"]
        assert SCRIPT not in shown["status"]


def test_a_story_too_short_is_said(page, studio):
    tab = page(train_tab)
    story = studio.create_story("短")
    studio.save_text(story, "雨下了。")
    assert "太短" in call(tab, tab.learn, str(story), None, None)["status"]


def test_the_clock_ticks_only_while_something_runs(page, studio):
    tab = page(train_tab)
    child = Child(studio.workspace.runs_dir / "旧练", "studio")
    child.note(pid=os.getpid(), mark=mark_of(os.getpid()), started_at=time.time() + 5)
    shown = call(tab, tab.watch, "旧练")
    assert shown["timer"]["active"]
    assert shown["pause"]["interactive"]
    assert not shown["resume"]["interactive"]
    assert "正在准备" in shown["view"]
    child.note(mark="gone")
    child.log_path.write_text(f"novelgpt: {SCRIPT}\n")
    long_ago = time.time() - 600
    os.utime(studio.workspace.runs_dir / "旧练/final/model.safetensors", (long_ago - 9, long_ago - 9))
    os.utime(studio.workspace.runs_dir / "旧练/metrics.jsonl", (long_ago, long_ago))
    shown = call(tab, tab.watch, "旧练")
    assert not shown["timer"]["active"]
    assert shown["resume"]["interactive"]
    assert "出错了" in shown["view"]
    assert SCRIPT not in shown["view"]
    assert "管得到" in call(tab, tab.pause, "旧练")["status"]
    assert 'role="alert"' in call(tab, tab.stop, "没有")["status"]
    assert 'role="alert"' in call(tab, tab.resume, None)["status"]


def test_without_runs_the_page_says_how_to_begin(page, studio):
    shutil.rmtree(studio.workspace.runs_dir)
    tab = page(train_tab)
    assert "开始训练" in call(tab, tab.open, "old", None, None, None, None)["view"]


def test_scores_and_curves_stand_side_by_side(page, studio):
    tab = page(score_tab)
    shown = call(tab, tab.open, None, None)
    assert "还没有评过分" in shown["scores"]
    assert shown["runs"]["value"] == ["旧练"]
    assert "<svg" in shown["curves"]
    folder = studio.workspace.runs_dir / "旧练"
    child = Child(folder, "score")
    child.note(pid=os.getpid(), mark=mark_of(os.getpid()), started_at=1, text="渡口")
    child.log_path.write_text("[1/2] continuing\n")
    shown = call(tab, tab.look)
    assert "[1/2]" in shown["status"]
    assert shown["timer"]["active"]
    child.note(mark="gone")
    child.log_path.write_text(
        '{"signature": "s|v:1", "chapters": 2, "bleu": {"zh": {"score": 1.5}}, "chrf": {"score": 9},'
        ' "distinct": {"1": {"score": 0.25}}, "bits_per_character": 7.25, "perplexity": 1234.5}\n'
    )
    shown = call(tab, tab.look)
    for told in ("7.250", "1,23", "1.500", "25.0%", "s|v:1", "渡口"):
        assert told in shown["scores"]
    assert not shown["timer"]["active"]
    child.log_path.write_text("novelgpt: too <short>\n")
    assert "too &lt;short&gt;" in call(tab, tab.look)["status"]
    for strange in ((None, "", 3), ("没有", "", 3), ("旧练", "x", 3), ("旧练", "", 0), ("旧练", "", "many")):
        assert 'role="alert"' in call(tab, tab.start, *strange)["status"]


def test_models_are_shown_renamed_and_deleted_after_a_question(page, studio):
    tab = page(models_tab)
    shown = call(tab, tab.open)
    assert "旧练 ★" in shown["models"]
    assert [name for _, name in shown["picker"]["choices"]] == ["旧练", EMBEDDED]
    assert "自带的模型 ★" in call(tab, tab.choose, EMBEDDED)["models"]
    assert studio.models()[0].name == EMBEDDED
    for bad in (None, "没有"):
        assert 'role="alert"' in call(tab, tab.choose, bad)["status"]
    call(tab, tab.choose, "旧练")
    shown = call(tab, tab.rename, "旧练", "新名")
    assert shown["picker"]["value"] == "新名"
    assert "新名 ★" in shown["models"]
    for bad in ((None, "x"), ("新名", "../x"), (EMBEDDED, "x"), ("没有", "x")):
        assert 'role="alert"' in call(tab, tab.rename, *bad)["status"]
    assert 'role="alert"' in call(tab, tab.ask, None)["status"]
    assert call(tab, tab.ask, "新名")["ask"]["visible"]
    assert not call(tab, tab.keep)["ask"]["visible"]
    shown = call(tab, tab.delete, "新名")
    assert not shown["ask"]["visible"]
    assert [name for _, name in shown["picker"]["choices"]] == [EMBEDDED]
    assert list((studio.workspace.runs_dir / "removed").glob("*/final/model.safetensors"))
    assert 'role="alert"' in call(tab, tab.delete, EMBEDDED)["status"]


def test_a_model_is_exported_from_the_page(page, studio):
    tab = page(models_tab)
    shown = call(tab, tab.export, "旧练", "hf", False)
    assert not shown["export"]["interactive"]
    assert shown["cancel"]["visible"]
    assert shown["timer"]["active"]
    assert "progressbar" in shown["progress"]
    assert "旧练" in shown["progress"]
    assert "一次只能导出一个" in call(tab, tab.export, "旧练", "gguf", False)["status"]
    assert call(tab, tab.open)["cancel"]["visible"]
    assert Child(studio.workspace.root / "exports/.workshop", "export").wait(60)
    shown = call(tab, tab.look)
    assert "旧练-hf" in shown["status"]
    assert shown["export"]["interactive"]
    assert not shown["timer"]["active"]
    assert not shown["cancel"]["visible"]
    assert (studio.workspace.root / "exports/旧练-hf/model.safetensors").is_file()
    for bad in (("旧练", "hf", False), ("旧练", "exe", False), (None, "hf", False), ("没有", "hf", False)):
        assert 'role="alert"' in call(tab, tab.export, *bad)["status"]


def test_how_an_export_ended_is_said(page, studio):
    tab = page(models_tab)
    assert call(tab, tab.look)["status"] == ""
    child = Child(studio.workspace.root / "exports/.workshop", "export")
    child.folder.mkdir(parents=True)
    for said, asked, word in (
        ("novelgpt: no <b>", None, "no &lt;b&gt;"),
        ("reading", None, "忽然没了"),
        ("Interrupted", "cancel", "什么也没留下"),
    ):
        child.log_path.write_text(f"{said}\n", encoding="utf-8")
        child.note(pid=1, mark="gone", started_at=1, model=SCRIPT, path="x", asked=asked)
        assert word in call(tab, tab.look)["status"]
    child.note(pid=os.getpid(), mark=mark_of(os.getpid()), asked=None)
    assert SCRIPT not in call(tab, tab.look)["progress"]


def test_what_was_before_and_after_is_a_table():
    assert comparison_view(None, "zh") == ""
    shown = comparison_view(Comparison(8.5, 7.25, SCRIPT, "雨下了"), "en")
    assert "8.500" in shown
    assert "7.250" in shown
    assert "Before" in shown
    assert SCRIPT not in shown


def test_a_hostile_run_brings_no_tag_into_the_page(studio):
    folder = studio.workspace.runs_dir / "旧练"
    with (folder / "metrics.jsonl").open("a", encoding="utf-8") as log:
        log.write(f'{{"step": 7, "sample": "{SCRIPT}", "copied_share": 0.5}}\n')
        log.write(f'{{"step": 7, "alarm": {{"key": "{SCRIPT}", "facts": {{}}}}}}\n')
    shown = run_view(studio.workshop.state("旧练"), "zh")
    assert SCRIPT not in shown
    assert shown.count("&lt;script&gt;") == 2


@given(
    points=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=2000),
    name=st.text(max_size=10),
)
@settings(deadline=None, max_examples=40)
def test_a_picture_of_any_run_is_small_and_whole(points, name):
    picture = curves_svg("t", [(name, list(enumerate(points))), ("", [])])
    assert len(picture) < 30_000
    assert not re.search(r"nan|inf", picture.replace(name, ""))
    assert picture.count("<svg") == 1
    assert curves_svg("t", [(name, [])]) == ""


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00:00"), (-3, "0:00:00"), (59.6, "0:01:00"), (3661, "1:01:01")]
)
def test_time_left_is_shown_as_a_clock(seconds, shown):
    assert clock(seconds) == shown


async def config_of_the_tabs(studio):
    say = gr.I18n()
    with gr.Blocks() as demo, gr.Tabs():
        for module in TABS:
            with gr.Tab(module.__name__) as tab:
                handler, inputs, outputs = module.lay_out(studio, say)
            tab.select(handler, inputs, outputs, **corpus_tab.QUIET)
    return demo.config


def test_every_word_of_the_tabs_is_there_and_no_event_is_public(studio):
    config = asyncio.run(config_of_the_tabs(studio))
    words = translations().translations_dict
    asked = {
        value.key
        for part in config["components"]
        for value in part["props"].values()
        if isinstance(value, I18nData)
    }
    assert len(asked) >= 20
    for lang in LANGUAGES:
        assert asked <= words[LOCALES[lang]].keys()
    assert len(config["dependencies"]) > 20
    assert all(event["api_visibility"] == "private" for event in config["dependencies"])
