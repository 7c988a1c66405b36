"""Adapted vectors of a batch in, the loss out."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from mangaassist.core.errors import ShapeError


def info_nce(
    queries: Tensor, candidates: Tensor, own: Tensor, allowed: Tensor, weights: Tensor, *, temperature: float = 0.07
) -> Tensor:
    """Weighted mean InfoNCE loss: -log exp(sim(q, p)/τ) ÷ Σ exp(sim(q, c)/τ) over each query's allowed candidates.

    queries (B, D) and candidates (C, D), unit length; every document of the batch stands in `candidates` once.
    own (B,): the candidate that is the query's positive.  weights (B,): example weights, > 0.
    allowed (B, C) bool: which candidates a query is scored against; its own positive always is. Leave out its other
    known positives (they are no negatives) and hard negatives mined for other queries.
    Raises ShapeError if the shapes disagree.
    Source: van den Oord et al. 2018, eq. 4, scored by cosine / temperature. The masking and the weights are ours.
    """
    count = len(queries)
    if allowed.shape != (count, len(candidates)) or len(own) != count or len(weights) != count:
        raise ShapeError(
            f"{tuple(queries.shape)} queries and {tuple(candidates.shape)} candidates do not fit "
            f"{tuple(allowed.shape)} allowed, {len(own)} own and {len(weights)} weights"
        )
    is_own = torch.zeros_like(allowed).scatter_(1, own[:, None], value=True)
    scores = (queries @ candidates.T / temperature).masked_fill(~(allowed | is_own), -torch.inf)  # (B, C)
    return (cross_entropy(scores, own, reduction="none") * weights).sum() / weights.sum()
