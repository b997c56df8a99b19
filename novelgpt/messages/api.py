"""Catalogue page of `api`: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "api.bad_json": (
        "请求的内容不是 JSON 对象。请检查发送请求的程序。",
        "The body of the request is not a JSON object. Check the program that sends it.",
    ),
    "api.bad_number": (
        "{name} 应当是一个数。请改正，或去掉它，用默认的值。",
        "{name} should be a number. Correct it, or leave it out for the default.",
    ),
    "api.bad_prompt": (
        "prompt 应当是文字、文字的列表、词元编号或词元编号的列表；编号从 0 到 {last}。",
        "prompt should be a text, a list of texts, token ids or a list of token ids; ids go from 0 to {last}.",
    ),
    "api.bad_ids": (
        "{name} 应当是词元编号的列表，编号从 0 到 {last}。",
        "{name} should be a list of token ids, from 0 to {last}.",
    ),
    "api.bad_text": ("{name} 应当是文字。", "{name} should be a text."),
    "api.bad_messages": (
        "messages 应当是至少一条消息的列表，每条有 role 和 content。",
        "messages should be a list of at least one message, each with role and content.",
    ),
    "api.too_many_texts": (
        "一次最多写 {limit} 篇（prompt 的篇数乘 n）。请分几次请求。",
        "At most {limit} texts can be written at once (prompts times n). Use several requests.",
    ),
    "api.no_such_model": (
        "没有叫 {model} 的模型。现有：{known}。请改用其中一个，或不写 model。",
        "There is no model called {model}. There are: {known}. Name one of them, or leave out model.",
    ),
    "api.no_such_route": (
        "这里没有 {path}。可用的地址见 README。",
        "There is no {path} here. README lists the addresses that there are.",
    ),
    "api.key_wrong": (
        "密钥不对。请在请求里带上 Authorization: Bearer 和启动时 --api-key 给的密钥。",
        "The key is wrong. Send Authorization: Bearer with the key that --api-key gave at the start.",
    ),
    "api.unexpected": (
        "程序出了意外的错误（{kind}）。请再试一次；还不行，请看终端里的记录。",
        "Something unexpected went wrong ({kind}). Try again; if it stays, look at the terminal's record.",
    ),
    "help.serve.api_key": (
        "别的程序用 /v1 和 /api 时要出示的密钥；不写则不查",
        "the key that other programs must show to use /v1 and /api; none asks for none",
    ),
    "help.serve.cors_origin": (
        "允许从这个来源（如 http://localhost:8000）的网页使用 /v1 和 /api；可写多次",
        "let pages from this origin (such as http://localhost:8000) use /v1 and /api; may be repeated",
    ),
    "serve.open_to_others": (
        "注意：{host} 不只是本机的地址，能连到这里、又知道密码的人都能读写你的故事。只自己用，请去掉 --host。",
        "Note: {host} is not this machine's alone: whoever can connect and knows the password can read and change your stories. For yourself alone, leave out --host.",
    ),
    "serve.no_window": (
        "打不开单独的窗口（{why}），改用浏览器。要用窗口：pip install 'novelgpt[desktop]'。",
        "No window of its own can be opened ({why}); using the browser. For a window: pip install 'novelgpt[desktop]'.",
    ),
    "serve.password_wrong": (
        "需要用户名和密码（启动时用 --auth 设的）。",
        "A name and a password are needed (those set with --auth at the start).",
    ),
    "error.PasswordNeeded": (
        "{host} 是别人也能到的地址。请加 --auth 用户名:密码，或者不写 --host，只给本机用。",
        "{host} is an address that others can reach. Add --auth USER:PASSWORD, or leave --host away to serve this machine only.",
    ),
    "error.BadPassword": (
        "--auth 要写成 用户名:密码，两边都不能空。",
        "--auth takes USER:PASSWORD, neither of them empty.",
    ),
}
