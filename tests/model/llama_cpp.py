"""llama.cpp itself, as the judge of GGUF files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import xllamacpp


class LlamaCpp:
    def __init__(self, address: str) -> None:
        self._address, self._opener = address, build_opener(ProxyHandler({}))

    def _ask(self, route: str, **body: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        with self._opener.open(Request(self._address + route, json.dumps(body).encode(), headers)) as answer:
            return json.load(answer)

    def continue_ids(self, ids: list[int], count: int) -> list[int]:
        """Take the likeliest token `count` times."""
        greedy = {"temperature": 0.0, "samplers": ["top_k"], "top_k": 1, "cache_prompt": False}
        answer = self._ask("/completion", prompt=ids, n_predict=count, return_tokens=True, **greedy)
        return list(answer["tokens"])

    def tokenize(self, text: str, *, add_special: bool = False) -> list[int]:
        return list(self._ask("/tokenize", content=text, add_special=add_special)["tokens"])

    def detokenize(self, ids: list[int]) -> str:
        return str(self._ask("/detokenize", tokens=ids)["content"])


@contextmanager
def llama_cpp(path: Path) -> Iterator[LlamaCpp]:
    """Load a GGUF file; keys and values are remembered in fp32, so that nothing is rounded."""
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_parallel, params.verbosity = str(path), 64, 1, 0
    params.warmup = params.fit_params = params.use_jinja = False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    server = xllamacpp.Server(params)
    yield LlamaCpp(server.listening_address)
    del server
