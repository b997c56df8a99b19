"""Catalogue page of `ui` and of the server: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "ui.story": ("故事", "Story"),
    "ui.new_title": ("新故事的名字", "Title of a new story"),
    "ui.new_story": ("新建", "New"),
    "ui.untitled": ("未命名的故事", "Untitled story"),
    "ui.paper": ("正文", "Text of the story"),
    "ui.paper_hint": (
        "在这里写下开头，再按“续写”（Ctrl+Enter）。没有头绪的话，空着也能续写。",
        "Write a beginning here, then press Continue (Ctrl+Enter). An empty page will do, too.",
    ),
    "ui.continue": ("续写", "Continue"),
    "ui.stop": ("停止", "Stop"),
    "ui.undo": ("撤销", "Undo"),
    "ui.redo": ("重做", "Redo"),
    "ui.save": ("保存", "Save"),
    "ui.model": ("模型", "Model"),
    "ui.embedded": ("自带的模型", "built-in model"),
    "ui.by_chance": ("随机", "by chance"),
    "ui.dials": ("怎么写", "How to write"),
    "ui.count": ("字数 {characters:,}", "characters: {characters:,}"),
    "ui.saved": ("已保存", "saved"),
    "ui.writing": ("正在续写", "writing"),
    "ui.preparing": ("正在准备模型", "getting the model ready"),
    "ui.wrote": ("写了 {characters:,} 字", "wrote {characters:,} characters"),
    "ui.wrote_nothing": ("没有写出新的字", "nothing new was written"),
    "ui.seed": ("种子 {seed}", "seed {seed}"),
    "ui.finish_length": ("写满了字数", "reached the length asked for"),
    "ui.finish_chapter_end": ("写到了一章的结尾", "reached the end of a chapter"),
    "ui.finish_stopped": ("已停止", "stopped"),
    "ui.unexpected": (
        "出了意料之外的错（{kind}），细节印在终端里。写下的字都已保存；请刷新页面再试。",
        "Something unexpected went wrong ({kind}); the terminal shows the details. What was written is saved; reload the page and try again.",
    ),
    "ui.no_model": (
        "还没有可用的模型。请先运行 novelgpt train 训练一个。",
        "There is no model yet. Train one with novelgpt train.",
    ),
    "serve.host_refused": (
        "不接受这个主机名。请用 {address} 打开页面。",
        "This host name is not accepted. Open the page at {address}.",
    ),
    "serve.origin_refused": (
        "请求来自别的网站，没有执行。请在本程序自己的页面上操作。",
        "The request came from another site and was not carried out. Use this program's own page.",
    ),
    "serve.body_too_large": (
        "一次发来的内容超过了 {limit:,} 字节。请把故事分成几个。",
        "The request is larger than {limit:,} bytes. Split the story into several.",
    ),
    "serve.not_offered": (
        "这个地址不提供服务。请从首页使用本程序。",
        "Nothing is offered at this address. Use the program from its front page.",
    ),
}
