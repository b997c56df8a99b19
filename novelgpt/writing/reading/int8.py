"""A weight in one byte a number, and products with it in whole numbers: a third of the time of fp32, a quarter of the memory.

In: a weight of (outputs, inputs). Out: a function that multiplies by it, its inputs rounded to 255 steps row by row.
Law: a row's result depends on that row alone, to the bit, whoever else is in the batch: every row is brought to one size first, and
whole numbers add up in any order.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor

from novelgpt.writing.reading.decoder import Function

_STEPS = 127
_MIDDLE = 128  # of the unsigned bytes that the inputs are rounded to
_SMALLEST = 1e-12


def int8_linear(weight_OI: Tensor, bias_O: Tensor | None) -> Function:
    """Return the product with a rounded weight; every output has a scale of its own."""
    outputs, inputs = weight_OI.shape
    packed = _packed(weight_OI)
    multiply_rounding = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32

    def multiply(x: Tensor) -> Tensor:
        rows = x.reshape(-1, inputs)
        size_N1 = torch.linalg.vector_norm(rows, float("inf"), 1, keepdim=True).clamp_(min=_SMALLEST)
        product: Tensor = multiply_rounding(rows / size_N1, 1 / _STEPS, _MIDDLE, packed)
        product = product.mul_(size_N1) if bias_O is None else torch.addcmul(bias_O, product, size_N1)
        return product.view(*x.shape[:-1], outputs)

    return multiply


def _packed(weight_OI: Tensor) -> Any:
    """Return the rounded weight as the kernels of a processor want it."""
    scale_O = weight_OI.abs().amax(1).clamp(min=_SMALLEST).double() / _STEPS
    with warnings.catch_warnings():
        # torch will replace this kind of tensor some day; its version is pinned, and no other way is as fast yet
        warnings.filterwarnings("ignore", message="torch.quantize_per_tensor", category=UserWarning)
        rounded = torch.quantize_per_channel(
            weight_OI.float(), scale_O, torch.zeros(len(scale_O), dtype=torch.long), 0, torch.qint8
        )
    return torch.ops.quantized.linear_prepack(rounded, None)
