"""The same retrieval_eval line once more, when a click has told whether one of the first three was right."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from served_shop import NOON, Clock, ServedShop, click, lines_of

from mangaassist.serving.follow_ups import FollowUps, Pending

Serve = Callable[..., ServedShop]
HALF_AN_HOUR = 1_800
REST = 10


def eval_lines(shop: ServedShop) -> list[dict[str, Any]]:
    """Every retrieval_eval line, in closed files and open ones."""
    return lines_of(shop.workspace.logs, "retrieval_eval-*.jsonl*")


def served(shop: ServedShop) -> tuple[str, list[str]]:
    answer = shop.retrieve("dark fantasy like Berserk", intent="recommendation", k=5)
    shop.after(0)
    return answer["query_id"], [result["id"] for result in answer["results"]]


def test_the_line_at_request_time_has_the_names_of_the_contract(serve: Serve) -> None:
    shop = serve()
    answer = shop.retrieve(
        "dark fantasy", intent="recommendation", intent_confidence=0.7, session_id="s", client_id="c"
    )
    shop.after(0)

    (line,) = eval_lines(shop)
    assert list(line)[:7] == [
        "event",
        "query",
        "intent",
        "top3_titles",
        "recall_at_3_hit",
        "adapter_version",
        "latency_ms",
    ]
    assert (line["event"], line["query"], line["intent"]) == ("retrieval_eval", "dark fantasy", "recommendation")
    assert line["top3_titles"] == [result["title"] for result in answer["results"][:3]]
    assert (line["recall_at_3_hit"], line["hit_source"]) == (None, None)
    assert (line["adapter_version"], line["query_id"]) == ("embed-adapter-v00", answer["query_id"])
    assert line["latency_ms"] == answer["latency_ms"]
    assert line["results"][1] == {"id": answer["results"][1]["id"], "position": 2}
    assert (line["degraded"], line["intent_confidence"]) == (False, 0.7)
    assert line["top_score"] == pytest.approx(answer["results"][0]["score"])
    assert line["timestamp"] == "2026-11-05T12:00:00.000Z"
    assert len(line["session"]) == len(line["client"]) == 32


def test_a_click_on_one_of_the_first_three_makes_it_true_once(serve: Serve) -> None:
    shop = serve()
    query_id, hits = served(shop)

    shop.send(click(query_id, hits[2], "e1"), click(query_id, hits[0], "e2"))
    shop.after(REST)
    shop.after(HALF_AN_HOUR + REST)

    first, again = eval_lines(shop)
    assert again == {**first, "recall_at_3_hit": True, "hit_source": "click"}
    assert shop.metric('mangaassist_hits_total{outcome="hit"}') == 1


def test_results_that_were_seen_and_not_clicked_make_it_false_after_half_an_hour_and_not_before(serve: Serve) -> None:
    shop = serve()
    query_id, hits = served(shop)
    shop.send(click(query_id, hits[0], "e1", "impression"))

    shop.after(HALF_AN_HOUR)
    assert len(eval_lines(shop)) == 1
    shop.after(REST)

    first, again = eval_lines(shop)
    assert again == {**first, "recall_at_3_hit": False, "hit_source": "click"}


def test_a_click_further_down_is_no_hit_but_shows_that_the_first_three_were_passed_over(serve: Serve) -> None:
    shop = serve()
    query_id, hits = served(shop)

    shop.send(click(query_id, hits[3], "e1"))
    shop.after(REST)
    assert len(eval_lines(shop)) == 1
    shop.after(HALF_AN_HOUR)

    assert eval_lines(shop)[1]["recall_at_3_hit"] is False


def test_results_that_nobody_is_known_to_have_seen_say_nothing(serve: Serve) -> None:
    shop = serve()
    served(shop)

    shop.after(HALF_AN_HOUR + REST)

    assert len(eval_lines(shop)) == 1
    assert shop.metric('mangaassist_hits_total{outcome="unseen"}') == 1


def test_clicks_on_something_else_or_too_late_change_nothing(serve: Serve) -> None:
    shop = serve()
    query_id, hits = served(shop)
    shop.send(click(query_id, "not-returned", "e1"), click("another-query", hits[0], "e2"))
    shop.send(click(query_id, hits[0], "e3", "add_to_cart"))
    shop.after(HALF_AN_HOUR + 1)
    shop.send(click(query_id, hits[0], "e4"))
    shop.after(REST)

    assert len(eval_lines(shop)) == 1


def test_a_click_may_reach_another_server_and_a_query_outlives_its_own(serve: Serve) -> None:
    asked, clicked = serve(), serve()
    (first, hits), (second, _) = served(asked), served(asked)
    asked.stop()

    clicked.send(click(first, hits[0], "e1"), click(second, hits[1], "e2", "impression"))
    clicked.after(REST)
    clicked.stop()
    restarted = serve()
    restarted.after(HALF_AN_HOUR + REST)

    known = {line["query_id"]: line["recall_at_3_hit"] for line in eval_lines(restarted)}
    assert known == {first: True, second: False}


def test_each_query_is_settled_by_one_of_several_servers_only(tmp_path: Path) -> None:
    clock = Clock()
    one, other = (FollowUps(tmp_path, window_s=HALF_AN_HOUR, clock=clock) for _ in range(2))
    one.add([Pending(f"q{number}", NOON, ("a",), '{"query": "x"}') for number in range(5)])
    clock.now += HALF_AN_HOUR + REST

    settled = one.settle(), other.settle()

    assert [each.unseen for each in settled] == [5, 0]
    one.close()
    other.close()
