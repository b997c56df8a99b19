"""Catalogue page of `text`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "text.empty": (
        "文件是空的。请确认下载是否完整。",
        "The file is empty. Check that it was downloaded whole.",
    ),
    "text.disguised": (
        "这不是文本文件，而是 {kind}。请先解压或转换成 .txt，若是 EPUB 请把扩展名改成 .epub。",
        "This is no text file but {kind}. Unpack it or convert it to .txt first; if it is an EPUB, name it .epub.",
    ),
    "text.binary": (
        "文件里控制字符太多，不是文本。请确认它真的是小说的 .txt。",
        "The file is full of control characters and is no text. Check that it really is a novel's .txt.",
    ),
    "text.unreadable": (
        "用哪种编码读都不成文。请用 --encoding 指明编码，或换一份文件。",
        "No encoding turns it into readable text. Name one with --encoding, or get another copy.",
    ),
    "text.ruined": (
        "文件在别处已经损坏：约 {percent}% 的字成了乱码（�、锟斤拷或私用区字形），原文找不回来。请换一份文件。",
        "The file was ruined before it came here: about {percent}% of its characters are replacement or private glyphs and cannot be recovered. Get another copy.",
    ),
    "text.unsupported": (
        "不认识 {suffix} 文件，目前支持 {supported}。请先转换格式。",
        "{suffix} files are not supported; supported are {supported}. Convert it first.",
    ),
    "text.too_large": (
        "文件超过 {limit} MB。请拆成几个文件再试。",
        "The file is larger than {limit} MB. Split it and try again.",
    ),
    "text.encodings": (
        "没有这种文本编码，可用 utf-8、gb18030、big5hkscs、cp950、utf-16 等",
        "there is no such text encoding; use utf-8, gb18030, big5hkscs, cp950, utf-16 or the like",
    ),
    "text.bad_epub": (
        "EPUB 打不开（{detail}）。请换一份文件，或转换成 .txt。",
        "The EPUB cannot be read ({detail}). Get another copy or convert it to .txt.",
    ),
    "text.epub.damaged": ("压缩包已损坏", "the archive is damaged"),
    "text.epub.encrypted": ("已加密，受数字版权保护", "it is encrypted or protected"),
    "text.epub.missing": ("缺少 {name}", "{name} is missing"),
    "text.epub.no_spine": ("没有可读的正文", "it lists no documents to read"),
    "text.epub.too_large": ("解开后太大", "it unpacks to too much"),
    "text.rules.too_large": ("文件超过 {limit} 字节", "it is larger than {limit} bytes"),
    "text.rules.not_toml": ("不是 TOML（{detail}）", "it is not TOML ({detail})"),
    "text.rules.unknown_rule": (
        "没有叫 {name} 的规则，可关的有 {known}",
        "there is no rule called {name}; those that can be switched off are {known}",
    ),
    "text.rules.unknown_key": (
        "不认识 {name}，只有 {known}",
        "{name} is unknown; there are only {known}",
    ),
    "text.rules.not_a_list": ("{name} 应是一列字符串", "{name} must be a list of strings"),
    "text.rules.too_many": ("{name} 超过 {limit} 条", "{name} has more than {limit} entries"),
    "text.rules.bad_log": (
        "第 {line} 行不是清理日志（{detail}）",
        "line {line} is not of a removal log ({detail})",
    ),
    "text.rules.bad_pattern": (
        "式子 {pattern} 不能用（{detail}；RE2 不支持反向引用和环视）",
        "the pattern {pattern} cannot be used ({detail}; RE2 has no back-references or look-around)",
    ),
}
