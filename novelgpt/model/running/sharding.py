"""A network that no single process could hold, in shares: FSDP2, one group of tensors for each block and one for the rest.

In: a lesson whose network is whole. Out: the same lesson, every tensor split over all processes and joined only while it is used.
Law: what `whole` returns is the tensor that a single process would have, and `share_of` is its inverse.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn


def shard(lesson: nn.Module, network: Any, processes: int, device: torch.device) -> None:
    """Split the tensors of `network`, as the first process has them, over all processes."""
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    with torch.no_grad():
        for value in network.parameters():
            dist.broadcast(value, 0)
    mesh = init_device_mesh(device.type, (processes,))
    for block in _blocks(network):
        fully_shard(block, mesh=mesh)
    # split again after every call, the outermost too: whoever looks finds one state
    fully_shard(lesson, mesh=mesh, reshard_after_forward=True)


def _blocks(network: Any) -> nn.ModuleList:
    """Return the layers."""
    return next(child for child in network.base_model.children() if isinstance(child, nn.ModuleList))


@contextlib.contextmanager
def joined_for_reading(lesson: nn.Module) -> Iterator[None]:
    """Within, what lies outside the blocks is whole, so that any part of the network may be called; all processes must."""
    split: Any = lesson
    if not hasattr(split, "unshard"):
        yield
        return
    split.unshard()
    try:
        yield
    finally:
        split.reshard()


def whole(tensor: Any) -> Tensor:
    """Return all of a tensor; where it is split, all processes must ask."""
    full: Tensor = tensor.full_tensor() if _is_split(tensor) else tensor
    return full


def share_of(tensor: Tensor, like: Any) -> Tensor:
    """Return this process's share of a tensor, split as `like` is; a number beside a tensor is not split."""
    if not _is_split(like) or tensor.shape != like.shape:
        return tensor.clone().to(like.device)
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(tensor.to(like.device), like.device_mesh, like.placements)


def _is_split(tensor: Any) -> bool:
    return hasattr(tensor, "full_tensor")  # asked this way, nobody alone waits half a second for the import


def plain_copy(network: Any) -> Any:
    """Return a network of its own with all of every tensor, in ordinary memory."""
    tensors = {name: whole(value).detach().cpu() for name, value in network.named_parameters()}
    with torch.device("meta"):
        copied: Any = type(network)(network.config)
    copied.load_state_dict(tensors, strict=False, assign=True)
    copied.tie_weights()
    return copied
