"""Catalogue page of the errors: {"error." + class name: (Chinese, English)}; each says the cause and the cure."""

MESSAGES: dict[str, tuple[str, str]] = {
    "error.FileMissing": (
        "找不到文件：{path}。请检查路径（当前目录或 --workspace 是否正确）。",
        "No such file: {path}. Check the path (and the current folder or --workspace).",
    ),
    "error.NothingToRead": (
        "没有可读的小说：{path}。请给出 .txt 或 .epub 文件，或含有它们的文件夹。",
        "No novel to read in {path}. Give .txt or .epub files, or a folder that holds some.",
    ),
    "error.NothingIngested": (
        "{count} 个文件都没能收进来；第一个是 {path}：{reason}",
        "None of the {count} files could be taken in; the first is {path}: {reason}",
    ),
    "error.BadValue": (
        "{name} = {value} 不行：{allowed}。",
        "{name} = {value} will not do: {allowed}.",
    ),
    "error.NoChapters": (
        "{path} 里没有章节。请先运行 novelgpt ingest 把小说变成章节。",
        "There are no chapters in {path}. Run novelgpt ingest first.",
    ),
    "error.DamagedChapters": (
        "{path} 第 {line} 行不是一章（{detail}）。请重新运行 novelgpt ingest。",
        "Line {line} of {path} is not a chapter ({detail}). Run novelgpt ingest again.",
    ),
    "error.NotUnicode": (
        "文本第 {position} 个字符是孤立的代理码位，不是合法的 Unicode。请删去它再试。",
        "Character {position} of the text is a lone surrogate, which is not valid Unicode. Remove it and try again.",
    ),
    "error.NoVocabulary": (
        "{path} 里没有词表。请先运行 novelgpt vocab。",
        "There is no vocabulary in {path}. Run novelgpt vocab first.",
    ),
    "error.BadVocabulary": (
        "{path} 不是可用的词表（{detail}）。请用 novelgpt vocab 重新建立。",
        "{path} is not a usable vocabulary ({detail}). Build it again with novelgpt vocab.",
    ),
    "error.VocabularyTooSmall": (
        "词表至少要有 {least} 个词片，给出的是 {size}。",
        "A vocabulary needs at least {least} pieces; {size} were asked for.",
    ),
    "error.WrongVocabulary": (
        "词表不符：{ours} 的指纹是 {our_fingerprint}，{theirs} 的指纹是 {their_fingerprint}。请换用与它一起训练的词表，或换个 --name 重新训练。",
        "The vocabularies differ: {ours} has fingerprint {our_fingerprint}, {theirs} has {their_fingerprint}. Use the vocabulary it was trained with, or train again under another --name.",
    ),
    "error.BadConfigFile": (
        "{path} 看不懂：{detail}。请照 novelgpt train --help 里的名字写，如 batch_size = 8。",
        "{path} cannot be understood: {detail}. Use the names of novelgpt train --help, such as batch_size = 8.",
    ),
    "error.TooLittleText": (
        "文本太少：只有 {tokens} 个词元，连最短的窗口（{context_length}）也装不满。请加入更多章节。",
        "Too little text: {tokens} tokens do not fill even the shortest window, {context_length}. Add chapters.",
    ),
    "error.RunExists": (
        "{path} 里已有一次训练。加 --resume 接着练，或用 --name 另起一个名字。",
        "{path} already holds a run. Add --resume to go on with it, or choose another --name.",
    ),
    "error.RunChanged": (
        "这次训练与 {path} 不是同一回事：{what}。请恢复原样后再 --resume，或用 --name 另起一个名字。",
        "This is not the run in {path}: {what}. Put it back as it was and --resume again, or choose another --name.",
    ),
    "error.NoValidCheckpoint": (
        "{path} 里没有完好的检查点（{detail}）。请用 --name 另起一个名字重新训练。",
        "No checkpoint in {path} is whole ({detail}). Train again under another --name.",
    ),
    "error.DiskFull": (
        "磁盘已满，没能写入 {path}；已有的文件都还完好。请腾出空间后再试（训练请加 --resume）。",
        "The disk is full: {path} was not written; what was there before is intact. Free some space and try again (training: with --resume).",
    ),
    "error.UnknownModel": (
        "没有叫 {name} 的模型。可用的有：{known}。",
        "There is no model called {name}. Known: {known}.",
    ),
    "error.BadModel": (
        "{path} 不是可用的模型（{detail}）。请重新训练，或换用其他模型。",
        "{path} is not a usable model ({detail}). Train it again or choose another.",
    ),
    "error.EmptyText": (
        "{what} 是空的，没有可用的文字。请给出一些文字。",
        "{what} is empty. Give it some text.",
    ),
    "error.BadRules": (
        "规则文件 {path} 有误：{detail}。写法见 README 的“自己的规则”。",
        'The rules file {path} cannot be used: {detail}. README, "Your own rules", shows how to write one.',
    ),
    "error.LengthsDiffer": (
        "待评文字与参考的段数不同：{hyp} 有 {hyp_count} 段，{ref} 有 {ref_count} 段。请让两边一一对应。",
        "The texts differ in length: {hyp} has {hyp_count} segments, {ref} has {ref_count}. Make them match one to one.",
    ),
    "error.TooLittleToScore": (
        "{chapters} 章里没有一章够 {needed} 字，无法既作开头又作参考。请给出更长的章节。",
        "None of the {chapters} chapters has the {needed} characters that a prompt and a reference need. Give longer chapters.",
    ),
    "error.FilesRefused": (
        "有 {count} 个没有收下（--strict）：原因见上，也在报告里。",
        "{count} were left out (--strict): the reasons stand above and in the report.",
    ),
    "error.NotText": (
        "{path} 读不成文字：{reason}",
        "{path} cannot be read as text: {reason}",
    ),
    "error.BadStories": (
        "故事库 {path} 打不开（{detail}）。原文件已另存为 {copy}，没有删除任何东西；请移走它后再打开。",
        "The story library {path} cannot be opened ({detail}). It was copied to {copy} and nothing was deleted; move it away and open again.",
    ),
    "error.NewerStories": (
        "故事库 {path} 是更新的版本写的（格式 {version}，本程序只认识到 {known}），没有动它。请升级 novelgpt，或用 --workspace 另选文件夹。",
        "The story library {path} was written by a later version (format {version}; this one knows {known}) and was left alone. Upgrade novelgpt, or choose another --workspace.",
    ),
    "error.StoriesUnwritable": (
        "故事库 {path} 不能写（{detail}）。请检查文件和文件夹的权限，或用 --workspace 另选文件夹。",
        "The story library {path} cannot be written ({detail}). Check the permissions of the file and its folder, or choose another --workspace.",
    ),
    "error.StoriesBusy": (
        "故事库 {path} 正被另一个程序占用。请关掉它，或稍后再试。",
        "Another program holds the story library {path}. Close it, or try again in a moment.",
    ),
    "error.UnknownStory": (
        "故事库里没有第 {story} 个故事。请刷新页面后再试。",
        "The library has no story {story}. Reload the page and try again.",
    ),
    "error.PassageFinished": (
        "第 {passage} 段已经写完，不能再变长。请从故事现在的末尾接着写。",
        "Passage {passage} is finished and cannot grow. Go on from where the story ends now.",
    ),
    "error.UnknownPassage": (
        "故事里没有第 {passage} 段。请刷新页面后再试。",
        "The story has no passage {passage}. Reload the page and try again.",
    ),
    "error.StoryBeingWritten": (
        "模型正在续写这个故事，这里的改动还没有存。请等它写完，或先按“停止”。",
        "The model is writing in this story, so the change was not kept yet. Wait until it is done, or press Stop first.",
    ),
    "error.AddressRefused": (
        "不能在 {host}:{port} 上提供服务（{detail}）。请用 --host 127.0.0.1，或用 --port 换一个 1024 以上的端口。",
        "Cannot listen on {host}:{port} ({detail}). Use --host 127.0.0.1, or a --port above 1024.",
    ),
    "error.FolderUnwritable": (
        "不能写入 {path}（{detail}）。请换一个文件夹（--out 或 --workspace），或修改它的权限。",
        "{path} cannot be written ({detail}). Choose another folder (--out or --workspace) or change its permissions.",
    ),
    "error.NoRay": (
        "没有安装 Ray。请执行 pip install 'novelgpt[ray]'，或去掉 --engine ray，用本机的多个进程。",
        "Ray is not installed. Run pip install 'novelgpt[ray]', or leave out --engine ray and use this machine's processes.",
    ),
    "error.Busy": (
        "已有 {waiting} 篇在排队，暂时不能再收。请过 {seconds} 秒再试。",
        "{waiting} texts are waiting already, so no more are taken. Try again in {seconds} seconds.",
    ),
    "error.TooManyWaiting": (
        "你已有 {waiting} 篇在排队。请等其中一篇写完，或过 {seconds} 秒再试。",
        "{waiting} of your texts are waiting already. Wait for one of them to be written, or try again in {seconds} seconds.",
    ),
    "error.PortBusy": (
        "{host}:{port} 已被占用。请用 --port 换一个端口，或关掉占用它的程序。",
        "{host}:{port} is in use. Choose another --port or stop the program that holds it.",
    ),
}
