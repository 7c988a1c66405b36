from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaassist.core.types import DocId, Vectors
from mangaassist.shelves import MOST_SHELVES, Arrangement, Shelf, Shelving, SuitingShelf

A = tuple(DocId(f"a{number}") for number in range(6))
B = tuple(DocId(f"b{number}") for number in range(6))
C = tuple(DocId(f"c{number}") for number in range(6))
CENTRES = np.eye(3, dtype=np.float32)
SHELVES = [Shelf(f"id-{name}", name, (), titles) for name, titles in (("a", A), ("b", B), ("c", C))]


def no_vectors(doc_ids: Sequence[DocId]) -> Vectors:
    raise AssertionError(f"{doc_ids} are not new")


def arranged(*titles: DocId) -> Arrangement:
    return Arrangement(Shelving("r", "e", SHELVES, CENTRES), titles or (*A, *B, *C), no_vectors)


def found(*titles: DocId) -> dict[DocId, float]:
    """A ranking: 1.0 and falling by a tenth."""
    return {title: 1.0 - place / 10 for place, title in enumerate(titles)}


def suiting(ranking: dict[DocId, float], arrangement: Arrangement | None = None) -> list[SuitingShelf]:
    return (arranged() if arrangement is None else arrangement).suiting(ranking, lambda _: True)


def test_the_shelf_whose_best_titles_score_highest_comes_first() -> None:
    shelves = suiting(found(B[4], A[0], A[1], A[2], B[1]))

    assert [each.shelf.name for each in shelves] == ["a", "b"]
    assert shelves[0].score == np.mean([0.9, 0.8, 0.7])
    assert shelves[1].score == np.mean([1.0, 0.6, 0.6])  # a third voice is missing, and counts as the last found


def test_titles_stand_by_the_ranking_and_then_by_how_typical_they_are() -> None:
    (shelf,) = suiting(found(A[3], A[5]))

    assert list(shelf.standings) == [A[3], A[5], A[0], A[1], A[2], A[4]]
    assert list(shelf.standings.values()) == sorted(shelf.standings.values(), reverse=True)


def test_a_title_that_may_not_be_shown_fills_no_shelf() -> None:
    (shelf,) = arranged().suiting(found(A[3]), lambda title: title not in (A[0], A[1], A[2]))

    assert list(shelf.standings) == [A[3], A[4], A[5]]


def test_a_shelf_with_one_title_left_is_none() -> None:
    assert arranged().suiting(found(A[3]), lambda _: False) == []


def test_a_removed_title_is_on_no_shelf_and_a_shelf_without_titles_is_gone() -> None:
    arrangement = arranged(*A[1:], *B)

    (shelf,) = suiting(found(A[0], C[0], A[5]), arrangement)
    assert list(shelf.standings) == [A[5], A[1], A[2], A[3], A[4]]
    assert len(arrangement) == 2


def test_a_new_title_stands_on_the_nearest_shelf() -> None:
    new = {DocId("y"): [0.1, 0.9, 0.2], DocId("x"): [0.0, 0.1, 0.9]}

    def vectors_of(doc_ids: Sequence[DocId]) -> Vectors:
        return np.array([new[doc_id] for doc_id in doc_ids], dtype=np.float32)

    arrangement = Arrangement(Shelving("r", "e", SHELVES, CENTRES), [*B, *C, *new], vectors_of)

    assert suiting(found(DocId("y"), B[0]), arrangement)[0].shelf.name == "b"
    assert DocId("x") in suiting(found(C[0]), arrangement)[0].standings


def test_before_there_were_shelves_none_suits() -> None:
    empty = Arrangement(Shelving("r", "e", [], CENTRES[:0]), [*A], no_vectors)

    assert (len(empty), suiting(found(*A), empty)) == (0, [])


def test_nothing_found_is_no_shelf() -> None:
    assert suiting({}) == []
    assert suiting(found(DocId("an-article"))) == []


@settings(deadline=None)
@given(st.permutations([*A, *B, *C]), st.integers(0, 18), st.sets(st.sampled_from([*A, *B, *C])))
def test_shelves_hold_only_their_titles_that_were_found_or_may_be_shown_best_first(
    order: list[DocId], depth: int, allowed: set[DocId]
) -> None:
    ranking = {title: 1.0 - place / 100 for place, title in enumerate(order[:depth])}

    shelves = arranged().suiting(ranking, lambda title: title in allowed)

    assert len(shelves) <= MOST_SHELVES
    assert [each.score for each in shelves] == sorted((each.score for each in shelves), reverse=True)
    for each in shelves:
        assert set(each.standings) <= set(each.shelf.titles) & (set(ranking) | allowed)
        assert set(each.shelf.titles) & set(ranking) <= set(each.standings)
        assert list(each.standings.values()) == sorted(each.standings.values(), reverse=True)
