"""The command line as a person meets it: the whole way on small files, and the wrong inputs at every stage."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from novelgpt import cli
from novelgpt.messages import LANGUAGES
from tests.text.ingesting.test_sketch import long_text
from tests.tiny import TALE, tiny_model_folder, tiny_tokenizer

COMMANDS = ["ingest", "vocab", "train", "generate", "score", "serve"]
SMALL_RUN = [
    "--steps",
    "4",
    "--context-length",
    "16",
    "--batch-size",
    "2",
    "--save-every",
    "2",
    "--dtype",
    "fp32",
    "--preset",
    "gpt2-tiny",
    "--layers",
    "2",
    "--width",
    "32",
    "--heads",
    "2",
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder, in English, away from the machine's own settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOVELGPT_LANG", "en")
    monkeypatch.delenv("NOVELGPT_WORKSPACE", raising=False)
    return tmp_path


def novel(chapters: int = 6) -> str:
    return "".join(f"第{n}章 夜雨{n}\n\n{TALE}\n" for n in range(1, chapters + 1))


def run(*arguments: str) -> int:
    return cli.main(arguments)


def prepared(home: Path) -> Path:
    """Chapters and a small vocabulary, as after the first two commands."""
    (home / "渡口.txt").write_bytes(novel().encode("gb18030"))
    assert run("ingest", "渡口.txt", "--jobs", "1") == 0
    assert run("vocab", "--size", "1000", "--jobs", "1") == 0
    return home


def test_the_whole_way(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepared(home)
    first_line = (home / "corpus/chapters/渡口.jsonl").read_text(encoding="utf-8").split("\n")[0]
    assert json.loads(first_line)["title"] == "第1章 夜雨1"
    assert len(json.loads((home / "corpus/train.json").read_text(encoding="utf-8"))) == 6
    assert run("train", *SMALL_RUN) == 0
    capsys.readouterr()
    assert run("generate", "老船夫", "--max-chars", "30", "--seed", "5", "--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert len(first["text"]) >= 30
    assert first["model"] == "default"
    assert run("generate", "老船夫", "--max-chars", "30", "--seed", "5") == 0
    assert capsys.readouterr().out == first["text"] + "\n"
    assert run("score", "--limit", "1", "--json") == 1  # the chapters are shorter than the task needs
    assert "novelgpt: " in capsys.readouterr().err


def test_train_stops_on_a_signal_and_goes_on(home: Path) -> None:
    prepared(home)
    command = [sys.executable, "-m", "novelgpt", "train", "--resume", *SMALL_RUN]
    command[command.index("--steps") + 1] = "100000"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if line.startswith("step "):
                child.send_signal(signal.SIGTERM)
                break
        rest = child.stderr.read()
    assert child.returncode == cli.INTERRUPTED
    assert "everything is saved" in rest
    assert list((home / "runs/default/checkpoints").glob("step-*/manifest.json"))


def test_resume_keeps_the_settings_and_refuses_others(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepared(home)
    assert run("train", "--resume", *SMALL_RUN) == 0
    assert "nothing to resume" in capsys.readouterr().err
    assert run("train", "--resume") == 0
    assert run("train", "--resume", "--learning-rate", "0.1") == 1
    assert "learning_rate: None → 0.1" in capsys.readouterr().err
    assert run("train") == 1
    assert "--resume" in capsys.readouterr().err
    (home / "second.txt").write_text(novel(9), encoding="utf-8")
    assert run("ingest", "second.txt", "--jobs", "1") == 0
    capsys.readouterr()
    assert run("train", "--resume") == 1
    assert "the chapters have changed" in capsys.readouterr().err
    assert run("vocab", "--size", "1100", "--jobs", "1") == 0
    capsys.readouterr()
    assert run("train", "--resume") == 1
    assert "vocabulary" in capsys.readouterr().err


def test_a_dry_run_examines_and_makes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepared(home)
    capsys.readouterr()
    assert run("train", "--dry-run", *SMALL_RUN) == 0
    said = capsys.readouterr().err
    assert "4 steps" in said
    assert "memory" in said
    assert not (home / "runs/default/config.toml").exists()


def test_a_run_is_made_longer_and_forked_from_the_command_line(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared(home)
    assert run("train", *SMALL_RUN) == 0
    assert run("train", "--resume", "--steps", "6") == 0
    assert run("train", "--resume", "--steps", "8", "--learning-rate", "0.0001") == 1
    assert "learning_rate" in capsys.readouterr().err
    assert run("train", "--resume", "--fork", "--steps", "8", "--learning-rate", "0.0001", "--json") == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 8
    plan = (home / "runs/default/config.toml").read_text(encoding="utf-8")
    assert "learning_rate: None → 0.0001" in plan


def test_settings_come_from_a_file_and_flags_win(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepared(home)
    (home / "mine.toml").write_text(
        "steps = 3\nbatch_size = 3\npreset = 'gpt2-tiny'\nwidth = 32\nlayers = 1\n"
    )
    assert run("train", "--config", "mine.toml", "--context-length", "16", "--batch-size", "2") == 0
    from novelgpt.model.running.run_folder import read_plan

    plan = read_plan(home / "runs/default")
    assert plan is not None
    assert (plan.total_steps, plan.batch_size, plan.context_length) == (3, 2, 16)
    assert run("train", "--name", "again", "--config", "runs/default/config.toml", "--steps", "2") == 0
    for content, complaint in (
        ("stepps = 3", "stepps"),
        ("steps = [", "mine.toml"),
        ("steps = 'many'", "steps"),
    ):
        (home / "mine.toml").write_text(content)
        capsys.readouterr()
        assert run("train", "--name", "third", "--config", "mine.toml") == 1
        assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("adapters", [[], ["--lora", "--lora-rank", "2"]])
def test_an_existing_model_is_trained_on_and_told_before_and_after(
    adapters: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared(home)
    base = tiny_model_folder(home / "their model")
    short = ["--steps", "4", "--context-length", "16", "--batch-size", "2", "--dtype", "fp32", *adapters]
    assert run("train", "--init", str(base), *short) == 0
    capsys.readouterr()
    report = (home / "runs/default/report.md").read_text(encoding="utf-8")
    assert "before" in report
    assert run("generate", "老船夫", "--max-chars", "10", "--seed", "5", "--json") == 0
    assert json.loads(capsys.readouterr().out)["model"] == "default"
    assert run("train", "--resume") == 0
    tiny_model_folder(home / "their model", seed=2)
    assert run("train", "--resume") == 1
    assert "has changed" in capsys.readouterr().err


def test_an_unknown_preset_is_answered_with_the_nearest_names(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared(home)
    capsys.readouterr()
    assert run("train", "--preset", "gpt2-smal") == 1
    said = capsys.readouterr().err
    assert "gpt2-small" in said
    assert len(said.splitlines()) == 1


def test_texts_are_scored_against_texts(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "hyp.txt").write_bytes("老船夫坐在门口。\n河水漫过了石桥。\n".encode("gbk"))
    (home / "ref.txt").write_text("老船夫坐在门口。\n河水漫过了木桥。\n", encoding="utf-8")
    assert run("score", "--hyp", "hyp.txt", "--ref", "ref.txt", "--json") == 0
    score = json.loads(capsys.readouterr().out)
    assert 0 < score["bleu"]["zh"]["score"] < 100
    assert "tok:zh" in score["bleu"]["zh"]["signature"]
    assert run("score", "--hyp", "ref.txt", "--ref", "ref.txt", "--json") == 0
    assert json.loads(capsys.readouterr().out)["bleu"]["zh"]["score"] == pytest.approx(100)


def test_a_model_is_scored_on_chapters(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "长.txt").write_text(f"第一章\n{TALE * 3}\n第二章\n{TALE[::-1] * 4}\n", encoding="utf-8")
    assert run("ingest", "长.txt", "--jobs", "1") == 0
    tiny_model_folder(home / "runs/small/final")
    capsys.readouterr()
    assert run("score", "--model", "small", "--chapters", "corpus/chapters/长.jsonl", "--json") == 0
    score = json.loads(capsys.readouterr().out)
    assert score["bits_per_character"] > 0
    assert score["perplexity"] > 1
    assert "model:small" in score["signature"]
    assert "score" in score["bleu"]["zh"]


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-8-sig", "utf-16"])
def test_a_prompt_may_come_from_a_file_in_any_chinese_encoding(
    home: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    tiny_model_folder(home / "runs/small/final")
    prompt = "老人坐在河上看雨，河水漫過了石橋。"
    (home / "p.txt").write_bytes(prompt.encode(encoding))
    assert run("generate", "--file", "p.txt", "--max-chars", "5", "--json") == 0
    assert json.loads(capsys.readouterr().out)["prompt"] == prompt


def test_a_prompt_may_be_piped_in(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_model_folder(home / "runs/small/final")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TALE.encode("gb18030"))))
    assert run("generate", "--max-chars", "5", "--json") == 0
    assert json.loads(capsys.readouterr().out)["prompt"] == TALE


BINARY = b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40

WRONG = [
    (["ingest", "none.txt"], "No such file"),
    (["ingest", "empty.txt"], "empty.txt"),
    (["ingest", "binary.txt"], "binary.txt"),
    (["ingest", "folder"], "No novel"),
    (["ingest", "good.txt", "--encoding", "klingon"], "klingon"),
    (["ingest", "good.txt", "--keep", "nonsense"], "site_adverts"),
    (["ingest", "good.txt", "--restore", "none.jsonl"], "No such file"),
    (["ingest", "good.txt", "--rules", "good.txt"], "TOML"),
    (["ingest", "good.txt", "--out", "empty.txt"], "cannot be written"),
    (["vocab"], "novelgpt ingest"),
    (["vocab", "none.jsonl"], "No such file"),
    (["vocab", "bad.jsonl"], "Line 1"),
    (["vocab", "good.jsonl", "--size", "999"], "between 1,000 and 1,000,000"),
    (["vocab", "good.jsonl", "--size", "1000001"], "between 1,000 and 1,000,000"),
    (["vocab", "good.jsonl", "--size", "900000"], "Use --size "),
    (["vocab", "good.jsonl", "--segmenter", "bpe", "--size", "40000"], "Use --size "),
    (["vocab", "good.jsonl", "--segmenter", "char", "--pure-words"], "for words only"),
    (["vocab", "good.jsonl", "--join-signs", "--pure-words"], "opposites"),
    (["vocab", "good.jsonl", "--user-words", "none.txt"], "No such file"),
    (["vocab", "good.jsonl", "--user-words", "binary.txt"], "binary.txt"),
    (["train"], "novelgpt vocab"),
    (["train", "--vocab", "."], "novelgpt vocab"),
    (["train", "--vocab", "words"], "novelgpt ingest"),
    (["train", "few.jsonl", "--vocab", "words"], "Too little text"),
    (["train", "good.jsonl", "--vocab", "words", "--learning-rate", "-1"], "learning_rate"),
    (["train", "good.jsonl", "--vocab", "words", "--preset", "gpt9"], "gpt2-tiny"),
    (["generate", "x", "--model", "none"], "no model called none"),
    (["generate", "x", "--model", "small", "--temperature", "9"], "temperature"),
    (["generate", "x", "--model", "small", "--top-p", "nan"], "top_p"),
    (["generate", "--file", "none.txt", "--model", "small"], "No such file"),
    (["generate", "--file", "binary.txt", "--model", "small"], "binary.txt"),
    (["generate", "--file", "empty.txt", "--model", "small"], "empty"),
    (["generate", "x", "--model", "broken"], "not a usable model"),
    (["score", "--model", "none", "--chapters", "good.jsonl"], "no model called none"),
    (["score", "--model", "small", "--chapters", "none.jsonl"], "No such file"),
    (["score", "--hyp", "good.txt", "--ref", "none.txt"], "No such file"),
    (["score", "--hyp", "good.txt", "--ref", "short.txt"], "segments"),
    (["serve", "--model", "none"], "no model called none"),
    (["serve", "--host", "256.1.1.1"], "256.1.1.1"),
]


@pytest.fixture
def mess(home: Path) -> Path:
    (home / "empty.txt").write_bytes(b"")
    (home / "binary.txt").write_bytes(BINARY)
    (home / "folder").mkdir()
    (home / "good.txt").write_text(novel(), encoding="utf-8")
    (home / "short.txt").write_text("一行。\n", encoding="utf-8")
    (home / "bad.jsonl").write_text("{\n", encoding="utf-8")
    record = {
        "book": "渡口",
        "author": "",
        "index": 0,
        "kind": "chapter",
        "number": 1,
        "title": "第一章",
        "text": TALE,
    }
    (home / "good.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    (home / "few.jsonl").write_text(
        json.dumps({**record, "title": "", "text": "雨雪。"}) + "\n", encoding="utf-8"
    )
    tiny_tokenizer().save(home / "words")
    tiny_model_folder(home / "runs/small/final")
    tiny_model_folder(home / "runs/broken/final")
    (home / "runs/broken/final/config.json").write_text("{}")
    return home


@pytest.mark.parametrize(
    ("arguments", "said"), WRONG, ids=lambda value: " ".join(value) if isinstance(value, list) else None
)
def test_a_wrong_input_is_one_line_and_exit_code_1(
    mess: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    before = {path: path.read_bytes() for path in mess.rglob("*") if path.is_file()}
    assert run(*arguments) == 1
    printed = capsys.readouterr()
    last = printed.err.rstrip("\n").split("\n")[-1]
    assert last.startswith("novelgpt: ")
    assert said in last
    assert "Traceback" not in printed.err
    assert not printed.out
    assert {path: path.read_bytes() for path in before} == before, "nothing that was there is lost"


@pytest.mark.parametrize(
    "arguments",
    [
        ["sing"],
        ["ingest"],
        ["vocab", "--size", "many"],
        ["vocab", "--size", "-3"],
        ["train", "--steps", "x"],
        ["train", "--name", "../up"],
        ["generate", "--temperature"],
        ["score", "--hyp", "only.txt"],
        ["generate", "a", "b"],
        ["--lang", "fr", "ingest", "x"],
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(*arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_worth_reading(
    capsys: pytest.CaptureFixture[str], command: str, lang: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(command, "--lang", lang, "--help")
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    assert "--workspace" in text
    assert ("工作文件夹" in text) == (lang == "zh")


def test_without_a_command_the_way_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert "novelgpt train --resume" in capsys.readouterr().out


def test_errors_speak_the_language_asked_for(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ingest", "none.txt", "--lang", "zh") == 1
    assert "找不到文件" in capsys.readouterr().err


def test_a_dry_run_shows_the_chapters_and_writes_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "渡口.txt").write_text(novel(), encoding="utf-8")
    assert run("ingest", "渡口.txt", "--dry-run", "--jobs", "1") == 0
    assert "第6章 夜雨6" in capsys.readouterr().out
    assert [path.name for path in home.iterdir()] == ["渡口.txt"]


def test_a_second_run_says_what_is_unchanged(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "渡口.txt").write_text(novel(), encoding="utf-8")
    assert run("ingest", "渡口.txt", "--jobs", "1") == 0
    assert "unchanged" not in capsys.readouterr().err
    assert run("ingest", "渡口.txt", "--jobs", "1") == 0
    assert "unchanged" in capsys.readouterr().err


def test_strict_is_all_or_an_error(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "渡口.txt").write_text(novel(), encoding="utf-8")
    (home / "empty.txt").write_bytes(b"")
    assert run("ingest", "渡口.txt", "empty.txt", "--jobs", "1") == 0
    assert run("ingest", "渡口.txt", "empty.txt", "--jobs", "1", "--strict") == 1
    assert "--strict" in capsys.readouterr().err


def test_own_rules_and_taking_a_removal_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "渡口.txt").write_text(novel().replace("第", "=第") + "本书首发于某站\n", encoding="utf-8")
    (home / "我的.toml").write_text(
        "[headings]\npatterns = ['^=第(\\d+)章']\n[lines]\nremove = ['^本书首发于']\n", encoding="utf-8"
    )
    ingest = ["ingest", "渡口.txt", "--jobs", "1", "--rules", "我的.toml", "--json"]
    assert run(*ingest) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["chapters"], told["books"][0]["removed"]["user"]) == (6, 1)
    assert run(*ingest, "--restore", "corpus/removed/渡口.jsonl") == 0
    assert "user" not in json.loads(capsys.readouterr().out)["books"][0]["removed"]
    assert "本书首发于某站" in (home / "corpus/chapters/渡口.jsonl").read_text(encoding="utf-8")


def test_ingest_killed_or_stopped_at_any_moment_goes_on_where_it_was(home: Path) -> None:
    for number in range(80):
        (home / f"{number}.txt").write_text(novel(40).replace(TALE, long_text(number), 1), encoding="utf-8")
    command = [sys.executable, "-m", "novelgpt", "ingest", ".", "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    chapters = home / "corpus/chapters"
    for count, ending in ((3, signal.SIGKILL), (12, signal.SIGINT)):
        with subprocess.Popen(
            command,
            cwd=home,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            # a shell's background jobs ignore Ctrl-C, and so would their children
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as child:
            while child.poll() is None and len(list(chapters.glob("*.jsonl"))) < count:
                pass
            child.send_signal(ending)
            err = child.communicate()[1]
        assert child.returncode in (-signal.SIGKILL, cli.INTERRUPTED)
        assert not (home / "corpus/train.json").exists()
        if ending == signal.SIGINT:
            assert "go on" in err
    made = {path.name: path.stat().st_mtime_ns for path in chapters.iterdir()}
    assert 12 <= len(made) < 80
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=True)
    assert "80 books" in done.stdout
    redone = [name for name, when in made.items() if (chapters / name).stat().st_mtime_ns != when]
    assert len(redone) <= 2  # at most the book each ending caught between its chapters and its record
    assert len(json.loads((home / "corpus/train.json").read_text(encoding="utf-8"))) == 80 * 40


def test_json_is_one_object_on_stdout(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "渡口.txt").write_text(novel(), encoding="utf-8")
    for arguments in (["ingest", "渡口.txt"], ["vocab", "--size", "1000"]):
        assert run(*arguments, "--jobs", "1", "--json") == 0
        assert isinstance(json.loads(capsys.readouterr().out), dict)


def test_the_workspace_variable_is_heeded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "渡口.txt").write_text(novel(), encoding="utf-8")
    monkeypatch.setenv("NOVELGPT_WORKSPACE", str(home / "elsewhere"))
    assert run("ingest", "渡口.txt", "--jobs", "1") == 0
    assert (home / "elsewhere/corpus/chapters/渡口.jsonl").is_file()
