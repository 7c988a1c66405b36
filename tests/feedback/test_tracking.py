import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.types import Vectors
from mangaassist.feedback import number_after, tracked_ids

NONE = np.zeros((0, 2), dtype=np.float32)


def at(*degrees: float) -> Vectors:
    turned = np.deg2rad(degrees)
    return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)


def test_the_first_clusters_are_numbered_from_one() -> None:
    assert tracked_ids({}, NONE, [{"a"}, {"b"}], at(0, 90), next_number=1) == (["c-0001", "c-0002"], 3)


def test_a_need_keeps_its_id_though_its_order_and_some_texts_change() -> None:
    old = {"c-0001": {"a", "b", "c"}, "c-0002": {"x", "y", "z"}}

    ids, number = tracked_ids(old, at(0, 90), [{"x", "y", "new"}, {"a", "b"}, {"other"}], at(90, 0, 45), next_number=3)

    assert (ids, number) == (["c-0002", "c-0001", "c-0003"], 4)


def test_other_words_for_the_same_need_are_known_by_the_centre() -> None:
    ids, _ = tracked_ids({"c-0007": {"a", "b"}}, at(10), [{"p", "q"}], at(12), next_number=8)

    assert ids == ["c-0007"]


def test_a_far_centre_without_common_texts_is_a_new_need() -> None:
    ids, _ = tracked_ids({"c-0007": {"a", "b"}}, at(10), [{"p", "q"}], at(60), next_number=8)

    assert ids == ["c-0008"]


def test_when_a_cluster_splits_the_larger_part_keeps_the_id() -> None:
    old = {"c-0001": {"a", "b", "c", "d", "e"}}

    ids, _ = tracked_ids(old, at(0), [{"a", "x"}, {"b", "c", "d", "e"}], at(40, 2), next_number=2)

    assert ids == ["c-0002", "c-0001"]


def test_one_text_in_common_of_many_is_no_evidence() -> None:
    old = {"c-0001": {f"t{number}" for number in range(10)}}
    new = {"t0", *(f"n{number}" for number in range(9))}

    assert tracked_ids(old, at(0), [new], at(90), next_number=2)[0] == ["c-0002"]


def test_with_another_encoder_texts_alone_tell() -> None:
    old = {"c-0001": {"a", "b"}, "c-0002": {"p", "q"}}

    ids, _ = tracked_ids(old, np.zeros((2, 0), np.float32), [{"p", "q"}, {"k"}], at(0, 0), next_number=3)

    assert ids == ["c-0002", "c-0003"]


def test_a_retired_number_is_never_given_again() -> None:
    assert number_after(["c-0002", "c-0017"]) == 18
    assert number_after([]) == 1


@given(st.lists(st.frozensets(st.integers(0, 30), min_size=1, max_size=6), min_size=1, max_size=8))
def test_clustering_the_same_texts_again_changes_no_id(groups: list[frozenset[int]]) -> None:
    apart = [group - frozenset().union(*groups[:place]) for place, group in enumerate(groups)]
    clusters = [{str(each) for each in group} for group in apart if group]
    centres = at(*(7.0 * number for number in range(len(clusters))))
    ids, number = tracked_ids({}, NONE, clusters, centres, next_number=1)

    again, same_number = tracked_ids(
        dict(zip(ids, clusters, strict=True)), centres, clusters, centres, next_number=number
    )

    assert (again, same_number) == (ids, number)
