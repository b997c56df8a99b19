"""Catalogue page of `model`: optimizers, schedules and starts: {key: (Chinese, English)}."""

MESSAGES: dict[str, tuple[str, str]] = {
    "counts.begun": (
        "正在数 {tokens:,} 个词元里谁常跟在谁后面，让网络从这份统计起步……",
        "Counting which token follows which in {tokens:,} tokens, so that the network begins with that knowledge…",
    ),
    "counts.done": (
        "从词对统计起步：{tokens:,} 个词元，{pairs:,} 种词对；还没训练，损失已从只看词频的 {frequencies:.2f} 降到 {loss:.2f}。",
        "Starting from counts: {tokens:,} tokens, {pairs:,} pairs; before any training the loss is {loss:.2f}, and"
        " {frequencies:.2f} for frequencies alone.",
    ),
}
