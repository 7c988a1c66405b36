"""A real server: an experiment is started, answers are interleaved, events come in, and the report tells who won."""

from collections.abc import Callable, Mapping
from typing import Any

from experiment_world import CANDIDATE, LIVE, TriedShop, begin, end, lines_of, queries_of
from served_shop import click

from mangaassist.data import Workspace, ingest_directory
from mangaassist.experiments import team_draft
from mangaassist.loop import registry_of
from mangaassist.serving import RetrieveRequest

Start = Callable[..., TriedShop]
SENT = {"query_id", "release", "intent", "intent_confidence", "degraded", "results", "shelves", "latency_ms"}


def logged(shop: TriedShop) -> list[dict[str, Any]]:
    shop.service.telemetry.flush()
    return lines_of(shop.workspace.logs, "retrieval_eval-*.jsonl.open")


def slots_of(line: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(slot["id"], slot["team"]) for slot in line["experiment"]["slots"]]


def test_answers_are_interleaved_logged_by_team_and_look_like_any_other(nominated: Workspace, tried: Start) -> None:
    shop, queries = tried(), queries_of(nominated)[:12]
    alone = [[result["id"] for result in shop.ask(query)["results"]] for query in queries]
    begin(nominated, "interleave")
    shop.look()

    answers = [shop.ask(query, f"s-{number}") for number, query in enumerate(queries)]

    lines = {line["query_id"]: line for line in logged(shop)}
    for answer in answers:
        line = lines[answer["query_id"]]
        assert set(answer) == SENT
        assert (answer["release"], line["adapter_version"]) == (LIVE, LIVE)
        assert [result["id"] for result in answer["results"]] == [doc_id for doc_id, _ in slots_of(line)]
        assert line["experiment"]["candidate"] == CANDIDATE
        assert set(answer["results"][0]) == {"id", "kind", "title", "text", "url", "facts", "score", "why"}
    assert "experiment" not in logged(shop)[0]
    assert [[result["id"] for result in answer["results"]] for answer in answers] != alone
    teams = [team for answer in answers for _, team in slots_of(lines[answer["query_id"]])]
    assert {"live", "candidate"} <= set(teams)


def test_a_list_can_be_made_again_of_both_rankings(nominated: Workspace, tried: Start) -> None:
    shop, query = tried(), queries_of(nominated)[3]
    experiment = begin(nominated, "interleave")
    shop.look()
    answer = shop.ask(query)
    end(nominated)
    shop.look()
    live = [result["id"] for result in shop.ask(query)["results"]]
    by = shop.engine.open_beside(CANDIDATE)
    asked = shop.engine.answers_to(
        RetrieveRequest(query.text, query.intent), shop.engine.edition, query_id=answer["query_id"]
    )(by)
    seed = f"{experiment.salt}\0{answer['query_id']}"

    again = team_draft(live, [result.id for result in asked.results], k=10, seed=seed)  # type: ignore[misc]

    line = next(line for line in logged(shop) if line["query_id"] == answer["query_id"])
    assert [slot.as_json() for slot in again] == line["experiment"]["slots"]


def test_clicks_are_credited_to_the_team_of_their_slot_and_the_report_says_who_is_preferred(
    nominated: Workspace, tried: Start
) -> None:
    """Every shopper clicks what the candidate drafted first, if it drafted anything."""
    shop, queries = tried(), queries_of(nominated)
    begin(nominated, "interleave")
    shop.look()
    for number in range(120):
        answer = shop.ask(queries[number % len(queries)], f"s-{number}")
        line = logged(shop)[-1]
        drafted = [doc_id for doc_id, team in slots_of(line) if team == "candidate"]
        for doc_id in drafted[:1]:
            shop.send(click(answer["query_id"], doc_id, f"e-{number}"))

    told = shop.report()

    result = told["result"]
    clicked = result["sessions_with_a_click"]
    assert clicked > 60
    assert result["credited_clicks"] == {"candidate": clicked, "live": 0, "both": 0}
    assert result["sessions_for"] == {"candidate": clicked, "live": 0, "neither": 0}
    assert result["preference"]["estimate"] == 1.0
    assert result["preference"]["interval"][0] > 0
    assert result["preference"]["verdict"] == "the candidate is better"
    assert told["sessions"]["over"] == 120
    assert registry_of(nominated).aliases().live == LIVE


def test_a_session_counts_only_once_it_is_over(nominated: Workspace, tried: Start) -> None:
    shop = tried()
    begin(nominated, "interleave")
    shop.look()
    shop.ask(queries_of(nominated)[0], "s-1")

    assert shop.report(hours=2.4)["sessions"] == {"over": 0, "open": 1, "queries": 0, "late_queries": 0}
    assert shop.report(hours=2.5)["sessions"] == {"over": 1, "open": 0, "queries": 1, "late_queries": 0}


def test_clicks_count_too_once_they_were_exported_and_ingested_and_each_once(
    nominated: Workspace, tried: Start
) -> None:
    shop = tried()
    begin(nominated, "interleave")
    shop.look()
    answer = shop.ask(queries_of(nominated)[0], "s-1")
    shop.send(click(answer["query_id"], answer["results"][-1]["id"], "e-1"))
    before = shop.report()["result"]["credited_clicks"]

    shop.stop()
    ingest_directory(nominated, nominated.logs)
    after = shop.report()["result"]["credited_clicks"]
    for path in nominated.logs.glob("ubi_events-*"):
        path.unlink()

    assert sum(before.values()) == 1
    assert after == before
    assert shop.report()["result"]["credited_clicks"] == before


def test_teams_stand_in_the_ubi_query_too(nominated: Workspace, tried: Start) -> None:
    shop = tried()
    begin(nominated, "interleave", name="first-try")
    shop.look()
    answer = shop.ask(queries_of(nominated)[0], "s-1")
    shop.service.telemetry.flush()

    (row,) = lines_of(nominated.logs, "ubi_queries-*.jsonl.open")

    about = row["query_attributes"]["experiment"]
    assert about["name"] == "first-try"
    assert [slot["id"] for slot in about["slots"]] == [result["id"] for result in answer["results"]]
    assert row["query_response_hit_ids"] == [result["id"] for result in answer["results"]]


def test_sessions_outside_the_share_see_live_alone_and_each_session_stays_where_it_is(
    nominated: Workspace, tried: Start
) -> None:
    shop, queries = tried(), queries_of(nominated)
    experiment = begin(nominated, "interleave", share=0.4)
    shop.look()

    for number in range(40):
        for query in queries[:2]:
            shop.ask(query, f"s-{number}")

    drawn = [experiment.draws(f"s-{number}") for number in range(40)]
    assert 5 < sum(drawn) < 30
    assert ["experiment" in line for line in logged(shop)] == [is_drawn for is_drawn in drawn for _ in range(2)]
