import json

from failing_shop import at, event, search, searches_of, take_in

from mangaassist.data import Workspace


def rows(workspace: Workspace, **asked: float) -> dict[str, dict[str, object]]:
    return {row["query_id"]: row for row in searches_of(workspace, **asked).iter_rows(named=True)}  # type: ignore[arg-type]


def test_an_empty_workspace_has_no_search(workspace: Workspace) -> None:
    assert rows(workspace) == {}


def test_a_search_says_what_was_shown_clicked_and_bought(workspace: Workspace) -> None:
    events = [
        event("q1", "impression", 1),
        event("q1", "click", 3, doc_id="berserk", ordinal=2),
        event("q1", "purchase", 60, doc_id="berserk"),
        event("q2", "impression", 90),
    ]
    take_in(workspace, "log", [search("q1", "dark fantasy", 0), search("q2", "cozy", 88)], events)

    first, second = (rows(workspace)[query_id] for query_id in ("q1", "q2"))

    assert (first["is_shown"], first["is_clicked"], first["is_clicked_first"], first["is_bought"]) == (True,) * 4
    assert (first["clicked"], first["top_score"], first["intent"]) == (["berserk"], 0.8, "recommendation")
    assert (second["is_shown"], second["is_clicked"], second["clicked"]) == (True, False, [])


def test_a_click_below_the_tenth_result_is_none_on_the_first_ten(workspace: Workspace) -> None:
    take_in(workspace, "log", [search("q1", "dark", 0)], [event("q1", "click", 3, ordinal=11)])

    assert (rows(workspace)["q1"]["is_clicked"], rows(workspace)["q1"]["clicked"]) == (False, [])


def test_the_next_search_of_the_session_stands_beside_it_and_no_other(workspace: Workspace) -> None:
    queries = [search("q1", "dark", 0), search("q3", "cozy", 5, client="c2"), search("q2", "darker", 20)]
    events = [event(q, "impression", 1, session=s) for q, s in (("q1", "a"), ("q2", "a"), ("q3", "b"))]
    take_in(workspace, "log", queries, [*events, event("q2", "click", 25, session="a")])

    found = rows(workspace)

    assert (found["q1"]["next_query_id"], found["q1"]["next_text"]) == ("q2", "darker")
    assert found["q1"]["next_clicked"] == ["kaguya"]
    assert found["q2"]["next_query_id"] is None
    assert found["q3"]["next_query_id"] is None


def test_a_search_is_settled_once_its_click_could_have_come(workspace: Workspace) -> None:
    take_in(workspace, "log", [search("q1", "dark", 0), search("q2", "cozy", 2_000)])

    assert (rows(workspace)["q1"]["is_settled"], rows(workspace)["q2"]["is_settled"]) == (True, False)


def test_a_session_faster_than_a_human_is_left_out_whole(workspace: Workspace) -> None:
    bot = [search(f"b{number}", f"page {number}", number, client="bot") for number in range(8)]
    take_in(workspace, "log", [*bot, search("b9", "page 9", 900, client="bot"), search("q1", "dark", 0)])

    assert list(rows(workspace, most_per_minute=5)) == ["q1"]


def test_the_services_log_and_the_ingested_query_are_one_search(workspace: Workspace) -> None:
    """The service knows the session and whether a follow-up came; the ingested row knows the rest."""
    line = {
        "event": "retrieval_eval", "query": "dark", "intent": "recommendation", "top3_titles": [],
        "recall_at_3_hit": None, "adapter_version": "embed-adapter-v03", "latency_ms": 3.0, "query_id": "q1",
        "timestamp": at(0), "session": "f" * 32, "client": "e" * 32, "top_score": 0.41, "intent_confidence": 0.7,
        "results": [{"id": "kaguya", "position": 1}],
    }  # fmt: skip
    lines = [line, {**line, "recall_at_3_hit": False, "hit_source": "click"}, {**line, "query_id": "q2"}]
    judged = {**line, "query_id": "q9", "recall_at_3_hit": True, "hit_source": "judgement"}
    content = "".join(json.dumps(each) + "\n" for each in [*lines, judged]) + '{"event": "retrieval_eval", "que'
    (workspace.logs / "retrieval_eval-20261102T000000000-aa.jsonl").write_text(content)
    take_in(workspace, "log", [search("q1", "dark", 0)])

    found = rows(workspace)

    assert sorted(found) == ["q1", "q2"]
    assert (found["q1"]["release"], found["q1"]["top_score"], found["q1"]["session"]) == (
        "embed-adapter-v03", 0.41, "f" * 32,
    )  # fmt: skip
    assert (found["q1"]["is_shown"], found["q1"]["is_clicked"], found["q2"]["is_shown"]) == (True, False, False)
    assert found["q2"]["results"] == ["kaguya"]
