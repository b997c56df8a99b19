"""Catalogue page of token files: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "error.EncoderDied": (
        "编码章节的进程两次被系统终止，多半是内存不足。请关掉别的程序，或减少进程数再试。",
        "A process that encoded chapters was ended by the system twice, most likely for want of memory. Close other programs or use fewer processes, then try again.",
    ),
    "error.BadSequences": (
        '{path} 第 {line} 行不能用：{what}。每行应是一个编号列表，如 [4, 9, 2]，或 {{"ids": [4, 9, 2]}}。',
        'Line {line} of {path} cannot be used: {what}. Each line is a list of ids such as [4, 9, 2], or {{"ids": [4, 9, 2]}}.',
    ),
    "error.NoSequences": (
        "{path} 里没有可用的序列。请给出至少一行编号，且不止一个编号。",
        "There is no sequence to learn from in {path}. Give at least one line of ids, with more than one id in it.",
    ),
    "error.BadSymbols": (
        '{path} 不是可用的符号表：{what}。它应是 {{"符号": 编号}} 或符号列表，编号从 0 起连续不重。',
        '{path} is not a usable table of symbols: {what}. It is {{"symbol": id}} or a list of symbols, with the ids 0, 1, 2 … each once.',
    ),
    "shards.vocabulary_at_hand": ("手头的词表", "the vocabulary at hand"),
    "sequences.not_json": ("不是 JSON（{detail}）", "it is not JSON ({detail})"),
    "sequences.not_ids": ("不是整数列表", "it is not a list of whole numbers"),
    "sequences.too_long": ("长于 {most} 字节", "it is longer than {most} bytes"),
    "sequences.out_of_range": (
        "编号 {id} 不在 0 到 {last} 之间",
        "id {id} is not between 0 and {last}",
    ),
    "sequences.symbols_count": (
        "有 {count} 个符号，应在 1 到 {most} 之间",
        "it has {count} symbols; 1 to {most} are allowed",
    ),
    "sequences.symbols_ids": (
        "编号不是从 0 起连续不重，或符号重复、不是文字",
        "the ids are not 0, 1, 2 … each once, or a symbol stands twice or is not text",
    ),
}
