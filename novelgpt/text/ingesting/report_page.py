"""The lines of a report → one self-contained page that a person enjoys: what came in, what went out, what to look at.

It is written part by part and asks the network for nothing. Law: what it shows of a source is escaped, so no novel can
bring a script into the page.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

from novelgpt.messages import Lang
from novelgpt.pages import FOOT, Speaker, head
from novelgpt.text.ingesting.advice import advice, few
from novelgpt.text.ingesting.plot import plot
from novelgpt.text.ingesting.record import BookLine

MOST_CARDS = 1000
"""Books shown with plot and removals; a longer library would make a page no browser likes. The rest are single lines."""
MOST_READ = 2000
MOST_EXAMPLES = 5
LONGEST_EXAMPLE = 120

Totals = dict[str, int]


def page(lines: Iterable[BookLine], totals: Totals, out_dir: Path, lang: Lang) -> Iterator[str]:
    """Yield the page, part by part; `lines` is read several times."""
    say = Speaker(lang)
    yield head(say("text.report_title"), lang, _STYLE)
    yield f"<header><h1>{say('text.report_title')}</h1>{_figures(totals, say)}</header>"
    if totals["refused"]:
        yield f"<section class=refused><h2>{say('text.report_refused')}</h2><dl>"
        yield from (_refused(line, say) for line in lines if line.reason is not None)
        yield "</dl></section>"
    if totals["ingested"]:
        yield f"<section><h2>{say('text.report_ingested')}</h2>{_legend(say)}"
        books = (line for line in lines if line.reason is None)
        for number, line in enumerate(books):
            yield _book(line, out_dir, say) if number < MOST_CARDS else f"<p>{_headline(line, say)}</p>"
        yield "</section>"
    yield FOOT


def _figures(totals: Totals, say: Speaker) -> str:
    cells = "".join(
        f"<div><b>{totals[name]:,}</b><span>{say(f'text.figure.{name}')}</span></div>"
        for name in ("ingested", "chapters", "characters", "removed_characters", "repaired_characters")
    )
    bad = "".join(
        f"<div class={'bad' if totals[name] else 'none'}><b>{totals[name]:,}</b><span>{say(f'text.figure.{name}')}</span></div>"
        for name in ("lost_characters", "refused")
    )
    return f"<div class=figures>{cells}{bad}</div>"


def _legend(say: Speaker) -> str:
    kinds = "".join(
        f"<span><i class={kind}></i>{say(f'text.kind.{kind}')}</span>"
        for kind in ("front", "volume", "chapter", "extra")
    )
    return f"<p class=legend>{say('text.legend')} {kinds}</p>"


def _refused(line: BookLine, say: Speaker) -> str:
    reason = line.reason.text(say.lang) if line.reason else ""
    return f"<dt>{escape(line.path)}</dt><dd>{escape(reason)}</dd>"


def _book(line: BookLine, out_dir: Path, say: Speaker) -> str:
    """Return one book's card: headline, plot, advice, and what was taken out."""
    todo = "".join(f"<li>{escape(message.text(say.lang))}" for message in advice(line))
    parts = [
        f"<article><h3>{_headline(line, say)}</h3><p class=facts>{_facts(line, say)}</p>",
        plot(line.table),
        f"<ul class=todo>{todo}</ul>" if todo else "",
        _removed(line, out_dir, say),
        "</article>",
    ]
    return "\n".join(part for part in parts if part)


def _headline(line: BookLine, say: Speaker) -> str:
    author = f" <small>{escape(line.author)}</small>" if line.author else ""
    counts = say("text.headline", chapters=line.chapters, characters=line.characters)
    return f"{escape(line.title)}{author} <em>{counts}</em>"


def _facts(line: BookLine, say: Speaker) -> str:
    facts = [
        escape(line.path),
        say("text.fact.encoding", encoding=line.encoding, percent=round(100 * line.confidence)),
        say("text.fact.size", size=line.size_bytes),
    ]
    if line.script:
        facts.append(say(f"text.script.{line.script}"))
    facts += [say(f"text.repair.{name}") for name in line.repairs]
    facts += [escape(note.text(say.lang)) for note in line.notes]
    if line.repaired_characters:
        facts.append(say("text.fact.repaired", count=line.repaired_characters))
    if line.contents_lines:
        facts.append(say("text.fact.contents", count=line.contents_lines))
    if line.missing_numbers:
        facts.append(say("text.fact.missing", numbers=few(line.missing_numbers)))
    return " · ".join(facts)


def _removed(line: BookLine, out_dir: Path, say: Speaker) -> str:
    """Return what cleaning did, rule by rule, with examples that can be unfolded."""
    if not line.removed:
        return ""
    log = out_dir / "removed" / line.output
    examples = _examples(log)
    rows = []
    for rule, count in sorted(line.removed.items(), key=lambda pair: -pair[1]):
        name = f"{say(f'text.rule.{rule}')} <code>{escape(rule)}</code> <b>{count:,}</b>"
        shown = "".join(f"<li>{example}" for example in examples.get(rule, ()))
        rows.append(f"<li>{name}" + (f"<ol>{shown}</ol>" if shown else ""))
    total = say("text.removed", kinds=len(line.removed), characters=line.removed_characters)
    undo = f"<p>{say('text.undo', log=log)}</p>" if examples else ""
    return f"<details><summary>{total}</summary><ul class=rules>{''.join(rows)}</ul>{undo}</details>"


def _examples(log: Path) -> dict[str, list[str]]:
    """Return a few removals of each rule, escaped and cut short; no log, no examples."""
    found: dict[str, list[str]] = defaultdict(list)
    seen: Counter[str] = Counter()
    if not log.is_file():
        return found
    with log.open(encoding="utf-8") as rows:
        for row in islice(rows, MOST_READ):
            removal = json.loads(row)
            seen[removal["rule"]] += 1
            if seen[removal["rule"]] <= MOST_EXAMPLES:
                found[removal["rule"]].append(_example(removal))
    return found


def _example(removal: dict[str, Any]) -> str:
    text = removal["text"].replace("\n", " ⏎ ")
    short = text if len(text) <= LONGEST_EXAMPLE else text[:LONGEST_EXAMPLE] + "…"
    kept = f" <q>{escape(removal['kept'][:LONGEST_EXAMPLE])}</q>" if removal["kept"] else ""
    return f"<small>{removal['line'] + 1}</small> <del>{escape(short)}</del>{kept}"


_STYLE = """
em{color:var(--soft);font-size:.85rem;font-style:normal;font-weight:400}
.bad b{color:var(--red)}.refused dl{background:var(--card);border-left:4px solid var(--red);border-radius:.4rem;padding:.8rem 1rem;margin:0}.refused dt{font-weight:600;overflow-wrap:anywhere}.refused dd{margin:0 0 .8rem}
article{padding:1rem 1.2rem;margin:0 0 1rem}h3{margin:0;font-size:1.1rem}.facts{margin:.1rem 0 .6rem;overflow-wrap:anywhere}
svg{display:block;width:100%;height:4.5rem;border-bottom:1px solid var(--line)}.chapter{fill:var(--blue);background:var(--blue)}.front{fill:var(--gold);background:var(--gold)}.volume{fill:var(--red);background:var(--red)}.extra{fill:var(--green);background:var(--green)}rect:hover{opacity:.6}
.legend span{margin-left:1rem}
.todo{margin:.8rem 0 0}
details{margin-top:.7rem}code{color:var(--soft);font-size:.8rem}summary{cursor:pointer;color:var(--soft)}.rules{margin:.4rem 0}.rules ol{list-style:none;padding-left:1rem}del{text-decoration-color:var(--red)}q{color:var(--soft)}li{overflow-wrap:anywhere}
"""
