"""A run's folder and its facts → `report.html`, `report.md` and `curves.png` beside its metrics.

Law: reports can be made again at any time from `metrics.jsonl` and the facts, and the same ones give the same files.
Curves are thinned out first, so that a report of a hundred thousand steps is as quick and as small as any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from novelgpt.files import atomic_file
from novelgpt.messages import Lang, translate
from novelgpt.model.reporting.curves import picture
from novelgpt.model.reporting.facts import Facts
from novelgpt.model.reporting.outcome import Outcome, Told, outcome_of
from novelgpt.model.reporting.report_page import page
from novelgpt.model.running.records import read_records
from novelgpt.model.running.run_folder import METRICS

REPORT_HTML, REPORT_MD, CURVES = "report.html", "report.md", "curves.png"


def write_training_report(run_dir: Path, facts: Facts, lang: Lang) -> Path:
    """Write the three files and return the page's path. They can be made again, so no disk is waited for."""
    records = read_records(run_dir / METRICS)
    outcome = outcome_of(records, facts, lang)
    contents = {
        CURVES: picture(outcome.charts),
        REPORT_MD: "".join(markdown(outcome, lang)).encode(),
        REPORT_HTML: "".join(page(outcome, lang)).encode(),
    }
    for name, content in contents.items():
        with atomic_file(run_dir / name, durable=False) as stream:
            stream.write(content)
    return run_dir / REPORT_HTML


def markdown(outcome: Outcome, lang: Lang) -> Iterator[str]:
    """Yield the report as Markdown, part by part."""

    def heading(key: str) -> str:
        return f"\n## {translate(f'run_report.{key}', lang)}\n\n"

    yield f"# {_line(outcome.title)}\n\n{_line(outcome.status)}\n\n"
    yield _table([("", ""), *((name, f"**{value}**") for value, name in outcome.figures)])
    if outcome.alarms:
        yield heading("alarms")
        for step, sentence in outcome.alarms:
            yield f"- {translate('run_report.at_step', lang, step=step)} {_line(sentence)}\n"
    if outcome.comparison:
        before, after = (translate(f"run_report.{side}", lang) for side in ("before", "after"))
        yield f"{heading('compared_title')}{_table([('', before, after), *outcome.comparison])}"
    yield f"{heading('curves')}![{translate('run_report.curves', lang)}]({CURVES})\n"
    if outcome.samples:
        yield heading("samples")
        for sample in outcome.samples:
            yield f"{sample_line(sample, lang)}\n\n{_fenced(sample.text)}\n\n"
    yield f"{heading('go_on')}```sh\n"
    yield "".join(f"{command}  # {why}\n" for command, why in outcome.commands) + "```\n"
    yield heading("settled") + _table([("", ""), *outcome.settled])
    settings = [(f"`{flag}`", value if usual else f"**{value}**") for flag, value, usual in outcome.settings]
    yield heading("settings") + _table([("", ""), *settings])
    yield f"\n{translate('run_report.signature', lang)} `{outcome.signature}`\n"


def sample_line(sample: Told, lang: Lang) -> str:
    """Return the line above a sample: when it was written, how good the model was, how much is copied."""
    parts = [translate("run_report.at_step", lang, step=sample.step)]
    if sample.bits is not None:
        parts.append(translate("run_report.bits", lang, bits=sample.bits))
    if sample.copied_share is not None:
        parts.append(translate("run_report.copied", lang, share=sample.copied_share))
    return " · ".join(parts)


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(_cell(cell) for cell in row) + " |\n" for row in rows]
    return "".join([lines[0], "|" + "---|" * len(rows[0]) + "\n", *lines[1:]])


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _line(text: str) -> str:
    """Keep a text on one line, and its angle brackets from becoming tags."""
    return " ".join(text.replace("&", "&amp;").replace("<", "&lt;").split())


def _fenced(text: str) -> str:
    """Put a text between fences longer than any row of backticks in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"
