"""Catalogue page of the command line and the dials: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "allowed.choices": ("可选 {choices}", "choose from {choices}"),
    "allowed.range": ("应在 {low} 与 {high} 之间", "it must lie between {low} and {high}"),
    "allowed.whole": ("应为整数", "it must be a whole number"),
    "dial.max_chars": ("续写的字数", "characters to write"),
    "dial.temperature": (
        "温度：越高越放得开，0 为总取最可能的词",
        "temperature: higher is bolder, 0 always takes the likeliest",
    ),
    "dial.top_k": (
        "只在最可能的 k 个词里选（0 为不限）",
        "choose among the k likeliest tokens (0: no limit)",
    ),
    "dial.top_p": (
        "只在累计概率达到 p 的词里选",
        "choose among the likeliest tokens that sum to probability p",
    ),
    "dial.repetition_penalty": ("重复惩罚：1 为不惩罚", "repetition penalty: 1 is none"),
    "dial.seed": ("随机种子：同一种子得同一结果", "random seed: the same seed gives the same result"),
    "dial.preset": ("模型大小；auto 按语料与机器挑选", "model size; auto picks by corpus and machine"),
    "dial.epochs": ("通读语料几遍", "how many times to read the corpus"),
    "dial.steps": ("训练步数（给出时代替 --epochs）", "optimizer steps (instead of --epochs)"),
    "dial.minutes": ("训练多少分钟（给出时代替 --epochs）", "minutes to train (instead of --epochs)"),
    "dial.context_length": ("一个窗口的词元数", "tokens in one window"),
    "dial.batch_size": ("每步的窗口数", "windows per step"),
    "dial.learning_rate": ("最高学习率", "peak learning rate"),
    "dial.warmup": ("预热占全程的比例", "share of the run spent warming up"),
    "dial.weight_decay": ("权重衰减", "weight decay"),
    "dial.dropout": ("随机失活比例", "dropout"),
    "dial.clip": ("梯度裁剪的上限（0 为不裁剪）", "gradient norm limit (0: none)"),
    "dial.dtype": ("计算精度；auto 先测哪个更快", "arithmetic; auto measures which is faster"),
    "dial.held_out": ("留出多大比例的章节用来检验", "share of chapters held out for checking"),
    "dial.evaluate_every": ("每隔几步检验一次", "steps between evaluations"),
    "dial.save_every": ("每隔几步存一个检查点", "steps between checkpoints"),
    "dial.keep": ("保留最近几个检查点", "newest checkpoints to keep"),
}
