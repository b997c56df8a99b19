import ast
import json
import shutil
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from novelgpt.config import SampleConfig, Workspace
from novelgpt.errors import BadModel, Busy, StoryBeingWritten, UnknownModel, UnknownStory
from novelgpt.story.store import StoryStore
from novelgpt.studio import Studio, open_studio
from novelgpt.turns import Turns
from tests.tiny import tiny_model_folder

HOUSE = Path(__file__).parent.parent / "novelgpt"
OPENING = "雨下了三天，"
SOME = SampleConfig(max_chars=40, seed=7, whole_sentences=False)
ENDLESS = SampleConfig(max_chars=100_000, seed=7)


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory):
    return tiny_model_folder(tmp_path_factory.mktemp("model") / "final")


@pytest.fixture
def workspace(tmp_path, tiny_folder):
    shutil.copytree(tiny_folder, tmp_path / "runs" / "tiny" / "final")
    return Workspace(tmp_path)


@pytest.fixture
def studio(workspace):
    with closing(open_studio(workspace)) as studio:
        yield studio


@pytest.fixture
def story(studio):
    story = studio.create_story("渡口")
    studio.save_text(story, OPENING)
    return story


def line(workspace, story):
    with StoryStore(workspace.stories_path) as store:
        return store.passages(store.tip(story))


def kept(workspace, story):
    return "".join(passage.text for passage in line(workspace, story))


def write(studio, story, sample=SOME, **options):
    return "".join(piece.text for piece in studio.continue_story(story, sample, **options))


def test_a_continuation_is_added_to_the_story_piece_by_piece(studio, story):
    written = write(studio, story)
    assert len(written) == 40
    assert studio.text(story) == OPENING + written


def test_the_library_knows_how_a_passage_was_written(studio, story, workspace):
    written = write(studio, story, SampleConfig(max_chars=5))
    passage = line(workspace, story)[-1]
    assert (passage.author, passage.text) == ("model", written)
    assert passage.settings["model"] == "tiny"
    assert passage.settings["max_chars"] == 5
    studio.undo(story)
    assert write(studio, story, SampleConfig(max_chars=5, seed=passage.settings["seed"])) == written


@pytest.mark.parametrize("wanted", [1, 2, 9])
def test_leaving_the_loop_keeps_what_was_written(studio, story, wanted):
    seen = ""
    with closing(studio.continue_story(story, ENDLESS)) as pieces:
        for count, piece in enumerate(pieces, start=1):
            seen += piece.text
            if count == wanted:
                break
    assert studio.text(story) == OPENING + seen


def test_stop_ends_a_continuation_after_the_token_it_is_at(studio, story):
    pieces = []
    for piece in studio.continue_story(story, ENDLESS):
        pieces.append(piece)
        if len(pieces) == 3:
            assert studio.stop(story)
    assert len(pieces) == 3
    assert pieces[-1].finish_reason is None
    assert studio.text(story) == OPENING + "".join(piece.text for piece in pieces)
    assert not studio.stop(story)


def test_who_is_stopped_while_waiting_for_a_turn_leaves_nothing_behind(studio, story, workspace):
    other = studio.create_story("另一个")
    with closing(studio.continue_story(story, ENDLESS)) as first:
        next(first)
        waiting: list[str] = []
        thread = threading.Thread(target=lambda: waiting.append(write(studio, other)))
        thread.start()
        while thread.is_alive() and not studio.stop(other):
            pass
        thread.join()
    assert waiting == [""]
    assert line(workspace, other) == []
    assert not studio.open_story(other).can_undo


def test_undo_takes_back_a_whole_continuation_and_redo_brings_it_back(studio, story):
    written = write(studio, story)
    assert studio.undo(story)
    assert studio.open_story(story).text == OPENING
    assert studio.open_story(story).can_redo
    assert studio.redo(story)
    assert studio.text(story) == OPENING + written
    assert not studio.redo(story)


def test_undo_goes_back_to_the_empty_page_and_no_further(studio, story):
    assert studio.undo(story)
    assert studio.text(story) == ""
    assert not studio.undo(story)
    assert not studio.open_story(story).can_undo


def test_what_is_on_the_page_is_kept_before_anything_else_happens(studio, story):
    assert studio.undo(story, seen=OPENING + "他说")
    assert studio.text(story) == OPENING
    studio.redo(story)
    assert studio.text(story) == OPENING + "他说"
    written = write(studio, story, seen="另起一行，")
    assert studio.text(story) == "另起一行，" + written
    assert not studio.redo(story, seen="又改了")
    assert studio.text(story) == "又改了"


def test_a_page_that_was_not_touched_leaves_redo_as_it_is(studio, story):
    written = write(studio, story)
    studio.undo(story, seen=OPENING + written)
    studio.save_text(story, OPENING)
    assert studio.redo(story, seen=OPENING)
    assert studio.text(story) == OPENING + written


def test_an_edit_in_the_middle_can_be_undone(studio, story):
    written = write(studio, story)
    studio.save_text(story, "雪" + OPENING[1:] + written)
    assert studio.text(story).startswith("雪")
    studio.undo(story)
    assert studio.text(story) == OPENING + written


def test_while_a_model_writes_nobody_else_changes_the_story(studio, story):
    with closing(studio.continue_story(story, ENDLESS)) as pieces:
        seen = next(pieces).text
        for change in (
            lambda: studio.save_text(story, "旧的"),
            lambda: studio.undo(story),
            lambda: studio.redo(story),
            lambda: next(studio.continue_story(story, SOME)),
        ):
            with pytest.raises(StoryBeingWritten):
                change()
        seen += next(pieces).text
    assert studio.text(story) == OPENING + seen
    studio.save_text(story, "现在可以")
    assert studio.text(story) == "现在可以"


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


def test_the_library_is_never_more_than_a_second_behind(workspace):
    clock = Clock()
    with closing(Studio(workspace, clock=clock)) as studio:
        story = studio.create_story("渡口")
        seen, at = [""], [0.0]
        for piece in studio.continue_story(story, SampleConfig(max_chars=60, seed=7)):
            seen.append(seen[-1] + piece.text)
            at.append(clock.seconds)
            on_disk = kept(workspace, story)
            assert on_disk in seen
            assert clock.seconds - at[seen.index(on_disk)] < 1.0 or on_disk == seen[-1]
            clock.seconds += 0.3
        assert kept(workspace, story) == seen[-1]


WRITER = """
import json, pathlib, sys
from novelgpt.config import SampleConfig, Workspace
from novelgpt.studio import open_studio

studio = open_studio(Workspace(pathlib.Path(sys.argv[1])))
story = studio.create_story("长夜")
studio.save_text(story, "夜。")
for piece in studio.continue_story(story, SampleConfig(max_chars=100_000, seed=7)):
    print(json.dumps(piece.text), flush=True)
"""


def test_a_killed_process_leaves_the_story_readable_and_begun(workspace):
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", WRITER, str(workspace.root)], stdout=subprocess.PIPE, text=True
    )
    said = [process.stdout.readline() for _ in range(30)]
    process.kill()
    said += process.communicate()[0].splitlines(keepends=True)
    shown = "".join(json.loads(piece) for piece in said if piece.endswith("\n"))
    with closing(open_studio(workspace)) as studio:
        story = studio.stories()[0].id
        text = studio.text(story)
        assert text.startswith("夜。")
        assert len(text) > len("夜。")
        common = min(len(text) - 2, len(shown))
        assert text[2:][:common] == shown[:common]
        studio.save_text(story, text + "完。")
        assert write(studio, story)


def test_closing_the_studio_keeps_what_is_being_written(workspace):
    studio = open_studio(workspace)
    story = studio.create_story("渡口")
    pieces = studio.continue_story(story, ENDLESS)
    seen = "".join(next(pieces).text for _ in range(20))
    studio.close()
    assert kept(workspace, story) == seen
    assert list(pieces) == []
    assert kept(workspace, story) == seen


def test_two_stories_written_at_once_stay_apart(studio, workspace):
    stories = [studio.create_story(title) for title in ("甲", "乙", "丙")]
    written = {}

    def work(story):
        written[story] = write(studio, story, replace(SOME, max_chars=30, seed=story), seen=f"{story}：")

    threads = [threading.Thread(target=work, args=[story]) for story in stories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for story in stories:
        assert kept(workspace, story) == f"{story}：" + written[story]
        assert len(written[story]) == 30


def test_the_last_story_is_the_one_asked_for_else_the_newest_else_a_first_one(studio):
    first = studio.last_story(None, "无题")
    assert [story.title for story in studio.stories()] == ["无题"]
    second = studio.create_story("第二个")
    assert studio.last_story(first, "无题") == first
    assert studio.last_story(None, "无题") == second
    assert studio.last_story(999, "无题") == second


def test_an_unknown_model_is_refused_and_the_page_is_kept(studio, story):
    with pytest.raises(UnknownModel, match="no-such"):
        write(studio, story, model="no-such", seen="写到这里")
    assert studio.text(story) == "写到这里"
    assert write(studio, story, model="tiny")


def test_a_damaged_model_is_refused_and_the_story_can_go_on(studio, story, workspace):
    damaged = workspace.runs_dir / "damaged" / "final"
    shutil.copytree(workspace.runs_dir / "tiny" / "final", damaged)
    (damaged / "model.safetensors").write_bytes(b"nothing of use")
    with pytest.raises(BadModel):
        write(studio, story, model="damaged")
    assert studio.text(story) == OPENING
    assert write(studio, story, model="tiny")


def test_an_unknown_story_is_refused(studio):
    with pytest.raises(UnknownStory):
        write(studio, 999)
    with pytest.raises(UnknownStory):
        studio.save_text(999, "")


def test_the_default_model_comes_first_and_an_unknown_one_is_refused_at_the_door(workspace):
    shutil.copytree(workspace.runs_dir / "tiny" / "final", workspace.runs_dir / "newer" / "final")
    with closing(open_studio(workspace, default_model="tiny")) as studio:
        assert studio.models()[0].name == "tiny"
        assert "newer" in [info.name for info in studio.models()]
        story = studio.create_story("渡口")
        write(studio, story)
        assert line(workspace, story)[-1].settings["model"] == "tiny"
    with pytest.raises(UnknownModel):
        open_studio(workspace, default_model="no-such")


def test_two_models_are_kept_and_one_trained_anew_is_loaded_anew(studio, workspace, tiny_folder):
    for name in ("b", "c"):
        shutil.copytree(tiny_folder, workspace.runs_dir / name / "final")
    writers = studio._writers
    first = writers.get("tiny")
    second = writers.get("b")
    assert writers.get("tiny") is first
    writers.get("c")
    assert writers.get("tiny") is first
    assert writers.get("b") is not second
    tiny_model_folder(workspace.runs_dir / "tiny" / "final", seed=2)
    assert writers.get("tiny") is not first


def test_opening_a_studio_touches_nothing(tmp_path):
    with closing(open_studio(Workspace(tmp_path / "new"))) as studio:
        assert not (tmp_path / "new").exists()
        assert studio.stories() == []


def test_the_studio_knows_no_face_no_database_and_no_tensors():
    names = set()
    for path in sorted((HOUSE / "studio").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names |= {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name.split(".")[0] for name in names} & {"argparse", "gradio", "fastapi", "sqlite3", "torch"}


def test_a_text_of_no_story_is_written_and_not_kept(studio, workspace):
    pieces = list(studio.write(OPENING, SOME))
    assert "".join(piece.text for piece in pieces)
    assert studio.tokens_written == sum(len(piece.tokens) for piece in pieces) > 0
    assert studio.stories() == []
    assert "".join(piece.text for piece in studio.write(OPENING, SOME)) == "".join(p.text for p in pieces)
    ids = studio.writer().model.tokenizer.encode(OPENING)
    assert list(studio.write(ids, SOME, model="tiny"))


def test_stories_and_other_texts_share_one_queue(studio, story):
    with closing(studio.write(OPENING, ENDLESS, client="program")) as pieces:
        next(pieces)
        second = studio.turns.enter("program")
        assert studio.turns.writing == 1
        waiting = threading.Thread(target=lambda: write(studio, story))
        waiting.start()
        while waiting.is_alive() and not studio.position(story):
            pass
        assert (studio.position(story), second.position) == (2, 1)
        second.leave()
        assert studio.stop(story)
        waiting.join()
    assert studio.turns.writing == studio.position(story) == 0


def test_a_text_whose_turn_was_cancelled_ends_at_its_next_step(studio):
    with studio.turns.enter("program") as turn:
        pieces = studio.write(OPENING, ENDLESS, turn=turn)
        next(pieces)
        turn.cancel()
        assert list(pieces) == []
        assert studio.turns.writing == 1
    assert studio.turns.writing == 0


def test_a_full_queue_refuses_a_story_at_once_and_keeps_what_was_typed(studio, story):
    studio.turns = Turns(most_waiting=0)
    with studio.turns.enter("program"), pytest.raises(Busy):
        write(studio, story, seen="改过的开头")
    assert studio.text(story) == "改过的开头"
    assert not studio.open_story(story).being_written
