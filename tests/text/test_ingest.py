"""Files and folders → chapters, train.json and a report."""

import json
import zipfile
from pathlib import Path

import pytest

from novelgpt.errors import BadValue, FileMissing, FolderUnwritable, NothingIngested, NothingToRead
from novelgpt.text.chapter import read_chapters
from novelgpt.text.ingest import BookIngested, BookRefused, IngestFinished, ingest
from novelgpt.text.ingesting.find import find_books
from novelgpt.text.ingesting.library import safe_name
from novelgpt.text.markers import unmark
from novelgpt.text.rules import user_rules
from tests.text.formats.test_epub import chapter, write_epub
from tests.text.ingesting.test_sketch import long_text
from tests.text.samples import SIMPLIFIED, TRADITIONAL, novel, prose

BOOK = novel("第一章 灯", "第二章 信")


@pytest.fixture
def raw_dir(tmp_path):
    folder = tmp_path / "raw"
    (folder / "inner").mkdir(parents=True)
    (folder / "夜路.txt").write_bytes(BOOK.encode("gb18030"))
    (folder / "inner" / "水边_无名.TXT").write_text(novel("第一回 山", "第二回 水"), encoding="utf-8")
    write_epub(folder / "灯.epub", {"a.xhtml": chapter("第一章 灯"), "b.xhtml": chapter("第二章 信")})
    (folder / "notes.log").write_text("no novel", encoding="utf-8")
    (folder / ".hidden.txt").write_text("no novel", encoding="utf-8")
    return folder


@pytest.fixture
def out_dir(tmp_path):
    return tmp_path / "corpus"


def report_of(out_dir):
    return json.loads((out_dir / "ingest-report.json").read_text(encoding="utf-8"))


def chapter_names(out_dir):
    return sorted(path.name for path in (out_dir / "chapters").iterdir())


def test_a_folder_becomes_chapters_train_json_and_a_report(raw_dir, out_dir):
    events = list(ingest([raw_dir], out_dir))
    assert [type(event) for event in events] == [BookIngested] * 3 + [IngestFinished]
    assert [(event.index, event.total) for event in events[:-1]] == [(0, 3), (1, 3), (2, 3)]
    assert chapter_names(out_dir) == [
        "夜路-2.jsonl",
        "夜路.jsonl",
        "水边.jsonl",
    ]  # two books say they are 夜路
    assert events[-1].report.to_dict()["chapters"] == 6
    assert report_of(out_dir)["ingested"] == 3
    assert (out_dir / "ingest-report.html").exists()


def test_the_chapters_on_disk_are_the_chapters_of_the_events(raw_dir, out_dir):
    for event in ingest([raw_dir], out_dir):
        if isinstance(event, BookIngested):
            told = [(c.kind, c.number, c.title, len(c.text)) for c in read_chapters(event.output_path)]
            assert told == [(row.kind, row.number, row.title, row.characters) for row in event.book.table]


def test_train_json_holds_every_chapter_and_reads_back(raw_dir, out_dir):
    (raw_dir / "夜路.txt").write_text(BOOK + "　　他写下[SEP]和[MASK]两个字。\n", encoding="utf-8")
    list(ingest([raw_dir], out_dir))
    train = json.loads((out_dir / "train.json").read_text(encoding="utf-8"))
    files = sorted((out_dir / "chapters").glob("*.jsonl"))
    assert [unmark(item) for item in train] == [
        chapter.whole() for file in files for chapter in read_chapters(file)
    ]
    assert all(item.startswith("[MASK]") and item.endswith("[CLS]") for item in train)


def test_train_json_also_holds_the_books_of_earlier_runs(raw_dir, out_dir):
    list(ingest([raw_dir / "夜路.txt"], out_dir))
    list(ingest([raw_dir / "inner"], out_dir))
    assert len(json.loads((out_dir / "train.json").read_text(encoding="utf-8"))) == 4


def test_a_volume_without_text_is_a_line_and_empty_front_matter_is_none(tmp_path, out_dir):
    path = tmp_path / "夜路.txt"
    path.write_text("第一卷 山\n" + BOOK + "第二卷 水\n" + BOOK, encoding="utf-8")
    list(ingest([path], out_dir))
    train = json.loads((out_dir / "train.json").read_text(encoding="utf-8"))
    assert train[0] == "[MASK]第一卷 山[CLS]"
    assert len(train) == 6


def test_one_bad_file_never_stops_the_others(raw_dir, out_dir):
    (raw_dir / "a.txt").write_bytes(b"")
    (raw_dir / "b.epub").write_bytes(b"broken")
    (raw_dir / "c.txt").write_bytes(b"PK\x03\x04zip")
    events = list(ingest([raw_dir], out_dir))
    refused = {Path(event.path).name: event.reason.key for event in events if isinstance(event, BookRefused)}
    assert refused == {"a.txt": "text.empty", "b.epub": "text.bad_epub", "c.txt": "text.disguised"}
    assert events[-1].report.to_dict()["ingested"] == 3


def test_a_file_that_vanishes_on_the_way_is_refused(raw_dir, out_dir):
    events = ingest([raw_dir], out_dir)
    first = next(events)
    (raw_dir / "灯.epub").unlink()
    refused = [event for event in events if isinstance(event, BookRefused)]
    assert isinstance(first, BookIngested)
    assert [(Path(event.path).name, event.reason.key) for event in refused] == [("灯.epub", "text.unopened")]


def test_a_damaged_file_is_refused_unless_loss_is_allowed(tmp_path, out_dir):
    path = tmp_path / "夜路.txt"
    path.write_bytes(BOOK.encode("gb18030").replace("山，".encode("gb18030"), b"\xff\xff", 1))
    with pytest.raises(NothingIngested) as error:
        list(ingest([path], out_dir))
    assert "--allow-loss" in error.value.sentence("en")
    assert not (out_dir / "train.json").exists()
    ingested, finished = ingest([path], out_dir, allow_loss=True)
    assert ingested.book.lost_characters == 2
    assert finished.report.to_dict()["lost_characters"] == 2
    assert "\ufffd" in next(read_chapters(ingested.output_path)).text


def test_nothing_ingested_names_the_first_reason_and_still_leaves_a_report(tmp_path, out_dir):
    path = tmp_path / "夜路.mobi"
    path.write_bytes(b"PK")
    with pytest.raises(NothingIngested) as error:
        list(ingest([path], out_dir))
    assert ".txt .epub" in error.value.sentence("zh")
    assert report_of(out_dir)["books"][0]["reason"]["en"].startswith(".mobi")


def test_paths_that_are_not_there_or_hold_nothing_are_said(tmp_path, out_dir):
    with pytest.raises(FileMissing):
        list(ingest([tmp_path / "nowhere.txt"], out_dir))
    (tmp_path / "empty").mkdir()
    for asked in (tmp_path / "empty", str(tmp_path / "*.txt")):
        with pytest.raises(NothingToRead):
            list(ingest([asked], out_dir))
    assert not out_dir.exists()


def test_files_folders_and_globs_name_each_file_once(raw_dir):
    found = find_books([raw_dir / "夜路.txt", str(raw_dir / "*.txt"), raw_dir, str(raw_dir / "**" / "*.TXT")])
    assert [path.name for path in found] == ["夜路.txt", "水边_无名.TXT", "灯.epub"]


def test_a_file_whose_name_looks_like_a_glob_is_a_file(tmp_path):
    path = tmp_path / "[完结]夜路.txt"
    path.write_text(BOOK, encoding="utf-8")
    assert find_books([str(path)]) == [path]


def test_a_dry_run_tells_the_same_and_writes_nothing(raw_dir, out_dir):
    dry = list(ingest([raw_dir], out_dir, dry_run=True))
    assert not out_dir.exists()
    wet = list(ingest([raw_dir], out_dir))
    assert [event.book for event in dry[:-1]] == [event.book for event in wet[:-1]]
    assert all(event.output_path is None for event in dry[:-1])


def test_the_same_file_run_again_overwrites_its_own(raw_dir, out_dir):
    list(ingest([raw_dir], out_dir))
    before = {name: (out_dir / "chapters" / name).read_bytes() for name in chapter_names(out_dir)}
    list(ingest([raw_dir], out_dir))
    assert {name: (out_dir / "chapters" / name).read_bytes() for name in chapter_names(out_dir)} == before


def test_two_books_of_one_name_do_not_overwrite_each_other(tmp_path, out_dir):
    one, two = tmp_path / "1" / "夜路.txt", tmp_path / "2" / "夜路.txt"
    for path, book in ((one, BOOK), (two, novel("第一回 山", "第二回 水"))):
        path.parent.mkdir()
        path.write_text(book, encoding="utf-8")
        list(ingest([path], out_dir))
    assert chapter_names(out_dir) == ["夜路-2.jsonl", "夜路.jsonl"]
    one.write_text(BOOK + prose(), encoding="utf-8")  # an edited book is still the same book
    list(ingest([one], out_dir))
    assert chapter_names(out_dir) == ["夜路-2.jsonl", "夜路.jsonl"]


def test_a_foreign_file_in_the_chapters_folder_is_left_alone(tmp_path, out_dir):
    path = tmp_path / "夜路.txt"
    path.write_text(BOOK, encoding="utf-8")
    list(ingest([path], out_dir))
    (out_dir / "ingest-report.json").write_text("{}", encoding="utf-8")
    other = tmp_path / "other.txt"
    other.write_text("《夜路》\n" + BOOK, encoding="utf-8")
    list(ingest([other], out_dir))
    assert chapter_names(out_dir) == ["夜路-2.jsonl", "夜路.jsonl"]


@pytest.mark.parametrize("engine", ["local", "ray"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning")
def test_any_engine_takes_the_same_books_in_the_same_order(raw_dir, tmp_path, engine):
    if engine == "ray":
        pytest.importorskip("ray").init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    (raw_dir / "a.txt").write_bytes(b"")
    try:
        alone = list(ingest([raw_dir], tmp_path / "alone"))
        together = list(ingest([raw_dir], tmp_path / "together", engine=engine, jobs=2))
    finally:
        if engine == "ray":
            pytest.importorskip("ray").shutdown()
    assert [getattr(event, "book", event) for event in together[:-1]] == [
        getattr(event, "book", event) for event in alone[:-1]
    ]
    assert together[-1].report.to_dict() == alone[-1].report.to_dict()
    names = [path.relative_to(tmp_path / "alone") for path in sorted((tmp_path / "alone").rglob("*.jsonl"))]
    assert len(names) == 3
    for name in [*names, Path("train.json"), Path("ingest-report.json")]:
        assert (tmp_path / "alone" / name).read_bytes() == (tmp_path / "together" / name).read_bytes()


def test_a_named_encoding_is_used_and_an_unknown_one_refused(tmp_path, out_dir):
    path = tmp_path / "夜路.txt"
    path.write_bytes(BOOK.encode("gb18030"))
    event, _ = ingest([path], out_dir, encoding="GBK")
    assert next(read_chapters(event.output_path)).source.encoding == "gbk"
    with pytest.raises(BadValue):
        list(ingest([path], out_dir, encoding="klingon"))


def test_the_report_escapes_what_files_say_of_themselves(tmp_path, out_dir):
    path = tmp_path / "<b>夜路.txt"
    path.write_text("书名：<script>alert(1)</script>\n作者：<i>\n\n" + BOOK, encoding="utf-8")
    (tmp_path / "<i>.txt").write_bytes(b"")
    list(ingest([tmp_path], out_dir))
    page = (out_dir / "ingest-report.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;" in page
    assert not any(tag in page for tag in ("<script", "<b>夜路", "<i>"))


@pytest.mark.parametrize(("lang", "word"), [("zh", "收书报告"), ("en", "Ingest report")])
def test_the_report_speaks_the_language_asked_for(raw_dir, out_dir, lang, word):
    list(ingest([raw_dir], out_dir, lang=lang))
    assert word in (out_dir / "ingest-report.html").read_text(encoding="utf-8")


def test_the_report_counts_what_was_removed_and_which_numbers_are_wrong(tmp_path, out_dir):
    path = tmp_path / "夜路.txt"
    path.write_text(novel("第一章 灯", "第三章 信", "第三章 门", "第四章 路"), encoding="utf-8")
    list(ingest([path], out_dir))
    (book,) = report_of(out_dir)["books"]
    assert (book["missing_numbers"], book["duplicate_numbers"]) == ([2], [3])
    assert book["removed"]["indents"] == 12
    assert (book["encoding"], book["confidence"], book["size_bytes"]) == ("utf-8", 1.0, path.stat().st_size)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("夜路", "夜路"),
        ("a/b\\c:d*e", "a_b_c_d_e"),
        ("..", "_"),
        ("", "_"),
        ("CON", "_CON"),
        ("夜路. ", "夜路"),
        ("夜" * 100, "夜" * 53),
    ],
)
def test_a_title_becomes_a_name_every_system_accepts(title, name):
    assert safe_name(title) == name


def test_leaving_early_keeps_whole_books_and_the_next_run_goes_on(raw_dir, out_dir):
    events = ingest([raw_dir], out_dir)
    first = next(events)
    events.close()
    assert chapter_names(out_dir) == [first.output_path.name]
    assert len(list(read_chapters(first.output_path))) == first.book.chapters
    again = [event for event in ingest([raw_dir], out_dir) if isinstance(event, BookIngested)]
    assert [event.fresh for event in again] == [False, True, True]


def story(seed: int, chapters: int = 3) -> str:
    """A book of its own, long enough to be told from others."""
    return "".join(
        f"第{index}章\n\n　　{long_text(10 * seed + index, 600)}。\n" for index in range(1, chapters + 1)
    )


def run(*paths, out, **options):
    return [event for event in ingest(paths, out, **options) if not isinstance(event, IngestFinished)]


@pytest.fixture
def one(tmp_path):
    path = tmp_path / "一.txt"
    path.write_text(story(1), encoding="utf-8")
    return path


def test_running_again_redoes_only_what_changed(tmp_path, out_dir, one):
    two = tmp_path / "二.txt"
    two.write_text(story(2), encoding="utf-8")
    run(one, two, out=out_dir)
    made = {name: (out_dir / "chapters" / name).stat().st_mtime_ns for name in chapter_names(out_dir)}
    two.write_text(story(2, chapters=4), encoding="utf-8")
    assert [(event.fresh, event.book.chapters) for event in run(one, two, out=out_dir)] == [
        (False, 3),
        (True, 4),
    ]
    assert (out_dir / "chapters/一.jsonl").stat().st_mtime_ns == made["一.jsonl"]
    assert len(json.loads((out_dir / "train.json").read_text(encoding="utf-8"))) == 7
    assert report_of(out_dir)["chapters"] == 7  # the report tells of the unchanged book too


@pytest.mark.parametrize("change", [{"allow_loss": True}, {"script": "traditional"}, {"encoding": "utf-8"}])
def test_other_settings_redo_everything(out_dir, one, change):
    run(one, out=out_dir)
    assert [event.fresh for event in run(one, out=out_dir, **change)] == [True]
    assert [event.fresh for event in run(one, out=out_dir, **change)] == [False]


def test_chapters_that_were_deleted_are_made_again(out_dir, one):
    run(one, out=out_dir)
    (out_dir / "chapters/一.jsonl").unlink()
    assert [event.fresh for event in run(one, out=out_dir)] == [True]
    assert chapter_names(out_dir) == ["一.jsonl"]


def test_a_book_that_changes_its_title_leaves_no_old_copy(out_dir, one):
    run(one, out=out_dir)
    one.write_text("《新名》\n\n" + story(1), encoding="utf-8")
    run(one, out=out_dir)
    assert chapter_names(out_dir) == ["新名.jsonl"]


def test_the_same_book_under_another_name_and_encoding_is_taken_in_once(tmp_path, out_dir, one):
    other = tmp_path / "又一.txt"
    other.write_bytes(story(1).replace("。", "，").encode("gb18030"))
    first, second = run(one, other, out=out_dir)
    assert isinstance(first, BookIngested)
    assert second.reason.key == "text.same_book"
    assert str(one) in second.reason.text("zh")
    assert chapter_names(out_dir) == ["一.jsonl"]
    with pytest.raises(NothingIngested, match=r"一\.jsonl"):  # in a later run too
        run(other, out=out_dir)
    (out_dir / "chapters/一.jsonl").unlink()  # the cure that the sentence names
    assert [type(event) for event in run(other, out=out_dir)] == [BookIngested]


def test_of_two_copies_the_fuller_stays_whatever_their_order(tmp_path, out_dir, one):
    one.write_text(story(1, chapters=8), encoding="utf-8")
    fuller = tmp_path / "全.txt"
    fuller.write_text(story(1, chapters=9), encoding="utf-8")
    run(one, fuller, out=out_dir)
    assert chapter_names(out_dir) == ["全.jsonl"]
    told = report_of(out_dir)
    assert (told["ingested"], told["refused"], told["chapters"]) == (1, 1, 9)
    assert "全.txt" in told["books"][0]["reason"]["zh"]
    assert [type(event) for event in run(one, fuller, out=out_dir)] == [BookRefused, BookIngested]
    fuller.unlink()
    (out_dir / "chapters/全.jsonl").unlink()
    assert [type(event) for event in run(one, out=out_dir)] == [BookIngested]  # nothing fuller is left


def test_a_file_that_moved_keeps_its_one_place(tmp_path, out_dir, one):
    run(one, out=out_dir)
    moved = tmp_path / "书架" / "一.txt"
    moved.parent.mkdir()
    one.rename(moved)
    assert [type(event) for event in run(moved, out=out_dir)] == [BookIngested]
    assert chapter_names(out_dir) == ["一.jsonl"]


def test_a_chapter_told_twice_is_left_out_logged_and_brought_back_on_request(tmp_path, out_dir):
    path = tmp_path / "环.txt"
    path.write_text(story(1) + story(1).split("第2章")[0].replace("第1章", "第4章"), encoding="utf-8")
    (event,) = run(path, out=out_dir)
    assert (event.book.chapters, event.book.removed["repeated_chapter"]) == (3, 1)
    log = out_dir / "removed/环.jsonl"
    (removal,) = [json.loads(row) for row in log.read_text(encoding="utf-8").splitlines()]
    assert removal["text"].startswith("第4章\n")
    raw_lines = path.read_text(encoding="utf-8").split("\n")
    assert raw_lines[removal["line"]] == "第4章"
    (event,) = run(path, out=out_dir, rules=user_rules(None, [], [log], ()))
    assert event.book.chapters == 4
    assert not log.exists()  # nothing is removed now, so there is nothing to log


def test_a_book_is_converted_when_asked(tmp_path, out_dir):
    path = tmp_path / "夜路.txt"
    path.write_text(novel("第一章 燈", paragraphs=9).replace(SIMPLIFIED[0], TRADITIONAL[0]), encoding="utf-8")
    (event,) = run(path, out=out_dir, script="simplified")
    (first,) = read_chapters(event.output_path)
    assert first.title == "第一章 灯"
    assert "漸" not in first.text


def test_a_zip_gives_a_book_a_member_and_one_bad_member_stops_no_other(tmp_path, out_dir):
    path = tmp_path / "书.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("一.txt", story(1).encode("gb18030"))
        archive.writestr("坏.txt", b"")
        archive.writestr("二.txt", story(2).encode("big5hkscs", "ignore"))
    events = run(path, out=out_dir, allow_loss=True)
    assert [type(event) for event in events] == [BookIngested, BookRefused, BookIngested]
    assert [
        event.fresh for event in run(path, out=out_dir, allow_loss=True) if isinstance(event, BookIngested)
    ] == [False] * 2


def test_a_folder_that_cannot_be_written_is_said(tmp_path, one):
    blocked = tmp_path / "corpus"
    blocked.write_text("a file, not a folder", encoding="utf-8")
    with pytest.raises(FolderUnwritable):
        run(one, out=blocked)


def test_what_a_dead_run_left_half_made_is_cleared(out_dir, one):
    ready = out_dir / ".ingest" / "ready"
    ready.mkdir(parents=True)
    (ready / "half.jsonl").write_text("{", encoding="utf-8")
    run(one, out=out_dir)
    assert list(ready.iterdir()) == []
