"""What a forgotten client did before is not taken in from files that come later; what they do afterwards is."""

from pathlib import Path

import pytest
from erased_world import NOON, SECRET, event, pseudonym, query, take_in, traces
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loop_world import write_rows

from mangaassist.core.files import sha256_of
from mangaassist.data import Workspace, all_entries, ingest, ingest_export, ubi_events, ubi_queries
from mangaassist.erasure import forget_client

LATER = "2026-11-03T12:00:01Z"


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "empty")


def forget(workspace: Workspace, client: str) -> None:
    with workspace.lock():
        name = pseudonym(workspace, client)
        forget_client(workspace, name, at=NOON, actor="mina", why="asked to be forgotten")


def ids(workspace: Workspace) -> tuple[list[str], list[str]]:
    return ubi_queries(workspace)["query_id"].to_list(), sorted(ubi_events(workspace)["event_id"])


def test_rows_from_before_the_erasure_are_left_out_and_counted(empty: Workspace) -> None:
    forget(empty, "nobuo")
    rows = [query("q1", "nobuo", SECRET), query("q2", "rei", "tall"), query("q3", "nobuo", "back again", at=LATER)]

    path = take_in(empty, "queries-backup", rows)
    take_in(empty, "events-backup", [event("e1", "q1", "nobuo"), event("e2", "q2", "rei", user_id="nobuo")])

    assert ids(empty) == (["q2", "q3"], [])
    told = ingest(empty, "queries", path)
    assert (told.rows, told.accepted, told.quarantined, told.erased) == (3, 2, 0, 1)
    assert traces(empty, SECRET) == []


def test_a_row_without_a_time_is_left_out(empty: Workspace) -> None:
    forget(empty, "nobuo")

    take_in(empty, "queries-undated", [{"query_id": "q1", "client_id": "nobuo", "user_query": SECRET}])

    assert ids(empty) == ([], [])


def test_a_file_whose_rows_were_lost_and_that_is_taken_in_again_brings_nothing_back(empty: Workspace) -> None:
    path = take_in(empty, "queries-1", [query("q1", "nobuo", SECRET), query("q2", "rei", "tall")])
    forget(empty, "nobuo")
    empty.part("queries", sha256_of(path)).unlink()

    again = ingest(empty, "queries", path)

    assert not again.already_ingested
    assert (again.rows, again.accepted, again.erased) == (2, 1, 1)
    assert ids(empty) == (["q2"], [])


def test_rows_of_an_export_are_left_out_too(empty: Workspace) -> None:
    forget(empty, "nobuo")
    calls = [
        {
            "type": "track",
            "event": "Products Searched",
            "anonymousId": who,
            "timestamp": "2026-04-01T10:00:00Z",
            "properties": {"query": text, "products": [{"product_id": "pirates-0", "position": 1}]},
        }
        for who, text in (("nobuo", SECRET), ("rei", "tall"))
    ]

    told = ingest_export(empty, "segment", write_rows(empty.root / "more" / "export.jsonl", calls))

    assert (told.rows, told.accepted, told.erased, told.skipped, told.queries, told.events) == (2, 1, 1, 0, 1, 1)
    assert ubi_queries(empty)["user_query"].to_list() == ["tall"]


CLIENTS = st.sampled_from(["nobuo", "rei", "kei", None])
SEARCHES = st.lists(st.tuples(CLIENTS, st.sampled_from(["a", "b c", 'say "d"', "ä%_"])), max_size=8)
DEEDS = st.lists(st.tuples(st.integers(0, 9), CLIENTS, CLIENTS), max_size=8)


def is_theirs(searches: list[tuple[str | None, str]], deeds: list[tuple[int, str | None, str | None]]) -> set[int]:
    """The searches of nobuo, told once more in Python."""
    followed = {
        number: [{client, user} - {None} for place, client, user in deeds if place == number] for number in range(10)
    }
    return {
        number
        for number, (client, _) in enumerate(searches)
        if client == "nobuo"
        or (
            client is None
            and any("nobuo" in named for named in followed[number])
            and all("nobuo" in named or not named for named in followed[number])
        )
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(searches=SEARCHES, deeds=DEEDS)
def test_rows_after_are_the_rows_before_without_the_clients(
    tmp_path_factory: pytest.TempPathFactory,
    searches: list[tuple[str | None, str]],
    deeds: list[tuple[int, str | None, str | None]],
) -> None:
    workspace = Workspace.create(tmp_path_factory.mktemp("any") / "shop")
    take_in(workspace, "queries-1", [query(f"q{n}", client, text) for n, (client, text) in enumerate(searches)])
    events = [event(f"e{n}", f"q{place}", client, user_id=user) for n, (place, client, user) in enumerate(deeds)]
    take_in(workspace, "events-1", events)
    queries, rows = ubi_queries(workspace), ubi_events(workspace)
    theirs = is_theirs(searches, deeds)
    gone = {
        f"e{n}"
        for n, (place, client, user) in enumerate(deeds)
        if "nobuo" in (client, user) or (client is None and user is None and place in theirs)
    }

    forget(workspace, "nobuo")

    stays = [f"q{n}" not in {f"q{place}" for place in theirs} for n in range(len(searches))]
    kept = [f"q{n}" for n, stay in enumerate(stays) if stay]
    assert ubi_queries(workspace).equals(queries.filter(queries["query_id"].is_in(kept)))
    assert ubi_events(workspace).equals(rows.filter(~rows["event_id"].is_in(list(gone))))
    typed = {text for n, (_, text) in enumerate(searches) if n not in theirs}
    assert {entry.erased for entry in all_entries(workspace.engine)} <= {0, len(theirs), len(gone)}
    assert set(ubi_queries(workspace)["user_query"]) == typed
