"""InfoNCE by hand, and what its masks leave out."""

import math

import pytest
import torch

from mangaassist.adapter.losses import info_nce
from mangaassist.core.errors import ShapeError

QUERIES = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
CANDIDATES = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
ALL = torch.ones(2, 3, dtype=torch.bool)
OWN = torch.tensor([0, 1])


def nce(own: float, others: list[float], temperature: float = 0.07) -> float:
    return -math.log(math.exp(own / temperature) / sum(math.exp(s / temperature) for s in [own, *others]))


def test_the_loss_is_the_mean_negative_log_share_of_the_positive() -> None:
    loss = info_nce(QUERIES, CANDIDATES, OWN, ALL, torch.ones(2))

    assert loss.item() == pytest.approx((nce(1.0, [0.0, 0.6]) + nce(1.0, [0.0, 0.8])) / 2, rel=1e-4)


def test_a_masked_candidate_is_no_negative() -> None:
    allowed = torch.tensor([[True, True, False], [True, True, False]])

    loss = info_nce(QUERIES, CANDIDATES, OWN, allowed, torch.ones(2))

    assert loss.item() == pytest.approx(nce(1.0, [0.0]), abs=1e-6)


def test_the_own_positive_counts_even_if_the_mask_leaves_it_out() -> None:
    loss = info_nce(QUERIES, CANDIDATES, OWN, ~ALL, torch.ones(2))

    assert loss.item() == 0.0


def test_weights_weigh_queries() -> None:
    loss = info_nce(QUERIES, CANDIDATES, OWN, ALL, torch.tensor([3.0, 1.0]))

    assert loss.item() == pytest.approx((3 * nce(1.0, [0.0, 0.6]) + nce(1.0, [0.0, 0.8])) / 4, rel=1e-4)


def test_the_temperature_divides_the_scores() -> None:
    loss = info_nce(QUERIES[:1], CANDIDATES, OWN[:1], ALL[:1], torch.ones(1), temperature=0.5)

    assert loss.item() == pytest.approx(nce(1.0, [0.0, 0.6], temperature=0.5), rel=1e-5)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError):
        info_nce(QUERIES, CANDIDATES, OWN, ALL[:1], torch.ones(2))
