"""A `VocabReport` → one self-contained page that a person enjoys: how the vocabulary cuts, how it fits each book, what it lacks.

It asks the network for nothing. Law: whatever comes from a book (titles, names, pieces) is escaped, so no novel can
bring a script into the page.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape

from novelgpt.messages import Lang
from novelgpt.pages import FOOT, Speaker, head
from novelgpt.tokens.fit import BookFit, Sample, VocabReport

STEP = 10
PILES, MARKS = 50, 6
"""How many piles of books one character per token is divided into, and how many stretches the axis has."""
LONGEST_TITLE, LONGEST_NAME = 60, 24
POOR = 10
"""Lacking characters per thousand from which on a book deserves a word of advice."""
LARGEST, SMALLEST = 2.0, 0.85
"""Sizes of letters in the cloud of pieces, in em."""


def page(report: VocabReport, lang: Lang) -> Iterator[str]:
    """Yield the page, part by part."""
    say = Speaker(lang)
    title = say("vocab_report.title")
    yield f"{head(title, lang, _STYLE)}<header><h1>{title}</h1>{_figures(report, say)}"
    yield f"<p class=facts>{say('vocab_report.fingerprint', fingerprint=report.fingerprint, characters=report.fit.characters)}</p></header>"
    yield _samples(report.samples, say)
    yield from _books(report, say)
    yield _lengths(report.pieces_by_length, say)
    yield _cloud(report.long_pieces, say)
    yield _lacking(report, say)
    yield FOOT


def _figures(report: VocabReport, say: Speaker) -> str:
    cells = [
        (f"{report.size:,}", say("vocab_report.size")),
        (f"{report.characters_per_token:.2f}", say("vocab_report.characters_per_token")),
        (f"{report.fit.coverage:.0%}", say("vocab_report.coverage")),
    ]
    if report.fit.f1 is not None:
        cells.append((f"{report.fit.f1:.3f}", say("vocab_report.f1")))
    cells += [
        (f"{report.byte_tokens_per_million:,.0f}", say("vocab_report.byte_tokens")),
        (f"{report.books:,}", say("vocab_report.books")),
        (f"{report.characters:,}", say("vocab_report.characters")),
    ]
    if report.words:
        cells.append((f"{report.words:,}", say("vocab_report.words")))
    shown = "".join(f"<div><b>{number}</b><span>{name}</span></div>" for number, name in cells)
    return f"<div class=figures>{shown}</div>"


def _samples(samples: Sequence[Sample], say: Speaker) -> str:
    if not samples:
        return ""
    legend = (
        f"<span><i class=long></i>{say('vocab_report.long')}</span>"
        f"<span><i class=single></i>{say('vocab_report.single')}</span>"
        f"<span><i class=lacking></i>{say('vocab_report.lacking')}</span>"
    )
    lines = "".join(f"<article>{_sample(sample)}</article>" for sample in samples)
    note = f"<p class=legend>{say('vocab_report.samples_note')} {legend}</p>"
    return f"<section><h2>{say('vocab_report.samples')}</h2>{note}{lines}</section>"


def _sample(sample: Sample) -> str:
    pieces = "".join(f"<i class={_kind(piece, sample)}>{escape(piece)}</i>" for piece in sample.pieces)
    words = "<s></s>".join(escape(word) for word in sample.words)
    below = f"<p class=words>{words}</p>" if words else ""
    return f"<p class=pieces>{pieces}</p>{below}<p class=facts>{escape(sample.book[:LONGEST_TITLE])}</p>"


def _kind(piece: str, sample: Sample) -> str:
    if piece in sample.lacking:
        return "lacking"
    return "long" if len(piece) > 1 else "single"


def _books(report: VocabReport, say: Speaker) -> Iterator[str]:
    if not report.by_book:
        return
    told = [book for book in report.by_book if book.fit.characters]  # an empty book has no rate
    yield f"<section><h2>{say('vocab_report.books_fit')}</h2>{_advice(told, say)}"
    if len(told) > 1:
        yield f"<p class=legend>{say('vocab_report.books_note')}</p>{_plot(told, say)}"
    own = report.own_words
    if own.distinct:
        note = say("vocab_report.names_note", distinct=own.distinct, share=own.share, pieces=own.pieces)
        yield f"<p class=legend>{note}</p>"
    yield f"<div class=wide><table>{_heads(report, say)}"
    ceiling = max(book.fit.characters_per_token for book in report.by_book)
    for book in report.by_book:
        yield _row(book, ceiling, report, say)
    yield "</table></div>"
    if unlisted := report.books - len(report.by_book):
        yield f"<p class=legend>{say('vocab_report.unlisted', count=unlisted)}</p>" if unlisted > 0 else ""
    yield "</section>"


def _advice(books: Sequence[BookFit], say: Speaker) -> str:
    """Return what is worth knowing about the books: the ends of the scale, and those written in unknown characters."""
    ranked = sorted(books, key=_rate)
    notes = []
    if len(ranked) > 1:
        notes = [
            say("vocab_report.best", title=_title(ranked[-1]), rate=_rate(ranked[-1])),
            say("vocab_report.worst", title=_title(ranked[0]), rate=_rate(ranked[0])),
        ]
    poor = [book for book in books if 1000 * book.fit.lacking > POOR]
    if poor:
        worst = max(poor, key=lambda book: book.fit.lacking)
        notes.append(say("vocab_report.poor", count=len(poor), limit=POOR, title=_title(worst)))
    return f"<ul class=todo>{''.join(f'<li>{note}' for note in notes)}</ul>" if notes else ""


def _rate(book: BookFit) -> float:
    return book.fit.characters_per_token


def _title(book: BookFit) -> str:
    return book.title[:LONGEST_TITLE]


def _plot(books: Sequence[BookFit], say: Speaker) -> str:
    """Return an SVG with a square for every book, piled up where its rate is."""
    piles: dict[int, list[BookFit]] = defaultdict(list)
    for book in sorted(books, key=_rate):
        piles[math.floor(_rate(book) * PILES)].append(book)
    first, last = min(piles), max(piles)
    columns, rows = last - first + 1, max(map(len, piles.values()))
    squares = "".join(
        _square(number - first, rows - 1 - level, book, say)
        for number, pile in piles.items()
        for level, book in enumerate(pile)
    )
    marks = "".join(
        f"<span>{(first + columns * step / MARKS) / PILES:.2f}</span>" for step in range(MARKS + 1)
    )
    return (
        f'<svg class=plot viewBox="0 0 {STEP * columns} {STEP * rows}" preserveAspectRatio="none" role="img">'
        f"{squares}</svg><p class=axis>{marks}</p>"
    )


def _square(column: int, row: int, book: BookFit, say: Speaker) -> str:
    title = say("vocab_report.square", title=_title(book), rate=_rate(book), coverage=book.fit.coverage)
    return (
        f'<rect class=long x="{column * STEP}" y="{row * STEP}" width="{STEP - 1}" height="{STEP - 1}">'
        f"<title>{title}</title></rect>"
    )


def _heads(report: VocabReport, say: Speaker) -> str:
    heads = [
        say("vocab_report.column_book"),
        say("vocab_report.column_rate"),
        say("vocab_report.column_parts"),
        say("vocab_report.column_single"),
    ]
    heads += [say("vocab_report.column_f1")] if report.fit.f1 is not None else []
    heads += [say("vocab_report.column_names")] if report.own_words.distinct else []
    return "<tr>" + "".join(f"<th>{head}" for head in heads)


def _row(book: BookFit, ceiling: float, report: VocabReport, say: Speaker) -> str:
    width = round(100 * _rate(book) / (ceiling or 1.0), 1)
    bar = f'<svg viewBox="0 0 100 10" preserveAspectRatio="none"><rect class=rate width="{width:g}" height="10"/></svg>'
    cells = [
        f"<b>{escape(_title(book))}</b><br><small>{book.characters:,}</small>",
        f"{_rate(book):.2f}{bar}",
        _parts(book, say),
        f"{book.fit.single_share:.0%}",
    ]
    if report.fit.f1 is not None:
        cells.append("" if book.fit.f1 is None else f"{book.fit.f1:.3f}")
    if report.own_words.distinct:
        cells.append(_names(book))
    return "<tr>" + "".join(f"<td>{cell}" for cell in cells) + "\n"


def _parts(book: BookFit, say: Speaker) -> str:
    """Return a bar in three colours: characters in long pieces, alone, lacking."""
    long, lacking = book.fit.coverage, book.fit.lacking
    single = max(0.0, 1 - long - lacking)
    title = say("vocab_report.parts", long=long, single=single, lacking=lacking)
    place, bars = 0.0, ""
    for kind, share in (("long", long), ("single", single), ("lacking", lacking)):
        bars += f'<rect class={kind} x="{100 * place:.1f}" width="{100 * share:.1f}" height="10"/>'
        place += share
    return f'<svg viewBox="0 0 100 10" preserveAspectRatio="none"><title>{title}</title>{bars}</svg>'


def _names(book: BookFit) -> str:
    shown = " ".join(
        f"<span class=name>{escape(word[:LONGEST_NAME])}<small>{count:,}</small></span>"
        for word, count in book.own_words.items()
    )
    return f"<div class=names>{shown}</div>"


def _lengths(pieces_by_length: dict[str, int], say: Speaker) -> str:
    """Return a bar per length, each with its number."""
    ceiling = max(pieces_by_length.values(), default=1) or 1
    rows = "".join(
        f"<tr><td>{say('vocab_report.length', length=length)}<td><b>{count:,}</b>"
        f'<td><svg viewBox="0 0 100 10" preserveAspectRatio="none"><rect class=rate width="{max(0.2, 100 * count / ceiling):.1f}" height="10"/></svg>'
        for length, count in pieces_by_length.items()
    )
    return f"<section><h2>{say('vocab_report.lengths')}</h2><table class=lengths>{rows}</table></section>"


def _cloud(pieces: dict[str, int], say: Speaker) -> str:
    """Return the pieces, the more frequent the larger."""
    if not pieces:
        return ""
    most = math.log(1 + max(pieces.values()))
    shown = " ".join(
        f'<span style="font-size:{_letters(math.log(1 + count) / most):.2f}em" title="{count:,}">{escape(_visible(piece))}</span>'
        for piece, count in pieces.items()
    )
    note = f"<p class=legend>{say('vocab_report.often_note')}</p>"
    return f"<section><h2>{say('vocab_report.often')}</h2>{note}<p class=cloud>{shown}</p></section>"


def _letters(share: float) -> float:
    return SMALLEST + (LARGEST - SMALLEST) * share * share


def _visible(piece: str) -> str:
    """Give spaces a shape: a piece made of nothing else would be a hole in the page."""
    return piece if piece.strip() else piece.replace("\u3000", "□").replace(" ", "␣")


def _lacking(report: VocabReport, say: Speaker) -> str:
    if not report.lacking_characters:
        return ""
    shown = "".join(
        f"<span><b>{escape(character) if character.isprintable() else '�'}</b>"
        f"<small>U+{ord(character):04X} · {count:,}</small></span>"
        for character, count in report.lacking_characters.items()
    )
    note = say("vocab_report.lacks_note", distinct=report.lacking_distinct)
    return f"<section><h2>{say('vocab_report.lacks')}</h2><p class=legend>{note}</p><p class=lacks>{shown}</p></section>"


_STYLE = """
i,s{font-style:normal;text-decoration:none}.facts{margin:.4rem 0 0}
.legend span{margin-left:1rem;white-space:nowrap}
.legend .long,.legend .single,.legend .lacking{background:var(--kind)}.long{--kind:var(--blue)}.single{--kind:var(--gold)}.lacking{--kind:var(--red)}.rate{--kind:var(--green)}rect{fill:var(--kind)}rect:hover{opacity:.6}
article{padding:.7rem 1.2rem;margin:0 0 .7rem}article p{margin:.2rem 0}
.pieces{font-size:1.15rem;line-height:2}.pieces i{white-space:pre-wrap;display:inline-block;max-width:100%;line-height:1.5;overflow-wrap:anywhere;padding:0 .18rem;margin-right:.2rem;border-radius:.25rem;background:color-mix(in srgb,var(--kind) 20%,transparent);border-bottom:2px solid var(--kind)}
.words{color:var(--soft)}.words s{border-left:1px solid var(--soft);opacity:.7;margin:0 .3rem}
.plot{display:block;width:100%;height:11rem;border-bottom:1px solid var(--line)}.axis{display:flex;justify-content:space-between;margin:.2rem 0 1rem;color:var(--soft);font:.8rem system-ui,sans-serif}.todo{margin:0 0 1rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line);border-radius:.6rem;font-size:.9rem}th{text-align:left;color:var(--soft);font-weight:400;white-space:nowrap}td,th{padding:.3rem .7rem;border-bottom:1px solid var(--line);vertical-align:top}
td b{font-weight:600}.names{min-width:16rem}td:first-child{min-width:7rem}td svg{display:block;width:100%;min-width:5rem;height:.5rem;margin-top:.45rem;border-radius:2px}.name{white-space:nowrap;margin-right:.5rem}.name small{margin-left:.15rem;font-size:.7rem}
.lengths td{vertical-align:middle}.lengths td:nth-child(-n+2){width:6rem;white-space:nowrap}.lengths svg{height:.8rem;margin:0}.cloud{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.2rem;line-height:2}.cloud span{white-space:pre;margin-right:.6rem}
.lacks{display:flex;flex-wrap:wrap;gap:.5rem}.lacks span{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.2rem .6rem;text-align:center}.lacks b{display:block;font-size:1.4rem;line-height:1.5}.lacks small{font-size:.7rem}
"""
