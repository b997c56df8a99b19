"""Catalogue page of `text`, ingest and its report: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "text.lossy": (
        "按 {encoding} 读有 {lost} 个字读不出来。加 --allow-loss 可照样收下（缺字处记为 �），或换一份完好的文件。",
        "Read as {encoding}, {lost} characters cannot be read. Add --allow-loss to take it anyway (they become �), or get a sound copy.",
    ),
    "text.unopened": (
        "文件打不开（{detail}）。请检查权限和磁盘。",
        "The file cannot be opened ({detail}). Check its permissions and the disk.",
    ),
    "text.crashed": (
        "读它的进程被系统中止了，多半是内存不够。请关掉别的程序，或用 --jobs 1 单独收它。",
        "The process that read it was killed, most likely for memory. Close other programs, or take it in alone with --jobs 1.",
    ),
    "text.same_book": (
        "与 {path} 是同一本书（内容相同 {percent}%），已收的那份有 {kept:,} 字，不比这份少。想换成这份，请先删去 {output}。",
        "It is the same book as {path} ({percent}% alike), whose copy, with {kept:,} characters, is no shorter. To have this one instead, delete {output} first.",
    ),
    "text.superseded": (
        "《{title}》有更全的一份：{path}，已换成那一份。",
        "{path} is a fuller copy of {title} and has taken its place.",
    ),
    "text.report_title": ("收书报告", "Ingest report"),
    "text.report_refused": ("没有收下的文件", "Left out"),
    "text.report_ingested": ("收下的书", "Books taken in"),
    "text.figure.ingested": ("部书", "books"),
    "text.figure.chapters": ("章", "chapters"),
    "text.figure.characters": ("字", "characters"),
    "text.figure.removed_characters": ("字被清理", "characters cleaned away"),
    "text.figure.repaired_characters": ("字被修复", "characters mended"),
    "text.figure.lost_characters": ("字读不出", "characters lost"),
    "text.figure.refused": ("个没有收下", "left out"),
    "text.legend": (
        "每根柱子是一章，高矮是字数，停在上面看题目。",
        "Each bar is a chapter, as high as it is long; point at one for its title.",
    ),
    "text.kind.front": ("卷首", "front matter"),
    "text.kind.volume": ("卷", "volume"),
    "text.kind.chapter": ("章", "chapter"),
    "text.kind.extra": ("番外", "extra"),
    "text.headline": (
        "{chapters:,} 章 · {characters:,} 字",
        "{chapters:,} chapters · {characters:,} characters",
    ),
    "text.fact.encoding": ("{encoding}（把握 {percent}%）", "{encoding} ({percent}% sure)"),
    "text.fact.size": ("{size:,} 字节", "{size:,} bytes"),
    "text.fact.repaired": ("修复 {count:,} 字", "{count:,} characters mended"),
    "text.fact.contents": ("目录 {count} 行", "{count} lines of contents"),
    "text.fact.missing": ("缺号 {numbers}", "missing {numbers}"),
    "text.script.simplified": ("简体", "simplified"),
    "text.script.traditional": ("繁体", "traditional"),
    "text.script.mixed": ("简繁混排", "mixed scripts"),
    "text.removed": (
        "清理了 {kinds} 种、共 {characters:,} 个看得见的字",
        "{kinds} kinds of cleaning, {characters:,} visible characters taken out",
    ),
    "text.undo": (
        "取走的每一行都在 {log} 里。要还原：留下该还原的行，再执行 novelgpt ingest … --restore {log}；要关掉一整条规则：--keep 规则名。",
        "Every line taken out is in {log}. To bring some back, leave only those in it and run novelgpt ingest … --restore {log}; to switch a rule off: --keep RULE.",
    ),
    "text.rule.repeated_chapter": ("整章重复", "chapter told twice"),
    "text.rule.near_chapter": (
        "几乎相同的章",
        "chapter told twice, nearly the same",
    ),
    "text.rule.stub_chapter": (
        "残章，别处有全文",
        "stub of a chapter that stands whole elsewhere",
    ),
    "text.advice.lost": (
        "有 {count} 个字读不出来，记为 �：换一份完好的文件，或对照原书补上。",
        "{count} characters could not be read and stand as �: get a sound copy, or fill them in from the book.",
    ),
    "text.advice.unsure": (
        "编码 {encoding} 没有把握：翻几页看看，不对就用 --encoding 指明。",
        "The encoding {encoding} is a guess: look at a few pages, and name the right one with --encoding if it is wrong.",
    ),
    "text.advice.removed": (
        "取走了 {count} 个字，超过全书的 5%：请展开下面看看有没有误伤，误伤可以还原。",
        "{count} characters were taken out, over 5% of the book: unfold the list below and check; anything can be brought back.",
    ),
    "text.advice.uncut": (
        "没有认出任何标题，全书成了一章：用 --rules 告诉它标题长什么样。",
        "No heading was recognised and the book is one chapter: tell it with --rules what a heading looks like.",
    ),
    "text.advice.huge": (
        "《{title}》长达 {count:,} 字，里面可能有没认出的标题：用 --dry-run 看分章，用 --rules 补一种标题。",
        "“{title}” has {count:,} characters and may hide headings: look with --dry-run, add a heading form with --rules.",
    ),
    "text.advice.missing": (
        "缺第 {numbers} 章：原文件就缺，或那一处的标题写法与众不同。",
        "Numbers {numbers} are missing: in the source itself, or their headings are written in another way.",
    ),
    "text.advice.duplicate": (
        "第 {numbers} 章的编号出现不止一次：多半是原书笔误，也可能混进了别的章。",
        "Numbers {numbers} come more than once: a slip of the source, or chapters from elsewhere.",
    ),
    "text.advice.stubs": (
        "有 {count} 章不到 {limit} 字：可能是防盗占位章，换一份更全的文件。",
        "{count} chapters have fewer than {limit} characters: perhaps anti-theft stubs; get a fuller copy.",
    ),
}
