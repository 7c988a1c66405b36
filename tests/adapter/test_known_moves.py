"""Known documents go part of the way to their queries; what nobody asked for stays where the map puts it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_adapters import random_adapter, unit_vectors
from small_world import as_training_set, turned_world, unit

from mangaassist.adapter.examples import CorpusVectors, TrainingSet, training_set
from mangaassist.adapter.known_moves import FEWEST_QUERIES, OFF_MEAN, KnownMoves, fit_known_moves
from mangaassist.adapter.ladder import LADDER, Adapter, Rung, adapter_from_tensors
from mangaassist.core.errors import ShapeError
from mangaassist.core.types import DocId, Example, Vectors

IDENTITY = Adapter("identity", 32)


def asked(answers: dict[int, list[int]], documents: Vectors, queries: Vectors, weight: float = 1.0) -> TrainingSet:
    """Document → the queries that ended at it."""
    examples = [
        Example(f"q{query:03}", DocId(f"d{row:03}"), (), (), weight, "judgement")
        for row, asking in answers.items()
        for query in asking
    ]
    return of_examples(examples, documents, queries)


def of_examples(examples: list[Example], documents: Vectors, queries: Vectors) -> TrainingSet:
    """Query q000 has the first row of `queries`, in any spelling."""
    vectors = {
        spelling(f"q{row:03}"): queries[row] for row in range(len(queries)) for spelling in (str.lower, str.upper)
    }
    none = np.empty((0, documents.shape[1]), dtype=np.float32)
    ids = [DocId(f"d{row:03}") for row in range(len(documents))]
    return training_set(examples, vectors, CorpusVectors(ids, documents, none, none, np.empty(0, dtype=np.int64)))


def fitted(answers: dict[int, list[int]], *, documents: Vectors | None = None) -> tuple[KnownMoves, Vectors, Vectors]:
    """(moves by the whole way, the documents, the queries that trained)."""
    found = unit_vectors(12, 32) if documents is None else documents
    data = asked(answers, found, unit_vectors(12, 32, seed=9))
    return fit_known_moves(data, data.queries), found, data.queries


def test_a_known_document_goes_towards_the_mean_of_its_queries_less_most_of_that_of_all() -> None:
    moves, documents, queries = fitted({0: [0, 1, 2], 1: [3, 4, 5]})

    moved = moves.by(0.5).moved(documents, documents)

    towards = queries[:3].mean(0) - OFF_MEAN * queries.mean(0)
    assert moved[0] == pytest.approx(unit(documents[0] + 0.5 * towards), abs=1e-3)
    assert (moved[2:] == documents[2:]).all()


def test_all_known_documents_together_come_only_a_little_nearer_to_the_mean_query() -> None:
    moves, _, queries = fitted({row: [row, (row + 1) % 12, (row + 2) % 12] for row in range(12)})

    assert moves.towards.astype(np.float32).mean(0) == pytest.approx((1 - OFF_MEAN) * queries.mean(0), abs=1e-4)


def test_a_document_that_fewer_queries_ended_at_is_not_moved() -> None:
    few, enough = list(range(FEWEST_QUERIES - 1)), list(range(4, 4 + FEWEST_QUERIES))
    moves, documents, _ = fitted({0: few, 1: enough})

    moved = moves.moved(documents, documents)

    assert len(moves) == 1
    assert (moved[0] == documents[0]).all()
    assert (moved[1] != documents[1]).any()


def test_one_query_that_clicked_often_is_one_query() -> None:
    documents, queries = unit_vectors(3, 32), unit_vectors(3, 32, seed=9)
    data = asked({0: [0]}, documents, queries, weight=100.0)

    assert len(fit_known_moves(data, data.queries)) == 0


def moved_by(*asking: tuple[str, str]) -> tuple[KnownMoves, Vectors]:
    """(moves after these (query, client) pairs ended at one document, all queries)."""
    queries = unit_vectors(6, 32, seed=9)
    examples = [Example(text, DocId("d000"), (), (), 1.0, "click" if by else "editorial", by) for text, by in asking]
    data = of_examples(examples, unit_vectors(2, 32), queries)
    return fit_known_moves(data, data.queries), data.queries


def test_other_spellings_of_one_query_are_one_query() -> None:
    moves, _ = moved_by(("q000", ""), ("Q000", ""), ("q001", ""), ("Q001", ""))

    assert len(moves) == 0


@pytest.mark.parametrize("clients", [["ann"] * 3, ["ann", "ann", "bob"]])
def test_what_fewer_clients_typed_moves_nothing_however_much_they_typed(clients: list[str]) -> None:
    moves, _ = moved_by(*zip(("q000", "q001", "q002"), clients, strict=True))

    assert len(moves) == 0


def test_what_enough_clients_typed_moves_their_document() -> None:
    moves, queries = moved_by(("q000", "ann"), ("q001", "bob"), ("q002", "cid"))

    assert moves.towards[0] == pytest.approx((1 - OFF_MEAN) * queries.mean(0), abs=1e-3)


def test_one_client_cannot_be_read_out_between_texts_that_anybody_may_know() -> None:
    """Names and reviewers' texts can be encoded and taken off: what is left would be the client's query."""
    too_few, _ = moved_by(("q000", ""), ("q001", ""), ("q002", "ann"))
    enough, queries = moved_by(("q000", ""), ("q001", ""), ("q002", ""), ("q003", "ann"))

    assert len(too_few) == 0
    assert enough.towards[0] == pytest.approx(queries[:3].mean(0) - OFF_MEAN * queries.mean(0), abs=1e-3)


def test_an_example_that_weighs_more_draws_more() -> None:
    documents, queries = unit_vectors(2, 32), unit_vectors(3, 32, seed=9)
    even = asked({0: [0, 1, 2]}, documents, queries)
    data = replace(even, weight=np.array([4, 1, 1], dtype=np.float32))

    towards = fit_known_moves(data, queries).towards[0]

    assert towards == pytest.approx(
        (4 * queries[0] + queries[1] + queries[2]) / 6 - OFF_MEAN * queries.mean(0), abs=1e-3
    )


def test_documents_of_one_text_have_one_move_of_all_their_queries() -> None:
    documents = unit_vectors(6, 32)
    documents[1] = documents[0]
    moves, _, queries = fitted({0: [0, 1], 1: [2], 2: [3, 4, 5]}, documents=documents)

    moved = moves.moved(documents, documents)

    assert len(moves) == 2
    assert (moved[0] == moved[1]).all()
    assert moved[0] == pytest.approx(unit(documents[0] + queries[:3].mean(0) - OFF_MEAN * queries.mean(0)), abs=1e-3)


def test_two_encodings_of_one_text_are_one_text() -> None:
    """Float32 products could not tell which of two such keys is the nearest."""
    documents = unit_vectors(6, 32)
    documents[1] = unit(documents[0] + 1e-5 * unit_vectors(1, 32, seed=3)[0])
    moves, _, _ = fitted({0: [0, 1], 1: [2]}, documents=documents)

    moved = moves.moved(documents, documents)

    assert len(moves) == 1
    assert moved[0] == pytest.approx(moved[1], abs=1e-4)
    assert moved[0] != pytest.approx(documents[0], abs=1e-2)


def test_a_text_that_is_written_anew_is_as_unknown_as_a_new_one() -> None:
    moves, documents, _ = fitted({0: [0, 1, 2]})
    rewritten = unit(documents[:1] + 0.05 * unit_vectors(1, 32, seed=3))

    assert (moves.moved(rewritten, rewritten) == rewritten).all()


def test_another_encoding_of_the_same_text_is_known_again() -> None:
    moves, documents, _ = fitted({0: [0, 1, 2]})
    rounded = documents[:1].astype(np.float16).astype(np.float32)

    assert moves.moved(rounded, rounded) == pytest.approx(moves.moved(documents[:1], documents[:1]), abs=1e-3)


@given(st.floats(0, 3), st.integers(0, 100), st.sampled_from(LADDER))
@settings(deadline=None, max_examples=40)
def test_moved_vectors_have_unit_length_and_one_alone_is_as_among_many(share: float, seed: int, rung: Rung) -> None:
    moves, documents, _ = fitted({0: [0, 1, 2], 1: [3, 4, 5]})
    adapter = replace(random_adapter(rung, 32, is_tied=True, seed=seed), moves=moves.by(share))

    adapted = adapter.adapt_documents(documents)

    assert np.linalg.norm(adapted, axis=1) == pytest.approx(np.ones(12), abs=1e-5)
    assert adapter.adapt_documents(documents[0]) == pytest.approx(adapted[0], abs=1e-5)
    assert (adapter.adapt_queries(documents) == replace(adapter, moves=None).adapt_queries(documents)).all()


def test_fitting_is_the_same_byte_for_byte() -> None:
    data = as_training_set(*turned_world(documents=60))
    twice = [fit_known_moves(data, IDENTITY.adapt_queries(data.queries)) for _ in range(2)]

    first, second = ({name: part.tobytes() for name, part in each.tensors().items()} for each in twice)
    assert first == second


@pytest.mark.parametrize("is_tied", [True, False])
def test_tensors_make_the_same_adapter_again(is_tied: bool) -> None:
    moves, documents, _ = fitted({0: [0, 1, 2]})
    adapter = replace(random_adapter("linear", 32, is_tied=is_tied), moves=moves.by(0.8))

    again = adapter_from_tensors("linear", 32, adapter.tensors())

    assert again.is_tied == is_tied
    assert not again.is_symmetric
    assert again.moves is not None
    assert again.moves.share == 0.8
    assert (again.adapt_documents(documents) == adapter.adapt_documents(documents)).all()


@pytest.mark.parametrize("missing", ["share", "projection", "keys", "towards"])
def test_moves_without_one_of_their_tensors_are_refused(missing: str) -> None:
    moves, _, _ = fitted({0: [0, 1, 2]})
    tensors = replace(IDENTITY, moves=moves).tensors()
    del tensors[f"moves.{missing}"]

    with pytest.raises(ShapeError, match=f"moves without {missing}; the artefact is not whole"):
        adapter_from_tensors("identity", 32, tensors)
