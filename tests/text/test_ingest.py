"""Files and folders → chapters, train.json and a report."""

import json

import pytest

from novelgpt.errors import BadValue, FileMissing, NothingIngested, NothingToRead
from novelgpt.text.chapter import read_chapters
from novelgpt.text.ingest import BookIngested, BookRefused, IngestFinished, find_books, ingest, safe_name
from novelgpt.text.markers import unmark
from novelgpt.text.report import numbering
from novelgpt.text.split import split_chapters
from tests.text.samples import novel, prose
from tests.text.test_epub import chapter, write_epub

BOOK = novel("第一章 灯", "第二章 信")


@pytest.fixture
def raw_dir(tmp_path):
    folder = tmp_path / "raw"
    (folder / "inner").mkdir(parents=True)
    (folder / "夜路.txt").write_bytes(BOOK.encode("gb18030"))
    (folder / "inner" / "水边_无名.TXT").write_text(novel("第一回 山", "第二回 水"), encoding="utf-8")
    write_epub(folder / "灯.epub", {"a.xhtml": chapter("第一章 灯"), "b.xhtml": chapter("第二章 信")})
    (folder / "notes.md").write_text("no novel", encoding="utf-8")
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
            assert list(read_chapters(event.output_path)) == event.chapters


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
    refused = {event.path.name: event.reason.key for event in events if isinstance(event, BookRefused)}
    assert refused == {"a.txt": "text.empty", "b.epub": "text.bad_epub", "c.txt": "text.disguised"}
    assert events[-1].report.to_dict()["ingested"] == 3


def test_a_file_that_vanishes_on_the_way_is_refused(raw_dir, out_dir):
    events = ingest([raw_dir], out_dir)
    first = next(events)
    (raw_dir / "灯.epub").unlink()
    refused = [event for event in events if isinstance(event, BookRefused)]
    assert isinstance(first, BookIngested)
    assert [(event.path.name, event.reason.key) for event in refused] == [("灯.epub", "text.unopened")]


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
    assert "\ufffd\ufffd" in ingested.chapters[0].text


def test_nothing_ingested_names_the_first_reason_and_still_leaves_a_report(tmp_path, out_dir):
    path = tmp_path / "夜路.docx"
    path.write_bytes(b"PK")
    with pytest.raises(NothingIngested) as error:
        list(ingest([path], out_dir))
    assert ".txt .epub" in error.value.sentence("zh")
    assert report_of(out_dir)["books"][0]["reason"]["en"].startswith(".docx")


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
    assert [event.chapters for event in dry[:-1]] == [event.chapters for event in wet[:-1]]
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


def test_several_processes_read_the_same_books_in_the_same_order(raw_dir, out_dir):
    (raw_dir / "a.txt").write_bytes(b"")
    alone = list(ingest([raw_dir], out_dir))
    assert list(ingest([raw_dir], out_dir, jobs=2)) == alone


def test_a_named_encoding_is_used_and_an_unknown_one_refused(tmp_path, out_dir):
    path = tmp_path / "夜路.txt"
    path.write_bytes(BOOK.encode("gb18030"))
    event, _ = ingest([path], out_dir, encoding="GBK")
    assert event.chapters[0].source.encoding == "gbk"
    with pytest.raises(BadValue):
        list(ingest([path], out_dir, encoding="klingon"))


def test_the_report_escapes_what_files_say_of_themselves(tmp_path, out_dir):
    path = tmp_path / "<b>夜路.txt"
    path.write_text("书名：<script>alert(1)</script>\n作者：<i>\n\n" + BOOK, encoding="utf-8")
    (tmp_path / "<i>.txt").write_bytes(b"")
    list(ingest([tmp_path], out_dir))
    page = (out_dir / "ingest-report.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;" in page
    assert not any(tag in page for tag in ("<script", "<b>", "<i>"))


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
    ("headings", "missing", "duplicate"),
    [
        (("第一章", "第二章"), (), ()),
        (("第三章", "第五章"), (4,), ()),
        (("第一卷", "第一章", "第二章", "第二卷", "第一章", "第二章"), (), ()),
        (("第一章", "第二章", "第一章", "第二章"), (), ()),
        (("第一章", "第一章", "第二章"), (), (1,)),
        (("第一章", "第20010章", "第二章"), (), ()),
    ],
)
def test_numbering_starts_afresh_in_a_volume(headings, missing, duplicate):
    assert numbering(split_chapters(novel(*headings))) == (missing, duplicate)


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


def test_leaving_early_keeps_whole_files(raw_dir, out_dir):
    events = ingest([raw_dir], out_dir)
    first = next(events)
    events.close()
    assert chapter_names(out_dir) == [first.output_path.name]
    assert list(read_chapters(first.output_path)) == first.chapters
