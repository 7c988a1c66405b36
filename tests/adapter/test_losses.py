"""InfoNCE by hand, what its masks leave out, and its gradient against the one that torch derives."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, normalize

from mangaassist.adapter.losses import Scored, info_nce, info_nce_of_layer
from mangaassist.core.errors import ShapeError

QUERIES = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
CANDIDATES = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
VECTORS = torch.cat([QUERIES, CANDIDATES])
ALL = torch.ones(2, 3, dtype=torch.bool)
OWN = torch.tensor([0, 1])


def nce(own: float, others: list[float], temperature: float = 0.07) -> float:
    return -math.log(math.exp(own / temperature) / sum(math.exp(s / temperature) for s in [own, *others]))


def test_the_loss_is_the_mean_negative_log_share_of_the_positive() -> None:
    loss, _ = info_nce(VECTORS, Scored(OWN, ALL, torch.ones(2)))

    assert loss.item() == pytest.approx((nce(1.0, [0.0, 0.6]) + nce(1.0, [0.0, 0.8])) / 2, rel=1e-4)


def test_the_length_of_a_vector_does_not_matter() -> None:
    loss, _ = info_nce(VECTORS, Scored(OWN, ALL, torch.ones(2)))

    lengths = torch.tensor([[2.0], [0.5], [3.0], [1.0], [7.0]])
    longer, _ = info_nce(VECTORS * lengths, Scored(OWN, ALL, torch.ones(2)))

    assert longer.item() == pytest.approx(loss.item(), rel=1e-5)


def test_a_masked_candidate_is_no_negative() -> None:
    allowed = torch.tensor([[True, True, False], [True, True, False]])

    loss, _ = info_nce(VECTORS, Scored(OWN, allowed, torch.ones(2)))

    assert loss.item() == pytest.approx(nce(1.0, [0.0]), abs=1e-6)


def test_the_own_positive_counts_even_if_the_mask_leaves_it_out() -> None:
    loss, gradient = info_nce(VECTORS, Scored(OWN, ~ALL, torch.ones(2)))

    assert loss.item() == 0.0
    assert not gradient.any()


def test_weights_weigh_queries() -> None:
    loss, _ = info_nce(VECTORS, Scored(OWN, ALL, torch.tensor([3.0, 1.0])))

    assert loss.item() == pytest.approx((3 * nce(1.0, [0.0, 0.6]) + nce(1.0, [0.0, 0.8])) / 4, rel=1e-4)


def test_the_temperature_divides_the_scores() -> None:
    one_query = torch.cat([QUERIES[:1], CANDIDATES])

    loss, _ = info_nce(one_query, Scored(OWN[:1], ALL[:1], torch.ones(1)), temperature=0.5)

    assert loss.item() == pytest.approx(nce(1.0, [0.0, 0.6], temperature=0.5), rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_is_the_one_that_torch_derives(seed: int) -> None:
    """From the loss as it is written in the paper: vectors scaled to unit length, then cross-entropy of the scores."""
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(6 + 9, 16, dtype=torch.float64, generator=generator, requires_grad=True)
    own = torch.randint(9, (6,), generator=generator)
    allowed = torch.rand(6, 9, generator=generator) < 0.6
    weights = torch.rand(6, dtype=torch.float64, generator=generator) + 0.1
    unit = normalize(vectors, dim=1)
    scored = allowed.clone()
    scored[np.arange(6), own] = True
    scores = (unit[:6] @ unit[6:].T / 0.07).masked_fill(~scored, -torch.inf)
    expected = (cross_entropy(scores, own, reduction="none") * weights).sum() / weights.sum()
    expected.backward()  # type: ignore[no-untyped-call]

    loss, gradient = info_nce(vectors.detach(), Scored(own, allowed, weights))

    assert loss.item() == pytest.approx(expected.item(), rel=1e-9)
    assert vectors.grad is not None
    assert (gradient - vectors.grad).abs().max() < 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_the_loss_of_a_layer_and_its_gradients_are_those_of_the_layers_vectors(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    shapes = ((6 + 9, 5), (5, 16), (16,))
    hidden, up, bias = (
        torch.randn(shape, dtype=torch.float64, generator=generator, requires_grad=True) for shape in shapes
    )
    own = torch.randint(9, (6,), generator=generator)
    weights = torch.rand(6, dtype=torch.float64, generator=generator) + 0.1
    scored = Scored(own, torch.rand(6, 9, generator=generator) < 0.6, weights)
    vectors = hidden @ up + bias
    expected, at_vectors = info_nce(vectors.detach(), scored)
    vectors.backward(at_vectors)  # type: ignore[no-untyped-call]

    loss, gradients = info_nce_of_layer(hidden.detach(), up.detach(), bias.detach(), scored)

    assert loss.item() == pytest.approx(expected.item(), rel=1e-9)
    for gradient, tensor in zip(gradients, (hidden, up, bias), strict=True):
        assert tensor.grad is not None
        assert (gradient - tensor.grad).abs().max() < 1e-9


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError):
        info_nce(VECTORS, Scored(OWN, ALL[:1], torch.ones(2)))
