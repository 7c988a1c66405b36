"""What trains, with which negatives, and that the same seed gives the same bytes."""

import sys
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from small_world import as_training_set, turned_world

from mangaassist.adapter.batches import MIN_STEPS, batches
from mangaassist.adapter.closed_forms import fit_centring, fit_ridge
from mangaassist.adapter.examples import CorpusVectors, TrainingSet, training_set
from mangaassist.adapter.fitting import fit, fit_rounds
from mangaassist.adapter.ladder import Adapter
from mangaassist.adapter.recipes import FIRST_RUN, GradientRecipe, RidgeRecipe, recipes_for
from mangaassist.adapter.training import Trainer
from mangaassist.core.errors import DataError, DeviceError, MissingExtra
from mangaassist.core.types import DocId, Example

NO_CORPUS = GradientRecipe("linear", rounds=3, corpus_weight=0.0)


def hit_rate(adapter: Adapter, data: TrainingSet) -> float:
    scores = adapter.adapt_queries(data.queries) @ adapter.adapt_documents(data.documents).T
    return float((scores.argmax(1) == np.arange(len(data.queries))).mean())


def test_the_first_run_is_the_documented_one() -> None:
    """d → d/2 → d with LayerNorm, InfoNCE at 0.07, batch 128, 7 hard negatives a query, 4 epochs."""
    assert (FIRST_RUN.rung, FIRST_RUN.temperature, FIRST_RUN.batch) == ("mlp", 0.07, 128)
    assert (FIRST_RUN.hard_negatives, FIRST_RUN.rounds, FIRST_RUN.stops_early) == (7, 4, False)
    assert (FIRST_RUN.random_negatives, FIRST_RUN.corpus_weight, FIRST_RUN.positives_per_query) == (0, 0.0, None)


def test_the_first_run_network_has_half_the_width_and_a_layer_norm(small_set: TrainingSet) -> None:
    tensors = fit(FIRST_RUN, small_set, seed=0).tensors()

    assert tensors["shared.down"].shape == (32, 16)
    assert tensors["shared.up"].shape == (16, 32)
    assert tensors["shared.norm_gain"].shape == (16,)


@pytest.mark.parametrize("rung", ["lowrank", "linear", "residual"])
def test_gradient_rungs_learn_a_rotation_that_documents_never_seen_follow(rung: str) -> None:
    queries, documents = turned_world()
    train = as_training_set(queries[:200], documents)
    unseen = as_training_set(queries[200:], documents[200:])
    recipe = GradientRecipe(rung, rounds=10, corpus_weight=0.0, learning_rate=5e-3)  # type: ignore[arg-type]

    adapter = fit(recipe, train, seed=0)

    assert hit_rate(adapter, unseen) > hit_rate(Adapter("identity", 32), unseen)


def test_ridge_with_a_strong_pull_is_nearly_the_identity_and_with_a_weak_one_fits(small_set: TrainingSet) -> None:
    strong, weak = fit_ridge(small_set, pull=1e6), fit_ridge(small_set, pull=0.01)

    assert strong.adapt_queries(small_set.queries) == pytest.approx(small_set.queries, abs=1e-3)
    assert hit_rate(weak, small_set) > hit_rate(strong, small_set)


def test_ridge_is_the_minimum_of_its_stated_objective() -> None:
    """Any small step away from the solution makes the objective larger."""
    data = as_training_set(*turned_world(documents=60))
    pull = 0.5
    query_map = fit_ridge(data, pull=pull).query_map
    assert query_map.matrix is not None
    assert query_map.shift is not None
    inputs = (data.queries - query_map.shift).astype(np.float64)
    targets = (data.documents[: len(inputs)] - data.queries).astype(np.float64)
    penalty = pull * np.trace(inputs.T @ inputs) / data.dimension

    def objective(matrix: np.ndarray) -> float:
        return float(((inputs @ matrix - targets) ** 2).sum() + penalty * (matrix**2).sum())

    best = objective(query_map.matrix.astype(np.float64))
    for seed in range(5):
        step = 1e-3 * np.random.default_rng(seed).normal(size=query_map.matrix.shape)
        assert objective(query_map.matrix + step) > best


def test_centring_takes_each_sides_mean_off() -> None:
    data = as_training_set(*turned_world())

    adapter = fit_centring(data, strength=1.0, per_side=True)

    assert adapter.query_map.shift == pytest.approx(data.queries.mean(0), abs=1e-6)
    assert adapter.document_map.shift == pytest.approx(data.documents.mean(0), abs=1e-6)


@pytest.mark.parametrize("recipe", [NO_CORPUS, replace(NO_CORPUS, rung="residual"), FIRST_RUN, RidgeRecipe(1.0)])
def test_the_same_seed_gives_the_same_bytes(recipe: GradientRecipe | RidgeRecipe, small_set: TrainingSet) -> None:
    first, again = (fit(recipe, small_set, seed=7).tensors() for _ in range(2))

    assert {name: tensor.tobytes() for name, tensor in first.items()} == {
        name: tensor.tobytes() for name, tensor in again.items()
    }


def test_another_seed_gives_other_tensors(small_set: TrainingSet) -> None:
    first, other = (fit(FIRST_RUN, small_set, seed=seed).tensors()["shared.up"] for seed in (0, 1))

    assert not np.array_equal(first, other)


def test_training_that_is_stopped_early_is_training_with_fewer_rounds(small_set: TrainingSet) -> None:
    second = list(islice(fit_rounds(NO_CORPUS, small_set, seed=0), 2))[-1]

    fewer = fit(NO_CORPUS, small_set, seed=0, rounds=2)

    assert second.tensors()["shared.matrix"].tobytes() == fewer.tensors()["shared.matrix"].tobytes()


def many_positives() -> TrainingSet:
    """Two query texts; the first has documents 0 and 1 as positives, and document 1 stands as its hard negative too."""
    documents = np.eye(6, dtype=np.float32)
    ids = [DocId(f"d{row}") for row in range(6)]
    examples = [
        Example("first", ids[0], (ids[1], ids[4]), (ids[1],), 1.0, "click"),
        Example("first", ids[1], (ids[4],), (ids[0],), 3.0, "click"),
        Example("second", ids[2], (ids[5],), (), 1.0, "click"),
    ]
    none = np.empty((0, 6), dtype=np.float32)
    corpus = CorpusVectors(ids, documents, none, none, np.empty(0, dtype=np.int64))
    return training_set(examples, {"first": documents[0], "second": documents[2]}, corpus)


def test_no_known_positive_of_a_query_is_ever_its_negative() -> None:
    data = many_positives()
    recipe = GradientRecipe("linear", positives_per_query=None, hard_negatives=2, random_negatives=50)

    for batch in batches(data, recipe, np.random.default_rng(0)):
        for row, query in enumerate(batch.query):
            allowed = set(batch.candidates[batch.allowed[row]]) - {batch.candidates[batch.own[row]]}
            assert not allowed & set(data.relevant[query].indices)


def test_hard_negatives_are_scored_only_for_the_query_they_were_mined_for() -> None:
    data = many_positives()
    recipe = GradientRecipe("linear", positives_per_query=None, hard_negatives=2)

    batch = next(batches(data, recipe, np.random.default_rng(0)))

    for row, query in enumerate(batch.query):
        scored = set(batch.candidates[batch.allowed[row]])
        assert (5 in scored) is bool(query == 1)
        assert (4 in scored) is bool(query == 0)


def test_each_document_of_a_batch_is_a_candidate_once() -> None:
    batch = next(batches(many_positives(), GradientRecipe("linear", random_negatives=500), np.random.default_rng(0)))

    assert sorted(set(batch.candidates)) == list(batch.candidates)


def test_a_round_draws_one_positive_per_query_heavier_ones_likelier() -> None:
    data, rng = many_positives(), np.random.default_rng(0)
    drawn = [
        int(batch.candidates[batch.own[row]])
        for _ in range(100)
        for batch in batches(data, GradientRecipe("linear"), rng)
        for row, query in enumerate(batch.query)
        if query == 0
    ]

    assert len(drawn) == 100 * MIN_STEPS
    assert drawn.count(1) / len(drawn) == pytest.approx(0.75, abs=0.05)


def test_a_query_counts_what_its_pairs_weigh_on_average_however_many_they_are() -> None:
    data = many_positives()
    weights = np.array([3.0 if query == 0 else 1.0 for query in data.query], dtype=np.float32)
    heavy = replace(data, weight=weights)

    batch = next(batches(heavy, GradientRecipe("linear"), np.random.default_rng(0)))

    assert {int(query): float(weight) for query, weight in zip(batch.query, batch.weight, strict=True)} == {
        int(query): 3.0 if query == 0 else 1.0 for query in batch.query
    }


def test_the_first_run_takes_every_example_once_a_round(small_set: TrainingSet) -> None:
    taken = np.concatenate([batch.query for batch in batches(small_set, FIRST_RUN, np.random.default_rng(0))])

    assert sorted(taken) == sorted(small_set.query)


@pytest.mark.parametrize(("groups", "is_scored"), [((0, 0, 0), False), ((0, 1, 2), True)])
def test_corpus_pairs_that_say_the_same_on_their_left_are_no_negatives_of_each_other(
    groups: tuple[int, ...], is_scored: bool
) -> None:
    """Several answers under one heading would otherwise be pushed apart."""
    data = replace(
        many_positives(),
        corpus_left=np.eye(6, dtype=np.float32)[:3],
        corpus_right=np.eye(6, dtype=np.float32)[1:4],
        corpus_group=np.array(groups, dtype=np.int64),
    )
    recipe = GradientRecipe("linear")
    batch = next(batches(data, recipe, np.random.default_rng(0)))

    with_corpus, without = (
        Trainer(data, replace(recipe, corpus_weight=weight), seed=0, device="cpu").step(batch).item()
        for weight in (1.0, 0.0)
    )

    assert (with_corpus > without) is is_scored


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_device_that_is_not_there_is_refused_with_a_remedy(small_set: TrainingSet) -> None:
    with pytest.raises(DeviceError, match="has no GPU that torch can use; train with --device cpu"):
        fit(NO_CORPUS, small_set, seed=0, device="cuda")


def test_what_is_trained_where_there_is_no_choice_is_trained_on_the_processor(
    small_set: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    auto, cpu = (fit(NO_CORPUS, small_set, seed=0, rounds=1, device=device) for device in ("auto", "cpu"))

    assert auto.tensors()["shared.matrix"].tobytes() == cpu.tensors()["shared.matrix"].tobytes()


def test_a_recipe_of_half_the_strength_moves_half_as_far() -> None:
    data = as_training_set(*turned_world())

    whole, half = (fit(replace(NO_CORPUS, strength=strength), data, seed=0) for strength in (1.0, 0.5))

    assert half.tensors()["shared.matrix"] == pytest.approx(0.5 * whole.tensors()["shared.matrix"], abs=1e-6)


def test_nothing_to_train_on_is_an_error() -> None:
    none = np.empty((0, 4), dtype=np.float32)
    with pytest.raises(DataError, match="nothing to train on"):
        training_set([], {}, CorpusVectors([], none, none, none, np.empty(0, dtype=np.int64)))


def test_a_pair_of_a_document_outside_the_catalogue_is_an_error_that_names_it() -> None:
    example = Example("q", DocId("gone"), (), (), 1.0, "click")
    corpus = CorpusVectors(
        [DocId("a")], np.eye(1, 4, dtype=np.float32), *(np.empty((0, 4), np.float32),) * 2, np.empty(0, np.int64)
    )
    with pytest.raises(DataError, match="'gone'"):
        training_set([example], {"q": np.ones(4, np.float32)}, corpus)


def test_other_gradient_rungs_take_over_the_negatives_of_the_linear_one() -> None:
    like = GradientRecipe("linear", random_negatives=512)

    assert recipes_for("residual", like=like) == (replace(like, rung="residual"),)
    assert len(recipes_for("linear")) == 3


def test_training_without_torch_names_the_extra_and_closed_forms_need_none(monkeypatch: pytest.MonkeyPatch) -> None:
    data = as_training_set(*turned_world())
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in ("training", "torch_side", "losses"):
        monkeypatch.delitem(sys.modules, f"mangaassist.adapter.{name}")

    with pytest.raises(MissingExtra, match=r"pip install -c constraints\.txt -e '\.\[train\]'"):
        fit(NO_CORPUS, data, seed=0)
    assert fit(recipes_for("ridge")[0], data, seed=0).rung == "ridge"
