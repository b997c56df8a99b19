"""Clean lines and headings → the lines in which the author speaks to the readers, not the story.

Law: only a line that asks, thanks or announces as authors do, and that stands within a few story lines of a chapter's
edge; what a character says is left alone, and so is a chapter that is nothing but an announcement.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

NEAR = 3
"""Lines of the story that may stand between the author's word and the edge of the chapter."""
_LONGEST = 220

_ASKS = r"""
(?:求|跪求|拜求|急需|需要|呼唤|召唤)[^。！？，、]{0,8}(?:月票|推荐票|收藏|订阅|打赏|推荐|票票|红票|鲜花|首订|支持|评价票|催更)|求(?:票|首订|追读|各种)
(?:月票|推荐票|票票|红票)[^。]{0,12}(?:求|投|砸|给点|支持|拜托|来一|推荐票)|(?:投|砸|赏|甩)[^。，]{0,8}(?:月票|推荐票|票票|几票)|(?:手[里中上]|还有|有)[^。，]{0,4}(?:月票|推荐票|票)的[^。]{0,16}(?:投|砸|支持)
(?:^|[^一-鿿]|再次|最后|非常|特别|还是|还要)(?:感谢|谢谢|多谢|拜谢|鸣谢)[^。]{0,80}(?:打赏|月票|推荐票|盟主|舵主|掌门|起点币|飘红|万赏|订阅|评价票|催更|评论)|(?:书友|盟主|读者)[^。]{1,16}的?(?:打赏|月票|推荐票|万赏)
(?:今天|今日|今晚|明天|明日|晚上|下午|中午|凌晨|稍后|一会儿?|待会儿?|晚点|还)[^。！]{0,12}(?:加更|还有[一二两三]更|双更|更新(?=[，。！,!～~\s]|$|完|一章|[两三]章|推迟|晚|时间|稍|会|在))|第[一二两三四五六七八九][更](?:到|送|奉|完|求|，|！|$|为)|(?:今日|今天)?更新完毕|[三四五六七八九]更(?:送上|奉上|求)|(?:爆更|补更|欠更|断更|加更)[^。]{0,8}(?:一章|送上|补上|求|见谅|完毕|！|$)
请假(?:一天|两天|条|一下|一日)|(?:卡文|码字|存稿)[^。]{0,20}(?:加更|补上|更新|明天|见谅|了|去)|(?:书友|读者|交流|粉丝|扣扣|企鹅|QQ|qq)群[号:：]{0,2}\s?\d{5,12}
新书(?:期|上传|发布|冲榜|推荐|期间)[^。]{0,16}(?:求|收藏|支持|推荐|票)|上架(?:了|感言|第)[^。]{0,16}(?:求|首订|订阅|支持)|作者有话[要想]?说|推荐(?:一本|一下)?[^。]{0,8}(?:好友|朋友|基友|大佬)的?(?:新)?书
本章[^。]{0,4}[千\d]+字|(?:本书|新书)[^。]{0,10}(?:求|需要)[^。]{0,6}(?:收藏|推荐|支持|票)
"""
_POSTSCRIPT = re.compile(r"\W{0,3}[PpＰｐ][.．]?\s?[SsＳｓ][.．]?\s?[\d①-⑨]?\s?[：:，,。.…\s、]")
_AUTHORS_WORDS = re.compile(
    r"票|收藏|更新|[一二三四两]更|加更|[本这下上]章|本书|新书|一本|作者|读者|书友|订阅|打赏|编辑|码字|剧情"
)
_READERS_WORDS = re.compile(r"票|收藏|订阅|打赏|书友|盟主")
_SPEECH = re.compile(r"[“「『\"][^”」』\"]*[”」』\"]?")
_SUFFIX = re.compile(
    r"[\s　]{0,4}(?:[（(【\[]([^（()）【】\[\]]{1,40})[）)】\]]|[\s　]((?:跪|拜)?求(?:月票|推荐票?|收藏|订阅|票|打赏|首订)[！!，,、~～求月票推荐收藏订阅打赏支持]{0,20}))$"
)
_SUFFIX_SAYS = re.compile(
    r"求.{0,8}(?:票|收藏|订阅|推荐|支持|打赏|首订)|^第?[一二两三四五六七八九十\d]{1,2}更|加更|^.{0,6}\d{3,5}字|[一二两三四五六七八九十]千字|大章$|月票|推荐票|盟主|打赏|^补(?:昨|更)|^爆更|万更|[二三四]合一"
)
_NUMBERED = re.compile(r"第|卷|\d|[Cc]h")
_ANNOUNCES = re.compile(r"请假|感言|公告|通知|说明|上架|完本|作者|说几句|致读者|单章|休更|停更")


def title_suffix(line: str) -> int | None:
    """Return where the author's word after a chapter's title begins: (求月票), 【加更】."""
    match = _SUFFIX.search(line, max(0, len(line) - 64)) if len(line) <= 200 else None
    if not match or not (match[2] or _SUFFIX_SAYS.search(match[1])):
        return None
    return match.start()


def author_lines(lines: Sequence[str], suspects: Sequence[int], headings: Sequence[int]) -> list[int]:
    """Return the positions of author's lines among `suspects`, of a book whose chapters begin at `headings`."""
    talk = [position for position in suspects if is_author_talk(lines[position])]
    if not talk:
        return []
    numbered = {position for position in headings if _NUMBERED.search(lines[position][:8])}
    talk = [position for position in talk if position not in numbered]
    edges = [-1, *sorted(set(headings) - set(talk)), len(lines)]
    talking = frozenset(talk)
    found: list[int] = []
    chapter = 0
    for position in talk:
        while edges[chapter + 1] <= position:
            chapter += 1
        if _at_edge(lines, talking, position, (edges[chapter], edges[chapter + 1])):
            found.append(position)
    return found


def is_author_talk(line: str) -> bool:
    """Say whether the line is worded as authors speak to readers."""
    if not line or len(line) > _LONGEST:
        return False
    if _POSTSCRIPT.match(line):
        return bool(_AUTHORS_WORDS.search(line))
    if ("他" in line or "她" in line) and not _READERS_WORDS.search(line):
        return False
    told = _SPEECH.sub("", line) if line[0] in '“「『"' or "道：" in line or "说：" in line else line
    return bool(_asks().search(told))


def _at_edge(lines: Sequence[str], talk: frozenset[int], position: int, chapter: tuple[int, int]) -> bool:
    """Say whether few lines of the story stand between the line and the chapter's start or end."""
    start, end = chapter
    if start >= 0 and _ANNOUNCES.search(lines[start]):
        return False
    before = _story_between(lines, talk, range(position - 1, start, -1))
    after = _story_between(lines, talk, range(position + 1, end))
    return (start < 0 or before + after > 0) and min(before, after) <= NEAR


def _story_between(lines: Sequence[str], talk: frozenset[int], way: range) -> int:
    """Count lines of the story on the way to an edge, as far as it matters."""
    count = 0
    for position in way:
        count += bool(lines[position]) and position not in talk
        if count > NEAR:
            break
    return count


@lru_cache(maxsize=1)
def _asks() -> re.Pattern[str]:
    return re.compile("|".join(row for row in _ASKS.split("\n") if row))
