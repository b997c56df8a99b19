"""Catalogue page of the workshop (corpus, training, scores, models): {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "workshop.said": ("{line}", "{line}"),
    "workshop.vanished": (
        "训练进程忽然没了，什么也没说：多半是内存不够被系统结束，或者断了电。按“接着练”从最后的检查点继续；再出现就选小一些的模型。",
        "The training process vanished without a word: most likely memory ran out and the system ended it, or the power failed. Press Resume to go on from the last checkpoint; if it happens again, choose a smaller model.",
    ),
    "workshop.export_vanished": (
        "导出的进程忽然没了，什么也没说：多半是内存不够被系统结束了。关掉别的程序再试，或换一种格式。",
        "the export vanished without a word: most likely memory ran out and the system ended it. Close other programs and try again, or choose another format.",
    ),
    "error.TrainingUnderWay": (
        "“{name}”正在训练，一次只能练一个。请等它练完，或先暂停它；若刚在别的机器或自己的程序里停下，两分钟后再试。",
        "“{name}” is being trained, and only one can be at a time. Wait for it or pause it first; if it was just stopped on another machine or in a program of your own, try again in two minutes.",
    ),
    "error.NotTraining": (
        "“{name}”没有这里管得到的训练在进行，不能暂停或停止。若它在别的机器或自己的程序里练，请在那里停。",
        "No training of “{name}” that can be reached from here is under way, so it cannot be paused or stopped. If it runs on another machine or in a program of your own, stop it there.",
    ),
    "error.AlreadyTraining": (
        "{folder} 正由进程 {pid} 训练，两个进程不能同时练它。请等它练完，或先停下它；要另练一个就换 --name。",
        "{folder} is being trained by process {pid}, and two must not train it at once. Wait for it or stop it first; for another run choose another --name.",
    ),
    "error.AdaptersMissing": (
        "没有安装 peft，练不了 LoRA 小适配器。请执行 pip install 'novelgpt[lora]' 后再试，或取消勾选，训练整个模型。",
        "peft is not installed, so LoRA adapters cannot be trained. Run pip install 'novelgpt[lora]' and try again, or untick it and train the whole model.",
    ),
    "error.UnknownRun": (
        "没有叫“{name}”的训练。请从列表里选一个；列表旧了就刷新页面。",
        "There is no run called “{name}”. Choose one from the list; reload the page if the list is old.",
    ),
    "error.NameTaken": (
        "已经有叫“{name}”的了。请换一个名字。",
        "“{name}” exists already. Choose another name.",
    ),
    "error.NoBooksChosen": (
        "没有选书，没什么可学的。请至少选一本；语料还空着就先收书。",
        "No book is chosen, so there is nothing to learn. Choose at least one; if the corpus is empty, take in some books first.",
    ),
    "error.BadRunName": (
        "“{name}”不能用作名字。请用 {limit} 个字以内的名字，不含 / \\ : * ? 之类的符号，也不以点开头。",
        "“{name}” cannot be used as a name. Use at most {limit} characters, none of them / \\ : * ? or the like, and no dot at the beginning.",
    ),
    "error.OrderRefused": (
        "这样练不成：{reason}",
        "This cannot be trained: {reason}",
    ),
    "error.TooMuchAtOnce": (
        "一次放进了 {count} 个文件、{megabytes} MB，最多 {most_files} 个、{most_megabytes} MB。请分几次放，或用 novelgpt ingest。",
        "{count} files of {megabytes} MB were dropped at once; at most {most_files} files and {most_megabytes} MB are taken. Drop them in parts, or use novelgpt ingest.",
    ),
    "error.UnknownBook": (
        "语料里没有“{book}”这本书。请从列表里选；列表旧了就刷新页面。",
        "The corpus has no book “{book}”. Choose one from the list; reload the page if the list is old.",
    ),
    "error.StoryTooShort": (
        "这个故事只有 {characters:,} 字，太短，学不到什么。请写到 {needed:,} 字以上，或先导入自己的旧稿。",
        "This story has only {characters:,} characters, too few to learn from. Write at least {needed:,}, or import an older manuscript of yours first.",
    ),
    "error.VocabularyUnderWay": (
        "词表正在做。请等它做完。",
        "A vocabulary is being built. Wait until it is done.",
    ),
    "error.BuiltInModel": (
        "自带的模型不能改名或删除。请先训练一个自己的模型。",
        "The built-in model can be neither renamed nor deleted. Train one of your own first.",
    ),
    "error.ExportUnderWay": (
        "“{name}”正在导出，一次只能导出一个。请等它写好，或先取消。",
        "“{name}” is being exported, and only one can be at a time. Wait until it is written, or cancel it first.",
    ),
    "error.ScoringUnderWay": (
        "“{name}”正在评分。请等它评完。",
        "“{name}” is being scored. Wait until that is done.",
    ),
}
