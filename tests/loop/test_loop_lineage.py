import json
from typing import Any

import polars as pl
import pytest
from loop_fixtures import NOON
from loop_world import log_a_click

from mangaassist import __version__
from mangaassist.core.errors import ArtifactError, DataError, UnknownRelease
from mangaassist.core.files import sha256_of
from mangaassist.core.types import no_progress
from mangaassist.data import Workspace, all_entries, forget_file
from mangaassist.loop import (
    candidate_folder,
    data_fingerprint,
    make_pairs,
    read_settings,
    registry_of,
    release_candidate,
    trace_pairs,
    trace_release,
    train_candidate,
)
from mangaassist.promotion import IDENTITY, remove_release, verify

FIRST = "embed-adapter-v01"


def released(shop: Workspace) -> str:
    return release_candidate(shop, actor="mina", why="a test", override="lineage, not quality, is tested here")


def traced(shop: Workspace, release: str = FIRST) -> dict[str, Any]:
    told = trace_release(shop, registry_of(shop), release)
    assert json.loads(json.dumps(told)) == told
    return told


def trained_again(shop: Workspace) -> None:
    settings = read_settings(shop.root)
    make_pairs(shop, settings)
    train_candidate(shop, settings, seed=0, progress=no_progress)


def test_a_release_leads_back_to_every_file_behind_it(shop: Workspace) -> None:
    released(shop)

    files = traced(shop)["lineage"]["files"]

    assert [(each["kind"], each["file"], each["rows"], each["accepted"]) for each in files] == [
        (entry.kind, entry.file, entry.rows, entry.accepted) for entry in all_entries(shop.engine)
    ]
    assert {each["kind"] for each in files} == {
        "titles",
        "articles",
        "queries",
        "events",
        "judged_queries",
        "judgements",
    }
    assert {each["sha256"] for each in files} == {sha256_of(path) for path in (shop.root / "files").iterdir()}
    assert {each["state"] for each in files} == {"kept"}


def test_a_release_says_what_it_was_trained_with(shop: Workspace) -> None:
    released(shop)

    lineage = traced(shop)["lineage"]

    assert lineage["encoder_id"] == "words@1"
    assert (lineage["seed"], lineage["program_version"]) == (0, __version__)
    assert lineage["data_fingerprint"] == data_fingerprint(shop)
    papers = verify(shop.root, FIRST)
    assert lineage["report_sha256"] == papers["report.json"]
    assert lineage["evidence_sha256"] == papers["evidence.json"]
    assert lineage["decision_sha256"] is None


def test_a_release_keeps_its_pairs_when_later_ones_are_made(shop: Workspace) -> None:
    released(shop)
    told = traced(shop)["lineage"]["pairs"]
    log_a_click(shop, "new-1", "new text", "pirates-1")

    make_pairs(shop, read_settings(shop.root))

    kept = shop.root / told["file"]
    assert sha256_of(kept) == told["sha256"] != sha256_of(shop.pairs / "pairs.parquet")
    pairs = pl.read_parquet(kept)
    counts = dict(pairs.group_by("source").len().iter_rows())
    assert told["by_source"] == counts
    assert "new text" not in pairs["query_text"].to_list()


def test_every_pair_of_a_release_names_log_lines_that_were_taken_in(shop: Workspace) -> None:
    released(shop)

    pairs = pl.read_parquet(shop.releases / FIRST / "pairs.parquet")

    logged = {json.loads(line)["event_id"] for line in (shop.root / "files" / "events.jsonl").read_text().splitlines()}
    evidence = pairs.filter(pl.col("source").is_in(["click", "cart"]))["evidence"]
    assert evidence.list.len().min() > 0  # type: ignore[operator]
    assert set(evidence.explode().to_list()) <= logged


def test_what_was_trained_counts_and_not_what_was_taken_in_since(shop: Workspace) -> None:
    log_a_click(shop, "new-1", "new text", "pirates-1")

    released(shop)

    assert len(traced(shop)["lineage"]["files"]) == len(all_entries(shop.engine)) - 2


def test_a_deleted_file_is_shown_with_its_tombstone(shop: Workspace) -> None:
    released(shop)
    (events,) = [entry for entry in all_entries(shop.engine) if entry.kind == "events"]

    forget_file(shop, "events", events.sha256, "older than a year", at=NOON)

    (shown,) = [each for each in traced(shop)["lineage"]["files"] if each["state"] != "kept"]
    assert (shown["file"], shown["sha256"], shown["state"]) == ("events.jsonl", events.sha256, "deleted")
    assert (shown["deleted_at"], shown["deleted_why"]) == ("2026-11-03T12:00:00+00:00", "older than a year")


def test_a_lost_part_and_a_file_of_another_workspace_are_told_apart(shop: Workspace) -> None:
    released(shop)
    titles, queries = (next(e for e in all_entries(shop.engine) if e.kind == kind) for kind in ("titles", "queries"))
    shop.part("titles", titles.sha256).unlink()
    with shop.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM ingested_files WHERE kind = 'queries'")

    states = {each["sha256"]: each["state"] for each in traced(shop)["lineage"]["files"]}

    assert states[titles.sha256] == "missing"
    assert states[queries.sha256] == "unknown"


def test_parents_lead_back_to_the_identity_also_past_a_removed_release(shop: Workspace) -> None:
    first, second, third = (released(shop) for _ in range(3))
    assert traced(shop, third)["parents"] == [second, first, IDENTITY]

    remove_release(shop.root, first, at=NOON, actor="mina", why="erased")

    assert traced(shop, third)["parents"] == [second, first, IDENTITY]


def test_a_removed_release_still_says_where_it_came_from(shop: Workspace) -> None:
    released(shop)
    before = traced(shop)

    remove_release(shop.root, FIRST, at=NOON, actor="mina", why="erased")

    after = traced(shop)
    assert after["deleted"] == {"at": "2026-11-03T12:00:00+00:00", "actor": "mina", "why": "erased"}
    assert after["lineage"]["pairs"] == {**before["lineage"]["pairs"], "file": None}
    assert after["lineage"]["files"] == before["lineage"]["files"]


def test_each_promotion_is_told_with_what_the_gate_had_said(shop: Workspace) -> None:
    released(shop)

    (promoted,) = traced(shop)["promoted"]

    assert (promoted["actor"], promoted["why"], promoted["decision"]) == ("mina", "a test", None)
    assert promoted["override"] == "lineage, not quality, is tested here"


def test_the_identity_has_no_lineage(shop: Workspace) -> None:
    told = traced(shop, IDENTITY)

    assert (told["lineage"], told["parents"], told["promoted"]) == (None, [], [])


def test_the_lineage_of_a_changed_or_unknown_release_is_not_told(shop: Workspace) -> None:
    released(shop)
    (shop.releases / FIRST / "lineage.json").chmod(0o644)
    (shop.releases / FIRST / "lineage.json").write_text("{}")

    with pytest.raises(ArtifactError, match=r"lineage\.json: its sha256 differs"):
        traced(shop)
    with pytest.raises(UnknownRelease, match="no release 'embed-adapter-v07'"):
        traced(shop, "embed-adapter-v07")


@pytest.mark.parametrize("name", ["trained_on.json", "pairs.parquet"])
def test_a_candidate_that_does_not_say_what_it_was_trained_on_is_not_released_and_training_mends_it(
    shop: Workspace, name: str
) -> None:
    (candidate_folder(shop) / name).unlink()

    with pytest.raises(DataError, match="does not say what it was trained on; train it again: `mangaassist train`"):
        released(shop)

    trained_again(shop)
    assert released(shop) == FIRST


def test_pairs_that_were_changed_after_training_are_not_released(shop: Workspace) -> None:
    (candidate_folder(shop) / "pairs.parquet").write_bytes(b"other")

    with pytest.raises(DataError, match=r"pairs\.parquet: was changed since training"):
        released(shop)


def test_training_the_same_again_gives_the_same_origin(shop: Workspace) -> None:
    path = candidate_folder(shop) / "trained_on.json"
    before = path.read_bytes()
    path.unlink()

    trained_again(shop)

    assert path.read_bytes() == before


def test_a_pair_leads_to_the_very_lines_of_the_files_it_was_made_of(shop: Workspace) -> None:
    released(shop)
    pair = (
        pl.read_parquet(shop.releases / FIRST / "pairs.parquet").filter(pl.col("source") == "click").row(0, named=True)
    )

    told = [each for each in trace_pairs(shop, FIRST, pair["query_text"]) if each["positive"] == pair["positive"]]

    lines = [line for each in told for line in each["lines"]]
    assert {pair["query_id"], *pair["evidence"]} <= {line["id"] for line in lines}
    for line in lines:
        path = shop.root / "files" / line["file"]
        row = json.loads(path.read_text().splitlines()[line["line"] - 1])
        assert row["query_id" if line["kind"] == "queries" else "event_id"] == line["id"]
        assert line["sha256"] == sha256_of(path)
        if line["kind"] == "events" and row["action_name"] == "click":
            assert row["event_attributes"]["object"]["object_id"] == pair["positive"]


def test_of_a_deleted_file_a_pair_still_names_the_ids(shop: Workspace) -> None:
    released(shop)
    (events,) = [entry for entry in all_entries(shop.engine) if entry.kind == "events"]
    pair = (
        pl.read_parquet(shop.releases / FIRST / "pairs.parquet").filter(pl.col("source") == "click").row(0, named=True)
    )

    forget_file(shop, "events", events.sha256, "older than a year", at=NOON)

    told = trace_pairs(shop, FIRST, pair["query_text"])
    assert {line["kind"] for each in told for line in each["lines"]} == {"queries"}
    assert set(pair["evidence"]) <= {name for each in told for name in each["elsewhere"]}


def test_pairs_that_a_release_has_not_are_told(shop: Workspace) -> None:
    released(shop)

    with pytest.raises(DataError, match=r"was trained on no pair with the query text 'nobody typed this'; look into"):
        trace_pairs(shop, FIRST, "nobody typed this")
    with pytest.raises(DataError, match=f"{IDENTITY} keeps no pairs"):
        trace_pairs(shop, IDENTITY, "text")
