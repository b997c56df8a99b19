"""A network → the decoder that reads it: in whole numbers where that is faster and as good, else as it is.

Law: the choice depends on the network and the kind of processor, never on how busy the machine is: the same machine gives the
same text tomorrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from novelgpt.writing.reading.decoder import Decoder, decoder_for
from novelgpt.writing.reading.int8 import int8_linear

MOST_WORSE = 0.01
"""A rounded network may foresee a text this much worse, as a share of its loss."""
_SMALLEST = 1_000_000
"""Parameters below which there is nothing to win."""


def choose_decoder(network: Any, sample_ids: Sequence[int], *, exact: bool = False) -> Decoder:
    """Return the decoder; `sample_ids` are a text to judge the rounding by, without which nothing is rounded."""
    plain = decoder_for(network)
    parameters = sum(value.numel() for value in network.parameters())
    if exact or len(sample_ids) < 2 or parameters < _SMALLEST or not has_whole_products(plain.device):
        return plain
    rounded = decoder_for(network, int8_linear)
    return rounded if is_as_good(rounded, plain, sample_ids) else plain


def has_whole_products(device: torch.device) -> bool:
    """Tell whether the processor multiplies bytes four at a time."""
    return device.type == "cpu" and bool(torch.cpu._is_vnni_supported())


def is_as_good(rounded: Decoder, plain: Decoder, sample_ids: Sequence[int]) -> bool:
    """Tell whether rounding costs less of a text's loss than `MOST_WORSE`."""
    return loss_of(rounded, sample_ids) <= (1 + MOST_WORSE) * loss_of(plain, sample_ids)


def loss_of(decoder: Decoder, ids: Sequence[int]) -> float:
    """Return the mean loss of a text."""
    text = torch.tensor(ids[: decoder.shape.longest + 1], device=decoder.device)
    with torch.inference_mode():
        logits = decoder.read(text[None, :-1], decoder.new_cache(), "every")[0]
        return float(functional.cross_entropy(logits, text[1:]))
