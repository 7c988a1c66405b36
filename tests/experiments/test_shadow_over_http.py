"""The candidate answers unseen, after the answer was sent: what is logged, what is dropped, what the report tells."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from experiment_world import CANDIDATE, LIVE, TriedShop, begin, lines_of, promote, queries_of

from mangaassist.data import Workspace
from mangaassist.serving import RetrieveRequest

Start = Callable[..., TriedShop]


def shadow_lines(shop: TriedShop) -> list[dict[str, Any]]:
    shop.live.shadow.flush()
    return lines_of(shop.workspace.logs, "retrieval_shadow-*.jsonl.open")


def counted(shop: TriedShop, outcome: str) -> float:
    return shop.metric(f'mangaassist_shadow_total{{outcome="{outcome}"}}')


def test_answers_stay_as_they_were_and_both_lists_are_logged(nominated: Workspace, tried: Start) -> None:
    shop, queries = tried(), queries_of(nominated)[:8]
    before = [shop.ask(query)["results"] for query in queries]
    begin(nominated, "shadow")
    shop.look()

    after = [shop.ask(query, f"s-{number}", client_id="c-1") for number, query in enumerate(queries)]

    assert [answer["results"] for answer in after] == before
    candidate = shop.engine.open_beside(CANDIDATE)
    for query, answer, line in zip(queries, after, shadow_lines(shop), strict=True):
        by = shop.engine.answers_to(RetrieveRequest(query.text, query.intent), shop.engine.edition, query_id="q")
        assert line["query_id"] == answer["query_id"]
        assert line["live"]["results"] == [result["id"] for result in answer["results"]]
        assert line["candidate"]["results"] == [result.id for result in by(candidate).results]
        assert (line["live"]["release"], line["candidate"]["release"]) == (LIVE, CANDIDATE)
        assert min(line["live"]["latency_ms"], line["candidate"]["latency_ms"]) > 0
        assert 0 <= line["overlap_at_3"] <= 1
        assert line["session"] not in (None, "s-0")
    assert "experiment" not in lines_of(nominated.logs, "retrieval_eval-*.jsonl.open")[-1]


def test_ten_results_are_compared_however_few_were_asked_for(nominated: Workspace, tried: Start) -> None:
    shop = tried()
    begin(nominated, "shadow")
    shop.look()

    assert len(shop.ask(queries_of(nominated)[0], k=2)["results"]) == 2

    (line,) = shadow_lines(shop)
    assert len(line["live"]["results"]) == len(line["candidate"]["results"]) == 10


def test_what_a_person_wrote_is_scrubbed_and_ids_are_pseudonyms(nominated: Workspace, tried: Start) -> None:
    shop = tried()
    begin(nominated, "shadow")
    shop.look()

    shop.retrieve("pirates for ann@example.com", session_id="secret-session", client_id="secret-client")
    shadow_lines(shop)

    (path,) = nominated.logs.glob("retrieval_shadow-*")
    assert "ann@" not in path.read_text()
    assert "secret" not in path.read_text()
    assert "pirates for [email]" in path.read_text()


def test_a_full_queue_drops_and_counts_and_holds_no_answer_up(
    nominated: Workspace, tried: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, query = tried(shadow_queue=2), queries_of(nominated)[0]
    begin(nominated, "shadow")
    shop.look()
    door, is_held = threading.Event(), threading.Event()
    whole = shop.live.shadow._answers

    def held(sent: Any) -> Any:
        is_held.set()
        door.wait(timeout=60)
        return whole(sent)

    monkeypatch.setattr(shop.live.shadow, "_answers", held)
    shop.ask(query, "s")
    assert is_held.wait(timeout=60)

    for number in range(5):
        shop.ask(query, f"s-{number}")

    assert shop.metric("mangaassist_shadow_queue_depth") == 2
    assert counted(shop, "dropped") == 3
    door.set()
    assert len(shadow_lines(shop)) == 3
    assert counted(shop, "answered") == 3


def test_it_begins_only_while_nobody_waits_for_an_answer(nominated: Workspace, tried: Start) -> None:
    shop = tried()
    begin(nominated, "shadow")
    shop.look()
    shop.live.trial.inside += 1
    shop.ask(queries_of(nominated)[0], "s")
    busy = lines_of(nominated.logs, "retrieval_shadow-*")
    shop.live.trial.inside -= 1

    assert busy == []
    assert len(shadow_lines(shop)) == 1


def test_what_waited_while_something_else_became_live_is_skipped(nominated: Workspace, tried: Start) -> None:
    shop = tried()
    begin(nominated, "shadow")
    shop.look()
    shop.live.trial.inside += 1
    shop.ask(queries_of(nominated)[0], "s")
    promote(nominated, CANDIDATE)
    shop.look()
    shop.live.trial.inside -= 1

    assert shadow_lines(shop) == []
    assert counted(shop, "skipped") == 1


def test_a_stopping_server_drops_what_waits_and_closes_its_log(nominated: Workspace, tried: Start) -> None:
    shop = tried()
    begin(nominated, "shadow")
    shop.look()
    shop.ask(queries_of(nominated)[0], "s-0")
    shadow_lines(shop)
    shop.live.trial.inside += 1
    shop.ask(queries_of(nominated)[1], "s-1")

    shop.stop()

    assert len(lines_of(nominated.logs, "retrieval_shadow-*.jsonl")) == 1
    assert not list(nominated.logs.glob("*.open"))


def test_the_report_tells_overlap_times_and_the_queries_that_changed_most(nominated: Workspace, tried: Start) -> None:
    shop, queries = tried(), queries_of(nominated)
    begin(nominated, "shadow")
    shop.look()
    for number, query in enumerate(queries):
        shop.ask(query, f"s-{number // 2}")

    told = shop.report()

    lines = shadow_lines(shop)
    result = told["result"]
    assert told["sessions"]["queries"] == len(lines) == len(queries)
    assert told["sessions"]["over"] == result["overlap_at_3"]["sessions"] == (len(queries) + 1) // 2
    assert result["overlap_at_3"]["estimate"] == pytest.approx(sum(line["overlap_at_3"] for line in lines) / len(lines))
    low, high = result["changed_at_3"]["interval"]
    assert low <= sum(line["overlap_at_3"] < 1 for line in lines) / len(lines) <= high
    assert {"p50", "p99"} == set(result["latency_ms"]["difference"])
    assert result["worst"][0]["rank_biased_overlap"] == min(line["rank_biased_overlap"] for line in lines)
    assert result["worst"][0]["query"] in {query.text for query in queries}
    assert "Pirates" in str(result["worst"]) or "help" in str(result["worst"])
