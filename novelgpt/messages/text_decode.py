"""Catalogue page of `text`, decode: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "text.private": (
        "约 {percent}% 的字是私用区字形，只有原网站的字体才显示得出来，原文找不回来。请换一份文件。",
        "About {percent}% of the characters are private glyphs that only the site's own font can show; the text cannot be recovered. Get another copy.",
    ),
    "text.repair.byte_order_mark": ("去掉了字节顺序标记（BOM）", "byte order marks were taken out"),
    "text.repair.resynchronised": (
        "有字节丢失或损坏，已从最近的完整字接着读，读不出的字记为 �",
        "bytes were lost or damaged; reading went on at the next whole character, and what cannot be read is marked �",
    ),
    "text.repair.rescued_lines": (
        "有些行是另一种编码，已按那种编码读出",
        "some lines were in another encoding and were read in that one",
    ),
    "text.repair.cut_head": (
        "开头只剩半个字，记为 �",
        "the file begins inside a character, which is marked �",
    ),
    "text.repair.cut_tail": ("末尾只剩半个字，记为 �", "the file ends inside a character, which is marked �"),
    "text.repair.mojibake": (
        "有些行曾被用错编码打开又保存，已还原成原文",
        "some lines had been opened in the wrong encoding and saved; they were turned back",
    ),
    "text.repair.null_padding": (
        "去掉了填充的空字节；若是正文中间的空洞，缺的字已计入缺字",
        "NUL bytes were taken out; where they filled a hole in the text, the missing characters count as lost",
    ),
    "text.repair.private_use": (
        "有少量私用区字形，原样保留",
        "a few private glyphs were kept as they are",
    ),
}
