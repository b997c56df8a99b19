"""What ingest did, line by line → `ingest-report.json` for programs; `report_page` makes the one for eyes.

Law: every book of the run is one line; what was removed, lost, mended, missing or repeated is a number there, never silence.
Lines wait on disk, not in memory, so that a report may be as long as a library.
"""

from __future__ import annotations

import json
import tempfile
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from novelgpt.files import atomic_file, disk_full_is_said
from novelgpt.messages import Lang
from novelgpt.text.ingesting.record import BookLine
from novelgpt.text.ingesting.report_page import page

REPORT_JSON = "ingest-report.json"
REPORT_HTML = "ingest-report.html"
COUNTED = ("chapters", "characters", "lost_characters", "repaired_characters", "removed_characters")


class ReportLines:
    """The lines of a run, in order, kept in a temporary file; `settled` has the last word on each."""

    def __init__(self, settled: Callable[[BookLine], BookLine]) -> None:
        self._settled = settled
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115  lives as long as we
        weakref.finalize(self, self._file.close)

    def add(self, line: BookLine) -> None:
        """Note one more line."""
        with disk_full_is_said(Path(tempfile.gettempdir())):
            self._file.write(json.dumps(line.to_record(), ensure_ascii=False) + "\n")

    def __iter__(self) -> Iterator[BookLine]:
        self._file.seek(0)
        for written in self._file:
            yield self._settled(BookLine.from_record(json.loads(written)))


class IngestReport:
    """All lines of a run, and what they add up to."""

    def __init__(self, lines: ReportLines, dry_run: bool = False) -> None:
        self.lines, self.dry_run = lines, dry_run
        self.first_refused: BookLine | None = None
        counts: Counter[str] = Counter(dict.fromkeys(("books", "ingested", "refused", *COUNTED), 0))
        for line in lines:
            counts["books"] += 1
            counts["ingested" if line.reason is None else "refused"] += 1
            counts.update({name: getattr(line, name) for name in COUNTED})
            if line.reason is not None and self.first_refused is None:
                self.first_refused = line
        self.totals = dict(counts)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON; a dry run, which leaves nothing else, tells its chapters too."""
        books = [line.to_dict(table=self.dry_run) for line in self.lines]
        return {**_head(self), "books": books}


def write_report(out_dir: Path, report: IngestReport, lang: Lang) -> None:
    """Write both files, atomically and line by line."""
    with atomic_file(out_dir / REPORT_JSON) as stream:
        head = json.dumps(_head(report), ensure_ascii=False, indent=2).removesuffix("\n}")
        stream.write(f'{head},\n  "books": ['.encode())
        for index, line in enumerate(report.lines):
            text = json.dumps(line.to_dict(), ensure_ascii=False)
            stream.write(f"{',' if index else ''}\n    {text}".encode())
        stream.write(b"\n  ]\n}\n")
    with atomic_file(out_dir / REPORT_HTML) as stream:
        for part in page(report.lines, report.totals, out_dir, lang):
            stream.write(part.encode())


def _head(report: IngestReport) -> dict[str, Any]:
    """Return the totals under the names of the contract."""
    return dict(report.totals)
