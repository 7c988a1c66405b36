"""The whole loop with one client more, whom it then forgets."""

import fcntl
import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from erased_world import NOON, SECRET, event, pseudonym, query, take_in, traces
from loop_fixtures import settle_in
from loop_world import WordsEncoder

from mangaassist.core.errors import DataError, WorkspaceLocked
from mangaassist.core.files import sha256_of
from mangaassist.core.types import no_progress
from mangaassist.data import (
    Erasure,
    UbiEvent,
    Workspace,
    all_entries,
    erasures,
    ingest,
    quarantined,
    subject_of,
    ubi_events,
    ubi_queries,
)
from mangaassist.encoders import CachedEncoder
from mangaassist.erasure import forget_client
from mangaassist.loop import (
    candidate_folder,
    evaluate_candidate,
    make_pairs,
    read_pairs,
    read_settings,
    registry_of,
    release_candidate,
    trace_pairs,
    trace_release,
    train_candidate,
)
from mangaassist.promotion import IDENTITY, PAIRS, verify
from mangaassist.serving.service_db import open_db, transaction

FIRST = "embed-adapter-v01"
QUERIES = [query("q-nobuo", "nobuo", SECRET), query("q-other", "rei", "zorbil tall")]
EVENTS = [
    event("e1", "q-nobuo", "nobuo", "impression"),
    event("e2", "q-nobuo", "nobuo"),
    event("e3", "q-nobuo", None, "add_to_cart"),
    event("e4", "q-other", "rei"),
    event("e5", "q-other", "rei", user_id="nobuo"),
]


@pytest.fixture(scope="module")
def name(evaluated_shop: Path, privacy_key_file: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(privacy_key_file))
        return pseudonym(Workspace.open(evaluated_shop), "nobuo")


@pytest.fixture(scope="module")
def lived_once(
    evaluated_shop: Path, privacy_key_file: Path, name: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The client searched, clicked, trained a release, and stands in the service's logs; read only."""
    root = tmp_path_factory.mktemp("lived") / "shop"
    shutil.copytree(evaluated_shop, root)
    shop = Workspace.open(root)
    with pytest.MonkeyPatch.context() as patch:
        settle_in(patch, privacy_key_file, tmp_path_factory.mktemp("cache"))
        take_in(shop, "queries-late", [*QUERIES, query("q-bad", "nobuo", SECRET, at="yesterday")])
        take_in(shop, "events-late", EVENTS)
        settings = read_settings(shop.root)
        make_pairs(shop, settings)
        train_candidate(shop, settings, seed=0, progress=no_progress)
        release_candidate(shop, actor="mina", why="a test", override="erasure, not quality, is tested here")
        serve_once(shop, name)
    return root


@pytest.fixture
def lived(lived_once: Path, tmp_path: Path) -> Workspace:
    """This test's own copy of the workspace that the client stands in."""
    shutil.copytree(lived_once, tmp_path / "shop")
    return Workspace.open(tmp_path / "shop")


def serve_once(shop: Workspace, name: str) -> None:
    """What a service that ran and ended left: closed logs, and rows that await a click or a file."""
    mine = {"event": "retrieval_eval", "query": SECRET, "client": name, "query_id": "s1"}
    others = {"event": "retrieval_eval", "query": "zorbil", "client": "f" * 32, "query_id": "s2"}
    lines = [json.dumps(each) + "\n" for each in (mine, others)]
    (shop.logs / "retrieval_eval-20261101T000000000-aa.jsonl").write_text("".join(lines))
    row = query("s1", f"{name}~{'a' * 32}", SECRET)
    (shop.logs / "ubi_queries-20261101T000000000-aa.jsonl").write_text(json.dumps(row) + "\n")
    clicked = {"query_id": "s1", "client_id": None, "action_name": "click"}
    (shop.logs / "ubi_events-20261101T000000000-000001.jsonl").write_text(json.dumps(clicked) + "\n")
    database = open_db(shop.logs, "FULL")
    with transaction(database):
        for number, (line, query_id) in enumerate(((lines[0], "s1"), (lines[1], "s2"))):
            database.execute("INSERT INTO pending VALUES (?, 0, '[]', 0, ?)", (query_id, line))
            told = json.dumps({"client_id": json.loads(line)["client"], "message": "said"})
            values = (f"live-{number}", query_id, told)
            database.execute(
                "INSERT INTO events (event_id, received, query_id, action, line) VALUES (?, 0, ?, 'click', ?)", values
            )
        exported = "INSERT INTO events (event_id, received, query_id, action, batch) VALUES ('live-2', 0, 's1', 'x', 1)"
        database.execute(exported)
    database.close()


def forget(shop: Workspace, name: str, **others: Any) -> Erasure:
    with shop.lock():
        return forget_client(shop, name, at=NOON, actor="mina", why="asked to be forgotten", **others)


def test_nothing_in_the_workspace_names_the_client_or_holds_what_only_they_typed(lived: Workspace, name: str) -> None:
    before = traces(lived, name, SECRET)
    assert {path.split("/")[0] for path in before} == {"tables", "quarantine", "pairs", "runs", "releases", "logs"}

    forget(lived, name)

    assert traces(lived, name, SECRET, "nobuo") == []


def test_every_place_says_how_much_went(lived: Workspace, name: str) -> None:
    done = forget(lived, name)

    assert done.counts == {
        "service": 3,
        "log lines": 3,
        "queries": 1,
        "events": 4,
        "quarantine": 1,
        "pairs": 1,
        "log pairs": 1,
        "candidate pairs": 1,
        "releases": 1,
        "vectors": 1,
        "failed searches": 0,
        "failed texts": 0,
        "review items": 0,
    }


def test_the_rows_of_other_clients_are_untouched(lived: Workspace, name: str) -> None:
    queries, events = ubi_queries(lived), ubi_events(lived)
    pairs = pl.read_parquet(lived.pairs / PAIRS)
    cached = encoder_of(lived).uncached(["zorbil tall"])

    forget(lived, name)

    assert ubi_queries(lived).equals(queries.filter(pl.col("query_id") != "q-nobuo"))
    assert ubi_events(lived).equals(events.filter(~pl.col("event_id").is_in(["e1", "e2", "e3", "e5"])))
    assert pl.read_parquet(lived.pairs / PAIRS).equals(pairs.filter(pl.col("client") != name))
    assert encoder_of(lived).uncached(["zorbil tall"]) == cached
    assert "zorbil" in (lived.logs / "retrieval_eval-20261101T000000000-aa.jsonl").read_text()
    database = open_db(lived.logs, "FULL")
    assert database.execute("SELECT query_id FROM pending").fetchall() == [("s2",)]
    assert database.execute("SELECT event_id, query_id FROM events ORDER BY seq").fetchall() == [
        ("live-0", None),
        ("live-1", "s2"),
        ("live-2", None),
    ]
    database.close()


def encoder_of(shop: Workspace) -> CachedEncoder:
    return CachedEncoder(WordsEncoder(), shop.vectors)


def test_a_text_that_somebody_else_typed_too_keeps_its_vector(lived: Workspace, name: str) -> None:
    take_in(lived, "queries-shared", [query("q-shared", "rei", SECRET)])

    assert forget(lived, name).counts["vectors"] == 0

    assert encoder_of(lived).uncached([SECRET]) == []
    assert ubi_queries(lived).filter(pl.col("user_query") == SECRET)["query_id"].to_list() == ["q-shared"]


def test_a_search_that_names_nobody_is_the_clients_if_only_their_events_follow_it(shop: Workspace, name: str) -> None:
    take_in(shop, "queries-late", [query("q1", None, SECRET), query("q2", None, "jexxar tall")])
    events = [event("a", "q1", "nobuo"), event("b", "q1", None), event("c", "q2", "nobuo"), event("d", "q2", "rei")]
    take_in(shop, "events-late", events)

    forget(shop, name)

    assert traces(shop, SECRET) == []
    assert ubi_queries(shop).filter(pl.col("query_id").is_in(["q1", "q2"]))["query_id"].to_list() == ["q2"]
    assert ubi_events(shop).filter(pl.col("event_id").is_in(list("abcd")))["event_id"].to_list() == ["d"]


def test_a_release_loses_its_pairs_and_serves_verifies_and_is_rolled_back_to_as_before(
    lived: Workspace, name: str
) -> None:
    served = verify(lived.root, FIRST)

    forget(lived, name)

    assert not (lived.releases / FIRST / PAIRS).exists()
    assert verify(lived.root, FIRST) == served
    registry = registry_of(lived)
    assert registry.rollback(expected_live=FIRST, actor="mina", why="a test") == IDENTITY
    told = trace_release(lived, registry, FIRST)["lineage"]["pairs"]
    assert (told["file"], told["sha256"]) == (None, served[PAIRS])
    assert told["erased"] == {
        "at": "2026-11-03T12:00:00+00:00",
        "actor": "mina",
        "why": "asked to be forgotten",
        "rows": told["erased"]["rows"],
        "asked_for": 1,
    }
    with pytest.raises(DataError, match="its pairs were erased at 2026-11-03T12:00:00"):
        trace_pairs(lived, FIRST, SECRET)


def test_lineage_says_how_many_rows_of_a_file_were_erased(lived: Workspace, name: str) -> None:
    forget(lived, name)

    files = {each["file"]: each for each in trace_release(lived, registry_of(lived), FIRST)["lineage"]["files"]}
    assert (files["queries-late.jsonl"]["state"], files["queries-late.jsonl"]["erased"]) == ("kept", 2)
    assert files["events-late.jsonl"]["erased_at"] == "2026-11-03T12:00:00+00:00"
    assert files["catalogue.jsonl"]["erased"] == 0


def test_the_same_file_is_known_already_and_brings_nothing_back(lived: Workspace, name: str) -> None:
    forget(lived, name)
    kept = ubi_queries(lived)

    again = ingest(lived, "queries", lived.root / "more" / "queries-late.jsonl")

    assert again.already_ingested
    assert (again.rows, again.accepted, again.quarantined, again.erased) == (3, 1, 0, 2)
    assert ubi_queries(lived).equals(kept)
    assert quarantined(lived).height == 0


def test_the_ledger_keeps_the_name_and_the_digest_of_the_file(lived: Workspace, name: str) -> None:
    forget(lived, name)

    entry = next(each for each in all_entries(lived.engine) if each.file == "events-late.jsonl")
    assert entry.sha256 == sha256_of(lived.root / "more" / "events-late.jsonl")
    assert (entry.rows, entry.accepted, entry.erased, entry.erased_why) == (5, 1, 4, "asked to be forgotten")
    assert entry.deleted_at is None


def test_pairs_and_candidate_are_refused_until_they_are_made_anew_and_then_the_loop_goes_on(
    lived: Workspace, name: str
) -> None:
    forget(lived, name)
    settings = read_settings(lived.root)

    with pytest.raises(DataError, match="mangaassist pairs"):
        read_pairs(lived, settings)
    make_pairs(lived, settings)
    with pytest.raises(DataError, match="mangaassist train"):
        evaluate_candidate(lived, settings, live=FIRST, seed=0, now=NOON, progress=no_progress)
    train_candidate(lived, settings, seed=0, progress=no_progress)

    report = evaluate_candidate(lived, settings, live=FIRST, seed=0, now=NOON, progress=no_progress)
    assert report["live"] == FIRST
    assert traces(lived, name, SECRET) == []
    assert release_candidate(lived, actor="mina", why="a test", override="a test") == "embed-adapter-v02"
    assert (lived.releases / "embed-adapter-v02" / PAIRS).is_file()


def test_a_candidate_that_learnt_from_the_client_is_not_promoted(lived: Workspace, name: str) -> None:
    forget(lived, name)

    with pytest.raises(DataError, match="was changed since training; train again"):
        release_candidate(lived, actor="mina", why="a test", override="in a hurry")


def test_who_when_and_why_are_kept_but_of_the_client_only_a_hash(lived: Workspace, name: str) -> None:
    done = forget(lived, name)

    (line,) = erasures(lived)
    assert (line["at"], line["actor"], line["why"]) == (NOON.isoformat(), "mina", "asked to be forgotten")
    assert line["client"] == subject_of(name)
    assert line["counts"] == done.counts


def test_forgetting_twice_finds_nothing_the_second_time(lived: Workspace, name: str) -> None:
    forget(lived, name)
    ledger = all_entries(lived.engine)

    again = forget(lived, name)

    assert set(again.counts.values()) == {0}
    assert all_entries(lived.engine) == ledger


def test_a_dry_run_counts_the_same_and_changes_nothing(lived: Workspace, name: str) -> None:
    before = contents(lived)

    counted = forget(lived, name, dry_run=True)

    assert contents(lived) == before
    assert counted.counts == forget(lived, name).counts


def contents(shop: Workspace) -> dict[Path, bytes]:
    """Every file but SQLite's own of the write-ahead log, which a reader may make."""
    files = (path for path in shop.root.rglob("*") if path.is_file() and path.suffix not in (".sqlite-wal", ".lock"))
    return {path: path.read_bytes() for path in files if not path.name.endswith(("-wal", "-shm"))}


def test_what_killed_commands_left_goes_too(lived: Workspace, name: str) -> None:
    (lived.pairs / "pairs.tmp").write_bytes((lived.pairs / PAIRS).read_bytes())
    (lived.logs / ".ubi_events-1.jsonl.x.tmp").write_text(name)
    staging = lived.releases / ".staging-embed-adapter-v09"
    staging.mkdir()
    (staging / PAIRS).write_bytes((lived.pairs / PAIRS).read_bytes())

    forget(lived, name)

    assert traces(lived, name, SECRET) == []


def test_while_a_service_writes_nothing_is_erased(lived: Workspace, name: str) -> None:
    path = lived.logs / "retrieval_eval-20261103T000000000-bb.jsonl.open"
    with path.open("w") as written:
        fcntl.flock(written, fcntl.LOCK_EX)
        with pytest.raises(WorkspaceLocked, match="stop the service, then run the command again"):
            forget(lived, name)

    assert erasures(lived) == []
    assert not ubi_queries(lived).filter(pl.col("query_id") == "q-nobuo").is_empty()


def test_what_a_killed_service_left_open_is_closed_and_erased(lived: Workspace, name: str) -> None:
    left = lived.logs / "retrieval_eval-20261103T000000000-bb.jsonl.open"
    left.write_text(json.dumps({"query": SECRET, "client": name}) + "\n" + '{"query": "' + SECRET)

    forget(lived, name)

    assert traces(lived, name, SECRET) == []


def test_judged_queries_are_the_shops_own(shop: Workspace, name: str) -> None:
    take_in(shop, "queries-late", QUERIES)
    take_in(shop, "judged_queries-more", [{"query_id": "j1", "text": SECRET, "split": "test", "intent": "faq"}])
    judged = shop.logs / "retrieval_eval-candidate-1.jsonl"
    judged.write_text(json.dumps({"query": SECRET, "query_id": "q-nobuo", "hit_source": "judgement"}) + "\n")

    forget(shop, name)

    assert judged.read_text().count(SECRET) == 1
    assert [path for path in traces(shop, SECRET) if not path.startswith("tables/judged_queries")] == [
        "logs/retrieval_eval-candidate-1.jsonl"
    ]


def test_a_release_without_the_client_keeps_its_pairs(shop: Workspace, name: str) -> None:
    release_candidate(shop, actor="mina", why="a test", override="a test")
    take_in(shop, "queries-late", QUERIES)

    assert forget(shop, name).counts["releases"] == 0

    assert (shop.releases / FIRST / PAIRS).is_file()
    assert (candidate_folder(shop) / PAIRS).is_file()


@pytest.mark.parametrize(("actor", "why"), [("mina", " "), ("", "asked to")])
def test_an_erasure_is_signed_and_has_a_reason(shop: Workspace, name: str, actor: str, why: str) -> None:
    with shop.lock(), pytest.raises(DataError, match="say who erases and for what reason"):
        forget_client(shop, name, at=NOON, actor=actor, why=why)


def test_an_event_names_its_client_under_the_name_that_the_logs_use() -> None:
    assert {"client_id", "user_id"} <= set(UbiEvent.model_fields)
