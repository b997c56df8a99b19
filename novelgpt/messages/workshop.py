"""Catalogue page of the workshop (corpus, training, scores, models): {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "workshop.said": ("{line}", "{line}"),
    "workshop.vanished": (
        "训练进程忽然没了，什么也没说：多半是内存不够被系统结束，或者断了电。按“接着练”从最后的检查点继续；再出现就选小一些的模型。",
        "The training process vanished without a word: most likely memory ran out and the system ended it, or the power failed. Press Resume to go on from the last checkpoint; if it happens again, choose a smaller model.",
    ),
    "error.TrainingUnderWay": (
        "“{name}”正在训练，一次只能练一个。请等它练完，或先暂停它；若刚在命令行里停下，两分钟后再试。",
        "“{name}” is being trained, and only one can be at a time. Wait for it or pause it first; if it was just stopped on the command line, try again in two minutes.",
    ),
    "error.NotTraining": (
        "“{name}”没有从这里开始的训练在进行，不能暂停或停止。若是在命令行里开始的，请在那里按 Ctrl-C。",
        "No training of “{name}” begun here is under way, so it cannot be paused or stopped. If it was begun on a command line, press Ctrl-C there.",
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
    "error.ScoringUnderWay": (
        "“{name}”正在评分。请等它评完。",
        "“{name}” is being scored. Wait until that is done.",
    ),
}
