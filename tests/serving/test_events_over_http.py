"""`POST /v1/events` over real HTTP: stored before it is acknowledged, each once, and bad ones beside good ones."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from served_shop import KEY, ServedShop, click, lines_of

from mangaassist.data import Workspace, ingest_directory, ubi_events, ubi_queries

Serve = Callable[..., ServedShop]


def stored_ids(workspace: Workspace) -> list[str]:
    """The ids in closed event files, in order."""
    return [row["event_id"] for row in lines_of(workspace.logs, "ubi_events-*.jsonl")]


def test_one_event_a_list_and_jsonl_are_all_taken(serve: Serve, workspace: Workspace) -> None:
    shop = serve()
    events = [click("q", "frieren", f"e{number}") for number in range(7)]
    jsonl = "\n".join(json.dumps(event) for event in events[3:5])
    spread = json.dumps(events[5], indent=1)

    bodies: list[tuple[str, dict[str, str]]] = [
        (json.dumps(events[0]), {}),
        (json.dumps(events[1:3]), {"content-type": "application/json"}),
        (jsonl, {"content-type": "application/x-ndjson; charset=utf-8"}),
        (spread, {}),
        (jsonl.replace("e3", "e6").replace("e4", "e7"), {}),
    ]
    receipts = [shop.http.post("/v1/events", content=body, headers=headers).json() for body, headers in bodies]

    assert [receipt["accepted"] for receipt in receipts] == [1, 2, 2, 1, 2]
    shop.stop()
    assert stored_ids(workspace) == [f"e{number}" for number in (0, 1, 2, 3, 4, 5, 6, 7)]


def test_a_bad_event_is_named_and_does_not_lose_the_others(serve: Serve, workspace: Workspace) -> None:
    shop = serve()
    items: list[Any] = [click("q", "a", "good"), {**click("q", "b"), "timestamp": "yesterday"}, 7, {}]

    receipt = shop.send(*items)

    assert (receipt["accepted"], receipt["repeated"]) == (1, 0)
    assert [(each["index"], each["field"]) for each in receipt["rejected"]] == [
        (1, "timestamp"),
        (2, ""),
        (3, "action_name"),
    ]
    assert receipt["rejected"][0]["remedy"] == "write it as ISO 8601 with a zone, e.g. 2026-11-03T09:30:00Z"
    assert shop.metric('mangaassist_events_total{outcome="rejected"}') == 3
    shop.stop()
    assert stored_ids(workspace) == ["good"]


def test_half_characters_and_broken_lines_spoil_only_their_own_event(serve: Serve) -> None:
    shop = serve()
    good = json.dumps(click("q", "a", "good"))
    half = json.dumps({**click("q", "a", "bad"), "message": "\ud800"})

    listed = shop.http.post("/v1/events", content=f"[{good},{half}]").json()
    lines = shop.http.post(
        "/v1/events",
        content=f"{half}\n{{broken\n".encode() + b'{"message": "\xff"}\n' + good.replace("good", "new").encode(),
        headers={"content-type": "application/x-ndjson"},
    ).json()

    assert (listed["accepted"], [each["field"] for each in listed["rejected"]]) == (1, ["message"])
    assert (lines["accepted"], [each["index"] for each in lines["rejected"]]) == (1, [0, 1, 2])
    assert "not UTF-8" in lines["rejected"][2]["reason"]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "empty_body"),
        (b"[]", 400, "empty_body"),
        (b"[", 400, "malformed_json"),
        (b'["text"]', 422, "invalid_events"),
        (b'{"action_name": "click"}', 422, "invalid_events"),
        (b"[" + b",".join([b"{}"] * 1001) + b"]", 413, "too_many_events"),
        (b" " * (1 << 20) + b"[]", 413, "body_too_large"),
    ],
    ids=["nothing", "no-event", "broken", "no-object", "one-bad", "too-many", "too-large"],
)
def test_a_body_without_any_event_is_refused(body: bytes, status: int, kind: str, serve: Serve) -> None:
    response = serve().http.post("/v1/events", content=body)

    assert (response.status_code, response.json()["error"]["type"]) == (status, kind)
    if kind == "invalid_events":
        assert set(response.json()["rejected"][0]) == {"index", "field", "reason", "remedy"}


def test_an_event_counts_once_in_a_call_across_calls_servers_and_restarts(serve: Serve, workspace: Workspace) -> None:
    one, other = serve(), serve()
    event, unnamed = click("q", "frieren", "e1"), click("q", "claymore")

    first = one.send(event, event, unnamed)
    second = other.send(event, unnamed)
    one.stop()
    other.stop()
    third = serve().send(unnamed, event, click("q", "frieren", "e2"))

    counts = [(receipt["accepted"], receipt["repeated"]) for receipt in (first, second, third)]
    assert counts == [(2, 1), (0, 2), (1, 2)]
    assert len(stored_ids(workspace)) == 2


def test_many_clients_at_once_lose_and_repeat_nothing(serve: Serve, workspace: Workspace) -> None:
    servers = [serve(), serve()]

    def send(number: int) -> int:
        events = [click("q", "a", f"e{number}-{each}") for each in range(3)] + [click("q", "a", f"shared{number % 5}")]
        accepted: int = servers[number % 2].send(*events)["accepted"]
        return accepted

    with ThreadPoolExecutor(8) as pool:
        accepted = sum(pool.map(send, range(40)))

    assert accepted == 40 * 3 + 5
    for server in servers:
        server.stop()
    ids = stored_ids(workspace)
    assert len(ids) == len(set(ids)) == accepted


def test_nobody_and_no_address_is_named_on_the_disk(serve: Serve, workspace: Workspace) -> None:
    shop = serve()
    event = {**click("q", "a", "e1"), "client_id": "client-99", "user_id": "user-42", "message": "mail me@home.example"}
    shop.send(event)
    shop.retrieve("refund to me@home.example please", client_id="client-99", session_id="session-7")
    shop.stop()

    written = b"".join(path.read_bytes() for path in workspace.logs.iterdir())
    for private in (b"client-99", b"user-42", b"home.example", b"session-7"):
        assert private not in written
    assert b"mail [email]" in written
    assert b"refund to [email] please" in written


def test_closed_files_come_back_through_ingest_with_one_pseudonym_per_client(
    serve: Serve, workspace: Workspace
) -> None:
    shop = serve()
    answer = shop.retrieve("cozy manga", intent="recommendation", intent_confidence=0.8, client_id="client-99", k=4)
    shop.send({**click(answer["query_id"], answer["results"][0]["id"], "e1"), "client_id": "client-99"})
    while_open = ingest_before_close(workspace)
    shop.stop()

    ingest_directory(workspace, workspace.logs)

    assert while_open == []
    query, event = ubi_queries(workspace).to_dicts()[0], ubi_events(workspace).to_dicts()[0]
    assert query["query_id"] == event["query_id"] == answer["query_id"]
    assert query["client_id"] == event["client_id"] == KEY.pseudonym("client-99")
    assert query["query_response_hit_ids"] == [result["id"] for result in answer["results"]]
    assert (query["intent"], query["intent_confidence"], query["release"]) == (
        "recommendation",
        0.8,
        "embed-adapter-v00",
    )
    assert query["top_score"] == pytest.approx(answer["results"][0]["score"])
    assert event["timestamp"].isoformat() == "2026-11-05T12:00:00+00:00"


def ingest_before_close(workspace: Workspace) -> list[str]:
    """The names in the logs folder that ingest would read."""
    from mangaassist.data import kind_of

    return [path.name for path in workspace.logs.iterdir() if kind_of(path) is not None]


def test_a_new_day_closes_the_files_of_the_old_one(serve: Serve, workspace: Workspace) -> None:
    shop = serve()
    shop.send(click("q", "a", "e1"))
    shop.retrieve("cozy")
    shop.after(0)
    assert not list(workspace.logs.glob("ubi_*.jsonl"))

    shop.clock.now += 86_400
    shop.retrieve("dark")
    shop.after(0)

    names = sorted(path.name.rsplit("-", 1)[0] for path in workspace.logs.glob("ubi_*.jsonl"))
    assert names == ["ubi_events-20261105T120000000", "ubi_queries-20261105T120000000"]


def test_a_large_log_is_closed_at_its_size(serve: Serve, workspace: Workspace) -> None:
    shop = serve(log_bytes=1_000)
    for number in range(10):
        shop.send(click("q", "a", f"e{number}"))
        shop.retrieve(f"query {number}")
        shop.after(0.001)
    assert len(list(workspace.logs.glob("ubi_queries-*.jsonl"))) >= 2
    shop.stop()

    assert len(stored_ids(workspace)) == 10
    assert len(list(workspace.logs.glob("ubi_events-*.jsonl"))) >= 2
    assert len(lines_of(workspace.logs, "ubi_queries-*.jsonl")) == 10
    assert not list(workspace.logs.glob("*.open"))


def test_known_ids_are_forgotten_after_their_days_and_ingest_still_knows_them(
    serve: Serve, workspace: Workspace
) -> None:
    shop = serve(event_ids_kept_days=2)
    shop.send(click("q", "a", "e1"))
    shop.after(86_400 * 3)
    shop.send(click("q", "a", "e2"))
    shop.after(86_400)
    assert shop.send(click("q", "a", "e1"))["accepted"] == 1
    shop.stop()

    ingest_directory(workspace, workspace.logs)

    assert ubi_events(workspace)["event_id"].sort().to_list() == ["e1", "e2"]
