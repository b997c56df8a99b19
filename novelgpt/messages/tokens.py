"""Catalogue page of `tokens`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "error.NoThulac": (
        "没有安装 thulac。请执行 pip install 'novelgpt[thulac]'，或去掉 --segmenter thulac，用自带的 jieba。",
        "thulac is not installed. Run pip install 'novelgpt[thulac]', or leave out --segmenter thulac and use the jieba that is here.",
    ),
    "error.CountingStopped": (
        "数词的进程中途死了（{path} 起的 {count} 个文件），多半是内存不够。请用较小的 --jobs 再试。",
        "The process that counted {count} files from {path} on died, most likely for lack of memory. Try again with fewer --jobs.",
    ),
    "error.TooFewWords": (
        "章节里不同的字词不够做 {size} 个词片，最多能做 {fits} 个。请用 --size {fits}，或加入更多小说。",
        "The chapters do not hold enough different words for {size} pieces; {fits} is the most. Use --size {fits}, or add novels.",
    ),
    "vocab.size_range": (
        "须在 {smallest:,} 到 {largest:,} 之间（一般用 50000）",
        "it must lie between {smallest:,} and {largest:,} (50000 is usual)",
    ),
    "vocab.needs_words": (
        "只用于按词切分（--segmenter jieba 或 thulac）",
        "it is for words only (--segmenter jieba or thulac)",
    ),
    "vocab.one_of_two": (
        "两者相反，只能用一个",
        "they are opposites; use one of them",
    ),
    "vocab.user_words_limit": (
        "最多 {most:,} 个词，文件不超过 10 MB",
        "at most {most:,} words, in a file of at most 10 MB",
    ),
    "vocab.words_left_out": (
        "用户词有 {count} 个没有收（长于 8 字，或含 [ < 等不能用的字符），如：{first}",
        "{count} user words were left out (longer than 8 characters, or with signs such as [ and <), such as {first}",
    ),
    "vocab.words_not_merged": (
        "用户词有 {count} 个在这个大小里合并不成一个词片，如：{first}；请加大 --size，或用 --segmenter jieba。",
        "{count} user words did not become one piece at this size, such as {first}; raise --size, or use --segmenter jieba.",
    ),
    "vocab.filled": (
        "小说里的字词不够：{borrowed:,} 个词片借自通用词表，{fillers:,} 个是书里没有的汉字。只要书里的，用 --size {fits}",
        "The novels have too few words: {borrowed:,} pieces come from the general vocabulary, {fillers:,} are characters in no book. For their own alone, use --size {fits}",
    ),
    "help.vocab.segmenter": (
        "词从哪里来：jieba、thulac（需另装）、char（单字）、bpe（字节对）[jieba]",
        "where words come from: jieba, thulac (installed apart), char (single characters), bpe (byte pairs) [jieba]",
    ),
    "help.vocab.pure_words": (
        "只用词，不用常连在一起的词对和标点串",
        "words only: no pairs of words, no runs of punctuation",
    ),
    "help.vocab.join_signs": (
        "标点也可与词连成一个词片（“，他”“道：”），每个词元多装约一成的字",
        "let punctuation join words in a piece (“，他”), so that a token carries about a tenth more text",
    ),
    "help.vocab.user_words": (
        "必收的词（人名、地名、功法），一行一个；每个都是一个词片",
        "words to keep whole (names, places), one a line; each becomes a piece",
    ),
    "help.vocab.exclude_names": (
        "只有一本书用的词（多是人名）不收；20 本书以上本来如此",
        "leave out words that one book alone has (names, mostly); from 20 books on this is always so",
    ),
    "help.vocab.engine": (
        "local：本机的进程；ray：Ray 集群（RAY_ADDRESS）[local]",
        "local: this machine's processes; ray: a Ray cluster (RAY_ADDRESS) [local]",
    ),
}
