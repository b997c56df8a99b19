import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from novelgpt.config import TrainConfig
from novelgpt.messages import CATALOGUE, LANGUAGES, Lang
from novelgpt.model.reporting.outcome import alarm_text, outcome_of, plain, short_count, signature
from novelgpt.model.reporting.report import CURVES, REPORT_HTML, REPORT_MD, markdown, write_training_report
from novelgpt.model.running.records import read_records

HOSTILE = "<script>alert('墨')</script>"
SAMPLE = f"雨下了三天。\n```{HOSTILE}|&"


def facts(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "name": "雾港", "config": TrainConfig(dropout=0.25).to_dict(), "preset": "novel-tiny", "family": "qwen3",
        "parameters": 8_916_992, "trainable": 8_916_992, "layers": 6, "width": 256, "heads": 4, "start": "counts",
        "context_length": 512, "batch_size": 8, "micro_batch": 4, "optimizer": "muon", "schedule": "wsd",
        "learning_rate": 2e-3, "dtype": "bf16", "compiled": True, "threads": 2, "machine": {"name": "x86_64"},
        "training_characters": 12_345_678, "training_tokens": 10_200_000, "held_out_characters": 650_000,
        "held_out_tokens": 530_000, "vocabulary": 16_000, "fingerprint": "3fa8c1", "source": "9b1c77",
        "total_steps": 40, "unigram_nats": 6.875, "version": "0.1.0", "history": ["step 20: epochs: 4 → 8"],
        "base": "",
    }  # fmt: skip
    return {**usual, **changes}


def step_line(step: int, **changes: Any) -> dict[str, Any]:
    usual = {"learning_rate": 1e-3, "tokens_per_second": 4000.0 + step, "gradient_norm": 1.5}
    return {"step": step, "epoch": step / 10, "loss": 9 - step / 10, **usual, **changes}


def write_metrics(run_dir: Path, steps: int = 40, *more: dict[str, Any]) -> Path:
    lines = []
    for step in range(1, steps + 1):
        lines.append(step_line(step))
        if step % 10 == 0:
            bits = 7.0 + abs(step - 30) / 20
            lines.append(
                {
                    "step": step,
                    "held_out_bits_per_character": bits,
                    "held_out_nats_per_token": bits - 1,
                    "best": True,
                }
            )
            lines.append({"step": step, "sample": SAMPLE, "copied_share": step / 50})
    run_dir.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in [*lines, *more])
    (run_dir / "metrics.jsonl").write_text(text, encoding="utf-8")
    return run_dir


class Reader(HTMLParser):
    """Collect tags, addresses, and the text a person reads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str | None] = []
        self.read: list[str] = []
        self.feed(page)
        self.text = "".join(self.read)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action")]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.read.append(data)


def page_of(run_dir: Path, lang: Lang = "en", **changes: Any) -> Reader:
    return Reader(write_training_report(run_dir, facts(**changes), lang).read_text(encoding="utf-8"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_all_three_files_are_written_and_tell_the_run(tmp_path: Path, lang: Lang) -> None:
    run_dir = write_metrics(tmp_path / "run")
    page = write_training_report(run_dir, facts(), lang)
    assert page == run_dir / REPORT_HTML
    assert {path.name for path in run_dir.iterdir()} == {"metrics.jsonl", REPORT_HTML, REPORT_MD, CURVES}
    assert (run_dir / CURVES).read_bytes().startswith(b"\x89PNG")
    for text in (
        Reader(page.read_text(encoding="utf-8")).text,
        (run_dir / REPORT_MD).read_text(encoding="utf-8"),
    ):
        for said in (
            "雾港",
            "7.000",
            "403.4",
            "8.92M",
            "40 / 40",
            "4.00",
            "8,916,992",
            "6 × 256 × 4",
            "3fa8c1",
            "0.002",
        ):
            assert said in text, said
        assert "step 20: epochs: 4 → 8" in text
        assert "novelgpt:0.1.0|model:novel-tiny|data:9b1c77|vocabulary:3fa8c1|seed:1|steps:40" in text


def test_the_page_asks_for_nothing_and_no_text_becomes_a_tag(tmp_path: Path) -> None:
    run_dir = write_metrics(tmp_path / "run")
    config = TrainConfig(init=HOSTILE).to_dict()
    page = page_of(run_dir, name=HOSTILE, base=HOSTILE, history=[HOSTILE], machine=HOSTILE, config=config)
    assert not {"script", "link", "img", "iframe", "a"} & set(page.tags)
    assert page.addresses == []
    assert HOSTILE in page.text
    raw = (run_dir / REPORT_HTML).read_text(encoding="utf-8")
    assert "http" not in raw
    assert "@import" not in raw
    assert "url(" not in raw


def test_the_same_metrics_and_facts_give_the_same_files(tmp_path: Path) -> None:
    contents = []
    for name in ("first", "second"):
        run_dir = write_metrics(tmp_path / name)
        write_training_report(run_dir, facts(), "zh")
        contents.append([(run_dir / file).read_bytes() for file in (REPORT_HTML, REPORT_MD, CURVES)])
    assert contents[0] == contents[1]


def test_every_curve_is_there_with_its_unit(tmp_path: Path) -> None:
    page = page_of(write_metrics(tmp_path / "run"))
    kinds = ("loss", "bits", "perplexity", "learning_rate", "speed", "gradient_norm")
    for kind in kinds:
        assert CATALOGUE[f"run_report.chart.{kind}"][1] in page.text
        assert CATALOGUE[f"run_report.unit.{kind}"][1] in page.text
    assert page.tags.count("figure") == len(kinds) == page.tags.count("svg")
    assert "step 30 7" in page.text  # the best point's own number


@pytest.mark.parametrize("steps", [20_000])
def test_a_long_run_makes_no_long_page(tmp_path: Path, steps: int) -> None:
    run_dir = write_metrics(tmp_path / "long")
    lines = [step_line(step, loss=99.0 if step == 7_777 else 4.0) for step in range(1, steps + 1)]
    (run_dir / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    write_training_report(run_dir, facts(total_steps=steps), "en")
    page = (run_dir / REPORT_HTML).read_text(encoding="utf-8")
    assert len(page) < 120_000
    raw_loss = re.search(r'<path class="raw blue" d="M([^"]*)"', page)
    assert raw_loss
    points = [tuple(map(float, point.split())) for point in raw_loss[1].split("L")]
    assert len(points) <= 600
    assert min(points, key=lambda point: point[1])[0] == pytest.approx(1000 * 7_777 / steps, abs=0.1)


@pytest.mark.parametrize(
    ("steps", "changes", "sentence"),
    [
        (40, {}, "Finished: 40 steps"),
        (25, {}, "Stopped at step 25 of 40"),
        (25, {"status": "diverged"}, "diverged; stopped at step 25"),
        (25, {"status": "finished"}, "Finished: 25 steps"),
    ],
)
def test_the_status_is_said(tmp_path: Path, steps: int, changes: dict[str, Any], sentence: str) -> None:
    assert sentence in page_of(write_metrics(tmp_path / "run", steps), **changes).text


def test_before_and_after_stand_side_by_side(tmp_path: Path) -> None:
    run_dir = write_metrics(tmp_path / "run")
    assert "Before and after" not in page_of(run_dir).text
    page = page_of(run_dir, before={"bits_per_character": 8.125, "sample": "的的的"}, base="uer/gpt2")
    assert "Before and after" in page.text
    table = page.text[page.text.index("Before and after") :]
    assert table.index("8.125") < table.index("7.000") < table.index("的的的") < table.index("雨下了三天")
    assert "8.125" in (run_dir / REPORT_MD).read_text(encoding="utf-8")


def test_alarms_are_shown_and_a_stranger_s_too(tmp_path: Path) -> None:
    alarms = [
        {"step": 12, "alarm": {"key": "preflight.warn_epochs", "facts": {"epochs": 31.0}}},
        {"step": 13, "alarm": {"key": "from.the_future", "facts": {"n": 1}}},
    ]
    page = page_of(write_metrics(tmp_path / "run", 40, *alarms))
    assert "step 12" in page.text
    assert "31 epochs" in page.text
    assert "from.the_future" in page.text
    assert "Alarms" not in page_of(write_metrics(tmp_path / "calm")).text


@pytest.mark.parametrize(
    "alarm",
    [{}, {"key": "preflight.warn_epochs"}, {"key": "preflight.warn_epochs", "facts": {"epochs": "many"}}],
)
def test_an_alarm_that_cannot_be_said_is_named(alarm: dict[str, Any]) -> None:
    assert alarm_text(alarm, "zh") in ("preflight.warn_epochs", "{}")


def test_a_few_samples_are_chosen_from_the_first_to_the_last(tmp_path: Path) -> None:
    many = [{"step": step, "sample": f"样例{step}。", "copied_share": 0.0} for step in range(100, 200)]
    outcome = outcome_of(read_records(write_metrics(tmp_path, 40, *many) / "metrics.jsonl"), facts(), "zh")
    steps = [sample.step for sample in outcome.samples]
    assert len(steps) == 12
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (10, 199)
    assert (outcome.samples[0].bits, outcome.samples[-1].bits) == (8.0, 7.5)


def test_a_run_that_has_not_begun_has_a_report(tmp_path: Path) -> None:
    page = page_of(tmp_path, total_steps=10)
    assert "0 / 10" in page.text
    assert "figure" not in page.tags


def test_bad_lines_are_passed_over(tmp_path: Path) -> None:
    run_dir = write_metrics(tmp_path / "run", 3)
    with (run_dir / "metrics.jsonl").open("ab") as stream:
        stream.write(b'[1]\n\n{"loss": 1}\n{"step": 4, "epoch": 0.4, "loss": NaN}\n{"step": 5, "lo')
    records = read_records(run_dir / "metrics.jsonl")
    assert [step for step, _ in records.curves["loss"]] == [1, 2, 3]
    assert records.last_step == 4  # it was made, whatever came out


def test_only_what_was_chosen_is_marked(tmp_path: Path) -> None:
    outcome = outcome_of(read_records(write_metrics(tmp_path) / "metrics.jsonl"), facts(), "zh")
    assert [(flag, value) for flag, value, usual in outcome.settings if not usual] == [("--dropout", "0.25")]


def test_the_commands_are_those_of_the_program(tmp_path: Path) -> None:
    text = "".join(markdown(outcome_of(read_records(tmp_path / "none"), facts(name="my run"), "en"), "en"))
    assert "novelgpt train --resume --name 'my run'  # go on" in text
    assert "--steps 80" in text
    assert "novelgpt score --model 'my run'" in text


def test_a_sample_cannot_leave_its_fence(tmp_path: Path) -> None:
    run_dir = write_metrics(tmp_path)
    write_training_report(run_dir, facts(), "en")
    text = (run_dir / REPORT_MD).read_text(encoding="utf-8")
    assert f"````text\n{SAMPLE}\n````" in text
    assert HOSTILE not in re.sub(r"````text\n.*?\n````\n", "", text, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        (True, "✓"),
        (False, ""),
        (12_345, "12,345"),
        (2e-3, "0.002"),
        ((), ""),
        (["a", 1], "a · 1"),
        ({"a": 1, "b": None}, "a 1"),
    ],
)
def test_facts_are_said_plainly(value: object, said: str) -> None:
    assert plain(value) == said


@pytest.mark.parametrize(
    ("number", "said"), [(950, "950"), (8_916_992, "8.92M"), (1.5e9, "1.5B"), (12_000, "12k")]
)
def test_large_counts_are_short(number: float, said: str) -> None:
    assert short_count(number) == said


def test_a_signature_changes_with_what_changes_the_result() -> None:
    assert signature(facts()) == signature(facts(name="another", history=[]))
    for change in (
        {"source": "x"},
        {"dtype": "fp32"},
        {"threads": 1},
        {"config": TrainConfig(seed=2).to_dict()},
    ):
        assert signature(facts(**change)) != signature(facts())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_headed_in_its_own_language(tmp_path: Path, lang: Lang) -> None:
    write_training_report(write_metrics(tmp_path), facts(), lang)
    raw = (tmp_path / REPORT_HTML).read_text(encoding="utf-8")
    headings = [
        CATALOGUE[f"run_report.{part}"] for part in ("curves", "samples", "go_on", "settled", "settings")
    ]
    assert re.findall("<h2>(.*?)</h2>", raw) == [both[LANGUAGES.index(lang)] for both in headings]
