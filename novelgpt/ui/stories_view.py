"""What the stories tab shows as HTML: chapters, two branches side by side, the preview of an import.

Law: every word that a person or a model wrote is escaped; every list is bounded, and says so where it ends early.
"""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from novelgpt.messages import Lang, translate
from novelgpt.story.branches import Branch, Comparison
from novelgpt.story.importing import Preview
from novelgpt.story.sections import Section, Volume, volumes_of
from novelgpt.story.store import Story, StoryId
from novelgpt.studio.library import FORMATS, Format, Found
from novelgpt.ui.chapter_bench import COLUMNS, KINDS, chapter_list
from novelgpt.ui.tables import MOST_ROWS, long_table

MOST_COMPARED = 4000
SHARED_SHOWN = 120
FEW = 60
"""Chapters that are all shown at once; of more, each volume is unfolded by hand."""

_LABELS: dict[Format, str] = {"txt": "TXT", "epub": "EPUB", "docx": "DOCX", "kobold": "KoboldAI"}
_BY_CHAPTER: tuple[Format, ...] = ("txt", "epub", "docx")
_PHRASES = re.compile(r"[^，。！？；：、…\n]*[，。！？；：、…\n]*[”’」』]*")


def story_label(story: Story) -> str:
    """Return a story's line in the list."""
    return f"{story.title} · {_moment(story.updated_at)}"


def branch_label(branch: Branch, lang: Lang) -> str:
    """Return a branch's line in the lists."""
    who = translate("ui.stories_by_human" if branch.author == "human" else "ui.stories_by_model", lang)
    if branch.is_current:
        place = translate("ui.stories_length", lang, length=branch.length)
        words = translate("ui.stories_here", lang)
    else:
        place = translate("ui.stories_leaves", lang, place=branch.leaves_at, length=branch.length)
        words = " ".join(branch.excerpt.split()) or "…"
    return f"{words} · {place} · {who} · {_moment(branch.created_at)}"


def found_label(found: Found) -> str:
    """Return a place's line in the results."""
    around = f"{found.excerpt_before}【{found.match}】{found.excerpt_after}"
    return f"{found.title}: {' '.join(around.split())}"


def links(story: StoryId, lang: Lang, *, typography: bool) -> str:
    """Return the links that download a whole story."""
    anchors = " ".join(_link(story, form, None, typography) for form in FORMATS)
    return f'<p class="exports">{_say("ui.stories_export", lang)} {anchors}</p>'


def chapter_tree(story: StoryId, sections: Sequence[Section], lang: Lang, *, typography: bool) -> str:
    """Return the chapters of a story, below their volumes where it has some, each with its own links."""
    left, count, shown = MOST_ROWS, 1, []
    for volume in volumes_of(sections)[:MOST_ROWS]:
        table = _chapters(story, volume, count, lang, typography, max(left, 0))
        heading = volume.heading
        shown.append(
            _unfolding(story, volume, heading, table, lang, typography, is_open=len(sections) <= FEW)
            if heading
            else table
        )
        left -= len(volume.sections)
        count += len(volume.sections)
    return "".join(shown)


def _unfolding(
    story: StoryId,
    volume: Volume,
    heading: tuple[int, Section],
    table: str,
    lang: Lang,
    typography: bool,
    *,
    is_open: bool,
) -> str:
    """Return a volume that unfolds to its chapters; its links are for all of it."""
    number, section = heading
    facts = _say("ui.stories_volume", lang, chapters=len(volume.sections), characters=volume.characters)
    links = " ".join(_link(story, form, number, typography) for form in _BY_CHAPTER)
    return (
        f'<details class="volume"{" open" if is_open else ""}><summary><b>{html.escape(section.title)}</b> '
        f'<small>{facts}</small></summary><p class="exports">{_say("ui.stories_export_volume", lang)} {links}</p>'
        f"{table}</details>"
    )


def _chapters(story: StoryId, volume: Volume, first: int, lang: Lang, typography: bool, most: int) -> str:
    """Return a volume's chapters, counted on from `first`; links name a section by its place among all."""
    rows = (
        (
            str(count),
            _say(KINDS[section.kind], lang),
            html.escape(section.title or "…"),
            f"{section.characters:,}",
            " ".join(_link(story, form, number, typography) for form in _BY_CHAPTER),
        )
        for count, (number, section) in enumerate(volume.sections, start=first)
    )
    total = len(volume.sections)
    return (
        long_table("chapters", (*COLUMNS, "ui.stories_col_export"), rows, total, lang, most) if total else ""
    )


def preview_table(preview: Preview, lang: Lang) -> str:
    """Return what an import would make: a line about the file, and its chapters."""
    facts = translate(
        "ui.stories_preview",
        lang,
        title=preview.title,
        encoding=preview.encoding,
        chapters=len(preview.chapters),
        characters=sum(len(chapter.whole()) for chapter in preview.chapters),
        removed=preview.removed,
        lost=preview.lost_characters,
    )
    notes = "".join(f"<p>{html.escape(note.text(lang))}</p>" for note in preview.notes[:10])
    return f"<p>{html.escape(facts)}</p>{notes}" + chapter_list("preview", preview.chapters, lang)


def side_by_side(comparison: Comparison, lang: Lang) -> str:
    """Return two branches in two columns, with what only one of them says marked."""
    left, right = _marked(comparison.left[:MOST_COMPARED], comparison.right[:MOST_COMPARED])
    shared = html.escape(comparison.common[-SHARED_SHOWN:])
    dots = "…" if len(comparison.common) > SHARED_SHOWN else ""
    cut = max(len(comparison.left), len(comparison.right)) > MOST_COMPARED
    more = f"<p>{_say('ui.stories_compared', lang, most=MOST_COMPARED)}</p>" if cut else ""
    return (
        f'<p class="shared prose">{dots}{shared}</p><div class="compared">'
        f'<p class="prose">{left}</p><p class="prose">{right}</p></div>{more}'
    )


def _marked(left: str, right: str) -> tuple[str, str]:
    """Compare by phrases, so that a long text is compared in a moment."""
    one, other = ([phrase for phrase in _PHRASES.findall(text) if phrase] for text in (left, right))
    columns: tuple[list[str], list[str]] = ([], [])
    for kind, start, end, other_start, other_end in difflib.SequenceMatcher(
        None, one, other, autojunk=False
    ).get_opcodes():
        for column, phrases in zip(columns, (one[start:end], other[other_start:other_end]), strict=True):
            words = html.escape("".join(phrases))
            column.append(words if kind == "equal" or not words else f"<mark>{words}</mark>")
    return "".join(columns[0]), "".join(columns[1])


def _link(story: StoryId, form: Format, section: int | None, typography: bool) -> str:
    asked = {"section": section} if section is not None else {}
    query = urlencode({**asked, **({"typography": 1} if typography else {})})
    address = f"/download/story/{story}/{form}" + (f"?{query}" if query else "")
    return f'<a href="{html.escape(address)}" download>{_LABELS[form]}</a>'


def _say(key: str, lang: Lang, **facts: object) -> str:
    return html.escape(translate(key, lang, **facts))


def _moment(when: datetime) -> str:
    """Return a time as the clock on this machine shows it."""
    return f"{when.astimezone():%Y-%m-%d %H:%M}"
