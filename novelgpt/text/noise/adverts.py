"""A line that may carry an advert → the parts of it to cut, sentence by sentence.

Law: what is cut holds a phrase that only sites write, or an address together with a site's own words; a story that
speaks of websites, of collecting or of updating is left alone, and of a story line only the advert goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from novelgpt.text.noise.folding import Fold, fold
from novelgpt.text.noise.hints import alternatives, needed

_SURE = {
    "site_adverts": """
        天才[一1壹]秒.{0,4}记住|[一1壹三3]秒钟?记住(?![了他她你我的那这])|最快更新.{0,12}(?:章节|小说|阅读)|盗版可耻|防盗章|小说阅读网|点击下方的?收藏
        更新(?:速度)?最快|无弹窗|不跳字|无错(?:首发|章节|小说|版|更新)|全文免费阅读|免费阅读全文|免费全文阅读|已阅读到此章节
        (?:收藏|记住|支持|关注|登陆|登录|访问|推荐)本站|本站(?:永久|首发|最新|唯一)?(?:域名|网址|地址)|本站不?提供|本站所有(?:小说|章节|作品)|站内无(?:任何)?广告
        本[书文](?:首发|最新)?域名|本[书文](?:首发|最新)?网址|首发(?:域名|网站|网址|站点)|手机(?:版|端)?(?:用户|读者|阅读)请|移动版网址|手机版(?:阅读)?网址
        退出?(?:浏览器)?转码|转码(?:页面|阅读|失败|声明|会导致)|(?:网址|域名)不迷路|备用(?:域名|网址)|谨防失联
        (?:qq|书友|读者|扣扣|企鹅|交流|书迷|粉丝|[加进])群号?码?\\d{5,12}|群号\\d{6,12}
        (?<![这那])本书由.{1,16}(?:整理|首发|制作|上传|校对|扫描)|本(?:文|章|小说|章节|电子书|作品)由.{1,16}(?:整理|首发|制作|上传|更新|提供)(?![后成好出完])|其他网站均为|阅读的是.{0,12}提供|(?:看|追|读).{0,6}(?:小说|书)就(?:[上到去]|来(?![劲气精]))|公众号.{2,10}回复|下载.{1,10}app.{0,6}(?:离线|阅读|看书|看小说|追书)|退出阅读模式
        更多.{0,6}(?:小说|好书|书籍|图书|章节|电子书|作品).{0,8}(?:尽在|请[到上访登]|就在|访问|登陆|登录|敬请)
        最新章节(?:请|就|尽|全文|免费|抢先|首发|在线)|(?:广大|各位)书友(?:光临|加入)|提供(?:最快|最新|精彩|无弹窗|全本|免费小说)
        免费提供.{0,6}(?:小说|下载)|7017k|(?:手打|首发)更新|本书首发(?!式)|小说尽在|尽在.{1,8}(?:小说网|中文网|文学网|书网)
        第一时间(?:看|阅读|观看)最新|章节将?(?:持续)?在.{2,12}更新|最新小说在.{2,10}首发|喜欢.{0,20}请向你?您?的朋友
    """,
    "site_frames": """
        版权归.{0,12}所有|下载后.{0,4}(?:24|二十四)小时|仅供.{0,6}(?:试读|试阅|预览|学习交流|交流学习)|用户上传之内容(?:开始|结束)
        章节内容(?:开始|结束)|知轩藏书|99121小说|(?:来自|来源于|源于|收集自)互联网|不得用于商业用途|本人不做任何负责|如有侵权请
    """,
    "page_stitches": """
        (?:本章|本节|此章|内容)未完|(?:本|这|此)个?章没有结束|这?个?章节后面还有|下一页(?:继续)?(?:阅读|观看)|继续下一页|点击?下一页继续|本页未完|未完请?[点翻转]|内容显示不全|正在手打|获取最新更新
        上一[章页节].{0,10}下一[章页节]|点此举报(?:免注册)?|(?:章节|小说|内容).{0,4}加载中|(?:章节|小说|内容).{0,4}正在加载|返回书目|键返回上一页|键进入下一页|[温小友][馨情]?提示按
    """,
}
"""Phrases of the fold, by rule, that no story has a use for."""

_LIKELY = """
    最新章节|起点中文网?|笔趣[阁库]|[晋普]江文学城?|纵横中文网?|飞卢小说|番茄小说|七猫小说|txt(?:全集|全本|电子书)?(?:免费)?下载|全集下载|全本小说|全文阅读
    (?:关注|搜索|添加|微信)(?:官方)?(?:微信)?公众号|公众号.{0,6}(?:回复|免费)|加我?微信[a-z]|[阁网屋吧库]app|看书更?方便|扫.{0,3}二维码|下载.{0,8}(?:app|客户端)|安装.{0,8}(?:app|客户端)|app下载|官方公众号
    (?:最快|第一时间|速度)更新|看最新章节|小说网站|最好看的|热门(?:小说)?推荐|由网友|盗版|转载作品|手打
    尽在|就在.{2,8}网|(?:看|追|读|找)(?:小说|书)就[上到来去]|看小说[请上到]+|百度(?:一下|搜索|搜)|喜欢.{0,20}(?:请|欢迎|记得).{0,6}(?:收藏|推荐|支持)
    收藏.{0,6}方便下次|方便(?:您|你)?(?:下次)?阅读|方便下次|阅读记录|打开书架|移步到?|正版首发|首发在|(?:为|给)[您你]提供|更新快|请收藏|收藏和推荐|收藏本书.{0,3}下次|收藏本书|推荐本书|加入书[签架]|返回(?:目录|书架|首页|列表)
    (?:点击|请看|请翻).{0,2}下一页|刷新页面|章节(?:内容)?(?:错误|缺失|报错)|投推荐票|章节目录|下载地址|请勿转载|禁止转载|谢绝转载|支持正版|购买正版|正版阅读|仅供|优质的阅读|电子书
    本[书文]最新|百万热门|下载更快|敲门砖|领取|敬请|欢迎|请[到上来访登移浏搜]|更多|跪谢
"""
_WEAK = """
    小说网?|中文网|文学|书网|网站|网址|域名|官网|最新|最快|章节|更新|阅读|手机|收藏|下载|访问|登[陆录]|首发|免费|全本|本站|本书|书友|用户|推荐|百度|搜索|app|客户端|正版
    请|官方|关注|微信|公众号|书屋|书库|书吧|书城|好书|看书|追书|连载|原创|精彩|广告|弹窗|地址|txt|海量|无删减|网友|体验|浏览|章|朋友|qq群?|支持|转载|第一时间|网
"""
_STORY = frozenset("他她它我俺咱")
_TLD = "com|net|org|cc|cn|info|xyz|top|vip|wang|club|site"
_DOMAIN = re.compile(
    rf"(?<![a-z0-9])(?<![a-z0-9]\.)(?:https?/{{0,2}})?(?:(?:www|wap|m|3g)\.?)?[a-z0-9]{{2,30}}(?:\.[a-z0-9]{{1,20}}){{0,3}}[.点](?:{_TLD})"
    r"(?:\.(?:cn|tw|hk))?(?![a-z])(?:[/.][a-z0-9/.]{0,40})?"
    rf"|(?:https?/{{0,2}})?www\.[a-z0-9]{{2,30}}\.[a-z]{{2,4}}|(?:[a-z0-9]\.){{5,30}}[a-z](?![a-z])|w\.?w\.?w\.?[a-z0-9]{{2,24}}?(?:{_TLD})(?![a-z])"
)
LONGEST = 5000
_REACH = 1000
FEW_PHRASES = 2
_LATIN = re.compile(r"[a-z]\.?[a-z]")
_BOAST = re.compile(
    "(?:首发|独家|最新|最快|更新|无弹窗|免费|正版|全本|小说|阅读|整理|提供|制作|手打|网){1,4}"
)
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9.:/_-]+")
_SENTENCE_ENDS = "。！？”」』"
_SEGMENT = re.compile(
    r"[（(【\[〔{][^（(【\[〔{）)】\]〕}]{0,120}[）)】\]〕}][。.！!，,：:]?|[^。！？!?…；;（(【\[〔{]+[。！？!?…；;”」』’\"~～]*|."
)
_BRACKETED = re.compile(r"[（(【\[〔{].*[）)】\]〕}][。.！!，,]?$|《[^》]*\.[^》]*》$")
_BRACKETS = frozenset("（(【[〔{")
_WHOLE = re.compile(
    r"(?P<page_stitches>\W{0,16}第?\s?[(（]?\s?\d{1,4}\s?[)）]?\s?页?\s?[/／,，]\s?共?\s?\d{1,4}\s?[)）]?\s?页[)）]?\W{0,16}"
    r"|\W{0,16}第\s?\d{1,4}\s?页(?:\s?共\s?\d{1,4}\s?页)?\W{0,16}|\W{0,16}(?:本章完|本章结束|未完待续(?:[，,][^“”]{1,24})?|继续下一页|加入书签|返回目录|章节目录|上一章|下一章|下一页|上一页)\W{0,16}"
    r"|\W{0,16}上一[章页].{0,24}下一[章页]\W{0,16}|[a-z_]{2,20}\d{0,3}\([^()]{0,40}\);?)"
    r"|(?P<author_talk>[（(【\[]\s?求(?:月票|推荐票?|收藏|订阅|打赏)[^”“]{0,24}[）)】\]])",
)
_BRACKET_TALK = re.compile(
    r"未完待续|^未完请?[点翻转]|本章完$|本章结束$|^求.{0,4}(?:月票|推荐票?|收藏|订阅|打赏|鲜花)|^第?[一二三四五六七八九]更$"
)
_SPEECH = re.compile(r"(?:^|[：:，,])[“「『\"]([^”」』\"]*)")


@dataclass(frozen=True)
class Cut:
    """A stretch of a line that is no part of the story, and the rule that says so."""

    start: int
    end: int
    rule: str


@dataclass(frozen=True)
class Phrase:
    """Something in the line that sites write, and how much it says: 3 is sure, 1 is an everyday word."""

    start: int
    end: int
    weight: int
    rule: str
    words: str
    hidden: bool = False


def cuts(line: str) -> list[Cut]:
    """Return what to cut from the line, in order and without overlap; of a giant line only from its two ends."""
    if len(line) <= LONGEST:
        return _cuts(line)
    head, offset = _cuts(line[:_REACH]), len(line) - _REACH
    tail = [Cut(cut.start + offset, cut.end + offset, cut.rule) for cut in _cuts(line[offset:])]
    return [cut for cut in head if cut.end < _REACH] + [cut for cut in tail if cut.start > offset]


def _cuts(line: str) -> list[Cut]:
    whole = _WHOLE.fullmatch(line) if len(line) <= 80 else None
    if whole:
        return [Cut(0, len(line), whole.lastgroup or "")]
    folded = fold(line)
    phrases = _phrases(line, folded)
    if not any(phrase.weight > 1 for phrase in phrases) or _spoken(line, phrases):
        return []
    found = [cut for cut in _judged(line, phrases) if cut is not None]
    return _tidy(line, found) if found else []


def _phrases(line: str, folded: Fold) -> list[Phrase]:
    plain = folded.plain
    phrases = [_sentence(line, folded, match) for match in _sure_matches(plain)]
    if _LATIN.search(folded.dotted):
        phrases += [_address(line, folded, match) for match in _DOMAIN.finditer(folded.dotted)]
    phrases += _in_brackets(line)
    if not phrases and not (_may_hold(plain, _likely_hints()) and _likely().search(plain)):
        return []
    for weight, pattern in ((2, _likely()), (1, _weak())):
        phrases += [_sentence(line, folded, match, weight) for match in pattern.finditer(plain)]
    return phrases


def _sentence(line: str, folded: Fold, match: re.Match[str], weight: int = 3) -> Phrase:
    """A phrase with signs between its characters was hidden on purpose, and says all the more."""
    start, end = folded.span(*match.span())
    hidden = match[0] == "7017k" or end - start >= 2 * len(match[0]) - 1 > 6
    if not hidden:  # a phrase does not begin in the sentence before
        start += max(line[start : end - 1].rfind(mark) for mark in _SENTENCE_ENDS) + 1
    return Phrase(start, end, 3 if hidden else weight, match.lastgroup or "site_adverts", match[0], hidden)


def _address(line: str, folded: Fold, match: re.Match[str]) -> Phrase:
    """An address says more when somebody took pains to hide it; a letter's address is everybody's."""
    start, end = folded.span(*match.span(), dotted=True)
    if "@" in line[start:end]:
        return Phrase(start, end, 1, "site_adverts", match[0])
    hidden = not _PLAIN_ADDRESS.fullmatch(line[start:end])
    return Phrase(start, end, 3 if hidden else 2, "site_adverts", match[0], hidden)


def _in_brackets(line: str) -> Iterator[Phrase]:
    for match in _SEGMENT.finditer(line):
        if _BRACKETED.match(match[0]):
            said = fold(match[0]).plain
            if _BRACKET_TALK.search(said):
                rule = "page_stitches" if "完" in said else "author_talk"
                yield Phrase(match.start(), match.end(), 3, rule, said, hidden=True)


def _spoken(line: str, phrases: list[Phrase]) -> bool:
    """Say whether it is all inside somebody's speech; a speech that is never closed vouches for one phrase only."""
    told = [phrase for phrase in phrases if phrase.weight > 1]
    if any(phrase.hidden for phrase in told):
        return False
    speeches = [match.span(1) for match in _SPEECH.finditer(line)]
    if speeches and speeches[-1][1] == len(line) and len(told) > 1:
        speeches.pop()
    return all(any(start <= one.start and one.end <= end for start, end in speeches) for one in told)


def _judged(line: str, phrases: list[Phrase]) -> list[Cut | None]:
    """Judge every sentence; one that says little beside an advert belongs to it."""
    segments = _segments(line, phrases)
    inside = [[phrase for phrase in phrases if start <= phrase.start < end] for start, end in segments]
    verdicts: list[Cut | None] = [
        _verdict(line, start, end, told) for (start, end), told in zip(segments, inside, strict=True)
    ]
    for order in (range(1, len(segments)), range(len(segments) - 2, -1, -1)):
        for index in order:
            beside = verdicts[index - order.step]
            if (
                beside
                and not verdicts[index]
                and (
                    _belongs(line, segments[index], inside[index])
                    or _bracket_of(line, verdicts, segments, index)
                    or _leads(line, verdicts, segments, index)
                )
            ):
                verdicts[index] = Cut(*segments[index], beside.rule)
    return verdicts


def _segments(line: str, phrases: list[Phrase]) -> list[tuple[int, int]]:
    """Return the sentences and brackets of a line; a full stop inside an address ends nothing."""
    masked = list(line)
    for phrase in phrases:
        if phrase.weight > 1 and line[phrase.start] not in _BRACKETS:
            masked[phrase.start : phrase.end] = "x" * (phrase.end - phrase.start)
    return [match.span() for match in _SEGMENT.finditer("".join(masked))]


def _verdict(line: str, start: int, end: int, told: list[Phrase]) -> Cut | None:
    """Return what to cut of one sentence."""
    if not told:
        return None
    strongest = max(told, key=lambda phrase: phrase.weight)
    sure = strongest.weight == 3
    story = not _STORY.isdisjoint(line[start:end])
    score = _score([phrase for phrase in told if phrase.weight > 1] if story else told)
    alone = "." in strongest.words and _signs(line, start, end, strongest)
    if _BRACKETED.match(line[start:end]) and (sure or "." in strongest.words or score >= 4):
        return Cut(start, end, strongest.rule)
    if not (alone or (sure and (not story or score >= 5)) or (score >= 4 and not story)):
        return None
    told = [phrase for phrase in told if phrase.weight > 1] if story else told
    first, last = min(phrase.start for phrase in told), max(phrase.end for phrase in told)
    return Cut(_begin(line, start, first), _finish(line, last, end), strongest.rule)


def _score(told: list[Phrase]) -> int:
    """Add up what different phrases say, of those that lie in one another only the one that says most."""
    said: dict[str, int] = {}
    reached = -1
    for phrase in sorted(told, key=lambda one: (one.start, -one.weight, -one.end)):
        if phrase.start >= reached:
            said[phrase.words] = phrase.weight
            reached = phrase.end
    return sum(said.values())


def _signs(line: str, start: int, end: int, address: Phrase) -> bool:
    """Say whether a sentence is an address and nothing else, or an address with a site's boast."""
    rest = fold(line[start : address.start] + line[address.end : end]).plain
    return address.weight > 1 and (not rest or bool(_BOAST.fullmatch(rest)))


def _begin(line: str, start: int, first: int) -> int:
    """Return where the cut begins: at the sentence if what stands before says little, else at the phrase."""
    head = line[start:first]
    while head and head[0] in "”」』’。！？":  # the end of a speech before it
        start, head = start + 1, head[1:]
    if len(fold(head).plain) <= 16 and _STORY.isdisjoint(head):
        return start
    comma = max(head.rfind("，"), head.rfind(","))
    return start + comma + 1 if comma >= 0 and len(head) - comma <= 8 else first


def _finish(line: str, last: int, end: int) -> int:
    """Return where the cut ends: with the sentence if what follows says little."""
    tail = line[last:end]
    return end if len(fold(tail).plain) <= 10 and _STORY.isdisjoint(tail) else last


def _belongs(line: str, segment: tuple[int, int], told: list[Phrase]) -> bool:
    said = line[slice(*segment)]
    letters = len(fold(said).plain)
    covered = set().union(*(range(phrase.start, phrase.end) for phrase in told)) if told else set()
    return letters <= 20 and _STORY.isdisjoint(said) and letters <= 2 * len(covered)


def _bracket_of(line: str, verdicts: list[Cut | None], segments: list[tuple[int, int]], index: int) -> bool:
    """Say whether it is a short bracket that stands in an advert, or opens one: 《江湖》最新章节."""
    said = line[slice(*segments[index])]
    if said[0] not in "《『「[（【" or len(said) > 24 or said.rstrip("，。！,.!")[-1:] not in "》』」]）】":
        return False
    if index and verdicts[index - 1]:
        return True
    opens = not index or line[segments[index - 1][1] - 1] in "。！？!?…”」』"
    return opens and said[-1] not in "。！!."


def _leads(line: str, verdicts: list[Cut | None], segments: list[tuple[int, int]], index: int) -> bool:
    """Say whether it is the unfinished start of a sentence that is an advert from there on: 附：【…】."""
    said = line[slice(*segments[index])]
    letters = len(fold(said).plain)
    if index or said[-1] in "。！？!?…”」』" or not _STORY.isdisjoint(said):
        return False
    return letters <= 2 or (
        letters <= 12 and len(segments) > 2 and all(verdicts[1:]) and said[-1] not in "，,"
    )


def _tidy(line: str, found: list[Cut]) -> list[Cut]:
    """Join neighbours, and take the whole line when only marks would stay."""
    merged: list[Cut] = []
    for cut in found:
        if merged and not line[merged[-1].end : cut.start].strip():
            merged[-1] = Cut(merged[-1].start, cut.end, merged[-1].rule)
        else:
            merged.append(cut)
    kept = "".join(
        line[a:b]
        for a, b in zip([0] + [c.end for c in merged], [c.start for c in merged] + [len(line)], strict=True)
    )
    if any(character.isalnum() for character in kept):
        return merged
    return [Cut(0, len(line), merged[0].rule)]


def _joined(table: str) -> str:
    return "|".join("|".join(row.split()) for row in table.strip().splitlines())


def _may_hold(plain: str, hints: tuple[str, ...]) -> bool:
    """Say whether a fold holds the letters that some phrase cannot do without: ten times cheaper than the phrases."""
    return any(hint in plain for hint in hints)


def _sure_matches(plain: str) -> Iterator[re.Match[str]]:
    """Yield the sure phrases of a fold; one or two that it may hold are looked for alone, which is far quicker."""
    present = tuple(place for place, hint in enumerate(_sure_hints()) if hint in plain)
    if not present:
        return iter(())
    pattern = _some_sure(present) if len(present) <= FEW_PHRASES else _sure()
    return pattern.finditer(plain)


@lru_cache(maxsize=1)
def _sure_phrases() -> list[tuple[str, str]]:
    return [(rule, phrase) for rule, table in _SURE.items() for phrase in alternatives(_joined(table))]


@lru_cache(maxsize=1)
def _sure_hints() -> list[str]:
    return [needed(phrase) for _, phrase in _sure_phrases()]


@lru_cache(maxsize=4096)
def _some_sure(places: tuple[int, ...]) -> re.Pattern[str]:
    """Return the pattern of some of the phrases, in the order of the whole: what is left out could not match."""
    chosen: dict[str, list[str]] = {}
    for rule, phrase in (_sure_phrases()[place] for place in places):
        chosen.setdefault(rule, []).append(phrase)
    return re.compile("|".join(f"(?P<{rule}>{'|'.join(phrases)})" for rule, phrases in chosen.items()))


@lru_cache(maxsize=1)
def _likely_hints() -> tuple[str, ...]:
    return tuple({needed(phrase) for phrase in alternatives(_joined(_LIKELY))})


@lru_cache(maxsize=1)
def _sure() -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{rule}>{_joined(table)})" for rule, table in _SURE.items()))


@lru_cache(maxsize=1)
def _likely() -> re.Pattern[str]:
    return re.compile(_joined(_LIKELY))


@lru_cache(maxsize=1)
def _weak() -> re.Pattern[str]:
    return re.compile(_joined(_WEAK))


def sounds_like_a_site(line: str) -> bool:
    """Say whether a line that is already under suspicion is worded as sites word theirs."""
    if not 4 <= len(line) <= 120 or line[0] in '“「『"' or not _STORY.isdisjoint(line):
        return False
    said = fold(line).plain
    words = {match[0] for pattern in (_sure(), _likely(), _weak()) for match in pattern.finditer(said)}
    return len(words) >= 3 or (len(words) >= 2 and sum(map(len, words)) * 2 > len(said))
