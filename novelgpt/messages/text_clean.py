"""Catalogue page of `text`, clean: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "text.rule.newlines": ("换行统一", "line breaks unified"),
    "text.rule.controls": ("控制字符", "control characters"),
    "text.rule.zero_width": ("零宽字符", "zero-width characters"),
    "text.rule.indents": ("段首缩进", "indents"),
    "text.rule.trailing_spaces": ("行末空白", "trailing spaces"),
    "text.rule.blank_lines": ("空行", "blank lines"),
    "text.rule.entities": ("网页转义符还原", "HTML entities unescaped"),
    "text.rule.html": ("网页标签", "HTML tags"),
    "text.rule.radicals": ("部首字形还原成汉字", "radicals written as the Han they stand for"),
    "text.rule.han_spaces": ("汉字之间的空格", "spaces between Han"),
    "text.rule.half_width": ("半角标点改全角", "narrow punctuation made wide"),
    "text.rule.user": ("您自己的规则", "your own rules"),
    "text.rule.decorations": ("标题前的装饰符", "ornaments before titles"),
    "text.rule.site_adverts": ("网站广告", "site adverts"),
    "text.rule.page_stitches": ("翻页提示", "page-turning notes"),
    "text.rule.site_frames": ("下载站的头尾声明", "frames of download sites"),
    "text.rule.author_talk": (
        "作者的话（求票、感谢、加更）",
        "the author speaking (votes, thanks, extra chapters)",
    ),
    "text.rule.signatures": ("章首章尾反复出现的网站落款", "site lines repeated at chapter edges"),
    "text.rule.repeated_titles": ("正文里重复的标题", "titles repeated under themselves"),
    "text.rule.hard_wraps": ("硬换行接回", "lines broken at a fixed width re-joined"),
}
