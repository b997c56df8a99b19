"""Catalogue page of the room `model`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "train.machine_cpu": ("没有显卡", "no GPU"),
    "train.machine_gpu": ("有显卡", "a GPU"),
    "train.preset_asked": ("模型大小：{preset}（指定的）", "model size: {preset} (as asked)"),
    "train.preset_chosen": (
        "模型大小：{preset}（语料 {characters:,} 字，{machine}；可用 --preset 另选）",
        "model size: {preset} ({characters:,} characters of text, {machine}; --preset chooses another)",
    ),
    "train.plan": (
        "学 {characters:,} 字，留出 {held_out:,} 字；{steps:,} 步（{epochs} 遍），每步 {windows} 个窗口，{dtype}",
        "learning {characters:,} characters, holding out {held_out:,}; {steps:,} steps ({epochs} epochs) of {windows} windows, {dtype}",
    ),
    "train.resumed": ("从第 {step} 步接着练（共 {total} 步）", "going on from step {step} of {total}"),
    "train.set_aside": (
        "检查点已损坏，另存为 {path}（{detail}）；改用更早的一个",
        "a checkpoint is damaged and was set aside as {path} ({detail}); an earlier one is used",
    ),
    "train.changed_corpus": ("章节变了", "the chapters have changed"),
    "train.changed_vocabulary": ("词表变了", "the vocabulary has changed"),
}
