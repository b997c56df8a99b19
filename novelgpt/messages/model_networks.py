"""Catalogue page of `model`: networks, folders and adapters: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "networks.chosen": (
        "模型大小：{preset}（语料 {characters:,} 字；{why}；可用 --preset 另选）",
        "model size: {preset} ({characters:,} characters of text; {why}; --preset chooses another)",
    ),
    "networks.because_cpu": (
        "没有显卡，小模型在同样时间里学得最多",
        "without a GPU a small model learns most in the same time",
    ),
    "networks.because_little_text": (
        "没有显卡，语料不到 {most:,} 字，越大的模型越爱背书；用 --init embedded 从自带的模型练起更好",
        "no GPU, and fewer than {most:,} characters, which larger models learn by heart; --init embedded, the model inside, is a better start",
    ),
    "networks.because_small_corpus": (
        "有显卡，语料不到 {most:,} 字，更大的模型只会背书",
        "a GPU, and fewer than {most:,} characters, which a larger model would only learn by heart",
    ),
    "networks.because_small_gpu": (
        "显存只有 {gigabytes:.0f} GB，更大的模型装不下",
        "the GPU has only {gigabytes:.0f} GB, too little for a larger model",
    ),
    "networks.because_large_corpus": (
        "有显卡，语料不少于 {least:,} 字",
        "a GPU, and at least {least:,} characters",
    ),
    "networks.width_for_heads": (
        "宽度要能分给 {heads} 个注意力头（{step} 的倍数），例如 --width {near}，或改 --heads",
        "the width is shared by {heads} heads and must be a multiple of {step}: try --width {near}, or change --heads",
    ),
    "networks.only_safetensors": (
        "{found}；只读 safetensors 权重，别的格式读取时可能执行代码，请先转换",
        "{found}; only safetensors are read, other formats may run code when read: convert it first",
    ),
    "networks.no_such_folder": (
        "本机没有这个文件夹，也不是“作者/模型”这样的名字",
        "there is no such folder here, and it is no name like owner/model",
    ),
    "error.NoInitialModel": (
        "拿不到模型 {name}（{detail}）。请给出本机的模型文件夹，或检查名字和网络（可用环境变量 HF_ENDPOINT 换镜像）。",
        "The model {name} cannot be had ({detail}). Name a model folder on this machine, or check the name and the network (HF_ENDPOINT chooses a mirror).",
    ),
    "error.NoPeft": (
        "没有安装 peft。请执行 pip install 'novelgpt[lora]'，或去掉 --lora，训练整个模型。",
        "peft is not installed. Run pip install 'novelgpt[lora]', or leave out --lora and train the whole model.",
    ),
    "error.StrangeVocabulary": (
        "{path} 不是能用的词表（{detail}）。请换一个带 tokenizer.json 的模型（GPT-2、Llama、Qwen 一类），或去掉 --init，用自己的词表从头训练。",
        "{path} is not a vocabulary that can be used ({detail}). Choose a model with a tokenizer.json (GPT-2, Llama or Qwen style), or leave out --init and train from scratch with a vocabulary of your own.",
    ),
}
