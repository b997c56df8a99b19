"""Catalogue page of `model`: windows and objectives: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "error.NoHole": (
        "这个词表没有 [UNK]，没法标出要补写的地方。请用 --objective causal，或换用 novelgpt vocab 建的词表。",
        "This vocabulary has no [UNK] to mark what is to be filled in. Use --objective causal, or a vocabulary made by novelgpt vocab.",
    ),
    "watch.not_a_number": (
        "第 {step} 步的损失是 {loss}，不再是数：模型已经发散。请从上一个检查点接着练，并把 --learning-rate 减半；仍不行就加 --dtype fp32。",
        "the loss of step {step} is {loss}, no longer a number: the model has diverged. Go on from the last checkpoint with half the --learning-rate; if that does not help, add --dtype fp32.",
    ),
    "watch.rising": (
        "到第 {step} 步，平均损失从最好的 {best:.2f} 升到了 {mean:.2f}，一直没有降回来：多半是学习率太高。请停下来，把 --learning-rate 减半重新训练，或加大 --warmup 或 --batch-size。",
        "by step {step} the mean loss has risen from its best, {best:.2f}, to {mean:.2f} and has not come back: most likely the learning rate is too high. Stop and train again with half the --learning-rate, or a larger --warmup or --batch-size.",
    ),
    "watch.copying": (
        "样例有 {share:.0%} 是一字不差地抄语料的（连着 {run} 个词元以上才算）：模型在背书。可以停在留出文字上最好的模型（best），或加入更多小说、减小 --epochs、加大 --dropout 或 --weight-decay、换小一号的 --preset。",
        "{share:.0%} of the sample is copied from the corpus word for word (only runs of {run} tokens or more count): the model is learning by heart. Stop and use the model that did best on held-out text (best), or add novels, lower --epochs, raise --dropout or --weight-decay, or choose a smaller --preset.",
    ),
    "reading.loss": (
        "损失 {loss:.2f}，合每字 {bits:.2f} 比特：{level}",
        "a loss of {loss:.2f} is {bits:.2f} bits per character: {level}",
    ),
    "reading.guessing": (
        "和瞎猜差不多，刚开始练时都是这样；如果过了几百步还停在这里，请检查学习率和语料",
        "about what guessing gives, as always at the very start; if it stays here for hundreds of steps, check the learning rate and the text",
    ),
    "reading.letters": (
        "只知道哪些字常见，写出来不成词",
        "it knows which characters are frequent; what it writes are not yet words",
    ),
    "reading.words": (
        "会写词和短语，还不成句",
        "it writes words and short phrases, not yet sentences",
    ),
    "reading.phrases": (
        "句子大致通顺，前后还连不起来",
        "sentences read more or less well, but do not hang together",
    ),
    "reading.passages": (
        "成段通顺，小说体的文字到这里就很好了",
        "whole passages read well; for novels this is a good place to be",
    ),
    "reading.close": (
        "留出文字若是这个数，就极好了；训练文字若是这个数而留出文字高得多，就是开始背书了",
        "excellent if this is held-out text; if it is the training text and held-out text is far above, it begins to learn by heart",
    ),
    "reading.by_heart": (
        "低得不像是学会的，多半是把语料背下来了：看留出文字的比特/字，用 best 模型",
        "too low to have been understood: the text is most likely known by heart. Look at the held-out bits per character and use the best model",
    ),
}
