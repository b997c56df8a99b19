"""What a book is called and who wrote it, as told by its file name and by its first lines.

What goes in: a file name's stem, or the lines before the story. What comes out: (title, author), empty where nothing is said.
Law: a file name always gives a title, and only what is surely not part of it is taken away: sites, the state of the
copy (完本, 校对版), ranges (1-100章).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from novelgpt.text.headings.forms import heading_of

HEAD_LINES = 12
LONGEST_NAME = 200
LONGEST_HEAD_LINE = 60
LONGEST_AUTHOR = 12

_STATE = (
    "全文字版|文字版|精校版全本|精校版|精校|精编版|校对版|校对|精修版|修订版全本|全本|全文|完本|完结版|完结|已完结|连载中|连载|未删减版|未删减|无删减|未删节|"
    "完整版|典藏版|最新版|无错版|无错|全集|全本全集|出版书|出版|实体书|番外篇|番外|后记|TXT全集|TXT下载|TXT电子书|电子书|全集下载|下载|TXT|EPUB|"
    "未完|烂尾|断更|全|完|作者版|校園版|校對版|完結|全文完|扫校|扫描版|多看|精排"
)
_GENRES = "玄幻|奇幻|都市|言情|武侠|仙侠|科幻|历史|军事|悬疑|灵异|网游|穿越|重生|古言|现言|耽美|百合|同人|短篇|中篇|长篇|小说|BL|GL|推理|恐怖|轻小说|原创|转载|搬运"
_SITE = re.compile(
    r"www\s?[.．。]|https?:|[A-Za-z0-9-]{2,40}\.(?:com|net|org|cn|cc|info|me|la|tw|co|io|xyz|top|vip)\b"
    r"|(?:小说|中文|文学|读书|看书|书|文|下载|阅读|论坛)网|论坛|书屋|书吧|书库|藏书|书斋|吧$|整理|分享|收集",
    re.IGNORECASE,
)
_STATES = re.compile(
    rf"(?:(?:{_STATE}|{_GENRES})|[+＋、，,&/·\s]|第?[0-9]{{1,5}}\s?[-~—－～至到]\s?第?[0-9]{{1,5}}[章回卷集部话]?){{1,12}}",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"\[([^\[\]]{0,60})\]|【([^【】]{0,60})】|（([^（）]{0,60})）|\(([^()]{0,60})\)|〔([^〔〕]{0,60})〕"
)
_ENCODING_TAG = re.compile(r"[._ ](?:utf-?8(?:-sig)?|gbk|gb2312|gb18030|big5|utf-?16(?:le|be)?|txt)$", re.I)
_COPY = re.compile(r"(?:\s\([0-9]{1,3}\)|\s?[-－]\s?(?:副本|copy)(?:\s?\([0-9]{1,3}\))?)$", re.I)
_RANGE = re.compile(
    r"[\s_\-]{0,3}第?[0-9]{1,5}\s?[-~—－～至到]\s?第?[0-9]{1,5}\s?(?:[章回卷集部话]|$)(?:完|全)?$"
)
_TAIL_STATE = re.compile(
    r"(?:[\s_\-+＋]{1,3}(?:全集|全文|全本|完|全|下载|电子书|番外|出版|连载中|连载|TXT)|"
    r"(?:全本全集|(?<![大选案品文])全集\s?TXT(?:下载)?|TXT全集|TXT下载|TXT电子书|全集下载|全集TXT|精校版全本|精校版|校对版|校對版|未删减版|未删节版|完整版|文字版|无错版|完结版|完本|已完结|TXT))$",
    re.IGNORECASE,
)
_TAIL_SITE = re.compile(r"[\s_\-@＠]{1,3}([^\s_\-@＠]{2,30})$")

_BRACKETED = re.compile(r"《([^》]{1,60})》")
_BY = re.compile(
    r"(?:作\s?者|著\s?者|作\s?家)\s{0,4}[:：]\s{0,4}((?:[\[（(【〔][^\[\]（()）【】〔〕]{1,4}[\]）)】〕]\s?)?[^\s《》，,。_\-（()）\[\]【】：:]{1,30})"
)
_WRITTEN_BY = re.compile(r"([^\s，。：、“”「」]{2,12})[\s\u3000]{1,6}(?:编著|原著|著|撰|作)$")
_SIGNED = re.compile(
    r"(?:文\s?[/／]\s?|◎\s?|作者\s{1,4}|[Bb][Yy]\s?[:：]\s?|[Bb][Yy]\s{1,4})([^\s，。：！？“”「」]{1,12})$"
)
_TITLED = re.compile(
    r"(?:书\s?名|書\s?名|作品|小说名)\s{0,4}[:：]\s{0,4}《?([^》：:]{1,60}?)》?(?=\s{1,8}作\s?者|$)"
)
_HEAD_TITLE = re.compile(r"《([^》]{1,60})》([^，。！？；：“”]{0,20})(?:作\s?者.{0,20})?$")
_LATIN_BY = re.compile(
    r"(.{1,100}?)(?:\s+|(?<=[\u3400-\u9fff》]))by(?:\s*[:：]\s*|\s+|(?=[\u3400-\u9fff]))(.{1,40})$",
    re.IGNORECASE,
)
_DYNASTY = re.compile(
    r"^[\[（(【〔]?(?:先秦|秦|西?汉|東?漢|东汉|晋|晉|南?北?朝|隋|唐|五代|北?南?宋|元|明|清|民国|民國|近代|现代|当代|[美英法日俄德])(?:朝|代)?[\]）)】〕.．·•・]\s?"
)
_WORK = re.compile(r"(?:編次|编次|編著|编著|原著|编撰|著|撰|編|编)$")
_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff·•．.、]{2,12}")
_NO_NAME = re.compile(
    r"第.|.{0,8}[部卷册冊集篇章回季传傳版本编]$|[上中下前后後续續]$|.?[汉漢晋晉]$|.{1,3}史$|民[国國]$|.{0,6}(?:系列|合集|外传|番外|全集|小说|文集|结局)$|.{0,4}(?:之|的)."
)
_VOLUME = re.compile(
    r"(?:第?[0-9一二三四五六七八九十]{1,3}[部卷册集]|[（(]?[上中下][)）]?[部卷册篇集]?|续集|前传|外传)(?![^\s作（(【\[])"
)
_HAN = re.compile("[\u3400-\u9fff]")
_UNSEEN = " \t\r\n\u3000\u00a0\u200b\ufeff"
_EDGES = " \t\u3000_-—－·.,，、:：;；+＋@＠/|｜~～"


def name_from_file(stem: str) -> tuple[str, str]:
    """Return title and author as a file name tells them: 《X》作者：Y, [Y]X, X - Y, X_Y, X by Y, X（Y） or plain X."""
    whole = stem.strip()[:LONGEST_NAME]
    plain = _without_tails(_without_tags(whole)) or whole
    title, author = _divided(plain)
    return title or plain, author


def name_from_head(lines: Iterable[str]) -> tuple[str, str]:
    """Return title and author as the lines before the first heading print them; empty where they do not."""
    title = author = ""
    for line in head_of(lines):
        titled = _TITLED.match(line) or _HEAD_TITLE.match(line)
        title = title or (titled[1].strip() if titled and not _is_front(titled[1]) else "")
        by = _BY.search(line) or _WRITTEN_BY.match(line) or _SIGNED.match(line)
        if not author and by and (by.re is not _BY or by.start() < 30):
            author = _pen_name(by[1])
    return title, author


def _is_front(title: str) -> bool:
    """Say whether a title in brackets is that of a preface or a contents list, 《序》, and not the book's."""
    heading = heading_of(title.strip())
    return heading is not None and heading.kind == "front"


def head_of(lines: Iterable[str]) -> list[str]:
    """Return the first lines that are short and stand before the story: a chapter heading ends them."""
    head: list[str] = []
    for count, line in enumerate(_first(lines)):
        heading = heading_of(line)
        if heading and heading.firm and heading.kind != "front" and heading.family in ("unit", "word"):
            break
        if count >= HEAD_LINES:
            break
        if len(line) <= LONGEST_HEAD_LINE:
            head.append(line)
    return head


def _first(lines: Iterable[str]) -> Iterable[str]:
    bare = (line[: LONGEST_HEAD_LINE + 40].strip(_UNSEEN) for line in lines)
    return (line for line in bare if line)


def _without_tags(name: str) -> str:
    """Take away bracketed sites, states and genres, wherever they stand."""
    return _TAG.sub(lambda match: " " if _is_aside(match[match.lastindex or 0]) else match[0], name).strip(
        _EDGES
    )


def _is_aside(text: str) -> bool:
    inside = text.strip(_EDGES)
    return not inside or bool(_SITE.search(inside) or _STATES.fullmatch(inside))


def _without_tails(name: str) -> str:
    """Take away, as long as a title is left, what stands at the end and is surely none of it."""
    before = ""
    while name != before:
        before = name
        for pattern in (_ENCODING_TAG, _COPY, _RANGE, _TAIL_STATE):
            shorter = pattern.sub("", name).rstrip(_EDGES)
            if len(shorter) >= 2 or _HAN.search(shorter):
                name = shorter
        site = _TAIL_SITE.search(name)
        if site and site.start() and _SITE.search(site[1]):
            name = name[: site.start()]
    return name


def _divided(name: str) -> tuple[str, str]:
    """Tell title from author by the marks between them."""
    author = _BY.search(name)
    if bracketed := _BRACKETED.search(name):
        after, before = name[bracketed.end() :].strip(_EDGES), name[: bracketed.start()]
        volume = _VOLUME.match(after)
        title = bracketed[1].strip() + (volume[0] if volume else "")
        return title, _pen_name(author[1]) if author else _signature((after, before))
    if author:
        return name[: author.start()].strip(_EDGES + "（(【["), _pen_name(author[1])
    if (by := _LATIN_BY.match(name)) and _HAN.search(by[1]):
        return by[1].strip(_EDGES), by[2].strip(_EDGES)
    if tag := _TAG.match(name):
        before, rest = tag[tag.lastindex or 0].strip(), name[tag.end() :].strip(_EDGES)
        if rest and _is_name(before):
            return _divided(rest)[0], before
    return _parted(name)


def _parted(name: str) -> tuple[str, str]:
    """X - Y, X_Y, X（Y）: the second part must look like a person's name."""
    if name.endswith(("）", ")")):
        title, inside = _last_bracket(name)
        if title and _is_name(inside) and len(inside) <= 4:
            return title, inside
    for mark in (" - ", " — ", " – ", " － ", "_", "-"):
        before, _, after = name.rpartition(mark)
        if before and not before.isdigit() and not before.endswith("-") and _is_name(after.strip()):
            return before.strip(_EDGES), after.strip()
    return name, ""


def _last_bracket(name: str) -> tuple[str, str]:
    """Return what stands before a name's last bracket, and in it."""
    start = max(name.rfind("（"), name.rfind("("))
    return name[: max(0, start)].strip(_EDGES), name[start + 1 : -1].strip()


def _pen_name(text: str) -> str:
    """Return an author without the dynasty before the name and the kind of work after it."""
    bare = _DYNASTY.sub("", text.strip(_EDGES))
    return (_WORK.sub("", bare) or bare).strip(_EDGES)


def _signature(around: tuple[str, str]) -> str:
    """Return what stands beside 《X》 if it is a name: 《X》Y, 《X》by Y, Y《X》."""
    for text in around:
        bare = re.sub("^by[ :：]{0,3}", "", _without_tails(text.strip(_EDGES)), flags=re.IGNORECASE).strip(
            _EDGES
        )
        bare = re.sub("作\\s?者[:：]?$", "", bare)
        bare = re.sub("[著撰]$", "", bare).strip() if len(bare) > 2 else bare
        if _is_name(bare) and not _is_aside(bare):
            return bare
    return ""


def _is_name(text: str) -> bool:
    """Say whether `text` could be a pen name: a few Han characters that are no volume, edition or state."""
    return bool(
        len(text) <= LONGEST_AUTHOR
        and _NAME.fullmatch(text)
        and not _NO_NAME.match(text)
        and not _STATES.fullmatch(text)
        and not _SITE.search(text)
    )
