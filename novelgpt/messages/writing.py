"""Catalogue page of `writing`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "error.BadLore": (
        '设定文件 {path} 读不懂：{detail}。它应是 JSON：[{{"keys": ["名字"], "text": "设定"}}, …]，或 KoboldAI、NovelAI、SillyTavern 导出的设定。',
        'The lore file {path} cannot be used: {detail}. It should be JSON: [{{"keys": ["name"], "text": "what is true"}}, …], or an export of KoboldAI, NovelAI or SillyTavern.',
    ),
    "plain": ("{text}", "{text}"),
    "context.memory": ("常驻", "memory"),
    "context.lore": ("设定", "lore"),
    "context.recall": ("前文", "recalled"),
    "context.story": ("正文", "story"),
    "context.note": ("提示", "note"),
    "context.part": ("【{kind}】{source} {tokens} 词元{cut}", "[{kind}] {source} {tokens} tokens{cut}"),
    "context.cut": ("（放不下，截短了）", " (cut to fit)"),
    "context.total": (
        "模型看到 {tokens} 词元，窗口 {window} 词元",
        "the model sees {tokens} tokens of a window of {window}",
    ),
    "context.left_out": ("放不下的：{names}", "left out for lack of room: {names}"),
    "candidate.line": (
        "〔{number}〕总分 {total:.2f}（似然 {likelihood:.2f}，重复 {repetition:.0%}，抄前文 {copied:.0%}，{whole}）",
        "[{number}] score {total:.2f} (likelihood {likelihood:.2f}, repetition {repetition:.0%}, copied {copied:.0%}, {whole})",
    ),
    "candidate.fit": ("〔{number}〕与后文相合 {fit:.2f}", "[{number}] fit with what follows {fit:.2f}"),
    "candidate.whole": ("句子完整", "whole sentences"),
    "candidate.broken": ("句子未完", "ends mid-sentence"),
    "next.head": ("序号  概率     词元", "place  chance  token"),
    "interactive.help": (
        "回车收下，r 重写，a 换一个词从那里重写，e 改写成你输入的文字，u 退回上一段，q 结束",
        "Enter accepts, r tries again, a takes another word and goes on from there, e replaces it by what you type,"
        " u takes back the last passage, q ends",
    ),
    "interactive.ask": ("（回车/r/a/e/u/q）> ", "(Enter/r/a/e/u/q) > "),
    "interactive.which": ("换哪个词：", "which word: "),
    "interactive.no_such_word": ("这一段里没有这个词", "this passage has no such word"),
    "interactive.number": ("换成第几个（回车不换）：", "which of these (Enter for none): "),
    "interactive.edit": ("改成：", "instead: "),
    "interactive.nothing": ("没有可以退回的了", "there is nothing to take back"),
    "error.NoSuchWord": (
        "第 {number} 种不是能写出来的词：用 --next 看表，换一个 --take",
        "number {number} is no word that can be written: look at the table with --next and choose another with --take",
    ),
    "writing.no_numbers": ("它的权重算出的不是数", "its weights do not compute to numbers"),
}
