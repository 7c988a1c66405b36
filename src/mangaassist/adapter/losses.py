"""Mapped vectors of a batch in, the loss and its gradient out.

Gradients are written out. The cosine's derivative, taken in one step with the loss's, is work on scores (B, C); scaling
vectors to unit length first, and back in the end, would pass over all of them (B + C, D) many times. And where the
vectors come from a wide layer, neither they nor their gradient need to be computed at all.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from mangaassist.core.errors import ShapeError

_SHORTEST = 1e-24
"""A vector's squared length at least, so that a zero vector has a cosine (of 0) and a gradient."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What makes the scores of a batch count: B queries, then C candidates, each document of the batch once.

    own (B,): the candidate that is the query's positive.  weights (B,): example weights, > 0.
    allowed (B, C) bool: which candidates a query is scored against; its own positive always is. Leave out its other
    known positives (they are no negatives) and hard negatives mined for other queries.
    """

    own: Tensor
    allowed: Tensor
    weights: Tensor


@torch.no_grad()
def info_nce(vectors: Tensor, scored: Scored, *, temperature: float = 0.07) -> tuple[Tensor, Tensor]:
    """Weighted mean InfoNCE loss -log exp(cos(q, p)/τ) ÷ Σ exp(cos(q, c)/τ), and its gradient at `vectors`.

    vectors (B + C, D), of any length.  Raises ShapeError if the shapes disagree.
    Source: van den Oord et al. 2018, eq. 4, scored by cosine / temperature. The masking and the weights are ours.
    """
    count = _checked(vectors, scored)
    squares = torch.linalg.vector_norm(vectors, dim=1).square()
    pull = _pull(vectors[:count] @ vectors[count:].T, squares, scored, temperature)
    return pull.loss, pull.on(vectors)


@torch.no_grad()
def info_nce_of_layer(
    hidden: Tensor, up: Tensor, bias: Tensor, scored: Scored, *, temperature: float = 0.07
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """The same for the vectors `hidden @ up + bias`: the loss, and its gradients at hidden, up and bias.

    hidden (B + C, H), up (H, D), bias (D,).  Raises ShapeError if the shapes disagree.
    Products of vectors are products of hidden rows under `up @ up.T`, (H, H): for H = D/2 and a thousand rows that is
    a third less work than computing the vectors, and gives the same but for rounding.
    """
    count = _checked(hidden, scored)
    bias_inward = up @ bias
    inward = torch.addmm(bias_inward, hidden, up @ up.T)  # (B + C, H): vectors @ up.T
    along_bias = hidden @ bias_inward + bias @ bias  # (B + C,): vectors @ bias
    products = torch.addmm(along_bias[:count, None], inward[:count], hidden[count:].T)
    pull = _pull(products, (inward * hidden).sum(1) + along_bias, scored, temperature)
    of_bias = pull.on(torch.ones_like(along_bias)[:, None])[:, 0]
    at_bias = of_bias @ hidden
    at_up = torch.addmm(torch.outer(at_bias, bias), hidden.T @ pull.on(hidden), up)
    return pull.loss, (pull.on(inward), at_up, at_bias @ up + of_bias.sum() * bias)


@dataclass(frozen=True, slots=True)
class _Pull:
    """The loss, and its gradient at vectors as a symmetric matrix that they are multiplied with.

    between (B, C): how much of a candidate a query gets, and of the query the candidate.
    along (B + C,): how much of itself each loses, which keeps the gradient off its direction.
    """

    loss: Tensor
    between: Tensor
    along: Tensor

    def on(self, vectors: Tensor) -> Tensor:
        """The matrix times these, (B + C, any)."""
        count = len(self.between)
        product = vectors * -self.along[:, None]
        product[:count].addmm_(self.between, vectors[count:])
        product[count:].addmm_(self.between.T, vectors[:count])
        return product


def _pull(products: Tensor, squares: Tensor, scored: Scored, temperature: float) -> _Pull:
    """From the inner products (B, C) of queries and candidates, and the squared lengths (B + C,) of both."""
    count = len(products)
    squares = squares.clamp_min(_SHORTEST)
    inverse = squares.rsqrt()
    scales = inverse[:count, None] * (inverse[count:] / temperature)  # (B, C)
    scores = products * scales
    is_own = torch.zeros_like(scored.allowed).scatter_(1, scored.own[:, None], value=True)
    shares = torch.log_softmax(scores.masked_fill(~(scored.allowed | is_own), -torch.inf), dim=1)
    part = scored.weights / scored.weights.sum()
    loss = -(shares.gather(1, scored.own[:, None])[:, 0] * part).sum()
    # With s a score and g = dloss/ds: ds/dc = scale·q - s·c/|c|², and alike for the query.
    by_score = (shares.exp_() - is_own.to(shares.dtype)) * part[:, None]
    along = by_score * scores
    return _Pull(loss, by_score * scales, torch.cat([along.sum(1), along.sum(0)]) / squares)


def _checked(vectors: Tensor, scored: Scored) -> int:
    count = len(scored.own)
    if scored.allowed.shape != (count, len(vectors) - count) or len(scored.weights) != count:
        raise ShapeError(
            f"{tuple(vectors.shape)} vectors do not fit {tuple(scored.allowed.shape)} allowed, {count} own and "
            f"{len(scored.weights)} weights"
        )
    return count
