"""Several processes that train one network together, started by `torchrun` on one machine or many.

In: the environment that torchrun sets. Law: the ranks' shares of a step's batch join to the batch that one process would
read, so that the number of processes changes the order of nothing; what must be agreed on is decided by rank 0.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, nn

from novelgpt.errors import BadValue
from novelgpt.messages import Message
from novelgpt.model.running.machine import place

_PATIENCE = timedelta(minutes=30)  # how long a rank waits for the others: rank 0 may be evaluating or saving


@dataclass(frozen=True)
class World:
    """This process among all; alone unless torchrun started it."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def leads(self) -> bool:
        """Whether this process speaks, evaluates and saves."""
        return self.rank == 0

    def share(self, batch_size: int) -> slice:
        """Return this rank's rows of a step's batch."""
        if batch_size % self.size:
            fits = math.ceil(batch_size / self.size) * self.size
            allowed = Message("train.batch_for_world", {"processes": self.size, "fits": fits})
            raise BadValue(name="batch_size", value=batch_size, allowed=allowed)
        rows = batch_size // self.size
        return slice(self.rank * rows, (self.rank + 1) * rows)

    def wrap(self, module: nn.Module) -> nn.Module:
        """Return a module whose gradients are averaged over all ranks."""
        if self.size == 1:
            return module
        from torch.nn.parallel import DistributedDataParallel

        return DistributedDataParallel(module)

    def accumulating(self, module: nn.Module, last: bool) -> contextlib.AbstractContextManager[Any]:
        """Within, gradients stay at home unless this is the last share of the step."""
        if (in_shares := getattr(module, "set_requires_gradient_sync", None)) is not None:
            in_shares(last)
        no_sync = getattr(module, "no_sync", None)
        return contextlib.nullcontext() if last or no_sync is None else no_sync()

    def total(self, value: float) -> float:
        """Return the sum of a number over all ranks."""
        if self.size == 1:
            return value
        import torch.distributed as dist

        number = torch.tensor(value, dtype=torch.float64, device=place())
        dist.all_reduce(number)
        return float(number.item())

    def any(self, flag: bool) -> bool:
        """Say whether any rank said yes."""
        return self.total(float(flag)) > 0

    def from_first(self, value: float) -> float:
        """Return rank 0's number."""
        return self.total(value if self.leads else 0.0)

    def text_from_first(self, text: str) -> str:
        """Return rank 0's text."""
        if self.size == 1:
            return text
        import torch.distributed as dist

        content = text.encode("utf-8") if self.leads else b""
        length = int(self.from_first(len(content)))
        buffer = torch.zeros(length, dtype=torch.uint8, device=place())
        if self.leads:
            buffer.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
        dist.broadcast(buffer, 0)
        return bytes(buffer.tolist()).decode("utf-8")

    def tensors_from_first(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return rank 0's tensors, so that only its machine needs the checkpoint."""
        if self.size == 1:
            return dict(tensors)
        import torch.distributed as dist

        facts = {name: [list(value.shape), str(value.dtype)] for name, value in tensors.items()}
        received: dict[str, Tensor] = {}
        for name, (shape, dtype) in json.loads(self.text_from_first(json.dumps(facts))).items():
            kind = getattr(torch, dtype.removeprefix("torch."))
            value = (
                tensors[name].to(place()) if self.leads else torch.empty(shape, dtype=kind, device=place())
            )
            value = value.contiguous()
            dist.broadcast(value, 0)
            received[name] = value.cpu()
        return received

    @contextlib.contextmanager
    def first_goes_first(self) -> Iterator[None]:
        """Within, rank 0 does its work before the others begin, so that they find it done."""
        if not self.leads:
            self.total(0.0)
        yield
        if self.leads:
            self.total(0.0)


@contextlib.contextmanager
def joined(environment: Mapping[str, str]) -> Iterator[World]:
    """Join the processes that torchrun started, or stay alone; leave them at the end."""
    if int(environment.get("WORLD_SIZE", "1")) < 2:
        yield World()
        return
    import torch.distributed as dist
    from torch._C._distributed_c10d import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    local_rank = int(environment["LOCAL_RANK"])
    if torch.cuda.is_available():
        torch.cuda.set_device(local_rank)
    store, rank, size = next(iter(rendezvous("env://")))
    if environment.get("GROUP_WORLD_SIZE") == "1":
        # the agent's store outlives a restart: without a prefix a rank may find the addresses of the dead
        store = PrefixStore(f"start-{environment.get('TORCHELASTIC_RESTART_COUNT', 0)}", store)
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=_PATIENCE)
    try:
        yield World(dist.get_rank(), dist.get_world_size(), local_rank)
    finally:
        dist.destroy_process_group()
