import hashlib

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, Qwen3ForCausalLM

from novelgpt.config import GPT2_PRESETS, NOVEL_PRESETS, TrainConfig
from novelgpt.errors import BadValue
from novelgpt.model.networks.architectures import (
    PRESETS,
    Shape,
    choose_preset,
    new_network,
    parameter_count,
    shape_for,
)
from novelgpt.model.networks.dropout import set_dropout
from tests.tiny import tiny_tokenizer

SMALL = {"layers": 2, "width": 32, "heads": 2, "context_length": 24}


def small(preset: str, **changes: object) -> TrainConfig:
    return TrainConfig(**{"preset": preset, **SMALL, **changes})  # type: ignore[arg-type]


def some_ids(rows: int = 2) -> torch.Tensor:
    return torch.randint(0, tiny_tokenizer().size, (rows, 20), generator=torch.Generator().manual_seed(2))


def digest(network: torch.nn.Module) -> str:
    whole = hashlib.sha256()
    for name, value in network.named_parameters():
        whole.update(name.encode() + value.detach().numpy().tobytes())
    return whole.hexdigest()[:16]


@pytest.mark.parametrize(
    ("preset", "inner"),
    [("gpt2-tiny", 1024), ("novel-tiny", 1024), ("novel-small", 1344), ("novel-base", 2048)],
)
def test_the_inner_width_is_four_widths_or_as_much_in_three_matrices(preset: str, inner: int) -> None:
    assert PRESETS[preset].inner_width == inner


def test_the_presets_are_those_that_the_dial_offers() -> None:
    assert tuple(PRESETS) == GPT2_PRESETS + NOVEL_PRESETS


@pytest.mark.parametrize(
    ("preset", "vocabulary", "context_length", "count"),
    [
        ("gpt2-base", 50_257, 1024, 124_439_808),
        ("gpt2-medium", 50_257, 1024, 354_823_168),
        ("gpt2-large", 50_257, 1024, 774_030_080),
        ("gpt2-xl", 50_257, 1024, 1_557_611_200),
    ],
)
def test_the_gpt2_presets_have_the_published_sizes(
    preset: str, vocabulary: int, context_length: int, count: int
) -> None:
    assert parameter_count(PRESETS[preset], vocabulary, context_length) == count


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("preset", ["gpt2-tiny", "gpt2-small", "novel-tiny", "novel-small", "novel-base"])
def test_the_count_is_the_real_one(preset: str, tied: bool) -> None:
    config = TrainConfig(preset=preset, context_length=48)
    with torch.device("meta"):
        network = new_network(config, preset, tiny_tokenizer(), tied=tied)
    real = sum(value.numel() for value in network.parameters())
    assert parameter_count(PRESETS[preset], tiny_tokenizer().size, 48, tied=tied) == real


@pytest.mark.parametrize(
    ("preset", "kind"), [("gpt2-tiny", GPT2LMHeadModel), ("novel-tiny", Qwen3ForCausalLM)]
)
def test_the_same_seed_gives_the_same_weights_in_a_stock_class(preset: str, kind: type) -> None:
    first, second, other = (
        new_network(small(preset, seed=seed), preset, tiny_tokenizer()) for seed in (1, 1, 2)
    )
    assert type(first) is kind
    assert digest(first) == digest(second) != digest(other)


def test_the_weights_of_gpt2_tiny_are_those_that_transformers_draws() -> None:
    """So they are the same as those of earlier versions of this program."""
    tokenizer = tiny_tokenizer()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        shape = {"n_positions": 64, "n_embd": 256, "n_layer": 6, "n_head": 4}
        expected = GPT2LMHeadModel(GPT2Config(vocab_size=tokenizer.size, **shape))
    for block in expected.transformer.h:
        torch.nn.init.zeros_(block.attn.c_proj.weight)
        torch.nn.init.zeros_(block.mlp.c_proj.weight)
    config = TrainConfig(preset="gpt2-tiny", context_length=64, seed=7)
    assert digest(new_network(config, "gpt2-tiny", tokenizer)) == digest(expected)


@pytest.mark.parametrize("preset", ["gpt2-tiny", "novel-tiny"])
@pytest.mark.parametrize("tied", [True, False])
def test_every_block_begins_as_the_identity(preset: str, tied: bool) -> None:
    config = small(preset)
    network = new_network(config, preset, tiny_tokenizer(), tied=tied).eval()
    shallow = new_network(small(preset, layers=1), preset, tiny_tokenizer(), tied=tied).eval()
    with torch.no_grad():
        shallow.get_input_embeddings().load_state_dict(network.get_input_embeddings().state_dict())
        shallow.get_output_embeddings().load_state_dict(network.get_output_embeddings().state_dict())
        if preset == "gpt2-tiny":
            shallow.transformer.wpe.weight.copy_(network.transformer.wpe.weight)
        assert torch.equal(network(some_ids()).logits, shallow(some_ids()).logits)
    assert network.config.tie_word_embeddings is tied
    same = network.get_input_embeddings().weight is network.get_output_embeddings().weight
    assert same is tied


SIZES = [
    ({"layers": 3}, "novel-tiny", Shape(3, 384, 6, "qwen3")),
    ({"width": 640}, "gpt2-tiny", Shape(6, 640, 10)),
    ({"width": 100}, "gpt2-tiny", Shape(6, 100, 4)),
    ({"width": 256, "heads": 2}, "novel-base", Shape(12, 256, 2, "qwen3")),
    ({}, "gpt2-xl", Shape(48, 1600, 25)),
]


@pytest.mark.parametrize(("changes", "preset", "shape"), SIZES)
def test_every_size_can_be_set(changes: dict[str, int], preset: str, shape: Shape) -> None:
    assert shape_for(TrainConfig(**changes), preset) == shape  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "preset", "cure"),
    [
        ({"width": 250, "heads": 4}, "gpt2-tiny", "--width 248"),
        ({"heads": 5}, "novel-tiny", "--width 380"),
        ({"width": 30, "heads": 6}, "novel-tiny", "--width 24"),  # each head would be 5 wide
        ({"heads": 128, "width": 8}, "gpt2-tiny", "--width 128"),
    ],
)
def test_a_width_that_the_heads_cannot_share_is_refused_with_one_that_they_can(
    changes: dict[str, int], preset: str, cure: str
) -> None:
    with pytest.raises(BadValue, match=cure) as refused:
        shape_for(TrainConfig(**changes), preset)  # type: ignore[arg-type]
    assert cure in refused.value.sentence("zh")
    near = int(cure.split()[1])
    shape_for(TrainConfig(**{**changes, "width": near}), preset)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("characters", "on_gpu", "gigabytes", "preset"),
    [
        (10_000, False, None, "gpt2-tiny"),
        (1_000_000, False, None, "novel-tiny"),
        (10**10, False, None, "novel-tiny"),
        (10_000, True, None, "novel-small"),
        (99_999_999, True, 80.0, "novel-small"),
        (100_000_000, True, None, "novel-base"),
        (100_000_000, True, 24.0, "novel-base"),
        (100_000_000, True, 4.0, "novel-small"),
    ],
)
def test_auto_chooses_by_corpus_and_machine_and_says_why(
    characters: int, on_gpu: bool, gigabytes: float | None, preset: str
) -> None:
    chosen, why = choose_preset("auto", characters, on_gpu, gigabytes)
    assert chosen == preset
    for lang in ("zh", "en"):
        assert preset in why.text(lang)
        assert f"{characters:,}" in why.text(lang)
        assert "GPU" in why.text("en")
    assert choose_preset("gpt2-xl", characters, on_gpu)[0] == "gpt2-xl"


@pytest.mark.parametrize("preset", ["gpt2-tiny", "novel-tiny"])
def test_dropout_forgets_while_learning_and_only_then(preset: str) -> None:
    plain, forgetful = (
        new_network(small(preset, dropout=rate), preset, tiny_tokenizer()) for rate in (0.0, 0.5)
    )
    with torch.no_grad():
        for network in (plain, forgetful):
            for parameter in network.parameters():
                parameter.copy_(torch.linspace(-0.5, 0.5, parameter.numel()).sin().view_as(parameter))
        expected = plain.eval()(some_ids()).logits
        assert torch.equal(forgetful.eval()(some_ids()).logits, expected)
        forgetful.train()
        torch.manual_seed(1)
        once, again = (forgetful(some_ids()).logits for _ in range(2))
        torch.manual_seed(1)
        assert torch.equal(forgetful(some_ids()).logits, once)
        assert not torch.equal(once, again)
        set_dropout(forgetful, 0.0)
        assert torch.equal(forgetful(some_ids()).logits, expected)


@pytest.mark.parametrize("preset", ["gpt2-tiny", "novel-tiny"])
def test_attention_never_forgets(preset: str) -> None:
    """Else a CPU silently takes the slow kernel."""
    network = new_network(small(preset, dropout=0.5), preset, tiny_tokenizer()).train()
    rates: list[float] = []
    real = torch.nn.functional.scaled_dot_product_attention

    def watched(*args: object, dropout_p: float = 0.0, **rest: object) -> torch.Tensor:
        rates.append(dropout_p)
        return real(*args, dropout_p=dropout_p, **rest)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.functional, "scaled_dot_product_attention", watched)
        network(some_ids())
    assert rates == [0.0, 0.0]
