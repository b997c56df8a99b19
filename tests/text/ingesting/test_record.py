import json
from dataclasses import replace
from pathlib import Path

import pytest

from novelgpt.messages import Message
from novelgpt.text.ingesting.intake import IngestSettings
from novelgpt.text.ingesting.record import (
    BookLine,
    FileRecord,
    Row,
    read_record,
    read_records,
    record_path,
    settings_fingerprint,
    write_record,
)
from novelgpt.text.rules import Rules

LINE = BookLine(
    path="书.zip/渡口.txt",
    output="渡口.jsonl",
    title="渡口",
    repairs=("cut_tail",),
    kinds={"chapter": 2},
    missing_numbers=(3,),
    removed={"site_advert": 2},
    table=(Row("chapter", 1, "第一章", 900), Row("extra", None, "后记", 80)),
    sketch=(1, 2, 3),
)
REFUSED = BookLine("坏.txt", Message("text.bad_epub", {"detail": Message("text.epub.damaged")}))


def test_a_record_read_back_is_the_record_written(tmp_path: Path) -> None:
    record = FileRecord("/书.zip", "abc", "def", (LINE, REFUSED))
    write_record(record_path(tmp_path, Path("/书.zip")), record)
    assert list(read_records(tmp_path)) == [record]
    assert record.outputs == ("渡口.jsonl",)
    assert record.holds("abc", "def")
    assert not record.holds("abc", "xyz")


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"path": 1, "sha256": "", "settings": "", "lines": [{}]}']
)
def test_a_damaged_record_counts_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(content, encoding="utf-8")
    assert read_record(path) is None
    assert read_record(tmp_path / "none.json") is None


def test_a_record_of_an_older_shape_counts_as_none(tmp_path: Path) -> None:
    path = record_path(tmp_path, Path("x"))
    write_record(path, FileRecord("x", "a", "b", (LINE,)))
    values = json.loads(path.read_text(encoding="utf-8"))
    values["lines"][0]["colour"] = "red"
    path.write_text(json.dumps(values), encoding="utf-8")
    assert read_record(path) is None


def test_the_report_shows_the_reason_in_both_languages_and_hides_what_is_for_us() -> None:
    assert set(LINE.to_dict()) & {"sketch", "table", "reason", "same_as"} == set()
    assert LINE.to_dict(table=True)["table"][0]["title"] == "第一章"
    reason = REFUSED.to_dict()["reason"]
    assert "损坏" in reason["zh"]
    assert "damaged" in reason["en"]


def test_settings_and_nothing_else_make_the_fingerprint() -> None:
    many = frozenset(str(number) for number in range(20))
    settings = IngestSettings(rules=Rules(off=many))
    same = IngestSettings(rules=Rules(off=frozenset(sorted(many, reverse=True))))
    assert settings_fingerprint(settings) == settings_fingerprint(same)
    assert settings_fingerprint(settings) != settings_fingerprint(replace(settings, allow_loss=True))
