"""A run's facts → its model card in Markdown. Law: every number in it comes from the run itself."""

from __future__ import annotations

from novelgpt.model.run_folder import RunPlan
from novelgpt.tokens.shards import Shards

_CARD = """\
---
language: zh
library_name: transformers
pipeline_tag: text-generation
---
# NovelGPT 模型 / model

| | |
|---|---|
| 结构 architecture | {preset}，窗口 context {context_length} 词元 tokens |
| 词表 vocabulary | {size:,} 词片 pieces，指纹 fingerprint `{fingerprint}` |
| 学习的文字 learnt from | {characters:,} 字 characters（数据指纹 data fingerprint `{source}`） |
| 训练 training | {step:,} / {total_steps:,} 步 steps × {batch_size} 窗口 windows，{optimizer}，峰值学习率 peak rate {learning_rate:g}，{dtype} |
| 留出文字 held out | {held_out:,} 字 characters，{bits:.3f} 比特/字 bits per character |

```python
from transformers import AutoModelForCausalLM, AutoTokenizer
model, tokenizer = AutoModelForCausalLM.from_pretrained("."), AutoTokenizer.from_pretrained(".")
ids = tokenizer("[MASK]", split_special_tokens=False, return_tensors="pt").input_ids  # [MASK] 开始一章 starts a chapter
print(tokenizer.decode(model.generate(ids, max_new_tokens=100)[0], skip_special_tokens=True))
```
"""


def model_card(plan: RunPlan, shards: Shards, step: int, bits: float) -> str:
    """Return the card of a model made by `plan` at `step`."""
    return _CARD.format(
        preset=plan.preset,
        context_length=plan.config.context_length,
        size=shards.tokenizer.size,
        fingerprint=plan.fingerprint,
        characters=shards.train.characters,
        source=plan.source,
        step=step,
        total_steps=plan.total_steps,
        batch_size=plan.batch_size,
        optimizer=plan.config.optimizer,
        learning_rate=plan.config.learning_rate,
        dtype=plan.dtype,
        held_out=shards.held_out.characters,
        bits=bits,
    )
