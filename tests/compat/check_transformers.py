"""Does this environment's plain `transformers` read a vocabulary as NovelGPT does, whatever model stands beside it?

    python check_transformers.py VOCAB_FOLDER EXPECTED_JSON [MODEL_TYPE ... | all]

Needs transformers and nothing of NovelGPT: `expected.json` holds texts and the ids they must get. Each model type is put
into a `config.json` beside a copy of the vocabulary; ids and decoded texts must be equal to the last sign.
Prints one JSON object; leaves with status 1 if anything differs.

transformers 5 replaces the class that a folder names for the model types of `FORCED` (a list in its own
`tokenization_auto.py`) by one that knows only its own vocabulary. For these, and for no others, two cures are checked
instead: `PreTrainedTokenizerFast.from_pretrained`, and the line `CURE` in `tokenizer_config.json`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read while transformers is imported: a folder needs no network

import transformers
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerFast
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

BESIDE = ("gpt2", "llama", "qwen3", "bert", "mistral", "t5", "glm", "gemma2", "deepseek_v3")
"""Besides none at all and `FORCED`, unless others are asked for."""

FORCED = (
    "qwen2",
    "qwen3_5",
    "qwen3_5_moe",
    "qwen3_5_moe_text",
    "qwen4_exp",
    "siglip2",
    "hyperclovax_vision_v2",
)
"""Model types for which transformers 5 does not ask the folder (4.57 does)."""

CURE = {"auto_map": {"AutoTokenizer": [None, "none.None"]}}


def main() -> int:
    transformers.logging.set_verbosity_error()
    vocabulary, expected = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    asked = sys.argv[3:] or [*BESIDE, *FORCED]
    types = sorted(CONFIG_MAPPING_NAMES) if asked == ["all"] else asked
    outcome = {kind: beside(kind, vocabulary, expected) for kind in [None, *types]}
    wrong = {
        str(kind): said for kind, said in outcome.items() if said not in ("same", "cured", "no such model")
    }
    counts = Counter("wrong" if str(kind) in wrong else said for kind, said in outcome.items())
    cured = [kind for kind, said in outcome.items() if said == "cured"]
    print(
        json.dumps(
            {"transformers": transformers.__version__, **counts, "only_with_cure": cured, "differs": wrong}
        )
    )
    return 1 if wrong or outcome[None] != "same" else 0


def beside(kind: str | None, vocabulary: Path, expected: list[dict[str, object]]) -> str:
    """Return how a vocabulary is read when a model of this kind stands beside it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(shutil.copytree(vocabulary, Path(place) / "vocab"))
        (folder / "config.json").unlink(missing_ok=True)
        if kind is not None:
            (folder / "config.json").write_text(json.dumps({"model_type": kind}))
            try:
                AutoConfig.from_pretrained(folder)
            except (
                Exception
            ):  # it is of another version, or needs more than its name, or a package that is not here
                return "no such model"
        difference = first_difference(AutoTokenizer, folder, expected)
        if difference and kind in FORCED and int(transformers.__version__.split(".")[0]) >= 5:
            return cured(folder, expected)
        return difference or "same"


def cured(folder: Path, expected: list[dict[str, object]]) -> str:
    directly = first_difference(PreTrainedTokenizerFast, folder, expected)
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**settings, **CURE}), encoding="utf-8")
    return directly or first_difference(AutoTokenizer, folder, expected) or "cured"


def first_difference(loader: type, folder: Path, expected: list[dict[str, object]]) -> str | None:
    """Return what is not as it should be, or None."""
    try:
        tokenizer = loader.from_pretrained(folder)
        for one in expected:
            text, ids = one["text"], one["ids"]
            if tokenizer(text)["input_ids"] != ids:
                return f"{type(tokenizer).__name__}: ids of {text!r}"
            for skip in (False, True):
                if tokenizer.decode(ids, skip_special_tokens=skip) != text:
                    return f"{type(tokenizer).__name__}: text of {ids!r}, skip_special_tokens={skip}"
        marks = [tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id]
        return None if marks == [4, 2, 0] else f"{type(tokenizer).__name__}: markers {marks}"
    except Exception as error:  # a class that cannot be built with our files is a difference as well
        return f"{type(error).__name__}: {error}"[:200]


if __name__ == "__main__":
    sys.exit(main())
