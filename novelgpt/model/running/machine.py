"""What this machine can do: device, memory, and which arithmetic is faster here.

Law: nothing here changes a result by itself; what it finds is settled once in the plan, and a resumed run asks no more.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import shutil
import sys
import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # names and numbers of glibc's malloc.h
_COMPILERS = ("g++", "clang++", "c++", "cl")


@dataclass(frozen=True)
class Machine:
    """What decides whether two runs can be equal bit for bit, and how large a model makes sense."""

    device: str
    name: str
    capability: str
    threads: int
    memory: int
    torch: str

    @property
    def on_gpu(self) -> bool:
        """Whether there is a GPU."""
        return self.device == "cuda"

    def signature(self) -> dict[str, Any]:
        """Return what must be the same for the same bits."""
        return {"name": self.name, "capability": self.capability, "torch": self.torch}


def place() -> torch.device:
    """Return where tensors live in this process: the GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def this_machine() -> Machine:
    """Describe the machine at hand."""
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(torch.cuda.current_device())
        capability = f"sm{properties.major}{properties.minor}"
        return Machine(
            "cuda",
            properties.name,
            capability,
            torch.get_num_threads(),
            properties.total_memory,
            torch.__version__,
        )
    capability = torch.backends.cpu.get_cpu_capability()
    return Machine(
        "cpu",
        platform.machine(),
        capability,
        torch.get_num_threads(),
        _memory_of_the_computer(),
        torch.__version__,
    )


def _memory_of_the_computer() -> int:
    with contextlib.suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 8 * 2**30  # Windows does not say without more ado


def has_compiler() -> bool:
    """Say whether `torch.compile` has what it needs: on a CPU, a C++ compiler."""
    return any(shutil.which(name) for name in _COMPILERS)


def faster_dtype(device: torch.device) -> str:
    """Multiply two matrices both ways and take the faster: some processors are slower in bf16."""
    seconds = {
        name: 1 / products_per_second(device, dtype)
        for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16))
    }
    return "bf16" if seconds["bf16"] < 0.9 * seconds["fp32"] else "fp32"


def products_per_second(device: torch.device, dtype: torch.dtype, size: int = 768, repeats: int = 5) -> float:
    """Return how many products of two square matrices of `size` are made in a second."""
    left = torch.ones(size, size, dtype=dtype, device=device)
    _wait_for(left @ left)  # the first product sets up kernels
    began_at = time.monotonic()
    for _ in range(repeats):
        _wait_for(left @ left)
    return repeats / max(time.monotonic() - began_at, 1e-9)


def _wait_for(result: Tensor) -> None:
    result[0, 0].item()


def keep_memory() -> None:
    """Tell glibc to keep freed memory: giving it back and taking it anew at every step costs more than the arithmetic."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            libc.mallopt(_M_MMAP_MAX, 0)
            libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
            libc.mallopt(_M_TOP_PAD, 2**28)


def is_out_of_memory(error: BaseException) -> bool:
    """Recognise the ways in which memory runs out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
