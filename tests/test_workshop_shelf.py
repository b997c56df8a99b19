"""Books, vocabulary, models and scores of the workshop, on real folders and files."""

import os
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from novelgpt import cli
from novelgpt.errors import BadValue, UnknownModel
from novelgpt.model.known import EMBEDDED
from novelgpt.model.running.process import mark_of
from novelgpt.studio import corpus_desk
from novelgpt.studio.corpus_desk import TooMuchAtOnce, UnknownBook, VocabularyUnderWay
from novelgpt.studio.model_shelf import BuiltInModel
from novelgpt.studio.running import Child
from novelgpt.studio.score_board import FIGURES, ScoringUnderWay
from novelgpt.studio.training import (
    BadRunName,
    NameTaken,
    TrainingUnderWay,
    UnknownRun,
)
from novelgpt.studio.workshop import Workshop
from novelgpt.text.chapter import Chapter, write_chapters
from novelgpt.tokens.shards import build_shards, held_out_chapters, read_all
from tests.tiny import TALE, tiny_model_folder, tiny_tokenizer
from tests.workshops import PATIENCE_SECONDS


def novel(title, chapters=4):
    text = "".join(f"第{n}章 {title}{n}\n\n{TALE * 3}\n" for n in range(1, chapters + 1))
    return text.encode("gb18030")


def test_books_come_in_with_a_report_and_go_aside(workshop, workspace):
    files = [("..\\..\\夜航.txt", novel("夜航")), ("图片.png", b"\x89PNG\r\n"), ("空.txt", b"")]
    events = list(workshop.ingest(files))
    assert [event.done for event in events] == [1, 2, 3, 3]
    last = events[-1]
    assert last.finished
    assert [book.title for book in last.books] == ["夜航"]
    assert [name for name, _ in last.refused] == ["图片png", "空.txt"]
    assert all(reason.text("zh") for _, reason in last.refused)
    uploaded = {path.name for path in (workspace.corpus_dir / "uploads").iterdir()}
    assert uploaded == {"夜航.txt", "图片png", "空.txt"}
    assert not (workspace.root.parent / "夜航.txt").exists()
    (book,) = [book for book in workshop.books() if book.title == "夜航"]
    assert (book.id, book.encoding, book.lost) == ("chapters/夜航.jsonl", "gb18030", 0)
    assert (book.chapters, book.characters) == (last.books[0].chapters, last.books[0].characters)
    assert workshop.book_paths([book.id]) == (book.path,)
    content = book.path.read_bytes()
    assert workshop.remove_book(book.id).read_bytes() == content
    assert "夜航" not in [book.title for book in workshop.books()]
    for strange in (book.id, "../渡口.jsonl", "chapters/../../x", "", "chapters/"):
        with pytest.raises(UnknownBook):
            workshop.remove_book(strange)
    again = list(workshop.ingest(files[:1]))[-1]
    assert [book.title for book in again.books] == ["夜航"]


def test_files_that_are_all_refused_are_told_and_too_many_are_not_taken(workshop, monkeypatch):
    last = list(workshop.ingest([("空.txt", b"")]))[-1]
    assert (last.finished, last.books, len(last.refused)) == (True, (), 1)
    lossy = "第1章\n".encode() + TALE.encode() * 20 + b"\xff\xfe\xfd" + TALE.encode()
    assert not list(workshop.ingest([("损.txt", lossy)]))[-1].books
    assert list(workshop.ingest([("损.txt", lossy)], allow_loss=True))[-1].books
    assert [book.lost > 0 for book in workshop.books() if book.id == "chapters/损.jsonl"] == [True]
    with pytest.raises(TooMuchAtOnce):
        next(workshop.ingest([("短.txt", b"x")] * 501))
    monkeypatch.setattr(corpus_desk, "MOST_BYTES", 100)
    with pytest.raises(TooMuchAtOnce):
        next(workshop.ingest([("长.txt", b"x" * 101)]))


def test_a_vocabulary_is_built_beside_the_desk(workshop, workspace):
    assert workshop.vocab().status == "none"
    former = (workspace.vocab_dir / "vocab.txt").read_bytes()
    with pytest.raises(BadValue):
        workshop.build_vocab(12)
    workshop.build_vocab(1000, "en")
    with pytest.raises(VocabularyUnderWay):
        workshop.build_vocab(1000)
    assert Child(workspace.corpus_dir / ".workshop", "vocab").wait(PATIENCE_SECONDS)
    state = workshop.vocab()
    assert (state.status, state.result["size"]) == ("finished", 1000)
    assert (workspace.vocab_dir / "vocab.txt").read_bytes() == former  # a tracked one, in a checkout
    assert len((workspace.own_vocab_dir / "vocab.txt").read_text(encoding="utf-8").splitlines()) == 1000
    assert [book.title for book in workshop.books()] == ["夜雨", "渡口"]
    shutil.rmtree(workspace.chapters_dir)
    workshop.build_vocab(1000, "en")
    assert Child(workspace.corpus_dir / ".workshop", "vocab").wait(PATIENCE_SECONDS)
    assert workshop.vocab().status == "failed"
    assert "novelgpt ingest" in workshop.vocab().reason.text("en")
    assert not workshop.vocab().reason.text("en").startswith("novelgpt:")


def test_models_are_renamed_and_moved_aside_but_never_erased(workshop, workspace):
    tiny_model_folder(workspace.runs_dir / "tiny/final")
    assert workshop.rename("tiny", " 我的  模型 ") == "我的 模型"
    names = [model.name for model in workshop.models()]
    assert names == ["我的 模型", EMBEDDED]
    assert [model.origin for model in workshop.models()] == ["brought", EMBEDDED]
    assert workshop.models()[1].parameters > 1_000_000
    for call in (lambda: workshop.rename(EMBEDDED, "x"), lambda: workshop.delete(EMBEDDED)):
        with pytest.raises(BuiltInModel):
            call()
    tiny_model_folder(workspace.runs_dir / "other/final")
    with pytest.raises(NameTaken):
        workshop.rename("other", "我的 模型")
    with pytest.raises(BadRunName):
        workshop.rename("other", "../up")
    moved = workshop.delete("other")
    assert moved.parent == workspace.runs_dir / "removed"
    assert (moved / "final/model.safetensors").is_file()
    assert [model.name for model in workshop.models()] == ["我的 模型", EMBEDDED]
    assert Workshop(workspace, EMBEDDED).models()[1].is_default
    with pytest.raises(UnknownRun):
        workshop.delete("other")


def test_the_chosen_model_is_remembered_under_whatever_name(workshop, workspace):
    for name in ("tiny", "other"):
        tiny_model_folder(workspace.runs_dir / name / "final")
    assert workshop.default_model is None
    workshop.choose("tiny")
    assert Workshop(workspace).default_model == "tiny"
    workshop.rename("tiny", "新")
    assert Workshop(workspace).default_model == "新"
    assert Workshop(workspace, "other").default_model == "other"
    asked = Workshop(workspace, "other")
    asked.rename("other", "别")
    assert asked.default_model == "别"
    asked.choose("新")
    assert asked.default_model == "新"
    workshop.delete("新")
    assert workshop.default_model is None
    with pytest.raises(UnknownModel):
        workshop.choose("新")


def test_a_model_under_training_stays_where_it_is(workshop, workspace):
    tiny_model_folder(workspace.runs_dir / "tiny/final")
    Child(workspace.runs_dir / "tiny", "studio").note(
        pid=os.getpid(), mark=mark_of(os.getpid()), started_at=0
    )
    for call in (lambda: workshop.rename("tiny", "x"), lambda: workshop.delete("tiny")):
        with pytest.raises(TrainingUnderWay):
            call()
    (workspace.runs_dir / "tiny/studio.json").unlink()


def start_here(child, arguments, **facts):
    """Stand in for a process: what the command says goes to the same log, and it is over at once."""
    child.folder.mkdir(parents=True, exist_ok=True)
    with child.log_path.open("w", encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
        cli.main(arguments)
    child.note(pid=2**22 + 1, mark="gone", started_at=5.0, **facts)


def test_models_are_scored_side_by_side(workshop, workspace, monkeypatch):
    monkeypatch.setattr(Child, "start", start_here)
    tiny_model_folder(workspace.runs_dir / "tiny/final")
    long = [Chapter(f"第{n}章", TALE * 6, index=n, book="长夜") for n in range(2)]
    write_chapters(workspace.chapters_dir / "长夜.jsonl", long)
    assert workshop.scores() == []
    with pytest.raises(BadValue):
        workshop.score("tiny", 0)
    with pytest.raises(UnknownBook):
        workshop.score("tiny", 1, "chapters/none.jsonl")
    workshop.score("tiny", 1, "chapters/长夜.jsonl", "en")
    (row,) = workshop.scores()
    assert (row.model, row.chapters, row.text) == ("tiny", 1, "长夜")
    assert set(row.figures) == set(FIGURES)
    assert "continuations|" in row.signature
    assert Workshop(workspace).scores() == [row]  # kept, and once
    assert workshop.scoring() == {}
    Child(workspace.runs_dir / "tiny", "score").note(pid=os.getpid(), mark=mark_of(os.getpid()))
    assert workshop.scoring()["tiny"].status == "running"
    with pytest.raises(ScoringUnderWay):
        workshop.score("tiny", 1)


def test_a_run_is_scored_on_what_it_held_out_itself(workshop, workspace, monkeypatch):
    begun = []
    monkeypatch.setattr(Child, "start", lambda self, arguments, **facts: begun.append(arguments))
    story = workspace.corpus_dir / "mine/书.jsonl"
    write_chapters(story, [Chapter(f"第{n}章", TALE, index=n, book="书") for n in range(5)])
    run_dir = workspace.runs_dir / "书"
    build_shards([story], tiny_tokenizer(), run_dir / "data", held_out=0.1)
    tiny_model_folder(run_dir / "final")
    Child(run_dir, "studio").note(order={"chapters": [str(story)]})
    workshop.score("书", 3)
    (arguments,) = begun
    held_out = read_all([Path(arguments[arguments.index("--chapters") + 1])])
    assert held_out == held_out_chapters(run_dir / "data", [story])
    assert 0 < len(held_out) < 5
    story.unlink()
    workshop.score("书", 3)
    assert "--chapters" not in begun[1]
