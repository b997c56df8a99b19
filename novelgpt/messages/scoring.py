"""Catalogue page of `scoring`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "score.the_text": ("要评分的文本", "The text to score"),
    "score.the_hypothesis": ("待评文本", "the hypothesis"),
    "score.the_reference": ("参考文本", "the reference"),
    "score.bleu.zh": ("BLEU（zh）：{score:.2f}", "BLEU (zh): {score:.2f}"),
    "score.chrf": ("chrF：{score:.2f}", "chrF: {score:.2f}"),
    "score.distinct.1": ("不同的单字：{score:.1%}", "distinct characters: {score:.1%}"),
    "score.distinct.2": ("不同的二字组：{score:.1%}", "distinct pairs: {score:.1%}"),
    "score.distinct.3": ("不同的三字组：{score:.1%}", "distinct triples: {score:.1%}"),
    "score.repetition": (
        "重复：{score:.1%} 的四字组在前文出现过",
        "repetition: {score:.1%} of the 4-grams stood there before",
    ),
    "score.bits_per_character": ("每字比特数：{score:.4f}", "bits per character: {score:.4f}"),
    "score.perplexity": (
        "困惑度：{score:.2f}（{tokens:,} 个词元）",
        "perplexity: {score:.2f} (over {tokens:,} tokens)",
    ),
    "score.signature": ("签名：{signature}", "signature: {signature}"),
}
