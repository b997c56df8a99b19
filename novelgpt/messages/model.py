"""Catalogue page of the room `model`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "train.preset_asked": ("模型大小：{preset}（指定的）", "model size: {preset} (as asked)"),
    "train.plan": (
        "学 {characters:,} 字，留出 {held_out:,} 字；{steps:,} 步（{epochs} 遍），每步 {windows} 个窗口，{dtype}",
        "learning {characters:,} characters, holding out {held_out:,}; {steps:,} steps ({epochs} epochs) of {windows} windows, {dtype}",
    ),
    "train.from_model": ("从模型 {model} 练起", "starting from the model {model}"),
    "train.window_shrunk": (
        "语料短于一个窗口：窗口由 {asked} 缩到 {used} 个词元",
        "the text is shorter than one window: the window shrinks from {asked} to {used} tokens",
    ),
    "train.window_of_model": (
        "这个模型的窗口最长 {used} 个词元（要的是 {asked}），就用 {used}",
        "this model's window holds {used} tokens at most ({asked} were asked for), so {used} it is",
    ),
    "train.start_or_init": (
        "random 或 auto：--init 的模型已有自己的权重",
        "random or auto: a model given by --init has weights of its own",
    ),
    "train.shard_alone": (
        "off：切分的张量不能与 --lora 或 --optimizer muon 同用",
        "off: split tensors go with neither --lora nor --optimizer muon",
    ),
    "train.lora_needs_model": (
        "LoRA 小适配器要加在现成的模型上，先用 --init（网页上是“从哪里练起”）选一个",
        "LoRA adapters work in a model that exists; choose one with --init (“Start from” on the page)",
    ),
    "train.no_compiler": (
        "没有 C++ 编译器（g++、clang++ 或 cl），不用 torch.compile，照样练",
        "no C++ compiler (g++, clang++ or cl): training goes on without torch.compile",
    ),
    "train.goes_on_changed": (
        "从第 {step} 步起改了计划：原定 {before} 步，现在 {total} 步",
        "the plan changes from step {step} on: {before} steps before, {total} now",
    ),
    "train.other_machine": (
        "机器或版本变了（原来 {before}，现在 {now}）：接着练没有问题，只是不再逐位相同",
        "another machine or version ({before} before, {now} now): the run goes on, but no longer bit for bit the same",
    ),
    "train.changed_base": ("起步的模型 {model} 变了", "the model {model} that it started from has changed"),
    "train.batch_for_world": (
        "要能被进程数 {processes} 整除，如 {fits}",
        "it must be a multiple of the {processes} processes, such as {fits}",
    ),
    "train.halved": (
        "内存不够：改为一次算 {windows} 个窗口，其余累积，结果不变",
        "memory is short: {windows} windows are computed at once and the rest accumulated; the result is the same",
    ),
    "train.stopped_early": (
        "连续 {patience} 次检验没有进步，在第 {step} 步提前结束",
        "{patience} evaluations brought no progress; the run ends early, at step {step}",
    ),
    "train.paused": (
        "磁盘已满，没能写入 {path}。进度都在内存里，原有的检查点完好；腾出空间就会接着练（每 {seconds:g} 秒看一次）",
        "The disk is full: {path} was not written. Everything is in memory and the old checkpoints are intact; free some space and it goes on (looking every {seconds:g} s)",
    ),
    "error.LossDiverged": (
        "第 {step} 步的损失不是数了（{loss}），训练停下；第 {saved} 步的检查点是好的。请用 --resume --fork --learning-rate 接着练，学习率减半；仍不行就加 --dtype fp32。",
        "The loss of step {step} is no number ({loss}), so training stopped; the checkpoint of step {saved} is good. Go on with --resume --fork and half the --learning-rate; if that does not help, add --dtype fp32.",
    ),
    "error.OutOfMemory": (
        "内存连一个 {context_length} 词元的窗口也放不下（{preset}）。请减小 --context-length，或选小一些的 --preset。",
        "Memory does not hold even one window of {context_length} tokens ({preset}). Lower --context-length or choose a smaller --preset.",
    ),
    "train.resumed": ("从第 {step} 步接着练（共 {total} 步）", "going on from step {step} of {total}"),
    "train.set_aside": (
        "检查点已损坏，另存为 {path}（{detail}）；改用更早的一个",
        "a checkpoint is damaged and was set aside as {path} ({detail}); an earlier one is used",
    ),
    "train.changed_corpus": ("章节变了", "the chapters have changed"),
    "train.changed_vocabulary": ("词表变了", "the vocabulary has changed"),
}
