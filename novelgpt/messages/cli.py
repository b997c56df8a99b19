"""Catalogue page of the command line and the dials: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "allowed.choices": ("可选 {choices}", "choose from {choices}"),
    "allowed.near": ("是不是 {near}？可选 {choices}", "perhaps {near}? choose from {choices}"),
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
    "dial.min_p": (
        "去掉不及最可能者这个比例的词（0 为不限）",
        "drop tokens below this share of the likeliest one's chance (0: no limit)",
    ),
    "dial.n": ("一次写几个候选", "candidates to write at once"),
    "dial.whole_sentences": ("写到句子完整为止", "go on to the end of the sentence"),
    "dial.whole_sentences.off": (
        "到了字数就停，不等句子写完",
        "stop at the number of characters, in the middle of a sentence if need be",
    ),
    "dial.typical": (
        "只留意外程度居中的词，合计到这个概率（1 为不限）",
        "keep the tokens of middling surprise, up to this probability (1: no limit)",
    ),
    "dial.newline_top_p": (
        "换行之后另用的 top-p（默认不另用）",
        "a top-p of its own after a newline (default: the same)",
    ),
    "dial.repetition_range": (
        "重复惩罚往回看多少词元",
        "how many tokens back the repetition penalties look",
    ),
    "dial.frequency_penalty": (
        "按出现次数惩罚：0 为不惩罚",
        "penalty for every time a token has occurred: 0 is none",
    ),
    "dial.presence_penalty": (
        "出现过就惩罚：0 为不惩罚",
        "penalty for having occurred at all: 0 is none",
    ),
    "dial.no_repeat_ngram": (
        "不许重复这么长的词元串（0 为不限；会误伤人名）",
        "forbid repeating runs of so many tokens (0: no limit; hard on names)",
    ),
    "dial.dry_multiplier": (
        "DRY：惩罚照抄前文的长串，0 为不用",
        "DRY: penalty for continuing a run that was written before, 0 is off",
    ),
    "dial.dry_base": (
        "DRY：串每长一个词元，惩罚翻几倍",
        "DRY: growth of the penalty with each token of the run",
    ),
    "dial.dry_allowed_length": ("DRY：多长以内不罚", "DRY: runs up to this length are free"),
    "dial.dry_range": ("DRY：往回看多少词元", "DRY: how many tokens back it looks"),
    "dial.xtc_probability": (
        "XTC：以这个概率舍去最可能的词，0 为不用",
        "XTC: chance of leaving out the likeliest tokens, 0 is off",
    ),
    "dial.xtc_threshold": (
        "XTC：概率高于此的词才可能舍去",
        "XTC: only tokens likelier than this may be left out",
    ),
    "dial.mirostat": (
        "mirostat：让意外程度保持不变，0 不用，1 与 2 为两种算法",
        "mirostat: keep the surprise constant, 0 is off, 1 and 2 are its two forms",
    ),
    "dial.mirostat_tau": ("mirostat：要多意外（比特）", "mirostat: the surprise to keep, in bits"),
    "dial.mirostat_eta": ("mirostat：调整得多快", "mirostat: how fast it adapts"),
    "dial.beam": (
        "束搜索的宽度（1 为不用；大于 1 时不随机）",
        "width of the beam search (1: none; above 1 nothing is left to chance)",
    ),
    "dial.repetition_penalty": ("重复惩罚：1 为不惩罚", "repetition penalty: 1 is none"),
    "dial.seed": ("随机种子：同一种子得同一结果", "random seed: the same seed gives the same result"),
    "dial.preset": (
        "模型：gpt2-* 是 GPT-2，novel-* 是较新的结构；auto 按语料与机器挑选",
        "model: gpt2-* is GPT-2, novel-* a newer design; auto picks by corpus and machine",
    ),
    "dial.layers": ("层数（代替预设的）", "layers (instead of the preset's)"),
    "dial.width": ("宽度（代替预设的）", "width (instead of the preset's)"),
    "dial.heads": ("注意力头数（代替预设的）", "attention heads (instead of the preset's)"),
    "dial.start": (
        "从哪里起步：random 随机，counts 先数一遍语料里相邻的词，短训练学得快得多；auto 按结构挑选",
        "where to start: random weights, or counts of neighbouring tokens in the corpus, far ahead in short runs; auto picks by design",
    ),
    "dial.init": (
        "从现成的模型练起：文件夹、embedded（自带的），或 Hugging Face 上的名字（只有这时才会下载）",
        "start from an existing model: a folder, embedded (the one inside), or a name on Hugging Face (the only thing ever downloaded)",
    ),
    "dial.lora": (
        "只练 LoRA 小适配器，不动原来的权重（配合 --init）",
        "train small LoRA adapters and leave the weights alone (with --init)",
    ),
    "dial.lora_rank": ("LoRA 的秩", "rank of the LoRA adapters"),
    "dial.lora_targets": (
        "LoRA 加在哪些层上，用逗号隔开；auto 为所有矩阵",
        "layers that get LoRA adapters, with commas; auto is every matrix",
    ),
    "dial.objective": (
        "学什么：causal 接着写；infill 还学在上下文之间补写",
        "what is learnt: causal writes on; infill learns to fill a gap between two texts as well",
    ),
    "dial.epochs": ("通读语料几遍", "how many times to read the corpus"),
    "dial.steps": ("训练步数（给出时代替 --epochs）", "optimizer steps (instead of --epochs)"),
    "dial.minutes": ("训练多少分钟（给出时代替 --epochs）", "minutes to train (instead of --epochs)"),
    "dial.context_length": ("一个窗口的词元数", "tokens in one window"),
    "dial.stride": (
        "每隔几个词元取一个窗口（默认等于窗口长，不重叠）",
        "tokens from one window to the next (default: a window's length, no overlap)",
    ),
    "dial.batch_size": ("每步的窗口数", "windows per step"),
    "dial.micro_batch": (
        "一次算几个窗口，余下的累积（默认按内存定，结果不变）",
        "windows computed at once, the rest accumulated (default: what memory allows; the result is the same)",
    ),
    "dial.optimizer": (
        "优化器；muon 用于各层的矩阵，其余仍用 adamw，步数少时学得更快",
        "optimizer; muon takes the layers' matrices and adamw the rest, and learns faster in few steps",
    ),
    "dial.schedule": (
        "学习率怎样走：cosine、wsd（平走后收尾，可以再延长）、linear、plateau（不再进步就减半）",
        "how the learning rate goes: cosine, wsd (level, then down; can be extended), linear, plateau (halved when progress stops)",
    ),
    "dial.learning_rate": ("最高学习率（默认按结构定）", "peak learning rate (default: the design's own)"),
    "dial.warmup": ("预热占全程的比例", "share of the run spent warming up"),
    "dial.cooldown": ("wsd 收尾占全程的比例", "share of a wsd run spent cooling down"),
    "dial.weight_decay": ("权重衰减", "weight decay"),
    "dial.dropout": ("随机失活比例", "dropout"),
    "dial.clip": ("梯度裁剪的上限（0 为不裁剪）", "gradient norm limit (0: none)"),
    "dial.ema": (
        "权重的滑动平均（如 0.99；0 为不用），检验和成品都用它",
        "moving average of the weights (such as 0.99; 0: none), used for evaluation and for the final model",
    ),
    "dial.patience": (
        "连续几次检验没有进步就提前结束（0 为不提前）",
        "evaluations without progress before the run ends early (0: never)",
    ),
    "dial.dtype": ("计算精度；auto 先测哪个更快", "arithmetic; auto measures which is faster"),
    "dial.compile": (
        "torch.compile；auto 在有编译器而且更快时才用",
        "torch.compile; auto uses it where a compiler exists and it is faster",
    ),
    "dial.shard": (
        "把张量分到 torchrun 的各个进程里（FSDP2），给一个进程装不下的模型；用 AdamW",
        "split the tensors over torchrun's processes (FSDP2), for a model that no single one can hold; AdamW only",
    ),
    "dial.held_out": ("留出多大比例的章节用来检验", "share of chapters held out for checking"),
    "dial.evaluate_every": ("每隔几步检验一次", "steps between evaluations"),
    "dial.sample_every": ("每隔几步写一段样例", "steps between samples of writing"),
    "dial.save_every": ("每隔几步存一个检查点", "steps between checkpoints"),
    "dial.keep": ("保留最近几个检查点", "newest checkpoints to keep"),
    "style.steady": ("稳健", "steady"),
    "style.balanced": ("均衡", "balanced"),
    "style.free": ("放飞", "free"),
    "cli.interrupted": ("已中断。", "Interrupted."),
    "help.about": (
        "NovelGPT：在自己的电脑上续写中文小说",
        "NovelGPT: continue Chinese novels on your own machine",
    ),
    "help.tour": (
        """一条线走到底：
  novelgpt ingest corpus/*.txt     小说文件 → 章节
  novelgpt vocab                   章节 → 词表
  novelgpt train --resume          章节 + 词表 → 模型（随时可停，接着练）
  novelgpt generate "话说"          续写
  novelgpt score                   打分
  novelgpt serve                   打开网页（与 python app.py 相同）""",
        """The whole way:
  novelgpt ingest corpus/*.txt     novel files → chapters
  novelgpt vocab                   chapters → vocabulary
  novelgpt train --resume          chapters + vocabulary → model (stop any time, go on later)
  novelgpt generate "话说"          continue a text
  novelgpt score                   score it
  novelgpt serve                   open the page (the same as python app.py)""",
    ),
    "help.commands": ("命令", "commands"),
    "help.everywhere": ("通用", "everywhere"),
    "help.workspace": (
        "工作文件夹（默认当前文件夹，或环境变量 NOVELGPT_WORKSPACE）",
        "working folder (default: the current one, or NOVELGPT_WORKSPACE)",
    ),
    "help.lang": ("界面语言（默认看系统语言）", "language of messages (default: from the locale)"),
    "help.json": ("结果以一个 JSON 对象输出", "print the result as one JSON object"),
    "help.jobs": ("并行的进程数", "parallel processes"),
    "help.chapters": (
        "章节文件或文件夹（默认 corpus/chapters）",
        "chapter files or folders (default: corpus/chapters)",
    ),
    "help.model": (
        "模型：训练的名字、文件夹或 embedded（默认最新练成的，没有则用自带的）",
        "model: a run's name, a folder, or embedded (default: the newest finished run, else the embedded one)",
    ),
    "help.ingest": ("小说文件 → 干净的章节与报告", "novel files → clean chapters and a report"),
    "help.ingest.paths": (
        "文件、通配符或文件夹（.txt .epub .docx .html .md .zip）",
        "files, globs or folders (.txt .epub .docx .html .md .zip)",
    ),
    "help.ingest.out": ("输出文件夹（默认 corpus/）", "output folder (default: corpus/)"),
    "help.ingest.encoding": ("指定编码，不再猜", "the encoding, instead of detecting it"),
    "help.ingest.allow_loss": (
        "有读不出的字也收（会记入报告）",
        "take files in even if characters are lost (the report counts them)",
    ),
    "help.ingest.dry_run": ("只显示章节表，不写文件", "show the chapter table, write nothing"),
    "help.ingest.script": (
        "转成简体或繁体（OpenCC；已是的不动）[keep]",
        "convert to simplified or traditional (OpenCC; books already in it stay) [keep]",
    ),
    "help.ingest.rules": (
        "自己的规则：TOML 文件，写法见 README",
        "your own rules: a TOML file, see README",
    ),
    "help.ingest.keep": (
        "关掉一条清理规则，可多次使用（名字见报告）",
        "switch a cleaning rule off, may be given several times (the report names them)",
    ),
    "help.ingest.restore": (
        "还原这个清理日志（corpus/removed/*.jsonl）里的行",
        "bring back the lines in this removal log (corpus/removed/*.jsonl)",
    ),
    "help.ingest.engine": (
        "local：本机的进程；ray：Ray 集群（RAY_ADDRESS）[local]",
        "local: this machine's processes; ray: a Ray cluster (RAY_ADDRESS) [local]",
    ),
    "help.ingest.strict": (
        "有一个文件没收下就以 1 退出",
        "exit with 1 if any file is left out",
    ),
    "help.vocab": (
        "章节 → 词表（AutoTokenizer 可直接读取）",
        "chapters → vocabulary (AutoTokenizer loads it)",
    ),
    "help.vocab.size": ("词片数 [50000]", "number of pieces [50000]"),
    "help.vocab.out": ("输出文件夹（默认 vocab/）", "output folder (default: vocab/)"),
    "help.train": ("章节 + 词表 → 模型，随时可停", "chapters + vocabulary → model; stop any time"),
    "help.train.resume": (
        "接着上次练；没有可接的就从头开始",
        "go on with the run; starts fresh where there is none",
    ),
    "help.train.fork": (
        "与 --resume 同用：语料或设置变了也接着练（会记在 config.toml 里）",
        "with --resume: go on although chapters or settings have changed (noted in config.toml)",
    ),
    "help.train.dry_run": (
        "只做体检：要学多少、多久、多少内存和磁盘，然后停下",
        "examine only: how much to learn, how long, how much memory and disk; then stop",
    ),
    "help.train.config": (
        "从 TOML 文件读设置（也可以是某次训练的 config.toml）；命令行上的优先",
        "read settings from a TOML file (a run's config.toml too); flags win",
    ),
    "help.train.name": ("这次训练的名字 [default]", "name of the run [default]"),
    "help.train.vocab": ("词表文件夹（默认 vocab/）", "vocabulary folder (default: vocab/)"),
    "help.train.held_out_chapters": (
        "专门用来检验的章节文件（代替 --held-out）",
        "chapter files to hold out (instead of --held-out)",
    ),
    "help.generate": ("续写一段文字，边写边出", "continue a text, streaming"),
    "help.generate.prompt": (
        "开头的文字（或用 --file，或从管道输入）",
        "the text so far (or --file, or piped in)",
    ),
    "help.generate.style": (
        "现成的一套旋钮：steady 稳健，balanced 均衡，free 放飞；另给的旋钮优先",
        "a ready set of dials: steady, balanced or free; dials given besides win",
    ),
    "help.generate.greedy": (
        "总取最可能的词（等于 --temperature 0）",
        "always the likeliest token (--temperature 0)",
    ),
    "help.generate.next": (
        "不续写，只列出下一个词元最可能的 N 种（默认 10）",
        "write nothing, list the N likeliest next tokens (default 10)",
    ),
    "help.generate.at": (
        "只看开头的前 N 个字：--next 列出那里的词，续写也从那里写起",
        "look at the first N characters of the prompt only: what --next lists, or where writing goes on",
    ),
    "help.generate.take": (
        "先写下那里第 K 可能的词（见 --next），再往下写",
        "write the K-th likeliest token first (see --next), then go on",
    ),
    "help.generate.interactive": (
        "写一段问一次：收下、重写、改写、退回",
        "write passage by passage and ask: accept, retry, edit, take back",
    ),
    "help.generate.stop": (
        "写到这段文字之前停下（可多次给出）",
        "stop before this text (may be given several times)",
    ),
    "help.generate.ban": (
        "不许写出这段文字，写到就退回另写（可多次给出）",
        "never write this text: go back and take another way (may be given several times)",
    ),
    "help.generate.memory": (
        "总放在最前面的话：时代、地点、人物",
        "what always stands first: time, place, people",
    ),
    "help.generate.note": (
        "放在结尾附近的提示，分量最重",
        "a note near the end, where it weighs most",
    ),
    "help.generate.after": (
        "缺口之后的文字：补写它与 PROMPT 之间的一段",
        "the text after a gap: write what stands between PROMPT and it",
    ),
    "help.generate.lore": (
        "设定集（JSON）：文中出现名字时才给模型看",
        "lore (JSON): shown to the model when its names appear",
    ),
    "help.generate.earlier": (
        "更早的章节（文本文件）：从中找出与眼下有关的段落",
        "earlier chapters (text files): passages that bear on the present are recalled",
    ),
    "help.generate.show_context": ("先列出模型究竟看到什么", "first show exactly what the model sees"),
    "help.generate.exact": (
        "用 fp32 计算，不用 int8（慢几倍，供对照）",
        "compute in fp32 instead of int8 (several times slower, for comparison)",
    ),
    "help.generate.file": (
        "从文件读开头（任何中文编码）",
        "read the text so far from a file (any Chinese encoding)",
    ),
    "help.score": ("给文字或模型打分", "score a text or a model"),
    "help.score.chapters": (
        "章节文件（默认：训练时留出的章节）",
        "chapter files (default: the chapters that training held out)",
    ),
    "help.score.limit": ("最多用几章 [20]", "chapters to use at most [20]"),
    "help.score.hyp": ("待评的文字，一行一段", "the text to score, one segment a line"),
    "help.score.ref": ("参考文字，一行一段", "the reference, one segment a line"),
    "help.serve": ("打开写作网页", "open the writing page"),
    "help.serve.host": ("监听地址 [127.0.0.1]", "address to listen on [127.0.0.1]"),
    "help.serve.port": ("端口 [7860]", "port [7860]"),
    "help.serve.auth": (
        "打开页面要的用户名和密码；别人也能到的地址必须设",
        "name and password for the page; a must where others can reach it",
    ),
    "help.serve.open": (
        "在浏览器里打开页面（没有屏幕时只说地址）",
        "open the page in the browser (where there is no screen, only its address is said)",
    ),
    "help.serve.desktop": (
        "在单独的窗口里打开（没有窗口可用时用浏览器）",
        "open in a window of its own (in the browser where there is none)",
    ),
    "ingest.progress": (
        "[{index}/{total}] {title}：{encoding}，{chapters} 章",
        "[{index}/{total}] {title}: {encoding}, {chapters} chapters",
    ),
    "ingest.unchanged": (
        "[{index}/{total}] {title}：没有变化，{chapters} 章",
        "[{index}/{total}] {title}: unchanged, {chapters} chapters",
    ),
    "ingest.stopped": (
        "已停下。收好的 {books} 本书都在，再执行一次同样的命令就接着收。",
        "Stopped. The {books} books done are safe; run the same command again to go on.",
    ),
    "ingest.refused": ("没有收入 {path}：{reason}", "left out {path}: {reason}"),
    "ingest.done": (
        "收入 {books} 本书，{chapters:,} 章，{characters:,} 字；拒收 {refused} 个文件。报告：{folder}/ingest-report.html",
        "{books} books, {chapters:,} chapters, {characters:,} characters; {refused} files left out. Report: {folder}/ingest-report.html",
    ),
    "ingest.dry_done": (
        "可收 {books} 本书，{chapters:,} 章，{characters:,} 字；会拒收 {refused} 个文件。没有写任何文件。",
        "{books} books, {chapters:,} chapters, {characters:,} characters could be taken in; {refused} files would be left out. Nothing was written.",
    ),
    "vocab.progress": ("[{index}/{total}] 数词：{book}", "[{index}/{total}] counting words: {book}"),
    "vocab.done": (
        "词表 {folder}：{size:,} 词片，来自 {books} 本书 {characters:,} 字；每词元 {characters_per_token} 字；指纹 {fingerprint}",
        "vocabulary {folder}: {size:,} pieces from {books} books, {characters:,} characters; {characters_per_token} characters per token; fingerprint {fingerprint}",
    ),
    "train.nothing_to_resume": (
        "{folder} 里没有可接着练的，从头开始",
        "nothing to resume in {folder}: starting fresh",
    ),
    "train.preparing": ("正在准备 {files} 个章节文件……", "preparing {files} chapter files…"),
    "train.step": (
        "第 {step}/{total_steps} 步（{epoch:.2f} 遍）损失 {loss:.3f}，学习率 {learning_rate:.1e}，{tokens_per_second:,.0f} 词元/秒，还要 {remaining}",
        "step {step}/{total_steps} ({epoch:.2f} epochs) loss {loss:.3f}, rate {learning_rate:.1e}, {tokens_per_second:,.0f} tokens/s, {remaining} left",
    ),
    "train.evaluated": (
        "第 {step} 步：留出文字 {bits_per_character:.3f} 比特/字",
        "step {step}: {bits_per_character:.3f} bits per character on held-out text",
    ),
    "train.saved": ("第 {step} 步已存入 {folder}", "step {step} saved in {folder}"),
    "train.encoded": (
        "已编码 {chapters:,} 章，{characters:,} 字",
        "{chapters:,} chapters encoded, {characters:,} characters",
    ),
    "train.sampled": ("第 {step} 步的样例：{text}", "sample at step {step}: {text}"),
    "train.stopped": (
        "已停下，进度都存好了。接着练：novelgpt train --resume（{folder}）",
        "Stopped; everything is saved. Go on with: novelgpt train --resume ({folder})",
    ),
    "train.finished": (
        "练成了：{final}（{steps} 步，留出文字最好 {best_bits_per_character:.3f} 比特/字）。试试 novelgpt generate",
        "Done: {final} ({steps} steps, best held-out {best_bits_per_character:.3f} bits per character). Try novelgpt generate",
    ),
    "generate.done": (
        "——{model}，{characters} 字，种子 {seed}",
        "-- {model}, {characters} characters, seed {seed}",
    ),
    "score.both": ("--hyp 与 --ref 要一起给", "--hyp and --ref go together"),
    "score.progress": ("[{index}/{total}] 续写并打分", "[{index}/{total}] continuing and scoring"),
    "serve.ready": (
        "写作网页已打开：{address}（Ctrl-C 关闭）",
        "The page is open at {address} (Ctrl-C closes it)",
    ),
    "plain.too_large": ("超过 {limit} MB，请拆开再用。", "it is larger than {limit} MB; split it first."),
    "plain.lost": (
        "有 {count} 个字读不出来；请先用 novelgpt ingest --allow-loss 收入并校对，或另存为 UTF-8。",
        "{count} characters cannot be read; take it in with novelgpt ingest --allow-loss and check it, or save it as UTF-8.",
    ),
}
