from pathlib import Path

import pytest
from review_world import ADA, ANN, BEN, Clock, engine_of, item, queue
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mangaassist.core.errors import DataError, ReviewConflict
from mangaassist.core.types import DocId
from mangaassist.feedback import Edit, ReviewStore


def ids(store: ReviewStore, reviewer: object, **asked: object) -> list[str]:
    return [each.id for each in store.next(reviewer, **asked)]  # type: ignore[arg-type]


def test_the_most_useful_item_comes_first_and_the_next_one_can_be_had_with_it(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a", rank=1), item("b", rank=3), item("c", rank=2)])

    assert ids(store, ANN, count=2) == ["b", "c"]


def test_two_reviewers_never_look_at_the_same_item(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a", rank=2), item("b", rank=1)])

    assert (ids(store, ANN), ids(store, BEN), ids(store, ADA)) == (["a"], ["b"], [])


def test_asking_again_gives_the_same_item_for_longer(tmp_path: Path) -> None:
    clock = Clock()
    store = queue(tmp_path, [item("a", rank=2), item("b", rank=1)], clock)
    ids(store, ANN, lease_s=60)
    clock.forward(50)

    assert ids(store, ANN, lease_s=60) == ["a"]
    clock.forward(50)
    assert ids(store, BEN) == ["b"]


def test_an_item_that_nobody_decided_comes_back_when_its_time_is_over(tmp_path: Path) -> None:
    clock = Clock()
    store = queue(tmp_path, [item("a")], clock)
    ids(store, ANN, lease_s=60)
    clock.forward(61)

    assert ids(store, BEN) == ["a"]


def test_an_item_given_back_is_free_at_once(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a")])
    ids(store, ANN)

    assert (store.give_back(ANN), ids(store, BEN)) == (1, ["a"])


def test_a_decision_says_who_took_it_when_and_settles_the_item(tmp_path: Path) -> None:
    clock = Clock()
    store = queue(tmp_path, [item("a")], clock)
    store.next(ANN)

    decision = store.decide("a", ANN, "accept", note="clear")

    assert store.decisions() == [decision]
    assert (decision.reviewer, decision.role, decision.at, decision.note) == ("ann", "reviewer", clock.now, "clear")
    assert store.item("a", ANN).state == "accepted"
    assert store.next(BEN) == []


def test_a_decision_too_late_for_its_item_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    clock = Clock()
    store = queue(tmp_path, [item("a")], clock)
    store.next(ANN, lease_s=60)
    clock.forward(61)
    store.next(BEN)

    with pytest.raises(ReviewConflict, match="a is with ben until"):
        store.decide("a", ANN, "accept")
    store.decide("a", BEN, "reject")
    with pytest.raises(ReviewConflict, match="a is settled: ben decided `reject`"):
        store.decide("a", ANN, "accept")
    assert [(each.reviewer, each.action) for each in store.decisions()] == [("ben", "reject")]


def test_a_decision_after_the_time_is_over_counts_if_nobody_took_the_item(tmp_path: Path) -> None:
    clock = Clock()
    store = queue(tmp_path, [item("a")], clock)
    store.next(ANN, lease_s=60)
    clock.forward(3600)

    assert store.decide("a", ANN, "accept").action == "accept"


def test_a_repeated_request_is_one_decision(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a")])

    assert store.decide("a", ANN, "accept") == store.decide("a", ANN, "accept")
    assert len(store.decisions()) == 1


def test_a_skipped_item_comes_back_after_the_others(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a", rank=2), item("b", rank=1)])
    store.next(ANN)
    store.decide("a", ANN, "skip")

    assert ids(store, ANN, count=2) == ["b", "a"]
    assert store.item("a", ANN).state == "open"


def test_undo_takes_the_last_decision_back_and_keeps_it_in_the_log(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a", rank=2), item("b", rank=1)])
    for each in ("a", "b"):
        store.decide(each, ANN, "accept")

    undone = store.undo(ANN)

    assert [each.item_id for each in undone] == ["b"]
    assert [(each.action, each.undoes) for each in store.decisions()] == [
        ("accept", None),
        ("accept", None),
        ("undo", 2),
    ]
    assert store.item("b", ANN).state == "open"
    assert ids(store, ANN) == ["b"]


def test_undo_twice_goes_two_decisions_back_and_then_there_is_nothing(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a"), item("b")])
    for each in ("a", "b"):
        store.decide(each, ANN, "reject")

    assert [[each.item_id for each in store.undo(ANN)] for _ in range(3)] == [["b"], ["a"], []]


def test_undo_of_one_reviewer_leaves_the_others_alone(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a"), item("b")])
    store.decide("a", ANN, "accept")
    store.decide("b", BEN, "accept")
    store.undo(ANN)

    assert store.item("b", BEN).state == "accepted"
    with pytest.raises(ReviewConflict, match="decision 2 is ben's"):
        store.undo(ANN, sequence=2)


def test_an_admin_can_take_anybodys_decision_back_and_the_log_says_so(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a")])
    made = store.decide("a", ANN, "accept")

    store.undo(ADA, sequence=made.sequence)

    assert store.item("a", ADA).state == "open"
    assert (store.decisions()[-1].reviewer, store.decisions()[-1].note) == ("ada", "decided by ann")


def test_a_whole_cluster_is_judged_with_one_key_and_undone_with_one(tmp_path: Path) -> None:
    items = [item("a"), item("b", kind="negative"), item("c", cluster_id="c-0002"), item("g", kind="gap")]
    store = queue(tmp_path, items)

    decided = store.decide_cluster("c-0001", ANN, "accept")

    assert [each.item_id for each in decided] == ["a", "b"]
    assert len({each.batch for each in decided}) == 1
    assert [each.item_id for each in store.undo(ANN)] == ["a", "b"]
    assert store.counts() == {"gap": {"open": 1}, "negative": {"open": 1}, "positive": {"open": 2}}


def test_judging_a_cluster_leaves_others_the_items_that_they_look_at(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a", rank=2), item("b", rank=1)])
    store.next(BEN)

    assert [each.item_id for each in store.decide_cluster("c-0001", ANN, "reject")] == ["b"]
    assert store.decide("a", BEN, "accept").action == "accept"


def test_private_items_are_shown_to_admins_only(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a", is_private=True)])

    assert store.next(ANN) == []
    assert store.items() == []
    with pytest.raises(ReviewConflict, match="no item 'a' for ann"):
        store.item("a", ANN)
    with pytest.raises(ReviewConflict, match="no item 'a' for ann"):
        store.decide("a", ANN, "accept")
    assert ids(store, ADA) == ["a"]


def test_an_item_that_needs_two_is_half_decided_and_not_shown_to_the_first_again(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a", needs=2)])
    store.decide("a", ANN, "accept")

    assert store.item("a", ANN).state == "half"
    assert store.next(ANN) == []
    with pytest.raises(ReviewConflict, match="a second reviewer must"):
        store.decide("a", ANN, "reject")
    assert ids(store, BEN) == ["a"]
    store.decide("a", BEN, "accept")
    assert store.item("a", ANN).state == "accepted"


def test_what_two_dispute_an_admin_settles(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a", needs=2)])
    store.decide("a", ANN, "accept")
    store.decide("a", BEN, "reject")

    assert store.item("a", ANN).state == "disputed"
    with pytest.raises(ReviewConflict, match="disputed between two reviewers"):
        store.decide("a", ANN, "reject")
    assert ids(store, ADA) == ["a"]
    store.decide("a", ADA, "reject")
    assert store.item("a", ANN).state == "rejected"


def test_an_admin_who_is_one_of_the_two_settles_by_saying_it_again(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a", needs=2)])
    store.decide("a", ANN, "accept")
    store.decide("a", ADA, "reject")
    store.decide("a", ADA, "reject")

    assert store.item("a", ANN).state == "rejected"


def test_two_reviewers_agreement_is_shown(tmp_path: Path) -> None:
    store = queue(tmp_path, [item(name, needs=2) for name in "abcd"])
    for name, first, second in (("a", "accept", "accept"), ("b", "accept", "reject"), ("c", "reject", "reject")):
        store.decide(name, ANN, first)  # type: ignore[arg-type]
        store.decide(name, BEN, second)  # type: ignore[arg-type]
    store.decide("d", ANN, "reject")
    store.decide("d", BEN, "reject")

    (found,) = store.agreement()

    assert (found.reviewers, found.items, found.observed, found.kappa) == (("ann", "ben"), 4, 0.75, 0.5)


def test_an_edit_is_what_counts_of_an_accepted_item(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a"), item("b")])
    edit = Edit(doc_id=DocId("blue-flag"), texts=("rivals to lovers",))
    store.decide("a", ANN, "edit", edit=edit)

    ((settled, vote),) = store.settled()

    assert (settled.id, settled.state, vote.edit) == ("a", "accepted", edit)


@pytest.mark.parametrize(
    ("kind", "verdict", "edit", "told"),
    [
        ("positive", "accept", Edit(doc_id=DocId("x")), "an edit comes with the verdict `edit`"),
        ("positive", "edit", None, "an edit comes with the verdict `edit`"),
        ("positive", "edit", Edit(), "the edit changes nothing"),
        ("positive", "edit", Edit(texts=("something else",)), "'something else' is not one of its texts"),
        ("positive", "edit", Edit(texts=()), "the edit leaves nothing"),
        ("positive", "edit", Edit(facets=("romance",)), "only lexicon items have facets"),
        ("lexicon", "edit", Edit(doc_id=DocId("x")), "only the facets can be edited"),
        ("synthetic", "edit", Edit(doc_id=DocId("x")), "a synthetic item cannot be edited"),
    ],
)
def test_an_edit_that_an_item_cannot_have_is_refused(
    tmp_path: Path, kind: str, verdict: str, edit: Edit | None, told: str
) -> None:
    store = queue(tmp_path, [item("a", kind=kind)])

    with pytest.raises(DataError, match=told):
        store.decide("a", ANN, verdict, edit=edit)  # type: ignore[arg-type]
    assert store.decisions() == []


def test_a_proposal_made_again_updates_what_is_open_and_leaves_what_is_decided(tmp_path: Path) -> None:
    store = queue(tmp_path, [item("a"), item("b")])
    store.decide("a", ANN, "accept")

    assert store.add([item("a", reason="new"), item("b", reason="new"), item("c")]) == 1
    assert [each.reason for each in store.items()] == ["it has what they ask for", "new", "it has what they ask for"]
    assert store.item("a", ANN).state == "accepted"


@pytest.mark.parametrize("change", ["UPDATE review_decisions SET action = 'reject'", "DELETE FROM review_decisions"])
def test_the_log_of_decisions_only_grows(tmp_path: Path, change: str) -> None:
    queue(tmp_path, [item("a")]).decide("a", ANN, "accept")

    with (
        pytest.raises(DBAPIError, match="review_decisions only grows"),
        engine_of(tmp_path / "queue.sqlite").begin() as connection,
    ):
        connection.execute(text(change))


def test_a_reviewer_without_a_name_is_refused() -> None:
    with pytest.raises(DataError, match="a reviewer has no name"):
        type(ANN)("  ")
