"""Catalogue page of the vocabulary's report: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "vocab_report.title": ("词表报告", "Vocabulary report"),
    "vocab_report.fingerprint": (
        "指纹 {fingerprint}。抽样 {characters:,} 字，取自每部书的正中。",
        "Fingerprint {fingerprint}. Measured on {characters:,} characters from the middle of the books.",
    ),
    "vocab_report.size": ("个词元", "pieces"),
    "vocab_report.books": ("部书", "books"),
    "vocab_report.characters": ("字", "characters"),
    "vocab_report.words": ("个不同的词", "different words"),
    "vocab_report.characters_per_token": ("字 / 词元", "characters per token"),
    "vocab_report.coverage": ("的字在长词元里", "of characters in long pieces"),
    "vocab_report.f1": ("词界与分词器一致（F1）", "word ends shared with the segmenter (F1)"),
    "vocab_report.byte_tokens": ("字节词元（每百万）", "byte tokens per million"),
    "vocab_report.samples": ("一句一句看", "Line by line"),
    "vocab_report.samples_note": (
        "每个色块是一个词元；下一行是分词器切出的词。",
        "Each block is a token; the line below it shows the words of the segmenter.",
    ),
    "vocab_report.long": ("长词元", "long piece"),
    "vocab_report.single": ("单字", "single character"),
    "vocab_report.lacking": ("词表没有、用字节拼的字", "lacking, spelt in bytes"),
    "vocab_report.books_fit": ("合不合每部书", "How it fits each book"),
    "vocab_report.books_note": (
        "一个方块是一部书，站在它每个词元合多少字的地方；停在上面看书名。越靠右，同样长的上文装得下越多的故事。",
        "A square is a book, at its number of characters per token; point at one for its title. The farther right, the more story fits into a context.",
    ),
    "vocab_report.best": (
        "最合身：《{title}》，{rate:.2f} 字/词元。",
        "Fits best: {title}, {rate:.2f} characters per token.",
    ),
    "vocab_report.worst": (
        "最不合身：《{title}》，{rate:.2f} 字/词元。",
        "Fits worst: {title}, {rate:.2f} characters per token.",
    ),
    "vocab_report.poor": (
        "有 {count} 部书每一千字里缺字超过 {limit} 个，例如《{title}》：想写这一类书，就把更多同类的书放进来重造词表，或调大 --size。",
        "{count} books have over {limit} lacking characters per thousand, {title} for one: to write books of that kind, add more of them and build the vocabulary again, or raise --size.",
    ),
    "vocab_report.square": (
        "{title}：{rate:.2f} 字/词元，{coverage:.0%} 的字在长词元里",
        "{title}: {rate:.2f} characters per token, {coverage:.0%} of characters in long pieces",
    ),
    "vocab_report.parts": (
        "长词元 {long:.1%} · 单字 {single:.1%} · 缺 {lacking:.2%}",
        "long pieces {long:.1%} · single {single:.1%} · lacking {lacking:.2%}",
    ),
    "vocab_report.column_book": ("书", "book"),
    "vocab_report.column_rate": ("字/词元", "characters per token"),
    "vocab_report.column_parts": ("它的字落在哪里", "where its characters lie"),
    "vocab_report.column_single": ("单字词元", "single tokens"),
    "vocab_report.column_f1": ("词界 F1", "word ends, F1"),
    "vocab_report.column_names": ("独有的词", "words of its own"),
    "vocab_report.names_note": (
        "只有一部书用的词（多半是人名地名）共 {distinct:,} 个，占全部行文的 {share:.1%}，其中 {pieces:,} 个有自己的词元。要给它们留位子，用 --user-words；一个也不留，用 --exclude-names。",
        "{distinct:,} words (names, mostly) are used by one book alone: {share:.1%} of the running text; {pieces:,} of them have a piece. To give some a place use --user-words, to give them none --exclude-names.",
    ),
    "vocab_report.unlisted": (
        "另有 {count:,} 部书，没有逐一量。",
        "{count:,} more books were not measured one by one.",
    ),
    "vocab_report.lengths": ("词元有多长", "How long the pieces are"),
    "vocab_report.length": ("{length} 字", "{length} characters"),
    "vocab_report.often": ("最常用的长词元", "The most frequent long pieces"),
    "vocab_report.often_note": (
        "在抽样里数的，越常用字越大；停在上面看次数。",
        "Counted in the sample, the more frequent the larger; point at one for its count.",
    ),
    "vocab_report.lacks": ("词表缺的字", "Characters the vocabulary lacks"),
    "vocab_report.lacks_note": (
        "共 {distinct:,} 个不同的字要用字节拼（一个汉字三四个词元），写得出，只是费些；最常见的在下面。",
        "{distinct:,} different characters are spelt in bytes (three or four tokens for a Chinese one): they can be written, at a price; the most frequent are below.",
    ),
}
