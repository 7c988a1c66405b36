"""A kill between any two steps of an erasure; then it is finished, by whoever comes next."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import refused, run
from erased_world import NOON, SECRET, event, pseudonym, query, take_in, traces
from loop_child import killed_at

from mangaassist.data import (
    Workspace,
    all_entries,
    back_up,
    erasures,
    ingest,
    ubi_events,
    ubi_queries,
    unfinished_erasure,
)
from mangaassist.encoders import CachedEncoder
from mangaassist.erasure import finish_unfinished, forget_client
from mangaassist.loop import candidate_folder, make_pairs, pairs_file, read_settings
from mangaassist.promotion import PAIRS, publish, read_erased_paper, verify
from mangaassist.serving.service_db import open_db, transaction

FIRST = "embed-adapter-v01"
STEPS = {
    "after-the-plan": ("mangaassist.erasure.forgetting.begin_erasure", 1),
    "before-log-lines": ("mangaassist.erasure.places.erase_lines", 2),
    "before-a-rewritten-part-has-its-name": ("mangaassist.data.erasing_rows.publish", 1),
    "between-a-part-and-the-ledger": ("mangaassist.data.ledger.note_erased", 1),
    "before-pairs": ("mangaassist.erasure.places.write_atomic", 1),
    "between-a-tombstone-and-its-paper": ("mangaassist.promotion.erasing._remove", 1),
    "before-vectors": ("mangaassist.erasure.places.forget_texts", 2),
    "before-leftovers": ("mangaassist.erasure.forgetting.collect_garbage", 1),
    "between-the-line-and-the-record": ("mangaassist.data.erasures._record", 3),
}
LATER = [
    *("before-log-lines", "before-a-rewritten-part-has-its-name", "between-a-part-and-the-ledger", "before-pairs"),
    *("between-a-tombstone-and-its-paper", "before-leftovers", "between-the-line-and-the-record"),
]
"""One step of every kind; each takes two processes."""


@pytest.fixture
def name(shop: Workspace) -> str:
    return pseudonym(shop, "nobuo")


@pytest.fixture
def lived(shop: Workspace, name: str, words_cache: Callable[[Workspace], CachedEncoder]) -> Workspace:
    """The client stands in every place: rows, pairs, a candidate's and a release's copy, a vector, logs."""
    take_in(shop, "queries-late", [query("q-nobuo", "nobuo", SECRET), query("q-other", "rei", "zorbil tall")])
    take_in(shop, "events-late", [event("e1", "q-nobuo", "nobuo", "impression"), event("e2", "q-nobuo", "nobuo")])
    make_pairs(shop, read_settings(shop.root))
    pairs = pairs_file(shop).read_bytes()
    (candidate_folder(shop) / PAIRS).write_bytes(pairs)
    publish(shop.root, {"config.json": b"{}", PAIRS: pairs})
    words_cache(shop).encode([SECRET])
    line = json.dumps({"query": SECRET, "client": name, "query_id": "s1"})
    (shop.logs / "retrieval_eval-1.jsonl").write_text(line + "\n")
    database = open_db(shop.logs, "FULL")
    with transaction(database):
        database.execute("INSERT INTO pending VALUES ('s1', 0, '[]', 0, ?)", (line,))
    database.close()
    return shop


def killed(shop: Workspace, name: str, step: str, log: Path) -> None:
    words = ["forget", "--pseudonym", name, "--why", "asked to be", "--actor", "mina", "--workspace", str(shop.root)]
    killed_at(STEPS[step], words, log)


def assert_forgotten(shop: Workspace, name: str) -> None:
    assert traces(shop, name, SECRET) == []
    assert "q-nobuo" not in ubi_queries(shop)["query_id"]
    assert "q-other" in ubi_queries(shop)["query_id"]
    assert unfinished_erasure(shop) is None
    (line,) = erasures(shop)
    assert line["counts"] == {
        "service": 1,
        "log lines": 1,
        "queries": 1,
        "events": 2,
        "quarantine": 0,
        "pairs": 1,
        "log pairs": 1,
        "candidate pairs": 1,
        "releases": 1,
        "vectors": 1,
        "failed searches": 0,
        "failed texts": 0,
        "review items": 0,
    }
    told = {entry.file: (entry.rows, entry.accepted, entry.erased) for entry in all_entries(shop.engine)}
    assert (told["queries-late.jsonl"], told["events-late.jsonl"]) == ((2, 1, 1), (2, 0, 2))
    verify(shop.root, FIRST)
    erased = read_erased_paper(shop.root, FIRST)
    assert erased is not None
    assert erased.asked_for == 1


@pytest.mark.parametrize("step", LATER)
def test_killed_anywhere_it_is_finished_by_the_next_call_and_told_once(
    lived: Workspace, name: str, step: str, tmp_path: Path
) -> None:
    killed(lived, name, step, tmp_path / "log")
    assert unfinished_erasure(lived) is not None
    ubi_queries(lived), ubi_events(lived), verify(lived.root, FIRST)

    done = run("forget", "--workspace", lived.root)

    assert done.exit_code == 0, done.stderr
    assert_forgotten(lived, name)


def test_killed_before_it_began_nothing_has_changed(lived: Workspace, name: str, tmp_path: Path) -> None:
    before = traces(lived, name, SECRET)

    killed(lived, name, "after-the-plan", tmp_path / "log")

    assert unfinished_erasure(lived) is None
    assert traces(lived, name, SECRET) == before


def test_the_next_erasure_finishes_the_one_before(lived: Workspace, name: str, tmp_path: Path) -> None:
    killed(lived, name, "before-vectors", tmp_path / "log")

    with lived.lock():
        forget_client(lived, pseudonym(lived, "rei"), at=NOON, actor="mina", why="asked to be")

    assert traces(lived, name, SECRET, "zorbil tall") == []
    assert len(erasures(lived)) == 2


def test_gc_says_that_an_erasure_is_unfinished(lived: Workspace, name: str, tmp_path: Path) -> None:
    killed(lived, name, "before-vectors", tmp_path / "log")

    done = run("gc", "--dry-run", "--workspace", lived.root, "--json", "-")

    assert json.loads(done.stdout)["unfinished_erasure"] is True
    assert "is unfinished; finish it: `mangaassist forget`" in done.stderr


def test_a_file_that_comes_in_the_meantime_brings_nothing_of_the_client(
    lived: Workspace, name: str, tmp_path: Path
) -> None:
    killed(lived, name, "before-vectors", tmp_path / "log")

    path = take_in(lived, "queries-again", [query("q-new", "nobuo", SECRET)])

    assert ingest(lived, "queries", path).erased == 1
    with lived.lock():
        finish_unfinished(lived)
    assert_forgotten(lived, name)


def test_a_backup_of_a_half_erased_workspace_can_be_erased_to_the_end(
    lived: Workspace, name: str, tmp_path: Path
) -> None:
    killed(lived, name, "before-pairs", tmp_path / "log")
    back_up(lived.root, tmp_path / "monday", at=NOON)
    copy = Workspace.open(tmp_path / "monday")

    with copy.lock():
        finish_unfinished(copy)

    assert_forgotten(copy, name)


def test_without_a_client_and_without_an_unfinished_erasure_there_is_nothing_to_do(shop: Workspace) -> None:
    assert "No erasure is unfinished." in run("forget", "--workspace", shop.root).stdout


def test_a_damaged_record_is_told(shop: Workspace) -> None:
    (shop.root / "erasing.json").write_text("{")

    assert "erasing.json: is damaged; remove it and order the erasure again" in refused("gc", "--workspace", shop.root)
