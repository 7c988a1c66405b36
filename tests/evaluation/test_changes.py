from mangaassist.core.types import DocId, QueryId
from mangaassist.evaluation import SHOWN_CHANGES, most_changed

RIGHT = DocId("right")


def run(**orders: str) -> dict[QueryId, dict[DocId, float]]:
    return {
        QueryId(name): {DocId(doc): -float(rank) for rank, doc in enumerate(order.split())}
        for name, order in orders.items()
    }


def judged(*names: str) -> dict[QueryId, dict[DocId, int]]:
    return {QueryId(name): {RIGHT: 1} for name in names}


def test_changes_are_sorted_by_ndcg_and_queries_that_stay_the_same_are_left_out() -> None:
    before = run(most="x y", some="x right", same="right x", less="right x", gone="right")
    after = run(most="right x", some="right x", same="right y", less="x right", gone="x")

    better, worse = most_changed(before, after, judged("most", "some", "same", "less", "gone"))

    assert [each.query_id for each in better] == ["most", "some"]
    assert [each.query_id for each in worse] == ["gone", "less"]
    assert (better[0].ndcg_at_10, better[0].recall_at_3) == (1.0, 1.0)
    assert better[1].recall_at_3 == 0.0
    assert (worse[0].top_before[0], worse[0].top_after[0]) == ("right", "x")


def test_a_query_without_results_has_no_first_result() -> None:
    better, worse = most_changed({}, run(q="right"), judged("q"))

    assert [(each.top_before, each.top_after[:1]) for each in better] == [((), ("right",))]
    assert worse == []


def test_no_more_than_ten_of_each_are_listed() -> None:
    names = [f"q{number:02}" for number in range(30)]
    right, wrong = (run(**dict.fromkeys(names, order)) for order in ("right", "x"))

    better, worse = most_changed(wrong, right, judged(*names))

    assert [each.query_id for each in better] == names[:SHOWN_CHANGES]
    assert worse == []
    assert len(most_changed(right, wrong, judged(*names))[1]) == SHOWN_CHANGES == 10
