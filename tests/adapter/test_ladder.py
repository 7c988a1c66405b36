"""Every rung: unit length, the identity where it promises one, and tensors that come back."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

from mangaassist.adapter.ladder import LADDER, Adapter, SideMap, adapter_from_tensors
from mangaassist.adapter.torch_side import TorchSide
from mangaassist.core.errors import ShapeError

GRADIENT_RUNGS = ("lowrank", "linear", "residual", "mlp")


def some_vectors(rows: int = 20, dimension: int = 32) -> np.ndarray:
    vectors = np.random.default_rng(5).normal(size=(rows, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def shaken(rung: str, dimension: int = 32) -> TorchSide:
    """A torch side whose every tensor is random, so that no term hides behind a zero."""
    side = TorchSide(rung, dimension, torch.Generator().manual_seed(0))  # type: ignore[arg-type]
    with torch.no_grad():
        for tensor in side.parameters():
            tensor.add_(0.3 * torch.randn(tensor.shape, generator=torch.Generator().manual_seed(1)))
    return side


@pytest.mark.parametrize("rung", GRADIENT_RUNGS)
def test_the_numpy_forward_equals_the_torch_forward(rung: str) -> None:
    side, vectors = shaken(rung), some_vectors()

    with torch.no_grad():
        expected = normalize(side(torch.as_tensor(vectors)), dim=1).numpy()

    assert np.abs(side.as_adapter().adapt_queries(vectors) - expected).max() < 1e-5


@pytest.mark.parametrize("rung", ["lowrank", "linear", "residual"])
def test_a_residual_rung_starts_as_the_identity(rung: str) -> None:
    side = TorchSide(rung, 32, torch.Generator().manual_seed(0))  # type: ignore[arg-type]

    assert side.as_adapter().adapt_documents(some_vectors()) == pytest.approx(some_vectors(), abs=1e-6)


def test_the_first_run_network_starts_elsewhere() -> None:
    side = TorchSide("mlp", 32, torch.Generator().manual_seed(0))

    assert np.abs(side.as_adapter().adapt_queries(some_vectors()) - some_vectors()).max() > 0.1


@pytest.mark.parametrize("rung", ["lowrank", "linear", "residual"])
@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0])
def test_a_scaled_adapter_goes_that_part_of_the_way(rung: str, factor: float) -> None:
    side, vectors = shaken(rung), some_vectors()

    adapter = side.as_adapter().scaled(factor)

    with torch.no_grad():
        base = torch.as_tensor(vectors)
        expected = normalize(base + factor * (side(base) - base), dim=1).numpy()
    assert adapter.is_tied
    assert adapter.adapt_queries(vectors) == pytest.approx(expected, abs=1e-5)


def test_what_does_not_start_at_the_input_has_no_way_to_go_in_part() -> None:
    adapter = shaken("mlp").as_adapter()

    assert adapter.scaled(0.5).tensors() == adapter.tensors()


@pytest.mark.parametrize("rung", GRADIENT_RUNGS)
def test_one_vector_is_mapped_as_in_a_batch(rung: str) -> None:
    adapter, vectors = shaken(rung).as_adapter(), some_vectors()

    assert adapter.adapt_queries(vectors[3]) == pytest.approx(adapter.adapt_queries(vectors)[3], abs=1e-5)


@pytest.mark.parametrize("rung", GRADIENT_RUNGS)
def test_tensors_make_the_same_adapter_again(rung: str) -> None:
    adapter = shaken(rung).as_adapter()

    again = adapter_from_tensors(adapter.rung, adapter.dimension, adapter.tensors())

    assert (again.adapt_queries(some_vectors()) == adapter.adapt_queries(some_vectors())).all()
    assert (again.adapt_documents(some_vectors()) == adapter.adapt_documents(some_vectors())).all()


def test_sides_that_are_not_tied_come_back_as_they_were() -> None:
    adapter = Adapter("ridge", 2, query_map=SideMap(is_residual=True, matrix=np.ones((2, 2), np.float32)))

    again = adapter_from_tensors("ridge", 2, adapter.tensors())

    assert set(adapter.tensors()) == {"query.matrix"}
    assert (again.adapt_documents(some_vectors(4, 2)) == some_vectors(4, 2)).all()


def test_a_vector_equal_to_the_mean_is_kept_rather_than_made_zero() -> None:
    mean = some_vectors(1)[0]
    adapter = Adapter("centring", 32, query_map=SideMap(is_residual=False, shift=mean))

    assert (adapter.adapt_queries(mean[None]) == mean).all()


def test_vectors_of_another_length_are_refused_with_a_remedy() -> None:
    with pytest.raises(ShapeError, match="train an adapter for this encoder"):
        Adapter("identity", 32).adapt_queries(some_vectors(2, 16))


def test_unknown_tensors_are_refused() -> None:
    with pytest.raises(ShapeError, match="unknown tensor"):
        adapter_from_tensors("linear", 2, {"shared.surprise": np.ones(2, np.float32)})


def test_the_ladder_is_ordered_simplest_first() -> None:
    assert LADDER == ("identity", "centring", "ridge", "lowrank", "linear", "residual", "mlp")


@given(st.integers(0, 1000), st.sampled_from(GRADIENT_RUNGS))
@settings(deadline=None, max_examples=30)
def test_adapted_vectors_have_unit_length(seed: int, rung: str) -> None:
    vectors = np.random.default_rng(seed).normal(size=(5, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    adapted = shaken(rung, 16).as_adapter().adapt_documents(vectors)

    assert np.linalg.norm(adapted, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
