"""Catalogue page of `text`, books: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "text.bad_docx": (
        "DOCX 打不开（{detail}）。请换一份文件，或另存为 .txt。",
        "The DOCX cannot be read ({detail}). Get another copy or save it as .txt.",
    ),
    "text.bad_zip": (
        "压缩包打不开（{detail}）。请先自己解压，再把里面的文件放进来。",
        "The archive cannot be read ({detail}). Unpack it yourself and hand in the files.",
    ),
    "text.misnamed": (
        "内容其实是 {kind}，与扩展名 {suffix} 不符。请把扩展名改成 {cure} 再试。",
        "It is really {kind}, not what {suffix} says. Rename it to end in {cure} and try again.",
    ),
    "text.not_a_file": (
        "这是{kind}，不是普通文件，不能读。",
        "This is {kind}, not a regular file, and cannot be read.",
    ),
    "text.book.folder": ("文件夹", "a folder"),
    "text.book.device": ("管道或设备", "a pipe or a device"),
    "text.book.plain_text": ("纯文本", "plain text"),
    "text.book.is_text": ("其实是纯文本，请把扩展名改成 .txt", "it is plain text; name it .txt"),
    "text.book.entities": (
        "XML 里自带实体定义，可能有诈",
        "its XML declares entities of its own, a known trick",
    ),
    "text.zip.no_books": (
        "压缩包里没有能读的书。能读的有 {supported}。",
        "The archive holds no book that can be read; readable are {supported}.",
    ),
    "text.zip.nested": (
        "压缩包里还有压缩包。请先解开它。",
        "An archive inside the archive. Unpack it first.",
    ),
    "text.zip.locked": (
        "压缩包成员有密码。请先用密码解压。",
        "This member of the archive is locked. Unpack it with its password first.",
    ),
    "text.zip.link": (
        "压缩包成员只是一个链接，没有内容。",
        "This member of the archive is only a link and holds nothing.",
    ),
    "text.zip.full": (
        "压缩包解开后超过 {limit} MB，其余 {left} 个成员没有读。请先解压再放进来。",
        "The archive unpacks to more than {limit} MB; {left} more members were not read. Unpack it and hand in the files.",
    ),
    "text.book.missing_page": (
        "目录里列的页面 {name} 不在书中，已跳过",
        "the page {name} is listed but missing, and was passed over",
    ),
    "text.book.contents_page": (
        "跳过一页目录（{lines} 行）",
        "a page of contents was passed over ({lines} lines)",
    ),
    "text.book.bad_checksum": (
        "{name} 的校验和不对，但内容可读，已收下",
        "{name} has a wrong checksum but can be read, and was taken",
    ),
}
