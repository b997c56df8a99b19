import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from novelgpt.messages import LANGUAGES, Lang, Message
from novelgpt.text.ingesting.plot import MOST_BARS, plot
from novelgpt.text.ingesting.record import BookLine, Row
from novelgpt.text.ingesting.report import IngestReport, ReportLines, write_report

EVIL = "<script>alert('x')</script>"
LINE = BookLine(
    path=f"{EVIL}.txt",
    output="渡口.jsonl",
    title=f"渡口{EVIL}",
    author="佚名",
    script="simplified",
    encoding="gb18030",
    confidence=0.4,
    repairs=("cut_tail",),
    repaired_characters=2,
    lost_characters=1,
    characters=3000,
    chapters=3,
    missing_numbers=(2,),
    removed={"repeated_chapter": 1},
    removed_characters=900,
    table=(
        Row("chapter", 1, f"第一章{EVIL}", 2000),
        Row("chapter", 3, "第三章", 900),
        Row("extra", None, "后记", 90),
    ),
)


def report(*lines: BookLine) -> IngestReport:
    kept = ReportLines(lambda line: line)
    for line in lines:
        kept.add(line)
    return IngestReport(kept)


class Balanced(HTMLParser):
    """A parser that objects to a tag closed out of turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "li", "html"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("li", "html"):
            assert self.open.pop() == tag


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_whole_and_no_novel_brings_a_script_into_it(tmp_path: Path, lang: Lang) -> None:
    (tmp_path / "removed").mkdir()
    removal = {"line": 8, "rule": "repeated_chapter", "text": f"第一章\n{EVIL}" + "长" * 500, "kept": EVIL}
    (tmp_path / "removed/渡口.jsonl").write_text(json.dumps(removal) + "\n", encoding="utf-8")
    write_report(tmp_path, report(LINE, BookLine(EVIL, Message("text.empty"))), lang)
    text = (tmp_path / "ingest-report.html").read_text(encoding="utf-8")
    page = Balanced()
    page.feed(text)
    assert page.open == []
    assert {"svg", "rect", "details", "del", "dl"} <= page.seen
    assert "script" not in page.seen
    assert not re.search(r"https?://|src=|@import|url\(", text)  # the page asks the network for nothing


def test_the_json_adds_up_and_tells_every_book(tmp_path: Path) -> None:
    write_report(tmp_path, report(LINE, LINE, BookLine("x.txt", Message("text.empty"))), "zh")
    told = json.loads((tmp_path / "ingest-report.json").read_text(encoding="utf-8"))
    assert (told["ingested"], told["refused"], told["chapters"], told["lost_characters"]) == (2, 1, 6, 2)
    assert [book["path"] for book in told["books"]] == [LINE.path, LINE.path, "x.txt"]
    again = report(LINE, LINE, BookLine("x.txt", Message("text.empty"))).to_dict()
    assert told == json.loads(json.dumps(again))


def test_a_report_of_no_books_is_a_report(tmp_path: Path) -> None:
    write_report(tmp_path, report(), "en")
    assert json.loads((tmp_path / "ingest-report.json").read_text(encoding="utf-8"))["books"] == []


@pytest.mark.parametrize(("count", "bars"), [(0, 0), (1, 1), (MOST_BARS, MOST_BARS), (1000, 200)])
def test_a_plot_has_a_bar_a_chapter_until_there_are_too_many(count: int, bars: int) -> None:
    drawing = plot([Row("chapter", number, f"第{number}章", 100 * number) for number in range(count)])
    assert drawing.count("<rect") == bars
    heights = [float(height) for height in re.findall(r'height="([\d.]+)">', drawing)]
    assert heights == sorted(heights)
