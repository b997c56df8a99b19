"""A weight in one byte a number, and products with it in whole numbers: a third of the time of fp32, a quarter of the memory.

In: a weight of (outputs, inputs). Out: a function that multiplies by it, its inputs rounded to 255 steps row by row.
Law: a row's result depends on that row alone, to the bit, whoever else is in the batch: whole numbers add up in any order.
"""

from __future__ import annotations

import torch
from torch import Tensor

from novelgpt.writing.reading.decoder import Function

_STEPS = 127
_SMALLEST = 1e-12


def int8_linear(weight_OI: Tensor, bias_O: Tensor | None) -> Function:
    """Return the product with a rounded weight; every output has a scale of its own."""
    scale_O = weight_OI.abs().amax(1).clamp(min=_SMALLEST) / _STEPS
    rounded_IO = (weight_OI / scale_O[:, None]).round().to(torch.int8).contiguous().t()
    outputs, inputs = weight_OI.shape

    def multiply(x: Tensor) -> Tensor:
        rows = x.reshape(-1, inputs)
        scale_N1 = rows.abs().amax(1, keepdim=True).clamp_(min=_SMALLEST).div_(_STEPS)
        whole = torch._int_mm((rows / scale_N1).round_().to(torch.int8), rounded_IO)
        result = torch.mul(whole, scale_N1).mul_(scale_O)
        if bias_O is not None:
            result += bias_O
        return result.view(*x.shape[:-1], outputs)

    return multiply
