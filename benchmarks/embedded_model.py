"""Make the vocabulary and the model that travel inside the package, from public-domain novels, by the commands anyone has.

    python benchmarks/embedded_model.py NOVELS_DIR MANIFEST.tsv WORK_DIR [--steps 2200] [--keep-vocab]

NOVELS_DIR holds `<slug>.txt`; the manifest's columns used are slug, title, author, script, register. Each stage is skipped
when its result already lies in WORK_DIR, and training resumes, so that the script can be stopped and started again.
The vocabulary is counted on every book but the held-out ones; the network reads the simplified vernacular ones (one script
and one register are all that this many minutes of a laptop can teach). Whole books are held out of both.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import torch

from novelgpt.config import EMBEDDED_MODEL_DIR, SampleConfig
from novelgpt.model.folder import load_model, save_model
from novelgpt.scoring.likelihood import text_likelihood, total
from novelgpt.text.chapter import read_chapters
from novelgpt.writing.writer import Writer

HOUSE = Path(__file__).parent.parent
HELD_OUT = {
    "七剑十三侠", "型世言", "冷眼观", "续红楼梦未竞稿", "五虎平南",
    "胡涂世界", "近世社会龌龊史", "听月楼", "女娲石", "野草",
}  # fmt: skip
RECIPE = ["--preset", "gpt2-tiny", "--optimizer", "muon", "--learning-rate", "0.0015", "--dtype", "bf16"]
RECIPE += ["--evaluate-every", "250", "--save-every", "250"]
CHARACTERS_PER_BOOK = 40_000
PROMPTS = [
    "话说",
    "却说那日天色已晚，二人走到一座古庙前，只见",
    "“你是什么人？”那老者问道。",
    "次日清早，小姐起来梳洗已毕，丫鬟进来说道：",
]


def novelgpt(*arguments: object) -> None:
    """Run one command, the way a person would."""
    subprocess.run([sys.executable, "-m", "novelgpt", *map(str, arguments)], check=True)


def ingest(name: str, files: list[Path], work: Path) -> Path:
    """Return the folder of chapters made from `files`."""
    chapters = work / name / "chapters"
    if not chapters.is_dir():
        novelgpt("ingest", *files, "--out", work / name)
    return chapters


def held_out_bits(folder: Path, held_out: Path) -> tuple[float, float, str]:
    """Return bits per character, perplexity and signature on the beginnings of the held-out books."""
    model = load_model(folder)
    texts = [
        "\n".join(chapter.whole() for chapter in read_chapters(path))[:CHARACTERS_PER_BOOK]
        for path in sorted(held_out.glob("*.jsonl"))
    ]
    cost = total([text_likelihood(text, model.network, model.tokenizer) for text in texts])
    return cost.bits_per_character, cost.perplexity, cost.signature


def samples(folder: Path) -> str:
    """Return continuations exactly as they came, seed 1, default dials."""
    writer = Writer(load_model(folder))
    told = [(prompt, writer.write(prompt, SampleConfig(max_chars=160, seed=1)).text) for prompt in PROMPTS]
    return "\n\n".join(f"**{prompt}**{text}" for prompt, text in told).replace("\n", "\n> ")


def main() -> None:
    """Run the whole recipe."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("novels", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--steps", type=int, default=2200)
    parser.add_argument("--keep-vocab", action="store_true", help="use vocab/ as it is")
    flags = parser.parse_args()
    with flags.manifest.open(encoding="utf-8") as lines:
        books = list(csv.DictReader(lines, delimiter="\t"))
    path = {book["title"]: flags.novels / f"{book['slug']}.txt" for book in books}
    learnt = [b["title"] for b in books if (b["script"], b["register"]) == ("simplified", "vernacular")]
    learnt = [title for title in learnt if title not in HELD_OUT]

    held_out = ingest("held-out", [path[title] for title in sorted(HELD_OUT)], flags.work)
    train = ingest("train", [path[title] for title in learnt], flags.work)
    if not flags.keep_vocab:
        everything = ingest(
            "vocab", [path[b["title"]] for b in books if b["title"] not in HELD_OUT], flags.work
        )
        novelgpt("vocab", everything, "--out", HOUSE / "vocab")
    novelgpt(
        "train", train, "--resume", "--name", "embedded", "--workspace", flags.work, "--vocab", HOUSE / "vocab",
        "--held-out-chapters", held_out, "--steps", flags.steps, *RECIPE,
    )  # fmt: skip

    final = flags.work / "runs" / "embedded" / "final"
    model = load_model(final)
    shutil.rmtree(EMBEDDED_MODEL_DIR, ignore_errors=True)
    save_model(EMBEDDED_MODEL_DIR, model.network, model.tokenizer, "", dtype=torch.bfloat16)
    bits, perplexity, signature = held_out_bits(EMBEDDED_MODEL_DIR, held_out)
    made_in_fp32, _, _ = held_out_bits(final, held_out)
    facts = {
        "bits_per_character": bits,
        "perplexity": perplexity,
        "before_bf16": made_in_fp32,
        "signature": signature,
    }
    card = (final / "README.md").read_text(encoding="utf-8")
    credits = "、".join(f"《{b['title']}》{b['author']}" for b in books if b["title"] in learnt)
    (EMBEDDED_MODEL_DIR / "README.md").write_text(
        card + _SECTIONS.format(
            held_out="、".join(f"《{title}》" for title in sorted(HELD_OUT)),
            characters=CHARACTERS_PER_BOOK, samples=samples(EMBEDDED_MODEL_DIR), titles=credits, count=len(learnt),
            **facts,
        ),
        encoding="utf-8",
    )  # fmt: skip
    print(json.dumps(facts, ensure_ascii=False))


_SECTIONS = """
## 它是什么 / What it is
随程序附带的第一个小模型：让人装好就能续写，让学生看清整条流水线。它学的是明清到民国的白话小说，口吻也是那个时代的；
它不懂情节，只会顺着文气往下写。权重以 bf16 存放，读入时还原为 fp32。
The first small model that travels with the program, so that the page can write at once and the whole pipeline can be seen at
work. It has read vernacular novels from the Ming to the early Republic and sounds like them; it knows no plot. Weights are
stored in bf16 and read as fp32.

## 留出的书 / Held-out books
整本留出、词表与网络都没有读过 / held out whole, read by neither vocabulary nor network: {held_out}

每本开头 {characters:,} 字 / first {characters:,} characters of each: **{bits_per_character:.3f} 比特/字 bits per character**
（困惑度 perplexity {perplexity:.1f}；存为 bf16 之前 before storing in bf16: {before_bf16:.3f}）
`{signature}`

## 未经挑选的样例 / Unedited samples
默认旋钮，种子 1，开头加粗 / default dials, seed 1, prompts in bold:

> {samples}

## 学过的书 / What it was trained on
{count} 部公有领域小说（作者卒于 1969 年或更早，或为佚名明清作者；在作者死后五十年保护期的地方属公有领域，其他国家或有不同）
{count} public-domain works (authors died in 1969 or earlier, or anonymous Ming and Qing authors; public domain where protection
lasts fifty years after death, other countries may differ): {titles}

## 复现 / Reproduce
`python benchmarks/embedded_model.py NOVELS_DIR MANIFEST.tsv WORK_DIR`
"""


if __name__ == "__main__":
    main()
