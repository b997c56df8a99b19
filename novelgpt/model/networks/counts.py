"""Which token follows which, counted in the whole text → a fresh network that begins with that knowledge.

In: training tokens and a fresh network with two embedding matrices. Out: the same network, whose first guess is the
corpus's smoothed pair statistics. Law: the same tokens, network, seed and threads give the same weights, bit for bit.

A network whose blocks add nothing yet computes norm(E_in[now]) · E_out[next]. Counting every neighbouring pair takes
seconds where reading every token takes hours, so E_in and E_out are chosen such that this product is nearly

    log base(next) + log(1 + count(now, next) / (k(now) base(next))),   k(now) = room for followers not met yet

which a softmax turns into smoothed pair statistics. The second part is zero for almost all pairs, so its best
approximation of low rank, weighted by how frequent both tokens are, comes from a few products with a sparse matrix.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from novelgpt.messages import Message
from novelgpt.model.learning.loss import cross_entropy
from novelgpt.tokens.shards import Split

MOST_PAIRS = 4_000_000
_TOKENS_AT_ONCE = 8_000_000
_UNMERGED = 6
"""Counts of single chunks are put together when they hold so many times the pairs that are kept in the end."""
_NEW_FOLLOWERS, _LEAST_ROOM = 2.0, 20.0
_SHARE_OF_BIAS = 0.02
"""How much of a row's squared length speaks for the token's own frequency."""
_OVERSAMPLED = 16
_FAINTEST = 1e-4  # of the strongest direction: below it there is only rounding
_PLACES, _PLACES_AT_ONCE = 4_096, 512
_INTO_STREAM = (".c_proj.weight", ".o_proj.weight", ".down_proj.weight")

Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class CountsStart:
    """What a start from counts was made of, and what it is worth: losses in nats per training token."""

    tokens: int
    pairs: int
    loss_of_frequencies: float
    """What knowing only how frequent each token is would give."""
    loss: float
    """What the filled network gives."""

    def message(self) -> Message:
        """Return the sentence about it."""
        facts = {"tokens": self.tokens, "pairs": self.pairs, "frequencies": self.loss_of_frequencies}
        return Message("counts.done", {**facts, "loss": self.loss})


def counting_message(split: Split) -> Message:
    """Return the sentence to show before the wait."""
    return Message("counts.begun", {"tokens": len(split.tokens)})


def bigram_counts(split: Split, size: int, *, most_pairs: int = MOST_PAIRS) -> Pairs:
    """Return tokens, the tokens after them, and how often, in order; pairs met once are left out, and more of the rare
    ones where over `most_pairs` would stay."""
    kind: Any = np.uint32 if size <= 2**16 else np.uint64
    kept: list[tuple[np.ndarray, np.ndarray]] = []
    for start in range(0, len(split.tokens) - 1, _TOKENS_AT_ONCE):
        tokens = split.tokens[start : start + _TOKENS_AT_ONCE + 1].astype(kind)
        kept.append(_tallied(np.sort(tokens[:-1] * kind(size) + tokens[1:]), None))
        if sum(len(keys) for keys, _ in kept) > _UNMERGED * most_pairs:
            kept = [_without_rare(*_merged(kept), most=_UNMERGED * most_pairs // 2, least=1)]
    keys, counts = _without_rare(*_merged(kept), most=most_pairs, least=2)
    return (keys // kind(size)).astype(np.int64), (keys % kind(size)).astype(np.int64), counts


def _merged(kept: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    keys = np.concatenate([np.empty(0, np.uint32), *(keys for keys, _ in kept)])
    counts = np.concatenate([np.empty(0, np.int64), *(counts for _, counts in kept)])
    order = np.argsort(keys, kind="stable")
    return _tallied(keys[order], counts[order])


def _tallied(keys: np.ndarray, counts: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return each of the sorted keys once, with the sum of its counts (each counts one where there are none)."""
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])
    if counts is None:
        return keys[first], np.diff(np.append(first, len(keys)))
    return keys[first], np.add.reduceat(counts, first) if len(first) else counts


def _without_rare(
    keys: np.ndarray, counts: np.ndarray, *, most: int, least: int
) -> tuple[np.ndarray, np.ndarray]:
    """Keep counts of `least` and above, or of the smallest bound above it that leaves at most `most` pairs."""
    as_frequent = np.cumsum(np.bincount(counts, minlength=least + 2)[::-1])[::-1]
    few_enough = np.flatnonzero(np.append(as_frequent, 0) <= most)[0]
    stay = counts >= max(least, int(few_enough))
    return keys[stay], counts[stay]


def start_from_counts(network: Any, split: Split, seed: int) -> CountsStart:
    """Fill the embeddings of a fresh untied network in place, and let its blocks begin by adding nothing."""
    read, said = network.get_input_embeddings().weight, network.get_output_embeddings().weight
    if read is said:
        raise ValueError("a start from counts needs two embedding matrices: tie_word_embeddings=False")
    size, width = read.shape
    pairs = bigram_counts(split, size)
    frequency = _frequencies(split, size)
    basis = _basis(width, centred="gpt2" in network.config.model_type, seed=seed)
    places = _Places(split, frequency)
    codes, answers = _factors(pairs, frequency, len(basis) - 2, seed)
    rows, columns = _assembled(codes, answers, _log_base(pairs, size), width)
    columns[:, 0] += places.correction(rows, columns) / rows[0, 0]
    with torch.no_grad():
        read.copy_(rows @ basis)
        said.copy_(columns @ basis)
        for name, parameter in network.named_parameters():
            if name.endswith(_INTO_STREAM):
                parameter.zero_()
    return CountsStart(len(split.tokens), len(pairs[2]), places.entropy, places.loss(rows, columns))


def _frequencies(split: Split, size: int) -> np.ndarray:
    """Return how often each token stands in the text."""
    counted = np.zeros(size, dtype=np.int64)
    for start in range(0, len(split.tokens), _TOKENS_AT_ONCE):
        counted += np.bincount(split.tokens[start : start + _TOKENS_AT_ONCE], minlength=size)
    return counted


def _basis(width: int, *, centred: bool, seed: int) -> Tensor:
    """Return orthonormal rows in which to write the codes, so that no single number of a row is much larger than others.

    A LayerNorm takes the mean away: for it, every row is at right angles to the vector of ones, and the mean is zero.
    """
    random = torch.randn(width, width, generator=torch.Generator().manual_seed(seed))
    if not centred:
        return _orthonormal(random).T.contiguous()
    random[:, 0] = 1.0
    return _orthonormal(random).T[1:].contiguous()


def _orthonormal(columns: Tensor) -> Tensor:
    """Return orthonormal columns that span what `columns` span, the first one in the direction of the first."""
    found: Tensor = torch.linalg.qr(columns)[0]
    return found.contiguous()  # it comes column after column, in which a sparse product is six times slower


def _log_base(pairs: Pairs, size: int) -> np.ndarray:
    """Return log base(token): how many different tokens it follows, which tells more about new places than its count."""
    follows = np.bincount(pairs[1], minlength=size) + 0.5
    logs: np.ndarray = np.log(follows / follows.sum())
    return logs


def _surprise(pairs: Pairs, frequency: np.ndarray) -> np.ndarray:
    """Return log(1 + count / (k base)) of every pair; tokens that were left out say how much room new followers need."""
    now, after, counts = pairs
    unseen = np.maximum(frequency - np.bincount(now, counts, len(frequency)), 0)
    room = _NEW_FOLLOWERS * unseen + _LEAST_ROOM
    surprise: np.ndarray = np.log1p(counts / (room[now] * np.exp(_log_base(pairs, len(frequency)))[after]))
    return surprise


def _factors(pairs: Pairs, frequency: np.ndarray, rank: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return the two thin matrices [size, rank] whose product comes nearest to the surprises, by randomised SVD."""
    now, after, _ = pairs
    size = len(frequency)
    weight = np.sqrt((frequency + 1) / (frequency.sum() + size))
    values = torch.from_numpy((_surprise(pairs, frequency) * weight[now] * weight[after]).astype(np.float32))
    places = torch.from_numpy(np.stack([now, after]))
    matrix = torch.sparse_coo_tensor(places, values, (size, size), check_invariants=True, is_coalesced=True)
    left, strengths, right = _svd(matrix, rank, torch.Generator().manual_seed(seed))
    scale = strengths.sqrt() / torch.from_numpy(weight).float()[:, None]
    return left * scale, right * scale


def _svd(matrix: Tensor, rank: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return left vectors, strengths and right vectors of the `rank` strongest directions, nearly (Halko 2011)."""
    size = len(matrix)
    turned = matrix.t().coalesce()
    found = torch.randn(size, min(size, rank + _OVERSAMPLED), generator=generator)
    for one in (matrix, turned, matrix):
        found = _orthonormal(one @ found)
    image = turned @ found
    # in double precision: in single, many directions of no strength at all can end in no number
    squares, vectors = torch.linalg.eigh((image.T @ image).double())
    strongest = vectors.flip(1)[:, :rank].float()
    strengths = squares.flip(0)[:rank].clamp(min=0).sqrt().float()
    # a small text has fewer directions than there is room for: what is left of the others is rounding
    real = strengths > _FAINTEST * strengths.max()
    return found @ strongest, strengths * real, (image @ strongest) / strengths.where(real, torch.inf)


def _assembled(codes: Tensor, answers: Tensor, log_base: np.ndarray, width: int) -> tuple[Tensor, Tensor]:
    """Put bias, filler and codes side by side: every row of the first matrix has the length √width, which a norm keeps."""
    bias = math.sqrt(_SHARE_OF_BIAS * width)
    squares = (codes**2).sum(1)
    scale = math.sqrt((1 - _SHARE_OF_BIAS) * width / max(float(squares.max()), _FAINTEST))
    filler = ((1 - _SHARE_OF_BIAS) * width - squares * scale**2).clamp(min=0).sqrt()
    rows = torch.cat([torch.full((len(codes), 1), bias), filler[:, None], codes * scale], 1)
    first = torch.from_numpy(log_base).float()[:, None] / bias
    return rows, torch.cat([first, torch.zeros_like(first), answers / scale], 1)


class _Places:
    """Places spread evenly over the text, at which the filled embeddings are tried."""

    def __init__(self, split: Split, frequency: np.ndarray) -> None:
        chosen = np.unique(np.linspace(0, len(split.tokens) - 2, num=_PLACES).astype(np.int64))
        self._now = torch.from_numpy(split.tokens[chosen].astype(np.int64))
        self._next = torch.from_numpy(split.tokens[chosen + 1].astype(np.int64))
        self._share = torch.from_numpy((frequency + 0.5) / (frequency.sum() + 0.5 * len(frequency))).float()

    @property
    def entropy(self) -> float:
        """The loss of a guess by frequency alone, at these places."""
        return -float(self._share[self._next].log().mean())

    def loss(self, rows: Tensor, columns: Tensor) -> float:
        """Return the mean loss of `rows` · `columns` at these places."""
        with torch.no_grad():
            return float(cross_entropy(rows[self._now], columns, self._next, torch.float32))

    def correction(self, rows: Tensor, columns: Tensor) -> Tensor:
        """Return what to add to each token's score, so that on the whole it is guessed as often as it comes."""
        guessed = torch.zeros(len(columns))
        for now in torch.split(self._now, _PLACES_AT_ONCE):
            guessed += (rows[now] @ columns.T).softmax(1).sum(0)
        return ((self._share + 1e-6) / (guessed / len(self._now) + 1e-6)).log()
