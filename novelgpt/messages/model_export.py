"""Catalogue page of `model`: exports and conversions: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "export.writing": (
        "读取模型 {name}，写成 {format}：{path}……",
        "reading the model {name}, writing it as {format}: {path} …",
    ),
    "export.done": (
        "已导出 {format}（{dtype}）：{path}，{bytes:,} 字节，sha256 {sha256}",
        "exported {format} ({dtype}): {path}, {bytes:,} bytes, sha256 {sha256}",
    ),
    "export.setting": (
        "设置 {name} = {value} 在那边算出来的不一样",
        "its setting {name} = {value} would be computed differently there",
    ),
    "export.exporter": ("torch 的导出器：{error}", "torch's exporter: {error}"),
    "convert.reading": (
        "在受限的子进程里读取 {path}……",
        "reading {path} in a confined process …",
    ),
    "convert.done": (
        "已转换：{path}（{tensors} 个张量，{bytes:,} 字节），可用 --model {path} 选用",
        "converted: {path} ({tensors} tensors, {bytes:,} bytes); --model {path} chooses it",
    ),
    "convert.card": (
        "由 {file}（sha256 {sha256}）转换而来，数字未变。",
        "Converted from {file} (sha256 {sha256}); the numbers are the same.",
    ),
    "convert.too_large": ("文件过大：{detail}", "the file is too large: {detail}"),
    "convert.compressed": (
        "压缩包里有压缩或超量的内容：{detail}",
        "the archive holds compressed or outsized members: {detail}",
    ),
    "convert.code": (
        "读取它要调用 {detail}，那是代码，没有执行",
        "reading it would call {detail}, which is code; nothing was run",
    ),
    "convert.damaged": (
        "文件残缺或不是权重：{detail}",
        "the file is cut short or holds no weights: {detail}",
    ),
    "convert.contents": ("里面不只是张量：{detail}", "it holds other things than tensors: {detail}"),
    "convert.limits": (
        "读取时超出了时间或内存的限额：{detail}",
        "reading it went beyond the limits of time or memory: {detail}",
    ),
    "error.CannotExport": (
        "这个模型不能导出成 {format}（{detail}）。请换 --format，或换一个模型。",
        "This model cannot be exported as {format} ({detail}). Choose another --format or another model.",
    ),
    "error.ExportExists": (
        "{path} 已经存在，没有动它。请用 --out 另选地方，或加 --force 替换。",
        "{path} exists already and was left alone. Choose another --out, or replace it with --force.",
    ),
    "error.NoOnnx": (
        "没有安装 ONNX 导出器。请执行 pip install 'novelgpt[onnx]'，或换用 --format hf。",
        "The ONNX exporter is not installed. Run pip install 'novelgpt[onnx]', or use --format hf.",
    ),
    "error.NotConverted": (
        "{path} 没有转换（{rule}）。请从可信的来源重新下载，最好选带 model.safetensors 的版本。",
        "{path} was not converted ({rule}). Download it again from a source you trust, best a version with model.safetensors.",
    ),
    "error.NothingToConvert": (
        "{path} 里没有 pytorch_model.bin。请给出含有它和 config.json 的模型文件夹；已有 model.safetensors 的不必转换。",
        "There is no pytorch_model.bin in {path}. Name a model folder with it and a config.json; one with model.safetensors needs no conversion.",
    ),
    "help.export": (
        "把模型导出成别的程序能用的文件",
        "write a model as files that other programs load",
    ),
    "help.export.format": (
        "hf：Hugging Face 文件夹；onnx：ONNX Runtime；gguf：llama.cpp 一类",
        "hf: a Hugging Face folder; onnx: for ONNX Runtime; gguf: for llama.cpp and its kin",
    ),
    "help.export.dtype": (
        "数字类型：hf 可用 fp32|fp16|bf16（默认照原样），gguf 另有 q8_0（默认 fp16），onnx 只有 fp32",
        "number type: hf knows fp32|fp16|bf16 (default: as stored), gguf also q8_0 (default: fp16), onnx only fp32",
    ),
    "help.export.out": ("写到哪里（默认 exports/ 下）", "where to write (default: under exports/)"),
    "help.export.force": ("已经存在也替换", "replace what is there"),
    "help.convert": (
        "把只有 pytorch_model.bin 的旧模型安全地转成 safetensors",
        "turn an old model that has only a pytorch_model.bin into safetensors, safely",
    ),
    "help.convert.folder": (
        "含 pytorch_model.bin、config.json 和词表的文件夹",
        "the folder with pytorch_model.bin, config.json and a vocabulary",
    ),
    "help.convert.out": (
        "新文件夹（默认：原名加 -safetensors）",
        "the new folder (default: the old name with -safetensors)",
    ),
}
